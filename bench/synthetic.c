/* SPDX-License-Identifier: ISC */
#include "synthetic.h"

#include <stdio.h>

#define VLANS 10

/* splitmix64 */
static uint64_t mix(uint64_t i)
{
	uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void fill_state(struct hk_hmac_key *key, uint64_t seed)
{
	for (unsigned n = 0; n < 8; n++) {
		key->inner[n] = (uint32_t)mix(seed + 2 * n);
		key->outer[n] = (uint32_t)mix(seed + 2 * n + 1);
	}
}

static void make_keys(struct hk_erp_keys *keys, uint64_t i)
{
	fill_state(&keys->rrk, i * 64 + 1000);
	fill_state(&keys->rik2, i * 64 + 1032);
	keys->len = 64;
}

void synthetic_keyset(struct hk_keyset *set, uint64_t i, hk_time now)
{
	static const char vlan[] = "\x40\x06\x00\x00\x00\x0d" /* Tunnel-Type = VLAN */
				   "\x41\x06\x00\x00\x00\x06" /* Tunnel-Medium-Type = IEEE-802 */
				   "\x51\x04"
				   "1"; /* Tunnel-Private-Group-Id = "1n" */

	memset(set, 0, offsetof(struct hk_keyset, realm));
	hk_store_u64(set->emsk_name, mix(i));
	make_keys(&set->keys, i);
	set->created = now;
	set->expires = now + 86400 * HK_SECOND;
	set->session_end = HK_NEVER;
	set->realm_len = sizeof SYNTHETIC_REALM - 1;
	memcpy(set->realm, SYNTHETIC_REALM, set->realm_len);
	set->user_len = (uint16_t)snprintf(
		(char *)set->user, sizeof set->user, "user%08u@" SYNTHETIC_REALM, (unsigned)i);
	set->authorization_len = sizeof vlan;
	memcpy(set->authorization, vlan, sizeof vlan - 1);
	set->authorization[sizeof vlan - 1] = (uint8_t)('0' + i % VLANS);
}

void synthetic_device(struct hk_device *device, uint64_t i)
{
	memset(device, 0, sizeof *device);
	hk_store_u64(device->emsk_name, mix(i));
	make_keys(&device->keys, i);
	device->has_keys = true;
}
