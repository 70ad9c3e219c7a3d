/* SPDX-License-Identifier: ISC */
/* The access point of `hokey peer`, before a server that answers as it is told to. */
#include "test.h"

#include "crypto/crypto.h"
#include "hokey/nas.h"
#include "hokey/now.h"

#include <hokey/eap.h>

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "secret"

/* What a server does with one request. */
enum deed {
	END,
	ACCEPT,      /* with the keys 00 01 .. 3f */
	CHALLENGE,   /* with State "s1" */
	REJECT_BARE, /* without EAP-Message */
	SILENCE,
	OTHER_SECRET,        /* then the right one */
	OTHER_IDENTIFIER,    /* then the right one */
	UNSIGNED,            /* without Message-Authenticator, all codes, then the right one */
	STRANGE_PROXY_STATE, /* then the right one */
	NONSENSE,            /* then the right one */
	WANT_STATE,          /* accept when the request has State "s1", else reject */
};

static const uint8_t success[] = {HK_EAP_SUCCESS, 7, 0, 4};

static size_t reply_to(const struct hk_radius *request, uint8_t code, const char *secret,
	uint8_t identifier, const char *proxy_state, uint8_t out[HK_RADIUS_MAX_LEN])
{
	struct hk_buf b = hk_buf(out, HK_RADIUS_MAX_LEN);
	struct hk_radius_secret s;
	uint8_t key[64];

	for (uint8_t i = 0; i < 64; i++)
		key[i] = i;
	assert_ok(hk_radius_secret_set(&s, hk_text(secret)));
	hk_radius_begin(&b, code, identifier);
	if (proxy_state)
		hk_radius_put(&b, HK_RADIUS_PROXY_STATE, hk_text(proxy_state));
	if (code != HK_RADIUS_ACCESS_REJECT)
		hk_radius_put_eap(&b, hk_bytes(success, sizeof success));
	if (code == HK_RADIUS_ACCESS_CHALLENGE)
		hk_radius_put(&b, HK_RADIUS_STATE, hk_text("s1"));
	if (code == HK_RADIUS_ACCESS_ACCEPT)
		hk_radius_put_mppe_keys(&b, &s, request->authenticator, 0x8001, key);
	assert_ok(hk_radius_sign_reply(&b, &s, request->authenticator));
	return b.len;
}

/* The Response Authenticator is right, the Message-Authenticator is not there. */
static size_t unsigned_reply(
	const struct hk_radius *request, uint8_t code, uint8_t out[HK_RADIUS_MAX_LEN])
{
	struct hk_bytes parts[3];

	out[0] = code;
	out[1] = request->identifier;
	hk_store_u16(out + 2, 20);
	parts[0] = hk_bytes(out, 4);
	parts[1] = hk_bytes(request->authenticator, 16);
	parts[2] = hk_text(SECRET);
	hk_md5(parts, 3, out + 4);
	return 20;
}

static void answer(
	int fd, const struct sockaddr *to, socklen_t len, const struct hk_radius *r, enum deed deed)
{
	uint8_t out[HK_RADIUS_MAX_LEN], code = HK_RADIUS_ACCESS_ACCEPT;
	size_t n = 0;

	switch (deed) {
	case SILENCE:
		return;
	case OTHER_SECRET:
		n = reply_to(r, HK_RADIUS_ACCESS_REJECT, "other", r->identifier, NULL, out);
		break;
	case OTHER_IDENTIFIER:
		n = reply_to(r, HK_RADIUS_ACCESS_REJECT, SECRET, r->identifier ^ 1, NULL, out);
		break;
	case UNSIGNED:
		n = unsigned_reply(r, HK_RADIUS_ACCESS_ACCEPT, out);
		sendto(fd, out, n, 0, to, len);
		n = unsigned_reply(r, HK_RADIUS_ACCESS_CHALLENGE, out);
		sendto(fd, out, n, 0, to, len);
		n = unsigned_reply(r, HK_RADIUS_ACCESS_REJECT, out);
		break;
	case STRANGE_PROXY_STATE:
		n = reply_to(r, HK_RADIUS_ACCESS_REJECT, SECRET, r->identifier, "x", out);
		break;
	case NONSENSE:
		memset(out, 0xff, 30);
		n = 30;
		break;
	case WANT_STATE:
		if (!hk_bytes_equal(hk_radius_find(r, HK_RADIUS_STATE), hk_text("s1")))
			code = HK_RADIUS_ACCESS_REJECT;
		break;
	case CHALLENGE:
		code = HK_RADIUS_ACCESS_CHALLENGE;
		break;
	case REJECT_BARE:
		code = HK_RADIUS_ACCESS_REJECT;
		break;
	default:
		break;
	}
	if (n)
		sendto(fd, out, n, 0, to, len);
	n = reply_to(r, code, SECRET, r->identifier, NULL, out);
	sendto(fd, out, n, 0, to, len);
}

