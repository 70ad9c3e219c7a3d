/* SPDX-License-Identifier: ISC */
/* One instance of the module, and what it does in which section. */
#ifndef HK_RLM_HOKEY_H
#define HK_RLM_HOKEY_H

#include "config.h"
#include "desk.h"
#include "server.h"

struct hk_rlm {
	struct hk_rlm_config config;
	DICT_ATTR const *identity;  /* in session-state: see identity.c */
	struct hk_desks desks;
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

#endif
