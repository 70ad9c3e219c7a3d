/* SPDX-License-Identifier: ISC */
/*
 * The home server behind all doors: EAP conversations, the ER server and the
 * key store under one roof. RADIUS, Diameter, the FreeRADIUS module and the
 * simulation hand it requests and carry its replies away.
 *
 * It does no input or output. Time comes in with each call, randomness through
 * struct hk_home. A struct hk_home is shared by all threads; each thread has a
 * struct hk_home_worker of its own.
 *
 * Requests are worked on in batches:
 *
 *     hk_home_receive()   for each: full EAP is answered at once; a
 *                         re-authentication whose sequence number the store
 *                         has to decide on waits.
 *     hk_home_commit()    one store transaction for all that wait; now every
 *                         visit has its reply, but for those that ask.
 *     hk_home_resume()    for a visit that asked an OCSP responder.
 *     hk_home_done()      for each, when the reply has been encoded.
 *
 * The only thing that blocks here is the store.
 */
#ifndef HOKEY_HOME_H
#define HOKEY_HOME_H

#include <hokey/aaa.h>
#include <hokey/eap_tls.h>
#include <hokey/er_server.h>
#include <hokey/keydist.h>
#include <hokey/keystore.h>

#define HK_HOME_BATCH 64          /* most visits in one commit */

/* What is known of a subscriber who may in. */
struct hk_home_user {
	uint8_t  name[HK_USER_MAX_LEN]; /* User-Name of an Accept; owner of the key set */
	uint16_t name_len;        /* 0: the outer identity */
	uint16_t authorization_len;
	uint8_t  authorization[HK_AUTHORIZATION_MAX]; /* RADIUS attributes */
	uint32_t session_timeout_s; /* 0: no end of the session but that of the keys */
};

/* Whether an EMSK outlives the login that made it. */
enum hk_keep_emsk {
	HK_EMSK_DERIVE_AND_FORGET,    /* other domains get keys with the login, or never */
	HK_EMSK_UNTIL_EXPIRY,         /* kept with the key set: also by explicit bootstrapping */
};

/*
 * What the operator decides. A value that is not changed while in use; each
 * call may come with another one, conversations go on under the new one.
 */
struct hk_home_policy {
	const struct hk_er_policy *erp; /* NULL: no re-authentication, no key sets */
	const struct hk_kds_policy *kds; /* NULL: no keys for other domains */
	enum hk_keep_emsk keep_emsk;
	uint32_t rrk_lifetime_s;  /* of an EMSK and what comes from it */
	uint32_t msk_lifetime_s;  /* Session-Timeout of a full login; 0: that of its keys */
	/*
	 * How long one full authentication may be resumed, and the keys of that
	 * live; 0: as long as the certificate.
	 */
	uint32_t resumption_lifetime_s;

	struct hk_tls_context *tls;
	uint16_t fragment_size;
	uint16_t max_rounds;
	uint16_t max_invalid;
	uint32_t session_timeout_ms; /* between two rounds of a conversation */
	uint32_t max_sessions;    /* conversations at a time; 0: no limit */
	uint32_t max_sessions_per_client; /* 0: no limit */
	bool     asks_responders; /* the caller knows HK_HOME_ASKS; else it is as if no OCSP
	                             responder answered */

	/*
	 * What Chargeable-User-Identity is made from (RFC 4372), together with user
	 * and Operator-Name; given to those that ask. Empty: nobody gets one.
	 */
	struct hk_bytes cui_key;

	/*
	 * May this peer in, and with what? Called from any thread, once per login
	 * (twice when a resumption is refused), must not block. HK_OK and *user
	 * (given zeroed), or the reason of the refusal. NULL: everyone with a valid
	 * certificate.
	 */
	enum hk_err (*authorize)(
		void *arg, const struct hk_peer_identity *who, struct hk_home_user *user);
	void *arg;
};

struct hk_home;                   /* opaque: conversations, and requests for keys seen */

/* random: fills out with octets nobody can guess; NULL: OpenSSL's. */
HK_API enum hk_err hk_home_new(enum hk_err (*random)(void *arg, uint8_t *out, size_t len),
	void *arg, struct hk_home **out);
HK_API void hk_home_free(struct hk_home *home);
/* Ends conversations that waited too long, at most max; returns how many. */
HK_API size_t hk_home_expire(struct hk_home *home, hk_time now, size_t max);
/* Conversations under way. */
HK_API size_t hk_home_sessions(const struct hk_home *home);

