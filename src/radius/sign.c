/* SPDX-License-Identifier: ISC */
/*
 * Authenticators (RFC 2865 section 3, RFC 2866 section 3, RFC 5176 section
 * 2.3) and Message-Authenticator (RFC 3579 section 3.2), made and checked.
 *
 * Neither needs a copy of the packet: the parts that count as something else
 * while hashing are given to the hash as parts of their own.
 */
#include <hokey/radius.h>

#include "crypto/crypto.h"

static const uint8_t zeros[HK_RADIUS_AUTHENTICATOR_LEN];

enum hk_err hk_radius_secret_set(struct hk_radius_secret *s, struct hk_bytes octets)
{
	struct hk_md5_key k;

	if (octets.len == 0 || octets.len > HK_RADIUS_SECRET_MAX)
		return HK_ERR_ARGUMENT;
	memset(s, 0, sizeof *s);
	memcpy(s->octets, octets.data, octets.len);
	s->len = (uint8_t)octets.len;
	hk_md5_key_init(&k, octets);
	memcpy(s->inner, k.inner, sizeof s->inner);
	memcpy(s->outer, k.outer, sizeof s->outer);
	hk_wipe(&k, sizeof k);
	return HK_OK;
}

static struct hk_bytes secret_octets(const struct hk_radius_secret *s)
{
	return hk_bytes(s->octets, s->len);
}

/* HMAC-MD5 over the packet, with another authenticator and zeros at offset ma. */
static void packet_hmac(struct hk_bytes packet, size_t ma, const struct hk_radius_secret *s,
	const uint8_t *authenticator, uint8_t out[HK_MD5_LEN])
{
	size_t after = ma + HK_RADIUS_AUTHENTICATOR_LEN;
	struct hk_md5_key k;
	const struct hk_bytes parts[] = {
		{packet.data, 4},
		{authenticator, HK_RADIUS_AUTHENTICATOR_LEN},
		{packet.data + HK_RADIUS_HEADER_LEN, ma - HK_RADIUS_HEADER_LEN},
		{zeros, sizeof zeros},
		{packet.data + after, packet.len - after},
	};

	memcpy(k.inner, s->inner, sizeof k.inner);
	memcpy(k.outer, s->outer, sizeof k.outer);
	hk_hmac_md5(&k, parts, 5, out);
	hk_wipe(&k, sizeof k);
}

/* MD5 over the packet, with another authenticator, and the secret. */
static void packet_md5(struct hk_bytes packet, const struct hk_radius_secret *s,
	const uint8_t *authenticator, uint8_t out[HK_MD5_LEN])
{
	const struct hk_bytes parts[] = {
		{packet.data, 4},
		{authenticator, HK_RADIUS_AUTHENTICATOR_LEN},
		{packet.data + HK_RADIUS_HEADER_LEN, packet.len - HK_RADIUS_HEADER_LEN},
		secret_octets(s),
	};

	hk_md5(parts, 4, out);
}

/* Requests whose Request Authenticator is an MD5. */
static bool is_md5_request(uint8_t code)
{
	return code == HK_RADIUS_ACCOUNTING_REQUEST || code == HK_RADIUS_DISCONNECT_REQUEST ||
	       code == HK_RADIUS_COA_REQUEST;
}

/* ---- checking ---- */

enum hk_err hk_radius_check_message_authenticator(const struct hk_radius *p,
	const struct hk_radius_secret *s, const uint8_t *request_authenticator)
{
	const uint8_t *authenticator = request_authenticator;
	uint8_t want[HK_MD5_LEN];

	if (!p->message_authenticator)
		return HK_ERR_NOT_FOUND;
	if (!authenticator)
		authenticator = is_md5_request(p->code) ? zeros : p->authenticator;
	packet_hmac(p->packet, p->message_authenticator, s, authenticator, want);
	if (!hk_equal_secret(want, p->packet.data + p->message_authenticator, sizeof want))
		return HK_ERR_AUTHENTICATOR;
	return HK_OK;
}

static enum hk_err check_authenticator(const struct hk_radius *p, const struct hk_radius_secret *s,
	const uint8_t *hashed_authenticator)
{
	uint8_t want[HK_MD5_LEN];

	packet_md5(p->packet, s, hashed_authenticator, want);
	if (!hk_equal_secret(want, p->authenticator, sizeof want))
		return HK_ERR_AUTHENTICATOR;
	return HK_OK;
}

enum hk_err hk_radius_check_request_authenticator(
	const struct hk_radius *p, const struct hk_radius_secret *s)
{
	return check_authenticator(p, s, zeros);
}

enum hk_err hk_radius_check_response_authenticator(const struct hk_radius *p,
	const struct hk_radius_secret *s, const uint8_t *request_authenticator)
{
	return check_authenticator(p, s, request_authenticator);
}

/* ---- making ---- */

/*
 * Sets Length, and the Message-Authenticator where hk_radius_begin() put one,
 * as if the authenticator given stood in the header.
 */
static enum hk_err finish(
	struct hk_buf *b, const struct hk_radius_secret *s, const uint8_t *authenticator)
{
	const size_t ma = HK_RADIUS_HEADER_LEN + 2, ma_end = ma + HK_RADIUS_AUTHENTICATOR_LEN;

	if (!hk_buf_ok(b) || b->len > HK_RADIUS_MAX_LEN)
		return HK_ERR_TOO_LONG;
	if (b->len < HK_RADIUS_HEADER_LEN)
		return HK_ERR_ARGUMENT;
	hk_store_u16(b->data + 2, (uint16_t)b->len);
	if (b->len < ma_end || b->data[HK_RADIUS_HEADER_LEN] != HK_RADIUS_MESSAGE_AUTHENTICATOR ||
		b->data[HK_RADIUS_HEADER_LEN + 1] != 2 + HK_RADIUS_AUTHENTICATOR_LEN)
		return HK_OK;
	packet_hmac(hk_buf_bytes(b), ma, s, authenticator, b->data + ma);
	return HK_OK;
}

enum hk_err hk_radius_sign_request(
	struct hk_buf *b, const struct hk_radius_secret *s, const uint8_t *random)
{
	enum hk_err err = finish(b, s, random);

	if (err)
		return err;
	memcpy(b->data + 4, random, HK_RADIUS_AUTHENTICATOR_LEN);
	return HK_OK;
}

/* The secret's MD5 goes over the finished attributes, so it comes last. */
static enum hk_err sign_with_md5(
	struct hk_buf *b, const struct hk_radius_secret *s, const uint8_t *authenticator)
{
	enum hk_err err = finish(b, s, authenticator);

	if (err)
		return err;
	packet_md5(hk_buf_bytes(b), s, authenticator, b->data + 4);
	return HK_OK;
}

enum hk_err hk_radius_sign_md5_request(struct hk_buf *b, const struct hk_radius_secret *s)
{
	return sign_with_md5(b, s, zeros);
}

enum hk_err hk_radius_sign_reply(
	struct hk_buf *b, const struct hk_radius_secret *s, const uint8_t *request_authenticator)
{
	return sign_with_md5(b, s, request_authenticator);
}
