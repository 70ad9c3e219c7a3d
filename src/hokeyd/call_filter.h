/* SPDX-License-Identifier: ISC */
/*
 * Which system calls are left to the process once it serves (seccomp).
 *
 * Allowed is what workers, reload, key store, TLS, DNS, control socket and log
 * need. All else ends with EPERM, and is noted by the kernel where it keeps an
 * audit log; starting a program, looking into another process and the like end
 * the process. A library that falls back on something unknown thus goes on
 * working; somebody who has got in does not.
 */
#ifndef HK_HOKEYD_CALL_FILTER_H
#define HK_HOKEYD_CALL_FILTER_H

#include <hokey/error.h>

#include <stdbool.h>

enum hk_call_filter {
	HK_CALL_FILTER_DENY,
	HK_CALL_FILTER_LOG, /* all is allowed; the kernel notes what would not be */
	HK_CALL_FILTER_OFF,
};

/*
 * For all threads, for good; after setup, for files of other users and ports
 * below 1024 are opened then. HK_ERR_DENIED: this build cannot have a filter (a
 * sanitizer needs more calls, or it is for 32 bits); HK_ERR_SYSTEM: the kernel does not take one.
 */
enum hk_err hk_call_filter_set(enum hk_call_filter mode);

/* "deny", "log" or "off". False: it is none of them. */
bool hk_call_filter_parse(const char *word, enum hk_call_filter *mode);

#endif
