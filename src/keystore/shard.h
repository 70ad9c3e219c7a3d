/* SPDX-License-Identifier: ISC */
/*
 * A part of a big table with a lock of its own: threads rarely meet in one,
 * and one grows while the others work.
 */
#ifndef HK_KEYSTORE_SHARD_H
#define HK_KEYSTORE_SHARD_H

#include "keystore/table.h"

#include <pthread.h>
#include <stdlib.h>

#define HK_SHARD_BITS       10
#define HK_SHARDS           (1u << HK_SHARD_BITS)
#define HK_SHARD_INNER_STEP ((uint64_t)1 << HK_SHARD_BITS) /* from one inner hash to the next */

struct hk_shard {
	pthread_mutex_t lock;
	struct hk_table table;
};

/* The first bits of a hash choose the shard, the others are the hash in it. */
static inline uint32_t hk_shard_index(uint64_t hash)
{
	return (uint32_t)(hash >> (64 - HK_SHARD_BITS));
}

static inline uint64_t hk_shard_inner(uint64_t hash)
{
	return hash << HK_SHARD_BITS;
}

static inline uint64_t hk_shard_hash(uint32_t index, uint64_t inner)
{
	return (uint64_t)index << (64 - HK_SHARD_BITS) | inner >> HK_SHARD_BITS;
}

static inline void hk_shards_init(struct hk_shard *shards)
{
	for (uint32_t i = 0; i < HK_SHARDS; i++)
		pthread_mutex_init(&shards[i].lock, NULL);
}

static inline void hk_shards_end(struct hk_shard *shards)
{
	for (uint32_t i = 0; i < HK_SHARDS; i++) {
		hk_table_free(&shards[i].table);
		pthread_mutex_destroy(&shards[i].lock);
	}
}

/* What malloc takes for n octets on a 64-bit machine: a header, and steps of 16. */
static inline uint64_t hk_heap_bytes(size_t n)
{
	return n + 8 < 32 ? 32 : (n + 8 + 15) / 16 * 16;
}

#endif
