/* SPDX-License-Identifier: ISC */
#include "hokey/exchanges.h"

#include <stdio.h>

static void note(struct exchanges *e, const char *client, const char *server, const uint8_t *packet)
{
	struct exchange *x = &e->ring[e->count++ % EXCHANGES];

	snprintf(x->client, sizeof x->client, "%s", client);
	snprintf(x->server, sizeof x->server, "%s", server);
	x->identifier = packet[1];
	memcpy(x->authenticator, packet + 4, sizeof x->authenticator);
}

/* The latest one first: Identifiers come back. */
static const uint8_t *find(
	const struct exchanges *e, const char *client, const char *server, uint8_t identifier)
{
	for (size_t i = 0; i < e->count && i < EXCHANGES; i++) {
		const struct exchange *x = &e->ring[(e->count - 1 - i) % EXCHANGES];

		if (x->identifier == identifier && strcmp(x->client, client) == 0 &&
			strcmp(x->server, server) == 0)
			return x->authenticator;
	}
	return NULL;
}

const uint8_t *exchanges_see(
	struct exchanges *e, const char *from, const char *to, struct hk_bytes packet)
{
	if (packet.len < HK_RADIUS_HEADER_LEN)
		return NULL;
	switch (packet.data[0]) {
	case HK_RADIUS_ACCESS_REQUEST:
	case HK_RADIUS_ACCOUNTING_REQUEST:
	case HK_RADIUS_STATUS_SERVER:
	case HK_RADIUS_DISCONNECT_REQUEST:
	case HK_RADIUS_COA_REQUEST:
		note(e, from, to, packet.data);
		return NULL;
	default:
		return find(e, to, from, packet.data[1]);
	}
}
