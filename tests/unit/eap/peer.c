/* SPDX-License-Identifier: ISC */
/* The peer's side of EAP around EAP-TLS: what it makes of odd packets. */
#include "test.h"

#include <hokey/eap_tls.h>

#include "conversation.h"
#include "eap/tls_context.h"

static struct test_pki pki;
static struct hk_tls_context *context, *server_context;

static int setup(void **state)
{
	struct hk_tls_config config, server_config;

	(void)state;
	test_pki_init(&pki);
	config = test_peer_config(&pki);
	server_config = test_server_config(&pki);
	context = test_context(false, &config);
	server_context = test_context(true, &server_config);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hk_tls_context_free(context);
	hk_tls_context_free(server_context);
	test_pki_free(&pki);
	return 0;
}

static struct hk_eap_peer *new_peer(void)
{
	struct hk_eap_peer_config config = {.tls = context, .identity = hk_text("@example.com")};
	struct hk_eap_peer *p;

	assert_ok(hk_eap_peer_new(&config, &p));
	return p;
}

static enum hk_eap_action give(struct hk_eap_peer *p, const char *packet, struct hk_buf *out)
{
	uint8_t in[512];

	return hk_eap_peer_receive(p, hk_bytes(in, hex(in, sizeof in, packet)), TEST_NOW, out);
}

static void expect(
	struct hk_eap_peer *p, const char *packet, enum hk_eap_action action, const char *answer)
{
	uint8_t octets[2048];
	struct hk_buf out = hk_buf(octets, sizeof octets);

	assert_int_equal(give(p, packet, &out), action);
	assert_hex(octets, out.len, answer);
}

static void simple_requests(void **state)
{
	struct hk_eap_peer *p = new_peer();

	(void)state;
	expect(p, "01 41 0005 01", HK_EAP_SEND, "0241001101406578616d706c652e636f6d");
	expect(p, "01 42 0008 02 616263", HK_EAP_SEND, "0242000502");
	/* other methods: Nak, that asks for EAP-TLS */
	expect(p, "01 43 0006 19 20", HK_EAP_SEND, "02430006030d");
	expect(p, "01 44 000c fe 00372a 00000001", HK_EAP_SEND,
		"02440014fe00000000000003fe0000000000000d");
	/* Nak is for responses */
	expect(p, "01 45 0006 03 0d", HK_EAP_IGNORED, "");
	/* and these are not for a peer */
	expect(p, "02 41 0005 01", HK_EAP_IGNORED, "");
	expect(p, "05 41 0005 01", HK_EAP_IGNORED, "");
	expect(p, "01 41 00ff 01", HK_EAP_IGNORED, "");
	expect(p, "", HK_EAP_IGNORED, "");
	hk_eap_peer_free(p);
}

static void repeated_requests(void **state)
{
	struct hk_eap_peer *p = new_peer();
	uint8_t first[2048], second[2048];
	struct hk_buf out = hk_buf(first, sizeof first);
	struct hk_buf again = hk_buf(second, sizeof second);

	(void)state;
	expect(p, "01 41 0005 01", HK_EAP_SEND, "0241001101406578616d706c652e636f6d");
	expect(p, "01 41 0005 01", HK_EAP_SEND, "0241001101406578616d706c652e636f6d");
	/* a ClientHello is random: the same one means it was stored */
	assert_int_equal(give(p, "01 42 0006 0d 20", &out), HK_EAP_SEND);
	assert_int_equal(give(p, "01 42 0006 0d 20", &again), HK_EAP_SEND);
	assert_true(out.len > 100);
	assert_int_equal(out.len, again.len);
	assert_memory_equal(first, second, out.len);
	/* another Identifier: the server starts anew */
	again.len = 0;
	assert_int_equal(give(p, "01 43 0006 0d 20", &again), HK_EAP_SEND);
	assert_memory_not_equal(first + 10, second + 10, 100);
	/* in the middle of EAP-TLS nothing else is answered */
	expect(p, "01 44 0005 01", HK_EAP_IGNORED, "");
	expect(p, "01 44 0006 19 20", HK_EAP_IGNORED, "");
	hk_eap_peer_free(p);
}

static void success_out_of_nowhere(void **state)
{
	struct hk_eap_peer *p = new_peer();
	uint8_t octets[2048];
	struct hk_buf out = hk_buf(octets, sizeof octets);

	(void)state;
	expect(p, "03 41 0004", HK_EAP_IGNORED, "");
	expect(p, "01 41 0005 01", HK_EAP_SEND, "0241001101406578616d706c652e636f6d");
	expect(p, "03 41 0004", HK_EAP_IGNORED, "");
	assert_int_equal(give(p, "01 42 0006 0d 20", &out), HK_EAP_SEND);
	expect(p, "03 42 0004", HK_EAP_IGNORED, "");
	assert_null(hk_eap_peer_result(p, TEST_NOW, HK_NEVER));
	/* EAP-Failure counts when it is for the last response */
	expect(p, "04 41 0004", HK_EAP_IGNORED, "");
	expect(p, "04 42 0004", HK_EAP_FAILED, "");
	expect(p, "01 43 0005 01", HK_EAP_IGNORED, "");
	hk_eap_peer_free(p);
}

