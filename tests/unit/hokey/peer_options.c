/* SPDX-License-Identifier: ISC */
/* The command line of `hokey peer`. */
#include "temp.h"
#include "test.h"

#include "hokey/peer_options.h"
#include "hokey/server_options.h"

#include <hokey/eap_tls.h>

#define BASE "hokey peer", "--server", "h", "--identity", "a@b"
#define PEM  "--ca", "c", "--cert", "c", "--key", "k"

/* The words of the last command line: the options point to them. */
static char *argv[64];

static void free_words(void)
{
	for (int i = 0; argv[i]; i++) {
		free(argv[i]);
		argv[i] = NULL;
	}
}

/* They are copied: --secret is overwritten where it stands. */
static int read_words(struct peer_options *o, bool *done, const char *const *words)
{
	int argc = 0, status;

	free_words();
	for (; words[argc]; argc++)
		argv[argc] = strdup(words[argc]);
	status = peer_options_read(argc, argv, o, done);
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--secret") == 0 && i + 1 < argc)
			assert_null(strstr(argv[i + 1], "geheim"));
	}
	return status;
}

#define READ(o, done, ...) read_words(o, done, (const char *const[]){__VA_ARGS__, NULL})

#define GOOD(o, ...)                                                                               \
	do {                                                                                       \
		bool done_ = true;                                                                 \
		assert_int_equal(READ(o, &done_, __VA_ARGS__), 0);                                 \
		assert_false(done_);                                                               \
	} while (0)

#define BAD(...)                                                                                   \
	do {                                                                                       \
		struct peer_options o_;                                                            \
		bool done_ = false;                                                                \
		assert_int_equal(READ(&o_, &done_, __VA_ARGS__), 2);                               \
		assert_true(done_);                                                                \
	} while (0)

static void servers(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} good[] = {
		{"h", "h", "1812"},
		{"h:1", "h", "1"},
		{"192.0.2.1:65535", "192.0.2.1", "65535"},
		{"2001:db8::1", "2001:db8::1", "1812"},
		{"[2001:db8::1]", "2001:db8::1", "1812"},
		{"[2001:db8::1]:1645", "2001:db8::1", "1645"},
	};
	static const char *const bad[] = {"", ":1", "h:", "h:0", "h:65536", "h:1x", "h:-1", "[::1",
		"[]:1", "[::1]x", "[::1]:"};
	char host[256], port[8], long_name[300];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(split_server(good[i].text, host, port));
		assert_string_equal(host, good[i].host);
		assert_string_equal(port, good[i].port);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (split_server(bad[i], host, port))
			fail_msg("'%s' was taken", bad[i]);
	}
	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = 0;
	assert_false(split_server(long_name, host, port));
}

static void defaults(void **state)
{
	struct peer_options o;

	(void)state;
	GOOD(&o, BASE, PEM);
	assert_string_equal(o.host, "h");
	assert_int_equal(o.count, 1);
	assert_int_equal(o.nplaces, 1);
	assert_string_equal(o.places[0].nas_id, "hokey");
	assert_string_equal(o.places[0].host, o.host);
	assert_string_equal(o.places[0].port, o.port);
	assert_int_equal(o.tls_min, HK_TLS_1_2);
	assert_int_equal(o.tls_max, HK_TLS_1_3);
	assert_int_equal(o.timeout_ms, 10000);
	assert_false(o.has_secret);
	assert_false(o.json || o.full || o.no_erp || o.channel_binding);
}

static void all_options(void **state)
{
	struct peer_options o;

	(void)state;
	GOOD(&o, BASE, PEM, "--secret", "geheim", "--realm", "r", "--server-name", "n", "--keys",
		"f", "--count", "7", "--nas-id", "x", "--nas-id", "y", "--called-station-id", "cd",
		"--calling-station-id", "cg", "--domain", "d", "--suite", "3", "--suite", "2",
		"--channel-binding", "--full", "--no-erp", "--tls-min", "1.3", "--tls-max", "1.3",
		"--fragment", "100", "--timeout", "600", "--json");
	assert_int_equal(o.secret.len, 6);
	assert_memory_equal(o.secret.octets, "geheim", 6);
	assert_string_equal(o.realm, "r");
	assert_string_equal(o.keys, "f");
	assert_int_equal(o.count, 7);
	assert_int_equal(o.nplaces, 2);
	assert_string_equal(o.places[1].nas_id, "y");
	assert_null(o.places[1].domain);
	assert_int_equal(o.nsuites, 2);
	assert_int_equal(o.suites[0], 3);
	assert_int_equal(o.tls_min, HK_TLS_1_3);
	assert_int_equal(o.fragment_size, 100);
	assert_true(o.json && o.full && o.no_erp && o.channel_binding);
}

