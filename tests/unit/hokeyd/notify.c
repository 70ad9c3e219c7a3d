/* SPDX-License-Identifier: ISC */
/* What the service manager is told, and that nothing happens where there is none. */
#include "test.h"
#include "temp.h"

#include "hokeyd/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket as the service manager has it; '@' stands for the 0 of an abstract name. */
static int manager(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0 && strlen(name) < sizeof(address.sun_path));
	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = 0;
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
		0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void assert_told(int fd, const char *expected)
{
	char text[128];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	assert_true(n > 0);
	text[n] = 0;
	assert_string_equal(text, expected);
}

static void by_path_and_by_abstract_name(void **state)
{
	char name[100];
	int fd;

	assert_true(snprintf(name, sizeof(name), "%s/notify", (const char *)*state) < 100);
	fd = manager(name);
	hk_notify("READY=1");
	assert_told(fd, "READY=1");
	close(fd);

	snprintf(name, sizeof(name), "@hokey-test-%d", (int)getpid());
	fd = manager(name);
	hk_notify("STOPPING=1");
	assert_told(fd, "STOPPING=1");
	close(fd);
	hk_notify("STOPPING=1"); /* it has gone: no harm */
}

static void a_reload_says_when(void **state)
{
	char name[64], text[128];
	uint64_t usec = 0;
	ssize_t n;
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "@hokey-test-%d", (int)getpid());
	fd = manager(name);
	hk_notify_reloading();
	n = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = 0;
	assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &usec), 1);
	assert_true(usec > 0);
	close(fd);
}

static void no_manager(void **state)
{
	char longer[300];
	int fd;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	snprintf(longer, 16, "@hokey-%d", (int)getpid());
	fd = manager(longer);
	longer[strlen(longer)] = 'x'; /* too long for a name, and not cut to one that is there */
	setenv("NOTIFY_SOCKET", longer, 1);
	hk_notify("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	hk_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	hk_notify("READY=1");
	assert_int_equal(recv(fd, longer, sizeof(longer), 0), -1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			by_path_and_by_abstract_name, temp_setup, temp_teardown),
		cmocka_unit_test(a_reload_says_when),
		cmocka_unit_test(no_manager),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
