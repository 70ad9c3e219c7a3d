/* SPDX-License-Identifier: ISC */
#include "aaa/cui.h"

#include "crypto/crypto.h"

#include <hokey/radius.h>

/* The project's own form: opaque, and different for each operator. */
static void derive(const struct hk_home_policy *policy, struct hk_bytes operator_name,
	struct hk_bytes user, uint8_t out[HK_CUI_LEN])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t lower[HK_RADIUS_VALUE_MAX], mac[HK_SHA256_LEN];
	size_t n = operator_name.len < sizeof(lower) ? operator_name.len : sizeof(lower);
	const struct hk_bytes parts[] = {
		hk_bytes(lower, n), hk_bytes((const uint8_t *)"", 1), user};
	struct hk_hmac_key key;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = operator_name.data[i];

		lower[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
	}
	hk_hmac_key_init(&key, policy->cui_key);
	hk_hmac_sha256(&key, parts, sizeof(parts) / sizeof(parts[0]), mac);
	for (size_t i = 0; i < HK_CUI_LEN; i++)
		out[i] = (uint8_t)digits[i % 2 ? mac[i / 2] & 15 : mac[i / 2] >> 4];
	hk_wipe(&key, sizeof(key));
	hk_wipe(mac, sizeof(mac));
}

/* The one the operator gave this user, if there is one. */
static struct hk_bytes given(struct hk_bytes authorization)
{
	struct hk_reader r = hk_reader(authorization);
	struct hk_radius_attribute a;

	while (hk_radius_next(&r, &a)) {
		if (a.type == HK_RADIUS_CHARGEABLE_USER_IDENTITY)
			return a.value;
	}
	return HK_NO_BYTES;
}

static bool asks(struct hk_bytes cui)
{
	return cui.len == 1 && cui.data[0] == 0;
}

enum hk_err hk_cui_answer(const struct hk_home_policy *policy, struct hk_home_visit *visit,
	struct hk_bytes authorization, bool of_ours)
{
	const struct hk_aaa_request *request = &visit->request;
	struct hk_aaa_reply *reply = &visit->reply;
	struct hk_bytes own;

	if (!request->cui.len || !policy->cui_key.len)
		return HK_OK;
	own = given(authorization);
	if (!own.len && !of_ours)
		return HK_OK;
	if (!own.len) {
		derive(policy, request->operator_name, visit->event.user, reply->cui);
		own = hk_bytes(reply->cui, sizeof(reply->cui));
		reply->has_cui = true;
	}
	if (asks(request->cui) || hk_bytes_equal(request->cui, own))
		return HK_OK;
	reply->has_cui = false;
	return HK_ERR_DENIED;
}
