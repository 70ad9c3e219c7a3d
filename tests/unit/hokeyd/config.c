/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "temp.h"
#include "test_pki.h"

#include "hokeyd/config.h"
#include "hokeyd/files.h"
#include "hokeyd/users.h"

#include <arpa/inet.h>
#include <time.h>
#include <unistd.h>

/* Blocks that are right, one line each. */
#define LISTEN "listen all { address = 127.0.0.1 }\n"
#define CLIENT "client ap1 { address = 192.0.2.1; secret = 'sixteen octets!!' }\n"
#define EAP    "eap { ca = ca.pem; certificate = server.pem; key = server.key }\n"
#define ERP    "erp { realms = { home.example } }\n"
#define STORE  "store { type = memory }\n"

#define BLOCKS LISTEN CLIENT EAP ERP STORE
#define VISITED                                                                                    \
	LISTEN CLIENT EAP STORE                                                                    \
		"erp { realms = { home.example, d.example }; local-domain = D.example }\n"
#define BOTH_WAYS                                                                                  \
	"hokeyd.conf:6: ktk \"k\": allow: others could ask for the keys of our own devices with "  \
	"it, for our local-domain; each direction needs a ktk of its own"
#define HOME "home-server a { address = 192.0.2.9; secret = 'sixteen octets!!' }\n"
#define TLS  "tls t { certificate = server.pem; key = server.key; ca = ca.pem }\n"

static void write_pem(const char *directory, const char *name, struct hk_bytes pem, unsigned mode)
{
	char *text = strndup((const char *)pem.data, pem.len);

	free(temp_file(directory, name, text, mode));
	free(text);
	test_bytes_free(pem);
}

static void make_certificates(const char *directory)
{
	const hk_time now = (hk_time)time(NULL) * HK_SECOND;
	const struct test_cert_options ca_options = {.cn = "CA",
		.ca = true,
		.from = now - 500 * TEST_DAY,
		.until = now + 500 * TEST_DAY};
	struct test_cert_options options = {.cn = "server",
		.san = "DNS:radius.home.example",
		.eku = "serverAuth",
		.from = now - 2 * TEST_DAY,
		.until = now + 300 * TEST_DAY};
	struct test_cert *ca = test_cert_new(NULL, &ca_options);
	struct test_cert *cert = test_cert_new(ca, &options);

	write_pem(directory, "ca.pem", test_cert_pem(ca), 0644);
	write_pem(directory, "server.pem", test_cert_pem(cert), 0644);
	write_pem(directory, "server.key", test_key_pem(cert), 0600);
	write_pem(directory, "open.key", test_key_pem(cert), 0644);
	write_pem(
		directory, "crl.pem", test_crl_pem(ca, NULL, now - TEST_DAY, now + TEST_DAY), 0644);
	write_pem(directory, "old-crl.pem",
		test_crl_pem(ca, NULL, now - 3 * TEST_DAY, now - TEST_DAY), 0644);
	write_pem(directory, "ca.key", test_key_pem(ca), 0600);
	test_cert_free(cert);

	options.until = now - TEST_DAY;
	cert = test_cert_new(ca, &options);
	write_pem(directory, "expired.pem", test_cert_pem(cert), 0644);
	write_pem(directory, "expired.key", test_key_pem(cert), 0600);
	test_cert_free(cert);

	options.until = now + 10 * TEST_DAY + 3600 * HK_SECOND;
	cert = test_cert_new(ca, &options);
	write_pem(directory, "soon.pem", test_cert_pem(cert), 0644);
	write_pem(directory, "soon.key", test_key_pem(cert), 0600);
	test_cert_free(cert);

	options.until = now + 300 * TEST_DAY;
	options.eku = "clientAuth";
	cert = test_cert_new(ca, &options);
	write_pem(directory, "client.pem", test_cert_pem(cert), 0644);
	write_pem(directory, "client.key", test_key_pem(cert), 0600);
	test_cert_free(cert);
	test_cert_free(ca);
}

