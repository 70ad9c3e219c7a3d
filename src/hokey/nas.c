/* SPDX-License-Identifier: ISC */
#include "hokey/nas.h"

#include "crypto/crypto.h"
#include "hokey/now.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVICE_TYPE_FRAMED    2
#define NAS_PORT_TYPE_WIRELESS 19
#define FRAMED_MTU             1400

/* ---- the socket ---- */

static int connect_to(const struct addrinfo *to, struct nas *n)
{
	socklen_t len = sizeof n->local;
	int fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC, to->ai_protocol), saved;

	if (fd < 0)
		return -1;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 &&
		getsockname(fd, (struct sockaddr *)&n->local, &len) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

enum hk_err nas_open(
	struct nas *n, const char *host, const char *port, uint32_t timeout_ms, const char **why)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *found = NULL;
	int failed = getaddrinfo(host, port, &hints, &found);

	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	if (failed) {
		*why = gai_strerror(failed);
		return HK_ERR_NOT_FOUND;
	}
	for (struct addrinfo *a = found; a && n->fd < 0; a = a->ai_next)
		n->fd = connect_to(a, n);
	*why = strerror(errno);
	freeaddrinfo(found);
	if (n->fd < 0 || hk_random(&n->next_id, sizeof n->next_id))
		return HK_ERR_SYSTEM;
	n->timers = hk_radius_timers_default();
	n->timers.mrd_ms = timeout_ms;
	return HK_OK;
}

void nas_close(struct nas *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	hk_wipe(&n->secret, sizeof n->secret);
}

void nas_start(struct nas *n, const char *identifier)
{
	n->identifier = identifier;
	n->state_len = 0;
	n->waiting = false;
	n->problem = HK_OK;
}

struct hk_bytes nas_greet(struct hk_bytes domain, uint8_t octets[HK_ERP_MAX_LEN])
{
	struct hk_buf b = hk_buf(octets, HK_ERP_MAX_LEN);
	uint8_t identifier = 0;

	hk_random(&identifier, 1);
	hk_erp_begin_start(&b, identifier);
	hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, domain);
	return hk_erp_end(&b) ? HK_NO_BYTES : hk_buf_bytes(&b);
}

/* ---- requests ---- */

static void put_address(struct hk_buf *b, const struct sockaddr_storage *a)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;

	if (a->ss_family == AF_INET)
		hk_radius_put(b, HK_RADIUS_NAS_IP_ADDRESS, hk_bytes(&v4->sin_addr, 4));
	else if (a->ss_family == AF_INET6)
		hk_radius_put(b, HK_RADIUS_NAS_IPV6_ADDRESS, hk_bytes(&v6->sin6_addr, 16));
}

static void put_text(struct hk_buf *b, uint8_t type, const char *text)
{
	if (text)
		hk_radius_put(b, type, hk_text(text));
}

static enum hk_err build(struct nas *n, struct hk_bytes user_name, struct hk_bytes eap)
{
	struct hk_buf b = hk_buf(n->request, sizeof n->request);
	uint8_t random[HK_RADIUS_AUTHENTICATOR_LEN];
	enum hk_err err = hk_random(random, sizeof random);

	if (err)
		return err;
	hk_radius_begin(&b, HK_RADIUS_ACCESS_REQUEST, n->next_id++);
	hk_radius_put(&b, HK_RADIUS_USER_NAME, user_name);
	put_address(&b, &n->local);
	put_text(&b, HK_RADIUS_NAS_IDENTIFIER, n->identifier);
	put_text(&b, HK_RADIUS_CALLED_STATION_ID, n->called_station_id);
	put_text(&b, HK_RADIUS_CALLING_STATION_ID, n->calling_station_id);
	hk_radius_put_u32(&b, HK_RADIUS_NAS_PORT_TYPE, NAS_PORT_TYPE_WIRELESS);
	hk_radius_put_u32(&b, HK_RADIUS_SERVICE_TYPE, SERVICE_TYPE_FRAMED);
	hk_radius_put_u32(&b, HK_RADIUS_FRAMED_MTU, FRAMED_MTU);
	if (n->state_len)
		hk_radius_put(&b, HK_RADIUS_STATE, hk_bytes(n->state, n->state_len));
	hk_radius_put_eap(&b, eap);
	err = hk_radius_sign_request(&b, &n->secret, random);
	n->request_len = b.len;
	return err;
}

uint16_t random_16(void)
{
	uint16_t r = 0;

	return hk_random(&r, sizeof r) ? 0 : r;
}

/* An error of the network is one a server that comes up again mends. */
static void transmit(struct nas *n)
{
	if (send(n->fd, n->request, n->request_len, 0) < 0) {
		n->problem = HK_ERR_SYSTEM;
		n->problem_errno = errno;
	}
}

