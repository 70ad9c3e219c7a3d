/* SPDX-License-Identifier: ISC */
/* The server under the fuzzer, and what must hold for it. */
#ifndef HK_TESTS_FUZZ_SERVER_H
#define HK_TESTS_FUZZ_SERVER_H

#include "erp_keys.h"

#include "../unit/eap/conversation.h"

#include "hokeyd/radius_door.h"

#define REALM     "home.example"
#define CLIENTS   2
#define DEVICES   3
#define PACKETS   16
#define BATCH     4
#define ACCEPTED  64
#define REPEAT_MS 5000u

/* A datagram, and what is true of it. */
struct packet {
	uint8_t client; /* CLIENTS: an address nobody knows */
	uint8_t nas;
	bool authentic; /* signed by the client, unchanged */
	bool odd;       /* perhaps not well formed */
	bool login;
	uint8_t device; /* from 1; 0: not an Initiate of one */
	unsigned keys_of;
	uint16_t seq;
	bool tagged; /* its EAP packet is as the device sealed it */
	size_t len, eap_len, reply_len;
	uint8_t octets[HK_RADIUS_MAX_LEN];
	uint8_t eap[HK_EAP_MAX_LEN];
	uint8_t reply[HK_RADIUS_MAX_LEN];
};

/* A sequence number that was accepted, and for whom. */
struct accepted {
	uint16_t seq;
	uint8_t client, nas;
	hk_time at;
	size_t eap_len;
	uint8_t eap[HK_ERP_MAX_LEN];
};

struct device {
	uint8_t name[HK_EMSK_NAME_LEN];
	unsigned name_of_keys; /* changes with the keys */
	struct hk_erp_keys keys;
	hk_time expires;
	uint16_t next_seq;
	bool alive; /* the store has its keys */
	size_t naccepted;
	struct accepted accepted[ACCEPTED];
};

struct pending {
	struct packet *packet;
	struct hk_door_request r;
};

struct machine {
	char names[CLIENTS][8];
	struct hk_client_config configs[CLIENTS];
	struct hk_clients *clients;
	struct hk_counters counters;
	struct hk_door door;
	struct hk_home *home;
	struct hk_keystore *store;
	struct hk_home_worker worker;
	struct hk_er_policy erp;
	struct hk_home_policy policy;
	hk_time now;
	struct device devices[DEVICES];
	unsigned generation, logins;
	size_t npackets, npending;
	struct packet packets[PACKETS];
	struct pending pending[BATCH];
	/* of the last answer */
	enum hk_verdict verdict;
	bool has_state;
	uint8_t state[HK_STATE_LEN];
	size_t eap_len;
	uint8_t eap[HK_EAP_MAX_LEN];
	uint8_t key[HK_AAA_KEY_LEN];
};

/* Only requests that a known client signed get in, or an answer. */
void law_of_door(const struct machine *m, const struct packet *p, enum hk_door_step step);
/*
 * A re-authentication succeeds only with the tag of a living device; each number
 * once, its rMSK for one authenticator, before the keys have ended.
 */
void law_of_outcome(struct machine *m, const struct pending *p);
/* An answer is signed for the client that asked; keys are only in an Accept. */
void law_of_reply(const struct machine *m, const struct packet *p, struct hk_bytes reply);
/* After a login both ends have the same keys; the device takes those for ERP. */
void law_of_login(struct machine *m, struct hk_eap_result *result, struct device *d);

void keep_reply(struct packet *p, struct hk_bytes reply);

#endif
