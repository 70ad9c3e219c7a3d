/* SPDX-License-Identifier: ISC */
/* EMSKs kept with a key set: the same keys come below them, and nothing else does. */
#include "keys.h"

#include "keys/schedule.h"

static void keep(const struct hk_key *emsk, struct hk_kept_emsk *kept, struct hk_key **again)
{
	assert_ok(hk_key_keep_emsk(emsk, kept));
	assert_int_equal(kept->len, hk_key_len(emsk));
	assert_ok(hk_key_restore_emsk(kept, hk_key_emsk_name(emsk), NOW, LATER, again));
	assert_int_equal(hk_key_kind(*again), HK_KEY_EMSK);
	assert_int_equal(hk_key_len(*again), hk_key_len(emsk));
	assert_memory_equal(hk_key_emsk_name(*again), hk_key_emsk_name(emsk), HK_EMSK_NAME_LEN);
}

static void assert_same_key(struct hk_key *a, struct hk_key *b)
{
	assert_true(hk_key_equal(a, b));
	assert_int_equal(hk_key_expires(a), hk_key_expires(b));
	hk_key_free(a);
	hk_key_free(b);
}

static void same_children(void **state)
{
	/* V5: 96 octets */
	static const char *const sets[] = {"V1", "V2", "V3", "V4", "V5", "V6"};
	struct hk_bytes domain = hk_text("visited.example");

	(void)state;
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		struct hk_key *emsk = import_vector(sets[i]), *again, *a, *b;
		struct hk_kept_emsk kept, twice;

		keep(emsk, &kept, &again);
		assert_ok(hk_key_derive_dsrk(emsk, domain, NOW, HK_NEVER, &a));
		assert_ok(hk_key_derive_dsrk(again, domain, NOW, HK_NEVER, &b));
		assert_same_key(a, b);
		assert_ok(hk_key_derive_rrk(emsk, NOW, HK_NEVER, &a));
		assert_ok(hk_key_derive_rrk(again, NOW, HK_NEVER, &b));
		assert_same_key(a, b);
		assert_ok(hk_key_derive_auth_indication(emsk, domain, NOW, &a));
		assert_ok(hk_key_derive_auth_indication(again, domain, NOW, &b));
		assert_same_key(a, b);
		/* kept once more it is the same again */
		assert_ok(hk_key_keep_emsk(again, &twice));
		assert_memory_equal(&twice, &kept, sizeof kept);
		hk_key_free(emsk);
		hk_key_free(again);
	}
}

static void usages_lose_their_explicit_names(void **state)
{
	const struct hk_usage usage = {"named@hokey.example", 64, 0, true, true};
	struct hk_key *emsk = import_vector("V1"), *again, *a, *b;
	uint8_t name[HK_EMSK_NAME_LEN];
	struct hk_kept_emsk kept;
	struct hk_usages *u;

	(void)state;
	assert_ok(hk_usages_new(&u));
	assert_ok(hk_usages_add(u, &usage));
	keep(emsk, &kept, &again);
	assert_ok(hk_key_derive_usrk(emsk, u, usage.label, HK_NO_BYTES, NOW, HK_NEVER, &a));
	assert_ok(hk_key_derive_usrk(again, u, usage.label, HK_NO_BYTES, NOW, HK_NEVER, &b));
	assert_ok(hk_key_explicit_name(a, name));
	assert_err(hk_key_explicit_name(b, name), HK_ERR_NOT_FOUND);
	assert_same_key(a, b);
	hk_key_free(emsk);
	hk_key_free(again);
	hk_usages_free(u);
}

/* K4962-3-11 */
static void a_kept_emsk_does_not_leave_either(void **state)
{
	struct hk_key *emsk = import_vector("V1"), *again;
	static const enum hk_holder holders[] = {HK_HOLDER_PEER, HK_HOLDER_EAP_SERVER,
		HK_HOLDER_ER_SERVER, HK_HOLDER_AUTHENTICATOR, HK_HOLDER_USAGE};
	struct hk_kept_emsk kept;
	uint8_t octets[256];

	(void)state;
	keep(emsk, &kept, &again);
	for (size_t i = 0; i < sizeof holders / sizeof holders[0]; i++) {
		struct hk_buf b = hk_buf(octets, sizeof octets);

		assert_err(hk_key_release(again, holders[i], hk_text("x"), NOW, &b), HK_ERR_DENIED);
		assert_int_equal(b.len, 0);
	}
	hk_key_free(emsk);
	hk_key_free(again);
}

static void what_cannot_be_kept(void **state)
{
	struct hk_key *emsk = import_vector("V1"), *rrk, *again;
	struct hk_kept_emsk kept, none = {0};

	(void)state;
	assert_ok(hk_key_derive_rrk(emsk, NOW, HK_NEVER, &rrk));
	assert_err(hk_key_keep_emsk(rrk, &kept), HK_ERR_ARGUMENT);
	assert_int_equal(kept.kdf, 0);
	assert_err(hk_key_restore_emsk(&none, hk_key_emsk_name(emsk), NOW, LATER, &again),
		HK_ERR_NOT_FOUND);
	assert_null(again);
	assert_ok(hk_key_keep_emsk(emsk, &kept));
	assert_err(hk_key_restore_emsk(&kept, hk_key_emsk_name(emsk), NOW, NOW, &again),
		HK_ERR_EXPIRED);
	kept.len = 63;
	assert_err(hk_key_restore_emsk(&kept, hk_key_emsk_name(emsk), NOW, LATER, &again),
		HK_ERR_ARGUMENT);
	kept.kdf = 2;
	assert_err(hk_key_restore_emsk(&kept, hk_key_emsk_name(emsk), NOW, LATER, &again),
		HK_ERR_NOT_FOUND);
	hk_key_free(rrk);
	hk_key_free(emsk);
}

static enum hk_err expand_of_another_kdf(
	struct hk_bytes key, struct hk_bytes input, uint8_t *out, size_t len)
{
	(void)key;
	(void)input;
	memset(out, 1, len);
	return HK_OK;
}

static void another_kdf(void **state)
{
	static const struct hk_kdf other = {221, expand_of_another_kdf};
	uint8_t session_id[9] = {13}, octets[64] = {1};
	struct hk_kept_emsk kept;
	struct hk_key *emsk;

	(void)state;
	assert_ok(hk_key_import_emsk(&other, hk_bytes(session_id, sizeof session_id),
		hk_bytes(octets, sizeof octets), NOW, LATER, &emsk));
	assert_err(hk_key_keep_emsk(emsk, &kept), HK_ERR_SUITE);
	hk_key_free(emsk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_children),
		cmocka_unit_test(usages_lose_their_explicit_names),
		cmocka_unit_test(a_kept_emsk_does_not_leave_either),
		cmocka_unit_test(what_cannot_be_kept),
		cmocka_unit_test(another_kdf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
