/* SPDX-License-Identifier: ISC */
/* What the ER server refuses, forwards or drops, and how it says so. */
#include "server.h"

#include <hokey/eap.h>

/* ---- the order of the checks ---- */

/* E6696-5.1-15 E6696-5.2-11 E6696-5.2-13 E6696-5.2-14 */
static void order_of_checks(void **state)
{
	struct bench *t = *state;
	struct initiate i = {.seq = 2, .suite = 1, .bad_tag = true};

	t->policy.nsuites = 2;
	assert_ok(serve_seq(t, 4));
	assert_err(serve(t, initiate(t, i)), HK_ERR_REPLAY);
	i.seq = 5;
	assert_err(serve(t, initiate(t, i)), HK_ERR_SUITE);
	i.suite = 2;
	assert_err(serve(t, initiate(t, i)), HK_ERR_TAG);
	i.bad_tag = false;
	assert_ok(serve(t, initiate(t, i)));
}

/*
 * E6696-5.1-16 E6696-5.2-15 E6696-5.2.2-01 E6696-5.2.2-02 E6696-3-12 E6696-5.2.2-04
 * E6696-5.2.2-05
 */
static void each_refusal_is_protected(void **state)
{
	struct bench *t = *state;

	t->policy.nsuites = 2;
	assert_ok(serve_seq(t, 4));
	/* in the suite of the request where that is allowed, else in the preferred one */
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 3, .suite = 3})), HK_ERR_REPLAY);
	assert_refused(t, 3);
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 3, .suite = 1})), HK_ERR_REPLAY);
	assert_refused(t, 2);
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 5, .suite = 1})), HK_ERR_SUITE);
	assert_refused(t, 2);
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 5, .suite = 3, .bad_tag = true})),
		HK_ERR_TAG);
	assert_refused(t, 3);
}

/* E6696-4.5-04 E6696-4.5-05 E6696-5.2.2-03 E6696-5.3.3-10 */
static void suite_refusal_lists_the_allowed(void **state)
{
	struct bench *t = *state;
	struct hk_erp_attributes a;

	t->policy.suites[0] = 3;
	t->policy.suites[1] = 2;
	t->policy.nsuites = 2;
	assert_err(serve_vector(t, "P1.init"), HK_ERR_SUITE);
	assert_refused(t, 3);
	a = finish_attributes(t, 3);
	assert_int_equal(a.suites.len, 2);
	assert_memory_equal(a.suites.data, "\x03\x02", 2);
	/* other refusals have no list */
	assert_err(serve(t, initiate(t, (struct initiate){.bad_tag = true})), HK_ERR_TAG);
	assert_null(finish_attributes(t, 2).suites.data);
}

/* A suite that nobody knows is refused with the list too. */
static void unknown_suite(void **state)
{
	struct bench *t = *state;
	struct hk_buf b = hk_buf(t->packet, sizeof t->packet);

	hk_erp_begin(&b, HK_ERP_INITIATE, 7, 0, 1, hk_text(HOME_NAI));
	hk_put(&b,
		"\x0b"
		"tagtagta",
		9);
	assert_ok(hk_erp_end(&b));
	assert_err(serve(t, hk_buf_bytes(&b)), HK_ERR_SUITE);
	assert_refused(t, 2);
	assert_int_equal(finish_attributes(t, 2).suites.len, 3);
	assert_int_equal(t->finish.identifier, 7);
}

/* The layout fits two suites; the one that is meant is not allowed. */
static void ambiguous_packet_of_a_forbidden_suite(void **state)
{
	struct bench *t = *state;
	struct initiate i = {.suite = 1, .more = "02 00007080 82016e"};

	assert_ok(serve(t, initiate(t, i)));
	assert_int_equal(t->x.message.nreadings, 2);
	assert_accepted(t);
	assert_true(sealed_with(t, 1, &t->home));
	i.seq = 1;
	t->policy.nsuites = 2;
	assert_err(serve(t, initiate(t, i)), HK_ERR_SUITE);
	assert_refused(t, 2);
}

/* E6696-4.5-02 */
static void tag_of_another_suites_key(void **state)
{
	struct bench *t = *state;
	struct hk_buf b = hk_buf(t->packet, sizeof t->packet);

	/* as hostapd makes it: suite 3 with the rIK of suite 2 */
	hk_erp_begin(&b, HK_ERP_INITIATE, 7, 0, 1, hk_text(HOME_NAI));
	assert_ok(hk_erp_seal(&b, 3, &t->home.rik2));
	assert_err(serve(t, hk_buf_bytes(&b)), HK_ERR_TAG);
	assert_refused(t, 3);
}

