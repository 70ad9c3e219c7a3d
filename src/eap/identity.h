/* SPDX-License-Identifier: ISC */
/* Peer-Ids out of a certificate (RFC 5216 section 5.2). */
#ifndef HK_EAP_IDENTITY_H
#define HK_EAP_IDENTITY_H

#include <hokey/eap_tls.h>

#include <openssl/x509.h>

struct hk_identity {
	struct hk_peer_identity who;
	uint8_t *text; /* what the views in `who` point into, but for `outer` */
	bool known;    /* a certificate was read */
};

/*
 * Reads names, serial, issuer and end of the certificate, in place of those of
 * an earlier one; `outer` stays. HK_ERR_MALFORMED: a name with NUL or control
 * characters, or a subjectAltName that is not one. HK_ERR_TOO_LONG: names of
 * more than 4 kB.
 */
enum hk_err hk_identity_read(struct hk_identity *id, X509 *certificate);
void hk_identity_free(struct hk_identity *id);

/* RFC 4514 text, control characters and octets above 126 escaped; cut to fit. */
void hk_name_text(const X509_NAME *name, char *out, size_t cap);

/* 0 when before 1970, HK_NEVER when it cannot be told. */
hk_time hk_asn1_time(const ASN1_TIME *t);

#endif
