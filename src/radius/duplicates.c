/* SPDX-License-Identifier: ISC */
/*
 * Requests that were seen, and the answers to them (RFC 5080 section 2.2.2).
 *
 * Entries are a ring in order of arrival; chains of entries hang from a table
 * of buckets; the octets of the answers are a second ring. All of it is
 * allocated once, and every operation touches a handful of cache lines.
 *
 * The hash is keyed at random: who chooses addresses, ports and Identifiers
 * cannot choose chains.
 */
#include <hokey/radius.h>

#include <stdlib.h>

#include "crypto/crypto.h"

#define NONE           UINT32_MAX
#define ENTRIES_MAX    (1u << 26)
#define REPLY_EXPECTED 384 /* octets of ring per entry */
#define REPLIES_KEPT   64  /* a reply handed out outlives so many others */
#define REPLY_MARGIN   (REPLIES_KEPT * HK_RADIUS_MAX_LEN)
#define PROGRESS_MS    (30 * HK_SECOND) /* no request is worked on for longer */

enum state {
	STATE_FREE = 0,
	STATE_IN_PROGRESS,
	STATE_ANSWERED,
};

struct key {
	uint64_t word[3]; /* address; port, socket, code, Identifier */
};

struct entry {
	struct key key;
	uint8_t authenticator[HK_RADIUS_AUTHENTICATOR_LEN];
	hk_time since;     /* of its state */
	uint64_t number;   /* counts requests; names the entry */
	uint64_t reply_at; /* counts octets ever written to the ring */
	uint16_t reply_len;
	uint8_t state;
	uint32_t next; /* in its chain */
};

struct hk_radius_duplicates {
	struct entry *entries;
	uint32_t *buckets;
	uint8_t *replies;
	size_t entry_count;
	size_t bucket_mask;
	size_t reply_size;
	uint64_t requests; /* ever entered */
	uint64_t written;  /* octets ever written to replies, with gaps */
	uint64_t seed[2];
	uint32_t lifetime_ms;
};

/* ---- making and freeing ---- */

static bool allocate(struct hk_radius_duplicates *d, size_t entries)
{
	size_t buckets = 16;

	while (buckets < 2 * entries)
		buckets *= 2;
	d->entry_count = entries;
	d->bucket_mask = buckets - 1;
	d->reply_size = entries * REPLY_EXPECTED + 2 * REPLY_MARGIN;
	d->entries = calloc(entries, sizeof *d->entries);
	d->buckets = malloc(buckets * sizeof *d->buckets);
	d->replies = malloc(d->reply_size);
	if (!d->entries || !d->buckets || !d->replies)
		return false;
	memset(d->buckets, 0xff, buckets * sizeof *d->buckets);
	return true;
}

enum hk_err hk_radius_duplicates_new(
	size_t entries, uint32_t lifetime_ms, struct hk_radius_duplicates **out)
{
	struct hk_radius_duplicates *d;
	enum hk_err err = HK_ERR_NO_MEMORY;

	*out = NULL;
	if (entries == 0 || entries > ENTRIES_MAX)
		return HK_ERR_ARGUMENT;
	d = calloc(1, sizeof *d);
	if (!d)
		return HK_ERR_NO_MEMORY;
	d->lifetime_ms = lifetime_ms;
	if (allocate(d, entries))
		err = hk_random(d->seed, sizeof d->seed);
	if (err) {
		hk_radius_duplicates_free(d);
		return err;
	}
	*out = d;
	return HK_OK;
}

void hk_radius_duplicates_free(struct hk_radius_duplicates *d)
{
	if (!d)
		return;
	free(d->entries);
	free(d->buckets);
	/* answers have keys in them; over RADIUS/TLS all but in clear */
	if (d->replies)
		hk_wipe(d->replies, d->written < d->reply_size ? d->written : d->reply_size);
	free(d->replies);
	free(d);
}

/* ---- the table ---- */

static struct key key_of(const struct hk_radius_source *source, const struct hk_radius *request)
{
	struct key k;

	memcpy(k.word, source->address, sizeof source->address);
	k.word[2] = (uint64_t)source->port << 32 | (uint64_t)source->socket << 16 |
		    (uint64_t)request->code << 8 | request->identifier;
	return k;
}

