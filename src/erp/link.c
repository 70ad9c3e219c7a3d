/* SPDX-License-Identifier: ISC */
/*
 * The exchange at one link: RFC 6696 sections 5.2 to 5.4 as a transition
 * table. What a received EAP-Finish means is in link_finish.c.
 */
#include "erp/link.h"

#include "crypto/crypto.h"

#include <hokey/eap.h>

#define JITTER_MS       100
#define REAUTH_MARGIN_S 60
#define FULL_MARGIN_S   300

void hk_er_link_init(struct hk_er_link *link, struct hk_er_peer *peer,
	const struct hk_er_link_config *config, hk_time now)
{
	memset(link, 0, sizeof *link);
	link->peer = peer;
	link->support = peer->config.enabled ? config->support : HK_ER_SUPPORT_NO;
	link->reliable = config->reliable;
	link->identifier = config->identifier;
	link->reauth_at = HK_NEVER;
	link->full_at = HK_NEVER;
	hk_er_authenticator_id(config->authenticator, link->authenticator);
	hk_er_peer_authenticator(peer, link->authenticator, now);
}

struct hk_er_authenticator *hk_er_link_authenticator(struct hk_er_link *link, hk_time now)
{
	return hk_er_peer_authenticator(link->peer, link->authenticator, now);
}

/* ---- results ---- */

static hk_time earlier(hk_time a, hk_time b)
{
	return a < b ? a : b;
}

static hk_time next_deadline(const struct hk_er_link *link)
{
	switch (link->state) {
	case HK_ER_WAIT:
		return earlier(link->retransmit_at, link->end_at);
	case HK_ER_DONE:
		return earlier(link->reauth_at, link->full_at);
	case HK_ER_IDLE:
		return link->full_at;
	case HK_ER_FULL:
		break;
	}
	return HK_NEVER;
}

void hk_er_link_result(struct hk_er_link *link, enum hk_er_action action, enum hk_err reason,
	struct hk_er_result *out)
{
	*out = (struct hk_er_result){.action = action, .reason = reason};
	out->deadline = next_deadline(link);
}

/* ERP is not possible, or over. What was held back is to be answered now. */
static void go_to_full_eap(struct hk_er_link *link, enum hk_err reason, struct hk_er_result *out)
{
	link->state = HK_ER_FULL;
	hk_er_link_result(link, HK_ER_FULL_EAP, reason, out);
	out->packet = hk_bytes(link->held, link->held_len);
	link->held_len = 0;
}

void hk_er_link_give_up(struct hk_er_link *link, enum hk_err reason, struct hk_er_result *out)
{
	link->tried = true;
	go_to_full_eap(link, reason, out);
}

/* ---- sending an Initiate ---- */

/* The time until the next repetition, with -100 to +100 ms of jitter. */
static uint32_t jittered_ms(const struct hk_er_peer_config *c, uint32_t rto_ms, uint16_t random)
{
	uint32_t t = rto_ms + ((uint32_t)random * (2 * JITTER_MS + 1) >> 16);

	t = t > JITTER_MS ? t - JITTER_MS : 0;
	if (t < c->rto_min_ms)
		return c->rto_min_ms;
	return t > c->rto_max_ms ? c->rto_max_ms : t;
}

static void arm_retransmission(struct hk_er_link *link, hk_time now, uint16_t random)
{
	link->retransmit_at =
		link->reliable ? HK_NEVER
			       : now + jittered_ms(&link->peer->config, link->rto_ms, random);
}

static enum hk_err build_initiate(struct hk_er_link *link, const struct hk_er_set *set)
{
	struct hk_buf b = hk_buf(link->packet, sizeof link->packet);
	uint8_t nai[HK_NAI_MAX_LEN];
	struct hk_buf name = hk_buf(nai, sizeof nai);
	struct hk_hmac_key rik;
	enum hk_err err;

	err = hk_keyname_nai_write(link->peer->emsk_name, hk_er_set_realm(set), &name);
	if (err)
		return err;
	hk_erp_begin(
		&b, HK_ERP_INITIATE, link->identifier, link->flags, link->seq, hk_buf_bytes(&name));
	if (link->peer->config.send_channel_binding)
		hk_put(&b, link->cb, link->cb_len);
	err = hk_erp_keys_rik(&set->keys, link->suite, &rik);
	if (!err)
		err = hk_erp_seal(&b, link->suite, &rik);
	hk_wipe(&rik, sizeof rik);
	link->packet_len = (uint16_t)b.len;
	return err;
}

