/* SPDX-License-Identifier: ISC */
/*
 * The LMDB store, shared between its opening, its records and its work.
 *
 * A directory holds data.mdb and lock.mdb (LMDB's own), `counters` (the
 * sequence states) and `state`, which says how the store was left. Who has the
 * store open, in any process, holds a shared flock on `state`; who gets it
 * exclusively is alone.
 */
#ifndef HK_KEYSTORE_LMDB_STORE_H
#define HK_KEYSTORE_LMDB_STORE_H

#include "keystore/counters.h"
#include "keystore/record.h"
#include "keystore/store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#define HK_SLOT_LEN       4
#define HK_LMDB_VALUE_MAX (HK_SLOT_LEN + HK_RECORD_BODY_MAX)
#define HK_USER_KEY_LEN   (HK_RECORD_USER_LEN + HK_RECORD_KEY_LEN)

struct hk_lmdb {
	MDB_env *env;
	MDB_dbi sets;  /* record key -> slot of the state, body */
	MDB_dbi users; /* user hash, record key -> nothing */
	MDB_dbi ended; /* record key -> body: sets that have ended, see hk_keystore_end() */
	MDB_dbi slots; /* free slot -> nothing; the last key -> first one never used */
	struct hk_counters counters;
	uint32_t page_size;
	uint64_t map_bytes;
	uint32_t max_sets_per_user;
	bool note_ended;
	enum hk_durability durability;
	atomic_uint handles;
	int state_fd;
	int data_fd; /* LMDB's */
	dev_t dev;
	ino_t ino; /* of the directory: one opening for each in a process */
	struct hk_lmdb *next_open;
	bool listed;

	/* to make the wrap of further handles; wiped with the store */
	uint8_t wrap_key[HK_STORE_KEY_LEN];
	uint8_t salt[HK_WRAP_SALT_LEN];

	_Atomic uint64_t file_size; /* of data.mdb, at least; under LMDB's write lock */
	atomic_int puts_left;       /* until free space is counted again */
};

struct hk_lmdb_handle {
	struct hk_keystore base;
	struct hk_lmdb *l;
	struct hk_wrap wrap;
	MDB_txn *snapshot;
	bool snapshot_live;
	uint8_t expiry[HK_RECORD_KEY_LEN]; /* from where the next expire goes on */
};

static inline MDB_val hk_lmdb_val(const void *data, size_t len)
{
	return (MDB_val){len, (void *)(uintptr_t)data};
}

/* ---- lmdb_open.c ---- */

/* LMDB's and the system's error numbers as ours; errno is set. */
enum hk_err hk_lmdb_error(int rc);

/* Opens the files as configured; see hk_keystore_lmdb_open(). */
enum hk_err hk_lmdb_open(struct hk_keystore_lmdb_config *config, struct hk_lmdb **out);
/* With no handle left. */
void hk_lmdb_close(struct hk_lmdb *l);

/* Begins a transaction that writes or removes up to so many records. */
enum hk_err hk_lmdb_begin(struct hk_lmdb *l, size_t records, MDB_txn **txn);

/* ---- lmdb_records.c: what a transaction does to records ---- */

/* Whether the file of counters holds all slots that were given out. */
enum hk_err hk_lmdb_check_slots(struct hk_lmdb *l, MDB_txn *txn);

/* A record in LMDB's memory: until the transaction ends or changes it. */
struct hk_lmdb_record {
	uint8_t *key;
	bool whole; /* else it has no slot and no body */
	uint32_t slot;
	struct hk_bytes body;
};

/* HK_ERR_STORE, and a record that is not whole, when it is none of ours. */
enum hk_err hk_lmdb_view(uint8_t *key, const MDB_val *value, struct hk_lmdb_record *r);
enum hk_err hk_lmdb_get(
	const struct hk_lmdb *l, MDB_txn *txn, uint8_t *key, struct hk_lmdb_record *r);
/* Stores a set under its key as put promises. */
enum hk_err hk_lmdb_put_in(
	struct hk_lmdb_handle *h, MDB_txn *txn, uint8_t *key, const struct hk_keyset *set);
/* Notes a grant as hk_keystore_grant() promises; with *again nothing is written. */
enum hk_err hk_lmdb_grant_in(struct hk_lmdb_handle *h, MDB_txn *txn, uint8_t *key,
	struct hk_bytes realm, hk_time now, const struct hk_grant *grant, bool *again);
/* Takes a set, its slot and its place in the user's list. */
enum hk_err hk_lmdb_remove(struct hk_lmdb_handle *h, MDB_txn *txn, const struct hk_lmdb_record *r);

/* The same as hk_keystore_end() promises. set: what the record holds. */
enum hk_err hk_lmdb_end(struct hk_lmdb_handle *h, MDB_txn *txn, const struct hk_lmdb_record *r,
	const struct hk_keyset *set);

#define HK_LISTED 64

/* A user's record keys, some at a time. */
struct hk_lmdb_list {
	uint8_t from[HK_USER_KEY_LEN]; /* where the list goes on; begins with the user */
	uint8_t keys[HK_LISTED][HK_RECORD_KEY_LEN];
	size_t n;
	bool more;
};

void hk_lmdb_list_begin(const struct hk_wrap *w, struct hk_bytes user, struct hk_lmdb_list *list);
enum hk_err hk_lmdb_list_next(const struct hk_lmdb *l, MDB_txn *txn, struct hk_lmdb_list *list);
/* Takes a key out of the user's list; it need not be there. */
enum hk_err hk_lmdb_unlist(
	struct hk_lmdb_handle *h, MDB_txn *txn, struct hk_bytes user, const uint8_t *key);

/* The next number of n octets; false: that was the last one. */
bool hk_lmdb_step(uint8_t *p, size_t n);

#endif
