/* SPDX-License-Identifier: ISC */
#include "hokeyd/outbox.h"

#include "crypto/crypto.h"
#include "hokeyd/clock.h"

#include <event2/event.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

struct hk_delayed {
	struct hk_delayed *next;
	struct hk_delayed **link;
	struct hk_outbox *outbox;
	struct event *timer;
	struct hk_out out;
};

enum hk_err hk_outbox_init(struct hk_outbox *o, struct hk_door *door, struct hk_keystore *store,
	struct event_base *base)
{
	*o = (struct hk_outbox){.door = door, .store = store, .base = base};
	o->out = calloc(HK_OUTBOX_SIZE, sizeof(*o->out));
	return o->out ? HK_OK : HK_ERR_NO_MEMORY;
}

static void forget_delayed(struct hk_delayed *d)
{
	*d->link = d->next;
	if (d->next)
		d->next->link = d->link;
	d->outbox->ndelayed--;
	event_free(d->timer);
	hk_wipe(d->out.data, d->out.len);
	free(d);
}

void hk_outbox_free(struct hk_outbox *o)
{
	while (o->delayed)
		forget_delayed(o->delayed);
	/* there are keys in what was sent */
	if (o->out)
		hk_wipe(o->out, HK_OUTBOX_SIZE * sizeof(*o->out));
	free(o->out);
	o->out = NULL;
}

void hk_outbox_push(struct hk_outbox *o, hk_time now)
{
	if (o->n == 0)
		o->first = now;
	o->n++;
	if (o->n == HK_OUTBOX_SIZE)
		hk_outbox_flush(o, now);
}

bool hk_outbox_can_wait(const struct hk_outbox *o, size_t n, hk_time now)
{
	return o->n == 0 || (o->n + n < HK_OUTBOX_SIZE && now - o->first < HK_HOLD_MAX_MS);
}

/* ---- sending ---- */

/* The index behind the last of the places from `from` on with the same socket. */
static size_t end_of_group(const struct hk_outbox *o, size_t from)
{
	size_t i = from;

	while (i < o->n && o->out[i].to.fd == o->out[from].to.fd)
		i++;
	return i;
}

static void send_all(struct hk_outbox *o, int fd, struct mmsghdr *m, size_t n)
{
	struct hk_counters *counters = o->door->counters;
	size_t sent = 0;

	while (sent < n) {
		int r = sendmmsg(fd, m + sent, (unsigned)(n - sent), 0);

		if (r > 0) {
			hk_count_in(&counters->count[HK_COUNT_REPLIES], (uint64_t)r);
			sent += (size_t)r;
		} else if (errno != EINTR) {
			/* One that cannot go must not stop the others; its client will ask again.
			 */
			hk_count(counters, HK_COUNT_SEND_ERRORS);
			sent++;
		}
	}
}

static void write_group(struct hk_outbox *o, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		const struct hk_out *out = &o->out[i];

		if (out->len == 0)
			continue;
		hk_count(o->door->counters, HK_COUNT_REPLIES);
		o->write(o->arg, out->to.connection, hk_bytes(out->data, out->len));
	}
}

static void send_group(struct hk_outbox *o, size_t from, size_t end)
{
	struct mmsghdr m[HK_OUTBOX_SIZE];
	struct iovec iov[HK_OUTBOX_SIZE];
	size_t n = 0;

	for (size_t i = from; i < end; i++) {
		struct hk_out *out = &o->out[i];

		if (out->len == 0)
			continue;
		iov[n] = (struct iovec){out->data, out->len};
		m[n] = (struct mmsghdr){
			.msg_hdr = {
				.msg_name = &out->to.peer,
				.msg_namelen = out->to.peer_len,
				.msg_iov = &iov[n],
				.msg_iovlen = 1,
				.msg_control = out->to.control_len ? out->to.control : NULL,
				.msg_controllen = out->to.control_len,
			}};
		n++;
	}
	send_all(o, o->out[from].to.fd, m, n);
}

/* False: no answer that tells of a used sequence number may leave. */
static bool make_durable(struct hk_outbox *o)
{
	for (size_t i = 0; i < o->n; i++) {
		if (!o->out[i].needs_sync)
			continue;
		if (hk_keystore_sync(o->store) == HK_OK)
			return true;
		hk_count(o->door->counters, HK_COUNT_STORE_ERRORS);
		return false;
	}
	return true;
}

/* Length 0 afterwards: not to be sent. */
static void settle(struct hk_outbox *o, struct hk_out *out, bool durable, hk_time now)
{
	if (out->needs_sync && !durable) {
		hk_door_forget(o->door, out->entry, now);
		out->len = 0;
	} else if (out->settle &&
		   !hk_door_settle(o->door, out->entry, hk_bytes(out->data, out->len), now)) {
		out->len = 0;
	}
}

void hk_outbox_flush(struct hk_outbox *o, hk_time now)
{
	bool durable;

	if (o->n == 0)
		return;
	durable = make_durable(o);
	for (size_t i = 0; i < o->n; i++)
		settle(o, &o->out[i], durable, now);
	for (size_t i = 0; i < o->n;) {
		size_t end = end_of_group(o, i);

		if (o->out[i].to.fd < 0)
			write_group(o, i, end);
		else
			send_group(o, i, end);
		i = end;
	}
	o->n = 0;
}

/* ---- delayed answers ---- */

static void copy_out(struct hk_out *to, const struct hk_out *from)
{
	memcpy(to, from, offsetof(struct hk_out, data) + from->len);
}

static void send_delayed(struct hk_delayed *d, hk_time now)
{
	struct hk_outbox *o = d->outbox;

	copy_out(hk_outbox_place(o), &d->out);
	forget_delayed(d);
	hk_outbox_push(o, now);
}

static void on_delay_over(evutil_socket_t fd, short what, void *arg)
{
	struct hk_delayed *d = arg;
	struct hk_outbox *o = d->outbox;
	hk_time now = hk_clock_now();

	(void)fd;
	(void)what;
	send_delayed(d, now);
	hk_outbox_flush(o, now);
}

static bool delay(struct hk_outbox *o, uint32_t delay_ms)
{
	const struct timeval t = {delay_ms / 1000, (suseconds_t)(delay_ms % 1000) * 1000};
	struct hk_delayed *d;

	if (o->ndelayed >= HK_DELAYED_MAX)
		return false;
	d = malloc(sizeof(*d));
	if (!d)
		return false;
	d->outbox = o;
	d->timer = evtimer_new(o->base, on_delay_over, d);
	if (!d->timer || evtimer_add(d->timer, &t)) {
		if (d->timer)
			event_free(d->timer);
		free(d);
		return false;
	}
	copy_out(&d->out, hk_outbox_place(o));
	d->next = o->delayed;
	d->link = &o->delayed;
	if (d->next)
		d->next->link = &d->next;
	o->delayed = d;
	o->ndelayed++;
	return true;
}

void hk_outbox_push_later(struct hk_outbox *o, uint32_t delay_ms, hk_time now)
{
	if (!delay_ms || !delay(o, delay_ms))
		hk_outbox_push(o, now);
}

void hk_outbox_hurry(struct hk_outbox *o, hk_time now)
{
	while (o->delayed)
		send_delayed(o->delayed, now);
	hk_outbox_flush(o, now);
}
