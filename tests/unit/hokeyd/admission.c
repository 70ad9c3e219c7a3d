/* SPDX-License-Identifier: ISC */
/* Who is let in, and with what. */
#include "test.h"

#include "hokeyd/admission.h"
#include "hokeyd/users.h"

static const char users[] = "alice@home.example\n"
			    "\tSession-Timeout = 600,\n"
			    "\tClass = \"a\"\n"
			    "bob@home.example\n"
			    "\tClass = \"b\"\n"
			    "mallory@home.example Auth-Type := Reject\n";

struct gate {
	struct hk_config config;
	struct hk_peer_identity who;
	struct hk_home_user user;
};

static int setup(void **state)
{
	struct gate *g = calloc(1, sizeof(*g));
	struct hk_users_error error;

	if (hk_users_parse("users", users, &g->config.users, &error))
		fail_msg("%s", error.text);
	g->config.eap.require_realm_match = true;
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	struct gate *g = *state;

	hk_users_free(g->config.users);
	free(g);
	return 0;
}

static enum hk_err admit(struct gate *g, const char *outer, uint8_t kind, const char *peer_id)
{
	memset(&g->who, 0, sizeof(g->who));
	memset(&g->user, 0, sizeof(g->user));
	g->who.outer = hk_text(outer);
	g->who.peer_ids[0] = hk_text(peer_id);
	g->who.peer_id_kinds[0] = kind;
	g->who.npeer_ids = 1;
	return hk_admission(&g->config, &g->who, &g->user);
}

/* R9190-5.6-01 */
static void certificate_counts_not_outer_identity(void **state)
{
	struct gate *g = *state;

	assert_ok(admit(g, "bob@home.example", HK_PEER_ID_RFC822, "alice@home.example"));
	assert_true(hk_bytes_equal(
		hk_bytes(g->user.name, g->user.name_len), hk_text("alice@home.example")));
	assert_hex(g->user.authorization, g->user.authorization_len, "190361");
	assert_err(admit(g, "alice@home.example", HK_PEER_ID_RFC822, "mallory@home.example"),
		HK_ERR_DENIED);
	assert_err(admit(g, "alice@home.example", HK_PEER_ID_RFC822, "eve@home.example"),
		HK_ERR_NOT_FOUND);
}

/* It is a fact about the session, not an attribute that is sent as it stands. */
static void session_timeout_is_taken_out(void **state)
{
	struct gate *g = *state;

	assert_ok(admit(g, "x@home.example", HK_PEER_ID_RFC822, "alice@home.example"));
	assert_int_equal(g->user.session_timeout_s, 600);
	assert_ok(admit(g, "x@home.example", HK_PEER_ID_RFC822, "bob@home.example"));
	assert_int_equal(g->user.session_timeout_s, 0);
	assert_hex(g->user.authorization, g->user.authorization_len, "190362");
}

static void realm_of_the_outer_identity(void **state)
{
	struct gate *g = *state;

	assert_ok(admit(g, "x@HOME.example", HK_PEER_ID_UPN, "alice@home.example"));
	assert_err(
		admit(g, "x@other.example", HK_PEER_ID_RFC822, "alice@home.example"), HK_ERR_REALM);
	assert_ok(admit(g, "no realm", HK_PEER_ID_RFC822, "alice@home.example"));
	assert_ok(admit(g, "", HK_PEER_ID_RFC822, "alice@home.example"));
	g->config.eap.require_realm_match = false;
	assert_ok(admit(g, "x@other.example", HK_PEER_ID_RFC822, "alice@home.example"));
}

/* A certificate without an NAI has no realm that could differ. */
static void host_certificate(void **state)
{
	struct gate *g = *state;

	hk_users_free(g->config.users);
	g->config.users = NULL;
	assert_ok(admit(g, "host@other.example", HK_PEER_ID_DNS, "printer.home.example"));
	assert_true(hk_bytes_equal(
		hk_bytes(g->user.name, g->user.name_len), hk_text("printer.home.example")));
	assert_err(admit(g, "x@other.example", HK_PEER_ID_UPN, "alice@home.example"), HK_ERR_REALM);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(certificate_counts_not_outer_identity),
		TEST(session_timeout_is_taken_out),
		TEST(realm_of_the_outer_identity),
		TEST(host_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
