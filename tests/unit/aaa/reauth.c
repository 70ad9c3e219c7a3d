/* SPDX-License-Identifier: ISC */
/* The hall: what a login leaves behind, and how devices come again. */
#include "hall.h"

/* ---- key sets and re-authentication ---- */

/* E6696-3-15 HKRAD-6.5-06 R6696-5.2-02 */
static void reauthentication(void **state)
{
	struct hall *h = *state;
	const struct hk_aaa_reply *reply;
	uint8_t rmsk[HK_AAA_KEY_LEN];
	struct device d;

	hall_set_user(h, "alice@example.com", "1906636c6173", 0);
	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	for (uint16_t seq = 0; seq < 3; seq++) {
		assert_int_equal(hall_receive(h, device_initiate(&d, REALM)), HK_HOME_WAITS);
		reply = hall_commit(h);
		assert_int_equal(reply->verdict, HK_VERDICT_ACCEPT);
		assert_int_equal(reply_code(h), HK_EAP_FINISH);
		assert_ok(hk_erp_keys_rmsk(&d.keys, seq, rmsk, sizeof(rmsk)));
		assert_memory_equal(reply->key, rmsk, sizeof(rmsk));
		assert_true(hk_bytes_equal(reply->user_name, hk_text("alice@example.com")));
		assert_hex(reply->authorization.data, reply->authorization.len, "1906636c6173");
		assert_int_equal(reply->session_timeout_s, 3600);
		assert_int_equal(h->visit.event.kind, HK_HOME_ERP);
		assert_int_equal(h->visit.event.seq, seq);
	}
	assert_int_equal(hk_home_sessions(h->home), 0);
	device_free(&d);
}

/* HKRAD-6.5-07 */
static void session_end_bounds_the_rmsk(void **state)
{
	struct hall *h = *state;
	struct device d;

	hall_set_user(h, "alice", "", 1000);
	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	h->now += 400 * HK_SECOND;
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->session_timeout_s, 600);
	device_free(&d);
}

/* Several in one transaction; each gets its own outcome. */
static void batch(void **state)
{
	struct hall *h = *state;
	struct hk_home_visit *visits[3];
	uint8_t packets[3][256], eap[3][HK_EAP_MAX_LEN];
	struct device d;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	for (size_t i = 0; i < 3; i++) {
		struct hk_bytes p;

		if (i == 2)
			d.seq = 0; /* the first one again, by another authenticator */
		p = device_initiate(&d, REALM);
		memcpy(packets[i], p.data, p.len);
		visits[i] = calloc(1, sizeof(*visits[i]));
		hk_home_begin(visits[i], eap[i], sizeof(eap[i]));
		visits[i]->request.has_eap = true;
		visits[i]->request.eap = hk_bytes(packets[i], p.len);
		visits[i]->request.nas_identifier = i == 2 ? hk_text("other") : hk_text("nas");
		visits[i]->request.client_id = 1;
		assert_int_equal(
			hk_home_receive(&h->worker, &h->policy, visits[i], h->now), HK_HOME_WAITS);
	}
	hk_home_commit(&h->worker, &h->policy, visits, 3, h->now);
	assert_int_equal(visits[0]->reply.verdict, HK_VERDICT_ACCEPT);
	assert_int_equal(visits[1]->reply.verdict, HK_VERDICT_ACCEPT);
	assert_memory_not_equal(visits[0]->reply.key, visits[1]->reply.key, HK_AAA_KEY_LEN);
	assert_int_equal(visits[2]->reply.verdict, HK_VERDICT_REJECT);
	assert_err(visits[2]->reply.reason, HK_ERR_REPLAY);
	for (size_t i = 0; i < 3; i++) {
		hk_home_done(&h->worker, visits[i]);
		free(visits[i]);
	}
	device_free(&d);
}

