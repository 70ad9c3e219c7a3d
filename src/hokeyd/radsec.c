/* SPDX-License-Identifier: ISC */
#include "hokeyd/radsec.h"

#include "crypto/crypto.h"
#include "crypto/pem.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>

#define CIPHERS_1_2                                                                                \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                               \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                               \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
/* Those with SHA-256 first: pre-shared keys are bound to that hash. */
#define CIPHERS_1_3 "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
#define CIPHERS_PSK "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS      "X25519:P-256:P-384"
/* OpenSSL wants one with pre-shared keys, which it takes for sessions. */
#define SESSION_CONTEXT     ((const unsigned char *)"radsec")
#define SESSION_CONTEXT_LEN 6

/* ---- the context ---- */

static void explain_openssl(const char *what, char *why, size_t size)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	snprintf(why, size, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
	ERR_clear_error();
}

/* A CA need not have a list. */
static int pass_without_list(int ok, X509_STORE_CTX *x)
{
	if (ok || X509_STORE_CTX_get_error(x) != X509_V_ERR_UNABLE_TO_GET_CRL)
		return ok;
	X509_STORE_CTX_set_error(x, X509_V_OK);
	return 1;
}

static bool set_profile(SSL_CTX *ctx, const struct hk_radsec_config *config)
{
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
		config->check_crl ? NULL : pass_without_list);
	return SSL_CTX_set_session_id_context(ctx, SESSION_CONTEXT, SESSION_CONTEXT_LEN) == 1 &&
	       SSL_CTX_set_min_proto_version(ctx, config->min_version) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, CIPHERS_1_2) == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, CIPHERS_1_3) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, GROUPS) == 1;
}

static bool use_certificates(SSL_CTX *ctx, struct hk_bytes text)
{
	STACK_OF(X509) *chain = NULL;
	bool ok = hk_pem_certificates(text, &chain) == HK_OK &&
		  SSL_CTX_use_certificate(ctx, sk_X509_value(chain, 0)) == 1;

	for (int i = 1; ok && i < sk_X509_num(chain); i++)
		ok = SSL_CTX_add1_chain_cert(ctx, sk_X509_value(chain, i)) == 1;
	sk_X509_pop_free(chain, X509_free);
	return ok;
}

static bool use_key(SSL_CTX *ctx, struct hk_bytes text)
{
	EVP_PKEY *key = hk_pem_key(text);
	bool ok =
		key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;

	EVP_PKEY_free(key);
	return ok;
}

/* Trusted, and named to those who come in. */
static bool trust(SSL_CTX *ctx, struct hk_bytes text)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	STACK_OF(X509) *all = NULL;
	bool ok = hk_pem_certificates(text, &all) == HK_OK;

	for (int i = 0; ok && i < sk_X509_num(all); i++)
		ok = X509_STORE_add_cert(store, sk_X509_value(all, i)) == 1 &&
		     SSL_CTX_add_client_CA(ctx, sk_X509_value(all, i)) == 1;
	sk_X509_pop_free(all, X509_free);
	return ok;
}

static bool use_lists(SSL_CTX *ctx, struct hk_bytes text)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	STACK_OF(X509_CRL) *all = NULL;
	bool ok = hk_pem_crls(text, &all) == HK_OK;

	for (int i = 0; ok && i < sk_X509_CRL_num(all); i++)
		ok = X509_STORE_add_crl(store, sk_X509_CRL_value(all, i)) == 1;
	sk_X509_CRL_pop_free(all, X509_CRL_free);
	return ok;
}

/* A list that is there counts, whether or not every CA has to have one. */
static void set_checks(SSL_CTX *ctx, bool has_lists)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

	X509_VERIFY_PARAM_set_hostflags(
		param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (has_lists)
		X509_VERIFY_PARAM_set_flags(
			param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

/* ---- pre-shared keys ---- */

/* As if an earlier session had left that key: how OpenSSL takes them in TLS 1.3. */
static SSL_SESSION *session_of(SSL *ssl, const uint8_t *key, size_t len)
{
	static const unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};
	const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, aes_128_gcm_sha256);
	SSL_SESSION *session = SSL_SESSION_new();

	if (session && cipher && SSL_SESSION_set1_master_key(session, key, len) &&
		SSL_SESSION_set1_id_context(session, SESSION_CONTEXT, SESSION_CONTEXT_LEN) &&
		SSL_SESSION_set_cipher(session, cipher) &&
		SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION))
		return session;
	SSL_SESSION_free(session);
	return NULL;
}

