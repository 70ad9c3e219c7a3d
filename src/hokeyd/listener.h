/* SPDX-License-Identifier: ISC */
/*
 * Sockets that listen, of UDP and of TCP. Each worker has one of its own per
 * configured address, all bound to it with SO_REUSEPORT: the kernel sends one
 * client socket's packets always to the same worker, and shares connections
 * among them.
 */
#ifndef HK_HOKEYD_LISTENER_H
#define HK_HOKEYD_LISTENER_H

#include "hokeyd/config.h"

/* Room for one IP_PKTINFO or IPV6_PKTINFO message. */
#define HK_CONTROL_DATA_LEN CMSG_SPACE(sizeof(struct in6_pktinfo))

struct hk_listener {
	int  fd;
	bool wildcard;                /* replies have to name their source address */
};

/*
 * Opens one socket. `alone` refuses an address that any other socket has, as
 * a second server would, which SO_REUSEPORT alone lets pass. HK_ERR_SYSTEM with
 * errno.
 */
enum hk_err hk_listener_open(
	const struct hk_listen_config *config, bool alone, struct hk_listener *out);

/*
 * Makes the control data of a received datagram fit for its reply: from the
 * address it was sent to, by whatever way leads back.
 */
void hk_listener_turn_around(struct msghdr *m);

/* "192.0.2.1:1812", "[2001:db8::1]:1812". */
#define HK_ENDPOINT_TEXT 64
const char *hk_endpoint_text(
	const struct sockaddr_storage *address, char text[HK_ENDPOINT_TEXT]);

#endif
