/* SPDX-License-Identifier: ISC */
/*
 * Is a certificate revoked, as OCSP sees it? The server asks about the peer's
 * path (RFC 9190 section 5.4); the peer reads what the server stapled.
 */
#ifndef HK_EAP_TLS_STATUS_H
#define HK_EAP_TLS_STATUS_H

#include "eap/tls.h"

enum hk_tls_status {
	HK_TLS_STATUS_GOOD,    /* or good enough for the policy */
	HK_TLS_STATUS_REVOKED, /* these two set owner.failure */
	HK_TLS_STATUS_NOT_KNOWN,
	HK_TLS_STATUS_ASK, /* tls->ocsp_url and tls->ocsp_request say what */
};

/* Server: goes through the verified path of the finished handshake. */
enum hk_tls_status hk_tls_status(struct hk_tls *tls);
/* Takes the answer to what was asked last; hk_tls_status() goes on from there. */
void hk_tls_status_answer(struct hk_tls *tls, struct hk_bytes response);
/* Server: is the whole path known to be good, without asking? Notes no failure. */
bool hk_tls_status_known(struct hk_tls *tls, STACK_OF(X509) *path);

/* For SSL_CTX_set_tlsext_status_cb(): the server's and the peer's. */
int hk_tls_staple(SSL *ssl, void *arg);
int hk_tls_check_staple(SSL *ssl, void *arg);

#endif
