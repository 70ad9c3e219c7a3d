/* SPDX-License-Identifier: ISC */
/* Key transport keys: what they permit, and to whom. */
#include "keydist/wire.h"

#include "crypto/crypto.h"

static const uint8_t zeros[HK_KTK_LEN];

bool hk_keydist_domain_ok(struct hk_bytes domain)
{
	if (hk_domain_check(domain))
		return false;
	for (size_t i = 0; i < domain.len; i++)
		if (domain.data[i] >= 'A' && domain.data[i] <= 'Z')
			return false;
	return true;
}

bool hk_keydist_label_ok(uint8_t type, struct hk_bytes label)
{
	if (!hk_keydist_has_label(type))
		return label.len == 0;
	if (label.len == 0 || label.len > HK_KEYDIST_LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (label.data[i] < 0x20 || label.data[i] > 0x7e)
			return false;
	return true;
}

enum hk_err hk_ktk_check(const struct hk_ktk *ktk)
{
	if (memcmp(ktk->kek_id, zeros, HK_KEK_ID_LEN) == 0 ||
		hk_equal_secret(ktk->secret, zeros, HK_KTK_LEN) || ktk->owner.len == 0 ||
		ktk->not_before >= ktk->not_after)
		return HK_ERR_ARGUMENT;
	for (size_t i = 0; i < ktk->ndomains; i++)
		if (!hk_keydist_domain_ok(ktk->domains[i]))
			return HK_ERR_REALM;
	for (size_t i = 0; i < ktk->nlabels; i++)
		if (!hk_keydist_label_ok(HK_KEYDIST_USRK, ktk->labels[i]))
			return HK_ERR_LABEL;
	return HK_OK;
}

enum hk_err hk_kek_id_set(uint8_t kek_id[HK_KEK_ID_LEN], struct hk_bytes text)
{
	if (text.len == 0 || text.len > HK_KEK_ID_LEN)
		return HK_ERR_ARGUMENT;
	memset(kek_id, 0, HK_KEK_ID_LEN);
	memcpy(kek_id, text.data, text.len);
	return HK_OK;
}

const struct hk_ktk *hk_ktk_find(const struct hk_ktk *ktks, size_t n, const uint8_t *kek_id)
{
	/* all zero stands for a key of the TLS connection, which nobody has here */
	if (memcmp(kek_id, zeros, HK_KEK_ID_LEN) == 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (memcmp(ktks[i].kek_id, kek_id, HK_KEK_ID_LEN) == 0)
			return &ktks[i];
	return NULL;
}

bool hk_ktk_in_force(const struct hk_ktk *ktk, hk_time now)
{
	return ktk->not_before <= now && now < ktk->not_after;
}

bool hk_ktk_serves(const struct hk_ktk *ktk, struct hk_bytes realm)
{
	for (size_t i = 0; i < ktk->nrealms; i++)
		if (hk_bytes_equal(ktk->realms[i], hk_text("*")) ||
			hk_realm_equal(ktk->realms[i], realm))
			return true;
	return false;
}

bool hk_ktk_has_domain(const struct hk_ktk *ktk, struct hk_bytes domain)
{
	for (size_t i = 0; i < ktk->ndomains; i++)
		if (hk_bytes_equal(ktk->domains[i], domain))
			return true;
	return false;
}

const struct hk_ktk *hk_ktk_for_realm(const struct hk_ktk *ktks, size_t n, struct hk_bytes realm,
	struct hk_bytes domain, hk_time now)
{
	for (size_t i = 0; i < n; i++)
		if (hk_ktk_in_force(&ktks[i], now) && hk_ktk_serves(&ktks[i], realm) &&
			hk_ktk_has_domain(&ktks[i], domain))
			return &ktks[i];
	return NULL;
}
