/* SPDX-License-Identifier: ISC */
/*
 * The whole server but its sockets: door, hall, ER server, EAP server, memory
 * store. The input is a program: real requests of devices and access points,
 * right or changed on the way, repeated, replayed elsewhere, in batches; logins;
 * time that passes; key sets that go. laws.c knows what must hold.
 */
#include "server.h"

#include "dice.h"

#include <hokey/eap.h>

#define STEPS_MAX 48

static struct hk_tls_context *server_tls, *peer_tls;

static void set_up_tls(void)
{
	struct hk_tls_config config;
	struct test_pki pki;

	fuzz_roll(1);
	test_pki_init(&pki);
	config = test_server_config(&pki);
	server_tls = test_context(true, &config);
	config = test_peer_config(&pki);
	peer_tls = test_context(false, &config);
	test_pki_free(&pki);
}

static void clean_up_tls(void)
{
	hk_tls_context_free(server_tls);
	hk_tls_context_free(peer_tls);
}

/* ---- devices ---- */

static void put_set(struct machine *m, const struct device *d)
{
	struct hk_keyset set = {.created = m->now,
		.expires = d->expires,
		.session_end = HK_NEVER,
		.keys = d->keys,
		.realm_len = sizeof(REALM) - 1,
		.user_len = 5};

	memcpy(set.emsk_name, d->name, sizeof(set.emsk_name));
	memcpy(set.realm, REALM, sizeof(REALM) - 1);
	memcpy(set.user, "alice", 5);
	fuzz_ok(hk_keystore_put(m->store, &set));
}

/* Keys that no device had before. */
static void renew(struct machine *m, struct device *d)
{
	struct hk_key *emsk = fuzz_emsk(m->generation++);

	if (m->now + HK_SECOND >= FUZZ_END) {
		hk_key_free(emsk);
		return;
	}
	memset(d, 0, sizeof(*d));
	d->name_of_keys = m->generation;
	memcpy(d->name, hk_key_emsk_name(emsk), sizeof(d->name));
	fuzz_erp_keys(emsk, &d->keys);
	hk_key_free(emsk);
	d->alive = true;
	d->expires = FUZZ_END;
	put_set(m, d);
}

/* ---- the machine ---- */

static void set_up(struct machine *m)
{
	static const struct hk_keystore_memory_config memory;
	static struct hk_bytes realm;

	memset(m, 0, sizeof(*m));
	realm = hk_text(REALM);
	m->now = FUZZ_NOW;
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct hk_client_config *c = &m->configs[i];

		c->name = m->names[i];
		snprintf(m->names[i], sizeof(m->names[i]), "ap%u", i);
		c->network[15] = (uint8_t)(1 + i);
		c->prefix = 128;
		c->require_message_authenticator = HK_YES;
		c->limit_proxy_state = HK_AUTO;
		c->duplicate_window_ms = 10000;
		fuzz_ok(hk_radius_secret_set(&c->secret, hk_bytes(m->names[i], 3)));
	}
	fuzz_ok(hk_clients_new(m->configs, CLIENTS, NULL, &m->clients));
	fuzz_ok(hk_door_init(&m->door, &m->counters, 32, 10000));
	fuzz_ok(hk_home_new(NULL, NULL, &m->home));
	fuzz_ok(hk_keystore_memory_open(&memory, &m->store));
	hk_home_worker_init(&m->worker, m->home, m->store);
	m->erp = (struct hk_er_policy){.suites = {2, 3, 1},
		.nsuites = 3,
		.window = 1,
		.rmsk_lifetime_s = 3600,
		.repeat_window_ms = REPEAT_MS,
		.send_lifetimes = true,
		.on_unknown_key = HK_UNKNOWN_CHALLENGE,
		.realms = &realm,
		.nrealms = 1};
	m->policy = (struct hk_home_policy){.erp = &m->erp,
		.rrk_lifetime_s = FUZZ_LIFETIME_S,
		.tls = server_tls,
		.fragment_size = 1020,
		.max_rounds = 60,
		.max_invalid = 5,
		.session_timeout_ms = 30000};
	for (unsigned i = 0; i < DEVICES; i++)
		renew(m, &m->devices[i]);
}

static void tear_down(struct machine *m)
{
	hk_door_free(&m->door);
	hk_home_free(m->home);
	hk_keystore_close(m->store);
	hk_clients_free(m->clients);
}

/* ---- through the server ---- */

