/* SPDX-License-Identifier: ISC */
#include "keys.h"

#include <openssl/crypto.h>

static const uint8_t octets[512] = {1, 2, 3};

/* ---- import ---- */

/* E5295-4-03 E5295-6-05 */
static void what_an_emsk_needs(void **state)
{
	struct hk_bytes id = hk_text("\x0d session"), emsk = hk_bytes(octets, 64);
	static const struct hk_kdf reserved = {0, hk_prfplus_sha256}, empty = {221, NULL};
	struct hk_key *key;

	(void)state;
	assert_err(hk_key_import_emsk(NULL, id, hk_bytes(octets, 63), NOW, LATER, &key),
		HK_ERR_ARGUMENT);
	assert_null(key);
	assert_err(hk_key_import_emsk(NULL, id, hk_bytes(octets, 257), NOW, LATER, &key),
		HK_ERR_ARGUMENT);
	assert_err(hk_key_import_emsk(NULL, HK_NO_BYTES, emsk, NOW, LATER, &key), HK_ERR_ARGUMENT);
	assert_err(hk_key_import_emsk(NULL, hk_bytes(octets, 257), emsk, NOW, LATER, &key),
		HK_ERR_ARGUMENT);
	assert_err(hk_key_import_emsk(&reserved, id, emsk, NOW, LATER, &key), HK_ERR_ARGUMENT);
	assert_err(hk_key_import_emsk(&empty, id, emsk, NOW, LATER, &key), HK_ERR_ARGUMENT);
	assert_null(key);

	assert_ok(hk_key_import_emsk(NULL, id, emsk, NOW, LATER, &key));
	hk_key_free(key);
	assert_ok(hk_key_import_emsk(
		hk_kdf_find(1), hk_bytes("\xfe", 1), hk_bytes(octets, 256), NOW, LATER, &key));
	hk_key_free(key);
}

/* E5295-8.2-01 */
static void kdf_zero_is_refused_and_one_is_the_default(void **state)
{
	static const struct hk_kdf zero = {0, hk_prfplus_sha256};
	struct hk_bytes id = hk_text("\x0d session"), emsk = hk_bytes(octets, 64);
	struct hk_key *a, *b, *rrk_a, *rrk_b;

	(void)state;
	assert_err(hk_key_import_emsk(&zero, id, emsk, NOW, LATER, &a), HK_ERR_ARGUMENT);
	assert_err(hk_key_import_dsrk(&zero, octets, hk_text("a.b"), emsk, NOW, LATER, &a),
		HK_ERR_ARGUMENT);
	assert_ok(hk_key_import_emsk(NULL, id, emsk, NOW, LATER, &a));
	assert_ok(hk_key_import_emsk(hk_kdf_find(1), id, emsk, NOW, LATER, &b));
	assert_ok(hk_key_derive_rrk(a, NOW, LATER, &rrk_a));
	assert_ok(hk_key_derive_rrk(b, NOW, LATER, &rrk_b));
	assert_true(hk_key_equal(rrk_a, rrk_b));
	hk_key_free(rrk_a);
	hk_key_free(rrk_b);
	hk_key_free(a);
	hk_key_free(b);
}

/* E5295-6-02 */
static void methods_without_a_secret(void **state)
{
	static const uint8_t without[] = {1, 2, 3, 4, 5, 6, 17, 26};
	static const uint8_t with[] = {13, 18, 21, 23, 25, 43, 47, 48, 50, 51, 52, 55, 254};
	uint8_t id[33] = {0};
	struct hk_key *key;

	(void)state;
	for (size_t i = 0; i < sizeof without; i++) {
		id[0] = without[i];
		assert_err(hk_key_import_emsk(NULL, hk_bytes(id, sizeof id), hk_bytes(octets, 64),
				   NOW, LATER, &key),
			HK_ERR_DENIED);
		assert_null(key);
	}
	for (size_t i = 0; i < sizeof with; i++) {
		id[0] = with[i];
		assert_ok(hk_key_import_emsk(
			NULL, hk_bytes(id, sizeof id), hk_bytes(octets, 64), NOW, LATER, &key));
		hk_key_free(key);
	}
}

