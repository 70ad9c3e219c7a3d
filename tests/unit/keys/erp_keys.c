/* SPDX-License-Identifier: ISC */
#include "keys.h"

#include "keys/schedule.h"

static const char *const sets[] = {"V1", "V2", "V3", "V4", "V5", "V6"};

/* The HMAC of a fixed text under a raw key and a scheduled one. */
static void assert_same_hmac(const struct hk_hmac_key *scheduled, struct hk_bytes key)
{
	struct hk_bytes text = hk_text("any text");
	uint8_t got[HK_SHA256_LEN], want[HK_SHA256_LEN];
	struct hk_hmac_key k;

	hk_hmac_key_init(&k, key);
	hk_hmac_sha256(&k, &text, 1, want);
	hk_hmac_sha256(scheduled, &text, 1, got);
	assert_memory_equal(got, want, sizeof want);
}

static void check_erp_keys(const struct hk_key *rrk, const char *set, const char *prefix)
{
	static const uint16_t seqs[] = {0, 1, 65535};
	struct hk_erp_keys keys;
	char name[32];

	assert_ok(hk_erp_keys_init(&keys, rrk));
	assert_int_equal(keys.len, hk_key_len(rrk));
	for (uint8_t suite = 1; suite <= 3; suite++) {
		struct hk_hmac_key rik;
		struct octets want;

		snprintf(name, sizeof name, "%srIK[cs=%u]", prefix, suite);
		assert_ok(hk_erp_keys_rik(&keys, suite, &rik));
		assert_same_hmac(&rik, load(&want, set, name));
	}
	for (size_t i = 0; i < 3; i++) {
		uint8_t rmsk[256];
		struct octets want;

		snprintf(name, sizeof name, "%srMSK[SEQ=%u]", prefix, seqs[i]);
		load(&want, set, name);
		assert_ok(hk_erp_keys_rmsk(&keys, seqs[i], rmsk, keys.len));
		assert_memory_equal(rmsk, want.data, keys.len);
		/* a part is the beginning of the whole */
		memset(rmsk, 0xee, sizeof rmsk);
		assert_ok(hk_erp_keys_rmsk(&keys, seqs[i], rmsk, 33));
		assert_memory_equal(rmsk, want.data, 33);
		assert_int_equal(rmsk[33], 0xee);
	}
}

/* E6696-4.3-01 E6696-4.5-06 E6696-4.6-01 E6696-4.4-01 E6696-4.7-01 */
static void erp_keys_of_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct hk_key *emsk = import_vector(sets[i]), *dsrk, *rrk;
		struct octets domain;

		assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
		check_erp_keys(rrk, sets[i], "");
		hk_key_free(rrk);
		assert_ok(hk_key_derive_dsrk(
			emsk, load(&domain, sets[i], "domain"), NOW, LATER, &dsrk));
		assert_ok(hk_key_derive_rrk(dsrk, NOW, LATER, &rrk));
		check_erp_keys(rrk, sets[i], "DS-");
		hk_key_free(rrk);
		hk_key_free(dsrk);
		hk_key_free(emsk);
	}
}

static void the_longest_rrk(void **state)
{
	static const uint8_t name[HK_EMSK_NAME_LEN], secret[HK_KEY_MAX_LEN] = {7};
	static uint8_t rmsk[HK_KEY_MAX_LEN];
	struct hk_key *dsrk, *rrk, *key;
	struct hk_erp_keys keys;
	struct hk_hmac_key rik;

	(void)state;
	assert_ok(hk_key_import_dsrk(
		NULL, name, hk_text("a.b"), hk_bytes(secret, sizeof secret), NOW, LATER, &dsrk));
	assert_ok(hk_key_derive_rrk(dsrk, NOW, LATER, &rrk));
	assert_ok(hk_erp_keys_init(&keys, rrk));
	assert_ok(hk_erp_keys_rik(&keys, 2, &rik));
	assert_ok(hk_key_derive_rik(rrk, 2, NOW, &key));
	assert_same_hmac(&rik, key->secret);
	hk_key_free(key);
	assert_ok(hk_erp_keys_rmsk(&keys, 1, rmsk, sizeof rmsk));
	assert_ok(hk_key_derive_rmsk(rrk, 1, NOW, LATER, &key));
	assert_memory_equal(rmsk, key->secret.data, sizeof rmsk);
	hk_key_free(key);
	hk_key_free(rrk);
	hk_key_free(dsrk);
}

/* Only the key of the Authorization Indication is scheduled for others. */
static void the_key_of_an_indication(void **state)
{
	struct hk_hmac_key k;
	struct family f;

	(void)state;
	make_family(&f);
	for (size_t i = 0; i <= HK_KEY_PMSK; i++)
		assert_int_equal(
			hk_key_schedule_indication(f.keys[i], &k), i == HK_KEY_AUTH_INDICATION);
	assert_true(hk_key_schedule_indication(f.keys[HK_KEY_AUTH_INDICATION], &k));
	assert_same_hmac(&k, f.keys[HK_KEY_AUTH_INDICATION]->secret);
	free_family(&f);
}

static void what_is_refused(void **state)
{
	static const struct hk_kdf own = {221, hk_prfplus_sha256};
	static const uint8_t secret[64];
	struct hk_key *emsk = import_vector("V1"), *rrk, *foreign, *foreign_rrk;
	uint8_t rmsk[65];
	struct hk_erp_keys keys;
	struct hk_hmac_key rik;

	(void)state;
	assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
	assert_err(hk_erp_keys_init(&keys, emsk), HK_ERR_ARGUMENT);
	assert_ok(hk_erp_keys_init(&keys, rrk));
	assert_err(hk_erp_keys_rik(&keys, 0, &rik), HK_ERR_SUITE);
	assert_err(hk_erp_keys_rik(&keys, 4, &rik), HK_ERR_SUITE);
	assert_err(hk_erp_keys_rmsk(&keys, 0, rmsk, 65), HK_ERR_ARGUMENT);
	assert_err(hk_erp_keys_rmsk(&keys, 0, rmsk, 0), HK_ERR_ARGUMENT);

	/* the suites of ERP have one KDF, and it is not the one of this EMSK */
	assert_ok(hk_key_import_emsk(
		&own, hk_text("\x0d session"), hk_bytes(secret, 64), NOW, LATER, &foreign));
	assert_ok(hk_key_derive_rrk(foreign, NOW, LATER, &foreign_rrk));
	assert_err(hk_erp_keys_init(&keys, foreign_rrk), HK_ERR_SUITE);
	hk_key_free(foreign_rrk);
	hk_key_free(foreign);
	hk_key_free(rrk);
	hk_key_free(emsk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(erp_keys_of_the_vectors),
		cmocka_unit_test(the_longest_rrk),
		cmocka_unit_test(the_key_of_an_indication),
		cmocka_unit_test(what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
