/* SPDX-License-Identifier: ISC */
/*
 * Power cuts. Every write of the store to its files is recorded; a disk beside
 * it gets only what was synced, and at the cut any sectors of the rest, by
 * chance. Then the store is opened from that disk.
 */
#include "lmdb_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define SECTOR 512u
#define FILES  3

static const char *const names[FILES] = {"data.mdb", "counters", "state"};
static char disk_dir[64];
static bool recording;

/* ---- the disk ---- */

struct pending {
	int file;
	off_t at;
	size_t len;
	uint8_t *data;
	struct pending *next;
};

static struct pending *pending, **pending_end = &pending;

static uint32_t rnd(uint32_t below)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 33) % below;
}

/* Which of the store's files this is; -1: none. */
static int file_of(int fd)
{
	char link[64], path[256];
	ssize_t n;

	if (!recording)
		return -1;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < 0)
		return -1;
	path[n] = 0;
	if (strncmp(path, lmdb_dir, strlen(lmdb_dir)) != 0 || path[strlen(lmdb_dir)] != '/')
		return -1;
	for (int i = 0; i < FILES; i++)
		if (strcmp(path + strlen(lmdb_dir) + 1, names[i]) == 0)
			return i;
	return -1;
}

static int disk_open(int file)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", disk_dir, names[file]);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	return fd;
}

static void disk_write(int file, off_t at, const uint8_t *data, size_t n)
{
	int fd = disk_open(file);

	assert_int_equal(syscall(SYS_pwrite64, fd, data, n, at), n);
	close(fd);
}

static void disk_resize(int file, off_t size)
{
	int fd = disk_open(file);

	assert_int_equal(syscall(SYS_ftruncate, fd, size), 0);
	close(fd);
}

static void record(int fd, const void *data, size_t n, off_t at)
{
	int file = file_of(fd);
	struct pending *p;

	if (file < 0)
		return;
	if (fcntl(fd, F_GETFL) & O_DSYNC) {
		disk_write(file, at, data, n);
		return;
	}
	p = calloc(1, sizeof *p);
	*p = (struct pending){file, at, n, malloc(n), NULL};
	memcpy(p->data, data, n);
	*pending_end = p;
	pending_end = &p->next;
}

static void pending_drop(struct pending **p)
{
	struct pending *gone = *p;

	*p = gone->next;
	free(gone->data);
	free(gone);
}

static void pending_settle(void)
{
	for (pending_end = &pending; *pending_end; pending_end = &(*pending_end)->next)
		;
}

static void sync_file(int file)
{
	struct pending **p = &pending;

	while (*p) {
		if ((*p)->file != file) {
			p = &(*p)->next;
			continue;
		}
		disk_write(file, (*p)->at, (*p)->data, (*p)->len);
		pending_drop(p);
	}
	pending_settle();
}

/* Some sectors of what was not synced reach the disk, whatever their age. */
static void cut_power(void)
{
	recording = false;
	while (pending) {
		for (size_t i = 0; i < pending->len;) {
			size_t n = SECTOR - (size_t)(pending->at + (off_t)i) % SECTOR;

			if (n > pending->len - i)
				n = pending->len - i;
			if (rnd(2))
				disk_write(pending->file, pending->at + (off_t)i, pending->data + i,
					n);
			i += n;
		}
		pending_drop(&pending);
	}
	pending_settle();
}

/* ---- what the store and LMDB write with ---- */

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
	record(fd, data, n, at);
	return (ssize_t)syscall(SYS_pwrite64, fd, data, n, at);
}

/*
 * With 64-bit offsets asked for, C's name pwrite is the linker's pwrite64; LMDB
 * was built without and calls the linker's pwrite.
 */
ssize_t lmdb_pwrite(int fd, const void *data, size_t n, off_t at) __asm__("pwrite");
ssize_t lmdb_pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite64(fd, data, n, at);
}

static void record_all(int fd, const struct iovec *v, int n, off_t at)
{
	for (int i = 0; i < n; at += (off_t)v[i].iov_len, i++)
		record(fd, v[i].iov_base, v[i].iov_len, at);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	record_all(fd, v, n, lseek(fd, 0, SEEK_CUR));
	return (ssize_t)syscall(SYS_writev, fd, v, n);
}

/* How long a file is, is kept by the file system's journal. */
int ftruncate(int fd, off_t size)
{
	int file = file_of(fd);

	if (file >= 0)
		disk_resize(file, size);
	return (int)syscall(SYS_ftruncate, fd, size);
}