/*
 * An unknown identity is given a key that nobody has, so that it fails just as
 * a wrong key does.
 */
static int on_psk_offered(SSL *ssl, const unsigned char *identity, size_t len, SSL_SESSION **out)
{
	struct hk_radsec_guests *guests = SSL_get_app_data(ssl);
	const struct hk_tls_peer *peer;
	uint8_t nobody[32];

	*out = NULL;
	if (!guests || !guests->any_psk)
		return 1;
	if (hk_random(nobody, sizeof(nobody)))
		return 0;
	peer = guests->find_psk(guests->arg, (const char *)identity, len);
	snprintf(guests->identity, sizeof(guests->identity), "%s", peer ? peer->psk_identity : "");
	*out = peer ? session_of(ssl, peer->psk, peer->psk_len)
		    : session_of(ssl, nobody, sizeof(nobody));
	return *out != NULL;
}

static int on_psk_wanted(
	SSL *ssl, const EVP_MD *md, const unsigned char **identity, size_t *len, SSL_SESSION **out)
{
	const struct hk_tls_peer *const *place = SSL_get_app_data(ssl);
	const struct hk_tls_peer *peer = place ? *place : NULL;

	*out = NULL;
	*identity = NULL;
	*len = 0;
	if (!peer || !peer->psk_identity || (md && EVP_MD_get_type(md) != NID_sha256))
		return 1;
	*out = session_of(ssl, peer->psk, peer->psk_len);
	*identity = (const unsigned char *)peer->psk_identity;
	*len = strlen(peer->psk_identity);
	return *out != NULL;
}

enum hk_err hk_radsec_context_new(const struct hk_radsec_files *files,
	const struct hk_radsec_config *config, SSL_CTX **out, char *why, size_t why_size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	const char *what = NULL;

	ERR_clear_error();
	if (!ctx || !set_profile(ctx, config))
		what = "TLS cannot be set up";
	else if (files->certificate.data &&
		 !use_certificates(ctx, hk_file_bytes(&files->certificate)))
		what = "certificate";
	else if (files->key.data && !use_key(ctx, hk_file_bytes(&files->key)))
		what = "key";
	else if (files->ca.data && !trust(ctx, hk_file_bytes(&files->ca)))
		what = "ca";
	else if (files->crl.data && !use_lists(ctx, hk_file_bytes(&files->crl)))
		what = "crl";
	if (what) {
		explain_openssl(what, why, why_size);
		SSL_CTX_free(ctx);
		return HK_ERR_MALFORMED;
	}
	set_checks(ctx, files->crl.data != NULL);
	SSL_CTX_set_psk_find_session_callback(ctx, on_psk_offered);
	SSL_CTX_set_psk_use_session_callback(ctx, on_psk_wanted);
	*out = ctx;
	return HK_OK;
}

/* ---- connections ---- */

SSL *hk_radsec_new_server(SSL_CTX *context, struct hk_radsec_guests *guests)
{
	SSL *ssl = SSL_new(context);

	if (!ssl)
		return NULL;
	SSL_set_app_data(ssl, guests);
	SSL_set_accept_state(ssl);
	return ssl;
}

/* The name or address that its certificate must have. */
static bool expect_name(
	SSL *ssl, const struct hk_tls_peer *peer, const struct sockaddr_storage *address)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (peer->name)
		return SSL_set1_host(ssl, peer->name) == 1 &&
		       SSL_set_tlsext_host_name(ssl, peer->name) == 1;
	if (peer->has_fingerprint || peer->psk_identity)
		return true;
	if (address->ss_family == AF_INET6)
		return X509_VERIFY_PARAM_set1_ip(param,
			       (const unsigned char *)&((const struct sockaddr_in6 *)address)
				       ->sin6_addr,
			       16) == 1;
	return X509_VERIFY_PARAM_set1_ip(param,
		       (const unsigned char *)&((const struct sockaddr_in *)address)->sin_addr,
		       4) == 1;
}

static SSL *new_client(SSL_CTX *context, const struct hk_tls_peer *const *peer,
	const struct sockaddr_storage *address)
{
	SSL *ssl = SSL_new(context);
	bool ok = ssl && expect_name(ssl, *peer, address);

	if (ok && (*peer)->psk_identity)
		ok = SSL_set_min_proto_version(ssl, TLS1_3_VERSION) == 1 &&
		     SSL_set_ciphersuites(ssl, CIPHERS_PSK) == 1;
	if (!ok) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_app_data(ssl, (void *)(uintptr_t)peer);
	SSL_set_connect_state(ssl);
	return ssl;
}