static void answer(struct machine *m, struct pending *p)
{
	uint8_t octets[HK_RADIUS_MAX_LEN];
	struct hk_buf out = hk_buf(octets, sizeof(octets));
	enum hk_door_step step = hk_door_encode(&m->door, &p->r, m->now, &out);

	law_of_outcome(m, p);
	if (step == HK_DOOR_REPLY) {
		law_of_reply(m, p->packet, hk_buf_bytes(&out));
		if (hk_door_settle(&m->door, p->r.entry, hk_buf_bytes(&out), m->now))
			keep_reply(p->packet, hk_buf_bytes(&out));
	} else {
		fuzz_check(step == HK_DOOR_DROP);
	}
	if (p->r.visit.reply.has_state) {
		memcpy(m->state, p->r.visit.reply.state, HK_STATE_LEN);
		m->has_state = true;
	}
	m->verdict = p->r.visit.reply.verdict;
	m->eap_len = p->r.visit.reply.eap.len;
	memcpy(m->eap, p->r.visit.reply.eap.data, m->eap_len);
	memcpy(m->key, p->r.visit.reply.key, sizeof(m->key));
	hk_home_done(&m->worker, &p->r.visit);
}

static void commit(struct machine *m)
{
	struct hk_home_visit *visits[BATCH];

	for (size_t i = 0; i < m->npending; i++)
		visits[i] = &m->pending[i].r.visit;
	hk_home_commit(&m->worker, &m->policy, visits, m->npending, m->now);
	for (size_t i = 0; i < m->npending; i++)
		answer(m, &m->pending[i]);
	m->npending = 0;
	hk_keystore_release(m->store);
}

static void give(struct machine *m, struct packet *packet, bool wait)
{
	struct pending *p = &m->pending[m->npending];
	struct hk_radius_source source = {.port = 40000, .socket = 3};
	uint8_t octets[HK_RADIUS_MAX_LEN];
	struct hk_buf out = hk_buf(octets, sizeof(octets));
	enum hk_door_step step;

	source.address[15] = (uint8_t)(1 + packet->client);
	p->packet = packet;
	m->verdict = HK_VERDICT_NONE;
	step = hk_door_receive(&m->door, m->clients, &source, hk_bytes(packet->octets, packet->len),
		m->now, &p->r, &out);
	law_of_door(m, packet, step);
	switch (step) {
	case HK_DOOR_VISIT:
		hk_home_receive(&m->worker, &m->policy, &p->r.visit, m->now);
		m->npending++;
		break;
	case HK_DOOR_REPEAT:
		fuzz_check(hk_bytes_equal(
			hk_buf_bytes(&out), hk_bytes(packet->reply, packet->reply_len)));
		break;
	case HK_DOOR_REPLY:
		law_of_reply(m, packet, hk_buf_bytes(&out));
		if (hk_door_settle(&m->door, p->r.entry, hk_buf_bytes(&out), m->now))
			keep_reply(packet, hk_buf_bytes(&out));
		break;
	case HK_DOOR_DISCONNECT: /* of no client here */
	case HK_DOOR_DROP:
		break;
	}
	if (!wait || m->npending == BATCH)
		commit(m);
}

/* ---- packets ---- */

static struct packet *next_packet(struct machine *m)
{
	struct packet *p = &m->packets[m->npackets++ % PACKETS];

	for (size_t i = 0; i < m->npending; i++) {
		if (m->pending[i].packet == p)
			commit(m);
	}
	memset(p, 0, sizeof(*p));
	return p;
}

/* An Access-Request of that access point; more: attributes. */
static struct packet *wrap(struct machine *m, uint8_t code, uint8_t where, struct hk_bytes eap,
	struct hk_bytes user, struct hk_bytes more)
{
	struct packet *p = next_packet(m);
	struct hk_buf b = hk_buf(p->octets, sizeof(p->octets));
	uint8_t random[16] = {0};

	hk_store_u32(random, (uint32_t)m->npackets);
	p->client = where % CLIENTS;
	p->nas = where / CLIENTS % 2;
	hk_radius_begin(&b, code, (uint8_t)m->npackets);
	if (user.len)
		hk_radius_put(&b, HK_RADIUS_USER_NAME, user);
	hk_radius_put(&b, HK_RADIUS_NAS_IDENTIFIER, hk_text(p->nas ? "nas-1" : "nas-0"));
	if (more.data)
		hk_put_bytes(&b, more);
	if (eap.data)
		hk_radius_put_eap(&b, eap);
	if (hk_radius_sign_request(&b, &m->configs[p->client].secret, random))
		return NULL;
	p->len = b.len;
	p->authentic = true;
	p->eap_len = eap.len;
	if (eap.len)
		memcpy(p->eap, eap.data, eap.len);
	return p;
}

static struct hk_bytes state_attribute(const struct machine *m, uint8_t memory[2 + HK_STATE_LEN])
{
	if (!m->has_state)
		return HK_NO_BYTES;
	memory[0] = HK_RADIUS_STATE;
	memory[1] = 2 + HK_STATE_LEN;
	memcpy(memory + 2, m->state, HK_STATE_LEN);
	return hk_bytes(memory, 2 + HK_STATE_LEN);
}

