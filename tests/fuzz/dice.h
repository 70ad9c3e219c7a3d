/* SPDX-License-Identifier: ISC */
/*
 * OpenSSL's random numbers from a seed, so that an input does the same each
 * time. Only for fuzzing: certificates and keys made with it are no secrets.
 */
#ifndef HK_TESTS_FUZZ_DICE_H
#define HK_TESTS_FUZZ_DICE_H

#include <stdint.h>

/* From here on, and again from the beginning with each call. */
void fuzz_roll(uint64_t seed);

#endif
