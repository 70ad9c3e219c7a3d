/* SPDX-License-Identifier: ISC */
/* Keys that the home server hands out to other domains, and those it does not. */
#include "hall.h"

#include "crypto/crypto.h"

#define IDENTITY "anonymous@" REALM
#define DOMAIN   "visited.example"

struct bench {
	struct hall *h;
	struct hk_bytes domains[1];
	struct hk_bytes realms[1];
	struct hk_ktk ktks[2]; /* of two operators, who both claim the domain */
	struct hk_kds_policy kds;
	struct hk_krs_request asked;
	uint32_t nonce;
	struct device device;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	void *hall;

	hall_setup(&hall);
	b->h = hall;
	b->domains[0] = hk_text(DOMAIN);
	b->realms[0] = hk_text(REALM);
	for (uint8_t i = 0; i < 2; i++) {
		b->ktks[i] = (struct hk_ktk){
			.kek_id = {(uint8_t)(i + 1)},
			.secret = {(uint8_t)(i + 7)},
			.owner = hk_text(i ? "the other one" : "the visited one"),
			.domains = b->domains,
			.ndomains = 1,
			.realms = b->realms,
			.nrealms = 1,
			.allow = HK_KTK_DSRK,
			.not_after = HK_NEVER,
		};
		assert_ok(hk_ktk_check(&b->ktks[i]));
	}
	b->kds = (struct hk_kds_policy){.ktks = b->ktks, .nktks = 2, .indicate = true};
	b->h->policy.kds = &b->kds;
	b->h->policy.keep_emsk = HK_EMSK_UNTIL_EXPIRY;
	b->h->secure = true;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	void *hall = b->h;

	hall_teardown(&hall);
	if (b->device.peer)
		device_free(&b->device);
	free(b);
	return 0;
}

/* From now on requests carry one of this operator. */
static void ask_as(struct bench *b, size_t operator_number)
{
	uint8_t nonce[HK_KEYDIST_NONCE_LEN] = {0};

	hk_store_u32(nonce, ++b->nonce);
	assert_ok(hk_krs_ask(&b->ktks[operator_number], HK_KEYDIST_DSRK, b->domains[0], HK_NO_BYTES,
		nonce, b->h->now, &b->asked));
	b->h->keydist = (struct hk_keydist_attributes){
		.request = hk_bytes(b->asked.value, sizeof(b->asked.value)),
		.domain = hk_bytes(b->asked.domain, b->asked.domain_len),
	};
}

static const struct hk_aaa_reply *login(struct bench *b)
{
	const struct hk_aaa_reply *reply;

	if (b->device.peer)
		device_free(&b->device);
	b->h->has_state = false;
	device_new(&b->device, b->h, IDENTITY);
	reply = device_login(&b->device, b->h, 40);
	if (reply->verdict == HK_VERDICT_ACCEPT)
		device_keep_keys(&b->device, b->h);
	return reply;
}

static const struct hk_aaa_reply *reauth(struct bench *b, uint8_t flags)
{
	b->device.flags = flags;
	return hall_ask(b->h, device_initiate(&b->device, REALM));
}

/* The key of the last reply is the device's own for that domain. */
static void assert_delivered(struct bench *b)
{
	const struct hk_key_delivery *d = &b->h->visit.reply.delivery;
	const struct hk_keydist_attributes answer = {
		.key = hk_bytes(d->key, d->key_len), .domain = d->domain};
	struct hk_key *came, *own;
	bool again;

	assert_int_equal(d->error, 0);
	assert_int_equal(b->h->visit.event.key.error, 0);
	assert_true(b->h->visit.event.key.asked);
	assert_ok(hk_krs_take_dsrk(b->ktks, 2, &b->asked, &answer, 0, b->h->now, &came, &again));
	assert_int_equal(again, b->h->visit.event.key.again);
	assert_ok(hk_key_derive_dsrk(
		hk_eap_peer_result(b->device.peer, b->h->now, hk_time_add_s(b->h->now, 28800))
			->emsk,
		b->domains[0], TEST_NOW, HK_NEVER, &own));
	assert_true(hk_key_equal(came, own));
	assert_memory_equal(hk_key_emsk_name(came), b->device.name, HK_EMSK_NAME_LEN);
	hk_key_free(came);
	hk_key_free(own);
}

