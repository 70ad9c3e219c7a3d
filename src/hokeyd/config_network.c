/* SPDX-License-Identifier: ISC */
/* Blocks listen and client: addresses, networks, secrets. */
#include "hokeyd/config_loader.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_ADVISED 12

static bool parse_address(const char *text, uint8_t address[16], unsigned *bits)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET6, text, address) == 1) {
		*bits = 128;
		return true;
	}
	memcpy(address, mapped, sizeof(mapped));
	*bits = 32;
	return inet_pton(AF_INET, text, address + 12) == 1;
}

static socklen_t fill_sockaddr(
	struct sockaddr_storage *out, const uint8_t address[16], unsigned bits, uint16_t port)
{
	if (bits == 32) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address + 12, 4);
		return sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, address, 16);
		return sizeof(*in6);
	}
}

enum hk_err hk_section_endpoint(
	const struct hk_section *s, struct sockaddr_storage *out, socklen_t *len)
{
	const char *text = hk_section_text(s, "address");
	char shown[HK_SHOWN_SIZE];
	uint8_t address[16];
	unsigned bits;

	if (!parse_address(text, address, &bits))
		return hk_section_fail(s, "address", "expected an IPv4 or IPv6 address, found '%s'",
			hk_shown(text, shown, sizeof(shown)));
	*len = fill_sockaddr(out, address, bits, hk_section_port(s));
	return HK_OK;
}

/* ---- listen ---- */

const struct hk_listen_config *hk_config_find_listen(const struct hk_config *config, size_t n,
	bool tls, const struct sockaddr_storage *address, socklen_t len)
{
	for (size_t i = 0; i < n; i++) {
		const struct hk_listen_config *l = &config->listens[i];

		if (!l->tls == !tls && l->address_len == len &&
			memcmp(&l->address, address, len) == 0)
			return l;
	}
	return NULL;
}

enum hk_err hk_config_finish_listen(const struct hk_section *s, struct hk_listen_config *listen)
{
	const struct hk_config *c = s->loader->config;
	const struct hk_listen_config *other;
	enum hk_err err;

	listen->name = strdup(cfg_title(s->cfg));
	if (!listen->name)
		return HK_ERR_NO_MEMORY;
	err = hk_section_endpoint(s, &listen->address, &listen->address_len);
	err = err ? err : hk_section_tls(s, &listen->tls);
	if (err)
		return err;
	other = hk_config_find_listen(
		c, c->nlistens - 1, listen->tls, &listen->address, listen->address_len);
	if (other)
		return hk_section_fail(
			s, "address", "same address and port as listen \"%s\"", other->name);
	return HK_OK;
}

/* ---- client ---- */

static bool parse_prefix(const char *text, unsigned bits, unsigned *prefix)
{
	unsigned n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && p - text < 3; p++)
		n = n * 10 + (unsigned)(*p - '0');
	*prefix = n;
	return p != text && *p == 0 && n <= bits;
}

static bool bits_behind(const uint8_t address[16], unsigned prefix)
{
	for (unsigned bit = prefix; bit < 128; bit++) {
		if (address[bit / 8] & (0x80 >> bit % 8))
			return true;
	}
	return false;
}

static enum hk_err read_network(const struct hk_section *s, struct hk_client_config *client)
{
	const char *text = hk_section_text(s, "address");
	const char *slash = strchr(text, '/');
	char shown[HK_SHOWN_SIZE];
	char address[65];
	unsigned prefix;
	unsigned bits;

	hk_shown(text, shown, sizeof(shown));
	/* The schema holds texts of at most 64 octets for it. */
	snprintf(address, sizeof(address), "%s", text);
	address[strcspn(address, "/")] = 0;
	if (!parse_address(address, client->network, &bits))
		return hk_section_fail(
			s, "address", "expected an address or address/prefix, found '%s'", shown);
	prefix = bits;
	if (slash && !parse_prefix(slash + 1, bits, &prefix))
		return hk_section_fail(
			s, "address", "expected a prefix of 0 to %u in '%s'", bits, shown);
	client->prefix = (uint8_t)(prefix + 128 - bits);
	if (bits_behind(client->network, client->prefix))
		return hk_section_fail(
			s, "address", "in '%s' there are bits set behind the prefix", shown);
	return HK_OK;
}

static enum hk_err check_network_is_new(
	const struct hk_section *s, const struct hk_client_config *client)
{
	const struct hk_config *c = s->loader->config;

	for (size_t i = 0; i + 1 < c->nclients; i++) {
		if (!c->clients[i].tls && c->clients[i].prefix == client->prefix &&
			memcmp(c->clients[i].network, client->network, 16) == 0)
			return hk_section_fail(
				s, "address", "same network as client \"%s\"", c->clients[i].name);
	}
	return HK_OK;
}

static enum hk_err set_secret(const struct hk_section *s, const char *option,
	struct hk_radius_secret *out, struct hk_bytes secret)
{
	if (secret.len == 0)
		return hk_section_fail(s, option, "the secret is empty");
	if (secret.len > HK_RADIUS_SECRET_MAX)
		return hk_section_fail(
			s, option, "the secret is longer than %u octets", HK_RADIUS_SECRET_MAX);
	if (secret.len < SECRET_ADVISED) {
		enum hk_err err = hk_section_warn(s, option,
			"the secret has %zu octets; shorter than %u can be found by trying",
			secret.len, SECRET_ADVISED);
		if (err)
			return err;
	}
	return hk_radius_secret_set(out, secret);
}

