/* SPDX-License-Identifier: ISC */
/* Retransmission timers of a client over UDP (RFC 5080 section 2.2.1). */
#include <hokey/radius.h>

struct hk_radius_timers hk_radius_timers_default(void)
{
	return (struct hk_radius_timers){
		.irt_ms = 2000, .mrt_ms = 16000, .mrd_ms = 30000, .mrc = 5};
}

/* RAND * t, RAND between -0.1 and 0.1. */
static int64_t jitter(uint32_t t, uint16_t random)
{
	return (int64_t)t * ((int64_t)random - 32768) / 327680;
}

static uint32_t with_jitter(uint64_t t, uint32_t of, uint16_t random)
{
	uint64_t sum = (uint64_t)((int64_t)t + jitter(of, random));

	return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

/* To the end of the wait, or of all patience. */
static void wait_from(struct hk_radius_retransmit *r, const struct hk_radius_timers *t, hk_time now)
{
	r->next = now + r->rt_ms;
	if (t->mrd_ms && r->next > r->first + t->mrd_ms)
		r->next = r->first + t->mrd_ms;
}

void hk_radius_retransmit_start(struct hk_radius_retransmit *r, const struct hk_radius_timers *t,
	hk_time now, uint16_t random)
{
	r->first = now;
	r->sent = 1;
	r->rt_ms = with_jitter(t->irt_ms, t->irt_ms, random);
	wait_from(r, t, now);
}

bool hk_radius_retransmit_due(struct hk_radius_retransmit *r, const struct hk_radius_timers *t,
	hk_time now, uint16_t random)
{
	if (t->mrc && r->sent >= t->mrc)
		return false;
	if (t->mrd_ms && now >= r->first + t->mrd_ms)
		return false;
	r->rt_ms = with_jitter(2 * (uint64_t)r->rt_ms, r->rt_ms, random);
	if (t->mrt_ms && r->rt_ms > t->mrt_ms)
		r->rt_ms = with_jitter(t->mrt_ms, t->mrt_ms, random);
	r->sent++;
	wait_from(r, t, now);
	return true;
}
