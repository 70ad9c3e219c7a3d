/* SPDX-License-Identifier: ISC */
#include "hokeyd/quick.h"

#include "crypto/crypto.h"
#include "hokeyd/files.h"
#include "hokeyd/quick_ca.h"
#include "hokeyd/store_files.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET_OCTETS 16 /* random ones, written in hex */

/* The options with their defaults, and what follows from them. */
struct quick {
	char state[PATH_MAX]; /* absolute */
	char certs[PATH_MAX]; /* absolute */
	bool own_certs;
	char realm[HK_REALM_MAX_LEN + 1];
	char address[INET6_ADDRSTRLEN];
	unsigned port;
	struct hk_file secret;
};

static enum hk_err fail(struct hk_config_error *error, const char *what, const char *why)
{
	snprintf(error->text, sizeof(error->text), "%.300s: %.150s", what, why);
	return HK_ERR_MALFORMED;
}

/* ---- options ---- */

static bool parse_port(const char *text, unsigned *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*port = (unsigned)n;
	return *text >= '0' && *text <= '9' && *end == 0 && n >= 1 && n <= 65535;
}

/* "1.2.3.4", "1.2.3.4:1812", ":1812", "::1", "[::1]", "[::1]:1812" */
static bool parse_listen(const char *text, struct quick *q)
{
	const char *first_colon = strchr(text, ':');
	const char *port = NULL;
	size_t len = strlen(text);
	uint8_t address[16];

	snprintf(q->address, sizeof(q->address), "127.0.0.1");
	q->port = 1812;
	if (text[0] == '[') {
		const char *end = strchr(text, ']');

		if (!end || (end[1] && end[1] != ':'))
			return false;
		port = end[1] ? end + 2 : NULL;
		len = (size_t)(end - ++text);
	} else if (first_colon && !strchr(first_colon + 1, ':')) {
		port = first_colon + 1;
		len = (size_t)(first_colon - text);
	}
	if (len >= sizeof(q->address) || (port && !parse_port(port, &q->port)))
		return false;
	if (len == 0)
		return port != NULL;
	memcpy(q->address, text, len);
	q->address[len] = 0;
	return inet_pton(AF_INET, q->address, address) == 1 ||
	       inet_pton(AF_INET6, q->address, address) == 1;
}

/* What is printed must work from any directory. */
static enum hk_err make_absolute(
	const char *path, char out[PATH_MAX], struct hk_config_error *error)
{
	char directory[PATH_MAX];
	int n;

	if (path[0] == '/')
		n = snprintf(out, PATH_MAX, "%s", path);
	else if (getcwd(directory, sizeof(directory)))
		n = snprintf(out, PATH_MAX, "%s/%s", directory, path);
	else
		return fail(error, path, strerror(errno));
	/* Room for the names of files in it. */
	if (n > PATH_MAX - 32)
		return fail(error, path, "the path is too long");
	/* It is going to stand in quotes in files of three programs. */
	for (const char *p = out; *p; p++) {
		if (*p < ' ' || *p == 0x7f || strchr("\"'\\#", *p))
			return fail(error, path, "the path has characters that need quoting");
	}
	return HK_OK;
}

static enum hk_err read_options(
	const struct hk_quick_options *o, struct quick *q, struct hk_config_error *error)
{
	const char *realm = o->realm ? o->realm : "home.example";
	enum hk_err err;

	if (o->listen && !parse_listen(o->listen, q))
		return fail(error, o->listen, "expected ADDRESS:PORT");
	if (!o->listen)
		parse_listen("127.0.0.1:1812", q);
	if (strlen(realm) > HK_REALM_MAX_LEN || hk_domain_check(hk_text(realm)) ||
		strpbrk(realm, "@\"'\\#"))
		return fail(error, realm, "is not a realm");
	snprintf(q->realm, sizeof(q->realm), "%s", realm);
	err = make_absolute(o->state ? o->state : "hokeyd-state", q->state, error);
	if (err)
		return err;
	q->own_certs = !o->certs;
	return make_absolute(o->certs ? o->certs : q->state, q->certs, error);
}

/* ---- the secret ---- */

static enum hk_err make_secret(const char *path, struct hk_config_error *error)
{
	uint8_t octets[SECRET_OCTETS];
	char text[2 * SECRET_OCTETS + 2];
	enum hk_err err = hk_random(octets, sizeof(octets));

