/* SPDX-License-Identifier: ISC */
#ifndef HK_SHIM_LISTEN_H
#define HK_SHIM_LISTEN_H

typedef enum RAD_LISTEN_TYPE {
	RAD_LISTEN_NONE,
	RAD_LISTEN_MAX = 16,
} RAD_LISTEN_TYPE;

typedef struct rad_listen rad_listen_t;

#endif