enum hk_err hk_er_link_send(struct hk_er_link *link, struct hk_er_set *set, uint8_t suite,
	hk_time now, uint16_t random, struct hk_er_result *out)
{
	const struct hk_er_peer_config *c = &link->peer->config;
	enum hk_err err;

	err = hk_er_peer_take_seq(link->peer, set, now, &link->seq);
	if (err)
		return err;
	link->set = set->serial;
	link->suite = suite;
	link->tried_suites |= (uint8_t)(1u << suite);
	link->identifier++;
	link->retransmissions = 0;
	link->unverified_failure = false;
	memset(link->unverified_suites, 0, sizeof link->unverified_suites);
	err = build_initiate(link, set);
	if (err)
		return err;
	link->sent = now;
	link->end_at = now + c->guard_ms;
	link->rto_ms = hk_er_authenticator_rto_ms(hk_er_link_authenticator(link, now), c);
	arm_retransmission(link, now, random);
	link->state = HK_ER_WAIT;
	hk_er_link_result(link, HK_ER_SEND, HK_OK, out);
	out->packet = hk_bytes(link->packet, link->packet_len);
	return HK_OK;
}

/* The suite that worked last, else the first of ours that was not refused. */
static uint8_t suite_for(const struct hk_er_peer *peer, const struct hk_er_set *set)
{
	if (set->suite && hk_er_peer_allows_suite(peer, set->suite) &&
		!(set->refused & 1u << set->suite))
		return set->suite;
	return hk_er_peer_suite(peer, set->refused);
}

static enum hk_err start_exchange(struct hk_er_link *link, bool bootstrap, hk_time now,
	uint16_t random, struct hk_er_result *out)
{
	struct hk_er_set *set;
	uint8_t suite;
	enum hk_err err;

	if (link->support == HK_ER_SUPPORT_NO)
		return HK_ERR_DENIED;
	err = hk_er_peer_choose(link->peer, hk_er_link_authenticator(link, now), bootstrap, now,
		&set, &link->flags);
	if (err)
		return err;
	suite = suite_for(link->peer, set);
	if (!suite)
		return HK_ERR_SUITE;
	if (link->peer->config.ask_lifetimes)
		link->flags |= HK_ERP_FLAG_L;
	link->tried_suites = set->refused;
	return hk_er_link_send(link, set, suite, now, random, out);
}

void hk_er_link_begin(struct hk_er_link *link, bool bootstrap, hk_time now, uint16_t random,
	struct hk_er_result *out)
{
	enum hk_err err;

	if (link->state == HK_ER_WAIT || link->state == HK_ER_FULL) {
		hk_er_link_result(link, HK_ER_NOTHING, HK_ERR_UNEXPECTED, out);
		return;
	}
	err = start_exchange(link, bootstrap, now, random, out);
	if (err)
		hk_er_link_give_up(link, err, out);
}

/* ---- what comes in ---- */

static void drop(struct hk_er_link *link, enum hk_err reason, struct hk_er_result *out)
{
	hk_er_link_result(link, HK_ER_DROPPED, reason, out);
}

/* Keeps the channel-binding TLVs of an attribute area, whole ones only. */
static enum hk_err keep_channel_binding(struct hk_er_link *link, struct hk_bytes area)
{
	struct hk_buf b = hk_buf(link->cb, sizeof link->cb);
	struct hk_reader r = hk_reader(area);
	struct hk_bytes value;
	uint8_t type;

	while (hk_erp_attribute_next(&r, &type, &value)) {
		if (type < HK_ERP_CB_FIRST || type > HK_ERP_CB_LAST)
			continue;
		if (b.len + 2 + value.len > b.cap)
			return HK_ERR_TOO_LONG;
		hk_erp_put_tlv(&b, type, value);
		link->cb_len = (uint16_t)b.len;
	}
	return HK_OK;
}

enum hk_err hk_er_link_set_channel_binding(struct hk_er_link *link, struct hk_bytes attributes)
{
	enum hk_err err;

	link->cb_len = 0;
	err = keep_channel_binding(link, attributes);
	link->cb_trusted = link->cb_len > 0; /* what was not told a Start may still say */
	return err;
}

/* What Start tells is a hint that anyone could have sent. */
static void note_start(struct hk_er_link *link, const struct hk_erp_attributes *a,
	bool channel_binding, hk_time now)
{
	if (a->domain_name.len > 0)
		hk_er_authenticator_learn(
			hk_er_link_authenticator(link, now), a->domain_name, HK_ER_SOURCE_START);
	if (channel_binding && link->cb_len == 0)
		keep_channel_binding(link, a->area);
}

