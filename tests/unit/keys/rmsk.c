/* SPDX-License-Identifier: ISC */
/* The rMSK as the key object a peer hands on. */
#include "keys.h"

static struct hk_erp_keys keys_of(const char *set, struct hk_key **emsk)
{
	struct hk_erp_keys keys;
	struct hk_key *rrk;

	*emsk = import_vector(set);
	assert_ok(hk_key_derive_rrk(*emsk, NOW, LATER, &rrk));
	assert_ok(hk_erp_keys_init(&keys, rrk));
	hk_key_free(rrk);
	return keys;
}

/* E6696-4.6-01 E6696-4.7-01 */
static void an_rmsk_is_a_key_of_its_own(void **state)
{
	struct hk_key *emsk, *rmsk;
	struct hk_erp_keys keys = keys_of("V5", &emsk);

	(void)state;
	assert_ok(hk_erp_keys_rmsk_key(
		&keys, hk_key_emsk_name(emsk), hk_text("a.example"), 1, NOW, NOW + 5000, &rmsk));
	assert_int_equal(hk_key_kind(rmsk), HK_KEY_RMSK);
	assert_int_equal(hk_key_expires(rmsk), NOW + 5000);
	assert_int_equal(hk_key_len(rmsk), 96);
	assert_memory_equal(hk_key_emsk_name(rmsk), hk_key_emsk_name(emsk), HK_EMSK_NAME_LEN);
	assert_true(hk_bytes_equal(hk_key_domain(rmsk), hk_text("a.example")));
	check(rmsk, "V5", "rMSK[SEQ=1]");
	hk_key_free(emsk);
}

static void one_that_has_ended_is_not_made(void **state)
{
	struct hk_key *emsk, *rmsk;
	struct hk_erp_keys keys = keys_of("V1", &emsk);

	(void)state;
	assert_err(hk_erp_keys_rmsk_key(
			   &keys, hk_key_emsk_name(emsk), HK_NO_BYTES, 0, NOW, NOW, &rmsk),
		HK_ERR_EXPIRED);
	assert_null(rmsk);
	hk_key_free(emsk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_rmsk_is_a_key_of_its_own),
		cmocka_unit_test(one_that_has_ended_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
