/* SPDX-License-Identifier: ISC */
/* Requests and keys: the vectors, both ends, and whatever happens on the way. */
#include "pair.h"

#include "crypto/crypto.h"

#define DSRK                                                                                       \
	"f0199aa450ec41efccdb0eafb45818378fb85c709e1ec18d1fca5939671813ce"                         \
	"9d483abf4d866b8a03c67a8dea2d9d39533a0a5f8cefe5c157fcdf138b6a135f"
#define LABEL "usage@hokey.example"

/* ---- the vectors ---- */

/* K5749-4-03 K5749-4-04 K5749-4.2-02 K5749-6.1-03 E6696-5.1-25 E5295-7.4-03 HKRAD-16.5-01 */
/* R5749-6.1-01 */
static void vectors(void **state)
{
	struct pair *p = *state;
	struct hk_krs_key key;
	uint8_t octets[256];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	ask(p, HK_KEYDIST_DSRK, "");
	hk_keydist_put_request(&b, HK_VENDOR_HOKEY, &p->asked);
	assert_hex(octets, b.len,
		"1a3c00007ed90136010000006b746b2d323032362d303100000000000123456789abcdef"
		"fedcba9876543210be78d6651c00a68a3c8a15017b5fe3d6"
		"1a1700007ed90211766973697465642e6578616d706c65");

	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	b.len = 0;
	hk_keydist_put_delivery(&b, HK_VENDOR_HOKEY, &p->delivery);
	assert_hex(octets, b.len,
		"1a1700007ed90211766973697465642e6578616d706c65"
		"1a7000007ed9036a010001006b746b2d323032362d3031000000000072e6034d7e57e11300007080"
		"250948d2a65ad0a439793308e03571d3c15262ea65bd69a3943afa0f81a57c89"
		"fbc3a4b3e21873c474a508b2ef1bca032bdf4dcb65ef143575c6e77ce90f1673"
		"e23f40b4c908aac3");

	assert_ok(take(p, &key));
	assert_hex(key.octets, key.len, DSRK);
	assert_hex(key.emsk_name, sizeof key.emsk_name, "72e6034d7e57e113");
	assert_int_equal(key.expires, NOW + EMSK_S * HK_SECOND);
	assert_int_equal(key.type, HK_KEYDIST_DSRK);
	hk_krs_key_wipe(&key);

	b.len = 0;
	hk_kds_refuse(&p->delivery, HK_KEY_NOT_AUTHORIZED);
	hk_keydist_put_delivery(&b, HK_VENDOR_HOKEY, &p->delivery);
	assert_hex(octets, b.len, "1a0c00007ed9040600000004");
}

/* The key that comes is the one the peer derives. */
/* K5749-4.1-01 */
static void dsrk_of_both_ends(void **state)
{
	struct pair *p = *state;
	struct hk_key *came, *derived;
	bool again = true;

	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	assert_ok(hk_krs_take_dsrk(&p->ktk, 1, &p->asked, &p->answer, 0, NOW, &came, &again));
	assert_false(again);
	assert_ok(hk_key_derive_dsrk(p->emsk, hk_text(DOMAIN), NOW, HK_NEVER, &derived));
	assert_true(hk_key_equal(came, derived));
	assert_int_equal(hk_key_kind(came), HK_KEY_DSRK);
	assert_true(hk_bytes_equal(hk_key_domain(came), hk_text(DOMAIN)));
	assert_memory_equal(hk_key_emsk_name(came), hk_key_emsk_name(p->emsk), HK_EMSK_NAME_LEN);
	hk_key_free(came);
	hk_key_free(derived);
}

/* A key that went out before says so, and nobody can take that off it. */
static void marked_as_gone_out_before(void **state)
{
	struct pair *p = *state;
	struct hk_krs_key key;

	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	p->checked.again = true;
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	assert_int_equal(p->delivery.key[HK_AT_AGAIN], 1);
	assert_ok(take(p, &key));
	assert_true(key.again);
	hk_krs_key_wipe(&key);
	p->delivery.key[HK_AT_AGAIN] = 0;
	assert_err(take(p, &key), HK_ERR_TAG);
	p->delivery.key[HK_AT_AGAIN] = 2;
	assert_err(take(p, &key), HK_ERR_MALFORMED);
}

/* ---- keys of usages ---- */

