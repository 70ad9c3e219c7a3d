/* SPDX-License-Identifier: ISC */
/* Attributes as people write them in users files. */
#include <arpa/inet.h>
#include <strings.h>

#include "dictionary.h"

#define TAG_MAX 31 /* RFC 2868 section 3.1 */

/* What the name says. */
struct target {
	struct hk_radius_name attribute;
	uint8_t tag; /* 0 when none was given */
};

/* ---- numbers ---- */

/* All of `len` characters are decimal digits and the number is at most max. */
static bool parse_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9' || digit > max || n > (max - digit) / 10)
			return false;
		n = 10 * n + digit;
	}
	*out = n;
	return true;
}

/* ---- names ---- */

bool hk_radius_numbered_name(const char *name, size_t len, struct hk_radius_name *out)
{
	const char *end = name + len, *dash;
	uint64_t vendor = 0, type;

	if (len > 7 && strncasecmp(name, "Vendor-", 7) == 0) {
		name += 7;
		dash = memchr(name, '-', (size_t)(end - name));
		if (!dash || !parse_number(name, (size_t)(dash - name), UINT32_MAX, &vendor) ||
			vendor == 0)
			return false;
		name = dash + 1;
	}
	if (end - name <= 5 || strncasecmp(name, "Attr-", 5) != 0)
		return false;
	name += 5;
	if (!parse_number(name, (size_t)(end - name), 255, &type) || type == 0)
		return false;
	*out = (struct hk_radius_name){NULL, (uint32_t)vendor, (uint8_t)type, 0, HK_FORMAT_OCTETS};
	return true;
}

static bool takes_tag(const struct hk_radius_name *a)
{
	return a->format == HK_FORMAT_TAGGED_INTEGER || a->format == HK_FORMAT_TAGGED_TEXT;
}

static enum hk_err parse_name(const char *name, struct target *out, const char **error)
{
	const char *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : strlen(name);
	const struct hk_radius_name *known = hk_radius_attribute_by_name_part(name, len);
	uint64_t tag = 0;

	if (known) {
		out->attribute = *known;
	} else if (!hk_radius_numbered_name(name, len, &out->attribute)) {
		*error = "no attribute of this name is known";
		return HK_ERR_NOT_FOUND;
	}
	if (colon && !takes_tag(&out->attribute)) {
		*error = "this attribute has no tag";
		return HK_ERR_ARGUMENT;
	}
	if (colon && (!parse_number(colon + 1, strlen(colon + 1), TAG_MAX, &tag))) {
		*error = "a tag is a number from 0 to 31";
		return HK_ERR_ARGUMENT;
	}
	out->tag = (uint8_t)tag;
	return HK_OK;
}

/*
 * Attributes that belong to the exchange and not to the user, and those that
 * can only be written by who knows the request and the secret.
 */
static bool is_made_by_server(const struct hk_radius_name *a)
{
	const struct hk_radius_name *known = hk_radius_attribute_by_type(a->vendor, a->type);

	if (a->vendor == HK_VENDOR_HOKEY || (known && known->format == HK_FORMAT_SECRET))
		return true;
	if (a->vendor)
		return false;
	switch (a->type) {
	case HK_RADIUS_STATE:
	case HK_RADIUS_VENDOR_SPECIFIC:
	case HK_RADIUS_PROXY_STATE:
	case 60: /* CHAP-Challenge */
	case HK_RADIUS_EAP_MESSAGE:
	case HK_RADIUS_MESSAGE_AUTHENTICATOR:
	case HK_RADIUS_EAP_KEY_NAME:
		return true;
	default:
		return false;
	}
}

