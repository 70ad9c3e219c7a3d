/* SPDX-License-Identifier: ISC */
/*
 * The log: one line per event, to standard error, syslog or a file. Keys and
 * secrets are never given to it; what came from the network goes through
 * hk_log_escape() first, so that nobody outside can write lines of his own.
 *
 * All functions may be called from several threads at once.
 */
#ifndef HK_HOKEYD_LOG_H
#define HK_HOKEYD_LOG_H

#include "hokeyd/config.h"

struct hk_log;                    /* opaque */

/* target: "stderr", "syslog" or a path. HK_ERR_SYSTEM with errno. */
enum hk_err hk_log_open(const char *target, enum hk_log_level level, struct hk_log **out);
/* NULL is fine. */
void hk_log_close(struct hk_log *log);
/* Opens the file anew, after it was moved away. On error the old one stays. */
enum hk_err hk_log_reopen(struct hk_log *log);
void hk_log_set_level(struct hk_log *log, enum hk_log_level level);
bool hk_log_wants(const struct hk_log *log, enum hk_log_level level);

void hk_log_write(struct hk_log *log, enum hk_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * For messages that the network can cause at will: each (kind, subject) is
 * written once a minute, with how many there were since, and all of them
 * together at most HK_LOG_REPEATS_PER_S times a second.
 */
#define HK_LOG_REPEATS_PER_S 20
#define HK_LOG_REPEAT_MS     60000
void hk_log_repeated(struct hk_log *log, enum hk_log_level level, const char *kind,
	struct hk_bytes subject, hk_time now, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/*
 * Octets as text of printable ASCII: the rest, and \ [ ], become \xNN. What
 * does not fit is cut and ends with "...". Returns text.
 */
const char *hk_log_escape(struct hk_bytes octets, char *text, size_t size);
#define HK_LOG_ESCAPED 300        /* octets that are enough for most names */

/* ---- logins ---- */

enum hk_login_method {
	HK_LOGIN_OTHER,           /* ended before there was a method */
	HK_LOGIN_EAP_TLS,
	HK_LOGIN_ERP,
};

/* One login that came to an end. */
struct hk_login {
	bool            accepted;
	bool            goes_on;      /* not accepted by ERP; full EAP follows at once */
	enum hk_err     reason;       /* when not accepted */
	const char     *detail;       /* in words, "certificate has expired"; NULL: of reason */
	struct hk_bytes user;         /* or the outer identity, when not accepted */
	struct hk_bytes client;       /* name of the RADIUS client */
	struct hk_bytes calling_station_id;
	bool            has_nas_port;
	uint32_t        nas_port;
	enum hk_login_method method;
	uint16_t        tls_version;  /* EAP-TLS: enum hk_tls_version; 0: not known */
	bool            resumed;      /* EAP-TLS */
	unsigned        rounds;       /* EAP-TLS: round trips */
	uint16_t        seq;          /* ERP */
	struct hk_bytes keyname_nai;  /* ERP */
	uint64_t        duration_us;  /* from the first packet to the answer */
};

/*
 * "Login OK: [alice@home.example] (from client ap1 port 12 cli 02-... via
 * EAP-TLS 1.3, 3 round trips 12 ms)". Always terminated.
 */
void hk_login_format(const struct hk_login *login, char *text, size_t size);
#define HK_LOGIN_TEXT 1500

void hk_log_login(struct hk_log *log, const struct hk_login *login);

#endif
