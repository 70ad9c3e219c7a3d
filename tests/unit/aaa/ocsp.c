/* SPDX-License-Identifier: ISC */
/* Logins that wait for an OCSP responder. */
#include "hall.h"

#define URL "http://ocsp.example.com/"

static const uint16_t versions[] = {HK_TLS_1_2, HK_TLS_1_3};

#define FOR_EACH_VERSION(v)                                                                        \
	for (const uint16_t *v = versions; v < versions + sizeof(versions) / sizeof(*versions); v++)

static void use(struct hall *h, uint16_t version, enum hk_ocsp_policy policy)
{
	struct hk_tls_config server = test_server_config(&h->pki);
	struct hk_tls_config peer = test_peer_config(&h->pki);

	server.ocsp = policy;
	server.ocsp_url = URL;
	peer.min_version = peer.max_version = version;
	hk_tls_context_free(h->server_tls);
	hk_tls_context_free(h->peer_tls);
	h->server_tls = test_context(true, &server);
	h->peer_tls = test_context(false, &peer);
	h->policy.tls = h->server_tls;
	h->policy.asks_responders = true;
	h->has_state = false;
}

/* A device up to where the hall has something to ask. */
static void login_until_asked(struct device *d, struct hall *h)
{
	device_new(d, h, IDENTITY);
	device_login(d, h, 40);
	assert_int_equal(h->visit.reply.verdict, HK_VERDICT_PENDING);
	assert_int_equal(h->visit.step, HK_HOME_ASKS);
	assert_string_equal(h->visit.query.url, URL);
	assert_true(h->visit.query.request.len > 60 && h->visit.query.request.data[0] == 0x30);
	assert_int_equal(h->visit.reply.eap.len, 0);
}

static struct hk_bytes response(const struct hall *h, enum test_ocsp_status status)
{
	return test_ocsp_response(h->pki.ca, h->pki.ca, h->pki.client, status, TEST_NOW - TEST_DAY,
		TEST_NOW + TEST_DAY);
}

/* The answer of the responder, then the rest of the login. */
static const struct hk_aaa_reply *go_on(struct device *d, struct hall *h, struct hk_bytes answer)
{
	const struct hk_aaa_reply *reply;

	hk_home_resume(&h->worker, &h->policy, &h->visit, answer, h->now);
	assert_int_equal(h->visit.step, HK_HOME_ANSWERED);
	reply = hall_commit(h);
	device_take(d, h);
	if (reply->verdict != HK_VERDICT_CHALLENGE)
		return reply;
	return device_login(d, h, 5);
}

static void good(void **state)
{
	struct hall *h = *state;
	struct hk_bytes answer = response(h, TEST_OCSP_GOOD);

	FOR_EACH_VERSION(v)
	{
		struct device d;

		use(h, *v, HK_OCSP_HARD);
		login_until_asked(&d, h);
		assert_int_equal(go_on(&d, h, answer)->verdict, HK_VERDICT_ACCEPT);
		assert_int_equal(h->visit.event.tls_version, *v);
		assert_true(h->visit.event.has_keys);
		assert_int_equal(hk_home_sessions(h->home), 0);
		device_keep_keys(&d, h);
		device_free(&d);

		/* The verdict is kept: the next login does not wait. */
		h->has_state = false;
		device_new(&d, h, IDENTITY);
		assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_ACCEPT);
		device_free(&d);
	}
	test_bytes_free(answer);
}

static void revoked(void **state)
{
	struct hall *h = *state;
	struct hk_bytes answer = response(h, TEST_OCSP_REVOKED);

	FOR_EACH_VERSION(v)
	{
		struct device d;

		use(h, *v, HK_OCSP_SOFT);
		login_until_asked(&d, h);
		assert_int_equal(go_on(&d, h, answer)->verdict, HK_VERDICT_REJECT);
		assert_err(h->visit.reply.reason, HK_ERR_DENIED);
		assert_int_equal(hk_home_sessions(h->home), 0);
		device_free(&d);
	}
	test_bytes_free(answer);
}

static void no_answer(void **state)
{
	struct hall *h = *state;

	FOR_EACH_VERSION(v)
	{
		struct device d;

		use(h, *v, HK_OCSP_SOFT);
		login_until_asked(&d, h);
		assert_int_equal(go_on(&d, h, HK_NO_BYTES)->verdict, HK_VERDICT_ACCEPT);
		device_free(&d);

		use(h, *v, HK_OCSP_HARD);
		login_until_asked(&d, h);
		assert_int_equal(go_on(&d, h, HK_NO_BYTES)->verdict, HK_VERDICT_REJECT);
		assert_err(h->visit.reply.reason, HK_ERR_TLS);
		device_free(&d);

		/* A caller that cannot wait: as if none answered. */
		use(h, *v, HK_OCSP_HARD);
		h->policy.asks_responders = false;
		device_new(&d, h, IDENTITY);
		assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_REJECT);
		device_free(&d);
	}
}

/* Until the answer is there nobody else gets into the conversation, and it does not expire. */
static void others_are_kept_out(void **state)
{
	struct hall *h = *state;
	struct hk_bytes answer = response(h, TEST_OCSP_GOOD);
	struct hk_home_visit second;
	uint8_t memory[HK_EAP_MAX_LEN];
	struct device d;

	use(h, HK_TLS_1_3, HK_OCSP_HARD);
	login_until_asked(&d, h);
	hk_home_begin(&second, memory, sizeof(memory));
	second.request = h->visit.request;
	hk_home_receive(&h->worker, &h->policy, &second, h->now);
	assert_int_equal(second.reply.verdict, HK_VERDICT_NONE);
	assert_err(second.reply.reason, HK_ERR_UNEXPECTED);
	hk_home_done(&h->worker, &second);

	hk_home_expire(h->home, h->now + 10 * TIMEOUT_MS, 100);
	assert_int_equal(hk_home_sessions(h->home), 1);
	assert_int_equal(go_on(&d, h, answer)->verdict, HK_VERDICT_ACCEPT);
	device_free(&d);
	test_bytes_free(answer);
}

static void given_up(void **state)
{
	struct hall *h = *state;
	struct device d;

	use(h, HK_TLS_1_3, HK_OCSP_HARD);
	login_until_asked(&d, h);
	assert_int_equal(hk_home_sessions(h->home), 1);
	hk_home_done(&h->worker, &h->visit);
	assert_int_equal(hk_home_sessions(h->home), 0);
	hk_home_done(&h->worker, &h->visit);
	assert_int_equal(hall_ask(h, device_packet(&d))->verdict, HK_VERDICT_REJECT);
	assert_err(h->visit.reply.reason, HK_ERR_NOT_FOUND);
	device_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good),
		TEST(revoked),
		TEST(no_answer),
		TEST(others_are_kept_out),
		TEST(given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
