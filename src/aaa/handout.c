/* SPDX-License-Identifier: ISC */
#include "aaa/handout.h"

#include "keys/schedule.h"
#include "keystore/store.h"

static void refuse(struct hk_home_visit *visit, enum hk_key_error error, enum hk_err reason)
{
	hk_kds_refuse(&visit->reply.delivery, error);
	visit->event.key.error = (uint8_t)error;
	visit->event.key.reason = reason;
}

void hk_handout_begin(const struct hk_home_policy *policy, struct hk_home_visit *visit)
{
	/* To a server that hands out nothing at all the request means nothing. */
	if (!policy->kds || !visit->request.keydist.request.data)
		return;
	visit->event.key.asked = true;
	visit->event.key.domain = visit->request.keydist.domain;
	refuse(visit, HK_KEY_NO_KEY, HK_ERR_NOT_FOUND);
}

/* False: refused. */
static bool check(const struct hk_home_policy *policy, struct hk_home_visit *visit,
	struct hk_bytes realm, bool consent, hk_time now, struct hk_kds_request *request)
{
	const struct hk_kds_context context = {
		.realm = realm, .secure = visit->request.secure, .consent = consent, .now = now};
	enum hk_key_error error =
		hk_kds_check(policy->kds, &visit->request.keydist, &context, request);

	if (request->ktk)
		visit->event.key.owner = request->ktk->owner;
	if (error)
		refuse(visit, error, request->reason);
	return !error;
}

/* False: refused. May the key be noted as gone to the one who asked? */
static bool fresh(struct hk_home_worker *w, struct hk_home_visit *visit,
	struct hk_kds_request *request, const uint8_t *emsk_name, struct hk_grant *grant)
{
	enum hk_key_error error = hk_kds_grant(w->home->nonces, request, emsk_name, grant);

	if (error)
		refuse(visit, error, request->reason);
	return !error;
}

static void refuse_grant(struct hk_home_visit *visit, enum hk_err err)
{
	switch (err) {
	case HK_ERR_DENIED:
		refuse(visit, HK_KEY_ALREADY_DELIVERED, err);
		break;
	case HK_ERR_NOT_FOUND:
	case HK_ERR_EXPIRED:
		refuse(visit, HK_KEY_NO_KEY, err);
		break;
	default:
		refuse(visit, HK_KEY_TEMPORARY_FAILURE, err);
		break;
	}
}

static bool deliver(const struct hk_home_policy *policy, struct hk_home_visit *visit,
	struct hk_kds_request *request, const struct hk_key *emsk, hk_time session_end, hk_time now)
{
	enum hk_key_error error;

	request->again = visit->event.key.again;
	error = hk_kds_deliver(
		policy->kds, request, emsk, session_end, now, &visit->reply.delivery);

	visit->event.key.error = (uint8_t)error;
	visit->event.key.reason = request->reason;
	return !error;
}

/* ---- with a login ---- */

void hk_handout_with_login(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, const struct hk_key *emsk, struct hk_bytes realm,
	hk_time session_end, struct hk_grants *grants, hk_time now)
{
	struct hk_kds_request request;
	struct hk_grant grant;
	enum hk_err err;

	if (!visit->event.key.asked || !check(policy, visit, realm, false, now, &request) ||
		!fresh(w, visit, &request, hk_key_emsk_name(emsk), &grant))
		return;
	err = hk_grants_add(grants, &grant, &visit->event.key.again);
	if (err)
		refuse_grant(visit, err);
	else
		deliver(policy, visit, &request, emsk, session_end, now);
}

void hk_handout_withdraw(struct hk_home_visit *visit, enum hk_err reason)
{
	if (visit->reply.delivery.key_len)
		refuse(visit, HK_KEY_TEMPORARY_FAILURE, reason);
}

/* ---- with a re-authentication ---- */

/* What the Finish says to the peer. Without memory there is no indication. */
static void announce(const struct hk_home_policy *policy, struct hk_home_visit *visit,
	const struct hk_key *emsk, hk_time now, struct hk_key **indication)
{
	struct hk_er_exchange *x = &visit->exchange;

	x->bootstrap_domain = visit->reply.delivery.domain;
	if (!policy->kds->indicate && !visit->event.key.again)
		return;
	if (!hk_key_derive_auth_indication(emsk, x->bootstrap_domain, now, indication))
		x->indication_key = *indication;
}

static void bootstrap(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, struct hk_kds_request *request, const struct hk_key *emsk,
	hk_time now, struct hk_key **indication)
{
	struct hk_keyset *set = &visit->exchange.keyset;
	struct hk_grant grant;
	enum hk_err err;

	if (!fresh(w, visit, request, set->emsk_name, &grant))
		return;
	err = hk_keystore_grant(w->store, set->emsk_name, hk_bytes(set->realm, set->realm_len), now,
		&grant, &visit->event.key.again);
	if (err)
		refuse_grant(visit, err);
	else if (deliver(policy, visit, request, emsk, set->session_end, now) &&
		 request->type == HK_KEYDIST_DSRK)
		announce(policy, visit, emsk, now, indication);
}

void hk_handout_with_reauth(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now, struct hk_key **indication)
{
	struct hk_er_exchange *x = &visit->exchange;
	struct hk_keyset *set = &x->keyset;
	bool consent = hk_er_exchange_bootstraps(x);
	struct hk_kds_request request;
	struct hk_key *emsk;
	enum hk_err err;

	*indication = NULL;
	hk_handout_begin(policy, visit);
	if (!visit->event.key.asked || x->step != HK_ER_ADVANCE || x->reason)
		return;
	if (!check(policy, visit, hk_bytes(set->realm, set->realm_len), consent, now, &request))
		return;
	if (!consent) {
		/* The peer did not ask for it, so it is nobody's to ask. */
		refuse(visit, HK_KEY_NOT_AUTHORIZED, HK_ERR_UNEXPECTED);
		return;
	}
	err = hk_key_restore_emsk(&set->emsk, set->emsk_name, now, set->expires, &emsk);
	if (err) {
		refuse_grant(visit, err);
		return;
	}
	bootstrap(w, policy, visit, &request, emsk, now, indication);
	hk_key_free(emsk);
}

void hk_handout_end(struct hk_home_visit *visit)
{
	if (visit->reply.verdict != HK_VERDICT_ACCEPT)
		hk_kds_refuse(&visit->reply.delivery, HK_KEY_GRANTED);
}
