/* SPDX-License-Identifier: ISC */
/*
 * The ER server (RFC 6696 sections 5.1 to 5.5): answers EAP-Initiate/Re-auth.
 *
 * Work goes in two steps with the key store between them, so that one store
 * transaction serves a whole batch:
 *
 *     hk_er_server_check()   parses, finds the key set, makes the checks of
 *                            section 5.2 in their order. Changes no state.
 *     hk_keystore_advance()  for the exchanges that passed: is SEQ fresh?
 *     hk_er_server_decide()  the last checks; from here on the outcome is known.
 *     hk_er_server_answer()  builds EAP-Finish and, on success, the rMSK.
 *
 * No step allocates. An exchange that was accepted a moment ago and comes
 * again octet for octet from the same authenticator (it lost our answer) is
 * answered with the same octets; from any other authenticator it is a replay.
 */
#ifndef HOKEY_ER_SERVER_H
#define HOKEY_ER_SERVER_H

#include <hokey/aaa.h>
#include <hokey/erp.h>
#include <hokey/keystore.h>

enum hk_cb_policy {
	HK_CB_OFF,                /* channel binding is not looked at */
	HK_CB_REPORT,             /* a mismatch fails; what is missing is noted */
	HK_CB_REQUIRE,            /* without TLVs in Initiate ours go into Finish */
};

enum hk_unknown_key {
	HK_UNKNOWN_CHALLENGE,     /* EAP-Request/Identity: full EAP follows at once */
	HK_UNKNOWN_FINISH,        /* EAP-Finish, R set, unprotected: RFC 6696 section 5.2.2 */
};

/* What an operator decides. Shared by all workers, not changed while in use. */
struct hk_er_policy {
	uint8_t  suites[HK_ERP_SUITES]; /* allowed, preferred first */
	uint8_t  nsuites;
	uint8_t  window;          /* 1 to 64 */
	uint32_t rmsk_lifetime_s; /* 0: as long as the rRK */
	uint32_t repeat_window_ms; /* 0: repetitions are replays; likewise, always, what was
	                              proxied or asks for a key */
	bool     send_lifetimes;  /* when the peer asks with L */
	/*
	 * Refuse a request whose User-Name is not the keyName-NAI (default true).
	 * False admits authenticators that send the identity of the full
	 * authentication there, as hostap's test client does; the mismatch is
	 * noted in the exchange. Keys are looked up under keyName-NAI alone.
	 */
	bool     require_name_match;
	enum hk_cb_policy   channel_binding;
	enum hk_unknown_key on_unknown_key;
	const struct hk_bytes *realms;  /* served here, lower case */
	size_t   nrealms;
	/*
	 * Protected failures per key set and second; more are dropped. They are
	 * sent before the request is authenticated (RFC 6696 section 5.2).
	 * 0: no limit.
	 */
	uint32_t failures_per_s;
};

/* Counts protected failures; one per worker, zeroed at start. */
#define HK_ER_LIMITER_SLOTS 1024
struct hk_er_limiter {
	struct {
		uint32_t second;
		uint32_t count;
	} slot[HK_ER_LIMITER_SLOTS];
};

enum hk_er_step {
	HK_ER_DROP,               /* malformed or over the limit: no answer; see reason */
	HK_ER_FORWARD,            /* the realm is not ours: routing decides */
	HK_ER_ADVANCE,            /* put `advance` into the store's next batch */
	HK_ER_ANSWER,             /* the outcome is known: hk_er_server_answer() */
};

/* One EAP-Initiate on its way through the server. Owned by the caller, reused. */
struct hk_er_exchange {
	enum hk_er_step       step;
	enum hk_err           reason;   /* HK_OK, or which check failed */
	struct hk_erp_message message;
	struct hk_keyname_nai nai;
	struct hk_advance     advance;
	bool                  has_keys; /* keyset is filled in */
	bool                  name_mismatch; /* User-Name is not the keyName-NAI */
	bool                  cb_missing; /* channel binding: nothing to compare */
	uint8_t               reading;  /* index of the reading that verified */
	uint8_t               suite;    /* of the answer */
	bool                  decided;  /* hk_er_server_decide() was called */
	/*
	 * For the Finish of a bootstrap, set by the caller between decide and answer:
	 * the domain whose key goes to its ER server (a view; empty: none does), and
	 * the key that indicates it to the peer (NULL: no indication).
	 */
	struct hk_bytes       bootstrap_domain;
	const struct hk_key  *indication_key;
	struct hk_keyset      keyset;
	struct hk_erp_attributes attributes; /* once decided: of the request */
};

/*
 * Checks one request whose EAP packet has code 5 or 6. The views of request
 * and its packet must live until hk_er_server_answer().
 */
HK_API void hk_er_server_check(const struct hk_er_policy *policy, struct hk_er_limiter *limiter,
	struct hk_keystore *store, const struct hk_aaa_request *request, hk_time now,
	struct hk_er_exchange *x);

/*
 * After the store has decided x->advance, or at once for HK_ER_ANSWER: makes
 * the checks that are left and sets x->reason. May be left out. A caller with
 * checks of its own puts HK_ERR_DENIED there: the peer is told in the Finish.
 */
HK_API void hk_er_server_decide(const struct hk_er_policy *policy,
	const struct hk_aaa_request *request, struct hk_er_exchange *x);
/* True: the exchange succeeded, and it is an explicit bootstrapping. */
HK_API bool hk_er_exchange_bootstraps(const struct hk_er_exchange *x);

/*
 * After that, fills the reply but for reply->delivery. With on_unknown_key = challenge and no key set, verdict is
 * CHALLENGE and eap an EAP-Request/Identity; the caller opens a session and
 * sets the State. x->reason tells what happened. A store error gives verdict
 * NONE: no answer leaves for a number that could not be stored.
 * Wipes the keys in x.
 */
HK_API void hk_er_server_answer(const struct hk_er_policy *policy,
	const struct hk_aaa_request *request, hk_time now, struct hk_er_exchange *x,
	struct hk_aaa_reply *reply);

/*
 * Longest EAP-Finish this policy can produce for a realm, in octets, but for a
 * bootstrap: more than HK_ERP_FILS_MAX_LEN does not fit a FILS access point.
 */
HK_API size_t hk_er_server_finish_max(const struct hk_er_policy *policy, size_t realm_len);

#endif
