/* SPDX-License-Identifier: ISC */
#include "aaa/login.h"

#include "aaa/cui.h"
#include "aaa/handout.h"
#include "keys/schedule.h"

#define EAPOL_HEADER            4 /* part of Framed-MTU on IEEE 802 links */
#define FRAMED_MTU_MIN          64
#define FRAMED_MTU_MAX          65535
#define PORT_802_11             19
#define EAP_802_11_MAX          1496 /* RFC 3580 section 3.10 */
#define ERROR_CAUSE_INVALID_EAP 202

static void silent(struct hk_home_visit *visit, enum hk_err reason)
{
	visit->reply.verdict = HK_VERDICT_NONE;
	visit->reply.reason = reason;
}

/* ---- what came, what fits ---- */

static bool is_identity_response(struct hk_bytes eap)
{
	return eap.len > 4 && eap.data[0] == HK_EAP_RESPONSE && eap.data[4] == HK_EAP_TYPE_IDENTITY;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Longest EAP packet that gets through to the peer of this conversation. */
static size_t eap_limit(struct hk_session *s, const struct hk_aaa_request *request)
{
	size_t limit = HK_EAP_MAX_LEN;

	if (request->framed_mtu >= FRAMED_MTU_MIN && request->framed_mtu <= FRAMED_MTU_MAX)
		s->framed_mtu = request->framed_mtu;
	if (s->framed_mtu)
		limit = least(limit, s->framed_mtu - EAPOL_HEADER);
	if (request->nas_port_type == PORT_802_11)
		limit = least(limit, EAP_802_11_MAX);
	if (request->eap_room)
		limit = least(limit, request->eap_room);
	return limit;
}

/* ---- opening ---- */

static enum hk_err authorize(void *arg, const struct hk_peer_identity *who)
{
	struct hk_session *s = arg;

	memset(&s->user, 0, sizeof(s->user));
	return s->policy->authorize ? s->policy->authorize(s->policy->arg, who, &s->user) : HK_OK;
}

static enum hk_err open_session(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	const struct hk_session_limits limits = {
		policy->max_sessions, policy->max_sessions_per_client};
	struct hk_eap_server_config config = {
		.tls = policy->tls,
		.fragment_size = policy->fragment_size,
		.max_rounds = policy->max_rounds,
		.max_invalid = policy->max_invalid,
		.session_lifetime_s = policy->resumption_lifetime_s,
		.authorize = authorize,
	};
	struct hk_session *s;
	enum hk_err err;

	err = hk_sessions_open(w->home->sessions, visit->request.client_id, &limits, now, &s);
	if (err)
		return err;
	s->policy = policy;
	config.arg = s;
	err = hk_eap_server_new(&config, &s->eap);
	if (err) {
		hk_sessions_close(w->home->sessions, s);
		hk_session_free(s);
		return err;
	}
	visit->session = s;
	return HK_OK;
}

/* ---- the ways a round can end ---- */

/* Back into the table; the visit no longer owns it, so nothing may point into it. */
static void wait_for_peer(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, const uint8_t *state, hk_time now)
{
	struct hk_session *s = visit->session;
	hk_time deadline = now + policy->session_timeout_ms;
	uint8_t copy[HK_STATE_LEN];

	memcpy(copy, state, sizeof(copy));
	s->policy = NULL;
	visit->session = NULL;
	hk_sessions_wait(w->home->sessions, s, copy, deadline);
}

/* The session stays with the visit until hk_home_done(): the event points into it. */
static void over(struct hk_home_worker *w, struct hk_home_visit *visit)
{
	hk_sessions_close(w->home->sessions, visit->session);
	visit->event.final = true;
}

static void fail(struct hk_home_worker *w, struct hk_home_visit *visit, enum hk_err reason)
{
	hk_home_refuse(visit, reason);
	over(w, visit);
}

static void challenge(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	struct hk_aaa_reply *reply = &visit->reply;

	if (w->home->random(w->home->random_arg, reply->state, sizeof(reply->state))) {
		fail(w, visit, HK_ERR_CRYPTO);
		return;
	}
	reply->verdict = HK_VERDICT_CHALLENGE;
	reply->has_state = true;
	wait_for_peer(w, policy, visit, reply->state, now);
}

/* ---- success ---- */

struct hk_bytes hk_login_realm(const struct hk_er_policy *erp, struct hk_bytes identity)
{
	struct hk_bytes realm = hk_nai_realm(identity);

	if (!realm.len && erp->nrealms)
		return erp->realms[0];
	for (size_t i = 0; i < erp->nrealms; i++) {
		if (hk_realm_equal(erp->realms[i], realm))
			return erp->realms[i];
	}
	return HK_NO_BYTES;
}

static void fill_keyset(struct hk_keyset *set, const struct hk_session *s, struct hk_bytes user,
	struct hk_bytes realm, hk_time now)
{
	memset(set, 0, sizeof(*set));
	set->created = now;
	set->session_end = s->user.session_timeout_s ? hk_time_add_s(now, s->user.session_timeout_s)
						     : HK_NEVER;
	set->shared_user = s->user.name_len == 0;
	set->realm_len = (uint16_t)least(realm.len, sizeof(set->realm));
	memcpy(set->realm, realm.data, set->realm_len);
	set->user_len = (uint16_t)least(user.len, sizeof(set->user));
	if (set->user_len)
		memcpy(set->user, user.data, set->user_len);
	set->authorization_len = s->user.authorization_len;
	memcpy(set->authorization, s->user.authorization, s->user.authorization_len);
}

static enum hk_err derive_keys(const struct hk_home_policy *policy, const struct hk_key *emsk,
	hk_time now, struct hk_keyset *set)
{
	struct hk_key *rrk;
	enum hk_err err = hk_key_derive_rrk(emsk, now, HK_NEVER, &rrk);

	if (err)
		return err;
	memcpy(set->emsk_name, hk_key_emsk_name(rrk), HK_EMSK_NAME_LEN);
	set->expires = hk_key_expires(rrk);
	err = hk_erp_keys_init(&set->keys, rrk);
	if (!err && policy->keep_emsk == HK_EMSK_UNTIL_EXPIRY)
		err = hk_key_keep_emsk(emsk, &set->emsk);
	hk_key_free(rrk);
	return err;
}

enum hk_err hk_login_keep(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, const struct hk_key *emsk, hk_time now)
{
	struct hk_keyset *set = &visit->exchange.keyset;
	enum hk_err err = derive_keys(policy, emsk, now, set);

	if (!err) {
		hk_handout_with_login(w, policy, visit, emsk, hk_bytes(set->realm, set->realm_len),
			set->session_end, &set->grants, now);
		err = hk_keystore_put(w->store, set);
	}
	if (!err) {
		visit->event.has_keys = true;
		memcpy(visit->event.emsk_name, set->emsk_name, HK_EMSK_NAME_LEN);
	} else {
		hk_handout_withdraw(visit, err);
	}
	hk_keyset_wipe(set);
	return err;
}

/* Keeps what later re-authentications need. A failure here spoils no login. */
static enum hk_err keep_keys(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, const struct hk_key *emsk, hk_time now)
{
	struct hk_bytes realm;

	if (!policy->erp)
		return HK_OK;
	realm = hk_login_realm(policy->erp, visit->event.identity);
	if (!realm.len)
		return HK_OK;
	fill_keyset(&visit->exchange.keyset, visit->session, visit->event.user, realm, now);
	return hk_login_keep(w, policy, visit, emsk, now);
}

static uint32_t earlier_timeout(uint32_t a, uint32_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* Seconds until the authenticator has to ask again: never after the key's end. */
static uint32_t session_timeout(const struct hk_home_policy *policy, const struct hk_session *s,
	hk_time key_end, hk_time now)
{
	uint32_t left = hk_time_left_s(key_end, now);
	uint32_t wanted = earlier_timeout(policy->msk_lifetime_s, s->user.session_timeout_s);

	return earlier_timeout(wanted, left ? left : 1);
}

static void accept_peer(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	uint32_t lifetime_s = policy->rrk_lifetime_s ? policy->rrk_lifetime_s : HK_EMSK_LIFETIME_S;
	struct hk_session *s = visit->session;
	struct hk_eap_result *result =
		hk_eap_server_result(s->eap, now, hk_time_add_s(now, lifetime_s));
	struct hk_aaa_reply *reply = &visit->reply;
	const struct hk_aaa_request *request = &visit->request;
	struct hk_buf key = hk_buf(reply->key, sizeof(reply->key));
	enum hk_err err;

	if (!result || !result->msk) {
		fail(w, visit, HK_ERR_CRYPTO);
		return;
	}
	err = hk_cui_answer(
		policy, visit, hk_bytes(s->user.authorization, s->user.authorization_len), true);
	if (err) {
		fail(w, visit, err);
		return;
	}
	err = hk_key_release(result->msk, HK_HOLDER_AUTHENTICATOR,
		request->nas_identifier.len ? request->nas_identifier : request->client, now, &key);
	if (err) {
		fail(w, visit, err);
		return;
	}
	reply->verdict = HK_VERDICT_ACCEPT;
	reply->has_key = true;
	reply->reason = HK_OK;
	reply->user_name = visit->event.user;
	reply->authorization = hk_bytes(s->user.authorization, s->user.authorization_len);
	reply->session_timeout_s = session_timeout(policy, s, hk_key_expires(result->msk), now);
	if (request->wants_key_name) {
		memcpy(visit->key_name, result->session_id, result->session_id_len);
		reply->key_name = hk_bytes(visit->key_name, result->session_id_len);
	}
	visit->event.tls_version = result->tls_version;
	visit->event.resumed = result->resumed;
	hk_handout_begin(policy, visit);
	if (result->emsk)
		visit->event.store = keep_keys(w, policy, visit, result->emsk, now);
	over(w, visit);
}

/* ---- one round ---- */

/* The outer identity, as far as an NAI can be long. */
static void keep_identity(struct hk_session *s, struct hk_bytes eap)
{
	struct hk_eap_packet p;

	if (s->identity_len || !is_identity_response(eap) || hk_eap_parse(eap, &p))
		return;
	s->identity_len = (uint16_t)least(p.data.len, sizeof(s->identity));
	if (s->identity_len)
		memcpy(s->identity, p.data.data, s->identity_len);
}

/* Who it is: the name the policy gave, else the outer identity. */
static void describe(struct hk_home_visit *visit)
{
	const struct hk_session *s = visit->session;

	visit->event.began = s->began;
	visit->event.rounds = hk_eap_server_rounds(s->eap);
	visit->event.identity = hk_bytes(s->identity, s->identity_len);
	visit->event.user =
		s->user.name_len ? hk_bytes(s->user.name, s->user.name_len) : visit->event.identity;
}

/* What waits goes back to the table: views into it must not stay. */
static void forget(struct hk_home_visit *visit)
{
	visit->event.identity = HK_NO_BYTES;
	visit->event.user = HK_NO_BYTES;
}

/* The conversation stays with the visit, and is found, but taken, in the table. */
static void ask(struct hk_home_visit *visit)
{
	struct hk_home_query *q = &visit->query;

	hk_eap_server_ocsp_query(visit->session->eap, &q->url, &q->request);
	visit->session->policy = NULL;
	visit->reply.verdict = HK_VERDICT_PENDING;
	visit->step = HK_HOME_ASKS;
}

static void act(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, enum hk_eap_action action, hk_time now)
{
	struct hk_session *s = visit->session;

	describe(visit);
	switch (action) {
	case HK_EAP_SEND:
		s->asks_identity = false;
		forget(visit);
		challenge(w, policy, visit, now);
		break;
	case HK_EAP_INVALID:
		visit->reply.error_cause = ERROR_CAUSE_INVALID_EAP;
		visit->reply.reason = HK_ERR_MALFORMED;
		forget(visit);
		challenge(w, policy, visit, now);
		break;
	case HK_EAP_SUCCEEDED:
		accept_peer(w, policy, visit, now);
		break;
	case HK_EAP_FAILED:
		fail(w, visit, hk_eap_server_error(s->eap, &visit->event.detail));
		break;
	case HK_EAP_WAIT:
		ask(visit);
		break;
	case HK_EAP_IGNORED:
		silent(visit, HK_ERR_UNEXPECTED);
		if (!s->listed) {
			over(w, visit);
			break;
		}
		forget(visit);
		wait_for_peer(w, policy, visit, s->state, now);
		break;
	}
}

static void converse(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	struct hk_session *s = visit->session;
	size_t limit = eap_limit(s, &visit->request);
	enum hk_eap_action action;

	s->policy = policy;
	keep_identity(s, visit->request.eap);
	action = hk_eap_server_receive(s->eap, visit->request.eap, now, limit, &visit->reply.eap);
	while (action == HK_EAP_WAIT && !policy->asks_responders)
		action = hk_eap_server_ocsp_answer(
			s->eap, HK_NO_BYTES, now, limit, &visit->reply.eap);
	act(w, policy, visit, action, now);
}

void hk_login_resume(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, struct hk_bytes response, hk_time now)
{
	struct hk_session *s = visit->session;
	size_t limit = eap_limit(s, &visit->request);

	s->policy = policy;
	visit->query = (struct hk_home_query){NULL, HK_NO_BYTES};
	visit->reply.verdict = HK_VERDICT_NONE;
	act(w, policy, visit,
		hk_eap_server_ocsp_answer(s->eap, response, now, limit, &visit->reply.eap), now);
}

void hk_login_give_up(struct hk_home_worker *w, struct hk_home_visit *visit)
{
	hk_sessions_close(w->home->sessions, visit->session);
}

void hk_login_start(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, uint8_t identifier, hk_time now)
{
	struct hk_buf *out = &visit->reply.eap;
	enum hk_err err;

	visit->event.kind = HK_HOME_EAP;
	err = open_session(w, policy, visit, now);
	if (err) {
		silent(visit, err);
		return;
	}
	*out = hk_buf(out->data, out->cap);
	err = hk_eap_server_start(visit->session->eap, identifier, out);
	if (err) {
		fail(w, visit, err);
		return;
	}
	visit->session->asks_identity = true;
	challenge(w, policy, visit, now);
}

/* The conversation this packet belongs to: one that waits, or a new one. */
static enum hk_err enter(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	const struct hk_aaa_request *request = &visit->request;
	enum hk_err err;

	if (!request->state.data)
		return is_identity_response(request->eap) ? open_session(w, policy, visit, now)
							  : HK_ERR_NOT_FOUND;

	err = hk_sessions_take(
		w->home->sessions, request->state, request->client_id, now, &visit->session);
	if (err || visit->session->asks_identity || !is_identity_response(request->eap))
		return err;
	/* A peer that began anew behind an authenticator that kept the State. */
	hk_sessions_close(w->home->sessions, visit->session);
	hk_session_free(visit->session);
	visit->session = NULL;
	return open_session(w, policy, visit, now);
}

void hk_login_receive(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	enum hk_err err = enter(w, policy, visit, now);

	visit->event.kind = HK_HOME_EAP;
	if (!err)
		converse(w, policy, visit, now);
	else if (err == HK_ERR_NOT_FOUND || err == HK_ERR_EXPIRED)
		hk_home_refuse(visit, err);
	else
		silent(visit, err);
}

void hk_login_abandon(struct hk_home_worker *w, struct hk_home_visit *visit, hk_time now)
{
	const struct hk_aaa_request *request = &visit->request;

	if (hk_sessions_take(
		    w->home->sessions, request->state, request->client_id, now, &visit->session))
		return;
	describe(visit);
	over(w, visit);
}
