/* SPDX-License-Identifier: ISC */
/* What the peer makes of an EAP-Finish: success, failure, forgery, bootstrap. */
#include "device.h"

/* A device about to send SEQ `seq` as Identifier `identifier`. */
static void make_at(struct device *d, const struct hk_er_peer_config *c, const char *domain,
	uint32_t seq, uint8_t identifier)
{
	make_device(d, c, identifier);
	if (domain)
		at_domain(d, domain);
	d->peer.sets[0].next_seq = seq;
	begin(d, NOW);
	assert_int_equal(sent(d).seq, seq);
}

/* ---- success ---- */

/* E6696-5.2-25 E6696-5.2-24 E6696-3-20 E6696-3-21 E5295-7.3-03 */
static void finishes_of_the_vectors(void **state)
{
	struct hk_er_peer_config suite_1 = one_suite(1), suite_2 = one_suite(2);
	struct device d;

	(void)state;
	make_at(&d, &suite_1, HOME, 0, 0x10);
	receive(&d, packet_of(&d, "P1.finish"), NOW);
	assert_rmsk(&d, "V1.rMSK[SEQ=0]");
	assert_int_equal(d.peer.sets[0].expires, LATER);
	assert_int_equal(d.out.deadline, NOW + (3600 - 60) * HK_SECOND);
	hk_er_peer_clear(&d.peer);

	make_at(&d, &suite_2, HOME, 1, 0x11);
	receive(&d, packet_of(&d, "P2.finish"), NOW);
	assert_rmsk(&d, "V1.rMSK[SEQ=1]");
	hk_er_peer_clear(&d.peer);
}

/* Two packets that can be read with two suites: the tag decides. */
static void the_tag_decides_between_two_readings(void **state)
{
	struct hk_er_peer_config suite_1 = one_suite(1), suite_2 = one_suite(2);
	struct device d;

	(void)state;
	make_at(&d, &suite_2, NULL, 5, 0x30);
	receive(&d, packet_of(&d, "P8.finish-ambig"), NOW);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	assert_true(hk_bytes_equal(d.out.domain, hk_text("acme.test")));
	hk_key_free(d.out.rmsk);
	hk_er_peer_clear(&d.peer);

	make_at(&d, &suite_1, HOME, 6, 0x31);
	receive(&d, packet_of(&d, "P8b.finish-ambig"), NOW);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	hk_er_peer_clear(&d.peer);
}

