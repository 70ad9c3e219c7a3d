/* SPDX-License-Identifier: ISC */
/*
 * The key store in an LMDB file: crash-safe, shared between processes, read
 * without locks. All reads of a handle between two releases see one snapshot;
 * whether a number is fresh is decided in the one write transaction at a time.
 */
#include "keystore/lmdb_store.h"

#include "crypto/crypto.h"

#include <stdlib.h>

#define REMOVE_PER_TXN 64 /* sets; others who write wait that long */
#define USER_KEY_LEN   (HK_RECORD_USER_LEN + HK_RECORD_KEY_LEN)
#define USER_KEY_AT    HK_RECORD_USER_LEN /* of the record key in a user key */

struct handle {
	struct hk_keystore base;
	struct hk_lmdb *l;
	struct hk_wrap wrap;
	MDB_txn *snapshot;
	bool snapshot_live;
	uint8_t expiry[HK_RECORD_KEY_LEN]; /* from where the next expire goes on */
};

static struct handle *handle_of(struct hk_keystore *store)
{
	return (struct handle *)store;
}

static MDB_val val(const void *data, size_t len)
{
	return (MDB_val){len, (void *)data};
}

/* Everything but advances is on the disk on return, unless a power cut may cost it. */
static enum hk_err commit_durably(struct handle *h, MDB_txn *txn)
{
	enum hk_err err = hk_lmdb_commit(h->l, txn);

	return !err && h->base.durability == HK_DURABLE_BATCH ? hk_lmdb_sync(h->l) : err;
}

/* ---- records ---- */

struct record {
	uint8_t *key;
	const uint8_t *state; /* HK_RECORD_STATE_LEN octets */
	struct hk_bytes body;
};

static enum hk_err record_view(uint8_t *key, const MDB_val *value, struct record *r)
{
	*r = (struct record){.key = key, .body = HK_NO_BYTES};
	if (value->mv_size < HK_RECORD_STATE_LEN || value->mv_size > HK_RECORD_MAX)
		return HK_ERR_STORE;
	r->state = value->mv_data;
	r->body = hk_bytes(r->state + HK_RECORD_STATE_LEN, value->mv_size - HK_RECORD_STATE_LEN);
	return HK_OK;
}

static enum hk_err record_get(struct handle *h, MDB_txn *txn, uint8_t *key, struct record *r)
{
	MDB_val k = val(key, HK_RECORD_KEY_LEN), v;
	int rc = mdb_get(txn, h->l->sets, &k, &v);

	return rc ? hk_lmdb_error(rc) : record_view(key, &v, r);
}

static enum hk_err record_read(struct handle *h, const struct record *r, struct hk_keyset *out)
{
	enum hk_err err = hk_record_read_state(&h->wrap, r->key, r->state, &out->seq);

	return err ? err : hk_record_open(&h->wrap, r->key, r->body, out);
}

/* ---- index of users ---- */

static void user_key(const struct hk_wrap *w, struct hk_bytes user, const uint8_t *key,
	uint8_t out[USER_KEY_LEN])
{
	hk_record_user(w, user, out);
	memcpy(out + USER_KEY_AT, key, HK_RECORD_KEY_LEN);
}

static enum hk_err index_add(struct handle *h, MDB_txn *txn, struct hk_bytes user, uint8_t *key)
{
	uint8_t name[USER_KEY_LEN];
	MDB_val k = val(name, sizeof name), v = val("", 0);

	if (user.len == 0)
		return HK_OK;
	user_key(&h->wrap, user, key, name);
	return hk_lmdb_error(mdb_put(txn, h->l->users, &k, &v, 0));
}

static enum hk_err index_remove(
	struct handle *h, MDB_txn *txn, struct hk_bytes user, const uint8_t *key)
{
	uint8_t name[USER_KEY_LEN];
	MDB_val k = val(name, sizeof name);
	int rc;

