/* SPDX-License-Identifier: ISC */
/* hokey peer: a device behind an access point, EAP-TLS first, then ERP. */
#include "hokey/command.h"
#include "hokey/nas.h"
#include "hokey/now.h"
#include "hokey/peer_options.h"
#include "hokey/state_file.h"
#include "hokey/transcript.h"

#include "crypto/crypto.h"
#include "hokeyd/files.h"

#include <hokey/eap_tls.h>
#include <hokey/er_peer.h>
#include <hokey/keydist.h>

#include <openssl/evp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define AHEAD  32 /* sequence numbers reserved in the state file */
#define ENOUGH 4  /* most that one exchange takes: a suite each, and one */

/* What the access points of a place have heard of their domain. */
struct heard {
	size_t len;
	uint8_t octets[HK_REALM_MAX_LEN];
};

struct device {
	const char *command;
	const struct peer_options *options;
	struct hk_er_peer peer;
	struct nas nas;
	struct transcript transcript;
	struct hk_tls_context *tls; /* NULL: no certificate given */
	struct state_file file;
	bool has_file;
	const struct peer_place *place; /* where we are; NULL: nowhere yet */
	struct heard heard[PEER_PLACES_MAX];
	uint8_t initiate; /* Identifier of the one that is on its way */
};

/* ---- words for what went wrong ---- */

static const char *no_answer_reason(const struct nas *n)
{
	static char text[160];

	switch (n->problem) {
	case HK_OK:
		return "the server does not answer";
	case HK_ERR_SYSTEM:
		snprintf(text, sizeof text, "the server does not answer: %s",
			strerror(n->problem_errno));
		return text;
	case HK_ERR_AUTHENTICATOR:
		return "the answer is signed with another secret";
	default:
		snprintf(text, sizeof text, "the answer was dropped: %s", hk_strerror(n->problem));
		return text;
	}
}

static const char *eap_reason(const struct hk_eap_peer *eap)
{
	const char *detail;
	enum hk_err err = hk_eap_peer_error(eap, &detail);

	return detail && detail[0] ? detail : hk_strerror(err);
}

/* ---- from place to place ---- */

static bool is_same_server(const struct peer_place *a, const struct peer_place *b)
{
	return strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0;
}

static bool go_to(struct device *d, size_t place)
{
	const struct peer_place *to = &d->options->places[place];
	const char *why;

	if ((!d->place || !is_same_server(d->place, to)) &&
		nas_open(&d->nas, to->host, to->port, d->options->timeout_ms, &why)) {
		complain(d->command, "%s port %s: %s", to->host, to->port, why);
		return false;
	}
	d->place = to;
	return true;
}

/* A local ER server tells its access points, and they those who come. */
static void hear_domain(struct device *d, const struct hk_radius *accept)
{
	struct hk_bytes domain =
		hk_radius_find_vsa(accept, HK_VENDOR_HOKEY, HK_KEYDIST_LOCAL_DOMAIN);

	if (!domain.len || hk_domain_check(domain))
		return;
	for (size_t i = 0; i < d->options->nplaces; i++) {
		if (!is_same_server(&d->options->places[i], d->place))
			continue;
		memcpy(d->heard[i].octets, domain.data, domain.len);
		d->heard[i].len = domain.len;
	}
}

static struct hk_bytes announced(const struct device *d)
{
	const struct heard *heard = &d->heard[d->place - d->options->places];

	return d->place->domain ? hk_text(d->place->domain) : hk_bytes(heard->octets, heard->len);
}

/* ---- keys: ours against those in the Access-Accept ---- */

/* The octets a lower layer gets of a key; at least 64. */
static bool key_matches(
	struct hk_key *key, const char *nas_identifier, const struct nas_reply *reply)
{
	uint8_t octets[HK_KEY_MAX_LEN];
	struct hk_buf b = hk_buf(octets, sizeof octets);
	bool same = key && reply->has_key &&
		    hk_key_release(key, HK_HOLDER_AUTHENTICATOR, hk_text(nas_identifier), now_ms(),
			    &b) == HK_OK &&
		    b.len >= sizeof reply->key &&
		    hk_equal_secret(octets, reply->key, sizeof reply->key);

	hk_wipe(octets, sizeof octets);
	return same;
}

/* What an Accept has to be besides good; NULL: it is. */
static const char *check_accept(struct device *d, struct hk_key *key, const struct nas_reply *reply)
{
	if (reply->radius.code != HK_RADIUS_ACCESS_ACCEPT)
		return "the verdicts in RADIUS and EAP differ";
	transcript_attributes(&d->transcript, &reply->radius);
	hear_domain(d, &reply->radius);
	if (!reply->has_key)
		return "no MS-MPPE keys in the Access-Accept";
	if (!key_matches(key, d->nas.identifier, reply))
		return "the keys differ";
	transcript_fact(&d->transcript, "keys", "match");
	return NULL;
}

