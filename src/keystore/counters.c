/* SPDX-License-Identifier: ISC */
#include "keystore/counters.h"

#include "keystore/lmdb_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROW_STEP 4096u /* slots */

void hk_counters_init(struct hk_counters *c)
{
	*c = (struct hk_counters){.fd = -1};
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->sync_lock, NULL);
}

enum hk_err hk_counters_open(struct hk_counters *c, const char *path, uint64_t max)
{
	void *map;

	c->max = max;
	c->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (c->fd < 0)
		return hk_lmdb_error(errno);
	map = mmap(NULL, max * HK_COUNTER_LEN, PROT_READ, MAP_SHARED, c->fd, 0);
	if (map == MAP_FAILED)
		return hk_lmdb_error(errno);
	c->map = map;
	madvise(map, max * HK_COUNTER_LEN, MADV_RANDOM);
	return HK_OK;
}

void hk_counters_close(struct hk_counters *c)
{
	if (c->map)
		munmap((void *)(uintptr_t)c->map, c->max * HK_COUNTER_LEN);
	if (c->fd >= 0)
		close(c->fd);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->sync_lock);
}

bool hk_counters_have(struct hk_counters *c, uint64_t n)
{
	struct stat st;

	if (n <= c->slots)
		return true;
	if (fstat(c->fd, &st))
		return false;
	c->slots = (uint64_t)st.st_size / HK_COUNTER_LEN;
	return n <= c->slots;
}

enum hk_err hk_counters_reserve(struct hk_counters *c, uint64_t n)
{
	uint64_t have;
	int rc;

	if (n > c->max)
		return hk_lmdb_error(ENOSPC);
	if (hk_counters_have(c, n))
		return HK_OK;
	have = c->slots;
	n = (n + GROW_STEP - 1) / GROW_STEP * GROW_STEP;
	if (n > c->max)
		n = c->max;
	/* real blocks, so that no later write needs any */
	rc = posix_fallocate(
		c->fd, (off_t)(have * HK_COUNTER_LEN), (off_t)((n - have) * HK_COUNTER_LEN));
	if (!rc)
		c->slots = n;
	return hk_lmdb_error(rc);
}

const uint8_t *hk_counters_slot(struct hk_counters *c, uint32_t slot)
{
	if (slot >= c->max || !hk_counters_have(c, (uint64_t)slot + 1))
		return NULL;
	return c->map + (size_t)slot * HK_COUNTER_LEN;
}

static int lock_file(int fd, short type)
{
	struct flock whole = {.l_type = type, .l_whence = SEEK_SET};
	int rc;

	do
		rc = fcntl(fd, F_OFD_SETLKW, &whole);
	while (rc && errno == EINTR);
	return rc;
}

enum hk_err hk_counters_lock(struct hk_counters *c)
{
	if (c->failed)
		return hk_lmdb_error(EIO);
	pthread_mutex_lock(&c->lock);
	if (lock_file(c->fd, F_WRLCK)) {
		pthread_mutex_unlock(&c->lock);
		return hk_lmdb_error(errno);
	}
	return HK_OK;
}

void hk_counters_unlock(struct hk_counters *c)
{
	lock_file(c->fd, F_UNLCK);
	pthread_mutex_unlock(&c->lock);
}

enum hk_err hk_counters_write(struct hk_counters *c, uint32_t slot, const uint8_t *octets)
{
	ssize_t n = pwrite(c->fd, octets, HK_COUNTER_LEN, (off_t)slot * HK_COUNTER_LEN);

	if (n == (ssize_t)HK_COUNTER_LEN)
		return HK_OK;
	return hk_lmdb_error(n < 0 ? errno : EIO);
}

void hk_counters_mark(struct hk_counters *c)
{
	c->written++;
}

static void wake_all(struct hk_sync_waiter *list, int rc)
{
	for (struct hk_sync_waiter *w = list, *next; w; w = next) {
		next = w->next; /* it is gone once it is awake */
		w->rc = rc;
		sem_post(&w->wake);
	}
}

/* Who leads the next sync; with sync_lock. NULL: nobody waits. */
static struct hk_sync_waiter *next_leader(struct hk_counters *c)
{
	struct hk_sync_waiter *w = c->waiting;

	c->syncing = w != NULL;
	if (w) {
		c->waiting = w->next;
		w->leads = true;
	}
	return w;
}

/* For all who wait now. With sync_lock, which it leaves. */
static int sync_for_all(struct hk_counters *c)
{
	uint64_t target = c->written;
	struct hk_sync_waiter *followers = c->waiting, *leader;
	int rc;

	c->waiting = NULL;
	pthread_mutex_unlock(&c->sync_lock);
	rc = c->failed ? EIO : 0;
	if (!rc && fdatasync(c->fd))
		rc = errno;
	pthread_mutex_lock(&c->sync_lock);
	if (rc)
		c->failed = true;
	else
		c->synced = target;
	leader = next_leader(c);
	pthread_mutex_unlock(&c->sync_lock);
	if (leader)
		sem_post(&leader->wake);
	wake_all(followers, rc);
	return rc;
}

/* Behind the one that is under way. With sync_lock, which it leaves. */
static int wait_for_sync(struct hk_counters *c)
{
	struct hk_sync_waiter me = {.next = c->waiting};

	sem_init(&me.wake, 0, 0);
	c->waiting = &me;
	pthread_mutex_unlock(&c->sync_lock);
	while (sem_wait(&me.wake))
		;
	sem_destroy(&me.wake);
	if (!me.leads)
		return me.rc;
	pthread_mutex_lock(&c->sync_lock);
	return sync_for_all(c);
}

enum hk_err hk_counters_sync(struct hk_counters *c)
{
	uint64_t mine = c->written;
	int rc = 0;

	pthread_mutex_lock(&c->sync_lock);
	if (c->failed)
		rc = EIO;
	if (rc || c->synced >= mine)
		pthread_mutex_unlock(&c->sync_lock);
	else if (c->syncing)
		rc = wait_for_sync(c);
	else {
		c->syncing = true;
		rc = sync_for_all(c);
	}
	return hk_lmdb_error(rc);
}
