/* SPDX-License-Identifier: ISC */
#include "crypto/crypto.h"

#include <openssl/evp.h>

#include <stdlib.h>

/* Two contexts with the key scheduled; each message sets only the nonce. */
struct hk_aead {
	EVP_CIPHER_CTX *seal;
	EVP_CIPHER_CTX *open;
};

static EVP_CIPHER_CTX *context_new(const EVP_CIPHER *cipher, const uint8_t *key, int seal)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c && EVP_CipherInit_ex2(c, cipher, key, NULL, seal, NULL) == 1)
		return c;
	EVP_CIPHER_CTX_free(c);
	return NULL;
}

enum hk_err hk_aead_new(const uint8_t key[HK_AEAD_KEY_LEN], struct hk_aead **out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	struct hk_aead *a = calloc(1, sizeof *a);

	*out = NULL;
	if (cipher && a) {
		a->seal = context_new(cipher, key, 1);
		a->open = context_new(cipher, key, 0);
	}
	EVP_CIPHER_free(cipher);
	if (!a)
		return HK_ERR_NO_MEMORY;
	if (!a->seal || !a->open) {
		hk_aead_free(a);
		return HK_ERR_CRYPTO;
	}
	*out = a;
	return HK_OK;
}

void hk_aead_free(struct hk_aead *a)
{
	if (!a)
		return;
	EVP_CIPHER_CTX_free(a->seal);
	EVP_CIPHER_CTX_free(a->open);
	free(a);
}

enum hk_err hk_aead_seal(struct hk_aead *a, const uint8_t nonce[HK_AEAD_NONCE_LEN],
	struct hk_bytes associated, struct hk_bytes plain, uint8_t *out)
{
	int n;

	if (EVP_EncryptInit_ex2(a->seal, NULL, NULL, nonce, NULL) != 1 ||
		EVP_EncryptUpdate(a->seal, NULL, &n, associated.data, (int)associated.len) != 1 ||
		EVP_EncryptUpdate(a->seal, out, &n, plain.data, (int)plain.len) != 1 ||
		EVP_EncryptFinal_ex(a->seal, out + plain.len, &n) != 1 ||
		EVP_CIPHER_CTX_ctrl(a->seal, EVP_CTRL_AEAD_GET_TAG, HK_AEAD_TAG_LEN,
			out + plain.len) != 1)
		return HK_ERR_CRYPTO;
	return HK_OK;
}

enum hk_err hk_aead_open(struct hk_aead *a, const uint8_t nonce[HK_AEAD_NONCE_LEN],
	struct hk_bytes associated, struct hk_bytes sealed, uint8_t *out)
{
	uint8_t tag[HK_AEAD_TAG_LEN];
	size_t len;
	int n;

	if (sealed.len < HK_AEAD_TAG_LEN)
		return HK_ERR_MALFORMED;
	len = sealed.len - HK_AEAD_TAG_LEN;
	memcpy(tag, sealed.data + len, sizeof tag);
	if (EVP_DecryptInit_ex2(a->open, NULL, NULL, nonce, NULL) != 1 ||
		EVP_DecryptUpdate(a->open, NULL, &n, associated.data, (int)associated.len) != 1 ||
		EVP_DecryptUpdate(a->open, out, &n, sealed.data, (int)len) != 1 ||
		EVP_CIPHER_CTX_ctrl(a->open, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) != 1)
		return HK_ERR_CRYPTO;
	if (EVP_DecryptFinal_ex(a->open, out + len, &n) != 1) {
		hk_wipe(out, len);
		return HK_ERR_TAG;
	}
	return HK_OK;
}
