/* SPDX-License-Identifier: ISC */
/* The ER authenticator after an exchange: the Finish that is kept, the end of sessions. */
#include "port.h"

/* ---- the Finish is kept for a while ---- */

/* E6696-6-09 */
static void a_copy_of_an_answered_initiate_gets_the_finish_again(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	reauthenticate(&b);
	wait_ms(&b, 50);
	receive(&b, packet("P2.init"));
	assert_int_equal(b.out.nsend, 1);
	assert_sent(&b, 0, packet("P2.finish"));
	assert_not_forwarded(&b);
	assert_int_equal(b.out.let_in, HK_ER_NOT_AUTHORISED);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);

	/* a failure likewise, beside the Request that followed it */
	attach(&b);
	receive(&b, packet("P2.init"));
	reject_with(&b, refusal());
	wait_ms(&b, 50);
	receive(&b, packet("P2.init"));
	assert_int_equal(b.out.nsend, 1);
	assert_sent(&b, 0, refusal());
	assert_not_forwarded(&b);
	assert_int_equal(b.port.state, HK_ER_PORT_REQUEST);
	assert_true(b.out.deadline < HK_NEVER);
}

/* A late copy of the older one does not disturb the newer. */
static void a_late_copy_while_the_next_exchange_runs(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P1.init"));
	accept_with(&b, packet("P1.finish"), rmsk());
	receive(&b, packet("P2.init"));
	receive(&b, packet("P1.init"));
	assert_sent(&b, 0, packet("P1.finish"));
	assert_not_forwarded(&b);
	assert_int_equal(b.out.abandon, 0);
	assert_int_equal(b.port.state, HK_ER_PORT_AAA);
	accept_with(&b, packet("P2.finish"), rmsk());
	assert_sent(&b, 0, packet("P2.finish"));
}

/* E6696-6-10 */
static void the_finish_is_forgotten_in_time(void **state)
{
	struct hk_bytes finish = packet("P2.finish");
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	reauthenticate(&b);
	assert_int_equal(b.out.deadline, NOW + b.config.finish_ms);
	wait_ms(&b, b.config.finish_ms - 1);
	assert_non_null(memmem(&b.port, sizeof b.port, finish.data, finish.len));
	expire(&b);
	assert_null(memmem(&b.port, sizeof b.port, finish.data + 8, finish.len - 8));
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	receive(&b, packet("P2.init"));
	assert_nothing_sent(&b);
	assert_int_not_equal(b.out.forward, 0);
}

/* Nobody calls the time-out: the copy is not used all the same. */
static void a_late_clock_keeps_no_finish(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	reauthenticate(&b);
	b.now += b.config.finish_ms;
	receive(&b, packet("P2.init"));
	assert_nothing_sent(&b);
	assert_int_not_equal(b.out.forward, 0);
}

/* E6696-6-11 */
static void the_finish_is_kept_for_a_tenth_of_a_second_at_least(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.finish_ms = 99;
	assert_err(hk_er_port_init(&b.port, &b.config, &b.identity, 0), HK_ERR_ARGUMENT);
	b.config.finish_ms = 100;
	attach(&b);
	reauthenticate(&b);
	wait_ms(&b, 99);
	receive(&b, packet("P2.init"));
	assert_sent(&b, 0, packet("P2.finish"));
}

/* E6696-5.3-08 */
static void nothing_is_kept_for_more_than_five_minutes(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	b.config.finish_ms = b.config.aaa_ms = 300000;
	attach(&b);
	reauthenticate(&b);
	wait_ms(&b, 301000);
	assert_int_equal(b.port.finish_len, 0);

	receive(&b, packet("P1.init"));
	wait_ms(&b, 301000);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	receive(&b, packet("P1.init"));
	assert_int_not_equal(b.out.forward, 0);

	b.config.finish_ms = 300001;
	assert_err(hk_er_port_init(&b.port, &b.config, &b.identity, 0), HK_ERR_ARGUMENT);
	b.config.finish_ms = 300000;
	b.config.aaa_ms = 300001;
	assert_err(hk_er_port_init(&b.port, &b.config, &b.identity, 0), HK_ERR_ARGUMENT);
}

/* ---- the end of a session ---- */

static void a_session_ends_and_the_next_begins(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	reauthenticate(&b);
	wait_ms(&b, 3599 * 1000);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	expire(&b);
	assert_int_equal(b.now, NOW + 3600 * 1000);
	assert_int_equal(b.port.state, HK_ER_PORT_START);
	assert_int_equal(b.out.send[0].data[0], HK_ERP_INITIATE);
	assert_false(b.out.shut);
	receive(&b, packet("P1.init"));
	accept_with(&b, packet("P1.finish"), rmsk());
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	assert_true(hk_bytes_equal(b.out.key, rmsk()));
	wait_ms(&b, 3599 * 1000);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	/* the next one has an end of its own */
	wait_ms(&b, 1000);
	assert_int_equal(b.port.state, HK_ER_PORT_START);
}

