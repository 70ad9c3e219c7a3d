/* SPDX-License-Identifier: ISC */
/* Requests that were seen, so that their replies can be checked. */
#ifndef HK_HOKEY_EXCHANGES_H
#define HK_HOKEY_EXCHANGES_H

#include "hokey/capture.h"

#include <hokey/radius.h>

#define EXCHANGES 1024

struct exchange {
	char client[CAPTURE_ENDPOINT_MAX];
	char server[CAPTURE_ENDPOINT_MAX];
	uint8_t identifier;
	uint8_t authenticator[HK_RADIUS_AUTHENTICATOR_LEN];
};

struct exchanges {
	struct exchange ring[EXCHANGES]; /* the latest */
	size_t count;                    /* ever noted */
};

/*
 * Notes a request; finds the Request Authenticator that a reply answers, NULL
 * when its request was not seen (and for requests).
 */
const uint8_t *exchanges_see(
	struct exchanges *e, const char *from, const char *to, struct hk_bytes packet);

#endif
