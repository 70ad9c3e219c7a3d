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

#endif