static int setup(void **state)
{
	if (temp_setup(state))
		return -1;
	make_certificates(*state);
	free(temp_file(*state, "junk", "not PEM\n", 0600));
	free(temp_file(*state, "secret", "a secret of a file\n", 0600));
	free(temp_file(*state, "ktk",
		"a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf\n", 0600));
	free(temp_file(*state, "open-secret", "a secret of a file", 0644));
	free(temp_file(*state, "two-lines", "one\ntwo\n", 0600));
	free(temp_file(*state, "empty", "", 0600));
	free(temp_file(*state, "short.key", "0123456789", 0600));
	free(temp_file(*state, "open-wrap.key", "0123456789abcdef0123456789abcdef", 0644));
	free(temp_file(*state, "users", "alice@home.example\n\tSession-Timeout = 5\n", 0600));
	free(temp_file(*state, "bad-users", "alice@home.example\n\tNo-Such = 5\n", 0600));
	return 0;
}

static enum hk_err load(const char *directory, const char *text, struct hk_config **out,
	struct hk_config_error *error)
{
	char *name = temp_path(directory, "hokeyd.conf");
	enum hk_err err = hk_config_load_text(name, text, out, error);

	free(name);
	return err;
}

static struct hk_config *good(const char *directory, const char *text)
{
	struct hk_config_error error = {""};
	struct hk_config *config = NULL;

	if (load(directory, text, &config, &error))
		fail_msg("%s", error.text);
	return config;
}

/* The text without the directory, which has another name each time. */
static void drop_directory(char *text, const char *directory)
{
	size_t n = strlen(directory) + 1;
	char *p;

	while ((p = strstr(text, directory)))
		memmove(p, p + n, strlen(p + n) + 1);
}

static void check_error(const char *directory, const char *text, const char *want)
{
	struct hk_config_error error = {""};
	struct hk_config *config = NULL;
	enum hk_err err = load(directory, text, &config, &error);

	drop_directory(error.text, directory);
	assert_string_equal(error.text, want);
	assert_err(err, HK_ERR_MALFORMED);
	assert_null(config);
}

/* `want`: all warnings, one behind the other. */
static void check_warnings(const char *directory, const char *text, const char *want)
{
	struct hk_config *config = good(directory, text);
	char all[2000] = "";

	for (size_t i = 0; i < config->nwarnings; i++) {
		drop_directory(config->warnings[i], directory);
		strcat(all, config->warnings[i]);
		strcat(all, "\n");
	}
	assert_string_equal(all, want);
	hk_config_free(config);
}

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

/* Conversations are bound to the client's number; a reload must not change it. */
/* Whoever sets a short life for the rRK need not think of the rMSK's default. */
static void test_default_rmsk_lifetime_gives_way(void **state)
{
	struct hk_config *c = good(
		*state, LISTEN CLIENT EAP STORE "erp { realms = { a.b }; rrk-lifetime = 10m }\n");

	assert_int_equal(c->erp.rrk_lifetime_s, 600);
	hk_config_free(c);
}

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

/* ---- what is wrong ---- */

