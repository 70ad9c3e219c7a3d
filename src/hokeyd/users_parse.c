/* SPDX-License-Identifier: ISC */
/* Reading the users file. */
#include "hokeyd/log.h"
#include "hokeyd/users_table.h"

#include <hokey/aaa.h>
#include <hokey/radius.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 512

struct parser {
	const char *file;
	unsigned line;
	const char *p;
	struct hk_users *users;
	struct hk_users_error *error;
	struct hk_users_entry *entry; /* under way; NULL before the first */
	char name[WORD_MAX];          /* of it, for messages */
	uint8_t octets[HK_AUTHORIZATION_MAX];
	struct hk_buf attributes;
};

/* "file:12: alice@home.example: Class: why"; no value is ever quoted. */
static enum hk_err fail(struct parser *p, const char *what, const char *why)
{
	struct hk_bytes name = hk_text(p->entry ? p->name : "");
	char shown[101];
	char item[101];

	hk_log_escape(name, shown, sizeof(shown));
	hk_log_escape(hk_text(what), item, sizeof(item));
	snprintf(p->error->text, sizeof(p->error->text), "%.200s:%u: %s%s%s%s%.100s", p->file,
		p->line, shown, name.len ? ": " : "", item, what[0] ? ": " : "", why);
	return HK_ERR_MALFORMED;
}

static void skip_blanks(struct parser *p)
{
	while (*p->p == ' ' || *p->p == '\t' || *p->p == '\r')
		p->p++;
}

/* The end of a line, or of what counts in it. */
static bool at_end(const struct parser *p)
{
	return *p->p == 0 || *p->p == '\n' || *p->p == '#';
}

static void next_line(struct parser *p)
{
	p->p += strcspn(p->p, "\n");
	if (*p->p)
		p->p++;
	p->line++;
}

