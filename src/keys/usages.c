/* SPDX-License-Identifier: ISC */
#include "keys/object.h"

#include <stdlib.h>

#define LABEL_MAX 64

struct entry {
	struct hk_usage usage; /* its label points to the one here */
	char label[LABEL_MAX + 1];
	struct entry *next;
};

struct hk_usages {
	struct entry *first;
};

enum hk_err hk_usages_new(struct hk_usages **out)
{
	*out = calloc(1, sizeof **out);
	return *out ? HK_OK : HK_ERR_NO_MEMORY;
}

void hk_usages_free(struct hk_usages *u)
{
	if (!u)
		return;
	while (u->first) {
		struct entry *e = u->first;

		u->first = e->next;
		free(e);
	}
	free(u);
}

const struct hk_usage *hk_usages_find(const struct hk_usages *u, const char *label)
{
	for (const struct entry *e = u->first; e; e = e->next)
		if (strcmp(e->label, label) == 0)
			return &e->usage;
	return NULL;
}

/*
 * The rules of the USRK label registry (RFC 5295 section 8.1). The labels of
 * ERP itself hold blanks, so no usage can take them.
 */
static bool label_ok(const char *label)
{
	size_t n = strlen(label);
	const char *at = strchr(label, '@');

	if (n == 0 || n > LABEL_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (label[i] <= ' ' || label[i] > '~' || label[i] == ',')
			return false;
	if (at && (at == label || hk_domain_check(hk_text(at + 1)) != HK_OK))
		return false;
	return strcmp(label, "EMSK") != 0 && strcmp(label, HK_LABEL_DSRK) != 0;
}

enum hk_err hk_usages_add(struct hk_usages *u, const struct hk_usage *usage)
{
	struct entry *e;

	if (!usage->label || !label_ok(usage->label) || hk_usages_find(u, usage->label))
		return HK_ERR_LABEL;
	if (usage->key_len < HK_ROOT_KEY_MIN_LEN || usage->key_len > HK_KEY_MAX_LEN)
		return HK_ERR_ARGUMENT;
	e = calloc(1, sizeof *e);
	if (!e)
		return HK_ERR_NO_MEMORY;
	e->usage = *usage;
	memcpy(e->label, usage->label, strlen(usage->label));
	e->usage.label = e->label;
	e->next = u->first;
	u->first = e;
	return HK_OK;
}
