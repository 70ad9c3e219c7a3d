/* SPDX-License-Identifier: ISC */
/* Sequence numbers: the table of strict mode and window, repetition, the end. */
#include "test.h"

#include <hokey/keystore.h>

static enum hk_freshness offer(struct hk_seq_state *s, uint16_t seq, uint8_t window)
{
	struct hk_advance v = {.seq = seq, .window = window, .now = 1000, .tag = {(uint8_t)seq}};
	bool acceptable = hk_seq_acceptable(s, seq, window);
	enum hk_freshness f = hk_seq_advance(s, &v);

	assert_int_equal(acceptable, f == HK_SEQ_FRESH);
	return f;
}

/* E6696-5.4-01 E6696-5.4-05 E6696-5.4-06 E6696-3-13 E6696-5.2-11 E6696-5.2-19 */
static void strict_mode_follows_the_table(void **state)
{
	static const struct {
		uint16_t seq;
		uint32_t expected;
		bool fresh;
	} rows[] = {
		{0, 0, true},
		{5, 0, true},
		{5, 6, false},
		{6, 8, false},
		{8, 8, true},
		{40000, 1, true},
		{65535, 8, true},
		{0, 65536, false},
		{65535, 65536, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hk_seq_state s = {.expected = rows[i].expected};

		assert_int_equal(offer(&s, rows[i].seq, 1) == HK_SEQ_FRESH, rows[i].fresh);
		assert_int_equal(s.expected, rows[i].fresh ? rows[i].seq + 1u : rows[i].expected);
	}
}

/* E6696-5.4-02 */
static void first_number_may_be_high(void **state)
{
	struct hk_seq_state s = {0};

	(void)state;
	assert_int_equal(offer(&s, 41, 1), HK_SEQ_FRESH);
	assert_int_equal(offer(&s, 40, 1), HK_SEQ_STALE);
	assert_int_equal(offer(&s, 42, 1), HK_SEQ_FRESH);
}

/* E6696-5.2-12 E6696-5.2-20 */
static void window_takes_each_number_once(void **state)
{
	struct hk_seq_state s = {0};

	(void)state;
	assert_int_equal(offer(&s, 5, 8), HK_SEQ_FRESH);
	assert_int_equal(offer(&s, 7, 8), HK_SEQ_FRESH);
	assert_int_equal(offer(&s, 5, 8), HK_SEQ_STALE);
	assert_int_equal(offer(&s, 6, 8), HK_SEQ_FRESH);
	assert_int_equal(offer(&s, 6, 8), HK_SEQ_STALE);
	assert_int_equal(s.expected, 8);
	assert_int_equal(offer(&s, 0, 8), HK_SEQ_FRESH);
	assert_int_equal(offer(&s, 9, 8), HK_SEQ_FRESH);
	/* 9 is the highest now: 1 is just behind the window, 2 just inside */
	assert_int_equal(offer(&s, 1, 8), HK_SEQ_STALE);
	assert_int_equal(offer(&s, 2, 8), HK_SEQ_FRESH);
	assert_int_equal(offer(&s, 8, 8), HK_SEQ_FRESH);
}

static void window_of_64_reaches_back_63(void **state)
{
	struct hk_seq_state s = {0};

	(void)state;
	assert_int_equal(offer(&s, 1000, 64), HK_SEQ_FRESH);
	assert_int_equal(offer(&s, 936, 64), HK_SEQ_STALE);
	assert_int_equal(offer(&s, 937, 64), HK_SEQ_FRESH);
	assert_int_equal(offer(&s, 937, 64), HK_SEQ_STALE);
	/* a size beyond what is kept counts as what is kept */
	assert_int_equal(offer(&s, 936, 255), HK_SEQ_STALE);
	/* a jump of exactly the window forgets all but itself */
	assert_int_equal(offer(&s, 1064, 64), HK_SEQ_FRESH);
	assert_true(s.window == 1);
}

/* Any order, any window: nothing is fresh twice, nothing at or above expected is refused. */
static void random_orders_accept_once(void **state)
{
	uint32_t x = 12345;

	(void)state;
	for (unsigned window = 0; window <= 64; window++) {
		struct hk_seq_state s = {0};
		bool seen[400] = {false};

		for (int i = 0; i < 4000; i++) {
			uint16_t seq;
			bool above;

			x = x * 1664525u + 1013904223u;
			seq = (uint16_t)((x >> 16) % 80 + (uint32_t)i * 320 / 4000);
			above = seq >= s.expected;
			if (offer(&s, seq, (uint8_t)window) == HK_SEQ_FRESH) {
				assert_false(seen[seq]);
				seen[seq] = true;
			} else {
				assert_false(above);
			}
		}
	}
}

/* E6696-5.4-03 */
static void after_65535_nothing_is_fresh(void **state)
{
	(void)state;
	for (unsigned window = 1; window <= 64; window += 63) {
		struct hk_seq_state s = {0};

		assert_int_equal(offer(&s, 65535, (uint8_t)window), HK_SEQ_FRESH);
		assert_int_equal(s.expected, 65536);
		for (uint32_t seq = 0; seq <= 65535; seq++)
			assert_false(hk_seq_acceptable(&s, (uint16_t)seq, (uint8_t)window));
	}
}

static enum hk_freshness repeat(
	struct hk_seq_state *s, uint16_t seq, uint8_t tag, hk_time now, uint32_t within_ms)
{
	struct hk_advance v = {
		.seq = seq, .window = 1, .repeat_window_ms = within_ms, .now = now, .tag = {tag}};

	return hk_seq_advance(s, &v);
}

static void repetition_is_the_last_exchange_only(void **state)
{
	struct hk_seq_state s = {0}, before;

	(void)state;
	assert_int_equal(repeat(&s, 0, 0, 1000, 5000), HK_SEQ_FRESH);
	assert_int_equal(repeat(&s, 3, 7, 2000, 5000), HK_SEQ_FRESH);
	before = s;
	assert_int_equal(repeat(&s, 3, 7, 2000, 5000), HK_SEQ_REPEATED);
	assert_int_equal(repeat(&s, 3, 7, 6999, 5000), HK_SEQ_REPEATED);
	assert_int_equal(repeat(&s, 3, 7, 7000, 5000), HK_SEQ_STALE);
	assert_int_equal(repeat(&s, 3, 7, 2000, 0), HK_SEQ_STALE);
	assert_int_equal(repeat(&s, 3, 8, 2000, 5000), HK_SEQ_STALE); /* other tag */
	assert_int_equal(repeat(&s, 0, 0, 2000, 5000), HK_SEQ_STALE); /* one before */
	assert_int_equal(repeat(&s, 3, 7, 1999, 5000), HK_SEQ_STALE); /* clock behind */
	assert_memory_equal(&s, &before, sizeof s);
}

/* A new set has no last exchange, whatever its zeros look like. */
static void new_set_repeats_nothing(void **state)
{
	struct hk_seq_state s = {.expected = 1};

	(void)state;
	assert_int_equal(repeat(&s, 0, 0, 100, 5000), HK_SEQ_STALE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_mode_follows_the_table),
		cmocka_unit_test(first_number_may_be_high),
		cmocka_unit_test(window_takes_each_number_once),
		cmocka_unit_test(window_of_64_reaches_back_63),
		cmocka_unit_test(random_orders_accept_once),
		cmocka_unit_test(after_65535_nothing_is_fresh),
		cmocka_unit_test(repetition_is_the_last_exchange_only),
		cmocka_unit_test(new_set_repeats_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
