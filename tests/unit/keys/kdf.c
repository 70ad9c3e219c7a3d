/* SPDX-License-Identifier: ISC */
#include "keys.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* PRF+ is HKDF-Expand: OpenSSL's own, as a second opinion. */
static void hkdf_expand(struct hk_bytes key, struct hk_bytes info, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key.data, key.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info.data, info.len),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(EVP_KDF_derive(c, out, len, params), 1);
	EVP_KDF_CTX_free(c);
	EVP_KDF_free(kdf);
}

/* E5295-3.1.2-01 E5295-3.1-01 */
static void blocks_of_prfplus(void **state)
{
	uint8_t out[64], s[64], key[64];
	size_t keylen, slen;

	(void)state;
	keylen = vector("KDF1.K", key, sizeof key);
	slen = vector("KDF1.S", s, sizeof s);
	assert_ok(hk_prfplus_sha256(hk_bytes(key, keylen), hk_bytes(s, slen), out, 64));
	assert_vector(out, 32, "KDF1.T1");
	assert_vector(out + 32, 32, "KDF1.T2");
	assert_vector(out, 64, "KDF1.out(64)");
}

/* Remembers what it is asked, in place of deriving. */
static struct octets last_input;

static enum hk_err record(struct hk_bytes key, struct hk_bytes input, uint8_t *out, size_t len)
{
	(void)key;
	assert_true(input.len <= sizeof last_input.data);
	memcpy(last_input.data, input.data, input.len);
	last_input.len = input.len;
	memset(out, 0x5a, len);
	return HK_OK;
}

static const struct hk_kdf recorder = {250, record};

/* E5295-3.1-04 E5295-3.1-11 E6696-4.3-02 */
static void input_is_label_nul_data_length(void **state)
{
	static const uint8_t suite = 2, seq[] = {1, 2}, key[64];
	struct hk_bytes k = hk_bytes(key, sizeof key);
	uint8_t out[256];

	(void)state;
	hk_kdf_derive(&recorder, k, hk_text(HK_LABEL_RRK), HK_NO_BYTES, out, 64);
	assert_vector(last_input.data, last_input.len, "KDF1.S");
	hk_kdf_derive(&recorder, k, hk_text(HK_LABEL_RIK), hk_bytes(&suite, 1), out, 64);
	assert_vector(last_input.data, last_input.len, "KDF2.S(rIK,cs=2)");
	hk_kdf_derive(&recorder, k, hk_text(HK_LABEL_RMSK), hk_bytes(seq, 2), out, 64);
	assert_vector(last_input.data, last_input.len, "KDF3.S(rMSK,SEQ=258)");
	hk_kdf_derive(&recorder, k, hk_text(HK_LABEL_DSRK), hk_text("visited.example"), out, 64);
	assert_vector(last_input.data, last_input.len, "KDF4.S(DSRK,visited)");
	hk_kdf_derive(&recorder, k, hk_text("EMSK"), HK_NO_BYTES, out, 8);
	assert_vector(last_input.data, last_input.len, "KDF5.S(EMSKname)");

	hk_kdf_derive(&recorder, k, hk_text("foobar"), hk_text("ExtendedV2"), out, 96);
	assert_hex(last_input.data, last_input.len, "666f6f62617200457874656e64656456320060");
	hk_kdf_derive(&recorder, k, hk_text("foobarExtendedV2"), HK_NO_BYTES, out, 256);
	assert_hex(last_input.data, last_input.len, "666f6f626172457874656e6465645632000100");
}

/* E5295-3.1.2-02 E5295-3.1-09 */
static void output_lengths(void **state)
{
	static const char *names[] = {"KDF6.len=1", "KDF6.len=31", "KDF6.len=32", "KDF6.len=33"};
	static const size_t lengths[] = {1, 31, 32, 33};
	uint8_t key[64], hash[HK_SHA256_LEN];
	uint8_t *out = malloc(HK_KDF_MAX_LEN + 1);
	struct hk_bytes k, whole, label = hk_text("private1");

	(void)state;
	k = hk_bytes(key, vector("KDF1.K", key, sizeof key));
	for (size_t i = 0; i < 4; i++) {
		assert_ok(hk_kdf_derive(NULL, k, label, HK_NO_BYTES, out, lengths[i]));
		assert_vector(out, lengths[i], names[i]);
	}
	assert_ok(hk_kdf_derive(NULL, k, label, HK_NO_BYTES, out, 2048));
	whole = hk_bytes(out, 2048);
	hk_sha256(&whole, 1, hash);
	assert_vector(hash, sizeof hash, "KDF6.len=2048");
	assert_ok(hk_kdf_derive(NULL, k, label, HK_NO_BYTES, out, 8160));
	whole = hk_bytes(out, 8160);
	hk_sha256(&whole, 1, hash);
	assert_vector(hash, sizeof hash, "KDF6.len=8160");

	assert_err(hk_kdf_derive(NULL, k, label, HK_NO_BYTES, out, 8161), HK_ERR_ARGUMENT);
	assert_err(hk_kdf_derive(NULL, k, label, HK_NO_BYTES, out, 0), HK_ERR_ARGUMENT);
	assert_err(hk_prfplus_sha256(k, label, out, 8161), HK_ERR_ARGUMENT);
	assert_err(hk_prfplus_sha256(k, label, out, 0), HK_ERR_ARGUMENT);
	assert_err(hk_prfplus_sha256(HK_NO_BYTES, label, out, 32), HK_ERR_ARGUMENT);
	free(out);
}

