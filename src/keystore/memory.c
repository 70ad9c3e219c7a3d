/* SPDX-License-Identifier: ISC */
/*
 * The key store in memory.
 *
 * Records hang in 1024 shards by name and realm, and in 1024 others by user
 * (all sets of one user form a ring, newest first). Of sets that have ended the
 * records, without their keys, hang in a table of their own. Locks are taken in the
 * order set shard, ended, user shard, pool of shared strings; never two of one kind.
 */
#include "crypto/crypto.h"
#include "keystore/hash.h"
#include "keystore/intern.h"
#include "keystore/shard.h"
#include "keystore/store.h"

#include <stdatomic.h>

/* What only sets have whose keys go to, or came from, another domain. */
struct kept {
	struct hk_kept_emsk emsk;
	const struct hk_blob *home; /* NULL: none */
	uint8_t ngrants;
	struct hk_grant grants[];
};

/* What a lookup and advance touch comes first: one cache line. */
struct record {
	uint8_t emsk_name[HK_EMSK_NAME_LEN];
	const struct hk_blob *realm;
	hk_time expires;
	struct hk_seq_state seq;
	struct hk_erp_keys keys;
	uint8_t user_len;
	bool shared_user;
	hk_time created;
	hk_time session_end;
	const struct hk_blob *authorization;
	struct record *newer; /* ring of the user's sets */
	struct record *older;
	struct kept *kept; /* NULL: nothing */
	uint8_t user[];
};

struct memory {
	struct hk_keystore_memory_config config;
	struct hk_hash_seed seed;
	atomic_uint handles;
	_Atomic uint64_t sets;
	_Atomic uint64_t bytes; /* of records and tables */
	struct hk_intern *strings;
	struct hk_shard by_name[HK_SHARDS];
	struct hk_shard by_user[HK_SHARDS];
	_Atomic uint64_t nended;
	struct hk_shard ended; /* by the hash of the name */
};

struct handle {
	struct hk_keystore base;
	struct memory *m;
	uint64_t expiry; /* hash from which the next expire goes on */
};

/* Where a key set is, or would be. */
struct place {
	struct hk_shard *shard;
	uint64_t inner;
	uint32_t index;
};

static struct memory *memory_of(struct hk_keystore *store)
{
	return ((struct handle *)store)->m;
}

static struct hk_bytes user_of(const struct record *r)
{
	return hk_bytes(r->user, r->user_len);
}

static size_t record_size(size_t user_len)
{
	return sizeof(struct record) + user_len;
}

/* ---- tables, with their size accounted ---- */

static bool table_insert(struct memory *m, struct hk_table *t, uint64_t inner, void *item)
{
	size_t before = hk_table_bytes(t);

	if (!hk_table_insert(t, inner, item))
		return false;
	m->bytes += hk_table_bytes(t) - before;
	return true;
}

static void table_remove(struct memory *m, struct hk_table *t, uint32_t index)
{
	size_t before = hk_table_bytes(t);

	hk_table_remove(t, index);
	m->bytes -= before - hk_table_bytes(t);
}

/* ---- by user ---- */

/* Locks the shard of the user. Gives the newest set or NULL. */
static struct record *lock_user(struct memory *m, struct hk_bytes user, struct place *p)
{
	uint64_t hash = hk_hash_end(hk_hash_octets(&m->seed, m->seed.start, user, HK_HASH_CASE));
	struct record *r;

	p->shard = &m->by_user[hk_shard_index(hash)];
	p->inner = hk_shard_inner(hash);
	pthread_mutex_lock(&p->shard->lock);
	p->index = hk_table_search(&p->shard->table, p->inner);
	while ((r = hk_table_at(&p->shard->table, p->index, p->inner)) != NULL) {
		if (hk_bytes_equal(user_of(r), user))
			return r;
		p->index++;
	}
	return NULL;
}

static bool user_link(struct memory *m, struct record *r)
{
	struct place p;
	struct record *newest;
	bool linked = true;

	r->newer = r->older = r;
	if (r->user_len == 0)
		return true;
	newest = lock_user(m, user_of(r), &p);
	if (newest) {
		r->older = newest;
		r->newer = newest->newer;
		r->newer->older = r;
		newest->newer = r;
		p.shard->table.slots[p.index].item = r;
	} else {
		linked = table_insert(m, &p.shard->table, p.inner, r);
	}
	pthread_mutex_unlock(&p.shard->lock);
	return linked;
}

