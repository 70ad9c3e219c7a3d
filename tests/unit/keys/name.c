/* SPDX-License-Identifier: ISC */
#include "keys.h"

/* E5295-3.2-01 */
static void emsk_names(void **state)
{
	static const char *const sets[] = {"V1", "V2", "V3", "V4", "V5", "V6", "R1", "R2", "R3"};

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		struct octets session_id, want;
		uint8_t name[HK_EMSK_NAME_LEN];

		assert_ok(hk_emsk_name(NULL, load(&session_id, sets[i], "Session-Id"), name));
		load(&want, sets[i], "EMSKname");
		assert_int_equal(want.len, sizeof name);
		assert_memory_equal(name, want.data, sizeof name);
	}
}

static void session_ids_that_are_refused(void **state)
{
	static const uint8_t id[257];
	uint8_t name[HK_EMSK_NAME_LEN];

	(void)state;
	assert_err(hk_emsk_name(NULL, HK_NO_BYTES, name), HK_ERR_ARGUMENT);
	assert_err(hk_emsk_name(NULL, hk_bytes(id, 257), name), HK_ERR_ARGUMENT);
	assert_ok(hk_emsk_name(NULL, hk_bytes(id, 256), name));
}

static void nais_of_the_vectors(void **state)
{
	static const char *const sets[] = {"V1", "V2", "V3", "V4", "V5", "V6"};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct octets name, realm, nai;
		struct hk_keyname_nai parsed;
		uint8_t text[HK_NAI_MAX_LEN];
		struct hk_buf out = hk_buf(text, sizeof text);

		load(&name, sets[i], "EMSKname");
		assert_ok(
			hk_keyname_nai_write(name.data, load(&realm, sets[i], "home-realm"), &out));
		load(&nai, sets[i], "keyName-NAI");
		assert_true(hk_bytes_equal(hk_buf_bytes(&out), hk_bytes(nai.data, nai.len)));
		out.len = 0;
		assert_ok(hk_keyname_nai_write(name.data, load(&realm, sets[i], "domain"), &out));
		load(&nai, sets[i], "DS-keyName-NAI");
		assert_true(hk_bytes_equal(hk_buf_bytes(&out), hk_bytes(nai.data, nai.len)));

		assert_ok(hk_keyname_nai_parse(hk_bytes(nai.data, nai.len), &parsed));
		assert_memory_equal(parsed.emsk_name, name.data, HK_EMSK_NAME_LEN);
		assert_true(hk_bytes_equal(parsed.realm, hk_bytes(realm.data, realm.len)));
	}
}

static void nais_of_either_case(void **state)
{
	struct hk_keyname_nai nai;

	(void)state;
	assert_ok(hk_keyname_nai_parse(hk_text("CFE8ced1DAE98705@Home.Example"), &nai));
	assert_hex(nai.emsk_name, sizeof nai.emsk_name, "cfe8ced1dae98705");
	assert_true(hk_bytes_equal(nai.realm, hk_text("Home.Example")));
}

static void nais_that_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"cfe8ced1dae98705",
		"cfe8ced1dae98705@",
		"cfe8ced1dae9870@home.example",
		"cfe8ced1dae987055@home.example",
		"cfe8ced1dae9870g@home.example",
		"cfe8ced1dae9870:@home.example",
		"cfe8ced1dae9870 @home.example",
		"@fe8ced1dae98705@home.example",
		"cfe8ced1dae98705@home@example",
		"cfe8ced1dae98705@home example",
		"cfe8ced1dae98705@home\177example",
		"cfe8ced1dae98705@\thome.example",
	};
	char longest[255];
	struct hk_keyname_nai nai;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_err(hk_keyname_nai_parse(hk_text(bad[i]), &nai), HK_ERR_MALFORMED);
	assert_err(hk_keyname_nai_parse(hk_bytes("cfe8ced1dae98705@a\0b", 20), &nai),
		HK_ERR_MALFORMED);
	assert_err(hk_keyname_nai_parse(HK_NO_BYTES, &nai), HK_ERR_MALFORMED);
	memset(longest, 'r', sizeof longest);
	memcpy(longest, "cfe8ced1dae98705@", 17);
	assert_ok(hk_keyname_nai_parse(hk_bytes(longest, 253), &nai));
	assert_int_equal(nai.realm.len, 236);
	assert_err(hk_keyname_nai_parse(hk_bytes(longest, 254), &nai), HK_ERR_MALFORMED);
}

