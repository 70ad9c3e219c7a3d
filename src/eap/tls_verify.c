/* SPDX-License-Identifier: ISC */
#include "eap/tls_verify.h"

#include "eap/tls_status.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

static struct hk_tls *connection(X509_STORE_CTX *x)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());

	return SSL_get_app_data(ssl);
}

/* OpenSSL does not count anyExtendedKeyUsage as clientAuth or serverAuth. */
static bool allows_any_usage(X509 *certificate, int depth)
{
	if (!(X509_get_extended_key_usage(certificate) & XKU_ANYEKU))
		return false;
	if (depth > 0)
		return X509_check_ca(certificate) > 0;
	return X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE;
}

static bool is_last(X509_STORE_CTX *x)
{
	return X509_STORE_CTX_get_error_depth(x) == sk_X509_num(X509_STORE_CTX_get0_chain(x)) - 1;
}

static int judge(int ok, X509_STORE_CTX *x)
{
	bool good = false;

	if (ok)
		return 1;
	switch (X509_STORE_CTX_get_error(x)) {
	case X509_V_ERR_INVALID_PURPOSE:
		good = allows_any_usage(
			X509_STORE_CTX_get_current_cert(x), X509_STORE_CTX_get_error_depth(x));
		break;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		/* an anchor is trusted because it is configured; who could revoke it? */
		good = !connection(x)->context->check_crl || is_last(x);
		break;
	default:
		break;
	}
	if (good)
		X509_STORE_CTX_set_error(x, X509_V_OK);
	return good;
}

static void prepare(X509_STORE_CTX *x, hk_time now)
{
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(x), (time_t)(now / HK_SECOND));
	X509_STORE_CTX_set_verify_cb(x, judge);
}

static bool is_our_fault(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
		return true;
	default:
		return false;
	}
}

static enum hk_err error_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return HK_ERR_EXPIRED;
	case X509_V_ERR_CERT_REVOKED:
		return HK_ERR_DENIED;
	default:
		return HK_ERR_TLS;
	}
}

static void note_cause(struct hk_tls *tls, X509_STORE_CTX *x)
{
	int error = X509_STORE_CTX_get_error(x);
	X509 *at = X509_STORE_CTX_get_current_cert(x);
	char subject[128];

	hk_name_text(at ? X509_get_subject_name(at) : NULL, subject, sizeof subject);
	hk_failure_set(tls->owner.failure, error_of(error), "certificate \"%s\" (depth %d): %s",
		subject, X509_STORE_CTX_get_error_depth(x), X509_verify_cert_error_string(error));
	/* a stale CRL must not be told to the peer as an end of its certificate */
	if (is_our_fault(error))
		X509_STORE_CTX_set_error(x, X509_V_ERR_UNSPECIFIED);
}

static bool read_identity(struct hk_tls *tls, X509 *certificate)
{
	return hk_identity_read(&tls->identity, certificate) == HK_OK;
}

int hk_verify_chain(X509_STORE_CTX *x, void *arg)
{
	struct hk_tls *tls = connection(x);
	X509 *leaf = X509_STORE_CTX_get0_cert(x);

	(void)arg;
	tls->identity.known = false; /* a ticket that was not used may have set it */
	prepare(x, tls->now);
	if (X509_verify_cert(x) <= 0) {
		note_cause(tls, x);
		return 0;
	}
	if (!read_identity(tls, leaf)) {
		hk_failure_set(tls->owner.failure, HK_ERR_MALFORMED,
			"certificate with a name that is too long or has control characters");
		X509_STORE_CTX_set_error(x, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	tls->authenticated = tls->now;
	tls->session_ends = tls->owner.session_lifetime_s
				    ? hk_time_add_s(tls->now, tls->owner.session_lifetime_s)
				    : HK_NEVER;
	X509_up_ref(leaf);
	X509_free(tls->certificate);
	tls->certificate = leaf;
	if (tls->context->certificates)
		hk_cert_cache_put_path(tls->context->certificates, X509_STORE_CTX_get0_chain(x));
	return 1;
}

bool hk_verify_again(struct hk_tls *tls, X509 *certificate)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls->context->ssl_ctx);
	STACK_OF(X509) *untrusted = hk_cert_cache_intermediates(tls->context->certificates);
	X509_STORE_CTX *x = X509_STORE_CTX_new();
	bool good = false;

	/* a ticket that is not used must not look like a failure of TLS */
	ERR_set_mark();
	if (x && X509_STORE_CTX_init(x, store, certificate, untrusted) == 1 &&
		X509_STORE_CTX_set_default(x, "ssl_client") &&
		X509_STORE_CTX_set_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx(), tls->ssl)) {
		X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(x), SSL_get0_param(tls->ssl));
		prepare(x, tls->now);
		good = X509_verify_cert(x) > 0 &&
		       hk_tls_status_known(tls, X509_STORE_CTX_get0_chain(x));
	}
	X509_STORE_CTX_free(x);
	sk_X509_pop_free(untrusted, X509_free);
	good = good && read_identity(tls, certificate);
	ERR_pop_to_mark();
	return good;
}
