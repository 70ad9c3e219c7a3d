/* SPDX-License-Identifier: ISC */
/*
 * EAP-TLS over a bad link: fragments of every size, and packets cut, changed,
 * repeated, lost or made up at every step. Whatever comes, nobody crashes, and
 * when both succeed they have the same keys.
 */
#include "test.h"

#include <hokey/eap_tls.h>
#include <hokey/key.h>

#include "conversation.h"

static struct test_pki pki;
static struct hk_tls_context *server, *peers[2], *bulky_server, *bulky_peers[2];
static struct test_cert *bulky_cert;
static const uint16_t versions[] = {HK_TLS_1_2, HK_TLS_1_3};

static int setup(void **state)
{
	struct hk_tls_config server_config, peer_config;
	struct hk_bytes pem, key;

	(void)state;
	test_pki_init(&pki);
	bulky_cert = test_cert_new(
		pki.ca, &(struct test_cert_options){
				.cn = "aaa", .san = "DNS:aaa.example.com", .bulk = 9000});
	pem = test_cert_pem(bulky_cert);
	key = test_key_pem(bulky_cert);
	server_config = test_server_config(&pki);
	peer_config = test_peer_config(&pki);
	server = test_context(true, &server_config);
	for (size_t i = 0; i < 2; i++) {
		peer_config.min_version = peer_config.max_version = versions[i];
		peers[i] = test_context(false, &peer_config);
	}
	server_config.credentials.certificate = peer_config.credentials.certificate = pem;
	server_config.credentials.key = peer_config.credentials.key = key;
	bulky_server = test_context(true, &server_config);
	for (size_t i = 0; i < 2; i++) {
		peer_config.min_version = peer_config.max_version = versions[i];
		bulky_peers[i] = test_context(false, &peer_config);
	}
	test_bytes_free(pem);
	test_bytes_free(key);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hk_tls_context_free(server);
	hk_tls_context_free(bulky_server);
	for (size_t i = 0; i < 2; i++) {
		hk_tls_context_free(peers[i]);
		hk_tls_context_free(bulky_peers[i]);
	}
	test_cert_free(bulky_cert);
	test_pki_free(&pki);
	return 0;
}

/* ---- fragments ---- */

static uint8_t flags_of(const struct test_packet *packet)
{
	return packet->len > 5 && packet->octets[4] == HK_EAP_TYPE_TLS ? packet->octets[5] : 0;
}

/*
 * L and M on the first fragment, M in the middle, nothing on the last or on a
 * message in one piece; each with M is answered by an empty packet.
 */
static void check_flags(const struct test_run *run)
{
	uint8_t before[2] = {0, 0};

	for (size_t i = 1; i + 1 < run->npackets; i++) {
		const struct test_packet *packet = &run->packets[i];
		uint8_t flags = flags_of(packet);
		uint8_t *last = &before[packet->from_server];

		if (packet->len < 6 || packet->octets[4] != HK_EAP_TYPE_TLS || flags == 0x20)
			continue;
		assert_int_equal(flags & 0x3f, 0);
		if (*last & 0x40)
			assert_int_equal(flags & 0x80, 0);
		else
			assert_true(flags == 0 || flags == 0xc0);
		*last = flags;
		if (flags & 0x40)
			assert_int_equal(run->packets[i + 1].len, 6);
		/* each request has the next Identifier, each response that of its request */
		assert_int_equal(packet->octets[1],
			(uint8_t)(run->packets[i - 1].octets[1] + packet->from_server));
		/* an acknowledgement goes between fragments, so look past it */
		if (packet->len == 6 && run->packets[i - 1].len > 6)
			*last = 0;
	}
}

static void fragment_sizes(struct hk_tls_context *s, struct hk_tls_context *const p[2],
	uint16_t server_size, uint16_t peer_size)
{
	for (size_t v = 0; v < 2; v++) {
		struct test_run run;

		test_run_init(&run, s, p[v]);
		run.server.fragment_size = server_size;
		run.peer.fragment_size = peer_size;
		run.server.max_rounds = 400;
		test_run(&run);
		assert_success(&run, versions[v], false);
		check_flags(&run);
		test_run_free(&run);
	}
}

/* R5216-2.1.5-01 R5216-2.1.5-02 R5216-2.1.5-05 R9190-2.1.9-01 */
static void small_fragments(void **state)
{
	(void)state;
	fragment_sizes(server, peers, 100, 100);
	fragment_sizes(server, peers, 101, 64);
	fragment_sizes(server, peers, 333, 1020);
	fragment_sizes(server, peers, 4000, 100);
	fragment_sizes(server, peers, 4000, 4000);
}

