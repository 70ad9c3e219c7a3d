/* SPDX-License-Identifier: ISC */
/* A progress bar on stderr, where that is a terminal. */
#ifndef HK_HOKEY_BENCH_PROGRESS_H
#define HK_HOKEY_BENCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct hk_progress {
	bool        shown;
	const char *title;
	uint64_t    total;        /* 0: it is the time that ends it */
	double      duration_s;
	double      last_s;
	uint64_t    last_done;
	double      rate;         /* smoothed */
};

void hk_progress_begin(struct hk_progress *p, bool quiet, const char *title, uint64_t total,
	double duration_s);
void hk_progress_show(struct hk_progress *p, uint64_t done, double elapsed_s);
/* Takes the bar away. */
void hk_progress_end(struct hk_progress *p);

#endif
