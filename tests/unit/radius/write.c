/* SPDX-License-Identifier: ISC */
/* Writing of attributes. */
#include "vectors.h"

#include "crypto/crypto.h"

/* R3579-3.1-02: cut into pieces, in order, adjacent. */
static void eap_of_600_octets(void **state)
{
	uint8_t eap[600] = {0x02, 0x05, 0x02, 0x58, 0x0d, 0x00}, out[700], digest[HK_SHA256_LEN];
	struct hk_buf b = hk_buf(out, sizeof out);
	struct hk_bytes written;

	(void)state;
	for (size_t i = 0; i < 594; i++)
		eap[6 + i] = (uint8_t)i;
	hk_radius_put_eap(&b, hk_bytes(eap, sizeof eap));
	assert_int_equal(b.len, 606);
	assert_int_equal(out[1], 255);
	assert_int_equal(out[255 + 1], 255);
	assert_int_equal(out[510 + 1], 96);
	written = hk_buf_bytes(&b);
	hk_sha256(&written, 1, digest);
	assert_hex(digest, sizeof digest,
		"f8812b03408b79f58f75fec2f52ca4ebaff9621f821c3ef2c4406b97f05e35e4");
}

/* R3579-3.1-01: what was cut comes back whole, whatever its length. */
static void eap_of_every_length(void **state)
{
	uint8_t eap[1100], out[1400], joined[1100];

	(void)state;
	for (size_t i = 0; i < sizeof eap; i++)
		eap[i] = (uint8_t)(i * 7);
	for (size_t n = 0; n < sizeof eap; n++) {
		struct hk_buf b = hk_buf(out, sizeof out), j = hk_buf(joined, sizeof joined);
		size_t attributes = n ? (n + 252) / 253 : 1;
		struct hk_radius p;
		struct hk_bytes v;

		hk_radius_begin(&b, HK_RADIUS_ACCESS_CHALLENGE, 1);
		hk_radius_put_eap(&b, hk_bytes(eap, n));
		hk_store_u16(out + 2, (uint16_t)b.len);
		assert_int_equal(b.len, 38 + n + 2 * attributes);
		assert_ok(hk_radius_parse(hk_buf_bytes(&b), &p));
		assert_int_equal(p.eap_contiguous, attributes == 1);
		assert_ok(hk_radius_eap(&p, &j, &v));
		assert_non_null(v.data);
		assert_true(hk_bytes_equal(v, hk_bytes(eap, n)));
	}
}

/* BLAST-4.2-04: every code that may have one begins with it. */
static void first_attribute(void **state)
{
	static const uint8_t codes[] = {1, 2, 3, 11, 12, 40, 41, 42, 43, 44, 45, 52};
	uint8_t out[64];
	struct hk_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof codes; i++) {
		b = hk_buf(out, sizeof out);
		hk_radius_begin(&b, codes[i], 5);
		assert_int_equal(b.len, 38);
		assert_int_equal(out[0], codes[i]);
		assert_int_equal(out[1], 5);
		assert_int_equal(out[20], 80);
		assert_int_equal(out[21], 18);
	}
	b = hk_buf(out, sizeof out);
	hk_radius_begin(&b, HK_RADIUS_ACCOUNTING_REQUEST, 5);
	assert_int_equal(b.len, 20);
}

/* R2865-2.3-04 R2865-2.3-01 */
static void proxy_state_is_echoed(void **state)
{
	uint8_t request[256], out[256];
	struct hk_buf b = hk_buf(request, sizeof request);
	struct hk_radius p;
	char want[128] = "";

	(void)state;
	hk_radius_begin(&b, HK_RADIUS_ACCESS_REQUEST, 1);
	for (unsigned i = 0; i < 10; i++) {
		uint8_t value[2] = {0x50, (uint8_t)i};

		hk_radius_put(&b, HK_RADIUS_PROXY_STATE, hk_bytes(value, 2));
		hk_radius_put(&b, HK_RADIUS_CLASS, hk_bytes(value, 1));
		snprintf(want + strlen(want), sizeof want - strlen(want), "210450%02x", i);
	}
	hk_radius_put(&b, HK_RADIUS_PROXY_STATE, HK_NO_BYTES);
	snprintf(want + strlen(want), sizeof want - strlen(want), "2102");
	hk_store_u16(request + 2, (uint16_t)b.len);
	assert_ok(hk_radius_parse(hk_buf_bytes(&b), &p));

	b = hk_buf(out, sizeof out);
	hk_radius_put_proxy_state(&b, &p);
	assert_hex(out, b.len, want);
}

static void values_that_do_not_fit(void **state)
{
	uint8_t value[254] = {0}, out[600];
	struct hk_buf b = hk_buf(out, sizeof out);

	(void)state;
	hk_radius_put(&b, HK_RADIUS_CLASS, hk_bytes(value, 253));
	hk_radius_put_vsa(&b, HK_VENDOR_HOKEY, 3, hk_bytes(value, 247));
	assert_true(hk_buf_ok(&b));
	assert_int_equal(b.len, 510);
	hk_radius_put(&b, HK_RADIUS_CLASS, hk_bytes(value, 254));
	assert_false(hk_buf_ok(&b));
	assert_int_equal(b.len, 510);
	b = hk_buf(out, sizeof out);
	hk_radius_put_vsa(&b, HK_VENDOR_HOKEY, 3, hk_bytes(value, 248));
	assert_false(hk_buf_ok(&b));
	assert_int_equal(b.len, 0);
}

static void vendor_specific(void **state)
{
	uint8_t out[64], value[4] = {0, 0, 0, 4};
	struct hk_buf b = hk_buf(out, sizeof out);

	(void)state;
	hk_radius_put_vsa(&b, HK_VENDOR_HOKEY, 4, hk_bytes(value, 4));
	hk_radius_put_vsa(&b, HK_VENDOR_HOKEY, 2, hk_text("visited.example"));
	assert_hex(out, b.len,
		"1a0c00007ed9040600000004"
		"1a1700007ed90211766973697465642e6578616d706c65");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eap_of_600_octets),
		cmocka_unit_test(eap_of_every_length),
		cmocka_unit_test(first_attribute),
		cmocka_unit_test(proxy_state_is_echoed),
		cmocka_unit_test(values_that_do_not_fit),
		cmocka_unit_test(vendor_specific),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
