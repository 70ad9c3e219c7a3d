/* SPDX-License-Identifier: ISC */
/*
 * A hash table of pointers, kept sorted by hash.
 *
 * Open addressing where the home of a hash is proportional to it (hash * cap /
 * 2^64) and each run of neighbours is in order: so the whole table is a sorted
 * array with gaps. A failed search stops early, a walk in the order of hashes
 * survives growth and change between its steps, and growing copies from one
 * array to the other without looking at what is pointed to.
 *
 * A hash may be there several times; who searches compares the content.
 */
#ifndef HK_KEYSTORE_TABLE_H
#define HK_KEYSTORE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hk_slot {
	uint64_t hash;
	void *item; /* NULL: empty */
};

struct hk_table {
	struct hk_slot *slots; /* `size` of them; NULL while there is none */
	uint32_t cap;          /* homes */
	uint32_t size;         /* homes and room behind the last one for its run */
	uint32_t used;
};

/*
 * Index of the first item with a hash of at least `hash` in the run where that
 * hash belongs, else of the place behind it. Go on from there with hk_table_at().
 */
uint32_t hk_table_search(const struct hk_table *t, uint64_t hash);

/* The item at index when it has this hash, else NULL. */
static inline void *hk_table_at(const struct hk_table *t, uint32_t index, uint64_t hash)
{
	return index < t->size && t->slots[index].hash == hash ? t->slots[index].item : NULL;
}

/* Index of the first item with a hash of at least `hash`; false: there is none. */
bool hk_table_seek(const struct hk_table *t, uint64_t hash, uint32_t *index);

/* False when there is no memory. */
bool hk_table_insert(struct hk_table *t, uint64_t hash, void *item);
void hk_table_remove(struct hk_table *t, uint32_t index);
void hk_table_free(struct hk_table *t);

/* Octets that the table occupies. */
size_t hk_table_bytes(const struct hk_table *t);

#endif
