/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <hokey/keydist.h>
#include <hokey/proxy.h>

static struct hk_radius_secret client_secret, server_secret;

static const uint8_t client_random[16] = "client-random-16";
static const uint8_t random_octets[HK_FORWARD_RANDOM_LEN] = "server-random-16PROXYSTA";

static struct hk_forward options(void)
{
	assert_ok(hk_radius_secret_set(&client_secret, hk_text("between NAS and us")));
	assert_ok(hk_radius_secret_set(&server_secret, hk_text("between us and home")));
	return (struct hk_forward){.client_secret = &client_secret,
		.server_secret = &server_secret,
		.require_message_authenticator = true};
}

static struct hk_radius parse(const struct hk_buf *b)
{
	struct hk_radius p;

	assert_ok(hk_radius_parse(hk_buf_bytes(b), &p));
	return p;
}

struct packet {
	uint8_t memory[HK_RADIUS_MAX_LEN];
	struct hk_buf buf;
	struct hk_radius radius;
};

static void begin(struct packet *p, uint8_t code, uint8_t identifier)
{
	p->buf = hk_buf(p->memory, sizeof(p->memory));
	hk_radius_begin(&p->buf, code, identifier);
}

static void sign_request(struct packet *p)
{
	assert_ok(hk_radius_sign_request(&p->buf, &client_secret, client_random));
	p->radius = parse(&p->buf);
}

/* An ERP request of a NAS with things in it that we do not know. */
static void make_request(struct packet *p)
{
	static const uint8_t initiate[] = {5, 9, 0, 8, 2, 0x20, 0, 7};

	begin(p, HK_RADIUS_ACCESS_REQUEST, 11);
	hk_radius_put(&p->buf, HK_RADIUS_USER_NAME, hk_text("Alice@HOME.example"));
	hk_radius_put(&p->buf, HK_RADIUS_PROXY_STATE, hk_text("one"));
	hk_radius_put_eap(&p->buf, hk_bytes(initiate, sizeof(initiate)));
	hk_radius_put(&p->buf, 250, hk_text("what is this?"));
	hk_radius_put_vsa(&p->buf, 4711, 3, hk_text("vendor"));
	hk_radius_put(&p->buf, HK_RADIUS_PROXY_STATE, hk_text("two"));
	sign_request(p);
}

static void forward(const struct hk_forward *f, const struct packet *request, struct packet *sent)
{
	sent->buf = hk_buf(sent->memory, sizeof(sent->memory));
	assert_ok(hk_forward_request(f, &request->radius, 200, random_octets, &sent->buf));
	sent->radius = parse(&sent->buf);
}

/* "1 33 79 ...": the types in their order. */
static const char *types_of(const struct hk_radius *p, char text[200])
{
	struct hk_reader r = hk_reader(p->attributes);
	struct hk_radius_attribute a;
	size_t n = 0;

	text[0] = 0;
	while (hk_radius_next(&r, &a))
		n += (size_t)snprintf(text + n, 200 - n, "%s%u", n ? " " : "", a.type);
	return text;
}

static void assert_attribute(const struct hk_radius *p, uint8_t type, const char *value)
{
	struct hk_bytes v = hk_radius_find(p, type);

	assert_int_equal(v.len, strlen(value));
	assert_memory_equal(v.data, value, v.len);
}

/* R7542-3-01 HKRAD-6.5-05 HKRAD-16.10-01 R2865-2.3-05 */
/* R2865-5-02 R2865-5.25-01 R3579-3.2-04 BLAST-4.2-10 */
static void all_that_is_not_ours_passes_verbatim(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent;
	char text[200];

	(void)state;
	make_request(&request);
	forward(&f, &request, &sent);
	assert_string_equal(types_of(&sent.radius, text), "80 1 33 79 250 26 33");
	assert_int_equal(sent.radius.identifier, 200);
	assert_memory_equal(sent.radius.authenticator, random_octets, 16);
	assert_ok(hk_radius_check_message_authenticator(&sent.radius, &server_secret, NULL));
	/* But for the Message-Authenticator the attributes are the same octets. */
	assert_int_equal(sent.radius.attributes.len, request.radius.attributes.len);
	assert_memory_equal(sent.radius.attributes.data + 18, request.radius.attributes.data + 18,
		request.radius.attributes.len - 18);
}

