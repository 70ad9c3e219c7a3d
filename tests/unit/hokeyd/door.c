/* SPDX-License-Identifier: ISC */
/* The door for RADIUS: what is let in, and why the rest is not. */
#include "door_bench.h"

#include <hokey/eap.h>

#define IDENTITY "022a000d01616c69636540782e" /* EAP-Response/Identity "alice@x." */
#define NAS      "20046170"                   /* NAS-Identifier "ap" */

/* ---- form ---- */

/* R2865-3-01 R2865-3-03 R2865-5-01 HKRAD-2.2-01 */
static void malformed_packets(void **state)
{
	struct door_bench *b = *state;
	uint64_t n = 0;

	/* every truncation */
	bench_make(b, (struct make){.attributes = NAS, .eap = IDENTITY});
	for (size_t len = b->request_len; len-- > 0;) {
		b->request_len = len;
		assert_int_equal(bench_give(b), HK_DOOR_DROP);
		assert_int_equal(counted(b, HK_COUNT_MALFORMED), ++n);
	}
	/* Length 19 and 4097 */
	bench_make(b, (struct make){.attributes = NAS});
	hk_store_u16(b->request + 2, 19);
	assert_int_equal(bench_give(b), HK_DOOR_DROP);
	b->request_len = sizeof(b->request);
	hk_store_u16(b->request + 2, 4097);
	assert_int_equal(bench_give(b), HK_DOOR_DROP);
	/* attributes that do not end where the packet does; a second signature */
	assert_int_equal(bench_send(b, (struct make){.attributes = "2000"}), HK_DOOR_DROP);
	assert_int_equal(bench_send(b, (struct make){.attributes = "2001"}), HK_DOOR_DROP);
	assert_int_equal(bench_send(b, (struct make){.attributes = "200561"}), HK_DOOR_DROP);
	assert_int_equal(
		bench_send(b, (struct make){.attributes = "501200000000000000000000000000000000"}),
		HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_MALFORMED), n + 6);
	assert_int_equal(counted(b, HK_COUNT_PACKETS), n + 6);
}

/* R2865-3-02 */
static void surplus_is_ignored(void **state)
{
	struct door_bench *b = *state;

	bench_make(b, (struct make){.attributes = NAS, .eap = IDENTITY});
	memset(b->request + b->request_len, 0xff, 20);
	b->request_len += 20;
	assert_int_equal(bench_give(b), HK_DOOR_VISIT);
}

/* ---- client ---- */

/* R2865-3-09 */
static void client_is_known_by_address_alone(void **state)
{
	struct door_bench *b = *state;

	hex(b->source.address, 16, V4("c0000212"));
	assert_int_equal(
		bench_send(b, (struct make){.attributes = NAS, .eap = IDENTITY}), HK_DOOR_DROP);
	assert_int_equal(b->r.dropped, HK_COUNT_UNKNOWN_CLIENT);
	assert_int_equal(counted(b, HK_COUNT_UNKNOWN_CLIENT), 1);
	/* a known address with another's secret */
	hex(b->source.address, 16, AP);
	assert_int_equal(bench_send(b, (struct make){.attributes = NAS,
					       .eap = IDENTITY,
					       .secret = "another secret"}),
		HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_BAD_AUTHENTICATOR), 1);
}

/* HKRAD-5.1-01 */
static void longest_prefix_wins(void **state)
{
	static const struct {
		const char *address, *name;
	} rows[] = {
		{V4("7f000001"), "loopback"},
		{V4("7f000002"), "two"},
		{V4("7f000003"), "pair"},
		{V4("7f0000ff"), "loopback"},
		{AP, "ap"},
		{V4("c0000212"), NULL},
		{"20010db8000000000000000000000001", "six"},
		{"20010db9000000000000000000000001", NULL},
		{"00000000000000000000000000000001", NULL},
	};
	struct door_bench *b = *state;

	bench_add_client(b, "loopback", V4("7f000000"), 104);
	bench_add_client(b, "two", V4("7f000002"), 128);
	bench_add_client(b, "pair", V4("7f000002"), 127);
	bench_add_client(b, "six", "20010db8000000000000000000000000", 32);
	bench_open(b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hk_client *client;
		uint8_t address[16];

		hex(address, sizeof(address), rows[i].address);
		client = hk_clients_find(b->clients, address);
		assert_int_equal(client != NULL, rows[i].name != NULL);
		if (client)
			assert_string_equal(client->config->name, rows[i].name);
	}
}

