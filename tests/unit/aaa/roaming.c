/* SPDX-License-Identifier: ISC */
/* Roaming from end to end: device, access point, local ER server, home. */
#include "campus.h"

#include "keys/object.h"

static void login(struct campus *c)
{
	campus_attach(c, "ap-0");
	campus_assert_in(c, HK_ER_AUTHORISED_MSK);
}

/* The device logs in where nobody asks for a key. */
static void login_elsewhere(struct campus *c)
{
	c->visited.nktks = 0;
	c->port_config.domain = HK_NO_BYTES;
	login(c);
	c->visited.nktks = 1;
	assert_false(campus_knows(c));
}

static void assert_refused(struct campus *c, uint8_t error, enum hk_err reason)
{
	assert_int_equal(c->home_event.key.error, error);
	assert_err(c->home_event.key.reason, reason);
	assert_true(c->home_event.key.asked);
	assert_int_equal(c->outcome.error, error);
	assert_err(c->outcome.reason, HK_ERR_DENIED);
	assert_int_equal(c->with_delivery, 0);
	assert_false(campus_knows(c));
}

/* ---- implicit ---- */

/* One login through the campus; from then on the campus alone. */
/* E6696-5.1-01 E6696-5.1-02 E6696-5.1-05 E6696-5.1-06 E6696-5.1-07 K5749-3-03 */
/* K5749-4-02 K5749-5-01 K5749-5-03 K4962-3-32 E5295-4-09 E6696-3.2-01 E6696-3.2-02 HKRAD-16.7-03 */
static void implicit_bootstrapping(void **state)
{
	struct campus *c = *state;
	struct hk_keydist_attributes seen;
	size_t packets;
	char ap[8];

	login(c);
	assert_err(c->outcome.reason, HK_OK);
	assert_memory_equal(c->outcome.emsk_name, c->peer.emsk_name, HK_EMSK_NAME_LEN);
	assert_int_equal(c->outcome.expires, c->peer.emsk_expires);
	assert_true(campus_knows(c));
	assert_int_equal(c->with_request, c->packets);
	assert_int_equal(c->with_delivery, 1);
	hk_keydist_read(hk_bytes(c->for_port, c->for_port_len), HK_VENDOR_HOKEY, &seen);
	assert_true(!seen.key.data && !seen.domain.data && !seen.error.data);

	packets = c->packets;
	for (size_t i = 1; i <= 10; i++) {
		c->home->now += 60 * HK_SECOND;
		snprintf(ap, sizeof(ap), "ap-%zu", i);
		campus_attach(c, ap);
		campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
		assert_int_equal(c->served_here, i);
		/* accounting and VLAN as after the login */
		assert_hex(c->for_port, c->for_port_len,
			"0113616c696365406578616d706c652e636f6d40060000000d41060000000651043737");
	}
	assert_int_equal(c->packets, packets);
}

/* K5749-3-03 */
static void home_cut_off(void **state)
{
	struct campus *c = *state;

	login(c);
	c->cut_off = true;
	for (size_t i = 0; i < 8; i++) {
		campus_attach(c, "ap-7");
		campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
		c->home->now += 3590 * HK_SECOND;
	}
	/* eight hours after the login it is over */
	c->home->now = c->peer.emsk_expires;
	assert_false(campus_knows(c));
	campus_attach(c, "ap-8");
	assert_false(c->device_in);
	c->cut_off = false;
	campus_attach(c, "ap-8");
	campus_assert_in(c, HK_ER_AUTHORISED_MSK);
	assert_true(campus_knows(c));
}

/* Cut off while it logs in: nobody is in, nothing stays. */
static void home_cut_off_before(void **state)
{
	struct campus *c = *state;
	struct hk_keystore_stats stats;

	c->cut_off = true;
	campus_attach(c, "ap-0");
	assert_false(c->device_in);
	assert_int_equal(c->let_in, HK_ER_NOT_AUTHORISED);
	assert_ok(hk_keystore_stats(c->store, &stats));
	assert_int_equal(stats.sets, 0);
}

