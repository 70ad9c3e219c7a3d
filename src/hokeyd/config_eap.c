/* SPDX-License-Identifier: ISC */
/* Block eap: certificates, keys, lists, and whether they fit together. */
#include "hokeyd/config_loader.h"
#include "hokeyd/ocsp_client.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WARN_BEFORE_END_S (30 * 86400)

enum hk_err hk_section_read_file(
	const struct hk_section *s, const char *option, struct hk_file *out)
{
	char *path = hk_section_path(s, option);
	char shown[HK_SHOWN_SIZE * 2], why[HK_FILE_REASON];
	enum hk_err err;

	if (!path)
		return HK_ERR_NO_MEMORY;
	err = hk_file_read(path, out);
	if (err && err != HK_ERR_NO_MEMORY)
		err = hk_section_fail(s, option, "%s: %s", hk_shown(path, shown, sizeof(shown)),
			hk_file_reason(err, why, sizeof(why)));
	if (!err)
		err = hk_loader_note_file(s->loader, path);
	if (err)
		hk_file_free(out);
	free(path);
	return err;
}

static BIO *memory_of(const struct hk_file *file)
{
	return BIO_new_mem_buf(file->data, (int)file->len);
}

/* An encrypted key must not make OpenSSL ask at the terminal. */
static int no_password(char *buffer, int size, int writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)arg;
	return 0;
}

/* All certificates of a PEM file, NULL when there is none or one is broken. */
static STACK_OF(X509) * read_certificates(const struct hk_file *file)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = memory_of(file);
	X509 *one;

	if (!all || !bio)
		goto bad;
	while ((one = PEM_read_bio_X509(bio, NULL, no_password, NULL)))
		if (!sk_X509_push(all, one))
			goto bad;
	if (sk_X509_num(all) < 1 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		goto bad;
	ERR_clear_error();
	BIO_free(bio);
	return all;
bad:
	ERR_clear_error();
	BIO_free(bio);
	sk_X509_pop_free(all, X509_free);
	return NULL;
}

static int64_t seconds_until(const ASN1_TIME *t)
{
	int days = 0;
	int seconds = 0;

	if (!ASN1_TIME_diff(&days, &seconds, NULL, t))
		return 0;
	return (int64_t)days * 86400 + seconds;
}

static enum hk_err check_time(const struct hk_section *s, const char *option, const X509 *one)
{
	int64_t left = seconds_until(X509_get0_notAfter(one));

	if (left <= 0)
		return hk_section_fail(s, option, "the certificate has expired");
	if (seconds_until(X509_get0_notBefore(one)) > 0)
		return hk_section_warn(s, option, "the certificate is not valid yet");
	if (left < WARN_BEFORE_END_S)
		return hk_section_warn(s, option, "the certificate expires in %lld days",
			(long long)(left / 86400));
	return HK_OK;
}

static enum hk_err check_ca(const struct hk_section *s, const struct hk_file *file)
{
	STACK_OF(X509) *all = read_certificates(file);
	enum hk_err err = HK_OK;
	int valid = 0;

	if (!all)
		return hk_section_fail(s, "ca", "expected PEM certificates");
	for (int i = 0; i < sk_X509_num(all) && !err; i++) {
		X509 *one = sk_X509_value(all, i);

		valid += seconds_until(X509_get0_notAfter(one)) > 0;
		if (!X509_check_ca(one))
			err = hk_section_warn(s, "ca", "certificate %d is not one of a CA", i + 1);
	}
	if (!err && valid == 0)
		err = hk_section_fail(s, "ca", "all certificates have expired");
	sk_X509_pop_free(all, X509_free);
	return err;
}

static EVP_PKEY *read_key(const struct hk_file *file)
{
	BIO *bio = memory_of(file);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static enum hk_err check_key(const struct hk_section *s, const struct hk_file *file, X509 *own)
{
	enum hk_err err = HK_OK;
	EVP_PKEY *key = read_key(file);

	if (!key)
		return hk_section_fail(s, "key", "expected a PEM private key, not encrypted");
	if (X509_check_private_key(own, key) != 1)
		err = hk_section_fail(s, "key", "does not belong to the certificate");
	ERR_clear_error();
	EVP_PKEY_free(key);
	if (!err && file->open_to_others)
		err = hk_section_warn(s, "key", "others than its owner can read the file");
	return err;
}

static enum hk_err check_certificate_and_key(
	const struct hk_section *s, const struct hk_config_owned *o)
{
	STACK_OF(X509) *chain = read_certificates(&o->certificate);
	enum hk_err err = HK_OK;

	if (!chain)
		return hk_section_fail(s, "certificate", "expected PEM certificates");
	for (int i = 0; i < sk_X509_num(chain) && !err; i++)
		err = check_time(s, "certificate", sk_X509_value(chain, i));
	if (!err)
		err = check_key(s, &o->key, sk_X509_value(chain, 0));
	sk_X509_pop_free(chain, X509_free);
	return err;
}

static enum hk_err check_crl(const struct hk_section *s, const struct hk_file *file, bool needed)
{
	BIO *bio = memory_of(file);
	enum hk_err err = HK_OK;
	X509_CRL *crl;
	int n = 0;

	while (!err && bio && (crl = PEM_read_bio_X509_CRL(bio, NULL, no_password, NULL))) {
		const ASN1_TIME *end = X509_CRL_get0_nextUpdate(crl);

		n++;
		if (needed && end && seconds_until(end) <= 0)
			err = hk_section_warn(s, "crl",
				"list %d has run out: certificates it is about are refused", n);
		X509_CRL_free(crl);
	}
	if (!err && n == 0)
		err = hk_section_fail(s, "crl", "expected PEM revocation lists");
	ERR_clear_error();
	BIO_free(bio);
	return err;
}

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
		enum hk_err err = HK_OK;

		if (hk_section_has(s, files[i].option))
			err = hk_section_read_file(s, files[i].option, files[i].file);
		if (err)
			return err;
	}
	return HK_OK;
}

static struct hk_bytes view(const struct hk_file *file)
{
	return file->data ? hk_bytes(file->data, file->len) : HK_NO_BYTES;
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
	err = err ? err : check_ca(s, &o->ca);
	err = err ? err : check_certificate_and_key(s, o);
	if (!err && o->crl.data)
		err = check_crl(s, &o->crl, tls->check_crl);
	if (!err && o->ocsp_staple.data)
		err = check_staple(s, &o->ocsp_staple);
	if (err)
		return err;
	tls->credentials = (struct hk_tls_credentials){view(&o->ca), view(&o->certificate),
		view(&o->key), view(&o->crl), view(&o->ocsp_staple)};
	return try_context(s, tls);
}
