/* SPDX-License-Identifier: ISC */
/* What holds for every key hierarchy, tried on random ones. */
#include "keys.h"

static uint64_t seed;

/* splitmix64: the same run from the same seed */
static uint64_t random_u64(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void random_octets(uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)random_u64();
}

static struct hk_key *random_emsk(hk_time now, hk_time expires)
{
	uint8_t session_id[65], emsk[HK_EMSK_MAX_LEN];
	size_t len = 64 + random_u64() % (HK_EMSK_MAX_LEN - 63);
	struct hk_key *key;

	random_octets(session_id, sizeof session_id);
	session_id[0] = 13;
	random_octets(emsk, len);
	assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof session_id),
		hk_bytes(emsk, len), now, expires, &key));
	return key;
}

/* ---- independence ---- */

/* Neither is a beginning of the other; equal ones are that too. */
static bool prefix(const struct hk_key *a, const struct hk_key *b)
{
	size_t n = a->secret.len < b->secret.len ? a->secret.len : b->secret.len;

	return memcmp(a->secret.data, b->secret.data, n) == 0;
}

/* E5295-2-01 E5295-2-02 E5295-5.1-02 */
static void keys_below_one_emsk_are_independent(void **state)
{
	static const struct hk_usage usages[] = {
		{"one@example.org", 64, 0, true, false},
		{"two@example.org", 200, 0, true, false},
	};
	struct hk_usages *table;

	(void)state;
	seed = 1;
	assert_ok(hk_usages_new(&table));
	assert_ok(hk_usages_add(table, &usages[0]));
	assert_ok(hk_usages_add(table, &usages[1]));
	for (size_t round = 0; round < 1000; round++) {
		struct hk_key *k[12];
		size_t n = 0;

		k[n++] = random_emsk(NOW, LATER);
		assert_ok(hk_key_derive_dsrk(k[0], hk_text("a.example"), NOW, LATER, &k[n++]));
		assert_ok(hk_key_derive_dsrk(k[0], hk_text("b.example"), NOW, LATER, &k[n++]));
		assert_ok(hk_key_derive_auth_indication(k[0], hk_text("a.example"), NOW, &k[n++]));
		for (size_t i = 0; i < 2; i++) {
			assert_ok(hk_key_derive_usrk(
				k[0], table, usages[i].label, HK_NO_BYTES, NOW, LATER, &k[n++]));
			assert_ok(hk_key_derive_dsusrk(
				k[1], table, usages[i].label, HK_NO_BYTES, NOW, LATER, &k[n++]));
			assert_ok(hk_key_derive_rrk(k[i], NOW, LATER, &k[n++]));
			assert_ok(hk_key_derive_prk(k[i], NOW, LATER, &k[n++]));
		}
		assert_int_equal(n, 12);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < i; j++)
				assert_false(prefix(k[i], k[j]));
		while (n > 0)
			hk_key_free(k[--n]);
	}
	hk_usages_free(table);
}

