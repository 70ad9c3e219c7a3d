/* SPDX-License-Identifier: ISC */
/*
 * RADIUS/TLS connections that clients have opened to one worker. A connection
 * is a number to others; what is written to one that is gone is dropped.
 */
#ifndef HK_HOKEYD_RADSEC_SERVER_H
#define HK_HOKEYD_RADSEC_SERVER_H

#include "hokeyd/counters.h"
#include "hokeyd/log.h"
#include "hokeyd/setup.h"

struct hk_radsec_server;
struct hk_connection;

#define HK_ACCEPT_PER_SECOND 200  /* connections beyond are closed at once, per worker */

struct hk_radsec_world {
	struct event_base  *base;
	struct hk_counters *counters;
	struct hk_log      *log;
	void               *arg;      /* for the functions below */
	/* Packets have come. False: the connection has to be closed. */
	bool (*receive)(void *arg, struct hk_connection *c);
	/* It is gone: nobody waits for its answers. */
	void (*closed)(void *arg, uint64_t connection);
};

enum hk_err hk_radsec_server_new(const struct hk_radsec_world *world, struct hk_setup *setup,
	struct hk_radsec_server **out);
void hk_radsec_server_free(struct hk_radsec_server *s);

/* The listening socket of a `listen` block of the setup has connections. */
void hk_radsec_server_accept(
	struct hk_radsec_server *s, int fd, const struct hk_listen_config *listen);
/*
 * Another setup. Connections stay if their client still may come; it is known
 * anew from what it has shown.
 */
void hk_radsec_server_change(struct hk_radsec_server *s, struct hk_setup *next);

/* The next packet of a connection; 0: none. Of length 1: what came is no packet. */
size_t hk_connection_next(struct hk_connection *c, uint8_t packet[HK_RADIUS_MAX_LEN]);
struct hk_client *hk_connection_client(const struct hk_connection *c);
uint64_t hk_connection_number(const struct hk_connection *c);
const struct sockaddr_storage *hk_connection_address(const struct hk_connection *c, socklen_t *len);

void hk_radsec_server_write(void *server, uint64_t connection, struct hk_bytes packet);

#endif
