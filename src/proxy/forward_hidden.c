/* SPDX-License-Identifier: ISC */
/*
 * One attribute from one hop to the next. Most are copied as they are; those
 * that are hidden with the secret of a hop (RFC 2865 section 5.2, RFC 2868
 * section 3.5, RFC 2548 section 2.4) are read with the one and hidden with the
 * other. Vendor-Specific is walked, because filters and keys are inside.
 */
#include "proxy/forward.h"

#include "crypto/crypto.h"

#define MS_CHAP_MPPE_KEYS  12
#define VENDOR_ID_LEN      4
#define SUB_HEADER         2
#define TAG_LEN            1
#define SALT_LEN           2
#define PASSWORD_VALUE_MAX 128

/* User-Password and MS-CHAP-MPPE-Keys: the padding goes with them. */
static enum hk_err rehide_password(
	const struct hk_hops *hops, struct hk_bytes hidden, struct hk_buf *out)
{
	uint8_t memory[PASSWORD_VALUE_MAX];
	struct hk_buf plain = hk_buf(memory, sizeof(memory));
	enum hk_err err;

	memset(memory, 0, sizeof(memory));
	err = hk_radius_unhide_password(hops->from, hops->from_authenticator, hidden, &plain);
	if (!err)
		err = hk_radius_hide_password(
			hops->to, hops->to_authenticator, hk_bytes(memory, hidden.len), out);
	hk_wipe(memory, sizeof(memory));
	return err;
}

static enum hk_err rehide_salted(
	const struct hk_hops *hops, struct hk_bytes hidden, struct hk_buf *out)
{
	uint8_t memory[HK_RADIUS_VALUE_MAX];
	struct hk_buf plain = hk_buf(memory, sizeof(memory));
	uint16_t salt;
	enum hk_err err;

	if (hidden.len < SALT_LEN)
		return HK_ERR_MALFORMED;
	/* Its salts are as unique in our packet as they were in the other. */
	salt = hk_load_u16(hidden.data) | 0x8000;
	err = hk_radius_unhide_salted(hops->from, hops->from_authenticator, hidden, &plain);
	if (!err)
		err = hk_radius_hide_salted(
			hops->to, hops->to_authenticator, salt, hk_buf_bytes(&plain), out);
	hk_wipe(memory, sizeof(memory));
	return err;
}

static enum hk_err put_tunnel_password(
	const struct hk_hops *hops, struct hk_bytes value, struct hk_buf *out)
{
	uint8_t memory[HK_RADIUS_VALUE_MAX];
	struct hk_buf v = hk_buf(memory, sizeof(memory));
	enum hk_err err;

	if (value.len < TAG_LEN + SALT_LEN)
		return HK_ERR_MALFORMED;
	hk_put_u8(&v, value.data[0]);
	err = rehide_salted(hops, hk_bytes(value.data + TAG_LEN, value.len - TAG_LEN), &v);
	if (!err)
		hk_radius_put(out, HK_RADIUS_TUNNEL_PASSWORD, hk_buf_bytes(&v));
	return err;
}

static enum hk_err put_password(
	const struct hk_hops *hops, uint8_t type, struct hk_bytes value, struct hk_buf *out)
{
	uint8_t memory[PASSWORD_VALUE_MAX];
	struct hk_buf v = hk_buf(memory, sizeof(memory));
	enum hk_err err = rehide_password(hops, value, &v);

	if (!err)
		hk_radius_put(out, type, hk_buf_bytes(&v));
	return err;
}

/* ---- Vendor-Specific ---- */

/* Are the octets behind the Vendor-Id attributes, as RFC 2865 section 5.26 advises? */
static bool has_sub_attributes(struct hk_bytes value)
{
	size_t at = VENDOR_ID_LEN;

	if (value.len <= VENDOR_ID_LEN)
		return false;
	while (at < value.len) {
		size_t len = value.len - at < SUB_HEADER ? 0 : value.data[at + 1];

		if (len < SUB_HEADER || len > value.len - at)
			return false;
		at += len;
	}
	return true;
}

static bool is_filtered(const struct hk_hops *hops, uint32_t vendor, uint8_t type)
{
	return hk_filter_has_vsa(hops->filters[0], vendor, type) ||
	       hk_filter_has_vsa(hops->filters[1], vendor, type);
}

