/* SPDX-License-Identifier: ISC */
/* RADIUS packets. */
#include "hokey/explain_packets.h"

#include "crypto/crypto.h"

struct context {
	struct explain *x;
	const struct hk_radius *packet;
	const struct decode_keys *keys;
	const uint8_t *request_authenticator; /* of the request, NULL when unknown */
};

static bool is_reply(uint8_t code)
{
	switch (code) {
	case HK_RADIUS_ACCESS_REQUEST:
	case HK_RADIUS_ACCOUNTING_REQUEST:
	case HK_RADIUS_STATUS_SERVER:
	case HK_RADIUS_DISCONNECT_REQUEST:
	case HK_RADIUS_COA_REQUEST:
		return false;
	default:
		return true;
	}
}

static bool has_random_authenticator(uint8_t code)
{
	return code == HK_RADIUS_ACCESS_REQUEST || code == HK_RADIUS_STATUS_SERVER;
}

/* ---- authenticators ---- */

static bool can_be_checked(const struct context *c)
{
	return c->keys->has_secret && (c->request_authenticator || !is_reply(c->packet->code));
}

static void explain_why_unchecked(const struct context *c)
{
	explain_verdict(c->x, VERDICT_UNCHECKED, "%s",
		c->keys->has_secret ? "the request was not seen" : "no secret given");
}

static void explain_check(const struct context *c, enum hk_err err)
{
	if (err)
		explain_verdict(c->x, VERDICT_WRONG, "another secret, or it was changed");
	else
		explain_verdict(c->x, VERDICT_RIGHT, "by the secret given");
}

static void explain_authenticator(const struct context *c)
{
	const struct hk_radius *p = c->packet;
	char text[EXPLAIN_TEXT_MAX];
	struct hk_bytes octets = hk_bytes(p->authenticator, HK_RADIUS_AUTHENTICATOR_LEN);

	explain_field(c->x, octets,
		is_reply(p->code) ? "Response Authenticator" : "Request Authenticator", "%s",
		explain_hex(octets, text));
	if (has_random_authenticator(p->code)) {
		explain_note(c->x, "random");
		return;
	}
	if (!can_be_checked(c))
		explain_why_unchecked(c);
	else if (is_reply(p->code))
		explain_check(c, hk_radius_check_response_authenticator(
					 p, &c->keys->secret, c->request_authenticator));
	else
		explain_check(c, hk_radius_check_request_authenticator(p, &c->keys->secret));
}

static void explain_message_authenticator(const struct context *c)
{
	if (!can_be_checked(c)) {
		explain_why_unchecked(c);
		return;
	}
	explain_check(c, hk_radius_check_message_authenticator(c->packet, &c->keys->secret,
				 is_reply(c->packet->code) ? c->request_authenticator : NULL));
}

/* ---- hidden values ---- */

static bool is_salted_key(const struct hk_radius_attribute *a)
{
	return a->vendor == HK_VENDOR_MICROSOFT &&
	       (a->vendor_type == HK_MS_MPPE_SEND_KEY || a->vendor_type == HK_MS_MPPE_RECV_KEY);
}

/* That of the exchange: in a request its own. */
static const uint8_t *exchange_authenticator(const struct context *c)
{
	return is_reply(c->packet->code) ? c->request_authenticator : c->packet->authenticator;
}

/*
 * Keys are counted, and printed only when the person asked for that. Opens the
 * field.
 */
static void open_salted_key(const struct context *c, struct hk_bytes whole, const char *name,
	const struct hk_radius_attribute *a)
{
	uint8_t key[HK_RADIUS_VALUE_MAX];
	struct hk_buf b = hk_buf(key, sizeof key);
	char text[EXPLAIN_TEXT_MAX];

	if (!can_be_checked(c)) {
		explain_open(c->x, whole, name, "hidden");
		explain_why_unchecked(c);
	} else if (hk_radius_unhide_salted(
			   &c->keys->secret, exchange_authenticator(c), a->vendor_value, &b)) {
		explain_open(c->x, whole, name, "hidden");
		explain_verdict(c->x, VERDICT_WRONG, "does not open; another secret?");
	} else if (c->keys->show) {
		explain_open(c->x, whole, name, "%s", explain_hex(hk_buf_bytes(&b), text));
	} else {
		explain_open(c->x, whole, name, "present, %zu octets", b.len);
	}
	hk_wipe(key, sizeof key);
	hk_wipe(text, sizeof text);
}

/* ---- attributes ---- */

