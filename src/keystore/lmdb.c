/* SPDX-License-Identifier: ISC */
/*
 * The key store in LMDB: crash-safe, shared between processes, read without
 * locks. Sets live in LMDB, their counters in a file beside it (counters.h), so
 * that an advance is one small write and waits for nobody who puts or removes.
 */
#include "keystore/lmdb_store.h"

#include "crypto/crypto.h"

#include <stdlib.h>

#define REMOVE_PER_TXN 64 /* sets; others who put or remove wait that long */
#define PUT_RECORDS    10 /* a put writes one and removes at most some, which may be noted */

static struct hk_lmdb_handle *handle_of(struct hk_keystore *store)
{
	return (struct hk_lmdb_handle *)store;
}

/* ---- the snapshot ---- */

static enum hk_err snapshot(struct hk_lmdb_handle *h)
{
	int rc;

	if (h->snapshot_live)
		return HK_OK;
	rc = h->snapshot ? mdb_txn_renew(h->snapshot)
			 : mdb_txn_begin(h->l->env, NULL, MDB_RDONLY, &h->snapshot);
	h->snapshot_live = rc == 0;
	return hk_lmdb_error(rc);
}

static void lmdb_release(struct hk_keystore *store)
{
	struct hk_lmdb_handle *h = handle_of(store);

	if (h->snapshot_live)
		mdb_txn_reset(h->snapshot);
	h->snapshot_live = false;
}

/* A snapshot of what is there now. */
static enum hk_err fresh_snapshot(struct hk_lmdb_handle *h)
{
	lmdb_release(&h->base);
	return snapshot(h);
}

/* ---- room ---- */

static enum hk_err count_free_pages(struct hk_lmdb_handle *h, uint64_t *pages)
{
	enum hk_err err = snapshot(h);
	MDB_cursor *c;
	MDB_val k, v;
	size_t n;
	int rc;

	*pages = 0;
	if (err)
		return err;
	rc = mdb_cursor_open(h->snapshot, 0, &c); /* LMDB's list of free pages */
	if (rc)
		return hk_lmdb_error(rc);
	while ((rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) == 0) {
		memcpy(&n, v.mv_data, sizeof n);
		*pages += n;
	}
	mdb_cursor_close(c);
	lmdb_release(&h->base);
	return rc == MDB_NOTFOUND ? HK_OK : hk_lmdb_error(rc);
}

/*
 * Puts are refused a little before the store is full, so that sequence numbers
 * can still be stored and sets removed: a changed page needs a new one first.
 */
static enum hk_err room_for_put(struct hk_lmdb_handle *h)
{
	struct hk_lmdb *l = h->l;
	uint64_t most = l->map_bytes / l->page_size, reserve = most / 32 + 128;
	uint64_t left, free_pages;
	MDB_envinfo info;
	enum hk_err err;

	mdb_env_info(l->env, &info);
	left = most > info.me_last_pgno ? most - info.me_last_pgno : 0;
	if (left > reserve)
		return HK_OK;
	if (l->puts_left > 0 && l->puts_left-- > 0)
		return HK_OK;
	err = count_free_pages(h, &free_pages);
	if (err)
		return err;
	left += free_pages;
	if (left <= reserve)
		return hk_lmdb_error(MDB_MAP_FULL);
	l->puts_left = (int)((left - reserve) / 16);
	return HK_OK;
}

/* Ends a transaction; what this handle finds from now on has seen it. */
static enum hk_err finish(struct hk_lmdb_handle *h, MDB_txn *txn, enum hk_err err)
{
	lmdb_release(&h->base);
	if (!err)
		return hk_lmdb_error(mdb_txn_commit(txn));
	mdb_txn_abort(txn);
	return err;
}

static enum hk_err lmdb_put(struct hk_keystore *store, const struct hk_keyset *set)
{
	struct hk_lmdb_handle *h = handle_of(store);
	uint8_t key[HK_RECORD_KEY_LEN];
	MDB_txn *txn;
	enum hk_err err = room_for_put(h);

	if (!err)
		err = hk_lmdb_begin(h->l, PUT_RECORDS, &txn);
	if (err)
		return err;
	hk_record_key(&h->wrap, set->emsk_name, hk_bytes(set->realm, set->realm_len), key);
	return finish(h, txn, hk_lmdb_put_in(h, txn, key, set));
}

