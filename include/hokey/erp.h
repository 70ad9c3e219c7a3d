/* SPDX-License-Identifier: ISC */
/*
 * ERP messages (RFC 6696 section 5.3): EAP-Initiate/Re-auth-Start,
 * EAP-Initiate/Re-auth, EAP-Finish/Re-auth.
 *
 * Where the attributes end cannot be seen from the packet: the numbers of the
 * cryptosuites are also attribute types. So parsing gives every reading that
 * fits (at most three), and the tag decides between them.
 */
#ifndef HOKEY_ERP_H
#define HOKEY_ERP_H

#include <hokey/bytes.h>
#include <hokey/error.h>
#include <hokey/key.h>

enum hk_erp_code {
	HK_ERP_INITIATE = 5,
	HK_ERP_FINISH = 6,
};

enum hk_erp_type {
	HK_ERP_REAUTH_START = 1,  /* with HK_ERP_INITIATE only */
	HK_ERP_REAUTH = 2,
};

enum hk_erp_flag {
	HK_ERP_FLAG_R = 0x80,     /* Finish: failure */
	HK_ERP_FLAG_B = 0x40,     /* explicit bootstrapping */
	HK_ERP_FLAG_L = 0x20,     /* lifetimes wanted, lifetimes present */
	HK_ERP_FLAG_E = 0x10,     /* early authentication, RFC 6630 */
};

enum hk_erp_attribute_type {
	HK_ERP_KEYNAME_NAI = 1,
	HK_ERP_RRK_LIFETIME = 2,
	HK_ERP_RMSK_LIFETIME = 3,
	HK_ERP_DOMAIN_NAME = 4,
	HK_ERP_CRYPTOSUITE_LIST = 5,
	HK_ERP_AUTHORIZATION_INDICATION = 6,
	HK_ERP_CALLED_STATION_ID = 128,
	HK_ERP_CALLING_STATION_ID = 129,
	HK_ERP_NAS_IDENTIFIER = 130,
	HK_ERP_NAS_IP_ADDRESS = 131,
	HK_ERP_NAS_IPV6_ADDRESS = 132,
};

/* The first and the last type of the channel-binding range. */
#define HK_ERP_CB_FIRST 128
#define HK_ERP_CB_LAST  191
#define HK_ERP_CB_KNOWN 5         /* types 128 to 132 */

enum hk_erp_suite {
	HK_SUITE_HMAC_SHA256_64 = 1,
	HK_SUITE_HMAC_SHA256_128 = 2,   /* mandatory to implement */
	HK_SUITE_HMAC_SHA256_256 = 3,
};

#define HK_ERP_SUITES         3
#define HK_ERP_MAX_LEN        1020 /* no fragmentation; what every lower layer carries */
#define HK_ERP_FILS_MAX_LEN   254  /* one FILS Wrapped Data element of a stock hostapd */
#define HK_ERP_RETRY_SUITES   8    /* suites of a Cryptosuite list that are kept */

/* Tag length in octets; 0 for a suite that does not exist. */
HK_API size_t hk_suite_tag_len(uint8_t suite);
/* "HMAC-SHA256-128"; "unknown" for a suite that does not exist. */
HK_API const char *hk_suite_name(uint8_t suite);

/* One way to read the end of a packet. */
struct hk_erp_reading {
	uint8_t  suite;
	uint16_t end;             /* offset of the Cryptosuite octet = end of attributes */
};

/* A parsed message: views into the packet, which must outlive it. */
struct hk_erp_message {
	struct hk_bytes packet;   /* Code to the last octet by the Length field */
	uint8_t         code;
	uint8_t         identifier;
	uint8_t         type;
	uint8_t         flags;    /* Re-auth only */
	uint16_t        seq;      /* Re-auth only */
	struct hk_bytes keyname_nai; /* Re-auth only: value of the first one */
	struct hk_erp_reading readings[HK_ERP_SUITES];
	uint8_t         nreadings;
	/*
	 * With nreadings = 0: a Finish with R set is an unprotected failure, an
	 * Initiate uses a suite nobody knows (or is a Start, which has none). In
	 * all three the attributes end at unprotected_end.
	 */
	uint16_t        unprotected_end;
};

