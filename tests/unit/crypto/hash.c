/* SPDX-License-Identifier: ISC */
/* The primitives against values published elsewhere (RFC 4231, 2202, 1321, 5869). */
#include "test.h"

#include "crypto/crypto.h"

static void sha256_of_abc(void **state)
{
	struct hk_bytes parts[] = {hk_text("a"), hk_text("bc")};
	uint8_t out[HK_SHA256_LEN];

	(void)state;
	hk_sha256(parts, 2, out);
	assert_hex(out, sizeof out,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void hmac_sha256_rfc4231(void **state)
{
	uint8_t key[131], out[HK_SHA256_LEN];
	struct hk_hmac_key k;
	struct hk_bytes msg = hk_text("Hi There");

	(void)state;
	memset(key, 0x0b, 20);
	hk_hmac_key_init(&k, hk_bytes(key, 20));
	hk_hmac_sha256(&k, &msg, 1, out);
	assert_hex(out, sizeof out,
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");

	/* a key longer than the block is hashed first */
	memset(key, 0xaa, sizeof key);
	msg = hk_text("Test Using Larger Than Block-Size Key - Hash Key First");
	hk_hmac_key_init(&k, hk_bytes(key, sizeof key));
	hk_hmac_sha256(&k, &msg, 1, out);
	assert_hex(out, sizeof out,
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void prfplus_is_hkdf_expand(void **state)
{
	uint8_t prk[32], info[10], out[42];
	struct hk_hmac_key k;

	(void)state;
	hex(prk, sizeof prk, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
	hex(info, sizeof info, "f0f1f2f3f4f5f6f7f8f9");
	hk_hmac_key_init(&k, hk_bytes(prk, sizeof prk));
	hk_prfplus(&k, hk_bytes(info, sizeof info), out, sizeof out);
	assert_hex(out, sizeof out,
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

static void md5_and_hmac_md5(void **state)
{
	struct hk_bytes abc = hk_text("abc"), msg = hk_text("what do ya want for nothing?");
	uint8_t out[HK_MD5_LEN];
	struct hk_md5_key k;

	(void)state;
	hk_md5(&abc, 1, out);
	assert_hex(out, sizeof out, "900150983cd24fb0d6963f7d28e17f72");
	hk_md5_key_init(&k, hk_text("Jefe"));
	hk_hmac_md5(&k, &msg, 1, out);
	assert_hex(out, sizeof out, "750c783e6ab0b503eaa86e310a5db738");
}

static void aead_round_trip_and_tamper(void **state)
{
	uint8_t key[HK_AEAD_KEY_LEN] = {1}, nonce[HK_AEAD_NONCE_LEN] = {2};
	uint8_t sealed[5 + HK_AEAD_TAG_LEN], plain[5];
	struct hk_aead *a;

	(void)state;
	assert_ok(hk_aead_new(key, &a));
	assert_ok(hk_aead_seal(a, nonce, hk_text("ad"), hk_text("hello"), sealed));
	assert_ok(hk_aead_open(a, nonce, hk_text("ad"), hk_bytes(sealed, sizeof sealed), plain));
	assert_memory_equal(plain, "hello", 5);
	assert_err(hk_aead_open(a, nonce, hk_text("AD"), hk_bytes(sealed, sizeof sealed), plain),
		HK_ERR_TAG);
	sealed[0] ^= 1;
	assert_err(hk_aead_open(a, nonce, hk_text("ad"), hk_bytes(sealed, sizeof sealed), plain),
		HK_ERR_TAG);
	hk_aead_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_abc),
		cmocka_unit_test(hmac_sha256_rfc4231),
		cmocka_unit_test(prfplus_is_hkdf_expand),
		cmocka_unit_test(md5_and_hmac_md5),
		cmocka_unit_test(aead_round_trip_and_tamper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