static void user_unlink(struct memory *m, struct record *r)
{
	struct place p;
	struct record *newest;

	if (r->user_len == 0)
		return;
	newest = lock_user(m, user_of(r), &p);
	if (r->older == r) {
		table_remove(m, &p.shard->table, p.index);
	} else {
		r->older->newer = r->newer;
		r->newer->older = r->older;
		if (newest == r)
			p.shard->table.slots[p.index].item = r->older;
	}
	pthread_mutex_unlock(&p.shard->lock);
}

/* ---- what is kept with some records ---- */

static size_t kept_size(size_t ngrants)
{
	return sizeof(struct kept) + ngrants * sizeof(struct hk_grant);
}

static void kept_free(struct memory *m, struct kept *k)
{
	if (!k)
		return;
	if (k->home)
		hk_intern_give_back(m->strings, k->home);
	m->bytes -= hk_heap_bytes(kept_size(k->ngrants));
	hk_wipe(k, kept_size(k->ngrants));
	free(k);
}

/* Changes r only when there was memory. */
static bool kept_set(struct memory *m, struct record *r, const struct hk_kept_emsk *emsk,
	const struct hk_grants *grants, struct hk_bytes home)
{
	struct kept *k = NULL;

	if (emsk->kdf || grants->n || home.len) {
		k = calloc(1, kept_size(grants->n));
		if (!k)
			return false;
		m->bytes += hk_heap_bytes(kept_size(grants->n));
		k->emsk = *emsk;
		k->ngrants = grants->n;
		memcpy(k->grants, grants->list, grants->n * sizeof k->grants[0]);
		k->home = home.len ? hk_intern_take(m->strings, home) : NULL;
		if (home.len && !k->home) {
			kept_free(m, k);
			return false;
		}
	}
	kept_free(m, r->kept);
	r->kept = k;
	return true;
}

static struct hk_bytes home_of(const struct record *r)
{
	return r->kept && r->kept->home ? hk_blob_bytes(r->kept->home) : HK_NO_BYTES;
}

static void kept_copy(const struct kept *k, struct hk_kept_emsk *emsk, struct hk_grants *grants)
{
	if (!k) {
		emsk->kdf = 0;
		grants->n = 0;
		return;
	}
	*emsk = k->emsk;
	grants->n = k->ngrants;
	memcpy(grants->list, k->grants, k->ngrants * sizeof k->grants[0]);
}

/* ---- records ---- */

static void record_free(struct memory *m, struct record *r)
{
	size_t size = record_size(r->user_len);

	kept_free(m, r->kept);
	if (r->realm)
		hk_intern_give_back(m->strings, r->realm);
	if (r->authorization)
		hk_intern_give_back(m->strings, r->authorization);
	m->bytes -= hk_heap_bytes(size);
	hk_wipe(r, size);
	free(r);
}

static struct record *record_new(struct memory *m, const struct hk_keyset *set)
{
	size_t size = record_size(set->user_len);
	struct record *r = calloc(1, size);

	if (!r)
		return NULL;
	m->bytes += hk_heap_bytes(size);
	memcpy(r->emsk_name, set->emsk_name, sizeof r->emsk_name);
	r->expires = set->expires;
	r->seq = set->seq;
	r->keys = set->keys;
	r->created = set->created;
	r->session_end = set->session_end;
	r->shared_user = set->shared_user;
	r->user_len = (uint8_t)set->user_len;
	memcpy(r->user, set->user, set->user_len);
	r->realm = hk_intern_take(m->strings, hk_bytes(set->realm, set->realm_len));
	r->authorization =
		hk_intern_take(m->strings, hk_bytes(set->authorization, set->authorization_len));
	if (r->realm && r->authorization &&
		kept_set(m, r, &set->emsk, &set->grants, hk_bytes(set->home, set->home_len)))
		return r;
	record_free(m, r);
	return NULL;
}

