/* SPDX-License-Identifier: ISC */
/* Alive, zombie, dead, as operators of FreeRADIUS know them. */
#include <hokey/proxy.h>

const char *hk_liveness_name(enum hk_liveness l)
{
	return l == HK_ALIVE ? "alive" : l == HK_ZOMBIE ? "zombie" : "dead";
}

static bool become(struct hk_server_health *h, enum hk_liveness state, hk_time now)
{
	if (h->state == state)
		return false;
	h->state = state;
	h->since = now;
	h->answers = 0;
	h->probe_sent = 0;
	if (state == HK_ZOMBIE)
		h->next_probe = now;
	if (state == HK_ALIVE)
		h->timeouts = 0;
	return true;
}

bool hk_server_replied(
	struct hk_server_health *h, const struct hk_server_timers *t, bool to_probe, hk_time now)
{
	h->last_reply = now;
	h->timeouts = 0;
	if (to_probe)
		h->probe_sent = 0;
	if (h->state == HK_DEAD && t->probes) {
		/* Only probes come at a pace that says something. */
		if (!to_probe || ++h->answers < t->answers_to_alive)
			return false;
	}
	return become(h, HK_ALIVE, now);
}

bool hk_server_timed_out(
	struct hk_server_health *h, const struct hk_server_timers *t, hk_time sent, hk_time now)
{
	/* It answered others meanwhile. */
	if (h->last_reply >= sent)
		return false;
	if (h->state != HK_ALIVE || ++h->timeouts < t->response_timeouts)
		return false;
	return become(h, HK_ZOMBIE, now);
}

bool hk_server_refused(struct hk_server_health *h, hk_time now)
{
	return h->state == HK_ALIVE && become(h, HK_ZOMBIE, now);
}

static void check_probe(struct hk_server_health *h, const struct hk_server_timers *t, hk_time now)
{
	if (!h->probe_sent || now < h->probe_sent + t->check_timeout_ms)
		return;
	h->probe_sent = 0;
	h->answers = 0;
}

bool hk_server_tick(
	struct hk_server_health *h, const struct hk_server_timers *t, hk_time now, bool *probe)
{
	bool changed = false;

	*probe = false;
	if (h->state == HK_ALIVE)
		return false;
	check_probe(h, t, now);
	if (h->state == HK_ZOMBIE && now >= h->since + t->zombie_period_ms)
		changed = become(h, HK_DEAD, now);
	if (!t->probes)
		return h->state == HK_DEAD && now >= h->since + t->revive_interval_ms
			       ? become(h, HK_ALIVE, now)
			       : changed;
	if (now >= h->next_probe && !h->probe_sent) {
		*probe = true;
		h->probe_sent = now;
		h->next_probe = now + t->check_interval_ms;
	}
	return changed;
}
