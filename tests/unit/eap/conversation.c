/* SPDX-License-Identifier: ISC */
#include "conversation.h"

#include <hokey/key.h>

#include "test.h"

void test_pki_init(struct test_pki *pki)
{
	pki->ca = test_cert_new(NULL, &(struct test_cert_options){.cn = "Test CA", .ca = true});
	pki->server = test_cert_new(
		pki->ca, &(struct test_cert_options){
				 .cn = "aaa", .san = "DNS:aaa.example.com", .eku = "serverAuth"});
	pki->client = test_cert_new(pki->ca,
		&(struct test_cert_options){
			.cn = "alice", .san = "email:alice@example.com", .eku = "clientAuth"});
	pki->ca_pem = test_cert_pem(pki->ca);
	pki->server_pem = test_cert_pem(pki->server);
	pki->server_key = test_key_pem(pki->server);
	pki->client_pem = test_cert_pem(pki->client);
	pki->client_key = test_key_pem(pki->client);
}

void test_pki_free(struct test_pki *pki)
{
	test_cert_free(pki->ca);
	test_cert_free(pki->server);
	test_cert_free(pki->client);
	test_bytes_free(pki->ca_pem);
	test_bytes_free(pki->server_pem);
	test_bytes_free(pki->server_key);
	test_bytes_free(pki->client_pem);
	test_bytes_free(pki->client_key);
}

struct hk_tls_config test_server_config(const struct test_pki *pki)
{
	return (struct hk_tls_config){
		.credentials = {.ca = pki->ca_pem,
			.certificate = pki->server_pem,
			.key = pki->server_key},
		.min_version = HK_TLS_1_2,
		.max_version = HK_TLS_1_3,
		.require_ems = true,
		.ticket_lifetime_s = 3600,
	};
}

struct hk_tls_config test_peer_config(const struct test_pki *pki)
{
	return (struct hk_tls_config){
		.credentials = {.ca = pki->ca_pem,
			.certificate = pki->client_pem,
			.key = pki->client_key},
		.min_version = HK_TLS_1_2,
		.max_version = HK_TLS_1_3,
		.require_ems = true,
		.server_name = "aaa.example.com",
	};
}

struct hk_tls_context *test_context(bool server, const struct hk_tls_config *config)
{
	struct hk_tls_context *context = NULL;
	struct hk_tls_error error;

	if (hk_tls_context_new(server, config, TEST_NOW, &context, &error))
		fail_msg("TLS context: %s", error.text);
	return context;
}

void test_run_init(struct test_run *run, struct hk_tls_context *server, struct hk_tls_context *peer)
{
	*run = (struct test_run){
		.server = {.tls = server, .fragment_size = 1020},
		.peer = {.tls = peer, .identity = hk_text(TEST_IDENTITY), .fragment_size = 1020},
		.now = TEST_NOW,
	};
}

static struct test_packet *add_packet(struct test_run *run, bool from_server)
{
	struct test_packet *packet = &run->packets[run->npackets++];

	packet->from_server = from_server;
	packet->len = 0;
	return packet;
}

static bool to_peer(struct test_run *run, struct test_packet *in, struct test_packet *answer)
{
	struct hk_buf out = hk_buf(answer->octets, sizeof answer->octets);

	run->peer_action =
		hk_eap_peer_receive(run->p, hk_bytes(in->octets, in->len), run->now, &out);
	answer->len = out.len;
	return run->peer_action == HK_EAP_SEND;
}

static void look_up(struct test_run *run, struct test_packet *in, struct hk_buf *out)
{
	struct hk_bytes request, response = HK_NO_BYTES;
	struct hk_buf nothing = hk_buf(NULL, 0);
	const char *url;

	run->lookups++;
	assert_int_equal(out->len, 0);
	/* what arrives in between changes nothing */
	assert_int_equal(hk_eap_server_receive(
				 run->s, hk_bytes(in->octets, in->len), run->now, 4000, &nothing),
		HK_EAP_IGNORED);
	assert_ok(hk_eap_server_ocsp_query(run->s, &url, &request));
	if (run->ocsp)
		response = run->ocsp(run, url, request);
	run->server_action = hk_eap_server_ocsp_answer(run->s, response, run->now, 4000, out);
	test_bytes_free(response);
}