static void a_message_authenticator_is_added(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent;
	const uint8_t plain[] = {1, 3, 0, 27, 'c', 'l', 'i', 'e', 'n', 't', '-', 'r', 'a', 'n', 'd',
		'o', 'm', '-', '1', '6', 1, 7, 'a', 'l', 'i', 'c', 'e'};

	(void)state;
	assert_ok(hk_radius_parse(hk_bytes(plain, sizeof(plain)), &request.radius));
	forward(&f, &request, &sent);
	assert_ok(hk_radius_check_message_authenticator(&sent.radius, &server_secret, NULL));
}

/* R2865-2.3-02 R2865-2.3-03 */
static void our_own_proxy_state_comes_last_and_goes_again(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent, reply, back;
	char text[200];

	(void)state;
	f.own_proxy_state = true;
	make_request(&request);
	forward(&f, &request, &sent);
	assert_string_equal(types_of(&sent.radius, text), "80 1 33 79 250 26 33 33");
	assert_memory_equal(sent.radius.packet.data + sent.radius.packet.len - 8, "PROXYSTA", 8);

	begin(&reply, HK_RADIUS_ACCESS_REJECT, 200);
	hk_radius_put_proxy_state(&reply.buf, &sent.radius);
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	assert_ok(hk_forward_check_reply(&f, &sent.radius, &reply.radius));
	back.buf = hk_buf(back.memory, sizeof(back.memory));
	assert_ok(hk_forward_reply(&f, &request.radius, &sent.radius, &reply.radius, &back.buf));
	back.radius = parse(&back.buf);
	assert_string_equal(types_of(&back.radius, text), "80 33 33");
	assert_attribute(&back.radius, HK_RADIUS_PROXY_STATE, "one");

	/* A reply without it is not the answer to our packet. */
	begin(&reply, HK_RADIUS_ACCESS_REJECT, 200);
	hk_radius_put_proxy_state(&reply.buf, &request.radius);
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	assert_int_equal(
		hk_forward_check_reply(&f, &sent.radius, &reply.radius), HK_ERR_UNEXPECTED);
}

/* R2865-2.3-01 */
static void proxy_states_stay_here_when_told_so(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent, reply, back;
	char text[200];

	(void)state;
	f.hide_proxy_state = true;
	make_request(&request);
	forward(&f, &request, &sent);
	assert_string_equal(types_of(&sent.radius, text), "80 1 79 250 26");
	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	hk_radius_put(&reply.buf, HK_RADIUS_CLASS, hk_text("class"));
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	assert_ok(hk_forward_check_reply(&f, &sent.radius, &reply.radius));
	back.buf = hk_buf(back.memory, sizeof(back.memory));
	assert_ok(hk_forward_reply(&f, &request.radius, &sent.radius, &reply.radius, &back.buf));
	back.radius = parse(&back.buf);
	assert_string_equal(types_of(&back.radius, text), "80 25 33 33");
	assert_int_equal(back.radius.identifier, 11);
	assert_ok(hk_radius_check_response_authenticator(
		&back.radius, &client_secret, client_random));
	assert_ok(
		hk_radius_check_message_authenticator(&back.radius, &client_secret, client_random));
}

/* R2865-2.3-06: what a forger can send is not an answer. */
/* BLAST-4.2-08 */
static void replies_that_are_not_answers(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent, reply;

	(void)state;
	make_request(&request);
	forward(&f, &request, &sent);

	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	assert_ok(hk_radius_sign_reply(&reply.buf, &client_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	assert_int_equal(
		hk_forward_check_reply(&f, &sent.radius, &reply.radius), HK_ERR_AUTHENTICATOR);

	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, client_random));
	reply.radius = parse(&reply.buf);
	assert_int_equal(
		hk_forward_check_reply(&f, &sent.radius, &reply.radius), HK_ERR_AUTHENTICATOR);

	/* A Proxy-State that was not sent (CVE-2024-3596). */
	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	hk_radius_put(&reply.buf, HK_RADIUS_PROXY_STATE, hk_text("collision"));
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	assert_int_equal(
		hk_forward_check_reply(&f, &sent.radius, &reply.radius), HK_ERR_UNEXPECTED);

	/* In another order. */
	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	hk_radius_put(&reply.buf, HK_RADIUS_PROXY_STATE, hk_text("two"));
	hk_radius_put(&reply.buf, HK_RADIUS_PROXY_STATE, hk_text("one"));
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	assert_int_equal(
		hk_forward_check_reply(&f, &sent.radius, &reply.radius), HK_ERR_UNEXPECTED);

	/* A code that answers something else. */
	begin(&reply, HK_RADIUS_DISCONNECT_ACK, 200);
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	assert_int_equal(
		hk_forward_check_reply(&f, &sent.radius, &reply.radius), HK_ERR_UNEXPECTED);
}

