/* SPDX-License-Identifier: ISC */
#include "test_pki.h"

#include <openssl/ec.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "test.h"

static void must(bool ok, const char *what)
{
	if (!ok)
		fail_msg("test PKI: %s", what);
}
#define MUST(call) must((call) != 0, #call)

static void set_time(ASN1_TIME *to, hk_time t)
{
	MUST(ASN1_TIME_set(to, (time_t)(t / HK_SECOND)));
}

static ASN1_TIME *new_time(hk_time t)
{
	ASN1_TIME *time = ASN1_TIME_new();

	set_time(time, t);
	return time;
}

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	must(extension, value);
	MUST(X509_add_ext(x509, extension, -1));
	X509_EXTENSION_free(extension);
}

static void add_email(X509 *x509, struct hk_bytes email)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	MUST(ASN1_STRING_set(text, email.data, (int)email.len));
	GENERAL_NAME_set0_value(name, GEN_EMAIL, text);
	MUST(sk_GENERAL_NAME_push(names, name));
	MUST(X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT));
	GENERAL_NAMES_free(names);
}

static void add_bulk(X509 *x509, size_t len)
{
	uint8_t *octets = calloc(1, len);
	ASN1_OCTET_STRING *text = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.32473.1", 1);
	X509_EXTENSION *extension;

	MUST(RAND_bytes(octets, (int)len));
	MUST(ASN1_OCTET_STRING_set(text, octets, (int)len));
	extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, text);
	MUST(X509_add_ext(x509, extension, -1));
	X509_EXTENSION_free(extension);
	ASN1_OBJECT_free(oid);
	ASN1_OCTET_STRING_free(text);
	free(octets);
}

static void add_extensions(X509 *x509, X509 *issuer, const struct test_cert_options *o)
{
	const char *usage = o->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";

	add_extension(x509, issuer, NID_basic_constraints, o->ca ? "critical,CA:TRUE" : "CA:FALSE");
	add_extension(x509, issuer, NID_key_usage, o->key_usage ? o->key_usage : usage);
	add_extension(x509, issuer, NID_subject_key_identifier, "hash");
	if (o->eku)
		add_extension(x509, issuer, NID_ext_key_usage, o->eku);
	if (o->san)
		add_extension(x509, issuer, NID_subject_alt_name, o->san);
	if (o->san_email.len)
		add_email(x509, o->san_email);
	if (o->ocsp) {
		char value[256];

		snprintf(value, sizeof value, "OCSP;URI:%s", o->ocsp);
		add_extension(x509, issuer, NID_info_access, value);
	}
	if (o->bulk)
		add_bulk(x509, o->bulk);
}

static void add_name(X509_NAME *name, const char *field, const char *value)
{
	if (value)
		MUST(X509_NAME_add_entry_by_txt(
			name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0));
}

static void set_serial(X509 *x509)
{
	uint8_t octets[9];
	BIGNUM *n;

	MUST(RAND_bytes(octets, sizeof octets));
	octets[0] = 0x5a;
	n = BN_bin2bn(octets, sizeof octets, NULL);
	MUST(BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x509)));
	BN_free(n);
}

struct test_cert *test_cert_new(const struct test_cert *issuer, const struct test_cert_options *o)
{
	struct test_cert *cert = calloc(1, sizeof *cert);
	X509 *x509 = X509_new();
	const struct test_cert *by = issuer ? issuer : cert;

	cert->x509 = x509;
	cert->key = o->rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	MUST(cert->key);
	MUST(X509_set_version(x509, X509_VERSION_3));
	set_serial(x509);
	add_name(X509_get_subject_name(x509), "O", o->org);
	add_name(X509_get_subject_name(x509), "CN", o->cn);
	MUST(X509_set_issuer_name(x509, X509_get_subject_name(by->x509)));
	set_time(X509_getm_notBefore(x509), o->from ? o->from : TEST_NOW - 30 * TEST_DAY);
	set_time(X509_getm_notAfter(x509), o->until ? o->until : TEST_NOW + 300 * TEST_DAY);
	MUST(X509_set_pubkey(x509, cert->key));
	add_extensions(x509, by->x509, o);
	MUST(X509_sign(x509, by->key, EVP_sha256()));
	return cert;
}

