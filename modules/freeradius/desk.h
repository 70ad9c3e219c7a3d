/* SPDX-License-Identifier: ISC */
/*
 * The key store, and the desks at which threads work with it. FreeRADIUS has
 * as many threads as it likes; each request sits down at a desk of its own and
 * leaves it to the next, so there are never more desks than requests at once.
 *
 * A store that cannot be opened stops neither the server nor a login: there is
 * no desk then, and another attempt some seconds later.
 */
#ifndef HK_RLM_DESK_H
#define HK_RLM_DESK_H

#include "hokeyd/config.h"

#include <hokey/home.h>

#include <pthread.h>

struct hk_desk {
	struct hk_home_worker worker;
	struct hk_home_visit visit;
	uint8_t eap[HK_EAP_MAX_LEN];
	struct hk_desk *next;
};

struct hk_desks {
	const char *name; /* of the instance, for the log */
	const struct hk_store_config *config;
	struct hk_home *home; /* of all desks; NULL: nobody asks for keys */
	pthread_mutex_t lock;
	struct hk_keystore *store; /* NULL: not open */
	struct hk_desk *idle;
	hk_time next_try;
};

/* Tries to open the store, too. */
void hk_desks_open(struct hk_desks *d, const char *name, const struct hk_store_config *config,
	struct hk_home *home);
/* All desks have been left. */
void hk_desks_close(struct hk_desks *d);

/* NULL: the store is not to be had. The visit has begun; its request is empty. */
struct hk_desk *hk_desk_take(struct hk_desks *d, hk_time now);
/* Wipes the keys that lie on it. */
void hk_desk_leave(struct hk_desks *d, struct hk_desk *desk);

#endif
