/* SPDX-License-Identifier: ISC */
/* The server's side of EAP around EAP-TLS: what it makes of odd packets. */
#include "test.h"

#include <hokey/eap_tls.h>

#include "conversation.h"

static struct test_pki pki;
static struct hk_tls_context *context, *peer_context;

static int setup(void **state)
{
	struct hk_tls_config config, peer_config;

	(void)state;
	test_pki_init(&pki);
	config = test_server_config(&pki);
	peer_config = test_peer_config(&pki);
	context = test_context(true, &config);
	peer_context = test_context(false, &peer_config);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hk_tls_context_free(context);
	hk_tls_context_free(peer_context);
	test_pki_free(&pki);
	return 0;
}

static struct hk_eap_server *new_server(void)
{
	struct hk_eap_server_config config = {.tls = context, .fragment_size = 1020};
	struct hk_eap_server *s;

	assert_ok(hk_eap_server_new(&config, &s));
	return s;
}

/* Sends the packet; the action and what came back must be these. */
static void expect(
	struct hk_eap_server *s, const char *packet, enum hk_eap_action action, const char *answer)
{
	uint8_t in[512], octets[2048];
	struct hk_buf out = hk_buf(octets, sizeof octets);
	size_t n = hex(in, sizeof in, packet);

	assert_int_equal(
		hk_eap_server_receive(s, hk_bytes(in, n), TEST_NOW, sizeof octets, &out), action);
	assert_hex(octets, out.len, answer);
}

/* R3579-2.1-01 */
static void identity_gets_start(void **state)
{
	struct hk_eap_server *s = new_server();

	(void)state;
	expect(s, "02 41 0008 01 616263", HK_EAP_SEND, "014200060d20");
	assert_int_equal(hk_eap_server_identifier(s), 0x42);
	assert_int_equal(hk_eap_server_rounds(s), 1);
	assert_null(hk_eap_server_peer(s));
	hk_eap_server_free(s);

	/* the Identifier wraps; an empty Identity is one */
	s = new_server();
	expect(s, "02 ff 0005 01", HK_EAP_SEND, "010000060d20");
	hk_eap_server_free(s);
}

/* R3579-2.1-03 */
static void asks_for_identity(void **state)
{
	struct hk_eap_server *s = new_server();
	uint8_t octets[16];
	struct hk_buf out = hk_buf(octets, sizeof octets);

	(void)state;
	assert_ok(hk_eap_server_start(s, 0x30, &out));
	assert_hex(octets, out.len, "0130000501");
	expect(s, "02 31 0006 01 61", HK_EAP_INVALID, "0130000501");
	expect(s, "02 30 0006 01 61", HK_EAP_SEND, "013100060d20");
	assert_err(hk_eap_server_start(s, 0x30, &out), HK_ERR_ARGUMENT);
	hk_eap_server_free(s);
}

/* R3579-2.6.2-01 R3579-2.6.2-02 */
static void role_reversal(void **state)
{
	struct hk_eap_server *s = new_server();

	(void)state;
	expect(s, "01 05 0005 01", HK_EAP_FAILED,
		"02050006"
		"0300");
	expect(s, "02 05 0005 01", HK_EAP_IGNORED, "");
	hk_eap_server_free(s);
}

