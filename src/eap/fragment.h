/* SPDX-License-Identifier: ISC */
/*
 * Fragments of EAP-TLS messages (RFC 5216 section 2.1.5, RFC 9190 section
 * 2.1.9), the same for both sides. A message is all that one side has to say in
 * its flight; the octets themselves stay with the caller.
 */
#ifndef HK_EAP_FRAGMENT_H
#define HK_EAP_FRAGMENT_H

#include <hokey/eap.h>

#define HK_EAP_TLS_FLAG_LENGTH 0x80
#define HK_EAP_TLS_FLAG_MORE   0x40
#define HK_EAP_TLS_FLAG_START  0x20

/* EAP header, Type, Flags and TLS Message Length: what a fragment costs. */
#define HK_EAP_TLS_OVERHEAD 10
/* Fewer TLS octets per packet are not worth a conversation. */
#define HK_EAP_TLS_ROOM_MIN 64

/* A message that is coming in. All zero before the first fragment. */
struct hk_eap_tls_incoming {
	bool open;        /* a fragment with M came, the last one did not */
	size_t announced; /* TLS Message Length */
	size_t got;       /* octets so far */
};

struct hk_eap_tls_fragment {
	struct hk_bytes data;
	bool start; /* S: the caller decides whether it may be there */
	bool more;  /* M: to be acknowledged */
};

/*
 * Takes the data behind Type. HK_ERR_MALFORMED: no flags, no length where L is
 * set, M without L on the first fragment, a length that changed, an empty
 * fragment with M, more or fewer octets than announced. HK_ERR_TOO_LONG: more
 * than HK_EAP_TLS_MESSAGE_MAX. All are fatal for the conversation.
 */
enum hk_err hk_eap_tls_take(
	struct hk_eap_tls_incoming *in, struct hk_bytes type_data, struct hk_eap_tls_fragment *out);

/*
 * Writes the packet with the next fragment of `message`, of which *sent octets
 * have gone out, and advances *sent. room: TLS octets that fit. An empty message
 * gives the acknowledgement.
 */
enum hk_err hk_eap_tls_put(struct hk_buf *out, enum hk_eap_code code, uint8_t identifier,
	struct hk_bytes message, size_t *sent, size_t room);

#endif
