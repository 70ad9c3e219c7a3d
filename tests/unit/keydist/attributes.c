/* SPDX-License-Identifier: ISC */
/* Key distribution in RADIUS packets: read, written, kept from access points. */
#include "pair.h"

static struct hk_bytes area(uint8_t *octets, size_t cap, const char *text)
{
	return hk_bytes(octets, hex(octets, cap, text));
}

/* HKRAD-16.5-01 */
static void written_and_read(void **state)
{
	struct pair *p = *state;
	struct hk_keydist_attributes in;
	uint8_t octets[512];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	ask(p, HK_KEYDIST_USRK, "usage@hokey.example");
	hk_radius_put(&b, HK_RADIUS_USER_NAME, hk_text("x"));
	hk_keydist_put_request(&b, 4711, &p->asked);
	hk_keydist_read(hk_buf_bytes(&b), HK_VENDOR_HOKEY, &in);
	assert_null(in.request.data);
	hk_keydist_read(hk_buf_bytes(&b), 4711, &in);
	p->request = in;
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	assert_false(in.repeated);
	assert_null(in.key.data);

	b.len = 0;
	hk_keydist_put_delivery(&b, HK_VENDOR_HOKEY, &p->delivery);
	hk_keydist_read(hk_buf_bytes(&b), HK_VENDOR_HOKEY, &in);
	assert_true(hk_bytes_equal(in.label, p->delivery.label));
	assert_true(hk_bytes_equal(in.domain, hk_text(DOMAIN)));
	assert_int_equal(in.key.len, p->delivery.key_len);

	b.len = 0;
	hk_kds_refuse(&p->delivery, HK_KEY_NO_KEY);
	hk_keydist_put_delivery(&b, HK_VENDOR_HOKEY, &p->delivery);
	hk_keydist_read(hk_buf_bytes(&b), HK_VENDOR_HOKEY, &in);
	assert_hex(in.error.data, in.error.len, "00000005");
	assert_null(in.key.data);

	/* nothing asked, nothing said: nothing written */
	b.len = 0;
	memset(&p->asked, 0, sizeof p->asked);
	hk_kds_refuse(&p->delivery, HK_KEY_GRANTED);
	hk_keydist_put_request(&b, HK_VENDOR_HOKEY, &p->asked);
	hk_keydist_put_delivery(&b, HK_VENDOR_HOKEY, &p->delivery);
	assert_int_equal(b.len, 0);
}

static void several_and_strange(void **state)
{
	struct hk_keydist_attributes in;
	uint8_t o[128];

	(void)state;
	/* twice, in two attributes and in one */
	hk_keydist_read(
		area(o, sizeof o, "1a0900007ed9020361 1a0900007ed9020362"), HK_VENDOR_HOKEY, &in);
	assert_true(in.repeated);
	assert_int_equal(in.domain.data[0], 'a');
	hk_keydist_read(area(o, sizeof o, "1a0c00007ed9020361020362"), HK_VENDOR_HOKEY, &in);
	assert_true(in.repeated);
	/* two different ones in one attribute */
	hk_keydist_read(area(o, sizeof o, "1a0f00007ed9020361040600000004"), HK_VENDOR_HOKEY, &in);
	assert_false(in.repeated);
	assert_int_equal(in.error.len, 4);
	/* other vendors, and types that mean nothing here */
	hk_keydist_read(
		area(o, sizeof o, "1a0900000009020361 1a0900007ed9210361"), HK_VENDOR_HOKEY, &in);
	assert_null(in.domain.data);
	/* an inner length that runs over the end, or is too small */
	hk_keydist_read(area(o, sizeof o, "1a0900007ed9020461"), HK_VENDOR_HOKEY, &in);
	assert_null(in.domain.data);
	hk_keydist_read(area(o, sizeof o, "1a0900007ed9020161"), HK_VENDOR_HOKEY, &in);
	assert_null(in.domain.data);
	hk_keydist_read(area(o, sizeof o, "1a0500007e"), HK_VENDOR_HOKEY, &in);
	assert_null(in.domain.data);
	/* empty is there all the same */
	hk_keydist_read(area(o, sizeof o, "1a0800007ed90202"), HK_VENDOR_HOKEY, &in);
	assert_non_null(in.domain.data);
	assert_int_equal(in.domain.len, 0);
}

static bool is_private(const char *attribute)
{
	uint8_t octets[64];
	struct hk_reader r = hk_reader(area(octets, sizeof octets, attribute));
	struct hk_radius_attribute a;

	assert_true(hk_radius_next(&r, &a));
	return hk_keydist_is_private(&a, HK_VENDOR_HOKEY);
}

/* E6696-5.1-05 */
static void kept_from_access_points(void **state)
{
	char text[19];

	(void)state;
	for (unsigned type = 1; type <= 255; type++) {
		snprintf(text, sizeof text, "1a0900007ed9%02x0361", type);
		assert_int_equal(is_private(text), type <= 32);
	}
	assert_false(is_private("1a0900000009010361"));
	assert_false(is_private("010361"));
	/* several in one, or nothing that can be read */
	assert_true(is_private("1a0c00007ed9210361010362"));
	assert_true(is_private("1a0900007ed9210461"));
	assert_true(is_private("1a0600007ed9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(written_and_read),
		cmocka_unit_test(several_and_strange),
		cmocka_unit_test(kept_from_access_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
