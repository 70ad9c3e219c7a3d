/* SPDX-License-Identifier: ISC */
/* hokey sessions, show, revoke: the key sets of a running hokeyd. */
#include "hokey/command.h"
#include "hokey/control_client.h"
#include "hokey/table.h"

#include "hokeyd/control.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX 64

#define CONTROL_HELP "  --control PATH  control socket of hokeyd (" HK_CONTROL_DEFAULT ")\n"
#define COMMON_HELP                                                                                \
	CONTROL_HELP                                                                               \
	"  --json          JSON in place of text\n"                                                \
	"  --help          this text\n"

enum option_number {
	OPTION_CONTROL = 256,
	OPTION_HELP,
	OPTION_JSON,
	OPTION_USER,
};

struct options {
	const char *command;
	const char *control;
	const char *user;
	const char *name; /* the one argument, or NULL */
	bool json;
};

/* Reads the command line; other than HK_EXIT_OK with *done: return that. */
static int read_options(
	int argc, char **argv, const char *help, bool by_user, struct options *o, bool *done)
{
	static const struct option with_user[] = {
		{"control", required_argument, NULL, OPTION_CONTROL},
		{"help", no_argument, NULL, OPTION_HELP},
		{"json", no_argument, NULL, OPTION_JSON},
		{"user", required_argument, NULL, OPTION_USER},
		{NULL, 0, NULL, 0},
	};
	static const struct option without_user[] = {
		{"control", required_argument, NULL, OPTION_CONTROL},
		{"help", no_argument, NULL, OPTION_HELP},
		{"json", no_argument, NULL, OPTION_JSON},
		{NULL, 0, NULL, 0},
	};
	int c;

	*o = (struct options){.command = argv[0], .control = HK_CONTROL_DEFAULT};
	*done = true;
	optind = 0;
	while ((c = getopt_long(argc, argv, "h", by_user ? with_user : without_user, NULL)) != -1) {
		switch (c) {
		case OPTION_CONTROL:
			o->control = optarg;
			break;
		case OPTION_JSON:
			o->json = true;
			break;
		case OPTION_USER:
			o->user = optarg;
			break;
		case 'h':
		case OPTION_HELP:
			fputs(help, stdout);
			return HK_EXIT_OK;
		default:
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return HK_EXIT_USAGE;
		}
	}
	if (argc - optind > 1)
		return usage_error(argv[0], "too many arguments");
	o->name = argv[optind];
	*done = false;
	return HK_EXIT_OK;
}

static bool open_or_complain(struct control_client *c, const struct options *o)
{
	if (control_open(c, o->control))
		return true;
	complain(o->command, "%s", c->error);
	return false;
}

/* ---- text of one session ---- */

static const char *text_of(const json_t *session, const char *member)
{
	return json_string_value(json_object_get(session, member));
}

