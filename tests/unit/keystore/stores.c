/* SPDX-License-Identifier: ISC */
/* What every key store must do, whatever it is made of. */
#include "lmdb_dir.h"

#include <pthread.h>
#include <stdatomic.h>

struct backend {
	const char *name;
	struct hk_keystore *(*open)(uint32_t max_sets_per_user);
	void (*clean)(void);
};

static const struct backend *backend;

static struct hk_keystore *memory_open(uint32_t max_sets_per_user)
{
	struct hk_keystore_memory_config config = {
		.max_sets_per_user = max_sets_per_user, .note_ended = true};
	struct hk_keystore *store;

	assert_ok(hk_keystore_memory_open(&config, &store));
	return store;
}

static void memory_clean(void)
{
}

static struct hk_keystore *lmdb_open(uint32_t max_sets_per_user, enum hk_durability durability)
{
	struct hk_keystore_lmdb_config config;
	struct hk_keystore *store;

	lmdb_dir_make();
	config = lmdb_config(durability);
	config.max_sets_per_user = max_sets_per_user;
	config.note_ended = true;
	assert_ok(hk_keystore_lmdb_open(&config, &store));
	return store;
}

static struct hk_keystore *lmdb_open_batch(uint32_t max_sets_per_user)
{
	return lmdb_open(max_sets_per_user, HK_DURABLE_BATCH);
}

static struct hk_keystore *lmdb_open_process(uint32_t max_sets_per_user)
{
	return lmdb_open(max_sets_per_user, HK_DURABLE_PROCESS);
}

static const struct backend backends[] = {
	{"memory", memory_open, memory_clean},
	{"lmdb-process", lmdb_open_process, lmdb_dir_remove},
	{"lmdb-batch", lmdb_open_batch, lmdb_dir_remove},
};

static int set_up(void **state)
{
	*state = backend->open(0);
	return 0;
}

static int set_up_two_per_user(void **state)
{
	*state = backend->open(2);
	return 0;
}

static int tear_down(void **state)
{
	hk_keystore_close(*state);
	backend->clean();
	return 0;
}

static uint64_t count(struct hk_keystore *store)
{
	struct hk_keystore_stats stats;

	assert_ok(hk_keystore_stats(store, &stats));
	return stats.sets;
}

/* HKRAD-6.5-06 */
static void find_gives_what_was_put(void **state)
{
	struct hk_keyset in = set_of(1, "alice@home.example"), out;
	struct hk_keyset long_one = set_of(2, "");

	in.seq = (struct hk_seq_state){77, 76, 0x8000000000000001, NOW, {1, 2, 3}};
	in.session_end = NOW + 5;
	in.shared_user = true;
	assert_ok(hk_keystore_put(*state, &in));
	memset(&out, 0xee, sizeof out);
	assert_ok(find(*state, 1, &out));
	assert_set_equal(&out, &in);
	assert_int_equal(out.authorization[in.authorization_len], 0xee); /* not touched */

	memset(long_one.realm, 'r', sizeof long_one.realm);
	memset(long_one.user, 'u', sizeof long_one.user);
	memset(long_one.authorization, 'a', sizeof long_one.authorization);
	long_one.realm_len = sizeof long_one.realm;
	long_one.user_len = sizeof long_one.user;
	long_one.authorization_len = sizeof long_one.authorization;
	set_keep(&long_one, 3, HK_GRANTS_MAX);
	assert_ok(hk_keystore_put(*state, &long_one));
	assert_ok(hk_keystore_find(*state, long_one.emsk_name,
		hk_bytes(long_one.realm, long_one.realm_len), NOW, &out));
	hk_keystore_release(*state);
	assert_set_equal(&out, &long_one);
	assert_int_equal(count(*state), 2);
}

static void put_refuses_impossible_lengths(void **state)
{
	struct hk_keyset s = set_of(1, "");

	s.realm_len = 0;
	assert_err(hk_keystore_put(*state, &s), HK_ERR_ARGUMENT);
	s.realm_len = HK_REALM_MAX_LEN + 1;
	assert_err(hk_keystore_put(*state, &s), HK_ERR_ARGUMENT);
	s.realm_len = 1;
	s.user_len = HK_USER_MAX_LEN + 1;
	assert_err(hk_keystore_put(*state, &s), HK_ERR_ARGUMENT);
	s.user_len = 0;
	s.authorization_len = HK_AUTHORIZATION_MAX + 1;
	assert_err(hk_keystore_put(*state, &s), HK_ERR_ARGUMENT);
	s.authorization_len = 0;
	s.grants.n = HK_GRANTS_MAX + 1;
	assert_err(hk_keystore_put(*state, &s), HK_ERR_ARGUMENT);
	s.grants.n = 0;
	s.home_len = HK_REALM_MAX_LEN + 1;
	assert_err(hk_keystore_put(*state, &s), HK_ERR_ARGUMENT);
	assert_int_equal(count(*state), 0);
}

