/* SPDX-License-Identifier: ISC */
/*
 * EAP-Finish at the peer (RFC 6696 sections 5.2, 5.2.2, 5.5). Nothing from a
 * packet whose tag was not verified changes a key set.
 */
#include "erp/link.h"

#include "crypto/crypto.h"
#include "erp/channel_binding.h"

static void ignore(struct hk_er_link *link, enum hk_err reason, struct hk_er_result *out)
{
	hk_er_link_result(link, HK_ER_DROPPED, reason, out);
}

static bool verifies(const struct hk_erp_message *m, const struct hk_erp_reading *reading,
	const struct hk_er_set *set)
{
	struct hk_hmac_key rik;
	bool good = hk_erp_keys_rik(&set->keys, reading->suite, &rik) == HK_OK &&
		    hk_erp_verify(m, reading, &rik);

	hk_wipe(&rik, sizeof rik);
	return good;
}

/* ---- channel binding ---- */

static struct hk_bytes find_cb(struct hk_bytes area, uint8_t wanted)
{
	struct hk_reader r = hk_reader(area);
	struct hk_bytes value;
	uint8_t type;

	while (hk_erp_attribute_next(&r, &type, &value)) {
		if (type == wanted)
			return value;
	}
	return HK_NO_BYTES;
}

/* Does what the server heard of the authenticator fit what we heard? */
static bool channel_binding_holds(const struct hk_er_link *link, struct hk_bytes area)
{
	struct hk_bytes ours = hk_bytes(link->cb, link->cb_len), value, shown;
	struct hk_reader r = hk_reader(area);
	unsigned compared = 0;
	uint8_t type;

	while (hk_erp_attribute_next(&r, &type, &value)) {
		if (type < HK_ERP_CB_FIRST || type > HK_ERP_CB_LAST)
			continue;
		shown = find_cb(ours, type);
		if (!shown.data)
			continue;
		if (!hk_channel_binding_same(type, shown, value))
			return false;
		compared++;
	}
	return compared > 0 || !link->peer->config.require_channel_binding;
}

/* ---- success ---- */

/* Does the home EAP server stand behind the domain name? True when we cannot know. */
static bool indication_holds(struct hk_er_peer *peer, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, const struct hk_erp_attributes *a, hk_time now)
{
	struct hk_key *key;
	bool good;

	if (!a->authorization_indication.data || !peer->emsk)
		return true;
	if (hk_key_derive_auth_indication(peer->emsk, a->domain_name, now, &key))
		return false;
	good = hk_erp_verify_indication(m, reading, key);
	hk_key_free(key);
	return good;
}

/* The name in a bootstrap Finish: learned, and its key set made. */
static void take_domain(struct hk_er_link *link, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, const struct hk_erp_attributes *a, hk_time now,
	struct hk_er_result *out)
{
	struct hk_er_authenticator *at = hk_er_link_authenticator(link, now);
	struct hk_er_peer *peer = link->peer;
	struct hk_er_set *set;

	at->bootstrapped = true;
	if (!(m->flags & HK_ERP_FLAG_B) || !a->domain_name.data)
		return;
	if (!indication_holds(peer, m, reading, a, now)) {
		out->reason = HK_ERR_TAG;
		return;
	}
	out->reason = hk_er_authenticator_learn(at, a->domain_name,
		a->authorization_indication.data && peer->emsk ? HK_ER_SOURCE_INDICATED
							       : HK_ER_SOURCE_FINISH);
	if (out->reason)
		return;
	out->domain = hk_bytes(at->domain, at->domain_len);
	if (hk_realm_equal(out->domain, hk_er_set_realm(&peer->sets[0])))
		return;
	set = hk_er_peer_visited_set(peer, out->domain, now);
	if (set)
		set->expires = peer->emsk_expires; /* the server there has its key anew */
}

