/* SPDX-License-Identifier: ISC */
/*
 * RADIUS packets (RFC 2865, 2866, 2869, 3579, 5080, 5176, 5997, 6929, 8044):
 * reading, writing, signing, hiding. No sockets, no clock.
 *
 * A received packet is a struct hk_radius: the datagram, checked once, and
 * walked in place. A packet to be sent is written straight into a buffer,
 * Message-Authenticator first, and signed at the end.
 */
#ifndef HOKEY_RADIUS_H
#define HOKEY_RADIUS_H

#include <hokey/bytes.h>
#include <hokey/clock.h>
#include <hokey/error.h>

#define HK_RADIUS_HEADER_LEN 20
#define HK_RADIUS_MAX_LEN    4096
#define HK_RADIUS_AUTHENTICATOR_LEN 16
#define HK_RADIUS_VALUE_MAX  253
#define HK_RADIUS_VSA_MAX    247
#define HK_RADIUS_SECRET_MAX 255
#define HK_RADIUS_MAX_ATTRIBUTES 200

#define HK_VENDOR_MICROSOFT  311u
#define HK_VENDOR_HOKEY      32473u /* documentation number, until we have one */

enum hk_radius_code {
	HK_RADIUS_ACCESS_REQUEST = 1,
	HK_RADIUS_ACCESS_ACCEPT = 2,
	HK_RADIUS_ACCESS_REJECT = 3,
	HK_RADIUS_ACCOUNTING_REQUEST = 4,
	HK_RADIUS_ACCOUNTING_RESPONSE = 5,
	HK_RADIUS_ACCESS_CHALLENGE = 11,
	HK_RADIUS_STATUS_SERVER = 12,
	HK_RADIUS_STATUS_CLIENT = 13,
	HK_RADIUS_DISCONNECT_REQUEST = 40,
	HK_RADIUS_DISCONNECT_ACK = 41,
	HK_RADIUS_DISCONNECT_NAK = 42,
	HK_RADIUS_COA_REQUEST = 43,
	HK_RADIUS_COA_ACK = 44,
	HK_RADIUS_COA_NAK = 45,
	HK_RADIUS_PROTOCOL_ERROR = 52,
};

enum hk_radius_type {
	HK_RADIUS_USER_NAME = 1,
	HK_RADIUS_USER_PASSWORD = 2,
	HK_RADIUS_CHAP_PASSWORD = 3,
	HK_RADIUS_NAS_IP_ADDRESS = 4,
	HK_RADIUS_NAS_PORT = 5,
	HK_RADIUS_SERVICE_TYPE = 6,
	HK_RADIUS_FILTER_ID = 11,
	HK_RADIUS_FRAMED_MTU = 12,
	HK_RADIUS_REPLY_MESSAGE = 18,
	HK_RADIUS_STATE = 24,
	HK_RADIUS_CLASS = 25,
	HK_RADIUS_VENDOR_SPECIFIC = 26,
	HK_RADIUS_SESSION_TIMEOUT = 27,
	HK_RADIUS_IDLE_TIMEOUT = 28,
	HK_RADIUS_TERMINATION_ACTION = 29,
	HK_RADIUS_CALLED_STATION_ID = 30,
	HK_RADIUS_CALLING_STATION_ID = 31,
	HK_RADIUS_NAS_IDENTIFIER = 32,
	HK_RADIUS_PROXY_STATE = 33,
	HK_RADIUS_ACCT_STATUS_TYPE = 40,
	HK_RADIUS_ACCT_SESSION_ID = 44,
	HK_RADIUS_EVENT_TIMESTAMP = 55,
	HK_RADIUS_NAS_PORT_TYPE = 61,
	HK_RADIUS_TUNNEL_TYPE = 64,
	HK_RADIUS_TUNNEL_MEDIUM_TYPE = 65,
	HK_RADIUS_TUNNEL_PASSWORD = 69,
	HK_RADIUS_ARAP_PASSWORD = 70,
	HK_RADIUS_EAP_MESSAGE = 79,
	HK_RADIUS_MESSAGE_AUTHENTICATOR = 80,
	HK_RADIUS_TUNNEL_PRIVATE_GROUP_ID = 81,
	HK_RADIUS_CHARGEABLE_USER_IDENTITY = 89,
	HK_RADIUS_NAS_IPV6_ADDRESS = 95,
	HK_RADIUS_ERROR_CAUSE = 101,
	HK_RADIUS_EAP_KEY_NAME = 102,
	HK_RADIUS_OPERATOR_NAME = 126,
};