/* ---- what the program can do ---- */

static void initiate(struct machine *m, struct hk_reader *r, bool wait)
{
	struct device *d = &m->devices[hk_get_u8(r) % DEVICES];
	uint8_t where = hk_get_u8(r), how = hk_get_u8(r), flags = hk_get_u8(r);
	uint8_t octets[HK_ERP_MAX_LEN], text[HK_NAI_MAX_LEN], before[HK_ERP_MAX_LEN];
	struct hk_buf b = hk_buf(octets, sizeof(octets)), nai = hk_buf(text, sizeof(text));
	uint8_t suite = (uint8_t)(1 + how % 3);
	uint16_t seq = d->next_seq;
	struct hk_bytes attributes = HK_NO_BYTES;
	struct hk_hmac_key rik;
	struct packet *p;
	size_t len;

	if (how & 0x08)
		seq = (uint16_t)(seq - 8 + hk_get_u8(r) % 16);
	if (how & 0x10)
		seq = hk_get_u16(r);
	if (how & 0x20)
		attributes = fuzz_piece(r);
	fuzz_ok(hk_keyname_nai_write(d->name, hk_text(REALM), &nai));
	hk_erp_begin(&b, HK_ERP_INITIATE, how, flags, seq, hk_buf_bytes(&nai));
	hk_put_bytes(&b, attributes);
	fuzz_ok(hk_erp_keys_rik(&d->keys, suite, &rik));
	if (hk_erp_seal(&b, suite, &rik))
		return;
	memcpy(before, octets, b.len);
	len = how & 0x40 ? fuzz_mutate(r, octets, b.len) : b.len;
	p = wrap(m, HK_RADIUS_ACCESS_REQUEST, where, hk_bytes(octets, len),
		how & 0x80 ? hk_text("someone") : hk_buf_bytes(&nai), HK_NO_BYTES);
	if (!p)
		return;
	p->device = (uint8_t)(1 + (d - m->devices));
	p->keys_of = d->name_of_keys;
	p->seq = seq;
	p->tagged = len == b.len && memcmp(before, octets, len) == 0;
	if (p->tagged && seq >= d->next_seq)
		d->next_seq = (uint16_t)(seq + 1);
	give(m, p, wait);
}

/* A packet of before: as it was, changed, or its EAP packet by way of another access point. */
static void again(struct machine *m, struct hk_reader *r, bool wait)
{
	uint8_t how = hk_get_u8(r);
	struct packet *old = &m->packets[hk_get_u8(r) % PACKETS], *p;
	struct packet copy = *old;

	if (!old->len)
		return;
	/* Two changes can undo each other: only what is as its client signed it is changed. */
	if (how % 3 == 0 || (how % 3 == 1 && !old->authentic)) {
		give(m, old, wait);
		return;
	}
	if (how % 3 == 1) {
		p = next_packet(m);
		*p = copy;
		p->reply_len = 0;
		p->client = how / 4 % (CLIENTS + 1);
		p->len = fuzz_mutate(r, p->octets, p->len);
		if (p->client == copy.client && p->len == copy.len &&
			memcmp(p->octets, copy.octets, p->len) == 0) {
			m->npackets--;
			memset(p, 0, sizeof(*p));
			return;
		}
		p->authentic = false;
		give(m, p, wait);
		return;
	}
	p = wrap(m, HK_RADIUS_ACCESS_REQUEST, hk_get_u8(r), hk_bytes(copy.eap, copy.eap_len),
		HK_NO_BYTES, HK_NO_BYTES);
	if (!p)
		return;
	p->device = copy.device;
	p->keys_of = copy.keys_of;
	p->seq = copy.seq;
	p->tagged = copy.tagged;
	give(m, p, wait);
}

static void any_eap(struct machine *m, struct hk_reader *r, bool wait)
{
	uint8_t where = hk_get_u8(r), memory[2 + HK_STATE_LEN];
	struct hk_bytes eap = fuzz_copy(fuzz_take(r, hk_get_u16(r) % 2048));
	struct packet *p = wrap(m, HK_RADIUS_ACCESS_REQUEST, where, eap, hk_text("someone@" REALM),
		where & 0x80 ? state_attribute(m, memory) : HK_NO_BYTES);

	if (p)
		give(m, p, wait);
	fuzz_free(eap);
}

