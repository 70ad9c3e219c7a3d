/* SPDX-License-Identifier: ISC */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "dice.h"

#include <openssl/rand.h>

static uint64_t state;

static int roll(unsigned char *out, int n)
{
	for (int i = 0; i < n; i++) {
		uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		out[i] = (unsigned char)(z >> 24);
	}
	return 1;
}

static int ready(void)
{
	return 1;
}

void fuzz_roll(uint64_t seed)
{
	static const RAND_METHOD method = {.bytes = roll, .pseudorand = roll, .status = ready};

	state = seed;
	RAND_set_rand_method(&method);
}
