/* SPDX-License-Identifier: ISC */
/* The three machines of ERP together: peer, authenticator, ER server. */
#include "device.h"

#include <hokey/er_authenticator.h>
#include <hokey/er_server.h>

struct world {
	struct device device;
	struct hk_er_port_config config;
	struct hk_er_port port;
	struct hk_er_port_result port_out;
	struct hk_er_policy policy;
	struct hk_bytes realms[2];
	struct hk_er_limiter limiter;
	struct hk_er_exchange exchange;
	struct hk_keystore *store;
	uint8_t eap[HK_EAP_MAX_LEN];
	uint8_t port_key[HK_AAA_KEY_LEN]; /* what the lower layer got */
	size_t served;                    /* requests the server saw */
	size_t let_in;
	bool identity_asked;
	hk_time now;
};

/* The key set of V1 for one realm, as an ER server of it holds it. */
static void store_keys(struct world *w, const char *realm)
{
	struct hk_key *emsk = emsk_of("V1", LATER), *dsrk = NULL, *rrk;
	static struct hk_keyset set;

	memset(&set, 0, sizeof set);
	if (strcmp(realm, HOME) != 0)
		assert_ok(hk_key_derive_dsrk(emsk, hk_text(realm), NOW, LATER, &dsrk));
	assert_ok(hk_key_derive_rrk(dsrk ? dsrk : emsk, NOW, LATER, &rrk));
	assert_ok(hk_erp_keys_init(&set.keys, rrk));
	memcpy(set.emsk_name, hk_key_emsk_name(emsk), HK_EMSK_NAME_LEN);
	set.created = NOW;
	set.expires = LATER;
	set.session_end = HK_NEVER;
	set.realm_len = (uint16_t)strlen(realm);
	memcpy(set.realm, realm, set.realm_len);
	assert_ok(hk_keystore_put(w->store, &set));
	hk_key_free(rrk);
	hk_key_free(dsrk);
	hk_key_free(emsk);
}

static int set_up(void **state)
{
	static const struct hk_keystore_memory_config memory;
	static const struct hk_aaa_request identity;
	struct hk_er_peer_config peer = hk_er_peer_config_default();
	struct world *w = calloc(1, sizeof *w);

	w->now = NOW;
	make_device(&w->device, &peer, 1);
	w->config = hk_er_port_config_default();
	assert_ok(hk_er_port_init(&w->port, &w->config, &identity, 0));
	assert_ok(hk_keystore_memory_open(&memory, &w->store));
	w->realms[0] = hk_text(HOME);
	w->realms[1] = hk_text(VISITED);
	w->policy = (struct hk_er_policy){
		.suites = {2, 3},
		.nsuites = 2,
		.window = 1,
		.send_lifetimes = true,
		.require_name_match = true,
		.on_unknown_key = HK_UNKNOWN_FINISH,
		.realms = w->realms,
		.nrealms = 2,
	};
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	hk_er_peer_clear(&w->device.peer);
	hk_keystore_close(w->store);
	free(w);
	return 0;
}

/* The server beside the authenticator: no AAA in between. */
static void serve(struct world *w)
{
	struct hk_aaa_request request = w->port_out.request;
	struct hk_aaa_reply reply = {.eap = hk_buf(w->eap, sizeof w->eap)};
	struct hk_er_answer a = {.transaction = w->port_out.forward};

	w->served++;
	hk_er_server_check(&w->policy, &w->limiter, w->store, &request, w->now, &w->exchange);
	if (w->exchange.step == HK_ER_ADVANCE)
		hk_keystore_advance(w->store, &w->exchange.advance, 1);
	hk_er_server_answer(&w->policy, &request, w->now, &w->exchange, &reply);
	a.verdict = reply.verdict;
	a.eap = hk_buf_bytes(&reply.eap);
	a.key = reply.has_key ? hk_bytes(reply.key, sizeof reply.key) : HK_NO_BYTES;
	a.session_timeout_s = reply.session_timeout_s;
	hk_er_port_answer(&w->port, &a, w->now, &w->port_out);
	if (w->port_out.let_in) {
		w->let_in++;
		memcpy(w->port_key, w->port_out.key.data, sizeof w->port_key);
	}
}

/* Carries packets to and fro until both sides rest. */
static void talk(struct world *w)
{
	while (w->port_out.nsend > 0 || w->port_out.forward) {
		struct hk_er_port_result from_port = w->port_out;

		if (from_port.forward) {
			serve(w);
			continue;
		}
		w->port_out.nsend = 0;
		for (size_t i = 0; i < from_port.nsend; i++) {
			const struct hk_bytes *p = &from_port.send[i];

			w->identity_asked |= p->data[0] == HK_EAP_REQUEST;
			receive(&w->device, *p, w->now);
			if (w->device.out.action == HK_ER_SEND)
				hk_er_port_receive(
					&w->port, w->device.out.packet, w->now, &w->port_out);
			if (w->device.out.action == HK_ER_SUCCEEDED)
				return;
		}
	}
}

