/* SPDX-License-Identifier: ISC */
/* The inside of a key, for the files of this folder only. */
#ifndef HK_KEYS_OBJECT_H
#define HK_KEYS_OBJECT_H

#include <hokey/key.h>

#include "crypto/crypto.h"

struct hk_key {
	enum hk_key_kind kind;
	const struct hk_kdf *kdf; /* of all keys below; NULL in an MSK */
	hk_time expires;
	uint8_t emsk_name[HK_EMSK_NAME_LEN];
	uint8_t explicit_name[HK_EMSK_NAME_LEN];
	bool has_explicit_name;
	bool released;
	bool scheduled; /* in octets is a struct hk_hmac_key: an EMSK that was kept */
	uint8_t receiver[HK_SHA256_LEN]; /* hash of who got it, when released */
	struct hk_bytes secret;          /* the key; into octets. Scheduled: only its length */
	struct hk_bytes domain;          /* empty: home domain; into octets */
	struct hk_bytes session_id;      /* of an EMSK, for names; into octets */
	uint8_t octets[];
};

/*
 * A key with room for `len` secret octets, to be filled through
 * hk_key_secret(). HK_ERR_EXPIRED when `expires` is not after now.
 */
enum hk_err hk_key_new(enum hk_key_kind kind, size_t len, struct hk_bytes domain,
	struct hk_bytes session_id, hk_time now, hk_time expires, struct hk_key **out);

/* Where the secret octets are written, once, by who made the key. */
uint8_t *hk_key_secret(struct hk_key *key);

const struct hk_kdf *hk_kdf_or_default(const struct hk_kdf *kdf);

/* What hk_kdf_derive() does with its KDF, under this key. */
enum hk_err hk_key_expand(const struct hk_key *key, struct hk_bytes label, struct hk_bytes data,
	uint8_t *out, size_t len);

/* May a domain name go into a derivation? 1 to 236 octets of printable ASCII. */
bool hk_domain_derivable(struct hk_bytes domain);

/* The usage of that label, or NULL. */
const struct hk_usage *hk_usages_find(const struct hk_usages *u, const char *label);

#endif
