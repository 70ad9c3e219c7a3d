/* SPDX-License-Identifier: ISC */
/* The key delivering server: who may have which key. */
#include "keydist/wire.h"

#include "crypto/crypto.h"

const char *hk_key_error_name(uint32_t error)
{
	static const char *const names[HK_KEY_ERROR_COUNT] = {
		[HK_KEY_GRANTED] = "granted",
		[HK_KEY_MALFORMED] = "malformed",
		[HK_KEY_UNSUPPORTED] = "unsupported",
		[HK_KEY_NOT_AUTHENTICATED] = "not-authenticated",
		[HK_KEY_NOT_AUTHORIZED] = "not-authorized",
		[HK_KEY_NO_KEY] = "no-key",
		[HK_KEY_ALREADY_DELIVERED] = "already-delivered",
		[HK_KEY_INSECURE_TRANSPORT] = "insecure-transport",
		[HK_KEY_TEMPORARY_FAILURE] = "temporary-failure",
	};

	return error < HK_KEY_ERROR_COUNT ? names[error] : "unknown";
}

/* ---- checking ---- */

static enum hk_key_error refuse(
	struct hk_kds_request *r, enum hk_key_error error, enum hk_err reason)
{
	r->reason = reason;
	return error;
}

static unsigned permission_for(uint8_t type)
{
	switch (type) {
	case HK_KEYDIST_DSRK:
		return HK_KTK_DSRK;
	case HK_KEYDIST_USRK:
		return HK_KTK_USRK;
	case HK_KEYDIST_DSUSRK:
		return HK_KTK_DSUSRK;
	default:
		return 0;
	}
}

static enum hk_key_error check_form(
	const struct hk_keydist_attributes *in, struct hk_kds_request *r)
{
	const uint8_t *p = in->request.data;

	if (in->repeated || in->request.len != HK_KEYDIST_REQUEST_LEN)
		return refuse(r, HK_KEY_MALFORMED, HK_ERR_MALFORMED);
	if (p[HK_AT_VERSION] != HK_KEYDIST_VERSION || !permission_for(p[HK_AT_TYPE]))
		return refuse(r, HK_KEY_UNSUPPORTED, HK_ERR_UNEXPECTED);
	if (p[2] != 0 || p[3] != 0 || !hk_keydist_domain_ok(in->domain) ||
		!hk_keydist_label_ok(p[HK_AT_TYPE], in->label))
		return refuse(r, HK_KEY_MALFORMED, HK_ERR_MALFORMED);
	r->type = p[HK_AT_TYPE];
	r->value = in->request;
	r->domain = in->domain;
	r->label = in->label;
	return HK_KEY_GRANTED;
}

/* An unknown KEK-ID takes as long as a wrong MAC: nobody can search for names. */
static enum hk_key_error check_mac(
	const struct hk_kds_policy *policy, hk_time now, struct hk_kds_request *r)
{
	static const struct hk_ktk nobody;
	const struct hk_ktk *ktk =
		hk_ktk_find(policy->ktks, policy->nktks, r->value.data + HK_AT_KEK_ID);
	bool good = hk_keydist_verify(ktk ? ktk : &nobody, r->value.data, r->domain, r->label);

	if (!ktk)
		return refuse(r, HK_KEY_NOT_AUTHENTICATED, HK_ERR_NOT_FOUND);
	if (!good)
		return refuse(r, HK_KEY_NOT_AUTHENTICATED, HK_ERR_TAG);
	r->ktk = ktk;
	if (!hk_ktk_in_force(ktk, now))
		return refuse(r, HK_KEY_NOT_AUTHENTICATED, HK_ERR_EXPIRED);
	return HK_KEY_GRANTED;
}

static bool may_use(const struct hk_ktk *ktk, struct hk_bytes label)
{
	for (size_t i = 0; i < ktk->nlabels; i++)
		if (hk_bytes_equal(ktk->labels[i], label))
			return true;
	return false;
}