/* E5295-7.5-01 */
static void every_root_key_ends(void **state)
{
	struct hk_bytes id = hk_text("\x0d session"), secret = hk_bytes(octets, 64);
	struct hk_key *key;

	(void)state;
	assert_err(hk_key_import_emsk(NULL, id, secret, NOW, HK_NEVER, &key), HK_ERR_ARGUMENT);
	assert_err(hk_key_import_emsk(NULL, id, secret, NOW, NOW, &key), HK_ERR_EXPIRED);
	assert_null(key);
	assert_ok(hk_key_import_emsk(NULL, id, secret, NOW, NOW + 1, &key));
	assert_int_equal(hk_key_expires(key), NOW + 1);
	hk_key_free(key);
	assert_err(hk_key_import_dsrk(NULL, octets, hk_text("a.b"), secret, NOW, HK_NEVER, &key),
		HK_ERR_ARGUMENT);
	assert_err(hk_key_import_dsrk(NULL, octets, hk_text("a.b"), secret, NOW, NOW, &key),
		HK_ERR_EXPIRED);
	assert_null(key);
}

/* E5295-5.1-07 */
static void what_a_delivered_dsrk_needs(void **state)
{
	struct hk_bytes domain = hk_text("visited.example"), dsrk = hk_bytes(octets, 64);
	struct hk_key *key;
	uint8_t name[HK_EMSK_NAME_LEN];

	(void)state;
	assert_err(hk_key_import_dsrk(NULL, NULL, domain, dsrk, NOW, LATER, &key), HK_ERR_ARGUMENT);
	assert_err(hk_key_import_dsrk(NULL, octets, HK_NO_BYTES, dsrk, NOW, LATER, &key),
		HK_ERR_ARGUMENT);
	assert_err(hk_key_import_dsrk(NULL, octets, hk_text("a b"), dsrk, NOW, LATER, &key),
		HK_ERR_ARGUMENT);
	assert_err(hk_key_import_dsrk(NULL, octets, domain, hk_bytes(octets, 63), NOW, LATER, &key),
		HK_ERR_ARGUMENT);
	assert_null(key);
	assert_ok(hk_key_import_dsrk(NULL, octets, domain, dsrk, NOW, LATER, &key));
	assert_int_equal(hk_key_kind(key), HK_KEY_DSRK);
	assert_memory_equal(hk_key_emsk_name(key), octets, HK_EMSK_NAME_LEN);
	assert_true(hk_bytes_equal(hk_key_domain(key), domain));
	/* its name takes the Session-Id, which only the home server has */
	assert_err(hk_key_explicit_name(key, name), HK_ERR_NOT_FOUND);
	hk_key_free(key);
}

static void lengths_of_an_msk(void **state)
{
	struct hk_key *key;

	(void)state;
	assert_err(hk_key_import_msk(hk_bytes(octets, 31), NOW, LATER, &key), HK_ERR_ARGUMENT);
	assert_err(hk_key_import_msk(hk_bytes(octets, 257), NOW, LATER, &key), HK_ERR_ARGUMENT);
	assert_err(hk_key_import_msk(hk_bytes(octets, 64), NOW, NOW, &key), HK_ERR_EXPIRED);
	assert_null(key);
	assert_ok(hk_key_import_msk(hk_bytes(octets, 32), NOW, HK_NEVER, &key));
	assert_int_equal(hk_key_len(key), 32);
	assert_null(hk_key_emsk_name(key));
	hk_key_free(key);
}

/* The caller may wipe its copy at once. */
static void an_import_copies(void **state)
{
	struct hk_key *a, *b;
	uint8_t secret[64], id[33];

	(void)state;
	memset(secret, 0xe5, sizeof secret);
	memset(id, 0x0d, sizeof id);
	assert_ok(hk_key_import_emsk(
		NULL, hk_bytes(id, sizeof id), hk_bytes(secret, sizeof secret), NOW, LATER, &a));
	memset(secret, 0, sizeof secret);
	memset(id, 0x0d, sizeof id);
	memset(secret, 0xe5, sizeof secret);
	assert_ok(hk_key_import_emsk(
		NULL, hk_bytes(id, sizeof id), hk_bytes(secret, sizeof secret), NOW, LATER, &b));
	memset(secret, 0, sizeof secret);
	memset(id, 0, sizeof id);
	assert_true(hk_key_equal(a, b));
	assert_int_equal(a->secret.data[63], 0xe5);
	assert_int_equal(a->session_id.data[32], 0x0d);
	hk_key_free(a);
	hk_key_free(b);
}

/* ---- what a key says about itself ---- */

