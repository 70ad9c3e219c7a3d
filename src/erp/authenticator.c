/* SPDX-License-Identifier: ISC */
#include <hokey/er_authenticator.h>

#include <hokey/eap.h>

#include "crypto/crypto.h"

#define START_TRANSMISSIONS_MAX 3
#define REQUEST_WAIT_MAX_MS     20000 /* RFC 3748 section 4.3 */
#define PEER_WAIT_MAX_S         600   /* longest wait a server may ask for */

struct hk_er_port_config hk_er_port_config_default(void)
{
	return (struct hk_er_port_config){
		.enabled = true,
		.start = HK_ER_START_ON,
		.start_transmissions = 1,
		.request_transmissions = 4,
		.initiate_burst = 5,
		.initiate_ms = 500,
		.start_ms = 1000,
		.request_ms = 3000,
		.aaa_ms = 5000,
		.finish_ms = 5000,
	};
}

/* ---- what is sent to the peer ---- */

static void send(struct hk_er_port_result *out, struct hk_bytes packet)
{
	out->send[out->nsend++] = packet;
}

static void send_outstanding(struct hk_er_port *port, hk_time now, struct hk_er_port_result *out)
{
	port->transmissions++;
	port->retransmit_at = now + port->wait_ms;
	send(out, hk_bytes(port->outstanding, port->outstanding_len));
}

static void put_identity(struct hk_buf *b, uint8_t type, struct hk_bytes value)
{
	if (value.len)
		hk_erp_put_tlv(b, type, value);
}

/* Into the place of the outstanding packet, where only one of the two fits. */
static enum hk_err build_start(struct hk_er_port *port)
{
	const struct hk_aaa_request *id = &port->identity;
	struct hk_buf b = hk_buf(port->outstanding, sizeof port->outstanding);
	enum hk_err err;

	hk_erp_begin_start(&b, port->identifier);
	put_identity(&b, HK_ERP_DOMAIN_NAME, port->config->domain);
	if (port->config->announce_identity) {
		put_identity(&b, HK_ERP_CALLED_STATION_ID, id->called_station_id);
		put_identity(&b, HK_ERP_CALLING_STATION_ID, id->calling_station_id);
		put_identity(&b, HK_ERP_NAS_IDENTIFIER, id->nas_identifier);
		put_identity(&b, HK_ERP_NAS_IP_ADDRESS, id->nas_ip_address);
		put_identity(&b, HK_ERP_NAS_IPV6_ADDRESS, id->nas_ipv6_address);
	}
	err = hk_erp_end(&b);
	port->outstanding_len = (uint16_t)b.len;
	return err;
}

static void send_start(struct hk_er_port *port, hk_time now, struct hk_er_port_result *out)
{
	port->identifier++;
	build_start(port); /* fits: hk_er_port_init() has tried */
	port->state = HK_ER_PORT_START;
	port->transmissions = 0;
	port->wait_ms = port->config->start_ms;
	send_outstanding(port, now, out);
}

static void send_request(
	struct hk_er_port *port, uint32_t wait_ms, hk_time now, struct hk_er_port_result *out)
{
	port->state = HK_ER_PORT_REQUEST;
	port->transmissions = 0;
	port->wait_ms = wait_ms;
	send_outstanding(port, now, out);
}

/* Ordinary EAP from its beginning. */
static void send_identity_request(
	struct hk_er_port *port, hk_time now, struct hk_er_port_result *out)
{
	struct hk_buf b = hk_buf(port->outstanding, sizeof port->outstanding);

	port->identifier++;
	hk_eap_write(&b, HK_EAP_REQUEST, port->identifier, HK_EAP_TYPE_IDENTITY, HK_NO_BYTES);
	port->outstanding_len = (uint16_t)b.len;
	port->state_len = 0;
	port->user_name_len = 0;
	port->eap_wanted = false;
	send_request(port, port->config->request_ms, now, out);
}

static void begin(struct hk_er_port *port, hk_time now, struct hk_er_port_result *out)
{
	enum hk_er_start start = port->config->enabled ? port->config->start : HK_ER_START_OFF;

	if (start == HK_ER_START_ON || (start == HK_ER_START_KNOWN_PEERS && port->known_peer))
		send_start(port, now, out);
	else
		send_identity_request(port, now, out);
}

