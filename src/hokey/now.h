/* SPDX-License-Identifier: ISC */
/* The clock of the command: wall time at start, monotonic from then on. */
#ifndef HK_HOKEY_NOW_H
#define HK_HOKEY_NOW_H

#include <hokey/clock.h>

/* Microseconds since some moment in the past. */
uint64_t now_us(void);
hk_time now_ms(void);

#endif
