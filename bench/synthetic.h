/* SPDX-License-Identifier: ISC */
/*
 * Key sets without logins: set number i is always the same, in a store and in a
 * file of devices. Its keys are what a random rRK would give, as any 256 bits
 * are a state that SHA-256 can be in.
 */
#ifndef HK_BENCH_SYNTHETIC_H
#define HK_BENCH_SYNTHETIC_H

#include "hokey/bench/devices.h"

#include <hokey/keystore.h>

#define SYNTHETIC_REALM "home.example"

/* A user each, with a VLAN; valid for a day from now. Arrays beyond their length stay as they are. */
void synthetic_keyset(struct hk_keyset *set, uint64_t i, hk_time now);
void synthetic_device(struct hk_device *device, uint64_t i);

#endif
