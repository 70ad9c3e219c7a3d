/* SPDX-License-Identifier: ISC */
/* The hall with several threads in it. */
#include "hall.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4
#define LOGINS  6

struct worker {
	pthread_t thread;
	struct hall *h; /* shared: home, store, policy */
	struct hk_keystore *store;
	unsigned accepted;
	unsigned again;
};

/* A hall of its own in front of the same home. */
static struct hall *enter(struct worker *w)
{
	struct hall *mine = malloc(sizeof(*mine));

	memcpy(mine, w->h, sizeof(*mine));
	mine->policy.arg = mine;
	mine->visit.session = NULL;
	mine->visit.reply.has_key = false;
	mine->client_id = (uint64_t)(uintptr_t)w;
	hk_home_worker_init(&mine->worker, w->h->home, w->store);
	return mine;
}

static void *log_in(void *arg)
{
	struct worker *w = arg;
	struct hall *h = enter(w);

	for (unsigned i = 0; i < LOGINS; i++) {
		struct device d;

		device_new(&d, h, IDENTITY);
		h->has_state = false;
		w->accepted += device_login(&d, h, 40)->verdict == HK_VERDICT_ACCEPT;
		device_keep_keys(&d, h);
		h->has_state = false;
		w->again += hall_ask(h, device_initiate(&d, REALM))->verdict == HK_VERDICT_ACCEPT;
		device_free(&d);
	}
	hk_home_done(&h->worker, &h->visit);
	free(h);
	return NULL;
}

static void run_all(struct hall *h, struct worker *workers, void *(*run)(void *))
{
	for (size_t i = 0; i < THREADS; i++) {
		workers[i].h = h;
		assert_ok(hk_keystore_share(h->store, &workers[i].store));
		assert_int_equal(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		hk_keystore_close(workers[i].store);
	}
}

static void logins_side_by_side(void **state)
{
	struct worker workers[THREADS] = {0};
	struct hall *h = *state;

	run_all(h, workers, log_in);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(workers[i].accepted, LOGINS);
		assert_int_equal(workers[i].again, LOGINS);
	}
	assert_int_equal(hk_home_sessions(h->home), 0);
}

/* One answer, many who bring it: one conversation, so one of them goes on. */
static struct {
	struct hk_bytes packet;
	uint8_t state[HK_STATE_LEN];
	atomic_uint challenged, dropped, rejected, other;
} shared;

static void *bring(void *arg)
{
	struct worker *w = arg;
	struct hall *h = enter(w);

	h->client_id = 1;
	memcpy(h->state, shared.state, sizeof(h->state));
	h->has_state = true;
	switch (hall_ask(h, shared.packet)->verdict) {
	case HK_VERDICT_CHALLENGE:
		atomic_fetch_add(&shared.challenged, 1);
		break;
	case HK_VERDICT_NONE:
		atomic_fetch_add(&shared.dropped, 1);
		break;
	case HK_VERDICT_REJECT:
		atomic_fetch_add(&shared.rejected, 1);
		break;
	default:
		atomic_fetch_add(&shared.other, 1);
		break;
	}
	hk_home_done(&h->worker, &h->visit);
	free(h);
	return NULL;
}

static void one_conversation_many_threads(void **state)
{
	struct hall *h = *state;

	for (unsigned round = 0; round < 10; round++) {
		struct worker workers[THREADS] = {0};
		struct device d;

		memset(&shared, 0, sizeof(shared));
		device_new(&d, h, IDENTITY);
		h->has_state = false;
		device_login(&d, h, 2);
		shared.packet = device_packet(&d);
		memcpy(shared.state, h->state, sizeof(shared.state));
		run_all(h, workers, bring);
		assert_int_equal(atomic_load(&shared.challenged), 1);
		assert_int_equal(
			atomic_load(&shared.dropped) + atomic_load(&shared.rejected), THREADS - 1);
		device_free(&d);
	}
}

/* Expiry and conversations that go on do not get into each other's way. */
static void *expire(struct worker *w)
{
	for (unsigned i = 0; i < 2000; i++)
		hk_home_expire(w->h->home, w->h->now + TIMEOUT_MS, 10);
	return NULL;
}

static void *log_in_or_expire(void *arg)
{
	struct worker *w = arg;
	struct hall *h;

	if (w->again) /* set beforehand: this one expires */
		return expire(w);
	h = enter(w);
	for (unsigned i = 0; i < LOGINS; i++) {
		struct device d;

		device_new(&d, h, IDENTITY);
		h->has_state = false;
		device_login(&d, h, 40);
		w->accepted++;
		device_free(&d);
	}
	hk_home_done(&h->worker, &h->visit);
	free(h);
	return NULL;
}

static void expiry_beside_logins(void **state)
{
	struct worker workers[THREADS] = {0};
	struct hall *h = *state;

	workers[0].again = 1;
	run_all(h, workers, log_in_or_expire);
	hk_home_expire(h->home, h->now + TIMEOUT_MS, 1000);
	assert_int_equal(hk_home_sessions(h->home), 0);
	assert_int_equal(workers[1].accepted, LOGINS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(logins_side_by_side),
		TEST(one_conversation_many_threads),
		TEST(expiry_beside_logins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
