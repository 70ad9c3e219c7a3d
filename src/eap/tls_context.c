/* SPDX-License-Identifier: ISC */
#include "eap/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <stdio.h>

#include "crypto/pem.h"
#include "eap/tls.h"
#include "eap/tls_status.h"
#include "eap/tls_ticket.h"
#include "eap/tls_verify.h"

/* AEAD with forward secrecy only (RFC 9325 section 4.2). */
#define CIPHERS_1_2                                                                                \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                               \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                               \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define CIPHERS_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS      "X25519:P-256:P-384"
#define SIGNATURES                                                                                 \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"                                    \
	"rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"                             \
	"rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"                                \
	"RSA+SHA256:RSA+SHA384:RSA+SHA512"
#define SECURITY_LEVEL 2 /* 112 bits: RSA of 2048, no SHA-1 */

static const uint8_t session_context[] = "hokey EAP-TLS";

/* Sets the words, with what OpenSSL has to say, and passes the error on. */
static enum hk_err explain(struct hk_tls_error *error, enum hk_err err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (reason)
		snprintf(error->text, sizeof error->text, "%s: %s", what, reason);
	else
		snprintf(error->text, sizeof error->text, "%s", what);
	ERR_clear_error();
	return err;
}

static bool is_self_signed(X509 *certificate)
{
	return X509_get_extension_flags(certificate) & EXFLAG_SS;
}

/* ---- trust ---- */

static bool add_anchor(struct hk_tls_context *context, X509 *anchor)
{
	return X509_STORE_add_cert(SSL_CTX_get_cert_store(context->ssl_ctx), anchor) == 1 &&
	       (!context->server || SSL_CTX_add_client_CA(context->ssl_ctx, anchor) == 1);
}

static enum hk_err add_anchors(struct hk_tls_context *context, struct hk_bytes ca, bool *has_root,
	struct hk_tls_error *error)
{
	STACK_OF(X509) *all = NULL;
	enum hk_err err = hk_pem_certificates(ca, &all);

	if (err == HK_ERR_ARGUMENT)
		return explain(error, err, "CA certificates: there are none");
	for (int i = 0; !err && i < sk_X509_num(all); i++) {
		X509 *anchor = sk_X509_value(all, i);

		*has_root = *has_root || is_self_signed(anchor);
		err = add_anchor(context, anchor) ? HK_OK : HK_ERR_MALFORMED;
	}
	sk_X509_pop_free(all, X509_free);
	return err ? explain(error, err, "CA certificates") : HK_OK;
}

static enum hk_err add_crls(
	struct hk_tls_context *context, struct hk_bytes text, struct hk_tls_error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context->ssl_ctx);
	STACK_OF(X509_CRL) *all = NULL;
	enum hk_err err = hk_pem_crls(text, &all);

	if (err == HK_ERR_ARGUMENT)
		return explain(error, err, "CRL: there is none");
	for (int i = 0; !err && i < sk_X509_CRL_num(all); i++)
		err = X509_STORE_add_crl(store, sk_X509_CRL_value(all, i)) == 1 ? HK_OK
										: HK_ERR_MALFORMED;
	sk_X509_CRL_pop_free(all, X509_CRL_free);
	return err ? explain(error, err, "CRL") : HK_OK;
}

