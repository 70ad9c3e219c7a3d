/* SPDX-License-Identifier: ISC */
#include "hokey/bench/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_LEN 320

static bool read_small(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(text, 1, size - 1, f);
	text[n] = 0;
	fclose(f);
	return n > 0;
}

/* Fields 14 and 15 of /proc/PID/stat; the name before them may hold anything. */
static bool read_ticks(int pid, struct hk_process_usage *out)
{
	char path[PATH_LEN], text[1024], *behind_name;
	unsigned long user, system;
	double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (!read_small(path, text, sizeof text))
		return false;
	behind_name = strrchr(text, ')');
	if (!behind_name ||
		sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			&user, &system) != 2)
		return false;
	out->user_s = (double)user * tick;
	out->system_s = (double)system * tick;
	out->cpu_s = out->user_s + out->system_s;
	return true;
}

/* Nanoseconds on a processor, and waiting for one; of a thread. */
static bool read_schedule(const char *path, uint64_t *ran_ns, uint64_t *waited_ns)
{
	char text[128], *behind;

	if (!read_small(path, text, sizeof text))
		return false;
	*ran_ns = strtoull(text, &behind, 10);
	*waited_ns = strtoull(behind, NULL, 10);
	return true;
}

uint64_t hk_process_thread_waited_ns(void)
{
	uint64_t ran_ns, waited_ns;

	return read_schedule("/proc/thread-self/schedstat", &ran_ns, &waited_ns) ? waited_ns : 0;
}

/* Of all threads: finer than ticks, where the kernel counts them. */
static void read_run_time(int pid, struct hk_process_usage *out)
{
	uint64_t ran_ns, waited_ns, sum_ns = 0, sum_waited_ns = 0;
	char path[PATH_LEN];
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%.200s/schedstat", pid, entry->d_name);
		if (!read_schedule(path, &ran_ns, &waited_ns))
			continue;
		sum_ns += ran_ns;
		sum_waited_ns += waited_ns;
	}
	if (tasks)
		closedir(tasks);
	if (sum_ns)
		out->cpu_s = (double)sum_ns / 1e9;
	out->waited_s = (double)sum_waited_ns / 1e9;
}

static uint64_t field_kib(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtoull(p + strlen(name), NULL, 10) * 1024 : 0;
}

bool hk_process_usage(int pid, struct hk_process_usage *out)
{
	char path[PATH_LEN], text[4096];

	memset(out, 0, sizeof *out);
	if (!read_ticks(pid, out))
		return false;
	read_run_time(pid, out);
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if (!read_small(path, text, sizeof text))
		return false;
	out->resident = field_kib(text, "\nVmRSS:");
	out->anonymous = field_kib(text, "\nRssAnon:");
	return true;
}
