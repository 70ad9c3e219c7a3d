/* SPDX-License-Identifier: ISC */
/* Capture files (pcap, pcapng): the UDP datagrams and EAPOL frames in them. */
#ifndef HK_HOKEY_CAPTURE_H
#define HK_HOKEY_CAPTURE_H

#include <hokey/bytes.h>

#include <stdio.h>
#include <sys/time.h>

enum capture_kind {
	CAPTURE_UDP,
	CAPTURE_EAPOL,
};

#define CAPTURE_ENDPOINT_MAX 64

struct capture_frame {
	unsigned long number; /* in the file, from 1 */
	struct timeval time;
	enum capture_kind kind;
	char from[CAPTURE_ENDPOINT_MAX]; /* "192.0.2.1:1812", or a MAC address */
	char to[CAPTURE_ENDPOINT_MAX];
	uint16_t from_port; /* UDP only */
	uint16_t to_port;
	struct hk_bytes payload;
	bool cut; /* the capture has not all of it */
};

typedef void capture_fn(const struct capture_frame *frame, void *argument);

/* Do these first octets of a file begin a capture? */
bool capture_begins(const uint8_t *octets, size_t n);

/*
 * Calls fn for each frame; closes the file. False with a text in error (256
 * octets) when it is no capture, is broken or has a link type we do not know.
 * Fragments of IP datagrams are not put together; *fragments counts them.
 */
bool capture_read(
	FILE *file, capture_fn *fn, void *argument, unsigned long *fragments, char *error);

#endif
