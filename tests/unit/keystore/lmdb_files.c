/* SPDX-License-Identifier: ISC */
/* The LMDB store: what its files show, and what it makes of files that somebody has changed. */
#include "lmdb_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* ---- files ---- */

static uint8_t *file;
static size_t file_len;

static void file_path(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", lmdb_dir, name);
}

static void file_map(const char *name)
{
	char path[128];
	struct stat st;
	int fd;

	file_path(path, name);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	file_len = (size_t)st.st_size;
	file = mmap(NULL, file_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(file != MAP_FAILED);
	close(fd);
}

/*
 * The next place from `from` on where set i's record is: its name as a key of
 * 12 octets, which LMDB says in front of it. NULL: there is none.
 */
static uint8_t *file_record(uint64_t i, uint8_t *from)
{
	uint8_t name[HK_EMSK_NAME_LEN], *p = from;

	set_name(name, i);
	while ((p = memmem(p, file_len - (size_t)(p - file), name, sizeof name)) != NULL) {
		if (p[-2] == 12 && p[-1] == 0)
			return p;
		p++;
	}
	return NULL;
}

/* Changes an octet of set i's record, wherever the file has a copy. */
static void file_spoil(uint64_t i, size_t behind)
{
	unsigned n = 0;

	file_map("data.mdb");
	for (uint8_t *p = file; (p = file_record(i, p)) != NULL; p++, n++)
		p[behind] ^= 0x10;
	assert_true(n > 0);
	munmap(file, file_len);
}

static bool count_visits(void *arg, const struct hk_keyset *set)
{
	(void)set;
	++*(int *)arg;
	return true;
}

/* Set 1 of three is spoilt; nothing of the others is. */
static void check_spoiled(bool counter_is_spoiled)
{
	struct hk_advance v[3] = {advance_of(0, 9), advance_of(1, 9), advance_of(2, 9)};
	struct hk_keystore *store = lmdb_open_as(HK_DURABLE_FULL);
	struct hk_walk cursor = {0};
	struct hk_keyset out;
	int visits = 0;
	size_t removed;
	bool done;

	assert_err(find(store, 1, &out), HK_ERR_STORE);
	assert_ok(find(store, 0, &out));
	assert_ok(find(store, 2, &out));
	hk_keystore_advance(store, v, 3);
	assert_ok(v[0].err);
	assert_ok(v[2].err);
	assert_int_equal(v[2].freshness, HK_SEQ_FRESH);
	if (counter_is_spoiled)
		assert_err(v[1].err, HK_ERR_STORE);
	assert_ok(hk_keystore_walk(store, &cursor, 10, count_visits, &visits, &done));
	assert_true(done);
	assert_int_equal(visits, 2);
	/* it can be removed, and its user's index does not stumble over it */
	assert_ok(hk_keystore_remove(store, v[1].emsk_name, REALM));
	assert_ok(hk_keystore_remove_user(store, hk_text("alice"), NULL, &removed));
	assert_int_equal(removed, 2);
	assert_int_equal(count(store), 0);
	hk_keystore_close(store);
}

static void spoiled_set_fails_alone(void **state)
{
	/* format, expires, nonce, sealed keys, further on */
	static const size_t at[] = {4, 6, 25, 60, 200};

	(void)state;
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
		fill(HK_DURABLE_FULL, 3);
		file_spoil(1, 12 + at[i]);
		check_spoiled(false);
	}
}

static void spoiled_counter_fails_alone(void **state)
{
	/* expected, window, last time, tag, mac */
	static const size_t at[] = {3, 6, 15, 30, 50};

	(void)state;
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
		uint32_t slot;

		fill(HK_DURABLE_FULL, 3);
		file_map("data.mdb");
		slot = hk_load_u32(file_record(1, file) + 12);
		munmap(file, file_len);
		file_map("counters");
		file[slot * 64 + at[i]] ^= 1;
		munmap(file, file_len);
		check_spoiled(true);
	}
}

/* Nor may one set have the counter of another, by any of the two files. */
static void counter_of_another_set_is_refused(void **state)
{
	struct hk_keystore *store = lmdb_open_as(HK_DURABLE_FULL);
	struct hk_keyset out;

	(void)state;
	put(store, 0, "u");
	put(store, 1, "u");
	assert_int_equal(advance(store, 0, 9), HK_SEQ_FRESH);
	hk_keystore_close(store);
	file_map("counters");
	memmove(file, file + 64, 64);
	munmap(file, file_len);
	store = lmdb_open_as(HK_DURABLE_FULL);
	assert_err(find(store, 0, &out), HK_ERR_STORE);
	assert_ok(find(store, 1, &out));
	hk_keystore_close(store);
}