/*
 * Takes an EAP packet of code 5 or 6. Octets behind its Length are ignored.
 * HK_ERR_MALFORMED: too short, Length beyond the data, attribute overrun, no
 * or two keyName-NAI, keyName-NAI not `16 hex @ realm`. HK_ERR_UNEXPECTED: a
 * code and type that do not exist together. HK_ERR_SUITE: well formed, but
 * the suite is not known (an Initiate; the message is filled in as far as it
 * goes, so that a failure can be answered).
 */
HK_API enum hk_err hk_erp_parse(struct hk_bytes packet, struct hk_erp_message *m);

/* Attributes of one reading. Views into the packet. */
struct hk_erp_attributes {
	struct hk_bytes keyname_nai;
	struct hk_bytes domain_name;             /* data NULL when absent */
	struct hk_bytes suites;                  /* Cryptosuite list, one octet each */
	struct hk_bytes authorization_indication;
	struct hk_bytes channel_binding[HK_ERP_CB_KNOWN]; /* by type - 128 */
	struct hk_bytes area;                    /* all attributes, for walking */
	uint32_t        rrk_lifetime_s;
	uint32_t        rmsk_lifetime_s;
	bool            has_rrk_lifetime;
	bool            has_rmsk_lifetime;
	bool            duplicates;              /* a type other than keyName-NAI came twice */
};

/*
 * The attributes that end at offset `end` (of a reading, or unprotected_end).
 * The first of a type counts; a value of a size its type cannot have is left
 * out. HK_ERR_ARGUMENT: end outside the packet; HK_ERR_MALFORMED: not an end.
 */
HK_API enum hk_err hk_erp_attributes(
	const struct hk_erp_message *m, uint16_t end, struct hk_erp_attributes *out);

/*
 * Walks an attribute area: fills type and value of the next attribute and
 * returns true; false at the end, at the first type of unknown size (which stays
 * unread), or, with r->underflow set, where an attribute runs over the end.
 */
HK_API bool hk_erp_attribute_next(struct hk_reader *r, uint8_t *type, struct hk_bytes *value);

/* True when the tag of that reading is right. Constant time in the tag. */
HK_API bool hk_erp_verify(const struct hk_erp_message *m, const struct hk_erp_reading *reading,
	const struct hk_hmac_key *rik);

/* ---- building ---- */

/* Starts a Re-auth message in an empty buffer and puts keyName-NAI first. */
HK_API void hk_erp_begin(struct hk_buf *b, enum hk_erp_code code, uint8_t identifier,
	uint8_t flags, uint16_t seq, struct hk_bytes keyname_nai);
/* EAP-Initiate/Re-auth-Start; attributes follow, then hk_erp_end(). */
HK_API void hk_erp_begin_start(struct hk_buf *b, uint8_t identifier);
HK_API void hk_erp_put_tlv(struct hk_buf *b, uint8_t type, struct hk_bytes value);
HK_API void hk_erp_put_lifetime(struct hk_buf *b, uint8_t type, uint32_t seconds);
/* Sets Length; HK_ERR_TOO_LONG on overflow or past 1020 octets. */
HK_API enum hk_err hk_erp_end(struct hk_buf *b);
/* Appends Cryptosuite and tag, sets Length. Errors as hk_erp_end(), and HK_ERR_SUITE. */
HK_API enum hk_err hk_erp_seal(struct hk_buf *b, uint8_t suite, const struct hk_hmac_key *rik);

/*
 * Authorization Indication (RFC 6696 section 5.3.3): reserve puts TLV 6 with a
 * zero value of the suite's tag length and gives its offset; seal_indicated
 * fills it with the key for the domain and then seals the packet with rik.
 */
HK_API size_t hk_erp_reserve_indication(struct hk_buf *b, uint8_t suite);
HK_API enum hk_err hk_erp_seal_indicated(struct hk_buf *b, uint8_t suite, size_t indication,
	const struct hk_key *auth_indication_key, const struct hk_hmac_key *rik);
/* True when TLV 6 of that reading verifies. */
HK_API bool hk_erp_verify_indication(const struct hk_erp_message *m,
	const struct hk_erp_reading *reading, const struct hk_key *auth_indication_key);

#endif