static const struct {
	const char *text;
	const char *want;
} mistakes[] = {
	/* grammar */
	{"", "hokeyd.conf: there is no listen block"},
	{"wrokers = 3\n", "hokeyd.conf:1: no such option 'wrokers'"},
	{"\n# one\n# two\n/* three\n */ wrokers = 3\n", "hokeyd.conf:5: no such option 'wrokers'"},
	{"client a {\n\n adress = 1\n}\n", "hokeyd.conf:3: client \"a\": no such option 'adress'"},
	{"eap {\n port = 1\n}\n", "hokeyd.conf:2: eap: no such option 'port'"},
	{"workers 3\n", "hokeyd.conf:1: missing equal sign after option 'workers'"},
	{"client {\n}\n", "hokeyd.conf:1: missing title for section 'client'"},
	{"eap = 3\n", "hokeyd.conf:1: missing opening brace for section 'eap'"},
	{"\neap {\n\n", "hokeyd.conf:2: this block is not closed"},
	{"user = 'root\n", "hokeyd.conf:1: a quoted text does not end in its line"},
	{"\nuser = ${USER}\n",
		"hokeyd.conf:2: the environment is not used here; put text with ${ into single "
		"quotes"},
	{LISTEN LISTEN, "hokeyd.conf:2: found duplicate title 'all'"},
	{"erp {\n}\nerp {\n}\n", "hokeyd.conf:4: block erp given twice, first to line 2"},
	{"workers = 1\nworkers = 2\n", "hokeyd.conf:2: workers: given twice, first in line 1"},
	{"listen 'a b' { address = 127.0.0.1 }\n", "hokeyd.conf:1: listen \"a b\": a name has "
						   "printable ASCII characters and no blanks"},

	/* types and ranges */
	{"workers = 257\n", "hokeyd.conf:1: workers: expected a number from 0 to 256, found '257'"},
	{"workers = many\n",
		"hokeyd.conf:1: workers: expected a number from 0 to 256, found 'many'"},
	{"client ap {\n\n  require-message-authenticator = maybe\n}\n",
		"hokeyd.conf:3: client \"ap\": require-message-authenticator: expected yes, no or "
		"auto, found 'maybe'"},
	{"client ap { duplicate-window = 4s }\n",
		"hokeyd.conf:1: client \"ap\": duplicate-window: expected a time from 5s to 30s, "
		"found '4s'"},
	{"client ap { require-nas-identity = perhaps }\n",
		"hokeyd.conf:1: client \"ap\": require-nas-identity: expected yes or no, found "
		"'perhaps'"},
	{"erp { window = 0 }\n",
		"hokeyd.conf:1: erp: window: expected a number from 1 to 64, found '0'"},
	{"erp { cryptosuites = { hmac-sha256-128, md5 } }\n",
		"hokeyd.conf:1: erp: cryptosuites: expected hmac-sha256-64, hmac-sha256-128 or "
		"hmac-sha256-256, found 'md5'"},
	{"store { max-size = 1000 }\n",
		"hokeyd.conf:1: store: max-size: expected a size from 1M to 16T, found '1000'"},
	{"log { level = loud }\n",
		"hokeyd.conf:1: log: level: expected error, warning, notice, info or debug, found "
		"'loud'"},
	{"control = ''\n",
		"hokeyd.conf:1: control: expected a path of at most 100 octets, found ''"},
	{"workers = \"\\x1b[31m\"\n",
		"hokeyd.conf:1: workers: expected a number from 0 to 256, found '\\x1b[31m'"},

	/* listen */
	{"listen a { port = 1 }\n", "hokeyd.conf:1: listen \"a\": address is missing"},
	{"listen a { address = localhost }\n",
		"hokeyd.conf:1: listen \"a\": address: expected an IPv4 or IPv6 address, found "
		"'localhost'"},
	{"listen a { address = 127.0.0.1; port = 0 }\n",
		"hokeyd.conf:1: listen \"a\": port: expected a number from 1 to 65535, found '0'"},
	{LISTEN "listen b {\n port = 1812\n address = 127.0.0.1\n}\n",
		"hokeyd.conf:4: listen \"b\": address: same address and port as listen \"all\""},

	/* client */
	{LISTEN "client a {\n secret = 'sixteen octets!!'\n}\n",
		"hokeyd.conf:4: client \"a\": address is missing"},
	{LISTEN "client a { address = ap.home.example; secret = x }\n",
		"hokeyd.conf:2: client \"a\": address: expected an address or address/prefix, "
		"found "
		"'ap.home.example'"},
	{LISTEN "client a { address = 192.0.2.0/33; secret = x }\n",
		"hokeyd.conf:2: client \"a\": address: expected a prefix of 0 to 32 in "
		"'192.0.2.0/33'"},
	{LISTEN "client a { address = '2001:db8::/'; secret = x }\n",
		"hokeyd.conf:2: client \"a\": address: expected a prefix of 0 to 128 in "
		"'2001:db8::/'"},
	{LISTEN "client a { address = 192.0.2.1/24; secret = x }\n",
		"hokeyd.conf:2: client \"a\": address: in '192.0.2.1/24' there are bits set behind "
		"the prefix"},
	{LISTEN CLIENT "client ap2 { address = 192.0.2.1/32; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:3: client \"ap2\": address: same network as client \"ap1\""},
	{LISTEN CLIENT "client ap2 { address = ::ffff:192.0.2.1; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:3: client \"ap2\": address: same network as client \"ap1\""},
	{LISTEN "client a { address = 192.0.2.1 }\n",
		"hokeyd.conf:2: client \"a\": secret or secret-file is missing"},
	{LISTEN "client a { address = 192.0.2.1; secret = SECRET; secret-file = secret }\n",
		"hokeyd.conf:2: client \"a\": give either secret or secret-file"},
	{LISTEN "client a { address = 192.0.2.1\n secret = '' }\n",
		"hokeyd.conf:3: client \"a\": secret: expected 1 to 255 octets, found 0"},
	{LISTEN "client a { address = 192.0.2.1; secret-file = empty }\n",
		"hokeyd.conf:2: client \"a\": secret-file: the secret is empty"},
	{LISTEN "client a { address = 192.0.2.1; secret-file = two-lines }\n",
		"hokeyd.conf:2: client \"a\": secret-file: the file has more than one line"},
	{LISTEN "client a { address = 192.0.2.1; secret-file = nowhere }\n",
		"hokeyd.conf:2: client \"a\": secret-file: nowhere: No such file or directory"},

	/* eap */
	{LISTEN CLIENT ERP STORE, "hokeyd.conf: eap: ca is missing"},
	{LISTEN CLIENT ERP STORE "eap {\n ca = ca.pem\n}\n",
		"hokeyd.conf:7: eap: certificate is missing"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = nowhere.pem; certificate = server.pem; key = server.key }\n",
		"hokeyd.conf:5: eap: ca: nowhere.pem: No such file or directory"},
	{LISTEN CLIENT ERP STORE "eap { ca = junk; certificate = server.pem; key = server.key }\n",
		"hokeyd.conf:5: eap: ca: expected PEM certificates"},
	{LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = junk; key = server.key }\n",
		"hokeyd.conf:5: eap: certificate: expected PEM certificates"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = server.pem; key = server.pem }\n",
		"hokeyd.conf:5: eap: key: expected a PEM private key, not encrypted"},
	{LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = server.pem\n key = ca.key }\n",
		"hokeyd.conf:6: eap: key: does not belong to the certificate"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = expired.pem; key = expired.key }\n",
		"hokeyd.conf:5: eap: certificate: the certificate has expired"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = expired.pem; certificate = server.pem; key = server.key }\n",
		"hokeyd.conf:5: eap: ca: all certificates have expired"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = client.pem; key = client.key }\n",
		"hokeyd.conf:5: eap: certificate is not for servers"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = server.pem; key = server.key\n min-tls = 1.3\n "
		"max-tls = 1.2 }\n",
		"hokeyd.conf:6: eap: min-tls: is above max-tls"},
	{LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = server.pem; key = server.key\n "
				 "check-crl = yes }\n",
		"hokeyd.conf:6: eap: check-crl: 'yes' needs the option crl"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = server.pem; key = server.key\n crl = junk }\n",
		"hokeyd.conf:6: eap: crl: expected PEM revocation lists"},
	{LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = server.pem; key = server.key\n "
				 "ocsp-staple = junk "
				 "}\n",
		"hokeyd.conf:6: eap: ocsp-staple: expected an OCSP response (DER)"},

	/* erp */
	{LISTEN CLIENT EAP STORE, "hokeyd.conf: erp: realms is missing"},
	{LISTEN CLIENT EAP STORE "erp { realms = {} }\n", "hokeyd.conf:5: erp: realms is missing"},
	{LISTEN CLIENT EAP STORE "erp { realms = { home.example, HOME.example } }\n",
		"hokeyd.conf:5: erp: realms: 'HOME.example' is there twice"},
	{LISTEN CLIENT EAP STORE "erp { realms = { alice@home.example } }\n",
		"hokeyd.conf:5: erp: realms: 'alice@home.example' is not a realm"},
	{LISTEN CLIENT EAP STORE "erp { realms = { home..example } }\n",
		"hokeyd.conf:5: erp: realms: 'home..example' is not a realm"},
	{LISTEN CLIENT EAP STORE
		"erp { realms = { a.b }; cryptosuites = { hmac-sha256-128, hmac-sha256-128 } }\n",
		"hokeyd.conf:5: erp: cryptosuites: 'hmac-sha256-128' is there twice"},
	{LISTEN CLIENT EAP STORE "erp { realms = { a.b }; rmsk-lifetime = 9h }\n",
		"hokeyd.conf:5: erp: rmsk-lifetime: is longer than rrk-lifetime"},

	/* store, log, the rest */
	{LISTEN CLIENT EAP ERP "store { path = nowhere/keys }\n",
		"hokeyd.conf:5: store: path: nowhere: No such file or directory"},
	{LISTEN CLIENT EAP ERP "store { path = junk }\n",
		"hokeyd.conf:5: store: path: junk: Not a directory"},
	{LISTEN CLIENT EAP ERP "store { path = keys; wrap-key-file = short.key }\n",
		"hokeyd.conf:5: store: wrap-key-file: short.key: not a file of 32 octets"},
	{LISTEN CLIENT EAP ERP "store { path = keys; wrap-key-file = open-wrap.key }\n",
		"hokeyd.conf:5: store: wrap-key-file: open-wrap.key: others than its owner can "
		"read "
		"it (mode 0644)"},
	{LISTEN CLIENT EAP ERP "store { path = keys; wrap-key-file = keys/wrap.key }\n",
		"hokeyd.conf:5: store: wrap-key-file: keys: No such file or directory"},
	{LISTEN CLIENT EAP ERP "store { max-sets = 5; path = keys; wrap-key-file = wrap.key }\n",
		"hokeyd.conf:5: store: max-sets: only with type = memory; for lmdb there is "
		"max-size"},
	{LISTEN CLIENT EAP ERP STORE "log { target = hokeyd.log }\n",
		"hokeyd.conf:6: log: target: expected stderr, syslog or an absolute path, found "
		"'hokeyd.log'"},
	{LISTEN CLIENT EAP ERP STORE "user = nobody-we-know\n",
		"hokeyd.conf:6: user: there is no user 'nobody-we-know'"},
	{LISTEN CLIENT EAP ERP STORE "users-file = bad-users\n",
		"hokeyd.conf:6: users-file: bad-users:2: alice@home.example: No-Such: no attribute "
		"of "
		"this name is known"},
	{LISTEN CLIENT EAP ERP STORE "cui-key-file = short.key\n",
		"hokeyd.conf:6: cui-key-file: expected at least 16 octets, found 10"},
	{LISTEN CLIENT EAP ERP STORE "users-file = nowhere\n",
		"hokeyd.conf:6: users-file: nowhere: No such file or directory"},

	/* home-server, pool, realm */
	{BLOCKS "home-server a { address = x; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:6: home-server \"a\": address: expected an IPv4 or IPv6 address, "
		"found "
		"'x'"},
	{BLOCKS "home-server a { address = 192.0.2.9 }\n",
		"hokeyd.conf:6: home-server \"a\": secret or secret-file is missing"},
	{BLOCKS "home-server a { address = 127.0.0.1; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:6: home-server \"a\": address: that is our own listen \"all\""},
	{BLOCKS "home-server a { address = ::1; secret = 'sixteen octets!!'; response-window = 40s "
		"}\n",
		"hokeyd.conf:6: home-server \"a\": response-window: it is longer than "
		"max-request-time"},
	{BLOCKS "home-server a { address = ::1; secret = 'sixteen octets!!'; filter-requests = { "
		"State } }\n",
		"hokeyd.conf:6: home-server \"a\": filter-requests: 'State' cannot be left out"},
	{BLOCKS "home-server a { address = ::1; secret = 'sixteen octets!!'; filter-replies = { "
		"No-Such } }\n",
		"hokeyd.conf:6: home-server \"a\": filter-replies: there is no attribute "
		"'No-Such'"},
	{BLOCKS HOME "pool p { servers = { b } }\n",
		"hokeyd.conf:7: pool \"p\": servers: there is no home-server 'b'"},
	{BLOCKS HOME "pool p { servers = { a, a } }\n",
		"hokeyd.conf:7: pool \"p\": servers: 'a' is there twice"},
	{BLOCKS HOME "pool p { servers = { a } }\nrealm a.example { pool = q }\n",
		"hokeyd.conf:8: realm \"a.example\": pool: there is no pool 'q'"},
	{BLOCKS "realm a.example { }\nrealm A.example { }\n",
		"hokeyd.conf:7: realm \"A.example\": this realm is there twice"},
	{BLOCKS "realm a..example { }\n",
		"hokeyd.conf:6: realm \"a..example\": expected a realm, .suffix, DEFAULT or NULL"},

	/* tls */
	{BLOCKS "listen tls { address = ::1; tls = t }\n",
		"hokeyd.conf:6: listen \"tls\": tls: there is no tls block 't'"},
	{BLOCKS "tls t { certificate = server.pem }\n",
		"hokeyd.conf:6: tls \"t\": certificate and key go together"},
	{BLOCKS "tls t { certificate = server.pem; key = server.key }\n",
		"hokeyd.conf:6: tls \"t\": ca is missing: nobody's certificate would be trusted"},
	{BLOCKS "tls t { certificate = server.pem; key = server.key; ca = junk }\n",
		"hokeyd.conf:6: tls \"t\": ca: there is no certificate in it"},
	{BLOCKS TLS "client c { tls = t }\n",
		"hokeyd.conf:7: client \"c\": certificate-name, fingerprint or psk-identity has to "
		"say "
		"who it is"},
	{BLOCKS TLS "client c { tls = t; certificate-name = a.b; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:7: client \"c\": with tls there is no shared secret"},
	{BLOCKS TLS "client c { tls = t; psk-identity = me }\n",
		"hokeyd.conf:7: client \"c\": psk-identity and psk-file go together"},
	{BLOCKS TLS "client c { tls = t; psk-identity = me; psk-file = secret }\n",
		"hokeyd.conf:7: client \"c\": psk-file: expected 16 to 64 octets in hex"},
	{BLOCKS "client c { secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:6: client \"c\": address is missing"},
	{BLOCKS TLS HOME
		"home-server b { address = ::2; tls = t }\npool p { servers = { a, b } }\n",
		"hokeyd.conf:9: pool \"p\": servers: 'b': one pool cannot have UDP and TLS "
		"servers"},

	/* ktk */
	{BLOCKS "ktk k { key-file = junk }\n",
		"hokeyd.conf:6: ktk \"k\": key-file: expected 32 octets in hex"},
	{BLOCKS "ktk k { key-file = ktk; revoke-at = nowhere }\n",
		"hokeyd.conf:6: ktk \"k\": revoke-at: there is no home-server 'nowhere'"},
	{BLOCKS "ktk k { key-file = ktk }\nktk l { key-file = ktk; kek-id = k }\n",
		"hokeyd.conf:7: ktk \"l\": kek-id: another ktk has the same"},
	{VISITED "ktk k { key-file = ktk; domains = { D.example, x.example }; realms = { '*' }; "
		 "allow = { dsrk } }\n",
		BOTH_WAYS},
	{VISITED "ktk k { key-file = ktk; domains = { d.example }; "
		 "realms = { other.example, home.example }; allow = { dsrk } }\n",
		BOTH_WAYS},
	{LISTEN CLIENT EAP STORE "erp { realms = { a.b }; local-domain = c.d }\n",
		"hokeyd.conf:5: erp: local-domain: it is not among realms"},
};

