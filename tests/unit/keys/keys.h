/* SPDX-License-Identifier: ISC */
/* What the tests of the key hierarchy share: keys of the test vectors. */
#ifndef HK_TESTS_KEYS_H
#define HK_TESTS_KEYS_H

#include "vectors.h"

#include "keys/object.h"

#define NOW   ((hk_time)1700000000000)
#define LATER (NOW + 28800 * HK_SECOND)

/* One value of a vector set: load(&o, "V1", "rRK"). */
struct octets {
	uint8_t data[8192];
	size_t len;
};

static inline struct hk_bytes load(struct octets *o, const char *set, const char *name)
{
	char full[64];

	snprintf(full, sizeof full, "%s.%s", set, name);
	o->len = vector(full, o->data, sizeof o->data);
	return hk_bytes(o->data, o->len);
}

/* The EMSK of a vector set, valid from NOW to LATER. */
static inline struct hk_key *import_vector(const char *set)
{
	struct octets session_id, emsk;
	struct hk_key *key;

	load(&session_id, set, "Session-Id");
	load(&emsk, set, "EMSK");
	assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id.data, session_id.len),
		hk_bytes(emsk.data, emsk.len), NOW, LATER, &key));
	return key;
}

/* Compares a key with a vector, and frees it. */
static inline void check_at(
	struct hk_key *key, const char *set, const char *name, const char *file, int line)
{
	char full[64];

	snprintf(full, sizeof full, "%s.%s", set, name);
	assert_vector_at(key->secret.data, hk_key_len(key), full, file, line);
	hk_key_free(key);
}
#define check(key, set, name) check_at(key, set, name, __FILE__, __LINE__)

/* One key of each kind, below V1. */
struct family {
	struct hk_usages *usages;
	struct hk_key *keys[HK_KEY_PMSK + 1]; /* one of each kind, by kind */
};

static inline void make_family(struct family *f)
{
	static const struct hk_usage usage = {"u@example.org", 64, 0, true, false};
	struct hk_key **k = f->keys;
	static const uint8_t msk[64];

	assert_ok(hk_usages_new(&f->usages));
	assert_ok(hk_usages_add(f->usages, &usage));
	k[HK_KEY_EMSK] = import_vector("V1");
	assert_ok(hk_key_import_msk(hk_bytes(msk, 64), NOW, LATER, &k[HK_KEY_MSK]));
	assert_ok(hk_key_derive_dsrk(
		k[HK_KEY_EMSK], hk_text("visited.example"), NOW, LATER, &k[HK_KEY_DSRK]));
	assert_ok(hk_key_derive_usrk(k[HK_KEY_EMSK], f->usages, "u@example.org", HK_NO_BYTES, NOW,
		LATER, &k[HK_KEY_USRK]));
	assert_ok(hk_key_derive_dsusrk(k[HK_KEY_DSRK], f->usages, "u@example.org", HK_NO_BYTES, NOW,
		LATER, &k[HK_KEY_DSUSRK]));
	assert_ok(hk_key_derive_rrk(k[HK_KEY_EMSK], NOW, LATER, &k[HK_KEY_RRK]));
	assert_ok(hk_key_derive_rik(k[HK_KEY_RRK], 2, NOW, &k[HK_KEY_RIK]));
	assert_ok(hk_key_derive_rmsk(k[HK_KEY_RRK], 0, NOW, LATER, &k[HK_KEY_RMSK]));
	assert_ok(hk_key_derive_auth_indication(
		k[HK_KEY_EMSK], hk_text("visited.example"), NOW, &k[HK_KEY_AUTH_INDICATION]));
	assert_ok(hk_key_derive_prk(k[HK_KEY_EMSK], NOW, LATER, &k[HK_KEY_PRK]));
	assert_ok(hk_key_derive_pmsk(k[HK_KEY_PRK], 0, NOW, LATER, &k[HK_KEY_PMSK]));
}

static inline void free_family(struct family *f)
{
	for (size_t i = 0; i <= HK_KEY_PMSK; i++)
		hk_key_free(f->keys[i]);
	hk_usages_free(f->usages);
}

#endif
