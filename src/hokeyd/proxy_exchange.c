/* SPDX-License-Identifier: ISC */
/* One request: to a server, to another one, and its reply back. */
#include "hokeyd/proxy_parts.h"

#include "hokeyd/clock.h"
#include "hokeyd/journal.h"

#include "crypto/crypto.h"

#include <hokey/eap.h>

#include <stdlib.h>

/* ---- the end ---- */

static void leave_server(struct hk_exchange *x)
{
	struct hk_upstream *u = x->upstream;

	if (!u)
		return;
	if (x->channel)
		u->carrier->release(u, x);
	else
		u->nwaiting--;
	x->channel = NULL;
	*x->link = x->next;
	if (x->next)
		x->next->link = x->link;
	else
		u->exchanges_end = x->link;
	u->nexchanges--;
	x->upstream = NULL;
}

static void free_one(struct hk_exchange *x)
{
	event_del(&x->timer);
	free(x->sent_octets);
	if (x->answer)
		hk_wipe(x->answer, x->answer_len); /* an rMSK is in it */
	free(x->answer);
	if (--x->epoch->users == 0) {
		hk_setup_release(x->epoch->setup);
		free(x->epoch);
	}
	free(x->visited);
	free(x);
}

void hk_exchange_free(struct hk_exchange *x)
{
	struct hk_exchange *next;

	leave_server(x);
	hk_exchange_end_question(x);
	for (; x; x = next) {
		next = x->joined;
		free_one(x);
	}
}

static void push(struct hk_proxy *p, const struct hk_destination *to, uint64_t entry,
	const struct hk_buf *b, hk_time now)
{
	struct hk_out *out = hk_outbox_place(p->world.outbox);

	out->to = *to;
	out->len = b->len;
	out->entry = entry;
	out->settle = true;
	out->needs_sync = false;
	hk_outbox_push(p->world.outbox, now);
}

static struct hk_buf outbox_buf(struct hk_proxy *p)
{
	struct hk_out *out = hk_outbox_place(p->world.outbox);

	return hk_buf(out->data, sizeof(out->data));
}

static void refuse_one(const struct hk_exchange *x, uint32_t error_cause, hk_time now)
{
	struct hk_proxy *p = x->proxy;
	struct hk_buf b = outbox_buf(p);

	if (hk_forward_refuse(&x->client->config->secret, &x->request, error_cause, &b) == HK_OK) {
		hk_count(p->world.counters, HK_COUNT_REJECTS);
		push(p, &x->to, x->entry, &b, now);
	} else {
		hk_door_forget(p->world.door, x->entry, now);
	}
}

/* Ends it with a reject of ours. */
static void refuse(struct hk_exchange *x, uint32_t error_cause, hk_time now)
{
	for (const struct hk_exchange *each = x; each; each = each->joined)
		refuse_one(each, error_cause, now);
	hk_exchange_free(x);
}

/* A repeated request is a new one, and may find a server. */
static void drop(struct hk_exchange *x, hk_time now)
{
	for (const struct hk_exchange *each = x; each; each = each->joined)
		hk_door_forget(x->proxy->world.door, each->entry, now);
	hk_exchange_free(x);
}

/* Ends it with the answer that it cannot be routed, which is no reject (RFC 7930). */
static void report_protocol_error(struct hk_exchange *x, hk_time now)
{
	struct hk_proxy *p = x->proxy;

	for (const struct hk_exchange *each = x; each; each = each->joined) {
		struct hk_buf b = outbox_buf(p);

		if (hk_forward_protocol_error(&each->client->config->secret, &each->request,
			    HK_CAUSE_NOT_ROUTABLE, &b) == HK_OK)
			push(p, &each->to, each->entry, &b, now);
	}
	hk_exchange_free(x);
}

static void give_up(struct hk_exchange *x, hk_time now)
{
	struct hk_proxy *p = x->proxy;
	char realm[HK_LOG_ESCAPED];

	hk_count(p->world.counters, HK_COUNT_PROXY_UNREACHABLE);
	hk_log_repeated(p->world.log, HK_LOG_WARNING, "unreachable", x->realm, now,
		"no home server of pool %s answers for realm [%s]", x->pool->name,
		hk_log_escape(x->realm, realm, sizeof(realm)));
	switch (x->client->config->unreachable) {
	case HK_UNREACHABLE_REJECT:
		refuse(x, HK_CAUSE_NOT_ROUTABLE, now);
		return;
	case HK_UNREACHABLE_PROTOCOL_ERROR:
		report_protocol_error(x, now);
		return;
	default:
		drop(x, now);
	}
}

