/* SPDX-License-Identifier: ISC */
/* Keys for the other rooms of the library, in the one form their usage needs. */
#ifndef HK_KEYS_SCHEDULE_H
#define HK_KEYS_SCHEDULE_H

#include <hokey/key.h>

/*
 * The HMAC key of the Authorization Indication; false for any other kind of
 * key. The caller wipes it.
 */
bool hk_key_schedule_indication(const struct hk_key *key, struct hk_hmac_key *out);

/*
 * An EMSK in the form a key set keeps. HK_ERR_ARGUMENT: another kind of key;
 * HK_ERR_SUITE: its KDF is not one that can be kept. The caller wipes it.
 */
enum hk_err hk_key_keep_emsk(const struct hk_key *emsk, struct hk_kept_emsk *out);
/*
 * The EMSK again, with all that comes below it but the names made of its
 * Session-Id. HK_ERR_NOT_FOUND: none was kept.
 */
enum hk_err hk_key_restore_emsk(const struct hk_kept_emsk *kept, const uint8_t *emsk_name,
	hk_time now, hk_time expires, struct hk_key **out);

#endif
