/* SPDX-License-Identifier: ISC */
/*
 * The users file: who may log in, and what their Access-Accept carries. It
 * reads like FreeRADIUS's:
 *
 *     alice@home.example
 *             Tunnel-Type = VLAN,
 *             Tunnel-Medium-Type = IEEE-802,
 *             Tunnel-Private-Group-Id = "12"
 *     bob@home.example  Auth-Type := Reject
 *     *@staff.home.example
 *             Class = "staff"
 *     DEFAULT
 *             Session-Timeout = 3600
 *
 * Read once, then never changed: a reload makes a new one.
 */
#ifndef HK_HOKEYD_USERS_H
#define HK_HOKEYD_USERS_H

#include <hokey/eap_tls.h>

struct hk_users; /* opaque */

struct hk_users_error {
	char text[512]; /* "users:12: alice@home.example: ..." */
};

/* On error *out is not set and error says why, in which line. */
enum hk_err hk_users_load(const char *path, struct hk_users **out, struct hk_users_error *error);
/* The same from a text; `name` stands for the file in messages. */
enum hk_err hk_users_parse(
	const char *name, const char *text, struct hk_users **out, struct hk_users_error *error);
/* NULL is fine. */
void hk_users_free(struct hk_users *users);
size_t hk_users_count(const struct hk_users *users);

/* Who a device is for us. The views live as long as users and identity. */
struct hk_user {
	struct hk_bytes name;          /* the Peer-Id that counted; its User-Name */
	struct hk_bytes authorization; /* RADIUS attributes, ready encoded */
};

/*
 * May a device with this certificate in? Its Peer-Ids are tried in their
 * order: as they are (the user part in its case, the realm in any), then by
 * the pattern of their realm. When none is found, DEFAULT counts, with the
 * first Peer-Id as name. Without a users file (NULL) everyone is let in.
 * HK_ERR_NOT_FOUND: not in the file, or no name that could be a User-Name.
 * HK_ERR_DENIED: Auth-Type := Reject; *out is set, for the log.
 */
enum hk_err hk_users_authorize(
	const struct hk_users *users, const struct hk_peer_identity *who, struct hk_user *out);

#endif
