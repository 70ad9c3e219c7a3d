/* SPDX-License-Identifier: ISC */
/* What the ER server accepts, and what it answers then. */
#include "server.h"

/* ---- against the vectors ---- */

/*
 * E6696-5.2-16 E6696-5.2-17 E6696-5.2-21 E6696-5.2-22 E6696-3-15 E6696-3-17 E6696-3-19
 * E6696-5.3.3-07 E6696-5.3.3-08 E6696-5.1-27 E6696-3-14
 */
static void home_vectors(void **state)
{
	struct bench *t = *state;

	assert_ok(serve_vector(t, "P1.init"));
	assert_accepted(t);
	assert_vector(t->eap, t->reply.eap.len, "P1.finish");
	assert_vector(t->reply.key, HK_AAA_KEY_LEN, "V1.rMSK[SEQ=0]");
	assert_int_equal(t->reply.session_timeout_s, 3600);

	assert_ok(serve_vector(t, "P2.init"));
	assert_accepted(t);
	assert_vector(t->eap, t->reply.eap.len, "P2.finish");
	assert_vector(t->reply.key, HK_AAA_KEY_LEN, "V1.rMSK[SEQ=1]");

	t->policy.nsuites = 2;
	assert_err(serve_vector(t, "P5.init"), HK_ERR_SUITE);
	assert_vector(t->eap, t->reply.eap.len, "P5.finish");
	assert_ok(serve_vector(t, "P5.retry"));
	assert_accepted(t);

	/* the last number: a bootstrap without DSRK, so without Domain name */
	assert_ok(serve_vector(t, "P3.init"));
	assert_accepted(t);
	assert_vector(t->reply.key, HK_AAA_KEY_LEN, "V1.rMSK[SEQ=65535]");
	assert_true(sealed_with(t, 3, &t->home));
	assert_int_equal(t->finish.flags, HK_ERP_FLAG_B | HK_ERP_FLAG_L);
	assert_true(finish_attributes(t, 3).has_rrk_lifetime);
}

/* E6696-3.2-04 E6696-3.2-06 E6696-3-21 E6696-5.1-01 E6696-5.1-02 */
static void visited_vectors(void **state)
{
	struct bench *t = *state;
	struct hk_keyset set = bench_keyset(t, hk_text(VISITED));

	set.keys = t->visited;
	set.expires = hk_time_add_s(T0, 7200);
	assert_ok(hk_keystore_put(t->store, &set));
	t->policy.rmsk_lifetime_s = 1800;
	assert_ok(serve_seq(t, 40)); /* the home set counts for itself */
	assert_ok(serve_vector(t, "P4.init"));
	assert_accepted(t);
	assert_vector(t->eap, t->reply.eap.len, "P4.finish");
	assert_vector(t->reply.key, HK_AAA_KEY_LEN, "V1.DS-rMSK[SEQ=0]");
	assert_int_equal(stored_seq(t).expected, 41);
}

/* hostapd sends no lifetimes; without them we answer as it does, octet for octet. */
static void recorded_vectors(void **state)
{
	static const struct {
		const char *prefix;
		const char *rmsk;
	} rows[] = {{"R1", "R1.rMSK[SEQ=0]"}, {"R2", "R2.rMSK[SEQ=258]"}};
	struct bench *t = *state;

	t->policy.send_lifetimes = false;
	for (size_t i = 0; i < 2; i++) {
		uint8_t emsk[64], session_id[65];
		char name[32];
		struct hk_key *root, *rrk;
		struct hk_keyset set;
		hk_time end = hk_time_add_s(T0, LIFETIME_S);
		size_t len;

		snprintf(name, sizeof name, "%s.EMSK", rows[i].prefix);
		vector(name, emsk, sizeof emsk);
		snprintf(name, sizeof name, "%s.Session-Id", rows[i].prefix);
		len = vector(name, session_id, sizeof session_id);
		assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, len),
			hk_bytes(emsk, sizeof emsk), T0, end, &root));
		assert_ok(hk_key_derive_rrk(root, T0, end, &rrk));
		memcpy(t->name, hk_key_emsk_name(root), HK_EMSK_NAME_LEN);
		set = bench_keyset(t, hk_text(HOME));
		assert_ok(hk_erp_keys_init(&set.keys, rrk));
		assert_ok(hk_keystore_put(t->store, &set));
		hk_key_free(rrk);
		hk_key_free(root);

		snprintf(name, sizeof name, "%s.init", rows[i].prefix);
		assert_ok(serve_vector(t, name));
		snprintf(name, sizeof name, "%s.finish", rows[i].prefix);
		assert_vector(t->eap, t->reply.eap.len, name);
		assert_vector(t->reply.key, HK_AAA_KEY_LEN, rows[i].rmsk);
	}
}

