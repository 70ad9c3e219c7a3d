/* SPDX-License-Identifier: ISC */
#include "keys.h"

static const char *const sets[] = {"V1", "V2", "V3", "V4", "V5", "V6"};
#define SETS (sizeof sets / sizeof *sets)

static const uint16_t seqs[] = {0, 1, 65535};

/* ---- the vectors ---- */

/* rRK or DS-rRK of a set, with all below it; prefix "" or "DS-". */
static void check_rrk(struct hk_key *rrk, const char *set, const char *prefix)
{
	struct hk_key *child;
	char name[32];

	for (uint8_t suite = 1; suite <= 3; suite++) {
		assert_ok(hk_key_derive_rik(rrk, suite, NOW, &child));
		assert_int_equal(hk_key_kind(child), HK_KEY_RIK);
		snprintf(name, sizeof name, "%srIK[cs=%u]", prefix, suite);
		check(child, set, name);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_ok(hk_key_derive_rmsk(rrk, seqs[i], NOW, LATER, &child));
		assert_int_equal(hk_key_kind(child), HK_KEY_RMSK);
		snprintf(name, sizeof name, "%srMSK[SEQ=%u]", prefix, seqs[i]);
		check(child, set, name);
	}
	snprintf(name, sizeof name, "%srRK", prefix);
	check(rrk, set, name);
}

/* E5295-3.1-01 E5295-3.2-01 E6696-4.1-01 E6696-4.3-01 E6696-4.6-01 */
static void home_keys_of_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETS; i++) {
		struct hk_key *emsk = import_vector(sets[i]), *rrk;
		struct octets name;

		load(&name, sets[i], "EMSKname");
		assert_memory_equal(hk_key_emsk_name(emsk), name.data, HK_EMSK_NAME_LEN);
		assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
		assert_int_equal(hk_key_domain(rrk).len, 0);
		assert_memory_equal(hk_key_emsk_name(rrk), name.data, HK_EMSK_NAME_LEN);
		check_rrk(rrk, sets[i], "");
		hk_key_free(emsk);
	}
}

/* E5295-4-01 E5295-4-04 E6696-4.1-01 E6696-4.3-01 E6696-4.6-01 */
static void domain_keys_of_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETS; i++) {
		struct hk_key *emsk = import_vector(sets[i]), *dsrk, *rrk;
		uint8_t name[HK_EMSK_NAME_LEN];
		struct octets domain, want;

		load(&domain, sets[i], "domain");
		load(&want, sets[i], "DSRKname");
		assert_ok(hk_key_derive_dsrk(
			emsk, hk_bytes(domain.data, domain.len), NOW, LATER, &dsrk));
		assert_ok(hk_key_explicit_name(dsrk, name));
		assert_memory_equal(name, want.data, sizeof name);
		assert_ok(hk_key_derive_rrk(dsrk, NOW, LATER, &rrk));
		assert_true(hk_bytes_equal(hk_key_domain(rrk), hk_bytes(domain.data, domain.len)));
		check_rrk(rrk, sets[i], "DS-");
		check(dsrk, sets[i], "DSRK");
		hk_key_free(emsk);
	}
}

/* The same keys from a DSRK as a local ER server gets it. */
/* E5295-4-04 E6696-4.1-01 */
static void domain_keys_from_a_delivered_dsrk(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETS; i++) {
		struct octets octets, domain, name;
		struct hk_key *dsrk, *rrk;

		load(&octets, sets[i], "DSRK");
		load(&domain, sets[i], "domain");
		load(&name, sets[i], "EMSKname");
		assert_ok(hk_key_import_dsrk(NULL, name.data, hk_bytes(domain.data, domain.len),
			hk_bytes(octets.data, octets.len), NOW, LATER, &dsrk));
		assert_ok(hk_key_derive_rrk(dsrk, NOW, LATER, &rrk));
		assert_memory_equal(hk_key_emsk_name(rrk), name.data, HK_EMSK_NAME_LEN);
		check_rrk(rrk, sets[i], "DS-");
		hk_key_free(dsrk);
	}
}

