/* SPDX-License-Identifier: ISC */
/*
 * The keys of EAP-TLS. The derivations of RFC 5216 and RFC 9190 are written
 * down here once more, from the RFCs; they must give the values of two recorded
 * conversations of other programs, and what our conversations come to.
 */
#include "test.h"

#include <hokey/eap_tls.h>
#include <hokey/key.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "conversation.h"
#include "eap/tls_context.h"

#define MATERIAL_LEN 128

/* ---- the derivations ---- */

static void run_kdf(const char *name, OSSL_PARAM *params, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);

	assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static OSSL_PARAM octets(const char *key, struct hk_bytes value)
{
	return OSSL_PARAM_construct_octet_string(key, (void *)(uintptr_t)value.data, value.len);
}

static OSSL_PARAM text(const char *key, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(key, (char *)(uintptr_t)value, 0);
}

/* PRF(master_secret, "client EAP encryption", client_random | server_random) */
static void derive_1_2(const char *digest, struct hk_bytes master, struct hk_bytes client_random,
	struct hk_bytes server_random, uint8_t material[MATERIAL_LEN])
{
	OSSL_PARAM params[] = {
		text(OSSL_KDF_PARAM_DIGEST, digest),
		octets(OSSL_KDF_PARAM_SECRET, master),
		octets(OSSL_KDF_PARAM_SEED, hk_text("client EAP encryption")),
		octets(OSSL_KDF_PARAM_SEED, client_random),
		octets(OSSL_KDF_PARAM_SEED, server_random),
		OSSL_PARAM_construct_end(),
	};

	run_kdf("TLS1-PRF", params, material, MATERIAL_LEN);
}

static void expand_label(const char *digest, struct hk_bytes secret, const char *label,
	struct hk_bytes context, uint8_t *out, size_t len)
{
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	uint8_t info[256];
	struct hk_buf b = hk_buf(info, sizeof info);

	hk_put_u16(&b, (uint16_t)len);
	hk_put_u8(&b, (uint8_t)(6 + strlen(label)));
	hk_put_bytes(&b, hk_text("tls13 "));
	hk_put_bytes(&b, hk_text(label));
	hk_put_u8(&b, (uint8_t)context.len);
	hk_put_bytes(&b, context);
	assert_true(hk_buf_ok(&b));

	OSSL_PARAM params[] = {
		text(OSSL_KDF_PARAM_DIGEST, digest),
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		octets(OSSL_KDF_PARAM_KEY, secret),
		octets(OSSL_KDF_PARAM_INFO, hk_buf_bytes(&b)),
		OSSL_PARAM_construct_end(),
	};

	run_kdf("HKDF", params, out, len);
}

/* RFC 8446 section 7.5, with the context 0x0D; `derived` is the step in between. */
static void export_1_3(const char *digest, struct hk_bytes exporter_secret, const char *label,
	uint8_t derived[48], uint8_t *out, size_t len)
{
	uint8_t of_nothing[64], of_context[64];
	unsigned n;

	EVP_Digest("", 0, of_nothing, &n, EVP_get_digestbyname(digest), NULL);
	EVP_Digest("\x0d", 1, of_context, &n, EVP_get_digestbyname(digest), NULL);
	expand_label(digest, exporter_secret, label, hk_bytes(of_nothing, n), derived, n);
	expand_label(digest, hk_bytes(derived, n), "exporter", hk_bytes(of_context, n), out, len);
}

/* ---- recorded: hostapd 2.10 and eapol_test 2.10 ---- */

