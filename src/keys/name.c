/* SPDX-License-Identifier: ISC */
#include "keys/object.h"

#define HEX_LEN (2 * HK_EMSK_NAME_LEN)

enum hk_err hk_emsk_name(
	const struct hk_kdf *kdf, struct hk_bytes session_id, uint8_t name[HK_EMSK_NAME_LEN])
{
	if (session_id.len == 0 || session_id.len > HK_SESSION_ID_MAX_LEN)
		return HK_ERR_ARGUMENT;
	return hk_kdf_derive(kdf, session_id, hk_text("EMSK"), HK_NO_BYTES, name, HK_EMSK_NAME_LEN);
}

/* ---- keyName-NAI ---- */

/* Value of a hex digit, and 16; 0 for anything else. */
static const uint8_t hex_value[256] = {
	['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22,
	['7'] = 23, ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29,
	['e'] = 30, ['f'] = 31, ['A'] = 26, ['B'] = 27, ['C'] = 28, ['D'] = 29, ['E'] = 30,
	['F'] = 31,
};

static bool hex_decode(const uint8_t *text, uint8_t name[HK_EMSK_NAME_LEN])
{
	unsigned good = 16;

	for (size_t i = 0; i < HK_EMSK_NAME_LEN; i++) {
		unsigned high = hex_value[text[2 * i]], low = hex_value[text[2 * i + 1]];

		good &= high & low;
		name[i] = (uint8_t)(high << 4 | (low & 15));
	}
	return good != 0;
}

/* Octets that a realm of either kind may not hold. */
static bool forbidden(uint8_t c)
{
	return c <= ' ' || c == 0x7f || c == '@';
}

enum hk_err hk_keyname_nai_parse(struct hk_bytes text, struct hk_keyname_nai *out)
{
	if (text.len < HEX_LEN + 2 || text.len > HK_NAI_MAX_LEN || text.data[HEX_LEN] != '@')
		return HK_ERR_MALFORMED;
	if (!hex_decode(text.data, out->emsk_name))
		return HK_ERR_MALFORMED;
	out->realm = hk_bytes(text.data + HEX_LEN + 1, text.len - HEX_LEN - 1);
	for (size_t i = 0; i < out->realm.len; i++)
		if (forbidden(out->realm.data[i]))
			return HK_ERR_MALFORMED;
	return HK_OK;
}

enum hk_err hk_keyname_nai_write(
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_bytes realm, struct hk_buf *out)
{
	static const char digits[] = "0123456789abcdef";

	if (realm.len == 0)
		return HK_ERR_ARGUMENT;
	if (realm.len > HK_REALM_MAX_LEN)
		return HK_ERR_TOO_LONG;
	for (size_t i = 0; i < HK_EMSK_NAME_LEN; i++) {
		hk_put_u8(out, (uint8_t)digits[emsk_name[i] >> 4]);
		hk_put_u8(out, (uint8_t)digits[emsk_name[i] & 15]);
	}
	hk_put_u8(out, '@');
	hk_put_bytes(out, realm);
	return hk_buf_ok(out) ? HK_OK : HK_ERR_TOO_LONG;
}

/* ---- realms and domains ---- */

struct hk_bytes hk_nai_realm(struct hk_bytes nai)
{
	for (size_t i = nai.len; i > 0; i--)
		if (nai.data[i - 1] == '@')
			return hk_bytes(nai.data + i, nai.len - i);
	return HK_NO_BYTES;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

bool hk_realm_equal(struct hk_bytes a, struct hk_bytes b)
{
	if (a.len != b.len)
		return false;
	if (hk_bytes_equal(a, b)) /* as it is nearly always */
		return true;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

enum hk_err hk_domain_check(struct hk_bytes domain)
{
	uint8_t before = '.';

	if (domain.len == 0 || domain.len > HK_REALM_MAX_LEN)
		return HK_ERR_MALFORMED;
	for (size_t i = 0; i < domain.len; i++) {
		uint8_t c = domain.data[i];

		if (forbidden(c) || c > 0x7f || (c == '.' && before == '.'))
			return HK_ERR_MALFORMED;
		before = c;
	}
	return before == '.' ? HK_ERR_REALM : HK_OK;
}

bool hk_domain_derivable(struct hk_bytes domain)
{
	if (domain.len == 0 || domain.len > HK_REALM_MAX_LEN)
		return false;
	for (size_t i = 0; i < domain.len; i++)
		if (domain.data[i] < ' ' || domain.data[i] > '~')
			return false;
	return true;
}
