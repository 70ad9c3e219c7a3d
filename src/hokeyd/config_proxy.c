/* SPDX-License-Identifier: ISC */
/* Blocks home-server, pool and realm. */
#include "hokeyd/config_loader.h"

#include "crypto/crypto.h"

#include <hokey/key.h>

#include <stdlib.h>
#include <string.h>

/* ---- home-server ---- */

/* Requests sent to ourselves would come back for ever. */
static enum hk_err check_not_ourselves(
	const struct hk_section *s, const struct hk_home_server_config *server)
{
	const struct hk_config *c = s->loader->config;
	const struct hk_listen_config *listen = hk_config_find_listen(
		c, c->nlistens, server->tls, &server->address, server->address_len);

	return listen ? hk_section_fail(s, "address", "that is our own listen \"%s\"", listen->name)
		      : HK_OK;
}

static enum hk_err check_times(
	const struct hk_section *s, const struct hk_home_server_config *server)
{
	if (server->response_window_ms > server->max_request_time_ms)
		return hk_section_fail(s, "response-window", "it is longer than max-request-time");
	if (server->timers.check_timeout_ms > server->timers.check_interval_ms)
		return hk_section_fail(s, "check-timeout", "it is longer than check-interval");
	return HK_OK;
}

/* Operator-Name begins with its namespace; 1 is that of realms (RFC 5580 section 4.1). */
static enum hk_err finish_operator_name(
	const struct hk_section *s, struct hk_home_server_config *server)
{
	struct hk_bytes realm = hk_text(server->operator_name);
	char *name;

	if (!server->operator_name)
		return HK_OK;
	if (hk_domain_check(realm))
		return hk_section_fail(s, "operator-name", "expected a realm");
	if (asprintf(&name, "1%s", server->operator_name) < 0)
		return HK_ERR_NO_MEMORY;
	free(server->operator_name);
	server->operator_name = name;
	return HK_OK;
}

/* The shared secret, or who has to be at the other end of TLS. */
static enum hk_err read_trust(const struct hk_section *s, struct hk_home_server_config *server)
{
	enum hk_err err;

	if (!server->tls)
		return hk_section_secret(s, &server->secret);
	if (hk_section_has(s, "secret") || hk_section_has(s, "secret-file"))
		return hk_section_fail(s, NULL, "with tls there is no shared secret");
	err = hk_section_tls_peer(s, &server->peer);
	if (err)
		return err;
	if (!hk_section_has(s, "require-message-authenticator"))
		server->require_message_authenticator = false;
	return hk_radius_secret_set(&server->secret, hk_text("radsec"));
}

static enum hk_err finish_home_server(
	const struct hk_section *s, struct hk_home_server_config *server)
{
	enum hk_err err;

	server->name = strdup(cfg_title(s->cfg));
	if (!server->name)
		return HK_ERR_NO_MEMORY;
	server->retry.mrd_ms = server->max_request_time_ms;
	err = hk_section_tls(s, &server->tls);
	server->timers.probes = server->status_check == HK_CHECK_STATUS_SERVER ||
				(server->status_check == HK_CHECK_AUTO && server->tls);
	err = err ? err : hk_section_endpoint(s, &server->address, &server->address_len);
	err = err ? err : check_not_ourselves(s, server);
	err = err ? err : check_times(s, server);
	err = err ? err : read_trust(s, server);
	err = err ? err : finish_operator_name(s, server);
	err = err ? err : hk_section_filter(s, "filter-requests", &server->filter_requests);
	err = err ? err : hk_section_filter(s, "filter-replies", &server->filter_replies);
	if (!err && !server->tls && !server->require_message_authenticator)
		err = hk_section_warn(s, "require-message-authenticator",
			"'no' leaves replies without EAP open to forgery (CVE-2024-3596)");
	return err;
}

static uint32_t server_id(const struct hk_config *c, const char *name)
{
	uint32_t id = hk_name_id(name);

	for (size_t i = 0; i + 1 < c->nhome_servers; i++) {
		if (c->home_servers[i].id != id)
			continue;
		id++;
		i = (size_t)-1;
	}
	return id;
}

static enum hk_err load_home_servers(struct hk_loader *l, cfg_t *cfg)
{
	struct hk_config *c = l->config;
	size_t n = cfg_size(cfg, "home-server");

	c->home_servers = calloc(n ? n : 1, sizeof(*c->home_servers));
	if (!c->home_servers)
		return HK_ERR_NO_MEMORY;
	while (c->nhome_servers < n) {
		struct hk_section s = {l, HK_BLOCK_HOME_SERVER,
			cfg_getnsec(cfg, "home-server", (unsigned)c->nhome_servers)};
		struct hk_home_server_config *server = &c->home_servers[c->nhome_servers++];
		enum hk_err err = hk_section_check_title(&s);

		server->id = server_id(c, cfg_title(s.cfg));
		err = err ? err : hk_section_fill(&s, server);
		err = err ? err : finish_home_server(&s, server);
		if (err)
			return err;
	}
	return HK_OK;
}

/* ---- pool ---- */

