/* SPDX-License-Identifier: ISC */
#include <hokey/erp.h>

size_t hk_suite_tag_len(uint8_t suite)
{
	switch (suite) {
	case HK_SUITE_HMAC_SHA256_64:
		return 8;
	case HK_SUITE_HMAC_SHA256_128:
		return 16;
	case HK_SUITE_HMAC_SHA256_256:
		return 32;
	default:
		return 0;
	}
}

const char *hk_suite_name(uint8_t suite)
{
	switch (suite) {
	case HK_SUITE_HMAC_SHA256_64:
		return "HMAC-SHA256-64";
	case HK_SUITE_HMAC_SHA256_128:
		return "HMAC-SHA256-128";
	case HK_SUITE_HMAC_SHA256_256:
		return "HMAC-SHA256-256";
	default:
		return "unknown";
	}
}
