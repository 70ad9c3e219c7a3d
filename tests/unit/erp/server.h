/* SPDX-License-Identifier: ISC */
/* An ER server with the keys of vector V1 in a memory store, and packets for it. */
#ifndef HK_TESTS_ERP_SERVER_H
#define HK_TESTS_ERP_SERVER_H

#include "vectors.h"

#include <hokey/er_server.h>

#include "crypto/crypto.h"

#define T0         ((hk_time)1700000000000)
#define LIFETIME_S 28800u
#define HOME       "home.example"
#define VISITED    "visited.example"

struct bench {
	struct hk_er_policy policy;
	struct hk_er_limiter limiter;
	struct hk_keystore *store;
	struct hk_aaa_request request;
	hk_time now;
	struct hk_bytes realms[2];
	struct hk_erp_keys home;
	struct hk_erp_keys visited;
	struct hk_er_exchange x;
	struct hk_aaa_reply reply;
	struct hk_erp_message finish; /* of the last reply, when it is one */
	uint8_t eap[HK_EAP_MAX_LEN];
	uint8_t packet[HK_ERP_MAX_LEN];
	uint8_t name[HK_EMSK_NAME_LEN];
};

/* Derives the key sets of V1 and stores that of the home domain. */
static inline void bench_derive(struct bench *t)
{
	uint8_t emsk[64], session_id[65];
	struct hk_key *root, *dsrk, *rrk;
	size_t len = vector("V1.Session-Id", session_id, sizeof session_id);
	hk_time end = hk_time_add_s(T0, LIFETIME_S);

	vector("V1.EMSK", emsk, sizeof emsk);
	assert_ok(hk_key_import_emsk(
		NULL, hk_bytes(session_id, len), hk_bytes(emsk, sizeof emsk), T0, end, &root));
	memcpy(t->name, hk_key_emsk_name(root), HK_EMSK_NAME_LEN);
	assert_ok(hk_key_derive_rrk(root, T0, end, &rrk));
	assert_ok(hk_erp_keys_init(&t->home, rrk));
	hk_key_free(rrk);
	assert_ok(hk_key_derive_dsrk(root, hk_text(VISITED), T0, end, &dsrk));
	assert_ok(hk_key_derive_rrk(dsrk, T0, end, &rrk));
	assert_ok(hk_erp_keys_init(&t->visited, rrk));
	hk_key_free(rrk);
	hk_key_free(dsrk);
	hk_key_free(root);
}

static inline struct hk_keyset bench_keyset(const struct bench *t, struct hk_bytes realm)
{
	struct hk_keyset set = {.keys = t->home,
		.created = T0,
		.expires = hk_time_add_s(T0, LIFETIME_S),
		.session_end = HK_NEVER,
		.realm_len = (uint16_t)realm.len,
		.user_len = 5,
		.authorization_len = 6};

	memcpy(set.emsk_name, t->name, HK_EMSK_NAME_LEN);
	memcpy(set.realm, realm.data, realm.len);
	memcpy(set.user, "alice", 5);
	memcpy(set.authorization, "\x19\x06user", 6);
	return set;
}

static inline void bench_put(struct bench *t, const char *realm, const struct hk_erp_keys *keys)
{
	struct hk_keyset set = bench_keyset(t, hk_text(realm));

	set.keys = *keys;
	assert_ok(hk_keystore_put(t->store, &set));
}

static inline int bench_setup(void **state)
{
	static struct bench t;
	static const struct hk_keystore_memory_config config;

	memset(&t, 0, sizeof t);
	t.realms[0] = hk_text(HOME);
	t.realms[1] = hk_text(VISITED);
	t.policy = (struct hk_er_policy){.suites = {2, 3, 1},
		.nsuites = 3,
		.window = 1,
		.rmsk_lifetime_s = 3600,
		.repeat_window_ms = 5000,
		.send_lifetimes = true,
		.channel_binding = HK_CB_OFF,
		.on_unknown_key = HK_UNKNOWN_CHALLENGE,
		.realms = t.realms,
		.nrealms = 2,
		.require_name_match = true};
	t.now = T0;
	t.reply.eap = hk_buf(t.eap, sizeof t.eap);
	t.request = (struct hk_aaa_request){.has_eap = true,
		.nas_identifier = hk_text("nas-7"),
		.nas_ip_address = hk_text("\xc0\x01\x02\x11"),
		.called_station_id = hk_text("02-00-00-00-01-00:hokey"),
		.calling_station_id = hk_text("02-00-00-00-02-00"),
		.client = hk_text("ap-1"),
		.client_address = hk_bytes("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x01\x02\x11", 16),
		.client_id = 1};
	bench_derive(&t);
	assert_ok(hk_keystore_memory_open(&config, &t.store));
	bench_put(&t, HOME, &t.home);
	*state = &t;
	return 0;
}

static inline int bench_teardown(void **state)
{
	struct bench *t = *state;

	hk_keystore_close(t->store);
	return 0;
}

