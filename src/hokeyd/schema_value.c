/* SPDX-License-Identifier: ISC */
/* Values of options: text to number, and what an option expects in words. */
#include "hokeyd/schema.h"

#include <stdio.h>
#include <string.h>

struct unit {
	const char *word;
	uint64_t factor;
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit seconds[] = {
	{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct unit milliseconds[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000},
	{"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit sizes[] = {{"", 1}, {"K", 1u << 10}, {"M", 1u << 20}, {"G", 1u << 30},
	{"T", (uint64_t)1 << 40}, {NULL, 0}};

static const struct unit *units_of(enum hk_value_type type)
{
	switch (type) {
	case HK_VALUE_SECONDS:
		return seconds;
	case HK_VALUE_MILLISECONDS:
		return milliseconds;
	case HK_VALUE_SIZE:
		return sizes;
	default:
		return no_units;
	}
}

const struct hk_option *hk_option_find(enum hk_block_kind block, const char *name)
{
	for (size_t i = 0; i < hk_noptions; i++) {
		if (hk_options[i].block == block && strcmp(hk_options[i].name, name) == 0)
			return &hk_options[i];
	}
	return NULL;
}

/* Decimal digits and a unit, nothing else. */
static bool parse_quantity(const char *value, const struct unit *units, uint64_t *out)
{
	uint64_t n = 0;
	const char *p = value;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (n > (UINT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	if (p == value)
		return false;
	for (; units->word; units++) {
		if (strcmp(p, units->word) != 0)
			continue;
		if (n > UINT64_MAX / units->factor)
			return false;
		*out = n * units->factor;
		return true;
	}
	return false;
}

static bool parse_bool(const char *value, uint64_t *out)
{
	static const char *const words[][2] = {{"no", "yes"}, {"false", "true"}, {"off", "on"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (uint64_t v = 0; v < 2; v++) {
			if (strcmp(value, words[i][v]) == 0) {
				*out = v;
				return true;
			}
		}
	}
	return false;
}

static bool parse_choice(const struct hk_choice *choices, const char *value, uint64_t *out)
{
	for (; choices->word; choices++) {
		if (strcmp(value, choices->word) == 0) {
			*out = (uint64_t)choices->value;
			return true;
		}
	}
	return false;
}

bool hk_option_parse(const struct hk_option *option, const char *value, uint64_t *out)
{
	if (option->choices)
		return parse_choice(option->choices, value, out);
	switch (option->type) {
	case HK_VALUE_BOOL:
		return parse_bool(value, out);
	case HK_VALUE_TEXT:
	case HK_VALUE_PATH:
	case HK_VALUE_SECRET:
	case HK_VALUE_LIST:
		*out = strlen(value);
		break;
	default:
		if (!parse_quantity(value, units_of(option->type), out))
			return false;
	}
	return *out >= option->min && *out <= option->max;
}

/* A number in the largest unit that divides it: 30000 ms are "30s". */
static void write_quantity(uint64_t n, const struct unit *units, char *text, size_t size)
{
	const struct unit *best = NULL;

	for (const struct unit *u = units; u->word; u++) {
		if (n % u->factor == 0 && n && (!best || u->factor >= best->factor))
			best = u;
	}
	if (!best)
		best = units;
	snprintf(text, size, "%llu%s", (unsigned long long)(n / best->factor), best->word);
}

static void list_choices(const struct hk_choice *choices, char *text, size_t size)
{
	size_t len = 0;

	text[0] = 0;
	for (const struct hk_choice *c = choices; c->word && len < size; c++) {
		const char *between = c == choices ? "" : c[1].word ? ", " : " or ";

		len += (size_t)snprintf(text + len, size - len, "%s%s", between, c->word);
	}
}

static void expect_quantity(
	const struct hk_option *option, const char *what, char *text, size_t size)
{
	char min[32];
	char max[32];

	write_quantity(option->min, units_of(option->type), min, sizeof(min));
	write_quantity(option->max, units_of(option->type), max, sizeof(max));
	snprintf(text, size, "%s from %s to %s", what, min, max);
}

void hk_option_expects(const struct hk_option *option, char *text, size_t size)
{
	if (option->choices) {
		list_choices(option->choices, text, size);
		return;
	}
	switch (option->type) {
	case HK_VALUE_BOOL:
		snprintf(text, size, "yes or no");
		return;
	case HK_VALUE_NUMBER:
		expect_quantity(option, "a number", text, size);
		return;
	case HK_VALUE_SECONDS:
	case HK_VALUE_MILLISECONDS:
		expect_quantity(option, "a time", text, size);
		return;
	case HK_VALUE_SIZE:
		expect_quantity(option, "a size", text, size);
		return;
	case HK_VALUE_SECRET:
		snprintf(text, size, "1 to %llu octets", (unsigned long long)option->max);
		return;
	default:
		snprintf(text, size, "%s of at most %llu octets",
			option->type == HK_VALUE_PATH ? "a path" : "a text",
			(unsigned long long)option->max);
	}
}
