/* SPDX-License-Identifier: ISC */
/*
 * The simulated world: devices that move between access points, home and local
 * ER servers, their stores, a network and clocks, all out of one seed. The
 * machines inside are those of libhokey.
 *
 *     device.c    a device: ER peer, link, a little EAP method, lower layer
 *     point.c     an access point: one ER authenticator port per device
 *     server.c    home and local servers: hk_home, proxy, key distribution
 *     network.c   what carries packets, and loses, doubles and breaks them
 *     faults.c    crashes, partitions, clock steps, attackers
 *     check.c     what must never happen
 *
 * w->now is the true time; each machine sees it through a clock of its own.
 */
#ifndef HK_SIM_H
#define HK_SIM_H

#include "agenda.h"
#include "ledger.h"
#include "rng.h"
#include "store.h"

#include "crypto/crypto.h"

#include <hokey/er_authenticator.h>
#include <hokey/er_peer.h>
#include <hokey/home.h>
#include <hokey/keydist.h>
#include <hokey/visited.h>

#include <stdio.h>

#define T0             ((hk_time)1700000000000)
#define NOBODY         UINT32_MAX
#define HOME_DOMAIN    0
#define DOMAINS_MAX    5
#define SERVERS_MAX    (2 * DOMAINS_MAX)
#define ATTRIBUTES_MAX 300
#define PACKET_MAX     1100
#define KEY_LEN        HK_AAA_KEY_LEN
#define NONCE_LEN      16
#define MIC_LEN        16
#define HEARD_MAX      6
#define METHOD         255 /* EAP type: experimental, RFC 3748 section 5.8 */

/* What can go wrong. Each occurrence has a number, by which a shrunk scenario keeps it. */
enum fault {
	FAULT_LOSS,
	FAULT_DUPLICATION,
	FAULT_REORDERING,
	FAULT_DELAY,
	FAULT_CORRUPTION,
	FAULT_PARTITION,
	FAULT_SERVER_CRASH,
	FAULT_POWER_CUT,
	FAULT_POINT_CRASH,
	FAULT_DEVICE_CRASH,
	FAULT_CLOCK_STEP,
	FAULT_STORE,
	FAULT_ATTACK,
	FAULTS
};

/* What must never happen; the order of names in check.c. */
enum invariant {
	INV_NONE,
	INV_SEQ_ONCE,   /* a sequence number accepted twice for one rRK */
	INV_SEQ_REUSED, /* a peer used a number for two different requests */
	INV_RMSK_TWO,   /* one rMSK for two authenticators */
	INV_AGREEMENT,  /* peer and authenticator with different keys in use */
	INV_LIFETIME,   /* a key outlives its parent */
	INV_HOLDER,     /* a key where it may not be */
	INV_DSRK_TWO,   /* one DSRK for two entities */
	INV_BOUNDED,    /* an exchange that does not end */
	INV_LINK_DOWN,  /* a working link taken down for a forged or failed re-authentication */
	INVARIANTS
};

/* Defects built into the world around the library, to show that each invariant can fail. */
enum mutant {
	MUTANT_NONE,
	MUTANT_STORE_ACCEPTS_TWICE,
	MUTANT_STORE_FORGETS_COUNTERS,
	MUTANT_ANSWER_BEFORE_SYNC,
	MUTANT_PEER_REUSES_SEQ,
	MUTANT_NAS_NOT_TOLD_APART,
	MUTANT_SENDER_BELIEVED,
	MUTANT_WRONG_KEY,
	MUTANT_NO_HANDSHAKE,
	MUTANT_LIFETIME_IGNORED,
	MUTANT_PEER_CLOCK,
	MUTANT_SESSION_ENDLESS,
	MUTANT_MISDELIVERY,
	MUTANT_DOMAIN_NOT_CHECKED,
	MUTANT_DSRK_LEAKS,
	MUTANT_STORE_KEEPS_MORE,
	MUTANT_GRANT_FORGOTTEN,
	MUTANT_PEER_TIMER_LOST,
	MUTANT_POINT_TIMER_LOST,
	MUTANT_POINT_SHUTS_ON_FAILURE,
	MUTANT_PEER_LEAVES_ON_FAILURE,
	MUTANTS
};

