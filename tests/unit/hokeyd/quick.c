/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "temp.h"

#include "hokeyd/files.h"
#include "hokeyd/quick.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_text(const char *directory, const char *name)
{
	char *path = temp_path(directory, name);
	struct hk_file file;

	if (hk_file_read(path, &file))
		fail_msg("%s: %s", path, hk_file_strerror(HK_ERR_SYSTEM));
	free(path);
	return (char *)file.data;
}

static unsigned mode_of(const char *directory, const char *name)
{
	char *path = temp_path(directory, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	free(path);
	return st.st_mode & 07777;
}

static void remove_file(const char *directory, const char *name)
{
	char *path = temp_path(directory, name);

	assert_int_equal(unlink(path), 0);
	free(path);
}

static X509 *read_certificate(const char *directory, const char *name)
{
	char *text = read_text(directory, name);
	BIO *bio = BIO_new_mem_buf(text, -1);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	assert_non_null(certificate);
	BIO_free(bio);
	free(text);
	return certificate;
}

static struct hk_config *start(const struct hk_quick_options *options)
{
	struct hk_config_error error = {""};
	struct hk_config *config = NULL;

	if (hk_quick_start(options, &config, &error))
		fail_msg("%s", error.text);
	return config;
}

static char *new_state(void **state, const char *name)
{
	return temp_path(*state, name);
}

static void test_a_server_out_of_nothing(void **state)
{
	char *directory = new_state(state, "nothing");
	struct hk_quick_options options = {.state = directory};
	struct hk_config *c = start(&options);
	const struct sockaddr_in *in = (const struct sockaddr_in *)&c->listens[0].address;

	assert_int_equal(c->nwarnings, 0);
	assert_null(c->path);
	assert_null(c->users);
	assert_int_equal(c->nlistens, 1);
	assert_int_equal(ntohs(in->sin_port), 1812);
	assert_int_equal(ntohl(in->sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(c->nclients, 2);
	assert_int_equal(c->clients[0].secret.len, 32);
	assert_memory_equal(
		&c->clients[0].secret, &c->clients[1].secret, sizeof(c->clients[0].secret));
	assert_int_equal(c->erp.policy.nrealms, 1);
	assert_true(hk_bytes_equal(c->erp.policy.realms[0], hk_text("home.example")));
	assert_int_equal(c->store.kind, HK_STORE_LMDB);
	assert_non_null(strstr(c->store.path, "/nothing/keys"));
	assert_non_null(strstr(c->store.wrap_key_file, "/nothing/wrap.key"));

	assert_int_equal(mode_of(*state, "nothing"), 0700);
	assert_int_equal(mode_of(directory, "ca.key"), 0600);
	assert_int_equal(mode_of(directory, "server.key"), 0600);
	assert_int_equal(mode_of(directory, "client.key"), 0600);
	assert_int_equal(mode_of(directory, "secret"), 0600);
	assert_int_equal(mode_of(directory, "access-point.conf"), 0600);
	hk_config_free(c);
	free(directory);
}

static void test_certificates_say_who_they_are_for(void **state)
{
	char *directory = new_state(state, "names");
	struct hk_quick_options options = {.state = directory, .realm = "campus.example"};
	X509 *ca, *server, *client;
	int days = 0;
	int seconds = 0;

	hk_config_free(start(&options));
	ca = read_certificate(directory, "ca.pem");
	server = read_certificate(directory, "server.pem");
	client = read_certificate(directory, "client.pem");

	assert_int_equal(X509_check_ca(ca), 1);
	assert_int_equal(X509_verify(ca, X509_get0_pubkey(ca)), 1);
	assert_int_equal(X509_verify(server, X509_get0_pubkey(ca)), 1);
	assert_int_equal(X509_verify(client, X509_get0_pubkey(ca)), 1);
	assert_int_equal(X509_check_host(server, "radius.campus.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_email(client, "user@campus.example", 0, 0), 1);
	assert_int_equal(X509_check_ca(server), 0);
	assert_int_equal(X509_check_ca(client), 0);
	assert_int_equal(X509_get_extended_key_usage(server), XKU_SSL_SERVER);
	assert_int_equal(X509_get_extended_key_usage(client), XKU_SSL_CLIENT);
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(client)), 1);
	assert_in_range(days, 364, 365);
	X509_free(ca);
	X509_free(server);
	X509_free(client);
	free(directory);
}

static void test_the_next_start_uses_what_is_there(void **state)
{
	static const char *const files[] = {"ca.pem", "ca.key", "server.pem", "server.key",
		"client.pem", "client.key", "secret"};
	enum { N = sizeof(files) / sizeof(files[0]) };
	char *directory = new_state(state, "again");
	struct hk_quick_options options = {.state = directory};
	char *before[N];

	hk_config_free(start(&options));
	for (size_t i = 0; i < N; i++)
		before[i] = read_text(directory, files[i]);
	hk_config_free(start(&options));
	for (size_t i = 0; i < N; i++) {
		char *after = read_text(directory, files[i]);

		assert_string_equal(before[i], after);
		free(after);
		free(before[i]);
	}
	free(directory);
}

/* Devices keep the CA: only what does not fit any more is made again. */
static void test_only_what_does_not_fit_is_made_again(void **state)
{
	char *directory = new_state(state, "renew");
	struct hk_quick_options options = {.state = directory};
	char *ca, *server, *client, *after;

	hk_config_free(start(&options));
	ca = read_text(directory, "ca.pem");
	server = read_text(directory, "server.pem");
	client = read_text(directory, "client.pem");

	remove_file(directory, "server.key");
	hk_config_free(start(&options));
	after = read_text(directory, "server.pem");
	assert_string_not_equal(server, after);
	free(after);
	after = read_text(directory, "client.pem");
	assert_string_equal(client, after);
	free(after);

	options.realm = "other.example";
	hk_config_free(start(&options));
	after = read_text(directory, "client.pem");
	assert_string_not_equal(client, after);
	free(after);
	after = read_text(directory, "ca.pem");
	assert_string_equal(ca, after);
	free(after);

	/* With another CA the others are worth nothing. */
	free(client);
	client = read_text(directory, "client.pem");
	remove_file(directory, "ca.pem");
	hk_config_free(start(&options));
	after = read_text(directory, "client.pem");
	assert_string_not_equal(client, after);
	free(after);
	free(ca);
	free(server);
	free(client);
	free(directory);
}

static void check_listen(const char *directory, const char *listen, const char *want, unsigned port)
{
	struct hk_quick_options options = {.state = directory, .listen = listen};
	struct hk_config *c = start(&options);
	const struct sockaddr *a = (const struct sockaddr *)&c->listens[0].address;
	char text[INET6_ADDRSTRLEN];

	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)a;

		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		assert_int_equal(ntohs(in->sin_port), port);
	} else {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;

		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		assert_int_equal(ntohs(in6->sin6_port), port);
	}
	assert_string_equal(text, want);
	hk_config_free(c);
}

static void test_where_it_listens(void **state)
{
	char *directory = new_state(state, "listen");

	check_listen(directory, "192.0.2.1", "192.0.2.1", 1812);
	check_listen(directory, "0.0.0.0:11812", "0.0.0.0", 11812);
	check_listen(directory, ":5", "127.0.0.1", 5);
	check_listen(directory, "::1", "::1", 1812);
	check_listen(directory, "[::1]", "::1", 1812);
	check_listen(directory, "[2001:db8::1]:65535", "2001:db8::1", 65535);
	free(directory);
}

static void check_error(const struct hk_quick_options *options, const char *want)
{
	struct hk_config_error error = {""};
	struct hk_config *config = NULL;

	assert_int_not_equal(hk_quick_start(options, &config, &error), HK_OK);
	assert_non_null(strstr(error.text, want));
	assert_null(config);
}

static void test_options_that_cannot_be(void **state)
{
	static const char *const listens[] = {"", ":", "localhost", "127.0.0.1:", "127.0.0.1:0",
		"127.0.0.1:65536", "127.0.0.1:1x", "[::1", "[::1]x", "[127.0.0.1", "1.2.3"};
	char *directory = new_state(state, "never");
	char *missing = new_state(state, "no/such/place");
	struct hk_quick_options options = {.state = directory};
	struct stat st;

	for (size_t i = 0; i < sizeof(listens) / sizeof(listens[0]); i++) {
		options.listen = listens[i];
		check_error(&options, "expected ADDRESS:PORT");
	}
	options = (struct hk_quick_options){.state = directory, .realm = "not a realm"};
	check_error(&options, "is not a realm");
	options = (struct hk_quick_options){.state = directory, .realm = "a'b"};
	check_error(&options, "is not a realm");
	options = (struct hk_quick_options){.state = "quo'te"};
	check_error(&options, "characters that need quoting");
	options = (struct hk_quick_options){.state = missing};
	check_error(&options, "No such file or directory");
	assert_int_equal(stat(directory, &st), -1);
	options = (struct hk_quick_options){.state = directory, .secret = ""};
	check_error(&options, "expected 1 to 255 octets");
	options = (struct hk_quick_options){.state = directory, .certs = *state};
	check_error(&options, "ca.pem: No such file or directory");
	free(missing);
	free(directory);
}

static void test_certificates_of_ones_own(void **state)
{
	char *certs = new_state(state, "own-certs");
	char *directory = new_state(state, "own-state");
	char *made = temp_path(directory, "ca.pem");
	struct hk_quick_options options = {.state = certs};

	hk_config_free(start(&options));
	options = (struct hk_quick_options){.state = directory, .certs = certs};
	hk_config_free(start(&options));
	assert_int_equal(access(made, F_OK), -1);
	free(made);
	free(directory);
	free(certs);
}

static char *explained(const struct hk_quick_options *options, bool show_secret)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	hk_quick_explain(options, show_secret, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_what_to_put_where(void **state)
{
	char *directory = new_state(state, "explain");
	struct hk_quick_options options = {
		.state = directory, .secret = "a secret to test", .listen = "192.0.2.7:1645"};
	char *text, *access_point, *device;
	char want[600];

	hk_config_free(start(&options));
	access_point = read_text(directory, "access-point.conf");
	assert_string_equal(access_point,
		"# For hostapd.conf. nas_identifier: another one for each access point.\n"
		"ieee8021x=1\n"
		"nas_identifier=ap1\n"
		"auth_server_addr=192.0.2.7\n"
		"auth_server_port=1645\n"
		"auth_server_shared_secret=a secret to test\n"
		"erp_send_reauth_start=1\n"
		"erp_domain=home.example\n");
	device = read_text(directory, "device.conf");
	snprintf(want, sizeof(want), "\n\tclient_cert=\"%s/client.pem\"\n", directory);
	assert_non_null(strstr(device, want));
	assert_non_null(strstr(device, "\n\terp=1\n"));
	assert_non_null(strstr(device, "\n\tidentity=\"user@home.example\"\n"));
	assert_non_null(strstr(device, "\n\tdomain_match=\"radius.home.example\"\n"));

	/* Kept for a start without the option. */
	options.secret = NULL;
	text = explained(&options, true);
	assert_non_null(strstr(text, access_point));
	assert_non_null(strstr(text, device));
	free(text);

	text = explained(&options, false);
	assert_null(strstr(text, "a secret to test"));
	assert_non_null(strstr(text, "/secret)\n"));
	free(text);
	free(access_point);
	free(device);
	free(directory);
}

/* The file it leaves behind is a configuration to go on with. */
static void test_its_configuration_can_be_loaded(void **state)
{
	char *directory = new_state(state, "load");
	char *path = temp_path(directory, "hokeyd.conf");
	struct hk_quick_options options = {.state = directory};
	struct hk_config_error error = {""};
	struct hk_config *c;

	hk_config_free(start(&options));
	if (hk_config_load(path, &c, &error))
		fail_msg("%s", error.text);
	assert_int_equal(c->nwarnings, 0);
	assert_non_null(strstr(c->control_path, "/load/control.sock"));
	hk_config_free(c);
	free(path);
	free(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_server_out_of_nothing),
		cmocka_unit_test(test_certificates_say_who_they_are_for),
		cmocka_unit_test(test_the_next_start_uses_what_is_there),
		cmocka_unit_test(test_only_what_does_not_fit_is_made_again),
		cmocka_unit_test(test_where_it_listens),
		cmocka_unit_test(test_options_that_cannot_be),
		cmocka_unit_test(test_certificates_of_ones_own),
		cmocka_unit_test(test_what_to_put_where),
		cmocka_unit_test(test_its_configuration_can_be_loaded),
	};

	return cmocka_run_group_tests_name("hokeyd-quick", tests, temp_setup, temp_teardown);
}
