/* SPDX-License-Identifier: ISC */
/* Authenticators and Message-Authenticator, both ways. */
#include "vectors.h"

/* ---- secrets ---- */

/* R2865-3-10 */
static void secret_lengths(void **state)
{
	struct hk_radius_secret s;
	uint8_t octets[256] = {1};

	(void)state;
	assert_err(hk_radius_secret_set(&s, HK_NO_BYTES), HK_ERR_ARGUMENT);
	assert_err(hk_radius_secret_set(&s, hk_bytes(octets, 256)), HK_ERR_ARGUMENT);
	assert_ok(hk_radius_secret_set(&s, hk_bytes(octets, 255)));
	assert_ok(hk_radius_secret_set(&s, hk_bytes(octets, 1)));
}

/* ---- checking ---- */

/*
 * Checks a packet; then, with every bit of it flipped in turn, that no such
 * packet passes: it does not parse, has no Message-Authenticator, or it is wrong.
 */
static void check_message_authenticator(const char *text, const char *ra_text, const char *secret)
{
	struct hk_radius_secret s = make_secret(secret), other = make_secret("other");
	struct packet p = packet_from(text);
	size_t n = p.view.packet.len;
	uint8_t ra[16], *request_authenticator = ra_text ? ra : NULL;

	if (ra_text)
		hex(ra, sizeof ra, ra_text);
	assert_ok(hk_radius_check_message_authenticator(&p.view, &s, request_authenticator));
	assert_err(hk_radius_check_message_authenticator(&p.view, &other, request_authenticator),
		HK_ERR_AUTHENTICATOR);
	for (size_t bit = 0; bit < 8 * n; bit++) {
		struct hk_radius view;

		/* of an MD5-signed request and of a reply, the header field is not covered */
		if (bit / 8 >= 4 && bit / 8 < 20)
			continue;
		p.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!hk_radius_parse(hk_bytes(p.data, n), &view))
			assert_int_not_equal(hk_radius_check_message_authenticator(
						     &view, &s, request_authenticator),
				HK_OK);
		p.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(p.data);
}

/* R3579-3.1-05 R3579-3.2-01 R5176-3.4-01 */
static void message_authenticator_of_vectors(void **state)
{
	(void)state;
	check_message_authenticator(LOGIN_REQUEST, NULL, SECRET);
	check_message_authenticator(LOGIN_CHALLENGE, LOGIN_RA, SECRET);
	check_message_authenticator(LOGIN_ACCEPT, LOGIN_RA, SECRET);
	check_message_authenticator(LOGIN_REJECT, LOGIN_RA, SECRET);
	check_message_authenticator(RADSEC_ACCEPT, LOGIN_RA, "radsec");
	check_message_authenticator(STATUS_SERVER, NULL, SECRET);
	check_message_authenticator(STATUS_ACCEPT, STATUS_RA, SECRET);
	check_message_authenticator(DISCONNECT_REQUEST, NULL, SECRET);
	check_message_authenticator(DISCONNECT_ACK, DISCONNECT_RA, SECRET);
	check_message_authenticator(DISCONNECT_NAK, DISCONNECT_RA, SECRET);
	check_message_authenticator(ERP_REQUEST, NULL, SECRET);
	check_message_authenticator(ERP_ACCEPT, ERP_RA, SECRET);
	check_message_authenticator(ERP_REJECT, ERP_RA, SECRET);
}

/* The Request Authenticator of an Access-Request is covered. */
static void changed_request_authenticator(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	struct packet p = packet_from(LOGIN_REQUEST);

	(void)state;
	p.data[4] ^= 1;
	assert_err(hk_radius_check_message_authenticator(&p.view, &s, NULL), HK_ERR_AUTHENTICATOR);
	free(p.data);
}

/* It is told apart from a wrong one. */
static void absent_message_authenticator(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	struct packet p = packet_from(ACCOUNTING_REQUEST);

	(void)state;
	assert_err(hk_radius_check_message_authenticator(&p.view, &s, NULL), HK_ERR_NOT_FOUND);
	free(p.data);
}

