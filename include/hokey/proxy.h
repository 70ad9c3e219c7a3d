/* SPDX-License-Identifier: ISC */
/*
 * What a RADIUS proxy decides and writes (RFC 2865 section 2.3, RFC 7542,
 * RFC 5080, RFC 3539): which realm goes where, which home server of a pool is
 * asked, whether it is alive, and what the packets on both sides look like.
 * No sockets, no clock; who carries the packets calls these.
 */
#ifndef HOKEY_PROXY_H
#define HOKEY_PROXY_H

#include <hokey/radius.h>

/* ---- realms (RFC 7542) ---- */

enum hk_realm_form {
	HK_REALM_NONE,                /* there is no "@" */
	HK_REALM_NAI,                 /* two or more labels */
	HK_REALM_LABEL,               /* a single label: no NAI realm */
	HK_REALM_BROKEN,              /* empty labels, blanks, a dot at the end ... */
};

/* Looks at what follows the last "@"; *realm is empty when there is none. */
HK_API enum hk_realm_form hk_realm_form(struct hk_bytes user_name, struct hk_bytes *realm);

/*
 * One entry: a realm ("a.example"), all realms below one (".example"),
 * "DEFAULT" for the others and "NULL" for names without a realm.
 */
struct hk_route {
	struct hk_bytes realm;        /* owned by the caller, who keeps it */
	size_t          target;       /* the caller's own number */
};

struct hk_routes;                 /* opaque; not changed after it was made */

/* Copies the list. HK_ERR_EXISTS: a realm is there twice. */
HK_API enum hk_err hk_routes_new(
	const struct hk_route *list, size_t n, struct hk_routes **out);
HK_API void hk_routes_free(struct hk_routes *routes);
/*
 * The entry for a User-Name: exact realm, longest suffix, DEFAULT; NULL for
 * names without an NAI realm. *route is NULL when there is none. HK_ERR_REALM:
 * the realm is broken and only a suffix or DEFAULT would take it; such
 * requests must be refused (they could go round in circles).
 */
HK_API enum hk_err hk_routes_find(const struct hk_routes *routes, struct hk_bytes user_name,
	const struct hk_route **route);

/*
 * Realms that get no answer though their server lives: what lies behind it is
 * at fault. A table of fixed size; when two realms meet in one place the newer
 * counts. Plain value, one per thread.
 */
#define HK_REALM_HEALTH_SIZE 256
#define HK_REALM_HEALTH_LEN  253      /* longer ones are not watched */
struct hk_realm_health {
	struct hk_watched_realm {
		uint8_t  len;
		uint8_t  realm[HK_REALM_HEALTH_LEN];
		uint32_t timeouts;
		hk_time  until;       /* given up until then */
	} slot[HK_REALM_HEALTH_SIZE];
};

/* True: answer at once that it cannot be reached. */
HK_API bool hk_realm_given_up(
	const struct hk_realm_health *h, struct hk_bytes realm, hk_time now);
/* A request was not answered, by a live server. True: given up from now on. */
HK_API bool hk_realm_timed_out(struct hk_realm_health *h, struct hk_bytes realm,
	uint32_t limit, uint32_t pause_ms, hk_time now);
HK_API void hk_realm_replied(struct hk_realm_health *h, struct hk_bytes realm);

/* ---- is a home server alive? ---- */

enum hk_liveness {
	HK_ALIVE,
	HK_ZOMBIE,                    /* did not answer; asked when there is no better one */
	HK_DEAD,
};

/* "alive", "zombie", "dead". */
HK_API const char *hk_liveness_name(enum hk_liveness l);

struct hk_server_timers {
	uint32_t response_timeouts;   /* unanswered requests that make a zombie */
	uint32_t zombie_period_ms;    /* of silence, then it is dead */
	bool     probes;              /* Status-Server is sent to zombies and the dead */
	uint32_t check_interval_ms;   /* between probes */
	uint32_t check_timeout_ms;    /* for the answer to one */
	uint32_t answers_to_alive;    /* of probes in a row, to leave the dead */
	uint32_t revive_interval_ms;  /* without probes: alive again after this */
};

struct hk_server_health {
	enum hk_liveness state;
	uint32_t timeouts;            /* since the last reply */
	uint32_t answers;             /* of probes in a row */
	hk_time  since;               /* in this state */
	hk_time  last_reply;
	hk_time  last_sent;
	hk_time  next_probe;
	hk_time  probe_sent;          /* 0: none is out */
};

/* All of these return true when the state changed. */
HK_API bool hk_server_replied(
	struct hk_server_health *h, const struct hk_server_timers *t, bool to_probe, hk_time now);
