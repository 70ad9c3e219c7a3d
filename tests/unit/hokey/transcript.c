/* SPDX-License-Identifier: ISC */
/* What `hokey peer` says about packets. */
#include "vectors.h"

#include "hokey/transcript.h"

static void assert_described(struct hk_bytes eap, const char *want)
{
	char text[160];

	describe_eap(eap, text, sizeof text);
	assert_string_equal(text, want);
}

static void assert_vector_described(const char *name, const char *want)
{
	uint8_t octets[1024];

	assert_described(hk_bytes(octets, vector(name, octets, sizeof octets)), want);
}

static void erp_packets(void **state)
{
	(void)state;
	assert_vector_described(
		"P2.init", "EAP-Initiate/Re-auth id 17, 56 octets, SEQ 1, HMAC-SHA256-128");
	assert_vector_described("P3.finish",
		"EAP-Finish/Re-auth id 255, 224 octets, SEQ 65535, bootstrap, HMAC-SHA256-256");
	assert_vector_described(
		"P6.finish-unauth", "EAP-Finish/Re-auth id 20, 39 octets, SEQ 4, failure");
	assert_vector_described("P7.start", "EAP-Initiate/Re-auth-Start id 1, 23 octets");
}

static void other_packets(void **state)
{
	static const uint8_t identity[] = {1, 9, 0, 5, 1}, tls[] = {2, 9, 0, 6, 13, 0};
	static const uint8_t unknown[] = {2, 9, 0, 5, 99}, failure[] = {4, 9, 0, 4};

	(void)state;
	assert_described(hk_bytes(identity, 5), "EAP-Request/Identity id 9, 5 octets");
	assert_described(hk_bytes(tls, 6), "EAP-Response/EAP-TLS id 9, 6 octets");
	assert_described(hk_bytes(unknown, 5), "EAP-Response id 9, 5 octets");
	assert_described(hk_bytes(failure, 4), "EAP-Failure id 9, 4 octets");
	assert_described(hk_bytes(failure, 3), "a malformed EAP packet of 3 octets");
}

static void a_text_too_long_is_cut(void **state)
{
	static const uint8_t identity[] = {1, 9, 0, 5, 1};
	char text[10];

	(void)state;
	describe_eap(hk_bytes(identity, 5), text, sizeof text);
	assert_string_equal(text, "EAP-Reque");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(erp_packets),
		cmocka_unit_test(other_packets),
		cmocka_unit_test(a_text_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