/* E6696-5.3.2-06 E6696-5.3.3-04 */
static void longest_name(void **state)
{
	struct bench *t = *state;
	struct hk_bytes nai, realm;
	struct hk_keyset set;
	uint8_t copy[HK_NAI_MAX_LEN];

	vector("P9.init-maxnai", t->packet, sizeof t->packet);
	memcpy(copy, t->packet + 10, sizeof copy);
	nai = hk_bytes(copy, sizeof copy);
	realm = hk_nai_realm(nai);
	assert_int_equal(realm.len, HK_REALM_MAX_LEN);
	set = bench_keyset(t, realm);
	assert_ok(hk_keystore_put(t->store, &set));
	t->realms[0] = realm;
	assert_ok(serve_vector(t, "P9.init-maxnai"));
	assert_accepted(t);
	assert_true(hk_bytes_equal(t->finish.keyname_nai, nai));
}

/* ---- fields of the Finish ---- */

/* E6696-5.3-04 E6696-6-08 E6696-5.4-04 E6696-5.2-18 */
static void identifier_and_seq_are_echoed(void **state)
{
	struct bench *t = *state;

	for (unsigned i = 0; i < 256; i++) {
		uint16_t seq = (uint16_t)(i * 257);

		assert_ok(serve(
			t, initiate(t, (struct initiate){.identifier = (uint8_t)i, .seq = seq})));
		assert_int_equal(t->finish.identifier, i);
		assert_int_equal(t->finish.seq, seq);
		/* and in a failure */
		assert_err(serve(t, initiate(t, (struct initiate){.identifier = (uint8_t)i,
							.seq = seq,
							.more = "9600"})),
			i == 255 ? HK_ERR_EXHAUSTED : HK_ERR_REPLAY);
		assert_refused(t, 2);
		assert_int_equal(t->finish.identifier, i);
		assert_int_equal(t->finish.seq, seq);
	}
}

/* E6696-5.3.3-04 E6696-5.3.2-07 E6696-5.1-19 E6696-5.3.3-05 */
static void name_is_echoed_as_it_came(void **state)
{
	struct bench *t = *state;
	struct hk_bytes nai = hk_text("CFE8CED1dae98705@Home.Example");

	assert_ok(serve(t, initiate(t, (struct initiate){.seq = 1, .nai = nai})));
	assert_accepted(t);
	assert_true(hk_bytes_equal(t->finish.keyname_nai, nai));
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 1, .nai = nai, .suite = 3})),
		HK_ERR_REPLAY);
	assert_refused(t, 3);
	assert_true(hk_bytes_equal(t->finish.keyname_nai, nai));
	assert_int_equal(stored_seq(t).expected, 2);
}

/*
 * E6696-5.3.2-02 E6696-5.3.2-04 E6696-5.1-18 E6696-5.3.3-01 E6696-5.3.3-02 E6696-5.3.3-03
 * E6696-5.1-20 E6696-5.2.2-14
 */
