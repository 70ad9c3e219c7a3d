/* SPDX-License-Identifier: ISC */
#include <hokey/visited.h>

#include <hokey/eap.h>
#include <hokey/erp.h>
#include <hokey/radius.h>

#include "keystore/store.h"

/* ---- requests ---- */

/* What an EAP packet is about: whose home, and whether a key of it may come back. */
struct concern {
	bool reauth;
	bool may_ask;
	struct hk_bytes realm;
	struct hk_erp_message message;
	struct hk_keyname_nai nai;
};

static void look_at_initiate(const struct hk_aaa_request *request, struct concern *c)
{
	enum hk_err err = hk_erp_parse(request->eap, &c->message);

	if ((err && err != HK_ERR_SUITE) || c->message.type != HK_ERP_REAUTH ||
		hk_keyname_nai_parse(c->message.keyname_nai, &c->nai))
		return;
	c->reauth = true;
	c->realm = c->nai.realm;
	c->may_ask = c->message.flags & HK_ERP_FLAG_B;
}

static void look_at(const struct hk_aaa_request *request, struct concern *c)
{
	*c = (struct concern){0};
	if (!request->has_eap || request->eap.len == 0)
		return;
	if (request->eap.data[0] == HK_EAP_INITIATE) {
		look_at_initiate(request, c);
	} else if (request->eap.data[0] == HK_EAP_RESPONSE) {
		c->realm = hk_nai_realm(request->user_name);
		c->may_ask = c->realm.len > 0;
	}
}

static enum hk_err ask(const struct hk_visited_policy *policy, struct hk_bytes realm, bool secure,
	const uint8_t *nonce, hk_time now, struct hk_krs_request *out)
{
	const struct hk_ktk *ktk =
		hk_ktk_for_realm(policy->ktks, policy->nktks, realm, policy->domain, now);

	if (!ktk || realm.len > HK_REALM_MAX_LEN)
		return HK_ERR_NOT_FOUND;
	if (!secure && !policy->any_transport)
		return HK_ERR_DENIED;
	return hk_krs_ask(ktk, HK_KEYDIST_DSRK, policy->domain, HK_NO_BYTES, nonce, now, out);
}

enum hk_visited_route hk_visited_receive(const struct hk_visited_policy *policy,
	const struct hk_aaa_request *request, bool secure,
	const uint8_t nonce[HK_KEYDIST_NONCE_LEN], hk_time now, struct hk_visited_pending *pending)
{
	struct concern c;

	*pending = (struct hk_visited_pending){.reason = HK_ERR_NOT_FOUND};
	if (policy->domain.len == 0)
		return HK_VISITED_FORWARD;
	look_at(request, &c);
	if (c.reauth && hk_realm_equal(c.realm, policy->domain))
		return HK_VISITED_HERE;
	/* who is at home in our domain has no key of a visited one */
	if (!c.may_ask || hk_realm_equal(c.realm, policy->domain))
		return HK_VISITED_FORWARD;
	pending->reason = ask(policy, c.realm, secure, nonce, now, &pending->asked);
	if (pending->reason)
		return HK_VISITED_FORWARD;
	pending->bootstrap = c.reauth;
	if (c.reauth)
		memcpy(pending->emsk_name, c.nai.emsk_name, HK_EMSK_NAME_LEN);
	pending->home_len = (uint8_t)c.realm.len;
	memcpy(pending->home, c.realm.data, c.realm.len);
	return HK_VISITED_ASK;
}

/* ---- what a device keeps ---- */

