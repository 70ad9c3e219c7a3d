/* SPDX-License-Identifier: ISC */
#include "crypto/crypto.h"

#include <openssl/evp.h>

/* NULL when OpenSSL has no such cipher or no memory. */
static EVP_CIPHER_CTX *context_new(const uint8_t *kek, int wrap)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c)
		EVP_CIPHER_CTX_set_flags(c, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (!cipher || !c || EVP_CipherInit_ex2(c, cipher, kek, NULL, wrap, NULL) != 1) {
		EVP_CIPHER_CTX_free(c);
		c = NULL;
	}
	EVP_CIPHER_free(cipher);
	return c;
}

enum hk_err hk_key_wrap(const uint8_t kek[HK_KEK_LEN], struct hk_bytes plain, uint8_t *out)
{
	EVP_CIPHER_CTX *c;
	int n = 0;
	bool done;

	if (plain.len < 16 || plain.len % 8 != 0)
		return HK_ERR_ARGUMENT;
	c = context_new(kek, 1);
	if (!c)
		return HK_ERR_CRYPTO;
	done = EVP_CipherUpdate(c, out, &n, plain.data, (int)plain.len) == 1 &&
	       (size_t)n == plain.len + HK_KEY_WRAP_ADDS;
	EVP_CIPHER_CTX_free(c);
	return done ? HK_OK : HK_ERR_CRYPTO;
}

enum hk_err hk_key_unwrap(const uint8_t kek[HK_KEK_LEN], struct hk_bytes wrapped, uint8_t *out)
{
	EVP_CIPHER_CTX *c;
	int n = 0;
	bool good;

	if (wrapped.len < 16 + HK_KEY_WRAP_ADDS || wrapped.len % 8 != 0)
		return HK_ERR_MALFORMED;
	c = context_new(kek, 0);
	if (!c)
		return HK_ERR_CRYPTO;
	good = EVP_CipherUpdate(c, out, &n, wrapped.data, (int)wrapped.len) == 1 &&
	       (size_t)n == wrapped.len - HK_KEY_WRAP_ADDS;
	EVP_CIPHER_CTX_free(c);
	if (!good)
		hk_wipe(out, wrapped.len - HK_KEY_WRAP_ADDS);
	return good ? HK_OK : HK_ERR_TAG;
}
