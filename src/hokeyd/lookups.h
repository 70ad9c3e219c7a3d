/* SPDX-License-Identifier: ISC */
/*
 * The look-ups of a worker: visits that wait for an OCSP responder, with all
 * that they need to go on later. Nobody else waits for them.
 */
#ifndef HK_HOKEYD_LOOKUPS_H
#define HK_HOKEYD_LOOKUPS_H

#include "hokeyd/ocsp_client.h"
#include "hokeyd/outbox.h"
#include "hokeyd/setup.h"

struct hk_lookups;

/* One visit that waits. */
struct hk_lookup {
	struct hk_lookup  *next;
	struct hk_lookup **link;
	struct hk_lookups *lookups;
	struct hk_setup   *setup;     /* a reference: the request points into it */
	struct hk_ocsp_question *question; /* NULL: none on its way */
	hk_time            deadline;  /* of all questions of this visit */
	struct hk_destination to;     /* where the answer goes */
	struct hk_door_request request;
	uint8_t            datagram[]; /* that the request came in */
};

/* The responder's answer, as hk_home_resume() wants it; empty: why there is none. */
typedef void hk_lookup_answered(
	void *arg, struct hk_lookup *k, struct hk_bytes response, const char *failure);

struct hk_lookups {
	struct hk_ocsp_client client;
	struct hk_home_worker *home;
	struct hk_door        *door;
	struct hk_lookup      *first;
	hk_lookup_answered    *answered;
	void                  *arg;
};

void hk_lookups_init(struct hk_lookups *l, struct event_base *base, struct hk_home_worker *home,
	struct hk_door *door, hk_lookup_answered *answered, void *arg);
/* Ends all look-ups and their visits. */
void hk_lookups_free(struct hk_lookups *l);

/*
 * Asks what r's visit asks. r's content is copied; its visit is this look-up's
 * from now on. `answered` is called once for each question. False: it cannot
 * be asked, and the visit stays where it is.
 */
bool hk_lookup_start(struct hk_lookups *l, struct hk_setup *setup,
	const struct hk_destination *to, const struct hk_door_request *r, hk_time now);
/* Asks the next question of the same visit. False: no time left, or it cannot be asked. */
bool hk_lookup_again(struct hk_lookup *k, hk_time now);
/* After its visit was answered and is done. */
void hk_lookup_end(struct hk_lookup *k);
/* Ends those whose answer would leave by a socket (-1: none) or connection that is closed. */
void hk_lookups_drop(struct hk_lookups *l, int fd, uint64_t connection, hk_time now);

#endif