static void end_loop(struct hk_exchange *x, const char *why, hk_time now)
{
	struct hk_proxy *p = x->proxy;
	char realm[HK_LOG_ESCAPED];

	hk_count(p->world.counters, HK_COUNT_PROXY_LOOPS);
	hk_log_repeated(p->world.log, HK_LOG_WARNING, "loop", x->realm, now,
		"dropped a request for realm [%s] from client %s: %s",
		hk_log_escape(x->realm, realm, sizeof(realm)), x->client->config->name, why);
	/* Not forgotten: the same packet must not go round again. */
	hk_exchange_free(x);
}

/* ---- to a server ---- */

static uint16_t small_random(struct hk_proxy *p)
{
	uint16_t r = 0;

	hk_proxy_random(p, &r, sizeof(r));
	return r;
}

static hk_time earlier(hk_time a, hk_time b)
{
	return a < b ? a : b;
}

static void arm(struct hk_exchange *x, hk_time now)
{
	hk_time next = earlier(x->deadline, x->window_end);
	struct timeval t;
	hk_time wait;

	if (x->channel && x->upstream->carrier->resends)
		next = earlier(next, x->retransmit.next);
	wait = next > now ? next - now : 0;
	t = (struct timeval){(time_t)(wait / 1000), (suseconds_t)(wait % 1000) * 1000};
	evtimer_add(&x->timer, &t);
}

struct hk_forward hk_exchange_forward(const struct hk_exchange *x, const struct hk_upstream *u)
{
	const struct hk_home_server_config *c = u->config;

	return (struct hk_forward){
		.client_secret = &x->client->config->secret,
		.server_secret = &c->secret,
		.filter_request = &c->filter_requests,
		.filter_reply = &c->filter_replies,
		.filter_for_client = &x->client->config->filter_replies,
		.operator_name = hk_text(c->operator_name),
		.ask_cui = c->request_cui,
		.hide_proxy_state = c->strip_proxy_state,
		.hide_state = x->begins,
		.own_proxy_state = c->send_proxy_state,
		.loop_ttl = c->loop_ttl,
		.private_vendor = x->visited ? x->epoch->setup->config->erp.key_vendor : 0,
		.require_message_authenticator = c->require_message_authenticator,
		.require_message_authenticator_first = c->require_message_authenticator_first,
	};
}

/* The packet, in memory of its own: it may have to be sent again as it is. */
static enum hk_err write_with(struct hk_exchange *x, struct hk_bytes extra)
{
	struct hk_forward f = hk_exchange_forward(x, x->upstream);
	uint8_t memory[HK_RADIUS_MAX_LEN];
	struct hk_buf b = hk_buf(memory, sizeof(memory));
	uint8_t random[HK_FORWARD_RANDOM_LEN];
	enum hk_err err;

	if (!hk_proxy_random(x->proxy, random, sizeof(random)))
		return HK_ERR_CRYPTO;
	f.extra = extra;
	err = hk_forward_request(&f, &x->request, x->identifier, random, &b);
	if (err)
		return err;
	free(x->sent_octets);
	x->replied = false;
	x->sent_octets = malloc(b.len);
	if (!x->sent_octets)
		return HK_ERR_NO_MEMORY;
	memcpy(x->sent_octets, memory, b.len);
	return hk_radius_parse(hk_bytes(x->sent_octets, b.len), &x->sent);
}

/* A request that is too big with the question for a key goes without it. */
static enum hk_err write_packet(struct hk_exchange *x, hk_time now)
{
	uint8_t memory[2 * HK_RADIUS_VALUE_MAX + 4];
	struct hk_buf question = hk_buf(memory, sizeof(memory));
	enum hk_err err;

