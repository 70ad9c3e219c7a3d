/* SPDX-License-Identifier: ISC */
/* hokey bench against a small server that can be made to misbehave. */
#include "hokey/bench/plot.h"
#include "temp.h"
#include "test.h"

#include <hokey/eap.h>
#include <hokey/erp.h>

#include <arpa/inet.h>
#include <jansson.h>
#include <pthread.h>
#include <unistd.h>

#define DEVICES 50
#define SECRET  "0123456789abcdef"
#define REALM   "home.example"

enum habit {
	GOOD,
	LOSES_EVERY_10TH,
	ANSWERS_TWICE,
	WRONG_TAG,
	WRONG_KEY,
	WRONG_SIGNATURE,
	FAILS_WITH_FINISH,
	FAILS_WITH_FAILURE,
	WANTS_FULL_EAP,
	SENDS_GARBAGE,
};

struct server {
	int fd;
	enum habit habit;
	struct hk_devices *devices;
	struct hk_radius_secret secret;
	pthread_t thread;
	uint64_t seen;
	unsigned out_of_order; /* SEQ below one that was seen of that device */
	uint32_t next[DEVICES];
};

struct rig {
	struct hk_devices devices;
	struct hk_bench_options options;
	struct server server;
	struct hk_bench_outcome outcome;
	atomic_bool stop;
};

/* ---- the server ---- */

static size_t device_number(const struct server *s, const struct hk_erp_message *m)
{
	struct hk_keyname_nai nai;

	assert_ok(hk_keyname_nai_parse(m->keyname_nai, &nai));
	for (size_t i = 0; i < DEVICES; i++)
		if (memcmp(s->devices->device[i].emsk_name, nai.emsk_name, HK_EMSK_NAME_LEN) == 0)
			return i;
	fail_msg("a device that is not ours");
	return 0;
}

static void put_finish(struct server *s, const struct hk_erp_message *m,
	const struct hk_device *device, bool failure, struct hk_buf *out)
{
	uint8_t octets[HK_ERP_MAX_LEN];
	struct hk_buf eap = hk_buf(octets, sizeof octets);

	hk_erp_begin(&eap, HK_ERP_FINISH, m->identifier, failure ? HK_ERP_FLAG_R : 0, m->seq,
		m->keyname_nai);
	assert_ok(hk_erp_seal(&eap, HK_SUITE_HMAC_SHA256_128, &device->keys.rik2));
	if (s->habit == WRONG_TAG)
		octets[eap.len - 1] ^= 1;
	hk_radius_put_eap(out, hk_buf_bytes(&eap));
}

static void put_eap(struct hk_buf *out, enum hk_eap_code code, uint8_t type)
{
	uint8_t octets[16];
	struct hk_buf eap = hk_buf(octets, sizeof octets);

	assert_ok(hk_eap_write(&eap, code, 1, type, HK_NO_BYTES));
	hk_radius_put_eap(out, hk_buf_bytes(&eap));
}

static void write_accept(struct server *s, const struct hk_radius *p,
	const struct hk_erp_message *m, const struct hk_device *device, struct hk_buf *out)
{
	uint8_t rmsk[64];

	hk_radius_begin(out, HK_RADIUS_ACCESS_ACCEPT, p->identifier);
	put_finish(s, m, device, false, out);
	assert_ok(hk_erp_keys_rmsk(&device->keys, m->seq, rmsk, sizeof rmsk));
	if (s->habit == WRONG_KEY)
		rmsk[63] ^= 1;
	hk_radius_put_mppe_keys(out, &s->secret, p->authenticator, 0x8001, rmsk);
}

