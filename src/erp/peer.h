/* SPDX-License-Identifier: ISC */
/* What the files of the ER peer share. */
#ifndef HK_ERP_PEER_H
#define HK_ERP_PEER_H

#include <hokey/er_peer.h>

#define HK_SEQ_END 65536u /* past the last sequence number */

static inline struct hk_bytes hk_er_set_realm(const struct hk_er_set *set)
{
	return hk_bytes(set->realm, set->realm_len);
}

/* ---- key sets: peer.c ---- */

/* The set of that serial; NULL when it was replaced. */
struct hk_er_set *hk_er_peer_set(struct hk_er_peer *peer, uint32_t serial);

/* Wipes the keys when the EMSK has ended: everything below it ends with it. */
void hk_er_peer_expire(struct hk_er_peer *peer, hk_time now);

/* Why no exchange can be begun with a set now, or HK_OK. */
enum hk_err hk_er_set_check(const struct hk_er_set *set, hk_time now);

/*
 * Which key set, and home sets with or without B (flags), for an
 * authenticator. HK_ERR_NOT_FOUND, HK_ERR_EXPIRED, HK_ERR_EXHAUSTED,
 * HK_ERR_DENIED: full EAP.
 */
enum hk_err hk_er_peer_choose(struct hk_er_peer *peer, const struct hk_er_authenticator *at,
	bool bootstrap, hk_time now, struct hk_er_set **set, uint8_t *flags);

/*
 * The set of a visited domain, derived when it is new and the EMSK is there.
 * NULL when it cannot be had. A set that exists keeps its counter.
 */
struct hk_er_set *hk_er_peer_visited_set(
	struct hk_er_peer *peer, struct hk_bytes domain, hk_time now);

/*
 * Burns one number. HK_ERR_EXHAUSTED; HK_ERR_STORE: no more numbers are
 * written down as used.
 */
enum hk_err hk_er_peer_take_seq(
	struct hk_er_peer *peer, struct hk_er_set *set, hk_time now, uint16_t *seq);

/* The first usable suite of the configuration that is not in the mask; 0: none. */
uint8_t hk_er_peer_suite(const struct hk_er_peer *peer, uint8_t refused);
bool hk_er_peer_allows_suite(const struct hk_er_peer *peer, uint8_t suite);

/* ---- authenticators: peer_authenticators.c ---- */

void hk_er_authenticator_id(struct hk_bytes name, uint8_t id[HK_ER_AUTHENTICATOR_ID]);
/* Found, or entered in the place of the one not seen longest. */
struct hk_er_authenticator *hk_er_peer_authenticator(
	struct hk_er_peer *peer, const uint8_t id[HK_ER_AUTHENTICATOR_ID], hk_time now);
/* As hk_er_peer_learn_domain(), for a place that was found. */
enum hk_err hk_er_authenticator_learn(
	struct hk_er_authenticator *at, struct hk_bytes domain, enum hk_er_source source);
/* Retransmission timeout from the round trips seen (RFC 6298). */
uint32_t hk_er_authenticator_rto_ms(
	const struct hk_er_authenticator *at, const struct hk_er_peer_config *config);
void hk_er_authenticator_measure(struct hk_er_authenticator *at, uint32_t rtt_ms);

#endif