static void record_copy(const struct record *r, struct hk_keyset *out)
{
	memcpy(out->emsk_name, r->emsk_name, sizeof out->emsk_name);
	out->keys = r->keys;
	out->seq = r->seq;
	out->created = r->created;
	out->expires = r->expires;
	out->session_end = r->session_end;
	out->shared_user = r->shared_user;
	out->realm_len = r->realm->len;
	out->user_len = r->user_len;
	out->authorization_len = r->authorization->len;
	memcpy(out->realm, r->realm->data, r->realm->len);
	memcpy(out->user, r->user, r->user_len);
	memcpy(out->authorization, r->authorization->data, r->authorization->len);
	kept_copy(r->kept, &out->emsk, &out->grants);
	out->home_len = (uint8_t)home_of(r).len;
	if (out->home_len)
		memcpy(out->home, home_of(r).data, out->home_len);
}

static uint64_t hash_name(const struct memory *m, const uint8_t *emsk_name, struct hk_bytes realm)
{
	uint64_t hash = hk_hash_octets(
		&m->seed, m->seed.start, hk_bytes(emsk_name, HK_EMSK_NAME_LEN), HK_HASH_CASE);

	return hk_hash_end(hk_hash_octets(&m->seed, hash, realm, HK_HASH_FOLD));
}

/* Locks the shard. Gives the record there of that name, under p->inner, or NULL. */
static struct record *lock_record(struct place *p, const uint8_t *emsk_name, struct hk_bytes realm)
{
	struct record *r;

	pthread_mutex_lock(&p->shard->lock);
	p->index = hk_table_search(&p->shard->table, p->inner);
	while ((r = hk_table_at(&p->shard->table, p->index, p->inner)) != NULL) {
		if (memcmp(r->emsk_name, emsk_name, HK_EMSK_NAME_LEN) == 0 &&
			hk_realm_equal(hk_blob_bytes(r->realm), realm))
			return r;
		p->index++;
	}
	return NULL;
}

/* Locks the shard of the name. Gives its record or NULL. */
static struct record *lock_name(
	struct memory *m, const uint8_t *emsk_name, struct hk_bytes realm, struct place *p)
{
	uint64_t hash = hash_name(m, emsk_name, realm);

	p->shard = &m->by_name[hk_shard_index(hash)];
	p->inner = hk_shard_inner(hash);
	return lock_record(p, emsk_name, realm);
}

/* With the shard of its name locked. */
static void record_remove(struct memory *m, struct hk_table *t, uint32_t index)
{
	struct record *r = t->slots[index].item;

	user_unlink(m, r);
	table_remove(m, t, index);
	m->sets--;
	record_free(m, r);
}

/* ---- sets that have ended ---- */

static void wipe_keys(struct record *r)
{
	hk_wipe(&r->keys, sizeof r->keys);
	hk_wipe(&r->kept->emsk, sizeof r->kept->emsk);
}

/*
 * The same where others have keys below: the record goes to the ended ones.
 * HK_ERR_NO_MEMORY: it is where it was.
 */
static enum hk_err record_end(struct memory *m, const struct place *p, struct record *r)
{
	uint64_t hash = hash_name(m, r->emsk_name, hk_blob_bytes(r->realm));
	bool done;

	pthread_mutex_lock(&m->ended.lock);
	done = table_insert(m, &m->ended.table, hash, r);
	if (done) {
		m->nended++;
		user_unlink(m, r);
		table_remove(m, &p->shard->table, p->index);
		m->sets--;
		wipe_keys(r);
	}
	pthread_mutex_unlock(&m->ended.lock);
	return done ? HK_OK : HK_ERR_NO_MEMORY;
}

static enum hk_err memory_end(struct hk_keystore *store, const uint8_t *emsk_name,
	struct hk_bytes realm, struct hk_keyset *out)
{
	struct memory *m = memory_of(store);
	struct place p;
	struct record *r = lock_name(m, emsk_name, realm, &p);
	enum hk_err err = r ? HK_OK : HK_ERR_NOT_FOUND;

	if (r)
		record_copy(r, out);
	if (r && out->grants.n)
		err = record_end(m, &p, r);
	else if (r)
		record_remove(m, &p.shard->table, p.index);
	pthread_mutex_unlock(&p.shard->lock);
	return err;
}

