/* SPDX-License-Identifier: ISC */
/* Resumption of EAP-TLS sessions: when it works, and what ends it. */
#include "test.h"

#include <hokey/eap_tls.h>
#include <hokey/key.h>

#include "conversation.h"
#include "eap/tls_context.h"

#define HOUR (3600 * HK_SECOND)

static struct test_pki pki;
static const uint16_t versions[] = {HK_TLS_1_2, HK_TLS_1_3};

#define FOR_EACH_VERSION(v)                                                                        \
	for (const uint16_t *v = versions; v < versions + sizeof versions / sizeof *versions; v++)

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

static struct hk_tls_context *server_context(void)
{
	struct hk_tls_config config = test_server_config(&pki);

	return test_context(true, &config);
}

static struct hk_tls_context *peer_context(uint16_t version)
{
	struct hk_tls_config config = test_peer_config(&pki);

	config.min_version = config.max_version = version;
	return test_context(false, &config);
}

/* A login with the ticket; takes the new ticket, if there is one, in its place. */
static void log_in(struct hk_tls_context *server, struct hk_tls_context *peer,
	struct hk_bytes *ticket, hk_time now, uint16_t version, bool resumed)
{
	uint8_t octets[8192];
	struct hk_buf out = hk_buf(octets, sizeof octets);
	struct test_run run;

	test_run_init(&run, server, peer);
	run.peer.ticket = *ticket;
	run.now = now;
	test_run(&run);
	assert_success(&run, version, resumed);
	assert_ok(hk_eap_peer_ticket(run.p, &out));
	test_run_free(&run);
	if (out.len) {
		test_bytes_free(*ticket);
		*ticket = test_join(hk_buf_bytes(&out), HK_NO_BYTES);
	}
}

