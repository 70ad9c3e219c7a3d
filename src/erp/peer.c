/* SPDX-License-Identifier: ISC */
#include "erp/peer.h"

#include "crypto/crypto.h"

/* ---- configuration ---- */

struct hk_er_peer_config hk_er_peer_config_default(void)
{
	return (struct hk_er_peer_config){
		.suites = {HK_SUITE_HMAC_SHA256_128, HK_SUITE_HMAC_SHA256_256},
		.nsuites = 2,
		.enabled = true,
		.ask_lifetimes = true,
		.keep_emsk = true,
		.seq_step = 1,
		.max_retransmissions = 3,
		.rto_ms = 1000,
		.rto_min_ms = 200,
		.rto_max_ms = 20000,
		.guard_ms = 16000,
		.rmsk_lifetime_s = 3600,
	};
}

static bool suites_ok(const struct hk_er_peer_config *c)
{
	if (c->nsuites == 0 || c->nsuites > HK_ERP_SUITES)
		return false;
	for (size_t i = 0; i < c->nsuites; i++) {
		if (hk_suite_tag_len(c->suites[i]) == 0)
			return false;
	}
	return true;
}

enum hk_err hk_er_peer_init(struct hk_er_peer *peer, const struct hk_er_peer_config *config)
{
	memset(peer, 0, sizeof *peer);
	if (!suites_ok(config) || config->seq_step == 0 || config->max_retransmissions < 3 ||
		config->max_retransmissions > 5 || config->rto_ms == 0 || config->rto_min_ms == 0 ||
		config->rto_max_ms < config->rto_min_ms || config->guard_ms == 0 ||
		config->rmsk_lifetime_s == 0)
		return HK_ERR_ARGUMENT;
	peer->config = *config;
	return HK_OK;
}

static void forget_keys(struct hk_er_peer *peer)
{
	hk_key_free(peer->emsk);
	peer->emsk = NULL;
	peer->emsk_expires = 0;
	peer->floor = 0;
	hk_wipe(peer->emsk_name, sizeof peer->emsk_name);
	hk_wipe(peer->sets, sizeof peer->sets);
}

void hk_er_peer_clear(struct hk_er_peer *peer)
{
	forget_keys(peer);
	memset(peer->authenticators, 0, sizeof peer->authenticators);
}

/* ---- making key sets ---- */

static struct hk_er_set *home_set(struct hk_er_peer *peer)
{
	return &peer->sets[0];
}

/* A set from an EMSK or a DSRK, in a place that is free. */
static enum hk_err make_set(struct hk_er_peer *peer, struct hk_er_set *set,
	const struct hk_key *parent, struct hk_bytes realm, hk_time now)
{
	struct hk_key *rrk;
	enum hk_err err = hk_key_derive_rrk(parent, now, peer->emsk_expires, &rrk);

	if (err)
		return err;
	err = hk_erp_keys_init(&set->keys, rrk);
	set->expires = err ? 0 : hk_key_expires(rrk);
	hk_key_free(rrk);
	if (err)
		return err;
	memcpy(set->realm, realm.data, realm.len);
	set->realm_len = (uint16_t)realm.len;
	set->serial = ++peer->serial;
	set->reserved = HK_SEQ_END;
	set->used = now;
	return HK_OK;
}

static struct hk_er_set *find_visited(struct hk_er_peer *peer, struct hk_bytes domain)
{
	for (size_t i = 1; i < HK_ER_PEER_SETS; i++) {
		struct hk_er_set *set = &peer->sets[i];

		if (set->expires && hk_bytes_equal(hk_er_set_realm(set), domain))
			return set;
	}
	return NULL;
}

/* Better to give up: never proven before proven, then not used longest. */
static bool goes_before(const struct hk_er_set *a, const struct hk_er_set *b)
{
	if (a->proven != b->proven)
		return !a->proven;
	return a->used < b->used;
}

/*
 * A place for a visited set. Re-auth-Start can name any number of domains, so
 * sets do get pushed out; as one of them may be derived again, no later set
 * starts below the numbers it has used.
 */
static struct hk_er_set *free_place(struct hk_er_peer *peer)
{
	struct hk_er_set *victim = &peer->sets[1];

	for (size_t i = 1; i < HK_ER_PEER_SETS; i++) {
		if (!peer->sets[i].expires)
			return &peer->sets[i];
		if (goes_before(&peer->sets[i], victim))
			victim = &peer->sets[i];
	}
	if (peer->floor < victim->next_seq)
		peer->floor = victim->next_seq;
	hk_wipe(victim, sizeof *victim);
	return victim;
}

struct hk_er_set *hk_er_peer_visited_set(
	struct hk_er_peer *peer, struct hk_bytes domain, hk_time now)
{
	struct hk_er_set *set = find_visited(peer, domain);
	struct hk_key *dsrk;
	enum hk_err err;

	if (set || !peer->emsk)
		return set;
	if (hk_key_derive_dsrk(peer->emsk, domain, now, peer->emsk_expires, &dsrk))
		return NULL;
	set = free_place(peer);
	err = make_set(peer, set, dsrk, domain, now);
	hk_key_free(dsrk);
	if (err)
		return NULL;
	set->next_seq = peer->floor;
	return set;
}

/* The EMSK is not kept: derive now what may be needed later. */
static void derive_and_forget(struct hk_er_peer *peer, hk_time now)
{
	struct hk_bytes home = hk_er_set_realm(home_set(peer));

	for (size_t i = 0; i < HK_ER_PEER_AUTHENTICATORS; i++) {
		struct hk_er_authenticator *at = &peer->authenticators[i];
		struct hk_bytes domain = hk_bytes(at->domain, at->domain_len);

		if (domain.len > 0 && !hk_realm_equal(domain, home))
			hk_er_peer_visited_set(peer, domain, now);
	}
	hk_key_free(peer->emsk);
	peer->emsk = NULL;
}

