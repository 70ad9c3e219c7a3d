/* SPDX-License-Identifier: ISC */
/* What link.c and link_finish.c share. */
#ifndef HK_ERP_LINK_H
#define HK_ERP_LINK_H

#include "erp/peer.h"

struct hk_er_authenticator *hk_er_link_authenticator(struct hk_er_link *link, hk_time now);

/* Fills a result, with the deadline of the state the link is in now. */
void hk_er_link_result(struct hk_er_link *link, enum hk_er_action action, enum hk_err reason,
	struct hk_er_result *out);

/* A new exchange under a set: burns a number, makes and sends the Initiate. */
enum hk_err hk_er_link_send(struct hk_er_link *link, struct hk_er_set *set, uint8_t suite,
	hk_time now, uint16_t random, struct hk_er_result *out);

/* ERP failed at this link: full EAP. */
void hk_er_link_give_up(struct hk_er_link *link, enum hk_err reason, struct hk_er_result *out);

/* A failure nobody can prove: the timers go on, perhaps shorter. */
void hk_er_link_doubt(
	struct hk_er_link *link, hk_time now, enum hk_err reason, struct hk_er_result *out);

/* Sets when to renew; HK_NEVER: not. */
void hk_er_link_arm(struct hk_er_link *link, hk_time now, hk_time rmsk_ends, hk_time keys_end);

/* An EAP-Finish/Re-auth with our Identifier, in state WAIT. */
void hk_er_link_finish(struct hk_er_link *link, const struct hk_erp_message *m, hk_time now,
	uint16_t random, struct hk_er_result *out);

#endif
