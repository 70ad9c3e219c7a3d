/* SPDX-License-Identifier: ISC */
/*
 * Rows of text: in aligned columns on a terminal, with tabs between them
 * elsewhere. What could steer a terminal is replaced.
 */
#ifndef HK_HOKEY_TABLE_H
#define HK_HOKEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 8

struct table {
	FILE *out;
	bool aligned;
	size_t columns;
	size_t nrows;                 /* gathered, not printed yet */
	char **cells;                 /* nrows * columns; owned */
	int width[TABLE_COLUMNS_MAX]; /* so far, also of what was printed */
};

/* Starts a table with a row of headings. */
void table_open(struct table *t, FILE *out, bool aligned, size_t columns, const char *const *names);
/* One row of `columns` texts; NULL: "-". False: out of memory. */
bool table_row(struct table *t, const char *const *cells);
/* Prints what was gathered; later rows keep these widths or get wider ones. */
void table_flush(struct table *t);
/* Flushes and frees. */
void table_close(struct table *t);

/* Copies text so that it is safe to print: control characters become '?'. */
char *printable(const char *text);

#endif
