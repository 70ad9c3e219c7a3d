/* SPDX-License-Identifier: ISC */
/* EAP-TLS framing (RFC 5216 section 3.1) and the outside of TLS records. */
#include "hokey/explain_packets.h"

enum {
	FLAG_L = 0x80,
	FLAG_M = 0x40,
	FLAG_S = 0x20,
	FLAGS_VERSION = 0x07,
};

enum {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
	TLS_RECORD_MAX = 16384 + 2048,
};

struct number_name {
	uint8_t number;
	const char *name;
};

static const struct number_name content_types[] = {
	{TLS_CHANGE_CIPHER_SPEC, "change_cipher_spec"},
	{TLS_ALERT, "alert"},
	{TLS_HANDSHAKE, "handshake"},
	{TLS_APPLICATION_DATA, "application_data"},
	{0, NULL},
};

static const struct number_name handshake_types[] = {
	{0, "hello_request"},
	{1, "client_hello"},
	{2, "server_hello"},
	{4, "new_session_ticket"},
	{5, "end_of_early_data"},
	{8, "encrypted_extensions"},
	{11, "certificate"},
	{12, "server_key_exchange"},
	{13, "certificate_request"},
	{14, "server_hello_done"},
	{15, "certificate_verify"},
	{16, "client_key_exchange"},
	{20, "finished"},
	{22, "certificate_status"},
	{24, "key_update"},
	{0, NULL},
};

static const struct number_name alerts[] = {
	{0, "close_notify"},
	{10, "unexpected_message"},
	{20, "bad_record_mac"},
	{22, "record_overflow"},
	{40, "handshake_failure"},
	{42, "bad_certificate"},
	{43, "unsupported_certificate"},
	{44, "certificate_revoked"},
	{45, "certificate_expired"},
	{46, "certificate_unknown"},
	{47, "illegal_parameter"},
	{48, "unknown_ca"},
	{49, "access_denied"},
	{50, "decode_error"},
	{51, "decrypt_error"},
	{70, "protocol_version"},
	{71, "insufficient_security"},
	{80, "internal_error"},
	{86, "inappropriate_fallback"},
	{90, "user_canceled"},
	{109, "missing_extension"},
	{110, "unsupported_extension"},
	{112, "unrecognized_name"},
	{113, "bad_certificate_status_response"},
	{115, "unknown_psk_identity"},
	{116, "certificate_required"},
	{120, "no_application_protocol"},
	{0, NULL},
};

static const char *find_name(const struct number_name *names, uint8_t number)
{
	for (; names->name; names++)
		if (names->number == number)
			return names->name;
	return NULL;
}

static const char *version_name(uint16_t version)
{
	switch (version) {
	case 0x0301:
		return "TLS 1.0";
	case 0x0302:
		return "TLS 1.1";
	case 0x0303:
		return "TLS 1.2 or 1.3";
	default:
		return "unknown";
	}
}

/* ---- records ---- */

static void explain_alert(struct explain *x, struct hk_bytes content)
{
	const char *name;

	if (content.len != 2) {
		explain_note(x, "encrypted");
		return;
	}
	name = find_name(alerts, content.data[1]);
	explain_field(x, content, "alert", "%s %u (%s)", content.data[0] == 2 ? "fatal" : "warning",
		content.data[1], name ? name : "unknown");
}

/* Messages as far as they are in this record and not encrypted. */
static void explain_handshake(struct explain *x, struct hk_bytes content)
{
	struct hk_reader r = hk_reader(content);

	while (hk_left(&r) >= 4) {
		const uint8_t *start = r.p;
		const char *name = find_name(handshake_types, hk_get_u8(&r));
		size_t len = (size_t)hk_get_u8(&r) << 16, left;

		len |= hk_get_u16(&r);
		left = hk_left(&r);
		if (!name || len > 0xffff) {
			explain_field(x, hk_bytes(start, left + 4), "handshake", "encrypted");
			return;
		}
		explain_field(
			x, hk_bytes(start, (len < left ? len : left) + 4), "handshake", "%s", name);
		explain_note(x, "%zu octets%s", len, len > left ? ", goes on elsewhere" : "");
		hk_get_bytes(&r, len < left ? len : left);
	}
}

