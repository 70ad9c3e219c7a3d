/* SPDX-License-Identifier: ISC */
/*
 * Re-authentications as fast or as often as asked for.
 *
 * A device always sends through the same source port, so its sequence numbers
 * arrive in order also when it has several requests outstanding. Devices take
 * turns in an order that jumps over all of them, so that the server cannot
 * live from its caches where a real one could not.
 */
#include "hokey/bench/answer.h"
#include "hokey/bench/engine.h"

#include <stdlib.h>

#define IDENTIFIERS 256
#define ROOM        HK_REAUTH_REQUEST_MAX

/* One outstanding request: its source port and Identifier name it. */
struct slot {
	bool busy;
	uint16_t seq;
	uint64_t device;
	uint64_t begun_ns; /* when it had to leave */
	uint64_t sent_ns;
	uint8_t authenticator[HK_RADIUS_AUTHENTICATOR_LEN];
};

struct port {
	struct slot slot[IDENTIFIERS];
	unsigned busy;
	uint8_t next; /* Identifier to try first */
	uint8_t room[HK_CHANNEL_BATCH][ROOM];
};

/* A request that was built ahead; the packet follows. */
struct prebuilt {
	uint64_t device;
	uint16_t seq;
	uint16_t len;
	uint8_t packet[];
};

struct hk_reauth {
	struct hk_bench_engine *e;
	struct port *ports;
	uint64_t position; /* in the order of devices */
	uint64_t stride;
	uint64_t outstanding;
	uint64_t answered;
	uint64_t expire_ns; /* when to look for lost ones next */
	uint8_t *built;     /* NULL: nothing is built ahead */
	size_t built_size;  /* octets of one entry */
	uint64_t nbuilt;
};

/* What the next request is about. */
struct subject {
	uint64_t device;
	uint16_t seq;
	uint32_t nas;
};

/* ---- whose turn it is ---- */

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* About the golden ratio of n, without a common divisor with it: visits all, far apart. */
static uint64_t choose_stride(uint64_t n, unsigned nchannels)
{
	uint64_t stride = (uint64_t)((double)n * 0.6180339887);

	if (stride == 0)
		stride = 1;
	while (common_divisor(stride, n) != 1 || common_divisor(stride, nchannels) != 1)
		stride++;
	return stride;
}

static unsigned channel_of(const struct hk_reauth *r, uint64_t device)
{
	return (unsigned)(device % r->e->nchannels);
}

static bool is_outstanding(const struct hk_reauth *r, uint64_t device)
{
	const struct port *p = &r->ports[channel_of(r, device)];

	for (unsigned i = 0, busy = p->busy; busy; i++) {
		if (!p->slot[i].busy)
			continue;
		if (p->slot[i].device == device)
			return true;
		busy--;
	}
	return false;
}

/* The next device with keys and numbers left; if not any will do, one that waits for nothing. */
static bool take_turn(struct hk_reauth *r, struct subject *s, bool any)
{
	const struct hk_bench_engine *e = r->e;

	for (uint64_t tries = 0; tries < e->ndevices; tries++) {
		uint64_t number = e->first + r->position;
		struct hk_device *d = &e->devices->device[number];

		r->position = (r->position + r->stride) % e->ndevices;
		if (!d->has_keys || d->next_seq >= HK_DEVICE_SEQ_END)
			continue;
		if (!any && is_outstanding(r, number))
			continue;
		s->device = number;
		s->seq = (uint16_t)d->next_seq++;
		s->nas = (uint32_t)((number + s->seq) % e->options->nas_count);
		return true;
	}
	return false;
}

/*
 * A server with several threads may look at two requests of a device in
 * the wrong order, and must then refuse the first one. False: no device is left.
 */
static bool next_subject(struct hk_reauth *r, struct subject *s)
{
	return take_turn(r, s, false) || take_turn(r, s, true);
}

/* ---- building ahead ---- */

static enum hk_err build(struct hk_reauth *r, const struct subject *s, uint8_t identifier,
	uint8_t *memory, size_t size, size_t *len)
{
	struct hk_buf out = hk_buf(memory, size);
	enum hk_err err = hk_bench_write_reauth(r->e->options, &r->e->random, r->e->devices,
		s->device, s->seq, s->nas, identifier, &out);

	*len = out.len;
	return err;
}

static struct prebuilt *built_at(const struct hk_reauth *r, uint64_t i)
{
	return (struct prebuilt *)(r->built + i * r->built_size);
}

static uint64_t requests_ahead(const struct hk_bench_engine *e)
{
	const struct hk_bench_share *share = &e->share;

	if (share->requests != UINT64_MAX)
		return share->requests;
	return share->interval_ns > 0
		       ? (uint64_t)((double)share->duration_ns / share->interval_ns) + 1
		       : 0;
}

