/* SPDX-License-Identifier: ISC */
/* The Access-Requests of a benchmark, as an access point would write them. */
#ifndef HK_HOKEY_BENCH_REQUEST_H
#define HK_HOKEY_BENCH_REQUEST_H

#include "hokey/bench/devices.h"
#include "hokey/bench/options.h"

#define HK_REAUTH_REQUEST_MAX 1024

/*
 * Not for secrets: Request Authenticators that are only different from each other, as
 * nobody is to be kept from guessing them.
 */
struct hk_bench_random {
	uint64_t state;
};

void hk_bench_random_init(struct hk_bench_random *r);
uint64_t hk_bench_random_next(struct hk_bench_random *r);

/* An Access-Request with an EAP packet, from access point number `nas`. */
enum hk_err hk_bench_write_request(const struct hk_bench_options *o, struct hk_bench_random *random,
	struct hk_bytes user_name, struct hk_bytes eap, struct hk_bytes state, uint64_t device,
	uint32_t nas, uint8_t identifier, struct hk_buf *out);

/* EAP-Initiate/Re-auth of a device in an Access-Request. */
enum hk_err hk_bench_write_reauth(const struct hk_bench_options *o, struct hk_bench_random *random,
	const struct hk_devices *devices, uint64_t device, uint16_t seq, uint32_t nas,
	uint8_t identifier, struct hk_buf *out);

/* Gives a finished request another Identifier and Request Authenticator. */
enum hk_err hk_bench_renumber_request(const struct hk_bench_options *o,
	struct hk_bench_random *random, uint8_t identifier, uint8_t *packet, size_t len);

/* Name that access point number `nas` gives itself. */
void hk_bench_nas_identifier(uint32_t nas, char text[32]);

#endif
