/* SPDX-License-Identifier: ISC */
/* Blocks ktk: who may have which keys of our devices. */
#include "config.h"

#include "crypto/crypto.h"
#include "hokeyd/files.h"
#include "keydist/wire.h"

#include <ctype.h>

/* Words of a list; they live as long as the section. */
static bool read_list(
	CONF_SECTION *cs, const char *name, bool lower, const struct hk_bytes **out, size_t *n)
{
	const CONF_PAIR *pair = cf_pair_find(cs, name);
	char *left = talloc_strdup(cs, pair && cf_pair_value(pair) ? cf_pair_value(pair) : "");
	struct hk_bytes *list =
		left ? talloc_array(cs, struct hk_bytes, (unsigned)strlen(left) / 2 + 1) : NULL;

	*out = list;
	if (!list)
		return false;
	for (char *p = left; lower && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	for (char *word; (word = strsep(&left, HK_RLM_SEPARATORS));) {
		if (*word)
			list[(*n)++] = hk_text(word);
	}
	return true;
}

static bool read_allow(CONF_SECTION *cs, struct hk_ktk *ktk)
{
	const struct hk_option *option = hk_option_find(HK_BLOCK_KTK, "allow");
	const struct hk_bytes *words;
	size_t n = 0;

	if (!read_list(cs, "allow", false, &words, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *word = (const char *)words[i].data;
		uint64_t kind = 0;
		char expected[200];

		if (!hk_option_parse(option, word, &kind)) {
			hk_option_expects(option, expected, sizeof(expected));
			cf_log_err_cs(cs, "allow: expected %s, found '%s'", expected, word);
			return false;
		}
		ktk->allow |= (unsigned)kind;
	}
	return true;
}

/* Of a pair written with _ or with -. */
static const char *find_text(CONF_SECTION *cs, const char *one, const char *other)
{
	const char *text = cf_section_value_find(cs, one);

	return text ? text : cf_section_value_find(cs, other);
}

static bool parse_key(const struct hk_file *file, struct hk_ktk *ktk)
{
	const char *hex = (const char *)file->data;
	size_t len = file->len;

	while (len && (hex[len - 1] == '\n' || hex[len - 1] == '\r'))
		len--;
	return len == 2 * (size_t)HK_KTK_LEN &&
	       fr_hex2bin(ktk->secret, HK_KTK_LEN, hex, len) == HK_KTK_LEN;
}

static bool read_key(CONF_SECTION *cs, struct hk_ktk *ktk)
{
	const char *path = find_text(cs, "key_file", "key-file");
	struct hk_file file;
	enum hk_err err;
	bool ok;

	if (!path) {
		cf_log_err_cs(cs, "key_file is missing");
		return false;
	}
	err = hk_file_read(path, &file);
	if (err) {
		cf_log_err_cs(cs, "key_file: %s: %s", path, hk_file_strerror(err));
		return false;
	}
	ok = parse_key(&file, ktk);
	if (!ok)
		cf_log_err_cs(cs, "key_file: %s: expected %d octets in hex", path, HK_KTK_LEN);
	else if (file.open_to_others)
		radlog(L_WARN, "rlm_hokey: %s: others than its owner can read the file", path);
	hk_file_free(&file);
	return ok;
}

static bool check(CONF_SECTION *cs, const struct hk_ktk *ktk)
{
	switch (hk_ktk_check(ktk)) {
	case HK_OK:
		return true;
	case HK_ERR_REALM:
		cf_log_err_cs(cs, "domains: one of them is no domain name");
		return false;
	case HK_ERR_LABEL:
		cf_log_err_cs(cs, "labels: one of them is no usage label");
		return false;
	default:
		cf_log_err_cs(cs, "the key or its kek_id is all zero");
		return false;
	}
}

static bool read_one(CONF_SECTION *cs, struct hk_ktk *ktk)
{
	const char *title = cf_section_name2(cs);
	const char *name = find_text(cs, "kek_id", "kek-id");
	const char *owner = cf_section_value_find(cs, "owner");

	if (!title) {
		cf_log_err_cs(cs, "ktk: the name of the other server is missing");
		return false;
	}
	ktk->owner = hk_text(owner ? owner : title);
	ktk->not_after = HK_NEVER;
	if (!hk_rlm_block_read(cs, cs, HK_BLOCK_KTK, ktk) || !read_key(cs, ktk) ||
		!read_list(cs, "domains", true, &ktk->domains, &ktk->ndomains) ||
		!read_list(cs, "realms", true, &ktk->realms, &ktk->nrealms) ||
		!read_list(cs, "labels", false, &ktk->labels, &ktk->nlabels) ||
		!read_allow(cs, ktk))
		return false;
	if (hk_kek_id_set(ktk->kek_id, hk_text(name ? name : title))) {
		cf_log_err_cs(cs, "kek_id: expected 1 to %d octets", HK_KEK_ID_LEN);
		return false;
	}
	return check(cs, ktk);
}

/* A request names its key by the KEK-ID alone. */
static bool check_kek_id(CONF_SECTION *cs, const struct hk_ktk *ktks, const struct hk_ktk *ktk)
{
	if (!hk_ktk_find(ktks, (size_t)(ktk - ktks), ktk->kek_id))
		return true;
	cf_log_err_cs(cs, "kek_id: another ktk has the same");
	return false;
}

bool hk_rlm_ktks_read(CONF_SECTION *section, struct hk_rlm_config *config)
{
	struct hk_erp_config *erp = &config->erp;
	struct hk_kds_policy *kds = &erp->kds; /* what block erp says of it is there */
	size_t n = 0;

	for (CONF_SECTION *cs = NULL; (cs = cf_subsection_find_next(section, cs, "ktk"));) {
		struct hk_ktk *ktk = &config->ktks[n];

		if (n++ == HK_RLM_KTKS_MAX) {
			cf_log_err_cs(cs, "ktk: more than %d", HK_RLM_KTKS_MAX);
			return false;
		}
		if (!read_one(cs, ktk) || !check_kek_id(cs, config->ktks, ktk))
			return false;
	}
	kds->ktks = config->ktks;
	kds->nktks = n;
	kds->max_lifetime_s = erp->key_lifetime_s;
	kds->any_transport = erp->any_transport;
	return true;
}