static bool to_server(struct test_run *run, struct test_packet *in, struct test_packet *answer)
{
	struct hk_buf out = hk_buf(answer->octets, sizeof answer->octets);

	run->server_action = hk_eap_server_receive(run->s, hk_bytes(in->octets, in->len), run->now,
		run->max_len ? run->max_len : 4000, &out);
	while (run->server_action == HK_EAP_WAIT)
		look_up(run, in, &out);
	answer->len = out.len;
	return run->server_action != HK_EAP_IGNORED;
}

void test_run(struct test_run *run)
{
	struct test_packet *packet;
	struct hk_buf out;
	bool alive = true;

	run->packets = calloc(TEST_PACKETS + 1, sizeof *run->packets);
	assert_ok(hk_eap_server_new(&run->server, &run->s));
	assert_ok(hk_eap_peer_new(&run->peer, &run->p));
	packet = add_packet(run, true);
	out = hk_buf(packet->octets, sizeof packet->octets);
	assert_ok(hk_eap_server_start(run->s, 7, &out));
	packet->len = out.len;

	while (alive && run->npackets < TEST_PACKETS) {
		struct test_packet *next;

		if (run->meddle)
			run->meddle(run, packet);
		if (!packet->len)
			break;
		next = add_packet(run, !packet->from_server);
		alive = packet->from_server ? to_peer(run, packet, next)
					    : to_server(run, packet, next);
		packet = next;
	}
	run->server_error = hk_eap_server_error(run->s, &run->server_detail);
	run->peer_error = hk_eap_peer_error(run->p, &run->peer_detail);
}

void test_run_free(struct test_run *run)
{
	hk_eap_server_free(run->s);
	hk_eap_peer_free(run->p);
	free(run->packets);
	run->s = NULL;
	run->p = NULL;
	run->packets = NULL;
}

void assert_success(struct test_run *run, uint16_t version, bool resumed)
{
	struct hk_eap_result *server = hk_eap_server_result(run->s, run->now, HK_NEVER);
	struct hk_eap_result *peer = hk_eap_peer_result(run->p, run->now, HK_NEVER);

	if (!server || !peer)
		fail_msg("server %d '%s', peer %d '%s'", (int)run->server_action,
			run->server_detail, (int)run->peer_action, run->peer_detail);
	assert_int_equal(run->server_action, HK_EAP_SUCCEEDED);
	assert_int_equal(run->peer_action, HK_EAP_SUCCEEDED);
	assert_int_equal(server->tls_version, version);
	assert_int_equal(server->resumed, resumed);
	assert_int_equal(peer->resumed, resumed);
	assert_int_equal(server->session_id_len, 65);
	assert_int_equal(server->session_id[0], HK_EAP_TYPE_TLS);
	assert_memory_equal(server->session_id, peer->session_id, 65);
	assert_int_equal(hk_key_len(server->msk), 64);
	assert_int_equal(hk_key_len(server->emsk), 64);
	assert_true(hk_key_equal(server->msk, peer->msk));
	assert_true(hk_key_equal(server->emsk, peer->emsk));
	assert_int_equal(run->server_error, HK_OK);
	assert_int_equal(run->peer_error, HK_OK);
}

void assert_failure(struct test_run *run, enum hk_err err, const char *text)
{
	assert_int_equal(run->server_action, HK_EAP_FAILED);
	assert_null(hk_eap_server_result(run->s, run->now, HK_NEVER));
	assert_null(hk_eap_peer_result(run->p, run->now, HK_NEVER));
	assert_err(run->server_error, err);
	if (!strstr(run->server_detail, text))
		fail_msg("the server says '%s', not '%s'", run->server_detail, text);
}

struct hk_bytes test_ticket(struct hk_tls_context *server, struct hk_tls_context *peer, hk_time now)
{
	struct hk_bytes ticket;
	struct test_run run;
	uint8_t octets[8192];
	struct hk_buf out = hk_buf(octets, sizeof octets);

	test_run_init(&run, server, peer);
	run.now = now;
	test_run(&run);
	assert_int_equal(run.peer_action, HK_EAP_SUCCEEDED);
	assert_ok(hk_eap_peer_ticket(run.p, &out));
	assert_true(out.len > 0);
	ticket = test_join(hk_buf_bytes(&out), HK_NO_BYTES);
	test_run_free(&run);
	return ticket;
}