/* E6696-4-01 E6696-8-12 */
static void keys_of_another_domain(void **state)
{
	struct bench *t = *state;

	bench_put(t, VISITED, &t->visited);
	assert_err(serve(t, initiate(t, (struct initiate){.keys = &t->visited})), HK_ERR_TAG);
	assert_refused(t, 2);
	assert_err(serve(t, initiate(t, (struct initiate){.nai = hk_text(
								  "cfe8ced1dae98705@" VISITED)})),
		HK_ERR_TAG);
}

/* ---- failed checks change nothing ---- */

/* E6696-8-02 */
static void failures_spend_no_number(void **state)
{
	struct bench *t = *state;
	struct hk_seq_state before, after;

	assert_ok(serve_seq(t, 1));
	t->policy.nsuites = 2;
	before = stored_seq(t);
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 65535, .bad_tag = true})),
		HK_ERR_TAG);
	assert_err(
		serve(t, initiate(t, (struct initiate){.seq = 65535, .suite = 1})), HK_ERR_SUITE);
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 0})), HK_ERR_REPLAY);
	after = stored_seq(t);
	assert_memory_equal(&before, &after, sizeof before);
	assert_ok(serve_seq(t, 2));
}

/* E6696-5.2-14 E6696-5.3.2-14 */
static void every_flipped_bit_fails(void **state)
{
	struct bench *t = *state;
	size_t len = vector("P2.init", t->packet, sizeof t->packet);

	for (size_t bit = 0; bit < 8 * len; bit++) {
		t->packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(serve(t, hk_bytes(t->packet, len)), HK_OK);
		assert_int_not_equal(t->reply.verdict, HK_VERDICT_ACCEPT);
		assert_false(t->reply.has_key);
		t->packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(stored_seq(t).expected, 0);
	assert_ok(serve(t, hk_bytes(t->packet, len)));
}

/* E6696-5.1-17 */
static void failures_leave_the_key_set(void **state)
{
	struct bench *t = *state;
	struct hk_keyset set;

	for (unsigned i = 0; i < 50; i++)
		assert_err(serve(t, initiate(t, (struct initiate){.bad_tag = true})), HK_ERR_TAG);
	assert_ok(hk_keystore_find(t->store, t->name, hk_text(HOME), t->now, &set));
	assert_ok(serve_seq(t, 0));
}

/* ---- no key ---- */

static void assert_challenged(struct bench *t, uint8_t identifier)
{
	struct hk_eap_packet p;

	assert_int_equal(t->reply.verdict, HK_VERDICT_CHALLENGE);
	assert_false(t->reply.has_key);
	assert_ok(hk_eap_parse(hk_buf_bytes(&t->reply.eap), &p));
	assert_int_equal(p.code, HK_EAP_REQUEST);
	assert_int_equal(p.type, HK_EAP_TYPE_IDENTITY);
	assert_int_equal(p.data.len, 0);
	assert_int_not_equal(p.identifier, identifier);
}

/* hostap deletes its key on such a Finish, and goes on with full EAP on the challenge. */
static void assert_unprotected(struct bench *t)
{
	assert_int_equal(t->reply.verdict, HK_VERDICT_REJECT);
	assert_false(t->reply.has_key);
	assert_int_equal(t->finish.nreadings, 0);
	assert_int_equal(t->finish.flags, HK_ERP_FLAG_R);
	assert_int_equal(t->finish.unprotected_end, t->reply.eap.len);
}

static void assert_unknown(struct bench *t, struct hk_bytes packet, enum hk_err reason)
{
	t->policy.on_unknown_key = HK_UNKNOWN_CHALLENGE;
	assert_err(serve(t, packet), reason);
	assert_challenged(t, packet.data[1]);
	t->policy.on_unknown_key = HK_UNKNOWN_FINISH;
	assert_err(serve(t, packet), reason);
	assert_unprotected(t);
	assert_int_equal(t->finish.identifier, packet.data[1]);
	assert_int_equal(t->finish.seq, hk_load_u16(packet.data + 6));
}

static void key_unknown(void **state)
{
	struct bench *t = *state;
	struct initiate i = {.identifier = 0xff, .nai = hk_text("00112233445566aa@" HOME)};

	assert_unknown(t, initiate(t, i), HK_ERR_NOT_FOUND);
	i.identifier = 0; /* what FILS sends */
	assert_unknown(t, initiate(t, i), HK_ERR_NOT_FOUND);
	/* the right name in a realm it does not belong to */
	i.nai = hk_text("cfe8ced1dae98705@" VISITED);
	assert_unknown(t, initiate(t, i), HK_ERR_NOT_FOUND);

	hk_keystore_remove(t->store, t->name, hk_text(HOME));
	t->policy.on_unknown_key = HK_UNKNOWN_FINISH;
	assert_err(serve(t, initiate(t, (struct initiate){.identifier = 0x14, .seq = 4})),
		HK_ERR_NOT_FOUND);
	assert_vector(t->eap, t->reply.eap.len, "P6.finish-unauth");
}

/* E6696-4.2-07 E6696-4.4-06 E6696-4.4-07 */
static void key_expired(void **state)
{
	struct bench *t = *state;
	struct hk_keyset set;

	t->now = hk_time_add_s(T0, LIFETIME_S);
	assert_unknown(t, initiate(t, (struct initiate){.seq = 1}), HK_ERR_EXPIRED);
	/* less than a second is nothing that could be said in a lifetime */
	t->now -= HK_SECOND - 1;
	assert_unknown(t, initiate(t, (struct initiate){.seq = 1}), HK_ERR_EXPIRED);
	t->now -= 1;
	assert_ok(serve_seq(t, 1));

	set = bench_keyset(t, hk_text(HOME));
	set.session_end = T0 + 10;
	assert_ok(hk_keystore_put(t->store, &set));
	t->now = T0 + 20;
	assert_unknown(t, initiate(t, (struct initiate){.seq = 2}), HK_ERR_EXPIRED);
}

static void user_name_differs(void **state)
{
	struct bench *t = *state;
	static const char *const names[] = {"alice@" HOME, "", "CFE8ced1dae98705@" HOME,
		"cfe8ced1dae98705@home.exampl", "cfe8ced1dae98705@" HOME "x"};
	struct hk_bytes packet = initiate(t, (struct initiate){.identifier = 3, .seq = 1});

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		for (unsigned finish = 0; finish < 2; finish++) {
			receive(t, packet);
			assert_int_equal(t->x.step, HK_ER_ADVANCE);
			t->policy.on_unknown_key =
				finish ? HK_UNKNOWN_FINISH : HK_UNKNOWN_CHALLENGE;
			t->request.user_name = hk_text(names[i]);
			hk_er_server_check(
				&t->policy, &t->limiter, t->store, &t->request, t->now, &t->x);
			assert_true(t->x.name_mismatch);
			assert_false(t->x.has_keys);
			assert_err(respond(t), HK_ERR_NAME_MISMATCH);
			if (finish)
				assert_unprotected(t);
			else
				assert_challenged(t, 3);
		}
	/* when policy allows it, it is noted only */
	t->policy.require_name_match = false;
	hk_er_server_check(&t->policy, &t->limiter, t->store, &t->request, t->now, &t->x);
	assert_true(t->x.name_mismatch);
	assert_ok(respond(t));
	assert_accepted(t);
	receive(t, initiate(t, (struct initiate){.seq = 2}));
	assert_false(t->x.name_mismatch);
}

/* ---- no answer ---- */

static void assert_silent(struct bench *t, enum hk_er_step step, enum hk_err reason)
{
	assert_int_equal(t->x.step, step);
	assert_err(respond(t), reason);
	assert_int_equal(t->reply.verdict, HK_VERDICT_NONE);
	assert_int_equal(t->reply.eap.len, 0);
	assert_false(t->reply.has_key);
}

static void foreign_realm_is_forwarded(void **state)
{
	struct bench *t = *state;

	receive(t,
		initiate(t, (struct initiate){.nai = hk_text("cfe8ced1dae98705@other.example")}));
	assert_silent(t, HK_ER_FORWARD, HK_ERR_REALM);
	receive(t, initiate(t, (struct initiate){.nai = hk_text("cfe8ced1dae98705@sub." HOME)}));
	assert_silent(t, HK_ER_FORWARD, HK_ERR_REALM);
	receive(t, initiate(t, (struct initiate){.nai = hk_text("cfe8ced1dae98705@HOME.example")}));
	assert_int_equal(t->x.step, HK_ER_ADVANCE);
}

/* E6696-5.3.2-10 */
static void what_is_no_initiate_is_dropped(void **state)
{
	static const struct {
		const char *vector;
		enum hk_err reason;
	} rows[] = {
		{"P2.finish", HK_ERR_UNEXPECTED},
		{"P6.finish-unauth", HK_ERR_UNEXPECTED},
		{"P7.start", HK_ERR_UNEXPECTED},
	};
	struct bench *t = *state;
	struct hk_buf b;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		receive(t,
			hk_bytes(t->packet, vector(rows[i].vector, t->packet, sizeof t->packet)));
		assert_silent(t, HK_ER_DROP, rows[i].reason);
	}
	receive(t, HK_NO_BYTES);
	assert_silent(t, HK_ER_DROP, HK_ERR_MALFORMED);
	receive(t, hk_bytes(t->packet, 7));
	assert_silent(t, HK_ER_DROP, HK_ERR_MALFORMED);

	/* keyName-NAI twice or not at all, with good tags */
	b = hk_buf(t->packet, sizeof t->packet);
	hk_erp_begin(&b, HK_ERP_INITIATE, 7, 0, 1, hk_text(HOME_NAI));
	hk_erp_put_tlv(&b, HK_ERP_KEYNAME_NAI, hk_text(HOME_NAI));
	assert_ok(hk_erp_seal(&b, 2, &t->home.rik2));
	receive(t, hk_buf_bytes(&b));
	assert_silent(t, HK_ER_DROP, HK_ERR_MALFORMED);
	b = hk_buf(t->packet, sizeof t->packet);
	hk_put(&b, "\x05\x07\0\0\x02\0\0\x01", 8);
	hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, hk_text(HOME));
	assert_ok(hk_erp_seal(&b, 2, &t->home.rik2));
	receive(t, hk_buf_bytes(&b));
	assert_silent(t, HK_ER_DROP, HK_ERR_MALFORMED);
}

