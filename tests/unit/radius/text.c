/* SPDX-License-Identifier: ISC */
/* Attributes as text, both ways. */
#include "vectors.h"

/* ---- writing ---- */

static void put(const char *name, const char *value, const char *want)
{
	uint8_t out[300];
	struct hk_buf b = hk_buf(out, sizeof out);
	const char *error = "unset";
	enum hk_err err = hk_radius_put_text(&b, name, value, &error);

	if (err)
		print_error("%s = %s: %s\n", name, value, error);
	assert_ok(err);
	assert_null(error);
	assert_hex(out, b.len, want);
}

static void values_of_all_formats(void **state)
{
	(void)state;
	put("Filter-Id", "staff", "0b077374616666");
	put("filter-id", "staff", "0b077374616666");
	put("Session-Timeout", "3600", "1b0600000e10");
	put("Session-Timeout", "4294967295", "1b06ffffffff");
	put("Termination-Action", "RADIUS-Request", "1d0600000001");
	put("Termination-Action", "1", "1d0600000001");
	put("Framed-IP-Address", "192.0.2.10", "0806c000020a");
	put("NAS-IPv6-Address", "2001:db8::1", "5f1220010db8000000000000000000000001");
	put("Framed-IPv6-Prefix", "2001:db8::/32", "6108002020010db8");
	put("Framed-IPv6-Prefix", "::/0", "61040000");
	put("Delegated-IPv6-Prefix", "2001:db8:8000::/33", "7b09002120010db880");
	put("Class", "c1", "19046331");
	put("Class", "0x00ff10", "190500ff10");
	put("Event-Timestamp", "1767225600", "37066955b900");
	put("MIP6-Feature-Vector", "18446744073709551615", "7c0affffffffffffffff");
	put("Chargeable-User-Identity", "abc", "5905616263");
	put("Cisco-AVPair", "shell:priv-lvl=15",
		"1a190000000901137368656c6c3a707269762d6c766c3d3135");
	put("Airespace-Wlan-Id", "7", "1a0c00003763010600000007");
	put("Operator-NAS-Identifier", "0xaabb", "f10508aabb");
	put("Attr-200", "0x0102", "c8040102");
	put("vendor-9999-attr-3", "0x01", "1a090000270f030301");
	put("Filter-Id", "0x41", "0b0630783431"); /* text stays text */
}

static void tags(void **state)
{
	(void)state;
	put("Tunnel-Type", "VLAN", "40060000000d");
	put("Tunnel-Type:1", "VLAN", "40060100000d");
	put("Tunnel-Type:31", "13", "40061f00000d");
	put("Tunnel-Medium-Type:1", "IEEE-802", "410601000006");
	put("Tunnel-Private-Group-Id", "100", "5105313030");
	put("Tunnel-Private-Group-Id:1", "100", "510601313030");
}

static void refuse(const char *name, const char *value, enum hk_err want)
{
	uint8_t out[300];
	struct hk_buf b = hk_buf(out, sizeof out);
	const char *error = NULL;
	enum hk_err err = hk_radius_put_text(&b, name, value, &error);

	if (err != want)
		print_error("%s = %s\n", name, value);
	assert_err(err, want);
	assert_non_null(error);
	if (strlen(value) > 2)
		assert_null(strstr(error, value));
	assert_int_equal(b.len, 0);
}