static enum hk_err memory_next_ended(
	struct hk_keystore *store, struct hk_walk *cursor, struct hk_keyset *out)
{
	struct memory *m = memory_of(store);
	uint64_t from = hk_load_u64(cursor->position);
	uint32_t index;
	bool found;

	/* back at 0 after a start: the greatest hash there is was the last */
	if (from == 0 && cursor->count)
		return HK_ERR_NOT_FOUND;
	pthread_mutex_lock(&m->ended.lock);
	found = hk_table_seek(&m->ended.table, from, &index);
	if (found) {
		record_copy(m->ended.table.slots[index].item, out);
		hk_store_u64(cursor->position, m->ended.table.slots[index].hash + 1);
		cursor->count++;
	}
	pthread_mutex_unlock(&m->ended.lock);
	return found ? HK_OK : HK_ERR_NOT_FOUND;
}

static enum hk_err memory_forget(
	struct hk_keystore *store, const uint8_t *emsk_name, struct hk_bytes realm)
{
	struct memory *m = memory_of(store);
	struct place p = {.shard = &m->ended, .inner = hash_name(m, emsk_name, realm)};
	struct record *r = lock_record(&p, emsk_name, realm);

	if (r) {
		table_remove(m, &m->ended.table, p.index);
		m->nended--;
		record_free(m, r);
	}
	pthread_mutex_unlock(&m->ended.lock);
	return r ? HK_OK : HK_ERR_NOT_FOUND;
}

/* ---- put ---- */

static enum hk_err record_add(struct memory *m, const struct place *p, struct record *r)
{
	if (m->sets++ + m->nended >= m->config.max_sets && m->config.max_sets) {
		m->sets--;
		return HK_ERR_STORE_FULL;
	}
	if (!table_insert(m, &p->shard->table, p->inner, r)) {
		m->sets--;
		return HK_ERR_NO_MEMORY;
	}
	if (!user_link(m, r)) {
		table_remove(m, &p->shard->table, hk_table_search(&p->shard->table, p->inner));
		m->sets--;
		return HK_ERR_NO_MEMORY;
	}
	return HK_OK;
}

/* r is the set that old was, put once more. */
static bool go_on(struct memory *m, const struct record *old, struct record *r)
{
	struct hk_grants before, grants;
	struct hk_kept_emsk emsk = {0}, ignored = {0};
	bool done;

	r->seq = old->seq;
	if (!old->kept)
		return true;
	kept_copy(old->kept, &ignored, &before);
	kept_copy(r->kept, &emsk, &grants);
	hk_grants_inherit(&grants, &before);
	done = kept_set(m, r, &emsk, &grants, home_of(r));
	hk_wipe(&ignored, sizeof ignored);
	hk_wipe(&emsk, sizeof emsk);
	return done;
}

static enum hk_err record_replace(
	struct memory *m, const struct place *p, struct record *old, struct record *r)
{
	bool same = hk_erp_keys_same(&old->keys, &r->keys);

	if (!same && !hk_keyset_ended(old->expires, r->created))
		return HK_ERR_EXISTS;
	if (same && !go_on(m, old, r))
		return HK_ERR_NO_MEMORY;
	if (!user_link(m, r))
		return HK_ERR_NO_MEMORY;
	user_unlink(m, old);
	p->shard->table.slots[p->index].item = r;
	record_free(m, old);
	return HK_OK;
}

/* Name and realm of a set, to take it out once its user is unlocked. */
struct name {
	uint8_t emsk_name[HK_EMSK_NAME_LEN];
	uint16_t realm_len;
	uint8_t realm[HK_REALM_MAX_LEN];
};

static void name_of(const struct record *r, struct name *name)
{
	memcpy(name->emsk_name, r->emsk_name, sizeof name->emsk_name);
	name->realm_len = r->realm->len;
	memcpy(name->realm, r->realm->data, r->realm->len);
}

static enum hk_err remove_name(struct memory *m, const uint8_t *emsk_name, struct hk_bytes realm)
{
	struct place p;
	struct record *r = lock_name(m, emsk_name, realm, &p);

	if (r)
		record_remove(m, &p.shard->table, p.index);
	pthread_mutex_unlock(&p.shard->lock);
	return r ? HK_OK : HK_ERR_NOT_FOUND;
}

