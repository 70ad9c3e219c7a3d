/* SPDX-License-Identifier: ISC */
/* Which key set the peer uses where, and what it never does with a counter. */
#include "device.h"

static void assert_initiate_at(
	struct device *d, const char *realm, bool b, const char *file, int line)
{
	struct hk_keyname_nai nai;
	struct hk_erp_message m;

	begin(d, NOW);
	m = sent(d);
	assert_ok(hk_keyname_nai_parse(m.keyname_nai, &nai));
	_assert_true(hk_bytes_equal(nai.realm, hk_text(realm)), realm, file, line);
	_assert_int_equal(b, (m.flags & HK_ERP_FLAG_B) != 0, file, line);
	hk_er_link_down(&d->link);
}
#define assert_initiate(d, realm, b) assert_initiate_at(d, realm, b, __FILE__, __LINE__)

static void configurations_that_are_refused(void **state)
{
	struct hk_er_peer_config good = hk_er_peer_config_default(), c;
	struct hk_er_peer peer;

	(void)state;
#define REFUSED(field, value)                                                                      \
	c = good;                                                                                  \
	c.field = value;                                                                           \
	assert_err(hk_er_peer_init(&peer, &c), HK_ERR_ARGUMENT)
	REFUSED(nsuites, 0);
	REFUSED(nsuites, 4);
	REFUSED(suites[0], 4);
	REFUSED(seq_step, 0);
	REFUSED(max_retransmissions, 2);
	REFUSED(max_retransmissions, 6);
	REFUSED(rto_ms, 0);
	REFUSED(rto_min_ms, 0);
	REFUSED(rto_max_ms, 1);
	REFUSED(guard_ms, 0);
	REFUSED(rmsk_lifetime_s, 0);
#undef REFUSED
	assert_ok(hk_er_peer_init(&peer, &good));
}

/* E6696-5.3.2-13 E6696-6-06 */
static void defaults(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();

	(void)state;
	assert_int_equal(c.suites[0], HK_SUITE_HMAC_SHA256_128);
	assert_int_equal(c.max_retransmissions, 3);
	assert_true(c.enabled);
	assert_true(c.ask_lifetimes);
}

/* ---- where from and where to ---- */