static void find_compares_realms_without_case(void **state)
{
	struct hk_keyset in = set_of(1, "u"), out;

	set_text(in.realm, &in.realm_len, "Home.EXAMPLE");
	assert_ok(hk_keystore_put(*state, &in));
	assert_ok(find(*state, 1, &out));
	assert_memory_equal(out.realm, "Home.EXAMPLE", 12);
	assert_err(hk_keystore_find(*state, in.emsk_name, hk_text("home.exampl"), NOW, &out),
		HK_ERR_NOT_FOUND);
	assert_err(
		hk_keystore_find(*state, in.emsk_name, HK_NO_BYTES, NOW, &out), HK_ERR_NOT_FOUND);
	assert_err(find(*state, 2, &out), HK_ERR_NOT_FOUND);
	/* the same set again, in other letters */
	put(*state, 1, "u");
	assert_int_equal(count(*state), 1);
}

/* The home's set and a local domain's of one EMSKname live side by side. */
static void same_name_in_two_realms_is_two_sets(void **state)
{
	struct hk_keyset home = set_of(1, "u"), local = set_of(1, "u"), out;
	struct hk_advance v = advance_of(1, 9);

	set_text(local.realm, &local.realm_len, "visited.example");
	local.keys.rrk.inner[0] ^= 1;
	assert_ok(hk_keystore_put(*state, &home));
	assert_ok(hk_keystore_put(*state, &local));
	v.realm = hk_text("visited.example");
	hk_keystore_advance(*state, &v, 1);
	assert_ok(v.err);
	assert_ok(find(*state, 1, &out));
	assert_set_equal(&out, &home);
	assert_ok(hk_keystore_remove(*state, home.emsk_name, REALM));
	assert_err(hk_keystore_remove(*state, home.emsk_name, REALM), HK_ERR_NOT_FOUND);
	assert_err(find(*state, 1, &out), HK_ERR_NOT_FOUND);
	assert_ok(hk_keystore_find(*state, local.emsk_name, v.realm, NOW, &out));
	hk_keystore_release(*state);
	assert_int_equal(out.seq.expected, 10);
}

/* E6696-5.4-01 E6696-5.2-19: counters are never lowered, lifetime and profile may change */
static void put_again_keeps_the_counter(void **state)
{
	struct hk_keyset in = set_of(1, "alice"), out;

	assert_ok(hk_keystore_put(*state, &in));
	assert_int_equal(advance(*state, 1, 20), HK_SEQ_FRESH);
	in.expires += 1000;
	set_text(in.user, &in.user_len, "bob");
	set_text(in.authorization, &in.authorization_len, "new");
	assert_ok(hk_keystore_put(*state, &in));
	assert_ok(find(*state, 1, &out));
	assert_int_equal(out.seq.expected, 21);
	assert_true(out.expires == EXPIRES + 1000);
	assert_memory_equal(out.authorization, "new", 3);
	assert_memory_equal(out.user, "bob", 3);
	assert_int_equal(advance(*state, 1, 20), HK_SEQ_REPEATED);
	assert_int_equal(advance(*state, 1, 19), HK_SEQ_STALE);
	assert_int_equal(count(*state), 1);
}

/* K4962-3-25 */
static void other_keys_under_a_living_name_are_refused(void **state)
{
	struct hk_keyset in = set_of(1, "alice"), thief = set_of(1, "mallory"), out;

	thief.keys.rik2.outer[7] ^= 1;
	assert_ok(hk_keystore_put(*state, &in));
	assert_int_equal(advance(*state, 1, 3), HK_SEQ_FRESH);
	assert_err(hk_keystore_put(*state, &thief), HK_ERR_EXISTS);
	assert_ok(find(*state, 1, &out));
	assert_same(keys.rik2, &out, &in);
	assert_memory_equal(out.user, "alice", 5);

	/* after its end the name is free, and the counter is that of the new keys */
	thief.created = EXPIRES;
	thief.expires = EXPIRES + 1;
	assert_ok(hk_keystore_put(*state, &thief));
	assert_ok(find(*state, 1, &out));
	assert_same(keys.rik2, &out, &thief);
	assert_int_equal(out.seq.expected, 0);
	assert_int_equal(count(*state), 1);
}

