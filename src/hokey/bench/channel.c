/* SPDX-License-Identifier: ISC */
#include "hokey/bench/channel.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define SOCKET_BUFFER (4 << 20)

bool hk_channel_open(struct hk_channel *c, const struct hk_bench_options *o)
{
	const int size = SOCKET_BUFFER;

	memset(c, 0, sizeof *c);
	c->fd = socket(o->server.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	for (unsigned i = 0; i < HK_CHANNEL_BATCH; i++) {
		c->out[i].msg_hdr.msg_iov = &c->out_iov[i];
		c->out[i].msg_hdr.msg_iovlen = 1;
	}
	return connect(c->fd, (const struct sockaddr *)&o->server, o->server_len) == 0;
}

void hk_channel_close(struct hk_channel *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void hk_channel_inbox_init(struct hk_channel_inbox *inbox)
{
	memset(inbox->in, 0, sizeof inbox->in);
	for (unsigned i = 0; i < HK_CHANNEL_BATCH; i++) {
		inbox->iov[i] = (struct iovec){inbox->octets[i], sizeof inbox->octets[i]};
		inbox->in[i].msg_hdr.msg_iov = &inbox->iov[i];
		inbox->in[i].msg_hdr.msg_iovlen = 1;
	}
}

void hk_channel_queue(struct hk_channel *c, struct hk_bytes packet)
{
	c->out_iov[c->queued++] = (struct iovec){(void *)(uintptr_t)packet.data, packet.len};
}

/* Whether to try once more after an error of the socket. */
static bool goes_on(struct hk_channel *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLOUT};

	if (errno == ECONNREFUSED) {
		c->refused++;
		return true;
	}
	if (errno == EINTR)
		return true;
	return (errno == EAGAIN || errno == ENOBUFS) && poll(&p, 1, 100) > 0;
}

void hk_channel_flush(struct hk_channel *c)
{
	unsigned sent = 0;

	while (sent < c->queued) {
		int n = sendmmsg(c->fd, c->out + sent, c->queued - sent, 0);

		if (n > 0)
			sent += (unsigned)n;
		else if (!goes_on(c))
			break;
	}
	c->queued = 0;
}

unsigned hk_channel_receive(struct hk_channel *c, struct hk_channel_inbox *inbox)
{
	int n = recvmmsg(c->fd, inbox->in, HK_CHANNEL_BATCH, MSG_DONTWAIT, NULL);

	if (n < 0 && errno == ECONNREFUSED)
		c->refused++;
	return n > 0 ? (unsigned)n : 0;
}