/* R2865-3-10 R9813-01 */
static void test_each_mistake_has_its_message(void **state)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		check_error(*state, mistakes[i].text, mistakes[i].want);
}

/* Names of ciphers and groups are OpenSSL's to judge; its words may change. */
static void test_unknown_ciphers_and_groups_are_refused(void **state)
{
	static const char *const options[] = {
		"ciphers = NOTHING", "ciphersuites = NOTHING", "groups = NOTHING"};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct hk_config_error error = {""};
		struct hk_config *config = NULL;
		char text[1000];

		snprintf(text, sizeof(text),
			LISTEN CLIENT ERP STORE
			"eap { ca = ca.pem; certificate = server.pem; key = server.key; %s }\n",
			options[i]);
		assert_err(load(*state, text, &config, &error), HK_ERR_MALFORMED);
		assert_non_null(strstr(error.text, "hokeyd.conf:5: eap: TLS "));
	}
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

/* ---- secrets ---- */

static void test_no_message_shows_a_secret(void **state)
{
	static const char *const texts[] = {
		"client a { address = 192.0.2.1\n secret = TOP SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP'SECRET'\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP=SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP,SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP(SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = 'TOP SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = \"TOP ${SECRET}\"\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP*SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = 'SECRET'\n secret = 'SECRET'\n}\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct hk_config_error error = {""};
		struct hk_config *config = NULL;

		assert_err(load(*state, texts[i], &config, &error), HK_ERR_MALFORMED);
		assert_true(error.text[0] != 0);
		if (strstr(error.text, "SECRET"))
			fail_msg("shown: %s", error.text);
	}
	check_error(*state, texts[0],
		"hokeyd.conf:2: client \"a\": not understood behind the secret; write it in single "
		"quotes");
}

