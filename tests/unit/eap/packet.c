/* SPDX-License-Identifier: ISC */
/* EAP packets and EAP-TLS fragments, octet by octet. */
#include "test.h"

#include <hokey/eap.h>
#include <hokey/eap_tls.h>

#include "eap/fragment.h"

static enum hk_err parse(const char *text, struct hk_eap_packet *p)
{
	static uint8_t octets[64];

	return hk_eap_parse(hk_bytes(octets, hex(octets, sizeof octets, text)), p);
}

static void good_packets(void **state)
{
	struct hk_eap_packet p;

	(void)state;
	assert_ok(parse("02 07 0008 01 616263", &p));
	assert_int_equal(p.code, HK_EAP_RESPONSE);
	assert_int_equal(p.identifier, 7);
	assert_int_equal(p.type, HK_EAP_TYPE_IDENTITY);
	assert_hex(p.data.data, p.data.len, "616263");
	assert_int_equal(p.packet.len, 8);

	/* octets behind Length are padding */
	assert_ok(parse("02 07 0006 01 61 626364", &p));
	assert_hex(p.data.data, p.data.len, "61");
	assert_int_equal(p.packet.len, 6);

	assert_ok(parse("02 07 0005 01", &p));
	assert_int_equal(p.data.len, 0);
	assert_ok(parse("03 ff 0004", &p));
	assert_int_equal(p.type, 0);
	assert_ok(parse("04 00 0004", &p));
	/* the code is the caller's business */
	assert_ok(parse("05 01 0005 02", &p));
	assert_ok(parse("63 01 0005 01", &p));
}

static void bad_packets(void **state)
{
	static const char *const cases[] = {
		"", "02", "02 07 00", /* no header */
		"02 07 0003 01",      /* Length below the header */
		"02 07 0000",         /* likewise */
		"02 07 0006 01",      /* Length past the end */
		"02 07 ffff 01 61",   /* far past it */
		"02 07 0004",         /* no type */
		"01 07 0004", "05 07 0004", "06 07 0004",
		"03 07 0005 00",       /* Success of five octets */
		"04 07 0008 00000000", /* Failure of eight */
	};
	struct hk_eap_packet p;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_err(parse(cases[i], &p), HK_ERR_MALFORMED);
	assert_err(hk_eap_parse(HK_NO_BYTES, &p), HK_ERR_MALFORMED);
}

static void writing(void **state)
{
	static uint8_t big[70000];
	uint8_t octets[16];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	(void)state;
	assert_ok(hk_eap_write(&b, HK_EAP_REQUEST, 0x22, HK_EAP_TYPE_IDENTITY, HK_NO_BYTES));
	assert_hex(octets, b.len, "0122000501");
	b = hk_buf(octets, sizeof octets);
	assert_ok(hk_eap_write(&b, HK_EAP_RESPONSE, 1, HK_EAP_TYPE_NAK, hk_text("\x0d")));
	assert_hex(octets, b.len, "02010006030d");
	b = hk_buf(octets, sizeof octets);
	assert_ok(hk_eap_write(&b, HK_EAP_SUCCESS, 9, 0, HK_NO_BYTES));
	assert_hex(octets, b.len, "03090004");
	b = hk_buf(octets, sizeof octets);
	assert_ok(hk_eap_write(&b, HK_EAP_FAILURE, 9, 77, HK_NO_BYTES));
	assert_hex(octets, b.len, "04090004");
	assert_err(hk_eap_write(&b, HK_EAP_FAILURE, 9, 0, hk_text("x")), HK_ERR_ARGUMENT);
	b = hk_buf(octets, 7);
	assert_err(hk_eap_write(&b, HK_EAP_RESPONSE, 1, 1, hk_text("abc")), HK_ERR_TOO_LONG);
	b = hk_buf(octets, sizeof octets);
	assert_err(hk_eap_write(&b, HK_EAP_RESPONSE, 1, 1, hk_bytes(big, 65531)), HK_ERR_TOO_LONG);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(hk_eap_code_name(5), "EAP-Initiate");
	assert_string_equal(hk_eap_code_name(9), "EAP-Unknown");
	assert_string_equal(hk_eap_type_name(13), "EAP-TLS");
	assert_null(hk_eap_type_name(99));
}

/* ---- fragments that come in ---- */

static enum hk_err take(
	struct hk_eap_tls_incoming *in, const char *text, struct hk_eap_tls_fragment *f)
{
	static uint8_t octets[64];

	return hk_eap_tls_take(in, hk_bytes(octets, hex(octets, sizeof octets, text)), f);
}

/* R9190-2.1.9-02 */
static void whole_messages(void **state)
{
	struct hk_eap_tls_incoming in = {0};
	struct hk_eap_tls_fragment f;

	(void)state;
	assert_ok(take(&in, "00", &f));
	assert_int_equal(f.data.len, 0);
	assert_ok(take(&in, "20", &f));
	assert_true(f.start);
	assert_ok(take(&in, "00 010203", &f));
	assert_hex(f.data.data, f.data.len, "010203");
	assert_ok(take(&in, "80 00000003 010203", &f));
	assert_hex(f.data.data, f.data.len, "010203");
	/* reserved bits count for nothing */
	assert_ok(take(&in, "1f 01", &f));
	assert_false(f.more || f.start);
	assert_false(in.open);
}

