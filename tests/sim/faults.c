/* SPDX-License-Identifier: ISC */
/* What goes wrong, apart from single packets: see network.c for those. */
#include "sim.h"

#include <hokey/eap.h>

static const struct {
	uint32_t chance;  /* of 10,000, where there is a question each time */
	uint32_t mean_ms; /* between occurrences that come on their own */
} faults[FAULTS] = {
	[FAULT_LOSS] = {300, 0},
	[FAULT_DUPLICATION] = {300, 0},
	[FAULT_REORDERING] = {500, 0},
	[FAULT_DELAY] = {100, 0},
	[FAULT_CORRUPTION] = {150, 0},
	[FAULT_PARTITION] = {0, 20000},
	[FAULT_SERVER_CRASH] = {15, 15000},
	[FAULT_POWER_CUT] = {0, 25000},
	[FAULT_POINT_CRASH] = {0, 20000},
	[FAULT_DEVICE_CRASH] = {0, 6000},
	[FAULT_CLOCK_STEP] = {0, 15000},
	[FAULT_STORE] = {100, 0},
	[FAULT_ATTACK] = {500, 600},
};

static bool is_left_out(struct world *w, enum fault kind, uint32_t n)
{
	const struct scenario *s = &w->scenario;
	size_t *at = &w->left_out_at[kind];

	while (*at < s->nleft_out[kind] && s->left_out[kind][*at] < n)
		++*at;
	return *at < s->nleft_out[kind] && s->left_out[kind][*at] == n;
}

bool fault_counts(struct world *w, enum fault kind)
{
	uint32_t n = w->fired[kind]++;

	if (!(w->scenario.faults & 1u << kind) || is_left_out(w, kind, n))
		return false;
	w->counts.faults[kind]++;
	trace(w, "fault: %s #%u", fault_names[kind], n);
	return true;
}

bool fault_now(struct world *w, enum fault kind)
{
	return rng_below(&w->fault_rng[kind], 10000) < w->chance[kind] && fault_counts(w, kind);
}

static void schedule_next(struct world *w, enum fault kind)
{
	uint32_t mean = faults[kind].mean_ms;

	/* the more devices, the more of them */
	if (kind == FAULT_ATTACK || kind == FAULT_DEVICE_CRASH)
		mean = mean / (1 + w->ndevices / 4) + 1;
	schedule(w, EVENT_FAULT, w->now + 1 + rng_below(&w->fault_rng[kind], 2 * mean), kind, 0, 0,
		NULL);
}

void faults_init(struct world *w)
{
	/* some seeds are calm, so that much succeeds, and some are wild */
	uint32_t weather = rng_below(&w->rng, 4);

	if (w->scenario.city) {
		w->chance[FAULT_LOSS] = 50; /* a radio without loss would be no radio */
		return;
	}
	for (uint32_t kind = 0; kind < FAULTS; kind++) {
		w->chance[kind] = faults[kind].chance * weather / 2;
		if (faults[kind].mean_ms)
			schedule_next(w, (enum fault)kind);
	}
}

/* ---- machines ---- */

static void stop_server(struct world *w, struct server *s, struct rng *r)
{
	if (!s->up)
		return;
	trace(w, "server %u stops", s->id);
	server_stop(w, s);
	schedule(w, EVENT_SERVER_UP, w->now + rng_between(r, 200, 10000), s->id, 0, 0, NULL);
}

static void power_cut(struct world *w, struct rng *r)
{
	struct domain *d = &w->domains[rng_below(r, w->ndomains)];

	for (uint32_t i = 0; i < d->nservers; i++)
		stop_server(w, &w->servers[d->servers[i]], r);
	if (d->store)
		sim_store_power_cut(d->store);
}

/* Servers see it when they start again; they never let their time go back meanwhile. */
static void clock_step(struct world *w, struct rng *r)
{
	struct domain *d = &w->domains[rng_below(r, w->ndomains)];
	int64_t most = rng_below(r, 4) == 0 ? 600000 : 5000;

	d->wall += (int64_t)rng_below(r, (uint64_t)(2 * most)) - most;
	trace(w, "the clock of %s is now %lld ms off", d->name, (long long)d->wall);
}

static void partition(struct world *w, struct rng *r)
{
	w->partition = rng_next(r);
	w->partition_until = w->now + rng_between(r, 500, 15000);
}

/* ---- an attacker ---- */

static void forge(
	struct world *w, struct device *d, bool to_device, const uint8_t *octets, size_t len)
{
	w->counts.forged++;
	send_forged(w, d->point, d->id, to_device, FRAME_EAP, hk_bytes(octets, len));
}

static void forge_plain(struct world *w, struct device *d, enum hk_eap_code code, uint8_t type)
{
	uint8_t octets[16];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	hk_eap_write(&b, code, d->link.identifier, type, HK_NO_BYTES);
	forge(w, d, true, octets, b.len);
}

static struct hk_bytes heard(const struct device *d, uint32_t ago)
{
	uint32_t at = (d->nheard + 2 * HEARD_MAX - 1 - ago) % HEARD_MAX;

	return hk_bytes(d->heard[at].octets, d->heard[at].len);
}