/* What a city's network does at a handover. */
enum city {
	CITY_NONE,
	CITY_FULL,  /* full EAP at the home server each time */
	CITY_HOME,  /* ERP with the home server */
	CITY_LOCAL, /* ERP with a local ER server */
};

#define CITY_HOURS 24

/* What is measured there. Latencies in ms, the last one is for all above. */
#define LATENCY_MAX 20000
struct city_measure {
	uint64_t handovers;
	uint64_t not_settled;
	uint32_t latency[LATENCY_MAX + 1];
	uint64_t by_hour[CITY_HOURS];
	uint64_t home_requests[CITY_HOURS];
	uint64_t local_requests[CITY_HOURS];
};

/* One scenario: with the same values the same things happen. */
struct scenario {
	uint64_t seed;
	uint32_t devices; /* 0: the seed decides, as for the next two */
	uint32_t points;
	uint32_t domains; /* with that of home */
	uint64_t events;  /* stop after so many; 0: the seed decides */
	uint32_t faults;  /* bit n: enum fault n happens */
	enum mutant mutant;
	enum city city;
	struct city_measure *measure; /* of a city */
	const uint8_t *devices_off;   /* devices that stay at home; NULL: none */
	/* Occurrences of faults that are left out, per kind, ascending. */
	const uint32_t *left_out[FAULTS];
	size_t nleft_out[FAULTS];
	bool trace;
	FILE *trace_to;
};

enum event_type {
	EVENT_FRAME,         /* a: point, b: device; message: struct frame */
	EVENT_AAA,           /* a: node it goes to; message: struct aaa */
	EVENT_SERVE,         /* a: server */
	EVENT_SERVER_UP,     /* a: server */
	EVENT_DEVICE,        /* a: device; its link's deadline */
	EVENT_DEVICE_EAP,    /* a: device; patience with full EAP */
	EVENT_DEVICE_SETTLE, /* a: device; nowhere let in until now */
	EVENT_MOVE,          /* a: device */
	EVENT_GONE,          /* a: point, b: device; generation: association */
	EVENT_PORT,          /* a: point, b: device */
	EVENT_RESEND,        /* a: point, b: device; AAA request without an answer */
	EVENT_HANDSHAKE,     /* a: point, b: device */
	EVENT_DISASSOC,      /* a: device, generation: association */
	EVENT_FAULT,         /* a: enum fault */
	EVENT_EXPIRE,        /* a: server */
	EVENT_TYPES
};

enum frame_kind {
	FRAME_EAP,
	FRAME_EAP_START, /* a device asks for full EAP */
	FRAME_M1,        /* key confirmation: point proves the key and gives a nonce */
	FRAME_M2,
	FRAME_M3,
	FRAME_M4,
};

struct frame {
	enum frame_kind kind;
	bool to_device;
	bool forged; /* nobody who may have sent it did */
	uint16_t len;
	uint8_t octets[PACKET_MAX];
};

/* Nodes of the AAA network: servers, then access points. */
struct aaa {
	bool reply;
	uint32_t from, to;
	/* of a request, and copied into its reply */
	uint32_t point, device, association, transaction;
	uint32_t sender;   /* the point it is from in truth: `point` is what it says of itself */
	uint32_t proxy_id; /* set by a local server that forwards */
	hk_time sent;
	char user_name[HK_NAI_MAX_LEN + 1];
	uint8_t state[HK_STATE_LEN];
	bool has_state;
	uint16_t len;
	uint8_t octets[PACKET_MAX];
	/* key distribution, between servers */
	bool asks;
	struct hk_krs_request asked;
	uint32_t asker;    /* entity whose key transport key it is */
	hk_time emsk_ends; /* with a delivery: true time, as far as the home server knows */
	uint16_t attributes_len;
	uint8_t attributes[ATTRIBUTES_MAX]; /* of RADIUS */
	/* reply */
	enum hk_verdict verdict;
	bool has_key;
	uint8_t key[KEY_LEN];
	uint32_t session_timeout_s;
};

/* ---- devices ---- */