static enum hk_err lmdb_grant(struct hk_keystore *store, const uint8_t *emsk_name,
	struct hk_bytes realm, hk_time now, const struct hk_grant *grant, bool *again)
{
	struct hk_lmdb_handle *h = handle_of(store);
	uint8_t key[HK_RECORD_KEY_LEN];
	MDB_txn *txn;
	enum hk_err err = room_for_put(h);

	if (!err)
		err = hk_lmdb_begin(h->l, 1, &txn);
	if (err)
		return err;
	hk_record_key(&h->wrap, emsk_name, realm, key);
	return finish(h, txn, hk_lmdb_grant_in(h, txn, key, realm, now, grant, again));
}

/* ---- counters ---- */

/* HK_ERR_STORE also when the slot has a new owner, or is just being written. */
static enum hk_err read_counter(
	struct hk_lmdb_handle *h, const struct hk_lmdb_record *r, struct hk_seq_state *seq)
{
	const uint8_t *in = r->whole ? hk_counters_slot(&h->l->counters, r->slot) : NULL;
	uint8_t octets[HK_RECORD_STATE_LEN];

	if (!in)
		return hk_lmdb_error(MDB_CORRUPTED);
	memcpy(octets, in, sizeof octets);
	return hk_record_read_state(&h->wrap, r->key, octets, seq);
}

/* Once more, where nobody writes: what is wrong now stays wrong. */
static enum hk_err read_counter_alone(
	struct hk_lmdb_handle *h, struct hk_lmdb_record *r, struct hk_seq_state *seq)
{
	enum hk_err err = hk_counters_lock(&h->l->counters);

	if (err)
		return err;
	err = fresh_snapshot(h);
	if (!err)
		err = hk_lmdb_get(h->l, h->snapshot, r->key, r);
	if (!err)
		err = read_counter(h, r, seq);
	hk_counters_unlock(&h->l->counters);
	return err;
}

static enum hk_err record_read(
	struct hk_lmdb_handle *h, struct hk_lmdb_record *r, struct hk_keyset *out)
{
	enum hk_err err = read_counter(h, r, &out->seq);

	if (err == HK_ERR_STORE && r->whole)
		err = read_counter_alone(h, r, &out->seq);
	return err ? err : hk_record_open(&h->wrap, r->key, r->body, out);
}

/* ---- find ---- */

static enum hk_err lmdb_find(struct hk_keystore *store, const uint8_t *emsk_name,
	struct hk_bytes realm, hk_time now, struct hk_keyset *out)
{
	struct hk_lmdb_handle *h = handle_of(store);
	uint8_t key[HK_RECORD_KEY_LEN];
	hk_time expires, created;
	struct hk_lmdb_record r;
	enum hk_err err = snapshot(h);

	if (err)
		return err;
	hk_record_key(&h->wrap, emsk_name, realm, key);
	err = hk_lmdb_get(h->l, h->snapshot, key, &r);
	if (!err)
		err = hk_record_times(r.body, &expires, &created);
	if (!err && hk_keyset_ended(expires, now))
		err = HK_ERR_EXPIRED;
	if (!err)
		err = record_read(h, &r, out);
	if (!err && !hk_realm_equal(hk_bytes(out->realm, out->realm_len), realm))
		err = HK_ERR_NOT_FOUND;
	return err;
}

/* ---- advance ---- */

#define LOOKED_UP 64 /* entries at a time */

struct looked_up {
	uint8_t key[HK_RECORD_KEY_LEN];
	struct hk_lmdb_record record;
	hk_time expires;
};

static enum hk_err look_up(struct hk_lmdb_handle *h, struct looked_up *f)
{
	hk_time created;
	enum hk_err err = hk_lmdb_get(h->l, h->snapshot, f->key, &f->record);

	return err ? err : hk_record_times(f->record.body, &f->expires, &created);
}

/* Outside the lock: the records of some entries. Failures are in the entries. */
static enum hk_err look_up_all(
	struct hk_lmdb_handle *h, struct hk_advance *v, size_t n, struct looked_up *found)
{
	enum hk_err err = fresh_snapshot(h);

	for (size_t i = 0; i < n && !err; i++) {
		hk_record_key(&h->wrap, v[i].emsk_name, v[i].realm, found[i].key);
		v[i].err = look_up(h, &found[i]);
	}
	return err;
}

