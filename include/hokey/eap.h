/* SPDX-License-Identifier: ISC */
/*
 * EAP packets (RFC 3748 section 4).
 */
#ifndef HOKEY_EAP_H
#define HOKEY_EAP_H

#include <hokey/bytes.h>
#include <hokey/error.h>

enum hk_eap_code {
	HK_EAP_REQUEST = 1,
	HK_EAP_RESPONSE = 2,
	HK_EAP_SUCCESS = 3,
	HK_EAP_FAILURE = 4,
	HK_EAP_INITIATE = 5,      /* RFC 6696 */
	HK_EAP_FINISH = 6,        /* RFC 6696 */
};

enum hk_eap_type {
	HK_EAP_TYPE_IDENTITY = 1,
	HK_EAP_TYPE_NOTIFICATION = 2,
	HK_EAP_TYPE_NAK = 3,
	HK_EAP_TYPE_TLS = 13,
	HK_EAP_TYPE_EXPANDED = 254,
};

struct hk_eap_packet {
	uint8_t         code;
	uint8_t         identifier;
	uint8_t         type;     /* 0 for Success and Failure */
	struct hk_bytes data;     /* behind Type, up to Length */
	struct hk_bytes packet;   /* Code up to Length */
};

/*
 * HK_ERR_MALFORMED: shorter than 4 octets or than Length, Length below 4 (5
 * with a type), Success or Failure that is not 4 octets long. Octets behind
 * Length are padding. The code may be any; the caller decides.
 */
HK_API enum hk_err hk_eap_parse(struct hk_bytes octets, struct hk_eap_packet *out);

/* Writes a whole packet. type is left out for Success and Failure. */
HK_API enum hk_err hk_eap_write(struct hk_buf *b, enum hk_eap_code code, uint8_t identifier,
	uint8_t type, struct hk_bytes data);

/* "EAP-Response", "EAP-Initiate"; "code 9" gives "EAP-Unknown". */
HK_API const char *hk_eap_code_name(uint8_t code);
/* "Identity", "EAP-TLS"; NULL when it has no name here. */
HK_API const char *hk_eap_type_name(uint8_t type);

#endif