/* BLAST-4.2-06 */
static void replies_without_message_authenticator(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent, reply;

	(void)state;
	make_request(&request);
	forward(&f, &request, &sent);
	reply.buf = hk_buf(reply.memory, sizeof(reply.memory));
	hk_put_u8(&reply.buf, HK_RADIUS_ACCESS_REJECT);
	hk_put_u8(&reply.buf, 200);
	hk_put_zeros(&reply.buf, 18);
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	assert_int_equal(hk_forward_check_reply(&f, &sent.radius, &reply.radius), HK_ERR_NOT_FOUND);
	f.require_message_authenticator = false;
	assert_ok(hk_forward_check_reply(&f, &sent.radius, &reply.radius));
	/* Behind another attribute: tolerated, unless it must be first. */
	begin(&reply, HK_RADIUS_ACCESS_REJECT, 200);
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	f.require_message_authenticator = f.require_message_authenticator_first = true;
	reply.radius = parse(&reply.buf);
	assert_ok(hk_forward_check_reply(&f, &sent.radius, &reply.radius));
}

/* R2548-2.4.2-05 */
static void keys_are_hidden_anew(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent, reply, back;
	uint8_t key[64], memory[64];
	struct hk_buf plain;
	struct hk_bytes hidden;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	make_request(&request);
	forward(&f, &request, &sent);
	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	hk_radius_put_mppe_keys(&reply.buf, &server_secret, sent.radius.authenticator, 0x8642, key);
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	back.buf = hk_buf(back.memory, sizeof(back.memory));
	assert_ok(hk_forward_reply(&f, &request.radius, &sent.radius, &reply.radius, &back.buf));
	back.radius = parse(&back.buf);
	for (uint8_t half = 0; half < 2; half++) {
		hidden = hk_radius_find_vsa(&back.radius, HK_VENDOR_MICROSOFT,
			half ? HK_MS_MPPE_SEND_KEY : HK_MS_MPPE_RECV_KEY);
		plain = hk_buf(memory, sizeof(memory));
		assert_ok(hk_radius_unhide_salted(&client_secret, client_random, hidden, &plain));
		assert_int_equal(plain.len, 32);
		assert_memory_equal(memory, key + 32 * half, 32);
	}

	/* What cannot be read is not passed on. */
	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	hk_radius_put_vsa(&reply.buf, HK_VENDOR_MICROSOFT, HK_MS_MPPE_RECV_KEY, hk_text("short"));
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	back.buf = hk_buf(back.memory, sizeof(back.memory));
	assert_int_equal(
		hk_forward_reply(&f, &request.radius, &sent.radius, &reply.radius, &back.buf),
		HK_ERR_MALFORMED);
}

/* Two attributes of one vendor in one Vendor-Specific, a key among them. */
static void keys_beside_others_in_one_vendor_specific(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent, reply, back;
	uint8_t memory[120], key[32] = "the key of thirty-two octets ...";
	struct hk_buf vsa = hk_buf(memory, sizeof(memory)), plain;
	struct hk_bytes found;

	(void)state;
	make_request(&request);
	forward(&f, &request, &sent);
	hk_put_u32(&vsa, HK_VENDOR_MICROSOFT);
	hk_put(&vsa, "\x07\x06\0\0\0\1\x11\x34", 8);
	assert_ok(hk_radius_hide_salted(&server_secret, sent.radius.authenticator, 0x9999,
		hk_bytes(key, sizeof(key)), &vsa));
	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	hk_radius_put(&reply.buf, HK_RADIUS_VENDOR_SPECIFIC, hk_buf_bytes(&vsa));
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	back.buf = hk_buf(back.memory, sizeof(back.memory));
	assert_ok(hk_forward_reply(&f, &request.radius, &sent.radius, &reply.radius, &back.buf));
	back.radius = parse(&back.buf);
	found = hk_radius_find_vsa(&back.radius, HK_VENDOR_MICROSOFT, 7);
	assert_int_equal(found.len, 4);
	plain = hk_buf(memory, sizeof(memory));
	found = hk_radius_find_vsa(&back.radius, HK_VENDOR_MICROSOFT, HK_MS_MPPE_RECV_KEY);
	assert_ok(hk_radius_unhide_salted(&client_secret, client_random, found, &plain));
	assert_memory_equal(memory, key, 32);
}

