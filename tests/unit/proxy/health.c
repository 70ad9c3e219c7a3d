/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <hokey/proxy.h>

static const struct hk_server_timers timers = {
	.response_timeouts = 3,
	.zombie_period_ms = 40000,
	.probes = true,
	.check_interval_ms = 30000,
	.check_timeout_ms = 4000,
	.answers_to_alive = 3,
	.revive_interval_ms = 120000,
};

static struct hk_server_health zombie_at(hk_time now)
{
	struct hk_server_health h = {.state = HK_ALIVE};

	assert_false(hk_server_timed_out(&h, &timers, now - 10, now));
	assert_false(hk_server_timed_out(&h, &timers, now - 10, now));
	assert_true(hk_server_timed_out(&h, &timers, now - 10, now));
	assert_int_equal(h.state, HK_ZOMBIE);
	return h;
}

static bool probe_at(struct hk_server_health *h, hk_time now)
{
	bool probe;

	hk_server_tick(h, &timers, now, &probe);
	return probe;
}

/* OPS-10.4-01 OPS-10.4-02 */
static void silence_makes_a_zombie_and_any_reply_wakes_it(void **state)
{
	struct hk_server_health h = zombie_at(100000);

	(void)state;
	assert_true(hk_server_replied(&h, &timers, false, 100500));
	assert_int_equal(h.state, HK_ALIVE);
	/* Counting starts again. */
	assert_false(hk_server_timed_out(&h, &timers, 101000, 102000));
	assert_false(hk_server_timed_out(&h, &timers, 101000, 102000));
	assert_false(hk_server_replied(&h, &timers, false, 102500));
	assert_false(hk_server_timed_out(&h, &timers, 103000, 104000));
	assert_false(hk_server_timed_out(&h, &timers, 103000, 104000));
	assert_true(hk_server_timed_out(&h, &timers, 103000, 104000));
}

/* OPS-10.4-05 */
static void answers_to_others_are_proof_of_life(void **state)
{
	struct hk_server_health h = {.state = HK_ALIVE};

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		hk_server_replied(&h, &timers, false, 1000 * i + 500);
		assert_false(hk_server_timed_out(&h, &timers, 1000 * i, 1000 * i + 900));
	}
	assert_int_equal(h.state, HK_ALIVE);
}

/* OPS-10.4-01 OPS-10.4-03 */
static void dead_until_three_probes_in_a_row(void **state)
{
	struct hk_server_health h = zombie_at(100000);
	hk_time now = 100000;

	(void)state;
	assert_true(probe_at(&h, now));
	assert_false(probe_at(&h, now + 1000));
	assert_false(probe_at(&h, now + 29999));
	assert_true(probe_at(&h, now + 30000));
	assert_int_equal(h.state, HK_ZOMBIE);
	probe_at(&h, now + 40000);
	assert_int_equal(h.state, HK_DEAD);

	now = 160000;
	assert_true(probe_at(&h, now));
	assert_false(hk_server_replied(&h, &timers, true, now + 10));
	now += 30000;
	assert_true(probe_at(&h, now));
	assert_false(hk_server_replied(&h, &timers, true, now + 10));
	now += 30000;
	/* One that is not answered: it begins again. */
	assert_true(probe_at(&h, now));
	probe_at(&h, now + 4000);
	for (unsigned i = 0; i < 3; i++) {
		now += 30000;
		assert_true(probe_at(&h, now));
		assert_int_equal(hk_server_replied(&h, &timers, true, now + 10), i == 2);
	}
	assert_int_equal(h.state, HK_ALIVE);
	assert_false(probe_at(&h, now + 30000));
}

static void answers_to_requests_do_not_raise_the_dead(void **state)
{
	struct hk_server_health h = zombie_at(100000);

	(void)state;
	probe_at(&h, 140000);
	assert_int_equal(h.state, HK_DEAD);
	for (unsigned i = 0; i < 10; i++)
		assert_false(hk_server_replied(&h, &timers, false, 141000 + i));
	assert_int_equal(h.state, HK_DEAD);
}

