/* SPDX-License-Identifier: ISC */
#include "hokeyd/radsec_server.h"

#include "hokeyd/acceptor.h"
#include "hokeyd/clock.h"
#include "hokeyd/radsec.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define SLOT_BITS 20 /* of a connection's number; the rest counts */

struct hk_connection {
	struct hk_radsec_server *server;
	uint64_t number;
	struct bufferevent *bev;
	struct event *deadline;   /* of the handshake; NULL: it is done */
	char *tls_name;           /* of its tls block; the block itself may go at a reload */
	struct hk_client *client; /* NULL: the handshake is under way */
	uint32_t idle_timeout_ms;
	struct hk_radsec_guests guests;
	struct sockaddr_storage address;
	socklen_t address_len;
};

struct hk_radsec_server {
	struct hk_radsec_world world;
	struct hk_setup *setup; /* the worker holds it */
	struct hk_acceptor acceptor;
	struct hk_connection **slots;
	size_t nslots;
	size_t used;
	uint64_t count;  /* connections ever */
	uint64_t second; /* for the limit of new ones */
	uint32_t in_second;
};

/* ---- the table ---- */

static struct hk_connection *find(const struct hk_radsec_server *s, uint64_t number)
{
	size_t slot = number & ((1u << SLOT_BITS) - 1);
	struct hk_connection *c = slot < s->nslots ? s->slots[slot] : NULL;

	return c && c->number == number ? c : NULL;
}

static bool grow(struct hk_radsec_server *s)
{
	size_t n = s->nslots ? 2 * s->nslots : 16;
	struct hk_connection **slots;

	if (n > 1u << SLOT_BITS)
		return false;
	slots = realloc(s->slots, n * sizeof(struct hk_connection *));
	if (!slots)
		return false;
	memset(slots + s->nslots, 0, (n - s->nslots) * sizeof(struct hk_connection *));
	s->slots = slots;
	s->nslots = n;
	return true;
}

static bool enter(struct hk_radsec_server *s, struct hk_connection *c)
{
	size_t slot = 0;

	if (s->used == s->nslots && !grow(s))
		return false;
	while (s->slots[slot])
		slot++;
	s->slots[slot] = c;
	s->used++;
	c->number = ++s->count << SLOT_BITS | slot;
	return true;
}

static void close_connection(struct hk_connection *c)
{
	struct hk_radsec_server *s = c->server;

	s->slots[c->number & ((1u << SLOT_BITS) - 1)] = NULL;
	s->used--;
	if (c->client)
		s->world.closed(s->world.arg, c->number);
	if (c->deadline)
		event_free(c->deadline);
	bufferevent_free(c->bev);
	free(c->tls_name);
	free(c);
}

/* ---- who is it? ---- */

static const struct hk_tls_peer *find_psk(void *arg, const char *identity, size_t len)
{
	const struct hk_connection *c = arg;
	const struct hk_config *config = c->server->setup->config;

	for (size_t i = 0; i < config->nclients; i++) {
		const struct hk_tls_peer *peer = &config->clients[i].peer;

		if (config->clients[i].tls && peer->psk_identity &&
			strcmp(config->clients[i].tls->name, c->tls_name) == 0 &&
			hk_bytes_equal(hk_text(peer->psk_identity), hk_bytes(identity, len)))
			return peer;
	}
	return NULL;
}

static bool knows_psk(const struct hk_config *config, const char *tls_name)
{
	for (size_t i = 0; i < config->nclients; i++) {
		if (config->clients[i].tls && config->clients[i].peer.psk_identity &&
			strcmp(config->clients[i].tls->name, tls_name) == 0)
			return true;
	}
	return false;
}

static struct hk_client *identify(const struct hk_connection *c)
{
	SSL *ssl = bufferevent_openssl_get_ssl(c->bev);
	uint8_t address[16];
	uint16_t port;
	size_t n;
	struct hk_client *list = hk_clients_list(c->server->setup->clients, &n);

	hk_client_address(&c->address, address, &port);
	for (size_t i = 0; i < n; i++) {
		const struct hk_client_config *config = list[i].config;

		if (config->tls && strcmp(config->tls->name, c->tls_name) == 0 &&
			hk_client_covers(&list[i], address) &&
			hk_radsec_is_peer(ssl, &config->peer, c->guests.identity))
			return &list[i];
	}
	return NULL;
}

static uint32_t connections_of(const struct hk_radsec_server *s, const struct hk_client *client)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s->nslots; i++)
		n += s->slots[i] && s->slots[i]->client == client;
	return n;
}