static void passwords_are_hidden_anew(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent, reply, back;
	uint8_t memory[128];
	struct hk_buf hidden = hk_buf(memory, sizeof(memory)), plain;
	uint8_t tunnel[64] = {7};
	struct hk_buf t = {tunnel, sizeof(tunnel), 1, false};

	(void)state;
	begin(&request, HK_RADIUS_ACCESS_REQUEST, 11);
	assert_ok(hk_radius_hide_password(
		&client_secret, client_random, hk_text("a password of 20 oct"), &hidden));
	hk_radius_put(&request.buf, HK_RADIUS_USER_PASSWORD, hk_buf_bytes(&hidden));
	sign_request(&request);
	forward(&f, &request, &sent);
	plain = hk_buf(memory, sizeof(memory));
	assert_ok(hk_radius_unhide_password(&server_secret, random_octets,
		hk_radius_find(&sent.radius, HK_RADIUS_USER_PASSWORD), &plain));
	assert_int_equal(plain.len, 20);
	assert_memory_equal(memory, "a password of 20 oct", 20);

	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	assert_ok(hk_radius_hide_salted(
		&server_secret, sent.radius.authenticator, 0x8001, hk_text("tunnel"), &t));
	hk_radius_put(&reply.buf, HK_RADIUS_TUNNEL_PASSWORD, hk_buf_bytes(&t));
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	back.buf = hk_buf(back.memory, sizeof(back.memory));
	assert_ok(hk_forward_reply(&f, &request.radius, &sent.radius, &reply.radius, &back.buf));
	back.radius = parse(&back.buf);
	{
		struct hk_bytes v = hk_radius_find(&back.radius, HK_RADIUS_TUNNEL_PASSWORD);

		assert_int_equal(v.data[0], 7);
		plain = hk_buf(memory, sizeof(memory));
		assert_ok(hk_radius_unhide_salted(
			&client_secret, client_random, hk_bytes(v.data + 1, v.len - 1), &plain));
		assert_int_equal(plain.len, 6);
		assert_memory_equal(memory, "tunnel", 6);
	}
}

static void chap_keeps_its_challenge(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent;

	(void)state;
	begin(&request, HK_RADIUS_ACCESS_REQUEST, 11);
	hk_radius_put(&request.buf, HK_RADIUS_CHAP_PASSWORD, hk_text("0123456789abcdefg"));
	sign_request(&request);
	forward(&f, &request, &sent);
	assert_memory_equal(hk_radius_find(&sent.radius, 60).data, client_random, 16);
}

static void additions_of_the_visited_network(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent, again;

	(void)state;
	f.operator_name = hk_text("1visited.example");
	f.ask_cui = true;
	make_request(&request);
	forward(&f, &request, &sent);
	assert_attribute(&sent.radius, HK_RADIUS_OPERATOR_NAME, "1visited.example");
	assert_int_equal(hk_radius_find(&sent.radius, HK_RADIUS_CHARGEABLE_USER_IDENTITY).len, 1);
	/* Not a second one. */
	f.operator_name = hk_text("1between.example");
	f.client_secret = &server_secret;
	forward(&f, &sent, &again);
	assert_attribute(&again.radius, HK_RADIUS_OPERATOR_NAME, "1visited.example");
	assert_false(hk_radius_has_several(&again.radius, HK_RADIUS_OPERATOR_NAME));
	assert_false(hk_radius_has_several(&again.radius, HK_RADIUS_CHARGEABLE_USER_IDENTITY));
}

