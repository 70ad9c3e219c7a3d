/* SPDX-License-Identifier: ISC */
#include "eap/ocsp.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <stdlib.h>

#include "eap/identity.h"

#define RESPONSE_MAX 65536
#define SKEW         (300 * HK_SECOND) /* of the responder's clock */
#define KEEP_MAX     (86400 * HK_SECOND)
#define KEEP_UNDATED (3600 * HK_SECOND) /* without nextUpdate */

/* SHA-1 names the certificate here, it protects nothing; responders know no other. */
static OCSP_CERTID *certificate_id(X509 *certificate, X509 *issuer)
{
	return OCSP_cert_to_id(EVP_sha1(), certificate, issuer);
}

enum hk_err hk_ocsp_request(X509 *certificate, X509 *issuer, uint8_t **der, size_t *len)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = certificate_id(certificate, issuer);
	int n = 0;

	*der = NULL;
	if (request && id && OCSP_request_add0_id(request, id)) {
		id = NULL;
		n = i2d_OCSP_REQUEST(request, der);
	}
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(request);
	*len = n > 0 ? (size_t)n : 0;
	return n > 0 ? HK_OK : HK_ERR_CRYPTO;
}

bool hk_ocsp_responder(X509 *certificate, char *url, size_t cap)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(certificate);
	bool found = false;

	for (int i = 0; !found && i < sk_OPENSSL_STRING_num(urls); i++) {
		const char *text = sk_OPENSSL_STRING_value(urls, i);

		found = strncmp(text, "http://", 7) == 0 && strlen(text) < cap;
		if (found)
			memcpy(url, text, strlen(text) + 1);
	}
	X509_email_free(urls);
	return found;
}

/* ---- who signed ---- */

static bool has_strong_signature(const OCSP_BASICRESP *basic)
{
	int digest = NID_undef, key = NID_undef;

	OBJ_find_sigid_algs(
		OBJ_obj2nid(OCSP_resp_get0_tbs_sigalg(basic)->algorithm), &digest, &key);
	return digest != NID_md5 && digest != NID_sha1;
}

static bool is_signed_by(OCSP_BASICRESP *basic, X509 *signer)
{
	EVP_PKEY *key = X509_get0_pubkey(signer);

	return key &&
	       ASN1_item_verify(ASN1_ITEM_rptr(OCSP_RESPDATA), OCSP_resp_get0_tbs_sigalg(basic),
		       OCSP_resp_get0_signature(basic), OCSP_resp_get0_respdata(basic), key) == 1;
}

static bool is_current(X509 *certificate, hk_time now)
{
	return hk_asn1_time(X509_get0_notBefore(certificate)) <= now &&
	       now < hk_asn1_time(X509_get0_notAfter(certificate));
}

/* A responder with a certificate for it, straight from the issuer (RFC 6960 section 4.2.2.2). */
static bool is_delegate(X509 *certificate, X509 *issuer, hk_time now)
{
	return X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE &&
	       X509_get_extended_key_usage(certificate) & XKU_OCSP_SIGN &&
	       is_current(certificate, now) &&
	       X509_check_issued(issuer, certificate) == X509_V_OK &&
	       X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
}

static bool is_authentic(OCSP_BASICRESP *basic, X509 *issuer, hk_time now)
{
	const STACK_OF(X509) *certificates = OCSP_resp_get0_certs(basic);

	if (!has_strong_signature(basic))
		return false;
	if (is_signed_by(basic, issuer))
		return true;
	for (int i = 0; i < sk_X509_num(certificates); i++) {
		X509 *signer = sk_X509_value(certificates, i);

		if (is_delegate(signer, issuer, now) && is_signed_by(basic, signer))
			return true;
	}
	return false;
}

/* ---- what it says ---- */

static hk_time earlier(hk_time a, hk_time b)
{
	return a < b ? a : b;
}

static enum hk_ocsp_verdict read_status(
	OCSP_BASICRESP *basic, OCSP_CERTID *id, hk_time now, hk_time *until)
{
	ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
	hk_time begin, end;
	int status;

	if (OCSP_resp_find_status(basic, id, &status, NULL, NULL, &this_update, &next_update) != 1)
		return HK_OCSP_UNAVAILABLE;
	begin = hk_asn1_time(this_update);
	if (begin == HK_NEVER || begin > now + SKEW)
		return HK_OCSP_UNAVAILABLE;
	end = next_update ? hk_asn1_time(next_update) : begin + KEEP_UNDATED;
	if (end == HK_NEVER || end + SKEW <= now)
		return HK_OCSP_UNAVAILABLE;
	*until = earlier(end + SKEW, now + KEEP_MAX);

	switch (status) {
	case V_OCSP_CERTSTATUS_GOOD:
		return HK_OCSP_GOOD;
	case V_OCSP_CERTSTATUS_REVOKED:
		return HK_OCSP_REVOKED;
	default:
		return HK_OCSP_UNAVAILABLE;
	}
}

static OCSP_BASICRESP *parse(struct hk_bytes der)
{
	const unsigned char *at = der.data;
	OCSP_BASICRESP *basic = NULL;
	OCSP_RESPONSE *response;

	if (!der.len || der.len > RESPONSE_MAX)
		return NULL;
	response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
	if (response && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		basic = OCSP_response_get1_basic(response);
	OCSP_RESPONSE_free(response);
	return basic;
}

enum hk_ocsp_verdict hk_ocsp_check(
	struct hk_bytes response, X509 *certificate, X509 *issuer, hk_time now, hk_time *until)
{
	enum hk_ocsp_verdict verdict = HK_OCSP_UNAVAILABLE;
	OCSP_BASICRESP *basic;
	OCSP_CERTID *id;

	*until = 0;
	/* a try that failed must not look like a failure of TLS */
	ERR_set_mark();
	basic = parse(response);
	id = certificate_id(certificate, issuer);
	if (basic && id && is_authentic(basic, issuer, now))
		verdict = read_status(basic, id, now, until);
	ERR_pop_to_mark();
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(basic);
	return verdict;
}
