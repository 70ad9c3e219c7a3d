/* SPDX-License-Identifier: ISC */
/* The LMDB store: processes that are killed, and two at a time. */
#include "lmdb_store.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* ---- kill -9 ---- */

#define KILL_SETS 8

struct report {
	uint8_t set;
	uint16_t seq;
};

/* Uses numbers and reports each that may be answered, until it is killed. */
static void use_until_killed(enum hk_durability durability, uint16_t first, int pipe_fd)
{
	struct hk_keystore *store = lmdb_open_as(durability);

	for (uint16_t seq = first;; seq++) {
		struct hk_advance v[KILL_SETS];

		for (uint8_t i = 0; i < KILL_SETS; i++)
			v[i] = advance_of(i, seq);
		hk_keystore_advance(store, v, KILL_SETS);
		if (hk_keystore_sync(store))
			_exit(1);
		for (uint8_t i = 0; i < KILL_SETS; i++) {
			struct report r = {i, seq};

			if (v[i].err || v[i].freshness != HK_SEQ_FRESH ||
				write(pipe_fd, &r, sizeof r) != (ssize_t)sizeof r)
				_exit(1);
		}
		/* others come and go meanwhile */
		put(store, 100 + seq % 50, "bob");
		if (seq % 10 == 0)
			hk_keystore_remove_user(store, hk_text("bob"), NULL, NULL);
	}
}

/* The next number of each set that nobody was told about. */
static void kill_round(enum hk_durability durability, uint16_t next[KILL_SETS], unsigned us)
{
	uint16_t first = 0;
	struct report r;
	int fds[2], status;
	pid_t pid;

	for (int i = 0; i < KILL_SETS; i++)
		if (next[i] > first)
			first = next[i];
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		use_until_killed(durability, first + 1, fds[1]);
	}
	close(fds[1]);
	/* from the first report on, so that it dies at work */
	assert_int_equal(read(fds[0], &r, sizeof r), sizeof r);
	next[r.set] = r.seq + 1;
	usleep(us);
	kill(pid, SIGKILL);
	while (read(fds[0], &r, sizeof r) == (ssize_t)sizeof r)
		next[r.set] = r.seq + 1;
	close(fds[0]);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void kill_rounds(enum hk_durability durability, int rounds)
{
	uint16_t next[KILL_SETS] = {0};
	uint32_t x = 1;

	fill(durability, KILL_SETS + 20);
	for (int round = 0; round < rounds; round++) {
		struct hk_keystore *store;
		struct hk_keyset out;

		x = x * 1664525u + 1013904223u;
		kill_round(durability, next, (x >> 16) % 12000);
		store = lmdb_open_as(durability);
		for (uint64_t i = 0; i < KILL_SETS; i++) {
			struct hk_advance v = advance_of(i, (uint16_t)(next[i] - 1));

			v.now += 10000;
			hk_keystore_advance(store, &v, 1);
			assert_ok(v.err);
			assert_int_equal(v.freshness, HK_SEQ_STALE);
		}
		for (uint64_t i = KILL_SETS; i < KILL_SETS + 20; i++) {
			struct hk_keyset want = set_of(i, "alice");

			assert_ok(find(store, i, &out));
			assert_set_equal(&out, &want);
		}
		hk_keystore_close(store);
	}
}

/* E6696-5.2-19 E6696-5.4-05 */
static void killed_process_accepts_nothing_twice(void **state)
{
	(void)state;
	kill_rounds(HK_DURABLE_PROCESS, 20);
}

/* E6696-5.2-19 E6696-5.4-05 */
static void killed_batch_accepts_nothing_twice(void **state)
{
	(void)state;
	kill_rounds(HK_DURABLE_BATCH, 5);
}

/* E6696-5.2-19 E6696-5.4-05 */
static void killed_full_accepts_nothing_twice(void **state)
{
	(void)state;
	kill_rounds(HK_DURABLE_FULL, 5);
}

/* ---- two processes ---- */

#define SHARED_SEQS 2000

static void use_all(struct hk_keystore *store, atomic_uchar *accepted)
{
	for (uint16_t seq = 0; seq < SHARED_SEQS; seq++) {
		struct hk_advance v = advance_of(0, seq);

		hk_keystore_advance(store, &v, 1);
		if (v.err || v.freshness == HK_SEQ_FRESH)
			accepted[seq]++;
	}
}

static void two_processes_accept_each_number_once(void **state)
{
	atomic_uchar *accepted =
		mmap(NULL, SHARED_SEQS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct hk_keystore *store;
	int status;
	pid_t pid;

	(void)state;
	assert_true(accepted != MAP_FAILED);
	fill(HK_DURABLE_PROCESS, 1);
	pid = fork();
	store = lmdb_open_as(HK_DURABLE_PROCESS);
	use_all(store, accepted);
	if (pid == 0) {
		hk_keystore_close(store);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (unsigned seq = 0; seq < SHARED_SEQS; seq++)
		assert_true(accepted[seq] <= 1);
	assert_int_equal(accepted[SHARED_SEQS - 1], 1);
	hk_keystore_close(store);
	munmap(accepted, SHARED_SEQS);
}

/* The other closes in order; what this one wrote is doubtful all the same. */
static void clean_is_said_by_the_last_one_only(void **state)
{
	struct hk_keystore_lmdb_config config = lmdb_config(HK_DURABLE_FULL);
	struct hk_keystore *store;
	uint64_t dropped;
	int fds[2], status;
	char c;
	pid_t pid;

	(void)state;
	fill(HK_DURABLE_PROCESS, 2);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		store = lmdb_open_as(HK_DURABLE_PROCESS);
		advance(store, 0, 0);
		if (write(fds[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(fds[0], &c, 1), 1);
	store = lmdb_open_as(HK_DURABLE_PROCESS);
	hk_keystore_close(store);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(fds[0]);
	close(fds[1]);
	config.boot_id = hk_text("boot-2");
	assert_ok(open_with(config, &store, &dropped));
	assert_true(dropped == 2);
	hk_keystore_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lmdb_set_up, lmdb_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_process_accepts_nothing_twice),
		TEST(killed_batch_accepts_nothing_twice),
		TEST(killed_full_accepts_nothing_twice),
		TEST(two_processes_accept_each_number_once),
		TEST(clean_is_said_by_the_last_one_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
