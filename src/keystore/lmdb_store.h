/* SPDX-License-Identifier: ISC */
/*
 * The LMDB store, shared between its opening and its work.
 *
 * A directory holds data.mdb and lock.mdb (LMDB's own) and `state`, which says
 * how the store was left. Who has the store open, in any process, holds a
 * shared flock on `state`; who gets it exclusively is alone.
 */
#ifndef HK_KEYSTORE_LMDB_STORE_H
#define HK_KEYSTORE_LMDB_STORE_H

#include "keystore/record.h"
#include "keystore/store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

struct hk_lmdb {
	MDB_env *env;
	MDB_dbi sets;  /* record key -> state, body */
	MDB_dbi users; /* user hash, record key -> nothing */
	uint32_t page_size;
	uint64_t max_bytes;
	uint32_t max_sets_per_user;
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

	/* Once what was written could not be synced nobody knows what is on the disk. */
	atomic_bool failed;
	_Atomic uint64_t file_size; /* at least this much; under LMDB's write lock */
	_Atomic uint64_t written;   /* transactions committed here */
	pthread_mutex_t sync_lock;
	uint64_t synced;            /* of `written`, on the disk; under sync_lock */
	_Atomic uint32_t puts_left; /* until free space is counted again */
};

/* LMDB's and the system's error numbers as ours; errno is set. */
enum hk_err hk_lmdb_error(int rc);

/* Opens the environment as configured; see hk_keystore_lmdb_open(). */
enum hk_err hk_lmdb_open(struct hk_keystore_lmdb_config *config, struct hk_lmdb **out);
/* With no handle left. */
void hk_lmdb_close(struct hk_lmdb *l);

/* Begins a transaction that writes or removes up to so many records. */
enum hk_err hk_lmdb_begin(struct hk_lmdb *l, size_t records, MDB_txn **txn);
enum hk_err hk_lmdb_commit(struct hk_lmdb *l, MDB_txn *txn);
/* Everything committed so far is on the disk. */
enum hk_err hk_lmdb_sync(struct hk_lmdb *l);

#endif
