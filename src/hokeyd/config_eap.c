/* SPDX-License-Identifier: ISC */
/* Block eap: its files, and whether a TLS server can be made of them. */
#include "hokeyd/config_loader.h"
#include "hokeyd/ocsp_client.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include <time.h>

static enum hk_err check_staple(const struct hk_section *s, const struct hk_file *file)
{
	const unsigned char *p = file->data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)file->len);

	ERR_clear_error();
	if (!response)
		return hk_section_fail(s, "ocsp-staple", "expected an OCSP response (DER)");
	OCSP_RESPONSE_free(response);
	return HK_OK;
}

static enum hk_err read_files(const struct hk_section *s, struct hk_config_owned *o)
{
	const struct {
		const char *option;
		struct hk_file *file;
	} files[] = {
		{"ca", &o->ca},
		{"certificate", &o->certificate},
		{"key", &o->key},
		{"crl", &o->crl},
		{"ocsp-staple", &o->ocsp_staple},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		enum hk_err err = hk_section_read_optional(s, files[i].option, files[i].file);

		if (err)
			return err;
	}
	return HK_OK;
}

static enum hk_err try_context(const struct hk_section *s, const struct hk_tls_config *tls)
{
	struct hk_tls_error why = {""};
	struct hk_tls_context *context;
	enum hk_err err =
		hk_tls_context_new(true, tls, (hk_time)time(NULL) * HK_SECOND, &context, &why);

	if (err)
		return hk_section_fail(s, NULL, "%s", why.text[0] ? why.text : hk_strerror(err));
	hk_tls_context_free(context);
	return HK_OK;
}

static enum hk_err check_ocsp(const struct hk_section *s, const struct hk_tls_config *tls)
{
	char shown[HK_SHOWN_SIZE];

	if (!tls->ocsp_url)
		return HK_OK;
	if (tls->ocsp == HK_OCSP_OFF)
		return hk_section_fail(s, "ocsp-url", "only with ocsp = soft or hard");
	if (!hk_ocsp_is_url(tls->ocsp_url))
		return hk_section_fail(s, "ocsp-url", "expected http://host/path, found '%s'",
			hk_shown(tls->ocsp_url, shown, sizeof(shown)));
	return HK_OK;
}

enum hk_err hk_config_finish_eap(const struct hk_section *s)
{
	struct hk_config *c = s->loader->config;
	struct hk_config_owned *o = c->owned;
	struct hk_tls_config *tls = &c->eap.tls;
	enum hk_err err;

	if (tls->min_version > tls->max_version)
		return hk_section_fail(s, "min-tls", "is above max-tls");
	if (tls->check_crl && !hk_section_has(s, "crl"))
		return hk_section_fail(s, "check-crl", "'yes' needs the option crl");
	err = check_ocsp(s, tls);
	err = err ? err : read_files(s, o);
	err = err ? err : hk_section_check_ca(s, &o->ca);
	err = err ? err : hk_section_check_certificate(s, &o->certificate, &o->key);
	if (!err && o->crl.data)
		err = hk_section_check_crl(s, &o->crl);
	if (!err && o->ocsp_staple.data)
		err = check_staple(s, &o->ocsp_staple);
	if (err)
		return err;
	tls->credentials = (struct hk_tls_credentials){hk_file_bytes(&o->ca),
		hk_file_bytes(&o->certificate), hk_file_bytes(&o->key), hk_file_bytes(&o->crl),
		hk_file_bytes(&o->ocsp_staple)};
	return try_context(s, tls);
}