/* K5749-4.2-01 K5749-4.2-03 */
static void keys_of_usages(void **state)
{
	static const enum hk_keydist_type types[] = {HK_KEYDIST_USRK, HK_KEYDIST_DSUSRK};
	struct pair *p = *state;

	for (size_t i = 0; i < 2; i++) {
		struct hk_key *dsrk, *want;
		struct hk_krs_key key;
		uint8_t octets[64];
		struct hk_buf b = hk_buf(octets, sizeof octets);

		p->nonce[0]++;
		ask(p, types[i], LABEL);
		assert_int_equal(check(p), HK_KEY_GRANTED);
		assert_int_equal(deliver(p), HK_KEY_GRANTED);
		assert_ok(take(p, &key));
		assert_int_equal(key.type, types[i]);

		assert_ok(hk_key_derive_dsrk(p->emsk, hk_text(DOMAIN), NOW, HK_NEVER, &dsrk));
		if (types[i] == HK_KEYDIST_USRK)
			assert_ok(hk_key_derive_usrk(
				p->emsk, p->usages, LABEL, HK_NO_BYTES, NOW, HK_NEVER, &want));
		else
			assert_ok(hk_key_derive_dsusrk(
				dsrk, p->usages, LABEL, HK_NO_BYTES, NOW, HK_NEVER, &want));
		assert_ok(hk_key_release(want, HK_HOLDER_USAGE, hk_text("x"), NOW, &b));
		assert_int_equal(key.len, b.len);
		assert_memory_equal(key.octets, octets, key.len);
		hk_krs_key_wipe(&key);
		hk_key_free(want);
		hk_key_free(dsrk);

		/* the label is bound to the wrapping: no other name fits the key */
		p->asked.label[0] ^= 1;
		p->answer.label = hk_bytes(p->asked.label, p->asked.label_len);
		assert_err(take(p, &key), HK_ERR_TAG);
	}
}

/* A domain that holds its DSRK serves its own servers without asking home. */
/* K5749-3-04 K5749-4.2-03 */
static void dsusrk_from_a_dsrk(void **state)
{
	struct pair *p = *state;
	struct hk_krs_key from_home, from_domain;
	struct hk_key *dsrk, *other;

	ask(p, HK_KEYDIST_DSUSRK, LABEL);
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	assert_ok(take(p, &from_home));

	assert_ok(hk_key_derive_dsrk(p->emsk, hk_text(DOMAIN), NOW, HK_NEVER, &dsrk));
	assert_int_equal(
		hk_kds_deliver(&p->policy, &p->checked, dsrk, HK_NEVER, NOW, &p->delivery), 0);
	show_answer(p);
	assert_ok(take(p, &from_domain));
	assert_memory_equal(from_home.octets, from_domain.octets, from_home.len);

	/* not one of another domain */
	assert_ok(hk_key_derive_dsrk(p->emsk, hk_text("other.example"), NOW, HK_NEVER, &other));
	assert_int_equal(
		hk_kds_deliver(&p->policy, &p->checked, other, HK_NEVER, NOW, &p->delivery),
		HK_KEY_NOT_AUTHORIZED);
	assert_int_equal(p->delivery.key_len, 0);
	/* and there is no way up */
	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(hk_kds_deliver(&p->policy, &p->checked, dsrk, HK_NEVER, NOW, &p->delivery),
		HK_KEY_NO_KEY);
	hk_key_free(dsrk);
	hk_key_free(other);
}

/* No rRK, rIK, rMSK or EMSK ever travels. */
/* K4962-3-10 K4962-3-11 E6696-4.2-05 R6696-4.2-01 R5295-1-01 */
static void what_does_not_travel(void **state)
{
	struct pair *p = *state;
	uint8_t octets[HK_KEYDIST_KEY_MAX];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	struct hk_key *keys[4] = {p->emsk};

	assert_ok(hk_key_derive_rrk(p->emsk, NOW, HK_NEVER, &keys[1]));
	assert_ok(hk_key_derive_rik(keys[1], 2, NOW, &keys[2]));
	assert_ok(hk_key_derive_rmsk(keys[1], 0, NOW, HK_NEVER, &keys[3]));
	for (unsigned type = 0; type < 256; type++) {
		ask(p, HK_KEYDIST_DSRK, "");
		p->asked.value[HK_AT_TYPE] = (uint8_t)type;
		for (size_t i = 0; i < 4; i++) {
			b.len = 0;
			assert_err(hk_keydist_wrap(&p->ktk, p->asked.value, hk_text(DOMAIN),
					   HK_NO_BYTES, keys[i], false, NOW, &b),
				HK_ERR_DENIED);
			assert_int_equal(b.len, 0);
		}
	}
	for (size_t i = 1; i < 4; i++)
		hk_key_free(keys[i]);
	assert_err(hk_krs_ask(&p->ktk, HK_KEYDIST_RRK, hk_text(DOMAIN), HK_NO_BYTES, p->nonce, NOW,
			   &p->asked),
		HK_ERR_ARGUMENT);
	assert_err(hk_krs_ask(&p->ktk, HK_KEYDIST_RMSK, hk_text(DOMAIN), HK_NO_BYTES, p->nonce, NOW,
			   &p->asked),
		HK_ERR_ARGUMENT);
}