/* Room for the longest: only the number of the access point makes a difference. */
static size_t entry_size(struct hk_reauth *r)
{
	struct subject longest = {r->e->first, 0, r->e->options->nas_count - 1};
	uint8_t memory[ROOM];
	size_t len;

	if (build(r, &longest, 0, memory, sizeof memory, &len))
		return 0;
	return (sizeof(struct prebuilt) + len + 7) / 8 * 8;
}

static bool build_ahead(struct hk_reauth *r)
{
	struct hk_bench_engine *e = r->e;
	uint64_t n = requests_ahead(e);
	uint8_t *identifiers = calloc(e->nchannels, 1);

	r->built_size = entry_size(r);
	r->built = identifiers && r->built_size && n ? calloc(n, r->built_size) : NULL;
	for (; r->built && r->nbuilt < n && !atomic_load(e->stop); r->nbuilt++) {
		struct prebuilt *p = built_at(r, r->nbuilt);
		struct subject s;
		size_t len;

		if (!next_subject(r, &s))
			break;
		if (build(r, &s, identifiers[channel_of(r, s.device)]++, p->packet,
			    r->built_size - sizeof *p, &len))
			break;
		p->device = s.device;
		p->seq = s.seq;
		p->len = (uint16_t)len;
		atomic_fetch_add_explicit(&e->prepared, 1, memory_order_relaxed);
	}
	free(identifiers);
	if (r->built && r->nbuilt == 0 && !atomic_load(e->stop))
		e->error = "no device has keys and sequence numbers left: log in anew";
	return r->built != NULL && !e->error;
}

bool hk_reauth_prepare(struct hk_bench_engine *e, struct hk_reauth **out)
{
	struct hk_reauth *r = calloc(1, sizeof *r);

	*out = r;
	if (!r)
		return false;
	r->e = e;
	r->stride = choose_stride(e->ndevices, e->nchannels);
	r->position = hk_bench_random_next(&e->random) % e->ndevices;
	r->ports = calloc(e->nchannels, sizeof *r->ports);
	if (!r->ports)
		return false;
	return !e->options->prebuild || build_ahead(r);
}

void hk_reauth_free(struct hk_reauth *r)
{
	if (!r)
		return;
	free(r->ports);
	free(r->built);
	free(r);
}

/* ---- sending ---- */

static uint8_t free_identifier(struct port *p, uint8_t first)
{
	while (p->slot[first].busy)
		first++;
	p->next = (uint8_t)(first + 1);
	return first;
}

static void occupy(struct hk_reauth *r, struct port *p, uint8_t identifier, const struct subject *s,
	const uint8_t *packet, uint64_t now_ns)
{
	struct slot *slot = &p->slot[identifier];
	uint64_t intended = hk_bench_intended_ns(r->e);

	slot->busy = true;
	slot->seq = s->seq;
	slot->device = s->device;
	slot->begun_ns = intended ? intended : now_ns;
	slot->sent_ns = now_ns;
	memcpy(slot->authenticator, packet + 4, sizeof slot->authenticator);
	p->busy++;
	r->outstanding++;
}

/* The packet of the next request for a port, built now. */
static struct hk_bytes build_now(
	struct hk_reauth *r, unsigned channel, const struct subject *s, uint8_t identifier)
{
	uint8_t *room = r->ports[channel].room[r->e->channels[channel].queued];
	size_t len;

	if (build(r, s, identifier, room, ROOM, &len))
		return HK_NO_BYTES;
	return hk_bytes(room, len);
}

/* False: the port has no Identifier free; an answer or a timeout has to come first. */
static bool send_built(struct hk_reauth *r, uint64_t now_ns)
{
	struct hk_bench_engine *e = r->e;
	struct prebuilt *b = built_at(r, e->begun);
	unsigned channel = channel_of(r, b->device);
	struct port *p = &r->ports[channel];
	struct subject s = {b->device, b->seq, 0};
	uint8_t identifier;

	if (p->busy == IDENTIFIERS)
		return false;
	identifier = free_identifier(p, b->packet[1]);
	if (identifier != b->packet[1])
		hk_bench_renumber_request(e->options, &e->random, identifier, b->packet, b->len);
	occupy(r, p, identifier, &s, b->packet, now_ns);
	hk_channel_queue(&e->channels[channel], hk_bytes(b->packet, b->len));
	if (hk_channel_full(&e->channels[channel]))
		hk_channel_flush(&e->channels[channel]);
	return true;
}

static bool send_new(struct hk_reauth *r, uint64_t now_ns)
{
	struct hk_bench_engine *e = r->e;
	uint64_t before = r->position;
	struct hk_bytes packet;
	struct subject s;
	struct port *p;
	unsigned channel;
	uint8_t identifier;

	if (!next_subject(r, &s)) {
		e->error = "no device has keys and sequence numbers left: log in anew";
		return false;
	}
	channel = channel_of(r, s.device);
	p = &r->ports[channel];
	if (p->busy == IDENTIFIERS) {
		e->devices->device[s.device].next_seq--; /* it was not sent */
		r->position = before;
		return false;
	}
	identifier = free_identifier(p, p->next);
	packet = build_now(r, channel, &s, identifier);
	if (!packet.len) {
		e->error = "a request could not be built";
		return false;
	}
	occupy(r, p, identifier, &s, packet.data, now_ns);
	hk_channel_queue(&e->channels[channel], packet);
	if (hk_channel_full(&e->channels[channel]))
		hk_channel_flush(&e->channels[channel]);
	return true;
}

