/* SPDX-License-Identifier: ISC */
#include "door_bench.h"

#include "hokeyd/transcript.h"

/* User-Name "alice@home.example", NAS-Identifier "ap1" */
#define USER "0114616c69636540686f6d652e6578616d706c65"
#define NAS  "2005617031"

static char *text_of(const struct door_bench *b, bool replied)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	hk_transcript_visit(out, "192.0.2.17:40000", &b->r,
		replied ? hk_bytes(b->out, b->out_len) : HK_NO_BYTES);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check_eap(const char *packet, const char *want)
{
	uint8_t octets[300];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	hk_transcript_eap(out, hk_bytes(octets, hex(octets, sizeof(octets), packet)));
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, want);
	free(text);
}

static void test_eap_in_one_line(void **state)
{
	(void)state;
	check_eap("", "EAP-Start");
	check_eap("0201", "malformed, 2 octets");
	check_eap("0201000a01616c696365", "EAP-Response/Identity id 1, 10 octets, alice");
	check_eap("0201000701410a", "EAP-Response/Identity id 1, 7 octets, A\\x0a");
	check_eap("010100050d", "EAP-Request/EAP-TLS id 1, 5 octets");
	check_eap("010100060d20", "EAP-Request/EAP-TLS id 1, 6 octets, TLS flags S");
	check_eap("020200060d00", "EAP-Response/EAP-TLS id 2, 6 octets, acknowledgement");
	check_eap("0102000c0dc00000045716030101",
		"EAP-Request/EAP-TLS id 2, 12 octets, TLS flags LM, message of 1111 octets");
	check_eap("01020006ee00", "EAP-Request/type 238 id 2, 6 octets");
	check_eap("03030004", "EAP-Success id 3, 4 octets");
	check_eap("04030004", "EAP-Failure id 3, 4 octets");
	check_eap("0504000801000404", "EAP-Initiate/Re-auth-Start id 4, 8 octets, malformed");
	check_eap("050400140100040c686f6d652e6578616d706c65",
		"EAP-Initiate/Re-auth-Start id 4, 20 octets, domain home.example");
	check_eap("05040005ff", "EAP-Initiate/type 255 id 4, 5 octets, malformed");
}

/* A key name, its SEQ, cryptosuite 2 and 16 octets for a tag. */
#define KEYNAME                                                                                    \
	"011d64643665383733643263663137666263"                                                     \
	"40686f6d652e6578616d706c65"

static void test_erp_in_one_line(void **state)
{
	(void)state;
	check_eap("05070038 02 20 0004 " KEYNAME " 02 000102030405060708090a0b0c0d0e0f",
		"EAP-Initiate/Re-auth id 7, 56 octets, seq 4, key dd6e873d2cf17fbc@home.example, "
		"flags L, HMAC-SHA256-128");
	check_eap("06070042 02 20 0004 " KEYNAME
		  " 0200007080 0300000e10 02 000102030405060708090a0b0c0d0e0f",
		"EAP-Finish/Re-auth id 7, 66 octets, seq 4, key dd6e873d2cf17fbc@home.example, "
		"flags L, HMAC-SHA256-128, rRK for 28800 s, rMSK for 3600 s");
	check_eap("06070027 02 80 0004 " KEYNAME,
		"EAP-Finish/Re-auth id 7, 39 octets, seq 4, key dd6e873d2cf17fbc@home.example, "
		"flags R, not protected");
}

