/* SPDX-License-Identifier: ISC */
/* Reading of packets: what is refused, and where things are found. */
#include "vectors.h"

/* Header of an Access-Request with that Length; the rest is the caller's. */
static void put_header(uint8_t *p, size_t length)
{
	memset(p, 0, HK_RADIUS_HEADER_LEN);
	p[0] = HK_RADIUS_ACCESS_REQUEST;
	hk_store_u16(p + 2, (uint16_t)length);
}

static enum hk_err parse(const uint8_t *data, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);
	struct hk_radius p;
	enum hk_err err;

	memcpy(exact, data, n);
	err = hk_radius_parse(hk_bytes(exact, n), &p);
	free(exact);
	return err;
}

/* R2865-3-01 R2865-3-03 */
static void length_field_out_of_range(void **state)
{
	uint8_t data[5000] = {0};

	(void)state;
	put_header(data, 20);
	assert_ok(parse(data, 20));
	assert_err(parse(data, 0), HK_ERR_MALFORMED);
	assert_err(parse(data, 19), HK_ERR_MALFORMED);
	put_header(data, 19);
	assert_err(parse(data, 30), HK_ERR_MALFORMED);
	put_header(data, 60);
	assert_err(parse(data, 30), HK_ERR_MALFORMED);
	put_header(data, 4097);
	assert_err(parse(data, sizeof data), HK_ERR_MALFORMED);
}

/* R2865-3-02 */
static void surplus_is_ignored(void **state)
{
	uint8_t data[200];
	size_t n = hex(data, sizeof data, LOGIN_REJECT);
	struct hk_radius p;

	(void)state;
	memset(data + n, 0xff, 20);
	assert_ok(hk_radius_parse(hk_bytes(data, n + 20), &p));
	assert_int_equal(p.packet.len, n);
	assert_int_equal(p.attributes.len, n - 20);
}

/* R2865-5-01 */
static void broken_attributes(void **state)
{
	static const struct {
		const char *attributes;
		enum hk_err want;
	} cases[] = {
		{"0100", HK_ERR_MALFORMED},                 /* Length 0 */
		{"0101", HK_ERR_MALFORMED},                 /* Length 1 */
		{"0104aa", HK_ERR_MALFORMED},               /* runs past the end */
		{"0103aa01", HK_ERR_MALFORMED},             /* one octet behind the last */
		{"0102", HK_OK},                            /* empty value */
		{"0103aa0203bb", HK_OK}, {"1a03aa", HK_OK}, /* a VSA that is none: opaque */
		{"1a0800000137", HK_ERR_MALFORMED},
		{"1a0a0000013711051122", HK_OK}, /* sub-attribute runs past: opaque */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t data[64];
		size_t n = hex(data + 20, sizeof data - 20, cases[i].attributes);

		put_header(data, 20 + n);
		assert_err(parse(data, 20 + n), cases[i].want);
	}
}

/* HKRAD-2.2-01 */
static void one_message_authenticator_of_18_octets(void **state)
{
	uint8_t data[100] = {0};

	(void)state;
	put_header(data, 38);
	data[20] = 80;
	data[21] = 18;
	assert_ok(parse(data, 38));
	put_header(data, 56);
	data[38] = 80;
	data[39] = 18;
	assert_err(parse(data, 56), HK_ERR_MALFORMED);
	for (uint8_t len = 2; len < 30; len++) {
		put_header(data, 20u + len);
		data[21] = len;
		assert_err(parse(data, 20u + len), len == 18 ? HK_OK : HK_ERR_MALFORMED);
	}
}

static void at_most_200_attributes(void **state)
{
	uint8_t data[20 + 2 * 201];

	(void)state;
	for (size_t i = 20; i < sizeof data; i += 2) {
		data[i] = HK_RADIUS_PROXY_STATE;
		data[i + 1] = 2;
	}
	put_header(data, 20 + 2 * 200);
	assert_ok(parse(data, 20 + 2 * 200));
	put_header(data, sizeof data);
	assert_err(parse(data, sizeof data), HK_ERR_LIMIT);
}

