/* SPDX-License-Identifier: ISC */
/* The Vendor-Specific attributes that carry keys to an ER server. */
#include "hokey/explain_packets.h"

enum {
	KEY_REQUEST = 1,
	KEY = 3,
	KEY_REQUEST_LEN = 52,
	KEY_HEADER_LEN = 32,
};

static const char *key_type_name(uint8_t type)
{
	return type == 0 ? "DSRK" : "unknown";
}

static void explain_octets(
	struct explain *x, struct hk_bytes v, size_t at, size_t len, const char *name)
{
	struct hk_bytes octets = hk_bytes(v.data + at, len);
	char text[EXPLAIN_TEXT_MAX];

	explain_field(x, octets, name, "%s", explain_hex(octets, text));
}

static void explain_kek_id(struct explain *x, const uint8_t *p)
{
	struct hk_bytes id = hk_bytes(p, 16);
	char text[EXPLAIN_TEXT_MAX];

	while (id.len && id.data[id.len - 1] == 0)
		id.len--;
	explain_field(x, hk_bytes(p, 16), "KEK-ID", "%s", explain_quote(id, text));
}

static void explain_start(struct explain *x, struct hk_bytes v)
{
	explain_field(x, hk_bytes(v.data, 1), "Version", "%u", v.data[0]);
	explain_field(x, hk_bytes(v.data + 1, 1), "Key-Type", "%u (%s)", v.data[1],
		key_type_name(v.data[1]));
}

static void explain_key_request(struct explain *x, struct hk_bytes v)
{
	if (v.len != KEY_REQUEST_LEN) {
		explain_malformed(x, "a HOKEY-Key-Request has 52 octets");
		return;
	}
	explain_start(x, v);
	explain_octets(x, v, 2, 2, "Reserved");
	explain_kek_id(x, v.data + 4);
	explain_octets(x, v, 20, 16, "Nonce");
	explain_octets(x, v, 36, 16, "Request-MAC");
}

static void explain_key(struct explain *x, struct hk_bytes v)
{
	if (v.len <= KEY_HEADER_LEN) {
		explain_malformed(x, "a HOKEY-Key has more than 32 octets");
		return;
	}
	explain_start(x, v);
	explain_field(x, hk_bytes(v.data + 2, 1), "Wrap-Alg", "%u (%s)", v.data[2],
		v.data[2] == 1 ? "AES-256 Key Wrap" : "unknown");
	explain_octets(x, v, 3, 1, "Reserved");
	explain_kek_id(x, v.data + 4);
	explain_octets(x, v, 20, 8, "Key-Name");
	explain_field(x, hk_bytes(v.data + 28, 4), "Lifetime", "%u s", hk_load_u32(v.data + 28));
	explain_field(x, hk_bytes(v.data + KEY_HEADER_LEN, v.len - KEY_HEADER_LEN), "wrapped key",
		"%zu octets", v.len - KEY_HEADER_LEN);
}

void explain_hokey_attribute(struct explain *x, uint8_t vendor_type, struct hk_bytes value)
{
	if (vendor_type == KEY_REQUEST)
		explain_key_request(x, value);
	else if (vendor_type == KEY)
		explain_key(x, value);
}