/* A first packet that is no EAP-Response/Identity. */
static void bad_beginnings(void **state)
{
	static const struct {
		const char *packet, *answer;
	} cases[] = {
		{"02 09 0006 0d 00", "04090004"},
		{"03 09 0004", "04090004"},
		{"05 09 0005 02", "04090004"},
		{"02 09 00ff 01", "04090004"},
		{"02", "04000004"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct hk_eap_server *s = new_server();
		const char *detail;

		expect(s, cases[i].packet, HK_EAP_FAILED, cases[i].answer);
		assert_err(hk_eap_server_error(s, &detail), HK_ERR_MALFORMED);
		assert_true(*detail);
		hk_eap_server_free(s);
	}
}

/* R3579-2.2-02 R3579-2.2-03 */
static void invalid_packets_are_counted(void **state)
{
	static const char *const packets[] = {
		"02 01 0006 0d 00", /* another Identifier */
		"02 42 00ff 0d 00", /* malformed */
		"01 42 0006 0d 00", /* a request */
		"02 42 0006 01 61", /* Identity again */
		"02 42 0006 1a 00", /* another method */
	};
	struct hk_eap_server *s = new_server();

	(void)state;
	expect(s, "02 41 0008 01 616263", HK_EAP_SEND, "014200060d20");
	for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
		expect(s, packets[i], HK_EAP_INVALID, "014200060d20");
	expect(s, packets[0], HK_EAP_FAILED, "04420004");
	hk_eap_server_free(s);
}

static void nak_ends_it(void **state)
{
	static const char *const naks[] = {
		"02 42 0006 03 19",
		"02 42 0006 03 00",
		"02 42 0014 fe 000000 00000003 fe 000000 00000019",
	};
	const char *detail;

	(void)state;
	for (size_t i = 0; i < sizeof naks / sizeof *naks; i++) {
		struct hk_eap_server *s = new_server();

		expect(s, "02 41 0008 01 616263", HK_EAP_SEND, "014200060d20");
		expect(s, naks[i], HK_EAP_FAILED, "04420004");
		assert_err(hk_eap_server_error(s, &detail), HK_ERR_UNEXPECTED);
		hk_eap_server_free(s);
	}
}

/* R3579-2.2-01 */
static void bad_framing_is_fatal(void **state)
{
	static const char *const responses[] = {
		"02 42 0005 0d", "02 42 0009 0d 80 000000", "02 42 0007 0d 40 16",
		"02 42 000b 0d c0 00010001 16", /* 65537 octets announced */
		"02 42 000b 0d 80 00000002 16",
		"02 42 0006 0d 00", /* nothing, where ClientHello belongs */
	};

	(void)state;
	for (size_t i = 0; i < sizeof responses / sizeof *responses; i++) {
		struct hk_eap_server *s = new_server();

		expect(s, "02 41 0008 01 616263", HK_EAP_SEND, "014200060d20");
		expect(s, responses[i], HK_EAP_FAILED, "04420004");
		expect(s, responses[i], HK_EAP_IGNORED, "");
		hk_eap_server_free(s);
	}
}

/* R5216-2.1.5-02 */
static void fragments_are_acknowledged(void **state)
{
	struct hk_eap_server *s = new_server();

	(void)state;
	expect(s, "02 41 0008 01 616263", HK_EAP_SEND, "014200060d20");
	expect(s, "02 42 000b 0d c0 00000020 16", HK_EAP_SEND, "014300060d00");
	expect(s, "02 43 0007 0d 40 03", HK_EAP_SEND, "014400060d00");
	/* not again: it has another Identifier now */
	expect(s, "02 43 0007 0d 40 03", HK_EAP_INVALID, "014400060d00");
	hk_eap_server_free(s);
}

/* R9190-2.5-04 */
/* What is no TLS is answered with an alert, and that with EAP-Failure. */
static void not_tls(void **state)
{
	struct hk_eap_server *s = new_server();
	const char *detail;

	(void)state;
	expect(s, "02 41 0008 01 616263", HK_EAP_SEND, "014200060d20");
	/* a handshake message of a type that does not exist */
	expect(s, "02 42 000f 0d 00 1603030004 de000000", HK_EAP_SEND,
		"0143000d0d00"
		"1503030002020a");
	/* the peer may say what it likes now */
	expect(s, "02 43 000f 0d 00 1603030004 01000000", HK_EAP_FAILED, "04430004");
	assert_err(hk_eap_server_error(s, &detail), HK_ERR_TLS);
	assert_non_null(strstr(detail, "answered with the alert \"unexpected_message\""));
	hk_eap_server_free(s);
}

static void rounds_are_limited(void **state)
{
	struct hk_eap_server_config config = {.tls = context, .max_rounds = 3};
	struct hk_eap_server *s;
	const char *detail;

	(void)state;
	assert_ok(hk_eap_server_new(&config, &s));
	expect(s, "02 41 0008 01 616263", HK_EAP_SEND, "014200060d20");
	expect(s, "02 42 000b 0d c0 00000020 16", HK_EAP_SEND, "014300060d00");
	expect(s, "02 43 0007 0d 40 03", HK_EAP_SEND, "014400060d00");
	expect(s, "02 44 0007 0d 40 03", HK_EAP_FAILED, "04440004");
	assert_err(hk_eap_server_error(s, &detail), HK_ERR_LIMIT);
	hk_eap_server_free(s);
}

/* R3579-2.4-01 */
static void packets_fit_the_carrier(void **state)
{
	static const size_t limits[] = {74, 75, 100, 596, 1029, 1030, 1031, 4000};

	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct test_run run;
		size_t longest = 0;

		test_run_init(&run, context, peer_context);
		run.max_len = limits[i];
		test_run(&run);
		assert_success(&run, HK_TLS_1_3, false);
		for (size_t n = 0; n < run.npackets; n++)
			if (run.packets[n].from_server && run.packets[n].len > longest)
				longest = run.packets[n].len;
		assert_true(longest <= limits[i]);
		if (limits[i] <= 596)
			assert_true(longest >= limits[i] - 4);
		test_run_free(&run);
	}
}

static void carrier_too_small(void **state)
{
	struct test_run run;

	(void)state;
	test_run_init(&run, context, peer_context);
	run.max_len = 73;
	test_run(&run);
	assert_failure(&run, HK_ERR_TOO_LONG, "73 octets");
	test_run_free(&run);
}

static void arguments(void **state)
{
	struct hk_eap_server_config config = {.tls = context};
	struct hk_eap_server *s;

	(void)state;
	config.fragment_size = 99;
	assert_err(hk_eap_server_new(&config, &s), HK_ERR_ARGUMENT);
	config.fragment_size = 4001;
	assert_err(hk_eap_server_new(&config, &s), HK_ERR_ARGUMENT);
	config.fragment_size = 0;
	config.tls = peer_context;
	assert_err(hk_eap_server_new(&config, &s), HK_ERR_ARGUMENT);
	config.tls = NULL;
	assert_err(hk_eap_server_new(&config, &s), HK_ERR_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_gets_start),
		cmocka_unit_test(asks_for_identity),
		cmocka_unit_test(role_reversal),
		cmocka_unit_test(bad_beginnings),
		cmocka_unit_test(invalid_packets_are_counted),
		cmocka_unit_test(nak_ends_it),
		cmocka_unit_test(bad_framing_is_fatal),
		cmocka_unit_test(fragments_are_acknowledged),
		cmocka_unit_test(not_tls),
		cmocka_unit_test(rounds_are_limited),
		cmocka_unit_test(packets_fit_the_carrier),
		cmocka_unit_test(carrier_too_small),
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
