/* SPDX-License-Identifier: ISC */
/* Attributes for people to read. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "dictionary.h"

/* Text that counts on when there is no room left. */
struct text {
	char *p;
	size_t size;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *format, ...)
{
	size_t used = t->len < t->size ? t->len : t->size - 1;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->p + used, t->size - used, format, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n;
}

static void say_hex(struct text *t, struct hk_bytes v)
{
	say(t, "0x");
	for (size_t i = 0; i < v.len; i++)
		say(t, "%02x", v.data[i]);
}

static void say_quoted(struct text *t, struct hk_bytes v)
{
	say(t, "\"");
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.data[i];

		if (c == '"' || c == '\\')
			say(t, "\\%c", c);
		else if (c >= 0x20 && c < 0x7f)
			say(t, "%c", c);
		else
			say(t, "\\x%02x", c);
	}
	say(t, "\"");
}

static void say_integer(struct text *t, const struct hk_radius_name *a, uint32_t value)
{
	const char *name = hk_radius_value_name(a, value);

	if (name)
		say(t, "%s", name);
	else
		say(t, "%" PRIu32, value);
}

static bool say_address(struct text *t, int family, struct hk_bytes v)
{
	char address[INET6_ADDRSTRLEN];

	if (v.len != (family == AF_INET ? 4 : 16))
		return false;
	say(t, "%s", inet_ntop(family, v.data, address, sizeof address));
	return true;
}

static bool say_ipv6_prefix(struct text *t, struct hk_bytes v)
{
	uint8_t address[16] = {0};

	if (v.len < 2 || v.len > 18 || v.data[1] > 128 || v.len - 2 < (v.data[1] + 7u) / 8)
		return false;
	memcpy(address, v.data + 2, v.len - 2);
	say_address(t, AF_INET6, hk_bytes(address, sizeof address));
	say(t, "/%u", v.data[1]);
	return true;
}

/* The tag of a tagged value is shown with the name, and cut off here. */
static uint8_t take_tag(const struct hk_radius_name *a, struct hk_bytes *v)
{
	uint8_t tag = 0;

	if (a->format == HK_FORMAT_TAGGED_INTEGER && v->len == 4)
		return v->data[0];
	if (a->format == HK_FORMAT_TAGGED_TEXT && v->len > 0 && v->data[0] < 0x20) {
		tag = v->data[0];
		*v = hk_bytes(v->data + 1, v->len - 1);
	}
	return tag;
}

/* False when the value does not fit the format. */
static bool say_value(struct text *t, const struct hk_radius_name *a, struct hk_bytes v)
{
	switch (a->format) {
	case HK_FORMAT_TEXT:
	case HK_FORMAT_TAGGED_TEXT:
		say_quoted(t, v);
		return true;
	case HK_FORMAT_INTEGER:
	case HK_FORMAT_TIME:
		if (v.len != 4)
			return false;
		say_integer(t, a, hk_load_u32(v.data));
		return true;
	case HK_FORMAT_TAGGED_INTEGER:
		if (v.len != 4)
			return false;
		say_integer(t, a, hk_load_u32(v.data) & 0xffffff);
		return true;
	case HK_FORMAT_INTEGER64:
		if (v.len != 8)
			return false;
		say(t, "%" PRIu64, hk_load_u64(v.data));
		return true;
	case HK_FORMAT_IPV4:
		return say_address(t, AF_INET, v);
	case HK_FORMAT_IPV6:
		return say_address(t, AF_INET6, v);
	case HK_FORMAT_IPV6_PREFIX:
		return say_ipv6_prefix(t, v);
	case HK_FORMAT_SECRET:
		say(t, "<hidden>");
		return true;
	case HK_FORMAT_OCTETS:
		break;
	}
	return false;
}

static void say_unknown(struct text *t, const struct hk_radius_attribute *a)
{
	if (a->vendor) {
		say(t, "Vendor-%" PRIu32 "-Attr-%u = ", a->vendor, a->vendor_type);
		say_hex(t, a->vendor_value);
		return;
	}
	say(t, "Attr-%u = ", a->type);
	say_hex(t, a->value);
}

/* Name of the attribute; *value becomes that of the extended attribute or sub-attribute. */
static const struct hk_radius_name *name_of(
	const struct hk_radius_attribute *a, struct hk_bytes *value)
{
	const struct hk_radius_name *name;

	if (a->vendor) {
		*value = a->vendor_value;
		return hk_radius_attribute_by_type(a->vendor, a->vendor_type);
	}
	*value = a->value;
	if (a->type < 241 || a->type > 246 || a->value.len == 0)
		return hk_radius_attribute_by_type(0, a->type);
	name = hk_radius_attribute_by_extended_type(a->type, a->value.data[0]);
	*value = hk_bytes(a->value.data + 1, a->value.len - 1);
	return name;
}

size_t hk_radius_format_attribute(const struct hk_radius_attribute *a, char *text, size_t size)
{
	struct text t = {text, size, 0};
	struct hk_bytes value;
	const struct hk_radius_name *name = name_of(a, &value);
	uint8_t tag;

	text[0] = 0;
	if (!name) {
		say_unknown(&t, a);
		return t.len;
	}
	tag = take_tag(name, &value);
	say(&t, "%s", name->name);
	if (tag)
		say(&t, ":%u", tag);
	say(&t, " = ");
	if (!say_value(&t, name, value))
		say_hex(&t, value);
	return t.len;
}
