/* SPDX-License-Identifier: ISC */
/* What is no ERP message, or none from whom it claims to be. */
#include "packet.h"

static size_t verified(const struct hk_erp_message *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nreadings; i++) {
		struct hk_hmac_key rik = v1_rik(false, m->readings[i].suite);

		n += hk_erp_verify(m, &m->readings[i], &rik);
	}
	return n;
}

/* An Initiate with these attributes (hex) and a good tag of suite 2. */
static struct packet initiate(const char *attributes)
{
	uint8_t out[2048], text[4096];
	struct hk_buf b = hk_buf(out, sizeof out);
	struct hk_hmac_key rik = v1_rik(false, 2);

	hk_put(&b, "\x05\x11\0\0\x02\0\0\x01", FIRST_ATTRIBUTE);
	hk_put(&b, text, hex(text, sizeof text, attributes));
	assert_ok(hk_erp_seal(&b, 2, &rik));
	return copy(out, b.len);
}

#define NAI    "63666538636564316461653938373035 40 686f6d652e6578616d706c65"
#define NAME   "011d" NAI
#define SECOND "011d" NAI

/* Every bit of P2.init is under the tag, or the tag. */
/* E6696-5.2-14 E6696-5.3.2-14 */
static void every_flipped_bit_is_seen(void **state)
{
	struct packet p = from_vector("P2.init");
	struct hk_erp_message m;

	(void)state;
	assert_ok(hk_erp_parse(view(p), &m));
	assert_int_equal(verified(&m), 1);
	for (size_t bit = 0; bit < 8 * p.len; bit++) {
		enum hk_err err;

		p.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		err = hk_erp_parse(view(p), &m);
		assert_int_equal(err ? 0 : verified(&m), 0);
		p.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(p.data);
}

/* E6696-B-01 */
static void reflected_packet_fails(void **state)
{
	struct packet p = from_vector("P2.init");
	struct hk_erp_message m;

	(void)state;
	p.data[0] = HK_ERP_FINISH;
	assert_ok(hk_erp_parse(view(p), &m));
	assert_int_equal(m.nreadings, 1);
	assert_int_equal(verified(&m), 0);
	free(p.data);
}

static void truncated_at_every_length(void **state)
{
	static const char *const names[] = {"P1.init", "P1.finish", "P2.init", "P3.init",
		"P3.finish", "P5.finish", "P8.finish-ambig", "P8b.finish-ambig", "P9.init-maxnai"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct packet p = from_vector(names[i]);
		struct hk_erp_message m;

		for (size_t n = 0; n < p.len; n++) {
			struct packet cut = copy(p.data, n);

			assert_err(hk_erp_parse(view(cut), &m), HK_ERR_MALFORMED);
			if (n >= 4) { /* and with a Length that says so */
				hk_store_u16(cut.data + 2, (uint16_t)n);
				if (hk_erp_parse(view(cut), &m) == HK_OK)
					assert_int_equal(verified(&m), 0);
			}
			free(cut.data);
		}
		free(p.data);
	}
}

/* E6696-5.3.2-14 */
static void octets_behind_length_are_padding(void **state)
{
	struct packet p = from_vector("P2.init"), longer;
	uint8_t octets[256];
	struct hk_erp_message m;

	(void)state;
	memcpy(octets, p.data, p.len);
	memset(octets + p.len, 0xa5, 3);
	longer = copy(octets, p.len + 3);
	assert_ok(hk_erp_parse(view(longer), &m));
	assert_int_equal(m.packet.len, p.len);
	assert_int_equal(verified(&m), 1);
	free(longer.data);
	free(p.data);
}

/* E6696-5.3.2-10 E6696-5.3.3-06 */
static void keyname_nai_exactly_once(void **state)
{
	static const char *const rows[] = {
		NAME SECOND,
		NAME "02 00000001" SECOND,
		"",
		"0403 616263",
		"05020203 80020102",
	};
	struct hk_erp_message m;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct packet p = initiate(rows[i]);

		assert_err(hk_erp_parse(view(p), &m), HK_ERR_MALFORMED);
		p.data[0] = HK_ERP_FINISH;
		assert_err(hk_erp_parse(view(p), &m), HK_ERR_MALFORMED);
		free(p.data);
	}
}

