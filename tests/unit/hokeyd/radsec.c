/* SPDX-License-Identifier: ISC */
/* The TLS profile of RADIUS/TLS: whose certificate is taken. */
#include "test.h"
#include "test_pki.h"

#include "hokeyd/radsec.h"

#include <time.h>

#define BOTH "serverAuth,clientAuth"

/* Two CAs, one below the other, and who has a certificate of which. */
static struct {
	struct test_cert *root, *middle, *server, *client, *deep_client;
	struct hk_bytes ca, no_list, revoked, middle_revoked;
} pki;

static hk_time now(void)
{
	return (hk_time)time(NULL) * HK_SECOND;
}

static struct test_cert *issue(const struct test_cert *issuer, const char *name, bool ca)
{
	const struct test_cert_options options = {.cn = name,
		.san = ca ? NULL : "DNS:peer.example",
		.eku = ca ? NULL : BOTH,
		.ca = ca,
		.from = now() - TEST_DAY,
		.until = now() + TEST_DAY};

	return test_cert_new(issuer, &options);
}

static struct hk_bytes list_of(const struct test_cert *issuer, const struct test_cert *revoked)
{
	return test_crl_pem(issuer, revoked, now() - TEST_DAY, now() + TEST_DAY);
}

static int setup(void **state)
{
	(void)state;
	pki.root = issue(NULL, "root", true);
	pki.middle = issue(pki.root, "middle", true);
	pki.server = issue(pki.root, "server", false);
	pki.client = issue(pki.root, "client", false);
	pki.deep_client = issue(pki.middle, "deep client", false);
	pki.ca = test_cert_pem(pki.root);
	pki.no_list = list_of(pki.root, NULL);
	pki.revoked = list_of(pki.root, pki.client);
	pki.middle_revoked = list_of(pki.root, pki.middle);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_cert_free(pki.root);
	test_cert_free(pki.middle);
	test_cert_free(pki.server);
	test_cert_free(pki.client);
	test_cert_free(pki.deep_client);
	test_bytes_free(pki.ca);
	test_bytes_free(pki.no_list);
	test_bytes_free(pki.revoked);
	test_bytes_free(pki.middle_revoked);
	return 0;
}

static struct hk_file file_of(struct hk_bytes text)
{
	return (struct hk_file){(uint8_t *)(uintptr_t)text.data, text.len, false};
}

/* Above (may be NULL): the CA that is shown along with the certificate. */
static SSL_CTX *context_of(const struct test_cert *own, const struct test_cert *above,
	struct hk_bytes crl, bool check_crl)
{
	const struct hk_radsec_config config = {.min_version = HK_TLS_1_2, .check_crl = check_crl};
	struct hk_bytes certificate = test_cert_pem(own), key = test_key_pem(own);
	struct hk_bytes more = above ? test_cert_pem(above) : HK_NO_BYTES;
	struct hk_bytes chain = above ? test_join(certificate, more) : HK_NO_BYTES;
	const struct hk_radsec_files files = {
		file_of(above ? chain : certificate), file_of(key), file_of(pki.ca), file_of(crl)};
	SSL_CTX *context = NULL;
	char why[200] = "";

	if (hk_radsec_context_new(&files, &config, &context, why, sizeof(why)))
		fail_msg("%s", why);
	test_bytes_free(certificate);
	test_bytes_free(key);
	test_bytes_free(more);
	test_bytes_free(chain);
	return context;
}

/* Whether a server with this list lets the client in. */
static bool lets_in(const struct test_cert *client, const struct test_cert *above,
	struct hk_bytes crl, bool check_crl)
{
	const struct hk_tls_peer peer = {.name = (char *)(uintptr_t) "peer.example"};
	struct hk_radsec_guests guests = {0};
	SSL_CTX *ours = context_of(pki.server, NULL, crl, check_crl);
	SSL_CTX *theirs = context_of(client, above, HK_NO_BYTES, false);
	SSL *server = hk_radsec_new_server(ours, &guests);
	SSL *other = SSL_new(theirs);
	BIO *near_end, *far_end;
	bool in;

	assert_int_equal(BIO_new_bio_pair(&near_end, 0, &far_end, 0), 1);
	SSL_set_bio(server, near_end, near_end);
	SSL_set_bio(other, far_end, far_end);
	SSL_set_connect_state(other);
	for (unsigned i = 0; i < 10; i++) {
		SSL_do_handshake(other);
		SSL_do_handshake(server);
	}
	in = SSL_is_init_finished(server) && hk_radsec_is_peer(server, &peer, NULL);
	SSL_free(server);
	SSL_free(other);
	SSL_CTX_free(ours);
	SSL_CTX_free(theirs);
	return in;
}

static void test_a_list_that_is_there_counts(void **state)
{
	(void)state;
	assert_true(lets_in(pki.client, NULL, HK_NO_BYTES, false));
	for (int check = 0; check < 2; check++) {
		assert_true(lets_in(pki.client, NULL, pki.no_list, check));
		assert_false(lets_in(pki.client, NULL, pki.revoked, check));
		assert_false(lets_in(pki.deep_client, pki.middle, pki.middle_revoked, check));
	}
}

/* Only `check-crl` asks for a list of every CA. */
static void test_a_list_that_is_missing(void **state)
{
	(void)state;
	assert_true(lets_in(pki.deep_client, pki.middle, pki.no_list, false));
	assert_false(lets_in(pki.deep_client, pki.middle, pki.no_list, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_list_that_is_there_counts),
		cmocka_unit_test(test_a_list_that_is_missing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