static bool has_fingerprint(X509 *x, const struct hk_tls_peer *peer)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return X509_digest(x, EVP_sha256(), digest, &len) == 1 && len == HK_FINGERPRINT_LEN &&
	       memcmp(digest, peer->fingerprint, len) == 0;
}

static bool has_name(X509 *x, const char *name)
{
	return X509_check_host(x, name, 0,
		       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
		       NULL) == 1;
}

/* With a pre-shared key the handshake counts as a resumption; other resumptions are off. */
bool hk_radsec_is_peer(SSL *ssl, const struct hk_tls_peer *peer, const char *psk_identity)
{
	X509 *x;

	if (SSL_session_reused(ssl) || peer->psk_identity)
		return SSL_session_reused(ssl) && peer->psk_identity && psk_identity &&
		       strcmp(peer->psk_identity, psk_identity) == 0;
	x = SSL_get0_peer_certificate(ssl);
	return x && SSL_get_verify_result(ssl) == X509_V_OK &&
	       (!peer->has_fingerprint || has_fingerprint(x, peer)) &&
	       (!peer->name || has_name(x, peer->name));
}

enum hk_err hk_radsec_check(SSL *ssl, char *why, size_t why_size)
{
	if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) {
		snprintf(why, why_size, "TLS 1.2 without extended master secret");
		return HK_ERR_TLS;
	}
	return HK_OK;
}

struct bufferevent *hk_radsec_connect(struct event_base *base,
	const struct hk_home_server_config *server, const struct hk_tls_peer *const *peer,
	bufferevent_data_cb on_read, bufferevent_event_cb on_event, void *arg)
{
	SSL *ssl = new_client(server->tls->context, peer, &server->address);
	struct bufferevent *bev =
		ssl ? bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_CONNECTING,
			      BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS)
		    : NULL;

	if (!bev) {
		SSL_free(ssl);
		return NULL;
	}
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	bufferevent_setcb(bev, on_read, NULL, on_event, arg);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(
		    bev, (const struct sockaddr *)&server->address, (int)server->address_len) == 0)
		return bev;
	bufferevent_free(bev);
	return NULL;
}

enum hk_err hk_radsec_connected(
	struct bufferevent *bev, const struct hk_tls_peer *peer, char *why, size_t why_size)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	enum hk_err err = hk_radsec_check(ssl, why, why_size);

	if (err)
		return err;
	/* The name was checked by OpenSSL; its own, not that of another peer. */
	if (!hk_radsec_is_peer(ssl, peer, peer->psk_identity)) {
		snprintf(why, why_size, "its certificate or key is not that of this server");
		return HK_ERR_TLS;
	}
	hk_radsec_tune(bufferevent_getfd(bev));
	return HK_OK;
}

void hk_radsec_explain(struct bufferevent *bev, short what, char *why, size_t why_size)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	unsigned long e = bufferevent_get_openssl_error(bev);
	long verify = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
	const char *reason = e ? ERR_reason_error_string(e) : NULL;
	int error = EVUTIL_SOCKET_ERROR();

	if (verify != X509_V_OK)
		snprintf(why, why_size, "certificate: %s", X509_verify_cert_error_string(verify));
	else if (reason)
		snprintf(why, why_size, "TLS: %s", reason);
	else if (what & BEV_EVENT_TIMEOUT)
		snprintf(why, why_size, "timed out");
	else if (what & BEV_EVENT_EOF)
		snprintf(why, why_size, "closed by the other end");
	else
		snprintf(why, why_size, "%s", error ? strerror(error) : "connection lost");
	ERR_clear_error();
}

void hk_radsec_tune(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* RFC 6613 section 2.6.4: boundaries are those of the Length field, and of nothing else. */
size_t hk_radsec_next(struct evbuffer *stream, uint8_t packet[HK_RADIUS_MAX_LEN], enum hk_err *err)
{
	uint8_t head[4];
	size_t len;

	*err = HK_OK;
	if (evbuffer_copyout(stream, head, sizeof(head)) < (ev_ssize_t)sizeof(head))
		return 0;
	len = hk_load_u16(head + 2);
	if (len < HK_RADIUS_HEADER_LEN || len > HK_RADIUS_MAX_LEN) {
		*err = HK_ERR_MALFORMED;
		return 0;
	}
	if (evbuffer_get_length(stream) < len)
		return 0;
	evbuffer_remove(stream, packet, len);
	return len;
}
