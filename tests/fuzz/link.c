/* SPDX-License-Identifier: ISC */
/*
 * The ER peer and the ER authenticator as machines: the input is a program of
 * events. Packets are any octets, or what an ER server with the right keys
 * would say, changed on the way or not.
 *
 * What must hold: an rMSK comes only out of a Finish of that server; no sequence
 * number is used for two different packets, restarts included; a failed
 * re-authentication shuts no port.
 */
#include "erp_keys.h"

#include <hokey/er_authenticator.h>
#include <hokey/er_peer.h>

#define HOME "home.example"

struct fuzz_link {
	struct hk_er_peer peer;
	struct hk_er_link link;
	struct hk_er_port_config config;
	struct hk_er_port port;
	hk_time now;
	struct hk_hmac_key rik[HK_ERP_SUITES + 1];
	uint32_t next_seq; /* no number below it is used again */
	size_t initiate_len;
	uint8_t initiate[HK_ERP_MAX_LEN];
	bool saved;
};

static void start_link(struct fuzz_link *f)
{
	const struct hk_er_link_config link = {
		.authenticator = hk_text("ap-1"), .support = HK_ER_SUPPORT_YES, .identifier = 1};

	hk_er_link_init(&f->link, &f->peer, &link, f->now);
}

static void set_up(struct fuzz_link *f)
{
	struct hk_er_peer_config config = hk_er_peer_config_default();
	struct hk_aaa_request identity = {.nas_identifier = hk_text("ap-1"),
		.calling_station_id = hk_text("02-00-00-00-02-00")};
	struct hk_key *emsk = fuzz_emsk(0);
	struct hk_erp_keys keys;

	memset(f, 0, sizeof(*f));
	f->now = FUZZ_NOW;
	fuzz_erp_keys(emsk, &keys);
	for (uint8_t suite = 1; suite <= HK_ERP_SUITES; suite++)
		fuzz_ok(hk_erp_keys_rik(&keys, suite, &f->rik[suite]));
	config.retry_unverified = true;
	fuzz_ok(hk_er_peer_init(&f->peer, &config));
	fuzz_ok(hk_er_peer_take_emsk(&f->peer, emsk, hk_text(HOME), f->now));
	start_link(f);
	f->config = hk_er_port_config_default();
	f->config.start = HK_ER_START_ON;
	f->config.domain = hk_text("visited.example");
	fuzz_ok(hk_er_port_init(&f->port, &f->config, &identity, 0));
}

/* ---- what the peer does ---- */

static void look_at_initiate(struct fuzz_link *f, struct hk_bytes packet)
{
	struct hk_erp_message m;
	struct hk_keyname_nai nai;

	if (packet.len < 5 || packet.data[0] != HK_ERP_INITIATE)
		return;
	fuzz_ok(hk_erp_parse(packet, &m));
	fuzz_ok(hk_keyname_nai_parse(m.keyname_nai, &nai));
	if (!hk_realm_equal(nai.realm, hk_text(HOME)))
		return;
	if (!hk_bytes_equal(packet, hk_bytes(f->initiate, f->initiate_len))) {
		fuzz_check(m.seq >= f->next_seq);
		f->next_seq = m.seq + 1u;
	}
	f->initiate_len = packet.len;
	memcpy(f->initiate, packet.data, packet.len);
}

/* Is it a Finish that only who has the rIK can have made? */
static bool authentic(const struct fuzz_link *f, struct hk_bytes packet)
{
	struct hk_erp_message m;

	if (hk_erp_parse(packet, &m) || m.code != HK_ERP_FINISH)
		return false;
	for (uint8_t i = 0; i < m.nreadings; i++) {
		if (hk_erp_verify(&m, &m.readings[i], &f->rik[m.readings[i].suite]))
			return !(m.flags & HK_ERP_FLAG_R);
	}
	return false;
}

static void look_at_peer(struct fuzz_link *f, struct hk_bytes received, struct hk_er_result *out)
{
	switch (out->action) {
	case HK_ER_SEND:
		look_at_initiate(f, out->packet);
		break;
	case HK_ER_SUCCEEDED:
		fuzz_check(out->rmsk != NULL);
		fuzz_check(hk_key_kind(out->rmsk) == HK_KEY_RMSK);
		fuzz_check(hk_key_expires(out->rmsk) <= FUZZ_END);
		if (!hk_key_domain(out->rmsk).len)
			fuzz_check(authentic(f, received));
		break;
	default:
		fuzz_check(out->rmsk == NULL);
		break;
	}
	hk_key_free(out->rmsk);
}

static void give_peer(struct fuzz_link *f, struct hk_bytes packet, uint16_t random)
{
	struct hk_er_result out;

	hk_er_link_receive(&f->link, packet, f->now, random, &out);
	look_at_peer(f, packet, &out);
}

/* The process ends and begins again. */
static void restart(struct fuzz_link *f, struct hk_reader *r)
{
	uint8_t octets[HK_ER_PEER_STATE_MAX], again[HK_ER_PEER_STATE_MAX];
	struct hk_buf b = hk_buf(octets, sizeof(octets)), c = hk_buf(again, sizeof(again));
	uint16_t ahead = hk_get_u8(r);

	fuzz_ok(hk_er_peer_save(&f->peer, ahead, &b));
	if (ahead % 2)
		return;
	fuzz_ok(hk_er_peer_restore(&f->peer, hk_buf_bytes(&b), f->now));
	fuzz_ok(hk_er_peer_save(&f->peer, ahead, &c));
	start_link(f);
}