	if (user.len == 0)
		return HK_OK;
	user_key(&h->wrap, user, key, name);
	rc = mdb_del(txn, h->l->users, &k, NULL);
	return rc == MDB_NOTFOUND ? HK_OK : hk_lmdb_error(rc);
}

/*
 * Takes a record and its index entry out. That of a record that cannot be
 * read any more stays, and goes when it is met.
 */
static enum hk_err record_remove(struct handle *h, MDB_txn *txn, const struct record *r)
{
	MDB_val k = val(r->key, HK_RECORD_KEY_LEN);
	struct hk_keyset set;
	enum hk_err err = HK_OK;

	if (!hk_record_open(&h->wrap, r->key, r->body, &set))
		err = index_remove(h, txn, hk_bytes(set.user, set.user_len), r->key);
	hk_wipe(&set.keys, sizeof set.keys);
	return err ? err : hk_lmdb_error(mdb_del(txn, h->l->sets, &k, NULL));
}

/* The next number of n octets; false: that was the last one. */
static bool step(uint8_t *p, size_t n)
{
	while (n > 0)
		if (++p[--n] != 0)
			return true;
	return false;
}

#define LISTED 64

struct listed {
	uint8_t from[USER_KEY_LEN]; /* where the list goes on; begins with the user */
	uint8_t keys[LISTED][HK_RECORD_KEY_LEN];
	size_t n;
	bool more;
};

static void list_begin(const struct hk_wrap *w, struct hk_bytes user, struct listed *list)
{
	static const uint8_t first[HK_RECORD_KEY_LEN];

	user_key(w, user, first, list->from);
	list->more = true;
}

/* The next record keys of the user. */
static enum hk_err list_next(struct handle *h, MDB_txn *txn, struct listed *list)
{
	MDB_val k = val(list->from, USER_KEY_LEN), v;
	MDB_cursor *c;
	int rc = mdb_cursor_open(txn, h->l->users, &c);

	list->n = 0;
	if (rc)
		return hk_lmdb_error(rc);
	for (rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE); !rc && list->n < LISTED;
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) {
		if (k.mv_size != USER_KEY_LEN ||
			memcmp(k.mv_data, list->from, HK_RECORD_USER_LEN) != 0)
			break;
		memcpy(list->keys[list->n++], (uint8_t *)k.mv_data + USER_KEY_AT,
			HK_RECORD_KEY_LEN);
	}
	mdb_cursor_close(c);
	list->more = list->n == LISTED;
	if (list->more) {
		memcpy(list->from + USER_KEY_AT, list->keys[LISTED - 1], HK_RECORD_KEY_LEN);
		list->more = step(list->from + USER_KEY_AT, HK_RECORD_KEY_LEN);
	}
	return rc == MDB_NOTFOUND ? HK_OK : hk_lmdb_error(rc);
}

/* ---- put ---- */

#define TRIM_PER_PUT 4 /* when a limit was lowered, it takes several puts */

/* When a set was made: 0, so the first to go, when its record cannot be read. */
static enum hk_err created_at(struct handle *h, MDB_txn *txn, uint8_t *key, hk_time *created)
{
	struct record r;
	hk_time expires;
	enum hk_err err = record_get(h, txn, key, &r);

	if (err == HK_ERR_NOT_FOUND)
		return err;
	if (err || hk_record_times(r.body, &expires, created))
		*created = 0;
	return HK_OK;
}