/* ---- how attempts end ---- */

static bool stands(const struct hk_er_port *port)
{
	return port->authorised && !port->session_over;
}

static void let_in(struct hk_er_port *port, enum hk_er_authorised by, const struct hk_er_answer *a,
	hk_time now, struct hk_er_port_result *out)
{
	port->state = HK_ER_PORT_UP;
	port->authorised = by;
	port->session_over = false;
	port->eap_wanted = false;
	port->session_until =
		a->session_timeout_s ? hk_time_add_s(now, a->session_timeout_s) : HK_NEVER;
	if (by == HK_ER_AUTHORISED_RMSK)
		port->known_peer = true;
	out->let_in = by;
	out->key = a->key;
}

static void shut(struct hk_er_port *port, struct hk_er_port_result *out)
{
	port->state = HK_ER_PORT_DOWN;
	port->authorised = HK_ER_NOT_AUTHORISED;
	out->shut = true;
}

/* Full EAP came to no end: nobody said that the peer may not be in. */
static void give_up_eap(struct hk_er_port *port, enum hk_err reason, struct hk_er_port_result *out)
{
	out->reason = reason;
	if (stands(port))
		port->state = HK_ER_PORT_UP;
	else
		shut(port, out);
}

/* ERP gave no key: a link that stands is left alone, any other gets full EAP. */
static void fall_back(
	struct hk_er_port *port, enum hk_err reason, hk_time now, struct hk_er_port_result *out)
{
	out->reason = reason;
	if (stands(port) && !port->eap_wanted)
		port->state = HK_ER_PORT_UP;
	else
		send_identity_request(port, now, out);
}

/* ---- to the AAA server ---- */

static bool awaits_answer(const struct hk_er_port *port)
{
	return port->state == HK_ER_PORT_PASS || port->state == HK_ER_PORT_AAA;
}

static void abandon(const struct hk_er_port *port, struct hk_er_port_result *out)
{
	if (awaits_answer(port))
		out->abandon = port->transaction;
}

static void forward(struct hk_er_port *port, struct hk_bytes eap, struct hk_bytes user_name,
	hk_time now, struct hk_er_port_result *out)
{
	if (++port->transaction == 0)
		port->transaction = 1;
	port->aaa_until = now + port->config->aaa_ms;
	out->forward = port->transaction;
	out->request = port->identity;
	out->request.has_eap = true;
	out->request.eap = eap;
	out->request.user_name = user_name;
	out->request.state = HK_NO_BYTES;
}

/* ---- EAP-Initiate from the peer ---- */

static void forget_finish(struct hk_er_port *port)
{
	hk_wipe(port->finish, sizeof port->finish);
	hk_wipe(port->answered, sizeof port->answered);
	port->finish_len = 0;
}

static void expire_finish(struct hk_er_port *port, hk_time now)
{
	if (port->finish_len && now >= port->finish_until)
		forget_finish(port);
}

/* At most a burst of Initiates at once, then one per initiate_ms. */
static bool within_rate(struct hk_er_port *port, hk_time now)
{
	hk_time ahead = (hk_time)port->config->initiate_ms * port->config->initiate_burst;
	hk_time next = (port->limit > now ? port->limit : now) + port->config->initiate_ms;

	if (next > now + ahead)
		return false;
	port->limit = next;
	return true;
}

static void receive_initiate(
	struct hk_er_port *port, struct hk_bytes packet, hk_time now, struct hk_er_port_result *out)
{
	struct hk_erp_message m;
	uint8_t hash[HK_SHA256_LEN];
	enum hk_err err = hk_erp_parse(packet, &m);

	/* which suites there are is between peer and server */
	if (err && err != HK_ERR_SUITE) {
		out->reason = err;
		return;
	}
	hk_sha256(&m.packet, 1, hash);
	if (port->finish_len && memcmp(hash, port->answered, sizeof hash) == 0) {
		send(out, hk_bytes(port->finish, port->finish_len));
		return;
	}
	if (port->state == HK_ER_PORT_AAA && memcmp(hash, port->initiate, sizeof hash) == 0) {
		out->reason = HK_ERR_EXISTS; /* the answer is on its way */
		return;
	}
	if (!within_rate(port, now)) {
		out->reason = HK_ERR_LIMIT;
		return;
	}
	abandon(port, out);
	port->state = HK_ER_PORT_AAA;
	port->initiate_identifier = m.identifier;
	memcpy(port->initiate, hash, sizeof hash);
	forward(port, m.packet, m.keyname_nai, now, out);
	out->realm = hk_nai_realm(m.keyname_nai);
	out->domain = port->config->domain;
}

