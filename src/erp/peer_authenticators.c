/* SPDX-License-Identifier: ISC */
#include "erp/peer.h"

#include "crypto/crypto.h"

#define CLOCK_GRANULARITY_MS 10

void hk_er_authenticator_id(struct hk_bytes name, uint8_t id[HK_ER_AUTHENTICATOR_ID])
{
	uint8_t hash[HK_SHA256_LEN];

	hk_sha256(&name, 1, hash);
	memcpy(id, hash, HK_ER_AUTHENTICATOR_ID);
}

struct hk_er_authenticator *hk_er_peer_authenticator(
	struct hk_er_peer *peer, const uint8_t id[HK_ER_AUTHENTICATOR_ID], hk_time now)
{
	struct hk_er_authenticator *oldest = &peer->authenticators[0];

	for (size_t i = 0; i < HK_ER_PEER_AUTHENTICATORS; i++) {
		struct hk_er_authenticator *at = &peer->authenticators[i];

		if (at->used && memcmp(at->id, id, HK_ER_AUTHENTICATOR_ID) == 0) {
			at->used = now;
			return at;
		}
		if (at->used < oldest->used)
			oldest = at;
	}
	memset(oldest, 0, sizeof *oldest);
	memcpy(oldest->id, id, HK_ER_AUTHENTICATOR_ID);
	oldest->used = now ? now : 1;
	return oldest;
}

enum hk_err hk_er_authenticator_learn(
	struct hk_er_authenticator *at, struct hk_bytes domain, enum hk_er_source source)
{
	enum hk_err err;

	if (source == HK_ER_SOURCE_NONE)
		return HK_ERR_ARGUMENT;
	if (domain.len > 0) {
		if (domain.data[domain.len - 1] == '.')
			domain.len--;
		err = hk_domain_check(domain);
		if (err)
			return err;
	}
	if (source < at->source)
		return HK_ERR_DENIED;
	if (domain.len > 0)
		memcpy(at->domain, domain.data, domain.len);
	at->domain_len = (uint16_t)domain.len;
	at->source = (uint8_t)source;
	return HK_OK;
}

enum hk_err hk_er_peer_learn_domain(struct hk_er_peer *peer, struct hk_bytes authenticator,
	struct hk_bytes domain, enum hk_er_source source, hk_time now)
{
	uint8_t id[HK_ER_AUTHENTICATOR_ID];

	hk_er_authenticator_id(authenticator, id);
	return hk_er_authenticator_learn(hk_er_peer_authenticator(peer, id, now), domain, source);
}

uint32_t hk_er_authenticator_rto_ms(
	const struct hk_er_authenticator *at, const struct hk_er_peer_config *config)
{
	uint32_t spread = 4 * at->rttvar_ms;

	if (at->srtt_ms == 0)
		return config->rto_ms;
	return at->srtt_ms + (spread > CLOCK_GRANULARITY_MS ? spread : CLOCK_GRANULARITY_MS);
}

void hk_er_authenticator_measure(struct hk_er_authenticator *at, uint32_t rtt_ms)
{
	uint32_t off;

	if (rtt_ms == 0)
		rtt_ms = 1;
	if (at->srtt_ms == 0) {
		at->srtt_ms = rtt_ms;
		at->rttvar_ms = rtt_ms / 2;
		return;
	}
	off = at->srtt_ms > rtt_ms ? at->srtt_ms - rtt_ms : rtt_ms - at->srtt_ms;
	at->rttvar_ms = (3 * at->rttvar_ms + off) / 4;
	at->srtt_ms = (7 * at->srtt_ms + rtt_ms) / 8;
	if (at->srtt_ms == 0)
		at->srtt_ms = 1;
}
