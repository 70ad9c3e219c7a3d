/* SPDX-License-Identifier: ISC */
/* A hokeyd in a thread of the test, on the loopback, and sockets to it. */
#ifndef HK_TESTS_HOKEYD_RUNNING_H
#define HK_TESTS_HOKEYD_RUNNING_H

#include "temp.h"
#include "test.h"

#include "hokeyd/clock.h"
#include "hokeyd/log.h"
#include "hokeyd/quick.h"
#include "hokeyd/server.h"

#include <hokey/eap.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SECRET "testing123testing123"

#define WAIT_S 20 /* for what must come: machines may be slow */

struct running {
	char *directory;
	char *conf;       /* path */
	char *control;    /* path */
	uint16_t port[2]; /* free ones */
	struct hk_log *log;
	struct hk_server *server;
	pthread_t thread;
	bool alive;
	enum hk_err result;
	struct hk_radius_secret secret;
	uint8_t next; /* Identifier */

	/* the last exchange */
	uint8_t request[HK_RADIUS_MAX_LEN];
	size_t request_len;
	uint8_t reply[HK_RADIUS_MAX_LEN];
	struct hk_radius got;
};

static inline uint16_t free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

/* listens: blocks of their own. */
static inline void running_configure(struct running *r, const char *listens)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"control = control\nworkers = 2\n%s\n"
		"client loopback { address = 127.0.0.0/8\n secret = '" SECRET "'\n"
		" reject-delay = 300ms }\n"
		"client six { address = ::1\n secret = '" SECRET "' }\n"
		"eap { ca = ca.pem\n certificate = server.pem\n key = server.key }\n"
		"erp { realms = { home.example } }\n"
		"store { type = memory }\n",
		listens);
	free(temp_file(r->directory, "hokeyd.conf", text, 0600));
}

static inline void running_listen(struct running *r, const char *address, uint16_t port)
{
	char text[128];

	snprintf(text, sizeof(text), "listen one { address = '%s'\n port = %u }", address, port);
	running_configure(r, text);
}

static inline struct hk_config *running_load(struct running *r)
{
	struct hk_config_error error;
	struct hk_config *config;

	if (hk_config_load(r->conf, &config, &error))
		fail_msg("%s", error.text);
	return config;
}

static inline void *running_run(void *arg)
{
	struct running *r = arg;

	r->result = hk_server_run(r->server);
	return NULL;
}

static inline void running_start(struct running *r)
{
	struct hk_config_error error;

	if (hk_server_new(running_load(r), r->log, &r->server, &error))
		fail_msg("%s", error.text);
	assert_int_equal(pthread_create(&r->thread, NULL, running_run, r), 0);
	r->alive = true;
}

static inline void running_stop(struct running *r)
{
	if (!r->alive)
		return;
	kill(getpid(), SIGTERM);
	pthread_join(r->thread, NULL);
	hk_server_free(r->server);
	r->server = NULL;
	r->alive = false;
	assert_ok(r->result);
}

static inline int running_setup(void **state)
{
	struct running *r = calloc(1, sizeof(*r));
	struct hk_quick_options quick = {0};
	struct hk_config_error error;
	struct hk_config *config;
	char *log;

	hk_clock_start();
	if (temp_setup((void **)&r->directory))
		return -1;
	quick.state = r->directory;
	if (hk_quick_start(&quick, &config, &error))
		fail_msg("%s", error.text);
	hk_config_free(config);
	r->conf = temp_path(r->directory, "hokeyd.conf");
	r->control = temp_path(r->directory, "control");
	log = temp_path(r->directory, "log");
	assert_ok(hk_log_open(log, HK_LOG_DEBUG, &r->log));
	free(log);
	r->port[0] = free_port();
	r->port[1] = free_port();
	assert_ok(hk_radius_secret_set(&r->secret, hk_text(SECRET)));
	*state = r;
	return 0;
}

