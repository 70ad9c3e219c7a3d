/* SPDX-License-Identifier: ISC */
/*
 * The ER peer (RFC 6696): the device that re-authenticates.
 *
 * struct hk_er_peer is what the device knows: the key sets that descend from
 * its last full EAP run (one for the home domain, one per visited domain),
 * their sequence numbers, and what it learned about each authenticator.
 * struct hk_er_link is one conversation at one link. It takes EAP packets,
 * triggers and deadlines, and says what to do; several links may share a peer.
 *
 * Neither does input or output. Time and randomness are arguments. Both are
 * plain values of fixed size; their members are for the library.
 *
 * A sequence number is burnt when it is taken: nothing here ever lowers a
 * counter, and key sets go only all together, when a new EMSK replaces them.
 */
#ifndef HOKEY_ER_PEER_H
#define HOKEY_ER_PEER_H

#include <hokey/clock.h>
#include <hokey/erp.h>
#include <hokey/key.h>

#define HK_ER_PEER_SETS           8    /* the home set and 7 visited domains */
#define HK_ER_PEER_AUTHENTICATORS 16   /* remembered; the one not seen longest goes */
#define HK_ER_PEER_STATE_MAX      12288 /* hk_er_peer_save() never writes more */
#define HK_ER_LINK_HELD_MAX       1500 /* longest EAP-Request that is held back */
#define HK_ER_LINK_CB_MAX         512  /* channel-binding TLVs of one authenticator */
#define HK_ER_AUTHENTICATOR_ID    16

/* Who told the domain name, least trusted first. */
enum hk_er_source {
	HK_ER_SOURCE_NONE,
	HK_ER_SOURCE_START,           /* EAP-Initiate/Re-auth-Start: anyone could have sent it */
	HK_ER_SOURCE_DHCPV6,          /* option 65, already turned into dotted text */
	HK_ER_SOURCE_IKEV2,           /* ERX_SUPPORTED */
	HK_ER_SOURCE_LOWER_LAYER,     /* configuration or a protected lower layer */
	HK_ER_SOURCE_FINISH,          /* a verified bootstrap Finish */
	HK_ER_SOURCE_INDICATED,       /* the same with a good Authorization Indication */
};

struct hk_er_peer_config {
	uint8_t  suites[HK_ERP_SUITES]; /* used, preferred first */
	uint8_t  nsuites;
	bool     enabled;             /* false: codes 5 and 6 are dropped, full EAP only */
	bool     ask_lifetimes;       /* set L */
	bool     keep_emsk;           /* false: wiped as soon as the known domains are derived */
	bool     send_channel_binding; /* pass on to the server what the authenticator told us */
	bool     require_channel_binding; /* no rMSK without a comparison that held */
	bool     retry_unverified;    /* believe the suites of a failure without a good tag, once */
	uint16_t seq_step;            /* 1 or more */
	uint8_t  max_retransmissions; /* 3 to 5 */
	uint32_t rto_ms;              /* first retransmission, until round trips were measured */
	uint32_t rto_min_ms;
	uint32_t rto_max_ms;
	uint32_t guard_ms;            /* longest an exchange may take */
	uint32_t grace_ms;            /* longest after an unverified failure or a new EAP-Request;
	                                 0: guard_ms */
	uint32_t rmsk_lifetime_s;     /* where the server names none */
};

/* Suite 2 then 3, lifetimes asked for, EMSK kept, 3 repetitions from 1 s on, 16 s in all. */
HK_API struct hk_er_peer_config hk_er_peer_config_default(void);

/* One key set: what an ER server of one domain and we share. */
struct hk_er_set {
	struct hk_erp_keys keys;
	hk_time  expires;             /* 0: this place is empty */
	hk_time  used;                /* when a number was taken last */
	uint32_t serial;              /* never given twice */
	uint32_t next_seq;            /* 0 to 65536 */
	uint32_t reserved;            /* numbers below it are written down as used */
	uint8_t  suite;               /* that worked last; 0: none yet */
	uint8_t  refused;             /* bit n: the server refused suite n */
	bool     unusable;            /* the server failed it under its own tag */
	bool     proven;              /* a Finish verified under it */
	uint16_t realm_len;
	uint8_t  realm[HK_REALM_MAX_LEN];
};

/* What is known about one authenticator (or network: the caller's choice of names). */
struct hk_er_authenticator {
	uint8_t  id[HK_ER_AUTHENTICATOR_ID]; /* hash of its name */
	hk_time  used;                /* 0: this place is empty */
	uint32_t srtt_ms;             /* 0: no round trip measured */
	uint32_t rttvar_ms;
	uint8_t  source;              /* enum hk_er_source of the domain */
	bool     bootstrapped;        /* an explicit bootstrap succeeded here */
	uint16_t domain_len;          /* 0 with a source: there is no local ER server */
	uint8_t  domain[HK_REALM_MAX_LEN];
};

