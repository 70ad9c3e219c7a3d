/* SPDX-License-Identifier: ISC */
/* OCSP: responses alone, stapled ones, and lookups by the server. */
#include "test.h"

#include <hokey/eap_tls.h>

#include "conversation.h"
#include "eap/ocsp.h"
#include "eap/tls_context.h"

#define URL   "http://ocsp.example.com/"
#define BEGIN (TEST_NOW - TEST_DAY)
#define END   (TEST_NOW + TEST_DAY)

static struct test_pki pki;
static struct test_cert *delegate, *stranger, *middle;
static struct test_cert *client; /* with URL */
static struct hk_bytes client_pem, client_key;
static const uint16_t versions[] = {HK_TLS_1_2, HK_TLS_1_3};

#define FOR_EACH_VERSION(v)                                                                        \
	for (const uint16_t *v = versions; v < versions + sizeof versions / sizeof *versions; v++)

static int setup(void **state)
{
	(void)state;
	test_pki_init(&pki);
	delegate = test_cert_new(
		pki.ca, &(struct test_cert_options){.cn = "Responder", .eku = "OCSPSigning"});
	stranger = test_cert_new(NULL,
		&(struct test_cert_options){.cn = "Test CA", .ca = true, .eku = "OCSPSigning"});
	middle = test_cert_new(pki.ca,
		&(struct test_cert_options){.cn = "Middle CA", .ca = true, .ocsp = URL "root"});
	client = test_cert_new(pki.ca,
		&(struct test_cert_options){.cn = "alice", .eku = "clientAuth", .ocsp = URL});
	client_pem = test_cert_pem(client);
	client_key = test_key_pem(client);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_cert_free(delegate);
	test_cert_free(stranger);
	test_cert_free(middle);
	test_cert_free(client);
	test_bytes_free(client_pem);
	test_bytes_free(client_key);
	test_pki_free(&pki);
	return 0;
}

/* ---- responses ---- */