static char unescape(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

static enum hk_err read_quoted(struct parser *p, char *word)
{
	char quote = *p->p++;
	size_t n = 0;

	while (*p->p != quote) {
		char c = *p->p++;

		if (c == 0 || c == '\n' || c == '\r') {
			p->p--;
			return fail(p, "", "a quoted text does not end in its line");
		}
		if (quote == '"' && c == '\\' && *p->p && *p->p != '\n')
			c = unescape(*p->p++);
		if (n + 1 == WORD_MAX)
			return fail(p, "", "a text is too long");
		word[n++] = c;
	}
	p->p++;
	word[n] = 0;
	return HK_OK;
}

/* One word, quoted or up to one of `stop` or the end. */
static enum hk_err read_word(struct parser *p, const char *stop, char word[WORD_MAX])
{
	size_t n = 0;

	if (*p->p == '"' || *p->p == '\'')
		return read_quoted(p, word);
	while (!at_end(p) && !strchr(stop, *p->p)) {
		if (n + 1 == WORD_MAX)
			return fail(p, "", "a text is too long");
		word[n++] = *p->p++;
	}
	word[n] = 0;
	return HK_OK;
}

/* `Name = value`; all operators that set something mean the same here. */
static enum hk_err read_pair(struct parser *p, char name[WORD_MAX], char value[WORD_MAX])
{
	enum hk_err err = read_word(p, " \t\r,=+\"'", name);

	if (err)
		return err;
	/* Tags and operators share the colon: "Tunnel-Type:1 := VLAN". */
	if (name[0] && name[strlen(name) - 1] == ':' && *p->p == '=') {
		name[strlen(name) - 1] = 0;
		p->p--;
	}
	if (!name[0])
		return fail(p, "", "expected the name of an attribute");
	skip_blanks(p);
	if (p->p[0] == '=' && p->p[1] != '=')
		p->p++;
	else if ((p->p[0] == ':' || p->p[0] == '+') && p->p[1] == '=')
		p->p += 2;
	else
		return fail(p, name, "expected = and a value");
	skip_blanks(p);
	if (at_end(p) || *p->p == ',')
		return fail(p, name, "has no value");
	return read_word(p, " \t\r,", value);
}

/* Behind a pair: a comma, or the end. */
static enum hk_err end_pair(struct parser *p, const char *name)
{
	skip_blanks(p);
	if (*p->p == ',')
		p->p++;
	else if (!at_end(p))
		return fail(p, name, "expected a comma or the end of the line behind its value");
	skip_blanks(p);
	return HK_OK;
}

static enum hk_err read_check_item(struct parser *p)
{
	char name[WORD_MAX];
	char value[WORD_MAX];
	enum hk_err err = read_pair(p, name, value);

	if (err)
		return err;
	if (strcasecmp(name, "Auth-Type") != 0)
		return fail(p, name,
			"is no check item; only Auth-Type is (replies go below, "
			"indented)");
	if (strcasecmp(value, "Reject") == 0)
		p->entry->reject = true;
	else if (strcasecmp(value, "Accept") != 0)
		return fail(p, name, "expected Reject or Accept");
	return end_pair(p, name);
}

/* Why an attribute cannot be in an Access-Accept of ours; NULL: it can. */
static const char *misfit(uint8_t type)
{
	switch (type) {
	case HK_RADIUS_USER_NAME:
		return "the server puts the name from the certificate there";
	case HK_RADIUS_REPLY_MESSAGE:
		return "does not go together with EAP (RFC 3579 section 2.6.5)";
	default:
		return NULL;
	}
}

static enum hk_err read_reply_item(struct parser *p)
{
	const size_t start = p->attributes.len;
	const char *why = NULL;
	char name[WORD_MAX];
	char value[WORD_MAX];
	enum hk_err err = read_pair(p, name, value);

	if (err)
		return err;
	err = hk_radius_put_text(&p->attributes, name, value, &why);
	if (!hk_buf_ok(&p->attributes))
		return fail(p, name, "the attributes of a user have at most 1024 octets");
	if (err)
		return fail(p, name, why ? why : hk_strerror(err));
	why = misfit(p->attributes.data[start]);
	if (why)
		return fail(p, name, why);
	return end_pair(p, name);
}

static enum hk_err read_items(struct parser *p, enum hk_err (*read_item)(struct parser *p))
{
	skip_blanks(p);
	while (!at_end(p)) {
		enum hk_err err = read_item(p);

		if (err)
			return err;
	}
	return HK_OK;
}

/* Copies the attributes of the user under way to its entry. */
static enum hk_err end_user(struct parser *p)
{
	struct hk_users_entry *e = p->entry;

	if (!e || p->attributes.len == 0)
		return HK_OK;
	e->attributes = malloc(p->attributes.len);
	if (!e->attributes)
		return HK_ERR_NO_MEMORY;
	memcpy(e->attributes, p->octets, p->attributes.len);
	e->attributes_len = p->attributes.len;
	return HK_OK;
}

/* A name with a star is `*@realm` and nothing else. */
static bool good_pattern(const char *name)
{
	const char *star = strchr(name, '*');

	return !star || (star == name && name[1] == '@' && name[2] && !strpbrk(name + 2, "*@"));
}

static enum hk_err begin_user(struct parser *p)
{
	struct hk_users_entry *entry = NULL;
	char why[64];
	enum hk_err err;

	err = end_user(p);
	p->entry = NULL;
	err = err ? err : read_word(p, " \t\r,", p->name);
	if (err)
		return err;
	if (!p->name[0])
		return fail(p, "", "expected the name of a user");
	if (!good_pattern(p->name))
		return fail(p, p->name, "a pattern is *@realm");
	err = hk_users_add(p->users, hk_text(p->name), p->line, &entry);
	if (err == HK_ERR_EXISTS) {
		snprintf(why, sizeof(why), "given twice, first in line %u", entry->line);
		return fail(p, p->name, why);
	}
	if (err == HK_ERR_TOO_LONG)
		return fail(p, "", "a name has at most 253 octets");
	if (err)
		return err;
	p->entry = entry;
	p->attributes = hk_buf(p->octets, sizeof(p->octets));
	if (strcmp(p->name, "DEFAULT") == 0)
		p->users->fallback = p->users->nentries;
	return read_items(p, read_check_item);
}

static enum hk_err read_line(struct parser *p)
{
	bool indented = *p->p == ' ' || *p->p == '\t';

	skip_blanks(p);
	if (at_end(p))
		return HK_OK;
	if (!indented)
		return begin_user(p);
	if (!p->entry)
		return fail(p, "", "attributes before the first user");
	return read_items(p, read_reply_item);
}

enum hk_err hk_users_parse(
	const char *name, const char *text, struct hk_users **out, struct hk_users_error *error)
{
	struct parser p = {.file = name, .line = 1, .p = text, .error = error};
	enum hk_err err = HK_OK;

	error->text[0] = 0;
	p.users = calloc(1, sizeof(*p.users));
	if (!p.users)
		err = HK_ERR_NO_MEMORY;
	while (!err && *p.p) {
		err = read_line(&p);
		next_line(&p);
	}
	err = err ? err : end_user(&p);
	if (err) {
		if (!error->text[0])
			snprintf(error->text, sizeof(error->text), "%.200s: %s", name,
				hk_strerror(err));
		hk_users_free(p.users);
		return err;
	}
	*out = p.users;
	return HK_OK;
}