static enum hk_err set_trust(struct hk_tls_context *context, const struct hk_tls_config *config,
	struct hk_tls_error *error)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context->ssl_ctx);
	bool has_root = false;
	enum hk_err err = add_anchors(context, config->credentials.ca, &has_root, error);

	if (err)
		return err;
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	/* with a root there, a path that ends earlier would leave CAs unchecked */
	if (!has_root)
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);

	if (config->credentials.crl.len) {
		err = add_crls(context, config->credentials.crl, error);
		if (err)
			return err;
		X509_VERIFY_PARAM_set_flags(
			param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	} else if (config->check_crl) {
		return explain(error, HK_ERR_ARGUMENT, "CRLs are to be checked, but there is none");
	}

	if (config->server_name) {
		X509_VERIFY_PARAM_set_hostflags(
			param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS);
		if (!X509_VERIFY_PARAM_set1_host(param, config->server_name, 0))
			return explain(error, HK_ERR_ARGUMENT, "server name");
	}
	SSL_CTX_set_cert_verify_callback(context->ssl_ctx, hk_verify_chain, NULL);
	SSL_CTX_set_verify(
		context->ssl_ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return HK_OK;
}

/* ---- our own certificate ---- */

static void note_end(struct hk_tls_context *context, X509 *certificate)
{
	hk_time end = hk_asn1_time(X509_get0_notAfter(certificate));

	if (end < context->expires)
		context->expires = end;
}

/* Our certificate, then intermediates. The root is known to who trusts it, so it is not sent. */
static enum hk_err use_chain(
	struct hk_tls_context *context, struct hk_bytes text, struct hk_tls_error *error)
{
	STACK_OF(X509) *chain = NULL;
	enum hk_err err = hk_pem_certificates(text, &chain);
	bool used = true;

	if (err == HK_ERR_ARGUMENT)
		return explain(error, err, "certificate: there is none");
	for (int i = 0; used && !err && i < sk_X509_num(chain); i++) {
		X509 *certificate = sk_X509_value(chain, i);

		note_end(context, certificate);
		if (i == 0)
			used = SSL_CTX_use_certificate(context->ssl_ctx, certificate) == 1;
		else if (!is_self_signed(certificate))
			used = SSL_CTX_add1_chain_cert(context->ssl_ctx, certificate) == 1;
	}
	sk_X509_pop_free(chain, X509_free);
	if (!err && used)
		return HK_OK;
	return explain(error, err ? err : HK_ERR_MALFORMED, "certificate");
}

static enum hk_err use_key(
	struct hk_tls_context *context, struct hk_bytes text, struct hk_tls_error *error)
{
	EVP_PKEY *key = hk_pem_key(text);
	bool used;

	if (!key)
		return explain(error, HK_ERR_MALFORMED, "private key");
	used = SSL_CTX_use_PrivateKey(context->ssl_ctx, key) == 1;
	EVP_PKEY_free(key);
	return used ? HK_OK
		    : explain(error, HK_ERR_ARGUMENT, "private key does not fit the certificate");
}

static enum hk_err check_own_certificate(
	struct hk_tls_context *context, hk_time now, struct hk_tls_error *error)
{
	X509 *certificate = SSL_CTX_get0_certificate(context->ssl_ctx);
	uint32_t usage = X509_get_extended_key_usage(certificate);

	if (context->expires <= now)
		return explain(error, HK_ERR_EXPIRED, "certificate or its CA has expired");
	if (!(usage & (XKU_SSL_SERVER | XKU_ANYEKU)))
		return explain(error, HK_ERR_ARGUMENT, "certificate is not for servers");
	return HK_OK;
}

static enum hk_err set_own_certificate(struct hk_tls_context *context,
	const struct hk_tls_credentials *credentials, hk_time now, struct hk_tls_error *error)
{
	enum hk_err err;

	context->expires = HK_NEVER;
	if (!credentials->certificate.len && !context->server)
		return HK_OK;
	err = use_chain(context, credentials->certificate, error);
	if (!err)
		err = use_key(context, credentials->key, error);
	if (!err && context->server)
		err = check_own_certificate(context, now, error);
	return err;
}

/* ---- protocol ---- */

static enum hk_err set_protocol(struct hk_tls_context *context, const struct hk_tls_config *config,
	struct hk_tls_error *error)
{
	SSL_CTX *ctx = context->ssl_ctx;
	const char *ciphers_1_2 = config->ciphers_1_2 ? config->ciphers_1_2 : CIPHERS_1_2;
	const char *ciphers_1_3 = config->ciphers_1_3 ? config->ciphers_1_3 : CIPHERS_1_3;
	const char *groups = config->groups ? config->groups : GROUPS;

	if (config->min_version < HK_TLS_1_2 || config->max_version > HK_TLS_1_3 ||
		config->min_version > config->max_version)
		return explain(error, HK_ERR_ARGUMENT, "TLS versions");
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	/* no middlebox sees these records */
	SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_session_id_context(ctx, session_context, sizeof session_context - 1);
	if (!SSL_CTX_set_min_proto_version(ctx, (int)config->min_version) ||
		!SSL_CTX_set_max_proto_version(ctx, (int)config->max_version))
		return explain(error, HK_ERR_ARGUMENT, "TLS versions");
	if (!SSL_CTX_set_cipher_list(ctx, ciphers_1_2))
		return explain(error, HK_ERR_ARGUMENT, "TLS 1.2 ciphers");
	if (!SSL_CTX_set_ciphersuites(ctx, ciphers_1_3))
		return explain(error, HK_ERR_ARGUMENT, "TLS 1.3 ciphers");
	if (!SSL_CTX_set1_groups_list(ctx, groups))
		return explain(error, HK_ERR_ARGUMENT, "TLS groups");
	if (!SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES))
		return explain(error, HK_ERR_CRYPTO, "signature algorithms");
	return HK_OK;
}

static void note_alert(const SSL *ssl, int where, int value)
{
	struct hk_tls *tls = SSL_get_app_data(ssl);

	if (!(where & SSL_CB_ALERT))
		return;
	if (where & SSL_CB_READ)
		tls->alert_received = value & 0xff;
	else
		tls->alert_sent = value & 0xff;
}

