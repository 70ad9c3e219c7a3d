/* SPDX-License-Identifier: ISC */
/* Makes a failing scenario small: fewer events, kinds of faults, devices, single faults. */
#ifndef HK_SIM_SHRINK_H
#define HK_SIM_SHRINK_H

#include "sim.h"

/* A scenario with memory of its own for what it leaves out. */
struct small {
	struct scenario scenario;
	uint8_t *devices_off;
	uint32_t ndevices;
	uint32_t *left_out[FAULTS];
	struct counts counts;
	enum invariant broken;
	char what[256];
	unsigned runs;
};

/* s has to break something. Returns false when it does not. */
bool shrink(const struct scenario *s, struct small *out);
void small_free(struct small *s);
/* The command line that replays it. */
void print_command(FILE *to, const struct small *s);

/*
 * A list of numbers, "3,5-9". Returns how many were written to out (at most max), or
 * SIZE_MAX when it is no list.
 */
size_t parse_numbers(const char *text, uint32_t *out, size_t max);

#endif
