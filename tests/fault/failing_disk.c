/* SPDX-License-Identifier: ISC */
/*
 * A disk that fails on demand, for LD_PRELOAD: the calls named in the file
 * $FAILING_DISK, separated by spaces, end with EIO, or ENOMEM for mmap, on
 * files below the directory $FAILING_FILES. Without the file all is well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_named(const char *call)
{
	const char *path = getenv("FAILING_DISK");
	long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : -1;
	char text[256] = " ", wanted[32];
	long n;

	if (fd < 0)
		return 0;
	n = syscall(SYS_read, fd, text + 1, sizeof text - 3);
	syscall(SYS_close, fd);
	n = n > 0 ? n : 0;
	text[n + 1] = ' ';
	text[n + 2] = 0;
	snprintf(wanted, sizeof wanted, " %s ", call);
	return strstr(text, wanted) != NULL;
}

static int is_ours(int fd)
{
	const char *folder = getenv("FAILING_FILES");
	char link[32], path[512];
	long n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
	return folder && n > 0 && (size_t)n >= strlen(folder) &&
	       memcmp(path, folder, strlen(folder)) == 0;
}

static int fails(const char *call, int fd)
{
	return fd >= 0 && is_named(call) && is_ours(fd);
}

/* Defines a function that fails, or goes on to the real one. */
#define CALL(type, name, parameters, arguments, failure, why)                                      \
	type name parameters                                                                       \
	{                                                                                          \
		static type(*real) parameters;                                                     \
                                                                                                   \
		if (fails(#name, fd)) {                                                            \
			errno = why;                                                               \
			return failure;                                                            \
		}                                                                                  \
		if (!real)                                                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
		return real arguments;                                                             \
	}

CALL(ssize_t, pwrite, (int fd, const void *data, size_t n, off_t at), (fd, data, n, at), -1, EIO)
CALL(ssize_t, pwrite64, (int fd, const void *data, size_t n, off64_t at), (fd, data, n, at), -1,
	EIO)
CALL(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at), -1, EIO)
CALL(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at), -1,
	EIO)
CALL(ssize_t, write, (int fd, const void *data, size_t n), (fd, data, n), -1, EIO)
CALL(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), -1, EIO)
CALL(int, fdatasync, (int fd), (fd), -1, EIO)
CALL(int, fsync, (int fd), (fd), -1, EIO)
CALL(int, ftruncate, (int fd, off_t n), (fd, n), -1, EIO)
CALL(int, ftruncate64, (int fd, off64_t n), (fd, n), -1, EIO)
CALL(int, posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n), EIO, EIO)
CALL(int, posix_fallocate64, (int fd, off64_t at, off64_t n), (fd, at, n), EIO, EIO)
CALL(void *, mmap, (void *p, size_t n, int prot, int flags, int fd, off_t at),
	(p, n, prot, flags, fd, at), MAP_FAILED, ENOMEM)
CALL(void *, mmap64, (void *p, size_t n, int prot, int flags, int fd, off64_t at),
	(p, n, prot, flags, fd, at), MAP_FAILED, ENOMEM)
