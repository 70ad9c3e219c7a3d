/* SPDX-License-Identifier: ISC */
#include "keys/object.h"

#include <openssl/crypto.h>

/* ---- kinds ---- */

static const struct {
	const char *name;
	unsigned holders;
	enum hk_holder released_to; /* 0: its octets go to nobody */
} kinds[] = {
	[HK_KEY_MSK] = {"MSK", HK_HOLDER_PEER | HK_HOLDER_EAP_SERVER | HK_HOLDER_AUTHENTICATOR,
		HK_HOLDER_AUTHENTICATOR},
	[HK_KEY_EMSK] = {"EMSK", HK_HOLDER_PEER | HK_HOLDER_EAP_SERVER, 0},
	[HK_KEY_USRK] = {"USRK", HK_HOLDER_PEER | HK_HOLDER_EAP_SERVER | HK_HOLDER_USAGE,
		HK_HOLDER_USAGE},
	[HK_KEY_DSRK] = {"DSRK", HK_HOLDER_PEER | HK_HOLDER_EAP_SERVER | HK_HOLDER_ER_SERVER,
		HK_HOLDER_ER_SERVER},
	[HK_KEY_DSUSRK] = {"DSUSRK", HK_HOLDER_PEER | HK_HOLDER_ER_SERVER | HK_HOLDER_USAGE,
		HK_HOLDER_USAGE},
	[HK_KEY_RRK] = {"rRK", HK_HOLDER_PEER | HK_HOLDER_ER_SERVER, 0},
	[HK_KEY_RIK] = {"rIK", HK_HOLDER_PEER | HK_HOLDER_ER_SERVER, 0},
	[HK_KEY_RMSK] = {"rMSK", HK_HOLDER_PEER | HK_HOLDER_ER_SERVER | HK_HOLDER_AUTHENTICATOR,
		HK_HOLDER_AUTHENTICATOR},
	[HK_KEY_AUTH_INDICATION] = {"Authorization Indication key",
		HK_HOLDER_PEER | HK_HOLDER_EAP_SERVER, 0},
	[HK_KEY_PRK] = {"pRK", HK_HOLDER_PEER | HK_HOLDER_ER_SERVER, 0},
	[HK_KEY_PMSK] = {"pMSK", HK_HOLDER_PEER | HK_HOLDER_ER_SERVER | HK_HOLDER_AUTHENTICATOR,
		HK_HOLDER_AUTHENTICATOR},
};

const char *hk_key_kind_name(enum hk_key_kind kind)
{
	if ((size_t)kind >= sizeof kinds / sizeof *kinds)
		return "unknown key";
	return kinds[kind].name;
}

/* ---- memory ---- */

static struct hk_bytes append(uint8_t **end, struct hk_bytes v)
{
	struct hk_bytes copy = {*end, v.len};

	if (v.len)
		memcpy(*end, v.data, v.len);
	*end += v.len;
	return copy;
}

enum hk_err hk_key_new(enum hk_key_kind kind, size_t len, struct hk_bytes domain,
	struct hk_bytes session_id, hk_time now, hk_time expires, struct hk_key **out)
{
	struct hk_key *key;
	uint8_t *end;

	*out = NULL;
	if (expires <= now)
		return HK_ERR_EXPIRED;
	key = OPENSSL_secure_zalloc(sizeof *key + len + domain.len + session_id.len);
	if (!key)
		return HK_ERR_NO_MEMORY;
	key->kind = kind;
	key->expires = expires;
	key->secret = hk_bytes(key->octets, len);
	end = key->octets + len;
	key->domain = append(&end, domain);
	key->session_id = append(&end, session_id);
	*out = key;
	return HK_OK;
}

uint8_t *hk_key_secret(struct hk_key *key)
{
	return key->octets;
}

void hk_key_free(struct hk_key *key)
{
	if (!key)
		return;
	OPENSSL_secure_clear_free(
		key, sizeof *key + key->secret.len + key->domain.len + key->session_id.len);
}

/* ---- keys that come from outside ---- */

/*
 * EAP methods that make no key, or one that anybody on the link can compute;
 * inside a tunnel the tunnel's type stands here (RFC 5295 section 6).
 */
static bool makes_no_emsk(uint8_t eap_type)
{
	switch (eap_type) {
	case 1:  /* Identity */
	case 2:  /* Notification */
	case 3:  /* Nak */
	case 4:  /* MD5-Challenge */
	case 5:  /* One-Time Password */
	case 6:  /* Generic Token Card */
	case 17: /* LEAP */
	case 26: /* MSCHAPv2 */
		return true;
	default:
		return false;
	}
}

static bool kdf_ok(const struct hk_kdf *kdf)
{
	return !kdf || (kdf->id != 0 && kdf->expand);
}

enum hk_err hk_key_import_emsk(const struct hk_kdf *kdf, struct hk_bytes session_id,
	struct hk_bytes emsk, hk_time now, hk_time expires, struct hk_key **out)
{
	uint8_t name[HK_EMSK_NAME_LEN];
	struct hk_key *key;
	enum hk_err err;

