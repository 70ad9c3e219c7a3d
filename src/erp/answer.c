/* SPDX-License-Identifier: ISC */
/* The second half of an exchange: EAP-Finish and, on success, the rMSK. */
#include <hokey/eap.h>

#include "crypto/crypto.h"
#include "erp/channel_binding.h"
#include "erp/server.h"

void hk_er_forget_keys(struct hk_er_exchange *x)
{
	hk_keyset_wipe(&x->keyset);
	x->has_keys = false;
}

/* ---- what happened ---- */

/*
 * Channel binding comes last: the packet is authentic by now and its SEQ is
 * spent, whatever the outcome.
 */
static enum hk_err check_binding(const struct hk_er_policy *policy,
	const struct hk_aaa_request *request, struct hk_er_exchange *x)
{
	enum hk_err err;

	err = hk_erp_attributes(&x->message, x->message.readings[x->reading].end, &x->attributes);
	if (err)
		return err;
	return hk_channel_binding_check(
		policy->channel_binding, &x->attributes, request, &x->cb_missing);
}

static enum hk_err outcome(const struct hk_er_policy *policy, const struct hk_aaa_request *request,
	struct hk_er_exchange *x)
{
	if (x->step != HK_ER_ADVANCE)
		return x->reason;
	if (x->advance.err)
		return x->advance.err;
	if (x->advance.freshness == HK_SEQ_STALE)
		return HK_ERR_REPLAY;
	return check_binding(policy, request, x);
}

void hk_er_server_decide(const struct hk_er_policy *policy, const struct hk_aaa_request *request,
	struct hk_er_exchange *x)
{
	x->reason = outcome(policy, request, x);
	x->decided = true;
}

bool hk_er_exchange_bootstraps(const struct hk_er_exchange *x)
{
	return x->decided && x->step == HK_ER_ADVANCE && !x->reason &&
	       (x->message.flags & HK_ERP_FLAG_B);
}

/* ---- EAP-Finish ---- */

static void begin(const struct hk_er_exchange *x, uint8_t flags, struct hk_buf *b)
{
	const struct hk_erp_message *m = &x->message;

	flags |= m->flags & HK_ERP_FLAG_B;
	hk_erp_begin(b, HK_ERP_FINISH, m->identifier, flags, m->seq, m->keyname_nai);
}

static enum hk_err seal(const struct hk_er_exchange *x, struct hk_buf *b)
{
	struct hk_hmac_key rik;
	enum hk_err err = hk_erp_keys_rik(&x->keyset.keys, x->suite, &rik);

	if (!err)
		err = hk_erp_seal(b, x->suite, &rik);
	hk_wipe(&rik, sizeof rik);
	return err;
}

/*
 * Seconds of the rMSK. Counted from the moment the exchange was accepted, so
 * that its repetition gets the same octets.
 */
static uint32_t rmsk_lifetime_s(const struct hk_er_policy *policy, const struct hk_er_exchange *x)
{
	uint32_t left_s = hk_time_left_s(x->keyset.expires, x->advance.accepted_at);

	if (policy->rmsk_lifetime_s == 0 || policy->rmsk_lifetime_s > left_s)
		return left_s;
	return policy->rmsk_lifetime_s;
}

/* The same, with the place of the Authorization Indication. */
static enum hk_err seal_indicated(
	const struct hk_er_exchange *x, size_t indication, struct hk_buf *b)
{
	struct hk_hmac_key rik;
	enum hk_err err = hk_erp_keys_rik(&x->keyset.keys, x->suite, &rik);

	if (!err)
		err = hk_erp_seal_indicated(b, x->suite, indication, x->indication_key, &rik);
	hk_wipe(&rik, sizeof rik);
	return err;
}

static enum hk_err write_success(const struct hk_er_policy *policy,
	const struct hk_aaa_request *request, const struct hk_er_exchange *x, struct hk_buf *b)
{
	bool lifetimes = policy->send_lifetimes && x->message.flags & HK_ERP_FLAG_L;
	bool indicated = x->bootstrap_domain.len > 0 && x->indication_key;
	size_t indication = 0;

	begin(x, lifetimes ? HK_ERP_FLAG_L : 0, b);
	if (lifetimes) {
		hk_erp_put_lifetime(b, HK_ERP_RRK_LIFETIME,
			hk_time_left_s(x->keyset.expires, x->advance.accepted_at));
		hk_erp_put_lifetime(b, HK_ERP_RMSK_LIFETIME, rmsk_lifetime_s(policy, x));
	}
	if (x->bootstrap_domain.len > 0)
		hk_erp_put_tlv(b, HK_ERP_DOMAIN_NAME, x->bootstrap_domain);
	if (indicated)
		indication = hk_erp_reserve_indication(b, x->suite);
	if (policy->channel_binding == HK_CB_REQUIRE && !hk_channel_binding_present(&x->attributes))
		hk_channel_binding_put(
			b, request, HK_ERP_MAX_LEN - b->len - 1 - hk_suite_tag_len(x->suite));
	return indicated ? seal_indicated(x, indication, b) : seal(x, b);
}

static enum hk_err write_failure(
	const struct hk_er_policy *policy, const struct hk_er_exchange *x, struct hk_buf *b)
{
	begin(x, HK_ERP_FLAG_R, b);
	if (x->reason == HK_ERR_SUITE)
		hk_erp_put_tlv(
			b, HK_ERP_CRYPTOSUITE_LIST, hk_bytes(policy->suites, policy->nsuites));
	return seal(x, b);
}