/* ---- EAP-Response from the peer ---- */

static void receive_response(struct hk_er_port *port, const struct hk_eap_packet *p, hk_time now,
	struct hk_er_port_result *out)
{
	struct hk_bytes user_name;
	bool first = p->type == HK_EAP_TYPE_IDENTITY;

	if (port->state != HK_ER_PORT_REQUEST || p->identifier != port->outstanding[1]) {
		out->reason = HK_ERR_UNEXPECTED;
		return;
	}
	if (first && p->data.len > sizeof port->user_name) {
		out->reason = HK_ERR_TOO_LONG;
		return;
	}
	if (first) {
		port->user_name_len = (uint8_t)p->data.len;
		if (p->data.len)
			memcpy(port->user_name, p->data.data, p->data.len);
	}
	/* RFC 3579 section 2.1: without an identity its address stands in */
	user_name = port->user_name_len ? hk_bytes(port->user_name, port->user_name_len)
					: port->identity.calling_station_id;
	forward(port, p->packet, user_name, now, out);
	out->request.state =
		port->state_len ? hk_bytes(port->aaa_state, port->state_len) : HK_NO_BYTES;
	if (first)
		out->domain = port->config->domain;
	port->state = HK_ER_PORT_PASS;
}

/* ---- answers of the AAA server ---- */

/* An EAP-Request in a challenge becomes the outstanding one. */
static enum hk_err pass_request(struct hk_er_port *port, const struct hk_er_answer *a, hk_time now,
	struct hk_er_port_result *out)
{
	uint32_t wait_ms = port->config->request_ms;
	struct hk_eap_packet p;
	enum hk_err err = hk_eap_parse(a->eap, &p);

	if (err)
		return err;
	if (p.code != HK_EAP_REQUEST)
		return HK_ERR_UNEXPECTED;
	if (p.packet.len > sizeof port->outstanding || a->state.len > sizeof port->aaa_state)
		return HK_ERR_TOO_LONG;
	memcpy(port->outstanding, p.packet.data, p.packet.len);
	port->outstanding_len = (uint16_t)p.packet.len;
	if (a->state.len)
		memcpy(port->aaa_state, a->state.data, a->state.len);
	port->state_len = (uint8_t)a->state.len;
	port->identifier = p.identifier;
	port->eap_wanted = false;
	/* RFC 3579 section 2.3.2: how long a user may think */
	if (a->session_timeout_s)
		wait_ms = (a->session_timeout_s < PEER_WAIT_MAX_S ? a->session_timeout_s
								  : PEER_WAIT_MAX_S) *
			  1000;
	send_request(port, wait_ms, now, out);
	return HK_OK;
}

/*
 * Is the answer to an Initiate what it should be? The rest of the Finish is
 * between server and peer.
 */
static enum hk_err check_finish(
	const struct hk_er_port *port, const struct hk_er_answer *a, struct hk_eap_packet *finish)
{
	bool accept = a->verdict == HK_VERDICT_ACCEPT;
	enum hk_err err;

	if (!accept && a->verdict != HK_VERDICT_REJECT)
		return HK_ERR_TIMEOUT;
	if (a->eap.len == 0)
		return HK_ERR_NOT_FOUND;
	err = hk_eap_parse(a->eap, finish);
	if (err)
		return err;
	if (finish->code != HK_EAP_FINISH || finish->type != HK_ERP_REAUTH ||
		finish->data.len < 3 || finish->identifier != port->initiate_identifier)
		return HK_ERR_UNEXPECTED;
	if (((finish->data.data[0] & HK_ERP_FLAG_R) == 0) != accept)
		return HK_ERR_UNEXPECTED;
	if (accept && a->key.len < HK_AAA_KEY_LEN)
		return HK_ERR_NOT_FOUND;
	return finish->packet.len > sizeof port->finish ? HK_ERR_TOO_LONG : HK_OK;
}

