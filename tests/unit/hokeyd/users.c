/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "temp.h"

#include "hokeyd/users.h"

static struct hk_users *parse(const char *text)
{
	struct hk_users_error error;
	struct hk_users *users = NULL;

	if (hk_users_parse("users", text, &users, &error))
		fail_msg("%s", error.text);
	return users;
}

/* A certificate with up to three names. */
static struct hk_peer_identity peer(const char *a, const char *b, const char *c)
{
	struct hk_peer_identity who = {0};
	const char *names[] = {a, b, c};

	for (size_t i = 0; i < 3 && names[i]; i++)
		who.peer_ids[who.npeer_ids++] = hk_text(names[i]);
	return who;
}

static void check(const struct hk_users *users, struct hk_peer_identity who, enum hk_err want_err,
	const char *want_name, const char *want_attributes)
{
	struct hk_user user;
	char name[256];

	assert_err(hk_users_authorize(users, &who, &user), want_err);
	snprintf(name, sizeof(name), "%.*s", (int)user.name.len, (const char *)user.name.data);
	assert_string_equal(name, want_name);
	assert_hex(user.authorization.data, user.authorization.len, want_attributes);
}

static const char three_users[] = "# people\n"
				  "\n"
				  "alice@home.example\n"
				  "\tSession-Timeout = 60, # a minute\n"
				  "\tFilter-Id := \"a b\"\n"
				  "bob@home.example Auth-Type := Reject\n"
				  "\tClass = 'go away'\n"
				  "\"carol smith@home.example\"   Auth-Type:=Accept\n"
				  "  \tSession-Timeout=61 , Filter-Id+=x\n";

static void test_a_user_gets_the_attributes_in_order(void **state)
{
	struct hk_users *users = parse(three_users);

	(void)state;
	assert_int_equal(hk_users_count(users), 3);
	check(users, peer("alice@home.example", NULL, NULL), HK_OK, "alice@home.example",
		"1b060000003c"
		"0b05612062");
	check(users, peer("carol smith@home.example", NULL, NULL), HK_OK,
		"carol smith@home.example",
		"1b060000003d"
		"0b0378");
	hk_users_free(users);
}

static void test_reject_refuses_and_says_who(void **state)
{
	struct hk_users *users = parse(three_users);

	(void)state;
	check(users, peer("bob@home.example", NULL, NULL), HK_ERR_DENIED, "bob@home.example",
		"1909676f2061776179");
	hk_users_free(users);
}

static void test_who_is_not_there_is_not_let_in(void **state)
{
	struct hk_users *users = parse(three_users);
	struct hk_users *nobody = parse("# empty\n");

	(void)state;
	check(users, peer("mallory@home.example", NULL, NULL), HK_ERR_NOT_FOUND, "", "");
	check(users, peer(NULL, NULL, NULL), HK_ERR_NOT_FOUND, "", "");
	check(users, peer("alice", NULL, NULL), HK_ERR_NOT_FOUND, "", "");
	check(users, peer("alice@home.example.org", NULL, NULL), HK_ERR_NOT_FOUND, "", "");
	check(nobody, peer("alice@home.example", NULL, NULL), HK_ERR_NOT_FOUND, "", "");
	hk_users_free(nobody);
	hk_users_free(users);
}

static void test_only_the_realm_is_matched_in_any_case(void **state)
{
	struct hk_users *users = parse("Alice@Home.Example\n\tSession-Timeout = 1\n");

	(void)state;
	check(users, peer("Alice@hOME.eXAMPLE", NULL, NULL), HK_OK, "Alice@hOME.eXAMPLE",
		"1b0600000001");
	check(users, peer("alice@home.example", NULL, NULL), HK_ERR_NOT_FOUND, "", "");
	hk_users_free(users);
}

static const char patterns[] = "DEFAULT\n\tSession-Timeout = 3\n"
			       "*@home.example\n\tSession-Timeout = 2\n"
			       "alice@home.example\n\tSession-Timeout = 1\n"
			       "*@bad.example Auth-Type := Reject\n";

static void test_name_then_pattern_then_default(void **state)
{
	struct hk_users *users = parse(patterns);

	(void)state;
	check(users, peer("alice@home.example", NULL, NULL), HK_OK, "alice@home.example",
		"1b0600000001");
	check(users, peer("dave@HOME.example", NULL, NULL), HK_OK, "dave@HOME.example",
		"1b0600000002");
	check(users, peer("@home.example", NULL, NULL), HK_OK, "@home.example", "1b0600000003");
	check(users, peer("erin@other.example", NULL, NULL), HK_OK, "erin@other.example",
		"1b0600000003");
	check(users, peer("x@sub.home.example", NULL, NULL), HK_OK, "x@sub.home.example",
		"1b0600000003");
	check(users, peer("host.bad.example", "x@bad.example", NULL), HK_ERR_DENIED,
		"x@bad.example", "");
	hk_users_free(users);
}

