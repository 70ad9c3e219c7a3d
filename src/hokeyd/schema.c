/* SPDX-License-Identifier: ISC */
#include "hokeyd/schema.h"

#include "hokeyd/config.h"
#include "hokeyd/control.h"

#define FIELD(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define GLOBAL(member)      FIELD(struct hk_config, member)
#define LISTEN(member)      FIELD(struct hk_listen_config, member)
#define RADSEC(member)      FIELD(struct hk_radsec_config, member)
#define CLIENT(member)      FIELD(struct hk_client_config, member)
#define SERVER(member)      FIELD(struct hk_home_server_config, member)
#define POOL(member)        FIELD(struct hk_pool_config, member)
#define EAP(member)         FIELD(struct hk_eap_config, member)
#define ERP(member)         FIELD(struct hk_erp_config, member)
#define KTK(member)         FIELD(struct hk_ktk, member)
#define STORE(member)       FIELD(struct hk_store_config, member)
#define NO_FIELD            0, 0

#define PATH_LEN 1, 4000
#define ANY_TEXT 1, 1000

static const struct hk_choice tristate[] = {
	{"yes", HK_YES}, {"no", HK_NO}, {"auto", HK_AUTO}, {NULL, 0}};
static const struct hk_choice log_levels[] = {{"error", HK_LOG_ERROR}, {"warning", HK_LOG_WARNING},
	{"notice", HK_LOG_NOTICE}, {"info", HK_LOG_INFO}, {"debug", HK_LOG_DEBUG}, {NULL, 0}};
static const struct hk_choice login_logs[] = {
	{"none", HK_LOGINS_NONE}, {"full", HK_LOGINS_FULL}, {"all", HK_LOGINS_ALL}, {NULL, 0}};
static const struct hk_choice tls_versions[] = {
	{"1.2", HK_TLS_1_2}, {"1.3", HK_TLS_1_3}, {NULL, 0}};
static const struct hk_choice ocsp_policies[] = {
	{"no", HK_OCSP_OFF}, {"soft", HK_OCSP_SOFT}, {"hard", HK_OCSP_HARD}, {NULL, 0}};
static const struct hk_choice suites[] = {{"hmac-sha256-64", HK_SUITE_HMAC_SHA256_64},
	{"hmac-sha256-128", HK_SUITE_HMAC_SHA256_128},
	{"hmac-sha256-256", HK_SUITE_HMAC_SHA256_256}, {NULL, 0}};
static const struct hk_choice channel_bindings[] = {
	{"off", HK_CB_OFF}, {"report", HK_CB_REPORT}, {"require", HK_CB_REQUIRE}, {NULL, 0}};
static const struct hk_choice unknown_keys[] = {
	{"challenge", HK_UNKNOWN_CHALLENGE}, {"finish", HK_UNKNOWN_FINISH}, {NULL, 0}};
static const struct hk_choice key_transports[] = {{"tls", 0}, {"any", 1}, {NULL, 0}};
static const struct hk_choice keep_emsks[] = {
	{"no", HK_EMSK_DERIVE_AND_FORGET}, {"yes", HK_EMSK_UNTIL_EXPIRY}, {NULL, 0}};
static const struct hk_choice key_types[] = {
	{"dsrk", HK_KTK_DSRK}, {"usrk", HK_KTK_USRK}, {"dsusrk", HK_KTK_DSUSRK}, {NULL, 0}};
static const struct hk_choice store_kinds[] = {
	{"lmdb", HK_STORE_LMDB}, {"memory", HK_STORE_MEMORY}, {NULL, 0}};
static const struct hk_choice durabilities[] = {{"full", HK_DURABLE_FULL},
	{"batch", HK_DURABLE_BATCH}, {"process", HK_DURABLE_PROCESS}, {NULL, 0}};

static const struct hk_choice unreachables[] = {{"silent", HK_UNREACHABLE_SILENT},
	{"reject", HK_UNREACHABLE_REJECT}, {"protocol-error", HK_UNREACHABLE_PROTOCOL_ERROR},
	{NULL, 0}};
static const struct hk_choice status_checks[] = {{"auto", HK_CHECK_AUTO}, {"none", HK_CHECK_NONE},
	{"status-server", HK_CHECK_STATUS_SERVER}, {NULL, 0}};
static const struct hk_choice pool_kinds[] = {{"fail-over", HK_POOL_FAIL_OVER},
	{"load-balance", HK_POOL_LOAD_BALANCE}, {"keyed", HK_POOL_KEYED}, {NULL, 0}};

