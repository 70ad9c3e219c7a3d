/* SPDX-License-Identifier: ISC */
#include "erp/channel_binding.h"

#define MAC_DIGITS 12

/* ---- MAC addresses in text ---- */

/* The character of a digit in the form of RFC 3580, 0 for what is no digit. */
static uint8_t upper_hex(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'))
		return c;
	return c >= 'a' && c <= 'f' ? (uint8_t)(c - 'a' + 'A') : 0;
}

/*
 * Reads the MAC address a value begins with: twelve digits with at most one
 * separator between two of them. `rest` is what follows.
 */
static bool take_mac(struct hk_bytes value, uint8_t mac[MAC_DIGITS], struct hk_bytes *rest)
{
	size_t i = 0, digits = 0;
	bool separated = true;

	while (i < value.len && digits < MAC_DIGITS) {
		uint8_t c = value.data[i++], digit = upper_hex(c);

		if (digit) {
			mac[digits++] = digit;
			separated = false;
			continue;
		}
		if (separated || (c != '-' && c != ':' && c != '.'))
			return false;
		separated = true;
	}
	*rest = hk_bytes(value.data + i, value.len - i);
	return digits == MAC_DIGITS;
}

static bool same_station(struct hk_bytes a, struct hk_bytes b)
{
	uint8_t mac_a[MAC_DIGITS], mac_b[MAC_DIGITS];
	struct hk_bytes rest_a, rest_b;

	return take_mac(a, mac_a, &rest_a) && take_mac(b, mac_b, &rest_b) &&
	       memcmp(mac_a, mac_b, MAC_DIGITS) == 0 && hk_bytes_equal(rest_a, rest_b);
}

bool hk_channel_binding_same(uint8_t type, struct hk_bytes a, struct hk_bytes b)
{
	if (hk_bytes_equal(a, b))
		return true;
	return (type == HK_ERP_CALLED_STATION_ID || type == HK_ERP_CALLING_STATION_ID) &&
	       same_station(a, b);
}

/* ---- the server's side ---- */

static struct hk_bytes aaa_value(const struct hk_aaa_request *request, uint8_t type)
{
	switch (type) {
	case HK_ERP_CALLED_STATION_ID:
		return request->called_station_id;
	case HK_ERP_CALLING_STATION_ID:
		return request->calling_station_id;
	case HK_ERP_NAS_IDENTIFIER:
		return request->nas_identifier;
	case HK_ERP_NAS_IP_ADDRESS:
		return request->nas_ip_address;
	default:
		return request->nas_ipv6_address;
	}
}

bool hk_channel_binding_present(const struct hk_erp_attributes *attributes)
{
	for (size_t i = 0; i < HK_ERP_CB_KNOWN; i++)
		if (attributes->channel_binding[i].data)
			return true;
	return false;
}

enum hk_err hk_channel_binding_check(enum hk_cb_policy policy,
	const struct hk_erp_attributes *attributes, const struct hk_aaa_request *request,
	bool *missing)
{
	*missing = false;
	if (policy == HK_CB_OFF)
		return HK_OK;
	for (uint8_t i = 0; i < HK_ERP_CB_KNOWN; i++) {
		uint8_t type = (uint8_t)(HK_ERP_CB_FIRST + i);
		struct hk_bytes told = attributes->channel_binding[i];
		struct hk_bytes said = aaa_value(request, type);

		if (!told.data)
			continue;
		if (!said.data)
			*missing = true;
		else if (!hk_channel_binding_same(type, told, said))
			return HK_ERR_CHANNEL_BINDING;
	}
	if (*missing && policy == HK_CB_REQUIRE)
		return HK_ERR_CHANNEL_BINDING;
	if (!hk_channel_binding_present(attributes))
		*missing = true;
	return HK_OK;
}

void hk_channel_binding_put(struct hk_buf *b, const struct hk_aaa_request *request, size_t room)
{
	/* NAS-Identifier first: proxies and address translation leave it alone. */
	static const uint8_t types[HK_ERP_CB_KNOWN] = {HK_ERP_NAS_IDENTIFIER,
		HK_ERP_CALLED_STATION_ID, HK_ERP_CALLING_STATION_ID, HK_ERP_NAS_IP_ADDRESS,
		HK_ERP_NAS_IPV6_ADDRESS};

	for (size_t i = 0; i < HK_ERP_CB_KNOWN; i++) {
		struct hk_bytes value = aaa_value(request, types[i]);

		if (!value.data || value.len > UINT8_MAX || value.len + 2 > room)
			continue;
		hk_erp_put_tlv(b, types[i], value);
		room -= value.len + 2;
	}
}
