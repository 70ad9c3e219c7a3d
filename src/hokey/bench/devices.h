/* SPDX-License-Identifier: ISC */
/*
 * The devices a benchmark plays: their ERP keys and sequence numbers.
 *
 * They are one array, in memory or in a file that is mapped: then the counters
 * in the file move while they are used, and a later run goes on from there
 * without logging in again, also after an interruption. The file holds keys;
 * it is made with mode 0600 and for the machine that wrote it (its byte order).
 */
#ifndef HK_HOKEY_BENCH_DEVICES_H
#define HK_HOKEY_BENCH_DEVICES_H

#include <hokey/key.h>

#include <stdio.h>

#define HK_DEVICE_SEQ_END 65536u

struct hk_device {
	uint8_t  emsk_name[HK_EMSK_NAME_LEN];
	uint32_t next_seq;        /* 0 to HK_DEVICE_SEQ_END: used up */
	uint32_t has_keys;
	struct hk_erp_keys keys;
};

struct hk_devices {
	struct hk_device *device;
	uint64_t count;
	uint8_t  realm[HK_REALM_MAX_LEN];
	uint16_t realm_len;
	void    *map;             /* what `device` lies in */
	size_t   map_len;
	int      fd;              /* -1: in memory */
};

/*
 * count devices without keys. path NULL: in memory; else a new file, or one
 * that is overwritten. False: `error` says why in words.
 */
bool hk_devices_create(struct hk_devices *d, uint64_t count, struct hk_bytes realm,
	const char *path, const char **error);
/* Those of a file. One process at a time may use it. */
bool hk_devices_load(struct hk_devices *d, const char *path, const char **error);
/* Wipes keys that are in memory only. */
void hk_devices_close(struct hk_devices *d);

/* From the EMSK of a full authentication, which stays the caller's. */
enum hk_err hk_device_set_keys(struct hk_device *device, const struct hk_key *emsk, hk_time now);

#endif
