/* SPDX-License-Identifier: ISC */
/*
 * Full logins: EAP-TLS conversations, many at a time, without blocking. Each
 * conversation has a source port and an Identifier of its own.
 */
#include "hokey/bench/answer.h"
#include "hokey/bench/engine.h"

#include "crypto/crypto.h"
#include "hokey/now.h"

#include <hokey/aaa.h>
#include <hokey/eap.h>

#include <stdio.h>
#include <stdlib.h>

#define IDENTIFIERS     256
#define TRANSMISSIONS   3
#define TICKET_MAX      8192
#define KEYS_LIFETIME_S 86400 /* as far as we are concerned; the server decides */

struct conversation {
	bool active;
	bool uncounted; /* only to get a session to resume */
	uint8_t identifier;
	struct hk_channel *channel;
	struct hk_eap_peer *peer;
	uint64_t device;
	uint64_t begun_ns;
	uint64_t sent_ns;
	unsigned transmissions;
	unsigned rounds;
	uint32_t nas;
	size_t user_len, state_len, packet_len, ticket_len;
	uint8_t user[HK_NAI_MAX_LEN];
	uint8_t state[HK_RADIUS_VALUE_MAX];
	uint8_t packet[HK_RADIUS_MAX_LEN];
	uint8_t ticket[TICKET_MAX];
};

struct hk_login {
	struct hk_bench_engine *e;
	struct conversation *conversations;
	uint32_t nconversations;
	uint32_t nactive;
	bool resume;
	bool warming;
	uint64_t expire_ns;
};

bool hk_login_prepare(struct hk_bench_engine *e, bool resume, struct hk_login **out)
{
	struct hk_login *l = calloc(1, sizeof *l);

	*out = l;
	if (!l)
		return false;
	l->e = e;
	l->resume = resume;
	l->nconversations = e->share.concurrency;
	l->conversations = calloc(l->nconversations, sizeof *l->conversations);
	if (!l->conversations)
		return false;
	for (uint32_t i = 0; i < l->nconversations; i++) {
		l->conversations[i].channel = &e->channels[i / IDENTIFIERS];
		l->conversations[i].identifier = (uint8_t)(i % IDENTIFIERS);
	}
	return true;
}

static void close_peer(struct conversation *c)
{
	hk_eap_peer_free(c->peer);
	c->peer = NULL;
}

void hk_login_free(struct hk_login *l)
{
	if (!l)
		return;
	for (uint32_t i = 0; l->conversations && i < l->nconversations; i++) {
		close_peer(&l->conversations[i]);
		hk_wipe(l->conversations[i].ticket, l->conversations[i].ticket_len);
	}
	free(l->conversations);
	free(l);
}

/* ---- sending ---- */

static void transmit(struct conversation *c)
{
	if (hk_channel_full(c->channel))
		hk_channel_flush(c->channel);
	hk_channel_queue(c->channel, hk_bytes(c->packet, c->packet_len));
	c->sent_ns = hk_bench_now_ns();
	c->transmissions++;
}

/* The first failure is told in words. */
static void remember_failure(struct hk_bench_engine *e, const struct conversation *c)
{
	const char *detail = "";
	enum hk_err err = c->peer ? hk_eap_peer_error(c->peer, &detail) : HK_OK;

	if (!e->failure[0] && err)
		snprintf(e->failure, sizeof e->failure, "%s: %s", hk_strerror(err), detail);
}

static void end(struct hk_login *l, struct conversation *c, enum hk_bench_count how)
{
	struct hk_bench_engine *e = l->e;

	if (how != HK_BENCH_ACCEPTED)
		remember_failure(e, c);
	close_peer(c);
	c->active = false;
	l->nactive--;
	if (!c->uncounted)
		hk_bench_engine_end(e, how, c->begun_ns, hk_bench_now_ns());
	else if (how != HK_BENCH_ACCEPTED)
		e->error = "a login that was to give a TLS session failed";
}

static void send_eap(struct hk_login *l, struct conversation *c, struct hk_bytes eap)
{
	struct hk_bench_engine *e = l->e;
	struct hk_buf out = hk_buf(c->packet, sizeof c->packet);

	if (hk_bench_write_request(e->options, &e->random, hk_bytes(c->user, c->user_len), eap,
		    hk_bytes(c->state, c->state_len), c->device, c->nas, c->identifier, &out)) {
		end(l, c, HK_BENCH_FAILED);
		return;
	}
	c->packet_len = out.len;
	c->transmissions = 0;
	transmit(c);
}

/* ---- one conversation ---- */

static void write_identity(const struct hk_bench_options *o, struct conversation *c)
{
	const char *number = strstr(o->identity, "%d");
	char text[HK_NAI_MAX_LEN + 1];

	if (number)
		snprintf(text, sizeof text, "%.*s%llu%s", (int)(number - o->identity), o->identity,
			(unsigned long long)c->device, number + 2);
	else
		snprintf(text, sizeof text, "%s", o->identity);
	c->user_len = strlen(text);
	memcpy(c->user, text, c->user_len);
}