/* No answer leaves for a number that could not be stored. */
static void store_fails(void **state)
{
	struct bench *t = *state;

	receive(t, initiate(t, (struct initiate){.seq = 1}));
	assert_int_equal(t->x.step, HK_ER_ADVANCE);
	t->x.advance.err = HK_ERR_STORE;
	hk_er_server_answer(&t->policy, &t->request, t->now, &t->x, &t->reply);
	assert_int_equal(t->reply.verdict, HK_VERDICT_NONE);
	assert_err(t->reply.reason, HK_ERR_STORE);
	assert_false(t->reply.has_key);

	/* the set went between the two steps */
	receive(t, initiate(t, (struct initiate){.seq = 1}));
	assert_ok(hk_keystore_remove(t->store, t->name, hk_text(HOME)));
	assert_err(respond(t), HK_ERR_NOT_FOUND);
	assert_challenged(t, 0);
}

static void reply_too_small(void **state)
{
	struct bench *t = *state;

	t->reply.eap = hk_buf(t->eap, 40);
	receive(t, initiate(t, (struct initiate){.seq = 1}));
	hk_keystore_advance(t->store, &t->x.advance, 1);
	hk_er_server_answer(&t->policy, &t->request, t->now, &t->x, &t->reply);
	assert_int_equal(t->reply.verdict, HK_VERDICT_NONE);
	assert_err(t->reply.reason, HK_ERR_TOO_LONG);
	assert_false(t->reply.has_key);

	receive(t, initiate(t, (struct initiate){.seq = 2, .bad_tag = true}));
	hk_er_server_answer(&t->policy, &t->request, t->now, &t->x, &t->reply);
	assert_int_equal(t->reply.verdict, HK_VERDICT_NONE);
	assert_err(t->reply.reason, HK_ERR_TOO_LONG);
}

