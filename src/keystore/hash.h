/* SPDX-License-Identifier: ISC */
/*
 * Hashes for the tables of the memory store. Seeded at random for each store,
 * so that nobody outside can aim at one slot; not for anything else.
 */
#ifndef HK_KEYSTORE_HASH_H
#define HK_KEYSTORE_HASH_H

#include <hokey/bytes.h>

struct hk_hash_seed {
	uint64_t start;
	uint64_t factor; /* odd */
};

#define HK_HASH_CASE UINT64_C(0)                  /* octets as they are */
#define HK_HASH_FOLD UINT64_C(0x2020202020202020) /* ASCII letters of either case alike */

static inline uint64_t hk_hash_word(const struct hk_hash_seed *seed, uint64_t h, uint64_t word)
{
	h = (h ^ word) * seed->factor;
	return h ^ h >> 32;
}

/* Goes on from h (seed->start in the beginning) over the octets. */
static inline uint64_t hk_hash_octets(
	const struct hk_hash_seed *seed, uint64_t h, struct hk_bytes v, uint64_t fold)
{
	uint64_t word;

	h ^= v.len;
	for (; v.len >= sizeof word; v.data += sizeof word, v.len -= sizeof word) {
		memcpy(&word, v.data, sizeof word);
		h = hk_hash_word(seed, h, word | fold);
	}
	word = 0;
	if (v.len)
		memcpy(&word, v.data, v.len);
	return hk_hash_word(seed, h, word | fold);
}

/* Spreads what came in last over all bits. */
static inline uint64_t hk_hash_end(uint64_t h)
{
	h *= UINT64_C(0x9e3779b97f4a7c15);
	h ^= h >> 29;
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	return h ^ h >> 32;
}

#endif