/* BLAST-4.2-07: it is found and verified wherever it is. */
static void message_authenticator_in_last_place(void **state)
{
	uint8_t data[256], request[256], ra[16];
	size_t n = hex(data, sizeof data, LOGIN_REQUEST);
	struct hk_radius_secret s = make_secret(SECRET);
	struct hk_radius p;
	struct hk_buf b;

	(void)state;
	hex(ra, sizeof ra, LOGIN_RA);
	/* the same attributes, Message-Authenticator of its own last */
	memcpy(request, data, 20);
	memcpy(request + 20, data + 38, n - 38);
	memcpy(request + n - 18, data + 20, 2);
	memset(request + n - 16, 0, 16);
	assert_ok(hk_radius_parse(hk_bytes(request, n), &p));
	assert_int_equal(p.message_authenticator, n - 16);
	assert_err(hk_radius_check_message_authenticator(&p, &s, NULL), HK_ERR_AUTHENTICATOR);
	/* HMAC-MD5 by an independent implementation */
	hex(request + n - 16, 16, "668bc0017808bbf69b88ef52fe87a6d4");
	assert_ok(hk_radius_check_message_authenticator(&p, &s, NULL));

	/* signing leaves one alone that is not first */
	b = hk_buf(request, sizeof request);
	b.len = n;
	assert_ok(hk_radius_sign_request(&b, &s, ra));
	assert_hex(request + n - 16, 16, "668bc0017808bbf69b88ef52fe87a6d4");
}

/* R2865-3-06 R2865-3-07 */
static void response_authenticators(void **state)
{
	static const struct {
		const char *packet, *ra, *secret;
	} cases[] = {
		{LOGIN_CHALLENGE, LOGIN_RA, SECRET},
		{LOGIN_ACCEPT, LOGIN_RA, SECRET},
		{LOGIN_REJECT, LOGIN_RA, SECRET},
		{RADSEC_ACCEPT, LOGIN_RA, "radsec"},
		{STATUS_ACCEPT, STATUS_RA, SECRET},
		{DISCONNECT_ACK, DISCONNECT_RA, SECRET},
		{DISCONNECT_NAK, DISCONNECT_RA, SECRET},
		{ACCOUNTING_RESPONSE, ACCOUNTING_RA, SECRET},
		{ERP_ACCEPT, ERP_RA, SECRET},
		{ERP_REJECT, ERP_RA, SECRET},
	};
	struct hk_radius_secret other = make_secret("another secret");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hk_radius_secret s = make_secret(cases[i].secret);
		struct packet p = packet_from(cases[i].packet);
		uint8_t ra[16];

		hex(ra, sizeof ra, cases[i].ra);
		assert_ok(hk_radius_check_response_authenticator(&p.view, &s, ra));
		assert_err(hk_radius_check_response_authenticator(&p.view, &other, ra),
			HK_ERR_AUTHENTICATOR);
		p.data[19] ^= 1;
		assert_err(hk_radius_check_response_authenticator(&p.view, &s, ra),
			HK_ERR_AUTHENTICATOR);
		p.data[19] ^= 1;
		ra[0] ^= 0x80;
		assert_err(hk_radius_check_response_authenticator(&p.view, &s, ra),
			HK_ERR_AUTHENTICATOR);
		free(p.data);
	}
}

/* R2866-3-01 R5176-2.3-01 */
static void md5_request_authenticators(void **state)
{
	static const char *const packets[] = {ACCOUNTING_REQUEST, DISCONNECT_REQUEST};
	struct hk_radius_secret s = make_secret(SECRET);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct packet p = packet_from(packets[i]);

		assert_ok(hk_radius_check_request_authenticator(&p.view, &s));
		p.data[p.view.packet.len - 1] ^= 1;
		assert_err(
			hk_radius_check_request_authenticator(&p.view, &s), HK_ERR_AUTHENTICATOR);
		free(p.data);
	}
}

/* ---- making ---- */

struct out {
	uint8_t data[HK_RADIUS_MAX_LEN + 100];
	struct hk_buf b;
};

static void begin(struct out *o, uint8_t code, uint8_t identifier)
{
	memset(o->data, 0xee, sizeof o->data);
	o->b = hk_buf(o->data, sizeof o->data);
	hk_radius_begin(&o->b, code, identifier);
}

