/* SPDX-License-Identifier: ISC */
/*
 * The key store: where key sets live between the full authentication and the
 * re-authentications.
 *
 * One small interface, two implementations (memory, LMDB). A key set is
 * written once, by put, and found by EMSKname and realm. Of its content only
 * the sequence state and the grants change. Whether a sequence number is fresh
 * advance alone decides, once and atomically.
 *
 * A struct hk_keystore is a handle for one thread; hk_keystore_share() makes
 * further handles on the same store. What a store writes outside the process
 * is wrapped (AES-256-GCM) under a key that is not in it.
 *
 * Of a set that ends before its time while others have keys below its EMSK, the
 * store keeps who has which, and nothing else, until those were told: see
 * hk_keystore_end().
 */
#ifndef HOKEY_KEYSTORE_H
#define HOKEY_KEYSTORE_H

#include <hokey/aaa.h>
#include <hokey/key.h>
#include <hokey/keydist.h>

#define HK_USER_MAX_LEN     253
#define HK_REPEAT_TAG_LEN   16
#define HK_SEQ_WINDOW_MAX   64
#define HK_STORE_KEY_LEN    32    /* the wrapping key, octets */
#define HK_GRANTS_MAX       16    /* of one key set: domains a device can visit */

/*
 * The sequence state of a key set (RFC 6696 section 5.4; spec 11.3).
 * expected: lowest number that is fresh in strict mode; 65536: used up.
 * window: bit i set = number (expected - 1 - i) was accepted.
 * last_*: the exchange accepted last, to answer its repetition with the same
 * octets.
 */
struct hk_seq_state {
	uint32_t expected;
	uint32_t last_seq;        /* meaningful once last_time is not 0 */
	uint64_t window;
	hk_time  last_time;
	uint8_t  last_tag[HK_REPEAT_TAG_LEN];
};

/* Which keys below an EMSK went to whom. */
struct hk_grants {
	uint8_t         n;
	struct hk_grant list[HK_GRANTS_MAX];
};

/* One key set, by value. The arrays beyond their length are not touched. */
struct hk_keyset {
	uint8_t            emsk_name[HK_EMSK_NAME_LEN];
	struct hk_erp_keys keys;
	struct hk_seq_state seq;
	hk_time            created;
	hk_time            expires;
	hk_time            session_end;   /* of the authorization; HK_NEVER when unbounded */
	/*
	 * The user is a name that many subscribers may have in common (an outer
	 * identity, where nobody here knows the inner one): no limit per user.
	 */
	bool               shared_user;
	uint16_t           realm_len;
	uint16_t           user_len;
	uint16_t           authorization_len;
	uint8_t            realm[HK_REALM_MAX_LEN]; /* as derived with, or the home realm */
	uint8_t            user[HK_USER_MAX_LEN];   /* subscriber; User-Name of an Accept */
	uint8_t            authorization[HK_AUTHORIZATION_MAX]; /* RADIUS attributes */

	/* Of a home server that delivers keys to other domains; else empty. */
	struct hk_kept_emsk emsk;
	struct hk_grants   grants;
	/* Of an ER server of another domain: who delivered the key; else empty. */
	uint8_t            home_len;
	uint8_t            home[HK_REALM_MAX_LEN];
};

/* Wipes the keys of a set. */
HK_API void hk_keyset_wipe(struct hk_keyset *set);

/* What happened to a sequence number. */
enum hk_freshness {
	HK_SEQ_FRESH,             /* accepted now, never again */
	HK_SEQ_REPEATED,          /* the last accepted exchange once more, octet for octet */
	HK_SEQ_STALE,             /* used before or below what is accepted */
};

