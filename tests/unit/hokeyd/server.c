/* SPDX-License-Identifier: ISC */
/* The whole server on the loopback: sockets, reload, delay, control, end. */
#include "running.h"

#define LINE 65536

static const uint8_t nothing;
static const uint8_t identity[] = {2, 0, 0, 22, 1, 'u', 's', 'e', 'r', '@', 'h', 'o', 'm', 'e', '.',
	'e', 'x', 'a', 'm', 'p', 'l', 'e'};

static bool has_ipv6(void)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* ---- sockets ---- */

/* R2865-3-11 */
static void replies_come_from_the_address_asked(void **state)
{
	struct running *r = *state;

	running_listen(r, "0.0.0.0", r->port[0]);
	running_start(r);
	assert_true(answers(r, "127.0.0.1", r->port[0]));
	assert_true(answers(r, "127.0.0.2", r->port[0]));
	assert_true(answers(r, "127.9.8.7", r->port[0]));
}

static void one_address_only(void **state)
{
	struct running *r = *state;

	running_listen(r, "127.0.0.2", r->port[0]);
	running_start(r);
	assert_true(answers(r, "127.0.0.2", r->port[0]));
	assert_false(answers(r, "127.0.0.1", r->port[0]));
}

static void ipv6(void **state)
{
	struct running *r = *state;
	char text[256];

	if (!has_ipv6()) {
		print_message("cannot run here: no IPv6\n");
		skip();
	}
	/* both on one port: the IPv6 socket must not take IPv4 */
	snprintf(text, sizeof(text),
		"listen six { address = '::'\n port = %u }\n"
		"listen four { address = 0.0.0.0\n port = %u }",
		r->port[0], r->port[0]);
	running_configure(r, text);
	running_start(r);
	assert_true(answers(r, "::1", r->port[0]));
	assert_true(answers(r, "127.0.0.1", r->port[0]));
}

/* Two servers must not share a port, though SO_REUSEPORT would let them. */
static void port_in_use(void **state)
{
	struct running *r = *state;
	struct hk_config_error error;
	struct hk_server *second;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	assert_err(hk_server_new(running_load(r), r->log, &second, &error), HK_ERR_SYSTEM);
	assert_non_null(strstr(error.text, "127.0.0.1:"));
	assert_non_null(strstr(error.text, "in use"));
	assert_true(answers(r, "127.0.0.1", r->port[0]));
}

/* ---- reload ---- */

static void reload_moves_sockets(void **state)
{
	struct running *r = *state;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	assert_true(answers(r, "127.0.0.1", r->port[0]));
	running_listen(r, "127.0.0.1", r->port[1]);
	kill(getpid(), SIGHUP);
	for (int i = 0; i < 200 && !answers(r, "127.0.0.1", r->port[1]); i++)
		pause_ms(50);
	assert_true(answers(r, "127.0.0.1", r->port[1]));
	assert_false(answers(r, "127.0.0.1", r->port[0]));
}

/* Conversations go on, with the sockets and the duplicates they began with. */
static void reload_keeps_conversations(void **state)
{
	struct running *r = *state;
	uint8_t eap[sizeof(identity)], state_value[HK_STATE_LEN];
	char line[LINE];
	int fd;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	fd = connect_to("127.0.0.1", r->port[0]);
	assert_int_equal(ask(r, fd, HK_RADIUS_ACCESS_REQUEST, hk_bytes(&nothing, 0), HK_NO_BYTES),
		HK_RADIUS_ACCESS_CHALLENGE);
	memcpy(state_value, hk_radius_find(&r->got, HK_RADIUS_STATE).data, HK_STATE_LEN);
	memcpy(eap, identity, sizeof(eap));
	eap[1] = hk_radius_find(&r->got, HK_RADIUS_EAP_MESSAGE).data[1];

	command(r, "{\"command\":\"reload\"}\n", line, sizeof(line));
	assert_string_equal(line, "{\"ok\":true}\n");
	send_request(r, fd); /* the first one again */
	assert_int_equal(receive_reply(r, fd, 0), HK_RADIUS_ACCESS_CHALLENGE);
	assert_memory_equal(
		hk_radius_find(&r->got, HK_RADIUS_STATE).data, state_value, HK_STATE_LEN);
	assert_int_equal(ask(r, fd, HK_RADIUS_ACCESS_REQUEST, hk_bytes(eap, sizeof(eap)),
				 hk_bytes(state_value, HK_STATE_LEN)),
		HK_RADIUS_ACCESS_CHALLENGE);
	assert_int_equal(hk_radius_find(&r->got, HK_RADIUS_EAP_MESSAGE).data[4], HK_EAP_TYPE_TLS);
	close(fd);
}

