/* SPDX-License-Identifier: ISC */
/* One measured piece of work: threads, their start and end, what came out. */
#ifndef HK_HOKEY_BENCH_RUN_H
#define HK_HOKEY_BENCH_RUN_H

#include "hokey/bench/engine.h"
#include "hokey/bench/process.h"

#include <signal.h>

struct hk_bench_work {
	enum hk_bench_mode mode;
	const char *title;        /* for the progress bar */
	uint64_t requests;        /* 0: until the time is over */
	double   duration_s;
	double   rate;
	uint32_t concurrency;
	bool     resume;          /* logins: by resumption where there is a session */
};

struct hk_bench_outcome {
	struct hk_bench_stats stats;
	double   seconds;         /* from the first request to the last answer */
	bool     watched;         /* before and after are filled in */
	struct hk_process_usage before, after;
	const char *error;        /* why it could not be done, or NULL */
	char     failure[160];    /* why a login failed, or empty */
};

/*
 * Does one piece of work with all devices. False with outcome->error when it
 * could not be done as a whole. *stop ends it early.
 */
bool hk_bench_work(const struct hk_bench_options *o, const struct hk_bench_work *work,
	struct hk_devices *devices, struct hk_tls_context *tls, const atomic_bool *stop,
	struct hk_bench_outcome *outcome);

#endif
