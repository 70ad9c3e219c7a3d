/* SPDX-License-Identifier: ISC */
/* Runs `hokey decode` within a test and keeps what it says. */
#ifndef HK_TESTS_DECODE_RUN_H
#define HK_TESTS_DECODE_RUN_H

#include "temp.h"
#include "test.h"

#include "hokey/command.h"
#include "hokey/decode.h"

#define RUN_ARGUMENTS_MAX 12

struct run {
	char *out, *err; /* what it printed */
	int status;
};

/* input: standard input, n octets. The arguments end with NULL. */
static inline struct run run_decode_on(const void *input, size_t n, ...)
{
	char *argv[RUN_ARGUMENTS_MAX + 2] = {strdup("hokey decode")}, *copy[RUN_ARGUMENTS_MAX + 2];
	FILE *in = n ? fmemopen((void *)(uintptr_t)input, n, "r") : fopen("/dev/null", "r");
	FILE *out, *err;
	size_t out_len, err_len;
	struct run r = {NULL, NULL, -1};
	const char *argument;
	int argc = 1;
	va_list ap;

	va_start(ap, n);
	while ((argument = va_arg(ap, const char *)))
		argv[argc++] = strdup(argument);
	va_end(ap);
	memcpy(copy, argv, sizeof copy); /* getopt moves arguments */
	out = open_memstream(&r.out, &out_len);
	err = open_memstream(&r.err, &err_len);
	r.status = decode(argc, argv, in, out, err);
	fclose(out);
	fclose(err);
	for (int i = 0; i < argc; i++)
		free(copy[i]);
	return r;
}
#define run_decode(...) run_decode_on("", 0, __VA_ARGS__, NULL)

static inline void run_free(struct run *r)
{
	free(r->out);
	free(r->err);
}

static inline void assert_status(const struct run *r, int status)
{
	if (r->status != status)
		print_error("%s%s", r->out, r->err);
	assert_int_equal(r->status, status);
}

/* Runs, compares the status, and that each text of the list is in the output. */
static inline void assert_says(const struct run *r, const char *text)
{
	if (!strstr(r->out, text))
		fail_msg("'%s' is not in:\n%s%s", text, r->out, r->err);
}

static inline void assert_says_not(const struct run *r, const char *text)
{
	if (strstr(r->out, text) || strstr(r->err, text))
		fail_msg("'%s' is in:\n%s%s", text, r->out, r->err);
}

#endif
