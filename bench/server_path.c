/* SPDX-License-Identifier: ISC */
/*
 * The whole path of a re-authentication through hokeyd but for the sockets:
 * RADIUS door, hall, ER server, key store, and back, in batches as a worker
 * makes them.
 *
 *     bench-server-path SETS REQUESTS [BATCH [memory|process|batch|full DIRECTORY]]
 *
 * Devices take turns over all of the store. One JSON object: CPU time for each
 * re-authentication (median of five runs) and memory of each key set. Under
 * callgrind, --toggle-collect=serve_batch counts the path alone.
 */
#include "synthetic.h"

#include "hokey/bench/answer.h"
#include "hokey/bench/process.h"
#include "hokey/bench/request.h"
#include "hokeyd/radius_door.h"
#include "hokeyd/store.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RUNS   5
#define BATCH  HK_HOME_BATCH
#define CHUNK  (64 * BATCH) /* requests built at a time, outside of the measured time */
#define SECRET "bench secret 16!"

struct request {
	uint64_t device;
	uint16_t seq;
	uint16_t port;
	size_t len;
	uint8_t packet[HK_REAUTH_REQUEST_MAX];
};

struct path {
	struct hk_bench_options options;
	struct hk_bench_random random;
	struct hk_devices devices;
	uint64_t position, stride;

	struct hk_client_config client_config;
	struct hk_clients *clients;
	struct hk_er_policy erp;
	struct hk_home_policy policy;
	struct hk_bytes realm;
	struct hk_keystore *store;
	struct hk_home *home;
	struct hk_home_worker worker;
	struct hk_counters counters;
	struct hk_door door;
	uint16_t port[BATCH]; /* of the sender */
	uint8_t datagram[BATCH][HK_RADIUS_MAX_LEN];
	struct hk_door_request in[BATCH];
	struct hk_home_visit *visits[BATCH];
	uint8_t out[BATCH][HK_RADIUS_MAX_LEN];
	size_t out_len[BATCH];

	struct request requests[CHUNK];
};

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench-server-path: %s\n", what);
	exit(1);
}

static hk_time now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (hk_time)t.tv_sec * HK_SECOND + (hk_time)t.tv_nsec / 1000000;
}

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- the server ---- */

static void set_policy(struct path *p)
{
	p->realm = hk_text(SYNTHETIC_REALM);
	p->erp = (struct hk_er_policy){
		.suites = {HK_SUITE_HMAC_SHA256_128, HK_SUITE_HMAC_SHA256_256},
		.nsuites = 2,
		.window = 1,
		.repeat_window_ms = 5000,
		.send_lifetimes = true,
		.channel_binding = HK_CB_REPORT,
		.realms = &p->realm,
		.nrealms = 1,
		.failures_per_s = 5,
	};
	p->policy = (struct hk_home_policy){.erp = &p->erp};
}

static void open_door(struct path *p)
{
	static char name[] = "bench";

	p->client_config = (struct hk_client_config){
		.name = name,
		.network = {[10] = 0xff, [11] = 0xff, [12] = 127},
		.prefix = 104,
		.require_message_authenticator = HK_YES,
		.limit_proxy_state = HK_AUTO,
		.id = 1,
	};
	need(!hk_radius_secret_set(&p->client_config.secret, hk_text(SECRET)), "secret");
	need(!hk_clients_new(&p->client_config, 1, NULL, &p->clients), "clients");
	need(!hk_door_init(&p->door, &p->counters, 65536, 10000), "door");
	need(!hk_home_new(NULL, NULL, &p->home), "hall");
	hk_home_worker_init(&p->worker, p->home, p->store);
}

/* "memory", or the durability of an LMDB store in a directory. */
static void open_store(struct path *p, const char *kind, char *directory)
{
	static const char *const durabilities[] = {"full", "batch", "process"};
	struct hk_store_config config = {.kind = HK_STORE_MEMORY};
	struct hk_config_error error;
	uint64_t dropped;
	char wrap_key[512];

	for (int i = 0; i < 3; i++) {
		if (strcmp(kind, durabilities[i]) != 0)
			continue;
		need(directory != NULL, "an LMDB store needs a directory");
		snprintf(wrap_key, sizeof wrap_key, "%s.key", directory);
		config = (struct hk_store_config){.kind = HK_STORE_LMDB,
			.path = directory,
			.wrap_key_file = wrap_key,
			.max_bytes = (uint64_t)64 << 30,
			.durability = (enum hk_durability)i};
	}
	if (hk_store_open(&config, true, &p->store, &dropped, &error))
		need(false, error.text);
}

static void fill_store(struct path *p, uint64_t sets, bool is_there)
{
	static struct hk_keyset set;
	hk_time now = now_ms();

	for (uint64_t i = 0; i < sets; i++) {
		synthetic_device(&p->devices.device[i], i);
		if (is_there)
			continue;
		synthetic_keyset(&set, i, now);
		need(!hk_keystore_put(p->store, &set), "put");
	}
}

