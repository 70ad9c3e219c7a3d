/* SPDX-License-Identifier: ISC */
/*
 * The proxy of one worker: requests that another server answers, from the
 * moment the door let them in until their reply lies in the outbox. Sockets,
 * connections, what is known of the servers: all of it belongs to this worker
 * alone. Only which conversation is with which server is shared, because a
 * client's next packet can reach another worker.
 */
#ifndef HK_HOKEYD_PROXY_H
#define HK_HOKEYD_PROXY_H

#include "hokeyd/log.h"
#include "hokeyd/outbox.h"
#include "hokeyd/setup.h"

struct hk_proxy;

/* What it works with; all of it outlives the proxy. */
struct hk_proxy_world {
	struct event_base *base;
	struct hk_outbox *outbox;
	struct hk_door *door;
	struct hk_counters *counters;
	struct hk_log *log;
	struct hk_sticky *sticky;
	struct hk_keystore *store;    /* where keys of our domain go */
};

enum hk_err hk_proxy_new(
	const struct hk_proxy_world *world, struct hk_setup *setup, struct hk_proxy **out);
/* Requests under way are dropped. NULL is fine. */
void hk_proxy_free(struct hk_proxy *p);

/*
 * Goes over to another setup. Servers that are the same keep their sockets and
 * what is known of them; requests at servers that are gone move. On error
 * nothing has changed.
 */
enum hk_err hk_proxy_change(struct hk_proxy *p, struct hk_setup *next);

/* Does this request, which the door let in, go elsewhere? */
enum hk_proxy_way {
	HK_WAY_HERE,
	HK_WAY_REFUSE, /* its realm is broken */
	HK_WAY_POOL,
};
enum hk_proxy_way hk_proxy_route(const struct hk_proxy *p, const struct hk_door_request *r,
	size_t *pool, struct hk_bytes *realm);

/* Takes a request on, or refuses it; either way it has it from here. */
void hk_proxy_take(struct hk_proxy *p, const struct hk_door_request *r,
	const struct hk_destination *to, size_t pool, struct hk_bytes realm, hk_time now);
void hk_proxy_refuse(struct hk_proxy *p, const struct hk_door_request *r,
	const struct hk_destination *to, hk_time now);

/* Nobody waits for those answers any more: a socket (-1: none) or connection is closed. */
void hk_proxy_forget(struct hk_proxy *p, int fd, uint64_t connection);

#endif