static void what_is_no_value(void **state)
{
	(void)state;
	refuse("No-Such-Name", "1", HK_ERR_NOT_FOUND);
	refuse("", "1", HK_ERR_NOT_FOUND);
	refuse("Attr-0", "0x01", HK_ERR_NOT_FOUND);
	refuse("Attr-256", "0x01", HK_ERR_NOT_FOUND);
	refuse("Vendor-0-Attr-1", "0x01", HK_ERR_NOT_FOUND);
	refuse("Vendor-4294967296-Attr-1", "0x01", HK_ERR_NOT_FOUND);
	refuse("Vendor-9-Attr-", "0x01", HK_ERR_NOT_FOUND);
	refuse("Filter-Id", "", HK_ERR_ARGUMENT);
	refuse("Session-Timeout", "4294967296", HK_ERR_ARGUMENT);
	refuse("Session-Timeout", "99999999999999999999999", HK_ERR_ARGUMENT);
	refuse("Session-Timeout", "-1", HK_ERR_ARGUMENT);
	refuse("Session-Timeout", "12s", HK_ERR_ARGUMENT);
	refuse("Termination-Action", "VLAN", HK_ERR_ARGUMENT);
	refuse("Framed-IP-Address", "192.0.2", HK_ERR_ARGUMENT);
	refuse("Framed-IP-Address", "192.0.2.256", HK_ERR_ARGUMENT);
	refuse("NAS-IPv6-Address", "192.0.2.1", HK_ERR_ARGUMENT);
	refuse("Framed-IPv6-Prefix", "2001:db8::", HK_ERR_ARGUMENT);
	refuse("Framed-IPv6-Prefix", "2001:db8::/129", HK_ERR_ARGUMENT);
	refuse("Framed-IPv6-Prefix", "2001:db8::1/32", HK_ERR_ARGUMENT);
	refuse("Class", "0x1", HK_ERR_ARGUMENT);
	refuse("Class", "0xzz", HK_ERR_ARGUMENT);
	refuse("Class", "0x", HK_ERR_ARGUMENT);
	refuse("Tunnel-Type:32", "VLAN", HK_ERR_ARGUMENT);
	refuse("Tunnel-Type:", "VLAN", HK_ERR_ARGUMENT);
	refuse("Tunnel-Type:x", "VLAN", HK_ERR_ARGUMENT);
	refuse("Tunnel-Type", "16777216", HK_ERR_ARGUMENT);
	refuse("Filter-Id:1", "staff", HK_ERR_ARGUMENT);
}