/* A request sent at `sent` was not answered in time. */
HK_API bool hk_server_timed_out(
	struct hk_server_health *h, const struct hk_server_timers *t, hk_time sent, hk_time now);
/* Nobody listens there, the network says. */
HK_API bool hk_server_refused(struct hk_server_health *h, hk_time now);
/* Time passes: *probe is set when a Status-Server is to be sent now. */
HK_API bool hk_server_tick(struct hk_server_health *h, const struct hk_server_timers *t,
	hk_time now, bool *probe);

/* ---- pools ---- */

enum hk_pool_kind {
	HK_POOL_FAIL_OVER,            /* in the order of the list */
	HK_POOL_LOAD_BALANCE,         /* at random, by weight */
	HK_POOL_KEYED,                /* the same device always at the same server */
};

struct hk_pool_member {
	uint32_t id;                  /* the same after a reload */
	uint32_t weight;              /* 1 to 100 */
	enum hk_liveness state;
	bool     excluded;            /* was asked already, or is where the request came from */
	hk_time  last_sent;
};

#define HK_POOL_MAX 32

/*
 * The member to ask: of those alive, else of the zombies, else the one of the
 * dead that was not asked for the longest time. n when all are excluded. key:
 * hash of what names the device, for HK_POOL_KEYED; random for LOAD_BALANCE.
 */
HK_API size_t hk_pool_choose(enum hk_pool_kind kind, const struct hk_pool_member *members,
	size_t n, uint64_t key, uint64_t random);

/* Of Calling-Station-Id, else of User-Name. */
HK_API uint64_t hk_pool_key(const struct hk_radius *request);

/*
 * Conversations stay with the server that holds their State (RFC 5080 section
 * 2.1.1). Fixed memory, the oldest go first. May be shared by threads.
 */
struct hk_sticky;

HK_API enum hk_err hk_sticky_new(size_t entries, uint32_t lifetime_ms, struct hk_sticky **out);
HK_API void hk_sticky_free(struct hk_sticky *t);
HK_API void hk_sticky_put(struct hk_sticky *t, uint64_t client_id, struct hk_bytes state,
	uint32_t server_id, hk_time now);
HK_API bool hk_sticky_find(struct hk_sticky *t, uint64_t client_id, struct hk_bytes state,
	hk_time now, uint32_t *server_id);

/* ---- Identifiers of one socket or connection ---- */

struct hk_identifiers {
	void    *owner[256];          /* NULL: free */
	uint8_t  queue[256];          /* free ones, the longest unused first */
	uint8_t  head;
	uint16_t nfree;
};

/* keep_zero: Identifier 0 is for Status-Server (RFC 6613 section 2.6.5). */
HK_API void hk_identifiers_init(struct hk_identifiers *ids, bool keep_zero);
/* owner: not NULL. False: all are in use. */
HK_API bool hk_identifiers_take(struct hk_identifiers *ids, void *owner, uint8_t *out);
HK_API void hk_identifiers_release(struct hk_identifiers *ids, uint8_t identifier);

/* ---- watchdog of a connection (RFC 3539 section 3.4) ---- */

enum hk_watchdog_state {
	HK_WATCHDOG_DOWN,
	HK_WATCHDOG_REOPEN,           /* open again after a failure; not yet to be trusted */
	HK_WATCHDOG_OKAY,
	HK_WATCHDOG_SUSPECT,
};

struct hk_watchdog {
	enum hk_watchdog_state state;
	bool     pending;             /* a Status-Server is out */
	int      answers;             /* in REOPEN */
	uint32_t interval_ms;         /* Tw, 6 s and more */
	hk_time  due;
};

enum hk_watchdog_action {
	HK_WATCHDOG_WAIT,
	HK_WATCHDOG_SEND,             /* a Status-Server */
	HK_WATCHDOG_FAIL_OVER,        /* pending requests go elsewhere */
	HK_WATCHDOG_CLOSE,
};

/*
 * The connection is open. again: the one before it failed. random: 0 to 65535,
 * for the jitter of 2 s. SEND or WAIT.
 */
HK_API enum hk_watchdog_action hk_watchdog_open(struct hk_watchdog *w, uint32_t interval_ms,
	bool again, hk_time now, uint16_t random);
/* Something valid came: the answer to a Status-Server, or anything else. */
HK_API void hk_watchdog_received(
	struct hk_watchdog *w, bool answer, hk_time now, uint16_t random);
/* At w->due. */
HK_API enum hk_watchdog_action hk_watchdog_due(
	struct hk_watchdog *w, hk_time now, uint16_t random);

/* ---- packets ---- */

