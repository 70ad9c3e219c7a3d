/* SPDX-License-Identifier: ISC */
/* Whose login it is that follows a re-authentication. */
#include "pairs.h"
#include "rlm_hokey.h"

#include <hokey/eap.h>
#include <hokey/key.h>

#define ATTRIBUTE    "HOKEY-Identity"
#define EAP_HEADER   5 /* with Type */
#define IDENTITY_MAX 253

bool hk_rlm_identity_bootstrap(struct hk_rlm *m)
{
	ATTR_FLAGS flags = {0};

	m->identity = dict_attrbyname(ATTRIBUTE);
	if (m->identity)
		return true;
	if (dict_addattr(ATTRIBUTE, -1, 0, PW_TYPE_STRING, flags) < 0)
		return false;
	m->identity = dict_attrbyname(ATTRIBUTE);
	return m->identity != NULL;
}

/* Of an EAP-Response/Identity; what stands behind a NUL is not part of it. */
static struct hk_bytes identity_in(struct hk_bytes eap)
{
	struct hk_bytes id = hk_bytes(eap.data + EAP_HEADER, eap.len - EAP_HEADER);
	const uint8_t *nul = memchr(id.data, 0, id.len);

	if (nul)
		id.len = (size_t)(nul - id.data);
	return id.len <= IDENTITY_MAX ? id : HK_NO_BYTES;
}

/* The later rounds do not have it; their State leads to it. */
static bool remember(const struct hk_rlm *m, REQUEST *request, struct hk_bytes identity)
{
	VALUE_PAIR *vp = fr_pair_afrom_da(request->state_ctx, m->identity);

	if (!vp)
		return false;
	fr_pair_value_bstrncpy(vp, identity.data, identity.len);
	fr_pair_replace(&request->state, vp);
	return true;
}

static struct hk_bytes remembered(const struct hk_rlm *m, REQUEST *request)
{
	VALUE_PAIR *vp = fr_pair_find_by_da(request->state, m->identity, TAG_ANY);

	return vp ? hk_bytes(vp->vp_strvalue, vp->vp_length) : HK_NO_BYTES;
}

static bool is_key_name(const VALUE_PAIR *name)
{
	struct hk_keyname_nai nai;

	return hk_keyname_nai_parse(hk_bytes(name->vp_strvalue, name->vp_length), &nai) == HK_OK;
}

rlm_rcode_t hk_rlm_restore_identity(struct hk_rlm *m, REQUEST *request)
{
	VALUE_PAIR *name = fr_pair_find_by_num(request->packet->vps, PW_USER_NAME, 0, TAG_ANY);
	struct hk_bytes eap = hk_pairs_find(request->packet->vps, PW_EAP_MESSAGE);
	struct hk_bytes identity;

	if (!name || eap.len <= EAP_HEADER || !is_key_name(name))
		return RLM_MODULE_NOOP;
	if (eap.data[EAP_HEADER - 1] == HK_EAP_TYPE_IDENTITY) {
		identity = identity_in(eap);
		if (!identity.len || !remember(m, request, identity))
			return RLM_MODULE_NOOP;
	} else {
		identity = remembered(m, request);
	}
	if (!identity.len)
		return RLM_MODULE_NOOP;
	hk_debug(request, "User-Name %s is that of a key; the device is %.*s", name->vp_strvalue,
		(int)identity.len, (const char *)identity.data);
	fr_pair_value_bstrncpy(name, identity.data, identity.len);
	return RLM_MODULE_UPDATED;
}