/* E5295-3.1-05 E5295-3.1-06 E5295-3.1-08 */
static void long_key_and_long_data(void **state)
{
	uint8_t key[256], data[2048], out[2048], hash[HK_SHA256_LEN];
	struct hk_bytes whole = hk_bytes(out, sizeof out);

	(void)state;
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(7 * i + 3);
	assert_ok(hk_kdf_derive(NULL, hk_bytes(key, sizeof key), hk_text("private1"),
		hk_bytes(data, sizeof data), out, sizeof out));
	hk_sha256(&whole, 1, hash);
	assert_vector(hash, sizeof hash, "KDF7.K256.opt2048.len2048");
	assert_vector(out, 16, "KDF7.first16");
	assert_vector(out + 2032, 16, "KDF7.last16");
}

/* E5295-3.1-06 E5295-3.1-08 */
static void agrees_with_hkdf_expand(void **state)
{
	static const size_t lengths[] = {1, 63, 64, 65, 256};
	uint8_t key[256], mine[300], theirs[300];

	(void)state;
	memset(key, 0xa7, sizeof key);
	for (size_t i = 0; i < 5; i++) {
		struct hk_bytes k = hk_bytes(key, lengths[i]);

		assert_ok(hk_prfplus_sha256(k, hk_text("any input"), mine, sizeof mine));
		hkdf_expand(k, hk_text("any input"), theirs, sizeof theirs);
		assert_memory_equal(mine, theirs, sizeof mine);
	}
}

/* E5295-3.1-05 */
static void data_up_to_its_limit(void **state)
{
	static const uint8_t data[HK_KDF_DATA_MAX + 1], key[64];
	uint8_t out[64], input[255 + 1 + HK_KDF_DATA_MAX + 2] = {0}, want[64];
	struct hk_bytes k = hk_bytes(key, sizeof key);
	char label[256];

	(void)state;
	memset(label, 'x', 255);
	label[255] = 0;
	assert_ok(hk_kdf_derive(
		NULL, k, hk_text(label), hk_bytes(data, HK_KDF_DATA_MAX), out, sizeof out));
	memset(input, 'x', 255);
	input[sizeof input - 1] = 64;
	hkdf_expand(k, hk_bytes(input, sizeof input), want, sizeof want);
	assert_memory_equal(out, want, sizeof want);
	assert_err(hk_kdf_derive(NULL, k, hk_text("x"), hk_bytes(data, sizeof data), out, 64),
		HK_ERR_TOO_LONG);
}

/* E5295-3.1-03 */
static void labels_of_the_raw_derivation(void **state)
{
	static const uint8_t key[64];
	struct hk_bytes k = hk_bytes(key, sizeof key);
	uint8_t out[64];
	char label[257];

	(void)state;
	memset(label, 'x', 256);
	label[256] = 0;
	assert_err(hk_kdf_derive(NULL, k, hk_text(label), HK_NO_BYTES, out, 64), HK_ERR_LABEL);
	assert_ok(hk_kdf_derive(NULL, k, hk_bytes(label, 255), HK_NO_BYTES, out, 64));
	assert_err(hk_kdf_derive(NULL, k, HK_NO_BYTES, HK_NO_BYTES, out, 64), HK_ERR_LABEL);
	assert_err(hk_kdf_derive(NULL, k, hk_text("a\x07"), HK_NO_BYTES, out, 64), HK_ERR_LABEL);
	assert_err(hk_kdf_derive(NULL, k, hk_text("a\x7f"), HK_NO_BYTES, out, 64), HK_ERR_LABEL);
	assert_err(hk_kdf_derive(NULL, k, hk_text("\xc3\xa4"), HK_NO_BYTES, out, 64), HK_ERR_LABEL);
	assert_err(hk_kdf_derive(NULL, k, hk_bytes("a\0b", 3), HK_NO_BYTES, out, 64), HK_ERR_LABEL);
	assert_ok(hk_kdf_derive(NULL, k, hk_text("EAP x@y"), HK_NO_BYTES, out, 64));
}

/* E5295-8.2-01 E5295-3.1.1-02 */
static void numbers_of_kdfs(void **state)
{
	static const uint8_t key[64];
	uint8_t a[64], b[64];

	(void)state;
	assert_null(hk_kdf_find(0));
	assert_null(hk_kdf_find(2));
	assert_null(hk_kdf_find(255));
	assert_int_equal(hk_kdf_find(1)->id, HK_KDF_PRFPLUS_SHA256);
	assert_ok(hk_kdf_derive(
		hk_kdf_find(1), hk_bytes(key, 64), hk_text("x"), HK_NO_BYTES, a, sizeof a));
	assert_ok(hk_kdf_derive(NULL, hk_bytes(key, 64), hk_text("x"), HK_NO_BYTES, b, sizeof b));
	assert_memory_equal(a, b, sizeof a);
}

/* E5295-3.1-02 */
static void same_input_same_key(void **state)
{
	static const uint8_t key[64];
	uint8_t a[100], b[100];

	(void)state;
	memset(a, 1, sizeof a);
	memset(b, 2, sizeof b);
	assert_ok(
		hk_kdf_derive(NULL, hk_bytes(key, 64), hk_text("x"), hk_text("data"), a, sizeof a));
	assert_ok(
		hk_kdf_derive(NULL, hk_bytes(key, 64), hk_text("x"), hk_text("data"), b, sizeof b));
	assert_memory_equal(a, b, sizeof a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_of_prfplus),
		cmocka_unit_test(input_is_label_nul_data_length),
		cmocka_unit_test(output_lengths),
		cmocka_unit_test(long_key_and_long_data),
		cmocka_unit_test(agrees_with_hkdf_expand),
		cmocka_unit_test(data_up_to_its_limit),
		cmocka_unit_test(labels_of_the_raw_derivation),
		cmocka_unit_test(numbers_of_kdfs),
		cmocka_unit_test(same_input_same_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
