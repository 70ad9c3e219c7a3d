/* SPDX-License-Identifier: ISC */
/* ERP messages (RFC 6696 section 5.3; attributes of RFC 6630 as well). */
#include "hokey/explain_packets.h"

#include <arpa/inet.h>

/* ---- attributes ---- */

enum value_format {
	AS_HEX,
	AS_TEXT,
	AS_SECONDS,
	AS_NUMBER,
	AS_HOST,
	AS_SUITES,
	AS_ADDRESS,
	AS_ATTRIBUTES,
};

struct attribute_name {
	uint8_t type;
	enum value_format format;
	const char *name;
};

enum {
	AAK_SEQUENCE_NUMBER = 7,
	AAK_KEY = 8,
	AAK_PRK_LIFETIME = 9,
	AAK_PMSK_LIFETIME = 10,
	AAK_CAP_IDENTIFIER = 11,
	HOKEY_CAUSE = 192, /* private use, ours */
	HOKEY_PREAUTH_TIMEOUT = 193,
};

static const struct attribute_name names[] = {
	{HK_ERP_KEYNAME_NAI, AS_TEXT, "keyName-NAI"},
	{HK_ERP_RRK_LIFETIME, AS_SECONDS, "rRK Lifetime"},
	{HK_ERP_RMSK_LIFETIME, AS_SECONDS, "rMSK Lifetime"},
	{HK_ERP_DOMAIN_NAME, AS_TEXT, "Domain name"},
	{HK_ERP_CRYPTOSUITE_LIST, AS_SUITES, "Cryptosuite list"},
	{HK_ERP_AUTHORIZATION_INDICATION, AS_HEX, "Authorization Indication"},
	{AAK_SEQUENCE_NUMBER, AS_NUMBER, "Sequence number"},
	{AAK_KEY, AS_ATTRIBUTES, "ERP/AAK-Key"},
	{AAK_PRK_LIFETIME, AS_SECONDS, "pRK Lifetime"},
	{AAK_PMSK_LIFETIME, AS_SECONDS, "pMSK Lifetime"},
	{AAK_CAP_IDENTIFIER, AS_HOST, "CAP-Identifier"},
	{HK_ERP_CALLED_STATION_ID, AS_TEXT, "Called-Station-Id"},
	{HK_ERP_CALLING_STATION_ID, AS_TEXT, "Calling-Station-Id"},
	{HK_ERP_NAS_IDENTIFIER, AS_TEXT, "NAS-Identifier"},
	{HK_ERP_NAS_IP_ADDRESS, AS_ADDRESS, "NAS-IP-Address"},
	{HK_ERP_NAS_IPV6_ADDRESS, AS_ADDRESS, "NAS-IPv6-Address"},
	{HOKEY_CAUSE, AS_NUMBER, "HOKEY-Cause"},
	{HOKEY_PREAUTH_TIMEOUT, AS_SECONDS, "HOKEY-Preauth-Timeout"},
};

static struct attribute_name name_of(uint8_t type)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].type == type)
			return names[i];
	if (type >= HK_ERP_CB_FIRST && type <= HK_ERP_CB_LAST)
		return (struct attribute_name){type, AS_HEX, "channel binding"};
	if (type > HK_ERP_CB_LAST)
		return (struct attribute_name){type, AS_HEX, "private use"};
	return (struct attribute_name){type, AS_HEX, "unassigned"};
}

/*
 * The next attribute: type, value, and where it starts. Lifetimes of RFC 6630
 * come as TLV and as TV: a second octet of 4 with as much behind it is a
 * Length. False when what is left is none.
 */
static bool next_attribute(struct hk_reader *r, struct hk_bytes *whole, struct hk_bytes *value)
{
	const uint8_t *start = r->p;
	size_t left = hk_left(r), header = 2, len;

	if (left < 2)
		return false;
	len = start[1];
	switch (start[0]) {
	case HK_ERP_RRK_LIFETIME:
	case HK_ERP_RMSK_LIFETIME:
		header = 1;
		len = 4;
		break;
	case AAK_SEQUENCE_NUMBER:
		header = 1;
		len = 2;
		break;
	case AAK_PRK_LIFETIME:
	case AAK_PMSK_LIFETIME:
		if (len != 4 || left < 6) {
			header = 1;
			len = 4;
		}
		break;
	default:
		break;
	}
	*whole = hk_get_bytes(r, header + len);
	if (r->underflow)
		return false;
	*value = hk_bytes(start + header, len);
	return true;
}

static void explain_suites(struct explain *x, struct hk_bytes value)
{
	for (size_t i = 0; i < value.len; i++)
		explain_field(x, hk_bytes(value.data + i, 1), "suite", "%u (%s)", value.data[i],
			hk_suite_name(value.data[i]));
}

