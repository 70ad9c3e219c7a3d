/* SPDX-License-Identifier: ISC */
#include "hokeyd/radius_door.h"

#include "crypto/crypto.h"
#include "hokeyd/disconnect.h"

#define ATTRIBUTE_HEADER 2
/* What a Challenge holds besides EAP-Message and Proxy-State. */
#define CHALLENGE_OVERHEAD                                                                         \
	(HK_RADIUS_HEADER_LEN + ATTRIBUTE_HEADER + HK_RADIUS_AUTHENTICATOR_LEN +                   \
		ATTRIBUTE_HEADER + HK_STATE_LEN + ATTRIBUTE_HEADER + 4)

enum hk_err hk_door_init(struct hk_door *door, struct hk_counters *counters, size_t duplicates,
	uint32_t duplicate_window_ms)
{
	memset(door, 0, sizeof(*door));
	door->counters = counters;
	return hk_radius_duplicates_new(duplicates, duplicate_window_ms, &door->duplicates);
}

void hk_door_free(struct hk_door *door)
{
	hk_radius_duplicates_free(door->duplicates);
	hk_radius_duplicates_free(door->dynamic);
	door->duplicates = door->dynamic = NULL;
}

enum hk_door_step hk_door_drop(struct hk_door *door, struct hk_door_request *r, enum hk_counter why)
{
	r->dropped = why;
	hk_count(door->counters, why);
	return HK_DOOR_DROP;
}

/* ---- authenticators ---- */

static bool needs_authenticator(const struct hk_client *client, const struct hk_radius *p)
{
	enum hk_tristate setting = client->config->require_message_authenticator;

	return p->eap_first || p->code == HK_RADIUS_STATUS_SERVER || setting == HK_YES ||
	       (setting == HK_AUTO && atomic_load_explicit(&client->signs, memory_order_relaxed));
}

static bool refuses_proxy_state(const struct hk_client *client)
{
	enum hk_tristate setting = client->config->limit_proxy_state;

	return setting == HK_YES ||
	       (setting == HK_AUTO && atomic_load_explicit(&client->is_nas, memory_order_relaxed));
}

/* Written once and read by all: not written again when it is set. True: it is new. */
static bool mark(atomic_bool *flag)
{
	return !atomic_load_explicit(flag, memory_order_relaxed) && !atomic_exchange(flag, true);
}

/* What the `auto` settings go by. */
static void learn(struct hk_door_request *r)
{
	const struct hk_client_config *config = r->client->config;

	if (r->radius.message_authenticator && mark(&r->client->signs))
		r->learnt_signs = config->require_message_authenticator == HK_AUTO;
	if (!r->radius.has_proxy_state && mark(&r->client->is_nas))
		r->learnt_nas = config->limit_proxy_state == HK_AUTO &&
				config->require_message_authenticator != HK_YES;
}

/* The protection against CVE-2024-3596. False: dropped and counted. */
static bool authentic(struct hk_door *door, struct hk_door_request *r)
{
	const struct hk_radius *p = &r->radius;

	switch (hk_radius_check_message_authenticator(p, &r->client->config->secret, NULL)) {
	case HK_OK:
		break;
	case HK_ERR_NOT_FOUND:
		if (needs_authenticator(r->client, p)) {
			hk_door_drop(door, r, HK_COUNT_NO_AUTHENTICATOR);
			return false;
		}
		if (p->has_proxy_state && refuses_proxy_state(r->client)) {
			hk_door_drop(door, r, HK_COUNT_PROXY_STATE_REFUSED);
			return false;
		}
		break;
	default:
		hk_door_drop(door, r, HK_COUNT_BAD_AUTHENTICATOR);
		return false;
	}
	learn(r);
	return true;
}

/* ---- Status-Server ---- */

static bool may_answer_status(struct hk_client *client, hk_time now)
{
	uint64_t second = (now / HK_SECOND) & UINT32_MAX;
	uint64_t old = atomic_load_explicit(&client->status, memory_order_relaxed);
	uint64_t count;

	do {
		count = old >> 32 == second ? old & UINT32_MAX : 0;
		if (count >= HK_STATUS_PER_SECOND)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&client->status, &old,
		second << 32 | (count + 1), memory_order_relaxed, memory_order_relaxed));
	return true;
}