static enum hk_err open_peer(struct hk_login *l, struct conversation *c)
{
	struct hk_eap_peer_config config = {
		.tls = l->e->tls,
		.identity = hk_bytes(c->user, c->user_len),
		.ticket = hk_bytes(c->ticket, l->resume ? c->ticket_len : 0),
	};

	return hk_eap_peer_new(&config, &c->peer);
}

/* What the access point does: asks for the identity and passes the answer on. */
static bool first_response(struct conversation *c, struct hk_buf *out)
{
	uint8_t octets[16];
	struct hk_buf request = hk_buf(octets, sizeof octets);

	return hk_eap_write(&request, HK_EAP_REQUEST, c->identifier, HK_EAP_TYPE_IDENTITY,
		       HK_NO_BYTES) == HK_OK &&
	       hk_eap_peer_receive(c->peer, hk_buf_bytes(&request), now_ms(), out) == HK_EAP_SEND;
}

static void begin(struct hk_login *l, struct conversation *c, uint64_t now_ns)
{
	struct hk_bench_engine *e = l->e;
	uint8_t octets[HK_EAP_MAX_LEN];
	struct hk_buf out = hk_buf(octets, sizeof octets);
	uint64_t intended = hk_bench_intended_ns(e);

	c->active = true;
	c->uncounted = l->warming;
	c->device = e->first + e->begun % e->ndevices;
	c->nas = (uint32_t)(c->device % e->options->nas_count);
	c->begun_ns = intended ? intended : now_ns;
	c->rounds = 0;
	c->state_len = 0;
	l->nactive++;
	e->begun++;
	if (!c->uncounted)
		e->stats.count[HK_BENCH_SENT]++;
	write_identity(e->options, c);
	if (open_peer(l, c) || !first_response(c, &out))
		end(l, c, HK_BENCH_FAILED);
	else
		send_eap(l, c, hk_buf_bytes(&out));
}

/* The keys of an Access-Accept are those we have, and the device may use its EMSK. */
static bool take_keys(
	struct hk_login *l, struct conversation *c, const struct hk_radius *reply, hk_time now)
{
	struct hk_eap_result *result =
		hk_eap_peer_result(c->peer, now, hk_time_add_s(now, KEYS_LIFETIME_S));
	uint8_t octets[HK_EMSK_MAX_LEN];
	struct hk_buf msk = hk_buf(octets, sizeof octets);
	bool good;

	if (!result)
		return false;
	good = hk_key_release(result->msk, HK_HOLDER_AUTHENTICATOR, hk_text("bench"), now, &msk) ==
		       HK_OK &&
	       msk.len >= 64 &&
	       hk_bench_keys_match(reply, &l->e->options->secret, c->packet + 4, octets);
	hk_wipe(octets, sizeof octets);
	if (!good || hk_device_set_keys(&l->e->devices->device[c->device], result->emsk, now))
		return false;
	if (result->resumed && !c->uncounted)
		l->e->stats.count[HK_BENCH_RESUMED]++;
	return true;
}

/* The new session, when there is one; else the old one goes on. */
static void keep_ticket(struct hk_login *l, struct conversation *c)
{
	uint8_t octets[TICKET_MAX];
	struct hk_buf ticket = hk_buf(octets, sizeof octets);

	if (l->resume && hk_eap_peer_ticket(c->peer, &ticket) == HK_OK && ticket.len) {
		memcpy(c->ticket, octets, ticket.len);
		c->ticket_len = ticket.len;
	}
	hk_wipe(octets, ticket.len);
}

static void succeed(struct hk_login *l, struct conversation *c, const struct hk_radius *reply)
{
	uint64_t *count = l->e->stats.count;

	if (!c->uncounted)
		count[HK_BENCH_CHECKED]++;
	if (!take_keys(l, c, reply, now_ms())) {
		if (!c->uncounted)
			count[HK_BENCH_WRONG]++;
		end(l, c, HK_BENCH_FAILED);
		return;
	}
	keep_ticket(l, c);
	if (!c->uncounted)
		count[HK_BENCH_ROUNDS] += c->rounds;
	end(l, c, HK_BENCH_ACCEPTED);
}

static void go_on(struct hk_login *l, struct conversation *c, const struct hk_radius *reply,
	struct hk_bytes eap)
{
	struct hk_bytes state = hk_radius_find(reply, HK_RADIUS_STATE);
	uint8_t octets[HK_EAP_MAX_LEN];
	struct hk_buf out = hk_buf(octets, sizeof octets);
	enum hk_eap_action action = hk_eap_peer_receive(c->peer, eap, now_ms(), &out);

	c->state_len = state.len;
	if (state.len)
		memcpy(c->state, state.data, state.len);
	if (action == HK_EAP_SEND)
		send_eap(l, c, hk_buf_bytes(&out));
	else if (action == HK_EAP_SUCCEEDED)
		succeed(l, c, reply);
	else
		end(l, c, HK_BENCH_FAILED);
}