const struct hk_block hk_blocks[HK_BLOCKS] = {
	[HK_BLOCK_GLOBAL] = {NULL, false, "Options outside of all blocks."},
	[HK_BLOCK_LISTEN] = {"listen", true,
		"An address and port on which RADIUS requests are taken: over UDP, or with `tls` "
		"over TLS (RFC 6614). At least one is needed; the name is for messages."},
	[HK_BLOCK_CLIENT] = {"client", true,
		"An access point, a controller or a proxy that may send requests, or a network of "
		"them. Who sends is told by the source address of the datagram; of several blocks "
		"that fit, the one with the longest prefix counts. Requests of others are dropped. "
		"With `tls` the certificate or PSK identity tells who it is; packets of such a "
		"client over UDP are dropped. The name appears in the log."},
	[HK_BLOCK_TLS] = {"tls", true,
		"What RADIUS/TLS (RFC 6614) shows to the other end, and whom it trusts. Blocks "
		"`listen`, `client` and `home-server` refer to it by its name. TLS 1.2 and 1.3 "
		"with "
		"ephemeral keys and authenticated encryption only. Both ends have certificates, or "
		"a pre-shared key (TLS 1.3 only)."},
	[HK_BLOCK_HOME_SERVER] = {"home-server", true,
		"A RADIUS server to which requests can be sent on. Each worker keeps track by "
		"itself of whether it answers: *alive*, *zombie* after a few requests without an "
		"answer (asked only when there is nobody better), *dead* after a while of "
		"silence. One that is in no pool is not connected to; it can be told of keys that "
		"have ended (`revoke-at`)."},
	[HK_BLOCK_POOL] = {"pool", true,
		"Home servers that can stand in for each other. A conversation stays with the "
		"server that began it. When a server holds keys for re-authentication that the "
		"others do not have, use `keyed`."},
	[HK_BLOCK_REALM] = {"realm", true,
		"Where requests for a realm go. The name is the realm, `.example` for all realms "
		"that end so, `DEFAULT` for all others, or `NULL` for names without a realm. The "
		"realm stands behind the last `@` of User-Name, for re-authentications of the "
		"name of the key; User-Name itself is never changed. Exact names come first, then "
		"the longest suffix. The realms of block `erp`, and what no block is for, are "
		"served here."},
	[HK_BLOCK_EAP] = {"eap", false,
		"Full authentication with EAP-TLS. Files are PEM if nothing else is said, and are "
		"read at start and at reload."},
	[HK_BLOCK_ERP] = {"erp", false,
		"Re-authentication (RFC 6696): one round trip instead of a full authentication."},
	[HK_BLOCK_KTK] = {"ktk", true,
		"A key transport key that this server shares with one other, so that proxies "
		"between the two cannot read the keys it carries. The name is that of the other "
		"server; what it is granted is noted under this name. At a home server the block "
		"says for which domains the other may ask keys, of whose devices, and which "
		"(`domains`, `realms`, `allow`); at a local ER server which homes are asked for a "
		"key of its domain (`domains`, `realms`). What is not written is not permitted."},
	[HK_BLOCK_STORE] = {"store", false,
		"Where the keys live between a full authentication and the re-authentications."},
	[HK_BLOCK_LOG] = {"log", false, "What is told to whom."},
};