static void what_a_request_says(void **state)
{
	struct packet p = packet_from(LOGIN_REQUEST);
	const struct hk_radius *r = &p.view;
	struct hk_bytes v;

	(void)state;
	assert_int_equal(r->code, HK_RADIUS_ACCESS_REQUEST);
	assert_int_equal(r->identifier, 7);
	assert_hex(r->authenticator, 16, LOGIN_RA);
	assert_int_equal(r->message_authenticator, 22);
	assert_true(r->has_proxy_state);
	assert_true(r->eap_contiguous);
	assert_int_equal(r->eap_octets, 18);
	v = hk_radius_find(r, HK_RADIUS_USER_NAME);
	assert_true(hk_bytes_equal(v, hk_text("@home.example")));
	v = hk_radius_find(r, HK_RADIUS_CALLING_STATION_ID);
	assert_true(hk_bytes_equal(v, hk_text("02-00-00-00-00-01")));
	v = hk_radius_find(r, HK_RADIUS_MESSAGE_AUTHENTICATOR); /* not noted: by walking */
	assert_hex(v.data, v.len, LOGIN_REQUEST_MA);
	assert_null(hk_radius_find(r, HK_RADIUS_STATE).data);
	assert_null(hk_radius_find(r, 0).data);
	assert_null(hk_radius_find(r, 255).data);
	assert_false(hk_radius_has_several(r, HK_RADIUS_USER_NAME));
	free(p.data);
}

/* Shuffles the attributes of a packet behind its header. */
static void shuffle(uint8_t *packet, size_t n, unsigned *seed)
{
	uint8_t out[HK_RADIUS_MAX_LEN];
	size_t at[64], count = 0, len = 20;

	memcpy(out, packet, 20);
	for (size_t o = 20; o < n; o += packet[o + 1])
		at[count++] = o;
	while (count > 0) {
		size_t pick;

		*seed = *seed * 1103515245 + 12345;
		pick = (*seed >> 16) % count;
		memcpy(out + len, packet + at[pick], packet[at[pick] + 1]);
		len += packet[at[pick] + 1];
		at[pick] = at[--count];
	}
	memcpy(packet, out, n);
}

/* R2865-5-03 */
static void order_between_types_does_not_matter(void **state)
{
	uint8_t data[256], joined[300];
	size_t n = hex(data, sizeof data, ERP_REQUEST);
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct hk_buf b = hk_buf(joined, sizeof joined);
		struct hk_radius p;
		struct hk_bytes v;

		shuffle(data, n, &seed);
		assert_ok(hk_radius_parse(hk_bytes(data, n), &p));
		v = hk_radius_find(&p, HK_RADIUS_NAS_IDENTIFIER);
		assert_true(hk_bytes_equal(v, hk_text("ap2.visited.example")));
		v = hk_radius_find(&p, HK_RADIUS_CALLED_STATION_ID);
		assert_true(hk_bytes_equal(v, hk_text("02-00-00-00-01-00:hokey")));
		assert_ok(hk_radius_eap(&p, &b, &v));
		assert_hex(v.data, v.len, ERP_INITIATE);
		assert_int_equal(data[p.message_authenticator - 2], 80);
	}
}

/* R6929-2.8-01 */
static void value_that_does_not_fit_its_type_is_only_ignored(void **state)
{
	uint8_t data[64];
	size_t n = hex(data + 20, sizeof data - 20,
		"1b05010203"
		"1c060000003c");
	uint32_t value = 99;
	struct hk_radius p;

	(void)state;
	put_header(data, 20 + n);
	assert_ok(hk_radius_parse(hk_bytes(data, 20 + n), &p));
	assert_false(hk_radius_find_u32(&p, HK_RADIUS_SESSION_TIMEOUT, &value));
	assert_int_equal(value, 99);
	assert_true(hk_radius_find_u32(&p, HK_RADIUS_IDLE_TIMEOUT, &value));
	assert_int_equal(value, 60);
}