static void put_hex(struct out *o, uint8_t type, const char *text)
{
	uint8_t value[HK_RADIUS_VALUE_MAX];

	hk_radius_put(&o->b, type, hk_bytes(value, hex(value, sizeof value, text)));
}

static void put_login_request(struct out *o)
{
	begin(o, HK_RADIUS_ACCESS_REQUEST, 7);
	hk_radius_put(&o->b, HK_RADIUS_USER_NAME, hk_text("@home.example"));
	hk_radius_put(&o->b, HK_RADIUS_NAS_IDENTIFIER, hk_text("ap1.visited.example"));
	hk_radius_put(&o->b, HK_RADIUS_CALLING_STATION_ID, hk_text("02-00-00-00-00-01"));
	put_hex(o, HK_RADIUS_EAP_MESSAGE, "020100120140686f6d652e6578616d706c65");
	hk_radius_put(&o->b, HK_RADIUS_PROXY_STATE, hk_text("P1"));
}

/* R3579-3.2-02 BLAST-4.2-05 */
static void login_request(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t ra[16];
	struct out o;

	(void)state;
	hex(ra, sizeof ra, LOGIN_RA);
	put_login_request(&o);
	assert_ok(hk_radius_sign_request(&o.b, &s, ra));
	assert_hex(o.data, o.b.len, LOGIN_REQUEST);
	assert_int_equal(o.data[20], HK_RADIUS_MESSAGE_AUTHENTICATOR);

	s = make_secret("radsec");
	assert_ok(hk_radius_sign_request(&o.b, &s, ra));
	assert_hex(o.data + 22, 16, RADSEC_REQUEST_MA);
	s = make_secret("radius/dtls");
	assert_ok(hk_radius_sign_request(&o.b, &s, ra));
	assert_hex(o.data + 22, 16, DTLS_REQUEST_MA);
}

static void put_accept(struct out *o, const struct hk_radius_secret *s, const struct hk_radius *req)
{
	uint8_t msk[64];

	for (size_t i = 0; i < sizeof msk; i++)
		msk[i] = (uint8_t)(0x40 + i);
	begin(o, HK_RADIUS_ACCESS_ACCEPT, req->identifier);
	put_hex(o, HK_RADIUS_EAP_MESSAGE, "03090004");
	hk_radius_put_mppe_keys(&o->b, s, req->authenticator, 0x8501, msk);
	hk_radius_put(&o->b, HK_RADIUS_USER_NAME, hk_text("@home.example"));
	hk_radius_put_proxy_state(&o->b, req);
}

/* R3579-3.2-03 BLAST-4.2-04 R2548-2.4.2-04 */
static void login_answers(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET), radsec = make_secret("radsec");
	struct packet req = packet_from(LOGIN_REQUEST);
	struct out o;

	(void)state;
	begin(&o, HK_RADIUS_ACCESS_CHALLENGE, req.view.identifier);
	put_hex(&o, HK_RADIUS_STATE, "00112233445566778899aabbccddeeff");
	put_hex(&o, HK_RADIUS_EAP_MESSAGE, "010200060d20");
	hk_radius_put_proxy_state(&o.b, &req.view);
	assert_ok(hk_radius_sign_reply(&o.b, &s, req.view.authenticator));
	assert_hex(o.data, o.b.len, LOGIN_CHALLENGE);

	begin(&o, HK_RADIUS_ACCESS_REJECT, req.view.identifier);
	put_hex(&o, HK_RADIUS_EAP_MESSAGE, "04090004");
	hk_radius_put_proxy_state(&o.b, &req.view);
	assert_ok(hk_radius_sign_reply(&o.b, &s, req.view.authenticator));
	assert_hex(o.data, o.b.len, LOGIN_REJECT);

	put_accept(&o, &s, &req.view);
	assert_ok(hk_radius_sign_reply(&o.b, &s, req.view.authenticator));
	assert_hex(o.data, o.b.len, LOGIN_ACCEPT);

	put_accept(&o, &radsec, &req.view);
	assert_ok(hk_radius_sign_reply(&o.b, &radsec, req.view.authenticator));
	assert_hex(o.data, o.b.len, RADSEC_ACCEPT);
	free(req.data);
}

