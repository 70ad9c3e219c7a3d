/* SPDX-License-Identifier: ISC */
/*
 * An ER server. That of the home domain also does full EAP; a local one is a
 * proxy for it, and for all realms that are not its own. Works in batches, can
 * stop at every point of one.
 */
#include "sim.h"

#include <hokey/eap.h>

#include <stdlib.h>

#define SERVICE_MS       2
#define EXPIRE_MS        30000
#define PROXIED_LIVES_MS 10000

hk_time server_now(const struct world *w, const struct server *s)
{
	return (hk_time)((int64_t)w->now + s->clock);
}

static struct domain *domain_of(struct world *w, const struct server *s)
{
	return &w->domains[s->domain];
}

static enum hk_err server_random(void *arg, uint8_t *out, size_t len)
{
	rng_fill(arg, out, len);
	return HK_OK;
}

/* ---- life ---- */

void server_start(struct world *w, struct server *s)
{
	static const struct hk_keystore_memory_config memory;
	struct domain *d = domain_of(w, s);

	s->up = true;
	s->incarnation++;
	s->clock = d->wall; /* set once, at start */
	if (d->store)
		s->store = sim_store_open(d->store);
	else if (hk_keystore_memory_open(&memory, &s->store))
		abort();
	if (hk_home_new(server_random, &s->rng, &s->home))
		abort();
	hk_home_worker_init(&s->worker, s->home, s->store);
	schedule(w, EVENT_EXPIRE, w->now + EXPIRE_MS, s->id, 0, s->incarnation, NULL);
}

void server_stop(struct world *w, struct server *s)
{
	(void)w;
	if (!s->up)
		return;
	s->up = false;
	for (size_t i = 0; i < s->nqueue; i++)
		free(s->queue[i]);
	s->nqueue = 0;
	s->scheduled = false;
	hk_home_free(s->home);
	hk_keystore_close(s->store);
	s->home = NULL;
	s->store = NULL;
	memset(s->sessions, 0, sizeof s->sessions);
	memset(s->proxied, 0, sizeof s->proxied);
}

static void crash(struct world *w, struct server *s)
{
	trace(w, "server %u stops in the middle of its work", s->id);
	server_stop(w, s);
	schedule(w, EVENT_SERVER_UP, w->now + 200 + rng_below(&s->rng, 8000), s->id, 0, 0, NULL);
}

void server_init(struct world *w, struct server *s, uint32_t id, uint32_t domain)
{
	s->id = id;
	s->domain = domain;
	s->rng = rng_of(w->scenario.seed, 100 + id);
	server_start(w, s);
}

/* ---- proxy ---- */

void request_of(const struct world *w, const struct aaa *m, char calling[24], char client[24],
	struct hk_aaa_request *request)
{
	const struct point *p = &w->points[m->point];

	memset(request, 0, sizeof *request);
	snprintf(calling, 24, "02-%08X", m->device);
	snprintf(client, 24, m->from < w->nservers ? "node-%u" : "access-points", m->from);
	request->has_eap = true;
	request->eap = hk_bytes(m->octets, m->len);
	request->user_name = hk_text(m->user_name);
	request->state = m->has_state ? hk_bytes(m->state, HK_STATE_LEN) : HK_NO_BYTES;
	request->client_id = m->from + 1;
	request->client = hk_text(client);
	request->client_address = hk_bytes((const uint8_t *)&m->from, sizeof m->from);
	request->proxied = m->from < w->nservers;
	request->nas_ip_address = hk_bytes(p->address, 4);
	request->nas_identifier = hk_text(p->name);
	request->called_station_id = hk_text(p->station_id);
	request->calling_station_id = hk_text(calling);
	request->secure = true;
	if (m->asks)
		request->keydist = attributes_of(&m->asked);
	if (w->scenario.mutant == MUTANT_NAS_NOT_TOLD_APART) {
		request->nas_ip_address = request->nas_identifier = HK_NO_BYTES;
		request->called_station_id = request->calling_station_id = HK_NO_BYTES;
		request->client = hk_text("any");
	}
	if (w->scenario.mutant == MUTANT_NAS_NOT_TOLD_APART ||
		w->scenario.mutant == MUTANT_SENDER_BELIEVED) {
		request->client_address = HK_NO_BYTES;
		request->proxied = false;
	}
}

static struct aaa *answer_to(const struct server *s, const struct aaa *request)
{
	struct aaa *reply = calloc(1, sizeof *reply);

	if (!reply)
		abort();
	reply->reply = true;
	reply->from = s->id;
	reply->to = request->from;
	reply->point = request->point;
	reply->device = request->device;
	reply->association = request->association;
	reply->transaction = request->transaction;
	reply->proxy_id = request->proxy_id;
	return reply;
}

/* Somebody on the way puts a request of his own in the place of ours. */
static void ask_instead(struct world *w, struct server *s, struct aaa *m)
{
	uint8_t nonce[HK_KEYDIST_NONCE_LEN] = {0};

	if (!fault_now(w, FAULT_ATTACK))
		return;
	m->asker = DOMAINS_MAX;
	if (hk_krs_ask(&w->ktks[m->asker], HK_KEYDIST_DSRK, domain_of(w, s)->realm, HK_NO_BYTES,
		    nonce, server_now(w, s), &m->asked))
		abort();
}

