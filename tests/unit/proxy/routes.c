/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <hokey/proxy.h>

static const struct hk_route list[] = {
	{{(const uint8_t *)"home.example", 12}, 1},
	{{(const uint8_t *)".example", 8}, 2},
	{{(const uint8_t *)".deep.example", 13}, 3},
	{{(const uint8_t *)"DEFAULT", 7}, 4},
	{{(const uint8_t *)"NULL", 4}, 5},
	{{(const uint8_t *)"corp", 4}, 6},
	{{(const uint8_t *)"odd..example", 12}, 7},
};

/* The target for a name; 0 for none, 99 when it is refused. */
static size_t target(const struct hk_routes *routes, const char *name)
{
	const struct hk_route *route;

	if (hk_routes_find(routes, hk_text(name), &route) == HK_ERR_REALM)
		return 99;
	return route ? route->target : 0;
}

static struct hk_routes *make(size_t n)
{
	struct hk_routes *routes = NULL;

	assert_ok(hk_routes_new(list, n, &routes));
	return routes;
}

/* R7542-3-01 R7542-3-02 */
static void exact_suffix_default_null(void **state)
{
	struct hk_routes *routes = make(7);

	(void)state;
	assert_int_equal(target(routes, "alice@home.example"), 1);
	assert_int_equal(target(routes, "alice@HOME.Example"), 1);
	assert_int_equal(target(routes, "a@b@home.example"), 1);
	assert_int_equal(target(routes, "@home.example"), 1);
	assert_int_equal(target(routes, "0123456789abcdef@home.example"), 1);
	assert_int_equal(target(routes, "x@other.example"), 2);
	assert_int_equal(target(routes, "x@b.other.example"), 2);
	assert_int_equal(target(routes, "x@a.deep.example"), 3);
	assert_int_equal(target(routes, "x@b.a.deep.example"), 3);
	assert_int_equal(target(routes, "x@deep.example"), 2);
	assert_int_equal(target(routes, "x@example.org"), 4);
	assert_int_equal(target(routes, "alice"), 5);
	assert_int_equal(target(routes, ""), 5);
	assert_int_equal(target(routes, "x@corp"), 6);
	hk_routes_free(routes);
}

/* R7542-2.6.1-01: what is no NAI goes where names without a realm go. */
static void single_labels_are_no_realms(void **state)
{
	struct hk_routes *routes = make(5);

	(void)state;
	assert_int_equal(target(routes, "x@corp"), 5);
	assert_int_equal(target(routes, "x@DEFAULT"), 5);
	assert_int_equal(target(routes, "x@null"), 5);
	assert_int_equal(target(routes, "WORK\\alice"), 5);
	hk_routes_free(routes);
}

/* R7542-2.2-01 */
static void broken_realms_are_refused(void **state)
{
	static const char *const broken[] = {"x@home.example.", "x@a..example", "x@.example", "x@",
		"x@a b.example", "x@-a.example", "x@a-.example", "x@a.example\n", "x@a_b.example"};
	struct hk_routes *routes = make(7);

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(target(routes, broken[i]), 99);
	/* Unless the operator wrote down exactly that. */
	assert_int_equal(target(routes, "x@odd..example"), 7);
	hk_routes_free(routes);
	/* And with nowhere to send them there is nothing to refuse. */
	routes = make(1);
	assert_int_equal(target(routes, "x@a..example"), 0);
	hk_routes_free(routes);
}

/* R7542-2.3-01 */
static void long_names(void **state)
{
	struct hk_routes *routes = make(7);
	char name[254];

	(void)state;
	memset(name, 'u', sizeof(name));
	memcpy(name + 253 - 13, "@home.example", 14);
	assert_int_equal(strlen(name), 253);
	assert_int_equal(target(routes, name), 1);
	hk_routes_free(routes);
}

static void no_entries(void **state)
{
	struct hk_routes *routes = make(0);

	(void)state;
	assert_int_equal(target(routes, "alice@home.example"), 0);
	assert_int_equal(target(routes, "alice"), 0);
	hk_routes_free(routes);
}

static void the_same_twice(void **state)
{
	const struct hk_route twice[] = {list[0], {{(const uint8_t *)"HOME.example", 12}, 2}};
	struct hk_routes *routes = NULL;

	(void)state;
	assert_int_equal(hk_routes_new(twice, 2, &routes), HK_ERR_EXISTS);
}

static void utf8_realm(void **state)
{
	struct hk_bytes realm;

	(void)state;
	assert_int_equal(hk_realm_form(hk_text("x@b\xc3\xbc"
					       "cher.example"),
				 &realm),
		HK_REALM_NAI);
	assert_int_equal(realm.len, 15);
	assert_int_equal(hk_realm_form(hk_text("x@example"), &realm), HK_REALM_LABEL);
	assert_int_equal(hk_realm_form(hk_text("x"), &realm), HK_REALM_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_suffix_default_null),
		cmocka_unit_test(single_labels_are_no_realms),
		cmocka_unit_test(broken_realms_are_refused),
		cmocka_unit_test(long_names),
		cmocka_unit_test(no_entries),
		cmocka_unit_test(the_same_twice),
		cmocka_unit_test(utf8_realm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