static bool is_authorization(uint8_t type)
{
	switch (type) {
	case 11:  /* Filter-Id */
	case 25:  /* Class */
	case 28:  /* Idle-Timeout */
	case 56:  /* Egress-VLANID; RFC 4675 */
	case 57:  /* Ingress-Filters */
	case 58:  /* Egress-VLAN-Name */
	case 59:  /* User-Priority-Table */
	case 64:  /* Tunnel-Type; RFC 2868 */
	case 65:  /* Tunnel-Medium-Type */
	case 66:  /* Tunnel-Client-Endpoint */
	case 67:  /* Tunnel-Server-Endpoint */
	case 81:  /* Tunnel-Private-Group-ID */
	case 82:  /* Tunnel-Assignment-ID */
	case 83:  /* Tunnel-Preference */
	case 85:  /* Acct-Interim-Interval */
	case 89:  /* Chargeable-User-Identity */
	case 90:  /* Tunnel-Client-Auth-ID */
	case 91:  /* Tunnel-Server-Auth-ID */
	case 92:  /* NAS-Filter-Rule; RFC 4849 */
	case 174: /* Allowed-Called-Station-Id; RFC 7268 */
		return true;
	default:
		return false;
	}
}

void hk_visited_authorization(struct hk_bytes attributes, struct hk_buf *out)
{
	struct hk_reader r = hk_reader(attributes);
	struct hk_radius_attribute a;

	while (hk_radius_next(&r, &a))
		if (is_authorization(a.type))
			hk_radius_put(out, a.type, a.value);
}

/* The first attribute of a type in an area; data NULL when there is none. */
static struct hk_bytes find(struct hk_bytes attributes, uint8_t type)
{
	struct hk_reader r = hk_reader(attributes);
	struct hk_radius_attribute a;

	while (hk_radius_next(&r, &a))
		if (a.type == type)
			return a.value;
	return HK_NO_BYTES;
}

static uint32_t find_u32(struct hk_bytes attributes, uint8_t type)
{
	struct hk_bytes v = find(attributes, type);

	return v.len == 4 ? hk_load_u32(v.data) : 0;
}

/*
 * When the home wants the session to end. A Session-Timeout after which the
 * access point has to ask again is no such end: a re-authentication here is
 * what it wants.
 */
static hk_time session_end(struct hk_bytes attributes, hk_time now)
{
	uint32_t timeout_s = find_u32(attributes, HK_RADIUS_SESSION_TIMEOUT);

	if (!timeout_s ||
		find_u32(attributes, HK_RADIUS_TERMINATION_ACTION) == HK_TERMINATION_RADIUS_REQUEST)
		return HK_NEVER;
	return hk_time_add_s(now, timeout_s);
}

/* ---- answers ---- */

static enum hk_err make_keys(const struct hk_key *dsrk, hk_time now, struct hk_erp_keys *out)
{
	struct hk_key *rrk;
	enum hk_err err = hk_key_derive_rrk(dsrk, now, HK_NEVER, &rrk);

	if (err)
		return err;
	err = hk_erp_keys_init(out, rrk);
	hk_key_free(rrk);
	return err;
}

/*
 * The name to account for. Of the User-Name of a login only the home knows
 * whose it is, so many devices may have it in common.
 */
static void set_user(struct hk_keyset *set, const struct hk_visited_pending *pending,
	const struct hk_aaa_request *request, struct hk_bytes attributes)
{
	struct hk_bytes user = find(attributes, HK_RADIUS_USER_NAME);

	if (!user.len && !pending->bootstrap)
		user = request->user_name;
	if (user.len > sizeof set->user)
		user.len = 0;
	set->shared_user = true;
	set->user_len = (uint16_t)user.len;
	if (user.len)
		memcpy(set->user, user.data, user.len);
}

static enum hk_err fill_set(struct hk_keyset *set, const struct hk_visited_pending *pending,
	const struct hk_key *dsrk, struct hk_bytes attributes, hk_time now)
{
	struct hk_buf authorization = hk_buf(set->authorization, sizeof set->authorization);

	hk_visited_authorization(attributes, &authorization);
	if (!hk_buf_ok(&authorization))
		return HK_ERR_TOO_LONG;
	set->authorization_len = (uint16_t)authorization.len;
	memcpy(set->emsk_name, hk_key_emsk_name(dsrk), HK_EMSK_NAME_LEN);
	set->created = now;
	set->expires = hk_key_expires(dsrk);
	set->session_end = session_end(attributes, now);
	set->realm_len = pending->asked.domain_len;
	memcpy(set->realm, pending->asked.domain, set->realm_len);
	set->home_len = pending->home_len;
	memcpy(set->home, pending->home, set->home_len);
	return make_keys(dsrk, now, &set->keys);
}

