/* SPDX-License-Identifier: ISC */
/* Blocks ktk: who may have which keys of whom. */
#include "hokeyd/config_loader.h"

#include "crypto/crypto.h"
#include "keydist/wire.h"

#include <stdlib.h>
#include <string.h>

enum hk_err hk_section_copy_list(const struct hk_section *s, const char *option, bool lower,
	const struct hk_bytes **out, size_t *n)
{
	size_t count = hk_section_list_len(s, option);
	struct hk_bytes *list = calloc(count ? count : 1, sizeof(*list));

	*out = list;
	if (!list)
		return HK_ERR_NO_MEMORY;
	while (*n < count) {
		char *copy = strdup(hk_section_list_get(s, option, *n));

		if (!copy)
			return HK_ERR_NO_MEMORY;
		for (char *p = copy; lower && *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
		list[(*n)++] = hk_text(copy);
	}
	return HK_OK;
}

void hk_config_free_list(const struct hk_bytes *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)list[i].data);
	free((void *)(uintptr_t)list);
}

static enum hk_err finish(const struct hk_section *s, struct hk_ktk *ktk)
{
	const struct hk_option *allow = hk_option_find(HK_BLOCK_KTK, "allow");
	const char *name = hk_section_text(s, "kek-id");

	for (size_t i = 0; i < hk_section_list_len(s, "allow"); i++) {
		uint64_t kind = 0;

		hk_option_parse(allow, hk_section_list_get(s, "allow", i), &kind);
		ktk->allow |= (unsigned)kind;
	}
	if (hk_kek_id_set(ktk->kek_id, hk_text(name ? name : cfg_title(s->cfg))))
		return hk_section_fail(s, "kek-id", "expected 1 to %u octets", HK_KEK_ID_LEN);
	ktk->not_after = HK_NEVER;
	switch (hk_ktk_check(ktk)) {
	case HK_OK:
		return HK_OK;
	case HK_ERR_REALM:
		return hk_section_fail(s, "domains", "one of them is no domain name");
	case HK_ERR_LABEL:
		return hk_section_fail(s, "labels", "one of them is no usage label");
	default:
		return hk_section_fail(s, NULL, "the key or its kek-id is all zero");
	}
}

static enum hk_err load_one(struct hk_section *s, struct hk_ktk *ktk)
{
	enum hk_err err = hk_section_check_title(s);
	const char *name = hk_section_text(s, "owner");
	char *owner = strdup(name ? name : cfg_title(s->cfg));
	size_t len;

	ktk->owner = hk_text(owner);
	if (!owner)
		return HK_ERR_NO_MEMORY;
	err = err ? err : hk_section_fill(s, ktk);
	err = err ? err
		  : hk_section_read_hex(s, "key-file", HK_KTK_LEN, HK_KTK_LEN, ktk->secret, &len);
	err = err ? err : hk_section_copy_list(s, "domains", true, &ktk->domains, &ktk->ndomains);
	err = err ? err : hk_section_copy_list(s, "realms", true, &ktk->realms, &ktk->nrealms);
	err = err ? err : hk_section_copy_list(s, "labels", false, &ktk->labels, &ktk->nlabels);
	return err ? err : finish(s, ktk);
}

/* ---- what block erp says ---- */

/* Where it is among the realms served here; their number: nowhere. */
static size_t find_realm(const struct hk_config_owned *o, struct hk_bytes realm)
{
	size_t i = 0;

	while (i < o->nrealms && !hk_realm_equal(o->realms[i], realm))
		i++;
	return i;
}

/* The policies of both roles; each takes from the keys what is for it. */
static enum hk_err make_policies(const struct hk_section *s)
{
	struct hk_config *c = s->loader->config;
	struct hk_config_owned *o = c->owned;
	struct hk_erp_config *erp = &c->erp;
	size_t i;

	erp->kds.ktks = o->ktks;
	erp->kds.nktks = o->nktks;
	erp->kds.max_lifetime_s = erp->key_lifetime_s;
	erp->kds.any_transport = erp->any_transport;
	if (!erp->local_domain)
		return HK_OK;
	i = find_realm(o, hk_text(erp->local_domain));
	if (i == o->nrealms)
		return hk_section_fail(s, "local-domain", "it is not among realms");
	erp->visited = (struct hk_visited_policy){.domain = o->realms[i],
		.ktks = o->ktks,
		.nktks = o->nktks,
		.vendor = erp->key_vendor,
		.max_lifetime_s = erp->key_lifetime_s,
		.any_transport = erp->any_transport};
	return HK_OK;
}