/* ---- code ---- */

/* R2865-3-04 */
static void codes(void **state)
{
	static const uint8_t refused[] = {
		HK_RADIUS_ACCESS_ACCEPT, HK_RADIUS_ACCOUNTING_REQUEST, 13, 40, 43, 52, 99, 255};
	struct door_bench *b = *state;

	for (size_t i = 0; i < sizeof(refused); i++) {
		bench_make(b, (struct make){.attributes = NAS, .eap = IDENTITY});
		b->request[0] = refused[i];
		assert_int_equal(bench_give(b), HK_DOOR_DROP);
		assert_int_equal(counted(b, HK_COUNT_BAD_CODE), i + 1);
	}
}

/* ---- Message-Authenticator ---- */

/* BLAST-4.2-01 R3579-3.1-05 */
static void signature_is_required(void **state)
{
	struct door_bench *b = *state;

	assert_int_equal(
		bench_send(b, (struct make){.attributes = NAS, .unsigned_ = true}), HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_NO_AUTHENTICATOR), 1);
	assert_int_equal(bench_send(b, (struct make){.attributes = NAS, .bad_signature = true}),
		HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_BAD_AUTHENTICATOR), 1);
	assert_int_equal(bench_send(b, (struct make){.attributes = NAS}), HK_DOOR_VISIT);
}

/* R3579-3.1-04 */
static void eap_always_needs_a_signature(void **state)
{
	struct door_bench *b = *state;

	b->configs[0].require_message_authenticator = HK_NO;
	assert_int_equal(
		bench_send(b, (struct make){.attributes = NAS, .eap = IDENTITY, .unsigned_ = true}),
		HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_NO_AUTHENTICATOR), 1);
	assert_int_equal(
		bench_send(b, (struct make){.attributes = NAS, .unsigned_ = true}), HK_DOOR_VISIT);
}

/* BLAST-4.2-02 */
static void auto_latches_on_the_first_signature(void **state)
{
	struct door_bench *b = *state;
	const struct make unsigned_one = {.attributes = NAS, .unsigned_ = true};
	struct make m = unsigned_one;

	b->configs[0].require_message_authenticator = HK_AUTO;
	assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
	/* a forged one teaches nothing */
	assert_int_equal(
		bench_send(b,
			(struct make){.identifier = 1, .attributes = NAS, .bad_signature = true}),
		HK_DOOR_DROP);
	m.identifier = 2;
	assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
	assert_false(b->r.learnt_signs);
	assert_int_equal(
		bench_send(b, (struct make){.identifier = 3, .attributes = NAS}), HK_DOOR_VISIT);
	assert_true(b->r.learnt_signs);
	m.identifier = 4;
	assert_int_equal(bench_send(b, m), HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_NO_AUTHENTICATOR), 1);
	/* said once, and not forgotten by a reload */
	assert_int_equal(
		bench_send(b, (struct make){.identifier = 5, .attributes = NAS}), HK_DOOR_VISIT);
	assert_false(b->r.learnt_signs);
	bench_open(b);
	m.identifier = 6;
	assert_int_equal(bench_send(b, m), HK_DOOR_DROP);
}

/* BLAST-4.2-03 */
static void proxy_state_without_signature(void **state)
{
	struct door_bench *b = *state;
	const struct make with = {.identifier = 1, .attributes = NAS "21045031", .unsigned_ = true};
	struct make without = {.identifier = 2, .attributes = NAS, .unsigned_ = true};

	b->configs[0].require_message_authenticator = HK_NO;
	b->configs[0].limit_proxy_state = HK_YES;
	assert_int_equal(bench_send(b, with), HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_PROXY_STATE_REFUSED), 1);
	assert_int_equal(bench_send(b, without), HK_DOOR_VISIT);

	b->configs[0].limit_proxy_state = HK_NO;
	assert_int_equal(bench_send(b, with), HK_DOOR_VISIT);
	/* auto: it has been seen without, so it is no proxy */
	b->configs[0].limit_proxy_state = HK_AUTO;
	assert_int_equal(bench_send(b, with), HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_PROXY_STATE_REFUSED), 2);
}