struct hk_advance {
	/* in */
	uint8_t         emsk_name[HK_EMSK_NAME_LEN];
	struct hk_bytes realm;
	uint16_t        seq;
	uint8_t         window;           /* 1: strict; to 64: out of order within it */
	uint32_t        repeat_window_ms; /* 0: no repetition is answered */
	uint8_t         tag[HK_REPEAT_TAG_LEN]; /* says which exchange this is */
	hk_time         now;
	/* out */
	enum hk_err     err;              /* HK_OK, HK_ERR_NOT_FOUND, _EXPIRED, _STORE... */
	enum hk_freshness freshness;
	hk_time         accepted_at;      /* FRESH: now; REPEATED: when it was accepted */
};

struct hk_keystore;               /* opaque */

enum hk_durability {
	HK_DURABLE_FULL,          /* on the disk before the call returns */
	HK_DURABLE_BATCH,         /* advances: before hk_keystore_sync() returns; else as full */
	HK_DURABLE_PROCESS,       /* survives the death of the process, not a power cut */
};

struct hk_keystore_memory_config {
	uint64_t max_sets;        /* 0: no limit; over it put is HK_ERR_STORE_FULL */
	uint32_t max_sets_per_user; /* older ones of the same user go; 0: no limit */
	bool     note_ended;      /* they go as by hk_keystore_end(), not _remove() */
};

struct hk_keystore_lmdb_config {
	const char *path;         /* directory, must exist, mode 0700 */
	uint64_t    max_bytes;    /* the most the file can become; at least 1 MiB */
	uint32_t    max_sets_per_user;
	bool        note_ended;   /* as in memory */
	enum hk_durability durability;
	uint8_t     wrap_key[HK_STORE_KEY_LEN];
	/*
	 * Identifies this start of the machine (Linux: boot_id). When it differs
	 * from the one in a store that was not closed, what durability did not
	 * promise to survive is dropped, and `dropped` says how many key sets.
	 */
	struct hk_bytes boot_id;  /* at most 64 octets; empty: as if it always differed */
	uint64_t    dropped;      /* out */
};

HK_API enum hk_err hk_keystore_memory_open(
	const struct hk_keystore_memory_config *config, struct hk_keystore **out);
/*
 * Several processes may have the same store open, each once (a second opening
 * is HK_ERR_EXISTS) and none across a fork. HK_ERR_STORE_KEY: made with another
 * wrapping key. HK_ERR_STORE: it is damaged, cut off, or without its file
 * `state`; errno has more. A store that is nearly full refuses puts
 * (HK_ERR_STORE_FULL) but still counts and removes.
 */
HK_API enum hk_err hk_keystore_lmdb_open(
	struct hk_keystore_lmdb_config *config, struct hk_keystore **out);
/* Another handle on the same store, for another thread. */
HK_API enum hk_err hk_keystore_share(struct hk_keystore *store, struct hk_keystore **out);
/* Closes this handle; the store closes, in order, with the last one. */
HK_API void hk_keystore_close(struct hk_keystore *store);

/*
 * Stores a key set. An existing set of the same name, realm and keys keeps its
 * sequence state (a counter is never lowered as long as its rRK lives) and its
 * grants, and gets new lifetime, user, authorization and EMSK. HK_ERR_EXISTS: under this name and
 * realm there are other keys, and they had not ended when this set was created;
 * the stored ones stay. On return the set is as durable as configured.
 */
HK_API enum hk_err hk_keystore_put(struct hk_keystore *store, const struct hk_keyset *set);

/*
 * Copies a key set out. Realm compares ASCII case-insensitively.
 * HK_ERR_NOT_FOUND; HK_ERR_EXPIRED when it is there but ended at or before now.
 */
HK_API enum hk_err hk_keystore_find(struct hk_keystore *store,
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_bytes realm, hk_time now,
	struct hk_keyset *out);

/*
 * Decides n sequence numbers, in order; each entry gets its own outcome, and
 * entries for the same set see each other. An entry with an error must not be
 * answered. Its number was not accepted, or is used up when it was the disk
 * that failed: it is never accepted twice.
 */
HK_API void hk_keystore_advance(struct hk_keystore *store, struct hk_advance *v, size_t n);

