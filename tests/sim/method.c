/* SPDX-License-Identifier: ISC */
/*
 * Full EAP, as far as the simulation needs it: a method of two rounds that
 * authenticates both ends under a shared secret and makes an MSK and an EMSK.
 * What comes after it at home is what src/aaa/login.c does after EAP-TLS.
 */
#include "sim.h"

#include <hokey/eap.h>

#include "keys/schedule.h"

#include <stdlib.h>

static uint32_t device_named(const struct world *w, struct hk_bytes identity)
{
	uint32_t n = 0;
	size_t i = 1;

	if (!identity.len || identity.data[0] != 'd')
		return NOBODY;
	for (; i < identity.len && i < 8 && identity.data[i] >= '0' && identity.data[i] <= '9'; i++)
		n = n * 10 + (uint32_t)(identity.data[i] - '0');
	return i > 1 && i < identity.len && identity.data[i] == '@' && n < w->ndevices ? n : NOBODY;
}

static void put_reply(struct aaa *reply, enum hk_eap_code code, uint8_t identifier, uint8_t type,
	struct hk_bytes data)
{
	struct hk_buf b = hk_buf(reply->octets, sizeof reply->octets);

	hk_eap_write(&b, code, identifier, type, data);
	reply->len = (uint16_t)b.len;
}

static void challenge(struct world *w, struct server *s, const struct aaa *request,
	const struct hk_eap_packet *p, struct aaa *reply)
{
	struct method_session *session = &s->sessions[++s->next_session % SESSIONS_MAX];
	uint32_t device = device_named(w, p->data);
	uint8_t data[NONCE_LEN + MIC_LEN];

	if (device == NOBODY)
		return;
	*session = (struct method_session){.used = true, .device = device, .client = request->from};
	rng_fill(&s->rng, session->nonce, NONCE_LEN);
	rng_fill(&s->rng, session->state, HK_STATE_LEN);
	memcpy(data, session->nonce, NONCE_LEN);
	mic(&w->devices[device].secret, 's', data, NONCE_LEN, data + NONCE_LEN);
	put_reply(reply, HK_EAP_REQUEST, (uint8_t)(p->identifier + 1), METHOD,
		hk_bytes(data, sizeof data));
	reply->verdict = HK_VERDICT_CHALLENGE;
	reply->has_state = true;
	memcpy(reply->state, session->state, HK_STATE_LEN);
}

static struct method_session *session_of(struct server *s, const struct aaa *request)
{
	for (size_t i = 0; i < SESSIONS_MAX && request->has_state; i++) {
		struct method_session *m = &s->sessions[i];

		if (m->used && m->client == request->from &&
			memcmp(m->state, request->state, HK_STATE_LEN) == 0)
			return m;
	}
	return NULL;
}

static void record_login(struct world *w, uint32_t device, const struct hk_key *emsk,
	const uint8_t *keys, const uint8_t *session_id)
{
	struct login_record *l;

	if (w->nlogins == w->logins_cap) {
		w->logins_cap = w->logins_cap ? 2 * w->logins_cap : 64;
		w->logins = realloc(w->logins, w->logins_cap * sizeof *w->logins);
		if (!w->logins)
			abort();
	}
	l = &w->logins[w->nlogins];
	*l = (struct login_record){.device = device};
	memcpy(l->emsk_name, hk_key_emsk_name(emsk), HK_EMSK_NAME_LEN);
	memcpy(l->emsk, keys + KEY_LEN, KEY_LEN);
	memcpy(l->session_id, session_id, sizeof l->session_id);
	ledger_at(&w->ledger, ledger_hash('L', l->emsk_name, HK_EMSK_NAME_LEN))->value = w->nlogins;
	w->devices[device].last_login = (uint32_t)w->nlogins++;
}

static enum hk_err keep_keys(
	struct world *w, struct server *s, const struct hk_key *emsk, uint32_t device)
{
	static struct hk_keyset set;
	struct hk_bytes realm = w->domains[HOME_DOMAIN].realm;
	hk_time now = server_now(w, s);
	struct hk_key *rrk;
	enum hk_err err = hk_key_derive_rrk(emsk, now, HK_NEVER, &rrk);

