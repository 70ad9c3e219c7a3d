/* SPDX-License-Identifier: ISC */
#include "keys/object.h"

/* label, NUL, data, length: what one derivation can take in (RFC 5295 3.1). */
#define LABEL_MAX 255
#define INPUT_MAX (LABEL_MAX + 1 + HK_KDF_DATA_MAX + 2)

enum hk_err hk_prfplus_sha256(struct hk_bytes key, struct hk_bytes input, uint8_t *out, size_t len)
{
	struct hk_hmac_key k;

	if (key.len == 0 || len == 0 || len > HK_KDF_MAX_LEN)
		return HK_ERR_ARGUMENT;
	hk_hmac_key_init(&k, key);
	hk_prfplus(&k, input, out, len);
	hk_wipe(&k, sizeof k);
	return HK_OK;
}

static const struct hk_kdf prfplus_sha256 = {HK_KDF_PRFPLUS_SHA256, hk_prfplus_sha256};

const struct hk_kdf *hk_kdf_find(uint8_t id)
{
	return id == HK_KDF_PRFPLUS_SHA256 ? &prfplus_sha256 : NULL;
}

const struct hk_kdf *hk_kdf_or_default(const struct hk_kdf *kdf)
{
	return kdf ? kdf : &prfplus_sha256;
}

static bool label_ok(struct hk_bytes label)
{
	if (label.len == 0 || label.len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (label.data[i] < 0x20 || label.data[i] > 0x7e)
			return false;
	return true;
}

/* S = label | 0 | data | len, into INPUT_MAX octets. */
static enum hk_err write_input(
	struct hk_buf *input, struct hk_bytes label, struct hk_bytes data, size_t len)
{
	if (!label_ok(label))
		return HK_ERR_LABEL;
	if (len == 0 || len > HK_KDF_MAX_LEN)
		return HK_ERR_ARGUMENT;
	if (data.len > HK_KDF_DATA_MAX)
		return HK_ERR_TOO_LONG;
	hk_put_bytes(input, label);
	hk_put_u8(input, 0);
	hk_put_bytes(input, data);
	hk_put_u16(input, (uint16_t)len);
	return HK_OK;
}

enum hk_err hk_kdf_derive(const struct hk_kdf *kdf, struct hk_bytes key, struct hk_bytes label,
	struct hk_bytes data, uint8_t *out, size_t len)
{
	uint8_t octets[INPUT_MAX];
	struct hk_buf input = hk_buf(octets, sizeof octets);
	enum hk_err err = write_input(&input, label, data, len);

	if (err)
		return err;
	err = hk_kdf_or_default(kdf)->expand(key, hk_buf_bytes(&input), out, len);
	/* the data of a usage may be secret */
	hk_wipe(octets, input.len);
	return err;
}

static enum hk_err expand_scheduled(const struct hk_key *key, struct hk_bytes label,
	struct hk_bytes data, uint8_t *out, size_t len)
{
	uint8_t octets[INPUT_MAX];
	struct hk_buf input = hk_buf(octets, sizeof octets);
	struct hk_hmac_key k;
	enum hk_err err = write_input(&input, label, data, len);

	if (err)
		return err;
	memcpy(&k, key->octets, sizeof k);
	hk_prfplus(&k, hk_buf_bytes(&input), out, len);
	hk_wipe(&k, sizeof k);
	hk_wipe(octets, input.len);
	return HK_OK;
}

enum hk_err hk_key_expand(const struct hk_key *key, struct hk_bytes label, struct hk_bytes data,
	uint8_t *out, size_t len)
{
	return key->scheduled ? expand_scheduled(key, label, data, out, len)
			      : hk_kdf_derive(key->kdf, key->secret, label, data, out, len);
}
