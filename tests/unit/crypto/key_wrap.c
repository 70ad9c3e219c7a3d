/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "crypto/crypto.h"

/* RFC 3394 section 4.6: 256 bits of key data with a 256-bit KEK. */
static void rfc3394(void **state)
{
	uint8_t kek[HK_KEK_LEN], plain[32], wrapped[40], out[32];
	size_t n;

	(void)state;
	for (uint8_t i = 0; i < HK_KEK_LEN; i++)
		kek[i] = i;
	n = hex(plain, sizeof plain,
		"00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
	assert_ok(hk_key_wrap(kek, hk_bytes(plain, n), wrapped));
	assert_hex(wrapped, sizeof wrapped,
		"28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
	assert_ok(hk_key_unwrap(kek, hk_bytes(wrapped, sizeof wrapped), out));
	assert_memory_equal(out, plain, n);
}

static void every_bit_counts(void **state)
{
	uint8_t kek[HK_KEK_LEN] = {7}, plain[64] = {1}, wrapped[72], out[64], zero[64] = {0};

	(void)state;
	assert_ok(hk_key_wrap(kek, hk_bytes(plain, sizeof plain), wrapped));
	for (size_t bit = 0; bit < 8 * sizeof wrapped; bit++) {
		wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(out, 0xaa, sizeof out);
		assert_err(hk_key_unwrap(kek, hk_bytes(wrapped, sizeof wrapped), out), HK_ERR_TAG);
		assert_memory_equal(out, zero, sizeof out);
		wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	kek[31] ^= 1;
	assert_err(hk_key_unwrap(kek, hk_bytes(wrapped, sizeof wrapped), out), HK_ERR_TAG);
}

static void lengths(void **state)
{
	uint8_t kek[HK_KEK_LEN] = {7}, plain[256] = {0}, wrapped[264] = {0};

	(void)state;
	for (size_t n = 0; n <= 200; n++) {
		bool fits = n >= 16 && n % 8 == 0;

		assert_err(hk_key_wrap(kek, hk_bytes(plain, n), wrapped),
			fits ? HK_OK : HK_ERR_ARGUMENT);
		assert_err(hk_key_unwrap(kek, hk_bytes(wrapped, n), plain),
			n >= 24 && n % 8 == 0 ? HK_ERR_TAG : HK_ERR_MALFORMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3394),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
