/* SPDX-License-Identifier: ISC */
#include "aaa/sessions.h"

#include "crypto/crypto.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SHARDS  16u   /* more threads than that will not meet often */
#define BUCKETS 1024u /* per shard */
#define TALLIES 256u

struct shard {
	pthread_mutex_t lock;
	struct hk_session *buckets[BUCKETS];
	struct hk_session *first; /* ends first; taken ones are not in the queue */
	struct hk_session *last;
};

/* How many conversations one client has. */
struct tally {
	struct tally *next;
	uint64_t client_id;
	uint32_t count;
};

struct hk_sessions {
	struct shard shards[SHARDS];
	atomic_size_t count;
	pthread_mutex_t tally_lock;
	struct tally *tallies[TALLIES];
};

enum hk_err hk_sessions_new(struct hk_sessions **out)
{
	struct hk_sessions *t = calloc(1, sizeof(*t));

	if (!t)
		return HK_ERR_NO_MEMORY;
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&t->shards[i].lock, NULL);
	pthread_mutex_init(&t->tally_lock, NULL);
	*out = t;
	return HK_OK;
}

void hk_session_free(struct hk_session *s)
{
	if (!s)
		return;
	hk_eap_server_free(s->eap);
	hk_wipe(s, sizeof(*s));
	free(s);
}

void hk_sessions_free(struct hk_sessions *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		for (size_t b = 0; b < BUCKETS; b++) {
			while (t->shards[i].buckets[b]) {
				struct hk_session *s = t->shards[i].buckets[b];

				t->shards[i].buckets[b] = s->next;
				hk_session_free(s);
			}
		}
		pthread_mutex_destroy(&t->shards[i].lock);
	}
	for (size_t i = 0; i < TALLIES; i++) {
		while (t->tallies[i]) {
			struct tally *c = t->tallies[i];

			t->tallies[i] = c->next;
			free(c);
		}
	}
	pthread_mutex_destroy(&t->tally_lock);
	free(t);
}

size_t hk_sessions_count(const struct hk_sessions *t)
{
	return atomic_load_explicit(&t->count, memory_order_relaxed);
}

/* ---- limits ---- */

/* The link that points to a client's tally, or to where one would be hung. */
static struct tally **find_tally(struct hk_sessions *t, uint64_t client_id)
{
	struct tally **link = &t->tallies[(client_id ^ client_id >> 32) % TALLIES];

	while (*link && (*link)->client_id != client_id)
		link = &(*link)->next;
	return link;
}

static enum hk_err tally_up(struct hk_sessions *t, uint64_t client_id, uint32_t limit)
{
	enum hk_err err = HK_OK;
	struct tally **link;

	pthread_mutex_lock(&t->tally_lock);
	link = find_tally(t, client_id);
	if (!*link) {
		*link = calloc(1, sizeof(**link));
		if (*link)
			(*link)->client_id = client_id;
	}
	if (!*link)
		err = HK_ERR_NO_MEMORY;
	else if (limit && (*link)->count >= limit)
		err = HK_ERR_LIMIT;
	else
		(*link)->count++;
	pthread_mutex_unlock(&t->tally_lock);
	return err;
}

static void tally_down(struct hk_sessions *t, uint64_t client_id)
{
	struct tally **link;

	pthread_mutex_lock(&t->tally_lock);
	link = find_tally(t, client_id);
	if (*link && --(*link)->count == 0) {
		struct tally *gone = *link;

		*link = gone->next;
		free(gone);
	}
	pthread_mutex_unlock(&t->tally_lock);
}

enum hk_err hk_sessions_open(struct hk_sessions *t, uint64_t client_id,
	const struct hk_session_limits *limits, hk_time now, struct hk_session **out)
{
	struct hk_session *s;
	enum hk_err err = HK_ERR_LIMIT;

	if (atomic_fetch_add_explicit(&t->count, 1, memory_order_relaxed) >= limits->total &&
		limits->total)
		goto uncount;
	err = tally_up(t, client_id, limits->per_client);
	if (err)
		goto uncount;
	s = calloc(1, sizeof(*s));
	if (!s) {
		tally_down(t, client_id);
		err = HK_ERR_NO_MEMORY;
		goto uncount;
	}
	s->client_id = client_id;
	s->began = now;
	s->taken = true;
	*out = s;
	return HK_OK;
uncount:
	atomic_fetch_sub_explicit(&t->count, 1, memory_order_relaxed);
	return err;
}

/* ---- the table ---- */

static struct shard *shard_of(struct hk_sessions *t, const uint8_t *state)
{
	return &t->shards[state[0] % SHARDS];
}

