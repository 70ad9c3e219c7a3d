/* SPDX-License-Identifier: ISC */
/* The cryptography of key distribution: one MAC, one key wrap. */
#include "keydist/wire.h"

#include "crypto/crypto.h"

#define LABEL_MAC  "hokey-radius request mac"
#define LABEL_WRAP "hokey-radius key wrap"
/* What a key is for: length and octets of domain and of label. */
#define SCOPE_MAX   (1 + HK_REALM_MAX_LEN + 1 + HK_KEYDIST_LABEL_MAX)
#define CONTEXT_MAX (HK_AT_WRAPPED + HK_KEYDIST_NONCE_LEN + SCOPE_MAX)

/* A DSRK has no label, so none is written: not even its length. */
static void put_scope(struct hk_buf *b, uint8_t type, struct hk_bytes domain, struct hk_bytes label)
{
	hk_put_u8(b, (uint8_t)domain.len);
	hk_put_bytes(b, domain);
	if (!hk_keydist_has_label(type))
		return;
	hk_put_u8(b, (uint8_t)label.len);
	hk_put_bytes(b, label);
}

static void derive(
	const struct hk_ktk *ktk, const char *label, struct hk_bytes data, uint8_t out[HK_KEK_LEN])
{
	/* cannot fail: the label is good, the data short */
	if (hk_kdf_derive(
		    NULL, hk_bytes(ktk->secret, HK_KTK_LEN), hk_text(label), data, out, HK_KEK_LEN))
		memset(out, 0, HK_KEK_LEN);
}

/* ---- requests ---- */

static void request_mac(const struct hk_ktk *ktk, const uint8_t *request, struct hk_bytes domain,
	struct hk_bytes label, uint8_t mac[HK_SHA256_LEN])
{
	uint8_t k_mac[HK_KEK_LEN], octets[SCOPE_MAX];
	struct hk_buf scope = hk_buf(octets, sizeof octets);
	struct hk_bytes parts[2] = {hk_bytes(request, HK_AT_MAC)};
	struct hk_hmac_key key;

	put_scope(&scope, request[HK_AT_TYPE], domain, label);
	parts[1] = hk_buf_bytes(&scope);
	derive(ktk, LABEL_MAC, hk_bytes(request + HK_AT_KEK_ID, HK_KEK_ID_LEN), k_mac);
	hk_hmac_key_init(&key, hk_bytes(k_mac, sizeof k_mac));
	hk_hmac_sha256(&key, parts, 2, mac);
	hk_wipe(&key, sizeof key);
	hk_wipe(k_mac, sizeof k_mac);
}

void hk_keydist_seal_request(const struct hk_ktk *ktk, uint8_t request[HK_KEYDIST_REQUEST_LEN],
	struct hk_bytes domain, struct hk_bytes label)
{
	uint8_t mac[HK_SHA256_LEN];

	request_mac(ktk, request, domain, label, mac);
	memcpy(request + HK_AT_MAC, mac, HK_KEYDIST_MAC_LEN);
}

bool hk_keydist_verify(const struct hk_ktk *ktk, const uint8_t request[HK_KEYDIST_REQUEST_LEN],
	struct hk_bytes domain, struct hk_bytes label)
{
	uint8_t mac[HK_SHA256_LEN];

	if (domain.len > HK_REALM_MAX_LEN || label.len > HK_KEYDIST_LABEL_MAX)
		return false;
	request_mac(ktk, request, domain, label, mac);
	return hk_equal_secret(mac, request + HK_AT_MAC, HK_KEYDIST_MAC_LEN);
}

/* ---- keys ---- */

/* All that the wrapped key is bound to; head: HOKEY-Key up to the wrapped key. */
static void wrap_key(const struct hk_ktk *ktk, const uint8_t *request, const uint8_t *head,
	struct hk_bytes domain, struct hk_bytes label, uint8_t k_wrap[HK_KEK_LEN])
{
	uint8_t octets[CONTEXT_MAX];
	struct hk_buf context = hk_buf(octets, sizeof octets);

	hk_put(&context, head, HK_AT_KEK_ID + HK_KEK_ID_LEN);
	hk_put(&context, request + HK_AT_NONCE, HK_KEYDIST_NONCE_LEN);
	hk_put(&context, head + HK_AT_EMSK_NAME, HK_AT_WRAPPED - HK_AT_EMSK_NAME);
	put_scope(&context, head[HK_AT_TYPE], domain, label);
	derive(ktk, LABEL_WRAP, hk_buf_bytes(&context), k_wrap);
}

/* Which type a key travels as, and who receives it; false: keys of its kind stay. */
static bool travels(const struct hk_key *key, uint8_t *type, enum hk_holder *to)
{
	switch (hk_key_kind(key)) {
	case HK_KEY_DSRK:
		*type = HK_KEYDIST_DSRK;
		*to = HK_HOLDER_ER_SERVER;
		return true;
	case HK_KEY_USRK:
		*type = HK_KEYDIST_USRK;
		*to = HK_HOLDER_USAGE;
		return true;
	case HK_KEY_DSUSRK:
		*type = HK_KEYDIST_DSUSRK;
		*to = HK_HOLDER_USAGE;
		return true;
	case HK_KEY_PMSK:
		*type = HK_KEYDIST_PMSK;
		*to = HK_HOLDER_AUTHENTICATOR;
		return true;
	default:
		return false;
	}
}