static enum hk_door_step answer_status(
	struct hk_door *door, struct hk_door_request *r, hk_time now, struct hk_buf *out)
{
	if (!may_answer_status(r->client, now)) {
		hk_door_forget(door, r->entry, now);
		return hk_door_drop(door, r, HK_COUNT_STATUS_LIMITED);
	}
	hk_radius_begin(out, HK_RADIUS_ACCESS_ACCEPT, r->radius.identifier);
	hk_radius_put_proxy_state(out, &r->radius);
	if (hk_radius_sign_reply(out, &r->client->config->secret, r->radius.authenticator)) {
		hk_door_forget(door, r->entry, now);
		return hk_door_drop(door, r, HK_COUNT_TOO_LONG);
	}
	hk_count(door->counters, HK_COUNT_STATUS);
	return HK_DOOR_REPLY;
}

/* ---- content ---- */

static bool names_nas(const struct hk_aaa_request *q)
{
	if (q->nas_identifier.len)
		return true;
	if (q->nas_ip_address.len &&
		!(q->nas_ip_address.data[0] == 169 && q->nas_ip_address.data[1] == 254))
		return true;
	return q->nas_ipv6_address.len && !(q->nas_ipv6_address.data[0] == 0xfe &&
						  (q->nas_ipv6_address.data[1] & 0xc0) == 0x80);
}

/* Octets an EAP packet may have in a Challenge that answers this request. */
static uint32_t eap_room(const struct hk_radius *p)
{
	size_t room = HK_RADIUS_MAX_LEN - CHALLENGE_OVERHEAD;

	if (p->has_proxy_state) {
		struct hk_reader reader = hk_reader(p->attributes);
		struct hk_radius_attribute a;

		while (hk_radius_next(&reader, &a)) {
			size_t size = ATTRIBUTE_HEADER + a.value.len;

			if (a.type == HK_RADIUS_PROXY_STATE)
				room -= size < room ? size : room;
		}
	}
	return (uint32_t)(room - (room + HK_RADIUS_VALUE_MAX + 1) / (HK_RADIUS_VALUE_MAX + 2) *
					 ATTRIBUTE_HEADER);
}

/* Attributes of the wrong length are ignored (RFC 6929 section 2.8). */
static struct hk_bytes find_sized(const struct hk_radius *p, uint8_t type, size_t len)
{
	struct hk_bytes v = hk_radius_find(p, type);

	return v.len == len ? v : HK_NO_BYTES;
}

static bool asks_for(const struct hk_radius *p, uint8_t type)
{
	struct hk_bytes v = hk_radius_find(p, type);

	return v.len == 1 && v.data[0] == 0;
}

enum hk_err hk_door_read(const struct hk_radius *p, const struct hk_client *client,
	struct hk_buf *joined, struct hk_aaa_request *q)
{
	enum hk_err err;

	q->has_eap = p->eap_first != 0;
	err = hk_radius_eap(p, joined, &q->eap);
	if (err)
		return err;
	q->user_name = hk_radius_find(p, HK_RADIUS_USER_NAME);
	q->state = hk_radius_find(p, HK_RADIUS_STATE);
	q->nas_identifier = hk_radius_find(p, HK_RADIUS_NAS_IDENTIFIER);
	q->nas_ip_address = find_sized(p, HK_RADIUS_NAS_IP_ADDRESS, 4);
	q->nas_ipv6_address = find_sized(p, HK_RADIUS_NAS_IPV6_ADDRESS, 16);
	q->called_station_id = hk_radius_find(p, HK_RADIUS_CALLED_STATION_ID);
	q->calling_station_id = hk_radius_find(p, HK_RADIUS_CALLING_STATION_ID);
	hk_radius_find_u32(p, HK_RADIUS_NAS_PORT_TYPE, &q->nas_port_type);
	hk_radius_find_u32(p, HK_RADIUS_FRAMED_MTU, &q->framed_mtu);
	q->eap_room = eap_room(p);
	q->wants_key_name = asks_for(p, HK_RADIUS_EAP_KEY_NAME);
	q->cui = hk_radius_find(p, HK_RADIUS_CHARGEABLE_USER_IDENTITY);
	q->operator_name = hk_radius_find(p, HK_RADIUS_OPERATOR_NAME);
	q->proxied = p->has_proxy_state || client->config->er_server;
	q->client = client->name;
	q->client_id = client->id;
	q->secure = client->config->tls != NULL;
	return HK_OK;
}

