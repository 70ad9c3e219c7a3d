/* SPDX-License-Identifier: ISC */
#include <hokey/key.h>
#include <hokey/proxy.h>

#include "proxy/realm.h"

static size_t slot_of(struct hk_bytes realm)
{
	return hk_realm_hash(realm) % HK_REALM_HEALTH_SIZE;
}

/* The realm itself and not its hash: who can make two that hash alike must not end the other. */
static bool is_of(const struct hk_watched_realm *w, struct hk_bytes realm)
{
	return hk_realm_equal(hk_bytes(w->realm, w->len), realm);
}

bool hk_realm_given_up(const struct hk_realm_health *h, struct hk_bytes realm, hk_time now)
{
	const struct hk_watched_realm *w = &h->slot[slot_of(realm)];

	return now < w->until && is_of(w, realm);
}

static void watch(struct hk_watched_realm *w, struct hk_bytes realm)
{
	w->len = (uint8_t)realm.len;
	if (realm.len)
		memcpy(w->realm, realm.data, realm.len);
	w->timeouts = 0;
	w->until = 0;
}

bool hk_realm_timed_out(struct hk_realm_health *h, struct hk_bytes realm, uint32_t limit,
	uint32_t pause_ms, hk_time now)
{
	struct hk_watched_realm *w = &h->slot[slot_of(realm)];

	if (realm.len > HK_REALM_HEALTH_LEN)
		return false;
	if (!is_of(w, realm))
		watch(w, realm);
	if (++w->timeouts < limit)
		return false;
	w->timeouts = 0;
	w->until = now + pause_ms;
	return true;
}

void hk_realm_replied(struct hk_realm_health *h, struct hk_bytes realm)
{
	struct hk_watched_realm *w = &h->slot[slot_of(realm)];

	if (!is_of(w, realm))
		return;
	w->timeouts = 0;
	w->until = 0;
}
