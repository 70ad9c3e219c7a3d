/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "crypto/crypto.h"

#include <ctype.h>

#define NAME_MAX_LEN 64

/* ---- values by the schema ---- */

static void store_number(void *at, size_t size, uint64_t v)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	switch (size) {
	case sizeof(v8):
		memcpy(at, &v8, size);
		return;
	case sizeof(v16):
		memcpy(at, &v16, size);
		return;
	case sizeof(v32):
		memcpy(at, &v32, size);
		return;
	default:
		memcpy(at, &v, sizeof(v));
	}
}

/* One value into the field of its block's struct; texts get a parent in `ctx`. */
static bool store_value(
	TALLOC_CTX *ctx, const struct hk_option *option, const char *value, void *into)
{
	char *at = (char *)into + option->offset;
	uint64_t number;

	if (!hk_option_parse(option, value, &number))
		return false;
	if (!option->size)
		return true;
	if (option->type == HK_VALUE_TEXT || option->type == HK_VALUE_PATH) {
		char *copy = talloc_strdup(ctx, value);

		memcpy(at, &copy, sizeof(copy));
		return copy != NULL;
	}
	store_number(at, option->size, number);
	return true;
}

/* `rrk_lifetime` or `rrk-lifetime`: both are the option of hokeyd.conf. */
static const struct hk_option *find_option(enum hk_block_kind block, const char *attr)
{
	char name[NAME_MAX_LEN];
	size_t n = strlen(attr);

	if (n >= sizeof(name))
		return NULL;
	for (size_t i = 0; i <= n; i++)
		name[i] = attr[i] == '_' ? '-' : attr[i];
	return hk_option_find(block, name);
}

static bool set_defaults(TALLOC_CTX *ctx, enum hk_block_kind block, void *into)
{
	for (size_t i = 0; i < hk_noptions; i++) {
		const struct hk_option *o = &hk_options[i];

		if (o->block == block && o->fallback && o->type != HK_VALUE_LIST &&
			!store_value(ctx, o, o->fallback, into))
			return false;
	}
	return true;
}

