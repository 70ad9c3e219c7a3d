/* SPDX-License-Identifier: ISC */
#include "hokey/now.h"

#include <time.h>

static uint64_t read_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t now_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

hk_time now_ms(void)
{
	static uint64_t offset_us;

	if (!offset_us)
		offset_us = read_us(CLOCK_REALTIME) - now_us();
	return (offset_us + now_us()) / 1000;
}
