/* SPDX-License-Identifier: ISC */
/* What the control socket's commands see and do. */
#include "test.h"

#include "hokeyd/clock.h"
#include "hokeyd/control.h"
#include "hokeyd/server.h"

#include <jansson.h>

#define REALM "home.example"

struct desk {
	struct hk_server server;
	hk_time now;
};

static int setup(void **state)
{
	static const struct hk_keystore_memory_config memory;
	struct desk *d = calloc(1, sizeof(*d));

	hk_clock_start();
	d->now = hk_clock_now();
	d->server.started = d->now - 5 * HK_SECOND;
	assert_ok(hk_keystore_memory_open(&memory, &d->server.store));
	assert_ok(hk_home_new(NULL, NULL, &d->server.home));
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;

	hk_keystore_close(d->server.store);
	hk_home_free(d->server.home);
	free(d);
	return 0;
}

/* A key set whose keys are 0x5a everywhere, so that they would be seen. */
static void put(struct desk *d, uint32_t number, const char *user, hk_time expires)
{
	struct hk_keyset set;

	memset(&set, 0, sizeof(set));
	memset(&set.keys, 0x5a, sizeof(set.keys));
	set.keys.len = 64;
	hk_store_u32(set.emsk_name, number);
	memcpy(set.realm, REALM, sizeof(REALM) - 1);
	set.realm_len = sizeof(REALM) - 1;
	set.user_len = (uint16_t)strlen(user);
	memcpy(set.user, user, set.user_len);
	memcpy(set.authorization,
		"\x19\x06"
		"user\x1b\x06\x00\x00\x0e\x10",
		12);
	set.authorization_len = 12;
	set.created = d->now;
	set.expires = expires;
	set.session_end = number % 2 ? HK_NEVER : d->now + 7200 * HK_SECOND;
	assert_ok(hk_keystore_put(d->server.store, &set));
}

static json_t *run(struct desk *d, const char *request)
{
	char *line = hk_control_answer(&d->server, request, strlen(request));
	json_t *reply;

	assert_non_null(line);
	assert_int_equal(line[strlen(line) - 1], '\n');
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_null(strstr(line, "5a5a"));
	assert_null(strstr(line, "ZZZZ"));
	reply = json_loads(line, 0, NULL);
	assert_non_null(reply);
	free(line);
	return reply;
}

static json_t *run_ok(struct desk *d, const char *request)
{
	json_t *reply = run(d, request);

	if (!json_is_true(json_object_get(reply, "ok")))
		fail_msg("%s: %s", request, json_string_value(json_object_get(reply, "error")));
	return reply;
}

static void assert_refused(struct desk *d, const char *request, const char *error)
{
	json_t *reply = run(d, request);

	assert_true(json_is_false(json_object_get(reply, "ok")));
	assert_non_null(strstr(json_string_value(json_object_get(reply, "error")), error));
	json_decref(reply);
}

static json_int_t number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* K4962-5-01 */
static void show(void **state)
{
	struct desk *d = *state;
	json_t *reply, *session, *authorization;

	put(d, 0xcfe8ced1, "alice@home.example", d->now + 3600 * HK_SECOND);
	/* the name in any case */
	reply = run_ok(d, "{\"command\":\"show\",\"name\":\"CFE8ced100000000@HOME.example\"}");
	session = json_object_get(reply, "session");
	assert_string_equal(text(session, "name"), "cfe8ced100000000@" REALM);
	assert_string_equal(text(session, "user"), "alice@home.example");
	assert_int_equal(number(session, "created"), d->now / 1000);
	assert_int_equal(number(session, "expires"), d->now / 1000 + 3600);
	assert_in_range(number(session, "expires_in"), 3590, 3600);
	assert_int_equal(number(session, "next_seq"), 0);
	assert_true(json_is_null(json_object_get(session, "last_used")));
	assert_true(json_is_null(json_object_get(session, "session_end")));
	authorization = json_object_get(session, "authorization");
	assert_int_equal(json_array_size(authorization), 2);
	assert_string_equal(
		json_string_value(json_array_get(authorization, 1)), "Session-Timeout = 3600");
	json_decref(reply);
}

static void show_what_is_not_there(void **state)
{
	struct desk *d = *state;

	put(d, 1, "alice", d->now - 1);
	assert_refused(d, "{\"command\":\"show\",\"name\":\"0000000100000000@" REALM "\"}",
		hk_strerror(HK_ERR_EXPIRED));
	assert_refused(d, "{\"command\":\"show\",\"name\":\"0000000200000000@" REALM "\"}",
		hk_strerror(HK_ERR_NOT_FOUND));
	assert_refused(d, "{\"command\":\"show\",\"name\":\"02@" REALM "\"}", "keyName-NAI");
	assert_refused(d, "{\"command\":\"show\",\"name\":7}", "keyName-NAI");
	assert_refused(d, "{\"command\":\"show\"}", "keyName-NAI");
}

/* All sets, each once, in pages. */
static void pages(void **state)
{
	struct desk *d = *state;
	bool seen[257] = {false};
	char request[256] = "{\"command\":\"sessions\",\"max\":10}";
	unsigned n = 0, calls = 0;
	json_t *reply;

	for (uint32_t i = 1; i <= 256; i++)
		put(d, i, i % 8 ? "alice" : "bob", d->now + 3600 * HK_SECOND);
	for (bool more = true; more; calls++) {
		json_t *list, *cursor;

		reply = run_ok(d, request);
		list = json_object_get(reply, "sessions");
		assert_true(json_array_size(list) <= 10);
		for (size_t i = 0; i < json_array_size(list); i++) {
			unsigned which = 0;

			sscanf(text(json_array_get(list, i), "name"), "%8x", &which);
			assert_in_range(which, 1, 256);
			assert_false(seen[which]);
			seen[which] = true;
			n++;
		}
		cursor = json_object_get(reply, "cursor");
		more = cursor != NULL;
		if (more)
			snprintf(request, sizeof(request),
				"{\"command\":\"sessions\",\"max\":10,\"cursor\":\"%s\"}",
				json_string_value(cursor));
		json_decref(reply);
		assert_true(calls < 100);
	}
	assert_int_equal(n, 256);
}

