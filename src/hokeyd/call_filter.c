/* SPDX-License-Identifier: ISC */
#include "hokeyd/call_filter.h"

#include "hokeyd/sanitized.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A call that the machine does not have is passed over: twins of other processors. */
static const char *const allowed[] = {
	/* sockets */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt",
	"listen", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt",
	"shutdown", "socketpair",
	/* events and time */
	"clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1",
	"epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd2", "gettimeofday",
	"nanosleep", "pipe2", "poll", "ppoll", "pselect6", "restart_syscall", "select", "time",
	"timerfd_create", "timerfd_gettime", "timerfd_settime",
	/* descriptors and files: configuration, certificates, log, key store, names of hosts */
	"access", "close", "close_range", "dup", "dup2", "dup3", "faccessat", "faccessat2",
	"fallocate", "fchmod", "fcntl", "fdatasync", "flock", "fstat", "fstatfs", "fsync",
	"ftruncate", "getcwd", "getdents64", "lseek", "lstat", "mkdir", "mkdirat", "msync",
	"newfstatat", "open", "openat", "pread64", "preadv", "pwrite64", "pwritev", "read",
	"readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "stat", "statfs",
	"statx", "umask", "unlink", "unlinkat", "write", "writev",
	/* memory and threads */
	"brk", "exit", "exit_group", "futex", "get_robust_list", "getcpu", "getrandom", "gettid",
	"madvise", "membarrier", "mincore", "mlock", "mlock2", "mremap", "munlock", "munmap",
	"rseq", "sched_getaffinity", "sched_yield", "set_robust_list", "set_tid_address",
	/* signals to itself, and what a process asks about itself */
	"getegid", "geteuid", "getgid", "getgroups", "getpid", "getppid", "getresgid", "getresuid",
	"getrlimit", "getrusage", "getuid", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigtimedwait", "sigaltstack", "sysinfo", "times", "uname"};

/* No library tries these by the way. */
static const char *const fatal[] = {"add_key", "bpf", "execve", "execveat", "finit_module",
	"init_module", "kexec_load", "keyctl", "mount", "pivot_root", "process_vm_readv",
	"process_vm_writev", "ptrace", "request_key", "setns", "unshare"};

/* A call that is allowed when an argument, as far as the mask goes, has a value. */
struct condition {
	const char *call;
	unsigned argument;
	uint64_t mask;
	uint64_t value;
};

#define WHOLE UINT32_MAX
#ifdef __s390__
#	define CLONE_FLAGS 1
#else
#	define CLONE_FLAGS 0
#endif
#define MODES (PROT_WRITE | PROT_EXEC)

static const struct condition conditions[] = {
	{"clone", CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD},
	{"ioctl", 1, WHOLE, FIONBIO},
	{"ioctl", 1, WHOLE, FIONREAD},
	{"ioctl", 1, WHOLE, TCGETS},
	/* no memory that can be written and run */
	{"mmap", 2, MODES, 0},
	{"mmap", 2, MODES, PROT_WRITE},
	{"mmap", 2, MODES, PROT_EXEC},
	{"mprotect", 2, PROT_EXEC, 0},
	{"prctl", 0, WHOLE, PR_SET_NAME},
	{"prlimit64", 2, UINT64_MAX, 0}, /* to ask for it */
	{"socket", 0, WHOLE, AF_UNIX},
	{"socket", 0, WHOLE, AF_INET},
	{"socket", 0, WHOLE, AF_INET6},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 0 or a negative errno, as libseccomp has it. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name,
	const struct scmp_arg_cmp *comparison)
{
	int call = seccomp_syscall_resolve_name(name);

	if (call < 0) /* not here, or only under other numbers */
		return 0;
	return seccomp_rule_add_array(filter, action, call, comparison ? 1 : 0, comparison);
}

static int add_conditions(scmp_filter_ctx filter)
{
	struct scmp_arg_cmp self = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
	int rc = add(filter, SCMP_ACT_ALLOW, "tgkill", &self); /* abort() */

	for (size_t i = 0; i < COUNT(conditions) && !rc; i++) {
		const struct condition *c = &conditions[i];
		struct scmp_arg_cmp comparison = {
			c->argument, SCMP_CMP_MASKED_EQ, c->mask, c->value};

		rc = add(filter, SCMP_ACT_ALLOW, c->call, &comparison);
	}
	return rc;
}

static int add_rules(scmp_filter_ctx filter, enum hk_call_filter mode)
{
	int rc = add_conditions(filter);

	for (size_t i = 0; i < COUNT(allowed) && !rc; i++)
		rc = add(filter, SCMP_ACT_ALLOW, allowed[i], NULL);
	if (mode == HK_CALL_FILTER_LOG)
		return rc;
	for (size_t i = 0; i < COUNT(fatal) && !rc; i++)
		rc = add(filter, SCMP_ACT_KILL_PROCESS, fatal[i], NULL);
	/* Its flags are in memory, out of reach; the C library then takes clone. */
	return rc ? rc : add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", NULL);
}

static int load(scmp_filter_ctx filter, enum hk_call_filter mode)
{
	int rc = add_rules(filter, mode);

	if (!rc)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!rc)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* Not every kernel can note what was denied. */
	if (!rc && mode == HK_CALL_FILTER_DENY)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	return rc ? rc : seccomp_load(filter);
}

enum hk_err hk_call_filter_set(enum hk_call_filter mode)
{
	scmp_filter_ctx filter;
	int rc;

	if (mode == HK_CALL_FILTER_OFF)
		return HK_OK;
	/* On 32 bits most calls have a second number; that list nobody has tried. */
	if (HK_SANITIZED || sizeof(void *) < 8)
		return HK_ERR_DENIED;
	filter = seccomp_init(mode == HK_CALL_FILTER_LOG ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return HK_ERR_NO_MEMORY;
	rc = load(filter, mode);
	seccomp_release(filter);
	if (rc)
		errno = -rc;
	return rc ? HK_ERR_SYSTEM : HK_OK;
}

bool hk_call_filter_parse(const char *word, enum hk_call_filter *mode)
{
	static const char *const words[] = {
		[HK_CALL_FILTER_DENY] = "deny",
		[HK_CALL_FILTER_LOG] = "log",
		[HK_CALL_FILTER_OFF] = "off",
	};

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*mode = (enum hk_call_filter)i;
			return true;
		}
	}
	return false;
}
