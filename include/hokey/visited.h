/* SPDX-License-Identifier: ISC */
/*
 * The local ER server of a visited network (RFC 6696 section 5.1; RFC 5749):
 * a proxy whose home servers give it the key of its domain, so that devices
 * of theirs re-authenticate here without them.
 *
 *     hk_visited_receive()  for each request that is not for a home of our
 *                           own: answer it here, or forward it, with a key
 *                           request of ours or without.
 *     hk_visited_accept()   for each Access-Accept that comes back: takes the
 *                           key out and stores a key set for our domain.
 *
 *     hk_visited_withdraw() for a home that takes a key back.
 *
 * What is answered here goes to the home server of this process (<hokey/home.h>)
 * or to its ER server, whose policy has our domain among its realms and whose
 * key store is the same. Attributes for which hk_keydist_is_private() holds
 * are left out of what comes from and goes to access points, whatever became
 * of the key. Requests of an ER server further down, which asks for itself, and
 * the answers to them are forwarded as they are, without calling any of this.
 */
#ifndef HOKEY_VISITED_H
#define HOKEY_VISITED_H

#include <hokey/aaa.h>
#include <hokey/keydist.h>
#include <hokey/keystore.h>

struct hk_visited_policy {
	struct hk_bytes domain;       /* ours, lower case; empty: there is no local ER server */
	const struct hk_ktk *ktks;    /* with the homes we may ask */
	size_t   nktks;
	uint32_t vendor;              /* of the attributes; HK_VENDOR_HOKEY */
	uint32_t max_lifetime_s;      /* of a key here; 0: as long as the home allows */
	bool     any_transport;       /* ask also when the next hop is not TLS */
};

enum hk_visited_route {
	HK_VISITED_HERE,              /* ERP with our domain: our ER server answers */
	HK_VISITED_FORWARD,           /* towards the home, as it is */
	HK_VISITED_ASK,               /* with hk_keydist_put_request(.., &pending->asked) */
};

/* What has to be known when the answer comes. Plain value, kept by the caller. */
struct hk_visited_pending {
	struct hk_krs_request asked;
	bool     bootstrap;           /* explicit: the key is for emsk_name */
	uint8_t  emsk_name[HK_EMSK_NAME_LEN];
	uint8_t  home_len;            /* realm that was asked */
	uint8_t  home[HK_REALM_MAX_LEN];
	enum hk_err reason;           /* why nothing is asked: HK_ERR_NOT_FOUND: we have no KTK
	                                 for that home; HK_ERR_DENIED: not over this hop */
};

/*
 * Decides about one request; its own key distribution attributes, if any, come
 * from an access point and count for nothing. secure: the next hop towards
 * the home is TLS or DTLS. nonce: at random, new for each request.
 *
 * In a login every request asks, because which one will be answered with the
 * Accept is not known here; nothing is remembered of one that was not.
 */
HK_API enum hk_visited_route hk_visited_receive(const struct hk_visited_policy *policy,
	const struct hk_aaa_request *request, bool secure,
	const uint8_t nonce[HK_KEYDIST_NONCE_LEN], hk_time now, struct hk_visited_pending *pending);

/* What came of it, for log and counters. */
struct hk_visited_outcome {
	/*
	 * HK_OK: from now on the device can re-authenticate here. HK_ERR_NOT_FOUND:
	 * nothing was asked, or the home knows nothing of this, the normal case.
	 * HK_ERR_DENIED: it refused, see error. HK_ERR_REPLAY: a key that we had before
	 * and lost, and with it which sequence numbers were used; the device gets a new
	 * one by full EAP. Else what hk_krs_take() says of a key
	 * that is no good, HK_ERR_NAME_MISMATCH also for one that is another device's,
	 * HK_ERR_TOO_LONG for authorization that does not fit, or of the store.
	 */
	enum hk_err reason;
	uint32_t error;               /* HOKEY-Key-Error; 0: none came */
	uint8_t  emsk_name[HK_EMSK_NAME_LEN]; /* with HK_OK */
	hk_time  expires;             /* likewise */
};

/*
 * The Access-Accept to a request that hk_visited_receive() saw has come and is
 * authentic; attributes: its attribute area. Whatever the outcome is, the
 * Accept goes on to the access point.
 */
HK_API void hk_visited_accept(const struct hk_visited_policy *policy, struct hk_keystore *store,
	const struct hk_visited_pending *pending, const struct hk_aaa_request *request,
	struct hk_bytes attributes, hk_time now, struct hk_visited_outcome *out);

/*
 * A home takes a key back (RFC 5176; Disconnect-Request): removes the key set
 * of that keyName-NAI. homes: those for which the one who asks may speak, "*":
 * all. HK_ERR_NAME_MISMATCH: no keyName-NAI; HK_ERR_NOT_FOUND; HK_ERR_DENIED:
 * the key is of another home, or one of our own devices; or of the store.
 */
HK_API enum hk_err hk_visited_withdraw(struct hk_keystore *store, struct hk_bytes keyname_nai,
	const struct hk_bytes *homes, size_t nhomes);

/*
 * The attributes of an Access-Accept that the device keeps when it
 * re-authenticates here: filters, VLANs, tunnels, Class, Chargeable-User-Identity
 * and the like; none that is hidden, none the server makes itself.
 */
HK_API void hk_visited_authorization(struct hk_bytes attributes, struct hk_buf *out);

#endif
