/* SPDX-License-Identifier: ISC */
/* Answers have keys in them: what memory says of one when it is given back. */
#include "test.h"

#include "hokeyd/outbox.h"

#include <hokey/radius.h>

#include <malloc.h>
#include <stdlib.h>

void __real_free(void *p);
void __wrap_free(void *p);

/* Octets somewhere in a piece of memory that has not been given back yet. */
static struct {
	const uint8_t *at;
	uint8_t before[200];
	bool freed;
	bool found; /* they were still there */
} watched;

void __wrap_free(void *p)
{
	const uint8_t *begin = p, *at = watched.at;

	if (p && at && at >= begin && at < begin + malloc_usable_size(p)) {
		watched.freed = true;
		watched.found = memcmp(at, watched.before, sizeof(watched.before)) == 0;
		watched.at = NULL;
	}
	__real_free(p);
}

static void watch(const uint8_t *at)
{
	watched.at = at;
	watched.freed = false;
	memcpy(watched.before, at, sizeof(watched.before));
}

static void assert_wiped(void)
{
	assert_true(watched.freed);
	assert_false(watched.found);
}

static void make_answer(uint8_t answer[200])
{
	memset(answer, 0xa5, 200);
}

static void memory_that_is_not_wiped_is_noticed(void **state)
{
	void (*volatile give_back)(void *) = free; /* else the octets are never written */
	uint8_t *answer = malloc(200);

	(void)state;
	assert_non_null(answer);
	make_answer(answer);
	watch(answer);
	give_back(answer);
	assert_true(watched.freed && watched.found);
}

static void answers_kept_for_repetitions(void **state)
{
	const struct hk_radius_source source = {.port = 1};
	uint8_t answer[200], packet[20] = {HK_RADIUS_ACCESS_REQUEST, 1, 0, 20};
	struct hk_radius_duplicates *d;
	struct hk_radius request;
	struct hk_bytes stored;
	uint64_t entry;

	(void)state;
	make_answer(answer);
	assert_ok(hk_radius_duplicates_new(16, 10000, &d));
	assert_ok(hk_radius_parse(hk_bytes(packet, sizeof(packet)), &request));
	assert_int_equal(hk_radius_duplicates_check(d, &source, &request, 1000, &entry, &stored),
		HK_DUPLICATE_NEW);
	assert_true(hk_radius_duplicates_answer(d, entry, hk_bytes(answer, sizeof(answer)), 1000));
	assert_int_equal(hk_radius_duplicates_check(d, &source, &request, 1000, &entry, &stored),
		HK_DUPLICATE_ANSWERED);
	watch(stored.data);
	hk_radius_duplicates_free(d);
	assert_wiped();
}

static void answers_that_were_sent(void **state)
{
	struct hk_outbox o;

	(void)state;
	assert_ok(hk_outbox_init(&o, NULL, NULL, NULL));
	make_answer(hk_outbox_place(&o)->data);
	watch(hk_outbox_place(&o)->data);
	hk_outbox_free(&o);
	assert_wiped();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_is_not_wiped_is_noticed),
		cmocka_unit_test(answers_kept_for_repetitions),
		cmocka_unit_test(answers_that_were_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