/* Attributes to be taken out. */
#define HK_FILTER_VSA_MAX 32
struct hk_attribute_filter {
	uint64_t types[4];            /* bit n: type n */
	struct {
		uint32_t vendor;
		uint8_t  type;
	} vsa[HK_FILTER_VSA_MAX];
	size_t   nvsa;
};

/*
 * Adds one by its name ("Filter-Id", "Attr-200", "Vendor-9-Attr-1").
 * HK_ERR_NOT_FOUND: unknown; HK_ERR_DENIED: without it RADIUS does not work;
 * HK_ERR_LIMIT: too many of vendors.
 */
HK_API enum hk_err hk_filter_add(struct hk_attribute_filter *f, const char *name);
/* Appends those of an attribute area that are not taken out, as they are. */
HK_API void hk_filter_copy(
	const struct hk_attribute_filter *f, struct hk_bytes attributes, struct hk_buf *out);

/* What a proxy does to a request on its way, and undoes on the way back. */
struct hk_forward {
	const struct hk_radius_secret *client_secret;
	const struct hk_radius_secret *server_secret;
	const struct hk_attribute_filter *filter_request;  /* any of these may be NULL */
	const struct hk_attribute_filter *filter_reply;
	const struct hk_attribute_filter *filter_for_client;
	struct hk_bytes operator_name; /* with its namespace, "1visited.example"; empty: none */
	struct hk_bytes extra;        /* further attributes, ready encoded */
	uint32_t private_vendor;      /* whose key distribution is taken out both ways; 0: stays */
	struct hk_bytes local_domain; /* with private_vendor: told in an Accept; empty: none */
	bool     ask_cui;             /* Chargeable-User-Identity is asked for */
	bool     hide_proxy_state;    /* the client's Proxy-State stays here */
	bool     hide_state;          /* and its State */
	bool     own_proxy_state;
	uint32_t loop_ttl;            /* hops from here on; 0: not counted */
	bool     require_message_authenticator;
	bool     require_message_authenticator_first;
};

#define HK_PROXY_STATE_LEN  8
#define HK_VENDOR_LOOP_TTL  27262u /* as radsecproxy has it */
#define HK_LOOP_TTL_TYPE    1
#define HK_LOOP_TTL_MAX     255

/*
 * Writes what goes to the home server: same attributes in the same order, what
 * was hidden for us hidden for it, signed anew. random: 16 octets for the
 * Request Authenticator, then HK_PROXY_STATE_LEN for our own Proxy-State.
 * HK_ERR_TOO_LONG: more than 4096 octets. HK_ERR_MALFORMED: something hidden
 * cannot be read. HK_ERR_EXHAUSTED: its hops are used up.
 */
#define HK_FORWARD_RANDOM_LEN (HK_RADIUS_AUTHENTICATOR_LEN + HK_PROXY_STATE_LEN)
HK_API enum hk_err hk_forward_request(const struct hk_forward *f, const struct hk_radius *request,
	uint8_t identifier, const uint8_t random[HK_FORWARD_RANDOM_LEN], struct hk_buf *out);

/*
 * Is this the answer to the packet that was sent? HK_ERR_AUTHENTICATOR,
 * HK_ERR_NOT_FOUND (no Message-Authenticator where one is required; for an
 * answer to a Status-Server it may be left out), HK_ERR_UNEXPECTED (code or
 * Proxy-State). What fails must be dropped as if it had not come.
 */
HK_API enum hk_err hk_forward_check_reply(const struct hk_forward *f, const struct hk_radius *sent,
	const struct hk_radius *reply);

/* Writes the reply (checked) for the client. HK_ERR_TOO_LONG, HK_ERR_MALFORMED. */
HK_API enum hk_err hk_forward_reply(const struct hk_forward *f, const struct hk_radius *request,
	const struct hk_radius *sent, const struct hk_radius *reply, struct hk_buf *out);

/* An Access-Reject of our own: EAP-Failure when it had EAP, and an Error-Cause. */
HK_API enum hk_err hk_forward_refuse(const struct hk_radius_secret *client_secret,
	const struct hk_radius *request, uint32_t error_cause, struct hk_buf *out);
/* The same as Protocol-Error (RFC 7930 section 4). */
HK_API enum hk_err hk_forward_protocol_error(const struct hk_radius_secret *client_secret,
	const struct hk_radius *request, uint32_t error_cause, struct hk_buf *out);

/* A Status-Server: Message-Authenticator, NAS-Identifier when there is one. */
HK_API enum hk_err hk_forward_status(const struct hk_radius_secret *server_secret,
	uint8_t identifier, struct hk_bytes nas_identifier,
	const uint8_t random[HK_RADIUS_AUTHENTICATOR_LEN], struct hk_buf *out);

#endif
