/* SPDX-License-Identifier: ISC */
/* Opening and closing the LMDB store, and its transactions. */
#include "keystore/lmdb_store.h"

#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT      1
#define MAX_READERS 512
#define BOOT_ID_MAX 64
#define GROW_STEP   ((uint64_t)4 << 20) /* octets by which the file grows, sparse */
#define MIN_BYTES   ((uint64_t)1 << 20)
#define MAP_UNIT    65536u /* a multiple of every page size */

/* New pages that a transaction takes at most: tree paths and list of free pages. */
#define PAGES_PER_RECORD 16
#define PAGES_PER_TXN    128

enum hk_err hk_lmdb_error(int rc)
{
	if (rc == 0)
		return HK_OK;
	errno = rc > 0 ? rc : EIO;
	switch (rc) {
	case MDB_NOTFOUND:
		return HK_ERR_NOT_FOUND;
	case MDB_MAP_FULL:
		errno = ENOSPC;
		return HK_ERR_STORE_FULL;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return HK_ERR_STORE_FULL;
	case ENOMEM:
		return HK_ERR_NO_MEMORY;
	default:
		return HK_ERR_STORE;
	}
}

/* ---- one opening for each store in a process ---- */

/*
 * LMDB's file locks belong to the process: a second opening, closed, would take
 * them from the first. This list is what keeps that from happening.
 */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hk_lmdb *open_stores;

static enum hk_err enlist(struct hk_lmdb *l)
{
	struct hk_lmdb *other;

	pthread_mutex_lock(&open_lock);
	for (other = open_stores; other; other = other->next_open)
		if (other->dev == l->dev && other->ino == l->ino)
			break;
	if (!other) {
		l->next_open = open_stores;
		open_stores = l;
	}
	pthread_mutex_unlock(&open_lock);
	return other ? HK_ERR_EXISTS : HK_OK;
}

static void delist(struct hk_lmdb *l)
{
	pthread_mutex_lock(&open_lock);
	for (struct hk_lmdb **p = &open_stores; *p; p = &(*p)->next_open)
		if (*p == l) {
			*p = l->next_open;
			break;
		}
	pthread_mutex_unlock(&open_lock);
}

/* ---- how the store was left ---- */

/* Content of the file `state`: less than a sector, so written whole or not. */
struct left {
	uint8_t magic[8];
	uint8_t clean;      /* closed, and all of it synced */
	uint8_t durability; /* the weakest of those who had it open */
	uint8_t boot_id_len;
	uint8_t boot_id[BOOT_ID_MAX];
};

static const uint8_t state_magic[8] = {'h', 'o', 'k', 'e', 'y', 's', 't', FORMAT};

static bool read_state(int fd, struct left *s)
{
	return pread(fd, s, sizeof *s, 0) == (ssize_t)sizeof *s &&
	       memcmp(s->magic, state_magic, sizeof s->magic) == 0 && s->boot_id_len <= BOOT_ID_MAX;
}

static enum hk_err write_state(int fd, const struct left *s)
{
	ssize_t n = pwrite(fd, s, sizeof *s, 0);

	if (n != (ssize_t)sizeof *s)
		return hk_lmdb_error(n < 0 ? errno : ENOSPC);
	return hk_lmdb_error(fdatasync(fd) ? errno : 0);
}

/* Without an identity of the machine's start any stop may have been a power cut. */
static bool same_boot(const struct left *s, struct hk_bytes boot_id)
{
	return boot_id.len > 0 && hk_bytes_equal(hk_bytes(s->boot_id, s->boot_id_len), boot_id);
}

/* Whether data.mdb may hold less than was answered, or be damaged. */
static bool is_doubtful(const struct left *s, struct hk_bytes boot_id)
{
	return !s->clean && s->durability == HK_DURABLE_PROCESS && !same_boot(s, boot_id);
}

/* all_safe: what others wrote before has been synced since. */
static enum hk_err mark_open(const struct hk_lmdb *l, struct hk_bytes boot_id, bool all_safe)
{
	struct left s = {.durability = (uint8_t)l->durability}, before;

	memcpy(s.magic, state_magic, sizeof s.magic);
	s.boot_id_len = (uint8_t)boot_id.len;
	if (boot_id.len)
		memcpy(s.boot_id, boot_id.data, boot_id.len);
	/* else what others wrote, or write, with less care is still not safe */
	if (!all_safe && read_state(l->state_fd, &before) && !before.clean &&
		before.durability > s.durability)
		s.durability = before.durability;
	return write_state(l->state_fd, &s);
}