	if (err)
		return fail(error, path, hk_strerror(err));
	for (size_t i = 0; i < sizeof(octets); i++)
		snprintf(text + 2 * i, 3, "%02x", octets[i]);
	memcpy(text + 2 * SECRET_OCTETS, "\n", 2);
	err = hk_file_create(path, hk_text(text), 0600);
	hk_wipe(octets, sizeof(octets));
	hk_wipe(text, sizeof(text));
	return err ? fail(error, path, hk_file_strerror(err)) : HK_OK;
}

/* A secret that is given is kept for the next start, too. */
static enum hk_err keep_secret(const char *path, const char *secret, struct hk_config_error *error)
{
	char line[HK_RADIUS_SECRET_MAX + 2];
	enum hk_err err;

	if (strlen(secret) < 1 || strlen(secret) > HK_RADIUS_SECRET_MAX)
		return fail(error, "the secret", "expected 1 to 255 octets");
	if (strpbrk(secret, "\r\n"))
		return fail(error, "the secret", "expected one line");
	snprintf(line, sizeof(line), "%s\n", secret);
	err = hk_file_ensure(path, hk_text(line), 0600);
	hk_wipe(line, sizeof(line));
	return err ? fail(error, path, hk_file_strerror(err)) : HK_OK;
}

static enum hk_err need_secret(struct quick *q, const char *given, struct hk_config_error *error)
{
	char path[PATH_MAX + 16];
	enum hk_err err = HK_OK;

	snprintf(path, sizeof(path), "%s/secret", q->state);
	if (given)
		err = keep_secret(path, given, error);
	else if (access(path, F_OK) != 0)
		err = make_secret(path, error);
	if (err)
		return err;
	err = hk_file_read(path, &q->secret);
	if (err)
		return fail(error, path, hk_file_strerror(err));
	q->secret.data[strcspn((char *)q->secret.data, "\n")] = 0;
	return HK_OK;
}

/* ---- what is written ---- */

static void write_config(FILE *out, const struct quick *q)
{
	fprintf(out,
		"# Written by `hokeyd --quick` at each start: copy it before you change it.\n"
		"\n"
		"control = control.sock\n"
		"log { logins = all }\n"
		"\n"
		"listen quick { address = '%s'; port = %u }\n"
		"\n"
		"# Whoever knows the secret.\n"
		"client any { address = 0.0.0.0/0; secret-file = secret }\n"
		"client any6 { address = '::/0'; secret-file = secret }\n"
		"\n"
		"# Every device with a certificate of this CA is let in.\n"
		"eap {\n"
		"        ca = '%s/ca.pem'\n"
		"        certificate = '%s/server.pem'\n"
		"        key = '%s/server.key'\n"
		"}\n"
		"\n"
		"erp { realms = { '%s' } }\n"
		"\n"
		"store { path = keys; wrap-key-file = wrap.key }\n",
		q->address, q->port, q->certs, q->certs, q->certs, q->realm);
}

/*
 * The address that access points reach: a socket that is never used tells
 * which one the machine would send from.
 */
static void reachable_address(const struct quick *q, char out[INET6_ADDRSTRLEN])
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int fd;

	snprintf(out, INET6_ADDRSTRLEN, "%s", q->address);
	if (strcmp(q->address, "0.0.0.0") != 0)
		return;
	snprintf(out, INET6_ADDRSTRLEN, "127.0.0.1");
	inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
		getsockname(fd, (struct sockaddr *)&from, &len) == 0)
		inet_ntop(AF_INET, &from.sin_addr, out, INET6_ADDRSTRLEN);
	close(fd);
}

static void write_access_point(FILE *out, const struct quick *q, const char *secret)
{
	char address[INET6_ADDRSTRLEN];

	reachable_address(q, address);
	fprintf(out,
		"# For hostapd.conf. nas_identifier: another one for each access point.\n"
		"ieee8021x=1\n"
		"nas_identifier=ap1\n"
		"auth_server_addr=%s\n"
		"auth_server_port=%u\n"
		"auth_server_shared_secret=%s\n"
		"erp_send_reauth_start=1\n"
		"erp_domain=%s\n",
		address, q->port, secret, q->realm);
}