static void receive_start(struct hk_er_link *link, const struct hk_erp_message *m, hk_time now,
	uint16_t random, struct hk_er_result *out)
{
	struct hk_erp_attributes a;
	enum hk_err err = hk_erp_attributes(m, m->unprotected_end, &a);

	if (err) {
		drop(link, err, out);
		return;
	}
	note_start(link, &a, link->state != HK_ER_WAIT, now);
	if (link->state == HK_ER_WAIT || link->state == HK_ER_FULL || link->tried) {
		drop(link, HK_ERR_UNEXPECTED, out);
		return;
	}
	err = start_exchange(link, false, now, random, out);
	if (err)
		drop(link, err, out);
}

static void receive_erp(struct hk_er_link *link, struct hk_bytes packet, hk_time now,
	uint16_t random, struct hk_er_result *out)
{
	struct hk_erp_message m;
	enum hk_err err;

	if (link->support == HK_ER_SUPPORT_NO) {
		drop(link, HK_ERR_DENIED, out);
		return;
	}
	if (packet.data[0] == HK_EAP_FINISH &&
		(link->state != HK_ER_WAIT || packet.data[1] != link->identifier)) {
		drop(link, HK_ERR_UNEXPECTED, out);
		return;
	}
	err = hk_erp_parse(packet, &m);
	if (!err && m.code == HK_ERP_INITIATE && m.type != HK_ERP_REAUTH_START)
		err = HK_ERR_UNEXPECTED;
	if (err)
		drop(link, err, out);
	else if (m.code == HK_ERP_INITIATE)
		receive_start(link, &m, now, random, out);
	else
		hk_er_link_finish(link, &m, now, random, out);
}

static void shorten_patience(struct hk_er_link *link, hk_time now)
{
	uint32_t grace = link->peer->config.grace_ms;

	if (grace)
		link->end_at = earlier(link->end_at, now + grace);
}

static void hold(struct hk_er_link *link, struct hk_bytes packet)
{
	/* a longer one comes again: the authenticator repeats what is not answered */
	if (packet.len > sizeof link->held)
		return;
	memcpy(link->held, packet.data, packet.len);
	link->held_len = (uint16_t)packet.len;
}

static bool wants_erp_first(const struct hk_er_link *link, const struct hk_eap_packet *request)
{
	return link->support == HK_ER_SUPPORT_YES && !link->tried &&
	       request->type == HK_EAP_TYPE_IDENTITY && link->state != HK_ER_FULL;
}

static void receive_request(struct hk_er_link *link, const struct hk_eap_packet *request,
	hk_time now, uint16_t random, struct hk_er_result *out)
{
	if (link->state == HK_ER_WAIT) {
		/* a new one behind our Initiate: the other side is through with ERP */
		if (!hk_bytes_equal(request->packet, hk_bytes(link->held, link->held_len)))
			shorten_patience(link, now);
		hold(link, request->packet);
		hk_er_link_result(link, HK_ER_HELD, HK_OK, out);
		return;
	}
	if (wants_erp_first(link, request) &&
		start_exchange(link, false, now, random, out) == HK_OK) {
		hold(link, request->packet);
		return;
	}
	link->state = HK_ER_FULL;
	hk_er_link_result(link, HK_ER_PASS, HK_OK, out);
}

void hk_er_link_doubt(
	struct hk_er_link *link, hk_time now, enum hk_err reason, struct hk_er_result *out)
{
	link->unverified_failure = true;
	shorten_patience(link, now);
	drop(link, reason, out);
}

void hk_er_link_receive(struct hk_er_link *link, struct hk_bytes packet, hk_time now,
	uint16_t random, struct hk_er_result *out)
{
	struct hk_eap_packet eap;
	enum hk_err err = hk_eap_parse(packet, &eap);

	if (err) {
		drop(link, err, out);
		return;
	}
	switch (eap.code) {
	case HK_EAP_INITIATE:
	case HK_EAP_FINISH:
		receive_erp(link, eap.packet, now, random, out);
		return;
	case HK_EAP_REQUEST:
		receive_request(link, &eap, now, random, out);
		return;
	case HK_EAP_SUCCESS:
	case HK_EAP_FAILURE:
		if (link->state != HK_ER_WAIT)
			hk_er_link_result(link, HK_ER_PASS, HK_OK, out);
		else if (eap.code == HK_EAP_FAILURE)
			hk_er_link_doubt(link, now, HK_ERR_UNEXPECTED, out);
		else
			drop(link, HK_ERR_UNEXPECTED, out);
		return;
	default:
		drop(link, HK_ERR_UNEXPECTED, out);
	}
}

/* ---- time ---- */

/* A suite out of the list of a failure whose tag we could not check; 0: none. */
static uint8_t unverified_suite(const struct hk_er_link *link)
{
	if (!link->peer->config.retry_unverified || !link->unverified_failure)
		return 0;
	for (size_t i = 0; i < HK_ERP_RETRY_SUITES; i++) {
		uint8_t suite = link->unverified_suites[i];

		if (suite && hk_er_peer_allows_suite(link->peer, suite) &&
			!(link->tried_suites & 1u << suite))
			return suite;
	}
	return 0;
}

