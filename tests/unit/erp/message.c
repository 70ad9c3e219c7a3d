/* SPDX-License-Identifier: ISC */
/* ERP messages against the packet vectors, and against what is no ERP message. */
#include "packet.h"

/* ---- building ---- */

static void put_channel_binding(struct hk_buf *b)
{
	static const uint8_t ip[4] = {192, 0, 2, 17};
	static const uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x17};

	hk_erp_put_tlv(b, HK_ERP_CALLED_STATION_ID, hk_text("02-00-00-00-01-00:hokey"));
	hk_erp_put_tlv(b, HK_ERP_CALLING_STATION_ID, hk_text("02-00-00-00-02-00"));
	hk_erp_put_tlv(b, HK_ERP_NAS_IDENTIFIER, hk_text("nas-7.visited.example"));
	hk_erp_put_tlv(b, HK_ERP_NAS_IP_ADDRESS, hk_bytes(ip, sizeof ip));
	hk_erp_put_tlv(b, HK_ERP_NAS_IPV6_ADDRESS, hk_bytes(ipv6, sizeof ipv6));
}

enum extra {
	NOTHING = 0,
	LIFETIMES = 1,
	BINDINGS = 2,
	SUITES = 4,
	DOMAIN_9 = 8,
	RRK_LIFETIME = 16,
	BINDING_N = 32,
};

/* One row per protected packet vector without Authorization Indication. */
static const struct {
	const char *vector;
	enum hk_erp_code code;
	uint8_t identifier;
	uint8_t flags;
	uint16_t seq;
	const char *nai; /* name of a vector, or NULL: that of P9 */
	bool ds;
	uint8_t suite;
	unsigned extra;
	uint32_t rrk_s;
	uint32_t rmsk_s;
	unsigned readings;
} sealed[] = {
	{"P1.init", HK_ERP_INITIATE, 0x10, 0x20, 0, "V1.keyName-NAI", false, 1, NOTHING, 0, 0, 1},
	{"P1.finish", HK_ERP_FINISH, 0x10, 0x20, 0, "V1.keyName-NAI", false, 1, LIFETIMES, 28800,
		3600, 1},
	{"P2.init", HK_ERP_INITIATE, 0x11, 0, 1, "V1.keyName-NAI", false, 2, NOTHING, 0, 0, 1},
	{"P2.finish", HK_ERP_FINISH, 0x11, 0, 1, "V1.keyName-NAI", false, 2, NOTHING, 0, 0, 1},
	{"P3.init", HK_ERP_INITIATE, 0xff, 0x60, 65535, "V1.keyName-NAI", false, 3, BINDINGS, 0, 0,
		1},
	{"P4.init", HK_ERP_INITIATE, 0x20, 0x20, 0, "V1.DS-keyName-NAI", true, 2, NOTHING, 0, 0, 1},
	{"P4.finish", HK_ERP_FINISH, 0x20, 0x20, 0, "V1.DS-keyName-NAI", true, 2, LIFETIMES, 7200,
		1800, 1},
	{"P5.init", HK_ERP_INITIATE, 0x12, 0, 2, "V1.keyName-NAI", false, 1, NOTHING, 0, 0, 1},
	{"P5.finish", HK_ERP_FINISH, 0x12, 0x80, 2, "V1.keyName-NAI", false, 2, SUITES, 0, 0, 1},
	{"P5.retry", HK_ERP_INITIATE, 0x13, 0, 3, "V1.keyName-NAI", false, 2, NOTHING, 0, 0, 1},
	{"P8.finish-ambig", HK_ERP_FINISH, 0x30, 0x60, 5, "V1.keyName-NAI", false, 2,
		LIFETIMES | DOMAIN_9, 28800, 3600, 2},
	{"P8b.finish-ambig", HK_ERP_FINISH, 0x31, 0x20, 6, "V1.keyName-NAI", false, 1,
		RRK_LIFETIME | BINDING_N, 28800, 0, 2},
	{"P9.init-maxnai", HK_ERP_INITIATE, 0x32, 0, 7, NULL, false, 2, NOTHING, 0, 0, 1},
};
#define SEALED (sizeof sealed / sizeof sealed[0])

