/* SPDX-License-Identifier: ISC */
/*
 * Which client sent a datagram: by its source address alone, the longest
 * prefix wins. Clients of RADIUS/TLS are found among them (their datagrams
 * must not count for another client), but are known by what TLS says. Shared by all workers; only the marks a client collects while
 * it is used change.
 */
#ifndef HK_HOKEYD_CLIENTS_H
#define HK_HOKEYD_CLIENTS_H

#include "hokeyd/config.h"

#include <stdatomic.h>

struct hk_client {
	const struct hk_client_config *config;
	struct hk_bytes name;
	uint64_t id;                  /* from its name: the same after a reload */

	/* What the `auto` settings have learnt (CVE-2024-3596). */
	atomic_bool signs;            /* sent a valid Message-Authenticator */
	atomic_bool is_nas;           /* sent a request without Proxy-State */
	_Atomic uint64_t status;      /* second << 32 | Status-Servers answered in it */
};

struct hk_clients;                /* opaque */

/*
 * previous (may be NULL): the table in use until now; clients of the same name
 * keep their marks. The configuration must outlive the table.
 */
enum hk_err hk_clients_new(const struct hk_client_config *configs, size_t n,
	const struct hk_clients *previous, struct hk_clients **out);
void hk_clients_free(struct hk_clients *c);

/* address: 16 octets, IPv4 as v4-mapped. NULL: unknown. */
struct hk_client *hk_clients_find(const struct hk_clients *c, const uint8_t address[16]);
/* All of them, in the order of the configuration. */
struct hk_client *hk_clients_list(const struct hk_clients *c, size_t *n);
/* Is the address in the client's network? */
bool hk_client_covers(const struct hk_client *client, const uint8_t address[16]);
/* An IPv4 or IPv6 socket address in that form; the port in host order. */
void hk_client_address(const struct sockaddr_storage *from, uint8_t address[16], uint16_t *port);

#endif