static void explain_keyname(struct explain *x, struct hk_bytes value)
{
	char text[EXPLAIN_TEXT_MAX];
	struct hk_keyname_nai nai;

	if (hk_keyname_nai_parse(value, &nai)) {
		explain_malformed(x, "not 16 hex digits, \"@\" and a realm");
		return;
	}
	explain_field(x, hk_bytes(value.data, 16), "EMSKname", "%s",
		explain_hex(hk_bytes(nai.emsk_name, sizeof nai.emsk_name), text));
	explain_field(x, nai.realm, "realm", "%s", explain_quote(nai.realm, text));
}

/* Labels as DNS has them on the wire; text is what is not. */
static const char *host_text(struct hk_bytes value, char text[EXPLAIN_TEXT_MAX])
{
	struct hk_reader r = hk_reader(value);
	uint8_t dotted[256];
	struct hk_buf b = hk_buf(dotted, sizeof dotted);
	uint8_t len;

	while ((len = hk_get_u8(&r)) > 0) {
		if (b.len)
			hk_put_u8(&b, '.');
		hk_put_bytes(&b, hk_get_bytes(&r, len));
	}
	if (r.underflow || hk_left(&r) > 0 || !hk_buf_ok(&b) || b.len == 0)
		return explain_quote(value, text);
	return explain_quote(hk_buf_bytes(&b), text);
}

static void explain_attributes(struct explain *x, struct hk_bytes area, bool within);

static void open_attribute(struct explain *x, const struct attribute_name *name,
	struct hk_bytes whole, struct hk_bytes value)
{
	char text[EXPLAIN_TEXT_MAX];

	if (name->format == AS_TEXT)
		explain_open(x, whole, name->name, "%s", explain_quote(value, text));
	else if (name->format == AS_HOST)
		explain_open(x, whole, name->name, "%s", host_text(value, text));
	else if (name->format == AS_NUMBER && value.len == 1)
		explain_open(x, whole, name->name, "%u", value.data[0]);
	else if (name->format == AS_SECONDS && value.len == 4)
		explain_open(x, whole, name->name, "%u s", hk_load_u32(value.data));
	else if (name->format == AS_NUMBER && value.len == 2)
		explain_open(x, whole, name->name, "%u", hk_load_u16(value.data));
	else if (name->format == AS_ADDRESS && (value.len == 4 || value.len == 16))
		explain_open(x, whole, name->name, "%s",
			inet_ntop(value.len == 4 ? AF_INET : AF_INET6, value.data, text,
				sizeof text));
	else if (name->format == AS_ATTRIBUTES || name->format == AS_SUITES)
		explain_open(x, whole, name->name, NULL);
	else
		explain_open(x, whole, name->name, "%s", explain_hex(value, text));
	explain_note(x, "%s %u, value of %zu octets", whole.len - value.len == 1 ? "TV" : "TLV",
		whole.data[0], value.len);
}

static void explain_attribute(
	struct explain *x, struct hk_bytes whole, struct hk_bytes value, bool within)
{
	struct attribute_name name = name_of(whole.data[0]);

	open_attribute(x, &name, whole, value);
	if (name.type == HK_ERP_KEYNAME_NAI)
		explain_keyname(x, value);
	if (name.format == AS_SUITES)
		explain_suites(x, value);
	if (name.format == AS_ATTRIBUTES && !within)
		explain_attributes(x, value, true);
	explain_close(x);
}

/* Outside of an ERP/AAK-Key, types that RFC 6696 does not know may be TV of any size. */
static bool has_known_size(uint8_t type)
{
	return (type >= HK_ERP_KEYNAME_NAI && type <= HK_ERP_AUTHORIZATION_INDICATION) ||
	       type == AAK_KEY || type == AAK_CAP_IDENTIFIER ||
	       (type >= HK_ERP_CB_FIRST && type <= HOKEY_PREAUTH_TIMEOUT);
}

/* within: inside an ERP/AAK-Key, where the types have their own sizes. */
static void explain_attributes(struct explain *x, struct hk_bytes area, bool within)
{
	struct hk_reader r = hk_reader(area);
	struct hk_bytes whole, value;
	char text[EXPLAIN_TEXT_MAX];

	while (hk_left(&r) > 0) {
		struct hk_bytes rest = hk_bytes(r.p, hk_left(&r));
		uint8_t type = r.p[0];

		if (!within && !has_known_size(type)) {
			explain_field(x, rest, "unknown", "%s", explain_hex(rest, text));
			explain_note(x, "attribute type %u, of unknown size", type);
			return;
		}
		if (!next_attribute(&r, &whole, &value)) {
			explain_field(x, rest, "attribute", "%s", explain_hex(rest, text));
			explain_malformed(x, "type %u runs past the end", type);
			return;
		}
		explain_attribute(x, whole, value, within);
	}
}