static void explain_content(struct explain *x, uint8_t type, struct hk_bytes content, bool sealed)
{
	if (type == TLS_ALERT)
		explain_alert(x, content);
	else if (type == TLS_HANDSHAKE && sealed)
		explain_note(x, "encrypted");
	else if (type == TLS_HANDSHAKE)
		explain_handshake(x, content);
	else if (type == TLS_APPLICATION_DATA)
		explain_note(x, "encrypted");
}

/* The TLS records of data, which starts at the start of one. */
static void explain_records(struct explain *x, struct hk_bytes data)
{
	struct hk_reader r = hk_reader(data);
	bool sealed = false;

	while (hk_left(&r) >= 5) {
		const uint8_t *start = r.p;
		uint8_t type = hk_get_u8(&r);
		uint16_t version = hk_get_u16(&r);
		size_t len = hk_get_u16(&r), here = len < hk_left(&r) ? len : hk_left(&r);
		const char *name = find_name(content_types, type);

		if (!name || version >> 8 != 3 || len > TLS_RECORD_MAX) {
			explain_field(x, hk_bytes(start, here + 5), "TLS record", NULL);
			explain_malformed(x, "not the header of a TLS record");
			return;
		}
		explain_open(x, hk_bytes(start, here + 5), "TLS record", "%s, %s, length %zu", name,
			version_name(version), len);
		explain_content(x, type, hk_get_bytes(&r, here), sealed);
		explain_close(x);
		if (here < len) {
			explain_field(
				x, HK_NO_BYTES, "more", "%zu octets of this record", len - here);
			explain_note(x, "in the next fragment");
			return;
		}
		if (type == TLS_CHANGE_CIPHER_SPEC)
			sealed = true;
	}
	if (hk_left(&r) == 1 && r.p[0] == 0) {
		explain_field(x, hk_bytes(r.p, 1), "protected success", "0x00");
		explain_note(x, "RFC 9190 section 2.1.1");
	}
}

/* ---- framing ---- */

static void explain_flags(struct explain *x, struct hk_bytes data)
{
	uint8_t flags = data.data[0];

	explain_open(x, hk_bytes(data.data, 1), "Flags", "0x%02x", flags);
	if (flags & FLAG_L)
		explain_field(x, HK_NO_BYTES, "L", "TLS Message Length included");
	if (flags & FLAG_M)
		explain_field(x, HK_NO_BYTES, "M", "more fragments follow");
	if (flags & FLAG_S)
		explain_field(x, HK_NO_BYTES, "S", "start");
	if (flags & FLAGS_VERSION)
		explain_field(x, HK_NO_BYTES, "version", "%u", flags & FLAGS_VERSION);
	explain_close(x);
}

/*
 * Whether TLS records start at the start of data. The first fragment has a
 * length; so does a message that is alone; what else looks like a record is one.
 */
static bool starts_with_record(uint8_t flags, struct hk_bytes data)
{
	return flags & FLAG_L ||
	       (data.len >= 5 && find_name(content_types, data.data[0]) && data.data[1] == 3);
}

void explain_eap_tls(struct explain *x, struct hk_bytes data)
{
	struct hk_bytes rest;
	uint8_t flags;

	if (data.len == 0) {
		explain_malformed(x, "no Flags");
		return;
	}
	explain_flags(x, data);
	flags = data.data[0];
	rest = hk_bytes(data.data + 1, data.len - 1);
	if (flags & FLAG_L) {
		if (rest.len < 4) {
			explain_malformed(x, "no TLS Message Length");
			return;
		}
		explain_field(x, hk_bytes(rest.data, 4), "TLS Message Length", "%u",
			hk_load_u32(rest.data));
		rest = hk_bytes(rest.data + 4, rest.len - 4);
	}
	if (rest.len == 0 && !(flags & (FLAG_S | FLAG_L))) {
		explain_field(x, HK_NO_BYTES, "TLS data", "none");
		explain_note(x, "acknowledges a fragment, or ends the conversation");
		return;
	}
	if (rest.len == 0)
		return;
	explain_open(x, rest, "TLS data", "%zu octets", rest.len);
	if (starts_with_record(flags, rest))
		explain_records(x, rest);
	else
		explain_note(x, "a fragment that is not the first");
	explain_close(x);
}