static void flags(void **state)
{
	struct bench *t = *state;

	for (unsigned f = 0; f < 256; f++) {
		bool wants = f & HK_ERP_FLAG_L;

		t->policy.send_lifetimes = f % 3 != 0;
		wants = wants && t->policy.send_lifetimes;
		assert_ok(serve(t,
			initiate(t, (struct initiate){.seq = (uint16_t)f, .flags = (uint8_t)f})));
		assert_int_equal(
			t->finish.flags, (f & HK_ERP_FLAG_B) | (wants ? HK_ERP_FLAG_L : 0));
		assert_int_equal(finish_attributes(t, 2).has_rrk_lifetime, wants);
		assert_int_equal(finish_attributes(t, 2).has_rmsk_lifetime, wants);
		assert_null(finish_attributes(t, 2).domain_name.data);
		assert_err(serve(t, initiate(t, (struct initiate){.seq = (uint16_t)f,
							.flags = (uint8_t)f,
							.bad_tag = true})),
			HK_ERR_REPLAY);
		assert_int_equal(t->finish.flags, HK_ERP_FLAG_R | (f & HK_ERP_FLAG_B));
		assert_false(finish_attributes(t, 2).has_rrk_lifetime);
	}
}

/* E6696-4.7-04 E6696-8-11 */
static void lifetimes(void **state)
{
	static const struct {
		uint32_t policy_s;
		uint32_t gone_s;
		uint32_t session_s; /* 0: without end */
		uint32_t rrk_s;
		uint32_t rmsk_s;
		uint32_t timeout_s;
	} rows[] = {
		{3600, 0, 0, 28800, 3600, 3600},
		{0, 0, 0, 28800, 28800, 28800},
		{3600, 28700, 0, 100, 100, 100},
		{3600, 28799, 0, 1, 1, 1},
		{3600, 10, 600, 28790, 3600, 590},
		{0, 0, 40000, 28800, 28800, 28800},
		{3600, 0, 1, 28800, 3600, 1},
	};
	struct bench *t = *state;

	for (uint16_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hk_keyset set = bench_keyset(t, hk_text(HOME));
		struct hk_erp_attributes a;

		if (rows[i].session_s)
			set.session_end = hk_time_add_s(T0, rows[i].session_s);
		assert_ok(hk_keystore_put(t->store, &set));
		t->now = hk_time_add_s(T0, rows[i].gone_s);
		t->policy.rmsk_lifetime_s = rows[i].policy_s;
		assert_ok(
			serve(t, initiate(t, (struct initiate){.seq = i, .flags = HK_ERP_FLAG_L})));
		a = finish_attributes(t, 2);
		assert_int_equal(a.rrk_lifetime_s, rows[i].rrk_s);
		assert_int_equal(a.rmsk_lifetime_s, rows[i].rmsk_s);
		assert_int_equal(t->reply.session_timeout_s, rows[i].timeout_s);
	}
}

static void authorization_of_the_full_authentication_comes_back(void **state)
{
	struct bench *t = *state;

	assert_ok(serve_seq(t, 0));
	assert_true(hk_bytes_equal(t->reply.user_name, hk_text("alice")));
	assert_int_equal(t->reply.authorization.len, 6);
	assert_memory_equal(t->reply.authorization.data, "\x19\x06user", 6);
	assert_int_equal(t->reply.key_name.len, 0);
	/* nothing of it in a refusal */
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 9, .bad_tag = true})), HK_ERR_TAG);
	assert_int_equal(t->reply.user_name.len, 0);
	assert_int_equal(t->reply.authorization.len, 0);
	assert_int_equal(t->reply.session_timeout_s, 0);
}

