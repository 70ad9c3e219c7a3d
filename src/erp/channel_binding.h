/* SPDX-License-Identifier: ISC */
/*
 * Channel binding (RFC 6696 section 5.5): the peer and the server compare what
 * the authenticator told each of them about itself.
 */
#ifndef HK_ERP_CHANNEL_BINDING_H
#define HK_ERP_CHANNEL_BINDING_H

#include <hokey/aaa.h>
#include <hokey/er_server.h>
#include <hokey/erp.h>

/*
 * Do two values of a channel-binding TLV say the same? Octet for octet, but
 * the MAC address that Called- and Calling-Station-Id begin with may be
 * written in any of the usual ways.
 */
bool hk_channel_binding_same(uint8_t type, struct hk_bytes a, struct hk_bytes b);

/*
 * Compares the TLVs of an Initiate with the request that carried it.
 * HK_ERR_CHANNEL_BINDING when they contradict, or when the policy requires a
 * value that the request lacks. *missing: there was a TLV without its
 * counterpart, or no TLV at all.
 */
enum hk_err hk_channel_binding_check(enum hk_cb_policy policy,
	const struct hk_erp_attributes *attributes, const struct hk_aaa_request *request,
	bool *missing);

/* Are there TLVs that the server knows to compare? */
bool hk_channel_binding_present(const struct hk_erp_attributes *attributes);

/* Puts what the request says into a Finish, as far as `room` octets go. */
void hk_channel_binding_put(struct hk_buf *b, const struct hk_aaa_request *request, size_t room);

#endif
