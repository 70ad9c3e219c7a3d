/* SPDX-License-Identifier: ISC */
/* Names of attributes and values. */
#include "vectors.h"

#include <strings.h>

#include "radius/dictionary.h"

static void numbers_and_names(void **state)
{
	static const struct {
		uint32_t vendor;
		uint8_t type;
		const char *name;
	} cases[] = {
		{0, 1, "User-Name"},
		{0, 79, "EAP-Message"},
		{0, 81, "tunnel-private-group-id"},
		{0, 190, "WLAN-RF-Band"},
		{9, 1, "Cisco-AVPair"},
		{311, 16, "MS-MPPE-Send-Key"},
		{311, 17, "MS-MPPE-Recv-Key"},
		{HK_VENDOR_HOKEY, 1, "HOKEY-Key-Request"},
		{HK_VENDOR_HOKEY, 4, "HOKEY-Key-Error"},
		{HK_VENDOR_HOKEY, 33, "HOKEY-Local-Domain"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct hk_radius_name *a =
			hk_radius_attribute_by_type(cases[i].vendor, cases[i].type);

		assert_non_null(a);
		assert_int_equal(strcasecmp(a->name, cases[i].name), 0);
		assert_ptr_equal(hk_radius_attribute_by_name(cases[i].name), a);
	}
	assert_null(hk_radius_attribute_by_type(0, 17));
	assert_null(hk_radius_attribute_by_type(9999, 1));
	assert_null(hk_radius_attribute_by_type(0, 241));
	assert_null(hk_radius_attribute_by_name("User-Nam"));
	assert_null(hk_radius_attribute_by_name("User-Name2"));
	assert_null(hk_radius_attribute_by_name(""));
	assert_string_equal(
		hk_radius_attribute_by_extended_type(241, 8)->name, "Operator-NAS-Identifier");
	assert_null(hk_radius_attribute_by_extended_type(242, 8));
}

/* No name and no number is there twice; names are good for configuration. */
static void tables_are_consistent(void **state)
{
	(void)state;
	for (size_t i = 0; i < hk_radius_attribute_count; i++) {
		const struct hk_radius_name *a = &hk_radius_attributes[i];

		for (size_t j = 0; j < i; j++) {
			const struct hk_radius_name *b = &hk_radius_attributes[j];

			assert_int_not_equal(strcasecmp(a->name, b->name), 0);
			assert_false(a->vendor == b->vendor && a->type == b->type &&
				     a->extended_type == b->extended_type);
		}
		assert_null(strpbrk(a->name, " \t:=\"#"));
	}
	for (size_t i = 0; i < hk_radius_value_count; i++) {
		const struct hk_radius_value *v = &hk_radius_values[i];
		const struct hk_radius_name *a = hk_radius_attribute_by_type(v->vendor, v->type);
		uint32_t back;

		assert_non_null(a);
		assert_true(
			a->format == HK_FORMAT_INTEGER || a->format == HK_FORMAT_TAGGED_INTEGER);
		assert_string_equal(hk_radius_value_name(a, v->value), v->name);
		assert_true(hk_radius_value_by_name(a, v->name, &back));
		assert_int_equal(back, v->value);
	}
}

static void values(void **state)
{
	const struct hk_radius_name *type = hk_radius_attribute_by_name("Tunnel-Type");
	uint32_t value = 0;

	(void)state;
	assert_true(hk_radius_value_by_name(type, "vlan", &value));
	assert_int_equal(value, 13);
	assert_false(hk_radius_value_by_name(type, "IEEE-802", &value));
	assert_null(hk_radius_value_name(type, 99));
	assert_null(hk_radius_value_name(hk_radius_attribute_by_name("Framed-MTU"), 1));
	assert_string_equal(hk_radius_value_name(hk_radius_attribute_by_name("Error-Cause"), 503),
		"Session-Context-Not-Found");
}

static void codes(void **state)
{
	(void)state;
	assert_string_equal(hk_radius_code_name(1), "Access-Request");
	assert_string_equal(hk_radius_code_name(52), "Protocol-Error");
	assert_string_equal(hk_radius_code_name(0), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_names),
		cmocka_unit_test(tables_are_consistent),
		cmocka_unit_test(values),
		cmocka_unit_test(codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