/* With the lock. The slot may have got a new owner since the record was found. */
static enum hk_err advance_one(struct hk_lmdb_handle *h, struct looked_up *f, struct hk_advance *v)
{
	uint8_t octets[HK_COUNTER_LEN] = {0};
	struct hk_seq_state seq;
	enum hk_err err = read_counter(h, &f->record, &seq);

	if (err == HK_ERR_STORE) {
		err = fresh_snapshot(h);
		if (!err)
			err = look_up(h, f);
		if (!err)
			err = read_counter(h, &f->record, &seq);
	}
	if (err)
		return err;
	hk_advance_decide(&seq, f->expires, v);
	if (v->err || v->freshness != HK_SEQ_FRESH)
		return v->err;
	hk_record_write_state(&h->wrap, f->key, &seq, octets);
	return hk_counters_write(&h->l->counters, f->record.slot, octets);
}

static enum hk_err advance_some(struct hk_lmdb_handle *h, struct hk_advance *v, size_t n)
{
	struct hk_counters *c = &h->l->counters;
	struct looked_up found[LOOKED_UP];
	enum hk_err err = look_up_all(h, v, n, found);

	if (!err)
		err = hk_counters_lock(c);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		if (!v[i].err)
			v[i].err = advance_one(h, &found[i], &v[i]);
		if (v[i].err)
			hk_advance_fail(&v[i], 1, v[i].err);
	}
	hk_counters_unlock(c);
	return HK_OK;
}

/* Whether an answer may leave that rests on what is in the file now. */
static bool any_answer(const struct hk_advance *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!v[i].err && v[i].freshness != HK_SEQ_STALE)
			return true;
	return false;
}

static void lmdb_advance(struct hk_keystore *store, struct hk_advance *v, size_t n)
{
	struct hk_lmdb_handle *h = handle_of(store);
	enum hk_err err = HK_OK;

	for (size_t i = 0; i < n && !err; i += LOOKED_UP)
		err = advance_some(h, v + i, n - i < LOOKED_UP ? n - i : LOOKED_UP);
	lmdb_release(store);
	if (!err && any_answer(v, n)) {
		hk_counters_mark(&h->l->counters);
		if (store->durability == HK_DURABLE_FULL)
			err = hk_counters_sync(&h->l->counters);
	}
	if (err)
		hk_advance_fail(v, n, err);
}

static enum hk_err lmdb_sync(struct hk_keystore *store)
{
	return hk_counters_sync(&handle_of(store)->l->counters);
}

/* ---- remove ---- */

static enum hk_err lmdb_remove(
	struct hk_keystore *store, const uint8_t *emsk_name, struct hk_bytes realm)
{
	struct hk_lmdb_handle *h = handle_of(store);
	uint8_t key[HK_RECORD_KEY_LEN];
	struct hk_lmdb_record r;
	MDB_txn *txn;
	enum hk_err err = hk_lmdb_begin(h->l, 1, &txn);

	if (err)
		return err;
	hk_record_key(&h->wrap, emsk_name, realm, key);
	err = hk_lmdb_get(h->l, txn, key, &r);
	if (err != HK_ERR_NOT_FOUND)
		err = hk_lmdb_remove(h, txn, &r);
	return finish(h, txn, err);
}

static enum hk_err lmdb_end(struct hk_keystore *store, const uint8_t *emsk_name,
	struct hk_bytes realm, struct hk_keyset *out)
{
	struct hk_lmdb_handle *h = handle_of(store);
	uint8_t key[HK_RECORD_KEY_LEN];
	struct hk_lmdb_record r;
	MDB_txn *txn;
	enum hk_err err = hk_lmdb_begin(h->l, 2, &txn);

	if (err)
		return err;
	hk_record_key(&h->wrap, emsk_name, realm, key);
	err = hk_lmdb_get(h->l, txn, key, &r);
	if (!err && read_counter(h, &r, &out->seq))
		out->seq = (struct hk_seq_state){0};
	if (!err)
		err = hk_record_open(&h->wrap, key, r.body, out);
	if (!err)
		err = hk_lmdb_end(h, txn, &r, out);
	return finish(h, txn, err);
}

