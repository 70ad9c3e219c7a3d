/* SPDX-License-Identifier: ISC */
/* The state of a peer in a file: counters never go back, damage is noticed. */
#include "device.h"

static uint8_t file[HK_ER_PEER_STATE_MAX];

static struct hk_bytes save(struct device *d, uint16_t ahead)
{
	struct hk_buf b = hk_buf(file, sizeof file);

	assert_ok(hk_er_peer_save(&d->peer, ahead, &b));
	return hk_buf_bytes(&b);
}

static void restore(struct device *d, struct hk_bytes state, hk_time now)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_er_link_config link = {.authenticator = hk_text("ap-1")};

	memset(d, 0, sizeof *d);
	assert_ok(hk_er_peer_init(&d->peer, &c));
	assert_ok(hk_er_peer_restore(&d->peer, state, now));
	hk_er_link_init(&d->link, &d->peer, &link, now);
}

static void used_device(struct device *d)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();

	make_device(d, &c, 1);
	at_domain(d, VISITED);
	run(d, NOW);
	run(d, NOW);
	hk_er_link_down(&d->link);
}

/* E6696-5.4-08 */
static void a_restored_peer_goes_on_above_every_number_it_may_have_used(void **state)
{
	struct device d, e;
	struct hk_bytes state_of_d;

	(void)state;
	used_device(&d);
	state_of_d = save(&d, 8);
	hk_er_peer_clear(&d.peer);

	restore(&e, state_of_d, NOW + 1);
	begin(&e, NOW + 1);
	assert_int_equal(e.out.action, HK_ER_FULL_EAP); /* nothing is written ahead yet */
	assert_err(e.out.reason, HK_ERR_STORE);
	hk_er_link_down(&e.link);
	save(&e, 2);
	begin(&e, NOW + 1);
	assert_int_equal(sent(&e).seq, 10);
	assert_realm(&(struct hk_erp_message){.keyname_nai = sent(&e).keyname_nai}, VISITED);
	receive(&e, answer(&e, (struct finish){0}), NOW + 2);
	assert_int_equal(e.out.action, HK_ER_SUCCEEDED);
	hk_key_free(e.out.rmsk);
	hk_er_peer_clear(&e.peer);
}

/* What was prepared is there without the EMSK; nothing else can be had then. */
static void prepared_domains_outlive_the_emsk(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d, e;
	struct hk_bytes state_of_d;

	(void)state;
	make_device(&d, &c, 1);
	assert_true(hk_er_peer_prepare(&d.peer, hk_text(VISITED), NOW));
	assert_true(hk_er_peer_prepare(&d.peer, hk_text(VISITED), NOW));
	assert_false(hk_er_peer_prepare(&d.peer, hk_text(HOME), NOW));
	assert_false(hk_er_peer_prepare(&d.peer, hk_text("a..b"), NOW));
	state_of_d = save(&d, 8);
	hk_er_peer_clear(&d.peer);
	assert_false(hk_er_peer_prepare(&d.peer, hk_text(VISITED), NOW));

	restore(&e, state_of_d, NOW);
	save(&e, 2);
	assert_false(hk_er_peer_prepare(&e.peer, hk_text("new.example"), NOW));
	at_domain(&e, VISITED);
	begin(&e, NOW);
	assert_realm(&(struct hk_erp_message){.keyname_nai = sent(&e).keyname_nai}, VISITED);
	hk_er_peer_clear(&e.peer);
}

/* The same rMSK as before the restart would have been made. */
static void restored_keys_are_the_keys(void **state)
{
	struct hk_er_peer_config c = one_suite(2);
	struct device d, e;

	(void)state;
	make_device(&d, &c, 1);
	at_domain(&d, VISITED);
	begin(&d, NOW);
	hk_er_link_down(&d.link);
	d.peer.sets[1].next_seq = 0;
	restore(&e, save(&d, 0), NOW);
	hk_er_peer_clear(&d.peer);
	save(&e, 1);
	e.link.identifier = 0x1f;
	begin(&e, NOW);
	assert_vector(e.out.packet.data, e.out.packet.len, "P4.init");
	receive(&e, packet_of(&e, "P4.finish"), NOW);
	assert_rmsk(&e, "V1.DS-rMSK[SEQ=0]");
	hk_er_peer_clear(&e.peer);
}

