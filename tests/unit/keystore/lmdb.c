/* SPDX-License-Identifier: ISC */
/*
 * What the LMDB store owes beyond the common: opening, durability, faults. Processes that are
 * killed are in lmdb_processes.c, files that somebody has changed in lmdb_files.c.
 */
#include "lmdb_store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* ---- the system calls that LMDB writes with, so that they can fail ---- */

static atomic_int syncs;            /* seen */
static atomic_int writes_left = -1; /* until they fail; below 0: never */
static atomic_bool syncs_fail;

static bool write_fails(void)
{
	if (writes_left < 0)
		return false;
	if (writes_left > 0) {
		writes_left--;
		return false;
	}
	errno = EIO;
	return true;
}

int fdatasync(int fd)
{
	syncs++;
	if (syncs_fail) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
	return write_fails() ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, data, n, at);
}

/*
 * With 64-bit offsets asked for, C's name pwrite is the linker's pwrite64; LMDB
 * was built without and calls the linker's pwrite.
 */
ssize_t lmdb_pwrite(int fd, const void *data, size_t n, off_t at) __asm__("pwrite");
ssize_t lmdb_pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite64(fd, data, n, at);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	return write_fails() ? -1 : (ssize_t)syscall(SYS_writev, fd, v, n);
}

/* ---- fixture ---- */

static int tear_down(void **state)
{
	writes_left = -1;
	syncs_fail = false;
	return lmdb_tear_down(state);
}

/* ---- opening ---- */

static void reopen_keeps_everything(void **state)
{
	struct hk_keyset in = set_of(1, "alice"), out;
	struct hk_keystore *store = lmdb_open_as(HK_DURABLE_PROCESS);
	const struct hk_grant second = {{1, 1}, {1, 2}};
	size_t removed;
	bool again;

	(void)state;
	in.session_end = NOW + 77;
	set_keep(&in, 1, 1);
	assert_ok(hk_keystore_put(store, &in));
	assert_ok(hk_keystore_grant(store, in.emsk_name, REALM, NOW, &second, &again));
	put(store, 2, "alice");
	assert_int_equal(advance(store, 1, 41), HK_SEQ_FRESH);
	hk_keystore_close(store);

	store = lmdb_open_as(HK_DURABLE_FULL);
	assert_ok(find(store, 1, &out));
	assert_int_equal(out.seq.expected, 42);
	in.seq = out.seq;
	set_keep(&in, 1, 2);
	assert_set_equal(&out, &in);
	assert_ok(hk_keystore_grant(store, in.emsk_name, REALM, NOW, &second, &again));
	assert_true(again);
	assert_int_equal(advance(store, 1, 41), HK_SEQ_REPEATED);
	assert_ok(hk_keystore_end(store, in.emsk_name, REALM, &out));
	assert_ok(hk_keystore_remove_user(store, hk_text("alice"), NULL, &removed));
	assert_int_equal(removed, 1);
	hk_keystore_close(store);

	store = lmdb_open_as(HK_DURABLE_FULL);
	assert_ok(hk_keystore_next_ended(store, &(struct hk_walk){{0}, 0}, &out));
	assert_int_equal(out.grants.n, 2);
	hk_keystore_close(store);
}

static void wrong_wrapping_key_is_told_at_open(void **state)
{
	struct hk_keystore_lmdb_config config = lmdb_config(HK_DURABLE_BATCH);
	struct hk_keystore *store;
	struct hk_keyset out;

	(void)state;
	fill(HK_DURABLE_BATCH, 1);
	config.wrap_key[31] ^= 1;
	assert_err(hk_keystore_lmdb_open(&config, &store), HK_ERR_STORE_KEY);
	assert_null(store);
	/* and the failed try spoils nothing, not even after a new start of the machine */
	config = lmdb_config(HK_DURABLE_BATCH);
	config.boot_id = hk_text("boot-2");
	assert_ok(hk_keystore_lmdb_open(&config, &store));
	assert_true(config.dropped == 0);
	assert_ok(find(store, 0, &out));
	hk_keystore_close(store);
}

static void second_open_in_a_process_is_refused(void **state)
{
	struct hk_keystore *store = lmdb_open_as(HK_DURABLE_FULL), *other;

	(void)state;
	assert_err(open_with(lmdb_config(HK_DURABLE_FULL), &other, NULL), HK_ERR_EXISTS);
	assert_null(other);
	put(store, 1, "u");
	hk_keystore_close(store);
	store = lmdb_open_as(HK_DURABLE_FULL);
	hk_keystore_close(store);
}

