/* SPDX-License-Identifier: ISC */
/*
 * The clock of the process: CLOCK_BOOTTIME, set to wall time once at start. It
 * counts through a suspend and does not follow a step of the system clock, so
 * no key ends early or lives longer because somebody set the time.
 */
#ifndef HK_HOKEYD_CLOCK_H
#define HK_HOKEYD_CLOCK_H

#include <hokey/clock.h>

#include <stdbool.h>

/* Fixes the offset. Once, before threads start. */
void hk_clock_start(void);
hk_time hk_clock_now(void);

/* The number of this start of the machine, 36 characters and a NUL; false: unknown. */
bool hk_boot_id(char id[37]);

#endif
