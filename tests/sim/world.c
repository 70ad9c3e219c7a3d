/* SPDX-License-Identifier: ISC */
#include "sim.h"

#include "eap/tls_context.h"

#include <hokey/radius.h>

#include <stdarg.h>
#include <stdlib.h>

#define SWEEP 4 /* devices looked at after each event, besides those it was about */

void schedule(struct world *w, uint32_t type, hk_time at, uint32_t a, uint32_t b,
	uint32_t generation, void *message)
{
	agenda_add(&w->agenda, (struct event){.at = at,
				       .type = type,
				       .a = a,
				       .b = b,
				       .generation = generation,
				       .message = message});
}

void trace(struct world *w, const char *format, ...)
{
	va_list args;

	if (!w->scenario.trace)
		return;
	fprintf(w->scenario.trace_to, "%9.3f #%llu ", (double)(w->now - T0) / 1000.0,
		(unsigned long long)w->counts.events);
	va_start(args, format);
	vfprintf(w->scenario.trace_to, format, args);
	va_end(args);
	fputc('\n', w->scenario.trace_to);
}

void note(struct world *w, uint64_t fact)
{
	w->hash = mix(w->hash ^ fact);
}

/* ---- setting up ---- */

static uint32_t one_of(struct rng *r, const uint32_t *list, size_t n)
{
	return list[rng_below(r, n)];
}
#define ONE_OF(r, ...)                                                                             \
	one_of(r, (const uint32_t[]){__VA_ARGS__},                                                 \
		sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void choose_sizes(struct world *w)
{
	struct scenario *s = &w->scenario;
	uint32_t size = rng_below(&w->rng, 100), points, domains;

	if (size < 70) {
		w->ndevices = rng_between(&w->rng, 1, 12);
		points = rng_between(&w->rng, 2, 6);
	} else if (size < 92) {
		w->ndevices = rng_between(&w->rng, 13, 100);
		points = rng_between(&w->rng, 3, 16);
	} else if (size < 99) {
		w->ndevices = rng_between(&w->rng, 101, 500);
		points = rng_between(&w->rng, 8, 40);
	} else {
		w->ndevices = rng_between(&w->rng, 1000, 3000);
		points = rng_between(&w->rng, 20, 60);
	}
	domains = rng_between(&w->rng, 1, DOMAINS_MAX);
	w->npoints = s->points ? s->points : points;
	w->ndomains = s->domains ? s->domains : domains < points ? domains : points;
	if (s->devices)
		w->ndevices = s->devices;
	/* most are short, for much goes wrong soon; some last until keys and sessions end */
	if (!s->events)
		s->events = (4000 + (uint64_t)w->ndevices * 40) *
			    (w->ndevices < 101 && rng_below(&w->rng, 8) == 0 ? 10 : 1);
}

static void choose_peers(struct world *w)
{
	struct hk_er_peer_config *c = &w->peer_config;
	struct rng *r = &w->rng;

	*c = hk_er_peer_config_default();
	c->nsuites = (uint8_t)rng_between(r, 1, 3);
	c->suites[0] = (uint8_t)rng_between(r, 1, 3);
	c->suites[1] = c->suites[0] % 3 + 1;
	c->suites[2] = c->suites[1] % 3 + 1;
	c->keep_emsk = rng_below(r, 4) != 0;
	c->send_channel_binding = rng_below(r, 2);
	c->require_channel_binding = rng_below(r, 8) == 0;
	c->retry_unverified = rng_below(r, 2);
	c->seq_step = (uint16_t)ONE_OF(r, 1, 1, 2, 700, 20000);
	c->max_retransmissions = (uint8_t)rng_between(r, 3, 5);
	c->rto_ms = ONE_OF(r, 300, 1000, 3000);
	c->guard_ms = ONE_OF(r, 6000, 16000, 16000);
	c->grace_ms = ONE_OF(r, 0, 0, 500, 2000);
	c->rmsk_lifetime_s = ONE_OF(r, 15, 300, 3600);
	w->emsk_lifetime_s = ONE_OF(r, 20, 90, 600, 28800, 28800);
	w->stay_ms = ONE_OF(r, 800, 3000, 10000, 60000);
}

static enum store_fault store_fault(void *arg)
{
	struct world *w = arg;

	if (!fault_now(w, FAULT_STORE))
		return STORE_FINE;
	return rng_below(&w->fault_rng[FAULT_STORE], 2) ? STORE_FAILS : STORE_FAILS_LATE;
}

static bool store_survives(void *arg)
{
	struct world *w = arg;

	return rng_below(&w->fault_rng[FAULT_POWER_CUT], 2);
}

static void make_store(struct world *w, struct domain *d)
{
	struct sim_store_config config = {
		.durability = (enum hk_durability)rng_below(&w->rng, 3),
		.fault = store_fault,
		.survives = store_survives,
		.arg = w,
		.accepts_twice = w->scenario.mutant == MUTANT_STORE_ACCEPTS_TWICE,
		.forgets_grants = w->scenario.mutant == MUTANT_GRANT_FORGOTTEN,
		.forgets_counters = w->scenario.mutant == MUTANT_STORE_FORGETS_COUNTERS,
	};

	d->nservers = rng_between(&w->rng, 1, 2);
	if (d->nservers == 2 || rng_below(&w->rng, 4))
		d->store = sim_store_new(&config);
}

static void make_policy(struct world *w, struct domain *d)
{
	/* conversations are opened on it, and never get as far as a handshake */
	static struct hk_tls_context tls = {.server = true, .references = 1};
	struct rng *r = &w->rng;

	d->erp = (struct hk_er_policy){
		.nsuites = (uint8_t)rng_between(r, 1, 3),
		.window = (uint8_t)ONE_OF(r, 1, 1, 1, 8, 64),
		.rmsk_lifetime_s = ONE_OF(r, 0, 12, 300, 3600),
		.repeat_window_ms = ONE_OF(r, 0, 1000, 5000, 5000),
		.send_lifetimes = rng_below(r, 4) != 0,
		.require_name_match = true,
		.channel_binding = (enum hk_cb_policy)ONE_OF(
			r, HK_CB_OFF, HK_CB_OFF, HK_CB_REPORT, HK_CB_REQUIRE),
		.on_unknown_key = (enum hk_unknown_key)rng_below(r, 2),
		.realms = &d->realm,
		.nrealms = 1,
		.failures_per_s = ONE_OF(r, 0, 2, 10),
	};
	d->erp.suites[0] = (uint8_t)ONE_OF(r, 2, 2, 1, 3);
	d->erp.suites[1] = d->erp.suites[0] % 3 + 1;
	d->erp.suites[2] = d->erp.suites[1] % 3 + 1;
	d->policy = (struct hk_home_policy){
		.erp = &d->erp,
		.msk_lifetime_s = ONE_OF(r, 0, 20, 3600),
		.tls = &tls,
		.session_timeout_ms = 10000,
		.kds = &w->kds,
		.keep_emsk = HK_EMSK_UNTIL_EXPIRY,
	};
	d->visited = (struct hk_visited_policy){
		.domain = d->realm,
		.ktks = &w->ktks[d - w->domains],
		.nktks = 1,
		.vendor = HK_VENDOR_HOKEY,
	};
}

static void make_domains(struct world *w)
{
	for (uint32_t i = 0; i < w->ndomains; i++) {
		struct domain *d = &w->domains[i];

		snprintf(d->name, sizeof d->name, i ? "visited%u.example" : "home.example", i);
		d->realm = hk_text(d->name);
		d->wall = (int64_t)rng_below(&w->rng, 4000) - 2000;
		make_store(w, d);
		make_policy(w, d);
	}
	for (uint32_t i = 0; i < w->ndomains; i++) {
		struct domain *d = &w->domains[i];

		for (uint32_t j = 0; j < d->nservers; j++) {
			d->servers[j] = w->nservers;
			server_init(w, &w->servers[w->nservers], w->nservers, i);
			w->nservers++;
		}
	}
}

static void *many(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

static void set_up(struct world *w, const struct scenario *s)
{
	memset(w, 0, sizeof *w);
	w->scenario = *s;
	w->now = T0;
	w->rng = rng_of(s->seed, 0);
	w->net = rng_of(s->seed, 1);
	for (uint32_t i = 0; i < FAULTS; i++)
		w->fault_rng[i] = rng_of(s->seed, 2 + i);
	choose_sizes(w);
	choose_peers(w);
	if (s->city)
		city_sizes(w);
	make_domains(w);
	keys_init(w);
	w->points = many(w->npoints, sizeof *w->points);
	w->devices = many(w->ndevices, sizeof *w->devices);
	for (uint32_t i = 0; i < w->npoints; i++)
		point_init(w, &w->points[i], i);
	if (s->city)
		city_policies(w);
	for (uint32_t i = 0; i < w->ndevices; i++)
		device_init(w, &w->devices[i], i);
	faults_init(w);
}

void world_free(struct world *w)
{
	for (uint32_t i = 0; i < w->nservers; i++)
		server_stop(w, &w->servers[i]);
	for (uint32_t i = 0; i < w->npoints; i++)
		point_free(w, &w->points[i]);
	for (uint32_t i = 0; i < w->ndevices; i++)
		device_free(&w->devices[i]);
	for (uint32_t i = 0; i < w->ndomains; i++)
		sim_store_free(w->domains[i].store);
	free(w->points);
	free(w->devices);
	free(w->logins);
	ledger_free(&w->ledger);
	agenda_free(&w->agenda);
}

/* ---- running ---- */

static void deliver_to_device(
	struct world *w, uint32_t point, uint32_t device, const struct frame *f)
{
	struct device *d;
	bool up;

	if (device >= w->ndevices)
		return; /* the attacker's own */
	d = &w->devices[device];
	up = d->up && d->point == point;
	device_receive(w, d, point, f);
	if (f->forged && up && !d->up)
		broken(w, INV_LINK_DOWN, "device %u gives up a working link for a forged packet",
			device);
}

static void deliver_to_point(
	struct world *w, uint32_t point, uint32_t device, const struct frame *f)
{
	struct point *p = &w->points[point];
	const struct station *s = p->stations[device];
	bool used = s && s->used;

	point_receive(w, p, device, f);
	s = p->stations[device];
	if (f->forged && used && !(s && s->used))
		broken(w, INV_LINK_DOWN, "point %u gives up a working link for a forged packet",
			point);
}

static void deliver_aaa(struct world *w, const struct event *e)
{
	struct aaa *m = e->message;

	if (e->a < w->nservers) {
		server_receive(w, &w->servers[e->a], m);
		return;
	}
	point_answer(w, &w->points[e->a - w->nservers], m);
	hk_wipe(m, sizeof *m);
	free(m);
}

static void happen(struct world *w, const struct event *e)
{
	switch ((enum event_type)e->type) {
	case EVENT_FRAME: {
		const struct frame *f = e->message;

		if (f->to_device)
			deliver_to_device(w, e->a, e->b, f);
		else
			deliver_to_point(w, e->a, e->b, f);
		free(e->message);
		break;
	}
	case EVENT_AAA:
		deliver_aaa(w, e);
		break;
	case EVENT_SERVE:
	case EVENT_SERVER_UP:
	case EVENT_EXPIRE:
		server_event(w, e);
		break;
	case EVENT_DEVICE:
	case EVENT_DEVICE_EAP:
	case EVENT_DEVICE_SETTLE:
	case EVENT_MOVE:
	case EVENT_DISASSOC:
		device_event(w, e);
		break;
	case EVENT_GONE:
	case EVENT_PORT:
	case EVENT_RESEND:
	case EVENT_HANDSHAKE:
		point_event(w, e);
		break;
	case EVENT_FAULT:
		faults_event(w, e);
		break;
	case EVENT_TYPES:
		break;
	}
}

static void check(struct world *w, const struct event *e)
{
	uint32_t device = e->type == EVENT_FRAME || e->type == EVENT_PORT ? e->b : e->a;

	if (device < w->ndevices)
		check_device(w, &w->devices[device]);
	for (uint32_t i = 0; i < SWEEP; i++)
		check_device(w, &w->devices[w->sweep++ % w->ndevices]);
}

void world_run(struct world *w, const struct scenario *s)
{
	struct event e;

	set_up(w, s);
	while (!w->broken && w->counts.events < w->scenario.events && !city_over(w) &&
		agenda_next(&w->agenda, &e)) {
		w->now = e.at;
		w->counts.events++;
		note(w, e.at);
		note(w, (uint64_t)e.type << 48 | (uint64_t)e.a << 24 | e.b);
		happen(w, &e);
		check(w, &e);
	}
	if (!w->broken)
		check_all(w);
}
