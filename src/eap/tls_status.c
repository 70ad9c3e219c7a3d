/* SPDX-License-Identifier: ISC */
#include "eap/tls_status.h"

#include <openssl/ocsp.h>

#include <stdio.h>

/* An unreachable responder is not asked again by everybody at once. */
#define KEEP_UNAVAILABLE (60 * HK_SECOND)

/* Certificates whose status matters: all but the anchor. */
static int count(STACK_OF(X509) *path)
{
	return sk_X509_num(path) - 1;
}

static bool tolerates_silence(const struct hk_tls_context *context)
{
	return context->ocsp == HK_OCSP_SOFT;
}

/* Just answered, from memory, or because there is nobody to ask. */
static bool find_verdict(struct hk_tls *tls, X509 *certificate, enum hk_ocsp_verdict *verdict)
{
	const struct hk_tls_context *context = tls->context;

	if (tls->ocsp_answered) {
		tls->ocsp_answered = false;
		*verdict = tls->ocsp_verdict;
		return true;
	}
	if (hk_ocsp_cache_get(context->ocsp_cache, certificate, tls->now, verdict))
		return true;
	if (context->ocsp_url) {
		snprintf(tls->ocsp_url, sizeof tls->ocsp_url, "%s", context->ocsp_url);
		return false;
	}
	if (hk_ocsp_responder(certificate, tls->ocsp_url, sizeof tls->ocsp_url))
		return false;
	/* with check_crl it was looked up in a current CRL */
	*verdict = context->check_crl ? HK_OCSP_GOOD : HK_OCSP_UNAVAILABLE;
	return true;
}

static enum hk_tls_status judge(struct hk_tls *tls, X509 *certificate, enum hk_ocsp_verdict verdict)
{
	char subject[128];

	if (verdict == HK_OCSP_GOOD)
		return HK_TLS_STATUS_GOOD;
	if (verdict == HK_OCSP_UNAVAILABLE && tolerates_silence(tls->context))
		return HK_TLS_STATUS_GOOD;
	hk_name_text(X509_get_subject_name(certificate), subject, sizeof subject);
	if (verdict == HK_OCSP_REVOKED) {
		hk_failure_set(tls->owner.failure, HK_ERR_DENIED,
			"certificate \"%s\": revoked, says OCSP", subject);
		return HK_TLS_STATUS_REVOKED;
	}
	hk_failure_set(tls->owner.failure, HK_ERR_TLS,
		"certificate \"%s\": no valid OCSP response about it", subject);
	return HK_TLS_STATUS_NOT_KNOWN;
}

static enum hk_tls_status ask(struct hk_tls *tls, X509 *certificate, X509 *issuer)
{
	OPENSSL_free(tls->ocsp_request);
	if (hk_ocsp_request(certificate, issuer, &tls->ocsp_request, &tls->ocsp_request_len))
		return judge(tls, certificate, HK_OCSP_UNAVAILABLE);
	return HK_TLS_STATUS_ASK;
}

enum hk_tls_status hk_tls_status(struct hk_tls *tls)
{
	STACK_OF(X509) *path = SSL_get0_verified_chain(tls->ssl);

	if (tls->context->ocsp == HK_OCSP_OFF || hk_tls_resumed(tls))
		return HK_TLS_STATUS_GOOD;
	for (; tls->ocsp_depth < count(path); tls->ocsp_depth++) {
		X509 *certificate = sk_X509_value(path, tls->ocsp_depth);
		enum hk_ocsp_verdict verdict;
		enum hk_tls_status status;

		if (!find_verdict(tls, certificate, &verdict))
			return ask(tls, certificate, sk_X509_value(path, tls->ocsp_depth + 1));
		status = judge(tls, certificate, verdict);
		if (status != HK_TLS_STATUS_GOOD)
			return status;
	}
	return HK_TLS_STATUS_GOOD;
}

