/* SPDX-License-Identifier: ISC */
/* What a local ER server does with requests and with Accepts, case by case. */
#include "test.h"

#include "crypto/crypto.h"

#include <hokey/eap.h>
#include <hokey/erp.h>
#include <hokey/radius.h>
#include <hokey/visited.h>

#define NOW    ((hk_time)1700000000000)
#define CAMPUS "visited.example"
#define HOME   "home.example"

struct bench {
	struct hk_bytes domains[1];
	struct hk_bytes realms[1];
	struct hk_ktk ktk;
	struct hk_visited_policy policy;
	struct hk_visited_pending pending;
	struct hk_visited_outcome outcome;
	struct hk_aaa_request request;
	struct hk_keystore *store;
	struct hk_key *emsk;
	uint8_t nonce[HK_KEYDIST_NONCE_LEN];
	uint8_t eap[HK_EAP_MAX_LEN];
	uint8_t attributes[HK_RADIUS_MAX_LEN];
	size_t len;
};

static int set_up(void **state)
{
	static const struct hk_keystore_memory_config memory;
	const uint8_t session_id[9] = {13}, octets[64] = {1};
	struct bench *b = calloc(1, sizeof(*b));

	b->domains[0] = hk_text(CAMPUS);
	b->realms[0] = hk_text(HOME);
	b->ktk = (struct hk_ktk){.kek_id = {1},
		.secret = {2},
		.owner = hk_text("x"),
		.domains = b->domains,
		.ndomains = 1,
		.realms = b->realms,
		.nrealms = 1,
		.allow = HK_KTK_DSRK,
		.not_after = HK_NEVER};
	b->policy = (struct hk_visited_policy){
		.domain = hk_text(CAMPUS), .ktks = &b->ktk, .nktks = 1, .vendor = HK_VENDOR_HOKEY};
	assert_ok(hk_keystore_memory_open(&memory, &b->store));
	assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof(session_id)),
		hk_bytes(octets, sizeof(octets)), NOW, NOW + 28800 * HK_SECOND, &b->emsk));
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	hk_keystore_close(b->store);
	hk_key_free(b->emsk);
	free(b);
	return 0;
}

/* ---- requests ---- */

static void response(struct bench *b, const char *user_name)
{
	static const uint8_t identity[] = {2, 1, 0, 5, 1};

	b->request = (struct hk_aaa_request){.has_eap = true,
		.eap = hk_bytes(identity, sizeof(identity)),
		.user_name = hk_text(user_name)};
}

/* EAP-Initiate with a tag that is no good: nobody on the way can tell. */
static void initiate(struct bench *b, const char *realm, uint8_t flags, uint8_t suite)
{
	struct hk_buf out = hk_buf(b->eap, sizeof(b->eap));
	uint8_t nai[HK_NAI_MAX_LEN];
	struct hk_buf text = hk_buf(nai, sizeof(nai));
	struct hk_hmac_key key;

	memset(&key, 1, sizeof(key));
	assert_ok(hk_keyname_nai_write(hk_key_emsk_name(b->emsk), hk_text(realm), &text));
	hk_erp_begin(&out, HK_ERP_INITIATE, 1, flags, 0, hk_buf_bytes(&text));
	assert_ok(hk_erp_seal(&out, 2, &key));
	b->eap[out.len - 17] = suite;
	b->request = (struct hk_aaa_request){.has_eap = true,
		.eap = hk_buf_bytes(&out),
		.user_name = hk_text("whatever@elsewhere.example")};
}

static enum hk_visited_route receive(struct bench *b, bool secure)
{
	b->nonce[0]++;
	return hk_visited_receive(&b->policy, &b->request, secure, b->nonce, NOW, &b->pending);
}