static struct hk_bytes nai_of(const char *name, uint8_t text[HK_NAI_MAX_LEN])
{
	struct packet p;

	if (name)
		return hk_bytes(text, vector(name, text, HK_NAI_MAX_LEN));
	p = from_vector("P9.init-maxnai");
	memcpy(text, p.data + FIRST_ATTRIBUTE + 2, HK_NAI_MAX_LEN);
	free(p.data);
	return hk_bytes(text, HK_NAI_MAX_LEN);
}

static void build(struct hk_buf *b, size_t i)
{
	static const uint8_t list[] = {2, 3};
	uint8_t text[HK_NAI_MAX_LEN];

	hk_erp_begin(b, sealed[i].code, sealed[i].identifier, sealed[i].flags, sealed[i].seq,
		nai_of(sealed[i].nai, text));
	if (sealed[i].extra & (LIFETIMES | RRK_LIFETIME))
		hk_erp_put_lifetime(b, HK_ERP_RRK_LIFETIME, sealed[i].rrk_s);
	if (sealed[i].extra & LIFETIMES)
		hk_erp_put_lifetime(b, HK_ERP_RMSK_LIFETIME, sealed[i].rmsk_s);
	if (sealed[i].extra & DOMAIN_9)
		hk_erp_put_tlv(b, HK_ERP_DOMAIN_NAME, hk_text("acme.test"));
	if (sealed[i].extra & SUITES)
		hk_erp_put_tlv(b, HK_ERP_CRYPTOSUITE_LIST, hk_bytes(list, sizeof list));
	if (sealed[i].extra & BINDINGS)
		put_channel_binding(b);
	if (sealed[i].extra & BINDING_N)
		hk_erp_put_tlv(b, HK_ERP_NAS_IDENTIFIER, hk_text("n"));
}

/*
 * E6696-5.3-01 E6696-5.2-07 E6696-5.2-21 E6696-5.1-11 E6696-5.3.2-11 E6696-5.3.2-12
 * E6696-5.3.3-17 E6696-4.5-06 E6696-9-01
 */
static void builds_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < SEALED; i++) {
		uint8_t out[HK_ERP_MAX_LEN];
		struct hk_buf b = hk_buf(out, sizeof out);
		struct hk_hmac_key rik = v1_rik(sealed[i].ds, sealed[i].suite);

		build(&b, i);
		assert_ok(hk_erp_seal(&b, sealed[i].suite, &rik));
		assert_vector(out, b.len, sealed[i].vector);
	}
}

/* E6696-5.3-01 E6696-5.3.2-05 E6696-5.3.2-06 E6696-5.3.2-14 E6696-5.3.4-01 E6696-5.3.4-02 */
static void parses_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < SEALED; i++) {
		struct packet p = from_vector(sealed[i].vector);
		struct hk_hmac_key rik = v1_rik(sealed[i].ds, sealed[i].suite);
		struct hk_erp_message m;
		struct hk_erp_attributes a;
		uint8_t text[HK_NAI_MAX_LEN];
		unsigned right = 0;

		assert_ok(hk_erp_parse(view(p), &m));
		assert_int_equal(m.code, sealed[i].code);
		assert_int_equal(m.type, HK_ERP_REAUTH);
		assert_int_equal(m.identifier, sealed[i].identifier);
		assert_int_equal(m.flags, sealed[i].flags);
		assert_int_equal(m.seq, sealed[i].seq);
		assert_true(hk_bytes_equal(m.keyname_nai, nai_of(sealed[i].nai, text)));
		assert_int_equal(m.nreadings, sealed[i].readings);
		for (size_t j = 0; j < m.nreadings; j++) {
			rik = v1_rik(sealed[i].ds, m.readings[j].suite);
			if (!hk_erp_verify(&m, &m.readings[j], &rik))
				continue;
			right++;
			assert_int_equal(m.readings[j].suite, sealed[i].suite);
			assert_ok(hk_erp_attributes(&m, m.readings[j].end, &a));
		}
		assert_int_equal(right, 1);
		assert_true(hk_bytes_equal(a.keyname_nai, m.keyname_nai));
		assert_false(a.duplicates);
		assert_int_equal(
			a.has_rrk_lifetime, (sealed[i].extra & (LIFETIMES | RRK_LIFETIME)) != 0);
		assert_int_equal(a.has_rmsk_lifetime, (sealed[i].extra & LIFETIMES) != 0);
		assert_int_equal(a.rrk_lifetime_s, sealed[i].rrk_s);
		assert_int_equal(a.rmsk_lifetime_s, sealed[i].rmsk_s);
		assert_int_equal(a.suites.len, sealed[i].extra & SUITES ? 2 : 0);
		assert_int_equal(a.domain_name.len, sealed[i].extra & DOMAIN_9 ? 9 : 0);
		for (uint8_t j = 0; j < HK_ERP_CB_KNOWN; j++) {
			bool n = sealed[i].extra & BINDING_N &&
				 HK_ERP_CB_FIRST + j == HK_ERP_NAS_IDENTIFIER;

			assert_int_equal(
				a.channel_binding[j].data != NULL, n || sealed[i].extra & BINDINGS);
		}
		free(p.data);
	}
}

