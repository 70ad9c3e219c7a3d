/* SPDX-License-Identifier: ISC */
/*
 * What both ends of RADIUS/TLS (RFC 6614) have in common: the TLS profile, who
 * the other end may be, and where one packet ends and the next begins.
 *
 * Certificates: path validation, purpose and revocation are OpenSSL's, by the
 * CAs that were configured and no others; names only from subjectAltName.
 * Pre-shared keys: TLS 1.3 with an ephemeral key exchange. Sessions are not
 * resumed, so that nothing that was true of an old one is believed in a new one.
 */
#ifndef HK_HOKEYD_RADSEC_H
#define HK_HOKEYD_RADSEC_H

#include "hokeyd/config.h"
#include "hokeyd/files.h"

#include <event2/bufferevent.h>
#include <openssl/ssl.h>

#define HK_RADSEC_HANDSHAKE_MS 10000
#define HK_RADSEC_OUTPUT_MAX   (1u << 20) /* octets that wait for a peer who does not read */

struct hk_radsec_files {
	struct hk_file certificate;   /* with the key: may be empty */
	struct hk_file key;
	struct hk_file ca;            /* may be empty */
	struct hk_file crl;           /* may be empty */
};

/* What went wrong is in why (one line). */
enum hk_err hk_radsec_context_new(const struct hk_radsec_files *files,
	const struct hk_radsec_config *config, SSL_CTX **out, char *why, size_t why_size);

/*
 * For the side that accepts: who may come with a pre-shared key. Must outlive
 * the handshake.
 */
struct hk_radsec_guests {
	/* NULL: unknown. */
	const struct hk_tls_peer *(*find_psk)(void *arg, const char *identity, size_t len);
	bool  any_psk;                /* there is somebody with one */
	void *arg;
	char  identity[HK_PSK_IDENTITY_MAX + 1]; /* the one that came; "" when it is unknown */
};

SSL *hk_radsec_new_server(SSL_CTX *context, struct hk_radsec_guests *guests);

/* After the handshake: is it this one? psk_identity: the one it was made with, or NULL. */
bool hk_radsec_is_peer(SSL *ssl, const struct hk_tls_peer *peer, const char *psk_identity);
/* HK_ERR_TLS: the connection is not what it must be; in why, in words. */
enum hk_err hk_radsec_check(SSL *ssl, char *why, size_t why_size);

/*
 * For the side that connects: a connection to a server, on its way. The callbacks
 * come from the event loop only. *peer is looked at again during the handshake.
 * NULL: it cannot be opened.
 */
struct bufferevent *hk_radsec_connect(struct event_base *base,
	const struct hk_home_server_config *server, const struct hk_tls_peer *const *peer,
	bufferevent_data_cb on_read, bufferevent_event_cb on_event, void *arg);
/* After its handshake: HK_ERR_TLS when it must not be used; in why, in words. */
enum hk_err hk_radsec_connected(
	struct bufferevent *bev, const struct hk_tls_peer *peer, char *why, size_t why_size);
/* What ended a connection, in words; never empty. */
void hk_radsec_explain(struct bufferevent *bev, short what, char *why, size_t why_size);

/* Settings of a TCP connection: small packets leave at once, dead peers are noticed. */
void hk_radsec_tune(int fd);

/*
 * Takes the next packet out of the stream. 0: there is none yet;
 * HK_ERR_MALFORMED in *err: there cannot be one, the connection has to end.
 */
size_t hk_radsec_next(
	struct evbuffer *stream, uint8_t packet[HK_RADIUS_MAX_LEN], enum hk_err *err);

#endif
