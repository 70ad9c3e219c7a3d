/* SPDX-License-Identifier: ISC */
/*
 * The control socket: what `hokey` and other programs of the machine ask a
 * running hokeyd.
 *
 * A Unix stream socket, mode 0660. Each request is one JSON object on one line
 * (at most HK_CONTROL_LINE_MAX octets with its newline), each reply likewise,
 * in order; a connection may carry many. Keys are never put out, only their
 * names. Times are seconds since 1970 UTC, `expires_in` seconds from now.
 *
 *     request                                    members of the reply
 *     {"command":"ping"}                         version, pid, uptime (s)
 *     {"command":"sessions","max":N,"cursor":C}  sessions: array of SESSION;
 *                                                cursor: for the next page,
 *                                                absent after the last one
 *     {"command":"show","name":NAME}             session: SESSION
 *     {"command":"revoke","name":NAME}           revoked: 0 or 1
 *     {"command":"revoke","user":USER}           revoked: how many
 *     {"command":"revoke",...,"everywhere":true} the same, and elsewhere: GROUP
 *     {"command":"withdrawals","group":N}        elsewhere: GROUP, as it is now
 *     {"command":"statistics"}                   counters: object of numbers,
 *                                                erp_failed and eap_failed:
 *                                                objects by reason, likewise
 *                                                keys_refused; store:
 *                                                {sets, bytes, max_bytes};
 *                                                logins_in_progress, workers,
 *                                                version, uptime
 *     {"command":"reload"}                       -
 *
 * NAME is a keyName-NAI ("16 hex@realm"). For "sessions", "max" (default
 * and most: HK_CONTROL_PAGE_MAX) and "cursor" may be left out; "user":USER
 * gives only that user's, and then a page may be short or empty though there
 * is a cursor. Revoking what is not there is no error.
 *
 *     SESSION = {"name": NAME, "user": text, "created": s, "expires": s,
 *                "expires_in": s, "next_seq": n, "last_used": s or null,
 *                "session_end": s or null, "authorization": ["Name = value", ...]}
 *
 *     GROUP = {"group": N, "pending": n, "done": n, "failed": n}
 *
 * counts the keys below those key sets that other servers had: some may still
 * have to be told, some have ended there, some end with their lifetime only.
 *
 * Every reply has "ok": true, or "ok": false and "error": one sentence.
 */
#ifndef HK_HOKEYD_CONTROL_H
#define HK_HOKEYD_CONTROL_H

#include <hokey/error.h>

#include <stddef.h>

#define HK_CONTROL_DEFAULT   "/run/hokeyd/control.sock"
#define HK_CONTROL_LINE_MAX  65536
#define HK_CONTROL_PAGE_MAX  100
#define HK_CONTROL_CLIENTS   16

struct event_base;
struct hk_server;
struct hk_control;                /* opaque */

/*
 * Listens on path (a stale socket there is replaced; one that a server still
 * answers on is HK_ERR_EXISTS). HK_ERR_SYSTEM with errno.
 */
enum hk_err hk_control_open(struct event_base *base, struct hk_server *server, const char *path,
	struct hk_control **out);
/* Closes all connections and removes the socket. */
void hk_control_close(struct hk_control *control);

/* The reply to one request line, as a line; the caller frees it. NULL: no memory. */
char *hk_control_answer(struct hk_server *server, const char *line, size_t len);

#endif
