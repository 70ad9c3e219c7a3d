/* SPDX-License-Identifier: ISC */
#include "hokey/bench/report.h"

#include <jansson.h>

#include <inttypes.h>

double hk_bench_throughput(const struct hk_bench_outcome *o)
{
	return o->seconds > 0 ? (double)o->stats.count[HK_BENCH_ACCEPTED] / o->seconds : 0;
}

double hk_bench_cpu_us(const struct hk_bench_outcome *o)
{
	uint64_t answered = hk_bench_answered(&o->stats);

	if (!o->watched || !answered)
		return 0;
	return (o->after.cpu_s - o->before.cpu_s) * 1e6 / (double)answered;
}

static double cpu_share(const struct hk_bench_outcome *o)
{
	return o->seconds > 0 ? (o->after.cpu_s - o->before.cpu_s) / o->seconds : 0;
}

/* Octets of heap that each login left at the server. */
static double octets_per_set(const struct hk_bench_outcome *logins)
{
	uint64_t sets = logins->stats.count[HK_BENCH_ACCEPTED];

	if (!logins->watched || !sets)
		return 0;
	return ((double)logins->after.anonymous - (double)logins->before.anonymous) / (double)sets;
}

/* ---- text ---- */

/* "1,234,567" */
static const char *grouped(uint64_t n, char text[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = 0;
	return text;
}

static const char *milliseconds(uint64_t ns, char text[32])
{
	double ms = (double)ns / 1e6;

	snprintf(text, 32, ms < 10 ? "%.3f ms" : ms < 1000 ? "%.1f ms" : "%.0f ms", ms);
	return text;
}

static const char *octets(uint64_t n, char text[32])
{
	if (n < 10u << 20)
		snprintf(text, 32, "%.0f KiB", (double)n / 1024);
	else
		snprintf(text, 32, "%.1f MiB", (double)n / 1048576);
	return text;
}

static void print_kind(FILE *out, const char *what, uint64_t n, bool always)
{
	char text[32];

	if (n || always)
		fprintf(out, ", %s %s", grouped(n, text), what);
}

static void print_answers(FILE *out, const struct hk_bench_stats *s, bool logins)
{
	const uint64_t *c = s->count;
	char text[32];

	fprintf(out, "  answers     %s accepted", grouped(c[HK_BENCH_ACCEPTED], text));
	print_kind(out, "rejected", hk_bench_rejected(s), true);
	print_kind(out, "of them with EAP-Finish", c[HK_BENCH_REJECTED_FINISH], false);
	print_kind(out, "of them with EAP-Failure", c[HK_BENCH_REJECTED_FAILURE], false);
	if (!logins)
		print_kind(out, "sent to full EAP", c[HK_BENCH_CHALLENGED], false);
	print_kind(out, "failed on our side", c[HK_BENCH_FAILED], false);
	print_kind(out, "lost", c[HK_BENCH_LOST], true);
	print_kind(out, "malformed", c[HK_BENCH_MALFORMED], false);
	print_kind(out, "late or twice", c[HK_BENCH_UNEXPECTED], false);
	print_kind(out, "times nobody listened", c[HK_BENCH_REFUSED], false);
	print_kind(out, "retransmissions", c[HK_BENCH_RETRANSMITTED], false);
	fprintf(out, "\n  checked     %s in full", grouped(c[HK_BENCH_CHECKED], text));
	fprintf(out, ", %s wrong\n", grouped(c[HK_BENCH_WRONG], text));
	if (logins && c[HK_BENCH_ACCEPTED])
		fprintf(out, "  logins      %.1f round trips each, %s resumed\n",
			(double)c[HK_BENCH_ROUNDS] / (double)c[HK_BENCH_ACCEPTED],
			grouped(c[HK_BENCH_RESUMED], text));
}

static void print_latency(FILE *out, const struct hk_histogram *h)
{
	static const struct {
		const char *name;
		double share;
	} rows[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}};
	char text[32];

	fprintf(out, "  latency    ");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		fprintf(out, " %s %s%s", rows[i].name,
			milliseconds(hk_histogram_at(h, rows[i].share), text),
			i + 1 < sizeof rows / sizeof *rows ? "," : "\n");
}

/* What the server waited for a processor that others had. */
static double waited_ms(const struct hk_bench_outcome *o)
{
	return (o->after.waited_s - o->before.waited_s) * 1e3;
}

static void print_server(FILE *out, const struct hk_bench_outcome *o, const char *each)
{
	double user_s = o->after.user_s - o->before.user_s;
	double system_s = o->after.system_s - o->before.system_s;
	char text[32];

	if (!o->watched)
		return;
	fprintf(out, "  server CPU  %.2f us per %s, %.0f %% of a core", hk_bench_cpu_us(o), each,
		100 * cpu_share(o));
	if (user_s + system_s > 0.2) /* else it is too few clock ticks */
		fprintf(out, ", %.0f %% of that in the kernel",
			100 * system_s / (user_s + system_s));
	fprintf(out, "\n  waiting     %.1f ms for a processor that others had, the load %.1f ms",
		waited_ms(o), (double)o->stats.waited_ns / 1e6);
	fprintf(out, "\n  memory      %s", octets(o->after.anonymous, text));
	fprintf(out, " of its own, %s in all\n", octets(o->after.resident, text));
}