/* Resumptions do not make an authentication last longer than its ticket. */
static void tickets_end(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = server_context(), *peer = peer_context(*v);
		struct hk_bytes ticket = test_ticket(server, peer, TEST_NOW);

		log_in(server, peer, &ticket, TEST_NOW + HOUR / 2, *v, true);
		log_in(server, peer, &ticket, TEST_NOW + HOUR - HK_SECOND, *v, true);
		log_in(server, peer, &ticket, TEST_NOW + HOUR, *v, false);
		/* and that was a new authentication */
		log_in(server, peer, &ticket, TEST_NOW + HOUR + HOUR / 2, *v, true);
		/* a clock that went back */
		log_in(server, peer, &ticket, TEST_NOW, *v, false);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

static void key_rotation(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = server_context(), *peer = peer_context(*v);
		struct hk_bytes ticket = test_ticket(server, peer, TEST_NOW);

		assert_ok(hk_tls_context_rotate_ticket_key(server));
		/* the ticket is renewed under the new key */
		log_in(server, peer, &ticket, TEST_NOW, *v, true);
		assert_ok(hk_tls_context_rotate_ticket_key(server));
		log_in(server, peer, &ticket, TEST_NOW, *v, true);
		assert_ok(hk_tls_context_rotate_ticket_key(server));
		assert_ok(hk_tls_context_rotate_ticket_key(server));
		log_in(server, peer, &ticket, TEST_NOW, *v, false);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

static void another_server(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = server_context(), *peer = peer_context(*v);
		struct hk_tls_context *other = server_context();
		struct hk_bytes ticket = test_ticket(server, peer, TEST_NOW);
		struct hk_bytes junk = test_join(hk_text("not a ticket"), HK_NO_BYTES);

		log_in(other, peer, &ticket, TEST_NOW, *v, false);
		/* that gave a ticket of the other server */
		log_in(server, peer, &ticket, TEST_NOW, *v, false);
		log_in(server, peer, &junk, TEST_NOW, *v, false);
		test_bytes_free(ticket);
		test_bytes_free(junk);
		hk_tls_context_free(server);
		hk_tls_context_free(other);
		hk_tls_context_free(peer);
	}
}

static void flipped_ticket(void **state)
{
	struct hk_tls_context *server = server_context(), *peer = peer_context(HK_TLS_1_3);
	struct hk_bytes ticket = test_ticket(server, peer, TEST_NOW);

	(void)state;
	/* wherever the bit is: no ticket, or one that nobody can read */
	for (size_t at = 0; at < ticket.len; at += 97) {
		struct hk_bytes copy = test_join(ticket, HK_NO_BYTES);
		struct test_run run;

		((uint8_t *)(uintptr_t)copy.data)[at] ^= 4;
		test_run_init(&run, server, peer);
		run.peer.ticket = copy;
		test_run(&run);
		assert_int_not_equal(run.server_action, HK_EAP_IGNORED);
		if (run.server_action == HK_EAP_SUCCEEDED)
			assert_int_equal(run.peer_action, HK_EAP_SUCCEEDED);
		test_run_free(&run);
		test_bytes_free(copy);
	}
	test_bytes_free(ticket);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

static void no_tickets(void **state)
{
	struct hk_tls_config config = test_server_config(&pki);

	(void)state;
	config.ticket_lifetime_s = 0;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = test_context(true, &config);
		struct hk_tls_context *peer = peer_context(*v);
		uint8_t octets[16];
		struct hk_buf out = hk_buf(octets, sizeof octets);
		struct test_run run;

		test_run_init(&run, server, peer);
		test_run(&run);
		assert_success(&run, *v, false);
		assert_ok(hk_eap_peer_ticket(run.p, &out));
		assert_int_equal(out.len, 0);
		test_run_free(&run);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

/* R9190-2.1.2-01 R9190-2.1-01 */
static void what_a_ticket_says(void **state)
{
	struct hk_tls_context *server = server_context(), *peer = peer_context(HK_TLS_1_3);
	struct hk_bytes ticket = test_ticket(server, peer, TEST_NOW);
	const unsigned char *at = ticket.data;
	SSL_SESSION *session = d2i_SSL_SESSION(NULL, &at, (long)ticket.len);
	struct hk_tls_config config = test_server_config(&pki);
	struct hk_tls_context *refused;
	struct hk_tls_error error;

	(void)state;
	assert_non_null(session);
	assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(session), 3600);
	assert_int_equal(SSL_SESSION_get_max_early_data(session), 0);
	SSL_SESSION_free(session);
	test_bytes_free(ticket);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);

	config.ticket_lifetime_s = 604801;
	assert_err(hk_tls_context_new(true, &config, TEST_NOW, &refused, &error), HK_ERR_ARGUMENT);
}

/* ---- policy and certificates at resumption ---- */

struct door {
	bool closed;
	unsigned asked, resumed;
};

static enum hk_err ask(void *arg, const struct hk_peer_identity *who)
{
	struct door *door = arg;

	door->asked++;
	door->resumed += who->resumed;
	assert_true(who->npeer_ids > 0);
	assert_true(hk_bytes_equal(who->peer_ids[0], hk_text("alice@example.com")));
	assert_true(hk_bytes_equal(who->outer, hk_text(TEST_IDENTITY)));
	return door->closed ? HK_ERR_DENIED : HK_OK;
}

/* R9190-5.7-01 */
static void policy_is_asked_again(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = server_context(), *peer = peer_context(*v);
		struct hk_bytes ticket = test_ticket(server, peer, TEST_NOW);
		struct door door = {false, 0, 0};
		struct test_run run;

		test_run_init(&run, server, peer);
		run.peer.ticket = ticket;
		run.server.authorize = ask;
		run.server.arg = &door;
		test_run(&run);
		assert_success(&run, *v, true);
		assert_int_equal(door.asked, 1);
		assert_int_equal(door.resumed, 1);
		assert_true(hk_eap_server_peer(run.s)->resumed);
		test_run_free(&run);

		door = (struct door){true, 0, 0};
		test_run_init(&run, server, peer);
		run.peer.ticket = ticket;
		run.server.authorize = ask;
		run.server.arg = &door;
		test_run(&run);
		assert_failure(&run, HK_ERR_DENIED, "refused by policy");
		assert_non_null(strstr(run.peer_detail, "access denied"));
		test_run_free(&run);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

static void certificate_expires(void **state)
{
	struct test_cert *cert = test_cert_new(
		pki.ca, &(struct test_cert_options){.cn = "brief", .until = TEST_NOW + HOUR / 2});
	struct hk_bytes pem = test_cert_pem(cert), key = test_key_pem(cert);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_config config = test_peer_config(&pki);
		struct hk_tls_context *server = server_context(), *peer;
		struct hk_bytes ticket;
		struct test_run run;

		config.min_version = config.max_version = *v;
		config.credentials.certificate = pem;
		config.credentials.key = key;
		peer = test_context(false, &config);
		ticket = test_ticket(server, peer, TEST_NOW);
		log_in(server, peer, &ticket, TEST_NOW + HOUR / 2 - HK_SECOND, *v, true);
		test_run_init(&run, server, peer);
		run.peer.ticket = ticket;
		run.now = TEST_NOW + HOUR / 2 + HK_SECOND;
		test_run(&run);
		assert_failure(&run, HK_ERR_EXPIRED, "certificate has expired");
		test_run_free(&run);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
	test_bytes_free(pem);
	test_bytes_free(key);
	test_cert_free(cert);
}

/* A reload: tickets stay good, and a new CRL counts for them. */
static void new_configuration(void **state)
{
	struct hk_bytes good = test_crl_pem(pki.ca, NULL, TEST_NOW - HOUR, TEST_NOW + HOUR);
	struct hk_bytes bad = test_crl_pem(pki.ca, pki.client, TEST_NOW - HOUR, TEST_NOW + HOUR);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_config config = test_server_config(&pki);
		struct hk_tls_context *server = server_context(), *peer = peer_context(*v), *next;
		struct hk_bytes ticket = test_ticket(server, peer, TEST_NOW);
		struct test_run run;

		config.check_crl = true;
		config.credentials.crl = good;
		next = test_context(true, &config);
		assert_ok(hk_tls_context_inherit(next, server));
		hk_tls_context_free(server);
		log_in(next, peer, &ticket, TEST_NOW, *v, true);

		config.credentials.crl = bad;
		server = test_context(true, &config);
		assert_ok(hk_tls_context_inherit(server, next));
		test_run_init(&run, server, peer);
		run.peer.ticket = ticket;
		test_run(&run);
		assert_failure(&run, HK_ERR_DENIED, "certificate revoked");
		assert_non_null(strstr(run.peer_detail, "certificate revoked"));
		test_run_free(&run);
		assert_err(hk_tls_context_inherit(server, peer), HK_ERR_ARGUMENT);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(next);
		hk_tls_context_free(peer);
	}
	test_bytes_free(good);
	test_bytes_free(bad);
}

/*
 * R9190-5.7-02
 * The server keeps the certificate a ticket stands for. Tickets are small, so
 * that neither they nor a ClientHello with one need a round trip more.
 */
static void tickets_are_small(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = server_context(), *peer = peer_context(*v);
		struct hk_bytes ticket = test_ticket(server, peer, TEST_NOW);
		struct hk_cert_cache *cache = server->certificates;
		const unsigned char *at = ticket.data;
		SSL_SESSION *session = d2i_SSL_SESSION(NULL, &at, (long)ticket.len);
		const unsigned char *octets;
		size_t len;

		SSL_SESSION_get0_ticket(session, &octets, &len);
		assert_true(len > 0 && len < 400);
		SSL_SESSION_free(session);

		log_in(server, peer, &ticket, TEST_NOW, *v, true);
		/* without the certificate there is nothing to resume with */
		server->certificates = hk_cert_cache_new();
		log_in(server, peer, &ticket, TEST_NOW, *v, false);
		log_in(server, peer, &ticket, TEST_NOW, *v, true);
		hk_cert_cache_free(cache);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

static void certificate_cache(void **state)
{
	struct hk_cert_cache *cache = hk_cert_cache_new(), *other;
	struct test_cert *first = pki.client;
	uint8_t key[HK_CERT_KEY_LEN], again[HK_CERT_KEY_LEN], none[HK_CERT_KEY_LEN] = {0};
	X509 *found;

	(void)state;
	assert_null(hk_cert_cache_get(cache, none));
	assert_null(hk_cert_cache_intermediates(cache));
	assert_true(hk_cert_cache_put(cache, first->x509, key));
	assert_true(hk_cert_cache_put(cache, first->x509, again));
	assert_memory_equal(key, again, sizeof key);
	other = hk_cert_cache_ref(cache);
	hk_cert_cache_free(cache);
	found = hk_cert_cache_get(other, key);
	assert_int_equal(X509_cmp(found, first->x509), 0);
	X509_free(found);
	key[31] ^= 1;
	assert_null(hk_cert_cache_get(other, key));
	hk_cert_cache_free(other);
	hk_cert_cache_free(NULL);
}

#define SETS 8192
#define WAYS 4

/* Five certificates that fall into one set of the cache: the first makes room. */
static void certificate_cache_is_bounded(void **state)
{
	struct hk_cert_cache *cache = hk_cert_cache_new();
	X509 *certificate = X509_dup(pki.client->x509);
	uint8_t keys[WAYS + 1][HK_CERT_KEY_LEN], key[HK_CERT_KEY_LEN];
	size_t n = 0;

	(void)state;
	for (long serial = 1; n < WAYS + 1; serial++) {
		unsigned len = sizeof key;

		ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
		i2d_re_X509_tbs(certificate, NULL);
		X509_digest(certificate, EVP_sha256(), key, &len);
		if (n && hk_load_u16(key) % SETS != hk_load_u16(keys[0]) % SETS)
			continue;
		X509 *copy = X509_dup(certificate);

		assert_true(hk_cert_cache_put(cache, copy, keys[n]));
		assert_memory_equal(keys[n++], key, sizeof key);
		X509_free(copy);
	}
	assert_null(hk_cert_cache_get(cache, keys[0]));
	for (size_t i = 1; i < WAYS + 1; i++) {
		X509 *found = hk_cert_cache_get(cache, keys[i]);

		assert_non_null(found);
		X509_free(found);
	}
	X509_free(certificate);
	hk_cert_cache_free(cache);
}

/* The ticket does not hold the CA below the root, but the server has seen it. */
static void path_with_intermediate(void **state)
{
	struct test_cert *middle =
		test_cert_new(pki.ca, &(struct test_cert_options){.cn = "Middle CA", .ca = true});
	struct test_cert *leaf = test_cert_new(middle, &(struct test_cert_options){.cn = "bob"});
	struct hk_bytes leaf_pem = test_cert_pem(leaf), key = test_key_pem(leaf);
	struct hk_bytes middle_pem = test_cert_pem(middle), chain = test_join(leaf_pem, middle_pem);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_config config = test_peer_config(&pki);
		struct hk_tls_context *server = server_context(), *next = server_context(), *peer;
		struct hk_bytes ticket;

		config.min_version = config.max_version = *v;
		config.credentials.certificate = chain;
		config.credentials.key = key;
		peer = test_context(false, &config);
		ticket = test_ticket(server, peer, TEST_NOW);
		log_in(server, peer, &ticket, TEST_NOW, *v, true);
		assert_ok(hk_tls_context_inherit(next, server));
		log_in(next, peer, &ticket, TEST_NOW, *v, true);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(next);
		hk_tls_context_free(peer);
	}
	test_bytes_free(chain);
	test_bytes_free(middle_pem);
	test_bytes_free(leaf_pem);
	test_bytes_free(key);
	test_cert_free(leaf);
	test_cert_free(middle);
}

/* ---- how long keys live ---- */

static hk_time end_of_keys(struct hk_tls_context *server, struct hk_tls_context *peer,
	struct hk_bytes ticket, hk_time now, uint32_t session_lifetime_s, hk_time policy)
{
	struct hk_eap_result *result;
	struct test_run run;
	hk_time end;

	test_run_init(&run, server, peer);
	run.peer.ticket = ticket;
	run.now = now;
	run.server.session_lifetime_s = session_lifetime_s;
	test_run(&run);
	result = hk_eap_server_result(run.s, now, policy);
	assert_non_null(result);
	assert_int_equal(result->resumed, ticket.len > 0);
	end = hk_key_expires(result->emsk);
	assert_int_equal(hk_key_expires(result->msk), end);
	test_run_free(&run);
	return end;
}

static void keys_end(void **state)
{
	const hk_time certificate = TEST_NOW + 300 * TEST_DAY;

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = server_context(), *peer = peer_context(*v);
		uint8_t octets[8192];
		struct hk_buf ticket = hk_buf(octets, sizeof octets);
		struct test_run run;

		assert_int_equal(
			end_of_keys(server, peer, HK_NO_BYTES, TEST_NOW, 0, HK_NEVER), certificate);
		assert_int_equal(
			end_of_keys(server, peer, HK_NO_BYTES, TEST_NOW, 0, TEST_NOW + HOUR),
			TEST_NOW + HOUR);
		assert_int_equal(end_of_keys(server, peer, HK_NO_BYTES, TEST_NOW, 7200, HK_NEVER),
			TEST_NOW + 2 * HOUR);

		/* resumed: what the full authentication allowed, whatever is said now */
		test_run_init(&run, server, peer);
		run.server.session_lifetime_s = 1800;
		test_run(&run);
		assert_success(&run, *v, false);
		assert_ok(hk_eap_peer_ticket(run.p, &ticket));
		test_run_free(&run);
		assert_int_equal(end_of_keys(server, peer, hk_buf_bytes(&ticket),
					 TEST_NOW + HOUR / 4, 7200, HK_NEVER),
			TEST_NOW + HOUR / 2);

		/* and when that is over, the ticket is too */
		test_run_init(&run, server, peer);
		run.peer.ticket = hk_buf_bytes(&ticket);
		run.now = TEST_NOW + HOUR / 2;
		test_run(&run);
		assert_success(&run, *v, false);
		test_run_free(&run);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

/* The peer does not go on with a session of a server whose certificate ended. */
static void server_certificate_ended(void **state)
{
	struct test_cert *cert = test_cert_new(pki.ca,
		&(struct test_cert_options){
			.cn = "aaa", .san = "DNS:aaa.example.com", .until = TEST_NOW + HOUR / 4});
	struct hk_bytes pem = test_cert_pem(cert), key = test_key_pem(cert);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_config config = test_server_config(&pki);
		struct hk_tls_context *server, *peer = peer_context(*v);
		struct hk_bytes ticket;
		struct test_run run;

		config.credentials.certificate = pem;
		config.credentials.key = key;
		server = test_context(true, &config);
		assert_int_equal(hk_tls_context_expires(server), TEST_NOW + HOUR / 4);
		ticket = test_ticket(server, peer, TEST_NOW);
		log_in(server, peer, &ticket, TEST_NOW, *v, true);
		test_run_init(&run, server, peer);
		run.peer.ticket = ticket;
		run.now = TEST_NOW + HOUR / 2;
		test_run(&run);
		assert_int_equal(run.peer_action, HK_EAP_FAILED);
		assert_non_null(strstr(run.peer_detail, "certificate has expired"));
		test_run_free(&run);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
	test_bytes_free(pem);
	test_bytes_free(key);
	test_cert_free(cert);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tickets_end),
		cmocka_unit_test(key_rotation),
		cmocka_unit_test(another_server),
		cmocka_unit_test(flipped_ticket),
		cmocka_unit_test(no_tickets),
		cmocka_unit_test(what_a_ticket_says),
		cmocka_unit_test(policy_is_asked_again),
		cmocka_unit_test(certificate_expires),
		cmocka_unit_test(new_configuration),
		cmocka_unit_test(tickets_are_small),
		cmocka_unit_test(certificate_cache),
		cmocka_unit_test(certificate_cache_is_bounded),
		cmocka_unit_test(path_with_intermediate),
		cmocka_unit_test(keys_end),
		cmocka_unit_test(server_certificate_ended),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