static void mark_clean(const struct hk_lmdb *l)
{
	struct left s;

	if (flock(l->state_fd, LOCK_EX | LOCK_NB) || !read_state(l->state_fd, &s))
		return; /* others have it open: the last of them will do this */
	s.clean = 1;
	write_state(l->state_fd, &s);
}

/* ---- the environment ---- */

/* Before anything reads a page: reading behind the end of the file is SIGBUS. */
static enum hk_err check_size(struct hk_lmdb *l)
{
	struct stat st;
	MDB_envinfo info;
	MDB_stat stat;
	int rc;

	if ((rc = mdb_env_info(l->env, &info)) || (rc = mdb_env_stat(l->env, &stat)) ||
		(rc = mdb_env_get_fd(l->env, &l->data_fd)))
		return hk_lmdb_error(rc);
	if (fstat(l->data_fd, &st))
		return hk_lmdb_error(errno);
	l->page_size = stat.ms_psize;
	l->map_bytes = info.me_mapsize;
	l->file_size = (uint64_t)st.st_size;
	if (((uint64_t)info.me_last_pgno + 1) * stat.ms_psize > l->file_size)
		return hk_lmdb_error(MDB_CORRUPTED);
	return HK_OK;
}

static enum hk_err open_env(struct hk_lmdb *l, const struct hk_keystore_lmdb_config *config)
{
	unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
	int rc = mdb_env_create(&l->env), dead;

	if (rc)
		return hk_lmdb_error(rc);
	if (config->durability == HK_DURABLE_PROCESS)
		flags |= MDB_NOSYNC;
	if ((rc = mdb_env_set_maxdbs(l->env, 5)) ||
		(rc = mdb_env_set_mapsize(
			 l->env, config->max_bytes / 8 / MAP_UNIT * MAP_UNIT * 7)) ||
		(rc = mdb_env_set_maxreaders(l->env, MAX_READERS)) ||
		(rc = mdb_env_open(l->env, config->path, flags, 0600)) ||
		(rc = mdb_reader_check(l->env, &dead)))
		return hk_lmdb_error(rc);
	return check_size(l);
}

static void close_env(struct hk_lmdb *l)
{
	mdb_env_close(l->env);
	l->env = NULL;
}

/* ---- dropping what is doubtful ---- */

static uint64_t count_sets(struct hk_lmdb *l)
{
	MDB_txn *txn;
	MDB_stat stat = {0};
	MDB_dbi sets;

	if (mdb_txn_begin(l->env, NULL, MDB_RDONLY, &txn))
		return 0;
	if (mdb_dbi_open(txn, "sets", 0, &sets) || mdb_stat(txn, sets, &stat))
		stat.ms_entries = 0;
	mdb_txn_abort(txn);
	return stat.ms_entries;
}

static enum hk_err remove_file(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return HK_ERR_TOO_LONG;
	return unlink(path) && errno != ENOENT ? hk_lmdb_error(errno) : HK_OK;
}

/*
 * How many sets there were is read as far as that is possible; a file too
 * damaged for it counts as none.
 */
static enum hk_err drop_all(struct hk_lmdb *l, struct hk_keystore_lmdb_config *config)
{
	enum hk_err err;

	if (!open_env(l, config))
		config->dropped = count_sets(l);
	close_env(l);
	err = remove_file(config->path, "counters");
	if (!err)
		err = remove_file(config->path, "data.mdb");
	return err ? err : remove_file(config->path, "lock.mdb");
}

/*
 * Brings the directory into a state that may be opened. A data.mdb without a
 * valid `state` is not ours, or put there by hand with counters of another day.
 */
static enum hk_err prepare(struct hk_lmdb *l, struct hk_keystore_lmdb_config *config)
{
	char path[PATH_MAX];
	struct left s;

	if (snprintf(path, sizeof path, "%s/data.mdb", config->path) >= (int)sizeof path)
		return HK_ERR_TOO_LONG;
	if (access(path, F_OK))
		return mark_open(l, config->boot_id, true);
	if (!read_state(l->state_fd, &s))
		return hk_lmdb_error(EINVAL);
	return is_doubtful(&s, config->boot_id) ? drop_all(l, config) : HK_OK;
}

/* ---- tables ---- */

