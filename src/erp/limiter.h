/* SPDX-License-Identifier: ISC */
/*
 * Limits the failures that are sent, protected by a peer's key, before the
 * request is known to come from that peer (RFC 6696 section 5.2).
 */
#ifndef HK_ERP_LIMITER_H
#define HK_ERP_LIMITER_H

#include <hokey/er_server.h>

/* Counts one failure for the key set; false when it is over the limit. */
bool hk_er_limiter_allow(struct hk_er_limiter *limiter, uint32_t per_s,
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], hk_time now);

#endif