/* A Finish for the Initiate heard last, without the key. */
static void forge_finish(struct world *w, struct device *d, struct rng *r)
{
	static const uint8_t suites[] = {1, 2, 3};
	uint8_t octets[HK_ERP_MAX_LEN], guess[64];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	struct hk_hmac_key rik;
	struct hk_erp_message m;
	uint8_t suite = (uint8_t)rng_between(r, 1, 3);
	uint8_t flags = (uint8_t)(rng_below(r, 4) ? HK_ERP_FLAG_R : 0);

	if (hk_erp_parse(heard(d, 0), &m) || m.code != HK_ERP_INITIATE)
		return;
	rng_fill(r, guess, sizeof guess);
	hk_hmac_key_init(&rik, hk_bytes(guess, sizeof guess));
	hk_erp_begin(&b, HK_ERP_FINISH, m.identifier, flags, m.seq, m.keyname_nai);
	if (rng_below(r, 2))
		hk_erp_put_tlv(&b, HK_ERP_CRYPTOSUITE_LIST, hk_bytes(suites + rng_below(r, 3), 1));
	if (rng_below(r, 2))
		hk_erp_seal(&b, suite, &rik);
	else
		hk_erp_end(&b);
	forge(w, d, true, octets, b.len);
}

static void forge_start(struct world *w, struct device *d, struct rng *r)
{
	uint8_t octets[HK_ERP_MAX_LEN];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	char name[32];
	int n = snprintf(name, sizeof name, "evil%u.example", rng_below(r, 20));

	hk_erp_begin_start(&b, (uint8_t)rng_next(r));
	if (rng_below(r, 2))
		hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, hk_bytes(name, (size_t)n));
	else
		hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, w->domains[rng_below(r, w->ndomains)].realm);
	if (rng_below(r, 2))
		hk_erp_put_tlv(&b, HK_ERP_NAS_IDENTIFIER, hk_text("another-point"));
	hk_erp_end(&b);
	forge(w, d, true, octets, b.len);
}

/* What was heard, changed a little, back to the access point. */
static void forge_initiate(struct world *w, struct device *d, struct rng *r)
{
	struct hk_bytes last = heard(d, 0);
	uint8_t octets[PACKET_MAX];

	if (!last.len)
		return;
	memcpy(octets, last.data, last.len);
	octets[rng_below(r, last.len)] ^= (uint8_t)(1u << rng_below(r, 8));
	forge(w, d, false, octets, last.len);
}

/* What was heard, as it is, at the same access point or by a device of the attacker at another. */
static void replay(struct world *w, struct device *d, struct rng *r)
{
	uint32_t elsewhere = rng_below(r, w->npoints), evil = w->ndevices;
	struct hk_bytes old = heard(d, rng_below(r, HEARD_MAX));

	if (!old.len)
		return;
	w->counts.replayed++;
	if (rng_below(r, 3) == 0) {
		forge(w, d, false, old.data, old.len);
		return;
	}
	if (!w->points[elsewhere].stations[evil] || rng_below(r, 8) == 0)
		point_attach(w, elsewhere, evil, 0);
	send_forged(w, elsewhere, evil, false, FRAME_EAP, old);
}

static void attack(struct world *w, struct rng *r)
{
	struct device *d = &w->devices[rng_below(r, w->ndevices)];
	uint32_t how = rng_below(r, 12);
	struct station *s;

	if (d->point == NOBODY)
		return;
	trace(w, "attack %u on device %u", how, d->id);
	switch (how) {
	case 0:
		forge_plain(w, d, HK_EAP_FAILURE, 0);
		break;
	case 1:
		forge_plain(w, d, HK_EAP_SUCCESS, 0);
		break;
	case 2:
		forge_plain(w, d, HK_EAP_REQUEST, HK_EAP_TYPE_IDENTITY);
		break;
	case 3:
		forge_start(w, d, r);
		break;
	case 4:
		forge_initiate(w, d, r);
		break;
	case 5:
	case 6:
		forge_finish(w, d, r);
		break;
	case 7:
	case 8:
		s = w->points[d->point].stations[d->id];
		if (s)
			point_lie(w, s, rng_below(r, w->npoints));
		break;
	default:
		replay(w, d, r);
	}
}

/* ---- events ---- */

static void strike(struct world *w, enum fault kind)
{
	struct rng *r = &w->fault_rng[kind];

	switch (kind) {
	case FAULT_PARTITION:
		partition(w, r);
		break;
	case FAULT_SERVER_CRASH:
		stop_server(w, &w->servers[rng_below(r, w->nservers)], r);
		break;
	case FAULT_POWER_CUT:
		power_cut(w, r);
		break;
	case FAULT_POINT_CRASH:
		point_crash(w, &w->points[rng_below(r, w->npoints)]);
		break;
	case FAULT_DEVICE_CRASH:
		device_crash(w, &w->devices[rng_below(r, w->ndevices)]);
		break;
	case FAULT_CLOCK_STEP:
		clock_step(w, r);
		break;
	default:
		attack(w, r);
	}
}

void faults_event(struct world *w, const struct event *e)
{
	enum fault kind = (enum fault)e->a;

	if (fault_counts(w, kind))
		strike(w, kind);
	schedule_next(w, kind);
}