static void writing_nais_that_do_not_fit(void **state)
{
	static const uint8_t name[HK_EMSK_NAME_LEN] = {0xab};
	uint8_t text[300];
	char realm[237];
	struct hk_buf out = hk_buf(text, sizeof text);

	(void)state;
	memset(realm, 'r', sizeof realm);
	assert_err(hk_keyname_nai_write(name, HK_NO_BYTES, &out), HK_ERR_ARGUMENT);
	assert_err(hk_keyname_nai_write(name, hk_bytes(realm, 237), &out), HK_ERR_TOO_LONG);
	assert_int_equal(out.len, 0);
	assert_ok(hk_keyname_nai_write(name, hk_bytes(realm, 236), &out));
	assert_int_equal(out.len, 253);
	out = hk_buf(text, 252);
	assert_err(hk_keyname_nai_write(name, hk_bytes(realm, 236), &out), HK_ERR_TOO_LONG);
}

static void realm_of_an_nai(void **state)
{
	static const char *const nais[][2] = {{"joe@example.org", "example.org"}, {"joe", ""},
		{"joe@", ""}, {"@example.org", "example.org"}, {"a@b@c", "c"}, {"", ""}};

	(void)state;
	for (size_t i = 0; i < sizeof nais / sizeof *nais; i++)
		assert_true(hk_bytes_equal(hk_nai_realm(hk_text(nais[i][0])), hk_text(nais[i][1])));
	assert_int_equal(hk_nai_realm(HK_NO_BYTES).len, 0);
}

static void realms_that_are_equal(void **state)
{
	(void)state;
	assert_true(hk_realm_equal(hk_text("Home.EXAMPLE"), hk_text("hOME.example")));
	assert_true(hk_realm_equal(HK_NO_BYTES, hk_text("")));
	assert_false(hk_realm_equal(hk_text("home.example"), hk_text("home.exampl")));
	assert_false(hk_realm_equal(hk_text("home.example"), hk_text("home-example")));
	/* '[' and '{' differ in the same bit as letters do */
	assert_false(hk_realm_equal(hk_text("a["), hk_text("a{")));
	assert_false(hk_realm_equal(hk_text("@"), hk_text("`")));
}

static void domains(void **state)
{
	static const char *const bad[] = {"", ".", ".a", "a..b", "a b", "a\tb", "a\x7f", "a@b",
		"b\303\274cher.example", "a..", "\x01"};
	static const char *const good[] = {"a", "a.b", "visited.example", "xn--bcher-kva.example"};
	char longest[237];

	(void)state;
	memset(longest, 'd', sizeof longest);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_err(hk_domain_check(hk_text(bad[i])), HK_ERR_MALFORMED);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_ok(hk_domain_check(hk_text(good[i])));
	assert_err(hk_domain_check(hk_bytes("a\0b", 3)), HK_ERR_MALFORMED);
	assert_err(hk_domain_check(hk_text("visited.example.")), HK_ERR_REALM);
	assert_ok(hk_domain_check(hk_bytes(longest, 236)));
	assert_err(hk_domain_check(hk_bytes(longest, 237)), HK_ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(emsk_names),
		cmocka_unit_test(session_ids_that_are_refused),
		cmocka_unit_test(nais_of_the_vectors),
		cmocka_unit_test(nais_of_either_case),
		cmocka_unit_test(nais_that_are_refused),
		cmocka_unit_test(writing_nais_that_do_not_fit),
		cmocka_unit_test(realm_of_an_nai),
		cmocka_unit_test(realms_that_are_equal),
		cmocka_unit_test(domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