static enum hk_key_error check_policy(const struct hk_kds_policy *policy,
	const struct hk_kds_context *context, struct hk_kds_request *r)
{
	if (!hk_ktk_has_domain(r->ktk, r->domain))
		return refuse(r, HK_KEY_NOT_AUTHORIZED, HK_ERR_REALM);
	if (!hk_ktk_serves(r->ktk, context->realm) ||
		!(r->ktk->allow & permission_for((uint8_t)r->type)))
		return refuse(r, HK_KEY_NOT_AUTHORIZED, HK_ERR_DENIED);
	if (hk_keydist_has_label((uint8_t)r->type) && !may_use(r->ktk, r->label))
		return refuse(r, HK_KEY_NOT_AUTHORIZED, HK_ERR_LABEL);
	if (policy->needs_consent && !context->consent)
		return refuse(r, HK_KEY_NOT_AUTHORIZED, HK_ERR_DENIED);
	if (!policy->any_transport && !context->secure)
		return refuse(r, HK_KEY_INSECURE_TRANSPORT, HK_ERR_DENIED);
	return HK_KEY_GRANTED;
}

enum hk_key_error hk_kds_check(const struct hk_kds_policy *policy,
	const struct hk_keydist_attributes *in, const struct hk_kds_context *context,
	struct hk_kds_request *out)
{
	enum hk_key_error error;

	*out = (struct hk_kds_request){0};
	error = check_form(in, out);
	if (!error)
		error = check_mac(policy, context->now, out);
	if (!error)
		error = check_policy(policy, context, out);
	return error;
}

/* ---- granting ---- */

static void name_key(
	uint8_t type, struct hk_bytes domain, struct hk_bytes label, uint8_t out[HK_GRANT_HASH_LEN])
{
	uint8_t head[2] = {type, (uint8_t)domain.len};
	struct hk_bytes parts[3] = {hk_bytes(head, sizeof head), domain, label};
	uint8_t hash[HK_SHA256_LEN];

	hk_sha256(parts, 3, hash);
	memcpy(out, hash, HK_GRANT_HASH_LEN);
}

static void name_owner(struct hk_bytes owner, uint8_t out[HK_GRANT_HASH_LEN])
{
	uint8_t hash[HK_SHA256_LEN];

	hk_sha256(&owner, 1, hash);
	memcpy(out, hash, HK_GRANT_HASH_LEN);
}

static void name_grant(const struct hk_kds_request *request, struct hk_grant *out)
{
	name_key((uint8_t)request->type, request->domain, request->label, out->key);
	name_owner(request->ktk->owner, out->owner);
}

enum hk_key_error hk_kds_grant(struct hk_nonces *nonces, struct hk_kds_request *request,
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_grant *out)
{
	name_grant(request, out);
	if (nonces && !hk_nonces_use(nonces, request->value.data, emsk_name, out))
		return refuse(request, HK_KEY_NOT_AUTHENTICATED, HK_ERR_REPLAY);
	return HK_KEY_GRANTED;
}

static bool is_of_type(const struct hk_ktk *ktk, enum hk_keydist_type type, struct hk_bytes domain,
	const struct hk_grant *grant)
{
	bool labelled = hk_keydist_has_label((uint8_t)type);
	uint8_t key[HK_GRANT_HASH_LEN];

	for (size_t i = 0; i < (labelled ? ktk->nlabels : 1); i++) {
		name_key((uint8_t)type, domain, labelled ? ktk->labels[i] : HK_NO_BYTES, key);
		if (memcmp(key, grant->key, sizeof key) == 0)
			return true;
	}
	return false;
}

static bool is_of_domain(
	const struct hk_ktk *ktk, struct hk_bytes domain, const struct hk_grant *grant)
{
	return is_of_type(ktk, HK_KEYDIST_DSRK, domain, grant) ||
	       is_of_type(ktk, HK_KEYDIST_USRK, domain, grant) ||
	       is_of_type(ktk, HK_KEYDIST_DSUSRK, domain, grant);
}

const struct hk_ktk *hk_grant_holder(
	const struct hk_ktk *ktks, size_t n, const struct hk_grant *grant, struct hk_bytes *domain)
{
	uint8_t owner[HK_GRANT_HASH_LEN];

	for (size_t i = 0; i < n; i++) {
		name_owner(ktks[i].owner, owner);
		if (memcmp(owner, grant->owner, sizeof owner) != 0)
			continue;
		for (size_t d = 0; d < ktks[i].ndomains; d++) {
			*domain = ktks[i].domains[d];
			if (is_of_domain(&ktks[i], *domain, grant))
				return &ktks[i];
		}
	}
	return NULL;
}

