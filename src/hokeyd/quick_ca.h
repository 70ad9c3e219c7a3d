/* SPDX-License-Identifier: ISC */
/* The throw-away CA of `hokeyd --quick`. */
#ifndef HK_HOKEYD_QUICK_CA_H
#define HK_HOKEYD_QUICK_CA_H

#include "hokeyd/config.h"

/* "radius." in front of the realm; out: 253 + 1 octets. */
void hk_quick_server_name(const char *realm, char out[256]);
/* "user@" in front of the realm. */
void hk_quick_client_name(const char *realm, char out[256]);

/*
 * Sees to it that the directory has ca, server and client .pem and .key: EC
 * P-256, the server named by a dNSName, the client by an rfc822Name. What is
 * there and good for another month is kept; keys have mode 0600.
 */
enum hk_err hk_quick_make_certificates(
	const char *directory, const char *realm, struct hk_config_error *error);

#endif