static void keys_are_wiped(void **state)
{
	struct bench *t = *state;
	static const struct hk_erp_keys none;

	receive(t, initiate(t, (struct initiate){.seq = 0}));
	assert_memory_equal(&t->x.keyset.keys, &t->home, sizeof t->home);
	respond(t);
	assert_memory_equal(&t->x.keyset.keys, &none, sizeof none);
	assert_false(t->x.has_keys);

	assert_err(serve(t, initiate(t, (struct initiate){.seq = 1, .bad_tag = true})), HK_ERR_TAG);
	assert_memory_equal(&t->x.keyset.keys, &none, sizeof none);
	/* also when there is no second step */
	t->policy.failures_per_s = 1;
	for (unsigned i = 0; i < 2; i++)
		receive(t, initiate(t, (struct initiate){.seq = 1, .bad_tag = true}));
	assert_int_equal(t->x.step, HK_ER_DROP);
	assert_memory_equal(&t->x.keyset.keys, &none, sizeof none);
}

/* A suite of a Finish is that of its Initiate, and one counter serves all of them. */
/* E6696-4.5-06 E6696-5.3.2-12 */
static void every_suite(void **state)
{
	struct bench *t = *state;

	for (uint8_t suite = 1; suite <= 3; suite++) {
		assert_ok(serve(t, initiate(t, (struct initiate){.seq = suite, .suite = suite})));
		assert_accepted(t);
		assert_true(sealed_with(t, suite, &t->home));
		assert_int_equal(stored_seq(t).expected, suite + 1);
	}
}

/* ---- sequence numbers ---- */

/*
 * E6696-5.4-01 E6696-5.4-02 E6696-5.4-03 E6696-5.4-05 E6696-5.4-06 E6696-3-13 E6696-5.2-11
 * E6696-5.2-19
 */
static void sequence_strict(void **state)
{
	static const struct {
		uint16_t seq;
		bool accepted;
		uint32_t expected;
	} rows[] = {
		{0, true, 1},
		{5, true, 6},
		{5, false, 6},
		{4, false, 6},
		{7, true, 8},
		{6, false, 8},
		{8, true, 9},
		{40000, true, 40001},
		{65535, true, 65536},
		{0, false, 65536},
		{65535, false, 65536},
		{1, false, 65536},
	};
	struct bench *t = *state;

	t->policy.repeat_window_ms = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum hk_err err = serve_seq(t, rows[i].seq);

		if (rows[i].accepted) {
			assert_accepted(t);
		} else {
			assert_err(
				err, rows[i].expected > 65535 ? HK_ERR_EXHAUSTED : HK_ERR_REPLAY);
			assert_refused(t, 2);
		}
		assert_int_equal(stored_seq(t).expected, rows[i].expected);
	}
}

/* E6696-5.2-12 E6696-5.2-20 E6696-5.2.1-01 */
static void sequence_window(void **state)
{
	static const struct {
		uint16_t seq;
		bool accepted;
	} rows[] = {
		{5, true},
		{7, true},
		{6, true}, /* seen {5,6,7} */
		{5, false},
		{6, false},
		{7, false},
		{0, true},
		{0, false}, /* more than 7 - 8 */
		{8, true},
		{20, true},
		{12, false}, /* 20 - 8 */
		{13, true},
		{13, false},
		{19, true},
		{65535, true},
		{65535, false},
	};
	struct bench *t = *state;

	t->policy.repeat_window_ms = 0;
	t->policy.window = 8;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		serve_seq(t, rows[i].seq);
		if (rows[i].accepted)
			assert_accepted(t);
		else
			assert_refused(t, 2);
	}
	/* strict mode, which is the default, refuses what a window takes */
	t->policy.window = 1;
	bench_put(t, VISITED, &t->home);
	assert_ok(serve(t, initiate(t, (struct initiate){.seq = 7,
					       .nai = hk_text("cfe8ced1dae98705@" VISITED)})));
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 6,
						.nai = hk_text("cfe8ced1dae98705@" VISITED)})),
		HK_ERR_REPLAY);
}