/* E6696-5.3.2-07 */
static void keyname_nai_of_wrong_form(void **state)
{
	static const struct {
		const char *attribute;
		bool accepted;
	} rows[] = {
		{"011c 636665386365643164616539383730 40 686f6d652e6578616d706c65", false},
		{"011e 6366653863656431646165393837303535 40 686f6d652e6578616d706c65", false},
		{"011d 67666538636564316461653938373035 40 686f6d652e6578616d706c65", false},
		{"011d 43464538434544314441453938373035 40 686f6d652e6578616d706c65", true},
		{"0111 63666538636564316461653938373035 40", false},
		{"0110 63666538636564316461653938373035", false},
		{"0112 63666538636564316461653938373035 40 61", true},
		{"0100", false},
	};
	struct hk_erp_message m;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct packet p = initiate(rows[i].attribute);

		assert_err(hk_erp_parse(view(p), &m), rows[i].accepted ? HK_OK : HK_ERR_MALFORMED);
		free(p.data);
	}
}

/* E6696-5.3.2-06 */
static void keyname_nai_of_254_octets(void **state)
{
	uint8_t out[512], nai[254], text[HK_NAI_MAX_LEN];
	struct hk_buf b = hk_buf(out, sizeof out);
	struct hk_hmac_key rik = v1_rik(false, 2);
	struct hk_erp_message m;

	(void)state;
	memset(nai, 'a', sizeof nai);
	memcpy(nai, v1_nai(text).data, 17);
	hk_erp_begin(&b, HK_ERP_INITIATE, 1, 0, 1, hk_bytes(nai, sizeof nai));
	assert_err(hk_erp_end(&b), HK_ERR_TOO_LONG);

	b = hk_buf(out, sizeof out);
	hk_put(&b, "\x05\x11\0\0\x02\0\0\x01", FIRST_ATTRIBUTE);
	hk_erp_put_tlv(&b, HK_ERP_KEYNAME_NAI, hk_bytes(nai, sizeof nai));
	assert_ok(hk_erp_seal(&b, 2, &rik));
	assert_err(hk_erp_parse(hk_buf_bytes(&b), &m), HK_ERR_MALFORMED);
}

/* E6696-5.3.2-15 E6696-5.3.4-01 */
static void attributes_over_the_end(void **state)
{
	static const struct {
		const char *attributes;
		enum hk_err err;
	} rows[] = {
		{"01ff" NAI, HK_ERR_MALFORMED},
		{"05ff 01 " NAME, HK_ERR_MALFORMED},
		{NAME "04ff 616263", HK_ERR_MALFORMED},
		{NAME "80ff 01020304", HK_ERR_MALFORMED},
		/* over the end of the area, not of the packet: the tag reads as one more suite */
		{NAME "04", HK_ERR_SUITE},
		{NAME "02 000000", HK_ERR_SUITE},
	};
	struct hk_erp_message m;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct packet p = initiate(rows[i].attributes);

		assert_err(hk_erp_parse(view(p), &m), rows[i].err);
		assert_int_equal(m.nreadings, 0);
		free(p.data);
	}
}

static struct hk_erp_attributes attributes_of(struct packet p)
{
	struct hk_erp_message m;
	struct hk_erp_attributes a;

	assert_ok(hk_erp_parse(view(p), &m));
	assert_int_equal(m.nreadings, 1);
	assert_int_equal(verified(&m), 1);
	assert_ok(hk_erp_attributes(&m, m.readings[0].end, &a));
	return a;
}

