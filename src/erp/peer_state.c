/* SPDX-License-Identifier: ISC */
/*
 * The state of a peer as octets, to be kept in a file. The EMSK is not in it
 * (RFC 5295 section 5): what was derived works on, new visited domains go
 * through the home domain.
 *
 *     "HKPS" version emsk_expires emsk_name floor
 *     count, count * key set, count, count * authenticator, SHA-256 of it all
 */
#include "erp/peer.h"

#include "crypto/crypto.h"

#define VERSION 1

enum set_bits {
	BIT_UNUSABLE = 1,
	BIT_PROVEN = 2,
};

/* ---- writing ---- */

static void put_words(struct hk_buf *out, const uint32_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hk_put_u32(out, words[i]);
}

static void put_hmac_key(struct hk_buf *out, const struct hk_hmac_key *k)
{
	put_words(out, k->inner, 8);
	put_words(out, k->outer, 8);
}

static void put_set(struct hk_buf *out, uint8_t place, const struct hk_er_set *set)
{
	hk_put_u8(out, place);
	hk_put_u64(out, set->expires);
	hk_put_u64(out, set->used);
	hk_put_u32(out, set->reserved);
	hk_put_u8(out, set->suite);
	hk_put_u8(out, set->refused);
	hk_put_u8(out,
		(uint8_t)((set->unusable ? BIT_UNUSABLE : 0) | (set->proven ? BIT_PROVEN : 0)));
	hk_put_u16(out, set->realm_len);
	hk_put(out, set->realm, set->realm_len);
	hk_put_u16(out, set->keys.len);
	put_hmac_key(out, &set->keys.rrk);
	put_hmac_key(out, &set->keys.rik2);
}

static void put_authenticator(struct hk_buf *out, const struct hk_er_authenticator *at)
{
	hk_put(out, at->id, sizeof at->id);
	hk_put_u64(out, at->used);
	hk_put_u32(out, at->srtt_ms);
	hk_put_u32(out, at->rttvar_ms);
	hk_put_u8(out, at->source);
	hk_put_u8(out, at->bootstrapped);
	hk_put_u16(out, at->domain_len);
	hk_put(out, at->domain, at->domain_len);
}

static void put_sets(struct hk_buf *out, const struct hk_er_peer *peer)
{
	uint8_t *count = hk_put_room(out, 1);

	if (!count)
		return;
	*count = 0;
	for (uint8_t i = 0; i < HK_ER_PEER_SETS; i++) {
		if (!peer->sets[i].expires)
			continue;
		put_set(out, i, &peer->sets[i]);
		++*count;
	}
}

static void put_authenticators(struct hk_buf *out, const struct hk_er_peer *peer)
{
	uint8_t *count = hk_put_room(out, 1);

	if (!count)
		return;
	*count = 0;
	for (size_t i = 0; i < HK_ER_PEER_AUTHENTICATORS; i++) {
		if (!peer->authenticators[i].used)
			continue;
		put_authenticator(out, &peer->authenticators[i]);
		++*count;
	}
}

static void reserve(struct hk_er_peer *peer, uint16_t ahead)
{
	for (size_t i = 0; i < HK_ER_PEER_SETS; i++) {
		uint32_t end = peer->sets[i].next_seq + ahead;

		peer->sets[i].reserved = end < HK_SEQ_END ? end : HK_SEQ_END;
	}
}

enum hk_err hk_er_peer_save(struct hk_er_peer *peer, uint16_t ahead, struct hk_buf *out)
{
	uint8_t hash[HK_SHA256_LEN];
	struct hk_bytes written;
	size_t start = out->len;

	reserve(peer, ahead);
	hk_put(out, "HKPS", 4);
	hk_put_u8(out, VERSION);
	hk_put_u64(out, peer->emsk_expires);
	hk_put(out, peer->emsk_name, sizeof peer->emsk_name);
	hk_put_u32(out, peer->floor);
	put_sets(out, peer);
	put_authenticators(out, peer);
	if (!hk_buf_ok(out))
		return HK_ERR_TOO_LONG;
	written = hk_bytes(out->data + start, out->len - start);
	hk_sha256(&written, 1, hash);
	hk_put(out, hash, sizeof hash);
	return hk_buf_ok(out) ? HK_OK : HK_ERR_TOO_LONG;
}

bool hk_er_peer_must_save(const struct hk_er_peer *peer, uint16_t numbers)
{
	for (size_t i = 0; i < HK_ER_PEER_SETS; i++) {
		const struct hk_er_set *set = &peer->sets[i];

		if (set->expires && set->reserved < HK_SEQ_END &&
			set->reserved < set->next_seq + numbers)
			return true;
	}
	return false;
}

/* ---- reading ---- */

