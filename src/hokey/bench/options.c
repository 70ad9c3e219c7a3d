/* SPDX-License-Identifier: ISC */
#include "hokey/bench/options.h"

#include "hokey/command.h"
#include "hokey/server_options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#define DEVICES_MAX     1000000000u
#define CONCURRENCY_MAX 262144u
#define SOCKETS_MAX     1024u

static const char help[] =
	"Usage: hokey bench --server HOST[:PORT] --secret-file FILE [OPTION]...\n\n"
	"Puts load on a RADIUS server that does ERP (RFC 6696): logs devices in with\n"
	"EAP-TLS, re-authenticates them, checks the answers and tells how it went.\n\n"
	"What to do:\n"
	"  --mode erp|full|resumed  re-authentications, full logins, resumed logins (erp)\n"
	"  --devices N              devices; each is logged in once before (1000)\n"
	"  --requests N             end after so many (erp: 10 for each device)\n"
	"  --duration S             end after so many seconds\n"
	"  --concurrency N          outstanding at a time (erp: 64, logins: 32)\n"
	"  --rate N                 so many a second, whatever the server does\n"
	"  --nas-count N            access points that devices move between (2)\n"
	"  --timeout S              no answer after this is a loss (2)\n\n"
	"The server and the devices' credentials:\n"
	"  --server HOST[:PORT]     RADIUS server (port 1812)\n"
	"  --secret-file FILE       its shared secret\n"
	"  --secret TEXT            the same, for throw-away tests: others see it\n"
	"  --identity NAI           name@realm; %d in it is the number of the device\n"
	"  --ca, --cert, --key FILE PEM: who signs the server's certificate; one\n"
	"                           certificate with key for all devices\n"
	"  --tls-max 1.2|1.3        (1.3)\n\n"
	"Key sets, so that devices need not log in again:\n"
	"  --save FILE              keep them here (holds keys; mode 0600)\n"
	"  --load FILE              use those of FILE, and count on in it\n"
	"  --login-concurrency N    logins at a time (32)\n"
	"  --login-rate N           logins a second, for servers that take no more\n"
	"  --resume-logins          log in by TLS resumption after the first ones\n\n"
	"How to measure:\n"
	"  --sample N               check every Nth answer in full; 0: none (100)\n"
	"  --check-all              and the Response Authenticator of every answer\n"
	"  --prebuild               build all requests before the clock starts\n"
	"  --threads N              load threads (1)\n"
	"  --sockets N              source ports of each thread (as many as it needs)\n"
	"  --pid PID                the server's: tells its CPU time and memory\n\n"
	"Output:\n"
	"  --json                   one JSON object in place of text\n"
	"  --plot FILE              latency and throughput as a picture (SVG)\n"
	"  --quiet                  no progress bar\n"
	"  --help                   this text\n";

enum option_number {
	OPTION_CA = 256,
	OPTION_CERT,
	OPTION_CHECK_ALL,
	OPTION_CONCURRENCY,
	OPTION_DEVICES,
	OPTION_DURATION,
	OPTION_HELP,
	OPTION_IDENTITY,
	OPTION_JSON,
	OPTION_KEY,
	OPTION_LOAD,
	OPTION_LOGIN_CONCURRENCY,
	OPTION_LOGIN_RATE,
	OPTION_MODE,
	OPTION_NAS_COUNT,
	OPTION_PID,
	OPTION_PLOT,
	OPTION_PREBUILD,
	OPTION_QUIET,
	OPTION_RATE,
	OPTION_REQUESTS,
	OPTION_RESUME_LOGINS,
	OPTION_SAMPLE,
	OPTION_SAVE,
	OPTION_SECRET,
	OPTION_SECRET_FILE,
	OPTION_SERVER,
	OPTION_SOCKETS,
	OPTION_THREADS,
	OPTION_TIMEOUT,
	OPTION_TLS_MAX,
};

