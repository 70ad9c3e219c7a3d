/* SPDX-License-Identifier: ISC */
/*
 * The module's section in raddb. Blocks `erp`, `ktk` and `store` are those of
 * hokeyd.conf: the same names (written with _ or -), values and defaults, from
 * the same table.
 */
#ifndef HK_RLM_CONFIG_H
#define HK_RLM_CONFIG_H

#include "server.h"

#include "hokeyd/config.h"
#include "hokeyd/schema.h"

#define HK_RLM_REALMS_MAX 32
#define HK_RLM_KTKS_MAX   64
#define HK_RLM_SEPARATORS " \t," /* in lists */

struct hk_rlm_config {
	char const *identity; /* text to expand: who logged in */
	bool cache_reply;     /* keep reply attributes with the keys */
	struct hk_erp_config erp;
	struct hk_store_config store;
	struct hk_bytes realms[HK_RLM_REALMS_MAX];
	struct hk_ktk ktks[HK_RLM_KTKS_MAX];
	/* RADIUS over TCP always comes over TLS, as far as the server listens for it. */
	bool tcp_is_tls;
};

/* Reads the blocks; says what is wrong, with file and line, and returns false. */
bool hk_rlm_config_read(CONF_SECTION *section, struct hk_rlm_config *config);
void hk_rlm_config_wipe(struct hk_rlm_config *config);

/* ---- among the files that do it ---- */

/*
 * Options of a block into its struct, but for lists and what else the schema
 * has no place for; texts get a parent in `ctx`. cs NULL: the defaults.
 */
bool hk_rlm_block_read(CONF_SECTION *cs, TALLOC_CTX *ctx, enum hk_block_kind block, void *into);
/* Blocks ktk, and what comes of them. */
bool hk_rlm_ktks_read(CONF_SECTION *section, struct hk_rlm_config *config);

#endif
