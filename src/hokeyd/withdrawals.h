/* SPDX-License-Identifier: ISC */
/*
 * Keys of other servers that are to end before their time (RFC 5176): each of
 * them is told, by Disconnect-Request with the keyName-NAI as User-Name, over
 * UDP or RADIUS/TLS, until it has answered or the key has ended by itself.
 * Whom to tell is in the key store until then (hk_keystore_end()), so a restart
 * loses nothing; key sets that give way to newer ones of their user come the same way.
 *
 * Belongs to the main thread.
 */
#ifndef HK_HOKEYD_WITHDRAWALS_H
#define HK_HOKEYD_WITHDRAWALS_H

#include "hokeyd/counters.h"
#include "hokeyd/log.h"
#include "hokeyd/setup.h"

struct event_base;
struct hk_withdrawals; /* opaque */

#define HK_WITHDRAWALS_MAX 65536 /* that are told at a time; others wait in the store */

enum hk_err hk_withdrawals_new(struct event_base *base, struct hk_keystore *store,
	struct hk_counters *counters, struct hk_log *log, const struct hk_setup *setup,
	struct hk_withdrawals **out);
/* What waits is left to the next start. NULL is fine. */
void hk_withdrawals_free(struct hk_withdrawals *w);
/* Another setup; to be called while the old one still exists. */
void hk_withdrawals_change(struct hk_withdrawals *w, const struct hk_setup *next);
/* From time to time, every 100 ms or so. */
void hk_withdrawals_tick(struct hk_withdrawals *w, hk_time now);

/* What has become of some of them. */
struct hk_withdrawal_group {
	uint64_t number;
	uint64_t pending;
	uint64_t done;   /* the other server no longer has the key */
	uint64_t failed; /* it cannot be told; the key ends with its lifetime */
};

/* Begins a group; its number. */
uint64_t hk_withdrawals_begin(struct hk_withdrawals *w);
/* All keys that went to others below the EMSK of a key set that hk_keystore_end() gave. */
void hk_withdrawals_add(
	struct hk_withdrawals *w, uint64_t group, const struct hk_keyset *set, hk_time now);
/* NULL: it was too long ago. */
const struct hk_withdrawal_group *hk_withdrawals_find(
	const struct hk_withdrawals *w, uint64_t group);

#endif
