/* SPDX-License-Identifier: ISC */
/* Who gets a key: the checks of a key delivering server, in their order. */
#include "pair.h"

#include "crypto/crypto.h"

/* E6696-8-05 E5295-7.4-02 K5749-6.1-05 */
static void nobody_by_default(void **state)
{
	struct pair *p = *state;
	struct hk_ktk whole = p->ktk;

	ask(p, HK_KEYDIST_DSRK, "");
	p->policy.nktks = 0;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHENTICATED);
	assert_err(p->checked.reason, HK_ERR_NOT_FOUND);
	p->policy.nktks = 1;

	p->ktk.ndomains = 0;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHORIZED);
	assert_err(p->checked.reason, HK_ERR_REALM);
	p->ktk = whole;
	p->ktk.nrealms = 0;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHORIZED);
	assert_err(p->checked.reason, HK_ERR_DENIED);
	p->ktk = whole;
	p->ktk.allow = 0;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHORIZED);
	p->ktk.allow = HK_KTK_USRK | HK_KTK_DSUSRK;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHORIZED);
	p->ktk = whole;
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_ptr_equal(p->checked.ktk, &p->ktk);
}

/* K5749-4.1-02 HKRAD-16.6-02 */
static void other_domains_and_realms(void **state)
{
	struct pair *p = *state;

	assert_ok(hk_krs_ask(&p->ktk, HK_KEYDIST_DSRK, hk_text("other.example"), HK_NO_BYTES,
		p->nonce, NOW, &p->asked));
	show_request(p);
	assert_int_equal(check(p), HK_KEY_NOT_AUTHORIZED);
	assert_ptr_equal(p->checked.ktk, &p->ktk); /* who it was is known, for the log */

	ask(p, HK_KEYDIST_DSRK, "");
	p->context.realm = hk_text("elsewhere.example");
	assert_int_equal(check(p), HK_KEY_NOT_AUTHORIZED);
	p->realms[0] = hk_text("*");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	p->realms[0] = hk_text("ELSEWHERE.example");
	assert_int_equal(check(p), HK_KEY_GRANTED);
}

static void labels(void **state)
{
	struct pair *p = *state;

	ask(p, HK_KEYDIST_USRK, "other@hokey.example");
	assert_int_equal(check(p), HK_KEY_NOT_AUTHORIZED);
	assert_err(p->checked.reason, HK_ERR_LABEL);
	/* the KTK allows what the usage table does not know: no rRK by way of its label */
	p->labels[0] = hk_text(HK_LABEL_RRK);
	ask(p, HK_KEYDIST_USRK, HK_LABEL_RRK);
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_NOT_AUTHORIZED);
	assert_int_equal(p->delivery.key_len, 0);
	assert_int_equal(p->delivery.error, HK_KEY_NOT_AUTHORIZED);
	p->policy.usages = NULL;
	assert_int_equal(deliver(p), HK_KEY_NOT_AUTHORIZED);
}

/* E5295-7.4-01 K5749-4-01 HKRAD-16.9-01 */
static void transport_and_consent(void **state)
{
	struct pair *p = *state;

	ask(p, HK_KEYDIST_DSRK, "");
	p->context.secure = false;
	assert_int_equal(check(p), HK_KEY_INSECURE_TRANSPORT);
	p->policy.any_transport = true;
	assert_int_equal(check(p), HK_KEY_GRANTED);
	p->context.consent = false;
	assert_int_equal(check(p), HK_KEY_GRANTED);
	p->policy.needs_consent = true;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHORIZED);
	p->context.consent = true;
	assert_int_equal(check(p), HK_KEY_GRANTED);
}

/* K4962-3-13 */
static void times_of_a_key(void **state)
{
	struct pair *p = *state;

	ask(p, HK_KEYDIST_DSRK, "");
	p->ktk.not_before = NOW + 1;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHENTICATED);
	assert_err(p->checked.reason, HK_ERR_EXPIRED);
	p->ktk.not_before = NOW;
	p->ktk.not_after = NOW;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHENTICATED);
	p->ktk.not_after = NOW + 1;
	assert_int_equal(check(p), HK_KEY_GRANTED);
}

