/* SPDX-License-Identifier: ISC */
/*
 * RFC 3394 section 2.2, on single AES blocks: the cipher AES-256-WRAP of OpenSSL 3
 * looks things up in tables at places that depend on the key, its AES-256-ECB
 * does not where the processor has instructions for it.
 */
#include "crypto/crypto.h"

#include <openssl/evp.h>

#define HALF  8 /* octets of half a block, which all is made of */
#define STEPS 6

static const uint8_t initial_value[HALF] = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};

/* NULL when OpenSSL has no such cipher or no memory. */
static EVP_CIPHER_CTX *context_new(const uint8_t *kek, int wrap)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (!cipher || !c || EVP_CipherInit_ex2(c, cipher, kek, NULL, wrap, NULL) != 1 ||
		EVP_CIPHER_CTX_set_padding(c, 0) != 1) {
		EVP_CIPHER_CTX_free(c);
		c = NULL;
	}
	EVP_CIPHER_free(cipher);
	return c;
}

static bool crypt_block(EVP_CIPHER_CTX *c, uint8_t block[2 * HALF])
{
	int n = 0;

	return EVP_CipherUpdate(c, block, &n, block, 2 * HALF) == 1 && n == 2 * HALF;
}

static void count(uint8_t half[HALF], uint64_t t)
{
	hk_store_u64(half, hk_load_u64(half) ^ t);
}

/* a: A and the halves R[1] to R[n] behind it. */
static bool wrap(EVP_CIPHER_CTX *c, uint8_t *a, size_t n)
{
	uint8_t block[2 * HALF];
	bool good = true;

	memcpy(block, a, HALF);
	for (uint64_t t = 1; t <= STEPS * n && good; t++) {
		uint8_t *r = a + HALF * (1 + (t - 1) % n);

		memcpy(block + HALF, r, HALF);
		good = crypt_block(c, block);
		count(block, t);
		memcpy(r, block + HALF, HALF);
	}
	memcpy(a, block, HALF);
	hk_wipe(block, sizeof block);
	return good;
}

static bool unwrap(EVP_CIPHER_CTX *c, uint8_t a[HALF], uint8_t *halves, size_t n)
{
	uint8_t block[2 * HALF];
	bool good = true;

	memcpy(block, a, HALF);
	for (uint64_t t = STEPS * n; t > 0 && good; t--) {
		uint8_t *r = halves + HALF * ((t - 1) % n);

		count(block, t);
		memcpy(block + HALF, r, HALF);
		good = crypt_block(c, block);
		memcpy(r, block + HALF, HALF);
	}
	memcpy(a, block, HALF);
	hk_wipe(block, sizeof block);
	return good;
}

enum hk_err hk_key_wrap(const uint8_t kek[HK_KEK_LEN], struct hk_bytes plain, uint8_t *out)
{
	EVP_CIPHER_CTX *c;
	bool done;

	if (plain.len < 2 * HALF || plain.len % HALF != 0)
		return HK_ERR_ARGUMENT;
	c = context_new(kek, 1);
	if (!c)
		return HK_ERR_CRYPTO;
	memcpy(out + HALF, plain.data, plain.len);
	memcpy(out, initial_value, HALF);
	done = wrap(c, out, plain.len / HALF);
	EVP_CIPHER_CTX_free(c);
	if (!done)
		hk_wipe(out, plain.len + HK_KEY_WRAP_ADDS);
	return done ? HK_OK : HK_ERR_CRYPTO;
}

enum hk_err hk_key_unwrap(const uint8_t kek[HK_KEK_LEN], struct hk_bytes wrapped, uint8_t *out)
{
	size_t len = wrapped.len - HK_KEY_WRAP_ADDS;
	uint8_t first[HALF];
	EVP_CIPHER_CTX *c;
	bool done, good;

	if (wrapped.len < 2 * HALF + HK_KEY_WRAP_ADDS || wrapped.len % HALF != 0)
		return HK_ERR_MALFORMED;
	c = context_new(kek, 0);
	if (!c)
		return HK_ERR_CRYPTO;
	memcpy(first, wrapped.data, HALF);
	memcpy(out, wrapped.data + HALF, len);
	done = unwrap(c, first, out, len / HALF);
	EVP_CIPHER_CTX_free(c);
	good = done && hk_equal_secret(first, initial_value, HALF);
	if (!good)
		hk_wipe(out, len);
	return good ? HK_OK : done ? HK_ERR_TAG : HK_ERR_CRYPTO;
}