/* E6696-3.1-01 E6696-5.1-08 E5295-4-08 E6696-3-21 */
static void each_knowledge_leads_to_its_server(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	assert_initiate(&d, HOME, true); /* nothing known: ask home */
	at_domain(&d, "");
	assert_initiate(&d, HOME, true); /* no local server: first contact */
	run(&d, NOW);
	assert_initiate(&d, HOME, false);
	at_domain(&d, VISITED);
	assert_initiate(&d, VISITED, false);
	at_domain(&d, "HOME.Example");
	assert_initiate(&d, HOME, false);
	hk_er_link_begin(&d.link, true, NOW, 0, &d.out);
	assert_int_equal(sent(&d).flags & HK_ERP_FLAG_B, HK_ERP_FLAG_B);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.1-10 */
static void a_bootstrap_goes_home_also_where_a_domain_is_known(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	at_domain(&d, VISITED);
	run(&d, NOW);
	hk_er_link_begin(&d.link, true, NOW, 0, &d.out);
	assert_int_equal(sent(&d).flags, HK_ERP_FLAG_B | HK_ERP_FLAG_L);
	assert_realm(&(struct hk_erp_message){.keyname_nai = sent(&d).keyname_nai}, HOME);
	hk_er_peer_clear(&d.peer);
}

/* E6696-5.1-07 */
static void a_domain_is_remembered_for_its_authenticator(void **state)
{
	struct hk_er_link_config other = {.authenticator = hk_text("ap-2")};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	receive(&d, packet_of(&d, "P7.start"), NOW);
	hk_er_link_down(&d.link);
	hk_er_link_init(&d.link, &d.peer, &other, NOW);
	assert_initiate(&d, HOME, true);
	other.authenticator = hk_text("ap-1");
	hk_er_link_init(&d.link, &d.peer, &other, NOW);
	assert_initiate(&d, VISITED, false);
	hk_er_peer_clear(&d.peer);
}

static enum hk_err learn(struct device *d, const char *domain, enum hk_er_source source)
{
	return hk_er_peer_learn_domain(&d->peer, hk_text("ap-1"), hk_text(domain), source, NOW);
}

/* E5295-4-08 */
static void the_more_trusted_source_wins(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	assert_ok(learn(&d, "a.example", HK_ER_SOURCE_START));
	assert_ok(learn(&d, "b.example", HK_ER_SOURCE_START));
	assert_initiate(&d, "b.example", false);
	assert_ok(learn(&d, "c.example.", HK_ER_SOURCE_DHCPV6));
	assert_initiate(&d, "c.example", false);
	assert_err(learn(&d, "d.example", HK_ER_SOURCE_START), HK_ERR_DENIED);
	assert_initiate(&d, "c.example", false);
	assert_ok(learn(&d, "e.example", HK_ER_SOURCE_IKEV2));
	assert_ok(learn(&d, "f.example", HK_ER_SOURCE_LOWER_LAYER));
	assert_ok(learn(&d, "g.example", HK_ER_SOURCE_FINISH));
	assert_ok(learn(&d, "h.example", HK_ER_SOURCE_INDICATED));
	assert_err(learn(&d, "i.example", HK_ER_SOURCE_FINISH), HK_ERR_DENIED);
	assert_initiate(&d, "h.example", false);
	hk_er_peer_clear(&d.peer);
}

static void names_that_are_no_domain_are_refused(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	char long_name[HK_REALM_MAX_LEN + 2];
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = 0;
	assert_err(learn(&d, "a b", HK_ER_SOURCE_START), HK_ERR_MALFORMED);
	assert_err(learn(&d, ".", HK_ER_SOURCE_START), HK_ERR_MALFORMED);
	assert_err(learn(&d, "a..b", HK_ER_SOURCE_START), HK_ERR_MALFORMED);
	assert_err(learn(&d, long_name, HK_ER_SOURCE_START), HK_ERR_MALFORMED);
	assert_err(learn(&d, "a", HK_ER_SOURCE_NONE), HK_ERR_ARGUMENT);
	assert_initiate(&d, HOME, true);
	hk_er_peer_clear(&d.peer);
}

static void old_authenticators_make_room(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	char name[16];
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	for (int i = 0; i <= HK_ER_PEER_AUTHENTICATORS; i++) {
		snprintf(name, sizeof name, "other-%d", i);
		assert_ok(hk_er_peer_learn_domain(&d.peer, hk_text(name), hk_text("x.example"),
			HK_ER_SOURCE_START, NOW + 1000 + (hk_time)i));
	}
	assert_initiate(&d, HOME, true); /* ap-1 was forgotten, and is new again */
	hk_er_peer_clear(&d.peer);
}

/* ---- key sets ---- */

static void realms_that_allow_no_erp(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	assert_err(hk_er_peer_take_emsk(&d.peer, emsk_of("V2", LATER), HK_NO_BYTES, NOW),
		HK_ERR_REALM);
	assert_false(hk_er_peer_has_keys(&d.peer, NOW)); /* V1 is not in use any more */
	assert_err(hk_er_peer_take_emsk(&d.peer, emsk_of("V2", LATER), hk_text("a b"), NOW),
		HK_ERR_REALM);
	assert_err(hk_er_peer_take_emsk(&d.peer, NULL, hk_text(HOME), NOW), HK_ERR_ARGUMENT);
	hk_er_peer_clear(&d.peer);
}

/* E6696-4.7-05 E5295-5.1-05 E6696-5.3.2-05 E6696-5.4-01 */
static void a_new_emsk_replaces_everything(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_keyname_nai nai;
	uint8_t name[8];
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	run(&d, NOW);
	at_domain(&d, VISITED);
	run(&d, NOW);
	assert_ok(hk_er_peer_take_emsk(&d.peer, emsk_of("V2", LATER), hk_text(HOME), NOW));
	assert_int_equal(d.peer.sets[1].expires, 0);
	for (int i = 0; i < 2; i++) {
		begin(&d, NOW);
		assert_int_equal(sent(&d).seq, 0);
		assert_ok(hk_keyname_nai_parse(sent(&d).keyname_nai, &nai));
		vector("V2.EMSKname", name, sizeof name);
		assert_memory_equal(nai.emsk_name, name, sizeof name);
		hk_er_link_down(&d.link);
		at_domain(&d, HOME);
	}
	hk_er_peer_clear(&d.peer);
}

static void the_same_emsk_again_does_not_reset_the_counter(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	run(&d, NOW);
	assert_err(hk_er_peer_take_emsk(&d.peer, emsk_of("V1", LATER), hk_text(HOME), NOW),
		HK_ERR_EXISTS);
	begin(&d, NOW);
	assert_int_equal(sent(&d).seq, 1);
	hk_er_peer_clear(&d.peer);
}

static enum hk_err other_kdf(struct hk_bytes key, struct hk_bytes input, uint8_t *out, size_t len)
{
	return hk_prfplus_sha256(key, input, out, len);
}

/* E6696-5.2.2-11 */
static void a_kdf_other_than_the_suites_means_no_erp(void **state)
{
	static const struct hk_kdf kdf = {.id = 221, .expand = other_kdf};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t session_id[33] = {13}, octets[64] = {1};
	struct hk_key *emsk;
	struct device d;

	(void)state;
	make_bare_device(&d, &c, 1);
	assert_ok(hk_key_import_emsk(&kdf, hk_bytes(session_id, sizeof session_id),
		hk_bytes(octets, sizeof octets), NOW, LATER, &emsk));
	assert_err(hk_er_peer_take_emsk(&d.peer, emsk, hk_text(HOME), NOW), HK_ERR_SUITE);
	receive(&d, packet_of(&d, "P7b.start"), NOW);
	assert_dropped(&d, HK_ERR_NOT_FOUND);
	hk_er_peer_clear(&d.peer);
}

/* E5295-7.5-02 E5295-5.1-03 */
static void key_sets_end_with_the_emsk(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_bare_device(&d, &c, 1);
	assert_ok(hk_er_peer_take_emsk(
		&d.peer, emsk_of("V1", NOW + 600 * HK_SECOND), hk_text(HOME), NOW));
	assert_true(hk_er_peer_has_keys(&d.peer, NOW + 599 * HK_SECOND));
	assert_false(hk_er_peer_has_keys(&d.peer, NOW + 600 * HK_SECOND));
	at_domain(&d, VISITED);
	assert_initiate(&d, VISITED, false);
	assert_int_equal(d.peer.sets[1].expires, NOW + 600 * HK_SECOND);
	hk_er_peer_clear(&d.peer);
}

/* E5295-5-04 */
static void an_emsk_that_is_not_kept_leaves_what_was_known(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	c.keep_emsk = false;
	make_bare_device(&d, &c, 1);
	at_domain(&d, VISITED);
	assert_ok(hk_er_peer_take_emsk(&d.peer, emsk_of("V1", LATER), hk_text(HOME), NOW));
	assert_null(d.peer.emsk);
	assert_initiate(&d, VISITED, false);
	at_domain(&d, "new.example");
	assert_initiate(&d, HOME, true);
	hk_er_peer_clear(&d.peer);
}

static void a_visited_set_that_failed_leaves_home(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	at_domain(&d, VISITED);
	begin(&d, NOW);
	receive(&d, answer(&d, (struct finish){.flags = HK_ERP_FLAG_R}), NOW);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	hk_er_link_eap_ended(&d.link, false, NOW, &d.out);
	assert_initiate(&d, HOME, true);
	hk_er_peer_clear(&d.peer);
}

/* Where a local ER server never had our keys, the home can give it some. */
static void a_visited_server_without_keys_is_bootstrapped_once(void **state)
{
	static const uint8_t identity[] = {1, 9, 0, 5, 1};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	c.grace_ms = 1;
	make_device(&d, &c, 1);
	at_domain(&d, VISITED);
	for (int once = 1; once >= 0; once--) {
		begin(&d, NOW);
		receive(&d, hk_bytes(identity, sizeof identity), NOW);
		hk_er_link_timeout(&d.link, NOW + 2, 0, &d.out);
		assert_int_equal(d.out.action, HK_ER_FULL_EAP);
		assert_int_equal(hk_er_link_may_bootstrap(&d.link, NOW), once);
		hk_er_link_down(&d.link);
		if (!once)
			break;
		hk_er_link_begin(&d.link, true, NOW, 0, &d.out);
		assert_int_equal(sent(&d).flags & HK_ERP_FLAG_B, HK_ERP_FLAG_B);
		receive(&d, answer(&d, (struct finish){.flags = HK_ERP_FLAG_B}), NOW);
		assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
		hk_key_free(d.out.rmsk);
		hk_er_link_down(&d.link);
	}
	hk_er_peer_clear(&d.peer);
}

static void keys_that_a_visited_server_has_lost_come_with_full_eap(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	at_domain(&d, VISITED);
	run(&d, NOW);
	hk_er_link_down(&d.link);
	begin(&d, NOW);
	assert_false(hk_er_link_may_bootstrap(&d.link, NOW)); /* it has had them */
	at_domain(&d, HOME);
	hk_er_link_down(&d.link);
	begin(&d, NOW);
	assert_false(hk_er_link_may_bootstrap(&d.link, NOW));
	hk_er_peer_clear(&d.peer);
}

/* A visited set the server let expire comes back with its counter. */
static void an_expired_visited_set_is_not_made_anew(void **state)
{
	static const uint8_t ten_seconds[] = {2, 0, 0, 0, 10, 3, 0, 0, 0, 10};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	uint8_t octets[64];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	hk_time later = NOW + 20 * HK_SECOND;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	at_domain(&d, VISITED);
	begin(&d, NOW);
	receive(&d, answer(&d, (struct finish){.more = hk_bytes(ten_seconds, sizeof ten_seconds)}),
		NOW);
	hk_key_free(d.out.rmsk);
	hk_er_link_down(&d.link);

	begin(&d, later); /* through home, which gives the local server a key again */
	assert_int_equal(sent(&d).flags & HK_ERP_FLAG_B, HK_ERP_FLAG_B);
	hk_erp_put_tlv(&b, HK_ERP_DOMAIN_NAME, hk_text(VISITED));
	receive(&d, answer(&d, (struct finish){.flags = HK_ERP_FLAG_B, .more = hk_buf_bytes(&b)}),
		later);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	begin(&d, later);
	assert_int_equal(sent(&d).seq, 1);
	assert_realm(&(struct hk_erp_message){.keyname_nai = sent(&d).keyname_nai}, VISITED);
	hk_er_peer_clear(&d.peer);
}

/* ---- counters ---- */

/* E6696-3.2-06 */
static void home_and_visited_sets_count_apart(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	run(&d, NOW);
	run(&d, NOW);
	at_domain(&d, VISITED);
	begin(&d, NOW);
	assert_int_equal(sent(&d).seq, 0);
	hk_er_peer_clear(&d.peer);
}

/* E6696-8-01 E6696-5.4-09 E6696-5.4-10 E6696-5.4-08 */
static void each_message_takes_a_step(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	for (uint16_t step = 1; step < 20; step += 15) {
		c.seq_step = step;
		make_device(&d, &c, 1);
		for (unsigned i = 0; i < 10; i++) {
			begin(&d, NOW);
			assert_int_equal(sent(&d).seq, i * step);
			hk_er_link_down(&d.link);
		}
		hk_er_peer_clear(&d.peer);
	}
}

/* E6696-5.4-03 E6696-5.4-11 E5295-7.6-01 */
static void numbers_run_out(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;
	uint16_t seq;

	(void)state;
	make_device(&d, &c, 1);
	for (uint32_t i = 0; i < 65536; i++) {
		assert_ok(hk_er_peer_take_seq(&d.peer, &d.peer.sets[0], NOW, &seq));
		assert_int_equal(seq, i);
	}
	for (int i = 0; i < 5000; i++)
		assert_err(
			hk_er_peer_take_seq(&d.peer, &d.peer.sets[0], NOW, &seq), HK_ERR_EXHAUSTED);
	receive(&d, packet_of(&d, "P7b.start"), NOW);
	assert_dropped(&d, HK_ERR_EXHAUSTED);
	begin(&d, NOW);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	assert_err(d.out.reason, HK_ERR_EXHAUSTED);
	hk_er_peer_clear(&d.peer);

	c.seq_step = 30000;
	make_device(&d, &c, 1);
	for (uint32_t i = 0; i < 3; i++) {
		assert_ok(hk_er_peer_take_seq(&d.peer, &d.peer.sets[0], NOW, &seq));
		assert_int_equal(seq, i * 30000);
	}
	assert_err(hk_er_peer_take_seq(&d.peer, &d.peer.sets[0], NOW, &seq), HK_ERR_EXHAUSTED);
	hk_er_peer_clear(&d.peer);
}

/* The last number is good, and its answer too. */
static void the_last_number_still_works(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	d.peer.sets[0].next_seq = 65535;
	run(&d, NOW);
	begin(&d, NOW);
	assert_int_equal(d.out.action, HK_ER_FULL_EAP);
	hk_er_peer_clear(&d.peer);
}

/* E5295-7.6-01 E6696-5.4-02 */
static void names_in_start_cannot_make_a_number_come_again(void **state)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();
	char domain[32];
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	assert_ok(learn(&d, VISITED, HK_ER_SOURCE_START));
	for (int i = 0; i < 5; i++)
		run(&d, NOW);
	/* more false domains than there are places */
	for (int i = 0; i < 3 * HK_ER_PEER_SETS; i++) {
		snprintf(domain, sizeof domain, "d%d.example", i);
		assert_ok(learn(&d, domain, HK_ER_SOURCE_START));
		assert_initiate(&d, domain, false);
	}
	/* the one that was proven is still there */
	assert_ok(learn(&d, VISITED, HK_ER_SOURCE_START));
	begin(&d, NOW);
	assert_int_equal(sent(&d).seq, 5);
	hk_er_link_down(&d.link);

	/* one that was pushed out starts above what it had used */
	assert_ok(learn(&d, "d0.example", HK_ER_SOURCE_START));
	begin(&d, NOW);
	assert_true(sent(&d).seq > 0);
	hk_er_peer_clear(&d.peer);
}

