/* SPDX-License-Identifier: ISC */
/*
 * What an EAP-TLS login costs the server: processor time of one conversation,
 * full and resumed, with P-256 certificates and X25519, beside the signatures
 * and key agreements in it, which nobody can do without.
 *
 *     bench-eap-tls [CONVERSATIONS]
 *
 * One line of name=value for each kind on standard output.
 */
#include "test.h"

#include <hokey/eap_tls.h>

#include <openssl/evp.h>

#include <time.h>

#include "conversation.h"

#define PACKET_MAX 4096

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the floor ---- */

static uint64_t time_signatures(EVP_PKEY *key, unsigned n, bool verify)
{
	uint8_t digest[32] = {1}, signature[128];
	size_t len = sizeof signature;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint64_t begin;

	EVP_PKEY_sign_init(ctx);
	EVP_PKEY_sign(ctx, signature, &len, digest, sizeof digest);
	if (verify)
		EVP_PKEY_verify_init(ctx);
	begin = cpu_ns();
	for (unsigned i = 0; i < n; i++) {
		size_t room = sizeof signature;

		if (verify)
			assert_int_equal(
				EVP_PKEY_verify(ctx, signature, len, digest, sizeof digest), 1);
		else
			EVP_PKEY_sign(ctx, signature, &room, digest, sizeof digest);
	}
	begin = cpu_ns() - begin;
	EVP_PKEY_CTX_free(ctx);
	return begin / n;
}

static uint64_t time_agreements(unsigned n)
{
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	uint64_t begin = cpu_ns();

	for (unsigned i = 0; i < n; i++) {
		EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
		uint8_t secret[32];
		size_t len = sizeof secret;

		EVP_PKEY_derive_init(ctx);
		EVP_PKEY_derive_set_peer(ctx, other);
		EVP_PKEY_derive(ctx, secret, &len);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(own);
	}
	begin = cpu_ns() - begin;
	EVP_PKEY_free(other);
	return begin / n;
}

/* ---- conversations ---- */

struct parties {
	struct hk_eap_server *s;
	struct hk_eap_peer *p;
	uint64_t spent; /* by the server */
};

static void converse(struct parties *c)
{
	uint8_t request[PACKET_MAX], response[PACKET_MAX];
	struct hk_buf to_peer = hk_buf(request, sizeof request);
	uint64_t begin;

	assert_ok(hk_eap_server_start(c->s, 1, &to_peer));
	for (;;) {
		struct hk_buf to_server = hk_buf(response, sizeof response);
		enum hk_eap_action action =
			hk_eap_peer_receive(c->p, hk_buf_bytes(&to_peer), TEST_NOW, &to_server);

		if (action != HK_EAP_SEND) {
			assert_int_equal(action, HK_EAP_SUCCEEDED);
			return;
		}
		to_peer.len = 0;
		begin = cpu_ns();
		if (hk_eap_server_receive(c->s, hk_buf_bytes(&to_server), TEST_NOW, PACKET_MAX,
			    &to_peer) == HK_EAP_SUCCEEDED)
			assert_non_null(hk_eap_server_result(c->s, TEST_NOW, TEST_NOW + TEST_DAY));
		c->spent += cpu_ns() - begin;
	}
}

static uint64_t time_logins(struct hk_tls_context *server, struct hk_tls_context *peer,
	struct hk_bytes ticket, unsigned n)
{
	struct hk_eap_server_config server_config = {.tls = server, .fragment_size = 4000};
	struct hk_eap_peer_config peer_config = {.tls = peer,
		.identity = hk_text(TEST_IDENTITY),
		.fragment_size = 4000,
		.ticket = ticket};
	struct parties c = {0};

	for (unsigned i = 0; i < n; i++) {
		uint64_t begin = cpu_ns();

		assert_ok(hk_eap_server_new(&server_config, &c.s));
		c.spent += cpu_ns() - begin;
		assert_ok(hk_eap_peer_new(&peer_config, &c.p));
		converse(&c);
		begin = cpu_ns();
		hk_eap_server_free(c.s);
		c.spent += cpu_ns() - begin;
		hk_eap_peer_free(c.p);
	}
	return c.spent / n;
}

static void report(const char *version, const char *kind, uint64_t spent, uint64_t floor)
{
	printf("tls=%s kind=%s server_us=%.1f floor_us=%.1f ratio=%.2f\n", version, kind,
		(double)spent / 1e3, (double)floor / 1e3, (double)spent / (double)floor);
}

int main(int argc, char **argv)
{
	static const uint16_t versions[] = {HK_TLS_1_2, HK_TLS_1_3};
	unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
	struct hk_tls_config server_config, peer_config;
	uint64_t sign, verify, agree;
	struct test_pki pki;

	if (n == 0)
		return 2;
	test_pki_init(&pki);
	server_config = test_server_config(&pki);
	peer_config = test_peer_config(&pki);
	sign = time_signatures(pki.server->key, n, false);
	verify = time_signatures(pki.server->key, n, true);
	agree = time_agreements(n);

	for (size_t v = 0; v < 2; v++) {
		const char *name = versions[v] == HK_TLS_1_2 ? "1.2" : "1.3";
		struct hk_tls_context *server = test_context(true, &server_config), *peer;
		struct hk_bytes ticket;

		peer_config.min_version = peer_config.max_version = versions[v];
		peer = test_context(false, &peer_config);
		ticket = test_ticket(server, peer, TEST_NOW);
		/* the peer's certificate and its proof are verified, then the handshake signed */
		report(name, "full", time_logins(server, peer, HK_NO_BYTES, n),
			sign + 2 * verify + agree);
		/* the certificate is verified again; TLS 1.2 needs no key agreement */
		report(name, "resumed", time_logins(server, peer, ticket, n),
			verify + (versions[v] == HK_TLS_1_3 ? agree : 0));
		test_bytes_free(ticket);
		hk_tls_context_free(server);
		hk_tls_context_free(peer);
	}
	test_pki_free(&pki);
	return 0;
}
