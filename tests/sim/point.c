/* SPDX-License-Identifier: ISC */
/*
 * An access point: the port of each device, the AAA client that repeats
 * requests and goes to the other server, and the confirmation of keys with which
 * a lower layer makes sure that both ends have the same one.
 */
#include "sim.h"

#include <hokey/eap.h>

#include <stdlib.h>

#define RESEND_MS      900
#define RESENDS_MAX    4
#define HANDSHAKE_MS   500
#define HANDSHAKES_MAX 6

hk_time point_now(const struct world *w, const struct point *p)
{
	return (hk_time)((int64_t)w->now + p->clock);
}

static struct station *station_of(struct point *p, uint32_t device)
{
	return p->stations[device];
}

/* ---- AAA ---- */

static uint32_t server_for(const struct world *w, const struct point *p, uint32_t attempt)
{
	const struct domain *d = &w->domains[p->domain];

	/* once more to the same one, then to the other */
	return d->servers[(attempt / 2 + p->id) % d->nservers];
}

static void send_pending(struct world *w, struct point *p, struct station *s)
{
	struct aaa *m = malloc(sizeof *m);

	if (!m)
		abort();
	*m = *s->pending;
	m->from = node_of_point(w, p->id);
	m->to = server_for(w, p, s->resends);
	m->sent = w->now;
	send_aaa(w, m);
	schedule(w, EVENT_RESEND, w->now + RESEND_MS, p->id, s->device, s->resend_generation, NULL);
}

static void forget_pending(struct station *s)
{
	free(s->pending);
	s->pending = NULL;
	s->resend_generation++;
}

static void forward(
	struct world *w, struct point *p, struct station *s, const struct hk_er_port_result *r)
{
	struct aaa *m = calloc(1, sizeof *m);
	size_t n = r->request.user_name.len;

	if (!m)
		abort();
	forget_pending(s);
	m->point = m->sender = p->id;
	m->device = s->device;
	m->association = s->association;
	m->transaction = r->forward;
	if (n)
		memcpy(m->user_name, r->request.user_name.data, n);
	if (r->request.state.len == HK_STATE_LEN) {
		memcpy(m->state, r->request.state.data, HK_STATE_LEN);
		m->has_state = true;
	}
	m->len = (uint16_t)(r->request.eap.len < PACKET_MAX ? r->request.eap.len : PACKET_MAX);
	memcpy(m->octets, r->request.eap.data, m->len);
	s->pending = m;
	s->resends = 0;
	send_pending(w, p, s);
}

void point_lie(struct world *w, const struct station *s, uint32_t liar)
{
	struct aaa *m;

	if (!s->pending || !s->pending->len || s->pending->octets[0] != HK_EAP_INITIATE ||
		s->pending->point == liar)
		return;
	m = malloc(sizeof *m);
	if (!m)
		abort();
	*m = *s->pending;
	m->sender = liar;
	m->from = node_of_point(w, liar);
	m->to = server_for(w, &w->points[rng_below(&w->net, 2) ? liar : m->point], 0);
	m->sent = w->now;
	w->counts.replayed++;
	send_aaa(w, m);
}

/* ---- key confirmation ---- */

static void send_step(struct world *w, struct point *p, struct station *s)
{
	uint8_t octets[NONCE_LEN + MIC_LEN];
	struct hk_hmac_key k;

	hk_hmac_key_init(&k, hk_bytes(s->candidate_key, KEY_LEN));
	memcpy(octets, s->nonce, NONCE_LEN);
	mic(&k, s->step == 1 ? '1' : '3', octets, NONCE_LEN, octets + NONCE_LEN);
	send_frame(w, p->id, s->device, true, s->step == 1 ? FRAME_M1 : FRAME_M3,
		hk_bytes(octets, sizeof octets));
	schedule(w, EVENT_HANDSHAKE, w->now + HANDSHAKE_MS, p->id, s->device,
		++s->handshake_generation, NULL);
}

static void use_key(struct world *w, struct station *s)
{
	memcpy(s->key, s->candidate_key, KEY_LEN);
	s->key_ends = s->candidate_ends;
	s->used = true;
	s->step = 0;
	s->handshake_generation++;
	w->counts.handshakes++;
}

static void start_handshake(
	struct world *w, struct point *p, struct station *s, struct hk_bytes key)
{
	if (key.len < KEY_LEN)
		return;
	memcpy(s->candidate_key, key.data, KEY_LEN);
	s->candidate = true;
	if (w->scenario.mutant == MUTANT_NO_HANDSHAKE && !s->attacker) {
		/* both believe in what they have */
		use_key(w, s);
		s->key[0] ^= (uint8_t)(rng_below(&w->net, 8) == 0);
		memcpy(w->devices[s->device].key, s->candidate_key, KEY_LEN);
		w->devices[s->device].up = w->devices[s->device].point == p->id;
		return;
	}
	rng_fill(&w->net, s->nonce, sizeof s->nonce);
	s->step = 1;
	s->handshakes = 0;
	send_step(w, p, s);
}

