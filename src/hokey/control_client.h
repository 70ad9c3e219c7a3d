/* SPDX-License-Identifier: ISC */
/* A connection to the control socket of a running hokeyd: see hokeyd/control.h. */
#ifndef HK_HOKEY_CONTROL_CLIENT_H
#define HK_HOKEY_CONTROL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct control_client {
	int fd;
	FILE *in;        /* the same connection, for reading */
	char error[256]; /* what went wrong last, a sentence */
};

/* Into a zeroed struct. False, and error, when nobody answers there. */
bool control_open(struct control_client *c, const char *path);
void control_close(struct control_client *c);

/*
 * Sends a request, which is freed, and returns the reply, which the caller
 * frees. NULL, and error: no reply, or one with "ok": false.
 */
json_t *control_ask(struct control_client *c, json_t *request);

#endif