/* HKRAD-16.5-02 */
static void malformed_and_unsupported(void **state)
{
	struct pair *p = *state;

	ask(p, HK_KEYDIST_DSRK, "");
	p->request.repeated = true;
	assert_int_equal(check(p), HK_KEY_MALFORMED);
	p->request.repeated = false;
	for (size_t n = 0; n < 60; n++) {
		uint8_t octets[60] = {1};

		memcpy(octets, p->asked.value, HK_KEYDIST_REQUEST_LEN);
		p->request.request = hk_bytes(octets, n);
		assert_int_equal(
			check(p), n == HK_KEYDIST_REQUEST_LEN ? HK_KEY_GRANTED : HK_KEY_MALFORMED);
	}
	show_request(p);
	p->request.domain = HK_NO_BYTES;
	assert_int_equal(check(p), HK_KEY_MALFORMED);
	p->request.domain = hk_text("Visited.example");
	assert_int_equal(check(p), HK_KEY_MALFORMED);
	p->request.domain = hk_text(DOMAIN ".");
	assert_int_equal(check(p), HK_KEY_MALFORMED);
	show_request(p);
	p->request.label = hk_text("x"); /* a DSRK has none */
	assert_int_equal(check(p), HK_KEY_MALFORMED);
	ask(p, HK_KEYDIST_USRK, "usage@hokey.example");
	p->request.label = HK_NO_BYTES;
	assert_int_equal(check(p), HK_KEY_MALFORMED);

	ask(p, HK_KEYDIST_DSRK, "");
	for (unsigned type = 0; type < 256; type++) {
		enum hk_key_error error;

		p->asked.value[1] = (uint8_t)type;
		error = check(p);
		if (type == 1 || type == 2 || (type > 2 && type < 128) || type >= 130)
			assert_int_equal(error, HK_KEY_UNSUPPORTED);
		else
			assert_int_equal(error, type ? HK_KEY_MALFORMED : HK_KEY_GRANTED);
	}
	p->asked.value[1] = 0;
	p->asked.value[0] = 2;
	assert_int_equal(check(p), HK_KEY_UNSUPPORTED);
}

/* Wrong in all respects: the first check decides. */
static void order_of_checks(void **state)
{
	struct pair *p = *state;

	ask(p, HK_KEYDIST_DSRK, "");
	p->asked.value[0] = 9;
	p->asked.value[40] ^= 1;
	p->ktk.ndomains = 0;
	p->context.secure = false;
	p->request.repeated = true;
	assert_int_equal(check(p), HK_KEY_MALFORMED);
	p->request.repeated = false;
	assert_int_equal(check(p), HK_KEY_UNSUPPORTED);
	p->asked.value[0] = 1;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHENTICATED);
	p->asked.value[40] ^= 1;
	assert_int_equal(check(p), HK_KEY_NOT_AUTHORIZED);
	p->ktk.ndomains = 2;
	assert_int_equal(check(p), HK_KEY_INSECURE_TRANSPORT);
	p->context.secure = true;
	assert_int_equal(check(p), HK_KEY_GRANTED);
}

/* ---- several keys ---- */

static void roll_over(void **state)
{
	struct pair *p = *state;
	struct hk_ktk both[2] = {p->ktk, p->ktk};
	const uint8_t *name = hk_key_emsk_name(p->emsk);
	struct hk_grant old, new;

	assert_ok(hk_kek_id_set(both[1].kek_id, hk_text("ktk-2026-02")));
	both[1].secret[0] ^= 1;
	p->policy.ktks = both;
	p->policy.nktks = 2;
	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	hk_kds_grant(NULL, &p->checked, name, &old);
	p->ktk = both[1];
	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_ptr_equal(p->checked.ktk, &both[1]);
	/* the same owner, so the same grant */
	hk_kds_grant(NULL, &p->checked, name, &new);
	assert_memory_equal(&old, &new, sizeof old);
	both[1].owner = hk_text("somebody else");
	hk_kds_grant(NULL, &p->checked, name, &new);
	assert_memory_equal(old.key, new.key, sizeof old.key);
	assert_memory_not_equal(old.owner, new.owner, sizeof old.owner);
}

static void which_key_to_ask_with(void **state)
{
	struct pair *p = *state;
	struct hk_ktk both[2] = {p->ktk, p->ktk};
	struct hk_bytes home = hk_text("Home.Example"), domain = hk_text(DOMAIN);

	both[0].not_after = NOW;
	assert_ptr_equal(hk_ktk_for_realm(both, 2, home, domain, NOW - 1), &both[0]);
	assert_ptr_equal(hk_ktk_for_realm(both, 2, home, domain, NOW), &both[1]);
	assert_null(hk_ktk_for_realm(both, 2, hk_text("elsewhere.example"), domain, NOW));
	assert_null(hk_ktk_for_realm(both, 2, home, hk_text("other.example"), NOW));
	assert_null(hk_ktk_for_realm(NULL, 0, home, domain, NOW));
}

