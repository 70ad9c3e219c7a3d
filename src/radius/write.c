/* SPDX-License-Identifier: ISC */
/* Packets to be sent, written straight into their buffer. */
#include <hokey/radius.h>

#include "crypto/crypto.h"

void hk_radius_begin(struct hk_buf *b, uint8_t code, uint8_t identifier)
{
	hk_put_u8(b, code);
	hk_put_u8(b, identifier);
	hk_put_zeros(b, 2 + HK_RADIUS_AUTHENTICATOR_LEN);
	if (code == HK_RADIUS_ACCOUNTING_REQUEST || code == HK_RADIUS_ACCOUNTING_RESPONSE)
		return;
	hk_put_u8(b, HK_RADIUS_MESSAGE_AUTHENTICATOR);
	hk_put_u8(b, 2 + HK_RADIUS_AUTHENTICATOR_LEN);
	hk_put_zeros(b, HK_RADIUS_AUTHENTICATOR_LEN);
}

/* Type and Length of an attribute, and room for its value; NULL when it does not fit. */
static uint8_t *put_attribute(struct hk_buf *b, uint8_t type, size_t value_len)
{
	uint8_t *p;

	if (value_len > HK_RADIUS_VALUE_MAX) {
		b->overflow = true;
		return NULL;
	}
	p = hk_put_room(b, 2 + value_len);
	if (!p)
		return NULL;
	p[0] = type;
	p[1] = (uint8_t)(2 + value_len);
	return p + 2;
}

void hk_radius_put(struct hk_buf *b, uint8_t type, struct hk_bytes value)
{
	uint8_t *p = put_attribute(b, type, value.len);

	if (p && value.len)
		memcpy(p, value.data, value.len);
}

void hk_radius_put_u32(struct hk_buf *b, uint8_t type, uint32_t value)
{
	uint8_t *p = put_attribute(b, type, 4);

	if (p)
		hk_store_u32(p, value);
}

/* The same for a Vendor-Specific with one sub-attribute. */
static uint8_t *put_vendor_attribute(
	struct hk_buf *b, uint32_t vendor, uint8_t vendor_type, size_t value_len)
{
	uint8_t *p = put_attribute(b, HK_RADIUS_VENDOR_SPECIFIC, 6 + value_len);

	if (!p)
		return NULL;
	hk_store_u32(p, vendor);
	p[4] = vendor_type;
	p[5] = (uint8_t)(2 + value_len);
	return p + 6;
}

void hk_radius_put_vsa(
	struct hk_buf *b, uint32_t vendor, uint8_t vendor_type, struct hk_bytes value)
{
	uint8_t *p = put_vendor_attribute(b, vendor, vendor_type, value.len);

	if (p && value.len)
		memcpy(p, value.data, value.len);
}

void hk_radius_put_eap(struct hk_buf *b, struct hk_bytes eap)
{
	do {
		size_t n = eap.len < HK_RADIUS_VALUE_MAX ? eap.len : HK_RADIUS_VALUE_MAX;

		hk_radius_put(b, HK_RADIUS_EAP_MESSAGE, hk_bytes(eap.data, n));
		if (n)
			eap = hk_bytes(eap.data + n, eap.len - n);
	} while (eap.len > 0);
}

#define MPPE_KEY_LEN    32
#define MPPE_HIDDEN_LEN (2 + 48) /* salt; length and key, padded to blocks */

static void put_mppe_key(struct hk_buf *b, const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, uint8_t type, uint16_t salt, const uint8_t *key)
{
	uint8_t *p = put_vendor_attribute(b, HK_VENDOR_MICROSOFT, type, MPPE_HIDDEN_LEN);
	struct hk_buf hidden = hk_buf(p, MPPE_HIDDEN_LEN);

	if (p && hk_radius_hide_salted(s, request_authenticator, salt | 0x8000,
			 hk_bytes(key, MPPE_KEY_LEN), &hidden))
		b->overflow = true;
}

void hk_radius_put_mppe_keys(struct hk_buf *b, const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, uint16_t salt, const uint8_t key[64])
{
	put_mppe_key(b, s, request_authenticator, HK_MS_MPPE_RECV_KEY, salt, key);
	put_mppe_key(b, s, request_authenticator, HK_MS_MPPE_SEND_KEY, (uint16_t)(salt + 1),
		key + MPPE_KEY_LEN);
}

void hk_radius_put_proxy_state(struct hk_buf *b, const struct hk_radius *request)
{
	struct hk_reader r = hk_reader(request->attributes);
	struct hk_radius_attribute a;

	if (!request->has_proxy_state)
		return;
	while (hk_radius_next(&r, &a))
		if (a.type == HK_RADIUS_PROXY_STATE)
			hk_radius_put(b, a.type, a.value);
}