static void test_a_secret_that_is_too_long(void **state)
{
	char text[1000];
	char secret[257];

	memset(secret, 's', 256);
	secret[256] = 0;
	snprintf(text, sizeof(text), "client a {\n secret = %s\n}\n", secret);
	check_error(*state, text,
		"hokeyd.conf:2: client \"a\": secret: expected 1 to 255 octets, found 256");
	free(temp_file(*state, "long-secret", secret, 0600));
	check_error(*state, LISTEN "client a { address = 192.0.2.1; secret-file = long-secret }\n",
		"hokeyd.conf:2: client \"a\": secret-file: the secret is longer than 255 octets");
}

/* ---- warnings ---- */

static void test_what_is_doubtful_is_warned_of(void **state)
{
	char text[1000];

	check_warnings(*state, LISTEN EAP ERP STORE,
		"hokeyd.conf: there is no client block: nobody may send requests\n");
	check_warnings(*state,
		LISTEN EAP ERP STORE "client a { address = 192.0.2.1\n secret = testing123 }\n",
		"hokeyd.conf:6: client \"a\": secret: the secret has 10 octets; shorter than 12 "
		"can be "
		"found by trying\n");
	check_warnings(*state,
		LISTEN EAP ERP STORE
		"client a { address = 192.0.2.1\n secret-file = open-secret }\n",
		"hokeyd.conf:6: client \"a\": secret-file: others than its owner can read the "
		"file\n");
	check_warnings(*state,
		LISTEN EAP ERP STORE "client a { address = 192.0.2.1; secret = 'sixteen octets!!'\n"
				     " require-message-authenticator = no }\n",
		"hokeyd.conf:6: client \"a\": require-message-authenticator: 'no' leaves requests "
		"without EAP open to forgery (CVE-2024-3596)\n");
	check_warnings(*state,
		LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = server.pem; key = open.key }\n",
		"hokeyd.conf:5: eap: key: others than its owner can read the file\n");
	check_warnings(*state,
		LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = soon.pem; key = soon.key }\n",
		"hokeyd.conf:5: eap: certificate: the certificate expires in 10 days\n");
	check_warnings(*state,
		LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = server.pem; key = "
					"server.key; crl = old-crl.pem; check-crl = yes }\n",
		"hokeyd.conf:5: eap: crl: list 1 has run out: certificates it is about are "
		"refused\n");
	check_warnings(*state, LISTEN CLIENT EAP STORE "erp { realms = { localdomain } }\n",
		"hokeyd.conf:5: erp: realms: 'localdomain' has no dot; is it a domain name?\n");
	snprintf(text, sizeof(text), "%s", LISTEN CLIENT EAP ERP "store { path = . ");
	strcat(text, "; wrap-key-file = wrap.key }\n");
	assert_int_equal(chmod(*state, 0755), 0);
	check_warnings(*state, text,
		"hokeyd.conf:5: store: path: .: others than its owner may enter it\n");
	assert_int_equal(chmod(*state, 0700), 0);
}

