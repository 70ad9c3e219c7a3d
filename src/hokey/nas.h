/* SPDX-License-Identifier: ISC */
/*
 * The access point of `hokey peer`: carries EAP packets in Access-Requests over
 * UDP, repeats them as RFC 5080 says, and checks what comes back.
 */
#ifndef HK_HOKEY_NAS_H
#define HK_HOKEY_NAS_H

#include <hokey/erp.h>
#include <hokey/radius.h>

#include <netinet/in.h>

struct nas {
	int fd;
	struct hk_radius_secret secret;
	struct hk_radius_timers timers;
	const char *identifier; /* NAS-Identifier */
	const char *called_station_id;
	const char *calling_station_id;
	struct sockaddr_storage local;
	uint8_t next_id;
	enum hk_err problem; /* what was wrong with a reply that was dropped */
	int problem_errno;   /* with HK_ERR_SYSTEM */

	bool waiting; /* a request is outstanding */
	struct hk_radius_retransmit retransmit;
	uint64_t sent_us; /* first transmission */
	size_t request_len;
	size_t state_len; /* State of this conversation */
	uint8_t request[HK_RADIUS_MAX_LEN];
	uint8_t state[HK_RADIUS_VALUE_MAX];
	uint8_t reply[HK_RADIUS_MAX_LEN];
	uint8_t eap[HK_RADIUS_MAX_LEN];
};

struct nas_reply {
	struct hk_radius radius; /* into the nas, until the next receive */
	struct hk_bytes eap;     /* data NULL: none */
	uint64_t round_trip_us;
	uint32_t transmissions;
	bool has_key;
	uint8_t key[64]; /* MS-MPPE-Recv-Key | MS-MPPE-Send-Key */
};

/* Resolves and connects; what was connected before is closed. On failure *why says what failed. */
enum hk_err nas_open(
	struct nas *n, const char *host, const char *port, uint32_t timeout_ms, const char **why);
void nas_close(struct nas *n);

/* A new conversation, perhaps at another access point: no State. */
void nas_start(struct nas *n, const char *identifier);

/* EAP-Initiate/Re-auth-Start: what an access point of that domain says to who comes to it. */
struct hk_bytes nas_greet(struct hk_bytes domain, uint8_t octets[HK_ERP_MAX_LEN]);

/* Sends an EAP packet. What was outstanding is forgotten. HK_ERR_SYSTEM, HK_ERR_TOO_LONG. */
enum hk_err nas_send(struct nas *n, struct hk_bytes user_name, struct hk_bytes eap);

/* RADIUS identifier of the request sent last. */
uint8_t nas_last_id(const struct nas *n);

/*
 * Waits for the answer, repeating the request as needed. HK_ERR_TIMEOUT: the
 * moment `until` came first. HK_ERR_LIMIT: no answer, given up. n->problem
 * tells of replies that were dropped. With nothing outstanding, only waits.
 */
enum hk_err nas_receive(struct nas *n, hk_time until, struct nas_reply *out);

/* For the jitter of timers. */
uint16_t random_16(void);

#endif
