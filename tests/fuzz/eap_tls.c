/* SPDX-License-Identifier: ISC */
/*
 * EAP-TLS: an honest peer and an honest server, and somebody between them who
 * does what the input says to each packet; or any octets for either side.
 *
 * What must hold: both finish with the same keys or not at all; a conversation
 * ends; nothing is written beyond the room given.
 */
#include "fuzz.h"
#include "dice.h"

#include "../unit/eap/conversation.h"

#include <hokey/eap.h>

#define ROUNDS_MAX 60
#define ROOM       1500

static struct hk_tls_context *server_tls[2], *peer_tls[2];

/* [0]: TLS 1.3, [1]: TLS 1.2 */
static void set_up(void)
{
	struct hk_tls_config server, peer;
	struct test_pki pki;

	fuzz_roll(1);
	test_pki_init(&pki);
	for (unsigned i = 0; i < 2; i++) {
		server = test_server_config(&pki);
		peer = test_peer_config(&pki);
		peer.max_version = i ? HK_TLS_1_2 : HK_TLS_1_3;
		server_tls[i] = test_context(true, &server);
		peer_tls[i] = test_context(false, &peer);
	}
	test_pki_free(&pki);
}

static void clean_up(void)
{
	for (unsigned i = 0; i < 2; i++) {
		hk_tls_context_free(server_tls[i]);
		hk_tls_context_free(peer_tls[i]);
	}
}

struct talk {
	struct hk_eap_server *s;
	struct hk_eap_peer *p;
	hk_time now;
	enum hk_eap_action server_action, peer_action;
	bool touched; /* something was changed on the way */
	size_t len;
	uint8_t packet[ROOM]; /* on its way */
	size_t old_len;
	uint8_t old[ROOM]; /* one seen before */
};

/* Replaces the packet by octets of the input, behind a fitting EAP-TLS header or not. */
static void replace(struct talk *t, struct hk_reader *r, uint8_t how)
{
	struct hk_bytes v = fuzz_take(r, hk_get_u16(r) % (ROOM - 16));
	struct hk_buf b = hk_buf(t->packet, sizeof(t->packet));
	uint8_t code = t->packet[0], identifier = t->packet[1];

	if (how & 0x10)
		hk_put_bytes(&b, v);
	else
		(void)hk_eap_write(&b, code, identifier, HK_EAP_TYPE_TLS, v);
	t->len = b.len;
}

/* What happens to a packet on its way. */
static void meddle(struct talk *t, struct hk_reader *r)
{
	uint8_t how = hk_left(r) ? hk_get_u8(r) : 0, copy[ROOM];
	size_t len = t->len;

	memcpy(copy, t->packet, len);
	switch (how & 7) {
	case 1:
	case 2:
		t->len = fuzz_mutate(r, t->packet, t->len);
		break;
	case 3:
		replace(t, r, how);
		break;
	case 4: /* the one before once more */
		t->len = t->old_len;
		memcpy(t->packet, t->old, t->old_len);
		break;
	case 5: /* cut, with a Length that fits */
		if (t->len > 6) {
			t->len = 6 + hk_get_u16(r) % (t->len - 5);
			hk_store_u16(t->packet + 2, (uint16_t)t->len);
		}
		break;
	case 6:
		t->now += hk_get_u16(r) * HK_SECOND;
		break;
	default:
		break;
	}
	if (t->len != len || memcmp(t->packet, copy, len) != 0)
		t->touched = true;
	t->old_len = len;
	memcpy(t->old, copy, len);
}

static bool to_peer(struct talk *t)
{
	struct hk_bytes in = fuzz_copy(hk_bytes(t->packet, t->len));
	struct hk_buf out = hk_buf(t->packet, sizeof(t->packet));

	t->peer_action = hk_eap_peer_receive(t->p, in, t->now, &out);
	fuzz_check(hk_buf_ok(&out));
	t->len = out.len;
	fuzz_free(in);
	return t->peer_action == HK_EAP_SEND && t->len;
}

static bool to_server(struct talk *t)
{
	struct hk_bytes in = fuzz_copy(hk_bytes(t->packet, t->len));
	struct hk_buf out = hk_buf(t->packet, sizeof(t->packet));

	t->server_action = hk_eap_server_receive(t->s, in, t->now, sizeof(t->packet), &out);
	fuzz_check(hk_buf_ok(&out) && t->server_action != HK_EAP_WAIT);
	t->len = out.len;
	fuzz_free(in);
	return t->server_action != HK_EAP_IGNORED && t->len;
}

static void compare_keys(struct talk *t)
{
	struct hk_eap_result *server = hk_eap_server_result(t->s, t->now, HK_NEVER);
	struct hk_eap_result *peer = hk_eap_peer_result(t->p, t->now, HK_NEVER);
	const char *detail;

	fuzz_check(!server || t->server_action == HK_EAP_SUCCEEDED ||
		   t->server_action == HK_EAP_IGNORED);
	if (server && peer) {
		fuzz_check(hk_key_equal(server->msk, peer->msk));
		fuzz_check(hk_key_equal(server->emsk, peer->emsk));
		fuzz_check(memcmp(server->session_id, peer->session_id, 65) == 0);
	}
	if (!t->touched && t->now == TEST_NOW)
		fuzz_check(server && peer);
	(void)hk_eap_server_error(t->s, &detail);
	(void)hk_eap_peer_error(t->p, &detail);
	(void)hk_eap_server_peer(t->s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_reader r = hk_reader(hk_bytes(data, size));
	static struct talk t;
	uint8_t how = hk_get_u8(&r);
	uint16_t fragment = (uint16_t)(how & 2 ? 100 + hk_get_u8(&r) : 1020);
	struct hk_eap_server_config server = {.fragment_size = fragment, .max_rounds = 80};
	struct hk_eap_peer_config peer = {
		.identity = hk_text(TEST_IDENTITY), .fragment_size = fragment};
	struct hk_buf out;

	if (!server_tls[0]) {
		set_up();
		atexit(clean_up);
	}
	fuzz_roll(2);
	memset(&t, 0, sizeof(t));
	t.now = TEST_NOW;
	server.tls = server_tls[how & 1];
	peer.tls = peer_tls[how & 1];
	fuzz_ok(hk_eap_server_new(&server, &t.s));
	fuzz_ok(hk_eap_peer_new(&peer, &t.p));
	out = hk_buf(t.packet, sizeof(t.packet));
	fuzz_ok(hk_eap_server_start(t.s, 7, &out));
	t.len = out.len;
	for (unsigned i = 0; i < ROUNDS_MAX; i++) {
		meddle(&t, &r);
		if (!to_peer(&t))
			break;
		meddle(&t, &r);
		if (!to_server(&t))
			break;
	}
	compare_keys(&t);
	hk_eap_server_free(t.s);
	hk_eap_peer_free(t.p);
	return 0;
}
