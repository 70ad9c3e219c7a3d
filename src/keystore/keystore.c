/* SPDX-License-Identifier: ISC */
/* The key store's public face: contract checks, then the implementation. */
#include "keystore/store.h"

#include "crypto/crypto.h"

enum hk_err hk_keystore_share(struct hk_keystore *store, struct hk_keystore **out)
{
	*out = NULL;
	return store->ops->share(store, out);
}

void hk_keystore_close(struct hk_keystore *store)
{
	if (store)
		store->ops->close(store);
}

static bool realm_fits(struct hk_bytes realm)
{
	return realm.len >= 1 && realm.len <= HK_REALM_MAX_LEN;
}

enum hk_err hk_keystore_put(struct hk_keystore *store, const struct hk_keyset *set)
{
	if (!realm_fits(hk_bytes(set->realm, set->realm_len)) || set->user_len > HK_USER_MAX_LEN ||
		set->authorization_len > HK_AUTHORIZATION_MAX || set->grants.n > HK_GRANTS_MAX ||
		set->home_len > HK_REALM_MAX_LEN)
		return HK_ERR_ARGUMENT;
	return store->ops->put(store, set);
}

enum hk_err hk_keystore_find(struct hk_keystore *store, const uint8_t emsk_name[HK_EMSK_NAME_LEN],
	struct hk_bytes realm, hk_time now, struct hk_keyset *out)
{
	if (!realm_fits(realm))
		return HK_ERR_NOT_FOUND;
	return store->ops->find(store, emsk_name, realm, now, out);
}

void hk_keystore_advance(struct hk_keystore *store, struct hk_advance *v, size_t n)
{
	if (n > 0)
		store->ops->advance(store, v, n);
}

enum hk_err hk_keystore_grant(struct hk_keystore *store, const uint8_t emsk_name[HK_EMSK_NAME_LEN],
	struct hk_bytes realm, hk_time now, const struct hk_grant *grant, bool *again)
{
	*again = false;
	if (!realm_fits(realm))
		return HK_ERR_NOT_FOUND;
	return store->ops->grant(store, emsk_name, realm, now, grant, again);
}

enum hk_err hk_keystore_sync(struct hk_keystore *store)
{
	return store->durability == HK_DURABLE_BATCH ? store->ops->sync(store) : HK_OK;
}

enum hk_durability hk_keystore_durability(const struct hk_keystore *store)
{
	return store->durability;
}

void hk_keystore_release(struct hk_keystore *store)
{
	store->ops->release(store);
}

enum hk_err hk_keystore_remove(
	struct hk_keystore *store, const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_bytes realm)
{
	if (!realm_fits(realm))
		return HK_ERR_NOT_FOUND;
	return store->ops->remove(store, emsk_name, realm);
}

enum hk_err hk_keystore_end(struct hk_keystore *store, const uint8_t emsk_name[HK_EMSK_NAME_LEN],
	struct hk_bytes realm, struct hk_keyset *out)
{
	if (!realm_fits(realm))
		return HK_ERR_NOT_FOUND;
	return store->ops->end(store, emsk_name, realm, out);
}

enum hk_err hk_keystore_next_ended(
	struct hk_keystore *store, struct hk_walk *cursor, struct hk_keyset *out)
{
	return store->ops->next_ended(store, cursor, out);
}

enum hk_err hk_keystore_forget(
	struct hk_keystore *store, const uint8_t emsk_name[HK_EMSK_NAME_LEN], struct hk_bytes realm)
{
	if (!realm_fits(realm))
		return HK_ERR_NOT_FOUND;
	return store->ops->forget(store, emsk_name, realm);
}

enum hk_err hk_keystore_remove_user(
	struct hk_keystore *store, struct hk_bytes user, const uint8_t *keep, size_t *removed)
{
	size_t ignored;

	return store->ops->remove_user(store, user, keep, removed ? removed : &ignored);
}

enum hk_err hk_keystore_walk(struct hk_keystore *store, struct hk_walk *cursor, size_t max,
	bool (*visit)(void *arg, const struct hk_keyset *set), void *arg, bool *done)
{
	*done = false;
	return store->ops->walk(store, cursor, max, visit, arg, done);
}

enum hk_err hk_keystore_expire(struct hk_keystore *store, hk_time now, size_t max, size_t *removed)
{
	size_t ignored;

	return store->ops->expire(store, now, max, removed ? removed : &ignored);
}

enum hk_err hk_keystore_stats(struct hk_keystore *store, struct hk_keystore_stats *out)
{
	*out = (struct hk_keystore_stats){0};
	return store->ops->stats(store, out);
}

bool hk_erp_keys_same(const struct hk_erp_keys *a, const struct hk_erp_keys *b)
{
	return a->len == b->len && hk_equal_secret(&a->rrk, &b->rrk, sizeof a->rrk) &&
	       hk_equal_secret(&a->rik2, &b->rik2, sizeof a->rik2);
}

void hk_keyset_wipe(struct hk_keyset *set)
{
	hk_wipe(&set->keys, sizeof set->keys);
	hk_wipe(&set->emsk, sizeof set->emsk);
}

/* ---- grants ---- */

enum hk_err hk_grants_add(struct hk_grants *grants, const struct hk_grant *grant, bool *again)
{
	for (size_t i = 0; i < grants->n; i++) {
		const struct hk_grant *g = &grants->list[i];

		if (memcmp(g->key, grant->key, sizeof g->key) != 0)
			continue;
		*again = memcmp(g->owner, grant->owner, sizeof g->owner) == 0;
		return *again ? HK_OK : HK_ERR_DENIED;
	}
	if (grants->n >= HK_GRANTS_MAX)
		return HK_ERR_LIMIT;
	grants->list[grants->n++] = *grant;
	*again = false;
	return HK_OK;
}

void hk_grants_inherit(struct hk_grants *grants, const struct hk_grants *before)
{
	struct hk_grants all = {.n = before->n};
	bool again;

	memcpy(all.list, before->list, before->n * sizeof all.list[0]);
	for (size_t i = 0; i < grants->n; i++)
		hk_grants_add(&all, &grants->list[i], &again);
	grants->n = all.n;
	memcpy(grants->list, all.list, all.n * sizeof all.list[0]);
}
