/* SPDX-License-Identifier: ISC */
/* A benchmark as a picture: latency by percentile, throughput over time. */
#ifndef HK_HOKEY_BENCH_PLOT_H
#define HK_HOKEY_BENCH_PLOT_H

#include "hokey/bench/report.h"

/* Writes an SVG document. */
void hk_bench_plot(const struct hk_bench_report *r, FILE *out);

#endif
