/* SPDX-License-Identifier: ISC */
#include "hokey/hex.h"

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool is_between(uint8_t c)
{
	return c != 0 && strchr(" \t\r\n:-,", c);
}

bool hex_decode(struct hk_bytes text, struct hk_buf *b)
{
	size_t i = 0;

	while (i < text.len) {
		const uint8_t *p = text.data + i;
		size_t left = text.len - i;

		if (is_between(p[0])) {
			i++;
			continue;
		}
		if (left < 2)
			return false;
		if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
			i += 2;
			continue;
		}
		if (digit(p[0]) < 0 || digit(p[1]) < 0)
			return false;
		hk_put_u8(b, (uint8_t)(digit(p[0]) << 4 | digit(p[1])));
		i += 2;
	}
	return hk_buf_ok(b);
}
