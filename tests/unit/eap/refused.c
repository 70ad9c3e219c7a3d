/* SPDX-License-Identifier: ISC */
/* EAP-TLS conversations that must fail, and how the other side is told. */
#include "test.h"

#include <hokey/eap_tls.h>

#include "conversation.h"
#include "eap/tls_context.h"

static struct test_pki pki;
static const uint16_t versions[] = {HK_TLS_1_2, HK_TLS_1_3};

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

/* ---- one conversation with credentials of the test's choice ---- */

struct setting {
	struct hk_tls_config server, peer;
	enum hk_err (*authorize)(void *arg, const struct hk_peer_identity *who);
	hk_time now;
};

static struct setting setting(uint16_t version)
{
	struct setting s = {test_server_config(&pki), test_peer_config(&pki), NULL, TEST_NOW};

	s.peer.min_version = s.peer.max_version = version;
	return s;
}

static void run_setting(const struct setting *s, struct test_run *run)
{
	struct hk_tls_context *server = test_context(true, &s->server);
	struct hk_tls_context *peer = test_context(false, &s->peer);

	test_run_init(run, server, peer);
	run->server.authorize = s->authorize;
	run->now = s->now;
	test_run(run);
	/* conversations keep their contexts */
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

/* The peer must have got this alert, and the server's error must have this text. */
static void expect_alert(
	const struct setting *s, enum hk_err err, const char *text, const char *alert)
{
	struct test_run run;

	run_setting(s, &run);
	assert_failure(&run, err, text);
	if (!strstr(run.peer_detail, alert))
		fail_msg("peer: '%s', not '%s' (server: '%s')", run.peer_detail, alert,
			run.server_detail);
	assert_int_equal(run.peer_action, HK_EAP_FAILED);
	test_run_free(&run);
}

static void expect_success(const struct setting *s, uint16_t version)
{
	struct test_run run;

	run_setting(s, &run);
	assert_success(&run, version, false);
	test_run_free(&run);
}

/* A client certificate with these options from this CA, in place of the usual one. */
struct other_client {
	struct test_cert *cert;
	struct hk_bytes pem, key;
};

static struct other_client use_client(
	struct setting *s, const struct test_cert *ca, const struct test_cert_options *options)
{
	struct other_client c = {.cert = test_cert_new(ca, options)};

	c.pem = test_cert_pem(c.cert);
	c.key = test_key_pem(c.cert);
	s->peer.credentials.certificate = c.pem;
	s->peer.credentials.key = c.key;
	return c;
}

static void free_client(struct other_client *c)
{
	test_cert_free(c->cert);
	test_bytes_free(c->pem);
	test_bytes_free(c->key);
}

#define FOR_EACH_VERSION(v)                                                                        \
	for (const uint16_t *v = versions; v < versions + sizeof versions / sizeof *versions; v++)

/* ---- certificates of the peer ---- */

/* R5216-2.1.3-01 R9190-2.1.4-01 */
static void unknown_ca(void **state)
{
	struct test_cert *ca =
		test_cert_new(NULL, &(struct test_cert_options){.cn = "Another CA", .ca = true});

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);
		struct other_client c = use_client(
			&s, ca, &(struct test_cert_options){.cn = "mallory", .eku = "clientAuth"});

		expect_alert(&s, HK_ERR_TLS, "certificate \"CN=mallory\" (depth 0)", "unknown CA");
		free_client(&c);
	}
	test_cert_free(ca);
}

static void expired(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);
		struct other_client c = use_client(&s, pki.ca,
			&(struct test_cert_options){.cn = "old", .until = TEST_NOW - HK_SECOND});

		expect_alert(&s, HK_ERR_EXPIRED, "certificate has expired", "certificate expired");
		free_client(&c);
	}
}

static void not_yet_valid(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);
		struct other_client c = use_client(&s, pki.ca,
			&(struct test_cert_options){.cn = "new", .from = TEST_NOW + HK_SECOND});

		expect_alert(&s, HK_ERR_TLS, "not yet valid", "bad certificate");
		free_client(&c);
	}
}