void test_cert_free(struct test_cert *cert)
{
	if (!cert)
		return;
	X509_free(cert->x509);
	EVP_PKEY_free(cert->key);
	free(cert);
}

/* Takes the BIO. */
static struct hk_bytes contents(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	uint8_t *copy = malloc((size_t)len + 1);

	memcpy(copy, data, (size_t)len);
	BIO_free(bio);
	return hk_bytes(copy, (size_t)len);
}

struct hk_bytes test_cert_pem(const struct test_cert *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	MUST(PEM_write_bio_X509(bio, cert->x509));
	return contents(bio);
}

struct hk_bytes test_key_pem(const struct test_cert *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	MUST(PEM_write_bio_PrivateKey(bio, cert->key, NULL, NULL, 0, NULL, NULL));
	return contents(bio);
}

struct hk_bytes test_join(struct hk_bytes a, struct hk_bytes b)
{
	uint8_t *both = malloc(a.len + b.len + 1);

	memcpy(both, a.data, a.len);
	if (b.len)
		memcpy(both + a.len, b.data, b.len);
	return hk_bytes(both, a.len + b.len);
}

void test_bytes_free(struct hk_bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

struct hk_bytes test_crl_pem(const struct test_cert *issuer, const struct test_cert *revoked,
	hk_time from, hk_time until)
{
	ASN1_TIME *start = new_time(from), *end = new_time(until);
	BIO *bio = BIO_new(BIO_s_mem());
	X509_CRL *crl = X509_CRL_new();

	MUST(X509_CRL_set_version(crl, X509_CRL_VERSION_2));
	MUST(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x509)));
	MUST(X509_CRL_set1_lastUpdate(crl, start));
	MUST(X509_CRL_set1_nextUpdate(crl, end));
	if (revoked) {
		X509_REVOKED *entry = X509_REVOKED_new();

		MUST(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->x509)));
		MUST(X509_REVOKED_set_revocationDate(entry, start));
		MUST(X509_CRL_add0_revoked(crl, entry));
	}
	MUST(X509_CRL_sign(crl, issuer->key, EVP_sha256()));
	MUST(PEM_write_bio_X509_CRL(bio, crl));
	X509_CRL_free(crl);
	ASN1_TIME_free(start);
	ASN1_TIME_free(end);
	return contents(bio);
}

static int ocsp_status(enum test_ocsp_status status)
{
	switch (status) {
	case TEST_OCSP_GOOD:
		return V_OCSP_CERTSTATUS_GOOD;
	case TEST_OCSP_REVOKED:
		return V_OCSP_CERTSTATUS_REVOKED;
	default:
		return V_OCSP_CERTSTATUS_UNKNOWN;
	}
}

struct hk_bytes test_ocsp_response(const struct test_cert *issuer, const struct test_cert *signer,
	const struct test_cert *cert, enum test_ocsp_status status, hk_time from, hk_time until)
{
	ASN1_TIME *start = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(from / HK_SECOND));
	ASN1_TIME *end = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(until / HK_SECOND));
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert->x509, issuer->x509);
	ASN1_TIME *revoked = status == TEST_OCSP_REVOKED ? start : NULL;
	OCSP_RESPONSE *response;
	struct hk_bytes out;
	uint8_t *der = NULL;
	int len;

	MUST(OCSP_basic_add1_status(basic, id, ocsp_status(status),
		OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked, start, end));
	MUST(OCSP_basic_sign(basic, signer->x509, signer->key, EVP_sha256(), NULL, 0));
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	len = i2d_OCSP_RESPONSE(response, &der);
	must(len > 0, "OCSP response");
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(start);
	ASN1_TIME_free(end);
	out = test_join(hk_bytes(der, (size_t)len), HK_NO_BYTES);
	OPENSSL_free(der);
	return out;
}