/* Both ends cut lifetimes: the campus, and the home. */
/* K5749-4-05 K4962-3-31 */
static void lifetimes(void **state)
{
	struct campus *c = *state;

	c->visited.max_lifetime_s = 1200;
	login(c);
	assert_int_equal(c->outcome.expires, c->home->now + 1200 * HK_SECOND);
	c->home->now += 1199 * HK_SECOND;
	campus_attach(c, "ap-1");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	c->home->now += 1 * HK_SECOND;
	assert_false(campus_knows(c));

	/* the device was told so, and bootstraps again, explicitly */
	c->kds.max_lifetime_s = 600;
	campus_attach(c, "ap-2");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_true(c->home_event.key.again);
	assert_int_equal(c->outcome.expires, c->home->now + 600 * HK_SECOND);
	c->home->now += 500 * HK_SECOND;
	campus_attach(c, "ap-3");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
}

/* Key sets fetched for nothing go by themselves. */
/* K5749-6.2-02 */
static void device_without_erp(void **state)
{
	struct campus *c = *state;
	size_t removed;

	c->peer.config.enabled = false;
	login(c);
	assert_true(campus_knows(c));
	campus_attach(c, "ap-1");
	campus_assert_in(c, HK_ER_AUTHORISED_MSK);
	assert_int_equal(c->served_here, 0);
	assert_ok(hk_keystore_expire(c->store, c->home->now + HOME_S * HK_SECOND, 10, &removed));
	assert_int_equal(removed, 2);
}

/* A stock device knows its home only: the campus forwards. */
static void device_without_domains(void **state)
{
	struct campus *c = *state;
	size_t packets, asked;

	login(c);
	assert_ok(hk_er_peer_learn_domain(
		&c->peer, hk_text("ap-1"), hk_text(REALM), HK_ER_SOURCE_LOWER_LAYER, c->home->now));
	packets = c->packets;
	asked = c->with_request;
	campus_attach(c, "ap-1");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_int_equal(c->packets, packets + 1);
	assert_int_equal(c->with_request, asked);
	assert_int_equal(c->served_here, 0);
}

/* ---- explicit ---- */

/* E6696-5.1-28 E6696-5.3.3-09 K5749-5-04 K5749-5-05 K5749-5-06 */
static void explicit_bootstrapping(void **state)
{
	struct campus *c = *state;
	size_t packets;

	login_elsewhere(c);
	packets = c->packets;
	campus_attach(c, "ap-1");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_int_equal(c->packets, packets + 1);
	assert_err(c->outcome.reason, HK_OK);
	assert_true(campus_knows(c));
	/* now it knows where it is */
	for (size_t i = 1; i <= 5; i++) {
		campus_attach(c, "ap-1");
		campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
		assert_int_equal(c->served_here, i);
	}
	assert_int_equal(c->packets, packets + 1);
}

/* The very same key once more: no counter goes back. */
/* E6696-8-07 HKRAD-16.7-05 */
static void bootstrapping_again(void **state)
{
	struct campus *c = *state;
	struct hk_keyset before, after;

	login(c);
	for (size_t i = 0; i < 3; i++) {
		campus_attach(c, "ap-1");
		campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	}
	assert_ok(hk_keystore_find(
		c->store, c->peer.emsk_name, hk_text(CAMPUS), c->home->now, &before));
	campus_reauth(c, true);
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_true(c->home_event.key.again);
	assert_err(c->outcome.reason, HK_OK);
	assert_ok(hk_keystore_find(
		c->store, c->peer.emsk_name, hk_text(CAMPUS), c->home->now, &after));
	assert_int_equal(before.seq.expected, 3);
	assert_int_equal(after.seq.expected, 3);
	campus_attach(c, "ap-2");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	hk_keyset_wipe(&before);
	hk_keyset_wipe(&after);
}

/*
 * A campus that lost its key has lost the counter, too. It must not begin at 0
 * again with the same key: what the device sent before would be new to it.
 */
