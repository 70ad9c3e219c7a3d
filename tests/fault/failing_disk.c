/* SPDX-License-Identifier: ISC */
/*
 * A disk that fails on demand, for LD_PRELOAD: while the file named by
 * $FAILING_DISK exists, pwrite and fdatasync end with EIO.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(void)
{
	const char *path = getenv("FAILING_DISK");

	return path && access(path, F_OK) == 0;
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);

	if (fails()) {
		errno = EIO;
		return -1;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
	return real(fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite64(fd, data, n, at);
}

int fdatasync(int fd)
{
	static int (*real)(int);

	if (fails()) {
		errno = EIO;
		return -1;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
	return real(fd);
}