static int compare_octets(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* Every rMSK of one rRK, all its rIKs, and the rRK. */
/* E5295-5.1-02 E6696-4.7-03 E6696-4.4-05 K4962-3-04 K4962-3-08 */
static void all_children_of_one_rrk_differ(void **state)
{
	const size_t n = 65536 + 4;
	uint8_t *all = malloc(n * 32);
	struct hk_key *emsk = import_vector("V1"), *rrk, *rik;
	struct hk_erp_keys keys;

	(void)state;
	assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
	assert_ok(hk_erp_keys_init(&keys, rrk));
	for (size_t seq = 0; seq < 65536; seq++)
		assert_ok(hk_erp_keys_rmsk(&keys, (uint16_t)seq, all + seq * 32, 32));
	for (uint8_t suite = 1; suite <= 3; suite++) {
		assert_ok(hk_key_derive_rik(rrk, suite, NOW, &rik));
		memcpy(all + (65535 + (size_t)suite) * 32, rik->secret.data, 32);
		hk_key_free(rik);
	}
	memcpy(all + 65539 * 32, rrk->secret.data, 32);
	qsort(all, n, 32, compare_octets);
	for (size_t i = 1; i < n; i++)
		assert_memory_not_equal(all + i * 32, all + (i - 1) * 32, 32);
	free(all);
	hk_key_free(rrk);
	hk_key_free(emsk);
}

/* ---- lifetimes ---- */

/* Some time around now: past, soon, later, never. */
static hk_time random_expiry(hk_time now)
{
	switch (random_u64() % 8) {
	case 0:
		return HK_NEVER;
	case 1:
		return now;
	case 2:
		return now - random_u64() % 1000;
	default:
		return now + 1 + random_u64() % (100 * HK_SECOND);
	}
}

/* Derives a random child, or gives the reason why there is none. */
static enum hk_err random_child(const struct hk_key *parent, const struct hk_usages *usages,
	hk_time now, hk_time expires, struct hk_key **out)
{
	switch (random_u64() % 9) {
	case 0:
		return hk_key_derive_usrk(
			parent, usages, "u@example.org", HK_NO_BYTES, now, expires, out);
	case 1:
		return hk_key_derive_dsusrk(
			parent, usages, "u@example.org", HK_NO_BYTES, now, expires, out);
	case 2:
		return hk_key_derive_dsrk(parent, hk_text("a.b"), now, expires, out);
	case 3:
		return hk_key_derive_rrk(parent, now, expires, out);
	case 4:
		return hk_key_derive_rik(parent, 3, now, out);
	case 5:
		return hk_key_derive_rmsk(parent, (uint16_t)random_u64(), now, expires, out);
	case 6:
		return hk_key_derive_auth_indication(parent, hk_text("a.b"), now, out);
	case 7:
		return hk_key_derive_prk(parent, now, expires, out);
	default:
		return hk_key_derive_pmsk(parent, (uint16_t)random_u64(), now, expires, out);
	}
}

static void check_child(const struct hk_key *child, const struct hk_key *parent, hk_time now)
{
	assert_true(hk_key_expires(child) <= hk_key_expires(parent));
	assert_true(hk_key_expires(child) > now);
	assert_memory_equal(hk_key_emsk_name(child), hk_key_emsk_name(parent), HK_EMSK_NAME_LEN);
	/* a key of a domain never leads back to one of the home domain */
	if (hk_key_domain(parent).len)
		assert_true(hk_bytes_equal(hk_key_domain(child), hk_key_domain(parent)));
}

/*
 * Random trees under random policies while the clock goes on: no child
 * outlives its parent, none comes from a parent that has ended.
 */
/* E5295-5.1-03 E5295-5.1-04 E5295-7.5-02 E6696-4.2-06 E6696-4.2-07 E6696-4.4-06 E6696-4.7-04 */
static void no_child_outlives_its_parent(void **state)
{
	static const struct hk_usage usage = {"u@example.org", 64, 30, true, false};
	struct hk_usages *usages;
	size_t made = 0, ended = 0;

	(void)state;
	seed = 2;
	assert_ok(hk_usages_new(&usages));
	assert_ok(hk_usages_add(usages, &usage));
	for (size_t tree = 0; tree < 200; tree++) {
		struct hk_key *k[40];
		hk_time now = NOW;
		size_t n = 1;

		k[0] = random_emsk(now, now + 600 * HK_SECOND);
		for (size_t step = 0; step < 200 && n < 40; step++) {
			const struct hk_key *parent = k[random_u64() % n];
			enum hk_err err;

			now += random_u64() % (5 * HK_SECOND);
			err = random_child(parent, usages, now, random_expiry(now), &k[n]);
			if (err) {
				assert_null(k[n]);
				assert_true(err == HK_ERR_ARGUMENT || err == HK_ERR_EXPIRED);
				ended += err == HK_ERR_EXPIRED;
				continue;
			}
			check_child(k[n++], parent, now);
			made++;
		}
		while (n > 0)
			hk_key_free(k[--n]);
	}
	/* the run must have tried both */
	assert_true(made > 1000);
	assert_true(ended > 1000);
	hk_usages_free(usages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_below_one_emsk_are_independent),
		cmocka_unit_test(all_children_of_one_rrk_differ),
		cmocka_unit_test(no_child_outlives_its_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
