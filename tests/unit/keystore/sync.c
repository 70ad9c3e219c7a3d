/* SPDX-License-Identifier: ISC */
/* Threads that share an fdatasync: who does it, who waits, and for which. */
#include "test.h"

#include "keystore/counters.h"

#include <errno.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS  500

static struct hk_counters counters;
static atomic_uint calls;
static _Atomic uint64_t on_disk; /* what had been written when the last sync began */
static atomic_bool disk_fails;
static atomic_bool held; /* a sync waits for the gate */
static sem_t gate;

/* In place of libc's. */
int fdatasync(int fd)
{
	uint64_t written = counters.written;

	(void)fd;
	calls++;
	if (held)
		sem_wait(&gate);
	if (disk_fails) {
		errno = EIO;
		return -1;
	}
	on_disk = written;
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	hk_counters_init(&counters);
	calls = 0;
	on_disk = 0;
	disk_fails = false;
	held = false;
	return sem_init(&gate, 0, 0);
}

static int tear_down(void **state)
{
	(void)state;
	hk_counters_close(&counters);
	return sem_destroy(&gate);
}

static unsigned waiting(void)
{
	unsigned n = 0;

	pthread_mutex_lock(&counters.sync_lock);
	for (const struct hk_sync_waiter *w = counters.waiting; w; w = w->next)
		n++;
	pthread_mutex_unlock(&counters.sync_lock);
	return n;
}

static void *sync_once(void *err)
{
	hk_counters_mark(&counters);
	*(enum hk_err *)err = hk_counters_sync(&counters);
	return NULL;
}

/* One thread in fdatasync, all others behind it. */
static void line_up(pthread_t threads[THREADS], enum hk_err errors[THREADS])
{
	held = true;
	for (int t = 0; t < THREADS; t++) {
		assert_int_equal(pthread_create(&threads[t], NULL, sync_once, &errors[t]), 0);
		if (t == 0)
			while (calls == 0)
				usleep(100);
	}
	while (waiting() < THREADS - 1)
		usleep(100);
	held = false;
}

static void who_waits_together_is_synced_together(void **state)
{
	enum hk_err errors[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	line_up(threads, errors);
	assert_int_equal(calls, 1);
	sem_post(&gate);
	for (int t = 0; t < THREADS; t++) {
		pthread_join(threads[t], NULL);
		assert_ok(errors[t]);
	}
	assert_int_equal(calls, 2);
	assert_true(on_disk == THREADS);
	/* nothing new: nothing to do */
	assert_ok(hk_counters_sync(&counters));
	assert_int_equal(calls, 2);
}

static void a_failure_is_everybodys(void **state)
{
	enum hk_err errors[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	line_up(threads, errors);
	disk_fails = true;
	sem_post(&gate);
	for (int t = 0; t < THREADS; t++) {
		pthread_join(threads[t], NULL);
		assert_err(errors[t], HK_ERR_STORE);
	}
	/* and stays, though the disk works again: what it holds nobody knows */
	disk_fails = false;
	assert_err(hk_counters_sync(&counters), HK_ERR_STORE);
	assert_int_equal(calls, 1);
}

static void *write_and_sync(void *arg)
{
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t mine;

		hk_counters_mark(&counters);
		mine = counters.written; /* or what others wrote since, too */
		if (hk_counters_sync(&counters) || on_disk < mine)
			return arg;
	}
	return NULL;
}

static void nobody_leaves_before_its_writes_are_on_the_disk(void **state)
{
	pthread_t threads[THREADS];
	void *result;
	int here;

	(void)state;
	for (int t = 0; t < THREADS; t++)
		assert_int_equal(pthread_create(&threads[t], NULL, write_and_sync, &here), 0);
	for (int t = 0; t < THREADS; t++) {
		pthread_join(threads[t], &result);
		assert_null(result);
	}
	assert_true(calls <= THREADS * ROUNDS);
	assert_null(counters.waiting);
	assert_false(counters.syncing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			who_waits_together_is_synced_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_is_everybodys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nobody_leaves_before_its_writes_are_on_the_disk, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