static void checking_entries(void **state)
{
	struct pair *p = *state;
	struct hk_ktk k = p->ktk;
	struct hk_bytes bad = hk_text("Upper.example");
	uint8_t id[HK_KEK_ID_LEN];

	assert_ok(hk_ktk_check(&k));
	memset(k.kek_id, 0, sizeof k.kek_id);
	assert_err(hk_ktk_check(&k), HK_ERR_ARGUMENT);
	/* and nothing comes from a KEK-ID of zeros, whoever wrote such an entry */
	p->ktk = k;
	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_NOT_AUTHENTICATED);
	pair_teardown(state);
	pair_setup(state);
	p = *state;

	k = p->ktk;
	memset(k.secret, 0, sizeof k.secret);
	assert_err(hk_ktk_check(&k), HK_ERR_ARGUMENT);
	k = p->ktk;
	k.owner = HK_NO_BYTES;
	assert_err(hk_ktk_check(&k), HK_ERR_ARGUMENT);
	k = p->ktk;
	k.not_before = k.not_after = NOW;
	assert_err(hk_ktk_check(&k), HK_ERR_ARGUMENT);
	k = p->ktk;
	k.domains = &bad;
	k.ndomains = 1;
	assert_err(hk_ktk_check(&k), HK_ERR_REALM);
	k = p->ktk;
	k.labels = &(struct hk_bytes){0};
	assert_err(hk_ktk_check(&k), HK_ERR_LABEL);

	assert_err(hk_kek_id_set(id, hk_text("")), HK_ERR_ARGUMENT);
	assert_err(hk_kek_id_set(id, hk_text("seventeen octets!")), HK_ERR_ARGUMENT);
	assert_ok(hk_kek_id_set(id, hk_text("sixteen octets !")));
	assert_ok(hk_kek_id_set(id, hk_text("a")));
	assert_hex(id, sizeof id, "61000000000000000000000000000000");
	assert_err(hk_krs_ask(&p->ktk, HK_KEYDIST_DSRK, hk_text("Upper"), HK_NO_BYTES, p->nonce,
			   NOW, &p->asked),
		HK_ERR_REALM);
	assert_err(hk_krs_ask(&p->ktk, HK_KEYDIST_USRK, hk_text(DOMAIN), HK_NO_BYTES, p->nonce, NOW,
			   &p->asked),
		HK_ERR_ARGUMENT);
	assert_err(hk_krs_ask(&p->ktk, HK_KEYDIST_DSRK, hk_text(DOMAIN), hk_text("x"), p->nonce,
			   NOW, &p->asked),
		HK_ERR_ARGUMENT);
}

/* ---- nonces ---- */

static bool use(struct hk_nonces *n, uint32_t nonce, uint8_t name, uint8_t key)
{
	uint8_t request[HK_KEYDIST_REQUEST_LEN] = {0}, emsk_name[HK_EMSK_NAME_LEN] = {name};
	struct hk_grant grant = {.key = {key}};

	hk_store_u32(request + HK_AT_NONCE, nonce);
	return hk_nonces_use(n, request, emsk_name, &grant);
}

/* K5749-6.1-02 */
static void nonces(void **state)
{
	struct hk_nonces *n;

	(void)state;
	assert_err(hk_nonces_new(0, &n), HK_ERR_ARGUMENT);
	assert_err(hk_nonces_new(SIZE_MAX / 2, &n), HK_ERR_ARGUMENT);
	assert_ok(hk_nonces_new(1024, &n));
	for (uint32_t i = 0; i < 200; i++)
		assert_true(use(n, i, (uint8_t)i, 1));
	for (uint32_t i = 0; i < 200; i++) {
		assert_true(use(n, i, (uint8_t)i, 1)); /* asked again for the same key */
		assert_false(use(n, i, (uint8_t)(i + 1), 1));
		assert_false(use(n, i, (uint8_t)i, 2));
	}
	hk_nonces_free(n);
	hk_nonces_free(NULL);

	/* full: the oldest go, the newest stay */
	assert_ok(hk_nonces_new(8, &n));
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(use(n, i, 1, 1));
	for (uint32_t i = 992; i < 1000; i++)
		assert_false(use(n, i, 2, 1));
	assert_true(use(n, 0, 2, 1));
	hk_nonces_free(n);
}