/* New ends of key set and rMSK. 0 seconds: good for this once, nothing is kept. */
static hk_time take_lifetimes(const struct hk_er_peer *peer, struct hk_er_set *set,
	const struct hk_erp_attributes *a, hk_time now)
{
	uint32_t rmsk_s = peer->config.rmsk_lifetime_s;
	hk_time bound = set->expires, end;

	if (a->has_rrk_lifetime && a->rrk_lifetime_s > 0) {
		end = hk_time_add_s(now, a->rrk_lifetime_s);
		set->expires = end < peer->emsk_expires ? end : peer->emsk_expires;
		bound = set->expires;
	} else if (a->has_rrk_lifetime) {
		set->expires = now;
	}
	if (a->has_rmsk_lifetime && a->rmsk_lifetime_s > 0)
		rmsk_s = a->rmsk_lifetime_s;
	end = hk_time_add_s(now, rmsk_s);
	return end < bound ? end : bound;
}

static enum hk_err make_rmsk(const struct hk_er_link *link, const struct hk_er_set *set,
	hk_time now, hk_time expires, struct hk_key **out)
{
	struct hk_bytes domain = set == &link->peer->sets[0] ? HK_NO_BYTES : hk_er_set_realm(set);

	return hk_erp_keys_rmsk_key(
		&set->keys, link->peer->emsk_name, domain, link->seq, now, expires, out);
}

static void measure(struct hk_er_link *link, hk_time now)
{
	/* Karn: after a repetition nobody knows which one was answered */
	if (link->retransmissions == 0)
		hk_er_authenticator_measure(
			hk_er_link_authenticator(link, now), (uint32_t)(now - link->sent));
}

static void succeed(struct hk_er_link *link, struct hk_er_set *set, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, const struct hk_erp_attributes *a, hk_time now,
	struct hk_er_result *out)
{
	hk_time rmsk_ends = take_lifetimes(link->peer, set, a, now);
	struct hk_key *rmsk;
	enum hk_err err = make_rmsk(link, set, now, rmsk_ends, &rmsk);

	if (err) {
		hk_er_link_give_up(link, err, out);
		return;
	}
	measure(link, now);
	set->proven = true;
	set->suite = link->suite;
	link->state = HK_ER_DONE;
	link->tried = false;
	link->in_use = true;
	link->held_len = 0;
	if (a->has_rmsk_lifetime && a->rmsk_lifetime_s == 0)
		rmsk_ends = HK_NEVER;
	hk_er_link_arm(link, now, rmsk_ends, set->expires);
	hk_er_link_result(link, HK_ER_SUCCEEDED, HK_OK, out);
	out->rmsk = rmsk;
	if (link->flags & HK_ERP_FLAG_B)
		take_domain(link, m, reading, a, now, out);
}

/*
 * The authenticator is not who it says: the number is used, the rMSK is not.
 * Or it is somebody else who says so: anyone can send a Start, and must not
 * take down a link that works.
 */
static void leave(struct hk_er_link *link, struct hk_er_result *out)
{
	if (link->in_use && !link->cb_trusted) {
		hk_er_link_give_up(link, HK_ERR_CHANNEL_BINDING, out);
		return;
	}
	link->state = HK_ER_IDLE;
	link->tried = true;
	link->held_len = 0;
	hk_er_link_result(link, HK_ER_LEAVE, HK_ERR_CHANNEL_BINDING, out);
}

static const struct hk_erp_reading *reading_of(const struct hk_erp_message *m, uint8_t suite)
{
	for (size_t i = 0; i < m->nreadings; i++) {
		if (m->readings[i].suite == suite)
			return &m->readings[i];
	}
	return NULL;
}

static void finish_success(struct hk_er_link *link, struct hk_er_set *set,
	const struct hk_erp_message *m, hk_time now, struct hk_er_result *out)
{
	const struct hk_erp_reading *reading = reading_of(m, link->suite);
	struct hk_erp_attributes a;
	enum hk_err err;

	if (!reading) {
		ignore(link, HK_ERR_SUITE, out);
		return;
	}
	if (!verifies(m, reading, set)) {
		ignore(link, HK_ERR_TAG, out);
		return;
	}
	err = hk_erp_attributes(m, reading->end, &a);
	if (err)
		ignore(link, err, out);
	else if (!channel_binding_holds(link, a.area))
		leave(link, out);
	else
		succeed(link, set, m, reading, &a, now, out);
}