/* ---- full EAP ---- */

static struct hk_bytes home_realm(const struct peer_options *o)
{
	return o->realm ? hk_text(o->realm) : hk_nai_realm(hk_text(o->identity));
}

/* What the method gave: the MSK to compare, the EMSK for ERP. */
static const char *take_result(
	struct device *d, struct hk_eap_peer *eap, const struct nas_reply *reply)
{
	hk_time now = now_ms();
	struct hk_eap_result *result =
		hk_eap_peer_result(eap, now, hk_time_add_s(now, HK_EMSK_LIFETIME_S));
	const char *reason;
	enum hk_err err;

	if (!result)
		return "EAP-TLS gave no keys";
	transcript_fact(
		&d->transcript, "tls", result->tls_version == HK_TLS_1_3 ? "TLS 1.3" : "TLS 1.2");
	reason = check_accept(d, result->msk, reply);
	if (reason || d->options->no_erp)
		return reason;
	err = hk_er_peer_take_emsk(&d->peer, result->emsk, home_realm(d->options), now);
	result->emsk = NULL;
	if (err == HK_ERR_REALM)
		transcript_fact(&d->transcript, "erp", "not possible: the identity has no realm");
	else if (err)
		return hk_strerror(err);
	/* While the EMSK is there, which no file keeps. */
	if (announced(d).len)
		hk_er_peer_prepare(&d->peer, announced(d), now);
	if (d->options->domain)
		hk_er_peer_prepare(&d->peer, hk_text(d->options->domain), now);
	return NULL;
}

/* One packet to the server and back. What went wrong, or NULL. */
static const char *exchange(struct device *d, struct hk_bytes packet, struct nas_reply *reply)
{
	enum hk_err err = nas_send(&d->nas, hk_text(d->options->identity), packet);

	if (err)
		return hk_strerror(err);
	transcript_sent(&d->transcript, nas_last_id(&d->nas), packet);
	if (nas_receive(&d->nas, HK_NEVER, reply))
		return no_answer_reason(&d->nas);
	transcript_received(&d->transcript, reply);
	return NULL;
}

/*
 * From an EAP-Request on. NULL when authenticated. An Access-Reject without
 * EAP-Failure says the same.
 */
static const char *converse(struct device *d, struct hk_eap_peer *eap, struct hk_bytes request)
{
	uint8_t octets[HK_RADIUS_MAX_LEN];
	struct nas_reply reply = {0};
	const char *reason;

	for (;;) {
		struct hk_buf response = hk_buf(octets, sizeof octets);

		switch (hk_eap_peer_receive(eap, request, now_ms(), &response)) {
		case HK_EAP_SEND:
			reason = exchange(d, hk_buf_bytes(&response), &reply);
			if (reason)
				return reason;
			break;
		case HK_EAP_SUCCEEDED:
			reason = take_result(d, eap, &reply);
			hk_wipe(&reply.key, sizeof reply.key);
			return reason;
		case HK_EAP_FAILED:
			return eap_reason(eap);
		default:
			if (reply.radius.code == HK_RADIUS_ACCESS_REJECT)
				return "the server rejected us";
			return "the server sent a packet that does not belong here";
		}
		request = reply.eap;
	}
}

/* The access point asks who we are, before any server is involved. */
static struct hk_bytes identity_request(uint8_t octets[5])
{
	struct hk_buf b = hk_buf(octets, 5);
	uint8_t identifier = 0;

	hk_random(&identifier, 1);
	hk_eap_write(&b, HK_EAP_REQUEST, identifier, HK_EAP_TYPE_IDENTITY, HK_NO_BYTES);
	return hk_buf_bytes(&b);
}

/* request: where a conversation goes on; empty: a new one. */
static bool run_full_eap(struct device *d, struct hk_bytes request)
{
	struct hk_eap_peer_config config = {
		.tls = d->tls,
		.identity = hk_text(d->options->identity),
		.fragment_size = d->options->fragment_size,
	};
	struct hk_eap_peer *eap;
	uint8_t octets[5];
	const char *reason;
	bool good;

	transcript_start(&d->transcript, RUN_FULL_EAP, d->place->nas_id);
	if (!d->tls) {
		transcript_end(&d->transcript, "needs --ca, --cert and --key");
		return false;
	}
	if (hk_eap_peer_new(&config, &eap)) {
		transcript_end(&d->transcript, hk_strerror(HK_ERR_NO_MEMORY));
		return false;
	}
	if (request.len == 0) {
		nas_start(&d->nas, d->place->nas_id);
		request = identity_request(octets);
	}
	reason = converse(d, eap, request);
	good = !reason;
	transcript_end(&d->transcript, reason);
	hk_eap_peer_free(eap); /* the reason may have been its words */
	return good;
}

