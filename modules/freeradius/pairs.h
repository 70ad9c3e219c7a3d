/* SPDX-License-Identifier: ISC */
/* FreeRADIUS's attributes and the hall's request and reply, one into the other. */
#ifndef HK_RLM_PAIRS_H
#define HK_RLM_PAIRS_H

#include "server.h"

#include <hokey/aaa.h>

/* key_vendor: whose attributes those of key distribution are. */

/* The octets or text of the first attribute of that number; data NULL: none. */
struct hk_bytes hk_pairs_find(VALUE_PAIR *pairs, unsigned number);

/*
 * Views into the attributes of the request, which must outlive *out. What says
 * how it came, and from whom, is not all an attribute: `secure` is left alone.
 */
void hk_pairs_read_request(REQUEST *request, uint32_t key_vendor, struct hk_aaa_request *out);
/*
 * Code and attributes of the answer; Message-Authenticator comes first. False:
 * no memory, and then there is no answer.
 */
bool hk_pairs_write_reply(REQUEST *request, uint32_t key_vendor, const struct hk_aaa_reply *reply);
/* The key for another domain, or why there is none; false: no memory. */
bool hk_pairs_write_delivery(
	REQUEST *request, uint32_t key_vendor, const struct hk_key_delivery *delivery);

/*
 * The attributes of a reply that belong to the user and are the same at every
 * re-authentication, encoded. HK_ERR_TOO_LONG: not all had room; what did is
 * there.
 */
enum hk_err hk_pairs_save(REQUEST *request, uint32_t key_vendor, struct hk_buf *out);

/* Overwrites the values of all attributes of that number, and takes them away. */
void hk_pairs_wipe(VALUE_PAIR **pairs, unsigned number);

#endif