	*out = NULL;
	if (!kdf_ok(kdf) || emsk.len < HK_EMSK_MIN_LEN || emsk.len > HK_EMSK_MAX_LEN ||
		expires == HK_NEVER)
		return HK_ERR_ARGUMENT;
	err = hk_emsk_name(kdf, session_id, name);
	if (err)
		return err;
	if (makes_no_emsk(session_id.data[0]))
		return HK_ERR_DENIED;
	err = hk_key_new(HK_KEY_EMSK, emsk.len, HK_NO_BYTES, session_id, now, expires, &key);
	if (err)
		return err;
	key->kdf = hk_kdf_or_default(kdf);
	memcpy(key->emsk_name, name, sizeof name);
	memcpy(hk_key_secret(key), emsk.data, emsk.len);
	*out = key;
	return HK_OK;
}

enum hk_err hk_key_import_msk(
	struct hk_bytes msk, hk_time now, hk_time expires, struct hk_key **out)
{
	enum hk_err err;

	*out = NULL;
	if (msk.len < HK_MSK_MIN_LEN || msk.len > HK_EMSK_MAX_LEN)
		return HK_ERR_ARGUMENT;
	err = hk_key_new(HK_KEY_MSK, msk.len, HK_NO_BYTES, HK_NO_BYTES, now, expires, out);
	if (!err)
		memcpy(hk_key_secret(*out), msk.data, msk.len);
	return err;
}

enum hk_err hk_key_import_dsrk(const struct hk_kdf *kdf, const uint8_t *emsk_name,
	struct hk_bytes domain, struct hk_bytes dsrk, hk_time now, hk_time expires,
	struct hk_key **out)
{
	enum hk_err err;

	*out = NULL;
	if (!kdf_ok(kdf) || !emsk_name || hk_domain_check(domain) ||
		dsrk.len < HK_ROOT_KEY_MIN_LEN || dsrk.len > HK_KEY_MAX_LEN || expires == HK_NEVER)
		return HK_ERR_ARGUMENT;
	err = hk_key_new(HK_KEY_DSRK, dsrk.len, domain, HK_NO_BYTES, now, expires, out);
	if (err)
		return err;
	(*out)->kdf = hk_kdf_or_default(kdf);
	memcpy((*out)->emsk_name, emsk_name, HK_EMSK_NAME_LEN);
	memcpy(hk_key_secret(*out), dsrk.data, dsrk.len);
	return HK_OK;
}

/* ---- what a key says about itself ---- */

enum hk_key_kind hk_key_kind(const struct hk_key *key)
{
	return key->kind;
}

const uint8_t *hk_key_emsk_name(const struct hk_key *key)
{
	return key->kind == HK_KEY_MSK ? NULL : key->emsk_name;
}

struct hk_bytes hk_key_domain(const struct hk_key *key)
{
	return key->domain;
}

size_t hk_key_len(const struct hk_key *key)
{
	return key->secret.len;
}

hk_time hk_key_expires(const struct hk_key *key)
{
	return key->expires;
}

unsigned hk_key_holders(const struct hk_key *key)
{
	return kinds[key->kind].holders;
}

enum hk_err hk_key_explicit_name(const struct hk_key *key, uint8_t name[HK_EMSK_NAME_LEN])
{
	if (key->kind != HK_KEY_USRK && key->kind != HK_KEY_DSRK && key->kind != HK_KEY_DSUSRK)
		return HK_ERR_ARGUMENT;
	if (!key->has_explicit_name)
		return HK_ERR_NOT_FOUND;
	memcpy(name, key->explicit_name, HK_EMSK_NAME_LEN);
	return HK_OK;
}

bool hk_key_equal(const struct hk_key *a, const struct hk_key *b)
{
	return a->secret.len == b->secret.len &&
	       hk_equal_secret(a->secret.data, b->secret.data, a->secret.len);
}

/* ---- the only way out ---- */

enum hk_err hk_key_release(struct hk_key *key, enum hk_holder to, struct hk_bytes receiver,
	hk_time now, struct hk_buf *out)
{
	uint8_t hash[HK_SHA256_LEN];

	if (!kinds[key->kind].released_to || kinds[key->kind].released_to != to)
		return HK_ERR_DENIED;
	if (receiver.len == 0)
		return HK_ERR_ARGUMENT;
	if (key->kind == HK_KEY_DSRK && !hk_realm_equal(receiver, key->domain))
		return HK_ERR_DENIED;
	hk_sha256(&receiver, 1, hash);
	/* the domain of a DSRK may be spelled differently the next time */
	if (key->released && key->kind != HK_KEY_DSRK &&
		memcmp(hash, key->receiver, sizeof hash) != 0)
		return HK_ERR_DENIED;
	if (key->expires <= now)
		return HK_ERR_EXPIRED;
	hk_put_bytes(out, key->secret);
	if (!hk_buf_ok(out))
		return HK_ERR_TOO_LONG;
	key->released = true;
	memcpy(key->receiver, hash, sizeof hash);
	return HK_OK;
}
