/* SPDX-License-Identifier: ISC */
#include "hokeyd/clock.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BOOT_ID_LEN 36

static hk_time offset;

static hk_time read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (hk_time)t.tv_sec * HK_SECOND + (hk_time)t.tv_nsec / 1000000;
}

void hk_clock_start(void)
{
	offset = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME);
}

hk_time hk_clock_now(void)
{
	return offset + read_clock(CLOCK_BOOTTIME);
}

bool hk_boot_id(char id[37])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, id, BOOT_ID_LEN);
	close(fd);
	id[BOOT_ID_LEN] = 0;
	return n == BOOT_ID_LEN;
}
