/* SPDX-License-Identifier: ISC */
/*
 * rlm_hokey: handover keying inside FreeRADIUS. In `authorize` it answers
 * re-authentications (RFC 6696), in `post-auth` it keeps the keys of full
 * authentications, and hands out those below them that other domains ask for. It is a door: all of
 * the protocol is in libhokey.
 */
#include "rlm_hokey.h"

#include "hokeyd/clock.h"

static const CONF_PARSER options[] = {
	{"identity", FR_CONF_OFFSET(PW_TYPE_STRING | PW_TYPE_XLAT, struct hk_rlm, config.identity),
		"%{%{reply:User-Name}:-%{User-Name}}"},
	{"cache_reply", FR_CONF_OFFSET(PW_TYPE_BOOLEAN, struct hk_rlm, config.cache_reply), "yes"},
	CONF_PARSER_TERMINATOR,
};

static int bootstrap(CONF_SECTION *section, void *instance)
{
	(void)section;
	return hk_rlm_identity_bootstrap(instance) ? 0 : -1;
}

static void make_policy(struct hk_rlm *m)
{
	const struct hk_erp_config *erp = &m->config.erp;

	m->policy = (struct hk_home_policy){
		.erp = &erp->policy,
		.kds = erp->kds.nktks ? &erp->kds : NULL,
		.keep_emsk = erp->keep_emsk,
		.rrk_lifetime_s = erp->rrk_lifetime_s,
	};
}

static int instantiate(CONF_SECTION *section, void *instance)
{
	static pthread_once_t clock_started = PTHREAD_ONCE_INIT;
	struct hk_rlm *m = instance;
	const char *name = cf_section_name2(section);

	pthread_once(&clock_started, hk_clock_start);
	if (!hk_rlm_config_read(section, &m->config))
		return -1;
	make_policy(m);
	if (m->policy.kds && hk_home_new(NULL, NULL, &m->home))
		return -1;
	hk_desks_open(
		&m->desks, name ? name : cf_section_name1(section), &m->config.store, m->home);
	return 0;
}

/* Also called when instantiate() failed. */
static int detach(void *instance)
{
	struct hk_rlm *m = instance;

	if (m->desks.config)
		hk_desks_close(&m->desks);
	m->desks.config = NULL;
	hk_home_free(m->home);
	m->home = NULL;
	hk_rlm_config_wipe(&m->config);
	return 0;
}

static rlm_rcode_t authorize(void *instance, REQUEST *request)
{
	return hk_rlm_reauthenticate(instance, request);
}

static rlm_rcode_t post_auth(void *instance, REQUEST *request)
{
	return hk_rlm_keep_keys(instance, request);
}

/* The server looks for the symbol rlm_NAME. */
extern module_t rlm_hokey;

__attribute__((visibility("default"))) module_t rlm_hokey = {
	.magic = RLM_MODULE_INIT,
	.name = "hokey",
	.type = RLM_TYPE_THREAD_SAFE,
	.inst_size = sizeof(struct hk_rlm),
	.config = options,
	.bootstrap = bootstrap,
	.instantiate = instantiate,
	.detach = detach,
	.methods = {[MOD_AUTHORIZE] = authorize, [MOD_POST_AUTH] = post_auth},
};
