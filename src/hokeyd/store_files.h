/* SPDX-License-Identifier: ISC */
/*
 * What has to be there before the key store is opened: its directory, and the
 * key that what lies in it is wrapped with.
 */
#ifndef HK_HOKEYD_STORE_FILES_H
#define HK_HOKEYD_STORE_FILES_H

#include "hokeyd/config.h"

/*
 * Makes the directory (mode 0700) when it is missing; for `user` (NULL: us)
 * when we are root.
 */
enum hk_err hk_store_make_directory(
	const char *path, const char *user, struct hk_config_error *error);

/*
 * Reads the key, or makes a random one at the first start. A file that others
 * can read, or that has not 32 octets, is refused: a wrong key would make every
 * stored key set useless. The caller wipes it.
 */
enum hk_err hk_store_wrap_key(const char *path, const char *user, uint8_t key[HK_STORE_KEY_LEN],
	struct hk_config_error *error);

#endif
