/* SPDX-License-Identifier: ISC */
/* Configurations that are right. Those that are not, or doubtful, are in config_mistakes.c. */
#include "config_lab.h"

#include "hokeyd/files.h"
#include "hokeyd/users.h"

#include <arpa/inet.h>
#include <unistd.h>

/* ---- what is right ---- */

/* BLAST-4.2-01 K4962-3-03 */
static void test_defaults(void **state)
{
	struct hk_config *c = good(*state, LISTEN CLIENT EAP ERP STORE);
	const struct sockaddr_in *in = (const struct sockaddr_in *)&c->listens[0].address;

	assert_int_equal(c->nwarnings, 0);
	assert_null(c->user);
	assert_null(c->users);
	assert_string_equal(c->control_path, "/run/hokeyd/control.sock");
	assert_string_equal(c->log_target, "stderr");
	assert_int_equal(c->log_level, HK_LOG_INFO);
	assert_int_equal(c->log_logins, HK_LOGINS_FULL);
	assert_true(c->workers >= 1);

	assert_int_equal(c->nlistens, 1);
	assert_string_equal(c->listens[0].name, "all");
	assert_int_equal(c->listens[0].address_len, sizeof(*in));
	assert_int_equal(in->sin_family, AF_INET);
	assert_int_equal(ntohs(in->sin_port), 1812);
	assert_int_equal(ntohl(in->sin_addr.s_addr), INADDR_LOOPBACK);

	assert_int_equal(c->nclients, 1);
	assert_string_equal(c->clients[0].name, "ap1");
	assert_hex(c->clients[0].network, 16, "00000000000000000000ffffc0000201");
	assert_int_equal(c->clients[0].prefix, 128);
	assert_int_equal(c->clients[0].secret.len, 16);
	assert_memory_equal(c->clients[0].secret.octets, "sixteen octets!!", 16);
	assert_int_equal(c->clients[0].require_message_authenticator, HK_YES);
	assert_int_equal(c->clients[0].limit_proxy_state, HK_AUTO);
	assert_false(c->clients[0].require_nas_identity);
	assert_int_equal(c->clients[0].duplicate_window_ms, 10000);
	assert_int_equal(c->clients[0].reject_delay_ms, 1000);

	assert_int_equal(c->store.kind, HK_STORE_MEMORY);
	assert_int_equal(c->store.max_sets_per_user, 8);
	assert_int_equal(c->store.durability, HK_DURABLE_BATCH);

	assert_int_equal(c->eap.fragment_size, 1020);
	assert_int_equal(c->eap.max_rounds, 60);
	assert_int_equal(c->eap.max_invalid, 5);
	assert_int_equal(c->eap.max_sessions_per_client, 0);
	assert_int_equal(c->eap.tls.ocsp, HK_OCSP_OFF);
	assert_null(c->eap.tls.ocsp_url);
	assert_int_equal(c->eap.ocsp_timeout_ms, 2000);
	assert_int_equal(c->eap.session_timeout_ms, 30000);
	assert_int_equal(c->eap.max_sessions, 20000);
	assert_true(c->eap.require_realm_match);
	assert_int_equal(c->eap.tls.min_version, HK_TLS_1_2);
	assert_int_equal(c->eap.tls.max_version, HK_TLS_1_3);
	assert_true(c->eap.tls.require_ems);
	assert_false(c->eap.tls.check_crl);
	assert_int_equal(c->eap.tls.ticket_lifetime_s, 0);
	assert_null(c->eap.tls.ciphers_1_2);
	assert_memory_equal(c->eap.tls.credentials.key.data, "-----BEGIN", 10);
	assert_null(c->eap.tls.credentials.crl.data);

	assert_true(c->erp.enabled);
	assert_int_equal(c->erp.rrk_lifetime_s, 28800);
	assert_int_equal(c->erp.msk_lifetime_s, 0);
	assert_int_equal(c->erp.policy.nsuites, 2);
	assert_int_equal(c->erp.policy.suites[0], HK_SUITE_HMAC_SHA256_128);
	assert_int_equal(c->erp.policy.suites[1], HK_SUITE_HMAC_SHA256_256);
	assert_int_equal(c->erp.policy.window, 1);
	assert_int_equal(c->erp.policy.repeat_window_ms, 5000);
	assert_int_equal(c->erp.policy.rmsk_lifetime_s, 3600);
	assert_int_equal(c->erp.policy.failures_per_s, 5);
	assert_int_equal(c->erp.policy.channel_binding, HK_CB_REPORT);
	assert_int_equal(c->erp.policy.on_unknown_key, HK_UNKNOWN_CHALLENGE);
	assert_true(c->erp.policy.send_lifetimes);
	assert_true(c->erp.policy.require_name_match);
	assert_int_equal(c->erp.policy.nrealms, 1);
	assert_true(hk_bytes_equal(c->erp.policy.realms[0], hk_text("home.example")));
	hk_config_free(c);
}