/* No HOKEY attribute comes from a users file either. */
static void what_the_server_makes(void **state)
{
	static const char *const names[] = {"State", "Proxy-State", "EAP-Message",
		"Message-Authenticator", "EAP-Key-Name", "User-Password", "CHAP-Password",
		"CHAP-Challenge", "Tunnel-Password", "MS-MPPE-Recv-Key", "MS-MPPE-Send-Key",
		"MS-CHAP-MPPE-Keys", "Vendor-Specific", "HOKEY-Key", "HOKEY-Key-Request", "Attr-24",
		"Attr-26", "Attr-69", "Attr-79", "Vendor-311-Attr-17", "Vendor-32473-Attr-3",
		"Vendor-32473-Attr-200"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		refuse(names[i], "0x0102", HK_ERR_DENIED);
}

static void too_long(void **state)
{
	char text[255], hex_text[2 + 2 * 254 + 1];
	uint8_t out[300];
	struct hk_buf b = hk_buf(out, 4);
	const char *error;

	(void)state;
	memset(text, 'x', sizeof text);
	text[254] = 0;
	refuse("Filter-Id", text, HK_ERR_TOO_LONG);
	refuse("Tunnel-Private-Group-Id:1", text + 1, HK_ERR_TOO_LONG);
	refuse("Cisco-AVPair", text + 6, HK_ERR_TOO_LONG);
	memset(hex_text, '1', sizeof hex_text);
	hex_text[1] = 'x';
	hex_text[0] = '0';
	hex_text[sizeof hex_text - 1] = 0;
	refuse("Class", hex_text, HK_ERR_TOO_LONG);
	refuse("Operator-NAS-Identifier", text + 1, HK_ERR_TOO_LONG);

	assert_err(hk_radius_put_text(&b, "Class", "abc", &error), HK_ERR_TOO_LONG);
	b = hk_buf(out, sizeof out);
	assert_ok(hk_radius_put_text(&b, "Filter-Id", text + 1, &error));
	assert_int_equal(b.len, 255);
	b = hk_buf(out, sizeof out);
	assert_ok(hk_radius_put_text(&b, "Cisco-AVPair", text + 7, &error));
	assert_int_equal(b.len, 255);
}

/* ---- reading ---- */

static void format(const char *attribute, const char *want)
{
	uint8_t octets[255], *exact;
	size_t n = hex(octets, sizeof octets, attribute), len;
	struct hk_radius_attribute a;
	char text[1200], cut[1200];
	struct hk_reader r;

	exact = malloc(n);
	memcpy(exact, octets, n);
	r = hk_reader(hk_bytes(exact, n));
	assert_true(hk_radius_next(&r, &a));
	len = hk_radius_format_attribute(&a, text, sizeof text);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	for (size_t size = 1; size <= len + 1; size++) {
		memset(cut, 'Z', sizeof cut);
		assert_int_equal(hk_radius_format_attribute(&a, cut, size), len);
		assert_int_equal(strlen(cut), size - 1);
		assert_memory_equal(cut, want, size - 1);
		assert_int_equal(cut[size], 'Z');
	}
	free(exact);
}

static void attributes_as_text(void **state)
{
	(void)state;
	format("010f40686f6d652e6578616d706c65", "User-Name = \"@home.example\"");
	format("0107612200ff5c", "User-Name = \"a\\\"\\x00\\xff\\\\\"");
	format("1d0600000001", "Termination-Action = RADIUS-Request");
	format("1d0600000009", "Termination-Action = 9");
	format("1b0600000e10", "Session-Timeout = 3600");
	format("1b050000e1", "Session-Timeout = 0x0000e1");
	format("0406c000020a", "NAS-IP-Address = 192.0.2.10");
	format("0405c00002", "NAS-IP-Address = 0xc00002");
	format("5f1220010db8000000000000000000000001", "NAS-IPv6-Address = 2001:db8::1");
	format("6108002020010db8", "Framed-IPv6-Prefix = 2001:db8::/32");
	format("61040021", "Framed-IPv6-Prefix = 0x0021");
	format("40060100000d", "Tunnel-Type:1 = VLAN");
	format("40060000000d", "Tunnel-Type = VLAN");
	format("510601313030", "Tunnel-Private-Group-Id:1 = \"100\"");
	format("5105313030", "Tunnel-Private-Group-Id = \"100\"");
	format("5103"
	       "05",
		"Tunnel-Private-Group-Id:5 = \"\"");
	format("7c0affffffffffffffff", "MIP6-Feature-Vector = 18446744073709551615");
	format("1806aabbccdd", "State = 0xaabbccdd");
	format("0202", "User-Password = <hidden>");
	format("c8040102", "Attr-200 = 0x0102");
	format("f10508aabb", "Operator-NAS-Identifier = 0xaabb");
	format("f105ffaabb", "Attr-241 = 0xffaabb");
	format("f102", "Attr-241 = 0x");
	format("1a0c00007ed9040600000004", "HOKEY-Key-Error = Not-Authorized");
	format("1a090000270f030301", "Vendor-9999-Attr-3 = 0x01");
	format("1a050102ff", "Vendor-Specific = 0x0102ff");
	format("1a0a0000013711041122", "MS-MPPE-Recv-Key = <hidden>");
}

/* Secrets of any shape are hidden. */
static void secrets_are_hidden(void **state)
{
	static const uint8_t types[] = {2, 3, 69, 70};
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof types; i++) {
		struct hk_radius_attribute a = {.type = types[i], .value = hk_text("gotcha")};

		hk_radius_format_attribute(&a, text, sizeof text);
		assert_null(strstr(text, "676f74636861"));
		assert_null(strstr(text, "gotcha"));
		assert_non_null(strstr(text, "<hidden>"));
	}
}

/* What was printed can be read again. */
static void round_trip(void **state)
{
	static const char *const attributes[] = {"0b077374616666", "1d0600000001", "1b0600000e10",
		"0806c000020a", "6108002020010db8", "40060100000d", "510601313030", "190500ff10",
		"c8040102", "1a090000270f030301", "f10508aabb"};

	(void)state;
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
		uint8_t octets[255];
		size_t n = hex(octets, sizeof octets, attributes[i]);
		struct hk_reader r = hk_reader(hk_bytes(octets, n));
		struct hk_radius_attribute a;
		char text[600], *value;

		assert_true(hk_radius_next(&r, &a));
		hk_radius_format_attribute(&a, text, sizeof text);
		value = strstr(text, " = ");
		assert_non_null(value);
		*value = 0;
		value += 3;
		if (*value == '"') {
			value++;
			value[strlen(value) - 1] = 0;
		}
		put(text, value, attributes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_all_formats),
		cmocka_unit_test(tags),
		cmocka_unit_test(what_is_no_value),
		cmocka_unit_test(what_the_server_makes),
		cmocka_unit_test(too_long),
		cmocka_unit_test(attributes_as_text),
		cmocka_unit_test(secrets_are_hidden),
		cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
