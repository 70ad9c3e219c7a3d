/* SPDX-License-Identifier: ISC */
/* Re-authentications: EAP-Initiate in, EAP-Finish and rMSK out. */
#include "pairs.h"
#include "rlm_hokey.h"

#include "aaa/handout.h"
#include "crypto/crypto.h"
#include "hokeyd/clock.h"

#include <hokey/eap.h>
#include <hokey/erp.h>

static uint8_t identifier_of(struct hk_bytes eap)
{
	return eap.len > 1 ? eap.data[1] : 0;
}

static void reset_reply(struct hk_aaa_reply *reply)
{
	struct hk_buf eap = hk_buf(reply->eap.data, reply->eap.cap);

	hk_wipe(reply->key, sizeof(reply->key));
	*reply = (struct hk_aaa_reply){.eap = eap, .reason = reply->reason};
}

/*
 * Full authentication in the same conversation. The State is there because a
 * challenge has one; rlm_eap begins anew with the identity whatever it says.
 */
static void fall_back(struct hk_bytes eap, struct hk_aaa_reply *reply)
{
	reset_reply(reply);
	if (hk_eap_write(&reply->eap, HK_EAP_REQUEST, (uint8_t)(identifier_of(eap) + 1),
		    HK_EAP_TYPE_IDENTITY, HK_NO_BYTES) ||
		hk_random(reply->state, sizeof(reply->state)))
		return;
	reply->has_state = true;
	reply->verdict = HK_VERDICT_CHALLENGE;
}

static void refuse(struct hk_bytes eap, struct hk_aaa_reply *reply)
{
	reset_reply(reply);
	reply->verdict = HK_VERDICT_REJECT;
	hk_eap_write(&reply->eap, HK_EAP_FAILURE, identifier_of(eap), 0, HK_NO_BYTES);
}

/* The store cannot say whether the number is fresh: then it is not used at all. */
static bool store_failed(enum hk_err reason)
{
	switch (reason) {
	case HK_ERR_STORE:
	case HK_ERR_STORE_FULL:
	case HK_ERR_STORE_KEY:
	case HK_ERR_NO_MEMORY:
	case HK_ERR_SYSTEM:
		return true;
	default:
		return false;
	}
}

static void advance(struct hk_keystore *store, struct hk_advance *a)
{
	hk_keystore_advance(store, a, 1);
	if (!a->err)
		a->err = hk_keystore_sync(store);
}

/* HK_ER_FORWARD stays with the caller. */
static void answer(const struct hk_rlm *m, struct hk_desk *desk, hk_time now)
{
	struct hk_home_visit *visit = &desk->visit;
	struct hk_aaa_reply *reply = &visit->reply;
	struct hk_er_exchange *x = &visit->exchange;
	struct hk_key *indication;

	if (x->step == HK_ER_ADVANCE)
		advance(desk->worker.store, &x->advance);
	if (x->step == HK_ER_ADVANCE || x->step == HK_ER_ANSWER) {
		hk_er_server_decide(m->policy.erp, &visit->request, x);
		hk_handout_with_reauth(&desk->worker, &m->policy, visit, now, &indication);
		hk_er_server_answer(m->policy.erp, &visit->request, now, x, reply);
		hk_key_free(indication);
		hk_handout_end(visit);
	}
	reply->reason = x->reason;
	if (reply->verdict == HK_VERDICT_CHALLENGE || store_failed(x->reason))
		fall_back(visit->request.eap, reply);
	else if (x->reason == HK_ERR_MALFORMED || x->reason == HK_ERR_UNEXPECTED)
		refuse(visit->request.eap, reply);
}

/* ---- who else could answer ---- */

/* A realm that is not ours goes where this server has been told to send it. */
static bool goes_elsewhere(REQUEST *request, struct hk_bytes realm)
{
	char name[HK_REALM_MAX_LEN + 1];
	REALM *known;

	if (fr_pair_find_by_num(request->config, PW_PROXY_TO_REALM, 0, TAG_ANY) ||
		fr_pair_find_by_num(request->config, PW_HOME_SERVER_POOL, 0, TAG_ANY))
		return true;
	snprintf(name, sizeof(name), "%.*s", (int)realm.len, (const char *)realm.data);
	known = realm_find(name);
	return known && known->auth_pool;
}

/* ---- the log ---- */

