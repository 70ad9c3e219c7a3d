/* SPDX-License-Identifier: ISC */
/*
 * EAP-TLS, server and peer (RFC 5216, RFC 9190), with TLS 1.2 and 1.3, on
 * OpenSSL, and around it the EAP conversation of each side (RFC 3748).
 *
 * A conversation takes one EAP packet and gives back what to do: send this,
 * wait, succeeded, failed. It does no input or output of its own; certificates,
 * CRLs and OCSP responses come in as octets.
 *
 * The identities in the certificate count; the one in EAP-Response/Identity is
 * for routing only. Whether a peer may in is asked once per conversation,
 * before the server commits itself (TLS 1.3: the octet 0x00; TLS 1.2:
 * Finished), also when a session is resumed.
 */
#ifndef HOKEY_EAP_TLS_H
#define HOKEY_EAP_TLS_H

#include <hokey/clock.h>
#include <hokey/eap.h>
#include <hokey/key.h>

#define HK_EAP_TLS_FRAGMENT_DEFAULT 1020
#define HK_EAP_TLS_MESSAGE_MAX      65536
#define HK_EAP_TLS_SESSION_ID_LEN   65

enum hk_tls_version {
	HK_TLS_1_2 = 0x0303,
	HK_TLS_1_3 = 0x0304,
};

/* PEM text. Everything but key and ca is optional (data NULL). */
struct hk_tls_credentials {
	struct hk_bytes ca;           /* who may sign the other side's certificate */
	struct hk_bytes certificate;  /* ours, then intermediates */
	struct hk_bytes key;          /* ours; never logged */
	struct hk_bytes crl;          /* one or more CRLs */
	struct hk_bytes ocsp_staple;  /* DER OCSP response for our certificate */
};

/*
 * Does the server ask an OCSP responder about the certificates of the peer's
 * path (RFC 9190 section 5.4)? What was answered is kept as long as it says, so
 * most conversations need not wait.
 */
enum hk_ocsp_policy {
	HK_OCSP_OFF,
	HK_OCSP_SOFT,                 /* no answer: go on */
	HK_OCSP_HARD,                 /* no answer: refused, unless check_crl is on and the
	                                 certificate names no responder */
};

struct hk_tls_config {
	struct hk_tls_credentials credentials;
	enum hk_tls_version min_version;
	enum hk_tls_version max_version;
	const char *ciphers_1_2;      /* OpenSSL names; NULL: our list */
	const char *ciphers_1_3;
	const char *groups;
	bool     check_crl;           /* every certificate needs a current CRL */
	bool     require_ems;         /* TLS 1.2: extended master secret; default on */
	/* server */
	uint32_t ticket_lifetime_s;   /* 0: no resumption; at most 604800 */
	enum hk_ocsp_policy ocsp;
	const char *ocsp_url;         /* ask this one; NULL: whom the certificate names */
	/* peer */
	const char *server_name;      /* must match a SAN dNSName; NULL: not checked */
	bool     require_staple;      /* the server must bring a valid OCSP response */
};

/* Why a TLS configuration was refused, in words, without secrets. */
struct hk_tls_error {
	char text[256];
};

struct hk_tls_context;            /* opaque; shared by conversations and threads */

HK_API enum hk_err hk_tls_context_new(bool server, const struct hk_tls_config *config, hk_time now,
	struct hk_tls_context **out, struct hk_tls_error *error);
/* Counts references: a conversation keeps its context alive. */
HK_API void hk_tls_context_free(struct hk_tls_context *context);
/* Makes a new ticket key and keeps the one before it. Call every 24 h. */
HK_API enum hk_err hk_tls_context_rotate_ticket_key(struct hk_tls_context *context);
/*
 * For a new configuration in place of an old one: takes over the ticket keys
 * and what was learnt about certificates, so that tickets stay good. What the
 * new configuration does not allow is found out when a ticket is used. Before
 * `context` is shared.
 */
HK_API enum hk_err hk_tls_context_inherit(
	struct hk_tls_context *context, struct hk_tls_context *from);
/* A newer OCSP response for our certificate, DER. */
HK_API enum hk_err hk_tls_context_set_staple(
	struct hk_tls_context *context, struct hk_bytes response);
/* Earliest end of a certificate in our own chain. */
HK_API hk_time hk_tls_context_expires(const struct hk_tls_context *context);

/* Who the other side is, from its certificate (RFC 5216 section 5.2). */
#define HK_PEER_IDS_MAX 8
struct hk_peer_identity {
	struct hk_bytes outer;                /* from EAP-Response/Identity */
	struct hk_bytes peer_ids[HK_PEER_IDS_MAX]; /* SANs in order, then subject DN */
	uint8_t         peer_id_kinds[HK_PEER_IDS_MAX]; /* enum hk_peer_id_kind */
	size_t          npeer_ids;
	struct hk_bytes serial;               /* hex, lower case */
	struct hk_bytes issuer;               /* DN, RFC 4514 text */
	hk_time         certificate_expires;
	bool            resumed;
};

enum hk_peer_id_kind {
	HK_PEER_ID_RFC822,            /* rfc822Name */
	HK_PEER_ID_DNS,               /* dNSName */
	HK_PEER_ID_UPN,               /* otherName, Microsoft userPrincipalName */
	HK_PEER_ID_URI,
	HK_PEER_ID_SUBJECT,           /* the subject DN, RFC 4514 text */
	HK_PEER_ID_CN,                /* its commonName, when there is no SAN */
};

/* ---- what a conversation wants done ---- */

