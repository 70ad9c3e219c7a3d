/* SPDX-License-Identifier: ISC */
/* Key sets for the tests of the key store, each made from a number. */
#ifndef HK_TESTS_KEYSTORE_SETS_H
#define HK_TESTS_KEYSTORE_SETS_H

#include "test.h"

#include <hokey/keystore.h>

#define NOW     ((hk_time)1700000000000)
#define REALM   hk_text("home.example")
#define EXPIRES (NOW + 3600 * HK_SECOND)

static inline void set_name(uint8_t name[HK_EMSK_NAME_LEN], uint64_t i)
{
	hk_store_u64(name, (i + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

static inline void set_text(uint8_t *to, uint16_t *len, const char *text)
{
	*len = (uint16_t)strlen(text);
	memcpy(to, text, *len);
}

/* Set i of user `user`. */
static inline struct hk_keyset set_of(uint64_t i, const char *user)
{
	struct hk_keyset s = {
		.created = NOW, .expires = EXPIRES, .session_end = HK_NEVER, .keys = {.len = 64}};

	set_name(s.emsk_name, i);
	for (unsigned k = 0; k < 8; k++) {
		s.keys.rrk.inner[k] = (uint32_t)i * 31 + k;
		s.keys.rrk.outer[k] = (uint32_t)i * 37 + k;
		s.keys.rik2.inner[k] = (uint32_t)i * 41 + k;
		s.keys.rik2.outer[k] = (uint32_t)i * 43 + k;
	}
	set_text(s.realm, &s.realm_len, "home.example");
	set_text(s.user, &s.user_len, user);
	set_text(s.authorization, &s.authorization_len, "\x40\x06vlan\x41\x04tt");
	return s;
}

/* Keeps an EMSK made from a number, n grants and, when it is odd, a home. */
static inline void set_keep(struct hk_keyset *s, uint32_t i, uint8_t n)
{
	uint16_t len;

	s->emsk = (struct hk_kept_emsk){.len = 64, .kdf = HK_KDF_PRFPLUS_SHA256};
	for (unsigned k = 0; k < 8; k++) {
		s->emsk.key.inner[k] = i * 47 + k;
		s->emsk.key.outer[k] = i * 53 + k;
	}
	s->grants.n = n;
	set_text(s->home, &len, i % 2 ? "far.example" : "");
	s->home_len = (uint8_t)len;
	for (uint8_t g = 0; g < n; g++)
		s->grants.list[g] = (struct hk_grant){{g, 1}, {g, 2}};
}

static inline struct hk_advance advance_of(uint64_t i, uint16_t seq)
{
	struct hk_advance v = {.realm = REALM,
		.seq = seq,
		.window = 1,
		.repeat_window_ms = 5000,
		.now = NOW + 1,
		.tag = {(uint8_t)seq, (uint8_t)(seq >> 8)},
		.err = HK_ERR_SYSTEM};

	set_name(v.emsk_name, i);
	return v;
}

static inline enum hk_err find(struct hk_keystore *store, uint64_t i, struct hk_keyset *out)
{
	uint8_t name[HK_EMSK_NAME_LEN];
	enum hk_err err;

	set_name(name, i);
	err = hk_keystore_find(store, name, REALM, NOW, out);
	hk_keystore_release(store);
	return err;
}

/* One number for set i. */
static inline enum hk_freshness advance(struct hk_keystore *store, uint64_t i, uint16_t seq)
{
	struct hk_advance v = advance_of(i, seq);

	hk_keystore_advance(store, &v, 1);
	assert_ok(v.err);
	return v.freshness;
}

static inline void put(struct hk_keystore *store, uint64_t i, const char *user)
{
	struct hk_keyset s = set_of(i, user);

	assert_ok(hk_keystore_put(store, &s));
}

#define assert_same(field, a, b) assert_memory_equal(&(a)->field, &(b)->field, sizeof(a)->field)

static inline void assert_set_equal(const struct hk_keyset *a, const struct hk_keyset *b)
{
	assert_same(emsk_name, a, b);
	assert_same(keys.rrk, a, b);
	assert_same(keys.rik2, a, b);
	assert_int_equal(a->keys.len, b->keys.len);
	assert_same(seq, a, b);
	assert_true(a->created == b->created && a->expires == b->expires);
	assert_true(a->session_end == b->session_end);
	assert_int_equal(a->realm_len, b->realm_len);
	assert_memory_equal(a->realm, b->realm, a->realm_len);
	assert_int_equal(a->user_len, b->user_len);
	assert_memory_equal(a->user, b->user, a->user_len);
	assert_int_equal(a->authorization_len, b->authorization_len);
	assert_memory_equal(a->authorization, b->authorization, a->authorization_len);
	assert_true(a->shared_user == b->shared_user);
	assert_int_equal(a->emsk.kdf, b->emsk.kdf);
	if (a->emsk.kdf) {
		assert_int_equal(a->emsk.len, b->emsk.len);
		assert_same(emsk.key, a, b);
	}
	assert_int_equal(a->grants.n, b->grants.n);
	assert_memory_equal(a->grants.list, b->grants.list, a->grants.n * sizeof a->grants.list[0]);
	assert_int_equal(a->home_len, b->home_len);
	assert_memory_equal(a->home, b->home, a->home_len);
}

#endif
