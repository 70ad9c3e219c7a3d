/* SPDX-License-Identifier: ISC */
/* The hall: logins, and what is neither login nor re-authentication. */
#include "hall.h"

static const uint8_t nothing;
#define EAP_START hk_bytes(&nothing, 0)

static struct hk_bytes eap_of(uint8_t *out, const char *text)
{
	return hk_bytes(out, hex(out, 64, text));
}

/* ---- full EAP ---- */

/* R3579-2.1-01 R5080-2.1.1-01 E6696-3-15 */
static void login(void **state)
{
	struct hall *h = *state;
	const struct hk_aaa_reply *reply;
	struct device d;

	hall_set_user(h, "alice@example.com", "1906636c6173", 0);
	device_new(&d, h, IDENTITY);
	reply = device_login(&d, h, 40);
	assert_int_equal(reply->verdict, HK_VERDICT_ACCEPT);
	assert_int_equal(reply_code(h), HK_EAP_SUCCESS);
	assert_int_equal(reply->reason, HK_OK);
	assert_int_equal(h->asked, 1);
	assert_memory_equal(reply->user_name.data, "alice@example.com", 17);
	assert_hex(reply->authorization.data, reply->authorization.len, "1906636c6173");
	assert_int_equal(reply->session_timeout_s, 28800);
	assert_int_equal(reply->key_name.len, 0);

	device_keep_keys(&d, h);
	assert_memory_equal(reply->key, d.msk, sizeof(d.msk));
	assert_true(h->visit.event.final);
	assert_int_equal(h->visit.event.kind, HK_HOME_EAP);
	assert_int_equal(h->visit.event.tls_version, HK_TLS_1_3);
	assert_true(hk_bytes_equal(h->visit.event.identity, hk_text(IDENTITY)));
	assert_true(h->visit.event.has_keys);
	assert_memory_equal(h->visit.event.emsk_name, d.name, HK_EMSK_NAME_LEN);
	assert_int_equal(hk_home_sessions(h->home), 0);

	hk_home_done(&h->worker, &h->visit);
	for (size_t i = 0; i < HK_AAA_KEY_LEN; i++)
		assert_int_equal(h->visit.reply.key[i], 0);
	device_free(&d);
}

static void refused_login(void **state)
{
	struct hall *h = *state;
	const struct hk_aaa_reply *reply;
	struct hk_keystore_stats stats;
	struct device d;

	h->verdict = HK_ERR_DENIED;
	device_new(&d, h, IDENTITY);
	reply = device_login(&d, h, 40);
	assert_int_equal(reply->verdict, HK_VERDICT_REJECT);
	assert_int_equal(reply_code(h), HK_EAP_FAILURE);
	assert_err(reply->reason, HK_ERR_DENIED);
	assert_non_null(h->visit.event.detail);
	assert_ok(hk_keystore_stats(h->store, &stats));
	assert_int_equal(stats.sets, 0);
	assert_int_equal(hk_home_sessions(h->home), 0);
	device_free(&d);
}

static void key_name_when_asked(void **state)
{
	struct hall *h = *state;
	const struct hk_aaa_reply *reply;
	struct device d;

	h->wants_key_name = true;
	device_new(&d, h, IDENTITY);
	reply = device_login(&d, h, 40);
	assert_int_equal(reply->key_name.len, 65);
	assert_int_equal(reply->key_name.data[0], HK_EAP_TYPE_TLS);
	device_keep_keys(&d, h);
	assert_memory_equal(
		reply->key_name.data, hk_eap_peer_result(d.peer, h->now, h->now)->session_id, 65);

	/* A re-authentication has no Session-Id. */
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);
	assert_int_equal(h->visit.reply.key_name.len, 0);
	device_free(&d);
}

/* ---- Chargeable-User-Identity ---- */

#define CUI                                                                                        \
	"567b12b1700fb39ea1a5bad5e4733ddf" /* HMAC-SHA-256 of "1visited.example" 00                \
					      "alice@example.com" */