static bool holds_emsk(const struct hk_er_peer *peer, const struct hk_key *emsk, hk_time now)
{
	return peer->emsk_expires > now &&
	       memcmp(peer->emsk_name, hk_key_emsk_name(emsk), sizeof peer->emsk_name) == 0;
}

enum hk_err hk_er_peer_take_emsk(
	struct hk_er_peer *peer, struct hk_key *emsk, struct hk_bytes home_realm, hk_time now)
{
	enum hk_err err;

	if (!emsk || hk_key_kind(emsk) != HK_KEY_EMSK) {
		hk_key_free(emsk);
		return HK_ERR_ARGUMENT;
	}
	if (holds_emsk(peer, emsk, now)) {
		hk_key_free(emsk);
		return HK_ERR_EXISTS;
	}
	forget_keys(peer);
	peer->emsk = emsk;
	peer->emsk_expires = hk_key_expires(emsk);
	memcpy(peer->emsk_name, hk_key_emsk_name(emsk), sizeof peer->emsk_name);
	err = hk_domain_check(home_realm) ? HK_ERR_REALM : HK_OK;
	if (!err)
		err = make_set(peer, home_set(peer), emsk, home_realm, now);
	if (err) {
		forget_keys(peer);
		return err;
	}
	if (!peer->config.keep_emsk)
		derive_and_forget(peer, now);
	return HK_OK;
}

/* ---- choosing and using them ---- */

struct hk_er_set *hk_er_peer_set(struct hk_er_peer *peer, uint32_t serial)
{
	for (size_t i = 0; i < HK_ER_PEER_SETS; i++) {
		if (peer->sets[i].expires && peer->sets[i].serial == serial)
			return &peer->sets[i];
	}
	return NULL;
}

enum hk_err hk_er_set_check(const struct hk_er_set *set, hk_time now)
{
	if (!set || !set->expires)
		return HK_ERR_NOT_FOUND;
	if (set->expires <= now)
		return HK_ERR_EXPIRED;
	if (set->next_seq >= HK_SEQ_END)
		return HK_ERR_EXHAUSTED;
	return set->unusable ? HK_ERR_DENIED : HK_OK;
}

static bool is_home(struct hk_er_peer *peer, struct hk_bytes domain)
{
	return hk_realm_equal(domain, hk_er_set_realm(home_set(peer)));
}

void hk_er_peer_expire(struct hk_er_peer *peer, hk_time now)
{
	if (peer->emsk_expires && peer->emsk_expires <= now)
		forget_keys(peer);
}

enum hk_err hk_er_peer_choose(struct hk_er_peer *peer, const struct hk_er_authenticator *at,
	bool bootstrap, hk_time now, struct hk_er_set **set, uint8_t *flags)
{
	struct hk_bytes domain = hk_bytes(at->domain, at->domain_len);
	struct hk_er_set *visited;

	if (!peer->emsk_expires)
		return HK_ERR_NOT_FOUND;
	hk_er_peer_expire(peer, now);
	if (!peer->emsk_expires)
		return HK_ERR_EXPIRED;
	*set = home_set(peer);
	*flags = HK_ERP_FLAG_B;
	if (bootstrap)
		return hk_er_set_check(*set, now);
	if (domain.len == 0) {
		*flags = at->bootstrapped ? 0 : HK_ERP_FLAG_B;
		return hk_er_set_check(*set, now);
	}
	if (is_home(peer, domain)) {
		*flags = 0;
		return hk_er_set_check(*set, now);
	}
	visited = hk_er_peer_visited_set(peer, domain, now);
	if (hk_er_set_check(visited, now))
		return hk_er_set_check(*set, now);
	*set = visited;
	*flags = 0;
	return HK_OK;
}

bool hk_er_peer_prepare(struct hk_er_peer *peer, struct hk_bytes domain, hk_time now)
{
	hk_er_peer_expire(peer, now);
	return peer->emsk_expires && hk_domain_check(domain) == HK_OK && !is_home(peer, domain) &&
	       hk_er_peer_visited_set(peer, domain, now);
}

bool hk_er_peer_has_keys(const struct hk_er_peer *peer, hk_time now)
{
	return hk_er_set_check(&peer->sets[0], now) == HK_OK;
}

enum hk_err hk_er_peer_take_seq(
	struct hk_er_peer *peer, struct hk_er_set *set, hk_time now, uint16_t *seq)
{
	if (set->next_seq >= HK_SEQ_END)
		return HK_ERR_EXHAUSTED;
	if (set->next_seq >= set->reserved)
		return HK_ERR_STORE;
	*seq = (uint16_t)set->next_seq;
	set->next_seq += peer->config.seq_step;
	if (set->next_seq > HK_SEQ_END)
		set->next_seq = HK_SEQ_END;
	set->used = now;
	return HK_OK;
}

bool hk_er_peer_allows_suite(const struct hk_er_peer *peer, uint8_t suite)
{
	return memchr(peer->config.suites, suite, peer->config.nsuites) != NULL;
}

uint8_t hk_er_peer_suite(const struct hk_er_peer *peer, uint8_t refused)
{
	for (size_t i = 0; i < peer->config.nsuites; i++) {
		uint8_t suite = peer->config.suites[i];

		if (!(refused & 1u << suite))
			return suite;
	}
	return 0;
}
