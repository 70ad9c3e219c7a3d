/* SPDX-License-Identifier: ISC */
#include "hokeyd/disconnect.h"

#include <hokey/visited.h>

#define REMEMBERED     1024 /* requests, for the time of the window */
#define OPERATOR_REALM '1'  /* namespace of Operator-Name (RFC 5580 section 4.1) */

/* ---- answers ---- */

static uint8_t code_of_answer(uint8_t request, uint32_t error_cause)
{
	if (request == HK_RADIUS_COA_REQUEST)
		return HK_RADIUS_COA_NAK;
	return error_cause ? HK_RADIUS_DISCONNECT_NAK : HK_RADIUS_DISCONNECT_ACK;
}

enum hk_err hk_disconnect_write(const struct hk_radius *request,
	const struct hk_radius_secret *secret, uint32_t error_cause, struct hk_buf *out)
{
	hk_radius_begin(out, code_of_answer(request->code, error_cause), request->identifier);
	if (error_cause)
		hk_radius_put_u32(out, HK_RADIUS_ERROR_CAUSE, error_cause);
	hk_radius_put_proxy_state(out, request);
	return hk_radius_sign_reply(out, secret, request->authenticator);
}

/* ---- checks ---- */

/* Nobody of this client's wants it (RFC 6614 section 2.5). */
static enum hk_door_step refuse(struct hk_door *door, struct hk_door_request *r, struct hk_buf *out)
{
	if (hk_disconnect_write(
		    &r->radius, &r->client->config->secret, HK_CAUSE_UNSUPPORTED_EXTENSION, out))
		return hk_door_drop(door, r, HK_COUNT_TOO_LONG);
	return HK_DOOR_REPEAT;
}

static bool is_authentic(const struct hk_door_request *r)
{
	const struct hk_radius_secret *secret = &r->client->config->secret;
	enum hk_err err;

	if (hk_radius_check_request_authenticator(&r->radius, secret))
		return false;
	err = hk_radius_check_message_authenticator(&r->radius, secret, NULL);
	return !err || err == HK_ERR_NOT_FOUND;
}

static bool is_of_now(const struct hk_radius *p, hk_time now)
{
	uint64_t now_s = now / HK_SECOND;
	uint32_t stamp;

	return hk_radius_find_u32(p, HK_RADIUS_EVENT_TIMESTAMP, &stamp) &&
	       stamp + HK_DYNAMIC_WINDOW_S >= now_s && stamp <= now_s + HK_DYNAMIC_WINDOW_S;
}

/* Few servers ever get one, so the table is made when the first comes. */
static bool make_table(struct hk_door *door)
{
	return door->dynamic || !hk_radius_duplicates_new(REMEMBERED,
					HK_DYNAMIC_WINDOW_S * HK_SECOND, &door->dynamic);
}

enum hk_door_step hk_disconnect_check(struct hk_door *door, const struct hk_radius_source *source,
	hk_time now, struct hk_door_request *r, struct hk_buf *out)
{
	const struct hk_client_config *config = r->client->config;
	enum hk_door_step step;

	if (!config->tls && !config->nrevokes)
		return hk_door_drop(door, r, HK_COUNT_BAD_CODE);
	if (!is_authentic(r))
		return hk_door_drop(door, r, HK_COUNT_BAD_AUTHENTICATOR);
	if (!config->nrevokes || r->radius.code != HK_RADIUS_DISCONNECT_REQUEST)
		return refuse(door, r, out);
	if (!is_of_now(&r->radius, now))
		return hk_door_drop(door, r, HK_COUNT_BAD_TIMESTAMP);
	if (!make_table(door))
		return hk_door_drop(door, r, HK_COUNT_SILENT);
	if (hk_door_seen(door, door->dynamic, source, now, r, out, &step))
		return step;
	return HK_DOOR_DISCONNECT;
}

/* ---- content ---- */

