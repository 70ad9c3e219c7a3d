/* SPDX-License-Identifier: ISC */
/*
 * One source port towards the server, with batched sending and receiving. The
 * Identifier of RADIUS has 8 bits, so a port carries at most 256 requests at a
 * time; more need more ports.
 */
#ifndef HK_HOKEY_BENCH_CHANNEL_H
#define HK_HOKEY_BENCH_CHANNEL_H

#include "hokey/bench/options.h"

#include <sys/socket.h>

#define HK_CHANNEL_BATCH 64

struct hk_channel {
	int      fd;
	unsigned queued;
	uint64_t refused;         /* ICMP errors: nobody listens */
	struct iovec   out_iov[HK_CHANNEL_BATCH];
	struct mmsghdr out[HK_CHANNEL_BATCH];
};

/* Where datagrams are received to; one for all channels of a thread. */
struct hk_channel_inbox {
	struct iovec   iov[HK_CHANNEL_BATCH];
	struct mmsghdr in[HK_CHANNEL_BATCH];
	uint8_t        octets[HK_CHANNEL_BATCH][HK_RADIUS_MAX_LEN];
};

bool hk_channel_open(struct hk_channel *c, const struct hk_bench_options *o);
void hk_channel_close(struct hk_channel *c);

void hk_channel_inbox_init(struct hk_channel_inbox *inbox);

static inline bool hk_channel_full(const struct hk_channel *c)
{
	return c->queued == HK_CHANNEL_BATCH;
}

/* The octets stay where they are until the channel was flushed. Not when it is full. */
void hk_channel_queue(struct hk_channel *c, struct hk_bytes packet);
/* Sends what is queued. What the kernel does not take is as good as lost. */
void hk_channel_flush(struct hk_channel *c);
/* Datagrams that are there now, at most HK_CHANNEL_BATCH; they lie in the inbox. */
unsigned hk_channel_receive(struct hk_channel *c, struct hk_channel_inbox *inbox);

static inline struct hk_bytes hk_channel_datagram(const struct hk_channel_inbox *inbox, unsigned i)
{
	return hk_bytes(inbox->octets[i], inbox->in[i].msg_len);
}

#endif
