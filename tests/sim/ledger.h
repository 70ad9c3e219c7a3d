/* SPDX-License-Identifier: ISC */
/* What the simulation remembers of everything that happened, by a hash of what it is. */
#ifndef HK_SIM_LEDGER_H
#define HK_SIM_LEDGER_H

#include <stddef.h>
#include <stdint.h>

struct note {
	uint64_t key; /* 0: free */
	uint64_t value;
	uint32_t holder;
	uint32_t count;
};

struct ledger {
	struct note *notes;
	size_t size; /* a power of 2 */
	size_t used;
};

uint64_t ledger_hash(uint64_t kind, const void *data, size_t len);
/* The note of that key, made with count 0 when there is none. */
struct note *ledger_at(struct ledger *l, uint64_t key);
/* The same, or NULL. */
struct note *ledger_find(const struct ledger *l, uint64_t key);
void ledger_free(struct ledger *l);

#endif
