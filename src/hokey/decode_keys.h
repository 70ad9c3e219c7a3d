/* SPDX-License-Identifier: ISC */
/* The keys a person gives to have a packet checked, and what they can tell. */
#ifndef HK_HOKEY_DECODE_KEYS_H
#define HK_HOKEY_DECODE_KEYS_H

#include <hokey/erp.h>
#include <hokey/key.h>
#include <hokey/radius.h>

struct decode_keys {
	struct hk_radius_secret secret;
	bool has_secret;
	bool show;           /* keys that the secret opens may be printed */
	struct hk_key *emsk; /* NULL: not given */
	bool named;          /* the EMSK came with its Session-Id */
	uint8_t rrk[HK_EMSK_MAX_LEN];
	size_t rrk_len;
	uint8_t rik[HK_EMSK_MAX_LEN];
	size_t rik_len;
};

/* Wipes. */
void decode_keys_free(struct decode_keys *k);

/*
 * Takes the octets of a secret file (a newline at its end is not part of it),
 * or of a file with a key in hex. session_id may be empty. Error text, or NULL.
 */
const char *decode_keys_set_secret(struct decode_keys *k, struct hk_bytes file);
const char *decode_keys_set_emsk(
	struct decode_keys *k, struct hk_bytes file, struct hk_bytes session_id);
const char *decode_keys_set_rrk(struct decode_keys *k, struct hk_bytes file);
const char *decode_keys_set_rik(struct decode_keys *k, struct hk_bytes file);

/* Is there a key that an ERP tag can be checked with? */
bool decode_keys_for_erp(const struct decode_keys *k);

#define WHOSE_MAX 320

/* True when the tag of a reading verifies; whose says with which key. */
bool decode_keys_verify(const struct decode_keys *k, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, char whose[WHOSE_MAX]);
/* True when the Authorization Indication verifies; an EMSK must be there. */
bool decode_keys_verify_indication(const struct decode_keys *k, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, struct hk_bytes domain);

#endif