static void a_campus_that_lost_its_keys(void **state)
{
	struct campus *c = *state;
	uint8_t name[HK_EMSK_NAME_LEN];

	login(c);
	campus_attach(c, "ap-1");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	memcpy(name, c->peer.emsk_name, sizeof(name));
	assert_ok(hk_keystore_remove(c->store, name, hk_text(CAMPUS)));
	campus_reauth(c, true);
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_err(c->outcome.reason, HK_ERR_REPLAY);
	assert_false(campus_knows(c));
	/* full EAP makes an end of it */
	campus_attach(c, "ap-2");
	campus_assert_in(c, HK_ER_AUTHORISED_MSK);
	assert_memory_not_equal(name, c->peer.emsk_name, sizeof(name));
	assert_true(campus_knows(c));
}

/* The key is gone at the campus (revoked, or lost): full EAP brings a new one. */
static void revoked_at_the_campus(void **state)
{
	struct campus *c = *state;

	login(c);
	assert_ok(hk_keystore_remove(c->store, c->peer.emsk_name, hk_text(CAMPUS)));
	campus_attach(c, "ap-1");
	campus_assert_in(c, HK_ER_AUTHORISED_MSK);
	assert_int_equal(c->served_here, 1);
	campus_attach(c, "ap-2");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
}

static void login_and_forget(struct campus *c)
{
	login(c);
	hk_er_peer_clear(&c->peer);
}

/* Devices with one outer identity do not push each other out. */
static void devices_of_one_name(void **state)
{
	struct campus *c = *state;
	struct hk_keystore_stats stats;

	c->home->user.name_len = 0; /* the home tells the outer identity only */
	for (size_t i = 0; i < 4; i++)
		login_and_forget(c);
	assert_ok(hk_keystore_stats(c->store, &stats));
	assert_int_equal(stats.sets, 4);
}

/* ---- what goes wrong ---- */

static void wrong_ktk(void **state)
{
	struct campus *c = *state;

	c->at_campus.secret[31] ^= 1;
	login(c);
	assert_refused(c, HK_KEY_NOT_AUTHENTICATED, HK_ERR_TAG);
	login_elsewhere(c);
	campus_attach(c, "ap-1"); /* explicitly */
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_refused(c, HK_KEY_NOT_AUTHENTICATED, HK_ERR_TAG);
	assert_true(c->link.state == HK_ER_DONE);
}

/* K5749-4.1-02 */
static void wrong_domain(void **state)
{
	struct campus *c = *state;
	struct hk_bytes other = hk_text("other.example");

	c->at_campus.domains = &other;
	c->visited.domain = other;
	login(c);
	assert_refused(c, HK_KEY_NOT_AUTHORIZED, HK_ERR_REALM);
	assert_true(hk_bytes_equal(c->home_event.key.owner, hk_text(OPERATOR)));
}

/* Two operators that claim one domain: the first one keeps it. */
/* E6696-8-05 */
static void another_operator(void **state)
{
	struct campus *c = *state;
	struct hk_ktk both[2] = {c->at_home, c->at_home};

	both[1].kek_id[0] ^= 1;
	both[1].owner = hk_text("impostor");
	c->kds.ktks = both;
	c->kds.nktks = 2;
	login(c);
	assert_ok(hk_keystore_remove(c->store, c->peer.emsk_name, hk_text(CAMPUS)));
	c->at_campus.kek_id[0] ^= 1;
	c->with_delivery = 0;
	campus_reauth(c, true);
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_refused(c, HK_KEY_ALREADY_DELIVERED, HK_ERR_DENIED);
	assert_true(hk_bytes_equal(c->home_event.key.owner, hk_text("impostor")));
}

/* A home that knows nothing of key distribution. */
static void ignorant_home(void **state)
{
	struct campus *c = *state;

	c->home->policy.kds = NULL;
	login(c);
	assert_err(c->outcome.reason, HK_ERR_NOT_FOUND);
	assert_int_equal(c->outcome.error, 0);
	c->port_config.domain = HK_NO_BYTES;
	campus_attach(c, "ap-1");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK); /* with the home */
	assert_false(campus_knows(c));
}

/* ---- a proxy in the middle ---- */

