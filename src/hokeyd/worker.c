/* SPDX-License-Identifier: ISC */
#include "hokeyd/worker.h"

#include "hokeyd/clock.h"
#include "hokeyd/disconnect.h"
#include "hokeyd/journal.h"
#include "hokeyd/lookups.h"
#include "hokeyd/outbox.h"
#include "hokeyd/proxy.h"
#include "hokeyd/radsec_server.h"
#include "hokeyd/transcript.h"

#include <event2/event.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH      HK_HOME_BATCH
#define ROUNDS     16    /* batches of one socket before others get a turn */
#define DUPLICATES 65536 /* requests remembered per worker */

struct hk_socket {
	struct hk_worker *worker;
	size_t listen; /* which one of the setup */
	struct event *event;
};

struct hk_worker {
	unsigned number;
	pthread_t thread;
	bool running;
	struct event_base *base;
	struct event *wake;
	int wake_fd;
	atomic_bool stopping;
	_Atomic(struct hk_setup *) next;

	struct hk_log *log;
	struct hk_setup *setup;
	struct hk_socket *sockets;
	size_t nsockets;
	struct hk_keystore *store;
	bool hold; /* answers wait for a common sync */
	struct hk_home_worker home;
	struct hk_door door;
	struct hk_outbox outbox;
	struct hk_proxy *proxy;
	struct hk_lookups lookups;
	struct hk_radsec_server *radsec;
	struct hk_counters counters;

	/* one batch, of a socket or of a connection */
	struct hk_connection *connection; /* NULL: datagrams */
	struct mmsghdr in[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][HK_CONTROL_DATA_LEN];
	uint8_t datagrams[BATCH][HK_RADIUS_MAX_LEN];
	struct hk_door_request requests[BATCH];
	struct hk_home_visit *visits[BATCH];
	size_t places[BATCH]; /* of the visits: which datagram */
};

/* ---- one batch ---- */

static void aim(struct hk_destination *to, const struct hk_worker *w, int fd, size_t i)
{
	const struct msghdr *m = &w->in[i].msg_hdr;

	to->fd = fd;
	to->connection = w->connection ? hk_connection_number(w->connection) : 0;
	to->peer_len = m->msg_namelen;
	memcpy(&to->peer, m->msg_name, m->msg_namelen);
	to->control_len = m->msg_controllen;
	if (m->msg_controllen)
		memcpy(to->control, m->msg_control, m->msg_controllen);
}

static void push(struct hk_worker *w, const struct hk_buf *b, uint64_t entry, bool settle,
	bool needs_sync, uint32_t delay_ms, hk_time now)
{
	struct hk_out *out = hk_outbox_place(&w->outbox);

	out->len = b->len;
	out->entry = entry;
	out->settle = settle;
	out->needs_sync = needs_sync;
	hk_outbox_push_later(&w->outbox, delay_ms, now);
}

/* Sends what a visit came to, to where the next place of the outbox is aimed at. */
static void answer(struct hk_worker *w, struct hk_door_request *r,
	const struct sockaddr_storage *from, hk_time now)
{
	struct hk_out *out = hk_outbox_place(&w->outbox);
	struct hk_buf b = hk_buf(out->data, sizeof(out->data));
	enum hk_log_logins logins = w->setup->config->log_logins;
	bool reply = hk_door_encode(&w->door, r, now, &b) == HK_DOOR_REPLY;

	hk_transcript_log(w->log, from, r, reply ? hk_buf_bytes(&b) : HK_NO_BYTES);
	if (reply)
		push(w, &b, r->entry, true, w->hold && r->visit.event.kind == HK_HOME_ERP,
			hk_door_delay(r), now);
	else
		hk_journal_drop(w->log, r->dropped, from, now);
	if (r->visit.event.kind != HK_HOME_ERP || r->visit.reply.reason || logins == HK_LOGINS_ALL)
		hk_journal_visit(w->log, logins, r, now);
	if (r->visit.event.key.asked && r->visit.reply.verdict == HK_VERDICT_ACCEPT) {
		uint8_t error = r->visit.event.key.error;

		hk_count(&w->counters, error ? HK_COUNT_KEYS_REFUSED : HK_COUNT_KEYS_GIVEN);
		if (error)
			hk_count_in(&w->counters.keys_refused[error], 1);
		hk_journal_key(w->log, r, now);
	}
	hk_home_done(&w->home, &r->visit);
}

