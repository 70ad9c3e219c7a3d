/* SPDX-License-Identifier: ISC */
/* What the control socket's commands do; control.h describes them. */
#include "hokeyd/clock.h"
#include "hokeyd/control.h"
#include "hokeyd/server.h"

#include <hokey/radius.h>

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME_TEXT    (HK_NAI_MAX_LEN + 1)
#define WALK_STEP    256
#define WALK_MAX     16384 /* sets looked at for one page */
#define CURSOR_LEN   (HK_EMSK_NAME_LEN + 8 + 8)
#define MESSAGE_TEXT 256

/* ---- replies ---- */

/* Text that came from outside: octets that are no UTF-8 become "?". */
static json_t *text_of(struct hk_bytes v)
{
	json_t *j = json_stringn(v.len ? (const char *)v.data : "", v.len);
	char *copy;

	if (j)
		return j;
	copy = malloc(v.len + 1);
	if (!copy)
		return NULL;
	for (size_t i = 0; i < v.len; i++)
		copy[i] = v.data[i] < 0x80 ? (char)v.data[i] : '?';
	j = json_stringn(copy, v.len);
	free(copy);
	return j;
}

/* The message may quote what came in, and end in the middle of a character of that. */
static json_t *fail(const char *message)
{
	return json_pack("{s:b, s:o}", "ok", 0, "error", text_of(hk_text(message)));
}

static json_t *fail_with(enum hk_err err)
{
	return fail(hk_strerror(err));
}

static json_t *ok(void)
{
	return json_pack("{s:b}", "ok", 1);
}

static json_t *seconds_or_null(hk_time t)
{
	if (t == 0 || t == HK_NEVER)
		return json_null();
	return json_integer((json_int_t)(t / HK_SECOND));
}

/* ---- sessions ---- */

static json_t *name_of(const struct hk_keyset *set)
{
	uint8_t text[NAME_TEXT];
	struct hk_buf b = hk_buf(text, sizeof(text));

	hk_keyname_nai_write(set->emsk_name, hk_bytes(set->realm, set->realm_len), &b);
	return text_of(hk_buf_bytes(&b));
}

static json_t *authorization_of(const struct hk_keyset *set)
{
	struct hk_reader r = hk_reader(hk_bytes(set->authorization, set->authorization_len));
	struct hk_radius_attribute a;
	json_t *list = json_array();

	while (hk_radius_next(&r, &a)) {
		char text[2 * HK_RADIUS_VALUE_MAX + 64];

		hk_radius_format_attribute(&a, text, sizeof(text));
		json_array_append_new(list, text_of(hk_text(text)));
	}
	return list;
}

static json_t *describe(const struct hk_keyset *set, hk_time now)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o}", "name", name_of(set),
		"user", text_of(hk_bytes(set->user, set->user_len)), "created",
		seconds_or_null(set->created), "expires", seconds_or_null(set->expires),
		"expires_in", (json_int_t)hk_time_left_s(set->expires, now), "next_seq",
		(json_int_t)set->seq.expected, "last_used", seconds_or_null(set->seq.last_time),
		"session_end", seconds_or_null(set->session_end), "authorization",
		authorization_of(set));
}

struct page {
	json_t *list;
	size_t max;
	hk_time now;
	struct hk_bytes user; /* data NULL: all */
};

static bool put_on_page(void *arg, const struct hk_keyset *set)
{
	struct page *page = arg;

	if (set->expires > page->now &&
		(!page->user.data ||
			hk_bytes_equal(page->user, hk_bytes(set->user, set->user_len))))
		json_array_append_new(page->list, describe(set, page->now));
	return json_array_size(page->list) < page->max;
}

static bool read_cursor(const char *text, struct hk_walk *cursor)
{
	uint8_t octets[CURSOR_LEN];

	if (strlen(text) != 2 * sizeof(octets))
		return false;
	for (size_t i = 0; i < sizeof(octets); i++) {
		char pair[3] = {text[2 * i], text[2 * i + 1], 0};
		char *end;

		octets[i] = (uint8_t)strtoul(pair, &end, 16);
		if (end != pair + 2)
			return false;
	}
	memcpy(cursor->position, octets, sizeof(cursor->position));
	cursor->count = hk_load_u64(octets + sizeof(cursor->position));
	return true;
}

static json_t *write_cursor(const struct hk_walk *cursor)
{
	uint8_t octets[CURSOR_LEN];
	char text[2 * CURSOR_LEN + 1];

	memcpy(octets, cursor->position, sizeof(cursor->position));
	hk_store_u64(octets + sizeof(cursor->position), cursor->count);
	for (size_t i = 0; i < sizeof(octets); i++)
		snprintf(text + 2 * i, 3, "%02x", octets[i]);
	return json_string(text);
}