/* What the access point hears of the local domain is ours, and only when it was let in. */
static void the_local_domain_is_told(void **state)
{
	static const uint8_t codes[] = {HK_RADIUS_ACCESS_ACCEPT, HK_RADIUS_ACCESS_CHALLENGE};
	struct hk_forward f = options();
	struct packet request, sent, reply, back;

	(void)state;
	f.private_vendor = HK_VENDOR_HOKEY;
	f.local_domain = hk_text("tokyo.example");
	make_request(&request);
	forward(&f, &request, &sent);
	for (size_t i = 0; i < sizeof(codes); i++) {
		struct hk_bytes told;

		begin(&reply, codes[i], 200);
		hk_radius_put_vsa(&reply.buf, HK_VENDOR_HOKEY, HK_KEYDIST_LOCAL_DOMAIN,
			hk_text("elsewhere.example"));
		assert_ok(hk_radius_sign_reply(
			&reply.buf, &server_secret, sent.radius.authenticator));
		reply.radius = parse(&reply.buf);
		back.buf = hk_buf(back.memory, sizeof(back.memory));
		assert_ok(hk_forward_reply(
			&f, &request.radius, &sent.radius, &reply.radius, &back.buf));
		back.radius = parse(&back.buf);
		told = hk_radius_find_vsa(&back.radius, HK_VENDOR_HOKEY, HK_KEYDIST_LOCAL_DOMAIN);
		assert_int_equal(told.data != NULL, codes[i] == HK_RADIUS_ACCESS_ACCEPT);
		assert_true(!told.data || hk_bytes_equal(told, f.local_domain));
	}
}

/* A home cannot name one; behind another local ER server it is the other's to tell. */
static void nobody_else_tells_the_local_domain(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent, reply, back;

	(void)state;
	make_request(&request);
	forward(&f, &request, &sent);
	begin(&reply, HK_RADIUS_ACCESS_ACCEPT, 200);
	hk_radius_put_vsa(
		&reply.buf, HK_VENDOR_HOKEY, HK_KEYDIST_LOCAL_DOMAIN, hk_text("elsewhere.example"));
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, sent.radius.authenticator));
	reply.radius = parse(&reply.buf);
	for (int ours = 0; ours < 2; ours++) {
		f.private_vendor = ours ? HK_VENDOR_HOKEY : 0;
		back.buf = hk_buf(back.memory, sizeof(back.memory));
		assert_ok(hk_forward_reply(
			&f, &request.radius, &sent.radius, &reply.radius, &back.buf));
		back.radius = parse(&back.buf);
		assert_int_equal(
			hk_radius_find_vsa(&back.radius, HK_VENDOR_HOKEY, HK_KEYDIST_LOCAL_DOMAIN)
					.data != NULL,
			!ours);
	}
}

/* R2865-2.3-08 */
static void hops_are_counted(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent[3];
	struct hk_buf out;
	uint8_t memory[HK_RADIUS_MAX_LEN];

	(void)state;
	f.loop_ttl = 3;
	make_request(&request);
	forward(&f, &request, &sent[0]);
	f.client_secret = &server_secret;
	f.loop_ttl = 0;
	forward(&f, &sent[0], &sent[1]);
	forward(&f, &sent[1], &sent[2]);
	assert_int_equal(hk_load_u32(hk_radius_find_vsa(
				 &sent[2].radius, HK_VENDOR_LOOP_TTL, HK_LOOP_TTL_TYPE)
					     .data),
		1);
	out = hk_buf(memory, sizeof(memory));
	assert_int_equal(
		hk_forward_request(&f, &sent[2].radius, 1, random_octets, &out), HK_ERR_EXHAUSTED);
}

/* Whoever wants his request to go round for ever hides it, or asks for many hops. */
static void hops_cannot_be_had(void **state)
{
	static const char *const hidden[] = {
		"1a1200006a7e0106ffffffff0206deadbeef", /* beside another sub-attribute */
		"1a1200006a7e0206deadbeef0106ffffffff",
		"1a0d00006a7e0106ffffffff00", /* before something that is none */
		"1a0c00006a7e0106ffffffff1a0c00006a7e0106ffffffff",
	};
	struct hk_forward f = options();
	struct packet request, sent;
	uint8_t octets[64];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(hidden) / sizeof(hidden[0]); i++) {
		size_t n = hex(octets, sizeof(octets), hidden[i / 2]), found = 0;
		struct hk_reader r;
		struct hk_radius_attribute a;

		f.loop_ttl = i % 2 ? 0 : 3;
		begin(&request, HK_RADIUS_ACCESS_REQUEST, 11);
		hk_put_bytes(&request.buf, hk_bytes(octets, n));
		sign_request(&request);
		forward(&f, &request, &sent);
		r = hk_reader(sent.radius.attributes);
		while (hk_radius_next(&r, &a)) {
			if (a.vendor != HK_VENDOR_LOOP_TTL || a.vendor_type != HK_LOOP_TTL_TYPE)
				continue;
			found++;
			assert_int_equal(hk_load_u32(a.vendor_value.data), i % 2 ? 255 : 3);
		}
		assert_int_equal(found, 1);
		assert_ptr_equal(
			hk_radius_find_vsa(&sent.radius, HK_VENDOR_LOOP_TTL, HK_LOOP_TTL_TYPE).data,
			sent.radius.packet.data + sent.radius.packet.len - 4);
	}
}

