/* SPDX-License-Identifier: ISC */
/* A home server with a memory store, and devices that log in and come again. */
#ifndef HK_TESTS_AAA_HALL_H
#define HK_TESTS_AAA_HALL_H

#include "test.h"

#include <hokey/home.h>

#include "../eap/conversation.h"

#define REALM      "example.com"
#define IDENTITY   "anonymous@" REALM
#define TIMEOUT_MS 30000u

struct hall {
	struct test_pki pki;
	struct hk_tls_context *server_tls;
	struct hk_tls_context *peer_tls;
	struct hk_bytes realms[1];
	struct hk_er_policy erp;
	struct hk_home_policy policy;
	struct hk_home *home;
	struct hk_keystore *store;
	struct hk_home_worker worker;
	hk_time now;
	uint32_t step_ms; /* time goes on with each request */

	/* what authorize says */
	enum hk_err verdict;
	struct hk_home_user user;
	unsigned asked;

	/* of the authenticator */
	const char *client;
	uint64_t client_id;
	const char *nas_identifier;
	uint32_t framed_mtu;
	uint32_t nas_port_type;
	bool wants_key_name;
	struct hk_bytes cui, operator_name;
	bool secure;
	struct hk_keydist_attributes keydist; /* of an ER server on the way */

	/* the last exchange */
	struct hk_home_visit visit;
	uint8_t eap[HK_EAP_MAX_LEN];
	bool has_state;
	uint8_t state[HK_STATE_LEN]; /* goes with the next request */
};

/* A device: its EAP peer, and the keys of its last login. */
struct device {
	struct hk_eap_peer *peer;
	struct hk_erp_keys keys;
	uint8_t name[HK_EMSK_NAME_LEN];
	uint8_t msk[HK_AAA_KEY_LEN];
	uint16_t seq;
	uint8_t flags; /* of the next Initiate */
	const char *claims_nas; /* channel binding: NAS-Identifier, or NULL */
	enum hk_eap_action action;
	uint8_t packet[HK_EAP_MAX_LEN]; /* what it sends next */
	size_t len;
};

#define TEST(f) cmocka_unit_test_setup_teardown(f, hall_setup, hall_teardown)

int hall_setup(void **state);
int hall_teardown(void **state);

/* Who authorize says it is, with attributes in hex. */
void hall_set_user(struct hall *h, const char *name, const char *attributes, uint32_t timeout_s);

/* One request with that EAP packet (data NULL: none) and the State of h. */
const struct hk_aaa_reply *hall_ask(struct hall *h, struct hk_bytes eap);
/* The same up to where the store has to decide; then hall_commit(). */
enum hk_home_step hall_receive(struct hall *h, struct hk_bytes eap);
const struct hk_aaa_reply *hall_commit(struct hall *h);

void device_new(struct device *d, struct hall *h, const char *identity);
void device_free(struct device *d);
/* Has answered EAP-Request/Identity of the authenticator: packet is ready. */
void device_begin(struct device *d);
/* Gives the last reply's EAP packet to the device. */
void device_take(struct device *d, const struct hall *h);
/* From device_begin() to the end; at most max rounds. */
const struct hk_aaa_reply *device_login(struct device *d, struct hall *h, unsigned max);
/* After an Accept: derives what it needs for ERP. */
void device_keep_keys(struct device *d, struct hall *h);
/* EAP-Initiate/Re-auth with the next number into packet. */
struct hk_bytes device_initiate(struct device *d, const char *realm);

struct hk_bytes device_packet(const struct device *d);
uint8_t reply_code(const struct hall *h);

#endif
