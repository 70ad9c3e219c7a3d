/* SPDX-License-Identifier: ISC */
/*
 * Time comes in as an argument; the library never asks a clock.
 *
 * hk_time is milliseconds since 1970-01-01 UTC by a clock that never goes
 * back while the process runs (hokeyd: the boot-time clock, set to wall time
 * once at start, so that a step of the system clock moves no key lifetime).
 * It is wall time so that a stored expiry still means something after a
 * restart. Lifetimes are seconds, as RFC 6696 carries them.
 */
#ifndef HOKEY_CLOCK_H
#define HOKEY_CLOCK_H

#include <stdint.h>

typedef uint64_t hk_time;         /* milliseconds */

#define HK_SECOND ((hk_time)1000)
#define HK_NEVER  UINT64_MAX

static inline hk_time hk_time_add_s(hk_time t, uint32_t s)
{
	return t > HK_NEVER - s * HK_SECOND ? HK_NEVER : t + s * HK_SECOND;
}

/* Whole seconds from now until t, 0 when t has passed, at most UINT32_MAX. */
static inline uint32_t hk_time_left_s(hk_time t, hk_time now)
{
	hk_time left = t > now ? (t - now) / HK_SECOND : 0;

	return left > UINT32_MAX ? UINT32_MAX : (uint32_t)left;
}

#endif
