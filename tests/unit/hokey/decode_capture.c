/* SPDX-License-Identifier: ISC */
/* `hokey decode` on captures, made here octet by octet. */
#include "decode_run.h"
#include "vectors.h"

#include "../radius/vectors.h"

#include <jansson.h>

enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_COOKED = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_COOKED2 = 276,
};

struct capture {
	uint8_t data[65536];
	struct hk_buf b;
};

static void put_hex(struct hk_buf *b, const char *text)
{
	uint8_t octets[HK_RADIUS_MAX_LEN];

	hk_put(b, octets, hex(octets, sizeof octets, text));
}

static void begin_capture(struct capture *c, uint32_t link)
{
	c->b = hk_buf(c->data, sizeof c->data);
	put_hex(&c->b, "a1b2c3d4 0002 0004 00000000 00000000 00040000");
	hk_put_u32(&c->b, link);
}

/* One frame: the octets of f; length: what it was before the capture cut it. */
static void put_frame(struct capture *c, const struct hk_buf *f, size_t length)
{
	hk_put_u32(&c->b, 1767225600);
	hk_put_u32(&c->b, 123456);
	hk_put_u32(&c->b, (uint32_t)f->len);
	hk_put_u32(&c->b, (uint32_t)length);
	hk_put_bytes(&c->b, hk_buf_bytes(f));
	assert_true(hk_buf_ok(&c->b));
}

static void put_udp(struct hk_buf *f, uint16_t from, uint16_t to, struct hk_bytes payload)
{
	hk_put_u16(f, from);
	hk_put_u16(f, to);
	hk_put_u16(f, (uint16_t)(8 + payload.len));
	hk_put_u16(f, 0);
	hk_put_bytes(f, payload);
}

/* 192.0.2.1 is the client. */
static void put_ipv4(struct hk_buf *f, bool reply, uint16_t fragment, struct hk_bytes payload)
{
	uint16_t client = 40000, server = 1812;

	put_hex(f, "4500");
	hk_put_u16(f, (uint16_t)(28 + payload.len));
	hk_put_u16(f, 1);
	hk_put_u16(f, fragment);
	put_hex(f, "4011 0000");
	put_hex(f, reply ? "c0000202 c0000201" : "c0000201 c0000202");
	put_udp(f, reply ? server : client, reply ? client : server, payload);
}

static void put_ipv6(struct hk_buf *f, bool options, struct hk_bytes payload)
{
	put_hex(f, "60000000");
	hk_put_u16(f, (uint16_t)(8 + payload.len + (options ? 16 : 0)));
	put_hex(f, options ? "0040" : "1140");
	put_hex(f, "20010db8000000000000000000000001 20010db8000000000000000000000002");
	if (options)
		put_hex(f, "3c00 000000000000"
			   "1100 000000000000");
	put_udp(f, 40000, 1812, payload);
}

static struct hk_bytes octets_of(const char *text, uint8_t *memory, size_t cap)
{
	return hk_bytes(memory, hex(memory, cap, text));
}

static struct run run_on(const struct capture *c, const char *secret)
{
	if (secret)
		return run_decode_on(c->data, c->b.len, "--secret-file", secret, NULL);
	return run_decode_on(c->data, c->b.len, NULL);
}

/* ---- link types ---- */