/* Who asks is said; what was not answered comes again as it was, anything else is new. */
static bool is_in_order(const struct hk_radius *r, struct hk_bytes in, bool repeated)
{
	static uint8_t before[HK_RADIUS_MAX_LEN];
	static size_t len;
	bool same = len == in.len && memcmp(before, in.data, len) == 0;
	bool fresh = !len || (before[1] != in.data[1] && memcmp(before + 4, in.data + 4, 16) != 0);

	memcpy(before, in.data, in.len);
	len = in.len;
	return (repeated ? same : fresh) &&
	       (hk_radius_find(r, HK_RADIUS_NAS_IP_ADDRESS).len == 4 ||
		       hk_radius_find(r, HK_RADIUS_NAS_IDENTIFIER).len);
}

static void serve(int fd, const enum deed *deeds)
{
	uint8_t in[HK_RADIUS_MAX_LEN];
	struct hk_radius_secret s;
	struct hk_radius request;
	bool repeated = false;

	hk_radius_secret_set(&s, hk_text(SECRET));
	for (; *deeds != END; deeds++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(fd, in, sizeof in, 0, (struct sockaddr *)&from, &len);

		if (n < 0 || hk_radius_parse(hk_bytes(in, (size_t)n), &request) ||
			hk_radius_check_message_authenticator(&request, &s, NULL) ||
			!is_in_order(&request, hk_bytes(in, (size_t)n), repeated))
			_exit(1);
		repeated = *deeds == SILENCE;
		answer(fd, (struct sockaddr *)&from, len, &request, *deeds);
	}
	_exit(0);
}

struct place {
	struct nas nas;
	struct nas_reply reply;
	pid_t server;
};

static void open_place(struct place *p, uint32_t timeout_ms, const enum deed *deeds)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const char *why;
	char port[8];

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(port, sizeof port, "%u", ntohs(address.sin_port));
	p->server = fork();
	if (p->server == 0)
		serve(fd, deeds);
	close(fd);
	memset(&p->nas, 0, sizeof p->nas);
	assert_ok(hk_radius_secret_set(&p->nas.secret, hk_text(SECRET)));
	assert_ok(nas_open(&p->nas, "127.0.0.1", port, timeout_ms, &why));
	p->nas.timers.irt_ms = 50;
	nas_start(&p->nas, "ap1");
}

/* Every request was signed as it should be, and all that were expected came. */
static void close_place(struct place *p)
{
	int status;

	nas_close(&p->nas);
	assert_int_equal(waitpid(p->server, &status, 0), p->server);
	assert_int_equal(status, 0);
}

static enum hk_err ask(struct place *p)
{
	static const uint8_t identity[] = {HK_EAP_RESPONSE, 7, 0, 6, 1, 'a'};

	assert_ok(nas_send(&p->nas, hk_text("a@b"), hk_bytes(identity, sizeof identity)));
	return nas_receive(&p->nas, HK_NEVER, &p->reply);
}

#define DEEDS(...) ((const enum deed[]){__VA_ARGS__, END})