/* Where the value of one of our attributes is in a packet; NULL. */
static uint8_t *value_in(uint8_t *packet, size_t len, uint8_t type, size_t *n)
{
	for (size_t at = HK_RADIUS_HEADER_LEN; at < len; at += packet[at + 1]) {
		if (packet[at] != HK_RADIUS_VENDOR_SPECIFIC ||
			hk_load_u32(packet + at + 2) != HK_VENDOR_HOKEY || packet[at + 6] != type)
			continue;
		*n = packet[at + 7] - 2u;
		return packet + at + 8;
	}
	return NULL;
}

struct tampering {
	bool from_home;
	uint8_t type;
	size_t at;
	bool done;
};

static void flip_octet(struct campus *c, bool from_home, uint8_t *packet, size_t len)
{
	struct tampering *t = c->arg;
	uint8_t *value;
	size_t n;

	if (from_home != t->from_home)
		return;
	value = value_in(packet, len, t->type, &n);
	if (!value || t->at >= n)
		return;
	value[t->at] ^= 0x20;
	t->done = true;
}

/* K5749-6.1-01 K5749-6.1-06 */
static void every_octet_on_the_way(void **state)
{
	static const struct tampering where[] = {
		{false, HK_KEYDIST_KEY_REQUEST, 0, false},
		{false, HK_KEYDIST_DOMAIN_NAME, 0, false},
		{true, HK_KEYDIST_KEY, 0, false},
		{true, HK_KEYDIST_DOMAIN_NAME, 0, false},
	};
	struct campus *c = *state;
	struct tampering t;

	login_elsewhere(c);
	c->meddle = flip_octet;
	c->arg = &t;
	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		for (t = where[i];; t.at++) {
			t.done = false;
			c->home->now += 1000; /* an access point limits the rate */
			campus_reauth(c, true);
			campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
			if (!t.done)
				break;
			assert_int_not_equal(c->outcome.reason, HK_OK);
			assert_int_not_equal(c->outcome.reason, HK_ERR_REPLAY);
			assert_false(campus_knows(c));
			if (!t.from_home)
				assert_int_not_equal(c->home_event.key.error, HK_KEY_GRANTED);
		}
		assert_true(t.at > 10);
		/* unchanged it is taken, but for one that went out before and got lost */
		assert_err(c->outcome.reason, i ? HK_ERR_REPLAY : HK_OK);
		if (campus_knows(c))
			assert_ok(hk_keystore_remove(c->store, c->peer.emsk_name, hk_text(CAMPUS)));
	}
	c->arg = NULL;
}

/* Keeps the first value it sees, and puts it into all later packets. */
struct replay {
	bool from_home;
	uint8_t type;
	size_t n;
	uint8_t value[HK_RADIUS_VSA_MAX];
};

static void replay(struct campus *c, bool from_home, uint8_t *packet, size_t len)
{
	struct replay *r = c->arg;
	uint8_t *value;
	size_t n;

	if (from_home != r->from_home)
		return;
	value = value_in(packet, len, r->type, &n);
	if (!value)
		return;
	if (r->n)
		memcpy(value, r->value, n);
	else
		memcpy(r->value, value, r->n = n);
}

/* K5749-6.1-02 */
static void replayed_request(void **state)
{
	struct campus *c = *state;
	struct replay r = {.type = HK_KEYDIST_KEY_REQUEST};

	/* the request of one device's bootstrap, which was answered ... */
	login_elsewhere(c);
	c->meddle = replay;
	c->arg = &r;
	campus_attach(c, "ap-1");
	assert_true(campus_knows(c));
	/* ... with the login of another */
	hk_er_peer_clear(&c->peer);
	c->with_delivery = 0;
	login(c);
	assert_refused(c, HK_KEY_NOT_AUTHENTICATED, HK_ERR_REPLAY);
}