static void auto_limit_starts_open(void **state)
{
	struct door_bench *b = *state;
	struct make m = {.attributes = NAS "21045031", .unsigned_ = true};

	b->configs[0].require_message_authenticator = HK_NO;
	assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
	m.identifier = 1;
	assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
	m = (struct make){.identifier = 2, .attributes = NAS, .unsigned_ = true};
	assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
	assert_true(b->r.learnt_nas);
	m = (struct make){.identifier = 3, .attributes = NAS "21045031", .unsigned_ = true};
	assert_int_equal(bench_send(b, m), HK_DOOR_DROP);
}

/* ---- duplicates ---- */

/* R5080-2.2.2-01 R5080-2.2.2-02 R5080-2.2.2-03 R5080-2.2.2-06 */
static void duplicates(void **state)
{
	struct door_bench *b = *state;
	const struct make m = {.identifier = 9, .attributes = NAS};
	uint8_t first[HK_RADIUS_MAX_LEN];
	size_t len;

	assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
	assert_int_equal(bench_send(b, m), HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_DUPLICATES_IN_PROGRESS), 1);

	hk_home_refuse(&b->r.visit, HK_ERR_DENIED);
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
	len = b->out_len;
	memcpy(first, b->out, len);
	/* forged in between: same key, wrong signature, other authenticator */
	assert_int_equal(bench_send(b, (struct make){.identifier = 9,
					       .authenticator = 0x22,
					       .attributes = NAS,
					       .bad_signature = true}),
		HK_DOOR_DROP);
	b->now += 4000;
	assert_int_equal(bench_send(b, m), HK_DOOR_REPEAT);
	assert_int_equal(b->out_len, len);
	assert_memory_equal(b->out, first, len);
	assert_int_equal(counted(b, HK_COUNT_DUPLICATES_ANSWERED), 1);
	/* R5080-2.2.2-04 */
	b->now += 31000;
	assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
}

/* R5080-2.2.2-05 */
static void identifier_used_again(void **state)
{
	struct door_bench *b = *state;
	uint64_t first;

	assert_int_equal(
		bench_send(b, (struct make){.identifier = 9, .attributes = NAS}), HK_DOOR_VISIT);
	first = b->r.entry;
	assert_int_equal(
		bench_send(b,
			(struct make){.identifier = 9, .authenticator = 0x22, .attributes = NAS}),
		HK_DOOR_VISIT);
	assert_false(hk_door_settle(&b->door, first, hk_bytes("late", 4), b->now));
	assert_int_equal(counted(b, HK_COUNT_SUPERSEDED), 1);
	hk_home_refuse(&b->r.visit, HK_ERR_DENIED);
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
}

/* What was not answered is tried again when it is repeated. */
static void silence_is_forgotten(void **state)
{
	struct door_bench *b = *state;
	const struct make m = {.identifier = 9, .attributes = NAS};

	assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
	b->r.visit.reply.verdict = HK_VERDICT_NONE;
	b->r.visit.reply.reason = HK_ERR_STORE;
	assert_int_equal(bench_answer(b), HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_SILENT), 1);
	assert_int_equal(counted(b, HK_COUNT_STORE_ERRORS), 1);
	assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
}

/* ---- Status-Server ---- */

/* R5997-4.2-01 R2865-2.3-04 R2865-3-05 */
static void status_server(void **state)
{
	struct door_bench *b = *state;

	assert_int_equal(bench_send(b, (struct make){.code = HK_RADIUS_STATUS_SERVER,
					       .identifier = 255,
					       .attributes = NAS "21045031"}),
		HK_DOOR_REPLY);
	assert_signed(b);
	assert_int_equal(b->reply.code, HK_RADIUS_ACCESS_ACCEPT);
	assert_hex(b->out + 38, b->out_len - 38, "21045031");
	assert_int_equal(counted(b, HK_COUNT_STATUS), 1);
}