/* Two packets with one SEQ in one batch: the store lets one pass. */
static void one_success_per_seq_within_a_batch(void **state)
{
	struct bench *t = *state;
	struct hk_er_exchange first, second;
	struct hk_advance both[2];
	uint8_t packet[HK_ERP_MAX_LEN];
	struct hk_bytes p = initiate(t, (struct initiate){.identifier = 1, .seq = 3});

	memcpy(packet, p.data, p.len);
	receive(t, hk_bytes(packet, p.len));
	first = t->x;
	receive(t, initiate(t, (struct initiate){.identifier = 2, .seq = 3}));
	second = t->x;
	assert_int_equal(first.step, HK_ER_ADVANCE);
	assert_int_equal(second.step, HK_ER_ADVANCE);
	both[0] = first.advance;
	both[1] = second.advance;
	hk_keystore_advance(t->store, both, 2);
	first.advance = both[0];
	second.advance = both[1];
	hk_er_server_answer(&t->policy, &t->request, t->now, &first, &t->reply);
	assert_int_equal(t->reply.verdict, HK_VERDICT_ACCEPT);
	hk_er_server_answer(&t->policy, &t->request, t->now, &second, &t->reply);
	assert_err(t->reply.reason, HK_ERR_REPLAY);
	assert_ok(hk_erp_parse(hk_buf_bytes(&t->reply.eap), &t->finish));
	assert_refused(t, 2);
}

/* ---- repetitions ---- */

struct answer {
	uint8_t eap[HK_ERP_MAX_LEN];
	size_t len;
	uint8_t key[HK_AAA_KEY_LEN];
};

static struct answer answer_of(const struct bench *t)
{
	struct answer a = {.len = t->reply.eap.len};

	memcpy(a.eap, t->eap, a.len);
	memcpy(a.key, t->reply.key, sizeof a.key);
	return a;
}

/* E6696-4.7-07 */
static void repetition_gets_the_same_octets(void **state)
{
	struct bench *t = *state;
	struct hk_bytes packet =
		initiate(t, (struct initiate){.identifier = 9, .seq = 4, .flags = HK_ERP_FLAG_L});
	struct answer first;

	assert_ok(serve(t, packet));
	first = answer_of(t);
	for (hk_time later = 0; later <= 4900; later += 700) {
		t->now = T0 + later;
		assert_ok(serve(t, packet));
		assert_accepted(t);
		assert_int_equal(t->reply.eap.len, first.len);
		assert_memory_equal(t->eap, first.eap, first.len);
		assert_memory_equal(t->reply.key, first.key, sizeof first.key);
		assert_true(t->reply.session_timeout_s + later / 1000 <= 3600);
	}
	/* an rMSK that ended meanwhile: 0 would be a session without end */
	t->policy.rmsk_lifetime_s = 1;
	assert_ok(serve(t, packet));
	assert_int_equal(t->reply.session_timeout_s, 1);
	assert_int_equal(stored_seq(t).expected, 5);
	t->now = T0 + 5001;
	assert_err(serve(t, packet), HK_ERR_REPLAY);
	assert_refused(t, 2);
}

/* E6696-4.7-07 E6696-5.2-19 E6696-8-03 */
static void repetition_from_elsewhere_is_a_replay(void **state)
{
	struct bench *t = *state;
	struct hk_bytes packet = initiate(t, (struct initiate){.identifier = 9, .seq = 4});
	struct hk_aaa_request same = t->request;

	assert_ok(serve(t, packet));
	for (unsigned i = 0; i < 11; i++) {
		t->request = same;
		switch (i) {
		case 0:
			t->request.nas_identifier = hk_text("nas-8");
			break;
		case 1:
			t->request.nas_ip_address = hk_text("\xc0\x01\x02\x12");
			break;
		case 2:
			t->request.nas_ipv6_address = hk_text("0123456789abcdef");
			break;
		case 3:
			t->request.calling_station_id = hk_text("02-00-00-00-02-01");
			break;
		case 4:
			t->request.called_station_id = hk_text("02-00-00-00-01-01:hokey");
			break;
		case 5:
			t->request.client = hk_text("ap-2");
			break;
		case 6: /* another access point of the same network, with the names of the first */
			t->request.client_address =
				hk_bytes("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x01\x02\x12", 16);
			break;
		case 7:
			t->request.operator_name = hk_text("1other.example");
			break;
		case 8: /* whoever it was that a server on the way has heard */
			t->request.proxied = true;
			break;
		case 9:
			t->request.keydist.request = hk_text("give me its DSRK");
			break;
		default: /* the same octets, cut in another place */
			t->request.client = hk_text("ap-1n");
			t->request.nas_identifier = hk_text("as-7");
		}
		assert_err(serve(t, packet), HK_ERR_REPLAY);
		assert_refused(t, 2);
	}
	t->request = same;
	assert_ok(serve(t, packet));
}