/* ---- visits that ask an OCSP responder ---- */

/* To the end, as if no responder answered. */
static void go_on_unanswered(
	struct hk_worker *w, const struct hk_setup *setup, struct hk_home_visit *visit, hk_time now)
{
	while (visit->step == HK_HOME_ASKS)
		hk_home_resume(&w->home, &setup->policy, visit, HK_NO_BYTES, now);
}

/* True: its answer comes later. */
static bool look_up(struct hk_worker *w, const struct hk_destination *to, struct hk_door_request *r,
	hk_time now)
{
	hk_count(&w->counters, HK_COUNT_OCSP_ASKED);
	if (hk_lookup_start(&w->lookups, w->setup, to, r, now))
		return true;
	hk_count(&w->counters, HK_COUNT_OCSP_UNANSWERED);
	hk_journal_ocsp(w->log, r->visit.query.url, "too many look-ups at a time", now);
	go_on_unanswered(w, w->setup, &r->visit, now);
	return false;
}

static bool look_up_next(struct hk_worker *w, struct hk_lookup *k, hk_time now)
{
	if (k->request.visit.step != HK_HOME_ASKS || !hk_lookup_again(k, now))
		return false;
	hk_count(&w->counters, HK_COUNT_OCSP_ASKED);
	return true;
}

static void on_looked_up(
	void *arg, struct hk_lookup *k, struct hk_bytes response, const char *failure)
{
	struct hk_home_visit *visit = &k->request.visit;
	struct hk_worker *w = arg;
	hk_time now = hk_clock_now();

	if (failure) {
		hk_count(&w->counters, HK_COUNT_OCSP_UNANSWERED);
		hk_journal_ocsp(w->log, visit->query.url, failure, now);
	}
	hk_home_resume(&w->home, &k->setup->policy, visit, response, now);
	if (look_up_next(w, k, now))
		return;
	go_on_unanswered(w, k->setup, visit, now);
	hk_outbox_place(&w->outbox)->to = k->to;
	answer(w, &k->request, &k->to.peer, now);
	hk_keystore_release(w->store);
	hk_outbox_flush(&w->outbox, now);
	hk_lookup_end(k);
}

/* ---- in ---- */

/* The door itself had the answer to an Access-Request. */
static void refused(struct hk_worker *w, const struct hk_buf *b, size_t i, hk_time now)
{
	const struct hk_door_request *r = &w->requests[i];

	hk_transcript_log(w->log, &w->from[i], r, hk_buf_bytes(b));
	hk_journal_refused(w->log, r, now);
	push(w, b, r->entry, true, false, hk_door_delay(r), now);
}

/* Is it for another server? Then the proxy has it now. */
static bool goes_elsewhere(struct hk_worker *w, int fd, size_t i, hk_time now)
{
	const struct hk_door_request *r = &w->requests[i];
	struct hk_destination to;
	struct hk_bytes realm;
	size_t pool;

	if (!w->setup->routes)
		return false;
	switch (hk_proxy_route(w->proxy, r, &pool, &realm)) {
	case HK_WAY_HERE:
		return false;
	case HK_WAY_REFUSE:
		aim(&to, w, fd, i);
		hk_proxy_refuse(w->proxy, r, &to, now);
		return true;
	case HK_WAY_POOL:
		aim(&to, w, fd, i);
		hk_proxy_take(w->proxy, r, &to, pool, realm, now);
		return true;
	}
	return false;
}

