/* SPDX-License-Identifier: ISC */
#ifndef HK_HOKEY_DECODE_H
#define HK_HOKEY_DECODE_H

#include <stdio.h>

/*
 * `hokey decode` with these files in place of the process's own. Returns an
 * exit status: HK_EXIT_FAILED when a packet was malformed or a check failed.
 * Closes in.
 */
int decode(int argc, char **argv, FILE *in, FILE *out, FILE *err);

#endif