static const struct hk_bytes asks = {(const uint8_t *)"", 1};

static void prepare_cui(struct hall *h, const char *attributes)
{
	h->policy.cui_key = hk_text("0123456789abcdef");
	h->operator_name = hk_text("1Visited.Example");
	h->cui = asks;
	hall_set_user(h, "alice@example.com", attributes, 0);
}

/* R4372-2.1-01 R4372-2.1-02 */
static void cui_for_those_that_ask(void **state)
{
	struct hall *h = *state;
	struct device d;

	prepare_cui(h, "");
	device_new(&d, h, IDENTITY);
	assert_true(device_login(&d, h, 40)->has_cui);
	assert_memory_equal(h->visit.reply.cui, CUI, HK_CUI_LEN);
	device_keep_keys(&d, h);

	/* At re-authentications, too, also when the authenticator tells what it knows. */
	assert_true(hall_ask(h, device_initiate(&d, REALM))->has_cui);
	assert_memory_equal(h->visit.reply.cui, CUI, HK_CUI_LEN);
	h->cui = hk_text(CUI);
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);
	assert_true(h->visit.reply.has_cui);

	/* Another operator learns another one. */
	h->cui = asks;
	h->operator_name = hk_text("1other.example");
	assert_true(hall_ask(h, device_initiate(&d, REALM))->has_cui);
	assert_memory_not_equal(h->visit.reply.cui, CUI, HK_CUI_LEN);

	h->cui = HK_NO_BYTES;
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);
	assert_false(h->visit.reply.has_cui);
	h->cui = asks;
	h->policy.cui_key = HK_NO_BYTES;
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);
	assert_false(h->visit.reply.has_cui);
	device_free(&d);
}

/* R4372-2.1-03 */
static void cui_of_someone_else(void **state)
{
	struct hall *h = *state;
	struct device d;

	prepare_cui(h, "");
	h->cui = hk_text("00000000000000000000000000000000");
	device_new(&d, h, IDENTITY);
	assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_REJECT);
	assert_err(h->visit.reply.reason, HK_ERR_DENIED);
	assert_false(h->visit.reply.has_cui);
	device_free(&d);

	h->cui = asks;
	device_new(&d, h, IDENTITY);
	assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_ACCEPT);
	device_keep_keys(&d, h);
	h->cui = hk_text("0");
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_REJECT);
	assert_int_equal(reply_code(h), HK_EAP_FINISH);
	assert_err(h->visit.reply.reason, HK_ERR_DENIED);
	/* That is no reason to forget the keys. */
	h->cui = asks;
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);
	device_free(&d);
}

/* A Chargeable-User-Identity "own" among the attributes of the user. */
static void cui_that_the_user_has(void **state)
{
	struct hall *h = *state;
	struct device d;

	prepare_cui(h, "59056f776e");
	device_new(&d, h, IDENTITY);
	assert_false(device_login(&d, h, 40)->has_cui);
	assert_int_equal(h->visit.reply.verdict, HK_VERDICT_ACCEPT);
	assert_hex(
		h->visit.reply.authorization.data, h->visit.reply.authorization.len, "59056f776e");
	device_keep_keys(&d, h);
	h->cui = hk_text("own");
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_ACCEPT);
	h->cui = hk_text(CUI);
	assert_int_equal(hall_ask(h, device_initiate(&d, REALM))->verdict, HK_VERDICT_REJECT);
	device_free(&d);
}

