/* SPDX-License-Identifier: ISC */
#include "eap/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum hk_err hk_failure_set(struct hk_failure *f, enum hk_err err, const char *format, ...)
{
	va_list args;

	if (f->err)
		return f->err;
	f->err = err;
	va_start(args, format);
	vsnprintf(f->text, sizeof f->text, format, args);
	va_end(args);
	return err;
}

void hk_failure_add(struct hk_failure *f, const char *format, ...)
{
	size_t n = strlen(f->text);
	va_list args;

	va_start(args, format);
	vsnprintf(f->text + n, sizeof f->text - n, format, args);
	va_end(args);
}