/* Two chains of 9 kB each; the ticket holds one of them. */
static void big_certificates(void **state)
{
	(void)state;
	fragment_sizes(bulky_server, bulky_peers, 1020, 1020);
	fragment_sizes(bulky_server, bulky_peers, 4000, 1300);
}

static void resumed_in_fragments(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct hk_bytes ticket = test_ticket(server, peers[v], TEST_NOW);
		struct test_run run;

		test_run_init(&run, server, peers[v]);
		run.peer.ticket = ticket;
		run.server.fragment_size = run.peer.fragment_size = 100;
		test_run(&run);
		assert_success(&run, versions[v], true);
		check_flags(&run);
		test_run_free(&run);
		test_bytes_free(ticket);
	}
}

/* The peer's packets, unfragmented, with L: RFC 5216 allowed that. */
static void set_length(struct test_run *run, struct test_packet *packet)
{
	(void)run;
	if (packet->from_server || packet->len < 7 || packet->octets[4] != HK_EAP_TYPE_TLS ||
		flags_of(packet))
		return;
	memmove(packet->octets + 10, packet->octets + 6, packet->len - 6);
	hk_store_u32(packet->octets + 6, (uint32_t)packet->len - 6);
	packet->octets[5] = 0x80;
	packet->len += 4;
	hk_store_u16(packet->octets + 2, (uint16_t)packet->len);
}

/* R9190-2.1.9-02 */
static void length_on_whole_messages(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct test_run run;

		test_run_init(&run, server, peers[v]);
		run.peer.fragment_size = 4000;
		run.meddle = set_length;
		test_run(&run);
		assert_success(&run, versions[v], false);
		test_run_free(&run);
	}
}

/* ---- one packet of a conversation is spoilt ---- */

enum spoil { CUT, SHORTENED, FLIPPED, LOST, TWICE, JUNK, SPOILS };

struct target {
	size_t at; /* number of the packet */
	enum spoil how;
	size_t octet;
};

static void give_twice(struct test_run *run, struct test_packet *packet)
{
	uint8_t octets[TEST_PACKET_MAX];
	struct hk_buf out = hk_buf(octets, sizeof octets);
	struct hk_bytes in = hk_bytes(packet->octets, packet->len);
	enum hk_eap_action action =
		packet->from_server
			? hk_eap_peer_receive(run->p, in, run->now, &out)
			: hk_eap_server_receive(run->s, in, run->now, sizeof octets, &out);

	/* what came out first is lost; the same packet comes once more */
	(void)action;
}

static void spoil(struct test_run *run, struct test_packet *packet)
{
	const struct target *target = run->arg;
	size_t octet = target->octet % (packet->len ? packet->len : 1);

	if (run->npackets - 1 != target->at)
		return;
	switch (target->how) {
	case CUT:
		packet->len = octet;
		if (!octet)
			packet->octets[packet->len++] = 2;
		break;
	case SHORTENED:
		if (octet < 5)
			octet = 5;
		packet->len = octet < packet->len ? octet : packet->len;
		hk_store_u16(packet->octets + 2, (uint16_t)packet->len);
		break;
	case FLIPPED:
		packet->octets[octet] ^= (uint8_t)(1u << (target->octet & 7));
		break;
	case LOST:
		packet->len = 0;
		break;
	case TWICE:
		give_twice(run, packet);
		break;
	default:
		for (size_t i = 4; i < packet->len; i++)
			packet->octets[i] = (uint8_t)rand();
	}
}

static void both_or_nothing(struct test_run *run)
{
	struct hk_eap_result *s = hk_eap_server_result(run->s, run->now, TEST_NOW + TEST_DAY);
	struct hk_eap_result *p = hk_eap_peer_result(run->p, run->now, TEST_NOW + TEST_DAY);
	const char *detail;

	if (run->server_action == HK_EAP_FAILED) {
		assert_null(s);
		assert_int_not_equal(hk_eap_server_error(run->s, &detail), HK_OK);
		assert_true(*detail);
	}
	if (p) {
		/* a peer that succeeded has a server that did, with the same keys */
		assert_non_null(s);
		assert_true(hk_key_equal(s->msk, p->msk));
		assert_true(hk_key_equal(s->emsk, p->emsk));
	}
}

/*
 * What TLS protects: not the identity, nor the headers of EAP-TLS and of the
 * first record, whose version is ignored.
 */
static bool is_protected(const struct test_packet *packet, const struct target *target)
{
	return packet->len > 16 && packet->octets[4] == HK_EAP_TYPE_TLS &&
	       target->octet % packet->len > 16;
}

