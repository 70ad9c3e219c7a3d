/* SPDX-License-Identifier: ISC */
#include "hokey/table.h"

#include <stdlib.h>
#include <string.h>

/* UTF-8 passes, but for the controls U+0080 to U+009F, which are C2 80 to C2 9F. */
char *printable(const char *text)
{
	char *copy = strdup(text);

	for (unsigned char *p = (unsigned char *)copy; p && *p; p++) {
		if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
		else if (*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	return copy;
}

/* Columns on the screen: octets that begin a character. */
static int width_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void table_open(struct table *t, FILE *out, bool aligned, size_t columns, const char *const *names)
{
	*t = (struct table){.out = out, .aligned = aligned, .columns = columns};
	table_row(t, names);
}

bool table_row(struct table *t, const char *const *cells)
{
	char **more = realloc(t->cells, (t->nrows + 1) * t->columns * sizeof *more);
	char **row;

	if (!more)
		return false;
	t->cells = more;
	row = more + t->nrows * t->columns;
	for (size_t i = 0; i < t->columns; i++) {
		row[i] = printable(cells[i] ? cells[i] : "-");
		if (!row[i]) {
			while (i > 0)
				free(row[--i]);
			return false;
		}
		if (t->width[i] < width_of(row[i]))
			t->width[i] = width_of(row[i]);
	}
	t->nrows++;
	return true;
}

static void print_row(const struct table *t, char *const *row)
{
	for (size_t i = 0; i < t->columns; i++) {
		bool last = i + 1 == t->columns;

		fputs(row[i], t->out);
		if (!last && t->aligned)
			fprintf(t->out, "%*s", t->width[i] - width_of(row[i]) + 2, "");
		else
			fputc(last ? '\n' : '\t', t->out);
	}
}

void table_flush(struct table *t)
{
	for (size_t r = 0; r < t->nrows; r++) {
		print_row(t, t->cells + r * t->columns);
		for (size_t i = 0; i < t->columns; i++)
			free(t->cells[r * t->columns + i]);
	}
	t->nrows = 0;
}

void table_close(struct table *t)
{
	table_flush(t);
	free(t->cells);
	t->cells = NULL;
}
