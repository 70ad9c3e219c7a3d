/* SPDX-License-Identifier: ISC */
#include <hokey/proxy.h>

#include "proxy/forward.h"
#include "radius/dictionary.h"

/* What every exchange needs. */
static bool is_needed(const struct hk_radius_name *a)
{
	if (a->vendor)
		return a->vendor == HK_VENDOR_MICROSOFT &&
		       (a->type == HK_MS_MPPE_SEND_KEY || a->type == HK_MS_MPPE_RECV_KEY);
	switch (a->type) {
	case HK_RADIUS_USER_NAME:
	case HK_RADIUS_STATE:
	case HK_RADIUS_VENDOR_SPECIFIC:
	case HK_RADIUS_PROXY_STATE:
	case HK_RADIUS_EAP_MESSAGE:
	case HK_RADIUS_MESSAGE_AUTHENTICATOR:
		return true;
	default:
		return false;
	}
}

enum hk_err hk_filter_add(struct hk_attribute_filter *f, const char *name)
{
	const struct hk_radius_name *known = hk_radius_attribute_by_name(name);
	struct hk_radius_name a;

	if (known)
		a = *known;
	else if (!hk_radius_numbered_name(name, strlen(name), &a))
		return HK_ERR_NOT_FOUND;
	if (is_needed(&a))
		return HK_ERR_DENIED;
	if (!a.vendor) {
		f->types[a.type / 64] |= UINT64_C(1) << (a.type % 64);
		return HK_OK;
	}
	if (f->nvsa == HK_FILTER_VSA_MAX)
		return HK_ERR_LIMIT;
	f->vsa[f->nvsa].vendor = a.vendor;
	f->vsa[f->nvsa++].type = a.type;
	return HK_OK;
}

bool hk_filter_has_type(const struct hk_attribute_filter *f, uint8_t type)
{
	return f && (f->types[type / 64] >> (type % 64) & 1);
}

bool hk_filter_has_vsa(const struct hk_attribute_filter *f, uint32_t vendor, uint8_t type)
{
	for (size_t i = 0; f && i < f->nvsa; i++) {
		if (f->vsa[i].vendor == vendor && f->vsa[i].type == type)
			return true;
	}
	return false;
}
