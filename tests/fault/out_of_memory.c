/* SPDX-License-Identifier: ISC */
/* Memory that runs out at any moment ends in an error: no crash, no leak, nothing half done. */
#include "failing_memory.h"
#include "temp.h"

#include "../unit/eap/conversation.h"
#include "test.h"

#include <hokey/home.h>
#include <hokey/keydist.h>
#include <hokey/radius.h>

#define REALM  "home.example"
#define NOW    TEST_NOW
#define END    (NOW + 28800 * HK_SECOND)
#define SAMPLE 25 /* runs of what takes long */

/* ---- keys ---- */

static enum hk_err import(struct hk_key **emsk)
{
	static const uint8_t session_id[65] = {HK_EAP_TYPE_TLS, 1}, octets[64] = {2};

	return hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof(session_id)),
		hk_bytes(octets, sizeof(octets)), NOW, END, emsk);
}

static enum hk_err derive_all(void *arg)
{
	const struct hk_usage usage = {"usage@hokey.example", 64, 0, true, true};
	struct hk_key *key[8] = {NULL};
	struct hk_usages *usages = NULL;
	enum hk_err err = hk_usages_new(&usages);

	(void)arg;
	if (!err)
		err = hk_usages_add(usages, &usage);
	if (!err)
		err = import(&key[0]);
	if (!err)
		err = hk_key_derive_usrk(
			key[0], usages, usage.label, HK_NO_BYTES, NOW, END, &key[1]);
	if (!err)
		err = hk_key_derive_dsrk(key[0], hk_text(REALM), NOW, END, &key[2]);
	if (!err)
		err = hk_key_derive_dsusrk(
			key[2], usages, usage.label, HK_NO_BYTES, NOW, END, &key[3]);
	if (!err)
		err = hk_key_derive_rrk(key[2], NOW, END, &key[4]);
	if (!err)
		err = hk_key_derive_rik(key[4], 2, NOW, &key[5]);
	if (!err)
		err = hk_key_derive_rmsk(key[4], 7, NOW, END, &key[6]);
	if (!err)
		err = hk_key_derive_auth_indication(key[0], hk_text(REALM), NOW, &key[7]);
	for (size_t i = 0; i < 8; i++)
		hk_key_free(key[i]);
	hk_usages_free(usages);
	return err;
}

static void keys(void **state)
{
	(void)state;
	run_out_of_memory(derive_all, NULL, MEMORY_OURS, 1000);
	run_out_of_memory(derive_all, NULL, MEMORY_ALL, 1000);
}

/* ---- stores ---- */

static struct hk_keyset set_of(uint8_t i)
{
	struct hk_keyset s = {.created = NOW,
		.expires = END,
		.session_end = HK_NEVER,
		.keys = {.len = 64},
		.emsk_name = {i, 1, 2, i},
		.realm_len = sizeof(REALM) - 1,
		.user_len = 5,
		.authorization_len = i};

	memcpy(s.realm, REALM, sizeof(REALM) - 1);
	memcpy(s.user, i % 2 ? "alice" : "bobby", 5);
	return s;
}

static bool any(void *arg, const struct hk_keyset *set)
{
	(void)arg;
	(void)set;
	return true;
}

/* Puts, numbers, grants and removals. What was acknowledged must be there. */
static enum hk_err use_store(struct hk_keystore *store)
{
	struct hk_grant grant = {{1}, {2}};
	struct hk_walk walk = {0};
	struct hk_keyset set;
	enum hk_err first = HK_OK, err;
	bool again, done, there[40] = {false};
	size_t removed;