static void bad_framing(void **state)
{
	static const char *const requests[] = {
		"01 42 0006 0d 00",
		"01 42 0005 0d",
		"01 42 0007 0d 40 16",
		"01 42 000b 0d c0 00010001 16",
	};

	(void)state;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		struct hk_eap_peer *p = new_peer();
		uint8_t octets[2048];
		struct hk_buf out = hk_buf(octets, sizeof octets);

		assert_int_equal(give(p, "01 41 0006 0d 20", &out), HK_EAP_SEND);
		expect(p, requests[i], HK_EAP_FAILED, "");
		hk_eap_peer_free(p);
	}
}

/* R5216-2.1.5-05 */
static void server_fragments(void **state)
{
	struct hk_eap_peer *p = new_peer();
	uint8_t octets[2048];
	struct hk_buf out = hk_buf(octets, sizeof octets);

	(void)state;
	assert_int_equal(give(p, "01 41 0006 0d 20", &out), HK_EAP_SEND);
	expect(p, "01 42 000b 0d c0 00000020 16", HK_EAP_SEND, "024200060d00");
	expect(p, "01 43 0007 0d 40 03", HK_EAP_SEND, "024300060d00");
	hk_eap_peer_free(p);
}

/* ---- a server that never commits itself ---- */

/* Turns the packet with the commitment into EAP-Success. */
static void success_instead(struct test_run *run, struct test_packet *packet)
{
	unsigned *count = run->arg;

	if (!packet->from_server || packet->octets[0] != HK_EAP_REQUEST || ++*count < 4)
		return;
	packet->octets[0] = HK_EAP_SUCCESS;
	packet->octets[1]--;
	hk_store_u16(packet->octets + 2, 4);
	packet->len = 4;
}

/* R9190-2.5-05 */
static void success_without_commitment(void **state)
{
	unsigned count = 0;
	struct test_run run;

	(void)state;
	test_run_init(&run, server_context, context);
	run.meddle = success_instead;
	run.arg = &count;
	test_run(&run);
	assert_int_equal(run.peer_action, HK_EAP_FAILED);
	assert_err(run.peer_error, HK_ERR_UNEXPECTED);
	assert_null(hk_eap_peer_result(run.p, TEST_NOW, HK_NEVER));
	test_run_free(&run);
}

static void failure_instead(struct test_run *run, struct test_packet *packet)
{
	(void)run;
	if (packet->octets[0] == HK_EAP_SUCCESS)
		packet->octets[0] = HK_EAP_FAILURE;
}

static void failure_at_the_end(void **state)
{
	struct test_run run;

	(void)state;
	test_run_init(&run, server_context, context);
	run.meddle = failure_instead;
	test_run(&run);
	assert_int_equal(run.server_action, HK_EAP_SUCCEEDED);
	assert_int_equal(run.peer_action, HK_EAP_FAILED);
	assert_null(hk_eap_peer_result(run.p, TEST_NOW, HK_NEVER));
	test_run_free(&run);
}

static void arguments(void **state)
{
	struct hk_eap_peer_config config = {.tls = server_context};
	uint8_t identity[254] = {0};
	struct hk_eap_peer *p;

	(void)state;
	assert_err(hk_eap_peer_new(&config, &p), HK_ERR_ARGUMENT);
	config.tls = context;
	config.identity = hk_bytes(identity, sizeof identity);
	assert_err(hk_eap_peer_new(&config, &p), HK_ERR_ARGUMENT);
	config.identity.len = 253;
	config.fragment_size = 63;
	assert_err(hk_eap_peer_new(&config, &p), HK_ERR_ARGUMENT);
	config.fragment_size = 64;
	assert_ok(hk_eap_peer_new(&config, &p));
	/* the longest identity does not fit a fragment, but its response */
	uint8_t octets[300];
	struct hk_buf out = hk_buf(octets, sizeof octets);

	assert_int_equal(give(p, "01 41 0005 01", &out), HK_EAP_SEND);
	assert_int_equal(out.len, 258);
	hk_eap_peer_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_requests),
		cmocka_unit_test(repeated_requests),
		cmocka_unit_test(success_out_of_nowhere),
		cmocka_unit_test(bad_framing),
		cmocka_unit_test(server_fragments),
		cmocka_unit_test(success_without_commitment),
		cmocka_unit_test(failure_at_the_end),
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