/* Who pushes a pMSK makes the request as well. */
static void pushed_pmsk(void **state)
{
	struct pair *p = *state;
	uint8_t octets[HK_KEYDIST_KEY_MAX], released[64];
	struct hk_buf b = hk_buf(octets, sizeof octets), plain = hk_buf(released, sizeof released);
	struct hk_key *prk, *pmsk;
	struct hk_krs_key key;

	assert_ok(hk_key_derive_prk(p->emsk, NOW, HK_NEVER, &prk));
	assert_ok(hk_key_derive_pmsk(prk, 5, NOW, NOW + 3600 * HK_SECOND, &pmsk));
	ask(p, HK_KEYDIST_PMSK, "");
	assert_true(hk_keydist_verify(&p->ktk, p->asked.value, hk_text(DOMAIN), HK_NO_BYTES));
	assert_ok(hk_keydist_wrap(
		&p->ktk, p->asked.value, hk_text(DOMAIN), HK_NO_BYTES, pmsk, false, NOW, &b));
	assert_ok(hk_keydist_unwrap(&p->ktk, p->asked.value, hk_text(DOMAIN), HK_NO_BYTES,
		hk_buf_bytes(&b), NOW, &key));
	assert_ok(hk_key_release(pmsk, HK_HOLDER_AUTHENTICATOR, p->ktk.owner, NOW, &plain));
	assert_int_equal(key.len, 64);
	assert_memory_equal(key.octets, released, 64);
	assert_int_equal(key.expires, NOW + 3600 * HK_SECOND);
	/* but nobody can ask a home server for one */
	assert_int_equal(check(p), HK_KEY_UNSUPPORTED);
	hk_krs_key_wipe(&key);
	hk_key_free(pmsk);
	hk_key_free(prk);
}

/* ---- changed on the way ---- */

static void assert_no_key(struct pair *p, const char *what, size_t at)
{
	struct hk_krs_key key, zero = {0};
	enum hk_err err = take(p, &key);

	if (!err)
		fail_msg("%s, octet %zu changed: the key was taken", what, at);
	assert_memory_equal(&key, &zero, sizeof key);
}

/* K5749-6.1-01 K5749-6.1-06 K4962-3-22 HKRAD-16.6-03 R5749-6.1-01 K4962-3-30 */
static void every_octet_of_an_answer(void **state)
{
	struct pair *p = *state;
	struct hk_krs_key key;

	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	for (size_t i = 0; i < p->delivery.key_len; i++) {
		p->delivery.key[i] ^= 1;
		assert_no_key(p, "HOKEY-Key", i);
		p->delivery.key[i] ^= 1;
	}
	for (size_t i = 0; i < p->answer.domain.len; i++) {
		p->domain[i] ^= 1;
		assert_no_key(p, "HOKEY-Domain-Name", i);
		p->domain[i] ^= 1;
	}
	/* also where both ends were fooled about the domain */
	p->domain[14] ^= 1;
	p->asked.domain[14] ^= 1;
	assert_err(take(p, &key), HK_ERR_TAG);
	p->domain[14] ^= 1;
	p->asked.domain[14] ^= 1;

	for (size_t n = 0; n < p->delivery.key_len; n++) {
		p->answer.key.len = n;
		assert_no_key(p, "HOKEY-Key cut", n);
	}
	p->answer.key.len = p->delivery.key_len;
	assert_ok(take(p, &key));
	hk_krs_key_wipe(&key);
}

/* K5749-6.1-01 K5749-6.1-06 HKRAD-16.6-01 K4962-3-19 */
static void every_octet_of_a_request(void **state)
{
	struct pair *p = *state;

	ask(p, HK_KEYDIST_DSRK, "");
	for (size_t i = 0; i < HK_KEYDIST_REQUEST_LEN; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			p->asked.value[i] ^= (uint8_t)(1u << bit);
			assert_int_not_equal(check(p), HK_KEY_GRANTED);
			p->asked.value[i] ^= (uint8_t)(1u << bit);
		}
	}
	for (size_t i = 0; i < p->asked.domain_len; i++) {
		p->asked.domain[i] ^= 1;
		assert_int_not_equal(check(p), HK_KEY_GRANTED);
		p->asked.domain[i] ^= 1;
	}
	/* a claim on another domain, also one that the KTK has */
	p->request.domain = p->domains[1];
	assert_int_equal(check(p), HK_KEY_NOT_AUTHENTICATED);
	assert_err(p->checked.reason, HK_ERR_TAG);
	show_request(p);
	assert_int_equal(check(p), HK_KEY_GRANTED);
}

