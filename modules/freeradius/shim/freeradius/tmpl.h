/* SPDX-License-Identifier: ISC */
#ifndef HK_SHIM_TMPL_H
#define HK_SHIM_TMPL_H

typedef enum request_refs {
	REQUEST_CURRENT = 0,
} request_refs_t;

typedef enum pair_lists {
	PAIR_LIST_UNKNOWN = 0,
} pair_lists_t;

typedef struct vp_tmpl_t vp_tmpl_t;

#endif
