/* SPDX-License-Identifier: ISC */
/* Channel binding: what the authenticator told the peer against what it told the server. */
#include "server.h"

#include "erp/channel_binding.h"

static void same_station_in_other_words(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool same;
	} rows[] = {
		{"02-00-00-00-0A-00:hokey", "02-00-00-00-0a-00:hokey", true},
		{"02-00-00-00-0A-00:hokey", "02:00:00:00:0a:00:hokey", true},
		{"020000000a00", "02-00-00-00-0A-00", true},
		{"0200.0000.0a00", "02-00-00-00-0A-00", true},
		{"02-00-00-00-0A-00:hokey", "02-00-00-00-0A-00:Hokey", false},
		{"02-00-00-00-0A-00:hokey", "02-00-00-00-0A-00", false},
		{"02-00-00-00-0A-00", "02-00-00-00-0A-01", false},
		{"02-00-00-00-0A", "02:00:00:00:0a", false}, /* no MAC address */
		{"02--00-00-00-0A-00", "02-00-00-00-0A-00", false},
		{"-02-00-00-00-0A-00", "02-00-00-00-0A-00", false},
		{"02_00_00_00_0A_00", "02-00-00-00-0A-00", false},
		{"nas", "NAS", false},
		{"", "02-00-00-00-0A-00", false},
		{"", "", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hk_bytes a = hk_text(rows[i].a), b = hk_text(rows[i].b);

		assert_int_equal(hk_channel_binding_same(128, a, b), rows[i].same);
		assert_int_equal(hk_channel_binding_same(129, b, a), rows[i].same);
		/* other types are compared as octets */
		assert_int_equal(hk_channel_binding_same(130, a, b), hk_bytes_equal(a, b));
	}
}

#define RIGHT_NAS  "82056e61732d37" /* nas-7 */
#define WRONG_NAS  "82056e61732d38" /* nas-8 */
#define RIGHT_IP   "8304c0010211"
#define WRONG_IP   "8304c0010212"
#define IPV6       "8410 00112233445566778899aabbccddeeff"
#define RIGHT_MAC  "8111 30323a30303a30303a30303a30323a3030" /* 02:00:00:00:02:00 */
#define OTHER_TYPE "960101"

/* E6696-5.5-03 E6696-5.2.2-01 */
static void compared_with_the_request(void **state)
{
	static const struct {
		const char *more;
		bool report, require; /* accepted under this policy? */
		bool missing;
	} rows[] = {
		{"", true, true, true}, {RIGHT_NAS, true, true, false},
		{RIGHT_NAS RIGHT_IP RIGHT_MAC, true, true, false}, {WRONG_NAS, false, false, false},
		{RIGHT_NAS WRONG_IP, false, false, false},
		{RIGHT_MAC WRONG_NAS, false, false, false},
		{"8200", false, false, false}, /* an empty name is another name */
		{IPV6, true, false, true},     /* not in the request */
		{RIGHT_NAS IPV6, true, false, true},
		{OTHER_TYPE, true, true, true},           /* nothing we could compare */
		{RIGHT_NAS WRONG_NAS, true, true, false}, /* the first one counts */
	};
	struct bench *t = *state;

	for (uint16_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct initiate p = {.more = rows[i].more};

		for (enum hk_cb_policy policy = HK_CB_OFF; policy <= HK_CB_REQUIRE; policy++) {
			bool accepted = policy == HK_CB_OFF ||
					(policy == HK_CB_REPORT ? rows[i].report : rows[i].require);

			t->policy.channel_binding = policy;
			p.seq = (uint16_t)(3 * i + policy);
			assert_err(serve(t, initiate(t, p)),
				accepted ? HK_OK : HK_ERR_CHANNEL_BINDING);
			if (accepted)
				assert_accepted(t);
			else
				assert_refused(t, 2);
			if (accepted && policy != HK_CB_OFF)
				assert_int_equal(t->x.cb_missing, rows[i].missing);
			/* the packet was authentic: its number is spent */
			assert_int_equal(stored_seq(t).expected, p.seq + 1);
		}
	}
}

/* A repetition of a refused exchange is refused once more. */
static void refused_exchange_repeated(void **state)
{
	struct bench *t = *state;
	struct hk_bytes packet = initiate(t, (struct initiate){.more = WRONG_NAS});

	t->policy.channel_binding = HK_CB_REPORT;
	assert_err(serve(t, packet), HK_ERR_CHANNEL_BINDING);
	assert_err(serve(t, packet), HK_ERR_CHANNEL_BINDING);
	assert_refused(t, 2);
}

/* E6696-5.5-04 E6696-5.3.3-16 */
static void own_values_when_required(void **state)
{
	struct bench *t = *state;
	struct hk_erp_attributes a;

	t->policy.channel_binding = HK_CB_REQUIRE;
	assert_ok(serve_seq(t, 0));
	assert_accepted(t);
	a = finish_attributes(t, 2);
	assert_true(hk_bytes_equal(a.channel_binding[0], t->request.called_station_id));
	assert_true(hk_bytes_equal(a.channel_binding[1], t->request.calling_station_id));
	assert_true(hk_bytes_equal(a.channel_binding[2], t->request.nas_identifier));
	assert_true(hk_bytes_equal(a.channel_binding[3], t->request.nas_ip_address));
	assert_null(a.channel_binding[4].data);
	/* not when the peer sent its own, nor under another policy */
	assert_ok(serve(t, initiate(t, (struct initiate){.seq = 1, .more = RIGHT_NAS})));
	assert_null(finish_attributes(t, 2).channel_binding[2].data);
	t->policy.channel_binding = HK_CB_REPORT;
	assert_ok(serve_seq(t, 2));
	assert_null(finish_attributes(t, 2).channel_binding[2].data);
}

/* Whatever the request holds, the Finish fits an EAP lower layer. */
static void own_values_as_far_as_they_fit(void **state)
{
	struct bench *t = *state;
	static uint8_t big[253], realm[HK_REALM_MAX_LEN], text[HK_NAI_MAX_LEN];
	struct hk_bytes nai = hk_bytes(text, sizeof text);
	struct hk_keyset set;

	memset(realm, 'r', sizeof realm);
	memcpy(text, "cfe8ced1dae98705@", 17);
	memcpy(text + 17, realm, sizeof realm);
	t->realms[0] = hk_bytes(realm, sizeof realm);
	set = bench_keyset(t, t->realms[0]);
	assert_ok(hk_keystore_put(t->store, &set));
	memset(big, 'b', sizeof big);
	t->request.nas_identifier = hk_bytes(big, sizeof big);
	t->request.called_station_id = hk_bytes(big, sizeof big);
	t->request.calling_station_id = hk_bytes(big, sizeof big);
	t->request.nas_ipv6_address = hk_bytes(big, 16);
	t->policy.channel_binding = HK_CB_REQUIRE;
	assert_ok(serve(
		t, initiate(t, (struct initiate){.nai = nai, .suite = 3, .flags = HK_ERP_FLAG_L})));
	assert_accepted(t);
	assert_true(t->reply.eap.len <= HK_ERP_MAX_LEN);
	assert_int_equal(finish_attributes(t, 3).channel_binding[2].len, sizeof big);
	assert_int_equal(finish_attributes(t, 3).channel_binding[4].len, 16);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_station_in_other_words),
		T(compared_with_the_request),
		T(refused_exchange_repeated),
		T(own_values_when_required),
		T(own_values_as_far_as_they_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
