/* SPDX-License-Identifier: ISC */
/*
 * The EMSK key hierarchy (RFC 5295; RFC 6696 section 4; RFC 6630 for pRK and
 * pMSK): keys that know what they are.
 *
 * A struct hk_key is one key: its kind, the EMSKname it descends from, its
 * domain, when it ends, who may hold it. Children are derived here and nowhere
 * else; a child never outlives its parent. The octets of a key leave the
 * object only through hk_key_release(), and only to a holder its kind allows:
 * there is no way to get those of an EMSK, rRK, DS-rRK or rIK.
 *
 *     EMSK ---- USRK
 *          ---- DSRK[domain] ---- DSUSRK
 *          |                 ---- rRK  (a "DS-rRK")  ---- rIK, rMSK
 *          ---- rRK  ---- rIK[suite]
 *          |         ---- rMSK[SEQ]
 *          ---- Authorization Indication key[domain]
 *
 * Keys are allocated from OpenSSL's secure heap where the process has set one
 * up (locked, not dumped), and wiped when freed.
 */
#ifndef HOKEY_KEY_H
#define HOKEY_KEY_H

#include <hokey/bytes.h>
#include <hokey/clock.h>
#include <hokey/error.h>

#define HK_EMSK_NAME_LEN    8
#define HK_EMSK_MIN_LEN     64    /* RFC 5295 section 2, RFC 3748 section 7.10 */
#define HK_EMSK_MAX_LEN     256
#define HK_ROOT_KEY_MIN_LEN 64    /* RFC 5295 sections 3.1 and 4 */
#define HK_KEY_MAX_LEN      2048
#define HK_KDF_MAX_LEN      8160  /* 255 blocks of 32 octets, RFC 5295 section 3.1.2 */
#define HK_KDF_DATA_MAX     4096  /* optional data; RFC 5295 section 3.1 demands 2048 */
#define HK_MSK_MIN_LEN      32
#define HK_REALM_MAX_LEN    236   /* 253 - 16 - 1, RFC 6696 section 5.3.2 */
#define HK_NAI_MAX_LEN      253
#define HK_SESSION_ID_MAX_LEN 256

#define HK_EMSK_LIFETIME_S 28800u /* 8 h, RFC 5247 section 3.5 */

#define HK_LABEL_RRK      "EAP Re-authentication Root Key@ietf.org"
#define HK_LABEL_RIK      "Re-authentication Integrity Key@ietf.org"
#define HK_LABEL_RMSK     "Re-authentication Master Session Key@ietf.org"
#define HK_LABEL_DSRK     "dsrk@ietf.org"
#define HK_LABEL_AUTH_IND "DSRK Delivery Authorized Key@ietf.org"
#define HK_LABEL_PRK      "EAP Early-Authentication Root Key@ietf.org"
#define HK_LABEL_PMSK     "EAP Early-Authentication Master Session Key@ietf.org"

enum hk_kdf_id {
	HK_KDF_PRFPLUS_SHA256 = 1,  /* the default; "EMSK PRF numbers", RFC 5295 section 8.2 */
};

/*
 * A key derivation function. One serves all keys below one EMSK (RFC 5295
 * section 3.1.1); usages never see it. `expand` writes len octets
 * derived from key and input, or returns an error.
 */
struct hk_kdf {
	uint8_t id;
	enum hk_err (*expand)(
		struct hk_bytes key, struct hk_bytes input, uint8_t *out, size_t len);
};

/* The KDF with that number, NULL when unknown (0 is reserved). */
HK_API const struct hk_kdf *hk_kdf_find(uint8_t id);

/*
 * PRF+ with HMAC-SHA-256 over an input S that the caller built (RFC 5295
 * section 3.1.2). HK_ERR_ARGUMENT: an empty key, or len not 1 to HK_KDF_MAX_LEN.
 */
HK_API enum hk_err hk_prfplus_sha256(
	struct hk_bytes key, struct hk_bytes input, uint8_t *out, size_t len);

/*
 * The general derivation (RFC 5295 section 3.1): S = label | 0 | data | len.
 * kdf may be NULL for the default. HK_ERR_LABEL: not 1 to 255 octets printable
 * ASCII. HK_ERR_TOO_LONG: data over HK_KDF_DATA_MAX.
 */