	for (uint8_t i = 0; i < 40; i++) {
		set = set_of(i);
		err = hk_keystore_put(store, &set);
		there[i] = !err;
		first = first ? first : err;
	}
	for (uint8_t i = 0; i < 40; i++) {
		struct hk_advance v = {.realm = hk_text(REALM), .window = 1, .now = NOW};

		set = set_of(i);
		memcpy(v.emsk_name, set.emsk_name, sizeof(v.emsk_name));
		err = hk_keystore_find(store, v.emsk_name, v.realm, NOW, &set);
		assert_true(!there[i] || err != HK_ERR_NOT_FOUND);
		first = first ? first : err;
		hk_keystore_advance(store, &v, 1);
		first = first ? first : v.err;
		if (!v.err) {
			assert_int_equal(v.freshness, HK_SEQ_FRESH);
			hk_keystore_advance(store, &v, 1);
			assert_true(v.err || v.freshness == HK_SEQ_STALE);
		}
		err = hk_keystore_grant(store, v.emsk_name, v.realm, NOW, &grant, &again);
		first = first ? first : err;
		hk_keystore_release(store);
	}
	err = hk_keystore_walk(store, &walk, 1000, any, NULL, &done);
	first = first ? first : err;
	err = hk_keystore_remove(store, set.emsk_name, hk_text(REALM));
	first = first ? first : err;
	err = hk_keystore_remove_user(store, hk_text("alice"), NULL, &removed);
	first = first ? first : err;
	err = hk_keystore_expire(store, END + 1, 1000, &removed);
	return first ? first : err;
}

static enum hk_err use_memory_store(void *arg)
{
	const struct hk_keystore_memory_config config = {.max_sets_per_user = 30};
	struct hk_keystore *store, *other = NULL;
	enum hk_err err = hk_keystore_memory_open(&config, &store);

	(void)arg;
	if (err)
		return err;
	err = hk_keystore_share(store, &other);
	if (!err)
		err = use_store(other);
	if (other)
		hk_keystore_close(other);
	hk_keystore_close(store);
	return err;
}

static enum hk_err use_lmdb_store(void *arg)
{
	struct hk_keystore_lmdb_config config = {.path = arg,
		.max_bytes = 16 << 20,
		.max_sets_per_user = 30,
		.durability = HK_DURABLE_PROCESS,
		.wrap_key = {1}};
	struct hk_keystore *store;
	enum hk_err err = hk_keystore_lmdb_open(&config, &store);

	if (err)
		return err;
	err = use_store(store);
	hk_keystore_close(store);
	return err;
}

static void memory_store(void **state)
{
	(void)state;
	run_out_of_memory(use_memory_store, NULL, MEMORY_OURS, 1000);
}

static void lmdb_store(void **state)
{
	run_out_of_memory(use_lmdb_store, *state, MEMORY_OURS, SAMPLE);
	run_out_of_memory(use_lmdb_store, *state, MEMORY_ALL, SAMPLE);
}

/* ---- EAP-TLS ---- */

struct contexts {
	struct test_pki pki;
	struct hk_tls_config server, peer;
	struct hk_tls_context *server_tls, *peer_tls;
};

static int make_contexts(void **state)
{
	struct contexts *c = calloc(1, sizeof(*c));

	test_pki_init(&c->pki);
	c->server = test_server_config(&c->pki);
	c->peer = test_peer_config(&c->pki);
	c->server_tls = test_context(true, &c->server);
	c->peer_tls = test_context(false, &c->peer);
	*state = c;
	return 0;
}

static int free_contexts(void **state)
{
	struct contexts *c = *state;

	hk_tls_context_free(c->server_tls);
	hk_tls_context_free(c->peer_tls);
	test_pki_free(&c->pki);
	free(c);
	return 0;
}

static enum hk_err make_server_context(void *arg)
{
	const struct contexts *c = arg;
	struct hk_tls_context *context = NULL;
	struct hk_tls_error error;
	enum hk_err err = hk_tls_context_new(true, &c->server, NOW, &context, &error);

	if (!err)
		hk_tls_context_free(context);
	return err;
}

static enum hk_err outcome(struct hk_eap_server *s, struct hk_eap_peer *p)
{
	struct hk_eap_result *server = hk_eap_server_result(s, NOW, END);
	struct hk_eap_result *peer = hk_eap_peer_result(p, NOW, END);
	const char *detail;

	if (!server || !peer || !server->emsk || !peer->emsk) {
		(void)hk_eap_server_error(s, &detail);
		(void)hk_eap_peer_error(p, &detail);
		return HK_ERR_NO_MEMORY;
	}
	assert_true(hk_key_equal(server->emsk, peer->emsk));
	return HK_OK;
}

