/* SPDX-License-Identifier: ISC */
/* When the peer starts ERP, what it sends, when it repeats and when it stops. */
#include "device.h"

/* A device that sends no L, at home: the Initiates of the vectors P2 and P5. */
static struct hk_er_peer_config quiet(uint8_t suite)
{
	struct hk_er_peer_config c = one_suite(suite);

	c.ask_lifetimes = false;
	return c;
}

/* ---- what is sent ---- */

/* E6696-5.2-07 E6696-5.3.2-01 E6696-5.3.2-03 E6696-5.3.2-08 E6696-5.3.2-09 E6696-5.3.2-12 */
static void initiate_of_vector_p2(void **state)
{
	struct hk_er_peer_config c = quiet(2);
	struct device d;

	(void)state;
	make_device(&d, &c, 0x11);
	at_domain(&d, HOME);
	d.peer.sets[0].next_seq = 1;
	begin(&d, NOW);
	assert_int_equal(d.out.action, HK_ER_SEND);
	assert_vector(d.out.packet.data, d.out.packet.len, "P2.init");
	hk_er_peer_clear(&d.peer);
}

/* E6696-4.5-01 E6696-3-16 E6696-5.2-09 E6696-5.4-01 */
static void initiate_of_vector_p1(void **state)
{
	struct hk_er_peer_config c = one_suite(1);
	struct device d;

	(void)state;
	make_device(&d, &c, 0x10);
	at_domain(&d, HOME);
	begin(&d, NOW);
	assert_vector(d.out.packet.data, d.out.packet.len, "P1.init");
	hk_er_peer_clear(&d.peer);

	c.ask_lifetimes = false;
	make_device(&d, &c, 0x10);
	at_domain(&d, HOME);
	begin(&d, NOW);
	assert_int_equal(sent(&d).flags, 0);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.1-10 E6696-5.1-11 E6696-5.1-12 E6696-3-18 E6696-5.3.2-11 E6696-5.5-02 */
static void initiate_of_vector_p3_is_a_bootstrap_with_channel_binding(void **state)
{
	struct hk_er_peer_config c = one_suite(3);
	struct hk_erp_attributes a;
	struct hk_erp_message m;
	struct device d;
	struct hk_bytes p3;

	(void)state;
	c.send_channel_binding = true;
	make_device(&d, &c, 0xff);
	d.peer.sets[0].next_seq = 65535;
	p3 = packet_of(&d, "P3.init");
	assert_ok(hk_erp_parse(p3, &m));
	assert_ok(hk_erp_attributes(&m, m.readings[0].end, &a));
	assert_ok(hk_er_link_set_channel_binding(&d.link, a.area));
	begin(&d, NOW);
	assert_vector(d.out.packet.data, d.out.packet.len, "P3.init");
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.5-02 */
static void channel_binding_of_start_is_passed_on_when_wanted(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_erp_attributes a;
	struct hk_erp_message m;
	struct device d;

	(void)state;
	for (unsigned on = 0; on < 2; on++) {
		c.send_channel_binding = on;
		make_device(&d, &c, 1);
		receive(&d, packet_of(&d, "P7c.start"), NOW);
		m = sent(&d);
		assert_ok(hk_erp_attributes(&m, m.readings[0].end, &a));
		assert_int_equal(a.channel_binding[2].len, on ? 21 : 0);
		hk_er_peer_clear(&d.peer);
	}
}

static void channel_binding_that_is_too_long_is_refused(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t octets[1024], value[255] = {0};
	struct hk_buf b = hk_buf(octets, sizeof octets);
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	for (int i = 0; i < 3; i++)
		hk_erp_put_tlv(&b, (uint8_t)(150 + i), hk_bytes(value, sizeof value));
	assert_err(hk_er_link_set_channel_binding(&d.link, hk_buf_bytes(&b)), HK_ERR_TOO_LONG);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.3.1.2-01 E6696-5.3.1.2-04 E6696-3.2-05 E6696-5.2-08 E6696-4.3-03 E6696-3-21
 * E6696-5.3.2-08 E5295-4-08 */
static void start_with_a_domain_leads_to_local_erp(void **state)
{
	struct hk_er_peer_config c = one_suite(2);
	struct device d;

	(void)state;
	make_device(&d, &c, 0x20);
	receive(&d, packet_of(&d, "P7.start"), NOW);
	assert_int_equal(d.out.action, HK_ER_SEND);
	assert_vector(d.out.packet.data, d.out.packet.len, "P4.init");
	receive(&d, packet_of(&d, "P4.finish"), NOW + 20);
	assert_rmsk(&d, "V1.DS-rMSK[SEQ=0]");
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.3.1-02 */
static void reserved_octet_of_start_is_ignored(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t start[] = {5, 7, 0, 6, 1, 0xff};
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	receive(&d, hk_bytes(start, sizeof start), NOW);
	assert_int_equal(sent(&d).seq, 0);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.2-05 E6696-5.3-03 E6696-5.3-07 */
static void identifiers_are_the_peers_own_and_always_new(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t before = 253;
	struct device d;

	(void)state;
	make_device(&d, &c, 253);
	run(&d, NOW);
	assert_int_equal(d.link.identifier, 253);
	for (int i = 0; i < 5; i++) {
		receive(&d, packet_of(&d, "P7b.start"), NOW); /* its Identifier is 2 */
		assert_int_equal(sent(&d).identifier, (uint8_t)(before + 1));
		before++;
		receive(&d, answer(&d, (struct finish){0}), NOW + 5);
		assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
		hk_key_free(d.out.rmsk);
	}
	hk_er_peer_clear(&d.peer);
}

/* ---- when it is not sent ---- */

/* E6696-3-09 */
static void without_keys_start_is_dropped(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t request[] = {1, 9, 0, 5, 1};
	struct device d;

	(void)state;
	make_bare_device(&d, &c, 1);
	receive(&d, packet_of(&d, "P7.start"), NOW);
	assert_dropped(&d, HK_ERR_NOT_FOUND);
	assert_int_equal(d.out.packet.len, 0);
	receive(&d, hk_bytes(request, sizeof request), NOW);
	assert_int_equal(d.out.action, HK_ER_PASS);
	hk_er_peer_clear(&d.peer);
}

/* E6696-3-07 E6696-5.3.1.2-02 E6696-6-14 */
static void switched_off_nothing_of_erp_is_answered(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_er_link_config no_erp = {.support = HK_ER_SUPPORT_NO};
	uint8_t request[] = {1, 9, 0, 5, 1};
	struct device d;

	(void)state;
	c.enabled = false;
	for (int i = 0; i < 2; i++) {
		make_device(&d, &c, 1);
		if (i == 1)
			hk_er_link_init(&d.link, &d.peer, &no_erp, NOW);
		receive(&d, packet_of(&d, "P7.start"), NOW);
		assert_dropped(&d, HK_ERR_DENIED);
		receive(&d, packet_of(&d, "P1.finish"), NOW);
		assert_dropped(&d, HK_ERR_DENIED);
		begin(&d, NOW);
		assert_int_equal(d.out.action, HK_ER_FULL_EAP);
		assert_int_equal(d.peer.sets[0].next_seq, 0);
		receive(&d, hk_bytes(request, sizeof request), NOW);
		assert_int_equal(d.out.action, HK_ER_PASS);
		hk_er_peer_clear(&d.peer);
		c.enabled = true;
	}
}

/* E6696-5.3.1.2-03 E6696-5.3.1.2-05 */
static void one_exchange_at_a_time(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	receive(&d, packet_of(&d, "P7.start"), NOW);
	assert_realm(&(struct hk_erp_message){.keyname_nai = sent(&d).keyname_nai}, VISITED);
	receive(&d, packet_of(&d, "P7b.start"), NOW + 1);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	hk_er_link_begin(&d.link, true, NOW + 2, 0, &d.out);
	assert_int_equal(d.out.action, HK_ER_NOTHING);
	assert_err(d.out.reason, HK_ERR_UNEXPECTED);
	assert_int_equal(d.peer.sets[0].next_seq, 0);
	assert_int_equal(d.peer.sets[1].next_seq, 1);
	hk_er_peer_clear(&d.peer);
}

static void packets_that_no_peer_receives_are_dropped(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t response[] = {2, 1, 0, 5, 1}, unknown[] = {9, 1, 0, 5, 1};
	uint8_t initiate_3[] = {5, 1, 0, 6, 3, 0}, finish_1[] = {6, 1, 0, 6, 1, 0};
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	receive(&d, packet_of(&d, "P1.init"), NOW);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	receive(&d, hk_bytes(response, sizeof response), NOW);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	receive(&d, hk_bytes(unknown, sizeof unknown), NOW);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	receive(&d, hk_bytes(initiate_3, sizeof initiate_3), NOW);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	receive(&d, hk_bytes(finish_1, sizeof finish_1), NOW);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	receive(&d, hk_bytes(response, 3), NOW);
	assert_dropped(&d, HK_ERR_MALFORMED);
	receive(&d, HK_NO_BYTES, NOW);
	assert_dropped(&d, HK_ERR_MALFORMED);
	assert_int_equal(d.link.state, HK_ER_IDLE);
	hk_er_peer_clear(&d.peer);
}

/* ---- repeating ---- */

/* E6696-5.2-06 E6696-5.3-02 E6696-5.4-07 E6696-6-03 E6696-6-04 E6696-6-06 E6696-3-08 E6696-5.4-08
 */
static void silence_means_three_repetitions_and_full_eap(void **state)
{
	static const hk_time at[] = {1000, 3000, 7000, 15000};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t first[HK_ERP_MAX_LEN];
	struct device d;
	size_t n;

	(void)state;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	n = d.out.packet.len;
	memcpy(first, d.out.packet.data, n);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(d.out.deadline, NOW + at[i]);
		timeout(&d);
		assert_int_equal(d.out.action, HK_ER_SEND);
		assert_int_equal(d.out.packet.len, n);
		assert_memory_equal(d.out.packet.data, first, n);
	}
	assert_int_equal(d.out.deadline, NOW + at[3]);
	timeout(&d);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_err(d.out.reason, HK_ERR_TIMEOUT);
	assert_int_equal(d.out.packet.len, 0);
	assert_int_equal(d.out.deadline, HK_NEVER);
	assert_true(hk_er_peer_has_keys(&d.peer, NOW));

	hk_er_link_eap_ended(&d.link, true, NOW + 20000, &d.out);
	begin(&d, NOW + 20000);
	assert_int_equal(sent(&d).seq, 1);
	hk_er_peer_clear(&d.peer);
}

static void a_deadline_that_came_early_does_nothing(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	hk_er_link_timeout(&d.link, NOW, 0, &d.out);
	assert_int_equal(d.out.action, HK_ER_NOTHING);
	assert_int_equal(d.out.deadline, HK_NEVER);
	begin(&d, NOW);
	hk_er_link_timeout(&d.link, NOW + 999, 0, &d.out);
	assert_int_equal(d.out.action, HK_ER_NOTHING);
	assert_int_equal(d.out.deadline, NOW + 1000);
	hk_er_peer_clear(&d.peer);
}

static void waits_are_jittered_and_bounded(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	hk_er_link_begin(&d.link, false, NOW, 0, &d.out);
	assert_int_equal(d.out.deadline, NOW + 900);
	hk_er_link_down(&d.link);
	hk_er_link_begin(&d.link, false, NOW, 65535, &d.out);
	assert_int_equal(d.out.deadline, NOW + 1100);
	hk_er_peer_clear(&d.peer);

	c.rto_ms = 50;
	make_device(&d, &c, 1);
	hk_er_link_begin(&d.link, false, NOW, 0, &d.out);
	assert_int_equal(d.out.deadline, NOW + 200);
	hk_er_peer_clear(&d.peer);

	c.rto_ms = 15000;
	c.guard_ms = 200000;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	timeout(&d);
	assert_int_equal(d.out.deadline, NOW + 15000 + 20000);
	hk_er_peer_clear(&d.peer);
}

/* E6696-6-05 */
static void waits_adapt_to_the_round_trip(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;
	hk_time now = NOW;

	(void)state;
	make_device(&d, &c, 1);
	for (int i = 0; i < 3; i++) {
		begin(&d, now);
		receive(&d, answer(&d, (struct finish){0}), now + 400);
		assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
		hk_key_free(d.out.rmsk);
		now += 1000;
	}
	begin(&d, now); /* 400 + 4 * 400/2 * 3/4 * 3/4 */
	assert_int_equal(d.out.deadline, now + 848);

	/* Karn: an answer after a repetition says nothing */
	timeout(&d);
	assert_int_equal(d.out.action, HK_ER_SEND);
	receive(&d, answer(&d, (struct finish){0}), now + 5000);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	begin(&d, now + 10000);
	assert_int_equal(d.out.deadline, now + 10848);
	hk_er_peer_clear(&d.peer);
}

/* E6696-6-07 */
static void a_reliable_lower_layer_does_the_repeating(void **state)
{
	struct hk_er_link_config reliable = {.authenticator = hk_text("ike"), .reliable = true};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	hk_er_link_init(&d.link, &d.peer, &reliable, NOW);
	begin(&d, NOW);
	assert_int_equal(d.out.deadline, NOW + 16000);
	timeout(&d);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_err(d.out.reason, HK_ERR_TIMEOUT);
	hk_er_peer_clear(&d.peer);
}

/* ---- beside ordinary EAP ---- */

/* E6696-5.2-04 */
static void where_erp_is_known_identity_request_waits_for_it(void **state)
{
	struct hk_er_link_config known = {
		.authenticator = hk_text("ap-1"), .support = HK_ER_SUPPORT_YES};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t request[] = {1, 9, 0, 5, 1}, later[] = {1, 10, 0, 5, 1};
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	hk_er_link_init(&d.link, &d.peer, &known, NOW);
	receive(&d, hk_bytes(request, sizeof request), NOW);
	assert_int_equal(sent(&d).seq, 0);
	receive(&d, hk_bytes(later, sizeof later), NOW + 100);
	assert_int_equal(d.out.action, HK_ER_HELD);
	while (d.out.action != HK_ER_FULL_EAP)
		timeout(&d);
	assert_int_equal(d.out.packet.len, sizeof later);
	assert_memory_equal(d.out.packet.data, later, sizeof later);

	/* once is enough: the next Request is for full EAP, Start too late */
	receive(&d, hk_bytes(request, sizeof request), NOW + 20000);
	assert_int_equal(d.out.action, HK_ER_PASS);
	receive(&d, packet_of(&d, "P7b.start"), NOW + 20000);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	hk_er_link_eap_ended(&d.link, false, NOW + 21000, &d.out);
	receive(&d, hk_bytes(request, sizeof request), NOW + 22000);
	assert_int_equal(d.out.action, HK_ER_PASS);
	hk_er_peer_clear(&d.peer);
}

static void where_nothing_is_known_identity_request_is_answered(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t request[] = {1, 9, 0, 5, 1}, success[] = {3, 9, 0, 4};
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	receive(&d, hk_bytes(request, sizeof request), NOW);
	assert_int_equal(d.out.action, HK_ER_PASS);
	receive(&d, packet_of(&d, "P7.start"), NOW);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	begin(&d, NOW);
	assert_int_equal(d.out.action, HK_ER_NOTHING);
	receive(&d, hk_bytes(success, sizeof success), NOW);
	assert_int_equal(d.out.action, HK_ER_PASS);
	hk_er_peer_clear(&d.peer);
}

static void a_request_too_long_to_hold_comes_again(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t request[HK_ER_LINK_HELD_MAX + 1] = {
		1, 9, sizeof request >> 8, (uint8_t)sizeof request, 13};
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	receive(&d, hk_bytes(request, sizeof request), NOW);
	assert_int_equal(d.out.action, HK_ER_HELD);
	while (d.out.action != HK_ER_FULL_EAP)
		timeout(&d);
	assert_int_equal(d.out.packet.len, 0);
	hk_er_peer_clear(&d.peer);
}

/* E6696-3-08 */
static void success_and_failure_of_eap_do_not_end_an_exchange(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t success[] = {3, 1, 0, 4}, failure[] = {4, 0, 0, 4};
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	receive(&d, hk_bytes(success, sizeof success), NOW + 10);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	receive(&d, hk_bytes(failure, sizeof failure), NOW + 20);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	assert_int_equal(d.out.deadline, NOW + 1000);
	while (d.out.action != HK_ER_FULL_EAP)
		timeout(&d);
	assert_true(hk_er_peer_has_keys(&d.peer, NOW));
	hk_er_peer_clear(&d.peer);
}

static void after_an_unverified_failure_patience_can_be_shorter(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t failure[] = {4, 0, 0, 4};
	struct device d;

	(void)state;
	c.grace_ms = 500;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	receive(&d, hk_bytes(failure, sizeof failure), NOW + 20);
	assert_int_equal(d.out.deadline, NOW + 520);
	timeout(&d);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_true(hk_er_peer_has_keys(&d.peer, NOW));
	hk_er_peer_clear(&d.peer);
}

static void a_new_request_means_that_erp_is_over(void **state)
{
	struct hk_er_link_config known = {
		.authenticator = hk_text("ap-1"), .support = HK_ER_SUPPORT_YES};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t before[] = {1, 9, 0, 5, 1}, after[] = {1, 10, 0, 5, 1};
	struct device d;

	(void)state;
	c.grace_ms = 500;
	make_device(&d, &c, 1);
	hk_er_link_init(&d.link, &d.peer, &known, NOW);
	receive(&d, hk_bytes(before, sizeof before), NOW);
	assert_int_equal(d.out.action, HK_ER_SEND);
	receive(&d, hk_bytes(before, sizeof before), NOW + 10); /* only repeated */
	assert_int_equal(d.out.deadline, NOW + 1000);
	receive(&d, hk_bytes(after, sizeof after), NOW + 20);
	assert_int_equal(d.out.deadline, NOW + 520);
	timeout(&d);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_true(hk_bytes_equal(d.out.packet, hk_bytes(after, sizeof after)));
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.4-08 */
static void a_link_that_goes_down_leaves_its_number_used(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_bytes finish;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	finish = answer(&d, (struct finish){0});
	hk_er_link_down(&d.link);
	receive(&d, finish, NOW + 1);
	assert_dropped(&d, HK_ERR_UNEXPECTED);
	begin(&d, NOW + 10);
	assert_int_equal(sent(&d).seq, 1);
	hk_er_peer_clear(&d.peer);
}

/* ---- lifetimes ---- */

static void full_eap_arms_the_end_of_the_rrk(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	hk_er_link_eap_ended(&d.link, true, NOW, &d.out);
	assert_int_equal(d.out.deadline, LATER - 300 * HK_SECOND);
	timeout(&d);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_err(d.out.reason, HK_ERR_EXPIRED);
	hk_er_link_eap_ended(&d.link, false, LATER, &d.out);
	assert_int_equal(d.out.deadline, HK_NEVER);
	hk_er_peer_clear(&d.peer);
}

static struct hk_bytes lifetimes(uint8_t octets[10], uint32_t rrk_s, uint32_t rmsk_s)
{
	struct hk_buf b = hk_buf(octets, 10);

	hk_erp_put_lifetime(&b, HK_ERP_RRK_LIFETIME, rrk_s);
	hk_erp_put_lifetime(&b, HK_ERP_RMSK_LIFETIME, rmsk_s);
	return hk_buf_bytes(&b);
}

static void answer_with_lifetimes(struct device *d, uint32_t rrk_s, uint32_t rmsk_s)
{
	uint8_t octets[10];

	receive(d,
		answer(d, (struct finish){.flags = HK_ERP_FLAG_L,
				  .more = lifetimes(octets, rrk_s, rmsk_s)}),
		NOW);
	assert_int_equal(d->out.action, HK_ER_SUCCEEDED);
}

/* E6696-4.7-04 E6696-8-11 E6696-4.2-06 */
static void lifetimes_of_the_server_are_kept(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	answer_with_lifetimes(&d, 7200, 600);
	assert_int_equal(hk_key_expires(d.out.rmsk), NOW + 600 * HK_SECOND);
	assert_int_equal(d.peer.sets[0].expires, NOW + 7200 * HK_SECOND);
	assert_int_equal(d.out.deadline, NOW + 540 * HK_SECOND);
	hk_key_free(d.out.rmsk);

	timeout(&d); /* T_rmsk: again */
	assert_int_equal(sent(&d).seq, 1);
	answer_with_lifetimes(&d, 100, 600);
	assert_int_equal(hk_key_expires(d.out.rmsk), NOW + 100 * HK_SECOND);
	assert_int_equal(d.out.deadline, NOW + 90 * HK_SECOND);
	hk_key_free(d.out.rmsk);
	timeout(&d); /* T_rrk */
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_err(d.out.reason, HK_ERR_EXPIRED);
	hk_er_peer_clear(&d.peer);
}

static void a_full_eap_run_that_failed_leaves_the_rmsk_in_use(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t request[] = {1, 9, 0, 5, 1};
	hk_time reauth_at;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	run(&d, NOW);
	reauth_at = d.out.deadline;
	receive(&d, hk_bytes(request, sizeof request), NOW);
	assert_int_equal(d.out.action, HK_ER_PASS);
	assert_int_equal(d.out.deadline, HK_NEVER);
	hk_er_link_eap_ended(&d.link, false, NOW, &d.out);
	assert_int_equal(d.out.deadline, reauth_at);
	timeout(&d);
	assert_int_equal(sent(&d).seq, 1);
	hk_er_peer_clear(&d.peer);
}

/* E6696-8-11 */
static void no_lifetime_reaches_past_the_emsk(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	answer_with_lifetimes(&d, UINT32_MAX, UINT32_MAX);
	assert_int_equal(hk_key_expires(d.out.rmsk), LATER);
	assert_int_equal(d.peer.sets[0].expires, LATER);
	hk_key_free(d.out.rmsk);
	hk_er_peer_clear(&d.peer);
}

static void a_lifetime_of_zero_is_for_once(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	begin(&d, NOW);
	answer_with_lifetimes(&d, 7200, 0);
	assert_true(hk_key_expires(d.out.rmsk) > NOW);
	assert_int_equal(d.out.deadline, NOW + 6900 * HK_SECOND);
	hk_key_free(d.out.rmsk);
	begin(&d, NOW);
	answer_with_lifetimes(&d, 0, 60);
	assert_int_equal(hk_key_expires(d.out.rmsk), NOW + 60 * HK_SECOND);
	hk_key_free(d.out.rmsk);
	assert_false(hk_er_peer_has_keys(&d.peer, NOW));
	hk_er_peer_clear(&d.peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initiate_of_vector_p2),
		cmocka_unit_test(initiate_of_vector_p1),
		cmocka_unit_test(initiate_of_vector_p3_is_a_bootstrap_with_channel_binding),
		cmocka_unit_test(channel_binding_of_start_is_passed_on_when_wanted),
		cmocka_unit_test(channel_binding_that_is_too_long_is_refused),
		cmocka_unit_test(start_with_a_domain_leads_to_local_erp),
		cmocka_unit_test(reserved_octet_of_start_is_ignored),
		cmocka_unit_test(identifiers_are_the_peers_own_and_always_new),
		cmocka_unit_test(without_keys_start_is_dropped),
		cmocka_unit_test(switched_off_nothing_of_erp_is_answered),
		cmocka_unit_test(one_exchange_at_a_time),
		cmocka_unit_test(packets_that_no_peer_receives_are_dropped),
		cmocka_unit_test(silence_means_three_repetitions_and_full_eap),
		cmocka_unit_test(a_deadline_that_came_early_does_nothing),
		cmocka_unit_test(waits_are_jittered_and_bounded),
		cmocka_unit_test(waits_adapt_to_the_round_trip),
		cmocka_unit_test(a_reliable_lower_layer_does_the_repeating),
		cmocka_unit_test(where_erp_is_known_identity_request_waits_for_it),
		cmocka_unit_test(where_nothing_is_known_identity_request_is_answered),
		cmocka_unit_test(a_request_too_long_to_hold_comes_again),
		cmocka_unit_test(success_and_failure_of_eap_do_not_end_an_exchange),
		cmocka_unit_test(after_an_unverified_failure_patience_can_be_shorter),
		cmocka_unit_test(a_new_request_means_that_erp_is_over),
		cmocka_unit_test(a_link_that_goes_down_leaves_its_number_used),
		cmocka_unit_test(full_eap_arms_the_end_of_the_rrk),
		cmocka_unit_test(lifetimes_of_the_server_are_kept),
		cmocka_unit_test(a_full_eap_run_that_failed_leaves_the_rmsk_in_use),
		cmocka_unit_test(no_lifetime_reaches_past_the_emsk),
		cmocka_unit_test(a_lifetime_of_zero_is_for_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