struct login {
	bool ready; /* the server was verified: keys are there */
	uint8_t session_id[1 + 2 * NONCE_LEN];
	uint8_t keys[2 * KEY_LEN]; /* MSK, EMSK */
};

struct device {
	uint32_t id;
	bool off;
	struct rng rng;
	int64_t clock; /* its time less the true time */
	struct hk_er_peer peer;
	struct hk_er_link link;
	struct hk_hmac_key secret; /* for the EAP method */
	uint32_t point;            /* NOBODY: not attached */
	uint32_t association;      /* counts attachments */
	uint32_t generation;       /* of timers */
	uint32_t eap_generation;
	struct login login;
	bool up; /* the lower layer has confirmed a key */
	bool candidate;
	uint8_t candidate_key[KEY_LEN];
	uint8_t key[KEY_LEN]; /* in use while up */
	bool lost_timer;      /* MUTANT_PEER_TIMER_LOST */
	hk_time attached;
	hk_time waiting_since; /* an exchange runs; 0: none */
	uint32_t waiting_seqs;
	hk_time full_since;    /* full EAP runs; 0: it does not */
	hk_time differs_since; /* both ends use keys, and not the same; 0: all is well */
	uint8_t saved[HK_ER_PEER_STATE_MAX];
	size_t saved_len; /* 0: nothing on its disk */
	/* what an attacker has heard: the last packets it sent */
	struct {
		uint16_t len;
		uint8_t octets[PACKET_MAX];
	} heard[HEARD_MAX];
	uint32_t nheard;
	uint32_t last_login; /* index of w->logins, NOBODY */
};

/* ---- access points ---- */

struct station {
	struct hk_er_port port;
	struct hk_aaa_request identity;
	char calling[24];
	uint32_t device;
	uint32_t association;
	uint32_t generation;
	uint32_t resend_generation, resends;
	uint32_t handshake_generation, handshakes;
	uint8_t step; /* of key confirmation: 0 none, 1 M1 sent, 3 M3 sent */
	bool attacker;
	bool used; /* a key was confirmed: traffic flows */
	bool candidate;
	bool lost_timer;
	uint8_t nonce[NONCE_LEN];
	uint8_t candidate_key[KEY_LEN];
	uint8_t key[KEY_LEN];
	hk_time candidate_ends, key_ends; /* as the server said; HK_NEVER */
	struct aaa *pending;
	hk_time busy_since; /* something is outstanding, without progress; 0: nothing */
	enum hk_er_port_state busy_state;
	uint32_t busy_transaction;
	uint8_t busy_identifier;
};

struct point {
	uint32_t id;
	uint32_t domain;
	int64_t clock;
	char name[16];
	char station_id[40];
	uint8_t address[4];
	struct hk_er_port_config config;
	struct station **stations; /* by device; one more for the attacker */
};

/* ---- servers ---- */

#define QUEUE_MAX    64
#define PROXIED_MAX  256
#define SESSIONS_MAX 512

struct proxied {
	uint32_t id; /* 0: free */
	hk_time sent;
	uint32_t from;
	struct hk_visited_pending pending;
	bool asks;
	struct aaa request; /* as it came */
};

struct method_session {
	bool used;
	uint32_t device;
	uint32_t client;
	uint8_t state[HK_STATE_LEN];
	uint8_t nonce[NONCE_LEN];
};

struct server {
	uint32_t id;
	uint32_t domain;
	bool up;
	struct rng rng;
	int64_t clock;
	struct hk_home *home;
	struct hk_home_worker worker;
	struct hk_keystore *store;
	struct aaa *queue[QUEUE_MAX];
	size_t nqueue;
	bool scheduled;
	uint32_t incarnation;
	uint32_t next_proxy;
	struct proxied proxied[PROXIED_MAX];
	uint32_t next_session;
	struct method_session sessions[SESSIONS_MAX];
};

struct domain {
	char name[32];
	struct hk_bytes realm;
	uint32_t servers[2];
	uint32_t nservers;
	struct sim_store *store; /* NULL: memory, lost when its server ends */
	int64_t wall;            /* the machine's clock less the true time */
	struct hk_er_policy erp;
	struct hk_home_policy policy;
	struct hk_visited_policy visited;
};

