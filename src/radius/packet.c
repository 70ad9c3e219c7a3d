/* SPDX-License-Identifier: ISC */
/* Received packets: checked and walked in place. */
#include <hokey/radius.h>

/*
 * Where struct hk_radius notes the first attribute of a type; 0 is for types
 * that are not noted. Those of the request path are here.
 */
static const uint8_t note_of[256] = {
	[HK_RADIUS_USER_NAME] = 1,
	[HK_RADIUS_NAS_IP_ADDRESS] = 2,
	[HK_RADIUS_NAS_PORT] = 3,
	[HK_RADIUS_SERVICE_TYPE] = 4,
	[HK_RADIUS_FRAMED_MTU] = 5,
	[HK_RADIUS_STATE] = 6,
	[HK_RADIUS_CLASS] = 7,
	[HK_RADIUS_VENDOR_SPECIFIC] = 8,
	[HK_RADIUS_SESSION_TIMEOUT] = 9,
	[HK_RADIUS_CALLED_STATION_ID] = 10,
	[HK_RADIUS_CALLING_STATION_ID] = 11,
	[HK_RADIUS_NAS_IDENTIFIER] = 12,
	[HK_RADIUS_PROXY_STATE] = 13,
	[HK_RADIUS_ACCT_STATUS_TYPE] = 14,
	[HK_RADIUS_ACCT_SESSION_ID] = 15,
	[HK_RADIUS_EVENT_TIMESTAMP] = 16,
	[HK_RADIUS_NAS_PORT_TYPE] = 17,
	[HK_RADIUS_EAP_MESSAGE] = 18,
	[HK_RADIUS_CHARGEABLE_USER_IDENTITY] = 19,
	[HK_RADIUS_NAS_IPV6_ADDRESS] = 20,
	[HK_RADIUS_ERROR_CAUSE] = 21,
	[HK_RADIUS_EAP_KEY_NAME] = 22,
	[HK_RADIUS_OPERATOR_NAME] = 23,
};

/* Length and value of the attribute at an offset that was checked before. */
static struct hk_bytes value_at(const struct hk_radius *p, size_t offset)
{
	return hk_bytes(p->packet.data + offset + 2, p->packet.data[offset + 1] - 2u);
}

static void note(struct hk_radius *p, size_t offset, uint8_t type, size_t value_len)
{
	uint64_t bit = UINT64_C(1) << (type % 64);
	bool again = p->present[type / 64] & bit;

	if (again)
		p->repeated[type / 64] |= bit;
	else
		p->first[note_of[type]] = (uint16_t)offset;
	p->present[type / 64] |= bit;
	if (type == HK_RADIUS_EAP_MESSAGE) {
		p->eap_octets = (uint16_t)(p->eap_octets + value_len);
		p->eap_contiguous = !again;
	}
}

static enum hk_err walk(struct hk_radius *p)
{
	size_t offset = HK_RADIUS_HEADER_LEN, end = p->packet.len, n = 0;

	while (offset < end) {
		uint8_t type = p->packet.data[offset];
		size_t len = end - offset < 2 ? 0 : p->packet.data[offset + 1];

		if (len < 2 || len > end - offset)
			return HK_ERR_MALFORMED;
		if (++n > HK_RADIUS_MAX_ATTRIBUTES)
			return HK_ERR_LIMIT;
		if (type == HK_RADIUS_MESSAGE_AUTHENTICATOR) {
			if (p->message_authenticator || len != 2 + HK_RADIUS_AUTHENTICATOR_LEN)
				return HK_ERR_MALFORMED;
			p->message_authenticator = (uint16_t)(offset + 2);
		}
		note(p, offset, type, len - 2);
		offset += len;
	}
	return HK_OK;
}

enum hk_err hk_radius_parse(struct hk_bytes datagram, struct hk_radius *out)
{
	enum hk_err err;
	size_t len;

	memset(out, 0, sizeof *out);
	if (datagram.len < HK_RADIUS_HEADER_LEN)
		return HK_ERR_MALFORMED;
	len = hk_load_u16(datagram.data + 2);
	if (len < HK_RADIUS_HEADER_LEN || len > HK_RADIUS_MAX_LEN || len > datagram.len)
		return HK_ERR_MALFORMED;