/* Straight from the key into the wrapping. */
static enum hk_err release_wrapped(struct hk_key *key, enum hk_holder to, struct hk_bytes receiver,
	hk_time now, const uint8_t k_wrap[HK_KEK_LEN], uint8_t *out)
{
	uint8_t octets[HK_KEYDIST_SECRET_MAX];
	struct hk_buf plain = hk_buf(octets, sizeof octets);
	enum hk_err err = hk_key_release(key, to, receiver, now, &plain);

	if (!err)
		err = hk_key_wrap(k_wrap, hk_buf_bytes(&plain), out);
	hk_wipe(octets, sizeof octets);
	return err;
}

enum hk_err hk_keydist_wrap(const struct hk_ktk *ktk, const uint8_t request[HK_KEYDIST_REQUEST_LEN],
	struct hk_bytes domain, struct hk_bytes label, struct hk_key *key, bool again, hk_time now,
	struct hk_buf *out)
{
	uint8_t k_wrap[HK_KEK_LEN], *head = out->data + out->len, *wrapped;
	uint32_t lifetime_s = hk_time_left_s(hk_key_expires(key), now);
	enum hk_holder to;
	uint8_t type;
	enum hk_err err;

	if (!travels(key, &type, &to) || type != request[HK_AT_TYPE])
		return HK_ERR_DENIED;
	if (!hk_keydist_domain_ok(domain) || !hk_keydist_label_ok(type, label))
		return HK_ERR_ARGUMENT;
	if (lifetime_s == 0)
		return HK_ERR_EXPIRED;
	hk_put_u8(out, HK_KEYDIST_VERSION);
	hk_put_u8(out, type);
	hk_put_u8(out, HK_KEYDIST_AES_WRAP);
	hk_put_u8(out, again);
	hk_put(out, request + HK_AT_KEK_ID, HK_KEK_ID_LEN);
	hk_put(out, hk_key_emsk_name(key), HK_EMSK_NAME_LEN);
	hk_put_u32(out, lifetime_s);
	wrapped = hk_put_room(out, hk_key_len(key) + HK_KEY_WRAP_ADDS);
	if (!wrapped)
		return HK_ERR_TOO_LONG;
	wrap_key(ktk, request, head, domain, label, k_wrap);
	err = release_wrapped(
		key, to, type == HK_KEYDIST_DSRK ? domain : ktk->owner, now, k_wrap, wrapped);
	hk_wipe(k_wrap, sizeof k_wrap);
	return err;
}

static enum hk_err check_head(const uint8_t *request, struct hk_bytes value)
{
	if (value.len < HK_AT_WRAPPED + HK_ROOT_KEY_MIN_LEN + HK_KEY_WRAP_ADDS ||
		value.len > HK_KEYDIST_KEY_MAX || value.data[HK_AT_VERSION] != HK_KEYDIST_VERSION ||
		value.data[HK_AT_ALGORITHM] != HK_KEYDIST_AES_WRAP || value.data[HK_AT_AGAIN] > 1 ||
		hk_load_u32(value.data + HK_AT_LIFETIME) == 0)
		return HK_ERR_MALFORMED;
	if (value.data[HK_AT_TYPE] != request[HK_AT_TYPE] ||
		memcmp(value.data + HK_AT_KEK_ID, request + HK_AT_KEK_ID, HK_KEK_ID_LEN) != 0)
		return HK_ERR_NAME_MISMATCH;
	return HK_OK;
}

enum hk_err hk_keydist_unwrap(const struct hk_ktk *ktk,
	const uint8_t request[HK_KEYDIST_REQUEST_LEN], struct hk_bytes domain,
	struct hk_bytes label, struct hk_bytes value, hk_time now, struct hk_krs_key *out)
{
	uint8_t k_wrap[HK_KEK_LEN];
	struct hk_bytes wrapped;
	enum hk_err err = check_head(request, value);

	*out = (struct hk_krs_key){0};
	if (err)
		return err;
	wrapped = hk_bytes(value.data + HK_AT_WRAPPED, value.len - HK_AT_WRAPPED);
	wrap_key(ktk, request, value.data, domain, label, k_wrap);
	err = hk_key_unwrap(k_wrap, wrapped, out->octets);
	hk_wipe(k_wrap, sizeof k_wrap);
	if (err)
		return err;
	out->type = value.data[HK_AT_TYPE];
	memcpy(out->emsk_name, value.data + HK_AT_EMSK_NAME, HK_EMSK_NAME_LEN);
	out->expires = hk_time_add_s(now, hk_load_u32(value.data + HK_AT_LIFETIME));
	out->again = value.data[HK_AT_AGAIN];
	out->len = (uint8_t)(wrapped.len - HK_KEY_WRAP_ADDS);
	return HK_OK;
}

void hk_krs_key_wipe(struct hk_krs_key *key)
{
	hk_wipe(key, sizeof *key);
}