/* The realm decides whether there is a key set, and under which name. */
static void realm_of_the_key_set(void **state)
{
	static const struct {
		const char *identity, *realm;
	} rows[] = {
		{"anonymous@EXAMPLE.com", REALM},
		{"no-realm", REALM},
		{"x@other.example", NULL},
	};
	struct hall *h = *state;
	struct hk_keyset set;
	struct device d;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		device_new(&d, h, rows[i].identity);
		assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_ACCEPT);
		device_keep_keys(&d, h);
		assert_int_equal(h->visit.event.has_keys, rows[i].realm != NULL);
		assert_err(hk_keystore_find(h->store, d.name, hk_text(REALM), h->now, &set),
			rows[i].realm ? HK_OK : HK_ERR_NOT_FOUND);
		if (rows[i].realm)
			assert_memory_equal(set.realm, REALM, strlen(REALM));
		device_free(&d);
	}
}

/* A visit is used again and again: nothing of another device gets into a set. */
static void key_sets_do_not_mix(void **state)
{
	struct hall *h = *state;
	struct hk_keyset set;
	struct device d;

	hall_set_user(h, "alice", "", 0);
	device_new(&d, h, IDENTITY);
	device_begin(&d);
	while (h->visit.reply.verdict != HK_VERDICT_ACCEPT) {
		memset(&h->visit.exchange, 0xa5, sizeof(h->visit.exchange));
		hall_ask(h, device_packet(&d));
		device_take(&d, h);
	}
	device_keep_keys(&d, h);
	assert_ok(hk_keystore_find(h->store, d.name, hk_text(REALM), h->now, &set));
	assert_int_equal(set.grants.n, 0);
	assert_int_equal(set.emsk.kdf, 0);
	assert_false(set.shared_user);
	assert_int_equal(set.seq.expected, 0);
	assert_int_equal(set.authorization_len, 0);
	device_free(&d);
}

/* A name that many may have in common must not make them push each other out. */
static void outer_identities_are_shared(void **state)
{
	static const struct hk_keystore_memory_config two = {.max_sets_per_user = 2};
	struct hall *h = *state;
	struct hk_keystore_stats stats;
	struct device d;

	hk_keystore_close(h->store);
	assert_ok(hk_keystore_memory_open(&two, &h->store));
	hk_home_worker_init(&h->worker, h->home, h->store);
	for (unsigned i = 0; i < 6; i++) {
		if (i == 3)
			hall_set_user(h, "alice", "", 0);
		device_new(&d, h, IDENTITY);
		assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_ACCEPT);
		h->now += 1000;
		device_free(&d);
	}
	assert_ok(hk_keystore_stats(h->store, &stats));
	assert_int_equal(stats.sets, 3 + 2);
}

/* E6696-4.2-06 */
static void keys_end_with_the_certificate(void **state)
{
	struct hall *h = *state;
	struct hk_keyset set;
	struct device d;

	h->now = TEST_NOW + 300 * TEST_DAY - 3600 * HK_SECOND;
	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	assert_true(h->visit.event.has_keys);
	assert_ok(
		hk_keystore_find(h->store, h->visit.event.emsk_name, hk_text(REALM), h->now, &set));
	assert_in_range(set.expires, h->now + 3590 * HK_SECOND, h->now + 3600 * HK_SECOND);
	device_free(&d);
}

static void no_erp_no_key_set(void **state)
{
	struct hall *h = *state;
	struct hk_keystore_stats stats;
	struct device d;

	h->policy.erp = NULL;
	device_new(&d, h, IDENTITY);
	assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_ACCEPT);
	assert_ok(hk_keystore_stats(h->store, &stats));
	assert_int_equal(stats.sets, 0);
	/* And the device that tries is asked to log in. */
	device_keep_keys(&d, h);
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_CHALLENGE);
	assert_int_equal(h->eap[4], HK_EAP_TYPE_IDENTITY);
	device_free(&d);
}

/* A full store costs the re-authentication, not the login. */
static void full_store(void **state)
{
	static const struct hk_keystore_memory_config one = {.max_sets = 1};
	struct hall *h = *state;
	struct device d[2];

	hk_keystore_close(h->store);
	assert_ok(hk_keystore_memory_open(&one, &h->store));
	hk_home_worker_init(&h->worker, h->home, h->store);
	for (size_t i = 0; i < 2; i++) {
		device_new(&d[i], h, IDENTITY);
		assert_int_equal(device_login(&d[i], h, 40)->verdict, HK_VERDICT_ACCEPT);
		assert_err(h->visit.event.store, i ? HK_ERR_STORE_FULL : HK_OK);
		assert_int_equal(h->visit.event.has_keys, i == 0);
		device_free(&d[i]);
	}
}

