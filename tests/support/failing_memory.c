/* SPDX-License-Identifier: ISC */
#include "failing_memory.h"

#include "test.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static struct {
	bool armed;
	bool all;              /* OpenSSL's count too */
	bool on;               /* all that follow fail as well */
	unsigned long count;   /* so far in this run */
	unsigned long fail_at; /* 0: never */
} memory;

static bool fails(bool ours)
{
	if (!memory.armed || (!ours && !memory.all))
		return false;
	memory.count++;
	return memory.fail_at &&
	       (memory.on ? memory.count >= memory.fail_at : memory.count == memory.fail_at);
}

void *__wrap_malloc(size_t size)
{
	return fails(true) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails(true) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails(true) ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails(true) ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails(true) ? NULL : __real_strndup(s, n);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails(true) ? NULL : __real_aligned_alloc(alignment, size);
}

/* ---- OpenSSL's ---- */

static void *ssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return !size || fails(false) ? NULL : __real_malloc(size);
}

static void ssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static void *ssl_realloc(void *p, size_t size, const char *file, int line)
{
	if (!size) {
		ssl_free(p, file, line);
		return NULL;
	}
	return fails(false) ? NULL : __real_realloc(p, size);
}

void failing_memory_start(void)
{
	if (!CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free)) {
		fprintf(stderr, "OpenSSL has taken memory already\n");
		abort();
	}
}

/* ---- runs ---- */

#define DENSE 80 /* where things are made, each allocation counts */

static enum hk_err run(
	enum hk_err (*scenario)(void *arg), void *arg, unsigned long fail_at, bool on)
{
	enum hk_err err;

	memory.count = 0;
	memory.fail_at = fail_at;
	memory.on = on;
	memory.armed = true;
	err = scenario(arg);
	memory.armed = false;
	ERR_clear_error();
	return err;
}

void run_out_of_memory(
	enum hk_err (*scenario)(void *arg), void *arg, enum memory_of whose, unsigned long runs)
{
	const char *more = getenv("MEMORY_RUNS");
	unsigned long total, step, failed = 0;

	if (more)
		runs = strtoul(more, NULL, 10);
	memory.all = whose == MEMORY_ALL;
	assert_ok(run(scenario, arg, 0, false)); /* what is made once and kept is there now */
	assert_ok(run(scenario, arg, 0, false));
	total = memory.count;
	assert_true(total > 0);
	step = total / runs + 1;
	for (int on = 0; on < 2; on++) {
		for (unsigned long n = 1; n <= total; n += n < DENSE ? 1 : step)
			failed += run(scenario, arg, n, on) != HK_OK;
	}
	assert_true(failed > 0);
	assert_ok(run(scenario, arg, 0, false)); /* nothing is broken for good */
	print_message("%lu allocations, in steps of %lu: %lu runs ended with an error\n", total,
		step, failed);
}
