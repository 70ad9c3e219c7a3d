/* SPDX-License-Identifier: ISC */
#include "hokeyd/setup.h"

#include "hokeyd/admission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *name_of(const struct hk_config *config)
{
	return config->path ? config->path : "quick";
}

/* Tickets of the previous setup stay good: a reload must not cost every device a full login. */
static enum hk_err make_tls(struct hk_setup *s, hk_time now, const struct hk_setup *previous,
	struct hk_config_error *error)
{
	struct hk_tls_error why = {""};
	enum hk_err err = hk_tls_context_new(true, &s->config->eap.tls, now, &s->tls, &why);

	if (!err && previous)
		err = hk_tls_context_inherit(s->tls, previous->tls);
	if (err)
		snprintf(error->text, sizeof(error->text), "%s: eap: %s", name_of(s->config),
			why.text[0] ? why.text : hk_strerror(err));
	return err;
}

static uint32_t longer(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void make_policy(struct hk_setup *s)
{
	struct hk_config *config = s->config;

	s->policy = (struct hk_home_policy){
		.erp = config->erp.enabled ? &config->erp.policy : NULL,
		.kds = config->erp.kds.nktks ? &config->erp.kds : NULL,
		.keep_emsk = config->erp.keep_emsk,
		.rrk_lifetime_s = config->erp.rrk_lifetime_s,
		.msk_lifetime_s = config->erp.msk_lifetime_s,
		.resumption_lifetime_s =
			longer(config->eap.tls.ticket_lifetime_s, config->erp.rrk_lifetime_s),
		.tls = s->tls,
		.fragment_size = config->eap.fragment_size,
		.max_rounds = config->eap.max_rounds,
		.max_invalid = config->eap.max_invalid,
		.session_timeout_ms = config->eap.session_timeout_ms,
		.max_sessions = config->eap.max_sessions,
		.max_sessions_per_client = config->eap.max_sessions_per_client,
		.asks_responders = true,
		.cui_key = config->cui_key,
		.authorize = hk_admission,
		.arg = config,
	};
}

/* ---- routes ---- */

static bool has_block(const struct hk_config *config, struct hk_bytes realm)
{
	for (size_t i = 0; i < config->nrealms; i++) {
		if (hk_realm_equal(hk_text(config->realms[i].name), realm))
			return true;
	}
	return false;
}

/* The realm blocks, and the realms of our keys, which are served here. */
static enum hk_err make_routes(struct hk_setup *s)
{
	const struct hk_config *config = s->config;
	const struct hk_er_policy *erp = &config->erp.policy;
	struct hk_route *list;
	enum hk_err err;
	size_t n = 0;

	if (config->nrealms == 0)
		return HK_OK;
	list = calloc(config->nrealms + erp->nrealms, sizeof(*list));
	if (!list)
		return HK_ERR_NO_MEMORY;
	for (size_t i = 0; i < config->nrealms; i++)
		list[n++] =
			(struct hk_route){hk_text(config->realms[i].name), config->realms[i].pool};
	for (size_t i = 0; i < erp->nrealms; i++) {
		if (!has_block(config, erp->realms[i]))
			list[n++] = (struct hk_route){erp->realms[i], HK_POOL_LOCAL};
	}
	err = hk_routes_new(list, n, &s->routes);
	free(list);
	return err;
}

/* ---- sockets ---- */

static bool same_address(const struct hk_listen_config *a, const struct hk_listen_config *b)
{
	return !a->tls == !b->tls && a->address_len == b->address_len &&
	       memcmp(&a->address, &b->address, a->address_len) == 0;
}

/* Which listen of the previous setup has this address; its count when none. */
static size_t find_address(const struct hk_setup *previous, const struct hk_listen_config *listen)
{
	size_t n = previous ? previous->config->nlistens : 0;

	for (size_t i = 0; i < n; i++) {
		if (same_address(&previous->config->listens[i], listen))
			return i;
	}
	return n;
}

static in_port_t port_of(const struct hk_listen_config *listen)
{
	return listen->address.ss_family == AF_INET6
		       ? ((const struct sockaddr_in6 *)&listen->address)->sin6_port
		       : ((const struct sockaddr_in *)&listen->address)->sin_port;
}

/* Sockets of ours may overlap with it: then a test bind would find ourselves. */
static bool has_port(
	const struct hk_config *config, size_t n, const struct hk_listen_config *listen)
{
	for (size_t i = 0; config && i < n; i++) {
		if (!config->listens[i].tls == !listen->tls &&
			port_of(&config->listens[i]) == port_of(listen))
			return true;
	}
	return false;
}

static enum hk_err fail_to_listen(const struct hk_setup *s, const struct hk_listen_config *listen,
	struct hk_config_error *error)
{
	char text[HK_ENDPOINT_TEXT];

	snprintf(error->text, sizeof(error->text), "%s: listen: %s: %s", name_of(s->config),
		hk_endpoint_text(&listen->address, text), strerror(errno));
	return HK_ERR_SYSTEM;
}

static struct hk_listener *listener_at(const struct hk_setup *s, unsigned worker, size_t listen)
{
	return &s->listeners[worker * s->config->nlistens + listen];
}

static enum hk_err open_listen(struct hk_setup *s, size_t i, const struct hk_setup *previous,
	struct hk_config_error *error)
{
	const struct hk_listen_config *listen = &s->config->listens[i];
	size_t old = find_address(previous, listen);
	bool taken_over = previous && old < previous->config->nlistens;
	bool alone = !has_port(s->config, i, listen) &&
		     !(previous && has_port(previous->config, previous->config->nlistens, listen));

	for (unsigned w = 0; w < s->nworkers; w++) {
		if (taken_over)
			*listener_at(s, w, i) = *listener_at(previous, w, old);
		else if (hk_listener_open(listen, alone && w == 0, listener_at(s, w, i)))
			return fail_to_listen(s, listen, error);
	}
	return HK_OK;
}

/* Closes what was opened for this setup alone; it never came into use. */
static void close_new(struct hk_setup *s, const struct hk_setup *previous)
{
	for (size_t i = 0; s->listeners && i < s->config->nlistens; i++) {
		if (previous &&
			find_address(previous, &s->config->listens[i]) < previous->config->nlistens)
			continue;
		for (unsigned w = 0; w < s->nworkers; w++) {
			if (listener_at(s, w, i)->fd >= 0)
				close(listener_at(s, w, i)->fd);
		}
	}
}

static enum hk_err open_sockets(
	struct hk_setup *s, const struct hk_setup *previous, struct hk_config_error *error)
{
	size_t n = s->nworkers * s->config->nlistens;
	enum hk_err err = HK_OK;

	s->listeners = calloc(n ? n : 1, sizeof(*s->listeners));
	if (!s->listeners)
		return HK_ERR_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		s->listeners[i].fd = -1;
	for (size_t i = 0; i < s->config->nlistens && !err; i++)
		err = open_listen(s, i, previous, error);
	return err;
}

/* ---- the whole ---- */

enum hk_err hk_setup_new(struct hk_config *config, unsigned nworkers, hk_time now,
	const struct hk_setup *previous, struct hk_setup **out, struct hk_config_error *error)
{
	struct hk_setup *s = calloc(1, sizeof(*s));
	enum hk_err err;

	if (!s) {
		hk_config_free(config);
		return HK_ERR_NO_MEMORY;
	}
	atomic_init(&s->references, 1);
	s->config = config;
	s->nworkers = nworkers;
	err = hk_clients_new(config->clients, config->nclients, previous ? previous->clients : NULL,
		&s->clients);
	if (!err)
		err = make_routes(s);
	if (!err)
		err = make_tls(s, now, previous, error);
	if (!err)
		err = open_sockets(s, previous, error);
	if (err) {
		close_new(s, previous);
		hk_setup_release(s);
		return err;
	}
	make_policy(s);
	*out = s;
	return HK_OK;
}

struct hk_setup *hk_setup_hold(struct hk_setup *s)
{
	atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
	return s;
}

void hk_setup_release(struct hk_setup *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) > 1)
		return;
	hk_tls_context_free(s->tls);
	hk_clients_free(s->clients);
	hk_routes_free(s->routes);
	free(s->listeners);
	hk_config_free(s->config);
	free(s);
}
