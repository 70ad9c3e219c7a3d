/* SPDX-License-Identifier: ISC */
/* Who gets which DSRK (RFC 5749): the home server delivers, local servers ask and take. */
#include "sim.h"

#include <hokey/radius.h>

#include <stdlib.h>

#define TRANSIT_MS 5000 /* of an answer, that hk_krs_take() takes off the lifetime */

/* The entity that is up to no good has a key of its own, for domain 1 as well. */
static bool may_have(uint32_t entity, uint32_t domain)
{
	return entity == domain || (entity == DOMAINS_MAX && domain == 1);
}

void keys_init(struct world *w)
{
	for (uint32_t i = 0; i <= DOMAINS_MAX; i++) {
		struct entity *e = &w->entities[i];

		snprintf(e->name, sizeof e->name, "entity-%u", i);
		e->realms[0] = w->domains[HOME_DOMAIN].realm;
		e->ktk.owner = hk_text(e->name);
		e->ktk.domains = e->domains;
		e->ktk.realms = e->realms;
		e->ktk.nrealms = 1;
		e->ktk.allow = HK_KTK_DSRK;
		e->ktk.not_after = HK_NEVER;
		rng_fill(&w->rng, e->ktk.secret, sizeof e->ktk.secret);
		if (hk_kek_id_set(e->ktk.kek_id, e->ktk.owner))
			abort();
		for (uint32_t d = 1; d < w->ndomains; d++)
			if (may_have(i, d) ||
				(i == DOMAINS_MAX &&
					w->scenario.mutant == MUTANT_DOMAIN_NOT_CHECKED))
				e->domains[e->ktk.ndomains++] = w->domains[d].realm;
		w->ktks[i] = e->ktk;
	}
	w->kds = (struct hk_kds_policy){.ktks = w->ktks, .nktks = DOMAINS_MAX + 1};
}

struct hk_keydist_attributes attributes_of(const struct hk_krs_request *asked)
{
	return (struct hk_keydist_attributes){
		.request = hk_bytes(asked->value, sizeof asked->value),
		.domain = hk_bytes(asked->domain, asked->domain_len),
	};
}

static uint32_t domain_asked(const struct world *w, const struct hk_krs_request *asked)
{
	for (uint32_t d = 0; d < w->ndomains; d++)
		if (hk_realm_equal(w->domains[d].realm, hk_bytes(asked->domain, asked->domain_len)))
			return d;
	return NOBODY;
}

/* The note of a key of that domain below that EMSK. */
static uint64_t dsrk_note(const uint8_t *emsk_name, uint32_t domain)
{
	uint8_t name[HK_EMSK_NAME_LEN + 1];

	memcpy(name, emsk_name, HK_EMSK_NAME_LEN);
	name[HK_EMSK_NAME_LEN] = (uint8_t)domain;
	return ledger_hash('D', name, sizeof name);
}

static void note_delivery(struct world *w, const struct aaa *request, const uint8_t *emsk_name)
{
	uint32_t domain = domain_asked(w, &request->asked);
	struct note *n = ledger_at(&w->ledger, dsrk_note(emsk_name, domain));

	w->counts.delivered++;
	trace(w, "the DSRK of domain %u below the EMSK of device %u goes to %s", domain,
		request->device, w->entities[request->asker].name);
	if (n->count++ && n->holder != request->asker)
		broken(w, INV_DSRK_TWO, "the DSRK of domain %u went to %s and now to %s", domain,
			w->entities[n->holder].name, w->entities[request->asker].name);
	n->holder = request->asker;
	if (!may_have(request->asker, domain))
		broken(w, INV_HOLDER, "%s gets the DSRK of domain %u",
			w->entities[request->asker].name, domain);
}

void put_delivery(struct world *w, const struct server *s, const struct aaa *request,
	const uint8_t *emsk_name, hk_time emsk_ends, const struct hk_key_delivery *delivery,
	struct aaa *reply)
{
	struct hk_buf b = hk_buf(reply->attributes, sizeof reply->attributes);

	hk_keydist_put_delivery(&b, HK_VENDOR_HOKEY, delivery);
	if (!hk_buf_ok(&b))
		abort();
	reply->attributes_len = (uint16_t)b.len;
	reply->emsk_ends = (hk_time)((int64_t)emsk_ends - s->clock);
	if (delivery->error)
		w->counts.denied++;
	if (delivery->key_len)
		note_delivery(w, request, emsk_name);
}

