/* SPDX-License-Identifier: ISC */
/*
 * What a request says, what became of it and what was answered, for people:
 * names in place of numbers, one attribute per line. `hokeyd -X` shows it, and
 * log level debug. Keys and passwords are never in it.
 */
#ifndef HK_HOKEYD_TRANSCRIPT_H
#define HK_HOKEYD_TRANSCRIPT_H

#include "hokeyd/log.h"
#include "hokeyd/radius_door.h"

#include <stdio.h>

/* An EAP packet in one line: "EAP-Initiate/Re-auth id 5, 60 octets, seq 4, key ...". */
void hk_transcript_eap(FILE *out, struct hk_bytes eap);

/* A RADIUS packet: a line for itself (which the caller has begun), then its attributes. */
void hk_transcript_packet(FILE *out, const struct hk_radius *packet);

/*
 * A visit that has its reply, before hk_home_done(). reply: the datagram that
 * is sent; empty: none.
 */
void hk_transcript_visit(FILE *out, const char *from, const struct hk_door_request *r,
	struct hk_bytes reply);

/* The same, line by line to the log, when it wants that. */
void hk_transcript_log(struct hk_log *log, const struct sockaddr_storage *from,
	const struct hk_door_request *r, struct hk_bytes reply);

#endif
