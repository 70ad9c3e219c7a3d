/* SPDX-License-Identifier: ISC */
#include "hokeyd/users.h"

#include "hokeyd/files.h"
#include "hokeyd/users_table.h"

#include <hokey/keystore.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Names are compared in this form: the realm in lower case. False when the
 * name is too long to be a User-Name.
 */
static bool normalise(struct hk_bytes name, char out[HK_USER_MAX_LEN])
{
	struct hk_bytes realm = hk_nai_realm(name);
	size_t user_len = name.len - realm.len;

	if (name.len == 0 || name.len > HK_USER_MAX_LEN)
		return false;
	memcpy(out, name.data, name.len);
	for (size_t i = user_len; i < name.len; i++)
		out[i] = (char)tolower((unsigned char)out[i]);
	return true;
}

/* FNV-1a; names come from the operator, so nobody can choose collisions. */
static uint32_t hash(const char *name, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	return h;
}

/* The slot of a name, or the empty one where it would be put. */
static size_t find_slot(const struct hk_users *users, const char *name, size_t len)
{
	size_t i = hash(name, len) & (users->nslots - 1);

	while (users->slots[i]) {
		const struct hk_users_entry *e = &users->entries[users->slots[i] - 1];

		if (e->name_len == len && memcmp(e->name, name, len) == 0)
			break;
		i = (i + 1) & (users->nslots - 1);
	}
	return i;
}

static const struct hk_users_entry *find(const struct hk_users *users, const char *name, size_t len)
{
	uint32_t number = users->slots[find_slot(users, name, len)];

	return number ? &users->entries[number - 1] : NULL;
}

static bool grow_slots(struct hk_users *users)
{
	size_t nslots = users->nslots ? users->nslots * 2 : 16;
	uint32_t *slots = calloc(nslots, sizeof(*slots));

	if (!slots)
		return false;
	free(users->slots);
	users->slots = slots;
	users->nslots = nslots;
	for (size_t i = 0; i < users->nentries; i++) {
		const struct hk_users_entry *e = &users->entries[i];

		slots[find_slot(users, e->name, e->name_len)] = (uint32_t)(i + 1);
	}
	return true;
}

static bool grow_entries(struct hk_users *users)
{
	size_t cap = users->cap ? users->cap * 2 : 16;
	struct hk_users_entry *entries = realloc(users->entries, cap * sizeof(*entries));

	if (!entries)
		return false;
	users->entries = entries;
	users->cap = cap;
	return true;
}

enum hk_err hk_users_add(
	struct hk_users *users, struct hk_bytes name, unsigned line, struct hk_users_entry **out)
{
	char normal[HK_USER_MAX_LEN];
	struct hk_users_entry *e;
	size_t slot;

	if (!normalise(name, normal))
		return HK_ERR_TOO_LONG;
	if (users->nentries * 2 >= users->nslots && !grow_slots(users))
		return HK_ERR_NO_MEMORY;
	if (users->nentries == users->cap && !grow_entries(users))
		return HK_ERR_NO_MEMORY;
	slot = find_slot(users, normal, name.len);
	if (users->slots[slot]) {
		*out = &users->entries[users->slots[slot] - 1];
		return HK_ERR_EXISTS;
	}
	e = &users->entries[users->nentries];
	*e = (struct hk_users_entry){.name_len = name.len, .line = line};
	e->name = malloc(name.len);
	if (!e->name)
		return HK_ERR_NO_MEMORY;
	memcpy(e->name, normal, name.len);
	users->slots[slot] = (uint32_t)++users->nentries;
	*out = e;
	return HK_OK;
}

void hk_users_free(struct hk_users *users)
{
	if (!users)
		return;
	for (size_t i = 0; i < users->nentries; i++) {
		free(users->entries[i].name);
		free(users->entries[i].attributes);
	}
	free(users->entries);
	free(users->slots);
	free(users);
}

size_t hk_users_count(const struct hk_users *users)
{
	return users->nentries;
}

enum hk_err hk_users_load(const char *path, struct hk_users **out, struct hk_users_error *error)
{
	char why[HK_FILE_REASON];
	struct hk_file file;
	enum hk_err err = hk_file_read(path, &file);

	if (err) {
		snprintf(error->text, sizeof(error->text), "%s: %s", path,
			hk_file_reason(err, why, sizeof(why)));
		return err;
	}
	if (strlen((char *)file.data) != file.len) {
		snprintf(error->text, sizeof(error->text), "%s: not a text file", path);
		err = HK_ERR_MALFORMED;
	} else {
		err = hk_users_parse(path, (char *)file.data, out, error);
	}
	hk_file_free(&file);
	return err;
}

/* ---- looking up ---- */

/* The entry for one Peer-Id: itself, or the pattern of its realm. */
static const struct hk_users_entry *find_peer(const struct hk_users *users, struct hk_bytes peer_id)
{
	char name[HK_USER_MAX_LEN];
	const struct hk_users_entry *e;
	size_t realm_len;

	if (!normalise(peer_id, name))
		return NULL;
	e = find(users, name, peer_id.len);
	realm_len = hk_nai_realm(peer_id).len;
	if (e || !realm_len || peer_id.len < realm_len + 2)
		return e;
	/* "*@realm", over the end of the user part */
	name[peer_id.len - realm_len - 2] = '*';
	return find(users, name + peer_id.len - realm_len - 2, realm_len + 2);
}

static enum hk_err answer(
	const struct hk_users_entry *e, struct hk_bytes peer_id, struct hk_user *out)
{
	*out = (struct hk_user){peer_id, HK_NO_BYTES};
	if (e)
		out->authorization = hk_bytes(e->attributes, e->attributes_len);
	return e && e->reject ? HK_ERR_DENIED : HK_OK;
}

/* The first name of the certificate that can be a User-Name. */
static bool first_name(const struct hk_peer_identity *who, struct hk_bytes *out)
{
	for (size_t i = 0; i < who->npeer_ids; i++) {
		*out = who->peer_ids[i];
		if (out->len > 0 && out->len <= HK_USER_MAX_LEN)
			return true;
	}
	return false;
}

enum hk_err hk_users_authorize(
	const struct hk_users *users, const struct hk_peer_identity *who, struct hk_user *out)
{
	const struct hk_users_entry *e;
	struct hk_bytes name;

	*out = (struct hk_user){0};
	if (!first_name(who, &name))
		return HK_ERR_NOT_FOUND;
	if (!users)
		return answer(NULL, name, out);
	for (size_t i = 0; users->nentries && i < who->npeer_ids; i++) {
		e = find_peer(users, who->peer_ids[i]);
		if (e)
			return answer(e, who->peer_ids[i], out);
	}
	if (!users->fallback)
		return HK_ERR_NOT_FOUND;
	return answer(&users->entries[users->fallback - 1], name, out);
}
