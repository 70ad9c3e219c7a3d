/* SPDX-License-Identifier: ISC */
#include "hokeyd/revoke.h"

#include "hokeyd/clock.h"
#include "hokeyd/server.h"
#include "hokeyd/users.h"

#define STEP  2048 /* sets looked at in one go */
#define FOUND 64   /* sets that end in one go */

/* Names of sets, noted while walking: the store must not be changed then. */
struct found {
	struct hk_bytes user; /* data NULL: closed accounts */
	const struct hk_users *users;
	hk_time now;
	size_t n;
	struct {
		uint8_t emsk_name[HK_EMSK_NAME_LEN];
		uint8_t realm[HK_REALM_MAX_LEN];
		uint16_t realm_len;
	} list[FOUND];
};

static enum hk_err end_set(struct hk_server *s, const uint8_t emsk_name[HK_EMSK_NAME_LEN],
	struct hk_bytes realm, uint64_t group)
{
	struct hk_keyset set;
	enum hk_err err;

	if (!group)
		return hk_keystore_remove(s->store, emsk_name, realm);
	err = hk_keystore_end(s->store, emsk_name, realm, &set);
	if (!err)
		hk_withdrawals_add(s->withdrawals, group, &set, hk_clock_now());
	hk_keyset_wipe(&set);
	return err;
}

enum hk_err hk_revoke_name(
	struct hk_server *s, const struct hk_keyname_nai *name, uint64_t group, size_t *n)
{
	enum hk_err err = end_set(s, name->emsk_name, name->realm, group);

	*n = !err;
	if (group)
		hk_withdrawals_tick(s->withdrawals, hk_clock_now());
	return err;
}

/* ---- walking ---- */

/* Would a device of this account still be let in? */
static bool is_closed(const struct hk_users *users, const struct hk_keyset *set)
{
	struct hk_peer_identity who = {.npeer_ids = 1};
	struct hk_user found;

	/* Accounts of other homes are theirs; a shared name says nothing of one device. */
	if (set->home_len || set->shared_user || !set->user_len)
		return false;
	who.peer_ids[0] = hk_bytes(set->user, set->user_len);
	return hk_users_authorize(users, &who, &found) != HK_OK;
}

static bool look_at(void *arg, const struct hk_keyset *set)
{
	struct found *f = arg;
	bool wanted = f->user.data ? hk_bytes_equal(f->user, hk_bytes(set->user, set->user_len))
				   : set->expires > f->now && is_closed(f->users, set);

	if (!wanted)
		return true;
	memcpy(f->list[f->n].emsk_name, set->emsk_name, HK_EMSK_NAME_LEN);
	memcpy(f->list[f->n].realm, set->realm, set->realm_len);
	f->list[f->n].realm_len = set->realm_len;
	return ++f->n < FOUND;
}

static enum hk_err end_some(struct hk_server *s, struct hk_walk *cursor, struct found *f,
	uint64_t group, size_t *ended, bool *done)
{
	enum hk_err err;

	f->n = 0;
	err = hk_keystore_walk(s->store, cursor, STEP, look_at, f, done);
	hk_keystore_release(s->store);
	for (size_t i = 0; !err && i < f->n; i++)
		*ended += end_set(s, f->list[i].emsk_name,
				  hk_bytes(f->list[i].realm, f->list[i].realm_len), group) == HK_OK;
	return err;
}

enum hk_err hk_revoke_user(struct hk_server *s, struct hk_bytes user, uint64_t group, size_t *n)
{
	struct found f = {.user = user, .now = hk_clock_now()};
	struct hk_walk cursor = {{0}, 0};
	enum hk_err err = HK_OK;
	bool done = false;

	*n = 0;
	if (!group)
		return hk_keystore_remove_user(s->store, user, NULL, n);
	while (!err && !done)
		err = end_some(s, &cursor, &f, group, n, &done);
	hk_withdrawals_tick(s->withdrawals, f.now);
	return err;
}

/* ---- closed accounts ---- */

void hk_closed_accounts_begin(struct hk_server *s)
{
	s->closed = (struct hk_closed_accounts){
		.running = s->setup->config->users != NULL,
		.group = hk_withdrawals_begin(s->withdrawals),
	};
}

void hk_closed_accounts_step(struct hk_server *s, hk_time now)
{
	struct hk_closed_accounts *c = &s->closed;
	struct found f = {.users = s->setup->config->users, .now = now};
	enum hk_err err;
	bool done;

	if (!c->running)
		return;
	err = end_some(s, &c->cursor, &f, c->group, &c->ended, &done);
	if (!err && !done)
		return;
	c->running = false;
	if (err)
		hk_log_write(s->log, HK_LOG_ERROR,
			"the keys of closed accounts could not all be found: %s", hk_strerror(err));
	else if (c->ended)
		hk_log_write(s->log, HK_LOG_NOTICE, "%zu key sets of closed accounts have ended",
			c->ended);
}