/* An access point with FILS has room for 254 octets of EAP-Finish. */
static void test_a_realm_too_long_for_fils(void **state)
{
	char realm[HK_REALM_MAX_LEN + 2];
	struct hk_config *c;
	char text[1000];
	char want[400];

	for (size_t i = 0; i < sizeof(realm); i++)
		realm[i] = i % 50 == 49 ? '.' : 'r';
	realm[185] = 0;
	snprintf(text, sizeof(text), LISTEN CLIENT EAP STORE "erp {\n realms = { %s }\n}\n", realm);
	snprintf(want, sizeof(want),
		"hokeyd.conf:6: erp: realms: '%s' is too long: answers can have 255 octets; FILS "
		"access points take 254",
		realm);
	check_error(*state, text, want);

	realm[184] = 0;
	snprintf(text, sizeof(text), LISTEN CLIENT EAP STORE "erp { realms = { %s } }\n", realm);
	c = good(*state, text);
	assert_int_equal(c->nwarnings, 0);
	hk_config_free(c);

	snprintf(text, sizeof(text),
		LISTEN CLIENT EAP STORE
		"erp { realms = { a.example } channel-binding = require }\n");
	c = good(*state, text);
	assert_int_equal(c->nwarnings, 1);
	assert_non_null(strstr(c->warnings[0], "FILS access points take 254"));
	hk_config_free(c);
}