static void keep_finish(struct hk_er_port *port, struct hk_bytes finish, hk_time now)
{
	memcpy(port->finish, finish.data, finish.len);
	port->finish_len = (uint16_t)finish.len;
	port->finish_until = now + port->config->finish_ms;
	memcpy(port->answered, port->initiate, sizeof port->answered);
}

static void answer_initiate(struct hk_er_port *port, const struct hk_er_answer *a, hk_time now,
	struct hk_er_port_result *out)
{
	struct hk_eap_packet finish;
	enum hk_err err;

	/* a server without the key may go on with full EAP at once */
	if (a->verdict == HK_VERDICT_CHALLENGE) {
		err = pass_request(port, a, now, out);
		if (err)
			fall_back(port, err, now, out);
		return;
	}
	err = check_finish(port, a, &finish);
	if (err) {
		fall_back(port, err, now, out);
		return;
	}
	keep_finish(port, finish.packet, now);
	send(out, hk_bytes(port->finish, port->finish_len));
	if (a->verdict == HK_VERDICT_ACCEPT)
		let_in(port, HK_ER_AUTHORISED_RMSK, a, now, out);
	else
		fall_back(port, HK_ERR_DENIED, now, out);
}

static void answer_response(struct hk_er_port *port, const struct hk_er_answer *a, hk_time now,
	struct hk_er_port_result *out)
{
	struct hk_eap_packet p = {0};
	enum hk_err err = hk_eap_parse(a->eap, &p);

	switch (a->verdict) {
	case HK_VERDICT_CHALLENGE:
		err = pass_request(port, a, now, out);
		if (err)
			give_up_eap(port, err, out);
		break;
	case HK_VERDICT_ACCEPT:
		if (err || p.code != HK_EAP_SUCCESS) {
			give_up_eap(port, err ? err : HK_ERR_UNEXPECTED, out);
			break;
		}
		send(out, p.packet);
		let_in(port, HK_ER_AUTHORISED_MSK, a, now, out);
		break;
	case HK_VERDICT_REJECT:
		if (!err && p.code == HK_EAP_FAILURE)
			send(out, p.packet);
		out->reason = HK_ERR_DENIED;
		shut(port, out);
		break;
	default:
		give_up_eap(port, HK_ERR_TIMEOUT, out);
	}
}

/* ---- events ---- */

static hk_time earlier(hk_time a, hk_time b)
{
	return a < b ? a : b;
}

static void set_deadline(const struct hk_er_port *port, struct hk_er_port_result *out)
{
	hk_time t = HK_NEVER;

	if (port->state == HK_ER_PORT_START || port->state == HK_ER_PORT_REQUEST)
		t = port->retransmit_at;
	if (awaits_answer(port))
		t = port->aaa_until;
	if (stands(port))
		t = earlier(t, port->session_until);
	if (port->finish_len)
		t = earlier(t, port->finish_until);
	out->deadline = t;
}

static bool config_ok(const struct hk_er_port_config *c)
{
	return c->start <= HK_ER_START_ON && c->start_transmissions > 0 &&
	       c->start_transmissions <= START_TRANSMISSIONS_MAX && c->request_transmissions > 0 &&
	       c->initiate_burst > 0 && c->initiate_ms > 0 && c->start_ms > 0 &&
	       c->request_ms > 0 && c->aaa_ms > 0 && c->aaa_ms <= HK_ER_CLEAR_MS &&
	       c->finish_ms >= HK_ER_FINISH_MIN_MS && c->finish_ms <= HK_ER_CLEAR_MS;
}

enum hk_err hk_er_port_init(struct hk_er_port *port, const struct hk_er_port_config *config,
	const struct hk_aaa_request *identity, uint8_t identifier)
{
	enum hk_err err;

	memset(port, 0, sizeof *port);
	port->config = config;
	port->identity = *identity;
	port->identifier = identifier;
	port->session_until = HK_NEVER;
	if (!config_ok(config) ||
		(identity->nas_ip_address.len && identity->nas_ip_address.len != 4) ||
		(identity->nas_ipv6_address.len && identity->nas_ipv6_address.len != 16))
		return HK_ERR_ARGUMENT;
	err = config->domain.len ? hk_domain_check(config->domain) : HK_OK;
	if (err)
		return err;
	return build_start(port);
}