/* Recorded with hostapd 2.10: no lifetimes, no flags. */
static void finish_of_a_running_hostapd(void **state)
{
	struct hk_er_peer_config c = one_suite(2);
	struct device d;

	(void)state;
	make_bare_device(&d, &c, 0x11);
	assert_ok(hk_er_peer_take_emsk(&d.peer, emsk_of("R1", LATER), hk_text(HOME), NOW));
	at_domain(&d, HOME);
	begin(&d, NOW);
	assert_vector(d.out.packet.data, d.out.packet.len, "R1.init");
	receive(&d, packet_of(&d, "R1.finish"), NOW);
	assert_rmsk(&d, "R1.rMSK[SEQ=0]");
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.2-26 E6696-3-20 */
static void a_finish_counts_once(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_bytes finish;
	struct device d;

	(void)state;
	make_at(&d, &c, HOME, 0, 1);
	assert_null(d.out.rmsk);
	finish = answer(&d, (struct finish){0});
	receive(&d, finish, NOW);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	receive(&d, finish, NOW);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	assert_int_equal(d.link.state, HK_ER_DONE);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.3.3-02 */
static void reserved_flags_of_a_finish_are_ignored(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_at(&d, &c, HOME, 0, 1);
	receive(&d, answer(&d, (struct finish){.flags = 0x1f}), NOW);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	hk_er_peer_clear(&d.peer);
}

/* ---- what is not believed ---- */

static void assert_still_waiting(struct device *d)
{
	assert_int_equal(d->link.state, HK_ER_WAIT);
	assert_int_equal(d->out.deadline, NOW + 1000);
	assert_true(hk_er_peer_has_keys(&d->peer, NOW));
	assert_false(d->peer.sets[0].unusable);
	receive(d, answer(d, (struct finish){0}), NOW + 20);
	assert_int_equal(d->out.action, HK_ER_SUCCEEDED);
	hk_key_free(d->out.rmsk);
}

/* Seals a Finish of any content with the right rIK. */
static struct hk_bytes forge(
	struct device *d, uint8_t identifier, uint16_t seq, const char *name, unsigned times)
{
	struct hk_buf b = hk_buf(d->octets, sizeof d->octets);
	struct hk_hmac_key rik;

	hk_erp_begin(&b, HK_ERP_FINISH, identifier, 0, seq, hk_text(name));
	while (--times)
		hk_erp_put_tlv(&b, HK_ERP_KEYNAME_NAI, hk_text(name));
	assert_ok(hk_erp_keys_rik(&d->peer.sets[0].keys, 2, &rik));
	assert_ok(hk_erp_seal(&b, 2, &rik));
	return hk_buf_bytes(&b);
}

/* E6696-5.3-05 E6696-5.2-24 E6696-5.3.3-06 */
static void finishes_for_something_else_are_dropped(void **state)
{
	static const char name[] = "cfe8ced1dae98705@home.example";
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_at(&d, &c, HOME, 4, 9);
	receive(&d, forge(&d, 10, 4, name, 1), NOW);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	receive(&d, forge(&d, 9, 5, name, 1), NOW);
	assert_dropped(&d, HK_ERR_REPLAY);
	receive(&d, forge(&d, 9, 4, "cfe8ced1dae98705@visited.example", 1), NOW);
	assert_dropped(&d, HK_ERR_NAME_MISMATCH);
	receive(&d, forge(&d, 9, 4, "CFE8CED1DAE98705@home.example", 1), NOW);
	assert_dropped(&d, HK_ERR_NAME_MISMATCH);
	receive(&d, forge(&d, 9, 4, name, 2), NOW);
	assert_dropped(&d, HK_ERR_MALFORMED);
	assert_still_waiting(&d);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.3.3-06 */
static void a_finish_without_name_is_dropped(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_hmac_key rik;
	struct device d;
	struct hk_buf b;

	(void)state;
	make_at(&d, &c, HOME, 0, 9);
	b = hk_buf(d.octets, sizeof d.octets);
	hk_put(&b, "\x06\x09\0\0\x02\0\0\0", 8);
	assert_ok(hk_erp_keys_rik(&d.peer.sets[0].keys, 2, &rik));
	assert_ok(hk_erp_seal(&b, 2, &rik));
	receive(&d, hk_buf_bytes(&b), NOW);
	assert_dropped(&d, HK_ERR_MALFORMED);
	assert_still_waiting(&d);
	hk_er_peer_clear(&d.peer);
}

/* E6696-3-20 E6696-5.2-24 E6696-4.5-02 */
static void a_finish_that_does_not_verify_is_dropped(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_bytes finish;
	struct device d;

	(void)state;
	make_at(&d, &c, HOME, 0, 1);
	finish = answer(&d, (struct finish){0});
	for (size_t i = 0; i < finish.len; i++) {
		d.octets[i] ^= 0x40;
		receive(&d, finish, NOW);
		assert_int_equal(d.out.action, HK_ER_DROPPED);
		assert_int_not_equal(d.out.reason, HK_OK);
		assert_null(d.out.rmsk);
		d.octets[i] ^= 0x40;
	}
	for (size_t n = 0; n < finish.len; n++) {
		receive(&d, hk_bytes(finish.data, n), NOW);
		assert_int_equal(d.out.action, HK_ER_DROPPED);
	}
	/* right for another suite than ours */
	receive(&d, answer(&d, (struct finish){.suite = 3}), NOW);
	assert_dropped(&d, HK_ERR_SUITE);
	d.link.unverified_failure = false;
	assert_still_waiting(&d);
	hk_er_peer_clear(&d.peer);
}

/* A suite 3 packet whose tag was made with the rIK of suite 2. */
/* E6696-4.5-02 */
static void each_suite_has_its_own_rik(void **state)
{
	struct hk_er_peer_config c = one_suite(3);
	struct hk_erp_message m;
	struct hk_hmac_key rik;
	struct device d;
	struct hk_buf b;

	(void)state;
	make_at(&d, &c, HOME, 0, 1);
	m = outstanding(&d);
	b = hk_buf(d.octets, sizeof d.octets);
	hk_erp_begin(&b, HK_ERP_FINISH, m.identifier, 0, m.seq, m.keyname_nai);
	assert_ok(hk_erp_keys_rik(&d.peer.sets[0].keys, 2, &rik));
	assert_ok(hk_erp_seal(&b, 3, &rik));
	receive(&d, hk_buf_bytes(&b), NOW);
	assert_dropped(&d, HK_ERR_TAG);
	assert_still_waiting(&d);
	hk_er_peer_clear(&d.peer);
}

/* E6696-B-01 */
static void our_own_initiate_reflected_is_no_finish(void **state)
{
	struct hk_er_peer_config c = one_suite(2);
	struct device d;
	struct hk_bytes init;

	(void)state;
	c.ask_lifetimes = false;
	make_at(&d, &c, HOME, 1, 0x11);
	init = packet_of(&d, "P2.init");
	d.octets[0] = HK_EAP_FINISH;
	receive(&d, init, NOW);
	assert_dropped(&d, HK_ERR_TAG);
	assert_still_waiting(&d);
	hk_er_peer_clear(&d.peer);
}

/* E6696-4-01 E6696-8-12 */
static void keys_of_one_domain_do_not_serve_another(void **state)
{
	struct hk_er_peer_config c = one_suite(2);
	struct hk_erp_message m;
	struct hk_hmac_key rik;
	struct device d;
	struct hk_buf b;

	(void)state;
	make_device(&d, &c, 1);
	receive(&d, packet_of(&d, "P7.start"), NOW);
	m = sent(&d);
	b = hk_buf(d.octets, sizeof d.octets);
	hk_erp_begin(&b, HK_ERP_FINISH, m.identifier, 0, m.seq, m.keyname_nai);
	assert_ok(hk_erp_keys_rik(&d.peer.sets[0].keys, 2, &rik));
	assert_ok(hk_erp_seal(&b, 2, &rik));
	receive(&d, hk_buf_bytes(&b), NOW);
	assert_dropped(&d, HK_ERR_TAG);
	hk_er_peer_clear(&d.peer);
}

/* ---- failures ---- */

/* E6696-5.2.2-08 E6696-5.2.2-09 E6696-5.2.2-10 E6696-5.3-03 E6696-5.4-08 */
static void a_refused_suite_is_followed_by_a_listed_one(void **state)
{
	struct hk_er_peer_config c = one_suite(1);
	struct device d;

	(void)state;
	c.suites[1] = 2;
	c.nsuites = 2;
	c.ask_lifetimes = false;
	make_at(&d, &c, HOME, 2, 0x12);
	assert_vector(d.out.packet.data, d.out.packet.len, "P5.init");
	receive(&d, packet_of(&d, "P5.finish"), NOW + 50);
	assert_int_equal(d.out.action, HK_ER_SEND);
	assert_vector(d.out.packet.data, d.out.packet.len, "P5.retry");
	receive(&d, answer(&d, (struct finish){0}), NOW + 60);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	hk_er_peer_clear(&d.peer);
}

/* E6696-4.5-03 */
static void the_suite_that_worked_is_used_again(void **state)
{
	static const uint8_t only_3[] = {HK_ERP_CRYPTOSUITE_LIST, 1, 3};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_at(&d, &c, HOME, 0, 1);
	assert_int_equal(d.link.suite, 2);
	receive(&d,
		answer(&d, (struct finish){.flags = HK_ERP_FLAG_R,
				   .suite = 3,
				   .more = hk_bytes(only_3, sizeof only_3)}),
		NOW);
	assert_int_equal(sent(&d).readings[0].suite, 3);
	receive(&d, answer(&d, (struct finish){0}), NOW);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	begin(&d, NOW + 10);
	assert_int_equal(sent(&d).readings[0].suite, 3);
	hk_er_peer_clear(&d.peer);
}

static void a_suite_is_tried_once(void **state)
{
	static const uint8_t only_3[] = {HK_ERP_CRYPTOSUITE_LIST, 2, 9, 3};
	static const uint8_t only_2[] = {HK_ERP_CRYPTOSUITE_LIST, 1, 2};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_at(&d, &c, HOME, 0, 1);
	receive(&d,
		answer(&d, (struct finish){.flags = HK_ERP_FLAG_R,
				   .more = hk_bytes(only_3, sizeof only_3)}),
		NOW);
	assert_int_equal(sent(&d).readings[0].suite, 3);
	receive(&d,
		answer(&d, (struct finish){.flags = HK_ERP_FLAG_R,
				   .more = hk_bytes(only_2, sizeof only_2)}),
		NOW);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_err(d.out.reason, HK_ERR_DENIED);
	hk_er_peer_clear(&d.peer);
}

/* A list with our suite on it: the suite was not the reason. */
static void a_failure_for_another_reason_means_full_eap(void **state)
{
	static const uint8_t both[] = {HK_ERP_CRYPTOSUITE_LIST, 2, 3, 2};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t request[] = {1, 9, 0, 5, 1};
	struct device d;

	(void)state;
	for (int i = 0; i < 2; i++) {
		make_at(&d, &c, HOME, 0, 1);
		receive(&d, hk_bytes(request, sizeof request), NOW);
		receive(&d,
			answer(&d, (struct finish){.flags = HK_ERP_FLAG_R,
					   .more = i ? hk_bytes(both, sizeof both) : HK_NO_BYTES}),
			NOW + 50);
		assert_int_equal(d.out.action, HK_ER_FULL_EAP);
		assert_err(d.out.reason, HK_ERR_DENIED);
		assert_true(hk_bytes_equal(d.out.packet, hk_bytes(request, sizeof request)));
		assert_false(hk_er_peer_has_keys(&d.peer, NOW));

		/* a new full EAP run brings a new set */
		assert_ok(hk_er_peer_take_emsk(&d.peer, emsk_of("V2", LATER), hk_text(HOME), NOW));
		assert_true(hk_er_peer_has_keys(&d.peer, NOW));
		hk_er_peer_clear(&d.peer);
	}
}

/* E6696-5.2.2-07 E6696-5.2.2-08 E6696-5.2.2-13 */
static void failures_without_proof_change_nothing(void **state)
{
	static const char *const names[] = {"P6.finish-unauth", "P6b.finish-unauth"};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_bytes finish;
	struct device d;

	(void)state;
	for (int i = 0; i < 2; i++) {
		make_at(&d, &c, HOME, 4, 0x14);
		receive(&d, packet_of(&d, names[i]), NOW);
		assert_dropped(&d, HK_ERR_TAG);
		assert_still_waiting(&d);
		hk_er_peer_clear(&d.peer);

		make_at(&d, &c, HOME, 5, 0x14); /* for another SEQ */
		receive(&d, packet_of(&d, names[i]), NOW);
		assert_dropped(&d, HK_ERR_REPLAY);
		assert_false(d.link.unverified_failure);
		hk_er_peer_clear(&d.peer);
	}
	c = one_suite(1);
	c.suites[1] = 2;
	c.nsuites = 2;
	make_at(&d, &c, HOME, 2, 0x12);
	finish = packet_of(&d, "P5.finish");
	d.octets[finish.len - 1] ^= 1;
	receive(&d, finish, NOW);
	assert_dropped(&d, HK_ERR_TAG);
	assert_still_waiting(&d);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.2.2-12 */
static void a_list_without_proof_may_be_tried_when_time_is_up(void **state)
{
	struct hk_er_peer_config c = one_suite(1);
	struct device d;

	(void)state;
	c.suites[1] = 2;
	c.nsuites = 2;
	c.ask_lifetimes = false;
	for (unsigned on = 0; on < 2; on++) {
		c.retry_unverified = on;
		make_at(&d, &c, HOME, 4, 0x14);
		receive(&d, packet_of(&d, "P6b.finish-unauth"), NOW);
		do {
			timeout(&d);
		} while (d.out.action == HK_ER_SEND && sent(&d).seq == 4);
		if (!on) {
			assert_int_equal(d.out.action, HK_ER_FULL_EAP);
			assert_err(d.out.reason, HK_ERR_TAG);
		} else {
			assert_int_equal(sent(&d).readings[0].suite, 2);
			assert_int_equal(sent(&d).seq, 5);
		}
		hk_er_peer_clear(&d.peer);
	}
}

/* E6696-4.4-07 E6696-4.4-06 E6696-4.2-07 E5295-5.1-04 */
static void nothing_is_done_with_keys_that_ended(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_bytes finish;
	struct device d;

	(void)state;
	make_at(&d, &c, HOME, 0, 1);
	finish = answer(&d, (struct finish){0});
	receive(&d, finish, LATER);
	assert_dropped(&d, HK_ERR_EXPIRED);
	hk_er_link_down(&d.link);
	assert_false(hk_er_peer_has_keys(&d.peer, LATER));
	receive(&d, packet_of(&d, "P7.start"), LATER);
	assert_dropped(&d, HK_ERR_EXPIRED);
	assert_null(d.peer.emsk);
	begin(&d, LATER);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_err(d.out.reason, HK_ERR_NOT_FOUND);
	hk_er_peer_clear(&d.peer);
}

/* A new EMSK while an exchange runs: its answer is for keys that are gone. */
static void an_exchange_does_not_outlive_its_key_set(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_bytes finish;
	struct device d;

	(void)state;
	make_at(&d, &c, HOME, 0, 1);
	finish = answer(&d, (struct finish){0});
	assert_ok(hk_er_peer_take_emsk(&d.peer, emsk_of("V2", LATER), hk_text(HOME), NOW));
	receive(&d, finish, NOW);
	assert_dropped(&d, HK_ERR_NOT_FOUND);
	while (d.out.action != HK_ER_FULL_EAP)
		timeout(&d);
	hk_er_peer_clear(&d.peer);
}

/* ---- channel binding ---- */

static void make_bound(struct device *d, bool require, const char *nas_identifier)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t octets[256];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	c.require_channel_binding = require;
	make_device(d, &c, 1);
	at_domain(d, HOME);
	if (nas_identifier) {
		hk_erp_put_tlv(&b, HK_ERP_NAS_IDENTIFIER, hk_text(nas_identifier));
		hk_erp_put_tlv(&b, HK_ERP_CALLED_STATION_ID, hk_text("02:00:00:00:01:0a:net"));
	}
	assert_ok(hk_er_link_set_channel_binding(&d->link, hk_buf_bytes(&b)));
	begin(d, NOW);
}

static void answer_bound(struct device *d, const char *nas_identifier, const char *called)
{
	uint8_t octets[256];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	if (called)
		hk_erp_put_tlv(&b, HK_ERP_CALLED_STATION_ID, hk_text(called));
	if (nas_identifier)
		hk_erp_put_tlv(&b, HK_ERP_NAS_IDENTIFIER, hk_text(nas_identifier));
	receive(d, answer(d, (struct finish){.more = hk_buf_bytes(&b)}), NOW);
}

static void assert_bound(struct device *d)
{
	assert_int_equal(d->out.action, HK_ER_SUCCEEDED);
	hk_key_free(d->out.rmsk);
	hk_er_peer_clear(&d->peer);
}

/* E6696-5.5-05 */
static void matching_channel_binding_goes_on(void **state)
{
	struct device d;

	(void)state;
	make_bound(&d, true, "nas-7");
	answer_bound(&d, "nas-7", "02-00-00-00-01-0A:net");
	assert_bound(&d);
	make_bound(&d, true, "nas-7");
	answer_bound(&d, "nas-7", NULL);
	assert_bound(&d);
	make_bound(&d, false, NULL); /* nothing to compare with, and none required */
	answer_bound(&d, "nas-7", NULL);
	assert_bound(&d);
	make_bound(&d, false, "nas-7");
	answer_bound(&d, NULL, NULL);
	assert_bound(&d);
}

/* E6696-5.5-06 */
static void contradicting_channel_binding_means_leave(void **state)
{
	static const struct {
		const char *ours, *nas_identifier, *called;
		bool require;
	} cases[] = {
		{"nas-7", "nas-8", NULL, false},
		{"nas-7", "nas-7", "02-00-00-00-01-0B:net", false},
		{"nas-7", "nas-7", "02-00-00-00-01-0A:other", false},
		{"nas-7", NULL, NULL, true},
		{NULL, "nas-7", NULL, true},
	};
	struct device d;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_bound(&d, cases[i].require, cases[i].ours);
		answer_bound(&d, cases[i].nas_identifier, cases[i].called);
		assert_int_equal(d.out.action, HK_ER_LEAVE);
		assert_err(d.out.reason, HK_ERR_CHANNEL_BINDING);
		assert_null(d.out.rmsk);
		assert_true(hk_er_peer_has_keys(&d.peer, NOW));
		assert_int_equal(d.peer.sets[0].next_seq, 1);
		receive(&d, packet_of(&d, "P7b.start"), NOW); /* not here again */
		assert_dropped(&d, HK_ERR_UNEXPECTED);
		hk_er_peer_clear(&d.peer);
	}
}

/* Anyone can send a Start: no link that works is left for what one said. */
static void a_start_takes_no_working_link_down(void **state)
{
	uint8_t octets[64];
	struct hk_buf start = hk_buf(octets, sizeof octets);
	struct device d;

	(void)state;
	hk_erp_begin_start(&start, 9);
	hk_erp_put_tlv(&start, HK_ERP_NAS_IDENTIFIER, hk_text("nas-8"));
	assert_ok(hk_erp_end(&start));
	for (unsigned in_use = 0; in_use < 4; in_use++) {
		struct hk_er_peer_config c = hk_er_peer_config_default();

		make_device(&d, &c, 1);
		at_domain(&d, HOME);
		if (in_use == 3) /* a lower layer that has nothing to tell */
			assert_ok(hk_er_link_set_channel_binding(&d.link, HK_NO_BYTES));
		if (in_use == 1 || in_use == 3)
			hk_er_link_eap_ended(&d.link, true, NOW, &d.out);
		if (in_use == 2)
			run(&d, NOW);
		receive(&d, hk_buf_bytes(&start), NOW);
		sent(&d);
		answer_bound(&d, "nas-7", NULL);
		assert_int_equal(d.out.action, in_use ? HK_ER_FULL_EAP : HK_ER_LEAVE);
		assert_err(d.out.reason, HK_ERR_CHANNEL_BINDING);
		assert_null(d.out.rmsk);
		/* the next link is a new one */
		hk_er_link_down(&d.link);
		receive(&d, hk_buf_bytes(&start), NOW);
		sent(&d);
		answer_bound(&d, "nas-7", NULL);
		assert_int_equal(d.out.action, HK_ER_LEAVE);
		hk_er_peer_clear(&d.peer);
	}
}

/* What the lower layer told cannot be forged: then it is the authenticator that lies. */
static void a_lying_authenticator_is_left_at_once(void **state)
{
	struct device d;

	(void)state;
	make_bound(&d, false, "nas-7");
	answer_bound(&d, "nas-7", NULL);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	begin(&d, NOW);
	answer_bound(&d, "nas-8", NULL);
	assert_int_equal(d.out.action, HK_ER_LEAVE);
	hk_er_peer_clear(&d.peer);
}

/* ---- explicit bootstrap ---- */

/* E6696-5.1-28 E6696-5.1-31 E6696-5.1-32 E6696-5.3.3-15 E5295-4-08 */
static void bootstrap_finish_names_the_local_domain(void **state)
{
	struct hk_er_peer_config c = one_suite(3);
	struct device d;

	(void)state;
	make_at(&d, &c, NULL, 65535, 0xff);
	receive(&d, packet_of(&d, "P3.finish"), NOW);
	assert_err(d.out.reason, HK_OK);
	assert_true(hk_bytes_equal(d.out.domain, hk_text(VISITED)));
	assert_rmsk(&d, "V1.rMSK[SEQ=65535]");

	/* from now on with the local server, and with its own count */
	d.peer.config.suites[0] = 2;
	d.link.identifier = 0x1f;
	begin(&d, NOW);
	assert_vector(d.out.packet.data, d.out.packet.len, "P4.init");
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.1-31 E6696-5.3.3-15 */
static void a_domain_the_home_server_does_not_stand_behind_is_ignored(void **state)
{
	struct hk_er_peer_config c = one_suite(2);
	struct hk_erp_message m;
	struct hk_hmac_key rik;
	struct hk_key *key;
	struct device d;
	struct hk_buf b;
	size_t at;

	(void)state;
	make_at(&d, &c, NULL, 0, 1);
	m = outstanding(&d);
	b = hk_buf(d.octets, sizeof d.octets);
	hk_erp_begin(&b, HK_ERP_FINISH, m.identifier, HK_ERP_FLAG_B, m.seq, m.keyname_nai);
	hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, hk_text(VISITED));
	at = hk_erp_reserve_indication(&b, 2);
	/* made for another domain */
	assert_ok(hk_key_derive_auth_indication(d.peer.emsk, hk_text("evil.example"), NOW, &key));
	assert_ok(hk_erp_keys_rik(&d.peer.sets[0].keys, 2, &rik));
	assert_ok(hk_erp_seal_indicated(&b, 2, at, key, &rik));
	hk_key_free(key);
	receive(&d, hk_buf_bytes(&b), NOW);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	assert_err(d.out.reason, HK_ERR_TAG);
	assert_int_equal(d.out.domain.len, 0);
	hk_key_free(d.out.rmsk);
	begin(&d, NOW);
	assert_realm(&(struct hk_erp_message){.keyname_nai = sent(&d).keyname_nai}, HOME);
	hk_er_peer_clear(&d.peer);
}

static void bootstrap(struct device *d, const char *domain)
{
	uint8_t octets[256];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	hk_er_link_begin(&d->link, true, NOW, NO_JITTER, &d->out);
	assert_int_equal(sent(d).flags & HK_ERP_FLAG_B, HK_ERP_FLAG_B);
	if (domain)
		hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, hk_text(domain));
	receive(d, answer(d, (struct finish){.flags = HK_ERP_FLAG_B, .more = hk_buf_bytes(&b)}),
		NOW);
	assert_int_equal(d->out.action, HK_ER_SUCCEEDED);
	hk_key_free(d->out.rmsk);
}

/* E6696-5.1-28 E6696-3.2-06 E6696-5.1-09 */
static void a_second_bootstrap_lowers_no_counter(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	bootstrap(&d, VISITED);
	run(&d, NOW);
	run(&d, NOW);
	assert_int_equal(d.peer.sets[0].next_seq, 1);
	assert_int_equal(d.peer.sets[1].next_seq, 2);
	bootstrap(&d, VISITED);
	assert_int_equal(d.peer.sets[1].next_seq, 2);
	begin(&d, NOW);
	assert_int_equal(sent(&d).seq, 2);
	assert_realm(&(struct hk_erp_message){.keyname_nai = sent(&d).keyname_nai}, VISITED);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.1-30 E6696-5.2.2-15 E6696-5.2.2-16 */
static void bootstrap_without_domain_means_home_from_then_on(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_erp_message m;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	assert_int_equal(sent(&d).flags & HK_ERP_FLAG_B, HK_ERP_FLAG_B);
	receive(&d, answer(&d, (struct finish){.flags = HK_ERP_FLAG_B}), NOW);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	assert_non_null(d.out.rmsk);
	hk_key_free(d.out.rmsk);
	begin(&d, NOW);
	m = sent(&d);
	assert_int_equal(m.flags & HK_ERP_FLAG_B, 0);
	assert_realm(&m, HOME);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.1-29 */
static void bootstrap_without_domain_leaves_the_name_of_start(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_erp_message m;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	receive(&d, packet_of(&d, "P7.start"), NOW); /* noted while the exchange runs */
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	receive(&d, answer(&d, (struct finish){.flags = HK_ERP_FLAG_B}), NOW);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	begin(&d, NOW);
	m = sent(&d);
	assert_realm(&m, VISITED);
	hk_er_peer_clear(&d.peer);
}

static void a_bad_domain_in_a_finish_is_ignored(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	bootstrap(&d, "a domain");
	assert_err(d.out.reason, HK_ERR_MALFORMED);
	assert_int_equal(d.out.domain.len, 0);
	bootstrap(&d, "HOME.example"); /* ours: keys from the EMSK serve it */
	assert_err(d.out.reason, HK_OK);
	begin(&d, NOW);
	assert_realm(&(struct hk_erp_message){.keyname_nai = sent(&d).keyname_nai}, HOME);
	assert_int_equal(d.peer.sets[1].expires, 0);
	hk_er_peer_clear(&d.peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finishes_of_the_vectors),
		cmocka_unit_test(the_tag_decides_between_two_readings),
		cmocka_unit_test(finish_of_a_running_hostapd),
		cmocka_unit_test(a_finish_counts_once),
		cmocka_unit_test(reserved_flags_of_a_finish_are_ignored),
		cmocka_unit_test(finishes_for_something_else_are_dropped),
		cmocka_unit_test(a_finish_without_name_is_dropped),
		cmocka_unit_test(a_finish_that_does_not_verify_is_dropped),
		cmocka_unit_test(each_suite_has_its_own_rik),
		cmocka_unit_test(our_own_initiate_reflected_is_no_finish),
		cmocka_unit_test(keys_of_one_domain_do_not_serve_another),
		cmocka_unit_test(a_refused_suite_is_followed_by_a_listed_one),
		cmocka_unit_test(the_suite_that_worked_is_used_again),
		cmocka_unit_test(a_suite_is_tried_once),
		cmocka_unit_test(a_failure_for_another_reason_means_full_eap),
		cmocka_unit_test(failures_without_proof_change_nothing),
		cmocka_unit_test(a_list_without_proof_may_be_tried_when_time_is_up),
		cmocka_unit_test(nothing_is_done_with_keys_that_ended),
		cmocka_unit_test(an_exchange_does_not_outlive_its_key_set),
		cmocka_unit_test(matching_channel_binding_goes_on),
		cmocka_unit_test(contradicting_channel_binding_means_leave),
		cmocka_unit_test(a_start_takes_no_working_link_down),
		cmocka_unit_test(a_lying_authenticator_is_left_at_once),
		cmocka_unit_test(bootstrap_finish_names_the_local_domain),
		cmocka_unit_test(a_domain_the_home_server_does_not_stand_behind_is_ignored),
		cmocka_unit_test(a_second_bootstrap_lowers_no_counter),
		cmocka_unit_test(bootstrap_without_domain_means_home_from_then_on),
		cmocka_unit_test(bootstrap_without_domain_leaves_the_name_of_start),
		cmocka_unit_test(a_bad_domain_in_a_finish_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
