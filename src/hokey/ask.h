/* SPDX-License-Identifier: ISC */
/* What the subcommands have in common that ask a running hokeyd. */
#ifndef HK_HOKEY_ASK_H
#define HK_HOKEY_ASK_H

#include "hokey/control_client.h"

#include "hokeyd/control.h"

#define ASK_TEXT_MAX 64

#define ASK_HELP                                                                                   \
	"  --control PATH  control socket of hokeyd (" HK_CONTROL_DEFAULT ")\n"                    \
	"  --json          JSON in place of text\n"                                                \
	"  --help          this text\n"

struct ask_options {
	const char *command;
	const char *control;
	const char *user;
	const char *name; /* the one argument, or NULL */
	bool json;
	bool everywhere;
};

/* Which options there are, each with those before it. */
enum ask_kind {
	ASK_PLAIN,
	ASK_USER,                     /* --user */
	ASK_REVOKE,                   /* --everywhere */
};

/*
 * Reads the command line. Other than HK_EXIT_OK with
 * *done: return that.
 */
int ask_read_options(
	int argc, char **argv, const char *help, enum ask_kind kind, struct ask_options *o, bool *done);

/* Into a zeroed struct. False: said why. */
bool ask_open(struct control_client *c, const struct ask_options *o);

/* One line of JSON. */
bool ask_print_json(const json_t *value);

/* "7 h 59 min", "59 s": two units are enough. NULL when v is no integer. */
const char *ask_duration_text(const json_t *v, char text[ASK_TEXT_MAX]);

#endif
