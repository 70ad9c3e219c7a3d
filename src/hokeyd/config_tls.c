/* SPDX-License-Identifier: ISC */
/* Block tls, and who the peers of RADIUS/TLS are. */
#include "hokeyd/config_loader.h"
#include "hokeyd/radsec.h"

#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

#define RADSEC_PORT 2083

uint16_t hk_section_port(const struct hk_section *s)
{
	uint64_t port = 0;

	if (hk_section_has(s, "tls") && !hk_section_has(s, "port"))
		return RADSEC_PORT;
	hk_option_parse(hk_option_find(s->block, "port"), hk_section_text(s, "port"), &port);
	return (uint16_t)port;
}

/* ---- the block ---- */

static enum hk_err check_set(const struct hk_section *s, const struct hk_radsec_files *files,
	const struct hk_radsec_config *config)
{
	if (!files->certificate.data != !files->key.data)
		return hk_section_fail(s, NULL, "certificate and key go together");
	if (files->certificate.data && !files->ca.data)
		return hk_section_fail(
			s, NULL, "ca is missing: nobody's certificate would be trusted");
	if (config->check_crl && !files->crl.data)
		return hk_section_fail(s, "check-crl", "there is no crl");
	return HK_OK;
}

static enum hk_err check_contents(const struct hk_section *s, const struct hk_radsec_files *files)
{
	enum hk_err err = files->ca.data ? hk_section_check_ca(s, &files->ca) : HK_OK;

	if (!err && files->certificate.data)
		err = hk_section_check_certificate(s, &files->certificate, &files->key);
	if (!err && files->crl.data)
		err = hk_section_check_crl(s, &files->crl);
	return err;
}

static enum hk_err load_files(const struct hk_section *s, struct hk_radsec_config *config)
{
	struct hk_radsec_files files = {0};
	char why[200];
	enum hk_err err = hk_section_read_optional(s, "certificate", &files.certificate);

	err = err ? err : hk_section_read_optional(s, "key", &files.key);
	err = err ? err : hk_section_read_optional(s, "ca", &files.ca);
	err = err ? err : hk_section_read_optional(s, "crl", &files.crl);
	err = err ? err : check_set(s, &files, config);
	err = err ? err : check_contents(s, &files);
	if (!err) {
		err = hk_radsec_context_new(&files, config, &config->context, why, sizeof(why));
		if (err)
			err = hk_section_fail(s, NULL, "%s", why);
	}
	hk_file_free(&files.certificate);
	hk_file_free(&files.key);
	hk_file_free(&files.ca);
	hk_file_free(&files.crl);
	return err;
}

enum hk_err hk_config_load_tls(struct hk_loader *l, cfg_t *cfg)
{
	struct hk_config *c = l->config;
	size_t n = cfg_size(cfg, "tls");

	c->radsecs = calloc(n ? n : 1, sizeof(*c->radsecs));
	if (!c->radsecs)
		return HK_ERR_NO_MEMORY;
	while (c->nradsecs < n) {
		struct hk_section s = {
			l, HK_BLOCK_TLS, cfg_getnsec(cfg, "tls", (unsigned)c->nradsecs)};
		struct hk_radsec_config *config = &c->radsecs[c->nradsecs++];
		enum hk_err err = hk_section_check_title(&s);

		err = err ? err : hk_section_fill(&s, config);
		err = err ? err : load_files(&s, config);
		if (err)
			return err;
		config->name = strdup(cfg_title(s.cfg));
		if (!config->name)
			return HK_ERR_NO_MEMORY;
	}
	return HK_OK;
}

void hk_config_free_tls(struct hk_config *config)
{
	for (size_t i = 0; i < config->nradsecs; i++) {
		SSL_CTX_free(config->radsecs[i].context);
		free(config->radsecs[i].name);
	}
	free(config->radsecs);
}

/* ---- references to it ---- */

enum hk_err hk_section_tls(const struct hk_section *s, const struct hk_radsec_config **out)
{
	const struct hk_config *c = s->loader->config;
	const char *name = hk_section_text(s, "tls");
	char shown[HK_SHOWN_SIZE];

	*out = NULL;
	if (!name)
		return HK_OK;
	for (size_t i = 0; i < c->nradsecs; i++) {
		if (strcmp(c->radsecs[i].name, name) == 0) {
			*out = &c->radsecs[i];
			return HK_OK;
		}
	}
	return hk_section_fail(
		s, "tls", "there is no tls block '%s'", hk_shown(name, shown, sizeof(shown)));
}

/* ---- peers ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t hk_parse_hex(const char *text, size_t len, uint8_t *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		int high, low;

		if (n && text[i] == ':')
			i++;
		if (len - i < 2 || n == max)
			return 0;
		high = hex_value(text[i]);
		low = hex_value(text[i + 1]);
		if (high < 0 || low < 0)
			return 0;
		out[n] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	return n;
}

static enum hk_err read_fingerprint(const struct hk_section *s, struct hk_tls_peer *peer)
{
	const char *text = hk_section_text(s, "fingerprint");

	if (!text)
		return HK_OK;
	peer->has_fingerprint = true;
	if (hk_parse_hex(text, strlen(text), peer->fingerprint, HK_FINGERPRINT_LEN) !=
		HK_FINGERPRINT_LEN)
		return hk_section_fail(s, "fingerprint", "expected 32 octets in hex");
	return HK_OK;
}

static enum hk_err read_psk(const struct hk_section *s, struct hk_tls_peer *peer)
{
	size_t len;
	enum hk_err err =
		hk_section_read_hex(s, "psk-file", HK_PSK_MIN_LEN, HK_PSK_MAX_LEN, peer->psk, &len);

	peer->psk_len = (uint8_t)len;
	return err;
}

static enum hk_err read_psk_identity(const struct hk_section *s, struct hk_tls_peer *peer)
{
	const char *identity = hk_section_text(s, "psk-identity");

	if (!identity != !hk_section_has(s, "psk-file"))
		return hk_section_fail(s, NULL, "psk-identity and psk-file go together");
	if (!identity)
		return HK_OK;
	if (peer->name || peer->has_fingerprint)
		return hk_section_fail(
			s, "psk-identity", "with a pre-shared key there is no certificate");
	for (const char *p = identity; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return hk_section_fail(
				s, "psk-identity", "it has a character that cannot be printed");
	}
	peer->psk_identity = strdup(identity);
	return peer->psk_identity ? read_psk(s, peer) : HK_ERR_NO_MEMORY;
}

enum hk_err hk_section_tls_peer(const struct hk_section *s, struct hk_tls_peer *out)
{
	const char *name = hk_section_text(s, "certificate-name");
	enum hk_err err;

	if (name) {
		out->name = strdup(name);
		if (!out->name)
			return HK_ERR_NO_MEMORY;
	}
	err = read_fingerprint(s, out);
	return err ? err : read_psk_identity(s, out);
}

void hk_tls_peer_free(struct hk_tls_peer *peer)
{
	free(peer->name);
	free(peer->psk_identity);
	hk_wipe(peer->psk, sizeof(peer->psk));
}
