/* SPDX-License-Identifier: ISC */
/*
 * Memory that runs out. A program linked with failing_memory.c and the linker
 * options of tests/fault/meson.build gets its memory here: all that libhokey (and
 * hokeyd) takes, and what OpenSSL takes.
 */
#ifndef HK_TESTS_FAILING_MEMORY_H
#define HK_TESTS_FAILING_MEMORY_H

#include <hokey/error.h>

#include <stdbool.h>

enum memory_of {
	MEMORY_OURS, /* only that of our own code fails */
	MEMORY_ALL,  /* that of OpenSSL as well */
};

/* First of all in main(), before OpenSSL has any memory. */
void failing_memory_start(void);

/*
 * Runs a scenario again and again, each time with another allocation failing:
 * the first, the second ... until all were had. A second time with all after that
 * one failing too. Beyond the first ones at most `runs` runs each ($MEMORY_RUNS, when it
 * is set), spread over all. The scenario frees what it took and returns an error
 * or, when it could do without, HK_OK.
 */
void run_out_of_memory(
	enum hk_err (*scenario)(void *arg), void *arg, enum memory_of whose, unsigned long runs);

#endif
