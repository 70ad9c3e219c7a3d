/* SPDX-License-Identifier: ISC */
/*
 * What a key store costs: octets for each set, and time for each pair of find
 * and advance, in batches, over sets chosen at random.
 *
 *     bench-keystore STORE SETS BATCH SECONDS [DIRECTORY]
 *
 * STORE: memory, process, batch or full (LMDB of that durability, in DIRECTORY,
 * which is filled when it is empty and used as it is when not). One line of
 * name=value on standard output.
 */
#include <hokey/keystore.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#define NOW       ((hk_time)1700000000000)
#define BATCH_MAX 256
#define REALM     hk_text("campus.example.edu")

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void need(enum hk_err err, const char *what)
{
	if (err == HK_OK)
		return;
	fprintf(stderr, "bench-keystore: %s: %s\n", what, hk_strerror(err));
	exit(1);
}

static uint64_t rnd(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static void set_name(uint8_t name[HK_EMSK_NAME_LEN], uint64_t i)
{
	uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	hk_store_u64(name, z ^ z >> 31);
}

/* A user each, ten profiles of VLAN attributes: what a campus has. */
static void make_set(struct hk_keyset *s, uint64_t i)
{
	memset(s, 0, offsetof(struct hk_keyset, realm));
	set_name(s->emsk_name, i);
	memset(&s->keys, (int)i, sizeof s->keys);
	s->keys.len = 64;
	s->created = NOW;
	s->expires = NOW + 8 * 3600 * HK_SECOND;
	s->session_end = HK_NEVER;
	s->realm_len = (uint16_t)REALM.len;
	memcpy(s->realm, REALM.data, REALM.len);
	s->user_len = (uint16_t)snprintf(
		(char *)s->user, sizeof s->user, "u%07u@campus.example.edu", (unsigned)i);
	s->authorization_len = (uint16_t)snprintf((char *)s->authorization, sizeof s->authorization,
		"tunnel-type=vlan,medium=802,group=%u..", (unsigned)(i % 10));
}

static struct hk_keystore *open_store(
	const char *kind, uint64_t sets, const char *dir, bool filling)
{
	static const char boot_id[] = "bench";
	struct hk_keystore_memory_config memory = {0};
	struct hk_keystore_lmdb_config lmdb = {.path = dir,
		.max_bytes = (sets * 900 + (64u << 20)) / 4096 * 4096,
		.boot_id = hk_text(boot_id),
		.wrap_key = {1}};
	struct hk_keystore *store;

	if (strcmp(kind, "memory") == 0) {
		need(hk_keystore_memory_open(&memory, &store), "open");
		return store;
	}
	lmdb.durability = filling || strcmp(kind, "process") == 0 ? HK_DURABLE_PROCESS
			  : strcmp(kind, "batch") == 0            ? HK_DURABLE_BATCH
								  : HK_DURABLE_FULL;
	need(hk_keystore_lmdb_open(&lmdb, &store), "open");
	return store;
}

static uint64_t heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static double fill(struct hk_keystore *store, uint64_t sets)
{
	static struct hk_keyset s;
	uint64_t start = wall_ns();

	for (uint64_t i = 0; i < sets; i++) {
		make_set(&s, i);
		need(hk_keystore_put(store, &s), "put");
	}
	return (double)(wall_ns() - start) / (double)sets / 1000;
}

/* A set whose numbers are used up is as good as a new one; happens with few sets. */
static void renew(struct hk_keystore *store, uint64_t i)
{
	static struct hk_keyset s;

	make_set(&s, i);
	need(hk_keystore_remove(store, s.emsk_name, REALM), "remove");
	need(hk_keystore_put(store, &s), "put");
}

static void run_batch(struct hk_keystore *store, uint64_t sets, size_t batch, hk_time now)
{
	static struct hk_advance v[BATCH_MAX];
	static struct hk_keyset found;

	for (size_t i = 0; i < batch; i++) {
		uint64_t which = rnd() % sets;
		uint8_t name[HK_EMSK_NAME_LEN];

		set_name(name, which);
		need(hk_keystore_find(store, name, REALM, now, &found), "find");
		if (found.seq.expected > 65000)
			renew(store, which);
		v[i] = (struct hk_advance){.realm = REALM,
			.seq = (uint16_t)(found.seq.expected > 65000 ? 0 : found.seq.expected),
			.window = 1,
			.repeat_window_ms = 5000,
			.now = now};
		memcpy(v[i].emsk_name, name, sizeof name);
	}
	hk_keystore_advance(store, v, batch);
	for (size_t i = 0; i < batch; i++)
		need(v[i].err, "advance");
	need(hk_keystore_sync(store), "sync");
	hk_keystore_release(store);
}

/* A server that runs for a while has met every page of its store. */
static void warm(struct hk_keystore *store, uint64_t sets)
{
	static struct hk_keyset found;

	for (uint64_t i = 0; i < sets; i++) {
		uint8_t name[HK_EMSK_NAME_LEN];

		set_name(name, i);
		need(hk_keystore_find(store, name, REALM, NOW, &found), "find");
		if (i % 64 == 0)
			hk_keystore_release(store);
	}
	hk_keystore_release(store);
}

int main(int argc, char **argv)
{
	struct hk_keystore_stats stats;
	struct hk_keystore *store;
	uint64_t sets, heap, pairs = 0, wall, cpu;
	double put_us = 0, seconds;
	size_t batch;

	if (argc < 5)
		return fputs("usage: bench-keystore STORE SETS BATCH SECONDS [DIRECTORY]\n",
			       stderr),
		       2;
	sets = strtoull(argv[2], NULL, 10);
	batch = strtoull(argv[3], NULL, 10);
	seconds = strtod(argv[4], NULL);
	if (sets == 0 || batch == 0 || batch > BATCH_MAX)
		return fputs("bench-keystore: bad number\n", stderr), 2;

	store = open_store(argv[1], sets, argv[5], true);
	heap = heap_bytes();
	need(hk_keystore_stats(store, &stats), "stats");
	if (stats.sets == 0)
		put_us = fill(store, sets);
	heap = heap_bytes() - heap;
	if (strcmp(argv[1], "memory") != 0) {
		hk_keystore_close(store);
		store = open_store(argv[1], sets, argv[5], false);
	}
	warm(store, sets);
	for (int i = 0; i < 200; i++)
		run_batch(store, sets, batch, NOW + 1);
	wall = wall_ns();
	cpu = cpu_ns();
	do {
		for (int i = 0; i < 10; i++, pairs += batch)
			run_batch(store, sets, batch, NOW + 1000);
	} while ((double)(wall_ns() - wall) < seconds * 1e9);
	wall = wall_ns() - wall;
	cpu = cpu_ns() - cpu;
	need(hk_keystore_stats(store, &stats), "stats");
	printf("store=%s sets=%llu batch=%zu put_us=%.2f bytes_per_set=%.1f heap_per_set=%.1f "
	       "wall_us=%.3f cpu_us=%.3f\n",
		argv[1], (unsigned long long)stats.sets, batch, put_us,
		(double)stats.bytes / (double)stats.sets, (double)heap / (double)sets,
		(double)wall / (double)pairs / 1000, (double)cpu / (double)pairs / 1000);
	hk_keystore_close(store);
	return 0;
}