/* The first entry of a table with a key of at least `key`, which becomes its key. */
static enum hk_err entry_from(struct hk_lmdb_handle *h, MDB_dbi table, uint8_t *key, MDB_val *v)
{
	MDB_val k = hk_lmdb_val(key, HK_RECORD_KEY_LEN);
	MDB_cursor *c;
	enum hk_err err = snapshot(h);
	int rc;

	if (err)
		return err;
	rc = mdb_cursor_open(h->snapshot, table, &c);
	if (rc)
		return hk_lmdb_error(rc);
	rc = mdb_cursor_get(c, &k, v, MDB_SET_RANGE);
	mdb_cursor_close(c);
	if (rc)
		return hk_lmdb_error(rc);
	memcpy(key, k.mv_data, HK_RECORD_KEY_LEN);
	return HK_OK;
}

static enum hk_err ended_from(
	struct hk_lmdb_handle *h, uint8_t *key, struct hk_keyset *out, bool *readable)
{
	MDB_val v;
	enum hk_err err = entry_from(h, h->l->ended, key, &v);

	if (err)
		return err;
	out->seq = (struct hk_seq_state){0};
	*readable = !hk_record_open_ended(&h->wrap, key, hk_bytes(v.mv_data, v.mv_size), out);
	return HK_OK;
}

static enum hk_err lmdb_next_ended(
	struct hk_keystore *store, struct hk_walk *cursor, struct hk_keyset *out)
{
	bool readable = false;
	enum hk_err err = HK_OK;

	while (!err && !readable) {
		/* behind the greatest key there is nothing; count says it is not the start */
		err = cursor->count == UINT64_MAX
			      ? HK_ERR_NOT_FOUND
			      : ended_from(handle_of(store), cursor->position, out, &readable);
		if (err)
			break;
		cursor->count++;
		if (!hk_lmdb_step(cursor->position, HK_RECORD_KEY_LEN))
			cursor->count = UINT64_MAX;
	}
	lmdb_release(store);
	return err;
}

static enum hk_err lmdb_forget(
	struct hk_keystore *store, const uint8_t *emsk_name, struct hk_bytes realm)
{
	struct hk_lmdb_handle *h = handle_of(store);
	uint8_t key[HK_RECORD_KEY_LEN];
	MDB_val k = hk_lmdb_val(key, sizeof key);
	MDB_txn *txn;
	enum hk_err err = hk_lmdb_begin(h->l, 1, &txn);

	if (err)
		return err;
	hk_record_key(&h->wrap, emsk_name, realm, key);
	return finish(h, txn, hk_lmdb_error(mdb_del(txn, h->l->ended, &k, NULL)));
}

static enum hk_err remove_listed(struct hk_lmdb_handle *h, MDB_txn *txn, struct hk_bytes user,
	struct hk_lmdb_list *list, const uint8_t *keep, size_t *removed)
{
	enum hk_err err = hk_lmdb_list_next(h->l, txn, list);

	for (size_t i = 0; i < list->n && !err; i++) {
		struct hk_lmdb_record r;

		if (keep && memcmp(list->keys[i], keep, HK_EMSK_NAME_LEN) == 0)
			continue;
		err = hk_lmdb_get(h->l, txn, list->keys[i], &r);
		if (err != HK_ERR_NOT_FOUND) {
			err = hk_lmdb_remove(h, txn, &r);
			++*removed;
		}
		if (!err || err == HK_ERR_NOT_FOUND)
			err = hk_lmdb_unlist(h, txn, user, list->keys[i]);
	}
	return err;
}

static enum hk_err lmdb_remove_user(
	struct hk_keystore *store, struct hk_bytes user, const uint8_t *keep, size_t *removed)
{
	struct hk_lmdb_handle *h = handle_of(store);
	struct hk_lmdb_list list;
	enum hk_err err = HK_OK;

	*removed = 0;
	hk_lmdb_list_begin(&h->wrap, user, &list);
	while (list.more && !err) {
		size_t n = 0;
		MDB_txn *txn;

		err = hk_lmdb_begin(h->l, HK_LISTED, &txn);
		if (err)
			return err;
		err = finish(h, txn, remove_listed(h, txn, user, &list, keep, &n));
		if (!err)
			*removed += n;
	}
	return err;
}

/* ---- walk ---- */

