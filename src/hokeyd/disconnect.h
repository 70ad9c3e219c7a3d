/* SPDX-License-Identifier: ISC */
/*
 * Keys that a home server takes back from a local ER server: a
 * Disconnect-Request (RFC 5176) whose User-Name is the keyName-NAI. The
 * sessions of devices are not ended by it; they cannot re-authenticate.
 */
#ifndef HK_HOKEYD_DISCONNECT_H
#define HK_HOKEYD_DISCONNECT_H

#include "hokeyd/log.h"
#include "hokeyd/radius_door.h"

#include <hokey/keystore.h>

/* As far as clocks may differ, and as long as answers are kept (RFC 5176 section 6.3). */
#define HK_DYNAMIC_WINDOW_S 300

/*
 * The door's checks of a packet of code 40 or 43, whose client is known:
 * authenticators, Event-Timestamp, duplicate. HK_DOOR_DISCONNECT: it is to be
 * answered.
 */
enum hk_door_step hk_disconnect_check(struct hk_door *door, const struct hk_radius_source *source,
	hk_time now, struct hk_door_request *r, struct hk_buf *out);

/*
 * Does it, and writes the answer, which from then on answers duplicates. domain:
 * whose local ER server we are. False: there is no answer.
 */
bool hk_disconnect_answer(struct hk_door *door, struct hk_keystore *store, struct hk_log *log,
	struct hk_bytes domain, const struct hk_door_request *r, hk_time now, struct hk_buf *out);

/*
 * Writes the answer to a CoA-Request or Disconnect-Request: a NAK that says why, or
 * with error_cause 0 the ACK of a Disconnect-Request.
 */
enum hk_err hk_disconnect_write(const struct hk_radius *request,
	const struct hk_radius_secret *secret, uint32_t error_cause, struct hk_buf *out);

#endif