static bool key_equal(const struct key *a, const struct key *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2];
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t *bucket_of(const struct hk_radius_duplicates *d, const struct key *k)
{
	uint64_t h = fold(k->word[0] ^ d->seed[0], k->word[1] ^ d->seed[1]);

	h = fold(h ^ k->word[2] ^ d->seed[0], UINT64_C(0x9e3779b97f4a7c15) ^ d->seed[1]);
	return &d->buckets[h & d->bucket_mask];
}

/* The link that leads to an entry of that key; it holds NONE when there is none. */
static uint32_t *find_link(const struct hk_radius_duplicates *d, const struct key *k)
{
	uint32_t *link = bucket_of(d, k);

	while (*link != NONE && !key_equal(&d->entries[*link].key, k))
		link = &d->entries[*link].next;
	return link;
}

static void forget(struct hk_radius_duplicates *d, struct entry *e)
{
	uint32_t *link = find_link(d, &e->key);

	*link = e->next;
	e->state = STATE_FREE;
}

static uint64_t enter(struct hk_radius_duplicates *d, const struct key *k,
	const uint8_t *authenticator, hk_time now)
{
	uint32_t index = (uint32_t)(d->requests % d->entry_count);
	struct entry *e = &d->entries[index];
	uint32_t *bucket = bucket_of(d, k);

	if (e->state != STATE_FREE)
		forget(d, e);
	e->key = *k;
	memcpy(e->authenticator, authenticator, sizeof e->authenticator);
	e->since = now;
	e->state = STATE_IN_PROGRESS;
	e->number = d->requests++;
	e->next = *bucket;
	*bucket = index;
	return e->number;
}

/* ---- the octets of the answers ---- */

/* In one piece: what is left before the end of the ring is skipped if too short. */
static uint64_t store_reply(struct hk_radius_duplicates *d, struct hk_bytes reply)
{
	size_t at = (size_t)(d->written % d->reply_size);
	uint64_t where;

	if (reply.len > d->reply_size - at) {
		d->written += d->reply_size - at;
		at = 0;
	}
	memcpy(d->replies + at, reply.data, reply.len);
	where = d->written;
	d->written += reply.len;
	return where;
}

/* Whether it is there and will be for REPLIES_KEPT more answers. */
static bool reply_is_kept(const struct hk_radius_duplicates *d, const struct entry *e)
{
	return d->written - e->reply_at <= d->reply_size - REPLY_MARGIN - HK_RADIUS_MAX_LEN;
}

/* ---- requests and answers ---- */

static bool is_alive(const struct hk_radius_duplicates *d, const struct entry *e, hk_time now)
{
	hk_time age = now > e->since ? now - e->since : 0;

	if (e->state == STATE_IN_PROGRESS)
		return age <= PROGRESS_MS;
	return age <= d->lifetime_ms && reply_is_kept(d, e);
}

enum hk_duplicate hk_radius_duplicates_check(struct hk_radius_duplicates *d,
	const struct hk_radius_source *source, const struct hk_radius *request, hk_time now,
	uint64_t *entry, struct hk_bytes *reply)
{
	struct key k = key_of(source, request);
	uint32_t index = *find_link(d, &k);
	struct entry *e;

	*reply = HK_NO_BYTES;
	if (index == NONE) {
		*entry = enter(d, &k, request->authenticator, now);
		return HK_DUPLICATE_NEW;
	}
	e = &d->entries[index];
	if (memcmp(e->authenticator, request->authenticator, sizeof e->authenticator) != 0 ||
		!is_alive(d, e, now)) {
		forget(d, e);
		*entry = enter(d, &k, request->authenticator, now);
		return HK_DUPLICATE_NEW;
	}
	*entry = e->number;
	if (e->state == STATE_IN_PROGRESS)
		return HK_DUPLICATE_IN_PROGRESS;
	*reply = hk_bytes(d->replies + e->reply_at % d->reply_size, e->reply_len);
	return HK_DUPLICATE_ANSWERED;
}

bool hk_radius_duplicates_answer(
	struct hk_radius_duplicates *d, uint64_t entry, struct hk_bytes reply, hk_time now)
{
	struct entry *e = &d->entries[entry % d->entry_count];

	if (e->number != entry || e->state != STATE_IN_PROGRESS || reply.len > HK_RADIUS_MAX_LEN)
		return false;
	if (reply.len == 0) {
		forget(d, e);
		return true;
	}
	e->reply_at = store_reply(d, reply);
	e->reply_len = (uint16_t)reply.len;
	e->state = STATE_ANSWERED;
	e->since = now;
	return true;
}