static inline int running_teardown(void **state)
{
	struct running *r = *state;

	running_stop(r);
	hk_log_close(r->log);
	free(r->conf);
	free(r->control);
	temp_teardown((void **)&r->directory);
	free(r);
	return 0;
}

/* What the log says; the caller frees it. */
static inline char *running_log(const struct running *r)
{
	char *path = temp_path(r->directory, "log");
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	fclose(f);
	free(path);
	return text;
}

/* ---- RADIUS ---- */

static inline void pause_ms(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* A socket connected to the address: replies from any other are not seen. */
static inline int connect_to(const char *address, uint16_t port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	const struct timeval wait = {WAIT_S, 0};
	int fd;

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&four, sizeof(four)), 0);
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
		fd = socket(AF_INET6, SOCK_DGRAM, 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&six, sizeof(six)), 0);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return fd;
}

/* eap data NULL: none; state likewise. */
static inline void make_request(
	struct running *r, uint8_t code, struct hk_bytes eap, struct hk_bytes state)
{
	struct hk_buf b = hk_buf(r->request, sizeof(r->request));
	uint8_t random[16];

	memset(random, ++r->next, sizeof(random));
	hk_radius_begin(&b, code, r->next);
	hk_radius_put(&b, HK_RADIUS_NAS_IDENTIFIER, hk_text("test"));
	if (state.data)
		hk_radius_put(&b, HK_RADIUS_STATE, state);
	if (eap.data)
		hk_radius_put_eap(&b, eap);
	assert_ok(hk_radius_sign_request(&b, &r->secret, random));
	r->request_len = b.len;
}

static inline void send_request(struct running *r, int fd)
{
	assert_int_equal(send(fd, r->request, r->request_len, 0), (ssize_t)r->request_len);
}

/* Waits for a reply: its code, or 0 when there is none (in WAIT_S, or at once). */
static inline uint8_t receive_reply(struct running *r, int fd, int flags)
{
	ssize_t n = recv(fd, r->reply, sizeof(r->reply), flags);

	if (n < 0)
		return 0;
	assert_ok(hk_radius_parse(hk_bytes(r->reply, (size_t)n), &r->got));
	assert_ok(hk_radius_check_message_authenticator(&r->got, &r->secret, r->request + 4));
	assert_ok(hk_radius_check_response_authenticator(&r->got, &r->secret, r->request + 4));
	return r->got.code;
}

static inline uint8_t ask(
	struct running *r, int fd, uint8_t code, struct hk_bytes eap, struct hk_bytes state)
{
	make_request(r, code, eap, state);
	send_request(r, fd);
	return receive_reply(r, fd, 0);
}

/* Is somebody there? Where nobody is, the system says so at once. */
static inline bool answers(struct running *r, const char *address, uint16_t port)
{
	int fd = connect_to(address, port);
	bool ok;

	make_request(r, HK_RADIUS_STATUS_SERVER, HK_NO_BYTES, HK_NO_BYTES);
	ok = send(fd, r->request, r->request_len, 0) > 0 &&
	     receive_reply(r, fd, 0) == HK_RADIUS_ACCESS_ACCEPT;
	close(fd);
	return ok;
}

/* ---- control ---- */

static inline int connect_control(const struct running *r)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const struct timeval wait = {WAIT_S, 0};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", r->control);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return fd;
}

/* One line; false at the end of the stream. */
static inline bool read_line(int fd, char *line, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && recv(fd, line + n, 1, 0) == 1) {
		if (line[n++] == '\n') {
			line[n] = 0;
			return true;
		}
	}
	line[n] = 0;
	return false;
}

static inline void command(const struct running *r, const char *request, char *line, size_t size)
{
	int fd = connect_control(r);

	assert_true(fd >= 0);
	assert_true(send(fd, request, strlen(request), 0) > 0);
	assert_true(read_line(fd, line, size));
	close(fd);
}

#endif