/* Two links share the counter: no number twice. */
static void links_share_the_counter(void **state)
{
	struct hk_er_link_config second = {.authenticator = hk_text("ap-1"), .identifier = 99};
	struct hk_er_peer_config c = hk_er_peer_config_default();
	struct hk_er_link other;
	struct hk_er_result out;
	struct device d;

	(void)state;
	make_device(&d, &c, 1);
	hk_er_link_init(&other, &d.peer, &second, NOW);
	begin(&d, NOW);
	hk_er_link_begin(&other, false, NOW, 0, &out);
	assert_int_equal(out.action, HK_ER_SEND);
	assert_int_equal(other.seq, 1);
	receive(&d, answer(&d, (struct finish){0}), NOW);
	assert_int_equal(d.out.action, HK_ER_SUCCEEDED);
	hk_key_free(d.out.rmsk);
	hk_er_peer_clear(&d.peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configurations_that_are_refused),
		cmocka_unit_test(defaults),
		cmocka_unit_test(each_knowledge_leads_to_its_server),
		cmocka_unit_test(a_bootstrap_goes_home_also_where_a_domain_is_known),
		cmocka_unit_test(a_domain_is_remembered_for_its_authenticator),
		cmocka_unit_test(the_more_trusted_source_wins),
		cmocka_unit_test(names_that_are_no_domain_are_refused),
		cmocka_unit_test(old_authenticators_make_room),
		cmocka_unit_test(realms_that_allow_no_erp),
		cmocka_unit_test(a_new_emsk_replaces_everything),
		cmocka_unit_test(the_same_emsk_again_does_not_reset_the_counter),
		cmocka_unit_test(a_kdf_other_than_the_suites_means_no_erp),
		cmocka_unit_test(key_sets_end_with_the_emsk),
		cmocka_unit_test(an_emsk_that_is_not_kept_leaves_what_was_known),
		cmocka_unit_test(a_visited_set_that_failed_leaves_home),
		cmocka_unit_test(a_visited_server_without_keys_is_bootstrapped_once),
		cmocka_unit_test(keys_that_a_visited_server_has_lost_come_with_full_eap),
		cmocka_unit_test(an_expired_visited_set_is_not_made_anew),
		cmocka_unit_test(home_and_visited_sets_count_apart),
		cmocka_unit_test(each_message_takes_a_step),
		cmocka_unit_test(numbers_run_out),
		cmocka_unit_test(the_last_number_still_works),
		cmocka_unit_test(names_in_start_cannot_make_a_number_come_again),
		cmocka_unit_test(links_share_the_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
