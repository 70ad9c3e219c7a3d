/* SPDX-License-Identifier: ISC */
/* Packets of the vectors, and the keys that protect them. */
#ifndef HK_TESTS_ERP_PACKET_H
#define HK_TESTS_ERP_PACKET_H

#include "vectors.h"

#include <hokey/erp.h>

#include "crypto/crypto.h"

#define FIRST_ATTRIBUTE 8

/* A packet in memory of exactly its size, so that a read past it is seen. */
struct packet {
	uint8_t *data;
	size_t len;
};

static inline struct packet copy(const uint8_t *data, size_t len)
{
	struct packet p = {malloc(len ? len : 1), len};

	memcpy(p.data, data, len);
	return p;
}

static inline struct packet from_vector(const char *name)
{
	uint8_t octets[2048];
	size_t len = vector(name, octets, sizeof octets);

	return copy(octets, len);
}

static inline struct hk_bytes view(struct packet p)
{
	return hk_bytes(p.data, p.len);
}

static inline struct hk_hmac_key rik_of(const char *name)
{
	uint8_t octets[256];
	struct hk_hmac_key k;
	size_t len = vector(name, octets, sizeof octets);

	hk_hmac_key_init(&k, hk_bytes(octets, len));
	return k;
}

/* V1.rIK of the suite; of the DS-rRK when ds. */
static inline struct hk_hmac_key v1_rik(bool ds, uint8_t suite)
{
	char name[32];

	snprintf(name, sizeof name, "V1.%srIK[cs=%u]", ds ? "DS-" : "", suite);
	return rik_of(name);
}

static inline struct hk_bytes v1_nai(uint8_t text[HK_NAI_MAX_LEN])
{
	return hk_bytes(text, vector("V1.keyName-NAI", text, HK_NAI_MAX_LEN));
}

#endif
