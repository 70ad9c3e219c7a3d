/* SPDX-License-Identifier: ISC */
/*
 * RADIUS/TLS toward home servers (RFC 6614, 6613). The first connection to a
 * server is kept open all the time; others are added when 255 requests wait on
 * each. Whether a server is alive is what the watchdogs of its connections
 * say. A request without a connection waits for one, as long as it is not
 * better off elsewhere; nothing is sent twice on one connection.
 */
#include "hokeyd/proxy_parts.h"

#include "hokeyd/clock.h"
#include "hokeyd/disconnect.h"
#include "hokeyd/radsec.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>

#include <stdlib.h>

#define BACK_OFF_MAX_S 60
#define STATUS_ID      0 /* RFC 6613 section 2.6.5 */

enum connection_state {
	CLOSED,
	CONNECTING,
	OPEN,
};

struct channel {
	struct hk_upstream *upstream;
	bool kept; /* opened again when it ends */
	enum connection_state state;
	struct bufferevent *bev;
	struct event timer;
	struct hk_identifiers ids;
	/* Request Authenticators of those nobody waits for any more, by Identifier. */
	uint8_t unanswered[256][HK_RADIUS_AUTHENTICATOR_LEN];
	struct hk_watchdog watchdog;
	bool failed; /* the last one did not end well */
	uint32_t back_off_s;
	uint8_t status_octets[64];
	struct hk_radius status; /* the one that is out */
};

struct channels {
	struct channel *list[HK_CONNECTIONS_MAX];
	size_t n;
};

static bool watches(const struct hk_upstream *u)
{
	return u->config->timers.probes;
}

/* ---- is it alive? ---- */

static enum hk_liveness liveness_of(const struct channel *c)
{
	if (c->state == OPEN && (!watches(c->upstream) || c->watchdog.state == HK_WATCHDOG_OKAY))
		return HK_ALIVE;
	if (c->state == OPEN && c->watchdog.state == HK_WATCHDOG_SUSPECT)
		return HK_ZOMBIE;
	return c->state == CONNECTING && !c->failed ? HK_ZOMBIE : HK_DEAD;
}

/* A server is what the best of its connections is. */
static void update_health(struct hk_upstream *u, const char *why)
{
	struct channels *all = u->channels;
	enum hk_liveness best = HK_DEAD;

	for (size_t i = 0; i < all->n; i++) {
		enum hk_liveness l = liveness_of(all->list[i]);

		best = l < best ? l : best;
	}
	if (best == u->health.state)
		return;
	u->health.state = best;
	u->health.since = hk_clock_now();
	hk_upstream_changed(u, why);
	if (best != HK_ALIVE)
		hk_upstream_evacuate(u);
}

static uint16_t jitter(struct hk_upstream *u)
{
	uint16_t r = 0;

	hk_proxy_random(u->proxy, &r, sizeof(r));
	return r;
}

static void set_timer(struct channel *c, hk_time wait_ms)
{
	const struct timeval t = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000) * 1000};

	evtimer_add(&c->timer, &t);
}

/* ---- requests that wait ---- */

static enum hk_err take(struct hk_upstream *u, struct hk_exchange *x);

static void serve_waiting(struct hk_upstream *u, hk_time now)
{
	struct hk_exchange *next;

	for (struct hk_exchange *x = u->exchanges; x && u->nwaiting; x = next) {
		next = x->next;
		if (x->channel)
			continue;
		if (take(u, x) || !x->channel)
			return;
		u->nwaiting--;
		hk_exchange_send(x, now);
	}
}

/* ---- the end of a connection ---- */

static void disconnect(struct channel *c)
{
	struct hk_upstream *u = c->upstream;

	if (c->bev)
		bufferevent_free(c->bev);
	c->bev = NULL;
	c->state = CLOSED;
	c->watchdog.state = HK_WATCHDOG_DOWN;
	for (struct hk_exchange *x = u->exchanges; x; x = x->next) {
		if (x->channel != c)
			continue;
		x->channel = NULL;
		u->nwaiting++;
	}
	hk_identifiers_init(&c->ids, true);
	memset(c->unanswered, 0, sizeof(c->unanswered));
}