static enum hk_err converse(void *arg)
{
	const struct contexts *c = arg;
	const struct hk_eap_server_config server = {.tls = c->server_tls, .fragment_size = 1020};
	const struct hk_eap_peer_config peer = {
		.tls = c->peer_tls, .identity = hk_text(TEST_IDENTITY), .fragment_size = 1020};
	static uint8_t one[4096], two[4096];
	struct hk_buf out = hk_buf(one, sizeof(one)), back = hk_buf(two, sizeof(two));
	struct hk_eap_server *s = NULL;
	struct hk_eap_peer *p = NULL;
	enum hk_err err = hk_eap_server_new(&server, &s);

	if (!err)
		err = hk_eap_peer_new(&peer, &p);
	if (!err)
		err = hk_eap_server_start(s, 1, &out);
	for (unsigned i = 0; i < 40 && !err && out.len; i++) {
		back.len = 0;
		if (hk_eap_peer_receive(p, hk_buf_bytes(&out), NOW, &back) != HK_EAP_SEND)
			break;
		out.len = 0;
		if (hk_eap_server_receive(s, hk_buf_bytes(&back), NOW, 4000, &out) ==
			HK_EAP_IGNORED)
			break;
	}
	if (!err)
		err = outcome(s, p);
	hk_eap_server_free(s);
	hk_eap_peer_free(p);
	return err;
}

static void tls_context(void **state)
{
	run_out_of_memory(make_server_context, *state, MEMORY_OURS, 1000);
	run_out_of_memory(make_server_context, *state, MEMORY_ALL, SAMPLE);
}

static void eap_tls(void **state)
{
	run_out_of_memory(converse, *state, MEMORY_OURS, 1000);
	run_out_of_memory(converse, *state, MEMORY_ALL, SAMPLE);
}

/* ---- the home server ---- */

struct hall {
	const struct contexts *c;
	struct hk_home *home;
	struct hk_keystore *store;
	struct hk_home_worker worker;
	struct hk_home_policy policy;
	struct hk_home_visit visit;
	uint8_t eap[HK_EAP_MAX_LEN];
	uint8_t state[HK_STATE_LEN];
	bool has_state;
};

/* The reply's verdict; its EAP packet is in h->visit.reply. */
static enum hk_verdict ask(struct hall *h, struct hk_bytes eap)
{
	struct hk_home_visit *visit = &h->visit;

	hk_home_begin(visit, h->eap, sizeof(h->eap));
	visit->request.has_eap = true;
	visit->request.eap = eap;
	visit->request.nas_identifier = hk_text("ap");
	visit->request.client = hk_text("ap");
	visit->request.client_id = 1;
	visit->request.state = h->has_state ? hk_bytes(h->state, HK_STATE_LEN) : HK_NO_BYTES;
	hk_home_receive(&h->worker, &h->policy, visit, NOW);
	hk_home_commit(&h->worker, &h->policy, &visit, 1, NOW);
	h->has_state = visit->reply.has_state;
	memcpy(h->state, visit->reply.state, HK_STATE_LEN);
	return visit->reply.verdict;
}

static enum hk_err reauthenticate(struct hall *h, const struct hk_key *emsk)
{
	uint8_t octets[HK_ERP_MAX_LEN], text[HK_NAI_MAX_LEN];
	struct hk_buf b = hk_buf(octets, sizeof(octets)), nai = hk_buf(text, sizeof(text));
	struct hk_erp_keys erp;
	struct hk_hmac_key rik;
	struct hk_key *rrk;
	enum hk_err err = hk_key_derive_rrk(emsk, NOW, END, &rrk);

	if (err)
		return err;
	err = hk_erp_keys_init(&erp, rrk);
	hk_key_free(rrk);
	if (err)
		return err;
	assert_ok(hk_keyname_nai_write(hk_key_emsk_name(emsk), hk_text(REALM), &nai));
	hk_erp_begin(&b, HK_ERP_INITIATE, 1, HK_ERP_FLAG_L, 0, hk_buf_bytes(&nai));
	assert_ok(hk_erp_keys_rik(&erp, 2, &rik));
	assert_ok(hk_erp_seal(&b, 2, &rik));
	h->has_state = false;
	err = ask(h, hk_buf_bytes(&b)) == HK_VERDICT_ACCEPT ? HK_OK : HK_ERR_NOT_FOUND;
	hk_home_done(&h->worker, &h->visit);
	return err;
}

