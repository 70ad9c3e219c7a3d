/* SPDX-License-Identifier: ISC */
/*
 * Key distribution (RFC 5749) over AAA: how a key below an EMSK gets from the
 * home server to the ER server of the domain the device is in, and who may
 * have it. docs/key-distribution.md has the octets.
 *
 * A request rides on a AAA request of the device, the key on the Accept that
 * answers it. Both ends share a key transport key (KTK) that no proxy between
 * them has: the request carries a MAC under it and a nonce, the key is wrapped
 * under it, bound to that nonce, to the key's name, lifetime, type and domain.
 *
 *     KRS, the key requesting server (local ER server):
 *         hk_krs_ask()      the request, new for each AAA request
 *         hk_krs_take()     the key out of the answer
 *     KDS, the key delivering server (home server):
 *         hk_kds_check()    is the request authentic, and may it be answered?
 *         hk_kds_grant()    what the key store has to note and to agree to
 *         hk_kds_deliver()  derives and wraps the key
 *
 * Nothing here ever changes how a login ends: the worst outcome is no key.
 */
#ifndef HOKEY_KEYDIST_H
#define HOKEY_KEYDIST_H

#include <hokey/bytes.h>
#include <hokey/clock.h>
#include <hokey/error.h>
#include <hokey/key.h>

#define HK_KTK_LEN             32
#define HK_KEK_ID_LEN          16
#define HK_KEYDIST_NONCE_LEN   16
#define HK_KEYDIST_REQUEST_LEN 52
#define HK_KEYDIST_KEY_MAX     240   /* octets of HOKEY-Key: a key of 200 */
#define HK_KEYDIST_SECRET_MAX  200
#define HK_KEYDIST_LABEL_MAX   64
#define HK_GRANT_HASH_LEN      16

/* Vendor-Types of the attributes, in the vendor space of HK_VENDOR_HOKEY. */
enum hk_keydist_attribute {
	HK_KEYDIST_KEY_REQUEST = 1,
	HK_KEYDIST_DOMAIN_NAME = 2,
	HK_KEYDIST_KEY = 3,
	HK_KEYDIST_KEY_ERROR = 4,
	HK_KEYDIST_KEY_LABEL = 5,
	HK_KEYDIST_LAST = 32,         /* up to here: never to or from an access point */
	HK_KEYDIST_LOCAL_DOMAIN = 33, /* tells an access point its domain */
};

/*
 * Key-Type on the wire. Up to 127 they are Diameter's (RFC 6734); an rRK never
 * moves (RFC 6696 section 4.2) and an rMSK goes another way, so both are refused.
 */
enum hk_keydist_type {
	HK_KEYDIST_DSRK = 0,
	HK_KEYDIST_RRK = 1,
	HK_KEYDIST_RMSK = 2,
	HK_KEYDIST_USRK = 128,        /* with a usage label, as the next one */
	HK_KEYDIST_DSUSRK = 129,
	HK_KEYDIST_PMSK = 130,        /* pushed to an authenticator, never asked for */
};

/* HOKEY-Key-Error. Advisory: it is not authenticated end to end. */
enum hk_key_error {
	HK_KEY_GRANTED = 0,
	HK_KEY_MALFORMED = 1,
	HK_KEY_UNSUPPORTED = 2,
	HK_KEY_NOT_AUTHENTICATED = 3,
	HK_KEY_NOT_AUTHORIZED = 4,
	HK_KEY_NO_KEY = 5,
	HK_KEY_ALREADY_DELIVERED = 6,
	HK_KEY_INSECURE_TRANSPORT = 7,
	HK_KEY_TEMPORARY_FAILURE = 8,
	HK_KEY_ERROR_COUNT
};

/* One word, stable, for counters and logs: "granted", "not-authorized" ... */
HK_API const char *hk_key_error_name(uint32_t error);

/* ---- key transport keys ---- */

enum hk_ktk_allow {
	HK_KTK_DSRK = 1,
	HK_KTK_USRK = 2,
	HK_KTK_DSUSRK = 4,
};

