/* SPDX-License-Identifier: ISC */
/* Octets that people write as hex digits. */
#ifndef HK_HOKEY_HEX_H
#define HK_HOKEY_HEX_H

#include <hokey/bytes.h>

/*
 * Appends the octets of text to b. Blanks, line ends, colons, dashes and
 * commas may stand between octets, "0x" in front. False when there is anything
 * else, half an octet, or no room.
 */
bool hex_decode(struct hk_bytes text, struct hk_buf *b);

#endif
