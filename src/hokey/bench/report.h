/* SPDX-License-Identifier: ISC */
/* What a benchmark showed, as text and as JSON. */
#ifndef HK_HOKEY_BENCH_REPORT_H
#define HK_HOKEY_BENCH_REPORT_H

#include "hokey/bench/run.h"

struct hk_bench_report {
	const struct hk_bench_options *options;
	uint64_t devices;
	bool has_logins;          /* devices were logged in before the load */
	struct hk_bench_outcome logins;
	struct hk_bench_outcome load;
};

void hk_bench_print_text(const struct hk_bench_report *r, FILE *out);
/* One object on one line. */
void hk_bench_print_json(const struct hk_bench_report *r, FILE *out);

/* Server CPU per answer in microseconds; 0 when it was not watched. */
double hk_bench_cpu_us(const struct hk_bench_outcome *o);
/* Accepted requests per second. */
double hk_bench_throughput(const struct hk_bench_outcome *o);

#endif