/*
 * One key transport key, as each end has it. Empty lists and `allow` 0 permit
 * nothing. Several entries may have the same owner: a new key is added at the
 * home, then the ER server goes over to it, then the old one goes.
 */
struct hk_ktk {
	uint8_t  kek_id[HK_KEK_ID_LEN]; /* names it on the wire; not all zero */
	uint8_t  secret[HK_KTK_LEN];
	struct hk_bytes owner;        /* the other end; what is granted is granted to it */
	const struct hk_bytes *domains; /* the KRS may claim; lower case */
	size_t   ndomains;
	const struct hk_bytes *realms;  /* homes it is for; "*": all */
	size_t   nrealms;
	const struct hk_bytes *labels;  /* usages whose USRK, DSUSRK may be asked for */
	size_t   nlabels;
	unsigned allow;               /* enum hk_ktk_allow */
	hk_time  not_before;
	hk_time  not_after;           /* HK_NEVER */
	uint32_t max_lifetime_s;      /* of delivered keys; 0: as the policy says */
};

/*
 * For configurations. HK_ERR_ARGUMENT: KEK-ID or secret all zero, no owner,
 * times the wrong way round; HK_ERR_REALM: a domain that is not a lower-case
 * domain name; HK_ERR_LABEL: a label that is empty or too long.
 */
HK_API enum hk_err hk_ktk_check(const struct hk_ktk *ktk);
/* From text of 1 to 16 octets, padded with zeros; else HK_ERR_ARGUMENT. */
HK_API enum hk_err hk_kek_id_set(uint8_t kek_id[HK_KEK_ID_LEN], struct hk_bytes text);

/*
 * The first entry with which to ask that home realm for a key of this domain,
 * in force now; NULL: do not ask.
 */
HK_API const struct hk_ktk *hk_ktk_for_realm(const struct hk_ktk *ktks, size_t n,
	struct hk_bytes realm, struct hk_bytes domain, hk_time now);

/* ---- what travels ---- */

/* Values of the attributes of one packet; data NULL where there is none. */
struct hk_keydist_attributes {
	struct hk_bytes request;
	struct hk_bytes domain;
	struct hk_bytes key;
	struct hk_bytes error;
	struct hk_bytes label;
	bool     repeated;            /* one of them came more than once */
};

/* What a KDS has to say to a request. */
struct hk_key_delivery {
	uint8_t  key[HK_KEYDIST_KEY_MAX]; /* HOKEY-Key, wrapped: no secret */
	uint16_t key_len;             /* 0: no key */
	struct hk_bytes domain;       /* with a key; as in the request */
	struct hk_bytes label;        /* with a key that has one */
	uint8_t  error;               /* enum hk_key_error; 0: nothing is said */
};

/* What a KRS has asked for; kept with the forwarded request. Plain value. */
struct hk_krs_request {
	uint8_t  value[HK_KEYDIST_REQUEST_LEN]; /* HOKEY-Key-Request */
	hk_time  sent;
	uint8_t  domain_len;          /* 0: nothing was asked */
	uint8_t  label_len;
	uint8_t  domain[HK_REALM_MAX_LEN];
	uint8_t  label[HK_KEYDIST_LABEL_MAX];
};

/* A key that came. Wipe it with hk_krs_key_wipe(). */
struct hk_krs_key {
	enum hk_keydist_type type;
	uint8_t  emsk_name[HK_EMSK_NAME_LEN];
	hk_time  expires;
	bool     again;               /* it went out before, see hk_krs_take_dsrk() */
	uint8_t  len;
	uint8_t  octets[HK_KEYDIST_SECRET_MAX];
};

/* ---- RADIUS ---- */

struct hk_radius_attribute;

/* Collects the attributes from an attribute area. vendor: HK_VENDOR_HOKEY unless configured. */
HK_API void hk_keydist_read(
	struct hk_bytes area, uint32_t vendor, struct hk_keydist_attributes *out);
/*
 * True for what is between servers only: whoever forwards leaves it out towards
 * an access point and from one.
 */
HK_API bool hk_keydist_is_private(const struct hk_radius_attribute *a, uint32_t vendor);
/* The request and its domain, into an Access-Request; nothing when nothing was asked. */
HK_API void hk_keydist_put_request(
	struct hk_buf *b, uint32_t vendor, const struct hk_krs_request *r);