/* The peer keeps the newest ticket. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct hk_tls *tls = SSL_get_app_data(ssl);

	SSL_SESSION_free(tls->session);
	tls->session = session;
	return 1;
}

static enum hk_err set_sessions(struct hk_tls_context *context, struct hk_tls_error *error)
{
	if (context->server) {
		if (context->ticket_lifetime_s > HK_TICKET_LIFETIME_MAX)
			return explain(error, HK_ERR_ARGUMENT, "tickets live a week at most");
		if (hk_ticket_setup(context))
			return explain(error, HK_ERR_CRYPTO, "tickets");
		return HK_OK;
	}
	SSL_CTX_set_session_cache_mode(
		context->ssl_ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context->ssl_ctx, keep_session);
	return HK_OK;
}

/* ---- OCSP ---- */

static enum hk_err set_server_ocsp(struct hk_tls_context *context,
	const struct hk_tls_config *config, struct hk_tls_error *error)
{
	const struct hk_bytes staple = config->credentials.ocsp_staple;

	SSL_CTX_set_tlsext_status_cb(context->ssl_ctx, hk_tls_staple);
	if (staple.len && hk_tls_context_set_staple(context, staple))
		return explain(error, HK_ERR_MALFORMED, "OCSP response for our certificate");
	if (config->ocsp == HK_OCSP_OFF)
		return HK_OK;
	if (config->ocsp_url && strlen(config->ocsp_url) > HK_OCSP_URL_MAX)
		return explain(error, HK_ERR_TOO_LONG, "OCSP URL");
	context->ocsp = config->ocsp;
	context->ocsp_url = config->ocsp_url ? strdup(config->ocsp_url) : NULL;
	context->ocsp_cache = hk_ocsp_cache_new();
	if (!context->ocsp_cache || (config->ocsp_url && !context->ocsp_url))
		return explain(error, HK_ERR_NO_MEMORY, "OCSP");
	return HK_OK;
}

static enum hk_err set_ocsp(struct hk_tls_context *context, const struct hk_tls_config *config,
	struct hk_tls_error *error)
{
	if (context->server)
		return set_server_ocsp(context, config, error);
	context->require_staple = config->require_staple;
	SSL_CTX_set_tlsext_status_type(context->ssl_ctx, TLSEXT_STATUSTYPE_ocsp);
	SSL_CTX_set_tlsext_status_cb(context->ssl_ctx, hk_tls_check_staple);
	return HK_OK;
}

/* ---- */

static enum hk_err set_up(struct hk_tls_context *context, const struct hk_tls_config *config,
	hk_time now, struct hk_tls_error *error)
{
	enum hk_err err = set_protocol(context, config, error);

	if (!err)
		err = set_own_certificate(context, &config->credentials, now, error);
	if (!err)
		err = set_trust(context, config, error);
	if (!err)
		err = set_sessions(context, error);
	if (!err)
		err = set_ocsp(context, config, error);
	if (!err)
		SSL_CTX_set_info_callback(context->ssl_ctx, note_alert);
	return err;
}

enum hk_err hk_tls_context_new(bool server, const struct hk_tls_config *config, hk_time now,
	struct hk_tls_context **out, struct hk_tls_error *error)
{
	struct hk_tls_context *context = calloc(1, sizeof *context);
	enum hk_err err = HK_ERR_NO_MEMORY;

	error->text[0] = 0;
	ERR_clear_error();
	if (!context)
		return HK_ERR_NO_MEMORY;
	context->server = server;
	context->check_crl = config->check_crl;
	context->require_ems = config->require_ems;
	context->ticket_lifetime_s = config->ticket_lifetime_s;
	atomic_init(&context->references, 1);
	context->ssl_ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	context->lock = CRYPTO_THREAD_lock_new();
	if (context->ssl_ctx && context->lock)
		err = set_up(context, config, now, error);
	if (err) {
		hk_tls_context_free(context);
		return err;
	}
	*out = context;
	return HK_OK;
}

struct hk_tls_context *hk_tls_context_ref(struct hk_tls_context *context)
{
	atomic_fetch_add(&context->references, 1);
	return context;
}

void hk_tls_context_free(struct hk_tls_context *context)
{
	if (!context || atomic_fetch_sub(&context->references, 1) != 1)
		return;
	SSL_CTX_free(context->ssl_ctx);
	hk_cert_cache_free(context->certificates);
	hk_ticket_keys_free(context);
	CRYPTO_THREAD_lock_free(context->lock);
	hk_ocsp_cache_free(context->ocsp_cache);
	free(context->ocsp_url);
	free(context->staple);
	free(context);
}

hk_time hk_tls_context_expires(const struct hk_tls_context *context)
{
	return context->expires;
}
