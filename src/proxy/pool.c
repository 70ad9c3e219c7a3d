/* SPDX-License-Identifier: ISC */
/* Which home server of a pool is asked. */
#include <hokey/proxy.h>

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

static bool is_candidate(const struct hk_pool_member *m, enum hk_liveness state)
{
	return !m->excluded && m->state == state;
}

static size_t first(const struct hk_pool_member *m, size_t n, enum hk_liveness state)
{
	for (size_t i = 0; i < n; i++) {
		if (is_candidate(&m[i], state))
			return i;
	}
	return n;
}

static size_t by_weight(
	const struct hk_pool_member *m, size_t n, enum hk_liveness state, uint64_t random)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += is_candidate(&m[i], state) ? m[i].weight : 0;
	if (sum == 0)
		return n;
	random %= sum;
	for (size_t i = 0; i < n; i++) {
		if (!is_candidate(&m[i], state))
			continue;
		if (random < m[i].weight)
			return i;
		random -= m[i].weight;
	}
	return n;
}

/*
 * Each member draws as many lots as it has weight; the highest wins. When a
 * server is lost only its own devices move.
 */
static size_t by_key(const struct hk_pool_member *m, size_t n, enum hk_liveness state, uint64_t key)
{
	uint64_t best = 0;
	size_t winner = n;

	for (size_t i = 0; i < n; i++) {
		if (!is_candidate(&m[i], state))
			continue;
		for (uint32_t lot = 0; lot < m[i].weight; lot++) {
			uint64_t h = mix(key ^ mix((uint64_t)m[i].id << 32 | lot));

			if (winner == n || h > best) {
				best = h;
				winner = i;
			}
		}
	}
	return winner;
}

static size_t longest_unused(const struct hk_pool_member *m, size_t n)
{
	size_t found = n;

	for (size_t i = 0; i < n; i++) {
		if (is_candidate(&m[i], HK_DEAD) &&
			(found == n || m[i].last_sent < m[found].last_sent))
			found = i;
	}
	return found;
}

static size_t choose_among(enum hk_pool_kind kind, const struct hk_pool_member *m, size_t n,
	enum hk_liveness state, uint64_t key, uint64_t random)
{
	switch (kind) {
	case HK_POOL_LOAD_BALANCE:
		return by_weight(m, n, state, random);
	case HK_POOL_KEYED:
		return by_key(m, n, state, key);
	default:
		return first(m, n, state);
	}
}

size_t hk_pool_choose(enum hk_pool_kind kind, const struct hk_pool_member *members, size_t n,
	uint64_t key, uint64_t random)
{
	size_t found = choose_among(kind, members, n, HK_ALIVE, key, random);

	if (found == n)
		found = choose_among(kind, members, n, HK_ZOMBIE, key, random);
	return found == n ? longest_unused(members, n) : found;
}

uint64_t hk_pool_key(const struct hk_radius *request)
{
	struct hk_bytes v = hk_radius_find(request, HK_RADIUS_CALLING_STATION_ID);
	uint64_t h = UINT64_C(14695981039346656037);

	if (!v.len)
		v = hk_radius_find(request, HK_RADIUS_USER_NAME);
	for (size_t i = 0; i < v.len; i++)
		h = (h ^ v.data[i]) * UINT64_C(1099511628211);
	return mix(h);
}