static void kinds_and_holders(void **state)
{
	static const struct {
		const char *name;
		unsigned holders;
	} want[] = {
		[HK_KEY_MSK] = {"MSK", 1 | 2 | 8},
		[HK_KEY_EMSK] = {"EMSK", 1 | 2},
		[HK_KEY_USRK] = {"USRK", 1 | 2 | 16},
		[HK_KEY_DSRK] = {"DSRK", 1 | 2 | 4},
		[HK_KEY_DSUSRK] = {"DSUSRK", 1 | 4 | 16},
		[HK_KEY_RRK] = {"rRK", 1 | 4},
		[HK_KEY_RIK] = {"rIK", 1 | 4},
		[HK_KEY_RMSK] = {"rMSK", 1 | 4 | 8},
		[HK_KEY_AUTH_INDICATION] = {"Authorization Indication key", 1 | 2},
		[HK_KEY_PRK] = {"pRK", 1 | 4},
		[HK_KEY_PMSK] = {"pMSK", 1 | 4 | 8},
	};
	struct family f;

	(void)state;
	make_family(&f);
	for (size_t i = 0; i <= HK_KEY_PMSK; i++) {
		assert_int_equal(hk_key_kind(f.keys[i]), i);
		assert_string_equal(hk_key_kind_name((enum hk_key_kind)i), want[i].name);
		assert_int_equal(hk_key_holders(f.keys[i]), want[i].holders);
	}
	assert_string_equal(hk_key_kind_name((enum hk_key_kind)(HK_KEY_PMSK + 1)), "unknown key");
	free_family(&f);
}

/* E5295-3.2-02 E5295-4-11 */
static void only_three_kinds_have_names_of_their_own(void **state)
{
	struct family f;
	uint8_t name[HK_EMSK_NAME_LEN];

	(void)state;
	make_family(&f);
	for (size_t i = 0; i <= HK_KEY_PMSK; i++) {
		bool may = i == HK_KEY_USRK || i == HK_KEY_DSRK || i == HK_KEY_DSUSRK;

		assert_int_equal(hk_key_explicit_name(f.keys[i], name) != HK_ERR_ARGUMENT, may);
		/* all others go by EMSKname and domain */
		if (i != HK_KEY_MSK)
			assert_memory_equal(hk_key_emsk_name(f.keys[i]),
				hk_key_emsk_name(f.keys[HK_KEY_EMSK]), HK_EMSK_NAME_LEN);
	}
	free_family(&f);
}

/* E6696-4.4-05 E6696-4.7-03 */
static void keys_of_one_tree_differ(void **state)
{
	struct family f;

	(void)state;
	make_family(&f);
	for (size_t i = 0; i <= HK_KEY_PMSK; i++)
		for (size_t j = 0; j <= HK_KEY_PMSK; j++)
			assert_int_equal(hk_key_equal(f.keys[i], f.keys[j]), i == j);
	free_family(&f);
}

static void keys_of_other_length_are_not_equal(void **state)
{
	struct hk_key *a, *b;

	(void)state;
	assert_ok(hk_key_import_msk(hk_bytes(octets, 64), NOW, LATER, &a));
	assert_ok(hk_key_import_msk(hk_bytes(octets, 65), NOW, LATER, &b));
	assert_false(hk_key_equal(a, b));
	assert_false(hk_key_equal(b, a));
	hk_key_free(a);
	hk_key_free(b);
}

/* ---- release ---- */

/*
 * E5295-5-02 E5295-5-03 E5295-6-01 E5295-6-03 E6696-4.2-04 E6696-4.4-04
 */
static void who_may_receive_what(void **state)
{
	static const unsigned allowed[] = {
		[HK_KEY_MSK] = HK_HOLDER_AUTHENTICATOR,
		[HK_KEY_USRK] = HK_HOLDER_USAGE,
		[HK_KEY_DSRK] = HK_HOLDER_ER_SERVER,
		[HK_KEY_DSUSRK] = HK_HOLDER_USAGE,
		[HK_KEY_RMSK] = HK_HOLDER_AUTHENTICATOR,
		[HK_KEY_PMSK] = HK_HOLDER_AUTHENTICATOR,
	};
	struct family f;

	(void)state;
	make_family(&f);
	for (size_t i = 0; i <= HK_KEY_PMSK; i++)
		for (unsigned holder = 0; holder <= 32; holder++) {
			uint8_t room[256];
			struct hk_buf out = hk_buf(room, sizeof room);
			enum hk_err err = hk_key_release(f.keys[i], (enum hk_holder)holder,
				hk_text("visited.example"), NOW, &out);

			if (holder && i < sizeof allowed / sizeof *allowed &&
				allowed[i] == holder) {
				assert_ok(err);
				assert_int_equal(out.len, hk_key_len(f.keys[i]));
				assert_memory_equal(room, f.keys[i]->secret.data, out.len);
			} else {
				assert_err(err, HK_ERR_DENIED);
				assert_int_equal(out.len, 0);
			}
		}
	free_family(&f);
}

