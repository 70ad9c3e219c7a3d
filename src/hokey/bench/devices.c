/* SPDX-License-Identifier: ISC */
#include "hokey/bench/devices.h"

#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_LEN 4096 /* a page, so that the devices are aligned in the map */

struct header {
	char magic[8];
	uint32_t byte_order; /* 1, as the writer's machine stores it */
	uint32_t device_size;
	uint64_t count;
	uint16_t realm_len;
	uint8_t realm[HK_REALM_MAX_LEN];
};

static const char magic[8] = {'h', 'k', 'b', 'e', 'n', 'c', 'h', '1'};

static bool fail(struct hk_devices *d, const char **error, const char *why)
{
	*error = why ? why : strerror(errno);
	hk_devices_close(d);
	return false;
}

static bool map(struct hk_devices *d)
{
	int flags = d->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *p = mmap(NULL, d->map_len, PROT_READ | PROT_WRITE, flags, d->fd, 0);

	if (p == MAP_FAILED)
		return false;
	d->map = p;
	d->device = (struct hk_device *)((uint8_t *)p + HEADER_LEN);
	madvise(p, d->map_len, MADV_DONTDUMP);
	return true;
}

static void write_header(const struct hk_devices *d)
{
	struct header *h = d->map;

	memset(h, 0, sizeof *h);
	memcpy(h->magic, magic, sizeof magic);
	h->byte_order = 1;
	h->device_size = sizeof(struct hk_device);
	h->count = d->count;
	h->realm_len = d->realm_len;
	memcpy(h->realm, d->realm, d->realm_len);
}

bool hk_devices_create(struct hk_devices *d, uint64_t count, struct hk_bytes realm,
	const char *path, const char **error)
{
	memset(d, 0, sizeof *d);
	d->fd = -1;
	if (realm.len == 0 || realm.len > sizeof d->realm || count == 0 ||
		count > SIZE_MAX / 2 / sizeof(struct hk_device))
		return fail(d, error, "no realm, or an impossible number of devices");
	d->count = count;
	d->realm_len = (uint16_t)realm.len;
	memcpy(d->realm, realm.data, realm.len);
	d->map_len = HEADER_LEN + count * sizeof(struct hk_device);
	if (path) {
		d->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (d->fd < 0 || flock(d->fd, LOCK_EX | LOCK_NB) || fchmod(d->fd, 0600) ||
			ftruncate(d->fd, 0) || ftruncate(d->fd, (off_t)d->map_len))
			return fail(d, error, NULL);
	}
	if (!map(d))
		return fail(d, error, NULL);
	write_header(d);
	return true;
}

static bool read_header(struct hk_devices *d, uint64_t file_len)
{
	struct header h;

	if (pread(d->fd, &h, sizeof h, 0) != sizeof h ||
		memcmp(h.magic, magic, sizeof magic) != 0 || h.byte_order != 1 ||
		h.device_size != sizeof(struct hk_device) || h.count == 0 || h.realm_len == 0 ||
		h.realm_len > sizeof h.realm || file_len < HEADER_LEN ||
		(file_len - HEADER_LEN) / sizeof(struct hk_device) < h.count)
		return false;
	d->count = h.count;
	d->realm_len = h.realm_len;
	memcpy(d->realm, h.realm, h.realm_len);
	d->map_len = HEADER_LEN + h.count * sizeof(struct hk_device);
	return true;
}

bool hk_devices_load(struct hk_devices *d, const char *path, const char **error)
{
	struct stat st;

	memset(d, 0, sizeof *d);
	d->fd = open(path, O_RDWR | O_CLOEXEC);
	if (d->fd < 0 || fstat(d->fd, &st))
		return fail(d, error, NULL);
	if (flock(d->fd, LOCK_EX | LOCK_NB))
		return fail(d, error, "another process uses it");
	if (!read_header(d, (uint64_t)st.st_size))
		return fail(d, error, "not a file of devices, or one of another machine");
	return map(d) ? true : fail(d, error, NULL);
}

void hk_devices_close(struct hk_devices *d)
{
	if (d->map) {
		if (d->fd < 0)
			hk_wipe(d->map, d->map_len);
		munmap(d->map, d->map_len);
	}
	if (d->fd >= 0)
		close(d->fd);
	memset(d, 0, sizeof *d);
	d->fd = -1;
}

enum hk_err hk_device_set_keys(struct hk_device *device, const struct hk_key *emsk, hk_time now)
{
	struct hk_key *rrk;
	enum hk_err err = hk_key_derive_rrk(emsk, now, HK_NEVER, &rrk);

	if (err)
		return err;
	err = hk_erp_keys_init(&device->keys, rrk);
	hk_key_free(rrk);
	if (err)
		return err;
	memcpy(device->emsk_name, hk_key_emsk_name(emsk), HK_EMSK_NAME_LEN);
	device->next_seq = 0;
	device->has_keys = true;
	return HK_OK;
}