static void an_accept_brings_keys(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, 5000, DEEDS(ACCEPT));
	assert_ok(ask(&p));
	assert_int_equal(p.reply.radius.code, HK_RADIUS_ACCESS_ACCEPT);
	assert_true(p.reply.has_key);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(p.reply.key[i], i);
	assert_true(hk_bytes_equal(p.reply.eap, hk_bytes(success, sizeof success)));
	assert_int_equal(p.reply.transmissions, 1);
	close_place(&p);
}

/* R2865-5.24-01 R5080-2.1.1-02 */
static void state_is_carried_and_forgotten(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, 5000, DEEDS(CHALLENGE, WANT_STATE, CHALLENGE, WANT_STATE));
	assert_ok(ask(&p));
	assert_int_equal(p.reply.radius.code, HK_RADIUS_ACCESS_CHALLENGE);
	assert_false(p.reply.has_key);
	assert_ok(ask(&p));
	assert_int_equal(p.reply.radius.code, HK_RADIUS_ACCESS_ACCEPT);
	assert_ok(ask(&p));
	nas_start(&p.nas, "ap2"); /* a new conversation */
	assert_ok(ask(&p));
	assert_int_equal(p.reply.radius.code, HK_RADIUS_ACCESS_REJECT);
	close_place(&p);
}

static void a_reject_need_not_have_eap(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, 5000, DEEDS(REJECT_BARE));
	assert_ok(ask(&p));
	assert_int_equal(p.reply.radius.code, HK_RADIUS_ACCESS_REJECT);
	assert_null(p.reply.eap.data);
	close_place(&p);
}

/* R2865-4.1-01 R2865-4.1-03 */
static void what_is_lost_is_sent_again(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, 5000, DEEDS(SILENCE, SILENCE, ACCEPT, ACCEPT));
	assert_ok(ask(&p));
	assert_int_equal(p.reply.transmissions, 3);
	assert_true(p.reply.round_trip_us > 100000);
	assert_ok(ask(&p));
	close_place(&p);
}

/* BLAST-4.2-06 BLAST-4.2-08 */
static void false_answers_are_dropped(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, 5000,
		DEEDS(OTHER_SECRET, OTHER_IDENTIFIER, UNSIGNED, NONSENSE, STRANGE_PROXY_STATE));
	for (int i = 0; i < 5; i++) {
		assert_ok(ask(&p));
		assert_int_equal(p.reply.radius.code, HK_RADIUS_ACCESS_ACCEPT);
		assert_int_not_equal(p.nas.problem, HK_OK);
	}
	close_place(&p);
}

static void patience_ends(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, 120, DEEDS(SILENCE));
	assert_err(ask(&p), HK_ERR_LIMIT);
	assert_false(p.nas.waiting);
	close_place(&p);

	open_place(&p, 5000, DEEDS(SILENCE));
	assert_ok(nas_send(&p.nas, hk_text("a@b"), HK_NO_BYTES));
	assert_err(nas_receive(&p.nas, now_ms() + 20, &p.reply), HK_ERR_TIMEOUT);
	assert_true(p.nas.waiting);
	close_place(&p);
}

static void nobody_there_is_told(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, 200, DEEDS(ACCEPT));
	assert_ok(ask(&p));
	waitpid(p.server, NULL, 0);
	assert_err(ask(&p), HK_ERR_LIMIT);
	assert_err(p.nas.problem, HK_ERR_SYSTEM);
	assert_int_equal(p.nas.problem_errno, ECONNREFUSED);
	nas_close(&p.nas);
}

static void a_name_that_does_not_resolve(void **state)
{
	struct nas n = {0};
	const char *why = NULL;

	(void)state;
	assert_err(nas_open(&n, "no such host", "1812", 1000, &why), HK_ERR_NOT_FOUND);
	assert_non_null(why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_accept_brings_keys),
		cmocka_unit_test(state_is_carried_and_forgotten),
		cmocka_unit_test(a_reject_need_not_have_eap),
		cmocka_unit_test(what_is_lost_is_sent_again),
		cmocka_unit_test(false_answers_are_dropped),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(nobody_there_is_told),
		cmocka_unit_test(a_name_that_does_not_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