/* Session-Timeout is the earliest of policy, user, keys and certificate. */
static void session_timeout(void **state)
{
	static const struct {
		uint32_t policy, user, want;
	} rows[] = {{0, 0, 28800}, {3600, 0, 3600}, {0, 600, 600}, {3600, 600, 600},
		{600, 3600, 600}, {86400, 0, 28800}, {0, 86400, 28800}};
	struct hall *h = *state;
	struct device d;

	h->step_ms = 7; /* the keys of a login may count from its first packet */
	h->policy.resumption_lifetime_s = h->policy.rrk_lifetime_s;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		h->policy.msk_lifetime_s = rows[i].policy;
		hall_set_user(h, "alice", "", rows[i].user);
		device_new(&d, h, IDENTITY);
		assert_in_range(device_login(&d, h, 40)->session_timeout_s,
			rows[i].want < 28800 ? rows[i].want : 28799, rows[i].want);
		device_free(&d);
	}
	/* An hour before the certificate ends. */
	h->policy.msk_lifetime_s = 0;
	hall_set_user(h, "alice", "", 0);
	h->now = TEST_NOW + 300 * TEST_DAY - 3600 * HK_SECOND;
	device_new(&d, h, IDENTITY);
	assert_in_range(device_login(&d, h, 40)->session_timeout_s, 3590, 3600);
	device_free(&d);
}

/* ---- State ---- */

/* R5080-2.1.1-01 */
static void state_is_fresh_in_each_round(void **state)
{
	struct hall *h = *state;
	uint8_t seen[8][HK_STATE_LEN];
	struct device d;
	size_t n = 0;

	h->policy.fragment_size = 100;
	device_new(&d, h, IDENTITY);
	device_begin(&d);
	while (n < 8) {
		if (hall_ask(h, device_packet(&d))->verdict != HK_VERDICT_CHALLENGE)
			break;
		for (size_t i = 0; i < n; i++)
			assert_memory_not_equal(seen[i], h->state, HK_STATE_LEN);
		memcpy(seen[n++], h->state, HK_STATE_LEN);
		device_take(&d, h);
	}
	assert_int_equal(n, 8);
	device_free(&d);
}

/* A State from a former round is as unknown as one that never was. */
static void stale_state(void **state)
{
	struct hall *h = *state;
	uint8_t old[HK_STATE_LEN];
	struct device d;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 1);
	memcpy(old, h->state, sizeof(old));
	device_login(&d, h, 1);
	memcpy(h->state, old, sizeof(old));
	h->has_state = true;
	assert_int_equal(hall_ask(h, device_packet(&d))->verdict, HK_VERDICT_REJECT);
	assert_err(h->visit.reply.reason, HK_ERR_NOT_FOUND);
	assert_int_equal(reply_code(h), HK_EAP_FAILURE);
	assert_int_equal(h->eap[1], d.packet[1]);
	assert_int_equal(hk_home_sessions(h->home), 1);
	device_free(&d);
}

/* Another client cannot take a conversation over, nor disturb it. */
static void state_of_another_client(void **state)
{
	struct hall *h = *state;
	struct device d;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 2);
	h->has_state = true;
	h->client = "ap2";
	h->client_id = 2;
	assert_int_equal(hall_ask(h, device_packet(&d))->verdict, HK_VERDICT_REJECT);
	assert_err(h->visit.reply.reason, HK_ERR_NOT_FOUND);

	h->client = "ap1";
	h->client_id = 1;
	h->has_state = true;
	assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_ACCEPT);
	device_free(&d);
}

/* R5080-2.1.2-01 R6613-2.6.6-01 R3579-2.6.1-01 */
static void conversations_are_told_apart_by_state_alone(void **state)
{
	struct hall *h = *state;
	struct device d[2];
	uint8_t states[2][HK_STATE_LEN];
	bool over[2] = {false, false};

	for (size_t i = 0; i < 2; i++) {
		device_new(&d[i], h, IDENTITY);
		device_begin(&d[i]);
	}
	h->nas_identifier = "nas-1";
	for (unsigned round = 0; round < 40 && !(over[0] && over[1]); round++) {
		for (size_t i = 0; i < 2; i++) {
			if (over[i])
				continue;
			/* both with the same Identifiers, and the NAS changes its mind */
			h->nas_identifier = round % 2 ? "nas-1" : "nas-2";
			h->has_state = round > 0;
			memcpy(h->state, states[i], HK_STATE_LEN);
			hall_ask(h, device_packet(&d[i]));
			memcpy(states[i], h->state, HK_STATE_LEN);
			device_take(&d[i], h);
			over[i] = h->visit.reply.verdict == HK_VERDICT_ACCEPT;
		}
	}
	assert_true(over[0] && over[1]);
	device_free(&d[0]);
	device_free(&d[1]);
}

