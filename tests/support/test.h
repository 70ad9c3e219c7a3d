/* SPDX-License-Identifier: ISC */
/* What every cmocka test of this tree starts with. */
#ifndef HK_TESTS_TEST_H
#define HK_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hokey/bytes.h>
#include <hokey/error.h>

static inline unsigned hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* Octets from hex text (blanks are skipped); returns how many. */
static inline size_t hex(uint8_t *out, size_t cap, const char *text)
{
	size_t n = 0;

	while (*text) {
		if (*text == ' ' || *text == '\n' || *text == '\t') {
			text++;
			continue;
		}
		if (hex_digit(text[0]) > 15 || hex_digit(text[1]) > 15 || n == cap)
			fail_msg("bad hex in test data: %.20s", text);
		out[n++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text += 2;
	}
	return n;
}

/* assert_hex(octets, length, "0a0b..."): with both sides shown when they differ. */
static inline void assert_hex_at(
	const uint8_t *got, size_t n, const char *want, const char *file, int line)
{
	char *text = malloc(2 * n + 1);

	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", got[i]);
	text[2 * n] = 0;
	_assert_string_equal(text, want, file, line);
	free(text);
}
#define assert_hex(got, n, want) assert_hex_at(got, n, want, __FILE__, __LINE__)

static inline void assert_err_at(
	enum hk_err got, enum hk_err want, const char *file, int line)
{
	if (got != want) {
		print_error("%s:%d: got '%s', want '%s'\n", file, line, hk_errname(got),
			hk_errname(want));
		_fail(file, line);
	}
}
#define assert_err(call, want) assert_err_at(call, want, __FILE__, __LINE__)
#define assert_ok(call)        assert_err_at(call, HK_OK, __FILE__, __LINE__)

#endif