/* The link's header, and IPv4 or IPv6 behind it. */
static void link_types(void **state)
{
	static const struct {
		uint32_t link;
		const char *header;
		bool ipv6, options;
	} cases[] = {
		{LINK_ETHERNET, "020000000002 020000000001 0800", false, false},
		{LINK_ETHERNET, "020000000002 020000000001 86dd", true, false},
		{LINK_ETHERNET, "020000000002 020000000001 86dd", true, true},
		{LINK_ETHERNET, "020000000002 020000000001 8100 0064 0800", false, false},
		{LINK_ETHERNET, "020000000002 020000000001 88a8 0064 8100 0064 0800", false, false},
		{LINK_COOKED, "0000 0001 0006 0200000000010000 0800", false, false},
		{LINK_COOKED, "0000 0001 0006 0200000000010000 86dd", true, false},
		{LINK_COOKED2, "0800 0000 00000001 0001 00 06 0200000000010000", false, false},
		{LINK_RAW, "", false, false},
		{LINK_RAW, "", true, false},
		{LINK_IPV4, "", false, false},
		{LINK_IPV6, "", true, false},
		{LINK_NULL, "02000000", false, false},
		{LINK_NULL, "0000000a", true, false},
		{LINK_LOOP, "00000002", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t memory[4096], packet[512];
		struct hk_buf f = hk_buf(memory, sizeof memory);
		struct hk_bytes payload = octets_of(ERP_REQUEST, packet, sizeof packet);
		struct capture *c = malloc(sizeof *c);
		struct run r;

		begin_capture(c, cases[i].link);
		put_hex(&f, cases[i].header);
		if (cases[i].ipv6)
			put_ipv6(&f, cases[i].options, payload);
		else
			put_ipv4(&f, false, 0, payload);
		put_frame(c, &f, f.len);
		r = run_on(c, NULL);
		assert_status(&r, 0);
		assert_says(&r, "frame: 1, 2026-01-01T00:00:00.123456Z");
		assert_says(&r, cases[i].ipv6 ? "[2001:db8::1]:40000 > [2001:db8::2]:1812"
					      : "192.0.2.1:40000 > 192.0.2.2:1812");
		assert_says(&r, "RADIUS: Access-Request, Identifier 33, 198 octets");
		assert_says(&r, "keyName-NAI: \"72e6034d7e57e113@visited.example\"");
		run_free(&r);

		/* every cut of the frame: found or not, no read past its end */
		for (size_t cut = 0; cut < f.len; cut++) {
			struct hk_buf shorter = hk_buf(memory, cut);

			shorter.len = cut;
			begin_capture(c, cases[i].link);
			put_frame(c, &shorter, f.len);
			r = run_on(c, NULL);
			assert_true(r.status == 0 || r.status == 1);
			run_free(&r);
		}
		free(c);
	}
}

static void link_type_nobody_knows(void **state)
{
	struct capture *c = malloc(sizeof *c);
	struct run r;

	(void)state;
	begin_capture(c, 105); /* IEEE 802.11 */
	r = run_on(c, NULL);
	assert_status(&r, 2);
	assert_non_null(strstr(r.err, "is not supported"));
	run_free(&r);
	free(c);
}

/* ---- EAPOL ---- */

static void eapol_frames(void **state)
{
	static const char *const frames[] = {
		"0180c2000003 020000000001 888e 01 01 0000",
		"020000000001 020000000002 888e 02 00 0010 050100100100040876697369742e6578 0000",
		"0180c2000003 020000000001 88c7 02 00 0009 0201000901 61626364",
		"020000000001 020000000002 888e 02 03 0005 02008a0010",
		"020000000001 020000000002 888e 02 00 0100 0201",
	};
	struct capture *c = malloc(sizeof *c);
	struct run r;

	(void)state;
	begin_capture(c, LINK_ETHERNET);
	for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
		uint8_t memory[256];
		struct hk_buf f = hk_buf(memory, sizeof memory);

		put_hex(&f, frames[i]);
		put_frame(c, &f, f.len);
	}
	r = run_on(c, NULL);
	assert_status(&r, 1);
	assert_says(&r, "02:00:00:00:00:01 > 01:80:c2:00:00:03");
	assert_says(&r, "EAPOL: Start, version 1");
	assert_says(&r, "EAP-Initiate/Re-auth-Start, Identifier 1");
	assert_says(&r, "Domain name: \"visit.ex\"");
	assert_says(&r, "Identity: \"abcd\"");
	assert_says(&r, "EAPOL: Key, version 2");
	assert_says(&r, "[MALFORMED: only 2 octets are here]");
	run_free(&r);
	free(c);
}

/* ---- exchanges ---- */

