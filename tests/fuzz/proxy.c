/* SPDX-License-Identifier: ISC */
/*
 * A proxy between two secrets: the input is how it is set, a request and the
 * attributes of the reply to it; and, all of it, a stream of RADIUS/TLS.
 *
 * What must hold: EAP comes through unchanged, either way; clients get their own
 * Proxy-State back and no other; what is sent on is signed and can be read; a
 * stream gives the same packets however it is cut.
 */
#include "fuzz.h"

#include "hokeyd/radsec.h"

#include <hokey/proxy.h>

#include <event2/buffer.h>

static const uint8_t random_octets[HK_FORWARD_RANDOM_LEN] = "server-random-16PROXYSTA";

static struct hk_radius_secret client_secret, server_secret;

enum { OWN_STATE = 1, HIDE_STATE = 2, PRIVATE = 4, COUNT_HOPS = 8, ASK_CUI = 16, FIRST = 32 };

static struct hk_forward options(uint8_t how)
{
	return (struct hk_forward){
		.client_secret = &client_secret,
		.server_secret = &server_secret,
		.private_vendor = how & PRIVATE ? HK_VENDOR_HOKEY : 0,
		.ask_cui = how & ASK_CUI,
		.hide_proxy_state = how & HIDE_STATE,
		.own_proxy_state = how & OWN_STATE,
		.loop_ttl = how & COUNT_HOPS ? 5 : 0,
		.require_message_authenticator = true,
		.require_message_authenticator_first = how & FIRST,
	};
}

static void check_same_eap(const struct hk_radius *a, const struct hk_radius *b)
{
	static uint8_t one[HK_RADIUS_MAX_LEN], two[HK_RADIUS_MAX_LEN];
	struct hk_buf join = hk_buf(one, sizeof(one)), join2 = hk_buf(two, sizeof(two));
	struct hk_bytes eap, eap2;

	fuzz_ok(hk_radius_eap(a, &join, &eap));
	fuzz_ok(hk_radius_eap(b, &join2, &eap2));
	fuzz_check(hk_bytes_equal(eap, eap2));
}

static bool next_state(struct hk_reader *r, struct hk_bytes *value)
{
	struct hk_radius_attribute a;

	while (hk_radius_next(r, &a)) {
		if (a.type == HK_RADIUS_PROXY_STATE) {
			*value = a.value;
			return true;
		}
	}
	return false;
}

static void check_same_states(const struct hk_radius *a, const struct hk_radius *b)
{
	struct hk_reader r = hk_reader(a->attributes), s = hk_reader(b->attributes);
	struct hk_bytes one, two;

	while (next_state(&r, &one)) {
		fuzz_check(next_state(&s, &two));
		fuzz_check(hk_bytes_equal(one, two));
	}
	fuzz_check(!next_state(&s, &two));
}

/* Signed by the home server, whatever is in it. */
static bool make_reply(const struct hk_radius *from, const struct hk_radius *sent,
	struct hk_buf *out, struct hk_radius *reply)
{
	struct hk_reader r = hk_reader(from->attributes);
	struct hk_radius_attribute a;

	hk_radius_begin(out, from->code, sent->identifier);
	while (hk_radius_next(&r, &a)) {
		if (a.type != HK_RADIUS_MESSAGE_AUTHENTICATOR)
			hk_radius_put(out, a.type, a.value);
	}
	if (hk_radius_sign_reply(out, &server_secret, sent->authenticator))
		return false;
	fuzz_ok(hk_radius_parse(hk_buf_bytes(out), reply));
	return true;
}

