/* SPDX-License-Identifier: ISC */
/* Keys that are taken back, with the other server played by a socket of the test. */
#include "test.h"

#include "hokeyd/clock.h"
#include "hokeyd/disconnect.h"
#include "hokeyd/withdrawals.h"

#include <event2/event.h>

#include <arpa/inet.h>
#include <unistd.h>

#define AT_ONCE 255 /* Identifiers, but for the one of Status-Server */

static struct {
	int fd; /* of the other server */
	struct hk_home_server_config server;
	struct hk_bytes domain;
	struct hk_ktk ktk;
	size_t revoke_at;
	struct hk_config config;
	struct hk_setup setup;
	struct hk_counters counters;
	struct event_base *base;
	struct hk_keystore *store;
	struct hk_log *log;
	struct hk_withdrawals *withdrawals;
} t;

static void open_server(void)
{
	struct sockaddr_in *a = (struct sockaddr_in *)&t.server.address;
	const int size = 1 << 20;

	t.server.address_len = sizeof(*a);
	a->sin_family = AF_INET;
	a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t.fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(t.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	assert_int_equal(bind(t.fd, (struct sockaddr *)a, sizeof(*a)), 0);
	assert_int_equal(getsockname(t.fd, (struct sockaddr *)a, &t.server.address_len), 0);
}

static int setup(void **state)
{
	const struct hk_keystore_memory_config memory = {.note_ended = true};

	(void)state;
	memset(&t, 0, sizeof(t));
	hk_clock_start();
	t.server.name = (char *)(uintptr_t) "other";
	t.server.retry = hk_radius_timers_default();
	assert_ok(hk_radius_secret_set(&t.server.secret, hk_text("a secret of theirs")));
	t.domain = hk_text("d.example");
	t.ktk = (struct hk_ktk){.owner = hk_text("other"), .domains = &t.domain, .ndomains = 1};
	t.config = (struct hk_config){
		.home_servers = &t.server,
		.nhome_servers = 1,
		.erp = {.kds = {.ktks = &t.ktk, .nktks = 1}, .revoke_at = &t.revoke_at},
	};
	t.setup.config = &t.config;
	open_server();
	t.base = event_base_new();
	assert_non_null(t.base);
	assert_ok(hk_keystore_memory_open(&memory, &t.store));
	assert_ok(hk_log_open("/dev/null", HK_LOG_INFO, &t.log));
	assert_ok(
		hk_withdrawals_new(t.base, t.store, &t.counters, t.log, &t.setup, &t.withdrawals));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hk_withdrawals_free(t.withdrawals);
	hk_keystore_close(t.store);
	event_base_free(t.base);
	hk_log_close(t.log);
	close(t.fd);
	return 0;
}

/* A key set that has ended, whose DSRK the other server has. */
static void add(uint16_t number, hk_time now)
{
	struct hk_kds_request request = {
		.ktk = &t.ktk, .type = HK_KEYDIST_DSRK, .domain = t.domain};
	struct hk_keyset set = {.expires = now + 3600 * HK_SECOND, .realm_len = 12, .grants.n = 1};

	hk_store_u16(set.emsk_name, number);
	memcpy(set.realm, "home.example", 12);
	assert_int_equal(
		hk_kds_grant(NULL, &request, set.emsk_name, &set.grants.list[0]), HK_KEY_GRANTED);
	hk_withdrawals_add(t.withdrawals, 0, &set, now);
}

/* What the other server has got; the first packet is answered with that Error-Cause, if any. */
static unsigned serve(uint32_t error_cause)
{
	uint8_t octets[HK_RADIUS_MAX_LEN], memory[HK_RADIUS_MAX_LEN];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	unsigned n = 0;
	ssize_t len;

	while ((len = recvfrom(t.fd, octets, sizeof(octets), MSG_DONTWAIT, (struct sockaddr *)&from,
			&from_len)) > 0) {
		struct hk_buf answer = hk_buf(memory, sizeof(memory));
		struct hk_radius request;

		if (n++ || !error_cause)
			continue;
		assert_ok(hk_radius_parse(hk_bytes(octets, (size_t)len), &request));
		assert_ok(hk_disconnect_write(&request, &t.server.secret, error_cause, &answer));
		assert_int_equal(sendto(t.fd, answer.data, answer.len, 0, (struct sockaddr *)&from,
					 from_len),
			answer.len);
	}
	event_base_loop(t.base, EVLOOP_NONBLOCK);
	return n;
}

/* One waits for an Identifier; those that have one are sent again all the same. */
static void test_who_waits_does_not_hold_up_others(void **state)
{
	hk_time now = hk_clock_now();

	(void)state;
	for (uint16_t i = 0; i < AT_ONCE + 10; i++)
		add(i, now);
	hk_withdrawals_tick(t.withdrawals, now);
	assert_int_equal(serve(HK_CAUSE_NOT_FOUND), AT_ONCE);
	/* The first is tried again in a second; until then its Identifier is another's. */
	hk_withdrawals_tick(t.withdrawals, now + 100);
	assert_int_equal(serve(0), 1);
	hk_withdrawals_tick(t.withdrawals, now + 10 * HK_SECOND);
	assert_int_equal(serve(0), AT_ONCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_who_waits_does_not_hold_up_others, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
