/* SPDX-License-Identifier: ISC */
/* What the memory store owes beyond the common: its limit and its size. */
#include "sets.h"

static struct hk_keystore *open_memory(uint64_t max_sets)
{
	struct hk_keystore_memory_config config = {.max_sets = max_sets};
	struct hk_keystore *store;

	assert_ok(hk_keystore_memory_open(&config, &store));
	return store;
}

static struct hk_keystore_stats stats_of(struct hk_keystore *store)
{
	struct hk_keystore_stats stats;

	assert_ok(hk_keystore_stats(store, &stats));
	return stats;
}

static void limit_is_told_and_can_be_left(void **state)
{
	struct hk_keystore *store = open_memory(2);
	struct hk_keyset three = set_of(3, "u"), out;

	(void)state;
	put(store, 1, "u");
	put(store, 2, "u");
	assert_err(hk_keystore_put(store, &three), HK_ERR_STORE_FULL);
	assert_err(find(store, 3, &out), HK_ERR_NOT_FOUND);
	put(store, 2, "other"); /* is there already */
	assert_int_equal(advance(store, 1, 0), HK_SEQ_FRESH);
	assert_ok(hk_keystore_remove(store, set_of(1, "").emsk_name, REALM));
	assert_ok(hk_keystore_put(store, &three));
	assert_int_equal(stats_of(store).sets, 2);
	hk_keystore_close(store);
}

/* All that a set takes comes back when it goes, however it goes. */
static void nothing_stays_behind(void **state)
{
	struct hk_keystore *store = open_memory(0);
	uint64_t empty = stats_of(store).bytes;
	size_t removed;

	(void)state;
	for (uint64_t i = 0; i < 3000; i++) {
		char user[16];
		struct hk_keyset s;

		snprintf(user, sizeof user, "u%u", (unsigned)i % 700);
		s = set_of(i, user);
		s.authorization_len =
			(uint16_t)snprintf((char *)s.authorization, 20, "p%u", (unsigned)i % 40);
		assert_ok(hk_keystore_put(store, &s));
		if (i % 5 == 0)
			put(store, i, "changed"); /* other user, other authorization */
	}
	assert_true(stats_of(store).bytes > empty + 3000 * 250);
	assert_ok(hk_keystore_remove_user(store, hk_text("changed"), NULL, &removed));
	assert_int_equal(removed, 600);
	for (uint64_t i = 1; i < 100; i += 5)
		assert_ok(hk_keystore_remove(store, set_of(i, "").emsk_name, REALM));
	assert_ok(hk_keystore_expire(store, EXPIRES, 5000, &removed));
	assert_int_equal(removed, 3000 - 600 - 20);
	assert_true(stats_of(store).bytes == empty);
	assert_int_equal(stats_of(store).sets, 0);
	hk_keystore_close(store);
}

/* At most 400 octets for each set, all included, with a user of its own each. */
static void sets_are_small(void **state)
{
	struct hk_keystore *store = open_memory(0);
	const uint64_t n = 200000;

	(void)state;
	for (uint64_t i = 0; i < n; i++) {
		char user[32];

		snprintf(user, sizeof user, "user%06u@home.example", (unsigned)i);
		put(store, i, user);
	}
	assert_in_range(stats_of(store).bytes / n, 250, 400);
	hk_keystore_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limit_is_told_and_can_be_left),
		cmocka_unit_test(nothing_stays_behind),
		cmocka_unit_test(sets_are_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
