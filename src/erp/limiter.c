/* SPDX-License-Identifier: ISC */
#include "erp/limiter.h"

bool hk_er_limiter_allow(struct hk_er_limiter *limiter, uint32_t per_s,
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], hk_time now)
{
	/*
	 * EMSKnames come out of the KDF, so they spread evenly as they are. Two
	 * that share a slot share the limit, which does no harm.
	 */
	size_t i = hk_load_u64(emsk_name) % HK_ER_LIMITER_SLOTS;
	uint32_t second = (uint32_t)(now / HK_SECOND);

	if (per_s == 0)
		return true;
	if (limiter->slot[i].second != second) {
		limiter->slot[i].second = second;
		limiter->slot[i].count = 0;
	}
	if (limiter->slot[i].count >= per_s)
		return false;
	limiter->slot[i].count++;
	return true;
}
