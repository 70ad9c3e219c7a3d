/* SPDX-License-Identifier: ISC */
/*
 * EAP conversations between two rounds, found by the State that went out with
 * the last request (RFC 5080 section 2.1.2).
 *
 * The table is cut into shards by the first octet of State, which is random;
 * each has its own lock. A conversation that a thread works on is taken: it
 * can still be found, so that a second packet for it is recognized, but nobody
 * else gets it. No lock is held while a conversation is worked on.
 */
#ifndef HK_AAA_SESSIONS_H
#define HK_AAA_SESSIONS_H

#include <hokey/home.h>

struct hk_session {
	struct hk_session *next;    /* in its bucket */
	struct hk_session *earlier; /* in its shard's queue, by deadline */
	struct hk_session *later;
	uint8_t state[HK_STATE_LEN];
	bool listed; /* it is in the table under `state` */
	bool taken;
	uint64_t client_id;
	hk_time deadline;

	hk_time began;
	bool asks_identity;  /* our EAP-Request/Identity is out */
	uint32_t framed_mtu; /* last one the authenticator told, or 0 */
	struct hk_eap_server *eap;
	const struct hk_home_policy *policy; /* of the call under way */
	uint8_t identity[HK_NAI_MAX_LEN];    /* outer, from EAP-Response/Identity */
	uint16_t identity_len;
	struct hk_home_user user; /* once let in */
};

struct hk_sessions;

struct hk_session_limits {
	uint32_t total;      /* 0: none */
	uint32_t per_client; /* 0: none */
};

enum hk_err hk_sessions_new(struct hk_sessions **out);
void hk_sessions_free(struct hk_sessions *t);

/* A new conversation, taken. HK_ERR_LIMIT, HK_ERR_NO_MEMORY. */
enum hk_err hk_sessions_open(struct hk_sessions *t, uint64_t client_id,
	const struct hk_session_limits *limits, hk_time now, struct hk_session **out);

/*
 * Takes the conversation that waits under that State. HK_ERR_NOT_FOUND: none,
 * or another client's; HK_ERR_EXPIRED: it waited too long and is gone now;
 * HK_ERR_UNEXPECTED: taken by another thread.
 */
enum hk_err hk_sessions_take(struct hk_sessions *t, struct hk_bytes state, uint64_t client_id,
	hk_time now, struct hk_session **out);

/* Puts a taken conversation back, under a new State. */
void hk_sessions_wait(struct hk_sessions *t, struct hk_session *s,
	const uint8_t state[HK_STATE_LEN], hk_time deadline);

/*
 * Takes the conversation out of the table and of the limits; what it holds
 * stays until hk_session_free().
 */
void hk_sessions_close(struct hk_sessions *t, struct hk_session *s);
void hk_session_free(struct hk_session *s);

size_t hk_sessions_expire(struct hk_sessions *t, hk_time now, size_t max);
size_t hk_sessions_count(const struct hk_sessions *t);

#endif