static void bring_back(const struct hk_forward *f, const struct hk_radius *request,
	const struct hk_radius *sent, const struct hk_radius *from)
{
	static uint8_t memory[2][2 * HK_RADIUS_MAX_LEN];
	struct hk_buf made = hk_buf(memory[0], sizeof(memory[0]));
	struct hk_buf out = hk_buf(memory[1], sizeof(memory[1]));
	struct hk_radius reply, back;

	fuzz_check(hk_forward_check_reply(f, sent, from) != HK_OK);
	if (!make_reply(from, sent, &made, &reply) || hk_forward_check_reply(f, sent, &reply))
		return;
	/* Status-Server is asked for ourselves: its answer ends here. */
	if (request->code == HK_RADIUS_STATUS_SERVER ||
		hk_forward_reply(f, request, sent, &reply, &out))
		return;
	fuzz_ok(hk_radius_parse(hk_buf_bytes(&out), &back));
	fuzz_ok(hk_radius_check_response_authenticator(
		&back, &client_secret, request->authenticator));
	fuzz_ok(hk_radius_check_message_authenticator(
		&back, &client_secret, request->authenticator));
	fuzz_check(back.identifier == request->identifier && back.code == reply.code);
	check_same_eap(&reply, &back);
	check_same_states(request, &back);
}

static void forward(uint8_t how, struct hk_bytes asked, struct hk_bytes answered)
{
	static uint8_t memory[2 * HK_RADIUS_MAX_LEN];
	struct hk_forward f = options(how);
	struct hk_buf out = hk_buf(memory, sizeof(memory));
	struct hk_radius request, from, sent;

	/* The door lets nothing else through. */
	if (hk_radius_parse(asked, &request) || (request.code != HK_RADIUS_ACCESS_REQUEST &&
							request.code != HK_RADIUS_STATUS_SERVER))
		return;
	if (hk_forward_request(&f, &request, 77, random_octets, &out))
		return;
	fuzz_ok(hk_radius_parse(hk_buf_bytes(&out), &sent));
	fuzz_ok(hk_radius_check_message_authenticator(&sent, &server_secret, NULL));
	check_same_eap(&request, &sent);
	if (!(how & (OWN_STATE | HIDE_STATE)))
		check_same_states(&request, &sent);
	if (!hk_radius_parse(answered, &from))
		bring_back(&f, &request, &sent, &from);
}

/* Number and hash of the packets in a stream that comes in pieces of so many octets. */
static size_t read_stream(const uint8_t *data, size_t size, size_t piece, uint64_t *hash)
{
	uint8_t packet[HK_RADIUS_MAX_LEN];
	struct evbuffer *stream = evbuffer_new();
	enum hk_err err = HK_OK;
	size_t packets = 0, octets = 0, n;

	fuzz_check(stream);
	*hash = 0;
	for (size_t at = 0; at < size && !err; at += piece) {
		fuzz_check(!evbuffer_add(stream, data + at, piece < size - at ? piece : size - at));
		while ((n = hk_radsec_next(stream, packet, &err)) > 0) {
			fuzz_check(!err && n >= HK_RADIUS_HEADER_LEN && n <= sizeof(packet));
			for (size_t i = 0; i < n; i++)
				*hash = *hash * 31 + packet[i];
			octets += n;
			packets++;
		}
	}
	fuzz_check(octets <= size);
	evbuffer_free(stream);
	return packets;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_reader r = hk_reader(hk_bytes(data, size));
	uint8_t how = hk_get_u8(&r);
	struct hk_bytes asked = fuzz_copy(fuzz_take(&r, hk_get_u16(&r)));
	struct hk_bytes answered = fuzz_copy(fuzz_take(&r, hk_left(&r)));
	uint64_t whole, cut;

	fuzz_ok(hk_radius_secret_set(&client_secret, hk_text("xyzzy5461-hokey-lab-secret")));
	fuzz_ok(hk_radius_secret_set(&server_secret, hk_text("between us and home")));
	forward(how, asked, answered);
	fuzz_check(read_stream(data, size, size, &whole) ==
		   read_stream(data, size, 1 + how % 61, &cut));
	fuzz_check(whole == cut);
	fuzz_free(asked);
	fuzz_free(answered);
	return 0;
}