static void answer(struct server *s, const struct hk_radius *p, struct hk_buf *out)
{
	struct hk_erp_message m;
	uint8_t memory[HK_RADIUS_MAX_LEN];
	struct hk_buf joined = hk_buf(memory, sizeof memory);
	struct hk_bytes eap;
	size_t i;

	assert_ok(hk_radius_check_message_authenticator(p, &s->secret, NULL));
	assert_ok(hk_radius_eap(p, &joined, &eap));
	assert_ok(hk_erp_parse(eap, &m));
	i = device_number(s, &m);
	assert_true(hk_erp_verify(&m, &m.readings[0], &s->devices->device[i].keys.rik2));
	s->out_of_order += m.seq < s->next[i];
	s->next[i] = m.seq + 1u;
	switch (s->habit) {
	case FAILS_WITH_FINISH:
		hk_radius_begin(out, HK_RADIUS_ACCESS_REJECT, p->identifier);
		put_finish(s, &m, &s->devices->device[i], true, out);
		break;
	case FAILS_WITH_FAILURE:
		hk_radius_begin(out, HK_RADIUS_ACCESS_REJECT, p->identifier);
		put_eap(out, HK_EAP_FAILURE, 0);
		break;
	case WANTS_FULL_EAP:
		hk_radius_begin(out, HK_RADIUS_ACCESS_CHALLENGE, p->identifier);
		put_eap(out, HK_EAP_REQUEST, HK_EAP_TYPE_IDENTITY);
		break;
	default:
		write_accept(s, p, &m, &s->devices->device[i], out);
	}
	assert_ok(hk_radius_sign_reply(out, &s->secret, p->authenticator));
	if (s->habit == WRONG_SIGNATURE)
		out->data[4] ^= 1;
}

static void *serve(void *arg)
{
	struct server *s = arg;
	uint8_t in[HK_RADIUS_MAX_LEN], octets[HK_RADIUS_MAX_LEN];
	struct sockaddr_in from;
	socklen_t from_len = sizeof from;
	ssize_t n;

	/* an empty datagram is the end */
	while ((n = recvfrom(s->fd, in, sizeof in, 0, (struct sockaddr *)&from, &from_len)) > 0) {
		struct hk_buf out = hk_buf(octets, sizeof octets);
		struct hk_radius p;

		assert_ok(hk_radius_parse(hk_bytes(in, (size_t)n), &p));
		s->seen++;
		answer(s, &p, &out);
		if (s->habit == LOSES_EVERY_10TH && s->seen % 10 == 0)
			continue;
		if (s->habit == SENDS_GARBAGE)
			out.len = 19;
		sendto(s->fd, octets, out.len, 0, (struct sockaddr *)&from, from_len);
		if (s->habit == ANSWERS_TWICE)
			sendto(s->fd, octets, out.len, 0, (struct sockaddr *)&from, from_len);
		from_len = sizeof from;
	}
	return NULL;
}

/* ---- the rig ---- */

static void make_devices(struct hk_devices *devices)
{
	const hk_time now = 1000;

	for (uint8_t i = 0; i < DEVICES; i++) {
		uint8_t session_id[65] = {13, i}, emsk_octets[64] = {i};
		struct hk_key *emsk;

		assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof session_id),
			hk_bytes(emsk_octets, sizeof emsk_octets), now, now + 1000000, &emsk));
		assert_ok(hk_device_set_keys(&devices->device[i], emsk, now));
		hk_key_free(emsk);
	}
}

static struct rig *rig_new(enum habit habit)
{
	struct rig *r = calloc(1, sizeof *r);
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof at;
	const char *error;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(hk_devices_create(&r->devices, DEVICES, hk_text(REALM), NULL, &error));
	make_devices(&r->devices);
	r->server.fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(r->server.fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(r->server.fd, (struct sockaddr *)&at, &len), 0);
	r->server.habit = habit;
	r->server.devices = &r->devices;
	assert_ok(hk_radius_secret_set(&r->server.secret, hk_text(SECRET)));
	r->options = (struct hk_bench_options){.server_text = "test<&>",
		.server_len = len,
		.secret = r->server.secret,
		.concurrency = 20,
		/* No test waits it out but those that lose; a slow machine is no loss. */
		.timeout_ms = habit == LOSES_EVERY_10TH || habit == SENDS_GARBAGE ? 2000 : 10000,
		.nas_count = 3,
		.sample = 7,
		.threads = 1,
		.quiet = true};
	memcpy(&r->options.server, &at, len);
	assert_int_equal(pthread_create(&r->server.thread, NULL, serve, &r->server), 0);
	return r;
}