/* R5216-2.3-02 */
static void recorded_1_2(void **state)
{
	uint8_t client[32], server[32], master[48], id[65], material[MATERIAL_LEN];
	uint8_t name[HK_EMSK_NAME_LEN];

	(void)state;
	hex(client, sizeof client,
		"825a42a665a101114f79e6667c4dd95406ca26eb01f265e4938ef00cd643a7f4");
	hex(server, sizeof server,
		"1b38cae8e484bee36e3bde54cfa30cdb4e0bc6783a21acaa444f574e47524401");
	hex(master, sizeof master,
		"f13981af24f496f69b48e15c5b5c213a5ff17a39cb91cef8593c0af3aabdae8f8dd750f5b1934d23"
		"572922b681441642");
	derive_1_2("SHA384", hk_bytes(master, 48), hk_bytes(client, 32), hk_bytes(server, 32),
		material);
	assert_hex(material, 64,
		"ab026774a57a12501332bf7791139dd9e255fe142f06bee489b42092141bedca812a811acd365e29"
		"41f7630f6396db7cbf5e926c9d7cb4de0081935be78ff0fd");
	assert_hex(material + 64, 64,
		"b239b39e1c17182f90e67c3f22d610ba23620b89271a77e7a202e24524776ba94d87dcdafbb75f54"
		"e7f0c8210a68c41a3ddb706b265c7bcd32b33ca088f3ea5c");
	id[0] = HK_EAP_TYPE_TLS;
	memcpy(id + 1, client, 32);
	memcpy(id + 33, server, 32);
	assert_ok(hk_emsk_name(NULL, hk_bytes(id, sizeof id), name));
	assert_hex(name, sizeof name, "2d7bc364eb84e1d8");
}

/* R9190-2.3-01 */
static void recorded_1_3(void **state)
{
	uint8_t secret[48], derived[48], material[MATERIAL_LEN], id[65], name[HK_EMSK_NAME_LEN];
	struct hk_bytes exporter = {secret, sizeof secret};

	(void)state;
	hex(secret, sizeof secret,
		"b985aa859ed2c6d4cf66ec94fa1625bb5da3cc941b49b6a683ae9d6fd6e126f4426bd7ec7116f256"
		"c2158a795852149d");
	export_1_3("SHA384", exporter, "EXPORTER_EAP_TLS_Key_Material", derived, material,
		MATERIAL_LEN);
	assert_hex(derived, sizeof derived,
		"b6c8ac82e36da4f399018b53e413d0f508fad6a3a82bce104b3066eb6b0eafae7e1ab70fb6715bdb"
		"0c91428d72000805");
	assert_hex(material, 64,
		"16e2375ccabf27d547b9258f088f263cc207c201405df02be3a50e17b3af9284ca9526d19125f9db"
		"e15f65642b1b4272a2173b0d93743ae45755cdfaa9d5a239");
	assert_hex(material + 64, 64,
		"1c93cb46f45dbaf6c68750d348e305b729a62329c268b825651f4c4229f3d5cd2379160af199a6e9"
		"a250f0c7c11ad17ef6972a4000ffde122fe4be8c1728ab14");
	id[0] = HK_EAP_TYPE_TLS;
	export_1_3("SHA384", exporter, "EXPORTER_EAP_TLS_Method-Id", derived, id + 1, 64);
	assert_hex(derived, sizeof derived,
		"d3a4656a10277dc850eb9c534765af3fe12b65a79ca973bc006782736e932ac2a43754f1081fcc27"
		"ad8018cca99579ab");
	assert_hex(id + 1, 64,
		"449f5f6f987bc010d6e89b6df47ca2243ff136ba2c69ae8b86afbbc42e979b5ba50642333b1f88f1"
		"758f2bcb78510e3bb211341e947429a4fd493f0948179a98");
	assert_ok(hk_emsk_name(NULL, hk_bytes(id, sizeof id), name));
	assert_hex(name, sizeof name, "72e6034d7e57e113");
	/* the length is an input */
	export_1_3("SHA384", exporter, "EXPORTER_EAP_TLS_Key_Material", derived, material, 64);
	assert_hex(material, 16, "2ce7f370d3da173c7743bca18eda64e8");
}

/* ---- ours ---- */

/* What a key log shows of one conversation: "LABEL client_random secret". */
static struct {
	char random[65], master[97], exporter[97];
} key_log;

static void note_secret(const SSL *ssl, const char *line)
{
	(void)ssl;
	if (sscanf(line, "CLIENT_RANDOM %64s %96s", key_log.random, key_log.master) != 2)
		sscanf(line, "EXPORTER_SECRET %64s %96s", key_log.random, key_log.exporter);
}

