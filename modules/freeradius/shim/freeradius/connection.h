/* SPDX-License-Identifier: ISC */
/* The first of the missing headers in radiusd.h: what it needs before the others. */
#ifndef HK_SHIM_CONNECTION_H
#define HK_SHIM_CONNECTION_H

#include <freeradius/listen.h>

#endif