/* Values of Error-Cause (RFC 5176 section 3.5, RFC 7930). */
enum hk_error_cause {
	HK_CAUSE_UNSUPPORTED_ATTRIBUTE = 401,
	HK_CAUSE_MISSING_ATTRIBUTE = 402,
	HK_CAUSE_NAS_MISMATCH = 403,
	HK_CAUSE_UNSUPPORTED_SERVICE = 405,
	HK_CAUSE_UNSUPPORTED_EXTENSION = 406,
	HK_CAUSE_NOT_ROUTABLE = 502,
	HK_CAUSE_NOT_FOUND = 503,     /* session context, here: the key */
	HK_CAUSE_NO_RESOURCES = 506,
	HK_CAUSE_TOO_BIG = 601,
};

/* Values of Termination-Action (RFC 2865 section 5.29): what follows when the time is over. */
enum hk_termination_action {
	HK_TERMINATION_DEFAULT = 0,   /* the session has ended */
	HK_TERMINATION_RADIUS_REQUEST = 1, /* the device is to authenticate again */
};

enum hk_ms_type {
	HK_MS_MPPE_SEND_KEY = 16,     /* second half of an MSK */
	HK_MS_MPPE_RECV_KEY = 17,     /* first half */
};

/* ---- shared secrets ---- */

/* A shared secret, with its HMAC-MD5 key state scheduled. Plain value. */
struct hk_radius_secret {
	uint8_t  octets[HK_RADIUS_SECRET_MAX];
	uint8_t  len;
	uint32_t inner[4];
	uint32_t outer[4];
};

/* 1 to 255 octets, else HK_ERR_ARGUMENT. */
HK_API enum hk_err hk_radius_secret_set(struct hk_radius_secret *s, struct hk_bytes octets);

/* ---- received packets ---- */

/* Attributes whose place is noted while parsing: finding them costs nothing. */
#define HK_RADIUS_NOTED 24

struct hk_radius {
	struct hk_bytes packet;       /* by its Length field, surplus cut off */
	uint8_t  code;
	uint8_t  identifier;
	const uint8_t *authenticator; /* 16 octets, in the packet */
	struct hk_bytes attributes;   /* the attribute area */
	uint16_t message_authenticator; /* offset of its value, 0 when absent */
	uint16_t eap_octets;          /* joined length of EAP-Message */
	uint16_t eap_first;           /* offset of the first EAP-Message, 0 when absent */
	bool     eap_contiguous;      /* one attribute: its value is the EAP packet */
	bool     has_proxy_state;
	uint16_t first[HK_RADIUS_NOTED]; /* offsets of noted attributes, 0 when absent */
	uint64_t present[4];          /* bit n: there is an attribute of type n */
	uint64_t repeated[4];         /* bit n: there are several */
};

/*
 * Checks length and attributes of one datagram (RFC 2865 sections 3 and 5) in
 * one walk. HK_ERR_MALFORMED, also for a second Message-Authenticator or one
 * of a wrong length; HK_ERR_LIMIT: more than 200 attributes. Which codes are
 * welcome is for the caller to say.
 */
HK_API enum hk_err hk_radius_parse(struct hk_bytes datagram, struct hk_radius *out);