static void forget_peer(struct hk_er_port *port, struct hk_er_port_result *out)
{
	abandon(port, out);
	forget_finish(port);
	port->state = HK_ER_PORT_IDLE;
	port->authorised = HK_ER_NOT_AUTHORISED;
	port->eap_wanted = false;
	port->state_len = 0;
	port->user_name_len = 0;
}

void hk_er_port_attach(
	struct hk_er_port *port, bool known_peer, hk_time now, struct hk_er_port_result *out)
{
	memset(out, 0, sizeof *out);
	forget_peer(port, out);
	port->known_peer = known_peer;
	begin(port, now, out);
	set_deadline(port, out);
}

void hk_er_port_detach(struct hk_er_port *port, struct hk_er_port_result *out)
{
	memset(out, 0, sizeof *out);
	forget_peer(port, out);
	set_deadline(port, out);
}

void hk_er_port_start_eap(struct hk_er_port *port, hk_time now, struct hk_er_port_result *out)
{
	memset(out, 0, sizeof *out);
	expire_finish(port, now);
	if (port->state == HK_ER_PORT_AAA) {
		port->eap_wanted = true; /* when ERP has ended, and not well */
	} else {
		abandon(port, out);
		send_identity_request(port, now, out);
	}
	set_deadline(port, out);
}

void hk_er_port_receive(
	struct hk_er_port *port, struct hk_bytes packet, hk_time now, struct hk_er_port_result *out)
{
	struct hk_eap_packet p;

	memset(out, 0, sizeof *out);
	expire_finish(port, now);
	out->reason = hk_eap_parse(packet, &p);
	if (out->reason == HK_OK) {
		if (p.code == HK_EAP_RESPONSE)
			receive_response(port, &p, now, out);
		else if (p.code == HK_EAP_INITIATE && p.type == HK_ERP_REAUTH &&
			 port->config->enabled)
			receive_initiate(port, p.packet, now, out);
		else
			out->reason = HK_ERR_UNEXPECTED;
	}
	set_deadline(port, out);
}

void hk_er_port_answer(struct hk_er_port *port, const struct hk_er_answer *answer, hk_time now,
	struct hk_er_port_result *out)
{
	memset(out, 0, sizeof *out);
	expire_finish(port, now);
	if (!awaits_answer(port) || answer->transaction != port->transaction)
		out->reason = HK_ERR_UNEXPECTED;
	else if (port->state == HK_ER_PORT_AAA)
		answer_initiate(port, answer, now, out);
	else
		answer_response(port, answer, now, out);
	set_deadline(port, out);
}

static void start_timeout(struct hk_er_port *port, hk_time now, struct hk_er_port_result *out)
{
	if (port->transmissions < port->config->start_transmissions)
		send_outstanding(port, now, out);
	else
		send_identity_request(port, now, out);
}

static void request_timeout(struct hk_er_port *port, hk_time now, struct hk_er_port_result *out)
{
	if (port->transmissions >= port->config->request_transmissions) {
		give_up_eap(port, HK_ERR_TIMEOUT, out);
		return;
	}
	if (port->wait_ms < REQUEST_WAIT_MAX_MS)
		port->wait_ms = (uint32_t)earlier(2 * port->wait_ms, REQUEST_WAIT_MAX_MS);
	send_outstanding(port, now, out);
}

static void aaa_timeout(struct hk_er_port *port, hk_time now, struct hk_er_port_result *out)
{
	abandon(port, out);
	if (port->state == HK_ER_PORT_AAA)
		fall_back(port, HK_ERR_TIMEOUT, now, out);
	else
		give_up_eap(port, HK_ERR_TIMEOUT, out);
}

void hk_er_port_timeout(struct hk_er_port *port, hk_time now, struct hk_er_port_result *out)
{
	memset(out, 0, sizeof *out);
	expire_finish(port, now);
	if (stands(port) && now >= port->session_until) {
		port->session_over = true;
		if (port->state == HK_ER_PORT_UP)
			begin(port, now, out);
	}
	if (port->state == HK_ER_PORT_START && now >= port->retransmit_at)
		start_timeout(port, now, out);
	else if (port->state == HK_ER_PORT_REQUEST && now >= port->retransmit_at)
		request_timeout(port, now, out);
	else if (awaits_answer(port) && now >= port->aaa_until)
		aaa_timeout(port, now, out);
	set_deadline(port, out);
}