/* ---- answers to other requests ---- */

/* K5749-6.1-02 K4962-3-12 */
static void an_answer_fits_one_request(void **state)
{
	struct pair *p = *state;
	struct hk_krs_request first;
	struct hk_krs_key key;

	ask(p, HK_KEYDIST_DSRK, "");
	first = p->asked;
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	p->nonce[15] ^= 1;
	assert_ok(hk_krs_ask(
		&p->ktk, HK_KEYDIST_DSRK, hk_text(DOMAIN), HK_NO_BYTES, p->nonce, NOW, &p->asked));
	assert_err(take(p, &key), HK_ERR_TAG);

	/* nor where nothing was asked */
	memset(&p->asked, 0, sizeof p->asked);
	assert_err(take(p, &key), HK_ERR_UNEXPECTED);
	p->asked = first;
	assert_ok(take(p, &key));
	hk_krs_key_wipe(&key);
}

static void answers_without_a_key(void **state)
{
	struct pair *p = *state;
	struct hk_krs_key key;

	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	p->answer = (struct hk_keydist_attributes){0};
	assert_err(take(p, &key), HK_ERR_NOT_FOUND);
	p->answer.error = hk_bytes("\0\0\0\4", 4);
	assert_err(take(p, &key), HK_ERR_DENIED);

	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	p->answer.repeated = true;
	assert_err(take(p, &key), HK_ERR_MALFORMED);
	p->answer.repeated = false;
	p->answer.domain = HK_NO_BYTES;
	assert_err(take(p, &key), HK_ERR_MALFORMED);
	show_answer(p);
	p->answer.label = hk_text("x");
	assert_err(take(p, &key), HK_ERR_NAME_MISMATCH);
	p->answer.label = HK_NO_BYTES;
	p->ktk.kek_id[15] = 1; /* it went meanwhile */
	assert_err(take(p, &key), HK_ERR_EXPIRED);
	p->ktk.kek_id[15] = 0;
	p->ktk.not_after = NOW;
	assert_err(take(p, &key), HK_ERR_EXPIRED);
	p->ktk.not_after = HK_NEVER;
	p->ktk.secret[0] ^= 1;
	assert_err(take(p, &key), HK_ERR_TAG);
}

/* ---- lifetimes ---- */

/* K5749-4-05 K4962-3-31 R5749-4-01 */
static void lifetimes_of_delivered_keys(void **state)
{
	static const struct {
		uint32_t emsk_s, policy_s, ktk_s, want_s;
	} rows[] = {
		{100, 3600, 0, 100},
		{100, 0, 3600, 100},
		{28800, 3600, 0, 3600},
		{28800, 3600, 600, 600},
		{28800, 600, 3600, 600},
		{28800, 0, 0, 28800},
		{1, 0, 0, 1},
	};
	struct pair *p = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		hk_key_free(p->emsk);
		p->emsk = emsk_for(NOW + rows[i].emsk_s * HK_SECOND);
		p->policy.max_lifetime_s = rows[i].policy_s;
		p->ktk.max_lifetime_s = rows[i].ktk_s;
		ask(p, HK_KEYDIST_DSRK, "");
		assert_int_equal(check(p), HK_KEY_GRANTED);
		assert_int_equal(deliver(p), HK_KEY_GRANTED);
		assert_int_equal(hk_load_u32(p->delivery.key + HK_AT_LIFETIME), rows[i].want_s);
	}
	/* less than a second cannot be sent, and 0 is no lifetime */
	hk_key_free(p->emsk);
	p->emsk = emsk_for(NOW + 999);
	assert_int_equal(deliver(p), HK_KEY_NO_KEY);
	assert_err(p->checked.reason, HK_ERR_EXPIRED);
	assert_int_equal(hk_kds_deliver(&p->policy, &p->checked, p->emsk, HK_NEVER, NOW + 5000,
				 &p->delivery),
		HK_KEY_NO_KEY);
}

