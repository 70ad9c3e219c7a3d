/* SPDX-License-Identifier: ISC */
/*
 * Chargeable-User-Identity (RFC 4372): a name of the user that says nothing
 * about them, but is the same at every login with one operator, so that this
 * operator can count and charge.
 */
#ifndef HK_AAA_CUI_H
#define HK_AAA_CUI_H

#include <hokey/home.h>

/*
 * Puts that of event.user into the reply, when the request has one and the
 * policy a key. A user whose authorization has one keeps that; who is not of
 * ours gets no other, because it is for the home to say who they are.
 * HK_ERR_DENIED: the one in the request is another user's, and the request has
 * to be refused.
 */
enum hk_err hk_cui_answer(const struct hk_home_policy *policy, struct hk_home_visit *visit,
	struct hk_bytes authorization, bool of_ours);

#endif