enum hk_err nas_send(struct nas *n, struct hk_bytes user_name, struct hk_bytes eap)
{
	enum hk_err err = build(n, user_name, eap);

	if (err)
		return err;
	n->problem = HK_OK;
	n->sent_us = now_us();
	transmit(n);
	hk_radius_retransmit_start(&n->retransmit, &n->timers, now_ms(), random_16());
	n->waiting = true;
	return HK_OK;
}

uint8_t nas_last_id(const struct nas *n)
{
	return n->request[1];
}

/* ---- answers ---- */

static bool get_key_half(const struct nas *n, const struct hk_radius *p, uint8_t type, uint8_t *out)
{
	struct hk_bytes hidden = hk_radius_find_vsa(p, HK_VENDOR_MICROSOFT, type);
	uint8_t octets[HK_RADIUS_VALUE_MAX];
	struct hk_buf plain = hk_buf(octets, sizeof octets);
	bool good = hidden.data &&
		    hk_radius_unhide_salted(&n->secret, n->request + 4, hidden, &plain) == HK_OK &&
		    plain.len == 32;

	if (good)
		memcpy(out, octets, 32);
	hk_wipe(octets, sizeof octets);
	return good;
}

static enum hk_err check_reply(const struct nas *n, size_t len, struct hk_radius *p)
{
	enum hk_err err = hk_radius_parse(hk_bytes(n->reply, len), p);

	if (err)
		return err;
	if (p->identifier != n->request[1])
		return HK_ERR_UNEXPECTED;
	err = hk_radius_check_response_authenticator(p, &n->secret, n->request + 4);
	if (err)
		return err;
	/* with EAP it must be there (RFC 3579 section 3.2) */
	err = hk_radius_check_message_authenticator(p, &n->secret, n->request + 4);
	if (err)
		return HK_ERR_AUTHENTICATOR;
	/* we sent none: what somebody made of our request for a collision has them */
	return hk_radius_find(p, HK_RADIUS_PROXY_STATE).data ? HK_ERR_UNEXPECTED : HK_OK;
}

static void take_state(struct nas *n, const struct hk_radius *p)
{
	struct hk_bytes state = hk_radius_find(p, HK_RADIUS_STATE);

	n->state_len = 0;
	if (p->code != HK_RADIUS_ACCESS_CHALLENGE || !state.len)
		return;
	memcpy(n->state, state.data, state.len);
	n->state_len = state.len;
}

/* One datagram that is there; HK_OK when it is the answer. */
static enum hk_err take_datagram(struct nas *n, struct nas_reply *out)
{
	struct hk_buf joined = hk_buf(n->eap, sizeof n->eap);
	ssize_t len = recv(n->fd, n->reply, sizeof n->reply, MSG_DONTWAIT);
	enum hk_err err;

	if (len < 0)
		return HK_ERR_SYSTEM;
	*out = (struct nas_reply){0};
	err = check_reply(n, (size_t)len, &out->radius);
	if (!err)
		err = hk_radius_eap(&out->radius, &joined, &out->eap);
	if (err)
		return err;
	out->round_trip_us = now_us() - n->sent_us;
	out->transmissions = n->retransmit.sent;
	out->has_key = get_key_half(n, &out->radius, HK_MS_MPPE_RECV_KEY, out->key) &&
		       get_key_half(n, &out->radius, HK_MS_MPPE_SEND_KEY, out->key + 32);
	take_state(n, &out->radius);
	n->waiting = false;
	return HK_OK;
}

/* Until a datagram is there or the time has come. */
static bool wait_readable(const struct nas *n, hk_time until)
{
	struct pollfd p = {.fd = n->fd, .events = POLLIN};
	hk_time now = now_ms();
	int ms = until <= now ? 0 : until - now > 60000 ? 60000 : (int)(until - now);

	return poll(&p, 1, ms) > 0;
}

/* False: no use to repeat it any more. */
static bool repeat_if_due(struct nas *n)
{
	hk_time now = now_ms();

	if (now < n->retransmit.next)
		return true;
	if (!hk_radius_retransmit_due(&n->retransmit, &n->timers, now, random_16())) {
		n->waiting = false;
		return false;
	}
	transmit(n);
	return true;
}

enum hk_err nas_receive(struct nas *n, hk_time until, struct nas_reply *out)
{
	while (now_ms() < until) {
		hk_time next =
			n->waiting && n->retransmit.next < until ? n->retransmit.next : until;
		enum hk_err err;

		if (wait_readable(n, next)) {
			err = take_datagram(n, out);
			if (!err)
				return HK_OK;
			n->problem = err;
			n->problem_errno = errno;
		}
		if (n->waiting && !repeat_if_due(n))
			return HK_ERR_LIMIT;
	}
	return HK_ERR_TIMEOUT;
}