HK_API enum hk_err hk_kdf_derive(const struct hk_kdf *kdf, struct hk_bytes key,
	struct hk_bytes label, struct hk_bytes data, uint8_t *out, size_t len);

enum hk_key_kind {
	HK_KEY_MSK,
	HK_KEY_EMSK,
	HK_KEY_USRK,
	HK_KEY_DSRK,
	HK_KEY_DSUSRK,
	HK_KEY_RRK,               /* from an EMSK, or from a DSRK: then a DS-rRK */
	HK_KEY_RIK,
	HK_KEY_RMSK,
	HK_KEY_AUTH_INDICATION,
	HK_KEY_PRK,               /* RFC 6630 */
	HK_KEY_PMSK,              /* RFC 6630 */
};

/* Who may hold a key. A key's set of holders is a mask of these. */
enum hk_holder {
	HK_HOLDER_PEER = 1,
	HK_HOLDER_EAP_SERVER = 2,     /* the home EAP server */
	HK_HOLDER_ER_SERVER = 4,      /* the ER server of the key's domain */
	HK_HOLDER_AUTHENTICATOR = 8,  /* exactly one */
	HK_HOLDER_USAGE = 16,         /* the holder a USRK's or DSUSRK's usage names */
};

struct hk_key;                    /* opaque */

/*
 * A usage of USRKs or DSUSRKs, registered with a usage table before it can be
 * derived for (RFC 5295 sections 5 and 8.1).
 */
struct hk_usage {
	const char *label;        /* 1 to 64 octets, the registry's rules */
	size_t      key_len;      /* octets, at least 64 */
	uint32_t    lifetime_s;   /* 0: that of the parent */
	bool        domain_enabled; /* a DSUSRK of it may exist */
	bool        explicit_name;  /* both ends know that USRKname is used */
};

struct hk_usages;                 /* opaque: the table of allowed usages */

HK_API enum hk_err hk_usages_new(struct hk_usages **out);
HK_API void hk_usages_free(struct hk_usages *u);

/*
 * The label is copied. HK_ERR_LABEL: forbidden characters, reserved ("EMSK",
 * "dsrk@ietf.org"), taken (also by the built-in ERP labels). HK_ERR_ARGUMENT:
 * key_len not 64 to HK_KEY_MAX_LEN.
 */
HK_API enum hk_err hk_usages_add(struct hk_usages *u, const struct hk_usage *usage);

/*
 * Takes the EMSK of a finished EAP method into the hierarchy. The octets are
 * copied; the caller wipes its own.
 *   session_id  1 to 256 octets, the method's, type octet first; HK_ERR_DENIED
 *               for a method that makes no secret EMSK (MD5, GTC, LEAP ...)
 *   emsk        64 to 256 octets; HK_ERR_ARGUMENT when shorter (no ERP then)
 *   kdf         NULL for the default; the method's own otherwise, which must
 *               outlive the keys. A number that hk_kdf_find() does not know
 *               means no ERP for this EMSK: do not pass its NULL on
 *   expires     when the EMSK ends, not HK_NEVER; HK_ERR_EXPIRED when not after now
 */
HK_API enum hk_err hk_key_import_emsk(const struct hk_kdf *kdf, struct hk_bytes session_id,
	struct hk_bytes emsk, hk_time now, hk_time expires, struct hk_key **out);

/* An MSK, for handing to one authenticator. 32 to 256 octets. */
HK_API enum hk_err hk_key_import_msk(
	struct hk_bytes msk, hk_time now, hk_time expires, struct hk_key **out);

/*
 * A DSRK that was delivered to us as ER server of the domain, with its
 * EMSKname (8 octets) and lifetime (RFC 5295 section 5.1). HK_ERR_ARGUMENT when
 * one of these is missing, the domain fails hk_domain_check(), or the DSRK is not
 * 64 to HK_KEY_MAX_LEN octets.
 */
HK_API enum hk_err hk_key_import_dsrk(const struct hk_kdf *kdf, const uint8_t *emsk_name,
	struct hk_bytes domain, struct hk_bytes dsrk, hk_time now, hk_time expires,
	struct hk_key **out);