/* ---- ERP ---- */

/* What the access point tells the device about itself. */
static void set_channel_binding(struct hk_er_link *link, const struct nas *n)
{
	uint8_t octets[HK_ER_LINK_CB_MAX];
	struct hk_buf b = hk_buf(octets, sizeof octets);

	if (n->called_station_id)
		hk_erp_put_tlv(&b, HK_ERP_CALLED_STATION_ID, hk_text(n->called_station_id));
	if (n->calling_station_id)
		hk_erp_put_tlv(&b, HK_ERP_CALLING_STATION_ID, hk_text(n->calling_station_id));
	hk_erp_put_tlv(&b, HK_ERP_NAS_IDENTIFIER, hk_text(n->identifier));
	if (hk_buf_ok(&b))
		hk_er_link_set_channel_binding(link, hk_buf_bytes(&b));
}

static void start_link(struct device *d, struct hk_er_link *link)
{
	const char *nas_identifier = d->place->nas_id;
	struct hk_er_link_config config = {
		.authenticator = hk_text(nas_identifier), .support = HK_ER_SUPPORT_YES};

	hk_random(&config.identifier, 1);
	hk_er_link_init(link, &d->peer, &config, now_ms());
	if (d->options->domain)
		hk_er_peer_learn_domain(&d->peer, hk_text(nas_identifier),
			hk_text(d->options->domain), HK_ER_SOURCE_LOWER_LAYER, now_ms());
	nas_start(&d->nas, nas_identifier);
	set_channel_binding(link, &d->nas);
}

/* Answers the access point's Re-auth-Start if it has one for us, or begins unasked. */
static void begin(struct device *d, struct hk_er_link *link, struct hk_er_result *result)
{
	struct hk_bytes domain = announced(d), start;
	uint8_t octets[HK_ERP_MAX_LEN];
	char text[HK_REALM_MAX_LEN + 1];

	result->action = HK_ER_DROPPED;
	if (domain.len) {
		snprintf(text, sizeof text, "%.*s", (int)domain.len, (const char *)domain.data);
		transcript_fact(&d->transcript, "announced", text);
		start = nas_greet(domain, octets);
		hk_er_link_receive(link, start, now_ms(), random_16(), result);
	}
	if (result->action != HK_ER_SEND)
		hk_er_link_begin(link, false, now_ms(), random_16(), result);
}

/* The domain whose ER server is asked. */
static void tell_realm(struct device *d, struct hk_bytes keyname_nai)
{
	char text[HK_NAI_MAX_LEN + 1];
	struct hk_bytes realm = hk_nai_realm(keyname_nai);

	snprintf(text, sizeof text, "%.*s", (int)realm.len, (const char *)realm.data);
	transcript_fact(&d->transcript, "er_server", text);
}

/*
 * The Initiate goes to the server, under the name it carries. A repetition by
 * the device is absorbed while the first one is on its way: RADIUS repeats too.
 */
static const char *send_initiate(struct device *d, struct hk_bytes packet)
{
	struct hk_erp_message m;
	enum hk_err err = hk_erp_parse(packet, &m);

	if (!err && d->nas.waiting && m.identifier == d->initiate)
		return NULL;
	if (!err)
		err = nas_send(&d->nas, m.keyname_nai, packet);
	if (err)
		return hk_strerror(err);
	d->initiate = m.identifier;
	tell_realm(d, m.keyname_nai);
	transcript_sent(&d->transcript, nas_last_id(&d->nas), packet);
	return NULL;
}

/* Waits for the server or for the device's own deadline. What ends it at once, or NULL. */
static const char *wait_for_finish(struct device *d, struct hk_er_link *link,
	struct hk_er_result *result, struct nas_reply *reply)
{
	hk_time until = result->deadline;
	enum hk_err err = nas_receive(&d->nas, until, reply);

	result->action = HK_ER_NOTHING;
	if (err == HK_ERR_TIMEOUT)
		hk_er_link_timeout(link, now_ms(), random_16(), result);
	if (err)
		return NULL;
	transcript_received(&d->transcript, reply);
	if (reply->eap.data)
		hk_er_link_receive(link, reply->eap, now_ms(), random_16(), result);
	else if (reply->radius.code == HK_RADIUS_ACCESS_REJECT)
		return "the server rejected us";
	return NULL;
}