static void refuse(struct hk_connection *c, const char *why)
{
	struct hk_radsec_server *s = c->server;
	char text[HK_ENDPOINT_TEXT];
	uint8_t address[16];
	uint16_t port;

	hk_count(s->world.counters, HK_COUNT_TLS_REFUSED);
	hk_client_address(&c->address, address, &port);
	hk_log_repeated(s->world.log, HK_LOG_WARNING, "radsec", hk_bytes(address, 16),
		hk_clock_now(), "refused a RADIUS/TLS connection from %s: %s",
		hk_endpoint_text(&c->address, text), why);
	close_connection(c);
}

/* What its certificate is for, for the log. */
static void describe_certificate(const struct hk_connection *c, char *text, size_t size)
{
	X509 *x = SSL_get0_peer_certificate(bufferevent_openssl_get_ssl(c->bev));
	char name[256] = "no certificate";
	char escaped[HK_LOG_ESCAPED];

	if (x)
		X509_NAME_oneline(X509_get_subject_name(x), name, sizeof(name));
	snprintf(text, size, "no client is known by what it has shown (%s)",
		hk_log_escape(hk_text(name), escaped, sizeof(escaped)));
}

static void on_handshake(struct hk_connection *c)
{
	struct hk_radsec_server *s = c->server;
	struct timeval idle = {(time_t)(c->idle_timeout_ms / 1000), 0};
	char why[HK_LOG_ESCAPED + 80], text[HK_ENDPOINT_TEXT];
	struct hk_client *client;

	if (hk_radsec_check(bufferevent_openssl_get_ssl(c->bev), why, sizeof(why))) {
		refuse(c, why);
		return;
	}
	client = identify(c);
	if (!client) {
		describe_certificate(c, why, sizeof(why));
		refuse(c, why);
		return;
	}
	if (connections_of(s, client) >= client->config->max_connections) {
		refuse(c, "its client has as many as it may (max-connections)");
		return;
	}
	c->client = client;
	event_free(c->deadline);
	c->deadline = NULL;
	bufferevent_set_timeouts(c->bev, &idle, NULL);
	hk_count(s->world.counters, HK_COUNT_TLS_CONNECTIONS);
	hk_log_write(s->world.log, HK_LOG_INFO, "client %s connected from %s with %s",
		client->config->name, hk_endpoint_text(&c->address, text),
		SSL_get_version(bufferevent_openssl_get_ssl(c->bev)));
}

/* Also for those who send an octet now and then. */
static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	refuse(arg, "the handshake takes too long");
}

/* ---- events ---- */

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct hk_connection *c = arg;
	char why[200];

	if (what & BEV_EVENT_CONNECTED) {
		on_handshake(c);
		return;
	}
	hk_radsec_explain(bev, what, why, sizeof(why));
	if (!c->client) {
		refuse(c, why);
		return;
	}
	hk_log_write(c->server->world.log, HK_LOG_INFO, "connection of client %s ended: %s",
		c->client->config->name, why);
	close_connection(c);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct hk_connection *c = arg;
	struct hk_radsec_server *s = c->server;

	if (!c->client)
		return;
	if (!s->world.receive(s->world.arg, c)) {
		hk_log_write(s->world.log, HK_LOG_WARNING,
			"closed a connection of client %s: what it sent is no RADIUS of its own",
			c->client->config->name);
		close_connection(c);
		return;
	}
	if (evbuffer_get_length(bufferevent_get_output(bev)) > HK_RADSEC_OUTPUT_MAX) {
		hk_log_write(s->world.log, HK_LOG_WARNING,
			"closed a connection of client %s: it does not read our answers",
			c->client->config->name);
		close_connection(c);
	}
}

/* ---- new ones ---- */

static bool too_fast(struct hk_radsec_server *s)
{
	uint64_t second = hk_clock_now() / HK_SECOND;

	if (s->second != second) {
		s->second = second;
		s->in_second = 0;
	}
	return ++s->in_second > HK_ACCEPT_PER_SECOND;
}

/* Whoever is longest without a name gives way; clients that are known never do. */
static bool make_room(struct hk_radsec_server *s)
{
	struct hk_connection *oldest = NULL;

	for (size_t i = 0; i < s->nslots; i++) {
		struct hk_connection *c = s->slots[i];

		if (c && !c->client && (!oldest || c->number < oldest->number))
			oldest = c;
	}
	if (oldest)
		refuse(oldest, "others want its place before its handshake is done");
	return oldest != NULL;
}

/* On error the descriptor is closed. */
static struct bufferevent *new_bufferevent(
	struct hk_connection *c, int fd, const struct hk_listen_config *listen)
{
	SSL *ssl = hk_radsec_new_server(listen->tls->context, &c->guests);
	struct bufferevent *bev = ssl ? bufferevent_openssl_socket_new(c->server->world.base, fd,
						ssl, BUFFEREVENT_SSL_ACCEPTING,
						BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS)
				      : NULL;

