/* SPDX-License-Identifier: ISC */
#include "hokey/bench/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WIDTH 30

void hk_progress_begin(
	struct hk_progress *p, bool quiet, const char *title, uint64_t total, double duration_s)
{
	*p = (struct hk_progress){
		.shown = !quiet && isatty(STDERR_FILENO),
		.title = title,
		.total = total,
		.duration_s = duration_s,
	};
}

static double share_done(const struct hk_progress *p, uint64_t done, double elapsed_s)
{
	double by_count = p->total ? (double)done / (double)p->total : 0;
	double by_time = p->duration_s > 0 ? elapsed_s / p->duration_s : 0;
	double share = by_count > by_time ? by_count : by_time;

	return share > 1 ? 1 : share;
}

void hk_progress_show(struct hk_progress *p, uint64_t done, double elapsed_s)
{
	static const char full[] = "##############################",
			  none[] = "------------------------------";
	double share, passed = elapsed_s - p->last_s;
	int filled;

	if (!p->shown)
		return;
	if (passed > 0) {
		double now = (double)(done - p->last_done) / passed;

		p->rate = p->last_done ? 0.7 * p->rate + 0.3 * now : now;
		p->last_s = elapsed_s;
		p->last_done = done;
	}
	share = share_done(p, done, elapsed_s);
	filled = (int)(share * WIDTH);
	fprintf(stderr, "\r%-18s [%.*s%.*s] %3d %%  %llu  %.0f/s  %.0f s \033[K", p->title, filled,
		full, WIDTH - filled, none, (int)(share * 100), (unsigned long long)done, p->rate,
		elapsed_s);
	fflush(stderr);
}

void hk_progress_end(struct hk_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
}