static void attach(struct world *w)
{
	hk_er_port_attach(&w->port, false, w->now, &w->port_out);
	talk(w);
}

static void assert_same_rmsk(struct world *w)
{
	struct hk_buf out;
	uint8_t rmsk[256];

	out = hk_buf(rmsk, sizeof rmsk);
	assert_int_equal(w->device.out.action, HK_ER_SUCCEEDED);
	assert_int_equal(w->port.state, HK_ER_PORT_UP);
	assert_ok(hk_key_release(
		w->device.out.rmsk, HK_HOLDER_AUTHENTICATOR, hk_text("us"), w->now, &out));
	assert_memory_equal(rmsk, w->port_key, HK_AAA_KEY_LEN);
	hk_key_free(w->device.out.rmsk);
	w->device.out.rmsk = NULL;
}

/* E6696-5.1-13 */
static void at_home(void **state)
{
	struct world *w = *state;

	store_keys(w, HOME);
	w->config.domain = hk_text(HOME);
	for (size_t i = 1; i <= 5; i++) {
		attach(w);
		assert_same_rmsk(w);
		assert_int_equal(w->served, i);
		assert_int_equal(w->let_in, i);
		w->now += 60 * HK_SECOND;
	}
}

/* The peer knows the local domain from the Start alone. */
/* E6696-5.3.1.1-02 */
static void in_a_visited_domain(void **state)
{
	struct world *w = *state;

	store_keys(w, VISITED);
	w->config.domain = hk_text(VISITED);
	attach(w);
	assert_same_rmsk(w);
	assert_int_equal(w->served, 1);
}

/* E6696-8-09 */
static void a_server_that_lost_its_keys(void **state)
{
	struct world *w = *state;
	uint8_t before[HK_AAA_KEY_LEN];

	store_keys(w, HOME);
	w->config.domain = hk_text(HOME);
	attach(w);
	assert_same_rmsk(w);
	memcpy(before, w->port_key, sizeof before);
	assert_ok(hk_keystore_remove(w->store, w->device.peer.emsk_name, hk_text(HOME)));

	/* the peer tries again by itself: the link stays up on the keys it has */
	begin(&w->device, w->now);
	hk_er_port_receive(&w->port, w->device.out.packet, w->now, &w->port_out);
	talk(w);
	assert_int_equal(w->port.state, HK_ER_PORT_UP);
	assert_int_equal(w->let_in, 1);
	assert_memory_equal(before, w->port_key, sizeof before);
	assert_false(w->identity_asked);

	/* after a new association there is nothing to stand on: full EAP */
	hk_er_link_down(&w->device.link);
	attach(w);
	assert_int_equal(w->port.state, HK_ER_PORT_REQUEST);
	assert_true(w->identity_asked);
}

/* The Finish is lost; the peer's repetition gets it from the port. */
/* E6696-6-09 */
static void a_finish_that_is_lost(void **state)
{
	struct world *w = *state;
	size_t served;

	store_keys(w, HOME);
	w->config.domain = hk_text(HOME);
	hk_er_port_attach(&w->port, false, w->now, &w->port_out);
	receive(&w->device, w->port_out.send[0], w->now);
	hk_er_port_receive(&w->port, w->device.out.packet, w->now, &w->port_out);
	serve(w);
	assert_int_equal(w->port_out.nsend, 1);
	served = w->served;

	w->now = w->device.out.deadline;
	timeout(&w->device);
	assert_int_equal(w->device.out.action, HK_ER_SEND);
	hk_er_port_receive(&w->port, w->device.out.packet, w->now, &w->port_out);
	talk(w);
	assert_same_rmsk(w);
	assert_int_equal(w->served, served);
	assert_int_equal(w->let_in, 1);
}

/* The peer sticks to a suite that the server refuses, is told others, and takes one. */
static void a_suite_that_is_refused(void **state)
{
	struct world *w = *state;

	store_keys(w, HOME);
	w->config.domain = hk_text(HOME);
	w->policy.suites[0] = 3;
	w->policy.nsuites = 1;
	attach(w);
	assert_same_rmsk(w);
	assert_int_equal(w->served, 2);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(at_home),
		WORLD_TEST(in_a_visited_domain),
		WORLD_TEST(a_server_that_lost_its_keys),
		WORLD_TEST(a_finish_that_is_lost),
		WORLD_TEST(a_suite_that_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
