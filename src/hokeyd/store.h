/* SPDX-License-Identifier: ISC */
/* Opens the key store that the configuration names. */
#ifndef HK_HOKEYD_STORE_H
#define HK_HOKEYD_STORE_H

#include "hokeyd/config.h"

/*
 * Makes directory and wrapping key at the first start. dropped: key sets that
 * a crash of the machine may have made unsafe and that are gone now. note_ended: of
 * sets that give way to newer ones of their user, too. In *error what went wrong, in
 * words.
 */
enum hk_err hk_store_open(const struct hk_store_config *config, bool note_ended,
	struct hk_keystore **out, uint64_t *dropped, struct hk_config_error *error);

#endif