	out->packet = hk_bytes(datagram.data, len);
	out->code = datagram.data[0];
	out->identifier = datagram.data[1];
	out->authenticator = datagram.data + 4;
	out->attributes =
		hk_bytes(datagram.data + HK_RADIUS_HEADER_LEN, len - HK_RADIUS_HEADER_LEN);
	err = walk(out);
	if (err)
		return err;
	out->eap_first = out->first[note_of[HK_RADIUS_EAP_MESSAGE]];
	out->has_proxy_state = hk_radius_has(out, HK_RADIUS_PROXY_STATE);
	return HK_OK;
}

/* ---- looking ---- */

/* The next sub-attribute behind a Vendor-Id; false at the end or when it is no such thing. */
static bool next_sub(struct hk_reader *r, uint8_t *type, struct hk_bytes *value)
{
	size_t len;

	if (hk_left(r) < 2)
		return false;
	*type = hk_get_u8(r);
	len = hk_get_u8(r);
	if (len < 2)
		return false;
	*value = hk_get_bytes(r, len - 2);
	return !r->underflow;
}

static void look_into_vsa(struct hk_radius_attribute *a)
{
	struct hk_reader r = hk_reader(a->value);
	uint32_t vendor = hk_get_u32(&r);
	struct hk_bytes value;
	uint8_t type;

	if (r.underflow || !next_sub(&r, &type, &value) || hk_left(&r) > 0)
		return;
	a->vendor = vendor;
	a->vendor_type = type;
	a->vendor_value = value;
}

bool hk_radius_next(struct hk_reader *r, struct hk_radius_attribute *out)
{
	size_t len;

	memset(out, 0, sizeof *out);
	if (hk_left(r) < 2)
		return false;
	out->type = hk_get_u8(r);
	len = hk_get_u8(r);
	if (len < 2)
		return false;
	out->value = hk_get_bytes(r, len - 2);
	if (r->underflow)
		return false;
	if (out->type == HK_RADIUS_VENDOR_SPECIFIC)
		look_into_vsa(out);
	return true;
}

struct hk_bytes hk_radius_find(const struct hk_radius *p, uint8_t type)
{
	size_t offset;

	if (!hk_radius_has(p, type))
		return HK_NO_BYTES;
	if (note_of[type])
		return value_at(p, p->first[note_of[type]]);
	for (offset = HK_RADIUS_HEADER_LEN; p->packet.data[offset] != type;)
		offset += p->packet.data[offset + 1];
	return value_at(p, offset);
}

bool hk_radius_find_u32(const struct hk_radius *p, uint8_t type, uint32_t *out)
{
	struct hk_bytes v = hk_radius_find(p, type);

	if (v.len != 4)
		return false;
	*out = hk_load_u32(v.data);
	return true;
}

/* In one Vendor-Specific. */
static struct hk_bytes find_sub(struct hk_bytes vsa, uint32_t vendor, uint8_t vendor_type)
{
	struct hk_reader r = hk_reader(vsa);
	struct hk_bytes value;
	uint8_t type;

	if (hk_get_u32(&r) != vendor || r.underflow)
		return HK_NO_BYTES;
	while (next_sub(&r, &type, &value))
		if (type == vendor_type)
			return value;
	return HK_NO_BYTES;
}

struct hk_bytes hk_radius_find_vsa(const struct hk_radius *p, uint32_t vendor, uint8_t vendor_type)
{
	size_t offset = p->first[note_of[HK_RADIUS_VENDOR_SPECIFIC]];

	if (!offset)
		return HK_NO_BYTES;
	for (; offset < p->packet.len; offset += p->packet.data[offset + 1]) {
		struct hk_bytes v;

		if (p->packet.data[offset] != HK_RADIUS_VENDOR_SPECIFIC)
			continue;
		v = find_sub(value_at(p, offset), vendor, vendor_type);
		if (v.data)
			return v;
	}
	return HK_NO_BYTES;
}

enum hk_err hk_radius_eap(const struct hk_radius *p, struct hk_buf *joined, struct hk_bytes *out)
{
	size_t start = joined->len;

	*out = HK_NO_BYTES;
	if (!p->eap_first)
		return HK_OK;
	if (p->eap_contiguous) {
		*out = value_at(p, p->eap_first);
		return HK_OK;
	}
	for (size_t o = p->eap_first; o < p->packet.len; o += p->packet.data[o + 1])
		if (p->packet.data[o] == HK_RADIUS_EAP_MESSAGE)
			hk_put_bytes(joined, value_at(p, o));
	if (!hk_buf_ok(joined))
		return HK_ERR_TOO_LONG;
	*out = hk_bytes(joined->data + start, joined->len - start);
	return HK_OK;
}
