/* SPDX-License-Identifier: ISC */
#include "eap/tls_ticket.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"
#include "eap/tls.h"
#include "eap/tls_verify.h"

/* When authenticated, until when that counts, the key of the certificate. */
#define APPDATA_LEN (8 + 8 + HK_CERT_KEY_LEN)

/*
 * Never sent: the number of the extension through which refuse() gets its word
 * in. From the range for private use (RFC 8446 section 11).
 */
#define REFUSAL_EXTENSION 0xfeed

/* ---- keys ---- */

enum { KEY_NONE = 0, KEY_CURRENT = 1, KEY_PREVIOUS = 2 };

static bool init_ciphers(const struct hk_ticket_key *key, const uint8_t *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, bool encrypt)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
			OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->mac, sizeof key->mac),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv, encrypt) == 1 &&
	       EVP_MAC_CTX_set_params(mac, params) == 1;
}

static int find_key(const struct hk_tls_context *context, const uint8_t *name)
{
	if (memcmp(context->ticket_keys[0].name, name, HK_TICKET_KEY_NAME_LEN) == 0)
		return KEY_CURRENT;
	if (context->has_previous_key &&
		memcmp(context->ticket_keys[1].name, name, HK_TICKET_KEY_NAME_LEN) == 0)
		return KEY_PREVIOUS;
	return KEY_NONE;
}

static int use_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, int encrypt)
{
	struct hk_tls *tls = SSL_get_app_data(ssl);
	struct hk_tls_context *context = tls->context;
	int which = KEY_CURRENT;

	if (encrypt && hk_random(iv, 16))
		return -1;
	if (!CRYPTO_THREAD_read_lock(context->lock))
		return -1;
	if (encrypt)
		memcpy(name, context->ticket_keys[0].name, HK_TICKET_KEY_NAME_LEN);
	else
		which = find_key(context, name);
	if (which != KEY_NONE &&
		!init_ciphers(&context->ticket_keys[which - 1], iv, cipher, mac, encrypt))
		which = -1;
	CRYPTO_THREAD_unlock(context->lock);
	return which;
}

static enum hk_err make_key(struct hk_ticket_key *key)
{
	return hk_random(key, sizeof *key);
}

enum hk_err hk_tls_context_rotate_ticket_key(struct hk_tls_context *context)
{
	struct hk_ticket_key fresh;
	enum hk_err err = make_key(&fresh);

	if (err)
		return err;
	if (!CRYPTO_THREAD_write_lock(context->lock)) {
		err = HK_ERR_CRYPTO;
	} else {
		context->ticket_keys[1] = context->ticket_keys[0];
		context->ticket_keys[0] = fresh;
		context->has_previous_key = true;
		CRYPTO_THREAD_unlock(context->lock);
	}
	hk_wipe(&fresh, sizeof fresh);
	return err;
}

enum hk_err hk_tls_context_inherit(struct hk_tls_context *context, struct hk_tls_context *from)
{
	if (!context->server || !from->server)
		return HK_ERR_ARGUMENT;
	if (!CRYPTO_THREAD_read_lock(from->lock))
		return HK_ERR_CRYPTO;
	memcpy(context->ticket_keys, from->ticket_keys, 2 * sizeof *context->ticket_keys);
	context->has_previous_key = from->has_previous_key;
	CRYPTO_THREAD_unlock(from->lock);
	if (context->certificates && from->certificates) {
		hk_cert_cache_free(context->certificates);
		context->certificates = hk_cert_cache_ref(from->certificates);
	}
	if (context->ocsp_cache && from->ocsp_cache) {
		hk_ocsp_cache_free(context->ocsp_cache);
		context->ocsp_cache = hk_ocsp_cache_ref(from->ocsp_cache);
	}
	return HK_OK;
}

/* ---- what a ticket says besides the session ---- */

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A chain of resumptions ends when a ticket of the full authentication would. */
static uint32_t lifetime_left(const struct hk_tls *tls)
{
	hk_time end = hk_time_add_s(tls->authenticated, tls->context->ticket_lifetime_s);

	return smaller(hk_time_left_s(end, tls->now),
		hk_time_left_s(hk_tls_keys_end(tls, HK_NEVER), tls->now));
}

