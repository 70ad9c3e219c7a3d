/* SPDX-License-Identifier: ISC */
/*
 * The ER authenticator (RFC 6696; RFC 3748 section 2.3): a pass-through that
 * lets a peer re-authenticate.
 *
 * struct hk_er_port is one port: one peer at one lower layer. It takes EAP
 * packets of the peer, answers of the AAA server and deadlines, and says what
 * to do: send this to the peer, forward that by AAA, let the peer in with this
 * key, shut it out. Ordinary EAP goes through it as well, because the two share
 * the link: a Re-auth-Start or an EAP-Request is outstanding, never both.
 *
 * A port does no input or output and keeps no key. Time is an argument. It is
 * a plain value of fixed size; its members are for the library.
 *
 * A re-authentication that fails never ends an authorisation that stands.
 */
#ifndef HOKEY_ER_AUTHENTICATOR_H
#define HOKEY_ER_AUTHENTICATOR_H

#include <hokey/aaa.h>
#include <hokey/clock.h>
#include <hokey/erp.h>
#include <hokey/key.h>

/* RFC 6696 section 5.3: no state of an exchange is kept for longer. */
#define HK_ER_CLEAR_MS        300000u
/* RFC 6696 section 6: a copy of the Finish is kept for at least this long. */
#define HK_ER_FINISH_MIN_MS   100u
#define HK_ER_STATE_MAX       253 /* octets of a State attribute */

enum hk_er_start {
	HK_ER_START_OFF,              /* an Initiate nobody asked for still works */
	HK_ER_START_KNOWN_PEERS,      /* when the lower layer knows that the peer does ERP */
	HK_ER_START_ON,
};

struct hk_er_port_config {
	bool     enabled;             /* false: codes 5 and 6 are dropped */
	enum hk_er_start start;
	bool     announce_identity;   /* channel-binding TLVs in Start */
	uint8_t  start_transmissions; /* N_start, 1 to 3 */
	uint8_t  request_transmissions; /* 1 or more */
	uint8_t  initiate_burst;      /* Initiates taken at once, 1 or more ... */
	uint32_t initiate_ms;         /* ... and one more after each of these */
	uint32_t start_ms;            /* T_start: wait for an Initiate after Start */
	uint32_t request_ms;          /* first wait after a Request; doubled each time */
	uint32_t aaa_ms;              /* T_aaa, up to HK_ER_CLEAR_MS */
	uint32_t finish_ms;           /* T_dup, HK_ER_FINISH_MIN_MS to HK_ER_CLEAR_MS */
	struct hk_bytes domain;       /* of the local ER server; empty: none */
};

/* One Start, 1 s; Requests as RFC 3748 suggests; AAA 5 s; Finish kept for 5 s. */
HK_API struct hk_er_port_config hk_er_port_config_default(void);

enum hk_er_port_state {
	HK_ER_PORT_IDLE,              /* nothing outstanding, not authorised */
	HK_ER_PORT_START,             /* Re-auth-Start sent */
	HK_ER_PORT_REQUEST,           /* an EAP-Request sent, Identity or later */
	HK_ER_PORT_PASS,              /* an EAP-Response forwarded */
	HK_ER_PORT_AAA,               /* an Initiate forwarded */
	HK_ER_PORT_UP,                /* nothing outstanding, authorised */
	HK_ER_PORT_DOWN,              /* full EAP failed; as IDLE */
};

enum hk_er_authorised {
	HK_ER_NOT_AUTHORISED,
	HK_ER_AUTHORISED_MSK,         /* by full EAP */
	HK_ER_AUTHORISED_RMSK,        /* by ERP */
};

