/* SPDX-License-Identifier: ISC */
/* hokey bench: puts load on a RADIUS server that does ERP. */
#include "hokey/command.h"

#include "hokey/bench/plot.h"
#include "hokey/now.h"
#include "hokeyd/files.h"

#include <errno.h>
#include <stdio.h>

static atomic_bool stopping;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&stopping, true);
}

/* The first signal ends the run and prints what there is, the second ends it at once. */
static void catch_signals(void)
{
	struct sigaction action = {
		.sa_handler = on_signal, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* ---- TLS ---- */

static bool read_pem(const char *path, struct hk_file *file)
{
	enum hk_err err = hk_file_read(path, file);

	if (err)
		complain("hokey bench", "%s: %s", path, hk_file_strerror(err));
	return err == HK_OK;
}

static struct hk_tls_context *open_tls(const struct hk_bench_options *o)
{
	struct hk_file ca = {0}, certificate = {0}, key = {0};
	struct hk_tls_context *tls = NULL;
	struct hk_tls_error error;

	if (read_pem(o->ca, &ca) && read_pem(o->certificate, &certificate) &&
		read_pem(o->key, &key)) {
		bool old = o->max_tls && strcmp(o->max_tls, "1.2") == 0;
		const struct hk_tls_config config = {
			.credentials = {.ca = hk_bytes(ca.data, ca.len),
				.certificate = hk_bytes(certificate.data, certificate.len),
				.key = hk_bytes(key.data, key.len)},
			.min_version = HK_TLS_1_2,
			.max_version = old ? HK_TLS_1_2 : HK_TLS_1_3,
			.require_ems = true,
			.ticket_lifetime_s = 86400,
		};

		if (hk_tls_context_new(false, &config, now_ms(), &tls, &error))
			complain("hokey bench", "%s", error.text);
	}
	hk_file_free(&ca);
	hk_file_free(&certificate);
	hk_file_free(&key);
	return tls;
}

/* ---- devices ---- */

static bool get_devices(struct hk_bench_options *o, struct hk_devices *devices)
{
	const char *error, *path = o->load ? o->load : o->save;
	bool good;

	good = o->load ? hk_devices_load(devices, o->load, &error)
		       : hk_devices_create(devices, o->devices, hk_nai_realm(hk_text(o->identity)),
				 o->save, &error);
	if (!good) {
		complain("hokey bench", "%s: %s", path ? path : "devices", error);
		return false;
	}
	if (o->threads > devices->count)
		o->threads = (unsigned)devices->count;
	if (!o->requests && o->duration_s <= 0)
		o->requests = o->mode == HK_BENCH_ERP ? 10 * devices->count : devices->count;
	return true;
}

static bool log_in(const struct hk_bench_options *o, struct hk_devices *devices,
	struct hk_tls_context *tls, struct hk_bench_report *report)
{
	const struct hk_bench_work logins = {
		.mode = HK_BENCH_FULL,
		.title = "logging in",
		.requests = devices->count,
		.rate = o->login_rate,
		.concurrency = o->login_concurrency,
		.resume = o->resume_logins,
	};

	report->has_logins = true;
	if (!hk_bench_work(o, &logins, devices, tls, &stopping, &report->logins)) {
		complain("hokey bench", "%s", report->logins.error);
		return false;
	}
	if (report->logins.stats.count[HK_BENCH_ACCEPTED] == 0) {
		complain("hokey bench", "no device could log in");
		return false;
	}
	return !atomic_load(&stopping);
}

static void put_load(const struct hk_bench_options *o, struct hk_devices *devices,
	struct hk_tls_context *tls, struct hk_bench_report *report)
{
	const struct hk_bench_work load = {
		.mode = o->mode,
		.title = o->mode == HK_BENCH_ERP ? "re-authenticating" : "logging in",
		.requests = o->requests,
		.duration_s = o->duration_s,
		.rate = o->rate,
		.concurrency = o->concurrency,
		.resume = o->mode == HK_BENCH_RESUME,
	};

	if (!hk_bench_work(o, &load, devices, tls, &stopping, &report->load))
		complain("hokey bench", "%s", report->load.error);
}

/* ---- what came out ---- */

static bool draw(const struct hk_bench_report *report)
{
	const char *path = report->options->plot;
	FILE *f = fopen(path, "we");
	bool good = f != NULL;

	if (f) {
		hk_bench_plot(report, f);
		good = fclose(f) == 0;
	}
	if (!good)
		complain("hokey bench", "%s: %s", path, strerror(errno));
	return good;
}

/* Measured values are fine or not as the reader sees it; wrong answers never are. */
static bool went_well(const struct hk_bench_report *r)
{
	const uint64_t *load = r->load.stats.count, *logins = r->logins.stats.count;

	return !r->load.error && load[HK_BENCH_ACCEPTED] && !load[HK_BENCH_WRONG] &&
	       !load[HK_BENCH_FAILED] && !logins[HK_BENCH_WRONG];
}

static int show(const struct hk_bench_report *report)
{
	const struct hk_bench_options *o = report->options;
	bool good = went_well(report);

	if (o->json)
		hk_bench_print_json(report, stdout);
	else
		hk_bench_print_text(report, stdout);
	if (o->plot)
		good = draw(report) && good;
	return good ? HK_EXIT_OK : HK_EXIT_FAILED;
}

static int bench(struct hk_bench_options *o, struct hk_devices *devices, struct hk_tls_context *tls)
{
	static struct hk_bench_report report;
	int status = HK_EXIT_FAILED;

	report = (struct hk_bench_report){.options = o, .devices = devices->count};
	catch_signals();
	if (o->mode != HK_BENCH_ERP || o->load || log_in(o, devices, tls, &report)) {
		put_load(o, devices, tls, &report);
		status = show(&report);
	}
	hk_bench_stats_free(&report.logins.stats);
	hk_bench_stats_free(&report.load.stats);
	return status;
}

int bench_main(int argc, char **argv)
{
	struct hk_bench_options options;
	struct hk_devices devices;
	struct hk_tls_context *tls = NULL;
	int status = hk_bench_options_parse(argc, argv, &options);

	if (status >= 0)
		return status;
	if (!options.load && !(tls = open_tls(&options)))
		return HK_EXIT_USAGE;
	if (!get_devices(&options, &devices)) {
		hk_tls_context_free(tls);
		return HK_EXIT_USAGE;
	}
	status = bench(&options, &devices, tls);
	hk_devices_close(&devices);
	hk_tls_context_free(tls);
	return status;
}
