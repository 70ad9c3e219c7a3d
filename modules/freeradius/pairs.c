/* SPDX-License-Identifier: ISC */
#include "pairs.h"

#include "crypto/crypto.h"

#include <hokey/radius.h>

#define INTERNAL          256 /* attributes from here on never go on the wire */
#define RADIUS_REQUEST    1   /* Termination-Action */
#define MPPE_KEY_LEN      32
#define AUTHENTICATOR_LEN 16

/* ---- from the request ---- */

struct hk_bytes hk_pairs_find(VALUE_PAIR *pairs, unsigned number)
{
	VALUE_PAIR *vp = fr_pair_find_by_num(pairs, number, 0, TAG_ANY);

	return vp ? hk_bytes(vp->vp_octets, vp->vp_length) : HK_NO_BYTES;
}

/* An integer or an address lies in the attribute itself. */
static uint32_t find_integer(VALUE_PAIR *pairs, unsigned number)
{
	VALUE_PAIR *vp = fr_pair_find_by_num(pairs, number, 0, TAG_ANY);

	return vp ? vp->vp_integer : 0;
}

static struct hk_bytes find_address(VALUE_PAIR *pairs, unsigned number, size_t len)
{
	VALUE_PAIR *vp = fr_pair_find_by_num(pairs, number, 0, TAG_ANY);

	return vp ? hk_bytes(&vp->data, len) : HK_NO_BYTES;
}

void hk_pairs_read_request(REQUEST *request, struct hk_aaa_request *out)
{
	VALUE_PAIR *vps = request->packet->vps;
	const fr_ipaddr_t *from = &request->packet->src_ipaddr;

	memset(out, 0, sizeof(*out));
	out->has_eap = true;
	out->eap = hk_pairs_find(vps, PW_EAP_MESSAGE);
	out->user_name = hk_pairs_find(vps, PW_USER_NAME);
	out->state = hk_pairs_find(vps, PW_STATE);
	out->nas_identifier = hk_pairs_find(vps, PW_NAS_IDENTIFIER);
	out->nas_ip_address = find_address(vps, PW_NAS_IP_ADDRESS, sizeof(struct in_addr));
	out->nas_ipv6_address = find_address(vps, PW_NAS_IPV6_ADDRESS, sizeof(struct in6_addr));
	out->called_station_id = hk_pairs_find(vps, PW_CALLED_STATION_ID);
	out->calling_station_id = hk_pairs_find(vps, PW_CALLING_STATION_ID);
	out->nas_port_type = find_integer(vps, PW_NAS_PORT_TYPE);
	out->framed_mtu = find_integer(vps, PW_FRAMED_MTU);
	/* Who sent it, in place of a name: it only has to tell clients apart. */
	out->client = hk_bytes(&from->ipaddr,
		from->af == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr));
}

/* ---- to the reply ---- */

static VALUE_PAIR *new_pair(REQUEST *request, unsigned number, unsigned vendor)
{
	VALUE_PAIR *vp = fr_pair_afrom_num(request->reply, number, vendor);

	if (vp)
		vp->op = T_OP_SET;
	return vp;
}

/* In place of what is there already. */
static bool put_octets(
	REQUEST *request, unsigned number, unsigned vendor, const void *octets, size_t len)
{
	VALUE_PAIR *vp = new_pair(request, number, vendor);

	if (!vp)
		return false;
	fr_pair_value_memcpy(vp, octets, len);
	fr_pair_replace(&request->reply->vps, vp);
	return true;
}

static bool put_text(REQUEST *request, unsigned number, struct hk_bytes text)
{
	VALUE_PAIR *vp = new_pair(request, number, 0);

	if (!vp)
		return false;
	fr_pair_value_bstrncpy(vp, text.data, text.len);
	fr_pair_replace(&request->reply->vps, vp);
	return true;
}

static bool put_integer(REQUEST *request, unsigned number, uint32_t value)
{
	VALUE_PAIR *vp = new_pair(request, number, 0);

	if (!vp)
		return false;
	vp->vp_integer = value;
	vp->vp_length = sizeof(value);
	fr_pair_replace(&request->reply->vps, vp);
	return true;
}

/* First of all attributes; the server puts the value in (CVE-2024-3596). */
static bool put_authenticator(REQUEST *request)
{
	static const uint8_t zeros[AUTHENTICATOR_LEN];
	VALUE_PAIR *vp = new_pair(request, PW_MESSAGE_AUTHENTICATOR, 0);

	if (!vp)
		return false;
	fr_pair_value_memcpy(vp, zeros, sizeof(zeros));
	fr_pair_delete_by_num(&request->reply->vps, PW_MESSAGE_AUTHENTICATOR, 0, TAG_ANY);
	vp->next = request->reply->vps;
	request->reply->vps = vp;
	return true;
}

/* What was saved at the login. */
static bool put_saved(REQUEST *request, struct hk_bytes saved)
{
	while (saved.len) {
		VALUE_PAIR *vp = NULL;
		ssize_t n = rad_attr2vp(request->reply, request->reply, request->packet, "",
			saved.data, saved.len, &vp);

		if (n <= 0 || (size_t)n > saved.len)
			return false;
		fr_pair_add(&request->reply->vps, vp);
		saved = hk_bytes(saved.data + n, saved.len - (size_t)n);
	}
	return true;
}

