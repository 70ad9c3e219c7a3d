/* SPDX-License-Identifier: ISC */
/*
 * What every fuzz target starts with. A target is one function that takes any
 * octets; libFuzzer feeds it (meson option `fuzz`), and so does replay.c with
 * the seeds, in every build's unit tests.
 */
#ifndef HK_TESTS_FUZZ_H
#define HK_TESTS_FUZZ_H

#include <hokey/bytes.h>
#include <hokey/error.h>

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever comes in. */
#define fuzz_check(condition)                                                                      \
	((condition) ? (void)0                                                                     \
		     : (fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#condition),                                                       \
			       abort()))
#define fuzz_ok(call) fuzz_check((call) == HK_OK)

/* Up to n of the octets that are left. */
static inline struct hk_bytes fuzz_take(struct hk_reader *r, size_t n)
{
	return hk_get_bytes(r, n < hk_left(r) ? n : hk_left(r));
}

/* A piece of the input with its length in front of it. */
static inline struct hk_bytes fuzz_piece(struct hk_reader *r)
{
	return fuzz_take(r, hk_get_u8(r));
}

/* The same piece in memory of its exact size, so that a read past its end shows; free(). */
static inline struct hk_bytes fuzz_copy(struct hk_bytes v)
{
	uint8_t *p = malloc(v.len ? v.len : 1);

	if (!p)
		abort();
	if (v.len)
		memcpy(p, v.data, v.len);
	return hk_bytes(p, v.len);
}

static inline void fuzz_free(struct hk_bytes v)
{
	free((void *)(uintptr_t)v.data);
}

/* Changes up to four octets of a packet and its length, as the input says. */
static inline size_t fuzz_mutate(struct hk_reader *r, uint8_t *packet, size_t len)
{
	uint8_t how = hk_get_u8(r);

	for (unsigned i = 0; i < (how & 7u) && len; i++) {
		uint16_t at = hk_get_u16(r);

		packet[at % len] ^= hk_get_u8(r);
	}
	if (how & 0x80)
		len = len ? hk_get_u16(r) % len : 0;
	return len;
}

#endif