/* The same keys after their end are still the same keys. */
static void put_after_the_end_keeps_the_counter(void **state)
{
	struct hk_keyset in = set_of(1, "alice"), out;

	assert_ok(hk_keystore_put(*state, &in));
	assert_int_equal(advance(*state, 1, 3), HK_SEQ_FRESH);
	in.created = EXPIRES + 5;
	in.expires = EXPIRES + 1000;
	assert_ok(hk_keystore_put(*state, &in));
	assert_ok(find(*state, 1, &out));
	assert_int_equal(out.seq.expected, 4);
}

/* E6696-3-13 E6696-5.2-19 E6696-5.4-05 E6696-5.4-06 */
static void advance_accepts_each_number_once(void **state)
{
	struct hk_keyset out;

	put(*state, 1, "u");
	assert_int_equal(advance(*state, 1, 5), HK_SEQ_FRESH);
	assert_int_equal(advance(*state, 1, 5), HK_SEQ_REPEATED);
	assert_int_equal(advance(*state, 1, 4), HK_SEQ_STALE);
	assert_int_equal(advance(*state, 1, 6), HK_SEQ_FRESH);
	assert_int_equal(advance(*state, 1, 5), HK_SEQ_STALE);
	assert_int_equal(advance(*state, 1, 65535), HK_SEQ_FRESH);
	assert_int_equal(advance(*state, 1, 65534), HK_SEQ_STALE);
	assert_ok(find(*state, 1, &out));
	assert_int_equal(out.seq.expected, 65536);
	assert_int_equal(out.seq.last_seq, 65535);
	assert_true(out.seq.last_time == NOW + 1);
}

static void batch_is_decided_in_order(void **state)
{
	struct hk_advance v[] = {
		advance_of(1, 3),
		advance_of(9, 0), /* is not there */
		advance_of(2, 0),
		advance_of(1, 4),
		advance_of(1, 3),
		advance_of(1, 4),
		advance_of(3, 0),
	};
	struct hk_keyset three = set_of(3, "u"), out;

	put(*state, 1, "u");
	put(*state, 2, "u");
	three.expires = NOW + 1;
	assert_ok(hk_keystore_put(*state, &three));
	hk_keystore_advance(*state, v, 7);
	assert_ok(v[0].err);
	assert_int_equal(v[0].freshness, HK_SEQ_FRESH);
	assert_true(v[0].accepted_at == NOW + 1);
	assert_err(v[1].err, HK_ERR_NOT_FOUND);
	assert_int_equal(v[1].freshness, HK_SEQ_STALE);
	assert_int_equal(v[2].freshness, HK_SEQ_FRESH);
	assert_int_equal(v[3].freshness, HK_SEQ_FRESH);
	assert_int_equal(v[4].freshness, HK_SEQ_STALE);
	assert_true(v[4].accepted_at == 0);
	assert_int_equal(v[5].freshness, HK_SEQ_REPEATED);
	assert_true(v[5].accepted_at == NOW + 1);
	assert_err(v[6].err, HK_ERR_EXPIRED);
	assert_int_equal(v[6].freshness, HK_SEQ_STALE);
	assert_ok(find(*state, 1, &out));
	assert_int_equal(out.seq.expected, 5);
	hk_keystore_advance(*state, NULL, 0);
}

/* E5295-5.1-04 E6696-4.2-07 E6696-4.4-07 */
static void ended_sets_are_out_of_use_at_once(void **state)
{
	struct hk_keyset in = set_of(1, "u"), out;
	struct hk_advance v = advance_of(1, 0);

	in.expires = NOW + 10;
	assert_ok(hk_keystore_put(*state, &in));
	assert_ok(hk_keystore_find(*state, in.emsk_name, REALM, NOW + 9, &out));
	assert_err(hk_keystore_find(*state, in.emsk_name, REALM, NOW + 10, &out), HK_ERR_EXPIRED);
	hk_keystore_release(*state);
	v.now = NOW + 10;
	hk_keystore_advance(*state, &v, 1);
	assert_err(v.err, HK_ERR_EXPIRED);
	v.now = NOW + 9;
	hk_keystore_advance(*state, &v, 1);
	assert_ok(v.err);
	assert_int_equal(v.freshness, HK_SEQ_FRESH);
}

