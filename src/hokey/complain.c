/* SPDX-License-Identifier: ISC */
#include "hokey/command.h"

#include <stdarg.h>
#include <stdio.h>

static void complain_va(const char *command, const char *format, va_list args)
{
	fprintf(stderr, "%s: ", command);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void complain(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_va(command, format, args);
	va_end(args);
}

int usage_error(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_va(command, format, args);
	va_end(args);
	fprintf(stderr, "Try '%s --help'.\n", command);
	return HK_EXIT_USAGE;
}