/* ---- packets ---- */

struct initiate {
	uint8_t identifier;
	uint8_t flags;
	uint16_t seq;
	uint8_t suite;
	struct hk_bytes nai;            /* empty: that of the home set */
	const struct hk_erp_keys *keys; /* NULL: those of the home set */
	const char *more;               /* attributes behind keyName-NAI, in hex */
	bool bad_tag;
};

#define HOME_NAI "cfe8ced1dae98705@" HOME

static inline struct hk_bytes initiate(struct bench *t, struct initiate i)
{
	struct hk_buf b = hk_buf(t->packet, sizeof t->packet);
	struct hk_hmac_key rik;
	uint8_t more[1024];

	hk_erp_begin(&b, HK_ERP_INITIATE, i.identifier, i.flags, i.seq,
		i.nai.data ? i.nai : hk_text(HOME_NAI));
	if (i.more)
		hk_put(&b, more, hex(more, sizeof more, i.more));
	assert_ok(hk_erp_keys_rik(i.keys ? i.keys : &t->home, i.suite ? i.suite : 2, &rik));
	assert_ok(hk_erp_seal(&b, i.suite ? i.suite : 2, &rik));
	if (i.bad_tag)
		b.data[b.len - 1] ^= 1;
	return hk_buf_bytes(&b);
}

/* ---- one exchange ---- */

/* Puts the packet into the request; User-Name is its keyName-NAI, as it should be. */
static inline void receive(struct bench *t, struct hk_bytes packet)
{
	struct hk_erp_message m;

	t->request.eap = packet;
	hk_erp_parse(packet, &m);
	t->request.user_name = m.keyname_nai;
	hk_er_server_check(&t->policy, &t->limiter, t->store, &t->request, t->now, &t->x);
}

static inline enum hk_err respond(struct bench *t)
{
	if (t->x.step == HK_ER_ADVANCE)
		hk_keystore_advance(t->store, &t->x.advance, 1);
	hk_er_server_answer(&t->policy, &t->request, t->now, &t->x, &t->reply);
	assert_int_equal(t->x.reason, t->reply.reason);
	memset(&t->finish, 0, sizeof t->finish);
	if (t->reply.verdict != HK_VERDICT_NONE && t->eap[0] == HK_ERP_FINISH)
		assert_ok(hk_erp_parse(hk_buf_bytes(&t->reply.eap), &t->finish));
	return t->reply.reason;
}

static inline enum hk_err serve(struct bench *t, struct hk_bytes packet)
{
	receive(t, packet);
	return respond(t);
}

static inline enum hk_err serve_vector(struct bench *t, const char *name)
{
	return serve(t, hk_bytes(t->packet, vector(name, t->packet, sizeof t->packet)));
}

static inline enum hk_err serve_seq(struct bench *t, uint16_t seq)
{
	return serve(t, initiate(t, (struct initiate){.identifier = (uint8_t)seq, .seq = seq}));
}

/* ---- what came back ---- */

/* Is the Finish protected with that suite and these keys? */
static inline bool sealed_with(struct bench *t, uint8_t suite, const struct hk_erp_keys *keys)
{
	struct hk_hmac_key rik;

	assert_ok(hk_erp_keys_rik(keys, suite, &rik));
	for (size_t i = 0; i < t->finish.nreadings; i++)
		if (t->finish.readings[i].suite == suite &&
			hk_erp_verify(&t->finish, &t->finish.readings[i], &rik))
			return true;
	return false;
}

static inline struct hk_erp_attributes finish_attributes(struct bench *t, uint8_t suite)
{
	struct hk_erp_attributes a = {0};

	for (size_t i = 0; i < t->finish.nreadings; i++)
		if (t->finish.readings[i].suite == suite)
			assert_ok(hk_erp_attributes(&t->finish, t->finish.readings[i].end, &a));
	return a;
}

static inline void assert_accepted(struct bench *t)
{
	assert_err(t->reply.reason, HK_OK);
	assert_int_equal(t->reply.verdict, HK_VERDICT_ACCEPT);
	assert_true(t->reply.has_key);
	assert_int_equal(t->finish.flags & HK_ERP_FLAG_R, 0);
}

/* A Finish with R set, protected with that suite and the home keys, and no rMSK. */
static inline void assert_refused(struct bench *t, uint8_t suite)
{
	assert_int_equal(t->reply.verdict, HK_VERDICT_REJECT);
	assert_false(t->reply.has_key);
	assert_int_equal(t->finish.flags & HK_ERP_FLAG_R, HK_ERP_FLAG_R);
	assert_true(sealed_with(t, suite, &t->home));
}

static inline struct hk_seq_state stored_seq(struct bench *t)
{
	struct hk_keyset set;

	assert_ok(hk_keystore_find(t->store, t->name, hk_text(HOME), t->now, &set));
	return set.seq;
}

#endif