static void forward(struct world *w, struct server *s, struct aaa *m)
{
	struct domain *home = &w->domains[HOME_DOMAIN];
	struct proxied *p = &s->proxied[++s->next_proxy % PROXIED_MAX];
	uint8_t nonce[HK_KEYDIST_NONCE_LEN];
	struct hk_aaa_request request;
	char calling[24], client[24];

	*p = (struct proxied){.id = s->next_proxy, .sent = w->now, .from = m->from, .request = *m};
	p->request.sent = w->now;
	rng_fill(&s->rng, nonce, sizeof nonce);
	request_of(w, &p->request, calling, client, &request);
	p->asks = hk_visited_receive(&domain_of(w, s)->visited, &request, true, nonce,
			  server_now(w, s), &p->pending) == HK_VISITED_ASK;
	m->asks = p->asks;
	m->asked = p->pending.asked;
	m->asker = s->domain;
	if (p->asks)
		ask_instead(w, s, m);
	m->proxy_id = p->id;
	m->from = s->id;
	m->to = home->servers[(p->id / 8 + s->id) % home->nservers];
	send_aaa(w, m);
}

static void pass_back(struct world *w, struct server *s, struct aaa *m)
{
	struct proxied *p = &s->proxied[m->proxy_id % PROXIED_MAX];

	if (!m->proxy_id || p->id != m->proxy_id || w->now - p->sent > PROXIED_LIVES_MS) {
		free(m);
		return;
	}
	if (m->verdict == HK_VERDICT_ACCEPT && p->asks)
		take_dsrk(w, s, p, m);
	m->from = s->id;
	m->to = p->from;
	m->proxy_id = 0;
	if (w->scenario.mutant != MUTANT_DSRK_LEAKS)
		m->attributes_len = 0;
	p->id = 0;
	send_aaa(w, m);
}

/* ---- what comes in ---- */

static bool is_for_us(const struct world *w, const struct server *s, const struct aaa *m)
{
	if (s->domain == HOME_DOMAIN)
		return true;
	return m->len && m->octets[0] == HK_EAP_INITIATE &&
	       hk_realm_equal(hk_nai_realm(hk_text(m->user_name)), w->domains[s->domain].realm);
}

void server_receive(struct world *w, struct server *s, struct aaa *m)
{
	if (!s->up) {
		free(m);
		return;
	}
	if (!m->reply)
		city_request(w, s);
	if (m->reply) {
		pass_back(w, s, m);
		return;
	}
	if (!is_for_us(w, s, m)) {
		forward(w, s, m);
		return;
	}
	if (s->nqueue == QUEUE_MAX) {
		free(m); /* as a full socket does */
		return;
	}
	s->queue[s->nqueue++] = m;
	if (s->scheduled)
		return;
	s->scheduled = true;
	schedule(w, EVENT_SERVE, w->now + rng_below(&s->rng, SERVICE_MS + 1), s->id, 0,
		s->incarnation, NULL);
}

/* ---- a batch ---- */

struct batch {
	size_t n;
	struct aaa *requests[QUEUE_MAX];
	struct aaa *replies[QUEUE_MAX];
	struct hk_home_visit visits[QUEUE_MAX];
	struct hk_home_visit *list[QUEUE_MAX];
	size_t nlist;
	uint32_t of[QUEUE_MAX]; /* request of each visit */
	uint8_t memory[QUEUE_MAX][HK_EAP_MAX_LEN];
	char calling[QUEUE_MAX][24];
	char client[QUEUE_MAX][24];
};

static void receive_all(struct world *w, struct server *s, struct batch *b)
{
	const struct hk_home_policy *policy = &domain_of(w, s)->policy;

	for (size_t i = 0; i < b->n; i++) {
		struct aaa *m = b->requests[i];
		struct hk_home_visit *v;

		b->replies[i] = answer_to(s, m);
		if (m->len && m->octets[0] == HK_EAP_RESPONSE) {
			method_answer(w, s, m, b->replies[i]);
			continue;
		}
		v = &b->visits[b->nlist];
		hk_home_begin(v, b->memory[b->nlist], sizeof b->memory[0]);
		request_of(w, m, b->calling[i], b->client[i], &v->request);
		b->of[b->nlist] = (uint32_t)i;
		b->list[b->nlist++] = v;
		hk_home_receive(&s->worker, policy, v, server_now(w, s));
	}
}

static void count(struct world *w, const struct hk_home_visit *v)
{
	struct counts *c = &w->counts;

	if (v->event.kind != HK_HOME_ERP)
		return;
	if (v->reply.verdict == HK_VERDICT_ACCEPT) {
		if (v->exchange.advance.freshness == HK_SEQ_FRESH)
			c->accepted++;
		else
			c->repeated++;
	} else if (v->reply.reason == HK_ERR_STORE) {
		c->store_errors++;
	} else if (v->reply.verdict == HK_VERDICT_CHALLENGE) {
		c->unknown_key++;
	} else {
		c->refused++;
	}
}

