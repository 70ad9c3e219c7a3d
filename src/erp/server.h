/* SPDX-License-Identifier: ISC */
/* What the two halves of the ER server share. */
#ifndef HK_ERP_SERVER_H
#define HK_ERP_SERVER_H

#include <hokey/er_server.h>

/* Reasons that leave us without a key to protect the answer with. */
static inline bool hk_er_unknown_key(enum hk_err reason)
{
	return reason == HK_ERR_NOT_FOUND || reason == HK_ERR_EXPIRED ||
	       reason == HK_ERR_NAME_MISMATCH;
}

/* Wipes the keys in x. */
void hk_er_forget_keys(struct hk_er_exchange *x);

#endif