/* Key and domain, or the error, into an Access-Accept. */
HK_API void hk_keydist_put_delivery(
	struct hk_buf *b, uint32_t vendor, const struct hk_key_delivery *d);

/* ---- the requesting side ---- */

/*
 * Makes a request. nonce: 16 octets at random, new for each AAA request; a
 * retransmission repeats the octets made. label: of the usage, for USRK and
 * DSUSRK; empty else. HK_ERR_ARGUMENT, HK_ERR_REALM: type, domain or label
 * that cannot be asked for. Whether the KTK permits it is for the KDS to say.
 */
HK_API enum hk_err hk_krs_ask(const struct hk_ktk *ktk, enum hk_keydist_type type,
	struct hk_bytes domain, struct hk_bytes label, const uint8_t nonce[HK_KEYDIST_NONCE_LEN],
	hk_time now, struct hk_krs_request *out);

/*
 * The key out of the verified answer to the AAA request that carried `asked`.
 * Its lifetime counts from now, less the time the answer took (at most 5 s),
 * and is cut to max_lifetime_s (0: not cut).
 *   HK_ERR_NOT_FOUND      no key: the home server knows nothing of this, or
 *   HK_ERR_DENIED         it refused: answer->error tells why
 *   HK_ERR_UNEXPECTED     a key that was not asked for
 *   HK_ERR_MALFORMED, HK_ERR_NAME_MISMATCH (KEK-ID, domain or label are not
 *                         those asked for), HK_ERR_EXPIRED (the KTK, or the
 *                         lifetime is used up), HK_ERR_TAG (changed on the
 *                         way, for another request, or another KTK)
 */
HK_API enum hk_err hk_krs_take(const struct hk_ktk *ktks, size_t n,
	const struct hk_krs_request *asked, const struct hk_keydist_attributes *answer,
	uint32_t max_lifetime_s, hk_time now, struct hk_krs_key *out);
/*
 * The same for a DSRK, as a key of the hierarchy. *again: the home delivered
 * this very key before. Who still has it goes on with it. Who does not has lost
 * it, and with it which sequence numbers were used below it: he must not use
 * it, or he would accept old requests of the device as new.
 */
HK_API enum hk_err hk_krs_take_dsrk(const struct hk_ktk *ktks, size_t n,
	const struct hk_krs_request *asked, const struct hk_keydist_attributes *answer,
	uint32_t max_lifetime_s, hk_time now, struct hk_key **out, bool *again);
HK_API void hk_krs_key_wipe(struct hk_krs_key *key);

/* ---- the delivering side ---- */

struct hk_kds_policy {
	const struct hk_ktk *ktks;
	size_t   nktks;               /* 0: nobody gets a key */
	const struct hk_usages *usages; /* of USRKs and DSUSRKs; may be NULL */
	uint32_t max_lifetime_s;      /* of delivered keys; 0: as long as their parent */
	bool     any_transport;       /* also for requests that did not come over TLS */
	/*
	 * Only in explicit bootstrapping, where the peer has asked for it under its
	 * own key (RFC 5749 section 6.2).
	 */
	bool     needs_consent;
	/* An Authorization Indication with each grant, not only with repeated ones. */
	bool     indicate;
};

/* Circumstances of a request. */
struct hk_kds_context {
	struct hk_bytes realm;        /* home realm of the peer */
	bool     secure;              /* the request came over TLS or DTLS */
	bool     consent;             /* the peer asked for the bootstrapping */
	hk_time  now;
};

/* A request that passed. Views into the attributes and the policy. */
struct hk_kds_request {
	const struct hk_ktk *ktk;     /* also when it did not pass, once authentic */
	enum hk_keydist_type type;
	struct hk_bytes value;        /* of HOKEY-Key-Request */
	struct hk_bytes domain;
	struct hk_bytes label;
	bool     again;               /* set by the caller: the store says that the key went
	                                 to the same owner before; it will be marked so */
	enum hk_err reason;           /* why it did not pass, in more detail */
};