static void repetition_must_be_the_last_and_identical(void **state)
{
	struct bench *t = *state;
	uint8_t copy[HK_ERP_MAX_LEN];
	struct hk_bytes packet = initiate(t, (struct initiate){.identifier = 9, .seq = 4});
	struct hk_bytes old = hk_bytes(copy, packet.len);

	memcpy(copy, packet.data, packet.len);
	assert_ok(serve(t, old));
	assert_err(
		serve(t, initiate(t, (struct initiate){.identifier = 8, .seq = 4})), HK_ERR_REPLAY);
	copy[packet.len - 1] ^= 1;
	assert_err(serve(t, old), HK_ERR_REPLAY);
	copy[packet.len - 1] ^= 1;
	assert_ok(serve(t, old));
	assert_ok(serve_seq(t, 5));
	assert_err(serve(t, old), HK_ERR_REPLAY);

	t->policy.repeat_window_ms = 0;
	packet = initiate(t, (struct initiate){.identifier = 6, .seq = 6});
	assert_ok(serve(t, packet));
	assert_err(serve(t, packet), HK_ERR_REPLAY);
}

/* ---- sizes ---- */

static void finish_max_is_reached_and_not_passed(void **state)
{
	struct bench *t = *state;
	size_t home = strlen(HOME);

	t->policy.suites[0] = 2;
	t->policy.nsuites = 1;
	assert_ok(serve(t, initiate(t, (struct initiate){.seq = 1, .flags = HK_ERP_FLAG_L})));
	assert_int_equal(t->reply.eap.len, hk_er_server_finish_max(&t->policy, home));
	/* without lifetimes the longest is the list of suites */
	t->policy.send_lifetimes = false;
	assert_err(serve(t, initiate(t, (struct initiate){.seq = 2, .suite = 1})), HK_ERR_SUITE);
	assert_int_equal(t->reply.eap.len, hk_er_server_finish_max(&t->policy, home));

	t->policy.send_lifetimes = true;
	/* FILS: realms to 200 octets, see hostapd's one-octet element length */
	assert_true(hk_er_server_finish_max(&t->policy, 200) <= HK_ERP_FILS_MAX_LEN);
	assert_true(hk_er_server_finish_max(&t->policy, 201) > HK_ERP_FILS_MAX_LEN);
	t->policy.channel_binding = HK_CB_REQUIRE;
	assert_int_equal(hk_er_server_finish_max(&t->policy, 236), HK_ERP_MAX_LEN);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(home_vectors),
		T(visited_vectors),
		T(recorded_vectors),
		T(longest_name),
		T(identifier_and_seq_are_echoed),
		T(name_is_echoed_as_it_came),
		T(flags),
		T(lifetimes),
		T(authorization_of_the_full_authentication_comes_back),
		T(keys_are_wiped),
		T(every_suite),
		T(sequence_strict),
		T(sequence_window),
		T(one_success_per_seq_within_a_batch),
		T(repetition_gets_the_same_octets),
		T(repetition_from_elsewhere_is_a_replay),
		T(repetition_must_be_the_last_and_identical),
		T(finish_max_is_reached_and_not_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
