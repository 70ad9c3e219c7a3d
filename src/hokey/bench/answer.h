/* SPDX-License-Identifier: ISC */
/* Looks at what the server answers: all of it a little, some of it closely. */
#ifndef HK_HOKEY_BENCH_ANSWER_H
#define HK_HOKEY_BENCH_ANSWER_H

#include "hokey/bench/devices.h"
#include "hokey/bench/options.h"
#include "hokey/bench/stats.h"

/* What kind of answer to a re-authentication this is, by its form alone. */
enum hk_bench_count hk_bench_classify(struct hk_bytes datagram);

/* Of an Access-Accept that must carry these 64 octets as MS-MPPE keys. */
bool hk_bench_keys_match(const struct hk_radius *reply, const struct hk_radius_secret *secret,
	const uint8_t *request_authenticator, const uint8_t *key);

/*
 * Response Authenticator, Message-Authenticator, EAP-Finish with the right
 * Identifier, SEQ, name and tag, and MS-MPPE keys that are the device's rMSK.
 */
bool hk_bench_check_accept(const struct hk_bench_options *o, struct hk_bytes datagram,
	const uint8_t *request_authenticator, const struct hk_device *device, uint16_t seq);

/* The Response Authenticator alone. */
bool hk_bench_check_authenticator(const struct hk_bench_options *o, struct hk_bytes datagram,
	const uint8_t *request_authenticator);

#endif