/* ---- packets ---- */

/* What an ER server answers to the Initiate outstanding, then changed. */
static struct hk_bytes finish(struct fuzz_link *f, struct hk_reader *r, uint8_t memory[2048])
{
	struct hk_buf b = hk_buf(memory, 2048);
	uint8_t flags = hk_get_u8(r), suite = hk_get_u8(r) % 4;
	struct hk_bytes attributes = fuzz_piece(r);
	struct hk_erp_message m;

	if (!f->initiate_len || hk_erp_parse(hk_bytes(f->initiate, f->initiate_len), &m))
		return HK_NO_BYTES;
	hk_erp_begin(&b, HK_ERP_FINISH, m.identifier, flags, m.seq, m.keyname_nai);
	hk_put_bytes(&b, attributes);
	if (!suite)
		(void)hk_erp_end(&b);
	else if (hk_erp_seal(&b, suite, &f->rik[suite]))
		return HK_NO_BYTES;
	return hk_bytes(memory, fuzz_mutate(r, memory, b.len));
}

static struct hk_bytes packet(struct fuzz_link *f, struct hk_reader *r, uint8_t memory[2048])
{
	struct hk_bytes v = hk_get_u8(r) % 2 ? finish(f, r, memory) : fuzz_piece(r);

	return fuzz_copy(v);
}

/* ---- what the authenticator does ---- */

static void look_at_port(const struct hk_er_port_result *out)
{
	fuzz_check(out->nsend <= 2);
	fuzz_check(!out->shut || out->let_in == HK_ER_NOT_AUTHORISED);
	if (out->let_in == HK_ER_AUTHORISED_RMSK)
		fuzz_check(out->key.len > 0);
}

static void answer_port(struct fuzz_link *f, struct hk_reader *r, struct hk_bytes eap)
{
	static const uint8_t key[HK_AAA_KEY_LEN];
	struct hk_er_port_result out;
	enum hk_er_authorised before = f->port.authorised;
	bool erp = f->port.state == HK_ER_PORT_AAA;
	uint8_t how = hk_get_u8(r);
	const struct hk_er_answer answer = {
		.transaction = f->port.transaction - (how >> 7),
		.verdict = (enum hk_verdict)(how % 5),
		.eap = eap,
		.state = fuzz_piece(r),
		.key = how & 8 ? hk_bytes(key, sizeof(key)) : HK_NO_BYTES,
		.session_timeout_s = how & 16 ? 3600 : 0,
	};

	hk_er_port_answer(&f->port, &answer, f->now, &out);
	look_at_port(&out);
	if (erp && before != HK_ER_NOT_AUTHORISED && !f->port.session_over &&
		answer.verdict != HK_VERDICT_ACCEPT)
		fuzz_check(!out.shut);
}

/* ---- the program ---- */

static void step(struct fuzz_link *f, struct hk_reader *r)
{
	struct hk_er_port_result port = {0};
	struct hk_er_result out = {0};
	uint8_t op = hk_get_u8(r), memory[2048];
	uint16_t random = (uint16_t)(op * 251);
	struct hk_bytes v = HK_NO_BYTES;

	switch (op % 13) {
	case 0:
		hk_er_link_begin(&f->link, op & 0x40, f->now, random, &out);
		look_at_peer(f, v, &out);
		break;
	case 1:
		v = packet(f, r, memory);
		give_peer(f, v, random);
		break;
	case 2:
		f->now += (hk_time)hk_get_u16(r) * (op & 0x40 ? 1000 : 10);
		hk_er_link_timeout(&f->link, f->now, random, &out);
		look_at_peer(f, v, &out);
		hk_er_port_timeout(&f->port, f->now, &port);
		look_at_port(&port);
		break;
	case 3:
		hk_er_link_eap_ended(&f->link, op & 0x40, f->now, &out);
		look_at_peer(f, v, &out);
		break;
	case 4:
		hk_er_link_down(&f->link);
		start_link(f);
		break;
	case 5:
		(void)hk_er_link_set_channel_binding(&f->link, fuzz_piece(r));
		break;
	case 6:
		(void)hk_er_peer_learn_domain(&f->peer, hk_text("ap-1"), fuzz_piece(r),
			(enum hk_er_source)(op % 7), f->now);
		break;
	case 7:
		restart(f, r);
		break;
	case 8:
		v = packet(f, r, memory);
		hk_er_port_receive(&f->port, v, f->now, &port);
		look_at_port(&port);
		break;
	case 9:
		v = packet(f, r, memory);
		answer_port(f, r, v);
		break;
	case 10:
		hk_er_port_attach(&f->port, op & 0x40, f->now, &port);
		look_at_port(&port);
		break;
	case 11:
		hk_er_port_start_eap(&f->port, f->now, &port);
		look_at_port(&port);
		break;
	default: /* the peer's Initiate goes on to the authenticator */
		v = fuzz_copy(hk_bytes(f->initiate, f->initiate_len));
		hk_er_port_receive(&f->port, v, f->now, &port);
		look_at_port(&port);
		break;
	}
	fuzz_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_reader r = hk_reader(hk_bytes(data, size));
	struct fuzz_link *f = malloc(sizeof(*f));

	if (!f)
		abort();
	set_up(f);
	for (unsigned i = 0; i < 64 && hk_left(&r); i++)
		step(f, &r);
	hk_er_peer_clear(&f->peer);
	free(f);
	return 0;
}
