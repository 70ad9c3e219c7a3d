/* SPDX-License-Identifier: ISC */
/* A directory of its own for a group of cmocka tests; *state is its path. */
#ifndef HK_TESTS_TEMP_H
#define HK_TESTS_TEMP_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static inline int temp_setup(void **state)
{
	const char *base = getenv("TMPDIR");
	char path[512];

	snprintf(path, sizeof(path), "%s/hokey-test-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(path))
		return -1;
	*state = strdup(path);
	return *state ? 0 : -1;
}

static inline int temp_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int temp_teardown(void **state)
{
	int bad = nftw(*state, temp_remove, 16, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return bad;
}

/* "directory/name"; the caller frees it. */
static inline char *temp_path(const char *directory, const char *name)
{
	char *path = malloc(strlen(directory) + strlen(name) + 2);

	sprintf(path, "%s/%s", directory, name);
	return path;
}

/* Writes text to directory/name and returns the path, which the caller frees. */
static inline char *temp_file(
	const char *directory, const char *name, const char *text, unsigned mode)
{
	char *path = temp_path(directory, name);
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, mode) != 0)
		abort();
	return path;
}

#endif
