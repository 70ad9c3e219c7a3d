/* SPDX-License-Identifier: ISC */
#include "hokeyd/lookups.h"

#include "crypto/crypto.h"
#include "hokeyd/clock.h"

#include <stdlib.h>

void hk_lookups_init(struct hk_lookups *l, struct event_base *base, struct hk_home_worker *home,
	struct hk_door *door, hk_lookup_answered *answered, void *arg)
{
	*l = (struct hk_lookups){.home = home, .door = door, .answered = answered, .arg = arg};
	hk_ocsp_client_init(&l->client, base);
}

static void on_done(void *arg, struct hk_bytes response, const char *failure)
{
	struct hk_lookup *k = arg;

	k->question = NULL;
	k->lookups->answered(k->lookups->arg, k, response, failure);
}

static bool ask(struct hk_lookup *k, hk_time now)
{
	const struct hk_home_query *q = &k->request.visit.query;

	if (now >= k->deadline)
		return false;
	k->question = hk_ocsp_ask(
		&k->lookups->client, q->url, q->request, (uint32_t)(k->deadline - now), on_done, k);
	return k->question != NULL;
}

static void enlist(struct hk_lookup *k, struct hk_lookups *l)
{
	k->lookups = l;
	k->next = l->first;
	k->link = &l->first;
	if (k->next)
		k->next->link = &k->next;
	l->first = k;
}

bool hk_lookup_start(struct hk_lookups *l, struct hk_setup *setup, const struct hk_destination *to,
	const struct hk_door_request *r, hk_time now)
{
	struct hk_bytes datagram = r->radius.packet;
	struct hk_lookup *k = calloc(1, sizeof(*k) + datagram.len);

	if (!k)
		return false;
	enlist(k, l);
	k->setup = hk_setup_hold(setup);
	k->deadline = now + setup->config->eap.ocsp_timeout_ms;
	k->to = *to;
	hk_door_move(&k->request, r, k->datagram);
	if (ask(k, now))
		return true;
	hk_lookup_end(k);
	return false;
}

bool hk_lookup_again(struct hk_lookup *k, hk_time now)
{
	return ask(k, now);
}

void hk_lookup_end(struct hk_lookup *k)
{
	*k->link = k->next;
	if (k->next)
		k->next->link = k->link;
	if (k->question)
		hk_ocsp_cancel(k->question);
	hk_setup_release(k->setup);
	/* Whatever requests before it left there. */
	hk_wipe(&k->request, sizeof(k->request));
	free(k);
}

static void give_up(struct hk_lookup *k, hk_time now)
{
	hk_door_forget(k->lookups->door, k->request.entry, now);
	hk_home_done(k->lookups->home, &k->request.visit);
	hk_lookup_end(k);
}

void hk_lookups_drop(struct hk_lookups *l, int fd, uint64_t connection, hk_time now)
{
	struct hk_lookup *next;

	for (struct hk_lookup *k = l->first; k; k = next) {
		next = k->next;
		if (connection ? k->to.connection == connection : k->to.fd == fd)
			give_up(k, now);
	}
}

void hk_lookups_free(struct hk_lookups *l)
{
	while (l->first)
		give_up(l->first, hk_clock_now());
	hk_ocsp_client_free(&l->client);
}