static bool spoil_one(size_t v, struct hk_bytes ticket, struct target *target)
{
	struct test_run run;
	bool reached;

	test_run_init(&run, server, peers[v]);
	run.server.fragment_size = run.peer.fragment_size = 300;
	run.peer.ticket = ticket;
	run.meddle = spoil;
	run.arg = target;
	test_run(&run);
	both_or_nothing(&run);
	reached = run.npackets > target->at;
	if (target->how == FLIPPED && reached && is_protected(&run.packets[target->at], target))
		assert_null(hk_eap_peer_result(run.p, run.now, TEST_NOW + TEST_DAY));
	test_run_free(&run);
	return reached;
}

/* Every packet in turn, some of its octets each. */
static void spoil_each(size_t v, struct hk_bytes ticket, enum spoil how)
{
	unsigned tries = how == LOST || how == TWICE ? 1 : 6;
	bool reached = true;

	for (size_t at = 0; reached && at < TEST_PACKETS; at++)
		for (unsigned i = 0; i < tries; i++) {
			struct target target = {at, how, (size_t)rand() % 310};

			reached = spoil_one(v, ticket, &target);
		}
}

static void every_step(void **state)
{
	srand(4137);
	(void)state;
	for (size_t v = 0; v < 2; v++)
		for (int with_ticket = 0; with_ticket < 2; with_ticket++) {
			struct hk_bytes ticket =
				with_ticket ? test_ticket(server, peers[v], TEST_NOW) : HK_NO_BYTES;

			for (enum spoil how = CUT; how < SPOILS; how++)
				spoil_each(v, ticket, how);
			test_bytes_free(ticket);
		}
}

/* ---- packets of no one ---- */

static void garbage(void **state)
{
	uint8_t in[600], answer[TEST_PACKET_MAX];

	(void)state;
	srand(3748);
	for (int round = 0; round < 300; round++) {
		struct hk_eap_server_config server_config = {.tls = server, .max_invalid = 200};
		struct hk_eap_peer_config peer_config = {
			.tls = peers[round & 1], .identity = hk_text("a@b")};
		struct hk_eap_server *s;
		struct hk_eap_peer *p;
		struct hk_buf out = hk_buf(answer, sizeof answer);

		assert_ok(hk_eap_server_new(&server_config, &s));
		assert_ok(hk_eap_peer_new(&peer_config, &p));
		assert_ok(hk_eap_server_start(s, 1, &out));
		for (int i = 0; i < 20; i++) {
			size_t len = (size_t)rand() % sizeof in;

			for (size_t n = 0; n < len; n++)
				in[n] = (uint8_t)rand();
			if (len > 5 && rand() % 4) {
				in[0] = (uint8_t)(1 + rand() % 2);
				in[1] = rand() % 4 ? hk_eap_server_identifier(s) : in[1];
				hk_store_u16(in + 2, (uint16_t)len);
				in[4] = i && rand() % 4 ? HK_EAP_TYPE_TLS : HK_EAP_TYPE_IDENTITY;
				in[5] = (uint8_t)(rand() % 2 ? 0 : in[5]);
			}
			out = hk_buf(answer, sizeof answer);
			assert_int_not_equal(
				hk_eap_server_receive(s, hk_bytes(in, len), TEST_NOW, 4000, &out),
				HK_EAP_SUCCEEDED);
			if (len > 5 && in[0] == HK_EAP_RESPONSE)
				in[0] = HK_EAP_REQUEST;
			out = hk_buf(answer, sizeof answer);
			assert_int_not_equal(
				hk_eap_peer_receive(p, hk_bytes(in, len), TEST_NOW, &out),
				HK_EAP_SUCCEEDED);
		}
		hk_eap_server_free(s);
		hk_eap_peer_free(p);
	}
}

/* No room for an answer is a failure, not an overrun. */
static void buffer_too_small(void **state)
{
	struct hk_eap_server_config config = {.tls = server};
	uint8_t octets[8];
	const char *detail;

	(void)state;
	for (size_t cap = 0; cap < 6; cap++) {
		struct hk_eap_server *s;
		struct hk_buf out = hk_buf(octets, cap);

		assert_ok(hk_eap_server_new(&config, &s));
		assert_int_equal(hk_eap_server_receive(s, hk_bytes("\x02\x01\x00\x05\x01", 5),
					 TEST_NOW, 4000, &out),
			HK_EAP_FAILED);
		assert_err(hk_eap_server_error(s, &detail), HK_ERR_TOO_LONG);
		hk_eap_server_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_fragments),
		cmocka_unit_test(big_certificates),
		cmocka_unit_test(resumed_in_fragments),
		cmocka_unit_test(length_on_whole_messages),
		cmocka_unit_test(every_step),
		cmocka_unit_test(garbage),
		cmocka_unit_test(buffer_too_small),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
