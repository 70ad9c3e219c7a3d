/* SPDX-License-Identifier: ISC */
/*
 * What `hokey peer` tells while it runs: lines of text as things happen, or one
 * JSON object at the end. Never a key.
 */
#ifndef HK_HOKEY_TRANSCRIPT_H
#define HK_HOKEY_TRANSCRIPT_H

#include "hokey/nas.h"

#include <jansson.h>

enum run_kind {
	RUN_FULL_EAP,
	RUN_ERP,
};

struct transcript {
	bool json;
	json_t *runs; /* with json */
	json_t *run;  /* the current one, in runs */
	enum run_kind kind;
	uint64_t start_us;    /* of the current run */
	uint64_t total_us[2]; /* of good runs, by kind */
	unsigned good[2];
	unsigned bad[2];
	unsigned round_trips; /* of the current run */
};

void transcript_open(struct transcript *t, bool json);

void transcript_start(struct transcript *t, enum run_kind kind, const char *nas_identifier);
void transcript_sent(struct transcript *t, uint8_t radius_id, struct hk_bytes eap);
void transcript_received(struct transcript *t, const struct nas_reply *reply);
/* A fact about the run: name for JSON, both for text. */
void transcript_fact(struct transcript *t, const char *name, const char *value);
/* Attributes of an Accept that are not part of the protocol itself. */
void transcript_attributes(struct transcript *t, const struct hk_radius *accept);
/* Ends the run: reason NULL for success. */
void transcript_end(struct transcript *t, const char *reason);

/* Sums up; true when no run failed. */
bool transcript_close(struct transcript *t);

/* "EAP-Response/EAP-TLS id 7, 134 octets". */
void describe_eap(struct hk_bytes eap, char *text, size_t size);

#endif
