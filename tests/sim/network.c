/* SPDX-License-Identifier: ISC */
#include "sim.h"

#include <stdlib.h>

#define SPIKE_MS 4000

uint32_t node_of_point(const struct world *w, uint32_t point)
{
	return w->nservers + point;
}

/* Is there a wall between two nodes? Each partition divides the nodes anew. */
static bool divided(const struct world *w, uint32_t a, uint32_t b)
{
	return w->now < w->partition_until &&
	       ((mix(w->partition + a) ^ mix(w->partition + b)) & 1) != 0;
}

static hk_time transit(struct world *w, uint32_t low_ms, uint32_t high_ms)
{
	hk_time t = rng_between(&w->net, low_ms, high_ms);

	if (fault_now(w, FAULT_REORDERING))
		t += rng_below(&w->fault_rng[FAULT_REORDERING], 200);
	if (fault_now(w, FAULT_DELAY))
		t += rng_below(&w->fault_rng[FAULT_DELAY], SPIKE_MS);
	return t;
}

static void *copy_of(const void *message, size_t size)
{
	void *copy = malloc(size);

	if (!copy)
		abort();
	memcpy(copy, message, size);
	return copy;
}

/* ---- radio ---- */

static void corrupt(struct world *w, struct frame *f)
{
	struct rng *r = &w->fault_rng[FAULT_CORRUPTION];

	if (!f->len)
		return;
	for (uint32_t i = rng_between(r, 1, 3); i > 0; i--)
		f->octets[rng_below(r, f->len)] ^= (uint8_t)(1u << rng_below(r, 8));
	if (rng_below(r, 8) == 0)
		f->len = (uint16_t)rng_below(r, f->len);
}

static void carry_frame(
	struct world *w, uint32_t point, uint32_t device, const struct frame *f, bool intact)
{
	struct frame *copy = copy_of(f, sizeof *f);

	if (!intact && fault_now(w, FAULT_CORRUPTION))
		corrupt(w, copy);
	schedule(w, EVENT_FRAME, w->now + transit(w, 1, 5), point, device, 0, copy);
}

static void fill_frame(
	struct frame *f, bool to_device, enum frame_kind kind, struct hk_bytes octets)
{
	f->kind = kind;
	f->to_device = to_device;
	f->forged = false;
	f->len = (uint16_t)(octets.len < PACKET_MAX ? octets.len : PACKET_MAX);
	if (f->len)
		memcpy(f->octets, octets.data, f->len);
}

void send_frame(struct world *w, uint32_t point, uint32_t device, bool to_device,
	enum frame_kind kind, struct hk_bytes octets)
{
	struct frame f;

	fill_frame(&f, to_device, kind, octets);
	check_wire(w, device, f.octets, f.len);
	if (kind == FRAME_EAP && !to_device && device < w->ndevices) {
		struct device *d = &w->devices[device];

		uint32_t at = d->nheard++ % HEARD_MAX;

		memcpy(d->heard[at].octets, f.octets, f.len);
		d->heard[at].len = f.len;
	}
	if (fault_now(w, FAULT_LOSS))
		return;
	/* key confirmation is the lower layer's, with a check of its own */
	carry_frame(w, point, device, &f, kind != FRAME_EAP);
	if (fault_now(w, FAULT_DUPLICATION))
		carry_frame(w, point, device, &f, true);
}

void send_forged(struct world *w, uint32_t point, uint32_t device, bool to_device,
	enum frame_kind kind, struct hk_bytes octets)
{
	struct frame f;

	fill_frame(&f, to_device, kind, octets);
	f.forged = true;
	carry_frame(w, point, device, &f, true);
}

/* ---- AAA ---- */

static bool is_home(const struct world *w, uint32_t node)
{
	return node < w->nservers && w->servers[node].domain == HOME_DOMAIN;
}

static void carry_aaa(struct world *w, struct aaa *m)
{
	bool far = m->from < w->nservers && m->to < w->nservers &&
		   (is_home(w, m->from) || is_home(w, m->to));

	/* authenticated hop by hop: what was changed on the way is as good as lost */
	if (fault_now(w, FAULT_LOSS) || fault_now(w, FAULT_CORRUPTION) ||
		divided(w, m->from, m->to)) {
		hk_wipe(m, sizeof *m);
		free(m);
		return;
	}
	schedule(w, EVENT_AAA, w->now + (far ? transit(w, 20, 80) : transit(w, 2, 8)), m->to, 0, 0,
		m);
}

void send_aaa(struct world *w, struct aaa *m)
{
	if (m->to >= w->nservers)
		check_wire(w, m->device, m->octets, m->len);
	if (fault_now(w, FAULT_DUPLICATION))
		carry_aaa(w, copy_of(m, sizeof *m));
	if (w->scenario.mutant == MUTANT_MISDELIVERY && m->reply && m->has_key &&
		m->to >= w->nservers && w->npoints > 1 && rng_below(&w->net, 4) == 0) {
		m->point = (m->point + 1) % w->npoints;
		m->to = node_of_point(w, m->point);
	}
	carry_aaa(w, m);
}
