/* SPDX-License-Identifier: ISC */
#include "eap/tls.h"

#include <openssl/err.h>

#include "crypto/crypto.h"
#include "eap/tls_keys.h"

enum hk_err hk_tls_open(
	struct hk_tls_context *context, const struct hk_tls_owner *owner, struct hk_tls **out)
{
	struct hk_tls *tls = calloc(1, sizeof *tls);

	if (!tls)
		return HK_ERR_NO_MEMORY;
	tls->context = hk_tls_context_ref(context);
	tls->owner = *owner;
	tls->alert_sent = tls->alert_received = tls->refusal = HK_TLS_NO_ALERT;
	tls->session_ends = HK_NEVER;
	tls->ssl = SSL_new(context->ssl_ctx);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	if (!tls->ssl || !tls->in || !tls->out || !SSL_set_app_data(tls->ssl, tls)) {
		BIO_free(tls->in);
		BIO_free(tls->out);
		tls->in = tls->out = NULL;
		hk_tls_close(tls);
		return HK_ERR_NO_MEMORY;
	}
	/* an empty BIO means: wait */
	BIO_set_mem_eof_return(tls->in, -1);
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	if (context->server)
		SSL_set_accept_state(tls->ssl);
	else
		SSL_set_connect_state(tls->ssl);
	*out = tls;
	return HK_OK;
}

void hk_tls_close(struct hk_tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	SSL_SESSION_free(tls->session);
	X509_free(tls->certificate);
	OPENSSL_free(tls->ocsp_request);
	hk_identity_free(&tls->identity);
	hk_tls_context_free(tls->context);
	free(tls);
}

/* ---- messages ---- */

static struct hk_bytes message(const struct hk_tls *tls)
{
	char *data = NULL;
	long n = BIO_get_mem_data(tls->out, &data);

	return hk_bytes(data, n > 0 ? (size_t)n : 0);
}

size_t hk_tls_pending(const struct hk_tls *tls)
{
	return message(tls).len - tls->sent;
}

enum hk_err hk_tls_put(struct hk_tls *tls, struct hk_buf *b, enum hk_eap_code code,
	uint8_t identifier, size_t room)
{
	return hk_eap_tls_put(b, code, identifier, message(tls), &tls->sent, room);
}

enum hk_err hk_tls_feed(struct hk_tls *tls, struct hk_bytes data)
{
	if (data.len && BIO_write(tls->in, data.data, (int)data.len) != (int)data.len)
		return HK_ERR_NO_MEMORY;
	return HK_OK;
}

bool hk_tls_unread(const struct hk_tls *tls)
{
	return BIO_ctrl_pending(tls->in) > 0;
}

static void drop_message(struct hk_tls *tls)
{
	(void)BIO_reset(tls->out);
	tls->sent = 0;
}

/* ---- the connection ---- */

static void begin(struct hk_tls *tls, hk_time now)
{
	tls->now = now;
	drop_message(tls);
	ERR_clear_error();
}

/* OpenSSL's names end with TLS 1.2. */
static const char *alert_name(int alert)
{
	switch (alert) {
	case SSL_AD_MISSING_EXTENSION:
		return "missing extension";
	case SSL_AD_CERTIFICATE_REQUIRED:
		return "certificate required";
	default:
		return SSL_alert_desc_string_long(alert);
	}
}

/* What OpenSSL says, with the alert that ended it. A cause noted before stays first. */
static void explain(struct hk_tls *tls)
{
	struct hk_failure *f = tls->owner.failure;
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	if (tls->alert_received != HK_TLS_NO_ALERT)
		hk_failure_set(f, HK_ERR_TLS, "the other side sent the TLS alert \"%s\"",
			alert_name(tls->alert_received));
	else
		hk_failure_set(f, HK_ERR_TLS, "TLS: %s", reason ? reason : "failed");
	if (tls->alert_sent != HK_TLS_NO_ALERT)
		hk_failure_add(f, "; answered with the alert \"%s\"", alert_name(tls->alert_sent));
	ERR_clear_error();
}

static bool wants_more(const struct hk_tls *tls, int rc)
{
	return SSL_get_error(tls->ssl, rc) == SSL_ERROR_WANT_READ &&
	       tls->alert_received == HK_TLS_NO_ALERT;
}

enum hk_tls_progress hk_tls_handshake(struct hk_tls *tls, hk_time now)
{
	int rc;

	begin(tls, now);
	rc = SSL_do_handshake(tls->ssl);
	if (rc == 1)
		return HK_TLS_FINISHED;
	if (wants_more(tls, rc))
		return HK_TLS_CONTINUES;
	explain(tls);
	return HK_TLS_FAILED;
}