static enum hk_err login(struct hall *h, struct hk_eap_peer *peer)
{
	static const uint8_t identity[] = {HK_EAP_REQUEST, 7, 0, 5, HK_EAP_TYPE_IDENTITY};
	struct hk_bytes eap = hk_bytes(identity, sizeof(identity));
	uint8_t octets[HK_EAP_MAX_LEN], reply[HK_EAP_MAX_LEN];
	struct hk_eap_result *result;
	enum hk_verdict verdict = HK_VERDICT_NONE;

	h->has_state = false;
	for (unsigned i = 0; i < 40; i++) {
		struct hk_buf out = hk_buf(octets, sizeof(octets));

		if (hk_eap_peer_receive(peer, eap, NOW, &out) != HK_EAP_SEND)
			break;
		verdict = ask(h, hk_buf_bytes(&out));
		memcpy(reply, h->eap, h->visit.reply.eap.len);
		eap = hk_bytes(reply, h->visit.reply.eap.len);
		hk_home_done(&h->worker, &h->visit);
	}
	result = hk_eap_peer_result(peer, NOW, END);
	if (!result || verdict != HK_VERDICT_ACCEPT || !result->emsk)
		return HK_ERR_DENIED;
	return reauthenticate(h, result->emsk);
}

static enum hk_err visit_home(void *arg)
{
	static const struct hk_keystore_memory_config memory;
	static struct hall h;
	const struct contexts *c = arg;
	const struct hk_bytes realm = hk_text(REALM);
	const struct hk_er_policy erp = {.suites = {2},
		.nsuites = 1,
		.window = 1,
		.repeat_window_ms = 5000,
		.realms = &realm,
		.nrealms = 1};
	const struct hk_eap_peer_config peer_config = {
		.tls = c->peer_tls, .identity = hk_text("anonymous@" REALM), .fragment_size = 1020};
	struct hk_eap_peer *peer = NULL;
	enum hk_err err;

	memset(&h, 0, sizeof(h));
	h.policy = (struct hk_home_policy){.erp = &erp,
		.rrk_lifetime_s = 28800,
		.tls = c->server_tls,
		.fragment_size = 1020,
		.max_rounds = 60,
		.max_invalid = 5,
		.session_timeout_ms = 30000};
	err = hk_home_new(NULL, NULL, &h.home);
	if (!err)
		err = hk_keystore_memory_open(&memory, &h.store);
	if (!err)
		err = hk_eap_peer_new(&peer_config, &peer);
	if (!err) {
		hk_home_worker_init(&h.worker, h.home, h.store);
		err = login(&h, peer);
	}
	hk_eap_peer_free(peer);
	if (h.home)
		hk_home_free(h.home);
	if (h.store)
		hk_keystore_close(h.store);
	return err;
}

static void home_server(void **state)
{
	run_out_of_memory(visit_home, *state, MEMORY_OURS, 1000);
	run_out_of_memory(visit_home, *state, MEMORY_ALL, SAMPLE);
}

/* ---- smaller things ---- */

static enum hk_err make_small_things(void *arg)
{
	struct hk_radius_duplicates *duplicates = NULL;
	struct hk_nonces *nonces = NULL;
	enum hk_err err = hk_radius_duplicates_new(64, 5000, &duplicates);

	(void)arg;
	if (!err)
		err = hk_nonces_new(64, &nonces);
	hk_radius_duplicates_free(duplicates);
	hk_nonces_free(nonces);
	return err;
}

static void small_things(void **state)
{
	(void)state;
	run_out_of_memory(make_small_things, NULL, MEMORY_OURS, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(memory_store),
		cmocka_unit_test_setup_teardown(lmdb_store, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(tls_context, make_contexts, free_contexts),
		cmocka_unit_test_setup_teardown(eap_tls, make_contexts, free_contexts),
		cmocka_unit_test_setup_teardown(home_server, make_contexts, free_contexts),
		cmocka_unit_test(small_things),
	};

	failing_memory_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
