/* SPDX-License-Identifier: ISC */
/*
 * Certificates of peers that logged in, so that their tickets need not hold
 * them: a ticket with a certificate often takes a round trip more, and OpenSSL
 * parses it at every turn. What is not found here any more means a full
 * handshake. Bounded; shared by contexts that follow each other.
 */
#ifndef HK_EAP_CERT_CACHE_H
#define HK_EAP_CERT_CACHE_H

#include <hokey/bytes.h>

#include <openssl/x509.h>

#define HK_CERT_KEY_LEN 32 /* SHA-256 of the certificate */

struct hk_cert_cache;

struct hk_cert_cache *hk_cert_cache_new(void);
struct hk_cert_cache *hk_cert_cache_ref(struct hk_cert_cache *cache);
void hk_cert_cache_free(struct hk_cert_cache *cache);

/* Keeps the certificate and tells its key. */
bool hk_cert_cache_put(
	struct hk_cert_cache *cache, X509 *certificate, uint8_t key[HK_CERT_KEY_LEN]);
/* To be freed with X509_free(); NULL when it is not there. */
X509 *hk_cert_cache_get(struct hk_cert_cache *cache, const uint8_t key[HK_CERT_KEY_LEN]);

/* Keeps the CA certificates between leaf and anchor of a verified path. */
void hk_cert_cache_put_path(struct hk_cert_cache *cache, STACK_OF(X509) *path);
/* All of these, to be freed with sk_X509_pop_free(); NULL when there are none. */
STACK_OF(X509) *hk_cert_cache_intermediates(struct hk_cert_cache *cache);

#endif
