/* SPDX-License-Identifier: ISC */
#include <hokey/home.h>

#include "aaa/cui.h"
#include "aaa/handout.h"
#include "aaa/login.h"
#include "crypto/crypto.h"

#include <stdlib.h>

#define NONCES 32768 /* key requests remembered, of all KTKs */

static enum hk_err openssl_random(void *arg, uint8_t *out, size_t len)
{
	(void)arg;
	return hk_random(out, len);
}

enum hk_err hk_home_new(
	enum hk_err (*random)(void *arg, uint8_t *out, size_t len), void *arg, struct hk_home **out)
{
	struct hk_home *home = calloc(1, sizeof(*home));
	enum hk_err err;

	if (!home)
		return HK_ERR_NO_MEMORY;
	home->random = random ? random : openssl_random;
	home->random_arg = arg;
	err = hk_sessions_new(&home->sessions);
	if (!err)
		err = hk_nonces_new(NONCES, &home->nonces);
	if (err) {
		hk_home_free(home);
		return err;
	}
	*out = home;
	return HK_OK;
}

void hk_home_free(struct hk_home *home)
{
	if (!home)
		return;
	hk_nonces_free(home->nonces);
	hk_sessions_free(home->sessions);
	free(home);
}

size_t hk_home_expire(struct hk_home *home, hk_time now, size_t max)
{
	return hk_sessions_expire(home->sessions, now, max);
}

size_t hk_home_sessions(const struct hk_home *home)
{
	return hk_sessions_count(home->sessions);
}

void hk_home_worker_init(struct hk_home_worker *w, struct hk_home *home, struct hk_keystore *store)
{
	memset(w, 0, sizeof(*w));
	w->home = home;
	w->store = store;
}

void hk_home_begin(struct hk_home_visit *visit, uint8_t *memory, size_t size)
{
	memset(&visit->request, 0, sizeof(visit->request));
	memset(&visit->reply, 0, sizeof(visit->reply));
	memset(&visit->event, 0, sizeof(visit->event));
	visit->reply.eap = hk_buf(memory, size);
	visit->session = NULL;
	visit->step = HK_HOME_ANSWERED;
}

void hk_home_done(struct hk_home_worker *w, struct hk_home_visit *visit)
{
	if (visit->step == HK_HOME_ASKS)
		hk_login_give_up(w, visit);
	visit->step = HK_HOME_ANSWERED;
	if (visit->reply.has_key)
		hk_wipe(visit->reply.key, sizeof(visit->reply.key));
	visit->reply.has_key = false;
	hk_session_free(visit->session);
	visit->session = NULL;
}

/* ---- what no conversation answers ---- */

static uint8_t identifier_of(struct hk_bytes eap)
{
	return eap.len > 1 ? eap.data[1] : 0;
}

static void reject(struct hk_home_visit *visit, enum hk_err reason)
{
	struct hk_buf *eap = &visit->reply.eap;

	*eap = hk_buf(eap->data, eap->cap);
	visit->reply.verdict = HK_VERDICT_REJECT;
	visit->reply.has_state = false;
	visit->reply.error_cause = 0;
	visit->reply.reason = reason;
}

void hk_home_refuse(struct hk_home_visit *visit, enum hk_err reason)
{
	reject(visit, reason);
	if (visit->request.has_eap)
		hk_eap_write(&visit->reply.eap, HK_EAP_FAILURE, identifier_of(visit->request.eap),
			0, HK_NO_BYTES);
}

/* RFC 3579 section 2.6.2: we are no peer; say so with a Nak that offers nothing. */
static void refuse_role_reversal(struct hk_home_visit *visit)
{
	static const uint8_t no_alternative = 0;

	reject(visit, HK_ERR_UNEXPECTED);
	hk_eap_write(&visit->reply.eap, HK_EAP_RESPONSE, identifier_of(visit->request.eap),
		HK_EAP_TYPE_NAK, hk_bytes(&no_alternative, 1));
}

/* RFC 3579 section 2.2: the conversation it came into, if any, goes on. */
static void receive_invalid(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	if (visit->request.state.data)
		hk_login_receive(w, policy, visit, now);
	else
		hk_home_refuse(visit, HK_ERR_MALFORMED);
}

static void receive_eap_start(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	if (!visit->request.state.data) {
		hk_login_start(w, policy, visit, 0, now);
		return;
	}
	hk_login_abandon(w, visit, now);
	hk_home_refuse(visit, HK_ERR_UNEXPECTED);
}

/* ---- re-authentication ---- */

/* Asks for full EAP in the same conversation: the peer is in after some rounds. */
static void fall_back(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	enum hk_err reason = visit->reply.reason;

	hk_login_start(w, policy, visit, (uint8_t)(identifier_of(visit->request.eap) + 1), now);
	visit->event.kind = HK_HOME_ERP;
	visit->event.final = true;
	if (visit->reply.verdict == HK_VERDICT_CHALLENGE)
		visit->reply.reason = reason;
}

