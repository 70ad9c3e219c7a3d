/* SPDX-License-Identifier: ISC */
#include "hokey/bench/plot.h"

#include <math.h>

#define WIDTH  920
#define HEIGHT 760
#define LEFT   90
#define RIGHT  24
#define PANEL  270 /* height of one diagram */
#define POINTS 240

/* One diagram: a rectangle of the picture and what its edges stand for. */
struct panel {
	FILE *out;
	double top;
	double x_min, x_max;
	double y_min, y_max;
	bool y_log;
};

static double x_at(const struct panel *p, double x)
{
	return LEFT + (x - p->x_min) / (p->x_max - p->x_min) * (WIDTH - LEFT - RIGHT);
}

static double y_at(const struct panel *p, double y)
{
	double share = p->y_log ? (log10(y) - log10(p->y_min)) / (log10(p->y_max) - log10(p->y_min))
				: (y - p->y_min) / (p->y_max - p->y_min);

	return p->top + PANEL - share * PANEL;
}

static void text(FILE *out, double x, double y, const char *class, const char *what)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	for (; *what; what++) {
		if (*what == '<')
			fputs("&lt;", out);
		else if (*what == '&')
			fputs("&amp;", out);
		else
			fputc(*what, out);
	}
	fputs("</text>\n", out);
}

static void frame(
	const struct panel *p, const char *title, const char *x_title, const char *y_title)
{
	double middle = p->top + PANEL / 2.0;

	fprintf(p->out, "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\" class=\"frame\"/>\n",
		LEFT, p->top, WIDTH - LEFT - RIGHT, PANEL);
	text(p->out, LEFT, p->top - 10, "title", title);
	text(p->out, LEFT + (WIDTH - LEFT - RIGHT) / 2.0, p->top + PANEL + 38, "axis", x_title);
	fprintf(p->out,
		"<text x=\"22\" y=\"%.1f\" class=\"axis\" transform=\"rotate(-90 22 "
		"%.1f)\">%s</text>\n",
		middle, middle, y_title);
}

static void x_tick(const struct panel *p, double x, const char *label)
{
	fprintf(p->out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n",
		x_at(p, x), p->top, x_at(p, x), p->top + PANEL);
	text(p->out, x_at(p, x), p->top + PANEL + 17, "tick middle", label);
}

static void y_tick(const struct panel *p, double y, const char *label)
{
	fprintf(p->out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" class=\"grid\"/>\n",
		LEFT, y_at(p, y), WIDTH - RIGHT, y_at(p, y));
	text(p->out, LEFT - 8, y_at(p, y) + 4, "tick end", label);
}

/* One line of a legend; its middle is at (x, y). */
static void legend(const struct panel *p, double x, double y, const char *class, const char *what)
{
	fprintf(p->out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x,
		y, x + 30, y, class);
	text(p->out, x + 38, y + 4, "tick", what);
}

/* The smallest of 1, 2 or 5 times a power of ten that is at least x. */
static double round_up(double x)
{
	double power = pow(10, floor(log10(x)));

	for (double m = 1; m < 10; m = m < 2 ? 2 : m < 5 ? 5 : 10)
		if (m * power >= x * 0.999999)
			return m * power;
	return 10 * power;
}

/* ---- latency ---- */

/* Each step to the right is a tenth of the answers left: 0, 90, 99, 99.9 % ... */
static double nines(double share)
{
	return -log10(1 - share);
}

static void latency_ticks(const struct panel *p)
{
	static const struct {
		double share;
		const char *label;
	} marks[] = {{0, "0 %"}, {0.5, "50 %"}, {0.9, "90 %"}, {0.99, "99 %"}, {0.999, "99.9 %"},
		{0.9999, "99.99 %"}, {0.99999, "99.999 %"}, {0.999999, "99.9999 %"}};
	char label[32];

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (nines(marks[i].share) <= p->x_max * 1.0001)
			x_tick(p, nines(marks[i].share), marks[i].label);
	for (double y = p->y_min; y <= p->y_max * 1.0001; y = round_up(y * 1.01)) {
		snprintf(label, sizeof label, y < 1 ? "%.3g" : "%.0f", y);
		y_tick(p, y, label);
	}
}

static void mark(
	const struct panel *p, const struct hk_histogram *h, double share, const char *name)
{
	double ms = (double)hk_histogram_at(h, share) / 1e6;
	char label[64];

	if (nines(share) > p->x_max || ms < p->y_min)
		return;
	fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" class=\"dot\"/>\n",
		x_at(p, nines(share)), y_at(p, ms));
	snprintf(label, sizeof label, "%s %.3g ms", name, ms);
	if (nines(share) > 0.85 * p->x_max)
		text(p->out, x_at(p, nines(share)) - 8, y_at(p, ms) - 8, "tick end strong", label);
	else /* the curve rises: below and right of it there is room */
		text(p->out, x_at(p, nines(share)) + 8, y_at(p, ms) + 16, "tick strong", label);
}

