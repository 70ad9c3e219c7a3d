/* SPDX-License-Identifier: ISC */
#include "hokeyd/config_docs.h"

#include "hokeyd/schema.h"

#include <stdbool.h>
#include <string.h>

/*
 * The prose around the options, as Markdown. The man page gets the same:
 * "## " becomes .SH, a fenced block an example, `x` bold, a link its text.
 */
static const char syntax_text[] =
	"`hokeyd` reads its configuration once at start, and again at SIGHUP. A file with a\n"
	"mistake is refused as a whole: at start `hokeyd` does not run, at SIGHUP it goes on with\n"
	"what it has. `hokeyd --check-config` says what is wrong, with file and line, and ends.\n"
	"\n"
	"## Syntax\n"
	"\n"
	"```\n"
	"# a comment; // and /* ... */ work too\n"
	"workers = 4\n"
	"\n"
	"client ap1 {\n"
	"        address = 192.0.2.17\n"
	"        secret = 'as long and random as you like'\n"
	"}\n"
	"```\n"
	"\n"
	"An option is `name = value`, one per line or set apart by semicolons. Blocks hold options "
	"in\n"
	"braces; those that have a name, such as `listen` and `client`, may come many times, the\n"
	"others once.\n"
	"A list is `{ a, b }`. Values that hold anything but letters, digits and `. _ - / : @` "
	"stand in\n"
	"quotes: in single quotes every character but `'` and `\\` stands for itself, in double "
	"quotes\n"
	"`\\n`, `\\t`, `\\x41`, `\\\"` and `\\\\` work as in C. Environment variables are not "
	"used.\n"
	"\n"
	"Times are `30s`, `5m`, `8h`, `7d`, `250ms`; a bare number means seconds. Sizes are `64K`, "
	"`512M`,\n"
	"`1G`. Yes and no may also be `on` and `off` or `true` and `false`. A path that does not "
	"begin\n"
	"with `/` starts at the directory of the configuration file.\n"
	"\n"
	"## A small configuration\n"
	"\n"
	"```\n"
	"users-file = users\n"
	"\n"
	"listen all { address = 0.0.0.0 }\n"
	"\n"
	"client accesspoints {\n"
	"        address = 192.0.2.0/24\n"
	"        secret-file = secrets/accesspoints\n"
	"}\n"
	"\n"
	"eap {\n"
	"        ca = certs/ca.pem\n"
	"        certificate = certs/server.pem\n"
	"        key = certs/server.key\n"
	"}\n"
	"\n"
	"erp { realms = { home.example } }\n"
	"```\n"
	"\n"
	"## Who may read the files\n"
	"\n"
	"Configuration, key and secrets are read at start and again at SIGHUP, then by the user "
	"that\n"
	"`hokeyd` runs as: that of the unit file, or the one of `user`. Nobody else should be able "
	"to\n"
	"read them, and `hokeyd` itself need not be able to change them:\n"
	"\n"
	"```\n"
	"chown root:hokeyd hokeyd.conf users certs/server.key secrets/*\n"
	"chmod 0640 hokeyd.conf users certs/server.key secrets/*\n"
	"```\n"
	"\n"
	"`hokeyd` warns of files that others can read, and, when it was started as root, of those "
	"that\n"
	"its user could not read again.\n"
	"\n";

