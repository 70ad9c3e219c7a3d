/* SPDX-License-Identifier: ISC */
/* Duplicate requests. */
#include "vectors.h"

#define LIFETIME 10000

struct fixture {
	struct hk_radius_duplicates *d;
	struct hk_radius_source source;
	struct hk_bytes reply;
	uint64_t entry;
};

static void setup(struct fixture *f, size_t entries)
{
	memset(f, 0, sizeof *f);
	assert_ok(hk_radius_duplicates_new(entries, LIFETIME, &f->d));
	f->source.port = 1645;
	f->source.address[15] = 1;
}

/* An Access-Request; ra fills its authenticator. */
static struct hk_radius make_request(uint8_t *memory, uint8_t identifier, uint8_t ra)
{
	struct hk_radius p;

	memset(memory, ra, 20);
	memory[0] = HK_RADIUS_ACCESS_REQUEST;
	memory[1] = identifier;
	hk_store_u16(memory + 2, 20);
	assert_ok(hk_radius_parse(hk_bytes(memory, 20), &p));
	return p;
}

static enum hk_duplicate check(struct fixture *f, uint8_t identifier, uint8_t ra, hk_time now)
{
	uint8_t memory[20];
	struct hk_radius p = make_request(memory, identifier, ra);

	return hk_radius_duplicates_check(f->d, &f->source, &p, now, &f->entry, &f->reply);
}

/* R5080-2.2.2-01 R5080-2.2.2-02 R5080-2.2.2-03 */
static void request_in_progress_then_answered(void **state)
{
	struct fixture f;
	uint64_t entry;

	(void)state;
	setup(&f, 10);
	assert_int_equal(check(&f, 1, 0xaa, 0), HK_DUPLICATE_NEW);
	entry = f.entry;
	assert_int_equal(check(&f, 1, 0xaa, 5), HK_DUPLICATE_IN_PROGRESS);
	assert_true(hk_radius_duplicates_answer(f.d, entry, hk_text("the reply"), 10));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(check(&f, 1, 0xaa, 20), HK_DUPLICATE_ANSWERED);
		assert_true(hk_bytes_equal(f.reply, hk_text("the reply")));
	}
	/* one answer only */
	assert_false(hk_radius_duplicates_answer(f.d, entry, hk_text("another"), 30));
	hk_radius_duplicates_free(f.d);
}

/* R5080-2.2.2-01: every part of the key counts. */
static void what_makes_a_request_another_one(void **state)
{
	uint8_t memory[20];
	struct hk_radius p = make_request(memory, 1, 0xaa);
	struct hk_radius_source other;
	struct fixture f;

	(void)state;
	setup(&f, 100);
	assert_int_equal(check(&f, 1, 0xaa, 0), HK_DUPLICATE_NEW);
	for (size_t i = 0; i < sizeof other.address; i++) {
		other = f.source;
		other.address[i] ^= 0x80;
		assert_int_equal(hk_radius_duplicates_check(f.d, &other, &p, 0, &f.entry, &f.reply),
			HK_DUPLICATE_NEW);
	}
	other = f.source;
	other.port++;
	assert_int_equal(hk_radius_duplicates_check(f.d, &other, &p, 0, &f.entry, &f.reply),
		HK_DUPLICATE_NEW);
	other = f.source;
	other.socket++;
	assert_int_equal(hk_radius_duplicates_check(f.d, &other, &p, 0, &f.entry, &f.reply),
		HK_DUPLICATE_NEW);
	p.code = HK_RADIUS_STATUS_SERVER;
	assert_int_equal(hk_radius_duplicates_check(f.d, &f.source, &p, 0, &f.entry, &f.reply),
		HK_DUPLICATE_NEW);
	assert_int_equal(check(&f, 2, 0xaa, 0), HK_DUPLICATE_NEW);
	assert_int_equal(check(&f, 1, 0xaa, 0), HK_DUPLICATE_IN_PROGRESS);
	hk_radius_duplicates_free(f.d);
}