/* E6696-5.1-14 K5749-5-04 */
static void routes(void **state)
{
	static const struct {
		const char *realm;
		uint8_t flags;
		enum hk_visited_route want;
	} rows[] = {
		{CAMPUS, 0, HK_VISITED_HERE},
		{"VISITED.example", HK_ERP_FLAG_L, HK_VISITED_HERE},
		{CAMPUS, HK_ERP_FLAG_B, HK_VISITED_HERE},
		{HOME, 0, HK_VISITED_FORWARD},
		{HOME, HK_ERP_FLAG_B, HK_VISITED_ASK},
		{"Home.Example", HK_ERP_FLAG_B | HK_ERP_FLAG_L, HK_VISITED_ASK},
		{"unknown.example", HK_ERP_FLAG_B, HK_VISITED_FORWARD},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		initiate(b, rows[i].realm, rows[i].flags, 2);
		assert_int_equal(receive(b, true), rows[i].want);
		assert_int_equal(
			b->pending.asked.domain_len, rows[i].want == HK_VISITED_ASK ? 15 : 0);
		assert_int_equal(b->pending.bootstrap, rows[i].want == HK_VISITED_ASK);
		/* what it is, not whether its suite is known, decides */
		initiate(b, rows[i].realm, rows[i].flags, 77);
		assert_int_equal(receive(b, true), rows[i].want);
	}
	response(b, "anonymous@" HOME);
	assert_int_equal(receive(b, true), HK_VISITED_ASK);
	assert_false(b->pending.bootstrap);
	response(b, "anonymous@unknown.example");
	assert_int_equal(receive(b, true), HK_VISITED_FORWARD);
	assert_err(b->pending.reason, HK_ERR_NOT_FOUND);
	response(b, "bob");
	assert_int_equal(receive(b, true), HK_VISITED_FORWARD);
	response(b, "local@" CAMPUS);
	b->realms[0] = hk_text("*");
	assert_int_equal(receive(b, true), HK_VISITED_FORWARD);
	response(b, "anonymous@unknown.example");
	assert_int_equal(receive(b, true), HK_VISITED_ASK);
}

static void no_local_server(void **state)
{
	struct bench *b = *state;

	b->policy.domain = HK_NO_BYTES;
	initiate(b, HOME, HK_ERP_FLAG_B, 2);
	assert_int_equal(receive(b, true), HK_VISITED_FORWARD);
	response(b, "anonymous@" HOME);
	assert_int_equal(receive(b, true), HK_VISITED_FORWARD);
}

/* K5749-4-01 HKRAD-16.9-02 */
static void hops_without_tls(void **state)
{
	struct bench *b = *state;

	response(b, "anonymous@" HOME);
	assert_int_equal(receive(b, false), HK_VISITED_FORWARD);
	assert_err(b->pending.reason, HK_ERR_DENIED);
	assert_int_equal(b->pending.asked.domain_len, 0);
	b->policy.any_transport = true;
	assert_int_equal(receive(b, false), HK_VISITED_ASK);
}

static void packets_of_no_use(void **state)
{
	static const char *const packets[] = {"01010005", "030100040", "05010006010", "05", "0502",
		"0501000c0240000001020304", "060100080200000", "ff010004"};
	struct bench *b = *state;

	b->request = (struct hk_aaa_request){.user_name = hk_text("a@" HOME)};
	assert_int_equal(receive(b, true), HK_VISITED_FORWARD); /* no EAP at all */
	b->request.has_eap = true;
	assert_int_equal(receive(b, true), HK_VISITED_FORWARD); /* EAP-Start */
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%.*s", (int)(strlen(packets[i]) / 2 * 2), packets[i]);
		b->request.eap = hk_bytes(b->eap, hex(b->eap, sizeof(b->eap), text));
		assert_int_equal(receive(b, true), HK_VISITED_FORWARD);
	}
	/* Re-auth-Start is for peers */
	b->request.eap = hk_bytes(b->eap, hex(b->eap, sizeof(b->eap), "050100060100"));
	assert_int_equal(receive(b, true), HK_VISITED_FORWARD);
}