	if (x->visited)
		hk_exchange_ask_key(x, &question, now);
	err = write_with(x, hk_buf_bytes(&question));
	if (question.len == 0 || (err != HK_ERR_TOO_LONG && err != HK_ERR_LIMIT))
		return err;
	hk_exchange_ask_no_key(x, now);
	return write_with(x, HK_NO_BYTES);
}

void hk_exchange_send(struct hk_exchange *x, hk_time now)
{
	struct hk_upstream *u = x->upstream;

	switch (write_packet(x, now)) {
	case HK_OK:
		break;
	case HK_ERR_TOO_LONG:
	case HK_ERR_LIMIT:
		refuse(x, HK_CAUSE_TOO_BIG, now);
		return;
	case HK_ERR_EXHAUSTED:
		end_loop(x, "it has passed too many proxies", now);
		return;
	default:
		drop(x, now);
		return;
	}
	x->sent_at = u->health.last_sent = now;
	x->window_end = now + u->config->response_window_ms;
	hk_radius_retransmit_start(&x->retransmit, &u->config->retry, now, small_random(x->proxy));
	u->carrier->transmit(u, x);
	arm(x, now);
}

static void join_server(struct hk_exchange *x, struct hk_upstream *u)
{
	x->upstream = u;
	x->next = NULL;
	x->link = u->exchanges_end;
	*x->link = x;
	u->exchanges_end = &x->next;
	u->nexchanges++;
	u->nwaiting++;
}

/* HK_ERR_LIMIT: it has no room. Else the exchange is with it, or at its end. */
static enum hk_err start(struct hk_exchange *x, struct hk_upstream *u, hk_time now)
{
	join_server(x, u);
	if (u->carrier->take(u, x)) {
		leave_server(x);
		return HK_ERR_LIMIT;
	}
	if (x->channel) {
		u->nwaiting--;
		hk_exchange_send(x, now);
		return HK_OK;
	}
	x->sent_at = now;
	x->window_end = now + u->config->response_window_ms;
	arm(x, now);
	return HK_OK;
}

/* ---- choosing ---- */

static bool is_loopback(const uint8_t address[16])
{
	static const uint8_t v6[16] = {[15] = 1};
	static const uint8_t v4[13] = {[10] = 0xff, 0xff, 127};

	return memcmp(address, v6, 16) == 0 || memcmp(address, v4, 13) == 0;
}

/*
 * Would the request go back where it came from? Programs on one machine talk
 * to each other over its loopback addresses, which tells nothing.
 */
static bool is_where_it_came_from(const struct hk_exchange *x, const struct hk_upstream *u)
{
	uint8_t from[16], to[16];
	uint16_t port;

	hk_client_address(&x->to.peer, from, &port);
	hk_client_address(&u->config->address, to, &port);
	return memcmp(from, to, sizeof(from)) == 0 && !is_loopback(from);
}

static struct hk_upstream *member_of(const struct hk_exchange *x, size_t i)
{
	const struct hk_config *config = x->epoch->setup->config;

	return hk_proxy_find(x->proxy, config->home_servers[x->pool->servers[i]].id);
}

struct choice {
	struct hk_upstream *upstream; /* NULL: none */
	size_t index;
	bool loops; /* one was left out because the request came from it */
};

static struct choice choose(const struct hk_exchange *x, uint32_t without)
{
	struct hk_pool_member members[HK_POOL_MAX];
	struct hk_upstream *upstreams[HK_POOL_MAX];
	struct choice choice = {NULL, 0, false};
	size_t n = x->pool->nservers;
	uint64_t random = 0;

	for (size_t i = 0; i < n; i++) {
		struct hk_upstream *u = member_of(x, i);
		bool loops = u && is_where_it_came_from(x, u);

		upstreams[i] = u;
		choice.loops |= loops;
		members[i] = (struct hk_pool_member){.excluded = true};
		if (!u)
			continue;
		members[i] = (struct hk_pool_member){
			.id = u->config->id,
			.weight = u->config->weight,
			.state = u->health.state,
			.last_sent = u->health.last_sent,
			.excluded = loops || (without >> i & 1) ||
				    u->nexchanges >= u->config->max_outstanding ||
				    (x->bound && u->config->id != x->bound_to),
		};
	}
	if (x->pool->kind == HK_POOL_LOAD_BALANCE)
		hk_proxy_random(x->proxy, &random, sizeof(random));
	choice.index = hk_pool_choose(x->pool->kind, members, n, hk_pool_key(&x->request), random);
	if (choice.index < n)
		choice.upstream = upstreams[choice.index];
	return choice;
}

