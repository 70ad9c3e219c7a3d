/* SPDX-License-Identifier: ISC */
#include <hokey/eap_tls.h>

#include "crypto/crypto.h"
#include "eap/tls.h"

#include <openssl/ssl.h>

enum phase {
	PHASE_IDLE, /* no method yet */
	PHASE_HANDSHAKE,
	PHASE_FINISHED,  /* TLS 1.3: the server's commitment is awaited */
	PHASE_PROTECTED, /* the server said so under TLS; EAP-Success may come */
	PHASE_ALERTED,   /* it failed; EAP-Failure is awaited */
	PHASE_SUCCEEDED,
	PHASE_FAILED,
};

struct hk_eap_peer {
	struct hk_eap_peer_config config;
	enum phase phase;
	uint8_t *identity;
	uint8_t *ticket;
	bool answered; /* `request` and `response` are set */
	uint8_t identifier;
	uint8_t request[HK_SHA256_LEN]; /* hash of the request answered last */
	uint8_t *response;              /* to it */
	size_t response_len;
	size_t response_cap;
	struct hk_tls *tls;
	struct hk_failure failure;
	struct hk_eap_result result;
};

struct step {
	struct hk_eap_peer *p;
	hk_time now;
	uint8_t identifier;
	struct hk_buf *out;
};

static enum hk_err copy_bytes(struct hk_bytes from, uint8_t **to)
{
	*to = malloc(from.len + 1);
	if (!*to)
		return HK_ERR_NO_MEMORY;
	if (from.len)
		memcpy(*to, from.data, from.len);
	return HK_OK;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

enum hk_err hk_eap_peer_new(const struct hk_eap_peer_config *config, struct hk_eap_peer **out)
{
	uint16_t fragment =
		config->fragment_size ? config->fragment_size : HK_EAP_TLS_FRAGMENT_DEFAULT;
	struct hk_eap_peer *p;

	if (!config->tls || config->tls->server || fragment < HK_EAP_TLS_ROOM_MIN ||
		fragment > 4000 || config->identity.len > HK_NAI_MAX_LEN)
		return HK_ERR_ARGUMENT;
	p = calloc(1, sizeof *p);
	if (!p)
		return HK_ERR_NO_MEMORY;
	p->config = *config;
	p->config.fragment_size = fragment;
	hk_tls_context_ref(config->tls);
	p->response_cap = larger(HK_EAP_TLS_OVERHEAD + (size_t)fragment, 5 + config->identity.len);
	p->response = malloc(p->response_cap);
	if (!p->response || copy_bytes(config->identity, &p->identity) ||
		copy_bytes(config->ticket, &p->ticket)) {
		hk_eap_peer_free(p);
		return HK_ERR_NO_MEMORY;
	}
	p->config.identity.data = p->identity;
	p->config.ticket.data = p->ticket;
	*out = p;
	return HK_OK;
}

void hk_eap_peer_free(struct hk_eap_peer *p)
{
	if (!p)
		return;
	hk_eap_result_wipe(&p->result);
	hk_tls_close(p->tls);
	if (p->ticket)
		hk_wipe(p->ticket, p->config.ticket.len);
	hk_tls_context_free(p->config.tls);
	free(p->ticket);
	free(p->identity);
	free(p->response);
	free(p);
}

static enum hk_eap_action fail(struct step *t)
{
	t->p->phase = PHASE_FAILED;
	return HK_EAP_FAILED;
}

#define FAIL(t, err, ...) (hk_failure_set(&(t)->p->failure, err, __VA_ARGS__), fail(t))

/* ---- responses ---- */

static enum hk_eap_action respond(struct step *t, uint8_t type, struct hk_bytes data)
{
	if (hk_eap_write(t->out, HK_EAP_RESPONSE, t->identifier, type, data))
		return FAIL(t, HK_ERR_TOO_LONG, "no room for an EAP packet");
	return HK_EAP_SEND;
}

/* The next fragment; without any left, an empty response. */
static enum hk_eap_action respond_tls(struct step *t)
{
	if (hk_tls_put(
		    t->p->tls, t->out, HK_EAP_RESPONSE, t->identifier, t->p->config.fragment_size))
		return FAIL(t, HK_ERR_TOO_LONG, "no room for an EAP packet");
	return HK_EAP_SEND;
}

/* Our method, or that there is none: EAP-TLS is the only one (RFC 3748 section 5.3). */
static enum hk_eap_action respond_nak(struct step *t, uint8_t type)
{
	static const uint8_t wanted = HK_EAP_TYPE_TLS;
	static const uint8_t wanted_expanded[] = {
		0, 0, 0, 0, 0, 0, HK_EAP_TYPE_NAK, /* an expanded Nak ... */
		HK_EAP_TYPE_EXPANDED, 0, 0, 0, 0, 0, 0,
		HK_EAP_TYPE_TLS, /* ... that asks for this */
	};