/* ---- header ---- */

static void explain_flag(struct explain *x, uint8_t flags, uint8_t mask, const char *name,
	const char *set, const char *clear)
{
	bool is_set = flags & mask;

	explain_field(x, HK_NO_BYTES, name, "%u", is_set);
	if (is_set ? set : clear)
		explain_note(x, "%s", is_set ? set : clear);
}

static void explain_flags(struct explain *x, const struct hk_erp_message *m)
{
	bool finish = m->code == HK_ERP_FINISH;
	uint8_t reserved = m->flags & 0x0f;

	explain_open(x, hk_bytes(m->packet.data + 5, 1), "Flags", "0x%02x", m->flags);
	explain_flag(x, m->flags, HK_ERP_FLAG_R, "R",
		finish ? "failure" : "means nothing in an Initiate", finish ? "success" : NULL);
	explain_flag(x, m->flags, HK_ERP_FLAG_B, "B", "explicit bootstrapping", NULL);
	explain_flag(x, m->flags, HK_ERP_FLAG_L, "L",
		finish ? "key lifetimes are here" : "asks for key lifetimes", NULL);
	explain_flag(x, m->flags, HK_ERP_FLAG_E, "E", "early authentication, RFC 6630", NULL);
	if (reserved)
		explain_field(x, HK_NO_BYTES, "reserved", "0x%02x", reserved);
	explain_close(x);
}

/* ---- one reading of a Re-auth message ---- */

static void explain_tag_verdict(struct explain *x, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, const struct decode_keys *keys)
{
	char whose[WHOSE_MAX];

	if (!decode_keys_for_erp(keys))
		explain_verdict(x, VERDICT_UNCHECKED, "no key given");
	else if (decode_keys_verify(keys, m, reading, whose))
		explain_verdict(x, VERDICT_RIGHT, "%s", whose);
	else
		explain_verdict(x, VERDICT_WRONG, "no key given makes this tag");
}

static void explain_indication(struct explain *x, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, const struct hk_erp_attributes *a,
	const struct decode_keys *keys)
{
	if (!a->authorization_indication.data)
		return;
	explain_field(x, HK_NO_BYTES, "Authorization Indication", NULL);
	if (!a->domain_name.len)
		explain_note(x, "without a Domain name it says nothing");
	else if (!keys->emsk)
		explain_verdict(x, VERDICT_UNCHECKED, "needs the EMSK");
	else if (decode_keys_verify_indication(keys, m, reading, a->domain_name))
		explain_verdict(x, VERDICT_RIGHT, "the home server stands behind the domain");
	else
		explain_verdict(x, VERDICT_WRONG, "not made with the EMSK given");
}

static void explain_end(struct explain *x, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, const struct decode_keys *keys)
{
	const uint8_t *suite = m->packet.data + reading->end;
	struct hk_bytes tag = hk_bytes(suite + 1, hk_suite_tag_len(reading->suite));
	struct hk_erp_attributes a;
	char text[EXPLAIN_TEXT_MAX];

	explain_field(x, hk_bytes(suite, 1), "Cryptosuite", "%u (%s)", reading->suite,
		hk_suite_name(reading->suite));
	explain_field(x, tag, "Authentication Tag", "%s", explain_hex(tag, text));
	explain_note(x, "%zu octets", tag.len);
	explain_tag_verdict(x, m, reading, keys);
	if (hk_erp_attributes(m, reading->end, &a))
		return;
	explain_indication(x, m, reading, &a, keys);
	if (a.duplicates) {
		explain_field(x, HK_NO_BYTES, "duplicates", "yes");
		explain_note(x, "an attribute is there twice; the first counts");
	}
}

/* Whether the name is that of the EMSK given. */
static void explain_owner(
	struct explain *x, const struct hk_erp_message *m, const struct decode_keys *keys)
{
	struct hk_keyname_nai nai;

	if (!keys->emsk || !keys->named || hk_keyname_nai_parse(m->keyname_nai, &nai))
		return;
	explain_field(x, HK_NO_BYTES, "EMSKname", NULL);
	if (memcmp(nai.emsk_name, hk_key_emsk_name(keys->emsk), HK_EMSK_NAME_LEN) == 0)
		explain_verdict(x, VERDICT_RIGHT, "by the Session-Id given");
	else
		explain_verdict(x, VERDICT_WRONG, "the Session-Id given makes another");
}

static void explain_reading(struct explain *x, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, const struct decode_keys *keys)
{
	explain_attributes(x, hk_bytes(m->packet.data + 8, reading->end - 8u), false);
	explain_end(x, m, reading, keys);
}