static void test_a_realm_that_is_too_long(void **state)
{
	char text[1000];
	char realm[HK_REALM_MAX_LEN + 2];
	char want[400];

	memset(realm, 'r', sizeof(realm));
	realm[HK_REALM_MAX_LEN + 1] = 0;
	snprintf(text, sizeof(text), "erp { realms = { %s } }\n", realm);
	realm[72] = 0;
	snprintf(want, sizeof(want),
		"hokeyd.conf:1: erp: realms: expected a text of at most 236 octets, found '%s...'",
		realm);
	check_error(*state, text, want);
}

static void test_a_secret_in_a_file_others_can_read(void **state)
{
	char *path = temp_file(*state, "open.conf", LISTEN CLIENT EAP ERP STORE, 0644);
	struct hk_config_error error;
	struct hk_config *c;

	assert_ok(hk_config_load(path, &c, &error));
	assert_int_equal(c->nwarnings, 1);
	drop_directory(c->warnings[0], *state);
	assert_string_equal(c->warnings[0],
		"open.conf:2: client \"ap1\": secret: others than its owner can read this file");
	hk_config_free(c);
	free(path);
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
		cmocka_unit_test(test_each_mistake_has_its_message),
		cmocka_unit_test(test_any_text_is_answered),
		cmocka_unit_test(test_unknown_ciphers_and_groups_are_refused),
		cmocka_unit_test(test_no_message_shows_a_secret),
		cmocka_unit_test(test_a_secret_that_is_too_long),
		cmocka_unit_test(test_what_is_doubtful_is_warned_of),
		cmocka_unit_test(test_a_realm_too_long_for_fils),
		cmocka_unit_test(test_a_realm_that_is_too_long),
		cmocka_unit_test(test_a_secret_in_a_file_others_can_read),
		cmocka_unit_test(test_the_example_is_good),
		cmocka_unit_test(test_the_example_of_users_is_good),
	};

	return cmocka_run_group_tests_name("hokeyd-config", tests, setup, temp_teardown);
}
