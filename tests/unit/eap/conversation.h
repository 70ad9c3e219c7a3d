/* SPDX-License-Identifier: ISC */
/* A peer and a server that talk in memory, with everything they need. */
#ifndef HK_TESTS_CONVERSATION_H
#define HK_TESTS_CONVERSATION_H

#include <hokey/eap_tls.h>

#include "test_pki.h"

#define TEST_IDENTITY   "anonymous@example.com"
#define TEST_PACKETS    200
#define TEST_PACKET_MAX 4096

/* Certificates that suit most tests, made once. */
struct test_pki {
	struct test_cert *ca, *server, *client;
	struct hk_bytes ca_pem, server_pem, server_key, client_pem, client_key;
};

void test_pki_init(struct test_pki *pki);
void test_pki_free(struct test_pki *pki);

/* TLS 1.2 to 1.3, EMS, tickets of an hour; change and give to hk_tls_context_new(). */
struct hk_tls_config test_server_config(const struct test_pki *pki);
struct hk_tls_config test_peer_config(const struct test_pki *pki);
struct hk_tls_context *test_context(bool server, const struct hk_tls_config *config);

/* One packet that went over the wire. */
struct test_packet {
	bool from_server;
	size_t len;
	uint8_t octets[TEST_PACKET_MAX];
};

struct test_run {
	/* in */
	struct hk_eap_server_config server;
	struct hk_eap_peer_config peer;
	hk_time now;
	size_t max_len; /* for the server's packets; 0: 4000 */
	/* called for each packet on its way; may change or drop (len 0) it */
	void (*meddle)(struct test_run *run, struct test_packet *packet);
	/* the OCSP responder; NULL: none answers. Freed with test_bytes_free() */
	struct hk_bytes (*ocsp)(struct test_run *run, const char *url, struct hk_bytes request);
	void *arg;
	/* out */
	unsigned lookups;
	struct hk_eap_server *s;
	struct hk_eap_peer *p;
	enum hk_eap_action server_action, peer_action; /* the last ones */
	enum hk_err server_error, peer_error;
	const char *server_detail, *peer_detail;
	size_t npackets;
	struct test_packet *packets;
};

/* Fills in what most tests want. */
void test_run_init(
	struct test_run *run, struct hk_tls_context *server, struct hk_tls_context *peer);
/* From EAP-Request/Identity to the end, or until nobody has anything to say. */
void test_run(struct test_run *run);
void test_run_free(struct test_run *run);

/* Both succeeded, with the same keys and Session-Id. */
void assert_success(struct test_run *run, uint16_t version, bool resumed);
/* Both failed; the server says this error, with this text in it. */
void assert_failure(struct test_run *run, enum hk_err err, const char *text);

/* Runs, asserts success and returns the ticket (test_bytes_free). */
struct hk_bytes test_ticket(
	struct hk_tls_context *server, struct hk_tls_context *peer, hk_time now);

#endif