struct hk_er_port {
	const struct hk_er_port_config *config;
	struct hk_aaa_request identity; /* what all AAA requests of this port say */
	enum hk_er_port_state state;
	enum hk_er_authorised authorised;
	bool     known_peer;          /* does ERP, as far as is known */
	bool     session_over;        /* authorised, but only until the running attempt ends */
	bool     eap_wanted;          /* the peer asked for full EAP meanwhile */
	uint8_t  identifier;          /* of the last Start or Request made here */
	uint8_t  transmissions;       /* of what is outstanding */
	uint32_t wait_ms;
	uint32_t transaction;         /* number of the last AAA request */
	hk_time  retransmit_at;
	hk_time  aaa_until;
	hk_time  session_until;
	hk_time  limit;               /* rate of Initiates */
	hk_time  finish_until;
	uint8_t  initiate_identifier;
	uint8_t  initiate[32];        /* SHA-256 of the one that runs */
	uint8_t  answered[32];        /* SHA-256 of the one that the Finish answers */
	uint16_t finish_len;          /* 0: none kept */
	uint16_t outstanding_len;
	uint8_t  state_len;
	uint8_t  user_name_len;
	uint8_t  finish[HK_ERP_MAX_LEN];
	uint8_t  outstanding[HK_EAP_MAX_LEN]; /* Re-auth-Start or EAP-Request */
	uint8_t  aaa_state[HK_ER_STATE_MAX];
	uint8_t  user_name[HK_NAI_MAX_LEN]; /* from EAP-Response/Identity */
};

/* What came back for a forwarded packet. */
struct hk_er_answer {
	uint32_t        transaction;  /* that of the result that asked to forward */
	enum hk_verdict verdict;      /* NONE: AAA failed, or nobody serves the realm */
	struct hk_bytes eap;          /* may be empty */
	struct hk_bytes state;        /* CHALLENGE: State, up to HK_ER_STATE_MAX octets */
	struct hk_bytes key;          /* ACCEPT: MSK or rMSK, 64 octets; may be empty for an MSK */
	uint32_t        session_timeout_s; /* ACCEPT: 0 when there is none */
};

/*
 * What to do, in this order. Views point into the port, the configuration, or
 * what was passed in; they end with the next call or with these.
 */
struct hk_er_port_result {
	enum hk_err     reason;       /* why a packet or an answer came to nothing; for the log */
	struct hk_bytes send[2];      /* to the peer */
	size_t          nsend;
	uint32_t        abandon;      /* forget this AAA transaction; 0: none */
	uint32_t        forward;      /* number of a new AAA transaction; 0: none */
	struct hk_aaa_request request; /* what to forward */
	struct hk_bytes realm;        /* forward an Initiate: the realm that routes it */
	struct hk_bytes domain;       /* forward: where the local ER server asks for a DSRK */
	enum hk_er_authorised let_in; /* give `key` to the lower layer and open the port */
	struct hk_bytes key;          /* MSK or rMSK, one interface for both; may be empty */
	bool            shut;         /* close the port */
	hk_time         deadline;     /* call hk_er_port_timeout() then; HK_NEVER */
};

/*
 * identity: the authenticator's and the peer's identities and port facts; EAP,
 * User-Name and State are filled in for each request. Config and all views
 * must outlive the port. identifier: random, where Identifiers start.
 * HK_ERR_ARGUMENT: a number out of its range, an IP address of wrong length.
 * HK_ERR_REALM, HK_ERR_MALFORMED: the domain fails hk_domain_check().
 * HK_ERR_TOO_LONG: what goes into Start does not fit.
 */
HK_API enum hk_err hk_er_port_init(struct hk_er_port *port, const struct hk_er_port_config *config,
	const struct hk_aaa_request *identity, uint8_t identifier);

/*
 * A peer has come. Whatever was before is forgotten. known_peer: the lower
 * layer is sure that it does ERP.
 */
HK_API void hk_er_port_attach(
	struct hk_er_port *port, bool known_peer, hk_time now, struct hk_er_port_result *out);

/* The peer wants full EAP (EAPOL-Start and the like). */
HK_API void hk_er_port_start_eap(
	struct hk_er_port *port, hk_time now, struct hk_er_port_result *out);

/* An EAP packet from the peer. */
HK_API void hk_er_port_receive(struct hk_er_port *port, struct hk_bytes packet, hk_time now,
	struct hk_er_port_result *out);

/* The answer to a forwarded packet; one that is not awaited is dropped. */
HK_API void hk_er_port_answer(struct hk_er_port *port, const struct hk_er_answer *answer,
	hk_time now, struct hk_er_port_result *out);

/* A deadline has come. Calling it too early does nothing. */
HK_API void hk_er_port_timeout(
	struct hk_er_port *port, hk_time now, struct hk_er_port_result *out);

/* The peer is gone. All that was known of it is forgotten. */
HK_API void hk_er_port_detach(struct hk_er_port *port, struct hk_er_port_result *out);

#endif
