/* SPDX-License-Identifier: ISC */
/*
 * Errors are values.
 *
 * Every function of the library that can fail returns enum hk_err. HK_OK is
 * zero, so `if (err) return err;` passes an error up. Nothing in the library
 * prints or logs; the caller has the context (peer, client, realm) and logs
 * once.
 */
#ifndef HOKEY_ERROR_H
#define HOKEY_ERROR_H

#if defined(__GNUC__)
#	define HK_API __attribute__((visibility("default")))
#	define HK_MUST_CHECK __attribute__((warn_unused_result))
#else
#	define HK_API
#	define HK_MUST_CHECK
#endif

enum hk_err {
	HK_OK = 0,
	HK_ERR_ARGUMENT,          /* the caller broke the function's contract */
	HK_ERR_NO_MEMORY,
	HK_ERR_CRYPTO,            /* the crypto library refused; never a wrong tag */
	HK_ERR_TOO_LONG,          /* does not fit the buffer or the protocol's limit */

	/* what came in */
	HK_ERR_MALFORMED,         /* octets that are not what they claim to be */
	HK_ERR_UNEXPECTED,        /* well formed, but not now or not from this sender */
	HK_ERR_AUTHENTICATOR,     /* RADIUS authenticator or Message-Authenticator wrong or missing */

	/* keys */
	HK_ERR_NOT_FOUND,         /* no key set (or session, or user) of that name */
	HK_ERR_EXPIRED,           /* key, certificate or session past its lifetime */
	HK_ERR_DENIED,            /* policy: this holder or peer may not have it */
	HK_ERR_LABEL,             /* key label that RFC 5295 forbids or that is taken */
	HK_ERR_EXHAUSTED,         /* sequence numbers of a key set are used up */
	HK_ERR_EXISTS,            /* already there, and it must be unique */

	/* ERP checks, in the order of RFC 6696 section 5.2 */
	HK_ERR_REALM,             /* keyName-NAI realm is not served here */
	HK_ERR_NAME_MISMATCH,     /* AAA User-Name differs from keyName-NAI */
	HK_ERR_REPLAY,            /* sequence number not acceptable */
	HK_ERR_SUITE,             /* cryptosuite not allowed */
	HK_ERR_TAG,               /* authentication tag wrong */
	HK_ERR_CHANNEL_BINDING,   /* authenticator told peer and server different things */

	/* key store */
	HK_ERR_STORE,             /* the store failed: input/output, corrupt, locked */
	HK_ERR_STORE_FULL,        /* the store or its disk is full */
	HK_ERR_STORE_KEY,         /* records are wrapped under another key */

	HK_ERR_TLS,               /* TLS handshake failed; the method has the detail */
	HK_ERR_TIMEOUT,
	HK_ERR_LIMIT,             /* a configured limit was reached */
	HK_ERR_SYSTEM,            /* a system call failed; errno holds why */
	HK_ERR_COUNT
};

/*
 * One short English phrase, without a full stop, for messages and logs.
 * Never NULL, also for values outside the enum.
 */
HK_API const char *hk_strerror(enum hk_err err);

/*
 * The same as one word ("replay", "wrong-tag"), stable: names of counters and
 * values of log fields are made from it.
 */
HK_API const char *hk_errname(enum hk_err err);

#endif
