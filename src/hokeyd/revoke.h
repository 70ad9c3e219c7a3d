/* SPDX-License-Identifier: ISC */
/*
 * Key sets that end before their time: by the control socket, and because an
 * account is no longer in the users file. Belongs to the main thread.
 */
#ifndef HK_HOKEYD_REVOKE_H
#define HK_HOKEYD_REVOKE_H

#include "hokeyd/withdrawals.h"

struct hk_server;

/*
 * Ends the key sets of a user, or the one of that name, here; with a group (not
 * 0) also what others have below their EMSKs. *n: how many sets ended.
 */
enum hk_err hk_revoke_user(struct hk_server *s, struct hk_bytes user, uint64_t group, size_t *n);
enum hk_err hk_revoke_name(
	struct hk_server *s, const struct hk_keyname_nai *name, uint64_t group, size_t *n);

/* Where the search for closed accounts is; part of struct hk_server. */
struct hk_closed_accounts {
	bool running;
	struct hk_walk cursor;
	uint64_t group;
	size_t ended;
};

/* The users file may be another one: all key sets are to be looked at again. */
void hk_closed_accounts_begin(struct hk_server *s);
/* Looks at some more of them. */
void hk_closed_accounts_step(struct hk_server *s, hk_time now);

#endif