static enum hk_err read_request(struct hk_door_request *r)
{
	struct hk_buf joined = hk_buf(r->joined, sizeof(r->joined));
	struct hk_aaa_request *q = &r->visit.request;

	if (r->keydist_vendor && hk_radius_has(&r->radius, HK_RADIUS_VENDOR_SPECIFIC))
		hk_keydist_read(r->radius.attributes, r->keydist_vendor, &q->keydist);
	q->client_address = hk_bytes(r->address, sizeof(r->address));
	return hk_door_read(&r->radius, r->client, &joined, q);
}

/* What is refused at once, whatever the EAP packet says. */
static enum hk_err check_content(struct hk_door *door, const struct hk_door_request *r)
{
	const struct hk_radius *p = &r->radius;

	if (p->eap_first && (hk_radius_has(p, HK_RADIUS_USER_PASSWORD) ||
				    hk_radius_has(p, HK_RADIUS_CHAP_PASSWORD) ||
				    hk_radius_has(p, HK_RADIUS_ARAP_PASSWORD)))
		return HK_ERR_UNEXPECTED;
	if (hk_radius_has_several(p, HK_RADIUS_STATE))
		return HK_ERR_MALFORMED;
	if (!names_nas(&r->visit.request)) {
		hk_count(door->counters, HK_COUNT_NO_NAS_IDENTITY);
		if (r->client->config->require_nas_identity)
			return HK_ERR_DENIED;
	}
	return HK_OK;
}

static enum hk_door_step admit(
	struct hk_door *door, struct hk_door_request *r, hk_time now, struct hk_buf *out)
{
	enum hk_err err;

	hk_home_begin(&r->visit, r->eap, sizeof(r->eap));
	r->keydist_vendor = door->keydist_vendor;
	err = read_request(r);
	if (!err)
		err = check_content(door, r);
	if (!err)
		return HK_DOOR_VISIT;
	hk_home_refuse(&r->visit, err);
	return hk_door_encode(door, r, now, out);
}

void hk_door_move(struct hk_door_request *to, const struct hk_door_request *r, uint8_t *memory)
{
	struct hk_bytes datagram = r->radius.packet;

	memcpy(memory, datagram.data, datagram.len);
	*to = *r;
	to->visit.reply.eap = hk_buf(to->eap, sizeof(to->eap));
	/* What was read from it once can be read again. */
	hk_radius_parse(hk_bytes(memory, datagram.len), &to->radius);
	read_request(to);
}

/* ---- in ---- */

static bool is_dynamic(uint8_t code)
{
	return code == HK_RADIUS_COA_REQUEST || code == HK_RADIUS_DISCONNECT_REQUEST;
}

bool hk_door_seen(struct hk_door *door, struct hk_radius_duplicates *table,
	const struct hk_radius_source *source, hk_time now, struct hk_door_request *r,
	struct hk_buf *out, enum hk_door_step *step)
{
	struct hk_bytes stored;

	switch (hk_radius_duplicates_check(table, source, &r->radius, now, &r->entry, &stored)) {
	case HK_DUPLICATE_ANSWERED:
		hk_put_bytes(out, stored);
		hk_count(door->counters, HK_COUNT_DUPLICATES_ANSWERED);
		*step = HK_DOOR_REPEAT;
		return true;
	case HK_DUPLICATE_IN_PROGRESS:
		*step = hk_door_drop(door, r, HK_COUNT_DUPLICATES_IN_PROGRESS);
		return true;
	case HK_DUPLICATE_NEW:
		break;
	}
	return false;
}

/* The client is known. */
static enum hk_door_step check(struct hk_door *door, const struct hk_radius_source *source,
	hk_time now, struct hk_door_request *r, struct hk_buf *out)
{
	enum hk_door_step step;

	if (is_dynamic(r->radius.code))
		return hk_disconnect_check(door, source, now, r, out);
	if (r->radius.code != HK_RADIUS_ACCESS_REQUEST && r->radius.code != HK_RADIUS_STATUS_SERVER)
		return hk_door_drop(door, r, HK_COUNT_BAD_CODE);
	if (!authentic(door, r))
		return HK_DOOR_DROP;

	if (hk_door_seen(door, door->duplicates, source, now, r, out, &step))
		return step;
	if (r->radius.code == HK_RADIUS_STATUS_SERVER)
		return answer_status(door, r, now, out);
	return admit(door, r, now, out);
}