/* E5295-6-10 E6696-4.7-07 */
static void one_receiver_only(void **state)
{
	static const enum hk_key_kind kinds[] = {HK_KEY_MSK, HK_KEY_RMSK, HK_KEY_PMSK};
	struct family f;

	(void)state;
	make_family(&f);
	for (size_t i = 0; i < 3; i++) {
		uint8_t room[256];
		struct hk_buf out = hk_buf(room, sizeof room);
		struct hk_key *key = f.keys[kinds[i]];

		assert_err(hk_key_release(key, HK_HOLDER_AUTHENTICATOR, HK_NO_BYTES, NOW, &out),
			HK_ERR_ARGUMENT);
		assert_ok(hk_key_release(key, HK_HOLDER_AUTHENTICATOR, hk_text("ap1"), NOW, &out));
		/* the answer may be sent again */
		assert_ok(hk_key_release(key, HK_HOLDER_AUTHENTICATOR, hk_text("ap1"), NOW, &out));
		assert_err(hk_key_release(key, HK_HOLDER_AUTHENTICATOR, hk_text("ap2"), NOW, &out),
			HK_ERR_DENIED);
		assert_err(hk_key_release(key, HK_HOLDER_AUTHENTICATOR, hk_text("ap"), NOW, &out),
			HK_ERR_DENIED);
		assert_int_equal(out.len, 128);
	}
	free_family(&f);
}

static void a_dsrk_goes_to_its_domain(void **state)
{
	struct family f;
	uint8_t room[256];
	struct hk_buf out = hk_buf(room, sizeof room);

	(void)state;
	make_family(&f);
	assert_err(hk_key_release(f.keys[HK_KEY_DSRK], HK_HOLDER_ER_SERVER,
			   hk_text("other.example"), NOW, &out),
		HK_ERR_DENIED);
	assert_ok(hk_key_release(
		f.keys[HK_KEY_DSRK], HK_HOLDER_ER_SERVER, hk_text("visited.example"), NOW, &out));
	assert_ok(hk_key_release(
		f.keys[HK_KEY_DSRK], HK_HOLDER_ER_SERVER, hk_text("Visited.Example"), NOW, &out));
	assert_int_equal(out.len, 128);
	free_family(&f);
}

static void no_room_is_no_release(void **state)
{
	struct family f;
	uint8_t room[64];
	struct hk_buf small = hk_buf(room, 63), enough = hk_buf(room, 64);
	struct hk_key *rmsk;

	(void)state;
	make_family(&f);
	rmsk = f.keys[HK_KEY_RMSK];
	assert_err(hk_key_release(rmsk, HK_HOLDER_AUTHENTICATOR, hk_text("ap1"), NOW, &small),
		HK_ERR_TOO_LONG);
	assert_ok(hk_key_release(rmsk, HK_HOLDER_AUTHENTICATOR, hk_text("ap2"), NOW, &enough));
	free_family(&f);
}