/* An unknown key: full EAP in the same conversation, and ERP works again after it. */
static void unknown_key_goes_on_with_full_eap(void **state)
{
	struct hall *h = *state;
	struct device d, again;
	const struct hk_aaa_reply *reply;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	assert_ok(hk_keystore_remove(h->store, d.name, hk_text(REALM)));

	reply = hall_ask(h, device_initiate(&d, REALM));
	assert_int_equal(reply->verdict, HK_VERDICT_CHALLENGE);
	assert_int_equal(h->eap[4], HK_EAP_TYPE_IDENTITY);
	assert_err(reply->reason, HK_ERR_NOT_FOUND);
	assert_int_equal(h->visit.event.kind, HK_HOME_ERP);
	assert_int_equal(hk_home_sessions(h->home), 1);

	device_new(&again, h, IDENTITY);
	device_take(&again, h);
	reply = device_login(&again, h, 40);
	assert_int_equal(reply->verdict, HK_VERDICT_ACCEPT);
	/* The identity of the login counts, not the keyName-NAI in User-Name. */
	assert_true(hk_bytes_equal(reply->user_name, hk_text(IDENTITY)));
	device_keep_keys(&again, h);
	assert_int_equal(hall_ask(h, device_initiate(&again, REALM))->verdict, HK_VERDICT_ACCEPT);
	device_free(&d);
	device_free(&again);
}

static void unknown_key_strict(void **state)
{
	struct hall *h = *state;
	struct device d;

	h->erp.on_unknown_key = HK_UNKNOWN_FINISH;
	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	d.name[0] ^= 1;
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_REJECT);
	assert_int_equal(reply_code(h), HK_EAP_FINISH);
	assert_int_equal(hk_home_sessions(h->home), 0);
	device_free(&d);
}

static void unknown_realm(void **state)
{
	struct hall *h = *state;
	struct device d;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	assert_int_equal(
		hall_ask(h, device_initiate(&d, "other.example"))->verdict, HK_VERDICT_CHALLENGE);
	assert_err(h->visit.reply.reason, HK_ERR_REALM);
	h->erp.on_unknown_key = HK_UNKNOWN_FINISH;
	assert_int_equal(
		hall_ask(h, device_initiate(&d, "other.example"))->verdict, HK_VERDICT_REJECT);
	assert_int_equal(reply_code(h), HK_EAP_FAILURE);
	device_free(&d);
}

/* HKRAD-6.5-04 E6696-5.1-17 */
static void failed_reauthentication_removes_nothing(void **state)
{
	struct hall *h = *state;
	struct device d;
	struct hk_bytes p;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	p = device_initiate(&d, REALM);
	d.packet[p.len - 1] ^= 1;
	assert_int_equal(hall_ask(h, p)->verdict, HK_VERDICT_REJECT);
	assert_err(h->visit.reply.reason, HK_ERR_TAG);
	assert_int_equal(reply_code(h), HK_EAP_FINISH);
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);
	device_free(&d);
}

/* A Finish with R set, and nothing of the key set is used up. */
static void assert_finish_refused(struct hall *h, enum hk_err reason)
{
	assert_err(h->visit.reply.reason, reason);
	assert_int_equal(h->visit.reply.verdict, HK_VERDICT_REJECT);
	assert_int_equal(reply_code(h), HK_EAP_FINISH);
	assert_int_equal(h->eap[5] & HK_ERP_FLAG_R, HK_ERP_FLAG_R);
}

static struct hk_seq_state seq_of(struct hall *h, const struct device *d)
{
	struct hk_keyset set;

	assert_ok(hk_keystore_find(h->store, d->name, hk_text(REALM), h->now, &set));
	return set.seq;
}