/* What a worker does with one batch of datagrams. */
__attribute__((noinline)) static void serve_batch(struct path *p, size_t n, hk_time now)
{
	struct hk_radius_source source = {
		.address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
	size_t visits = 0;

	for (size_t i = 0; i < n; i++) {
		struct hk_buf out = hk_buf(p->out[i], sizeof p->out[i]);
		struct hk_door_request *r = &p->in[i];

		source.port = p->port[i];
		p->out_len[i] = 0;
		if (hk_door_receive(&p->door, p->clients, &source,
			    hk_bytes(p->datagram[i], hk_load_u16(p->datagram[i] + 2)), now, r,
			    &out) != HK_DOOR_VISIT)
			continue;
		hk_home_receive(&p->worker, &p->policy, &r->visit, now);
		p->visits[visits++] = &r->visit;
	}
	hk_home_commit(&p->worker, &p->policy, p->visits, visits, now);
	for (size_t i = 0; i < visits; i++) {
		struct hk_buf out = hk_buf(p->out[i], sizeof p->out[i]);

		if (hk_door_encode(&p->door, &p->in[i], now, &out) == HK_DOOR_REPLY)
			p->out_len[i] = out.len;
		hk_home_done(&p->worker, &p->in[i].visit);
	}
	hk_keystore_release(p->store);
	hk_keystore_sync(p->store);
	for (size_t i = 0; i < visits; i++)
		hk_door_settle(&p->door, p->in[i].entry, hk_bytes(p->out[i], p->out_len[i]), now);
}

/* ---- the load ---- */

static void choose_stride(struct path *p)
{
	p->stride = (uint64_t)((double)p->devices.count * 0.6180339887) | 1;
	/* Divides a power of ten or one with 2 or 5 only when it is 1 or ends with 5. */
	if (p->stride % 5 == 0)
		p->stride += 2;
}

static void build_requests(struct path *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct request *q = &p->requests[i];
		struct hk_buf out = hk_buf(q->packet, sizeof q->packet);
		struct hk_device *d = &p->devices.device[p->position];

		q->port = (uint16_t)(10000 + i / 256); /* an Identifier has 8 bits */
		q->device = p->position;
		q->seq = (uint16_t)d->next_seq++;
		p->position = (p->position + p->stride) % p->devices.count;
		need(!hk_bench_write_reauth(&p->options, &p->random, &p->devices, q->device, q->seq,
			     q->seq % 2, (uint8_t)i, &out),
			"request");
		q->len = out.len;
	}
}

/* All answers of a batch are looked at, outside of the measured time. */
static void check_batch(const struct path *p, const struct request *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		need(hk_bench_classify(hk_bytes(p->out[i], p->out_len[i])) == HK_BENCH_ACCEPTED &&
				hk_bench_check_accept(&p->options,
					hk_bytes(p->out[i], p->out_len[i]), q[i].packet + 4,
					&p->devices.device[q[i].device], q[i].seq),
			"an answer is wrong");
}

static double run(struct path *p, uint64_t requests, size_t batch)
{
	double us = 0;
	uint64_t done = 0;

	while (done < requests) {
		size_t n = requests - done < CHUNK ? (size_t)(requests - done) : CHUNK;

		build_requests(p, n);
		for (size_t i = 0; i < n; i += batch) {
			size_t m = n - i < batch ? n - i : batch;
			double start;
			hk_time now = now_ms();

			for (size_t j = 0; j < m; j++) {
				const struct request *q = &p->requests[i + j];

				memcpy(p->datagram[j], q->packet, q->len);
				p->port[j] = q->port;
			}
			start = cpu_us();
			serve_batch(p, m, now);
			us += cpu_us() - start;
			check_batch(p, &p->requests[i], m);
		}
		done += n;
	}
	return us / (double)requests;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	uint64_t sets = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t requests = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	size_t batch = argc > 3 ? strtoull(argv[3], NULL, 10) : BATCH;
	const char *kind = argc > 4 ? argv[4] : "memory", *error;
	struct path *p = calloc(1, sizeof *p);
	struct hk_process_usage before, after;
	struct hk_keystore_stats stats;
	double us[RUNS];

	if (!sets || !requests || !batch || batch > BATCH) {
		fputs("usage: bench-server-path SETS REQUESTS [BATCH "
		      "[memory|process|batch|full DIRECTORY]]\n",
			stderr);
		return 2;
	}
	need(p != NULL, "memory");
	p->options.nas_count = 2;
	need(!hk_radius_secret_set(&p->options.secret, hk_text(SECRET)), "secret");
	hk_bench_random_init(&p->random);
	need(hk_devices_create(&p->devices, sets, hk_text(SYNTHETIC_REALM), NULL, &error),
		"devices");
	choose_stride(p);
	set_policy(p);
	open_store(p, kind, argc > 5 ? argv[5] : NULL);
	open_door(p);
	fill_store(p, sets, true); /* touches the devices, so that they do not count */
	hk_process_usage(getpid(), &before);
	need(!hk_keystore_stats(p->store, &stats), "stats");
	fill_store(p, sets, stats.sets >= sets);
	hk_process_usage(getpid(), &after);
	need(!hk_keystore_stats(p->store, &stats), "stats");
	for (unsigned i = 0; i < RUNS; i++)
		us[i] = run(p, requests / RUNS, batch);
	qsort(us, RUNS, sizeof *us, compare);
	printf("{\"sets\":%llu,\"batch\":%zu,\"cpu_us\":%.4f,\"store_octets_per_set\":%.1f,"
	       "\"anonymous_octets_per_set\":%.1f}\n",
		(unsigned long long)sets, batch, us[RUNS / 2], (double)stats.bytes / (double)sets,
		((double)after.anonymous - (double)before.anonymous) / (double)sets);
	hk_door_free(&p->door);
	hk_home_free(p->home);
	hk_clients_free(p->clients);
	hk_keystore_close(p->store);
	hk_devices_close(&p->devices);
	free(p);
	return 0;
}
