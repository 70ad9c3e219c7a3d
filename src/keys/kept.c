/* SPDX-License-Identifier: ISC */
/* EMSKs that outlive their login, with the key set that came of it. */
#include "keys/object.h"
#include "keys/schedule.h"

_Static_assert(sizeof(struct hk_hmac_key) <= HK_EMSK_MIN_LEN, "goes where the EMSK was");

enum hk_err hk_key_keep_emsk(const struct hk_key *emsk, struct hk_kept_emsk *out)
{
	*out = (struct hk_kept_emsk){0};
	if (emsk->kind != HK_KEY_EMSK)
		return HK_ERR_ARGUMENT;
	if (emsk->kdf != hk_kdf_find(HK_KDF_PRFPLUS_SHA256))
		return HK_ERR_SUITE;
	if (emsk->scheduled)
		memcpy(&out->key, emsk->octets, sizeof out->key);
	else
		hk_hmac_key_init(&out->key, emsk->secret);
	out->len = (uint16_t)emsk->secret.len;
	out->kdf = emsk->kdf->id;
	return HK_OK;
}

enum hk_err hk_key_restore_emsk(const struct hk_kept_emsk *kept, const uint8_t *emsk_name,
	hk_time now, hk_time expires, struct hk_key **out)
{
	enum hk_err err;

	*out = NULL;
	if (kept->kdf != HK_KDF_PRFPLUS_SHA256)
		return HK_ERR_NOT_FOUND;
	if (kept->len < HK_EMSK_MIN_LEN || kept->len > HK_EMSK_MAX_LEN)
		return HK_ERR_ARGUMENT;
	err = hk_key_new(HK_KEY_EMSK, kept->len, HK_NO_BYTES, HK_NO_BYTES, now, expires, out);
	if (err)
		return err;
	(*out)->kdf = hk_kdf_find(kept->kdf);
	(*out)->scheduled = true;
	memcpy((*out)->emsk_name, emsk_name, HK_EMSK_NAME_LEN);
	memcpy(hk_key_secret(*out), &kept->key, sizeof kept->key);
	return HK_OK;
}