/* R5997-3-02 */
static void status_server_needs_a_signature(void **state)
{
	struct door_bench *b = *state;

	b->configs[0].require_message_authenticator = HK_NO;
	assert_int_equal(
		bench_send(b, (struct make){.code = HK_RADIUS_STATUS_SERVER, .unsigned_ = true}),
		HK_DOOR_DROP);
	assert_int_equal(bench_send(b, (struct make){.code = HK_RADIUS_STATUS_SERVER,
					       .bad_signature = true}),
		HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_STATUS), 0);
}

/* R5997-4.2-03 */
static void status_server_is_limited(void **state)
{
	struct door_bench *b = *state;
	struct make m = {.code = HK_RADIUS_STATUS_SERVER};

	for (m.identifier = 0; m.identifier < HK_STATUS_PER_SECOND; m.identifier++)
		assert_int_equal(bench_send(b, m), HK_DOOR_REPLY);
	assert_int_equal(bench_send(b, m), HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_STATUS_LIMITED), 1);
	b->now += 1000;
	assert_int_equal(bench_send(b, m), HK_DOOR_REPLY);
}

/* ---- content ---- */

/* R3579-3.3-01 R2865-5.24-03 */
static void contradictions_are_rejected(void **state)
{
	static const char *const attributes[] = {
		NAS "021201020304050607080910111213141516",   /* User-Password */
		NAS "031301020304050607080910111213141516aa", /* CHAP-Password */
		NAS "46121020304050607080910111213141516a",   /* ARAP-Password */
		NAS "180461611804616a",                       /* two States */
	};
	struct door_bench *b = *state;

	for (uint8_t i = 0; i < 4; i++) {
		assert_int_equal(bench_send(b, (struct make){.identifier = i,
						       .attributes = attributes[i],
						       .eap = IDENTITY}),
			HK_DOOR_REPLY);
		assert_signed(b);
		assert_int_equal(b->reply.code, HK_RADIUS_ACCESS_REJECT);
		assert_hex(hk_radius_find(&b->reply, HK_RADIUS_EAP_MESSAGE).data, 4, "042a0004");
	}
}

/* Who sent it, and whether for others, does not depend on what it says of itself. */
static void where_a_request_is_from(void **state)
{
	struct door_bench *b = *state;
	const struct hk_aaa_request *q = &b->r.visit.request;
	uint8_t address[16];

	hex(address, sizeof(address), AP);
	assert_int_equal(bench_send(b, (struct make){.attributes = NAS}), HK_DOOR_VISIT);
	assert_int_equal(q->client_address.len, sizeof(address));
	assert_memory_equal(q->client_address.data, address, sizeof(address));
	assert_false(q->proxied);
	assert_int_equal(bench_send(b, (struct make){.identifier = 1, .attributes = NAS "210301"}),
		HK_DOOR_VISIT);
	assert_true(q->proxied);
	b->configs[0].er_server = true;
	assert_int_equal(
		bench_send(b, (struct make){.identifier = 2, .attributes = NAS}), HK_DOOR_VISIT);
	assert_true(q->proxied);
}

static void without_nas_identity(void **state)
{
	static const char *const link_local[] = {
		NULL, "0406a9fe0001", "5f12fe800000000000000000000000000001"};
	struct door_bench *b = *state;

	for (uint8_t i = 0; i < 3; i++) {
		const struct make m = {
			.identifier = i, .attributes = link_local[i], .eap = IDENTITY};

		b->configs[0].require_nas_identity = false;
		assert_int_equal(bench_send(b, m), HK_DOOR_VISIT);
		hk_door_forget(&b->door, b->r.entry, b->now);
		b->configs[0].require_nas_identity = true;
		assert_int_equal(bench_send(b, m), HK_DOOR_REPLY);
		assert_int_equal(b->reply.code, HK_RADIUS_ACCESS_REJECT);
		assert_int_equal(counted(b, HK_COUNT_NO_NAS_IDENTITY), 2 * i + 2);
	}
	/* one of them is enough */
	assert_int_equal(bench_send(b, (struct make){.identifier = 8,
					       .attributes = "0406c0000211",
					       .eap = IDENTITY}),
		HK_DOOR_VISIT);
	assert_int_equal(bench_send(b, (struct make){.identifier = 9,
					       .attributes = "5f1220010db8000000000000000000000001",
					       .eap = IDENTITY}),
		HK_DOOR_VISIT);
}

