/* SPDX-License-Identifier: ISC */
/* Full authentications: what rlm_eap exported becomes a key set. */
#include "pairs.h"
#include "rlm_hokey.h"

#include "aaa/handout.h"
#include "aaa/login.h"
#include "hokeyd/clock.h"

#include <hokey/eap.h>

#include <openssl/asn1.h>

#define EXPIRE_MAX 16 /* old key sets looked at for each new one */

/* ---- which keys ---- */

struct exported {
	struct hk_bytes emsk;
	struct hk_bytes session_id;
};

static const VALUE_PAIR *nth(const VALUE_PAIR *vps, unsigned number, size_t n)
{
	for (; vps; vps = vps->next) {
		if (vps->da->vendor == 0 && vps->da->attr == number && n-- == 0)
			return vps;
	}
	return NULL;
}

/*
 * An inner method that exports keys leaves a second pair in the reply, before
 * or behind the outer one. The Session-Id begins with the type of its method;
 * that of the outer one is in the device's last response.
 */
static bool find_exported(REQUEST *request, struct exported *out)
{
	const VALUE_PAIR *vps = request->reply->vps;
	struct hk_bytes eap = hk_pairs_find(request->packet->vps, PW_EAP_MESSAGE);
	const VALUE_PAIR *id, *emsk;

	if (eap.len < 5 || eap.data[0] != HK_EAP_RESPONSE)
		return false;
	for (size_t i = 0; (id = nth(vps, PW_EAP_SESSION_ID, i)); i++) {
		if (id->vp_length < 2 || id->vp_octets[0] != eap.data[4])
			continue;
		emsk = nth(vps, PW_EAP_EMSK, i);
		if (!emsk)
			return false;
		out->emsk = hk_bytes(emsk->vp_octets, emsk->vp_length);
		out->session_id = hk_bytes(id->vp_octets, id->vp_length);
		return true;
	}
	return false;
}

/* Before anything can log them. They have done what they are for. */
static void take_off_reply(REQUEST *request)
{
	hk_pairs_wipe(&request->reply->vps, PW_EAP_EMSK);
	hk_pairs_wipe(&request->reply->vps, PW_EAP_MSK);
	hk_pairs_wipe(&request->state, PW_EAP_EMSK);
	hk_pairs_wipe(&request->state, PW_EAP_MSK);
}

/* ---- the key set ---- */

/*
 * A name that the device has only said outside of a tunnel may be that of many:
 * anonymous@home.example, or anybody's.
 */
static enum hk_err set_user(const struct hk_rlm *m, REQUEST *request, struct hk_keyset *set)
{
	struct hk_bytes outer = hk_pairs_find(request->packet->vps, PW_USER_NAME);
	char user[HK_USER_MAX_LEN + 1];
	ssize_t n = radius_xlat(user, sizeof(user), request, m->config.identity, NULL, NULL);

	if (n < 0 || (size_t)n >= sizeof(user))
		return HK_ERR_TOO_LONG;
	set->user_len = (uint16_t)n;
	memcpy(set->user, user, (size_t)n);
	set->shared_user = hk_bytes_equal(hk_bytes(user, (size_t)n), outer);
	return HK_OK;
}

static void set_authorization(const struct hk_rlm *m, REQUEST *request, struct hk_keyset *set)
{
	struct hk_buf out = hk_buf(set->authorization, sizeof(set->authorization));

	if (m->config.cache_reply && hk_pairs_save(request, m->config.erp.key_vendor, &out))
		hk_warn(request,
			"the reply has more than %d octets of attributes; not all will be "
			"there at re-authentication",
			HK_AUTHORIZATION_MAX);
	set->authorization_len = (uint16_t)out.len;
}

/* A Session-Timeout after which the device is to re-authenticate ends no session. */
static hk_time session_end(REQUEST *request, hk_time now)
{
	VALUE_PAIR *replies = request->reply->vps;
	VALUE_PAIR *timeout = fr_pair_find_by_num(replies, PW_SESSION_TIMEOUT, 0, TAG_ANY);
	VALUE_PAIR *action = fr_pair_find_by_num(replies, PW_TERMINATION_ACTION, 0, TAG_ANY);

	if (!timeout || !timeout->vp_integer ||
		(action && action->vp_integer == HK_TERMINATION_RADIUS_REQUEST))
		return HK_NEVER;
	return hk_time_add_s(now, timeout->vp_integer);
}

static enum hk_err fill(const struct hk_rlm *m, REQUEST *request, struct hk_bytes realm,
	hk_time now, struct hk_keyset *set)
{
	memset(set, 0, sizeof(*set));
	set->created = now;
	set->session_end = session_end(request, now);
	set->realm_len = (uint16_t)realm.len;
	memcpy(set->realm, realm.data, realm.len);
	set_authorization(m, request, set);
	return set_user(m, request, set);
}