/* Readings that no key excludes. */
static size_t possible_readings(const struct hk_erp_message *m, const struct decode_keys *keys,
	struct hk_erp_reading possible[HK_ERP_SUITES])
{
	char whose[WHOSE_MAX];

	for (size_t i = 0; i < m->nreadings; i++) {
		if (decode_keys_for_erp(keys) &&
			decode_keys_verify(keys, m, &m->readings[i], whose)) {
			possible[0] = m->readings[i];
			return 1;
		}
		possible[i] = m->readings[i];
	}
	return m->nreadings;
}

static void explain_protected(
	struct explain *x, const struct hk_erp_message *m, const struct decode_keys *keys)
{
	struct hk_erp_reading possible[HK_ERP_SUITES];
	size_t n = possible_readings(m, keys, possible);

	if (n == 1) {
		explain_reading(x, m, &possible[0], keys);
		if (m->nreadings > 1) {
			explain_field(x, HK_NO_BYTES, "readings", "%u", m->nreadings);
			explain_note(x, "the tag decides for this one");
		}
		return;
	}
	for (size_t i = 0; i < n; i++) {
		explain_open(x, HK_NO_BYTES, "reading", "%zu of %zu", i + 1, n);
		explain_note(x, "the octets fit several cryptosuites; the tag would decide");
		explain_reading(x, m, &possible[i], keys);
		explain_close(x);
	}
}

static void explain_unprotected(struct explain *x, const struct hk_erp_message *m)
{
	size_t end = m->unprotected_end;
	struct hk_bytes rest = hk_bytes(m->packet.data + end, m->packet.len - end);
	char text[EXPLAIN_TEXT_MAX];

	explain_attributes(x, hk_bytes(m->packet.data + 8, end - 8), false);
	if (rest.len)
		explain_field(x, rest, "rest", "%s", explain_hex(rest, text));
	explain_field(x, HK_NO_BYTES, "Authentication Tag", "none");
	explain_note(x, "a failure of a server without a key for this peer; anybody can send it");
}

static void explain_reauth(struct explain *x, const struct hk_erp_message *m, enum hk_err err,
	const struct decode_keys *keys)
{
	explain_flags(x, m);
	explain_field(x, hk_bytes(m->packet.data + 6, 2), "SEQ", "%u", m->seq);
	explain_owner(x, m, keys);
	if (err == HK_ERR_SUITE) {
		struct hk_bytes rest = hk_bytes(m->packet.data + 8, m->packet.len - 8);
		char text[EXPLAIN_TEXT_MAX];

		explain_field(
			x, rest, "attributes, Cryptosuite and tag", "%s", explain_hex(rest, text));
		explain_note(x, "the cryptosuite is not known, so where they end is not either");
	} else if (m->nreadings) {
		explain_protected(x, m, keys);
	} else {
		explain_unprotected(x, m);
	}
}

static void explain_start(struct explain *x, struct hk_bytes packet)
{
	explain_field(x, hk_bytes(packet.data + 5, 1), "Reserved", "0x%02x", packet.data[5]);
	if (packet.data[5] & 0x80)
		explain_note(x, "E: early authentication, RFC 6630");
	explain_attributes(x, hk_bytes(packet.data + 6, packet.len - 6), false);
}

/* As much as can be said of octets that are no ERP message. */
static void explain_what_is_wrong(struct explain *x, struct hk_bytes packet, enum hk_err err)
{
	size_t known = 5;
	struct hk_bytes rest;
	char text[EXPLAIN_TEXT_MAX];

	if (packet.data[4] == HK_ERP_REAUTH && packet.len >= 8) {
		const struct hk_erp_message m = {
			.packet = packet, .code = packet.data[0], .flags = packet.data[5]};

		explain_flags(x, &m);
		explain_field(
			x, hk_bytes(packet.data + 6, 2), "SEQ", "%u", hk_load_u16(packet.data + 6));
		known = 8;
	}
	rest = hk_bytes(packet.data + known, packet.len - known);
	explain_field(x, rest, "rest", "%s", explain_hex(rest, text));
	explain_malformed(x, err == HK_ERR_UNEXPECTED ? "no such Code and Type together"
						      : "its attributes do not fit together");
}

void explain_erp(struct explain *x, struct hk_bytes packet, const struct decode_keys *keys)
{
	struct hk_erp_message m;
	enum hk_err err;

	memset(&m, 0, sizeof m);
	err = hk_erp_parse(packet, &m);
	if (!err && m.type == HK_ERP_REAUTH_START)
		explain_start(x, m.packet);
	else if (!err || err == HK_ERR_SUITE)
		explain_reauth(x, &m, err, keys);
	else
		explain_what_is_wrong(x, packet, err);
}
