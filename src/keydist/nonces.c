/* SPDX-License-Identifier: ISC */
/*
 * Nonces that were answered. Whoever gets in here has a KTK, so nobody outside
 * can fill it.
 */
#include "keydist/wire.h"

#include "crypto/crypto.h"

#include <pthread.h>
#include <stdlib.h>

#define WAYS 8 /* places a nonce can be in */

struct seen {
	uint64_t nonce; /* of SHA-256 over KEK-ID and nonce; 0: empty */
	uint64_t key;   /* likewise over EMSKname and grant */
};

struct hk_nonces {
	pthread_mutex_t lock;
	size_t buckets;
	struct seen seen[]; /* WAYS in each bucket, the newest first */
};

enum hk_err hk_nonces_new(size_t entries, struct hk_nonces **out)
{
	size_t buckets = (entries + WAYS - 1) / WAYS;
	struct hk_nonces *n;

	*out = NULL;
	if (entries == 0 || entries > SIZE_MAX / sizeof(struct seen) - 2 * WAYS)
		return HK_ERR_ARGUMENT;
	n = calloc(1, sizeof *n + buckets * WAYS * sizeof n->seen[0]);
	if (!n)
		return HK_ERR_NO_MEMORY;
	pthread_mutex_init(&n->lock, NULL);
	n->buckets = buckets;
	*out = n;
	return HK_OK;
}

void hk_nonces_free(struct hk_nonces *n)
{
	if (!n)
		return;
	pthread_mutex_destroy(&n->lock);
	free(n);
}

static uint64_t fingerprint(const struct hk_bytes *parts, size_t n)
{
	uint8_t hash[HK_SHA256_LEN];

	hk_sha256(parts, n, hash);
	return hk_load_u64(hash) | 1;
}

bool hk_nonces_use(struct hk_nonces *n, const uint8_t *request, const uint8_t *emsk_name,
	const struct hk_grant *grant)
{
	const struct hk_bytes key[2] = {
		hk_bytes(emsk_name, HK_EMSK_NAME_LEN), hk_bytes(grant->key, sizeof grant->key)};
	const struct hk_bytes nonce =
		hk_bytes(request + HK_AT_KEK_ID, HK_KEK_ID_LEN + HK_KEYDIST_NONCE_LEN);
	struct seen s = {fingerprint(&nonce, 1), fingerprint(key, 2)};
	struct seen *bucket = &n->seen[s.nonce / 2 % n->buckets * WAYS];
	bool fresh = true;
	size_t i = 0;

	pthread_mutex_lock(&n->lock);
	while (i < WAYS - 1 && bucket[i].nonce && bucket[i].nonce != s.nonce)
		i++;
	if (bucket[i].nonce == s.nonce) {
		fresh = bucket[i].key == s.key;
	} else {
		memmove(bucket + 1, bucket, i * sizeof *bucket);
		bucket[0] = s;
	}
	pthread_mutex_unlock(&n->lock);
	return fresh;
}
