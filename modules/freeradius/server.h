/* SPDX-License-Identifier: ISC */
/*
 * FreeRADIUS, as this module sees it. The server compares no structures, only
 * a number that stands for its release; so does this file, and then makes sure
 * that the headers and our shims lay REQUEST out as that release does.
 */
#ifndef HK_RLM_SERVER_H
#define HK_RLM_SERVER_H

#include <freeradius/radiusd.h>

#include <freeradius/modules.h>

_Static_assert(RADIUSD_MAGIC_NUMBER == UINT64_C(0xf03020100000),
	"this module was tested with FreeRADIUS 3.2.1 only");
_Static_assert(sizeof(REQUEST) == 328 && offsetof(REQUEST, reply) == 64 &&
		       offsetof(REQUEST, root) == 232 && offsetof(REQUEST, log) == 288,
	"REQUEST is not laid out as in FreeRADIUS 3.2.1");

/* Shown with -X. */
#define hk_debug(request, ...)                                                     \
	do {                                                                       \
		if ((request)->log.func)                                           \
			radlog_request(L_DBG, L_DBG_LVL_1, request, __VA_ARGS__);  \
	} while (0)
/* In the server's log, always. */
#define hk_warn(request, ...) radlog_request(L_WARN, L_DBG_LVL_OFF, request, __VA_ARGS__)

#endif
