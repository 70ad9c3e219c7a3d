/* SPDX-License-Identifier: ISC */
/*
 * No branch and no address depends on a key: under valgrind (stage `valgrind` of
 * tests/run) secrets are poisoned. What hk_equal_secret() says is not secret, for
 * the other side learns it; how it finds out must not show.
 *
 * Left out: opening sealed records. There OpenSSL decides by itself whether the
 * tag is right, in code that this test cannot tell apart.
 */
#include "../unit/erp/server.h"
#include "../unit/keydist/pair.h"
#include "secret.h"

#include <sys/wait.h>
#include <unistd.h>

bool __real_hk_equal_secret(const void *a, const void *b, size_t n);
bool __wrap_hk_equal_secret(const void *a, const void *b, size_t n);

static unsigned compared;

bool __wrap_hk_equal_secret(const void *a, const void *b, size_t n)
{
	bool same = __real_hk_equal_secret(a, b, n);

	reveal(&same, sizeof same);
	compared++;
	return same;
}

/* ---- that it would be seen ---- */

static int leak(void)
{
	uint8_t a[32] = {1}, b[32] = {1};
	volatile int sink = 0;

	poison(a, sizeof a);
	if (memcmp(a, b, sizeof a) == 0)
		sink = 1;
	(void)sink;
	return VALGRIND_COUNT_ERRORS > 0;
}

static void a_leak_is_found(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(leak());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status) != 0, RUNNING_ON_VALGRIND > 0);
}

/* ---- primitives ---- */

static void comparing(void **state)
{
	uint8_t a[64], b[64];

	(void)state;
	for (size_t differs = 0; differs <= sizeof a; differs++) {
		memset(a, 0x5a, sizeof a);
		memset(b, 0x5a, sizeof b);
		if (differs < sizeof a)
			b[differs] ^= 1;
		poison(a, sizeof a);
		poison(b, sizeof b);
		assert_int_equal(hk_equal_secret(a, b, sizeof a), differs == sizeof a);
	}
}

static void hashing(void **state)
{
	uint8_t secret[100], out[200], md5[HK_MD5_LEN];
	struct hk_hmac_key key;
	struct hk_md5_key md5_key;
	struct hk_bytes part = hk_text("what everybody knows");

	(void)state;
	for (size_t len = 1; len <= sizeof secret; len += 33) {
		memset(secret, 7, sizeof secret);
		poison(secret, sizeof secret);
		hk_hmac_key_init(&key, hk_bytes(secret, len));
		hk_hmac_sha256(&key, &part, 1, out);
		hk_prfplus(&key, part, out, sizeof out);
		hk_md5_key_init(&md5_key, hk_bytes(secret, len));
		hk_hmac_md5(&md5_key, &part, 1, md5);
	}
	reveal(out, sizeof out);
	assert_memory_not_equal(out, out + 32, 32);
}

static void wrapping(void **state)
{
	static const uint8_t nonce[HK_AEAD_NONCE_LEN];
	uint8_t kek[HK_KEK_LEN] = {1}, plain[64] = {2}, back[64], out[64 + HK_AEAD_TAG_LEN];
	struct hk_aead *aead;

	(void)state;
	poison(kek, sizeof kek);
	poison(plain, sizeof plain);
	assert_ok(hk_key_wrap(kek, hk_bytes(plain, sizeof plain), out));
	reveal(out, sizeof out);
	assert_ok(hk_key_unwrap(kek, hk_bytes(out, sizeof plain + HK_KEY_WRAP_ADDS), back));
	out[3] ^= 1;
	assert_err(hk_key_unwrap(kek, hk_bytes(out, sizeof plain + HK_KEY_WRAP_ADDS), back),
		HK_ERR_TAG);
	assert_ok(hk_aead_new(kek, &aead));
	assert_ok(hk_aead_seal(aead, nonce, hk_text("name"), hk_bytes(plain, sizeof plain), out));
	hk_aead_free(aead);
	reveal(out, sizeof out);
	reveal(plain, sizeof plain);
	assert_memory_not_equal(out, plain, sizeof plain);
}

/* ---- the key hierarchy ---- */