/* ---- values ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static enum hk_err put_hex(struct hk_buf *v, const char *digits, const char **error)
{
	size_t len = strlen(digits);

	if (len == 0 || len % 2) {
		*error = "0x needs an even number of hex digits behind it";
		return HK_ERR_ARGUMENT;
	}
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);

		if (high < 0 || low < 0) {
			*error = "not a hex digit";
			return HK_ERR_ARGUMENT;
		}
		hk_put_u8(v, (uint8_t)(high << 4 | low));
	}
	return HK_OK;
}

static bool is_hex(const char *value)
{
	return value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
}

static enum hk_err parse_integer(const struct hk_radius_name *a, const char *value, uint64_t max,
	uint64_t *out, const char **error)
{
	uint32_t named;

	if (parse_number(value, strlen(value), max, out))
		return HK_OK;
	if (hk_radius_value_by_name(a, value, &named)) {
		*out = named;
		return HK_OK;
	}
	*error = "neither a number in range nor the name of a value";
	return HK_ERR_ARGUMENT;
}

static enum hk_err put_address(struct hk_buf *v, int family, const char *value, const char **error)
{
	uint8_t address[16];

	if (inet_pton(family, value, address) != 1) {
		*error = family == AF_INET ? "not an IPv4 address" : "not an IPv6 address";
		return HK_ERR_ARGUMENT;
	}
	hk_put(v, address, family == AF_INET ? 4 : 16);
	return HK_OK;
}

static enum hk_err put_ipv6_prefix(struct hk_buf *v, const char *value, const char **error)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(value, '/');
	uint8_t octets[16];
	uint64_t bits;

	*error = "not an IPv6 prefix";
	if (!slash || (size_t)(slash - value) >= sizeof address ||
		!parse_number(slash + 1, strlen(slash + 1), 128, &bits))
		return HK_ERR_ARGUMENT;
	memcpy(address, value, (size_t)(slash - value));
	address[slash - value] = 0;
	if (inet_pton(AF_INET6, address, octets) != 1)
		return HK_ERR_ARGUMENT;
	for (size_t bit = bits; bit < 128; bit++)
		if (octets[bit / 8] >> (7 - bit % 8) & 1)
			return HK_ERR_ARGUMENT;
	hk_put_u8(v, 0);
	hk_put_u8(v, (uint8_t)bits);
	hk_put(v, octets, (bits + 7) / 8);
	*error = NULL;
	return HK_OK;
}

/* Text, or octets written as 0x. */
static enum hk_err put_string(struct hk_buf *v, const char *value, bool hex, const char **error)
{
	if (hex && is_hex(value))
		return put_hex(v, value + 2, error);
	hk_put_bytes(v, hk_text(value));
	return HK_OK;
}

static enum hk_err put_value(
	struct hk_buf *v, const struct target *t, const char *value, const char **error)
{
	const struct hk_radius_name *a = &t->attribute;
	uint64_t n = 0;
	enum hk_err err;

	switch (a->format) {
	case HK_FORMAT_INTEGER:
	case HK_FORMAT_TIME:
		err = parse_integer(a, value, UINT32_MAX, &n, error);
		hk_put_u32(v, (uint32_t)n);
		return err;
	case HK_FORMAT_INTEGER64:
		err = parse_integer(a, value, UINT64_MAX, &n, error);
		hk_put_u64(v, n);
		return err;
	case HK_FORMAT_TAGGED_INTEGER:
		err = parse_integer(a, value, 0xffffff, &n, error);
		hk_put_u32(v, (uint32_t)t->tag << 24 | (uint32_t)n);
		return err;
	case HK_FORMAT_TAGGED_TEXT:
		if (t->tag)
			hk_put_u8(v, t->tag);
		return put_string(v, value, false, error);
	case HK_FORMAT_IPV4:
		return put_address(v, AF_INET, value, error);
	case HK_FORMAT_IPV6:
		return put_address(v, AF_INET6, value, error);
	case HK_FORMAT_IPV6_PREFIX:
		return put_ipv6_prefix(v, value, error);
	case HK_FORMAT_TEXT:
		return put_string(v, value, false, error);
	case HK_FORMAT_OCTETS:
	case HK_FORMAT_SECRET:
		break;
	}
	return put_string(v, value, true, error);
}

static void put_attribute(struct hk_buf *b, const struct hk_radius_name *a, struct hk_bytes value)
{
	uint8_t extended[HK_RADIUS_VALUE_MAX];
	struct hk_buf x = hk_buf(extended, sizeof extended);

	if (a->vendor) {
		hk_radius_put_vsa(b, a->vendor, a->type, value);
		return;
	}
	if (a->extended_type) {
		hk_put_u8(&x, a->extended_type);
		hk_put_bytes(&x, value);
		if (!hk_buf_ok(&x))
			b->overflow = true;
		value = hk_buf_bytes(&x);
	}
	hk_radius_put(b, a->type, value);
}

enum hk_err hk_radius_put_text(
	struct hk_buf *b, const char *name, const char *value, const char **error)
{
	uint8_t octets[HK_RADIUS_VALUE_MAX];
	struct hk_buf v = hk_buf(octets, sizeof octets);
	struct target t;
	enum hk_err err;

	*error = NULL;
	err = parse_name(name, &t, error);
	if (err)
		return err;
	if (is_made_by_server(&t.attribute)) {
		*error = "the server makes this attribute itself";
		return HK_ERR_DENIED;
	}
	if (value[0] == 0) {
		*error = "the value is empty";
		return HK_ERR_ARGUMENT;
	}
	err = put_value(&v, &t, value, error);
	if (err)
		return err;
	if (!hk_buf_ok(&v) || (t.attribute.vendor && v.len > HK_RADIUS_VSA_MAX)) {
		*error = "the value is too long";
		return HK_ERR_TOO_LONG;
	}
	put_attribute(b, &t.attribute, hk_buf_bytes(&v));
	if (!hk_buf_ok(b)) {
		*error = "there is no room for this attribute";
		return HK_ERR_TOO_LONG;
	}
	return HK_OK;
}