static void put_exchange(struct capture *c, const char *request, const char *reply)
{
	uint8_t memory[4096], packet[512];
	struct hk_buf f = hk_buf(memory, sizeof memory);

	put_ipv4(&f, false, 0, octets_of(request, packet, sizeof packet));
	put_frame(c, &f, f.len);
	f = hk_buf(memory, sizeof memory);
	put_ipv4(&f, true, 0, octets_of(reply, packet, sizeof packet));
	put_frame(c, &f, f.len);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* R2865-3-07: replies are checked with the request they answer. */
static void replies_are_paired(void **state)
{
	char *secret = temp_file(*state, "secret", SECRET, 0600);
	struct capture *c = malloc(sizeof *c);
	uint8_t memory[4096], packet[512];
	struct hk_buf f = hk_buf(memory, sizeof memory);
	struct run r;

	begin_capture(c, LINK_RAW);
	put_exchange(c, ERP_REQUEST, ERP_ACCEPT);
	put_exchange(c, LOGIN_REQUEST, LOGIN_CHALLENGE);
	put_exchange(c, DISCONNECT_REQUEST, DISCONNECT_ACK);
	r = run_on(c, secret);
	assert_status(&r, 0);
	assert_int_equal(count(r.out, "Response Authenticator: "), 3);
	assert_int_equal(count(r.out, "[right: by the secret given]"), 6 + 3 + 1);
	run_free(&r);

	/* the answer to another client with the same Identifier */
	begin_capture(c, LINK_RAW);
	put_ipv4(&f, false, 0, octets_of(ERP_REQUEST, packet, sizeof packet));
	memory[15] = 9;
	put_frame(c, &f, f.len);
	f = hk_buf(memory, sizeof memory);
	put_ipv4(&f, true, 0, octets_of(ERP_ACCEPT, packet, sizeof packet));
	put_frame(c, &f, f.len);
	r = run_on(c, secret);
	assert_status(&r, 0);
	assert_says(&r, "[not checked: the request was not seen]");
	run_free(&r);
	free(c);
	free(secret);
}

/* An Identifier that comes back: the latest request counts. */
static void identifiers_come_back(void **state)
{
	char *secret = temp_file(*state, "secret", SECRET, 0600);
	struct capture *c = malloc(sizeof *c);
	struct run r;

	begin_capture(c, LINK_RAW);
	for (int i = 0; i < 5; i++) {
		put_exchange(c, LOGIN_REQUEST, LOGIN_CHALLENGE);
		put_exchange(c, ERP_REQUEST, ERP_REJECT);
	}
	r = run_on(c, secret);
	assert_status(&r, 0);
	assert_null(strstr(r.out, "not checked: the request"));
	run_free(&r);
	free(c);
	free(secret);
}

/* ---- what is left out ---- */

static void other_traffic(void **state)
{
	struct capture *c = malloc(sizeof *c);
	uint8_t memory[4096], packet[512];
	struct hk_buf f = hk_buf(memory, sizeof memory);
	struct run r;

	(void)state;
	begin_capture(c, LINK_RAW);
	/* to another port: RADIUS beyond doubt, and something else */
	put_ipv4(&f, false, 0, octets_of(ERP_REQUEST, packet, sizeof packet));
	hk_store_u16(memory + 22, 18120);
	put_frame(c, &f, f.len);
	f = hk_buf(memory, sizeof memory);
	put_ipv4(&f, false, 0,
		octets_of("0001010000010000000000000377777707", packet, sizeof packet));
	hk_store_u16(memory + 22, 53);
	put_frame(c, &f, f.len);
	/* TCP, an ICMP error, a fragment, an ARP-like nothing */
	f = hk_buf(memory, sizeof memory);
	put_ipv4(&f, false, 0, octets_of(ERP_REQUEST, packet, sizeof packet));
	memory[9] = 6;
	put_frame(c, &f, f.len);
	f = hk_buf(memory, sizeof memory);
	put_ipv4(&f, false, 0x2000, octets_of(ERP_REQUEST, packet, sizeof packet));
	put_frame(c, &f, f.len);
	f = hk_buf(memory, sizeof memory);
	put_frame(c, &f, 0);
	r = run_on(c, NULL);
	assert_status(&r, 0);
	assert_int_equal(count(r.out, "frame: "), 1);
	assert_says(&r, "192.0.2.1:40000 > 192.0.2.2:18120");
	assert_non_null(strstr(r.err, "1 IP fragments were left out"));
	run_free(&r);
	free(c);
}

/* On the port of RADIUS also what is none is shown. */
static void garbage_on_the_port(void **state)
{
	struct capture *c = malloc(sizeof *c);
	uint8_t memory[4096], packet[512];
	struct hk_buf f = hk_buf(memory, sizeof memory);
	struct run r;

	(void)state;
	begin_capture(c, LINK_RAW);
	put_ipv4(&f, false, 0, octets_of("0102", packet, sizeof packet));
	put_frame(c, &f, f.len);
	r = run_on(c, NULL);
	assert_status(&r, 1);
	assert_says(&r, "[MALFORMED: less than the header]");
	run_free(&r);
	free(c);
}

static void broken_files(void **state)
{
	struct capture *c = malloc(sizeof *c);
	uint8_t memory[4096], packet[512];
	struct hk_buf f = hk_buf(memory, sizeof memory);
	struct run r;
	char *path;

	begin_capture(c, LINK_RAW);
	put_ipv4(&f, false, 0, octets_of(ERP_REQUEST, packet, sizeof packet));
	put_frame(c, &f, f.len);
	for (size_t cut = 1; cut < c->b.len; cut++) {
		r = run_decode_on(c->data, cut, NULL);
		assert_int_equal(r.status, cut == 24 ? 0 : 2); /* 24: a capture of nothing */
		run_free(&r);
	}
	path = temp_file(*state, "capture", "\n\r\r\n nonsense", 0600);
	r = run_decode(path);
	assert_status(&r, 2);
	run_free(&r);
	free(path);
	free(c);
}

/* Frames are one array in JSON. */
static void json_output(void **state)
{
	struct capture *c = malloc(sizeof *c);
	struct run r;
	json_t *all;

	(void)state;
	begin_capture(c, LINK_RAW);
	put_exchange(c, ERP_REQUEST, ERP_ACCEPT);
	r = run_decode_on(c->data, c->b.len, "-j", NULL);
	assert_status(&r, 0);
	all = json_loads(r.out, 0, NULL);
	assert_int_equal(json_array_size(all), 2);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(all, 0), "name")), "frame");
	json_decref(all);
	run_free(&r);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_types),
		cmocka_unit_test(link_type_nobody_knows),
		cmocka_unit_test(eapol_frames),
		cmocka_unit_test(replies_are_paired),
		cmocka_unit_test(identifiers_come_back),
		cmocka_unit_test(other_traffic),
		cmocka_unit_test(garbage_on_the_port),
		cmocka_unit_test(broken_files),
		cmocka_unit_test(json_output),
	};

	return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