/* R5216-5.3-01 */
static void purpose(void **state)
{
	static const struct {
		const char *eku, *key_usage;
		bool good;
	} cases[] = {
		{NULL, NULL, true},
		{"clientAuth", NULL, true},
		{"serverAuth,clientAuth", NULL, true},
		{"anyExtendedKeyUsage", NULL, true},
		{"serverAuth", NULL, false},
		{"emailProtection", NULL, false},
		{"clientAuth", "critical,keyEncipherment", false},
		{"anyExtendedKeyUsage", "critical,keyEncipherment", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		FOR_EACH_VERSION(v)
		{
			struct setting s = setting(*v);
			struct other_client c = use_client(&s, pki.ca,
				&(struct test_cert_options){.cn = "alice",
					.eku = cases[i].eku,
					.key_usage = cases[i].key_usage});

			if (cases[i].good)
				expect_success(&s, *v);
			else
				expect_alert(&s, HK_ERR_TLS, "certificate purpose",
					"unsupported certificate");
			free_client(&c);
		}
}

static void no_certificate(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);

		s.peer.credentials.certificate = s.peer.credentials.key = HK_NO_BYTES;
		expect_alert(&s, HK_ERR_TLS, "did not return a certificate",
			*v == HK_TLS_1_3 ? "certificate required" : "handshake failure");
	}
}

static void names_with_control_characters(void **state)
{
	static const struct hk_bytes names[] = {
		{(const uint8_t *)"alice@example.com\0.evil", 23},
		{(const uint8_t *)"alice\n@example.com", 18},
		{(const uint8_t *)"alice\xff@example.com", 18},
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		FOR_EACH_VERSION(v)
		{
			struct setting s = setting(*v);
			struct other_client c = use_client(&s, pki.ca,
				&(struct test_cert_options){.cn = "x", .san_email = names[i]});

			expect_alert(&s, HK_ERR_MALFORMED, "control characters", "bad certificate");
			free_client(&c);
		}
}

/* ---- revocation ---- */

/* R5216-5.4-01 R9190-2.5-02 */
static void revoked_by_crl(void **state)
{
	struct hk_bytes crl =
		test_crl_pem(pki.ca, pki.client, TEST_NOW - TEST_DAY, TEST_NOW + TEST_DAY);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);

		s.server.credentials.crl = crl;
		s.server.check_crl = true;
		expect_alert(&s, HK_ERR_DENIED, "certificate revoked", "certificate revoked");
		/* a CRL that is there counts, asked for or not */
		s.server.check_crl = false;
		expect_alert(&s, HK_ERR_DENIED, "certificate revoked", "certificate revoked");
	}
	test_bytes_free(crl);
}

static void crl_without_the_certificate(void **state)
{
	struct hk_bytes crl = test_crl_pem(pki.ca, NULL, TEST_NOW - TEST_DAY, TEST_NOW + TEST_DAY);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);

		s.server.credentials.crl = crl;
		s.server.check_crl = true;
		expect_success(&s, *v);
	}
	test_bytes_free(crl);
}

/* A stale CRL is the server's fault; the peer is not told that its certificate ended. */
static void crl_has_expired(void **state)
{
	struct hk_bytes crl =
		test_crl_pem(pki.ca, NULL, TEST_NOW - 2 * TEST_DAY, TEST_NOW - TEST_DAY);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);

		s.server.credentials.crl = crl;
		s.server.check_crl = true;
		expect_alert(&s, HK_ERR_TLS, "CRL has expired", "internal error");
		s.server.check_crl = false;
		expect_alert(&s, HK_ERR_TLS, "CRL has expired", "internal error");
	}
	test_bytes_free(crl);
}

