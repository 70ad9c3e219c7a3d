/* SPDX-License-Identifier: ISC */
/* hokeyd: home server for EAP-TLS and re-authentication, over RADIUS. */
#include "hokeyd/call_filter.h"
#include "hokeyd/clock.h"
#include "hokeyd/config.h"
#include "hokeyd/log.h"
#include "hokeyd/privileges.h"
#include "hokeyd/quick.h"
#include "hokeyd/server.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/hokey/hokeyd.conf"

struct options {
	const char *config;
	bool check;
	bool debug;
	bool quick;
	enum hk_call_filter filter;
	struct hk_quick_options quick_options;
	char *secret; /* where it stands among the arguments */
};

enum {
	OPTION_CHECK = 256,
	OPTION_VERSION,
	OPTION_QUICK,
	OPTION_LISTEN,
	OPTION_SECRET,
	OPTION_REALM,
	OPTION_CERTS,
	OPTION_STATE,
	OPTION_FILTER,
};

static const struct option long_options[] = {
	{"certs", required_argument, NULL, OPTION_CERTS},
	{"check-config", no_argument, NULL, OPTION_CHECK},
	{"config", required_argument, NULL, 'c'},
	{"debug", no_argument, NULL, 'X'},
	{"foreground", no_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{"listen", required_argument, NULL, OPTION_LISTEN},
	{"quick", no_argument, NULL, OPTION_QUICK},
	{"realm", required_argument, NULL, OPTION_REALM},
	{"secret", required_argument, NULL, OPTION_SECRET},
	{"state", required_argument, NULL, OPTION_STATE},
	{"syscall-filter", required_argument, NULL, OPTION_FILTER},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

static void print_usage(FILE *to)
{
	fputs("usage: hokeyd [-c FILE] [--check-config] [-X]\n"
	      "       hokeyd --quick [--listen ADDRESS:PORT] [--secret SECRET] [--realm REALM]\n"
	      "                      [--certs DIRECTORY] [--state DIRECTORY] [-X]\n"
	      "\n"
	      "  -c, --config FILE   configuration (default " DEFAULT_CONFIG ")\n"
	      "      --check-config  read and check the configuration, then exit\n"
	      "  -X, --debug         show what goes on; one worker, log to standard error\n"
	      "  -f, --foreground    stay in the foreground (always so)\n"
	      "      --syscall-filter deny|log|off\n"
	      "                      system calls it has no use for: deny them (default), have\n"
	      "                      the kernel note them, or do nothing\n"
	      "      --version\n"
	      "  -h, --help\n"
	      "\n"
	      "  --quick             run without a configuration, to try it out; makes what is\n"
	      "                      missing: certificates, a secret, and what to put into an\n"
	      "                      access point and a device\n"
	      "  --listen ADDRESS:PORT  default 127.0.0.1:1812\n"
	      "  --secret SECRET     RADIUS secret of all access points; default: a random one\n"
	      "  --realm REALM       default home.example\n"
	      "  --certs DIRECTORY   use ca.pem, server.pem and server.key from there\n"
	      "  --state DIRECTORY   where all that is kept; default hokeyd-state\n",
		to);
}

static bool read_quick_option(struct options *o, int option)
{
	switch (option) {
	case OPTION_QUICK:
		o->quick = true;
		return true;
	case OPTION_LISTEN:
		o->quick_options.listen = optarg;
		return true;
	case OPTION_SECRET:
		o->quick_options.secret = o->secret = optarg;
		return true;
	case OPTION_REALM:
		o->quick_options.realm = optarg;
		return true;
	case OPTION_CERTS:
		o->quick_options.certs = optarg;
		return true;
	case OPTION_STATE:
		o->quick_options.state = optarg;
		return true;
	default:
		return false;
	}
}

/* Options of --quick without it mean that something was forgotten. */
static bool fit_together(const struct options *o)
{
	const struct hk_quick_options *q = &o->quick_options;

	return o->quick || !(q->listen || q->secret || q->realm || q->certs || q->state);
}

static struct options read_options(int argc, char **argv)
{
	struct options o = {.config = DEFAULT_CONFIG};
	int option;

	while ((option = getopt_long(argc, argv, "c:Xfh", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			o.config = optarg;
			break;
		case OPTION_CHECK:
			o.check = true;
			break;
		case 'X':
			o.debug = true;
			break;
		case 'f':
			break;
		case 'h':
			print_usage(stdout);
			exit(0);
		case OPTION_FILTER:
			if (hk_call_filter_parse(optarg, &o.filter))
				break;
			print_usage(stderr);
			exit(2);
		case OPTION_VERSION:
			puts("hokeyd " HK_VERSION);
			exit(0);
		default:
			if (read_quick_option(&o, option))
				break;
			print_usage(stderr);
			exit(2);
		}
	}
	if (optind < argc || !fit_together(&o)) {
		print_usage(stderr);
		exit(2);
	}
	return o;
}

static int complain(const char *what, enum hk_err err)
{
	fprintf(stderr, "hokeyd: %s\n", what[0] ? what : hk_strerror(err));
	return 1;
}

static int check(const struct hk_config *config)
{
	for (size_t i = 0; i < config->nwarnings; i++)
		fprintf(stderr, "hokeyd: warning: %s\n", config->warnings[i]);
	puts("The configuration is good.");
	return 0;
}

/* All that needs more than the daily calls is done. */
static void filter_calls(enum hk_call_filter mode, struct hk_log *log)
{
	enum hk_err err = hk_call_filter_set(mode);

	if (err == HK_ERR_DENIED)
		hk_log_write(log, HK_LOG_INFO,
			"no filter of system calls: not in this build (sanitizer, or 32 bits)");
	else if (err)
		hk_log_write(log, HK_LOG_WARNING, "no filter of system calls: %s",
			err == HK_ERR_SYSTEM ? strerror(errno) : hk_strerror(err));
	else if (mode != HK_CALL_FILTER_DENY)
		hk_log_write(log, HK_LOG_WARNING, "no system call is denied (--syscall-filter)");
}

/* Takes the configuration. */
static int serve(
	struct hk_config *config, const struct options *o, struct hk_log *log, bool log_is_stderr)
{
	struct hk_config_error error = {""};
	struct hk_server *server;
	enum hk_err err = hk_server_new(config, log, &server, &error);

	if (err) {
		if (!log_is_stderr)
			hk_log_write(log, HK_LOG_ERROR, "%s", error.text);
		return complain(error.text, err);
	}
	filter_calls(o->filter, log);
	err = hk_server_run(server);
	hk_server_free(server);
	if (err)
		return complain("cannot start a worker", err);
	hk_log_write(log, HK_LOG_NOTICE, "stopped");
	return 0;
}

static enum hk_err load(struct options *o, struct hk_config **config, struct hk_config_error *error)
{
	enum hk_err err;

	if (!o->quick)
		return hk_config_load(o->config, config, error);
	err = hk_quick_start(&o->quick_options, config, error);
	/* It is kept in a file now; `ps` need not show it any longer. */
	if (o->secret)
		memset(o->secret, '*', strlen(o->secret));
	o->quick_options.secret = NULL;
	if (!err && !o->check)
		hk_quick_explain(&o->quick_options, isatty(STDOUT_FILENO), stdout);
	fflush(stdout);
	return err;
}

int main(int argc, char **argv)
{
	struct options options = read_options(argc, argv);
	struct hk_config_error error = {""};
	struct hk_config *config;
	struct hk_log *log;
	const char *unprotected = NULL;
	const char *target;
	enum hk_err err;
	int status;

	hk_process_protect(&unprotected);
	signal(SIGPIPE, SIG_IGN);
	hk_clock_start();
	err = load(&options, &config, &error);
	if (err)
		return complain(error.text, err);
	if (options.check) {
		status = check(config);
		hk_config_free(config);
		return status;
	}
	if (options.debug) {
		config->workers = 1;
		config->log_level = HK_LOG_DEBUG;
	}
	target = options.debug ? "stderr" : config->log_target;
	err = hk_log_open(target, config->log_level, &log);
	if (err) {
		fprintf(stderr, "hokeyd: log: %s: %s\n", target,
			err == HK_ERR_SYSTEM ? strerror(errno) : hk_strerror(err));
		hk_config_free(config);
		return 1;
	}
	if (unprotected)
		hk_log_write(log, HK_LOG_WARNING, "%s", unprotected);
	status = serve(config, &options, log, strcmp(target, "stderr") == 0);
	hk_log_close(log);
	return status;
}