static inline bool hk_radius_has(const struct hk_radius *p, uint8_t type)
{
	return p->present[type / 64] >> (type % 64) & 1;
}

static inline bool hk_radius_has_several(const struct hk_radius *p, uint8_t type)
{
	return p->repeated[type / 64] >> (type % 64) & 1;
}

struct hk_radius_attribute {
	uint8_t         type;
	struct hk_bytes value;
	uint32_t        vendor;       /* of a Vendor-Specific with one sub-attribute; else 0 */
	uint8_t         vendor_type;
	struct hk_bytes vendor_value;
};

/* Walks an attribute area. False at its end. */
HK_API bool hk_radius_next(struct hk_reader *r, struct hk_radius_attribute *out);
/* First attribute of a type; data NULL when absent. */
HK_API struct hk_bytes hk_radius_find(const struct hk_radius *p, uint8_t type);
/* First integer attribute of a type; false when absent or not 4 octets long. */
HK_API bool hk_radius_find_u32(const struct hk_radius *p, uint8_t type, uint32_t *out);
/* First sub-attribute of a vendor, also where several share one attribute. */
HK_API struct hk_bytes hk_radius_find_vsa(
	const struct hk_radius *p, uint32_t vendor, uint8_t vendor_type);
/*
 * The EAP packet of the request: in place when it is in one attribute, else
 * joined in `joined`. data NULL when there is no EAP-Message; empty but not
 * NULL for an EAP-Start.
 */
HK_API enum hk_err hk_radius_eap(
	const struct hk_radius *p, struct hk_buf *joined, struct hk_bytes *out);

/*
 * Checks the Message-Authenticator (RFC 3579 section 3.2) of a request, or of
 * a reply when request_authenticator (16 octets) is given. HK_ERR_NOT_FOUND when there is
 * none, HK_ERR_AUTHENTICATOR when it is wrong. Constant time.
 */
HK_API enum hk_err hk_radius_check_message_authenticator(const struct hk_radius *p,
	const struct hk_radius_secret *s, const uint8_t *request_authenticator);
/* Request Authenticator of codes 4, 40, 43 (MD5 over the packet). */
HK_API enum hk_err hk_radius_check_request_authenticator(
	const struct hk_radius *p, const struct hk_radius_secret *s);
/* Response Authenticator of a reply. */
HK_API enum hk_err hk_radius_check_response_authenticator(const struct hk_radius *p,
	const struct hk_radius_secret *s, const uint8_t *request_authenticator);

/* ---- hiding (RFC 2865 5.2, RFC 2868 3.5, RFC 2548 2.4) ---- */

/*
 * Salted hiding, of MS-MPPE keys and Tunnel-Password: writes salt and String.
 * salt: its first bit must be set; unique in one packet. At most 239 octets.
 */
HK_API enum hk_err hk_radius_hide_salted(const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, uint16_t salt, struct hk_bytes plain,
	struct hk_buf *out);
/* HK_ERR_MALFORMED when it cannot be (a wrong secret most likely). */
HK_API enum hk_err hk_radius_unhide_salted(const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, struct hk_bytes hidden, struct hk_buf *out);
HK_API enum hk_err hk_radius_hide_password(const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, struct hk_bytes plain, struct hk_buf *out);
HK_API enum hk_err hk_radius_unhide_password(const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, struct hk_bytes hidden, struct hk_buf *out);

/* ---- sent packets ---- */

/*
 * Writes header and a Message-Authenticator of zeros as first attribute into
 * an empty buffer. Codes 4 and 5 go without one; a caller who wants it in an
 * Accounting-Response (the answer to a Status-Server) puts 16 zeros there
 * first. Length and authenticators come with signing.
 */
HK_API void hk_radius_begin(struct hk_buf *b, uint8_t code, uint8_t identifier);
HK_API void hk_radius_put(struct hk_buf *b, uint8_t type, struct hk_bytes value);
HK_API void hk_radius_put_u32(struct hk_buf *b, uint8_t type, uint32_t value);
HK_API void hk_radius_put_vsa(
	struct hk_buf *b, uint32_t vendor, uint8_t vendor_type, struct hk_bytes value);
