/* SPDX-License-Identifier: ISC */
/*
 * The door for RADIUS, over UDP and TLS: decodes and checks what came, encodes
 * what goes. No sockets; one per worker.
 *
 *     hk_door_receive()  the checks, in this order: form, client, code,
 *                        authenticators, duplicate, content. What passes is
 *                        the request of r->visit, for the hall.
 *     hk_door_encode()   writes the hall's reply.
 *     hk_door_settle()   at the moment of sending: may it still leave? From
 *                        then on it answers duplicates.
 */
#ifndef HK_HOKEYD_RADIUS_DOOR_H
#define HK_HOKEYD_RADIUS_DOOR_H

#include "hokeyd/clients.h"
#include "hokeyd/counters.h"

#include <hokey/home.h>
#include <hokey/radius.h>

#define HK_STATUS_PER_SECOND 10   /* Status-Servers answered per client */

struct hk_door {
	struct hk_radius_duplicates *duplicates;
	struct hk_radius_duplicates *dynamic; /* of Disconnect-Requests; NULL: none came */
	struct hk_counters *counters;
	uint32_t keydist_vendor;      /* of attributes about keys; 0: nobody may ask for any */
	uint8_t randoms[256];         /* for salts */
	size_t  randoms_left;
};

/* One datagram on its way. Used again without clearing. */
struct hk_door_request {
	struct hk_radius  radius;     /* points into the datagram */
	struct hk_client *client;
	uint8_t           address[16]; /* of the client, as in struct hk_radius_source */
	uint64_t          entry;      /* in the duplicate table */
	uint32_t          keydist_vendor; /* as the door's was */
	enum hk_counter   dropped;    /* why, after HK_DOOR_DROP */
	bool              learnt_signs; /* the client's `auto` settings took effect just now */
	bool              learnt_nas;
	struct hk_home_visit visit;
	uint8_t joined[HK_EAP_MAX_LEN];
	uint8_t eap[HK_EAP_MAX_LEN];
};

enum hk_door_step {
	HK_DOOR_DROP,                 /* counted */
	HK_DOOR_REPEAT,               /* `out` is an answer given before: send it */
	HK_DOOR_REPLY,                /* `out` is an answer: settle it and send it */
	HK_DOOR_VISIT,                /* to the hall */
	HK_DOOR_DISCONNECT,           /* a Disconnect-Request: see disconnect.h */
};

enum hk_err hk_door_init(struct hk_door *door, struct hk_counters *counters, size_t duplicates,
	uint32_t duplicate_window_ms);
void hk_door_free(struct hk_door *door);

enum hk_door_step hk_door_receive(struct hk_door *door, const struct hk_clients *clients,
	const struct hk_radius_source *source, struct hk_bytes datagram, hk_time now,
	struct hk_door_request *r, struct hk_buf *out);

/*
 * Copies a request whose visit has no answer yet, so that it outlives the
 * batch. memory: for the datagram, r->radius.packet.len octets.
 */
void hk_door_move(
	struct hk_door_request *to, const struct hk_door_request *r, uint8_t *memory);

/*
 * The same for a packet of a client that is known already, by TLS; r->address is
 * set. source: unique to its connection. A packet for which RFC 6613 section 2.6.4 wants
 * the connection closed is dropped as MALFORMED, BAD_AUTHENTICATOR or
 * NO_AUTHENTICATOR.
 */
enum hk_door_step hk_door_receive_from(struct hk_door *door, struct hk_client *client,
	const struct hk_radius_source *source, struct hk_bytes packet, hk_time now,
	struct hk_door_request *r, struct hk_buf *out);

/* Also counts how the visit ended. DROP: no answer; the request is forgotten. */
enum hk_door_step hk_door_encode(
	struct hk_door *door, struct hk_door_request *r, hk_time now, struct hk_buf *out);

/* Counts why, and is HK_DOOR_DROP. */
enum hk_door_step hk_door_drop(
	struct hk_door *door, struct hk_door_request *r, enum hk_counter why);

/*
 * Was this request there before, by that table? Then *step is what becomes of
 * it: REPEAT with the answer in `out`, or DROP while it has none.
 */
bool hk_door_seen(struct hk_door *door, struct hk_radius_duplicates *table,
	const struct hk_radius_source *source, hk_time now, struct hk_door_request *r,
	struct hk_buf *out, enum hk_door_step *step);

/*
 * What a request says, for the hall. joined: HK_EAP_MAX_LEN octets. Not:
 * what is in it about keys.
 */
enum hk_err hk_door_read(const struct hk_radius *p, const struct hk_client *client,
	struct hk_buf *joined, struct hk_aaa_request *q);

/* How long the answer has to wait, in ms (Access-Reject of a full login). */
uint32_t hk_door_delay(const struct hk_door_request *r);

/* False: the client has used the Identifier again, the answer must not leave. */
bool hk_door_settle(
	struct hk_door *door, uint64_t entry, struct hk_bytes reply, hk_time now);
/* The answer could not be given: a repeated request is a new one. */
void hk_door_forget(struct hk_door *door, uint64_t entry, hk_time now);

#endif
