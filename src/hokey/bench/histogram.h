/* SPDX-License-Identifier: ISC */
/*
 * Counts durations in buckets whose width grows with the value (the idea of
 * HdrHistogram): any percentile is right to less than 1 %, whatever the range,
 * and counting one costs no search.
 */
#ifndef HK_HOKEY_BENCH_HISTOGRAM_H
#define HK_HOKEY_BENCH_HISTOGRAM_H

#include <stdint.h>

#define HK_HISTOGRAM_BITS    7    /* 128 buckets for each power of two */
#define HK_HISTOGRAM_BUCKETS ((64 - HK_HISTOGRAM_BITS + 1) << HK_HISTOGRAM_BITS)

struct hk_histogram {
	uint64_t count;
	uint64_t max_ns;
	uint64_t min_ns;          /* meaningful once count is not 0 */
	double   sum_ns;
	uint64_t bucket[HK_HISTOGRAM_BUCKETS];
};

void hk_histogram_add(struct hk_histogram *h, uint64_t ns);
void hk_histogram_merge(struct hk_histogram *to, const struct hk_histogram *from);
/*
 * The smallest recorded duration (at most 1 % too large, never above the largest) that
 * at least this share (0 to 1) of all do not exceed; 0 when there is none.
 */
uint64_t hk_histogram_at(const struct hk_histogram *h, double share);
double hk_histogram_mean_ns(const struct hk_histogram *h);

#endif
