/* SPDX-License-Identifier: ISC */
/*
 * Who is let in, and with what: the configuration's answer to the hall.
 */
#ifndef HK_HOKEYD_ADMISSION_H
#define HK_HOKEYD_ADMISSION_H

#include "hokeyd/config.h"

#include <hokey/home.h>

/*
 * hk_home_policy.authorize; arg is the struct hk_config. HK_ERR_REALM: the realm
 * of the outer identity is not one of the certificate's, and the
 * configuration wants it to be. Else what hk_users_authorize() says.
 */
enum hk_err hk_admission(
	void *arg, const struct hk_peer_identity *who, struct hk_home_user *user);

#endif
