/* SPDX-License-Identifier: ISC */
/*
 * What a key store is made of: the table of functions that each
 * implementation fills. The contracts are those of <hokey/keystore.h>.
 */
#ifndef HK_KEYSTORE_STORE_H
#define HK_KEYSTORE_STORE_H

#include <hokey/keystore.h>

struct hk_keystore_ops {
	enum hk_err (*share)(struct hk_keystore *store, struct hk_keystore **out);
	void (*close)(struct hk_keystore *store);
	enum hk_err (*put)(struct hk_keystore *store, const struct hk_keyset *set);
	enum hk_err (*find)(struct hk_keystore *store, const uint8_t *emsk_name,
		struct hk_bytes realm, hk_time now, struct hk_keyset *out);
	void (*advance)(struct hk_keystore *store, struct hk_advance *v, size_t n);
	enum hk_err (*grant)(struct hk_keystore *store, const uint8_t *emsk_name,
		struct hk_bytes realm, hk_time now, const struct hk_grant *grant, bool *again);
	enum hk_err (*sync)(struct hk_keystore *store);
	void (*release)(struct hk_keystore *store);
	enum hk_err (*remove)(
		struct hk_keystore *store, const uint8_t *emsk_name, struct hk_bytes realm);
	enum hk_err (*end)(struct hk_keystore *store, const uint8_t *emsk_name,
		struct hk_bytes realm, struct hk_keyset *out);
	enum hk_err (*next_ended)(
		struct hk_keystore *store, struct hk_walk *cursor, struct hk_keyset *out);
	enum hk_err (*forget)(
		struct hk_keystore *store, const uint8_t *emsk_name, struct hk_bytes realm);
	enum hk_err (*remove_user)(struct hk_keystore *store, struct hk_bytes user,
		const uint8_t *keep, size_t *removed);
	enum hk_err (*walk)(struct hk_keystore *store, struct hk_walk *cursor, size_t max,
		bool (*visit)(void *arg, const struct hk_keyset *set), void *arg, bool *done);
	enum hk_err (*expire)(struct hk_keystore *store, hk_time now, size_t max, size_t *removed);
	enum hk_err (*stats)(struct hk_keystore *store, struct hk_keystore_stats *out);
};

/* First member of each implementation's handle. */
struct hk_keystore {
	const struct hk_keystore_ops *ops;
	enum hk_durability durability;
};

/* A key set at its end is as good as none: what ends now has ended. */
static inline bool hk_keyset_ended(hk_time expires, hk_time now)
{
	return expires <= now;
}

/* Whether a put means the root key that is there already. Constant time. */
bool hk_erp_keys_same(const struct hk_erp_keys *a, const struct hk_erp_keys *b);

/* Adds one, as hk_keystore_grant() promises. */
enum hk_err hk_grants_add(struct hk_grants *grants, const struct hk_grant *grant, bool *again);
/* A set goes on as another: what was granted before stays, and comes first. */
void hk_grants_inherit(struct hk_grants *grants, const struct hk_grants *before);

/*
 * Fills the outcome of one entry from the state of its set, which changes only
 * when the outcome is HK_SEQ_FRESH.
 */
void hk_advance_decide(struct hk_seq_state *state, hk_time expires, struct hk_advance *v);
/* All entries end with this error; none is accepted. */
void hk_advance_fail(struct hk_advance *v, size_t n, enum hk_err err);

#endif