static void plot_latency(FILE *out, double top, const struct hk_histogram *h)
{
	struct panel p = {.out = out, .top = top, .y_log = true};
	double lowest = (double)hk_histogram_at(h, 0) / 1e6, highest = (double)h->max_ns / 1e6;

	p.x_max = fmax(1, nines(1 - 1 / (double)(h->count ? h->count : 1)));
	p.y_min = round_up(fmax(lowest, 1e-3)) / 2;
	while (p.y_min > lowest && p.y_min > 1e-3)
		p.y_min = round_up(p.y_min / 2.6);
	p.y_max = round_up(fmax(highest * 1.3, p.y_min * 2));
	frame(&p, "Latency by percentile", "share of answers that came within", "latency, ms");
	latency_ticks(&p);
	fputs("<polyline class=\"line latency\" points=\"", out);
	for (int i = 0; i <= POINTS; i++) {
		double x = p.x_max * i / POINTS;
		double ms = (double)hk_histogram_at(h, 1 - pow(10, -x)) / 1e6;

		fprintf(out, "%.1f,%.1f ", x_at(&p, x), y_at(&p, fmax(ms, p.y_min)));
	}
	fputs("\"/>\n", out);
	mark(&p, h, 0.5, "p50");
	mark(&p, h, 0.99, "p99");
	mark(&p, h, 0.999, "p99.9");
	legend(&p, WIDTH - RIGHT - 350, top + PANEL - 18, "line latency",
		"from the moment a request had to leave to its answer");
}

/* ---- throughput ---- */

static double answers_in(const struct hk_series *s, size_t from, size_t n)
{
	double sum = 0;

	for (size_t i = from; i < from + n && i < s->len; i++)
		sum += s->steps[i];
	return sum;
}

static void time_ticks(const struct panel *p)
{
	double step = round_up(p->x_max / 10);
	char label[32];

	for (double x = 0; x <= p->x_max * 1.0001; x += step) {
		snprintf(label, sizeof label, "%.4g", x);
		x_tick(p, x, label);
	}
}

static void rate_ticks(const struct panel *p)
{
	double step = round_up(p->y_max / 6);
	char label[32];

	for (double y = 0; y <= p->y_max * 1.0001; y += step) {
		if (y >= 10000)
			snprintf(label, sizeof label, "%.4gk", y / 1000);
		else
			snprintf(label, sizeof label, "%.4g", y);
		y_tick(p, y, label);
	}
}

static void plot_throughput(FILE *out, double top, const struct hk_bench_report *r)
{
	const struct hk_series *s = &r->load.stats.answers;
	size_t width = s->len / POINTS + 1;
	double step_s = HK_SERIES_STEP_NS / 1e9, mean = hk_bench_throughput(&r->load), most = mean;
	struct panel p = {.out = out, .top = top};
	char label[96];

	for (size_t i = 0; i < s->len; i += width)
		most = fmax(most, answers_in(s, i, width) / (step_s * (double)width));
	p.x_max = fmax(r->load.seconds, step_s);
	p.y_max = round_up(fmax(fmax(most, r->options->rate) * 1.25, 1));
	frame(&p, "Throughput over time", "time, s", "answers a second");
	time_ticks(&p);
	rate_ticks(&p);
	fputs("<polyline class=\"line rate\" points=\"", out);
	/* the last bucket is not a whole one */
	for (size_t i = 0; i < s->len && (i + width <= s->len || i == 0); i += width) {
		double middle = ((double)i + (double)width / 2) * step_s;

		fprintf(out, "%.1f,%.1f ", x_at(&p, fmin(middle, p.x_max)),
			y_at(&p, answers_in(s, i, width) / (step_s * (double)width)));
	}
	fputs("\"/>\n", out);
	fprintf(out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" class=\"line mean\"/>\n",
		LEFT, y_at(&p, mean), WIDTH - RIGHT, y_at(&p, mean));
	snprintf(
		label, sizeof label, "answers, in steps of %.0f ms", step_s * (double)width * 1000);
	legend(&p, LEFT + 14, top + 16, "line rate", label);
	snprintf(label, sizeof label, "accepted on average: %.0f a second", mean);
	legend(&p, LEFT + 14, top + 34, "line mean", label);
}

/* ---- */

static void head(const struct hk_bench_report *r, FILE *out)
{
	static const char *const what[] = {"re-authentications", "full logins", "resumed logins"};
	const struct hk_bench_options *o = r->options;
	const struct hk_bench_stats *s = &r->load.stats;
	char line[256], load[64];

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" font-family=\"sans-serif\">\n"
		"<style>.frame{fill:none;stroke:#555}.grid{stroke:#ddd}.line{fill:none;stroke-"
		"width:2}"
		".latency{stroke:#1f6fb4}.rate{stroke:#2a8a4a}"
		".mean{stroke:#b45f1f;stroke-dasharray:6 4}.dot{fill:#1f6fb4}"
		"text{fill:#222}.head{font-size:18px;font-weight:bold}.sub{font-size:13px}"
		".title{font-size:14px;font-weight:bold}.axis{font-size:12px;text-anchor:middle}"
		".tick{font-size:11px}.middle{text-anchor:middle}.end{text-anchor:end}"
		".strong{font-weight:bold}</style>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
	if (o->rate > 0)
		snprintf(load, sizeof load, "%.0f a second", o->rate);
	else
		snprintf(load, sizeof load, "%u at a time", o->concurrency);
	snprintf(line, sizeof line, "hokey bench: %s at %s", what[o->mode], o->server_text);
	text(out, LEFT, 30, "head", line);
	snprintf(line, sizeof line, "%llu devices, %s; %llu accepted, %llu rejected, %llu lost",
		(unsigned long long)r->devices, load,
		(unsigned long long)s->count[HK_BENCH_ACCEPTED],
		(unsigned long long)hk_bench_rejected(s),
		(unsigned long long)s->count[HK_BENCH_LOST]);
	text(out, LEFT, 50, "sub", line);
}

void hk_bench_plot(const struct hk_bench_report *r, FILE *out)
{
	head(r, out);
	plot_latency(out, 90, &r->load.stats.latency);
	plot_throughput(out, 440, r);
	fputs("</svg>\n", out);
}
