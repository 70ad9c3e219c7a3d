/* SPDX-License-Identifier: ISC */
/* What the files of the proxy share. Not for others. */
#ifndef HK_HOKEYD_PROXY_PARTS_H
#define HK_HOKEYD_PROXY_PARTS_H

#include "hokeyd/proxy.h"

#include <event2/event.h>
#include <event2/event_struct.h>

/*
 * A setup, with requests that began under it. Counted here and not in the
 * setup, whose count all workers share.
 */
struct hk_epoch {
	struct hk_setup *setup;
	size_t users;
};

#define HK_PROXY_QUESTION_LEN 16
#define HK_PROXY_QUESTIONS    4096 /* size of the table of those asked of late */

struct hk_upstream;

/* One request on its way. */
struct hk_exchange {
	struct hk_exchange *next; /* at its server */
	struct hk_exchange **link;
	struct hk_proxy *proxy;
	struct hk_epoch *epoch;
	struct hk_client *client; /* of its epoch, as the following */
	const struct hk_pool_config *pool;
	struct hk_bytes realm;
	uint32_t tried;    /* bit n: member n of the pool */
	bool bound;        /* to the server that holds its State */
	uint32_t bound_to; /* its id */
	bool begins;       /* its State is ours, no server knows it */

	struct hk_visited_pending *visited; /* NULL: its keys are none of ours */
	struct hk_bytes local_domain;       /* to be told to the access point; .data NULL: not */
	struct hk_upstream *upstream; /* where it is now; NULL: nowhere */
	void *channel;                /* socket or connection; NULL: it waits for one */
	uint8_t identifier;
	uint8_t *sent_octets;
	struct hk_radius sent;
	bool replied; /* to what was sent: the Identifier is done with */
	hk_time sent_at;
	hk_time window_end;
	struct hk_radius_retransmit retransmit;

	hk_time received;
	hk_time deadline;
	struct hk_destination to;
	uint64_t entry;
	struct event timer;

	uint8_t question[HK_PROXY_QUESTION_LEN]; /* names what an EAP-Initiate asks */
	struct hk_exchange *next_question;
	struct hk_exchange **question_link; /* NULL: not in the table */
	struct hk_exchange *joined; /* asks the same and waits for the same answer */
	uint8_t *answer;            /* kept for others; NULL: still on its way */
	size_t answer_len;
	struct hk_upstream *answered_by;

	struct hk_radius request; /* points into octets */
	uint8_t octets[];         /* the packet, then the realm */
};

/* UDP or TLS. */
struct hk_carrier {
	bool resends; /* the transport loses packets */
	enum hk_err (*open)(struct hk_upstream *u);
	void (*close)(struct hk_upstream *u);
	/*
	 * Finds a channel with a free Identifier and sets both in the exchange.
	 * channel NULL: none yet, it waits. HK_ERR_LIMIT: there is no room.
	 */
	enum hk_err (*take)(struct hk_upstream *u, struct hk_exchange *x);
	void (*release)(struct hk_upstream *u, struct hk_exchange *x);
	void (*transmit)(struct hk_upstream *u, struct hk_exchange *x);
	void (*tick)(struct hk_upstream *u, hk_time now);
};

extern const struct hk_carrier hk_carrier_udp;
extern const struct hk_carrier hk_carrier_tls;

/* A home server, as this worker knows it. */
struct hk_upstream {
	struct hk_proxy *proxy;
	const struct hk_home_server_config *config; /* of the current setup */
	const struct hk_tls_peer *peer; /* in it */
	const struct hk_carrier *carrier;
	void *channels; /* the carrier's */
	struct hk_server_health health;
	struct hk_exchange *exchanges; /* in the order they came */
	struct hk_exchange **exchanges_end;
	size_t nexchanges;
	size_t nwaiting; /* of them, those without a channel */
	bool evacuate; /* its requests should move when they can */
};

struct hk_proxy {
	struct hk_proxy_world world;
	struct hk_epoch *epoch;
	struct hk_upstream **upstreams; /* of the pools, in the order of the setup */
	size_t nupstreams;
	struct hk_realm_health realms;
	struct event *tick;
	struct hk_exchange *questions[HK_PROXY_QUESTIONS];
	uint8_t randoms[512];
	size_t randoms_left;
	bool urgent; /* the tick was called early */
};

/* n: at most sizeof(randoms). False: there is no randomness. */
bool hk_proxy_random(struct hk_proxy *p, void *out, size_t n);
struct hk_upstream *hk_proxy_find(const struct hk_proxy *p, uint32_t server_id);
/* Says that a server's state changed. */
void hk_upstream_changed(struct hk_upstream *u, const char *why);
/* Its requests are to move; done soon, not now. */
void hk_upstream_evacuate(struct hk_upstream *u);

/* ---- exchanges ---- */

void hk_exchange_dispatch(struct hk_exchange *x, hk_time now);
/* Leaves its server and looks for another one. */
void hk_exchange_move(struct hk_exchange *x, hk_time now);
/* Away from a server that does not answer, if there is a better one. */
void hk_exchanges_evacuate(struct hk_upstream *u, hk_time now);
/* It waited for a channel and has one now (taken): writes and sends it. */
void hk_exchange_send(struct hk_exchange *x, hk_time now);
/* And those that have joined it. */
void hk_exchange_free(struct hk_exchange *x);
/*
 * Writes the reply for it; first: the one that was sent to the server and got that
 * reply, itself or another. False: it could not, and is forgotten.
 */
bool hk_exchange_answer(const struct hk_exchange *x, const struct hk_exchange *first,
	struct hk_upstream *from, const struct hk_radius *reply, hk_time now);

/* ---- those that ask the same ---- */

/*
 * True: one on its way asks the same and x has joined it; or one that asked the
 * same was answered a moment ago, and x has its answer and is gone. False: x is
 * to be sent, others can join it.
 */
bool hk_exchange_join(
	struct hk_exchange *x, const struct hk_aaa_request *request, hk_time now);
/* Answered and away from its server: keeps the answer. False: no need to. */
bool hk_exchange_keep(
	struct hk_exchange *x, struct hk_upstream *from, const struct hk_radius *reply);
/* Nobody can join it any more. */
void hk_exchange_end_question(struct hk_exchange *x);
/* Frees all that are answered. */
void hk_proxy_drop_answers(struct hk_proxy *p);

/* What the reply has to be, and how the packets are written. */
struct hk_forward hk_exchange_forward(const struct hk_exchange *x, const struct hk_upstream *u);

/*
 * A packet came from a server: for the exchange that has its Identifier.
 * HK_ERR_NOT_FOUND: for none. HK_ERR_AUTHENTICATOR and others: not an answer.
 */
enum hk_err hk_exchange_reply(struct hk_exchange *x, const struct hk_radius *reply, hk_time now);

/* A reply that must not count. */
void hk_upstream_bad_reply(struct hk_upstream *u, enum hk_err why, hk_time now);

/* ---- keys of our domain ---- */

/* Whether we are its local ER server; then hk_exchange.visited is set. */
enum hk_err hk_exchange_visit(struct hk_exchange *x);
/* A key request for the packet that is about to be written, if there is one to be asked. */
void hk_exchange_ask_key(struct hk_exchange *x, struct hk_buf *extra, hk_time now);
/* It is not asked after all: there is no room for it. */
void hk_exchange_ask_no_key(struct hk_exchange *x, hk_time now);
/* The Access-Accept has come: takes the key out of it. True: there was one, and it is good. */
bool hk_exchange_take_key(struct hk_exchange *x, const struct hk_radius *reply, hk_time now);

#endif