static enum hk_err record_from(struct hk_lmdb_handle *h, uint8_t *key, struct hk_lmdb_record *r)
{
	MDB_val v;
	enum hk_err err = entry_from(h, h->l->sets, key, &v);

	*r = (struct hk_lmdb_record){0};
	if (!err)
		hk_lmdb_view(key, &v, r); /* else it is not whole */
	return err;
}

/*
 * Looks for its way anew at each set: the visitor may use this handle. A record
 * that cannot be read is passed over; find tells of it.
 */
static enum hk_err lmdb_walk(struct hk_keystore *store, struct hk_walk *cursor, size_t max,
	bool (*visit)(void *arg, const struct hk_keyset *set), void *arg, bool *done)
{
	struct hk_lmdb_handle *h = handle_of(store);
	struct hk_keyset set;
	enum hk_err err = HK_OK;
	bool go_on = true;

	for (; max > 0 && go_on && !err; max--) {
		struct hk_lmdb_record r;

		/* behind the greatest key there is nothing; count says it is not the start */
		err = cursor->count == UINT64_MAX ? HK_ERR_NOT_FOUND
						  : record_from(h, cursor->position, &r);
		if (err)
			break;
		cursor->count++;
		if (r.whole && !record_read(h, &r, &set))
			go_on = visit(arg, &set);
		if (!hk_lmdb_step(cursor->position, HK_RECORD_KEY_LEN))
			cursor->count = UINT64_MAX;
	}
	hk_keyset_wipe(&set);
	lmdb_release(store);
	*done = err == HK_ERR_NOT_FOUND;
	return *done ? HK_OK : err;
}

/* ---- expire ---- */

struct expired {
	uint8_t keys[REMOVE_PER_TXN][HK_RECORD_KEY_LEN];
	size_t n;
};

/*
 * From h->expiry to `to`, up to *max sets, or until enough expired ones were
 * found for one transaction; *end: no set is left in the range.
 */
static enum hk_err find_expired(struct hk_lmdb_handle *h, const uint8_t *to, hk_time now,
	size_t *max, struct expired *found, bool *end)
{
	MDB_val k = hk_lmdb_val(h->expiry, sizeof h->expiry), v;
	MDB_cursor *c;
	enum hk_err err = snapshot(h);
	int rc;

	found->n = 0;
	*end = false;
	if (err)
		return err;
	rc = mdb_cursor_open(h->snapshot, h->l->sets, &c);
	if (rc)
		return hk_lmdb_error(rc);
	for (rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE); *max > 0 && found->n < REMOVE_PER_TXN;
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) {
		struct hk_lmdb_record r;
		hk_time expires, created;

		if (rc || memcmp(k.mv_data, to, sizeof h->expiry) > 0) {
			*end = true;
			break;
		}
		--*max;
		memcpy(h->expiry, k.mv_data, sizeof h->expiry);
		if (!hk_lmdb_view(h->expiry, &v, &r) &&
			!hk_record_times(r.body, &expires, &created) &&
			hk_keyset_ended(expires, now))
			memcpy(found->keys[found->n++], h->expiry, sizeof h->expiry);
		if (!hk_lmdb_step(h->expiry, sizeof h->expiry))
			*end = true;
	}
	mdb_cursor_close(c);
	lmdb_release(&h->base);
	return rc == MDB_NOTFOUND ? HK_OK : hk_lmdb_error(rc);
}

/* Takes out what is still there and still expired. */
static enum hk_err remove_expired(
	struct hk_lmdb_handle *h, struct expired *found, hk_time now, size_t *removed)
{
	MDB_txn *txn;
	size_t n = 0;
	enum hk_err err = hk_lmdb_begin(h->l, found->n, &txn);

	if (err)
		return err;
	for (size_t i = 0; i < found->n && !err; i++) {
		struct hk_lmdb_record r;
		hk_time expires, created;

		err = hk_lmdb_get(h->l, txn, found->keys[i], &r);
		if (!err)
			err = hk_record_times(r.body, &expires, &created);
		if (!err && hk_keyset_ended(expires, now)) {
			err = hk_lmdb_remove(h, txn, &r);
			n++;
		}
		if (err == HK_ERR_NOT_FOUND)
			err = HK_OK;
	}
	err = finish(h, txn, err);
	if (!err)
		*removed += n;
	return err;
}

