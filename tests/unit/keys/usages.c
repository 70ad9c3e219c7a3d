/* SPDX-License-Identifier: ISC */
#include "keys.h"

static enum hk_err add(struct hk_usages *u, const char *label, size_t len)
{
	struct hk_usage usage = {label, len, 0, true, false};

	return hk_usages_add(u, &usage);
}

static int new_table(void **state)
{
	struct hk_usages *u;

	assert_ok(hk_usages_new(&u));
	*state = u;
	return 0;
}

static int free_table(void **state)
{
	hk_usages_free(*state);
	return 0;
}

/* E5295-8.1-01 E5295-8.1-02 */
static void characters_of_a_label(void **state)
{
	static const char *const bad[] = {"", "a,b", "a b", "a\tb", "a\x1f", "a\x7f", "a\x80",
		"a\xc3\xa4", "@example.org", "a@", "a@b@c", "a@b..c", "a@b.", "a@.b"};
	static const char *const good[] = {
		"a", "a@b", "a@b.example", "~!#$%&'()*+-./:;<=>?[]^_`{|}"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_err(add(*state, bad[i], 64), HK_ERR_LABEL);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_ok(add(*state, good[i], 64));
	assert_err(add(*state, NULL, 64), HK_ERR_LABEL);
}

/* E5295-8.1-03 */
static void length_of_a_label(void **state)
{
	char label[66];

	memset(label, 'x', sizeof label);
	label[65] = 0;
	assert_err(add(*state, label, 64), HK_ERR_LABEL);
	label[64] = 0;
	assert_ok(add(*state, label, 64));
}

/* E5295-8.1-07 E5295-5-06 */
static void labels_of_our_own(void **state)
{
	static const char *const own[] = {"EMSK", HK_LABEL_DSRK, HK_LABEL_RRK, HK_LABEL_RIK,
		HK_LABEL_RMSK, HK_LABEL_AUTH_IND, HK_LABEL_PRK, HK_LABEL_PMSK};
	const size_t n = sizeof own / sizeof *own;

	for (size_t i = 0; i < n; i++) {
		assert_err(add(*state, own[i], 64), HK_ERR_LABEL);
		for (size_t j = i + 1; j < n; j++)
			assert_string_not_equal(own[i], own[j]);
	}
}

/* E5295-2-03 E5295-5-06 */
static void a_label_is_taken_once(void **state)
{
	assert_ok(add(*state, "one@example.org", 64));
	assert_ok(add(*state, "two@example.org", 64));
	assert_err(add(*state, "one@example.org", 64), HK_ERR_LABEL);
	assert_err(add(*state, "one@example.org", 128), HK_ERR_LABEL);
	assert_err(add(*state, "two@example.org", 64), HK_ERR_LABEL);
}

/* The caller's text may go away or change. */
static void the_label_is_copied(void **state)
{
	char label[] = "mine";

	assert_ok(add(*state, label, 64));
	label[0] = 'x';
	assert_err(add(*state, "mine", 64), HK_ERR_LABEL);
	assert_ok(add(*state, label, 64));
}

/* E5295-3.1-13 E5295-5-07 */
static void length_of_the_key(void **state)
{
	assert_err(add(*state, "a", 0), HK_ERR_ARGUMENT);
	assert_err(add(*state, "a", 63), HK_ERR_ARGUMENT);
	assert_err(add(*state, "a", HK_KEY_MAX_LEN + 1), HK_ERR_ARGUMENT);
	assert_ok(add(*state, "a", 64));
	assert_ok(add(*state, "b", HK_KEY_MAX_LEN));
}

/* E5295-8.1-04 E5295-2-03 E5295-3.1-13 */
static void labels_are_case_sensitive(void **state)
{
	struct hk_key *emsk = import_vector("V1"), *lower, *upper;

	assert_ok(add(*state, "private1", 64));
	assert_ok(add(*state, "Private1", 64));
	assert_ok(hk_key_derive_usrk(emsk, *state, "private1", HK_NO_BYTES, NOW, LATER, &lower));
	assert_ok(hk_key_derive_usrk(emsk, *state, "Private1", HK_NO_BYTES, NOW, LATER, &upper));
	assert_int_equal(hk_key_len(lower), 64);
	assert_false(hk_key_equal(lower, upper));
	hk_key_free(lower);
	hk_key_free(upper);
	hk_key_free(emsk);
}

/* E5295-6-06 E5295-1.1-01 */
static void a_usage_not_in_the_table_gets_nothing(void **state)
{
	struct hk_key *emsk = import_vector("V1"), *dsrk, *key;

	assert_ok(add(*state, "known", 64));
	assert_ok(hk_key_derive_dsrk(emsk, hk_text("a.b"), NOW, LATER, &dsrk));
	assert_err(hk_key_derive_usrk(emsk, *state, "unknown", HK_NO_BYTES, NOW, LATER, &key),
		HK_ERR_DENIED);
	assert_null(key);
	assert_err(
		hk_key_derive_usrk(emsk, *state, "", HK_NO_BYTES, NOW, LATER, &key), HK_ERR_DENIED);
	assert_err(hk_key_derive_dsusrk(dsrk, *state, "unknown", HK_NO_BYTES, NOW, LATER, &key),
		HK_ERR_DENIED);
	assert_null(key);
	hk_key_free(dsrk);
	hk_key_free(emsk);
}

/* E5295-4.1-01 E5295-8.1-05 E5295-8.1-06 */
static void usages_for_one_domain_only(void **state)
{
	static const char *const labels[] = {"experimental1", "private1"};
	struct hk_key *emsk = import_vector("V1"), *dsrk, *key;

	assert_ok(hk_key_derive_dsrk(emsk, hk_text("a.b"), NOW, LATER, &dsrk));
	for (size_t i = 0; i < 2; i++) {
		struct hk_usage usage = {labels[i], 64, 0, false, false};

		assert_ok(hk_usages_add(*state, &usage));
		assert_ok(
			hk_key_derive_usrk(emsk, *state, labels[i], HK_NO_BYTES, NOW, LATER, &key));
		hk_key_free(key);
		assert_err(hk_key_derive_dsusrk(
				   dsrk, *state, labels[i], HK_NO_BYTES, NOW, LATER, &key),
			HK_ERR_DENIED);
		assert_null(key);
	}
	hk_key_free(dsrk);
	hk_key_free(emsk);
}

/* E5295-3.2-03 E5295-3.2-05 */
static void explicit_names_only_where_agreed(void **state)
{
	static const struct hk_usage with = {"with", 64, 0, true, true};
	struct hk_key *emsk = import_vector("V1"), *a, *b;
	uint8_t name_a[HK_EMSK_NAME_LEN], name_b[HK_EMSK_NAME_LEN];

	assert_ok(hk_usages_add(*state, &with));
	assert_ok(add(*state, "without", 64));
	assert_ok(hk_key_derive_usrk(emsk, *state, "without", HK_NO_BYTES, NOW, LATER, &a));
	assert_err(hk_key_explicit_name(a, name_a), HK_ERR_NOT_FOUND);
	hk_key_free(a);

	/* other data: another key and another name */
	assert_ok(hk_key_derive_usrk(emsk, *state, "with", hk_text("x"), NOW, LATER, &a));
	assert_ok(hk_key_derive_usrk(emsk, *state, "with", hk_text("y"), NOW, LATER, &b));
	assert_ok(hk_key_explicit_name(a, name_a));
	assert_ok(hk_key_explicit_name(b, name_b));
	assert_false(hk_key_equal(a, b));
	assert_memory_not_equal(name_a, name_b, sizeof name_a);
	hk_key_free(a);
	hk_key_free(b);
	hk_key_free(emsk);
}

/* E5295-7.5-01 */
static void lifetime_of_a_usage(void **state)
{
	static const struct hk_usage brief = {"brief", 64, 60, true, false};
	static const struct hk_usage endless = {"endless", 64, UINT32_MAX, true, false};
	struct hk_key *emsk = import_vector("V1"), *key;

	assert_ok(hk_usages_add(*state, &brief));
	assert_ok(hk_usages_add(*state, &endless));
	assert_ok(hk_key_derive_usrk(emsk, *state, "brief", HK_NO_BYTES, NOW, HK_NEVER, &key));
	assert_int_equal(hk_key_expires(key), NOW + 60 * HK_SECOND);
	hk_key_free(key);
	assert_ok(hk_key_derive_usrk(
		emsk, *state, "brief", HK_NO_BYTES, NOW, NOW + 30 * HK_SECOND, &key));
	assert_int_equal(hk_key_expires(key), NOW + 30 * HK_SECOND);
	hk_key_free(key);
	assert_ok(hk_key_derive_usrk(emsk, *state, "endless", HK_NO_BYTES, NOW, HK_NEVER, &key));
	assert_int_equal(hk_key_expires(key), LATER);
	hk_key_free(key);
	hk_key_free(emsk);
}

static void freeing_nothing(void **state)
{
	(void)state;
	hk_usages_free(NULL);
}

#define TABLE_TEST(f) cmocka_unit_test_setup_teardown(f, new_table, free_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(characters_of_a_label),
		TABLE_TEST(length_of_a_label),
		TABLE_TEST(labels_of_our_own),
		TABLE_TEST(a_label_is_taken_once),
		TABLE_TEST(the_label_is_copied),
		TABLE_TEST(length_of_the_key),
		TABLE_TEST(labels_are_case_sensitive),
		TABLE_TEST(a_usage_not_in_the_table_gets_nothing),
		TABLE_TEST(usages_for_one_domain_only),
		TABLE_TEST(explicit_names_only_where_agreed),
		TABLE_TEST(lifetime_of_a_usage),
		cmocka_unit_test(freeing_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
