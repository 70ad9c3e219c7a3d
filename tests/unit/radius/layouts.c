/* SPDX-License-Identifier: ISC */
/*
 * Layouts that others may meet on the wire and that this writer can produce:
 * the attributes of RFC 6218 and the packet form of RADIUS/1.1 (RFC 9765). The
 * values come from the formulas, computed apart from this code.
 */
#include "test.h"

#include <hokey/radius.h>

#include <openssl/evp.h>

#define VENDOR_CISCO 9u
#define CISCO_AVPAIR 1

static void wrap_aes128(const uint8_t *kek, const uint8_t *plain, int len, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	EVP_CIPHER_CTX_set_flags(c, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_128_wrap(), NULL, kek, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(c, out, &n, plain, len), 1);
	assert_int_equal(n, len + 8);
	EVP_CIPHER_CTX_free(c);
}

static void count_up(uint8_t *p, size_t n, uint8_t first)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(first + i);
}

static void keying_material_of_rfc6218(void **state)
{
	uint8_t value[256], octets[300], kek[16], msk[64], wrapped[72];
	struct hk_buf v = hk_buf(value, sizeof value), b = hk_buf(octets, sizeof octets);

	(void)state;
	count_up(kek, sizeof kek, 0);
	count_up(msk, sizeof msk, 0x40);
	wrap_aes128(kek, msk, sizeof msk, wrapped);
	hk_put_bytes(&v, hk_text("radius:app-key="));
	hk_put_u8(&v, 0);      /* Enc-Type: AES key wrap */
	hk_put_u32(&v, 1);     /* App-ID: EAP MSK */
	hk_put_zeros(&v, 32);  /* KEK-ID, KM-ID */
	hk_put_u32(&v, 3600);  /* Lifetime */
	hk_put_u64(&v, 0xa6a6a6a6a6a6a6a6);
	hk_put(&v, wrapped, sizeof wrapped);
	hk_radius_put_vsa(&b, VENDOR_CISCO, CISCO_AVPAIR, hk_buf_bytes(&v));
	assert_true(hk_buf_ok(&b));
	assert_hex(b.data, b.len,
		"1a9000000009018a7261646975733a6170702d6b65793d0000000001000000000000000000000000"
		"000000000000000000000000000000000000000000000e10a6a6a6a6a6a6a6a699ff68f871103f8d"
		"6b1f81d6ee3379ace75fe260baac570ef37e89dd12d73c7098c1415cd406a178918c7e4cf94d20d6"
		"f3c61fa0191dfec65ce06273a941c9c8b29d6cfca3e26a99");
}

static void randomizer_of_rfc6218(void **state)
{
	uint8_t value[64], octets[80], *random;
	struct hk_buf v = hk_buf(value, sizeof value), b = hk_buf(octets, sizeof octets);

	(void)state;
	hk_put_bytes(&v, hk_text("radius:random-nonce="));
	random = hk_put_room(&v, 32);
	assert_non_null(random);
	count_up(random, 32, 0x80);
	hk_radius_put_vsa(&b, VENDOR_CISCO, CISCO_AVPAIR, hk_buf_bytes(&v));
	assert_hex(b.data, b.len,
		"1a3c0000000901367261646975733a72616e646f6d2d6e6f6e63653d808182838485868788898a8b"
		"8c8d8e8f909192939495969798999a9b9c9d9e9f");
}

static void accept_of_radius_1_1(void **state)
{
	uint8_t octets[200], msk[64];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	(void)state;
	count_up(msk, sizeof msk, 0x40);
	hk_put_u8(&b, HK_RADIUS_ACCESS_ACCEPT);
	hk_put_u8(&b, 0);
	hk_put_u16(&b, 106);
	hk_put_u32(&b, 42);    /* Token */
	hk_put_zeros(&b, 12);
	hk_radius_put_eap(&b, hk_bytes("\x03\x09\x00\x04", 4));
	hk_radius_put_vsa(&b, HK_VENDOR_MICROSOFT, HK_MS_MPPE_RECV_KEY, hk_bytes(msk, 32));
	hk_radius_put_vsa(&b, HK_VENDOR_MICROSOFT, HK_MS_MPPE_SEND_KEY, hk_bytes(msk + 32, 32));
	assert_int_equal(b.len, 106);
	assert_hex(b.data, b.len,
		"0200006a0000002a0000000000000000000000004f06030900041a28000001371122404142434445"
		"464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f1a28000001371022606162636465"
		"666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keying_material_of_rfc6218),
		cmocka_unit_test(randomizer_of_rfc6218),
		cmocka_unit_test(accept_of_radius_1_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