/* Is anything of that vendor filtered? Then what cannot be read may be it. */
static bool is_filtered_vendor(const struct hk_hops *hops, uint32_t vendor)
{
	for (size_t i = 0; i < HK_FORWARD_FILTERS; i++) {
		const struct hk_attribute_filter *f = hops->filters[i];

		for (size_t j = 0; f && j < f->nvsa; j++) {
			if (f->vsa[j].vendor == vendor)
				return true;
		}
	}
	return false;
}

static bool is_hidden(uint32_t vendor, uint8_t type)
{
	return vendor == HK_VENDOR_MICROSOFT &&
	       (type == HK_MS_MPPE_SEND_KEY || type == HK_MS_MPPE_RECV_KEY ||
		       type == MS_CHAP_MPPE_KEYS);
}

static enum hk_err put_sub_attribute(const struct hk_hops *hops, uint32_t vendor, uint8_t type,
	struct hk_bytes value, struct hk_buf *out)
{
	size_t start = out->len;
	enum hk_err err = HK_OK;

	if (is_filtered(hops, vendor, type))
		return HK_OK;
	hk_put_u8(out, type);
	hk_put_u8(out, 0);
	if (!hops->from || !is_hidden(vendor, type))
		hk_put_bytes(out, value);
	else if (type == MS_CHAP_MPPE_KEYS)
		err = rehide_password(hops, value, out);
	else
		err = rehide_salted(hops, value, out);
	if (!err && hk_buf_ok(out))
		out->data[start + 1] = (uint8_t)(out->len - start);
	return err;
}

static enum hk_err put_vendor_specific(
	const struct hk_hops *hops, struct hk_bytes value, struct hk_buf *out)
{
	uint8_t memory[2 * HK_RADIUS_VALUE_MAX];
	struct hk_buf v = hk_buf(memory, sizeof(memory));
	uint32_t vendor;

	if (!has_sub_attributes(value)) {
		if (value.len >= VENDOR_ID_LEN && is_filtered_vendor(hops, hk_load_u32(value.data)))
			return HK_OK;
		hk_radius_put(out, HK_RADIUS_VENDOR_SPECIFIC, value);
		return HK_OK;
	}
	vendor = hk_load_u32(value.data);
	hk_put_u32(&v, vendor);
	for (size_t at = VENDOR_ID_LEN; at < value.len; at += value.data[at + 1]) {
		struct hk_bytes sub =
			hk_bytes(value.data + at + SUB_HEADER, value.data[at + 1] - SUB_HEADER);
		enum hk_err err = put_sub_attribute(hops, vendor, value.data[at], sub, &v);

		if (err)
			return err;
	}
	if (v.len > VENDOR_ID_LEN)
		hk_radius_put(out, HK_RADIUS_VENDOR_SPECIFIC, hk_buf_bytes(&v));
	return HK_OK;
}

enum hk_err hk_forward_attribute(
	const struct hk_hops *hops, const struct hk_radius_attribute *a, struct hk_buf *out)
{
	if (hk_filter_has_type(hops->filters[0], a->type) ||
		hk_filter_has_type(hops->filters[1], a->type))
		return HK_OK;
	if (a->type == HK_RADIUS_VENDOR_SPECIFIC)
		return put_vendor_specific(hops, a->value, out);
	if (!hops->from) {
		hk_radius_put(out, a->type, a->value);
		return HK_OK;
	}
	switch (a->type) {
	case HK_RADIUS_USER_PASSWORD:
		return put_password(hops, a->type, a->value, out);
	case HK_RADIUS_TUNNEL_PASSWORD:
		return put_tunnel_password(hops, a->value, out);
	default:
		hk_radius_put(out, a->type, a->value);
		return HK_OK;
	}
}

void hk_filter_copy(
	const struct hk_attribute_filter *f, struct hk_bytes attributes, struct hk_buf *out)
{
	const struct hk_hops hops = {.filters = {f}};
	struct hk_reader r = hk_reader(attributes);
	struct hk_radius_attribute a;

	/* Without secrets there is nothing that could not be read. */
	while (hk_radius_next(&r, &a))
		(void)hk_forward_attribute(&hops, &a, out);
}