/* E5295-5.1-04 E6696-4.2-07 E6696-4.4-06 E6696-4.4-07 */
static void nothing_works_after_the_end(void **state)
{
	struct family f;
	uint8_t room[64];
	struct hk_buf out = hk_buf(room, sizeof room);
	struct hk_key *key, **k = f.keys;

	(void)state;
	make_family(&f);
	assert_err(hk_key_derive_rrk(k[HK_KEY_EMSK], LATER, HK_NEVER, &key), HK_ERR_EXPIRED);
	assert_err(hk_key_derive_rrk(k[HK_KEY_DSRK], LATER, HK_NEVER, &key), HK_ERR_EXPIRED);
	assert_err(hk_key_derive_dsrk(k[HK_KEY_EMSK], hk_text("a.b"), LATER, HK_NEVER, &key),
		HK_ERR_EXPIRED);
	assert_err(hk_key_derive_usrk(k[HK_KEY_EMSK], f.usages, "u@example.org", HK_NO_BYTES, LATER,
			   HK_NEVER, &key),
		HK_ERR_EXPIRED);
	assert_err(hk_key_derive_dsusrk(k[HK_KEY_DSRK], f.usages, "u@example.org", HK_NO_BYTES,
			   LATER, HK_NEVER, &key),
		HK_ERR_EXPIRED);
	assert_err(hk_key_derive_rik(k[HK_KEY_RRK], 2, LATER, &key), HK_ERR_EXPIRED);
	assert_err(hk_key_derive_rmsk(k[HK_KEY_RRK], 1, LATER, HK_NEVER, &key), HK_ERR_EXPIRED);
	assert_err(hk_key_derive_auth_indication(k[HK_KEY_EMSK], hk_text("a.b"), LATER, &key),
		HK_ERR_EXPIRED);
	assert_err(hk_key_derive_prk(k[HK_KEY_EMSK], LATER, HK_NEVER, &key), HK_ERR_EXPIRED);
	assert_err(hk_key_derive_pmsk(k[HK_KEY_PRK], 1, LATER, HK_NEVER, &key), HK_ERR_EXPIRED);
	assert_null(key);
	assert_err(hk_key_release(
			   k[HK_KEY_RMSK], HK_HOLDER_AUTHENTICATOR, hk_text("ap1"), LATER, &out),
		HK_ERR_EXPIRED);
	assert_int_equal(out.len, 0);
	/* a millisecond before, all is well */
	assert_ok(hk_key_derive_rik(k[HK_KEY_RRK], 2, LATER - 1, &key));
	hk_key_free(key);
	assert_ok(hk_key_release(
		k[HK_KEY_RMSK], HK_HOLDER_AUTHENTICATOR, hk_text("ap1"), LATER - 1, &out));
	free_family(&f);
}

/* E5295-6-03 */
static void keys_lie_in_the_secure_heap(void **state)
{
	struct family f;

	(void)state;
	assert_int_equal(CRYPTO_secure_malloc_init(65536, 32), 1);
	make_family(&f);
	for (size_t i = 0; i <= HK_KEY_PMSK; i++)
		assert_int_equal(CRYPTO_secure_allocated(f.keys[i]), 1);
	free_family(&f);
	assert_int_equal(CRYPTO_secure_used(), 0);
	assert_int_equal(CRYPTO_secure_malloc_done(), 1);
}

static void a_full_secure_heap_is_an_error(void **state)
{
	struct hk_key *keys[64], *more;
	size_t n = 0;

	(void)state;
	assert_int_equal(CRYPTO_secure_malloc_init(4096, 32), 1);
	while (n < 64 && hk_key_import_msk(hk_bytes(octets, 64), NOW, LATER, &keys[n]) == HK_OK)
		n++;
	assert_in_range(n, 1, 63);
	assert_err(hk_key_import_msk(hk_bytes(octets, 64), NOW, LATER, &more), HK_ERR_NO_MEMORY);
	assert_null(more);
	while (n > 0)
		hk_key_free(keys[--n]);
	assert_int_equal(CRYPTO_secure_malloc_done(), 1);
}

static void freeing_nothing(void **state)
{
	(void)state;
	hk_key_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_emsk_needs),
		cmocka_unit_test(kdf_zero_is_refused_and_one_is_the_default),
		cmocka_unit_test(methods_without_a_secret),
		cmocka_unit_test(every_root_key_ends),
		cmocka_unit_test(what_a_delivered_dsrk_needs),
		cmocka_unit_test(lengths_of_an_msk),
		cmocka_unit_test(an_import_copies),
		cmocka_unit_test(kinds_and_holders),
		cmocka_unit_test(only_three_kinds_have_names_of_their_own),
		cmocka_unit_test(keys_of_one_tree_differ),
		cmocka_unit_test(keys_of_other_length_are_not_equal),
		cmocka_unit_test(who_may_receive_what),
		cmocka_unit_test(one_receiver_only),
		cmocka_unit_test(a_dsrk_goes_to_its_domain),
		cmocka_unit_test(no_room_is_no_release),
		cmocka_unit_test(nothing_works_after_the_end),
		cmocka_unit_test(keys_lie_in_the_secure_heap),
		cmocka_unit_test(a_full_secure_heap_is_an_error),
		cmocka_unit_test(freeing_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