/* The suite of a saved set is one of a configuration that may have changed. */
static void a_suite_that_is_off_now_is_not_used(void **state)
{
	struct hk_bytes s;
	struct device d;

	(void)state;
	used_device(&d); /* with suite 2 */
	s = save(&d, 0);
	hk_er_peer_clear(&d.peer);
	restore(&d, s, NOW);
	d.peer.config = one_suite(3);
	save(&d, 1);
	begin(&d, NOW);
	assert_int_equal(sent(&d).readings[0].suite, 3);
	hk_er_peer_clear(&d.peer);
}

static void numbers_are_taken_only_when_written_down(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	assert_false(hk_er_peer_must_save(&d.peer, 100)); /* not kept in a file: no limit */
	save(&d, 3);
	assert_false(hk_er_peer_must_save(&d.peer, 3));
	assert_true(hk_er_peer_must_save(&d.peer, 4));
	for (int i = 0; i < 3; i++)
		run(&d, NOW);
	assert_true(hk_er_peer_must_save(&d.peer, 1));
	begin(&d, NOW);
	assert_err(d.out.reason, HK_ERR_STORE);
	hk_er_link_down(&d.link);
	save(&d, 1);
	begin(&d, NOW);
	assert_int_equal(sent(&d).seq, 3);
	hk_er_peer_clear(&d.peer);

	c.seq_step = 10; /* one step may pass what was written */
	make_device(&d, &c, 1);
	save(&d, 3);
	run(&d, NOW);
	assert_true(hk_er_peer_must_save(&d.peer, 1));
	hk_er_peer_clear(&d.peer);
}

/* No number left for the second try: the set is as good as before. */
static void a_refused_suite_without_a_number_left_costs_no_keys(void **state)
{
	static const uint8_t only_3[] = {HK_ERP_CRYPTOSUITE_LIST, 1, 3};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	save(&d, 1);
	begin(&d, NOW);
	receive(&d,
		answer(&d, (struct finish){.flags = HK_ERP_FLAG_R,
				   .more = hk_bytes(only_3, sizeof only_3)}),
		NOW);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_err(d.out.reason, HK_ERR_STORE);
	assert_true(hk_er_peer_has_keys(&d.peer, NOW));
	hk_er_peer_clear(&d.peer);
}

static void the_last_numbers_need_no_more_saving(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_bytes s;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	d.peer.sets[0].next_seq = 65530;
	s = save(&d, 100);
	assert_false(hk_er_peer_must_save(&d.peer, 100));
	hk_er_peer_clear(&d.peer);
	restore(&d, s, NOW);
	begin(&d, NOW);
	assert_err(d.out.reason, HK_ERR_EXHAUSTED);
	hk_er_peer_clear(&d.peer);
}

/* E5295-5-04 E5295-5.1-06 */
static void the_emsk_is_not_written(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t emsk[64];
	struct hk_bytes s;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	s = save(&d, 0);
	hk_er_peer_clear(&d.peer);
	assert_int_equal(vector("V1.EMSK", emsk, sizeof emsk), sizeof emsk);
	assert_null(memmem(s.data, s.len, emsk, 16));
	vector("V1.rRK", emsk, sizeof emsk);
	assert_null(memmem(s.data, s.len, emsk, 16));
	restore(&d, s, NOW);
	at_domain(&d, "new.example");
	save(&d, 4);
	begin(&d, NOW);
	assert_int_equal(sent(&d).flags & HK_ERP_FLAG_B, HK_ERP_FLAG_B);
	hk_er_peer_clear(&d.peer);
}

static void expired_keys_go_and_places_stay(void **state)
{
	struct hk_bytes s;
	struct device d;

	(void)state;
	used_device(&d);
	s = save(&d, 0);
	hk_er_peer_clear(&d.peer);
	restore(&d, s, LATER);
	assert_int_equal(d.peer.emsk_expires, 0);
	assert_int_equal(d.peer.sets[0].expires, 0);
	assert_int_equal(d.peer.authenticators[0].domain_len, strlen(VISITED));
	begin(&d, LATER);
	assert_err(d.out.reason, HK_ERR_NOT_FOUND);
	hk_er_peer_clear(&d.peer);
}

