/* SPDX-License-Identifier: ISC */
/*
 * Secrets that valgrind watches: what is poisoned counts as not initialised, so
 * a branch or an address that depends on it is an error, wherever it happens.
 * Without valgrind nothing happens.
 */
#ifndef HK_TESTS_SECRET_H
#define HK_TESTS_SECRET_H

#if __has_include(<valgrind/memcheck.h>)
#	include <valgrind/memcheck.h>
#else
#	define RUNNING_ON_VALGRIND                 0
#	define VALGRIND_MAKE_MEM_UNDEFINED(p, len) ((void)(p), (void)(len))
#	define VALGRIND_MAKE_MEM_DEFINED(p, len)   ((void)(p), (void)(len))
#	define VALGRIND_COUNT_ERRORS               0
#endif

#include <stddef.h>

/* From here on nothing may be decided by it. */
static inline void poison(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, len);
}

/* From here on everybody may know it: it has gone over the wire. */
static inline void reveal(const void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, len);
}

#endif
