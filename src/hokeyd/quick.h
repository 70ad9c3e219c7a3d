/* SPDX-License-Identifier: ISC */
/*
 * `hokeyd --quick`: a server without a configuration, to try it out.
 *
 * Everything it needs is made in one directory and used again at the next
 * start:
 *
 *     ca.pem ca.key            a CA of its own      } unless there is a
 *     server.pem server.key    this server          } directory with
 *     client.pem client.key    a device, user@realm } certificates
 *     secret                   RADIUS secret, unless one was given
 *     wrap.key keys/           the key store
 *     hokeyd.conf              what a configuration file would say
 *     access-point.conf        for hostapd.conf
 *     device.conf              for wpa_supplicant.conf
 */
#ifndef HK_HOKEYD_QUICK_H
#define HK_HOKEYD_QUICK_H

#include "hokeyd/config.h"

#include <stdio.h>

/* Each may be NULL. */
struct hk_quick_options {
	const char *listen;       /* "127.0.0.1:1812", "[::1]:1812", "0.0.0.0", ":1812" */
	const char *secret;       /* default: random, kept in the directory */
	const char *realm;        /* "home.example" */
	const char *certs;        /* directory with ca.pem, server.pem, server.key */
	const char *state;        /* "hokeyd-state" in the working directory */
};

/*
 * Makes what is missing and loads the configuration; its path is NULL. On
 * error nothing is left allocated, and error says why.
 */
enum hk_err hk_quick_start(const struct hk_quick_options *options, struct hk_config **out,
	struct hk_config_error *error);

/*
 * Prints what to put into an access point and into a device. The secret is in
 * it only when `show_secret` (a terminal); else the name of the file is.
 */
void hk_quick_explain(const struct hk_quick_options *options, bool show_secret, FILE *out);

#endif
