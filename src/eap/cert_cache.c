/* SPDX-License-Identifier: ISC */
#include "eap/cert_cache.h"

#include <openssl/crypto.h>

#include <stdatomic.h>
#include <stdlib.h>

#define SETS              8192
#define WAYS              4
#define INTERMEDIATES_MAX 64

/* Pages without an entry cost no memory. */
struct entry {
	uint8_t key[HK_CERT_KEY_LEN];
	X509 *certificate; /* NULL: empty */
	uint64_t put;      /* its turn: the oldest of a set makes room */
};

struct hk_cert_cache {
	atomic_uint references;
	CRYPTO_RWLOCK *lock;
	uint64_t turn;
	STACK_OF(X509) *intermediates;
	struct entry entries[SETS][WAYS];
};

struct hk_cert_cache *hk_cert_cache_new(void)
{
	struct hk_cert_cache *cache = calloc(1, sizeof *cache);

	if (!cache)
		return NULL;
	atomic_init(&cache->references, 1);
	cache->lock = CRYPTO_THREAD_lock_new();
	cache->intermediates = sk_X509_new_null();
	if (!cache->lock || !cache->intermediates) {
		hk_cert_cache_free(cache);
		return NULL;
	}
	return cache;
}

struct hk_cert_cache *hk_cert_cache_ref(struct hk_cert_cache *cache)
{
	atomic_fetch_add(&cache->references, 1);
	return cache;
}

void hk_cert_cache_free(struct hk_cert_cache *cache)
{
	if (!cache || atomic_fetch_sub(&cache->references, 1) != 1)
		return;
	for (size_t set = 0; set < SETS; set++)
		for (size_t way = 0; way < WAYS; way++)
			X509_free(cache->entries[set][way].certificate);
	sk_X509_pop_free(cache->intermediates, X509_free);
	CRYPTO_THREAD_lock_free(cache->lock);
	free(cache);
}

static struct entry *set_of(struct hk_cert_cache *cache, const uint8_t key[HK_CERT_KEY_LEN])
{
	return cache->entries[hk_load_u16(key) % SETS];
}

static bool holds(const struct entry *entry, const uint8_t key[HK_CERT_KEY_LEN])
{
	return entry->certificate && memcmp(entry->key, key, HK_CERT_KEY_LEN) == 0;
}

/* The entry with this key, else the one to be overwritten. */
static struct entry *choose(struct entry *set, const uint8_t key[HK_CERT_KEY_LEN])
{
	struct entry *oldest = set;

	for (size_t way = 0; way < WAYS; way++) {
		if (holds(&set[way], key))
			return &set[way];
		if (set[way].put < oldest->put)
			oldest = &set[way];
	}
	return oldest;
}

bool hk_cert_cache_put(struct hk_cert_cache *cache, X509 *certificate, uint8_t key[HK_CERT_KEY_LEN])
{
	unsigned len = HK_CERT_KEY_LEN;
	struct entry *entry;

	if (X509_digest(certificate, EVP_sha256(), key, &len) != 1 ||
		!CRYPTO_THREAD_write_lock(cache->lock))
		return false;
	entry = choose(set_of(cache, key), key);
	entry->put = ++cache->turn;
	if (!holds(entry, key)) {
		X509_free(entry->certificate);
		X509_up_ref(certificate);
		entry->certificate = certificate;
		memcpy(entry->key, key, HK_CERT_KEY_LEN);
	}
	CRYPTO_THREAD_unlock(cache->lock);
	return true;
}

X509 *hk_cert_cache_get(struct hk_cert_cache *cache, const uint8_t key[HK_CERT_KEY_LEN])
{
	struct entry *set = set_of(cache, key);
	X509 *found = NULL;

	if (!CRYPTO_THREAD_read_lock(cache->lock))
		return NULL;
	for (size_t way = 0; !found && way < WAYS; way++)
		if (holds(&set[way], key))
			found = set[way].certificate;
	if (found)
		X509_up_ref(found);
	CRYPTO_THREAD_unlock(cache->lock);
	return found;
}

void hk_cert_cache_put_path(struct hk_cert_cache *cache, STACK_OF(X509) *path)
{
	if (sk_X509_num(path) < 3 || !CRYPTO_THREAD_write_lock(cache->lock))
		return;
	for (int i = 1; i < sk_X509_num(path) - 1; i++) {
		if (sk_X509_num(cache->intermediates) >= INTERMEDIATES_MAX)
			break;
		X509_add_cert(cache->intermediates, sk_X509_value(path, i),
			X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP);
	}
	CRYPTO_THREAD_unlock(cache->lock);
}

STACK_OF(X509) *hk_cert_cache_intermediates(struct hk_cert_cache *cache)
{
	STACK_OF(X509) *copy = NULL;

	if (!CRYPTO_THREAD_read_lock(cache->lock))
		return NULL;
	if (sk_X509_num(cache->intermediates) > 0)
		copy = X509_chain_up_ref(cache->intermediates);
	CRYPTO_THREAD_unlock(cache->lock);
	return copy;
}
