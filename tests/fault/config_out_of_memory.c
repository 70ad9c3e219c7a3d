/* SPDX-License-Identifier: ISC */
/* A configuration, or a users file, for which there is not enough memory is refused as a whole. */
#include "failing_memory.h"
#include "temp.h"
#include "test_pki.h"

#include "test.h"

#include "hokeyd/config.h"
#include "hokeyd/users.h"

#include <time.h>

static const char config_text[] =
	"listen all { address = 127.0.0.1 }\n"
	"listen v6 { address = '::1' }\n"
	"client a { address = 192.0.2.1; secret = 'sixteen octets!!' }\n"
	"client b { address = 192.0.2.0/24; secret = 'sixteen octets!!'; reject-delay = 0 }\n"
	"eap { ca = ca.pem; certificate = server.pem; key = server.key }\n"
	"erp { realms = { home.example, staff.home.example } }\n"
	"store { type = memory }\n";

static const char users_text[] = "alice@home.example\n\tTunnel-Type:1 = VLAN,\n\tClass = 0x0102\n"
				 "*@staff.home.example\n\tSession-Timeout = 28800\n"
				 "mallory@home.example Auth-Type := Reject\n"
				 "DEFAULT\n";

static void write_pem(const char *directory, const char *name, struct hk_bytes pem)
{
	char *text = strndup((const char *)pem.data, pem.len);

	free(temp_file(directory, name, text, 0600));
	free(text);
	test_bytes_free(pem);
}

static int setup(void **state)
{
	const hk_time now = (hk_time)time(NULL) * HK_SECOND;
	struct test_cert_options options = {
		.cn = "CA", .ca = true, .from = now - TEST_DAY, .until = now + 300 * TEST_DAY};
	struct test_cert *ca = test_cert_new(NULL, &options), *server;

	if (temp_setup(state))
		return -1;
	options.ca = false;
	options.cn = "server";
	server = test_cert_new(ca, &options);
	write_pem(*state, "ca.pem", test_cert_pem(ca));
	write_pem(*state, "server.pem", test_cert_pem(server));
	write_pem(*state, "server.key", test_key_pem(server));
	test_cert_free(server);
	test_cert_free(ca);
	return 0;
}

static enum hk_err load_config(void *arg)
{
	struct hk_config *config = NULL;
	struct hk_config_error error;
	enum hk_err err = hk_config_load_text(arg, config_text, &config, &error);

	if (err) {
		assert_null(config);
		assert_true(error.text[0]);
		return err;
	}
	assert_int_equal(config->nlistens, 2);
	assert_int_equal(config->nclients, 2);
	assert_int_equal(config->erp.policy.nrealms, 2);
	hk_config_free(config);
	return HK_OK;
}

static enum hk_err load_users(void *arg)
{
	struct hk_users *users = NULL;
	struct hk_users_error error;
	enum hk_err err = hk_users_parse(arg, users_text, &users, &error);

	if (err) {
		assert_null(users);
		assert_true(error.text[0]);
		return err;
	}
	assert_int_equal(hk_users_count(users), 4);
	hk_users_free(users);
	return HK_OK;
}

static void config(void **state)
{
	char *name = temp_path(*state, "hokeyd.conf");

	run_out_of_memory(load_config, name, MEMORY_OURS, 1000);
	run_out_of_memory(load_config, name, MEMORY_ALL, 25);
	free(name);
}

static void users(void **state)
{
	(void)state;
	run_out_of_memory(load_users, (void *)(uintptr_t) "users", MEMORY_OURS, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(config, setup, temp_teardown),
		cmocka_unit_test(users),
	};

	failing_memory_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