/* Vectors P7: nothing in Re-auth-Start is protected. */
/* E6696-5.3-01 E6696-5.3.1-01 E6696-5.3.1-04 */
static void start_round_trip(void **state)
{
	uint8_t out[64];
	struct hk_buf b = hk_buf(out, sizeof out);
	struct hk_erp_message m;
	struct hk_erp_attributes a;
	struct packet p;

	(void)state;
	hk_erp_begin_start(&b, 1);
	hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, hk_text("visited.example"));
	assert_ok(hk_erp_end(&b));
	assert_vector(out, b.len, "P7.start");

	b = hk_buf(out, sizeof out);
	hk_erp_begin_start(&b, 2);
	assert_ok(hk_erp_end(&b));
	assert_vector(out, b.len, "P7b.start");

	b = hk_buf(out, sizeof out);
	hk_erp_begin_start(&b, 3);
	hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, hk_text("visited.example"));
	hk_erp_put_tlv(&b, HK_ERP_NAS_IDENTIFIER, hk_text("nas-7.visited.example"));
	assert_ok(hk_erp_end(&b));
	assert_vector(out, b.len, "P7c.start");

	p = copy(out, b.len);
	assert_ok(hk_erp_parse(view(p), &m));
	assert_int_equal(m.type, HK_ERP_REAUTH_START);
	assert_int_equal(m.identifier, 3);
	assert_int_equal(m.nreadings, 0);
	assert_ok(hk_erp_attributes(&m, m.unprotected_end, &a));
	assert_true(hk_bytes_equal(a.domain_name, hk_text("visited.example")));
	assert_true(hk_bytes_equal(a.channel_binding[2], hk_text("nas-7.visited.example")));
	for (size_t n = 0; n < p.len; n++) {
		struct packet cut = copy(p.data, n);

		assert_err(hk_erp_parse(view(cut), &m), HK_ERR_MALFORMED);
		free(cut.data);
	}
	p.data[7] = 200; /* the domain name runs over the end */
	assert_err(hk_erp_parse(view(p), &m), HK_ERR_MALFORMED);
	free(p.data);

	p = from_vector("P7b.start");
	assert_ok(hk_erp_parse(view(p), &m));
	assert_ok(hk_erp_attributes(&m, m.unprotected_end, &a));
	assert_int_equal(a.area.len, 0);
	free(p.data);
}

/* E6696-5.3.1-02 */
static void start_reserved_octet_is_ignored(void **state)
{
	struct packet p = from_vector("P7.start");
	struct hk_erp_message m;

	(void)state;
	p.data[5] = 0xff;
	assert_ok(hk_erp_parse(view(p), &m));
	assert_int_equal(m.unprotected_end, p.len);
	free(p.data);
}

