/* SPDX-License-Identifier: ISC */
#include "sim.h"

#include <stdarg.h>

#define HANDSHAKE_BOUND 15000 /* both ends may differ while they change keys */
#define FULL_BOUND      31000
#define REQUEST_BOUND   45000 /* 3 + 6 + 12 + 20 s */
#define SLACK           1000
#define GRACE           30000 /* the attempt that runs when a session ends may finish */

const char *const fault_names[FAULTS] = {
	[FAULT_LOSS] = "loss",
	[FAULT_DUPLICATION] = "duplication",
	[FAULT_REORDERING] = "reordering",
	[FAULT_DELAY] = "delay",
	[FAULT_CORRUPTION] = "corruption",
	[FAULT_PARTITION] = "partition",
	[FAULT_SERVER_CRASH] = "server-crash",
	[FAULT_POWER_CUT] = "power-cut",
	[FAULT_POINT_CRASH] = "point-crash",
	[FAULT_DEVICE_CRASH] = "device-crash",
	[FAULT_CLOCK_STEP] = "clock-step",
	[FAULT_STORE] = "store-error",
	[FAULT_ATTACK] = "attack",
};

const char *const invariant_names[INVARIANTS] = {
	[INV_NONE] = "none",
	[INV_SEQ_ONCE] = "seq-once",
	[INV_SEQ_REUSED] = "seq-not-reused",
	[INV_RMSK_TWO] = "one-authenticator-per-rmsk",
	[INV_AGREEMENT] = "key-agreement",
	[INV_LIFETIME] = "lifetime",
	[INV_HOLDER] = "holder",
	[INV_DSRK_TWO] = "one-entity-per-dsrk",
	[INV_BOUNDED] = "bounded-time",
	[INV_LINK_DOWN] = "link-stays-up",
};

const char *const mutant_names[MUTANTS] = {
	[MUTANT_NONE] = "none",
	[MUTANT_STORE_ACCEPTS_TWICE] = "store-accepts-twice",
	[MUTANT_STORE_FORGETS_COUNTERS] = "store-forgets-counters",
	[MUTANT_ANSWER_BEFORE_SYNC] = "answer-before-sync",
	[MUTANT_PEER_REUSES_SEQ] = "peer-reuses-seq",
	[MUTANT_NAS_NOT_TOLD_APART] = "nas-not-told-apart",
	[MUTANT_SENDER_BELIEVED] = "sender-believed",
	[MUTANT_WRONG_KEY] = "wrong-key",
	[MUTANT_NO_HANDSHAKE] = "no-handshake",
	[MUTANT_LIFETIME_IGNORED] = "lifetime-ignored",
	[MUTANT_PEER_CLOCK] = "peer-extends-lifetime",
	[MUTANT_SESSION_ENDLESS] = "session-endless",
	[MUTANT_MISDELIVERY] = "misdelivery",
	[MUTANT_DOMAIN_NOT_CHECKED] = "domain-not-checked",
	[MUTANT_DSRK_LEAKS] = "dsrk-leaks",
	[MUTANT_STORE_KEEPS_MORE] = "store-keeps-more",
	[MUTANT_GRANT_FORGOTTEN] = "grant-forgotten",
	[MUTANT_PEER_TIMER_LOST] = "peer-timer-lost",
	[MUTANT_POINT_TIMER_LOST] = "point-timer-lost",
	[MUTANT_POINT_SHUTS_ON_FAILURE] = "point-shuts-on-failure",
	[MUTANT_PEER_LEAVES_ON_FAILURE] = "peer-leaves-on-failure",
};

const enum invariant mutant_breaks[MUTANTS] = {
	[MUTANT_STORE_ACCEPTS_TWICE] = INV_SEQ_ONCE,
	[MUTANT_STORE_FORGETS_COUNTERS] = INV_SEQ_ONCE,
	[MUTANT_ANSWER_BEFORE_SYNC] = INV_SEQ_ONCE,
	[MUTANT_PEER_REUSES_SEQ] = INV_SEQ_REUSED,
	[MUTANT_NAS_NOT_TOLD_APART] = INV_RMSK_TWO,
	[MUTANT_SENDER_BELIEVED] = INV_RMSK_TWO,
	[MUTANT_WRONG_KEY] = INV_AGREEMENT,
	[MUTANT_NO_HANDSHAKE] = INV_AGREEMENT,
	[MUTANT_LIFETIME_IGNORED] = INV_LIFETIME,
	[MUTANT_PEER_CLOCK] = INV_LIFETIME,
	[MUTANT_SESSION_ENDLESS] = INV_LIFETIME,
	[MUTANT_MISDELIVERY] = INV_HOLDER,
	[MUTANT_DOMAIN_NOT_CHECKED] = INV_HOLDER,
	[MUTANT_DSRK_LEAKS] = INV_HOLDER,
	[MUTANT_STORE_KEEPS_MORE] = INV_HOLDER,
	[MUTANT_GRANT_FORGOTTEN] = INV_DSRK_TWO,
	[MUTANT_PEER_TIMER_LOST] = INV_BOUNDED,
	[MUTANT_POINT_TIMER_LOST] = INV_BOUNDED,
	[MUTANT_POINT_SHUTS_ON_FAILURE] = INV_LINK_DOWN,
	[MUTANT_PEER_LEAVES_ON_FAILURE] = INV_LINK_DOWN,
};