/*
 * Derivations. Each takes the parent, gives a new key that the caller frees
 * with hk_key_free(), and takes the wanted expiry, which is cut to the
 * parent's. HK_ERR_EXPIRED: the parent has ended, or the child would have.
 * HK_ERR_ARGUMENT: parent of the wrong kind, or a domain that is empty, not
 * printable ASCII or over 236 octets. HK_ERR_DENIED: a usage that is not in the
 * table, or is not domain-enabled (DSUSRK). HK_ERR_SUITE: no such suite (rIK).
 */
HK_API enum hk_err hk_key_derive_usrk(const struct hk_key *emsk, const struct hk_usages *usages,
	const char *label, struct hk_bytes data, hk_time now, hk_time expires,
	struct hk_key **out);
HK_API enum hk_err hk_key_derive_dsrk(const struct hk_key *emsk, struct hk_bytes domain,
	hk_time now, hk_time expires, struct hk_key **out);
HK_API enum hk_err hk_key_derive_dsusrk(const struct hk_key *dsrk, const struct hk_usages *usages,
	const char *label, struct hk_bytes data, hk_time now, hk_time expires,
	struct hk_key **out);
/* parent: EMSK (home) or DSRK (then a DS-rRK). RFC 6696 section 4.1. */
HK_API enum hk_err hk_key_derive_rrk(
	const struct hk_key *parent, hk_time now, hk_time expires, struct hk_key **out);
/* RFC 6696 section 4.3; the suite is an input, so each suite has its own. */
HK_API enum hk_err hk_key_derive_rik(
	const struct hk_key *rrk, uint8_t suite, hk_time now, struct hk_key **out);
/* RFC 6696 section 4.6. The caller uses each SEQ once. */
HK_API enum hk_err hk_key_derive_rmsk(const struct hk_key *rrk, uint16_t seq, hk_time now,
	hk_time expires, struct hk_key **out);
/* RFC 6696 section 5.3.3, TLV 6. */
HK_API enum hk_err hk_key_derive_auth_indication(
	const struct hk_key *emsk, struct hk_bytes domain, hk_time now, struct hk_key **out);
/* RFC 6630 sections 3.1 and 3.2; parent: EMSK or DSRK. len of a pMSK: 64. */
HK_API enum hk_err hk_key_derive_prk(
	const struct hk_key *parent, hk_time now, hk_time expires, struct hk_key **out);
HK_API enum hk_err hk_key_derive_pmsk(const struct hk_key *prk, uint16_t seq, hk_time now,
	hk_time expires, struct hk_key **out);

/* Wipes and frees. NULL is fine. */
HK_API void hk_key_free(struct hk_key *key);

HK_API enum hk_key_kind hk_key_kind(const struct hk_key *key);
HK_API const char *hk_key_kind_name(enum hk_key_kind kind);
/* 8 octets; NULL for an MSK, which has none. */
HK_API const uint8_t *hk_key_emsk_name(const struct hk_key *key);
/* Empty for keys of the home domain. Lives as long as the key. */
HK_API struct hk_bytes hk_key_domain(const struct hk_key *key);
HK_API size_t hk_key_len(const struct hk_key *key);
HK_API hk_time hk_key_expires(const struct hk_key *key);
HK_API unsigned hk_key_holders(const struct hk_key *key);

/*
 * An explicit key name (RFC 5295 sections 3.2 and 4): USRKname, DSRKname or
 * DSUSRKname, made when the key was derived. HK_ERR_ARGUMENT for other kinds;
 * HK_ERR_NOT_FOUND for a usage that does not use explicit names, for a DSRK that
 * was delivered, and for a child of an EMSK that was kept without its Session-Id.
 */
HK_API enum hk_err hk_key_explicit_name(const struct hk_key *key, uint8_t name[HK_EMSK_NAME_LEN]);

/*
 * Copies the octets of a key to where they may go: MSK, rMSK, pMSK to an
 * authenticator; DSRK to the ER server of its domain; USRK, DSUSRK to the
 * holder of the usage. `receiver` names it (authenticator identity or domain);
 * the key remembers it, and a second release to another receiver is
 * HK_ERR_DENIED, as is every release of an EMSK, rRK, rIK, pRK or
 * Authorization Indication key. HK_ERR_EXPIRED after the key's end;
 * HK_ERR_TOO_LONG when out is too small, which is no release.
 */
HK_API enum hk_err hk_key_release(struct hk_key *key, enum hk_holder to, struct hk_bytes receiver,
	hk_time now, struct hk_buf *out);