/* Why the device went on to full EAP. */
static const char *fallback_reason(const struct device *d, const struct hk_er_result *result)
{
	if (result->packet.len)
		return "the server asks for full EAP";
	switch (result->reason) {
	case HK_ERR_TIMEOUT:
		return no_answer_reason(&d->nas);
	case HK_ERR_TAG:
		return "the server refused without proof that it has our keys";
	case HK_ERR_DENIED:
		return "the server refused";
	case HK_ERR_SUITE:
		return "the server allows none of our cryptosuites";
	default:
		return hk_strerror(result->reason);
	}
}

static void tell_result(struct device *d, const struct hk_er_result *result)
{
	char text[HK_REALM_MAX_LEN + 1];

	snprintf(text, sizeof text, "%u s", hk_time_left_s(hk_key_expires(result->rmsk), now_ms()));
	transcript_fact(&d->transcript, "rmsk_lifetime", text);
	if (!result->domain.len)
		return;
	snprintf(text, sizeof text, "%.*s", (int)result->domain.len,
		(const char *)result->domain.data);
	transcript_fact(&d->transcript, "domain", text);
}

static const char *finish_erp(
	struct device *d, struct hk_er_result *result, struct nas_reply *reply)
{
	const char *reason = check_accept(d, result->rmsk, reply);

	if (!reason)
		tell_result(d, result);
	hk_key_free(result->rmsk);
	result->rmsk = NULL;
	hk_wipe(reply->key, sizeof reply->key);
	return reason;
}

/* Until the exchange is over. NULL: it succeeded. */
static const char *finish_exchange(
	struct device *d, struct hk_er_link *link, struct hk_er_result *result)
{
	struct nas_reply reply = {0};
	const char *reason = NULL;

	while (!reason) {
		switch (result->action) {
		case HK_ER_SEND:
			reason = send_initiate(d, result->packet);
			break;
		case HK_ER_SUCCEEDED:
			return finish_erp(d, result, &reply);
		case HK_ER_FULL_EAP:
			return fallback_reason(d, result);
		case HK_ER_LEAVE:
			return "the access point told us and the server different things";
		default:
			break;
		}
		if (!reason)
			reason = wait_for_finish(d, link, result, &reply);
	}
	return reason;
}

static bool save(struct device *d, uint16_t ahead)
{
	enum hk_err err = d->has_file ? state_file_write(&d->file, &d->peer, ahead) : HK_OK;

	if (err)
		complain(d->command, "%s: %s", d->file.path, hk_file_strerror(err));
	return !err;
}

/* One exchange on a new link. */
static bool try_erp(
	struct device *d, bool bootstrap, struct hk_er_link *link, struct hk_er_result *result)
{
	const char *reason;

	transcript_start(&d->transcript, RUN_ERP, d->place->nas_id);
	start_link(d, link);
	if (bootstrap)
		hk_er_link_begin(link, true, now_ms(), random_16(), result);
	else
		begin(d, link, result);
	reason = finish_exchange(d, link, result);
	transcript_end(&d->transcript, reason);
	return !reason;
}

/*
 * One re-authentication; when it fails, a bootstrap with the home where that helps,
 * else full EAP, in the same conversation if asked to.
 */
static bool run_erp(struct device *d)
{
	struct hk_er_result result;
	struct hk_er_link link;

	if (hk_er_peer_must_save(&d->peer, 2 * ENOUGH) && !save(d, AHEAD))
		return false;
	if (try_erp(d, false, &link, &result))
		return true;
	if (result.action == HK_ER_FULL_EAP && hk_er_link_may_bootstrap(&link, now_ms()) &&
		try_erp(d, true, &link, &result))
		return true;
	if (result.action == HK_ER_LEAVE)
		return false;
	return run_full_eap(d, result.action == HK_ER_FULL_EAP ? result.packet : HK_NO_BYTES) &&
	       save(d, AHEAD);
}

/* ---- all runs ---- */

static bool run_all(struct device *d)
{
	const struct peer_options *o = d->options;
	size_t place = 0;

	if (o->full || o->no_erp || !hk_er_peer_has_keys(&d->peer, now_ms())) {
		if (!go_to(d, place++) || !run_full_eap(d, HK_NO_BYTES) || !save(d, AHEAD))
			return false;
	}
	if (o->no_erp)
		return true;
	for (unsigned i = 0; i < o->count; i++) {
		if (!go_to(d, place++ % o->nplaces) || !run_erp(d))
			return false;
	}
	return save(d, 0);
}

/* ---- setting up ---- */