static void bad_reload_changes_nothing(void **state)
{
	struct running *r = *state;
	char line[LINE];
	char *log;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	running_configure(r, "listen one { address = nonsense }");
	command(r, "{\"command\":\"reload\"}\n", line, sizeof(line));
	assert_non_null(strstr(line, "\"ok\":false"));
	assert_non_null(strstr(line, "hokeyd.conf:3:"));
	assert_true(answers(r, "127.0.0.1", r->port[0]));
	/* an address that is not ours to have: nothing of the new setup stays open */
	running_listen(r, "192.0.2.1", r->port[1]);
	command(r, "{\"command\":\"reload\"}\n", line, sizeof(line));
	assert_non_null(strstr(line, "192.0.2.1"));
	assert_true(answers(r, "127.0.0.1", r->port[0]));
	log = running_log(r);
	assert_non_null(strstr(log, "the old configuration stays"));
	free(log);
}

static void many_reloads(void **state)
{
	struct running *r = *state;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	for (int i = 0; i < 20; i++) {
		char line[LINE];

		running_listen(r, i % 2 ? "127.0.0.1" : "0.0.0.0", r->port[i % 3 == 0]);
		command(r, "{\"command\":\"reload\"}\n", line, sizeof(line));
		assert_string_equal(line, "{\"ok\":true}\n");
	}
	assert_true(answers(r, "127.0.0.1", r->port[0]));
}

/* ---- answers ---- */

/* R5080-2.1.1-03 */
static void authorize_only(void **state)
{
	struct running *r = *state;
	struct hk_buf b = hk_buf(r->request, sizeof(r->request));
	uint8_t random[16] = {1};
	int fd;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	fd = connect_to("127.0.0.1", r->port[0]);
	hk_radius_begin(&b, HK_RADIUS_ACCESS_REQUEST, 1);
	hk_radius_put(&b, HK_RADIUS_NAS_IDENTIFIER, hk_text("test"));
	hk_radius_put_u32(&b, HK_RADIUS_SERVICE_TYPE, 17);
	assert_ok(hk_radius_sign_request(&b, &r->secret, random));
	r->request_len = b.len;
	send_request(r, fd);
	assert_int_equal(receive_reply(r, fd, 0), HK_RADIUS_ACCESS_REJECT);
	close(fd);
}

/* Whatever stands in an EAP packet: a request that may be made gets one answer. */
/* R2865-4.1-02 */
static void one_answer_for_each_request(void **state)
{
	struct running *r = *state;
	const struct timeval moment = {0, 200000};
	unsigned answered = 0;
	int fd;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	fd = connect_to("127.0.0.1", r->port[0]);
	srandom(1);
	for (unsigned i = 0; i < 200; i++) {
		uint8_t eap[300], state_value[HK_STATE_LEN];
		size_t len = (size_t)random() % sizeof(eap);

		for (size_t j = 0; j < len; j++)
			eap[j] = (uint8_t)random();
		if (len > 4 && i % 4) { /* more than chance alone would give */
			eap[0] = (uint8_t)(1 + i % 6);
			hk_store_u16(eap + 2, (uint16_t)len);
			eap[4] = (uint8_t)(i % 3);
		}
		memset(state_value, (int)i, sizeof(state_value));
		make_request(r, HK_RADIUS_ACCESS_REQUEST, hk_bytes(eap, len),
			i % 5 ? HK_NO_BYTES : hk_bytes(state_value, sizeof(state_value)));
		send_request(r, fd);
	}
	while (answered < 200 && recv(fd, r->reply, sizeof(r->reply), 0) > 0)
		answered++;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
	while (recv(fd, r->reply, sizeof(r->reply), 0) > 0)
		answered++;
	assert_int_equal(answered, 200);
	close(fd);
}