static void crl_of_another_ca(void **state)
{
	struct test_cert *ca =
		test_cert_new(NULL, &(struct test_cert_options){.cn = "Another CA", .ca = true});
	struct hk_bytes crl = test_crl_pem(ca, NULL, TEST_NOW - TEST_DAY, TEST_NOW + TEST_DAY);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);

		s.server.credentials.crl = crl;
		s.server.check_crl = true;
		expect_alert(&s, HK_ERR_TLS, "unable to get certificate CRL", "internal error");
		s.server.check_crl = false;
		expect_success(&s, *v);
	}
	test_bytes_free(crl);
	test_cert_free(ca);
}

/* R9190-5.4-01 */
static void revoked_intermediate(void **state)
{
	struct test_cert *middle =
		test_cert_new(pki.ca, &(struct test_cert_options){.cn = "Middle CA", .ca = true});
	struct hk_bytes middle_pem = test_cert_pem(middle);
	struct hk_bytes crl =
		test_crl_pem(pki.ca, middle, TEST_NOW - TEST_DAY, TEST_NOW + TEST_DAY);
	struct hk_bytes middle_crl =
		test_crl_pem(middle, NULL, TEST_NOW - TEST_DAY, TEST_NOW + TEST_DAY);
	struct hk_bytes crls = test_join(crl, middle_crl);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);
		struct other_client c = use_client(
			&s, middle, &(struct test_cert_options){.cn = "bob", .eku = "clientAuth"});
		struct hk_bytes chain = test_join(c.pem, middle_pem);

		s.peer.credentials.certificate = chain;
		s.server.credentials.crl = crls;
		s.server.check_crl = true;
		expect_alert(&s, HK_ERR_DENIED, "certificate \"CN=Middle CA\" (depth 1)",
			"certificate revoked");
		s.server.credentials.crl = HK_NO_BYTES;
		s.server.check_crl = false;
		expect_success(&s, *v);
		/* the root and the CA below it are configured: the path must not end early */
		struct hk_bytes both = test_join(pki.ca_pem, middle_pem);

		s.server.credentials.ca = both;
		s.server.credentials.crl = crls;
		expect_alert(&s, HK_ERR_DENIED, "certificate \"CN=Middle CA\" (depth 1)",
			"certificate revoked");
		/* only the CA below: it is the anchor, and nobody here can revoke it */
		s.server.credentials.ca = middle_pem;
		s.server.credentials.crl = middle_crl;
		s.server.check_crl = true;
		expect_success(&s, *v);
		test_bytes_free(both);
		test_bytes_free(chain);
		free_client(&c);
	}
	test_bytes_free(crls);
	test_bytes_free(crl);
	test_bytes_free(middle_crl);
	test_bytes_free(middle_pem);
	test_cert_free(middle);
}

/* ---- policy ---- */

static enum hk_err deny(void *arg, const struct hk_peer_identity *who)
{
	(void)arg;
	(void)who;
	return HK_ERR_NOT_FOUND;
}

/* R9190-2.5-02 R9190-2.5-04 */
static void refused_by_policy(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);

		s.authorize = deny;
		expect_alert(&s, HK_ERR_NOT_FOUND, "refused by policy", "access denied");
	}
}

static enum hk_err deny_mallory(void *arg, const struct hk_peer_identity *who)
{
	(void)arg;
	return hk_bytes_equal(who->outer, hk_text(TEST_IDENTITY)) &&
			       hk_bytes_equal(who->peer_ids[0], hk_text("alice@example.com"))
		       ? HK_OK
		       : HK_ERR_DENIED;
}

/* R9190-5.6-01 */
static void certificate_decides(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);
		struct other_client c;

		s.authorize = deny_mallory;
		expect_success(&s, *v);
		c = use_client(&s, pki.ca,
			&(struct test_cert_options){.cn = "x", .san = "email:mallory@example.com"});
		expect_alert(&s, HK_ERR_DENIED, "refused by policy", "access denied");
		free_client(&c);
	}
}

/* ---- the server, as the peer sees it ---- */