/* UTCTime or GeneralizedTime, as rlm_eap has it from the certificate. */
static hk_time parse_time(struct hk_bytes text)
{
	char copy[32] = "";
	ASN1_TIME *t = ASN1_TIME_new();
	struct tm tm;
	time_t at = -1;

	if (text.len < sizeof(copy))
		memcpy(copy, text.data, text.len);
	if (t && ASN1_TIME_set_string(t, copy) && ASN1_TIME_to_tm(t, &tm))
		at = timegm(&tm);
	ASN1_TIME_free(t);
	return at < 0 ? HK_NEVER : (hk_time)at * HK_SECOND;
}

/*
 * No key outlives the certificate it was got with. In the last round rlm_eap
 * tells about it for a resumed session only; for others the site has to keep it in
 * session-state.
 */
static hk_time certificate_end(REQUEST *request)
{
	struct hk_bytes end = hk_pairs_find(request->packet->vps, PW_TLS_CLIENT_CERT_EXPIRATION);

	if (!end.len)
		end = hk_pairs_find(request->state, PW_TLS_CLIENT_CERT_EXPIRATION);
	return end.len ? parse_time(end) : HK_NEVER;
}

static hk_time key_end(const struct hk_rlm *m, REQUEST *request, hk_time now)
{
	hk_time wanted = hk_time_add_s(now, m->config.erp.rrk_lifetime_s);
	hk_time certificate = certificate_end(request);

	return certificate < wanted ? certificate : wanted;
}

static enum hk_err keep_with(struct hk_rlm *m, struct hk_desk *desk, REQUEST *request,
	const struct exported *keys, struct hk_bytes realm, hk_time now)
{
	struct hk_home_visit *visit = &desk->visit;
	hk_time expires = key_end(m, request, now);
	struct hk_key *emsk;
	size_t removed;
	enum hk_err err = fill(m, request, realm, now, &visit->exchange.keyset);

	if (!err)
		err = hk_key_import_emsk(NULL, keys->session_id, keys->emsk, now, expires, &emsk);
	if (err)
		return err;
	hk_handout_begin(&m->policy, visit);
	err = hk_login_keep(&desk->worker, &m->policy, visit, emsk, now);
	hk_key_free(emsk);
	if (!err)
		hk_keystore_expire(desk->worker.store, now, EXPIRE_MAX, &removed);
	return err;
}

static enum hk_err keep(struct hk_rlm *m, REQUEST *request, const struct exported *keys,
	struct hk_bytes realm, hk_time now)
{
	struct hk_desk *desk = hk_desk_take(&m->desks, now);
	uint32_t vendor = m->config.erp.key_vendor;
	enum hk_err err;

	if (!desk)
		return HK_ERR_STORE;
	hk_pairs_read_request(request, vendor, &desk->visit.request);
	desk->visit.request.secure = hk_rlm_is_secure(m, request);
	err = keep_with(m, desk, request, keys, realm, now);
	if (!hk_pairs_write_delivery(request, vendor, &desk->visit.reply.delivery))
		err = err ? err : HK_ERR_NO_MEMORY;
	hk_rlm_log_key(m, request, &desk->visit.event);
	hk_desk_leave(&m->desks, desk);
	return err;
}

/* ---- post-auth ---- */

/* Whatever happens here, the login stands. */
static rlm_rcode_t keep_exported(struct hk_rlm *m, REQUEST *request)
{
	struct hk_bytes name = hk_pairs_find(request->packet->vps, PW_USER_NAME);
	struct hk_bytes realm = hk_login_realm(m->policy.erp, name);
	struct exported keys;
	enum hk_err err;

	if (!find_exported(request, &keys))
		return RLM_MODULE_NOOP;
	if (!realm.len) {
		hk_debug(request, "realm of %.*s is not served here: no keys are kept",
			(int)name.len, (const char *)name.data);
		return RLM_MODULE_NOOP;
	}
	err = keep(m, request, &keys, realm, hk_clock_now());
	if (err) {
		hk_warn(request, "keys of %.*s are not kept: %s", (int)name.len,
			(const char *)name.data, hk_strerror(err));
		return RLM_MODULE_NOOP;
	}
	hk_debug(request, "keys are kept for re-authentication in realm %.*s", (int)realm.len,
		(const char *)realm.data);
	return RLM_MODULE_UPDATED;
}

rlm_rcode_t hk_rlm_keep_keys(struct hk_rlm *m, REQUEST *request)
{
	rlm_rcode_t rcode = RLM_MODULE_NOOP;

	if (request->parent) {
		hk_debug(request, "not in an inner tunnel: the outer keys are what counts");
		return RLM_MODULE_NOOP;
	}
	if (request->reply->code == PW_CODE_ACCESS_ACCEPT && m->config.erp.enabled)
		rcode = keep_exported(m, request);
	take_off_reply(request);
	return rcode;
}