/* ---- the limit on unauthenticated failures ---- */

static void limited_failures(void **state)
{
	struct bench *t = *state;
	struct hk_bytes bad = initiate(t, (struct initiate){.seq = 1, .bad_tag = true});
	struct hk_keyset other = bench_keyset(t, hk_text(HOME));

	other.emsk_name[7] ^= 1;
	assert_ok(hk_keystore_put(t->store, &other));
	t->policy.failures_per_s = 3;
	for (unsigned second = 0; second < 3; second++) {
		t->now = hk_time_add_s(T0, second);
		for (unsigned i = 0; i < 3; i++) {
			assert_err(serve(t, bad), HK_ERR_TAG);
			assert_refused(t, 2);
		}
		receive(t, bad);
		assert_silent(t, HK_ER_DROP, HK_ERR_LIMIT);
	}
	/* another key set has its own limit, and what is right is not limited */
	assert_err(serve(t, initiate(t, (struct initiate){.bad_tag = true,
						.nai = hk_text("cfe8ced1dae98704@" HOME)})),
		HK_ERR_TAG);
	assert_int_equal(t->reply.verdict, HK_VERDICT_REJECT);
	assert_ok(serve_seq(t, 1));
	/* unknown keys cost nothing to answer */
	for (unsigned i = 0; i < 10; i++) {
		assert_err(
			serve(t, initiate(t, (struct initiate){.nai = hk_text(
								       "00000000dae98705@" HOME)})),
			HK_ERR_NOT_FOUND);
		assert_challenged(t, 0);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(order_of_checks),
		T(each_refusal_is_protected),
		T(suite_refusal_lists_the_allowed),
		T(unknown_suite),
		T(ambiguous_packet_of_a_forbidden_suite),
		T(tag_of_another_suites_key),
		T(keys_of_another_domain),
		T(failures_spend_no_number),
		T(every_flipped_bit_fails),
		T(failures_leave_the_key_set),
		T(key_unknown),
		T(key_expired),
		T(user_name_differs),
		T(foreign_realm_is_forwarded),
		T(what_is_no_initiate_is_dropped),
		T(store_fails),
		T(reply_too_small),
		T(limited_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
