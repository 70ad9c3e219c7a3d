/* SPDX-License-Identifier: ISC */
#include "hokeyd/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN  2048
#define REPEAT_SLOTS  256
#define REPEAT_PROBES 4

/* Something that was said and might come again. */
struct repeat {
	uint64_t hash; /* of kind and subject; 0: empty */
	hk_time said;
	uint32_t kept_back; /* since then */
};

struct hk_log {
	char *path;   /* NULL: not a file */
	int fd;       /* -1: syslog */
	bool journal; /* fd leads to systemd's journal */
	_Atomic int level;
	pthread_mutex_t lock; /* of the rest */
	struct repeat repeats[REPEAT_SLOTS];
	hk_time second;
	unsigned in_second;
};

static const struct {
	const char *name;
	int syslog;
} levels[] = {
	[HK_LOG_ERROR] = {"error", LOG_ERR},
	[HK_LOG_WARNING] = {"warning", LOG_WARNING},
	[HK_LOG_NOTICE] = {"notice", LOG_NOTICE},
	[HK_LOG_INFO] = {"info", LOG_INFO},
	[HK_LOG_DEBUG] = {"debug", LOG_DEBUG},
};

/* systemd says in JOURNAL_STREAM which stream is the journal's. */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char text[64];
	struct stat st;

	if (!stream || fstat(fd, &st) < 0)
		return false;
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, text) == 0;
}

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
}

static enum hk_err open_target(struct hk_log *log, const char *target)
{
	if (strcmp(target, "syslog") == 0) {
		openlog("hokeyd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
		log->fd = -1;
		return HK_OK;
	}
	if (strcmp(target, "stderr") == 0) {
		log->fd = STDERR_FILENO;
		log->journal = is_journal(log->fd);
		return HK_OK;
	}
	log->path = strdup(target);
	if (!log->path)
		return HK_ERR_NO_MEMORY;
	log->fd = open_file(target);
	return log->fd < 0 ? HK_ERR_SYSTEM : HK_OK;
}

enum hk_err hk_log_open(const char *target, enum hk_log_level level, struct hk_log **out)
{
	struct hk_log *log = calloc(1, sizeof(*log));
	enum hk_err err;

	if (!log)
		return HK_ERR_NO_MEMORY;
	pthread_mutex_init(&log->lock, NULL);
	atomic_init(&log->level, (int)level);
	err = open_target(log, target);
	if (err) {
		int saved = errno;

		hk_log_close(log);
		errno = saved;
		return err;
	}
	*out = log;
	return HK_OK;
}

void hk_log_close(struct hk_log *log)
{
	if (!log)
		return;
	if (log->path && log->fd >= 0)
		close(log->fd);
	if (!log->path && log->fd < 0)
		closelog();
	free(log->path);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

enum hk_err hk_log_reopen(struct hk_log *log)
{
	int fd;

	if (!log->path)
		return HK_OK;
	fd = open_file(log->path);
	if (fd < 0)
		return HK_ERR_SYSTEM;
	/* The number stays, so that threads that write need no lock. */
	if (dup3(fd, log->fd, O_CLOEXEC) < 0) {
		close(fd);
		return HK_ERR_SYSTEM;
	}
	close(fd);
	return HK_OK;
}

void hk_log_set_level(struct hk_log *log, enum hk_log_level level)
{
	atomic_store(&log->level, (int)level);
}

bool hk_log_wants(const struct hk_log *log, enum hk_log_level level)
{
	return (int)level <= atomic_load(&log->level);
}

/* What stands before the message; the journal knows the time itself. */
static size_t begin_line(const struct hk_log *log, enum hk_log_level level, char *line, size_t size)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	if (log->journal)
		return (size_t)snprintf(line, size, "<%d>", levels[level].syslog);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &tm);
	return n + (size_t)snprintf(line + n, size - n, ".%03ldZ %s: ", now.tv_nsec / 1000000,
			   levels[level].name);
}

/* One write(), so that lines of threads do not mix. */
static void write_line(struct hk_log *log, enum hk_log_level level, const char *text)
{
	char line[LINE_MAX_LEN];
	size_t n;

	if (log->fd < 0) {
		syslog(levels[level].syslog, "%s", text);
		return;
	}
	n = begin_line(log, level, line, sizeof(line));
	n += (size_t)snprintf(line + n, sizeof(line) - n, "%s", text);
	if (n > sizeof(line) - 1)
		n = sizeof(line) - 1;
	line[n++] = '\n';
	/* When the log cannot be written there is nobody left to tell. */
	while (write(log->fd, line, n) < 0 && errno == EINTR)
		;
}

void hk_log_write(struct hk_log *log, enum hk_log_level level, const char *format, ...)
{
	char text[LINE_MAX_LEN];
	va_list ap;

	if (!hk_log_wants(log, level))
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	write_line(log, level, text);
}

/* ---- messages that come again and again ---- */

static uint64_t hash(const char *kind, struct hk_bytes subject)
{
	uint64_t h = 14695981039346656037u;

	for (; *kind; kind++)
		h = (h ^ (uint8_t)*kind) * 1099511628211u;
	h = (h ^ 0xff) * 1099511628211u;
	for (size_t i = 0; i < subject.len; i++)
		h = (h ^ subject.data[i]) * 1099511628211u;
	return h | 1;
}

/* The slot of a message; when there is none, the one said longest ago. */
static struct repeat *find_repeat(struct hk_log *log, uint64_t h)
{
	struct repeat *oldest = NULL;

	for (size_t i = 0; i < REPEAT_PROBES; i++) {
		struct repeat *r = &log->repeats[((h >> 32) + i) % REPEAT_SLOTS];

		if (r->hash == h)
			return r;
		if (!oldest || r->said < oldest->said)
			oldest = r;
	}
	*oldest = (struct repeat){.hash = h};
	return oldest;
}

/* May it be said now? Then *kept_back says how often it was not before. */
static bool may_say(struct hk_log *log, uint64_t h, hk_time now, uint32_t *kept_back)
{
	struct repeat *r = find_repeat(log, h);

	if (r->said && now - r->said < HK_LOG_REPEAT_MS) {
		r->kept_back++;
		return false;
	}
	if (log->second != now / HK_SECOND) {
		log->second = now / HK_SECOND;
		log->in_second = 0;
	}
	if (log->in_second >= HK_LOG_REPEATS_PER_S)
		return false;
	log->in_second++;
	*kept_back = r->kept_back;
	r->said = now;
	r->kept_back = 0;
	return true;
}

void hk_log_repeated(struct hk_log *log, enum hk_log_level level, const char *kind,
	struct hk_bytes subject, hk_time now, const char *format, ...)
{
	char text[LINE_MAX_LEN];
	uint32_t kept_back = 0;
	va_list ap;
	bool say;

	if (!hk_log_wants(log, level))
		return;
	pthread_mutex_lock(&log->lock);
	say = may_say(log, hash(kind, subject), now, &kept_back);
	pthread_mutex_unlock(&log->lock);
	if (!say)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (kept_back)
		hk_log_write(log, level, "%s (%u more before)", text, kept_back);
	else
		write_line(log, level, text);
}