static void wrong_length_of_state(void **state)
{
	struct hall *h = *state;
	struct device d;

	device_new(&d, h, IDENTITY);
	device_begin(&d);
	hk_home_begin(&h->visit, h->eap, sizeof(h->eap));
	h->visit.request.has_eap = true;
	h->visit.request.eap = device_packet(&d);
	h->visit.request.state = hk_bytes("short", 5);
	hk_home_receive(&h->worker, &h->policy, &h->visit, h->now);
	assert_int_equal(h->visit.reply.verdict, HK_VERDICT_REJECT);
	device_free(&d);
}

/* ---- timeouts and limits ---- */

static void conversation_times_out(void **state)
{
	struct hall *h = *state;
	struct device d;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 2);
	h->now += TIMEOUT_MS - 1;
	h->has_state = true;
	device_login(&d, h, 1); /* in time, and the time starts anew */
	h->now += TIMEOUT_MS;
	h->has_state = true;
	assert_int_equal(hall_ask(h, device_packet(&d))->verdict, HK_VERDICT_REJECT);
	assert_err(h->visit.reply.reason, HK_ERR_EXPIRED);
	assert_int_equal(hk_home_sessions(h->home), 0);
	device_free(&d);
}

static void expiry_frees_what_waits(void **state)
{
	struct hall *h = *state;
	struct device d[5];

	for (size_t i = 0; i < 5; i++) {
		device_new(&d[i], h, IDENTITY);
		h->has_state = false;
		device_login(&d[i], h, 1);
		h->now += 1000;
	}
	assert_int_equal(hk_home_sessions(h->home), 5);
	assert_int_equal(hk_home_expire(h->home, h->now, 100), 0);
	/* The first two are over. */
	h->now = TEST_NOW + TIMEOUT_MS + 1000;
	assert_int_equal(hk_home_expire(h->home, h->now, 1), 1);
	assert_int_equal(hk_home_expire(h->home, h->now, 100), 1);
	assert_int_equal(hk_home_sessions(h->home), 3);
	for (size_t i = 0; i < 5; i++)
		device_free(&d[i]);
}

/* R5080-2.2.3-01 */
static void limits_keep_known_conversations(void **state)
{
	struct hall *h = *state;
	struct device d[3];
	uint8_t first[HK_STATE_LEN] = {0};

	h->policy.max_sessions = 2;
	for (size_t i = 0; i < 3; i++) {
		device_new(&d[i], h, IDENTITY);
		h->has_state = false;
		device_login(&d[i], h, 1);
		if (i == 0)
			memcpy(first, h->state, sizeof(first));
	}
	/* The third one is dropped, not rejected: the client tries again. */
	assert_int_equal(h->visit.reply.verdict, HK_VERDICT_NONE);
	assert_err(h->visit.reply.reason, HK_ERR_LIMIT);

	memcpy(h->state, first, sizeof(first));
	h->has_state = true;
	assert_int_equal(device_login(&d[0], h, 40)->verdict, HK_VERDICT_ACCEPT);
	/* And leaves its place. */
	h->has_state = false;
	assert_int_equal(device_login(&d[2], h, 1)->verdict, HK_VERDICT_CHALLENGE);
	for (size_t i = 0; i < 3; i++)
		device_free(&d[i]);
}

