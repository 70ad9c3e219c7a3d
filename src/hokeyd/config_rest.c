/* SPDX-License-Identifier: ISC */
/* Blocks erp, store and log, and the options outside of blocks. */
#include "hokeyd/config_loader.h"

#include "hokeyd/users.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CUI_KEY_MIN 16

/* ---- erp ---- */

/* The realm in lower case, on the heap, behind the others. */
static enum hk_err keep_realm(struct hk_config_owned *o, const char *realm)
{
	size_t len = strlen(realm);
	char *copy = strdup(realm);

	if (!copy)
		return HK_ERR_NO_MEMORY;
	for (size_t i = 0; i < len; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	o->realms[o->nrealms++] = hk_bytes(copy, len);
	return HK_OK;
}

/*
 * A longer EAP-Finish does not pass a FILS access point (hostapd: one element).
 * A realm that is too long for it is an error; channel bindings may be wanted
 * where there is no FILS.
 */
static enum hk_err check_finish(
	const struct hk_section *s, const struct hk_er_policy *policy, const char *realm)
{
	struct hk_er_policy without = *policy;
	size_t len = hk_er_server_finish_max(policy, strlen(realm));

	without.channel_binding = HK_CB_OFF;
	if (len <= HK_ERP_FILS_MAX_LEN)
		return HK_OK;
	if (hk_er_server_finish_max(&without, strlen(realm)) > HK_ERP_FILS_MAX_LEN)
		return hk_section_fail(s, "realms",
			"'%s' is too long: answers can have %zu octets; FILS access points take %d",
			realm, len, HK_ERP_FILS_MAX_LEN);
	return hk_section_warn(s, "realms",
		"'%s': with channel bindings answers can have %zu octets; FILS access points "
		"take %d",
		realm, len, HK_ERP_FILS_MAX_LEN);
}

static enum hk_err add_realm(
	const struct hk_section *s, const struct hk_er_policy *policy, const char *realm)
{
	struct hk_config_owned *o = s->loader->config->owned;
	char shown[HK_SHOWN_SIZE];
	enum hk_err err = HK_OK;

	hk_shown(realm, shown, sizeof(shown));
	if (hk_domain_check(hk_text(realm)) || strchr(realm, '@'))
		return hk_section_fail(s, "realms", "'%s' is not a realm", shown);
	for (size_t i = 0; i < o->nrealms; i++) {
		if (hk_realm_equal(o->realms[i], hk_text(realm)))
			return hk_section_fail(s, "realms", "'%s' is there twice", shown);
	}
	if (!strchr(realm, '.'))
		err = hk_section_warn(s, "realms", "'%s' has no dot; is it a domain name?", shown);
	err = err ? err : check_finish(s, policy, realm);
	return err ? err : keep_realm(o, realm);
}

static enum hk_err read_realms(const struct hk_section *s, struct hk_erp_config *erp)
{
	size_t n = hk_section_list_len(s, "realms");
	struct hk_config_owned *o = s->loader->config->owned;

	if (n == 0 && erp->enabled)
		return hk_section_fail(s, NULL, "realms is missing");
	if (n == 0)
		return HK_OK;
	o->realms = calloc(n, sizeof(*o->realms));
	if (!o->realms)
		return HK_ERR_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		enum hk_err err = add_realm(s, &erp->policy, hk_section_list_get(s, "realms", i));
		if (err)
			return err;
	}
	erp->policy.realms = o->realms;
	erp->policy.nrealms = o->nrealms;
	return HK_OK;
}

static enum hk_err read_suites(const struct hk_section *s, struct hk_er_policy *policy)
{
	const struct hk_option *option = hk_option_find(HK_BLOCK_ERP, "cryptosuites");
	size_t n = hk_section_list_len(s, "cryptosuites");

	/* The fallback in the schema, in numbers. */
	if (n == 0) {
		policy->suites[policy->nsuites++] = HK_SUITE_HMAC_SHA256_128;
		policy->suites[policy->nsuites++] = HK_SUITE_HMAC_SHA256_256;
		return HK_OK;
	}
	for (size_t i = 0; i < n; i++) {
		const char *word = hk_section_list_get(s, "cryptosuites", i);
		uint64_t suite = 0;

		hk_option_parse(option, word, &suite);
		if (memchr(policy->suites, (int)suite, policy->nsuites))
			return hk_section_fail(s, "cryptosuites", "'%s' is there twice", word);
		policy->suites[policy->nsuites++] = (uint8_t)suite;
	}
	return HK_OK;
}

enum hk_err hk_config_finish_erp(const struct hk_section *s)
{
	struct hk_erp_config *erp = &s->loader->config->erp;
	enum hk_err err = read_suites(s, &erp->policy);

	/* The default gives way to a short rRK: the ER server cuts it. */
	if (hk_section_has(s, "rmsk-lifetime") && erp->policy.rmsk_lifetime_s > erp->rrk_lifetime_s)
		return hk_section_fail(s, "rmsk-lifetime", "is longer than rrk-lifetime");
	return err ? err : read_realms(s, erp);
}

/* ---- store ---- */

static bool is_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode);
}

