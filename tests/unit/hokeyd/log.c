/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "temp.h"

#include "hokeyd/log.h"

#include <pthread.h>
#include <unistd.h>

static void check_escape(const char *octets, size_t len, size_t size, const char *want)
{
	char text[HK_LOG_ESCAPED];

	assert_ptr_equal(hk_log_escape(hk_bytes(octets, len), text, size), text);
	assert_string_equal(text, want);
}

static void test_nothing_from_outside_can_break_a_line(void **state)
{
	(void)state;
	check_escape("alice@home.example", 18, HK_LOG_ESCAPED, "alice@home.example");
	check_escape("a\r\nb", 4, HK_LOG_ESCAPED, "a\\x0d\\x0ab");
	check_escape("\x1b[2J", 4, HK_LOG_ESCAPED, "\\x1b\\x5b2J");
	check_escape("a] (from client x", 17, HK_LOG_ESCAPED, "a\\x5d (from client x");
	check_escape("\\x41", 4, HK_LOG_ESCAPED, "\\x5cx41");
	check_escape("\0\x7f\xc3\xa4", 4, HK_LOG_ESCAPED, "\\x00\\x7f\\xc3\\xa4");
	check_escape(NULL, 0, HK_LOG_ESCAPED, "");
}

static void test_escaping_stays_in_its_buffer(void **state)
{
	(void)state;
	check_escape("abcdefgh", 8, 9, "abcdefgh");
	check_escape("abcdefghi", 9, 9, "abcde...");
	check_escape("\n\n\n", 3, 9, "\\x0a...");
	check_escape("abc\n", 4, 8, "abc\\x0a");
	check_escape("abcd\n", 5, 8, "abcd...");
}

static void check_login(const struct hk_login *login, const char *want)
{
	char text[HK_LOGIN_TEXT];

	hk_login_format(login, text, sizeof(text));
	assert_string_equal(text, want);
}

static struct hk_login full_login(void)
{
	return (struct hk_login){
		.accepted = true,
		.user = hk_text("alice@home.example"),
		.client = hk_text("ap1"),
		.calling_station_id = hk_text("02-00-00-00-00-01"),
		.has_nas_port = true,
		.nas_port = 12,
		.method = HK_LOGIN_EAP_TLS,
		.tls_version = HK_TLS_1_3,
		.rounds = 3,
		.duration_us = 12345,
	};
}

static struct hk_login erp_login(void)
{
	return (struct hk_login){
		.accepted = true,
		.user = hk_text("alice@home.example"),
		.client = hk_text("ap2"),
		.calling_station_id = hk_text("02-00-00-00-00-01"),
		.method = HK_LOGIN_ERP,
		.seq = 4,
		.keyname_nai = hk_text("dd6e873d2cf17fbc@home.example"),
		.duration_us = 312,
	};
}

static void test_accepted_logins(void **state)
{
	struct hk_login login = full_login();

	(void)state;
	check_login(&login, "Login OK: [alice@home.example] (from client ap1 port 12 cli "
			    "02-00-00-00-00-01 via EAP-TLS 1.3, 3 round trips 12 ms)");
	login.tls_version = HK_TLS_1_2;
	login.resumed = true;
	login.rounds = 1;
	login.has_nas_port = false;
	login.calling_station_id = HK_NO_BYTES;
	check_login(&login, "Login OK: [alice@home.example] (from client ap1 via EAP-TLS 1.2 "
			    "resumed, 1 round trip 12 ms)");
	login = erp_login();
	check_login(&login, "Login OK: [alice@home.example] (from client ap2 cli "
			    "02-00-00-00-00-01 via ERP seq 4, key dd6e873d2cf17fbc@home.example, "
			    "0.3 ms)");
}