/* Each request has a nonce of its own, and what an access point says is not passed on. */
/* HKRAD-16.7-02 */
static void requests_are_our_own(void **state)
{
	struct bench *b = *state;
	struct hk_krs_request first;

	response(b, "anonymous@" HOME);
	b->request.keydist.request = hk_text("something");
	b->request.keydist.domain = hk_text("forged.example");
	assert_int_equal(receive(b, true), HK_VISITED_ASK);
	assert_memory_equal(b->pending.asked.domain, CAMPUS, 15);
	first = b->pending.asked;
	assert_int_equal(receive(b, true), HK_VISITED_ASK);
	assert_memory_not_equal(first.value, b->pending.asked.value, HK_KEYDIST_REQUEST_LEN);
}

/* ---- Accepts ---- */

/* Answers what was asked as the home does; other attributes are in hex. */
static void accept_with(struct bench *b, const char *attributes)
{
	const struct hk_kds_policy kds = {.ktks = &b->ktk, .nktks = 1};
	const struct hk_kds_context context = {
		.realm = hk_text(HOME), .secure = true, .consent = true, .now = NOW};
	const struct hk_keydist_attributes in = {
		.request = hk_bytes(b->pending.asked.value, HK_KEYDIST_REQUEST_LEN),
		.domain = hk_bytes(b->pending.asked.domain, b->pending.asked.domain_len)};
	struct hk_buf out = hk_buf(b->attributes, sizeof(b->attributes));
	struct hk_key_delivery delivery;
	struct hk_kds_request request;
	uint8_t octets[2048];

	hk_put(&out, octets, hex(octets, sizeof(octets), attributes));
	assert_int_equal(hk_kds_check(&kds, &in, &context, &request), HK_KEY_GRANTED);
	assert_int_equal(hk_kds_deliver(&kds, &request, b->emsk, HK_NEVER, NOW, &delivery), 0);
	hk_keydist_put_delivery(&out, HK_VENDOR_HOKEY, &delivery);
	b->len = out.len;
}

static enum hk_err take(struct bench *b)
{
	hk_visited_accept(&b->policy, b->store, &b->pending, &b->request,
		hk_bytes(b->attributes, b->len), NOW, &b->outcome);
	return b->outcome.reason;
}

static struct hk_keyset stored(struct bench *b)
{
	struct hk_keyset set;

	assert_ok(
		hk_keystore_find(b->store, hk_key_emsk_name(b->emsk), hk_text(CAMPUS), NOW, &set));
	return set;
}

static void what_is_stored(void **state)
{
	struct bench *b = *state;
	struct hk_erp_keys keys;
	struct hk_keyset set;
	struct hk_key *dsrk, *rrk;

	response(b, "anonymous@" HOME);
	receive(b, true);
	accept_with(b, "0107616c696365 1904c1a5 1b0600000e10");
	assert_ok(take(b));
	set = stored(b);
	assert_memory_equal(set.user, "alice", set.user_len);
	assert_true(set.shared_user);
	assert_hex(set.authorization, set.authorization_len, "1904c1a5");
	assert_int_equal(set.session_end, NOW + 3600 * HK_SECOND);
	assert_int_equal(set.expires, NOW + 28800 * HK_SECOND);
	assert_int_equal(set.created, NOW);
	assert_memory_equal(set.home, HOME, set.home_len);
	assert_int_equal(set.seq.expected, 0);
	assert_int_equal(set.emsk.kdf, 0);
	assert_ok(hk_key_derive_dsrk(b->emsk, hk_text(CAMPUS), NOW, HK_NEVER, &dsrk));
	assert_ok(hk_key_derive_rrk(dsrk, NOW, HK_NEVER, &rrk));
	assert_ok(hk_erp_keys_init(&keys, rrk));
	assert_memory_equal(&set.keys.rrk, &keys.rrk, sizeof(keys.rrk));
	assert_memory_equal(&set.keys.rik2, &keys.rik2, sizeof(keys.rik2));
	hk_key_free(dsrk);
	hk_key_free(rrk);
}

