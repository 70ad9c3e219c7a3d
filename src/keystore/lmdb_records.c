/* SPDX-License-Identifier: ISC */
/*
 * The tables of the LMDB store: sets, their users, and the slots of their
 * counters. All within a transaction of the caller.
 */
#include "keystore/lmdb_store.h"

#include "crypto/crypto.h"

#include <errno.h>

bool hk_lmdb_step(uint8_t *p, size_t n)
{
	while (n > 0)
		if (++p[--n] != 0)
			return true;
	return false;
}

/* ---- slots ---- */

/* Behind all free slots, this key tells the first slot that was never used. */
static const uint8_t last_slot[HK_SLOT_LEN] = {0xff, 0xff, 0xff, 0xff};

static enum hk_err first_unused(const struct hk_lmdb *l, MDB_txn *txn, uint32_t *slot)
{
	MDB_val k = hk_lmdb_val(last_slot, sizeof last_slot), v;
	int rc = mdb_get(txn, l->slots, &k, &v);

	*slot = 0;
	if (rc)
		return rc == MDB_NOTFOUND ? HK_OK : hk_lmdb_error(rc);
	if (v.mv_size != HK_SLOT_LEN)
		return hk_lmdb_error(MDB_CORRUPTED);
	*slot = hk_load_u32(v.mv_data);
	return HK_OK;
}

enum hk_err hk_lmdb_check_slots(struct hk_lmdb *l, MDB_txn *txn)
{
	uint32_t used;
	enum hk_err err = first_unused(l, txn, &used);

	if (!err && !hk_counters_have(&l->counters, used))
		err = hk_lmdb_error(EINVAL);
	return err;
}

static enum hk_err slot_new(struct hk_lmdb *l, MDB_txn *txn, uint32_t *slot)
{
	uint8_t next[HK_SLOT_LEN];
	MDB_val k = hk_lmdb_val(last_slot, sizeof last_slot), v = hk_lmdb_val(next, sizeof next);
	enum hk_err err = first_unused(l, txn, slot);

	if (!err)
		err = hk_counters_reserve(&l->counters, (uint64_t)*slot + 1);
	if (err)
		return err;
	hk_store_u32(next, *slot + 1);
	return hk_lmdb_error(mdb_put(txn, l->slots, &k, &v, 0));
}

/* A free slot, or a new one. */
static enum hk_err slot_take(struct hk_lmdb *l, MDB_txn *txn, uint32_t *slot)
{
	MDB_cursor *c;
	MDB_val k, v;
	int rc = mdb_cursor_open(txn, l->slots, &c);
	bool is_free;

	if (rc)
		return hk_lmdb_error(rc);
	rc = mdb_cursor_get(c, &k, &v, MDB_FIRST);
	is_free = rc == 0 && v.mv_size == 0;
	if (is_free) {
		*slot = hk_load_u32(k.mv_data);
		rc = mdb_cursor_del(c, 0);
	}
	mdb_cursor_close(c);
	if (rc && rc != MDB_NOTFOUND)
		return hk_lmdb_error(rc);
	return is_free ? HK_OK : slot_new(l, txn, slot);
}

static enum hk_err slot_free(const struct hk_lmdb *l, MDB_txn *txn, uint32_t slot)
{
	uint8_t name[HK_SLOT_LEN];
	MDB_val k = hk_lmdb_val(name, sizeof name), v = hk_lmdb_val("", 0);

	hk_store_u32(name, slot);
	return hk_lmdb_error(mdb_put(txn, l->slots, &k, &v, 0));
}

static enum hk_err slot_write(
	struct hk_lmdb_handle *h, uint32_t slot, const uint8_t *key, const struct hk_seq_state *seq)
{
	uint8_t octets[HK_COUNTER_LEN] = {0};
	struct hk_counters *c = &h->l->counters;
	enum hk_err err = hk_counters_lock(c);

	if (err)
		return err;
	hk_record_write_state(&h->wrap, key, seq, octets);
	err = hk_counters_write(c, slot, octets);
	hk_counters_unlock(c);
	if (err || h->l->durability == HK_DURABLE_PROCESS)
		return err;
	/* before the record that points to it */
	hk_counters_mark(c);
	return hk_counters_sync(c);
}

/* ---- records ---- */

enum hk_err hk_lmdb_view(uint8_t *key, const MDB_val *value, struct hk_lmdb_record *r)
{
	const uint8_t *p = value->mv_data;

