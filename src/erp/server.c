/* SPDX-License-Identifier: ISC */
/* The first half of an exchange: the checks of RFC 6696 section 5.2, in their order. */
#include <hokey/er_server.h>

#include "crypto/crypto.h"
#include "erp/limiter.h"
#include "erp/server.h"

static bool serves_realm(const struct hk_er_policy *policy, struct hk_bytes realm)
{
	for (size_t i = 0; i < policy->nrealms; i++)
		if (hk_realm_equal(policy->realms[i], realm))
			return true;
	return false;
}

static bool allows_suite(const struct hk_er_policy *policy, uint8_t suite)
{
	return memchr(policy->suites, suite, policy->nsuites) != NULL;
}

/* Everything but the key set, which is large and filled in by the store. */
static void reset(struct hk_er_exchange *x)
{
	memset(x, 0, offsetof(struct hk_er_exchange, keyset));
}

static void finish(struct hk_er_exchange *x, enum hk_er_step step, enum hk_err reason)
{
	x->step = step;
	x->reason = reason;
	if (step != HK_ER_ADVANCE && step != HK_ER_ANSWER)
		hk_er_forget_keys(x);
}

/*
 * Which packet from which authenticator: what has the same tag is a repetition.
 * An authenticator may say of itself what it wants, where it sends from it cannot.
 * For the packet stand its last octets, which are the end of its authentication
 * tag: nothing is accepted before that was verified. Two SHA-256 blocks do for
 * all authenticators but talkative ones.
 */
static void tag_exchange(struct hk_er_exchange *x, const struct hk_aaa_request *request)
{
	const struct hk_bytes packet = x->message.packet;
	const size_t end_len = packet.len < HK_REPEAT_TAG_LEN ? packet.len : HK_REPEAT_TAG_LEN;
	const struct hk_bytes values[] = {hk_bytes(packet.data + packet.len - end_len, end_len),
		request->client, request->client_address, request->operator_name,
		request->nas_identifier, request->nas_ip_address, request->nas_ipv6_address,
		request->called_station_id, request->calling_station_id};
	enum { N = sizeof values / sizeof values[0] };
	struct hk_bytes parts[1 + N];
	uint8_t lengths[N][2], hash[HK_SHA256_LEN];

	parts[0] = hk_bytes(lengths, sizeof lengths);
	for (size_t i = 0; i < N; i++) {
		hk_store_u16(lengths[i], (uint16_t)values[i].len);
		parts[1 + i] = values[i];
	}
	hk_sha256(parts, 1 + N, hash);
	memcpy(x->advance.tag, hash, HK_REPEAT_TAG_LEN);
}

/*
 * Where a server stands between, anybody behind it could send the packet of
 * another authenticator once more, with its names, and would get its key. There a
 * device whose answer was lost logs in anew.
 */
static uint32_t repeat_window_ms(
	const struct hk_er_policy *policy, const struct hk_aaa_request *request)
{
	return request->proxied || request->keydist.request.data ? 0 : policy->repeat_window_ms;
}

static void prepare_advance(const struct hk_er_policy *policy, const struct hk_aaa_request *request,
	hk_time now, struct hk_er_exchange *x)
{
	memcpy(x->advance.emsk_name, x->nai.emsk_name, HK_EMSK_NAME_LEN);
	x->advance.realm = x->nai.realm;
	x->advance.seq = x->message.seq;
	x->advance.window = policy->window;
	x->advance.repeat_window_ms = repeat_window_ms(policy, request);
	x->advance.now = now;
	tag_exchange(x, request);
}

/* Would the store take this SEQ, as fresh or as the repetition of the last exchange? */
static enum hk_err check_seq(const struct hk_er_exchange *x)
{
	struct hk_seq_state trial = x->keyset.seq;

	if (hk_seq_advance(&trial, &x->advance) != HK_SEQ_STALE)
		return HK_OK;
	return x->keyset.seq.expected > UINT16_MAX ? HK_ERR_EXHAUSTED : HK_ERR_REPLAY;
}

/*
 * The suite of a failure: what the peer used, if it is allowed, else what we
 * prefer. Where the packet reads in several ways our preference decides.
 */
