/* SPDX-License-Identifier: ISC */
/* Which realm goes where (RFC 7542 section 3). */
#include <hokey/key.h>
#include <hokey/proxy.h>

#include <stdlib.h>

#include "proxy/realm.h"

#define NONE SIZE_MAX

struct hk_routes {
	struct hk_route *list;
	size_t n;
	size_t *slots; /* index into the list, or NONE; at most half full */
	size_t mask;
	size_t by_default;
	size_t without_realm;
	bool has_suffixes;
};

uint64_t hk_realm_hash(struct hk_bytes realm)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < realm.len; i++) {
		uint8_t c = realm.data[i];

		h = (h ^ (c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * UINT64_C(1099511628211);
	}
	return h ^ h >> 31;
}

/* ---- form ---- */

static bool may_be_in_label(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c >= 0x80;
}

/* Letters, digits, UTF-8, and hyphens inside. */
static bool label_is_fine(const uint8_t *label, size_t len)
{
	if (len == 0 || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!may_be_in_label(label[i]))
			return false;
	}
	return true;
}

enum hk_realm_form hk_realm_form(struct hk_bytes user_name, struct hk_bytes *realm)
{
	size_t labels = 0, start = 0;

	*realm = hk_nai_realm(user_name);
	if (!realm->data)
		return HK_REALM_NONE;
	for (size_t i = 0; i <= realm->len; i++) {
		if (i < realm->len && realm->data[i] != '.')
			continue;
		if (!label_is_fine(realm->data + start, i - start))
			return HK_REALM_BROKEN;
		labels++;
		start = i + 1;
	}
	return labels > 1 ? HK_REALM_NAI : HK_REALM_LABEL;
}

/* ---- the table ---- */

static size_t find(const struct hk_routes *routes, struct hk_bytes realm)
{
	size_t i = hk_realm_hash(realm) & routes->mask;

	while (routes->slots[i] != NONE) {
		if (hk_realm_equal(routes->list[routes->slots[i]].realm, realm))
			return routes->slots[i];
		i = (i + 1) & routes->mask;
	}
	return NONE;
}

static enum hk_err add(struct hk_routes *routes, size_t index)
{
	struct hk_bytes realm = routes->list[index].realm;
	size_t i = hk_realm_hash(realm) & routes->mask;

	if (find(routes, realm) != NONE)
		return HK_ERR_EXISTS;
	while (routes->slots[i] != NONE)
		i = (i + 1) & routes->mask;
	routes->slots[i] = index;
	if (hk_bytes_equal(realm, hk_text("DEFAULT")))
		routes->by_default = index;
	else if (hk_bytes_equal(realm, hk_text("NULL")))
		routes->without_realm = index;
	else if (realm.len && realm.data[0] == '.')
		routes->has_suffixes = true;
	return HK_OK;
}

enum hk_err hk_routes_new(const struct hk_route *list, size_t n, struct hk_routes **out)
{
	struct hk_routes *routes = calloc(1, sizeof(*routes));
	enum hk_err err = HK_OK;
	size_t slots = 16;

	if (!routes)
		return HK_ERR_NO_MEMORY;
	while (slots < 2 * n)
		slots *= 2;
	routes->mask = slots - 1;
	routes->by_default = routes->without_realm = NONE;
	routes->list = calloc(n ? n : 1, sizeof(*routes->list));
	routes->slots = calloc(slots, sizeof(*routes->slots));
	if (!routes->list || !routes->slots) {
		hk_routes_free(routes);
		return HK_ERR_NO_MEMORY;
	}
	memset(routes->slots, 0xff, slots * sizeof(*routes->slots));
	if (n)
		memcpy(routes->list, list, n * sizeof(*list));
	routes->n = n;
	for (size_t i = 0; i < n && !err; i++)
		err = add(routes, i);
	if (err) {
		hk_routes_free(routes);
		return err;
	}
	*out = routes;
	return HK_OK;
}

void hk_routes_free(struct hk_routes *routes)
{
	if (!routes)
		return;
	free(routes->list);
	free(routes->slots);
	free(routes);
}

/* ".b.example", then ".example" for "a.b.example". */
static size_t find_suffix(const struct hk_routes *routes, struct hk_bytes realm)
{
	if (!routes->has_suffixes)
		return NONE;
	for (size_t i = 1; i < realm.len; i++) {
		size_t found;

		if (realm.data[i] != '.')
			continue;
		found = find(routes, hk_bytes(realm.data + i, realm.len - i));
		if (found != NONE)
			return found;
	}
	return NONE;
}

/* Names of entries that no realm of a user may take for its own. */
static bool is_special(struct hk_bytes realm)
{
	return realm.len == 0 || realm.data[0] == '.' ||
	       hk_realm_equal(realm, hk_text("DEFAULT")) || hk_realm_equal(realm, hk_text("NULL"));
}

enum hk_err hk_routes_find(
	const struct hk_routes *routes, struct hk_bytes user_name, const struct hk_route **route)
{
	struct hk_bytes realm;
	enum hk_realm_form form = hk_realm_form(user_name, &realm);
	size_t found = NONE;

	*route = NULL;
	if (form != HK_REALM_NONE && !is_special(realm))
		found = find(routes, realm);
	if (found == NONE && (form == HK_REALM_NONE || form == HK_REALM_LABEL)) {
		found = routes->without_realm;
	} else if (found == NONE) {
		found = find_suffix(routes, realm);
		if (found == NONE)
			found = routes->by_default;
		if (found != NONE && form == HK_REALM_BROKEN)
			return HK_ERR_REALM;
	}
	if (found != NONE)
		*route = &routes->list[found];
	return HK_OK;
}
