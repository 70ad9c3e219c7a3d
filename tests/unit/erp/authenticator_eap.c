/* SPDX-License-Identifier: ISC */
/* Ordinary EAP through the ER authenticator (RFC 3748 section 2.3, RFC 3579). */
#include "port.h"

/* A port that asks for an identity; its Identifier is 1. */
static void ask(struct bench *b)
{
	set_up(b);
	b->config.start = HK_ER_START_OFF;
	attach(b);
	assert_asks_identity(b, 0);
}

static struct hk_bytes identity_response(void)
{
	return eap("0201000a0161406c2e78"); /* a@l.x */
}

static void challenge_with(struct bench *b, struct hk_bytes request, const char *state, uint32_t s)
{
	struct hk_er_answer a = {
		b->port.transaction, HK_VERDICT_CHALLENGE, request, hk_text(state), HK_NO_BYTES, s};

	hk_er_port_answer(&b->port, &a, b->now, &b->out);
}

/* E6696-5.1-06 E5295-6-08 */
static void a_whole_run(void **state)
{
	struct hk_bytes key = rmsk();
	struct bench b;

	(void)state;
	ask(&b);
	receive(&b, identity_response());
	assert_int_not_equal(b.out.forward, 0);
	assert_true(hk_bytes_equal(b.out.request.eap, identity_response()));
	assert_true(hk_bytes_equal(b.out.request.user_name, hk_text("a@l.x")));
	assert_null(b.out.request.state.data);
	assert_true(hk_bytes_equal(b.out.request.nas_identifier, b.identity.nas_identifier));
	/* implicit bootstrap: the first Response carries the domain, no other */
	assert_true(hk_bytes_equal(b.out.domain, b.config.domain));
	assert_int_equal(b.out.deadline, NOW + b.config.aaa_ms);

	challenge_with(&b, eap("015500060d20"), "one", 0);
	assert_int_equal(b.out.nsend, 1);
	assert_sent(&b, 0, eap("015500060d20"));
	receive(&b, eap("025500060d00"));
	assert_true(hk_bytes_equal(b.out.request.user_name, hk_text("a@l.x")));
	assert_true(hk_bytes_equal(b.out.request.state, hk_text("one")));
	assert_int_equal(b.out.domain.len, 0);

	challenge_with(&b, eap("015600060d00"), "another", 0);
	receive(&b, eap("025600060d00"));
	assert_true(hk_bytes_equal(b.out.request.state, hk_text("another")));

	accept_with(&b, eap("03560004"), key);
	assert_int_equal(b.out.nsend, 1);
	assert_sent(&b, 0, eap("03560004"));
	assert_int_equal(b.out.let_in, HK_ER_AUTHORISED_MSK);
	assert_true(hk_bytes_equal(b.out.key, key));
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	assert_int_equal(b.out.deadline, NOW + 3600 * 1000);
}

static void a_peer_without_erp_after_a_start(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	/* nothing was asked yet */
	receive(&b, identity_response());
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	expire(&b);
	receive(&b, eap("0202000a0161406c2e78"));
	accept_with(&b, eap("03020004"), HK_NO_BYTES);
	assert_int_equal(b.out.let_in, HK_ER_AUTHORISED_MSK);
	assert_int_equal(b.out.key.len, 0);
}

static void requests_are_repeated_and_waits_doubled(void **state)
{
	static const hk_time waits[] = {3000, 6000, 12000, 20000, 20000};
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.start = HK_ER_START_OFF;
	b.config.request_transmissions = 5;
	attach(&b);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(b.out.nsend, 1);
		assert_sent(&b, 0, eap("0101000501"));
		assert_int_equal(b.out.deadline, b.now + waits[i]);
		expire(&b);
	}
	assert_nothing_sent(&b);
	assert_true(b.out.shut);
	assert_err(b.out.reason, HK_ERR_TIMEOUT);
	assert_int_equal(b.port.state, HK_ER_PORT_DOWN);
}