struct hk_er_peer {
	struct hk_er_peer_config config;
	struct hk_key *emsk;          /* NULL: not kept, or there was none */
	uint8_t  emsk_name[HK_EMSK_NAME_LEN];
	hk_time  emsk_expires;        /* end of everything below; 0: no keys */
	uint32_t serial;
	uint32_t floor;               /* where counters of new visited sets start */
	struct hk_er_set sets[HK_ER_PEER_SETS]; /* [0] is home */
	struct hk_er_authenticator authenticators[HK_ER_PEER_AUTHENTICATORS];
};

/* HK_ERR_ARGUMENT: no suite or an unknown one, step 0, repetitions not 3 to 5, times of 0. */
HK_API enum hk_err hk_er_peer_init(
	struct hk_er_peer *peer, const struct hk_er_peer_config *config);
/* Wipes all keys and what was learned; the configuration stays. */
HK_API void hk_er_peer_clear(struct hk_er_peer *peer);

/*
 * Takes the EMSK of a finished full EAP run, owned by the peer from here on,
 * also on error. All older key sets go; counters start at 0. home_realm: that
 * of the identity the run was made with.
 * HK_ERR_EXISTS: this very EMSK is in use already, nothing changes.
 * HK_ERR_REALM: no realm or a bad one, no ERP. HK_ERR_SUITE: its KDF is not
 * the one of the ERP cryptosuites, no ERP. In both cases older sets are gone.
 */
HK_API enum hk_err hk_er_peer_take_emsk(
	struct hk_er_peer *peer, struct hk_key *emsk, struct hk_bytes home_realm, hk_time now);

/*
 * Tells the domain an authenticator belongs to; empty: it has no local ER
 * server. One trailing dot is dropped. HK_ERR_DENIED when a more trusted
 * source said something; HK_ERR_ARGUMENT, HK_ERR_REALM for what cannot be a domain.
 */
HK_API enum hk_err hk_er_peer_learn_domain(struct hk_er_peer *peer, struct hk_bytes authenticator,
	struct hk_bytes domain, enum hk_er_source source, hk_time now);

/*
 * Derives the keys of a visited domain now, while the EMSK is there: before it is
 * forgotten, or before hk_er_peer_save(). False: they cannot be had.
 */
HK_API bool hk_er_peer_prepare(struct hk_er_peer *peer, struct hk_bytes domain, hk_time now);

/* True when ERP with the home domain could be begun now. */
HK_API bool hk_er_peer_has_keys(const struct hk_er_peer *peer, hk_time now);

/* ---- state that outlives the process ---- */

/*
 * Writes key sets and what was learned, never the EMSK. Each counter is
 * written `ahead` numbers further on, and from here on a peer takes only
 * numbers written down: save again when hk_er_peer_must_save() says so, and
 * before it is used after hk_er_peer_restore(). The octets hold keys.
 */
HK_API enum hk_err hk_er_peer_save(struct hk_er_peer *peer, uint16_t ahead, struct hk_buf *out);
/* True when fewer than `numbers` are left that are written down. */
HK_API bool hk_er_peer_must_save(const struct hk_er_peer *peer, uint16_t numbers);
/*
 * Into an initialised peer. HK_ERR_MALFORMED: not what save wrote. What has
 * expired is left out. No number may be taken before the next save.
 */
HK_API enum hk_err hk_er_peer_restore(
	struct hk_er_peer *peer, struct hk_bytes state, hk_time now);

/* ---- one link ---- */

/* What the lower layer knows about ERP at the other end. */
enum hk_er_support {
	HK_ER_SUPPORT_UNKNOWN,        /* wait for Re-auth-Start */
	HK_ER_SUPPORT_YES,            /* also answer EAP-Request/Identity with ERP, once */
	HK_ER_SUPPORT_NO,             /* full EAP only */
};

struct hk_er_link_config {
	struct hk_bytes authenticator; /* its name: NAS-Identifier, BSSID, SSID ... */
	enum hk_er_support support;
	bool     reliable;            /* the lower layer repeats: no retransmission here */
	uint8_t  identifier;          /* random: where Identifiers start */
};

enum hk_er_link_state {
	HK_ER_IDLE,                   /* nothing runs; READY or NOKEY as the peer has keys */
	HK_ER_WAIT,                   /* an Initiate is outstanding */
	HK_ER_DONE,                   /* an rMSK is in use */
	HK_ER_FULL,                   /* ordinary EAP has the link */
};

