/* SPDX-License-Identifier: ISC */
#include "keys/object.h"

#include <hokey/erp.h>

#define PMSK_LEN 64

/* One child: the inputs of its derivation and how long it may live. */
struct child {
	enum hk_key_kind kind;
	const char *label;
	struct hk_bytes data;
	struct hk_bytes domain;
	size_t len;
	hk_time expires; /* cut to the parent's */
};

static enum hk_err derive(
	const struct hk_key *parent, const struct child *c, hk_time now, struct hk_key **out)
{
	hk_time expires = c->expires < parent->expires ? c->expires : parent->expires;
	struct hk_key *key;
	enum hk_err err;

	*out = NULL;
	err = hk_key_new(c->kind, c->len, c->domain, HK_NO_BYTES, now, expires, &key);
	if (err)
		return err;
	err = hk_key_expand(parent, hk_text(c->label), c->data, hk_key_secret(key), c->len);
	if (err) {
		hk_key_free(key);
		return err;
	}
	key->kdf = parent->kdf;
	memcpy(key->emsk_name, parent->emsk_name, HK_EMSK_NAME_LEN);
	*out = key;
	return HK_OK;
}

/*
 * Names a key by the label and data it was derived with: there is no way to
 * name it by others (RFC 5295 section 3.2).
 */
static enum hk_err name_child(struct hk_key **key, struct hk_bytes named_by, const struct child *c)
{
	enum hk_err err;

	if (named_by.len == 0)
		return HK_OK; /* an EMSK that was kept without its Session-Id */
	err = hk_kdf_derive((*key)->kdf, named_by, hk_text(c->label), c->data,
		(*key)->explicit_name, HK_EMSK_NAME_LEN);
	if (err) {
		hk_key_free(*key);
		*key = NULL;
		return err;
	}
	(*key)->has_explicit_name = true;
	return HK_OK;
}

/* ---- root keys of usages ---- */

static enum hk_err derive_usage(const struct hk_key *parent, enum hk_key_kind kind,
	const struct hk_usage *usage, struct hk_bytes data, hk_time now, hk_time expires,
	struct hk_key **out)
{
	struct child c = {kind, usage->label, data, parent->domain, usage->key_len, expires};
	struct hk_bytes named_by = hk_bytes(parent->emsk_name, HK_EMSK_NAME_LEN);
	enum hk_err err;

	if (usage->lifetime_s && hk_time_add_s(now, usage->lifetime_s) < expires)
		c.expires = hk_time_add_s(now, usage->lifetime_s);
	err = derive(parent, &c, now, out);
	if (err || !usage->explicit_name)
		return err;
	if (parent->kind == HK_KEY_EMSK)
		named_by = parent->session_id;
	return name_child(out, named_by, &c);
}

enum hk_err hk_key_derive_usrk(const struct hk_key *emsk, const struct hk_usages *usages,
	const char *label, struct hk_bytes data, hk_time now, hk_time expires, struct hk_key **out)
{
	const struct hk_usage *usage = hk_usages_find(usages, label);

	*out = NULL;
	if (emsk->kind != HK_KEY_EMSK)
		return HK_ERR_ARGUMENT;
	if (!usage)
		return HK_ERR_DENIED;
	return derive_usage(emsk, HK_KEY_USRK, usage, data, now, expires, out);
}

enum hk_err hk_key_derive_dsusrk(const struct hk_key *dsrk, const struct hk_usages *usages,
	const char *label, struct hk_bytes data, hk_time now, hk_time expires, struct hk_key **out)
{
	const struct hk_usage *usage = hk_usages_find(usages, label);

	*out = NULL;
	if (dsrk->kind != HK_KEY_DSRK)
		return HK_ERR_ARGUMENT;
	if (!usage || !usage->domain_enabled)
		return HK_ERR_DENIED;
	return derive_usage(dsrk, HK_KEY_DSUSRK, usage, data, now, expires, out);
}

/* ---- keys of one domain, below an EMSK ---- */