static void receive(struct hk_login *l, struct conversation *c, struct hk_bytes datagram)
{
	uint8_t memory[HK_RADIUS_MAX_LEN];
	struct hk_buf joined = hk_buf(memory, sizeof memory);
	enum hk_bench_count kind = hk_bench_classify(datagram);
	struct hk_radius reply;
	struct hk_bytes eap;

	if (hk_radius_parse(datagram, &reply) ||
		hk_radius_check_message_authenticator(
			&reply, &l->e->options->secret, c->packet + 4) ||
		hk_radius_check_response_authenticator(
			&reply, &l->e->options->secret, c->packet + 4)) {
		l->e->stats.count[HK_BENCH_UNEXPECTED]++;
		return;
	}
	c->rounds++;
	if (kind != HK_BENCH_ACCEPTED && kind != HK_BENCH_CHALLENGED)
		end(l, c, kind);
	else if (hk_radius_eap(&reply, &joined, &eap))
		end(l, c, HK_BENCH_FAILED);
	else
		go_on(l, c, &reply, eap);
}

/* ---- all of them ---- */

static struct conversation *find(struct hk_login *l, unsigned channel, struct hk_bytes datagram)
{
	uint32_t i;

	if (hk_bench_classify(datagram) == HK_BENCH_MALFORMED)
		return NULL;
	i = channel * IDENTIFIERS + datagram.data[1];
	return i < l->nconversations && l->conversations[i].active ? &l->conversations[i] : NULL;
}

static unsigned take_answers(struct hk_login *l)
{
	struct hk_bench_engine *e = l->e;
	unsigned total = 0;

	for (unsigned i = 0; i < e->nchannels; i++) {
		unsigned n = hk_channel_receive(&e->channels[i], e->inbox);

		for (unsigned j = 0; j < n; j++) {
			struct hk_bytes datagram = hk_channel_datagram(e->inbox, j);
			struct conversation *c = find(l, i, datagram);

			if (c)
				receive(l, c, datagram);
			else
				e->stats.count[HK_BENCH_UNEXPECTED]++;
		}
		total += n;
	}
	return total;
}

static void retransmit(struct hk_login *l, uint64_t now_ns)
{
	uint64_t timeout_ns = (uint64_t)l->e->options->timeout_ms * 1000000;

	if (now_ns < l->expire_ns)
		return;
	l->expire_ns = now_ns + timeout_ns / 16;
	for (uint32_t i = 0; i < l->nconversations && l->nactive; i++) {
		struct conversation *c = &l->conversations[i];

		if (!c->active || now_ns - c->sent_ns < timeout_ns)
			continue;
		if (c->transmissions == TRANSMISSIONS) {
			end(l, c, HK_BENCH_LOST);
		} else {
			l->e->stats.count[HK_BENCH_RETRANSMITTED]++;
			transmit(c);
		}
	}
}

/* Warming up goes to each conversation in turn; else to any that is free. */
static void begin_due(struct hk_login *l, uint64_t now_ns)
{
	struct hk_bench_engine *e = l->e;

	for (uint32_t i = 0; i < l->nconversations; i++) {
		struct conversation *c = &l->conversations[i];

		if (!hk_bench_engine_may_begin(e, l->nactive, now_ns))
			return;
		if (!c->active && !(l->warming && c->ticket_len))
			begin(l, c, now_ns);
	}
}

static void work(struct hk_login *l)
{
	struct hk_bench_engine *e = l->e;
	uint64_t now_ns = hk_bench_now_ns();

	while (!hk_bench_engine_finished(e, now_ns) || l->nactive) {
		begin_due(l, now_ns);
		hk_bench_engine_flush(e);
		if (take_answers(l) == 0) {
			now_ns = hk_bench_now_ns();
			hk_bench_engine_wait(e, now_ns,
				l->nactive < l->nconversations &&
					!hk_bench_engine_finished(e, now_ns));
		}
		hk_bench_engine_flush(e);
		now_ns = hk_bench_now_ns();
		retransmit(l, now_ns);
	}
}

bool hk_login_warm_up(struct hk_login *l)
{
	struct hk_bench_engine *e = l->e;
	struct hk_bench_share share = e->share;
	bool good;

	e->share = (struct hk_bench_share){
		.requests = l->nconversations, .concurrency = l->nconversations};
	l->warming = true;
	work(l);
	l->warming = false;
	e->share = share;
	e->begun = 0;
	good = !e->error && !atomic_load(e->stop);
	for (uint32_t i = 0; i < l->nconversations; i++)
		good = good && l->conversations[i].ticket_len > 0;
	if (!good && !e->error)
		e->error = "the server gives no TLS sessions to resume";
	return good;
}

void hk_login_run(struct hk_login *l)
{
	l->e->stats.first_ns = hk_bench_now_ns();
	work(l);
}
