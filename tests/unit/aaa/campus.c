/* SPDX-License-Identifier: ISC */
#include "campus.h"

#include "crypto/crypto.h"

#include <hokey/eap.h>

#define NO_JITTER 32768

static const struct hk_aaa_request ap_identity = {
	.nas_identifier = {(const uint8_t *)"ap.visited.example", 18},
	.calling_station_id = {(const uint8_t *)"02-00-00-00-00-01", 17},
};

int campus_setup(void **state)
{
	static const struct hk_keystore_memory_config memory = {.max_sets_per_user = 2};
	const struct hk_er_peer_config peer = hk_er_peer_config_default();
	struct campus *c = calloc(1, sizeof(*c));
	void *hall;

	hall_setup(&hall);
	c->home = hall;
	hall_set_user(c->home, "alice@" REALM, "40060000000d41060000000651043737", 0);
	c->domains[0] = hk_text(CAMPUS);
	c->realms[0] = hk_text(REALM);
	c->at_home = (struct hk_ktk){
		.secret = {1, 2, 3},
		.owner = hk_text(OPERATOR),
		.domains = c->domains,
		.ndomains = 1,
		.realms = c->realms,
		.nrealms = 1,
		.allow = HK_KTK_DSRK,
		.not_after = HK_NEVER,
	};
	assert_ok(hk_kek_id_set(c->at_home.kek_id, hk_text("campus-2026")));
	c->at_campus = c->at_home;
	c->at_campus.owner = hk_text("far home");
	c->kds = (struct hk_kds_policy){.ktks = &c->at_home, .nktks = 1, .indicate = true};
	c->home->policy.kds = &c->kds;
	c->home->policy.keep_emsk = HK_EMSK_UNTIL_EXPIRY;

	c->visited = (struct hk_visited_policy){.domain = hk_text(CAMPUS),
		.ktks = &c->at_campus,
		.nktks = 1,
		.vendor = HK_VENDOR_HOKEY};
	c->served[0] = hk_text(CAMPUS);
	c->erp = c->home->erp;
	c->erp.realms = c->served;
	c->erp.on_unknown_key = HK_UNKNOWN_FINISH;
	c->policy = (struct hk_home_policy){.erp = &c->erp};
	assert_ok(hk_keystore_memory_open(&memory, &c->store));
	assert_ok(hk_home_new(NULL, NULL, &c->hall));
	hk_home_worker_init(&c->worker, c->hall, c->store);

	c->port_config = hk_er_port_config_default();
	c->port_config.domain = hk_text(CAMPUS);
	assert_ok(hk_er_peer_init(&c->peer, &peer));
	*state = c;
	return 0;
}

int campus_teardown(void **state)
{
	struct campus *c = *state;
	void *hall = c->home;

	hk_er_peer_clear(&c->peer);
	hk_eap_peer_free(c->method);
	hk_home_done(&c->worker, &c->visit);
	hk_home_free(c->hall);
	hk_keystore_close(c->store);
	hall_teardown(&hall);
	free(c);
	return 0;
}

/* ---- far away ---- */

static uint8_t code_of(enum hk_verdict verdict)
{
	switch (verdict) {
	case HK_VERDICT_ACCEPT:
		return HK_RADIUS_ACCESS_ACCEPT;
	case HK_VERDICT_CHALLENGE:
		return HK_RADIUS_ACCESS_CHALLENGE;
	default:
		return HK_RADIUS_ACCESS_REJECT;
	}
}

/* The packets are not signed: what is between has all secrets of the hops anyway. */
static size_t end_packet(struct hk_buf *b)
{
	assert_true(hk_buf_ok(b));
	hk_store_u16(b->data + 2, (uint16_t)b->len);
	return b->len;
}

static void read_request(struct campus *c, const struct hk_radius *p, struct hk_aaa_request *q)
{
	struct hk_buf joined = hk_buf(c->home_eap, sizeof(c->home_eap));

	q->has_eap = p->eap_first != 0;
	assert_ok(hk_radius_eap(p, &joined, &q->eap));
	q->user_name = hk_radius_find(p, HK_RADIUS_USER_NAME);
	q->state = hk_radius_find(p, HK_RADIUS_STATE);
	q->nas_identifier = hk_radius_find(p, HK_RADIUS_NAS_IDENTIFIER);
	q->calling_station_id = hk_radius_find(p, HK_RADIUS_CALLING_STATION_ID);
	q->client = hk_text("campus");
	q->client_id = 77;
	q->secure = true;
	hk_keydist_read(p->attributes, HK_VENDOR_HOKEY, &q->keydist);
}