/* OPS-10.4-01 */
static void without_probes_it_is_tried_again_after_a_while(void **state)
{
	struct hk_server_timers blind = timers;
	struct hk_server_health h = zombie_at(100000);
	bool probe;

	(void)state;
	blind.probes = false;
	assert_true(hk_server_tick(&h, &blind, 140000, &probe));
	assert_int_equal(h.state, HK_DEAD);
	assert_false(hk_server_tick(&h, &blind, 259999, &probe));
	assert_true(hk_server_tick(&h, &blind, 260000, &probe));
	assert_int_equal(h.state, HK_ALIVE);
	assert_false(probe);
}

static void refused_by_the_network(void **state)
{
	struct hk_server_health h = {.state = HK_ALIVE};

	(void)state;
	assert_true(hk_server_refused(&h, 1000));
	assert_int_equal(h.state, HK_ZOMBIE);
	assert_false(hk_server_refused(&h, 1001));
	assert_true(probe_at(&h, 1001));
}

/* OPS-10.4-05 */
static void realms_are_given_up_for_a_while(void **state)
{
	struct hk_realm_health h = {0};
	struct hk_bytes bad = hk_text("bad.example"), good = hk_text("good.example");

	(void)state;
	assert_false(hk_realm_timed_out(&h, bad, 3, 60000, 1000));
	assert_false(hk_realm_timed_out(&h, hk_text("BAD.example"), 3, 60000, 1000));
	assert_false(hk_realm_given_up(&h, bad, 1000));
	assert_true(hk_realm_timed_out(&h, bad, 3, 60000, 1000));
	assert_true(hk_realm_given_up(&h, bad, 1001));
	assert_true(hk_realm_given_up(&h, bad, 60999));
	assert_false(hk_realm_given_up(&h, bad, 61000));
	assert_false(hk_realm_given_up(&h, good, 1001));

	hk_realm_timed_out(&h, good, 3, 60000, 2000);
	hk_realm_timed_out(&h, good, 3, 60000, 2000);
	hk_realm_replied(&h, good);
	assert_false(hk_realm_timed_out(&h, good, 3, 60000, 2000));
}

/* The hash of realms is no secret: some meet in one place, and must not be taken for each other. */
static void realms_that_meet(void **state)
{
	struct hk_realm_health h = {0};
	struct hk_bytes bad = hk_text("bad.example");
	char text[32];
	size_t met = 0;

	(void)state;
	for (int i = 0; i < 4096; i++) {
		struct hk_bytes other;

		snprintf(text, sizeof(text), "other%d.example", i);
		other = hk_text(text);
		assert_true(hk_realm_timed_out(&h, bad, 1, 60000, 1000));
		assert_false(hk_realm_given_up(&h, other, 1000));
		hk_realm_replied(&h, other);
		assert_true(hk_realm_given_up(&h, bad, 1000));
		assert_false(hk_realm_timed_out(&h, other, 2, 60000, 1000));
		met += !hk_realm_given_up(&h, bad, 1000);
	}
	assert_in_range(met, 1, 100);
}

static void realms_too_long_to_watch(void **state)
{
	struct hk_realm_health h = {0};
	char text[HK_REALM_HEALTH_LEN + 1];
	struct hk_bytes longest = hk_bytes(text, HK_REALM_HEALTH_LEN);
	struct hk_bytes too_long = hk_bytes(text, sizeof(text));

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_true(hk_realm_timed_out(&h, longest, 1, 60000, 1000));
	assert_true(hk_realm_given_up(&h, longest, 1000));
	assert_false(hk_realm_timed_out(&h, too_long, 1, 60000, 1000));
	assert_false(hk_realm_given_up(&h, too_long, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_makes_a_zombie_and_any_reply_wakes_it),
		cmocka_unit_test(answers_to_others_are_proof_of_life),
		cmocka_unit_test(dead_until_three_probes_in_a_row),
		cmocka_unit_test(answers_to_requests_do_not_raise_the_dead),
		cmocka_unit_test(without_probes_it_is_tried_again_after_a_while),
		cmocka_unit_test(refused_by_the_network),
		cmocka_unit_test(realms_are_given_up_for_a_while),
		cmocka_unit_test(realms_that_meet),
		cmocka_unit_test(realms_too_long_to_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
