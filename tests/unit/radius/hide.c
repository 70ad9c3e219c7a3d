/* SPDX-License-Identifier: ISC */
/* Hidden values. */
#include "vectors.h"

static uint8_t ra[16];

static int setup(void **state)
{
	(void)state;
	hex(ra, sizeof ra, LOGIN_RA);
	return 0;
}

static struct hk_bytes msk_half(uint8_t *key, uint8_t first)
{
	for (size_t i = 0; i < 32; i++)
		key[i] = (uint8_t)(first + i);
	return hk_bytes(key, 32);
}

/* R2548-2.4.2-04 */
static void mppe_keys(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t key[32], hidden[64], plain[64];
	struct hk_buf b = hk_buf(hidden, sizeof hidden), back = hk_buf(plain, sizeof plain);

	(void)state;
	assert_ok(hk_radius_hide_salted(&s, ra, 0x8501, msk_half(key, 0x40), &b));
	assert_hex(hidden, b.len,
		"85018faf1e906b359a3471f84cb2105983cb134606ac32a00a4dcb61ed144586"
		"78b1b85def2a47baef47a716597fc571f2d0");
	assert_ok(hk_radius_unhide_salted(&s, ra, hk_buf_bytes(&b), &back));
	assert_true(hk_bytes_equal(hk_buf_bytes(&back), hk_bytes(key, 32)));

	b = hk_buf(hidden, sizeof hidden);
	assert_ok(hk_radius_hide_salted(&s, ra, 0x8502, msk_half(key, 0x60), &b));
	assert_hex(hidden, b.len,
		"8502f6a712df595b960328a2e500267926d92479894c7d4a77889d3661303f70"
		"02ddb553739fdcb1c8fd65a2d9d159671914");
}

/* R2548-2.4.2-02 R2548-2.4.2-03: whatever the caller gives. */
static void salts_of_a_pair_of_keys(void **state)
{
	static const uint16_t salts[] = {0, 1, 0x7fff, 0x8000, 0x8501, 0xfffe, 0xffff};
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t key[64] = {0}, out[200];

	(void)state;
	for (size_t i = 0; i < sizeof salts / sizeof salts[0]; i++) {
		struct hk_buf b = hk_buf(out, sizeof out);

		hk_radius_put_mppe_keys(&b, &s, ra, salts[i], key);
		assert_true(hk_buf_ok(&b));
		assert_int_equal(b.len, 116);
		assert_int_equal(out[6], HK_MS_MPPE_RECV_KEY);
		assert_int_equal(out[58 + 6], HK_MS_MPPE_SEND_KEY);
		assert_true(out[8] & 0x80);
		assert_true(out[58 + 8] & 0x80);
		assert_memory_not_equal(out + 8, out + 58 + 8, 2);
	}
}

/* R2548-2.4.2-06 */
static void wrong_secret_or_broken_value(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t key[32], hidden[64], plain[256];
	struct hk_buf b = hk_buf(hidden, sizeof hidden);
	unsigned refused = 0;

	(void)state;
	assert_ok(hk_radius_hide_salted(&s, ra, 0x8501, msk_half(key, 0x40), &b));
	for (unsigned i = 0; i < 200; i++) {
		struct hk_radius_secret other;
		struct hk_buf back = hk_buf(plain, sizeof plain);
		uint8_t octet = (uint8_t)i;

		assert_ok(hk_radius_secret_set(&other, hk_bytes(&octet, 1)));
		if (hk_radius_unhide_salted(&other, ra, hk_buf_bytes(&b), &back))
			refused++;
		else
			assert_false(back.len == sizeof key && memcmp(plain, key, sizeof key) == 0);
		assert_true(back.len <= 47);
	}
	assert_true(refused > 100); /* 208 of 256 length octets do not fit */

	for (size_t n = 0; n < b.len; n++) {
		struct hk_buf back = hk_buf(plain, sizeof plain);

		if (n >= 18 && (n - 2) % 16 == 0)
			continue;
		assert_err(hk_radius_unhide_salted(&s, ra, hk_bytes(hidden, n), &back),
			HK_ERR_MALFORMED);
	}
	/* no room for the key */
	b.len = 50;
	struct hk_buf back = hk_buf(plain, 31);
	assert_err(hk_radius_unhide_salted(&s, ra, hk_bytes(hidden, 50), &back), HK_ERR_TOO_LONG);
}

