/* SPDX-License-Identifier: ISC */
/*
 * A worker: one thread with sockets, event base, store handle, duplicate table
 * and counters of its own. It receives in batches, has the store decide each
 * batch in one transaction, and sends when that is as durable as configured.
 */
#ifndef HK_HOKEYD_WORKER_H
#define HK_HOKEYD_WORKER_H

#include "hokeyd/counters.h"
#include "hokeyd/log.h"
#include "hokeyd/setup.h"

struct hk_worker;

struct hk_sticky;

/* What all workers share. */
struct hk_worker_shared {
	struct hk_home   *home;
	struct hk_sticky *sticky;     /* conversations with home servers */
	struct hk_log    *log;
};

/* Takes the store handle. The thread does not run yet. */
enum hk_err hk_worker_new(unsigned number, const struct hk_worker_shared *shared,
	struct hk_keystore *store, struct hk_setup *setup, struct hk_worker **out);
enum hk_err hk_worker_start(struct hk_worker *w);
/* From any thread: the setup to go over to. */
void hk_worker_change(struct hk_worker *w, struct hk_setup *setup);
/* Lets it finish what is in progress, and waits for that. */
void hk_worker_stop(struct hk_worker *w);
/* Stopped or never started. */
void hk_worker_free(struct hk_worker *w);

const struct hk_counters *hk_worker_counters(const struct hk_worker *w);

#endif