static void the_server_says_how_long_to_wait(void **state)
{
	struct bench b;

	(void)state;
	ask(&b);
	receive(&b, identity_response());
	challenge_with(&b, eap("015500060d20"), "s", 60);
	assert_int_equal(b.out.deadline, NOW + 60000);
	expire(&b);
	assert_sent(&b, 0, eap("015500060d20"));
	assert_int_equal(b.out.deadline, b.now + 60000);
	receive(&b, eap("025500060d00"));
	challenge_with(&b, eap("015600060d20"), "s", UINT32_MAX);
	assert_int_equal(b.out.deadline, b.now + 600000);
}

static void responses_that_answer_nothing(void **state)
{
	struct bench b;

	(void)state;
	ask(&b);
	receive(&b, eap("0202000a0161406c2e78"));
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	receive(&b, eap("02010004"));
	assert_dropped(&b, HK_ERR_MALFORMED);
	receive(&b, identity_response());
	assert_int_not_equal(b.out.forward, 0);
	/* once is enough */
	receive(&b, identity_response());
	assert_dropped(&b, HK_ERR_UNEXPECTED);
}

static void user_name_of_odd_identities(void **state)
{
	uint8_t longest[5 + 254] = {2, 1, 1, 2, 1};
	struct bench b;

	(void)state;
	/* 254 octets do not fit a User-Name */
	ask(&b);
	longest[3] = 3;
	receive(&b, hk_bytes(longest, 5 + 254));
	assert_dropped(&b, HK_ERR_TOO_LONG);
	longest[3] = 2;
	receive(&b, hk_bytes(longest, 5 + 253));
	assert_int_equal(b.out.request.user_name.len, 253);

	/* no identity: the peer's address stands in, also in later requests */
	ask(&b);
	receive(&b, eap("0201000501"));
	assert_true(hk_bytes_equal(b.out.request.user_name, b.identity.calling_station_id));
	challenge_with(&b, eap("015500060d20"), "s", 0);
	receive(&b, eap("025500060d00"));
	assert_true(hk_bytes_equal(b.out.request.user_name, b.identity.calling_station_id));
}

static void a_rejected_peer_is_shut_out(void **state)
{
	struct bench b;

	(void)state;
	ask(&b);
	receive(&b, identity_response());
	reject_with(&b, eap("04010004"));
	assert_int_equal(b.out.nsend, 1);
	assert_sent(&b, 0, eap("04010004"));
	assert_true(b.out.shut);
	assert_err(b.out.reason, HK_ERR_DENIED);
	assert_int_equal(b.port.state, HK_ER_PORT_DOWN);

	/* RFC 3579 section 2.6.3: nothing is made up in the server's name */
	ask(&b);
	receive(&b, identity_response());
	reject_with(&b, HK_NO_BYTES);
	assert_nothing_sent(&b);
	assert_true(b.out.shut);
	ask(&b);
	receive(&b, identity_response());
	reject_with(&b, eap("03010004"));
	assert_nothing_sent(&b);
	assert_true(b.out.shut);
}

/* Even a port that was authorised: this is the server's word on the user. */
static void a_reject_ends_what_stands(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	reauthenticate(&b);
	hk_er_port_start_eap(&b.port, b.now, &b.out);
	assert_asks_identity(&b, 0);
	receive(&b, eap("0202000a0161406c2e78"));
	reject_with(&b, eap("04020004"));
	assert_true(b.out.shut);
	assert_int_equal(b.port.authorised, HK_ER_NOT_AUTHORISED);
}

/* Answers that say nothing about the user: no way in, but no way out either. */
static void check_eap_comes_to_nothing(
	enum hk_verdict verdict, struct hk_bytes packet_of_server, enum hk_err reason)
{
	struct bench b;

	ask(&b);
	receive(&b, identity_response());
	answer_to(&b, b.out.forward, verdict, packet_of_server, rmsk(), 0);
	assert_nothing_sent(&b);
	assert_err(b.out.reason, reason);
	assert_true(b.out.shut);
	assert_null(b.out.key.data);

	set_up(&b);
	attach(&b);
	reauthenticate(&b);
	hk_er_port_start_eap(&b.port, b.now, &b.out);
	receive(&b, eap("0202000a0161406c2e78"));
	answer_to(&b, b.out.forward, verdict, packet_of_server, rmsk(), 0);
	assert_dropped(&b, reason);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
}

