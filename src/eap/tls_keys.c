/* SPDX-License-Identifier: ISC */
#include "eap/tls_keys.h"

#include <hokey/eap.h>
#include <hokey/key.h>

#include "crypto/crypto.h"

#define RANDOM_LEN 32

static const uint8_t context_1_3 = HK_EAP_TYPE_TLS;

static bool export(SSL *ssl, const char *label, bool with_context, uint8_t *out, size_t len)
{
	return SSL_export_keying_material(ssl, out, len, label, strlen(label), &context_1_3,
		       with_context ? 1 : 0, with_context) == 1;
}

/*
 * The exporter of RFC 5705 without a context is, in TLS 1.2, the PRF of RFC
 * 5216 over client and server random.
 */
static bool derive_1_2(SSL *ssl, uint8_t material[2 * HK_EAP_TLS_KEY_LEN],
	uint8_t session_id[HK_EAP_TLS_SESSION_ID_LEN])
{
	session_id[0] = HK_EAP_TYPE_TLS;
	return SSL_get_client_random(ssl, session_id + 1, RANDOM_LEN) == RANDOM_LEN &&
	       SSL_get_server_random(ssl, session_id + 1 + RANDOM_LEN, RANDOM_LEN) == RANDOM_LEN &&
	       export(ssl, "client EAP encryption", false, material, 2 * HK_EAP_TLS_KEY_LEN);
}

/* The lengths go into the derivation: asking for less gives other octets. */
static bool derive_1_3(SSL *ssl, uint8_t material[2 * HK_EAP_TLS_KEY_LEN],
	uint8_t session_id[HK_EAP_TLS_SESSION_ID_LEN])
{
	session_id[0] = HK_EAP_TYPE_TLS;
	return export(ssl, "EXPORTER_EAP_TLS_Method-Id", true, session_id + 1,
		       HK_EAP_TLS_SESSION_ID_LEN - 1) &&
	       export(ssl, "EXPORTER_EAP_TLS_Key_Material", true, material, 2 * HK_EAP_TLS_KEY_LEN);
}

enum hk_err hk_eap_tls_keys(SSL *ssl, hk_time now, hk_time expires, struct hk_eap_result *out)
{
	uint8_t material[2 * HK_EAP_TLS_KEY_LEN];
	enum hk_err err = HK_ERR_CRYPTO;
	bool derived;

	derived = SSL_version(ssl) == TLS1_3_VERSION ? derive_1_3(ssl, material, out->session_id)
						     : derive_1_2(ssl, material, out->session_id);
	out->session_id_len = HK_EAP_TLS_SESSION_ID_LEN;
	if (derived)
		err = hk_key_import_msk(
			hk_bytes(material, HK_EAP_TLS_KEY_LEN), now, expires, &out->msk);
	if (!err)
		err = hk_key_import_emsk(NULL, hk_bytes(out->session_id, out->session_id_len),
			hk_bytes(material + HK_EAP_TLS_KEY_LEN, HK_EAP_TLS_KEY_LEN), now, expires,
			&out->emsk);
	hk_wipe(material, sizeof material);
	if (err && out->msk) {
		hk_key_free(out->msk);
		out->msk = NULL;
	}
	return err;
}