static enum hk_door_step parse(
	struct hk_door *door, struct hk_bytes packet, struct hk_door_request *r)
{
	hk_count(door->counters, HK_COUNT_PACKETS);
	r->learnt_signs = r->learnt_nas = false;
	if (hk_radius_parse(packet, &r->radius))
		return hk_door_drop(door, r, HK_COUNT_MALFORMED);
	return HK_DOOR_VISIT;
}

enum hk_door_step hk_door_receive(struct hk_door *door, const struct hk_clients *clients,
	const struct hk_radius_source *source, struct hk_bytes datagram, hk_time now,
	struct hk_door_request *r, struct hk_buf *out)
{
	if (parse(door, datagram, r) == HK_DOOR_DROP)
		return HK_DOOR_DROP;
	memcpy(r->address, source->address, sizeof(r->address));
	r->client = hk_clients_find(clients, source->address);
	if (!r->client || r->client->config->tls)
		return hk_door_drop(door, r, HK_COUNT_UNKNOWN_CLIENT);
	return check(door, source, now, r, out);
}

enum hk_door_step hk_door_receive_from(struct hk_door *door, struct hk_client *client,
	const struct hk_radius_source *source, struct hk_bytes packet, hk_time now,
	struct hk_door_request *r, struct hk_buf *out)
{
	if (parse(door, packet, r) == HK_DOOR_DROP)
		return HK_DOOR_DROP;
	r->client = client;
	return check(door, source, now, r, out);
}

/* ---- out ---- */

/* Two octets nobody can guess, the first bit set and not the last of a pair. */
static uint16_t make_salt(struct hk_door *door)
{
	uint16_t salt;

	if (door->randoms_left < 2) {
		if (hk_random(door->randoms, sizeof(door->randoms)))
			return 0;
		door->randoms_left = sizeof(door->randoms);
	}
	door->randoms_left -= 2;
	salt = hk_load_u16(door->randoms + door->randoms_left);
	return (uint16_t)((salt & 0x7ffeu) | 0x8000u);
}

static void put_accept(struct hk_door *door, const struct hk_door_request *r, struct hk_buf *out)
{
	const struct hk_aaa_request *q = &r->visit.request;
	const struct hk_aaa_reply *reply = &r->visit.reply;

	if (reply->has_key) {
		uint16_t salt = make_salt(door);

		if (!salt) {
			out->overflow = true;
			return;
		}
		hk_radius_put_mppe_keys(
			out, &r->client->config->secret, r->radius.authenticator, salt, reply->key);
	}
	if (q->user_name.len)
		hk_radius_put(out, HK_RADIUS_USER_NAME,
			reply->user_name.len ? reply->user_name : q->user_name);
	if (reply->from_elsewhere)
		hk_filter_copy(&r->client->config->filter_replies, reply->authorization, out);
	else
		hk_put_bytes(out, reply->authorization);
	if (reply->key_name.len)
		hk_radius_put(out, HK_RADIUS_EAP_KEY_NAME, reply->key_name);
	if (reply->has_cui)
		hk_radius_put(out, HK_RADIUS_CHARGEABLE_USER_IDENTITY,
			hk_bytes(reply->cui, sizeof(reply->cui)));
	hk_keydist_put_delivery(out, r->keydist_vendor, &reply->delivery);
	if (reply->session_timeout_s) {
		hk_radius_put_u32(out, HK_RADIUS_SESSION_TIMEOUT, reply->session_timeout_s);
		hk_radius_put_u32(out, HK_RADIUS_TERMINATION_ACTION, HK_TERMINATION_RADIUS_REQUEST);
	}
}

static uint8_t code_of(enum hk_verdict verdict)
{
	switch (verdict) {
	case HK_VERDICT_CHALLENGE:
		return HK_RADIUS_ACCESS_CHALLENGE;
	case HK_VERDICT_ACCEPT:
		return HK_RADIUS_ACCESS_ACCEPT;
	default:
		return HK_RADIUS_ACCESS_REJECT;
	}
}

static enum hk_err write_reply(
	struct hk_door *door, const struct hk_door_request *r, struct hk_buf *out)
{
	const struct hk_aaa_reply *reply = &r->visit.reply;

