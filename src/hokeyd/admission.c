/* SPDX-License-Identifier: ISC */
#include "hokeyd/admission.h"

#include "hokeyd/users.h"

static bool is_nai(const struct hk_peer_identity *who, size_t i)
{
	uint8_t kind = who->peer_id_kinds[i];

	return (kind == HK_PEER_ID_RFC822 || kind == HK_PEER_ID_UPN) &&
	       hk_nai_realm(who->peer_ids[i]).len > 0;
}

/* A certificate without an NAI has no realm to compare with. */
static bool realm_matches(const struct hk_peer_identity *who)
{
	struct hk_bytes realm = hk_nai_realm(who->outer);
	bool compared = false;

	if (!realm.len)
		return true;
	for (size_t i = 0; i < who->npeer_ids; i++) {
		if (!is_nai(who, i))
			continue;
		if (hk_realm_equal(hk_nai_realm(who->peer_ids[i]), realm))
			return true;
		compared = true;
	}
	return !compared;
}

/*
 * Session-Timeout becomes a fact about the session, which re-authentications
 * count down; it and Termination-Action are put into each reply anew.
 */
static enum hk_err copy_authorization(struct hk_home_user *user, struct hk_bytes attributes)
{
	struct hk_buf out = hk_buf(user->authorization, sizeof(user->authorization));
	struct hk_reader r = hk_reader(attributes);
	struct hk_radius_attribute a;

	while (hk_radius_next(&r, &a)) {
		if (a.type == HK_RADIUS_SESSION_TIMEOUT && a.value.len == 4)
			user->session_timeout_s = hk_load_u32(a.value.data);
		else if (a.type != HK_RADIUS_TERMINATION_ACTION)
			hk_radius_put(&out, a.type, a.value);
	}
	user->authorization_len = (uint16_t)out.len;
	return hk_buf_ok(&out) ? HK_OK : HK_ERR_TOO_LONG;
}

enum hk_err hk_admission(void *arg, const struct hk_peer_identity *who, struct hk_home_user *user)
{
	const struct hk_config *config = arg;
	struct hk_user found = {0};
	enum hk_err err;

	if (config->eap.require_realm_match && !realm_matches(who))
		return HK_ERR_REALM;
	err = hk_users_authorize(config->users, who, &found);
	if (err)
		return err;
	if (found.name.len > sizeof(user->name))
		return HK_ERR_TOO_LONG;
	memcpy(user->name, found.name.data, found.name.len);
	user->name_len = (uint16_t)found.name.len;
	return copy_authorization(user, found.authorization);
}
