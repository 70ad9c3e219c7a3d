/* SPDX-License-Identifier: ISC */
/* Which requests are for others. */
#include "hokeyd/proxy_parts.h"

#include <hokey/eap.h>
#include <hokey/erp.h>

/*
 * Re-authentications go where the key is, whatever User-Name says: some access
 * points put the name of the first login there.
 */
static struct hk_bytes name_to_route(const struct hk_aaa_request *q)
{
	struct hk_erp_message m;
	enum hk_err err;

	if (q->eap.len == 0 || q->eap.data[0] != HK_EAP_INITIATE)
		return q->user_name;
	err = hk_erp_parse(q->eap, &m);
	if ((err && err != HK_ERR_SUITE) || !m.keyname_nai.len)
		return q->user_name;
	return m.keyname_nai;
}

enum hk_proxy_way hk_proxy_route(const struct hk_proxy *p, const struct hk_door_request *r,
	size_t *pool, struct hk_bytes *realm)
{
	const struct hk_routes *routes = p->epoch->setup->routes;
	struct hk_bytes name = name_to_route(&r->visit.request);
	const struct hk_route *route;

	if (!routes)
		return HK_WAY_HERE;
	hk_realm_form(name, realm);
	if (hk_routes_find(routes, name, &route))
		return HK_WAY_REFUSE;
	if (!route || route->target == HK_POOL_LOCAL)
		return HK_WAY_HERE;
	*pool = route->target;
	return HK_WAY_POOL;
}