static void three_fragments(void **state)
{
	struct hk_eap_tls_incoming in = {0};
	struct hk_eap_tls_fragment f;

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_ok(take(&in, "c0 00000006 0102", &f));
		assert_true(f.more);
		/* the length again, unchanged */
		assert_ok(take(&in, "c0 00000006 0304", &f));
		assert_true(f.more);
		assert_ok(take(&in, "00 0506", &f));
		assert_false(f.more);
		assert_hex(f.data.data, f.data.len, "0506");
	}
}

/* R5216-2.1.5-04 */
static void bad_fragments(void **state)
{
	static const struct {
		const char *first, *second;
		enum hk_err err;
	} cases[] = {
		{NULL, "", HK_ERR_MALFORMED},                   /* no flags */
		{NULL, "80 000000", HK_ERR_MALFORMED},          /* L without a length */
		{NULL, "40 01", HK_ERR_MALFORMED},              /* M without L */
		{NULL, "80 00000002 01", HK_ERR_MALFORMED},     /* fewer than announced */
		{NULL, "80 00000002 010203", HK_ERR_MALFORMED}, /* more */
		{NULL, "c0 00000002", HK_ERR_MALFORMED},        /* nothing, and more to come */
		{NULL, "c0 00000002 0102", HK_ERR_MALFORMED},   /* all, and more to come */
		{NULL, "c0 00010001 01", HK_ERR_TOO_LONG},      /* 65537 */
		{NULL, "c0 ffffffff 01", HK_ERR_TOO_LONG},
		{NULL, "80 ffffffff 01", HK_ERR_TOO_LONG},
		{"c0 00000004 0102", "c0 00000005 03", HK_ERR_MALFORMED}, /* another length */
		{"c0 00000004 0102", "40", HK_ERR_MALFORMED},
		{"c0 00000004 0102", "40 0304", HK_ERR_MALFORMED},
		{"c0 00000004 0102", "40 030405", HK_ERR_MALFORMED},
		{"c0 00000004 0102", "00 03", HK_ERR_MALFORMED},
		{"c0 00000004 0102", "00 030405", HK_ERR_MALFORMED},
		{"c0 00000004 0102", "00", HK_ERR_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct hk_eap_tls_incoming in = {0};
		struct hk_eap_tls_fragment f;

		if (cases[i].first)
			assert_ok(take(&in, cases[i].first, &f));
		assert_err(take(&in, cases[i].second, &f), cases[i].err);
	}
}

static void longest_message(void **state)
{
	struct hk_eap_tls_incoming in = {0};
	struct hk_eap_tls_fragment f;

	(void)state;
	assert_ok(take(&in, "c0 00010000 01", &f));
	assert_int_equal(in.announced, HK_EAP_TLS_MESSAGE_MAX);
}

/* ---- fragments that go out ---- */

/* R5216-2.1.5-01 R9190-2.1.9-01 */
static void cutting(void **state)
{
	struct hk_bytes message = hk_text("abcdefg");
	uint8_t octets[64];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	size_t sent = 0;

	(void)state;
	assert_ok(hk_eap_tls_put(&b, HK_EAP_REQUEST, 1, message, &sent, 3));
	assert_ok(hk_eap_tls_put(&b, HK_EAP_REQUEST, 2, message, &sent, 3));
	assert_ok(hk_eap_tls_put(&b, HK_EAP_REQUEST, 3, message, &sent, 3));
	assert_hex(octets, b.len,
		"0101000d0dc000000007616263"
		"010200090d40646566"
		"010300070d0067");
	assert_int_equal(sent, 7);

	/* in one piece, to the octet: no L */
	b = hk_buf(octets, sizeof octets);
	sent = 0;
	assert_ok(hk_eap_tls_put(&b, HK_EAP_RESPONSE, 4, message, &sent, 7));
	assert_hex(octets, b.len, "0204000d0d0061626364656667");
	/* and nothing left: the acknowledgement */
	b = hk_buf(octets, sizeof octets);
	assert_ok(hk_eap_tls_put(&b, HK_EAP_RESPONSE, 5, message, &sent, 7));
	assert_hex(octets, b.len, "020500060d00");

	b = hk_buf(octets, 12);
	sent = 0;
	assert_err(hk_eap_tls_put(&b, HK_EAP_REQUEST, 1, message, &sent, 7), HK_ERR_TOO_LONG);
	assert_int_equal(sent, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_packets),
		cmocka_unit_test(bad_packets),
		cmocka_unit_test(writing),
		cmocka_unit_test(names),
		cmocka_unit_test(whole_messages),
		cmocka_unit_test(three_fragments),
		cmocka_unit_test(bad_fragments),
		cmocka_unit_test(longest_message),
		cmocka_unit_test(cutting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
