/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <hokey/proxy.h>

/* R3539-3.4.1-01 */
static void interval_and_jitter(void **state)
{
	struct hk_watchdog w;

	(void)state;
	hk_watchdog_open(&w, 30000, false, 1000, 0);
	assert_int_equal(w.due, 1000 + 28000);
	hk_watchdog_open(&w, 30000, false, 1000, 65535);
	assert_int_equal(w.due, 1000 + 32000);
	hk_watchdog_open(&w, 100, false, 1000, 32768);
	assert_in_range(w.due, 1000 + 5999, 1000 + 6001);
}

/* R3539-3.4.1-02 R6613-2.6-01 */
static void silence_fails_over_and_then_closes(void **state)
{
	struct hk_watchdog w;

	(void)state;
	assert_int_equal(hk_watchdog_open(&w, 30000, false, 0, 0), HK_WATCHDOG_WAIT);
	assert_int_equal(w.state, HK_WATCHDOG_OKAY);
	assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_SEND);
	assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_FAIL_OVER);
	assert_int_equal(w.state, HK_WATCHDOG_SUSPECT);
	assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_CLOSE);
	assert_int_equal(w.state, HK_WATCHDOG_DOWN);
}

static void anything_that_comes_clears_it(void **state)
{
	struct hk_watchdog w;

	(void)state;
	hk_watchdog_open(&w, 30000, false, 0, 0);
	hk_watchdog_due(&w, w.due, 0);
	hk_watchdog_received(&w, true, 29000, 0);
	assert_int_equal(w.due, 29000 + 28000);
	assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_SEND);
	assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_FAIL_OVER);
	hk_watchdog_received(&w, false, 100000, 0);
	assert_int_equal(w.state, HK_WATCHDOG_OKAY);
	assert_int_equal(w.due, 128000);
}

static void three_answers_after_a_failure(void **state)
{
	struct hk_watchdog w;

	(void)state;
	assert_int_equal(hk_watchdog_open(&w, 30000, true, 0, 0), HK_WATCHDOG_SEND);
	hk_watchdog_received(&w, false, 10, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(w.state, HK_WATCHDOG_REOPEN);
		hk_watchdog_received(&w, true, 20, 0);
		if (i < 2)
			assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_SEND);
	}
	assert_int_equal(w.state, HK_WATCHDOG_OKAY);
}

static void reopened_and_silent(void **state)
{
	struct hk_watchdog w;

	(void)state;
	hk_watchdog_open(&w, 30000, true, 0, 0);
	assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_WAIT);
	assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_CLOSE);
	assert_int_equal(w.state, HK_WATCHDOG_DOWN);
	/* closed is closed: what still comes opens nothing, and nothing is sent */
	hk_watchdog_received(&w, true, 40000, 0);
	assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_WAIT);
	assert_int_equal(w.state, HK_WATCHDOG_DOWN);
}

/* An answer that comes late counts from the beginning. */
static void reopened_and_slow(void **state)
{
	struct hk_watchdog w;

	(void)state;
	hk_watchdog_open(&w, 30000, true, 0, 0);
	assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_WAIT);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(w.state, HK_WATCHDOG_REOPEN);
		hk_watchdog_received(&w, true, 40000 + i, 0);
		if (i < 2)
			assert_int_equal(hk_watchdog_due(&w, w.due, 0), HK_WATCHDOG_SEND);
	}
	assert_int_equal(w.state, HK_WATCHDOG_OKAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval_and_jitter),
		cmocka_unit_test(silence_fails_over_and_then_closes),
		cmocka_unit_test(anything_that_comes_clears_it),
		cmocka_unit_test(three_answers_after_a_failure),
		cmocka_unit_test(reopened_and_silent),
		cmocka_unit_test(reopened_and_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