/* One octet more than expected is asked for, to see whether it is there. */
enum hk_tls_data hk_tls_read(struct hk_tls *tls, hk_time now)
{
	uint8_t data[2];
	int total = 0, n;

	begin(tls, now);
	while ((n = SSL_read(tls->ssl, data + total, (int)sizeof data - total)) > 0) {
		total += n;
		if (total == sizeof data)
			break;
	}
	if (n <= 0 && !wants_more(tls, n)) {
		explain(tls);
		return HK_TLS_DATA_WRONG;
	}
	if (total == 0)
		return HK_TLS_DATA_NONE;
	if (total == 1 && data[0] == 0)
		return HK_TLS_DATA_COMMITMENT;
	hk_failure_set(tls->owner.failure, HK_ERR_UNEXPECTED,
		"TLS application data that is not the commitment octet");
	return HK_TLS_DATA_WRONG;
}

enum hk_err hk_tls_commit(struct hk_tls *tls)
{
	static const uint8_t commitment = 0;

	begin(tls, tls->now);
	if (tls->context->ticket_lifetime_s &&
		(SSL_new_session_ticket(tls->ssl) != 1 || SSL_do_handshake(tls->ssl) != 1)) {
		explain(tls);
		return HK_ERR_TLS;
	}
	if (SSL_write(tls->ssl, &commitment, sizeof commitment) != sizeof commitment) {
		explain(tls);
		return HK_ERR_TLS;
	}
	return HK_OK;
}

/*
 * TLS 1.2: ChangeCipherSpec and Finished are done but have not left; without
 * them the peer still reads plain records.
 */
static enum hk_err refuse_1_2(struct hk_tls *tls, uint8_t alert)
{
	const uint8_t record[] = {SSL3_RT_ALERT, 3, 3, 0, 2, SSL3_AL_FATAL, alert};

	/* resumed, our Finished is gone: too late for this */
	if (hk_tls_resumed(tls))
		return HK_ERR_UNEXPECTED;
	if (BIO_write(tls->out, record, sizeof record) != sizeof record)
		return HK_ERR_NO_MEMORY;
	tls->alert_sent = alert;
	return HK_OK;
}

/*
 * TLS 1.3: OpenSSL has no call that sends an alert. A callback that writes an
 * extension of NewSessionTicket may refuse with one; see hk_ticket_refuse().
 */
static enum hk_err refuse_1_3(struct hk_tls *tls, uint8_t alert)
{
	tls->refusal = alert;
	if (SSL_new_session_ticket(tls->ssl) != 1 || SSL_do_handshake(tls->ssl) == 1 ||
		tls->alert_sent != alert)
		return HK_ERR_CRYPTO;
	return HK_OK;
}

enum hk_err hk_tls_refuse(struct hk_tls *tls, uint8_t alert)
{
	enum hk_err err;

	begin(tls, tls->now);
	err = hk_tls_version(tls) == HK_TLS_1_3 ? refuse_1_3(tls, alert) : refuse_1_2(tls, alert);
	if (!err)
		hk_failure_add(
			tls->owner.failure, "; answered with the alert \"%s\"", alert_name(alert));
	ERR_clear_error();
	return err;
}

bool hk_tls_resumed(const struct hk_tls *tls)
{
	return SSL_session_reused(tls->ssl) == 1;
}

uint16_t hk_tls_version(const struct hk_tls *tls)
{
	return (uint16_t)SSL_version(tls->ssl);
}

static hk_time earlier(hk_time a, hk_time b)
{
	return a < b ? a : b;
}

hk_time hk_tls_keys_end(const struct hk_tls *tls, hk_time expires)
{
	hk_time end = earlier(expires, tls->session_ends);

	if (tls->identity.known)
		end = earlier(end, tls->identity.who.certificate_expires);
	return end;
}

enum hk_err hk_tls_result(
	struct hk_tls *tls, hk_time now, hk_time expires, struct hk_eap_result *out)
{
	out->tls_version = hk_tls_version(tls);
	out->cipher = SSL_get_cipher_name(tls->ssl);
	out->resumed = hk_tls_resumed(tls);
	return hk_eap_tls_keys(tls->ssl, now, hk_tls_keys_end(tls, expires), out);
}

void hk_eap_result_wipe(struct hk_eap_result *result)
{
	hk_key_free(result->msk);
	hk_key_free(result->emsk);
	hk_wipe(result, sizeof *result);
}
