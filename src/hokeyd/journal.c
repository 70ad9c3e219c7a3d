/* SPDX-License-Identifier: ISC */
#include "hokeyd/journal.h"

#include "hokeyd/listener.h"

#include <hokey/eap.h>

#include <inttypes.h>

static const char *reason_of_drop(enum hk_counter why)
{
	switch (why) {
	case HK_COUNT_UNKNOWN_CLIENT:
		return "it is no client of ours";
	case HK_COUNT_BAD_AUTHENTICATOR:
		return "its Message-Authenticator is wrong (the shared secret?)";
	case HK_COUNT_NO_AUTHENTICATOR:
		return "it has no Message-Authenticator (require-message-authenticator)";
	case HK_COUNT_PROXY_STATE_REFUSED:
		return "it has Proxy-State but no Message-Authenticator (limit-proxy-state)";
	case HK_COUNT_BAD_TIMESTAMP:
		return "its Event-Timestamp is missing, or too far from our time";
	case HK_COUNT_TOO_LONG:
		return "the answer would not fit into 4096 octets";
	default:
		return NULL;
	}
}

void hk_journal_drop(
	struct hk_log *log, enum hk_counter why, const struct sockaddr_storage *from, hk_time now)
{
	const char *reason = reason_of_drop(why);
	char text[HK_ENDPOINT_TEXT];
	uint8_t address[16];
	uint16_t port;

	if (!reason)
		return;
	hk_client_address(from, address, &port);
	hk_log_repeated(log, HK_LOG_WARNING, hk_counter_name(why), hk_bytes(address, 16), now,
		"dropped a packet from %s: %s", hk_endpoint_text(from, text), reason);
}

static const char *reason_of_refusal(enum hk_err reason)
{
	switch (reason) {
	case HK_ERR_UNEXPECTED:
		return "EAP-Message beside a password";
	case HK_ERR_MALFORMED:
		return "more than one State";
	case HK_ERR_DENIED:
		return "it does not say which NAS it is from (require-nas-identity)";
	default:
		return hk_strerror(reason);
	}
}

void hk_journal_refused(struct hk_log *log, const struct hk_door_request *r, hk_time now)
{
	enum hk_err reason = r->visit.reply.reason;

	hk_log_repeated(log, HK_LOG_WARNING, hk_errname(reason), r->client->name, now,
		"refused a request of client %s: %s", r->client->config->name,
		reason_of_refusal(reason));
}

void hk_journal_learnt(struct hk_log *log, const struct hk_door_request *r)
{
	const char *name = r->client->config->name;

	if (r->learnt_signs)
		hk_log_write(log, HK_LOG_NOTICE,
			"client %s sends Message-Authenticator: required from now on", name);
	if (r->learnt_nas)
		hk_log_write(log, HK_LOG_NOTICE,
			"client %s is no proxy: Proxy-State without Message-Authenticator is "
			"refused from now on",
			name);
}

static uint64_t elapsed_us(hk_time began, hk_time now)
{
	return now > began ? (now - began) * 1000 : 0;
}

static struct hk_login describe_login(const struct hk_door_request *r, hk_time now)
{
	const struct hk_home_visit *visit = &r->visit;
	const struct hk_home_event *e = &visit->event;
	struct hk_login login = {
		.accepted = visit->reply.verdict == HK_VERDICT_ACCEPT,
		.goes_on = visit->reply.verdict == HK_VERDICT_CHALLENGE,
		.reason = visit->reply.reason,
		.detail = e->detail,
		.user = e->user.len ? e->user : e->identity,
		.client = visit->request.client,
		.calling_station_id = visit->request.calling_station_id,
		.method = e->kind == HK_HOME_EAP ? HK_LOGIN_EAP_TLS : HK_LOGIN_ERP,
		.tls_version = e->tls_version,
		.resumed = e->resumed,
		.rounds = e->rounds,
		.seq = e->seq,
		.duration_us = elapsed_us(e->began, now),
	};

	if (e->kind == HK_HOME_ERP)
		login.keyname_nai = e->identity;
	login.has_nas_port = hk_radius_find_u32(&r->radius, HK_RADIUS_NAS_PORT, &login.nas_port);
	return login;
}