/* An owner of key transport keys. The last one is up to no good. */
struct entity {
	char name[32];
	struct hk_bytes domains[DOMAINS_MAX];
	struct hk_bytes realms[1];
	struct hk_ktk ktk;
};

/* What full EAP left at home, for the checks. */
struct login_record {
	uint32_t device;
	uint8_t emsk_name[HK_EMSK_NAME_LEN];
	uint8_t emsk[KEY_LEN];
	uint8_t session_id[1 + 2 * NONCE_LEN];
	uint8_t dsrk[DOMAINS_MAX][MIC_LEN]; /* how those begin that were delivered */
	bool has_dsrk[DOMAINS_MAX];
};

struct counts {
	uint64_t events;
	uint64_t logins, logins_failed;
	uint64_t reauths_home, reauths_local; /* at the peer */
	uint64_t accepted, repeated, refused; /* at servers */
	uint64_t unknown_key, store_errors;
	uint64_t full_eap; /* ERP gave way to full EAP */
	uint64_t handshakes, handshakes_failed;
	uint64_t delivered, denied; /* DSRKs */
	uint64_t moves, restored;
	uint64_t forged, replayed;
	uint64_t faults[FAULTS];
};

struct world {
	struct scenario scenario;
	hk_time now; /* true time */
	struct agenda agenda;
	struct rng rng; /* setting up, and mobility */
	struct rng net; /* delays */
	struct rng fault_rng[FAULTS];
	uint32_t chance[FAULTS]; /* in 10,000, or mean ms between occurrences */
	uint32_t fired[FAULTS];
	size_t left_out_at[FAULTS];

	uint32_t ndevices, npoints, ndomains, nservers;
	struct device *devices;
	struct point *points;
	struct server servers[SERVERS_MAX];
	struct domain domains[DOMAINS_MAX];
	struct hk_bytes realms[DOMAINS_MAX];
	struct entity entities[DOMAINS_MAX + 1];
	struct hk_ktk ktks[DOMAINS_MAX + 1];
	struct hk_kds_policy kds;
	struct hk_er_peer_config peer_config;
	uint32_t emsk_lifetime_s;
	uint32_t stay_ms; /* mean time at one access point */
	hk_time partition_until;
	uint64_t partition; /* mixes into who is on which side */

	struct login_record *logins;
	size_t nlogins, logins_cap;
	struct ledger ledger;
	uint64_t hash; /* of everything that happened */
	struct counts counts;
	size_t sweep;

	enum invariant broken;
	char what[256];
	uint64_t broken_at; /* number of the event */
};

/* ---- world.c ---- */

/* Runs a scenario to its end, or to where an invariant breaks. */
void world_run(struct world *w, const struct scenario *s);
void world_free(struct world *w);
void schedule(struct world *w, uint32_t type, hk_time at, uint32_t a, uint32_t b,
	uint32_t generation, void *message);
