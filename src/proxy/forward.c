/* SPDX-License-Identifier: ISC */
/* Requests on their way to the home server, and replies on their way back. */
#include "proxy/forward.h"

#include <hokey/eap.h>
#include <hokey/keydist.h>

#include "crypto/crypto.h"

#define CHAP_CHALLENGE 60

/* ---- requests ---- */

/* Written anew at every hop, wherever in a Vendor-Specific it is. */
static const struct hk_attribute_filter loop_ttl_filter = {
	.vsa = {{HK_VENDOR_LOOP_TTL, HK_LOOP_TTL_TYPE}}, .nvsa = 1};

/* Between servers only, and we are the last of them. */
static bool stays_here(const struct hk_forward *f, const struct hk_radius_attribute *a)
{
	return f->private_vendor && hk_keydist_is_private(a, f->private_vendor);
}

static enum hk_err put_attributes(const struct hk_forward *f, const struct hk_radius *request,
	const struct hk_hops *hops, struct hk_buf *out)
{
	struct hk_reader r = hk_reader(request->attributes);
	struct hk_radius_attribute a;
	enum hk_err err = HK_OK;

	while (!err && hk_radius_next(&r, &a)) {
		if (a.type == HK_RADIUS_MESSAGE_AUTHENTICATOR || stays_here(f, &a) ||
			(a.type == HK_RADIUS_PROXY_STATE && f->hide_proxy_state) ||
			(a.type == HK_RADIUS_STATE && f->hide_state))
			continue;
		err = hk_forward_attribute(hops, &a, out);
	}
	return err;
}

/*
 * Counted down where it is there, begun where we are told to. Nobody gets more
 * hops than we give.
 */
static enum hk_err put_loop_ttl(
	const struct hk_forward *f, const struct hk_radius *request, struct hk_buf *out)
{
	struct hk_bytes ttl = hk_radius_find_vsa(request, HK_VENDOR_LOOP_TTL, HK_LOOP_TTL_TYPE);
	uint32_t most = f->loop_ttl ? f->loop_ttl : HK_LOOP_TTL_MAX;
	uint32_t left = f->loop_ttl;
	uint8_t value[4];

	if (ttl.len == sizeof(value)) {
		left = hk_load_u32(ttl.data);
		if (left <= 1)
			return HK_ERR_EXHAUSTED;
		left = left - 1 < most ? left - 1 : most;
	}
	if (left == 0)
		return HK_OK;
	hk_store_u32(value, left);
	hk_radius_put_vsa(
		out, HK_VENDOR_LOOP_TTL, HK_LOOP_TTL_TYPE, hk_bytes(value, sizeof(value)));
	return HK_OK;
}

static enum hk_err put_additions(
	const struct hk_forward *f, const struct hk_radius *request, struct hk_buf *out)
{
	static const uint8_t nul = 0;

	if (hk_radius_has(request, HK_RADIUS_CHAP_PASSWORD) &&
		!hk_radius_has(request, CHAP_CHALLENGE))
		hk_radius_put(out, CHAP_CHALLENGE,
			hk_bytes(request->authenticator, HK_RADIUS_AUTHENTICATOR_LEN));
	if (f->operator_name.len && !hk_radius_has(request, HK_RADIUS_OPERATOR_NAME))
		hk_radius_put(out, HK_RADIUS_OPERATOR_NAME, f->operator_name);
	if (f->ask_cui && !hk_radius_has(request, HK_RADIUS_CHARGEABLE_USER_IDENTITY))
		hk_radius_put(out, HK_RADIUS_CHARGEABLE_USER_IDENTITY, hk_bytes(&nul, 1));
	hk_put_bytes(out, f->extra);
	return put_loop_ttl(f, request, out);
}

