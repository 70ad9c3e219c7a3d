/* SPDX-License-Identifier: ISC */
#include "hall.h"

#include "crypto/crypto.h"

static enum hk_err authorize(
	void *arg, const struct hk_peer_identity *who, struct hk_home_user *user)
{
	struct hall *h = arg;

	(void)who;
	h->asked++;
	*user = h->user;
	return h->verdict;
}

int hall_setup(void **state)
{
	static const struct hk_keystore_memory_config memory;
	struct hall *h = calloc(1, sizeof(*h));
	struct hk_tls_config tls;

	test_pki_init(&h->pki);
	tls = test_server_config(&h->pki);
	h->server_tls = test_context(true, &tls);
	tls = test_peer_config(&h->pki);
	h->peer_tls = test_context(false, &tls);
	h->realms[0] = hk_text(REALM);
	h->erp = (struct hk_er_policy){
		.suites = {2, 3, 1},
		.nsuites = 3,
		.window = 1,
		.rmsk_lifetime_s = 3600,
		.repeat_window_ms = 5000,
		.send_lifetimes = true,
		.channel_binding = HK_CB_OFF,
		.on_unknown_key = HK_UNKNOWN_CHALLENGE,
		.realms = h->realms,
		.nrealms = 1,
	};
	h->policy = (struct hk_home_policy){
		.erp = &h->erp,
		.rrk_lifetime_s = 28800,
		.tls = h->server_tls,
		.fragment_size = 1020,
		.max_rounds = 60,
		.max_invalid = 5,
		.session_timeout_ms = TIMEOUT_MS,
		.authorize = authorize,
		.arg = h,
	};
	h->now = TEST_NOW;
	h->client = "ap1";
	h->client_id = 1;
	h->nas_identifier = "nas-1";
	assert_ok(hk_home_new(NULL, NULL, &h->home));
	assert_ok(hk_keystore_memory_open(&memory, &h->store));
	hk_home_worker_init(&h->worker, h->home, h->store);
	*state = h;
	return 0;
}

int hall_teardown(void **state)
{
	struct hall *h = *state;

	hk_home_done(&h->worker, &h->visit);
	hk_home_free(h->home);
	hk_keystore_close(h->store);
	hk_tls_context_free(h->server_tls);
	hk_tls_context_free(h->peer_tls);
	test_pki_free(&h->pki);
	free(h);
	return 0;
}

void hall_set_user(struct hall *h, const char *name, const char *attributes, uint32_t timeout_s)
{
	h->user.name_len = (uint16_t)strlen(name);
	memcpy(h->user.name, name, h->user.name_len);
	h->user.authorization_len =
		(uint16_t)hex(h->user.authorization, sizeof(h->user.authorization), attributes);
	h->user.session_timeout_s = timeout_s;
}

enum hk_home_step hall_receive(struct hall *h, struct hk_bytes eap)
{
	struct hk_aaa_request *q = &h->visit.request;

	h->now += h->step_ms;
	hk_home_done(&h->worker, &h->visit);
	hk_home_begin(&h->visit, h->eap, sizeof(h->eap));
	q->has_eap = eap.data != NULL;
	q->eap = eap;
	q->user_name = hk_text("someone@" REALM);
	q->client = hk_text(h->client);
	q->client_id = h->client_id;
	q->nas_identifier = hk_text(h->nas_identifier);
	q->framed_mtu = h->framed_mtu;
	q->nas_port_type = h->nas_port_type;
	q->wants_key_name = h->wants_key_name;
	q->cui = h->cui;
	q->operator_name = h->operator_name;
	q->secure = h->secure;
	q->keydist = h->keydist;
	if (h->has_state)
		q->state = hk_bytes(h->state, sizeof(h->state));
	return hk_home_receive(&h->worker, &h->policy, &h->visit, h->now);
}

const struct hk_aaa_reply *hall_commit(struct hall *h)
{
	struct hk_home_visit *visit = &h->visit;
	const struct hk_aaa_reply *reply = &visit->reply;

	hk_home_commit(&h->worker, &h->policy, &visit, 1, h->now);
	assert_int_not_equal(visit->step, HK_HOME_WAITS);
	if (reply->has_state) {
		memcpy(h->state, reply->state, sizeof(h->state));
		h->has_state = true;
	}
	/* radius.md 6.2: the verdict and the EAP code never contradict each other. */
	switch (reply->verdict) {
	case HK_VERDICT_CHALLENGE:
		assert_true(reply->has_state);
		assert_int_equal(reply_code(h), HK_EAP_REQUEST);
		assert_false(reply->has_key);
		assert_int_equal(reply->delivery.key_len, 0);
		assert_int_equal(reply->delivery.error, 0);
		break;
	case HK_VERDICT_ACCEPT:
		assert_true(reply_code(h) == HK_EAP_SUCCESS || reply_code(h) == HK_EAP_FINISH);
		assert_true(reply->has_key);
		assert_false(reply->has_state);
		break;
	case HK_VERDICT_REJECT:
		assert_false(reply->has_key);
		assert_false(reply->has_state);
		assert_int_equal(reply->authorization.len, 0);
		assert_int_equal(reply->delivery.key_len, 0);
		if (visit->request.has_eap)
			assert_true(reply_code(h) == HK_EAP_FAILURE ||
				    reply_code(h) == HK_EAP_FINISH ||
				    reply_code(h) == HK_EAP_RESPONSE);
		break;
	default:
		break;
	}
	return reply;
}

