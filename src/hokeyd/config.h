/* SPDX-License-Identifier: ISC */
/*
 * The configuration of hokeyd, parsed and checked. One value, not changed
 * after loading: a reload makes a new one, and workers go over to it between
 * two batches.
 */
#ifndef HK_HOKEYD_CONFIG_H
#define HK_HOKEYD_CONFIG_H

#include <hokey/eap_tls.h>
#include <hokey/er_server.h>
#include <hokey/home.h>
#include <hokey/keystore.h>
#include <hokey/proxy.h>
#include <hokey/radius.h>
#include <hokey/visited.h>

#include <netinet/in.h>
#include <sys/socket.h>

enum hk_tristate {
	HK_NO,
	HK_YES,
	HK_AUTO,
};

#define HK_PSK_MIN_LEN      16
#define HK_PSK_MAX_LEN      64
#define HK_FINGERPRINT_LEN  32        /* SHA-256 of the certificate */
#define HK_PSK_IDENTITY_MAX 128
#define HK_CONNECTIONS_MAX  64        /* of a worker with one home server */

/* Who the other end of a TLS connection has to be. */
struct hk_tls_peer {
	char    *name;                /* DNS name in its certificate, or NULL */
	bool     has_fingerprint;
	uint8_t  fingerprint[HK_FINGERPRINT_LEN];
	char    *psk_identity;        /* NULL: it has a certificate */
	uint8_t  psk[HK_PSK_MAX_LEN];
	uint8_t  psk_len;
};

/* tls "name" { certificate = ...  key = ...  ca = ... } */
struct hk_radsec_config {
	char    *name;
	uint16_t min_version;         /* enum hk_tls_version */
	bool     check_crl;
	struct ssl_ctx_st *context;   /* for both roles; connections hold it, too */
};

/* listen "name" { address = ...  port = ... } */
struct hk_listen_config {
	char                   *name;
	const struct hk_radsec_config *tls; /* NULL: UDP */
	uint32_t                max_connections;
	uint32_t                idle_timeout_ms;
	struct sockaddr_storage address;
	socklen_t               address_len;
};

/* What a client hears when its request could be asked of nobody. */
enum hk_unreachable {
	HK_UNREACHABLE_SILENT,
	HK_UNREACHABLE_REJECT,
	HK_UNREACHABLE_PROTOCOL_ERROR,
};

/* client "name" { address = net/prefix  secret = ... } */
struct hk_client_config {
	char     *name;
	uint8_t   network[16];        /* IPv4 as v4-mapped */
	uint8_t   prefix;             /* of 128 */
	const struct hk_radsec_config *tls; /* NULL: UDP */
	struct hk_tls_peer peer;
	uint32_t  max_connections;
	struct hk_radius_secret secret;
	enum hk_tristate require_message_authenticator;
	enum hk_tristate limit_proxy_state;
	bool      require_nas_identity;
	uint32_t  duplicate_window_ms;
	uint32_t  reject_delay_ms;    /* of failed full EAP; ERP is never delayed */
	bool      er_server;          /* what it says of keys is between it and the home */
	const struct hk_bytes *revokes; /* homes whose keys it may take back */
	size_t    nrevokes;
	enum hk_unreachable unreachable;
	struct hk_attribute_filter filter_replies;
	uint32_t  id;                 /* made from its name: the same after a reload */
};

/* How it is found out whether a home server lives. */
enum hk_status_check {
	HK_CHECK_AUTO,                /* RADIUS/TLS: status-server, UDP: none */
	HK_CHECK_NONE,
	HK_CHECK_STATUS_SERVER,
};

/* home-server "name" { address = ...  secret = ... } */
struct hk_home_server_config {
	char     *name;
	uint32_t  id;                 /* made from its name: the same after a reload */
	struct sockaddr_storage address;
	socklen_t address_len;
	const struct hk_radsec_config *tls; /* NULL: UDP */
	struct hk_tls_peer peer;
	bool      pooled;             /* requests can be sent on to it */
	uint32_t  connections;        /* at most, for each worker */
	struct hk_radius_secret secret;
	uint32_t  weight;
	uint32_t  max_outstanding;
	uint32_t  response_window_ms;
	uint32_t  max_request_time_ms;
	struct hk_server_timers timers;
	struct hk_radius_timers retry;
	enum hk_status_check status_check;
	bool      require_message_authenticator;
	bool      require_message_authenticator_first;
	bool      send_proxy_state;
	bool      strip_proxy_state;
	bool      request_cui;
	uint32_t  loop_ttl;
	char     *operator_name;      /* NULL: none is added */
	struct hk_attribute_filter filter_requests;
	struct hk_attribute_filter filter_replies;
};

