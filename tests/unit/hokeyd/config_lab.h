/* SPDX-License-Identifier: ISC */
/* A directory with all that a configuration may name, and configurations that are loaded there. */
#ifndef HK_TESTS_HOKEYD_CONFIG_LAB_H
#define HK_TESTS_HOKEYD_CONFIG_LAB_H

#include "test.h"
#include "temp.h"
#include "test_pki.h"

#include "hokeyd/config.h"

#include <time.h>

/* Blocks that are right, one line each. */
#define LISTEN "listen all { address = 127.0.0.1 }\n"
#define CLIENT "client ap1 { address = 192.0.2.1; secret = 'sixteen octets!!' }\n"
#define EAP    "eap { ca = ca.pem; certificate = server.pem; key = server.key }\n"
#define ERP    "erp { realms = { home.example } }\n"
#define STORE  "store { type = memory }\n"

#define BLOCKS LISTEN CLIENT EAP ERP STORE

static inline void write_pem(
	const char *directory, const char *name, struct hk_bytes pem, unsigned mode)
{
	char *text = strndup((const char *)pem.data, pem.len);

	free(temp_file(directory, name, text, mode));
	free(text);
	test_bytes_free(pem);
}

/* Two in one file, and the second one ends too early. */
static inline void write_cut(
	const char *directory, const char *name, struct hk_bytes first, struct hk_bytes second)
{
	struct hk_bytes both = test_join(first, second);

	both.len -= 40;
	write_pem(directory, name, both, 0644);
	test_bytes_free(first);
	test_bytes_free(second);
}

static inline void make_certificates(const char *directory)
{
	const hk_time now = (hk_time)time(NULL) * HK_SECOND;
	const struct test_cert_options ca_options = {.cn = "CA",
		.ca = true,
		.from = now - 500 * TEST_DAY,
		.until = now + 500 * TEST_DAY};
	struct test_cert_options options = {.cn = "server",
		.san = "DNS:radius.home.example",
		.eku = "serverAuth",
		.from = now - 2 * TEST_DAY,
		.until = now + 300 * TEST_DAY};
	struct test_cert *ca = test_cert_new(NULL, &ca_options);
	struct test_cert *cert = test_cert_new(ca, &options);

	write_pem(directory, "ca.pem", test_cert_pem(ca), 0644);
	write_pem(directory, "server.pem", test_cert_pem(cert), 0644);
	write_pem(directory, "server.key", test_key_pem(cert), 0600);
	write_pem(directory, "open.key", test_key_pem(cert), 0644);
	write_pem(
		directory, "crl.pem", test_crl_pem(ca, NULL, now - TEST_DAY, now + TEST_DAY), 0644);
	write_pem(directory, "old-crl.pem",
		test_crl_pem(ca, NULL, now - 3 * TEST_DAY, now - TEST_DAY), 0644);
	write_pem(directory, "ca.key", test_key_pem(ca), 0600);
	write_cut(directory, "cut.pem", test_cert_pem(cert), test_cert_pem(ca));
	write_cut(directory, "cut-crl.pem", test_crl_pem(ca, NULL, now - TEST_DAY, now + TEST_DAY),
		test_crl_pem(ca, cert, now - TEST_DAY, now + TEST_DAY));
	test_cert_free(cert);

	options.until = now - TEST_DAY;
	cert = test_cert_new(ca, &options);
	write_pem(directory, "expired.pem", test_cert_pem(cert), 0644);
	write_pem(directory, "expired.key", test_key_pem(cert), 0600);
	test_cert_free(cert);

	options.until = now + 10 * TEST_DAY + 3600 * HK_SECOND;
	cert = test_cert_new(ca, &options);
	write_pem(directory, "soon.pem", test_cert_pem(cert), 0644);
	write_pem(directory, "soon.key", test_key_pem(cert), 0600);
	test_cert_free(cert);

	options.until = now + 300 * TEST_DAY;
	options.eku = "clientAuth";
	cert = test_cert_new(ca, &options);
	write_pem(directory, "client.pem", test_cert_pem(cert), 0644);
	write_pem(directory, "client.key", test_key_pem(cert), 0600);
	test_cert_free(cert);
	test_cert_free(ca);
}

static inline int setup(void **state)
{
	if (temp_setup(state))
		return -1;
	make_certificates(*state);
	free(temp_file(*state, "junk", "not PEM\n", 0600));
	free(temp_file(*state, "secret", "a secret of a file\n", 0600));
	free(temp_file(*state, "ktk",
		"a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf\n", 0600));
	free(temp_file(*state, "other", "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf\n", 0600));
	free(temp_file(*state, "open-secret", "a secret of a file", 0644));
	free(temp_file(*state, "two-lines", "one\ntwo\n", 0600));
	free(temp_file(*state, "empty", "", 0600));
	free(temp_file(*state, "short.key", "0123456789", 0600));
	free(temp_file(*state, "open-wrap.key", "0123456789abcdef0123456789abcdef", 0644));
	free(temp_file(*state, "users", "alice@home.example\n\tSession-Timeout = 5\n", 0600));
	free(temp_file(*state, "bad-users", "alice@home.example\n\tNo-Such = 5\n", 0600));
	return 0;
}

static inline enum hk_err load(const char *directory, const char *text, struct hk_config **out,
	struct hk_config_error *error)
{
	char *name = temp_path(directory, "hokeyd.conf");
	enum hk_err err = hk_config_load_text(name, text, out, error);

	free(name);
	return err;
}

static inline struct hk_config *good(const char *directory, const char *text)
{
	struct hk_config_error error = {""};
	struct hk_config *config = NULL;

	if (load(directory, text, &config, &error))
		fail_msg("%s", error.text);
	return config;
}

/* The text without the directory, which has another name each time. */
static inline void drop_directory(char *text, const char *directory)
{
	size_t n = strlen(directory) + 1;
	char *p;

	while ((p = strstr(text, directory)))
		memmove(p, p + n, strlen(p + n) + 1);
}

static inline void check_error(const char *directory, const char *text, const char *want)
{
	struct hk_config_error error = {""};
	struct hk_config *config = NULL;
	enum hk_err err = load(directory, text, &config, &error);

	drop_directory(error.text, directory);
	assert_string_equal(error.text, want);
	assert_err(err, HK_ERR_MALFORMED);
	assert_null(config);
}

/* `want`: all warnings, one behind the other. */
static inline void check_warnings(const char *directory, const char *text, const char *want)
{
	struct hk_config *config = good(directory, text);
	char all[2000] = "";

	for (size_t i = 0; i < config->nwarnings; i++) {
		drop_directory(config->warnings[i], directory);
		strcat(all, config->warnings[i]);
		strcat(all, "\n");
	}
	assert_string_equal(all, want);
	hk_config_free(config);
}

#endif