const struct hk_aaa_reply *hall_ask(struct hall *h, struct hk_bytes eap)
{
	hall_receive(h, eap);
	return hall_commit(h);
}

uint8_t reply_code(const struct hall *h)
{
	assert_true(h->visit.reply.eap.len >= 4);
	assert_int_equal(hk_load_u16(h->eap + 2), h->visit.reply.eap.len);
	return h->eap[0];
}

/* ---- devices ---- */

void device_new(struct device *d, struct hall *h, const char *identity)
{
	const struct hk_eap_peer_config config = {
		.tls = h->peer_tls, .identity = hk_text(identity), .fragment_size = 1020};

	memset(d, 0, sizeof(*d));
	assert_ok(hk_eap_peer_new(&config, &d->peer));
}

void device_free(struct device *d)
{
	hk_eap_peer_free(d->peer);
	hk_wipe(d, sizeof(*d));
}

struct hk_bytes device_packet(const struct device *d)
{
	return hk_bytes(d->packet, d->len);
}

static void give(struct device *d, struct hk_bytes eap, hk_time now)
{
	struct hk_buf out = hk_buf(d->packet, sizeof(d->packet));

	d->action = hk_eap_peer_receive(d->peer, eap, now, &out);
	d->len = out.len;
}

void device_begin(struct device *d)
{
	static const uint8_t identity_request[] = {HK_EAP_REQUEST, 7, 0, 5, HK_EAP_TYPE_IDENTITY};

	give(d, hk_bytes(identity_request, sizeof(identity_request)), TEST_NOW);
	assert_int_equal(d->action, HK_EAP_SEND);
}

void device_take(struct device *d, const struct hall *h)
{
	give(d, hk_buf_bytes(&h->visit.reply.eap), h->now);
}

const struct hk_aaa_reply *device_login(struct device *d, struct hall *h, unsigned max)
{
	const struct hk_aaa_reply *reply = NULL;

	if (!d->len)
		device_begin(d);
	for (unsigned i = 0; i < max; i++) {
		reply = hall_ask(h, device_packet(d));
		if (reply->verdict == HK_VERDICT_NONE)
			break;
		if (reply->verdict == HK_VERDICT_PENDING)
			return reply;
		device_take(d, h);
		if (d->action != HK_EAP_SEND || reply->verdict != HK_VERDICT_CHALLENGE)
			break;
	}
	h->has_state = h->has_state && reply->verdict == HK_VERDICT_CHALLENGE;
	return reply;
}

void device_keep_keys(struct device *d, struct hall *h)
{
	hk_time end = hk_time_add_s(h->now, 28800);
	struct hk_eap_result *result;
	struct hk_buf msk = hk_buf(d->msk, sizeof(d->msk));
	struct hk_key *rrk;

	assert_int_equal(d->action, HK_EAP_SUCCEEDED);
	result = hk_eap_peer_result(d->peer, h->now, end);
	assert_non_null(result);
	assert_ok(
		hk_key_release(result->msk, HK_HOLDER_AUTHENTICATOR, hk_text("nas"), h->now, &msk));
	assert_ok(hk_key_derive_rrk(result->emsk, h->now, end, &rrk));
	memcpy(d->name, hk_key_emsk_name(rrk), sizeof(d->name));
	assert_ok(hk_erp_keys_init(&d->keys, rrk));
	hk_key_free(rrk);
	d->seq = 0;
	d->flags = HK_ERP_FLAG_L;
}

struct hk_bytes device_initiate(struct device *d, const char *realm)
{
	uint8_t nai[HK_NAI_MAX_LEN];
	struct hk_buf text = hk_buf(nai, sizeof(nai));
	struct hk_buf b = hk_buf(d->packet, sizeof(d->packet));
	struct hk_hmac_key rik;

	assert_ok(hk_keyname_nai_write(d->name, hk_text(realm), &text));
	hk_erp_begin(&b, HK_ERP_INITIATE, 3, d->flags, d->seq++, hk_buf_bytes(&text));
	if (d->claims_nas)
		hk_erp_put_tlv(&b, HK_ERP_NAS_IDENTIFIER, hk_text(d->claims_nas));
	assert_ok(hk_erp_keys_rik(&d->keys, 2, &rik));
	assert_ok(hk_erp_seal(&b, 2, &rik));
	d->len = b.len;
	return device_packet(d);
}