/*
 * Notes that a key below the EMSK of a set goes to somebody, before it goes
 * (RFC 6696 section 8). *again: it went to the same one before. HK_ERR_DENIED:
 * it went to another one. HK_ERR_LIMIT: no room for more. HK_ERR_NOT_FOUND,
 * HK_ERR_EXPIRED: the set. On return it is as durable as a put.
 */
HK_API enum hk_err hk_keystore_grant(struct hk_keystore *store,
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_bytes realm, hk_time now,
	const struct hk_grant *grant, bool *again);

/*
 * With HK_DURABLE_BATCH: makes all advances so far durable. Answers for them
 * leave only afterwards. A no-op otherwise.
 */
HK_API enum hk_err hk_keystore_sync(struct hk_keystore *store);
HK_API enum hk_durability hk_keystore_durability(const struct hk_keystore *store);

/* Ends the snapshot that finds read from. Call after each batch of work. */
HK_API void hk_keystore_release(struct hk_keystore *store);

/* HK_ERR_NOT_FOUND. */
HK_API enum hk_err hk_keystore_remove(struct hk_keystore *store,
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_bytes realm);
/*
 * The same for a set whose keys at others are to end, too. What was granted stays
 * on record, durable as a put, until hk_keystore_forget() or for good: nothing
 * expires there by itself. *out: the set as it was, all grants with it; the caller
 * wipes it.
 */
HK_API enum hk_err hk_keystore_end(struct hk_keystore *store,
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_bytes realm, struct hk_keyset *out);
/*
 * Sets that have ended so, one at a time and without their keys. Start with a
 * zeroed cursor; HK_ERR_NOT_FOUND: that was the last one. The store may change
 * between the calls.
 */
struct hk_walk;
HK_API enum hk_err hk_keystore_next_ended(
	struct hk_keystore *store, struct hk_walk *cursor, struct hk_keyset *out);
/* All who had to be told of the end of that set were. HK_ERR_NOT_FOUND. */
HK_API enum hk_err hk_keystore_forget(struct hk_keystore *store,
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_bytes realm);
/* All sets of a subscriber but the one named keep (may be NULL). */
HK_API enum hk_err hk_keystore_remove_user(struct hk_keystore *store, struct hk_bytes user,
	const uint8_t *keep, size_t *removed);

/*
 * Walks the store in steps. Start with a zeroed cursor; each call visits at
 * most max sets and returns HK_OK with *done true after the last. Sets that
 * come or go meanwhile may or may not be seen; all others are seen once. A
 * visit that returns false stops the step. The set is valid during the visit.
 */
struct hk_walk {
	uint8_t position[HK_EMSK_NAME_LEN + 8];
	uint64_t count;
};
HK_API enum hk_err hk_keystore_walk(struct hk_keystore *store, struct hk_walk *cursor, size_t max,
	bool (*visit)(void *arg, const struct hk_keyset *set), void *arg, bool *done);

/*
 * Looks at no more than max sets from where the last call on this handle
 * stopped and removes those that ended before now; *removed counts them.
 */
HK_API enum hk_err hk_keystore_expire(
	struct hk_keystore *store, hk_time now, size_t max, size_t *removed);

struct hk_keystore_stats {
	uint64_t sets;
	uint64_t bytes;           /* memory or file space in use */
	uint64_t max_bytes;       /* 0: no limit */
};
HK_API enum hk_err hk_keystore_stats(struct hk_keystore *store, struct hk_keystore_stats *out);

/*
 * What advance decides, as a function of values: for stores and for the
 * simulation. Changes *state only when FRESH.
 */
HK_API enum hk_freshness hk_seq_advance(struct hk_seq_state *state, const struct hk_advance *v);
/* Whether seq would be fresh (RFC 6696 section 5.2, first check). */
HK_API bool hk_seq_acceptable(const struct hk_seq_state *state, uint16_t seq, uint8_t window);

#endif