/* R5997-3-01 */
static void status_server_and_its_answers(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t ra[16], none[16] = {0};
	struct hk_radius p;
	struct out o;

	(void)state;
	hex(ra, sizeof ra, STATUS_RA);
	begin(&o, HK_RADIUS_STATUS_SERVER, 0);
	hk_radius_put(&o.b, HK_RADIUS_NAS_IDENTIFIER, hk_text("er.visited.example"));
	assert_ok(hk_radius_sign_request(&o.b, &s, ra));
	assert_hex(o.data, o.b.len, STATUS_SERVER);

	begin(&o, HK_RADIUS_ACCESS_ACCEPT, 0);
	assert_ok(hk_radius_sign_reply(&o.b, &s, ra));
	assert_hex(o.data, o.b.len, STATUS_ACCEPT);

	/* on an accounting port: an Accounting-Response that has one */
	begin(&o, HK_RADIUS_ACCOUNTING_RESPONSE, 0);
	hk_radius_put(&o.b, HK_RADIUS_MESSAGE_AUTHENTICATOR, hk_bytes(none, sizeof none));
	assert_ok(hk_radius_sign_reply(&o.b, &s, ra));
	assert_ok(hk_radius_parse(hk_buf_bytes(&o.b), &p));
	assert_ok(hk_radius_check_message_authenticator(&p, &s, ra));
	assert_ok(hk_radius_check_response_authenticator(&p, &s, ra));
}

/* R5176-3.4-02 */
static void disconnect(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t ra[16];
	struct out o;

	(void)state;
	begin(&o, HK_RADIUS_DISCONNECT_REQUEST, 33);
	hk_radius_put_u32(&o.b, HK_RADIUS_EVENT_TIMESTAMP, 1767225600);
	put_hex(&o, HK_RADIUS_NAS_IP_ADDRESS, "c000020a");
	hk_radius_put(&o.b, HK_RADIUS_ACCT_SESSION_ID, hk_text("5F3A-01"));
	hk_radius_put(&o.b, HK_RADIUS_USER_NAME, hk_text("dd6e873d2cf17fbc@visited.example"));
	assert_ok(hk_radius_sign_md5_request(&o.b, &s));
	assert_hex(o.data, o.b.len, DISCONNECT_REQUEST);

	hex(ra, sizeof ra, DISCONNECT_RA);
	begin(&o, HK_RADIUS_DISCONNECT_ACK, 33);
	assert_ok(hk_radius_sign_reply(&o.b, &s, ra));
	assert_hex(o.data, o.b.len, DISCONNECT_ACK);
	begin(&o, HK_RADIUS_DISCONNECT_NAK, 33);
	hk_radius_put_u32(&o.b, HK_RADIUS_ERROR_CAUSE, 503);
	assert_ok(hk_radius_sign_reply(&o.b, &s, ra));
	assert_hex(o.data, o.b.len, DISCONNECT_NAK);
}

/* R2866-3-02 */
static void accounting(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t ra[16];
	struct out o;

	(void)state;
	begin(&o, HK_RADIUS_ACCOUNTING_REQUEST, 9);
	hk_radius_put_u32(&o.b, HK_RADIUS_ACCT_STATUS_TYPE, 1);
	hk_radius_put(&o.b, HK_RADIUS_ACCT_SESSION_ID, hk_text("5F3A-01"));
	hk_radius_put(&o.b, HK_RADIUS_NAS_IDENTIFIER, hk_text("ap1.visited.example"));
	hk_radius_put(&o.b, HK_RADIUS_CLASS, hk_text("c1"));
	assert_ok(hk_radius_sign_md5_request(&o.b, &s));
	assert_hex(o.data, o.b.len, ACCOUNTING_REQUEST);

	hex(ra, sizeof ra, ACCOUNTING_RA);
	begin(&o, HK_RADIUS_ACCOUNTING_RESPONSE, 9);
	assert_ok(hk_radius_sign_reply(&o.b, &s, ra));
	assert_hex(o.data, o.b.len, ACCOUNTING_RESPONSE);
}

