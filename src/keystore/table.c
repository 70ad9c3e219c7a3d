/* SPDX-License-Identifier: ISC */
#include "keystore/table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 8u

static uint32_t home(const struct hk_table *t, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * t->cap >> 32);
}

uint32_t hk_table_search(const struct hk_table *t, uint64_t hash)
{
	uint32_t i = home(t, hash);

	while (i < t->size && t->slots[i].item && t->slots[i].hash < hash)
		i++;
	return i;
}

bool hk_table_seek(const struct hk_table *t, uint64_t hash, uint32_t *index)
{
	uint32_t i = hk_table_search(t, hash);

	while (i < t->size && !t->slots[i].item)
		i++;
	*index = i;
	return i < t->size;
}

/* Copies all items, in order, to an empty table; false when they do not fit. */
static bool copy_items(struct hk_table *to, const struct hk_table *from)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < from->size; i++) {
		uint32_t place;

		if (!from->slots[i].item)
			continue;
		place = home(to, from->slots[i].hash);
		if (place < next)
			place = next;
		if (place == to->size)
			return false;
		to->slots[place] = from->slots[i];
		next = place + 1;
	}
	to->used = from->used;
	return true;
}

static bool resize(struct hk_table *t, uint32_t cap)
{
	for (;;) {
		struct hk_table bigger = {.cap = cap, .size = cap + cap / 8 + 4};

		bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
		if (!bigger.slots)
			return false;
		if (copy_items(&bigger, t)) {
			free(t->slots);
			*t = bigger;
			return true;
		}
		free(bigger.slots);
		cap += cap / 4;
	}
}

static bool grow(struct hk_table *t)
{
	return resize(t, t->cap ? t->cap + t->cap / 2 : FIRST_CAP);
}

bool hk_table_insert(struct hk_table *t, uint64_t hash, void *item)
{
	uint32_t i, gap;

	if (t->used >= t->cap - t->cap / 5 && !grow(t))
		return false;
	for (;;) {
		i = hk_table_search(t, hash);
		for (gap = i; gap < t->size && t->slots[gap].item; gap++)
			;
		if (gap < t->size)
			break;
		if (!grow(t))
			return false;
	}
	memmove(t->slots + i + 1, t->slots + i, (gap - i) * sizeof *t->slots);
	t->slots[i] = (struct hk_slot){hash, item};
	t->used++;
	return true;
}

void hk_table_remove(struct hk_table *t, uint32_t index)
{
	uint32_t next = index + 1;

	while (next < t->size && t->slots[next].item && home(t, t->slots[next].hash) < next) {
		t->slots[next - 1] = t->slots[next];
		next++;
	}
	t->slots[next - 1] = (struct hk_slot){0};
	t->used--;
	if (t->used == 0)
		hk_table_free(t);
	else if (t->cap > FIRST_CAP && t->used < t->cap / 4)
		resize(t, t->cap / 2); /* without memory it stays as it is */
}

void hk_table_free(struct hk_table *t)
{
	free(t->slots);
	*t = (struct hk_table){0};
}

size_t hk_table_bytes(const struct hk_table *t)
{
	return t->size * sizeof *t->slots;
}
