/* SPDX-License-Identifier: ISC */
#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

/* Without one, OpenSSL asks at the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static BIO *open_text(struct hk_bytes text)
{
	return BIO_new_mem_buf(text.len ? text.data : (const uint8_t *)"", (int)text.len);
}

/* Why nothing more could be read behind the first n. */
static enum hk_err why_ended(int n)
{
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return HK_ERR_MALFORMED;
	ERR_clear_error();
	return n ? HK_OK : HK_ERR_ARGUMENT;
}

enum hk_err hk_pem_certificates(struct hk_bytes text, STACK_OF(X509) * *out)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = open_text(text);
	X509 *one = NULL;
	enum hk_err err = HK_ERR_NO_MEMORY;

	while (all && bio && (one = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) &&
		sk_X509_push(all, one))
		;
	if (all && bio && !one)
		err = why_ended(sk_X509_num(all));
	X509_free(one);
	BIO_free(bio);
	*out = err ? NULL : all;
	if (err)
		sk_X509_pop_free(all, X509_free);
	return err;
}

enum hk_err hk_pem_crls(struct hk_bytes text, STACK_OF(X509_CRL) * *out)
{
	STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
	BIO *bio = open_text(text);
	X509_CRL *one = NULL;
	enum hk_err err = HK_ERR_NO_MEMORY;

	while (all && bio && (one = PEM_read_bio_X509_CRL(bio, NULL, no_passphrase, NULL)) &&
		sk_X509_CRL_push(all, one))
		;
	if (all && bio && !one)
		err = why_ended(sk_X509_CRL_num(all));
	X509_CRL_free(one);
	BIO_free(bio);
	*out = err ? NULL : all;
	if (err)
		sk_X509_CRL_pop_free(all, X509_CRL_free);
	return err;
}

EVP_PKEY *hk_pem_key(struct hk_bytes text)
{
	BIO *bio = open_text(text);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	return key;
}