enum hk_err hk_key_derive_dsrk(const struct hk_key *emsk, struct hk_bytes domain, hk_time now,
	hk_time expires, struct hk_key **out)
{
	struct child c = {HK_KEY_DSRK, HK_LABEL_DSRK, domain, domain, emsk->secret.len, expires};
	enum hk_err err;

	*out = NULL;
	if (emsk->kind != HK_KEY_EMSK || !hk_domain_derivable(domain))
		return HK_ERR_ARGUMENT;
	err = derive(emsk, &c, now, out);
	return err ? err : name_child(out, emsk->session_id, &c);
}

enum hk_err hk_key_derive_auth_indication(
	const struct hk_key *emsk, struct hk_bytes domain, hk_time now, struct hk_key **out)
{
	struct child c = {HK_KEY_AUTH_INDICATION, HK_LABEL_AUTH_IND, domain, domain,
		emsk->secret.len, HK_NEVER};

	*out = NULL;
	if (emsk->kind != HK_KEY_EMSK || !hk_domain_derivable(domain))
		return HK_ERR_ARGUMENT;
	return derive(emsk, &c, now, out);
}

/* ---- re-authentication and early authentication ---- */

static enum hk_err derive_root(const struct hk_key *parent, enum hk_key_kind kind,
	const char *label, hk_time now, hk_time expires, struct hk_key **out)
{
	struct child c = {kind, label, HK_NO_BYTES, parent->domain, parent->secret.len, expires};

	*out = NULL;
	if (parent->kind != HK_KEY_EMSK && parent->kind != HK_KEY_DSRK)
		return HK_ERR_ARGUMENT;
	return derive(parent, &c, now, out);
}

enum hk_err hk_key_derive_rrk(
	const struct hk_key *parent, hk_time now, hk_time expires, struct hk_key **out)
{
	return derive_root(parent, HK_KEY_RRK, HK_LABEL_RRK, now, expires, out);
}

enum hk_err hk_key_derive_prk(
	const struct hk_key *parent, hk_time now, hk_time expires, struct hk_key **out)
{
	return derive_root(parent, HK_KEY_PRK, HK_LABEL_PRK, now, expires, out);
}

enum hk_err hk_key_derive_rik(
	const struct hk_key *rrk, uint8_t suite, hk_time now, struct hk_key **out)
{
	struct child c = {HK_KEY_RIK, HK_LABEL_RIK, hk_bytes(&suite, 1), rrk->domain,
		rrk->secret.len, HK_NEVER};

	*out = NULL;
	if (rrk->kind != HK_KEY_RRK)
		return HK_ERR_ARGUMENT;
	if (suite < HK_SUITE_HMAC_SHA256_64 || suite > HK_SUITE_HMAC_SHA256_256)
		return HK_ERR_SUITE;
	return derive(rrk, &c, now, out);
}

enum hk_err hk_key_derive_rmsk(
	const struct hk_key *rrk, uint16_t seq, hk_time now, hk_time expires, struct hk_key **out)
{
	uint8_t octets[2];
	struct child c = {HK_KEY_RMSK, HK_LABEL_RMSK, hk_bytes(octets, sizeof octets), rrk->domain,
		rrk->secret.len, expires};

	*out = NULL;
	if (rrk->kind != HK_KEY_RRK)
		return HK_ERR_ARGUMENT;
	hk_store_u16(octets, seq);
	return derive(rrk, &c, now, out);
}

enum hk_err hk_key_derive_pmsk(
	const struct hk_key *prk, uint16_t seq, hk_time now, hk_time expires, struct hk_key **out)
{
	uint8_t octets[2];
	struct child c = {HK_KEY_PMSK, HK_LABEL_PMSK, hk_bytes(octets, sizeof octets), prk->domain,
		PMSK_LEN, expires};

	*out = NULL;
	if (prk->kind != HK_KEY_PRK)
		return HK_ERR_ARGUMENT;
	hk_store_u16(octets, seq);
	return derive(prk, &c, now, out);
}