void hk_tls_status_answer(struct hk_tls *tls, struct hk_bytes response)
{
	STACK_OF(X509) *path = SSL_get0_verified_chain(tls->ssl);
	X509 *certificate = sk_X509_value(path, tls->ocsp_depth);
	X509 *issuer = sk_X509_value(path, tls->ocsp_depth + 1);
	hk_time until;

	tls->ocsp_verdict = hk_ocsp_check(response, certificate, issuer, tls->now, &until);
	tls->ocsp_answered = true;
	if (tls->ocsp_verdict == HK_OCSP_UNAVAILABLE && !tolerates_silence(tls->context))
		return;
	if (tls->ocsp_verdict == HK_OCSP_UNAVAILABLE)
		until = tls->now + KEEP_UNAVAILABLE;
	hk_ocsp_cache_put(tls->context->ocsp_cache, certificate, tls->ocsp_verdict, until);
}

bool hk_tls_status_known(struct hk_tls *tls, STACK_OF(X509) *path)
{
	if (tls->context->ocsp == HK_OCSP_OFF)
		return true;
	for (int i = 0; i < count(path); i++) {
		enum hk_ocsp_verdict verdict;

		if (!find_verdict(tls, sk_X509_value(path, i), &verdict))
			return false;
		if (verdict == HK_OCSP_GOOD)
			continue;
		if (verdict == HK_OCSP_REVOKED || !tolerates_silence(tls->context))
			return false;
	}
	return true;
}

/* ---- the server's own certificate ---- */

enum hk_err hk_tls_context_set_staple(struct hk_tls_context *context, struct hk_bytes response)
{
	const unsigned char *at = response.data;
	OCSP_RESPONSE *parsed = d2i_OCSP_RESPONSE(NULL, &at, (long)response.len);
	bool good = parsed && OCSP_response_status(parsed) == OCSP_RESPONSE_STATUS_SUCCESSFUL;
	uint8_t *copy, *old;

	OCSP_RESPONSE_free(parsed);
	if (!good)
		return HK_ERR_MALFORMED;
	copy = malloc(response.len);
	if (!copy)
		return HK_ERR_NO_MEMORY;
	memcpy(copy, response.data, response.len);
	if (!CRYPTO_THREAD_write_lock(context->lock)) {
		free(copy);
		return HK_ERR_CRYPTO;
	}
	old = context->staple;
	context->staple = copy;
	context->staple_len = response.len;
	CRYPTO_THREAD_unlock(context->lock);
	free(old);
	return HK_OK;
}

int hk_tls_staple(SSL *ssl, void *arg)
{
	struct hk_tls *tls = SSL_get_app_data(ssl);
	struct hk_tls_context *context = tls->context;
	uint8_t *copy = NULL;
	size_t len;

	(void)arg;
	if (!CRYPTO_THREAD_read_lock(context->lock))
		return SSL_TLSEXT_ERR_NOACK;
	len = context->staple_len;
	if (len)
		copy = OPENSSL_memdup(context->staple, len);
	CRYPTO_THREAD_unlock(context->lock);
	if (!copy)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (int)len);
	return SSL_TLSEXT_ERR_OK;
}

/* ---- the peer ---- */

int hk_tls_check_staple(SSL *ssl, void *arg)
{
	struct hk_tls *tls = SSL_get_app_data(ssl);
	STACK_OF(X509) *path = SSL_get0_verified_chain(ssl);
	enum hk_ocsp_verdict verdict = HK_OCSP_UNAVAILABLE;
	const unsigned char *der = NULL;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
	hk_time until;

	(void)arg;
	if (SSL_session_reused(ssl))
		return 1;
	if (len > 0 && count(path) > 0)
		verdict = hk_ocsp_check(hk_bytes(der, (size_t)len), sk_X509_value(path, 0),
			sk_X509_value(path, 1), tls->now, &until);
	if (verdict == HK_OCSP_REVOKED) {
		hk_failure_set(tls->owner.failure, HK_ERR_DENIED,
			"the server's certificate is revoked, says its OCSP response");
		return 0;
	}
	if (verdict == HK_OCSP_UNAVAILABLE && tls->context->require_staple) {
		hk_failure_set(tls->owner.failure, HK_ERR_TLS,
			"the server brought no valid OCSP response");
		return 0;
	}
	return 1;
}
