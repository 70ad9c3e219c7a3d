/* SPDX-License-Identifier: ISC */
/*
 * The ER authenticator, against RFC 6696. Its ordinary EAP is in authenticator_eap.c,
 * what comes after an exchange in authenticator_sessions.c.
 */
#include "port.h"

#include "crypto/crypto.h"

/* ---- Re-auth-Start ---- */

/*
 * E6696-3-01 E6696-5.2-01 E6696-5.3.1-01 E6696-5.3.1-03 E6696-5.3.1.1-01
 * E6696-5.3.1.1-02
 */
static void a_peer_that_comes_gets_a_start(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	assert_int_equal(b.out.nsend, 1);
	assert_sent(&b, 0, packet("P7.start"));
	assert_int_equal(b.port.state, HK_ER_PORT_START);
	assert_int_equal(b.out.deadline, NOW + 1000);
	assert_not_forwarded(&b);
}

/* E6696-5.2-02 */
static void a_port_without_domain_sends_a_start_too(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.domain = HK_NO_BYTES;
	assert_ok(hk_er_port_init(&b.port, &b.config, &b.identity, 1));
	hk_er_port_attach(&b.port, false, b.now, &b.out);
	assert_sent(&b, 0, packet("P7b.start"));
}

/* E6696-5.3.1-04 E6696-5.3.1.1-03 E6696-5.5-01 E6696-3.2-03 */
static void peer_and_server_are_told_the_same(void **state)
{
	static const uint8_t ip[4] = {192, 0, 2, 17}, ipv6[16] = {0x20, 1};
	struct hk_erp_attributes a;
	struct hk_erp_message m;
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.announce_identity = true;
	b.identity.calling_station_id = HK_NO_BYTES;
	assert_ok(hk_er_port_init(&b.port, &b.config, &b.identity, 2));
	hk_er_port_attach(&b.port, false, b.now, &b.out);
	assert_sent(&b, 0, packet("P7c.start"));

	b.identity.called_station_id = hk_text("02-00-00-00-01-00:hokey");
	b.identity.calling_station_id = hk_text("02-00-00-00-02-00");
	b.identity.nas_ip_address = hk_bytes(ip, sizeof ip);
	b.identity.nas_ipv6_address = hk_bytes(ipv6, sizeof ipv6);
	attach(&b);
	assert_ok(hk_erp_parse(b.out.send[0], &m));
	assert_ok(hk_erp_attributes(&m, m.unprotected_end, &a));
	receive(&b, packet("P2.init"));
	assert_true(hk_bytes_equal(a.domain_name, b.out.domain));
	assert_true(hk_bytes_equal(a.channel_binding[0], b.out.request.called_station_id));
	assert_true(hk_bytes_equal(a.channel_binding[1], b.out.request.calling_station_id));
	assert_true(hk_bytes_equal(a.channel_binding[2], b.out.request.nas_identifier));
	assert_true(hk_bytes_equal(a.channel_binding[3], b.out.request.nas_ip_address));
	assert_true(hk_bytes_equal(a.channel_binding[4], b.out.request.nas_ipv6_address));
}

/* E6696-3-02 E6696-3-03 E6696-3-06 E6696-3-10 E6696-6-02 */
static void a_silent_peer_gets_eap(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	/* nothing more while the Start waits */
	hk_er_port_timeout(&b.port, NOW + 999, &b.out);
	assert_nothing_sent(&b);
	assert_int_equal(b.out.deadline, NOW + 1000);
	hk_er_port_timeout(&b.port, NOW + 1000, &b.out);
	assert_asks_identity(&b, 0);
	assert_true(b.out.send[0].data[1] != 1);
}

/* E6696-5.2-03 E6696-5.3.1.1-04 E6696-6-01 E6696-6-04 */
static void a_start_is_repeated_as_it_is(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.start_transmissions = 3;
	attach(&b);
	for (int i = 0; i < 2; i++) {
		expire(&b);
		assert_int_equal(b.out.nsend, 1);
		assert_sent(&b, 0, packet("P7.start"));
	}
	expire(&b);
	assert_asks_identity(&b, 0);

	/* and stops at the first Initiate */
	hk_er_port_attach(&b.port, false, b.now, &b.out);
	expire(&b);
	receive(&b, packet("P2.init"));
	assert_int_not_equal(b.out.forward, 0);
	assert_int_equal(b.out.deadline, b.now + b.config.aaa_ms);
}