/* ---- delayed answers ---- */

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void reject_waits_and_comes_once(void **state)
{
	struct running *r = *state;
	const struct timeval moment = {0, 400000};
	struct timespec start;
	int fd;

	running_listen(r, "0.0.0.0", r->port[0]);
	running_start(r);
	fd = connect_to("127.0.0.1", r->port[0]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	make_request(r, HK_RADIUS_ACCESS_REQUEST, HK_NO_BYTES, HK_NO_BYTES);
	send_request(r, fd);
	send_request(r, fd);
	assert_int_equal(receive_reply(r, fd, 0), HK_RADIUS_ACCESS_REJECT);
	assert_in_range(elapsed_ms(&start), 290, WAIT_S * 1000);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
	assert_int_equal(receive_reply(r, fd, 0), 0);
	/* Afterwards a repetition is answered at once. */
	send_request(r, fd);
	assert_int_equal(receive_reply(r, fd, 0), HK_RADIUS_ACCESS_REJECT);
	close(fd);
}

/* The end is orderly: what waits is said before the socket closes. */
static void stop_sends_what_waits(void **state)
{
	struct running *r = *state;
	char line[LINE] = "";
	int fd;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	assert_true(answers(r, "127.0.0.1", r->port[0]));
	fd = connect_to("127.0.0.1", r->port[0]);
	make_request(r, HK_RADIUS_ACCESS_REQUEST, HK_NO_BYTES, HK_NO_BYTES);
	send_request(r, fd);
	for (int i = 0; i < 1000 && !strstr(line, "\"packets\":2"); i++)
		command(r, "{\"command\":\"statistics\"}\n", line, sizeof(line));
	running_stop(r);
	assert_int_equal(receive_reply(r, fd, MSG_DONTWAIT), HK_RADIUS_ACCESS_REJECT);
	assert_int_equal(access(r->control, F_OK), -1);
	close(fd);
}

/* ---- control ---- */

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void control_takes_many_lines(void **state)
{
	struct running *r = *state;
	char line[LINE];
	int fd;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	fd = connect_control(r);
	send_text(fd, "{\"command\":\"ping\"}\n{\"comm");
	assert_true(read_line(fd, line, sizeof(line)));
	assert_non_null(strstr(line, "\"pid\":"));
	send_text(fd, "and\":\"nonsense\"}\nno json\n");
	assert_true(read_line(fd, line, sizeof(line)));
	assert_string_equal(line, "{\"ok\":false,\"error\":\"no such command\"}\n");
	assert_true(read_line(fd, line, sizeof(line)));
	assert_non_null(strstr(line, "\"ok\":false"));
	close(fd);
}

static void control_bounds_lines_and_clients(void **state)
{
	struct running *r = *state;
	char *line = malloc(2 * LINE);
	int fds[17];
	int fd;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	memset(line, ' ', 2 * LINE);
	fd = connect_control(r);
	for (size_t sent = 0; sent < 2 * LINE;) {
		ssize_t n = send(fd, line, 2 * LINE - sent, MSG_NOSIGNAL);

		if (n < 0)
			break;
		sent += (size_t)n;
	}
	assert_true(read_line(fd, line, LINE));
	assert_non_null(strstr(line, "too long"));
	assert_false(read_line(fd, line, LINE));
	close(fd);

	for (size_t i = 0; i < 17; i++)
		fds[i] = connect_control(r);
	/* The last is one too many: it is closed at once. */
	assert_false(read_line(fds[16], line, LINE));
	send_text(fds[0], "{\"command\":\"ping\"}\n");
	assert_true(read_line(fds[0], line, LINE));
	for (size_t i = 0; i < 17; i++)
		close(fds[i]);
	free(line);
}

static void control_file_mode(void **state)
{
	struct running *r = *state;
	struct hk_config_error error;
	struct hk_server *second;
	struct stat st;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	assert_int_equal(stat(r->control, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	/* Another one is refused as long as this one lives ... */
	running_listen(r, "127.0.0.1", r->port[1]);
	assert_err(hk_server_new(running_load(r), r->log, &second, &error), HK_ERR_EXISTS);
	assert_non_null(strstr(error.text, "control"));
	command(r, "{\"command\":\"ping\"}\n", error.text, sizeof(error.text));
	assert_non_null(strstr(error.text, "\"ok\":true"));
}

static void stale_control_socket_is_replaced(void **state)
{
	struct running *r = *state;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char line[LINE];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", r->control);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	command(r, "{\"command\":\"ping\"}\n", line, sizeof(line));
	assert_non_null(strstr(line, "\"ok\":true"));
}

static void statistics(void **state)
{
	struct running *r = *state;
	char line[LINE];
	char *log;

	running_listen(r, "127.0.0.1", r->port[0]);
	running_start(r);
	assert_true(answers(r, "127.0.0.1", r->port[0]));
	command(r, "{\"command\":\"statistics\"}\n", line, sizeof(line));
	assert_non_null(strstr(line, "\"status\":1"));
	assert_non_null(strstr(line, "\"packets\":1"));
	assert_non_null(strstr(line, "\"workers\":2"));
	kill(getpid(), SIGUSR1);
	log = running_log(r);
	for (int i = 0; i < 200 && !strstr(log, "statistics:"); i++) {
		free(log);
		pause_ms(50);
		log = running_log(r);
	}
	assert_non_null(strstr(log, "statistics:"));
	assert_non_null(strstr(log, " status=1"));
	free(log);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, running_setup, running_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(replies_come_from_the_address_asked),
		TEST(one_address_only),
		TEST(ipv6),
		TEST(port_in_use),
		TEST(reload_moves_sockets),
		TEST(reload_keeps_conversations),
		TEST(bad_reload_changes_nothing),
		TEST(many_reloads),
		TEST(authorize_only),
		TEST(one_answer_for_each_request),
		TEST(reject_waits_and_comes_once),
		TEST(stop_sends_what_waits),
		TEST(control_takes_many_lines),
		TEST(control_bounds_lines_and_clients),
		TEST(control_file_mode),
		TEST(stale_control_socket_is_replaced),
		TEST(statistics),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