/* What goes by the limit. Without memory to note it, it goes all the same. */
static void give_way(struct memory *m, const struct name *name)
{
	struct place p;
	struct record *r =
		lock_name(m, name->emsk_name, hk_bytes(name->realm, name->realm_len), &p);
	bool noted =
		r && m->config.note_ended && r->kept && r->kept->ngrants && !record_end(m, &p, r);

	if (r && !noted)
		record_remove(m, &p.shard->table, p.index);
	pthread_mutex_unlock(&p.shard->lock);
}

static bool oldest_beyond_limit(struct memory *m, struct hk_bytes user, struct name *oldest)
{
	struct place p;
	struct record *newest = lock_user(m, user, &p), *r = newest;
	uint32_t n = 0;

	if (r)
		do {
			n++;
			r = r->older;
		} while (r != newest && n <= m->config.max_sets_per_user);
	if (n > m->config.max_sets_per_user)
		name_of(newest->newer, oldest);
	pthread_mutex_unlock(&p.shard->lock);
	return n > m->config.max_sets_per_user;
}

static void limit_user(struct memory *m, struct hk_bytes user)
{
	struct name oldest;

	if (m->config.max_sets_per_user == 0 || user.len == 0)
		return;
	while (oldest_beyond_limit(m, user, &oldest))
		give_way(m, &oldest);
}

static enum hk_err memory_put(struct hk_keystore *store, const struct hk_keyset *set)
{
	struct memory *m = memory_of(store);
	struct record *r = record_new(m, set), *old;
	struct place p;
	enum hk_err err;

	if (!r)
		return HK_ERR_NO_MEMORY;
	old = lock_name(m, set->emsk_name, hk_bytes(set->realm, set->realm_len), &p);
	err = old ? record_replace(m, &p, old, r) : record_add(m, &p, r);
	pthread_mutex_unlock(&p.shard->lock);
	if (err)
		record_free(m, r);
	else if (!set->shared_user)
		limit_user(m, hk_bytes(set->user, set->user_len));
	return err;
}

/* ---- find, advance, remove ---- */

static enum hk_err memory_find(struct hk_keystore *store, const uint8_t *emsk_name,
	struct hk_bytes realm, hk_time now, struct hk_keyset *out)
{
	struct place p;
	struct record *r = lock_name(memory_of(store), emsk_name, realm, &p);
	enum hk_err err = HK_OK;

	if (!r)
		err = HK_ERR_NOT_FOUND;
	else if (hk_keyset_ended(r->expires, now))
		err = HK_ERR_EXPIRED;
	else
		record_copy(r, out);
	pthread_mutex_unlock(&p.shard->lock);
	return err;
}

static void memory_advance(struct hk_keystore *store, struct hk_advance *v, size_t n)
{
	struct memory *m = memory_of(store);

	for (; n > 0; v++, n--) {
		struct place p;
		struct record *r = lock_name(m, v->emsk_name, v->realm, &p);

		if (r)
			hk_advance_decide(&r->seq, r->expires, v);
		else
			hk_advance_fail(v, 1, HK_ERR_NOT_FOUND);
		pthread_mutex_unlock(&p.shard->lock);
	}
}

static enum hk_err memory_grant(struct hk_keystore *store, const uint8_t *emsk_name,
	struct hk_bytes realm, hk_time now, const struct hk_grant *grant, bool *again)
{
	struct memory *m = memory_of(store);
	struct place p;
	struct record *r = lock_name(m, emsk_name, realm, &p);
	struct hk_kept_emsk emsk = {0};
	struct hk_grants grants;
	enum hk_err err = HK_ERR_NOT_FOUND;

	if (r && hk_keyset_ended(r->expires, now)) {
		err = HK_ERR_EXPIRED;
	} else if (r) {
		kept_copy(r->kept, &emsk, &grants);
		err = hk_grants_add(&grants, grant, again);
		if (!err && !*again && !kept_set(m, r, &emsk, &grants, home_of(r)))
			err = HK_ERR_NO_MEMORY;
	}
	pthread_mutex_unlock(&p.shard->lock);
	hk_wipe(&emsk, sizeof emsk);
	return err;
}

