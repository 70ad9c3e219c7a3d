/* SPDX-License-Identifier: ISC */
/*
 * Which server gave out a State. Sets of four entries, found by a keyed hash
 * of client and State; only the hash is kept, so whoever sends States of his
 * own finds nothing.
 */
#include <hokey/proxy.h>

#include <pthread.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "keystore/hash.h"

#define WAYS 4

struct entry {
	uint64_t name; /* 0: free */
	hk_time since;
	uint32_t server_id;
};

struct hk_sticky {
	pthread_mutex_t lock;
	struct hk_hash_seed seed;
	uint32_t lifetime_ms;
	size_t mask; /* sets - 1 */
	struct entry *entries;
};

enum hk_err hk_sticky_new(size_t entries, uint32_t lifetime_ms, struct hk_sticky **out)
{
	struct hk_sticky *t = calloc(1, sizeof(*t));
	size_t sets = 1;

	if (!t)
		return HK_ERR_NO_MEMORY;
	while (sets * WAYS < entries)
		sets *= 2;
	t->mask = sets - 1;
	t->lifetime_ms = lifetime_ms;
	t->entries = calloc(sets * WAYS, sizeof(*t->entries));
	if (!t->entries || hk_random(&t->seed, sizeof(t->seed))) {
		free(t->entries);
		free(t);
		return HK_ERR_NO_MEMORY;
	}
	t->seed.factor |= 1;
	pthread_mutex_init(&t->lock, NULL);
	*out = t;
	return HK_OK;
}

void hk_sticky_free(struct hk_sticky *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t->entries);
	free(t);
}

static uint64_t name_of(const struct hk_sticky *t, uint64_t client_id, struct hk_bytes state)
{
	uint64_t h = hk_hash_word(&t->seed, t->seed.start, client_id);

	h = hk_hash_end(hk_hash_octets(&t->seed, h, state, HK_HASH_CASE));
	return h ? h : 1;
}

static struct entry *set_of(const struct hk_sticky *t, uint64_t name)
{
	return &t->entries[(name & t->mask) * WAYS];
}

void hk_sticky_put(struct hk_sticky *t, uint64_t client_id, struct hk_bytes state,
	uint32_t server_id, hk_time now)
{
	uint64_t name = name_of(t, client_id, state);
	struct entry *set = set_of(t, name);
	struct entry *place = set;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].name == name) {
			place = &set[i];
			break;
		}
		if (set[i].since < place->since)
			place = &set[i];
	}
	*place = (struct entry){name, now, server_id};
	pthread_mutex_unlock(&t->lock);
}

bool hk_sticky_find(struct hk_sticky *t, uint64_t client_id, struct hk_bytes state, hk_time now,
	uint32_t *server_id)
{
	uint64_t name = name_of(t, client_id, state);
	const struct entry *set = set_of(t, name);
	bool found = false;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < WAYS && !found; i++) {
		found = set[i].name == name && now < set[i].since + t->lifetime_ms;
		if (found)
			*server_id = set[i].server_id;
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}