/* Asks on the terminal, without showing what is typed. */
static bool ask_secret(struct hk_radius_secret *secret)
{
	char line[HK_RADIUS_SECRET_MAX + 1];
	bool good = EVP_read_pw_string(line, sizeof line, "RADIUS shared secret: ", 0) == 0 &&
		    hk_radius_secret_set(secret, hk_text(line)) == HK_OK;

	hk_wipe(line, sizeof line);
	return good;
}

static bool read_or_complain(struct device *d, const char *path, struct hk_file *file)
{
	enum hk_err err = hk_file_read(path, file);

	if (err)
		complain(d->command, "%s: %s", path, hk_file_strerror(err));
	return !err;
}

static bool open_tls(struct device *d)
{
	const struct peer_options *o = d->options;
	struct hk_file ca = {0}, cert = {0}, key = {0};
	struct hk_tls_error error = {0};
	struct hk_tls_config config = {
		.min_version = o->tls_min,
		.max_version = o->tls_max,
		.require_ems = true,
		.server_name = o->server_name,
	};
	enum hk_err err = HK_ERR_NOT_FOUND;

	if (!o->ca)
		return true;
	if (read_or_complain(d, o->ca, &ca) && read_or_complain(d, o->cert, &cert) &&
		read_or_complain(d, o->key, &key)) {
		config.credentials = (struct hk_tls_credentials){
			.ca = hk_bytes(ca.data, ca.len),
			.certificate = hk_bytes(cert.data, cert.len),
			.key = hk_bytes(key.data, key.len),
		};
		err = hk_tls_context_new(false, &config, now_ms(), &d->tls, &error);
		if (err)
			complain(d->command, "%s", error.text[0] ? error.text : hk_strerror(err));
	}
	hk_file_free(&ca);
	hk_file_free(&cert);
	hk_file_free(&key);
	return !err;
}

static bool open_peer(struct device *d)
{
	const struct peer_options *o = d->options;
	struct hk_er_peer_config config = hk_er_peer_config_default();

	config.guard_ms = o->timeout_ms;
	config.send_channel_binding = o->channel_binding;
	/* the access point is this process: no stranger sends us failures */
	config.grace_ms = 1;
	if (o->nsuites) {
		memcpy(config.suites, o->suites, sizeof config.suites);
		config.nsuites = o->nsuites;
	}
	return hk_er_peer_init(&d->peer, &config) == HK_OK;
}

static bool open_file(struct device *d)
{
	const char *path = d->options->keys;
	enum hk_err err;

	if (!path)
		return true;
	err = state_file_open(&d->file, path, &d->peer, now_ms());
	d->has_file = !err;
	switch (err) {
	case HK_OK:
		return true;
	case HK_ERR_EXISTS:
		complain(d->command, "%s: in use by another process", path);
		return false;
	case HK_ERR_DENIED:
		complain(d->command, "%s: others may read it; chmod 600", path);
		return false;
	case HK_ERR_MALFORMED:
		complain(d->command, "%s: not a file of keys, or damaged", path);
		return false;
	default:
		complain(d->command, "%s: %s", path, hk_file_strerror(err));
		return false;
	}
}

static bool open_nas(struct device *d)
{
	const struct peer_options *o = d->options;

	d->nas.secret = o->secret;
	d->nas.called_station_id = o->called_station_id;
	d->nas.calling_station_id = o->calling_station_id;
	if (!o->has_secret && !ask_secret(&d->nas.secret)) {
		complain(d->command, "no shared secret: use --secret-file");
		return false;
	}
	return go_to(d, 0);
}

static void close_device(struct device *d)
{
	hk_er_peer_clear(&d->peer);
	hk_tls_context_free(d->tls);
	if (d->has_file)
		state_file_close(&d->file);
	nas_close(&d->nas);
}

static int run(struct device *d)
{
	bool good;

	if (!open_peer(d) || !open_tls(d) || !open_file(d) || !open_nas(d))
		return HK_EXIT_USAGE;
	transcript_open(&d->transcript, d->options->json);
	good = run_all(d);
	good = transcript_close(&d->transcript) && good;
	return good && fflush(stdout) == 0 ? HK_EXIT_OK : HK_EXIT_FAILED;
}

int peer_main(int argc, char **argv)
{
	static struct peer_options options;
	static struct device d = {.nas.fd = -1};
	bool done;
	int status = peer_options_read(argc, argv, &options, &done);

	if (!done) {
		d.command = argv[0];
		d.options = &options;
		status = run(&d);
		close_device(&d);
	}
	hk_wipe(&options.secret, sizeof options.secret);
	return status;
}