/* E6696-5.3.4-01 E6696-5.3.4-02 */
static void unknown_types(void **state)
{
	struct hk_erp_attributes a;
	struct hk_erp_message m;
	struct hk_bytes value;
	struct hk_reader r;
	struct packet p;
	uint8_t type;

	(void)state;
	/* 128 to 191 are TLVs whatever they mean */
	p = initiate("96020304 " NAME "bf00 82026e31");
	a = attributes_of(p);
	assert_true(hk_bytes_equal(a.channel_binding[2], hk_text("n1")));
	r = hk_reader(a.area);
	assert_true(hk_erp_attribute_next(&r, &type, &value));
	assert_int_equal(type, 0x96);
	assert_int_equal(value.len, 2);
	free(p.data);

	/* behind a type of unknown size the rest is opaque */
	p = initiate(NAME "02 00000005 0c 8202 6e31 0102");
	a = attributes_of(p);
	assert_true(a.has_rrk_lifetime);
	assert_null(a.channel_binding[2].data);
	free(p.data);
	p = initiate(NAME "c8 ff");
	attributes_of(p);
	free(p.data);

	/* nothing before keyName-NAI can be of unknown size */
	p = initiate("0c" NAME);
	assert_err(hk_erp_parse(view(p), &m), HK_ERR_MALFORMED);
	free(p.data);
}

static void doubled_attributes_count_once(void **state)
{
	struct packet p = initiate(NAME "02 00000001 02 00000002 04026161 04026262 82016e 82016f");
	struct hk_erp_attributes a = attributes_of(p);

	(void)state;
	assert_true(a.duplicates);
	assert_int_equal(a.rrk_lifetime_s, 1);
	assert_true(hk_bytes_equal(a.domain_name, hk_text("aa")));
	assert_true(hk_bytes_equal(a.channel_binding[2], hk_text("n")));
	free(p.data);
}

static void values_of_wrong_size_are_ignored(void **state)
{
	struct packet p = initiate(
		NAME "0500 0607 01020304050607 8303 010203 8404 01020304 8304 0a000001 8000");
	struct hk_erp_attributes a = attributes_of(p);

	(void)state;
	assert_false(a.duplicates);
	assert_null(a.suites.data);
	assert_null(a.authorization_indication.data);
	assert_int_equal(a.channel_binding[3].len, 4);
	assert_int_equal(a.channel_binding[3].data[0], 10);
	assert_null(a.channel_binding[4].data);
	assert_non_null(a.channel_binding[0].data); /* there, and empty */
	free(p.data);
}

static void unknown_suite_is_told_from_garbage(void **state)
{
	uint8_t out[128], text[HK_NAI_MAX_LEN];
	struct hk_erp_message m;
	struct hk_erp_attributes a;

	(void)state;
	for (unsigned suite = 0; suite < 256; suite++) {
		struct hk_buf b = hk_buf(out, sizeof out);
		enum hk_err want;

		hk_erp_begin(&b, HK_ERP_INITIATE, 1, 0, 9, v1_nai(text));
		hk_put_u8(&b, (uint8_t)suite);
		memset(hk_put_room(&b, 12), 0xee, 12); /* a tag no suite has */
		assert_ok(hk_erp_end(&b));
		want = suite == 0 || (suite >= 7 && suite < 128) || suite >= 192 ? HK_ERR_SUITE
										 : HK_ERR_MALFORMED;
		if (suite == 2 || suite == 3)
			want = HK_ERR_SUITE; /* read as a lifetime; 0xee follows */
		assert_err(hk_erp_parse(hk_buf_bytes(&b), &m), want);
		if (want != HK_ERR_SUITE)
			continue;
		assert_int_equal(m.seq, 9);
		assert_true(hk_bytes_equal(m.keyname_nai, v1_nai(text)));
		assert_ok(hk_erp_attributes(&m, m.unprotected_end, &a));
	}
	/* attributes to the end, and no suite at all */
	struct hk_buf b = hk_buf(out, sizeof out);
	hk_erp_begin(&b, HK_ERP_INITIATE, 1, 0, 9, v1_nai(text));
	assert_ok(hk_erp_end(&b));
	assert_err(hk_erp_parse(hk_buf_bytes(&b), &m), HK_ERR_MALFORMED);
}

static void codes_and_types(void **state)
{
	struct packet p = from_vector("P2.init");
	struct hk_erp_message m;

	(void)state;
	for (unsigned code = 0; code < 256; code++)
		for (unsigned type = 0; type < 256; type++) {
			enum hk_err err;

			p.data[0] = (uint8_t)code;
			p.data[4] = (uint8_t)type;
			err = hk_erp_parse(view(p), &m);
			if ((code == 5 || code == 6) && type == 2)
				assert_err(err, HK_OK);
			else if (code != 5 || type != 1)
				assert_err(err, HK_ERR_UNEXPECTED);
		}
	free(p.data);
}