/* The DER of a session, without its element [3], the certificate. Returns the new length. */
static size_t cut_certificate(uint8_t *der, size_t len)
{
	const uint8_t *at = der, *end = der + len;
	uint8_t *kept, *to;
	int tag, class;
	long n;

	if (ASN1_get_object(&at, &n, &tag, &class, (long)len) & 0x80)
		return 0;
	kept = to = der + (at - der);
	while (at < end) {
		const uint8_t *element = at;

		if (ASN1_get_object(&at, &n, &tag, &class, end - at) & 0x80)
			return 0;
		at += n;
		if (class == V_ASN1_CONTEXT_SPECIFIC && tag == 3)
			continue;
		memmove(to, element, (size_t)(at - element));
		to += at - element;
	}
	n = to - kept;
	to = der;
	/* the header has room: it was that of something longer */
	ASN1_put_object(&to, 1, (int)n, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	memmove(to, kept, (size_t)n);
	return (size_t)(to - der) + (size_t)n;
}

/*
 * Takes the peer's certificate out of the session, as there is no call that
 * does. The certificate cache has it, and this connection no use for it.
 */
static bool drop_certificate(SSL_SESSION *session)
{
	uint8_t *der = NULL;
	int len = i2d_SSL_SESSION(session, &der);
	const unsigned char *at = der;
	size_t left;
	bool done;

	if (len <= 0)
		return false;
	left = cut_certificate(der, (size_t)len);
	done = left && d2i_SSL_SESSION(&session, &at, (long)left) == session;
	OPENSSL_clear_free(der, (size_t)len);
	return done;
}

static int write_ticket(SSL *ssl, void *arg)
{
	struct hk_tls *tls = SSL_get_app_data(ssl);
	SSL_SESSION *session = SSL_get_session(ssl);
	uint8_t data[APPDATA_LEN];

	(void)arg;
	if (!tls->certificate ||
		!hk_cert_cache_put(tls->context->certificates, tls->certificate, data + 16))
		return 0;
	if (SSL_SESSION_get0_peer(session) && !drop_certificate(session))
		return 0;
	hk_store_u64(data, tls->authenticated);
	hk_store_u64(data + 8, tls->session_ends);
	SSL_SESSION_set_timeout(session, (long)lifetime_left(tls));
	return SSL_SESSION_set1_ticket_appdata(session, data, sizeof data);
}

static bool is_current(const struct hk_tls *tls)
{
	return tls->authenticated <= tls->now &&
	       tls->now < hk_time_add_s(tls->authenticated, tls->context->ticket_lifetime_s) &&
	       tls->now < tls->session_ends;
}

static bool read_appdata(struct hk_tls *tls, SSL_SESSION *session)
{
	const uint8_t *data;
	void *octets;
	size_t len;

	if (SSL_SESSION_get0_ticket_appdata(session, &octets, &len) != 1 || len != APPDATA_LEN)
		return false;
	data = octets;
	tls->authenticated = hk_load_u64(data);
	tls->session_ends = hk_load_u64(data + 8);
	X509_free(tls->certificate);
	tls->certificate = hk_cert_cache_get(tls->context->certificates, data + 16);
	return tls->certificate && is_current(tls);
}

/* All that held for the full authentication must still hold (RFC 9190 section 5.7). */
static bool may_resume(struct hk_tls *tls, SSL_SESSION *session)
{
	if (!read_appdata(tls, session) || !hk_verify_again(tls, tls->certificate))
		return false;
	tls->identity.who.resumed = true;
	return SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION ||
	       tls->owner.may_resume(tls->owner.arg, tls);
}

/* Whatever is not right about a ticket leads to a full handshake, not to an error. */
static SSL_TICKET_RETURN read_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *key_name,
	size_t key_name_len, SSL_TICKET_STATUS status, void *arg)
{
	struct hk_tls *tls = SSL_get_app_data(ssl);

	(void)key_name;
	(void)key_name_len;
	(void)arg;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (!may_resume(tls, session)) {
		tls->session_ends = HK_NEVER;
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	}
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* ---- the alert of hk_tls_refuse() ---- */

static int refuse(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *len,
	X509 *certificate, size_t index, int *alert, void *arg)
{
	struct hk_tls *tls = SSL_get_app_data(ssl);

	(void)type;
	(void)context;
	(void)out;
	(void)len;
	(void)certificate;
	(void)index;
	(void)arg;
	if (tls->refusal == HK_TLS_NO_ALERT)
		return 0;
	*alert = tls->refusal;
	return -1;
}

/* ---- */

/*
 * Tickets are not written by the handshake but by hk_tls_commit(): in TLS 1.3
 * OpenSSL would do it before anyone could say whether the peer may in.
 */
enum hk_err hk_ticket_setup(struct hk_tls_context *context)
{
	SSL_CTX *ctx = context->ssl_ctx;

	context->ticket_keys = OPENSSL_secure_zalloc(2 * sizeof *context->ticket_keys);
	if (!context->ticket_keys)
		return HK_ERR_NO_MEMORY;
	if (make_key(&context->ticket_keys[0]))
		return HK_ERR_CRYPTO;
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	if (!SSL_CTX_add_custom_ext(ctx, REFUSAL_EXTENSION, SSL_EXT_TLS1_3_NEW_SESSION_TICKET,
		    refuse, NULL, NULL, NULL, NULL))
		return HK_ERR_CRYPTO;
	if (!context->ticket_lifetime_s) {
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		return HK_OK;
	}
	context->certificates = hk_cert_cache_new();
	if (!context->certificates)
		return HK_ERR_NO_MEMORY;
	SSL_CTX_set_timeout(ctx, (long)context->ticket_lifetime_s);
	if (!SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, use_key) ||
		!SSL_CTX_set_session_ticket_cb(ctx, write_ticket, read_ticket, NULL))
		return HK_ERR_CRYPTO;
	return HK_OK;
}

void hk_ticket_keys_free(struct hk_tls_context *context)
{
	OPENSSL_secure_clear_free(context->ticket_keys, 2 * sizeof *context->ticket_keys);
}
