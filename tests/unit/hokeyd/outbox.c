/* SPDX-License-Identifier: ISC */
/* When answers leave, and when they must not. */
#include "door_bench.h"

#include "hokeyd/clock.h"
#include "hokeyd/outbox.h"
#include "keystore/store.h"

#include <event2/event.h>

#include <sys/socket.h>
#include <unistd.h>

struct post {
	struct door_bench *b;
	struct hk_outbox outbox;
	struct event_base *base;
	int fd;   /* sends */
	int peer; /* receives */
	struct sockaddr_storage to;
	socklen_t to_len;

	struct hk_keystore store;
	struct hk_keystore_ops ops;
};

/* A store of which only this much is asked. */
static struct {
	enum hk_err result;
	unsigned calls;
	int peer;
} sync_;

static enum hk_err fake_sync(struct hk_keystore *store)
{
	char octet;

	(void)store;
	sync_.calls++;
	/* Nothing may have left before. */
	assert_int_equal(recv(sync_.peer, &octet, 1, MSG_DONTWAIT | MSG_PEEK), -1);
	return sync_.result;
}

static int open_socket(struct sockaddr_storage *name, socklen_t *len)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	*len = sizeof(*name);
	assert_int_equal(getsockname(fd, (struct sockaddr *)name, len), 0);
	return fd;
}

static int setup(void **state)
{
	struct post *p = calloc(1, sizeof(*p));
	struct sockaddr_storage unused;
	socklen_t unused_len;

	hk_clock_start();
	bench_setup((void **)&p->b);
	p->base = event_base_new();
	p->fd = open_socket(&unused, &unused_len);
	p->peer = open_socket(&p->to, &p->to_len);
	p->ops.sync = fake_sync;
	p->store.ops = &p->ops;
	p->store.durability = HK_DURABLE_BATCH;
	memset(&sync_, 0, sizeof(sync_));
	sync_.peer = p->peer;
	assert_ok(hk_outbox_init(&p->outbox, &p->b->door, &p->store, p->base));
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct post *p = *state;

	hk_outbox_free(&p->outbox);
	event_base_free(p->base);
	close(p->fd);
	close(p->peer);
	bench_teardown((void **)&p->b);
	free(p);
	return 0;
}

/* A request the door has let in, and an answer of one octet for it. */
static void put(struct post *p, uint8_t identifier, bool needs_sync, uint32_t delay_ms)
{
	struct hk_out *out;

	assert_int_equal(
		bench_send(p->b, (struct make){.identifier = identifier, .attributes = "20046170"}),
		HK_DOOR_VISIT);
	out = hk_outbox_place(&p->outbox);
	out->settle = true;
	out->needs_sync = needs_sync;
	out->entry = p->b->r.entry;
	out->to.fd = p->fd;
	out->to.peer = p->to;
	out->to.peer_len = p->to_len;
	out->to.control_len = 0;
	out->data[0] = identifier;
	out->len = 1;
	hk_outbox_push_later(&p->outbox, delay_ms, p->b->now);
}

/* The next answer that arrived, or -1. */
static int arrived(struct post *p)
{
	uint8_t octets[64];

	return recv(p->peer, octets, sizeof(octets), MSG_DONTWAIT) == 1 ? octets[0] : -1;
}

static void one_sync_for_all(void **state)
{
	struct post *p = *state;

	for (uint8_t i = 0; i < 5; i++)
		put(p, i, i % 2, 0);
	assert_int_equal(arrived(p), -1);
	hk_outbox_flush(&p->outbox, p->b->now);
	assert_int_equal(sync_.calls, 1);
	for (uint8_t i = 0; i < 5; i++)
		assert_int_equal(arrived(p), i);
	assert_int_equal(counted(p->b, HK_COUNT_REPLIES), 5);
}

static void nothing_to_sync(void **state)
{
	struct post *p = *state;

	put(p, 1, false, 0);
	hk_outbox_flush(&p->outbox, p->b->now);
	assert_int_equal(sync_.calls, 0);
	assert_int_equal(arrived(p), 1);
}

/* An answer for a number that may be lost must not leave; the others do. */
static void failed_sync(void **state)
{
	struct post *p = *state;

	sync_.result = HK_ERR_STORE;
	put(p, 1, true, 0);
	put(p, 2, false, 0);
	hk_outbox_flush(&p->outbox, p->b->now);
	assert_int_equal(arrived(p), 2);
	assert_int_equal(arrived(p), -1);
	assert_int_equal(counted(p->b, HK_COUNT_STORE_ERRORS), 1);
	/* and the request, repeated, is tried again */
	sync_.result = HK_OK;
	put(p, 1, true, 0);
	hk_outbox_flush(&p->outbox, p->b->now);
	assert_int_equal(arrived(p), 1);
}