void deliver_dsrk(struct world *w, struct server *s, const struct aaa *request,
	const struct hk_key *emsk, struct aaa *reply)
{
	const struct hk_keydist_attributes in = attributes_of(&request->asked);
	const uint8_t *name = hk_key_emsk_name(emsk);
	hk_time now = server_now(w, s);
	const struct hk_kds_context context = {
		.realm = w->domains[HOME_DOMAIN].realm, .secure = true, .now = now};
	struct hk_kds_request asked;
	struct hk_key_delivery delivery;
	struct hk_grant grant;
	enum hk_key_error error = hk_kds_check(&w->kds, &in, &context, &asked);
	bool again;

	if (!error) {
		error = hk_kds_grant(NULL, &asked, name, &grant);
		if (!error && hk_keystore_grant(s->store, name, context.realm, now, &grant, &again))
			error = HK_KEY_TEMPORARY_FAILURE;
	}
	if (error)
		hk_kds_refuse(&delivery, error);
	else
		hk_kds_deliver(&w->kds, &asked, emsk, HK_NEVER, now, &delivery);
	put_delivery(w, s, request, name, hk_key_expires(emsk), &delivery, reply);
}

/* ---- the local server ---- */

/* The keys of a domain below the EMSK of a login. */
static void right_keys(
	struct world *w, struct login_record *l, uint32_t domain, struct hk_erp_keys *keys)
{
	uint8_t octets[HK_ROOT_KEY_MIN_LEN];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	struct hk_bytes realm = w->domains[domain].realm;
	struct hk_key *emsk, *dsrk, *rrk;

	if (hk_key_import_emsk(NULL, hk_bytes(l->session_id, sizeof l->session_id),
		    hk_bytes(l->emsk, KEY_LEN), 0, HK_NEVER - 1, &emsk) ||
		hk_key_derive_dsrk(emsk, realm, 0, HK_NEVER - 1, &dsrk) ||
		hk_key_derive_rrk(dsrk, 0, HK_NEVER - 1, &rrk) || hk_erp_keys_init(keys, rrk) ||
		hk_key_release(dsrk, HK_HOLDER_ER_SERVER, realm, 0, &b))
		abort();
	memcpy(l->dsrk[domain], octets, MIC_LEN);
	l->has_dsrk[domain] = true;
	hk_key_free(rrk);
	hk_key_free(dsrk);
	hk_key_free(emsk);
}

static void check_taken(struct world *w, struct server *s, const struct proxied *p,
	const struct hk_keyset *set, hk_time emsk_ends)
{
	struct login_record *l = login_of(w, set->emsk_name);
	hk_time took = w->now - p->request.sent;
	hk_time ends = (hk_time)((int64_t)set->expires - s->clock);
	struct hk_erp_keys right;

	if (!l)
		return;
	if (ends > emsk_ends + HK_SECOND + (took > TRANSIT_MS ? took - TRANSIT_MS : 0))
		broken(w, INV_LIFETIME,
			"the DSRK of domain %u ends %llu ms after the EMSK of device %u", s->domain,
			(unsigned long long)(ends - emsk_ends), l->device);
	right_keys(w, l, s->domain, &right);
	if (!hk_erp_keys_same(&set->keys, &right))
		broken(w, INV_HOLDER, "server %u holds another key than the DSRK of its domain",
			s->id);
}

void take_dsrk(struct world *w, struct server *s, const struct proxied *p, const struct aaa *reply)
{
	static struct hk_keyset set;
	struct domain *d = &w->domains[s->domain];
	struct hk_visited_outcome outcome;
	struct hk_aaa_request request;
	char calling[24], client[24];
	hk_time now = server_now(w, s);

	request_of(w, &p->request, calling, client, &request);
	hk_visited_accept(&d->visited, s->store, &p->pending, &request,
		hk_bytes(reply->attributes, reply->attributes_len), now, &outcome);
	note(w, outcome.reason);
	if (outcome.reason || hk_keystore_find(s->store, outcome.emsk_name, d->realm, now, &set))
		return;
	if (w->scenario.mutant == MUTANT_LIFETIME_IGNORED)
		set.expires = hk_time_add_s(now, HK_EMSK_LIFETIME_S + 60);
	check_taken(w, s, p, &set, reply->emsk_ends);
	if (w->scenario.mutant == MUTANT_STORE_KEEPS_MORE) {
		struct hk_bytes home = w->domains[HOME_DOMAIN].realm;

		set.realm_len = (uint16_t)home.len;
		memcpy(set.realm, home.data, home.len);
		hk_keystore_put(s->store, &set);
	}
	hk_keyset_wipe(&set);
}
