/* SPDX-License-Identifier: ISC */
/*
 * RADIUS over UDP toward home servers. Sockets are connected: packets of
 * others do not come in, and we hear when nobody listens there. Each has 256
 * Identifiers; when they run out another socket is opened.
 */
#include "hokeyd/proxy_parts.h"

#include "hokeyd/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH          64
#define RECEIVE_BUFFER (1 << 20)

struct channel {
	struct hk_upstream *upstream;
	int fd;
	struct event *event;
	struct hk_identifiers ids;
};

struct channels {
	struct channel **list;
	size_t n;
	size_t next; /* the one to ask first: they take turns */
	/* the Status-Server that is out */
	struct channel *probe_channel; /* NULL: none */
	uint8_t probe_identifier;
	uint8_t probe_octets[64];
	struct hk_radius probe;
};

/* ---- replies ---- */

static void probe_answered(struct hk_upstream *u, const struct hk_radius *reply, hk_time now)
{
	struct channels *c = u->channels;
	const struct hk_forward f = {.server_secret = &u->config->secret};
	enum hk_err err = hk_forward_check_reply(&f, &c->probe, reply);

	if (err) {
		hk_upstream_bad_reply(u, err, now);
		return;
	}
	hk_identifiers_release(&c->probe_channel->ids, c->probe_identifier);
	c->probe_channel = NULL;
	if (hk_server_replied(&u->health, &u->config->timers, true, now))
		hk_upstream_changed(u, "it answered Status-Server");
}

static void receive(struct channel *c, struct hk_bytes octets, hk_time now)
{
	struct hk_upstream *u = c->upstream;
	struct hk_radius reply;
	enum hk_err err;
	void *owner;

	if (hk_radius_parse(octets, &reply)) {
		hk_upstream_bad_reply(u, HK_ERR_MALFORMED, now);
		return;
	}
	owner = c->ids.owner[reply.identifier];
	if (owner == u) {
		probe_answered(u, &reply, now);
		return;
	}
	err = owner ? hk_exchange_reply(owner, &reply, now) : HK_ERR_EXPIRED;
	if (err)
		hk_upstream_bad_reply(u, err, now);
}

/* ICMP says that nobody is there. */
static void refused(struct hk_upstream *u, hk_time now)
{
	if (hk_server_refused(&u->health, now))
		hk_upstream_changed(u, "nobody listens at its port");
	hk_upstream_evacuate(u);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	struct hk_outbox *outbox = c->upstream->proxy->world.outbox;
	hk_time now = hk_clock_now();
	uint8_t octets[HK_RADIUS_MAX_LEN];

	(void)what;
	for (unsigned i = 0; i < BATCH; i++) {
		ssize_t n = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);

		if (n < 0 && errno == ECONNREFUSED)
			refused(c->upstream, now);
		else if (n < 0)
			break;
		else
			receive(c, hk_bytes(octets, (size_t)n), now);
	}
	hk_outbox_flush(outbox, now);
}

/* ---- channels ---- */

static void free_channel(struct channel *c)
{
	if (c->event)
		event_free(c->event);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

static bool connect_channel(struct channel *c)
{
	const struct hk_home_server_config *config = c->upstream->config;
	const int size = RECEIVE_BUFFER;

	c->fd = socket(config->address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (connect(c->fd, (const struct sockaddr *)&config->address, config->address_len))
		return false;
	c->event = event_new(
		c->upstream->proxy->world.base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	return c->event && event_add(c->event, NULL) == 0;
}

static struct channel *add_channel(struct hk_upstream *u)
{
	struct channels *all = u->channels;
	struct channel **list = realloc(all->list, (all->n + 1) * sizeof(struct channel *));
	struct channel *c;

	if (!list)
		return NULL;
	all->list = list;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->upstream = u;
	hk_identifiers_init(&c->ids, false);
	if (!connect_channel(c)) {
		free_channel(c);
		return NULL;
	}
	list[all->n++] = c;
	return c;
}

static enum hk_err open_channels(struct hk_upstream *u)
{
	u->channels = calloc(1, sizeof(struct channels));
	return u->channels ? HK_OK : HK_ERR_NO_MEMORY;
}

static void close_channels(struct hk_upstream *u)
{
	struct channels *all = u->channels;

	for (size_t i = 0; i < all->n; i++)
		free_channel(all->list[i]);
	free(all->list);
	free(all);
	u->channels = NULL;
}

/* ---- requests ---- */

static enum hk_err take(struct hk_upstream *u, struct hk_exchange *x)
{
	struct channels *all = u->channels;
	struct channel *c;

	for (size_t i = 0; i < all->n; i++) {
		c = all->list[all->next++ % all->n];
		if (hk_identifiers_take(&c->ids, x, &x->identifier)) {
			x->channel = c;
			return HK_OK;
		}
	}
	c = add_channel(u);
	if (!c || !hk_identifiers_take(&c->ids, x, &x->identifier))
		return HK_ERR_LIMIT;
	x->channel = c;
	return HK_OK;
}

static void release(struct hk_upstream *u, struct hk_exchange *x)
{
	struct channel *c = x->channel;

	(void)u;
	hk_identifiers_release(&c->ids, x->identifier);
}

/* What is lost here is sent again when its time has come. */
static void send_octets(struct channel *c, struct hk_bytes octets)
{
	if (send(c->fd, octets.data, octets.len, MSG_DONTWAIT) < 0 && errno == ECONNREFUSED) {
		refused(c->upstream, hk_clock_now());
		/* The error was that of an earlier packet; this one was not sent. */
		send(c->fd, octets.data, octets.len, MSG_DONTWAIT);
	}
}

static void transmit(struct hk_upstream *u, struct hk_exchange *x)
{
	(void)u;
	send_octets(x->channel, x->sent.packet);
}

/* ---- probes ---- */

static bool write_probe(struct hk_upstream *u, struct channels *all)
{
	uint8_t random[HK_RADIUS_AUTHENTICATOR_LEN];
	struct hk_buf b = hk_buf(all->probe_octets, sizeof(all->probe_octets));

	return hk_proxy_random(u->proxy, random, sizeof(random)) &&
	       hk_forward_status(&u->config->secret, all->probe_identifier, HK_NO_BYTES, random,
		       &b) == HK_OK &&
	       hk_radius_parse(hk_buf_bytes(&b), &all->probe) == HK_OK;
}

static void probe(struct hk_upstream *u)
{
	struct channels *all = u->channels;
	struct channel *c = all->n ? all->list[0] : add_channel(u);

	if (all->probe_channel)
		hk_identifiers_release(&all->probe_channel->ids, all->probe_identifier);
	all->probe_channel = NULL;
	if (!c || !hk_identifiers_take(&c->ids, u, &all->probe_identifier))
		return;
	all->probe_channel = c;
	if (write_probe(u, all))
		send_octets(c, all->probe.packet);
}

static void tick(struct hk_upstream *u, hk_time now)
{
	bool due;

	if (hk_server_tick(&u->health, &u->config->timers, now, &due))
		hk_upstream_changed(
			u, u->health.state == HK_DEAD ? "it stayed silent" : "it is tried again");
	if (due)
		probe(u);
}

const struct hk_carrier hk_carrier_udp = {
	.resends = true,
	.open = open_channels,
	.close = close_channels,
	.take = take,
	.release = release,
	.transmit = transmit,
	.tick = tick,
};
