/* SPDX-License-Identifier: ISC */
/* Which events get a line in the log, and how often. */
#include "door_bench.h"
#include "temp.h"

#include "hokeyd/journal.h"

struct desk {
	struct door_bench *b;
	char *directory;
	char *path;
	struct hk_log *log;
};

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	if (temp_setup((void **)&d->directory) || bench_setup((void **)&d->b))
		return -1;
	d->path = temp_path(d->directory, "log");
	assert_ok(hk_log_open(d->path, HK_LOG_INFO, &d->log));
	assert_int_equal(bench_send(d->b, (struct make){.attributes = "20046170"}), HK_DOOR_VISIT);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;

	hk_log_close(d->log);
	free(d->path);
	bench_teardown((void **)&d->b);
	temp_teardown((void **)&d->directory);
	free(d);
	return 0;
}

/* How many lines have that text in them. */
static unsigned lines_with(const struct desk *d, const char *text)
{
	FILE *f = fopen(d->path, "r");
	char line[4096];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, text) != NULL;
	fclose(f);
	return n;
}

static void visit(struct desk *d, enum hk_log_logins which, enum hk_home_kind kind,
	enum hk_verdict verdict, enum hk_err reason)
{
	struct hk_home_visit *v = &d->b->r.visit;

	v->event.kind = kind;
	v->event.final = true;
	v->event.identity = hk_text("0123456789abcdef@home.example");
	v->event.user = hk_text("alice");
	v->reply.verdict = verdict;
	v->reply.reason = reason;
	hk_journal_visit(d->log, which, &d->b->r, d->b->now);
}

static void which_logins(void **state)
{
	struct desk *d = *state;

	visit(d, HK_LOGINS_NONE, HK_HOME_EAP, HK_VERDICT_ACCEPT, HK_OK);
	visit(d, HK_LOGINS_NONE, HK_HOME_ERP, HK_VERDICT_REJECT, HK_ERR_TAG);
	assert_int_equal(lines_with(d, "Login"), 0);
	visit(d, HK_LOGINS_FULL, HK_HOME_EAP, HK_VERDICT_ACCEPT, HK_OK);
	visit(d, HK_LOGINS_FULL, HK_HOME_ERP, HK_VERDICT_ACCEPT, HK_OK);
	assert_int_equal(lines_with(d, "Login OK"), 1);
	visit(d, HK_LOGINS_ALL, HK_HOME_ERP, HK_VERDICT_ACCEPT, HK_OK);
	assert_int_equal(lines_with(d, "Login OK"), 2);
	visit(d, HK_LOGINS_FULL, HK_HOME_EAP, HK_VERDICT_REJECT, HK_ERR_DENIED);
	assert_int_equal(lines_with(d, "Login incorrect"), 1);
	visit(d, HK_LOGINS_ALL, HK_HOME_OTHER, HK_VERDICT_REJECT, HK_ERR_UNEXPECTED);
	assert_int_equal(lines_with(d, "Login"), 3);
}

/* A login that is still going on is not one that ended. */
static void rounds_are_not_logged(void **state)
{
	struct desk *d = *state;
	struct hk_home_visit *v = &d->b->r.visit;

	v->event.kind = HK_HOME_EAP;
	v->reply.verdict = HK_VERDICT_CHALLENGE;
	hk_journal_visit(d->log, HK_LOGINS_ALL, &d->b->r, d->b->now);
	assert_int_equal(lines_with(d, "Login"), 0);
}

/* Whoever sends bad re-authentications must not fill the disk. */
static void failed_reauths_are_not_repeated(void **state)
{
	struct desk *d = *state;

	for (int i = 0; i < 1000; i++)
		visit(d, HK_LOGINS_FULL, HK_HOME_ERP, HK_VERDICT_REJECT, HK_ERR_TAG);
	assert_int_equal(lines_with(d, "Login incorrect"), 1);
	for (int i = 0; i < 1000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%016x@home.example", i);
		d->b->r.visit.event.identity = hk_text(name);
		hk_journal_visit(d->log, HK_LOGINS_FULL, &d->b->r, d->b->now);
	}
	assert_in_range(lines_with(d, "Login incorrect"), 1, HK_LOG_REPEATS_PER_S + 1);
}

/* Also where no logins are wanted. */
static void store_errors_are_always_told(void **state)
{
	struct desk *d = *state;

	visit(d, HK_LOGINS_NONE, HK_HOME_ERP, HK_VERDICT_NONE, HK_ERR_STORE);
	assert_int_equal(lines_with(d, "got no answer"), 1);
	d->b->r.visit.event.store = HK_ERR_STORE_FULL;
	visit(d, HK_LOGINS_NONE, HK_HOME_EAP, HK_VERDICT_ACCEPT, HK_OK);
	assert_int_equal(lines_with(d, "could not be stored"), 1);
}

static void drops(void **state)
{
	static const enum hk_counter told[] = {HK_COUNT_UNKNOWN_CLIENT, HK_COUNT_BAD_AUTHENTICATOR,
		HK_COUNT_NO_AUTHENTICATOR, HK_COUNT_PROXY_STATE_REFUSED};
	struct desk *d = *state;
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(0xc0000211)}};
	struct sockaddr_storage address = {0};

	memcpy(&address, &from, sizeof(from));
	for (int repeat = 0; repeat < 3; repeat++)
		for (size_t i = 0; i < 4; i++)
			hk_journal_drop(d->log, told[i], &address, d->b->now);
	assert_int_equal(lines_with(d, "dropped a packet from 192.0.2.17:0"), 4);
	/* what happens to everybody is counted only */
	hk_journal_drop(d->log, HK_COUNT_MALFORMED, &address, d->b->now);
	hk_journal_drop(d->log, HK_COUNT_DUPLICATES_IN_PROGRESS, &address, d->b->now);
	assert_int_equal(lines_with(d, "dropped"), 4);
}

static void refusals_and_what_was_learnt(void **state)
{
	struct desk *d = *state;

	d->b->r.visit.reply.reason = HK_ERR_MALFORMED;
	hk_journal_refused(d->log, &d->b->r, d->b->now);
	hk_journal_refused(d->log, &d->b->r, d->b->now);
	assert_int_equal(lines_with(d, "client ap: more than one State"), 1);
	d->b->r.learnt_signs = d->b->r.learnt_nas = true;
	hk_journal_learnt(d->log, &d->b->r);
	assert_int_equal(lines_with(d, "client ap"), 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(which_logins),
		TEST(rounds_are_not_logged),
		TEST(failed_reauths_are_not_repeated),
		TEST(store_errors_are_always_told),
		TEST(drops),
		TEST(refusals_and_what_was_learnt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