static void answers_that_come_to_nothing(void **state)
{
	static uint8_t long_request[HK_EAP_MAX_LEN + 1] = {1, 9, 0x10, 1, 13};

	(void)state;
	check_eap_comes_to_nothing(HK_VERDICT_NONE, HK_NO_BYTES, HK_ERR_TIMEOUT);
	check_eap_comes_to_nothing(HK_VERDICT_ACCEPT, HK_NO_BYTES, HK_ERR_MALFORMED);
	check_eap_comes_to_nothing(HK_VERDICT_ACCEPT, eap("04010004"), HK_ERR_UNEXPECTED);
	check_eap_comes_to_nothing(HK_VERDICT_ACCEPT, packet("P2.finish"), HK_ERR_UNEXPECTED);
	check_eap_comes_to_nothing(HK_VERDICT_CHALLENGE, HK_NO_BYTES, HK_ERR_MALFORMED);
	check_eap_comes_to_nothing(HK_VERDICT_CHALLENGE, eap("03010004"), HK_ERR_UNEXPECTED);
	check_eap_comes_to_nothing(HK_VERDICT_CHALLENGE, packet("P7.start"), HK_ERR_UNEXPECTED);
	check_eap_comes_to_nothing(
		HK_VERDICT_CHALLENGE, hk_bytes(long_request, sizeof long_request), HK_ERR_TOO_LONG);
}

static void the_longest_request_and_state(void **state)
{
	static uint8_t request[HK_EAP_MAX_LEN] = {1, 9, 0x10, 0, 13}, aaa_state[254];
	struct hk_er_answer a = {0, HK_VERDICT_CHALLENGE, {request, sizeof request},
		{aaa_state, 253}, HK_NO_BYTES, 0};
	struct bench b;

	(void)state;
	ask(&b);
	memset(aaa_state, 's', sizeof aaa_state);
	receive(&b, identity_response());
	a.transaction = b.out.forward;
	hk_er_port_answer(&b.port, &a, b.now, &b.out);
	assert_sent(&b, 0, hk_bytes(request, sizeof request));
	receive(&b, eap("020900060d00"));
	assert_true(hk_bytes_equal(b.out.request.state, hk_bytes(aaa_state, 253)));
	a.transaction = b.out.forward;
	a.state.len = 254;
	hk_er_port_answer(&b.port, &a, b.now, &b.out);
	assert_nothing_sent(&b);
	assert_err(b.out.reason, HK_ERR_TOO_LONG);
}

static void a_server_that_is_silent(void **state)
{
	struct bench b;
	uint32_t transaction;

	(void)state;
	ask(&b);
	receive(&b, identity_response());
	transaction = b.out.forward;
	expire(&b);
	assert_int_equal(b.out.abandon, transaction);
	assert_err(b.out.reason, HK_ERR_TIMEOUT);
	assert_true(b.out.shut);
}

/* Anybody can send EAPOL-Start in a peer's name; that alone ends nothing. */
static void a_peer_that_is_silent_when_asked_again(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	reauthenticate(&b);
	hk_er_port_start_eap(&b.port, b.now, &b.out);
	wait_ms(&b, 60000);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	assert_int_equal(b.port.authorised, HK_ER_AUTHORISED_RMSK);
}

/* From the beginning: another Identifier, nothing left of the State. */
static void a_peer_that_starts_over(void **state)
{
	struct bench b;
	uint32_t transaction;

	(void)state;
	ask(&b);
	receive(&b, identity_response());
	challenge_with(&b, eap("015500060d20"), "one", 0);
	receive(&b, eap("025500060d00"));
	transaction = b.out.forward;
	hk_er_port_start_eap(&b.port, b.now, &b.out);
	assert_int_equal(b.out.abandon, transaction);
	assert_asks_identity(&b, 0);
	assert_int_equal(b.out.send[0].data[1], 0x56);
	receive(&b, eap("0256000a0162406c2e78"));
	assert_null(b.out.request.state.data);
	assert_true(hk_bytes_equal(b.out.request.user_name, hk_text("b@l.x")));

	/* who answers the question for a name with something else has none */
	challenge_with(&b, eap("015700060d20"), "two", 0);
	hk_er_port_start_eap(&b.port, b.now, &b.out);
	receive(&b, eap("0258000603ff"));
	assert_true(hk_bytes_equal(b.out.request.user_name, b.identity.calling_station_id));

	/* a port that is down takes a new attempt as well */
	reject_with(&b, eap("04560004"));
	assert_int_equal(b.port.state, HK_ER_PORT_DOWN);
	hk_er_port_start_eap(&b.port, b.now, &b.out);
	assert_asks_identity(&b, 0);
}

