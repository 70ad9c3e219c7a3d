/* SPDX-License-Identifier: ISC */
/*
 * What a worker tells the log: how logins ended, and which datagrams were
 * dropped. Nothing of it is on the path of a re-authentication that succeeds.
 */
#ifndef HK_HOKEYD_JOURNAL_H
#define HK_HOKEYD_JOURNAL_H

#include "hokeyd/log.h"
#include "hokeyd/radius_door.h"

/* A datagram from that address was dropped; what the network can cause at will is said rarely. */
void hk_journal_drop(struct hk_log *log, enum hk_counter why,
	const struct sockaddr_storage *from, hk_time now);

/* A request that the door refused: the client is at fault. */
void hk_journal_refused(struct hk_log *log, const struct hk_door_request *r, hk_time now);

/* What the `auto` settings of a client have learnt just now. */
void hk_journal_learnt(struct hk_log *log, const struct hk_door_request *r);

/*
 * A visit that has its answer: what went wrong with the store, and logins that
 * are over, as far as they are wanted.
 */
void hk_journal_visit(struct hk_log *log, enum hk_log_logins which, const struct hk_door_request *r,
	hk_time now);

/* A reply of a home server that ends a login, passed on to the client. */
void hk_journal_proxied(struct hk_log *log, enum hk_log_logins which,
	const struct hk_client *client, const struct hk_radius *request, uint8_t code,
	const char *server, uint64_t duration_ms);

/* An OCSP responder gave no answer; why, in words. */
void hk_journal_ocsp(struct hk_log *log, const char *url, const char *failure, hk_time now);

/* What became of a request for a key by an ER server on the way (visit->event.key). */
void hk_journal_key(struct hk_log *log, const struct hk_door_request *r, hk_time now);

#endif