/* R6696-5.2-03 HKRAD-6.5-01 */
static void every_failure_is_told(void **state)
{
	struct hall *h = *state;
	struct hk_bytes p;
	struct device d;

	h->erp.on_unknown_key = HK_UNKNOWN_FINISH;
	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);

	d.seq = 0; /* used */
	h->nas_identifier = "another";
	hall_ask(h, device_initiate(&d, REALM));
	assert_finish_refused(h, HK_ERR_REPLAY);
	p = device_initiate(&d, REALM);
	d.packet[p.len - 1] ^= 1; /* wrong tag */
	hall_ask(h, p);
	assert_finish_refused(h, HK_ERR_TAG);
	h->erp.suites[0] = 3; /* suite 2 no longer allowed */
	h->erp.nsuites = 1;
	hall_ask(h, device_initiate(&d, REALM));
	assert_finish_refused(h, HK_ERR_SUITE);
	h->erp.suites[0] = 2;
	h->erp.require_name_match = true; /* User-Name is someone's */
	hall_ask(h, device_initiate(&d, REALM));
	assert_finish_refused(h, HK_ERR_NAME_MISMATCH);
	h->erp.require_name_match = false;
	assert_int_equal(seq_of(h, &d).expected, 1);

	d.name[7] ^= 1; /* unknown */
	hall_ask(h, device_initiate(&d, REALM));
	assert_finish_refused(h, HK_ERR_NOT_FOUND);
	device_free(&d);
}

/* HKRAD-6.5-02 HKRAD-6.5-03 */
static void repeated_initiate(void **state)
{
	struct hall *h = *state;
	uint8_t key[HK_AAA_KEY_LEN], finish[HK_EAP_MAX_LEN];
	struct hk_bytes p;
	struct device d;
	size_t len;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	p = device_initiate(&d, REALM);
	assert_int_equal(hall_ask(h, p)->verdict, HK_VERDICT_ACCEPT);
	len = h->visit.reply.eap.len;
	memcpy(finish, h->eap, len);
	memcpy(key, h->visit.reply.key, sizeof(key));

	h->now += 4000;
	assert_int_equal(hall_ask(h, p)->verdict, HK_VERDICT_ACCEPT);
	assert_int_equal(h->visit.reply.eap.len, len);
	assert_memory_equal(h->eap, finish, len);
	assert_memory_equal(h->visit.reply.key, key, sizeof(key));

	h->client = "ap2";
	h->client_id = 2;
	h->nas_identifier = "nas-2";
	hall_ask(h, p);
	assert_finish_refused(h, HK_ERR_REPLAY);
	h->client = "ap1";
	h->client_id = 1;
	h->nas_identifier = "nas-1";
	h->now += 2000;
	hall_ask(h, p);
	assert_finish_refused(h, HK_ERR_REPLAY);
	device_free(&d);
}

/* R6696-5.5-01 */
static void channel_binding(void **state)
{
	struct hall *h = *state;
	struct device d;

	h->erp.channel_binding = HK_CB_REPORT;
	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	d.claims_nas = "nas-1";
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);
	d.claims_nas = "nas-2";
	hall_ask(h, device_initiate(&d, REALM));
	assert_finish_refused(h, HK_ERR_CHANNEL_BINDING);
	device_free(&d);
}

/* A stale State in an ERP request, as FILS access points may send, is not looked at. */
static void reauthentication_with_a_state(void **state)
{
	struct hall *h = *state;
	struct device d;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 40);
	device_keep_keys(&d, h);
	h->has_state = true;
	memset(h->state, 0x55, sizeof(h->state));
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);
	device_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reauthentication),
		TEST(session_end_bounds_the_rmsk),
		TEST(batch),
		TEST(realm_of_the_key_set),
		TEST(key_sets_do_not_mix),
		TEST(outer_identities_are_shared),
		TEST(keys_end_with_the_certificate),
		TEST(no_erp_no_key_set),
		TEST(full_store),
		TEST(unknown_key_goes_on_with_full_eap),
		TEST(unknown_key_strict),
		TEST(unknown_realm),
		TEST(failed_reauthentication_removes_nothing),
		TEST(every_failure_is_told),
		TEST(repeated_initiate),
		TEST(channel_binding),
		TEST(reauthentication_with_a_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