static uint8_t suite_of_failure(const struct hk_er_policy *policy, const struct hk_erp_message *m)
{
	for (size_t i = 0; i < policy->nsuites; i++)
		for (size_t j = 0; j < m->nreadings; j++)
			if (m->readings[j].suite == policy->suites[i])
				return policy->suites[i];
	return policy->suites[0];
}

static bool verifies(struct hk_er_exchange *x, const struct hk_erp_reading *reading)
{
	struct hk_hmac_key rik;
	bool right;

	if (hk_erp_keys_rik(&x->keyset.keys, reading->suite, &rik))
		return false;
	right = hk_erp_verify(&x->message, reading, &rik);
	hk_wipe(&rik, sizeof rik);
	return right;
}

/*
 * Suite, then tag. When the packet also reads as one of a suite that is not
 * allowed, that is what the peer is told: it comes with the list of those
 * that are.
 */
static enum hk_err check_tag(const struct hk_er_policy *policy, struct hk_er_exchange *x)
{
	const struct hk_erp_message *m = &x->message;
	bool forbidden = m->nreadings == 0;

	for (uint8_t i = 0; i < m->nreadings; i++) {
		if (!allows_suite(policy, m->readings[i].suite)) {
			forbidden = true;
			continue;
		}
		if (verifies(x, &m->readings[i])) {
			x->reading = i;
			x->suite = m->readings[i].suite;
			return HK_OK;
		}
	}
	return forbidden ? HK_ERR_SUITE : HK_ERR_TAG;
}

/* A set with less than a second left is as good as none: a lifetime of 0 cannot be sent. */
static bool has_ended(const struct hk_keyset *set, hk_time now)
{
	return hk_time_left_s(set->expires, now) == 0 || hk_time_left_s(set->session_end, now) == 0;
}

static enum hk_err find_keys(struct hk_keystore *store, hk_time now, struct hk_er_exchange *x)
{
	enum hk_err err = hk_keystore_find(store, x->nai.emsk_name, x->nai.realm, now, &x->keyset);

	if (err)
		return err;
	x->has_keys = true;
	return has_ended(&x->keyset, now) ? HK_ERR_EXPIRED : HK_OK;
}

static enum hk_err parse_initiate(const struct hk_aaa_request *request, struct hk_er_exchange *x)
{
	enum hk_err err = hk_erp_parse(request->eap, &x->message);

	if (err && err != HK_ERR_SUITE)
		return err;
	if (x->message.code != HK_ERP_INITIATE || x->message.type != HK_ERP_REAUTH)
		return HK_ERR_UNEXPECTED;
	return hk_keyname_nai_parse(x->message.keyname_nai, &x->nai);
}

/* The checks that are answered with a Finish under the peer's own key. */
static enum hk_err check_peer(const struct hk_er_policy *policy,
	const struct hk_aaa_request *request, hk_time now, struct hk_er_exchange *x)
{
	enum hk_err err;

	prepare_advance(policy, request, now, x);
	err = check_seq(x);
	return err ? err : check_tag(policy, x);
}

void hk_er_server_check(const struct hk_er_policy *policy, struct hk_er_limiter *limiter,
	struct hk_keystore *store, const struct hk_aaa_request *request, hk_time now,
	struct hk_er_exchange *x)
{
	enum hk_err err;

	reset(x);
	err = parse_initiate(request, x);
	if (err) {
		finish(x, HK_ER_DROP, err);
		return;
	}
	if (!serves_realm(policy, x->nai.realm)) {
		finish(x, HK_ER_FORWARD, HK_ERR_REALM);
		return;
	}
	x->name_mismatch = !hk_bytes_equal(request->user_name, x->message.keyname_nai);
	if (x->name_mismatch && policy->require_name_match) {
		finish(x, HK_ER_ANSWER, HK_ERR_NAME_MISMATCH);
		return;
	}
	err = find_keys(store, now, x);
	if (err) {
		hk_er_forget_keys(x);
		finish(x, hk_er_unknown_key(err) ? HK_ER_ANSWER : HK_ER_DROP, err);
		return;
	}
	x->suite = suite_of_failure(policy, &x->message);
	err = check_peer(policy, request, now, x);
	if (err && !hk_er_limiter_allow(limiter, policy->failures_per_s, x->nai.emsk_name, now))
		finish(x, HK_ER_DROP, HK_ERR_LIMIT);
	else
		finish(x, err ? HK_ER_ANSWER : HK_ER_ADVANCE, err);
}