/* R5216-2.1.3-02 */
static void peer_distrusts_ca(void **state)
{
	struct test_cert *ca =
		test_cert_new(NULL, &(struct test_cert_options){.cn = "Another CA", .ca = true});
	struct hk_bytes pem = test_cert_pem(ca);

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);

		s.peer.credentials.ca = pem;
		expect_alert(&s, HK_ERR_TLS, "the other side sent the TLS alert \"unknown CA\"",
			"certificate \"CN=aaa\" (depth 0)");
	}
	test_bytes_free(pem);
	test_cert_free(ca);
}

/* R9190-2.2-01 */
static void wrong_server_name(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);

		s.peer.server_name = "bbb.example.com";
		expect_alert(&s, HK_ERR_TLS, "alert \"bad certificate\"", "hostname mismatch");
		s.peer.server_name = "aaa"; /* its commonName, which does not count */
		expect_alert(&s, HK_ERR_TLS, "alert \"bad certificate\"", "hostname mismatch");
	}
}

static void server_certificate_expires(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);

		s.now = TEST_NOW + 301 * TEST_DAY;
		expect_alert(
			&s, HK_ERR_TLS, "alert \"certificate expired\"", "certificate has expired");
	}
}

/* ---- protocol ---- */

static void no_common_version(void **state)
{
	struct setting s = setting(HK_TLS_1_3);

	(void)state;
	s.server.max_version = HK_TLS_1_2;
	expect_alert(&s, HK_ERR_TLS, "unsupported protocol", "protocol version");
	s = setting(HK_TLS_1_2);
	s.server.min_version = HK_TLS_1_3;
	expect_alert(&s, HK_ERR_TLS, "unsupported protocol", "protocol version");
}

static void no_common_cipher(void **state)
{
	struct setting s = setting(HK_TLS_1_2);

	(void)state;
	s.server.ciphers_1_2 = "ECDHE-ECDSA-AES256-GCM-SHA384";
	s.peer.ciphers_1_2 = "ECDHE-ECDSA-AES128-GCM-SHA256";
	expect_alert(&s, HK_ERR_TLS, "no shared cipher", "handshake failure");
	s = setting(HK_TLS_1_3);
	s.server.ciphers_1_3 = "TLS_AES_256_GCM_SHA384";
	s.peer.ciphers_1_3 = "TLS_AES_128_GCM_SHA256";
	expect_alert(&s, HK_ERR_TLS, "no shared cipher", "handshake failure");
}

static void no_extended_master_secret(void **state)
{
	struct setting s = setting(HK_TLS_1_2);
	struct hk_tls_context *server = test_context(true, &s.server);
	struct hk_tls_context *peer = test_context(false, &s.peer);
	struct test_run run;

	(void)state;
	SSL_CTX_set_options(peer->ssl_ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	test_run_init(&run, server, peer);
	test_run(&run);
	assert_failure(&run, HK_ERR_TLS, "no extended master secret");
	assert_non_null(strstr(run.peer_detail, "handshake failure"));
	test_run_free(&run);

	/* and the other way round */
	SSL_CTX_set_options(server->ssl_ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	server->require_ems = false;
	test_run_init(&run, server, peer);
	test_run(&run);
	assert_int_equal(run.peer_action, HK_EAP_FAILED);
	assert_non_null(strstr(run.peer_detail, "no extended master secret"));
	test_run_free(&run);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

static int offer_psk(
	SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len, SSL_SESSION **session)
{
	static const unsigned char name[] = "alice", key[32] = {1};
	static const unsigned char suite[] = {0x13, 0x01};

	if (md && EVP_MD_get_size(md) != 32)
		return 0;
	*session = SSL_SESSION_new();
	SSL_SESSION_set1_master_key(*session, key, sizeof key);
	SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, suite));
	SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
	*id = name;
	*len = sizeof name - 1;
	return 1;
}

/* R9190-2.1.1-01 */
static void external_psk(void **state)
{
	struct setting s = setting(HK_TLS_1_3);
	struct hk_tls_context *server, *peer;
	struct test_run run;

	(void)state;
	s.peer.credentials.certificate = s.peer.credentials.key = HK_NO_BYTES;
	server = test_context(true, &s.server);
	peer = test_context(false, &s.peer);
	SSL_CTX_set_psk_use_session_callback(peer->ssl_ctx, offer_psk);
	test_run_init(&run, server, peer);
	test_run(&run);
	assert_failure(&run, HK_ERR_TLS, "did not return a certificate");
	assert_non_null(strstr(run.peer_detail, "certificate required"));
	test_run_free(&run);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
}

/* ---- things that do not belong there ---- */

/* A record more behind the peer's Finished. */
static void append_record(struct test_run *run, struct test_packet *packet)
{
	static const uint8_t record[] = {0x17, 3, 3, 0, 1, 0};

	if (run->npackets != 6)
		return;
	memcpy(packet->octets + packet->len, record, sizeof record);
	packet->len += sizeof record;
	hk_store_u16(packet->octets + 2, (uint16_t)packet->len);
}

static void data_behind_finished(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);
		struct hk_tls_context *server = test_context(true, &s.server);
		struct hk_tls_context *peer = test_context(false, &s.peer);
		struct test_run run;

		test_run_init(&run, server, peer);
		run.server.fragment_size = run.peer.fragment_size = 4000;
		run.meddle = append_record;
		test_run(&run);
		assert_failure(&run, HK_ERR_UNEXPECTED, "TLS data behind the peer's Finished");
		assert_non_null(strstr(run.peer_detail, "unexpected_message"));
		test_run_free(&run);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
}