static enum hk_err add_server(
	const struct hk_section *s, struct hk_pool_config *pool, const char *name)
{
	const struct hk_config *c = s->loader->config;
	char shown[HK_SHOWN_SIZE];
	size_t found = 0;

	while (found < c->nhome_servers && strcmp(c->home_servers[found].name, name) != 0)
		found++;
	hk_shown(name, shown, sizeof(shown));
	if (found == c->nhome_servers)
		return hk_section_fail(s, "servers", "there is no home-server '%s'", shown);
	for (size_t i = 0; i < pool->nservers; i++) {
		if (pool->servers[i] == found)
			return hk_section_fail(s, "servers", "'%s' is there twice", shown);
	}
	if (pool->nservers && !c->home_servers[pool->servers[0]].tls != !c->home_servers[found].tls)
		return hk_section_fail(
			s, "servers", "'%s': one pool cannot have UDP and TLS servers", shown);
	if (pool->nservers == HK_POOL_MAX)
		return hk_section_fail(s, "servers", "more than %u servers", HK_POOL_MAX);
	c->home_servers[found].pooled = true;
	pool->servers[pool->nservers++] = found;
	return HK_OK;
}

static enum hk_err load_pools(struct hk_loader *l, cfg_t *cfg)
{
	struct hk_config *c = l->config;
	size_t n = cfg_size(cfg, "pool");

	c->pools = calloc(n ? n : 1, sizeof(*c->pools));
	if (!c->pools)
		return HK_ERR_NO_MEMORY;
	while (c->npools < n) {
		struct hk_section s = {
			l, HK_BLOCK_POOL, cfg_getnsec(cfg, "pool", (unsigned)c->npools)};
		struct hk_pool_config *pool = &c->pools[c->npools++];
		enum hk_err err = hk_section_check_title(&s);

		err = err ? err : hk_section_fill(&s, pool);
		if (err)
			return err;
		pool->name = strdup(cfg_title(s.cfg));
		if (!pool->name)
			return HK_ERR_NO_MEMORY;
		for (size_t i = 0; i < hk_section_list_len(&s, "servers") && !err; i++)
			err = add_server(&s, pool, hk_section_list_get(&s, "servers", i));
		if (err)
			return err;
	}
	return HK_OK;
}

/* ---- realm ---- */

static bool is_special(const char *name)
{
	return strcmp(name, "DEFAULT") == 0 || strcmp(name, "NULL") == 0;
}

static enum hk_err check_realm(const struct hk_section *s, const char *name)
{
	const struct hk_config *c = s->loader->config;
	const char *domain = name[0] == '.' ? name + 1 : name;

	if (!is_special(name) && hk_domain_check(hk_text(domain)))
		return hk_section_fail(s, NULL, "expected a realm, .suffix, DEFAULT or NULL");
	for (size_t i = 0; i + 1 < c->nrealms; i++) {
		if (hk_realm_equal(hk_text(c->realms[i].name), hk_text(name)))
			return hk_section_fail(s, NULL, "this realm is there twice");
	}
	return HK_OK;
}

static enum hk_err find_pool(const struct hk_section *s, size_t *out)
{
	const struct hk_config *c = s->loader->config;
	const char *name = hk_section_text(s, "pool");
	char shown[HK_SHOWN_SIZE];

	*out = HK_POOL_LOCAL;
	if (!name)
		return HK_OK;
	for (size_t i = 0; i < c->npools; i++) {
		if (strcmp(c->pools[i].name, name) == 0) {
			*out = i;
			return HK_OK;
		}
	}
	return hk_section_fail(
		s, "pool", "there is no pool '%s'", hk_shown(name, shown, sizeof(shown)));
}

static enum hk_err load_realms(struct hk_loader *l, cfg_t *cfg)
{
	struct hk_config *c = l->config;
	size_t n = cfg_size(cfg, "realm");

	c->realms = calloc(n ? n : 1, sizeof(*c->realms));
	if (!c->realms)
		return HK_ERR_NO_MEMORY;
	while (c->nrealms < n) {
		struct hk_section s = {
			l, HK_BLOCK_REALM, cfg_getnsec(cfg, "realm", (unsigned)c->nrealms)};
		struct hk_realm_config *realm = &c->realms[c->nrealms++];
		enum hk_err err = check_realm(&s, cfg_title(s.cfg));

		err = err ? err : find_pool(&s, &realm->pool);
		if (err)
			return err;
		realm->name = strdup(cfg_title(s.cfg));
		if (!realm->name)
			return HK_ERR_NO_MEMORY;
	}
	return HK_OK;
}

/* ---- the whole ---- */

enum hk_err hk_config_load_proxy(struct hk_loader *l, cfg_t *cfg)
{
	enum hk_err err = load_home_servers(l, cfg);

	err = err ? err : load_pools(l, cfg);
	return err ? err : load_realms(l, cfg);
}

void hk_config_free_proxy(struct hk_config *config)
{
	for (size_t i = 0; i < config->nhome_servers; i++) {
		hk_section_free(HK_BLOCK_HOME_SERVER, &config->home_servers[i]);
		free(config->home_servers[i].name);
		hk_tls_peer_free(&config->home_servers[i].peer);
	}
	if (config->home_servers)
		hk_wipe(config->home_servers,
			config->nhome_servers * sizeof(*config->home_servers));
	free(config->home_servers);
	for (size_t i = 0; i < config->npools; i++)
		free(config->pools[i].name);
	free(config->pools);
	for (size_t i = 0; i < config->nrealms; i++)
		free(config->realms[i].name);
	free(config->realms);
}