/* The codec says that there are two; to refuse them is the server's part. */
static void two_of_a_type_are_seen(void **state)
{
	uint8_t data[64];
	size_t n = hex(data + 20, sizeof data - 20,
		"1803aa"
		"1903cc"
		"1803bb");
	struct hk_radius p;

	(void)state;
	put_header(data, 20 + n);
	assert_ok(hk_radius_parse(hk_bytes(data, 20 + n), &p));
	assert_true(hk_radius_has_several(&p, HK_RADIUS_STATE));
	assert_true(hk_radius_has(&p, HK_RADIUS_CLASS));
	assert_false(hk_radius_has_several(&p, HK_RADIUS_CLASS));
	assert_hex(hk_radius_find(&p, HK_RADIUS_STATE).data, 1, "aa");
}

/* ---- EAP-Message ---- */

/* R3579-3.1-01: also when something stands between. */
static void eap_message_is_joined_in_order(void **state)
{
	uint8_t data[64], joined[8];
	size_t n = hex(data + 20, sizeof data - 20,
		"4f040201"
		"2103aa"
		"4f040004");
	struct hk_buf b = hk_buf(joined, sizeof joined);
	struct hk_radius p;
	struct hk_bytes eap;

	(void)state;
	put_header(data, 20 + n);
	assert_ok(hk_radius_parse(hk_bytes(data, 20 + n), &p));
	assert_false(p.eap_contiguous);
	assert_int_equal(p.eap_octets, 4);
	assert_ok(hk_radius_eap(&p, &b, &eap));
	assert_hex(eap.data, eap.len, "02010004");

	b = hk_buf(joined, 3);
	assert_err(hk_radius_eap(&p, &b, &eap), HK_ERR_TOO_LONG);
}

static void eap_start_and_no_eap(void **state)
{
	uint8_t data[22] = {0}, joined[1];
	struct hk_buf b = hk_buf(joined, sizeof joined);
	struct hk_radius p;
	struct hk_bytes eap;

	(void)state;
	put_header(data, 22);
	data[20] = HK_RADIUS_EAP_MESSAGE;
	data[21] = 2;
	assert_ok(hk_radius_parse(hk_bytes(data, 22), &p));
	assert_ok(hk_radius_eap(&p, &b, &eap));
	assert_non_null(eap.data);
	assert_int_equal(eap.len, 0);

	data[20] = HK_RADIUS_CLASS;
	assert_ok(hk_radius_parse(hk_bytes(data, 22), &p));
	assert_ok(hk_radius_eap(&p, &b, &eap));
	assert_null(eap.data);
}

/* ---- Vendor-Specific ---- */

/* R2865-5.26-01: what is not understood does no harm. */
static void sub_attributes_are_found(void **state)
{
	uint8_t data[128];
	size_t n = hex(data + 20, sizeof data - 20,
		"1a0c0000270f01061a1a1a1a"   /* vendor 9999 */
		"1a05ffffff"                 /* not even a Vendor-Id */
		"1a0d00007ed90103aa0204bbcc" /* two in one */
		"1a0900007ed90303dd");
	struct hk_reader r = hk_reader(hk_bytes(data + 20, n));
	struct hk_radius_attribute a;
	struct hk_radius p;

	(void)state;
	put_header(data, 20 + n);
	assert_ok(hk_radius_parse(hk_bytes(data, 20 + n), &p));
	assert_hex(hk_radius_find_vsa(&p, HK_VENDOR_HOKEY, 1).data, 1, "aa");
	assert_hex(hk_radius_find_vsa(&p, HK_VENDOR_HOKEY, 2).data, 2, "bbcc");
	assert_hex(hk_radius_find_vsa(&p, HK_VENDOR_HOKEY, 3).data, 1, "dd");
	assert_null(hk_radius_find_vsa(&p, HK_VENDOR_HOKEY, 4).data);
	assert_null(hk_radius_find_vsa(&p, HK_VENDOR_MICROSOFT, 1).data);

	assert_true(hk_radius_next(&r, &a));
	assert_int_equal(a.vendor, 9999);
	assert_int_equal(a.vendor_type, 1);
	assert_int_equal(a.vendor_value.len, 4);
	assert_true(hk_radius_next(&r, &a));
	assert_int_equal(a.vendor, 0);
	assert_true(hk_radius_next(&r, &a));
	assert_int_equal(a.vendor, 0); /* several: the whole value only */
	assert_int_equal(a.value.len, 11);
	assert_true(hk_radius_next(&r, &a));
	assert_int_equal(a.vendor, HK_VENDOR_HOKEY);
	assert_false(hk_radius_next(&r, &a));
}

