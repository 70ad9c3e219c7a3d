/* SPDX-License-Identifier: ISC */
#include "erp_keys.h"

#include <hokey/eap.h>

struct hk_key *fuzz_emsk(unsigned device)
{
	uint8_t session_id[65] = {HK_EAP_TYPE_TLS}, emsk[HK_EMSK_MIN_LEN];
	struct hk_key *key;

	for (uint8_t i = 0; i < HK_EMSK_MIN_LEN; i++) {
		emsk[i] = (uint8_t)(i ^ device * 37);
		session_id[1 + i] = (uint8_t)((0x80 + i) ^ device * 37);
	}
	fuzz_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof(session_id)),
		hk_bytes(emsk, sizeof(emsk)), FUZZ_NOW, FUZZ_END, &key));
	return key;
}

void fuzz_erp_keys(const struct hk_key *emsk, struct hk_erp_keys *keys)
{
	struct hk_key *rrk;

	fuzz_ok(hk_key_derive_rrk(emsk, FUZZ_NOW, FUZZ_END, &rrk));
	fuzz_ok(hk_erp_keys_init(keys, rrk));
	hk_key_free(rrk);
}