	if (type == HK_EAP_TYPE_EXPANDED)
		return respond(
			t, HK_EAP_TYPE_EXPANDED, hk_bytes(wanted_expanded, sizeof wanted_expanded));
	return respond(t, HK_EAP_TYPE_NAK, hk_bytes(&wanted, 1));
}

/* ---- TLS ---- */

/* The saved session, when it is one and its server's certificate still stands. */
static void load_ticket(struct hk_eap_peer *p, hk_time now)
{
	const unsigned char *der = p->config.ticket.data;
	SSL_SESSION *session;
	X509 *certificate;

	if (!p->config.ticket.len)
		return;
	session = d2i_SSL_SESSION(NULL, &der, (long)p->config.ticket.len);
	certificate = session ? SSL_SESSION_get0_peer(session) : NULL;
	if (certificate && hk_identity_read(&p->tls->identity, certificate) == HK_OK &&
		p->tls->identity.who.certificate_expires > now)
		SSL_set_session(p->tls->ssl, session);
	SSL_SESSION_free(session);
}

static enum hk_err open_tls(struct hk_eap_peer *p, hk_time now)
{
	struct hk_tls_owner owner = {.failure = &p->failure};
	enum hk_err err;

	hk_tls_close(p->tls);
	p->tls = NULL;
	err = hk_tls_open(p->config.tls, &owner, &p->tls);
	if (!err)
		load_ticket(p, now);
	return err;
}

/* With our alert, or, after one of the server's, without anything (RFC 5216 section 2.1.3). */
static enum hk_eap_action give_up(struct step *t)
{
	t->p->phase = PHASE_ALERTED;
	return respond_tls(t);
}

static enum hk_eap_action finish_1_2(struct step *t)
{
	struct hk_eap_peer *p = t->p;

	if (p->config.tls->require_ems && !SSL_get_extms_support(p->tls->ssl))
		return FAIL(t, HK_ERR_TLS, "the server has no extended master secret");
	p->phase = PHASE_PROTECTED;
	return respond_tls(t);
}

static enum hk_eap_action shake_hands(struct step *t)
{
	struct hk_eap_peer *p = t->p;

	switch (hk_tls_handshake(p->tls, t->now)) {
	case HK_TLS_CONTINUES:
		if (hk_tls_pending(p->tls))
			return respond_tls(t);
		return FAIL(t, HK_ERR_MALFORMED, "the server's TLS message is not whole");
	case HK_TLS_FINISHED:
		if (hk_tls_version(p->tls) == HK_TLS_1_2)
			return finish_1_2(t);
		p->phase = PHASE_FINISHED;
		return respond_tls(t);
	default:
		return give_up(t);
	}
}

static enum hk_eap_action await_commitment(struct step *t)
{
	struct hk_eap_peer *p = t->p;

	switch (hk_tls_read(p->tls, t->now)) {
	case HK_TLS_DATA_COMMITMENT:
		p->phase = PHASE_PROTECTED;
		return respond_tls(t);
	case HK_TLS_DATA_NONE:
		return respond_tls(t);
	default:
		return give_up(t);
	}
}

static enum hk_eap_action receive_start(struct step *t)
{
	struct hk_eap_peer *p = t->p;
	enum hk_err err;

	if (p->phase > PHASE_HANDSHAKE)
		return HK_EAP_IGNORED;
	err = open_tls(p, t->now);
	if (err)
		return FAIL(t, err, "%s", hk_strerror(err));
	p->phase = PHASE_HANDSHAKE;
	return shake_hands(t);
}

static enum hk_eap_action receive_fragment(struct step *t, const struct hk_eap_tls_fragment *f)
{
	struct hk_eap_peer *p = t->p;

	if (hk_tls_pending(p->tls)) {
		if (f->data.len)
			return FAIL(
				t, HK_ERR_UNEXPECTED, "TLS data in place of an acknowledgement");
		return respond_tls(t);
	}
	if (p->phase != PHASE_HANDSHAKE && p->phase != PHASE_FINISHED)
		return HK_EAP_IGNORED;
	if (!f->data.len)
		return FAIL(t, HK_ERR_UNEXPECTED, "EAP-TLS request without TLS data");
	if (hk_tls_feed(p->tls, f->data))
		return FAIL(t, HK_ERR_NO_MEMORY, "out of memory");
	if (f->more)
		return respond_tls(t);
	return p->phase == PHASE_HANDSHAKE ? shake_hands(t) : await_commitment(t);
}

static enum hk_eap_action receive_tls(struct step *t, struct hk_bytes data)
{
	struct hk_eap_tls_incoming fresh = {0};
	struct hk_eap_peer *p = t->p;
	struct hk_eap_tls_fragment f;
	enum hk_err err = hk_eap_tls_take(p->tls ? &p->tls->incoming : &fresh, data, &f);

