/* SPDX-License-Identifier: ISC */
#include "hokey/explain.h"

#include <stdarg.h>
#include <stdlib.h>

#define DEPTH_MAX 16
#define INDENT    2

struct explain {
	json_t *all; /* array */
	json_t *open[DEPTH_MAX];
	size_t depth;
	json_t *last; /* field that remarks are about */
	const uint8_t *base;
	bool bad;
};

struct explain *explain_new(void)
{
	struct explain *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->all = json_array();
	if (!x->all) {
		free(x);
		return NULL;
	}
	return x;
}

void explain_free(struct explain *x)
{
	if (!x)
		return;
	json_decref(x->all);
	free(x);
}

const uint8_t *explain_base(struct explain *x, const uint8_t *base)
{
	const uint8_t *old = x->base;

	x->base = base;
	return old;
}

/* ---- building ---- */

static void set(struct explain *x, json_t *field, const char *key, json_t *value)
{
	if (json_object_set_new(field, key, value) != 0)
		x->bad = true;
}

/* Takes printf arguments; the text is ASCII, as explain_quote() makes it. */
static void set_text(
	struct explain *x, json_t *field, const char *key, const char *format, va_list ap)
{
	char text[2 * EXPLAIN_TEXT_MAX];

	vsnprintf(text, sizeof text, format, ap);
	set(x, field, key, json_string(text));
}

/* The field that is open; what is opened deeper than DEPTH_MAX adds to the last that fits. */
static json_t *innermost(const struct explain *x)
{
	size_t depth = x->depth < DEPTH_MAX ? x->depth : DEPTH_MAX;

	return depth ? x->open[depth - 1] : NULL;
}

/* The list of fields to add to; made when the first is added. */
static json_t *list_of_fields(struct explain *x)
{
	json_t *parent = innermost(x), *list;

	if (!parent)
		return x->all;
	list = json_object_get(parent, "fields");
	if (!list) {
		set(x, parent, "fields", json_array());
		list = json_object_get(parent, "fields");
	}
	return list;
}

static void add_field(
	struct explain *x, struct hk_bytes octets, const char *name, const char *value, va_list ap)
{
	json_t *field = json_object();

	if (json_array_append_new(list_of_fields(x), field) != 0)
		x->bad = true;
	x->last = field;
	set(x, field, "name", json_string(name));
	if (octets.data && octets.data >= x->base) {
		set(x, field, "offset", json_integer(octets.data - x->base));
		set(x, field, "length", json_integer((json_int_t)octets.len));
	}
	if (value)
		set_text(x, field, "value", value, ap);
}

void explain_open(
	struct explain *x, struct hk_bytes octets, const char *name, const char *value, ...)
{
	va_list ap;

	va_start(ap, value);
	add_field(x, octets, name, value, ap);
	va_end(ap);
	if (x->depth < DEPTH_MAX)
		x->open[x->depth] = x->last;
	x->depth++;
}

void explain_close(struct explain *x)
{
	x->depth--;
	x->last = NULL;
}

void explain_field(
	struct explain *x, struct hk_bytes octets, const char *name, const char *value, ...)
{
	va_list ap;

	va_start(ap, value);
	add_field(x, octets, name, value, ap);
	va_end(ap);
}

static void add_text(struct explain *x, const char *key, const char *format, va_list ap)
{
	json_t *field = x->last ? x->last : innermost(x);

	if (field)
		set_text(x, field, key, format, ap);
}

void explain_note(struct explain *x, const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	add_text(x, "note", text, ap);
	va_end(ap);
}

void explain_malformed(struct explain *x, const char *why, ...)
{
	va_list ap;

	x->bad = true;
	va_start(ap, why);
	add_text(x, "malformed", why, ap);
	va_end(ap);
}

void explain_verdict(struct explain *x, enum verdict verdict, const char *why, ...)
{
	static const char *const keys[] = {
		[VERDICT_UNCHECKED] = "unchecked",
		[VERDICT_RIGHT] = "right",
		[VERDICT_WRONG] = "wrong",
	};
	va_list ap;

	if (verdict == VERDICT_WRONG)
		x->bad = true;
	va_start(ap, why);
	add_text(x, keys[verdict], why, ap);
	va_end(ap);
}

bool explain_ok(const struct explain *x)
{
	return !x->bad;
}

json_t *explain_json(struct explain *x)
{
	return x->all;
}

void explain_clear(struct explain *x)
{
	json_array_clear(x->all);
	x->last = NULL;
	x->depth = 0;
}

/* ---- printing ---- */

static void print_remark(json_t *field, const char *key, const char *before, FILE *to)
{
	const char *text = json_string_value(json_object_get(field, key));

	if (text)
		fprintf(to, " [%s%s]", before, text);
}

static void print_field(json_t *field, int depth, FILE *to)
{
	const char *value = json_string_value(json_object_get(field, "value"));
	const char *note = json_string_value(json_object_get(field, "note"));
	json_t *offset = json_object_get(field, "offset"), *inner;
	size_t i;

	if (depth > 0 && offset)
		fprintf(to, "%5lld", (long long)json_integer_value(offset));
	else if (depth > 0)
		fprintf(to, "%5s", "");
	fprintf(to, "%*s%s", INDENT * depth, "", json_string_value(json_object_get(field, "name")));
	if (value)
		fprintf(to, ": %s", value);
	if (note)
		fprintf(to, " (%s)", note);
	print_remark(field, "right", "right: ", to);
	print_remark(field, "wrong", "WRONG: ", to);
	print_remark(field, "unchecked", "not checked: ", to);
	print_remark(field, "malformed", "MALFORMED: ", to);
	fputc('\n', to);
	json_array_foreach(json_object_get(field, "fields"), i, inner)
		print_field(inner, depth + 1, to);
}

void explain_print(struct explain *x, FILE *to)
{
	json_t *field;
	size_t i;

	json_array_foreach(x->all, i, field) print_field(field, 0, to);
}

/* ---- octets as text ---- */

const char *explain_hex(struct hk_bytes octets, char text[EXPLAIN_TEXT_MAX])
{
	size_t n = octets.len > 64 ? 32 : octets.len;

	text[0] = 0;
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", octets.data[i]);
	if (n < octets.len)
		snprintf(text + 2 * n, 4, "...");
	return text;
}

const char *explain_quote(struct hk_bytes octets, char text[EXPLAIN_TEXT_MAX])
{
	size_t n = octets.len > 256 ? 256 : octets.len;
	char *p = text;

	*p++ = '"';
	for (size_t i = 0; i < n; i++) {
		uint8_t c = octets.data[i];

		if (c == '"' || c == '\\' || c < 0x20 || c >= 0x7f)
			p += snprintf(p, 5, "\\x%02x", c);
		else
			*p++ = (char)c;
	}
	*p++ = '"';
	*p = 0;
	return text;
}
