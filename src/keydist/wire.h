/* SPDX-License-Identifier: ISC */
/* Octets of HOKEY-Key-Request and HOKEY-Key, and what the files here share. */
#ifndef HK_KEYDIST_WIRE_H
#define HK_KEYDIST_WIRE_H

#include <hokey/keydist.h>

/*
 *     HOKEY-Key-Request  version | type | 0 (2) | KEK-ID (16) | nonce (16) | MAC (16)
 *     HOKEY-Key          version | type | alg | again | KEK-ID (16) | EMSKname (8)
 *                        | lifetime (4) | wrapped key
 */
#define HK_KEYDIST_VERSION  1
#define HK_KEYDIST_AES_WRAP 1 /* the one algorithm there is */

#define HK_AT_VERSION      0
#define HK_AT_TYPE         1
#define HK_AT_ALGORITHM    2
#define HK_AT_AGAIN        3 /* 1: a key that went out before */
#define HK_AT_KEK_ID       4
#define HK_AT_NONCE        20
#define HK_AT_MAC          36
#define HK_AT_EMSK_NAME    20
#define HK_AT_LIFETIME     28
#define HK_AT_WRAPPED      32
#define HK_KEYDIST_MAC_LEN 16

static inline bool hk_keydist_has_label(uint8_t type)
{
	return type == HK_KEYDIST_USRK || type == HK_KEYDIST_DSUSRK;
}

/* Printable ASCII, 1 to 64 octets where the type has a label, else none. */
bool hk_keydist_label_ok(uint8_t type, struct hk_bytes label);

/* A key management domain as it travels: a domain name in lower case. */
bool hk_keydist_domain_ok(struct hk_bytes domain);

/* The entry of that KEK-ID, in force or not; NULL. */
const struct hk_ktk *hk_ktk_find(const struct hk_ktk *ktks, size_t n, const uint8_t *kek_id);
bool hk_ktk_in_force(const struct hk_ktk *ktk, hk_time now);
/* Whether it is for that home realm, and whether the domain may be claimed with it. */
bool hk_ktk_serves(const struct hk_ktk *ktk, struct hk_bytes realm);
bool hk_ktk_has_domain(const struct hk_ktk *ktk, struct hk_bytes domain);

/*
 * Takes a nonce for a key (its EMSKname and grant). False: it was used for
 * another one.
 */
bool hk_nonces_use(struct hk_nonces *n, const uint8_t *request, const uint8_t *emsk_name,
	const struct hk_grant *grant);

/* Writes the MAC of a request that is complete but for it. */
void hk_keydist_seal_request(const struct hk_ktk *ktk, uint8_t request[HK_KEYDIST_REQUEST_LEN],
	struct hk_bytes domain, struct hk_bytes label);

#endif
