/* SPDX-License-Identifier: ISC */
/* What is to happen when: a heap. What is due at the same time happens in the order it was noted.
 */
#ifndef HK_SIM_AGENDA_H
#define HK_SIM_AGENDA_H

#include <hokey/clock.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event {
	hk_time at;
	uint64_t order;
	uint32_t type; /* enum event_type */
	uint32_t a, b; /* who */
	uint32_t generation;
	void *message; /* owned by the event */
};

struct agenda {
	struct event *heap;
	size_t n, cap;
	uint64_t order;
};

void agenda_add(struct agenda *a, struct event e);
bool agenda_next(struct agenda *a, struct event *out);
/* Frees the messages, too. */
void agenda_free(struct agenda *a);

#endif