/* ---- delivering ---- */

static void label_text(struct hk_bytes label, char text[HK_KEYDIST_LABEL_MAX + 1])
{
	memcpy(text, label.data, label.len);
	text[label.len] = 0;
}

static enum hk_err derive_dsusrk(const struct hk_kds_request *r, const struct hk_usages *usages,
	const char *label, const struct hk_key *parent, hk_time now, hk_time expires,
	struct hk_key **out)
{
	struct hk_key *dsrk;
	enum hk_err err;

	if (hk_key_kind(parent) == HK_KEY_DSRK) {
		if (!hk_realm_equal(hk_key_domain(parent), r->domain))
			return HK_ERR_DENIED;
		return hk_key_derive_dsusrk(parent, usages, label, HK_NO_BYTES, now, expires, out);
	}
	err = hk_key_derive_dsrk(parent, r->domain, now, expires, &dsrk);
	if (err)
		return err;
	err = hk_key_derive_dsusrk(dsrk, usages, label, HK_NO_BYTES, now, expires, out);
	hk_key_free(dsrk);
	return err;
}

static enum hk_err derive(const struct hk_kds_request *r, const struct hk_usages *usages,
	const struct hk_key *parent, hk_time now, hk_time expires, struct hk_key **out)
{
	char label[HK_KEYDIST_LABEL_MAX + 1];

	*out = NULL;
	if (r->type == HK_KEYDIST_DSRK)
		return hk_key_derive_dsrk(parent, r->domain, now, expires, out);
	if (!usages)
		return HK_ERR_DENIED;
	label_text(r->label, label);
	if (r->type == HK_KEYDIST_USRK)
		return hk_key_derive_usrk(parent, usages, label, HK_NO_BYTES, now, expires, out);
	return derive_dsusrk(r, usages, label, parent, now, expires, out);
}

static uint32_t shorter(uint32_t a_s, uint32_t b_s)
{
	if (!a_s || !b_s)
		return a_s ? a_s : b_s;
	return a_s < b_s ? a_s : b_s;
}

static enum hk_key_error error_of(enum hk_err err)
{
	switch (err) {
	case HK_ERR_EXPIRED:
	case HK_ERR_ARGUMENT: /* no parent such a key comes from */
		return HK_KEY_NO_KEY;
	case HK_ERR_DENIED:
		return HK_KEY_NOT_AUTHORIZED;
	default:
		return HK_KEY_TEMPORARY_FAILURE;
	}
}

static enum hk_err derive_and_wrap(const struct hk_kds_policy *policy,
	const struct hk_kds_request *r, const struct hk_key *parent, hk_time ends, hk_time now,
	struct hk_buf *out)
{
	uint32_t most_s = shorter(policy->max_lifetime_s, r->ktk->max_lifetime_s);
	hk_time expires = most_s ? hk_time_add_s(now, most_s) : HK_NEVER;
	struct hk_key *key;
	enum hk_err err;

	if (ends < expires)
		expires = ends;
	err = derive(r, policy->usages, parent, now, expires, &key);

	if (!err)
		err = hk_keydist_wrap(
			r->ktk, r->value.data, r->domain, r->label, key, r->again, now, out);
	hk_key_free(key);
	return err;
}

enum hk_key_error hk_kds_deliver(const struct hk_kds_policy *policy, struct hk_kds_request *request,
	const struct hk_key *parent, hk_time ends, hk_time now, struct hk_key_delivery *out)
{
	struct hk_buf value = hk_buf(out->key, sizeof out->key);

	request->reason = derive_and_wrap(policy, request, parent, ends, now, &value);
	if (request->reason) {
		hk_kds_refuse(out, error_of(request->reason));
		return out->error;
	}
	out->key_len = (uint16_t)value.len;
	out->domain = request->domain;
	out->label = request->label;
	out->error = HK_KEY_GRANTED;
	return HK_KEY_GRANTED;
}

void hk_kds_refuse(struct hk_key_delivery *out, enum hk_key_error error)
{
	*out = (struct hk_key_delivery){.error = (uint8_t)error};
}
