/* SPDX-License-Identifier: ISC */
/*
 * The floor, second half: what it costs to receive a datagram of the size of a
 * request and to send one of the size of an answer, in batches, with recvmmsg
 * and sendmmsg on loopback.
 *
 *     bench-floor-echo [DATAGRAMS]
 *
 * The other side is a process of its own. It puts a whole batch into the
 * socket before it says so through a pipe, so that the batches are as large
 * as they are said to be. The CPU time is that of the two calls alone. One JSON
 * object: microseconds per datagram for each size of batch, medians of five.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS      5
#define BATCH_MAX 64
#define REQUEST   205
#define ANSWER    211

static const unsigned batches[] = {1, 16, 32, 64};

#define NBATCHES (sizeof batches / sizeof *batches)

struct box {
	struct mmsghdr message[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	struct sockaddr_in peer[BATCH_MAX];
	uint8_t octets[BATCH_MAX][4096];
};

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench-floor-echo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void prepare(struct box *box, size_t len, bool with_peer)
{
	memset(box, 0, sizeof *box);
	for (unsigned i = 0; i < BATCH_MAX; i++) {
		box->iov[i] = (struct iovec){box->octets[i], len};
		box->message[i].msg_hdr = (struct msghdr){
			.msg_name = with_peer ? &box->peer[i] : NULL,
			.msg_namelen = with_peer ? sizeof box->peer[i] : 0,
			.msg_iov = &box->iov[i],
			.msg_iovlen = 1,
		};
	}
}

static void send_all(int fd, struct box *box, unsigned n)
{
	for (unsigned sent = 0; sent < n;) {
		int r = sendmmsg(fd, box->message + sent, n - sent, 0);

		need(r > 0, "sendmmsg");
		sent += (unsigned)r;
	}
}

static void receive_all(int fd, struct box *box, unsigned n)
{
	for (unsigned got = 0; got < n;) {
		int r = recvmmsg(fd, box->message + got, n - got, MSG_WAITFORONE, NULL);

		need(r > 0, "recvmmsg");
		got += (unsigned)r;
	}
}

/* The client: for each size that comes through `orders`, one batch there and back. */
static void play_client(const struct sockaddr_in *server, int orders, int ready)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct box *out = malloc(sizeof *out), *in = malloc(sizeof *in);
	uint8_t n;

	need(fd >= 0 && out && in, "client");
	need(connect(fd, (const struct sockaddr *)server, sizeof *server) == 0, "connect");
	prepare(out, REQUEST, false);
	prepare(in, sizeof in->octets[0], false);
	while (read(orders, &n, 1) == 1) {
		send_all(fd, out, n);
		need(write(ready, &n, 1) == 1, "write");
		receive_all(fd, in, n);
	}
	_exit(0);
}

static double measure(
	int fd, int orders, int ready, struct box *box, unsigned batch, unsigned total)
{
	double cpu = 0, start;
	unsigned done;
	uint8_t n = (uint8_t)batch;

	for (done = 0; done < total; done += batch) {
		need(write(orders, &n, 1) == 1 && read(ready, &n, 1) == 1, "pipe");
		for (unsigned i = 0; i < batch; i++) {
			box->iov[i].iov_len = sizeof box->octets[i];
			box->message[i].msg_hdr.msg_namelen = sizeof box->peer[i];
		}
		start = cpu_us();
		receive_all(fd, box, batch);
		cpu += cpu_us() - start;
		for (unsigned i = 0; i < batch; i++)
			box->iov[i].iov_len = ANSWER;
		start = cpu_us();
		send_all(fd, box, batch);
		cpu += cpu_us() - start;
	}
	return cpu / done;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	unsigned total = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	struct box *box = malloc(sizeof *box);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), orders[2], ready[2];
	pid_t client;

	need(box && fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0, "server");
	need(getsockname(fd, (struct sockaddr *)&at, &len) == 0, "getsockname");
	need(pipe(orders) == 0 && pipe(ready) == 0, "pipe");
	client = fork();
	need(client >= 0, "fork");
	if (client == 0) {
		close(orders[1]);
		play_client(&at, orders[0], ready[1]);
	}
	prepare(box, sizeof box->octets[0], true);
	putchar('{');
	for (size_t b = 0; b < NBATCHES; b++) {
		double runs[RUNS];

		for (unsigned run = 0; run < RUNS; run++)
			runs[run] = measure(fd, orders[1], ready[0], box, batches[b], total / RUNS);
		qsort(runs, RUNS, sizeof *runs, compare);
		printf("%s\"io_us_%u\":%.4f", b ? "," : "", batches[b], runs[RUNS / 2]);
	}
	puts("}");
	close(orders[1]);
	waitpid(client, NULL, 0);
	return 0;
}
