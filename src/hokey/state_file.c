/* SPDX-License-Identifier: ISC */
#include "hokey/state_file.h"

#include "crypto/crypto.h"
#include "hokeyd/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

static enum hk_err lock(struct state_file *f)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s.lock", f->path) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return HK_ERR_SYSTEM;
	}
	f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->lock < 0)
		return HK_ERR_SYSTEM;
	if (flock(f->lock, LOCK_EX | LOCK_NB) == 0)
		return HK_OK;
	return errno == EWOULDBLOCK ? HK_ERR_EXISTS : HK_ERR_SYSTEM;
}

static enum hk_err load(const struct state_file *f, struct hk_er_peer *peer, hk_time now)
{
	struct hk_file file;
	enum hk_err err = hk_file_read(f->path, &file);

	if (err)
		return err == HK_ERR_SYSTEM && errno == ENOENT ? HK_OK : err;
	if (file.open_to_others)
		err = HK_ERR_DENIED;
	else
		err = hk_er_peer_restore(peer, hk_bytes(file.data, file.len), now);
	hk_file_free(&file);
	return err;
}

enum hk_err state_file_open(
	struct state_file *f, const char *path, struct hk_er_peer *peer, hk_time now)
{
	enum hk_err err;

	*f = (struct state_file){.path = path, .lock = -1};
	err = lock(f);
	if (!err)
		err = load(f, peer, now);
	if (err)
		state_file_close(f);
	return err;
}

enum hk_err state_file_write(struct state_file *f, struct hk_er_peer *peer, uint16_t ahead)
{
	uint8_t octets[HK_ER_PEER_STATE_MAX];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	enum hk_err err = hk_er_peer_save(peer, ahead, &b);

	if (!err)
		err = hk_file_replace(f->path, hk_buf_bytes(&b), 0600);
	hk_wipe(octets, sizeof octets);
	return err;
}

void state_file_close(struct state_file *f)
{
	if (f->lock >= 0)
		close(f->lock);
	f->lock = -1;
}