static void remove_channel(struct channel *c)
{
	struct channels *all = c->upstream->channels;
	size_t i = 0;

	while (all->list[i] != c)
		i++;
	all->list[i] = all->list[--all->n];
	event_del(&c->timer);
	free(c);
}

/* 1, 2, 4 ... 60 s, a tenth more or less (RFC 6614 asks for growing intervals). */
static void wait_to_connect(struct channel *c)
{
	uint32_t wait_ms;

	c->back_off_s = c->back_off_s == 0 ? 1 : 2 * c->back_off_s;
	if (c->back_off_s > BACK_OFF_MAX_S)
		c->back_off_s = BACK_OFF_MAX_S;
	wait_ms = c->back_off_s * 900 + (uint32_t)jitter(c->upstream) * c->back_off_s * 200 / 65535;
	set_timer(c, wait_ms);
}

static void end(struct channel *c, bool failed, const char *why)
{
	struct hk_upstream *u = c->upstream;
	char text[300];

	snprintf(text, sizeof(text), "connection: %s", why);
	if (c->state == OPEN || c->back_off_s < BACK_OFF_MAX_S)
		hk_log_write(u->proxy->world.log, failed ? HK_LOG_WARNING : HK_LOG_INFO,
			"connection with home server %s ended: %s", u->config->name, why);
	disconnect(c);
	c->failed |= failed;
	if (c->kept)
		wait_to_connect(c);
	else
		remove_channel(c);
	update_health(u, text);
	hk_upstream_evacuate(u);
}

/* ---- the watchdog ---- */

static void send_status(struct channel *c)
{
	struct hk_upstream *u = c->upstream;
	struct hk_buf b = hk_buf(c->status_octets, sizeof(c->status_octets));
	uint8_t random[HK_RADIUS_AUTHENTICATOR_LEN];

	if (!hk_proxy_random(u->proxy, random, sizeof(random)) ||
		hk_forward_status(&u->config->secret, STATUS_ID, HK_NO_BYTES, random, &b) ||
		hk_radius_parse(hk_buf_bytes(&b), &c->status))
		return;
	bufferevent_write(c->bev, b.data, b.len);
}

static void arm_watchdog(struct channel *c, hk_time now)
{
	if (watches(c->upstream))
		set_timer(c, c->watchdog.due > now ? c->watchdog.due - now : 0);
	else
		event_del(&c->timer);
}

static void watch(struct channel *c, hk_time now)
{
	switch (hk_watchdog_due(&c->watchdog, now, jitter(c->upstream))) {
	case HK_WATCHDOG_SEND:
		send_status(c);
		break;
	case HK_WATCHDOG_FAIL_OVER:
		update_health(c->upstream, "it does not answer Status-Server");
		break;
	case HK_WATCHDOG_CLOSE:
		end(c, true, "it does not answer Status-Server");
		return;
	case HK_WATCHDOG_WAIT:
		break;
	}
	arm_watchdog(c, now);
}

static void heard(struct channel *c, bool answer, hk_time now)
{
	hk_watchdog_received(&c->watchdog, answer, now, jitter(c->upstream));
	update_health(c->upstream, answer ? "it answered Status-Server" : "it answered a request");
}

/* ---- packets ---- */

/* Nobody here takes CoA or Disconnect from it (RFC 6614 section 2.5). */
static enum hk_err refuse_dynamic(struct channel *c, const struct hk_radius *p)
{
	const struct hk_radius_secret *secret = &c->upstream->config->secret;
	uint8_t memory[HK_RADIUS_MAX_LEN];
	struct hk_buf b = hk_buf(memory, sizeof(memory));

	if (hk_radius_check_request_authenticator(p, secret))
		return HK_ERR_AUTHENTICATOR;
	if (hk_disconnect_write(p, secret, HK_CAUSE_UNSUPPORTED_EXTENSION, &b) == HK_OK)
		bufferevent_write(c->bev, b.data, b.len);
	return HK_OK;
}