/* R5080-2.2.2-05 */
static void identifier_used_again(void **state)
{
	struct fixture f;
	uint64_t first;

	(void)state;
	setup(&f, 10);
	check(&f, 1, 0xaa, 0);
	first = f.entry;
	assert_int_equal(check(&f, 1, 0xbb, 1), HK_DUPLICATE_NEW);
	assert_false(hk_radius_duplicates_answer(f.d, first, hk_text("late"), 2));
	assert_int_equal(check(&f, 1, 0xbb, 3), HK_DUPLICATE_IN_PROGRESS);
	assert_true(hk_radius_duplicates_answer(f.d, f.entry, hk_text("right"), 4));
	assert_int_equal(check(&f, 1, 0xbb, 5), HK_DUPLICATE_ANSWERED);
	assert_true(hk_bytes_equal(f.reply, hk_text("right")));
	/* also when the old one was answered */
	assert_int_equal(check(&f, 1, 0xcc, 6), HK_DUPLICATE_NEW);
	assert_int_equal(check(&f, 1, 0xbb, 7), HK_DUPLICATE_NEW);
	hk_radius_duplicates_free(f.d);
}

/* R5080-2.2.2-04 */
static void lifetimes(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 10);
	check(&f, 1, 0xaa, 0);
	assert_int_equal(check(&f, 1, 0xaa, 29000), HK_DUPLICATE_IN_PROGRESS);
	assert_true(hk_radius_duplicates_answer(f.d, f.entry, hk_text("r"), 29000));
	assert_int_equal(check(&f, 1, 0xaa, 29000 + LIFETIME), HK_DUPLICATE_ANSWERED);
	assert_int_equal(check(&f, 1, 0xaa, 29000 + LIFETIME + 1), HK_DUPLICATE_NEW);
	/* nobody ever answered: it is tried again, and the old result is not wanted */
	uint64_t old = f.entry;

	assert_int_equal(check(&f, 1, 0xaa, 100000), HK_DUPLICATE_NEW);
	assert_false(hk_radius_duplicates_answer(f.d, old, hk_text("r"), 100000));
	hk_radius_duplicates_free(f.d);
}

static void empty_answer_forgets(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 10);
	check(&f, 1, 0xaa, 0);
	assert_true(hk_radius_duplicates_answer(f.d, f.entry, HK_NO_BYTES, 1));
	assert_int_equal(check(&f, 1, 0xaa, 2), HK_DUPLICATE_NEW);
	hk_radius_duplicates_free(f.d);
}

static void oldest_goes_when_full(void **state)
{
	struct fixture f;
	uint64_t first;

	(void)state;
	setup(&f, 4);
	check(&f, 0, 0xaa, 0);
	first = f.entry;
	for (uint8_t i = 1; i < 4; i++)
		check(&f, i, 0xaa, 0);
	assert_int_equal(check(&f, 0, 0xaa, 0), HK_DUPLICATE_IN_PROGRESS);
	check(&f, 4, 0xaa, 0);
	assert_false(hk_radius_duplicates_answer(f.d, first, hk_text("late"), 1));
	for (uint8_t i = 1; i <= 4; i++)
		assert_int_equal(check(&f, i, 0xaa, 0), HK_DUPLICATE_IN_PROGRESS);
	assert_int_equal(check(&f, 0, 0xaa, 0), HK_DUPLICATE_NEW);
	hk_radius_duplicates_free(f.d);
}

static void impossible_sizes(void **state)
{
	struct hk_radius_duplicates *d;

	(void)state;
	assert_err(hk_radius_duplicates_new(0, 1, &d), HK_ERR_ARGUMENT);
	assert_null(d);
	assert_err(hk_radius_duplicates_new(SIZE_MAX, 1, &d), HK_ERR_ARGUMENT);
	hk_radius_duplicates_free(NULL);
}

static void fill_reply(uint8_t *reply, size_t n, uint64_t entry)
{
	for (size_t i = 0; i < n; i++)
		reply[i] = (uint8_t)(entry * 31 + i);
}

/*
 * Replies of all lengths round the ring many times. One that is handed out is
 * whole, and stays so for 64 further answers.
 */
static void replies_round_the_ring(void **state)
{
	uint8_t reply[HK_RADIUS_MAX_LEN], want[HK_RADIUS_MAX_LEN];
	unsigned seed = 5, answered = 0;
	struct fixture f;

	(void)state;
	setup(&f, 256);
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t identifier = (uint8_t)(seed >> 16), ra = (uint8_t)(seed >> 24 & 1);
		size_t n = 20 + round % (HK_RADIUS_MAX_LEN - 19);
		enum hk_duplicate what = check(&f, identifier, ra, round);

		seed = seed * 1103515245 + 12345;
		if (what == HK_DUPLICATE_NEW) {
			fill_reply(reply, n, f.entry);
			assert_true(hk_radius_duplicates_answer(
				f.d, f.entry, hk_bytes(reply, n), round));
			continue;
		}
		assert_int_equal(what, HK_DUPLICATE_ANSWERED);
		answered++;
		fill_reply(want, f.reply.len, f.entry);
		assert_memory_equal(f.reply.data, want, f.reply.len);
	}
	assert_true(answered > 1000);
	hk_radius_duplicates_free(f.d);
}

