/* SPDX-License-Identifier: ISC */
/*
 * The floor, first half: the hashes of one re-authentication at a RADIUS
 * server and nothing else, with all HMAC key states kept. What is hashed has
 * the length it has in a real exchange.
 *
 *     bench-floor-crypto [ROUNDS]
 *
 * One JSON object: microseconds of CPU for each, medians of five.
 */
#include "crypto/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS        5
#define INITIATE    56  /* EAP-Initiate up to its tag; NAI of 29 octets */
#define FINISH      56  /* EAP-Finish up to its tag, without lifetimes */
#define RMSK_INPUT  50  /* label, NUL, SEQ, length */
#define REQUEST     205 /* the Access-Request of hokey bench */
#define ANSWER      211 /* the Access-Accept */
#define SECRET      16
#define MPPE_BLOCKS 6 /* two keys of 32 octets with length and padding */

static uint8_t octets[512];

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void hmac_sha256(const struct hk_hmac_key *key, size_t len)
{
	struct hk_bytes part = hk_bytes(octets, len);
	uint8_t mac[HK_SHA256_LEN];

	hk_hmac_sha256(key, &part, 1, mac);
	octets[0] ^= mac[0];
}

static void hmac_md5(const struct hk_md5_key *key, size_t len)
{
	struct hk_bytes part = hk_bytes(octets, len);
	uint8_t mac[HK_MD5_LEN];

	hk_hmac_md5(key, &part, 1, mac);
	octets[0] ^= mac[0];
}

static void md5(size_t len)
{
	struct hk_bytes part = hk_bytes(octets, len);
	uint8_t hash[HK_MD5_LEN];

	hk_md5(&part, 1, hash);
	octets[0] ^= hash[0];
}

static void sha256_part(const struct hk_hmac_key *rik, const struct hk_hmac_key *rrk)
{
	uint8_t rmsk[64];

	hmac_sha256(rik, INITIATE);
	hk_prfplus(rrk, hk_bytes(octets, RMSK_INPUT), rmsk, sizeof rmsk);
	hmac_sha256(rik, FINISH);
	octets[1] ^= rmsk[0];
}

static void md5_part(const struct hk_md5_key *secret)
{
	hmac_md5(secret, REQUEST);
	for (unsigned i = 0; i < MPPE_BLOCKS; i++)
		md5(SECRET + 16 + (i % 3 ? 0 : 2));
	hmac_md5(secret, ANSWER);
	md5(ANSWER + SECRET);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *runs)
{
	qsort(runs, RUNS, sizeof *runs, compare);
	return runs[RUNS / 2];
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200000;
	struct hk_hmac_key rik, rrk;
	struct hk_md5_key secret;
	double sha[RUNS], md[RUNS];

	hk_hmac_key_init(&rik, hk_bytes(octets, 64));
	hk_hmac_key_init(&rrk, hk_bytes(octets, 64));
	hk_md5_key_init(&secret, hk_bytes(octets, SECRET));
	for (unsigned run = 0; run < RUNS; run++) {
		double start = cpu_us(), middle;

		for (unsigned i = 0; i < rounds; i++)
			sha256_part(&rik, &rrk);
		middle = cpu_us();
		for (unsigned i = 0; i < rounds; i++)
			md5_part(&secret);
		sha[run] = (middle - start) / rounds;
		md[run] = (cpu_us() - middle) / rounds;
	}
	printf("{\"sha256_us\":%.4f,\"md5_us\":%.4f,\"crypto_us\":%.4f}\n", median(sha), median(md),
		median(sha) + median(md));
	return 0;
}