/* E5295-3.2-04 E5295-4-12 E5295-3.1-07 */
static void usages_of_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETS; i++) {
		static const size_t lengths[] = {64, 80, 64, 64, 96, 64};
		struct octets text, data, domain, want;
		struct hk_key *emsk = import_vector(sets[i]), *dsrk, *key;
		uint8_t name[HK_EMSK_NAME_LEN];
		struct hk_usage usage = {NULL, lengths[i], 0, true, true};
		struct hk_usages *usages;
		char label[65] = "", vector_name[32];

		load(&text, sets[i], "USRK-label");
		memcpy(label, text.data, text.len);
		load(&data, sets[i], "USRK-optdata");
		load(&domain, sets[i], "domain");
		assert_ok(hk_usages_new(&usages));
		usage.label = label;
		assert_ok(hk_usages_add(usages, &usage));

		assert_ok(hk_key_derive_usrk(
			emsk, usages, label, hk_bytes(data.data, data.len), NOW, LATER, &key));
		assert_ok(hk_key_explicit_name(key, name));
		load(&want, sets[i], "USRKname");
		assert_memory_equal(name, want.data, sizeof name);
		snprintf(vector_name, sizeof vector_name, "USRK[len=%zu]", lengths[i]);
		check(key, sets[i], vector_name);

		assert_ok(hk_key_derive_dsrk(
			emsk, hk_bytes(domain.data, domain.len), NOW, LATER, &dsrk));
		assert_ok(hk_key_derive_dsusrk(
			dsrk, usages, label, hk_bytes(data.data, data.len), NOW, LATER, &key));
		assert_ok(hk_key_explicit_name(key, name));
		load(&want, sets[i], "DSUSRKname");
		assert_memory_equal(name, want.data, sizeof name);
		snprintf(vector_name, sizeof vector_name, "DSUSRK[len=%zu]", lengths[i]);
		check(key, sets[i], vector_name);

		hk_key_free(dsrk);
		hk_key_free(emsk);
		hk_usages_free(usages);
	}
}

static void authorization_indication_of_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETS; i++) {
		struct hk_key *emsk = import_vector(sets[i]), *key;
		struct octets domain;

		load(&domain, sets[i], "domain");
		assert_ok(hk_key_derive_auth_indication(
			emsk, hk_bytes(domain.data, domain.len), NOW, &key));
		assert_true(hk_bytes_equal(hk_key_domain(key), hk_bytes(domain.data, domain.len)));
		check(key, sets[i], "AuthInd-key");
		hk_key_free(emsk);
	}
}

/* Recorded from a running hostapd, which has one rIK for all suites: number 2. */
/* E5295-3.2-01 E6696-4.1-01 E6696-4.3-01 E6696-4.6-01 */
static void keys_that_hostapd_made(void **state)
{
	static const char *const recorded[] = {"R1", "R2", "R3"};
	static const uint16_t seq[] = {0, 258, 1};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hk_key *emsk = import_vector(recorded[i]), *rrk, *key;
		struct octets name;
		char vector_name[32];

		load(&name, recorded[i], "EMSKname");
		assert_memory_equal(hk_key_emsk_name(emsk), name.data, HK_EMSK_NAME_LEN);
		assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
		assert_ok(hk_key_derive_rik(rrk, 2, NOW, &key));
		check(key, recorded[i], "rIK[cs=2]");
		assert_ok(hk_key_derive_rmsk(rrk, seq[i], NOW, LATER, &key));
		snprintf(vector_name, sizeof vector_name, "rMSK[SEQ=%u]", seq[i]);
		check(key, recorded[i], vector_name);
		if (i == 2) {
			assert_ok(hk_key_derive_rik(rrk, 3, NOW, &key));
			check(key, "R3", "rIK[cs=3]");
		}
		check(rrk, recorded[i], "rRK");
		hk_key_free(emsk);
	}
}