#define MANY 3000

static void put_many(struct hk_keystore *store, hk_time odd_ones_expire)
{
	for (uint64_t i = 0; i < MANY; i++) {
		char user[16];
		struct hk_keyset s;

		snprintf(user, sizeof user, "u%u", (unsigned)i / 3);
		s = set_of(i, user);
		if (i % 2)
			s.expires = odd_ones_expire;
		assert_ok(hk_keystore_put(store, &s));
	}
}

static void expire_goes_in_small_steps(void **state)
{
	struct hk_keyset out;
	size_t removed, total = 0;
	unsigned calls = 0;

	put_many(*state, NOW + 50);
	assert_ok(hk_keystore_expire(*state, NOW + 49, MANY, &removed));
	assert_int_equal(removed, 0);
	while (total < MANY / 2 && calls < 10 * MANY) {
		assert_ok(hk_keystore_expire(*state, NOW + 50, 7, &removed));
		assert_true(removed <= 7);
		total += removed;
		calls++;
	}
	assert_int_equal(total, MANY / 2);
	/* no set is looked at twice in a round: it takes as many steps as there are sets */
	assert_in_range(calls, MANY / 7 - 100, MANY / 7 + 300);
	assert_int_equal(count(*state), MANY / 2);
	for (uint64_t i = 0; i < MANY; i++)
		assert_err(find(*state, i, &out), i % 2 ? HK_ERR_NOT_FOUND : HK_OK);
}

static void expire_goes_round(void **state)
{
	size_t removed;

	put_many(*state, EXPIRES);
	assert_ok(hk_keystore_expire(*state, NOW, MANY / 2, &removed));
	/* from the middle on, around the end, to the middle again */
	assert_ok(hk_keystore_expire(*state, EXPIRES, MANY, &removed));
	assert_int_equal(removed, MANY);
	assert_int_equal(count(*state), 0);
	assert_ok(hk_keystore_expire(*state, EXPIRES, MANY, &removed));
	assert_int_equal(removed, 0);
}

static bool seen[2 * MANY];
static unsigned visits;

static bool visit(void *arg, const struct hk_keyset *set)
{
	uint64_t inverse = UINT64_C(0xf1de83e19937733d); /* of set_name()'s factor */
	uint64_t i = hk_load_u64(set->emsk_name) * inverse - 1;

	(void)arg;
	assert_true(i < 2 * MANY);
	assert_false(seen[i]);
	assert_int_equal(set->keys.rrk.inner[0], (uint32_t)i * 31);
	seen[i] = true;
	visits++;
	return true;
}

static bool visit_one(void *arg, const struct hk_keyset *set)
{
	visit(arg, set);
	return false;
}

static void walk_sees_each_set_once_while_others_come_and_go(void **state)
{
	struct hk_walk cursor = {0};
	struct hk_keyset s;
	bool done = false;
	uint64_t next = MANY;

	memset(seen, 0, sizeof seen);
	visits = 0;
	put_many(*state, EXPIRES);
	assert_ok(hk_keystore_walk(*state, &cursor, 10, visit_one, NULL, &done));
	assert_int_equal(visits, 1);
	while (!done) {
		unsigned before = visits;

		assert_ok(hk_keystore_walk(*state, &cursor, 16, visit, NULL, &done));
		assert_true(visits - before <= 16);
		if (next < 2 * MANY)
			put(*state, next++, "late");
		s = set_of(next - MANY - 1, "");
		if (next % 2) /* even ones go */
			hk_keystore_remove(*state, s.emsk_name, REALM);
	}
	for (uint64_t i = next - MANY; i < MANY; i++)
		assert_true(seen[i]);
	assert_true(cursor.count == visits);
	/* a cursor at the end stays there */
	assert_ok(hk_keystore_walk(*state, &cursor, 16, visit, NULL, &done));
	assert_true(done);
}

static void walk_of_nothing_is_done(void **state)
{
	struct hk_walk cursor = {0};
	bool done = false;

	visits = 0;
	assert_ok(hk_keystore_walk(*state, &cursor, 16, visit, NULL, &done));
	assert_true(done);
	assert_int_equal(visits, 0);
}