/* Fills a page; looks at a bounded number of sets, so a page may stay short. */
static enum hk_err walk(struct hk_server *s, struct hk_walk *cursor, struct page *page, bool *done)
{
	enum hk_err err = HK_OK;
	size_t seen = 0;

	*done = false;
	while (!err && !*done && seen < WALK_MAX && json_array_size(page->list) < page->max) {
		/* Without a filter each set takes a place: never look at more than fit. */
		size_t left = page->max - json_array_size(page->list);
		size_t step = page->user.data ? WALK_STEP : left;

		err = hk_keystore_walk(s->store, cursor, step, put_on_page, page, done);
		seen += step;
	}
	return err;
}

static json_t *run_sessions(struct hk_server *s, const json_t *request)
{
	const json_t *max = json_object_get(request, "max");
	const json_t *user = json_object_get(request, "user");
	const json_t *from = json_object_get(request, "cursor");
	struct page page = {.max = HK_CONTROL_PAGE_MAX, .now = hk_clock_now()};
	struct hk_walk cursor = {{0}, 0};
	json_t *reply;
	enum hk_err err;
	bool done;

	if (max) {
		if (!json_is_integer(max) || json_integer_value(max) < 1)
			return fail("\"max\" is no positive number");
		if (json_integer_value(max) < HK_CONTROL_PAGE_MAX)
			page.max = (size_t)json_integer_value(max);
	}
	if (from && (!json_is_string(from) || !read_cursor(json_string_value(from), &cursor)))
		return fail("\"cursor\" is not one of ours");
	if (user) {
		if (!json_is_string(user))
			return fail("\"user\" is no text");
		page.user = hk_bytes(json_string_value(user), json_string_length(user));
	}
	page.list = json_array();
	err = walk(s, &cursor, &page, &done);
	if (err) {
		json_decref(page.list);
		return fail_with(err);
	}
	reply = json_pack("{s:b, s:o}", "ok", 1, "sessions", page.list);
	if (reply && !done)
		json_object_set_new(reply, "cursor", write_cursor(&cursor));
	return reply;
}

static bool read_name(const json_t *request, struct hk_keyname_nai *out)
{
	const json_t *name = json_object_get(request, "name");

	return json_is_string(name) &&
	       hk_keyname_nai_parse(
		       hk_bytes(json_string_value(name), json_string_length(name)), out) == HK_OK;
}

static json_t *run_show(struct hk_server *s, const json_t *request)
{
	hk_time now = hk_clock_now();
	struct hk_keyname_nai nai;
	struct hk_keyset set;
	json_t *reply;
	enum hk_err err;

	if (!read_name(request, &nai))
		return fail("\"name\" is no keyName-NAI (16 hex digits@realm)");
	err = hk_keystore_find(s->store, nai.emsk_name, nai.realm, now, &set);
	if (err)
		return fail_with(err);
	reply = json_pack("{s:b, s:o}", "ok", 1, "session", describe(&set, now));
	hk_keyset_wipe(&set);
	return reply;
}

static json_t *describe_group(const struct hk_withdrawal_group *g)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "group", (json_int_t)g->number, "pending",
		(json_int_t)g->pending, "done", (json_int_t)g->done, "failed",
		(json_int_t)g->failed);
}

static json_t *run_revoke(struct hk_server *s, const json_t *request)
{
	bool everywhere = json_is_true(json_object_get(request, "everywhere"));
	uint64_t group = everywhere ? hk_withdrawals_begin(s->withdrawals) : 0;
	const json_t *user = json_object_get(request, "user");
	struct hk_keyname_nai nai;
	size_t removed = 0;
	json_t *reply;
	enum hk_err err;

	if (json_is_string(user))
		err = hk_revoke_user(s, hk_bytes(json_string_value(user), json_string_length(user)),
			group, &removed);
	else if (read_name(request, &nai))
		err = hk_revoke_name(s, &nai, group, &removed);
	else
		return fail("neither a \"user\" nor a \"name\" (16 hex digits@realm)");
	if (err && err != HK_ERR_NOT_FOUND)
		return fail_with(err);
	reply = json_pack("{s:b, s:I}", "ok", 1, "revoked", (json_int_t)removed);
	if (reply && everywhere)
		json_object_set_new(reply, "elsewhere",
			describe_group(hk_withdrawals_find(s->withdrawals, group)));
	return reply;
}

