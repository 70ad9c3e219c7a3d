/* SPDX-License-Identifier: ISC */
/*
 * What each worker counts. One thread writes, others read: no locks, no shared
 * cache lines; the control thread sums.
 */
#ifndef HK_HOKEYD_COUNTERS_H
#define HK_HOKEYD_COUNTERS_H

#include <hokey/error.h>
#include <hokey/keydist.h>

#include <stdatomic.h>
#include <stdint.h>

enum hk_counter {
	HK_COUNT_PACKETS,             /* datagrams received */
	HK_COUNT_REPLIES,             /* datagrams sent, repeated ones included */
	HK_COUNT_SEND_ERRORS,
	/* dropped, in the order of the checks */
	HK_COUNT_MALFORMED,
	HK_COUNT_UNKNOWN_CLIENT,
	HK_COUNT_BAD_CODE,
	HK_COUNT_BAD_AUTHENTICATOR,   /* Message-Authenticator wrong */
	HK_COUNT_NO_AUTHENTICATOR,    /* Message-Authenticator missing */
	HK_COUNT_PROXY_STATE_REFUSED, /* limit_proxy_state */
	HK_COUNT_DUPLICATES_IN_PROGRESS,
	HK_COUNT_STATUS_LIMITED,
	HK_COUNT_SILENT,              /* nothing could be answered: limits, store errors */
	HK_COUNT_SUPERSEDED,          /* the client reused the Identifier meanwhile */
	HK_COUNT_TOO_LONG,            /* the reply did not fit */
	HK_COUNT_BAD_TIMESTAMP,       /* Disconnect-Request: Event-Timestamp missing or not of now */
	HK_COUNT_NO_NAS_IDENTITY,     /* not dropped, unless the client's setting says so */
	/* answered */
	HK_COUNT_DUPLICATES_ANSWERED,
	HK_COUNT_STATUS,
	HK_COUNT_CHALLENGES,
	HK_COUNT_ACCEPTS,
	HK_COUNT_REJECTS,
	/* logins and re-authentications */
	HK_COUNT_EAP_OK,
	HK_COUNT_EAP_RESUMED,         /* of EAP_OK */
	HK_COUNT_ERP_OK,
	HK_COUNT_ERP_FALLBACKS,       /* sent on to full EAP */
	HK_COUNT_STORE_ERRORS,
	HK_COUNT_OCSP_ASKED,
	HK_COUNT_OCSP_UNANSWERED,     /* of OCSP_ASKED */
	/* proxy */
	HK_COUNT_PROXIED,             /* requests taken on for a home server */
	HK_COUNT_PROXY_REPLIES,       /* of home servers, passed on */
	HK_COUNT_PROXY_RETRIES,       /* requests sent again to the same server */
	HK_COUNT_PROXY_JOINED,        /* requests that waited for the answer to another one */
	HK_COUNT_PROXY_FAIL_OVERS,    /* requests sent to another server */
	HK_COUNT_PROXY_TIMEOUTS,      /* no reply within the response window */
	HK_COUNT_PROXY_BAD_REPLIES,   /* dropped: forged, late, or not for us */
	HK_COUNT_PROXY_UNREACHABLE,   /* requests that nobody answered */
	HK_COUNT_PROXY_LOOPS,         /* requests that came back */
	HK_COUNT_TLS_CONNECTIONS,     /* RADIUS/TLS: clients let in */
	HK_COUNT_TLS_REFUSED,         /* and those that were not */
	HK_COUNT_KEYS_TAKEN,          /* local ER server: keys of our domain that came */
	HK_COUNT_KEYS_MISSED,         /* and those that were asked for and did not */
	HK_COUNT_KEYS_TAKEN_BACK,     /* by the home server they came from */
	HK_COUNT_DISCONNECTS_REFUSED, /* Disconnect-Requests that were answered with a NAK */
	HK_COUNT_KEYS_GIVEN,          /* home server: keys for other domains */
	HK_COUNT_KEYS_REFUSED,        /* by reason in keys_refused */
	HK_COUNT_WITHDRAWALS,         /* keys at other servers that were to end */
	HK_COUNT_WITHDRAWALS_DONE,    /* of those: they have ended */
	HK_COUNT_WITHDRAWALS_FAILED,  /* of those: they end with their lifetime */
	HK_COUNTERS
};

struct hk_counters {
	_Atomic uint64_t count[HK_COUNTERS];
	_Atomic uint64_t eap_failed[HK_ERR_COUNT];
	_Atomic uint64_t erp_failed[HK_ERR_COUNT];
	_Atomic uint64_t keys_refused[HK_KEY_ERROR_COUNT];
} __attribute__((aligned(64)));

/* The owner's increment: a load and a store, nothing locked. */
static inline void hk_count_in(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter,
		atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

static inline void hk_count(struct hk_counters *c, enum hk_counter which)
{
	hk_count_in(&c->count[which], 1);
}

/* The same as plain numbers. */
struct hk_totals {
	uint64_t count[HK_COUNTERS];
	uint64_t eap_failed[HK_ERR_COUNT];
	uint64_t erp_failed[HK_ERR_COUNT];
	uint64_t keys_refused[HK_KEY_ERROR_COUNT];
};

void hk_totals_add(struct hk_totals *totals, const struct hk_counters *c);
/* "packets", "bad-authenticator". */
const char *hk_counter_name(enum hk_counter which);

#endif