	if (bev)
		return bev;
	SSL_free(ssl);
	close(fd);
	return NULL;
}

static void open_connection(struct hk_radsec_server *s, int fd,
	const struct hk_listen_config *listen, const struct sockaddr_storage *from, socklen_t len)
{
	const struct timeval handshake = {HK_RADSEC_HANDSHAKE_MS / 1000, 0};
	struct event_base *base = s->world.base;
	struct hk_connection *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return;
	}
	c->server = s;
	c->address = *from;
	c->address_len = len;
	c->idle_timeout_ms = listen->idle_timeout_ms;
	c->guests = (struct hk_radsec_guests){
		find_psk, knows_psk(s->setup->config, listen->tls->name), c, ""};
	c->tls_name = strdup(listen->tls->name);
	c->bev = c->tls_name ? new_bufferevent(c, fd, listen) : (close(fd), NULL);
	c->deadline = c->bev ? evtimer_new(base, on_deadline, c) : NULL;
	if (!c->deadline || evtimer_add(c->deadline, &handshake) || !enter(s, c)) {
		if (c->deadline)
			event_free(c->deadline);
		if (c->bev)
			bufferevent_free(c->bev);
		free(c->tls_name);
		free(c);
		return;
	}
	hk_radsec_tune(fd);
	bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
	bufferevent_setcb(c->bev, on_read, NULL, on_event, c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void no_descriptors(struct hk_radsec_server *s)
{
	hk_count(s->world.counters, HK_COUNT_TLS_REFUSED);
	hk_log_repeated(s->world.log, HK_LOG_WARNING, "radsec-descriptors", HK_NO_BYTES,
		hk_clock_now(),
		"refused a RADIUS/TLS connection: no descriptors left (LimitNOFILE=)");
}

void hk_radsec_server_accept(
	struct hk_radsec_server *s, int fd, const struct hk_listen_config *listen)
{
	for (;;) {
		struct sockaddr_storage from;
		socklen_t len;
		int accepted = hk_acceptor_take(&s->acceptor, fd, &from, &len);

		if (accepted < 0 && errno != EMFILE)
			return;
		if (accepted < 0) {
			no_descriptors(s);
		} else if (too_fast(s) || (s->used >= listen->max_connections && !make_room(s))) {
			hk_count(s->world.counters, HK_COUNT_TLS_REFUSED);
			close(accepted);
		} else {
			open_connection(s, accepted, listen, &from, len);
		}
	}
}

/* ---- for the worker ---- */

size_t hk_connection_next(struct hk_connection *c, uint8_t packet[HK_RADIUS_MAX_LEN])
{
	enum hk_err err;
	size_t n = hk_radsec_next(bufferevent_get_input(c->bev), packet, &err);

	return err ? 1 : n;
}

struct hk_client *hk_connection_client(const struct hk_connection *c)
{
	return c->client;
}

uint64_t hk_connection_number(const struct hk_connection *c)
{
	return c->number;
}

const struct sockaddr_storage *hk_connection_address(const struct hk_connection *c, socklen_t *len)
{
	*len = c->address_len;
	return &c->address;
}

void hk_radsec_server_write(void *server, uint64_t connection, struct hk_bytes packet)
{
	struct hk_connection *c = find(server, connection);

	if (c)
		bufferevent_write(c->bev, packet.data, packet.len);
}

/* ---- the whole ---- */

enum hk_err hk_radsec_server_new(
	const struct hk_radsec_world *world, struct hk_setup *setup, struct hk_radsec_server **out)
{
	struct hk_radsec_server *s = calloc(1, sizeof(*s));

	if (!s)
		return HK_ERR_NO_MEMORY;
	s->world = *world;
	s->setup = setup;
	hk_acceptor_init(&s->acceptor);
	*out = s;
	return HK_OK;
}

void hk_radsec_server_change(struct hk_radsec_server *s, struct hk_setup *next)
{
	s->setup = next;
	for (size_t i = 0; i < s->nslots; i++) {
		struct hk_connection *c = s->slots[i];

		if (!c || !c->client)
			continue;
		c->client = identify(c);
		if (c->client)
			continue;
		s->world.closed(s->world.arg, c->number);
		refuse(c, "its client is gone from the configuration");
	}
}

void hk_radsec_server_free(struct hk_radsec_server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nslots; i++) {
		if (s->slots[i])
			close_connection(s->slots[i]);
	}
	hk_acceptor_end(&s->acceptor);
	free(s->slots);
	free(s);
}
