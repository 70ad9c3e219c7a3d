/* SPDX-License-Identifier: ISC */
/* Throw-away certificates, CRLs and OCSP responses for tests. Every failure ends the test. */
#ifndef HK_TESTS_TEST_PKI_H
#define HK_TESTS_TEST_PKI_H

#include <hokey/bytes.h>
#include <hokey/clock.h>

#include <openssl/x509.h>

/* A time all test certificates agree on: they are made for the year around it. */
#define TEST_NOW ((hk_time)1790000000 * HK_SECOND)
#define TEST_DAY ((hk_time)86400 * HK_SECOND)

struct test_cert {
	X509 *x509;
	EVP_PKEY *key;
};

/* What is left out: EC P-256, valid from TEST_NOW - 30 days to TEST_NOW + 300 days. */
struct test_cert_options {
	const char *cn;            /* NULL: empty subject */
	const char *org;           /* O=, before the CN */
	const char *san;           /* as in openssl.cnf: "email:a@b,DNS:c" */
	struct hk_bytes san_email; /* one rfc822Name of any octets, in place of san */
	const char *ocsp;          /* URL of a responder */
	const char *eku;           /* "clientAuth" */
	const char *key_usage;     /* NULL: what fits */
	bool ca;
	bool rsa;    /* RSA of 2048 bits */
	size_t bulk; /* octets of an extension that only takes room */
	hk_time from, until;
};

/* issuer NULL: self-signed. */
struct test_cert *test_cert_new(
	const struct test_cert *issuer, const struct test_cert_options *options);
void test_cert_free(struct test_cert *cert);

/* Memory of malloc(); all of these are freed with test_bytes_free(). */
struct hk_bytes test_cert_pem(const struct test_cert *cert);
struct hk_bytes test_key_pem(const struct test_cert *cert);
struct hk_bytes test_join(struct hk_bytes a, struct hk_bytes b);
void test_bytes_free(struct hk_bytes bytes);

/* A CRL of the issuer with at most one certificate on it (NULL: none). */
struct hk_bytes test_crl_pem(const struct test_cert *issuer, const struct test_cert *revoked,
	hk_time from, hk_time until);

enum test_ocsp_status { TEST_OCSP_GOOD, TEST_OCSP_REVOKED, TEST_OCSP_UNKNOWN };

/* A DER OCSP response about `cert`, signed by `signer` (the issuer or who it delegated to). */
struct hk_bytes test_ocsp_response(const struct test_cert *issuer, const struct test_cert *signer,
	const struct test_cert *cert, enum test_ocsp_status status, hk_time from, hk_time until);

#endif