static void rig_free(struct rig *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	sendto(fd, NULL, 0, 0, (struct sockaddr *)&r->options.server, r->options.server_len);
	close(fd);
	pthread_join(r->server.thread, NULL);
	close(r->server.fd);
	hk_devices_close(&r->devices);
	hk_bench_stats_free(&r->outcome.stats);
	free(r);
}

static const uint64_t *run(struct rig *r, uint64_t requests)
{
	const struct hk_bench_work work = {.mode = HK_BENCH_ERP,
		.title = "test",
		.requests = requests,
		.duration_s = r->options.duration_s,
		.rate = r->options.rate,
		.concurrency = r->options.concurrency};

	hk_bench_work(&r->options, &work, &r->devices, NULL, &r->stop, &r->outcome);
	return r->outcome.stats.count;
}

/* ---- tests ---- */

static void all_are_accepted_and_checked(void **state)
{
	struct rig *r = rig_new(GOOD);
	const uint64_t *count = run(r, 700);

	(void)state;
	assert_null(r->outcome.error);
	assert_int_equal(count[HK_BENCH_SENT], 700);
	assert_int_equal(count[HK_BENCH_ACCEPTED], 700);
	assert_int_equal(count[HK_BENCH_CHECKED], 100);
	assert_int_equal(count[HK_BENCH_WRONG], 0);
	assert_int_equal(r->outcome.stats.latency.count, 700);
	assert_int_equal(r->server.out_of_order, 0);
	for (size_t i = 0; i < DEVICES; i++) /* they take turns */
		assert_int_equal(r->devices.device[i].next_seq, 14);
	rig_free(r);
}

static void one_device_keeps_its_order(void **state)
{
	struct rig *r = rig_new(GOOD);

	(void)state;
	r->devices.count = 1;
	r->options.sockets = 4;
	assert_int_equal(run(r, 500)[HK_BENCH_ACCEPTED], 500);
	assert_int_equal(r->server.out_of_order, 0);
	assert_int_equal(r->devices.device[0].next_seq, 500);
	rig_free(r);
}

static void requests_can_be_built_ahead(void **state)
{
	struct rig *r = rig_new(GOOD);

	(void)state;
	r->options.prebuild = true;
	r->options.sample = 1;
	r->options.threads = 2;
	r->options.sockets = 3;
	assert_int_equal(run(r, 2000)[HK_BENCH_ACCEPTED], 2000);
	assert_int_equal(r->outcome.stats.count[HK_BENCH_WRONG], 0);
	assert_int_equal(r->server.out_of_order, 0);
	rig_free(r);
}

/* The Identifiers of built requests are taken by lost ones: they get others. */
static void built_requests_survive_losses(void **state)
{
	struct rig *r = rig_new(LOSES_EVERY_10TH);
	const uint64_t *count;

	(void)state;
	r->options.prebuild = true;
	r->options.sample = 1;
	r->options.concurrency = 200;
	count = run(r, 1500);
	assert_int_equal(count[HK_BENCH_ACCEPTED], 1350);
	assert_int_equal(count[HK_BENCH_LOST], 150);
	assert_int_equal(count[HK_BENCH_WRONG], 0);
	rig_free(r);
}

static void losses_are_counted_and_not_waited_for(void **state)
{
	struct rig *r = rig_new(LOSES_EVERY_10TH);
	const uint64_t *count = run(r, 100);

	(void)state;
	assert_int_equal(count[HK_BENCH_ACCEPTED], 90);
	assert_int_equal(count[HK_BENCH_LOST], 10);
	assert_int_equal(r->outcome.stats.latency.count, 90);
	rig_free(r);
}

/* Half a second of 1,000 a second: as many as that, whenever the answers come. */
static void open_loop_keeps_its_rate(void **state)
{
	struct rig *r = rig_new(GOOD);
	const uint64_t *count;

	(void)state;
	r->options.rate = 1000;
	r->options.duration_s = 0.5;
	r->options.threads = 2;
	count = run(r, 0);
	assert_in_range(count[HK_BENCH_SENT], 499, 502);
	assert_int_equal(count[HK_BENCH_ACCEPTED], count[HK_BENCH_SENT]);
	assert_true(r->outcome.seconds > 0.45);
	rig_free(r);
}