void broken(struct world *w, enum invariant which, const char *format, ...)
{
	va_list args;

	if (w->broken)
		return;
	w->broken = which;
	w->broken_at = w->counts.events;
	va_start(args, format);
	vsnprintf(w->what, sizeof w->what, format, args);
	va_end(args);
	trace(w, "BROKEN %s: %s", invariant_names[which], w->what);
}

struct login_record *login_of(struct world *w, const uint8_t emsk_name[HK_EMSK_NAME_LEN])
{
	struct note *n = ledger_find(&w->ledger, ledger_hash('L', emsk_name, HK_EMSK_NAME_LEN));

	return n ? &w->logins[n->value] : NULL;
}

/* ---- numbers and rMSKs ---- */

void check_initiate(struct world *w, const struct device *d, struct hk_bytes packet)
{
	uint8_t id[HK_NAI_MAX_LEN + 2];
	struct hk_erp_message m;
	struct note *n;
	uint64_t hash = ledger_hash('i', packet.data, packet.len);

	if (hk_erp_parse(packet, &m))
		return;
	memcpy(id, m.keyname_nai.data, m.keyname_nai.len);
	id[m.keyname_nai.len] = (uint8_t)(m.seq >> 8);
	id[m.keyname_nai.len + 1] = (uint8_t)m.seq;
	n = ledger_at(&w->ledger, ledger_hash('I', id, m.keyname_nai.len + 2));
	if (n->count++ && n->value != hash)
		broken(w, INV_SEQ_REUSED, "device %u uses SEQ %u of %.*s for two requests", d->id,
			m.seq, (int)m.keyname_nai.len, (const char *)m.keyname_nai.data);
	n->value = hash;
}

static void check_rmsk(struct world *w, const uint8_t *key, uint32_t point)
{
	struct note *n = ledger_at(&w->ledger, ledger_hash('R', key, KEY_LEN));

	if (n->count++ && n->holder != point)
		broken(w, INV_RMSK_TWO, "the rMSK of point %u goes to point %u as well", n->holder,
			point);
	n->holder = point;
}

void check_accept(struct world *w, const struct server *s, const struct hk_home_visit *v,
	uint32_t point, uint32_t device)
{
	const struct hk_er_exchange *x = &v->exchange;
	uint8_t id[HK_EMSK_NAME_LEN + 3];
	struct note *n;
	hk_time now = server_now(w, s);

	memcpy(id, v->event.emsk_name, HK_EMSK_NAME_LEN);
	id[HK_EMSK_NAME_LEN] = (uint8_t)s->domain;
	id[HK_EMSK_NAME_LEN + 1] = (uint8_t)(v->event.seq >> 8);
	id[HK_EMSK_NAME_LEN + 2] = (uint8_t)v->event.seq;
	n = ledger_at(&w->ledger, ledger_hash('A', id, sizeof id));
	if (x->advance.freshness == HK_SEQ_FRESH && n->count++)
		broken(w, INV_SEQ_ONCE,
			"server %u accepts SEQ %u below the EMSK of device %u again", s->id,
			v->event.seq, device);
	check_rmsk(w, v->reply.key, point);
	if (now >= x->keyset.expires)
		broken(w, INV_LIFETIME, "server %u accepts SEQ %u %llu ms after the end of the rRK",
			s->id, v->event.seq, (unsigned long long)(now - x->keyset.expires));
	if (hk_time_add_s(now, v->reply.session_timeout_s) > x->keyset.expires + SLACK)
		broken(w, INV_LIFETIME, "server %u: the rMSK of SEQ %u outlives its rRK", s->id,
			v->event.seq);
}

/* ---- holders ---- */

void check_point_key(struct world *w, const struct point *p, const struct aaa *reply)
{
	const struct note *n;

	if (reply->attributes_len)
		broken(w, INV_HOLDER, "point %u gets a DSRK", p->id);
	if (!reply->has_key)
		return;
	n = ledger_find(&w->ledger, ledger_hash('R', reply->key, KEY_LEN));
	if (n && n->holder != p->id)
		broken(w, INV_HOLDER, "point %u gets the rMSK of point %u", p->id, n->holder);
	ledger_at(&w->ledger, ledger_hash('G' + 256 * (uint64_t)p->id, reply->key, KEY_LEN))
		->count++;
}

static bool contains(const uint8_t *octets, size_t len, const uint8_t *secret)
{
	return memmem(octets, len, secret, MIC_LEN) != NULL;
}