static const struct option long_options[] = {
	{"ca", required_argument, NULL, OPTION_CA},
	{"cert", required_argument, NULL, OPTION_CERT},
	{"check-all", no_argument, NULL, OPTION_CHECK_ALL},
	{"concurrency", required_argument, NULL, OPTION_CONCURRENCY},
	{"devices", required_argument, NULL, OPTION_DEVICES},
	{"duration", required_argument, NULL, OPTION_DURATION},
	{"help", no_argument, NULL, OPTION_HELP},
	{"identity", required_argument, NULL, OPTION_IDENTITY},
	{"json", no_argument, NULL, OPTION_JSON},
	{"key", required_argument, NULL, OPTION_KEY},
	{"load", required_argument, NULL, OPTION_LOAD},
	{"login-concurrency", required_argument, NULL, OPTION_LOGIN_CONCURRENCY},
	{"login-rate", required_argument, NULL, OPTION_LOGIN_RATE},
	{"mode", required_argument, NULL, OPTION_MODE},
	{"nas-count", required_argument, NULL, OPTION_NAS_COUNT},
	{"pid", required_argument, NULL, OPTION_PID},
	{"plot", required_argument, NULL, OPTION_PLOT},
	{"prebuild", no_argument, NULL, OPTION_PREBUILD},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"rate", required_argument, NULL, OPTION_RATE},
	{"requests", required_argument, NULL, OPTION_REQUESTS},
	{"resume-logins", no_argument, NULL, OPTION_RESUME_LOGINS},
	{"sample", required_argument, NULL, OPTION_SAMPLE},
	{"save", required_argument, NULL, OPTION_SAVE},
	{"secret", required_argument, NULL, OPTION_SECRET},
	{"secret-file", required_argument, NULL, OPTION_SECRET_FILE},
	{"server", required_argument, NULL, OPTION_SERVER},
	{"sockets", required_argument, NULL, OPTION_SOCKETS},
	{"threads", required_argument, NULL, OPTION_THREADS},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"tls-max", required_argument, NULL, OPTION_TLS_MAX},
	{NULL, 0, NULL, 0},
};

const char *hk_bench_mode_name(enum hk_bench_mode mode)
{
	static const char *const names[] = {"erp", "full", "resumed"};

	return names[mode];
}

/* ---- values ---- */

/* "1000", "10k", "1M". */
static bool get_count(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t unit;
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || errno)
		return false;
	unit = *end == 'k' ? 1000 : *end == 'M' ? 1000000 : 1;
	if (end[unit > 1] || *out > UINT64_MAX / unit)
		return false;
	*out *= unit;
	return *out >= min && *out <= max;
}

