/* SPDX-License-Identifier: ISC */
/* Counting of hokey bench: percentiles, series, merging. */
#include "hokey/bench/stats.h"
#include "test.h"

static struct hk_histogram *histogram(void)
{
	return calloc(1, sizeof(struct hk_histogram));
}

static void empty_histogram_says_zero(void **state)
{
	struct hk_histogram *h = histogram();

	(void)state;
	assert_int_equal(hk_histogram_at(h, 0.5), 0);
	assert_int_equal(hk_histogram_at(h, 1), 0);
	assert_true(hk_histogram_mean_ns(h) < 1e-9);
	free(h);
}

/* 1 to 100,000 us: each percentile is known. */
static void percentiles_are_right_to_one_percent(void **state)
{
	static const double shares[] = {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999};
	struct hk_histogram *h = histogram();

	(void)state;
	for (uint64_t i = 1; i <= 100000; i++)
		hk_histogram_add(h, i * 1000);
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
		double want = shares[i] * 1e8, got = (double)hk_histogram_at(h, shares[i]);

		assert_true(got >= want * 0.9999 && got <= want * 1.01);
	}
	assert_int_equal(hk_histogram_at(h, 1), 100000000);
	assert_int_equal(h->min_ns, 1000);
	free(h);
}

/* Every value lands in a bucket whose end is not below it and close to it. */
static void every_magnitude_has_its_bucket(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		for (int off = -1; off <= 1; off++) {
			struct hk_histogram *h = histogram();
			uint64_t ns = ((uint64_t)1 << bit) + (uint64_t)off, got;

			hk_histogram_add(h, ns);
			hk_histogram_add(h, UINT64_MAX); /* so that max does not cut */
			got = hk_histogram_at(h, 0.5);
			assert_true(got >= ns);
			assert_true(got - ns <= ns / 100);
			free(h);
		}
	}
}

static void merging_is_counting_together(void **state)
{
	struct hk_histogram *a = histogram(), *b = histogram(), *all = histogram();

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		hk_histogram_add(i % 3 ? a : b, i * i);
		hk_histogram_add(all, i * i);
	}
	hk_histogram_merge(a, b);
	assert_memory_equal(a->bucket, all->bucket, sizeof a->bucket);
	assert_int_equal(a->count, all->count);
	assert_int_equal(a->min_ns, all->min_ns);
	assert_int_equal(a->max_ns, all->max_ns);
	free(a);
	free(b);
	free(all);
}

static void merging_nothing_changes_nothing(void **state)
{
	struct hk_histogram *a = histogram(), *none = histogram();

	(void)state;
	hk_histogram_add(a, 7);
	hk_histogram_merge(a, none);
	assert_int_equal(a->min_ns, 7);
	assert_int_equal(a->count, 1);
	free(a);
	free(none);
}

static void series_counts_in_steps(void **state)
{
	struct hk_series s = {0};
	uint64_t sum = 0;

	(void)state;
	hk_series_add(&s, 0);
	hk_series_add(&s, HK_SERIES_STEP_NS - 1);
	hk_series_add(&s, HK_SERIES_STEP_NS);
	hk_series_add(&s, (uint64_t)HK_SERIES_STEP_NS * 5000); /* grows */
	assert_int_equal(s.steps[0], 2);
	assert_int_equal(s.steps[1], 1);
	assert_int_equal(s.steps[5000], 1);
	for (size_t i = 0; i < s.len; i++)
		sum += s.steps[i];
	assert_int_equal(sum, 4);
	free(s.steps);
}

static void series_ends_after_an_hour(void **state)
{
	struct hk_series s = {0};

	(void)state;
	hk_series_add(&s, UINT64_MAX);
	hk_series_add(&s, (uint64_t)3600 * 1000000000);
	assert_true(s.len <= 360000);
	hk_series_add(&s, (uint64_t)3599 * 1000000000);
	assert_int_equal(s.steps[359900], 1);
	free(s.steps);
}

static void threads_are_added_up(void **state)
{
	struct hk_bench_stats *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);

	(void)state;
	a->count[HK_BENCH_ACCEPTED] = 5;
	b->count[HK_BENCH_ACCEPTED] = 6;
	b->count[HK_BENCH_REJECTED_FINISH] = 1;
	b->count[HK_BENCH_REJECTED_OTHER] = 2;
	b->count[HK_BENCH_CHALLENGED] = 4;
	a->first_ns = 100;
	b->first_ns = 90;
	a->last_ns = 200;
	b->last_ns = 150;
	hk_series_add(&b->answers, 3 * HK_SERIES_STEP_NS);
	hk_bench_stats_merge(a, b);
	assert_int_equal(a->count[HK_BENCH_ACCEPTED], 11);
	assert_int_equal(hk_bench_rejected(a), 3);
	assert_int_equal(hk_bench_answered(a), 18);
	assert_int_equal(a->first_ns, 90);
	assert_int_equal(a->last_ns, 200);
	assert_int_equal(a->answers.steps[3], 1);
	hk_bench_stats_free(a);
	hk_bench_stats_free(b);
	free(a);
	free(b);
}

static void every_count_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < HK_BENCH_COUNTS; i++) {
		assert_non_null(hk_bench_count_name((enum hk_bench_count)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(hk_bench_count_name((enum hk_bench_count)i),
				hk_bench_count_name((enum hk_bench_count)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_histogram_says_zero),
		cmocka_unit_test(percentiles_are_right_to_one_percent),
		cmocka_unit_test(every_magnitude_has_its_bucket),
		cmocka_unit_test(merging_is_counting_together),
		cmocka_unit_test(merging_nothing_changes_nothing),
		cmocka_unit_test(series_counts_in_steps),
		cmocka_unit_test(series_ends_after_an_hour),
		cmocka_unit_test(threads_are_added_up),
		cmocka_unit_test(every_count_has_a_name),
	};

	return cmocka_run_group_tests_name("hokey-bench-numbers", tests, NULL, NULL);
}
