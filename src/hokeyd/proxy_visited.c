/* SPDX-License-Identifier: ISC */
/*
 * The local ER server among the proxy's exchanges: asks home servers for the
 * key of our domain with the logins of their devices, and stores it.
 */
#include "hokeyd/proxy_parts.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct hk_visited_policy *policy_of(const struct hk_exchange *x)
{
	return &x->epoch->setup->config->erp.visited;
}

enum hk_err hk_exchange_visit(struct hk_exchange *x)
{
	if (!policy_of(x)->domain.len || x->client->config->er_server)
		return HK_OK;
	x->visited = calloc(1, sizeof(*x->visited));
	return x->visited ? HK_OK : HK_ERR_NO_MEMORY;
}

/* joined: HK_EAP_MAX_LEN octets. */
static enum hk_err read_request(
	const struct hk_exchange *x, uint8_t *memory, struct hk_aaa_request *q)
{
	struct hk_buf joined = hk_buf(memory, HK_EAP_MAX_LEN);

	memset(q, 0, sizeof(*q));
	return hk_door_read(&x->request, x->client, &joined, q);
}

void hk_exchange_ask_key(struct hk_exchange *x, struct hk_buf *extra, hk_time now)
{
	bool secure = x->upstream->config->tls != NULL;
	uint8_t nonce[HK_KEYDIST_NONCE_LEN];
	uint8_t memory[HK_EAP_MAX_LEN];
	struct hk_aaa_request q;

	memset(x->visited, 0, sizeof(*x->visited));
	x->visited->reason = HK_ERR_NOT_FOUND;
	if (read_request(x, memory, &q) || !hk_proxy_random(x->proxy, nonce, sizeof(nonce)))
		return;
	if (hk_visited_receive(policy_of(x), &q, secure, nonce, now, x->visited) == HK_VISITED_ASK)
		hk_keydist_put_request(extra, policy_of(x)->vendor, &x->visited->asked);
	else if (x->visited->reason == HK_ERR_DENIED)
		hk_log_repeated(x->proxy->world.log, HK_LOG_WARNING, "key-transport",
			hk_text(x->upstream->config->name), now,
			"no key is asked for over UDP of home server %s (key-transport)",
			x->upstream->config->name);
}

void hk_exchange_ask_no_key(struct hk_exchange *x, hk_time now)
{
	x->visited->asked.domain_len = 0;
	hk_log_repeated(x->proxy->world.log, HK_LOG_INFO, "key-room", x->client->name, now,
		"no key is asked for with a request of client %s: it is too big for that",
		x->client->config->name);
}

bool hk_exchange_take_key(struct hk_exchange *x, const struct hk_radius *reply, hk_time now)
{
	struct hk_proxy *p = x->proxy;
	uint8_t memory[HK_EAP_MAX_LEN];
	struct hk_aaa_request q;
	struct hk_visited_outcome outcome;
	uint8_t allowed_memory[HK_RADIUS_MAX_LEN];
	struct hk_buf allowed = hk_buf(allowed_memory, sizeof(allowed_memory));
	char realm[HK_LOG_ESCAPED];

	if (x->visited->asked.domain_len == 0 || read_request(x, memory, &q))
		return false;
	/* What its replies may not say, its keys may not say later. */
	hk_filter_copy(&x->upstream->config->filter_replies, reply->attributes, &allowed);
	hk_visited_accept(policy_of(x), p->world.store, x->visited, &q, hk_buf_bytes(&allowed), now,
		&outcome);
	hk_keystore_release(p->world.store);
	hk_log_escape(x->realm, realm, sizeof(realm));
	if (outcome.reason == HK_OK) {
		hk_count(p->world.counters, HK_COUNT_KEYS_TAKEN);
		hk_log_write(p->world.log, HK_LOG_INFO,
			"key for our domain from home [%s], for %" PRIu32 " s", realm,
			hk_time_left_s(outcome.expires, now));
		return true;
	}
	hk_count(p->world.counters, HK_COUNT_KEYS_MISSED);
	hk_log_repeated(p->world.log,
		outcome.reason == HK_ERR_NOT_FOUND ? HK_LOG_INFO : HK_LOG_WARNING, "key", x->realm,
		now, "no key for our domain from home [%s]: %s%s%s", realm,
		hk_strerror(outcome.reason), outcome.error ? ", it says " : "",
		outcome.error ? hk_key_error_name(outcome.error) : "");
	return false;
}