static void limit_per_client(void **state)
{
	struct hall *h = *state;
	struct device d[3];

	h->policy.max_sessions_per_client = 1;
	for (size_t i = 0; i < 3; i++)
		device_new(&d[i], h, IDENTITY);
	assert_int_equal(device_login(&d[0], h, 1)->verdict, HK_VERDICT_CHALLENGE);
	h->has_state = false;
	assert_int_equal(device_login(&d[1], h, 1)->verdict, HK_VERDICT_NONE);
	h->has_state = false;
	h->client_id = 2;
	assert_int_equal(device_login(&d[2], h, 1)->verdict, HK_VERDICT_CHALLENGE);
	/* Time frees the place of the first. */
	h->now += TIMEOUT_MS;
	assert_int_equal(hk_home_expire(h->home, h->now, 10), 2);
	h->has_state = false;
	h->client_id = 1;
	assert_int_equal(device_login(&d[1], h, 1)->verdict, HK_VERDICT_CHALLENGE);
	for (size_t i = 0; i < 3; i++)
		device_free(&d[i]);
}

/* ---- restarts ---- */

/* An Identity with the State of a conversation that is further begins a new one. */
static void identity_restarts(void **state)
{
	struct hall *h = *state;
	struct device d, again;
	uint8_t old[HK_STATE_LEN];

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 2);
	memcpy(old, h->state, sizeof(old));
	h->has_state = true;
	device_new(&again, h, IDENTITY);
	assert_int_equal(device_login(&again, h, 1)->verdict, HK_VERDICT_CHALLENGE);
	assert_int_equal(hk_home_sessions(h->home), 1);
	assert_int_equal(device_login(&again, h, 40)->verdict, HK_VERDICT_ACCEPT);

	memcpy(h->state, old, sizeof(old));
	h->has_state = true;
	assert_int_equal(hall_ask(h, device_packet(&d))->verdict, HK_VERDICT_REJECT);
	device_free(&d);
	device_free(&again);
}

/* R3579-2.1-03 */
static void eap_start(void **state)
{
	struct hall *h = *state;
	struct device d;

	device_new(&d, h, IDENTITY);
	assert_int_equal(hall_ask(h, EAP_START)->verdict, HK_VERDICT_CHALLENGE);
	assert_int_equal(reply_code(h), HK_EAP_REQUEST);
	assert_int_equal(h->eap[4], HK_EAP_TYPE_IDENTITY);
	/* The answer to it goes on with the same conversation. */
	device_take(&d, h);
	assert_int_equal(device_login(&d, h, 1)->verdict, HK_VERDICT_CHALLENGE);
	assert_int_equal(hk_home_sessions(h->home), 1);
	h->has_state = true;
	assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_ACCEPT);
	device_free(&d);
}

static void eap_start_with_state(void **state)
{
	struct hall *h = *state;
	struct device d;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 2);
	h->has_state = true;
	assert_int_equal(hall_ask(h, EAP_START)->verdict, HK_VERDICT_REJECT);
	assert_int_equal(reply_code(h), HK_EAP_FAILURE);
	assert_int_equal(hk_home_sessions(h->home), 0);
	device_free(&d);
}

/* ---- packets that make no sense ---- */

/* R3579-2.6.2-01 R3579-2.6.2-02 */
static void role_reversal(void **state)
{
	struct hall *h = *state;
	uint8_t octets[64];

	assert_int_equal(hall_ask(h, eap_of(octets, "012a000501"))->verdict, HK_VERDICT_REJECT);
	assert_hex(h->eap, h->visit.reply.eap.len, "022a00060300");
}

/* R3579-2.2-01 */
static void senseless_without_conversation(void **state)
{
	static const char *const packets[] = {
		"032a0004",                 /* Success */
		"042a0004",                 /* Failure */
		"062a000c0200000001010200", /* Finish */
		"052a00080100",             /* Re-auth-Start, and short */
		"052a000801000401",
		"052a00080200", /* Initiate without keyName-NAI */
		"092a0004",
		"022a",       /* shorter than a header */
		"022a00050d", /* a method nobody began */
		"022a00ff01", /* Length beyond the packet */
		"022a",
	};
	struct hall *h = *state;
	uint8_t octets[64];

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		assert_int_equal(
			hall_ask(h, eap_of(octets, packets[i]))->verdict, HK_VERDICT_REJECT);
		assert_hex(h->eap, h->visit.reply.eap.len, "042a0004");
		assert_int_equal(hk_home_sessions(h->home), 0);
	}
}