static json_t *run_withdrawals(struct hk_server *s, const json_t *request)
{
	const json_t *number = json_object_get(request, "group");
	const struct hk_withdrawal_group *g =
		json_is_integer(number) && json_integer_value(number) > 0
			? hk_withdrawals_find(s->withdrawals, (uint64_t)json_integer_value(number))
			: NULL;

	if (!g)
		return fail("there is no such \"group\", or no longer");
	return json_pack("{s:b, s:o}", "ok", 1, "elsewhere", describe_group(g));
}

/* ---- the server itself ---- */

static void put_number(json_t *object, const char *name, uint64_t value)
{
	json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *by_reason(const uint64_t *counts)
{
	json_t *object = json_object();

	for (int i = 1; i < HK_ERR_COUNT; i++) {
		if (counts[i])
			put_number(object, hk_errname((enum hk_err)i), counts[i]);
	}
	return object;
}

static json_t *refused_keys(const uint64_t *counts)
{
	json_t *object = json_object();

	for (uint32_t i = 1; i < HK_KEY_ERROR_COUNT; i++) {
		if (counts[i])
			put_number(object, hk_key_error_name(i), counts[i]);
	}
	return object;
}

static json_t *describe_counters(const struct hk_totals *totals)
{
	json_t *object = json_object();

	for (int i = 0; i < HK_COUNTERS; i++)
		put_number(object, hk_counter_name((enum hk_counter)i), totals->count[i]);
	return object;
}

static json_t *describe_store(struct hk_server *s)
{
	struct hk_keystore_stats stats;

	if (hk_keystore_stats(s->store, &stats))
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "sets", (json_int_t)stats.sets, "bytes",
		(json_int_t)stats.bytes, "max_bytes", (json_int_t)stats.max_bytes);
}

static json_int_t uptime_s(const struct hk_server *s)
{
	return (json_int_t)((hk_clock_now() - s->started) / HK_SECOND);
}

static json_t *run_statistics(struct hk_server *s, const json_t *request)
{
	struct hk_totals totals;

	(void)request;
	hk_server_totals(s, &totals);
	return json_pack("{s:b, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "ok", 1, "version",
		HK_VERSION, "uptime", uptime_s(s), "workers", (json_int_t)s->nworkers,
		"logins_in_progress", (json_int_t)hk_home_sessions(s->home), "store",
		describe_store(s), "counters", describe_counters(&totals), "eap_failed",
		by_reason(totals.eap_failed), "erp_failed", by_reason(totals.erp_failed),
		"keys_refused", refused_keys(totals.keys_refused));
}

static json_t *run_ping(struct hk_server *s, const json_t *request)
{
	(void)request;
	return json_pack("{s:b, s:s, s:I, s:I}", "ok", 1, "version", HK_VERSION, "pid",
		(json_int_t)getpid(), "uptime", uptime_s(s));
}

static json_t *run_reload(struct hk_server *s, const json_t *request)
{
	struct hk_config_error error = {""};
	enum hk_err err = hk_server_reload(s, &error);

	(void)request;
	if (!err)
		return ok();
	return error.text[0] ? fail(error.text) : fail_with(err);
}

/* ---- choosing ---- */

static const struct {
	const char *name;
	json_t *(*run)(struct hk_server *s, const json_t *request);
} commands[] = {
	{"ping", run_ping},
	{"reload", run_reload},
	{"revoke", run_revoke},
	{"sessions", run_sessions},
	{"show", run_show},
	{"statistics", run_statistics},
	{"withdrawals", run_withdrawals},
};

static json_t *run(struct hk_server *s, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "command"));

	if (!name)
		return fail("no \"command\"");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(s, request);
	}
	return fail("no such command");
}

char *hk_control_answer(struct hk_server *s, const char *line, size_t len)
{
	json_error_t where;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &where);
	json_t *reply;
	size_t size;
	char *text;

	if (request) {
		reply = run(s, request);
		hk_keystore_release(s->store);
	} else {
		char message[MESSAGE_TEXT];

		snprintf(message, sizeof(message), "no JSON: %s", where.text);
		reply = fail(message);
	}
	json_decref(request);
	if (!reply)
		return NULL;

	size = json_dumpb(reply, NULL, 0, JSON_COMPACT);
	text = malloc(size + 2);
	if (text) {
		json_dumpb(reply, text, size, JSON_COMPACT);
		text[size] = '\n';
		text[size + 1] = 0;
	}
	json_decref(reply);
	return text;
}