struct wrap_record {
	uint8_t salt[HK_WRAP_SALT_LEN];
	uint8_t check[HK_WRAP_CHECK_LEN];
};

static enum hk_err wrap_check(const uint8_t *wrap_key, struct wrap_record *r, bool is_new)
{
	struct hk_wrap wrap;
	enum hk_err err = hk_wrap_init(&wrap, wrap_key, r->salt);

	if (!err && is_new)
		memcpy(r->check, wrap.check, sizeof r->check);
	else if (!err && !hk_equal_secret(r->check, wrap.check, sizeof r->check))
		err = HK_ERR_STORE_KEY;
	hk_wrap_end(&wrap);
	return err;
}

/* Reads the record that tells the wrapping key, or makes it in a new store. */
static enum hk_err open_wrap(struct hk_lmdb *l, MDB_txn *txn, MDB_dbi meta)
{
	struct wrap_record r;
	char name[] = "wrap";
	MDB_val key = {4, name}, value;
	MDB_stat stat;
	enum hk_err err;
	int rc = mdb_get(txn, meta, &key, &value);
	bool is_new = rc == MDB_NOTFOUND;

	if (is_new) {
		rc = mdb_stat(txn, l->sets, &stat);
		if (!rc && stat.ms_entries > 0)
			rc = EINVAL;
		err = rc ? hk_lmdb_error(rc) : hk_random(r.salt, sizeof r.salt);
		if (err)
			return err;
	} else if (rc || value.mv_size != sizeof r) {
		return hk_lmdb_error(rc ? rc : EINVAL);
	} else {
		memcpy(&r, value.mv_data, sizeof r);
	}
	err = wrap_check(l->wrap_key, &r, is_new);
	if (!err && is_new)
		err = hk_lmdb_error(mdb_put(txn, meta, &key, &(MDB_val){sizeof r, &r}, 0));
	memcpy(l->salt, r.salt, sizeof l->salt);
	return err;
}

static enum hk_err open_tables(struct hk_lmdb *l)
{
	MDB_txn *txn;
	MDB_dbi meta;
	int rc;
	enum hk_err err = hk_lmdb_begin(l, 3, &txn);

	if (err)
		return err;
	if ((rc = mdb_dbi_open(txn, "sets", MDB_CREATE, &l->sets)) ||
		(rc = mdb_dbi_open(txn, "users", MDB_CREATE, &l->users)) ||
		(rc = mdb_dbi_open(txn, "ended", MDB_CREATE, &l->ended)) ||
		(rc = mdb_dbi_open(txn, "slots", MDB_CREATE, &l->slots)) ||
		(rc = mdb_dbi_open(txn, "meta", MDB_CREATE, &meta)))
		err = hk_lmdb_error(rc);
	else
		err = open_wrap(l, txn, meta);
	if (!err)
		err = hk_lmdb_check_slots(l, txn);
	if (!err)
		return hk_lmdb_error(mdb_txn_commit(txn));
	mdb_txn_abort(txn);
	return err;
}

/* ---- transactions ---- */

/*
 * LMDB writes a page only when it holds something, so its file may rightly be
 * shorter than the pages it counts; and then nobody could tell that from a file
 * that was cut off. So the file is kept longer than what is counted.
 */
static enum hk_err make_room(struct hk_lmdb *l, size_t pages)
{
	MDB_envinfo info;
	struct stat st;
	uint64_t need;
	int rc = mdb_env_info(l->env, &info);

	if (rc)
		return hk_lmdb_error(rc);
	need = (info.me_last_pgno + 1 + pages) * l->page_size;
	if (need > l->map_bytes)
		need = l->map_bytes;
	if (need <= l->file_size)
		return HK_OK;
	need = (need + GROW_STEP - 1) / GROW_STEP * GROW_STEP;
	if (need > l->map_bytes)
		need = l->map_bytes;
	if (fstat(l->data_fd, &st) ||
		((uint64_t)st.st_size < need && ftruncate(l->data_fd, (off_t)need)))
		return hk_lmdb_error(errno);
	l->file_size = need;
	return HK_OK;
}

enum hk_err hk_lmdb_begin(struct hk_lmdb *l, size_t records, MDB_txn **txn)
{
	enum hk_err err;
	int rc;