static enum hk_err memory_remove(
	struct hk_keystore *store, const uint8_t *emsk_name, struct hk_bytes realm)
{
	return remove_name(memory_of(store), emsk_name, realm);
}

static bool any_but(struct memory *m, struct hk_bytes user, const uint8_t *keep, struct name *found)
{
	struct place p;
	struct record *newest = lock_user(m, user, &p), *r = newest;
	bool any = false;

	if (r)
		do {
			any = !keep || memcmp(r->emsk_name, keep, HK_EMSK_NAME_LEN) != 0;
			if (any)
				name_of(r, found);
			r = r->older;
		} while (!any && r != newest);
	pthread_mutex_unlock(&p.shard->lock);
	return any;
}

static enum hk_err memory_remove_user(
	struct hk_keystore *store, struct hk_bytes user, const uint8_t *keep, size_t *removed)
{
	struct memory *m = memory_of(store);
	struct name name;

	*removed = 0;
	while (any_but(m, user, keep, &name))
		if (!remove_name(m, name.emsk_name, hk_bytes(name.realm, name.realm_len)))
			++*removed;
	return HK_OK;
}

/* ---- walk and expire: in the order of the hashes ---- */

/* Copies the first set with a hash of at least *from and moves *from behind it. */
static bool next_set(struct memory *m, uint64_t *from, struct hk_keyset *out)
{
	for (uint32_t s = hk_shard_index(*from); s < HK_SHARDS; s++) {
		struct hk_shard *shard = &m->by_name[s];
		uint64_t inner = s == hk_shard_index(*from) ? hk_shard_inner(*from) : 0;
		uint32_t index;
		bool found;

		pthread_mutex_lock(&shard->lock);
		found = hk_table_seek(&shard->table, inner, &index);
		if (found) {
			record_copy(shard->table.slots[index].item, out);
			*from = hk_shard_hash(s, shard->table.slots[index].hash) + 1;
		}
		pthread_mutex_unlock(&shard->lock);
		if (found)
			return true;
	}
	return false;
}

static enum hk_err memory_walk(struct hk_keystore *store, struct hk_walk *cursor, size_t max,
	bool (*visit)(void *arg, const struct hk_keyset *set), void *arg, bool *done)
{
	struct memory *m = memory_of(store);
	uint64_t from = hk_load_u64(cursor->position);
	struct hk_keyset set;
	bool go_on = true;

	for (; max > 0 && go_on; max--) {
		/* back at 0 after a start: the greatest hash there is was the last */
		if ((from == 0 && cursor->count) || !next_set(m, &from, &set)) {
			*done = true;
			break;
		}
		cursor->count++;
		go_on = visit(arg, &set);
	}
	hk_store_u64(cursor->position, from);
	hk_wipe(&set, sizeof set);
	return HK_OK;
}

#define EXPIRE_PER_LOCK 64

/*
 * Looks at up to max sets of one shard. True when the shard ended before that;
 * else *inner is where to go on.
 */
static bool expire_shard(struct memory *m, struct hk_shard *shard, uint64_t *inner, hk_time now,
	size_t *max, size_t *removed)
{
	struct hk_table *t = &shard->table;
	bool more;
	uint32_t i;

	pthread_mutex_lock(&shard->lock);
	more = hk_table_seek(t, *inner, &i);
	for (; more && *max > 0; --*max) {
		struct record *r = t->slots[i].item;

		*inner = t->slots[i].hash;
		if (hk_keyset_ended(r->expires, now)) {
			record_remove(m, t, i);
			++*removed;
			more = hk_table_seek(t, *inner, &i);
		} else {
			*inner += HK_SHARD_INNER_STEP;
			more = *inner != 0 && hk_table_seek(t, *inner, &i);
		}
	}
	pthread_mutex_unlock(&shard->lock);
	return !more;
}

/* From hash *from to hash `to`; true when that was reached. */
static bool expire_range(
	struct memory *m, uint64_t *from, uint64_t to, hk_time now, size_t *max, size_t *removed)
{
	uint32_t s = hk_shard_index(*from);
	uint64_t inner = hk_shard_inner(*from);