/* R3579-3.1-01 R2865-5-03 */
static void request_is_decoded(void **state)
{
	struct door_bench *b = *state;
	const struct hk_aaa_request *q = &b->r.visit.request;

	/* EAP-Message in two parts that are not neighbours */
	assert_int_equal(
		bench_send(b,
			(struct make){
				.attributes = "4f09022a000d01616c"
					      "0107616c696365" /* User-Name */
					      "1806aabbccdd"   /* State */
					      "4f0869636540782e"
					      "0406c0000211"
					      "2004 6170"
					      "1e05303030"
					      "1f05313131" /* Called, Calling */
					      "3d0600000013"
					      "0c0600000578"
					      "660300"
					      "590300"
					      "1a0c0000270f0106deadbeef" /* an unknown vendor's */
			}),
		HK_DOOR_VISIT);
	assert_true(q->has_eap);
	assert_hex(q->eap.data, q->eap.len, IDENTITY);
	assert_true(hk_bytes_equal(q->user_name, hk_text("alice")));
	assert_hex(q->state.data, q->state.len, "aabbccdd");
	assert_hex(q->nas_ip_address.data, q->nas_ip_address.len, "c0000211");
	assert_true(hk_bytes_equal(q->nas_identifier, hk_text("ap")));
	assert_true(hk_bytes_equal(q->called_station_id, hk_text("000")));
	assert_true(hk_bytes_equal(q->calling_station_id, hk_text("111")));
	assert_int_equal(q->nas_port_type, 19);
	assert_int_equal(q->framed_mtu, 1400);
	assert_true(q->wants_key_name);
	assert_hex(q->cui.data, q->cui.len, "00");
	assert_true(hk_bytes_equal(q->client, hk_text("ap")));
	assert_in_range(q->eap_room, 3900, 4034);
}

/* R6929-2.8-01 R2865-5.26-01 R7268-2.2-01 */
static void invalid_attributes_are_ignored(void **state)
{
	struct door_bench *b = *state;
	const struct hk_aaa_request *q = &b->r.visit.request;

	assert_int_equal(bench_send(b, (struct make){.attributes = NAS "0405c00002"
								       "3d05000013"
								       "0c050005dc"
								       "66040000"
								       "5f06c0000211"
								       "1a06ffffffff",
					       .eap = IDENTITY}),
		HK_DOOR_VISIT);
	assert_int_equal(q->nas_ip_address.len, 0);
	assert_int_equal(q->nas_ipv6_address.len, 0);
	assert_int_equal(q->nas_port_type, 0);
	assert_int_equal(q->framed_mtu, 0);
	assert_false(q->wants_key_name);
}

/* The EAP packet of a Challenge fits beside all Proxy-State that must go back. */
static void room_for_eap(void **state)
{
	struct door_bench *b = *state;
	char attributes[4096] = NAS;
	struct hk_buf eap;

	for (int i = 0; i < 6; i++) {
		strcat(attributes, "21ff");
		for (int j = 0; j < 253; j++)
			strcat(attributes, "55");
	}
	assert_int_equal(bench_send(b, (struct make){.attributes = attributes, .eap = IDENTITY}),
		HK_DOOR_VISIT);
	eap = b->r.visit.reply.eap;
	assert_true(b->r.visit.request.eap_room > 2000);
	hk_put_zeros(&eap, b->r.visit.request.eap_room);
	b->r.visit.reply.eap = eap;
	b->r.visit.reply.verdict = HK_VERDICT_CHALLENGE;
	b->r.visit.reply.has_state = true;
	b->r.visit.reply.error_cause = 202;
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
	assert_in_range(b->out_len, HK_RADIUS_MAX_LEN - 3, HK_RADIUS_MAX_LEN);
}

