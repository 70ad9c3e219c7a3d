/* SPDX-License-Identifier: ISC */
/* Between users.c, which looks up, and users_parse.c, which reads. */
#ifndef HK_HOKEYD_USERS_TABLE_H
#define HK_HOKEYD_USERS_TABLE_H

#include "hokeyd/users.h"

struct hk_users_entry {
	char *name; /* realm in lower case; no NUL at its end */
	size_t name_len;
	unsigned line;
	bool reject;
	uint8_t *attributes; /* ready encoded */
	size_t attributes_len;
};

struct hk_users {
	struct hk_users_entry *entries;
	size_t nentries;
	size_t cap;
	uint32_t *slots; /* by hash of the name: number of the entry, from 1 */
	size_t nslots;   /* a power of two */
	size_t fallback; /* number of DEFAULT, 0: none */
};

/*
 * Enters a name and gives its entry, valid until the next call. HK_ERR_EXISTS:
 * *out is the one that is there. HK_ERR_TOO_LONG: no User-Name (253 octets).
 */
enum hk_err hk_users_add(
	struct hk_users *users, struct hk_bytes name, unsigned line, struct hk_users_entry **out);

#endif