static void test_a_visit_from_end_to_end(void **state)
{
	struct door_bench *b = *state;
	char *text;

	assert_int_equal(bench_send(b, (struct make){.identifier = 9,
					       .attributes = USER NAS,
					       .eap = "0201000a01616c696365"}),
		HK_DOOR_VISIT);
	b->r.visit.event.kind = HK_HOME_EAP;
	b->r.visit.event.rounds = 1;
	b->r.visit.reply.verdict = HK_VERDICT_CHALLENGE;
	hk_put(&b->r.visit.reply.eap, "\x01\x02\x00\x06\x0d\x20", 6);
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
	text = text_of(b, true);
	/* What depends on the secret is not looked at. */
	for (char *p = text; (p = strstr(p, "Message-Authenticator = 0x")); p++)
		memset(p + 26, 'x', 32);
	assert_string_equal(text,
		"From client ap at 192.0.2.17:40000: Access-Request id 9, 75 octets\n"
		"  Message-Authenticator = 0xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
		"  User-Name = \"alice@home.example\"\n"
		"  NAS-Identifier = \"ap1\"\n"
		"  EAP-Message: EAP-Response/Identity id 1, 10 octets, alice\n"
		"EAP: goes on, round trip 1\n"
		"To client ap: Access-Challenge id 9, 46 octets\n"
		"  Message-Authenticator = 0xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
		"  EAP-Message: EAP-Request/EAP-TLS id 2, 6 octets, TLS flags S\n");
	free(text);
}

static void test_a_visit_without_an_answer(void **state)
{
	struct door_bench *b = *state;
	char *text;

	assert_int_equal(bench_send(b, (struct make){.identifier = 10,
					       .attributes = USER NAS,
					       .eap = "0201000a01616c696365"}),
		HK_DOOR_VISIT);
	b->r.visit.event.kind = HK_HOME_ERP;
	b->r.visit.event.detail = "a\nb";
	b->r.visit.reply.verdict = HK_VERDICT_NONE;
	b->r.visit.reply.reason = HK_ERR_LIMIT;
	text = text_of(b, false);
	assert_non_null(strstr(text, "\nERP: not answered, a\\x0ab\nNothing is sent\n"));
	free(text);
	hk_door_forget(&b->door, b->r.entry, b->now);
}

static bool contains(const char *text, const uint8_t *octets, size_t n)
{
	char digits[2 * 64 + 1];

	for (size_t i = 0; i < n; i++)
		snprintf(digits + 2 * i, 3, "%02x", octets[i]);
	return strstr(text, digits) != NULL;
}

static void test_no_secret_is_shown(void **state)
{
	struct door_bench *b = *state;
	char *text;

	/* User-Password and CHAP-Password of 16 octets, Tunnel-Password */
	assert_int_equal(
		bench_send(b, (struct make){.identifier = 11,
				      .attributes = NAS "0212c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"
							"0313c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2"
							"4508c3c3c3c3c3c3"}),
		HK_DOOR_VISIT);
	b->r.visit.event.kind = HK_HOME_ERP;
	b->r.visit.reply.verdict = HK_VERDICT_ACCEPT;
	b->r.visit.reply.has_key = true;
	memset(b->r.visit.reply.key, 0xc4, sizeof(b->r.visit.reply.key));
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
	text = text_of(b, true);
	assert_non_null(strstr(text, "  User-Password = <hidden>\n"));
	assert_non_null(strstr(text, "  CHAP-Password = <hidden>\n"));
	assert_non_null(strstr(text, "  MS-MPPE-Recv-Key = <hidden>\n"));
	assert_non_null(strstr(text, "  MS-MPPE-Send-Key = <hidden>\n"));
	assert_null(strstr(text, "c1c1c1c1c1"));
	assert_null(strstr(text, "c2c2c2c2c2"));
	assert_null(strstr(text, "c3c3c3c3c3"));
	assert_false(contains(text, b->r.visit.reply.key, 5));
	assert_false(contains(text, (const uint8_t *)SECRET, strlen(SECRET)));
	assert_null(strstr(text, SECRET));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eap_in_one_line),
		cmocka_unit_test(test_erp_in_one_line),
		cmocka_unit_test_setup_teardown(
			test_a_visit_from_end_to_end, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_visit_without_an_answer, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_no_secret_is_shown, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests_name("hokeyd-transcript", tests, NULL, NULL);
}
