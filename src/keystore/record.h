/* SPDX-License-Identifier: ISC */
/*
 * A key set as octets, for stores outside the process.
 *
 *     key    EMSKname (8) | keyed hash of the lower-case realm (4)
 *     state  expected (4) | last_seq (2) | window (8) | last_time (8) | last_tag (16) | mac (16)
 *     body   format (1) | expires (6) | created (6) | nonce (12) | sealed content
 *
 * Format 2 is for sets with an EMSK, grants or a home, which come first in the
 * content. Format 3 is like it, for sets that have ended: their keys are zeros.
 *
 * Only the state changes after put. Its mac and the associated data of the body
 * bind both to the key, so that parts of two records cannot be exchanged. Keys,
 * realm, user and authorization are sealed. Whoever can put back an older state
 * can set back a counter: against that, only the files' permissions help.
 */
#ifndef HK_KEYSTORE_RECORD_H
#define HK_KEYSTORE_RECORD_H

#include <hokey/keystore.h>

#define HK_RECORD_REALM_LEN 4
#define HK_RECORD_KEY_LEN   (HK_EMSK_NAME_LEN + HK_RECORD_REALM_LEN)
#define HK_RECORD_STATE_LEN 54
#define HK_RECORD_KEPT_MAX                                                                         \
	(1 + 2 + 64 + 1 + HK_GRANTS_MAX * 2 * HK_GRANT_HASH_LEN + 1 + HK_REALM_MAX_LEN)
#define HK_RECORD_BODY_MAX                                                                         \
	(25 + HK_RECORD_KEPT_MAX + 139 + 16 + HK_REALM_MAX_LEN + HK_USER_MAX_LEN +                 \
		HK_AUTHORIZATION_MAX)
#define HK_RECORD_USER_LEN 8
#define HK_WRAP_SALT_LEN   16
#define HK_WRAP_CHECK_LEN  16

/* What wraps and unwraps the records of one store. One per thread. */
struct hk_wrap {
	struct hk_aead *aead;
	struct hk_hmac_key state_key;
	struct hk_hmac_key index_key;
	/* Tells, in the store, whether a wrapping key is the one it was made with. */
	uint8_t check[HK_WRAP_CHECK_LEN];
	/* The realm hashed last: most requests are for one. */
	uint16_t realm_len;
	uint8_t realm[HK_REALM_MAX_LEN];
	uint8_t realm_hash[HK_RECORD_REALM_LEN];
};

/* salt: of the store, at random when it was made. */
enum hk_err hk_wrap_init(struct hk_wrap *w, const uint8_t key[HK_STORE_KEY_LEN],
	const uint8_t salt[HK_WRAP_SALT_LEN]);
void hk_wrap_end(struct hk_wrap *w);

/* realm: at most HK_REALM_MAX_LEN octets. */
void hk_record_key(struct hk_wrap *w, const uint8_t *emsk_name, struct hk_bytes realm,
	uint8_t key[HK_RECORD_KEY_LEN]);
/* The name under which a user's sets are indexed. */
void hk_record_user(const struct hk_wrap *w, struct hk_bytes user, uint8_t out[HK_RECORD_USER_LEN]);

void hk_record_write_state(const struct hk_wrap *w, const uint8_t *key,
	const struct hk_seq_state *seq, uint8_t out[HK_RECORD_STATE_LEN]);
/* HK_ERR_STORE when it is not what was written under this key. */
enum hk_err hk_record_read_state(const struct hk_wrap *w, const uint8_t *key,
	const uint8_t in[HK_RECORD_STATE_LEN], struct hk_seq_state *seq);

/* Appends the body of a set. */
enum hk_err hk_record_seal(const struct hk_wrap *w, const uint8_t *key, const struct hk_keyset *set,
	struct hk_buf *out);
/*
 * All of a set but `seq`. The realm may be another one with the same hash: who
 * looked for one compares. HK_ERR_STORE when it is not what was sealed under
 * this key.
 */
enum hk_err hk_record_open(
	const struct hk_wrap *w, const uint8_t *key, struct hk_bytes body, struct hk_keyset *set);
/*
 * The same for a set that has ended: only times, names, user and grants are of use.
 * What is sealed as one of the two cannot be opened as the other.
 */
enum hk_err hk_record_seal_ended(const struct hk_wrap *w, const uint8_t *key,
	const struct hk_keyset *set, struct hk_buf *out);
enum hk_err hk_record_open_ended(
	const struct hk_wrap *w, const uint8_t *key, struct hk_bytes body, struct hk_keyset *set);
/* The times that are not sealed. HK_ERR_STORE when there is not even a head. */
enum hk_err hk_record_times(struct hk_bytes body, hk_time *expires, hk_time *created);

#endif
