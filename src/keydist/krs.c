/* SPDX-License-Identifier: ISC */
/* The key requesting server. */
#include "keydist/wire.h"

#include "crypto/crypto.h"

#define TRANSIT_MAX_S 5 /* of a lifetime, for the way of the answer */

static bool can_be_asked_for(enum hk_keydist_type type)
{
	return type == HK_KEYDIST_DSRK || type == HK_KEYDIST_USRK || type == HK_KEYDIST_DSUSRK ||
	       type == HK_KEYDIST_PMSK;
}

enum hk_err hk_krs_ask(const struct hk_ktk *ktk, enum hk_keydist_type type, struct hk_bytes domain,
	struct hk_bytes label, const uint8_t nonce[HK_KEYDIST_NONCE_LEN], hk_time now,
	struct hk_krs_request *out)
{
	*out = (struct hk_krs_request){.sent = now};
	if (!can_be_asked_for(type) || !hk_keydist_label_ok((uint8_t)type, label))
		return HK_ERR_ARGUMENT;
	if (!hk_keydist_domain_ok(domain))
		return HK_ERR_REALM;
	out->value[HK_AT_VERSION] = HK_KEYDIST_VERSION;
	out->value[HK_AT_TYPE] = (uint8_t)type;
	memcpy(out->value + HK_AT_KEK_ID, ktk->kek_id, HK_KEK_ID_LEN);
	memcpy(out->value + HK_AT_NONCE, nonce, HK_KEYDIST_NONCE_LEN);
	hk_keydist_seal_request(ktk, out->value, domain, label);
	out->domain_len = (uint8_t)domain.len;
	memcpy(out->domain, domain.data, domain.len);
	out->label_len = (uint8_t)label.len;
	if (label.len)
		memcpy(out->label, label.data, label.len);
	return HK_OK;
}

/* What can be said before the key is opened. */
static enum hk_err match(
	const struct hk_krs_request *asked, const struct hk_keydist_attributes *answer)
{
	if (!asked->domain_len)
		return answer->key.data ? HK_ERR_UNEXPECTED : HK_ERR_NOT_FOUND;
	if (answer->repeated)
		return HK_ERR_MALFORMED;
	if (!answer->key.data)
		return answer->error.data ? HK_ERR_DENIED : HK_ERR_NOT_FOUND;
	if (!answer->domain.data)
		return HK_ERR_MALFORMED;
	if (!hk_bytes_equal(answer->domain, hk_bytes(asked->domain, asked->domain_len)) ||
		!hk_bytes_equal(answer->label, hk_bytes(asked->label, asked->label_len)))
		return HK_ERR_NAME_MISMATCH;
	return HK_OK;
}

static hk_time cut_expiry(
	const struct hk_krs_request *asked, hk_time expires, uint32_t max_lifetime_s, hk_time now)
{
	hk_time took = now > asked->sent ? now - asked->sent : 0;
	hk_time most = max_lifetime_s ? hk_time_add_s(now, max_lifetime_s) : HK_NEVER;

	if (took > TRANSIT_MAX_S * HK_SECOND)
		took = TRANSIT_MAX_S * HK_SECOND;
	expires -= took;
	return expires < most ? expires : most;
}

enum hk_err hk_krs_take(const struct hk_ktk *ktks, size_t n, const struct hk_krs_request *asked,
	const struct hk_keydist_attributes *answer, uint32_t max_lifetime_s, hk_time now,
	struct hk_krs_key *out)
{
	const struct hk_ktk *ktk;
	enum hk_err err = match(asked, answer);

	*out = (struct hk_krs_key){0};
	if (err)
		return err;
	ktk = hk_ktk_find(ktks, n, asked->value + HK_AT_KEK_ID);
	if (!ktk || !hk_ktk_in_force(ktk, now))
		return HK_ERR_EXPIRED;
	err = hk_keydist_unwrap(ktk, asked->value, hk_bytes(asked->domain, asked->domain_len),
		hk_bytes(asked->label, asked->label_len), answer->key, now, out);
	if (err)
		return err;
	out->expires = cut_expiry(asked, out->expires, max_lifetime_s, now);
	if (hk_time_left_s(out->expires, now) == 0) {
		hk_krs_key_wipe(out);
		return HK_ERR_EXPIRED;
	}
	return HK_OK;
}

enum hk_err hk_krs_take_dsrk(const struct hk_ktk *ktks, size_t n,
	const struct hk_krs_request *asked, const struct hk_keydist_attributes *answer,
	uint32_t max_lifetime_s, hk_time now, struct hk_key **out, bool *again)
{
	struct hk_krs_key key;
	enum hk_err err = hk_krs_take(ktks, n, asked, answer, max_lifetime_s, now, &key);

	*out = NULL;
	*again = key.again;
	if (!err && key.type != HK_KEYDIST_DSRK)
		err = HK_ERR_UNEXPECTED;
	if (!err)
		err = hk_key_import_dsrk(NULL, key.emsk_name,
			hk_bytes(asked->domain, asked->domain_len), hk_bytes(key.octets, key.len),
			now, key.expires, out);
	hk_krs_key_wipe(&key);
	return err;
}