	*r = (struct hk_lmdb_record){.key = key};
	if (value->mv_size < HK_SLOT_LEN || value->mv_size > HK_LMDB_VALUE_MAX)
		return hk_lmdb_error(MDB_CORRUPTED);
	r->whole = true;
	r->slot = hk_load_u32(p);
	r->body = hk_bytes(p + HK_SLOT_LEN, value->mv_size - HK_SLOT_LEN);
	return HK_OK;
}

enum hk_err hk_lmdb_get(
	const struct hk_lmdb *l, MDB_txn *txn, uint8_t *key, struct hk_lmdb_record *r)
{
	MDB_val k = hk_lmdb_val(key, HK_RECORD_KEY_LEN), v;
	int rc = mdb_get(txn, l->sets, &k, &v);

	*r = (struct hk_lmdb_record){.key = key};
	return rc ? hk_lmdb_error(rc) : hk_lmdb_view(key, &v, r);
}

/* ---- index of users ---- */

static void user_key(const struct hk_wrap *w, struct hk_bytes user, const uint8_t *key,
	uint8_t out[HK_USER_KEY_LEN])
{
	hk_record_user(w, user, out);
	memcpy(out + HK_RECORD_USER_LEN, key, HK_RECORD_KEY_LEN);
}

static enum hk_err index_add(
	struct hk_lmdb_handle *h, MDB_txn *txn, struct hk_bytes user, uint8_t *key)
{
	uint8_t name[HK_USER_KEY_LEN];
	MDB_val k = hk_lmdb_val(name, sizeof name), v = hk_lmdb_val("", 0);

	if (user.len == 0)
		return HK_OK;
	user_key(&h->wrap, user, key, name);
	return hk_lmdb_error(mdb_put(txn, h->l->users, &k, &v, 0));
}

enum hk_err hk_lmdb_unlist(
	struct hk_lmdb_handle *h, MDB_txn *txn, struct hk_bytes user, const uint8_t *key)
{
	uint8_t name[HK_USER_KEY_LEN];
	MDB_val k = hk_lmdb_val(name, sizeof name);
	int rc;

	if (user.len == 0)
		return HK_OK;
	user_key(&h->wrap, user, key, name);
	rc = mdb_del(txn, h->l->users, &k, NULL);
	return rc == MDB_NOTFOUND ? HK_OK : hk_lmdb_error(rc);
}

/*
 * The place in a user's list of a record that cannot be read any more stays,
 * and goes when it is met.
 */
enum hk_err hk_lmdb_remove(struct hk_lmdb_handle *h, MDB_txn *txn, const struct hk_lmdb_record *r)
{
	MDB_val k = hk_lmdb_val(r->key, HK_RECORD_KEY_LEN);
	struct hk_keyset set;
	enum hk_err err = HK_OK;

	if (r->whole && !hk_record_open(&h->wrap, r->key, r->body, &set))
		err = hk_lmdb_unlist(h, txn, hk_bytes(set.user, set.user_len), r->key);
	hk_keyset_wipe(&set);
	if (!err && r->whole)
		err = slot_free(h->l, txn, r->slot);
	return err ? err : hk_lmdb_error(mdb_del(txn, h->l->sets, &k, NULL));
}

static enum hk_err write_ended(
	struct hk_lmdb_handle *h, MDB_txn *txn, const uint8_t *key, const struct hk_keyset *set)
{
	uint8_t octets[HK_RECORD_BODY_MAX];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	MDB_val k = hk_lmdb_val(key, HK_RECORD_KEY_LEN), v;
	enum hk_err err = hk_record_seal_ended(&h->wrap, key, set, &b);

	if (err)
		return err;
	v = hk_lmdb_val(b.data, b.len);
	return hk_lmdb_error(mdb_put(txn, h->l->ended, &k, &v, 0));
}

enum hk_err hk_lmdb_end(struct hk_lmdb_handle *h, MDB_txn *txn, const struct hk_lmdb_record *r,
	const struct hk_keyset *set)
{
	enum hk_err err = hk_lmdb_remove(h, txn, r);

	return err || !set->grants.n ? err : write_ended(h, txn, r->key, set);
}

void hk_lmdb_list_begin(const struct hk_wrap *w, struct hk_bytes user, struct hk_lmdb_list *list)
{
	static const uint8_t first[HK_RECORD_KEY_LEN];

	user_key(w, user, first, list->from);
	list->more = true;
}

