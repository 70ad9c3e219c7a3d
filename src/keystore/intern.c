/* SPDX-License-Identifier: ISC */
#include "keystore/intern.h"

#include "keystore/shard.h"

#include <stdatomic.h>

struct hk_intern {
	struct hk_hash_seed seed;
	_Atomic uint64_t bytes;
	struct hk_shard shards[HK_SHARDS];
};

enum hk_err hk_intern_new(struct hk_hash_seed seed, struct hk_intern **out)
{
	struct hk_intern *pool = calloc(1, sizeof *pool);

	*out = pool;
	if (!pool)
		return HK_ERR_NO_MEMORY;
	pool->seed = seed;
	hk_shards_init(pool->shards);
	return HK_OK;
}

void hk_intern_free(struct hk_intern *pool)
{
	if (!pool)
		return;
	hk_shards_end(pool->shards);
	free(pool);
}

static uint64_t hash_of(const struct hk_intern *pool, struct hk_bytes v)
{
	return hk_hash_end(hk_hash_octets(&pool->seed, pool->seed.start, v, HK_HASH_CASE));
}

static struct hk_blob *search(
	const struct hk_table *t, uint64_t inner, struct hk_bytes v, uint32_t *index)
{
	struct hk_blob *blob;

	*index = hk_table_search(t, inner);
	while ((blob = hk_table_at(t, *index, inner)) != NULL) {
		if (hk_bytes_equal(hk_blob_bytes(blob), v))
			return blob;
		++*index;
	}
	return NULL;
}

static struct hk_blob *blob_new(struct hk_bytes v)
{
	struct hk_blob *blob = malloc(sizeof *blob + v.len);

	if (!blob)
		return NULL;
	blob->users = 0;
	blob->len = (uint16_t)v.len;
	if (v.len)
		memcpy(blob->data, v.data, v.len);
	return blob;
}

static struct hk_blob *add(
	struct hk_intern *pool, struct hk_table *t, uint64_t inner, struct hk_bytes v)
{
	size_t before = hk_table_bytes(t);
	struct hk_blob *blob = blob_new(v);

	if (!blob || !hk_table_insert(t, inner, blob)) {
		free(blob);
		return NULL;
	}
	pool->bytes += hk_heap_bytes(sizeof *blob + v.len) + hk_table_bytes(t) - before;
	return blob;
}

const struct hk_blob *hk_intern_take(struct hk_intern *pool, struct hk_bytes v)
{
	uint64_t hash = hash_of(pool, v), inner = hk_shard_inner(hash);
	struct hk_shard *shard = &pool->shards[hk_shard_index(hash)];
	struct hk_blob *blob;
	uint32_t index;

	pthread_mutex_lock(&shard->lock);
	blob = search(&shard->table, inner, v, &index);
	if (!blob)
		blob = add(pool, &shard->table, inner, v);
	if (blob)
		blob->users++;
	pthread_mutex_unlock(&shard->lock);
	return blob;
}

void hk_intern_give_back(struct hk_intern *pool, const struct hk_blob *given)
{
	struct hk_bytes v = hk_blob_bytes(given);
	uint64_t hash = hash_of(pool, v), inner = hk_shard_inner(hash);
	struct hk_shard *shard = &pool->shards[hk_shard_index(hash)];
	size_t before;
	struct hk_blob *blob;
	uint32_t index;

	pthread_mutex_lock(&shard->lock);
	blob = search(&shard->table, inner, v, &index);
	if (--blob->users == 0) {
		before = hk_table_bytes(&shard->table);
		hk_table_remove(&shard->table, index);
		pool->bytes -= hk_heap_bytes(sizeof *blob + v.len) + before -
			       hk_table_bytes(&shard->table);
		free(blob);
	}
	pthread_mutex_unlock(&shard->lock);
}

uint64_t hk_intern_bytes(const struct hk_intern *pool)
{
	return sizeof *pool + pool->bytes;
}
