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

#endif