static void every_start_has_an_identifier_of_its_own(void **state)
{
	struct bench b;
	uint8_t first;

	(void)state;
	set_up(&b);
	attach(&b);
	first = b.out.send[0].data[1];
	hk_er_port_attach(&b.port, false, b.now, &b.out);
	assert_int_not_equal(b.out.send[0].data[1], first);
}

/* E6696-6-13 */
static void without_start_an_initiate_still_works(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.start = HK_ER_START_OFF;
	attach(&b);
	assert_asks_identity(&b, 0);
	reauthenticate(&b);
}

/* E6696-6-12 */
static void a_start_for_known_peers_only(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.start = HK_ER_START_KNOWN_PEERS;
	attach(&b);
	assert_asks_identity(&b, 0);
	hk_er_port_attach(&b.port, true, b.now, &b.out);
	assert_int_equal(b.out.send[0].data[0], HK_ERP_INITIATE);
	assert_int_equal(b.port.state, HK_ER_PORT_START);

	/* who came again and re-authenticated is known from then on */
	hk_er_port_attach(&b.port, false, b.now, &b.out);
	reauthenticate(&b);
	wait_ms(&b, 3600 * 1000);
	assert_int_equal(b.port.state, HK_ER_PORT_START);
}

/* E6696-3-07 E6696-6-14 */
static void erp_can_be_switched_off(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.enabled = false;
	attach(&b);
	assert_asks_identity(&b, 0);
	receive(&b, packet("P2.init"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	receive(&b, packet("P2.finish"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	assert_int_equal(b.port.state, HK_ER_PORT_REQUEST);
}

/* ---- forwarding an Initiate ---- */

/* E6696-5.2-10 E6696-5.1-14 E6696-3-11 */
static void an_initiate_is_forwarded_as_it_is(void **state)
{
	static const struct {
		const char *packet, *nai, *realm;
	} cases[] = {
		{"P1.init", "V1.keyName-NAI", "home.example"},
		{"P3.init", "V1.keyName-NAI", "home.example"},
		{"P4.init", "V1.DS-keyName-NAI", "visited.example"},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t padded[512];
		struct hk_bytes initiate = packet(cases[i].packet);
		struct bench b;

		set_up(&b);
		b.identity.state = hk_text("of something else");
		attach(&b);
		/* padding of the lower layer stays behind */
		memset(padded, 0xff, sizeof padded);
		memcpy(padded, initiate.data, initiate.len);
		receive(&b, hk_bytes(padded, initiate.len + 7));
		assert_int_not_equal(b.out.forward, 0);
		assert_true(b.out.request.has_eap);
		assert_true(hk_bytes_equal(b.out.request.eap, initiate));
		assert_true(hk_bytes_equal(b.out.request.user_name, packet(cases[i].nai)));
		assert_true(hk_bytes_equal(b.out.realm, hk_text(cases[i].realm)));
		assert_true(hk_bytes_equal(b.out.domain, hk_text("visited.example")));
		assert_null(b.out.request.state.data);
		assert_nothing_sent(&b);
		assert_int_equal(b.port.state, HK_ER_PORT_AAA);
	}
}

/* E6696-5.2-10 */
static void user_names_short_and_long(void **state)
{
	uint8_t short_one[128];
	struct hk_buf buf = hk_buf(short_one, sizeof short_one);
	struct hk_hmac_key rik = {{0}, {0}};
	struct hk_bytes nai = packet("V4.keyName-NAI"), longest = packet("P9.init-maxnai");
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	assert_int_equal(nai.len, 20);
	hk_erp_begin(&buf, HK_ERP_INITIATE, 9, 0, 0, nai);
	assert_ok(hk_erp_seal(&buf, 2, &rik));
	receive(&b, hk_buf_bytes(&buf));
	assert_true(hk_bytes_equal(b.out.request.user_name, nai));
	assert_true(hk_bytes_equal(b.out.realm, hk_text("a.b")));

	attach(&b);
	receive(&b, longest);
	assert_int_equal(b.out.request.user_name.len, 253);
	assert_memory_equal(b.out.request.user_name.data, longest.data + 10, 253);
	assert_int_equal(b.out.realm.len, 236);
}

/* The suite is the server's affair; it answers with a list. */
static void an_unknown_suite_is_forwarded(void **state)
{
	/* P2.init with cryptosuite 200 and a tag of 3 octets */
	struct hk_bytes initiate =
		eap("0511002b02000001011d6366653863656431646165393837303540686f6d65"
		    "2e6578616d706c65c8aabbcc");
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, initiate);
	assert_true(hk_bytes_equal(b.out.request.eap, initiate));
	assert_true(hk_bytes_equal(b.out.request.user_name, packet("V1.keyName-NAI")));
}

/* E6696-3-04 */
static void an_initiate_while_an_identity_is_asked_for(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	expire(&b);
	assert_asks_identity(&b, 0);
	receive(&b, packet("P2.init"));
	assert_int_not_equal(b.out.forward, 0);
	/* the Request is not repeated, its answer no longer taken */
	assert_int_equal(b.out.deadline, b.now + b.config.aaa_ms);
	receive(&b, eap("0202000a0161406c2e78"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	accept_with(&b, packet("P2.finish"), rmsk());
	assert_sent(&b, 0, packet("P2.finish"));
	assert_int_equal(b.out.let_in, HK_ER_AUTHORISED_RMSK);
}

/* E6696-3-05 */
static void the_identity_time_out_does_not_close_the_link(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.request_transmissions = 1;
	b.config.request_ms = 1000;
	b.config.aaa_ms = 60000;
	attach(&b);
	expire(&b);
	assert_asks_identity(&b, 0);
	wait_ms(&b, 900);
	receive(&b, packet("P2.init"));
	wait_ms(&b, 30000);
	assert_false(b.out.shut);
	assert_int_equal(b.port.state, HK_ER_PORT_AAA);
	accept_with(&b, packet("P2.finish"), rmsk());
	assert_sent(&b, 0, packet("P2.finish"));
	assert_int_equal(b.port.state, HK_ER_PORT_UP);

	/* the Finish comes before the Request would have timed out */
	attach(&b);
	expire(&b);
	reauthenticate(&b);
	wait_ms(&b, 30000);
	assert_false(b.out.shut);
	assert_nothing_sent(&b);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
}

static void an_initiate_ends_a_method_that_runs(void **state)
{
	struct bench b;
	uint32_t eap_transaction;

	(void)state;
	set_up(&b);
	attach(&b);
	expire(&b);
	receive(&b, eap("0202000a0161406c2e78"));
	eap_transaction = b.out.forward;
	assert_int_not_equal(eap_transaction, 0);
	receive(&b, packet("P2.init"));
	assert_int_equal(b.out.abandon, eap_transaction);
	assert_int_not_equal(b.out.forward, 0);
	answer_to(&b, eap_transaction, HK_VERDICT_ACCEPT, eap("03020004"), rmsk(), 0);
	assert_dropped(&b, HK_ERR_UNEXPECTED);
}

static void packets_that_no_peer_may_send(void **state)
{
	struct hk_bytes initiate = packet("P2.init");
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P2.finish"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	receive(&b, packet("P7.start"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	receive(&b, eap("0103000501"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	receive(&b, eap("03030004"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	receive(&b, eap("04030004"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	receive(&b, eap("0703000503"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	/* Initiate of a type that does not exist */
	receive(&b, eap("0503000603aa"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	for (size_t n = 0; n < initiate.len; n++) {
		receive(&b, hk_bytes(initiate.data, n));
		assert_dropped(&b, HK_ERR_MALFORMED);
	}
	receive(&b, HK_NO_BYTES);
	assert_dropped(&b, HK_ERR_MALFORMED);
	assert_int_equal(b.port.state, HK_ER_PORT_START);
	assert_int_equal(b.out.deadline, NOW + 1000);
}

/* ---- one exchange at a time ---- */

static void a_copy_is_not_forwarded_twice(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P2.init"));
	wait_ms(&b, 1000);
	receive(&b, packet("P2.init"));
	assert_dropped(&b, HK_ERR_EXISTS);
	/* and the clock of the first goes on */
	assert_int_equal(b.out.deadline, NOW + b.config.aaa_ms);
}

static void a_newer_initiate_takes_the_place_of_the_older(void **state)
{
	struct bench b;
	uint32_t first;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P1.init"));
	first = b.out.forward;
	receive(&b, packet("P2.init"));
	assert_int_equal(b.out.abandon, first);
	assert_int_not_equal(b.out.forward, first);
	answer_to(&b, first, HK_VERDICT_ACCEPT, packet("P1.finish"), rmsk(), 0);
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	accept_with(&b, packet("P2.finish"), rmsk());
	assert_int_equal(b.out.let_in, HK_ER_AUTHORISED_RMSK);
}

/* Same Identifier, other octets: another exchange. */
static void an_identifier_used_again(void **state)
{
	struct hk_bytes other = packet("P2.init");
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P2.init"));
	((uint8_t *)other.data)[7] = 9; /* SEQ */
	receive(&b, other);
	assert_int_not_equal(b.out.forward, 0);
	assert_true(hk_bytes_equal(b.out.request.eap, other));
}

static void initiates_are_limited(void **state)
{
	struct bench b;
	uint8_t octets[64];
	struct hk_bytes initiate = packet("P2.init");
	size_t forwarded = 0;

	(void)state;
	set_up(&b);
	attach(&b);
	memcpy(octets, initiate.data, initiate.len);
	for (uint8_t i = 0; i < 100; i++) {
		octets[1] = i;
		receive(&b, hk_bytes(octets, initiate.len));
		forwarded += b.out.forward != 0;
	}
	assert_int_equal(forwarded, b.config.initiate_burst);
	assert_dropped(&b, HK_ERR_LIMIT);
	b.now += b.config.initiate_ms - 1;
	receive(&b, hk_bytes(octets, initiate.len));
	assert_dropped(&b, HK_ERR_LIMIT);
	b.now += 1;
	receive(&b, hk_bytes(octets, initiate.len));
	assert_int_not_equal(b.out.forward, 0);
	/* coming again does not help */
	hk_er_port_attach(&b.port, false, b.now, &b.out);
	receive(&b, hk_bytes(octets, initiate.len));
	assert_dropped(&b, HK_ERR_LIMIT);
}

/* The number of a transaction is never the one that means none. */
static void transactions_are_numbered_round(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	b.port.transaction = UINT32_MAX;
	reauthenticate(&b);
	assert_int_equal(b.port.transaction, 1);
}

/* ---- success ---- */

/* E6696-4.7-02 E6696-5.2-26 */
static void success_hands_over_the_rmsk(void **state)
{
	struct hk_bytes key = rmsk();
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P2.init"));
	assert_int_equal(b.out.let_in, HK_ER_NOT_AUTHORISED);
	assert_null(b.out.key.data);
	answer_to(&b, b.out.forward, HK_VERDICT_ACCEPT, packet("P2.finish"), key, 3600);
	assert_int_equal(b.out.nsend, 1);
	assert_sent(&b, 0, packet("P2.finish"));
	assert_int_equal(b.out.let_in, HK_ER_AUTHORISED_RMSK);
	assert_true(hk_bytes_equal(b.out.key, key));
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	assert_err(b.out.reason, HK_OK);
	/* the answer counts once */
	accept_with(&b, packet("P2.finish"), key);
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	/* and the port holds nothing of the key */
	assert_null(memmem(&b.port, sizeof b.port, key.data, 8));
}

/* E6696-5.1-32 */
static void a_bootstrap_success_does_too(void **state)
{
	struct hk_bytes key = packet("V1.rMSK[SEQ=65535]");
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P3.init"));
	accept_with(&b, packet("P3.finish"), key);
	assert_sent(&b, 0, packet("P3.finish"));
	assert_true(hk_bytes_equal(b.out.key, key));
}

/* ---- failure ---- */

static void a_failure_is_passed_on_and_eap_follows(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P2.init"));
	reject_with(&b, refusal());
	assert_sent(&b, 0, refusal());
	assert_asks_identity(&b, 1);
	assert_int_equal(b.out.let_in, HK_ER_NOT_AUTHORISED);
	assert_false(b.out.shut);
}

static void a_failure_without_tag_is_passed_on(void **state)
{
	struct hk_bytes initiate = packet("P2.init");
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	((uint8_t *)initiate.data)[1] = 0x1a;
	receive(&b, initiate);
	reject_with(&b, packet("R4.finish"));
	assert_sent(&b, 0, packet("R4.finish"));
	assert_asks_identity(&b, 1);
}

/* E6696-8-09 */
static void a_failure_leaves_what_stands(void **state)
{
	struct bench b;

	(void)state;
	for (int by_erp = 0; by_erp < 2; by_erp++) {
		set_up(&b);
		attach(&b);
		if (by_erp) {
			receive(&b, packet("P1.init"));
			accept_with(&b, packet("P1.finish"), rmsk());
		} else {
			expire(&b);
			receive(&b, eap("0202000a0161406c2e78"));
			accept_with(&b, eap("03020004"), rmsk());
		}
		assert_int_equal(b.port.state, HK_ER_PORT_UP);
		receive(&b, packet("P2.init"));
		reject_with(&b, refusal());
		assert_int_equal(b.out.nsend, 1);
		assert_sent(&b, 0, refusal());
		assert_false(b.out.shut);
		assert_int_equal(b.port.state, HK_ER_PORT_UP);
		assert_int_equal(
			b.port.authorised, by_erp ? HK_ER_AUTHORISED_RMSK : HK_ER_AUTHORISED_MSK);
	}
}

/* Sends P2.init with and without authorisation, and gives an answer that comes to nothing. */
static void check_no_answer(enum hk_verdict verdict, struct hk_bytes packet_of_server,
	struct hk_bytes key, enum hk_err reason)
{
	struct bench b;

	set_up(&b);
	attach(&b);
	receive(&b, packet("P2.init"));
	answer_to(&b, b.out.forward, verdict, packet_of_server, key, 0);
	assert_err(b.out.reason, reason);
	assert_asks_identity(&b, 0);
	assert_int_equal(b.out.let_in, HK_ER_NOT_AUTHORISED);
	assert_null(b.out.key.data);

	attach(&b);
	receive(&b, packet("P1.init"));
	accept_with(&b, packet("P1.finish"), rmsk());
	receive(&b, packet("P2.init"));
	answer_to(&b, b.out.forward, verdict, packet_of_server, key, 0);
	assert_dropped(&b, reason);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
}

/* E6696-5.3-06 */
static void answers_that_do_not_fit(void **state)
{
	static uint8_t long_finish[HK_ERP_MAX_LEN + 1];
	struct hk_bytes finish = packet("P2.finish"), other = packet("P2.finish");

	(void)state;
	((uint8_t *)other.data)[1] ^= 1;
	check_no_answer(HK_VERDICT_ACCEPT, other, rmsk(), HK_ERR_UNEXPECTED);
	check_no_answer(HK_VERDICT_REJECT, other, HK_NO_BYTES, HK_ERR_UNEXPECTED);
	/* the R bit against the verdict */
	check_no_answer(HK_VERDICT_REJECT, finish, HK_NO_BYTES, HK_ERR_UNEXPECTED);
	check_no_answer(HK_VERDICT_ACCEPT, refusal(), rmsk(), HK_ERR_UNEXPECTED);
	/* no rMSK, or half of one */
	check_no_answer(HK_VERDICT_ACCEPT, finish, HK_NO_BYTES, HK_ERR_NOT_FOUND);
	check_no_answer(HK_VERDICT_ACCEPT, finish, hk_bytes(rmsk().data, 32), HK_ERR_NOT_FOUND);
	/* no EAP, ordinary EAP, not even EAP */
	check_no_answer(HK_VERDICT_ACCEPT, HK_NO_BYTES, rmsk(), HK_ERR_NOT_FOUND);
	check_no_answer(HK_VERDICT_REJECT, HK_NO_BYTES, HK_NO_BYTES, HK_ERR_NOT_FOUND);
	check_no_answer(HK_VERDICT_ACCEPT, eap("03110004"), rmsk(), HK_ERR_UNEXPECTED);
	check_no_answer(HK_VERDICT_REJECT, eap("04000004"), HK_NO_BYTES, HK_ERR_UNEXPECTED);
	check_no_answer(HK_VERDICT_REJECT, eap("0411"), HK_NO_BYTES, HK_ERR_MALFORMED);
	check_no_answer(HK_VERDICT_ACCEPT, eap("0611000502"), rmsk(), HK_ERR_UNEXPECTED);
	check_no_answer(HK_VERDICT_ACCEPT, eap("061100080100000100"), rmsk(), HK_ERR_UNEXPECTED);
	memcpy(long_finish, "\x06\x11\x03\xfd\x02\x00\x00\x01", 8);
	check_no_answer(HK_VERDICT_ACCEPT, hk_bytes(long_finish, sizeof long_finish), rmsk(),
		HK_ERR_TOO_LONG);
	/* the AAA client says that there is none */
	check_no_answer(HK_VERDICT_NONE, HK_NO_BYTES, HK_NO_BYTES, HK_ERR_TIMEOUT);
	check_no_answer(HK_VERDICT_PENDING, HK_NO_BYTES, HK_NO_BYTES, HK_ERR_TIMEOUT);
	check_no_answer(HK_VERDICT_CHALLENGE, HK_NO_BYTES, HK_NO_BYTES, HK_ERR_MALFORMED);
	check_no_answer(HK_VERDICT_CHALLENGE, finish, HK_NO_BYTES, HK_ERR_UNEXPECTED);
}

static void no_answer_in_time(void **state)
{
	struct bench b;
	uint32_t transaction;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P2.init"));
	transaction = b.out.forward;
	wait_ms(&b, b.config.aaa_ms - 1);
	assert_int_equal(b.port.state, HK_ER_PORT_AAA);
	expire(&b);
	assert_err(b.out.reason, HK_ERR_TIMEOUT);
	assert_int_equal(b.out.abandon, transaction);
	assert_asks_identity(&b, 0);
	/* an answer that comes yet is too late */
	answer_to(&b, transaction, HK_VERDICT_ACCEPT, packet("P2.finish"), rmsk(), 0);
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	/* the peer repeats itself: it is an attempt of its own */
	receive(&b, packet("P2.init"));
	assert_int_not_equal(b.out.forward, 0);
	assert_int_not_equal(b.out.forward, transaction);

	/* with a link that stands there is silence */
	attach(&b);
	receive(&b, packet("P1.init"));
	accept_with(&b, packet("P1.finish"), rmsk());
	receive(&b, packet("P2.init"));
	wait_ms(&b, b.config.aaa_ms);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	assert_nothing_sent(&b);
	assert_false(b.out.shut);
}

/* A server that has no key goes on with full EAP in the same conversation. */
static void a_challenge_goes_on_with_full_eap(void **state)
{
	struct hk_bytes request = eap("0177000501");
	struct hk_er_answer a = {
		0, HK_VERDICT_CHALLENGE, request, hk_text("state-1"), HK_NO_BYTES, 0};
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P2.init"));
	a.transaction = b.out.forward;
	hk_er_port_answer(&b.port, &a, b.now, &b.out);
	assert_int_equal(b.out.nsend, 1);
	assert_sent(&b, 0, request);
	assert_int_equal(b.port.state, HK_ER_PORT_REQUEST);
	receive(&b, eap("0277000a0161406c2e78"));
	assert_int_not_equal(b.out.forward, 0);
	assert_true(hk_bytes_equal(b.out.request.state, hk_text("state-1")));
	assert_true(hk_bytes_equal(b.out.request.user_name, hk_text("a@l.x")));
}

/* ---- configuration ---- */

static void numbers_out_of_range(void **state)
{
	struct bench b;

	(void)state;
#define REFUSED(member, value)                                                                     \
	do {                                                                                       \
		set_up(&b);                                                                        \
		b.config.member = value;                                                           \
		assert_err(hk_er_port_init(&b.port, &b.config, &b.identity, 0), HK_ERR_ARGUMENT);  \
	} while (0)
	REFUSED(start, (enum hk_er_start)3);
	REFUSED(start_transmissions, 0);
	REFUSED(start_transmissions, 4);
	REFUSED(request_transmissions, 0);
	REFUSED(initiate_burst, 0);
	REFUSED(initiate_ms, 0);
	REFUSED(start_ms, 0);
	REFUSED(request_ms, 0);
	REFUSED(aaa_ms, 0);
	REFUSED(finish_ms, 0);
#undef REFUSED
	set_up(&b);
	b.config.domain = hk_text("visited.example.");
	assert_err(hk_er_port_init(&b.port, &b.config, &b.identity, 0), HK_ERR_REALM);
	b.config.domain = hk_text("visited example");
	assert_err(hk_er_port_init(&b.port, &b.config, &b.identity, 0), HK_ERR_MALFORMED);
}

static void identities_that_do_not_fit(void **state)
{
	static const uint8_t octets[256];
	struct bench b;

	(void)state;
	set_up(&b);
	b.identity.nas_ip_address = hk_bytes(octets, 5);
	assert_err(hk_er_port_init(&b.port, &b.config, &b.identity, 0), HK_ERR_ARGUMENT);
	set_up(&b);
	b.identity.nas_ipv6_address = hk_bytes(octets, 15);
	assert_err(hk_er_port_init(&b.port, &b.config, &b.identity, 0), HK_ERR_ARGUMENT);
	set_up(&b);
	b.identity.nas_identifier = hk_bytes(octets, 256);
	assert_ok(hk_er_port_init(&b.port, &b.config, &b.identity, 0));
	b.config.announce_identity = true;
	assert_err(hk_er_port_init(&b.port, &b.config, &b.identity, 0), HK_ERR_TOO_LONG);
	b.identity.nas_identifier = hk_bytes(octets, 253);
	b.identity.called_station_id = b.identity.nas_identifier;
	b.identity.calling_station_id = b.identity.nas_identifier;
	assert_ok(hk_er_port_init(&b.port, &b.config, &b.identity, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_comes_gets_a_start),
		cmocka_unit_test(a_port_without_domain_sends_a_start_too),
		cmocka_unit_test(peer_and_server_are_told_the_same),
		cmocka_unit_test(a_silent_peer_gets_eap),
		cmocka_unit_test(a_start_is_repeated_as_it_is),
		cmocka_unit_test(every_start_has_an_identifier_of_its_own),
		cmocka_unit_test(without_start_an_initiate_still_works),
		cmocka_unit_test(a_start_for_known_peers_only),
		cmocka_unit_test(erp_can_be_switched_off),
		cmocka_unit_test(an_initiate_is_forwarded_as_it_is),
		cmocka_unit_test(user_names_short_and_long),
		cmocka_unit_test(an_unknown_suite_is_forwarded),
		cmocka_unit_test(an_initiate_while_an_identity_is_asked_for),
		cmocka_unit_test(the_identity_time_out_does_not_close_the_link),
		cmocka_unit_test(an_initiate_ends_a_method_that_runs),
		cmocka_unit_test(packets_that_no_peer_may_send),
		cmocka_unit_test(a_copy_is_not_forwarded_twice),
		cmocka_unit_test(a_newer_initiate_takes_the_place_of_the_older),
		cmocka_unit_test(an_identifier_used_again),
		cmocka_unit_test(initiates_are_limited),
		cmocka_unit_test(transactions_are_numbered_round),
		cmocka_unit_test(success_hands_over_the_rmsk),
		cmocka_unit_test(a_bootstrap_success_does_too),
		cmocka_unit_test(a_failure_is_passed_on_and_eap_follows),
		cmocka_unit_test(a_failure_without_tag_is_passed_on),
		cmocka_unit_test(a_failure_leaves_what_stands),
		cmocka_unit_test(answers_that_do_not_fit),
		cmocka_unit_test(no_answer_in_time),
		cmocka_unit_test(a_challenge_goes_on_with_full_eap),
		cmocka_unit_test(numbers_out_of_range),
		cmocka_unit_test(identities_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
