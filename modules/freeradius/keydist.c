/* SPDX-License-Identifier: ISC */
/* Keys for other domains: by what way they are asked for, and what the log says. */
#include "rlm_hokey.h"

#include "hokeyd/clock.h"

#include <netinet/in.h>

bool hk_rlm_is_secure(const struct hk_rlm *m, const REQUEST *request)
{
	return request->packet->proto == IPPROTO_TCP && m->config.tcp_is_tls;
}

/* Anybody can ask in vain: the log hears of it once in a second. */
static bool may_tell(struct hk_rlm *m)
{
	hk_time now = hk_clock_now();
	hk_time told = m->refusal_told;

	return now - told >= HK_SECOND &&
	       atomic_compare_exchange_strong(&m->refusal_told, &told, now);
}

void hk_rlm_log_key(struct hk_rlm *m, REQUEST *request, const struct hk_home_event *event)
{
	int len = (int)event->key.domain.len;
	const char *domain = (const char *)event->key.domain.data;

	if (!event->key.asked)
		return;
	if (event->key.error == HK_KEY_GRANTED)
		radlog_request(L_INFO, L_DBG_LVL_OFF, request,
			"key for domain [%.*s] given to [%.*s]%s", len, domain,
			(int)event->key.owner.len, (const char *)event->key.owner.data,
			event->key.again ? ", again" : "");
	else if (may_tell(m))
		hk_warn(request, "no key for domain [%.*s]: %s (%s)", len, domain,
			hk_key_error_name(event->key.error), hk_strerror(event->key.reason));
}