static enum hk_door_step at_the_door(
	struct hk_worker *w, int fd, size_t i, hk_time now, struct hk_buf *out)
{
	struct hk_bytes packet = hk_bytes(w->datagrams[i], w->in[i].msg_len);
	struct hk_radius_source source = {.socket = (uint16_t)fd};
	struct hk_door_request *r = &w->requests[i];

	if (w->connection) {
		hk_client_address(&w->from[i], r->address, &source.port);
		/* No address begins so: what was answered on other connections is not ours. */
		memset(source.address, 0xff, 8);
		hk_store_u64(source.address + 8, hk_connection_number(w->connection));
		return hk_door_receive_from(&w->door, hk_connection_client(w->connection), &source,
			packet, now, r, out);
	}
	hk_listener_turn_around(&w->in[i].msg_hdr);
	hk_client_address(&w->from[i], source.address, &source.port);
	return hk_door_receive(&w->door, w->setup->clients, &source, packet, now, r, out);
}

/* Up to where no store decision is needed. True: the hall works on it. */
static bool take_in(struct hk_worker *w, int fd, size_t i, hk_time now)
{
	struct hk_door_request *r = &w->requests[i];
	struct hk_out *out = hk_outbox_place(&w->outbox);
	struct hk_buf b = hk_buf(out->data, sizeof(out->data));

	switch (at_the_door(w, fd, i, now, &b)) {
	case HK_DOOR_VISIT:
		if (r->learnt_signs || r->learnt_nas)
			hk_journal_learnt(w->log, r);
		if (goes_elsewhere(w, fd, i, now))
			return false;
		hk_home_receive(&w->home, &w->setup->policy, &r->visit, now);
		return true;
	case HK_DOOR_REPEAT:
		aim(&out->to, w, fd, i);
		push(w, &b, r->entry, false, false, 0, now);
		break;
	case HK_DOOR_REPLY:
		aim(&out->to, w, fd, i);
		if (r->radius.code == HK_RADIUS_ACCESS_REQUEST)
			refused(w, &b, i, now);
		else
			push(w, &b, r->entry, true, false, 0, now);
		break;
	case HK_DOOR_DISCONNECT:
		aim(&out->to, w, fd, i);
		if (hk_disconnect_answer(&w->door, w->store, w->log,
			    w->setup->config->erp.visited.domain, r, now, &b))
			push(w, &b, r->entry, false, false, 0, now);
		break;
	case HK_DOOR_DROP:
		hk_journal_drop(w->log, r->dropped, &w->from[i], now);
		break;
	}
	return false;
}

static void finish(struct hk_worker *w, int fd, size_t i, hk_time now)
{
	struct hk_door_request *r = &w->requests[i];
	struct hk_destination *to = &hk_outbox_place(&w->outbox)->to;

	aim(to, w, fd, i);
	if (r->visit.step != HK_HOME_ASKS || !look_up(w, to, r, now))
		answer(w, r, &w->from[i], now);
}

static void work_on(struct hk_worker *w, int fd, size_t n)
{
	hk_time now = hk_clock_now();
	size_t visits = 0;

	for (size_t i = 0; i < n; i++) {
		if (!take_in(w, fd, i, now))
			continue;
		w->visits[visits] = &w->requests[i].visit;
		w->places[visits++] = i;
	}
	hk_home_commit(&w->home, &w->setup->policy, w->visits, visits, now);
	for (size_t i = 0; i < visits; i++)
		finish(w, fd, w->places[i], now);
	hk_keystore_release(w->store);
}