static void a_session_that_nobody_renews(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	reauthenticate(&b);
	wait_ms(&b, 3600 * 1000);
	expire(&b);
	assert_asks_identity(&b, 0);
	for (int i = 1; i < b.config.request_transmissions; i++) {
		expire(&b);
		assert_int_equal(b.out.nsend, 1);
		assert_false(b.out.shut);
	}
	expire(&b);
	assert_true(b.out.shut);
	assert_err(b.out.reason, HK_ERR_TIMEOUT);
	assert_int_equal(b.port.state, HK_ER_PORT_DOWN);
	assert_int_equal(b.out.deadline, HK_NEVER);
}

/* When the time is up, a failed re-authentication needs full EAP. */
static void a_session_that_erp_cannot_renew(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P1.init"));
	accept_with(&b, packet("P1.finish"), rmsk());
	wait_ms(&b, 3600 * 1000);
	receive(&b, packet("P2.init"));
	reject_with(&b, refusal());
	assert_sent(&b, 0, refusal());
	assert_asks_identity(&b, 1);
	assert_false(b.out.shut);
}

static void a_session_that_ends_while_an_exchange_runs(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P1.init"));
	answer_to(&b, b.out.forward, HK_VERDICT_ACCEPT, packet("P1.finish"), rmsk(), 10);
	wait_ms(&b, 8000);
	receive(&b, packet("P2.init"));
	wait_ms(&b, 3000);
	assert_int_equal(b.port.state, HK_ER_PORT_AAA);
	assert_false(b.out.shut);
	accept_with(&b, packet("P2.finish"), rmsk());
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	assert_true(b.out.deadline > b.now);
}

/* ---- the lower layer ---- */

static void eapol_start_cuts_the_wait_short(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	hk_er_port_start_eap(&b.port, b.now + 10, &b.out);
	assert_asks_identity(&b, 0);
}

static void eapol_start_while_erp_runs_waits_for_its_end(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	attach(&b);
	receive(&b, packet("P1.init"));
	accept_with(&b, packet("P1.finish"), rmsk());
	receive(&b, packet("P2.init"));
	hk_er_port_start_eap(&b.port, b.now, &b.out);
	assert_nothing_sent(&b);
	assert_int_equal(b.port.state, HK_ER_PORT_AAA);
	reject_with(&b, refusal());
	assert_sent(&b, 0, refusal());
	assert_asks_identity(&b, 1);

	/* a success makes it needless */
	attach(&b);
	receive(&b, packet("P2.init"));
	hk_er_port_start_eap(&b.port, b.now, &b.out);
	accept_with(&b, packet("P2.finish"), rmsk());
	assert_int_equal(b.out.nsend, 1);
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
	receive(&b, packet("P1.init"));
	reject_with(&b, packet("P1.finish"));
	assert_int_equal(b.port.state, HK_ER_PORT_UP);
}

static void a_peer_that_leaves_takes_all_with_it(void **state)
{
	struct bench b;
	uint32_t transaction;

	(void)state;
	set_up(&b);
	attach(&b);
	reauthenticate(&b);
	receive(&b, packet("P1.init"));
	transaction = b.out.forward;
	hk_er_port_detach(&b.port, &b.out);
	assert_int_equal(b.out.abandon, transaction);
	assert_int_equal(b.out.deadline, HK_NEVER);
	answer_to(&b, transaction, HK_VERDICT_ACCEPT, packet("P1.finish"), rmsk(), 0);
	assert_dropped(&b, HK_ERR_UNEXPECTED);
	/* the next peer does not get the Finish of the one before */
	hk_er_port_attach(&b.port, false, b.now, &b.out);
	assert_int_equal(b.port.authorised, HK_ER_NOT_AUTHORISED);
	receive(&b, packet("P2.init"));
	assert_nothing_sent(&b);
	assert_int_not_equal(b.out.forward, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_of_an_answered_initiate_gets_the_finish_again),
		cmocka_unit_test(a_late_copy_while_the_next_exchange_runs),
		cmocka_unit_test(the_finish_is_forgotten_in_time),
		cmocka_unit_test(a_late_clock_keeps_no_finish),
		cmocka_unit_test(the_finish_is_kept_for_a_tenth_of_a_second_at_least),
		cmocka_unit_test(nothing_is_kept_for_more_than_five_minutes),
		cmocka_unit_test(a_session_ends_and_the_next_begins),
		cmocka_unit_test(a_session_that_nobody_renews),
		cmocka_unit_test(a_session_that_erp_cannot_renew),
		cmocka_unit_test(a_session_that_ends_while_an_exchange_runs),
		cmocka_unit_test(eapol_start_cuts_the_wait_short),
		cmocka_unit_test(eapol_start_while_erp_runs_waits_for_its_end),
		cmocka_unit_test(a_peer_that_leaves_takes_all_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