static void attributes_wants_an_end_in_the_packet(void **state)
{
	struct packet p = from_vector("P2.init");
	struct hk_erp_message m;
	struct hk_erp_attributes a;

	(void)state;
	assert_ok(hk_erp_parse(view(p), &m));
	assert_err(hk_erp_attributes(&m, 7, &a), HK_ERR_ARGUMENT);
	assert_err(hk_erp_attributes(&m, (uint16_t)(p.len + 1), &a), HK_ERR_ARGUMENT);
	assert_err(hk_erp_attributes(&m, 8, &a), HK_ERR_MALFORMED);
	assert_err(hk_erp_attributes(&m, 20, &a), HK_ERR_MALFORMED);
	free(p.data);
}

static void verify_wants_a_reading_of_this_packet(void **state)
{
	struct packet p = from_vector("P2.init");
	struct hk_hmac_key rik = v1_rik(false, 2);
	struct hk_erp_message m;

	(void)state;
	assert_ok(hk_erp_parse(view(p), &m));
	assert_false(hk_erp_verify(&m, &(struct hk_erp_reading){2, UINT16_MAX}, &rik));
	assert_false(hk_erp_verify(&m, &(struct hk_erp_reading){3, m.readings[0].end}, &rik));
	assert_false(hk_erp_verify(&m, &(struct hk_erp_reading){9, m.readings[0].end}, &rik));
	free(p.data);
}

/* Octets from a fixed seed, mostly with a header that leads into the parser. */
static void random_octets_do_no_harm(void **state)
{
	uint64_t x = 0x9e3779b97f4a7c15u;
	uint8_t octets[96], text[HK_NAI_MAX_LEN];
	struct hk_hmac_key rik = v1_rik(false, 2);

	(void)state;
	v1_nai(text);
	for (unsigned round = 0; round < 200000; round++) {
		struct hk_erp_message m;
		struct hk_erp_attributes a;
		struct packet p;
		enum hk_err err;
		size_t n;

		for (size_t i = 0; i < sizeof octets; i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			octets[i] = x & 0x100 ? (uint8_t)x : (uint8_t)(x & 7);
		}
		n = x % (sizeof octets + 1);
		if (round % 4) {
			octets[0] = round & 4 ? 5 : 6;
			octets[4] = round & 0x18 ? 2 : 1;
			hk_store_u16(octets + 2, (uint16_t)n);
		}
		if (round % 3 == 0) {
			memcpy(octets + 8, "\x01\x1d", 2);
			memcpy(octets + 10, text, 29);
		}
		p = copy(octets, n);
		err = hk_erp_parse(view(p), &m);
		if (err == HK_OK || err == HK_ERR_SUITE) {
			for (size_t i = 0; i < m.nreadings; i++) {
				assert_ok(hk_erp_attributes(&m, m.readings[i].end, &a));
				assert_false(hk_erp_verify(&m, &m.readings[i], &rik));
			}
			if (m.nreadings == 0)
				assert_ok(hk_erp_attributes(&m, m.unprotected_end, &a));
		}
		free(p.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_flipped_bit_is_seen),
		cmocka_unit_test(reflected_packet_fails),
		cmocka_unit_test(truncated_at_every_length),
		cmocka_unit_test(octets_behind_length_are_padding),
		cmocka_unit_test(keyname_nai_exactly_once),
		cmocka_unit_test(keyname_nai_of_wrong_form),
		cmocka_unit_test(keyname_nai_of_254_octets),
		cmocka_unit_test(attributes_over_the_end),
		cmocka_unit_test(unknown_types),
		cmocka_unit_test(doubled_attributes_count_once),
		cmocka_unit_test(values_of_wrong_size_are_ignored),
		cmocka_unit_test(unknown_suite_is_told_from_garbage),
		cmocka_unit_test(codes_and_types),
		cmocka_unit_test(attributes_wants_an_end_in_the_packet),
		cmocka_unit_test(verify_wants_a_reading_of_this_packet),
		cmocka_unit_test(random_octets_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
