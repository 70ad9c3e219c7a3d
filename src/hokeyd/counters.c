/* SPDX-License-Identifier: ISC */
#include "hokeyd/counters.h"

#include <stddef.h>

static const char *const names[HK_COUNTERS] = {
	[HK_COUNT_PACKETS] = "packets",
	[HK_COUNT_REPLIES] = "replies",
	[HK_COUNT_SEND_ERRORS] = "send-errors",
	[HK_COUNT_MALFORMED] = "malformed",
	[HK_COUNT_UNKNOWN_CLIENT] = "unknown-client",
	[HK_COUNT_BAD_CODE] = "bad-code",
	[HK_COUNT_BAD_AUTHENTICATOR] = "bad-authenticator",
	[HK_COUNT_NO_AUTHENTICATOR] = "no-authenticator",
	[HK_COUNT_PROXY_STATE_REFUSED] = "proxy-state-refused",
	[HK_COUNT_DUPLICATES_IN_PROGRESS] = "duplicates-in-progress",
	[HK_COUNT_STATUS_LIMITED] = "status-limited",
	[HK_COUNT_SILENT] = "silent",
	[HK_COUNT_SUPERSEDED] = "superseded",
	[HK_COUNT_TOO_LONG] = "too-long",
	[HK_COUNT_BAD_TIMESTAMP] = "bad-timestamp",
	[HK_COUNT_NO_NAS_IDENTITY] = "no-nas-identity",
	[HK_COUNT_DUPLICATES_ANSWERED] = "duplicates-answered",
	[HK_COUNT_STATUS] = "status",
	[HK_COUNT_CHALLENGES] = "challenges",
	[HK_COUNT_ACCEPTS] = "accepts",
	[HK_COUNT_REJECTS] = "rejects",
	[HK_COUNT_EAP_OK] = "eap-ok",
	[HK_COUNT_EAP_RESUMED] = "eap-resumed",
	[HK_COUNT_ERP_OK] = "erp-ok",
	[HK_COUNT_ERP_FALLBACKS] = "erp-fallbacks",
	[HK_COUNT_STORE_ERRORS] = "store-errors",
	[HK_COUNT_OCSP_ASKED] = "ocsp-asked",
	[HK_COUNT_OCSP_UNANSWERED] = "ocsp-unanswered",
	[HK_COUNT_PROXIED] = "proxied",
	[HK_COUNT_PROXY_REPLIES] = "proxy-replies",
	[HK_COUNT_PROXY_RETRIES] = "proxy-retries",
	[HK_COUNT_PROXY_JOINED] = "proxy-joined",
	[HK_COUNT_PROXY_FAIL_OVERS] = "proxy-fail-overs",
	[HK_COUNT_PROXY_TIMEOUTS] = "proxy-timeouts",
	[HK_COUNT_PROXY_BAD_REPLIES] = "proxy-bad-replies",
	[HK_COUNT_PROXY_UNREACHABLE] = "proxy-unreachable",
	[HK_COUNT_PROXY_LOOPS] = "proxy-loops",
	[HK_COUNT_TLS_CONNECTIONS] = "tls-connections",
	[HK_COUNT_TLS_REFUSED] = "tls-refused",
	[HK_COUNT_KEYS_TAKEN] = "keys-taken",
	[HK_COUNT_KEYS_MISSED] = "keys-missed",
	[HK_COUNT_KEYS_TAKEN_BACK] = "keys-taken-back",
	[HK_COUNT_DISCONNECTS_REFUSED] = "disconnects-refused",
	[HK_COUNT_KEYS_GIVEN] = "keys-given",
	[HK_COUNT_KEYS_REFUSED] = "keys-refused",
	[HK_COUNT_WITHDRAWALS] = "withdrawals",
	[HK_COUNT_WITHDRAWALS_DONE] = "withdrawals-done",
	[HK_COUNT_WITHDRAWALS_FAILED] = "withdrawals-failed",
};

const char *hk_counter_name(enum hk_counter which)
{
	return names[which];
}

static void add(uint64_t *sum, const _Atomic uint64_t *counters, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += atomic_load_explicit(&counters[i], memory_order_relaxed);
}

void hk_totals_add(struct hk_totals *totals, const struct hk_counters *c)
{
	add(totals->count, c->count, HK_COUNTERS);
	add(totals->eap_failed, c->eap_failed, HK_ERR_COUNT);
	add(totals->erp_failed, c->erp_failed, HK_ERR_COUNT);
	add(totals->keys_refused, c->keys_refused, HK_KEY_ERROR_COUNT);
}
