/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <hokey/proxy.h>

static void order_and_state_decide(void **state)
{
	struct hk_pool_member m[3] = {{.id = 1, .weight = 1, .last_sent = 30},
		{.id = 2, .weight = 1, .last_sent = 10}, {.id = 3, .weight = 1, .last_sent = 20}};

	(void)state;
	assert_int_equal(hk_pool_choose(HK_POOL_FAIL_OVER, m, 3, 0, 0), 0);
	m[0].state = HK_ZOMBIE;
	assert_int_equal(hk_pool_choose(HK_POOL_FAIL_OVER, m, 3, 0, 0), 1);
	m[1].state = HK_DEAD;
	m[2].state = HK_DEAD;
	assert_int_equal(hk_pool_choose(HK_POOL_FAIL_OVER, m, 3, 0, 0), 0);
	/* All dead: the one that was left alone for longest. */
	m[0].state = HK_DEAD;
	assert_int_equal(hk_pool_choose(HK_POOL_FAIL_OVER, m, 3, 0, 0), 1);
	assert_int_equal(hk_pool_choose(HK_POOL_KEYED, m, 3, 7, 0), 1);
}

/* R2865-2.3-08: where a request came from is left out. */
static void the_excluded_are_never_chosen(void **state)
{
	static const enum hk_pool_kind kinds[] = {
		HK_POOL_FAIL_OVER, HK_POOL_LOAD_BALANCE, HK_POOL_KEYED};
	struct hk_pool_member m[2] = {
		{.id = 1, .weight = 100, .excluded = true}, {.id = 2, .weight = 1}};

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		for (uint64_t i = 0; i < 300; i++)
			assert_int_equal(hk_pool_choose(kinds[k], m, 2, i, i), 1);
	}
	m[1].excluded = true;
	for (size_t k = 0; k < 3; k++)
		assert_int_equal(hk_pool_choose(kinds[k], m, 2, 0, 0), 2);
	assert_int_equal(hk_pool_choose(HK_POOL_FAIL_OVER, m, 0, 0, 0), 0);
}

static void load_follows_weight(void **state)
{
	const struct hk_pool_member m[2] = {{.id = 1, .weight = 3}, {.id = 2, .weight = 1}};
	unsigned count[2] = {0, 0};

	(void)state;
	for (uint64_t i = 0; i < 4000; i++)
		count[hk_pool_choose(HK_POOL_LOAD_BALANCE, m, 2, 0, i)]++;
	assert_int_equal(count[0], 3000);
	assert_int_equal(count[1], 1000);
}

static void a_lost_server_moves_only_its_own(void **state)
{
	struct hk_pool_member m[3] = {
		{.id = 11, .weight = 1}, {.id = 22, .weight = 1}, {.id = 33, .weight = 2}};
	size_t before[3000];
	unsigned count[3] = {0, 0, 0};

	(void)state;
	for (uint64_t i = 0; i < 3000; i++) {
		before[i] = hk_pool_choose(HK_POOL_KEYED, m, 3, i * 0x9e3779b97f4a7c15u, i);
		assert_int_equal(before[i],
			hk_pool_choose(HK_POOL_KEYED, m, 3, i * 0x9e3779b97f4a7c15u, i + 1));
		count[before[i]]++;
	}
	assert_in_range(count[0], 600, 900);
	assert_in_range(count[1], 600, 900);
	assert_in_range(count[2], 1300, 1700);
	m[1].state = HK_DEAD;
	for (uint64_t i = 0; i < 3000; i++) {
		size_t after = hk_pool_choose(HK_POOL_KEYED, m, 3, i * 0x9e3779b97f4a7c15u, i);

		if (before[i] == 1)
			assert_int_not_equal(after, 1);
		else
			assert_int_equal(after, before[i]);
	}
}

/* OPS-10.4-04 */
static void conversations_stick(void **state)
{
	const uint8_t a[] = "0123456789abcdef", b[] = "0123456789abcdeg";
	struct hk_sticky *t = NULL;
	uint32_t id = 0;

	(void)state;
	assert_ok(hk_sticky_new(64, 30000, &t));
	hk_sticky_put(t, 7, hk_bytes(a, 16), 1, 1000);
	assert_true(hk_sticky_find(t, 7, hk_bytes(a, 16), 2000, &id));
	assert_int_equal(id, 1);
	assert_false(hk_sticky_find(t, 7, hk_bytes(b, 16), 2000, &id));
	/* Another client's State means nothing here. */
	assert_false(hk_sticky_find(t, 8, hk_bytes(a, 16), 2000, &id));
	assert_false(hk_sticky_find(t, 7, hk_bytes(a, 16), 31000, &id));
	hk_sticky_put(t, 7, hk_bytes(a, 16), 2, 3000);
	assert_true(hk_sticky_find(t, 7, hk_bytes(a, 16), 3000, &id));
	assert_int_equal(id, 2);
	hk_sticky_free(t);
}

static void the_oldest_conversations_go(void **state)
{
	struct hk_sticky *t = NULL;
	uint32_t id;
	unsigned left = 0;

	(void)state;
	assert_ok(hk_sticky_new(64, 1000000, &t));
	for (uint32_t i = 0; i < 1000; i++) {
		hk_sticky_put(t, 1, hk_bytes(&i, sizeof(i)), i, i + 1);
		assert_true(hk_sticky_find(t, 1, hk_bytes(&i, sizeof(i)), i + 1, &id));
		assert_int_equal(id, i);
	}
	for (uint32_t i = 0; i < 1000; i++)
		left += hk_sticky_find(t, 1, hk_bytes(&i, sizeof(i)), 1001, &id);
	assert_in_range(left, 1, 64);
	hk_sticky_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_state_decide),
		cmocka_unit_test(the_excluded_are_never_chosen),
		cmocka_unit_test(load_follows_weight),
		cmocka_unit_test(a_lost_server_moves_only_its_own),
		cmocka_unit_test(conversations_stick),
		cmocka_unit_test(the_oldest_conversations_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
