/* SPDX-License-Identifier: ISC */
#include "sim.h"

#include <hokey/eap.h>

#include <stdlib.h>

#define FULL_EAP_MS 30000 /* patience with full EAP */
#define SETTLE_MS   60000 /* then another access point is tried */
#define SAVE_AHEAD  16

hk_time device_now(const struct world *w, const struct device *d)
{
	return (hk_time)((int64_t)w->now + d->clock);
}

static uint16_t jitter(struct device *d)
{
	return (uint16_t)rng_next(&d->rng);
}

void mic(const struct hk_hmac_key *key, char what, const uint8_t *data, size_t len,
	uint8_t out[MIC_LEN])
{
	struct hk_bytes parts[2] = {hk_bytes(&what, 1), hk_bytes(data, len)};
	uint8_t hash[HK_SHA256_LEN];

	hk_hmac_sha256(key, parts, 2, hash);
	memcpy(out, hash, MIC_LEN);
}

static bool mic_fits(const uint8_t key[KEY_LEN], char what, const uint8_t *octets)
{
	struct hk_hmac_key k;
	uint8_t right[MIC_LEN];

	hk_hmac_key_init(&k, hk_bytes(key, KEY_LEN));
	mic(&k, what, octets, NONCE_LEN, right);
	return memcmp(right, octets + NONCE_LEN, MIC_LEN) == 0;
}

void method_keys(const struct hk_hmac_key *secret, const uint8_t nonces[2 * NONCE_LEN],
	uint8_t keys[2 * KEY_LEN])
{
	hk_prfplus(secret, hk_bytes(nonces, 2 * NONCE_LEN), keys, 2 * KEY_LEN);
}

/* ---- what it does not lose when it crashes ---- */

static void save(struct world *w, struct device *d)
{
	struct hk_buf b = hk_buf(d->saved, sizeof d->saved);
	uint16_t ahead = SAVE_AHEAD;

	if (w->scenario.mutant == MUTANT_PEER_REUSES_SEQ)
		ahead = 1; /* and more are taken than were written down, below */
	if (hk_er_peer_save(&d->peer, ahead, &b))
		abort();
	d->saved_len = b.len;
	if (w->scenario.mutant == MUTANT_PEER_REUSES_SEQ)
		for (size_t i = 0; i < HK_ER_PEER_SETS; i++)
			d->peer.sets[i].reserved = 65536;
}

static void save_in_time(struct world *w, struct device *d)
{
	if (hk_er_peer_must_save(&d->peer, 4))
		save(w, d);
}

/* ---- sending ---- */

static void send_eap(struct world *w, struct device *d, struct hk_bytes packet)
{
	send_frame(w, d->point, d->id, false, FRAME_EAP, packet);
}

static void arm(struct world *w, struct device *d, hk_time deadline)
{
	d->generation++;
	if (deadline == HK_NEVER)
		return;
	if (w->scenario.mutant == MUTANT_PEER_TIMER_LOST && d->link.state == HK_ER_WAIT &&
		d->link.retransmissions == 2)
		return;
	deadline = (hk_time)((int64_t)deadline - d->clock);
	schedule(w, EVENT_DEVICE, deadline > w->now ? deadline : w->now, d->id, 0, d->generation,
		NULL);
}

static void arm_full(struct world *w, struct device *d)
{
	if (d->full_since)
		return;
	d->full_since = w->now;
	schedule(w, EVENT_DEVICE_EAP, w->now + FULL_EAP_MS, d->id, 0, ++d->eap_generation, NULL);
}

/* ---- the method ---- */

static void full_ended(struct world *w, struct device *d, bool succeeded);

static void answer_identity(struct world *w, struct device *d, uint8_t identifier)
{
	uint8_t octets[128];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	char name[64];
	int n = snprintf(name, sizeof name, "d%u@%s", d->id, w->domains[HOME_DOMAIN].name);

	d->login.ready = false;
	hk_eap_write(
		&b, HK_EAP_RESPONSE, identifier, HK_EAP_TYPE_IDENTITY, hk_bytes(name, (size_t)n));
	send_eap(w, d, hk_buf_bytes(&b));
}

