/* SPDX-License-Identifier: ISC */
/* hokey sessions, show, revoke: the key sets of a running hokeyd. */
#include "hokey/ask.h"
#include "hokey/command.h"
#include "hokey/table.h"

#include "hokeyd/control.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX     ASK_TEXT_MAX
#define WAIT_STEP_MS 50
#define WAIT_STEPS   100

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

static const char *duration_text(const json_t *session, const char *member, char text[TEXT_MAX])
{
	return ask_duration_text(json_object_get(session, member), text);
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

static bool print_page(const struct ask_options *o, struct table *t, const json_t *sessions)
{
	const json_t *session;
	size_t i;

	json_array_foreach(sessions, i, session)
	{
		if (o->json ? !ask_print_json(session) : !add_row(t, session))
			return false;
	}
	if (!o->json)
		table_flush(t);
	return true;
}

static json_t *page_request(const struct ask_options *o, const json_t *cursor)
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
static bool print_pages(struct control_client *c, const struct ask_options *o, struct table *t)
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
				   "  --user NAME     only those of this user\n" ASK_HELP;
	static const char *const names[] = {"NAME", "USER", "NEXT-SEQ", "LAST-USED", "EXPIRES-IN"};
	struct control_client c = {0};
	struct ask_options o;
	struct table t = {0};
	bool done, good;
	int status = ask_read_options(argc, argv, help, ASK_USER, &o, &done);

	if (done)
		return status;
	if (o.name)
		return usage_error(o.command, "takes no argument: 'hokey show' shows one key set");
	if (!ask_open(&c, &o))
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
		"Shows one key set of a running hokeyd. NAME is its keyName-NAI.\n\n" ASK_HELP;
	struct control_client c = {0};
	struct ask_options o;
	json_t *reply;
	bool done;
	int status = ask_read_options(argc, argv, help, ASK_PLAIN, &o, &done);

	if (done)
		return status;
	if (!o.name)
		return usage_error(o.command, "needs the name of a key set");
	if (!ask_open(&c, &o))
		return HK_EXIT_FAILED;
	reply = control_ask(&c, json_pack("{s:s, s:s}", "command", "show", "name", o.name));
	if (!reply)
		complain(o.command, "%s", c.error);
	else if (o.json)
		ask_print_json(json_object_get(reply, "session"));
	else
		print_session(json_object_get(reply, "session"));
	status = reply ? HK_EXIT_OK : HK_EXIT_FAILED;
	json_decref(reply);
	control_close(&c);
	return status;
}

/* ---- revoke ---- */

static json_int_t count_of(const json_t *reply, const char *member)
{
	return json_integer_value(json_object_get(json_object_get(reply, "elsewhere"), member));
}

static void print_revoked(const struct ask_options *o, const json_t *reply)
{
	json_int_t n = json_integer_value(json_object_get(reply, "revoked"));
	json_int_t done = count_of(reply, "done"), failed = count_of(reply, "failed"),
		   pending = count_of(reply, "pending");

	if (o->json) {
		ask_print_json(reply);
		return;
	}
	printf("%" JSON_INTEGER_FORMAT " key set%s revoked\n", n, n == 1 ? "" : "s");
	if (o->everywhere)
		printf("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
		       " keys at other servers ended\n",
			done, done + failed + pending);
	if (pending)
		printf("%" JSON_INTEGER_FORMAT " not yet: hokeyd goes on trying\n", pending);
	if (failed)
		printf("%" JSON_INTEGER_FORMAT " end with their lifetime only; see hokeyd's log\n",
			failed);
}

static json_t *revoke_request(const struct ask_options *o)
{
	json_t *request = json_pack("{s:s, s:s}", "command", "revoke", o->user ? "user" : "name",
		o->user ? o->user : o->name);

	if (request && o->everywhere)
		json_object_set_new(request, "everywhere", json_true());
	return request;
}

/* Other servers answer in milliseconds when they can be reached. */
static bool wait_for_others(struct control_client *c, json_t *reply)
{
	const struct timespec moment = {0, WAIT_STEP_MS * 1000000};

	for (int i = 0; i < WAIT_STEPS && count_of(reply, "pending"); i++) {
		json_t *now;

		nanosleep(&moment, NULL);
		now = control_ask(c, json_pack("{s:s, s:I}", "command", "withdrawals", "group",
					     count_of(reply, "group")));
		if (!now)
			return false;
		json_object_set(reply, "elsewhere", json_object_get(now, "elsewhere"));
		json_decref(now);
	}
	return true;
}

int revoke_main(int argc, char **argv)
{
	static const char help[] =
		"Usage: hokey revoke [OPTION]... NAME\n"
		"       hokey revoke [OPTION]... --user USER\n\n"
		"Ends a key set of a running hokeyd, or all of a user. The device has to do\n"
		"full EAP next time; a session that is up is not ended.\n\n"
		"  --user USER     all key sets of this user\n"
		"  --everywhere    also the keys that other servers got from it\n" ASK_HELP;
	struct control_client c = {0};
	struct ask_options o;
	json_t *reply;
	bool done, good;
	int status = ask_read_options(argc, argv, help, ASK_REVOKE, &o, &done);

	if (done)
		return status;
	if (!o.name == !o.user)
		return usage_error(o.command, "needs the name of a key set, or --user");
	if (!ask_open(&c, &o))
		return HK_EXIT_FAILED;
	reply = control_ask(&c, revoke_request(&o));
	good = reply && (!o.everywhere || wait_for_others(&c, reply));
	if (reply)
		print_revoked(&o, reply);
	if (!good)
		complain(o.command, "%s", c.error);
	good = good && json_integer_value(json_object_get(reply, "revoked")) > 0 &&
	       !count_of(reply, "pending") && !count_of(reply, "failed");
	json_decref(reply);
	control_close(&c);
	return good ? HK_EXIT_OK : HK_EXIT_FAILED;
}
