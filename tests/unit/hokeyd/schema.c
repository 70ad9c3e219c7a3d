/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "hokeyd/schema.h"
#include "hokeyd/source.h"

static void test_each_default_is_a_value_the_option_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < hk_noptions; i++) {
		const struct hk_option *o = &hk_options[i];
		uint64_t value;

		if (!o->fallback || o->type == HK_VALUE_LIST)
			continue;
		if (!hk_option_parse(o, o->fallback, &value))
			fail_msg("%s: '%s' is refused", o->name, o->fallback);
	}
}

static void test_no_option_is_there_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < hk_noptions; i++) {
		assert_ptr_equal(
			hk_option_find(hk_options[i].block, hk_options[i].name), &hk_options[i]);
		assert_false(hk_options[i].required && hk_options[i].fallback);
		assert_non_null(hk_options[i].help);
	}
	assert_null(hk_option_find(HK_BLOCK_ERP, "port"));
}

static void check_number(enum hk_value_type type, const char *text, bool good, uint64_t want)
{
	struct hk_option o = {.type = type, .min = 0, .max = UINT64_MAX};
	uint64_t got = 0;

	if (hk_option_parse(&o, text, &got) != good || (good && got != want))
		fail_msg("'%s' gave %llu", text, (unsigned long long)got);
}

static void test_quantities(void **state)
{
	(void)state;
	check_number(HK_VALUE_NUMBER, "0", true, 0);
	check_number(HK_VALUE_NUMBER, "18446744073709551606", true, UINT64_MAX - 9);
	check_number(HK_VALUE_NUMBER, "184467440737095516160", false, 0);
	check_number(HK_VALUE_NUMBER, "", false, 0);
	check_number(HK_VALUE_NUMBER, "-1", false, 0);
	check_number(HK_VALUE_NUMBER, "1s", false, 0);
	check_number(HK_VALUE_NUMBER, "0x10", false, 0);
	check_number(HK_VALUE_SECONDS, "90", true, 90);
	check_number(HK_VALUE_SECONDS, "90s", true, 90);
	check_number(HK_VALUE_SECONDS, "8h", true, 28800);
	check_number(HK_VALUE_SECONDS, "7d", true, 604800);
	check_number(HK_VALUE_SECONDS, "5ms", false, 0);
	check_number(HK_VALUE_SECONDS, "h", false, 0);
	check_number(HK_VALUE_MILLISECONDS, "2", true, 2000);
	check_number(HK_VALUE_MILLISECONDS, "250ms", true, 250);
	check_number(HK_VALUE_MILLISECONDS, "5m", true, 300000);
	check_number(HK_VALUE_SIZE, "1G", true, 1u << 30);
	check_number(HK_VALUE_SIZE, "16T", true, (uint64_t)16 << 40);
	check_number(HK_VALUE_SIZE, "17000000T", false, 0);
}

static void test_yes_and_no_in_their_spellings(void **state)
{
	(void)state;
	check_number(HK_VALUE_BOOL, "yes", true, 1);
	check_number(HK_VALUE_BOOL, "on", true, 1);
	check_number(HK_VALUE_BOOL, "true", true, 1);
	check_number(HK_VALUE_BOOL, "no", true, 0);
	check_number(HK_VALUE_BOOL, "off", true, 0);
	check_number(HK_VALUE_BOOL, "false", true, 0);
	check_number(HK_VALUE_BOOL, "YES", false, 0);
	check_number(HK_VALUE_BOOL, "1", false, 0);
}

static void check_expects(enum hk_block_kind block, const char *name, const char *want)
{
	char text[200];

	hk_option_expects(hk_option_find(block, name), text, sizeof(text));
	assert_string_equal(text, want);
}

static void test_what_is_expected_in_words(void **state)
{
	(void)state;
	check_expects(HK_BLOCK_CLIENT, "limit-proxy-state", "yes, no or auto");
	check_expects(HK_BLOCK_CLIENT, "duplicate-window", "a time from 5s to 30s");
	check_expects(HK_BLOCK_CLIENT, "reject-delay", "a time from 0 to 2s");
	check_expects(HK_BLOCK_ERP, "window", "a number from 1 to 64");
	check_expects(HK_BLOCK_ERP, "rrk-lifetime", "a time from 1m to 30d");
	check_expects(HK_BLOCK_STORE, "max-size", "a size from 1M to 16T");
	check_expects(HK_BLOCK_ERP, "enabled", "yes or no");
	check_expects(HK_BLOCK_CLIENT, "secret", "1 to 255 octets");
}

static void check_clean(const char *text, const char *want)
{
	char *copy = strdup(text);
	int line = 0;

	assert_null(hk_source_clean(copy, &line));
	assert_string_equal(copy, want);
	free(copy);
}

static void test_comments_go_and_lines_stay(void **state)
{
	(void)state;
	check_clean("a = 1 # x = 'y\nb", "a = 1         \nb");
	check_clean("// all\na", "      \na");
	check_clean("/* one\n two */ a", "      \n        a");
	check_clean("a = '# kept'; b = \"/* kept */\"", "a = '# kept'  b = \"/* kept */\"");
	check_clean("p = /a//b", "p = /a//b");
	check_clean("a += b\r\n", "a += b \n");
	check_clean("s = 'a${b}'", "s = 'a${b}'");
	check_clean("s = \"a\\\"b\" # c", "s = \"a\\\"b\"    ");
}

static void check_dirty(const char *text, int want_line, const char *want)
{
	char *copy = strdup(text);
	const char *problem;
	int line = 0;

	problem = hk_source_clean(copy, &line);
	assert_non_null(problem);
	assert_string_equal(problem, want);
	assert_int_equal(line, want_line);
	free(copy);
}

static void test_what_the_parser_must_not_see(void **state)
{
	static const char environment[] =
		"the environment is not used here; put text with ${ into single quotes";

	(void)state;
	check_dirty("a\nb = \"x\ny\"", 2, "a quoted text does not end in its line");
	check_dirty("a = '", 1, "a quoted text does not end in its line");
	check_dirty("a = \"\\", 1, "a quoted text does not end in its line");
	check_dirty("a\n/* x\n\n", 2, "this comment does not end");
	check_dirty("a /*", 1, "this comment does not end");
	check_dirty("a = \"${HOME}\"", 1, environment);
	check_dirty("\na = ${HOME}", 2, environment);
	check_dirty("a {\n b = { c\n }\n", 1, "this block is not closed");
	check_dirty("a { }\nb {\n", 2, "this block is not closed");
	check_dirty("a = *", 1, "a value with * needs quotes");
	check_dirty("a = x+y", 1, "a value with + needs quotes");
	check_dirty("a = x\\y", 1, "a value with \\ needs quotes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_default_is_a_value_the_option_takes),
		cmocka_unit_test(test_no_option_is_there_twice),
		cmocka_unit_test(test_quantities),
		cmocka_unit_test(test_yes_and_no_in_their_spellings),
		cmocka_unit_test(test_what_is_expected_in_words),
		cmocka_unit_test(test_comments_go_and_lines_stay),
		cmocka_unit_test(test_what_the_parser_must_not_see),
	};

	return cmocka_run_group_tests_name("hokeyd-schema", tests, NULL, NULL);
}
