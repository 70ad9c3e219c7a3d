/* SPDX-License-Identifier: ISC */
/* A store in a directory of its own, as the tests of the LMDB store have it. */
#ifndef HK_TESTS_KEYSTORE_LMDB_STORE_H
#define HK_TESTS_KEYSTORE_LMDB_STORE_H

#include "lmdb_dir.h"

static inline int lmdb_set_up(void **state)
{
	(void)state;
	lmdb_dir_make();
	return 0;
}

static inline int lmdb_tear_down(void **state)
{
	(void)state;
	lmdb_dir_remove();
	return 0;
}

static inline enum hk_err open_with(
	struct hk_keystore_lmdb_config config, struct hk_keystore **store, uint64_t *dropped)
{
	enum hk_err err = hk_keystore_lmdb_open(&config, store);

	if (dropped)
		*dropped = config.dropped;
	return err;
}

/* A store with sets 0 to n - 1 of user "alice", closed in order. */
static inline void fill(enum hk_durability durability, uint64_t n)
{
	struct hk_keystore *store = lmdb_open_as(durability);

	for (uint64_t i = 0; i < n; i++)
		put(store, i, "alice");
	hk_keystore_close(store);
}

static inline uint64_t count(struct hk_keystore *store)
{
	struct hk_keystore_stats stats;

	assert_ok(hk_keystore_stats(store, &stats));
	return stats.sets;
}

#endif