static size_t write_reply(struct campus *c, const struct hk_aaa_reply *reply)
{
	struct hk_buf b = hk_buf(c->from_home, sizeof(c->from_home));

	hk_radius_begin(&b, code_of(reply->verdict), 1);
	hk_radius_put_eap(&b, hk_buf_bytes(&reply->eap));
	if (reply->has_state)
		hk_radius_put(&b, HK_RADIUS_STATE, hk_bytes(reply->state, HK_STATE_LEN));
	if (reply->verdict == HK_VERDICT_ACCEPT) {
		if (reply->user_name.len)
			hk_radius_put(&b, HK_RADIUS_USER_NAME, reply->user_name);
		hk_put_bytes(&b, reply->authorization);
		if (reply->session_timeout_s) {
			hk_radius_put_u32(&b, HK_RADIUS_SESSION_TIMEOUT, reply->session_timeout_s);
			hk_radius_put_u32(&b, HK_RADIUS_TERMINATION_ACTION, 1);
		}
	}
	hk_keydist_put_delivery(&b, HK_VENDOR_HOKEY, &reply->delivery);
	return end_packet(&b);
}

/* At home: packet in, packet out; 0: no answer. The key goes aside. */
static size_t ask_home(struct campus *c, size_t len)
{
	struct hall *h = c->home;
	struct hk_home_visit *visit = &h->visit;
	struct hk_radius p;

	assert_ok(hk_radius_parse(hk_bytes(c->to_home, len), &p));
	hk_home_done(&h->worker, visit);
	hk_home_begin(visit, h->eap, sizeof(h->eap));
	read_request(c, &p, &visit->request);
	c->packets++;
	c->with_request += visit->request.keydist.request.data != NULL;
	hk_home_receive(&h->worker, &h->policy, visit, h->now);
	hk_home_commit(&h->worker, &h->policy, &visit, 1, h->now);
	c->home_event = visit->event;
	c->with_delivery += visit->reply.delivery.key_len > 0;
	if (visit->reply.verdict == HK_VERDICT_NONE)
		return 0;
	return write_reply(c, &visit->reply);
}

/* ---- the campus ---- */

static size_t write_request(struct campus *c, const struct hk_aaa_request *q)
{
	struct hk_buf b = hk_buf(c->to_home, sizeof(c->to_home));

	hk_radius_begin(&b, HK_RADIUS_ACCESS_REQUEST, 1);
	if (q->user_name.len)
		hk_radius_put(&b, HK_RADIUS_USER_NAME, q->user_name);
	hk_radius_put(&b, HK_RADIUS_NAS_IDENTIFIER, q->nas_identifier);
	hk_radius_put(&b, HK_RADIUS_CALLING_STATION_ID, q->calling_station_id);
	if (q->state.data)
		hk_radius_put(&b, HK_RADIUS_STATE, q->state);
	hk_radius_put_eap(&b, q->eap);
	hk_keydist_put_request(&b, HK_VENDOR_HOKEY, &c->pending.asked);
	return end_packet(&b);
}

/* What the access point gets to see. */
static void strip(struct campus *c, const struct hk_radius *p)
{
	struct hk_buf b = hk_buf(c->for_port, sizeof(c->for_port));
	struct hk_reader r = hk_reader(p->attributes);
	struct hk_radius_attribute a;

	while (hk_radius_next(&r, &a))
		if (!hk_keydist_is_private(&a, HK_VENDOR_HOKEY))
			hk_radius_put(&b, a.type, a.value);
	assert_true(hk_buf_ok(&b));
	c->for_port_len = b.len;
}

static void read_reply(
	struct campus *c, const struct hk_aaa_request *q, size_t len, struct hk_er_answer *answer)
{
	struct hk_buf joined = hk_buf(c->eap, sizeof(c->eap));
	struct hk_radius p;
	struct hk_bytes v;

