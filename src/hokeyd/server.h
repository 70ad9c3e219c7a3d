/* SPDX-License-Identifier: ISC */
/*
 * The whole of a running hokeyd, and its main thread: signals, control socket,
 * reload, and the jobs that come back from time to time. Requests are none of
 * its business; those are the workers'.
 */
#ifndef HK_HOKEYD_SERVER_H
#define HK_HOKEYD_SERVER_H

#include "hokeyd/config.h"
#include "hokeyd/counters.h"
#include "hokeyd/log.h"
#include "hokeyd/revoke.h"
#include "hokeyd/setup.h"

#include <hokey/home.h>

struct event_base;
struct event;
struct hk_control;
struct hk_worker;

#define HK_SERVER_EVENTS 8

struct hk_server {
	struct event_base  *base;
	struct event       *events[HK_SERVER_EVENTS];
	size_t              nevents;
	struct hk_log      *log;
	struct hk_setup    *setup;    /* what workers have or are going over to */
	struct hk_home     *home;
	struct hk_sticky   *sticky;   /* which home server a conversation is with */
	struct hk_keystore *store;    /* the main thread's handle */
	struct hk_worker  **workers;
	unsigned            nworkers;
	struct hk_control  *control;
	struct hk_counters *counters; /* of the main thread */
	struct hk_withdrawals *withdrawals;
	struct hk_closed_accounts closed;
	hk_time             started;
	hk_time             ticket_key_since;
	hk_time             certificate_checked;
};

/*
 * Takes the configuration. On return the server listens, but nobody works
 * yet. In *error what went wrong, in words. log must outlive the server.
 */
enum hk_err hk_server_new(struct hk_config *config, struct hk_log *log, struct hk_server **out,
	struct hk_config_error *error);
/* Works until a signal says stop; HK_OK after an orderly end. */
enum hk_err hk_server_run(struct hk_server *s);
void hk_server_free(struct hk_server *s);

/* Loads the configuration file again. On error all stays as it was. */
enum hk_err hk_server_reload(struct hk_server *s, struct hk_config_error *error);
void hk_server_totals(const struct hk_server *s, struct hk_totals *out);

#endif