static bool get_u32(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n;

	if (!get_count(text, min, max, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool get_real(const char *text, double max, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	return end != text && !*end && !errno && isfinite(*out) && *out > 0 && *out <= max;
}

static bool get_mode(const char *text, enum hk_bench_mode *out)
{
	for (int mode = HK_BENCH_ERP; mode <= HK_BENCH_RESUME; mode++) {
		if (strcmp(text, hk_bench_mode_name((enum hk_bench_mode)mode)) == 0) {
			*out = (enum hk_bench_mode)mode;
			return true;
		}
	}
	return false;
}

static bool resolve(struct hk_bench_options *o, const char *text)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *found;
	char host[256], port[8];

	o->server_text = text;
	if (!split_server(text, host, port) || getaddrinfo(host, port, &hints, &found))
		return false;
	o->server_len = found->ai_addrlen;
	memcpy(&o->server, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}

/* ---- options ---- */

static const char **text_option(struct hk_bench_options *o, int c)
{
	switch (c) {
	case OPTION_CA:
		return &o->ca;
	case OPTION_CERT:
		return &o->certificate;
	case OPTION_IDENTITY:
		return &o->identity;
	case OPTION_KEY:
		return &o->key;
	case OPTION_LOAD:
		return &o->load;
	case OPTION_PLOT:
		return &o->plot;
	case OPTION_SAVE:
		return &o->save;
	case OPTION_TLS_MAX:
		return &o->max_tls;
	default:
		return NULL;
	}
}

static bool *flag_option(struct hk_bench_options *o, int c)
{
	switch (c) {
	case OPTION_CHECK_ALL:
		return &o->check_authenticators;
	case OPTION_JSON:
		return &o->json;
	case OPTION_PREBUILD:
		return &o->prebuild;
	case OPTION_QUIET:
		return &o->quiet;
	case OPTION_RESUME_LOGINS:
		return &o->resume_logins;
	default:
		return NULL;
	}
}

static const char *take_number(struct hk_bench_options *o, int c, const char *value)
{
	double seconds;

	switch (c) {
	case OPTION_CONCURRENCY:
		return get_u32(value, 1, CONCURRENCY_MAX, &o->concurrency) ? NULL : "--concurrency";
	case OPTION_DEVICES:
		return get_count(value, 1, DEVICES_MAX, &o->devices) ? NULL : "--devices";
	case OPTION_DURATION:
		return get_real(value, 86400, &o->duration_s) ? NULL : "--duration";
	case OPTION_LOGIN_CONCURRENCY:
		return get_u32(value, 1, CONCURRENCY_MAX, &o->login_concurrency)
			       ? NULL
			       : "--login-concurrency";
	case OPTION_LOGIN_RATE:
		return get_real(value, 1e6, &o->login_rate) ? NULL : "--login-rate";
	case OPTION_NAS_COUNT:
		return get_u32(value, 1, 1000000, &o->nas_count) ? NULL : "--nas-count";
	case OPTION_PID:
		return get_u32(value, 1, INT32_MAX, (uint32_t *)&o->pid) ? NULL : "--pid";
	case OPTION_RATE:
		return get_real(value, 1e8, &o->rate) ? NULL : "--rate";
	case OPTION_REQUESTS:
		return get_count(value, 1, UINT64_MAX / 2, &o->requests) ? NULL : "--requests";
	case OPTION_SAMPLE:
		return get_u32(value, 0, UINT32_MAX, &o->sample) ? NULL : "--sample";
	case OPTION_SOCKETS:
		return get_u32(value, 1, SOCKETS_MAX, &o->sockets) ? NULL : "--sockets";
	case OPTION_THREADS:
		return get_u32(value, 1, 64, &o->threads) ? NULL : "--threads";
	default: /* OPTION_TIMEOUT */
		if (!get_real(value, 600, &seconds) || seconds < 0.01)
			return "--timeout";
		o->timeout_ms = (uint32_t)(seconds * 1000);
		return NULL;
	}
}

/* What is wrong, or NULL. */
static const char *take_value(struct hk_bench_options *o, int c, char *value)
{
	static char text[64];
	const char *wrong;

	switch (c) {
	case OPTION_MODE:
		return get_mode(value, &o->mode) ? NULL : "--mode takes erp, full or resumed";
	case OPTION_SECRET:
		return secret_from_text(value, &o->secret);
	case OPTION_SECRET_FILE:
		return secret_from_file(value, &o->secret);
	case OPTION_SERVER:
		return resolve(o, value) ? NULL : "--server: there is no such host or port";
	default:
		wrong = take_number(o, c, value);
		if (!wrong)
			return NULL;
		snprintf(text, sizeof text, "%s: not a number that can be used here", wrong);
		return text;
	}
}

/* ---- what was left out, and what does not fit together ---- */

static void fill_in(struct hk_bench_options *o)
{
	bool erp = o->mode == HK_BENCH_ERP;

	if (!o->concurrency)
		o->concurrency = erp ? 64 : 32;
	if (o->concurrency < o->threads)
		o->concurrency = o->threads;
	if (!o->login_concurrency)
		o->login_concurrency = 32;
	if (o->login_concurrency < o->threads)
		o->login_concurrency = o->threads;
}

static const char *check(const struct hk_bench_options *o)
{
	bool logs_in = o->mode != HK_BENCH_ERP || !o->load;

	if (!o->server_len)
		return "--server is missing";
	if (!o->secret.len)
		return "--secret-file is missing";
	if (logs_in && (!o->ca || !o->certificate || !o->key || !o->identity))
		return "logins need --identity, --ca, --cert and --key";
	if (logs_in && hk_nai_realm(hk_text(o->identity)).len == 0)
		return "--identity has no realm";
	if (logs_in && strlen(o->identity) > HK_NAI_MAX_LEN - 20)
		return "--identity is too long";
	if (o->load && (o->save || o->mode != HK_BENCH_ERP))
		return "--load is for re-authentications, and goes without --save";
	if (o->prebuild && o->mode != HK_BENCH_ERP)
		return "--prebuild is for re-authentications";
	if (o->prebuild && !o->requests && o->rate <= 0)
		return "--prebuild needs --requests, or --duration with --rate";
	if (o->max_tls && strcmp(o->max_tls, "1.2") != 0 && strcmp(o->max_tls, "1.3") != 0)
		return "--tls-max takes 1.2 or 1.3";
	if (o->sockets && o->mode != HK_BENCH_ERP)
		return "--sockets is for re-authentications";
	return NULL;
}

int hk_bench_options_parse(int argc, char **argv, struct hk_bench_options *o)
{
	const char *wrong = NULL, **text;
	bool *flag;
	int c;

	*o = (struct hk_bench_options){
		.devices = 1000, .timeout_ms = 2000, .nas_count = 2, .sample = 100, .threads = 1};
	optind = 0;
	while (!wrong && (c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (c == 'h' || c == OPTION_HELP) {
			fputs(help, stdout);
			return HK_EXIT_OK;
		}
		if (c == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return HK_EXIT_USAGE;
		}
		text = text_option(o, c);
		flag = flag_option(o, c);
		if (text)
			*text = optarg;
		else if (flag)
			*flag = true;
		else
			wrong = take_value(o, c, optarg);
	}
	if (!wrong && optind < argc)
		wrong = "takes no arguments";
	if (!wrong)
		wrong = check(o);
	if (wrong)
		return usage_error(argv[0], "%s", wrong);
	fill_in(o);
	return -1;
}
