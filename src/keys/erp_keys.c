/* SPDX-License-Identifier: ISC */
#include "keys/object.h"
#include "keys/schedule.h"

#include <hokey/erp.h>

#define INPUT_MAX 64

/* PRF+ below a scheduled rRK: the first len octets of a key as long as the rRK. */
static void expand(const struct hk_erp_keys *keys, const char *label, struct hk_bytes data,
	uint8_t *out, size_t len)
{
	uint8_t octets[INPUT_MAX];
	struct hk_buf input = hk_buf(octets, sizeof octets);

	hk_put(&input, label, strlen(label) + 1); /* with the NUL between label and data */
	hk_put_bytes(&input, data);
	hk_put_u16(&input, keys->len);
	hk_prfplus(&keys->rrk, hk_buf_bytes(&input), out, len);
}

static void schedule_rik(const struct hk_erp_keys *keys, uint8_t suite, struct hk_hmac_key *rik)
{
	uint8_t octets[HK_KEY_MAX_LEN];

	expand(keys, HK_LABEL_RIK, hk_bytes(&suite, 1), octets, keys->len);
	hk_hmac_key_init(rik, hk_bytes(octets, keys->len));
	hk_wipe(octets, keys->len);
}

enum hk_err hk_erp_keys_init(struct hk_erp_keys *keys, const struct hk_key *rrk)
{
	if (rrk->kind != HK_KEY_RRK)
		return HK_ERR_ARGUMENT;
	if (rrk->kdf != hk_kdf_find(HK_KDF_PRFPLUS_SHA256))
		return HK_ERR_SUITE;
	hk_hmac_key_init(&keys->rrk, rrk->secret);
	keys->len = (uint16_t)rrk->secret.len;
	schedule_rik(keys, HK_SUITE_HMAC_SHA256_128, &keys->rik2);
	return HK_OK;
}

enum hk_err hk_erp_keys_rik(const struct hk_erp_keys *keys, uint8_t suite, struct hk_hmac_key *rik)
{
	if (suite < HK_SUITE_HMAC_SHA256_64 || suite > HK_SUITE_HMAC_SHA256_256)
		return HK_ERR_SUITE;
	if (suite == HK_SUITE_HMAC_SHA256_128)
		*rik = keys->rik2;
	else
		schedule_rik(keys, suite, rik);
	return HK_OK;
}

enum hk_err hk_erp_keys_rmsk(const struct hk_erp_keys *keys, uint16_t seq, uint8_t *out, size_t len)
{
	uint8_t octets[2];

	if (len == 0 || len > keys->len)
		return HK_ERR_ARGUMENT;
	hk_store_u16(octets, seq);
	expand(keys, HK_LABEL_RMSK, hk_bytes(octets, sizeof octets), out, len);
	return HK_OK;
}

enum hk_err hk_erp_keys_rmsk_key(const struct hk_erp_keys *keys, const uint8_t *emsk_name,
	struct hk_bytes domain, uint16_t seq, hk_time now, hk_time expires, struct hk_key **out)
{
	enum hk_err err;

	err = hk_key_new(HK_KEY_RMSK, keys->len, domain, HK_NO_BYTES, now, expires, out);
	if (err)
		return err;
	(*out)->kdf = hk_kdf_or_default(NULL);
	memcpy((*out)->emsk_name, emsk_name, HK_EMSK_NAME_LEN);
	return hk_erp_keys_rmsk(keys, seq, hk_key_secret(*out), keys->len);
}

bool hk_key_schedule_indication(const struct hk_key *key, struct hk_hmac_key *out)
{
	if (key->kind != HK_KEY_AUTH_INDICATION)
		return false;
	hk_hmac_key_init(out, key->secret);
	return true;
}
