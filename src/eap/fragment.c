/* SPDX-License-Identifier: ISC */
#include "eap/fragment.h"

#include <hokey/eap_tls.h>

static enum hk_err open_message(
	struct hk_eap_tls_incoming *in, uint8_t flags, uint32_t length, size_t data_len)
{
	bool has_length = flags & HK_EAP_TLS_FLAG_LENGTH;
	bool more = flags & HK_EAP_TLS_FLAG_MORE;

	if (more && !has_length)
		return HK_ERR_MALFORMED;
	if (has_length && length > HK_EAP_TLS_MESSAGE_MAX)
		return HK_ERR_TOO_LONG;
	in->announced = has_length ? length : data_len;
	in->got = 0;
	return HK_OK;
}

enum hk_err hk_eap_tls_take(
	struct hk_eap_tls_incoming *in, struct hk_bytes type_data, struct hk_eap_tls_fragment *out)
{
	struct hk_reader r = hk_reader(type_data);
	uint8_t flags = hk_get_u8(&r);
	uint32_t length = flags & HK_EAP_TLS_FLAG_LENGTH ? hk_get_u32(&r) : 0;
	size_t n = hk_left(&r);
	enum hk_err err;

	if (r.underflow)
		return HK_ERR_MALFORMED;
	*out = (struct hk_eap_tls_fragment){
		.data = hk_get_bytes(&r, n),
		.start = flags & HK_EAP_TLS_FLAG_START,
		.more = flags & HK_EAP_TLS_FLAG_MORE,
	};
	if (!in->open) {
		err = open_message(in, flags, length, n);
		if (err)
			return err;
	} else if (flags & HK_EAP_TLS_FLAG_LENGTH && length != in->announced) {
		return HK_ERR_MALFORMED;
	}

	if (n > in->announced - in->got)
		return HK_ERR_MALFORMED;
	in->got += n;
	/* with M: something is in it, and something is left to come */
	if (out->more && (n == 0 || in->got == in->announced))
		return HK_ERR_MALFORMED;
	if (!out->more && in->got != in->announced)
		return HK_ERR_MALFORMED;
	in->open = out->more;
	return HK_OK;
}

enum hk_err hk_eap_tls_put(struct hk_buf *out, enum hk_eap_code code, uint8_t identifier,
	struct hk_bytes message, size_t *sent, size_t room)
{
	size_t left = message.len - *sent;
	size_t n = left < room ? left : room;
	uint8_t flags = 0;

	if (n < left)
		flags |= HK_EAP_TLS_FLAG_MORE;
	/* RFC 9190 section 2.1.9: no L on a message in one piece */
	if (n < left && *sent == 0)
		flags |= HK_EAP_TLS_FLAG_LENGTH;

	hk_put_u8(out, (uint8_t)code);
	hk_put_u8(out, identifier);
	hk_put_u16(out, (uint16_t)(6 + (flags & HK_EAP_TLS_FLAG_LENGTH ? 4u : 0u) + n));
	hk_put_u8(out, HK_EAP_TYPE_TLS);
	hk_put_u8(out, flags);
	if (flags & HK_EAP_TLS_FLAG_LENGTH)
		hk_put_u32(out, (uint32_t)message.len);
	if (n)
		hk_put(out, message.data + *sent, n);
	if (!hk_buf_ok(out))
		return HK_ERR_TOO_LONG;
	*sent += n;
	return HK_OK;
}
