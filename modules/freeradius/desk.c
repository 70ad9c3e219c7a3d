/* SPDX-License-Identifier: ISC */
#include "desk.h"

#include "server.h"

#include "crypto/crypto.h"
#include "hokeyd/clock.h"
#include "hokeyd/store.h"

#define RETRY_AFTER (10 * HK_SECOND)

/* With the lock. */
static void try_open(struct hk_desks *d, hk_time now)
{
	struct hk_config_error error = {""};
	uint64_t dropped = 0;

	if (now < d->next_try)
		return;
	d->next_try = now + RETRY_AFTER;
	if (hk_store_open(d->config, false, &d->store, &dropped, &error)) {
		d->store = NULL;
		radlog(L_ERR, "rlm_hokey (%s): %s; devices log in in full until this has changed",
			d->name, error.text);
		return;
	}
	if (dropped)
		radlog(L_WARN,
			"rlm_hokey (%s): %" PRIu64 " key sets were not safe on disk when the "
			"machine went down, and are gone",
			d->name, dropped);
}

void hk_desks_open(struct hk_desks *d, const char *name, const struct hk_store_config *config,
	struct hk_home *home)
{
	*d = (struct hk_desks){.name = name, .config = config, .home = home};
	pthread_mutex_init(&d->lock, NULL);
	try_open(d, hk_clock_now());
}

void hk_desks_close(struct hk_desks *d)
{
	for (struct hk_desk *desk; (desk = d->idle);) {
		d->idle = desk->next;
		hk_keystore_close(desk->worker.store);
		free(desk);
	}
	if (d->store)
		hk_keystore_close(d->store);
	d->store = NULL;
	pthread_mutex_destroy(&d->lock);
}

/* With the lock. */
static struct hk_desk *new_desk(struct hk_desks *d, hk_time now)
{
	struct hk_keystore *store;
	struct hk_desk *desk;

	if (!d->store)
		try_open(d, now);
	if (!d->store || hk_keystore_share(d->store, &store))
		return NULL;
	desk = calloc(1, sizeof(*desk));
	if (desk)
		hk_home_worker_init(&desk->worker, d->home, store);
	else
		hk_keystore_close(store);
	return desk;
}

struct hk_desk *hk_desk_take(struct hk_desks *d, hk_time now)
{
	struct hk_desk *desk;

	pthread_mutex_lock(&d->lock);
	desk = d->idle;
	if (desk)
		d->idle = desk->next;
	else
		desk = new_desk(d, now);
	pthread_mutex_unlock(&d->lock);
	if (desk)
		hk_home_begin(&desk->visit, desk->eap, sizeof(desk->eap));
	return desk;
}

void hk_desk_leave(struct hk_desks *d, struct hk_desk *desk)
{
	hk_keystore_release(desk->worker.store);
	hk_keyset_wipe(&desk->visit.exchange.keyset);
	hk_wipe(desk->visit.reply.key, sizeof(desk->visit.reply.key));
	pthread_mutex_lock(&d->lock);
	desk->next = d->idle;
	d->idle = desk;
	pthread_mutex_unlock(&d->lock);
}
