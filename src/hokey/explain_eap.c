/* SPDX-License-Identifier: ISC */
/* EAP packets (RFC 3748 section 4) and the EAPOL frames around them. */
#include "hokey/explain_packets.h"

#include <hokey/eap.h>

enum {
	TYPE_LEGACY_NAK = 3,
	TYPE_TLS = 13,
	TYPE_TTLS = 21,
	TYPE_PEAP = 25,
	TYPE_FAST = 43,
	TYPE_TEAP = 55,
	TYPE_EXPANDED = 254,
};

enum {
	EAPOL_PACKET = 0,
	EAPOL_START = 1,
	EAPOL_LOGOFF = 2,
	EAPOL_KEY = 3,
};

/* Methods that the library does not speak. */
static const char *const other_types[] = {
	[4] = "MD5-Challenge",
	[5] = "OTP",
	[6] = "GTC",
	[18] = "EAP-SIM",
	[TYPE_TTLS] = "EAP-TTLS",
	[23] = "EAP-AKA",
	[TYPE_PEAP] = "PEAP",
	[26] = "EAP-MSCHAPv2",
	[TYPE_FAST] = "EAP-FAST",
	[47] = "EAP-PSK",
	[48] = "EAP-SAKE",
	[49] = "EAP-IKEv2",
	[50] = "EAP-AKA'",
	[51] = "EAP-GPSK",
	[52] = "EAP-pwd",
	[53] = "EAP-EKE",
	[TYPE_TEAP] = "TEAP",
};

static const char *type_name(uint8_t type)
{
	const char *name = hk_eap_type_name(type);

	if (!name && type < sizeof other_types / sizeof other_types[0])
		name = other_types[type];
	return name ? name : "unknown";
}

/* What code 5 and 6 call a Type is not a method. */
static const char *erp_type_name(uint8_t code, uint8_t type)
{
	if (type == HK_ERP_REAUTH)
		return "Re-auth";
	if (type == HK_ERP_REAUTH_START && code == HK_EAP_INITIATE)
		return "Re-auth-Start";
	return "unknown";
}

static bool is_erp(uint8_t code)
{
	return code == HK_EAP_INITIATE || code == HK_EAP_FINISH;
}

static bool has_type(uint8_t code)
{
	return code == HK_EAP_REQUEST || code == HK_EAP_RESPONSE || is_erp(code);
}

static const char *code_name(uint8_t code)
{
	const char *name = hk_eap_code_name(code);

	return strncmp(name, "EAP-", 4) == 0 ? name + 4 : name;
}

static void explain_nak(struct explain *x, struct hk_bytes data)
{
	for (size_t i = 0; i < data.len; i++) {
		uint8_t type = data.data[i];

		explain_field(x, hk_bytes(data.data + i, 1), "wanted type", "%u (%s)", type,
			type ? type_name(type) : "none");
	}
}

static void explain_expanded(struct explain *x, struct hk_bytes data)
{
	if (data.len < 7) {
		explain_malformed(x, "no Vendor-Id and Vendor-Type");
		return;
	}
	explain_field(x, hk_bytes(data.data, 3), "Vendor-Id", "%u",
		(unsigned)data.data[0] << 16 | hk_load_u16(data.data + 1));
	explain_field(
		x, hk_bytes(data.data + 3, 4), "Vendor-Type", "%u", hk_load_u32(data.data + 3));
}

static void explain_type_data(struct explain *x, uint8_t type, struct hk_bytes data)
{
	char text[EXPLAIN_TEXT_MAX];

	switch (type) {
	case HK_EAP_TYPE_IDENTITY:
	case HK_EAP_TYPE_NOTIFICATION:
		explain_field(x, data, type == HK_EAP_TYPE_IDENTITY ? "Identity" : "Message", "%s",
			explain_quote(data, text));
		break;
	case TYPE_LEGACY_NAK:
		explain_nak(x, data);
		break;
	case TYPE_TLS:
	case TYPE_TTLS:
	case TYPE_PEAP:
	case TYPE_FAST:
	case TYPE_TEAP:
		explain_eap_tls(x, data);
		break;
	case TYPE_EXPANDED:
		explain_expanded(x, data);
		break;
	default:
		if (data.len)
			explain_field(x, data, "Type-Data", "%s", explain_hex(data, text));
	}
}

