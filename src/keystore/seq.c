/* SPDX-License-Identifier: ISC */
/* The decision on a sequence number (RFC 6696 sections 5.2 and 5.4). */
#include "keystore/store.h"

#define USED_UP 65536u

static unsigned window_size(uint8_t window)
{
	return window > HK_SEQ_WINDOW_MAX ? HK_SEQ_WINDOW_MAX : window;
}

bool hk_seq_acceptable(const struct hk_seq_state *state, uint16_t seq, uint8_t window)
{
	unsigned behind;

	/* Once 65535 was accepted only a new rRK helps, also within a window. */
	if (state->expected >= USED_UP)
		return false;
	if (seq >= state->expected)
		return true;
	behind = state->expected - 1 - seq;
	return window > 1 && behind < window_size(window) && !(state->window >> behind & 1);
}

/* The exchange accepted last, with the same octets from the same place. */
static bool is_repetition(const struct hk_seq_state *state, const struct hk_advance *v)
{
	return state->last_time != 0 && v->seq == state->last_seq && v->now >= state->last_time &&
	       v->now - state->last_time < v->repeat_window_ms &&
	       memcmp(v->tag, state->last_tag, sizeof v->tag) == 0;
}

static void mark(struct hk_seq_state *state, uint16_t seq)
{
	uint32_t jump;

	if (seq < state->expected) {
		state->window |= (uint64_t)1 << (state->expected - 1 - seq);
		return;
	}
	jump = seq + 1u - state->expected;
	state->window = (jump < HK_SEQ_WINDOW_MAX ? state->window << jump : 0) | 1;
	state->expected = seq + 1u;
}

enum hk_freshness hk_seq_advance(struct hk_seq_state *state, const struct hk_advance *v)
{
	if (!hk_seq_acceptable(state, v->seq, v->window))
		return is_repetition(state, v) ? HK_SEQ_REPEATED : HK_SEQ_STALE;
	mark(state, v->seq);
	state->last_seq = v->seq;
	state->last_time = v->now;
	memcpy(state->last_tag, v->tag, sizeof state->last_tag);
	return HK_SEQ_FRESH;
}

void hk_advance_decide(struct hk_seq_state *state, hk_time expires, struct hk_advance *v)
{
	v->freshness = HK_SEQ_STALE;
	v->accepted_at = 0;
	v->err = hk_keyset_ended(expires, v->now) ? HK_ERR_EXPIRED : HK_OK;
	if (v->err)
		return;
	v->freshness = hk_seq_advance(state, v);
	if (v->freshness != HK_SEQ_STALE)
		v->accepted_at = state->last_time;
}

void hk_advance_fail(struct hk_advance *v, size_t n, enum hk_err err)
{
	for (size_t i = 0; i < n; i++) {
		v[i].err = err;
		v[i].freshness = HK_SEQ_STALE;
		v[i].accepted_at = 0;
	}
}