static enum hk_err take_status_answer(struct channel *c, const struct hk_radius *reply, hk_time now)
{
	const struct hk_forward f = {.server_secret = &c->upstream->config->secret};
	enum hk_err err;

	if (!c->watchdog.pending)
		return HK_ERR_EXPIRED;
	err = hk_forward_check_reply(&f, &c->status, reply);
	if (!err)
		heard(c, true, now);
	return err;
}

/* The answer to the request that had the Identifier before its owner, and was given up? */
static bool is_late(const struct channel *c, const struct hk_radius *reply)
{
	return hk_radius_check_response_authenticator(reply, &c->upstream->config->secret,
		       c->unanswered[reply->identifier]) == HK_OK;
}

static enum hk_err receive(struct channel *c, struct hk_bytes octets, hk_time now)
{
	struct hk_radius p;
	void *owner;
	enum hk_err err;

	if (hk_radius_parse(octets, &p))
		return HK_ERR_MALFORMED;
	if (p.code == HK_RADIUS_COA_REQUEST || p.code == HK_RADIUS_DISCONNECT_REQUEST)
		return refuse_dynamic(c, &p);
	if (p.identifier == STATUS_ID)
		return take_status_answer(c, &p, now);
	owner = c->ids.owner[p.identifier];
	if (!owner)
		return HK_ERR_EXPIRED;
	err = hk_exchange_reply(owner, &p, now);
	if (!err)
		heard(c, false, now);
	return err == HK_ERR_AUTHENTICATOR && is_late(c, &p) ? HK_ERR_EXPIRED : err;
}

/* RFC 6613 section 2.6.4: such a stream cannot be trusted any more. */
static bool ends_connection(enum hk_err err)
{
	return err == HK_ERR_MALFORMED || err == HK_ERR_AUTHENTICATOR || err == HK_ERR_NOT_FOUND;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct channel *c = arg;
	struct hk_upstream *u = c->upstream;
	struct hk_outbox *outbox = u->proxy->world.outbox;
	hk_time now = hk_clock_now();
	uint8_t octets[HK_RADIUS_MAX_LEN];
	enum hk_err err;
	size_t n;

	if (c->state != OPEN)
		return;
	while ((n = hk_radsec_next(bufferevent_get_input(bev), octets, &err)) > 0) {
		err = receive(c, hk_bytes(octets, n), now);
		if (err)
			hk_upstream_bad_reply(u, err, now);
		if (ends_connection(err))
			break;
	}
	if (ends_connection(err))
		end(c, true, "what it sent is no RADIUS of its own");
	else if (evbuffer_get_length(bufferevent_get_output(bev)) > HK_RADSEC_OUTPUT_MAX)
		end(c, true, "it does not read our requests");
	else
		arm_watchdog(c, now);
	serve_waiting(u, now);
	hk_outbox_flush(outbox, now);
}

/* ---- connecting ---- */

static void on_connected(struct channel *c)
{
	struct hk_upstream *u = c->upstream;
	hk_time now = hk_clock_now();
	char why[200];

	if (hk_radsec_connected(c->bev, u->peer, why, sizeof(why))) {
		end(c, true, why);
		return;
	}
	c->state = OPEN;
	c->back_off_s = 0;
	if (hk_watchdog_open(&c->watchdog, u->config->timers.check_interval_ms, c->failed, now,
		    jitter(u)) == HK_WATCHDOG_SEND &&
		watches(u))
		send_status(c);
	c->failed = false;
	hk_log_write(u->proxy->world.log, HK_LOG_INFO, "connected to home server %s with %s",
		u->config->name, SSL_get_version(bufferevent_openssl_get_ssl(c->bev)));
	arm_watchdog(c, now);
	update_health(u, "connected");
	serve_waiting(u, now);
	hk_outbox_flush(u->proxy->world.outbox, now);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct channel *c = arg;
	char why[200];
	bool orderly;

	if (what & BEV_EVENT_CONNECTED) {
		on_connected(c);
		return;
	}
	orderly = (what & BEV_EVENT_EOF) &&
		  (SSL_get_shutdown(bufferevent_openssl_get_ssl(bev)) & SSL_RECEIVED_SHUTDOWN);
	hk_radsec_explain(bev, what, why, sizeof(why));
	end(c, !orderly, why);
}

