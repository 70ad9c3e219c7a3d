/* SPDX-License-Identifier: ISC */
/*
 * Measures instead of breaking: a day of a city, once with full EAP at each
 * handover, once with ERP to the home server, once with local ER servers.
 */
#include "sim.h"

#include <stdlib.h>

#define HOUR_MS         3600000u
#define DEVICES         300
#define POINTS          80
#define GRACE_MS        500 /* then an EAP-Request is answered, and not ERP waited for */
#define VISITED         4
#define EMSK_LIFETIME_S 28800

/* Mean minutes that a device stays at one access point, by the hour. */
static const uint8_t stay_min[CITY_HOURS] = {90, 120, 120, 120, 90, 40, 15, 6, 5, 10, 15, 15, 10,
	10, 15, 15, 10, 5, 6, 10, 20, 30, 45, 60};

static uint32_t hour(const struct world *w)
{
	return (uint32_t)((w->now - T0) / HOUR_MS) % CITY_HOURS;
}

uint32_t city_stay_ms(const struct world *w)
{
	return w->scenario.city ? stay_min[hour(w)] * 60000u : w->stay_ms;
}

bool city_over(const struct world *w)
{
	return w->scenario.city && w->now >= T0 + (hk_time)CITY_HOURS * HOUR_MS;
}

void city_sizes(struct world *w)
{
	w->ndevices = w->scenario.devices ? w->scenario.devices : DEVICES;
	w->npoints = w->scenario.points ? w->scenario.points : POINTS;
	w->ndomains = 1 + VISITED;
	w->scenario.events = UINT64_MAX;
	w->peer_config = hk_er_peer_config_default();
	w->peer_config.grace_ms = GRACE_MS;
	w->peer_config.enabled = w->scenario.city != CITY_FULL;
	w->emsk_lifetime_s = EMSK_LIFETIME_S;
}

static void same_policy(struct world *w, struct domain *d)
{
	d->erp.suites[0] = HK_SUITE_HMAC_SHA256_128;
	d->erp.suites[1] = HK_SUITE_HMAC_SHA256_256;
	d->erp.nsuites = 2;
	d->erp.window = 1;
	d->erp.rmsk_lifetime_s = 0;
	d->erp.repeat_window_ms = 5000;
	d->erp.channel_binding = HK_CB_OFF;
	d->erp.on_unknown_key = HK_UNKNOWN_CHALLENGE;
	d->erp.failures_per_s = 0;
	d->policy.msk_lifetime_s = 0;
	if (w->scenario.city != CITY_LOCAL) {
		d->visited.domain = HK_NO_BYTES;
		d->visited.nktks = 0;
	}
}

void city_policies(struct world *w)
{
	for (uint32_t i = 0; i < w->ndomains; i++)
		same_policy(w, &w->domains[i]);
	for (uint32_t i = 0; i < w->npoints; i++) {
		struct point *p = &w->points[i];

		/* each visited operator has a part of the city; home is far */
		p->domain = 1 + i * VISITED / w->npoints;
		p->config = hk_er_port_config_default();
		p->config.enabled = w->scenario.city != CITY_FULL;
		p->config.start = HK_ER_START_KNOWN_PEERS;
		if (w->scenario.city == CITY_LOCAL)
			p->config.domain = w->domains[p->domain].realm;
	}
}

void city_settled(struct world *w, const struct device *d)
{
	struct city_measure *m = w->scenario.measure;
	hk_time took = w->now - d->attached;

	if (!m)
		return;
	m->handovers++;
	m->by_hour[hour(w)]++;
	m->latency[took < LATENCY_MAX ? took : LATENCY_MAX]++;
}

void city_request(struct world *w, const struct server *s)
{
	struct city_measure *m = w->scenario.measure;

	if (m && s->domain == HOME_DOMAIN)
		m->home_requests[hour(w)]++;
	else if (m)
		m->local_requests[hour(w)]++;
}

/* ---- tables ---- */

static uint32_t percentile(const struct city_measure *m, uint32_t per_mille)
{
	uint64_t wanted = m->handovers * per_mille / 1000, n = 0;

	for (uint32_t i = 0; i <= LATENCY_MAX; i++) {
		n += m->latency[i];
		if (n > wanted)
			return i;
	}
	return LATENCY_MAX;
}

static uint64_t sum(const uint64_t *by_hour)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < CITY_HOURS; i++)
		n += by_hour[i];
	return n;
}

static void print_row(const char *name, const struct world *w, const struct city_measure *m)
{
	printf("day %s %llu %u %u %u %u %llu %llu %llu\n", name, (unsigned long long)m->handovers,
		percentile(m, 500), percentile(m, 950), percentile(m, 990), percentile(m, 999),
		(unsigned long long)sum(m->home_requests),
		(unsigned long long)sum(m->local_requests), (unsigned long long)w->counts.logins);
	for (uint32_t i = 0; i < CITY_HOURS; i++)
		printf("hour %s %u %llu %llu %llu\n", name, i, (unsigned long long)m->by_hour[i],
			(unsigned long long)m->home_requests[i],
			(unsigned long long)m->local_requests[i]);
}

int city_run(const struct scenario *s)
{
	static const char *const names[] = {
		[CITY_FULL] = "full", [CITY_HOME] = "home", [CITY_LOCAL] = "local"};
	static struct city_measure measure;
	static struct world w;
	int bad = 0;

	printf("# day mode handovers p50 p95 p99 p99.9 home-requests local-requests logins\n");
	printf("# hour mode hour handovers home-requests local-requests\n");
	for (int city = CITY_FULL; city <= CITY_LOCAL; city++) {
		struct scenario one = *s;

		memset(&measure, 0, sizeof measure);
		one.seed = s->seed ? s->seed : 1;
		one.city = (enum city)city;
		one.measure = &measure;
		one.faults = 1u << FAULT_LOSS;
		world_run(&w, &one);
		if (w.broken) {
			printf("breaks %s: %s\n", invariant_names[w.broken], w.what);
			bad = 1;
		}
		print_row(names[city], &w, &measure);
		world_free(&w);
	}
	return bad;
}
