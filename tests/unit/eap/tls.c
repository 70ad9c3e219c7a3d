/* SPDX-License-Identifier: ISC */
/* EAP-TLS, peer against server: the ways that lead to success. */
#include "test.h"

#include <hokey/eap_tls.h>

#include "conversation.h"
#include "eap/tls_context.h"

#include <pthread.h>

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

/* ---- what the server says, and in which order ---- */

struct records {
	size_t n;
	uint8_t types[64]; /* of the records the peer received, as decrypted */
	size_t data_len;   /* of the last one */
};

static void note_record(
	int sent, int version, int type, const void *buf, size_t len, SSL *ssl, void *arg)
{
	struct records *r = arg;

	(void)version;
	(void)ssl;
	if (!sent && type == SSL3_RT_INNER_CONTENT_TYPE && r->n < sizeof r->types)
		r->types[r->n++] = *(const uint8_t *)buf;
	if (!sent && type == SSL3_RT_HEADER)
		r->data_len = hk_load_u16((const uint8_t *)buf + 3);
	(void)len;
}

/* R9190-2.5-01 R9190-2.5-03 R9190-2.1-01 */
static void commitment_is_last(void **state)
{
	struct hk_tls_context *server = server_context(), *peer = peer_context(HK_TLS_1_3);
	struct records r = {0};
	struct test_run run;
	size_t data = 0;

	(void)state;
	SSL_CTX_set_msg_callback(peer->ssl_ctx, note_record);
	SSL_CTX_set_msg_callback_arg(peer->ssl_ctx, &r);
	test_run_init(&run, server, peer);
	run.server.fragment_size = run.peer.fragment_size = 4000;
	test_run(&run);
	assert_success(&run, HK_TLS_1_3, false);
	/* EncryptedExtensions to Finished, one ticket, one octet of data, and nothing else */
	assert_true(r.n >= 3);
	assert_int_equal(r.types[r.n - 1], SSL3_RT_APPLICATION_DATA);
	assert_int_equal(r.data_len, 1 + 1 + 16);
	assert_int_equal(r.types[r.n - 2], SSL3_RT_HANDSHAKE);
	for (size_t i = 0; i < r.n; i++)
		data += r.types[i] == SSL3_RT_APPLICATION_DATA;
	assert_int_equal(data, 1);

	/* Identity, Start, ClientHello, the flights, ticket and commitment, empty, EAP-Success */
	assert_int_equal(run.packets[6].octets[0], HK_EAP_REQUEST);
	assert_int_equal(run.packets[6].octets[5], 0);
	assert_hex(run.packets[7].octets + 4, run.packets[7].len - 4, "0d00");
	assert_int_equal(run.packets[8].octets[0], HK_EAP_SUCCESS);
	assert_int_equal(run.packets[8].octets[1], run.packets[7].octets[1]);
	test_run_free(&run);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

static unsigned tickets;

static int count_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	(void)session;
	tickets++;
	return 0;
}