static void connect_channel(struct channel *c)
{
	struct hk_upstream *u = c->upstream;

	c->bev = hk_radsec_connect(u->proxy->world.base, u->config, &u->peer, on_read, on_event, c);
	if (!c->bev) {
		end(c, true, "it cannot be opened");
		return;
	}
	c->state = CONNECTING;
	set_timer(c, HK_RADSEC_HANDSHAKE_MS);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CLOSED:
		connect_channel(c);
		break;
	case CONNECTING:
		end(c, true, "no connection in time");
		break;
	case OPEN:
		watch(c, hk_clock_now());
		break;
	}
}

static struct channel *add_channel(struct hk_upstream *u, bool kept)
{
	struct channels *all = u->channels;
	struct channel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->upstream = u;
	c->kept = kept;
	hk_identifiers_init(&c->ids, true);
	evtimer_assign(&c->timer, u->proxy->world.base, on_timer, c);
	all->list[all->n++] = c;
	/* From the event loop: nobody who asks for a channel must see it fail at once. */
	set_timer(c, 0);
	return c;
}

static enum hk_err open_channels(struct hk_upstream *u)
{
	u->channels = calloc(1, sizeof(struct channels));
	if (!u->channels || !add_channel(u, true))
		return HK_ERR_NO_MEMORY;
	u->health.state = HK_ZOMBIE;
	return HK_OK;
}

static void close_channels(struct hk_upstream *u)
{
	struct channels *all = u->channels;

	while (all->n) {
		disconnect(all->list[0]);
		remove_channel(all->list[0]);
	}
	free(all);
	u->channels = NULL;
}

/* ---- requests ---- */

static bool take_from(struct channel *c, struct hk_exchange *x)
{
	if (!hk_identifiers_take(&c->ids, x, &x->identifier))
		return false;
	x->channel = c;
	return true;
}

/* One device stays on one connection as long as it can. */
static bool take_any(struct channels *all, struct hk_exchange *x, bool trusted)
{
	uint64_t start = hk_pool_key(&x->request);

	for (size_t i = 0; i < all->n; i++) {
		struct channel *c = all->list[(start + i) % all->n];

		if (c->state == OPEN && (liveness_of(c) == HK_ALIVE) == trusted && take_from(c, x))
			return true;
	}
	return false;
}

static bool is_connecting(const struct channels *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->list[i]->state != OPEN)
			return true;
	}
	return false;
}

static enum hk_err take(struct hk_upstream *u, struct hk_exchange *x)
{
	struct channels *all = u->channels;

	if (take_any(all, x, true) || take_any(all, x, false))
		return HK_OK;
	if (!is_connecting(all) && all->n < u->config->connections)
		add_channel(u, false);
	return HK_OK;
}

static void release(struct hk_upstream *u, struct hk_exchange *x)
{
	struct channel *c = x->channel;

	(void)u;
	if (x->sent_octets && !x->replied)
		memcpy(c->unanswered[x->identifier], x->sent.authenticator,
			HK_RADIUS_AUTHENTICATOR_LEN);
	hk_identifiers_release(&c->ids, x->identifier);
}

static void transmit(struct hk_upstream *u, struct hk_exchange *x)
{
	struct channel *c = x->channel;

	(void)u;
	bufferevent_write(c->bev, x->sent.packet.data, x->sent.packet.len);
}

/* Requests that timed out have left Identifiers behind. */
static void tick(struct hk_upstream *u, hk_time now)
{
	serve_waiting(u, now);
}

const struct hk_carrier hk_carrier_tls = {
	.resends = false,
	.open = open_channels,
	.close = close_channels,
	.take = take,
	.release = release,
	.transmit = transmit,
	.tick = tick,
};
