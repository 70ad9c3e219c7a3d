/* SPDX-License-Identifier: ISC */
#include "hokey/bench/run.h"

#include "hokey/bench/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#define PROGRESS_NS    200000000
#define PER_CHANNEL    64   /* outstanding requests a source port carries by default */
#define OPEN_BACKLOG_S 0.01 /* open loop: answers may take so long before a port is full */
#define IDENTIFIERS    256

struct thread {
	pthread_t id;
	bool running;
	bool ready; /* prepared, and nothing went wrong */
	const struct hk_bench_work *work;
	pthread_barrier_t *prepared, *go;
	const uint64_t *start_ns;
	struct hk_bench_engine engine;
	struct hk_reauth *reauth;
	struct hk_login *login;
	atomic_bool ended;
};

/* ---- a load thread ---- */

static bool prepare(struct thread *t)
{
	if (t->work->mode == HK_BENCH_ERP)
		return hk_reauth_prepare(&t->engine, &t->reauth);
	return hk_login_prepare(&t->engine, t->work->resume, &t->login) &&
	       (t->work->mode != HK_BENCH_RESUME || hk_login_warm_up(t->login));
}

static void *work(void *arg)
{
	struct thread *t = arg;
	uint64_t waited_ns;

	prctl(PR_SET_TIMERSLACK, 1UL); /* the engine says itself how long it can wait */
	t->ready = prepare(t);
	if (!t->ready && !t->engine.error)
		t->engine.error = "out of memory";
	pthread_barrier_wait(t->prepared);
	pthread_barrier_wait(t->go);
	t->engine.start_ns = *t->start_ns;
	waited_ns = hk_process_thread_waited_ns();
	if (t->ready && t->reauth)
		hk_reauth_run(t->reauth);
	else if (t->ready)
		hk_login_run(t->login);
	t->engine.stats.waited_ns = hk_process_thread_waited_ns() - waited_ns;
	atomic_store(&t->ended, true);
	return NULL;
}

/* ---- shares ---- */

static uint64_t part(uint64_t whole, unsigned i, unsigned n)
{
	return whole / n + (i < whole % n);
}

/* Where part i begins. */
static uint64_t part_start(uint64_t whole, unsigned i, unsigned n)
{
	return whole / n * i + (i < whole % n ? i : whole % n);
}

static unsigned channels_for(
	const struct hk_bench_options *o, const struct hk_bench_work *w, uint32_t concurrency)
{
	if (w->mode != HK_BENCH_ERP)
		return (concurrency + IDENTIFIERS - 1) / IDENTIFIERS;
	if (o->sockets)
		return o->sockets;
	if (w->rate > 0)
		return 2 + (unsigned)(w->rate / o->threads * OPEN_BACKLOG_S / IDENTIFIERS);
	return (concurrency + PER_CHANNEL - 1) / PER_CHANNEL;
}

static bool set_up(struct thread *t, const struct hk_bench_options *o,
	const struct hk_bench_work *w, struct hk_devices *devices, unsigned i)
{
	struct hk_bench_engine *e = &t->engine;
	unsigned n = o->threads, nchannels;

	e->options = o;
	e->devices = devices;
	e->first = part_start(devices->count, i, n);
	e->ndevices = part(devices->count, i, n);
	e->share.requests = w->requests ? part(w->requests, i, n) : UINT64_MAX;
	e->share.duration_ns = (uint64_t)(w->duration_s * 1e9);
	e->share.concurrency = (uint32_t)part(w->concurrency, i, n);
	nchannels = channels_for(o, w, e->share.concurrency);
	if (w->rate > 0) {
		e->share.interval_ns = 1e9 * n / w->rate;
		e->share.offset_ns = 1e9 * i / w->rate;
		if (w->mode == HK_BENCH_ERP)
			e->share.concurrency = nchannels * IDENTIFIERS;
	}
	t->work = w;
	return hk_bench_engine_open(e, nchannels);
}

/* ---- all threads ---- */

