/* SPDX-License-Identifier: ISC */
#include <hokey/erp.h>

#include "crypto/crypto.h"
#include "keys/schedule.h"

#define START_HEADER_LEN  6 /* Code to Reserved */
#define REAUTH_HEADER_LEN 8 /* Code to SEQ */

static size_t header_len(const struct hk_erp_message *m)
{
	return m->type == HK_ERP_REAUTH_START ? START_HEADER_LEN : REAUTH_HEADER_LEN;
}

static struct hk_bytes area_until(const struct hk_erp_message *m, size_t end)
{
	size_t start = header_len(m);

	return hk_bytes(m->packet.data + start, end - start);
}

/* ---- attributes ---- */

static bool is_tv(uint8_t type)
{
	return type == HK_ERP_RRK_LIFETIME || type == HK_ERP_RMSK_LIFETIME;
}

static bool is_tlv(uint8_t type)
{
	switch (type) {
	case HK_ERP_KEYNAME_NAI:
	case HK_ERP_DOMAIN_NAME:
	case HK_ERP_CRYPTOSUITE_LIST:
	case HK_ERP_AUTHORIZATION_INDICATION:
		return true;
	default:
		return type >= HK_ERP_CB_FIRST && type <= HK_ERP_CB_LAST;
	}
}

bool hk_erp_attribute_next(struct hk_reader *r, uint8_t *type, struct hk_bytes *value)
{
	if (r->underflow || hk_left(r) == 0 || (!is_tv(*r->p) && !is_tlv(*r->p)))
		return false;
	*type = hk_get_u8(r);
	*value = hk_get_bytes(r, is_tv(*type) ? 4 : hk_get_u8(r));
	return !r->underflow;
}

/* How an area of attributes reads. */
struct survey {
	bool cut;       /* an attribute runs over the end */
	unsigned names; /* keyName-NAI attributes */
	size_t known;   /* octets up to the end or the first type of unknown size */
};

static struct survey survey_area(struct hk_bytes area)
{
	struct hk_reader r = hk_reader(area);
	struct survey s = {0};
	struct hk_bytes value;
	uint8_t type;

	while (hk_erp_attribute_next(&r, &type, &value)) {
		s.known = area.len - hk_left(&r);
		if (type == HK_ERP_KEYNAME_NAI)
			s.names++;
	}
	s.cut = r.underflow;
	return s;
}

static bool fits(const struct hk_erp_message *m, size_t end)
{
	struct survey s = survey_area(area_until(m, end));

	return !s.cut && s.names == 1;
}

/* Does the value have a size that its type can have? Others are not looked at. */
static bool has_legal_size(uint8_t type, size_t len)
{
	switch (type) {
	case HK_ERP_DOMAIN_NAME:
	case HK_ERP_CRYPTOSUITE_LIST:
		return len > 0;
	case HK_ERP_AUTHORIZATION_INDICATION:
		return len == 8 || len == 16 || len == 32;
	case HK_ERP_NAS_IP_ADDRESS:
		return len == 4;
	case HK_ERP_NAS_IPV6_ADDRESS:
		return len == 16;
	default:
		return true;
	}
}

static struct hk_bytes *field_of(struct hk_erp_attributes *a, uint8_t type)
{
	switch (type) {
	case HK_ERP_KEYNAME_NAI:
		return &a->keyname_nai;
	case HK_ERP_DOMAIN_NAME:
		return &a->domain_name;
	case HK_ERP_CRYPTOSUITE_LIST:
		return &a->suites;
	case HK_ERP_AUTHORIZATION_INDICATION:
		return &a->authorization_indication;
	default:
		if (type >= HK_ERP_CB_FIRST && type < HK_ERP_CB_FIRST + HK_ERP_CB_KNOWN)
			return &a->channel_binding[type - HK_ERP_CB_FIRST];
		return NULL;
	}
}