static void too_long_for_a_packet(void **state)
{
	struct door_bench *b = *state;

	assert_int_equal(
		bench_send(b, (struct make){.attributes = NAS, .eap = IDENTITY}), HK_DOOR_VISIT);
	hk_put_zeros(&b->r.visit.reply.eap, HK_EAP_MAX_LEN);
	b->r.visit.reply.verdict = HK_VERDICT_CHALLENGE;
	assert_int_equal(bench_answer(b), HK_DOOR_DROP);
	assert_int_equal(counted(b, HK_COUNT_TOO_LONG), 1);
}

/* An Accept in which all but the key fits goes out without the key. */
static void too_long_with_a_key(void **state)
{
	struct door_bench *b = *state;
	struct hk_aaa_reply *reply = &b->r.visit.reply;
	struct hk_keydist_attributes keys;
	uint8_t filler[HK_RADIUS_MAX_LEN];
	struct hk_buf authorization = hk_buf(filler, sizeof(filler));

	assert_int_equal(
		bench_send(b, (struct make){.attributes = NAS, .eap = IDENTITY}), HK_DOOR_VISIT);
	b->r.keydist_vendor = HK_VENDOR_HOKEY;
	for (int i = 0; i < 15; i++)
		hk_radius_put(&authorization, 25, hk_bytes(b->out, HK_RADIUS_VALUE_MAX));
	reply->verdict = HK_VERDICT_ACCEPT;
	reply->authorization = hk_buf_bytes(&authorization);
	reply->delivery = (struct hk_key_delivery){
		.key_len = HK_KEYDIST_KEY_MAX, .domain = hk_text("visited.example")};
	b->r.visit.event.key.asked = true;
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
	assert_int_equal(b->reply.code, HK_RADIUS_ACCESS_ACCEPT);
	hk_keydist_read(b->reply.attributes, HK_VENDOR_HOKEY, &keys);
	assert_null(keys.key.data);
	assert_int_equal(b->r.visit.event.key.error, HK_KEY_TEMPORARY_FAILURE);
}

/* ---- replies ---- */

static void give_identity(struct door_bench *b, const char *attributes)
{
	assert_int_equal(
		bench_send(b,
			(struct make){.identifier = 7, .attributes = attributes, .eap = IDENTITY}),
		HK_DOOR_VISIT);
}

static void unhide(struct door_bench *b, uint8_t type, const uint8_t *want, uint16_t *salt)
{
	struct hk_bytes v = hk_radius_find_vsa(&b->reply, HK_VENDOR_MICROSOFT, type);
	uint8_t key[64];
	struct hk_buf out = hk_buf(key, sizeof(key));

	assert_int_equal(v.len, 50);
	*salt = hk_load_u16(v.data);
	assert_true(*salt & 0x8000);
	assert_ok(hk_radius_unhide_salted(&b->r.client->config->secret, b->request + 4, v, &out));
	assert_int_equal(out.len, 32);
	assert_memory_equal(key, want, 32);
}

/*
 * R2548-2.4.2-02 R2548-2.4.2-03 R5216-2.3-01 R3579-3-01 R2865-2.3-04 BLAST-4.2-04
 * R2865-2.3-01
 */