void hk_exchange_dispatch(struct hk_exchange *x, hk_time now)
{
	for (;;) {
		struct choice c = choose(x, x->tried);

		if (!c.upstream && c.loops && !x->tried) {
			end_loop(x, "it came from the server it would go to", now);
			return;
		}
		/* Where its conversation is, it is; with that server it ends. */
		if (!c.upstream) {
			give_up(x, now);
			return;
		}
		x->tried |= UINT32_C(1) << c.index;
		if (start(x, c.upstream, now) == HK_OK)
			return;
	}
}

void hk_exchange_move(struct hk_exchange *x, hk_time now)
{
	hk_count(x->proxy->world.counters, HK_COUNT_PROXY_FAIL_OVERS);
	leave_server(x);
	hk_exchange_dispatch(x, now);
}

static uint32_t bit_of_current(const struct hk_exchange *x)
{
	for (size_t i = 0; i < x->pool->nservers; i++) {
		if (member_of(x, i) == x->upstream)
			return UINT32_C(1) << i;
	}
	return 0;
}

/* Is there a server not asked yet that is no worse off than this one? */
static bool has_other(const struct hk_exchange *x)
{
	struct choice c = choose(x, x->tried);

	return !x->bound && c.upstream && c.upstream->health.state != HK_DEAD;
}

/* One that lives while its own does not, asked before or not. */
static bool has_better(const struct hk_exchange *x)
{
	struct choice c = choose(x, bit_of_current(x));

	return !x->bound && x->upstream->health.state != HK_ALIVE && c.upstream &&
	       c.upstream->health.state == HK_ALIVE;
}

void hk_exchanges_evacuate(struct hk_upstream *u, hk_time now)
{
	struct hk_exchange *next;

	for (struct hk_exchange *x = u->exchanges; x; x = next) {
		next = x->next;
		if (has_other(x))
			hk_exchange_move(x, now);
	}
}

/* ---- time ---- */

/* The server did not answer in its time. True: the exchange has moved. */
static bool window_over(struct hk_exchange *x, hk_time now)
{
	struct hk_upstream *u = x->upstream;
	struct hk_proxy *p = x->proxy;
	char realm[HK_LOG_ESCAPED];

	hk_count(p->world.counters, HK_COUNT_PROXY_TIMEOUTS);
	x->window_end = HK_NEVER;
	if (u->carrier->resends &&
		hk_server_timed_out(&u->health, &u->config->timers, x->sent_at, now)) {
		hk_upstream_changed(u, "it does not answer");
		hk_upstream_evacuate(u);
	}
	if (u->health.state == HK_ALIVE && u->health.last_reply >= x->sent_at &&
		x->pool->dead_realm_pause_ms &&
		hk_realm_timed_out(&p->realms, x->realm, u->config->timers.response_timeouts,
			x->pool->dead_realm_pause_ms, now))
		hk_log_write(p->world.log, HK_LOG_WARNING,
			"realm [%s] is given up for a while: home server %s answers for others "
			"only",
			hk_log_escape(x->realm, realm, sizeof(realm)), u->config->name);
	if (!has_other(x))
		return false;
	hk_exchange_move(x, now);
	return true;
}

static void send_again(struct hk_exchange *x, hk_time now)
{
	struct hk_upstream *u = x->upstream;

	if (!hk_radius_retransmit_due(
		    &x->retransmit, &u->config->retry, now, small_random(x->proxy))) {
		x->retransmit.next = HK_NEVER;
		return;
	}
	hk_count(x->proxy->world.counters, HK_COUNT_PROXY_RETRIES);
	u->health.last_sent = now;
	u->carrier->transmit(u, x);
}

