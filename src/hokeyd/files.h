/* SPDX-License-Identifier: ISC */
/*
 * Small files: certificates, keys, secrets. Read as a whole into memory that
 * is wiped when it goes; written so that they are either complete or not there.
 */
#ifndef HK_HOKEYD_FILES_H
#define HK_HOKEYD_FILES_H

#include <hokey/bytes.h>
#include <hokey/error.h>

#include <sys/stat.h>

#define HK_FILE_MAX (16u << 20)

/* A file's octets, with a NUL behind them that len does not count. */
struct hk_file {
	uint8_t *data;
	size_t len;
	bool     open_to_others;      /* see hk_file_is_open() */
};

static inline struct hk_bytes hk_file_bytes(const struct hk_file *file)
{
	return hk_bytes(file->data, file->len);
}

/*
 * Too open for a secret: others may read it, or the group may write it, or the
 * group may read it and the owner is not root. (root:hokeyd with mode 0640 is
 * how a server that is not root gets at a key it cannot change.)
 */
bool hk_file_is_open(const struct stat *st);

/*
 * Reads a regular file of at most HK_FILE_MAX octets. HK_ERR_SYSTEM with
 * errno, HK_ERR_TOO_LONG, HK_ERR_NO_MEMORY; HK_ERR_ARGUMENT: not a regular
 * file. On error nothing is left in *out.
 */
enum hk_err hk_file_read(const char *path, struct hk_file *out);
/* Wipes and frees. */
void hk_file_free(struct hk_file *file);

/*
 * Makes a file that must not exist yet, with this mode, and puts it on the
 * disk. HK_ERR_EXISTS, HK_ERR_SYSTEM with errno; then there is no file.
 */
enum hk_err hk_file_create(const char *path, struct hk_bytes content, unsigned mode);

/*
 * The same for a file that may exist: then it is replaced in one step, so that
 * it is either the old or the new one.
 */
enum hk_err hk_file_replace(const char *path, struct hk_bytes content, unsigned mode);

/*
 * The same, but a file that is right already is left alone: that needs no
 * room on the disk.
 */
enum hk_err hk_file_ensure(const char *path, struct hk_bytes content, unsigned mode);

/* What went wrong in words, for a message: errno's text for HK_ERR_SYSTEM. */
const char *hk_file_strerror(enum hk_err err);

/*
 * The same for a file of a server that is not root: when it may not read it,
 * also how it may. Returns a text of its own or `text`.
 */
const char *hk_file_reason(enum hk_err err, char *text, size_t size);
#define HK_FILE_REASON 200

#endif
