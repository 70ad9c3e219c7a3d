/* SPDX-License-Identifier: ISC */
#include "hokey/bench/histogram.h"

#include <math.h>

#define SUB ((uint64_t)1 << HK_HISTOGRAM_BITS)

/* Below SUB each value has its bucket; above, the first bits of the value name it. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < SUB)
		return (unsigned)ns;
	shift = 63 - (unsigned)__builtin_clzll(ns) - HK_HISTOGRAM_BITS;
	return (unsigned)(((uint64_t)(shift + 1) << HK_HISTOGRAM_BITS) +
			  ((ns >> shift) & (SUB - 1)));
}

/* The largest value of a bucket. */
static uint64_t bucket_end(unsigned bucket)
{
	unsigned shift = bucket >> HK_HISTOGRAM_BITS;

	if (shift == 0)
		return bucket;
	return ((SUB | (bucket & (SUB - 1))) << (shift - 1)) + (((uint64_t)1 << (shift - 1)) - 1);
}

void hk_histogram_add(struct hk_histogram *h, uint64_t ns)
{
	h->bucket[bucket_of(ns)]++;
	if (h->count == 0 || ns < h->min_ns)
		h->min_ns = ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
	h->sum_ns += (double)ns;
	h->count++;
}

void hk_histogram_merge(struct hk_histogram *to, const struct hk_histogram *from)
{
	if (from->count == 0)
		return;
	for (unsigned i = 0; i < HK_HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
	if (to->count == 0 || from->min_ns < to->min_ns)
		to->min_ns = from->min_ns;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
	to->sum_ns += from->sum_ns;
	to->count += from->count;
}

uint64_t hk_histogram_at(const struct hk_histogram *h, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)h->count), seen = 0;

	if (h->count == 0)
		return 0;
	if (wanted == 0)
		wanted = 1;
	for (unsigned i = 0; i < HK_HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= wanted)
			return bucket_end(i) < h->max_ns ? bucket_end(i) : h->max_ns;
	}
	return h->max_ns;
}

double hk_histogram_mean_ns(const struct hk_histogram *h)
{
	return h->count ? h->sum_ns / (double)h->count : 0;
}