static void early_authentication_keys(void **state)
{
	struct hk_key *emsk = import_vector("V1"), *dsrk, *prk, *pmsk;

	(void)state;
	assert_ok(hk_key_derive_prk(emsk, NOW, LATER, &prk));
	assert_int_equal(hk_key_kind(prk), HK_KEY_PRK);
	assert_ok(hk_key_derive_pmsk(prk, 5, NOW, LATER, &pmsk));
	assert_int_equal(hk_key_kind(pmsk), HK_KEY_PMSK);
	check(pmsk, "V1", "pMSK[SEQ=5]");
	check(prk, "V1", "pRK");

	assert_ok(hk_key_derive_dsrk(emsk, hk_text("visited.example"), NOW, LATER, &dsrk));
	assert_ok(hk_key_derive_prk(dsrk, NOW, LATER, &prk));
	assert_ok(hk_key_derive_pmsk(prk, 5, NOW, LATER, &pmsk));
	check(pmsk, "V1", "DS-pMSK[SEQ=5]");
	assert_ok(hk_key_derive_pmsk(prk, 6, NOW, LATER, &pmsk));
	check(pmsk, "V1", "DS-pMSK[SEQ=6]");
	check(prk, "V1", "DS-pRK");
	hk_key_free(dsrk);
	hk_key_free(emsk);
}

/* ---- lengths ---- */

/*
 * E5295-3.1-10 E5295-4-03 E5295-4-07 E5295-5-08 E6696-4.2-01 E6696-4.4-01 E6696-4.7-01
 */
static void children_are_as_long_as_their_parent(void **state)
{
	static const size_t lengths[] = {64, 65, 96, 256};
	static const uint8_t secret[256], session_id[33];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct hk_key *emsk, *dsrk, *rrk, *ds_rrk, *key;

		assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, 33),
			hk_bytes(secret, lengths[i]), NOW, LATER, &emsk));
		assert_ok(hk_key_derive_dsrk(emsk, hk_text("a.example"), NOW, LATER, &dsrk));
		assert_int_equal(hk_key_len(dsrk), lengths[i]);
		assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
		assert_int_equal(hk_key_len(rrk), lengths[i]);
		assert_ok(hk_key_derive_rrk(dsrk, NOW, LATER, &ds_rrk));
		assert_int_equal(hk_key_len(ds_rrk), lengths[i]);
		assert_ok(hk_key_derive_rik(rrk, 2, NOW, &key));
		assert_int_equal(hk_key_len(key), lengths[i]);
		hk_key_free(key);
		assert_ok(hk_key_derive_rmsk(ds_rrk, 7, NOW, LATER, &key));
		assert_int_equal(hk_key_len(key), lengths[i]);
		hk_key_free(key);
		hk_key_free(ds_rrk);
		hk_key_free(rrk);
		hk_key_free(dsrk);
		hk_key_free(emsk);
	}
}

/* E5295-4-05 E5295-4-06 */
static void longest_dsusrk(void **state)
{
	static const struct hk_usage usage = {"long@example.org", 2048, 0, true, false};
	struct hk_key *emsk = import_vector("V1"), *dsrk, *key;
	uint8_t data[2048], want[2048];
	struct hk_usages *usages;

	(void)state;
	memset(data, 0x3c, sizeof data);
	assert_ok(hk_usages_new(&usages));
	assert_ok(hk_usages_add(usages, &usage));
	assert_ok(hk_key_derive_dsrk(emsk, hk_text("visited.example"), NOW, LATER, &dsrk));
	assert_ok(hk_key_derive_dsusrk(
		dsrk, usages, "long@example.org", hk_bytes(data, sizeof data), NOW, LATER, &key));
	assert_ok(hk_kdf_derive(NULL, dsrk->secret, hk_text("long@example.org"),
		hk_bytes(data, sizeof data), want, sizeof want));
	assert_int_equal(hk_key_len(key), sizeof want);
	assert_memory_equal(key->secret.data, want, sizeof want);
	hk_key_free(key);
	hk_key_free(dsrk);
	hk_key_free(emsk);
	hk_usages_free(usages);
}

/* ---- domains ---- */

