/* SPDX-License-Identifier: ISC */
/* Identifiers of one socket: the one that was not in use for longest is next. */
#include <hokey/proxy.h>

void hk_identifiers_init(struct hk_identifiers *ids, bool keep_zero)
{
	memset(ids, 0, sizeof *ids);
	for (unsigned i = keep_zero; i < 256; i++)
		ids->queue[ids->nfree++] = (uint8_t)i;
}

bool hk_identifiers_take(struct hk_identifiers *ids, void *owner, uint8_t *out)
{
	if (!ids->nfree)
		return false;
	*out = ids->queue[ids->head++];
	ids->nfree--;
	ids->owner[*out] = owner;
	return true;
}

void hk_identifiers_release(struct hk_identifiers *ids, uint8_t identifier)
{
	if (!ids->owner[identifier])
		return;
	ids->owner[identifier] = NULL;
	ids->queue[(uint8_t)(ids->head + ids->nfree++)] = identifier;
}
