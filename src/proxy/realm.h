/* SPDX-License-Identifier: ISC */
#ifndef HK_PROXY_REALM_H
#define HK_PROXY_REALM_H

#include <hokey/bytes.h>

/* ASCII letters of either case alike. */
uint64_t hk_realm_hash(struct hk_bytes realm);

#endif