enum hk_err hk_forward_request(const struct hk_forward *f, const struct hk_radius *request,
	uint8_t identifier, const uint8_t random[HK_FORWARD_RANDOM_LEN], struct hk_buf *out)
{
	const struct hk_hops hops = {
		.from = f->client_secret,
		.from_authenticator = request->authenticator,
		.to = f->server_secret,
		.to_authenticator = random,
		.filters = {f->filter_request, &loop_ttl_filter},
	};
	enum hk_err err;

	hk_radius_begin(out, request->code, identifier);
	err = put_attributes(f, request, &hops, out);
	if (!err)
		err = put_additions(f, request, out);
	if (err)
		return err;
	if (f->own_proxy_state)
		hk_radius_put(out, HK_RADIUS_PROXY_STATE,
			hk_bytes(random + HK_RADIUS_AUTHENTICATOR_LEN, HK_PROXY_STATE_LEN));
	return hk_radius_sign_request(out, f->server_secret, random);
}

/* ---- checking replies ---- */

static bool code_answers(uint8_t request, uint8_t reply)
{
	switch (reply) {
	case HK_RADIUS_ACCESS_ACCEPT:
	case HK_RADIUS_ACCESS_REJECT:
	case HK_RADIUS_ACCESS_CHALLENGE:
	case HK_RADIUS_PROTOCOL_ERROR:
		return true;
	case HK_RADIUS_ACCOUNTING_RESPONSE:
		return request == HK_RADIUS_STATUS_SERVER;
	default:
		return false;
	}
}

/* The next Proxy-State of an attribute area; false at its end. */
static bool next_proxy_state(struct hk_reader *r, struct hk_bytes *out)
{
	struct hk_radius_attribute a;

	while (hk_radius_next(r, &a)) {
		if (a.type == HK_RADIUS_PROXY_STATE) {
			*out = a.value;
			return true;
		}
	}
	*out = HK_NO_BYTES;
	return false;
}

/*
 * A server sends back what it got, in order. One that leaves some out is
 * tolerated (the client gets its own in any case); one that makes some up is
 * not: that is how CVE-2024-3596 works.
 */
static bool proxy_states_fit(
	const struct hk_radius *sent, const struct hk_radius *reply, bool last_is_ours)
{
	struct hk_reader theirs = hk_reader(reply->attributes);
	struct hk_reader ours = hk_reader(sent->attributes);
	struct hk_bytes got, want, last_got = HK_NO_BYTES, last_sent = HK_NO_BYTES;

	while (next_proxy_state(&theirs, &got)) {
		do {
			if (!next_proxy_state(&ours, &want))
				return false;
		} while (!hk_bytes_equal(got, want));
		last_got = got;
	}
	if (!last_is_ours)
		return true;
	ours = hk_reader(sent->attributes);
	while (next_proxy_state(&ours, &want))
		last_sent = want;
	return last_got.data && hk_bytes_equal(last_got, last_sent);
}

static enum hk_err check_message_authenticator(
	const struct hk_forward *f, const struct hk_radius *sent, const struct hk_radius *reply)
{
	enum hk_err err =
		hk_radius_check_message_authenticator(reply, f->server_secret, sent->authenticator);

	if (err == HK_ERR_NOT_FOUND && sent->code == HK_RADIUS_STATUS_SERVER)
		return HK_OK;
	if (err == HK_ERR_NOT_FOUND && !f->require_message_authenticator && !reply->eap_first)
		return HK_OK;
	if (err)
		return err;
	if (f->require_message_authenticator_first &&
		reply->message_authenticator != HK_RADIUS_HEADER_LEN + 2)
		return HK_ERR_NOT_FOUND;
	return HK_OK;
}

enum hk_err hk_forward_check_reply(
	const struct hk_forward *f, const struct hk_radius *sent, const struct hk_radius *reply)
{
	enum hk_err err = hk_radius_check_response_authenticator(
		reply, f->server_secret, sent->authenticator);

	if (!err)
		err = check_message_authenticator(f, sent, reply);
	if (err)
		return err;
	if (!code_answers(sent->code, reply->code))
		return HK_ERR_UNEXPECTED;
	if (reply->code == HK_RADIUS_PROTOCOL_ERROR || sent->code == HK_RADIUS_STATUS_SERVER)
		return HK_OK;
	return proxy_states_fit(sent, reply, f->own_proxy_state) ? HK_OK : HK_ERR_UNEXPECTED;
}

/* ---- replies ---- */