/* Vectors R1 to R3 were recorded with hostapd. */
/* E6696-4.5-02 */
static void recorded_packets_verify(void **state)
{
	static const struct {
		const char *packet;
		const char *rik;
		bool right;
	} rows[] = {
		{"R1.init", "R1.rIK[cs=2]", true},
		{"R1.finish", "R1.rIK[cs=2]", true},
		{"R2.init", "R2.rIK[cs=2]", true},
		{"R2.finish", "R2.rIK[cs=2]", true},
		/* hostapd uses the rIK of suite 2 for suite 3, against RFC 6696 section 4.3 */
		{"R3.init", "R3.rIK[cs=2]", true},
		{"R3.init", "R3.rIK[cs=3]", false},
		{"R3.finish", "R3.rIK[cs=2]", true},
		{"R3.finish", "R3.rIK[cs=3]", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct packet p = from_vector(rows[i].packet);
		struct hk_hmac_key rik = rik_of(rows[i].rik);
		struct hk_erp_message m;

		assert_ok(hk_erp_parse(view(p), &m));
		assert_int_equal(m.nreadings, 1);
		assert_int_equal(hk_erp_verify(&m, &m.readings[0], &rik), rows[i].right);
		free(p.data);
	}
}

static void ambiguous_end_is_decided_by_the_tag(void **state)
{
	struct packet p = from_vector("P8.finish-ambig");
	struct hk_hmac_key rik2 = v1_rik(false, 2), rik3 = v1_rik(false, 3);
	struct hk_erp_message m;
	struct hk_erp_attributes a;

	(void)state;
	assert_ok(hk_erp_parse(view(p), &m));
	assert_int_equal(m.nreadings, 2);
	assert_int_equal(m.readings[0].suite, 3); /* largest tag first */
	assert_false(hk_erp_verify(&m, &m.readings[0], &rik3));
	assert_int_equal(m.readings[1].suite, 2);
	assert_true(hk_erp_verify(&m, &m.readings[1], &rik2));
	assert_ok(hk_erp_attributes(&m, m.readings[0].end, &a));
	assert_false(a.has_rmsk_lifetime);
	assert_ok(hk_erp_attributes(&m, m.readings[1].end, &a));
	assert_int_equal(a.rmsk_lifetime_s, 3600);
	assert_true(hk_bytes_equal(a.domain_name, hk_text("acme.test")));
	free(p.data);
}

/* ---- Authorization Indication ---- */

static struct hk_key *v1_indication_key(void)
{
	uint8_t emsk[64], session_id[65];
	size_t len = vector("V1.Session-Id", session_id, sizeof session_id);
	struct hk_key *root, *key;

	vector("V1.EMSK", emsk, sizeof emsk);
	assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, len), hk_bytes(emsk, sizeof emsk),
		0, 28800 * HK_SECOND, &root));
	assert_ok(hk_key_derive_auth_indication(root, hk_text("visited.example"), 0, &key));
	hk_key_free(root);
	return key;
}

/* E6696-5.3.3-14 E6696-5.3.3-15 E6696-5.3.3-16 E6696-5.1-23 */
static void indication_round_trip(void **state)
{
	uint8_t out[HK_ERP_MAX_LEN], text[HK_NAI_MAX_LEN];
	struct hk_buf b = hk_buf(out, sizeof out);
	struct hk_hmac_key rik = v1_rik(false, 3);
	struct hk_key *key = v1_indication_key();
	struct hk_erp_message m;
	struct hk_erp_attributes a;
	size_t at;

	(void)state;
	hk_erp_begin(&b, HK_ERP_FINISH, 0xff, HK_ERP_FLAG_B | HK_ERP_FLAG_L, 65535, v1_nai(text));
	hk_erp_put_lifetime(&b, HK_ERP_RRK_LIFETIME, 28800);
	hk_erp_put_lifetime(&b, HK_ERP_RMSK_LIFETIME, 3600);
	hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, hk_text("visited.example"));
	at = hk_erp_reserve_indication(&b, 3);
	put_channel_binding(&b);
	assert_ok(hk_erp_seal_indicated(&b, 3, at, key, &rik));
	assert_vector(out, b.len, "P3.finish");

	assert_ok(hk_erp_parse(hk_buf_bytes(&b), &m));
	assert_int_equal(m.nreadings, 1);
	assert_true(hk_erp_verify(&m, &m.readings[0], &rik));
	assert_true(hk_erp_verify_indication(&m, &m.readings[0], key));
	assert_ok(hk_erp_attributes(&m, m.readings[0].end, &a));
	assert_vector(a.authorization_indication.data, a.authorization_indication.len,
		"P3.authind-value");
	/* it covers everything before the tag, and itself */
	for (size_t i = 0; i < b.len - 32; i++) {
		out[i] ^= 0x10;
		if (hk_erp_parse(hk_buf_bytes(&b), &m) == HK_OK && m.nreadings > 0)
			assert_false(hk_erp_verify_indication(&m, &m.readings[0], key));
		out[i] ^= 0x10;
	}
	hk_key_free(key);
}

