/* SPDX-License-Identifier: ISC */
#include "hokeyd/store_files.h"

#include "crypto/crypto.h"
#include "hokeyd/files.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum hk_err fail(
	struct hk_config_error *error, enum hk_err err, const char *path, const char *why)
{
	snprintf(error->text, sizeof(error->text), "%.300s: %s", path, why);
	return err;
}

/* Gives a new file to the user that the process is going to be. */
static enum hk_err give_to(const char *path, const char *user, struct hk_config_error *error)
{
	const struct passwd *entry;

	if (!user || geteuid() != 0)
		return HK_OK;
	entry = getpwnam(user);
	if (!entry)
		return fail(error, HK_ERR_NOT_FOUND, user, "there is no such user");
	if (lchown(path, entry->pw_uid, entry->pw_gid) < 0)
		return fail(error, HK_ERR_SYSTEM, path, strerror(errno));
	return HK_OK;
}

enum hk_err hk_store_make_directory(
	const char *path, const char *user, struct hk_config_error *error)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return give_to(path, user, error);
	if (errno != EEXIST)
		return fail(error, HK_ERR_SYSTEM, path, strerror(errno));
	if (stat(path, &st) < 0)
		return fail(error, HK_ERR_SYSTEM, path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(error, HK_ERR_SYSTEM, path, strerror(ENOTDIR));
	return HK_OK;
}

static enum hk_err make_key(const char *path, const char *user, uint8_t key[HK_STORE_KEY_LEN],
	struct hk_config_error *error)
{
	enum hk_err err = hk_random(key, HK_STORE_KEY_LEN);

	if (err)
		return fail(error, err, path, hk_strerror(err));
	err = hk_file_create(path, hk_bytes(key, HK_STORE_KEY_LEN), 0600);
	if (err)
		return fail(error, err, path, hk_file_strerror(err));
	return give_to(path, user, error);
}

static enum hk_err take_key(const char *path, const struct hk_file *file,
	uint8_t key[HK_STORE_KEY_LEN], struct hk_config_error *error)
{
	if (file->len != HK_STORE_KEY_LEN)
		return fail(error, HK_ERR_MALFORMED, path, "not a file of 32 octets");
	if (file->open_to_others)
		return fail(error, HK_ERR_DENIED, path, "others than its owner can read it");
	memcpy(key, file->data, HK_STORE_KEY_LEN);
	return HK_OK;
}

enum hk_err hk_store_wrap_key(const char *path, const char *user, uint8_t key[HK_STORE_KEY_LEN],
	struct hk_config_error *error)
{
	struct hk_file file;
	enum hk_err err = hk_file_read(path, &file);

	if (err == HK_ERR_SYSTEM && errno == ENOENT)
		return make_key(path, user, key, error);
	if (err)
		return fail(error, err, path, hk_file_strerror(err));
	err = take_key(path, &file, key, error);
	hk_file_free(&file);
	return err;
}