static bool write_accept(REQUEST *request, const struct hk_aaa_reply *reply)
{
	const uint8_t *key = reply->key;

	request->reply->code = PW_CODE_ACCESS_ACCEPT;
	if (reply->user_name.len && !put_text(request, PW_USER_NAME, reply->user_name))
		return false;
	if (reply->session_timeout_s &&
		(!put_integer(request, PW_SESSION_TIMEOUT, reply->session_timeout_s) ||
			!put_integer(request, PW_TERMINATION_ACTION, RADIUS_REQUEST)))
		return false;
	return put_saved(request, reply->authorization) &&
	       put_octets(request, HK_MS_MPPE_RECV_KEY, VENDORPEC_MICROSOFT, key, MPPE_KEY_LEN) &&
	       put_octets(request, HK_MS_MPPE_SEND_KEY, VENDORPEC_MICROSOFT, key + MPPE_KEY_LEN,
		       MPPE_KEY_LEN);
}

/*
 * The server holds a reject back for a second, against guessing: nobody guesses
 * here. It takes the time from its configuration; the attribute that would change
 * it does not get past the filter of rejected replies that every site has. So
 * this request has a configuration of its own.
 */
static bool write_reject(REQUEST *request)
{
	main_config_t *root = talloc(request, main_config_t);

	request->reply->code = PW_CODE_ACCESS_REJECT;
	if (!root)
		return false;
	*root = *request->root;
	root->reject_delay = (struct timeval){0};
	request->root = root;
	return true;
}

/* No answer at all. */
static bool write_nothing(REQUEST *request)
{
	VALUE_PAIR *vp = fr_pair_make(
		request, &request->config, "Response-Packet-Type", "Do-Not-Respond", T_OP_SET);

	request->reply->code = PW_CODE_ACCESS_REJECT;
	return vp != NULL;
}

static bool write_code(REQUEST *request, const struct hk_aaa_reply *reply)
{
	switch (reply->verdict) {
	case HK_VERDICT_ACCEPT:
		return write_accept(request, reply);
	case HK_VERDICT_REJECT:
		return write_reject(request);
	case HK_VERDICT_CHALLENGE:
		request->reply->code = PW_CODE_ACCESS_CHALLENGE;
		return put_octets(request, PW_STATE, 0, reply->state, sizeof(reply->state));
	default:
		return write_nothing(request);
	}
}

bool hk_pairs_write_reply(REQUEST *request, const struct hk_aaa_reply *reply)
{
	struct hk_bytes eap = hk_buf_bytes(&reply->eap);

	if (!write_code(request, reply))
		return false;
	if (eap.len && !put_octets(request, PW_EAP_MESSAGE, 0, eap.data, eap.len))
		return false;
	return put_authenticator(request);
}

/* ---- what is kept ---- */

/* What the server or this module makes anew for each answer. */
static bool is_made_anew(const DICT_ATTR *da)
{
	switch (da->attr) {
	case PW_USER_NAME:
	case PW_STATE:
	case PW_SESSION_TIMEOUT:
	case PW_TERMINATION_ACTION:
	case PW_PROXY_STATE:
	case PW_EAP_MESSAGE:
	case PW_MESSAGE_AUTHENTICATOR:
	case PW_EAP_KEY_NAME:
	case PW_REPLY_MESSAGE:
		return true;
	default:
		return false;
	}
}

static bool is_kept(const VALUE_PAIR *vp)
{
	const DICT_ATTR *da = vp->da;

	/* What is hidden on the wire, keys among it, would lie open in the store. */
	if (da->flags.encrypt != FLAG_ENCRYPT_NONE)
		return false;
	if (da->vendor)
		return da->vendor != HK_VENDOR_HOKEY && da->vendor != VENDORPEC_FREERADIUS;
	return da->attr < INTERNAL && !is_made_anew(da);
}

enum hk_err hk_pairs_save(REQUEST *request, struct hk_buf *out)
{
	for (const VALUE_PAIR *vp = request->reply->vps; vp; vp = vp->next) {
		const VALUE_PAIR *one = vp;
		VALUE_PAIR alone;
		int n;

		if (!is_kept(vp))
			continue;
		/* Without its neighbours, which the encoder might take along. */
		alone = *vp;
		alone.next = NULL;
		one = &alone;
		n = rad_vp2attr(request->reply, request->packet, "", &one, out->data + out->len,
			out->cap - out->len);
		if (n < 0)
			return HK_ERR_TOO_LONG;
		out->len += (size_t)n;
	}
	return HK_OK;
}

void hk_pairs_wipe(VALUE_PAIR **pairs, unsigned number)
{
	for (VALUE_PAIR *vp = *pairs; vp; vp = vp->next) {
		if (vp->da->vendor == 0 && vp->da->attr == number && vp->da->type == PW_TYPE_OCTETS)
			hk_wipe((void *)(uintptr_t)vp->vp_octets, vp->vp_length);
	}
	fr_pair_delete_by_num(pairs, number, 0, TAG_ANY);
}
