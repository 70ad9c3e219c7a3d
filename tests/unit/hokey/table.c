/* SPDX-License-Identifier: ISC */
/* Rows of text, on a terminal and elsewhere. */
#include "test.h"

#include "hokey/table.h"

static void assert_table(bool aligned, const char *want)
{
	static const char *const names[] = {"NAME", "N"}, *const first[] = {"a", "1"},
				 *const second[] = {"J\xc3\xb6rg\x1b[2J\xc2\x9b", NULL};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct table t;

	table_open(&t, out, aligned, 2, names);
	assert_true(table_row(&t, first));
	table_flush(&t);
	assert_true(table_row(&t, second));
	table_close(&t);
	fclose(out);
	assert_string_equal(text, want);
	free(text);
}

static void columns_are_aligned_and_steer_no_terminal(void **state)
{
	(void)state;
	assert_table(true, "NAME  N\na     1\nJ\xc3\xb6rg?[2J??  -\n");
}

static void elsewhere_tabs_are_between(void **state)
{
	(void)state;
	assert_table(false, "NAME\tN\na\t1\nJ\xc3\xb6rg?[2J??\t-\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned_and_steer_no_terminal),
		cmocka_unit_test(elsewhere_tabs_are_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