static void end_of_patience(
	struct hk_er_link *link, hk_time now, uint16_t random, struct hk_er_result *out)
{
	enum hk_err reason = link->unverified_failure ? HK_ERR_TAG : HK_ERR_TIMEOUT;
	struct hk_er_set *set = hk_er_peer_set(link->peer, link->set);
	uint8_t suite = unverified_suite(link);

	if (suite && hk_er_set_check(set, now) == HK_OK &&
		hk_er_link_send(link, set, suite, now, random, out) == HK_OK)
		return;
	hk_er_link_give_up(link, reason, out);
}

static void retransmit(
	struct hk_er_link *link, hk_time now, uint16_t random, struct hk_er_result *out)
{
	link->retransmissions++;
	link->rto_ms = link->rto_ms > link->peer->config.rto_max_ms / 2
			       ? link->peer->config.rto_max_ms
			       : 2 * link->rto_ms;
	arm_retransmission(link, now, random);
	hk_er_link_result(link, HK_ER_SEND, HK_OK, out);
	out->packet = hk_bytes(link->packet, link->packet_len);
}

static void timeout_waiting(
	struct hk_er_link *link, hk_time now, uint16_t random, struct hk_er_result *out)
{
	if (now >= link->end_at)
		end_of_patience(link, now, random, out);
	else if (now < link->retransmit_at)
		hk_er_link_result(link, HK_ER_NOTHING, HK_OK, out);
	else if (link->retransmissions == link->peer->config.max_retransmissions)
		end_of_patience(link, now, random, out);
	else
		retransmit(link, now, random, out);
}

void hk_er_link_timeout(
	struct hk_er_link *link, hk_time now, uint16_t random, struct hk_er_result *out)
{
	if (link->state == HK_ER_WAIT) {
		timeout_waiting(link, now, random, out);
	} else if (now < next_deadline(link)) {
		hk_er_link_result(link, HK_ER_NOTHING, HK_OK, out);
	} else if (now >= link->full_at) {
		link->full_at = HK_NEVER;
		go_to_full_eap(link, HK_ERR_EXPIRED, out);
	} else {
		link->reauth_at = HK_NEVER;
		hk_er_link_begin(link, false, now, random, out);
	}
}

/* Some time before the end: the margin, or a tenth of what is left when that is less. */
static hk_time renew_at(hk_time now, hk_time end, uint32_t margin_s)
{
	hk_time left = end > now ? end - now : 0;

	return end - earlier(margin_s * HK_SECOND, left / 10);
}

void hk_er_link_arm(struct hk_er_link *link, hk_time now, hk_time rmsk_ends, hk_time keys_end)
{
	link->reauth_at =
		rmsk_ends == HK_NEVER ? HK_NEVER : renew_at(now, rmsk_ends, REAUTH_MARGIN_S);
	link->full_at = keys_end == HK_NEVER ? HK_NEVER : renew_at(now, keys_end, FULL_MARGIN_S);
}

/* ---- around ERP ---- */

void hk_er_link_eap_ended(
	struct hk_er_link *link, bool succeeded, hk_time now, struct hk_er_result *out)
{
	/* after a failure, the rMSK that was in use still is */
	link->state = !succeeded && link->reauth_at != HK_NEVER ? HK_ER_DONE : HK_ER_IDLE;
	link->held_len = 0;
	if (succeeded) {
		const struct hk_er_set *home = &link->peer->sets[0];

		link->tried = false;
		link->in_use = true;
		hk_er_link_arm(link, now, HK_NEVER, home->expires ? home->expires : HK_NEVER);
	}
	hk_er_link_result(link, HK_ER_NOTHING, HK_OK, out);
}

bool hk_er_link_may_bootstrap(struct hk_er_link *link, hk_time now)
{
	const struct hk_er_set *home = &link->peer->sets[0];
	const struct hk_er_set *set = hk_er_peer_set(link->peer, link->set);

	return set && set != home && !set->proven &&
	       !hk_er_link_authenticator(link, now)->bootstrapped &&
	       hk_er_set_check(home, now) == HK_OK;
}

void hk_er_link_down(struct hk_er_link *link)
{
	link->state = HK_ER_IDLE;
	link->tried = false;
	link->in_use = false;
	link->held_len = 0;
	link->cb_len = 0;
	link->cb_trusted = false;
	link->packet_len = 0;
	link->reauth_at = HK_NEVER;
	link->full_at = HK_NEVER;
}