static void open_packet(struct explain *x, struct hk_bytes packet)
{
	uint8_t code = packet.data[0];

	if (is_erp(code) && packet.len > 4)
		explain_open(x, packet, "EAP", "%s/%s, Identifier %u, %zu octets",
			hk_eap_code_name(code), erp_type_name(code, packet.data[4]), packet.data[1],
			packet.len);
	else if (has_type(code) && packet.len > 4)
		explain_open(x, packet, "EAP", "%s/%s, Identifier %u, %zu octets",
			hk_eap_code_name(code), type_name(packet.data[4]), packet.data[1],
			packet.len);
	else
		explain_open(x, packet, "EAP", "%s, Identifier %u, %zu octets",
			hk_eap_code_name(code), packet.data[1], packet.len);
}

static void explain_header(struct explain *x, struct hk_bytes packet, size_t length)
{
	explain_field(x, hk_bytes(packet.data, 1), "Code", "%u (%s)", packet.data[0],
		code_name(packet.data[0]));
	explain_field(x, hk_bytes(packet.data + 1, 1), "Identifier", "%u", packet.data[1]);
	explain_field(x, hk_bytes(packet.data + 2, 2), "Length", "%zu", length);
	if (length > packet.len)
		explain_malformed(x, "only %zu octets are here", packet.len);
	else if (length < 4)
		explain_malformed(x, "less than the header");
}

static void explain_body(struct explain *x, struct hk_bytes packet, const struct decode_keys *keys)
{
	uint8_t code = packet.data[0], type;

	if (!has_type(code)) {
		if (code != HK_EAP_SUCCESS && code != HK_EAP_FAILURE)
			explain_malformed(x, "no such code");
		else if (packet.len > 4)
			explain_malformed(x, "%s has no data", hk_eap_code_name(code));
		return;
	}
	if (packet.len < 5) {
		explain_malformed(x, "no Type");
		return;
	}
	type = packet.data[4];
	explain_field(x, hk_bytes(packet.data + 4, 1), "Type", "%u (%s)", type,
		is_erp(code) ? erp_type_name(code, type) : type_name(type));
	if (is_erp(code))
		explain_erp(x, packet, keys);
	else
		explain_type_data(x, type, hk_bytes(packet.data + 5, packet.len - 5));
}

void explain_eap(struct explain *x, struct hk_bytes packet, const struct decode_keys *keys)
{
	const uint8_t *base = explain_base(x, packet.data);
	size_t length;

	if (packet.len < 4) {
		explain_field(x, packet, "EAP", "%zu octets", packet.len);
		explain_malformed(x, "less than the header");
		explain_base(x, base);
		return;
	}
	open_packet(x, packet);
	length = hk_load_u16(packet.data + 2);
	explain_header(x, packet, length);
	if (length >= 4 && length <= packet.len) {
		explain_body(x, hk_bytes(packet.data, length), keys);
		if (length < packet.len)
			explain_field(x, hk_bytes(packet.data + length, packet.len - length),
				"padding", "%zu octets", packet.len - length);
	}
	explain_close(x);
	explain_base(x, base);
}

/* ---- EAPOL ---- */

static const char *eapol_type_name(uint8_t type)
{
	switch (type) {
	case EAPOL_PACKET:
		return "EAP-Packet";
	case EAPOL_START:
		return "Start";
	case EAPOL_LOGOFF:
		return "Logoff";
	case EAPOL_KEY:
		return "Key";
	default:
		return "other";
	}
}

void explain_eapol(struct explain *x, struct hk_bytes frame, const struct decode_keys *keys)
{
	const uint8_t *base = explain_base(x, frame.data);
	size_t length;

	if (frame.len < 4) {
		explain_field(x, frame, "EAPOL", "%zu octets", frame.len);
		explain_malformed(x, "less than the header");
		explain_base(x, base);
		return;
	}
	length = hk_load_u16(frame.data + 2);
	explain_open(x, frame, "EAPOL", "%s, version %u, %zu octets",
		eapol_type_name(frame.data[1]), frame.data[0], length);
	if (length > frame.len - 4)
		explain_malformed(x, "only %zu octets are here", frame.len - 4);
	else if (frame.data[1] == EAPOL_PACKET)
		explain_eap(x, hk_bytes(frame.data + 4, length), keys);
	explain_close(x);
	explain_base(x, base);
}