static const char everything[] =
	"user = root            # a comment\n"
	"control = control.sock\n"
	"workers = 3\n"
	"users-file = \"users\"\n"
	"cui-key-file = secret\n"
	"log { target = /var/log/hokeyd.log; level = debug; logins = all }\n"
	"listen four { address = 0.0.0.0; port = 11812 }\n"
	"listen six { address = '::1'; port = 11812 }\n"
	"client six {\n"
	"  address = 2001:db8::/32\n"
	"  secret-file = secret\n"
	"  require-message-authenticator = auto\n"
	"  limit-proxy-state = no\n"
	"  require-nas-identity = yes\n"
	"  duplicate-window = 30s\n"
	"  reject-delay = 500ms\n"
	"}\n"
	"client four { address = 10.0.0.0/8; secret = \"a\\tb 'c' \\\"d\\\" #e\" }\n"
	"client host { address = 10.0.0.1; secret = unquoted-secret }\n"
	"eap {\n"
	"  ca = ca.pem  certificate = server.pem  key = server.key  crl = crl.pem\n"
	"  check-crl = yes  min-tls = 1.3  max-tls = 1.3\n"
	"  ciphers = ECDHE-ECDSA-AES256-GCM-SHA384\n"
	"  ciphersuites = TLS_AES_256_GCM_SHA384  groups = P-256:X25519\n"
	"  require-ems = no  ticket-lifetime = 1d  fragment-size = 1400  max-rounds = 8\n"
	"  max-invalid = 1  session-timeout = 10s  max-sessions = 7  require-realm-match = no\n"
	"  max-sessions-per-client = 3  ocsp = hard  ocsp-url = 'http://[::1]:80/x?y'\n"
	"  ocsp-timeout = 1s\n"
	"}\n"
	"erp {\n"
	"  enabled = yes\n"
	"  realms = { Home.Example, other.example, }\n"
	"  cryptosuites = { hmac-sha256-256, hmac-sha256-64 }\n"
	"  window = 64  rrk-lifetime = 7d  rmsk-lifetime = 2h  msk-lifetime = 1h\n"
	"  send-lifetimes = no  channel-binding = require  on-unknown-key = finish\n"
	"  repeat-window = 0  failures-per-second = 100  require-name-match = no\n"
	"}\n"
	"store {\n"
	"  type = lmdb  path = keys  wrap-key-file = wrap.key  max-size = 64M\n"
	"  max-sets-per-user = 0  durability = full\n"
	"}\n";