static void late_copies_are_noticed(void **state)
{
	struct rig *r = rig_new(ANSWERS_TWICE);
	const uint64_t *count = run(r, 200);

	(void)state;
	assert_int_equal(count[HK_BENCH_ACCEPTED], 200);
	assert_true(count[HK_BENCH_UNEXPECTED] > 0);
	rig_free(r);
}

static void wrong_answers_are_found(void **state)
{
	static const enum habit habits[] = {WRONG_TAG, WRONG_KEY, WRONG_SIGNATURE};

	(void)state;
	for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
		struct rig *r = rig_new(habits[i]);
		const uint64_t *count = run(r, 70);

		assert_int_equal(count[HK_BENCH_ACCEPTED], 70);
		assert_int_equal(count[HK_BENCH_CHECKED], 10);
		assert_int_equal(count[HK_BENCH_WRONG], 10);
		rig_free(r);
	}
}

static void every_authenticator_is_checked_when_asked(void **state)
{
	struct rig *r = rig_new(WRONG_SIGNATURE);

	(void)state;
	r->options.check_authenticators = true;
	assert_int_equal(run(r, 70)[HK_BENCH_WRONG], 70);
	rig_free(r);
}

static void refusals_are_told_apart(void **state)
{
	static const struct {
		enum habit habit;
		enum hk_bench_count count;
	} cases[] = {
		{FAILS_WITH_FINISH, HK_BENCH_REJECTED_FINISH},
		{FAILS_WITH_FAILURE, HK_BENCH_REJECTED_FAILURE},
		{WANTS_FULL_EAP, HK_BENCH_CHALLENGED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rig *r = rig_new(cases[i].habit);

		assert_int_equal(run(r, 60)[cases[i].count], 60);
		assert_int_equal(r->outcome.stats.count[HK_BENCH_ACCEPTED], 0);
		rig_free(r);
	}
}

static void garbage_is_no_answer(void **state)
{
	struct rig *r = rig_new(SENDS_GARBAGE);
	const uint64_t *count = run(r, 20);

	(void)state;
	assert_int_equal(count[HK_BENCH_MALFORMED], 20);
	assert_int_equal(count[HK_BENCH_LOST], 20);
	rig_free(r);
}

static void numbers_run_out(void **state)
{
	struct rig *r = rig_new(GOOD);

	(void)state;
	for (size_t i = 0; i < DEVICES; i++)
		r->devices.device[i].next_seq = i < 2 ? 65535 : HK_DEVICE_SEQ_END;
	assert_int_equal(run(r, 100)[HK_BENCH_ACCEPTED], 2);
	assert_non_null(r->outcome.error);
	rig_free(r);
}

static void stops_when_told(void **state)
{
	struct rig *r = rig_new(GOOD);

	(void)state;
	atomic_store(&r->stop, true);
	assert_int_equal(run(r, 1000000)[HK_BENCH_SENT], 0);
	rig_free(r);
}

static void nobody_there_is_a_loss(void **state)
{
	struct rig *r = rig_new(GOOD);
	struct hk_bench_options at = r->options;
	const uint64_t *count;

	(void)state;
	r->options.timeout_ms = 200;
	((struct sockaddr_in *)&r->options.server)->sin_port = htons(1); /* tcpmux: closed */
	count = run(r, 20);
	assert_int_equal(count[HK_BENCH_LOST], 20);
	assert_true(count[HK_BENCH_REFUSED] > 0);
	r->options = at; /* rig_free() talks to the real one */
	rig_free(r);
}

/* ---- reports ---- */

static char *printed(
	void (*print)(const struct hk_bench_report *, FILE *), const struct hk_bench_report *report)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	print(report, f);
	fclose(f);
	return text;
}