/* True when both hold the same octets; constant time. For tests and peers. */
HK_API bool hk_key_equal(const struct hk_key *a, const struct hk_key *b);

/* ---- names: RFC 5295 section 3.2, RFC 6696 section 5.3.2, RFC 7542 ---- */

/* EMSKname = KDF(Session-Id, "EMSK" | 0 | 8, 8). */
HK_API enum hk_err hk_emsk_name(const struct hk_kdf *kdf, struct hk_bytes session_id,
	uint8_t name[HK_EMSK_NAME_LEN]);

struct hk_keyname_nai {
	uint8_t         emsk_name[HK_EMSK_NAME_LEN];
	struct hk_bytes realm;    /* into the parsed text, as it came */
};

/*
 * 16 hex digits of either case, "@", realm of 1 to 236 octets without "@",
 * NUL or blank. HK_ERR_MALFORMED otherwise.
 */
HK_API enum hk_err hk_keyname_nai_parse(struct hk_bytes text, struct hk_keyname_nai *out);
/* Lower-case hex. HK_ERR_TOO_LONG past 253 octets; HK_ERR_ARGUMENT: empty realm. */
HK_API enum hk_err hk_keyname_nai_write(const uint8_t emsk_name[HK_EMSK_NAME_LEN],
	struct hk_bytes realm, struct hk_buf *out);

/* Realm of an NAI: what follows the last "@"; empty when there is none. */
HK_API struct hk_bytes hk_nai_realm(struct hk_bytes nai);
/* ASCII case-insensitive. */
HK_API bool hk_realm_equal(struct hk_bytes a, struct hk_bytes b);
/*
 * Checks a name for use as key management domain: 1 to 236 octets ASCII, no
 * NUL, blank, control character or "@", no empty label: HK_ERR_MALFORMED. A name
 * that only has a trailing dot too many is HK_ERR_REALM.
 */
HK_API enum hk_err hk_domain_check(struct hk_bytes domain);

/* ---- the keys of one key set, in the form a server works with ---- */

/*
 * An HMAC-SHA-256 key, scheduled: the two chaining values after the padded
 * key. Works as the key does and saves two compressions each time.
 */
struct hk_hmac_key {
	uint32_t inner[8];
	uint32_t outer[8];
};

/*
 * An EMSK as a home server keeps it with a key set, to derive keys for domains
 * it learns of later. Plain value; members are for the library.
 */
struct hk_kept_emsk {
	struct hk_hmac_key key;
	uint16_t           len;   /* octets of the EMSK */
	uint8_t            kdf;   /* enum hk_kdf_id; 0: none is kept */
};

/*
 * rRK (or DS-rRK) and the rIK of cryptosuite 2. Plain value; wipe with
 * hk_wipe() from src/crypto when done. Members are for the library.
 */
struct hk_erp_keys {
	struct hk_hmac_key rrk;
	struct hk_hmac_key rik2;
	uint16_t           len;   /* octets of the rRK, and so of rIK and rMSK */
};

/*
 * From an rRK (else HK_ERR_ARGUMENT); HK_ERR_SUITE when its KDF is not the one of the ERP
 * cryptosuites (all three use KDF 1).
 */
HK_API enum hk_err hk_erp_keys_init(struct hk_erp_keys *keys, const struct hk_key *rrk);
/* rIK of any suite, as scheduled HMAC key. HK_ERR_SUITE when there is no such suite. */
HK_API enum hk_err hk_erp_keys_rik(
	const struct hk_erp_keys *keys, uint8_t suite, struct hk_hmac_key *rik);
/* First `len` octets of rMSK[seq]; HK_ERR_ARGUMENT when 0 or over keys->len. */
HK_API enum hk_err hk_erp_keys_rmsk(
	const struct hk_erp_keys *keys, uint16_t seq, uint8_t *out, size_t len);
/*
 * rMSK[seq] as a key of its own, for a peer to hand to its lower layer.
 * emsk_name: 8 octets; domain: empty for the home domain.
 */
HK_API enum hk_err hk_erp_keys_rmsk_key(const struct hk_erp_keys *keys, const uint8_t *emsk_name,
	struct hk_bytes domain, uint16_t seq, hk_time now, hk_time expires, struct hk_key **out);

#endif