static void indication_wants_its_own_key_and_size(void **state)
{
	uint8_t out[HK_ERP_MAX_LEN], text[HK_NAI_MAX_LEN], msk[64] = {1};
	struct hk_hmac_key rik = v1_rik(false, 2);
	struct hk_key *key = v1_indication_key(), *other;
	struct hk_buf b = hk_buf(out, sizeof out);
	struct hk_erp_message m;
	struct packet p;
	size_t at;

	(void)state;
	assert_ok(hk_key_import_msk(hk_bytes(msk, sizeof msk), 0, HK_SECOND, &other));
	hk_erp_begin(&b, HK_ERP_FINISH, 1, HK_ERP_FLAG_B, 1, v1_nai(text));
	at = hk_erp_reserve_indication(&b, 2);
	assert_err(hk_erp_seal_indicated(&b, 2, at, other, &rik), HK_ERR_ARGUMENT);

	b = hk_buf(out, sizeof out);
	hk_erp_begin(&b, HK_ERP_FINISH, 1, HK_ERP_FLAG_B, 1, v1_nai(text));
	at = hk_erp_reserve_indication(&b, 2);
	assert_ok(hk_erp_seal_indicated(&b, 2, at, key, &rik));
	assert_ok(hk_erp_parse(hk_buf_bytes(&b), &m));
	assert_true(hk_erp_verify_indication(&m, &m.readings[0], key));
	assert_false(hk_erp_verify_indication(&m, &m.readings[0], other));

	/* a value as long as the tag of another suite, and none at all */
	b = hk_buf(out, sizeof out);
	hk_erp_begin(&b, HK_ERP_FINISH, 1, HK_ERP_FLAG_B, 1, v1_nai(text));
	hk_erp_reserve_indication(&b, 1);
	assert_ok(hk_erp_seal(&b, 2, &rik));
	assert_ok(hk_erp_parse(hk_buf_bytes(&b), &m));
	assert_false(hk_erp_verify_indication(&m, &m.readings[0], key));
	p = from_vector("P2.finish");
	assert_ok(hk_erp_parse(view(p), &m));
	assert_false(hk_erp_verify_indication(&m, &m.readings[0], key));
	free(p.data);
	hk_key_free(other);
	hk_key_free(key);
}

/* ---- failures without tag ---- */

static struct packet unprotected(const char *tail_hex)
{
	uint8_t out[512], text[HK_NAI_MAX_LEN], tail[256];
	struct hk_buf b = hk_buf(out, sizeof out);

	hk_erp_begin(&b, HK_ERP_FINISH, 0x14, HK_ERP_FLAG_R, 4, v1_nai(text));
	hk_put(&b, tail, hex(tail, sizeof tail, tail_hex));
	assert_ok(hk_erp_end(&b));
	return copy(out, b.len);
}

static void unprotected_failures(void **state)
{
	static const struct {
		const char *tail;
		size_t end; /* octets of attributes behind keyName-NAI */
		size_t suites;
	} rows[] = {
		{"", 0, 0},                           /* P6, and what hostapd sends */
		{"00", 0, 0},                         /* a Cryptosuite octet 0 */
		{"05020203", 4, 2},                   /* a list */
		{"0502020300", 4, 2},                 /* P6b */
		{"0200000000", 5, 0},                 /* the last octet of an attribute is 0 */
		{"020000000000", 5, 0}, {"02", 0, 0}, /* a lone suite octet; hostap drops these */
		{"01", 0, 0}, {"03", 0, 0},
		{"050202030b1122334455667788", 4, 2}, /* a suite and tag nobody knows */
		{"c800112233445566778899aabbccddeeff", 0, 0}, {"050200", 0, 0}, /* cut off */
	};
	struct hk_erp_message m;
	struct hk_erp_attributes a;
	struct packet p;
	uint8_t text[HK_NAI_MAX_LEN];
	size_t bare = FIRST_ATTRIBUTE + 2 + v1_nai(text).len;

	(void)state;
	p = unprotected("");
	assert_vector(p.data, p.len, "P6.finish-unauth");
	free(p.data);
	p = unprotected("0502020300");
	assert_vector(p.data, p.len, "P6b.finish-unauth");
	free(p.data);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		p = unprotected(rows[i].tail);
		assert_ok(hk_erp_parse(view(p), &m));
		assert_int_equal(m.nreadings, 0);
		assert_int_equal(m.unprotected_end, bare + rows[i].end);
		assert_ok(hk_erp_attributes(&m, m.unprotected_end, &a));
		assert_int_equal(a.suites.len, rows[i].suites);
		/* without R the same octets are no message */
		p.data[5] = 0;
		assert_err(hk_erp_parse(view(p), &m), HK_ERR_MALFORMED);
		free(p.data);
	}
	p = from_vector("R4.finish");
	assert_ok(hk_erp_parse(view(p), &m));
	assert_int_equal(m.nreadings, 0);
	free(p.data);
	p = unprotected("01126161616161616161616161616161616140 61");
	assert_err(hk_erp_parse(view(p), &m), HK_ERR_MALFORMED);
	free(p.data);
}