/* How many sets the user has, and which but `own` is the oldest. */
static enum hk_err count_user(struct handle *h, MDB_txn *txn, struct hk_bytes user,
	const uint8_t *own, uint32_t *count, uint8_t oldest[HK_RECORD_KEY_LEN])
{
	hk_time created, least = HK_NEVER;
	struct listed list;
	enum hk_err err = HK_OK;

	*count = 0;
	list_begin(&h->wrap, user, &list);
	while (list.more && !err) {
		err = list_next(h, txn, &list);
		for (size_t i = 0; i < list.n && !err; i++) {
			if (created_at(h, txn, list.keys[i], &created)) {
				err = index_remove(h, txn, user, list.keys[i]);
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

static enum hk_err limit_user(
	struct handle *h, MDB_txn *txn, struct hk_bytes user, const uint8_t *own)
{
	uint8_t oldest[HK_RECORD_KEY_LEN];
	struct record r;
	uint32_t count;

	if (h->l->max_sets_per_user == 0 || user.len == 0)
		return HK_OK;
	for (int i = 0; i < TRIM_PER_PUT; i++) {
		enum hk_err err = count_user(h, txn, user, own, &count, oldest);

		if (err || count <= h->l->max_sets_per_user)
			return err;
		err = record_get(h, txn, oldest, &r);
		if (!err)
			err = record_remove(h, txn, &r);
		if (err)
			return err;
	}
	return HK_OK;
}

/* What is there under the name of the new set: gives its counter, or a refusal. */
static enum hk_err succeed(struct handle *h, MDB_txn *txn, uint8_t *key,
	const struct hk_keyset *set, struct hk_seq_state *seq)
{
	struct hk_keyset old;
	struct record r;
	enum hk_err err = record_get(h, txn, key, &r);

	*seq = set->seq;
	if (err)
		return err == HK_ERR_NOT_FOUND ? HK_OK : err;
	err = record_read(h, &r, &old);
	if (err)
		return err;
	if (hk_erp_keys_same(&old.keys, &set->keys))
		*seq = old.seq;
	else if (!hk_keyset_ended(old.expires, set->created))
		err = HK_ERR_EXISTS;
	if (!err)
		err = index_remove(h, txn, hk_bytes(old.user, old.user_len), key);
	hk_wipe(&old.keys, sizeof old.keys);
	return err;
}

static enum hk_err put_in(struct handle *h, MDB_txn *txn, uint8_t *key, const struct hk_keyset *set)
{
	struct hk_bytes user = hk_bytes(set->user, set->user_len);
	uint8_t octets[HK_RECORD_MAX];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	struct hk_seq_state seq;
	MDB_val k = val(key, HK_RECORD_KEY_LEN), v;
	enum hk_err err = succeed(h, txn, key, set, &seq);

	if (err)
		return err;
	hk_record_write_state(&h->wrap, key, &seq, hk_put_room(&b, HK_RECORD_STATE_LEN));
	err = hk_record_seal(&h->wrap, key, set, &b);
	if (err)
		return err;
	v = val(b.data, b.len);
	err = hk_lmdb_error(mdb_put(txn, h->l->sets, &k, &v, 0));
	if (!err)
		err = index_add(h, txn, user, key);
	return err ? err : limit_user(h, txn, user, key);
}

/* ---- the snapshot ---- */

static enum hk_err snapshot(struct handle *h)
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
	struct handle *h = handle_of(store);

	if (h->snapshot_live)
		mdb_txn_reset(h->snapshot);
	h->snapshot_live = false;
}

/* ---- room ---- */

static enum hk_err count_free_pages(struct handle *h, uint64_t *pages)
{
	MDB_cursor *c;
	MDB_val k, v;
	size_t n;
	int rc = mdb_cursor_open(h->snapshot, 0, &c); /* LMDB's list of free pages */

	*pages = 0;
	if (rc)
		return hk_lmdb_error(rc);
	while ((rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) == 0) {
		memcpy(&n, v.mv_data, sizeof n);
		*pages += n;
	}
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? HK_OK : hk_lmdb_error(rc);
}

/*
 * Puts are refused a little before the store is full, so that sequence numbers
 * can still be stored and sets removed: a changed page needs a new one first.
 */
static enum hk_err room_for_put(struct handle *h)
{
	struct hk_lmdb *l = h->l;
	uint64_t most = l->max_bytes / l->page_size, reserve = most / 32 + 128, left;
	MDB_envinfo info;
	enum hk_err err;

	mdb_env_info(l->env, &info);
	left = most > info.me_last_pgno ? most - info.me_last_pgno : 0;
	if (left > reserve)
		return HK_OK;
	if (l->puts_left > 0) {
		l->puts_left--;
		return HK_OK;
	}
	err = snapshot(h);
	if (!err) {
		uint64_t free_pages;

		err = count_free_pages(h, &free_pages);
		left += free_pages;
	}
	lmdb_release(&h->base);
	if (!err && left <= reserve)
		return hk_lmdb_error(MDB_MAP_FULL);
	l->puts_left = (uint32_t)((left - reserve) / 16);
	return err;
}

static enum hk_err lmdb_put(struct hk_keystore *store, const struct hk_keyset *set)
{
	struct handle *h = handle_of(store);
	uint8_t key[HK_RECORD_KEY_LEN];
	MDB_txn *txn;
	enum hk_err err = room_for_put(h);

	if (!err)
		err = hk_lmdb_begin(h->l, 2 + TRIM_PER_PUT, &txn);
	if (err)
		return err;
	hk_record_key(&h->wrap, set->emsk_name, hk_bytes(set->realm, set->realm_len), key);
	err = put_in(h, txn, key, set);
	if (!err)
		return commit_durably(h, txn);
	mdb_txn_abort(txn);
	return err;
}

/* ---- find ---- */

static enum hk_err lmdb_find(struct hk_keystore *store, const uint8_t *emsk_name,
	struct hk_bytes realm, hk_time now, struct hk_keyset *out)
{
	struct handle *h = handle_of(store);
	uint8_t key[HK_RECORD_KEY_LEN];
	hk_time expires, created;
	struct record r;
	enum hk_err err = snapshot(h);

	if (err)
		return err;
	hk_record_key(&h->wrap, emsk_name, realm, key);
	err = record_get(h, h->snapshot, key, &r);
	if (!err)
		err = hk_record_times(r.body, &expires, &created);
	if (!err && hk_keyset_ended(expires, now))
		err = HK_ERR_EXPIRED;
	return err ? err : record_read(h, &r, out);
}

/* ---- advance ---- */

static enum hk_err advance_record(
	struct handle *h, const struct record *r, struct hk_seq_state *seq, struct hk_advance *v)
{
	hk_time expires, created;
	enum hk_err err = hk_record_times(r->body, &expires, &created);

	if (!err)
		err = hk_record_read_state(&h->wrap, r->key, r->state, seq);
	if (!err)
		hk_advance_decide(seq, expires, v);
	return err;
}

/*
 * Decides one entry; its own failures are in it. Returns an error when the
 * transaction is lost.
 */
static enum hk_err advance_one(struct handle *h, MDB_cursor *c, struct hk_advance *v)
{
	uint8_t key[HK_RECORD_KEY_LEN], octets[HK_RECORD_MAX];
	MDB_val k = val(key, sizeof key), value;
	struct hk_seq_state seq;
	struct record r;
	enum hk_err err;

	hk_record_key(&h->wrap, v->emsk_name, v->realm, key);
	err = hk_lmdb_error(mdb_cursor_get(c, &k, &value, MDB_SET));
	if (err && err != HK_ERR_NOT_FOUND)
		return err;
	if (!err)
		err = record_view(key, &value, &r);
	if (!err)
		err = advance_record(h, &r, &seq, v);
	if (err) {
		hk_advance_fail(v, 1, err);
		return HK_OK;
	}
	if (v->err || v->freshness != HK_SEQ_FRESH)
		return HK_OK;
	memcpy(octets, value.mv_data, value.mv_size);
	hk_record_write_state(&h->wrap, key, &seq, octets);
	value.mv_data = octets;
	return hk_lmdb_error(mdb_cursor_put(c, &k, &value, MDB_CURRENT));
}

static bool any_fresh(const struct hk_advance *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!v[i].err && v[i].freshness == HK_SEQ_FRESH)
			return true;
	return false;
}

static enum hk_err advance_all(struct handle *h, MDB_txn *txn, struct hk_advance *v, size_t n)
{
	MDB_cursor *c;
	enum hk_err err = hk_lmdb_error(mdb_cursor_open(txn, h->l->sets, &c));

	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		err = advance_one(h, c, &v[i]);
	mdb_cursor_close(c);
	return err;
}

static void lmdb_advance(struct hk_keystore *store, struct hk_advance *v, size_t n)
{
	struct handle *h = handle_of(store);
	MDB_txn *txn;
	enum hk_err err = hk_lmdb_begin(h->l, n, &txn);

	if (!err) {
		err = advance_all(h, txn, v, n);
		if (!err && any_fresh(v, n))
			err = hk_lmdb_commit(h->l, txn);
		else
			mdb_txn_abort(txn);
	}
	if (err)
		hk_advance_fail(v, n, err);
}

static enum hk_err lmdb_sync(struct hk_keystore *store)
{
	return hk_lmdb_sync(handle_of(store)->l);
}

/* ---- remove ---- */

static enum hk_err lmdb_remove(
	struct hk_keystore *store, const uint8_t *emsk_name, struct hk_bytes realm)
{
	struct handle *h = handle_of(store);
	uint8_t key[HK_RECORD_KEY_LEN];
	struct record r;
	MDB_txn *txn;
	enum hk_err err = hk_lmdb_begin(h->l, 1, &txn);

	if (err)
		return err;
	hk_record_key(&h->wrap, emsk_name, realm, key);
	err = record_get(h, txn, key, &r);
	if (!err)
		err = record_remove(h, txn, &r);
	if (!err)
		return commit_durably(h, txn);
	mdb_txn_abort(txn);
	return err;
}

static enum hk_err remove_listed(struct handle *h, MDB_txn *txn, struct hk_bytes user,
	struct listed *list, const uint8_t *keep, size_t *removed)
{
	enum hk_err err = list_next(h, txn, list);

	for (size_t i = 0; i < list->n && !err; i++) {
		struct record r;

		if (keep && memcmp(list->keys[i], keep, HK_EMSK_NAME_LEN) == 0)
			continue;
		err = record_get(h, txn, list->keys[i], &r);
		if (!err)
			err = record_remove(h, txn, &r);
		if (!err)
			++*removed;
		if (!err || err == HK_ERR_NOT_FOUND)
			err = index_remove(h, txn, user, list->keys[i]);
	}
	return err;
}

static enum hk_err lmdb_remove_user(
	struct hk_keystore *store, struct hk_bytes user, const uint8_t *keep, size_t *removed)
{
	struct handle *h = handle_of(store);
	struct listed list;
	enum hk_err err = HK_OK;

	*removed = 0;
	list_begin(&h->wrap, user, &list);
	while (list.more && !err) {
		MDB_txn *txn;

		err = hk_lmdb_begin(h->l, LISTED, &txn);
		if (err)
			return err;
		err = remove_listed(h, txn, user, &list, keep, removed);
		if (err)
			mdb_txn_abort(txn);
		else
			err = commit_durably(h, txn);
	}
	return err;
}

/* ---- walk ---- */

/* The first record with a key of at least `key`, which becomes its key. */
static enum hk_err record_from(struct handle *h, uint8_t *key, struct record *r)
{
	MDB_val k = val(key, HK_RECORD_KEY_LEN), v;
	MDB_cursor *c;
	enum hk_err err = snapshot(h);
	int rc;

	*r = (struct record){0};
	if (err)
		return err;
	rc = mdb_cursor_open(h->snapshot, h->l->sets, &c);
	if (rc)
		return hk_lmdb_error(rc);
	rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE);
	mdb_cursor_close(c);
	if (rc)
		return hk_lmdb_error(rc);
	memcpy(key, k.mv_data, HK_RECORD_KEY_LEN);
	record_view(key, &v, r); /* else without state */
	return HK_OK;
}

/*
 * Looks for its way anew at each set: the visitor may use this handle. A record
 * that cannot be read is passed over; find tells of it.
 */
static enum hk_err lmdb_walk(struct hk_keystore *store, struct hk_walk *cursor, size_t max,
	bool (*visit)(void *arg, const struct hk_keyset *set), void *arg, bool *done)
{
	struct handle *h = handle_of(store);
	struct hk_keyset set;
	enum hk_err err = HK_OK;
	bool go_on = true;

	for (; max > 0 && go_on && !err; max--) {
		struct record r;

		/* behind the greatest key there is nothing; count says it is not the start */
		err = cursor->count == UINT64_MAX ? HK_ERR_NOT_FOUND
						  : record_from(h, cursor->position, &r);
		if (err)
			break;
		cursor->count++;
		if (r.state && !record_read(h, &r, &set))
			go_on = visit(arg, &set);
		if (!step(cursor->position, HK_RECORD_KEY_LEN))
			cursor->count = UINT64_MAX;
	}
	hk_wipe(&set.keys, sizeof set.keys);
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
static enum hk_err find_expired(struct handle *h, const uint8_t *to, hk_time now, size_t *max,
	struct expired *found, bool *end)
{
	MDB_val k = val(h->expiry, sizeof h->expiry), v;
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
		struct record r;
		hk_time expires, created;

		if (rc || memcmp(k.mv_data, to, sizeof h->expiry) > 0) {
			*end = true;
			break;
		}
		--*max;
		memcpy(h->expiry, k.mv_data, sizeof h->expiry);
		if (!record_view(h->expiry, &v, &r) &&
			!hk_record_times(r.body, &expires, &created) &&
			hk_keyset_ended(expires, now))
			memcpy(found->keys[found->n++], h->expiry, sizeof h->expiry);
		if (!step(h->expiry, sizeof h->expiry))
			*end = true;
	}
	mdb_cursor_close(c);
	lmdb_release(&h->base);
	return rc == MDB_NOTFOUND ? HK_OK : hk_lmdb_error(rc);
}

/* Takes out what is still there and still expired. */
static enum hk_err remove_expired(
	struct handle *h, struct expired *found, hk_time now, size_t *removed)
{
	MDB_txn *txn;
	size_t n = 0;
	enum hk_err err = hk_lmdb_begin(h->l, found->n, &txn);

	if (err)
		return err;
	for (size_t i = 0; i < found->n && !err; i++) {
		struct record r;
		hk_time expires, created;

		err = record_get(h, txn, found->keys[i], &r);
		if (!err)
			err = hk_record_times(r.body, &expires, &created);
		if (!err && hk_keyset_ended(expires, now)) {
			err = record_remove(h, txn, &r);
			n++;
		}
		if (err == HK_ERR_NOT_FOUND)
			err = HK_OK;
	}
	if (!err)
		err = hk_lmdb_commit(h->l, txn);
	else
		mdb_txn_abort(txn);
	if (!err)
		*removed += n;
	return err;
}

static enum hk_err expire_range(
	struct handle *h, const uint8_t *to, hk_time now, size_t *max, size_t *removed)
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
	struct handle *h = handle_of(store);
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
	struct handle *h = handle_of(store);
	MDB_envinfo info;
	MDB_stat stat = {0};
	enum hk_err err = snapshot(h);

	if (err)
		return err;
	err = hk_lmdb_error(mdb_stat(h->snapshot, h->l->sets, &stat));
	mdb_env_info(h->l->env, &info);
	lmdb_release(store);
	out->sets = stat.ms_entries;
	out->bytes = ((uint64_t)info.me_last_pgno + 1) * h->l->page_size;
	out->max_bytes = h->l->max_bytes;
	return err;
}

static void lmdb_close(struct hk_keystore *store)
{
	struct handle *h = handle_of(store);
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
	.sync = lmdb_sync,
	.release = lmdb_release,
	.remove = lmdb_remove,
	.remove_user = lmdb_remove_user,
	.walk = lmdb_walk,
	.expire = lmdb_expire,
	.stats = lmdb_stats,
};

static enum hk_err handle_new(struct hk_lmdb *l, struct hk_keystore **out)
{
	struct handle *h = calloc(1, sizeof *h);
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
