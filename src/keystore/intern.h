/* SPDX-License-Identifier: ISC */
/*
 * Octet strings that many key sets have in common (realms, authorizations),
 * kept once and counted. Safe to use from several threads.
 */
#ifndef HK_KEYSTORE_INTERN_H
#define HK_KEYSTORE_INTERN_H

#include "keystore/hash.h"

#include <hokey/error.h>

struct hk_blob {
	uint32_t users; /* guarded by the pool */
	uint16_t len;
	uint8_t data[];
};

struct hk_intern;

enum hk_err hk_intern_new(struct hk_hash_seed seed, struct hk_intern **out);
/* All blobs must have been given back. */
void hk_intern_free(struct hk_intern *pool);

/* The one blob with these octets; NULL without memory. At most 65535 octets. */
const struct hk_blob *hk_intern_take(struct hk_intern *pool, struct hk_bytes v);
void hk_intern_give_back(struct hk_intern *pool, const struct hk_blob *blob);

uint64_t hk_intern_bytes(const struct hk_intern *pool);

static inline struct hk_bytes hk_blob_bytes(const struct hk_blob *blob)
{
	return hk_bytes(blob->data, blob->len);
}

#endif