static void take_lifetime(struct hk_erp_attributes *a, uint8_t type, struct hk_bytes value)
{
	bool rrk = type == HK_ERP_RRK_LIFETIME;
	bool *has = rrk ? &a->has_rrk_lifetime : &a->has_rmsk_lifetime;
	uint32_t *seconds = rrk ? &a->rrk_lifetime_s : &a->rmsk_lifetime_s;

	if (*has) {
		a->duplicates = true;
		return;
	}
	*has = true;
	*seconds = hk_load_u32(value.data);
}

static void take_attribute(struct hk_erp_attributes *a, uint8_t type, struct hk_bytes value)
{
	struct hk_bytes *field;

	if (is_tv(type)) {
		take_lifetime(a, type, value);
		return;
	}
	field = field_of(a, type);
	if (!field || !has_legal_size(type, value.len))
		return;
	if (field->data)
		a->duplicates = true;
	else
		*field = value;
}

enum hk_err hk_erp_attributes(
	const struct hk_erp_message *m, uint16_t end, struct hk_erp_attributes *out)
{
	struct hk_reader r;
	struct survey s;
	struct hk_bytes value;
	uint8_t type;

	memset(out, 0, sizeof *out);
	if (end < header_len(m) || end > m->packet.len)
		return HK_ERR_ARGUMENT;
	out->area = area_until(m, end);
	s = survey_area(out->area);
	if (s.cut || (m->type == HK_ERP_REAUTH && s.names != 1))
		return HK_ERR_MALFORMED;
	r = hk_reader(out->area);
	while (hk_erp_attribute_next(&r, &type, &value))
		take_attribute(out, type, value);
	return HK_OK;
}

/* ---- parsing ---- */

/*
 * Stops at the first keyName-NAI: what follows the attributes can look like
 * one (suite 1), so there is no walking on without knowing the end.
 */
static enum hk_err find_keyname_nai(struct hk_erp_message *m)
{
	struct hk_reader r = hk_reader(area_until(m, m->packet.len));
	struct hk_keyname_nai nai;
	struct hk_bytes value;
	uint8_t type;

	while (hk_erp_attribute_next(&r, &type, &value)) {
		if (type != HK_ERP_KEYNAME_NAI)
			continue;
		m->keyname_nai = value;
		return hk_keyname_nai_parse(value, &nai);
	}
	return HK_ERR_MALFORMED;
}

static void find_readings(struct hk_erp_message *m)
{
	static const uint8_t longest_tag_first[HK_ERP_SUITES] = {
		HK_SUITE_HMAC_SHA256_256, HK_SUITE_HMAC_SHA256_128, HK_SUITE_HMAC_SHA256_64};
	size_t n = m->packet.len;

	for (size_t i = 0; i < HK_ERP_SUITES; i++) {
		uint8_t suite = longest_tag_first[i];
		size_t tail = hk_suite_tag_len(suite) + 1;

		if (n < REAUTH_HEADER_LEN + tail || m->packet.data[n - tail] != suite ||
			!fits(m, n - tail))
			continue;
		m->readings[m->nreadings++] = (struct hk_erp_reading){suite, (uint16_t)(n - tail)};
	}
}

/*
 * A failure without tag. RFC 6696 gives no layout; nothing, a Cryptosuite
 * octet 0, or a suite and a tag that nobody here knows may follow the
 * attributes, so they end where they stop making sense.
 */
static enum hk_err end_unprotected(struct hk_erp_message *m)
{
	struct survey s = survey_area(area_until(m, m->packet.len));

	if (s.names != 1)
		return HK_ERR_MALFORMED;
	m->unprotected_end = (uint16_t)(REAUTH_HEADER_LEN + s.known);
	return HK_OK;
}

/* No suite we know fits. A number that is no attribute type must be a suite. */
static enum hk_err end_unknown_suite(struct hk_erp_message *m)
{
	struct hk_bytes area = area_until(m, m->packet.len);
	struct survey s = survey_area(area);