static void answer_challenge(struct world *w, struct device *d, const struct hk_eap_packet *p)
{
	uint8_t octets[128], data[NONCE_LEN + MIC_LEN], right[MIC_LEN];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	uint8_t *nonces = d->login.session_id + 1;

	if (p->data.len != NONCE_LEN + MIC_LEN)
		return;
	mic(&d->secret, 's', p->data.data, NONCE_LEN, right);
	if (memcmp(right, p->data.data + NONCE_LEN, MIC_LEN) != 0)
		return;
	/* a repeated request gets the same answer */
	if (!d->login.ready || memcmp(nonces, p->data.data, NONCE_LEN) != 0) {
		d->login.session_id[0] = METHOD;
		memcpy(nonces, p->data.data, NONCE_LEN);
		rng_fill(&d->rng, nonces + NONCE_LEN, NONCE_LEN);
		method_keys(&d->secret, nonces, d->login.keys);
		d->login.ready = true;
	}
	memcpy(data, nonces + NONCE_LEN, NONCE_LEN);
	mic(&d->secret, 'p', nonces, 2 * NONCE_LEN, data + NONCE_LEN);
	hk_eap_write(&b, HK_EAP_RESPONSE, p->identifier, METHOD, hk_bytes(data, sizeof data));
	send_eap(w, d, hk_buf_bytes(&b));
}

static void take_login(struct world *w, struct device *d)
{
	hk_time now = device_now(w, d);
	struct hk_key *emsk;

	d->candidate = true;
	memcpy(d->candidate_key, d->login.keys, KEY_LEN);
	d->login.ready = false;
	w->counts.logins++;
	if (!hk_key_import_emsk(NULL, hk_bytes(d->login.session_id, sizeof d->login.session_id),
		    hk_bytes(d->login.keys + KEY_LEN, KEY_LEN), now,
		    hk_time_add_s(now, w->emsk_lifetime_s), &emsk))
		hk_er_peer_take_emsk(&d->peer, emsk, w->domains[HOME_DOMAIN].realm, now);
	if (rng_below(&d->rng, 2)) /* some devices keep nothing */
		save(w, d);
	full_ended(w, d, true);
}

static void method_receive(struct world *w, struct device *d, struct hk_bytes packet)
{
	struct hk_eap_packet p;

	if (hk_eap_parse(packet, &p))
		return;
	if (d->link.state == HK_ER_FULL)
		arm_full(w, d);
	if (p.code == HK_EAP_REQUEST && p.type == HK_EAP_TYPE_IDENTITY)
		answer_identity(w, d, p.identifier);
	else if (p.code == HK_EAP_REQUEST && p.type == METHOD)
		answer_challenge(w, d, &p);
	else if (p.code == HK_EAP_SUCCESS && d->login.ready)
		take_login(w, d);
	else if (p.code == HK_EAP_FAILURE && d->link.state == HK_ER_FULL)
		full_ended(w, d, false);
}

/* ---- what the link says is to be done ---- */

static void leave(struct world *w, struct device *d, const char *why)
{
	trace(w, "device %u leaves point %u: %s", d->id, d->point, why);
	device_detach(w, d);
	schedule(w, EVENT_MOVE, w->now + rng_between(&d->rng, 100, 3000), d->id, 0, d->association,
		NULL);
}

static void succeed(struct world *w, struct device *d, const struct hk_er_result *r)
{
	struct hk_buf key = hk_buf(d->candidate_key, KEY_LEN);

	check_peer_key(w, d, r);
	d->candidate = hk_key_release(r->rmsk, HK_HOLDER_AUTHENTICATOR,
			       hk_text(w->points[d->point].name), device_now(w, d), &key) == HK_OK;
	if (hk_bytes_equal(hk_key_domain(r->rmsk), HK_NO_BYTES))
		w->counts.reauths_home++;
	else
		w->counts.reauths_local++;
	hk_key_free(r->rmsk);
}

