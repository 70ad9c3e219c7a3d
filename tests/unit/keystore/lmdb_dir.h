/* SPDX-License-Identifier: ISC */
/* A directory for an LMDB store, and how the tests open one there. */
#ifndef HK_TESTS_KEYSTORE_LMDB_DIR_H
#define HK_TESTS_KEYSTORE_LMDB_DIR_H

#include "sets.h"

#include <dirent.h>
#include <unistd.h>

static char lmdb_dir[64];

static inline void lmdb_dir_make(void)
{
	snprintf(lmdb_dir, sizeof lmdb_dir, "/tmp/hokey-store-XXXXXX");
	assert_non_null(mkdtemp(lmdb_dir));
}

static inline void lmdb_dir_remove(void)
{
	DIR *d = opendir(lmdb_dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
	closedir(d);
	assert_int_equal(rmdir(lmdb_dir), 0);
}

static inline struct hk_keystore_lmdb_config lmdb_config(enum hk_durability durability)
{
	return (struct hk_keystore_lmdb_config){.path = lmdb_dir,
		.max_bytes = 64u << 20,
		.durability = durability,
		.wrap_key = {1, 2, 3},
		.boot_id = hk_text("boot-1")};
}

static inline struct hk_keystore *lmdb_open_as(enum hk_durability durability)
{
	struct hk_keystore_lmdb_config config = lmdb_config(durability);
	struct hk_keystore *store;

	assert_ok(hk_keystore_lmdb_open(&config, &store));
	assert_true(config.dropped == 0);
	return store;
}

#endif