	if (err)
		return err;
	memset(&set, 0, sizeof set);
	set.created = now;
	set.session_end = HK_NEVER;
	set.realm_len = (uint16_t)realm.len;
	memcpy(set.realm, realm.data, realm.len);
	set.user_len = (uint16_t)snprintf((char *)set.user, sizeof set.user, "d%u", device);
	memcpy(set.emsk_name, hk_key_emsk_name(rrk), HK_EMSK_NAME_LEN);
	set.expires = hk_key_expires(rrk);
	err = hk_erp_keys_init(&set.keys, rrk);
	if (!err)
		err = hk_key_keep_emsk(emsk, &set.emsk);
	if (!err)
		err = hk_keystore_put(s->store, &set);
	hk_key_free(rrk);
	return err;
}

static void accept_peer(struct world *w, struct server *s, const struct aaa *request,
	const struct method_session *session, const uint8_t *peer_nonce, struct aaa *reply)
{
	uint8_t session_id[1 + 2 * NONCE_LEN], keys[2 * KEY_LEN];
	hk_time now = server_now(w, s);
	struct hk_key *emsk;

	session_id[0] = METHOD;
	memcpy(session_id + 1, session->nonce, NONCE_LEN);
	memcpy(session_id + 1 + NONCE_LEN, peer_nonce, NONCE_LEN);
	method_keys(&w->devices[session->device].secret, session_id + 1, keys);
	reply->verdict = HK_VERDICT_ACCEPT;
	reply->has_key = true;
	memcpy(reply->key, keys, KEY_LEN);
	reply->session_timeout_s = w->domains[HOME_DOMAIN].policy.msk_lifetime_s;
	put_reply(reply, HK_EAP_SUCCESS, request->octets[1], 0, HK_NO_BYTES);
	if (hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof session_id),
		    hk_bytes(keys + KEY_LEN, KEY_LEN), now, hk_time_add_s(now, w->emsk_lifetime_s),
		    &emsk))
		abort();
	record_login(w, session->device, emsk, keys, session_id);
	/* a failure here spoils no login */
	if (keep_keys(w, s, emsk, session->device) == HK_OK && request->asks)
		deliver_dsrk(w, s, request, emsk, reply);
	hk_key_free(emsk);
}

static void verify(struct world *w, struct server *s, const struct aaa *request,
	const struct hk_eap_packet *p, struct aaa *reply)
{
	struct method_session *session = session_of(s, request);
	uint8_t nonces[2 * NONCE_LEN], right[MIC_LEN];

	if (!session || p->data.len != NONCE_LEN + MIC_LEN)
		return;
	memcpy(nonces, session->nonce, NONCE_LEN);
	memcpy(nonces + NONCE_LEN, p->data.data, NONCE_LEN);
	mic(&w->devices[session->device].secret, 'p', nonces, sizeof nonces, right);
	if (memcmp(right, p->data.data + NONCE_LEN, MIC_LEN) != 0)
		return; /* dropped, as methods with a MIC do: the right one may follow */
	accept_peer(w, s, request, session, p->data.data, reply);
	session->used = false;
}

void method_answer(struct world *w, struct server *s, struct aaa *request, struct aaa *reply)
{
	struct hk_eap_packet p;

	reply->verdict = HK_VERDICT_NONE;
	if (s->domain != HOME_DOMAIN || hk_eap_parse(hk_bytes(request->octets, request->len), &p))
		return;
	if (p.type == HK_EAP_TYPE_IDENTITY)
		challenge(w, s, request, &p, reply);
	else if (p.type == METHOD)
		verify(w, s, request, &p, reply);
	note(w, (uint64_t)reply->verdict);
	trace(w, "server %u: full EAP of device %u at point %u, verdict %d", s->id, request->device,
		request->point, (int)reply->verdict);
}