	while (*max > 0 && hk_shard_hash(s, inner) <= to) {
		size_t step = *max < EXPIRE_PER_LOCK ? *max : EXPIRE_PER_LOCK, left = step;
		bool ended = expire_shard(m, &m->by_name[s], &inner, now, &left, removed);

		*max -= step - left;
		if (ended) {
			if (++s == HK_SHARDS)
				return true;
			inner = 0;
		}
		*from = hk_shard_hash(s, inner);
	}
	return *max > 0;
}

static enum hk_err memory_expire(
	struct hk_keystore *store, hk_time now, size_t max, size_t *removed)
{
	struct handle *h = (struct handle *)store;
	uint64_t start = h->expiry;

	*removed = 0;
	if (!expire_range(h->m, &h->expiry, UINT64_MAX, now, &max, removed))
		return HK_OK;
	h->expiry = 0;
	if (start > 0)
		expire_range(h->m, &h->expiry, start - 1, now, &max, removed);
	return HK_OK;
}

/* ---- handles ---- */

static enum hk_err memory_stats(struct hk_keystore *store, struct hk_keystore_stats *out)
{
	struct memory *m = memory_of(store);

	out->sets = m->sets;
	out->bytes = sizeof *m + m->bytes + hk_intern_bytes(m->strings);
	return HK_OK;
}

static void memory_release(struct hk_keystore *store)
{
	(void)store; /* find reads no snapshot */
}

static enum hk_err memory_sync(struct hk_keystore *store)
{
	(void)store;
	return HK_OK;
}

static void memory_free(struct memory *m)
{
	for (uint32_t s = 0; s < HK_SHARDS; s++) {
		struct hk_table *t = &m->by_name[s].table;

		for (uint32_t i = 0; i < t->size; i++)
			if (t->slots[i].item)
				record_free(m, t->slots[i].item);
	}
	for (uint32_t i = 0; i < m->ended.table.size; i++)
		if (m->ended.table.slots[i].item)
			record_free(m, m->ended.table.slots[i].item);
	hk_table_free(&m->ended.table);
	pthread_mutex_destroy(&m->ended.lock);
	hk_shards_end(m->by_name);
	hk_shards_end(m->by_user);
	hk_intern_free(m->strings);
	free(m);
}

static void memory_close(struct hk_keystore *store)
{
	struct memory *m = memory_of(store);

	free(store);
	if (--m->handles == 0)
		memory_free(m);
}

static enum hk_err memory_share(struct hk_keystore *store, struct hk_keystore **out);

static const struct hk_keystore_ops memory_ops = {
	.share = memory_share,
	.close = memory_close,
	.put = memory_put,
	.find = memory_find,
	.advance = memory_advance,
	.grant = memory_grant,
	.sync = memory_sync,
	.release = memory_release,
	.remove = memory_remove,
	.end = memory_end,
	.next_ended = memory_next_ended,
	.forget = memory_forget,
	.remove_user = memory_remove_user,
	.walk = memory_walk,
	.expire = memory_expire,
	.stats = memory_stats,
};

static enum hk_err handle_new(struct memory *m, struct hk_keystore **out)
{
	struct handle *h = calloc(1, sizeof *h);

	if (!h)
		return HK_ERR_NO_MEMORY;
	h->base.ops = &memory_ops;
	h->base.durability = HK_DURABLE_PROCESS;
	h->m = m;
	m->handles++;
	*out = &h->base;
	return HK_OK;
}

static enum hk_err memory_share(struct hk_keystore *store, struct hk_keystore **out)
{
	return handle_new(memory_of(store), out);
}

enum hk_err hk_keystore_memory_open(
	const struct hk_keystore_memory_config *config, struct hk_keystore **out)
{
	struct memory *m = calloc(1, sizeof *m);
	enum hk_err err;

	*out = NULL;
	if (!m)
		return HK_ERR_NO_MEMORY;
	m->config = *config;
	hk_shards_init(m->by_name);
	hk_shards_init(m->by_user);
	pthread_mutex_init(&m->ended.lock, NULL);
	err = hk_random(&m->seed, sizeof m->seed);
	m->seed.factor |= 1;
	if (!err)
		err = hk_intern_new(m->seed, &m->strings);
	if (!err)
		err = handle_new(m, out);
	if (err)
		memory_free(m);
	return err;
}