static void responses(void **state)
{
	const struct {
		const struct test_cert *signer, *about;
		enum test_ocsp_status status;
		hk_time begin, end;
		enum hk_ocsp_verdict verdict;
	} cases[] = {
		{pki.ca, client, TEST_OCSP_GOOD, BEGIN, END, HK_OCSP_GOOD},
		{pki.ca, client, TEST_OCSP_REVOKED, BEGIN, END, HK_OCSP_REVOKED},
		{pki.ca, client, TEST_OCSP_UNKNOWN, BEGIN, END, HK_OCSP_UNAVAILABLE},
		{delegate, client, TEST_OCSP_GOOD, BEGIN, END, HK_OCSP_GOOD},
		{delegate, client, TEST_OCSP_REVOKED, BEGIN, END, HK_OCSP_REVOKED},
		/* someone else's */
		{stranger, client, TEST_OCSP_GOOD, BEGIN, END, HK_OCSP_UNAVAILABLE},
		{pki.client, client, TEST_OCSP_GOOD, BEGIN, END, HK_OCSP_UNAVAILABLE},
		{pki.ca, pki.client, TEST_OCSP_GOOD, BEGIN, END, HK_OCSP_UNAVAILABLE},
		/* not now */
		{pki.ca, client, TEST_OCSP_GOOD, BEGIN, TEST_NOW - 600 * HK_SECOND,
			HK_OCSP_UNAVAILABLE},
		{pki.ca, client, TEST_OCSP_GOOD, TEST_NOW + 600 * HK_SECOND, END,
			HK_OCSP_UNAVAILABLE},
		/* within what clocks may differ */
		{pki.ca, client, TEST_OCSP_GOOD, TEST_NOW + 60 * HK_SECOND, END, HK_OCSP_GOOD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct hk_bytes der = test_ocsp_response(pki.ca, cases[i].signer, cases[i].about,
			cases[i].status, cases[i].begin, cases[i].end);
		hk_time until;

		assert_int_equal(hk_ocsp_check(der, client->x509, pki.ca->x509, TEST_NOW, &until),
			cases[i].verdict);
		if (cases[i].verdict != HK_OCSP_UNAVAILABLE)
			assert_true(until > TEST_NOW && until <= TEST_NOW + TEST_DAY);
		test_bytes_free(der);
	}
}

static void broken_responses(void **state)
{
	struct hk_bytes der =
		test_ocsp_response(pki.ca, pki.ca, client, TEST_OCSP_GOOD, BEGIN, END);
	uint8_t *octets = (uint8_t *)(uintptr_t)der.data;
	hk_time until;

	(void)state;
	assert_int_equal(hk_ocsp_check(HK_NO_BYTES, client->x509, pki.ca->x509, TEST_NOW, &until),
		HK_OCSP_UNAVAILABLE);
	for (size_t n = 0; n < der.len; n++) {
		assert_int_equal(hk_ocsp_check(hk_bytes(octets, n), client->x509, pki.ca->x509,
					 TEST_NOW, &until),
			HK_OCSP_UNAVAILABLE);
		/* a flipped bit never makes another good one of it but in what is not signed */
		octets[n] ^= 0x10;
		assert_int_not_equal(
			hk_ocsp_check(der, client->x509, pki.ca->x509, TEST_NOW, &until),
			HK_OCSP_REVOKED);
		octets[n] ^= 0x10;
	}
	test_bytes_free(der);
}

static void memory(void **state)
{
	struct hk_ocsp_cache *cache = hk_ocsp_cache_new(), *other;
	enum hk_ocsp_verdict verdict;

	(void)state;
	assert_false(hk_ocsp_cache_get(cache, client->x509, TEST_NOW, &verdict));
	hk_ocsp_cache_put(cache, client->x509, HK_OCSP_REVOKED, END);
	assert_true(hk_ocsp_cache_get(cache, client->x509, TEST_NOW, &verdict));
	assert_int_equal(verdict, HK_OCSP_REVOKED);
	assert_false(hk_ocsp_cache_get(cache, client->x509, END, &verdict));
	assert_false(hk_ocsp_cache_get(cache, pki.client->x509, TEST_NOW, &verdict));
	other = hk_ocsp_cache_ref(cache);
	hk_ocsp_cache_free(cache);
	assert_true(hk_ocsp_cache_get(other, client->x509, TEST_NOW, &verdict));
	hk_ocsp_cache_free(other);
}

/* ---- stapled ---- */

static void run_stapled(
	uint16_t version, struct hk_bytes staple, bool required, struct test_run *run)
{
	struct hk_tls_config server_config = test_server_config(&pki);
	struct hk_tls_config peer_config = test_peer_config(&pki);
	struct hk_tls_context *server, *peer;

	server_config.credentials.ocsp_staple = staple;
	peer_config.min_version = peer_config.max_version = version;
	peer_config.require_staple = required;
	server = test_context(true, &server_config);
	peer = test_context(false, &peer_config);
	test_run_init(run, server, peer);
	test_run(run);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

/* R9190-5.4-02 */
static void stapled(void **state)
{
	static const struct {
		enum test_ocsp_status status;
		hk_time end;
		bool required, good;
	} cases[] = {
		{TEST_OCSP_GOOD, END, true, true},
		{TEST_OCSP_GOOD, END, false, true},
		{TEST_OCSP_REVOKED, END, true, false},
		{TEST_OCSP_REVOKED, END, false, false},
		/* stale or empty of content: as if there were none */
		{TEST_OCSP_GOOD, TEST_NOW - TEST_DAY / 2, true, false},
		{TEST_OCSP_GOOD, TEST_NOW - TEST_DAY / 2, false, true},
		{TEST_OCSP_UNKNOWN, END, true, false},
		{TEST_OCSP_UNKNOWN, END, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		FOR_EACH_VERSION(v)
		{
			struct hk_bytes staple = test_ocsp_response(
				pki.ca, delegate, pki.server, cases[i].status, BEGIN, cases[i].end);
			struct test_run run;

			run_stapled(*v, staple, cases[i].required, &run);
			if (cases[i].good) {
				assert_success(&run, *v, false);
			} else {
				assert_failure(&run, HK_ERR_TLS, "bad certificate status response");
				assert_non_null(strstr(run.peer_detail, "OCSP response"));
			}
			test_run_free(&run);
			test_bytes_free(staple);
		}
}

static void nothing_stapled(void **state)
{
	struct test_run run;

	(void)state;
	FOR_EACH_VERSION(v)
	{
		run_stapled(*v, HK_NO_BYTES, false, &run);
		assert_success(&run, *v, false);
		test_run_free(&run);
		run_stapled(*v, HK_NO_BYTES, true, &run);
		assert_failure(&run, HK_ERR_TLS, "bad certificate status response");
		test_run_free(&run);
	}
}

static void newer_staple(void **state)
{
	struct hk_tls_config config = test_server_config(&pki);
	struct hk_tls_config peer_config = test_peer_config(&pki);
	struct hk_bytes good =
		test_ocsp_response(pki.ca, pki.ca, pki.server, TEST_OCSP_GOOD, BEGIN, END);
	struct hk_tls_context *server = test_context(true, &config), *peer;
	struct hk_tls_error error;
	struct test_run run;

	(void)state;
	peer_config.require_staple = true;
	peer = test_context(false, &peer_config);
	assert_err(hk_tls_context_set_staple(server, hk_text("x")), HK_ERR_MALFORMED);
	assert_ok(hk_tls_context_set_staple(server, good));
	assert_ok(hk_tls_context_set_staple(server, good));
	test_run_init(&run, server, peer);
	test_run(&run);
	assert_success(&run, HK_TLS_1_3, false);
	test_run_free(&run);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
	test_bytes_free(good);

	config.credentials.ocsp_staple = hk_text("no response");
	assert_err(hk_tls_context_new(true, &config, TEST_NOW, &server, &error), HK_ERR_MALFORMED);
}

/* ---- lookups ---- */

struct responder {
	enum test_ocsp_status status, middle_status;
	bool saw_client, saw_middle;
};

static struct hk_bytes respond(struct test_run *run, const char *url, struct hk_bytes request)
{
	struct responder *r = run->arg;

	/* what is asked is DER of a sequence, and short */
	assert_true(request.len > 60 && request.len < 200 && request.data[0] == 0x30);
	if (strcmp(url, URL "root") == 0) {
		r->saw_middle = true;
		return test_ocsp_response(pki.ca, delegate, middle, r->middle_status, BEGIN, END);
	}
	assert_string_equal(url, URL);
	r->saw_client = true;
	return test_ocsp_response(pki.ca, delegate, client, r->status, BEGIN, END);
}

static void use_client(struct hk_tls_config *config, uint16_t version)
{
	config->min_version = config->max_version = version;
	config->credentials.certificate = client_pem;
	config->credentials.key = client_key;
}

static struct hk_tls_context *asking_server(enum hk_ocsp_policy policy)
{
	struct hk_tls_config config = test_server_config(&pki);

	config.ocsp = policy;
	return test_context(true, &config);
}

static struct hk_tls_context *asked_peer(uint16_t version)
{
	struct hk_tls_config config = test_peer_config(&pki);

	use_client(&config, version);
	return test_context(false, &config);
}

static void lookup_good(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = asking_server(HK_OCSP_HARD);
		struct hk_tls_context *peer = asked_peer(*v);
		struct responder r = {TEST_OCSP_GOOD, TEST_OCSP_GOOD, false, false};
		struct test_run run;

		for (unsigned round = 0; round < 3; round++) {
			test_run_init(&run, server, peer);
			run.ocsp = respond;
			run.arg = &r;
			/* a verdict is kept, but for a day at most */
			run.now = round < 2 ? TEST_NOW : TEST_NOW + TEST_DAY - 3600 * HK_SECOND;
			test_run(&run);
			assert_success(&run, *v, false);
			assert_int_equal(run.lookups, round == 0);
			test_run_free(&run);
		}
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

/* R9190-2.5-02 */
static void lookup_revoked(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = asking_server(HK_OCSP_SOFT);
		struct hk_tls_context *peer = asked_peer(*v);
		struct responder r = {TEST_OCSP_REVOKED, TEST_OCSP_GOOD, false, false};
		struct test_run run;

		for (unsigned round = 0; round < 2; round++) {
			test_run_init(&run, server, peer);
			run.ocsp = respond;
			run.arg = &r;
			test_run(&run);
			assert_failure(&run, HK_ERR_DENIED, "revoked, says OCSP");
			assert_non_null(strstr(run.peer_detail, "certificate revoked"));
			assert_int_equal(run.lookups, round == 0);
			test_run_free(&run);
		}
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

static void lookup_without_answer(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *hard = asking_server(HK_OCSP_HARD);
		struct hk_tls_context *soft = asking_server(HK_OCSP_SOFT);
		struct hk_tls_context *peer = asked_peer(*v);
		struct test_run run;

		for (unsigned round = 0; round < 2; round++) {
			test_run_init(&run, hard, peer);
			test_run(&run);
			assert_failure(&run, HK_ERR_TLS, "no valid OCSP response");
			assert_non_null(strstr(run.peer_detail, "certificate unknown"));
			assert_int_equal(run.lookups, 1);
			test_run_free(&run);

			test_run_init(&run, soft, peer);
			test_run(&run);
			assert_success(&run, *v, false);
			/* a dead responder does not hold up everybody */
			assert_int_equal(run.lookups, round == 0);
			test_run_free(&run);
		}
		hk_tls_context_free(hard);
		hk_tls_context_free(soft);
		hk_tls_context_free(peer);
	}
}

/* R9190-5.4-01 */
static void lookup_of_whole_path(void **state)
{
	static const enum test_ocsp_status statuses[] = {TEST_OCSP_GOOD, TEST_OCSP_REVOKED};
	struct test_cert *leaf = test_cert_new(
		middle, &(struct test_cert_options){.cn = "bob", .eku = "clientAuth"});
	struct hk_bytes leaf_pem = test_cert_pem(leaf), leaf_key = test_key_pem(leaf);
	struct hk_bytes middle_pem = test_cert_pem(middle), chain = test_join(leaf_pem, middle_pem);

	(void)state;
	for (size_t i = 0; i < 2; i++)
		FOR_EACH_VERSION(v)
		{
			struct hk_tls_context *server = asking_server(HK_OCSP_SOFT);
			struct hk_tls_config config = test_peer_config(&pki);
			struct responder r = {TEST_OCSP_GOOD, statuses[i], false, false};
			struct hk_tls_context *peer;
			struct test_run run;

			config.min_version = config.max_version = *v;
			config.credentials.certificate = chain;
			config.credentials.key = leaf_key;
			peer = test_context(false, &config);
			test_run_init(&run, server, peer);
			run.ocsp = respond;
			run.arg = &r;
			test_run(&run);
			assert_true(r.saw_middle);
			if (statuses[i] == TEST_OCSP_GOOD)
				assert_success(&run, *v, false);
			else
				assert_failure(&run, HK_ERR_DENIED, "\"CN=Middle CA\": revoked");
			test_run_free(&run);
			hk_tls_context_free(server);
			hk_tls_context_free(peer);
		}
	test_bytes_free(chain);
	test_bytes_free(middle_pem);
	test_bytes_free(leaf_pem);
	test_bytes_free(leaf_key);
	test_cert_free(leaf);
}

/* A certificate that names no responder: HARD refuses it, unless a CRL stands in. */
static void nobody_to_ask(void **state)
{
	struct hk_bytes crl = test_crl_pem(pki.ca, NULL, BEGIN, END);
	struct hk_tls_config config = test_server_config(&pki),
			     peer_config = test_peer_config(&pki);
	struct hk_tls_context *peer = test_context(false, &peer_config);
	struct hk_tls_context *server;
	struct test_run run;

	(void)state;
	config.ocsp = HK_OCSP_HARD;
	server = test_context(true, &config);
	test_run_init(&run, server, peer);
	test_run(&run);
	assert_failure(&run, HK_ERR_TLS, "no valid OCSP response");
	assert_int_equal(run.lookups, 0);
	test_run_free(&run);
	hk_tls_context_free(server);

	config.credentials.crl = crl;
	config.check_crl = true;
	server = test_context(true, &config);
	test_run_init(&run, server, peer);
	test_run(&run);
	assert_success(&run, HK_TLS_1_3, false);
	test_run_free(&run);
	hk_tls_context_free(server);

	/* a responder of our own is asked about all */
	config.ocsp_url = URL;
	server = test_context(true, &config);
	test_run_init(&run, server, peer);
	test_run(&run);
	assert_failure(&run, HK_ERR_TLS, "no valid OCSP response");
	assert_int_equal(run.lookups, 1);
	test_run_free(&run);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
	test_bytes_free(crl);
}

/* R9190-5.7-01 */
static void resumption_needs_a_verdict(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct hk_tls_context *server = asking_server(HK_OCSP_HARD);
		struct hk_tls_context *peer = asked_peer(*v);
		struct responder r = {TEST_OCSP_GOOD, TEST_OCSP_GOOD, false, false};
		uint8_t octets[8192];
		struct hk_buf ticket = hk_buf(octets, sizeof octets);
		struct test_run run;

		test_run_init(&run, server, peer);
		run.ocsp = respond;
		run.arg = &r;
		test_run(&run);
		assert_success(&run, *v, false);
		assert_ok(hk_eap_peer_ticket(run.p, &ticket));
		test_run_free(&run);

		test_run_init(&run, server, peer);
		run.peer.ticket = hk_buf_bytes(&ticket);
		test_run(&run);
		assert_success(&run, *v, true);
		assert_int_equal(run.lookups, 0);
		test_run_free(&run);

		/* the verdict is gone: a full handshake, with a lookup */
		hk_ocsp_cache_put(server->ocsp_cache, client->x509, HK_OCSP_GOOD, TEST_NOW);
		r.status = TEST_OCSP_REVOKED;
		test_run_init(&run, server, peer);
		run.peer.ticket = hk_buf_bytes(&ticket);
		run.ocsp = respond;
		run.arg = &r;
		test_run(&run);
		assert_failure(&run, HK_ERR_DENIED, "revoked, says OCSP");
		assert_int_equal(run.lookups, 1);
		test_run_free(&run);

		/* and now it is known to be bad */
		test_run_init(&run, server, peer);
		run.peer.ticket = hk_buf_bytes(&ticket);
		test_run(&run);
		assert_failure(&run, HK_ERR_DENIED, "revoked, says OCSP");
		assert_int_equal(run.lookups, 0);
		test_run_free(&run);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

static void answers_nobody_asked_for(void **state)
{
	struct hk_tls_context *server = asking_server(HK_OCSP_HARD);
	struct hk_eap_server_config config = {.tls = server};
	struct hk_eap_server *s;
	struct hk_bytes request;
	struct hk_buf out = hk_buf(NULL, 0);
	const char *url;

	(void)state;
	assert_ok(hk_eap_server_new(&config, &s));
	assert_int_equal(
		hk_eap_server_ocsp_answer(s, HK_NO_BYTES, TEST_NOW, 4000, &out), HK_EAP_IGNORED);
	assert_err(hk_eap_server_ocsp_query(s, &url, &request), HK_ERR_UNEXPECTED);
	hk_eap_server_free(s);
	hk_tls_context_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responses),
		cmocka_unit_test(broken_responses),
		cmocka_unit_test(memory),
		cmocka_unit_test(stapled),
		cmocka_unit_test(nothing_stapled),
		cmocka_unit_test(newer_staple),
		cmocka_unit_test(lookup_good),
		cmocka_unit_test(lookup_revoked),
		cmocka_unit_test(lookup_without_answer),
		cmocka_unit_test(lookup_of_whole_path),
		cmocka_unit_test(nobody_to_ask),
		cmocka_unit_test(resumption_needs_a_verdict),
		cmocka_unit_test(answers_nobody_asked_for),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