static void test_every_option_arrives(void **state)
{
	struct hk_config *c = good(*state, everything);
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&c->listens[1].address;
	char *control = temp_path(*state, "control.sock");

	/* Channel binding makes answers too long for FILS, once per realm. */
	assert_int_equal(c->nwarnings, geteuid() == 0 ? 2 : 3);
	assert_string_equal(c->user, "root");
	assert_string_equal(c->control_path, control);
	assert_int_equal(c->workers, 3);
	assert_int_equal(hk_users_count(c->users), 1);
	assert_string_equal(c->log_target, "/var/log/hokeyd.log");
	assert_int_equal(c->log_level, HK_LOG_DEBUG);
	assert_int_equal(c->log_logins, HK_LOGINS_ALL);

	assert_int_equal(c->nlistens, 2);
	assert_int_equal(in6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(in6->sin6_port), 11812);
	assert_true(IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr));

	assert_int_equal(c->nclients, 3);
	assert_hex(c->clients[0].network, 16, "20010db8000000000000000000000000");
	assert_int_equal(c->clients[0].prefix, 32);
	assert_int_equal(c->clients[0].secret.len, 18);
	assert_memory_equal(c->clients[0].secret.octets, "a secret of a file", 18);
	assert_int_equal(c->clients[0].require_message_authenticator, HK_AUTO);
	assert_int_equal(c->clients[0].limit_proxy_state, HK_NO);
	assert_true(c->clients[0].require_nas_identity);
	assert_int_equal(c->clients[0].duplicate_window_ms, 30000);
	assert_int_equal(c->clients[0].reject_delay_ms, 500);
	assert_int_equal(c->clients[1].prefix, 104);
	assert_int_equal(c->clients[1].secret.len, 14);
	assert_memory_equal(c->clients[1].secret.octets, "a\tb 'c' \"d\" #e", 14);
	assert_memory_equal(c->clients[2].secret.octets, "unquoted-secret", 15);
	assert_true(c->clients[0].id != c->clients[1].id && c->clients[1].id != c->clients[2].id);

	assert_true(c->eap.tls.check_crl);
	assert_memory_equal(c->eap.tls.credentials.crl.data, "-----BEGIN", 10);
	assert_int_equal(c->eap.tls.min_version, HK_TLS_1_3);
	assert_string_equal(c->eap.tls.ciphers_1_2, "ECDHE-ECDSA-AES256-GCM-SHA384");
	assert_string_equal(c->eap.tls.ciphers_1_3, "TLS_AES_256_GCM_SHA384");
	assert_string_equal(c->eap.tls.groups, "P-256:X25519");
	assert_false(c->eap.tls.require_ems);
	assert_int_equal(c->eap.tls.ticket_lifetime_s, 86400);
	assert_int_equal(c->eap.fragment_size, 1400);
	assert_int_equal(c->eap.max_rounds, 8);
	assert_int_equal(c->eap.max_invalid, 1);
	assert_int_equal(c->cui_key.len, strlen("a secret of a file\n"));
	assert_int_equal(c->eap.max_sessions_per_client, 3);
	assert_int_equal(c->eap.tls.ocsp, HK_OCSP_HARD);
	assert_string_equal(c->eap.tls.ocsp_url, "http://[::1]:80/x?y");
	assert_int_equal(c->eap.ocsp_timeout_ms, 1000);
	assert_int_equal(c->eap.session_timeout_ms, 10000);
	assert_int_equal(c->eap.max_sessions, 7);
	assert_false(c->eap.require_realm_match);

	assert_int_equal(c->erp.policy.nrealms, 2);
	assert_true(hk_bytes_equal(c->erp.policy.realms[0], hk_text("home.example")));
	assert_true(hk_bytes_equal(c->erp.policy.realms[1], hk_text("other.example")));
	assert_int_equal(c->erp.policy.nsuites, 2);
	assert_int_equal(c->erp.policy.suites[0], HK_SUITE_HMAC_SHA256_256);
	assert_int_equal(c->erp.policy.suites[1], HK_SUITE_HMAC_SHA256_64);
	assert_int_equal(c->erp.policy.window, 64);
	assert_int_equal(c->erp.rrk_lifetime_s, 604800);
	assert_int_equal(c->erp.policy.rmsk_lifetime_s, 7200);
	assert_int_equal(c->erp.msk_lifetime_s, 3600);
	assert_false(c->erp.policy.send_lifetimes);
	assert_int_equal(c->erp.policy.channel_binding, HK_CB_REQUIRE);
	assert_int_equal(c->erp.policy.on_unknown_key, HK_UNKNOWN_FINISH);
	assert_int_equal(c->erp.policy.repeat_window_ms, 0);
	assert_int_equal(c->erp.policy.failures_per_s, 100);
	assert_false(c->erp.policy.require_name_match);

	assert_int_equal(c->store.kind, HK_STORE_LMDB);
	assert_non_null(strstr(c->store.path, "/keys"));
	assert_non_null(strstr(c->store.wrap_key_file, "/wrap.key"));
	assert_int_equal(c->store.max_bytes, 64 << 20);
	assert_int_equal(c->store.max_sets_per_user, 0);
	assert_int_equal(c->store.durability, HK_DURABLE_FULL);
	free(control);
	hk_config_free(c);
}

/* A home may say 136 years: how long its keys stay is for us to say. */
static void test_keys_of_others_have_an_end(void **state)
{
	struct hk_config *c = good(*state, LISTEN CLIENT EAP STORE
		"erp { realms = { home.example, d.example }; local-domain = d.example }\n");

	assert_int_equal(c->erp.visited.max_lifetime_s, 86400);
	hk_config_free(c);
	c = good(*state, LISTEN CLIENT EAP STORE "erp { realms = { home.example, d.example }; "
						 "local-domain = d.example; key-lifetime = 0 }\n");
	assert_int_equal(c->erp.visited.max_lifetime_s, 0);
	hk_config_free(c);
}

