/* SPDX-License-Identifier: ISC */
/* The attributes of key distribution in RADIUS packets. */
#include "keydist/wire.h"

#include <hokey/radius.h>

static void collect(struct hk_keydist_attributes *out, uint8_t type, struct hk_bytes value)
{
	struct hk_bytes *const place[] = {
		[HK_KEYDIST_KEY_REQUEST] = &out->request,
		[HK_KEYDIST_DOMAIN_NAME] = &out->domain,
		[HK_KEYDIST_KEY] = &out->key,
		[HK_KEYDIST_KEY_ERROR] = &out->error,
		[HK_KEYDIST_KEY_LABEL] = &out->label,
	};

	if (type >= sizeof place / sizeof place[0] || !place[type])
		return;
	if (place[type]->data)
		out->repeated = true;
	else
		*place[type] = value;
}

/* Is this a Vendor-Specific of that vendor? Then r reads what follows the Vendor-Id. */
static bool opens(const struct hk_radius_attribute *a, uint32_t vendor, struct hk_reader *r)
{
	*r = hk_reader(a->value);
	return a->type == HK_RADIUS_VENDOR_SPECIFIC && hk_get_u32(r) == vendor && !r->underflow;
}

void hk_keydist_read(struct hk_bytes area, uint32_t vendor, struct hk_keydist_attributes *out)
{
	struct hk_reader r = hk_reader(area), sub;
	struct hk_radius_attribute a;

	*out = (struct hk_keydist_attributes){0};
	while (hk_radius_next(&r, &a)) {
		if (!opens(&a, vendor, &sub))
			continue;
		while (hk_left(&sub) >= 2) {
			uint8_t type = hk_get_u8(&sub), len = hk_get_u8(&sub);
			struct hk_bytes value;

			if (len < 2 || (size_t)len - 2 > hk_left(&sub))
				break;
			value = hk_get_bytes(&sub, (size_t)len - 2);
			collect(out, type, value);
		}
	}
}

/* What cannot be read is not let through either. */
bool hk_keydist_is_private(const struct hk_radius_attribute *a, uint32_t vendor)
{
	struct hk_reader r;

	return opens(a, vendor, &r) && (a->vendor != vendor || a->vendor_type <= HK_KEYDIST_LAST);
}

void hk_keydist_put_request(struct hk_buf *b, uint32_t vendor, const struct hk_krs_request *r)
{
	if (!r->domain_len)
		return;
	hk_radius_put_vsa(b, vendor, HK_KEYDIST_KEY_REQUEST, hk_bytes(r->value, sizeof r->value));
	hk_radius_put_vsa(b, vendor, HK_KEYDIST_DOMAIN_NAME, hk_bytes(r->domain, r->domain_len));
	if (r->label_len)
		hk_radius_put_vsa(
			b, vendor, HK_KEYDIST_KEY_LABEL, hk_bytes(r->label, r->label_len));
}

void hk_keydist_put_delivery(struct hk_buf *b, uint32_t vendor, const struct hk_key_delivery *d)
{
	uint8_t error[4];

	if (d->key_len) {
		hk_radius_put_vsa(b, vendor, HK_KEYDIST_DOMAIN_NAME, d->domain);
		hk_radius_put_vsa(b, vendor, HK_KEYDIST_KEY, hk_bytes(d->key, d->key_len));
		if (d->label.len)
			hk_radius_put_vsa(b, vendor, HK_KEYDIST_KEY_LABEL, d->label);
	} else if (d->error) {
		hk_store_u32(error, d->error);
		hk_radius_put_vsa(b, vendor, HK_KEYDIST_KEY_ERROR, hk_bytes(error, sizeof error));
	}
}