static void test_refused_logins_say_why(void **state)
{
	struct hk_login login = full_login();

	(void)state;
	login.accepted = false;
	login.reason = HK_ERR_TLS;
	login.detail = "certificate has expired";
	check_login(&login, "Login incorrect (certificate has expired): [alice@home.example] "
			    "(from client ap1 port 12 cli 02-00-00-00-00-01 via EAP-TLS 1.3, "
			    "3 round trips 12 ms)");
	login = erp_login();
	login.accepted = false;
	login.reason = HK_ERR_REPLAY;
	check_login(&login, "Login incorrect (sequence number already used): [alice@home.example] "
			    "(from client ap2 cli 02-00-00-00-00-01 via ERP seq 4, key "
			    "dd6e873d2cf17fbc@home.example, 0.3 ms)");
	login.reason = HK_ERR_NOT_FOUND;
	login.goes_on = true;
	check_login(&login, "Login goes on with full EAP (not found): [alice@home.example] "
			    "(from client ap2 cli 02-00-00-00-00-01 via ERP seq 4, key "
			    "dd6e873d2cf17fbc@home.example, 0.3 ms)");
	login = (struct hk_login){.reason = HK_ERR_REALM,
		.user = hk_text("x] (from client core)\n2026 Login OK: [root"),
		.client = hk_text("ap1")};
	check_login(&login, "Login incorrect (realm not served here): [x\\x5d (from client "
			    "core)\\x0a2026 Login "
			    "OK: \\x5broot] (from client ap1, 0.0 ms)");
}

static void test_a_login_of_monstrous_names_is_cut(void **state)
{
	struct hk_login login = erp_login();
	char text[200];
	char name[4096];

	(void)state;
	memset(name, '\n', sizeof(name));
	login.user = login.client = login.keyname_nai = hk_bytes(name, sizeof(name));
	memset(text, 'x', sizeof(text));
	hk_login_format(&login, text, 100);
	assert_int_equal(strlen(text), 99);
	assert_int_equal(text[100], 'x');
	assert_null(strchr(text, '\n'));
}

/* ---- the file ---- */

static char *read_log(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) < 65535);
	fclose(f);
	return text;
}

static unsigned count_lines(const char *path)
{
	char *text = read_log(path);
	unsigned n = 0;

	for (const char *p = text; *p; p++)
		n += *p == '\n';
	free(text);
	return n;
}

static void test_lines_have_time_and_level(void **state)
{
	char *path = temp_path(*state, "levels.log");
	struct hk_log *log;
	unsigned year, month, day, hour, minute, second, ms;
	char rest[100];
	char *text;

	assert_ok(hk_log_open(path, HK_LOG_NOTICE, &log));
	hk_log_write(log, HK_LOG_WARNING, "%s is %d", "one", 1);
	hk_log_write(log, HK_LOG_INFO, "not this");
	assert_false(hk_log_wants(log, HK_LOG_INFO));
	hk_log_set_level(log, HK_LOG_DEBUG);
	hk_log_write(log, HK_LOG_DEBUG, "this");
	text = read_log(path);
	assert_int_equal(sscanf(text, "%u-%u-%uT%u:%u:%u.%uZ %99[^\n]", &year, &month, &day, &hour,
				 &minute, &second, &ms, rest),
		8);
	assert_string_equal(rest, "warning: one is 1");
	assert_null(strstr(text, "not this"));
	assert_non_null(strstr(text, "Z debug: this\n"));
	free(text);
	hk_log_close(log);
	free(path);
}

static void test_a_long_message_is_one_cut_line(void **state)
{
	char *path = temp_path(*state, "long.log");
	char message[5000];
	struct hk_log *log;
	char *text;

	memset(message, 'm', sizeof(message));
	message[sizeof(message) - 1] = 0;
	assert_ok(hk_log_open(path, HK_LOG_INFO, &log));
	hk_log_write(log, HK_LOG_INFO, "%s", message);
	text = read_log(path);
	assert_int_equal(strlen(text), 2048);
	assert_int_equal(text[2047], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + 2047);
	free(text);
	hk_log_close(log);
	free(path);
}

static void test_reopen_follows_a_rotation(void **state)
{
	char *path = temp_path(*state, "rotated.log");
	char *old = temp_path(*state, "rotated.log.1");
	struct hk_log *log;

	assert_ok(hk_log_open(path, HK_LOG_INFO, &log));
	hk_log_write(log, HK_LOG_INFO, "first");
	assert_int_equal(rename(path, old), 0);
	hk_log_write(log, HK_LOG_INFO, "second");
	assert_ok(hk_log_reopen(log));
	hk_log_write(log, HK_LOG_INFO, "third");
	assert_int_equal(count_lines(old), 2);
	assert_int_equal(count_lines(path), 1);
	hk_log_close(log);
	free(old);
	free(path);
}

