/* SPDX-License-Identifier: ISC */
#include "agenda.h"

#include <stdlib.h>

static bool before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void agenda_add(struct agenda *a, struct event e)
{
	size_t i = a->n++;

	if (a->n > a->cap) {
		a->cap = a->cap ? 2 * a->cap : 256;
		a->heap = realloc(a->heap, a->cap * sizeof *a->heap);
		if (!a->heap)
			abort();
	}
	e.order = a->order++;
	while (i && before(&e, &a->heap[(i - 1) / 2])) {
		a->heap[i] = a->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	a->heap[i] = e;
}

bool agenda_next(struct agenda *a, struct event *out)
{
	struct event last;
	size_t i = 0, child;

	if (!a->n)
		return false;
	*out = a->heap[0];
	last = a->heap[--a->n];
	while ((child = 2 * i + 1) < a->n) {
		if (child + 1 < a->n && before(&a->heap[child + 1], &a->heap[child]))
			child++;
		if (!before(&a->heap[child], &last))
			break;
		a->heap[i] = a->heap[child];
		i = child;
	}
	a->heap[i] = last;
	return true;
}

void agenda_free(struct agenda *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->heap[i].message);
	free(a->heap);
	*a = (struct agenda){0};
}