/* The login is over as ever; for the key there is this error. */
static void assert_refused(struct bench *b, uint8_t error, enum hk_err reason)
{
	const struct hk_home_visit *v = &b->h->visit;

	assert_int_equal(v->reply.verdict, HK_VERDICT_ACCEPT);
	assert_true(v->reply.has_key);
	assert_int_equal(v->reply.reason, HK_OK);
	assert_int_equal(v->reply.delivery.key_len, 0);
	assert_int_equal(v->reply.delivery.error, error);
	assert_int_equal(v->event.key.error, error);
	assert_err(v->event.key.reason, reason);
}

/* What the last reply's Finish says about domains. */
static struct hk_erp_attributes finish(const struct bench *b, bool *verified)
{
	const struct hk_buf *eap = &b->h->visit.reply.eap;
	struct hk_erp_attributes a;
	struct hk_erp_message m;
	struct hk_hmac_key rik;
	struct hk_key *key;

	assert_ok(hk_erp_parse(hk_buf_bytes(eap), &m));
	assert_int_equal(m.code, HK_ERP_FINISH);
	assert_ok(hk_erp_keys_rik(&b->device.keys, 2, &rik));
	for (size_t i = 0; i < m.nreadings; i++) {
		if (m.readings[i].suite != 2 || !hk_erp_verify(&m, &m.readings[i], &rik))
			continue;
		assert_ok(hk_erp_attributes(&m, m.readings[i].end, &a));
		assert_ok(hk_key_derive_auth_indication(
			hk_eap_peer_result(b->device.peer, b->h->now, HK_NEVER - 1)->emsk,
			b->domains[0], TEST_NOW, &key));
		*verified = a.authorization_indication.data &&
			    hk_erp_verify_indication(&m, &m.readings[i], key);
		hk_key_free(key);
		return a;
	}
	fail_msg("no reading of the Finish has a good tag");
	return (struct hk_erp_attributes){0};
}

static void assert_finish(const struct bench *b, bool names_domain, bool indicates)
{
	bool verified;
	struct hk_erp_attributes a = finish(b, &verified);

	assert_int_equal(a.domain_name.data != NULL, names_domain);
	if (names_domain)
		assert_true(hk_bytes_equal(a.domain_name, hk_text(DOMAIN)));
	assert_int_equal(a.authorization_indication.data != NULL, indicates);
	assert_int_equal(verified, indicates);
}

/* ---- with the login ---- */

/* E6696-5.1-04 K5749-5-03 */
static void with_a_login(void **state)
{
	struct bench *b = *state;

	ask_as(b, 0);
	assert_int_equal(login(b)->verdict, HK_VERDICT_ACCEPT);
	assert_delivered(b);
	assert_true(hk_bytes_equal(b->h->visit.event.key.owner, b->ktks[0].owner));
	assert_true(hk_bytes_equal(b->h->visit.event.key.domain, b->domains[0]));
	assert_false(b->h->visit.event.key.again);
	assert_int_equal(hk_load_u32(b->h->visit.reply.delivery.key + 28), 28800);
}

/* What is not noted cannot be taken back, so it does not go out. */
static void no_key_when_its_grant_is_not_stored(void **state)
{
	struct bench *b = *state;
	const struct hk_keystore_memory_config small = {.max_sets = 1};

	hk_home_done(&b->h->worker, &b->h->visit);
	hk_keystore_close(b->h->store);
	assert_ok(hk_keystore_memory_open(&small, &b->h->store));
	hk_home_worker_init(&b->h->worker, b->h->home, b->h->store);
	login(b);
	ask_as(b, 0);
	login(b);
	assert_err(b->h->visit.event.store, HK_ERR_STORE_FULL);
	assert_refused(b, HK_KEY_TEMPORARY_FAILURE, HK_ERR_STORE_FULL);
	/* with room again */
	assert_ok(hk_keystore_remove_user(b->h->store, b->h->visit.event.user, NULL, &(size_t){0}));
	ask_as(b, 0);
	login(b);
	assert_delivered(b);
}

/* Nothing is said to a request nobody made, nor by a server that delivers nothing. */
static void nothing_asked_nothing_said(void **state)
{
	struct bench *b = *state;

	login(b);
	assert_refused(b, 0, HK_OK);
	assert_false(b->h->visit.event.key.asked);
	b->h->policy.kds = NULL;
	ask_as(b, 0);
	login(b);
	assert_refused(b, 0, HK_OK);
	assert_false(b->h->visit.event.key.asked);
	reauth(b, HK_ERP_FLAG_B);
	assert_refused(b, 0, HK_OK);
	assert_finish(b, false, false);
}