static void test_keys_for_other_domains(void **state)
{
	struct hk_config *c = good(*state, LISTEN EAP STORE
		"client c { address = ::1; secret = 'sixteen octets!!'; revokes = { A.example, b.c "
		"} }\n"
		"erp { realms = { home.example, d.example }; local-domain = D.example; key-vendor "
		"= 9\n"
		"      key-lifetime = 1h; authorization-indication = no; require-consent = yes }\n"
		"home-server a { address = ::2; secret = 'sixteen octets!!' }\n"
		"home-server b { address = ::3; secret = 'sixteen octets!!' }\n"
		"pool p { servers = { a } }\n"
		"ktk one { key-file = ktk; domains = { d.example }; realms = { '*' } }\n"
		"ktk two { key-file = ktk; owner = one; kek-id = x; revoke-at = b;\n"
		"          domains = { d.example }; realms = { home.example }; allow = { dsrk } "
		"}\n");
	const struct hk_kds_policy *kds = &c->erp.kds;

	assert_int_equal(c->clients[0].nrevokes, 2);
	assert_true(hk_bytes_equal(c->clients[0].revokes[0], hk_text("a.example")));
	assert_int_equal(c->erp.visited.vendor, 9);
	assert_true(hk_bytes_equal(c->erp.visited.domain, hk_text("d.example")));
	assert_int_equal(c->erp.visited.max_lifetime_s, 3600);
	assert_int_equal(kds->nktks, 2);
	assert_int_equal(kds->max_lifetime_s, 3600);
	assert_true(kds->needs_consent && !kds->indicate && !kds->any_transport);
	assert_true(hk_bytes_equal(kds->ktks[0].owner, kds->ktks[1].owner));
	assert_int_equal(kds->ktks[0].allow, 0);
	assert_true(c->erp.revoke_at[0] == HK_NO_SERVER && c->erp.revoke_at[1] == 1);
	assert_true(c->home_servers[0].pooled && !c->home_servers[1].pooled);
	hk_config_free(c);
}

/* Whoever sets a short life for the rRK need not think of the rMSK's default. */
static void test_default_rmsk_lifetime_gives_way(void **state)
{
	struct hk_config *c = good(
		*state, LISTEN CLIENT EAP STORE "erp { realms = { a.b }; rrk-lifetime = 10m }\n");

	assert_int_equal(c->erp.rrk_lifetime_s, 600);
	hk_config_free(c);
}

/* Conversations are bound to the client's number; a reload must not change it. */
static void test_a_client_keeps_its_number(void **state)
{
	struct hk_config *one = good(*state, LISTEN CLIENT EAP ERP STORE);
	struct hk_config *two = good(*state, LISTEN
		"client new { address = 192.0.2.9; secret = 'sixteen octets!!' }\n" CLIENT EAP ERP
			STORE);

	assert_int_equal(one->clients[0].id, two->clients[1].id);
	assert_int_not_equal(two->clients[0].id, two->clients[1].id);
	hk_config_free(one);
	hk_config_free(two);
}

static void test_a_file_is_loaded(void **state)
{
	char *path = temp_file(*state, "whole.conf", LISTEN CLIENT EAP ERP STORE, 0600);
	struct hk_config_error error;
	struct hk_config *c;

	assert_ok(hk_config_load(path, &c, &error));
	assert_string_equal(c->path, path);
	assert_int_equal(c->nwarnings, 0);
	hk_config_free(c);
	free(path);
}

static void test_a_file_that_is_not_there_or_no_text(void **state)
{
	char *missing = temp_path(*state, "missing.conf");
	char *binary = temp_path(*state, "binary.conf");
	struct hk_config_error error;
	struct hk_config *c;
	FILE *f = fopen(binary, "w");

	assert_err(hk_config_load(missing, &c, &error), HK_ERR_SYSTEM);
	drop_directory(error.text, *state);
	assert_string_equal(error.text, "missing.conf: No such file or directory");
	fwrite("a\0b", 1, 3, f);
	fclose(f);
	assert_err(hk_config_load(binary, &c, &error), HK_ERR_MALFORMED);
	drop_directory(error.text, *state);
	assert_string_equal(error.text, "binary.conf: not a text file");
	free(binary);
	free(missing);
}