	hk_radius_begin(out, code_of(reply->verdict), r->radius.identifier);
	if (reply->eap.len)
		hk_radius_put_eap(out, hk_buf_bytes(&reply->eap));
	if (reply->verdict == HK_VERDICT_ACCEPT)
		put_accept(door, r, out);
	if (reply->error_cause)
		hk_radius_put_u32(out, HK_RADIUS_ERROR_CAUSE, reply->error_cause);
	if (reply->has_state)
		hk_radius_put(out, HK_RADIUS_STATE, hk_bytes(reply->state, HK_STATE_LEN));
	hk_radius_put_proxy_state(out, &r->radius);
	return hk_radius_sign_reply(out, &r->client->config->secret, r->radius.authenticator);
}

/* Who asked for a key gets none rather than no answer. */
static void withhold_key(struct hk_home_visit *visit)
{
	hk_kds_refuse(&visit->reply.delivery, HK_KEY_GRANTED);
	visit->event.key.error = HK_KEY_TEMPORARY_FAILURE;
	visit->event.key.reason = HK_ERR_TOO_LONG;
}

static enum hk_err write_fitting_reply(
	struct hk_door *door, struct hk_door_request *r, struct hk_buf *out)
{
	const struct hk_buf start = *out;
	enum hk_err err = write_reply(door, r, out);

	if (!err || r->visit.reply.delivery.key_len == 0)
		return err;
	withhold_key(&r->visit);
	*out = start;
	return write_reply(door, r, out);
}

static void count_outcome(struct hk_counters *c, const struct hk_home_visit *visit)
{
	const struct hk_home_event *e = &visit->event;
	const struct hk_aaa_reply *reply = &visit->reply;

	if (reply->reason == HK_ERR_STORE || reply->reason == HK_ERR_STORE_FULL || e->store)
		hk_count(c, HK_COUNT_STORE_ERRORS);
	if (e->kind == HK_HOME_ERP) {
		if (reply->verdict == HK_VERDICT_ACCEPT)
			hk_count(c, HK_COUNT_ERP_OK);
		else
			hk_count_in(&c->erp_failed[reply->reason], 1);
		if (reply->verdict == HK_VERDICT_CHALLENGE)
			hk_count(c, HK_COUNT_ERP_FALLBACKS);
	} else if (e->kind == HK_HOME_EAP) {
		if (reply->verdict == HK_VERDICT_ACCEPT)
			hk_count(c, HK_COUNT_EAP_OK);
		else if (reply->verdict != HK_VERDICT_CHALLENGE)
			hk_count_in(&c->eap_failed[reply->reason], 1);
		if (e->resumed)
			hk_count(c, HK_COUNT_EAP_RESUMED);
	}
}

static void count_reply(struct hk_counters *c, enum hk_verdict verdict)
{
	switch (verdict) {
	case HK_VERDICT_CHALLENGE:
		hk_count(c, HK_COUNT_CHALLENGES);
		break;
	case HK_VERDICT_ACCEPT:
		hk_count(c, HK_COUNT_ACCEPTS);
		break;
	default:
		hk_count(c, HK_COUNT_REJECTS);
		break;
	}
}

enum hk_door_step hk_door_encode(
	struct hk_door *door, struct hk_door_request *r, hk_time now, struct hk_buf *out)
{
	count_outcome(door->counters, &r->visit);
	if (r->visit.reply.verdict == HK_VERDICT_NONE) {
		hk_door_forget(door, r->entry, now);
		return hk_door_drop(door, r, HK_COUNT_SILENT);
	}
	if (write_fitting_reply(door, r, out)) {
		hk_door_forget(door, r->entry, now);
		return hk_door_drop(door, r, HK_COUNT_TOO_LONG);
	}
	count_reply(door->counters, r->visit.reply.verdict);
	return HK_DOOR_REPLY;
}

uint32_t hk_door_delay(const struct hk_door_request *r)
{
	bool failed_login =
		r->visit.reply.verdict == HK_VERDICT_REJECT && r->visit.event.kind != HK_HOME_ERP;

	return failed_login ? r->client->config->reject_delay_ms : 0;
}

bool hk_door_settle(struct hk_door *door, uint64_t entry, struct hk_bytes reply, hk_time now)
{
	if (hk_radius_duplicates_answer(door->duplicates, entry, reply, now))
		return true;
	hk_count(door->counters, HK_COUNT_SUPERSEDED);
	return false;
}

void hk_door_forget(struct hk_door *door, uint64_t entry, hk_time now)
{
	hk_radius_duplicates_answer(door->duplicates, entry, HK_NO_BYTES, now);
}