static void expect_keys(const struct hk_eap_result *result, const uint8_t material[MATERIAL_LEN])
{
	uint8_t msk[64];
	struct hk_buf out = hk_buf(msk, sizeof msk);
	struct hk_key *emsk;

	assert_ok(hk_key_release(
		result->msk, HK_HOLDER_AUTHENTICATOR, hk_text("ap"), TEST_NOW, &out));
	assert_int_equal(out.len, 64);
	assert_memory_equal(msk, material, 64);
	assert_ok(hk_key_import_emsk(NULL, hk_bytes(result->session_id, result->session_id_len),
		hk_bytes(material + 64, 64), TEST_NOW, TEST_NOW + TEST_DAY, &emsk));
	assert_true(hk_key_equal(emsk, result->emsk));
	hk_key_free(emsk);
}

static void converse(const char *suite, uint16_t version, struct test_run *run)
{
	struct test_pki pki;
	struct hk_tls_config server_config, peer_config;
	struct hk_tls_context *server, *peer;

	test_pki_init(&pki);
	server_config = test_server_config(&pki);
	peer_config = test_peer_config(&pki);
	peer_config.max_version = version;
	peer_config.ciphers_1_2 = version == HK_TLS_1_2 ? suite : NULL;
	peer_config.ciphers_1_3 = version == HK_TLS_1_3 ? suite : NULL;
	server = test_context(true, &server_config);
	peer = test_context(false, &peer_config);
	SSL_CTX_set_keylog_callback(peer->ssl_ctx, note_secret);
	test_run_init(run, server, peer);
	test_run(run);
	assert_success(run, version, false);
	hk_tls_context_free(server);
	hk_tls_context_free(peer);
	test_pki_free(&pki);
}

static void ours_1_2(void **state)
{
	static const struct {
		const char *suite, *digest;
	} cases[] = {
		{"ECDHE-ECDSA-AES128-GCM-SHA256", "SHA256"},
		{"ECDHE-ECDSA-AES256-GCM-SHA384", "SHA384"},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t random[32], master[48], material[MATERIAL_LEN];
		struct hk_eap_result *result;
		struct test_run run;

		converse(cases[i].suite, HK_TLS_1_2, &run);
		result = hk_eap_server_result(run.s, TEST_NOW, HK_NEVER);
		assert_string_equal(result->cipher, cases[i].suite);
		hex(random, sizeof random, key_log.random);
		hex(master, sizeof master, key_log.master);
		assert_memory_equal(result->session_id + 1, random, 32);
		derive_1_2(cases[i].digest, hk_bytes(master, 48), hk_bytes(random, 32),
			hk_bytes(result->session_id + 33, 32), material);
		expect_keys(result, material);
		test_run_free(&run);
	}
}

static void ours_1_3(void **state)
{
	static const struct {
		const char *suite, *digest;
	} cases[] = {
		{"TLS_AES_128_GCM_SHA256", "SHA256"},
		{"TLS_AES_256_GCM_SHA384", "SHA384"},
		{"TLS_CHACHA20_POLY1305_SHA256", "SHA256"},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t secret[48], derived[48], id[64], material[MATERIAL_LEN];
		struct hk_eap_result *result;
		struct hk_bytes exporter;
		struct test_run run;

		converse(cases[i].suite, HK_TLS_1_3, &run);
		result = hk_eap_server_result(run.s, TEST_NOW, HK_NEVER);
		assert_string_equal(result->cipher, cases[i].suite);
		exporter = hk_bytes(secret, hex(secret, sizeof secret, key_log.exporter));
		export_1_3(
			cases[i].digest, exporter, "EXPORTER_EAP_TLS_Method-Id", derived, id, 64);
		assert_memory_equal(result->session_id + 1, id, 64);
		export_1_3(cases[i].digest, exporter, "EXPORTER_EAP_TLS_Key_Material", derived,
			material, MATERIAL_LEN);
		expect_keys(result, material);
		test_run_free(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_1_2),
		cmocka_unit_test(recorded_1_3),
		cmocka_unit_test(ours_1_2),
		cmocka_unit_test(ours_1_3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