static void work_on(struct hk_exchange *x, hk_time now)
{
	if (now >= x->deadline) {
		if (now >= x->window_end)
			hk_count(x->proxy->world.counters, HK_COUNT_PROXY_TIMEOUTS);
		give_up(x, now);
		return;
	}
	if (now >= x->window_end && window_over(x, now))
		return;
	if (x->channel && x->upstream->carrier->resends && now >= x->retransmit.next) {
		if (has_better(x)) {
			x->tried = bit_of_current(x);
			hk_exchange_move(x, now);
			return;
		}
		send_again(x, now);
	}
	arm(x, now);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct hk_exchange *x = arg;
	struct hk_outbox *outbox = x->proxy->world.outbox;
	hk_time now = hk_clock_now();

	(void)fd;
	(void)what;
	if (x->answer)
		hk_exchange_free(x);
	else
		work_on(x, now);
	hk_outbox_flush(outbox, now);
}

/* ---- in ---- */

static uint32_t longest_request_time(const struct hk_config *config, const struct hk_pool_config *p)
{
	uint32_t longest = 0;

	for (size_t i = 0; i < p->nservers; i++) {
		uint32_t t = config->home_servers[p->servers[i]].max_request_time_ms;

		longest = t > longest ? t : longest;
	}
	return longest;
}

static struct hk_exchange *new_exchange(struct hk_proxy *p, const struct hk_door_request *r,
	const struct hk_destination *to, size_t pool, struct hk_bytes realm, hk_time now)
{
	struct hk_bytes packet = r->radius.packet;
	const struct hk_config *config = p->epoch->setup->config;
	struct hk_exchange *x = malloc(sizeof(*x) + packet.len + realm.len);

	if (!x)
		return NULL;
	memset(x, 0, sizeof(*x));
	memcpy(x->octets, packet.data, packet.len);
	if (hk_radius_parse(hk_bytes(x->octets, packet.len), &x->request)) {
		free(x);
		return NULL;
	}
	x->proxy = p;
	x->client = r->client;
	x->pool = &config->pools[pool];
	if (realm.len)
		memcpy(x->octets + packet.len, realm.data, realm.len);
	x->realm = hk_bytes(x->octets + packet.len, realm.len);
	x->entry = r->entry;
	x->to = *to;
	x->received = now;
	x->deadline = now + longest_request_time(config, x->pool);
	x->window_end = HK_NEVER;
	evtimer_assign(&x->timer, p->world.base, on_timer, x);
	x->epoch = p->epoch;
	x->epoch->users++;
	return x;
}

/*
 * An answer to the Identity request of our own that followed a re-authentication
 * with a key we do not have: the conversation goes on, and begins at its home.
 */
static bool is_identity(struct hk_bytes packet)
{
	struct hk_eap_packet eap;

	return hk_eap_parse(packet, &eap) == HK_OK && eap.code == HK_EAP_RESPONSE &&
	       eap.type == HK_EAP_TYPE_IDENTITY;
}

void hk_proxy_take(struct hk_proxy *p, const struct hk_door_request *r,
	const struct hk_destination *to, size_t pool, struct hk_bytes realm, hk_time now)
{
	struct hk_exchange *x = new_exchange(p, r, to, pool, realm, now);
	struct hk_bytes state = r->visit.request.state;

	if (!x) {
		hk_door_forget(p->world.door, r->entry, now);
		return;
	}
	if (hk_exchange_visit(x)) {
		drop(x, now);
		return;
	}
	if (hk_exchange_join(x, &r->visit.request, now)) {
		hk_count(p->world.counters, HK_COUNT_PROXY_JOINED);
		return;
	}
	hk_count(p->world.counters, HK_COUNT_PROXIED);
	x->bound = state.data &&
		   hk_sticky_find(p->world.sticky, r->client->id, state, now, &x->bound_to);
	x->begins = state.data && !x->bound && is_identity(r->visit.request.eap);
	if (hk_realm_given_up(&p->realms, x->realm, now))
		give_up(x, now);
	else
		hk_exchange_dispatch(x, now);
}

void hk_proxy_refuse(struct hk_proxy *p, const struct hk_door_request *r,
	const struct hk_destination *to, hk_time now)
{
	struct hk_buf b = outbox_buf(p);
	char name[HK_LOG_ESCAPED];

	hk_log_repeated(p->world.log, HK_LOG_WARNING, "broken-realm", r->client->name, now,
		"refused a request of client %s: [%s] has no realm that could be asked",
		r->client->config->name,
		hk_log_escape(r->visit.request.user_name, name, sizeof(name)));
	if (hk_forward_refuse(&r->client->config->secret, &r->radius, HK_CAUSE_NOT_ROUTABLE, &b)) {
		hk_door_forget(p->world.door, r->entry, now);
		return;
	}
	hk_count(p->world.counters, HK_COUNT_REJECTS);
	push(p, to, r->entry, &b, now);
}

