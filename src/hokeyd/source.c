/* SPDX-License-Identifier: ISC */
#include "hokeyd/source.h"

#include <stdbool.h>
#include <stddef.h>

struct scan {
	char *p;
	int line;
	int depth;  /* of braces */
	int opened; /* line of the outermost one that is open */
	const char *problem;
};

static void blank(struct scan *s)
{
	if (*s->p == '\n')
		s->line++;
	else
		*s->p = ' ';
	s->p++;
}

static void blank_line_comment(struct scan *s)
{
	while (*s->p && *s->p != '\n')
		blank(s);
}

static void blank_block_comment(struct scan *s)
{
	int start = s->line;

	blank(s);
	blank(s);
	while (*s->p && !(s->p[0] == '*' && s->p[1] == '/'))
		blank(s);
	if (!*s->p) {
		s->line = start;
		s->problem = "this comment does not end";
		return;
	}
	blank(s);
	blank(s);
}

static void skip_quoted(struct scan *s)
{
	char quote = *s->p++;

	while (*s->p != quote) {
		if (!*s->p || *s->p == '\n') {
			s->problem = "a quoted text does not end in its line";
			return;
		}
		if (quote == '"' && s->p[0] == '$' && s->p[1] == '{') {
			s->problem = "the environment is not used here; "
				     "put text with ${ into single quotes";
			return;
		}
		if (*s->p == '\\' && s->p[1] && s->p[1] != '\n')
			s->p++;
		s->p++;
	}
	s->p++;
}

/* A // only begins a comment where a word could begin: "a//b" is a path. */
static bool begins_comment(const struct scan *s, const char *text)
{
	bool in_word = s->p > text && s->p[-1] != ' ' && s->p[-1] != '\t' && s->p[-1] != '\n' &&
		       s->p[-1] != '{' && s->p[-1] != '}';

	return s->p[0] == '/' && s->p[1] == '/' && !in_word;
}

static void scan_plain(struct scan *s)
{
	switch (*s->p) {
	case '\n':
		s->line++;
		s->p++;
		return;
	case '{':
		if (s->depth++ == 0)
			s->opened = s->line;
		s->p++;
		return;
	case '}':
		s->depth--;
		s->p++;
		return;
	case ';':
	case '\r':
		blank(s);
		return;
	case '*':
		s->problem = "a value with * needs quotes";
		return;
	case '$':
		if (s->p[1] == '{') {
			s->problem = "the environment is not used here; "
				     "put text with ${ into single quotes";
			return;
		}
		s->p++;
		return;
	case '+':
		if (s->p[1] != '=') {
			s->problem = "a value with + needs quotes";
			return;
		}
		s->p += 2;
		return;
	case '\\':
		s->problem = "a value with \\ needs quotes";
		return;
	default:
		s->p++;
	}
}

const char *hk_source_clean(char *text, int *line)
{
	struct scan s = {.p = text, .line = 1};

	while (*s.p && !s.problem) {
		if (*s.p == '#' || begins_comment(&s, text))
			blank_line_comment(&s);
		else if (s.p[0] == '/' && s.p[1] == '*')
			blank_block_comment(&s);
		else if (*s.p == '"' || *s.p == '\'')
			skip_quoted(&s);
		else
			scan_plain(&s);
	}
	*line = s.line;
	if (!s.problem && s.depth > 0) {
		*line = s.opened;
		return "this block is not closed";
	}
	return s.problem;
}
