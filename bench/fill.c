/* SPDX-License-Identifier: ISC */
/*
 * Fills an LMDB key store as hokeyd opens it, and writes the same key sets as a
 * file for `hokey bench --load`: millions of devices without a login.
 *
 *     bench-fill SETS STORE-DIRECTORY WRAP-KEY-FILE DEVICES-FILE MAX-BYTES
 */
#include "synthetic.h"

#include "hokeyd/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static hk_time now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (hk_time)t.tv_sec * HK_SECOND + (hk_time)t.tv_nsec / 1000000;
}

static void fill(struct hk_keystore *store, struct hk_devices *devices, uint64_t n)
{
	static struct hk_keyset set;
	hk_time now = now_ms();

	for (uint64_t i = 0; i < n; i++) {
		enum hk_err err;

		synthetic_keyset(&set, i, now);
		synthetic_device(&devices->device[i], i);
		err = hk_keystore_put(store, &set);
		if (err) {
			fprintf(stderr, "bench-fill: set %llu: %s\n", (unsigned long long)i,
				hk_strerror(err));
			exit(1);
		}
		if (i % 1000000 == 999999)
			fprintf(stderr, "bench-fill: %llu million\n",
				(unsigned long long)(i + 1) / 1000000);
	}
}

int main(int argc, char **argv)
{
	struct hk_store_config config = {.kind = HK_STORE_LMDB, .durability = HK_DURABLE_PROCESS};
	struct hk_config_error error;
	struct hk_keystore *store;
	struct hk_devices devices;
	const char *why;
	uint64_t n, dropped;

	if (argc != 6) {
		fputs("usage: bench-fill SETS STORE-DIRECTORY WRAP-KEY-FILE DEVICES-FILE "
		      "MAX-BYTES\n",
			stderr);
		return 2;
	}
	n = strtoull(argv[1], NULL, 10);
	config.path = argv[2];
	config.wrap_key_file = argv[3];
	config.max_bytes = strtoull(argv[5], NULL, 10);
	if (hk_store_open(&config, true, &store, &dropped, &error)) {
		fprintf(stderr, "bench-fill: %s\n", error.text);
		return 1;
	}
	if (!hk_devices_create(&devices, n, hk_text(SYNTHETIC_REALM), argv[4], &why)) {
		fprintf(stderr, "bench-fill: %s: %s\n", argv[4], why);
		return 1;
	}
	fill(store, &devices, n);
	hk_devices_close(&devices);
	hk_keystore_close(store);
	return 0;
}