static void act(struct world *w, struct device *d, const struct hk_er_result *r)
{
	note(w, (uint64_t)r->action << 8 | (uint64_t)r->reason);
	if (r->action != HK_ER_NOTHING)
		trace(w, "device %u: action %d, %s", d->id, (int)r->action, hk_errname(r->reason));
	arm(w, d, r->deadline);
	switch (r->action) {
	case HK_ER_SEND:
		check_initiate(w, d, r->packet);
		save_in_time(w, d);
		send_eap(w, d, r->packet);
		break;
	case HK_ER_PASS:
	case HK_ER_NOTHING:
	case HK_ER_DROPPED:
	case HK_ER_HELD:
		break;
	case HK_ER_SUCCEEDED:
		succeed(w, d, r);
		break;
	case HK_ER_LEAVE:
		if (d->up)
			broken(w, INV_LINK_DOWN,
				"device %u gives up a working link for channel binding", d->id);
		leave(w, d, "channel binding");
		break;
	case HK_ER_FULL_EAP:
		w->counts.full_eap++;
		arm_full(w, d);
		if (r->packet.len)
			method_receive(w, d, r->packet);
		else
			send_frame(w, d->point, d->id, false, FRAME_EAP_START, HK_NO_BYTES);
		break;
	}
	if (w->scenario.mutant == MUTANT_PEER_CLOCK && r->action == HK_ER_SUCCEEDED)
		d->peer.sets[0].expires = hk_time_add_s(device_now(w, d), HK_EMSK_LIFETIME_S);
	check_peer_lifetimes(w, d);
	if (d->link.state == HK_ER_WAIT && !d->waiting_since)
		d->waiting_since = w->now;
	if (d->link.state != HK_ER_WAIT)
		d->waiting_since = 0;
}

static void full_ended(struct world *w, struct device *d, bool succeeded)
{
	struct hk_er_result r;

	d->full_since = 0;
	d->eap_generation++;
	if (!succeeded)
		w->counts.logins_failed++;
	hk_er_link_eap_ended(&d->link, succeeded, device_now(w, d), &r);
	act(w, d, &r);
}

/* ---- key confirmation ---- */

static void confirm(struct world *w, struct device *d, const struct frame *f)
{
	uint8_t octets[NONCE_LEN + MIC_LEN];
	struct hk_hmac_key k;

	if (f->len != sizeof octets)
		return;
	/* the end of full EAP got lost, but this shows that it was a good one */
	if (f->kind == FRAME_M1 && d->login.ready && mic_fits(d->login.keys, '1', f->octets))
		take_login(w, d);
	memcpy(octets, f->octets, NONCE_LEN);
	if (f->kind == FRAME_M1 && d->candidate && mic_fits(d->candidate_key, '1', f->octets)) {
		hk_hmac_key_init(&k, hk_bytes(d->candidate_key, KEY_LEN));
		mic(&k, '2', octets, NONCE_LEN, octets + NONCE_LEN);
		send_frame(w, d->point, d->id, false, FRAME_M2, hk_bytes(octets, sizeof octets));
	} else if (f->kind == FRAME_M3 && d->candidate &&
		   mic_fits(d->candidate_key, '3', f->octets)) {
		memcpy(d->key, d->candidate_key, KEY_LEN);
		if (!d->up)
			city_settled(w, d);
		d->up = true;
		hk_hmac_key_init(&k, hk_bytes(d->key, KEY_LEN));
		mic(&k, '4', octets, NONCE_LEN, octets + NONCE_LEN);
		send_frame(w, d->point, d->id, false, FRAME_M4, hk_bytes(octets, sizeof octets));
	}
}

/* ---- events ---- */

void device_receive(struct world *w, struct device *d, uint32_t point, const struct frame *f)
{
	struct hk_er_result r;
	struct hk_bytes packet = hk_bytes(f->octets, f->len);

	if (d->point != point)
		return;
	if (f->kind != FRAME_EAP) {
		confirm(w, d, f);
		return;
	}
	hk_er_link_receive(&d->link, packet, device_now(w, d), jitter(d), &r);
	if (w->scenario.mutant == MUTANT_PEER_LEAVES_ON_FAILURE && d->up && f->len &&
		f->octets[0] == HK_EAP_FAILURE)
		d->up = false;
	act(w, d, &r);
	if (r.action == HK_ER_PASS)
		method_receive(w, d, packet);
}

void device_attach(struct world *w, struct device *d, uint32_t point)
{
	const struct point *p = &w->points[point];
	bool sure = rng_below(&d->rng, 2) || w->scenario.city;
	struct hk_er_link_config config = {
		.authenticator = hk_text(p->name),
		.support = sure ? HK_ER_SUPPORT_YES : HK_ER_SUPPORT_UNKNOWN,
		.identifier = (uint8_t)rng_next(&d->rng),
	};
	struct hk_er_result r;

	device_detach(w, d);
	trace(w, "device %u attaches to point %u", d->id, point);
	d->point = point;
	d->association++;
	d->attached = w->now;
	w->counts.moves++;
	hk_er_link_init(&d->link, &d->peer, &config, device_now(w, d));
	if (p->domain != HOME_DOMAIN && p->config.domain.len &&
		(rng_below(&d->rng, 2) || w->scenario.city))
		hk_er_peer_learn_domain(&d->peer, hk_text(p->name), w->domains[p->domain].realm,
			HK_ER_SOURCE_LOWER_LAYER, device_now(w, d));
	point_attach(w, point, d->id, d->association);
	if (sure && (rng_below(&d->rng, 2) || w->scenario.city)) {
		hk_er_link_begin(&d->link, rng_below(&d->rng, 4) == 0 && !w->scenario.city,
			device_now(w, d), jitter(d), &r);
		act(w, d, &r);
	}
	schedule(w, EVENT_DEVICE_SETTLE, w->now + SETTLE_MS, d->id, 0, d->association, NULL);
	schedule(w, EVENT_MOVE, w->now + 1 + rng_below(&d->rng, 2 * city_stay_ms(w)), d->id, 0,
		d->association, NULL);
}

