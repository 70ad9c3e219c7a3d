/* SPDX-License-Identifier: ISC */
/* hokey statistics: what a running hokeyd has counted. */
#include "hokey/ask.h"
#include "hokey/command.h"
#include "hokey/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* "3072", "12.0 MiB": databases are large, but new ones are not. */
static const char *size_text(json_int_t octets, char text[ASK_TEXT_MAX])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double size = (double)octets / 1024;
	size_t unit = 0;

	if (size < 10) {
		snprintf(text, ASK_TEXT_MAX, "%" JSON_INTEGER_FORMAT, octets);
		return text;
	}
	for (; size >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
		size /= 1024;
	snprintf(text, ASK_TEXT_MAX, "%.1f %s", size, units[unit]);
	return text;
}

static bool add_number(struct table *t, const char *prefix, const char *name, const json_t *v)
{
	char full[2 * ASK_TEXT_MAX], number[ASK_TEXT_MAX];
	const char *cells[] = {full, number};

	snprintf(full, sizeof full, "%s%s", prefix, name);
	snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return !json_is_integer(v) || table_row(t, cells);
}

static bool add_object(struct table *t, const char *prefix, json_t *object)
{
	const char *name;
	json_t *v;

	json_object_foreach(object, name, v)
	{
		if (!add_number(t, prefix, name, v))
			return false;
	}
	return true;
}

static bool add_text(struct table *t, const char *name, const char *text)
{
	const char *cells[] = {name, text};

	return table_row(t, cells);
}

static bool add_size(struct table *t, const char *name, const json_t *v)
{
	char text[ASK_TEXT_MAX];

	return add_text(t, name, size_text(json_integer_value(v), text));
}

/* The store has no sizes when it lives in memory. */
static bool add_store(struct table *t, const json_t *store)
{
	const json_t *max = json_object_get(store, "max_bytes");

	if (!add_number(t, "", "key-sets", json_object_get(store, "sets")))
		return false;
	return json_integer_value(max) == 0 ||
	       (add_size(t, "store-size", json_object_get(store, "bytes")) &&
		       add_size(t, "store-max-size", max));
}

static bool print_statistics(const json_t *reply)
{
	static const char *const names[] = {"NAME", "VALUE"};
	char uptime[ASK_TEXT_MAX];
	struct table t;
	bool good;

	table_open(&t, stdout, isatty(STDOUT_FILENO), 2, names);
	good = add_text(&t, "version", json_string_value(json_object_get(reply, "version"))) &&
	       add_text(
		       &t, "uptime", ask_duration_text(json_object_get(reply, "uptime"), uptime)) &&
	       add_number(&t, "", "workers", json_object_get(reply, "workers")) &&
	       add_number(&t, "", "logins-in-progress",
		       json_object_get(reply, "logins_in_progress")) &&
	       add_store(&t, json_object_get(reply, "store")) &&
	       add_object(&t, "", json_object_get(reply, "counters")) &&
	       add_object(&t, "eap-failed-", json_object_get(reply, "eap_failed")) &&
	       add_object(&t, "erp-failed-", json_object_get(reply, "erp_failed")) &&
	       add_object(&t, "keys-refused-", json_object_get(reply, "keys_refused"));
	table_close(&t);
	return good;
}

int statistics_main(int argc, char **argv)
{
	static const char help[] =
		"Usage: hokey statistics [OPTION]...\n\n"
		"Prints what a running hokeyd has counted since its start.\n\n" ASK_HELP;
	struct control_client c = {0};
	struct ask_options o;
	bool done, good;
	json_t *reply;
	int status = ask_read_options(argc, argv, help, ASK_PLAIN, &o, &done);

	if (done)
		return status;
	if (o.name)
		return usage_error(o.command, "too many arguments");
	if (!ask_open(&c, &o))
		return HK_EXIT_FAILED;
	reply = control_ask(&c, json_pack("{s:s}", "command", "statistics"));
	good = reply && (o.json ? ask_print_json(reply) : print_statistics(reply));
	if (!good)
		complain(o.command, "%s", c.error[0] ? c.error : "cannot print");
	json_decref(reply);
	control_close(&c);
	return good && fflush(stdout) == 0 ? HK_EXIT_OK : HK_EXIT_FAILED;
}
