/* SPDX-License-Identifier: ISC */
/* What the tests of the ER peer share: a device with the keys of vector V1, and a server. */
#ifndef HK_TESTS_DEVICE_H
#define HK_TESTS_DEVICE_H

#include "vectors.h"

#include "crypto/crypto.h"
#include "erp/peer.h"

#include <hokey/eap.h>

#define NOW       ((hk_time)1700000000000)
#define LATER     (NOW + 28800 * HK_SECOND)
#define HOME      "home.example"
#define VISITED   "visited.example"
#define NO_JITTER 32768 /* the random number in the middle */

struct device {
	struct hk_er_peer peer;
	struct hk_er_link link;
	struct hk_er_result out;
	uint8_t octets[2048]; /* for packets of the test */
};

/* A vector as octets into memory of the device. */
static inline struct hk_bytes packet_of(struct device *d, const char *name)
{
	return hk_bytes(d->octets, vector(name, d->octets, sizeof d->octets));
}

static inline struct hk_key *emsk_of(const char *set, hk_time expires)
{
	uint8_t session_id[256], emsk[256];
	char name[32];
	struct hk_key *key;
	size_t n, m;

	snprintf(name, sizeof name, "%s.Session-Id", set);
	n = vector(name, session_id, sizeof session_id);
	snprintf(name, sizeof name, "%s.EMSK", set);
	m = vector(name, emsk, sizeof emsk);
	assert_ok(hk_key_import_emsk(
		NULL, hk_bytes(session_id, n), hk_bytes(emsk, m), NOW, expires, &key));
	return key;
}

/* Without keys. first_identifier: of the first Initiate. */
static inline void make_bare_device(
	struct device *d, const struct hk_er_peer_config *config, uint8_t first_identifier)
{
	struct hk_er_link_config link = {
		.authenticator = hk_text("ap-1"),
		.identifier = (uint8_t)(first_identifier - 1),
	};

	memset(d, 0, sizeof *d);
	assert_ok(hk_er_peer_init(&d->peer, config));
	hk_er_link_init(&d->link, &d->peer, &link, NOW);
}

/* With the keys of V1, valid until LATER. */
static inline void make_device(
	struct device *d, const struct hk_er_peer_config *config, uint8_t first_identifier)
{
	make_bare_device(d, config, first_identifier);
	assert_ok(hk_er_peer_take_emsk(&d->peer, emsk_of("V1", LATER), hk_text(HOME), NOW));
}

static inline struct hk_er_peer_config one_suite(uint8_t suite)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();

	c.suites[0] = suite;
	c.nsuites = 1;
	return c;
}

/* The authenticator of the link belongs to that domain. */
static inline void at_domain(struct device *d, const char *domain)
{
	assert_ok(hk_er_peer_learn_domain(
		&d->peer, hk_text("ap-1"), hk_text(domain), HK_ER_SOURCE_LOWER_LAYER, NOW));
}

static inline void begin(struct device *d, hk_time now)
{
	hk_er_link_begin(&d->link, false, now, NO_JITTER, &d->out);
}

static inline void receive(struct device *d, struct hk_bytes packet, hk_time now)
{
	hk_er_link_receive(&d->link, packet, now, NO_JITTER, &d->out);
}

static inline void timeout(struct device *d)
{
	hk_time now = d->out.deadline;

	assert_true(now != HK_NEVER);
	hk_er_link_timeout(&d->link, now, NO_JITTER, &d->out);
}

/* The last result was to send; what, parsed. */
static inline struct hk_erp_message sent(const struct device *d)
{
	struct hk_erp_message m;

	assert_int_equal(d->out.action, HK_ER_SEND);
	assert_ok(hk_erp_parse(d->out.packet, &m));
	assert_int_equal(m.code, HK_ERP_INITIATE);
	assert_int_equal(m.type, HK_ERP_REAUTH);
	return m;
}

static inline void assert_realm(const struct hk_erp_message *m, const char *realm)
{
	struct hk_keyname_nai nai;

	assert_ok(hk_keyname_nai_parse(m->keyname_nai, &nai));
	assert_true(hk_bytes_equal(nai.realm, hk_text(realm)));
}

/* ---- the server's side ---- */

struct finish {
	uint8_t flags;
	uint8_t suite;        /* 0: that of the Initiate */
	struct hk_bytes more; /* attributes behind keyName-NAI */
};

static inline struct hk_erp_message outstanding(const struct device *d)
{
	struct hk_erp_message m;

	assert_ok(hk_erp_parse(hk_bytes(d->link.packet, d->link.packet_len), &m));
	return m;
}

/* The EAP-Finish a server with the right keys gives to the Initiate outstanding. */
static inline struct hk_bytes answer(struct device *d, struct finish f)
{
	struct hk_erp_message m = outstanding(d);
	struct hk_buf b = hk_buf(d->octets, sizeof d->octets);
	struct hk_er_set *set = hk_er_peer_set(&d->peer, d->link.set);
	uint8_t suite = f.suite ? f.suite : d->link.suite;
	struct hk_hmac_key rik;

	assert_non_null(set);
	hk_erp_begin(&b, HK_ERP_FINISH, m.identifier, f.flags, m.seq, m.keyname_nai);
	hk_put_bytes(&b, f.more);
	assert_ok(hk_erp_keys_rik(&set->keys, suite, &rik));
	assert_ok(hk_erp_seal(&b, suite, &rik));
	return hk_buf_bytes(&b);
}

/* Begins and succeeds; frees the rMSK. */
static inline void run(struct device *d, hk_time now)
{
	begin(d, now);
	sent(d);
	receive(d, answer(d, (struct finish){0}), now + 10);
	assert_int_equal(d->out.action, HK_ER_SUCCEEDED);
	hk_key_free(d->out.rmsk);
}

static inline void assert_dropped_at(
	struct device *d, enum hk_err reason, const char *file, int line)
{
	assert_err_at(d->out.reason, reason, file, line);
	_assert_int_equal((uintmax_t)d->out.action, HK_ER_DROPPED, file, line);
	_assert_true(d->out.rmsk == NULL, "no rMSK", file, line);
}
#define assert_dropped(d, reason) assert_dropped_at(d, reason, __FILE__, __LINE__)

static inline void assert_rmsk_at(
	struct device *d, const char *vector_name, const char *file, int line)
{
	uint8_t octets[256];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	_assert_int_equal((uintmax_t)d->out.action, HK_ER_SUCCEEDED, file, line);
	_assert_int_equal((uintmax_t)hk_key_kind(d->out.rmsk), HK_KEY_RMSK, file, line);
	assert_ok(hk_key_release(
		d->out.rmsk, HK_HOLDER_AUTHENTICATOR, hk_text("lower layer"), NOW, &b));
	assert_vector_at(octets, b.len, vector_name, file, line);
	hk_key_free(d->out.rmsk);
}
#define assert_rmsk(d, name) assert_rmsk_at(d, name, __FILE__, __LINE__)

#endif
