/* SPDX-License-Identifier: ISC */
#include "store.h"

#include "crypto/crypto.h"
#include "ledger.h"

#include <stdlib.h>

#define BUCKETS 4096

struct entry {
	struct entry *next;
	struct hk_keyset set;        /* as running servers see it */
	struct hk_seq_state durable; /* of set.seq, what a power cut leaves */
	bool dirty;
};

struct sim_store {
	struct sim_store_config config;
	struct entry *buckets[BUCKETS];
	uint64_t sets;
};

struct handle {
	struct hk_keystore base;
	struct sim_store *store;
};

static struct sim_store *store_of(struct hk_keystore *handle)
{
	return ((struct handle *)handle)->store;
}

static enum store_fault fault(const struct sim_store *s)
{
	return s->config.fault ? s->config.fault(s->config.arg) : STORE_FINE;
}

static struct hk_bytes realm_of(const struct hk_keyset *set)
{
	return hk_bytes(set->realm, set->realm_len);
}

/* The link that points to the entry, or the NULL at the end of its chain. */
static struct entry **find(struct sim_store *s, const uint8_t *emsk_name, struct hk_bytes realm)
{
	struct entry **at =
		&s->buckets[ledger_hash(0, emsk_name, HK_EMSK_NAME_LEN) & (BUCKETS - 1)];

	while (*at && (memcmp((*at)->set.emsk_name, emsk_name, HK_EMSK_NAME_LEN) != 0 ||
			      !hk_realm_equal(realm_of(&(*at)->set), realm)))
		at = &(*at)->next;
	return at;
}

static void drop(struct sim_store *s, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	hk_wipe(e, sizeof *e);
	free(e);
	s->sets--;
}

static void make_durable(struct entry *e)
{
	e->durable = e->set.seq;
	e->dirty = false;
}

/* ---- the interface ---- */

static void close_handle(struct hk_keystore *handle)
{
	free(handle);
}

static enum hk_err share(struct hk_keystore *handle, struct hk_keystore **out)
{
	*out = sim_store_open(store_of(handle));
	return HK_OK;
}

static enum hk_err put_in(struct sim_store *s, const struct hk_keyset *set)
{
	struct entry **at = find(s, set->emsk_name, realm_of(set)), *e = *at;
	struct hk_keyset before;

	if (!e) {
		e = *at = calloc(1, sizeof *e);
		if (!e)
			abort();
		s->sets++;
		e->set = *set;
		make_durable(e);
		return HK_OK;
	}
	before = e->set;
	if (hk_erp_keys_same(&before.keys, &set->keys)) {
		e->set = *set;
		e->set.seq = before.seq;
		hk_grants_inherit(&e->set.grants, &before.grants);
	} else if (hk_keyset_ended(before.expires, set->created)) {
		e->set = *set;
	} else {
		return HK_ERR_EXISTS;
	}
	make_durable(e);
	return HK_OK;
}

static enum hk_err put(struct hk_keystore *handle, const struct hk_keyset *set)
{
	struct sim_store *s = store_of(handle);
	enum store_fault f = fault(s);
	enum hk_err err;

	if (f == STORE_FAILS)
		return HK_ERR_STORE_FULL;
	err = put_in(s, set);
	return f == STORE_FINE ? err : HK_ERR_STORE;
}

static enum hk_err find_set(struct hk_keystore *handle, const uint8_t *emsk_name,
	struct hk_bytes realm, hk_time now, struct hk_keyset *out)
{
	struct sim_store *s = store_of(handle);
	struct entry *e = *find(s, emsk_name, realm);

	if (fault(s) != STORE_FINE)
		return HK_ERR_STORE;
	if (!e)
		return HK_ERR_NOT_FOUND;
	if (hk_keyset_ended(e->set.expires, now))
		return HK_ERR_EXPIRED;
	*out = e->set;
	return HK_OK;
}

static void decide(struct sim_store *s, struct hk_advance *v)
{
	struct entry *e = *find(s, v->emsk_name, v->realm);

	if (!e) {
		hk_advance_fail(v, 1, HK_ERR_NOT_FOUND);
		return;
	}
	hk_advance_decide(&e->set.seq, e->set.expires, v);
	if (s->config.accepts_twice && !v->err && v->freshness == HK_SEQ_REPEATED)
		v->freshness = HK_SEQ_FRESH;
	if (s->config.durability == HK_DURABLE_FULL)
		make_durable(e);
	else
		e->dirty = true;
}

static void advance(struct hk_keystore *handle, struct hk_advance *v, size_t n)
{
	struct sim_store *s = store_of(handle);
	enum store_fault f = fault(s);

	for (size_t i = 0; i < n && f != STORE_FAILS; i++)
		decide(s, &v[i]);
	if (f != STORE_FINE)
		hk_advance_fail(v, n, HK_ERR_STORE);
}

static enum hk_err grant(struct hk_keystore *handle, const uint8_t *emsk_name,
	struct hk_bytes realm, hk_time now, const struct hk_grant *g, bool *again)
{
	struct sim_store *s = store_of(handle);
	struct entry *e = *find(s, emsk_name, realm);
	enum store_fault f = fault(s);
	struct hk_grants grants;
	enum hk_err err;