static void print_outcome(
	FILE *out, const struct hk_bench_outcome *o, bool logins, const char *each)
{
	char text[32];

	fprintf(out, "  requests    %s in %.2f s: ", grouped(o->stats.count[HK_BENCH_SENT], text),
		o->seconds);
	fprintf(out, "%s accepted a second\n",
		grouped((uint64_t)(hk_bench_throughput(o) + 0.5), text));
	print_answers(out, &o->stats, logins);
	if (o->failure[0])
		fprintf(out, "  a failure   %s\n", o->failure);
	print_latency(out, &o->stats.latency);
	print_server(out, o, each);
}

void hk_bench_print_text(const struct hk_bench_report *r, FILE *out)
{
	static const char *const each[] = {"re-authentication", "login", "resumed login"};
	static const char *const title[] = {"Re-authentications", "Full logins", "Resumed logins"};
	const struct hk_bench_options *o = r->options;
	char devices[32], load[64];

	if (o->rate > 0)
		snprintf(load, sizeof load, "%.0f a second", o->rate);
	else
		snprintf(load, sizeof load, "%u at a time", o->concurrency);
	if (r->has_logins) {
		fprintf(out, "Logins before, %u at a time:\n", o->login_concurrency);
		print_outcome(out, &r->logins, true, "login");
		if (r->logins.watched)
			fprintf(out, "  key sets    %.0f octets of memory each\n",
				octets_per_set(&r->logins));
		fputc('\n', out);
	}
	fprintf(out, "%s at %s, %s devices, %s:\n", title[o->mode], o->server_text,
		grouped(r->devices, devices), load);
	print_outcome(out, &r->load, o->mode != HK_BENCH_ERP, each[o->mode]);
}

/* ---- JSON ---- */

static json_t *json_latency(const struct hk_histogram *h)
{
	return json_pack("{s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "min", (double)h->min_ns / 1e6,
		"mean", hk_histogram_mean_ns(h) / 1e6, "p50", (double)hk_histogram_at(h, 0.5) / 1e6,
		"p90", (double)hk_histogram_at(h, 0.9) / 1e6, "p99",
		(double)hk_histogram_at(h, 0.99) / 1e6, "p99_9",
		(double)hk_histogram_at(h, 0.999) / 1e6, "p99_99",
		(double)hk_histogram_at(h, 0.9999) / 1e6, "max", (double)h->max_ns / 1e6);
}

static json_t *json_counts(const struct hk_bench_stats *s)
{
	json_t *o = json_object();

	for (int i = 0; i < HK_BENCH_COUNTS; i++)
		json_object_set_new(o, hk_bench_count_name((enum hk_bench_count)i),
			json_integer((json_int_t)s->count[i]));
	return o;
}

static json_t *json_server(const struct hk_bench_outcome *o)
{
	if (!o->watched)
		return json_null();
	return json_pack("{s:f,s:f,s:f,s:f,s:f,s:I,s:I,s:I,s:I}", "cpu_us_per_request",
		hk_bench_cpu_us(o), "cpu_share", cpu_share(o), "user_s",
		o->after.user_s - o->before.user_s, "system_s",
		o->after.system_s - o->before.system_s, "waited_ms", waited_ms(o),
		"anonymous_before", (json_int_t)o->before.anonymous, "anonymous_after",
		(json_int_t)o->after.anonymous, "resident_before", (json_int_t)o->before.resident,
		"resident_after", (json_int_t)o->after.resident);
}

static json_t *json_outcome(const struct hk_bench_outcome *o)
{
	return json_pack("{s:f,s:f,s:f,s:s,s:o,s:o,s:o}", "seconds", o->seconds, "waited_ms",
		(double)o->stats.waited_ns / 1e6, "accepted_per_s", hk_bench_throughput(o),
		"failure", o->failure, "count", json_counts(&o->stats), "latency_ms",
		json_latency(&o->stats.latency), "server", json_server(o));
}

void hk_bench_print_json(const struct hk_bench_report *r, FILE *out)
{
	const struct hk_bench_options *o = r->options;
	json_t *root = json_pack("{s:s,s:s,s:I,s:i,s:f,s:i,s:o}", "mode",
		hk_bench_mode_name(o->mode), "server", o->server_text, "devices",
		(json_int_t)r->devices, "concurrency", (int)o->concurrency, "rate", o->rate,
		"threads", (int)o->threads, "load", json_outcome(&r->load));

	if (r->has_logins) {
		json_object_set_new(root, "logins", json_outcome(&r->logins));
		if (r->logins.watched)
			json_object_set_new(root, "memory_octets_per_set",
				json_real(octets_per_set(&r->logins)));
	}
	json_dumpf(root, out, JSON_COMPACT | JSON_REAL_PRECISION(10));
	fputc('\n', out);
	json_decref(root);
}