static const char *time_text(const json_t *session, const char *member, char text[TEXT_MAX])
{
	const json_t *v = json_object_get(session, member);
	time_t t = (time_t)json_integer_value(v);
	struct tm tm;

	if (!json_is_integer(v) || !localtime_r(&t, &tm) ||
		strftime(text, TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return NULL;
	return text;
}

/* "7 h 59 min", "59 s": two units are enough. */
static const char *duration_text(const json_t *session, const char *member, char text[TEXT_MAX])
{
	static const struct {
		long long seconds;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	const json_t *v = json_object_get(session, member);
	long long s = json_integer_value(v);

	if (!json_is_integer(v))
		return NULL;
	for (size_t i = 0; i < 3; i++) {
		if (s < units[i].seconds)
			continue;
		snprintf(text, TEXT_MAX, "%lld %s %lld %s", s / units[i].seconds, units[i].name,
			s % units[i].seconds / units[i + 1].seconds, units[i + 1].name);
		return text;
	}
	snprintf(text, TEXT_MAX, "%lld s", s);
	return text;
}

static const char *number_text(const json_t *session, const char *member, char text[TEXT_MAX])
{
	const json_t *v = json_object_get(session, member);

	if (!json_is_integer(v))
		return NULL;
	snprintf(text, TEXT_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return text;
}

/* ---- sessions ---- */

static bool add_row(struct table *t, const json_t *session)
{
	char next[TEXT_MAX], last[TEXT_MAX], ends[TEXT_MAX];
	const char *cells[] = {
		text_of(session, "name"),
		text_of(session, "user"),
		number_text(session, "next_seq", next),
		time_text(session, "last_used", last),
		duration_text(session, "expires_in", ends),
	};

	return table_row(t, cells);
}

static bool print_json_line(const json_t *value)
{
	return json_dumpf(value, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF;
}

static bool print_page(const struct options *o, struct table *t, const json_t *sessions)
{
	const json_t *session;
	size_t i;

	json_array_foreach(sessions, i, session)
	{
		if (o->json ? !print_json_line(session) : !add_row(t, session))
			return false;
	}
	if (!o->json)
		table_flush(t);
	return true;
}

static json_t *page_request(const struct options *o, const json_t *cursor)
{
	json_t *request =
		json_pack("{s:s, s:i}", "command", "sessions", "max", HK_CONTROL_PAGE_MAX);

	if (request && o->user)
		json_object_set_new(request, "user", json_string(o->user));
	if (request && cursor)
		json_object_set_new(request, "cursor", json_deep_copy(cursor));
	return request;
}

/* All pages, each printed when it comes: there may be millions of sessions. */
static bool print_pages(struct control_client *c, const struct options *o, struct table *t)
{
	json_t *reply = NULL, *next;
	const json_t *cursor = NULL;
	bool good;

	do {
		next = control_ask(c, page_request(o, cursor));
		json_decref(reply);
		reply = next;
		good = reply && print_page(o, t, json_object_get(reply, "sessions"));
		cursor = json_object_get(reply, "cursor");
	} while (good && cursor && !json_is_null(cursor));
	json_decref(reply);
	return good;
}

int sessions_main(int argc, char **argv)
{
	static const char help[] = "Usage: hokey sessions [OPTION]...\n\n"
				   "Lists the key sets of a running hokeyd.\n\n"
				   "  --user NAME     only those of this user\n" COMMON_HELP;
	static const char *const names[] = {"NAME", "USER", "NEXT-SEQ", "LAST-USED", "EXPIRES-IN"};
	struct control_client c = {0};
	struct options o;
	struct table t = {0};
	bool done, good;
	int status = read_options(argc, argv, help, true, &o, &done);

	if (done)
		return status;
	if (o.name)
		return usage_error(o.command, "takes no argument: 'hokey show' shows one key set");
	if (!open_or_complain(&c, &o))
		return HK_EXIT_FAILED;
	if (!o.json)
		table_open(&t, stdout, isatty(STDOUT_FILENO), 5, names);
	good = print_pages(&c, &o, &t);
	table_close(&t);
	if (!good)
		complain(o.command, "%s", c.error[0] ? c.error : "cannot print");
	control_close(&c);
	return good && fflush(stdout) == 0 ? HK_EXIT_OK : HK_EXIT_FAILED;
}

/* ---- show ---- */

static void print_line(const char *name, const char *value)
{
	char *safe = printable(value ? value : "-");

	printf("%-13s %s\n", name, safe ? safe : "?");
	free(safe);
}

static void print_session(const json_t *session)
{
	const json_t *attribute;
	char text[TEXT_MAX];
	size_t i;

	print_line("name", text_of(session, "name"));
	print_line("user", text_of(session, "user"));
	print_line("created", time_text(session, "created", text));
	print_line("last used", time_text(session, "last_used", text));
	print_line("next SEQ", number_text(session, "next_seq", text));
	print_line("expires", time_text(session, "expires", text));
	print_line("expires in", duration_text(session, "expires_in", text));
	print_line("session ends", time_text(session, "session_end", text));
	json_array_foreach(json_object_get(session, "authorization"), i, attribute)
		print_line(i == 0 ? "authorization" : "", json_string_value(attribute));
}

int show_main(int argc, char **argv)
{
	static const char help[] =
		"Usage: hokey show [OPTION]... NAME\n\n"
		"Shows one key set of a running hokeyd. NAME is its keyName-NAI.\n\n" COMMON_HELP;
	struct control_client c = {0};
	struct options o;
	json_t *reply;
	bool done;
	int status = read_options(argc, argv, help, false, &o, &done);

	if (done)
		return status;
	if (!o.name)
		return usage_error(o.command, "needs the name of a key set");
	if (!open_or_complain(&c, &o))
		return HK_EXIT_FAILED;
	reply = control_ask(&c, json_pack("{s:s, s:s}", "command", "show", "name", o.name));
	if (!reply)
		complain(o.command, "%s", c.error);
	else if (o.json)
		print_json_line(json_object_get(reply, "session"));
	else
		print_session(json_object_get(reply, "session"));
	status = reply ? HK_EXIT_OK : HK_EXIT_FAILED;
	json_decref(reply);
	control_close(&c);
	return status;
}

/* ---- revoke ---- */

static void print_revoked(const struct options *o, const json_t *reply, json_int_t n)
{
	if (o->json)
		print_json_line(reply);
	else
		printf("%" JSON_INTEGER_FORMAT " key set%s revoked\n", n, n == 1 ? "" : "s");
}

int revoke_main(int argc, char **argv)
{
	static const char help[] =
		"Usage: hokey revoke [OPTION]... NAME\n"
		"       hokey revoke [OPTION]... --user USER\n\n"
		"Ends a key set of a running hokeyd, or all of a user. The device has to do\n"
		"full EAP next time; a session that is up is not ended.\n\n"
		"  --user USER     all key sets of this user\n" COMMON_HELP;
	struct control_client c = {0};
	struct options o;
	json_int_t n = 0;
	json_t *reply;
	bool done;
	int status = read_options(argc, argv, help, true, &o, &done);

	if (done)
		return status;
	if (!o.name == !o.user)
		return usage_error(o.command, "needs the name of a key set, or --user");
	if (!open_or_complain(&c, &o))
		return HK_EXIT_FAILED;
	reply = control_ask(&c, json_pack("{s:s, s:s}", "command", "revoke",
					o.user ? "user" : "name", o.user ? o.user : o.name));
	if (reply) {
		n = json_integer_value(json_object_get(reply, "revoked"));
		print_revoked(&o, reply, n);
	} else {
		complain(o.command, "%s", c.error);
	}
	json_decref(reply);
	control_close(&c);
	return n > 0 ? HK_EXIT_OK : HK_EXIT_FAILED;
}
