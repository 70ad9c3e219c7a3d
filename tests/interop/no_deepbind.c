/* SPDX-License-Identifier: ISC */
/*
 * FreeRADIUS loads its modules with RTLD_DEEPBIND, which the sanitizers refuse:
 * for LD_PRELOAD, a dlopen() that leaves it out. And a module stays, so that
 * reports at the end can name its functions.
 */
#include <dlfcn.h>

void *dlopen(const char *file, int flags)
{
	static void *(*real)(const char *, int);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "dlopen");
	return real(file, (flags & ~RTLD_DEEPBIND) | RTLD_NODELETE);
}