static enum hk_err read_secret_file(const struct hk_section *s, struct hk_radius_secret *out)
{
	struct hk_file file;
	struct hk_bytes secret;
	enum hk_err err = hk_section_read_file(s, "secret-file", &file);

	if (err)
		return err;
	secret = hk_file_bytes(&file);
	if (secret.len && secret.data[secret.len - 1] == '\n')
		secret.len--;
	if (secret.len && secret.data[secret.len - 1] == '\r')
		secret.len--;
	if (secret.len &&
		(memchr(secret.data, '\n', secret.len) || memchr(secret.data, 0, secret.len)))
		err = hk_section_fail(s, "secret-file", "the file has more than one line");
	else
		err = set_secret(s, "secret-file", out, secret);
	err = err ? err : hk_section_warn_if_open(s, "secret-file", &file);
	hk_file_free(&file);
	return err;
}

enum hk_err hk_section_secret(const struct hk_section *s, struct hk_radius_secret *out)
{
	bool in_file = hk_section_has(s, "secret-file");
	enum hk_err err;

	if (in_file && hk_section_has(s, "secret"))
		return hk_section_fail(s, NULL, "give either secret or secret-file");
	if (in_file)
		return read_secret_file(s, out);
	if (!hk_section_has(s, "secret"))
		return hk_section_fail(s, NULL, "secret or secret-file is missing");
	err = set_secret(s, "secret", out, hk_text(hk_section_text(s, "secret")));
	if (!err && s->loader->open_to_others)
		err = hk_section_warn(s, "secret", "others than its owner can read this file");
	return err;
}

enum hk_err hk_section_filter(
	const struct hk_section *s, const char *option, struct hk_attribute_filter *out)
{
	for (size_t i = 0; i < hk_section_list_len(s, option); i++) {
		const char *name = hk_section_list_get(s, option, i);
		char shown[HK_SHOWN_SIZE];

		hk_shown(name, shown, sizeof(shown));
		switch (hk_filter_add(out, name)) {
		case HK_OK:
			break;
		case HK_ERR_DENIED:
			return hk_section_fail(s, option, "'%s' cannot be left out", shown);
		case HK_ERR_LIMIT:
			return hk_section_fail(
				s, option, "more than %u attributes of vendors", HK_FILTER_VSA_MAX);
		default:
			return hk_section_fail(s, option, "there is no attribute '%s'", shown);
		}
	}
	return HK_OK;
}

static enum hk_err finish_udp_client(const struct hk_section *s, struct hk_client_config *client)
{
	enum hk_err err;

	if (!hk_section_has(s, "address"))
		return hk_section_fail(s, NULL, "address is missing");
	err = read_network(s, client);
	err = err ? err : check_network_is_new(s, client);
	return err ? err : hk_section_secret(s, &client->secret);
}

/* The key is looked for by the identity alone, before anything else is known. */
static enum hk_err check_identity_is_new(
	const struct hk_section *s, const struct hk_client_config *client)
{
	const struct hk_config *c = s->loader->config;

	for (size_t i = 0; client->peer.psk_identity && i + 1 < c->nclients; i++) {
		const struct hk_client_config *other = &c->clients[i];

		if (other->tls == client->tls && other->peer.psk_identity &&
			strcmp(other->peer.psk_identity, client->peer.psk_identity) == 0)
			return hk_section_fail(
				s, "psk-identity", "client \"%s\" has the same", other->name);
	}
	return HK_OK;
}

/* RFC 6614 section 2.3: the secret is known to all; TLS protects what it protected. */
static enum hk_err finish_tls_client(const struct hk_section *s, struct hk_client_config *client)
{
	enum hk_err err = HK_OK;

	if (hk_section_has(s, "secret") || hk_section_has(s, "secret-file"))
		return hk_section_fail(s, NULL, "with tls there is no shared secret");
	if (hk_section_has(s, "address"))
		err = read_network(s, client);
	err = err ? err : hk_section_tls_peer(s, &client->peer);
	err = err ? err : check_identity_is_new(s, client);
	if (err)
		return err;
	if (!client->peer.name && !client->peer.has_fingerprint && !client->peer.psk_identity)
		return hk_section_fail(s, NULL,
			"certificate-name, fingerprint or psk-identity has to say who it is");
	if (!hk_section_has(s, "require-message-authenticator"))
		client->require_message_authenticator = HK_NO;
	if (!hk_section_has(s, "limit-proxy-state"))
		client->limit_proxy_state = HK_NO;
	return hk_radius_secret_set(&client->secret, hk_text("radsec"));
}

enum hk_err hk_config_finish_client(const struct hk_section *s, struct hk_client_config *client)
{
	enum hk_err err;

	client->name = strdup(cfg_title(s->cfg));
	if (!client->name)
		return HK_ERR_NO_MEMORY;
	err = hk_section_tls(s, &client->tls);
	err = err ? err : client->tls ? finish_tls_client(s, client) : finish_udp_client(s, client);
	err = err ? err : hk_section_filter(s, "filter-replies", &client->filter_replies);
	err = err ? err
		  : hk_section_copy_list(s, "revokes", true, &client->revokes, &client->nrevokes);
	if (err || client->tls)
		return err;
	if (client->require_message_authenticator == HK_NO)
		return hk_section_warn(s, "require-message-authenticator",
			"'no' leaves requests without EAP open to forgery (CVE-2024-3596)");
	return HK_OK;
}