	if (l->counters.failed)
		return hk_lmdb_error(EIO);
	rc = mdb_txn_begin(l->env, NULL, 0, txn);
	if (rc)
		return hk_lmdb_error(rc);
	err = make_room(l, records * PAGES_PER_RECORD + PAGES_PER_TXN);
	if (err)
		mdb_txn_abort(*txn);
	return err;
}

/* ---- the whole ---- */

static enum hk_err open_directory(struct hk_lmdb *l, const char *path)
{
	char state[PATH_MAX];
	struct stat st;

	if (stat(path, &st))
		return hk_lmdb_error(errno);
	if (!S_ISDIR(st.st_mode))
		return hk_lmdb_error(ENOTDIR);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	if (enlist(l))
		return HK_ERR_EXISTS;
	l->listed = true;
	if (snprintf(state, sizeof state, "%s/state", path) >= (int)sizeof state)
		return HK_ERR_TOO_LONG;
	l->state_fd = open(state, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return l->state_fd < 0 ? hk_lmdb_error(errno) : HK_OK;
}

static enum hk_err open_counters(struct hk_lmdb *l, const struct hk_keystore_lmdb_config *config)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/counters", config->path) >= (int)sizeof path)
		return HK_ERR_TOO_LONG;
	return hk_counters_open(&l->counters, path, config->max_bytes / 8 / HK_COUNTER_LEN);
}

static enum hk_err sync_all(struct hk_lmdb *l)
{
	enum hk_err err = hk_lmdb_error(mdb_env_sync(l->env, 1));

	hk_counters_mark(&l->counters);
	return err ? err : hk_counters_sync(&l->counters);
}

/* The names of files just made are on the disk too. */
static enum hk_err sync_names(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return hk_lmdb_error(errno);
	rc = fsync(fd) ? errno : 0;
	close(fd);
	return hk_lmdb_error(rc);
}

static enum hk_err open_files(
	struct hk_lmdb *l, const struct hk_keystore_lmdb_config *config, bool alone)
{
	bool all_safe = alone && l->durability != HK_DURABLE_PROCESS;
	enum hk_err err = open_counters(l, config);

	if (!err)
		err = open_env(l, config);
	if (!err)
		err = open_tables(l);
	if (!err && all_safe)
		err = sync_all(l);
	if (!err)
		err = sync_names(config->path);
	return err ? err : mark_open(l, config->boot_id, all_safe);
}

static enum hk_err open_store(struct hk_lmdb *l, struct hk_keystore_lmdb_config *config)
{
	enum hk_err err = open_directory(l, config->path);
	bool alone;

	if (err)
		return err;
	alone = flock(l->state_fd, LOCK_EX | LOCK_NB) == 0;
	if (!alone && flock(l->state_fd, LOCK_SH))
		return hk_lmdb_error(errno);
	if (alone)
		err = prepare(l, config);
	if (!err)
		err = open_files(l, config, alone);
	if (!err && flock(l->state_fd, LOCK_SH))
		err = hk_lmdb_error(errno);
	return err;
}

static void dispose(struct hk_lmdb *l)
{
	if (l->env)
		mdb_env_close(l->env);
	hk_counters_close(&l->counters);
	if (l->state_fd >= 0)
		close(l->state_fd);
	if (l->listed)
		delist(l);
	hk_wipe(l->wrap_key, sizeof l->wrap_key);
	free(l);
}

enum hk_err hk_lmdb_open(struct hk_keystore_lmdb_config *config, struct hk_lmdb **out)
{
	struct hk_lmdb *l;
	enum hk_err err;

	config->dropped = 0;
	if (config->max_bytes < MIN_BYTES || config->boot_id.len > BOOT_ID_MAX)
		return HK_ERR_ARGUMENT;
	l = calloc(1, sizeof *l);
	if (!l)
		return HK_ERR_NO_MEMORY;
	l->state_fd = -1;
	hk_counters_init(&l->counters);
	l->durability = config->durability;
	l->max_sets_per_user = config->max_sets_per_user;
	l->note_ended = config->note_ended;
	memcpy(l->wrap_key, config->wrap_key, sizeof l->wrap_key);
	err = open_store(l, config);
	if (err) {
		int why = errno;

		dispose(l);
		errno = why;
		return err;
	}
	*out = l;
	return HK_OK;
}

void hk_lmdb_close(struct hk_lmdb *l)
{
	bool safe = sync_all(l) == HK_OK;

	close_env(l);
	if (safe)
		mark_clean(l);
	dispose(l);
}
