/* SPDX-License-Identifier: ISC */
#include <hokey/eap_tls.h>

#include "eap/tls.h"
#include "eap/tls_status.h"

#include <openssl/ssl.h>

#define ROUNDS_DEFAULT  60
#define INVALID_DEFAULT 5

enum phase {
	PHASE_IDENTITY, /* EAP-Response/Identity is awaited */
	PHASE_START,    /* Start was sent */
	PHASE_HANDSHAKE,
	PHASE_ASKING,    /* an OCSP responder is asked */
	PHASE_COMMITTED, /* the peer knows that it succeeded; its answer is awaited */
	PHASE_ALERTED,   /* an alert was sent; any answer ends it */
	PHASE_SUCCEEDED,
	PHASE_FAILED,
};

struct hk_eap_server {
	struct hk_eap_server_config config;
	enum phase phase;
	uint8_t identifier;
	bool requested; /* a request of ours waits for its response */
	unsigned rounds;
	unsigned invalid;
	uint8_t *request; /* the last one, for repetition */
	size_t request_len;
	uint8_t *outer; /* what EAP-Response/Identity said */
	size_t outer_len;
	struct hk_tls *tls; /* from the first TLS data on */
	struct hk_failure failure;
	struct hk_eap_result result;
};

/* One call of hk_eap_server_receive(). */
struct step {
	struct hk_eap_server *s;
	hk_time now;
	size_t max_len;
	struct hk_buf *out;
};

static size_t request_cap(const struct hk_eap_server *s)
{
	return HK_EAP_TLS_OVERHEAD + s->config.fragment_size;
}

enum hk_err hk_eap_server_new(const struct hk_eap_server_config *config, struct hk_eap_server **out)
{
	uint16_t fragment =
		config->fragment_size ? config->fragment_size : HK_EAP_TLS_FRAGMENT_DEFAULT;
	struct hk_eap_server *s;

	if (!config->tls || !config->tls->server || fragment < 100 || fragment > 4000)
		return HK_ERR_ARGUMENT;
	s = calloc(1, sizeof *s);
	if (!s)
		return HK_ERR_NO_MEMORY;
	s->config = *config;
	s->config.fragment_size = fragment;
	if (!s->config.max_rounds)
		s->config.max_rounds = ROUNDS_DEFAULT;
	if (!s->config.max_invalid)
		s->config.max_invalid = INVALID_DEFAULT;
	s->request = malloc(request_cap(s));
	if (!s->request) {
		free(s);
		return HK_ERR_NO_MEMORY;
	}
	hk_tls_context_ref(s->config.tls);
	*out = s;
	return HK_OK;
}

void hk_eap_server_free(struct hk_eap_server *s)
{
	if (!s)
		return;
	hk_eap_result_wipe(&s->result);
	hk_tls_close(s->tls);
	hk_tls_context_free(s->config.tls);
	free(s->request);
	free(s->outer);
	free(s);
}

/* ---- ends ---- */

static enum hk_eap_action fail(struct step *t)
{
	t->s->phase = PHASE_FAILED;
	hk_eap_write(t->out, HK_EAP_FAILURE, t->s->identifier, 0, HK_NO_BYTES);
	return HK_EAP_FAILED;
}

#define FAIL(t, err, ...) (hk_failure_set(&(t)->s->failure, err, __VA_ARGS__), fail(t))

static enum hk_eap_action succeed(struct step *t)
{
	t->s->phase = PHASE_SUCCEEDED;
	hk_eap_write(t->out, HK_EAP_SUCCESS, t->s->identifier, 0, HK_NO_BYTES);
	return HK_EAP_SUCCEEDED;
}

/* ---- requests ---- */

/* Keeps what was just written to out, from `start`, as the request that waits. */
static enum hk_eap_action sent(struct step *t, size_t start)
{
	struct hk_eap_server *s = t->s;

	s->request_len = t->out->len - start;
	memcpy(s->request, t->out->data + start, s->request_len);
	s->requested = true;
	return HK_EAP_SEND;
}

/* The next fragment; without any left, an acknowledgement. */
static enum hk_eap_action send_tls(struct step *t)
{
	struct hk_eap_server *s = t->s;
	size_t start = t->out->len, room;

