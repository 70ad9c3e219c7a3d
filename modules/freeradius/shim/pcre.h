/* SPDX-License-Identifier: ISC */
#ifndef HK_SHIM_PCRE_H
#define HK_SHIM_PCRE_H

typedef struct real_pcre pcre;
typedef struct pcre_extra pcre_extra;

#endif