/* R3579-2.2-02 R3579-2.2-03 */
static void senseless_in_a_conversation(void **state)
{
	static const char *const packets[] = {
		"02990006 0d00", "032a0004", "062a000c0200000001010200", "052a00080200", "02"};
	struct hall *h = *state;
	uint8_t octets[64], request[HK_EAP_MAX_LEN];
	struct device d;
	size_t len;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 2);
	h->has_state = true;
	len = h->visit.reply.eap.len;
	memcpy(request, h->eap, len);
	for (size_t i = 0; i < 5; i++) {
		uint8_t before[HK_STATE_LEN];

		memcpy(before, h->state, sizeof(before));
		assert_int_equal(
			hall_ask(h, eap_of(octets, packets[i]))->verdict, HK_VERDICT_CHALLENGE);
		assert_int_equal(h->visit.reply.error_cause, 202);
		assert_int_equal(h->visit.reply.eap.len, len);
		assert_memory_equal(h->eap, request, len);
		assert_memory_not_equal(before, h->state, HK_STATE_LEN);
	}
	/* The sixth is one too many. */
	assert_int_equal(hall_ask(h, eap_of(octets, packets[0]))->verdict, HK_VERDICT_REJECT);
	assert_int_equal(hk_home_sessions(h->home), 0);
	device_free(&d);
}

/* The login goes on as if nothing had been. */
static void survives_senseless(void **state)
{
	struct hall *h = *state;
	uint8_t octets[64];
	struct device d;

	device_new(&d, h, IDENTITY);
	device_login(&d, h, 2);
	h->has_state = true;
	hall_ask(h, eap_of(octets, "02990006 0d00"));
	assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_ACCEPT);
	device_free(&d);
}

/* Any packet, with a State of ours or without: hall_ask() checks what comes back. */
/* R3579-2.6.3-01 */
static void codes_never_contradict(void **state)
{
	struct hall *h = *state;
	struct device d;

	srandom(7);
	device_new(&d, h, IDENTITY);
	for (unsigned i = 0; i < 3000; i++) {
		uint8_t octets[64];
		size_t len = (size_t)random() % sizeof(octets);

		for (size_t j = 0; j < len; j++)
			octets[j] = (uint8_t)random();
		if (len > 4 && i % 8) {
			octets[0] = (uint8_t)(1 + random() % 7);
			hk_store_u16(octets + 2, (uint16_t)len);
			octets[4] = (uint8_t[]){1, 2, 3, HK_EAP_TYPE_TLS}[random() % 4];
		}
		h->has_state = i % 3 > 0;
		hall_ask(h, hk_bytes(octets, len));
	}
	device_free(&d);
}

/* R5080-2.9-01 */
static void empty_identity(void **state)
{
	struct hall *h = *state;
	uint8_t octets[64];

	assert_int_equal(hall_ask(h, eap_of(octets, "0207000501"))->verdict, HK_VERDICT_CHALLENGE);
	assert_int_equal(h->eap[4], HK_EAP_TYPE_TLS);
}

/* K4962-3-17 */
static void no_eap_at_all(void **state)
{
	struct hall *h = *state;

	assert_int_equal(hall_ask(h, HK_NO_BYTES)->verdict, HK_VERDICT_REJECT);
	assert_int_equal(h->visit.reply.eap.len, 0);
}

/* ---- sizes ---- */

static size_t longest_packet(struct hall *h, unsigned *rounds)
{
	struct device d;
	size_t longest = 0;

	device_new(&d, h, IDENTITY);
	device_begin(&d);
	h->has_state = false;
	for (*rounds = 0; *rounds < 60; ++*rounds) {
		hall_ask(h, device_packet(&d));
		if (h->visit.reply.eap.len > longest)
			longest = h->visit.reply.eap.len;
		if (h->visit.reply.verdict != HK_VERDICT_CHALLENGE)
			break;
		device_take(&d, h);
		h->framed_mtu = 0; /* only the first request told it */
	}
	assert_int_equal(h->visit.reply.verdict, HK_VERDICT_ACCEPT);
	device_free(&d);
	return longest;
}