	if (t->max_len < HK_EAP_TLS_OVERHEAD + HK_EAP_TLS_ROOM_MIN)
		return FAIL(t, HK_ERR_TOO_LONG,
			"%zu octets for an EAP packet are too few (Framed-MTU?)", t->max_len);
	room = t->max_len - HK_EAP_TLS_OVERHEAD;
	if (room > s->config.fragment_size)
		room = s->config.fragment_size;
	s->identifier++;
	if (hk_tls_put(s->tls, t->out, HK_EAP_REQUEST, s->identifier, room))
		return FAIL(t, HK_ERR_TOO_LONG, "no room for an EAP packet");
	return sent(t, start);
}

static enum hk_eap_action send_start(struct step *t, uint8_t identifier)
{
	static const uint8_t flags = HK_EAP_TLS_FLAG_START;
	size_t start = t->out->len;

	t->s->identifier = identifier;
	t->s->phase = PHASE_START;
	if (hk_eap_write(t->out, HK_EAP_REQUEST, identifier, HK_EAP_TYPE_TLS, hk_bytes(&flags, 1)))
		return FAIL(t, HK_ERR_TOO_LONG, "no room for an EAP packet");
	return sent(t, start);
}

enum hk_err hk_eap_server_start(struct hk_eap_server *s, uint8_t identifier, struct hk_buf *out)
{
	struct step t = {.s = s, .out = out};
	size_t start = out->len;
	enum hk_err err;

	if (s->phase != PHASE_IDENTITY)
		return HK_ERR_ARGUMENT;
	err = hk_eap_write(out, HK_EAP_REQUEST, identifier, HK_EAP_TYPE_IDENTITY, HK_NO_BYTES);
	if (err)
		return err;
	s->identifier = identifier;
	sent(&t, start);
	return HK_OK;
}

/*
 * A packet that has no place here is not fatal at once: anyone may have sent it
 * (RFC 3579 section 2.2). The request that waits is repeated.
 */
static enum hk_eap_action invalid(struct step *t, const char *why)
{
	struct hk_eap_server *s = t->s;

	if (!s->requested || ++s->invalid > s->config.max_invalid)
		return FAIL(t, HK_ERR_MALFORMED, "%s", why);
	if (s->request_len > t->max_len)
		return FAIL(t, HK_ERR_TOO_LONG, "no room to repeat the EAP-Request");
	hk_put(t->out, s->request, s->request_len);
	return HK_EAP_INVALID;
}

/* ---- who may in ---- */

static enum hk_err authorize(struct hk_eap_server *s, struct hk_tls *tls)
{
	return s->config.authorize ? s->config.authorize(s->config.arg, &tls->identity.who) : HK_OK;
}

/* TLS 1.2 resumption: the server's Finished leaves first, so the answer is needed now. */
static bool may_resume(void *arg, struct hk_tls *tls)
{
	return authorize(arg, tls) == HK_OK;
}

/* ---- TLS ---- */

static enum hk_eap_action end_tls(struct step *t)
{
	if (!hk_tls_pending(t->s->tls))
		return fail(t);
	t->s->phase = PHASE_ALERTED;
	return send_tls(t);
}

/* After the handshake; the failure is set. */
static enum hk_eap_action refuse(struct step *t, uint8_t alert)
{
	return hk_tls_refuse(t->s->tls, alert) ? fail(t) : end_tls(t);
}

#define REFUSE(t, alert, err, ...)                                                                 \
	(hk_failure_set(&(t)->s->failure, err, __VA_ARGS__), refuse(t, alert))

static enum hk_eap_action commit(struct step *t)
{
	struct hk_eap_server *s = t->s;
	enum hk_err err = authorize(s, s->tls);

	if (err)
		return REFUSE(t, SSL_AD_ACCESS_DENIED, err, "refused by policy");
	if (hk_tls_version(s->tls) == HK_TLS_1_3 && hk_tls_commit(s->tls))
		return fail(t);
	s->phase = PHASE_COMMITTED;
	return send_tls(t);
}

static enum hk_eap_action check_status(struct step *t)
{
	struct hk_eap_server *s = t->s;

	switch (hk_tls_status(s->tls)) {
	case HK_TLS_STATUS_ASK:
		s->phase = PHASE_ASKING;
		return HK_EAP_WAIT;
	case HK_TLS_STATUS_REVOKED:
		return refuse(t, SSL_AD_CERTIFICATE_REVOKED);
	case HK_TLS_STATUS_NOT_KNOWN:
		return refuse(t, SSL_AD_CERTIFICATE_UNKNOWN);
	default:
		return commit(t);
	}
}