/*
 * Without a key there is no tag. Nothing follows keyName-NAI: deployed peers
 * take the last octets of anything longer for a suite and a tag.
 */
static enum hk_err write_unprotected(const struct hk_er_exchange *x, struct hk_buf *b)
{
	begin(x, HK_ERP_FLAG_R, b);
	return hk_erp_end(b);
}

/* ---- the reply ---- */

static void reset(struct hk_aaa_reply *reply)
{
	reply->verdict = HK_VERDICT_NONE;
	reply->eap.len = 0;
	reply->eap.overflow = false;
	reply->has_state = false;
	reply->has_key = false;
	reply->session_timeout_s = 0;
	reply->user_name = HK_NO_BYTES;
	reply->key_name = HK_NO_BYTES;
	reply->authorization = HK_NO_BYTES;
	reply->from_elsewhere = false;
	reply->error_cause = 0;
}

/* How long the authenticator may use the rMSK: at least 1, as 0 would be no limit. */
static uint32_t session_timeout_s(
	const struct hk_er_policy *policy, const struct hk_er_exchange *x, hk_time now)
{
	hk_time end = hk_time_add_s(x->advance.accepted_at, rmsk_lifetime_s(policy, x));
	uint32_t left_s;

	if (end > x->keyset.session_end)
		end = x->keyset.session_end;
	left_s = hk_time_left_s(end, now);
	return left_s ? left_s : 1;
}

static enum hk_err accept_peer(const struct hk_er_policy *policy,
	const struct hk_aaa_request *request, hk_time now, struct hk_er_exchange *x,
	struct hk_aaa_reply *reply)
{
	struct hk_keyset *set = &x->keyset;
	enum hk_err err = write_success(policy, request, x, &reply->eap);

	if (!err)
		err = hk_erp_keys_rmsk(&set->keys, x->message.seq, reply->key, HK_AAA_KEY_LEN);
	if (err)
		return err;
	reply->has_key = true;
	reply->verdict = HK_VERDICT_ACCEPT;
	reply->session_timeout_s = session_timeout_s(policy, x, now);
	reply->user_name = hk_bytes(set->user, set->user_len);
	reply->authorization = hk_bytes(set->authorization, set->authorization_len);
	reply->from_elsewhere = set->home_len > 0;
	return HK_OK;
}

static enum hk_err refuse_peer(const struct hk_er_policy *policy, const struct hk_er_exchange *x,
	struct hk_aaa_reply *reply)
{
	reply->verdict = HK_VERDICT_REJECT;
	return write_failure(policy, x, &reply->eap);
}

/* The Identifier is a new one: that of the Initiate belongs to the peer. */
static enum hk_err answer_unknown(const struct hk_er_policy *policy, const struct hk_er_exchange *x,
	struct hk_aaa_reply *reply)
{
	if (policy->on_unknown_key == HK_UNKNOWN_FINISH) {
		reply->verdict = HK_VERDICT_REJECT;
		return write_unprotected(x, &reply->eap);
	}
	reply->verdict = HK_VERDICT_CHALLENGE;
	return hk_eap_write(&reply->eap, HK_EAP_REQUEST, (uint8_t)(x->message.identifier + 1),
		HK_EAP_TYPE_IDENTITY, HK_NO_BYTES);
}

/* Failures of the peer, which it is told; all others are ours, and keep silent. */
static bool is_refusal(enum hk_err reason)
{
	return reason == HK_ERR_REPLAY || reason == HK_ERR_EXHAUSTED || reason == HK_ERR_SUITE ||
	       reason == HK_ERR_TAG || reason == HK_ERR_CHANNEL_BINDING || reason == HK_ERR_DENIED;
}

void hk_er_server_answer(const struct hk_er_policy *policy, const struct hk_aaa_request *request,
	hk_time now, struct hk_er_exchange *x, struct hk_aaa_reply *reply)
{
	enum hk_err err = HK_OK;

	reset(reply);
	if (!x->decided)
		hk_er_server_decide(policy, request, x);
	if (x->step == HK_ER_ADVANCE && x->reason == HK_OK)
		err = accept_peer(policy, request, now, x, reply);
	else if (x->step != HK_ER_DROP && hk_er_unknown_key(x->reason))
		err = answer_unknown(policy, x, reply);
	else if (x->has_keys && is_refusal(x->reason))
		err = refuse_peer(policy, x, reply);
	if (err) {
		x->reason = err;
		reply->verdict = HK_VERDICT_NONE;
	}
	reply->reason = x->reason;
	hk_er_forget_keys(x);
}

size_t hk_er_server_finish_max(const struct hk_er_policy *policy, size_t realm_len)
{
	size_t lifetimes = policy->send_lifetimes ? 2 * 5 : 0, list = 2 + policy->nsuites, tag = 0;
	size_t bindings = policy->channel_binding == HK_CB_REQUIRE ? 3 * (2 + 253) + 6 + 18 : 0;
	size_t success = lifetimes + bindings, len;

	for (size_t i = 0; i < policy->nsuites; i++)
		if (hk_suite_tag_len(policy->suites[i]) > tag)
			tag = hk_suite_tag_len(policy->suites[i]);
	len = 8 + 2 + 2 * HK_EMSK_NAME_LEN + 1 + realm_len + (success > list ? success : list) + 1 +
	      tag;
	return len < HK_ERP_MAX_LEN ? len : HK_ERP_MAX_LEN;
}