/* A file that ends early, or has a wrong octet, is refused with words or is good. */
static void check_any(const char *directory, const char *text)
{
	struct hk_config_error error = {""};
	struct hk_config *config = NULL;

	if (load(directory, text, &config, &error) == HK_OK)
		hk_config_free(config);
	else if (!strstr(error.text, "hokeyd.conf:"))
		fail_msg("no words for: %s", text);
}

static void test_any_text_is_answered(void **state)
{
	static const char ugly[] = "{}=,;'\"#\\/*+$()\n\t\x01\xff";
	const size_t len = strlen(everything);
	char *text = strdup(everything);

	for (size_t i = 0; i < len; i++) {
		text[i] = 0;
		check_any(*state, text);
		text[i] = ugly[i % (sizeof(ugly) - 1)];
		check_any(*state, text);
		text[i] = everything[i];
	}
	free(text);
}

/* ---- what a distribution installs ---- */

static char *read_source(const char *name)
{
	char path[1000];
	struct hk_file file;

	snprintf(path, sizeof(path), VECTORS_DIR "/../../%s", name);
	assert_ok(hk_file_read(path, &file));
	return (char *)file.data;
}

static char *replace(const char *text, const char *what, const char *by)
{
	char *out = calloc(1, strlen(text) + 1000);
	const char *p;

	while ((p = strstr(text, what))) {
		strncat(out, text, (size_t)(p - text));
		strcat(out, by);
		text = p + strlen(what);
	}
	strcat(out, text);
	return out;
}

/* Every option that stands there in a comment is tried, too. */
static char *uncomment_options(const char *text)
{
	char *out = strdup(text);

	for (char *p = out; (p = strchr(p, '#')); p++) {
		if (p[1] != ' ' && p[1] != '\n')
			memmove(p, p + 1, strlen(p));
	}
	return out;
}

static void test_the_example_is_good(void **state)
{
	const char *directory = *state;
	char *text = read_source("packaging/hokeyd.conf");
	char *moved = replace(text, "/var/lib/hokeyd", directory);
	char *whole = uncomment_options(moved);
	char *certs = temp_path(directory, "certs");
	char *secrets = temp_path(directory, "secrets");
	const char *const texts[] = {moved, whole};

	assert_int_equal(symlink(".", certs), 0);
	assert_int_equal(mkdir(secrets, 0700), 0);
	free(temp_file(secrets, "accesspoints", "0123456789abcdef\n", 0600));
	free(temp_file(secrets, "proxy", "0123456789abcdef\n", 0600));
	for (size_t i = 0; i < 2; i++) {
		struct hk_config *c = good(directory, texts[i]);

		for (size_t k = 0; k < c->nwarnings; k++)
			fail_msg("%s", c->warnings[k]);
		assert_int_equal(c->nclients, 1 + i);
		assert_int_equal(c->users != NULL, i == 1);
		hk_config_free(c);
	}
	free(secrets);
	free(certs);
	free(whole);
	free(moved);
	free(text);
}

static void test_the_example_of_users_is_good(void **state)
{
	char *text = read_source("packaging/users");
	char *whole = uncomment_options(text);
	const char *const texts[] = {text, whole};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct hk_users_error error = {""};
		struct hk_users *users;

		if (hk_users_parse("users", texts[i], &users, &error))
			fail_msg("%s", error.text);
		assert_int_equal(hk_users_count(users), i == 0 ? 1 : 4);
		hk_users_free(users);
	}
	free(whole);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_option_arrives),
		cmocka_unit_test(test_keys_of_others_have_an_end),
		cmocka_unit_test(test_keys_for_other_domains),
		cmocka_unit_test(test_default_rmsk_lifetime_gives_way),
		cmocka_unit_test(test_a_client_keeps_its_number),
		cmocka_unit_test(test_a_file_is_loaded),
		cmocka_unit_test(test_a_file_that_is_not_there_or_no_text),
		cmocka_unit_test(test_any_text_is_answered),
		cmocka_unit_test(test_the_example_is_good),
		cmocka_unit_test(test_the_example_of_users_is_good),
	};

	return cmocka_run_group_tests_name("hokeyd-config", tests, setup, temp_teardown);
}
