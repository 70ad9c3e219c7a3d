/* SPDX-License-Identifier: ISC */
/* Key sets as octets: round trips, bounds, and that nothing can be changed or exchanged. */
#include "sets.h"

#include "crypto/crypto.h"
#include "keystore/record.h"

static struct hk_wrap wrap;
static const uint8_t wrap_key[HK_STORE_KEY_LEN] = {9, 8, 7};
static const uint8_t salt[HK_WRAP_SALT_LEN] = {1};

static int set_up(void **state)
{
	(void)state;
	assert_ok(hk_wrap_init(&wrap, wrap_key, salt));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hk_wrap_end(&wrap);
	return 0;
}

/* Seals, opens and compares; returns the length of the body. */
static size_t round_trip(const struct hk_keyset *in)
{
	uint8_t key[HK_RECORD_KEY_LEN], octets[HK_RECORD_BODY_MAX];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	struct hk_keyset out;

	hk_record_key(&wrap, in->emsk_name, hk_bytes(in->realm, in->realm_len), key);
	assert_ok(hk_record_seal(&wrap, key, in, &b));
	memset(&out, 0xee, sizeof out);
	out.seq = in->seq;
	assert_ok(hk_record_open(&wrap, key, hk_buf_bytes(&b), &out));
	assert_set_equal(&out, in);
	return b.len;
}

static void every_shape_of_user_comes_back(void **state)
{
	static const char *const users[] = {"", "alice", "@home.example", "alice@home.example",
		"alice@Home.example", "alice@other.example", "xhome.example", "home.example", "@",
		"a@b@home.example"};

	(void)state;
	for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
		struct hk_keyset s = set_of(i, users[i]);

		round_trip(&s);
	}
}

static void longest_and_shortest_come_back(void **state)
{
	struct hk_keyset s = set_of(1, "");

	(void)state;
	s.realm_len = 1;
	s.authorization_len = 0;
	s.session_end = 0;
	round_trip(&s);
	memset(s.realm, 'r', sizeof s.realm);
	memset(s.user, 'r', sizeof s.user);
	memset(s.authorization, 'a', sizeof s.authorization);
	s.realm_len = sizeof s.realm;
	s.user_len = sizeof s.user;
	s.authorization_len = sizeof s.authorization;
	s.session_end = HK_NEVER;
	s.expires = HK_NEVER;
	assert_int_equal(round_trip(&s), HK_RECORD_BODY_MAX - HK_RECORD_KEPT_MAX);
	s.user[sizeof s.user - sizeof s.realm - 1] = '@';
	assert_int_equal(
		round_trip(&s), HK_RECORD_BODY_MAX - HK_RECORD_KEPT_MAX - sizeof s.realm - 1);
	s.user[0] = '@';
	s.user[sizeof s.user - sizeof s.realm - 1] = 'r';
	set_keep(&s, 1, HK_GRANTS_MAX);
	memset(s.home, 'h', sizeof s.home);
	s.home_len = sizeof s.home;
	assert_int_equal(round_trip(&s), HK_RECORD_BODY_MAX);
}

/* Only sets that keep something are longer for it. */
static void what_is_kept_comes_back(void **state)
{
	struct hk_keyset s = set_of(1, "alice@home.example");
	size_t plain = round_trip(&s);

	(void)state;
	s.shared_user = true;
	assert_int_equal(round_trip(&s), plain);
	set_keep(&s, 6, 0);
	assert_int_equal(round_trip(&s), plain + 69);
	set_keep(&s, 6, 3);
	assert_int_equal(round_trip(&s), plain + 69 + 3 * 32);
	s.emsk.kdf = 0;
	assert_int_equal(round_trip(&s), plain + 3 + 3 * 32);
	set_keep(&s, 7, 0);
	s.emsk.kdf = 0;
	assert_int_equal(round_trip(&s), plain + 3 + 11);
}

static void names_depend_on_the_key_and_not_on_case(void **state)
{
	uint8_t a[HK_RECORD_KEY_LEN], b[HK_RECORD_KEY_LEN], name[HK_EMSK_NAME_LEN] = {1};
	uint8_t other_key[HK_STORE_KEY_LEN] = {1};
	struct hk_wrap other;

	(void)state;
	hk_record_key(&wrap, name, hk_text("Home.Example"), a);
	hk_record_key(&wrap, name, hk_text("home.example"), b);
	assert_memory_equal(a, b, sizeof a);
	hk_record_key(&wrap, name, hk_text("home.examplf"), b);
	assert_memory_not_equal(a, b, sizeof a);
	hk_record_key(&wrap, name, hk_text("home.example"), b);
	assert_memory_equal(a, b, sizeof a);
	assert_ok(hk_wrap_init(&other, other_key, salt));
	hk_record_key(&other, name, hk_text("home.example"), b);
	assert_memory_not_equal(a, b, sizeof a);
	assert_memory_not_equal(other.check, wrap.check, sizeof wrap.check);
	hk_wrap_end(&other);
}

/* K5749-3-04 */
static void every_changed_bit_is_noticed(void **state)
{
	uint8_t key[HK_RECORD_KEY_LEN], octets[HK_RECORD_BODY_MAX], saved[HK_RECORD_STATE_LEN];
	struct hk_keyset s = set_of(1, "alice"), out;
	struct hk_seq_state seq = {7, 6, 0x41, NOW, {1, 2, 3}}, got;
	struct hk_buf b = hk_buf(octets, sizeof octets);

	(void)state;
	set_keep(&s, 1, 2);
	hk_record_key(&wrap, s.emsk_name, REALM, key);
	assert_ok(hk_record_seal(&wrap, key, &s, &b));
	for (size_t bit = 0; bit < 8 * b.len; bit++) {
		octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_err(hk_record_open(&wrap, key, hk_buf_bytes(&b), &out), HK_ERR_STORE);
		octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < b.len; len++)
		assert_err(hk_record_open(&wrap, key, hk_bytes(octets, len), &out), HK_ERR_STORE);
	hk_record_write_state(&wrap, key, &seq, saved);
	assert_ok(hk_record_read_state(&wrap, key, saved, &got));
	assert_memory_equal(&got, &seq, sizeof seq);
	for (size_t bit = 0; bit < 8 * sizeof saved; bit++) {
		saved[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_err(hk_record_read_state(&wrap, key, saved, &got), HK_ERR_STORE);
		saved[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* under another name neither is worth anything */
	key[0] ^= 1;
	assert_err(hk_record_open(&wrap, key, hk_buf_bytes(&b), &out), HK_ERR_STORE);
	assert_err(hk_record_read_state(&wrap, key, saved, &got), HK_ERR_STORE);
}

static void too_small_a_buffer_is_told(void **state)
{
	uint8_t key[HK_RECORD_KEY_LEN] = {0}, octets[100];
	struct hk_keyset s = set_of(1, "alice");
	struct hk_buf b = hk_buf(octets, sizeof octets);

	(void)state;
	assert_err(hk_record_seal(&wrap, key, &s, &b), HK_ERR_TOO_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_of_user_comes_back),
		cmocka_unit_test(longest_and_shortest_come_back),
		cmocka_unit_test(what_is_kept_comes_back),
		cmocka_unit_test(names_depend_on_the_key_and_not_on_case),
		cmocka_unit_test(every_changed_bit_is_noticed),
		cmocka_unit_test(too_small_a_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