/* R9190-2.1.2-01 */
static void one_ticket(void **state)
{
	struct hk_tls_context *server = server_context(), *peer = peer_context(HK_TLS_1_3);
	struct test_run run;

	(void)state;
	SSL_CTX_sess_set_new_cb(peer->ssl_ctx, count_ticket);
	test_run_init(&run, server, peer);
	test_run(&run);
	assert_success(&run, HK_TLS_1_3, false);
	assert_int_equal(tickets, 1);
	test_run_free(&run);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

/* A resumed TLS 1.2 conversation ends with the peer's Finished: one round less. */
static void rounds(void **state)
{
	static const struct {
		uint16_t version;
		bool resumed;
		unsigned rounds;
	} cases[] = {
		{HK_TLS_1_2, false, 4},
		{HK_TLS_1_2, true, 3},
		{HK_TLS_1_3, false, 4},
		{HK_TLS_1_3, true, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct hk_tls_context *server = server_context();
		struct hk_tls_context *peer = peer_context(cases[i].version);
		struct hk_bytes ticket =
			cases[i].resumed ? test_ticket(server, peer, TEST_NOW) : HK_NO_BYTES;
		struct test_run run;

		test_run_init(&run, server, peer);
		run.peer.ticket = ticket;
		run.peer.fragment_size = run.server.fragment_size = 4000;
		test_run(&run);
		assert_success(&run, cases[i].version, cases[i].resumed);
		assert_int_equal(hk_eap_server_rounds(run.s), cases[i].rounds);
		test_run_free(&run);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

/* A group the server does not take first costs a HelloRetryRequest. */
static void hello_retry(void **state)
{
	struct hk_tls_config server_config = test_server_config(&pki);
	struct hk_tls_config peer_config = test_peer_config(&pki);
	struct hk_tls_context *server, *peer;
	struct hk_bytes ticket;
	struct test_run run;

	(void)state;
	server_config.groups = "P-384";
	peer_config.groups = "X25519:P-384";
	server = test_context(true, &server_config);
	peer = test_context(false, &peer_config);
	test_run_init(&run, server, peer);
	run.peer.fragment_size = run.server.fragment_size = 4000;
	test_run(&run);
	assert_success(&run, HK_TLS_1_3, false);
	assert_int_equal(hk_eap_server_rounds(run.s), 5);
	test_run_free(&run);

	ticket = test_ticket(server, peer, TEST_NOW);
	test_run_init(&run, server, peer);
	run.peer.ticket = ticket;
	test_run(&run);
	assert_success(&run, HK_TLS_1_3, true);
	test_run_free(&run);
	test_bytes_free(ticket);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

/* RSA at both ends, and the root not sent along. */
static void rsa(void **state)
{
	struct test_cert *ca = test_cert_new(
		NULL, &(struct test_cert_options){.cn = "RSA CA", .ca = true, .rsa = true});
	struct test_cert *cert = test_cert_new(ca,
		&(struct test_cert_options){.cn = "x", .san = "DNS:aaa.example.com", .rsa = true});
	struct hk_bytes ca_pem = test_cert_pem(ca), pem = test_cert_pem(cert);
	struct hk_bytes key = test_key_pem(cert), chain = test_join(pem, ca_pem);
	const uint16_t versions[] = {HK_TLS_1_2, HK_TLS_1_3};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct hk_tls_config config = test_server_config(&pki);
		struct hk_tls_config peer_config = test_peer_config(&pki);
		struct hk_tls_context *server, *peer;
		struct test_run run;

		config.credentials =
			(struct hk_tls_credentials){.ca = ca_pem, .certificate = chain, .key = key};
		peer_config.credentials = config.credentials;
		peer_config.min_version = peer_config.max_version = versions[i];
		server = test_context(true, &config);
		peer = test_context(false, &peer_config);
		assert_int_equal(hk_tls_context_expires(server), TEST_NOW + 300 * TEST_DAY);
		test_run_init(&run, server, peer);
		test_run(&run);
		assert_success(&run, versions[i], false);
		test_run_free(&run);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
	test_bytes_free(chain);
	test_bytes_free(ca_pem);
	test_bytes_free(pem);
	test_bytes_free(key);
	test_cert_free(cert);
	test_cert_free(ca);
}

/* ---- one context, many threads ---- */

struct crowd {
	struct hk_tls_context *server, *peer;
	struct hk_bytes ticket;
	unsigned failed;
};

static void *join_crowd(void *arg)
{
	struct crowd *crowd = arg;

	for (int i = 0; i < 20; i++) {
		struct test_run run;

		test_run_init(&run, crowd->server, crowd->peer);
		if (i & 1)
			run.peer.ticket = crowd->ticket;
		test_run(&run);
		if (run.server_action != HK_EAP_SUCCEEDED || run.peer_action != HK_EAP_SUCCEEDED)
			__atomic_add_fetch(&crowd->failed, 1, __ATOMIC_RELAXED);
		test_run_free(&run);
		if (i % 8 == 0 && hk_tls_context_rotate_ticket_key(crowd->server))
			__atomic_add_fetch(&crowd->failed, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void many_threads(void **state)
{
	struct crowd crowd = {server_context(), peer_context(HK_TLS_1_3), HK_NO_BYTES, 0};
	pthread_t threads[4];

	(void)state;
	crowd.ticket = test_ticket(crowd.server, crowd.peer, TEST_NOW);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, join_crowd, &crowd), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(crowd.failed, 0);
	test_bytes_free(crowd.ticket);
	hk_tls_context_free(crowd.server);
	hk_tls_context_free(crowd.peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_1_2),
		cmocka_unit_test(full_1_3),
		cmocka_unit_test(resumed_1_2),
		cmocka_unit_test(resumed_1_3),
		cmocka_unit_test(commitment_is_last),
		cmocka_unit_test(one_ticket),
		cmocka_unit_test(rounds),
		cmocka_unit_test(hello_retry),
		cmocka_unit_test(rsa),
		cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
