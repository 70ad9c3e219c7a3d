/* SPDX-License-Identifier: ISC */
#include "hokey/bench/stats.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 360000 /* an hour */

static const char *const names[HK_BENCH_COUNTS] = {
	[HK_BENCH_SENT] = "sent",
	[HK_BENCH_ACCEPTED] = "accepted",
	[HK_BENCH_REJECTED_FINISH] = "rejected_finish",
	[HK_BENCH_REJECTED_FAILURE] = "rejected_failure",
	[HK_BENCH_REJECTED_OTHER] = "rejected_other",
	[HK_BENCH_CHALLENGED] = "challenged",
	[HK_BENCH_LOST] = "lost",
	[HK_BENCH_FAILED] = "failed",
	[HK_BENCH_MALFORMED] = "malformed",
	[HK_BENCH_UNEXPECTED] = "unexpected",
	[HK_BENCH_CHECKED] = "checked",
	[HK_BENCH_WRONG] = "wrong",
	[HK_BENCH_REFUSED] = "refused",
	[HK_BENCH_RESUMED] = "resumed",
	[HK_BENCH_ROUNDS] = "rounds",
	[HK_BENCH_RETRANSMITTED] = "retransmitted",
};

const char *hk_bench_count_name(enum hk_bench_count which)
{
	return names[which];
}

/* A series is for the picture: without memory for it, it ends early. */
static size_t grow(struct hk_series *s, size_t len)
{
	size_t cap = s->cap ? s->cap : 1024;
	uint32_t *steps;

	if (len > STEPS_MAX)
		len = STEPS_MAX;
	while (cap < len)
		cap *= 2;
	if (cap > s->cap) {
		steps = realloc(s->steps, cap * sizeof *steps);
		if (!steps)
			return s->len;
		s->steps = steps;
		s->cap = cap;
	}
	if (len > s->len) {
		memset(s->steps + s->len, 0, (len - s->len) * sizeof *s->steps);
		s->len = len;
	}
	return s->len;
}

void hk_series_add(struct hk_series *s, uint64_t since_start_ns)
{
	size_t step = since_start_ns / HK_SERIES_STEP_NS;

	if (step < s->len || step < grow(s, step + 1))
		s->steps[step]++;
}

static void merge_series(struct hk_series *to, const struct hk_series *from)
{
	size_t len = grow(to, from->len);

	for (size_t i = 0; i < from->len && i < len; i++)
		to->steps[i] += from->steps[i];
}

void hk_bench_stats_merge(struct hk_bench_stats *to, const struct hk_bench_stats *from)
{
	for (size_t i = 0; i < HK_BENCH_COUNTS; i++)
		to->count[i] += from->count[i];
	hk_histogram_merge(&to->latency, &from->latency);
	merge_series(&to->answers, &from->answers);
	if (from->first_ns && (!to->first_ns || from->first_ns < to->first_ns))
		to->first_ns = from->first_ns;
	if (from->last_ns > to->last_ns)
		to->last_ns = from->last_ns;
	to->waited_ns += from->waited_ns;
}

void hk_bench_stats_free(struct hk_bench_stats *s)
{
	free(s->answers.steps);
	s->answers = (struct hk_series){0};
}

uint64_t hk_bench_rejected(const struct hk_bench_stats *s)
{
	return s->count[HK_BENCH_REJECTED_FINISH] + s->count[HK_BENCH_REJECTED_FAILURE] +
	       s->count[HK_BENCH_REJECTED_OTHER];
}

uint64_t hk_bench_answered(const struct hk_bench_stats *s)
{
	return s->count[HK_BENCH_ACCEPTED] + hk_bench_rejected(s) + s->count[HK_BENCH_CHALLENGED];
}
