/* SPDX-License-Identifier: ISC */
#include <hokey/erp.h>

#include "crypto/crypto.h"
#include "keys/schedule.h"

void hk_erp_begin(struct hk_buf *b, enum hk_erp_code code, uint8_t identifier, uint8_t flags,
	uint16_t seq, struct hk_bytes keyname_nai)
{
	hk_put_u8(b, (uint8_t)code);
	hk_put_u8(b, identifier);
	hk_put_u16(b, 0);
	hk_put_u8(b, HK_ERP_REAUTH);
	hk_put_u8(b, flags);
	hk_put_u16(b, seq);
	if (keyname_nai.len > HK_NAI_MAX_LEN)
		b->overflow = true;
	hk_erp_put_tlv(b, HK_ERP_KEYNAME_NAI, keyname_nai);
}

void hk_erp_begin_start(struct hk_buf *b, uint8_t identifier)
{
	hk_put_u8(b, HK_ERP_INITIATE);
	hk_put_u8(b, identifier);
	hk_put_u16(b, 0);
	hk_put_u8(b, HK_ERP_REAUTH_START);
	hk_put_u8(b, 0);
}

void hk_erp_put_tlv(struct hk_buf *b, uint8_t type, struct hk_bytes value)
{
	if (value.len > UINT8_MAX)
		b->overflow = true;
	hk_put_u8(b, type);
	hk_put_u8(b, (uint8_t)value.len);
	hk_put_bytes(b, value);
}

void hk_erp_put_lifetime(struct hk_buf *b, uint8_t type, uint32_t seconds)
{
	hk_put_u8(b, type);
	hk_put_u32(b, seconds);
}

enum hk_err hk_erp_end(struct hk_buf *b)
{
	if (!hk_buf_ok(b) || b->len > HK_ERP_MAX_LEN)
		return HK_ERR_TOO_LONG;
	hk_store_u16(b->data + 2, (uint16_t)b->len);
	return HK_OK;
}

/* Cryptosuite, and room for the tag; the Length covers both from here on. */
static enum hk_err append_suite(struct hk_buf *b, uint8_t suite, size_t *covered)
{
	size_t tag_len = hk_suite_tag_len(suite);

	if (tag_len == 0)
		return HK_ERR_SUITE;
	hk_put_u8(b, suite);
	*covered = b->len;
	hk_put_zeros(b, tag_len);
	return hk_erp_end(b);
}

/* Writes the MAC over the first `covered` octets at offset `at`. */
static void write_mac(
	struct hk_buf *b, size_t covered, size_t at, uint8_t suite, const struct hk_hmac_key *key)
{
	struct hk_bytes part = hk_bytes(b->data, covered);
	uint8_t mac[HK_SHA256_LEN];

	hk_hmac_sha256(key, &part, 1, mac);
	memcpy(b->data + at, mac, hk_suite_tag_len(suite));
}

enum hk_err hk_erp_seal(struct hk_buf *b, uint8_t suite, const struct hk_hmac_key *rik)
{
	size_t covered;
	enum hk_err err = append_suite(b, suite, &covered);

	if (err)
		return err;
	write_mac(b, covered, covered, suite, rik);
	return HK_OK;
}

/* ---- Authorization Indication: a MAC inside, made while its value is zero ---- */

size_t hk_erp_reserve_indication(struct hk_buf *b, uint8_t suite)
{
	size_t len = hk_suite_tag_len(suite);

	hk_put_u8(b, HK_ERP_AUTHORIZATION_INDICATION);
	hk_put_u8(b, (uint8_t)len);
	hk_put_zeros(b, len);
	return b->len - len;
}

enum hk_err hk_erp_seal_indicated(struct hk_buf *b, uint8_t suite, size_t indication,
	const struct hk_key *auth_indication_key, const struct hk_hmac_key *rik)
{
	struct hk_hmac_key key;
	size_t covered;
	enum hk_err err = append_suite(b, suite, &covered);

	if (err)
		return err;
	if (!hk_key_schedule_indication(auth_indication_key, &key))
		return HK_ERR_ARGUMENT;
	write_mac(b, covered, indication, suite, &key);
	write_mac(b, covered, covered, suite, rik);
	hk_wipe(&key, sizeof key);
	return HK_OK;
}
