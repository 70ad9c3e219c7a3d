/* SPDX-License-Identifier: ISC */
/*
 * The block functions are marked deprecated in OpenSSL 3, not removed. They
 * are used here on purpose, in this file only: see crypto.h.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/crypto.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#define INNER_PAD 0x36
#define OUTER_PAD 0x5c

static void pad_key(uint8_t *block, const uint8_t *key, size_t n, uint8_t pad)
{
	memset(block, pad, 64);
	for (size_t i = 0; i < n; i++)
		block[i] ^= key[i];
}

/* ---- SHA-256 ---- */

void hk_sha256(const struct hk_bytes *parts, size_t nparts, uint8_t out[HK_SHA256_LEN])
{
	SHA256_CTX c;

	SHA256_Init(&c);
	for (size_t i = 0; i < nparts; i++)
		SHA256_Update(&c, parts[i].data, parts[i].len);
	SHA256_Final(out, &c);
	hk_wipe(c.h, sizeof c.h);
}

static void sha256_first_block(uint32_t state[8], const uint8_t *block)
{
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Transform(&c, block);
	memcpy(state, c.h, sizeof c.h);
	hk_wipe(&c, sizeof c);
}

/* A context that has taken in one block already. */
static void sha256_resume(SHA256_CTX *c, const uint32_t state[8])
{
	SHA256_Init(c);
	memcpy(c->h, state, sizeof c->h);
	c->Nl = 64 * 8;
}

void hk_hmac_key_init(struct hk_hmac_key *k, struct hk_bytes key)
{
	uint8_t hashed[HK_SHA256_LEN], block[64];

	if (key.len > 64) {
		hk_sha256(&key, 1, hashed);
		key = hk_bytes(hashed, sizeof hashed);
	}
	pad_key(block, key.data, key.len, INNER_PAD);
	sha256_first_block(k->inner, block);
	pad_key(block, key.data, key.len, OUTER_PAD);
	sha256_first_block(k->outer, block);
	hk_wipe(hashed, sizeof hashed);
	hk_wipe(block, sizeof block);
}

void hk_hmac_sha256(const struct hk_hmac_key *k, const struct hk_bytes *parts, size_t nparts,
	uint8_t out[HK_SHA256_LEN])
{
	SHA256_CTX c;

	sha256_resume(&c, k->inner);
	for (size_t i = 0; i < nparts; i++)
		SHA256_Update(&c, parts[i].data, parts[i].len);
	SHA256_Final(out, &c);
	sha256_resume(&c, k->outer);
	SHA256_Update(&c, out, HK_SHA256_LEN);
	SHA256_Final(out, &c);
	/* The result once more, perhaps a key; OpenSSL has wiped the rest. */
	hk_wipe(c.h, sizeof c.h);
}

void hk_prfplus(const struct hk_hmac_key *k, struct hk_bytes input, uint8_t *out, size_t len)
{
	uint8_t t[HK_SHA256_LEN], counter = 1;
	struct hk_bytes parts[3] = {HK_NO_BYTES, input, {&counter, 1}};

	while (len > 0) {
		size_t n = len < sizeof t ? len : sizeof t;

		hk_hmac_sha256(k, parts, 3, t);
		memcpy(out, t, n);
		out += n;
		len -= n;
		parts[0] = hk_bytes(t, sizeof t);
		counter++;
	}
	hk_wipe(t, sizeof t);
}

/* ---- MD5 ---- */

void hk_md5(const struct hk_bytes *parts, size_t nparts, uint8_t out[HK_MD5_LEN])
{
	MD5_CTX c;

	MD5_Init(&c);
	for (size_t i = 0; i < nparts; i++)
		MD5_Update(&c, parts[i].data, parts[i].len);
	MD5_Final(out, &c);
	hk_wipe(&c, sizeof c);
}

static void md5_first_block(uint32_t state[4], const uint8_t *block)
{
	MD5_CTX c;

	MD5_Init(&c);
	MD5_Transform(&c, block);
	state[0] = c.A;
	state[1] = c.B;
	state[2] = c.C;
	state[3] = c.D;
	hk_wipe(&c, sizeof c);
}

static void md5_resume(MD5_CTX *c, const uint32_t state[4])
{
	MD5_Init(c);
	c->A = state[0];
	c->B = state[1];
	c->C = state[2];
	c->D = state[3];
	c->Nl = 64 * 8;
}

void hk_md5_key_init(struct hk_md5_key *k, struct hk_bytes key)
{
	uint8_t hashed[HK_MD5_LEN], block[64];

	if (key.len > 64) {
		hk_md5(&key, 1, hashed);
		key = hk_bytes(hashed, sizeof hashed);
	}
	pad_key(block, key.data, key.len, INNER_PAD);
	md5_first_block(k->inner, block);
	pad_key(block, key.data, key.len, OUTER_PAD);
	md5_first_block(k->outer, block);
	hk_wipe(hashed, sizeof hashed);
	hk_wipe(block, sizeof block);
}

void hk_hmac_md5(const struct hk_md5_key *k, const struct hk_bytes *parts, size_t nparts,
	uint8_t out[HK_MD5_LEN])
{
	MD5_CTX c;

	md5_resume(&c, k->inner);
	for (size_t i = 0; i < nparts; i++)
		MD5_Update(&c, parts[i].data, parts[i].len);
	MD5_Final(out, &c);
	md5_resume(&c, k->outer);
	MD5_Update(&c, out, HK_MD5_LEN);
	MD5_Final(out, &c);
}