static void remove_user_takes_all_sets_of_one(void **state)
{
	struct hk_keyset out, keep = set_of(2, "");
	size_t removed;

	for (uint64_t i = 0; i < 5; i++)
		put(*state, i, "alice");
	put(*state, 5, "bob");
	put(*state, 6, "");
	put(*state, 7, "");
	assert_ok(hk_keystore_remove_user(*state, hk_text("alice"), keep.emsk_name, &removed));
	assert_int_equal(removed, 4);
	assert_ok(find(*state, 2, &out));
	assert_err(find(*state, 0, &out), HK_ERR_NOT_FOUND);
	assert_ok(hk_keystore_remove_user(*state, hk_text("alice"), NULL, &removed));
	assert_int_equal(removed, 1);
	assert_ok(hk_keystore_remove_user(*state, hk_text("alice"), NULL, &removed));
	assert_int_equal(removed, 0);
	assert_ok(hk_keystore_remove_user(*state, HK_NO_BYTES, NULL, NULL)); /* is nobody */
	assert_ok(find(*state, 5, &out));
	assert_int_equal(count(*state), 3);
}

/* A set that changed hands belongs to its new user only. */
static void user_index_follows_changes(void **state)
{
	struct hk_keyset out;
	uint8_t name[HK_EMSK_NAME_LEN];
	size_t removed;

	put(*state, 1, "alice");
	put(*state, 2, "alice");
	put(*state, 1, "bob");
	set_name(name, 2);
	assert_ok(hk_keystore_remove(*state, name, REALM));
	assert_ok(hk_keystore_remove_user(*state, hk_text("alice"), NULL, &removed));
	assert_int_equal(removed, 0);
	assert_ok(find(*state, 1, &out));
	assert_ok(hk_keystore_remove_user(*state, hk_text("bob"), NULL, &removed));
	assert_int_equal(removed, 1);
}

static void oldest_set_goes_beyond_the_limit(void **state)
{
	struct hk_keyset out;

	for (uint64_t i = 0; i < 5; i++) {
		struct hk_keyset s = set_of(i, "alice");

		s.created += i;
		assert_ok(hk_keystore_put(*state, &s));
		put(*state, 100 + i, ""); /* nobody's are not limited */
	}
	for (uint64_t i = 0; i < 5; i++) {
		assert_err(find(*state, i, &out), i < 3 ? HK_ERR_NOT_FOUND : HK_OK);
		assert_ok(find(*state, 100 + i, &out));
	}
	assert_int_equal(count(*state), 7);
}

static size_t count_ended(struct hk_keystore *store, struct hk_keyset *last)
{
	struct hk_walk cursor = {{0}, 0};
	size_t n = 0;

	while (hk_keystore_next_ended(store, &cursor, last) == HK_OK)
		n++;
	return n;
}

/* Who has keys of a set that has ended is known until they were told; its own keys are gone. */
static void ended_sets_are_noted_until_all_were_told(void **state)
{
	static const struct hk_erp_keys no_keys;
	struct hk_keyset s = set_of(1, "alice"), out;
	const struct hk_grant late = {{9}, {9}};
	bool again;

	set_keep(&s, 1, 2);
	assert_ok(hk_keystore_put(*state, &s));
	put(*state, 2, "alice");
	assert_err(hk_keystore_forget(*state, s.emsk_name, REALM), HK_ERR_NOT_FOUND);
	assert_ok(hk_keystore_end(*state, s.emsk_name, REALM, &out));
	assert_set_equal(&out, &s);
	assert_err(hk_keystore_end(*state, s.emsk_name, REALM, &out), HK_ERR_NOT_FOUND);

	assert_err(find(*state, 1, &out), HK_ERR_NOT_FOUND);
	assert_err(hk_keystore_grant(*state, s.emsk_name, REALM, NOW, &late, &again),
		HK_ERR_NOT_FOUND);
	assert_int_equal(count(*state), 1);
	assert_ok(hk_keystore_remove_user(*state, hk_text("alice"), NULL, &(size_t){0}));
	assert_int_equal(count_ended(*state, &out), 1);
	assert_memory_equal(&out.keys.rrk, &no_keys.rrk, sizeof(no_keys.rrk));
	assert_memory_equal(&out.keys.rik2, &no_keys.rik2, sizeof(no_keys.rik2));
	assert_int_equal(out.emsk.kdf, 0);
	assert_memory_equal(out.emsk_name, s.emsk_name, sizeof(s.emsk_name));
	assert_true(hk_bytes_equal(hk_bytes(out.realm, out.realm_len), REALM));
	assert_true(out.created == s.created && out.expires == s.expires);
	assert_int_equal(out.grants.n, 2);
	assert_memory_equal(out.grants.list, s.grants.list, 2 * sizeof(s.grants.list[0]));

	assert_ok(hk_keystore_forget(*state, s.emsk_name, REALM));
	assert_int_equal(count_ended(*state, &out), 0);
}