/* A certificate that fills more than one packet of any kind. */
static void use_long_certificate(struct hall *h)
{
	const struct test_cert_options options = {
		.cn = "aaa", .san = "DNS:aaa.example.com", .eku = "serverAuth", .bulk = 3000};
	struct test_cert *cert = test_cert_new(h->pki.ca, &options);
	struct hk_bytes pem = test_cert_pem(cert), key = test_key_pem(cert);
	struct hk_tls_config tls = test_server_config(&h->pki);

	tls.credentials.certificate = pem;
	tls.credentials.key = key;
	hk_tls_context_free(h->server_tls);
	h->server_tls = h->policy.tls = test_context(true, &tls);
	test_bytes_free(pem);
	test_bytes_free(key);
	test_cert_free(cert);
}

/* R3579-2.4-01 */
static void framed_mtu(void **state)
{
	struct hall *h = *state;
	unsigned rounds;

	use_long_certificate(h);
	h->policy.fragment_size = 3000;
	h->framed_mtu = 300;
	assert_in_range(longest_packet(h, &rounds), 200, 296);
	/* Values that cannot be are as good as none. */
	h->framed_mtu = 63;
	assert_true(longest_packet(h, &rounds) > 2000);
}

/* R3580-3.10-01 */
static void wireless_port(void **state)
{
	struct hall *h = *state;
	unsigned rounds;

	use_long_certificate(h);
	h->policy.fragment_size = 3000;
	h->nas_port_type = 19;
	assert_in_range(longest_packet(h, &rounds), 1400, 1496);
}

static void no_room_for_eap_tls(void **state)
{
	struct hall *h = *state;
	struct device d;

	h->framed_mtu = 64;
	device_new(&d, h, IDENTITY);
	assert_int_equal(device_login(&d, h, 40)->verdict, HK_VERDICT_REJECT);
	assert_err(h->visit.reply.reason, HK_ERR_TOO_LONG);
	device_free(&d);
}

/* ---- randomness ---- */

static enum hk_err no_random(void *arg, uint8_t *out, size_t len)
{
	(void)arg;
	(void)out;
	(void)len;
	return HK_ERR_CRYPTO;
}

static void without_randomness_nobody_waits(void **state)
{
	struct hall *h = *state;
	struct device d;

	hk_home_free(h->home);
	assert_ok(hk_home_new(no_random, NULL, &h->home));
	hk_home_worker_init(&h->worker, h->home, h->store);
	device_new(&d, h, IDENTITY);
	assert_int_equal(device_login(&d, h, 1)->verdict, HK_VERDICT_REJECT);
	assert_int_equal(hk_home_sessions(h->home), 0);
	device_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(login),
		TEST(refused_login),
		TEST(key_name_when_asked),
		TEST(cui_for_those_that_ask),
		TEST(cui_of_someone_else),
		TEST(cui_that_the_user_has),
		TEST(session_timeout),
		TEST(state_is_fresh_in_each_round),
		TEST(stale_state),
		TEST(state_of_another_client),
		TEST(conversations_are_told_apart_by_state_alone),
		TEST(wrong_length_of_state),
		TEST(conversation_times_out),
		TEST(expiry_frees_what_waits),
		TEST(limits_keep_known_conversations),
		TEST(limit_per_client),
		TEST(identity_restarts),
		TEST(eap_start),
		TEST(eap_start_with_state),
		TEST(role_reversal),
		TEST(senseless_without_conversation),
		TEST(senseless_in_a_conversation),
		TEST(survives_senseless),
		TEST(codes_never_contradict),
		TEST(empty_identity),
		TEST(no_eap_at_all),
		TEST(framed_mtu),
		TEST(wireless_port),
		TEST(no_room_for_eap_tls),
		TEST(without_randomness_nobody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
