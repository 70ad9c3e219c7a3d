/* SPDX-License-Identifier: ISC */
/* hokeyd: home server for EAP-TLS and re-authentication, over RADIUS. */
#include "hokeyd/clock.h"
#include "hokeyd/config.h"
#include "hokeyd/log.h"
#include "hokeyd/privileges.h"
#include "hokeyd/server.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONFIG "/etc/hokey/hokeyd.conf"

struct options {
	const char *config;
	bool check;
	bool debug;
};

enum { OPTION_CHECK = 256, OPTION_VERSION };

static const struct option long_options[] = {
	{"check-config", no_argument, NULL, OPTION_CHECK},
	{"config", required_argument, NULL, 'c'},
	{"debug", no_argument, NULL, 'X'},
	{"foreground", no_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

static void print_usage(FILE *to)
{
	fputs("usage: hokeyd [-c FILE] [--check-config] [-X]\n"
	      "\n"
	      "  -c, --config FILE   configuration (default " DEFAULT_CONFIG ")\n"
	      "      --check-config  read and check the configuration, then exit\n"
	      "  -X, --debug         show what goes on; one worker, log to standard error\n"
	      "  -f, --foreground    stay in the foreground (always so)\n"
	      "      --version\n"
	      "  -h, --help\n",
		to);
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
		case OPTION_VERSION:
			puts("hokeyd " HK_VERSION);
			exit(0);
		default:
			print_usage(stderr);
			exit(2);
		}
	}
	if (optind < argc) {
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

/* Takes the configuration. */
static int serve(struct hk_config *config, struct hk_log *log, bool log_is_stderr)
{
	struct hk_config_error error = {""};
	struct hk_server *server;
	enum hk_err err = hk_server_new(config, log, &server, &error);

	if (err) {
		if (!log_is_stderr)
			hk_log_write(log, HK_LOG_ERROR, "%s", error.text);
		return complain(error.text, err);
	}
	err = hk_server_run(server);
	hk_server_free(server);
	if (err)
		return complain("cannot start a worker", err);
	hk_log_write(log, HK_LOG_NOTICE, "stopped");
	return 0;
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
	err = hk_config_load(options.config, &config, &error);
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
	status = serve(config, log, strcmp(target, "stderr") == 0);
	hk_log_close(log);
	return status;
}