enum hk_eap_action {
	HK_EAP_SEND,                  /* send `out`, an EAP-Request or EAP-Response */
	HK_EAP_SUCCEEDED,             /* done; server: `out` is EAP-Success */
	HK_EAP_FAILED,                /* done; server: `out` is EAP-Failure, or
	                                 EAP-Response/Nak when it was sent a request */
	HK_EAP_IGNORED,               /* the packet is dropped; nothing changed */
	HK_EAP_INVALID,               /* server: `out` is the previous request again
	                                 (RFC 3579 section 2.2; Error-Cause 202) */
	HK_EAP_WAIT,                  /* server: send nothing; ask an OCSP responder and
	                                 call hk_eap_server_ocsp_answer() */
};

struct hk_eap_server_config {
	struct hk_tls_context *tls;
	uint16_t fragment_size;       /* TLS octets per packet, 100 to 4000 */
	uint16_t max_rounds;          /* default 60 */
	uint16_t max_invalid;         /* default 5 */
	/*
	 * How long keys may live that come from one full authentication, also by
	 * resumption; 0: as long as the certificate.
	 */
	uint32_t session_lifetime_s;
	/*
	 * May this peer in? Must not block. HK_OK or the reason of the refusal
	 * (HK_ERR_DENIED, HK_ERR_NOT_FOUND, HK_ERR_EXPIRED). NULL: whoever has a
	 * good certificate. Called once, or twice when TLS 1.2 was to be resumed and
	 * may not; in that case the peer has not shown yet that the ticket is its own.
	 */
	enum hk_err (*authorize)(void *arg, const struct hk_peer_identity *who);
	void *arg;
};

struct hk_eap_server;             /* opaque: one conversation */

HK_API enum hk_err hk_eap_server_new(
	const struct hk_eap_server_config *config, struct hk_eap_server **out);
HK_API void hk_eap_server_free(struct hk_eap_server *s);

/*
 * EAP-Request/Identity, for when the authenticator did not send one.
 */
HK_API enum hk_err hk_eap_server_start(struct hk_eap_server *s, uint8_t identifier,
	struct hk_buf *out);

/*
 * One EAP packet from the peer. The first is EAP-Response/Identity. max_len:
 * octets the carrier has room for in one EAP packet of ours (Framed-MTU and
 * packet size already counted in).
 */
HK_API enum hk_eap_action hk_eap_server_receive(struct hk_eap_server *s, struct hk_bytes packet,
	hk_time now, size_t max_len, struct hk_buf *out);

/*
 * After HK_EAP_WAIT: what to ask (DER, for HTTP POST) and whom. Both views end
 * with the next call. HK_ERR_UNEXPECTED when nothing is to be asked.
 */
HK_API enum hk_err hk_eap_server_ocsp_query(
	const struct hk_eap_server *s, const char **url, struct hk_bytes *request);
/*
 * Goes on with the DER of the responder's answer; empty when none came. Packets
 * that arrive in between are ignored. Gives an action as
 * hk_eap_server_receive() does, HK_EAP_WAIT for the next certificate included.
 */
HK_API enum hk_eap_action hk_eap_server_ocsp_answer(struct hk_eap_server *s,
	struct hk_bytes response, hk_time now, size_t max_len, struct hk_buf *out);

/* Identifier of the request that waits for its response. */
HK_API uint8_t hk_eap_server_identifier(const struct hk_eap_server *s);
/* Round trips so far. */
HK_API unsigned hk_eap_server_rounds(const struct hk_eap_server *s);

/* After HK_EAP_FAILED: which error, and in words (TLS alert, certificate error). */
HK_API enum hk_err hk_eap_server_error(const struct hk_eap_server *s, const char **detail);

/* From the moment the certificate was seen. */
HK_API const struct hk_peer_identity *hk_eap_server_peer(const struct hk_eap_server *s);

/* What a finished conversation gives. Owned by it; keys may be taken out. */
struct hk_eap_result {
	struct hk_key  *msk;          /* take it by setting this to NULL */
	struct hk_key  *emsk;         /* likewise */
	uint8_t         session_id[HK_EAP_TLS_SESSION_ID_LEN];
	size_t          session_id_len;
	uint16_t        tls_version;  /* enum hk_tls_version */
	const char     *cipher;
	bool            resumed;
};

/*
 * After HK_EAP_SUCCEEDED. `expires`: policy's end of the keys; cut to the end
 * of the peer's certificate. NULL before success.
 */
HK_API struct hk_eap_result *hk_eap_server_result(
	struct hk_eap_server *s, hk_time now, hk_time expires);

/* ---- the peer's side ---- */

struct hk_eap_peer_config {
	struct hk_tls_context *tls;
	struct hk_bytes identity;     /* for EAP-Response/Identity */
	uint16_t fragment_size;
	struct hk_bytes ticket;       /* a saved session (RFC 5077, 8446), or empty */
};

struct hk_eap_peer;               /* opaque */

HK_API enum hk_err hk_eap_peer_new(
	const struct hk_eap_peer_config *config, struct hk_eap_peer **out);
HK_API void hk_eap_peer_free(struct hk_eap_peer *p);
/* One EAP packet from the authenticator: Request, Success or Failure. */
HK_API enum hk_eap_action hk_eap_peer_receive(
	struct hk_eap_peer *p, struct hk_bytes packet, hk_time now, struct hk_buf *out);
HK_API enum hk_err hk_eap_peer_error(const struct hk_eap_peer *p, const char **detail);
HK_API struct hk_eap_result *hk_eap_peer_result(struct hk_eap_peer *p, hk_time now, hk_time expires);
/* The session to resume next time, DER; empty when the server gave none. */
HK_API enum hk_err hk_eap_peer_ticket(struct hk_eap_peer *p, struct hk_buf *out);

#endif