/* The handshake is done, but the peer does not know yet. */
static enum hk_eap_action decide(struct step *t)
{
	struct hk_eap_server *s = t->s;
	bool tls_1_3 = hk_tls_version(s->tls) == HK_TLS_1_3;

	if (hk_tls_unread(s->tls))
		return REFUSE(t, SSL_AD_UNEXPECTED_MESSAGE, HK_ERR_UNEXPECTED,
			"TLS data behind the peer's Finished");
	if (!tls_1_3 && s->config.tls->require_ems && !SSL_get_extms_support(s->tls->ssl))
		return REFUSE(t, SSL_AD_HANDSHAKE_FAILURE, HK_ERR_TLS,
			"the peer has no extended master secret");
	if (!tls_1_3 && hk_tls_resumed(s->tls))
		return succeed(t);
	return check_status(t);
}

static enum hk_eap_action advance(struct step *t)
{
	struct hk_eap_server *s = t->s;

	if (s->phase == PHASE_COMMITTED) {
		if (hk_tls_read(s->tls, t->now) != HK_TLS_DATA_WRONG)
			hk_failure_set(&s->failure, HK_ERR_UNEXPECTED,
				"TLS data after the server's last message");
		return fail(t);
	}
	s->phase = PHASE_HANDSHAKE;
	switch (hk_tls_handshake(s->tls, t->now)) {
	case HK_TLS_FINISHED:
		return decide(t);
	case HK_TLS_CONTINUES:
		if (hk_tls_pending(s->tls))
			return send_tls(t);
		return FAIL(t, HK_ERR_MALFORMED, "the peer's TLS message is not whole");
	default:
		return end_tls(t);
	}
}

static enum hk_err open_tls(struct hk_eap_server *s)
{
	struct hk_tls_owner owner = {
		.failure = &s->failure,
		.may_resume = may_resume,
		.arg = s,
		.session_lifetime_s = s->config.session_lifetime_s,
	};
	enum hk_err err;

	if (s->tls)
		return HK_OK;
	err = hk_tls_open(s->config.tls, &owner, &s->tls);
	if (!err)
		s->tls->identity.who.outer = hk_bytes(s->outer, s->outer_len);
	return err;
}

static enum hk_eap_action receive_fragment(struct step *t, const struct hk_eap_tls_fragment *f)
{
	struct hk_eap_server *s = t->s;

	if (hk_tls_pending(s->tls)) {
		if (f->data.len)
			return FAIL(
				t, HK_ERR_UNEXPECTED, "TLS data in place of an acknowledgement");
		return send_tls(t);
	}
	if (s->phase == PHASE_ALERTED)
		return fail(t);
	if (!f->data.len && s->phase == PHASE_COMMITTED)
		return succeed(t);
	if (!f->data.len)
		return FAIL(t, HK_ERR_UNEXPECTED, "EAP-TLS response without TLS data");
	if (hk_tls_feed(s->tls, f->data))
		return FAIL(t, HK_ERR_NO_MEMORY, "out of memory");
	return f->more ? send_tls(t) : advance(t);
}

static enum hk_eap_action receive_tls(struct step *t, struct hk_bytes data)
{
	struct hk_eap_server *s = t->s;
	struct hk_eap_tls_fragment f;
	enum hk_err err = open_tls(s);

	if (err)
		return FAIL(t, err, "%s", hk_strerror(err));
	err = hk_eap_tls_take(&s->tls->incoming, data, &f);
	if (err)
		return FAIL(t, err, "EAP-TLS fragments do not fit together");
	return receive_fragment(t, &f);
}

/* ---- EAP ---- */

static enum hk_eap_action receive_identity(struct step *t, const struct hk_eap_packet *p)
{
	struct hk_eap_server *s = t->s;

	if (p->type != HK_EAP_TYPE_IDENTITY)
		return invalid(t, "the first EAP-Response is not Identity");
	s->outer = malloc(p->data.len + 1);
	if (!s->outer)
		return FAIL(t, HK_ERR_NO_MEMORY, "out of memory");
	if (p->data.len)
		memcpy(s->outer, p->data.data, p->data.len);
	s->outer_len = p->data.len;
	return send_start(t, (uint8_t)(p->identifier + 1));
}

static bool is_nak(const struct hk_eap_packet *p)
{
	static const uint8_t expanded_nak[] = {0, 0, 0, 0, 0, 0, HK_EAP_TYPE_NAK};

	if (p->type == HK_EAP_TYPE_NAK)
		return true;
	return p->type == HK_EAP_TYPE_EXPANDED && p->data.len >= sizeof expanded_nak &&
	       memcmp(p->data.data, expanded_nak, sizeof expanded_nak) == 0;
}