/* All that is in the request counts: what is not known makes it another request. */
static uint32_t check_attribute(const struct hk_radius_attribute *a, struct hk_bytes domain)
{
	switch (a->type) {
	case HK_RADIUS_USER_NAME:
	case HK_RADIUS_PROXY_STATE:
	case HK_RADIUS_EVENT_TIMESTAMP:
	case HK_RADIUS_MESSAGE_AUTHENTICATOR:
		return 0;
	case HK_RADIUS_OPERATOR_NAME:
		return a->value.len && a->value.data[0] == OPERATOR_REALM &&
				       hk_realm_equal(hk_bytes(a->value.data + 1, a->value.len - 1),
					       domain)
			       ? 0
			       : HK_CAUSE_NOT_ROUTABLE;
	case HK_RADIUS_NAS_IDENTIFIER:
		return hk_realm_equal(a->value, domain) ? 0 : HK_CAUSE_NAS_MISMATCH;
	case HK_RADIUS_NAS_IP_ADDRESS:
	case HK_RADIUS_NAS_IPV6_ADDRESS:
		return HK_CAUSE_NAS_MISMATCH;
	case HK_RADIUS_SERVICE_TYPE:
		return HK_CAUSE_UNSUPPORTED_SERVICE;
	default:
		return HK_CAUSE_UNSUPPORTED_ATTRIBUTE;
	}
}

/* Error-Cause; 0: it can be done. */
static uint32_t check_content(const struct hk_radius *p, struct hk_bytes domain)
{
	struct hk_reader reader = hk_reader(p->attributes);
	struct hk_radius_attribute a;

	while (hk_radius_next(&reader, &a)) {
		uint32_t cause = check_attribute(&a, domain);

		if (cause)
			return cause;
	}
	if (!hk_radius_has(p, HK_RADIUS_USER_NAME) || hk_radius_has_several(p, HK_RADIUS_USER_NAME))
		return HK_CAUSE_MISSING_ATTRIBUTE;
	return 0;
}

static uint32_t withdraw(struct hk_keystore *store, const struct hk_door_request *r)
{
	const struct hk_client_config *config = r->client->config;
	struct hk_bytes name = hk_radius_find(&r->radius, HK_RADIUS_USER_NAME);

	switch (hk_visited_withdraw(store, name, config->revokes, config->nrevokes)) {
	case HK_OK:
		return 0;
	case HK_ERR_NAME_MISMATCH:
	case HK_ERR_NOT_FOUND:
		return HK_CAUSE_NOT_FOUND;
	case HK_ERR_DENIED:
		return HK_CAUSE_NOT_ROUTABLE;
	default:
		return HK_CAUSE_NO_RESOURCES;
	}
}

static void tell(struct hk_log *log, const struct hk_door_request *r, uint32_t cause, hk_time now)
{
	struct hk_bytes name = hk_radius_find(&r->radius, HK_RADIUS_USER_NAME);
	char text[HK_LOG_ESCAPED];

	hk_log_escape(name, text, sizeof(text));
	if (cause)
		hk_log_repeated(log, HK_LOG_WARNING, "disconnect", r->client->name, now,
			"client %s wanted to take back key [%s]: refused with Error-Cause %u",
			r->client->config->name, text, cause);
	else
		hk_log_write(log, HK_LOG_INFO, "key [%s] was taken back by client %s", text,
			r->client->config->name);
}

bool hk_disconnect_answer(struct hk_door *door, struct hk_keystore *store, struct hk_log *log,
	struct hk_bytes domain, const struct hk_door_request *r, hk_time now, struct hk_buf *out)
{
	uint32_t cause = check_content(&r->radius, domain);

	if (!cause)
		cause = withdraw(store, r);
	hk_count(door->counters, cause ? HK_COUNT_DISCONNECTS_REFUSED : HK_COUNT_KEYS_TAKEN_BACK);
	tell(log, r, cause, now);
	if (hk_disconnect_write(&r->radius, &r->client->config->secret, cause, out)) {
		hk_count(door->counters, HK_COUNT_TOO_LONG);
		return false;
	}
	return hk_radius_duplicates_answer(door->dynamic, r->entry, hk_buf_bytes(out), now);
}