/* The first name that is in the file counts, not the first of the file. */
static void test_names_of_a_certificate_are_tried_in_order(void **state)
{
	struct hk_users *users = parse(patterns);

	(void)state;
	check(users, peer("erin@other.example", "alice@home.example", "x@bad.example"), HK_OK,
		"alice@home.example", "1b0600000001");
	check(users, peer("dave@home.example", "alice@home.example", NULL), HK_OK,
		"dave@home.example", "1b0600000002");
	check(users, peer("pc.other.example", "CN=pc", NULL), HK_OK, "pc.other.example",
		"1b0600000003");
	hk_users_free(users);
}

static void test_without_a_file_every_name_is_let_in(void **state)
{
	char longest[300];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[254] = 0;
	check(NULL, peer("alice@home.example", NULL, NULL), HK_OK, "alice@home.example", "");
	check(NULL, peer(NULL, NULL, NULL), HK_ERR_NOT_FOUND, "", "");
	check(NULL, peer(longest, NULL, NULL), HK_ERR_NOT_FOUND, "", "");
	check(NULL, peer(longest, "short", NULL), HK_OK, "short", "");
	longest[253] = 0;
	check(NULL, peer(longest, NULL, NULL), HK_OK, longest, "");
}

/* A NUL in a name must not end it: what a CA signed is not what we would compare. */
static void test_a_nul_in_a_name_is_part_of_it(void **state)
{
	struct hk_users *users = parse("alice@home.example\n*@home.example\n");
	struct hk_peer_identity who = {.npeer_ids = 1};
	struct hk_user user;

	(void)state;
	who.peer_ids[0] = hk_bytes("alice@home.example\0.evil.example", 32);
	assert_err(hk_users_authorize(users, &who, &user), HK_ERR_NOT_FOUND);
	hk_users_free(users);
}

static void test_many_users_are_all_found(void **state)
{
	enum { N = 5000 };
	char *text = malloc(N * 64);
	struct hk_users *users;
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < N; i++)
		len += (size_t)sprintf(
			text + len, "u%u@home.example\n Session-Timeout = %u\n", i, i);
	users = parse(text);
	assert_int_equal(hk_users_count(users), N);
	for (unsigned i = 0; i < N; i++) {
		char name[40];
		char want[16];

		sprintf(name, "u%u@home.example", i);
		sprintf(want, "1b06%08x", i);
		check(users, peer(name, NULL, NULL), HK_OK, name, want);
	}
	check(users, peer("u5000@home.example", NULL, NULL), HK_ERR_NOT_FOUND, "", "");
	hk_users_free(users);
	free(text);
}

static void check_error(const char *text, const char *want)
{
	struct hk_users_error error = {""};
	struct hk_users *users = NULL;

	assert_err(hk_users_parse("users", text, &users, &error), HK_ERR_MALFORMED);
	assert_string_equal(error.text, want);
	assert_null(users);
}

static void test_mistakes_have_file_line_and_user(void **state)
{
	(void)state;
	check_error("\tSession-Timeout = 1\n", "users:1: attributes before the first user");
	check_error("a\n\nb\na\n", "users:4: a: given twice, first in line 1");
	check_error(
		"a@X.example\na@x.EXAMPLE\n", "users:2: a@x.EXAMPLE: given twice, first in line 1");
	check_error("a\n\tNo-Such-Thing = 1\n",
		"users:2: a: No-Such-Thing: no attribute of this name is known");
	check_error(
		"a\n\tSession-Timeout\n", "users:2: a: Session-Timeout: expected = and a value");
	check_error("a\n\tSession-Timeout == 1\n",
		"users:2: a: Session-Timeout: expected = and a value");
	check_error("a\n\tSession-Timeout =\n", "users:2: a: Session-Timeout: has no value");
	check_error("a\n\tSession-Timeout = , Class = x\n",
		"users:2: a: Session-Timeout: has no value");
	check_error("a\n\tFilter-Id = one two\n",
		"users:2: a: Filter-Id: expected a comma or the end of the line behind its value");
	check_error(
		"a\n\tFilter-Id = \"one\n", "users:2: a: a quoted text does not end in its line");
	check_error("a\n\t= 1\n", "users:2: a: expected the name of an attribute");
	check_error("a\n\tSession-Timeout = x\n",
		"users:2: a: Session-Timeout: neither a number in range nor the name of a value");
	check_error("a Session-Timeout = 1\n", "users:1: a: Session-Timeout: is no check item; "
					       "only Auth-Type is (replies go below, "
					       "indented)");
	check_error("a Auth-Type := PAP\n", "users:1: a: Auth-Type: expected Reject or Accept");
	check_error("*\n", "users:1: *: a pattern is *@realm");
	check_error("*@a*\n", "users:1: *@a*: a pattern is *@realm");
	check_error("a*@b\n", "users:1: a*@b: a pattern is *@realm");
	check_error("\"\"\n", "users:1: expected the name of a user");
}