/* EAP packet in pieces of 253 octets; empty: an EAP-Start. */
HK_API void hk_radius_put_eap(struct hk_buf *b, struct hk_bytes eap);
/* MS-MPPE-Recv-Key and -Send-Key from 64 octets; salt and salt + 1 are used. */
HK_API void hk_radius_put_mppe_keys(struct hk_buf *b, const struct hk_radius_secret *s,
	const uint8_t *request_authenticator, uint16_t salt, const uint8_t key[64]);
/* Copies all Proxy-State attributes of a request, in order (RFC 2865 5.33). */
HK_API void hk_radius_put_proxy_state(struct hk_buf *b, const struct hk_radius *request);

/*
 * Ends an Access-Request or Status-Server: sets the random Request
 * Authenticator given (16 octets), Length and Message-Authenticator.
 */
HK_API enum hk_err hk_radius_sign_request(
	struct hk_buf *b, const struct hk_radius_secret *s, const uint8_t *random);
/* Ends codes 4, 40, 43 (no Message-Authenticator in 4: begun without). */
HK_API enum hk_err hk_radius_sign_md5_request(struct hk_buf *b, const struct hk_radius_secret *s);
/* Ends a reply. HK_ERR_TOO_LONG: it outgrew its buffer or 4096 octets. */
HK_API enum hk_err hk_radius_sign_reply(struct hk_buf *b, const struct hk_radius_secret *s,
	const uint8_t *request_authenticator);

/* ---- dictionary ---- */

enum hk_radius_format {
	HK_FORMAT_OCTETS,
	HK_FORMAT_TEXT,
	HK_FORMAT_INTEGER,
	HK_FORMAT_IPV4,
	HK_FORMAT_IPV6,
	HK_FORMAT_TIME,
	HK_FORMAT_TAGGED_INTEGER,     /* RFC 2868: tag octet, 3 octets */
	HK_FORMAT_TAGGED_TEXT,
	HK_FORMAT_SECRET,             /* never printed */
	HK_FORMAT_INTEGER64,
	HK_FORMAT_IPV6_PREFIX,        /* RFC 3162: reserved octet, length, prefix */
};

struct hk_radius_name {
	const char *name;             /* "Tunnel-Private-Group-Id" */
	uint32_t    vendor;           /* 0: standard space */
	uint8_t     type;
	uint8_t     extended_type;    /* of types 241 to 246 (RFC 6929), else 0 */
	enum hk_radius_format format;
};

/*
 * By number, or by name (ASCII case-insensitive); NULL when unknown. Vendor-Ids
 * include HK_VENDOR_HOKEY.
 */
HK_API const struct hk_radius_name *hk_radius_attribute_by_type(uint32_t vendor, uint8_t type);
HK_API const struct hk_radius_name *hk_radius_attribute_by_extended_type(
	uint8_t type, uint8_t extended_type);
HK_API const struct hk_radius_name *hk_radius_attribute_by_name(const char *name);
/* "Access-Request"; "Unknown". */
HK_API const char *hk_radius_code_name(uint8_t code);
/* Name of a value of an enumerated attribute, or NULL; and back. */
HK_API const char *hk_radius_value_name(const struct hk_radius_name *a, uint32_t value);
HK_API bool hk_radius_value_by_name(
	const struct hk_radius_name *a, const char *name, uint32_t *value);

