/* SPDX-License-Identifier: ISC */
/* What a process of this machine has used up, from /proc. */
#ifndef HK_HOKEY_BENCH_PROCESS_H
#define HK_HOKEY_BENCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct hk_process_usage {
	double   cpu_s;           /* of all its threads, in user mode and in the kernel */
	double   user_s;          /* of it, in steps of a clock tick */
	double   system_s;
	double   waited_s;        /* could have run, but others had the processor; all threads */
	uint64_t resident;        /* octets in memory */
	uint64_t anonymous;       /* of them, what is not of a file: heap and stacks */
};

/* False: there is no such process, or /proc does not tell. */
bool hk_process_usage(int pid, struct hk_process_usage *out);

/* The same of the calling thread, in nanoseconds so far; 0 where the kernel does not count it. */
uint64_t hk_process_thread_waited_ns(void);

#endif
