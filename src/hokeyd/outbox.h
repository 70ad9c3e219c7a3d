/* SPDX-License-Identifier: ISC */
/*
 * The replies of a worker on their way out: collected, made durable together,
 * sent together; and those that have to wait (Access-Reject of a login).
 */
#ifndef HK_HOKEYD_OUTBOX_H
#define HK_HOKEYD_OUTBOX_H

#include "hokeyd/listener.h"
#include "hokeyd/radius_door.h"

#define HK_OUTBOX_SIZE  256
#define HK_DELAYED_MAX  1024      /* more failed logins are answered without delay */
#define HK_HOLD_MAX_MS  50        /* longest wait for a common sync */

struct event_base;

/* Where an answer goes. */
struct hk_destination {
	int       fd;                 /* of the socket; -1 for a connection */
	uint64_t  connection;         /* RADIUS/TLS: its number */
	socklen_t peer_len;
	size_t    control_len;
	struct sockaddr_storage peer;
	_Alignas(struct cmsghdr) uint8_t control[HK_CONTROL_DATA_LEN];
};

struct hk_out {
	bool      settle;             /* not for an answer given before */
	bool      needs_sync;         /* tells of a sequence number that was used */
	uint64_t  entry;
	struct hk_destination to;
	size_t    len;
	uint8_t   data[HK_RADIUS_MAX_LEN];
};

struct hk_delayed;

struct hk_outbox {
	/* Writes to a RADIUS/TLS connection; NULL: there are none. */
	void (*write)(void *arg, uint64_t connection, struct hk_bytes packet);
	void               *arg;
	struct hk_door     *door;
	struct hk_keystore *store;
	struct event_base  *base;
	struct hk_out      *out;
	size_t              n;
	hk_time             first;    /* when the oldest one came */
	struct hk_delayed  *delayed;
	size_t              ndelayed;
};

enum hk_err hk_outbox_init(struct hk_outbox *o, struct hk_door *door, struct hk_keystore *store,
	struct event_base *base);
/* What is still in it is not sent. */
void hk_outbox_free(struct hk_outbox *o);

/* The next free place, to be filled in; taken only by one of the following. */
static inline struct hk_out *hk_outbox_place(struct hk_outbox *o)
{
	return &o->out[o->n];
}

void hk_outbox_push(struct hk_outbox *o, hk_time now);
/* Sends the place's content later. */
void hk_outbox_push_later(struct hk_outbox *o, uint32_t delay_ms, hk_time now);

/* With room for a batch of n more, and nothing in it waiting too long? */
bool hk_outbox_can_wait(const struct hk_outbox *o, size_t n, hk_time now);
/* Syncs the store if an answer needs it, settles and sends all. */
void hk_outbox_flush(struct hk_outbox *o, hk_time now);
/* Sends all that is delayed at once. */
void hk_outbox_hurry(struct hk_outbox *o, hk_time now);

#endif
