/* SPDX-License-Identifier: ISC */
#include "crypto/crypto.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

/* The compiler cannot know that nobody looks at p behind the asm. */
void hk_wipe(void *p, size_t n)
{
	if (n)
		memset(p, 0, n);
	__asm__ __volatile__("" : : "r"(p) : "memory");
}

bool hk_equal_secret(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

enum hk_err hk_random(void *out, size_t n)
{
	return RAND_bytes(out, (int)n) == 1 ? HK_OK : HK_ERR_CRYPTO;
}
