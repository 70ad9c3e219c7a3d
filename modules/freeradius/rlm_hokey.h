/* SPDX-License-Identifier: ISC */
/* One instance of the module, and what it does in which section. */
#ifndef HK_RLM_HOKEY_H
#define HK_RLM_HOKEY_H

#include "config.h"
#include "desk.h"
#include "server.h"

#include <hokey/home.h>

#include <stdatomic.h>

struct hk_rlm {
	struct hk_rlm_config config;
	DICT_ATTR const *identity;    /* in session-state: see identity.c */
	struct hk_home_policy policy; /* for what the hall decides */
	struct hk_home *home;         /* NULL: nobody asks for keys */
	struct hk_desks desks;
	_Atomic hk_time refusal_told; /* when the log last told of a key not handed out */
};

/* authorize: answers EAP code 5; noop for everything else. */
rlm_rcode_t hk_rlm_reauthenticate(struct hk_rlm *m, REQUEST *request);
/*
 * authorize, full EAP after a re-authentication that was not possible: hostapd
 * goes on with the name of the key as User-Name, and rlm_eap refuses a name that
 * is not the identity. Puts that in its place.
 */
rlm_rcode_t hk_rlm_restore_identity(struct hk_rlm *m, REQUEST *request);
/* Makes the attribute for it. */
bool hk_rlm_identity_bootstrap(struct hk_rlm *m);
/* post-auth: keeps the keys of a full authentication and takes them off the reply. */
rlm_rcode_t hk_rlm_keep_keys(struct hk_rlm *m, REQUEST *request);

/* Whether keys may be asked for over the transport the request came by. */
bool hk_rlm_is_secure(const struct hk_rlm *m, const REQUEST *request);
/* What became of a key that was asked for: into the log. */
void hk_rlm_log_key(struct hk_rlm *m, REQUEST *request, const struct hk_home_event *event);

#endif
