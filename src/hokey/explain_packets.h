/* SPDX-License-Identifier: ISC */
/* The packets that can be explained. Each becomes one field with fields in it. */
#ifndef HK_HOKEY_EXPLAIN_PACKETS_H
#define HK_HOKEY_EXPLAIN_PACKETS_H

#include "hokey/decode_keys.h"
#include "hokey/explain.h"

/* Offsets are set to count from the packet, and back afterwards. */
void explain_eap(struct explain *x, struct hk_bytes packet, const struct decode_keys *keys);
/* Code 5 or 6; within the field that explain_eap() opened. */
void explain_erp(struct explain *x, struct hk_bytes packet, const struct decode_keys *keys);
/* What is behind the Type octet of EAP-TLS, PEAP, EAP-TTLS and EAP-FAST. */
void explain_eap_tls(struct explain *x, struct hk_bytes data);

/* request_authenticator: of the request that a reply answers, NULL when unknown. */
void explain_radius(struct explain *x, struct hk_bytes packet, const struct decode_keys *keys,
	const uint8_t *request_authenticator);
/* Vendor-Specific attributes that carry keys for the ER server. */
void explain_hokey_attribute(struct explain *x, uint8_t vendor_type, struct hk_bytes value);

/* An EAPOL frame (IEEE 802.1X), from its version octet on. */
void explain_eapol(struct explain *x, struct hk_bytes frame, const struct decode_keys *keys);

#endif