/* "Name = value" in its two halves. */
static char *split(char *text)
{
	char *equals = strstr(text, " = ");

	*equals = 0;
	return equals + 3;
}

static void explain_attribute(const struct context *c, const struct hk_radius_attribute *a)
{
	struct hk_bytes whole = hk_bytes(a->value.data - 2, a->value.len + 2);
	char text[EXPLAIN_TEXT_MAX + 100], *value;

	hk_radius_format_attribute(a, text, sizeof text);
	value = split(text);
	if (is_salted_key(a))
		open_salted_key(c, whole, text, a);
	else if (a->type == HK_RADIUS_EAP_MESSAGE)
		explain_open(c->x, whole, text, "%zu octets", a->value.len);
	else
		explain_open(c->x, whole, text, "%s", value);
	if (a->vendor)
		explain_note(c->x, "vendor %u, type %u", a->vendor, a->vendor_type);
	if (a->vendor == HK_VENDOR_HOKEY)
		explain_hokey_attribute(c->x, a->vendor_type, a->vendor_value);
	else if (a->type == HK_RADIUS_MESSAGE_AUTHENTICATOR)
		explain_message_authenticator(c);
	explain_close(c->x);
}

static void explain_attributes(const struct context *c)
{
	struct hk_reader r = hk_reader(c->packet->attributes);
	struct hk_radius_attribute a;

	while (hk_radius_next(&r, &a))
		explain_attribute(c, &a);
}

static void explain_eap_message(const struct context *c)
{
	uint8_t joined[HK_RADIUS_MAX_LEN];
	struct hk_buf b = hk_buf(joined, sizeof joined);
	struct hk_bytes eap;

	if (hk_radius_eap(c->packet, &b, &eap) || !eap.data)
		return;
	if (eap.len == 0) {
		explain_field(c->x, HK_NO_BYTES, "EAP", "EAP-Start");
		explain_note(c->x, "the NAS asks the server to begin");
		return;
	}
	explain_eap(c->x, eap, c->keys);
}

/* ---- what the packet as a whole should have ---- */

static void explain_blast(const struct context *c)
{
	const struct hk_radius *p = c->packet;
	bool access = p->code <= HK_RADIUS_ACCESS_REJECT || p->code == HK_RADIUS_ACCESS_CHALLENGE;

	if (!access && p->code != HK_RADIUS_PROTOCOL_ERROR && p->code != HK_RADIUS_STATUS_SERVER)
		return;
	if (!p->message_authenticator) {
		explain_field(c->x, HK_NO_BYTES, "Message-Authenticator", "none");
		explain_note(c->x, "over UDP this packet can be forged, CVE-2024-3596");
	} else if (is_reply(p->code) && p->message_authenticator != HK_RADIUS_HEADER_LEN + 2) {
		explain_field(c->x, HK_NO_BYTES, "Message-Authenticator", "not first");
		explain_note(c->x, "it should be the first attribute of a reply");
	}
}

static void explain_header(struct explain *x, struct hk_bytes packet)
{
	explain_field(x, hk_bytes(packet.data, 1), "Code", "%u (%s)", packet.data[0],
		hk_radius_code_name(packet.data[0]));
	explain_field(x, hk_bytes(packet.data + 1, 1), "Identifier", "%u", packet.data[1]);
	explain_field(
		x, hk_bytes(packet.data + 2, 2), "Length", "%u", hk_load_u16(packet.data + 2));
}

void explain_radius(struct explain *x, struct hk_bytes packet, const struct decode_keys *keys,
	const uint8_t *request_authenticator)
{
	const uint8_t *base = explain_base(x, packet.data);
	struct hk_radius p;
	const struct context c = {x, &p, keys, request_authenticator};
	enum hk_err err = hk_radius_parse(packet, &p);

	if (packet.len < 4) {
		explain_field(x, packet, "RADIUS", "%zu octets", packet.len);
		explain_malformed(x, "less than the header");
		explain_base(x, base);
		return;
	}
	explain_open(x, packet, "RADIUS", "%s, Identifier %u, %u octets",
		hk_radius_code_name(packet.data[0]), packet.data[1], hk_load_u16(packet.data + 2));
	if (err)
		explain_malformed(x, "%s",
			err == HK_ERR_LIMIT ? "more than 200 attributes"
					    : "attributes or Length do not fit");
	explain_header(x, packet);
	if (!err) {
		explain_authenticator(&c);
		explain_attributes(&c);
		explain_blast(&c);
		explain_eap_message(&c);
	}
	explain_close(x);
	explain_base(x, base);
}
