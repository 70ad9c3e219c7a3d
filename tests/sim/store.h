/* SPDX-License-Identifier: ISC */
/*
 * A key store for the simulation: what is in memory and what would be on the
 * disk are two things, so a power cut can take the difference. It promises what
 * <hokey/keystore.h> promises for each durability, and no more: whatever a real
 * store is allowed to lose or refuse, this one does lose and refuse.
 */
#ifndef HK_SIM_STORE_H
#define HK_SIM_STORE_H

#include "keystore/store.h"

#include <stddef.h>

/* Where a store can fail. */
enum store_fault {
	STORE_FINE,
	STORE_FAILS,      /* the call fails and has done nothing */
	STORE_FAILS_LATE, /* it fails, but what it was to do may be there */
};

struct sim_store;

struct sim_store_config {
	enum hk_durability durability;
	/* Asked at every call. NULL: never fails. */
	enum store_fault (*fault)(void *arg);
	/* Of what is not durable, does this survive the power cut? */
	bool (*survives)(void *arg);
	void *arg;
	/* Defects, to show that the simulation finds them. */
	bool accepts_twice;
	bool forgets_grants;
	bool forgets_counters; /* a power cut takes what was synced, too */
};

struct sim_store *sim_store_new(const struct sim_store_config *config);
void sim_store_free(struct sim_store *store);
/* A handle for one server, closed with hk_keystore_close(). */
struct hk_keystore *sim_store_open(struct sim_store *store);
/* The machine stops without warning. Handles must have been closed. */
void sim_store_power_cut(struct sim_store *store);

#endif