static int receive(struct hk_worker *w, int fd)
{
	for (size_t i = 0; i < BATCH; i++) {
		struct msghdr *m = &w->in[i].msg_hdr;

		m->msg_namelen = sizeof(w->from[i]);
		m->msg_controllen = sizeof(w->control[i]);
	}
	return recvmmsg(fd, w->in, BATCH, MSG_DONTWAIT, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct hk_worker *w = ((struct hk_socket *)arg)->worker;
	int n = BATCH;

	(void)what;
	for (unsigned round = 0; round < ROUNDS && n == BATCH; round++) {
		n = receive(w, fd);
		if (n <= 0)
			break;
		work_on(w, fd, (size_t)n);
		if (!w->hold || !hk_outbox_can_wait(&w->outbox, BATCH, hk_clock_now()))
			hk_outbox_flush(&w->outbox, hk_clock_now());
	}
	hk_outbox_flush(&w->outbox, hk_clock_now());
}

/* ---- RADIUS/TLS ---- */

/* RFC 6613 section 2.6.4: nothing behind such a packet can be trusted. */
static bool ends_connection(enum hk_counter dropped)
{
	return dropped == HK_COUNT_MALFORMED || dropped == HK_COUNT_BAD_AUTHENTICATOR ||
	       dropped == HK_COUNT_NO_AUTHENTICATOR;
}

/* Packets up to the end of the batch, of the stream, or of all trust. */
static size_t read_packets(struct hk_worker *w, struct hk_connection *c, bool *broken)
{
	size_t n = 0;

	while (n < BATCH) {
		struct msghdr *m = &w->in[n].msg_hdr;
		size_t len = hk_connection_next(c, w->datagrams[n]);

		*broken = len == 1;
		if (len <= 1)
			break;
		w->in[n].msg_len = (unsigned)len;
		w->from[n] = *hk_connection_address(c, &m->msg_namelen);
		m->msg_controllen = 0;
		w->requests[n].dropped = HK_COUNT_PACKETS;
		n++;
	}
	return n;
}

static bool on_packets(void *arg, struct hk_connection *c)
{
	struct hk_worker *w = arg;
	bool broken = false;
	size_t n = BATCH;

	w->connection = c;
	while (n == BATCH && !broken) {
		n = read_packets(w, c, &broken);
		work_on(w, -1, n);
		for (size_t i = 0; i < n; i++)
			broken |= ends_connection(w->requests[i].dropped);
	}
	w->connection = NULL;
	hk_outbox_flush(&w->outbox, hk_clock_now());
	return !broken;
}

static void on_closed(void *arg, uint64_t connection)
{
	struct hk_worker *w = arg;

	hk_proxy_forget(w->proxy, -1, connection);
	hk_lookups_drop(&w->lookups, -1, connection, hk_clock_now());
}

static void on_connections(evutil_socket_t fd, short what, void *arg)
{
	struct hk_socket *s = arg;
	struct hk_worker *w = s->worker;

	(void)what;
	hk_radsec_server_accept(w->radsec, fd, &w->setup->config->listens[s->listen]);
}

/* ---- going over to another setup ---- */

static bool has_socket(const struct hk_listener *listeners, size_t n, int fd)
{
	for (size_t i = 0; i < n; i++) {
		if (listeners[i].fd == fd)
			return true;
	}
	return false;
}

/* NULL is fine. */
static void free_sockets(struct hk_socket *sockets, size_t n)
{
	for (size_t i = 0; sockets && i < n; i++) {
		if (sockets[i].event)
			event_free(sockets[i].event);
	}
	free(sockets);
}

/* Those of a setup, watched from now on; NULL: out of memory. */
static struct hk_socket *watch_sockets(struct hk_worker *w, const struct hk_setup *setup)
{
	const struct hk_listener *listeners = hk_setup_listeners(setup, w->number);
	size_t n = setup->config->nlistens;
	struct hk_socket *sockets = calloc(n ? n : 1, sizeof(*sockets));

	for (size_t i = 0; sockets && i < n; i++) {
		struct hk_socket *s = &sockets[i];

		s->worker = w;
		s->listen = i;
		s->event = event_new(w->base, listeners[i].fd, EV_READ | EV_PERSIST,
			setup->config->listens[i].tls ? on_connections : on_readable, s);
		if (!s->event || event_add(s->event, NULL)) {
			free_sockets(sockets, n);
			return NULL;
		}
	}
	return sockets;
}

static void close_gone(struct hk_worker *w, const struct hk_setup *old, const struct hk_setup *next)
{
	const struct hk_listener *before = hk_setup_listeners(old, w->number);

	for (size_t i = 0; i < old->config->nlistens; i++) {
		if (next && has_socket(hk_setup_listeners(next, w->number), next->config->nlistens,
				    before[i].fd))
			continue;
		if (w->proxy)
			hk_proxy_forget(w->proxy, before[i].fd, 0);
		hk_lookups_drop(&w->lookups, before[i].fd, 0, hk_clock_now());
		close(before[i].fd);
	}
}

static uint32_t keydist_vendor(const struct hk_setup *setup)
{
	return setup->policy.kds ? setup->config->erp.key_vendor : 0;
}

static void go_over(struct hk_worker *w, struct hk_setup *next)
{
	struct hk_setup *old = w->setup;
	struct hk_socket *sockets = watch_sockets(w, next);

	if (!sockets || hk_proxy_change(w->proxy, next)) {
		hk_log_write(w->log, HK_LOG_ERROR,
			"out of memory: worker %u keeps the old configuration", w->number);
		free_sockets(sockets, next->config->nlistens);
		hk_setup_release(next);
		return;
	}
	free_sockets(w->sockets, w->nsockets);
	w->sockets = sockets;
	w->nsockets = next->config->nlistens;
	/* Delayed answers may be for a socket that is about to be closed. */
	hk_outbox_hurry(&w->outbox, hk_clock_now());
	w->setup = next;
	w->door.keydist_vendor = keydist_vendor(next);
	hk_radsec_server_change(w->radsec, next);
	close_gone(w, old, next);
	hk_ocsp_client_renew(&w->lookups.client);
	hk_setup_release(old);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct hk_worker *w = arg;
	struct hk_setup *next;
	uint64_t count;

	(void)what;
	while (read(fd, &count, sizeof(count)) > 0)
		;
	next = atomic_exchange(&w->next, NULL);
	if (next)
		go_over(w, next);
	if (atomic_load(&w->stopping)) {
		hk_outbox_hurry(&w->outbox, hk_clock_now());
		event_base_loopbreak(w->base);
	}
}

static void wake(struct hk_worker *w)
{
	const uint64_t one = 1;

	while (write(w->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- from outside ---- */

static void prepare_batch(struct hk_worker *w)
{
	for (size_t i = 0; i < BATCH; i++) {
		w->iov[i] = (struct iovec){w->datagrams[i], sizeof(w->datagrams[i])};
		w->in[i].msg_hdr = (struct msghdr){
			.msg_name = &w->from[i],
			.msg_iov = &w->iov[i],
			.msg_iovlen = 1,
			.msg_control = w->control[i],
		};
	}
}

static uint32_t duplicate_window_ms(const struct hk_config *config)
{
	uint32_t longest = 0;

	for (size_t i = 0; i < config->nclients; i++) {
		if (config->clients[i].duplicate_window_ms > longest)
			longest = config->clients[i].duplicate_window_ms;
	}
	return longest;
}

static enum hk_err make_proxy(struct hk_worker *w, const struct hk_worker_shared *shared)
{
	const struct hk_proxy_world world = {
		.base = w->base,
		.outbox = &w->outbox,
		.door = &w->door,
		.counters = &w->counters,
		.log = shared->log,
		.sticky = shared->sticky,
		.store = w->store,
	};

	return hk_proxy_new(&world, w->setup, &w->proxy);
}

static enum hk_err make_radsec(struct hk_worker *w)
{
	const struct hk_radsec_world world = {
		.base = w->base,
		.counters = &w->counters,
		.log = w->log,
		.arg = w,
		.receive = on_packets,
		.closed = on_closed,
	};
	enum hk_err err = hk_radsec_server_new(&world, w->setup, &w->radsec);

	w->outbox.write = hk_radsec_server_write;
	w->outbox.arg = w->radsec;
	return err;
}

static enum hk_err fit_out(struct hk_worker *w, const struct hk_worker_shared *shared)
{
	enum hk_err err;

	w->base = event_base_new();
	w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!w->base || w->wake_fd < 0)
		return HK_ERR_SYSTEM;
	w->wake = event_new(w->base, w->wake_fd, EV_READ | EV_PERSIST, on_wake, w);
	if (!w->wake || event_add(w->wake, NULL))
		return HK_ERR_NO_MEMORY;
	err = hk_door_init(
		&w->door, &w->counters, DUPLICATES, duplicate_window_ms(w->setup->config));
	if (!err)
		err = hk_outbox_init(&w->outbox, &w->door, w->store, w->base);
	hk_lookups_init(&w->lookups, w->base, &w->home, &w->door, on_looked_up, w);
	w->door.keydist_vendor = keydist_vendor(w->setup);
	if (!err)
		err = make_proxy(w, shared);
	if (!err)
		err = make_radsec(w);
	if (err)
		return err;
	w->sockets = watch_sockets(w, w->setup);
	w->nsockets = w->sockets ? w->setup->config->nlistens : 0;
	return w->sockets ? HK_OK : HK_ERR_NO_MEMORY;
}

enum hk_err hk_worker_new(unsigned number, const struct hk_worker_shared *shared,
	struct hk_keystore *store, struct hk_setup *setup, struct hk_worker **out)
{
	struct hk_worker *w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);
	enum hk_err err;

	if (!w) {
		hk_keystore_close(store);
		return HK_ERR_NO_MEMORY;
	}
	memset(w, 0, sizeof(*w));
	w->number = number;
	w->wake_fd = -1;
	w->store = store;
	w->log = shared->log;
	w->hold = hk_keystore_durability(store) == HK_DURABLE_BATCH;
	w->setup = hk_setup_hold(setup);
	hk_home_worker_init(&w->home, shared->home, store);
	prepare_batch(w);
	err = fit_out(w, shared);
	if (err) {
		hk_worker_free(w);
		return err;
	}
	*out = w;
	return HK_OK;
}

static void *run(void *arg)
{
	struct hk_worker *w = arg;

	event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

enum hk_err hk_worker_start(struct hk_worker *w)
{
	sigset_t all, before;
	int err;

	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		errno = err;
		return HK_ERR_SYSTEM;
	}
	w->running = true;
	return HK_OK;
}

void hk_worker_change(struct hk_worker *w, struct hk_setup *setup)
{
	const struct timespec moment = {0, 1000000};

	/* No setup is skipped: its sockets would never be closed. */
	while (atomic_load(&w->next) && w->running)
		nanosleep(&moment, NULL);
	atomic_store(&w->next, hk_setup_hold(setup));
	wake(w);
}

void hk_worker_stop(struct hk_worker *w)
{
	if (!w->running)
		return;
	atomic_store(&w->stopping, true);
	wake(w);
	pthread_join(w->thread, NULL);
	w->running = false;
}

void hk_worker_free(struct hk_worker *w)
{
	struct hk_setup *next;

	if (!w)
		return;
	next = atomic_exchange(&w->next, NULL);
	if (next)
		hk_setup_release(next);
	hk_lookups_free(&w->lookups);
	free_sockets(w->sockets, w->nsockets);
	hk_radsec_server_free(w->radsec);
	hk_proxy_free(w->proxy);
	w->proxy = NULL;
	/* Connections end in the event loop, when what was pending for them is over. */
	if (w->base)
		event_base_loop(w->base, EVLOOP_NONBLOCK);
	hk_outbox_free(&w->outbox);
	hk_door_free(&w->door);
	if (w->wake)
		event_free(w->wake);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	if (w->base)
		event_base_free(w->base);
	close_gone(w, w->setup, NULL);
	hk_setup_release(w->setup);
	hk_keystore_close(w->store);
	free(w);
}

const struct hk_counters *hk_worker_counters(const struct hk_worker *w)
{
	return &w->counters;
}