static void the_session_of_a_full_run_ends_too(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	expire(&b);
	receive(&b, eap("0202000a0161406c2e78"));
	answer_to(&b, b.out.forward, HK_VERDICT_ACCEPT, eap("03020004"), rmsk(), 60);
	wait_ms(&b, 60000);
	assert_int_equal(b.port.state, HK_ER_PORT_START);

	/* and without a time-out it does not */
	set_up(&b);
	attach(&b);
	expire(&b);
	receive(&b, eap("0202000a0161406c2e78"));
	answer_to(&b, b.out.forward, HK_VERDICT_ACCEPT, eap("03020004"), rmsk(), 0);
	assert_int_equal(b.out.deadline, HK_NEVER);
}

/* ---- whatever happens ---- */

static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ (z >> 31)) >> 32) % sides;
}

/* Packets a peer or a server could send, sensible or not, with any Identifier. */
static struct hk_bytes any_packet(const struct bench *b)
{
	static uint8_t octets[2048];
	static const char *const some[] = {"0201000a0161406c2e78", "025500060d00", "015500060d20",
		"03010004", "04010004", "0101000501", "05100004", "0710000502"};
	static const char *const more[] = {"P1.init", "P1.finish", "P2.init", "P2.finish",
		"P3.init", "P3.finish", "P7.start", "R4.finish"};
	struct hk_bytes p = dice(2) ? eap(some[dice(8)]) : packet(more[dice(8)]);

	memcpy(octets, p.data, p.len);
	switch (dice(4)) {
	case 0:
		octets[1] = b->port.identifier;
		break;
	case 1:
		octets[1] = b->port.initiate_identifier;
		break;
	case 2:
		octets[dice((uint32_t)p.len)] = (uint8_t)dice(256);
		break;
	default:
		break;
	}
	return hk_bytes(octets, p.len);
}

/* The packet that a well-behaved server would let the peer in with. */
static struct hk_bytes fitting_packet(const struct bench *b)
{
	struct hk_bytes finish = packet("P2.finish");

	if (b->port.state != HK_ER_PORT_AAA)
		return eap("03020004");
	((uint8_t *)finish.data)[1] = b->port.initiate_identifier;
	return finish;
}

static void any_answer(struct bench *b)
{
	struct hk_er_answer a = {b->port.transaction - (dice(8) == 0),
		(enum hk_verdict)dice(HK_VERDICT_PENDING + 1),
		dice(2) ? fitting_packet(b) : any_packet(b), hk_text("state"),
		dice(4) ? rmsk() : HK_NO_BYTES, dice(2) ? dice(20) : 0};
	enum hk_er_port_state before = b->port.state;
	bool stood = b->port.authorised && !b->port.session_over;

	hk_er_port_answer(&b->port, &a, b->now, &b->out);
	if (b->out.let_in) {
		assert_int_equal(a.verdict, HK_VERDICT_ACCEPT);
		assert_int_equal(a.transaction, b->port.transaction);
		assert_int_equal(b->out.nsend, 1);
		assert_int_equal(b->out.let_in,
			before == HK_ER_PORT_AAA ? HK_ER_AUTHORISED_RMSK : HK_ER_AUTHORISED_MSK);
	}
	/* an ERP failure never takes away what stands */
	if (before == HK_ER_PORT_AAA)
		assert_false(b->out.shut);
	if (before == HK_ER_PORT_AAA && stood)
		assert_int_not_equal(b->port.authorised, HK_ER_NOT_AUTHORISED);
}