static void send_due(struct hk_reauth *r, uint64_t now_ns)
{
	struct hk_bench_engine *e = r->e;

	while (hk_bench_engine_may_begin(e, r->outstanding, now_ns)) {
		if (!(r->built ? send_built(r, now_ns) : send_new(r, now_ns)))
			break;
		e->begun++;
		e->stats.count[HK_BENCH_SENT]++;
	}
	hk_bench_engine_flush(e);
}

/* ---- receiving ---- */

static void release(struct hk_reauth *r, struct port *p, struct slot *slot)
{
	slot->busy = false;
	p->busy--;
	r->outstanding--;
}

static bool due_for_check(const struct hk_reauth *r)
{
	return r->e->options->sample && r->answered % r->e->options->sample == 0;
}

static void check(struct hk_reauth *r, const struct slot *slot, struct hk_bytes datagram)
{
	const struct hk_bench_options *o = r->e->options;
	uint64_t *count = r->e->stats.count;

	if (due_for_check(r)) {
		count[HK_BENCH_CHECKED]++;
		if (!hk_bench_check_accept(o, datagram, slot->authenticator,
			    &r->e->devices->device[slot->device], slot->seq))
			count[HK_BENCH_WRONG]++;
	} else if (o->check_authenticators &&
		   !hk_bench_check_authenticator(o, datagram, slot->authenticator)) {
		count[HK_BENCH_WRONG]++;
	}
	r->answered++;
}

static void take_answer(
	struct hk_reauth *r, struct port *p, struct hk_bytes datagram, uint64_t now_ns)
{
	enum hk_bench_count kind = hk_bench_classify(datagram);
	struct slot *slot;

	if (kind == HK_BENCH_MALFORMED) {
		r->e->stats.count[kind]++;
		return;
	}
	slot = &p->slot[datagram.data[1]];
	if (!slot->busy) {
		r->e->stats.count[HK_BENCH_UNEXPECTED]++;
		return;
	}
	hk_bench_engine_end(r->e, kind, slot->begun_ns, now_ns);
	if (kind == HK_BENCH_ACCEPTED)
		check(r, slot, datagram);
	release(r, p, slot);
}

static unsigned take_answers(struct hk_reauth *r)
{
	struct hk_bench_engine *e = r->e;
	unsigned total = 0;

	for (unsigned i = 0; i < e->nchannels; i++) {
		unsigned n = r->ports[i].busy ? hk_channel_receive(&e->channels[i], e->inbox) : 0;
		uint64_t now_ns = n ? hk_bench_now_ns() : 0;

		for (unsigned j = 0; j < n; j++)
			take_answer(r, &r->ports[i], hk_channel_datagram(e->inbox, j), now_ns);
		total += n;
	}
	return total;
}

/* Looks through all slots now and then: cheaper than a timer for each. */
static void expire(struct hk_reauth *r, uint64_t now_ns)
{
	struct hk_bench_engine *e = r->e;
	uint64_t timeout_ns = (uint64_t)e->options->timeout_ms * 1000000;

	if (now_ns < r->expire_ns)
		return;
	r->expire_ns = now_ns + timeout_ns / 16;
	for (unsigned i = 0; i < e->nchannels; i++) {
		struct port *p = &r->ports[i];

		for (unsigned j = 0; j < IDENTIFIERS && p->busy; j++) {
			struct slot *slot = &p->slot[j];

			if (!slot->busy || now_ns - slot->sent_ns < timeout_ns)
				continue;
			hk_bench_engine_end(e, HK_BENCH_LOST, slot->begun_ns, now_ns);
			release(r, p, slot);
		}
	}
}

void hk_reauth_run(struct hk_reauth *r)
{
	struct hk_bench_engine *e = r->e;
	uint64_t now_ns = hk_bench_now_ns();

	if (r->built && r->nbuilt < e->share.requests)
		e->share.requests = r->nbuilt;
	e->stats.first_ns = now_ns;
	while (!hk_bench_engine_finished(e, now_ns) || r->outstanding) {
		send_due(r, now_ns);
		if (take_answers(r) == 0) {
			now_ns = hk_bench_now_ns();
			hk_bench_engine_wait(e, now_ns,
				r->outstanding < e->share.concurrency &&
					!hk_bench_engine_finished(e, now_ns));
		}
		now_ns = hk_bench_now_ns();
		expire(r, now_ns);
	}
}