enum hk_err hk_lmdb_list_next(const struct hk_lmdb *l, MDB_txn *txn, struct hk_lmdb_list *list)
{
	MDB_val k = hk_lmdb_val(list->from, HK_USER_KEY_LEN), v;
	MDB_cursor *c;
	int rc = mdb_cursor_open(txn, l->users, &c);

	list->n = 0;
	if (rc)
		return hk_lmdb_error(rc);
	for (rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE); !rc && list->n < HK_LISTED;
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) {
		if (k.mv_size != HK_USER_KEY_LEN ||
			memcmp(k.mv_data, list->from, HK_RECORD_USER_LEN) != 0)
			break;
		memcpy(list->keys[list->n++], (uint8_t *)k.mv_data + HK_RECORD_USER_LEN,
			HK_RECORD_KEY_LEN);
	}
	mdb_cursor_close(c);
	list->more = list->n == HK_LISTED;
	if (list->more) {
		memcpy(list->from + HK_RECORD_USER_LEN, list->keys[HK_LISTED - 1],
			HK_RECORD_KEY_LEN);
		list->more = hk_lmdb_step(list->from + HK_RECORD_USER_LEN, HK_RECORD_KEY_LEN);
	}
	return rc == MDB_NOTFOUND ? HK_OK : hk_lmdb_error(rc);
}

/* ---- put ---- */

#define TRIM_PER_PUT 4 /* when a limit was lowered, it takes several puts */

/* When a set was made: 0, so the first to go, when its record cannot be read. */
static enum hk_err created_at(
	struct hk_lmdb_handle *h, MDB_txn *txn, uint8_t *key, hk_time *created)
{
	struct hk_lmdb_record r;
	hk_time expires;
	enum hk_err err = hk_lmdb_get(h->l, txn, key, &r);

	if (err == HK_ERR_NOT_FOUND)
		return err;
	if (err || hk_record_times(r.body, &expires, created))
		*created = 0;
	return HK_OK;
}

/* How many sets the user has, and which but `own` is the oldest. */
static enum hk_err count_user(struct hk_lmdb_handle *h, MDB_txn *txn, struct hk_bytes user,
	const uint8_t *own, uint32_t *count, uint8_t oldest[HK_RECORD_KEY_LEN])
{
	hk_time created, least = HK_NEVER;
	struct hk_lmdb_list list;
	enum hk_err err = HK_OK;

	*count = 0;
	hk_lmdb_list_begin(&h->wrap, user, &list);
	while (list.more && !err) {
		err = hk_lmdb_list_next(h->l, txn, &list);
		for (size_t i = 0; i < list.n && !err; i++) {
			if (created_at(h, txn, list.keys[i], &created)) {
				err = hk_lmdb_unlist(h, txn, user, list.keys[i]);
				continue;
			}
			++*count;
			if (created <= least && memcmp(list.keys[i], own, HK_RECORD_KEY_LEN)) {
				least = created;
				memcpy(oldest, list.keys[i], HK_RECORD_KEY_LEN);
			}
		}
	}
	return err;
}

/* What goes by the limit; when it cannot be read nobody can be told. */
static enum hk_err give_way(struct hk_lmdb_handle *h, MDB_txn *txn, const struct hk_lmdb_record *r)
{
	struct hk_keyset set;
	enum hk_err err;

	if (!h->l->note_ended || !r->whole)
		return hk_lmdb_remove(h, txn, r);
	err = hk_record_open(&h->wrap, r->key, r->body, &set) ? hk_lmdb_remove(h, txn, r)
							      : hk_lmdb_end(h, txn, r, &set);
	hk_keyset_wipe(&set);
	return err;
}

static enum hk_err limit_user(
	struct hk_lmdb_handle *h, MDB_txn *txn, struct hk_bytes user, const uint8_t *own)
{
	uint8_t oldest[HK_RECORD_KEY_LEN];
	struct hk_lmdb_record r;
	uint32_t count;

	if (h->l->max_sets_per_user == 0 || user.len == 0)
		return HK_OK;
	for (int i = 0; i < TRIM_PER_PUT; i++) {
		enum hk_err err = count_user(h, txn, user, own, &count, oldest);

		if (err || count <= h->l->max_sets_per_user)
			return err;
		err = hk_lmdb_get(h->l, txn, oldest, &r);
		if (!err)
			err = give_way(h, txn, &r);
		if (err)
			return err;
	}
	return HK_OK;
}

