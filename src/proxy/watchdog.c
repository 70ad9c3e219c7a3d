/* SPDX-License-Identifier: ISC */
/* The watchdog of RFC 3539 section 3.4.1, with Status-Server (RFC 6613 section 2.6). */
#include <hokey/proxy.h>

#define INTERVAL_MIN  6000 /* section 3.4.1: Tw not below 6 s */
#define JITTER        2000
#define TRUST_ANSWERS 3

static void set_timer(struct hk_watchdog *w, hk_time now, uint16_t random)
{
	w->due = now + w->interval_ms - JITTER + (uint32_t)random * (2 * JITTER) / 65535;
}

static enum hk_watchdog_action send_one(struct hk_watchdog *w, hk_time now, uint16_t random)
{
	w->pending = true;
	set_timer(w, now, random);
	return HK_WATCHDOG_SEND;
}

enum hk_watchdog_action hk_watchdog_open(
	struct hk_watchdog *w, uint32_t interval_ms, bool again, hk_time now, uint16_t random)
{
	*w = (struct hk_watchdog){
		.state = again ? HK_WATCHDOG_REOPEN : HK_WATCHDOG_OKAY,
		.interval_ms = interval_ms < INTERVAL_MIN ? INTERVAL_MIN : interval_ms,
	};
	if (again)
		return send_one(w, now, random);
	set_timer(w, now, random);
	return HK_WATCHDOG_WAIT;
}

void hk_watchdog_received(struct hk_watchdog *w, bool answer, hk_time now, uint16_t random)
{
	if (answer)
		w->pending = false;
	switch (w->state) {
	case HK_WATCHDOG_REOPEN:
		if (!answer)
			return;
		if (w->answers < 0)
			w->answers = 0;
		if (++w->answers == TRUST_ANSWERS)
			w->state = HK_WATCHDOG_OKAY;
		return;
	case HK_WATCHDOG_OKAY:
	case HK_WATCHDOG_SUSPECT:
		w->state = HK_WATCHDOG_OKAY;
		set_timer(w, now, random);
		return;
	case HK_WATCHDOG_DOWN:
		return;
	}
}

static enum hk_watchdog_action due_in_reopen(struct hk_watchdog *w, hk_time now, uint16_t random)
{
	if (!w->pending)
		return send_one(w, now, random);
	if (w->answers < 0) {
		w->state = HK_WATCHDOG_DOWN;
		return HK_WATCHDOG_CLOSE;
	}
	w->answers = -1;
	set_timer(w, now, random);
	return HK_WATCHDOG_WAIT;
}

enum hk_watchdog_action hk_watchdog_due(struct hk_watchdog *w, hk_time now, uint16_t random)
{
	switch (w->state) {
	case HK_WATCHDOG_REOPEN:
		return due_in_reopen(w, now, random);
	case HK_WATCHDOG_OKAY:
		if (!w->pending)
			return send_one(w, now, random);
		w->state = HK_WATCHDOG_SUSPECT;
		set_timer(w, now, random);
		return HK_WATCHDOG_FAIL_OVER;
	case HK_WATCHDOG_SUSPECT:
		w->state = HK_WATCHDOG_DOWN;
		return HK_WATCHDOG_CLOSE;
	default:
		return HK_WATCHDOG_WAIT;
	}
}
