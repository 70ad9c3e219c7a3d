/* SPDX-License-Identifier: ISC */
#include "pairs.h"

#include "crypto/crypto.h"

#include <hokey/radius.h>

#define INTERNAL          256 /* attributes from here on never go on the wire */
#define MPPE_KEY_LEN      32
#define AUTHENTICATOR_LEN 16

/* ---- from the request ---- */

struct hk_bytes hk_pairs_find(VALUE_PAIR *pairs, unsigned number)
{
	VALUE_PAIR *vp = fr_pair_find_by_num(pairs, number, 0, TAG_ANY);

	return vp ? hk_bytes(vp->vp_octets, vp->vp_length) : HK_NO_BYTES;
}

/* The first of its kind counts. */
static void take(struct hk_bytes *field, const void *octets, size_t len)
{
	if (!field->data)
		*field = hk_bytes(octets, len);
}

/* An integer or an address lies in the attribute itself. */
static void read_standard(const VALUE_PAIR *vp, struct hk_aaa_request *out)
{
	const void *octets = vp->vp_octets;

	switch (vp->da->attr) {
	case PW_EAP_MESSAGE:
		take(&out->eap, octets, vp->vp_length);
		break;
	case PW_USER_NAME:
		take(&out->user_name, octets, vp->vp_length);
		break;
	case PW_STATE:
		take(&out->state, octets, vp->vp_length);
		break;
	case PW_NAS_IDENTIFIER:
		take(&out->nas_identifier, octets, vp->vp_length);
		break;
	case PW_NAS_IP_ADDRESS:
		take(&out->nas_ip_address, &vp->data, sizeof(struct in_addr));
		break;
	case PW_NAS_IPV6_ADDRESS:
		take(&out->nas_ipv6_address, &vp->data, sizeof(struct in6_addr));
		break;
	case PW_CALLED_STATION_ID:
		take(&out->called_station_id, octets, vp->vp_length);
		break;
	case PW_CALLING_STATION_ID:
		take(&out->calling_station_id, octets, vp->vp_length);
		break;
	case PW_OPERATOR_NAME:
		take(&out->operator_name, octets, vp->vp_length);
		break;
	case PW_PROXY_STATE:
		out->proxied = true;
		break;
	case PW_NAS_PORT_TYPE:
		out->nas_port_type = vp->vp_integer;
		break;
	case PW_FRAMED_MTU:
		out->framed_mtu = vp->vp_integer;
		break;
	default:
		break;
	}
}

/* With dictionary.hokey or without: text and octets lie in the same place. */
static void read_keydist(const VALUE_PAIR *vp, struct hk_keydist_attributes *out)
{
	struct hk_bytes *field;

	if (vp->da->type != PW_TYPE_OCTETS && vp->da->type != PW_TYPE_STRING)
		return; /* of somebody else's dictionary */
	switch (vp->da->attr) {
	case HK_KEYDIST_KEY_REQUEST:
		field = &out->request;
		break;
	case HK_KEYDIST_DOMAIN_NAME:
		field = &out->domain;
		break;
	case HK_KEYDIST_KEY_LABEL:
		field = &out->label;
		break;
	default:
		return;
	}
	out->repeated = out->repeated || field->data;
	take(field, vp->vp_octets, vp->vp_length);
}

void hk_pairs_read_request(REQUEST *request, uint32_t key_vendor, struct hk_aaa_request *out)
{
	const fr_ipaddr_t *from = &request->packet->src_ipaddr;

	out->has_eap = true;
	/* Who sent it, in place of a name: it only has to tell clients apart. */
	out->client = hk_bytes(&from->ipaddr,
		from->af == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr));
	for (const VALUE_PAIR *vp = request->packet->vps; vp; vp = vp->next) {
		if (vp->da->vendor == 0)
			read_standard(vp, out);
		else if (vp->da->vendor == key_vendor)
			read_keydist(vp, &out->keydist);
	}
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

/* Attributes that are encoded already: what was saved at the login. */
static bool put_encoded(REQUEST *request, struct hk_bytes attributes)
{
	while (attributes.len) {
		VALUE_PAIR *vp = NULL;
		ssize_t n = rad_attr2vp(request->reply, request->reply, request->packet, "",
			attributes.data, attributes.len, &vp);

		if (n <= 0 || (size_t)n > attributes.len)
			return false;
		fr_pair_add(&request->reply->vps, vp);
		attributes = hk_bytes(attributes.data + n, attributes.len - (size_t)n);
	}
	return true;
}

bool hk_pairs_write_delivery(
	REQUEST *request, uint32_t key_vendor, const struct hk_key_delivery *delivery)
{
	uint8_t octets[1024];
	struct hk_buf out = hk_buf(octets, sizeof(octets));

	hk_keydist_put_delivery(&out, key_vendor, delivery);
	return hk_buf_ok(&out) && put_encoded(request, hk_buf_bytes(&out));
}

static bool write_accept(REQUEST *request, uint32_t key_vendor, const struct hk_aaa_reply *reply)
{
	const uint8_t *key = reply->key;

	request->reply->code = PW_CODE_ACCESS_ACCEPT;
	if (reply->user_name.len && !put_text(request, PW_USER_NAME, reply->user_name))
		return false;
	if (reply->session_timeout_s &&
		(!put_integer(request, PW_SESSION_TIMEOUT, reply->session_timeout_s) ||
			!put_integer(
				request, PW_TERMINATION_ACTION, HK_TERMINATION_RADIUS_REQUEST)))
		return false;
	return put_encoded(request, reply->authorization) &&
	       hk_pairs_write_delivery(request, key_vendor, &reply->delivery) &&
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

static bool write_code(REQUEST *request, uint32_t key_vendor, const struct hk_aaa_reply *reply)
{
	switch (reply->verdict) {
	case HK_VERDICT_ACCEPT:
		return write_accept(request, key_vendor, reply);
	case HK_VERDICT_REJECT:
		return write_reject(request);
	case HK_VERDICT_CHALLENGE:
		request->reply->code = PW_CODE_ACCESS_CHALLENGE;
		return put_octets(request, PW_STATE, 0, reply->state, sizeof(reply->state));
	default:
		return write_nothing(request);
	}
}

bool hk_pairs_write_reply(REQUEST *request, uint32_t key_vendor, const struct hk_aaa_reply *reply)
{
	struct hk_bytes eap = hk_buf_bytes(&reply->eap);

	if (!write_code(request, key_vendor, reply))
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

/* The key of a login is for that login. */
static bool is_of_keys(const DICT_ATTR *da, uint32_t key_vendor)
{
	return da->vendor == key_vendor && da->attr <= HK_KEYDIST_LOCAL_DOMAIN;
}

static bool is_kept(const VALUE_PAIR *vp, uint32_t key_vendor)
{
	const DICT_ATTR *da = vp->da;

	/* What is hidden on the wire, keys among it, would lie open in the store. */
	if (da->flags.encrypt != FLAG_ENCRYPT_NONE)
		return false;
	if (da->vendor)
		return !is_of_keys(da, key_vendor) && da->vendor != VENDORPEC_FREERADIUS;
	return da->attr < INTERNAL && !is_made_anew(da);
}

enum hk_err hk_pairs_save(REQUEST *request, uint32_t key_vendor, struct hk_buf *out)
{
	for (const VALUE_PAIR *vp = request->reply->vps; vp; vp = vp->next) {
		const VALUE_PAIR *one = vp;
		VALUE_PAIR alone;
		int n;

		if (!is_kept(vp, key_vendor))
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
