/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <hokey/proxy.h>

/* R5080-2.2.2-07 R6613-2.6.5-01 */
static void never_one_that_is_in_use(void **state)
{
	struct hk_identifiers ids;
	bool seen[256] = {false};
	uint8_t id;

	(void)state;
	hk_identifiers_init(&ids, false);
	for (unsigned i = 0; i < 256; i++) {
		assert_true(hk_identifiers_take(&ids, &ids, &id));
		assert_false(seen[id]);
		seen[id] = true;
	}
	assert_false(hk_identifiers_take(&ids, &ids, &id));
	hk_identifiers_release(&ids, 77);
	assert_true(hk_identifiers_take(&ids, &ids, &id));
	assert_int_equal(id, 77);
}

static void the_longest_unused_first(void **state)
{
	struct hk_identifiers ids;
	uint8_t a, b;

	(void)state;
	hk_identifiers_init(&ids, false);
	assert_true(hk_identifiers_take(&ids, &ids, &a));
	hk_identifiers_release(&ids, a);
	hk_identifiers_release(&ids, a);
	for (unsigned i = 0; i < 255; i++) {
		assert_true(hk_identifiers_take(&ids, &ids, &b));
		assert_int_not_equal(a, b);
	}
	assert_true(hk_identifiers_take(&ids, &ids, &b));
	assert_int_equal(a, b);
	assert_false(hk_identifiers_take(&ids, &ids, &b));
}

/* R6613-2.6-01 */
static void zero_is_kept_for_status_server(void **state)
{
	struct hk_identifiers ids;
	uint8_t id;

	(void)state;
	hk_identifiers_init(&ids, true);
	for (unsigned i = 0; i < 255; i++) {
		assert_true(hk_identifiers_take(&ids, &ids, &id));
		assert_int_not_equal(id, 0);
	}
	assert_false(hk_identifiers_take(&ids, &ids, &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_one_that_is_in_use),
		cmocka_unit_test(the_longest_unused_first),
		cmocka_unit_test(zero_is_kept_for_status_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
