/* SPDX-License-Identifier: ISC */
/*
 * Keys for other domains, handed out by the home server with a login (implicit
 * bootstrapping) or with a re-authentication that asks for it (explicit). What
 * becomes of a request is in reply.delivery and event.key; it never changes
 * the verdict.
 */
#ifndef HK_AAA_HANDOUT_H
#define HK_AAA_HANDOUT_H

#include "aaa/login.h"

/*
 * Before anything else: notes that a key is asked for, and as long as nothing
 * better is known, that there is none.
 */
void hk_handout_begin(const struct hk_home_policy *policy, struct hk_home_visit *visit);

/*
 * The peer is in; its EMSK is there. realm: the home realm of the key set that
 * is about to be stored; the grant goes into `grants`, to be stored with it.
 */
void hk_handout_with_login(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, const struct hk_key *emsk, struct hk_bytes realm,
	hk_time session_end, struct hk_grants *grants, hk_time now);

/*
 * A re-authentication has been decided, and not yet answered. *indication: the
 * key in visit->exchange.indication_key, for the caller to free after that.
 */
void hk_handout_with_reauth(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now, struct hk_key **indication);

/* The key set with the grant could not be stored: nobody may get the key. */
void hk_handout_withdraw(struct hk_home_visit *visit, enum hk_err reason);

/* With anything but an Accept nothing is handed out. */
void hk_handout_end(struct hk_home_visit *visit);

#endif
