/* SPDX-License-Identifier: ISC */
/* Numbers to names and back. The tables are small and not used on the hot path. */
#include "dictionary.h"

#include <strings.h>

static const struct hk_radius_name *find_attribute(
	uint32_t vendor, uint8_t type, uint8_t extended_type)
{
	for (size_t i = 0; i < hk_radius_attribute_count; i++) {
		const struct hk_radius_name *a = &hk_radius_attributes[i];

		if (a->vendor == vendor && a->type == type && a->extended_type == extended_type)
			return a;
	}
	return NULL;
}

const struct hk_radius_name *hk_radius_attribute_by_type(uint32_t vendor, uint8_t type)
{
	return find_attribute(vendor, type, 0);
}

const struct hk_radius_name *hk_radius_attribute_by_extended_type(
	uint8_t type, uint8_t extended_type)
{
	return find_attribute(0, type, extended_type);
}

const struct hk_radius_name *hk_radius_attribute_by_name_part(const char *name, size_t len)
{
	for (size_t i = 0; i < hk_radius_attribute_count; i++) {
		const struct hk_radius_name *a = &hk_radius_attributes[i];

		if (strncasecmp(a->name, name, len) == 0 && a->name[len] == 0)
			return a;
	}
	return NULL;
}

const struct hk_radius_name *hk_radius_attribute_by_name(const char *name)
{
	return hk_radius_attribute_by_name_part(name, strlen(name));
}

const char *hk_radius_code_name(uint8_t code)
{
	switch (code) {
	case HK_RADIUS_ACCESS_REQUEST:
		return "Access-Request";
	case HK_RADIUS_ACCESS_ACCEPT:
		return "Access-Accept";
	case HK_RADIUS_ACCESS_REJECT:
		return "Access-Reject";
	case HK_RADIUS_ACCOUNTING_REQUEST:
		return "Accounting-Request";
	case HK_RADIUS_ACCOUNTING_RESPONSE:
		return "Accounting-Response";
	case HK_RADIUS_ACCESS_CHALLENGE:
		return "Access-Challenge";
	case HK_RADIUS_STATUS_SERVER:
		return "Status-Server";
	case HK_RADIUS_STATUS_CLIENT:
		return "Status-Client";
	case HK_RADIUS_DISCONNECT_REQUEST:
		return "Disconnect-Request";
	case HK_RADIUS_DISCONNECT_ACK:
		return "Disconnect-ACK";
	case HK_RADIUS_DISCONNECT_NAK:
		return "Disconnect-NAK";
	case HK_RADIUS_COA_REQUEST:
		return "CoA-Request";
	case HK_RADIUS_COA_ACK:
		return "CoA-ACK";
	case HK_RADIUS_COA_NAK:
		return "CoA-NAK";
	case HK_RADIUS_PROTOCOL_ERROR:
		return "Protocol-Error";
	default:
		return "Unknown";
	}
}

static bool is_value_of(const struct hk_radius_value *v, const struct hk_radius_name *a)
{
	return v->vendor == a->vendor && v->type == a->type && a->extended_type == 0;
}

const char *hk_radius_value_name(const struct hk_radius_name *a, uint32_t value)
{
	for (size_t i = 0; i < hk_radius_value_count; i++)
		if (is_value_of(&hk_radius_values[i], a) && hk_radius_values[i].value == value)
			return hk_radius_values[i].name;
	return NULL;
}

bool hk_radius_value_by_name(const struct hk_radius_name *a, const char *name, uint32_t *value)
{
	for (size_t i = 0; i < hk_radius_value_count; i++) {
		const struct hk_radius_value *v = &hk_radius_values[i];

		if (is_value_of(v, a) && strcasecmp(v->name, name) == 0) {
			*value = v->value;
			return true;
		}
	}
	return false;
}
