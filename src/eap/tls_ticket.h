/* SPDX-License-Identifier: ISC */
/* Session tickets of the server (RFC 5077, RFC 8446 section 4.6.1, RFC 9190 section 2.1.2). */
#ifndef HK_EAP_TLS_TICKET_H
#define HK_EAP_TLS_TICKET_H

#include "eap/tls_context.h"

enum hk_err hk_ticket_setup(struct hk_tls_context *context);
void hk_ticket_keys_free(struct hk_tls_context *context);

#endif