/* A request names its key by the KEK-ID alone. */
static enum hk_err check_kek_id(const struct hk_section *s, const struct hk_ktk *ktk)
{
	const struct hk_ktk *ktks = s->loader->config->owned->ktks;

	return hk_ktk_find(ktks, (size_t)(ktk - ktks), ktk->kek_id)
		       ? hk_section_fail(s, "kek-id", "another ktk has the same")
		       : HK_OK;
}

/*
 * A request does not say in which direction it goes. With the key by which we
 * ask others for that of our domain they could ask us, for our own devices.
 */
static enum hk_err check_direction(const struct hk_section *s, const struct hk_ktk *ktk)
{
	const struct hk_config_owned *o = s->loader->config->owned;
	struct hk_bytes domain = hk_text(s->loader->config->erp.local_domain);
	bool asks = false, gives = false, ours = false;

	for (size_t i = 0; i < ktk->ndomains; i++)
		ours |= domain.len && hk_realm_equal(ktk->domains[i], domain);
	for (size_t i = 0; i < ktk->nrealms; i++) {
		bool all = hk_bytes_equal(ktk->realms[i], hk_text("*"));
		bool served = find_realm(o, ktk->realms[i]) < o->nrealms;

		asks |= all || !served;
		gives |= all || served;
	}
	if (!ours || !asks || !gives || !(ktk->allow & HK_KTK_DSRK))
		return HK_OK;
	return hk_section_fail(s, "allow",
		"others could ask for the keys of our own devices with it, for our local-domain; "
		"each direction needs a ktk of its own");
}

enum hk_err hk_config_load_ktks(struct hk_loader *l, cfg_t *cfg)
{
	struct hk_config_owned *o = l->config->owned;
	const struct hk_section erp = hk_loader_section(l, cfg, HK_BLOCK_ERP);
	size_t n = cfg_size(cfg, "ktk");

	o->ktks = calloc(n ? n : 1, sizeof(*o->ktks));
	if (!o->ktks)
		return HK_ERR_NO_MEMORY;
	while (o->nktks < n) {
		struct hk_section s = {
			l, HK_BLOCK_KTK, cfg_getnsec(cfg, "ktk", (unsigned)o->nktks)};
		struct hk_ktk *ktk = &o->ktks[o->nktks++];
		enum hk_err err = load_one(&s, ktk);

		err = err ? err : check_kek_id(&s, ktk);
		err = err ? err : check_direction(&s, ktk);

		if (err)
			return err;
	}
	return make_policies(&erp);
}

static enum hk_err find_server(const struct hk_section *s, size_t *out)
{
	const struct hk_config *c = s->loader->config;
	const char *name = hk_section_text(s, "revoke-at");
	char shown[HK_SHOWN_SIZE];

	*out = HK_NO_SERVER;
	if (!name)
		return HK_OK;
	for (size_t i = 0; i < c->nhome_servers; i++) {
		if (strcmp(c->home_servers[i].name, name) == 0) {
			*out = i;
			return HK_OK;
		}
	}
	return hk_section_fail(s, "revoke-at", "there is no home-server '%s'",
		hk_shown(name, shown, sizeof(shown)));
}

enum hk_err hk_config_find_revoke_at(struct hk_loader *l, cfg_t *cfg)
{
	size_t n = l->config->owned->nktks;
	size_t *list = calloc(n ? n : 1, sizeof(*list));
	enum hk_err err = HK_OK;

	l->config->erp.revoke_at = list;
	if (!list)
		return HK_ERR_NO_MEMORY;
	for (size_t i = 0; i < n && !err; i++) {
		struct hk_section s = {l, HK_BLOCK_KTK, cfg_getnsec(cfg, "ktk", (unsigned)i)};

		err = find_server(&s, &list[i]);
	}
	return err;
}

void hk_config_free_ktks(struct hk_config_owned *owned)
{
	for (size_t i = 0; i < owned->nktks; i++) {
		struct hk_ktk *ktk = &owned->ktks[i];

		free((void *)(uintptr_t)ktk->owner.data);
		hk_config_free_list(ktk->domains, ktk->ndomains);
		hk_config_free_list(ktk->realms, ktk->nrealms);
		hk_config_free_list(ktk->labels, ktk->nlabels);
		hk_wipe(ktk->secret, sizeof(ktk->secret));
	}
	free(owned->ktks);
}
