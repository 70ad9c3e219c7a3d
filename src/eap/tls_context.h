/* SPDX-License-Identifier: ISC */
/* Inside of a TLS context: what all conversations of one configuration share. */
#ifndef HK_EAP_TLS_CONTEXT_H
#define HK_EAP_TLS_CONTEXT_H

#include <hokey/eap_tls.h>

#include "eap/cert_cache.h"
#include "eap/ocsp.h"

#include <openssl/ssl.h>

#include <stdatomic.h>

#define HK_TICKET_KEY_NAME_LEN 16
#define HK_TICKET_LIFETIME_MAX 604800u /* RFC 8446 section 4.6.1 */

/* Lives in the secure heap where there is one. */
struct hk_ticket_key {
	uint8_t name[HK_TICKET_KEY_NAME_LEN];
	uint8_t cipher[32];
	uint8_t mac[32];
};

struct hk_tls_context {
	SSL_CTX *ssl_ctx;
	bool server;
	bool check_crl; /* a certificate without a CRL is refused */
	bool require_ems;
	bool require_staple;
	uint32_t ticket_lifetime_s;
	hk_time expires;
	enum hk_ocsp_policy ocsp;
	char *ocsp_url;                     /* NULL: the certificate's own */
	struct hk_ocsp_cache *ocsp_cache;   /* has a lock of its own; NULL when ocsp is off */
	struct hk_cert_cache *certificates; /* server: those that tickets stand for; likewise */
	atomic_uint references;

	CRYPTO_RWLOCK *lock;               /* over what follows */
	struct hk_ticket_key *ticket_keys; /* [0] the current one, [1] the one before */
	bool has_previous_key;
	uint8_t *staple; /* DER OCSP response for our certificate */
	size_t staple_len;
};

struct hk_tls_context *hk_tls_context_ref(struct hk_tls_context *context);

#endif
