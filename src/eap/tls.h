/* SPDX-License-Identifier: ISC */
/*
 * One TLS connection over EAP: OpenSSL between two memory BIOs. `in` holds the
 * message that is being put together, `out` the one that is being sent.
 */
#ifndef HK_EAP_TLS_H
#define HK_EAP_TLS_H

#include "eap/failure.h"
#include "eap/fragment.h"
#include "eap/identity.h"
#include "eap/tls_context.h"

#define HK_TLS_NO_ALERT (-1)

struct hk_tls;

struct hk_tls_owner {
	struct hk_failure *failure; /* where to say what went wrong */
	/*
	 * Server: may the peer of this ticket resume? Asked where the answer must
	 * be known before the peer's Finished has come (TLS 1.2).
	 */
	bool (*may_resume)(void *arg, struct hk_tls *tls);
	void *arg;
	uint32_t session_lifetime_s; /* server: of a full authentication; 0: no limit */
};

struct hk_tls {
	struct hk_tls_context *context;
	struct hk_tls_owner owner;
	SSL *ssl;
	BIO *in;
	BIO *out;
	struct hk_eap_tls_incoming incoming;
	size_t sent;    /* octets of `out` that went out */
	hk_time now;    /* of the packet that is being handled */
	int alert_sent; /* or HK_TLS_NO_ALERT */
	int alert_received;
	int refusal; /* alert to be sent after the handshake */

	struct hk_identity identity; /* of the other side */
	X509 *certificate;           /* server: the peer's */
	hk_time authenticated;       /* when its certificate was shown */
	hk_time session_ends;        /* what that full authentication allows */

	SSL_SESSION *session; /* peer: the newest ticket */

	/* server: the OCSP lookup that is going on */
	int ocsp_depth; /* in the verified path */
	bool ocsp_answered;
	enum hk_ocsp_verdict ocsp_verdict; /* when answered */
	char ocsp_url[HK_OCSP_URL_MAX + 1];
	uint8_t *ocsp_request;
	size_t ocsp_request_len;
};

enum hk_err hk_tls_open(
	struct hk_tls_context *context, const struct hk_tls_owner *owner, struct hk_tls **out);
void hk_tls_close(struct hk_tls *tls);

/* ---- messages ---- */

/* TLS octets of `out` that were not sent yet. */
size_t hk_tls_pending(const struct hk_tls *tls);
/* The next packet with fragments of `out`, at most `room` TLS octets. */
enum hk_err hk_tls_put(struct hk_tls *tls, struct hk_buf *b, enum hk_eap_code code,
	uint8_t identifier, size_t room);
enum hk_err hk_tls_feed(struct hk_tls *tls, struct hk_bytes data);
/* Is there more in `in` than TLS wanted? */
bool hk_tls_unread(const struct hk_tls *tls);

/* ---- the connection ---- */

enum hk_tls_progress {
	HK_TLS_CONTINUES, /* needs a message; `out` may hold one of ours */
	HK_TLS_FINISHED,  /* both Finished are verified */
	HK_TLS_FAILED,    /* owner.failure is set; `out` may hold an alert */
};

enum hk_tls_progress hk_tls_handshake(struct hk_tls *tls, hk_time now);

enum hk_tls_data {
	HK_TLS_DATA_NONE,
	HK_TLS_DATA_COMMITMENT, /* one octet 0x00 and nothing else */
	HK_TLS_DATA_WRONG,      /* anything else; owner.failure is set */
};

/* Application data behind the handshake. */
enum hk_tls_data hk_tls_read(struct hk_tls *tls, hk_time now);

/* TLS 1.3, server: a ticket, and then the commitment (RFC 9190 section 2.5). */
enum hk_err hk_tls_commit(struct hk_tls *tls);

/*
 * Server, when the handshake is finished and nothing of it went out yet that
 * would tell the peer so: replaces what is in `out` by this alert.
 */
enum hk_err hk_tls_refuse(struct hk_tls *tls, uint8_t alert);

bool hk_tls_resumed(const struct hk_tls *tls);
uint16_t hk_tls_version(const struct hk_tls *tls);

/* Earliest of expires, the certificate's end and what the full authentication allows. */
hk_time hk_tls_keys_end(const struct hk_tls *tls, hk_time expires);

enum hk_err hk_tls_result(
	struct hk_tls *tls, hk_time now, hk_time expires, struct hk_eap_result *out);
void hk_eap_result_wipe(struct hk_eap_result *result);

#endif
