/* SPDX-License-Identifier: ISC */
/*
 * OCSP (RFC 6960): requests, responses and a memory for what they said. Asking
 * is the caller's business.
 */
#ifndef HK_EAP_OCSP_H
#define HK_EAP_OCSP_H

#include <hokey/bytes.h>
#include <hokey/clock.h>
#include <hokey/error.h>

#include <openssl/x509.h>

#define HK_OCSP_URL_MAX 255

enum hk_ocsp_verdict {
	HK_OCSP_UNAVAILABLE, /* no answer, or none that counts */
	HK_OCSP_GOOD,
	HK_OCSP_REVOKED,
};

/* The request for one certificate, to be freed with OPENSSL_free(). */
enum hk_err hk_ocsp_request(X509 *certificate, X509 *issuer, uint8_t **der, size_t *len);

/*
 * What a response says about the certificate at this time. It counts when the
 * issuer signed it, or someone the issuer gave a certificate for OCSP signing.
 * *until: how long the verdict may be kept.
 */
enum hk_ocsp_verdict hk_ocsp_check(
	struct hk_bytes response, X509 *certificate, X509 *issuer, hk_time now, hk_time *until);

/* The first http URL of a responder in the certificate, in `url`. */
bool hk_ocsp_responder(X509 *certificate, char *url, size_t cap);

/*
 * ---- memory ----
 *
 * A table of fixed size, in which a newer verdict may push out an older one.
 * Shared by contexts that follow each other.
 */

struct hk_ocsp_cache;

struct hk_ocsp_cache *hk_ocsp_cache_new(void);
struct hk_ocsp_cache *hk_ocsp_cache_ref(struct hk_ocsp_cache *cache);
void hk_ocsp_cache_free(struct hk_ocsp_cache *cache);
void hk_ocsp_cache_put(struct hk_ocsp_cache *cache, X509 *certificate, enum hk_ocsp_verdict verdict,
	hk_time until);
/* False when nothing is known at this time. */
bool hk_ocsp_cache_get(
	struct hk_ocsp_cache *cache, X509 *certificate, hk_time now, enum hk_ocsp_verdict *verdict);

#endif