static struct hk_session **bucket_of(struct shard *shard, const uint8_t *state)
{
	return &shard->buckets[hk_load_u16(state + 1) % BUCKETS];
}

static void queue_remove(struct shard *shard, struct hk_session *s)
{
	*(s->earlier ? &s->earlier->later : &shard->first) = s->later;
	*(s->later ? &s->later->earlier : &shard->last) = s->earlier;
	s->earlier = s->later = NULL;
}

/* From the end: deadlines come in order but for a change of the timeout. */
static void queue_insert(struct shard *shard, struct hk_session *s)
{
	struct hk_session *before = shard->last;

	while (before && before->deadline > s->deadline)
		before = before->earlier;
	s->earlier = before;
	s->later = before ? before->later : shard->first;
	*(before ? &before->later : &shard->first) = s;
	*(s->later ? &s->later->earlier : &shard->last) = s;
}

/* With the shard's lock held. */
static void unlist(struct shard *shard, struct hk_session *s)
{
	struct hk_session **link = bucket_of(shard, s->state);

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	s->next = NULL;
	s->listed = false;
}

static void uncount(struct hk_sessions *t, const struct hk_session *s)
{
	tally_down(t, s->client_id);
	atomic_fetch_sub_explicit(&t->count, 1, memory_order_relaxed);
}

static struct hk_session *find(struct shard *shard, const uint8_t *state, uint64_t client_id)
{
	struct hk_session *s = *bucket_of(shard, state);

	while (s && !(s->client_id == client_id && memcmp(s->state, state, HK_STATE_LEN) == 0))
		s = s->next;
	return s;
}

enum hk_err hk_sessions_take(struct hk_sessions *t, struct hk_bytes state, uint64_t client_id,
	hk_time now, struct hk_session **out)
{
	enum hk_err err = HK_OK;
	struct hk_session *s;
	struct shard *shard;

	if (state.len != HK_STATE_LEN)
		return HK_ERR_NOT_FOUND;
	shard = shard_of(t, state.data);
	pthread_mutex_lock(&shard->lock);
	s = find(shard, state.data, client_id);
	if (!s) {
		err = HK_ERR_NOT_FOUND;
	} else if (s->taken) {
		err = HK_ERR_UNEXPECTED;
	} else {
		queue_remove(shard, s);
		s->taken = true;
		if (now >= s->deadline) {
			unlist(shard, s);
			err = HK_ERR_EXPIRED;
		}
	}
	pthread_mutex_unlock(&shard->lock);

	if (err == HK_ERR_EXPIRED) {
		uncount(t, s);
		hk_session_free(s);
	}
	if (!err)
		*out = s;
	return err;
}

/* Takes a conversation out of the bucket it is in, if it is in one. */
static void leave(struct hk_sessions *t, struct hk_session *s)
{
	struct shard *shard = shard_of(t, s->state);

	if (!s->listed)
		return;
	pthread_mutex_lock(&shard->lock);
	unlist(shard, s);
	pthread_mutex_unlock(&shard->lock);
}

void hk_sessions_wait(struct hk_sessions *t, struct hk_session *s,
	const uint8_t state[HK_STATE_LEN], hk_time deadline)
{
	struct shard *shard = shard_of(t, state);
	struct hk_session **bucket;

	leave(t, s);
	memcpy(s->state, state, HK_STATE_LEN);
	s->deadline = deadline;
	pthread_mutex_lock(&shard->lock);
	bucket = bucket_of(shard, state);
	s->next = *bucket;
	*bucket = s;
	s->listed = true;
	s->taken = false;
	queue_insert(shard, s);
	pthread_mutex_unlock(&shard->lock);
}

void hk_sessions_close(struct hk_sessions *t, struct hk_session *s)
{
	leave(t, s);
	uncount(t, s);
}

size_t hk_sessions_expire(struct hk_sessions *t, hk_time now, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < SHARDS && n < max; i++) {
		struct shard *shard = &t->shards[i];
		struct hk_session *ended = NULL;

		pthread_mutex_lock(&shard->lock);
		while (shard->first && shard->first->deadline <= now && n < max) {
			struct hk_session *s = shard->first;

			queue_remove(shard, s);
			unlist(shard, s);
			s->next = ended;
			ended = s;
			n++;
		}
		pthread_mutex_unlock(&shard->lock);

		while (ended) {
			struct hk_session *s = ended;

			ended = s->next;
			uncount(t, s);
			hk_session_free(s);
		}
	}
	return n;
}