	if (err)
		return FAIL(t, err, "EAP-TLS fragments do not fit together");
	if (f.start)
		return f.data.len ? HK_EAP_IGNORED : receive_start(t);
	return p->tls ? receive_fragment(t, &f) : HK_EAP_IGNORED;
}

/* ---- EAP ---- */

static enum hk_eap_action receive_request(struct step *t, const struct hk_eap_packet *packet)
{
	struct hk_eap_peer *p = t->p;

	switch (packet->type) {
	case HK_EAP_TYPE_IDENTITY:
		if (p->phase != PHASE_IDLE)
			return HK_EAP_IGNORED;
		return respond(t, HK_EAP_TYPE_IDENTITY, p->config.identity);
	case HK_EAP_TYPE_NOTIFICATION:
		return respond(t, HK_EAP_TYPE_NOTIFICATION, HK_NO_BYTES);
	case HK_EAP_TYPE_NAK:
		return HK_EAP_IGNORED;
	case HK_EAP_TYPE_TLS:
		return receive_tls(t, packet->data);
	default:
		return p->phase == PHASE_IDLE ? respond_nak(t, packet->type) : HK_EAP_IGNORED;
	}
}

/* A repeated request gets the stored response (RFC 3748 section 4.1). */
static enum hk_eap_action answer(struct step *t, const struct hk_eap_packet *packet)
{
	struct hk_eap_peer *p = t->p;
	size_t start = t->out->len;
	uint8_t hash[HK_SHA256_LEN];
	enum hk_eap_action action;

	hk_sha256(&packet->packet, 1, hash);
	if (p->answered && memcmp(hash, p->request, sizeof hash) == 0) {
		hk_put(t->out, p->response, p->response_len);
		return hk_buf_ok(t->out) ? HK_EAP_SEND : HK_EAP_IGNORED;
	}
	action = receive_request(t, packet);
	if (action != HK_EAP_SEND)
		return action;
	memcpy(p->request, hash, sizeof hash);
	p->response_len = t->out->len - start;
	memcpy(p->response, t->out->data + start, p->response_len);
	p->identifier = t->identifier;
	p->answered = true;
	return action;
}

/*
 * Anyone can send EAP-Success. It counts when the server has said the same
 * under TLS, and ends it when the server should have (RFC 9190 section 2.5).
 */
static enum hk_eap_action receive_success(struct step *t)
{
	switch (t->p->phase) {
	case PHASE_PROTECTED:
		t->p->phase = PHASE_SUCCEEDED;
		return HK_EAP_SUCCEEDED;
	case PHASE_FINISHED:
		return FAIL(t, HK_ERR_UNEXPECTED, "EAP-Success before the server committed itself");
	default:
		return HK_EAP_IGNORED;
	}
}

enum hk_eap_action hk_eap_peer_receive(
	struct hk_eap_peer *p, struct hk_bytes octets, hk_time now, struct hk_buf *out)
{
	struct step t = {.p = p, .now = now, .out = out};
	struct hk_eap_packet packet;

	if (p->phase == PHASE_SUCCEEDED || p->phase == PHASE_FAILED)
		return HK_EAP_IGNORED;
	if (hk_eap_parse(octets, &packet))
		return HK_EAP_IGNORED;
	t.identifier = packet.identifier;
	if (packet.code == HK_EAP_REQUEST)
		return answer(&t, &packet);
	if (!p->answered || packet.identifier != p->identifier)
		return HK_EAP_IGNORED;
	if (packet.code == HK_EAP_SUCCESS)
		return receive_success(&t);
	if (packet.code == HK_EAP_FAILURE)
		return FAIL(&t, HK_ERR_DENIED, "the server sent EAP-Failure");
	return HK_EAP_IGNORED;
}

/* ---- what came out ---- */

enum hk_err hk_eap_peer_error(const struct hk_eap_peer *p, const char **detail)
{
	if (detail)
		*detail = p->failure.text;
	return p->failure.err;
}

struct hk_eap_result *hk_eap_peer_result(struct hk_eap_peer *p, hk_time now, hk_time expires)
{
	if (p->phase != PHASE_SUCCEEDED)
		return NULL;
	if (!p->result.session_id_len && hk_tls_result(p->tls, now, expires, &p->result))
		return NULL;
	return &p->result;
}

enum hk_err hk_eap_peer_ticket(struct hk_eap_peer *p, struct hk_buf *out)
{
	SSL_SESSION *session;
	unsigned char *to;
	int len;

	if (p->phase != PHASE_SUCCEEDED)
		return HK_OK;
	/* OpenSSL does not tell of a ticket that TLS 1.2 renews */
	session = hk_tls_version(p->tls) == HK_TLS_1_2 ? SSL_get_session(p->tls->ssl)
						       : p->tls->session;
	if (!session || !SSL_SESSION_is_resumable(session))
		return HK_OK;
	len = i2d_SSL_SESSION(session, NULL);
	if (len <= 0)
		return HK_ERR_CRYPTO;
	to = hk_put_room(out, (size_t)len);
	if (!to)
		return HK_ERR_TOO_LONG;
	i2d_SSL_SESSION(session, &to);
	return HK_OK;
}
