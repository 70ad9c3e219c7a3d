/* SPDX-License-Identifier: ISC */
/* The servers a worker can ask, and their coming and going. */
#include "hokeyd/proxy_parts.h"

#include "crypto/crypto.h"
#include "hokeyd/clock.h"

#include <stdlib.h>

#define TICK_MS 250

/* ---- odds and ends ---- */

bool hk_proxy_random(struct hk_proxy *p, void *out, size_t n)
{
	if (p->randoms_left < n) {
		if (hk_random(p->randoms, sizeof(p->randoms)))
			return false;
		p->randoms_left = sizeof(p->randoms);
	}
	p->randoms_left -= n;
	memcpy(out, p->randoms + p->randoms_left, n);
	return true;
}

struct hk_upstream *hk_proxy_find(const struct hk_proxy *p, uint32_t server_id)
{
	for (size_t i = 0; i < p->nupstreams; i++) {
		if (p->upstreams[i]->config->id == server_id)
			return p->upstreams[i];
	}
	return NULL;
}

void hk_upstream_changed(struct hk_upstream *u, const char *why)
{
	hk_log_write(u->proxy->world.log,
		u->health.state == HK_ALIVE ? HK_LOG_NOTICE : HK_LOG_WARNING,
		"home server %s is %s: %s", u->config->name, hk_liveness_name(u->health.state),
		why);
}

void hk_upstream_bad_reply(struct hk_upstream *u, enum hk_err why, hk_time now)
{
	struct hk_proxy *p = u->proxy;
	const char *text;

	hk_count(p->world.counters, HK_COUNT_PROXY_BAD_REPLIES);
	switch (why) {
	case HK_ERR_AUTHENTICATOR:
		text = "its authenticators are wrong (the shared secret?)";
		break;
	case HK_ERR_NOT_FOUND:
		text = "it has no Message-Authenticator (require-message-authenticator)";
		break;
	case HK_ERR_UNEXPECTED:
		text = "its code or Proxy-State does not fit the request";
		break;
	case HK_ERR_MALFORMED:
		text = "it or something hidden in it cannot be read";
		break;
	case HK_ERR_TOO_LONG:
		text = "it does not fit into a packet for the client";
		break;
	default:
		return; /* late ones are nothing special */
	}
	hk_log_repeated(p->world.log, HK_LOG_WARNING, "proxy-reply", hk_text(u->config->name), now,
		"dropped a reply of home server %s: %s", u->config->name, text);
}

/* ---- time ---- */

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct hk_proxy *p = arg;
	hk_time now = hk_clock_now();

	(void)fd;
	(void)what;
	p->urgent = false;
	for (size_t i = 0; i < p->nupstreams; i++) {
		struct hk_upstream *u = p->upstreams[i];

		u->carrier->tick(u, now);
		if (u->evacuate) {
			u->evacuate = false;
			hk_exchanges_evacuate(u, now);
		}
	}
	hk_outbox_flush(p->world.outbox, now);
}

void hk_upstream_evacuate(struct hk_upstream *u)
{
	u->evacuate = true;
	if (u->proxy->urgent)
		return;
	u->proxy->urgent = true;
	event_active(u->proxy->tick, EV_TIMEOUT, 0);
}

/* ---- servers ---- */

static void free_upstream(struct hk_upstream *u)
{
	if (!u)
		return;
	if (u->channels)
		u->carrier->close(u);
	free(u);
}

static struct hk_upstream *new_upstream(
	struct hk_proxy *p, const struct hk_home_server_config *config)
{
	struct hk_upstream *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->proxy = p;
	u->config = config;
	u->peer = &config->peer;
	u->carrier = config->tls ? &hk_carrier_tls : &hk_carrier_udp;
	u->exchanges_end = &u->exchanges;
	u->health.since = hk_clock_now();
	if (u->carrier->open(u)) {
		free_upstream(u);
		return NULL;
	}
	return u;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same_trust(
	const struct hk_home_server_config *a, const struct hk_home_server_config *b)
{
	if (!a->tls || !b->tls)
		return a->tls == b->tls;
	return strcmp(a->tls->name, b->tls->name) == 0 &&
	       is_same_text(a->peer.name, b->peer.name) &&
	       is_same_text(a->peer.psk_identity, b->peer.psk_identity) &&
	       a->peer.psk_len == b->peer.psk_len &&
	       hk_equal_secret(a->peer.psk, b->peer.psk, a->peer.psk_len) &&
	       a->peer.has_fingerprint == b->peer.has_fingerprint &&
	       memcmp(a->peer.fingerprint, b->peer.fingerprint, HK_FINGERPRINT_LEN) == 0;
}

/* The same machine, reached and trusted in the same way. */
static bool is_same_server(
	const struct hk_home_server_config *a, const struct hk_home_server_config *b)
{
	return a->id == b->id && is_same_trust(a, b) && a->address_len == b->address_len &&
	       memcmp(&a->address, &b->address, a->address_len) == 0 &&
	       a->secret.len == b->secret.len &&
	       hk_equal_secret(a->secret.octets, b->secret.octets, a->secret.len);
}

static struct hk_upstream *find_same(
	const struct hk_proxy *p, const struct hk_home_server_config *config)
{
	for (size_t i = 0; i < p->nupstreams; i++) {
		if (is_same_server(p->upstreams[i]->config, config))
			return p->upstreams[i];
	}
	return NULL;
}

static bool is_among(struct hk_upstream *const *list, size_t n, const struct hk_upstream *u)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == u)
			return true;
	}
	return false;
}

