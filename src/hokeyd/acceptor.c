/* SPDX-License-Identifier: ISC */
#include "hokeyd/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

void hk_acceptor_init(struct hk_acceptor *a)
{
	a->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void hk_acceptor_end(struct hk_acceptor *a)
{
	if (a->spare >= 0)
		close(a->spare);
	a->spare = -1;
}

/* True: there was a connection, and it is closed. */
static bool shed(struct hk_acceptor *a, int listener)
{
	int fd;

	hk_acceptor_end(a);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	hk_acceptor_init(a);
	return fd >= 0;
}

int hk_acceptor_take(
	struct hk_acceptor *a, int listener, struct sockaddr_storage *from, socklen_t *from_len)
{
	int fd;

	*from_len = sizeof(*from);
	fd = accept4(listener, (struct sockaddr *)from, from_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	errno = shed(a, listener) ? EMFILE : EAGAIN;
	return -1;
}