/* Anybody in reach of an access point can make these, and without delay. */
static void log_failed_reauth(struct hk_log *log, const struct hk_login *login, hk_time now)
{
	char text[HK_LOGIN_TEXT];

	if (!hk_log_wants(log, HK_LOG_INFO))
		return;
	hk_login_format(login, text, sizeof(text));
	hk_log_repeated(log, HK_LOG_INFO, "erp", login->keyname_nai, now, "%s", text);
}

static void log_login(
	struct hk_log *log, enum hk_log_logins which, const struct hk_door_request *r, hk_time now)
{
	const struct hk_home_event *e = &r->visit.event;
	struct hk_login login;

	if (which == HK_LOGINS_NONE || e->kind == HK_HOME_OTHER || !e->final)
		return;
	login = describe_login(r, now);
	if (e->kind == HK_HOME_EAP || (login.accepted && which == HK_LOGINS_ALL))
		hk_log_login(log, &login);
	else if (!login.accepted)
		log_failed_reauth(log, &login, now);
}

static bool is_store_error(enum hk_err err)
{
	return err == HK_ERR_STORE || err == HK_ERR_STORE_FULL || err == HK_ERR_STORE_KEY;
}

void hk_journal_visit(
	struct hk_log *log, enum hk_log_logins which, const struct hk_door_request *r, hk_time now)
{
	const struct hk_home_event *e = &r->visit.event;

	if (e->store)
		hk_log_repeated(log, HK_LOG_ERROR, "store", HK_NO_BYTES, now,
			"a login succeeded, but its keys could not be stored: %s",
			hk_strerror(e->store));
	if (is_store_error(r->visit.reply.reason))
		hk_log_repeated(log, HK_LOG_ERROR, "store-advance", HK_NO_BYTES, now,
			"a re-authentication got no answer: %s",
			hk_strerror(r->visit.reply.reason));
	log_login(log, which, r, now);
}

static bool is_reauthentication(const struct hk_radius *request)
{
	struct hk_bytes eap = hk_radius_find(request, HK_RADIUS_EAP_MESSAGE);

	return eap.len && eap.data[0] == HK_EAP_INITIATE;
}

void hk_journal_proxied(struct hk_log *log, enum hk_log_logins which,
	const struct hk_client *client, const struct hk_radius *request, uint8_t code,
	const char *server, uint64_t duration_ms)
{
	bool accepted = code == HK_RADIUS_ACCESS_ACCEPT;
	char user[HK_LOG_ESCAPED], station[HK_LOG_ESCAPED];

	if (code == HK_RADIUS_ACCESS_CHALLENGE || which == HK_LOGINS_NONE ||
		(which == HK_LOGINS_FULL && accepted && is_reauthentication(request)))
		return;
	hk_log_write(log, HK_LOG_INFO,
		"Proxied login %s: [%s] (from client %s cli %s, answered by %s in %" PRIu64 " ms)",
		accepted ? "OK" : "incorrect",
		hk_log_escape(hk_radius_find(request, HK_RADIUS_USER_NAME), user, sizeof(user)),
		client->config->name,
		hk_log_escape(hk_radius_find(request, HK_RADIUS_CALLING_STATION_ID), station,
			sizeof(station)),
		server, duration_ms);
}

void hk_journal_ocsp(struct hk_log *log, const char *url, const char *failure, hk_time now)
{
	char text[HK_LOG_ESCAPED];

	hk_log_repeated(log, HK_LOG_WARNING, "ocsp", hk_text(url), now, "OCSP responder %s: %s",
		hk_log_escape(hk_text(url), text, sizeof(text)), failure);
}

void hk_journal_key(struct hk_log *log, const struct hk_door_request *r, hk_time now)
{
	const struct hk_home_event *e = &r->visit.event;
	char domain[HK_LOG_ESCAPED], owner[HK_LOG_ESCAPED];

	hk_log_escape(e->key.domain, domain, sizeof(domain));
	hk_log_escape(e->key.owner, owner, sizeof(owner));
	if (e->key.error == HK_KEY_GRANTED)
		hk_log_write(log, HK_LOG_INFO,
			"key for domain [%s] given to [%s] by way of client %s%s", domain, owner,
			r->client->config->name, e->key.again ? ", again" : "");
	else
		hk_log_repeated(log, HK_LOG_WARNING, "key-refused", e->key.domain, now,
			"no key for domain [%s], asked for by way of client %s: %s (%s)", domain,
			r->client->config->name, hk_key_error_name(e->key.error),
			hk_strerror(e->key.reason));
}