int posix_fallocate(int fd, off_t at, off_t len)
{
	int file = file_of(fd);

	if (file >= 0)
		disk_resize(file, at + len);
	return syscall(SYS_fallocate, fd, 0, at, len) ? errno : 0;
}

int fdatasync(int fd)
{
	int file = file_of(fd);

	if (file >= 0)
		sync_file(file);
	return 0;
}

int fsync(int fd)
{
	return fdatasync(fd);
}

/* ---- the store, and what was promised of it ---- */

#define SETS 60

struct promise {
	bool stored; /* put, and not removed */
	bool removed;
	uint32_t answered; /* numbers below this are used up */
	uint32_t tried;    /* and these perhaps */
};

static struct promise promises[SETS];

static void do_put(struct hk_keystore *store, uint64_t i)
{
	if (promises[i].stored || promises[i].removed)
		return;
	put(store, i, "u");
	promises[i].stored = true;
}

static void do_remove(struct hk_keystore *store, uint64_t i)
{
	uint8_t name[HK_EMSK_NAME_LEN];

	if (!promises[i].stored)
		return;
	set_name(name, i);
	assert_ok(hk_keystore_remove(store, name, REALM));
	promises[i] = (struct promise){.removed = true};
}

static void answer_all(struct hk_keystore *store)
{
	assert_ok(hk_keystore_sync(store));
	for (int i = 0; i < SETS; i++)
		promises[i].answered = promises[i].tried;
}

static void do_advance(struct hk_keystore *store, uint64_t i)
{
	if (!promises[i].stored)
		return;
	promises[i].tried += 1 + rnd(3);
	assert_int_equal(advance(store, i, (uint16_t)(promises[i].tried - 1)), HK_SEQ_FRESH);
	if (hk_keystore_durability(store) == HK_DURABLE_FULL || rnd(3) == 0)
		answer_all(store);
}

static void check_set(struct hk_keystore *store, uint64_t i)
{
	const struct promise *p = &promises[i];
	struct hk_advance v = advance_of(i, (uint16_t)(p->answered - 1));
	struct hk_keyset out, want = set_of(i, "u");

	if (!p->stored) {
		assert_err(find(store, i, &out), HK_ERR_NOT_FOUND);
		return;
	}
	assert_ok(find(store, i, &out));
	assert_in_range(out.seq.expected, p->answered, p->tried);
	want.seq = out.seq;
	assert_set_equal(&out, &want);
	if (p->answered == 0)
		return;
	v.now += 100000;
	hk_keystore_advance(store, &v, 1);
	assert_ok(v.err);
	assert_int_equal(v.freshness, HK_SEQ_STALE);
}

static void check_disk(void)
{
	struct hk_keystore_lmdb_config config = lmdb_config(HK_DURABLE_FULL);
	struct hk_keystore *store;

	config.path = disk_dir;
	config.boot_id = hk_text("boot-2");
	assert_ok(hk_keystore_lmdb_open(&config, &store));
	assert_true(config.dropped == 0);
	for (uint64_t i = 0; i < SETS; i++)
		check_set(store, i);
	/* and it goes on */
	put(store, 1000, "u");
	assert_int_equal(advance(store, 1000, 0), HK_SEQ_FRESH);
	hk_keystore_close(store);
}

static void remove_dir(const char *dir)
{
	snprintf(lmdb_dir, sizeof lmdb_dir, "%s", dir);
	lmdb_dir_remove();
}

static void cut_round(enum hk_durability durability)
{
	struct hk_keystore *store;
	char work_dir[sizeof lmdb_dir];

	memset(promises, 0, sizeof promises);
	lmdb_dir_make();
	memcpy(disk_dir, lmdb_dir, sizeof disk_dir);
	lmdb_dir_make();
	memcpy(work_dir, lmdb_dir, sizeof work_dir);
	recording = true;
	store = lmdb_open_as(durability);
	for (uint32_t steps = 20 + rnd(150); steps > 0; steps--) {
		uint32_t what = rnd(10), i = rnd(SETS);

		if (what == 0)
			do_remove(store, i);
		else if (what < 5)
			do_put(store, i);
		else
			do_advance(store, i);
	}
	cut_power();
	hk_keystore_close(store);
	check_disk();
	remove_dir(work_dir);
	remove_dir(disk_dir);
}

/* E6696-5.2-19 E6696-5.4-05 */
static void full_loses_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++)
		cut_round(HK_DURABLE_FULL);
}

/* E6696-5.2-19 E6696-5.4-05 */
static void batch_loses_nothing_that_was_synced(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++)
		cut_round(HK_DURABLE_BATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_loses_nothing),
		cmocka_unit_test(batch_loses_nothing_that_was_synced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