/* pool "name" { servers = { a, b }  type = ... } */
struct hk_pool_config {
	char     *name;
	enum hk_pool_kind kind;
	uint32_t  dead_realm_pause_ms; /* 0: realms are never given up */
	size_t    servers[HK_POOL_MAX]; /* indices of home servers */
	size_t    nservers;
};

#define HK_POOL_LOCAL SIZE_MAX
#define HK_NO_SERVER  SIZE_MAX

/* realm "name" { pool = ... } */
struct hk_realm_config {
	char     *name;
	size_t    pool;               /* index, or HK_POOL_LOCAL: served here */
};

enum hk_store_kind {
	HK_STORE_MEMORY,
	HK_STORE_LMDB,
};

struct hk_store_config {
	enum hk_store_kind kind;
	char     *path;               /* LMDB: directory */
	char     *wrap_key_file;      /* 32 random octets, mode 0600, made at first start */
	uint64_t  max_bytes;
	uint64_t  max_sets;
	uint32_t  max_sets_per_user;
	enum hk_durability durability;
};

struct hk_users;                      /* opaque; see users.h */

struct hk_eap_config {
	struct hk_tls_config tls;     /* the texts it points to belong to `owned` */
	uint16_t fragment_size;
	uint16_t max_rounds;
	uint16_t max_invalid;
	uint32_t session_timeout_ms;  /* between two rounds */
	uint32_t max_sessions;
	uint32_t max_sessions_per_client; /* 0: no limit */
	uint32_t ocsp_timeout_ms;     /* for all look-ups of one login */
	bool     require_realm_match;
};

struct hk_erp_config {
	bool     enabled;
	struct hk_er_policy policy;   /* realms and suites inside */
	uint32_t rrk_lifetime_s;
	char    *local_domain;        /* as written; NULL: there is no local ER server */
	uint32_t key_lifetime_s;      /* of keys for and from other domains; 0: no limit of ours */
	uint32_t key_vendor;          /* of the attributes */
	bool     any_transport;       /* keys may be asked for over UDP */
	enum hk_keep_emsk keep_emsk;
	struct hk_kds_policy kds;     /* keys for others: nktks 0: nobody gets one */
	size_t  *revoke_at;           /* for each KTK: index of the home server that is told
	                                 when a key ends; HK_NO_SERVER */
	struct hk_visited_policy visited; /* keys from others: domain empty: none is asked for */
	uint32_t msk_lifetime_s;      /* Session-Timeout of a full login; 0: rrk_lifetime_s */
};

enum hk_log_level {
	HK_LOG_ERROR,
	HK_LOG_WARNING,
	HK_LOG_NOTICE,
	HK_LOG_INFO,
	HK_LOG_DEBUG,
};

/* Which logins get a line in the log. */
enum hk_log_logins {
	HK_LOGINS_NONE,
	HK_LOGINS_FULL,               /* full authentications, and what was refused */
	HK_LOGINS_ALL,                /* also re-authentications that succeeded */
};

struct hk_config {
	char    *path;                /* file it came from; NULL with --quick */
	char    *user;                /* to become after start; NULL: stay */
	char    *control_path;        /* Unix socket; NULL: none */
	char    *log_target;          /* "stderr", "syslog" or a file */
	enum hk_log_level log_level;
	enum hk_log_logins log_logins;
	unsigned workers;             /* 0 was replaced by the number of cores */

	struct hk_radsec_config *radsecs;
	size_t   nradsecs;
	struct hk_listen_config *listens;
	size_t   nlistens;
	struct hk_client_config *clients;
	size_t   nclients;
	struct hk_home_server_config *home_servers;
	size_t   nhome_servers;
	struct hk_pool_config *pools;
	size_t   npools;
	struct hk_realm_config *realms;
	size_t   nrealms;
	struct hk_store_config store;
	struct hk_eap_config   eap;
	struct hk_erp_config   erp;
	struct hk_users       *users; /* NULL: every valid certificate is let in */
	struct hk_bytes        cui_key; /* empty: no Chargeable-User-Identity */

	char   **warnings;            /* "hokeyd.conf:12: ...", for the log at start */
	size_t   nwarnings;
	char   **files;               /* beside `path`, what a reload reads again */
	size_t   nfiles;

	struct hk_config_owned *owned; /* memory that goes with it */
};

/* What was wrong, where, and what was expected instead. */
struct hk_config_error {
	char text[512];               /* "hokeyd.conf:12: ..."; never a secret */
};

/* Reads and checks a file. On error nothing is left allocated. */
enum hk_err hk_config_load(
	const char *path, struct hk_config **out, struct hk_config_error *error);
/* The same from a text; `name` stands for the file in messages. */
enum hk_err hk_config_load_text(const char *name, const char *text, struct hk_config **out,
	struct hk_config_error *error);
/* Wipes the secrets and keys in it. NULL is fine. */
void hk_config_free(struct hk_config *config);

#endif