/* Frees those of a list that are not in another one. */
static void free_others(
	struct hk_upstream **list, size_t n, struct hk_upstream *const *keep, size_t nkeep)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] && !is_among(keep, nkeep, list[i]))
			free_upstream(list[i]);
	}
	free(list);
}

/* ---- the setup ---- */

static void leave_epoch(struct hk_epoch *epoch)
{
	if (--epoch->users)
		return;
	hk_setup_release(epoch->setup);
	free(epoch);
}

static struct hk_epoch *new_epoch(struct hk_setup *setup)
{
	struct hk_epoch *epoch = malloc(sizeof(*epoch));

	if (epoch)
		*epoch = (struct hk_epoch){hk_setup_hold(setup), 1};
	return epoch;
}

/* The next server that is in a pool, from *i on; NULL: there is none. */
static const struct hk_home_server_config *next_pooled(const struct hk_config *config, size_t *i)
{
	while (*i < config->nhome_servers) {
		const struct hk_home_server_config *server = &config->home_servers[(*i)++];

		if (server->pooled)
			return server;
	}
	return NULL;
}

/* The servers of a setup: those we have, and new ones. NULL: out of memory. */
static struct hk_upstream **collect(
	struct hk_proxy *p, const struct hk_config *config, size_t *count)
{
	size_t n = config->nhome_servers;
	struct hk_upstream **list = calloc(n ? n : 1, sizeof(struct hk_upstream *));
	const struct hk_home_server_config *server;

	*count = 0;
	for (size_t i = 0; list && (server = next_pooled(config, &i));) {
		struct hk_upstream *u = find_same(p, server);

		if (!u)
			u = new_upstream(p, server);
		if (!u) {
			free_others(list, *count, p->upstreams, p->nupstreams);
			return NULL;
		}
		list[(*count)++] = u;
	}
	return list;
}

static void move_all(struct hk_upstream *u, hk_time now)
{
	while (u->exchanges) {
		u->exchanges->tried = 0;
		hk_exchange_move(u->exchanges, now);
	}
}

enum hk_err hk_proxy_change(struct hk_proxy *p, struct hk_setup *next)
{
	const struct hk_config *config = next->config;
	struct hk_upstream **old = p->upstreams;
	size_t nold = p->nupstreams;
	struct hk_epoch *epoch = new_epoch(next);
	size_t n = 0, next_server = 0;
	struct hk_upstream **list = epoch ? collect(p, config, &n) : NULL;

	if (!list) {
		if (epoch)
			leave_epoch(epoch);
		return HK_ERR_NO_MEMORY;
	}
	for (size_t i = 0; i < n; i++) {
		list[i]->config = next_pooled(config, &next_server);
		list[i]->peer = &list[i]->config->peer;
	}
	hk_proxy_drop_answers(p);
	p->upstreams = list;
	p->nupstreams = n;
	for (size_t i = 0; i < nold; i++) {
		if (!is_among(list, p->nupstreams, old[i]))
			move_all(old[i], hk_clock_now());
	}
	free_others(old, nold, list, p->nupstreams);
	if (p->epoch)
		leave_epoch(p->epoch);
	p->epoch = epoch;
	return HK_OK;
}

enum hk_err hk_proxy_new(
	const struct hk_proxy_world *world, struct hk_setup *setup, struct hk_proxy **out)
{
	const struct timeval tick = {0, TICK_MS * 1000};
	struct hk_proxy *p = calloc(1, sizeof(*p));

	if (!p)
		return HK_ERR_NO_MEMORY;
	p->world = *world;
	p->tick = event_new(world->base, -1, EV_PERSIST, on_tick, p);
	if (!p->tick || event_add(p->tick, &tick) || hk_proxy_change(p, setup)) {
		hk_proxy_free(p);
		return HK_ERR_NO_MEMORY;
	}
	*out = p;
	return HK_OK;
}

void hk_proxy_free(struct hk_proxy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nupstreams; i++) {
		while (p->upstreams[i]->exchanges)
			hk_exchange_free(p->upstreams[i]->exchanges);
	}
	hk_proxy_drop_answers(p);
	free_others(p->upstreams, p->nupstreams, NULL, 0);
	if (p->tick)
		event_free(p->tick);
	if (p->epoch)
		leave_epoch(p->epoch);
	hk_wipe(p->randoms, sizeof(p->randoms));
	free(p);
}

void hk_proxy_forget(struct hk_proxy *p, int fd, uint64_t connection)
{
	for (size_t i = 0; i < p->nupstreams; i++) {
		struct hk_exchange *next;

		for (struct hk_exchange *x = p->upstreams[i]->exchanges; x; x = next) {
			next = x->next;
			if (connection ? x->to.connection == connection : x->to.fd == fd)
				hk_exchange_free(x);
		}
	}
}
