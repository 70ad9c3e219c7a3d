/* SPDX-License-Identifier: ISC */
#include "hokeyd/store.h"

#include "crypto/crypto.h"
#include "hokeyd/clock.h"
#include "hokeyd/files.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static enum hk_err explain(
	struct hk_config_error *error, const char *path, enum hk_err err, const char *why)
{
	snprintf(error->text, sizeof(error->text), "store: %s: %s", path, why);
	return err;
}

static enum hk_err make_wrap_key(const char *path, struct hk_config_error *error)
{
	uint8_t key[HK_STORE_KEY_LEN];
	enum hk_err err = hk_random(key, sizeof(key));

	if (!err)
		err = hk_file_create(path, hk_bytes(key, sizeof(key)), 0600);
	hk_wipe(key, sizeof(key));
	return err ? explain(error, path, err, hk_file_strerror(err)) : HK_OK;
}

static enum hk_err read_wrap_key(
	const char *path, uint8_t key[HK_STORE_KEY_LEN], struct hk_config_error *error)
{
	struct hk_file file;
	enum hk_err err = hk_file_read(path, &file);

	if (err == HK_ERR_SYSTEM && errno == ENOENT) {
		err = make_wrap_key(path, error);
		if (err)
			return err;
		err = hk_file_read(path, &file);
	}
	if (err)
		return explain(error, path, err, hk_file_strerror(err));
	if (file.len != HK_STORE_KEY_LEN)
		err = explain(error, path, HK_ERR_MALFORMED, "expected 32 octets");
	else if (file.open_to_others)
		err = explain(error, path, HK_ERR_DENIED,
			"others may read or write the wrapping key (chmod 600)");
	else
		memcpy(key, file.data, HK_STORE_KEY_LEN);
	hk_file_free(&file);
	return err;
}

static enum hk_err open_lmdb(const struct hk_store_config *config, bool note_ended,
	struct hk_keystore **out, uint64_t *dropped, struct hk_config_error *error)
{
	struct hk_keystore_lmdb_config lmdb = {
		.path = config->path,
		.max_bytes = config->max_bytes,
		.max_sets_per_user = config->max_sets_per_user,
		.note_ended = note_ended,
		.durability = config->durability,
	};
	char boot_id[37];
	enum hk_err err;

	if (mkdir(config->path, 0700) && errno != EEXIST)
		return explain(error, config->path, HK_ERR_SYSTEM, strerror(errno));
	err = read_wrap_key(config->wrap_key_file, lmdb.wrap_key, error);
	if (err)
		return err;
	if (hk_boot_id(boot_id))
		lmdb.boot_id = hk_text(boot_id);
	err = hk_keystore_lmdb_open(&lmdb, out);
	hk_wipe(lmdb.wrap_key, sizeof(lmdb.wrap_key));
	*dropped = lmdb.dropped;
	return err ? explain(error, config->path, err,
			     err == HK_ERR_SYSTEM || err == HK_ERR_STORE ? strerror(errno)
									 : hk_strerror(err))
		   : HK_OK;
}

enum hk_err hk_store_open(const struct hk_store_config *config, bool note_ended,
	struct hk_keystore **out, uint64_t *dropped, struct hk_config_error *error)
{
	const struct hk_keystore_memory_config memory = {
		.max_sets = config->max_sets,
		.max_sets_per_user = config->max_sets_per_user,
		.note_ended = note_ended,
	};
	enum hk_err err;

	*dropped = 0;
	if (config->kind == HK_STORE_LMDB)
		return open_lmdb(config, note_ended, out, dropped, error);
	err = hk_keystore_memory_open(&memory, out);
	return err ? explain(error, "memory", err, hk_strerror(err)) : HK_OK;
}
