/* SPDX-License-Identifier: ISC */
/* Retransmission timers. */
#include "vectors.h"

#define NO_JITTER 32768

/* R5080-2.2.1-01 */
static void default_timers_without_jitter(void **state)
{
	static const hk_time sends[] = {2000, 6000, 14000};
	struct hk_radius_timers t = hk_radius_timers_default();
	struct hk_radius_retransmit r;

	(void)state;
	hk_radius_retransmit_start(&r, &t, 1000, NO_JITTER);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(r.next, 1000 + sends[i]);
		assert_true(hk_radius_retransmit_due(&r, &t, r.next, NO_JITTER));
	}
	assert_int_equal(r.sent, 4);
	assert_int_equal(r.next, 31000); /* 30 s after the first */
	assert_false(hk_radius_retransmit_due(&r, &t, r.next, NO_JITTER));
}

/* R5080-2.2.1-01: ten percent either way, and 30 s at most. */
static void jitter_is_bounded(void **state)
{
	struct hk_radius_timers t = hk_radius_timers_default();
	struct hk_radius_retransmit r;
	unsigned seed = 3;

	(void)state;
	for (int run = 0; run < 200; run++) {
		hk_radius_retransmit_start(&r, &t, 0, (uint16_t)(seed >> 8));
		assert_in_range(r.next, 1800, 2200);
		for (;;) {
			uint32_t before = r.rt_ms;

			seed = seed * 1103515245 + 12345;
			if (!hk_radius_retransmit_due(&r, &t, r.next, (uint16_t)(seed >> 8)))
				break;
			if (before * 21 / 10 <= 16000)
				assert_in_range(r.rt_ms, before * 19 / 10, before * 21 / 10);
			else /* may be cut to the longest wait, which has jitter too */
				assert_in_range(r.rt_ms, 14400, 17600);
		}
		assert_true(r.next <= 30000);
		assert_true(r.sent <= 5);
	}
}

static void limit_on_transmissions(void **state)
{
	struct hk_radius_timers t = {.irt_ms = 100, .mrt_ms = 200, .mrd_ms = 0, .mrc = 3};
	struct hk_radius_retransmit r;

	(void)state;
	hk_radius_retransmit_start(&r, &t, 0, NO_JITTER);
	assert_true(hk_radius_retransmit_due(&r, &t, 100, NO_JITTER));
	assert_true(hk_radius_retransmit_due(&r, &t, 300, NO_JITTER));
	assert_int_equal(r.next, 500); /* cut to MRT */
	assert_false(hk_radius_retransmit_due(&r, &t, 500, NO_JITTER));
	assert_int_equal(r.sent, 3);
}

/* Zeros: never give up, no longest wait (accounting). */
static void no_limits(void **state)
{
	struct hk_radius_timers t = {.irt_ms = 2000};
	struct hk_radius_retransmit r;

	(void)state;
	hk_radius_retransmit_start(&r, &t, 0, NO_JITTER);
	for (int i = 0; i < 100; i++)
		assert_true(hk_radius_retransmit_due(&r, &t, r.next, 65535));
	assert_int_equal(r.rt_ms, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_timers_without_jitter),
		cmocka_unit_test(jitter_is_bounded),
		cmocka_unit_test(limit_on_transmissions),
		cmocka_unit_test(no_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