	assert_ok(hk_radius_parse(hk_bytes(c->from_home, len), &p));
	assert_ok(hk_radius_eap(&p, &joined, &answer->eap));
	v = hk_radius_find(&p, HK_RADIUS_STATE);
	if (v.len == HK_STATE_LEN) {
		memcpy(c->state, v.data, HK_STATE_LEN);
		answer->state = hk_bytes(c->state, HK_STATE_LEN);
	}
	answer->verdict = p.code == HK_RADIUS_ACCESS_ACCEPT      ? HK_VERDICT_ACCEPT
			  : p.code == HK_RADIUS_ACCESS_CHALLENGE ? HK_VERDICT_CHALLENGE
								 : HK_VERDICT_REJECT;
	if (answer->verdict != HK_VERDICT_ACCEPT)
		return;
	hk_radius_find_u32(&p, HK_RADIUS_SESSION_TIMEOUT, &answer->session_timeout_s);
	answer->key = hk_bytes(c->home->visit.reply.key, HK_AAA_KEY_LEN);
	c->accepts++;
	hk_visited_accept(
		&c->visited, c->store, &c->pending, q, p.attributes, c->home->now, &c->outcome);
	strip(c, &p);
}

static void forward(struct campus *c, const struct hk_aaa_request *q, struct hk_er_answer *answer)
{
	size_t len;

	if (c->cut_off)
		return;
	len = write_request(c, q);
	if (c->meddle)
		c->meddle(c, false, c->to_home, len);
	len = ask_home(c, len);
	if (len == 0)
		return;
	if (c->meddle)
		c->meddle(c, true, c->from_home, len);
	read_reply(c, q, len, answer);
}

static void serve_here(
	struct campus *c, const struct hk_aaa_request *q, struct hk_er_answer *answer)
{
	struct hk_home_visit *visit = &c->visit;
	const struct hk_aaa_reply *reply = &visit->reply;
	struct hk_buf b = hk_buf(c->for_port, sizeof(c->for_port));

	c->served_here++;
	hk_home_done(&c->worker, visit);
	hk_home_begin(visit, c->eap, sizeof(c->eap));
	visit->request = *q;
	visit->request.client = hk_text("ap");
	visit->request.cui = c->cui;
	hk_home_receive(&c->worker, &c->policy, visit, c->home->now);
	hk_home_commit(&c->worker, &c->policy, &visit, 1, c->home->now);
	answer->verdict = reply->verdict;
	answer->eap = hk_buf_bytes(&reply->eap);
	answer->key = reply->has_key ? hk_bytes(reply->key, sizeof(reply->key)) : HK_NO_BYTES;
	answer->session_timeout_s = reply->session_timeout_s;
	if (reply->verdict != HK_VERDICT_ACCEPT)
		return;
	hk_radius_put(
		&b, HK_RADIUS_USER_NAME, reply->user_name.len ? reply->user_name : q->user_name);
	hk_put_bytes(&b, reply->authorization);
	c->for_port_len = b.len;
}

static void serve(struct campus *c)
{
	struct hk_aaa_request q = c->out.request;
	struct hk_er_answer answer = {.transaction = c->out.forward, .verdict = HK_VERDICT_NONE};
	uint8_t nonce[HK_KEYDIST_NONCE_LEN];

	assert_ok(hk_random(nonce, sizeof(nonce)));
	memset(&c->outcome, 0, sizeof(c->outcome));
	if (hk_visited_receive(&c->visited, &q, true, nonce, c->home->now, &c->pending) ==
		HK_VISITED_HERE)
		serve_here(c, &q, &answer);
	else
		forward(c, &q, &answer);
	hk_er_port_answer(&c->port, &answer, c->home->now, &c->out);
	if (c->out.let_in) {
		c->let_in = c->out.let_in;
		memcpy(c->port_key, c->out.key.data, sizeof(c->port_key));
	}
}

/* ---- the device ---- */

static void take_login(struct campus *c)
{
	hk_time now = c->home->now;
	struct hk_eap_result *result =
		hk_eap_peer_result(c->method, now, hk_time_add_s(now, HOME_S));
	struct hk_buf msk = hk_buf(c->device_key, sizeof(c->device_key));
	struct hk_er_result out;
	struct hk_key *emsk = result->emsk;

	assert_ok(hk_key_release(result->msk, HK_HOLDER_AUTHENTICATOR, hk_text("here"), now, &msk));
	result->emsk = NULL;
	assert_ok(hk_er_peer_take_emsk(&c->peer, emsk, hk_text(REALM), now));
	hk_er_link_eap_ended(&c->link, true, now, &out);
	c->device_in = true;
}

static void to_port(struct campus *c, struct hk_bytes packet)
{
	hk_er_port_receive(&c->port, packet, c->home->now, &c->out);
}

