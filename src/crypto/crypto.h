/* SPDX-License-Identifier: ISC */
/*
 * The few primitives the protocols need, on OpenSSL.
 *
 * HMAC keys are kept scheduled (struct hk_hmac_key and the MD5 twin), and
 * hashed with OpenSSL's block functions: on the ERP path an EVP call costs more
 * than the hash it makes. Everything else goes through EVP.
 */
#ifndef HK_CRYPTO_CRYPTO_H
#define HK_CRYPTO_CRYPTO_H

#include <hokey/bytes.h>
#include <hokey/error.h>
#include <hokey/key.h>

#define HK_SHA256_LEN 32
#define HK_MD5_LEN    16

/* Overwrites so that the compiler does not leave it out. */
void hk_wipe(void *p, size_t n);

/* Same octets? Time depends on n only. */
bool hk_equal_secret(const void *a, const void *b, size_t n);

/* Octets nobody can guess. */
enum hk_err hk_random(void *out, size_t n);

/* ---- SHA-256 ---- */

void hk_sha256(const struct hk_bytes *parts, size_t nparts, uint8_t out[HK_SHA256_LEN]);

/* Schedules a key of any length (RFC 2104: over 64 octets it is hashed first). */
void hk_hmac_key_init(struct hk_hmac_key *k, struct hk_bytes key);
/* HMAC over the parts one after the other. */
void hk_hmac_sha256(const struct hk_hmac_key *k, const struct hk_bytes *parts, size_t nparts,
	uint8_t out[HK_SHA256_LEN]);
/* PRF+ (RFC 5295 section 3.1.2) under a scheduled key; len at most 8160. */
void hk_prfplus(const struct hk_hmac_key *k, struct hk_bytes input, uint8_t *out, size_t len);

/* ---- MD5, as RADIUS needs it ---- */

struct hk_md5_key {
	uint32_t inner[4];
	uint32_t outer[4];
};

void hk_md5(const struct hk_bytes *parts, size_t nparts, uint8_t out[HK_MD5_LEN]);
void hk_md5_key_init(struct hk_md5_key *k, struct hk_bytes key);
void hk_hmac_md5(const struct hk_md5_key *k, const struct hk_bytes *parts, size_t nparts,
	uint8_t out[HK_MD5_LEN]);

/* ---- AES-256-GCM ---- */

#define HK_AEAD_KEY_LEN   32
#define HK_AEAD_NONCE_LEN 12
#define HK_AEAD_TAG_LEN   16

/* A scheduled key. One per thread: it is changed while it works. */
struct hk_aead;

enum hk_err hk_aead_new(const uint8_t key[HK_AEAD_KEY_LEN], struct hk_aead **out);
void hk_aead_free(struct hk_aead *a);
/* out: plain.len + HK_AEAD_TAG_LEN octets. */
enum hk_err hk_aead_seal(struct hk_aead *a, const uint8_t nonce[HK_AEAD_NONCE_LEN],
	struct hk_bytes associated, struct hk_bytes plain, uint8_t *out);
/* out: sealed.len - HK_AEAD_TAG_LEN octets. HK_ERR_TAG when it was changed. */
enum hk_err hk_aead_open(struct hk_aead *a, const uint8_t nonce[HK_AEAD_NONCE_LEN],
	struct hk_bytes associated, struct hk_bytes sealed, uint8_t *out);

/* ---- AES-256 key wrap (RFC 3394, default initial value) ---- */

#define HK_KEK_LEN       32
#define HK_KEY_WRAP_ADDS 8 /* octets a wrapped key is longer */

/* plain: at least 16 octets, a multiple of 8. out: HK_KEY_WRAP_ADDS more. */
enum hk_err hk_key_wrap(const uint8_t kek[HK_KEK_LEN], struct hk_bytes plain, uint8_t *out);
/*
 * out: HK_KEY_WRAP_ADDS less. HK_ERR_TAG: another key, or it was changed;
 * nothing is in out. HK_ERR_MALFORMED: no wrapped key has that length.
 */
enum hk_err hk_key_unwrap(const uint8_t kek[HK_KEK_LEN], struct hk_bytes wrapped, uint8_t *out);

#endif
