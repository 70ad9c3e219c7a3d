/* SPDX-License-Identifier: ISC */
/*
 * The module's section in raddb. Blocks `erp` and `store` are those of
 * hokeyd.conf: the same names (written with _ or -), values and defaults, from
 * the same table.
 */
#ifndef HK_RLM_CONFIG_H
#define HK_RLM_CONFIG_H

#include "server.h"

#include "hokeyd/config.h"

#define HK_RLM_REALMS_MAX 32

struct hk_rlm_config {
	char const *identity;     /* text to expand: who logged in */
	bool cache_reply;         /* keep reply attributes with the keys */
	struct hk_erp_config erp;
	struct hk_store_config store;
	struct hk_bytes realms[HK_RLM_REALMS_MAX];
};

/* Reads the blocks; says what is wrong, with file and line, and returns false. */
bool hk_rlm_config_read(CONF_SECTION *section, struct hk_rlm_config *config);

#endif