static void what_gives_way_is_noted_when_others_have_its_keys(void **state)
{
	struct hk_keyset out;

	for (uint64_t i = 0; i < 70; i++) {
		struct hk_keyset s = set_of(i, "alice");

		s.created += i;
		if (i % 2)
			set_keep(&s, (uint32_t)i, 1);
		assert_ok(hk_keystore_put(*state, &s));
	}
	assert_int_equal(count(*state), 2);
	assert_int_equal(count_ended(*state, &out), 34); /* of 68 */
	for (uint64_t i = 0; i < 70; i++) {
		struct hk_keyset s = set_of(i, "");

		assert_err(hk_keystore_forget(*state, s.emsk_name, REALM),
			i % 2 && i < 68 ? HK_OK : HK_ERR_NOT_FOUND);
	}
	assert_int_equal(count_ended(*state, &out), 0);
}

/* Many devices behind one name must not push each other out. */
static void names_of_many_are_not_limited(void **state)
{
	struct hk_keyset out;

	for (uint64_t i = 0; i < 5; i++) {
		struct hk_keyset s = set_of(i, "anonymous@far.example");

		s.created += i;
		s.shared_user = true;
		assert_ok(hk_keystore_put(*state, &s));
	}
	for (uint64_t i = 0; i < 5; i++)
		assert_ok(find(*state, i, &out));
}

/* ---- grants ---- */

static enum hk_err grant(
	struct hk_keystore *store, uint64_t i, uint8_t key, uint8_t owner, bool *again)
{
	const struct hk_grant g = {{key}, {owner}};
	uint8_t name[HK_EMSK_NAME_LEN];

	set_name(name, i);
	return hk_keystore_grant(store, name, hk_text("HOME.example"), NOW, &g, again);
}

/* E6696-8-05 */
static void a_key_is_granted_to_one(void **state)
{
	struct hk_keyset s = set_of(1, "alice"), out;
	bool again;

	set_keep(&s, 1, 0);
	assert_ok(hk_keystore_put(*state, &s));
	assert_ok(grant(*state, 1, 10, 1, &again));
	assert_false(again);
	assert_ok(grant(*state, 1, 10, 1, &again));
	assert_true(again);
	assert_err(grant(*state, 1, 10, 2, &again), HK_ERR_DENIED);
	assert_false(again);
	assert_ok(grant(*state, 1, 11, 2, &again));
	assert_false(again);

	/* finding what was granted, and counters that did not mind */
	assert_int_equal(advance(*state, 1, 0), HK_SEQ_FRESH);
	assert_ok(grant(*state, 1, 12, 1, &again));
	assert_int_equal(advance(*state, 1, 0), HK_SEQ_REPEATED);
	assert_ok(find(*state, 1, &out));
	assert_int_equal(out.seq.expected, 1);
	assert_int_equal(out.grants.n, 3);
	assert_int_equal(out.grants.list[1].key[0], 11);
	assert_int_equal(out.grants.list[1].owner[0], 2);
	assert_memory_equal(&out.emsk.key, &s.emsk.key, sizeof s.emsk.key);
	assert_int_equal(out.user_len, 5);
}

static void grants_have_an_end(void **state)
{
	struct hk_keyset s = set_of(1, "alice");
	const struct hk_grant g = {{1}, {1}};
	bool again = true;

	set_keep(&s, 1, 0);
	assert_ok(hk_keystore_put(*state, &s));
	for (uint8_t i = 0; i < HK_GRANTS_MAX; i++)
		assert_ok(grant(*state, 1, i, 1, &again));
	assert_err(grant(*state, 1, 100, 1, &again), HK_ERR_LIMIT);
	assert_ok(grant(*state, 1, 3, 1, &again));
	assert_true(again);

	assert_err(grant(*state, 2, 0, 1, &again), HK_ERR_NOT_FOUND);
	assert_false(again);
	assert_err(hk_keystore_grant(*state, s.emsk_name, hk_text("other"), NOW, &g, &again),
		HK_ERR_NOT_FOUND);
	assert_err(hk_keystore_grant(*state, s.emsk_name, HK_NO_BYTES, NOW, &g, &again),
		HK_ERR_NOT_FOUND);
	assert_err(hk_keystore_grant(*state, s.emsk_name, REALM, s.expires, &g, &again),
		HK_ERR_EXPIRED);
}

