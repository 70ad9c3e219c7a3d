/* SPDX-License-Identifier: ISC */
/* Files that options name: read, and whether what is in them is of use. */
#include "hokeyd/config_loader.h"

#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <stdlib.h>

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

enum hk_err hk_section_read_optional(
	const struct hk_section *s, const char *option, struct hk_file *out)
{
	return hk_section_has(s, option) ? hk_section_read_file(s, option, out) : HK_OK;
}

enum hk_err hk_section_warn_if_open(
	const struct hk_section *s, const char *option, const struct hk_file *file)
{
	return file->open_to_others
		       ? hk_section_warn(s, option, "others than its owner can read the file")
		       : HK_OK;
}

static size_t without_line_end(const struct hk_file *file)
{
	size_t len = file->len;

	while (len && (file->data[len - 1] == '\n' || file->data[len - 1] == '\r'))
		len--;
	return len;
}

enum hk_err hk_section_read_hex(const struct hk_section *s, const char *option, size_t min,
	size_t max, uint8_t *out, size_t *len)
{
	struct hk_file file;
	enum hk_err err = hk_section_read_file(s, option, &file);

	*len = 0;
	if (err)
		return err;
	*len = hk_parse_hex((const char *)file.data, without_line_end(&file), out, max);
	if (*len >= min)
		err = hk_section_warn_if_open(s, option, &file);
	else if (min == max)
		err = hk_section_fail(s, option, "expected %zu octets in hex", max);
	else
		err = hk_section_fail(s, option, "expected %zu to %zu octets in hex", min, max);
	hk_file_free(&file);
	return err;
}

/* ---- what is in PEM files ---- */

/* OpenSSL's reasons say less than what was expected. */
static enum hk_err fail_to_read(
	const struct hk_section *s, const char *option, const char *expected)
{
	ERR_clear_error();
	return hk_section_fail(s, option, "expected %s", expected);
}

static int64_t seconds_until(const ASN1_TIME *t)
{
	int days = 0;
	int seconds = 0;

	if (!ASN1_TIME_diff(&days, &seconds, NULL, t))
		return 0;
	return (int64_t)days * 86400 + seconds;
}

static enum hk_err check_time(const struct hk_section *s, const X509 *one)
{
	int64_t left = seconds_until(X509_get0_notAfter(one));

	if (left <= 0)
		return hk_section_fail(s, "certificate", "the certificate has expired");
	if (seconds_until(X509_get0_notBefore(one)) > 0)
		return hk_section_warn(s, "certificate", "the certificate is not valid yet");
	if (left < WARN_BEFORE_END_S)
		return hk_section_warn(s, "certificate", "the certificate expires in %lld days",
			(long long)(left / 86400));
	return HK_OK;
}

enum hk_err hk_section_check_ca(const struct hk_section *s, const struct hk_file *file)
{
	STACK_OF(X509) *all = NULL;
	enum hk_err err = HK_OK;
	int valid = 0;

	if (hk_pem_certificates(hk_file_bytes(file), &all))
		return fail_to_read(s, "ca", "PEM certificates");
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

static enum hk_err check_key(const struct hk_section *s, const struct hk_file *file, X509 *own)
{
	enum hk_err err = HK_OK;
	EVP_PKEY *key = hk_pem_key(hk_file_bytes(file));

	if (!key)
		return fail_to_read(s, "key", "a PEM private key, not encrypted");
	if (X509_check_private_key(own, key) != 1)
		err = hk_section_fail(s, "key", "does not belong to the certificate");
	ERR_clear_error();
	EVP_PKEY_free(key);
	return err ? err : hk_section_warn_if_open(s, "key", file);
}

enum hk_err hk_section_check_certificate(
	const struct hk_section *s, const struct hk_file *certificate, const struct hk_file *key)
{
	STACK_OF(X509) *chain = NULL;
	enum hk_err err = HK_OK;

	if (hk_pem_certificates(hk_file_bytes(certificate), &chain))
		return fail_to_read(s, "certificate", "PEM certificates");
	for (int i = 0; i < sk_X509_num(chain) && !err; i++)
		err = check_time(s, sk_X509_value(chain, i));
	if (!err)
		err = check_key(s, key, sk_X509_value(chain, 0));
	sk_X509_pop_free(chain, X509_free);
	return err;
}

enum hk_err hk_section_check_crl(const struct hk_section *s, const struct hk_file *file)
{
	STACK_OF(X509_CRL) *all = NULL;
	enum hk_err err = HK_OK;

	if (hk_pem_crls(hk_file_bytes(file), &all))
		return fail_to_read(s, "crl", "PEM revocation lists");
	for (int i = 0; i < sk_X509_CRL_num(all) && !err; i++) {
		const ASN1_TIME *end = X509_CRL_get0_nextUpdate(sk_X509_CRL_value(all, i));

		if (end && seconds_until(end) <= 0)
			err = hk_section_warn(s, "crl",
				"list %d has run out: certificates it is about are refused", i + 1);
	}
	sk_X509_CRL_pop_free(all, X509_CRL_free);
	return err;
}
