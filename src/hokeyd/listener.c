/* SPDX-License-Identifier: ISC */
#include "hokeyd/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* As much as the kernel lets us have: it absorbs a second of heavy load. */
#define RECEIVE_BUFFER (4 << 20)
#define SEND_BUFFER    (1 << 20)
#define BACKLOG        128

static bool is_wildcard(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)a)->sin6_addr);
	return ((const struct sockaddr_in *)a)->sin_addr.s_addr == htonl(INADDR_ANY);
}

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool prepare(int fd, const struct hk_listen_config *config)
{
	bool v6 = config->address.ss_family == AF_INET6;

	if (v6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return false;
	/* Connections that linger from before must not keep a new server out. */
	if (config->tls)
		return set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!is_wildcard(&config->address))
		return true;
	return v6 ? set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : set(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

static int open_socket(const struct hk_listen_config *config)
{
	int type = config->tls ? SOCK_STREAM : SOCK_DGRAM;
	int fd = socket(config->address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !prepare(fd, config)) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

static bool bind_to(int fd, const struct hk_listen_config *config)
{
	return bind(fd, (const struct sockaddr *)&config->address, config->address_len) == 0;
}

/* True when nobody else is bound there. */
static bool is_free(const struct hk_listen_config *config)
{
	int fd = open_socket(config);
	bool ok = fd >= 0 && bind_to(fd, config) && (!config->tls || listen(fd, 1) == 0);
	int why = errno;

	if (fd >= 0)
		close(fd);
	errno = why;
	return ok;
}

enum hk_err hk_listener_open(
	const struct hk_listen_config *config, bool alone, struct hk_listener *out)
{
	int fd;

	if (alone && !is_free(config))
		return HK_ERR_SYSTEM;
	fd = open_socket(config);
	if (fd < 0)
		return HK_ERR_SYSTEM;
	/* Buffers may be smaller than asked for; that is no error. */
	if (!config->tls) {
		set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
		set(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
	}
	if (!set(fd, SOL_SOCKET, SO_REUSEPORT, 1) || !bind_to(fd, config) ||
		(config->tls && listen(fd, BACKLOG))) {
		int why = errno;

		close(fd);
		errno = why;
		return HK_ERR_SYSTEM;
	}
	*out = (struct hk_listener){fd, !config->tls && is_wildcard(&config->address)};
	return HK_OK;
}

static bool is_link_local(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LINKLOCAL(a);
}

void hk_listener_turn_around(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (!c)
		return;
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		info.ipi_ifindex = 0;
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		if (!is_link_local(&info.ipi6_addr))
			info.ipi6_ifindex = 0;
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
}

const char *hk_endpoint_text(const struct sockaddr_storage *address, char text[HK_ENDPOINT_TEXT])
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(text, HK_ENDPOINT_TEXT, "[%s]:%u", host, ntohs(in6->sin6_port));
	} else {
		const struct sockaddr_in *in = (const struct sockaddr_in *)address;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(text, HK_ENDPOINT_TEXT, "%s:%u", host, ntohs(in->sin_port));
	}
	return text;
}