/* The same set once more: what was granted stays granted, the rest is new. */
static void grants_outlive_a_second_put(void **state)
{
	struct hk_keyset s = set_of(1, "alice"), out;
	bool again;

	set_keep(&s, 1, 0);
	assert_ok(hk_keystore_put(*state, &s));
	assert_ok(grant(*state, 1, 10, 1, &again));
	s.grants.n = 2;
	s.grants.list[0] = (struct hk_grant){{10}, {2}}; /* not any more */
	s.grants.list[1] = (struct hk_grant){{11}, {2}};
	assert_ok(hk_keystore_put(*state, &s));
	assert_err(grant(*state, 1, 10, 2, &again), HK_ERR_DENIED);
	assert_ok(grant(*state, 1, 11, 2, &again));
	assert_true(again);

	/* also when the EMSK is given up */
	s.emsk.kdf = 0;
	s.grants.n = 0;
	assert_ok(hk_keystore_put(*state, &s));
	assert_ok(find(*state, 1, &out));
	assert_int_equal(out.emsk.kdf, 0);
	assert_int_equal(out.home_len, strlen("far.example"));
	assert_int_equal(out.grants.n, 2);

	/* other keys under the name, later: another EMSK */
	s.keys.rrk.inner[0] ^= 1;
	s.created = s.expires;
	s.expires += 1000;
	assert_ok(hk_keystore_put(*state, &s));
	assert_ok(find(*state, 1, &out));
	assert_int_equal(out.grants.n, 0);
}

/* Sets that keep nothing cost what they did. */
static void what_is_kept_is_given_back(void **state)
{
	struct hk_keystore_stats before, after;
	uint8_t name[HK_EMSK_NAME_LEN];
	bool again;

	if (backend->open != memory_open)
		return;
	put(*state, 1, "alice");
	put(*state, 2, "bob");
	assert_ok(hk_keystore_stats(*state, &before));
	set_name(name, 2);
	for (int i = 0; i < 3; i++) {
		struct hk_keyset s = set_of(2, "bob");

		set_keep(&s, 2, 1);
		assert_ok(hk_keystore_put(*state, &s));
		assert_ok(grant(*state, 2, 50, 1, &again));
		assert_ok(hk_keystore_put(*state, &s));
		assert_ok(hk_keystore_remove(*state, name, REALM));
		put(*state, 2, "bob");
	}
	assert_ok(hk_keystore_stats(*state, &after));
	assert_int_equal(before.bytes, after.bytes);
}

