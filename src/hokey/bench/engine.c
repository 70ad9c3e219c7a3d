/* SPDX-License-Identifier: ISC */
#include "hokey/bench/engine.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S     1000000000u
#define WAIT_MAX_NS  20000000u /* the stop flag and timeouts are looked at that often */
#define WAIT_MIN_NS  50000u    /* what is due meanwhile leaves together: leaves time to others */
#define CHANNELS_MAX 1024

uint64_t hk_bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

bool hk_bench_engine_open(struct hk_bench_engine *e, unsigned nchannels)
{
	hk_bench_random_init(&e->random);
	e->inbox = malloc(sizeof *e->inbox);
	e->channels = calloc(nchannels, sizeof *e->channels);
	if (!e->inbox || !e->channels)
		return false;
	hk_channel_inbox_init(e->inbox);
	for (; e->nchannels < nchannels; e->nchannels++) {
		if (!hk_channel_open(&e->channels[e->nchannels], e->options)) {
			hk_channel_close(&e->channels[e->nchannels]);
			return false;
		}
	}
	return true;
}

void hk_bench_engine_close(struct hk_bench_engine *e)
{
	for (unsigned i = 0; i < e->nchannels; i++)
		hk_channel_close(&e->channels[i]);
	free(e->channels);
	free(e->inbox);
	e->channels = NULL;
	e->inbox = NULL;
	e->nchannels = 0;
	hk_bench_stats_free(&e->stats);
}

uint64_t hk_bench_intended_ns(const struct hk_bench_engine *e)
{
	if (e->share.interval_ns <= 0)
		return 0;
	return e->start_ns +
	       (uint64_t)(e->share.offset_ns + (double)e->begun * e->share.interval_ns);
}

bool hk_bench_engine_finished(const struct hk_bench_engine *e, uint64_t now_ns)
{
	uint64_t next_ns = hk_bench_intended_ns(e);

	if (e->begun >= e->share.requests || e->error ||
		atomic_load_explicit(e->stop, memory_order_relaxed))
		return true;
	if (e->share.duration_ns == 0)
		return false;
	/* An open loop owes all requests of its time, also when it is late. */
	return (next_ns ? next_ns : now_ns) >= e->start_ns + e->share.duration_ns;
}

bool hk_bench_engine_may_begin(
	const struct hk_bench_engine *e, uint64_t outstanding, uint64_t now_ns)
{
	return outstanding < e->share.concurrency && !hk_bench_engine_finished(e, now_ns) &&
	       hk_bench_intended_ns(e) <= now_ns;
}

static uint64_t wait_until(uint64_t next_ns, uint64_t now_ns)
{
	uint64_t left = next_ns > now_ns ? next_ns - now_ns : 0;

	if (left > WAIT_MAX_NS)
		return WAIT_MAX_NS;
	return left && left < WAIT_MIN_NS ? WAIT_MIN_NS : left;
}

void hk_bench_engine_wait(const struct hk_bench_engine *e, uint64_t now_ns, bool more_to_begin)
{
	struct pollfd fds[CHANNELS_MAX];
	uint64_t next_ns = more_to_begin ? hk_bench_intended_ns(e) : 0, left = WAIT_MAX_NS;
	nfds_t n = e->nchannels < CHANNELS_MAX ? e->nchannels : CHANNELS_MAX;

	if (next_ns)
		left = wait_until(next_ns, now_ns);
	for (nfds_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = e->channels[i].fd, .events = POLLIN};
	ppoll(fds, n, &(struct timespec){0, (long)left}, NULL);
}

void hk_bench_engine_flush(struct hk_bench_engine *e)
{
	for (unsigned i = 0; i < e->nchannels; i++) {
		struct hk_channel *c = &e->channels[i];

		if (c->queued)
			hk_channel_flush(c);
		e->stats.count[HK_BENCH_REFUSED] += c->refused;
		c->refused = 0;
	}
}

void hk_bench_engine_end(
	struct hk_bench_engine *e, enum hk_bench_count how, uint64_t begun_ns, uint64_t now_ns)
{
	struct hk_bench_stats *s = &e->stats;

	s->count[how]++;
	s->last_ns = now_ns;
	atomic_fetch_add_explicit(&e->done, 1, memory_order_relaxed);
	if (how == HK_BENCH_LOST)
		return;
	hk_histogram_add(&s->latency, now_ns > begun_ns ? now_ns - begun_ns : 0);
	hk_series_add(&s->answers, now_ns - e->start_ns);
}
