/* SPDX-License-Identifier: ISC */
/* A filter stays for good, so each is set in a child, which tells by its exit status. */
#include "test.h"
#include "secret.h"
#include "temp.h"

#include "hokeyd/call_filter.h"
#include "hokeyd/sanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNAL(n) (1000 + (n))

static void *directory;

/* The exit status, or SIGNAL(what ended it). */
static int in_child(enum hk_call_filter mode, int (*check)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		/* As hk_privileges_drop() leaves it. */
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		_exit(hk_call_filter_set(mode) ? 99 : check());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? SIGNAL(WTERMSIG(status)) : WEXITSTATUS(status);
}

/* A sanitizer or valgrind in the process needs more calls. */
static bool has_company(void)
{
	if (HK_SANITIZED)
		assert_err(hk_call_filter_set(HK_CALL_FILTER_DENY), HK_ERR_DENIED);
	return HK_SANITIZED || RUNNING_ON_VALGRIND;
}

static bool is_denied(long result)
{
	return result < 0 && errno == EPERM;
}

static int try_forbidden(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	if (page == MAP_FAILED)
		return 1;
	if (!is_denied(socket(AF_PACKET, SOCK_RAW, 0)) ||
		!is_denied(socket(AF_NETLINK, SOCK_RAW, 0)))
		return 2;
	if (!is_denied(mprotect(page, 4096, PROT_READ | PROT_EXEC)))
		return 3;
	if (mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
			MAP_FAILED ||
		errno != EPERM)
		return 4;
	if (!is_denied(fork()))
		return 5;
	if (!is_denied(kill(getppid(), 0)))
		return 6;
	if (!is_denied(setrlimit(RLIMIT_CORE, &all)))
		return 7;
	if (!is_denied(chroot("/")) || !is_denied(setuid(getuid())))
		return 8;
	if (!is_denied(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)))
		return 9;
	return 0;
}

static void test_what_has_no_use_fails(void **state)
{
	(void)state;
	if (has_company())
		return;
	assert_int_equal(in_child(HK_CALL_FILTER_DENY, try_forbidden), 0);
}

static int start_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static int look_into_another(void)
{
	ptrace(PTRACE_ATTACH, getppid(), 0, 0);
	return 1;
}

static int mount_something(void)
{
	mount("none", "/", "tmpfs", 0, "");
	return 1;
}

static void test_what_only_an_intruder_does_ends_the_process(void **state)
{
	(void)state;
	if (has_company())
		return;
	assert_int_equal(in_child(HK_CALL_FILTER_DENY, start_program), SIGNAL(SIGSYS));
	assert_int_equal(in_child(HK_CALL_FILTER_DENY, look_into_another), SIGNAL(SIGSYS));
	assert_int_equal(in_child(HK_CALL_FILTER_DENY, mount_something), SIGNAL(SIGSYS));
}

static void *nothing(void *arg)
{
	return arg;
}

/* Threads, files, sockets, locked memory: the daily work, in short. */
static int work(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char path[300];
	pthread_t thread;
	void *page;
	int fd;

	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		return 1;
	snprintf(path, sizeof(path), "%s/file", (char *)directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 8192) || pwrite(fd, "x", 1, 0) != 1 || fdatasync(fd))
		return 2;
	page = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED || munmap(page, 8192) || close(fd) || unlink(path))
		return 3;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || close(fd))
		return 4;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || close(fd))
		return 5;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || madvise(page, 4096, MADV_DONTDUMP))
		return 6;
	return 0;
}

static void test_the_daily_work_is_allowed(void **state)
{
	(void)state;
	if (has_company())
		return;
	directory = *state;
	assert_int_equal(in_child(HK_CALL_FILTER_DENY, work), 0);
}

static int give_up(void)
{
	abort();
}

/* So that a failure shows as what it is. */
static void test_it_can_abort(void **state)
{
	(void)state;
	if (has_company())
		return;
	assert_int_equal(in_child(HK_CALL_FILTER_DENY, give_up), SIGNAL(SIGABRT));
}

static int fork_and_join(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : 1;
}

static void test_log_and_off_deny_nothing(void **state)
{
	(void)state;
	if (has_company())
		return;
	assert_int_equal(in_child(HK_CALL_FILTER_LOG, fork_and_join), 0);
	assert_int_equal(in_child(HK_CALL_FILTER_OFF, fork_and_join), 0);
	assert_int_equal(in_child(HK_CALL_FILTER_OFF, start_program), 0);
}

static void test_words(void **state)
{
	enum hk_call_filter mode = HK_CALL_FILTER_OFF;

	(void)state;
	assert_true(hk_call_filter_parse("deny", &mode));
	assert_int_equal(mode, HK_CALL_FILTER_DENY);
	assert_true(hk_call_filter_parse("log", &mode));
	assert_int_equal(mode, HK_CALL_FILTER_LOG);
	assert_true(hk_call_filter_parse("off", &mode));
	assert_int_equal(mode, HK_CALL_FILTER_OFF);
	assert_false(hk_call_filter_parse("on", &mode));
	assert_false(hk_call_filter_parse("", &mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_has_no_use_fails),
		cmocka_unit_test(test_what_only_an_intruder_does_ends_the_process),
		cmocka_unit_test(test_the_daily_work_is_allowed),
		cmocka_unit_test(test_it_can_abort),
		cmocka_unit_test(test_log_and_off_deny_nothing),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("hokeyd-call-filter", tests, temp_setup, temp_teardown);
}
