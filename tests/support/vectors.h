/* SPDX-License-Identifier: ISC */
/* Reads the test vectors of tests/vectors/: lines `name = value`. */
#ifndef HK_TESTS_VECTORS_H
#define HK_TESTS_VECTORS_H

#include "test.h"

/* Octets of a value: hex, "text", sha256:hex or (empty); returns how many. */
static inline size_t vector_decode(const char *value, uint8_t *out, size_t cap)
{
	size_t n;

	if (strcmp(value, "(empty)") == 0)
		return 0;
	if (strncmp(value, "sha256:", 7) == 0)
		return hex(out, cap, value + 7);
	if (value[0] != '"')
		return hex(out, cap, value);
	n = strlen(value) - 2;
	if (n > cap)
		fail_msg("test vector too long: %.20s", value);
	memcpy(out, value + 1, n);
	return n;
}

/* The value of that name in VECTORS_DIR/erp.txt; returns its octets' number. */
static inline size_t vector(const char *name, uint8_t *out, size_t cap)
{
	FILE *f = fopen(VECTORS_DIR "/erp.txt", "r");
	char line[8192], *end;
	size_t n = strlen(name);

	if (!f)
		fail_msg("cannot open " VECTORS_DIR "/erp.txt");
	while (fgets(line, sizeof line, f)) {
		if (strncmp(line, name, n) != 0 || line[n] != ' ' ||
			!(end = strstr(line + n, "= ")))
			continue;
		line[strcspn(line, "\n")] = 0;
		fclose(f);
		return vector_decode(end + 2, out, cap);
	}
	fclose(f);
	fail_msg("no test vector %s", name);
	return 0;
}

/* assert_vector(octets, length, "V1.rRK"): the same octets as the vector of that name. */
static inline void assert_vector_at(
	const uint8_t *got, size_t n, const char *name, const char *file, int line)
{
	uint8_t octets[4096];
	size_t len = vector(name, octets, sizeof octets);
	char *want = malloc(2 * len + 1);

	want[0] = 0;
	for (size_t i = 0; i < len; i++)
		snprintf(want + 2 * i, 3, "%02x", octets[i]);
	assert_hex_at(got, n, want, file, line);
	free(want);
}
#define assert_vector(got, n, name) assert_vector_at(got, n, name, __FILE__, __LINE__)

#endif
