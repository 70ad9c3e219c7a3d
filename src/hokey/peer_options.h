/* SPDX-License-Identifier: ISC */
/* The command line of `hokey peer`. */
#ifndef HK_HOKEY_PEER_OPTIONS_H
#define HK_HOKEY_PEER_OPTIONS_H

#include <hokey/er_peer.h>
#include <hokey/radius.h>

#define PEER_PLACES_MAX 16

/* An access point. */
struct peer_place {
	const char *nas_id;
	char host[256]; /* its RADIUS server */
	char port[8];
	const char *domain; /* that it announces; NULL: what its server tells it, if it does */
};

struct peer_options {
	char host[256]; /* of --server */
	char port[8];
	struct hk_radius_secret secret;
	bool has_secret; /* else it is to be asked for */
	const char *identity;
	const char *realm;           /* home realm; of the identity when NULL */
	const char *ca, *cert, *key; /* files; all or none */
	const char *server_name;
	const char *keys;   /* state file; NULL: keys end with the process */
	const char *domain; /* of all places, as a lower layer tells it */
	struct peer_place places[PEER_PLACES_MAX]; /* at least one */
	size_t nplaces;
	const char *called_station_id;
	const char *calling_station_id;
	uint16_t tls_min, tls_max; /* enum hk_tls_version */
	uint16_t fragment_size;    /* 0: default */
	uint32_t timeout_ms;
	unsigned count;                /* ERP runs */
	uint8_t suites[HK_ERP_SUITES]; /* preferred first */
	uint8_t nsuites;               /* 0: the usual ones */
	bool full;
	bool no_erp;
	bool channel_binding;
	bool json;
};

/*
 * Reads the command line and the secret file. With *done set, the caller
 * returns the value returned: help was printed, or what was wrong.
 */
int peer_options_read(int argc, char **argv, struct peer_options *o, bool *done);

#endif