static enum hk_err expire_range(
	struct hk_lmdb_handle *h, const uint8_t *to, hk_time now, size_t *max, size_t *removed)
{
	struct expired found;
	enum hk_err err = HK_OK;
	bool end = false;

	while (!err && !end && *max > 0) {
		err = find_expired(h, to, now, max, &found, &end);
		if (!err && found.n > 0)
			err = remove_expired(h, &found, now, removed);
	}
	if (end)
		memset(h->expiry, 0, sizeof h->expiry);
	return err;
}

static enum hk_err lmdb_expire(struct hk_keystore *store, hk_time now, size_t max, size_t *removed)
{
	struct hk_lmdb_handle *h = handle_of(store);
	uint8_t start[HK_RECORD_KEY_LEN], last[HK_RECORD_KEY_LEN];
	enum hk_err err;
	int dead;

	/* what a killed process read from is of use again */
	mdb_reader_check(h->l->env, &dead);
	*removed = 0;
	memcpy(start, h->expiry, sizeof start);
	memset(last, 0xff, sizeof last);
	err = expire_range(h, last, now, &max, removed);
	/* then around, to where it began */
	return err || max == 0 ? err : expire_range(h, start, now, &max, removed);
}

/* ---- handles ---- */

static enum hk_err lmdb_stats(struct hk_keystore *store, struct hk_keystore_stats *out)
{
	struct hk_lmdb_handle *h = handle_of(store);
	MDB_envinfo info;
	MDB_stat stat = {0};
	enum hk_err err = snapshot(h);

	if (err)
		return err;
	err = hk_lmdb_error(mdb_stat(h->snapshot, h->l->sets, &stat));
	mdb_env_info(h->l->env, &info);
	lmdb_release(store);
	out->sets = stat.ms_entries;
	out->bytes = ((uint64_t)info.me_last_pgno + 1) * h->l->page_size +
		     h->l->counters.slots * HK_COUNTER_LEN;
	out->max_bytes = h->l->map_bytes + h->l->counters.max * HK_COUNTER_LEN;
	return err;
}

static void lmdb_close(struct hk_keystore *store)
{
	struct hk_lmdb_handle *h = handle_of(store);
	struct hk_lmdb *l = h->l;

	mdb_txn_abort(h->snapshot);
	hk_wrap_end(&h->wrap);
	free(h);
	if (--l->handles == 0)
		hk_lmdb_close(l);
}

static enum hk_err lmdb_share(struct hk_keystore *store, struct hk_keystore **out);

static const struct hk_keystore_ops lmdb_ops = {
	.share = lmdb_share,
	.close = lmdb_close,
	.put = lmdb_put,
	.find = lmdb_find,
	.advance = lmdb_advance,
	.grant = lmdb_grant,
	.sync = lmdb_sync,
	.release = lmdb_release,
	.remove = lmdb_remove,
	.end = lmdb_end,
	.next_ended = lmdb_next_ended,
	.forget = lmdb_forget,
	.remove_user = lmdb_remove_user,
	.walk = lmdb_walk,
	.expire = lmdb_expire,
	.stats = lmdb_stats,
};

static enum hk_err handle_new(struct hk_lmdb *l, struct hk_keystore **out)
{
	struct hk_lmdb_handle *h = calloc(1, sizeof *h);
	enum hk_err err;

	if (!h)
		return HK_ERR_NO_MEMORY;
	h->base.ops = &lmdb_ops;
	h->base.durability = l->durability;
	h->l = l;
	err = hk_wrap_init(&h->wrap, l->wrap_key, l->salt);
	if (err) {
		hk_wrap_end(&h->wrap);
		free(h);
		return err;
	}
	l->handles++;
	*out = &h->base;
	return HK_OK;
}

static enum hk_err lmdb_share(struct hk_keystore *store, struct hk_keystore **out)
{
	return handle_new(handle_of(store)->l, out);
}

enum hk_err hk_keystore_lmdb_open(struct hk_keystore_lmdb_config *config, struct hk_keystore **out)
{
	struct hk_lmdb *l;
	enum hk_err err;

	*out = NULL;
	err = hk_lmdb_open(config, &l);
	if (err)
		return err;
	err = handle_new(l, out);
	if (err)
		hk_lmdb_close(l);
	return err;
}