static void shared_handles_see_one_store(void **state)
{
	struct hk_keystore *other;
	struct hk_keyset out;

	assert_ok(hk_keystore_share(*state, &other));
	put(*state, 1, "u");
	assert_ok(find(other, 1, &out));
	assert_int_equal(advance(other, 1, 0), HK_SEQ_FRESH);
	hk_keystore_close(other);
	assert_int_equal(advance(*state, 1, 0), HK_SEQ_REPEATED);
	assert_ok(hk_keystore_sync(*state));
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS  300
#define HOT     4 /* sets that all threads work on */

static atomic_uint accepted[HOT][ROUNDS];
static atomic_uint lost; /* finds that failed */

static void *hammer(void *arg)
{
	struct hk_keystore *store = arg;

	for (uint16_t seq = 0; seq < ROUNDS; seq++) {
		struct hk_advance v[HOT];

		for (uint64_t i = 0; i < HOT; i++)
			v[i] = advance_of(i, seq);
		hk_keystore_advance(store, v, HOT);
		for (uint64_t i = 0; i < HOT; i++) {
			struct hk_keyset out;

			if (v[i].err || v[i].freshness == HK_SEQ_FRESH)
				accepted[i][seq]++;
			/* also while others are writing just this */
			lost += hk_keystore_find(store, v[i].emsk_name, REALM, NOW, &out) != HK_OK;
		}
		hk_keystore_release(store);
	}
	hk_keystore_close(store);
	return NULL;
}

static atomic_uint granted[HOT];

/* Each thread is another owner of the same keys. */
static void *claim(void *arg)
{
	static atomic_uchar owners;
	struct hk_keystore *store = arg;
	uint8_t owner = (uint8_t)(1 + owners++);

	for (uint8_t key = 0; key < HOT; key++) {
		bool again;

		if (!grant(store, 1, key, owner, &again))
			granted[key]++;
	}
	hk_keystore_close(store);
	return NULL;
}

/* E6696-8-05 */
static void threads_grant_each_key_once(void **state)
{
	struct hk_keyset s = set_of(1, "alice"), out;
	pthread_t threads[THREADS];

	memset(granted, 0, sizeof granted);
	set_keep(&s, 1, 0);
	assert_ok(hk_keystore_put(*state, &s));
	for (int t = 0; t < THREADS; t++) {
		struct hk_keystore *handle;

		assert_ok(hk_keystore_share(*state, &handle));
		assert_int_equal(pthread_create(&threads[t], NULL, claim, handle), 0);
	}
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	for (size_t key = 0; key < HOT; key++)
		assert_int_equal(granted[key], 1);
	assert_ok(find(*state, 1, &out));
	assert_int_equal(out.grants.n, HOT);
}

/* Writes beside the others: puts, finds, removals, expiry. */
static void *disturb(void *arg)
{
	struct hk_keystore *store = arg;
	struct hk_keyset out;
	size_t removed;

	for (uint64_t round = 0; round < 10; round++) {
		for (uint64_t i = 100; i < 150; i++) {
			struct hk_keyset s = set_of(i, "carol");

			if (hk_keystore_put(store, &s))
				return arg;
		}
		hk_keystore_find(store, set_of(120, "").emsk_name, REALM, NOW, &out);
		hk_keystore_release(store);
		hk_keystore_expire(store, NOW, 20, &removed);
		hk_keystore_remove_user(store, hk_text("carol"), NULL, &removed);
	}
	hk_keystore_close(store);
	return NULL;
}

/* E6696-5.2-11: exactly one FRESH for each number, whoever asks when */
static void threads_get_each_number_once(void **state)
{
	pthread_t threads[THREADS + 2];
	void *result;

	memset(accepted, 0, sizeof accepted);
	lost = 0;
	for (uint64_t i = 0; i < HOT; i++)
		put(*state, i, "u");
	for (int t = 0; t < THREADS + 2; t++) {
		struct hk_keystore *handle;

		assert_ok(hk_keystore_share(*state, &handle));
		assert_int_equal(
			pthread_create(&threads[t], NULL, t < THREADS ? hammer : disturb, handle),
			0);
	}
	for (int t = 0; t < THREADS + 2; t++) {
		pthread_join(threads[t], &result);
		assert_null(result);
	}
	for (unsigned i = 0; i < HOT; i++)
		for (unsigned seq = 0; seq < ROUNDS; seq++)
			assert_true(accepted[i][seq] <= 1);
	/* the last number of all is never overtaken */
	for (unsigned i = 0; i < HOT; i++)
		assert_int_equal(accepted[i][ROUNDS - 1], 1);
	assert_int_equal(lost, 0);
	assert_int_equal(count(*state), HOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(find_gives_what_was_put, set_up, tear_down),
		cmocka_unit_test_setup_teardown(put_refuses_impossible_lengths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			find_compares_realms_without_case, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			same_name_in_two_realms_is_two_sets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(put_again_keeps_the_counter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			other_keys_under_a_living_name_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			put_after_the_end_keeps_the_counter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			advance_accepts_each_number_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(batch_is_decided_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			ended_sets_are_out_of_use_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(expire_goes_in_small_steps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(expire_goes_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			walk_sees_each_set_once_while_others_come_and_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(walk_of_nothing_is_done, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			remove_user_takes_all_sets_of_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(user_index_follows_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			oldest_set_goes_beyond_the_limit, set_up_two_per_user, tear_down),
		cmocka_unit_test_setup_teardown(
			ended_sets_are_noted_until_all_were_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_gives_way_is_noted_when_others_have_its_keys,
			set_up_two_per_user, tear_down),
		cmocka_unit_test_setup_teardown(
			names_of_many_are_not_limited, set_up_two_per_user, tear_down),
		cmocka_unit_test_setup_teardown(a_key_is_granted_to_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(grants_have_an_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(grants_outlive_a_second_put, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_kept_is_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shared_handles_see_one_store, set_up, tear_down),
		cmocka_unit_test_setup_teardown(threads_grant_each_key_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(threads_get_each_number_once, set_up, tear_down),
	};
	int failed = 0;

	for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
		backend = &backends[i];
		failed += cmocka_run_group_tests_name(backend->name, tests, NULL, NULL);
	}
	return failed;
}