void device_detach(struct world *w, struct device *d)
{
	if (d->point == NOBODY)
		return;
	hk_er_link_down(&d->link);
	/* the access point learns of it later, if at all */
	schedule(w, EVENT_GONE, w->now + rng_between(&d->rng, 1, 2000), d->point, d->id,
		d->association, NULL);
	d->point = NOBODY;
	d->up = d->candidate = false;
	d->login.ready = false;
	d->waiting_since = d->full_since = d->differs_since = 0;
	d->generation++;
	d->eap_generation++;
}

static uint32_t next_point(struct world *w, struct device *d)
{
	uint32_t step = rng_between(&d->rng, 1, 3);

	/* mostly to a neighbour, sometimes back to where it was */
	return (d->point == NOBODY ? rng_below(&d->rng, w->npoints) : d->point + step) % w->npoints;
}

void device_event(struct world *w, const struct event *e)
{
	struct device *d = &w->devices[e->a];
	struct hk_er_result r;

	switch (e->type) {
	case EVENT_DEVICE:
		if (e->generation != d->generation || d->point == NOBODY)
			break;
		hk_er_link_timeout(&d->link, device_now(w, d), jitter(d), &r);
		act(w, d, &r);
		break;
	case EVENT_DEVICE_EAP:
		if (e->generation == d->eap_generation && d->full_since)
			full_ended(w, d, false);
		break;
	case EVENT_DEVICE_SETTLE:
		if (e->generation == d->association && d->point != NOBODY && !d->up)
			leave(w, d, "not let in");
		break;
	case EVENT_DISASSOC:
		if (e->generation == d->association && d->point != NOBODY)
			leave(w, d, "sent away");
		break;
	default: /* EVENT_MOVE */
		if (e->generation == d->association)
			device_attach(w, d, next_point(w, d));
	}
}

void device_crash(struct world *w, struct device *d)
{
	struct hk_buf fresh = hk_buf(d->saved, sizeof d->saved);

	trace(w, "device %u restarts", d->id);
	device_detach(w, d);
	hk_er_peer_clear(&d->peer);
	if (hk_er_peer_init(&d->peer, &w->peer_config))
		abort();
	if (d->saved_len && hk_er_peer_restore(&d->peer, hk_bytes(d->saved, d->saved_len),
				    device_now(w, d)) == HK_OK) {
		w->counts.restored++;
		if (w->scenario.mutant == MUTANT_PEER_REUSES_SEQ)
			save(w, d);
		else if (hk_er_peer_save(&d->peer, SAVE_AHEAD, &fresh) == HK_OK)
			d->saved_len = fresh.len;
	}
	d->association++;
	schedule(w, EVENT_MOVE, w->now + rng_between(&d->rng, 500, 5000), d->id, 0, d->association,
		NULL);
}

void device_init(struct world *w, struct device *d, uint32_t id)
{
	uint8_t secret[KEY_LEN];

	d->id = id;
	d->rng = rng_of(w->scenario.seed, 1000 + id);
	d->clock = (int64_t)rng_below(&d->rng, 20000) - 10000;
	d->point = NOBODY;
	d->last_login = NOBODY;
	d->off = w->scenario.devices_off && w->scenario.devices_off[id];
	rng_fill(&d->rng, secret, sizeof secret);
	hk_hmac_key_init(&d->secret, hk_bytes(secret, sizeof secret));
	if (hk_er_peer_init(&d->peer, &w->peer_config))
		abort();
	if (!d->off)
		schedule(w, EVENT_MOVE, w->now + rng_below(&d->rng, 5000), id, 0, 0, NULL);
}

void device_free(struct device *d)
{
	hk_er_peer_clear(&d->peer);
}