static void impossible_configurations_are_refused(void **state)
{
	struct hk_keystore_lmdb_config config = lmdb_config(HK_DURABLE_FULL);
	struct hk_keystore *store;

	(void)state;
	config.max_bytes = 4096;
	assert_err(hk_keystore_lmdb_open(&config, &store), HK_ERR_ARGUMENT);
	config = lmdb_config(HK_DURABLE_FULL);
	config.path = "/nonexistent/store";
	assert_err(hk_keystore_lmdb_open(&config, &store), HK_ERR_STORE);
	assert_int_equal(errno, ENOENT);
	config.path = "/dev/null";
	assert_err(hk_keystore_lmdb_open(&config, &store), HK_ERR_STORE);
}

/* ---- slots of counters ---- */

static void freed_slots_are_used_again(void **state)
{
	struct hk_keystore *store = lmdb_open_as(HK_DURABLE_PROCESS);
	struct hk_keystore_stats before, after;
	struct hk_keyset out;

	(void)state;
	for (uint64_t i = 0; i < 5000; i++)
		put(store, i, "alice");
	assert_ok(hk_keystore_stats(store, &before));
	for (int round = 1; round < 4; round++) {
		uint64_t first = 5000 * (uint64_t)round;

		assert_ok(hk_keystore_remove_user(store, hk_text("alice"), NULL, NULL));
		for (uint64_t i = first; i < first + 5000; i++) {
			put(store, i, "alice");
			assert_int_equal(advance(store, i, 3), HK_SEQ_FRESH);
		}
		for (uint64_t i = first; i < first + 5000; i++) {
			assert_ok(find(store, i, &out));
			assert_int_equal(out.seq.expected, 4);
		}
	}
	assert_ok(hk_keystore_stats(store, &after));
	assert_true(after.bytes < before.bytes * 2);
	hk_keystore_close(store);
}

/* Who still reads an older snapshot meets the slot's new owner, and notices. */
static void slot_with_a_new_owner_is_noticed(void **state)
{
	struct hk_keystore *store = lmdb_open_as(HK_DURABLE_PROCESS), *late;
	struct hk_keyset one = set_of(1, "u"), out;
	struct hk_advance v = advance_of(1, 0);

	(void)state;
	put(store, 0, "u");
	put(store, 1, "u");
	assert_ok(hk_keystore_share(store, &late));
	assert_ok(hk_keystore_find(late, one.emsk_name, REALM, NOW, &out));
	assert_ok(hk_keystore_remove(store, one.emsk_name, REALM));
	put(store, 2, "u"); /* in the slot of 1 */
	assert_err(hk_keystore_find(late, one.emsk_name, REALM, NOW, &out), HK_ERR_NOT_FOUND);
	hk_keystore_advance(late, &v, 1);
	assert_err(v.err, HK_ERR_NOT_FOUND);
	assert_int_equal(advance(store, 2, 0), HK_SEQ_FRESH);

	/* and the other way round: away and back, in another slot */
	assert_ok(hk_keystore_find(late, set_of(2, "").emsk_name, REALM, NOW, &out));
	assert_ok(hk_keystore_remove(store, out.emsk_name, REALM));
	put(store, 1, "u");
	put(store, 2, "u");
	assert_ok(hk_keystore_find(late, set_of(2, "").emsk_name, REALM, NOW, &out));
	assert_int_equal(out.seq.expected, 0);
	hk_keystore_close(late);
	hk_keystore_close(store);
}

/* A handle sees what it did itself, also without release. */
static void own_changes_are_seen_at_once(void **state)
{
	struct hk_keystore *store = lmdb_open_as(HK_DURABLE_PROCESS);
	struct hk_keyset one = set_of(1, "u"), out;

	(void)state;
	assert_err(hk_keystore_find(store, one.emsk_name, REALM, NOW, &out), HK_ERR_NOT_FOUND);
	assert_ok(hk_keystore_put(store, &one));
	assert_ok(hk_keystore_find(store, one.emsk_name, REALM, NOW, &out));
	assert_ok(hk_keystore_remove(store, one.emsk_name, REALM));
	assert_err(hk_keystore_find(store, one.emsk_name, REALM, NOW, &out), HK_ERR_NOT_FOUND);
	hk_keystore_close(store);
}

/* ---- durability ---- */