/*
 * Writes one attribute from text, as users files have it: `Name = value`, with
 * name and value given apart and quotes taken off. Name: of the dictionary,
 * "Attr-200" or "Vendor-9-Attr-1"; with ":tag" (1 to 31) for the attributes of
 * RFC 2868. Value: text; a number or the name of a value; an address; octets
 * as 0x and hex digits. Error text, without quoting the value, in *error.
 *
 * For reply attributes: HK_ERR_DENIED for those a server makes itself
 * (EAP-Message, State, Proxy-State, Message-Authenticator, MS-MPPE keys ...)
 * and for those that have to be hidden. HK_ERR_NOT_FOUND: unknown name.
 * HK_ERR_ARGUMENT: no value of this attribute. HK_ERR_TOO_LONG.
 */
HK_API enum hk_err hk_radius_put_text(
	struct hk_buf *b, const char *name, const char *value, const char **error);
/*
 * One attribute as text `Name = value`, for transcripts and `hokey decode`; text
 * in quotes, what is not printable in it as \xNN. Secrets become "<hidden>".
 * Always terminated (size: 1 and more); returns what snprintf would.
 */
HK_API size_t hk_radius_format_attribute(
	const struct hk_radius_attribute *a, char *text, size_t size);

/* ---- duplicates (RFC 5080 section 2.2.2) ---- */

/*
 * Remembers requests of one socket and the answers to them. Fixed memory, about
 * 480 octets for each entry: when entries or octets of answers run out, the oldest
 * go. A request in progress counts for 30 s. Not shared between threads.
 */
struct hk_radius_duplicates;      /* opaque */

struct hk_radius_source {
	uint8_t  address[16];         /* IPv4 as v4-mapped */
	uint16_t port;
	uint16_t socket;              /* number of our receiving socket */
};

enum hk_duplicate {
	HK_DUPLICATE_NEW,             /* not seen: process it, then store the answer */
	HK_DUPLICATE_ANSWERED,        /* *reply is the stored answer: send it again.
	                               * It stays until 64 further answers are stored. */
	HK_DUPLICATE_IN_PROGRESS,     /* being worked on: drop */
};

/* entries: 1 to 2^26; lifetime_ms: of an answer, counted from when it was stored. */
HK_API enum hk_err hk_radius_duplicates_new(
	size_t entries, uint32_t lifetime_ms, struct hk_radius_duplicates **out);
HK_API void hk_radius_duplicates_free(struct hk_radius_duplicates *d);
/*
 * Looks a verified request up and, when new, enters it. *entry names it for
 * hk_radius_duplicates_answer(); valid until the next but `entries` requests.
 * Same source, code and Identifier with another Request Authenticator is new
 * and replaces the old one.
 */
HK_API enum hk_duplicate hk_radius_duplicates_check(struct hk_radius_duplicates *d,
	const struct hk_radius_source *source, const struct hk_radius *request, hk_time now,
	uint64_t *entry, struct hk_bytes *reply);
/*
 * Stores the answer; false when the entry was replaced meanwhile (the answer
 * must then not be sent). An empty answer forgets the request.
 */
HK_API bool hk_radius_duplicates_answer(
	struct hk_radius_duplicates *d, uint64_t entry, struct hk_bytes reply, hk_time now);

/* ---- client side: retransmission timers (RFC 5080 section 2.2.1) ---- */

struct hk_radius_timers {
	uint32_t irt_ms, mrt_ms, mrd_ms;
	uint32_t mrc;
};

/* 2 s, 16 s, 30 s, 5 transmissions. */
HK_API struct hk_radius_timers hk_radius_timers_default(void);

struct hk_radius_retransmit {
	hk_time  first;
	hk_time  next;                /* when to act */
	uint32_t rt_ms;
	uint32_t sent;
};

/* After the first transmission. random: 0 to 65535, for the jitter. */
HK_API void hk_radius_retransmit_start(struct hk_radius_retransmit *r,
	const struct hk_radius_timers *t, hk_time now, uint16_t random);
/* At r->next: true: send the same octets again; false: give up. */
HK_API bool hk_radius_retransmit_due(struct hk_radius_retransmit *r,
	const struct hk_radius_timers *t, hk_time now, uint16_t random);

#endif
