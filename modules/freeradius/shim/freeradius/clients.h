/* SPDX-License-Identifier: ISC */
#ifndef HK_SHIM_CLIENTS_H
#define HK_SHIM_CLIENTS_H

typedef struct radclient RADCLIENT;
typedef struct radclient_list RADCLIENT_LIST;
typedef struct pair_list PAIR_LIST;

#endif
