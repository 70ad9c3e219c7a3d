/* SPDX-License-Identifier: ISC */
#include "hokeyd/files.h"

#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool hk_file_is_open(const struct stat *st)
{
	mode_t forbidden = S_IRWXO | S_IWGRP;

	if (st->st_uid != 0)
		forbidden |= S_IRGRP;
	return (st->st_mode & forbidden) != 0;
}

/* Fills `size` octets or as many as there are before the end of the file. */
static enum hk_err read_up_to(int fd, uint8_t *data, size_t size, size_t *len)
{
	*len = 0;
	while (*len < size) {
		ssize_t n = read(fd, data + *len, size - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HK_ERR_SYSTEM;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return HK_OK;
}

static enum hk_err read_open_file(int fd, struct hk_file *out)
{
	enum hk_err err;
	struct stat st;
	size_t size;

	if (fstat(fd, &st) < 0)
		return HK_ERR_SYSTEM;
	if (!S_ISREG(st.st_mode))
		return HK_ERR_ARGUMENT;
	if (st.st_size > (off_t)HK_FILE_MAX)
		return HK_ERR_TOO_LONG;
	size = (size_t)st.st_size;
	out->open_to_others = hk_file_is_open(&st);
	out->data = malloc(size + 1);
	if (!out->data)
		return HK_ERR_NO_MEMORY;
	/* Room for the NUL shows a file that grows while it is read. */
	err = read_up_to(fd, out->data, size + 1, &out->len);
	if (err)
		return err;
	if (out->len > size)
		return HK_ERR_TOO_LONG;
	out->data[out->len] = 0;
	return HK_OK;
}

enum hk_err hk_file_read(const char *path, struct hk_file *out)
{
	enum hk_err err;
	int saved;
	int fd;

	*out = (struct hk_file){0};
	/* Not blocking: a FIFO in place of a file must not hang the start. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return HK_ERR_SYSTEM;
	err = read_open_file(fd, out);
	saved = errno;
	close(fd);
	if (err)
		hk_file_free(out);
	errno = saved;
	return err;
}

void hk_file_free(struct hk_file *file)
{
	if (file->data)
		hk_wipe(file->data, file->len);
	free(file->data);
	*file = (struct hk_file){0};
}

static enum hk_err write_all(int fd, struct hk_bytes content)
{
	while (content.len) {
		ssize_t n = write(fd, content.data, content.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HK_ERR_SYSTEM;
		content.data += n;
		content.len -= (size_t)n;
	}
	return fsync(fd) < 0 ? HK_ERR_SYSTEM : HK_OK;
}

/* The new name is on the disk only when its directory is. */
static enum hk_err sync_directory_of(const char *path)
{
	char copy[PATH_MAX];
	enum hk_err err;
	int fd;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy)) {
		errno = ENAMETOOLONG;
		return HK_ERR_SYSTEM;
	}
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return HK_ERR_SYSTEM;
	err = fsync(fd) < 0 ? HK_ERR_SYSTEM : HK_OK;
	close(fd);
	return err;
}

enum hk_err hk_file_create(const char *path, struct hk_bytes content, unsigned mode)
{
	enum hk_err err;
	int saved;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return errno == EEXIST ? HK_ERR_EXISTS : HK_ERR_SYSTEM;
	err = write_all(fd, content);
	if (!err && fchmod(fd, mode) < 0)
		err = HK_ERR_SYSTEM;
	saved = errno;
	if (close(fd) < 0 && !err) {
		saved = errno;
		err = HK_ERR_SYSTEM;
	}
	errno = saved;
	if (!err)
		err = sync_directory_of(path);
	if (err) {
		saved = errno;
		unlink(path);
		errno = saved;
	}
	return err;
}

enum hk_err hk_file_replace(const char *path, struct hk_bytes content, unsigned mode)
{
	char temporary[PATH_MAX];
	enum hk_err err;
	int saved;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return HK_ERR_SYSTEM;
	}
	/* One that is left over from a crash. */
	unlink(temporary);
	err = hk_file_create(temporary, content, mode);
	if (err)
		return err;
	if (rename(temporary, path) == 0)
		return sync_directory_of(path);
	saved = errno;
	unlink(temporary);
	errno = saved;
	return HK_ERR_SYSTEM;
}

static bool is_right(const char *path, struct hk_bytes content, unsigned mode)
{
	struct hk_file file;
	struct stat st;
	bool right;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & 07777) != mode ||
		st.st_uid != geteuid() || hk_file_read(path, &file))
		return false;
	right = file.len == content.len && memcmp(file.data, content.data, content.len) == 0;
	hk_file_free(&file);
	return right;
}

enum hk_err hk_file_ensure(const char *path, struct hk_bytes content, unsigned mode)
{
	return is_right(path, content, mode) ? HK_OK : hk_file_replace(path, content, mode);
}

const char *hk_file_strerror(enum hk_err err)
{
	switch (err) {
	case HK_ERR_SYSTEM:
		return strerror(errno);
	case HK_ERR_ARGUMENT:
		return "not a regular file";
	case HK_ERR_TOO_LONG:
		return "too large, or growing while it was read";
	default:
		return hk_strerror(err);
	}
}

const char *hk_file_reason(enum hk_err err, char *text, size_t size)
{
	const struct passwd *user;
	const struct group *group;

	if (err != HK_ERR_SYSTEM || errno != EACCES || geteuid() == 0)
		return hk_file_strerror(err);
	user = getpwuid(geteuid());
	group = getgrgid(getegid());
	snprintf(text, size,
		"%s: user '%.32s' has to be able to read it, as after chown root:%.32s, chmod 0640 "
		"(0750 for its directory)",
		strerror(EACCES), user ? user->pw_name : "of this process",
		group ? group->gr_name : "GROUP");
	return text;
}