static void syncs_are_as_configured(void **state)
{
	static const struct {
		enum hk_durability durability;
		bool advance_syncs, sync_syncs, put_syncs;
	} rows[] = {
		{HK_DURABLE_FULL, true, false, true},
		{HK_DURABLE_BATCH, false, true, true},
		{HK_DURABLE_PROCESS, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hk_keystore *store = lmdb_open_as(rows[i].durability);

		assert_int_equal(hk_keystore_durability(store), rows[i].durability);
		syncs = 0;
		put(store, i, "u");
		assert_int_equal(syncs > 0, rows[i].put_syncs);
		syncs = 0;
		assert_int_equal(advance(store, i, 0), HK_SEQ_FRESH);
		assert_int_equal(advance(store, i, 1), HK_SEQ_FRESH);
		assert_int_equal(syncs > 0, rows[i].advance_syncs);
		syncs = 0;
		assert_ok(hk_keystore_sync(store));
		assert_int_equal(syncs, rows[i].sync_syncs);
		/* nothing new: nothing to do */
		assert_ok(hk_keystore_sync(store));
		assert_int_equal(syncs, rows[i].sync_syncs);
		hk_keystore_close(store);
	}
}

/* In a child that ends as if killed, with the store open: puts n sets, uses number 7. */
static void use_and_die(enum hk_durability durability, uint64_t n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct hk_keystore *store = lmdb_open_as(durability);

		for (uint64_t i = 0; i < n; i++) {
			put(store, i, "u");
			advance(store, i, 7);
		}
		hk_keystore_sync(store);
		raise(SIGKILL);
	}
	assert_true(pid > 0);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void after_a_power_cut_the_unsafe_is_dropped(void **state)
{
	struct hk_keystore_lmdb_config config;
	struct hk_keystore *store;
	struct hk_keyset out;
	uint64_t dropped;

	(void)state;
	use_and_die(HK_DURABLE_PROCESS, 3);
	config = lmdb_config(HK_DURABLE_FULL);
	config.boot_id = hk_text("boot-2");
	assert_ok(open_with(config, &store, &dropped));
	assert_true(dropped == 3);
	assert_err(find(store, 0, &out), HK_ERR_NOT_FOUND);
	put(store, 0, "u");
	assert_int_equal(advance(store, 0, 7), HK_SEQ_FRESH);
	hk_keystore_close(store);

	/* closed in order: nothing is dropped at the next start of the machine */
	config.boot_id = hk_text("boot-3");
	assert_ok(open_with(config, &store, &dropped));
	assert_true(dropped == 0);
	assert_int_equal(advance(store, 0, 7), HK_SEQ_REPEATED);
	hk_keystore_close(store);
}

/* Who does not know of power cuts has to fear one at every stop. */
static void without_a_boot_id_any_stop_is_a_power_cut(void **state)
{
	struct hk_keystore_lmdb_config config = lmdb_config(HK_DURABLE_PROCESS);
	struct hk_keystore *store;
	uint64_t dropped;
	int status;
	pid_t pid;

	(void)state;
	config.boot_id = HK_NO_BYTES;
	pid = fork();
	if (pid == 0) {
		if (hk_keystore_lmdb_open(&config, &store))
			_exit(1);
		put(store, 1, "u");
		raise(SIGKILL);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_ok(open_with(config, &store, &dropped));
	assert_true(dropped == 1);
	put(store, 1, "u");
	hk_keystore_close(store);
	assert_ok(open_with(config, &store, &dropped));
	assert_true(dropped == 0);
	hk_keystore_close(store);
}

/* Also when it was careless before: what the opening found, it has synced. */
static void careful_stores_survive_a_power_cut(void **state)
{
	static const enum hk_durability careful[] = {HK_DURABLE_FULL, HK_DURABLE_BATCH};
	struct hk_keystore_lmdb_config config = lmdb_config(HK_DURABLE_PROCESS);
	struct hk_keystore *store;
	uint64_t dropped;

	(void)state;
	config.boot_id = hk_text("boot-2");
	for (size_t i = 0; i < 2; i++) {
		use_and_die(HK_DURABLE_PROCESS, 3);
		use_and_die(careful[i], 3);
		assert_ok(open_with(config, &store, &dropped));
		assert_true(dropped == 0);
		for (uint64_t k = 0; k < 3; k++)
			assert_int_equal(advance(store, k, 7), HK_SEQ_REPEATED);
		hk_keystore_close(store);
	}
}

/* One careless process beside careful ones is enough. */
static void care_is_that_of_the_most_careless(void **state)
{
	struct hk_keystore_lmdb_config config = lmdb_config(HK_DURABLE_FULL);
	struct hk_keystore *store;
	uint64_t dropped;
	int ready[2], status;
	char c;
	pid_t pid;

	(void)state;
	fill(HK_DURABLE_FULL, 2);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		store = lmdb_open_as(HK_DURABLE_PROCESS);
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	use_and_die(HK_DURABLE_FULL, 2);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(ready[0]);
	close(ready[1]);
	config.boot_id = hk_text("boot-2");
	assert_ok(open_with(config, &store, &dropped));
	assert_true(dropped == 2);
	hk_keystore_close(store);
}

/* ---- faults ---- */

static void full_store_still_counts_and_removes(void **state)
{
	struct hk_keystore_lmdb_config config = lmdb_config(HK_DURABLE_PROCESS);
	struct hk_keystore *store;
	uint64_t n = 0;
	enum hk_err err = HK_OK;
	size_t removed;

	(void)state;
	config.max_bytes = 1u << 20;
	assert_ok(hk_keystore_lmdb_open(&config, &store));
	while (!err && n < 10000) {
		struct hk_keyset s = set_of(n, "u");

		err = hk_keystore_put(store, &s);
		n += !err;
	}
	assert_err(err, HK_ERR_STORE_FULL);
	assert_in_range(n, 200, 3000);
	for (uint16_t seq = 0; seq < 20; seq++)
		for (uint64_t i = 0; i < n; i++)
			assert_int_equal(advance(store, i, seq), HK_SEQ_FRESH);
	assert_ok(hk_keystore_expire(store, EXPIRES, n, &removed));
	assert_int_equal(removed, n);
	for (uint64_t i = 0; i < n / 2; i++)
		put(store, 10000 + i, "u");
	hk_keystore_close(store);
}

static bool advance_fails(struct hk_keystore *store, uint16_t seq, enum hk_err want)
{
	struct hk_advance v[2] = {advance_of(0, seq), advance_of(1, seq)};

	hk_keystore_advance(store, v, 2);
	return v[0].err == want && v[1].err == want && v[0].freshness == HK_SEQ_STALE &&
	       v[1].freshness == HK_SEQ_STALE;
}

/* RLIMIT_FSIZE is a disk that takes nothing at all. */
static void refused_writes_accept_nothing(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	fill(HK_DURABLE_PROCESS, 2);
	pid = fork();
	if (pid == 0) {
		struct hk_keystore *store = lmdb_open_as(HK_DURABLE_PROCESS);
		struct rlimit full = {0, RLIM_INFINITY}, room = {RLIM_INFINITY, RLIM_INFINITY};
		struct hk_keyset s = set_of(9, "u"), out;

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &full) || !advance_fails(store, 5, HK_ERR_STORE_FULL) ||
			hk_keystore_put(store, &s) != HK_ERR_STORE_FULL)
			_exit(1);
		if (find(store, 0, &out) || out.seq.expected != 0 ||
			find(store, 9, &out) != HK_ERR_NOT_FOUND)
			_exit(2);
		/* with room again it goes on, and the number was not used */
		if (setrlimit(RLIMIT_FSIZE, &room) || advance(store, 0, 5) != HK_SEQ_FRESH ||
			hk_keystore_put(store, &s))
			_exit(3);
		hk_keystore_close(store);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* On a disk that is full to the last block numbers are stored as before. */
static void full_disk_refuses_puts_only(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	fill(HK_DURABLE_FULL, 2);
	pid = fork();
	if (pid == 0) {
		struct hk_keystore *store = lmdb_open_as(HK_DURABLE_FULL);
		/* behind the blocks of `counters`, before those data.mdb is to get */
		struct rlimit full = {4096 * 64, RLIM_INFINITY};
		uint64_t n = 100;
		enum hk_err err = HK_OK;

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &full))
			_exit(1);
		while (!err && n < 10000) {
			struct hk_keyset s = set_of(n, "u");

			err = hk_keystore_put(store, &s);
			n += !err;
		}
		if (err != HK_ERR_STORE_FULL)
			_exit(2);
		for (uint64_t i = 100; i < n; i++)
			if (advance(store, i, 1) != HK_SEQ_FRESH)
				_exit(3);
		hk_keystore_close(store);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Each write fails once: an error, nothing by half, and the store goes on. */
static void every_failing_write_is_reported(void **state)
{
	int fail_at = 0;
	enum hk_err err;

	(void)state;
	fill(HK_DURABLE_FULL, 2);
	do {
		struct hk_keystore *store = lmdb_open_as(HK_DURABLE_FULL);
		struct hk_keyset s = set_of(100 + (unsigned)fail_at, "u"), out;

		writes_left = fail_at++;
		err = hk_keystore_put(store, &s);
		writes_left = -1;
		assert_true(err == HK_OK || err == HK_ERR_STORE);
		hk_keystore_close(store);
		store = lmdb_open_as(HK_DURABLE_FULL);
		assert_err(hk_keystore_find(store, s.emsk_name, REALM, NOW, &out),
			err ? HK_ERR_NOT_FOUND : HK_OK);
		assert_ok(hk_keystore_put(store, &s));
		assert_ok(hk_keystore_find(store, s.emsk_name, REALM, NOW, &out));
		assert_ok(find(store, 0, &out));
		hk_keystore_close(store);
	} while (err);
	assert_in_range(fail_at, 3, 50);
}

/* The numbers of a batch whose writes fail are not accepted, the others are. */
static void failing_advance_is_reported(void **state)
{
	struct hk_advance v[2] = {advance_of(0, 5), advance_of(1, 5)};
	struct hk_keystore *store;

	(void)state;
	fill(HK_DURABLE_PROCESS, 2);
	store = lmdb_open_as(HK_DURABLE_PROCESS);
	writes_left = 1;
	hk_keystore_advance(store, v, 2);
	writes_left = -1;
	assert_ok(v[0].err);
	assert_int_equal(v[0].freshness, HK_SEQ_FRESH);
	assert_err(v[1].err, HK_ERR_STORE);
	assert_int_equal(v[1].freshness, HK_SEQ_STALE);
	assert_true(v[1].accepted_at == 0);
	assert_int_equal(advance(store, 0, 5), HK_SEQ_REPEATED);
	assert_int_equal(advance(store, 1, 5), HK_SEQ_FRESH);
	hk_keystore_close(store);
}

static void failed_sync_fails_the_batch(void **state)
{
	struct hk_keystore *store;

	(void)state;
	fill(HK_DURABLE_FULL, 2);
	store = lmdb_open_as(HK_DURABLE_FULL);
	syncs_fail = true;
	assert_true(advance_fails(store, 5, HK_ERR_STORE));
	assert_int_equal(errno, EIO);
	hk_keystore_close(store);
}

/* After a failed sync nobody knows what is on the disk: no answer any more. */
static void failed_sync_ends_all_answers(void **state)
{
	struct hk_keystore *store;

	(void)state;
	fill(HK_DURABLE_BATCH, 2);
	store = lmdb_open_as(HK_DURABLE_BATCH);
	assert_int_equal(advance(store, 0, 0), HK_SEQ_FRESH);
	syncs_fail = true;
	assert_err(hk_keystore_sync(store), HK_ERR_STORE);
	assert_int_equal(errno, EIO);
	syncs_fail = false;
	assert_err(hk_keystore_sync(store), HK_ERR_STORE);
	assert_true(advance_fails(store, 1, HK_ERR_STORE));
	hk_keystore_close(store);
	/* a new start goes on with what is there */
	store = lmdb_open_as(HK_DURABLE_BATCH);
	assert_int_equal(advance(store, 0, 0), HK_SEQ_REPEATED);
	assert_int_equal(advance(store, 0, 1), HK_SEQ_FRESH);
	hk_keystore_close(store);
}

/* At most 600 octets on the disk for each set, all files included. */
static void sets_are_small(void **state)
{
	static const char *const files[] = {"data.mdb", "counters", "state"};
	struct hk_keystore *store = lmdb_open_as(HK_DURABLE_PROCESS);
	const uint64_t n = 30000;
	uint64_t bytes = 0;
	struct stat st;
	char path[128];

	(void)state;
	for (uint64_t i = 0; i < n; i++) {
		char user[32];

		snprintf(user, sizeof user, "user%06u@home.example", (unsigned)i);
		put(store, i, user);
	}
	hk_keystore_close(store);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", lmdb_dir, files[i]);
		assert_int_equal(stat(path, &st), 0);
		bytes += (uint64_t)st.st_blocks * 512;
	}
	assert_in_range(bytes / n, 250, 600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lmdb_set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reopen_keeps_everything),
		TEST(wrong_wrapping_key_is_told_at_open),
		TEST(second_open_in_a_process_is_refused),
		TEST(impossible_configurations_are_refused),
		TEST(freed_slots_are_used_again),
		TEST(slot_with_a_new_owner_is_noticed),
		TEST(own_changes_are_seen_at_once),
		TEST(syncs_are_as_configured),
		TEST(after_a_power_cut_the_unsafe_is_dropped),
		TEST(without_a_boot_id_any_stop_is_a_power_cut),
		TEST(careful_stores_survive_a_power_cut),
		TEST(care_is_that_of_the_most_careless),
		TEST(full_store_still_counts_and_removes),
		TEST(refused_writes_accept_nothing),
		TEST(full_disk_refuses_puts_only),
		TEST(every_failing_write_is_reported),
		TEST(failing_advance_is_reported),
		TEST(failed_sync_fails_the_batch),
		TEST(failed_sync_ends_all_answers),
		TEST(sets_are_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
