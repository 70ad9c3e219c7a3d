/* SPDX-License-Identifier: ISC */
/* A door with clients, and requests for it, signed or not. */
#ifndef HK_TESTS_HOKEYD_DOOR_BENCH_H
#define HK_TESTS_HOKEYD_DOOR_BENCH_H

#include "test.h"

#include "hokeyd/radius_door.h"

#define SECRET  "xyzzy5461-hokey-lab-secret"
#define CLIENTS 8
#define T0      ((hk_time)1790000000000)

struct door_bench {
	struct hk_client_config configs[CLIENTS];
	size_t nconfigs;
	struct hk_clients *clients;
	struct hk_counters counters;
	struct hk_door door;
	struct hk_radius_source source;
	hk_time now;
	struct hk_door_request r;

	uint8_t request[HK_RADIUS_MAX_LEN]; /* the last one sent */
	size_t request_len;
	uint8_t out[HK_RADIUS_MAX_LEN]; /* and its reply */
	size_t out_len;
	struct hk_radius reply;
};

static inline void bench_add_client(
	struct door_bench *b, const char *name, const char *address, uint8_t prefix)
{
	struct hk_client_config *c = &b->configs[b->nconfigs++];

	memset(c, 0, sizeof(*c));
	c->name = strdup(name);
	hex(c->network, sizeof(c->network), address);
	c->prefix = prefix;
	assert_ok(hk_radius_secret_set(&c->secret, hk_text(SECRET)));
	c->require_message_authenticator = HK_YES;
	c->limit_proxy_state = HK_AUTO;
	c->duplicate_window_ms = 10000;
	c->reject_delay_ms = 1000;
}

/* After the last client. previous: a table whose marks are kept. */
static inline void bench_open(struct door_bench *b)
{
	struct hk_clients *previous = b->clients;

	b->clients = NULL;
	assert_ok(hk_clients_new(b->configs, b->nconfigs, previous, &b->clients));
	hk_clients_free(previous);
}

#define V4(hex_address) "00000000000000000000ffff" hex_address
#define AP              V4("c0000211") /* 192.0.2.17 */

static inline int bench_setup(void **state)
{
	struct door_bench *b = calloc(1, sizeof(*b));

	bench_add_client(b, "ap", AP, 128);
	bench_open(b);
	assert_ok(hk_door_init(&b->door, &b->counters, 64, 10000));
	hex(b->source.address, 16, AP);
	b->source.port = 40000;
	b->source.socket = 3;
	b->now = T0;
	*state = b;
	return 0;
}

static inline int bench_teardown(void **state)
{
	struct door_bench *b = *state;

	hk_door_free(&b->door);
	hk_clients_free(b->clients);
	for (size_t i = 0; i < b->nconfigs; i++)
		free(b->configs[i].name);
	free(b);
	return 0;
}

/* What a request is made of. */
struct make {
	uint8_t code; /* 0: Access-Request */
	uint8_t identifier;
	uint8_t authenticator;  /* 16 times */
	const char *attributes; /* hex, complete */
	const char *eap;        /* hex; NULL: no EAP-Message */
	bool unsigned_;         /* no Message-Authenticator */
	bool bad_signature;
	const char *secret;
};

static inline void bench_make(struct door_bench *b, struct make m)
{
	struct hk_buf out = hk_buf(b->request, sizeof(b->request));
	struct hk_radius_secret secret;
	uint8_t octets[HK_RADIUS_MAX_LEN], random[16];
	uint8_t code = m.code ? m.code : HK_RADIUS_ACCESS_REQUEST;

	memset(random, m.authenticator ? m.authenticator : 0x11, sizeof(random));
	assert_ok(hk_radius_secret_set(&secret, hk_text(m.secret ? m.secret : SECRET)));
	if (m.unsigned_) {
		hk_put_u8(&out, code);
		hk_put_u8(&out, m.identifier);
		hk_put_zeros(&out, 18);
	} else {
		hk_radius_begin(&out, code, m.identifier);
	}
	if (m.attributes)
		hk_put(&out, octets, hex(octets, sizeof(octets), m.attributes));
	if (m.eap)
		hk_radius_put_eap(&out, hk_bytes(octets, hex(octets, sizeof(octets), m.eap)));
	assert_ok(hk_radius_sign_request(&out, &secret, random));
	if (m.bad_signature)
		b->request[HK_RADIUS_HEADER_LEN + 2] ^= 1;
	b->request_len = out.len;
}

/* Gives the request to the door; REPEAT and REPLY leave `reply` parsed. */
static inline enum hk_door_step bench_give(struct door_bench *b)
{
	struct hk_buf out = hk_buf(b->out, sizeof(b->out));
	enum hk_door_step step = hk_door_receive(&b->door, b->clients, &b->source,
		hk_bytes(b->request, b->request_len), b->now, &b->r, &out);

	b->out_len = out.len;
	if (step == HK_DOOR_REPLY || (step == HK_DOOR_REPEAT && out.len > 1))
		assert_ok(hk_radius_parse(hk_bytes(b->out, b->out_len), &b->reply));
	return step;
}

static inline enum hk_door_step bench_send(struct door_bench *b, struct make m)
{
	bench_make(b, m);
	return bench_give(b);
}

/* A reply is signed twice, its Message-Authenticator comes first. */
static inline void assert_signed(struct door_bench *b)
{
	const struct hk_radius_secret *secret = &b->r.client->config->secret;

	assert_int_equal(b->out[HK_RADIUS_HEADER_LEN], HK_RADIUS_MESSAGE_AUTHENTICATOR);
	assert_int_equal(b->reply.identifier, b->request[1]);
	assert_ok(hk_radius_check_message_authenticator(&b->reply, secret, b->request + 4));
	assert_ok(hk_radius_check_response_authenticator(&b->reply, secret, b->request + 4));
}

/* Encodes the hall's reply and settles it. */
static inline enum hk_door_step bench_answer(struct door_bench *b)
{
	struct hk_buf out = hk_buf(b->out, sizeof(b->out));
	enum hk_door_step step = hk_door_encode(&b->door, &b->r, b->now, &out);

	b->out_len = out.len;
	if (step == HK_DOOR_REPLY) {
		assert_ok(hk_radius_parse(hk_bytes(b->out, b->out_len), &b->reply));
		assert_signed(b);
		hk_door_settle(&b->door, b->r.entry, hk_bytes(b->out, b->out_len), b->now);
	}
	return step;
}

static inline uint64_t counted(const struct door_bench *b, enum hk_counter which)
{
	return atomic_load(&b->counters.count[which]);
}

#endif
