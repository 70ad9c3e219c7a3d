/* SPDX-License-Identifier: ISC */
/* EAP-TLS, peer against server: the ways that lead to success. */
#include "test.h"

#include <hokey/eap_tls.h>

#include "conversation.h"

static struct test_pki pki;

static int setup(void **state)
{
	(void)state;
	test_pki_init(&pki);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_pki_free(&pki);
	return 0;
}

static struct hk_tls_context *peer_context(uint16_t version)
{
	struct hk_tls_config config = test_peer_config(&pki);

	config.min_version = config.max_version = version;
	return test_context(false, &config);
}

static struct hk_tls_context *server_context(void)
{
	struct hk_tls_config config = test_server_config(&pki);

	return test_context(true, &config);
}

static void full(uint16_t version)
{
	struct hk_tls_context *server = server_context(), *peer = peer_context(version);
	struct test_run run;

	test_run_init(&run, server, peer);
	test_run(&run);
	assert_success(&run, version, false);
	test_run_free(&run);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

static void full_1_2(void **state)
{
	(void)state;
	full(HK_TLS_1_2);
}

static void full_1_3(void **state)
{
	(void)state;
	full(HK_TLS_1_3);
}

static void resumed(uint16_t version)
{
	struct hk_tls_context *server = server_context(), *peer = peer_context(version);
	struct hk_bytes ticket = test_ticket(server, peer, TEST_NOW);
	struct test_run run;

	test_run_init(&run, server, peer);
	run.peer.ticket = ticket;
	test_run(&run);
	assert_success(&run, version, true);
	test_run_free(&run);
	test_bytes_free(ticket);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

static void resumed_1_2(void **state)
{
	(void)state;
	resumed(HK_TLS_1_2);
}

static void resumed_1_3(void **state)
{
	(void)state;
	resumed(HK_TLS_1_3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_1_2),
		cmocka_unit_test(full_1_3),
		cmocka_unit_test(resumed_1_2),
		cmocka_unit_test(resumed_1_3),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