static void write_device(FILE *out, const struct quick *q)
{
	char server[256];
	char client[256];

	hk_quick_server_name(q->realm, server);
	hk_quick_client_name(q->realm, client);
	fprintf(out,
		"# For wpa_supplicant.conf, built with CONFIG_ERP=y. Add the ssid of your "
		"network;\n"
		"# for a wired one: key_mgmt=IEEE8021X and eapol_flags=0.\n"
		"network={\n"
		"\tkey_mgmt=WPA-EAP\n"
		"\teap=TLS\n"
		"\terp=1\n"
		"\tphase1=\"tls_disable_tlsv1_3=0\"\n"
		"\tidentity=\"%s\"\n"
		"\tca_cert=\"%s/ca.pem\"\n",
		client, q->certs);
	if (q->own_certs)
		fprintf(out, "\tdomain_match=\"%s\"\n", server);
	fprintf(out,
		"\tclient_cert=\"%s/client.pem\"\n"
		"\tprivate_key=\"%s/client.key\"\n"
		"}\n",
		q->certs, q->certs);
}

static enum hk_err save(
	const struct quick *q, const char *name, const char *text, struct hk_config_error *error)
{
	char path[PATH_MAX + 32];
	enum hk_err err;

	snprintf(path, sizeof(path), "%s/%s", q->state, name);
	err = hk_file_ensure(path, hk_text(text), 0600);
	return err ? fail(error, path, hk_file_strerror(err)) : HK_OK;
}

/* All three texts; the caller frees them. */
static enum hk_err render(const struct quick *q, char *texts[3])
{
	for (size_t i = 0; i < 3; i++) {
		size_t size;
		FILE *out = open_memstream(&texts[i], &size);

		if (!out)
			return HK_ERR_NO_MEMORY;
		if (i == 0)
			write_config(out, q);
		else if (i == 1)
			write_access_point(out, q, (const char *)q->secret.data);
		else
			write_device(out, q);
		if (fclose(out) != 0)
			return HK_ERR_NO_MEMORY;
	}
	return HK_OK;
}

static enum hk_err save_and_load(
	const struct quick *q, struct hk_config **out, struct hk_config_error *error)
{
	static const char *const names[] = {"hokeyd.conf", "access-point.conf", "device.conf"};
	char *texts[3] = {NULL, NULL, NULL};
	char path[PATH_MAX + 32];
	enum hk_err err = render(q, texts);

	for (size_t i = 0; i < 3 && !err; i++)
		err = save(q, names[i], texts[i], error);
	snprintf(path, sizeof(path), "%s/%s", q->state, names[0]);
	if (!err)
		err = hk_config_load_text(path, texts[0], out, error);
	for (size_t i = 0; i < 3; i++) {
		if (texts[i])
			hk_wipe(texts[i], strlen(texts[i]));
		free(texts[i]);
	}
	return err;
}

enum hk_err hk_quick_start(const struct hk_quick_options *options, struct hk_config **out,
	struct hk_config_error *error)
{
	struct quick q = {0};
	enum hk_err err;

	error->text[0] = 0;
	err = read_options(options, &q, error);
	err = err ? err : hk_store_make_directory(q.state, NULL, error);
	err = err ? err : need_secret(&q, options->secret, error);
	if (!err && q.own_certs)
		err = hk_quick_make_certificates(q.state, q.realm, error);
	err = err ? err : save_and_load(&q, out, error);
	hk_file_free(&q.secret);
	if (err && !error->text[0])
		snprintf(error->text, sizeof(error->text), "%s", hk_strerror(err));
	return err;
}

void hk_quick_explain(const struct hk_quick_options *options, bool show_secret, FILE *out)
{
	struct hk_config_error ignored;
	struct quick q = {0};
	char hint[PATH_MAX + 64];

	if (read_options(options, &q, &ignored) || need_secret(&q, NULL, &ignored))
		return;
	snprintf(hint, sizeof(hint), "(see %s/secret)", q.state);
	fprintf(out, "RADIUS server for the realm %s on %s port %u. Its files are in\n%s\n\n",
		q.realm, q.address, q.port, q.state);
	write_access_point(out, &q, show_secret ? (const char *)q.secret.data : hint);
	fprintf(out, "\n");
	write_device(out, &q);
	if (!q.own_certs)
		fprintf(out, "# with the name and the files of a certificate of your CA\n");
	fprintf(out, "\nThe same is in access-point.conf and device.conf there, the\n"
		     "configuration in hokeyd.conf.\n");
	hk_file_free(&q.secret);
}