/* User-Name of the Accept, else of the login's request, never a keyName-NAI. */
static void names_of_users(void **state)
{
	struct bench *b = *state;
	struct hk_keyset set;

	response(b, "anonymous@" HOME);
	receive(b, true);
	accept_with(b, "");
	assert_ok(take(b));
	set = stored(b);
	assert_memory_equal(set.user, "anonymous@" HOME, set.user_len);
	initiate(b, HOME, HK_ERP_FLAG_B, 2);
	receive(b, true);
	accept_with(b, "");
	assert_ok(take(b));
	assert_int_equal(stored(b).user_len, 0);
}

/* A Session-Timeout that only asks for a re-authentication ends nothing. */
static void ends_of_sessions(void **state)
{
	static const struct {
		const char *attributes;
		uint32_t want_s; /* 0: never */
	} rows[] = {
		{"", 0},
		{"1b0600000e10", 3600},
		{"1b0600000e10 1d0600000000", 3600},
		{"1b0600000e10 1d0600000001", 0},
		{"1d0600000001 1b0600000e10", 0},
		{"1b050000ff", 0},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		response(b, "anonymous@" HOME);
		receive(b, true);
		accept_with(b, rows[i].attributes);
		assert_ok(take(b));
		assert_int_equal(stored(b).session_end,
			rows[i].want_s ? NOW + rows[i].want_s * HK_SECOND : HK_NEVER);
	}
}

/* K4962-3-10 */
static void what_a_device_keeps(void **state)
{
	uint8_t in[2048], octets[2048];
	struct hk_buf b = hk_buf(in, sizeof(in)), out = hk_buf(octets, sizeof(octets));
	static const uint8_t kept[] = {
		11, 25, 28, 56, 57, 58, 59, 64, 65, 66, 67, 81, 82, 83, 85, 89, 90, 91, 92, 174};
	struct hk_radius_attribute a;
	struct hk_reader r;
	size_t n = 0;

	(void)state;
	for (unsigned type = 1; type < 256; type++)
		hk_radius_put(&b, (uint8_t)type, hk_text("abcd"));
	hk_radius_put(&b, 25, hk_text("another Class"));
	hk_visited_authorization(hk_buf_bytes(&b), &out);
	r = hk_reader(hk_buf_bytes(&out));
	while (hk_radius_next(&r, &a))
		assert_int_equal(a.type, n < sizeof(kept) ? kept[n++] : (n++, 25));
	assert_int_equal(n, sizeof(kept) + 1);
}

static void too_much_authorization(void **state)
{
	struct bench *b = *state;
	char text[2 * (HK_AUTHORIZATION_MAX + 300)] = "";
	struct hk_keyset set;

	for (size_t i = 0; i < 5; i++) { /* Classes of 208 octets */
		strcat(text, "19d0");
		for (size_t j = 0; j < 206; j++)
			strcat(text, "63");
	}
	response(b, "anonymous@" HOME);
	receive(b, true);
	accept_with(b, text);
	assert_err(take(b), HK_ERR_TOO_LONG);
	assert_err(
		hk_keystore_find(b->store, hk_key_emsk_name(b->emsk), hk_text(CAMPUS), NOW, &set),
		HK_ERR_NOT_FOUND);
}

static void keys_that_are_no_good(void **state)
{
	struct bench *b = *state;
	struct hk_keystore_stats stats;

	/* explicit: the key of another device */
	initiate(b, HOME, HK_ERP_FLAG_B, 2);
	receive(b, true);
	b->pending.emsk_name[7] ^= 1;
	accept_with(b, "");
	assert_err(take(b), HK_ERR_NAME_MISMATCH);
	/* nothing came; an error came; nothing was asked */
	receive(b, true);
	b->len = 0;
	assert_err(take(b), HK_ERR_NOT_FOUND);
	b->len = hex(b->attributes, sizeof(b->attributes), "1a0c00007ed9040600000006");
	assert_err(take(b), HK_ERR_DENIED);
	assert_int_equal(b->outcome.error, HK_KEY_ALREADY_DELIVERED);
	accept_with(b, "");
	memset(&b->pending, 0, sizeof(b->pending));
	assert_err(take(b), HK_ERR_UNEXPECTED);
	/* under another vendor number nothing is to be seen */
	receive(b, true);
	accept_with(b, "");
	b->policy.vendor = 1;
	assert_err(take(b), HK_ERR_NOT_FOUND);
	assert_ok(hk_keystore_stats(b->store, &stats));
	assert_int_equal(stats.sets, 0);
}

