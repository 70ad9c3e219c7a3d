/* SPDX-License-Identifier: ISC */
/* What a stack keeps of the keys of a delivery: it runs on one of our own, which is read then. */
#include "pair.h"
#include "secret.h"

#include "crypto/crypto.h"

#include <pthread.h>
#include <sys/mman.h>

#define STACK_LEN (1u << 20)
#define PART      16 /* so much of a key is enough to be found */

static uint8_t dsrk[HK_ROOT_KEY_MIN_LEN], k_mac[32], k_wrap[32];

static void *ask_and_deliver(void *arg)
{
	struct pair *p = arg;

	ask(p, HK_KEYDIST_DSRK, "");
	assert_int_equal(check(p), HK_KEY_GRANTED);
	assert_int_equal(deliver(p), HK_KEY_GRANTED);
	return NULL;
}

static void *take_and_free(void *arg)
{
	struct pair *p = arg;
	struct hk_key *key;
	bool again;

	assert_ok(hk_krs_take_dsrk(&p->ktk, 1, &p->asked, &p->answer, 0, NOW, &key, &again));
	hk_key_free(key);
	return NULL;
}

static void *take_and_forget(void *arg)
{
	volatile uint8_t left[1 << 14]; /* deeper than what the end of the thread uses */
	struct hk_krs_key key;

	assert_ok(take(arg, &key));
	for (size_t i = 0; i < key.len; i++)
		left[i] = key.octets[i];
	(void)left[0];
	hk_krs_key_wipe(&key);
	return NULL;
}

/* What the thread leaves on its stack of a key. */
static bool leaves(struct pair *p, void *(*run)(void *), const uint8_t *key)
{
	void *stack = mmap(NULL, STACK_LEN, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;
	bool found;

	assert_true(stack != MAP_FAILED);
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK_LEN), 0);
	assert_int_equal(pthread_create(&thread, &attributes, run, p), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attributes);
	reveal(stack, STACK_LEN); /* to valgrind nobody may read a stack that has ended */
	found = memmem(stack, STACK_LEN, key, PART) != NULL;
	munmap(stack, STACK_LEN);
	return found;
}

static void derive_them(const struct pair *p)
{
	struct hk_bytes ktk = hk_bytes(p->ktk.secret, HK_KTK_LEN);
	struct hk_buf out = hk_buf(dsrk, sizeof dsrk);
	struct hk_key *key;
	uint8_t octets[256];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	assert_ok(hk_key_derive_dsrk(p->emsk, hk_text(DOMAIN), NOW, HK_NEVER, &key));
	assert_ok(hk_key_release(key, HK_HOLDER_ER_SERVER, hk_text(DOMAIN), NOW, &out));
	hk_key_free(key);
	assert_ok(hk_kdf_derive(NULL, ktk, hk_text("hokey-radius request mac"),
		hk_bytes(p->ktk.kek_id, HK_KEK_ID_LEN), k_mac, sizeof k_mac));
	hk_put(&b, p->delivery.key, 20);
	hk_put(&b, p->nonce, HK_KEYDIST_NONCE_LEN);
	hk_put(&b, p->delivery.key + 20, 12);
	hk_put_u8(&b, (uint8_t)strlen(DOMAIN));
	hk_put(&b, DOMAIN, strlen(DOMAIN));
	assert_ok(hk_kdf_derive(NULL, ktk, hk_text("hokey-radius key wrap"), hk_buf_bytes(&b),
		k_wrap, sizeof k_wrap));
}

/* HKRAD-16.6-04 */
static void nothing_stays_on_the_stack(void **state)
{
	struct pair *p = *state;
	uint8_t plain[HK_ROOT_KEY_MIN_LEN];

	ask_and_deliver(p);
	derive_them(p);
	/* these are the keys: what came opens with one of them and is the other */
	assert_ok(hk_key_unwrap(
		k_wrap, hk_bytes(p->delivery.key + 32, p->delivery.key_len - 32), plain));
	assert_memory_equal(plain, dsrk, sizeof dsrk);

	assert_false(leaves(p, ask_and_deliver, dsrk));
	assert_false(leaves(p, ask_and_deliver, k_mac));
	assert_false(leaves(p, ask_and_deliver, k_wrap));
	assert_false(leaves(p, take_and_free, dsrk));
	assert_false(leaves(p, take_and_free, k_wrap));
	assert_true(leaves(p, take_and_forget, dsrk)); /* it would be seen */
}

int main(void)
{
	const struct CMUnitTest tests[] = {PAIR_TEST(nothing_stays_on_the_stack)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
