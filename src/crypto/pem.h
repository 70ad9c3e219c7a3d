/* SPDX-License-Identifier: ISC */
/*
 * What is in PEM texts. One with something broken in it is refused as a whole:
 * what would be left out could be a list of what was revoked. Nobody is asked
 * for a passphrase; a key that has one cannot be read.
 */
#ifndef HK_CRYPTO_PEM_H
#define HK_CRYPTO_PEM_H

#include <hokey/bytes.h>
#include <hokey/error.h>

#include <openssl/x509.h>

/*
 * All certificates or lists of a text, at least one. HK_ERR_ARGUMENT: there is
 * none; HK_ERR_MALFORMED: one is broken, OpenSSL's error queue says how. *out is
 * freed by the caller with what is in it; NULL on error.
 */
enum hk_err hk_pem_certificates(struct hk_bytes text, STACK_OF(X509) **out);
enum hk_err hk_pem_crls(struct hk_bytes text, STACK_OF(X509_CRL) **out);

/* The first private key; NULL: there is none that could be read, the error queue says why. */
EVP_PKEY *hk_pem_key(struct hk_bytes text);

#endif