static bool same_realm(const struct hk_keyset *a, const struct hk_keyset *b)
{
	return hk_realm_equal(hk_bytes(a->realm, a->realm_len), hk_bytes(b->realm, b->realm_len));
}

/*
 * What is there under the name of the new set: its slot, which goes on with the
 * same keys; else a new slot with a new counter, or a refusal.
 */
static enum hk_err succeed(struct hk_lmdb_handle *h, MDB_txn *txn, const struct hk_lmdb_record *old,
	struct hk_keyset *set, uint32_t *slot)
{
	struct hk_keyset was;
	enum hk_err err = hk_record_open(&h->wrap, old->key, old->body, &was);
	bool same;

	if (err)
		return err;
	same = hk_erp_keys_same(&was.keys, &set->keys) && same_realm(&was, set);
	hk_keyset_wipe(&was);
	if (same)
		hk_grants_inherit(&set->grants, &was.grants);
	*slot = old->slot;
	if (!same && !hk_keyset_ended(was.expires, set->created))
		return HK_ERR_EXISTS;
	if (!same)
		err = slot_take(h->l, txn, slot);
	if (!same && !err)
		err = slot_write(h, *slot, old->key, &set->seq);
	if (!same && !err)
		err = slot_free(h->l, txn, old->slot);
	return err ? err : hk_lmdb_unlist(h, txn, hk_bytes(was.user, was.user_len), old->key);
}

static enum hk_err begin_set(
	struct hk_lmdb_handle *h, MDB_txn *txn, uint8_t *key, struct hk_keyset *set, uint32_t *slot)
{
	struct hk_lmdb_record old;
	enum hk_err err = hk_lmdb_get(h->l, txn, key, &old);

	if (err == HK_OK)
		return succeed(h, txn, &old, set, slot);
	if (err != HK_ERR_NOT_FOUND)
		return err;
	err = slot_take(h->l, txn, slot);
	return err ? err : slot_write(h, *slot, key, &set->seq);
}

static enum hk_err write_record(struct hk_lmdb_handle *h, MDB_txn *txn, uint8_t *key, uint32_t slot,
	const struct hk_keyset *set)
{
	uint8_t octets[HK_LMDB_VALUE_MAX];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	MDB_val k = hk_lmdb_val(key, HK_RECORD_KEY_LEN), v;
	enum hk_err err;

	hk_put_u32(&b, slot);
	err = hk_record_seal(&h->wrap, key, set, &b);
	if (err)
		return err;
	v = hk_lmdb_val(b.data, b.len);
	return hk_lmdb_error(mdb_put(txn, h->l->sets, &k, &v, 0));
}

enum hk_err hk_lmdb_put_in(
	struct hk_lmdb_handle *h, MDB_txn *txn, uint8_t *key, const struct hk_keyset *set)
{
	struct hk_bytes user = hk_bytes(set->user, set->user_len);
	struct hk_keyset merged = *set;
	uint32_t slot;
	enum hk_err err = begin_set(h, txn, key, &merged, &slot);

	if (!err)
		err = write_record(h, txn, key, slot, &merged);
	hk_keyset_wipe(&merged);
	if (!err)
		err = index_add(h, txn, user, key);
	return err || set->shared_user ? err : limit_user(h, txn, user, key);
}

enum hk_err hk_lmdb_grant_in(struct hk_lmdb_handle *h, MDB_txn *txn, uint8_t *key,
	struct hk_bytes realm, hk_time now, const struct hk_grant *grant, bool *again)
{
	struct hk_lmdb_record r;
	struct hk_keyset set;
	enum hk_err err = hk_lmdb_get(h->l, txn, key, &r);

	if (!err)
		err = hk_record_open(&h->wrap, key, r.body, &set);
	if (err)
		return err;
	if (!hk_realm_equal(hk_bytes(set.realm, set.realm_len), realm))
		err = HK_ERR_NOT_FOUND;
	else if (hk_keyset_ended(set.expires, now))
		err = HK_ERR_EXPIRED;
	if (!err)
		err = hk_grants_add(&set.grants, grant, again);
	if (!err && !*again)
		err = write_record(h, txn, key, r.slot, &set);
	hk_keyset_wipe(&set);
	return err;
}
