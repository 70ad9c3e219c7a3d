/* SPDX-License-Identifier: ISC */
/* The configuration file: loads, or says in one line where it is wrong. */
#include "fuzz.h"
#include "temp.h"
#include "test_pki.h"

#include "hokeyd/config.h"

#include <time.h>

static char *name;

static void write_pem(const char *directory, const char *file, struct hk_bytes pem)
{
	char *text = strndup((const char *)pem.data, pem.len);

	free(temp_file(directory, file, text, 0600));
	free(text);
	test_bytes_free(pem);
}

static void clean_up(void)
{
	char *slash = strrchr(name, '/');

	*slash = 0;
	nftw(name, temp_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(name);
}

/* The files that the seeds name. */
static void set_up(void)
{
	const hk_time now = (hk_time)time(NULL) * HK_SECOND;
	struct test_cert_options options = {
		.cn = "CA", .ca = true, .from = now - TEST_DAY, .until = now + 300 * TEST_DAY};
	struct test_cert *ca = test_cert_new(NULL, &options), *server;
	void *directory;

	if (temp_setup(&directory))
		abort();
	options = (struct test_cert_options){.cn = "server",
		.san = "DNS:radius.home.example",
		.from = now - TEST_DAY,
		.until = now + 300 * TEST_DAY};
	server = test_cert_new(ca, &options);
	write_pem(directory, "ca.pem", test_cert_pem(ca));
	write_pem(directory, "server.pem", test_cert_pem(server));
	write_pem(directory, "server.key", test_key_pem(server));
	write_pem(directory, "crl.pem", test_crl_pem(ca, NULL, now - TEST_DAY, now + TEST_DAY));
	free(temp_file(directory, "secret", "a secret of a file\n", 0600));
	free(temp_file(directory, "users", "alice@home.example\n\tClass = a\nDEFAULT\n", 0600));
	test_cert_free(server);
	test_cert_free(ca);
	name = temp_path(directory, "hokeyd.conf");
	free(directory);
	atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_config_error error = {""};
	struct hk_config *config = NULL;
	char *text;

	if (!name)
		set_up();
	text = strndup((const char *)data, size);
	if (hk_config_load_text(name, text, &config, &error)) {
		fuzz_check(!config);
		fuzz_check(error.text[0] && !strchr(error.text, '\n'));
	} else {
		fuzz_check(config->nlistens > 0);
	}
	hk_config_free(config);
	free(text);
	return 0;
}