/* ---- out ---- */

static void count_reply(struct hk_counters *c, uint8_t code)
{
	hk_count(c, HK_COUNT_PROXY_REPLIES);
	hk_count(c, code == HK_RADIUS_ACCESS_ACCEPT      ? HK_COUNT_ACCEPTS
		    : code == HK_RADIUS_ACCESS_CHALLENGE ? HK_COUNT_CHALLENGES
							 : HK_COUNT_REJECTS);
}

static void learn(struct hk_exchange *x, const struct hk_radius *reply, hk_time now)
{
	struct hk_proxy *p = x->proxy;
	struct hk_bytes state = hk_radius_find(reply, HK_RADIUS_STATE);

	hk_realm_replied(&p->realms, x->realm);
	if (reply->code == HK_RADIUS_ACCESS_CHALLENGE && state.data)
		hk_sticky_put(p->world.sticky, x->client->id, state, x->upstream->config->id, now);
}

/* It cannot; another server may, though it lives. */
static void declined(struct hk_exchange *x, hk_time now)
{
	if (has_other(x))
		hk_exchange_move(x, now);
	else
		give_up(x, now);
}

bool hk_exchange_answer(const struct hk_exchange *x, const struct hk_exchange *first,
	struct hk_upstream *from, const struct hk_radius *reply, hk_time now)
{
	struct hk_forward f = hk_exchange_forward(x, from);
	struct hk_buf b = outbox_buf(x->proxy);
	enum hk_err err;

	f.local_domain = first->local_domain;
	err = hk_forward_reply(&f, &x->request, &first->sent, reply, &b);
	if (err) {
		hk_upstream_bad_reply(from, err, now);
		hk_door_forget(x->proxy->world.door, x->entry, now);
		return false;
	}
	push(x->proxy, &x->to, x->entry, &b, now);
	return true;
}

/* True: at least one of them could be answered. */
static bool answer_all(struct hk_exchange *x, const struct hk_radius *reply, hk_time now)
{
	bool answered = false;

	for (const struct hk_exchange *each = x; each; each = each->joined)
		answered |= hk_exchange_answer(each, x, x->upstream, reply, now);
	return answered;
}

/* Others may come and ask the same in a moment. */
static void end_answered(struct hk_exchange *x, const struct hk_radius *reply)
{
	struct hk_upstream *from = x->upstream;

	leave_server(x);
	if (reply->code != HK_RADIUS_ACCESS_ACCEPT || !hk_exchange_keep(x, from, reply))
		hk_exchange_free(x);
}

enum hk_err hk_exchange_reply(struct hk_exchange *x, const struct hk_radius *reply, hk_time now)
{
	struct hk_proxy *p = x->proxy;
	struct hk_upstream *u = x->upstream;
	struct hk_forward f = hk_exchange_forward(x, u);
	enum hk_err err = hk_forward_check_reply(&f, &x->sent, reply);

	if (err)
		return err;
	x->replied = true;
	if (u->carrier->resends && hk_server_replied(&u->health, &u->config->timers, false, now))
		hk_upstream_changed(u, "it answered a request");
	u->health.last_reply = now;
	if (reply->code == HK_RADIUS_PROTOCOL_ERROR) {
		declined(x, now);
		return HK_OK;
	}
	if (x->visited && reply->code == HK_RADIUS_ACCESS_ACCEPT &&
		hk_exchange_take_key(x, reply, now))
		x->local_domain = x->epoch->setup->config->erp.visited.domain;
	if (!answer_all(x, reply, now)) {
		hk_exchange_free(x);
		return HK_OK;
	}
	learn(x, reply, now);
	count_reply(p->world.counters, reply->code);
	hk_journal_proxied(p->world.log, p->epoch->setup->config->log_logins, x->client,
		&x->request, reply->code, u->config->name, now - x->received);
	end_answered(x, reply);
	return HK_OK;
}
