/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "hokeyd/config_docs.h"
#include "hokeyd/schema.h"

/* The source tree, from the one path that tests are given. */
#define SOURCE_DIR VECTORS_DIR "/../.."

static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	print(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (!f)
		fail_msg("%s cannot be opened", path);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static void check_file(const char *path, void (*print)(FILE *out))
{
	char *want = printed(print);
	char *got = read_text(path);

	if (strcmp(got, want) != 0)
		fail_msg("%s is not what the schema says: run ninja config-docs", path);
	free(got);
	free(want);
}

static void test_the_markdown_in_the_tree_is_up_to_date(void **state)
{
	(void)state;
	check_file(SOURCE_DIR "/docs/configuration.md", hk_config_docs_markdown);
}

static void test_the_man_page_in_the_tree_is_up_to_date(void **state)
{
	(void)state;
	check_file(SOURCE_DIR "/man/hokeyd.conf.5", hk_config_docs_man);
}

static void test_every_option_is_described(void **state)
{
	char *text = printed(hk_config_docs_markdown);

	(void)state;
	for (size_t i = 0; i < hk_noptions; i++) {
		char heading[80];

		snprintf(heading, sizeof(heading), "\n### `%s`\n", hk_options[i].name);
		assert_non_null(strstr(text, heading));
		assert_non_null(strstr(text, hk_options[i].help));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_markdown_in_the_tree_is_up_to_date),
		cmocka_unit_test(test_the_man_page_in_the_tree_is_up_to_date),
		cmocka_unit_test(test_every_option_is_described),
	};

	return cmocka_run_group_tests_name("hokeyd-config-docs", tests, NULL, NULL);
}