static void reply_outlives_64_answers(void **state)
{
	uint8_t reply[HK_RADIUS_MAX_LEN], kept[HK_RADIUS_MAX_LEN];
	struct hk_radius_source busy = {.port = 9};
	struct fixture f;
	unsigned found = 0;

	(void)state;
	setup(&f, 1000);
	memset(reply, 0x55, sizeof reply);
	for (unsigned others = 0; others < 400; others++) {
		struct hk_bytes old;

		check(&f, 1, (uint8_t)others, 0);
		memset(kept, (int)others, sizeof kept);
		assert_true(hk_radius_duplicates_answer(f.d, f.entry, hk_bytes(kept, 4096), 0));
		for (unsigned i = 0; i < others; i++) {
			struct hk_radius p = make_request(reply, (uint8_t)i, (uint8_t)(i ^ others));
			uint64_t e;

			p.code = (uint8_t)(i >> 8);
			hk_radius_duplicates_check(f.d, &busy, &p, 0, &e, &old);
			hk_radius_duplicates_answer(f.d, e, hk_bytes(reply, 4096), 0);
		}
		if (check(&f, 1, (uint8_t)others, 0) != HK_DUPLICATE_ANSWERED)
			break;
		found++;
		old = f.reply;
		for (unsigned i = 0; i < 64; i++) {
			struct hk_radius p =
				make_request(reply, (uint8_t)i, (uint8_t) ~(i ^ others));
			struct hk_bytes none;
			uint64_t e;

			hk_radius_duplicates_check(f.d, &busy, &p, 0, &e, &none);
			hk_radius_duplicates_answer(f.d, e, hk_bytes(reply, 4096), 0);
		}
		assert_memory_equal(old.data, kept, 4096);
	}
	assert_in_range(found, 64, 399);
	hk_radius_duplicates_free(f.d);
}

/* Many sources at once: a plain model says what must be found. */
static void against_a_model(void **state)
{
	enum { SOURCES = 40, STEPS = 50000 };
	static struct {
		uint64_t entry;
		uint8_t ra;
		bool used, answered;
	} model[SOURCES][256];
	struct fixture f;
	unsigned seed = 77;

	(void)state;
	setup(&f, (size_t)SOURCES * 256 * 8);
	memset(model, 0, sizeof model);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned s, id, ra;
		enum hk_duplicate what, want;

		seed = seed * 1103515245 + 12345;
		s = (seed >> 4) % SOURCES;
		id = (seed >> 10) % 8;
		ra = (seed >> 16) % 3;
		f.source.address[3] = (uint8_t)s;
		what = check(&f, (uint8_t)id, (uint8_t)ra, 0);
		want = !model[s][id].used || model[s][id].ra != ra ? HK_DUPLICATE_NEW
		       : model[s][id].answered                     ? HK_DUPLICATE_ANSWERED
								   : HK_DUPLICATE_IN_PROGRESS;
		assert_int_equal(what, want);
		if (what == HK_DUPLICATE_NEW) {
			model[s][id].used = true;
			model[s][id].answered = false;
			model[s][id].ra = (uint8_t)ra;
			model[s][id].entry = f.entry;
		}
		assert_int_equal(f.entry, model[s][id].entry);
		if (what == HK_DUPLICATE_IN_PROGRESS) {
			model[s][id].answered = true;
			assert_true(hk_radius_duplicates_answer(
				f.d, f.entry, hk_bytes(&model[s][id].ra, 1), 0));
		}
		if (what == HK_DUPLICATE_ANSWERED)
			assert_int_equal(f.reply.data[0], ra);
	}
	hk_radius_duplicates_free(f.d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_in_progress_then_answered),
		cmocka_unit_test(what_makes_a_request_another_one),
		cmocka_unit_test(identifier_used_again),
		cmocka_unit_test(lifetimes),
		cmocka_unit_test(empty_answer_forgets),
		cmocka_unit_test(oldest_goes_when_full),
		cmocka_unit_test(impossible_sizes),
		cmocka_unit_test(replies_round_the_ring),
		cmocka_unit_test(reply_outlives_64_answers),
		cmocka_unit_test(against_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