/* Whatever is found under the name: the set that is used stays. */
/* K4962-3-25 */
static void other_keys_under_the_name(void **state)
{
	struct bench *b = *state;
	struct hk_keyset set = {.created = NOW - 1,
		.expires = NOW + 1000,
		.realm_len = 15,
		.keys = {.len = 64, .rrk.inner = {1}}};

	memcpy(set.emsk_name, hk_key_emsk_name(b->emsk), HK_EMSK_NAME_LEN);
	memcpy(set.realm, CAMPUS, 15);
	assert_ok(hk_keystore_put(b->store, &set));
	response(b, "anonymous@" HOME);
	receive(b, true);
	accept_with(b, "");
	assert_err(take(b), HK_ERR_EXISTS);
	assert_int_equal(stored(b).keys.rrk.inner[0], 1);
}

/* ---- keys that are taken back ---- */

static enum hk_err withdraw(struct bench *b, const char *name, const char *home)
{
	struct hk_bytes homes[2] = {hk_text("nobody.example"), hk_text(home)};

	return hk_visited_withdraw(b->store, hk_text(name), homes, 2);
}

/* HKRAD-16.11-01 */
static void taken_back(void **state)
{
	static const char *const homes[] = {HOME, "HOME.example", "*"};
	struct bench *b = *state;
	struct hk_keyset own;
	uint8_t text[HK_NAI_MAX_LEN + 1];

	for (size_t i = 0; i < 3; i++) {
		struct hk_buf name = hk_buf(text, HK_NAI_MAX_LEN);

		response(b, "anonymous@" HOME);
		receive(b, true);
		accept_with(b, "");
		assert_ok(take(b));
		assert_ok(hk_keyname_nai_write(b->outcome.emsk_name, hk_text(CAMPUS), &name));
		text[name.len] = 0;
		assert_err(withdraw(b, (char *)text, "other.example"), HK_ERR_DENIED);
		assert_err(
			hk_visited_withdraw(b->store, hk_buf_bytes(&name), NULL, 0), HK_ERR_DENIED);
		stored(b);
		assert_ok(withdraw(b, (char *)text, homes[i]));
		assert_err(withdraw(b, (char *)text, homes[i]), HK_ERR_NOT_FOUND);
	}
	assert_err(withdraw(b, "alice@" HOME, "*"), HK_ERR_NAME_MISMATCH);
	assert_err(withdraw(b, "", "*"), HK_ERR_NAME_MISMATCH);

	/* Keys of our own devices are not for others to end. */
	memset(&own, 0, sizeof(own));
	memcpy(own.emsk_name, b->outcome.emsk_name, HK_EMSK_NAME_LEN);
	own.keys.len = 64;
	own.expires = NOW + HK_SECOND;
	own.realm_len = (uint16_t)strlen(CAMPUS);
	memcpy(own.realm, CAMPUS, own.realm_len);
	assert_ok(hk_keystore_put(b->store, &own));
	assert_err(withdraw(b, (char *)text, "*"), HK_ERR_DENIED);
}

#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(routes),
		BENCH_TEST(no_local_server),
		BENCH_TEST(hops_without_tls),
		BENCH_TEST(packets_of_no_use),
		BENCH_TEST(requests_are_our_own),
		BENCH_TEST(what_is_stored),
		BENCH_TEST(names_of_users),
		BENCH_TEST(ends_of_sessions),
		cmocka_unit_test(what_a_device_keeps),
		BENCH_TEST(too_much_authorization),
		BENCH_TEST(keys_that_are_no_good),
		BENCH_TEST(other_keys_under_the_name),
		BENCH_TEST(taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