void trace(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Folds a fact into the hash by which two runs are compared. */
void note(struct world *w, uint64_t fact);

/* True when a fault of this kind happens now, with the chance of the kind. */
bool fault_now(struct world *w, enum fault kind);
/* True when an occurrence that is about to happen is not left out. */
bool fault_counts(struct world *w, enum fault kind);

/* ---- device.c ---- */

void device_init(struct world *w, struct device *d, uint32_t id);
void device_free(struct device *d);
void device_attach(struct world *w, struct device *d, uint32_t point);
void device_detach(struct world *w, struct device *d);
void device_receive(struct world *w, struct device *d, uint32_t point, const struct frame *f);
void device_event(struct world *w, const struct event *e);
void device_crash(struct world *w, struct device *d);
hk_time device_now(const struct world *w, const struct device *d);

/* The method: what follows from two nonces and the secret. */
void method_keys(const struct hk_hmac_key *secret, const uint8_t nonces[2 * NONCE_LEN],
	uint8_t keys[2 * KEY_LEN]);
void mic(const struct hk_hmac_key *key, char what, const uint8_t *data, size_t len,
	uint8_t out[MIC_LEN]);

/* ---- point.c ---- */

void point_init(struct world *w, struct point *p, uint32_t id);
void point_free(struct world *w, struct point *p);
void point_attach(struct world *w, uint32_t point, uint32_t device, uint32_t association);
void point_receive(struct world *w, struct point *p, uint32_t device, const struct frame *f);
void point_answer(struct world *w, struct point *p, const struct aaa *reply);
void point_event(struct world *w, const struct event *e);
void point_crash(struct world *w, struct point *p);
/* What a point asks its server for just now, once more, by another point with its names. */
void point_lie(struct world *w, const struct station *s, uint32_t liar);
hk_time point_now(const struct world *w, const struct point *p);

/* ---- server.c, method.c, keys.c ---- */

void server_init(struct world *w, struct server *s, uint32_t id, uint32_t domain);
void server_start(struct world *w, struct server *s);
void server_stop(struct world *w, struct server *s);
void server_receive(struct world *w, struct server *s, struct aaa *m);
void server_event(struct world *w, const struct event *e);
hk_time server_now(const struct world *w, const struct server *s);

/* Full EAP at home: answers an EAP-Response. */
void method_answer(struct world *w, struct server *s, struct aaa *request, struct aaa *reply);
/* Home: a key of the EMSK for the ER server that asked, with a login. */
void deliver_dsrk(struct world *w, struct server *s, const struct aaa *request,
	const struct hk_key *emsk, struct aaa *reply);
/* What a home server says to a request, into its reply. */
void put_delivery(struct world *w, const struct server *s, const struct aaa *request,
	const uint8_t *emsk_name, hk_time emsk_ends, const struct hk_key_delivery *delivery,
	struct aaa *reply);
struct hk_keydist_attributes attributes_of(const struct hk_krs_request *asked);
/* Local: takes the key into the store. */
void take_dsrk(struct world *w, struct server *s, const struct proxied *p, const struct aaa *reply);
/* A request as the library sees it; views into the message. */
void request_of(const struct world *w, const struct aaa *m, char calling[24], char client[24],
	struct hk_aaa_request *request);
void keys_init(struct world *w);

/* ---- network.c ---- */

void send_frame(struct world *w, uint32_t point, uint32_t device, bool to_device,
	enum frame_kind kind, struct hk_bytes octets);
void send_forged(struct world *w, uint32_t point, uint32_t device, bool to_device,
	enum frame_kind kind, struct hk_bytes octets);
/* Takes the message. */
void send_aaa(struct world *w, struct aaa *m);
uint32_t node_of_point(const struct world *w, uint32_t point);

/* ---- faults.c ---- */

void faults_init(struct world *w);
void faults_event(struct world *w, const struct event *e);

/* ---- city.c ---- */

/* Instead of what a seed says: sizes before, policies after these were drawn. */
void city_sizes(struct world *w);
void city_policies(struct world *w);
/* Mean time at one place, at this time of the day. */
uint32_t city_stay_ms(const struct world *w);
void city_settled(struct world *w, const struct device *d);
void city_request(struct world *w, const struct server *s);
bool city_over(const struct world *w);
/* Runs all three and prints the tables. */
int city_run(const struct scenario *s);

/* ---- check.c ---- */

extern const char *const fault_names[FAULTS];
extern const char *const invariant_names[INVARIANTS];
extern const char *const mutant_names[MUTANTS];
/* Which invariant the defect breaks. */
extern const enum invariant mutant_breaks[MUTANTS];

void broken(struct world *w, enum invariant which, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void check_initiate(struct world *w, const struct device *d, struct hk_bytes packet);
void check_accept(struct world *w, const struct server *s, const struct hk_home_visit *visit,
	uint32_t point, uint32_t device);
void check_point_key(struct world *w, const struct point *p, const struct aaa *reply);
void check_peer_key(struct world *w, const struct device *d, const struct hk_er_result *r);
void check_peer_lifetimes(struct world *w, const struct device *d);
void check_wire(struct world *w, uint32_t device, const uint8_t *octets, size_t len);
/* What a server has in its store. */
void check_store(struct world *w, const struct server *s);
/* Both ends of a device's link, and time. */
void check_device(struct world *w, struct device *d);
void check_all(struct world *w);
struct login_record *login_of(struct world *w, const uint8_t emsk_name[HK_EMSK_NAME_LEN]);

#endif
