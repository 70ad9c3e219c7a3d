/* SPDX-License-Identifier: ISC */
#include <hokey/proxy.h>

#include "proxy/realm.h"

static size_t slot_of(uint64_t name)
{
	return name % HK_REALM_HEALTH_SIZE;
}

bool hk_realm_given_up(const struct hk_realm_health *h, struct hk_bytes realm, hk_time now)
{
	uint64_t name = hk_realm_hash(realm);

	return h->slot[slot_of(name)].name == name && now < h->slot[slot_of(name)].until;
}

bool hk_realm_timed_out(struct hk_realm_health *h, struct hk_bytes realm, uint32_t limit,
	uint32_t pause_ms, hk_time now)
{
	uint64_t name = hk_realm_hash(realm);
	size_t i = slot_of(name);

	if (h->slot[i].name != name) {
		h->slot[i].name = name;
		h->slot[i].timeouts = 0;
		h->slot[i].until = 0;
	}
	if (++h->slot[i].timeouts < limit)
		return false;
	h->slot[i].timeouts = 0;
	h->slot[i].until = now + pause_ms;
	return true;
}

void hk_realm_replied(struct hk_realm_health *h, struct hk_bytes realm)
{
	uint64_t name = hk_realm_hash(realm);
	size_t i = slot_of(name);

	if (h->slot[i].name != name)
		return;
	h->slot[i].timeouts = 0;
	h->slot[i].until = 0;
}