static const char users_text[] =
	"## The users file\n"
	"\n"
	"Who may log in, and which RADIUS attributes their Access-Accept carries, at the full\n"
	"authentication and at every re-authentication after it. It reads like FreeRADIUS's:\n"
	"\n"
	"```\n"
	"# user, then what the reply carries, indented\n"
	"alice@home.example\n"
	"        Tunnel-Type = VLAN,\n"
	"        Tunnel-Medium-Type = IEEE-802,\n"
	"        Tunnel-Private-Group-Id = \"12\"\n"
	"\n"
	"bob@home.example  Auth-Type := Reject\n"
	"\n"
	"*@staff.home.example\n"
	"        Class = \"staff\", Session-Timeout = 28800\n"
	"\n"
	"DEFAULT  Auth-Type := Reject\n"
	"```\n"
	"\n"
	"A line that begins with a name begins a user; the lines below it that begin with a blank "
	"are\n"
	"their attributes. A name is looked for among the names in the device's certificate, in "
	"their\n"
	"order: e-mail address, DNS name, user principal name and URI of the subject alternative "
	"name,\n"
	"then the subject. The part before the `@` counts as it is written, the realm in any case. "
	"The\n"
	"first name that is in the file counts, by itself or by the pattern `*@realm` of its "
	"realm; the\n"
	"order of the file does not matter. When none is in the file, `DEFAULT` counts; without it "
	"the\n"
	"login is refused.\n"
	"\n"
	"The only check item is `Auth-Type := Reject` (or `Accept`). Attributes are written by "
	"their\n"
	"names, values by name or number; `=`, `:=` and `+=` mean the same. Those that the server "
	"makes\n"
	"itself (keys, EAP-Message, State and the like) are refused. The attributes of one user "
	"have\n"
	"at most 1024 octets together. A tag follows the name: `Tunnel-Type:1 = VLAN`.\n"
	"\n";

static void describe_values(const struct hk_option *o, char *text, size_t size)
{
	char what[150];

	if (o->type == HK_VALUE_PATH && o->max >= 1000) {
		snprintf(text, size, "a path");
		return;
	}
	hk_option_expects(o, what, sizeof(what));
	snprintf(text, size, "%s%s", o->type == HK_VALUE_LIST ? "a list, each " : "", what);
}

/* ---- Markdown ---- */

/* Running text in lines of at most 96 octets. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > 96) {
			fputc('\n', out);
			column = 0;
		} else if (column) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, word, out);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_option_md(FILE *out, const struct hk_option *o)
{
	char values[200];

	describe_values(o, values, sizeof(values));
	fprintf(out, "### `%s`\n\n%s.\n", o->name, o->help);
	if (o->text)
		print_wrapped(out, o->text);
	fprintf(out, "\nValue: %s. ", values);
	if (o->required)
		fprintf(out, "Required.\n\n");
	else if (o->fallback)
		fprintf(out, "Default: `%s`.\n\n", o->fallback);
	else
		fprintf(out, "Not set by default.\n\n");
}

static void print_block_md(FILE *out, unsigned block)
{
	const struct hk_block *b = &hk_blocks[block];

	if (!b->name) {
		fprintf(out, "## Options outside of blocks\n\n");
	} else {
		fprintf(out, "## Block `%s%s`\n\n", b->name, b->titled ? " NAME" : "");
		print_wrapped(out, b->text);
		fputc('\n', out);
	}
	fprintf(out, "| option | default | |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < hk_noptions; i++) {
		const struct hk_option *o = &hk_options[i];
		const char *quote = o->fallback ? "`" : "";

		if (o->block == block)
			fprintf(out, "| `%s` | %s%s%s | %s |\n", o->name, quote,
				o->required   ? "required"
				: o->fallback ? o->fallback
					      : "",
				quote, o->help);
	}
	fprintf(out, "\n");
	for (size_t i = 0; i < hk_noptions; i++) {
		if (hk_options[i].block == block)
			print_option_md(out, &hk_options[i]);
	}
}

void hk_config_docs_markdown(FILE *out)
{
	fprintf(out, "<!-- Made from src/hokeyd/schema.c by print-config-docs; "
		     "do not edit. -->\n\n");
	fprintf(out, "# hokeyd.conf\n\n%s", syntax_text);
	for (unsigned b = 0; b < HK_BLOCKS; b++)
		print_block_md(out, b);
	fputs(users_text, out);
}

/* ---- man ---- */

static void print_escaped(FILE *out, char c)
{
	if (c == '\\')
		fputs("\\e", out);
	else if (c == '-')
		fputs("\\-", out);
	else if (c == '\'')
		fputs("\\(aq", out);
	else
		fputc(c, out);
}

