/* SPDX-License-Identifier: ISC */
/* What one load thread counts; merged over threads when they have ended. */
#ifndef HK_HOKEY_BENCH_STATS_H
#define HK_HOKEY_BENCH_STATS_H

#include "hokey/bench/histogram.h"

#include <stddef.h>

enum hk_bench_count {
	HK_BENCH_SENT,            /* requests; logins: conversations begun */
	HK_BENCH_ACCEPTED,
	HK_BENCH_REJECTED_FINISH, /* Access-Reject with EAP-Finish, R set */
	HK_BENCH_REJECTED_FAILURE, /* Access-Reject with EAP-Failure */
	HK_BENCH_REJECTED_OTHER,  /* Access-Reject without either */
	HK_BENCH_CHALLENGED,      /* re-authentication: the server wants full EAP */
	HK_BENCH_LOST,            /* no answer in time */
	HK_BENCH_FAILED,          /* logins: our own side gave up (certificate, TLS) */
	HK_BENCH_MALFORMED,       /* no RADIUS packet, or one of another code */
	HK_BENCH_UNEXPECTED,      /* an answer that nobody waits for: late or twice */
	HK_BENCH_CHECKED,         /* checked in full */
	HK_BENCH_WRONG,           /* of those: a tag, an authenticator or a key is wrong */
	HK_BENCH_REFUSED,         /* ICMP: nobody listens there */
	HK_BENCH_RESUMED,         /* logins: the TLS session was resumed */
	HK_BENCH_ROUNDS,          /* logins: round trips of those that were accepted */
	HK_BENCH_RETRANSMITTED,   /* logins only; re-authentications are sent once */
	HK_BENCH_COUNTS
};

/* As in the JSON report. */
const char *hk_bench_count_name(enum hk_bench_count which);

#define HK_SERIES_STEP_NS 10000000 /* 10 ms */

/* Answers over time, in steps of fixed length. */
struct hk_series {
	uint32_t *steps;
	size_t    len;
	size_t    cap;
};

struct hk_bench_stats {
	uint64_t count[HK_BENCH_COUNTS];
	struct hk_histogram latency;
	struct hk_series    answers;
	uint64_t first_ns;        /* first request left */
	uint64_t last_ns;         /* last answer came, or was given up */
	uint64_t waited_ns;       /* for a processor that others had */
};

void hk_bench_stats_merge(struct hk_bench_stats *to, const struct hk_bench_stats *from);
void hk_bench_stats_free(struct hk_bench_stats *s);
/* One answer so many ns after the start. Beyond an hour it is not entered. */
void hk_series_add(struct hk_series *s, uint64_t since_start_ns);

uint64_t hk_bench_rejected(const struct hk_bench_stats *s);
/* Everything that came back, of whatever kind. */
uint64_t hk_bench_answered(const struct hk_bench_stats *s);

#endif