/* One ERP exchange in the visited domain, octet for octet. */
static void erp_exchange(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t ra[16], rmsk[64];
	struct out o;

	(void)state;
	hex(ra, sizeof ra, ERP_RA);
	hex(rmsk, sizeof rmsk, ERP_RMSK);
	begin(&o, HK_RADIUS_ACCESS_REQUEST, 0x21);
	hk_radius_put(&o.b, HK_RADIUS_USER_NAME, hk_text("72e6034d7e57e113@visited.example"));
	hk_radius_put(&o.b, HK_RADIUS_NAS_IDENTIFIER, hk_text("ap2.visited.example"));
	hk_radius_put(&o.b, HK_RADIUS_CALLED_STATION_ID, hk_text("02-00-00-00-01-00:hokey"));
	hk_radius_put(&o.b, HK_RADIUS_CALLING_STATION_ID, hk_text("02-00-00-00-00-01"));
	put_hex(&o, HK_RADIUS_EAP_MESSAGE, ERP_INITIATE);
	assert_ok(hk_radius_sign_request(&o.b, &s, ra));
	assert_hex(o.data, o.b.len, ERP_REQUEST);

	begin(&o, HK_RADIUS_ACCESS_ACCEPT, 0x21);
	put_hex(&o, HK_RADIUS_EAP_MESSAGE, ERP_FINISH);
	hk_radius_put_mppe_keys(&o.b, &s, ra, 0x9101, rmsk);
	hk_radius_put(&o.b, HK_RADIUS_USER_NAME, hk_text("@home.example"));
	hk_radius_put_u32(&o.b, HK_RADIUS_SESSION_TIMEOUT, 3600);
	hk_radius_put_u32(&o.b, HK_RADIUS_TERMINATION_ACTION, 1);
	assert_ok(hk_radius_sign_reply(&o.b, &s, ra));
	assert_hex(o.data, o.b.len, ERP_ACCEPT);

	begin(&o, HK_RADIUS_ACCESS_REJECT, 0x21);
	put_hex(&o, HK_RADIUS_EAP_MESSAGE, ERP_FAILING_FINISH);
	assert_ok(hk_radius_sign_reply(&o.b, &s, ra));
	assert_hex(o.data, o.b.len, ERP_REJECT);
}

static void packet_that_outgrows(void **state)
{
	struct hk_radius_secret s = make_secret(SECRET);
	uint8_t ra[16] = {0}, value[HK_RADIUS_VALUE_MAX] = {0}, small[40];
	struct hk_buf b = hk_buf(small, sizeof small);
	struct out o;

	(void)state;
	/* its buffer */
	hk_radius_begin(&b, HK_RADIUS_ACCESS_ACCEPT, 1);
	hk_radius_put_u32(&b, HK_RADIUS_SESSION_TIMEOUT, 1);
	assert_err(hk_radius_sign_reply(&b, &s, ra), HK_ERR_TOO_LONG);
	/* 4096 octets */
	begin(&o, HK_RADIUS_ACCESS_ACCEPT, 1);
	for (int i = 0; i < 15; i++)
		hk_radius_put(&o.b, HK_RADIUS_CLASS, hk_bytes(value, sizeof value));
	hk_radius_put(&o.b, HK_RADIUS_CLASS, hk_bytes(value, 4096 - 38 - 15 * 255 - 2));
	assert_int_equal(o.b.len, 4096);
	assert_ok(hk_radius_sign_reply(&o.b, &s, ra));
	hk_radius_put(&o.b, HK_RADIUS_CLASS, HK_NO_BYTES);
	assert_err(hk_radius_sign_reply(&o.b, &s, ra), HK_ERR_TOO_LONG);
	/* an empty buffer is a mistake of the caller */
	b = hk_buf(small, sizeof small);
	assert_err(hk_radius_sign_reply(&b, &s, ra), HK_ERR_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secret_lengths),
		cmocka_unit_test(message_authenticator_of_vectors),
		cmocka_unit_test(changed_request_authenticator),
		cmocka_unit_test(absent_message_authenticator),
		cmocka_unit_test(message_authenticator_in_last_place),
		cmocka_unit_test(response_authenticators),
		cmocka_unit_test(md5_request_authenticators),
		cmocka_unit_test(login_request),
		cmocka_unit_test(login_answers),
		cmocka_unit_test(status_server_and_its_answers),
		cmocka_unit_test(disconnect),
		cmocka_unit_test(accounting),
		cmocka_unit_test(erp_exchange),
		cmocka_unit_test(packet_that_outgrows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
