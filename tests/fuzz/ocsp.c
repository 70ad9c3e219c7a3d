/* SPDX-License-Identifier: ISC */
/*
 * What comes from outside about certificates: OCSP responses, and the names in a
 * certificate that a device shows before anybody knows it.
 *
 * What must hold: nobody but the issuer says that a certificate is good; names
 * end up as printable text.
 */
#include "fuzz.h"
#include "dice.h"
#include "test_pki.h"

#include "eap/identity.h"
#include "eap/ocsp.h"

static struct test_cert *ca, *user;
static struct hk_bytes good;

static void clean_up(void)
{
	test_cert_free(user);
	test_cert_free(ca);
	test_bytes_free(good);
}

/* The dice make the keys the same at each run, so that a seed fits. */
static void set_up(void)
{
	struct test_cert_options options = {.cn = "CA", .ca = true};

	fuzz_roll(1);
	ca = test_cert_new(NULL, &options);
	options = (struct test_cert_options){.cn = "alice", .eku = "clientAuth"};
	user = test_cert_new(ca, &options);
	good = test_ocsp_response(
		ca, ca, user, TEST_OCSP_GOOD, TEST_NOW - TEST_DAY, TEST_NOW + TEST_DAY);
	atexit(clean_up);
}

/* A response of the issuer in which the input has changed some octets. */
static void meddle(struct hk_reader *r)
{
	struct hk_bytes copy = fuzz_copy(good);
	uint8_t *octets = (uint8_t *)(uintptr_t)copy.data;
	hk_time until = 0;
	size_t len = fuzz_mutate(r, octets, copy.len);

	if (hk_ocsp_check(hk_bytes(octets, len), user->x509, ca->x509, TEST_NOW, &until) ==
		HK_OCSP_GOOD)
		fuzz_check(until > TEST_NOW && until <= TEST_NOW + TEST_DAY);
	fuzz_free(copy);
}

static void check_printable(struct hk_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		fuzz_check(text.data[i] >= 32 && text.data[i] < 127);
}

static void read_certificate(struct hk_bytes der)
{
	const uint8_t *p = der.data;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);
	struct hk_identity id = {.known = false};
	char url[HK_OCSP_URL_MAX + 1], name[100];

	if (!x)
		return;
	hk_name_text(X509_get_subject_name(x), name, sizeof(name));
	check_printable(hk_text(name));
	if (hk_ocsp_responder(x, url, sizeof(url)))
		fuzz_check(strlen(url) <= HK_OCSP_URL_MAX);
	(void)hk_asn1_time(X509_get0_notAfter(x));
	(void)hk_identity_read(&id, x);
	hk_identity_free(&id);
	X509_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_reader r = hk_reader(hk_bytes(data, size));
	hk_time until;
	uint8_t how;

	if (!ca)
		set_up();
	how = hk_get_u8(&r);
	if (how % 3 == 0)
		meddle(&r);
	else if (how % 3 == 1)
		fuzz_check(hk_ocsp_check(fuzz_take(&r, hk_left(&r)), user->x509, ca->x509, TEST_NOW,
				   &until) != HK_OCSP_GOOD);
	else
		read_certificate(fuzz_take(&r, hk_left(&r)));
	return 0;
}