/* ---- failure ---- */

/* A suite of the server's list that may be tried; 0: none. */
static uint8_t listed_suite(const struct hk_er_link *link, struct hk_bytes list)
{
	/* ours is on it: then the suite was not what it refused */
	if (list.len == 0 || memchr(list.data, link->suite, list.len))
		return 0;
	for (size_t i = 0; i < list.len; i++) {
		uint8_t suite = list.data[i];

		if (hk_er_peer_allows_suite(link->peer, suite) &&
			!(link->tried_suites & 1u << suite))
			return suite;
	}
	return 0;
}

static void fail_verified(struct hk_er_link *link, struct hk_er_set *set,
	const struct hk_erp_message *m, const struct hk_erp_reading *reading, hk_time now,
	uint16_t random, struct hk_er_result *out)
{
	struct hk_erp_attributes a;
	enum hk_err err = hk_erp_attributes(m, reading->end, &a);
	uint8_t suite;

	if (err) {
		ignore(link, err, out);
		return;
	}
	measure(link, now);
	suite = listed_suite(link, a.suites);
	if (!suite) {
		set->unusable = true;
		hk_er_link_give_up(link, HK_ERR_DENIED, out);
		return;
	}
	set->refused |= (uint8_t)(1u << link->suite);
	err = hk_er_set_check(set, now);
	if (!err)
		err = hk_er_link_send(link, set, suite, now, random, out);
	if (err)
		hk_er_link_give_up(link, err, out);
}

/* Remembers that it came, and which suites it lists, for when the timers have run out. */
static void fail_unverified(struct hk_er_link *link, const struct hk_erp_message *m, hk_time now,
	struct hk_er_result *out)
{
	uint16_t end = m->nreadings ? m->readings[0].end : m->unprotected_end;
	struct hk_erp_attributes a;
	size_t n;

	if (hk_erp_attributes(m, end, &a) == HK_OK && a.suites.len > 0) {
		n = a.suites.len < HK_ERP_RETRY_SUITES ? a.suites.len : HK_ERP_RETRY_SUITES;
		memset(link->unverified_suites, 0, sizeof link->unverified_suites);
		memcpy(link->unverified_suites, a.suites.data, n);
	}
	hk_er_link_doubt(link, now, HK_ERR_TAG, out);
}

static void finish_failure(struct hk_er_link *link, struct hk_er_set *set,
	const struct hk_erp_message *m, hk_time now, uint16_t random, struct hk_er_result *out)
{
	for (size_t i = 0; i < m->nreadings; i++) {
		if (verifies(m, &m->readings[i], set)) {
			fail_verified(link, set, m, &m->readings[i], now, random, out);
			return;
		}
	}
	fail_unverified(link, m, now, out);
}

static bool names_our_keys(const struct hk_er_link *link, const struct hk_erp_message *m)
{
	struct hk_erp_message ours;

	return hk_erp_parse(hk_bytes(link->packet, link->packet_len), &ours) == HK_OK &&
	       hk_bytes_equal(ours.keyname_nai, m->keyname_nai);
}

void hk_er_link_finish(struct hk_er_link *link, const struct hk_erp_message *m, hk_time now,
	uint16_t random, struct hk_er_result *out)
{
	struct hk_er_set *set = hk_er_peer_set(link->peer, link->set);

	if (m->seq != link->seq)
		ignore(link, HK_ERR_REPLAY, out);
	else if (!names_our_keys(link, m))
		ignore(link, HK_ERR_NAME_MISMATCH, out);
	else if (!set)
		ignore(link, HK_ERR_NOT_FOUND, out);
	else if (set->expires <= now)
		ignore(link, HK_ERR_EXPIRED, out);
	else if (m->flags & HK_ERP_FLAG_R)
		finish_failure(link, set, m, now, random, out);
	else
		finish_success(link, set, m, now, out);
}