/* What a module in front of other servers' logins has no part in. */
static bool is_for_hokeyd_alone(const struct hk_option *option)
{
	static const char *const names[] = {"local-domain", "msk-lifetime", "revoke-at"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(option->name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool read_pair(const CONF_PAIR *pair, TALLOC_CTX *ctx, enum hk_block_kind block, void *into)
{
	const char *name = cf_pair_attr(pair);
	const char *value = cf_pair_value(pair);
	const struct hk_option *option = find_option(block, name);
	char expected[200];

	if (!option) {
		cf_log_err_cp(pair, "%s: there is no option %s", hk_blocks[block].name, name);
		return false;
	}
	if (is_for_hokeyd_alone(option)) {
		cf_log_err_cp(pair, "%s: %s is for hokeyd alone", hk_blocks[block].name, name);
		return false;
	}
	if (!value)
		value = "";
	if (option->type == HK_VALUE_LIST || store_value(ctx, option, value, into))
		return true;
	hk_option_expects(option, expected, sizeof(expected));
	cf_log_err_cp(pair, "%s: expected %s, found '%s'", name, expected, value);
	return false;
}

bool hk_rlm_block_read(CONF_SECTION *cs, TALLOC_CTX *ctx, enum hk_block_kind block, void *into)
{
	if (!set_defaults(ctx, block, into))
		return false;
	if (!cs)
		return true;
	for (CONF_ITEM *i = cf_item_find_next(cs, NULL); i; i = cf_item_find_next(cs, i)) {
		if (cf_item_is_pair(i) && !read_pair(cf_item_to_pair(i), ctx, block, into))
			return false;
	}
	return true;
}

static bool read_single_block(CONF_SECTION *section, enum hk_block_kind block, void *into)
{
	return hk_rlm_block_read(
		cf_section_sub_find(section, hk_blocks[block].name), section, block, into);
}

/* ---- lists ---- */

/* The text of a list in block erp, NULL when it is not there. */
static const CONF_PAIR *find_list(CONF_SECTION *section, const char *name)
{
	CONF_SECTION *cs = cf_section_sub_find(section, "erp");

	return cs ? cf_pair_find(cs, name) : NULL;
}

static char *list_copy(TALLOC_CTX *ctx, const CONF_PAIR *pair)
{
	return talloc_strdup(ctx, pair && cf_pair_value(pair) ? cf_pair_value(pair) : "");
}

static bool add_realm(const CONF_PAIR *pair, char *realm, struct hk_rlm_config *config)
{
	struct hk_er_policy *policy = &config->erp.policy;

	if (hk_domain_check(hk_text(realm)) || strchr(realm, '@')) {
		cf_log_err_cp(pair, "realms: '%s' is not a realm", realm);
		return false;
	}
	if (policy->nrealms == HK_RLM_REALMS_MAX) {
		cf_log_err_cp(pair, "realms: more than %d", HK_RLM_REALMS_MAX);
		return false;
	}
	for (char *p = realm; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	config->realms[policy->nrealms++] = hk_text(realm);
	return true;
}

static bool read_realms(CONF_SECTION *section, struct hk_rlm_config *config)
{
	const CONF_PAIR *pair = find_list(section, "realms");
	char *left = list_copy(section, pair);

	config->erp.policy.realms = config->realms;
	for (char *realm; (realm = strsep(&left, HK_RLM_SEPARATORS));) {
		if (*realm && !add_realm(pair, realm, config))
			return false;
	}
	if (config->erp.policy.nrealms || !config->erp.enabled)
		return true;
	cf_log_err_cs(section, "erp: realms is missing");
	return false;
}

static bool add_suite(const CONF_PAIR *pair, const char *word, struct hk_er_policy *policy)
{
	const struct hk_option *option = hk_option_find(HK_BLOCK_ERP, "cryptosuites");
	uint64_t suite = 0;
	char expected[200];

	if (!hk_option_parse(option, word, &suite)) {
		hk_option_expects(option, expected, sizeof(expected));
		cf_log_err_cp(pair, "cryptosuites: expected %s, found '%s'", expected, word);
		return false;
	}
	if (memchr(policy->suites, (int)suite, policy->nsuites)) {
		cf_log_err_cp(pair, "cryptosuites: '%s' is there twice", word);
		return false;
	}
	policy->suites[policy->nsuites++] = (uint8_t)suite;
	return true;
}

static bool read_suites(CONF_SECTION *section, struct hk_er_policy *policy)
{
	const CONF_PAIR *pair = find_list(section, "cryptosuites");
	char *copy = list_copy(section, pair);
	char *left = copy;
	bool ok = true;

	for (char *word; ok && (word = strsep(&left, HK_RLM_SEPARATORS));)
		ok = !*word || add_suite(pair, word, policy);
	talloc_free(copy);
	/* The fallback in the schema, in numbers. */
	if (ok && !policy->nsuites) {
		policy->suites[policy->nsuites++] = HK_SUITE_HMAC_SHA256_128;
		policy->suites[policy->nsuites++] = HK_SUITE_HMAC_SHA256_256;
	}
	return ok;
}

/* ---- over what requests come ---- */

static bool is_plain_tcp(const CONF_SECTION *listen)
{
	const char *proto = cf_section_value_find(listen, "proto");

	return proto && strcmp(proto, "tcp") == 0 && !cf_section_sub_find(listen, "tls");
}

static bool listens_in_the_clear(CONF_SECTION *in)
{
	for (CONF_SECTION *l = NULL; (l = cf_subsection_find_next(in, l, "listen"));) {
		if (is_plain_tcp(l))
			return true;
	}
	return false;
}

/* A request does not tell whether there was TLS below, only that there was TCP. */
static bool tcp_is_tls(CONF_SECTION *section)
{
	CONF_SECTION *top = cf_top_section(section);

	if (listens_in_the_clear(top))
		return false;
	for (CONF_SECTION *s = NULL; (s = cf_subsection_find_next(top, s, "server"));) {
		if (listens_in_the_clear(s))
			return false;
	}
	return true;
}

/* ---- the whole ---- */

bool hk_rlm_config_read(CONF_SECTION *section, struct hk_rlm_config *config)
{
	struct hk_erp_config *erp = &config->erp;

	if (!read_single_block(section, HK_BLOCK_ERP, erp) ||
		!read_single_block(section, HK_BLOCK_STORE, &config->store) ||
		!read_suites(section, &erp->policy) || !read_realms(section, config) ||
		!hk_rlm_ktks_read(section, config))
		return false;
	config->tcp_is_tls = tcp_is_tls(section);
	if (erp->policy.rmsk_lifetime_s <= erp->rrk_lifetime_s)
		return true;
	cf_log_err_cs(section, "erp: rmsk_lifetime is longer than rrk_lifetime");
	return false;
}

void hk_rlm_config_wipe(struct hk_rlm_config *config)
{
	hk_wipe(config->ktks, sizeof(config->ktks));
}