static void take_reply(struct world *w, struct server *s, struct hk_home_visit *v,
	const struct aaa *m, struct aaa *reply)
{
	const struct hk_aaa_reply *r = &v->reply;

	count(w, v);
	note(w, (uint64_t)r->verdict << 8 | (uint64_t)r->reason);
	trace(w, "server %u: device %u at point %u: %s, verdict %d", s->id, m->device, m->point,
		hk_errname(r->reason), (int)r->verdict);
	reply->verdict = r->verdict;
	if (r->verdict == HK_VERDICT_NONE || r->eap.len > PACKET_MAX) {
		reply->verdict = HK_VERDICT_NONE;
		return;
	}
	reply->len = (uint16_t)r->eap.len;
	memcpy(reply->octets, r->eap.data, r->eap.len);
	reply->has_state = r->has_state;
	memcpy(reply->state, r->state, HK_STATE_LEN);
	reply->has_key = r->has_key;
	memcpy(reply->key, r->key, KEY_LEN);
	reply->session_timeout_s = r->session_timeout_s;
	if (w->scenario.mutant == MUTANT_WRONG_KEY && r->has_key && rng_below(&s->rng, 4) == 0)
		reply->key[5] ^= 1;
	if (r->verdict != HK_VERDICT_ACCEPT || v->event.kind != HK_HOME_ERP)
		return;
	check_accept(w, s, v, m->sender, m->device);
	put_delivery(w, s, m, v->event.emsk_name, v->exchange.keyset.expires, &r->delivery, reply);
}

static void send_all(struct world *w, struct server *s, struct batch *b, bool synced)
{
	for (size_t i = 0; i < b->nlist; i++) {
		struct hk_home_visit *v = b->list[i];
		bool waits = v->event.kind == HK_HOME_ERP && v->reply.verdict == HK_VERDICT_ACCEPT;

		if (synced || !waits)
			take_reply(w, s, v, b->requests[b->of[i]], b->replies[b->of[i]]);
	}
	for (size_t i = 0; i < b->n; i++) {
		if (b->replies[i]->verdict == HK_VERDICT_NONE)
			continue;
		send_aaa(w, b->replies[i]);
		b->replies[i] = NULL;
	}
}

static void end_batch(struct server *s, struct batch *b)
{
	for (size_t i = 0; i < b->nlist; i++)
		hk_home_done(&s->worker, b->list[i]);
	for (size_t i = 0; i < b->n; i++) {
		free(b->requests[i]);
		free(b->replies[i]);
	}
}

/* The moments at which a server may stop: before, between and after each step. */
static bool stops_here(struct world *w, struct server *s)
{
	return domain_of(w, s)->store && fault_now(w, FAULT_SERVER_CRASH);
}

static bool work(struct world *w, struct server *s, struct batch *b)
{
	const struct hk_home_policy *policy = &domain_of(w, s)->policy;
	bool synced = true;

	receive_all(w, s, b);
	if (stops_here(w, s))
		return false;
	hk_home_commit(&s->worker, policy, b->list, b->nlist, server_now(w, s));
	if (stops_here(w, s))
		return false;
	if (hk_keystore_durability(s->store) == HK_DURABLE_BATCH &&
		w->scenario.mutant != MUTANT_ANSWER_BEFORE_SYNC)
		synced = hk_keystore_sync(s->store) == HK_OK;
	if (stops_here(w, s))
		return false;
	send_all(w, s, b, synced);
	hk_keystore_release(s->store);
	return true;
}

static void serve(struct world *w, struct server *s)
{
	static struct batch b;
	bool whole;

	b.n = s->nqueue;
	b.nlist = 0;
	memcpy(b.requests, s->queue, b.n * sizeof b.requests[0]);
	memset(b.replies, 0, b.n * sizeof b.replies[0]);
	s->nqueue = 0;
	s->scheduled = false;
	whole = work(w, s, &b);
	end_batch(s, &b);
	if (!whole)
		crash(w, s);
}

static void expire(struct world *w, struct server *s)
{
	size_t removed;

	check_store(w, s);

	hk_home_expire(s->home, server_now(w, s), SIZE_MAX);
	hk_keystore_expire(s->store, server_now(w, s), SIZE_MAX, &removed);
	schedule(w, EVENT_EXPIRE, w->now + EXPIRE_MS, s->id, 0, s->incarnation, NULL);
}

void server_event(struct world *w, const struct event *e)
{
	struct server *s = &w->servers[e->a];

	if (e->type == EVENT_SERVER_UP && !s->up) {
		trace(w, "server %u starts", s->id);
		server_start(w, s);
	}
	if (!s->up || e->generation != s->incarnation)
		return;
	if (e->type == EVENT_SERVE)
		serve(w, s);
	else if (e->type == EVENT_EXPIRE)
		expire(w, s);
}