/* ---- anything at all ---- */

static void look_at_everything(const struct hk_radius *p)
{
	uint8_t joined[HK_RADIUS_MAX_LEN];
	struct hk_buf b = hk_buf(joined, sizeof joined);
	struct hk_reader r = hk_reader(p->attributes);
	struct hk_radius_attribute a;
	struct hk_bytes eap;
	size_t octets = 0;
	uint32_t value;

	while (hk_radius_next(&r, &a))
		octets += 2 + a.value.len;
	assert_int_equal(octets, p->attributes.len);
	for (unsigned t = 0; t < 256; t++) {
		struct hk_bytes v = hk_radius_find(p, (uint8_t)t);

		assert_int_equal(v.data != NULL, hk_radius_has(p, (uint8_t)t));
		hk_radius_find_u32(p, (uint8_t)t, &value);
		hk_radius_find_vsa(p, HK_VENDOR_MICROSOFT, (uint8_t)t);
	}
	assert_ok(hk_radius_eap(p, &b, &eap));
	assert_int_equal(eap.len, p->eap_octets);
}

/* Every cut of real packets, and every change of one octet. */
static void truncated_and_changed_packets(void **state)
{
	static const char *const packets[] = {LOGIN_REQUEST, LOGIN_ACCEPT, ERP_REQUEST, ERP_ACCEPT};

	(void)state;
	for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
		uint8_t data[HK_RADIUS_MAX_LEN];
		size_t n = hex(data, sizeof data, packets[i]);
		struct hk_radius p;

		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);

			memcpy(exact, data, cut);
			assert_err(hk_radius_parse(hk_bytes(exact, cut), &p), HK_ERR_MALFORMED);
			if (cut >= 20) {
				hk_store_u16(exact + 2, (uint16_t)cut);
				if (!hk_radius_parse(hk_bytes(exact, cut), &p))
					look_at_everything(&p);
			}
			free(exact);
		}
		for (size_t at = 20; at < n; at++) {
			uint8_t old = data[at];

			for (unsigned v = 0; v < 256; v += 3) {
				data[at] = (uint8_t)v;
				if (!hk_radius_parse(hk_bytes(data, n), &p))
					look_at_everything(&p);
			}
			data[at] = old;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_field_out_of_range),
		cmocka_unit_test(surplus_is_ignored),
		cmocka_unit_test(broken_attributes),
		cmocka_unit_test(one_message_authenticator_of_18_octets),
		cmocka_unit_test(at_most_200_attributes),
		cmocka_unit_test(what_a_request_says),
		cmocka_unit_test(order_between_types_does_not_matter),
		cmocka_unit_test(value_that_does_not_fit_its_type_is_only_ignored),
		cmocka_unit_test(two_of_a_type_are_seen),
		cmocka_unit_test(eap_message_is_joined_in_order),
		cmocka_unit_test(eap_start_and_no_eap),
		cmocka_unit_test(sub_attributes_are_found),
		cmocka_unit_test(truncated_and_changed_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