/* For the access point: the domain whose local ER server we are. */
static bool tells_domain(const struct hk_forward *f, const struct hk_radius *reply)
{
	return f->local_domain.len && reply->code == HK_RADIUS_ACCESS_ACCEPT;
}

/* Where we say which domain it is nobody else does, also when we do not. */
static bool is_domain(const struct hk_forward *f, const struct hk_radius_attribute *a)
{
	return f->private_vendor && a->vendor == f->private_vendor &&
	       a->vendor_type == HK_KEYDIST_LOCAL_DOMAIN;
}

enum hk_err hk_forward_reply(const struct hk_forward *f, const struct hk_radius *request,
	const struct hk_radius *sent, const struct hk_radius *reply, struct hk_buf *out)
{
	const struct hk_hops hops = {
		.from = f->server_secret,
		.from_authenticator = sent->authenticator,
		.to = f->client_secret,
		.to_authenticator = request->authenticator,
		.filters = {f->filter_reply, f->filter_for_client},
	};
	struct hk_reader r = hk_reader(reply->attributes);
	struct hk_radius_attribute a;

	hk_radius_begin(out, reply->code, request->identifier);
	while (hk_radius_next(&r, &a)) {
		enum hk_err err;

		if (a.type == HK_RADIUS_MESSAGE_AUTHENTICATOR || a.type == HK_RADIUS_PROXY_STATE ||
			stays_here(f, &a) || is_domain(f, &a))
			continue;
		err = hk_forward_attribute(&hops, &a, out);
		if (err)
			return err;
	}
	if (tells_domain(f, reply))
		hk_radius_put_vsa(out, f->private_vendor, HK_KEYDIST_LOCAL_DOMAIN, f->local_domain);
	hk_radius_put_proxy_state(out, request);
	return hk_radius_sign_reply(out, f->client_secret, request->authenticator);
}

/* ---- replies of our own ---- */

static uint8_t eap_identifier(const struct hk_radius *request)
{
	struct hk_bytes eap = hk_radius_find(request, HK_RADIUS_EAP_MESSAGE);

	return eap.len > 1 ? eap.data[1] : 0;
}

enum hk_err hk_forward_refuse(const struct hk_radius_secret *client_secret,
	const struct hk_radius *request, uint32_t error_cause, struct hk_buf *out)
{
	uint8_t memory[8];
	struct hk_buf eap = hk_buf(memory, sizeof(memory));

	hk_radius_begin(out, HK_RADIUS_ACCESS_REJECT, request->identifier);
	if (request->eap_first) {
		hk_eap_write(&eap, HK_EAP_FAILURE, eap_identifier(request), 0, HK_NO_BYTES);
		hk_radius_put_eap(out, hk_buf_bytes(&eap));
	}
	hk_radius_put_u32(out, HK_RADIUS_ERROR_CAUSE, error_cause);
	hk_radius_put_proxy_state(out, request);
	return hk_radius_sign_reply(out, client_secret, request->authenticator);
}

/* Original-Packet-Code (241.4) says what it is about (RFC 7930 section 4). */
enum hk_err hk_forward_protocol_error(const struct hk_radius_secret *client_secret,
	const struct hk_radius *request, uint32_t error_cause, struct hk_buf *out)
{
	const uint8_t original[] = {4, 0, 0, 0, request->code};

	hk_radius_begin(out, HK_RADIUS_PROTOCOL_ERROR, request->identifier);
	hk_radius_put(out, 241, hk_bytes(original, sizeof(original)));
	hk_radius_put_u32(out, HK_RADIUS_ERROR_CAUSE, error_cause);
	hk_radius_put_proxy_state(out, request);
	return hk_radius_sign_reply(out, client_secret, request->authenticator);
}

enum hk_err hk_forward_status(const struct hk_radius_secret *server_secret, uint8_t identifier,
	struct hk_bytes nas_identifier, const uint8_t random[HK_RADIUS_AUTHENTICATOR_LEN],
	struct hk_buf *out)
{
	hk_radius_begin(out, HK_RADIUS_STATUS_SERVER, identifier);
	if (nas_identifier.len)
		hk_radius_put(out, HK_RADIUS_NAS_IDENTIFIER, nas_identifier);
	return hk_radius_sign_request(out, server_secret, random);
}