static void sessions_of_one_user(void **state)
{
	struct desk *d = *state;
	char request[256] = "{\"command\":\"sessions\",\"user\":\"bob\"}";
	unsigned n = 0;

	for (uint32_t i = 1; i <= 2000; i++)
		put(d, i, i % 400 ? "alice" : "bob", d->now + 3600 * HK_SECOND);
	for (bool more = true; more;) {
		json_t *reply = run_ok(d, request);
		json_t *list = json_object_get(reply, "sessions");
		json_t *cursor = json_object_get(reply, "cursor");

		for (size_t i = 0; i < json_array_size(list); i++)
			assert_string_equal(text(json_array_get(list, i), "user"), "bob");
		n += (unsigned)json_array_size(list);
		more = cursor != NULL;
		if (more)
			snprintf(request, sizeof(request),
				"{\"command\":\"sessions\",\"user\":\"bob\",\"cursor\":\"%s\"}",
				json_string_value(cursor));
		json_decref(reply);
	}
	assert_int_equal(n, 5);
}

static void ended_sets_are_not_listed(void **state)
{
	struct desk *d = *state;
	json_t *reply;

	put(d, 1, "alice", d->now - 1);
	put(d, 2, "alice", d->now + 3600 * HK_SECOND);
	reply = run_ok(d, "{\"command\":\"sessions\"}");
	assert_int_equal(json_array_size(json_object_get(reply, "sessions")), 1);
	json_decref(reply);
}

static void bad_pages(void **state)
{
	struct desk *d = *state;

	assert_refused(d, "{\"command\":\"sessions\",\"max\":0}", "max");
	assert_refused(d, "{\"command\":\"sessions\",\"max\":\"9\"}", "max");
	assert_refused(d, "{\"command\":\"sessions\",\"cursor\":\"00\"}", "cursor");
	assert_refused(d, "{\"command\":\"sessions\",\"cursor\":1}", "cursor");
	assert_refused(d,
		"{\"command\":\"sessions\",\"cursor\":"
		"\"zz0000000000000000000000000000000000000000000000\"}",
		"cursor");
	assert_refused(d, "{\"command\":\"sessions\",\"user\":[]}", "user");
}

static void revoke(void **state)
{
	struct desk *d = *state;
	struct hk_keystore_stats stats;
	json_t *reply;

	for (uint32_t i = 1; i <= 5; i++)
		put(d, i, i < 4 ? "alice" : "bob", d->now + 3600 * HK_SECOND);
	reply = run_ok(d, "{\"command\":\"revoke\",\"name\":\"0000000500000000@" REALM "\"}");
	assert_int_equal(number(reply, "revoked"), 1);
	json_decref(reply);
	reply = run_ok(d, "{\"command\":\"revoke\",\"name\":\"0000000500000000@" REALM "\"}");
	assert_int_equal(number(reply, "revoked"), 0);
	json_decref(reply);
	reply = run_ok(d, "{\"command\":\"revoke\",\"user\":\"alice\"}");
	assert_int_equal(number(reply, "revoked"), 3);
	json_decref(reply);
	reply = run_ok(d, "{\"command\":\"revoke\",\"user\":\"alice\"}");
	assert_int_equal(number(reply, "revoked"), 0);
	json_decref(reply);
	assert_ok(hk_keystore_stats(d->server.store, &stats));
	assert_int_equal(stats.sets, 1);
	assert_refused(d, "{\"command\":\"revoke\"}", "neither");
}

/* A name that is no UTF-8 is still shown, and does not spoil the reply. */
static void names_of_any_octets(void **state)
{
	struct desk *d = *state;
	json_t *reply;

	put(d, 1, "\xff\xfe\"quoted\n", d->now + 3600 * HK_SECOND);
	reply = run_ok(d, "{\"command\":\"show\",\"name\":\"0000000100000000@" REALM "\"}");
	assert_string_equal(text(json_object_get(reply, "session"), "user"), "??\"quoted\n");
	json_decref(reply);
}

static void statistics(void **state)
{
	struct desk *d = *state;
	json_t *reply;

	put(d, 1, "alice", d->now + 3600 * HK_SECOND);
	reply = run_ok(d, "{\"command\":\"statistics\"}");
	assert_int_equal(number(json_object_get(reply, "store"), "sets"), 1);
	assert_int_equal(json_object_size(json_object_get(reply, "counters")), HK_COUNTERS);
	assert_in_range(number(reply, "uptime"), 5, 8);
	json_decref(reply);
}

static void no_command(void **state)
{
	struct desk *d = *state;

	assert_refused(d, "", "JSON");
	assert_refused(d, "{", "JSON");
	assert_refused(d, "[]", "command");
	assert_refused(d, "{}", "command");
	assert_refused(d, "{\"command\":{}}", "command");
	assert_refused(d, "{\"command\":\"Ping\"}", "no such");
	assert_refused(d, "{\"command\":\"ping\",\"command\":\"ping\"}", "JSON");
	json_decref(run_ok(d, "{\"command\":\"ping\",\"more\":1}"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(show),
		TEST(show_what_is_not_there),
		TEST(pages),
		TEST(sessions_of_one_user),
		TEST(ended_sets_are_not_listed),
		TEST(bad_pages),
		TEST(revoke),
		TEST(names_of_any_octets),
		TEST(statistics),
		TEST(no_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
