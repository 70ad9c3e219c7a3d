/* SPDX-License-Identifier: ISC */
/* The keys of devices known to the fuzz targets. Device 0 has vector V1 of tests/vectors. */
#ifndef HK_TESTS_FUZZ_ERP_KEYS_H
#define HK_TESTS_FUZZ_ERP_KEYS_H

#include "fuzz.h"

#include <hokey/key.h>

#define FUZZ_NOW        ((hk_time)1790000000 * HK_SECOND)
#define FUZZ_LIFETIME_S 28800u
#define FUZZ_END        (FUZZ_NOW + FUZZ_LIFETIME_S * HK_SECOND)

/* hk_key_free() */
struct hk_key *fuzz_emsk(unsigned device);
void fuzz_erp_keys(const struct hk_key *emsk, struct hk_erp_keys *keys);

#endif
