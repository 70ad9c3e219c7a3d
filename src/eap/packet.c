/* SPDX-License-Identifier: ISC */
#include <hokey/eap.h>

#define HEADER_LEN 4

static bool has_no_type(uint8_t code)
{
	return code == HK_EAP_SUCCESS || code == HK_EAP_FAILURE;
}

enum hk_err hk_eap_parse(struct hk_bytes octets, struct hk_eap_packet *out)
{
	struct hk_reader r;
	size_t length;

	if (octets.len < HEADER_LEN)
		return HK_ERR_MALFORMED;
	length = hk_load_u16(octets.data + 2);
	if (length < HEADER_LEN || length > octets.len)
		return HK_ERR_MALFORMED;

	*out = (struct hk_eap_packet){
		.code = octets.data[0],
		.identifier = octets.data[1],
		.packet = {octets.data, length},
	};
	r = hk_reader(out->packet);
	r.p += HEADER_LEN;
	if (has_no_type(out->code))
		return length == HEADER_LEN ? HK_OK : HK_ERR_MALFORMED;
	out->type = hk_get_u8(&r);
	if (r.underflow)
		return HK_ERR_MALFORMED;
	out->data = hk_get_bytes(&r, hk_left(&r));
	return HK_OK;
}

enum hk_err hk_eap_write(struct hk_buf *b, enum hk_eap_code code, uint8_t identifier, uint8_t type,
	struct hk_bytes data)
{
	bool typeless = has_no_type((uint8_t)code);
	size_t length = HEADER_LEN + (typeless ? 0 : 1 + data.len);

	if (typeless && data.len)
		return HK_ERR_ARGUMENT;
	if (length > UINT16_MAX)
		return HK_ERR_TOO_LONG;
	hk_put_u8(b, (uint8_t)code);
	hk_put_u8(b, identifier);
	hk_put_u16(b, (uint16_t)length);
	if (!typeless) {
		hk_put_u8(b, type);
		hk_put_bytes(b, data);
	}
	return hk_buf_ok(b) ? HK_OK : HK_ERR_TOO_LONG;
}

const char *hk_eap_code_name(uint8_t code)
{
	switch (code) {
	case HK_EAP_REQUEST:
		return "EAP-Request";
	case HK_EAP_RESPONSE:
		return "EAP-Response";
	case HK_EAP_SUCCESS:
		return "EAP-Success";
	case HK_EAP_FAILURE:
		return "EAP-Failure";
	case HK_EAP_INITIATE:
		return "EAP-Initiate";
	case HK_EAP_FINISH:
		return "EAP-Finish";
	default:
		return "EAP-Unknown";
	}
}

const char *hk_eap_type_name(uint8_t type)
{
	switch (type) {
	case HK_EAP_TYPE_IDENTITY:
		return "Identity";
	case HK_EAP_TYPE_NOTIFICATION:
		return "Notification";
	case HK_EAP_TYPE_NAK:
		return "Nak";
	case HK_EAP_TYPE_TLS:
		return "EAP-TLS";
	case HK_EAP_TYPE_EXPANDED:
		return "Expanded";
	default:
		return NULL;
	}
}
