/* SPDX-License-Identifier: ISC */
/*
 * Accepting connections, also when no descriptor is left: one is kept in
 * reserve, so that a connection can still be taken and closed. Otherwise it
 * would wait at the socket, which would be readable for good.
 */
#ifndef HK_HOKEYD_ACCEPTOR_H
#define HK_HOKEYD_ACCEPTOR_H

#include <sys/socket.h>

struct hk_acceptor {
	int spare; /* -1: none */
};

void hk_acceptor_init(struct hk_acceptor *a);
void hk_acceptor_end(struct hk_acceptor *a);

/*
 * A descriptor, non-blocking, or -1: EMFILE when a connection was closed for
 * want of one; anything else when there is none to accept.
 */
int hk_acceptor_take(
	struct hk_acceptor *a, int listener, struct sockaddr_storage *from, socklen_t *from_len);

#endif
