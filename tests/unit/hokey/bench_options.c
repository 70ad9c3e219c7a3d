/* SPDX-License-Identifier: ISC */
/* The command line of hokey bench. */
#include "hokey/bench/options.h"
#include "hokey/command.h"
#include "test.h"

static int parse(struct hk_bench_options *o, const char *line)
{
	static char copy[1024], name[] = "hokey bench";
	char *argv[64] = {name}, *save = NULL;
	int argc = 1;

	snprintf(copy, sizeof copy, "%s", line);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return hk_bench_options_parse(argc, argv, o);
}

#define SERVER "--server 127.0.0.1:1812 --secret s "
#define LOGIN  "--identity d%d@home.example --ca a --cert b --key c "

static void defaults_fit_the_mode(void **state)
{
	struct hk_bench_options o;

	(void)state;
	assert_int_equal(parse(&o, SERVER LOGIN), -1);
	assert_int_equal(o.mode, HK_BENCH_ERP);
	assert_int_equal(o.devices, 1000);
	assert_int_equal(o.requests, 0);
	assert_int_equal(o.concurrency, 64);
	assert_int_equal(o.login_concurrency, 32);
	assert_int_equal(parse(&o, SERVER LOGIN "--mode full --devices 2k"), -1);
	assert_int_equal(o.devices, 2000);
	assert_int_equal(o.concurrency, 32);
	assert_int_equal(parse(&o, SERVER LOGIN "--duration 2.5"), -1);
	assert_int_equal(o.requests, 0);
	assert_int_equal(parse(&o, SERVER "--load file"), -1);
}

static void servers_are_found_in_every_form(void **state)
{
	static const struct {
		const char *text;
		uint16_t port;
		int family;
	} cases[] = {
		{"127.0.0.1", 1812, AF_INET},
		{"127.0.0.1:99", 99, AF_INET},
		{"[::1]:99", 99, AF_INET6},
		{"[::1]", 1812, AF_INET6},
		{"::1", 1812, AF_INET6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct hk_bench_options o;
		char line[128];

		snprintf(line, sizeof line, "--secret s --load f --server %s", cases[i].text);
		assert_int_equal(parse(&o, line), -1);
		assert_int_equal(o.server.ss_family, cases[i].family);
		assert_int_equal(ntohs(((struct sockaddr_in *)&o.server)->sin_port), cases[i].port);
	}
}

static void nonsense_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"--server 127.0.0.1 --load f",
		SERVER,
		SERVER LOGIN "--identity nobody",
		SERVER LOGIN "--mode fast",
		SERVER LOGIN "--devices 0",
		SERVER LOGIN "--devices 1x",
		SERVER LOGIN "--devices -1",
		SERVER LOGIN "--devices 99999999999999999999",
		SERVER LOGIN "--rate 0",
		SERVER LOGIN "--rate nan",
		SERVER LOGIN "--rate inf",
		SERVER LOGIN "--timeout 0",
		SERVER LOGIN "--threads 0",
		SERVER LOGIN "--tls-max 1.1",
		SERVER LOGIN "--load f --save g",
		SERVER LOGIN "--load f --mode full",
		SERVER LOGIN "--prebuild --mode full",
		SERVER LOGIN "--prebuild --duration 1",
		SERVER LOGIN "surplus",
		SERVER LOGIN "--unknown",
		"--server 127.0.0.1:port --secret s --load f",
		"--server 127.0.0.1 --secret-file /nonexistent --load f",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct hk_bench_options o;

		if (parse(&o, lines[i]) != HK_EXIT_USAGE)
			fail_msg("taken: %s", lines[i]);
	}
}

/* Others can read the command line of a process. */
static void secret_is_blotted_out(void **state)
{
	char secret[] = "top-secret", name[] = "hokey bench", s[] = "--secret", l[] = "--load",
	     f[] = "f", at[] = "--server", host[] = "127.0.0.1";
	char *argv[] = {name, at, host, l, f, s, secret, NULL};
	struct hk_bench_options o;

	(void)state;
	assert_int_equal(hk_bench_options_parse(7, argv, &o), -1);
	assert_string_equal(secret, "**********");
	assert_int_equal(o.secret.len, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fit_the_mode),
		cmocka_unit_test(servers_are_found_in_every_form),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(secret_is_blotted_out),
	};

	return cmocka_run_group_tests_name("hokey-bench-options", tests, NULL, NULL);
}
