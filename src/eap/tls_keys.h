/* SPDX-License-Identifier: ISC */
/* What EAP-TLS derives from a finished handshake (RFC 5216 section 2.3, RFC 9190 section 2.3). */
#ifndef HK_EAP_TLS_KEYS_H
#define HK_EAP_TLS_KEYS_H

#include <hokey/eap_tls.h>

#include <openssl/ssl.h>

#define HK_EAP_TLS_KEY_LEN 64 /* MSK and EMSK each */

/* Derives and imports both keys and the Session-Id into `out`. */
enum hk_err hk_eap_tls_keys(SSL *ssl, hk_time now, hk_time expires, struct hk_eap_result *out);

#endif