/* A line of Markdown as running text. */
static const char *print_inline(FILE *out, const char *p)
{
	bool bold = false;

	for (; *p && *p != '\n'; p++) {
		if (*p == '`') {
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", out);
		} else if (*p == '[' && !bold) {
			continue;
		} else if (p[0] == ']' && p[1] == '(' && !bold) {
			p += strcspn(p, ")\n");
		} else {
			print_escaped(out, *p);
		}
	}
	fputc('\n', out);
	return *p ? p + 1 : p;
}

static const char *print_example(FILE *out, const char *p)
{
	fputs(".PP\n.RS 4\n.nf\n", out);
	while (strncmp(p, "```\n", 4) != 0) {
		if (*p == '.' || *p == '\'')
			fputs("\\&", out);
		for (; *p != '\n'; p++)
			print_escaped(out, *p);
		fputc(*p++, out);
	}
	fputs(".fi\n.RE\n", out);
	return p + 4;
}

static void print_man_text(FILE *out, const char *p)
{
	while (*p) {
		if (strncmp(p, "## ", 3) == 0) {
			fputs(".SH ", out);
			for (p += 3; *p != '\n'; p++)
				fputc(*p >= 'a' && *p <= 'z' ? *p - 32 : *p, out);
			fputc(*p++, out);
		} else if (strncmp(p, "```\n", 4) == 0) {
			p = print_example(out, p + 4);
		} else if (*p == '\n') {
			p++;
			if (*p && *p != '#' && *p != '`')
				fputs(".PP\n", out);
		} else {
			p = print_inline(out, p);
		}
	}
}

static void print_option_man(FILE *out, const struct hk_option *o)
{
	char text[260];
	char values[200];

	describe_values(o, values, sizeof(values));
	fputs(".TP\n\\fB", out);
	for (const char *p = o->name; *p; p++)
		print_escaped(out, *p);
	fputs("\\fR\n", out);
	snprintf(text, sizeof(text), "%s.", o->help);
	print_inline(out, text);
	if (o->text)
		print_man_text(out, o->text);
	snprintf(text, sizeof(text), "Value: %s.", values);
	print_inline(out, text);
	if (o->required) {
		print_inline(out, "Required.");
	} else if (o->fallback) {
		snprintf(text, sizeof(text), "Default: `%s`.", o->fallback);
		print_inline(out, text);
	}
}

static void print_block_man(FILE *out, unsigned block)
{
	const struct hk_block *b = &hk_blocks[block];

	if (b->name) {
		fprintf(out, ".SH BLOCK \\fI%s%s\\fR\n", b->name, b->titled ? " NAME" : "");
		print_man_text(out, b->text);
		fputc('\n', out);
	} else {
		fprintf(out, ".SH OPTIONS OUTSIDE OF BLOCKS\n");
	}
	for (size_t i = 0; i < hk_noptions; i++) {
		if (hk_options[i].block == block)
			print_option_man(out, &hk_options[i]);
	}
}

void hk_config_docs_man(FILE *out)
{
	fputs(".\\\" SPDX-License-Identifier: ISC\n"
	      ".\\\" Made from src/hokeyd/schema.c by print-config-docs; do not edit.\n"
	      ".TH HOKEYD.CONF 5 \"\" hokey \"hokey manual\"\n"
	      ".SH NAME\n"
	      "hokeyd.conf \\- configuration of the EAP re\\-authentication server\n"
	      ".SH DESCRIPTION\n",
		out);
	print_man_text(out, syntax_text);
	for (unsigned b = 0; b < HK_BLOCKS; b++)
		print_block_man(out, b);
	print_man_text(out, users_text);
	fputs(".SH FILES\n"
	      ".TP\n\\fI/etc/hokey/hokeyd.conf\\fR\nthe configuration\n"
	      ".TP\n\\fI/var/lib/hokeyd\\fR\nkey sets and the key that encrypts them\n"
	      ".TP\n\\fI/run/hokeyd/control.sock\\fR\nthe control socket\n"
	      ".SH SEE ALSO\n"
	      "\\fBhokeyd\\fR(8), \\fBhokey\\fR(1)\n",
		out);
}