static enum hk_eap_action receive_response(struct step *t, const struct hk_eap_packet *p)
{
	struct hk_eap_server *s = t->s;

	if (s->requested && p->identifier != s->identifier)
		return invalid(t, "EAP-Response with another Identifier");
	if (s->phase == PHASE_IDENTITY)
		s->identifier = p->identifier;
	if (++s->rounds > s->config.max_rounds)
		return FAIL(t, HK_ERR_LIMIT, "more than %u rounds", s->config.max_rounds);
	if (s->phase == PHASE_IDENTITY)
		return receive_identity(t, p);
	if (s->phase == PHASE_START && is_nak(p))
		return FAIL(t, HK_ERR_UNEXPECTED, "the peer does not want EAP-TLS");
	if (p->type != HK_EAP_TYPE_TLS)
		return invalid(t, "EAP-Response of another type");
	return receive_tls(t, p->data);
}

/* The NAS wants to be authenticated (RFC 3579 section 2.6.2); we have nothing to offer. */
static enum hk_eap_action refuse_role(struct step *t, uint8_t identifier)
{
	static const uint8_t no_alternative = 0;

	hk_failure_set(&t->s->failure, HK_ERR_UNEXPECTED, "EAP-Request sent to a server");
	t->s->phase = PHASE_FAILED;
	hk_eap_write(
		t->out, HK_EAP_RESPONSE, identifier, HK_EAP_TYPE_NAK, hk_bytes(&no_alternative, 1));
	return HK_EAP_FAILED;
}

enum hk_eap_action hk_eap_server_receive(struct hk_eap_server *s, struct hk_bytes packet,
	hk_time now, size_t max_len, struct hk_buf *out)
{
	struct step t = {s, now, max_len, out};
	struct hk_eap_packet p;

	if (s->phase == PHASE_SUCCEEDED || s->phase == PHASE_FAILED || s->phase == PHASE_ASKING)
		return HK_EAP_IGNORED;
	if (hk_eap_parse(packet, &p)) {
		if (!s->requested && packet.len > 1)
			s->identifier = packet.data[1];
		return invalid(&t, "malformed EAP packet");
	}
	if (p.code == HK_EAP_REQUEST && !s->requested)
		return refuse_role(&t, p.identifier);
	if (p.code != HK_EAP_RESPONSE) {
		if (!s->requested)
			s->identifier = p.identifier;
		return invalid(&t, "EAP packet that is not a response");
	}
	return receive_response(&t, &p);
}

enum hk_eap_action hk_eap_server_ocsp_answer(struct hk_eap_server *s, struct hk_bytes response,
	hk_time now, size_t max_len, struct hk_buf *out)
{
	struct step t = {s, now, max_len, out};

	if (s->phase != PHASE_ASKING)
		return HK_EAP_IGNORED;
	s->phase = PHASE_HANDSHAKE;
	s->tls->now = now;
	hk_tls_status_answer(s->tls, response);
	return check_status(&t);
}

enum hk_err hk_eap_server_ocsp_query(
	const struct hk_eap_server *s, const char **url, struct hk_bytes *request)
{
	if (s->phase != PHASE_ASKING)
		return HK_ERR_UNEXPECTED;
	*url = s->tls->ocsp_url;
	*request = hk_bytes(s->tls->ocsp_request, s->tls->ocsp_request_len);
	return HK_OK;
}

/* ---- what came out ---- */

uint8_t hk_eap_server_identifier(const struct hk_eap_server *s)
{
	return s->identifier;
}

unsigned hk_eap_server_rounds(const struct hk_eap_server *s)
{
	return s->rounds;
}

enum hk_err hk_eap_server_error(const struct hk_eap_server *s, const char **detail)
{
	if (detail)
		*detail = s->failure.text;
	return s->failure.err;
}

const struct hk_peer_identity *hk_eap_server_peer(const struct hk_eap_server *s)
{
	return s->tls && s->tls->identity.known ? &s->tls->identity.who : NULL;
}

struct hk_eap_result *hk_eap_server_result(struct hk_eap_server *s, hk_time now, hk_time expires)
{
	if (s->phase != PHASE_SUCCEEDED)
		return NULL;
	if (!s->result.session_id_len && hk_tls_result(s->tls, now, expires, &s->result))
		return NULL;
	return &s->result;
}
