/* SPDX-License-Identifier: ISC */
/* How commands are told the RADIUS server, and the secret shared with it. */
#ifndef HK_HOKEY_SERVER_OPTIONS_H
#define HK_HOKEY_SERVER_OPTIONS_H

#include <hokey/radius.h>

/* "host", "host:port", "[address]:port", "address"; false: none of these. */
bool split_server(const char *text, char host[256], char port[8]);

/*
 * The secret: the first line of a file; or what stands on the command line,
 * which is overwritten there, for `ps` not to show it. What is wrong, or NULL.
 */
const char *secret_from_file(const char *path, struct hk_radius_secret *out);
const char *secret_from_text(char *text, struct hk_radius_secret *out);

#endif
