/* SPDX-License-Identifier: ISC */
/*
 * One load thread: its share of the devices and of the load, its source ports
 * and what it counts. Two kinds of work are done with it, logins (login.c)
 * and re-authentications (reauth.c); each prepares outside the measured time.
 */
#ifndef HK_HOKEY_BENCH_ENGINE_H
#define HK_HOKEY_BENCH_ENGINE_H

#include "hokey/bench/channel.h"
#include "hokey/bench/devices.h"
#include "hokey/bench/request.h"
#include "hokey/bench/stats.h"

#include <hokey/eap_tls.h>

#include <stdatomic.h>

/* A share of the load that one thread has to produce. */
struct hk_bench_share {
	uint64_t requests;        /* UINT64_MAX: until the time is over */
	uint64_t duration_ns;     /* 0: until the requests are done */
	uint32_t concurrency;     /* outstanding at a time; with a rate: the most */
	double   interval_ns;     /* open loop: from one request to the next; 0: closed loop */
	double   offset_ns;       /* of the first one: threads take turns */
};

struct hk_bench_engine {
	const struct hk_bench_options *options;
	struct hk_devices *devices;
	uint64_t first, ndevices; /* our part of them */
	struct hk_bench_share share;
	struct hk_tls_context *tls; /* logins */
	const atomic_bool *stop;
	_Atomic uint64_t prepared; /* for the progress bar */
	_Atomic uint64_t done;

	struct hk_bench_random random;
	struct hk_bench_stats  stats;
	struct hk_channel     *channels;
	unsigned nchannels;
	struct hk_channel_inbox *inbox;

	uint64_t start_ns;        /* when the measured time began */
	uint64_t begun;           /* requests so far */
	const char *error;        /* why the work could not go on, or NULL */
	char     failure[160];    /* logins: why the first one that failed did */
};

uint64_t hk_bench_now_ns(void);

bool hk_bench_engine_open(struct hk_bench_engine *e, unsigned nchannels);
void hk_bench_engine_close(struct hk_bench_engine *e);

/* When request number `begun` has to leave; 0 in a closed loop. */
uint64_t hk_bench_intended_ns(const struct hk_bench_engine *e);
/* True when there is nothing more to begin. */
bool hk_bench_engine_finished(const struct hk_bench_engine *e, uint64_t now_ns);
/* True when the next request may leave now, with so many outstanding. */
bool hk_bench_engine_may_begin(
	const struct hk_bench_engine *e, uint64_t outstanding, uint64_t now_ns);

/* Sleeps until a channel is readable, but not past the next request of an open loop. */
void hk_bench_engine_wait(const struct hk_bench_engine *e, uint64_t now_ns, bool more_to_begin);
/* Sends what is queued in all channels. */
void hk_bench_engine_flush(struct hk_bench_engine *e);

/* A request that began at begun_ns has ended in this way. */
void hk_bench_engine_end(
	struct hk_bench_engine *e, enum hk_bench_count how, uint64_t begun_ns, uint64_t now_ns);

/* ---- re-authentications: reauth.c ---- */

struct hk_reauth;                 /* opaque */

/* Builds requests ahead when that was asked for. False: no memory. */
bool hk_reauth_prepare(struct hk_bench_engine *e, struct hk_reauth **out);
void hk_reauth_run(struct hk_reauth *r);
void hk_reauth_free(struct hk_reauth *r);

/* ---- logins: login.c ---- */

struct hk_login;                  /* opaque */

/* resume: TLS sessions are resumed, where there is one to resume. */
bool hk_login_prepare(struct hk_bench_engine *e, bool resume, struct hk_login **out);
/* Uncounted full logins, so that every conversation has a session to resume. */
bool hk_login_warm_up(struct hk_login *l);
void hk_login_run(struct hk_login *l);
void hk_login_free(struct hk_login *l);

#endif