/* The wrapped key of an earlier answer, for an earlier nonce. */
/* K5749-6.1-02 K4962-3-12 */
static void old_nonce(void **state)
{
	struct campus *c = *state;
	struct replay r = {.from_home = true, .type = HK_KEYDIST_KEY};

	login_elsewhere(c);
	c->meddle = replay;
	c->arg = &r;
	campus_attach(c, "ap-1");
	assert_err(c->outcome.reason, HK_OK);
	assert_ok(hk_keystore_remove(c->store, c->peer.emsk_name, hk_text(CAMPUS)));
	campus_reauth(c, true);
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_err(c->outcome.reason, HK_ERR_TAG);
	assert_false(campus_knows(c));
	/* also with the login of another device */
	hk_er_peer_clear(&c->peer);
	login(c);
	assert_err(c->outcome.reason, HK_ERR_TAG);
	assert_false(campus_knows(c));
}

/* A Chargeable-User-Identity is for the home to give: the campus makes up none. */
static void no_identity_but_from_home(void **state)
{
	struct campus *c = *state;

	c->policy.cui_key = hk_text("0123456789abcdef");
	c->cui = hk_bytes("", 1);
	login(c);
	campus_attach(c, "ap-1");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_int_equal(c->served_here, 1);
	assert_false(c->visit.reply.has_cui);
	/* what it heard of the home at another time is none of the campus's business */
	c->cui = hk_text("somebody");
	campus_attach(c, "ap-2");
	campus_assert_in(c, HK_ER_AUTHORISED_RMSK);
	assert_int_equal(c->served_here, 2);
}

struct secrets {
	uint8_t dsrk[64];
	uint8_t emsk[64];
};

/* No 8 octets of the line are 8 octets of a key. */
static void look_for_keys(struct campus *c, bool from_home, uint8_t *packet, size_t len)
{
	const struct secrets *s = c->arg;

	(void)from_home;
	for (size_t i = 0; i + 8 <= len; i++)
		for (size_t at = 0; at + 8 <= 64; at++) {
			assert_memory_not_equal(packet + i, s->dsrk + at, 8);
			assert_memory_not_equal(packet + i, s->emsk + at, 8);
		}
}

/* K5749-3-01 K5749-6.1-03 K5749-6.1-06 K4962-3-10 */
static void nobody_reads_the_key(void **state)
{
	struct campus *c = *state;
	struct hk_key *dsrk;
	struct secrets s;
	struct hk_buf b = hk_buf(s.dsrk, sizeof(s.dsrk));

	login_elsewhere(c);
	assert_int_equal(c->peer.emsk->secret.len, sizeof(s.emsk));
	memcpy(s.emsk, c->peer.emsk->secret.data, sizeof(s.emsk));
	assert_ok(hk_key_derive_dsrk(c->peer.emsk, hk_text(CAMPUS), c->home->now, HK_NEVER, &dsrk));
	assert_ok(hk_key_release(dsrk, HK_HOLDER_ER_SERVER, hk_text(CAMPUS), c->home->now, &b));
	hk_key_free(dsrk);
	c->meddle = look_for_keys;
	c->arg = &s;
	campus_attach(c, "ap-1");
	assert_true(campus_knows(c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CAMPUS_TEST(implicit_bootstrapping),
		CAMPUS_TEST(home_cut_off),
		CAMPUS_TEST(home_cut_off_before),
		CAMPUS_TEST(lifetimes),
		CAMPUS_TEST(device_without_erp),
		CAMPUS_TEST(device_without_domains),
		CAMPUS_TEST(explicit_bootstrapping),
		CAMPUS_TEST(bootstrapping_again),
		CAMPUS_TEST(a_campus_that_lost_its_keys),
		CAMPUS_TEST(revoked_at_the_campus),
		CAMPUS_TEST(devices_of_one_name),
		CAMPUS_TEST(wrong_ktk),
		CAMPUS_TEST(wrong_domain),
		CAMPUS_TEST(another_operator),
		CAMPUS_TEST(ignorant_home),
		CAMPUS_TEST(every_octet_on_the_way),
		CAMPUS_TEST(replayed_request),
		CAMPUS_TEST(old_nonce),
		CAMPUS_TEST(no_identity_but_from_home),
		CAMPUS_TEST(nobody_reads_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