static void test_a_log_that_cannot_be_opened(void **state)
{
	char *path = temp_path(*state, "no/such/dir.log");
	struct hk_log *log;

	assert_err(hk_log_open(path, HK_LOG_INFO, &log), HK_ERR_SYSTEM);
	free(path);
}

static void say(struct hk_log *log, const char *kind, const char *subject, hk_time now)
{
	hk_log_repeated(
		log, HK_LOG_WARNING, kind, hk_text(subject), now, "%s from %s", kind, subject);
}

static void test_repeated_messages_are_counted_not_written(void **state)
{
	char *path = temp_path(*state, "repeated.log");
	const hk_time start = 1000000;
	struct hk_log *log;
	char *text;

	assert_ok(hk_log_open(path, HK_LOG_INFO, &log));
	for (unsigned i = 0; i < 100; i++)
		say(log, "unknown client", "192.0.2.1", start + i);
	assert_int_equal(count_lines(path), 1);
	say(log, "unknown client", "192.0.2.2", start + 100);
	say(log, "bad authenticator", "192.0.2.1", start + 100);
	assert_int_equal(count_lines(path), 3);
	say(log, "unknown client", "192.0.2.1", start + HK_LOG_REPEAT_MS - 1);
	assert_int_equal(count_lines(path), 3);
	say(log, "unknown client", "192.0.2.1", start + HK_LOG_REPEAT_MS);
	text = read_log(path);
	assert_non_null(strstr(text, "unknown client from 192.0.2.1 (100 more before)\n"));
	free(text);
	hk_log_close(log);
	free(path);
}

/* Forged sources must not fill the disk either. */
static void test_many_subjects_are_limited_together(void **state)
{
	char *path = temp_path(*state, "flood.log");
	struct hk_log *log;
	char subject[32];

	assert_ok(hk_log_open(path, HK_LOG_INFO, &log));
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(subject, sizeof(subject), "host-%u", i);
		say(log, "unknown client", subject, 5 * HK_SECOND + i % 1000);
	}
	assert_int_equal(count_lines(path), HK_LOG_REPEATS_PER_S);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(subject, sizeof(subject), "other-%u", i);
		say(log, "unknown client", subject, 6 * HK_SECOND);
	}
	assert_int_equal(count_lines(path), 2 * HK_LOG_REPEATS_PER_S);
	hk_log_close(log);
	free(path);
}

/* ---- threads ---- */

enum { WRITERS = 4, LINES = 250 };

static void *write_lines(void *arg)
{
	struct hk_log *log = arg;

	for (unsigned i = 0; i < LINES; i++) {
		hk_log_write(log, HK_LOG_INFO, "this is a whole line");
		say(log, "same", "subject", 7 * HK_SECOND);
	}
	return NULL;
}

static void test_threads_write_whole_lines_over_a_rotation(void **state)
{
	char *path = temp_path(*state, "threads.log");
	pthread_t threads[WRITERS];
	struct hk_log *log;
	unsigned whole = 0;
	char *text;

	assert_ok(hk_log_open(path, HK_LOG_INFO, &log));
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, log), 0);
	for (unsigned i = 0; i < 20; i++)
		assert_ok(hk_log_reopen(log));
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	text = read_log(path);
	for (const char *p = text; (p = strstr(p, "Z info: this is a whole line\n")); p++)
		whole++;
	assert_int_equal(whole, WRITERS * LINES);
	assert_int_equal(count_lines(path), WRITERS * LINES + 1);
	free(text);
	hk_log_close(log);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_from_outside_can_break_a_line),
		cmocka_unit_test(test_escaping_stays_in_its_buffer),
		cmocka_unit_test(test_accepted_logins),
		cmocka_unit_test(test_refused_logins_say_why),
		cmocka_unit_test(test_a_login_of_monstrous_names_is_cut),
		cmocka_unit_test(test_lines_have_time_and_level),
		cmocka_unit_test(test_a_long_message_is_one_cut_line),
		cmocka_unit_test(test_reopen_follows_a_rotation),
		cmocka_unit_test(test_a_log_that_cannot_be_opened),
		cmocka_unit_test(test_repeated_messages_are_counted_not_written),
		cmocka_unit_test(test_many_subjects_are_limited_together),
		cmocka_unit_test(test_threads_write_whole_lines_over_a_rotation),
	};

	return cmocka_run_group_tests_name("hokeyd-log", tests, temp_setup, temp_teardown);
}