static void get_words(struct hk_reader *r, uint32_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		words[i] = hk_get_u32(r);
}

static void get_hmac_key(struct hk_reader *r, struct hk_hmac_key *k)
{
	get_words(r, k->inner, 8);
	get_words(r, k->outer, 8);
}

/* A name of at most HK_REALM_MAX_LEN octets; its length, and underflow when it is longer. */
static uint16_t get_name(struct hk_reader *r, uint8_t *name)
{
	uint16_t len = hk_get_u16(r);
	struct hk_bytes v;

	if (len > HK_REALM_MAX_LEN)
		r->underflow = true;
	v = hk_get_bytes(r, len);
	if (v.len)
		memcpy(name, v.data, v.len);
	return (uint16_t)v.len;
}

static bool set_ok(const struct hk_er_set *set)
{
	return set->expires && set->next_seq <= HK_SEQ_END && set->suite <= HK_ERP_SUITES &&
	       set->realm_len > 0 && set->keys.len >= HK_ROOT_KEY_MIN_LEN &&
	       set->keys.len <= HK_KEY_MAX_LEN;
}

static bool get_set(struct hk_reader *r, struct hk_er_peer *peer)
{
	uint8_t place = hk_get_u8(r), bits;
	struct hk_er_set *set;

	if (place >= HK_ER_PEER_SETS || peer->sets[place].expires)
		return false;
	set = &peer->sets[place];
	set->expires = hk_get_u64(r);
	set->used = hk_get_u64(r);
	set->next_seq = set->reserved = hk_get_u32(r);
	set->suite = hk_get_u8(r);
	set->refused = hk_get_u8(r);
	bits = hk_get_u8(r);
	set->unusable = bits & BIT_UNUSABLE;
	set->proven = bits & BIT_PROVEN;
	set->realm_len = get_name(r, set->realm);
	set->keys.len = hk_get_u16(r);
	get_hmac_key(r, &set->keys.rrk);
	get_hmac_key(r, &set->keys.rik2);
	set->serial = ++peer->serial;
	return !r->underflow && set_ok(set);
}

static bool get_authenticator(struct hk_reader *r, struct hk_er_authenticator *at)
{
	struct hk_bytes id = hk_get_bytes(r, sizeof at->id);

	if (id.len)
		memcpy(at->id, id.data, id.len);
	at->used = hk_get_u64(r);
	at->srtt_ms = hk_get_u32(r);
	at->rttvar_ms = hk_get_u32(r);
	at->source = hk_get_u8(r);
	at->bootstrapped = hk_get_u8(r) != 0;
	at->domain_len = get_name(r, at->domain);
	return !r->underflow && at->used && at->source <= HK_ER_SOURCE_INDICATED;
}

static bool get_state(struct hk_reader *r, struct hk_er_peer *peer)
{
	struct hk_bytes name;
	uint8_t n;

	peer->emsk_expires = hk_get_u64(r);
	name = hk_get_bytes(r, sizeof peer->emsk_name);
	if (name.len)
		memcpy(peer->emsk_name, name.data, name.len);
	peer->floor = hk_get_u32(r);
	for (n = hk_get_u8(r); n > 0; n--) {
		if (!get_set(r, peer))
			return false;
	}
	n = hk_get_u8(r);
	if (n > HK_ER_PEER_AUTHENTICATORS)
		return false;
	for (uint8_t i = 0; i < n; i++) {
		if (!get_authenticator(r, &peer->authenticators[i]))
			return false;
	}
	return !r->underflow && hk_left(r) == 0 && peer->floor <= HK_SEQ_END;
}

/* What lies between the version and the hash, if the hash is right. */
static struct hk_bytes checked_body(struct hk_bytes state)
{
	uint8_t hash[HK_SHA256_LEN];
	struct hk_bytes body;

	if (state.len < 5 + sizeof hash || memcmp(state.data, "HKPS", 4) != 0 ||
		state.data[4] != VERSION)
		return HK_NO_BYTES;
	body = hk_bytes(state.data, state.len - sizeof hash);
	hk_sha256(&body, 1, hash);
	if (memcmp(hash, state.data + body.len, sizeof hash) != 0)
		return HK_NO_BYTES;
	return hk_bytes(body.data + 5, body.len - 5);
}

enum hk_err hk_er_peer_restore(struct hk_er_peer *peer, struct hk_bytes state, hk_time now)
{
	struct hk_bytes body = checked_body(state);
	struct hk_reader r = hk_reader(body);

	hk_er_peer_clear(peer);
	if (!body.data || !get_state(&r, peer)) {
		hk_er_peer_clear(peer);
		return HK_ERR_MALFORMED;
	}
	hk_er_peer_expire(peer, now);
	return HK_OK;
}