/* A request that is no good costs the key, never the login. */
/* K4962-3-18 HKRAD-16.7-04 */
static void refusals_with_a_login(void **state)
{
	struct bench *b = *state;

	ask_as(b, 0);
	b->asked.value[50] ^= 1;
	login(b);
	assert_refused(b, HK_KEY_NOT_AUTHENTICATED, HK_ERR_TAG);
	assert_int_equal(b->h->visit.event.key.owner.len, 0);

	ask_as(b, 0);
	b->h->keydist.domain = HK_NO_BYTES;
	login(b);
	assert_refused(b, HK_KEY_MALFORMED, HK_ERR_MALFORMED);

	ask_as(b, 0);
	b->h->keydist.repeated = true;
	login(b);
	assert_refused(b, HK_KEY_MALFORMED, HK_ERR_MALFORMED);

	ask_as(b, 0);
	b->h->secure = false;
	login(b);
	assert_refused(b, HK_KEY_INSECURE_TRANSPORT, HK_ERR_DENIED);
	b->h->secure = true;

	ask_as(b, 0);
	b->ktks[0].ndomains = 0;
	login(b);
	assert_refused(b, HK_KEY_NOT_AUTHORIZED, HK_ERR_REALM);
	assert_true(hk_bytes_equal(b->h->visit.event.key.owner, b->ktks[0].owner));
	b->ktks[0].ndomains = 1;

	b->kds.needs_consent = true;
	login(b);
	assert_refused(b, HK_KEY_NOT_AUTHORIZED, HK_ERR_DENIED);
	b->kds.needs_consent = false;
	login(b);
	assert_delivered(b);
}

/* K5749-5-03 */
static void no_key_with_a_failed_login(void **state)
{
	struct bench *b = *state;

	b->h->verdict = HK_ERR_DENIED;
	ask_as(b, 0);
	assert_int_equal(login(b)->verdict, HK_VERDICT_REJECT);
	assert_int_equal(b->h->visit.reply.delivery.key_len, 0);
	assert_int_equal(b->h->visit.reply.delivery.error, 0);
}

/* Where no key set can be made there is no key to give either. */
static void no_key_without_a_realm(void **state)
{
	struct bench *b = *state;

	b->h->realms[0] = hk_text("elsewhere.example");
	ask_as(b, 0);
	login(b);
	assert_refused(b, HK_KEY_NO_KEY, HK_ERR_NOT_FOUND);
}

/* K5749-4-05 */
static void no_longer_than_the_session(void **state)
{
	struct bench *b = *state;

	b->h->user.session_timeout_s = 600;
	ask_as(b, 0);
	login(b);
	assert_delivered(b);
	assert_int_equal(hk_load_u32(b->h->visit.reply.delivery.key + 28), 600);
	b->h->now += 100 * HK_SECOND;
	ask_as(b, 0);
	reauth(b, HK_ERP_FLAG_B);
	assert_delivered(b);
	assert_int_equal(hk_load_u32(b->h->visit.reply.delivery.key + 28), 500);
}

/* K5749-6.1-02 */
static void a_request_of_another_login(void **state)
{
	struct bench *b = *state;
	struct hk_keyset set;

	ask_as(b, 0);
	login(b);
	assert_delivered(b);
	login(b); /* somebody else's, with the same request */
	assert_refused(b, HK_KEY_NOT_AUTHENTICATED, HK_ERR_REPLAY);
	reauth(b, HK_ERP_FLAG_B);
	assert_refused(b, HK_KEY_NOT_AUTHENTICATED, HK_ERR_REPLAY);
	assert_finish(b, false, false);
	assert_ok(hk_keystore_find(b->h->store, b->device.name, hk_text(REALM), b->h->now, &set));
	assert_int_equal(set.grants.n, 0); /* so it stands in nobody's way */
	hk_keyset_wipe(&set);
	ask_as(b, 0);
	reauth(b, HK_ERP_FLAG_B);
	assert_delivered(b);
}

/* ---- with a re-authentication ---- */