/* E5295-2-04 */
static void every_domain_has_its_own_dsrk(void **state)
{
	static const char *const domains[] = {"a.example", "a.example.net", "b.example"};
	struct hk_key *emsk = import_vector("V1"), *keys[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_ok(hk_key_derive_dsrk(emsk, hk_text(domains[i]), NOW, LATER, &keys[i]));
	assert_false(hk_key_equal(keys[0], keys[1]));
	assert_false(hk_key_equal(keys[1], keys[2]));
	assert_false(hk_key_equal(keys[0], keys[2]));
	for (size_t i = 0; i < 3; i++)
		hk_key_free(keys[i]);
	hk_key_free(emsk);
}

/* E5295-2-05 */
static void a_domain_named_like_a_label_gets_no_usage_key(void **state)
{
	struct hk_key *emsk = import_vector("V1"), *dsrk, *rrk;

	(void)state;
	assert_ok(hk_key_derive_dsrk(emsk, hk_text(HK_LABEL_RRK), NOW, LATER, &dsrk));
	assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
	assert_false(hk_key_equal(dsrk, rrk));
	hk_key_free(dsrk);
	hk_key_free(rrk);
	hk_key_free(emsk);
}

/* E5295-4-02 */
static void domains_that_are_refused(void **state)
{
	struct hk_key *emsk = import_vector("V1"), *key;
	struct hk_bytes bad[] = {HK_NO_BYTES, hk_text("b\303\274cher.example"), hk_bytes("a\0b", 3),
		hk_text("a\tb"), HK_NO_BYTES};
	char longest[237];

	(void)state;
	memset(longest, 'd', sizeof longest);
	bad[4] = hk_bytes(longest, 237);
	for (size_t i = 0; i < 5; i++) {
		assert_err(hk_key_derive_dsrk(emsk, bad[i], NOW, LATER, &key), HK_ERR_ARGUMENT);
		assert_null(key);
		assert_err(hk_key_derive_auth_indication(emsk, bad[i], NOW, &key), HK_ERR_ARGUMENT);
		assert_null(key);
	}
	assert_ok(hk_key_derive_dsrk(emsk, hk_bytes(longest, 236), NOW, LATER, &key));
	assert_int_equal(hk_key_domain(key).len, 236);
	hk_key_free(key);
	hk_key_free(emsk);
}

/* ---- who may be whose parent ---- */

/* Child i of a parent; the parents that it may have are in allowed[]. */
static enum hk_err derive_any(
	size_t i, const struct family *f, const struct hk_key *parent, struct hk_key **out)
{
	switch (i) {
	case 0:
		return hk_key_derive_usrk(
			parent, f->usages, "u@example.org", HK_NO_BYTES, NOW, LATER, out);
	case 1:
		return hk_key_derive_dsusrk(
			parent, f->usages, "u@example.org", HK_NO_BYTES, NOW, LATER, out);
	case 2:
		return hk_key_derive_dsrk(parent, hk_text("a.b"), NOW, LATER, out);
	case 3:
		return hk_key_derive_rrk(parent, NOW, LATER, out);
	case 4:
		return hk_key_derive_rik(parent, 1, NOW, out);
	case 5:
		return hk_key_derive_rmsk(parent, 1, NOW, LATER, out);
	case 6:
		return hk_key_derive_auth_indication(parent, hk_text("a.b"), NOW, out);
	case 7:
		return hk_key_derive_prk(parent, NOW, LATER, out);
	default:
		return hk_key_derive_pmsk(parent, 1, NOW, LATER, out);
	}
}

/*
 * An rIK derives nothing, an MSK derives nothing, an rRK only rIK and rMSK,
 * which in turn take nothing else.
 */
/*
 * E5295-3-01 E5295-5-05 E5295-6-09 E6696-4.2-03 E6696-4.4-03
 */
static void parents_and_their_children(void **state)
{
	static const unsigned allowed[] = {
		1u << HK_KEY_EMSK,
		1u << HK_KEY_DSRK,
		1u << HK_KEY_EMSK,
		1u << HK_KEY_EMSK | 1u << HK_KEY_DSRK,
		1u << HK_KEY_RRK,
		1u << HK_KEY_RRK,
		1u << HK_KEY_EMSK,
		1u << HK_KEY_EMSK | 1u << HK_KEY_DSRK,
		1u << HK_KEY_PRK,
	};
	struct family f;

	(void)state;
	make_family(&f);
	for (size_t i = 0; i < 9; i++)
		for (size_t parent = 0; parent <= HK_KEY_PMSK; parent++) {
			struct hk_key *key;

			if (allowed[i] & 1u << parent) {
				assert_ok(derive_any(i, &f, f.keys[parent], &key));
			} else {
				assert_err(
					derive_any(i, &f, f.keys[parent], &key), HK_ERR_ARGUMENT);
				assert_null(key);
			}
			hk_key_free(key);
		}
	free_family(&f);
}

static void suites_that_do_not_exist(void **state)
{
	struct hk_key *emsk = import_vector("V1"), *rrk, *key;

	(void)state;
	assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
	assert_err(hk_key_derive_rik(rrk, 0, NOW, &key), HK_ERR_SUITE);
	assert_err(hk_key_derive_rik(rrk, 4, NOW, &key), HK_ERR_SUITE);
	assert_null(key);
	hk_key_free(rrk);
	hk_key_free(emsk);
}

/* ---- one KDF below one EMSK ---- */

#define CALLS_MAX 64

static struct {
	uint8_t key[64];
	char label[64];
} calls[CALLS_MAX];
static size_t ncalls;

/* A KDF of a method's own: the default's output upside down. */
static enum hk_err inverted(struct hk_bytes key, struct hk_bytes input, uint8_t *out, size_t len)
{
	enum hk_err err = hk_prfplus_sha256(key, input, out, len);

	for (size_t i = 0; i < len; i++)
		out[i] ^= 0xff;
	assert_true(ncalls < CALLS_MAX);
	memset(&calls[ncalls], 0, sizeof calls[ncalls]);
	memcpy(calls[ncalls].key, key.data, key.len < 64 ? key.len : 64);
	snprintf(calls[ncalls].label, sizeof calls[ncalls].label, "%s", (const char *)input.data);
	ncalls++;
	return err;
}

static const struct hk_kdf own_kdf = {221, inverted};

static struct hk_key *import_with(const struct hk_kdf *kdf)
{
	struct octets session_id, emsk;
	struct hk_key *key;

	assert_ok(hk_key_import_emsk(kdf, load(&session_id, "V1", "Session-Id"),
		load(&emsk, "V1", "EMSK"), NOW, LATER, &key));
	return key;
}

/* Is the key what the inverted KDF gives for that parent? */
static void check_inverted(const struct hk_key *key, const struct hk_key *parent, const char *label,
	struct hk_bytes data)
{
	uint8_t want[256];

	assert_ok(hk_kdf_derive(NULL, parent->secret, hk_text(label), data, want, key->secret.len));
	for (size_t i = 0; i < key->secret.len; i++)
		want[i] ^= 0xff;
	assert_memory_equal(key->secret.data, want, key->secret.len);
}

/* E5295-3.1.1-01 E5295-3.1.1-03 E5295-3.1.1-04 E5295-6-07 E6696-4.1-02 K4962-3-01 */
static void a_method_brings_its_own_kdf(void **state)
{
	static const struct hk_usage usage = {"u@example.org", 64, 0, true, false};
	struct hk_key *emsk = import_with(&own_kdf), *usrk, *dsrk, *dsusrk, *rrk, *ds_rrk, *key;
	struct hk_bytes domain = hk_text("visited.example");
	uint8_t suite = 3, seq[] = {0, 9}, name[HK_EMSK_NAME_LEN];
	struct octets session_id;
	struct hk_usages *usages;

	(void)state;
	assert_ok(hk_emsk_name(&own_kdf, load(&session_id, "V1", "Session-Id"), name));
	assert_memory_equal(hk_key_emsk_name(emsk), name, sizeof name);
	assert_ok(hk_emsk_name(NULL, hk_bytes(session_id.data, session_id.len), name));
	assert_memory_not_equal(hk_key_emsk_name(emsk), name, sizeof name);

	assert_ok(hk_usages_new(&usages));
	assert_ok(hk_usages_add(usages, &usage));
	assert_ok(hk_key_derive_usrk(emsk, usages, usage.label, HK_NO_BYTES, NOW, LATER, &usrk));
	check_inverted(usrk, emsk, usage.label, HK_NO_BYTES);
	assert_ok(hk_key_derive_dsrk(emsk, domain, NOW, LATER, &dsrk));
	check_inverted(dsrk, emsk, HK_LABEL_DSRK, domain);
	assert_ok(
		hk_key_derive_dsusrk(dsrk, usages, usage.label, HK_NO_BYTES, NOW, LATER, &dsusrk));
	check_inverted(dsusrk, dsrk, usage.label, HK_NO_BYTES);
	assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
	check_inverted(rrk, emsk, HK_LABEL_RRK, HK_NO_BYTES);
	assert_ok(hk_key_derive_rrk(dsrk, NOW, LATER, &ds_rrk));
	check_inverted(ds_rrk, dsrk, HK_LABEL_RRK, HK_NO_BYTES);
	assert_ok(hk_key_derive_rik(rrk, suite, NOW, &key));
	check_inverted(key, rrk, HK_LABEL_RIK, hk_bytes(&suite, 1));
	hk_key_free(key);
	assert_ok(hk_key_derive_rmsk(ds_rrk, 9, NOW, LATER, &key));
	check_inverted(key, ds_rrk, HK_LABEL_RMSK, hk_bytes(seq, 2));
	hk_key_free(key);
	hk_key_free(ds_rrk);
	hk_key_free(rrk);
	hk_key_free(dsusrk);
	hk_key_free(dsrk);
	hk_key_free(usrk);
	hk_key_free(emsk);
	hk_usages_free(usages);
}

/* The calls of the KDF, seen by the KDF. */
/* E6696-4.2-03 E6696-4.4-03 */
static void what_is_derived_from_an_rrk(void **state)
{
	struct hk_key *emsk = import_with(&own_kdf), *rrk, *rik, *rmsk;

	(void)state;
	assert_ok(hk_key_derive_rrk(emsk, NOW, LATER, &rrk));
	ncalls = 0;
	assert_ok(hk_key_derive_rik(rrk, 2, NOW, &rik));
	assert_ok(hk_key_derive_rmsk(rrk, 0, NOW, LATER, &rmsk));
	assert_int_equal(ncalls, 2);
	assert_memory_equal(calls[0].key, rrk->secret.data, 64);
	assert_string_equal(calls[0].label, HK_LABEL_RIK);
	assert_memory_equal(calls[1].key, rrk->secret.data, 64);
	assert_string_equal(calls[1].label, HK_LABEL_RMSK);
	hk_key_free(rmsk);
	hk_key_free(rik);
	hk_key_free(rrk);
	hk_key_free(emsk);
}

static enum hk_err failing(struct hk_bytes key, struct hk_bytes input, uint8_t *out, size_t len)
{
	(void)key;
	(void)out;
	/* names succeed until the test says otherwise */
	return len == HK_EMSK_NAME_LEN && input.data[0] == 'E' ? HK_OK : HK_ERR_CRYPTO;
}

/* Derives keys but no names of keys. */
static enum hk_err nameless(struct hk_bytes key, struct hk_bytes input, uint8_t *out, size_t len)
{
	if (len == HK_EMSK_NAME_LEN && input.data[0] != 'E')
		return HK_ERR_CRYPTO;
	return hk_prfplus_sha256(key, input, out, len);
}

static void a_kdf_that_fails_gives_no_key(void **state)
{
	static const struct hk_kdf bad = {222, failing}, half = {223, nameless};
	struct hk_key *emsk = import_with(&bad), *key;

	(void)state;
	assert_err(hk_key_derive_rrk(emsk, NOW, LATER, &key), HK_ERR_CRYPTO);
	assert_null(key);
	hk_key_free(emsk);
	emsk = import_with(&half);
	assert_err(hk_key_derive_dsrk(emsk, hk_text("a.b"), NOW, LATER, &key), HK_ERR_CRYPTO);
	assert_null(key);
	hk_key_free(emsk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(home_keys_of_the_vectors),
		cmocka_unit_test(domain_keys_of_the_vectors),
		cmocka_unit_test(domain_keys_from_a_delivered_dsrk),
		cmocka_unit_test(usages_of_the_vectors),
		cmocka_unit_test(authorization_indication_of_the_vectors),
		cmocka_unit_test(keys_that_hostapd_made),
		cmocka_unit_test(early_authentication_keys),
		cmocka_unit_test(children_are_as_long_as_their_parent),
		cmocka_unit_test(longest_dsusrk),
		cmocka_unit_test(every_domain_has_its_own_dsrk),
		cmocka_unit_test(a_domain_named_like_a_label_gets_no_usage_key),
		cmocka_unit_test(domains_that_are_refused),
		cmocka_unit_test(parents_and_their_children),
		cmocka_unit_test(suites_that_do_not_exist),
		cmocka_unit_test(a_method_brings_its_own_kdf),
		cmocka_unit_test(what_is_derived_from_an_rrk),
		cmocka_unit_test(a_kdf_that_fails_gives_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