static void filters(void **state)
{
	struct hk_forward f = options();
	struct hk_attribute_filter filter = {0};
	struct packet request, sent;
	char text[200];

	(void)state;
	assert_ok(hk_filter_add(&filter, "Attr-250"));
	assert_ok(hk_filter_add(&filter, "Vendor-4711-Attr-3"));
	assert_ok(hk_filter_add(&filter, "filter-id"));
	assert_int_equal(hk_filter_add(&filter, "No-Such-Thing"), HK_ERR_NOT_FOUND);
	assert_int_equal(hk_filter_add(&filter, "State"), HK_ERR_DENIED);
	assert_int_equal(hk_filter_add(&filter, "Attr-79"), HK_ERR_DENIED);
	assert_int_equal(hk_filter_add(&filter, "Vendor-311-Attr-16"), HK_ERR_DENIED);
	f.filter_request = &filter;
	make_request(&request);
	forward(&f, &request, &sent);
	assert_string_equal(types_of(&sent.radius, text), "80 1 33 79 33");
}

/* Vendor 4711 has two in one attribute; a key hidden for the client stays as it is. */
static void attributes_that_are_kept_are_filtered(void **state)
{
	static const uint8_t area[] = {11, 3, 'f', 26, 14, 0, 0, 0x12, 0x67, 3, 3, 'x', 4, 5, 'a',
		'b', 'c', 26, 12, 0, 0, 1, 0x37, 16, 6, 1, 2, 3, 4, 69, 5, 1, 2, 3};
	static const uint8_t left[] = {26, 11, 0, 0, 0x12, 0x67, 4, 5, 'a', 'b', 'c', 26, 12, 0, 0,
		1, 0x37, 16, 6, 1, 2, 3, 4, 69, 5, 1, 2, 3};
	struct hk_attribute_filter filter = {0};
	uint8_t memory[sizeof(area)];
	struct hk_buf out = hk_buf(memory, sizeof(memory));

	(void)state;
	hk_filter_copy(&filter, hk_bytes(area, sizeof(area)), &out);
	assert_true(hk_buf_ok(&out));
	assert_int_equal(out.len, sizeof(area));
	assert_memory_equal(out.data, area, sizeof(area));
	assert_ok(hk_filter_add(&filter, "Vendor-4711-Attr-3"));
	assert_ok(hk_filter_add(&filter, "Filter-Id"));
	out = hk_buf(memory, sizeof(memory));
	hk_filter_copy(&filter, hk_bytes(area, sizeof(area)), &out);
	assert_int_equal(out.len, sizeof(left));
	assert_memory_equal(out.data, left, sizeof(left));
}

static void a_state_of_ours_stays_here(void **state)
{
	struct hk_forward f = options();
	struct packet request, sent;

	(void)state;
	begin(&request, HK_RADIUS_ACCESS_REQUEST, 11);
	hk_radius_put(&request.buf, HK_RADIUS_STATE, hk_text("state"));
	sign_request(&request);
	forward(&f, &request, &sent);
	assert_attribute(&sent.radius, HK_RADIUS_STATE, "state");
	f.hide_state = true;
	forward(&f, &request, &sent);
	assert_false(hk_radius_has(&sent.radius, HK_RADIUS_STATE));
}

static void too_long_for_the_next_hop(void **state)
{
	struct hk_forward f = options();
	struct packet request;
	uint8_t memory[HK_RADIUS_MAX_LEN], filler[253] = {0};
	struct hk_buf out = hk_buf(memory, sizeof(memory));

	(void)state;
	f.own_proxy_state = true;
	begin(&request, HK_RADIUS_ACCESS_REQUEST, 11);
	while (request.buf.len + 255 <= HK_RADIUS_MAX_LEN)
		hk_radius_put(&request.buf, 250, hk_bytes(filler, sizeof(filler)));
	hk_radius_put(&request.buf, 250, hk_bytes(filler, HK_RADIUS_MAX_LEN - request.buf.len - 2));
	sign_request(&request);
	assert_int_equal(
		hk_forward_request(&f, &request.radius, 1, random_octets, &out), HK_ERR_TOO_LONG);
}