static void to_method(struct campus *c, struct hk_bytes packet)
{
	static uint8_t memory[HK_EAP_MAX_LEN];
	struct hk_buf b = hk_buf(memory, sizeof(memory));

	switch (hk_eap_peer_receive(c->method, packet, c->home->now, &b)) {
	case HK_EAP_SEND:
		to_port(c, hk_buf_bytes(&b));
		break;
	case HK_EAP_SUCCEEDED:
		take_login(c);
		break;
	default:
		break;
	}
}

static void act(struct campus *c, struct hk_bytes packet, struct hk_er_result *out)
{
	struct hk_buf key = hk_buf(c->device_key, sizeof(c->device_key));

	switch (out->action) {
	case HK_ER_PASS:
		to_method(c, packet);
		break;
	case HK_ER_SEND:
		to_port(c, out->packet);
		break;
	case HK_ER_SUCCEEDED:
		assert_ok(hk_key_release(
			out->rmsk, HK_HOLDER_AUTHENTICATOR, hk_text("here"), c->home->now, &key));
		hk_key_free(out->rmsk);
		c->device_in = true;
		break;
	case HK_ER_FULL_EAP:
		if (out->packet.len)
			to_method(c, out->packet);
		break;
	default:
		break;
	}
}

static void to_device(struct campus *c, struct hk_bytes packet)
{
	struct hk_er_result out;

	hk_er_link_receive(&c->link, packet, c->home->now, NO_JITTER, &out);
	act(c, packet, &out);
}

/* Until nobody has anything to send. */
static void talk(struct campus *c)
{
	while (c->out.nsend > 0 || c->out.forward) {
		struct hk_er_port_result from_port = c->out;

		if (from_port.forward) {
			serve(c);
			continue;
		}
		c->out.nsend = 0;
		for (size_t i = 0; i < from_port.nsend; i++)
			to_device(c, from_port.send[i]);
	}
}

/* A device that gets no usable answer gives ERP up after a while. */
static void lose_patience(struct campus *c)
{
	struct hk_er_result out;
	hk_time before = c->home->now;

	if (c->link.state != HK_ER_WAIT)
		return;
	c->home->now = c->link.end_at;
	hk_er_link_timeout(&c->link, c->home->now, NO_JITTER, &out);
	act(c, HK_NO_BYTES, &out);
	talk(c);
	c->home->now = before + 1;
}

static void begin_anew(struct campus *c)
{
	const struct hk_eap_peer_config method = {.tls = c->home->peer_tls,
		.identity = hk_text("anonymous@" REALM),
		.fragment_size = 1020};

	hk_eap_peer_free(c->method);
	assert_ok(hk_eap_peer_new(&method, &c->method));
	c->device_in = false;
	c->let_in = HK_ER_NOT_AUTHORISED;
	memset(c->device_key, 1, sizeof(c->device_key));
	memset(c->port_key, 2, sizeof(c->port_key));
}

void campus_attach(struct campus *c, const char *ap)
{
	struct hk_er_link_config link;

	snprintf(c->ap, sizeof(c->ap), "%s", ap);
	link = (struct hk_er_link_config){.authenticator = hk_text(c->ap)};
	begin_anew(c);
	hk_er_link_init(&c->link, &c->peer, &link, c->home->now);
	assert_ok(hk_er_port_init(&c->port, &c->port_config, &ap_identity, 0));
	hk_er_port_attach(&c->port, false, c->home->now, &c->out);
	talk(c);
	/* a Start that was not answered, or an answer that helps nobody */
	if (!c->device_in && c->out.deadline != HK_NEVER && !c->cut_off) {
		hk_er_port_timeout(&c->port, c->out.deadline, &c->out);
		talk(c);
	}
	lose_patience(c);
}

void campus_reauth(struct campus *c, bool bootstrap)
{
	struct hk_er_result out;

	begin_anew(c);
	hk_er_link_begin(&c->link, bootstrap, c->home->now, NO_JITTER, &out);
	act(c, HK_NO_BYTES, &out);
	talk(c);
}

void campus_assert_in(struct campus *c, enum hk_er_authorised how)
{
	assert_true(c->device_in);
	assert_int_equal(c->let_in, how);
	assert_memory_equal(c->device_key, c->port_key, sizeof(c->port_key));
}

bool campus_knows(struct campus *c)
{
	struct hk_keyset set;
	enum hk_err err =
		hk_keystore_find(c->store, c->peer.emsk_name, hk_text(CAMPUS), c->home->now, &set);

	hk_keyset_wipe(&set);
	return !err;
}