/* While it is held, an answer does not go to a duplicate either. */
static void duplicate_of_a_held_answer(void **state)
{
	struct post *p = *state;
	const struct make same = {.identifier = 1, .attributes = "20046170"};

	put(p, 1, true, 0);
	assert_int_equal(bench_send(p->b, same), HK_DOOR_DROP);
	hk_outbox_flush(&p->outbox, p->b->now);
	assert_int_equal(bench_send(p->b, same), HK_DOOR_REPEAT);
}

/* R5080-2.2.2-05 */
static void late_answer_for_a_reused_identifier(void **state)
{
	struct post *p = *state;

	put(p, 1, false, 0);
	assert_int_equal(bench_send(p->b, (struct make){.identifier = 1,
						  .authenticator = 0x77,
						  .attributes = "20046170"}),
		HK_DOOR_VISIT);
	hk_outbox_flush(&p->outbox, p->b->now);
	assert_int_equal(arrived(p), -1);
	assert_int_equal(counted(p->b, HK_COUNT_SUPERSEDED), 1);
}

static void full_box_is_sent(void **state)
{
	struct post *p = *state;
	unsigned n = 0;

	hk_door_free(&p->b->door);
	assert_ok(hk_door_init(&p->b->door, &p->b->counters, 1024, 10000));
	for (unsigned i = 0; i < HK_OUTBOX_SIZE; i++) {
		p->b->source.port = (uint16_t)(1000 + i);
		put(p, (uint8_t)i, true, 0);
	}
	while (arrived(p) >= 0)
		n++;
	assert_int_equal(n, HK_OUTBOX_SIZE);
	assert_int_equal(sync_.calls, 1);
}

static void waiting_is_bounded(void **state)
{
	struct post *p = *state;
	hk_time now = p->b->now;

	assert_true(hk_outbox_can_wait(&p->outbox, 64, now));
	put(p, 1, true, 0);
	assert_true(hk_outbox_can_wait(&p->outbox, 64, now + HK_HOLD_MAX_MS - 1));
	assert_false(hk_outbox_can_wait(&p->outbox, 64, now + HK_HOLD_MAX_MS));
	assert_true(hk_outbox_can_wait(&p->outbox, HK_OUTBOX_SIZE - 2, now));
	assert_false(hk_outbox_can_wait(&p->outbox, HK_OUTBOX_SIZE - 1, now));
}

/* What cannot be sent does not keep the rest from leaving. */
static void unsendable_answer(void **state)
{
	struct post *p = *state;
	struct sockaddr_in6 wrong = {.sin6_family = AF_INET6};

	put(p, 1, false, 0);
	memcpy(&p->outbox.out[0].to.peer, &wrong, sizeof(wrong));
	p->outbox.out[0].to.peer_len = sizeof(wrong);
	put(p, 2, false, 0);
	hk_outbox_flush(&p->outbox, p->b->now);
	assert_int_equal(arrived(p), 2);
	assert_int_equal(counted(p->b, HK_COUNT_SEND_ERRORS), 1);
	assert_int_equal(counted(p->b, HK_COUNT_REPLIES), 1);
}

static void delayed_answers(void **state)
{
	struct post *p = *state;

	put(p, 1, false, 60);
	put(p, 2, false, 20);
	hk_outbox_flush(&p->outbox, p->b->now);
	assert_int_equal(arrived(p), -1);
	assert_int_equal(p->outbox.ndelayed, 2);
	event_base_dispatch(p->base);
	assert_int_equal(arrived(p), 2);
	assert_int_equal(arrived(p), 1);
	assert_int_equal(p->outbox.ndelayed, 0);
}

static void hurry(void **state)
{
	struct post *p = *state;

	put(p, 1, false, 60000);
	put(p, 2, false, 60000);
	hk_outbox_hurry(&p->outbox, p->b->now);
	assert_int_equal(p->outbox.ndelayed, 0);
	assert_true(arrived(p) > 0);
	assert_true(arrived(p) > 0);
}

static void delay_is_bounded(void **state)
{
	struct post *p = *state;

	hk_door_free(&p->b->door);
	assert_ok(hk_door_init(&p->b->door, &p->b->counters, 4096, 10000));
	for (unsigned i = 0; i < HK_DELAYED_MAX + 1; i++) {
		p->b->source.port = (uint16_t)(1000 + i);
		put(p, (uint8_t)i, false, 60000);
	}
	assert_int_equal(p->outbox.ndelayed, HK_DELAYED_MAX);
	hk_outbox_flush(&p->outbox, p->b->now);
	assert_int_equal(arrived(p), (uint8_t)HK_DELAYED_MAX);
	/* the rest is freed without having been sent */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_sync_for_all),
		TEST(nothing_to_sync),
		TEST(failed_sync),
		TEST(duplicate_of_a_held_answer),
		TEST(late_answer_for_a_reused_identifier),
		TEST(full_box_is_sent),
		TEST(waiting_is_bounded),
		TEST(unsendable_answer),
		TEST(delayed_answers),
		TEST(hurry),
		TEST(delay_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