/* The path itself may be made later; where it goes must be there. */
static enum hk_err check_place(const struct hk_section *s, const char *option, const char *path)
{
	char shown[HK_SHOWN_SIZE * 2];
	char *copy = strdup(path);
	enum hk_err err = HK_OK;
	const char *parent;

	if (!copy)
		return HK_ERR_NO_MEMORY;
	parent = dirname(copy);
	if (!is_directory(parent))
		err = hk_section_fail(s, option, "%s: %s", hk_shown(parent, shown, sizeof(shown)),
			strerror(errno));
	free(copy);
	return err;
}

static enum hk_err check_database(const struct hk_section *s, const char *path)
{
	char shown[HK_SHOWN_SIZE * 2];
	struct stat st;

	hk_shown(path, shown, sizeof(shown));
	if (stat(path, &st) < 0)
		return errno == ENOENT
			       ? check_place(s, "path", path)
			       : hk_section_fail(s, "path", "%s: %s", shown, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return hk_section_fail(s, "path", "%s: %s", shown, strerror(ENOTDIR));
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return hk_section_warn(s, "path", "%s: others than its owner may enter it", shown);
	return HK_OK;
}

static enum hk_err check_wrap_key(const struct hk_section *s, const char *path)
{
	char shown[HK_SHOWN_SIZE * 2];
	struct stat st;

	hk_shown(path, shown, sizeof(shown));
	if (stat(path, &st) < 0)
		return errno == ENOENT ? check_place(s, "wrap-key-file", path)
				       : hk_section_fail(s, "wrap-key-file", "%s: %s", shown,
						 strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size != HK_STORE_KEY_LEN)
		return hk_section_fail(
			s, "wrap-key-file", "%s: not a file of %d octets", shown, HK_STORE_KEY_LEN);
	if (hk_file_is_open(&st))
		return hk_section_fail(s, "wrap-key-file",
			"%s: others than its owner can read it (mode %04o)", shown,
			(unsigned)st.st_mode & 07777);
	return HK_OK;
}

enum hk_err hk_config_finish_store(const struct hk_section *s)
{
	const struct hk_store_config *store = &s->loader->config->store;
	enum hk_err err;

	if (store->kind == HK_STORE_MEMORY)
		return HK_OK;
	if (hk_section_has(s, "max-sets"))
		return hk_section_fail(
			s, "max-sets", "only with type = memory; for lmdb there is max-size");
	err = check_database(s, store->path);
	return err ? err : check_wrap_key(s, store->wrap_key_file);
}

/* ---- log and the rest ---- */

enum hk_err hk_config_finish_log(const struct hk_section *s)
{
	const char *target = s->loader->config->log_target;
	char shown[HK_SHOWN_SIZE];

	if (strcmp(target, "stderr") == 0 || strcmp(target, "syslog") == 0)
		return HK_OK;
	if (target[0] != '/')
		return hk_section_fail(s, "target",
			"expected stderr, syslog or an absolute path, found '%s'",
			hk_shown(target, shown, sizeof(shown)));
	return check_place(s, "target", target);
}

static enum hk_err check_user(const struct hk_section *s, const char *user)
{
	char shown[HK_SHOWN_SIZE];

	hk_shown(user, shown, sizeof(shown));
	if (!getpwnam(user))
		return hk_section_fail(s, "user", "there is no user '%s'", shown);
	if (geteuid() != 0)
		return hk_section_warn(s, "user", "only root can become '%s'", shown);
	return HK_OK;
}

static enum hk_err read_users(const struct hk_section *s)
{
	char *path = hk_section_path(s, "users-file");
	struct hk_users_error why = {""};
	enum hk_err err;

	if (!path)
		return HK_ERR_NO_MEMORY;
	err = hk_users_load(path, &s->loader->config->users, &why);
	if (!err)
		err = hk_loader_note_file(s->loader, path);
	free(path);
	return err && why.text[0] ? hk_section_fail(s, "users-file", "%s", why.text) : err;
}

static enum hk_err read_cui_key(const struct hk_section *s)
{
	struct hk_file *file = &s->loader->config->owned->cui_key;
	enum hk_err err = hk_section_read_file(s, "cui-key-file", file);

	if (err)
		return err;
	if (file->len < CUI_KEY_MIN)
		return hk_section_fail(s, "cui-key-file", "expected at least %d octets, found %zu",
			CUI_KEY_MIN, file->len);
	s->loader->config->cui_key = hk_file_bytes(file);
	return hk_section_warn_if_open(s, "cui-key-file", file);
}

enum hk_err hk_config_finish_global(const struct hk_section *s)
{
	struct hk_config *c = s->loader->config;
	enum hk_err err = HK_OK;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (strlen(c->control_path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return hk_section_fail(s, "control",
			"with its directory the path has %zu octets; the system takes %zu",
			strlen(c->control_path), sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
	if (c->workers == 0)
		c->workers = cores < 1 ? 1 : cores > 256 ? 256 : (unsigned)cores;
	if (c->user)
		err = check_user(s, c->user);
	if (!err && hk_section_has(s, "cui-key-file"))
		err = read_cui_key(s);
	if (!err && hk_section_has(s, "users-file"))
		err = read_users(s);
	return err;
}