static void deriving(void **state)
{
	const hk_time end = T0 + 3600 * HK_SECOND;
	uint8_t session_id[65] = {13, 1, 2}, octets[64] = {3}, out[64];
	struct hk_buf b = hk_buf(out, sizeof out);
	struct hk_key *emsk, *again, *dsrk, *rrk, *rik, *rmsk, *msk;
	struct hk_erp_keys keys;

	(void)state;
	poison(octets, sizeof octets);
	assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof session_id),
		hk_bytes(octets, sizeof octets), T0, end, &emsk));
	assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof session_id),
		hk_bytes(octets, sizeof octets), T0, end, &again));
	assert_true(hk_key_equal(emsk, again));
	assert_ok(hk_key_derive_dsrk(emsk, hk_text(VISITED), T0, end, &dsrk));
	assert_ok(hk_key_derive_rrk(dsrk, T0, end, &rrk));
	assert_ok(hk_key_derive_rik(rrk, 2, T0, &rik));
	assert_ok(hk_key_derive_rmsk(rrk, 7, T0, end, &rmsk));
	assert_ok(hk_erp_keys_init(&keys, rrk));
	assert_ok(hk_key_import_msk(hk_bytes(octets, sizeof octets), T0, end, &msk));
	assert_ok(hk_key_release(rmsk, HK_HOLDER_AUTHENTICATOR, hk_text("ap-1"), T0, &b));
	hk_key_free(emsk);
	hk_key_free(again);
	hk_key_free(dsrk);
	hk_key_free(rrk);
	hk_key_free(rik);
	hk_key_free(rmsk);
	hk_key_free(msk);
}

/* ---- a re-authentication ---- */

static int setup(void **state)
{
	struct bench *t;

	bench_setup(state);
	t = *state;
	assert_ok(hk_keystore_remove(t->store, t->name, hk_text(HOME)));
	poison(&t->home.rrk, sizeof t->home.rrk);
	poison(&t->home.rik2, sizeof t->home.rik2);
	bench_put(t, HOME, &t->home);
	return 0;
}

/* At the server, from the request to the answer with the rMSK. */
static enum hk_err reauthenticate(struct bench *t, struct initiate i)
{
	struct hk_bytes packet = initiate(t, i);

	reveal(packet.data, packet.len);
	receive(t, packet);
	if (t->x.step == HK_ER_ADVANCE)
		hk_keystore_advance(t->store, &t->x.advance, 1);
	t->reply.eap.len = 0;
	hk_er_server_answer(&t->policy, &t->request, t->now, &t->x, &t->reply);
	return t->reply.reason;
}

static void serving(void **state)
{
	struct bench *t = *state;
	unsigned before = compared;

	for (uint8_t suite = 1; suite <= 3; suite++) {
		assert_ok(reauthenticate(t, (struct initiate){.seq = suite, .suite = suite}));
		assert_true(t->reply.has_key);
		assert_err(reauthenticate(t, (struct initiate){.seq = (uint16_t)(suite + 10),
						     .suite = suite,
						     .bad_tag = true}),
			HK_ERR_TAG);
	}
	assert_true(compared >= before + 6);
}

/* ---- what leaves by RADIUS ---- */

/* HKRAD-3.3-01 */
static void carrying(void **state)
{
	uint8_t octets[20] = "a secret of an AP..", random[16] = {9}, packet[512], key[64] = {4};
	struct hk_radius_secret secret;
	struct hk_buf b = hk_buf(packet, sizeof packet);
	struct hk_radius p;

	(void)state;
	poison(octets, sizeof octets);
	poison(key, sizeof key);
	assert_ok(hk_radius_secret_set(&secret, hk_bytes(octets, sizeof octets)));
	hk_radius_begin(&b, HK_RADIUS_ACCESS_ACCEPT, 1);
	hk_radius_put_mppe_keys(&b, &secret, random, 0x8002, key);
	assert_ok(hk_radius_sign_reply(&b, &secret, random));
	reveal(packet, sizeof packet);
	assert_ok(hk_radius_parse(hk_buf_bytes(&b), &p));
	assert_ok(hk_radius_check_message_authenticator(&p, &secret, random));
	assert_ok(hk_radius_check_response_authenticator(&p, &secret, random));
	packet[30] ^= 1;
	assert_err(
		hk_radius_check_message_authenticator(&p, &secret, random), HK_ERR_AUTHENTICATOR);
}

/* ---- a DSRK on its way ---- */

static void delivering(void **state)
{
	uint8_t session_id[65] = {13, 1, 2}, octets[64] = {3};
	struct pair *p = *state;
	struct hk_krs_key key;

	poison(octets, sizeof octets);
	poison(p->ktk.secret, sizeof p->ktk.secret);
	hk_key_free(p->emsk);
	assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof session_id),
		hk_bytes(octets, sizeof octets), NOW, NOW + EMSK_S * HK_SECOND, &p->emsk));
	ask(p, HK_KEYDIST_DSRK, "");
	reveal(p->asked.value, sizeof p->asked.value);
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	reveal(p->delivery.key, p->delivery.key_len);
	assert_ok(take(p, &key));
	hk_krs_key_wipe(&key);
	p->delivery.key[p->delivery.key_len - 1] ^= 1;
	assert_err(take(p, &key), HK_ERR_TAG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_found),
		cmocka_unit_test(comparing),
		cmocka_unit_test(hashing),
		cmocka_unit_test(wrapping),
		cmocka_unit_test(deriving),
		cmocka_unit_test_setup_teardown(serving, setup, bench_teardown),
		cmocka_unit_test(carrying),
		PAIR_TEST(delivering),
	};

	return cmocka_run_group_tests_name("constant-time", tests, NULL, NULL);
}