static uint64_t sum_done(const struct thread *threads, unsigned n, bool prepared)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += atomic_load(
			prepared ? &threads[i].engine.prepared : &threads[i].engine.done);
	return sum;
}

static bool all_ended(const struct thread *threads, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!atomic_load(&threads[i].ended))
			return false;
	return true;
}

static void watch(const struct hk_bench_options *o, const struct hk_bench_work *w,
	const struct thread *threads, uint64_t start_ns)
{
	struct hk_progress progress;

	hk_progress_begin(&progress, o->quiet, w->title, w->requests, w->duration_s);
	while (!all_ended(threads, o->threads)) {
		nanosleep(&(struct timespec){0, progress.shown ? PROGRESS_NS : PROGRESS_NS / 20},
			NULL);
		hk_progress_show(&progress, sum_done(threads, o->threads, false),
			(double)(hk_bench_now_ns() - start_ns) / 1e9);
	}
	hk_progress_end(&progress);
}

static void collect(struct thread *threads, unsigned n, struct hk_bench_outcome *outcome)
{
	struct hk_bench_stats *s = &outcome->stats;

	for (unsigned i = 0; i < n; i++) {
		hk_bench_stats_merge(s, &threads[i].engine.stats);
		if (!outcome->error)
			outcome->error = threads[i].engine.error;
		if (!outcome->failure[0])
			memcpy(outcome->failure, threads[i].engine.failure,
				sizeof outcome->failure);
	}
	if (s->last_ns > s->first_ns)
		outcome->seconds = (double)(s->last_ns - s->first_ns) / 1e9;
}

static void start_and_wait(const struct hk_bench_options *o, const struct hk_bench_work *w,
	struct thread *threads, struct hk_bench_outcome *outcome)
{
	pthread_barrier_t prepared, go;
	uint64_t start_ns = 0;

	pthread_barrier_init(&prepared, NULL, o->threads + 1);
	pthread_barrier_init(&go, NULL, o->threads + 1);
	for (unsigned i = 0; i < o->threads; i++) {
		threads[i].prepared = &prepared;
		threads[i].go = &go;
		threads[i].start_ns = &start_ns;
		if (pthread_create(&threads[i].id, NULL, work, &threads[i])) {
			/* The barriers wait for all. */
			fputs("hokey bench: no thread can be started\n", stderr);
			exit(1);
		}
	}
	pthread_barrier_wait(&prepared);
	outcome->watched = o->pid && hk_process_usage(o->pid, &outcome->before);
	start_ns = hk_bench_now_ns();
	pthread_barrier_wait(&go);
	watch(o, w, threads, start_ns);
	if (outcome->watched)
		outcome->watched = hk_process_usage(o->pid, &outcome->after);
	for (unsigned i = 0; i < o->threads; i++)
		pthread_join(threads[i].id, NULL);
	pthread_barrier_destroy(&prepared);
	pthread_barrier_destroy(&go);
}

bool hk_bench_work(const struct hk_bench_options *o, const struct hk_bench_work *w,
	struct hk_devices *devices, struct hk_tls_context *tls, const atomic_bool *stop,
	struct hk_bench_outcome *outcome)
{
	struct thread *threads = calloc(o->threads, sizeof *threads);
	bool good = threads != NULL;

	memset(outcome, 0, sizeof *outcome);
	for (unsigned i = 0; good && i < o->threads; i++) {
		threads[i].engine.tls = tls;
		threads[i].engine.stop = stop;
		good = set_up(&threads[i], o, w, devices, i);
	}
	if (good) {
		start_and_wait(o, w, threads, outcome);
		collect(threads, o->threads, outcome);
	} else {
		outcome->error = "no memory, or no socket towards the server";
	}
	for (unsigned i = 0; threads && i < o->threads; i++) {
		hk_reauth_free(threads[i].reauth);
		hk_login_free(threads[i].login);
		hk_bench_engine_close(&threads[i].engine);
	}
	free(threads);
	return outcome->error == NULL;
}
