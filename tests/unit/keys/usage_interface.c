/* SPDX-License-Identifier: ISC */
/* What a usage of root keys can say, and what it cannot. */
#include "test.h"

#include <hokey/key.h>

/*
 * E5295-3.1.1-05: label, optional data and lifetime, and no way to name a KDF.
 * A parameter more and this no longer compiles.
 */
typedef enum hk_err derivation(const struct hk_key *parent, const struct hk_usages *usages,
	const char *label, struct hk_bytes data, hk_time now, hk_time expires,
	struct hk_key **out);

static void usages_do_not_see_the_kdf(void **state)
{
	derivation *usrk = hk_key_derive_usrk, *dsusrk = hk_key_derive_dsusrk;

	(void)state;
	assert_ptr_not_equal(usrk, dsusrk);
}

static enum hk_err add(const char *label, size_t len, bool domain_enabled)
{
	struct hk_usage usage = {.label = label, .key_len = len, .domain_enabled = domain_enabled};
	struct hk_usages *table;
	enum hk_err err;

	assert_ok(hk_usages_new(&table));
	err = hk_usages_add(table, &usage);
	hk_usages_free(table);
	return err;
}

/* E5295-3.1-12 */
static void usage_without_label_or_length_is_refused(void **state)
{
	(void)state;
	assert_ok(add("private1", 64, false));
	assert_int_not_equal(add(NULL, 64, false), HK_OK);
	assert_int_not_equal(add("", 64, false), HK_OK);
	assert_int_not_equal(add("private1", 0, false), HK_OK);
}

static void derive_dsusrk(bool domain_enabled, enum hk_err want)
{
	struct hk_usage usage = {.label = "private1", .key_len = 64};
	struct hk_key *emsk, *dsrk, *dsusrk = NULL;
	struct hk_usages *table;
	uint8_t secret[64] = {1};

	usage.domain_enabled = domain_enabled;
	assert_ok(hk_usages_new(&table));
	assert_ok(hk_usages_add(table, &usage));
	assert_ok(hk_key_import_emsk(
		NULL, hk_text("\x0dsession"), hk_bytes(secret, sizeof secret), 1, 100000, &emsk));
	assert_ok(hk_key_derive_dsrk(emsk, hk_text("visited.example"), 1, 100000, &dsrk));
	assert_err(hk_key_derive_dsusrk(
			   dsrk, table, "private1", HK_NO_BYTES, 1, 100000, &dsusrk),
		want);
	hk_key_free(dsusrk);
	hk_key_free(dsrk);
	hk_key_free(emsk);
	hk_usages_free(table);
}

/* E5295-5-01 */
static void only_a_domain_enabled_usage_has_dsusrks(void **state)
{
	(void)state;
	derive_dsusrk(true, HK_OK);
	derive_dsusrk(false, HK_ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usages_do_not_see_the_kdf),
		cmocka_unit_test(usage_without_label_or_length_is_refused),
		cmocka_unit_test(only_a_domain_enabled_usage_has_dsusrks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
