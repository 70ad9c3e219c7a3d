/* SPDX-License-Identifier: ISC */
/* What the user asked `hokey bench` to do. */
#ifndef HK_HOKEY_BENCH_OPTIONS_H
#define HK_HOKEY_BENCH_OPTIONS_H

#include <hokey/key.h>
#include <hokey/radius.h>

#include <netinet/in.h>

enum hk_bench_mode {
	HK_BENCH_ERP,             /* re-authentications */
	HK_BENCH_FULL,            /* full EAP-TLS logins */
	HK_BENCH_RESUME,          /* EAP-TLS logins that resume a TLS session */
};

struct hk_bench_options {
	enum hk_bench_mode mode;
	const char *server_text;
	struct sockaddr_storage server;
	socklen_t server_len;
	struct hk_radius_secret secret;

	const char *ca, *certificate, *key; /* files, PEM */
	const char *identity;     /* one %d stands for the number of the device */
	const char *max_tls;      /* "1.2" or "1.3" */

	uint64_t devices;
	const char *load, *save;  /* files of devices */
	uint32_t login_concurrency;
	double   login_rate;      /* a second; 0: as fast as it goes */
	bool     resume_logins;   /* log devices in by resuming where that works */

	uint32_t concurrency;     /* outstanding at a time, over all threads */
	double   rate;            /* a second, open loop; 0: closed loop */
	uint64_t requests;        /* 0: until the time is over; without one, by the devices */
	double   duration_s;      /* 0: until the requests are done */
	uint32_t timeout_ms;
	uint32_t nas_count;       /* access points that devices move between */
	uint32_t sample;          /* every n-th answer is checked in full; 0: none */
	bool     check_authenticators; /* the Response Authenticator of every answer */
	bool     prebuild;
	unsigned threads;
	unsigned sockets;         /* per thread */

	int      pid;             /* of the server; 0: not watched */
	bool     json;
	const char *plot;
	bool     quiet;           /* no progress bar */
};

/* Fills in options. Exit status to end with at once, or -1 to go on. */
int hk_bench_options_parse(int argc, char **argv, struct hk_bench_options *o);

const char *hk_bench_mode_name(enum hk_bench_mode mode);

#endif