/* OPS-10.4-07: the answers we make ourselves. */
/* R7930-4-02 */
static void refusals(void **state)
{
	struct packet request, back;
	struct hk_forward f = options();
	char text[200];
	uint32_t cause = 0;

	(void)state;
	(void)f;
	make_request(&request);
	back.buf = hk_buf(back.memory, sizeof(back.memory));
	assert_ok(hk_forward_refuse(
		&client_secret, &request.radius, HK_CAUSE_NOT_ROUTABLE, &back.buf));
	back.radius = parse(&back.buf);
	assert_string_equal(types_of(&back.radius, text), "80 79 101 33 33");
	assert_int_equal(back.radius.code, HK_RADIUS_ACCESS_REJECT);
	assert_memory_equal(
		hk_radius_find(&back.radius, HK_RADIUS_EAP_MESSAGE).data, "\4\x9\0\4", 4);
	assert_true(hk_radius_find_u32(&back.radius, HK_RADIUS_ERROR_CAUSE, &cause));
	assert_int_equal(cause, 502);
	assert_ok(hk_radius_check_response_authenticator(
		&back.radius, &client_secret, client_random));

	back.buf = hk_buf(back.memory, sizeof(back.memory));
	assert_ok(hk_forward_protocol_error(
		&client_secret, &request.radius, HK_CAUSE_NOT_ROUTABLE, &back.buf));
	back.radius = parse(&back.buf);
	assert_int_equal(back.radius.code, HK_RADIUS_PROTOCOL_ERROR);
	assert_string_equal(types_of(&back.radius, text), "80 241 101 33 33");
	/* Original-Packet-Code */
	assert_hex(hk_radius_find(&back.radius, 241).data, 5, "0400000001");
	assert_true(hk_radius_find_u32(&back.radius, HK_RADIUS_ERROR_CAUSE, &cause));
	assert_int_equal(cause, 502);
}

static void status_server(void **state)
{
	struct hk_forward f = options();
	struct packet status, reply;

	(void)state;
	status.buf = hk_buf(status.memory, sizeof(status.memory));
	assert_ok(hk_forward_status(&server_secret, 0, HK_NO_BYTES, random_octets, &status.buf));
	status.radius = parse(&status.buf);
	assert_ok(hk_radius_check_message_authenticator(&status.radius, &server_secret, NULL));
	/* An Accounting-Response without Message-Authenticator answers it, too. */
	reply.buf = hk_buf(reply.memory, sizeof(reply.memory));
	hk_radius_begin(&reply.buf, HK_RADIUS_ACCOUNTING_RESPONSE, 0);
	assert_ok(hk_radius_sign_reply(&reply.buf, &server_secret, status.radius.authenticator));
	reply.radius = parse(&reply.buf);
	assert_ok(hk_forward_check_reply(&f, &status.radius, &reply.radius));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_not_ours_passes_verbatim),
		cmocka_unit_test(a_message_authenticator_is_added),
		cmocka_unit_test(our_own_proxy_state_comes_last_and_goes_again),
		cmocka_unit_test(proxy_states_stay_here_when_told_so),
		cmocka_unit_test(replies_that_are_not_answers),
		cmocka_unit_test(replies_without_message_authenticator),
		cmocka_unit_test(keys_are_hidden_anew),
		cmocka_unit_test(keys_beside_others_in_one_vendor_specific),
		cmocka_unit_test(passwords_are_hidden_anew),
		cmocka_unit_test(chap_keeps_its_challenge),
		cmocka_unit_test(additions_of_the_visited_network),
		cmocka_unit_test(the_local_domain_is_told),
		cmocka_unit_test(hops_are_counted),
		cmocka_unit_test(nobody_else_tells_the_local_domain),
		cmocka_unit_test(hops_cannot_be_had),
		cmocka_unit_test(filters),
		cmocka_unit_test(attributes_that_are_kept_are_filtered),
		cmocka_unit_test(a_state_of_ours_stays_here),
		cmocka_unit_test(too_long_for_the_next_hop),
		cmocka_unit_test(refusals),
		cmocka_unit_test(status_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