static void accept_(void **state)
{
	struct door_bench *b = *state;
	struct hk_aaa_reply *reply = &b->r.visit.reply;
	uint32_t number;
	uint16_t salts[2];

	give_identity(b, NAS "0107616c696365"
			     "21045031"
			     "21045032"
			     "660300");
	for (size_t i = 0; i < sizeof(reply->key); i++)
		reply->key[i] = (uint8_t)(0x40 + i);
	reply->has_key = true;
	reply->verdict = HK_VERDICT_ACCEPT;
	hk_put(&reply->eap, "\x03\x2a\x00\x04", 4);
	reply->user_name = hk_text("alice@x");
	reply->authorization = hk_bytes("\x19\x04"
					"ab",
		4);
	reply->session_timeout_s = 600;
	reply->key_name = hk_text("0123456789");
	b->r.visit.event.kind = HK_HOME_EAP;
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);

	assert_int_equal(b->reply.code, HK_RADIUS_ACCESS_ACCEPT);
	unhide(b, HK_MS_MPPE_RECV_KEY, reply->key, &salts[0]);
	unhide(b, HK_MS_MPPE_SEND_KEY, reply->key + 32, &salts[1]);
	assert_int_not_equal(salts[0], salts[1]);
	assert_true(
		hk_bytes_equal(hk_radius_find(&b->reply, HK_RADIUS_USER_NAME), hk_text("alice@x")));
	assert_true(hk_bytes_equal(hk_radius_find(&b->reply, HK_RADIUS_CLASS), hk_text("ab")));
	assert_true(hk_bytes_equal(
		hk_radius_find(&b->reply, HK_RADIUS_EAP_KEY_NAME), hk_text("0123456789")));
	assert_true(hk_radius_find_u32(&b->reply, HK_RADIUS_SESSION_TIMEOUT, &number));
	assert_int_equal(number, 600);
	assert_true(hk_radius_find_u32(&b->reply, HK_RADIUS_TERMINATION_ACTION, &number));
	assert_int_equal(number, 1);
	assert_false(hk_radius_has(&b->reply, HK_RADIUS_STATE));
	assert_false(hk_radius_has(&b->reply, HK_RADIUS_REPLY_MESSAGE));
	/* the Proxy-States, in order, at the end */
	assert_hex(b->out + b->out_len - 8, 8, "2104503121045032");
	assert_int_equal(counted(b, HK_COUNT_ACCEPTS), 1);
	assert_int_equal(counted(b, HK_COUNT_EAP_OK), 1);
	assert_int_equal(hk_door_delay(&b->r), 0);
}

/* Without a User-Name in the request there is none in the answer. */
static void accept_without_user_name(void **state)
{
	struct door_bench *b = *state;
	struct hk_aaa_reply *reply = &b->r.visit.reply;

	give_identity(b, NAS);
	reply->verdict = HK_VERDICT_ACCEPT;
	hk_put(&reply->eap, "\x03\x2a\x00\x04", 4);
	reply->user_name = hk_text("alice@x");
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
	assert_false(hk_radius_has(&b->reply, HK_RADIUS_USER_NAME));
	assert_false(hk_radius_has(&b->reply, HK_RADIUS_SESSION_TIMEOUT));
}

/* R5080-2.6.1-01 R2548-2.4.2-01 R3579-2.6.5-01 */
static void reject(void **state)
{
	struct door_bench *b = *state;
	struct hk_reader r;
	struct hk_radius_attribute a;
	size_t n = 0;

	give_identity(b, NAS "0107616c696365"
			     "21045031"
			     "660300");
	/* whatever else may be in the reply, it does not leave with a Reject */
	b->r.visit.reply.session_timeout_s = 600;
	b->r.visit.reply.has_key = true;
	b->r.visit.reply.user_name = hk_text("alice");
	b->r.visit.reply.authorization = hk_bytes("\x19\x04"
						  "ab",
		4);
	b->r.visit.event.kind = HK_HOME_EAP;
	hk_home_refuse(&b->r.visit, HK_ERR_DENIED);
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
	assert_int_equal(b->reply.code, HK_RADIUS_ACCESS_REJECT);
	r = hk_reader(b->reply.attributes);
	while (hk_radius_next(&r, &a)) {
		assert_true(a.type == HK_RADIUS_MESSAGE_AUTHENTICATOR ||
			    a.type == HK_RADIUS_EAP_MESSAGE || a.type == HK_RADIUS_PROXY_STATE);
		n++;
	}
	assert_int_equal(n, 3);
	assert_int_equal(atomic_load(&b->counters.eap_failed[HK_ERR_DENIED]), 1);
	assert_int_equal(hk_door_delay(&b->r), 1000);
}

/* A failed re-authentication is told at once. */
static void reject_of_erp_is_not_delayed(void **state)
{
	struct door_bench *b = *state;

	give_identity(b, NAS);
	b->r.visit.event.kind = HK_HOME_ERP;
	hk_home_refuse(&b->r.visit, HK_ERR_REPLAY);
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
	assert_int_equal(hk_door_delay(&b->r), 0);
	assert_int_equal(atomic_load(&b->counters.erp_failed[HK_ERR_REPLAY]), 1);
}

