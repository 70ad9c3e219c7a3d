/* SPDX-License-Identifier: ISC */
#include "ledger.h"

#include "rng.h"

#include <stdlib.h>

#define FIRST_SIZE 1024

uint64_t ledger_hash(uint64_t kind, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t h = mix(kind + 0x9e3779b97f4a7c15u);

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	h = mix(h);
	return h ? h : 1;
}

static struct note *place(const struct ledger *l, uint64_t key)
{
	size_t i = (size_t)key & (l->size - 1);

	while (l->notes[i].key && l->notes[i].key != key)
		i = (i + 1) & (l->size - 1);
	return &l->notes[i];
}

static void grow(struct ledger *l)
{
	struct ledger bigger = {.size = l->size ? 2 * l->size : FIRST_SIZE, .used = l->used};

	bigger.notes = calloc(bigger.size, sizeof *bigger.notes);
	if (!bigger.notes)
		abort();
	for (size_t i = 0; i < l->size; i++)
		if (l->notes[i].key)
			*place(&bigger, l->notes[i].key) = l->notes[i];
	free(l->notes);
	*l = bigger;
}

struct note *ledger_at(struct ledger *l, uint64_t key)
{
	struct note *n;

	if (2 * l->used >= l->size)
		grow(l);
	n = place(l, key);
	if (!n->key) {
		n->key = key;
		l->used++;
	}
	return n;
}

struct note *ledger_find(const struct ledger *l, uint64_t key)
{
	struct note *n = l->size ? place(l, key) : NULL;

	return n && n->key ? n : NULL;
}

void ledger_free(struct ledger *l)
{
	free(l->notes);
	*l = (struct ledger){0};
}
