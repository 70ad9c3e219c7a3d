/* SPDX-License-Identifier: ISC */
/*
 * The file of sequence states: one slot of 64 octets for each key set of an
 * LMDB store, changed in place.
 *
 * In LMDB itself each advance would copy a page of the tree and those above it.
 * Here it is one small write into a block that exists, which a full disk cannot
 * refuse, a killed process cannot leave half done, and one fdatasync makes
 * durable for a whole batch. A slot lies in one sector; should a power cut tear
 * it all the same, its mac tells.
 *
 * Slots are given out and taken back by LMDB transactions. So a reader may
 * meet a slot that has a new owner meanwhile: the mac tells that too.
 */
#ifndef HK_KEYSTORE_COUNTERS_H
#define HK_KEYSTORE_COUNTERS_H

#include <hokey/bytes.h>
#include <hokey/error.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#define HK_COUNTER_LEN 64u

/*
 * One thread at a time is in fdatasync. Who comes meanwhile waits in a list for
 * the next one, which one of those who wait will do for all of them. Each is
 * woken once, by itself, and when its own writes are on the disk: with a lock
 * alone it would wait behind a sync that does not concern it.
 */
struct hk_sync_waiter {
	sem_t wake;
	bool leads; /* the next sync is its to do */
	int rc;     /* else: of the sync that was done for it */
	struct hk_sync_waiter *next;
};

struct hk_counters {
	int fd;
	const uint8_t *map; /* read only, of max slots */
	uint64_t max;
	_Atomic uint64_t slots;   /* known to be in the file */
	pthread_mutex_t lock;     /* against threads; the file's lock: processes */
	_Atomic uint64_t written; /* batches */
	pthread_mutex_t sync_lock;
	bool syncing; /* one thread is at it; under sync_lock, as the next two */
	struct hk_sync_waiter *waiting;
	uint64_t synced;    /* of `written` */
	atomic_bool failed; /* a sync did: nobody knows what is on the disk */
};

/* Nothing open yet; hk_counters_close() is allowed from here on. */
void hk_counters_init(struct hk_counters *c);
/* Errors of all: HK_ERR_STORE, HK_ERR_STORE_FULL, with errno. */
enum hk_err hk_counters_open(struct hk_counters *c, const char *path, uint64_t max);
void hk_counters_close(struct hk_counters *c);

/* Makes the file long enough for slots below n. Under LMDB's write lock. */
enum hk_err hk_counters_reserve(struct hk_counters *c, uint64_t n);

/* Whether slots below n are in the file. */
bool hk_counters_have(struct hk_counters *c, uint64_t n);

/*
 * The octets of a slot, NULL when it is not in the file. Without the lock they
 * may change while they are read.
 */
const uint8_t *hk_counters_slot(struct hk_counters *c, uint32_t slot);

/* Excludes all others, in this process and in others, from changing slots. */
enum hk_err hk_counters_lock(struct hk_counters *c);
void hk_counters_unlock(struct hk_counters *c);
enum hk_err hk_counters_write(struct hk_counters *c, uint32_t slot, const uint8_t *octets);

/* Notes that answers depend on what was written so far, here or elsewhere. */
void hk_counters_mark(struct hk_counters *c);
/* Puts what was marked on the disk. Threads that come together share one fdatasync. */
enum hk_err hk_counters_sync(struct hk_counters *c);

#endif
