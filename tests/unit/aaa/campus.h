/* SPDX-License-Identifier: ISC */
/*
 * A device that roams: its home server far away, and a visited campus with
 * access point, proxy and local ER server. Between campus and home go RADIUS
 * packets, which a test may change.
 */
#ifndef HK_TESTS_AAA_CAMPUS_H
#define HK_TESTS_AAA_CAMPUS_H

#include "hall.h"

#include <hokey/er_authenticator.h>
#include <hokey/er_peer.h>
#include <hokey/radius.h>
#include <hokey/visited.h>

#define CAMPUS   "visited.example"
#define HOME_S   28800u
#define OPERATOR "campus operator"

struct campus {
	struct hall *home;
	struct hk_kds_policy kds;
	struct hk_bytes domains[1];
	struct hk_bytes realms[1];
	struct hk_ktk at_home; /* the same KTK, as each end has it */
	struct hk_ktk at_campus;
	struct hk_home_event home_event; /* of the last request that came home */
	uint8_t home_eap[HK_EAP_MAX_LEN];

	/* the line between them */
	bool cut_off;
	size_t packets;              /* that came home */
	size_t with_request;         /* of them, with a key request */
	size_t with_delivery;        /* answers with a key */
	void (*meddle)(struct campus *c, bool from_home, uint8_t *packet, size_t len);
	void *arg;
	uint8_t to_home[HK_RADIUS_MAX_LEN];
	uint8_t from_home[HK_RADIUS_MAX_LEN];

	/* the campus */
	struct hk_visited_policy visited;
	struct hk_visited_pending pending;
	struct hk_visited_outcome outcome; /* of the last Accept */
	size_t accepts;
	size_t served_here;
	struct hk_keystore *store;
	struct hk_home *hall;
	struct hk_home_worker worker;
	struct hk_home_visit visit;
	struct hk_home_policy policy;
	struct hk_er_policy erp;
	struct hk_bytes served[1];
	uint8_t eap[HK_EAP_MAX_LEN];

	/* the access point */
	struct hk_bytes cui; /* in requests that the campus answers itself */
	struct hk_er_port_config port_config;
	struct hk_er_port port;
	struct hk_er_port_result out;
	uint8_t for_port[HK_RADIUS_MAX_LEN]; /* attributes of the last Accept it got */
	size_t for_port_len;
	uint8_t state[HK_STATE_LEN];
	uint8_t port_key[HK_AAA_KEY_LEN];
	enum hk_er_authorised let_in; /* since attach */

	/* the device */
	struct hk_er_peer peer;
	struct hk_er_link link;
	struct hk_eap_peer *method;
	uint8_t device_key[HK_AAA_KEY_LEN]; /* MSK or rMSK */
	bool device_in;
	char ap[16];
};

int campus_setup(void **state);
int campus_teardown(void **state);

/* At an access point of that name; goes on until both sides rest. */
void campus_attach(struct campus *c, const char *ap);
/* The device re-authenticates by itself where it is. */
void campus_reauth(struct campus *c, bool bootstrap);
/* It is in, by full EAP or ERP, and both ends have the same key. */
void campus_assert_in(struct campus *c, enum hk_er_authorised how);
/* The campus has a key set of the device. */
bool campus_knows(struct campus *c);

#define CAMPUS_TEST(f) cmocka_unit_test_setup_teardown(f, campus_setup, campus_teardown)

#endif