static void any_event(struct bench *b)
{
	switch (dice(16)) {
	case 0:
		hk_er_port_attach(&b->port, dice(2), b->now, &b->out);
		break;
	case 1:
		hk_er_port_start_eap(&b->port, b->now, &b->out);
		break;
	case 2:
	case 3:
		b->now += dice(8000);
		hk_er_port_timeout(&b->port, b->now, &b->out);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
	case 8:
		any_answer(b);
		return;
	case 9:
		if (dice(20) == 0)
			hk_er_port_detach(&b->port, &b->out);
		else
			hk_er_port_timeout(&b->port, b->now, &b->out);
		break;
	default:
		receive(b, any_packet(b));
	}
	/* nobody gets in without the server */
	assert_int_equal(b->out.let_in, HK_ER_NOT_AUTHORISED);
}

static bool waits(const struct hk_er_port *port)
{
	return port->state == HK_ER_PORT_START || port->state == HK_ER_PORT_REQUEST ||
	       port->state == HK_ER_PORT_PASS || port->state == HK_ER_PORT_AAA;
}

static void check_always(const struct bench *b)
{
	size_t asking = 0;

	for (size_t i = 0; i < b->out.nsend; i++) {
		const uint8_t *p = b->out.send[i].data;

		asking += p[0] == HK_EAP_REQUEST ||
			  (p[0] == HK_EAP_INITIATE && p[4] == HK_ERP_REAUTH_START);
	}
	assert_true(b->out.nsend <= 2);
	assert_true(asking <= 1);
	/* while a packet is with the server nothing is asked of the peer */
	if (b->out.forward) {
		assert_int_equal(asking, 0);
		assert_true(b->port.state == HK_ER_PORT_PASS || b->port.state == HK_ER_PORT_AAA);
		assert_int_not_equal(b->out.abandon, b->out.forward);
	}
	if (waits(&b->port))
		assert_int_not_equal(b->out.deadline, HK_NEVER);
	if (b->port.state == HK_ER_PORT_UP)
		assert_int_not_equal(b->port.authorised, HK_ER_NOT_AUTHORISED);
	if (b->out.shut)
		assert_int_equal(b->port.authorised, HK_ER_NOT_AUTHORISED);
}

/* Left alone, every port comes to rest. */
static void check_comes_to_rest(struct bench *b)
{
	for (int i = 0; i < 50 && b->out.deadline != HK_NEVER; i++) {
		if (b->out.deadline > b->now)
			b->now = b->out.deadline;
		hk_er_port_timeout(&b->port, b->now, &b->out);
		check_always(b);
	}
	assert_int_equal(b->out.deadline, HK_NEVER);
	assert_false(waits(&b->port));
}

/* E6696-3-10 E6696-8-09 */
static void random_walks(void **state)
{
	size_t let_in = 0;

	(void)state;
	for (uint64_t walk = 0; walk < 300; walk++) {
		struct bench b;

		seed = walk;
		set_up(&b);
		b.config.start = (enum hk_er_start)dice(3);
		b.config.start_transmissions = (uint8_t)(1 + dice(3));
		attach(&b);
		for (int step = 0; step < 200; step++) {
			any_event(&b);
			check_always(&b);
			let_in += b.out.let_in != HK_ER_NOT_AUTHORISED;
		}
		check_comes_to_rest(&b);
	}
	/* the walks must lead somewhere */
	assert_true(let_in > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_run),
		cmocka_unit_test(a_peer_without_erp_after_a_start),
		cmocka_unit_test(requests_are_repeated_and_waits_doubled),
		cmocka_unit_test(the_server_says_how_long_to_wait),
		cmocka_unit_test(responses_that_answer_nothing),
		cmocka_unit_test(user_name_of_odd_identities),
		cmocka_unit_test(a_rejected_peer_is_shut_out),
		cmocka_unit_test(a_reject_ends_what_stands),
		cmocka_unit_test(answers_that_come_to_nothing),
		cmocka_unit_test(the_longest_request_and_state),
		cmocka_unit_test(a_server_that_is_silent),
		cmocka_unit_test(a_peer_that_is_silent_when_asked_again),
		cmocka_unit_test(a_peer_that_starts_over),
		cmocka_unit_test(the_session_of_a_full_run_ends_too),
		cmocka_unit_test(random_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
