/* SPDX-License-Identifier: ISC */
#include "eap/ocsp.h"

#include <openssl/crypto.h>

#include <stdatomic.h>
#include <stdlib.h>

#define SLOTS   65536
#define KEY_LEN 32

/* Pages that no verdict fell into cost no memory. */
struct slot {
	uint8_t key[KEY_LEN]; /* SHA-256 of the certificate */
	hk_time until;        /* 0: empty */
	uint8_t verdict;
};

struct hk_ocsp_cache {
	atomic_uint references;
	CRYPTO_RWLOCK *lock;
	struct slot slots[SLOTS];
};

struct hk_ocsp_cache *hk_ocsp_cache_new(void)
{
	struct hk_ocsp_cache *cache = calloc(1, sizeof *cache);

	if (!cache)
		return NULL;
	atomic_init(&cache->references, 1);
	cache->lock = CRYPTO_THREAD_lock_new();
	if (!cache->lock) {
		free(cache);
		return NULL;
	}
	return cache;
}

struct hk_ocsp_cache *hk_ocsp_cache_ref(struct hk_ocsp_cache *cache)
{
	atomic_fetch_add(&cache->references, 1);
	return cache;
}

void hk_ocsp_cache_free(struct hk_ocsp_cache *cache)
{
	if (!cache || atomic_fetch_sub(&cache->references, 1) != 1)
		return;
	CRYPTO_THREAD_lock_free(cache->lock);
	free(cache);
}

static struct slot *find_slot(struct hk_ocsp_cache *cache, X509 *certificate, uint8_t key[KEY_LEN])
{
	unsigned len = KEY_LEN;

	if (X509_digest(certificate, EVP_sha256(), key, &len) != 1 || len != KEY_LEN)
		return NULL;
	return &cache->slots[hk_load_u16(key) % SLOTS];
}

void hk_ocsp_cache_put(
	struct hk_ocsp_cache *cache, X509 *certificate, enum hk_ocsp_verdict verdict, hk_time until)
{
	uint8_t key[KEY_LEN];
	struct slot *slot = find_slot(cache, certificate, key);

	if (!slot || !CRYPTO_THREAD_write_lock(cache->lock))
		return;
	memcpy(slot->key, key, KEY_LEN);
	slot->until = until;
	slot->verdict = (uint8_t)verdict;
	CRYPTO_THREAD_unlock(cache->lock);
}

bool hk_ocsp_cache_get(
	struct hk_ocsp_cache *cache, X509 *certificate, hk_time now, enum hk_ocsp_verdict *verdict)
{
	uint8_t key[KEY_LEN];
	struct slot *slot = find_slot(cache, certificate, key);
	bool found;

	if (!slot || !CRYPTO_THREAD_read_lock(cache->lock))
		return false;
	found = slot->until > now && memcmp(slot->key, key, KEY_LEN) == 0;
	if (found)
		*verdict = (enum hk_ocsp_verdict)slot->verdict;
	CRYPTO_THREAD_unlock(cache->lock);
	return found;
}
