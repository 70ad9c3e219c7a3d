/* SPDX-License-Identifier: ISC */
/*
 * Hidden values: an MD5 key stream over blocks of 16 octets, chained by what
 * was hidden (RFC 2865 section 5.2, RFC 2868 section 3.5, RFC 2548 section
 * 2.4.2). The salted ones carry their length in the first octet.
 */
#include <hokey/radius.h>

#include "crypto/crypto.h"

#define BLOCK             16
#define SALTED_MAX        239 /* 240 octets with the length, RFC 2548 section 2.4.2 */
#define USER_PASSWORD_MAX 128

static size_t padded(size_t n)
{
	return (n + BLOCK - 1) / BLOCK * BLOCK;
}

/* One block, in words: octet by octet the next load of it would wait for all the stores. */
static void combine(uint8_t *out, const uint8_t *in, const uint8_t *stream)
{
	uint64_t a[2], b[2];

	memcpy(a, in, BLOCK);
	memcpy(b, stream, BLOCK);
	a[0] ^= b[0];
	a[1] ^= b[1];
	memcpy(out, a, BLOCK);
}

/*
 * Applies the stream to len octets (a multiple of 16). What is hidden chains:
 * it is the output when hiding, the input when not. in and out may be the same.
 */
static void apply_stream(const struct hk_radius_secret *s, const uint8_t *request_authenticator,
	struct hk_bytes salt, bool hiding, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t stream[HK_MD5_LEN], hidden[BLOCK];
	struct hk_bytes parts[3] = {{s->octets, s->len}, {request_authenticator, BLOCK}, salt};
	size_t nparts = 3;

	for (size_t at = 0; at < len; at += BLOCK) {
		hk_md5(parts, nparts, stream);
		if (!hiding)
			memcpy(hidden, in + at, BLOCK);
		combine(out + at, in + at, stream);
		if (hiding)
			memcpy(hidden, out + at, BLOCK);
		parts[1] = hk_bytes(hidden, BLOCK);
		nparts = 2;
	}
	hk_wipe(stream, sizeof stream);
}

enum hk_err hk_radius_hide_salted(const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, uint16_t salt, struct hk_bytes plain,
	struct hk_buf *out)
{
	size_t len = padded(1 + plain.len);
	uint8_t *room;

	if (!(salt & 0x8000))
		return HK_ERR_ARGUMENT;
	if (plain.len > SALTED_MAX)
		return HK_ERR_TOO_LONG;
	room = hk_put_room(out, 2 + len);
	if (!room)
		return HK_ERR_TOO_LONG;
	hk_store_u16(room, salt);
	room[2] = (uint8_t)plain.len;
	if (plain.len)
		memcpy(room + 3, plain.data, plain.len);
	memset(room + 3 + plain.len, 0, len - 1 - plain.len);
	apply_stream(s, request_authenticator, hk_bytes(room, 2), true, room + 2, len, room + 2);
	return HK_OK;
}

enum hk_err hk_radius_unhide_salted(const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, struct hk_bytes hidden, struct hk_buf *out)
{
	uint8_t plain[HK_RADIUS_VALUE_MAX];
	enum hk_err err = HK_OK;
	size_t len;

	if (hidden.len < 2 + BLOCK || (hidden.len - 2) % BLOCK || hidden.len > sizeof plain)
		return HK_ERR_MALFORMED;
	len = hidden.len - 2;
	apply_stream(s, request_authenticator, hk_bytes(hidden.data, 2), false, hidden.data + 2,
		len, plain);
	if (plain[0] > len - 1) {
		err = HK_ERR_MALFORMED;
	} else {
		hk_put(out, plain + 1, plain[0]);
		if (!hk_buf_ok(out))
			err = HK_ERR_TOO_LONG;
	}
	hk_wipe(plain, sizeof plain);
	return err;
}

enum hk_err hk_radius_hide_password(const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, struct hk_bytes plain, struct hk_buf *out)
{
	size_t len = plain.len ? padded(plain.len) : BLOCK;
	uint8_t *room;

	if (plain.len > USER_PASSWORD_MAX)
		return HK_ERR_TOO_LONG;
	room = hk_put_room(out, len);
	if (!room)
		return HK_ERR_TOO_LONG;
	if (plain.len)
		memcpy(room, plain.data, plain.len);
	memset(room + plain.len, 0, len - plain.len);
	apply_stream(s, request_authenticator, HK_NO_BYTES, true, room, len, room);
	return HK_OK;
}

enum hk_err hk_radius_unhide_password(const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, struct hk_bytes hidden, struct hk_buf *out)
{
	size_t start = out->len;
	uint8_t *room;

	if (hidden.len == 0 || hidden.len % BLOCK || hidden.len > USER_PASSWORD_MAX)
		return HK_ERR_MALFORMED;
	room = hk_put_room(out, hidden.len);
	if (!room)
		return HK_ERR_TOO_LONG;
	apply_stream(s, request_authenticator, HK_NO_BYTES, false, hidden.data, hidden.len, room);
	while (out->len > start && out->data[out->len - 1] == 0)
		out->len--;
	return HK_OK;
}