/* ---- limits of building ---- */

static void builder_limits(void **state)
{
	uint8_t out[2048], text[HK_NAI_MAX_LEN], value[256] = {0};
	struct hk_buf b = hk_buf(out, 20);
	struct hk_hmac_key rik = v1_rik(false, 2);

	(void)state;
	hk_erp_begin(&b, HK_ERP_INITIATE, 1, 0, 1, v1_nai(text));
	assert_err(hk_erp_seal(&b, 2, &rik), HK_ERR_TOO_LONG);

	b = hk_buf(out, sizeof out);
	hk_erp_begin(&b, HK_ERP_INITIATE, 1, 0, 1, v1_nai(text));
	hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, hk_bytes(value, 256));
	assert_err(hk_erp_end(&b), HK_ERR_TOO_LONG);

	/* 1020 octets and not one more */
	for (size_t more = 0; more < 2; more++) {
		size_t rest;

		b = hk_buf(out, sizeof out);
		hk_erp_begin(&b, HK_ERP_INITIATE, 1, 0, 1, v1_nai(text));
		hk_erp_put_tlv(&b, 128, hk_bytes(value, 255));
		hk_erp_put_tlv(&b, 129, hk_bytes(value, 255));
		hk_erp_put_tlv(&b, 130, hk_bytes(value, 255));
		rest = HK_ERP_MAX_LEN - b.len - 17 - 2 + more;
		hk_erp_put_tlv(&b, 131, hk_bytes(value, rest));
		assert_err(hk_erp_seal(&b, 2, &rik), more ? HK_ERR_TOO_LONG : HK_OK);
	}

	b = hk_buf(out, sizeof out);
	hk_erp_begin(&b, HK_ERP_INITIATE, 1, 0, 1, v1_nai(text));
	assert_err(hk_erp_seal(&b, 4, &rik), HK_ERR_SUITE);
	assert_err(hk_erp_seal(&b, 0, &rik), HK_ERR_SUITE);
}

/* E6696-9-01 */
static void suites(void **state)
{
	(void)state;
	assert_int_equal(hk_suite_tag_len(0), 0);
	assert_int_equal(hk_suite_tag_len(1), 8);
	assert_int_equal(hk_suite_tag_len(2), 16);
	assert_int_equal(hk_suite_tag_len(3), 32);
	assert_int_equal(hk_suite_tag_len(4), 0);
	assert_string_equal(hk_suite_name(2), "HMAC-SHA256-128");
	assert_string_equal(hk_suite_name(4), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_the_vectors),
		cmocka_unit_test(parses_the_vectors),
		cmocka_unit_test(start_round_trip),
		cmocka_unit_test(start_reserved_octet_is_ignored),
		cmocka_unit_test(recorded_packets_verify),
		cmocka_unit_test(ambiguous_end_is_decided_by_the_tag),
		cmocka_unit_test(indication_round_trip),
		cmocka_unit_test(indication_wants_its_own_key_and_size),
		cmocka_unit_test(unprotected_failures),
		cmocka_unit_test(builder_limits),
		cmocka_unit_test(suites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