static void damage_is_noticed(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	static uint8_t damaged[HK_ER_PEER_STATE_MAX];
	struct hk_er_peer peer;
	struct hk_bytes s;
	struct device d;

	(void)state;
	used_device(&d);
	s = save(&d, 0);
	hk_er_peer_clear(&d.peer);
	assert_ok(hk_er_peer_init(&peer, &c));
	for (size_t i = 0; i < s.len; i++) {
		memcpy(damaged, s.data, s.len);
		damaged[i] ^= 1;
		assert_err(
			hk_er_peer_restore(&peer, hk_bytes(damaged, s.len), NOW), HK_ERR_MALFORMED);
		assert_int_equal(peer.sets[0].expires, 0);
		assert_err(hk_er_peer_restore(&peer, hk_bytes(s.data, i), NOW), HK_ERR_MALFORMED);
	}
	assert_err(hk_er_peer_restore(&peer, HK_NO_BYTES, NOW), HK_ERR_MALFORMED);
}

/* With a right hash but senseless content. */
static void senseless_content_is_refused(void **state)
{
	/* offsets: expiry 5, name 13, floor 21, count 25, first set 26 */
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {
		{21, 0xff},               /* floor past the end */
		{25, 9},                  /* more sets than there are */
		{26, 8},                  /* a place that does not exist */
		{43, 0xff},               /* counter past the end */
		{47, 4},                  /* no such suite */
		{50, 0xff},               /* realm longer than a realm */
		{26 + 25 + 12 + 1, 0xff}, /* key longer than a key */
	};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t octets[HK_ER_PEER_STATE_MAX];
	struct hk_er_peer peer;
	struct hk_bytes s, body;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	s = save(&d, 0);
	hk_er_peer_clear(&d.peer);
	assert_ok(hk_er_peer_init(&peer, &c));
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		memcpy(octets, s.data, s.len);
		octets[changes[i].at] = changes[i].value;
		body = hk_bytes(octets, s.len - HK_SHA256_LEN);
		hk_sha256(&body, 1, octets + body.len);
		if (hk_er_peer_restore(&peer, hk_bytes(octets, s.len), NOW) != HK_ERR_MALFORMED)
			fail_msg("change %zu was taken", i);
	}
}

static void a_buffer_too_small_is_an_error(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_bytes s;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	s = save(&d, 0);
	for (size_t n = 0; n < s.len; n++) {
		struct hk_buf b = hk_buf(file, n);

		assert_err(hk_er_peer_save(&d.peer, 0, &b), HK_ERR_TOO_LONG);
	}
	hk_er_peer_clear(&d.peer);
}

/* Every place taken, every name as long as it can be. */
static void the_largest_state_fits(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	char domain[HK_REALM_MAX_LEN + 1], name[16];
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	memset(domain, 'x', sizeof domain - 1);
	domain[sizeof domain - 1] = 0;
	for (int i = 0; i < HK_ER_PEER_AUTHENTICATORS; i++) {
		domain[0] = (char)('a' + i);
		snprintf(name, sizeof name, "ap-%d", i);
		assert_ok(hk_er_peer_learn_domain(
			&d.peer, hk_text(name), hk_text(domain), HK_ER_SOURCE_START, NOW));
		assert_non_null(hk_er_peer_visited_set(&d.peer, hk_text(domain), NOW));
	}
	assert_true(save(&d, 9).len > 6000);
	hk_er_peer_clear(&d.peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restored_peer_goes_on_above_every_number_it_may_have_used),
		cmocka_unit_test(prepared_domains_outlive_the_emsk),
		cmocka_unit_test(restored_keys_are_the_keys),
		cmocka_unit_test(a_suite_that_is_off_now_is_not_used),
		cmocka_unit_test(numbers_are_taken_only_when_written_down),
		cmocka_unit_test(a_refused_suite_without_a_number_left_costs_no_keys),
		cmocka_unit_test(the_last_numbers_need_no_more_saving),
		cmocka_unit_test(the_emsk_is_not_written),
		cmocka_unit_test(expired_keys_go_and_places_stay),
		cmocka_unit_test(damage_is_noticed),
		cmocka_unit_test(senseless_content_is_refused),
		cmocka_unit_test(a_buffer_too_small_is_an_error),
		cmocka_unit_test(the_largest_state_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