static void the_secret_is_the_first_line_of_its_file(void **state)
{
	char *path = temp_file(*state, "secret", "geheim\r\nsecond line\n", 0600);
	char *empty = temp_file(*state, "empty", "\n", 0600);
	struct peer_options o;

	GOOD(&o, BASE, PEM, "--secret-file", path);
	assert_int_equal(o.secret.len, 6);
	BAD(BASE, PEM, "--secret-file", empty);
	BAD(BASE, PEM, "--secret-file", "/no/such/file");
	free(path);
	free(empty);
}

static void what_does_not_fit_together(void **state)
{
	struct peer_options o;

	(void)state;
	BAD("hokey peer");
	BAD("hokey peer", "--server", "h", PEM);
	BAD("hokey peer", "--identity", "a@b", PEM);
	BAD("hokey peer", "--server", "h", "--identity", "", PEM);
	BAD(BASE);
	BAD(BASE, "--ca", "c");
	BAD(BASE, "--ca", "c", "--cert", "c");
	BAD(BASE, "--keys", "f", "--full");
	BAD(BASE, "--keys", "f", "--no-erp");
	BAD(BASE, PEM, "--full");
	BAD(BASE, PEM, "--tls-min", "1.3", "--tls-max", "1.2");
	BAD(BASE, PEM, "argument");
	BAD(BASE, PEM, "--what");
	GOOD(&o, BASE, "--keys", "f"); /* the file may have keys: no certificate needed */
}

static void places(void **state)
{
	struct peer_options o;

	(void)state;
	GOOD(&o, BASE, PEM, "--nas-id", "here", "--nas-id", "t,domain=tokyo.example", "--nas-id",
		"k,1,server=[::1]:1645,domain=kyoto.example", "--nas-id", "l,server=lisbon");
	assert_int_equal(o.nplaces, 4);
	assert_string_equal(o.places[0].host, o.host);
	assert_string_equal(o.places[1].nas_id, "t");
	assert_string_equal(o.places[1].domain, "tokyo.example");
	assert_string_equal(o.places[1].host, o.host);
	assert_string_equal(o.places[2].nas_id, "k,1");
	assert_string_equal(o.places[2].domain, "kyoto.example");
	assert_string_equal(o.places[2].host, "::1");
	assert_string_equal(o.places[2].port, "1645");
	assert_string_equal(o.places[3].host, "lisbon");
	assert_string_equal(o.places[3].port, "1812");
	assert_null(o.places[3].domain);
	BAD(BASE, PEM, "--nas-id", "x,domain=");
	BAD(BASE, PEM, "--nas-id", "x,domain=a..b");
	BAD(BASE, PEM, "--nas-id", "x,server=");
	BAD(BASE, PEM, "--nas-id", ",server=x");
}

static void values_out_of_range(void **state)
{
	(void)state;
	BAD(BASE, PEM, "--suite", "4");
	BAD(BASE, PEM, "--suite", "x");
	BAD(BASE, PEM, "--suite", "1", "--suite", "1", "--suite", "1", "--suite", "1");
	BAD(BASE, PEM, "--count", "-1");
	BAD(BASE, PEM, "--count", "1000001");
	BAD(BASE, PEM, "--timeout", "0");
	BAD(BASE, PEM, "--timeout", "1s");
	BAD(BASE, PEM, "--fragment", "99");
	BAD(BASE, PEM, "--fragment", "4001");
	BAD(BASE, PEM, "--tls-min", "1.1");
	BAD(BASE, PEM, "--tls-max", "1.4");
	BAD(BASE, PEM, "--secret", "");
	BAD(BASE, PEM, "--nas-id", "");
	BAD(BASE, PEM, "--server", "x:y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers),
		cmocka_unit_test(defaults),
		cmocka_unit_test(all_options),
		cmocka_unit_test(the_secret_is_the_first_line_of_its_file),
		cmocka_unit_test(what_does_not_fit_together),
		cmocka_unit_test(places),
		cmocka_unit_test(values_out_of_range),
	};

	int failed = cmocka_run_group_tests(tests, temp_setup, temp_teardown);

	free_words();
	return failed;
}