/* The table of the specification: flag B, request, grant. */
/* E6696-5.3.3-09 E6696-5.3.3-13 E6696-5.3.3-14 E6696-5.1-18 E6696-5.1-21 E6696-5.1-22 */
/* E6696-5.1-25 E6696-5.1-26 E6696-5.1-27 K5749-5-05 HKRAD-16.7-07 */
static void bootstraps(void **state)
{
	struct bench *b = *state;

	for (unsigned i = 0; i < 8; i++) {
		bool flag = i & 1, asks = i & 2, may = i & 4;
		struct hk_erp_message m;

		memset(&b->h->keydist, 0, sizeof(b->h->keydist));
		login(b);
		if (asks)
			ask_as(b, 0);
		b->ktks[0].ndomains = may;
		reauth(b, (uint8_t)(HK_ERP_FLAG_L | (flag ? HK_ERP_FLAG_B : 0)));
		assert_int_equal(b->h->visit.reply.verdict, HK_VERDICT_ACCEPT);
		assert_true(b->h->visit.reply.has_key);
		assert_ok(hk_erp_parse(hk_buf_bytes(&b->h->visit.reply.eap), &m));
		assert_int_equal(m.flags, HK_ERP_FLAG_L | (flag ? HK_ERP_FLAG_B : 0));
		if (flag && asks && may)
			assert_delivered(b);
		else if (!asks)
			assert_refused(b, 0, HK_OK);
		else
			assert_refused(
				b, HK_KEY_NOT_AUTHORIZED, may ? HK_ERR_UNEXPECTED : HK_ERR_REALM);
		assert_finish(b, flag && asks && may, flag && asks && may);
		b->ktks[0].ndomains = 1;
	}
}

/* E6696-8-05 E6696-8-06 E6696-8-07 R6696-8-01 */
static void again_to_the_same_one_only(void **state)
{
	struct bench *b = *state;

	b->kds.indicate = false;
	ask_as(b, 0);
	login(b);
	assert_delivered(b);
	ask_as(b, 1);
	reauth(b, HK_ERP_FLAG_B);
	assert_refused(b, HK_KEY_ALREADY_DELIVERED, HK_ERR_DENIED);
	assert_true(hk_bytes_equal(b->h->visit.event.key.owner, b->ktks[1].owner));
	assert_finish(b, false, false);
	ask_as(b, 0);
	reauth(b, HK_ERP_FLAG_B);
	assert_delivered(b);
	assert_true(b->h->visit.event.key.again);
	assert_finish(b, true, true);
}

/* Once by explicit bootstrapping: no indication unless the policy wants it. */
static void without_indication(void **state)
{
	struct bench *b = *state;

	b->kds.indicate = false;
	login(b);
	ask_as(b, 0);
	reauth(b, HK_ERP_FLAG_B);
	assert_delivered(b);
	assert_finish(b, true, false);
	/* after a restart of the server it is still known who has it */
	hk_home_done(&b->h->worker, &b->h->visit);
	hk_home_free(b->h->home);
	assert_ok(hk_home_new(NULL, NULL, &b->h->home));
	hk_home_worker_init(&b->h->worker, b->h->home, b->h->store);
	ask_as(b, 1);
	reauth(b, HK_ERP_FLAG_B);
	assert_refused(b, HK_KEY_ALREADY_DELIVERED, HK_ERR_DENIED);
	ask_as(b, 0);
	reauth(b, HK_ERP_FLAG_B);
	assert_delivered(b);
	assert_finish(b, true, true);
}

/*
 * The server that asks stands for many access points, and another one of them may
 * have heard the device: neither rMSK nor DSRK goes out a second time.
 */
static void a_repeated_bootstrap(void **state)
{
	struct bench *b = *state;

	login(b);
	ask_as(b, 0);
	reauth(b, HK_ERP_FLAG_B);
	assert_delivered(b);
	for (size_t who = 0; who < 2; who++) {
		ask_as(b, who);
		hall_ask(b->h, device_packet(&b->device));
		assert_err(b->h->visit.reply.reason, HK_ERR_REPLAY);
		assert_int_equal(b->h->visit.reply.verdict, HK_VERDICT_REJECT);
		assert_int_equal(b->h->visit.reply.delivery.key_len, 0);
	}
	/* it goes on with the next number */
	ask_as(b, 0);
	reauth(b, HK_ERP_FLAG_B);
	assert_delivered(b);
}