void check_wire(struct world *w, uint32_t device, const uint8_t *octets, size_t len)
{
	const struct login_record *l;

	if (device >= w->ndevices || w->devices[device].last_login == NOBODY)
		return;
	l = &w->logins[w->devices[device].last_login];
	if (contains(octets, len, l->emsk))
		broken(w, INV_HOLDER, "the EMSK of device %u is in a packet", device);
	for (uint32_t d = 0; d < w->ndomains; d++)
		if (l->has_dsrk[d] && contains(octets, len, l->dsrk[d]))
			broken(w, INV_HOLDER, "a DSRK of device %u is in a packet", device);
}

struct inspection {
	struct world *w;
	const struct server *server;
};

static bool inspect(void *arg, const struct hk_keyset *set)
{
	static const struct hk_kept_emsk none;
	struct inspection *i = arg;
	const struct domain *d = &i->w->domains[i->server->domain];

	if (!hk_realm_equal(hk_bytes(set->realm, set->realm_len), d->realm))
		broken(i->w, INV_HOLDER, "server %u of %s holds a key set of %.*s", i->server->id,
			d->name, (int)set->realm_len, (const char *)set->realm);
	if (i->server->domain != HOME_DOMAIN && memcmp(&set->emsk, &none, sizeof none) != 0)
		broken(i->w, INV_HOLDER, "server %u of %s holds an EMSK", i->server->id, d->name);
	return true;
}

void check_store(struct world *w, const struct server *s)
{
	struct inspection i = {w, s};
	struct hk_walk cursor = {0};
	bool done = false;

	while (!done && hk_keystore_walk(s->store, &cursor, SIZE_MAX, inspect, &i, &done) == HK_OK)
		;
}

/* ---- the peer ---- */

void check_peer_key(struct world *w, const struct device *d, const struct hk_er_result *r)
{
	uint8_t key[KEY_LEN];
	struct hk_er_set *set = NULL;

	for (size_t i = 0; i < HK_ER_PEER_SETS; i++)
		if (d->peer.sets[i].expires && d->peer.sets[i].serial == d->link.set)
			set = (struct hk_er_set *)(uintptr_t)&d->peer.sets[i];
	if (hk_key_expires(r->rmsk) > d->peer.emsk_expires)
		broken(w, INV_LIFETIME, "device %u: an rMSK outlives the EMSK", d->id);
	if (!set || hk_erp_keys_rmsk(&set->keys, d->link.seq, key, KEY_LEN))
		return;
	if (!ledger_find(&w->ledger, ledger_hash('G' + 256 * (uint64_t)d->point, key, KEY_LEN)))
		broken(w, INV_AGREEMENT,
			"device %u has an rMSK for point %u that the point never had", d->id,
			d->point);
}

void check_peer_lifetimes(struct world *w, const struct device *d)
{
	for (size_t i = 0; i < HK_ER_PEER_SETS; i++)
		if (d->peer.sets[i].expires > d->peer.emsk_expires)
			broken(w, INV_LIFETIME, "device %u: a key set outlives the EMSK", d->id);
}

/* ---- both ends of a link ---- */

static bool too_long(const struct world *w, hk_time since, hk_time bound)
{
	return since && w->now - since > bound;
}

static hk_time port_bound(const struct station *s)
{
	const struct hk_er_port_config *c = s->port.config;

	switch (s->busy_state) {
	case HK_ER_PORT_START:
		return (hk_time)c->start_ms * c->start_transmissions + SLACK;
	case HK_ER_PORT_REQUEST:
		return REQUEST_BOUND;
	default:
		return c->aaa_ms + SLACK;
	}
}

static void check_link(struct world *w, struct device *d, const struct station *s)
{
	bool differs = d->up && s->used && s->association == d->association &&
		       memcmp(d->key, s->key, KEY_LEN) != 0;

	if (!differs)
		d->differs_since = 0;
	else if (!d->differs_since)
		d->differs_since = w->now;
	if (too_long(w, d->differs_since, HANDSHAKE_BOUND))
		broken(w, INV_AGREEMENT, "device %u and point %u use different keys", d->id,
			d->point);
	if (s->used && s->key_ends != HK_NEVER && w->now > s->key_ends + GRACE)
		broken(w, INV_LIFETIME, "point %u uses a key of device %u %llu ms after its end",
			d->point, d->id, (unsigned long long)(w->now - s->key_ends));
	if (too_long(w, s->busy_since, port_bound(s)))
		broken(w, INV_BOUNDED, "point %u is stuck with device %u in state %d", d->point,
			d->id, (int)s->port.state);
}

void check_device(struct world *w, struct device *d)
{
	const struct station *s;

	if (d->point == NOBODY)
		return;
	/* one exchange for each suite */
	if (too_long(w, d->waiting_since, (hk_time)HK_ERP_SUITES * d->peer.config.guard_ms + SLACK))
		broken(w, INV_BOUNDED, "device %u waits for a Finish without end", d->id);
	if (too_long(w, d->full_since, FULL_BOUND))
		broken(w, INV_BOUNDED, "device %u is in full EAP without end", d->id);
	s = w->points[d->point].stations[d->id];
	if (s)
		check_link(w, d, s);
}

void check_all(struct world *w)
{
	for (uint32_t i = 0; i < w->ndevices; i++)
		check_device(w, &w->devices[i]);
}