static void salted_limits(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t plain[240] = {7}, hidden[300], again[300];
	struct hk_buf b;

	(void)state;
	for (size_t n = 0; n <= 239; n++) {
		struct hk_buf back = hk_buf(again, sizeof again);

		b = hk_buf(hidden, sizeof hidden);
		assert_ok(hk_radius_hide_salted(&s, ra, 0xffff, hk_bytes(plain, n), &b));
		assert_int_equal((b.len - 2) % 16, 0);
		assert_ok(hk_radius_unhide_salted(&s, ra, hk_buf_bytes(&b), &back));
		assert_true(hk_bytes_equal(hk_buf_bytes(&back), hk_bytes(plain, n)));
	}
	b = hk_buf(hidden, sizeof hidden);
	assert_err(
		hk_radius_hide_salted(&s, ra, 0xffff, hk_bytes(plain, 240), &b), HK_ERR_TOO_LONG);
	assert_err(hk_radius_hide_salted(&s, ra, 0x7fff, hk_bytes(plain, 1), &b), HK_ERR_ARGUMENT);
	b = hk_buf(hidden, 17);
	assert_err(hk_radius_hide_salted(&s, ra, 0xffff, hk_bytes(plain, 1), &b), HK_ERR_TOO_LONG);
}

static void tunnel_password(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t value[64] = {1}, plain[64]; /* tag 1 first */
	struct hk_buf b = hk_buf(value, sizeof value), back = hk_buf(plain, sizeof plain);

	(void)state;
	b.len = 1;
	assert_ok(hk_radius_hide_salted(&s, ra, 0x8307, hk_text("tunnelpw"), &b));
	assert_hex(value, b.len, "018307eee6990a1a86c8fe67865d41c73609df");
	assert_ok(hk_radius_unhide_salted(&s, ra, hk_bytes(value + 1, b.len - 1), &back));
	assert_true(hk_bytes_equal(hk_buf_bytes(&back), hk_text("tunnelpw")));
}

static void user_password(void **state)
{
	static const struct {
		const char *secret, *password, *hidden;
	} cases[] = {
		{"xyzzy5461", "arctangent", "0dbe708d93d413ce3196e43f782a0aee"},
		{SECRET, "arctangent", "4df4ce855ddde29ae9010aca140f3757"},
		{SECRET, "seventeen-octets!",
			"5fe3db9452c7e09ae95865a9606a43246df04224ed2105531d93b5178bc36f89"},
	};
	uint8_t hidden[160], plain[160];
	struct hk_radius_secret s;
	struct hk_buf b;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hk_buf back = hk_buf(plain, sizeof plain);

		s = make_secret(cases[i].secret);
		b = hk_buf(hidden, sizeof hidden);
		assert_ok(hk_radius_hide_password(&s, ra, hk_text(cases[i].password), &b));
		assert_hex(hidden, b.len, cases[i].hidden);
		assert_ok(hk_radius_unhide_password(&s, ra, hk_buf_bytes(&b), &back));
		assert_true(hk_bytes_equal(hk_buf_bytes(&back), hk_text(cases[i].password)));
	}
	memset(plain, 'x', sizeof plain);
	b = hk_buf(hidden, sizeof hidden);
	assert_ok(hk_radius_hide_password(&s, ra, hk_bytes(plain, 128), &b));
	assert_int_equal(b.len, 128);
	assert_err(hk_radius_hide_password(&s, ra, hk_bytes(plain, 129), &b), HK_ERR_TOO_LONG);
	b = hk_buf(hidden, sizeof hidden);
	assert_ok(hk_radius_hide_password(&s, ra, HK_NO_BYTES, &b));
	assert_int_equal(b.len, 16);
	for (size_t n = 0; n < 160; n++) {
		struct hk_buf back = hk_buf(plain, sizeof plain);

		if (n == 0 || n % 16 || n > 128)
			assert_err(hk_radius_unhide_password(&s, ra, hk_bytes(hidden, n), &back),
				HK_ERR_MALFORMED);
	}
}

/* What a proxy does to the keys of an Access-Accept. */
static void next_hop(void **state)
{
	struct hk_radius_secret home = make_secret(SECRET), nas = make_secret("secret of the NAS");
	struct packet accept = packet_from(LOGIN_ACCEPT);
	uint8_t nas_ra[16] = {9}, plain[64], hidden[64], key[32];
	struct hk_buf p = hk_buf(plain, sizeof plain), h = hk_buf(hidden, sizeof hidden);
	struct hk_bytes v =
		hk_radius_find_vsa(&accept.view, HK_VENDOR_MICROSOFT, HK_MS_MPPE_RECV_KEY);

	(void)state;
	assert_ok(hk_radius_unhide_salted(&home, ra, v, &p));
	assert_ok(hk_radius_hide_salted(&nas, nas_ra, 0xabcd, hk_buf_bytes(&p), &h));
	assert_int_equal(h.len, v.len);
	assert_memory_not_equal(hidden, v.data, v.len);
	p = hk_buf(plain, sizeof plain);
	assert_ok(hk_radius_unhide_salted(&nas, nas_ra, hk_buf_bytes(&h), &p));
	assert_true(hk_bytes_equal(hk_buf_bytes(&p), msk_half(key, 0x40)));
	free(accept.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mppe_keys),
		cmocka_unit_test(salts_of_a_pair_of_keys),
		cmocka_unit_test(wrong_secret_or_broken_value),
		cmocka_unit_test(salted_limits),
		cmocka_unit_test(tunnel_password),
		cmocka_unit_test(user_password),
		cmocka_unit_test(next_hop),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
