/* SPDX-License-Identifier: ISC */
#include "hokey/decode_keys.h"

#include "crypto/crypto.h"
#include "hokey/hex.h"

#include <stdio.h>

/* Packets are looked at long after; keys given here do not end. */
#define NOW   0
#define LATER (HK_NEVER - 1)

void decode_keys_free(struct decode_keys *k)
{
	hk_key_free(k->emsk);
	hk_wipe(k, sizeof *k);
}

/* ---- taking ---- */

const char *decode_keys_set_secret(struct decode_keys *k, struct hk_bytes file)
{
	if (file.len && file.data[file.len - 1] == '\n')
		file.len--;
	if (hk_radius_secret_set(&k->secret, file))
		return "a secret has 1 to 255 octets";
	k->has_secret = true;
	return NULL;
}

static const char *take_hex(struct hk_bytes file, size_t min, uint8_t *out, size_t *len)
{
	struct hk_buf b = hk_buf(out, HK_EMSK_MAX_LEN);

	if (!hex_decode(file, &b))
		return "not a key in hex of at most 256 octets";
	if (b.len < min)
		return "the key is too short";
	*len = b.len;
	return NULL;
}

const char *decode_keys_set_emsk(
	struct decode_keys *k, struct hk_bytes file, struct hk_bytes session_id)
{
	static const uint8_t some_type = 13; /* it makes a name, which nobody looks at */
	uint8_t octets[HK_EMSK_MAX_LEN];
	const char *error;
	enum hk_err err;
	size_t len = 0;

	error = take_hex(file, HK_EMSK_MIN_LEN, octets, &len);
	if (error)
		return error;
	k->named = session_id.len > 0;
	if (!k->named)
		session_id = hk_bytes(&some_type, 1);
	err = hk_key_import_emsk(NULL, session_id, hk_bytes(octets, len), NOW, LATER, &k->emsk);
	hk_wipe(octets, sizeof octets);
	return err ? hk_strerror(err) : NULL;
}

const char *decode_keys_set_rrk(struct decode_keys *k, struct hk_bytes file)
{
	return take_hex(file, HK_ROOT_KEY_MIN_LEN, k->rrk, &k->rrk_len);
}

const char *decode_keys_set_rik(struct decode_keys *k, struct hk_bytes file)
{
	return take_hex(file, HK_ROOT_KEY_MIN_LEN, k->rik, &k->rik_len);
}

bool decode_keys_for_erp(const struct decode_keys *k)
{
	return k->emsk || k->rrk_len || k->rik_len;
}

/* ---- trying ---- */

static bool try_rik(const struct hk_erp_message *m, const struct hk_erp_reading *reading,
	struct hk_hmac_key *rik)
{
	bool right = hk_erp_verify(m, reading, rik);

	hk_wipe(rik, sizeof *rik);
	return right;
}

/* rIK of a suite from the octets of an rRK. */
static bool rik_of_octets(const struct decode_keys *k, uint8_t suite, struct hk_hmac_key *rik)
{
	uint8_t octets[HK_EMSK_MAX_LEN];

	if (hk_kdf_derive(hk_kdf_find(HK_KDF_PRFPLUS_SHA256), hk_bytes(k->rrk, k->rrk_len),
		    hk_text(HK_LABEL_RIK), hk_bytes(&suite, 1), octets, k->rrk_len))
		return false;
	hk_hmac_key_init(rik, hk_bytes(octets, k->rrk_len));
	hk_wipe(octets, sizeof octets);
	return true;
}

/* rIK of a suite from the EMSK; below the DSRK of a domain when one is given. */
static bool rik_of_emsk(
	const struct decode_keys *k, struct hk_bytes domain, uint8_t suite, struct hk_hmac_key *rik)
{
	struct hk_key *dsrk = NULL, *rrk = NULL;
	struct hk_erp_keys keys;
	bool done = false;

	if (domain.len && hk_key_derive_dsrk(k->emsk, domain, NOW, LATER, &dsrk))
		return false;
	if (!hk_key_derive_rrk(dsrk ? dsrk : k->emsk, NOW, LATER, &rrk) &&
		!hk_erp_keys_init(&keys, rrk)) {
		done = !hk_erp_keys_rik(&keys, suite, rik);
		hk_wipe(&keys, sizeof keys);
	}
	hk_key_free(rrk);
	hk_key_free(dsrk);
	return done;
}

static struct hk_bytes realm_of(const struct hk_erp_message *m)
{
	struct hk_keyname_nai nai;

	if (hk_keyname_nai_parse(m->keyname_nai, &nai))
		return HK_NO_BYTES;
	return nai.realm;
}

/* With the rIK of that suite, whatever the suite of the reading. */
static bool try_suite(const struct decode_keys *k, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, uint8_t suite, char whose[WHOSE_MAX])
{
	struct hk_bytes realm = realm_of(m);
	struct hk_hmac_key rik;

	if (k->rrk_len && rik_of_octets(k, suite, &rik) && try_rik(m, reading, &rik)) {
		snprintf(whose, WHOSE_MAX, "by the rRK given");
		return true;
	}
	if (k->emsk && rik_of_emsk(k, HK_NO_BYTES, suite, &rik) && try_rik(m, reading, &rik)) {
		snprintf(whose, WHOSE_MAX, "by the rRK of the EMSK");
		return true;
	}
	if (k->emsk && realm.len && rik_of_emsk(k, realm, suite, &rik) &&
		try_rik(m, reading, &rik)) {
		snprintf(whose, WHOSE_MAX, "by the DS-rRK of %.*s", (int)realm.len,
			(const char *)realm.data);
		return true;
	}
	return false;
}

bool decode_keys_verify(const struct decode_keys *k, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, char whose[WHOSE_MAX])
{
	struct hk_hmac_key rik;
	size_t used;

	if (k->rik_len) {
		hk_hmac_key_init(&rik, hk_bytes(k->rik, k->rik_len));
		if (try_rik(m, reading, &rik)) {
			snprintf(whose, WHOSE_MAX, "by the rIK given");
			return true;
		}
	}
	if (try_suite(k, m, reading, reading->suite, whose))
		return true;
	if (reading->suite == HK_SUITE_HMAC_SHA256_128 ||
		!try_suite(k, m, reading, HK_SUITE_HMAC_SHA256_128, whose))
		return false;
	used = strlen(whose);
	snprintf(whose + used, WHOSE_MAX - used, ", but with the rIK of suite 2 as hostapd does");
	return true;
}

bool decode_keys_verify_indication(const struct decode_keys *k, const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, struct hk_bytes domain)
{
	struct hk_key *key;
	bool right;

	if (hk_key_derive_auth_indication(k->emsk, domain, NOW, &key))
		return false;
	right = hk_erp_verify_indication(m, reading, key);
	hk_key_free(key);
	return right;
}