/*
 * Checks a request: form, type, key and MAC, domain and policy, transport, in
 * this order. HK_KEY_GRANTED: it may be answered.
 */
HK_API enum hk_key_error hk_kds_check(const struct hk_kds_policy *policy,
	const struct hk_keydist_attributes *in, const struct hk_kds_context *context,
	struct hk_kds_request *out);

/* Which key went to whom; kept with the key set (RFC 6696 section 8). */
struct hk_grant {
	uint8_t key[HK_GRANT_HASH_LEN];   /* hash of type, domain and label */
	uint8_t owner[HK_GRANT_HASH_LEN]; /* hash of the KTK's owner */
};

/*
 * Who has the key that a grant is about, as far as the list knows: the KTK, and
 * in *domain (a view into it) the domain. NULL: nobody there.
 */
HK_API const struct hk_ktk *hk_grant_holder(const struct hk_ktk *ktks, size_t n,
	const struct hk_grant *grant, struct hk_bytes *domain);

/*
 * Nonces of requests that were answered, with the key they were answered for:
 * a nonce that comes again for another key is a replay. Shared by threads, of
 * fixed size; the oldest go. 0 entries: HK_ERR_ARGUMENT.
 */
struct hk_nonces;
HK_API enum hk_err hk_nonces_new(size_t entries, struct hk_nonces **out);
HK_API void hk_nonces_free(struct hk_nonces *nonces);

/*
 * Before the key of a request that passed may leave: takes the nonce (nonces
 * may be NULL) and tells what is to be noted about the key below that EMSK.
 * HK_KEY_NOT_AUTHENTICATED: a replay; request->reason is HK_ERR_REPLAY.
 */
HK_API enum hk_key_error hk_kds_grant(struct hk_nonces *nonces, struct hk_kds_request *request,
	const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_grant *out);

/*
 * Derives the key asked for from its parent (an EMSK; for a DSUSRK also the
 * DSRK of the domain) and wraps it. The lifetime is the shortest of parent,
 * policy and KTK, and does not go beyond `ends` (HK_NEVER). On another result
 * than HK_KEY_GRANTED request->reason says more, and out holds that error.
 */
HK_API enum hk_key_error hk_kds_deliver(const struct hk_kds_policy *policy,
	struct hk_kds_request *request, const struct hk_key *parent, hk_time ends, hk_time now,
	struct hk_key_delivery *out);
/* Nothing but that error. */
HK_API void hk_kds_refuse(struct hk_key_delivery *out, enum hk_key_error error);

/* ---- below both: for keys that are pushed (pMSK) ---- */

/*
 * Appends the HOKEY-Key for a key: a DSRK to the ER server of its domain, a
 * USRK or DSUSRK to the KTK's owner, a pMSK to the KTK's owner as
 * authenticator. request: a HOKEY-Key-Request of the same type, the nonce and
 * KEK-ID in it; who pushes makes it himself with hk_krs_ask(). again: marks a key
 * that went out before.
 * HK_ERR_DENIED: no key of that kind travels. HK_ERR_EXPIRED.
 */
HK_API enum hk_err hk_keydist_wrap(const struct hk_ktk *ktk,
	const uint8_t request[HK_KEYDIST_REQUEST_LEN], struct hk_bytes domain, struct hk_bytes label,
	struct hk_key *key, bool again, hk_time now, struct hk_buf *out);
/*
 * Opens a HOKEY-Key; out->expires is now plus its lifetime. HK_ERR_MALFORMED,
 * HK_ERR_NAME_MISMATCH (not for this request), HK_ERR_TAG.
 */
HK_API enum hk_err hk_keydist_unwrap(const struct hk_ktk *ktk,
	const uint8_t request[HK_KEYDIST_REQUEST_LEN], struct hk_bytes domain, struct hk_bytes label,
	struct hk_bytes value, hk_time now, struct hk_krs_key *out);
/* True when the MAC in a request, and so its claim on domain and label, is good. */
HK_API bool hk_keydist_verify(const struct hk_ktk *ktk,
	const uint8_t request[HK_KEYDIST_REQUEST_LEN], struct hk_bytes domain, struct hk_bytes label);

#endif
