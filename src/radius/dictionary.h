/* SPDX-License-Identifier: ISC */
/* The tables behind the dictionary, and what the text forms need of it. */
#ifndef HK_RADIUS_DICTIONARY_H
#define HK_RADIUS_DICTIONARY_H

#include <hokey/radius.h>

struct hk_radius_value {
	const char *name;
	uint32_t vendor;
	uint8_t type;
	uint32_t value;
};

extern const struct hk_radius_name hk_radius_attributes[];
extern const size_t hk_radius_attribute_count;
extern const struct hk_radius_value hk_radius_values[];
extern const size_t hk_radius_value_count;

/* By the first len characters of name. */
const struct hk_radius_name *hk_radius_attribute_by_name_part(const char *name, size_t len);

/* "Attr-200" and "Vendor-9-Attr-1": octets, without a name of their own. */
bool hk_radius_numbered_name(const char *name, size_t len, struct hk_radius_name *out);

#endif
