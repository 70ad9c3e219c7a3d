/* SPDX-License-Identifier: ISC */
#ifndef HK_SHIM_XLAT_H
#define HK_SHIM_XLAT_H

#include <sys/types.h>

typedef struct xlat_exp xlat_exp_t;
typedef size_t (*xlat_escape_t)(
	REQUEST *request, char *out, size_t size, char const *in, void *arg);

/* Expands a text; its length, or -1. */
ssize_t radius_xlat(char *out, size_t size, REQUEST *request, char const *format,
	xlat_escape_t escape, void *arg);

#endif