	if (s.cut || s.names != 1 || s.known == area.len)
		return HK_ERR_MALFORMED;
	m->unprotected_end = (uint16_t)(REAUTH_HEADER_LEN + s.known);
	return HK_ERR_SUITE;
}

static enum hk_err parse_reauth(struct hk_erp_message *m)
{
	const uint8_t *p = m->packet.data;
	enum hk_err err;

	if (m->packet.len < REAUTH_HEADER_LEN)
		return HK_ERR_MALFORMED;
	m->flags = p[5];
	m->seq = hk_load_u16(p + 6);
	err = find_keyname_nai(m);
	if (err)
		return err;
	find_readings(m);
	if (m->nreadings > 0)
		return HK_OK;
	if (m->code == HK_ERP_INITIATE)
		return end_unknown_suite(m);
	return m->flags & HK_ERP_FLAG_R ? end_unprotected(m) : HK_ERR_MALFORMED;
}

static enum hk_err parse_start(struct hk_erp_message *m)
{
	if (survey_area(area_until(m, m->packet.len)).cut)
		return HK_ERR_MALFORMED;
	m->unprotected_end = (uint16_t)m->packet.len;
	return HK_OK;
}

enum hk_err hk_erp_parse(struct hk_bytes packet, struct hk_erp_message *m)
{
	size_t n;

	memset(m, 0, sizeof *m);
	if (packet.len < START_HEADER_LEN)
		return HK_ERR_MALFORMED;
	n = hk_load_u16(packet.data + 2);
	if (n < START_HEADER_LEN || n > packet.len)
		return HK_ERR_MALFORMED;
	m->packet = hk_bytes(packet.data, n);
	m->code = packet.data[0];
	m->identifier = packet.data[1];
	m->type = packet.data[4];
	if (m->type == HK_ERP_REAUTH && (m->code == HK_ERP_INITIATE || m->code == HK_ERP_FINISH))
		return parse_reauth(m);
	if (m->type == HK_ERP_REAUTH_START && m->code == HK_ERP_INITIATE)
		return parse_start(m);
	return HK_ERR_UNEXPECTED;
}

bool hk_erp_verify(const struct hk_erp_message *m, const struct hk_erp_reading *reading,
	const struct hk_hmac_key *rik)
{
	size_t tag_len = hk_suite_tag_len(reading->suite), covered = (size_t)reading->end + 1;
	struct hk_bytes part = hk_bytes(m->packet.data, covered);
	uint8_t mac[HK_SHA256_LEN];

	if (tag_len == 0 || covered + tag_len != m->packet.len)
		return false;
	hk_hmac_sha256(rik, &part, 1, mac);
	return hk_equal_secret(mac, m->packet.data + covered, tag_len);
}

bool hk_erp_verify_indication(const struct hk_erp_message *m, const struct hk_erp_reading *reading,
	const struct hk_key *auth_indication_key)
{
	static const uint8_t zeros[HK_SHA256_LEN];
	const uint8_t *packet = m->packet.data;
	size_t tag_len = hk_suite_tag_len(reading->suite), at;
	uint8_t mac[HK_SHA256_LEN];
	struct hk_erp_attributes a;
	struct hk_bytes parts[3];
	struct hk_hmac_key key;

	if (tag_len == 0 || hk_erp_attributes(m, reading->end, &a) ||
		a.authorization_indication.len != tag_len ||
		reading->end + 1 + tag_len != m->packet.len ||
		!hk_key_schedule_indication(auth_indication_key, &key))
		return false;
	at = (size_t)(a.authorization_indication.data - packet);
	parts[0] = hk_bytes(packet, at);
	parts[1] = hk_bytes(zeros, tag_len);
	parts[2] = hk_bytes(packet + at + tag_len, reading->end + 1 - (at + tag_len));
	hk_hmac_sha256(&key, parts, 3, mac);
	hk_wipe(&key, sizeof key);
	return hk_equal_secret(mac, packet + at, tag_len);
}