static void any_attributes(struct machine *m, struct hk_reader *r, bool wait)
{
	uint8_t where = hk_get_u8(r);
	struct hk_bytes more = fuzz_copy(fuzz_take(r, hk_get_u16(r) % 2048));
	struct packet *p = wrap(m,
		where & 0x80   ? HK_RADIUS_STATUS_SERVER
		: where & 0x40 ? hk_get_u8(r)
			       : HK_RADIUS_ACCESS_REQUEST,
		where, HK_NO_BYTES, HK_NO_BYTES, more);

	if (p) {
		p->odd = true;
		give(m, p, wait);
	}
	fuzz_free(more);
}

/* A login from beginning to end; the device has new keys then. */
static void login(struct machine *m, uint8_t where)
{
	static const uint8_t identity[] = {HK_EAP_REQUEST, 7, 0, 5, HK_EAP_TYPE_IDENTITY};
	const struct hk_eap_peer_config config = {
		.tls = peer_tls, .identity = hk_text("anonymous@" REALM), .fragment_size = 1020};
	struct device *d = &m->devices[where % DEVICES];
	uint8_t octets[HK_EAP_MAX_LEN], memory[2 + HK_STATE_LEN];
	struct hk_bytes eap = hk_bytes(identity, sizeof(identity));
	struct hk_eap_result *result;
	struct hk_eap_peer *peer;
	struct packet *p;

	if (m->logins++ == 2)
		return;
	commit(m);
	m->has_state = false;
	fuzz_ok(hk_eap_peer_new(&config, &peer));
	for (unsigned i = 0; i < 30; i++) {
		struct hk_buf out = hk_buf(octets, sizeof(octets));

		if (hk_eap_peer_receive(peer, eap, m->now, &out) != HK_EAP_SEND)
			break;
		p = wrap(m, HK_RADIUS_ACCESS_REQUEST, where, hk_buf_bytes(&out),
			hk_text("anonymous@" REALM), state_attribute(m, memory));
		p->login = true;
		give(m, p, false);
		eap = hk_bytes(m->eap, m->eap_len);
	}
	result = hk_eap_peer_result(peer, m->now, m->now + FUZZ_LIFETIME_S * HK_SECOND);
	fuzz_check(!result == (m->verdict != HK_VERDICT_ACCEPT));
	if (result) {
		/* its old keys would still be good */
		(void)hk_keystore_remove(m->store, d->name, hk_text(REALM));
		law_of_login(m, result, d);
	}
	hk_eap_peer_free(peer);
}

static void housekeeping(struct machine *m, struct hk_reader *r)
{
	uint8_t how = hk_get_u8(r);
	struct device *d = &m->devices[how / 8 % DEVICES];
	size_t removed;

	switch (how % 8) {
	case 0:
		(void)hk_keystore_remove(m->store, d->name, hk_text(REALM));
		d->alive = false;
		break;
	case 1:
		if (!d->alive)
			renew(m, d);
		break;
	case 2: /* the same set once more: the counter stays */
		if (d->alive && m->now < d->expires)
			put_set(m, d);
		break;
	case 3:
		fuzz_ok(hk_keystore_expire(m->store, m->now, 100, &removed));
		break;
	case 4:
		hk_home_expire(m->home, m->now, 100);
		break;
	default: /* another policy */
		commit(m);
		m->erp.window = (uint8_t)(how & 0x40 ? 1 + how / 4 : 1);
		m->erp.repeat_window_ms = how & 0x80 ? 0 : REPEAT_MS;
		m->erp.require_name_match = how & 0x20;
		m->erp.on_unknown_key = how & 0x10 ? HK_UNKNOWN_FINISH : HK_UNKNOWN_CHALLENGE;
		m->erp.channel_binding = (enum hk_cb_policy)(how % 3);
		break;
	}
	hk_keystore_release(m->store);
}

static void step(struct machine *m, struct hk_reader *r)
{
	uint8_t op = hk_get_u8(r);
	bool wait = op & 0x80;

	switch ((op & 0x7f) % 10) {
	case 0:
	case 1:
	case 2:
		initiate(m, r, wait);
		break;
	case 3:
	case 4:
		again(m, r, wait);
		break;
	case 5: /* a batch is of one moment */
		commit(m);
		m->now += (hk_time)hk_get_u16(r) * (wait ? 1000 : 1);
		break;
	case 6:
		any_eap(m, r, wait);
		break;
	case 7:
		any_attributes(m, r, wait);
		break;
	case 8:
		login(m, hk_get_u8(r));
		break;
	default:
		housekeeping(m, r);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_reader r = hk_reader(hk_bytes(data, size));
	static struct machine m;

	if (!server_tls) {
		set_up_tls();
		atexit(clean_up_tls);
	}
	fuzz_roll(2);
	set_up(&m);
	for (unsigned i = 0; i < STEPS_MAX && hk_left(&r); i++)
		step(&m, &r);
	commit(&m);
	tear_down(&m);
	return 0;
}