/* R3579-3.1-02 R3579-2.2-02 R5080-2.1.1-01 */
static void challenge(void **state)
{
	struct door_bench *b = *state;
	struct hk_aaa_reply *reply = &b->r.visit.reply;
	uint8_t eap[600], joined[HK_EAP_MAX_LEN];
	struct hk_buf out = hk_buf(joined, sizeof(joined));
	struct hk_bytes got;
	uint32_t cause;

	give_identity(b, NAS "0107616c696365");
	memset(eap, 0x5a, sizeof(eap));
	hk_put(&reply->eap, eap, sizeof(eap));
	reply->verdict = HK_VERDICT_CHALLENGE;
	reply->has_state = true;
	memset(reply->state, 0x33, sizeof(reply->state));
	reply->error_cause = 202;
	reply->user_name = hk_text("alice");
	assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
	assert_int_equal(b->reply.code, HK_RADIUS_ACCESS_CHALLENGE);
	assert_hex(b->out + 38, 2, "4fff");
	assert_hex(b->out + 38 + 255, 2, "4fff");
	assert_hex(b->out + 38 + 510, 2, "4f60");
	assert_ok(hk_radius_eap(&b->reply, &out, &got));
	assert_int_equal(got.len, sizeof(eap));
	assert_memory_equal(got.data, eap, sizeof(eap));
	assert_hex(hk_radius_find(&b->reply, HK_RADIUS_STATE).data, 16,
		"33333333333333333333333333333333");
	assert_true(hk_radius_find_u32(&b->reply, HK_RADIUS_ERROR_CAUSE, &cause));
	assert_int_equal(cause, 202);
	assert_false(hk_radius_has(&b->reply, HK_RADIUS_USER_NAME));
	assert_int_equal(counted(b, HK_COUNT_CHALLENGES), 1);
}

/* Salts of one thousand answers: the first bit is always set, few come twice. */
static void salts(void **state)
{
	struct door_bench *b = *state;
	uint8_t seen[65536 / 8] = {0};
	unsigned again = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct hk_aaa_reply *reply = &b->r.visit.reply;
		uint16_t salt;

		assert_int_equal(bench_send(b, (struct make){.identifier = (uint8_t)i,
						       .authenticator = (uint8_t)(1 + i / 256),
						       .attributes = NAS}),
			HK_DOOR_VISIT);
		reply->verdict = HK_VERDICT_ACCEPT;
		reply->has_key = true;
		assert_int_equal(bench_answer(b), HK_DOOR_REPLY);
		salt = hk_load_u16(
			hk_radius_find_vsa(&b->reply, HK_VENDOR_MICROSOFT, HK_MS_MPPE_SEND_KEY)
				.data);
		assert_true(salt & 0x8000);
		again += seen[salt / 8] >> (salt % 8) & 1;
		seen[salt / 8] |= (uint8_t)(1 << (salt % 8));
	}
	assert_true(again < 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(malformed_packets),
		TEST(surplus_is_ignored),
		TEST(client_is_known_by_address_alone),
		TEST(longest_prefix_wins),
		TEST(codes),
		TEST(signature_is_required),
		TEST(eap_always_needs_a_signature),
		TEST(auto_latches_on_the_first_signature),
		TEST(proxy_state_without_signature),
		TEST(auto_limit_starts_open),
		TEST(duplicates),
		TEST(identifier_used_again),
		TEST(silence_is_forgotten),
		TEST(status_server),
		TEST(status_server_needs_a_signature),
		TEST(status_server_is_limited),
		TEST(contradictions_are_rejected),
		TEST(where_a_request_is_from),
		TEST(without_nas_identity),
		TEST(request_is_decoded),
		TEST(invalid_attributes_are_ignored),
		TEST(room_for_eap),
		TEST(too_long_for_a_packet),
		TEST(too_long_with_a_key),
		TEST(accept_),
		TEST(accept_without_user_name),
		TEST(reject),
		TEST(reject_of_erp_is_not_delayed),
		TEST(challenge),
		TEST(salts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
