/* SPDX-License-Identifier: ISC */
/*
 * One configuration, made ready for work: client table, TLS context, policy
 * of the hall, sockets. It is not changed (but for what clients learn); a
 * reload makes a new one. Each worker holds a reference to the one it works
 * with and goes over to the next between two batches; the last to leave frees
 * it.
 */
#ifndef HK_HOKEYD_SETUP_H
#define HK_HOKEYD_SETUP_H

#include "hokeyd/clients.h"
#include "hokeyd/config.h"
#include "hokeyd/listener.h"

#include <hokey/home.h>

#include <stdatomic.h>

struct hk_setup {
	atomic_uint references;
	struct hk_config  *config;
	struct hk_clients *clients;
	struct hk_routes  *routes;    /* realm to pool; NULL: all requests are for the hall */
	struct hk_tls_context *tls;
	struct hk_home_policy policy;
	/*
	 * [worker * config->nlistens + listen]. Sockets that the next setup has too
	 * stay open; each worker closes its own that are gone.
	 */
	struct hk_listener *listeners;
	unsigned nworkers;
};

/*
 * Takes the configuration (also when it fails: it is freed then). previous
 * may be NULL; sockets on addresses it has are taken over. What went wrong
 * is in *error, as for the configuration.
 */
enum hk_err hk_setup_new(struct hk_config *config, unsigned nworkers, hk_time now,
	const struct hk_setup *previous, struct hk_setup **out, struct hk_config_error *error);

struct hk_setup *hk_setup_hold(struct hk_setup *s);
void hk_setup_release(struct hk_setup *s);

/* The sockets of one worker. */
static inline const struct hk_listener *hk_setup_listeners(
	const struct hk_setup *s, unsigned worker)
{
	return s->listeners + worker * s->config->nlistens;
}

#endif