/* One thread's place. Members are for the library. */
struct hk_home_worker {
	struct hk_home     *home;
	struct hk_keystore *store;      /* a handle of this thread alone */
	struct hk_er_limiter limiter;
	struct hk_advance   advances[HK_HOME_BATCH];
};

HK_API void hk_home_worker_init(
	struct hk_home_worker *w, struct hk_home *home, struct hk_keystore *store);

enum hk_home_kind {
	HK_HOME_OTHER,            /* neither: no EAP, or nothing that can be answered */
	HK_HOME_EAP,
	HK_HOME_ERP,
};

/*
 * What happened, for logs and counters. Views live until hk_home_done(). The
 * reason is reply.reason.
 */
struct hk_home_event {
	enum hk_home_kind kind;
	bool            final;    /* the login or re-authentication is over */
	struct hk_bytes identity; /* EAP: outer identity; ERP: keyName-NAI */
	struct hk_bytes user;     /* who it is, once that is known */
	uint16_t        tls_version; /* EAP-TLS: enum hk_tls_version; 0: not known */
	bool            resumed;
	unsigned        rounds;
	hk_time         began;
	bool            has_keys; /* a key set exists: emsk_name is set */
	uint8_t         emsk_name[HK_EMSK_NAME_LEN];
	uint16_t        seq;      /* ERP */
	/* A key was asked for by an ER server on the way, and what came of it. */
	struct {
		bool    asked;
		bool    again;        /* it had gone to the same owner before */
		uint8_t error;        /* enum hk_key_error; 0: it went out */
		enum hk_err reason;   /* of an error, in more detail */
		struct hk_bytes owner; /* of the KTK, once that is certain */
		struct hk_bytes domain; /* as claimed, so for logs to be escaped */
	} key;
	enum hk_err     store;    /* a login succeeded but its key set was not stored */
	const char     *detail;   /* more about the reason, or NULL */
};

enum hk_home_step {
	HK_HOME_ANSWERED,         /* reply is there; verdict NONE: send nothing */
	HK_HOME_WAITS,            /* for hk_home_commit() */
	HK_HOME_ASKS,             /* verdict PENDING: see hk_home_resume() */
};

/* What an OCSP responder has to be asked: DER, by HTTP POST. */
struct hk_home_query {
	const char     *url;
	struct hk_bytes request;
};

/* One request on its way. Owned by the caller, used again without clearing. */
struct hk_home_visit {
	struct hk_aaa_request request;
	struct hk_aaa_reply   reply;
	struct hk_home_event  event;
	enum hk_home_step     step;
	struct hk_home_query  query;    /* HK_HOME_ASKS; until hk_home_resume() */

	/* for the library */
	struct hk_er_exchange exchange;
	struct hk_session    *session;
	uint8_t               key_name[HK_EAP_TLS_SESSION_ID_LEN];
};

/*
 * Makes a visit ready: empty request, reply with eap over memory (best
 * HK_EAP_MAX_LEN octets). The caller then fills in the request.
 */
HK_API void hk_home_begin(struct hk_home_visit *visit, uint8_t *memory, size_t size);

HK_API enum hk_home_step hk_home_receive(struct hk_home_worker *w,
	const struct hk_home_policy *policy, struct hk_home_visit *visit, hk_time now);
/* visits: those of this batch, at most HK_HOME_BATCH; answered ones are skipped. */
HK_API void hk_home_commit(struct hk_home_worker *w, const struct hk_home_policy *policy,
	struct hk_home_visit *const *visits, size_t n, hk_time now);
/*
 * Goes on with a visit that asked, with the DER of the responder's answer;
 * empty when none came. It may ask again, for the next certificate. In between
 * the caller keeps the visit, with all that its request points to; further
 * packets of the conversation get no answer. To give it up: hk_home_done().
 */
HK_API enum hk_home_step hk_home_resume(struct hk_home_worker *w,
	const struct hk_home_policy *policy, struct hk_home_visit *visit, struct hk_bytes response,
	hk_time now);
/* Ends a visit: wipes the key, frees what its views pointed to. */
HK_API void hk_home_done(struct hk_home_worker *w, struct hk_home_visit *visit);

/*
 * Refuses a request without looking further, for doors: REJECT, with
 * EAP-Failure when it had EAP.
 */
HK_API void hk_home_refuse(struct hk_home_visit *visit, enum hk_err reason);

#endif