/* Who failed is never told with the name in someone else's ticket. */
static void ticket_of_another(void **state)
{
	struct test_cert *ca =
		test_cert_new(NULL, &(struct test_cert_options){.cn = "Another CA", .ca = true});

	(void)state;
	FOR_EACH_VERSION(v)
	{
		struct setting s = setting(*v);
		struct hk_tls_context *server = test_context(true, &s.server), *peer;
		struct hk_tls_context *alice = test_context(false, &s.peer);
		struct hk_bytes ticket = test_ticket(server, alice, TEST_NOW);
		struct other_client c =
			use_client(&s, ca, &(struct test_cert_options){.cn = "mallory"});
		struct test_run run;

		peer = test_context(false, &s.peer);
		/* the ticket is good, but alice must not resume today */
		test_run_init(&run, server, peer);
		run.server.authorize = deny;
		run.peer.ticket = ticket;
		test_run(&run);
		if (*v == HK_TLS_1_2) {
			assert_failure(&run, HK_ERR_TLS, "CN=mallory");
			assert_null(hk_eap_server_peer(run.s));
		} else {
			assert_failure(&run, HK_ERR_NOT_FOUND, "refused by policy");
		}
		test_run_free(&run);
		free_client(&c);
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
		hk_tls_context_free(alice);
	}
	test_cert_free(ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_ca),
		cmocka_unit_test(expired),
		cmocka_unit_test(not_yet_valid),
		cmocka_unit_test(purpose),
		cmocka_unit_test(no_certificate),
		cmocka_unit_test(names_with_control_characters),
		cmocka_unit_test(revoked_by_crl),
		cmocka_unit_test(crl_without_the_certificate),
		cmocka_unit_test(crl_has_expired),
		cmocka_unit_test(crl_of_another_ca),
		cmocka_unit_test(revoked_intermediate),
		cmocka_unit_test(refused_by_policy),
		cmocka_unit_test(certificate_decides),
		cmocka_unit_test(peer_distrusts_ca),
		cmocka_unit_test(wrong_server_name),
		cmocka_unit_test(server_certificate_expires),
		cmocka_unit_test(no_common_version),
		cmocka_unit_test(no_common_cipher),
		cmocka_unit_test(no_extended_master_secret),
		cmocka_unit_test(external_psk),
		cmocka_unit_test(data_behind_finished),
		cmocka_unit_test(ticket_of_another),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
