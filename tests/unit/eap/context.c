/* SPDX-License-Identifier: ISC */
/* TLS configurations: what is refused at start, and with which words. */
#include "test.h"

#include <hokey/eap_tls.h>

#include <openssl/pem.h>

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

static void refused(
	const struct hk_tls_config *config, hk_time now, enum hk_err err, const char *text)
{
	struct hk_tls_context *context = NULL;
	struct hk_tls_error error;

	assert_err(hk_tls_context_new(true, config, now, &context, &error), err);
	assert_null(context);
	if (!strstr(error.text, text))
		fail_msg("'%s', not '%s'", error.text, text);
}

static void certificates(void **state)
{
	struct hk_tls_config good = test_server_config(&pki), c = good;

	(void)state;
	c.credentials.ca = HK_NO_BYTES;
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "CA certificates: there are none");
	c.credentials.ca =
		hk_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	refused(&c, TEST_NOW, HK_ERR_MALFORMED, "CA certificates: ");
	c = good;
	c.credentials.certificate = HK_NO_BYTES;
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "certificate: there is none");
	c.credentials.certificate = hk_text("hello");
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "certificate: there is none");
	c = good;
	c.credentials.key = HK_NO_BYTES;
	refused(&c, TEST_NOW, HK_ERR_MALFORMED, "private key");
	c.credentials.key = pki.client_key;
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "private key does not fit the certificate");
	c = good;
	c.credentials.certificate = pki.client_pem;
	c.credentials.key = pki.client_key;
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "certificate is not for servers");
	refused(&good, TEST_NOW + 301 * TEST_DAY, HK_ERR_EXPIRED, "has expired");
}

/* A truncated second certificate must not pass for the end of the list. */
static void cut_off_lists(void **state)
{
	struct hk_bytes twice = test_join(pki.ca_pem, pki.ca_pem);
	struct hk_tls_config c = test_server_config(&pki);

	(void)state;
	c.credentials.ca = twice;
	c.credentials.ca.len -= 40;
	refused(&c, TEST_NOW, HK_ERR_MALFORMED, "CA certificates: ");
	test_bytes_free(twice);

	twice = test_join(pki.server_pem, pki.ca_pem);
	c = test_server_config(&pki);
	c.credentials.certificate = twice;
	c.credentials.certificate.len -= 40;
	refused(&c, TEST_NOW, HK_ERR_MALFORMED, "certificate: ");
	test_bytes_free(twice);
}

/* Nobody is there to type a passphrase. */
static void encrypted_key(void **state)
{
	struct hk_tls_config c = test_server_config(&pki);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	(void)state;
	assert_int_equal(PEM_write_bio_PrivateKey(bio, pki.server->key, EVP_aes_128_cbc(),
				 (const unsigned char *)"secret", 6, NULL, NULL),
		1);
	len = BIO_get_mem_data(bio, &data);
	c.credentials.key = hk_bytes(data, (size_t)len);
	refused(&c, TEST_NOW, HK_ERR_MALFORMED, "private key");
	BIO_free(bio);
}

/* K4962-3-05 */
static void weak_key(void **state)
{
	struct hk_tls_config c = test_server_config(&pki);
	EVP_PKEY *key = EVP_RSA_gen(1024);
	X509 *x509 = X509_dup(pki.server->x509);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	(void)state;
	X509_set_pubkey(x509, key);
	X509_sign(x509, pki.ca->key, EVP_sha256());
	PEM_write_bio_X509(bio, x509);
	len = BIO_get_mem_data(bio, &data);
	c.credentials.certificate = hk_bytes(data, (size_t)len);
	refused(&c, TEST_NOW, HK_ERR_MALFORMED, "key too small");
	BIO_free(bio);
	X509_free(x509);
	EVP_PKEY_free(key);
}

static void crls(void **state)
{
	struct hk_tls_config c = test_server_config(&pki);

	(void)state;
	c.check_crl = true;
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "CRLs are to be checked");
	c.credentials.crl = hk_text("hello");
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "CRL: there is none");
	c.credentials.crl = hk_text("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
	refused(&c, TEST_NOW, HK_ERR_MALFORMED, "CRL: ");
}

static void protocol(void **state)
{
	struct hk_tls_config good = test_server_config(&pki), c = good;
	static char url[300];

	(void)state;
	c.min_version = 0x0301;
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "TLS versions");
	c = good;
	c.min_version = HK_TLS_1_3;
	c.max_version = HK_TLS_1_2;
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "TLS versions");
	c = good;
	c.ciphers_1_2 = "NO-SUCH-CIPHER";
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "TLS 1.2 ciphers");
	c = good;
	c.ciphers_1_3 = "NO-SUCH-CIPHER";
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "TLS 1.3 ciphers");
	c = good;
	c.groups = "P-17";
	refused(&c, TEST_NOW, HK_ERR_ARGUMENT, "TLS groups");
	c = good;
	memset(url, 'a', sizeof url - 1);
	c.ocsp = HK_OCSP_SOFT;
	c.ocsp_url = url;
	refused(&c, TEST_NOW, HK_ERR_TOO_LONG, "OCSP URL");
}

static void peers_need_less(void **state)
{
	struct hk_tls_config c = test_peer_config(&pki);
	struct hk_tls_context *context;
	struct hk_tls_error error;

	(void)state;
	c.credentials.certificate = c.credentials.key = HK_NO_BYTES;
	assert_ok(hk_tls_context_new(false, &c, TEST_NOW, &context, &error));
	assert_int_equal(hk_tls_context_expires(context), HK_NEVER);
	hk_tls_context_free(context);
	hk_tls_context_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(cut_off_lists),
		cmocka_unit_test(encrypted_key),
		cmocka_unit_test(weak_key),
		cmocka_unit_test(crls),
		cmocka_unit_test(protocol),
		cmocka_unit_test(peers_need_less),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