static void receive_confirmation(
	struct world *w, struct point *p, struct station *s, const struct frame *f)
{
	struct hk_hmac_key k;
	uint8_t right[MIC_LEN];
	bool second = f->kind == FRAME_M2;

	if (f->len != NONCE_LEN + MIC_LEN || s->step != (second ? 1 : 3) ||
		memcmp(f->octets, s->nonce, NONCE_LEN) != 0)
		return;
	hk_hmac_key_init(&k, hk_bytes(s->candidate_key, KEY_LEN));
	mic(&k, second ? '2' : '4', s->nonce, NONCE_LEN, right);
	if (memcmp(right, f->octets + NONCE_LEN, MIC_LEN) != 0)
		return;
	if (second) {
		s->step = 3;
		s->handshakes = 0;
		send_step(w, p, s);
	} else {
		use_key(w, s);
	}
}

/* ---- stations ---- */

static void drop_station(struct world *w, struct point *p, struct station *s)
{
	struct hk_er_port_result r;

	hk_er_port_detach(&s->port, &r);
	p->stations[s->device] = NULL;
	forget_pending(s);
	hk_wipe(s, sizeof *s);
	free(s);
	(void)w;
}

static void send_away(struct world *w, struct point *p, struct station *s)
{
	if (!s->attacker)
		schedule(w, EVENT_DISASSOC, w->now + rng_between(&w->net, 1, 50), s->device, 0,
			s->association, NULL);
	drop_station(w, p, s);
}

static void arm(struct world *w, struct point *p, struct station *s, hk_time deadline)
{
	s->generation++;
	if (deadline == HK_NEVER)
		return;
	if (w->scenario.mutant == MUTANT_POINT_TIMER_LOST && s->port.state == HK_ER_PORT_AAA)
		return;
	deadline = (hk_time)((int64_t)deadline - p->clock);
	schedule(w, EVENT_PORT, deadline > w->now ? deadline : w->now, p->id, s->device,
		s->generation, NULL);
}

/* Remembers since when the same thing is outstanding. */
static void watch(struct world *w, struct station *s)
{
	const struct hk_er_port *port = &s->port;
	bool busy = port->state == HK_ER_PORT_START || port->state == HK_ER_PORT_REQUEST ||
		    port->state == HK_ER_PORT_PASS || port->state == HK_ER_PORT_AAA;

	if (!busy)
		s->busy_since = 0;
	else if (!s->busy_since || s->busy_state != port->state ||
		 s->busy_transaction != port->transaction || s->busy_identifier != port->identifier)
		s->busy_since = w->now;
	s->busy_state = port->state;
	s->busy_transaction = port->transaction;
	s->busy_identifier = port->identifier;
}

/* May this port be shut? Only what stands is protected. */
static bool works(const struct station *s)
{
	return s->used && !s->port.session_over && !s->attacker;
}

static void act(struct world *w, struct point *p, struct station *s,
	const struct hk_er_port_result *r, bool worked)
{
	uint32_t association = s->association;

	note(w, (uint64_t)s->port.state << 8 | (uint64_t)r->reason);
	if (r->reason || r->let_in || r->shut)
		trace(w, "point %u, device %u: state %d%s%s, %s", p->id, s->device,
			(int)s->port.state, r->let_in ? ", lets in" : "", r->shut ? ", shuts" : "",
			hk_errname(r->reason));
	if (r->abandon)
		forget_pending(s);
	for (size_t i = 0; i < r->nsend; i++)
		send_frame(w, p->id, s->device, true, FRAME_EAP, r->send[i]);
	if (r->forward)
		forward(w, p, s, r);
	if (r->let_in)
		start_handshake(w, p, s, r->key);
	arm(w, p, s, r->deadline);
	watch(w, s);
	if (!r->shut)
		return;
	if (worked)
		broken(w, INV_LINK_DOWN, "point %u shuts out device %u, whose session stands: %s",
			p->id, s->device, hk_errname(r->reason));
	(void)association;
	send_away(w, p, s);
}

/* ---- events ---- */

static void describe(struct world *w, struct point *p, struct station *s)
{
	(void)w;
	snprintf(s->calling, sizeof s->calling, "02-%08X", s->device);
	s->identity = (struct hk_aaa_request){
		.nas_identifier = hk_text(p->name),
		.nas_ip_address = hk_bytes(p->address, 4),
		.called_station_id = hk_text(p->station_id),
		.calling_station_id = hk_text(s->calling),
	};
}

void point_attach(struct world *w, uint32_t point, uint32_t device, uint32_t association)
{
	struct point *p = &w->points[point];
	struct station *s = station_of(p, device);
	struct hk_er_port_result r;

	if (s)
		drop_station(w, p, s);
	s = calloc(1, sizeof *s);
	if (!s)
		abort();
	p->stations[device] = s;
	s->device = device;
	s->association = association;
	s->attacker = device >= w->ndevices;
	describe(w, p, s);
	if (hk_er_port_init(&s->port, &p->config, &s->identity, (uint8_t)rng_next(&w->net)))
		abort();
	hk_er_port_attach(&s->port, rng_below(&w->net, 2), point_now(w, p), &r);
	act(w, p, s, &r, false);
}