/*
 * Goes on with the counter of the set that is there, also when its lifetime
 * has ended meanwhile. HK_ERR_REPLAY: it is not there.
 */
static enum hk_err take_counter(struct hk_keystore *store, struct hk_keyset *set)
{
	struct hk_keyset before;
	enum hk_err err = hk_keystore_find(
		store, set->emsk_name, hk_bytes(set->realm, set->realm_len), 0, &before);

	if (!err && !hk_erp_keys_same(&before.keys, &set->keys))
		err = HK_ERR_NOT_FOUND;
	if (!err)
		set->seq = before.seq;
	hk_keyset_wipe(&before);
	return err == HK_ERR_NOT_FOUND ? HK_ERR_REPLAY : err;
}

static enum hk_err store_set(struct hk_keystore *store, const struct hk_visited_pending *pending,
	const struct hk_aaa_request *request, const struct hk_key *dsrk, bool again,
	struct hk_bytes attributes, hk_time now)
{
	struct hk_keyset set;
	enum hk_err err;

	memset(&set, 0, sizeof set);
	err = fill_set(&set, pending, dsrk, attributes, now);
	if (!err && again)
		err = take_counter(store, &set);
	if (!err) {
		set_user(&set, pending, request, attributes);
		err = hk_keystore_put(store, &set);
	}
	hk_keyset_wipe(&set);
	return err;
}

static bool is_for(const struct hk_visited_pending *pending, const struct hk_key *dsrk)
{
	return !pending->bootstrap ||
	       memcmp(pending->emsk_name, hk_key_emsk_name(dsrk), HK_EMSK_NAME_LEN) == 0;
}

void hk_visited_accept(const struct hk_visited_policy *policy, struct hk_keystore *store,
	const struct hk_visited_pending *pending, const struct hk_aaa_request *request,
	struct hk_bytes attributes, hk_time now, struct hk_visited_outcome *out)
{
	struct hk_keydist_attributes answer;
	struct hk_key *dsrk;
	enum hk_err err;
	bool again;

	*out = (struct hk_visited_outcome){0};
	hk_keydist_read(attributes, policy->vendor, &answer);
	if (answer.error.len == 4)
		out->error = hk_load_u32(answer.error.data);
	err = hk_krs_take_dsrk(policy->ktks, policy->nktks, &pending->asked, &answer,
		policy->max_lifetime_s, now, &dsrk, &again);
	if (!err && !is_for(pending, dsrk))
		err = HK_ERR_NAME_MISMATCH;
	if (!err)
		err = store_set(store, pending, request, dsrk, again, attributes, now);
	out->reason = err;
	if (!err) {
		memcpy(out->emsk_name, hk_key_emsk_name(dsrk), HK_EMSK_NAME_LEN);
		out->expires = hk_key_expires(dsrk);
	}
	hk_key_free(dsrk);
}

/* ---- keys that are taken back ---- */

static bool speaks_for(const struct hk_keyset *set, const struct hk_bytes *homes, size_t nhomes)
{
	struct hk_bytes home = hk_bytes(set->home, set->home_len);

	for (size_t i = 0; home.len && i < nhomes; i++) {
		if (hk_bytes_equal(homes[i], hk_text("*")) || hk_realm_equal(homes[i], home))
			return true;
	}
	return false;
}

enum hk_err hk_visited_withdraw(struct hk_keystore *store, struct hk_bytes keyname_nai,
	const struct hk_bytes *homes, size_t nhomes)
{
	struct hk_keyname_nai nai;
	struct hk_keyset set;
	enum hk_err err;
	bool may;

	if (hk_keyname_nai_parse(keyname_nai, &nai))
		return HK_ERR_NAME_MISMATCH;
	err = hk_keystore_find(store, nai.emsk_name, nai.realm, 0, &set);
	may = !err && speaks_for(&set, homes, nhomes);
	hk_keyset_wipe(&set);
	if (err)
		return err;
	return may ? hk_keystore_remove(store, nai.emsk_name, nai.realm) : HK_ERR_DENIED;
}