static void answer_reauth(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	struct hk_er_exchange *x = &visit->exchange;
	struct hk_key *indication;

	visit->step = HK_HOME_ANSWERED;
	visit->event.has_keys = x->has_keys;
	if (x->has_keys)
		visit->event.user = hk_bytes(x->keyset.user, x->keyset.user_len);
	hk_er_server_decide(policy->erp, &visit->request, x);
	if (x->reason == HK_OK)
		x->reason = hk_cui_answer(policy, visit,
			hk_bytes(x->keyset.authorization, x->keyset.authorization_len),
			x->keyset.home_len == 0);
	hk_handout_with_reauth(w, policy, visit, now, &indication);
	hk_er_server_answer(policy->erp, &visit->request, now, x, &visit->reply);
	hk_key_free(indication);
	hk_handout_end(visit);
	visit->reply.reason = x->reason;
	visit->event.final = true;
	if (visit->reply.verdict == HK_VERDICT_CHALLENGE)
		fall_back(w, policy, visit, now);
}

static void drop_reauth(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	enum hk_err reason = visit->exchange.reason;

	if (reason == HK_ERR_MALFORMED || reason == HK_ERR_UNEXPECTED) {
		visit->event.kind = HK_HOME_OTHER;
		receive_invalid(w, policy, visit, now);
		return;
	}
	visit->reply.verdict = HK_VERDICT_NONE;
	visit->reply.reason = reason;
}

static void receive_reauth(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	struct hk_er_exchange *x = &visit->exchange;

	visit->event.kind = HK_HOME_ERP;
	visit->event.began = now;
	visit->event.rounds = 1;
	if (!policy->erp) {
		visit->reply.reason = HK_ERR_DENIED;
		fall_back(w, policy, visit, now);
		return;
	}
	hk_er_server_check(policy->erp, &w->limiter, w->store, &visit->request, now, x);
	visit->event.identity = x->message.keyname_nai;
	visit->event.seq = x->message.seq;
	memcpy(visit->event.emsk_name, x->nai.emsk_name, HK_EMSK_NAME_LEN);
	switch (x->step) {
	case HK_ER_DROP:
		drop_reauth(w, policy, visit, now);
		break;
	case HK_ER_FORWARD:
		/* No other home is known here: let the peer log in with us, if it can. */
		visit->reply.reason = HK_ERR_REALM;
		if (policy->erp->on_unknown_key == HK_UNKNOWN_CHALLENGE)
			fall_back(w, policy, visit, now);
		else
			hk_home_refuse(visit, HK_ERR_REALM);
		visit->event.final = true;
		break;
	case HK_ER_ADVANCE:
		visit->step = HK_HOME_WAITS;
		break;
	case HK_ER_ANSWER:
		answer_reauth(w, policy, visit, now);
		break;
	}
}

/* ---- the hall ---- */

enum hk_home_step hk_home_receive(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, hk_time now)
{
	struct hk_bytes eap = visit->request.eap;

	visit->event.began = now;
	if (!visit->request.has_eap) {
		hk_home_refuse(visit, HK_ERR_UNEXPECTED);
		return visit->step;
	}
	if (eap.len == 0) {
		receive_eap_start(w, policy, visit, now);
		return visit->step;
	}
	switch (eap.data[0]) {
	case HK_EAP_REQUEST:
		refuse_role_reversal(visit);
		break;
	case HK_EAP_RESPONSE:
		hk_login_receive(w, policy, visit, now);
		break;
	case HK_EAP_INITIATE:
		receive_reauth(w, policy, visit, now);
		break;
	default:
		receive_invalid(w, policy, visit, now);
		break;
	}
	return visit->step;
}

enum hk_home_step hk_home_resume(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *visit, struct hk_bytes response, hk_time now)
{
	visit->step = HK_HOME_ANSWERED;
	hk_login_resume(w, policy, visit, response, now);
	return visit->step;
}

void hk_home_commit(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *const *visits, size_t n, hk_time now)
{
	size_t waiting = 0;
	size_t next = 0;

	for (size_t i = 0; i < n; i++) {
		if (visits[i]->step == HK_HOME_WAITS)
			w->advances[waiting++] = visits[i]->exchange.advance;
	}
	if (!waiting)
		return;
	hk_keystore_advance(w->store, w->advances, waiting);
	for (size_t i = 0; i < n; i++) {
		if (visits[i]->step != HK_HOME_WAITS)
			continue;
		visits[i]->exchange.advance = w->advances[next++];
		answer_reauth(w, policy, visits[i], now);
	}
}
