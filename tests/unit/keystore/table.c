/* SPDX-License-Identifier: ISC */
/* The sorted hash table against a plain list, with hashes that crowd together. */
#include "test.h"

#include "keystore/table.h"

#define ITEMS 3000

struct item {
	uint64_t hash;
	bool there;
};

static struct item items[ITEMS];

static uint64_t rnd(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

/* Spread, crowded at either end, or all the same. */
static uint64_t make_hash(int kind)
{
	switch (kind) {
	case 0:
		return rnd();
	case 1:
		return rnd() % 50;
	case 2:
		return UINT64_MAX - rnd() % 50;
	case 3:
		return rnd() % 4 << 62;
	default:
		return 7;
	}
}

static bool find_item(const struct hk_table *t, const struct item *item, uint32_t *index)
{
	void *at;

	*index = hk_table_search(t, item->hash);
	for (; (at = hk_table_at(t, *index, item->hash)) != NULL; ++*index)
		if (at == item)
			return true;
	return false;
}

static void check_all(const struct hk_table *t)
{
	uint64_t last = 0;
	uint32_t index, used = 0;

	for (int i = 0; i < ITEMS; i++)
		assert_int_equal(find_item(t, &items[i], &index), items[i].there);
	for (uint32_t i = 0; i < t->size; i++) {
		if (!t->slots[i].item)
			continue;
		assert_true(t->slots[i].hash >= last);
		last = t->slots[i].hash;
		used++;
	}
	assert_int_equal(used, t->used);
}

/* The least hash from `from` on, by looking at all. */
static void check_seek(const struct hk_table *t, uint64_t from)
{
	const struct item *least = NULL;
	uint32_t index;

	for (int i = 0; i < ITEMS; i++)
		if (items[i].there && items[i].hash >= from &&
			(!least || items[i].hash < least->hash))
			least = &items[i];
	assert_int_equal(hk_table_seek(t, from, &index), least != NULL);
	if (least)
		assert_true(t->slots[index].hash == least->hash);
}

static void table_agrees_with_a_list(void **state)
{
	(void)state;
	for (int kind = 0; kind < 5; kind++) {
		int n = kind == 0 ? ITEMS : 300; /* of the crowded ones fewer */
		struct hk_table t = {0};
		uint32_t index;

		memset(items, 0, sizeof items);
		for (int i = 0; i < n; i++)
			items[i].hash = make_hash(kind);
		for (int step = 0; step < 6 * n; step++) {
			struct item *item = &items[rnd() % (uint64_t)n];
			/* first it mostly grows, then it mostly shrinks */
			bool add = rnd() % 10 < (step < 3 * n ? 8 : 2);

			if (add && !item->there) {
				assert_true(hk_table_insert(&t, item->hash, item));
				item->there = true;
			} else if (!add && item->there) {
				assert_true(find_item(&t, item, &index));
				hk_table_remove(&t, index);
				item->there = false;
			}
			if (step % 500 == 0) {
				check_all(&t);
				check_seek(&t, make_hash(kind));
				check_seek(&t, rnd());
			}
		}
		check_all(&t);
		for (int i = 0; i < n; i++)
			if (items[i].there && find_item(&t, &items[i], &index))
				hk_table_remove(&t, index);
		assert_null(t.slots);
		assert_int_equal(hk_table_bytes(&t), 0);
	}
}

static void empty_table_has_nothing(void **state)
{
	struct hk_table t = {0};
	uint32_t index;

	(void)state;
	assert_null(hk_table_at(&t, hk_table_search(&t, 5), 5));
	assert_false(hk_table_seek(&t, 0, &index));
	hk_table_free(&t);
}

/* At most two of five places are wasted, but for the few first ones. */
static void table_stays_small(void **state)
{
	static int item;
	struct hk_table t = {0};

	(void)state;
	for (uint32_t n = 1; n <= 100000; n++) {
		assert_true(hk_table_insert(&t, rnd(), &item));
		if (n > 1000)
			assert_true(t.used * 5 >= t.size * 2);
	}
	hk_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_agrees_with_a_list),
		cmocka_unit_test(empty_table_has_nothing),
		cmocka_unit_test(table_stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