void point_receive(struct world *w, struct point *p, uint32_t device, const struct frame *f)
{
	struct station *s = station_of(p, device);
	struct hk_er_port_result r;
	bool worked;

	if (!s)
		return;
	worked = works(s);
	if (f->kind == FRAME_M2 || f->kind == FRAME_M4) {
		receive_confirmation(w, p, s, f);
		return;
	}
	if (f->kind == FRAME_EAP_START)
		hk_er_port_start_eap(&s->port, point_now(w, p), &r);
	else
		hk_er_port_receive(&s->port, hk_bytes(f->octets, f->len), point_now(w, p), &r);
	act(w, p, s, &r, worked);
}

void point_answer(struct world *w, struct point *p, const struct aaa *reply)
{
	struct station *s = station_of(p, reply->device);
	struct hk_er_answer answer = {
		.transaction = reply->transaction,
		.verdict = reply->verdict,
		.eap = hk_bytes(reply->octets, reply->len),
		.state = reply->has_state ? hk_bytes(reply->state, HK_STATE_LEN) : HK_NO_BYTES,
		.key = reply->has_key ? hk_bytes(reply->key, KEY_LEN) : HK_NO_BYTES,
		.session_timeout_s = reply->session_timeout_s,
	};
	struct hk_er_port_result r;
	bool worked;

	check_point_key(w, p, reply);
	if (!s || s->association != reply->association)
		return;
	if (w->scenario.mutant == MUTANT_SESSION_ENDLESS)
		answer.session_timeout_s = 0;
	if (reply->verdict == HK_VERDICT_ACCEPT)
		s->candidate_ends = reply->session_timeout_s
					    ? hk_time_add_s(w->now, reply->session_timeout_s)
					    : HK_NEVER;
	worked = works(s);
	if (s->pending && s->pending->transaction == reply->transaction)
		forget_pending(s);
	hk_er_port_answer(&s->port, &answer, point_now(w, p), &r);
	if (w->scenario.mutant == MUTANT_POINT_SHUTS_ON_FAILURE && reply->len > 4 &&
		reply->octets[0] == HK_EAP_FINISH && reply->verdict == HK_VERDICT_REJECT)
		r.shut = true;
	act(w, p, s, &r, worked);
}

static void repeat_handshake(struct world *w, struct point *p, struct station *s)
{
	if (!s->step)
		return;
	if (++s->handshakes <= HANDSHAKES_MAX) {
		send_step(w, p, s);
		return;
	}
	w->counts.handshakes_failed++;
	trace(w, "point %u, device %u: no common key", p->id, s->device);
	send_away(w, p, s);
}

void point_event(struct world *w, const struct event *e)
{
	struct point *p = &w->points[e->a];
	struct station *s = station_of(p, e->b);
	struct hk_er_port_result r;
	bool worked;

	if (!s)
		return;
	switch (e->type) {
	case EVENT_GONE:
		if (s->association == e->generation)
			drop_station(w, p, s);
		break;
	case EVENT_RESEND:
		if (e->generation != s->resend_generation || !s->pending)
			break;
		if (++s->resends <= RESENDS_MAX)
			send_pending(w, p, s);
		break;
	case EVENT_HANDSHAKE:
		if (e->generation == s->handshake_generation)
			repeat_handshake(w, p, s);
		break;
	default: /* EVENT_PORT */
		if (e->generation != s->generation)
			break;
		worked = works(s);
		hk_er_port_timeout(&s->port, point_now(w, p), &r);
		act(w, p, s, &r, worked && !s->port.session_over);
	}
}

void point_crash(struct world *w, struct point *p)
{
	trace(w, "point %u restarts", p->id);
	for (uint32_t i = 0; i <= w->ndevices; i++)
		if (p->stations[i])
			send_away(w, p, p->stations[i]);
}

void point_init(struct world *w, struct point *p, uint32_t id)
{
	p->id = id;
	p->domain = id % w->ndomains;
	p->clock = (int64_t)rng_below(&w->rng, 20000) - 10000;
	snprintf(p->name, sizeof p->name, "point-%u", id);
	snprintf(p->station_id, sizeof p->station_id, "02-00-00-00-%02X-%02X:sim", id >> 8 & 255,
		id & 255);
	p->address[0] = 10;
	p->address[2] = (uint8_t)(id >> 8);
	p->address[3] = (uint8_t)id;
	p->config = hk_er_port_config_default();
	p->config.start = (enum hk_er_start)rng_below(&w->rng, 3);
	p->config.announce_identity = rng_below(&w->rng, 2);
	p->config.start_transmissions = (uint8_t)rng_between(&w->rng, 1, 3);
	p->config.domain = p->domain != HOME_DOMAIN || rng_below(&w->rng, 2)
				   ? w->domains[p->domain].realm
				   : HK_NO_BYTES;
	p->stations = calloc(w->ndevices + 1, sizeof *p->stations);
	if (!p->stations)
		abort();
}

void point_free(struct world *w, struct point *p)
{
	for (uint32_t i = 0; p->stations && i <= w->ndevices; i++)
		if (p->stations[i])
			drop_station(w, p, p->stations[i]);
	free(p->stations);
}