static void log_outcome(
	REQUEST *request, const struct hk_aaa_request *in, const struct hk_aaa_reply *reply)
{
	int name_len = (int)in->user_name.len;
	const char *name = (const char *)in->user_name.data;

	if (reply->verdict == HK_VERDICT_ACCEPT && request->root->log_accept)
		radlog_request(L_AUTH, L_DBG_LVL_OFF, request,
			"Re-authentication OK: [%.*s] (key %.*s cli %.*s)",
			(int)reply->user_name.len, (const char *)reply->user_name.data, name_len,
			name, (int)in->calling_station_id.len,
			(const char *)in->calling_station_id.data);
	else if (reply->verdict == HK_VERDICT_REJECT && request->root->log_reject)
		radlog_request(L_AUTH, L_DBG_LVL_OFF, request,
			"Re-authentication refused (%s): [%.*s] (cli %.*s)",
			hk_strerror(reply->reason), name_len, name, (int)in->calling_station_id.len,
			(const char *)in->calling_station_id.data);
	if (store_failed(reply->reason))
		hk_warn(request, "key store: %s; the device has to log in in full",
			hk_strerror(reply->reason));
	hk_debug(request, "EAP-Initiate from %.*s: %s%s", name_len, name,
		reply->verdict == HK_VERDICT_ACCEPT ? "accepted" : hk_strerror(reply->reason),
		reply->verdict == HK_VERDICT_CHALLENGE ? ", asking for full authentication" : "");
}

/* ---- authorize ---- */

static rlm_rcode_t finish(const struct hk_rlm *m, REQUEST *request, const struct hk_aaa_request *in,
	struct hk_aaa_reply *reply)
{
	bool written = hk_pairs_write_reply(request, m->config.erp.key_vendor, reply);

	log_outcome(request, in, reply);
	hk_wipe(reply->key, sizeof(reply->key));
	return written ? RLM_MODULE_HANDLED : RLM_MODULE_FAIL;
}

/* Without a store, or not wanted. */
static rlm_rcode_t without_desk(const struct hk_rlm *m, REQUEST *request, enum hk_err reason)
{
	uint8_t eap[64];
	struct hk_aaa_request in = {0};
	struct hk_aaa_reply reply = {.eap = hk_buf(eap, sizeof(eap)), .reason = reason};

	hk_pairs_read_request(request, m->config.erp.key_vendor, &in);
	fall_back(in.eap, &reply);
	return finish(m, request, &in, &reply);
}

static rlm_rcode_t with_desk(struct hk_rlm *m, struct hk_desk *desk, REQUEST *request, hk_time now)
{
	struct hk_home_visit *visit = &desk->visit;
	struct hk_er_exchange *x = &visit->exchange;

	hk_er_server_check(
		m->policy.erp, &desk->worker.limiter, desk->worker.store, &visit->request, now, x);
	if (x->step != HK_ER_FORWARD) {
		answer(m, desk, now);
		hk_rlm_log_key(m, request, &visit->event);
		return finish(m, request, &visit->request, &visit->reply);
	}
	if (goes_elsewhere(request, x->nai.realm))
		return RLM_MODULE_NOOP;
	visit->reply.reason = HK_ERR_REALM;
	if (m->policy.erp->on_unknown_key == HK_UNKNOWN_CHALLENGE)
		fall_back(visit->request.eap, &visit->reply);
	else
		refuse(visit->request.eap, &visit->reply);
	return finish(m, request, &visit->request, &visit->reply);
}

rlm_rcode_t hk_rlm_reauthenticate(struct hk_rlm *m, REQUEST *request)
{
	struct hk_bytes eap;
	struct hk_desk *desk;
	hk_time now;
	rlm_rcode_t rcode;

	if (request->packet->code != PW_CODE_ACCESS_REQUEST || request->parent)
		return RLM_MODULE_NOOP;
	eap = hk_pairs_find(request->packet->vps, PW_EAP_MESSAGE);
	if (eap.len && eap.data[0] == HK_EAP_RESPONSE)
		return hk_rlm_restore_identity(m, request);
	if (!eap.len || eap.data[0] != HK_ERP_INITIATE)
		return RLM_MODULE_NOOP;
	if (!m->config.erp.enabled)
		return without_desk(m, request, HK_ERR_DENIED);

	now = hk_clock_now();
	desk = hk_desk_take(&m->desks, now);
	if (!desk)
		return without_desk(m, request, HK_ERR_STORE);
	hk_pairs_read_request(request, m->config.erp.key_vendor, &desk->visit.request);
	desk->visit.request.secure = hk_rlm_is_secure(m, request);
	rcode = with_desk(m, desk, request, now);
	hk_desk_leave(&m->desks, desk);
	return rcode;
}