static void reports_say_what_happened(void **state)
{
	struct rig *r = rig_new(LOSES_EVERY_10TH);
	struct hk_bench_report *report = calloc(1, sizeof *report);
	json_t *json;
	char *text;

	(void)state;
	r->options.pid = getpid();
	run(r, 100);
	report->options = &r->options;
	report->devices = DEVICES;
	report->load = r->outcome;
	text = printed(hk_bench_print_json, report);
	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	assert_int_equal(
		json_integer_value(json_object_get(
			json_object_get(json_object_get(json, "load"), "count"), "accepted")),
		90);
	assert_true(json_real_value(json_object_get(
			    json_object_get(json_object_get(json, "load"), "server"),
			    "cpu_us_per_request")) > 0);
	assert_true(json_is_real(json_object_get(json_object_get(json, "load"), "waited_ms")));
	json_decref(json);
	free(text);
	text = printed(hk_bench_print_text, report);
	assert_non_null(strstr(text, "90 accepted, 0 rejected, 10 lost"));
	free(text);
	text = printed(hk_bench_plot, report);
	assert_non_null(strstr(text, "test&lt;&amp;>"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	free(text);
	free(report);
	rig_free(r);
}

/* A picture of nothing is a picture. */
static void empty_run_can_be_drawn(void **state)
{
	struct hk_bench_options options = {.server_text = "nowhere", .concurrency = 1};
	struct hk_bench_report *report = calloc(1, sizeof *report);
	char *text;

	(void)state;
	report->options = &options;
	text = printed(hk_bench_plot, report);
	assert_non_null(strstr(text, "</svg>"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	free(text);
	free(report);
}

/* ---- files of devices ---- */

static void devices_survive_in_a_file(void **state)
{
	char *path = temp_path(*state, "devices");
	struct hk_devices d, copy, second;
	const char *error;
	struct stat st;

	assert_true(hk_devices_create(&d, DEVICES, hk_text(REALM), path, &error));
	make_devices(&d);
	d.device[3].next_seq = 77;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_false(hk_devices_load(&second, path, &error)); /* in use */
	assert_true(hk_devices_create(&copy, DEVICES, hk_text(REALM), NULL, &error));
	memcpy(copy.device, d.device, DEVICES * sizeof *d.device);
	hk_devices_close(&d);
	assert_true(hk_devices_load(&d, path, &error));
	assert_int_equal(d.count, DEVICES);
	assert_memory_equal(d.realm, REALM, d.realm_len);
	assert_memory_equal(copy.device, d.device, DEVICES * sizeof *d.device);
	hk_devices_close(&d);
	hk_devices_close(&copy);
	free(path);
}

static void broken_files_are_refused(void **state)
{
	char *path = temp_file(*state, "broken", "hkbench1 and so on", 0600);
	struct hk_devices d;
	const char *error;

	assert_false(hk_devices_load(&d, path, &error));
	assert_true(hk_devices_create(&d, DEVICES, hk_text(REALM), path, &error));
	hk_devices_close(&d);
	assert_int_equal(truncate(path, 5000), 0); /* shorter than its header says */
	assert_false(hk_devices_load(&d, path, &error));
	assert_false(hk_devices_load(&d, "/nonexistent/file", &error));
	assert_false(hk_devices_create(&d, DEVICES, HK_NO_BYTES, NULL, &error));
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_accepted_and_checked),
		cmocka_unit_test(one_device_keeps_its_order),
		cmocka_unit_test(requests_can_be_built_ahead),
		cmocka_unit_test(built_requests_survive_losses),
		cmocka_unit_test(losses_are_counted_and_not_waited_for),
		cmocka_unit_test(open_loop_keeps_its_rate),
		cmocka_unit_test(late_copies_are_noticed),
		cmocka_unit_test(wrong_answers_are_found),
		cmocka_unit_test(every_authenticator_is_checked_when_asked),
		cmocka_unit_test(refusals_are_told_apart),
		cmocka_unit_test(garbage_is_no_answer),
		cmocka_unit_test(numbers_run_out),
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(nobody_there_is_a_loss),
		cmocka_unit_test(reports_say_what_happened),
		cmocka_unit_test(empty_run_can_be_drawn),
		cmocka_unit_test(devices_survive_in_a_file),
		cmocka_unit_test(broken_files_are_refused),
	};

	return cmocka_run_group_tests_name("hokey-bench-load", tests, temp_setup, temp_teardown);
}
