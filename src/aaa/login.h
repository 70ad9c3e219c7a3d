/* SPDX-License-Identifier: ISC */
/*
 * Full EAP: the conversations of the home server, round by round, and the key
 * set that a successful one leaves behind.
 */
#ifndef HK_AAA_LOGIN_H
#define HK_AAA_LOGIN_H

#include "aaa/sessions.h"

struct hk_home {
	struct hk_sessions *sessions;
	struct hk_nonces *nonces; /* of key requests that were answered */
	enum hk_err (*random)(void *arg, uint8_t *out, size_t len);
	void *random_arg;
};

/* Opens a conversation with our own EAP-Request/Identity. */
void hk_login_start(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, uint8_t identifier, hk_time now);

/*
 * An EAP-Response, or a packet that makes no sense but came with a State:
 * the conversation decides what it is worth.
 */
void hk_login_receive(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now);

/* The answer of an OCSP responder; empty: none came. */
void hk_login_resume(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, struct hk_bytes response, hk_time now);

/* Ends the conversation of a visit that waits for such an answer. */
void hk_login_give_up(struct hk_home_worker *w, struct hk_home_visit *visit);

/* Ends the conversation of a request that may not be part of one. */
void hk_login_abandon(struct hk_home_worker *w, struct hk_home_visit *visit, hk_time now);

/* ---- what stays of a login, whoever made it ---- */

/* The realm a key set is kept under; empty: none is made. */
struct hk_bytes hk_login_realm(const struct hk_er_policy *erp, struct hk_bytes identity);

/*
 * The keys below the EMSK go into exchange.keyset of the visit, where all else is
 * already, and with it into the store. Who has asked for a key gets it, if the
 * grant could be stored (hk_handout_begin() comes first). Wipes the key set.
 */
enum hk_err hk_login_keep(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, const struct hk_key *emsk, hk_time now);

#endif
