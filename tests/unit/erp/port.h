/* SPDX-License-Identifier: ISC */
/* A port of an ER authenticator on the test bench. */
#ifndef HK_TESTS_PORT_H
#define HK_TESTS_PORT_H

#include "vectors.h"

#include <hokey/eap.h>
#include <hokey/er_authenticator.h>

#define NOW ((hk_time)1700000000000)

struct bench {
	struct hk_er_port_config config;
	struct hk_aaa_request identity;
	struct hk_er_port port;
	struct hk_er_port_result out; /* of the last event */
	hk_time now;
};

/* Octets of a packet; several can be in use at once. */
static inline struct hk_bytes packet(const char *name)
{
	static uint8_t room[64][2048];
	static size_t next;
	uint8_t *p = room[next++ % 64];

	return hk_bytes(p, vector(name, p, sizeof room[0]));
}

static inline void set_up(struct bench *b)
{
	memset(b, 0, sizeof *b);
	b->now = NOW;
	b->config = hk_er_port_config_default();
	b->identity.nas_identifier = hk_text("nas-7.visited.example");
	b->identity.calling_station_id = hk_text("02-00-00-00-02-00");
	b->config.domain = hk_text("visited.example");
}

/* Made with the configuration as it is; the first Identifier is 1. */
static inline void plug_in(struct bench *b)
{
	assert_ok(hk_er_port_init(&b->port, &b->config, &b->identity, 0));
}

static inline void attach(struct bench *b)
{
	plug_in(b);
	hk_er_port_attach(&b->port, false, b->now, &b->out);
}

static inline void receive(struct bench *b, struct hk_bytes eap)
{
	hk_er_port_receive(&b->port, eap, b->now, &b->out);
}

/* Goes to a later time, stopping at each deadline on the way; keeps the last result. */
static inline void wait_ms(struct bench *b, hk_time ms)
{
	hk_time end = b->now + ms;

	while (b->out.deadline <= end) {
		assert_true(b->out.deadline > b->now);
		b->now = b->out.deadline;
		hk_er_port_timeout(&b->port, b->now, &b->out);
	}
	b->now = end;
}

/* Goes to the next deadline. */
static inline void expire(struct bench *b)
{
	assert_true(b->out.deadline != HK_NEVER);
	b->now = b->out.deadline;
	hk_er_port_timeout(&b->port, b->now, &b->out);
}

static inline void answer_to(struct bench *b, uint32_t transaction, enum hk_verdict verdict,
	struct hk_bytes eap, struct hk_bytes key, uint32_t session_timeout_s)
{
	struct hk_er_answer a = {transaction, verdict, eap, HK_NO_BYTES, key, session_timeout_s};

	hk_er_port_answer(&b->port, &a, b->now, &b->out);
}

static inline struct hk_bytes rmsk(void)
{
	return packet("V1.rMSK[SEQ=1]");
}

static inline void accept_with(struct bench *b, struct hk_bytes eap, struct hk_bytes key)
{
	answer_to(b, b->port.transaction, HK_VERDICT_ACCEPT, eap, key, 3600);
}

static inline void reject_with(struct bench *b, struct hk_bytes eap)
{
	answer_to(b, b->port.transaction, HK_VERDICT_REJECT, eap, HK_NO_BYTES, 0);
}

/* The exchange of P2, from Initiate to rMSK. */
static inline void reauthenticate(struct bench *b)
{
	receive(b, packet("P2.init"));
	assert_int_not_equal(b->out.forward, 0);
	accept_with(b, packet("P2.finish"), rmsk());
	assert_int_equal(b->out.let_in, HK_ER_AUTHORISED_RMSK);
}

/* A Finish that refuses P2.init; the authenticator cannot check its tag. */
static inline struct hk_bytes refusal(void)
{
	struct hk_bytes finish = packet("P2.finish");

	((uint8_t *)finish.data)[5] |= HK_ERP_FLAG_R;
	return finish;
}

static inline struct hk_bytes eap(const char *text)
{
	static uint8_t room[64][512];
	static size_t next;
	uint8_t *p = room[next++ % 64];

	return hk_bytes(p, hex(p, sizeof room[0], text));
}

#define assert_nothing_sent(b)  assert_int_equal((b)->out.nsend, 0)
#define assert_not_forwarded(b) assert_int_equal((b)->out.forward, 0)

#define assert_dropped(b, why)                                                                     \
	do {                                                                                       \
		assert_err((b)->out.reason, why);                                                  \
		assert_nothing_sent(b);                                                            \
		assert_not_forwarded(b);                                                           \
		assert_int_equal((b)->out.let_in, HK_ER_NOT_AUTHORISED);                           \
		assert_false((b)->out.shut);                                                       \
	} while (0)

#define assert_sent(b, i, packet)                                                                  \
	do {                                                                                       \
		assert_true((b)->out.nsend > (i));                                                 \
		assert_true(hk_bytes_equal((b)->out.send[i], packet));                             \
	} while (0)

/* The i-th packet sent is an EAP-Request/Identity, and it is now what is outstanding. */
static inline void assert_asks_identity_at(struct bench *b, size_t i, const char *file, int line)
{
	const struct hk_bytes *p = &b->out.send[i];

	_assert_int_equal(b->out.nsend, i + 1, file, line);
	_assert_int_equal(p->len, 5, file, line);
	_assert_int_equal(p->data[0], HK_EAP_REQUEST, file, line);
	_assert_int_equal(p->data[1], b->port.identifier, file, line);
	_assert_int_equal(p->data[4], HK_EAP_TYPE_IDENTITY, file, line);
	_assert_int_equal(b->port.state, HK_ER_PORT_REQUEST, file, line);
}
#define assert_asks_identity(b, i) assert_asks_identity_at(b, i, __FILE__, __LINE__)

#endif