/* K5749-6.1-02 */
static void replayed_request(void **state)
{
	struct pair *p = *state;
	const uint8_t *name = hk_key_emsk_name(p->emsk), other[HK_EMSK_NAME_LEN] = {9};
	struct hk_grant first, again;
	struct hk_nonces *n;

	assert_ok(hk_nonces_new(64, &n));
	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(hk_kds_grant(n, &p->checked, name, &first), HK_KEY_GRANTED);
	/* the same once more: an answer was lost */
	assert_int_equal(hk_kds_grant(n, &p->checked, name, &again), HK_KEY_GRANTED);
	assert_memory_equal(&first, &again, sizeof first);
	/* with somebody else's login */
	assert_int_equal(hk_kds_grant(n, &p->checked, other, &again), HK_KEY_NOT_AUTHENTICATED);
	assert_err(p->checked.reason, HK_ERR_REPLAY);
	p->nonce[0] ^= 1;
	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(hk_kds_grant(n, &p->checked, other, &again), HK_KEY_GRANTED);
	hk_nonces_free(n);
}

/* ---- who has what ---- */

/* The grant of a request for that key. */
static struct hk_grant grant_for(struct pair *p, enum hk_keydist_type type, const char *label)
{
	struct hk_grant grant;

	ask(p, type, label);
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(
		hk_kds_grant(NULL, &p->checked, hk_key_emsk_name(p->emsk), &grant), HK_KEY_GRANTED);
	return grant;
}

static void holders_of_grants(void **state)
{
	struct pair *p = *state;
	struct hk_grant grant;
	struct hk_bytes domain;
	struct hk_ktk list[2];

	p->ktk.allow = HK_KTK_DSRK | HK_KTK_USRK | HK_KTK_DSUSRK;
	list[0] = list[1] = p->ktk;
	list[0].owner = hk_text("somebody");
	for (unsigned i = 0; i < 3; i++) {
		const enum hk_keydist_type types[] = {
			HK_KEYDIST_DSRK, HK_KEYDIST_USRK, HK_KEYDIST_DSUSRK};

		grant = grant_for(p, types[i], i ? "usage@hokey.example" : "");
		assert_ptr_equal(hk_grant_holder(list, 2, &grant, &domain), &list[1]);
		assert_true(hk_bytes_equal(domain, hk_text(DOMAIN)));
		/* of another, with another domain or without the usage it is nobody's */
		assert_null(hk_grant_holder(list, 1, &grant, &domain));
		list[1].ndomains = 0;
		assert_null(hk_grant_holder(list, 2, &grant, &domain));
		list[1].ndomains = p->ktk.ndomains;
		list[1].nlabels = 0;
		assert_true(!hk_grant_holder(list, 2, &grant, &domain) == (i > 0));
		list[1].nlabels = p->ktk.nlabels;
	}
	/* the second key of the same owner, while one is changed for the other */
	list[0] = list[1];
	list[0].kek_id[0] ^= 1;
	list[0].ndomains = 0;
	assert_ptr_equal(hk_grant_holder(list, 2, &grant, &domain), &list[1]);
}

static void names_of_errors(void **state)
{
	(void)state;
	assert_string_equal(hk_key_error_name(0), "granted");
	assert_string_equal(hk_key_error_name(6), "already-delivered");
	assert_string_equal(hk_key_error_name(8), "temporary-failure");
	assert_string_equal(hk_key_error_name(9), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(nobody_by_default),
		PAIR_TEST(other_domains_and_realms),
		PAIR_TEST(labels),
		PAIR_TEST(transport_and_consent),
		PAIR_TEST(times_of_a_key),
		PAIR_TEST(malformed_and_unsupported),
		PAIR_TEST(order_of_checks),
		PAIR_TEST(roll_over),
		PAIR_TEST(which_key_to_ask_with),
		PAIR_TEST(checking_entries),
		cmocka_unit_test(nonces),
		PAIR_TEST(replayed_request),
		PAIR_TEST(holders_of_grants),
		cmocka_unit_test(names_of_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
