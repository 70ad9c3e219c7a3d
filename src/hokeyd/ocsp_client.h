/* SPDX-License-Identifier: ISC */
/*
 * Asks OCSP responders over HTTP (RFC 6960 appendix A). What they answer is
 * signed; whether it is worth anything is found out by who asked.
 */
#ifndef HK_HOKEYD_OCSP_CLIENT_H
#define HK_HOKEYD_OCSP_CLIENT_H

#include <hokey/bytes.h>

#include <stdbool.h>
#include <stdint.h>

#define HK_OCSP_QUESTIONS_MAX 64    /* at a time, per worker */
#define HK_OCSP_ANSWER_MAX    65536 /* octets */

struct event_base;
struct evdns_base;

struct hk_ocsp_question;          /* opaque: one on its way */

/* One per worker. */
struct hk_ocsp_client {
	struct event_base *base;
	struct evdns_base *names;     /* made with the first question */
	struct hk_ocsp_question *questions;
	size_t             n;
};

/* response: DER, for the time of the call; empty: failure says why there is none. */
typedef void hk_ocsp_done(void *arg, struct hk_bytes response, const char *failure);

void hk_ocsp_client_init(struct hk_ocsp_client *c, struct event_base *base);
/* Questions that are left get no answer. */
void hk_ocsp_client_free(struct hk_ocsp_client *c);
/* Name servers may have changed: looks again, unless a question is on its way. */
void hk_ocsp_client_renew(struct hk_ocsp_client *c);

/*
 * Asks. `done` is called once, later, and then the question is gone. NULL when
 * it cannot be asked: too many at a time, no memory.
 */
struct hk_ocsp_question *hk_ocsp_ask(struct hk_ocsp_client *c, const char *url,
	struct hk_bytes request, uint32_t timeout_ms, hk_ocsp_done *done, void *arg);
/* Nobody wants to know any more: `done` is not called. */
void hk_ocsp_cancel(struct hk_ocsp_question *q);

/* Is it an http URL with a host that can be asked? */
bool hk_ocsp_is_url(const char *text);

#endif