struct hk_er_link {
	struct hk_er_peer *peer;
	enum hk_er_link_state state;
	uint8_t  authenticator[HK_ER_AUTHENTICATOR_ID];
	enum hk_er_support support;
	bool     reliable;
	bool     tried;               /* ERP failed here; not again before the next link */
	bool     in_use;              /* full EAP or ERP has succeeded on it */
	bool     cb_trusted;          /* the lower layer told `cb`, not a Start */
	uint8_t  identifier;          /* of the last Initiate */

	/* the exchange */
	uint32_t set;                 /* serial of its key set */
	uint16_t seq;
	uint8_t  suite;
	uint8_t  flags;
	uint8_t  tried_suites;        /* bit n: suite n */
	uint8_t  retransmissions;
	bool     unverified_failure;
	uint8_t  unverified_suites[HK_ERP_RETRY_SUITES]; /* its list; 0 ends it */
	uint32_t rto_ms;
	hk_time  sent;
	hk_time  retransmit_at;
	hk_time  end_at;

	/* keys in use */
	hk_time  reauth_at;           /* T_rmsk */
	hk_time  full_at;             /* T_rrk */

	uint16_t cb_len;
	uint16_t packet_len;
	uint16_t held_len;
	uint8_t  cb[HK_ER_LINK_CB_MAX];       /* TLVs 128 to 191 this authenticator told */
	uint8_t  packet[HK_ERP_MAX_LEN];      /* the Initiate */
	uint8_t  held[HK_ER_LINK_HELD_MAX];   /* the newest EAP-Request, while ERP runs */
};

enum hk_er_action {
	HK_ER_NOTHING,
	HK_ER_DROPPED,                /* packet ignored; reason says why, for the log */
	HK_ER_PASS,                   /* not ERP's: the packet is for ordinary EAP */
	HK_ER_HELD,                   /* an EAP-Request is kept until ERP has ended */
	HK_ER_SEND,                   /* send `packet` */
	HK_ER_SUCCEEDED,              /* hand `rmsk` to the lower layer */
	HK_ER_LEAVE,                  /* channel binding: do not use this authenticator. Never
	                                 for a link in use because of what a Start said */
	HK_ER_FULL_EAP,               /* ERP is over: answer the Request in `packet`, or ask
	                                 for full EAP when it is empty. A link that is up
	                                 stays up meanwhile */
};

struct hk_er_result {
	enum hk_er_action action;
	enum hk_err     reason;
	struct hk_bytes packet;       /* into the link, until the next call */
	struct hk_key  *rmsk;         /* the caller's */
	struct hk_bytes domain;       /* SUCCEEDED: what a bootstrap named, into the peer */
	hk_time         deadline;     /* when to call hk_er_link_timeout(); HK_NEVER */
};

/* `random` below: any 16 random bits, for jitter. */

HK_API void hk_er_link_init(struct hk_er_link *link, struct hk_er_peer *peer,
	const struct hk_er_link_config *config, hk_time now);

/*
 * Channel-binding TLVs that the lower layer told about this authenticator, as
 * an attribute area. They replace those seen so far. HK_ERR_TOO_LONG.
 */
HK_API enum hk_err hk_er_link_set_channel_binding(
	struct hk_er_link *link, struct hk_bytes attributes);

/*
 * Starts ERP unasked: link up at an authenticator that does ERP, handover, a
 * user. bootstrap: explicitly, with the home domain, whatever is known.
 */
HK_API void hk_er_link_begin(struct hk_er_link *link, bool bootstrap, hk_time now,
	uint16_t random, struct hk_er_result *out);

/* One EAP packet of any code. */
HK_API void hk_er_link_receive(struct hk_er_link *link, struct hk_bytes packet, hk_time now,
	uint16_t random, struct hk_er_result *out);

HK_API void hk_er_link_timeout(
	struct hk_er_link *link, hk_time now, uint16_t random, struct hk_er_result *out);

/* Ordinary EAP ended, well or not. Keys of it go to hk_er_peer_take_emsk() first. */
HK_API void hk_er_link_eap_ended(
	struct hk_er_link *link, bool succeeded, hk_time now, struct hk_er_result *out);

/*
 * Asked when ERP has failed: would a bootstrap with the home be better than full
 * EAP? The ER server of a visited domain that has never had our keys gets them so,
 * in one round trip to the home. If true: hk_er_link_init() once more, then
 * hk_er_link_begin() with bootstrap.
 */
HK_API bool hk_er_link_may_bootstrap(struct hk_er_link *link, hk_time now);

/* The link is gone. Number and Identifier stay used. */
HK_API void hk_er_link_down(struct hk_er_link *link);

#endif