static void test_any_text_is_answered(void **state)
{
	static const char ugly[] = "=:+,'\"#\\*@\n\t \x01\xff";
	const size_t len = strlen(three_users);
	char *text = strdup(three_users);

	(void)state;
	for (size_t i = 0; i < 2 * len; i++) {
		struct hk_users_error error = {""};
		struct hk_users *users = NULL;

		text[i / 2] = i % 2 ? ugly[i / 2 % (sizeof(ugly) - 1)] : 0;
		if (hk_users_parse("users", text, &users, &error) == HK_OK)
			hk_users_free(users);
		else if (strncmp(error.text, "users:", 6) != 0)
			fail_msg("no words for: %s", text);
		text[i / 2] = three_users[i / 2];
	}
	free(text);
}

static void test_what_the_server_makes_itself_is_refused(void **state)
{
	static const char *const names[] = {"EAP-Message", "State", "Proxy-State",
		"Message-Authenticator", "MS-MPPE-Send-Key", "MS-MPPE-Recv-Key"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct hk_users_error error = {""};
		struct hk_users *users;
		char text[100];
		char want[100];

		snprintf(text, sizeof(text), "a\n\t%s = SHOWN\n", names[i]);
		snprintf(want, sizeof(want), "users:2: a: %s: ", names[i]);
		assert_err(hk_users_parse("users", text, &users, &error), HK_ERR_MALFORMED);
		assert_memory_equal(error.text, want, strlen(want));
		assert_null(strstr(error.text, "SHOWN"));
	}
}

/* R3579-2.6.5-01 */
static void test_what_cannot_be_in_an_accept_is_refused(void **state)
{
	(void)state;
	check_error("a\n\tClass = x,\n\tReply-Message = hello\n",
		"users:3: a: Reply-Message: does not go together with EAP (RFC 3579 section "
		"2.6.5)");
	check_error("a\n\tUser-Name = b\n",
		"users:2: a: User-Name: the server puts the name from the certificate there");
}

static void test_too_many_attributes_are_refused(void **state)
{
	char text[4096] = "a\n";
	char value[201];

	(void)state;
	memset(value, 'v', 200);
	value[200] = 0;
	for (unsigned i = 0; i < 5; i++)
		sprintf(text + strlen(text), " Filter-Id = %s,\n", value);
	hk_users_free(parse(text));
	sprintf(text + strlen(text), " Filter-Id = %s\n", value);
	check_error(
		text, "users:7: a: Filter-Id: the attributes of a user have at most 1024 octets");
}

static void test_a_file_is_read_or_says_why_not(void **state)
{
	char *path = temp_file(*state, "users", three_users, 0600);
	char *missing = temp_path(*state, "missing");
	struct hk_users_error error;
	struct hk_users *users;
	char want[600];

	assert_ok(hk_users_load(path, &users, &error));
	assert_int_equal(hk_users_count(users), 3);
	hk_users_free(users);
	assert_err(hk_users_load(missing, &users, &error), HK_ERR_SYSTEM);
	snprintf(want, sizeof(want), "%s: No such file or directory", missing);
	assert_string_equal(error.text, want);
	free(missing);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_user_gets_the_attributes_in_order),
		cmocka_unit_test(test_reject_refuses_and_says_who),
		cmocka_unit_test(test_who_is_not_there_is_not_let_in),
		cmocka_unit_test(test_only_the_realm_is_matched_in_any_case),
		cmocka_unit_test(test_name_then_pattern_then_default),
		cmocka_unit_test(test_names_of_a_certificate_are_tried_in_order),
		cmocka_unit_test(test_without_a_file_every_name_is_let_in),
		cmocka_unit_test(test_a_nul_in_a_name_is_part_of_it),
		cmocka_unit_test(test_many_users_are_all_found),
		cmocka_unit_test(test_mistakes_have_file_line_and_user),
		cmocka_unit_test(test_any_text_is_answered),
		cmocka_unit_test(test_what_the_server_makes_itself_is_refused),
		cmocka_unit_test(test_what_cannot_be_in_an_accept_is_refused),
		cmocka_unit_test(test_too_many_attributes_are_refused),
		cmocka_unit_test(test_a_file_is_read_or_says_why_not),
	};

	return cmocka_run_group_tests_name("hokeyd-users", tests, temp_setup, temp_teardown);
}
