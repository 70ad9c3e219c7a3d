/* SPDX-License-Identifier: ISC */
/*
 * One AAA request and its reply, the same whoever carried it.
 *
 * RADIUS, Diameter and the FreeRADIUS module decode into struct
 * hk_aaa_request and encode struct hk_aaa_reply; everything that answers (EAP
 * server, ER server, proxy) knows only these two. Views in a request point
 * into the carrier's packet.
 */
#ifndef HOKEY_AAA_H
#define HOKEY_AAA_H

#include <hokey/bytes.h>
#include <hokey/error.h>
#include <hokey/keydist.h>

#define HK_EAP_MAX_LEN       4096 /* one EAP packet in one RADIUS packet */
#define HK_STATE_LEN         16   /* octets of the State we make */
#define HK_AAA_KEY_LEN       64   /* MSK or rMSK as an authenticator gets it */
#define HK_CUI_LEN           32   /* octets of a Chargeable-User-Identity that we make */
#define HK_AUTHORIZATION_MAX 1024 /* octets of reply attributes kept per user */

struct hk_aaa_request {
	bool            has_eap;        /* false: no EAP in it at all */
	struct hk_bytes eap;            /* one whole EAP packet; empty: EAP-Start */
	struct hk_bytes user_name;
	struct hk_bytes state;          /* data NULL when absent */

	/* What the authenticator says of itself and of the peer. */
	struct hk_bytes nas_identifier;
	struct hk_bytes nas_ip_address;   /* 4 octets */
	struct hk_bytes nas_ipv6_address; /* 16 octets */
	struct hk_bytes called_station_id;
	struct hk_bytes calling_station_id;
	uint32_t        nas_port_type;  /* 0 when absent */
	uint32_t        framed_mtu;     /* 0 when absent */
	uint32_t        eap_room;       /* longest EAP packet a reply can carry; 0: no limit */

	bool            wants_key_name; /* EAP-Key-Name with one NUL octet */
	struct hk_bytes cui;            /* Chargeable-User-Identity; one NUL octet: asks for it */
	struct hk_bytes operator_name;  /* Operator-Name, with its namespace */

	/* A request for a key by an ER server on the way, as it came. */
	struct hk_keydist_attributes keydist;
	bool            secure;         /* it came over TLS or DTLS */
	bool            proxied;        /* other servers are on the way: the sender stands
	                                   for many authenticators */

	struct hk_bytes client;         /* name of the AAA client in our configuration */
	struct hk_bytes client_address; /* where it came from: one client may be a network */
	uint64_t        client_id;      /* stable number of it, also over a reload; sessions
	                                   are bound to it */
};

enum hk_verdict {
	HK_VERDICT_NONE,          /* send nothing */
	HK_VERDICT_CHALLENGE,     /* an EAP-Request follows; `state` is set */
	HK_VERDICT_ACCEPT,
	HK_VERDICT_REJECT,
	HK_VERDICT_PENDING,       /* the answer comes later */
};

struct hk_aaa_reply {
	enum hk_verdict verdict;
	struct hk_buf   eap;            /* memory of the caller, HK_EAP_MAX_LEN is enough */
	uint8_t         state[HK_STATE_LEN];
	bool            has_state;
	/* Accept only: MSK or rMSK, first 64 octets; wiped by the caller. */
	uint8_t         key[HK_AAA_KEY_LEN];
	bool            has_key;
	uint32_t        session_timeout_s;  /* 0: none; else sent with Termination-Action 1 */
	struct hk_bytes user_name;      /* empty: that of the request */
	struct hk_bytes key_name;       /* EAP Session-Id when asked for; may be empty */
	/* Accept only, when asked for: see struct hk_home_policy. */
	uint8_t         cui[HK_CUI_LEN];
	bool            has_cui;
	/* Reply attributes of the user: RADIUS attributes, ready encoded. */
	struct hk_bytes authorization;
	bool            from_elsewhere;     /* they are those of another home server */
	/* Accept only: what the ER server that asked for a key gets. */
	struct hk_key_delivery delivery;
	uint32_t        error_cause;    /* RFC 5176 section 3.5; 0: none */
	enum hk_err     reason;         /* why not accepted, for log and counters */
};

#endif