const struct hk_option hk_options[] = {
	/* ---- outside of blocks ---- */
	{HK_BLOCK_GLOBAL, "user", HK_VALUE_TEXT, false, NULL, 1, 32, NULL, GLOBAL(user),
		"System user to become once sockets and files are open",
		"Only root can change user. Under systemd the unit file does it; then leave this "
		"out."},
	{HK_BLOCK_GLOBAL, "control", HK_VALUE_PATH, false, HK_CONTROL_DEFAULT, 1, 100, NULL,
		GLOBAL(control_path),
		"Unix socket on which the `hokey` command talks to the server",
		"Whoever may open it can see and remove key sets (never keys). At most 100 octets, "
		"as the system has it."},
	{HK_BLOCK_GLOBAL, "workers", HK_VALUE_NUMBER, false, "0", 0, 256, NULL, GLOBAL(workers),
		"Threads that answer requests; 0: one per processor", NULL},
	{HK_BLOCK_GLOBAL, "cui-key-file", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"Key from which Chargeable-User-Identity is made, for operators that ask for it",
		"RFC 4372: the same for a user at every login with one operator (Operator-Name), "
		"and says nothing else. Any 16 octets or more that nobody can guess, the same on "
		"all servers of a realm; another key gives every user another identity. Users may "
		"have a Chargeable-User-Identity of their own in the users file. When left out, "
		"none is given."},
	{HK_BLOCK_GLOBAL, "users-file", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"Who may log in, and what their Access-Accept carries",
		"See [the users file](#the-users-file). Without it everyone with a valid "
		"certificate of the configured CA is let in, with no attributes of their own. Who "
		"is "
		"taken out of the file, or rejected in it, can no longer re-authenticate either, "
		"once the configuration has been loaded again."},

	/* ---- listen ---- */
	{HK_BLOCK_LISTEN, "address", HK_VALUE_TEXT, true, NULL, 1, 64, NULL, NO_FIELD,
		"IPv4 or IPv6 address; `0.0.0.0` or `::` for all of the machine",
		"`::` takes IPv6 only; add a second block for IPv4."},
	{HK_BLOCK_LISTEN, "port", HK_VALUE_NUMBER, false, "1812", 1, 65535, NULL, NO_FIELD,
		"UDP port, or TCP port with `tls`; then it is 2083 when left out", NULL},
	{HK_BLOCK_LISTEN, "tls", HK_VALUE_TEXT, false, NULL, 1, 64, NULL, NO_FIELD,
		"Name of a `tls` block: RADIUS/TLS instead of UDP", NULL},
	{HK_BLOCK_LISTEN, "max-connections", HK_VALUE_NUMBER, false, "1024", 1, 65536, NULL,
		LISTEN(max_connections), "Connections a worker takes at one time", NULL},
	{HK_BLOCK_LISTEN, "idle-timeout", HK_VALUE_MILLISECONDS, false, "10m", 10000, 86400000,
		NULL, LISTEN(idle_timeout_ms), "A connection without packets is closed after this",
		NULL},

	/* ---- client ---- */
	{HK_BLOCK_CLIENT, "address", HK_VALUE_TEXT, false, NULL, 1, 64, NULL, NO_FIELD,
		"Address, or network with prefix length: `192.0.2.0/24`, `2001:db8::/32`",
		"No bits may be set behind the prefix. Two blocks must not name the same network. "
		"Needed but for clients with `tls`; those may come from anywhere without it."},
	{HK_BLOCK_CLIENT, "tls", HK_VALUE_TEXT, false, NULL, 1, 64, NULL, NO_FIELD,
		"Name of the `tls` block of the `listen` it comes to: RADIUS/TLS only",
		"Then there is no shared secret, and one or more of the following say who it is."},
	{HK_BLOCK_CLIENT, "certificate-name", HK_VALUE_TEXT, false, NULL, 1, 253, NULL, NO_FIELD,
		"DNS name in its certificate's subjectAltName", NULL},
	{HK_BLOCK_CLIENT, "fingerprint", HK_VALUE_TEXT, false, NULL, 64, 95, NULL, NO_FIELD,
		"SHA-256 of its certificate, in hex, with or without colons",
		"As `openssl x509 -noout -fingerprint -sha256` prints it."},
	{HK_BLOCK_CLIENT, "psk-identity", HK_VALUE_TEXT, false, NULL, 1, HK_PSK_IDENTITY_MAX, NULL,
		NO_FIELD, "Identity of its pre-shared key, instead of a certificate",
		"No other client of the same `tls` block may have it."},
	{HK_BLOCK_CLIENT, "psk-file", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"File with the pre-shared key: 16 to 64 octets in hex, one line",
		"`openssl rand -hex 32` makes one. Not a shared secret that is used elsewhere."},
	{HK_BLOCK_CLIENT, "max-connections", HK_VALUE_NUMBER, false, "16", 1, 1024, NULL,
		CLIENT(max_connections), "Connections it may have with a worker", NULL},
	{HK_BLOCK_CLIENT, "secret", HK_VALUE_SECRET, false, NULL, 1, HK_RADIUS_SECRET_MAX, NULL,
		NO_FIELD, "Shared secret, 1 to 255 octets",
		"At least 16 random octets are advised; below 12 there is a warning. Write it in "
		"single quotes: inside them every character stands for itself. Give either this or "
		"`secret-file`."},
	{HK_BLOCK_CLIENT, "secret-file", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"File that holds the shared secret in one line",
		"The line end does not belong to the secret."},
	{HK_BLOCK_CLIENT, "require-message-authenticator", HK_VALUE_CHOICE, false, "yes", 0, 0,
		tristate, CLIENT(require_message_authenticator),
		"Drop Access-Requests without a valid Message-Authenticator",
		"Protects against CVE-2024-3596 (BlastRADIUS). `auto` starts without and turns to "
		"`yes` as soon as the client has sent one. Requests with EAP need one in any case "
		"(RFC 3579)."},
	{HK_BLOCK_CLIENT, "limit-proxy-state", HK_VALUE_CHOICE, false, "auto", 0, 0, tristate,
		CLIENT(limit_proxy_state),
		"Drop Access-Requests with Proxy-State but no Message-Authenticator",
		"Only of use while `require-message-authenticator` is not in force. `auto`: as "
		"soon as a request without Proxy-State has shown that the client is no proxy."},
	{HK_BLOCK_CLIENT, "require-nas-identity", HK_VALUE_BOOL, false, "no", 0, 0, NULL,
		CLIENT(require_nas_identity),
		"Reject requests that do not say which NAS they are from",
		"That is, without NAS-Identifier, NAS-IP-Address and NAS-IPv6-Address."},
	{HK_BLOCK_CLIENT, "duplicate-window", HK_VALUE_MILLISECONDS, false, "10s", 5000, 30000,
		NULL, CLIENT(duplicate_window_ms),
		"How long an answer is kept for the same request sent again",
		"RFC 5080 section 2.2.2."},
	{HK_BLOCK_CLIENT, "reject-delay", HK_VALUE_MILLISECONDS, false, "1s", 0, 2000, NULL,
		CLIENT(reject_delay_ms),
		"How long a failed full authentication waits for its reject",
		"Answers to re-authentication are never delayed."},

	{HK_BLOCK_CLIENT, "er-server", HK_VALUE_BOOL, false, "no", 0, 0, NULL, CLIENT(er_server),
		"It is a local ER server or a proxy of such",
		"Then its requests for keys pass, and the answers to them. Of others, as access "
		"points are, a local ER server lets none through and asks for itself. A "
		"re-authentication that comes twice through it is not answered a second time: "
		"see `repeat-window`."},
	{HK_BLOCK_CLIENT, "revokes", HK_VALUE_LIST, false, NULL, 1, HK_REALM_MAX_LEN, NULL,
		NO_FIELD,
		"Home realms whose keys it may take back, with Disconnect-Requests; `*`: all",
		"For a home server that has given a local ER server keys of its domain. It sends "
		"them to any `listen`; RFC 5176 has UDP port 3799 for them. When left out, those "
		"of "
		"this client are refused."},
	{HK_BLOCK_CLIENT, "unreachable", HK_VALUE_CHOICE, false, "silent", 0, 0, unreachables,
		CLIENT(unreachable), "What it hears when no home server answers its request",
		"`silent`: nothing, so that devices do not take it for a wrong password. `reject`: "
		"an Access-Reject with EAP-Failure and Error-Cause 502, for proxies that have "
		"agreed to it. `protocol-error`: the packet of RFC 7930."},
	{HK_BLOCK_CLIENT, "filter-replies", HK_VALUE_LIST, false, NULL, 1, 100, NULL, NO_FIELD,
		"Attributes taken out of proxied replies: `{ Filter-Id, Vendor-9-Attr-1 }`",
		"Names of the dictionary, `Attr-200`, or `Vendor-9-Attr-1`. Also out of answers "
		"given here with the key of another home, which are what that home had said."},

	/* ---- tls ---- */
	{HK_BLOCK_TLS, "certificate", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"Our certificate, then the intermediate ones, without the root",
		"It needs `key`. Both may be left out when all peers use pre-shared keys."},
	{HK_BLOCK_TLS, "key", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"Private key of the certificate, not encrypted", NULL},
	{HK_BLOCK_TLS, "ca", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"Certificates of the CAs that sign the certificates of peers",
		"Only these are trusted, never those of the system. Connections that are open "
		"stay at a reload, as with `crl`."},
	{HK_BLOCK_TLS, "crl", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"Certificate revocation lists, one or more",
		"They are looked at when a connection is opened. A peer that is connected while "
		"its certificate is revoked stays so at a reload: take its `client` or "
		"`home-server` block out, or restart."},
	{HK_BLOCK_TLS, "check-crl", HK_VALUE_BOOL, false, "no", 0, 0, NULL, RADSEC(check_crl),
		"Refuse peers whose certificates have no current revocation list",
		"With `yes`, every CA of the chain needs a list in `crl` that has not run out. A "
		"list that is there counts in any case."},
	{HK_BLOCK_TLS, "min-tls", HK_VALUE_CHOICE, false, "1.2", 0, 0, tls_versions,
		RADSEC(min_version), "Oldest TLS version taken", NULL},

	/* ---- home-server ---- */
	{HK_BLOCK_HOME_SERVER, "address", HK_VALUE_TEXT, true, NULL, 1, 64, NULL, NO_FIELD,
		"IPv4 or IPv6 address", NULL},
	{HK_BLOCK_HOME_SERVER, "port", HK_VALUE_NUMBER, false, "1812", 1, 65535, NULL, NO_FIELD,
		"UDP port, or TCP port with `tls`; then it is 2083 when left out", NULL},
	{HK_BLOCK_HOME_SERVER, "tls", HK_VALUE_TEXT, false, NULL, 1, 64, NULL, NO_FIELD,
		"Name of a `tls` block: RADIUS/TLS instead of UDP",
		"There is no shared secret then."},
	{HK_BLOCK_HOME_SERVER, "certificate-name", HK_VALUE_TEXT, false, NULL, 1, 253, NULL,
		NO_FIELD, "DNS name in its certificate's subjectAltName",
		"Without it, and without `fingerprint`, `address` has to be there."},
	{HK_BLOCK_HOME_SERVER, "fingerprint", HK_VALUE_TEXT, false, NULL, 64, 95, NULL, NO_FIELD,
		"SHA-256 of its certificate, in hex, with or without colons", NULL},
	{HK_BLOCK_HOME_SERVER, "psk-identity", HK_VALUE_TEXT, false, NULL, 1, HK_PSK_IDENTITY_MAX,
		NULL, NO_FIELD, "Identity of the pre-shared key, instead of certificates", NULL},
	{HK_BLOCK_HOME_SERVER, "psk-file", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"File with the pre-shared key: 16 to 64 octets in hex, one line", NULL},
	{HK_BLOCK_HOME_SERVER, "connections", HK_VALUE_NUMBER, false, "4", 1, HK_CONNECTIONS_MAX,
		NULL, SERVER(connections), "Connections a worker may have with it",
		"One is always tried; another one when 255 requests are waiting on each. To a "
		"server 270 ms away a connection carries some 900 requests a second."},
	{HK_BLOCK_HOME_SERVER, "secret", HK_VALUE_SECRET, false, NULL, 1, HK_RADIUS_SECRET_MAX,
		NULL, NO_FIELD, "Shared secret, 1 to 255 octets",
		"As for clients. Give either this or `secret-file`."},
	{HK_BLOCK_HOME_SERVER, "secret-file", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"File that holds the shared secret in one line", NULL},
	{HK_BLOCK_HOME_SERVER, "weight", HK_VALUE_NUMBER, false, "1", 1, 100, NULL, SERVER(weight),
		"Share of the load in pools of type `load-balance` and `keyed`", NULL},
	{HK_BLOCK_HOME_SERVER, "require-message-authenticator", HK_VALUE_BOOL, false, "yes", 0, 0,
		NULL, SERVER(require_message_authenticator),
		"Replies without a valid Message-Authenticator do not count",
		"Protects against CVE-2024-3596 (BlastRADIUS). Replies with EAP need one in any "
		"case."},
	{HK_BLOCK_HOME_SERVER, "require-message-authenticator-first", HK_VALUE_BOOL, false, "no", 0,
		0, NULL, SERVER(require_message_authenticator_first),
		"And it must be the first attribute", "FreeRADIUS before 3.2.5 puts it elsewhere."},
	{HK_BLOCK_HOME_SERVER, "response-window", HK_VALUE_MILLISECONDS, false, "10s", 500, 60000,
		NULL, SERVER(response_window_ms),
		"Without a reply in this time another server is asked", NULL},
	{HK_BLOCK_HOME_SERVER, "response-timeouts", HK_VALUE_NUMBER, false, "3", 1, 1000, NULL,
		SERVER(timers.response_timeouts),
		"Requests without a reply, one after the other, that make it a zombie",
		"Any valid reply, also a reject, begins the count anew. When nobody listens at its "
		"port it is a zombie at once."},
	{HK_BLOCK_HOME_SERVER, "zombie-period", HK_VALUE_MILLISECONDS, false, "40s", 1000, 600000,
		NULL, SERVER(timers.zombie_period_ms), "Silence of a zombie after which it is dead",
		NULL},
	{HK_BLOCK_HOME_SERVER, "status-check", HK_VALUE_CHOICE, false, "auto", 0, 0, status_checks,
		SERVER(status_check), "Ask zombies and the dead with Status-Server (RFC 5997)",
		"`auto`: over UDP not, because not all servers answer it. Over TLS it is the "
		"watchdog of RFC 3539, sent after `check-interval` (6 s and more) without a "
		"packet."},
	{HK_BLOCK_HOME_SERVER, "check-interval", HK_VALUE_MILLISECONDS, false, "30s", 1000, 600000,
		NULL, SERVER(timers.check_interval_ms), "Time between two Status-Servers", NULL},
	{HK_BLOCK_HOME_SERVER, "check-timeout", HK_VALUE_MILLISECONDS, false, "4s", 500, 60000,
		NULL, SERVER(timers.check_timeout_ms), "How long its answer is awaited", NULL},
	{HK_BLOCK_HOME_SERVER, "num-answers-to-alive", HK_VALUE_NUMBER, false, "3", 1, 100, NULL,
		SERVER(timers.answers_to_alive),
		"Answers one after the other that make a dead server alive", NULL},
	{HK_BLOCK_HOME_SERVER, "revive-interval", HK_VALUE_MILLISECONDS, false, "2m", 1000, 3600000,
		NULL, SERVER(timers.revive_interval_ms),
		"Without Status-Server a dead server is tried again after this", NULL},
	{HK_BLOCK_HOME_SERVER, "max-request-time", HK_VALUE_MILLISECONDS, false, "30s", 1000, 60000,
		NULL, SERVER(max_request_time_ms),
		"A request that nobody has answered by then is given up", NULL},
	{HK_BLOCK_HOME_SERVER, "retry-interval", HK_VALUE_MILLISECONDS, false, "2s", 100, 60000,
		NULL, SERVER(retry.irt_ms),
		"First wait before a request is sent again; then it doubles",
		"RFC 5080 section 2.2.1, IRT."},
	{HK_BLOCK_HOME_SERVER, "retry-interval-max", HK_VALUE_MILLISECONDS, false, "16s", 100,
		60000, NULL, SERVER(retry.mrt_ms), "Longest wait; MRT", NULL},
	{HK_BLOCK_HOME_SERVER, "retry-count", HK_VALUE_NUMBER, false, "5", 1, 20, NULL,
		SERVER(retry.mrc), "How often a request is sent to it; MRC", NULL},
	{HK_BLOCK_HOME_SERVER, "max-outstanding", HK_VALUE_NUMBER, false, "4096", 1, 65536, NULL,
		SERVER(max_outstanding), "Requests a worker may have waiting there",
		"Each 256 take a socket. Above it another server is asked."},
	{HK_BLOCK_HOME_SERVER, "send-proxy-state", HK_VALUE_BOOL, false, "no", 0, 0, NULL,
		SERVER(send_proxy_state), "Add a Proxy-State of our own", NULL},
	{HK_BLOCK_HOME_SERVER, "strip-proxy-state", HK_VALUE_BOOL, false, "no", 0, 0, NULL,
		SERVER(strip_proxy_state), "Keep the Proxy-State of others here",
		"Clients get theirs back in any case."},
	{HK_BLOCK_HOME_SERVER, "operator-name", HK_VALUE_TEXT, false, NULL, 1, 250, NULL,
		SERVER(operator_name), "Realm of this network, put into Operator-Name (RFC 5580)",
		"Added to requests that have none."},
	{HK_BLOCK_HOME_SERVER, "request-cui", HK_VALUE_BOOL, false, "no", 0, 0, NULL,
		SERVER(request_cui), "Ask for a Chargeable-User-Identity (RFC 4372)", NULL},
	{HK_BLOCK_HOME_SERVER, "loop-ttl", HK_VALUE_NUMBER, false, "16", 0, HK_LOOP_TTL_MAX, NULL,
		SERVER(loop_ttl), "Proxies a request may pass from here on; 0: not counted",
		"In an attribute of radsecproxy's (vendor 27262, type 1). Where a request has it "
		"already it is counted down in any case, from this number at most."},
	{HK_BLOCK_HOME_SERVER, "filter-requests", HK_VALUE_LIST, false, NULL, 1, 100, NULL,
		NO_FIELD, "Attributes taken out of requests to it",
		"As `filter-replies` of clients."},
	{HK_BLOCK_HOME_SERVER, "filter-replies", HK_VALUE_LIST, false, NULL, 1, 100, NULL, NO_FIELD,
		"Attributes taken out of its replies",
		"So that a foreign server does not choose your VLANs, for example. What is taken "
		"out is not kept with keys that come in the reply either."},

	/* ---- pool ---- */
	{HK_BLOCK_POOL, "servers", HK_VALUE_LIST, true, NULL, 1, 64, NULL, NO_FIELD,
		"Names of home servers, the preferred one first: `{ home1, home2 }`", NULL},
	{HK_BLOCK_POOL, "type", HK_VALUE_CHOICE, false, "fail-over", 0, 0, pool_kinds, POOL(kind),
		"How one of them is chosen",
		"`fail-over`: the first that is alive. `load-balance`: at random, by weight. "
		"`keyed`: by Calling-Station-Id, so that a device always meets the same server."},
	{HK_BLOCK_POOL, "dead-realm-pause", HK_VALUE_MILLISECONDS, false, "60s", 0, 3600000, NULL,
		POOL(dead_realm_pause_ms),
		"How long a realm is given up whose server answers for others only; 0: not at all",
		"A federation's proxy is not to blame for a member that is down."},

	/* ---- realm ---- */
	{HK_BLOCK_REALM, "pool", HK_VALUE_TEXT, false, NULL, 1, 64, NULL, NO_FIELD,
		"Pool of home servers to ask; without it the realm is served here", NULL},

	/* ---- eap ---- */
	{HK_BLOCK_EAP, "ca", HK_VALUE_PATH, true, NULL, PATH_LEN, NULL, NO_FIELD,
		"Certificates of the CAs that sign the certificates of devices",
		"A CA of your own, for this purpose only. With a public CA everyone could get in."},
	{HK_BLOCK_EAP, "certificate", HK_VALUE_PATH, true, NULL, PATH_LEN, NULL, NO_FIELD,
		"Certificate of this server, then the intermediate ones, without the root", NULL},
	{HK_BLOCK_EAP, "key", HK_VALUE_PATH, true, NULL, PATH_LEN, NULL, NO_FIELD,
		"Private key of this server's certificate, not encrypted",
		"Nobody but root and the server should be able to read it."},
	{HK_BLOCK_EAP, "crl", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"Certificate revocation lists, one or more", NULL},
	{HK_BLOCK_EAP, "check-crl", HK_VALUE_BOOL, false, "no", 0, 0, NULL, EAP(tls.check_crl),
		"Refuse devices whose certificates have no current revocation list",
		"With `yes`, every CA of the chain needs a list in `crl` that has not run out."},
	{HK_BLOCK_EAP, "ocsp", HK_VALUE_CHOICE, false, "no", 0, 0, ocsp_policies, EAP(tls.ocsp),
		"Ask an OCSP responder about the certificates of devices",
		"About all of the chain but the root, over HTTP; answers are kept as long as they "
		"say, a day at most. `soft`: without an answer the device is let in. `hard`: it is "
		"refused, but for certificates that name no responder while `check-crl` is on. A "
		"revoked certificate is refused in any case."},
	{HK_BLOCK_EAP, "ocsp-url", HK_VALUE_TEXT, false, NULL, 1, 255, NULL, EAP(tls.ocsp_url),
		"Responder to ask, `\"http://host/path\"`; when left out, the one each certificate "
		"names",
		"Only http: answers are signed. In quotes, as `//` begins a comment."},
	{HK_BLOCK_EAP, "ocsp-timeout", HK_VALUE_MILLISECONDS, false, "2s", 100, 10000, NULL,
		EAP(ocsp_timeout_ms), "How long a login waits for responders, all in all",
		"Access points send a request again after some seconds; that does no harm."},
	{HK_BLOCK_EAP, "ocsp-staple", HK_VALUE_PATH, false, NULL, PATH_LEN, NULL, NO_FIELD,
		"OCSP response about this server's certificate, DER, given to devices that ask",
		NULL},
	{HK_BLOCK_EAP, "min-tls", HK_VALUE_CHOICE, false, "1.2", 0, 0, tls_versions,
		EAP(tls.min_version), "Oldest TLS version taken", NULL},
	{HK_BLOCK_EAP, "max-tls", HK_VALUE_CHOICE, false, "1.3", 0, 0, tls_versions,
		EAP(tls.max_version), "Newest TLS version offered", NULL},
	{HK_BLOCK_EAP, "ciphers", HK_VALUE_TEXT, false, NULL, ANY_TEXT, NULL, EAP(tls.ciphers_1_2),
		"Ciphers of TLS 1.2, as OpenSSL writes them",
		"When left out: those with ephemeral keys and authenticated encryption."},
	{HK_BLOCK_EAP, "ciphersuites", HK_VALUE_TEXT, false, NULL, ANY_TEXT, NULL,
		EAP(tls.ciphers_1_3), "Cipher suites of TLS 1.3, as OpenSSL writes them", NULL},
	{HK_BLOCK_EAP, "groups", HK_VALUE_TEXT, false, NULL, ANY_TEXT, NULL, EAP(tls.groups),
		"Groups for the key exchange, as OpenSSL writes them", NULL},
	{HK_BLOCK_EAP, "require-ems", HK_VALUE_BOOL, false, "yes", 0, 0, NULL, EAP(tls.require_ems),
		"TLS 1.2 needs the extended master secret (RFC 7627)", NULL},
	{HK_BLOCK_EAP, "ticket-lifetime", HK_VALUE_SECONDS, false, "0", 0, 604800, NULL,
		EAP(tls.ticket_lifetime_s), "How long a TLS session can be resumed; 0: never",
		"Resumption saves round trips of a full authentication. ERP saves more."},
	{HK_BLOCK_EAP, "fragment-size", HK_VALUE_NUMBER, false, "1020", 100, 4000, NULL,
		EAP(fragment_size), "Octets of TLS per EAP packet",
		"Framed-MTU of the request makes it smaller where needed."},
	{HK_BLOCK_EAP, "max-rounds", HK_VALUE_NUMBER, false, "60", 8, 1000, NULL, EAP(max_rounds),
		"Round trips after which an authentication is given up", NULL},
	{HK_BLOCK_EAP, "max-invalid", HK_VALUE_NUMBER, false, "5", 1, 100, NULL, EAP(max_invalid),
		"Invalid packets after which an authentication is given up", NULL},
	{HK_BLOCK_EAP, "session-timeout", HK_VALUE_MILLISECONDS, false, "30s", 10000, 300000, NULL,
		EAP(session_timeout_ms), "How long the next packet of a device is awaited", NULL},
	{HK_BLOCK_EAP, "max-sessions", HK_VALUE_NUMBER, false, "20000", 1, 10000000, NULL,
		EAP(max_sessions), "Authentications under way at one time",
		"Above it, new ones are dropped; those under way and re-authentications go on."},
	{HK_BLOCK_EAP, "max-sessions-per-client", HK_VALUE_NUMBER, false, "0", 0, 10000000, NULL,
		EAP(max_sessions_per_client),
		"The same for each `client` block by itself; 0: no limit of its own",
		"So that one access point, or who is behind it, cannot take all."},
	{HK_BLOCK_EAP, "require-realm-match", HK_VALUE_BOOL, false, "yes", 0, 0, NULL,
		EAP(require_realm_match),
		"The realm of the outer identity must be that of a name in the certificate",
		"Looked at when the certificate has a name of the form `user@realm`."},

	/* ---- erp ---- */
	{HK_BLOCK_ERP, "enabled", HK_VALUE_BOOL, false, "yes", 0, 0, NULL, ERP(enabled),
		"Answer re-authentications and keep keys for them", NULL},
	{HK_BLOCK_ERP, "realms", HK_VALUE_LIST, false, NULL, 1, HK_REALM_MAX_LEN, NULL, NO_FIELD,
		"Realms served here: `{ home.example, staff.home.example }`",
		"Needed unless `enabled = no`. It is the realm of the identity that devices use "
		"(`alice@home.example`), in any case."},
	{HK_BLOCK_ERP, "cryptosuites", HK_VALUE_LIST, false, "{ hmac-sha256-128, hmac-sha256-256 }",
		0, 0, suites, NO_FIELD, "Cryptosuites allowed, the preferred one first",
		"All devices we know of use `hmac-sha256-128`."},
	{HK_BLOCK_ERP, "window", HK_VALUE_NUMBER, false, "1", 1, HK_SEQ_WINDOW_MAX, NULL,
		ERP(policy.window), "How far sequence numbers may come out of order; 1: not at all",
		"No number is ever accepted twice, whatever the window."},
	{HK_BLOCK_ERP, "rrk-lifetime", HK_VALUE_SECONDS, false, "8h", 60, 30 * 86400, NULL,
		ERP(rrk_lifetime_s),
		"How long a device can re-authenticate after a full authentication",
		"Cut to the end of the device's certificate."},
	{HK_BLOCK_ERP, "rmsk-lifetime", HK_VALUE_SECONDS, false, "1h", 0, 30 * 86400, NULL,
		ERP(policy.rmsk_lifetime_s),
		"Session-Timeout of a re-authentication; 0: what is left of `rrk-lifetime`",
		"Then the access point asks again, which costs one round trip. Never longer than "
		"what is left of `rrk-lifetime`."},
	{HK_BLOCK_ERP, "msk-lifetime", HK_VALUE_SECONDS, false, "0", 0, 30 * 86400, NULL,
		ERP(msk_lifetime_s),
		"Session-Timeout of a full authentication; 0: that of its keys, `rrk-lifetime`",
		"Never longer than the keys live, and cut to the user's Session-Timeout."},
	{HK_BLOCK_ERP, "send-lifetimes", HK_VALUE_BOOL, false, "yes", 0, 0, NULL,
		ERP(policy.send_lifetimes), "Tell devices the lifetimes when they ask for them",
		NULL},
	{HK_BLOCK_ERP, "channel-binding", HK_VALUE_CHOICE, false, "report", 0, 0, channel_bindings,
		ERP(policy.channel_binding),
		"Compare what the device and the access point say about the access point",
		"`report`: a difference fails, and a device that says nothing is let in. "
		"`require`: such a device gets our view and has to decide. `off`: not compared."},
	{HK_BLOCK_ERP, "on-unknown-key", HK_VALUE_CHOICE, false, "challenge", 0, 0, unknown_keys,
		ERP(policy.on_unknown_key), "What a device with a key that is not known here gets",
		"`challenge`: full authentication begins in the same conversation. `finish`: the "
		"failure of RFC 6696 section 5.2.2; wpa_supplicant then needs about a minute to "
		"come back."},
	{HK_BLOCK_ERP, "repeat-window", HK_VALUE_MILLISECONDS, false, "5s", 0, 30000, NULL,
		ERP(policy.repeat_window_ms),
		"How long the same request from the same access point gets the same answer",
		"Access points send again when our answer was lost; FILS does so after 100 ms. "
		"From "
		"where other servers are on the way (Proxy-State, a client with `er-server`, a "
		"request for keys) nothing is answered twice, for it could be for another access "
		"point: a device whose answer was lost logs in anew there. hokeyd as a proxy keeps "
		"answers for such repetitions itself."},
	{HK_BLOCK_ERP, "failures-per-second", HK_VALUE_NUMBER, false, "5", 0, 1000, NULL,
		ERP(policy.failures_per_s),
		"Failures told to one device in a second, more are dropped; 0: no limit", NULL},
	{HK_BLOCK_ERP, "require-name-match", HK_VALUE_BOOL, false, "yes", 0, 0, NULL,
		ERP(policy.require_name_match),
		"User-Name must be the name of the key, as RFC 6696 has it",
		"`no` helps with access points that send the name of the first login there. Keys "
		"are found by the name in the EAP packet in any case."},

	{HK_BLOCK_ERP, "local-domain", HK_VALUE_TEXT, false, NULL, 1, HK_REALM_MAX_LEN, NULL,
		ERP(local_domain), "Be the local ER server of this domain (RFC 6696)",
		"Home servers with a `ktk` are asked for its key in the logins that are proxied to "
		"them; then their devices re-authenticate here, also when home cannot be reached. "
		"Must be among `realms`."},
	{HK_BLOCK_ERP, "key-transport", HK_VALUE_CHOICE, false, "tls", 0, 0, key_transports,
		ERP(any_transport), "Over what keys are asked for and handed out",
		"They are wrapped in any case. `any`: also over UDP."},
	{HK_BLOCK_ERP, "key-lifetime", HK_VALUE_SECONDS, false, "24h", 0, 30 * 86400, NULL,
		ERP(key_lifetime_s),
		"Longest life of keys for and from other domains; 0: as their parent",
		"0 leaves it to every home how long the key sets of its devices stay in our "
		"store."},
	{HK_BLOCK_ERP, "key-vendor", HK_VALUE_NUMBER, false, "32473", 1, 0xffffff, NULL,
		ERP(key_vendor), "Vendor number of the RADIUS attributes that carry keys",
		"The same at both ends. 32473 is the number for documentation; who needs one of "
		"their own gets it from IANA for nothing."},
	{HK_BLOCK_ERP, "keep-emsk", HK_VALUE_CHOICE, false, "no", 0, 0, keep_emsks, ERP(keep_emsk),
		"Keep the EMSK after a login, for explicit bootstrapping",
		"`no`: other domains get their keys with the login, or never."},
	{HK_BLOCK_ERP, "authorization-indication", HK_VALUE_BOOL, false, "yes", 0, 0, NULL,
		ERP(kds.indicate),
		"Assure devices that the domain named to them has its key from here",
		"In explicit bootstrapping; 18 octets more (Authorization Indication, RFC 6696). "
		"With "
		"`no` only when a key is given to the same server once more."},
	{HK_BLOCK_ERP, "require-consent", HK_VALUE_BOOL, false, "no", 0, 0, NULL,
		ERP(kds.needs_consent),
		"Give keys only in explicit bootstrapping, where the device asks for it",
		"Then `keep-emsk = yes` is needed, and each device makes one more round trip "
		"home."},

	/* ---- ktk ---- */
	{HK_BLOCK_KTK, "kek-id", HK_VALUE_TEXT, false, NULL, 1, HK_KEK_ID_LEN, NULL, NO_FIELD,
		"Name of the key on the wire, 1 to 16 octets; the block's name when left out",
		"The same at both ends, and in no other block."},
	{HK_BLOCK_KTK, "owner", HK_VALUE_TEXT, false, NULL, 1, 64, NULL, NO_FIELD,
		"Name of the other server; the block's name when left out",
		"The same in two blocks while a key is changed for a new one: what was granted "
		"with the old one is not lost."},
	{HK_BLOCK_KTK, "key-file", HK_VALUE_PATH, true, NULL, PATH_LEN, NULL, NO_FIELD,
		"File with the key: 32 octets in hex, one line",
		"`openssl rand -hex 32` makes one."},
	{HK_BLOCK_KTK, "domains", HK_VALUE_LIST, false, NULL, 1, HK_REALM_MAX_LEN, NULL, NO_FIELD,
		"Domains for whose keys it may be used", NULL},
	{HK_BLOCK_KTK, "realms", HK_VALUE_LIST, false, NULL, 1, HK_REALM_MAX_LEN, NULL, NO_FIELD,
		"Home realms whose keys may be asked for with it; `*`: all", NULL},
	{HK_BLOCK_KTK, "allow", HK_VALUE_LIST, false, NULL, 0, 0, key_types, NO_FIELD,
		"Kinds of keys that are handed out: `{ dsrk }`",
		"A key for the one direction is none for the other: a block with which we ask for "
		"the key of our `local-domain` hands out none of our own devices."},
	{HK_BLOCK_KTK, "labels", HK_VALUE_LIST, false, NULL, 1, HK_KEYDIST_LABEL_MAX, NULL,
		NO_FIELD, "Usages for which `usrk` and `dsusrk` are handed out", NULL},
	{HK_BLOCK_KTK, "max-lifetime", HK_VALUE_SECONDS, false, "0", 0, 30 * 86400, NULL,
		KTK(max_lifetime_s), "Longest life of these keys; 0: `key-lifetime`",
		"At home: how long at most an account that is closed, or a key that is revoked, "
		"still works at the other server when that cannot be told."},
	{HK_BLOCK_KTK, "revoke-at", HK_VALUE_TEXT, false, NULL, 1, 64, NULL, NO_FIELD,
		"Name of the `home-server` block of the other server, to be told when its keys end",
		"At home. It gets a Disconnect-Request (RFC 5176) for a key of its own when the "
		"account is closed in the users file, and with `hokey revoke --everywhere`. It "
		"needs a `client` block for us with `revokes`."},

	/* ---- store ---- */
	{HK_BLOCK_STORE, "type", HK_VALUE_CHOICE, false, "lmdb", 0, 0, store_kinds, STORE(kind),
		"`lmdb`: on disk, survives a restart. `memory`: does not", NULL},
	{HK_BLOCK_STORE, "path", HK_VALUE_PATH, false, "/var/lib/hokeyd/keys", PATH_LEN, NULL,
		STORE(path), "Directory of the database", NULL},
	{HK_BLOCK_STORE, "wrap-key-file", HK_VALUE_PATH, false, "/var/lib/hokeyd/wrap.key",
		PATH_LEN, NULL, STORE(wrap_key_file),
		"Key under which keys are encrypted on disk; made at first start",
		"32 octets. Best on another disk than the database, and not in its backup."},
	{HK_BLOCK_STORE, "max-size", HK_VALUE_SIZE, false, "1G", 1 << 20, (uint64_t)1 << 44, NULL,
		STORE(max_bytes), "Size to which the database may grow",
		"One million key sets need about 0.5 to 1 GiB. The space is taken as it is "
		"needed."},
	{HK_BLOCK_STORE, "max-sets", HK_VALUE_NUMBER, false, "0", 0, 1000000000, NULL,
		STORE(max_sets), "Key sets kept in memory (`type = memory`); 0: no limit", NULL},
	{HK_BLOCK_STORE, "max-sets-per-user", HK_VALUE_NUMBER, false, "8", 0, 1000, NULL,
		STORE(max_sets_per_user),
		"Key sets kept per user, so devices per user; 0: no limit",
		"The oldest goes first, and with it the keys that other servers have below it."},
	{HK_BLOCK_STORE, "durability", HK_VALUE_CHOICE, false, "batch", 0, 0, durabilities,
		STORE(durability), "When a used sequence number is safe on disk",
		"`batch`: before the answer leaves, many at a time. `full`: each by itself. "
		"`process`: survives the death of the server, but not that of the machine: after a "
		"power cut keys might be used twice, so all key sets are dropped when the machine "
		"was restarted."},

	/* ---- log ---- */
	{HK_BLOCK_LOG, "target", HK_VALUE_TEXT, false, "stderr", PATH_LEN, NULL, GLOBAL(log_target),
		"`stderr`, `syslog` or a file (an absolute path)",
		"The file is opened anew at SIGHUP."},
	{HK_BLOCK_LOG, "level", HK_VALUE_CHOICE, false, "info", 0, 0, log_levels, GLOBAL(log_level),
		"Least important kind of message that is written", NULL},
	{HK_BLOCK_LOG, "logins", HK_VALUE_CHOICE, false, "full", 0, 0, login_logs,
		GLOBAL(log_logins), "Which logins get a line in the log: `none`, `full` or `all`",
		"`full`: full authentications and everything that was refused. `all`: "
		"re-authentications, too; of those there can be many thousands in a second."},
};

const size_t hk_noptions = sizeof(hk_options) / sizeof(hk_options[0]);
