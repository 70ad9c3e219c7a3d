/* SPDX-License-Identifier: ISC */
/* Between forward.c and its helpers. */
#ifndef HK_PROXY_FORWARD_H
#define HK_PROXY_FORWARD_H

#include <hokey/proxy.h>

#define HK_FORWARD_FILTERS 2

/* From one hop to the next. */
struct hk_hops {
	const struct hk_radius_secret *from; /* NULL: what is hidden stays as it is */
	const uint8_t *from_authenticator; /* Request Authenticator there */
	const struct hk_radius_secret *to;
	const uint8_t *to_authenticator;
	const struct hk_attribute_filter *filters[HK_FORWARD_FILTERS];
};

bool hk_filter_has_type(const struct hk_attribute_filter *f, uint8_t type);
bool hk_filter_has_vsa(const struct hk_attribute_filter *f, uint32_t vendor, uint8_t type);

/*
 * Copies one attribute: verbatim, or hidden anew when it is one of those that
 * are hidden between two hops, or not at all when a filter has it.
 * HK_ERR_MALFORMED: it cannot be read.
 */
enum hk_err hk_forward_attribute(
	const struct hk_hops *hops, const struct hk_radius_attribute *a, struct hk_buf *out);

#endif
