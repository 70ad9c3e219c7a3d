/* SPDX-License-Identifier: ISC */
/* Whose certificate is good (RFC 5216 section 5.3, RFC 9190 sections 2.2 and 5.4). */
#ifndef HK_EAP_TLS_VERIFY_H
#define HK_EAP_TLS_VERIFY_H

#include "eap/tls.h"

/*
 * For SSL_CTX_set_cert_verify_callback(): path, purpose, revocation and names
 * of the other side's certificate, at the time of the packet. Notes the cause in
 * the owner's failure and the identity in the connection.
 */
int hk_verify_chain(X509_STORE_CTX *x, void *arg);

/* Server: the same for the certificate behind a ticket. Notes no failure. */
bool hk_verify_again(struct hk_tls *tls, X509 *certificate);

#endif