	if (f == STORE_FAILS)
		return HK_ERR_STORE;
	if (!e)
		return HK_ERR_NOT_FOUND;
	if (hk_keyset_ended(e->set.expires, now))
		return HK_ERR_EXPIRED;
	grants = e->set.grants;
	err = hk_grants_add(&grants, g, again);
	if (!err && !s->config.forgets_grants)
		e->set.grants = grants;
	if (s->config.forgets_grants)
		err = HK_OK;
	return f == STORE_FINE ? err : HK_ERR_STORE;
}

static enum hk_err sync_all(struct hk_keystore *handle)
{
	struct sim_store *s = store_of(handle);
	enum store_fault f;

	if (s->config.durability != HK_DURABLE_BATCH)
		return HK_OK;
	f = fault(s);
	for (size_t i = 0; i < BUCKETS && f != STORE_FAILS; i++)
		for (struct entry *e = s->buckets[i]; e; e = e->next)
			if (e->dirty)
				make_durable(e);
	return f == STORE_FINE ? HK_OK : HK_ERR_STORE;
}

static void release(struct hk_keystore *handle)
{
	(void)handle;
}

static enum hk_err remove_set(
	struct hk_keystore *handle, const uint8_t *emsk_name, struct hk_bytes realm)
{
	struct sim_store *s = store_of(handle);
	struct entry **at = find(s, emsk_name, realm);

	if (!*at)
		return HK_ERR_NOT_FOUND;
	drop(s, at);
	return HK_OK;
}

static size_t remove_if(
	struct sim_store *s, bool (*goes)(const struct entry *e, const void *arg), const void *arg)
{
	size_t n = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct entry **at = &s->buckets[i]; *at;) {
			if (goes(*at, arg)) {
				drop(s, at);
				n++;
			} else {
				at = &(*at)->next;
			}
		}
	}
	return n;
}

struct user {
	struct hk_bytes name;
	const uint8_t *keep;
};

static bool is_of_user(const struct entry *e, const void *arg)
{
	const struct user *u = arg;

	return hk_bytes_equal(hk_bytes(e->set.user, e->set.user_len), u->name) &&
	       (!u->keep || memcmp(e->set.emsk_name, u->keep, HK_EMSK_NAME_LEN) != 0);
}

static enum hk_err remove_user(
	struct hk_keystore *handle, struct hk_bytes user, const uint8_t *keep, size_t *removed)
{
	const struct user u = {user, keep};

	*removed = remove_if(store_of(handle), is_of_user, &u);
	return HK_OK;
}

static bool has_ended(const struct entry *e, const void *now)
{
	return hk_keyset_ended(e->set.expires, *(const hk_time *)now);
}

static enum hk_err walk(struct hk_keystore *handle, struct hk_walk *cursor, size_t max,
	bool (*visit)(void *arg, const struct hk_keyset *set), void *arg, bool *done)
{
	struct sim_store *s = store_of(handle);

	for (; cursor->count < BUCKETS && max > 0; cursor->count++, max--)
		for (struct entry *e = s->buckets[cursor->count]; e; e = e->next)
			if (!visit(arg, &e->set))
				return HK_OK;
	*done = cursor->count == BUCKETS;
	return HK_OK;
}

static enum hk_err expire(struct hk_keystore *handle, hk_time now, size_t max, size_t *removed)
{
	(void)max;
	*removed = remove_if(store_of(handle), has_ended, &now);
	return HK_OK;
}

static enum hk_err stats(struct hk_keystore *handle, struct hk_keystore_stats *out)
{
	*out = (struct hk_keystore_stats){.sets = store_of(handle)->sets};
	return HK_OK;
}

static const struct hk_keystore_ops ops = {
	.share = share,
	.close = close_handle,
	.put = put,
	.find = find_set,
	.advance = advance,
	.grant = grant,
	.sync = sync_all,
	.release = release,
	.remove = remove_set,
	.remove_user = remove_user,
	.walk = walk,
	.expire = expire,
	.stats = stats,
};

/* ---- the simulation's side ---- */

struct sim_store *sim_store_new(const struct sim_store_config *config)
{
	struct sim_store *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->config = *config;
	return s;
}

static bool all(const struct entry *e, const void *arg)
{
	(void)e;
	(void)arg;
	return true;
}

void sim_store_free(struct sim_store *s)
{
	if (!s)
		return;
	remove_if(s, all, NULL);
	free(s);
}

struct hk_keystore *sim_store_open(struct sim_store *store)
{
	struct handle *h = calloc(1, sizeof *h);

	if (!h)
		abort();
	h->base = (struct hk_keystore){&ops, store->config.durability};
	h->store = store;
	return &h->base;
}

void sim_store_power_cut(struct sim_store *s)
{
	/* as the LMDB store does at its next opening */
	if (s->config.durability == HK_DURABLE_PROCESS) {
		remove_if(s, all, NULL);
		return;
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct entry *e = s->buckets[i]; e; e = e->next) {
			if (s->config.forgets_counters)
				memset(&e->durable, 0, sizeof e->durable);
			else if (e->dirty && s->config.survives(s->config.arg))
				make_durable(e);
			e->set.seq = e->durable;
			e->dirty = false;
		}
	}
}