static void lifetimes_of_taken_keys(void **state)
{
	static const struct {
		hk_time took_ms;
		uint32_t max_s;
		hk_time want_ms; /* from now */
	} rows[] = {
		{0, 0, 28800000},
		{270, 0, 28799730},
		{60000, 0, 28795000},
		{0, 3600, 3600000},
		{4000, 28799, 28796000},
	};
	struct pair *p = *state;
	struct hk_krs_key key;

	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		p->asked.sent = NOW - rows[i].took_ms;
		assert_ok(hk_krs_take(&p->ktk, 1, &p->asked, &p->answer, rows[i].max_s, NOW, &key));
		assert_int_equal(key.expires, NOW + rows[i].want_ms);
	}
	/* a clock that stood still, or went back, adds nothing */
	p->asked.sent = NOW + 7000;
	assert_ok(take(p, &key));
	assert_int_equal(key.expires, NOW + EMSK_S * HK_SECOND);

	hk_key_free(p->emsk);
	p->emsk = emsk_for(NOW + 3000);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	p->asked.sent = NOW - 2500;
	assert_err(take(p, &key), HK_ERR_EXPIRED);
}

/* ---- properties ---- */

static void fill_random(void *p, size_t n)
{
	assert_ok(hk_random(p, n));
}

/* What one end makes the other end reads, for any KTK, nonce and domain; no third end does. */
static void random_pairs(void **state)
{
	struct pair *p = *state;
	uint8_t keys[200][64];

	for (size_t i = 0; i < 200; i++) {
		uint8_t r[HK_REALM_MAX_LEN + 2], name[HK_REALM_MAX_LEN];
		struct hk_bytes domain = hk_bytes(name, 0);
		struct hk_krs_key key;

		fill_random(r, sizeof r);
		domain.len = 1 + r[0] % HK_REALM_MAX_LEN;
		for (size_t j = 0; j < domain.len; j++)
			name[j] = (uint8_t)('a' + r[j + 1] % 26);
		fill_random(p->ktk.secret, sizeof p->ktk.secret);
		fill_random(p->nonce, sizeof p->nonce);
		p->domains[0] = domain;
		assert_ok(hk_krs_ask(
			&p->ktk, HK_KEYDIST_DSRK, domain, HK_NO_BYTES, p->nonce, NOW, &p->asked));
		show_request(p);
		assert_int_equal(check(p), HK_KEY_GRANTED);
		assert_int_equal(deliver(p), HK_KEY_GRANTED);
		assert_ok(take(p, &key));
		memcpy(keys[i], key.octets, 64);
		/* the key is nowhere in the answer */
		for (size_t at = 0; at + 8 <= p->delivery.key_len; at++)
			assert_memory_not_equal(p->delivery.key + at, key.octets, 8);
		/* other domains have other keys */
		for (size_t j = 0; j < i; j++)
			if (memcmp(keys[j], keys[i], 64) == 0)
				assert_true(domain.len < 4);

		p->ktk.secret[r[1] % HK_KTK_LEN] ^= 0x80;
		assert_err(take(p, &key), HK_ERR_TAG);
		assert_int_equal(check(p), HK_KEY_NOT_AUTHENTICATED);
	}
}

/* Whatever comes as an answer is refused or is the key. */
static void random_answers(void **state)
{
	struct pair *p = *state;
	uint8_t octets[300];
	struct hk_krs_key key;

	ask(p, HK_KEYDIST_DSRK, "");
	p->answer.domain = hk_text(DOMAIN);
	for (size_t i = 0; i < 2000; i++) {
		fill_random(octets, sizeof octets);
		if (i % 2) { /* a head that fits */
			memcpy(octets, "\1\0\1\0", 4);
			memcpy(octets + 4, p->ktk.kek_id, HK_KEK_ID_LEN);
		}
		p->answer.key = hk_bytes(octets, i % sizeof octets);
		assert_int_not_equal(take(p, &key), HK_OK);
		p->request.request = hk_bytes(octets, i % 3 ? HK_KEYDIST_REQUEST_LEN : i % 80);
		assert_int_not_equal(check(p), HK_KEY_GRANTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(vectors),
		PAIR_TEST(dsrk_of_both_ends),
		PAIR_TEST(marked_as_gone_out_before),
		PAIR_TEST(keys_of_usages),
		PAIR_TEST(dsusrk_from_a_dsrk),
		PAIR_TEST(what_does_not_travel),
		PAIR_TEST(pushed_pmsk),
		PAIR_TEST(every_octet_of_an_answer),
		PAIR_TEST(every_octet_of_a_request),
		PAIR_TEST(an_answer_fits_one_request),
		PAIR_TEST(answers_without_a_key),
		PAIR_TEST(lifetimes_of_delivered_keys),
		PAIR_TEST(lifetimes_of_taken_keys),
		PAIR_TEST(random_pairs),
		PAIR_TEST(random_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