/* A record under another name is not that set's, though it was sealed here. */
static void record_of_another_set_is_refused(void **state)
{
	struct hk_keystore *store;
	struct hk_keyset out;
	uint8_t *from;

	(void)state;
	fill(HK_DURABLE_FULL, 2);
	file_map("data.mdb");
	for (from = file; file_record(0, from + 1); from = file_record(0, from + 1))
		;
	for (uint8_t *p = file; (p = file_record(1, p)) != NULL; p++)
		memmove(p + 12, from + 12, 4 + 25 + 139 + 16 + 12 + 5 + 10);
	munmap(file, file_len);
	store = lmdb_open_as(HK_DURABLE_FULL);
	assert_ok(find(store, 0, &out));
	assert_err(find(store, 1, &out), HK_ERR_STORE);
	hk_keystore_close(store);
}

/* K5749-3-04 */
static void files_hold_nothing_plain(void **state)
{
	struct hk_keyset s = set_of(7, "alice@secret.example");
	struct hk_keystore *store = lmdb_open_as(HK_DURABLE_FULL);
	uint8_t octets[32];

	(void)state;
	set_text(s.authorization, &s.authorization_len, "vlan-of-alice");
	memset(&s.keys.rrk.inner, 0x5a, 32);
	memset(&s.keys.rik2.outer, 0xa5, 32);
	assert_ok(hk_keystore_put(store, &s));
	assert_ok(hk_keystore_put(store, &s));
	hk_keystore_close(store);
	file_map("data.mdb");
	assert_null(memmem(file, file_len, "alice", 5));
	assert_null(memmem(file, file_len, "vlan-of", 7));
	assert_null(memmem(file, file_len, "home.example", 12));
	assert_null(memmem(file, file_len, &s.keys.rrk.inner, 8));
	assert_null(memmem(file, file_len, &s.keys.rik2.outer, 8));
	memcpy(octets, lmdb_config(HK_DURABLE_FULL).wrap_key, sizeof octets);
	assert_null(memmem(file, file_len, octets, sizeof octets));
	munmap(file, file_len);
}

static void damaged_files_are_refused(void **state)
{
	struct hk_keystore *store;
	char path[128];
	struct stat st;
	int fd;

	(void)state;
	fill(HK_DURABLE_PROCESS, 500);
	file_path(path, "counters");
	assert_int_equal(truncate(path, 100 * 64), 0);
	assert_err(open_with(lmdb_config(HK_DURABLE_PROCESS), &store, NULL), HK_ERR_STORE);
	file_path(path, "data.mdb");
	assert_int_equal(stat(path, &st), 0);
	for (off_t len = 40 * 4096; len > 0; len -= 4096 + 100) {
		assert_int_equal(truncate(path, len), 0);
		assert_err(open_with(lmdb_config(HK_DURABLE_PROCESS), &store, NULL), HK_ERR_STORE);
	}
	fd = open(path, O_WRONLY | O_TRUNC);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(write(fd, "garbage ", 8), 8);
	close(fd);
	assert_err(open_with(lmdb_config(HK_DURABLE_PROCESS), &store, NULL), HK_ERR_STORE);
}

/* Without its companion nobody knows of what day the counters are. */
static void data_without_state_is_refused(void **state)
{
	struct hk_keystore *store;
	char path[128];

	(void)state;
	fill(HK_DURABLE_FULL, 1);
	file_path(path, "state");
	assert_int_equal(truncate(path, 3), 0);
	assert_err(open_with(lmdb_config(HK_DURABLE_FULL), &store, NULL), HK_ERR_STORE);
	assert_int_equal(unlink(path), 0);
	assert_err(open_with(lmdb_config(HK_DURABLE_FULL), &store, NULL), HK_ERR_STORE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lmdb_set_up, lmdb_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(spoiled_set_fails_alone),
		TEST(spoiled_counter_fails_alone),
		TEST(counter_of_another_set_is_refused),
		TEST(record_of_another_set_is_refused),
		TEST(files_hold_nothing_plain),
		TEST(damaged_files_are_refused),
		TEST(data_without_state_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