/* K5749-6.2-01 E6696-5.1-16 */
static void no_key_without_consent(void **state)
{
	struct bench *b = *state;
	struct hk_bytes packet;

	login(b);
	ask_as(b, 0);
	b->device.flags = HK_ERP_FLAG_B;
	packet = device_initiate(&b->device, REALM);
	b->device.packet[packet.len - 1] ^= 1;
	assert_int_equal(hall_ask(b->h, packet)->verdict, HK_VERDICT_REJECT);
	assert_err(b->h->visit.reply.reason, HK_ERR_TAG);
	assert_int_equal(b->h->visit.reply.delivery.key_len, 0);
	assert_int_equal(b->h->visit.reply.delivery.error, 0);
	/* nor for a number that was used */
	b->device.seq = 0;
	reauth(b, HK_ERP_FLAG_B);
	assert_delivered(b);
	ask_as(b, 0);
	b->device.seq = 0;
	b->h->nas_identifier = "nas-2";
	assert_int_equal(reauth(b, HK_ERP_FLAG_B)->verdict, HK_VERDICT_REJECT);
	assert_err(b->h->visit.reply.reason, HK_ERR_REPLAY);
	assert_int_equal(b->h->visit.reply.delivery.key_len, 0);
}

/* The last check is channel binding: what fails there releases nothing. */
static void no_key_with_a_wrong_authenticator(void **state)
{
	struct bench *b = *state;
	struct hk_keyset set;

	b->h->erp.channel_binding = HK_CB_REPORT;
	login(b);
	ask_as(b, 0);
	b->device.claims_nas = "another";
	assert_int_equal(reauth(b, HK_ERP_FLAG_B)->verdict, HK_VERDICT_REJECT);
	assert_err(b->h->visit.reply.reason, HK_ERR_CHANNEL_BINDING);
	assert_int_equal(b->h->visit.reply.delivery.key_len, 0);
	assert_ok(hk_keystore_find(b->h->store, b->device.name, hk_text(REALM), b->h->now, &set));
	assert_int_equal(set.grants.n, 0);
	hk_keyset_wipe(&set);
}

/* ---- EMSKs kept or not ---- */

static void forgotten_emsk(void **state)
{
	struct bench *b = *state;
	struct hk_keyset set;

	b->h->policy.keep_emsk = HK_EMSK_DERIVE_AND_FORGET;
	ask_as(b, 0);
	login(b);
	assert_delivered(b);
	assert_ok(hk_keystore_find(b->h->store, b->device.name, hk_text(REALM), b->h->now, &set));
	assert_int_equal(set.emsk.kdf, 0);
	hk_keyset_wipe(&set);
	ask_as(b, 0);
	reauth(b, HK_ERP_FLAG_B);
	assert_refused(b, HK_KEY_NO_KEY, HK_ERR_NOT_FOUND);
	assert_finish(b, false, false);
	/* which only those hear who may ask */
	ask_as(b, 0);
	b->asked.value[50] ^= 1;
	reauth(b, HK_ERP_FLAG_B);
	assert_refused(b, HK_KEY_NOT_AUTHENTICATED, HK_ERR_TAG);
}

static void too_many_domains(void **state)
{
	struct bench *b = *state;
	bool again;

	login(b);
	for (uint8_t i = 0; i < HK_GRANTS_MAX; i++) {
		const struct hk_grant g = {{i}, {1}};

		assert_ok(hk_keystore_grant(
			b->h->store, b->device.name, hk_text(REALM), b->h->now, &g, &again));
	}
	ask_as(b, 0);
	reauth(b, HK_ERP_FLAG_B);
	assert_refused(b, HK_KEY_TEMPORARY_FAILURE, HK_ERR_LIMIT);
}

/* Keys are wiped where they were worked with. */
static void no_key_stays_behind(void **state)
{
	static const struct hk_kept_emsk zero;
	struct bench *b = *state;

	ask_as(b, 0);
	login(b);
	assert_memory_equal(&b->h->visit.exchange.keyset.emsk, &zero, sizeof(zero));
	reauth(b, HK_ERP_FLAG_B);
	assert_memory_equal(&b->h->visit.exchange.keyset.emsk, &zero, sizeof(zero));
}

#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(with_a_login),
		BENCH_TEST(no_key_when_its_grant_is_not_stored),
		BENCH_TEST(nothing_asked_nothing_said),
		BENCH_TEST(refusals_with_a_login),
		BENCH_TEST(no_key_with_a_failed_login),
		BENCH_TEST(no_key_without_a_realm),
		BENCH_TEST(no_longer_than_the_session),
		BENCH_TEST(a_request_of_another_login),
		BENCH_TEST(bootstraps),
		BENCH_TEST(again_to_the_same_one_only),
		BENCH_TEST(without_indication),
		BENCH_TEST(a_repeated_bootstrap),
		BENCH_TEST(no_key_without_consent),
		BENCH_TEST(no_key_with_a_wrong_authenticator),
		BENCH_TEST(forgotten_emsk),
		BENCH_TEST(too_many_domains),
		BENCH_TEST(no_key_stays_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
