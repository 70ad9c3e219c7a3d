/* SPDX-License-Identifier: ISC */
#include "hokeyd/ocsp_client.h"

#include <event2/buffer.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define HEADERS_MAX 8192
#define HTTP_PORT   80

struct hk_ocsp_question {
	struct hk_ocsp_question *next;
	struct hk_ocsp_question **link;
	struct hk_ocsp_client *client;
	struct evhttp_connection *connection;
	struct event *end; /* when time is up, or as soon as there is an outcome */
	struct evbuffer *response;
	char failure[64]; /* empty: none so far */
	hk_ocsp_done *done;
	void *arg;
};

/* ---- where to ask ---- */

static struct evhttp_uri *parse(const char *url)
{
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	const char *scheme = uri ? evhttp_uri_get_scheme(uri) : NULL;
	const char *host = uri ? evhttp_uri_get_host(uri) : NULL;

	if (scheme && strcasecmp(scheme, "http") == 0 && host && *host &&
		!evhttp_uri_get_userinfo(uri))
		return uri;
	if (uri)
		evhttp_uri_free(uri);
	return NULL;
}

bool hk_ocsp_is_url(const char *text)
{
	struct evhttp_uri *uri = parse(text);

	if (uri)
		evhttp_uri_free(uri);
	return uri != NULL;
}

static uint16_t port_of(const struct evhttp_uri *uri)
{
	int port = evhttp_uri_get_port(uri);

	return port > 0 ? (uint16_t)port : HTTP_PORT;
}

/* The host as the system wants it: an IPv6 address without its brackets. */
static void plain_host(const struct evhttp_uri *uri, char *host, size_t size)
{
	const char *text = evhttp_uri_get_host(uri);
	size_t n = strlen(text);

	if (n > 2 && text[0] == '[' && text[n - 1] == ']')
		snprintf(host, size, "%.*s", (int)(n - 2), text + 1);
	else
		snprintf(host, size, "%s", text);
}

/* ---- questions ---- */

static void forget(struct hk_ocsp_question *q)
{
	if (q->link) {
		*q->link = q->next;
		if (q->next)
			q->next->link = q->link;
		q->client->n--;
	}
	if (q->connection)
		evhttp_connection_free(q->connection);
	if (q->end)
		event_free(q->end);
	if (q->response)
		evbuffer_free(q->response);
	free(q);
}

static void fail(struct hk_ocsp_question *q, const char *why)
{
	snprintf(q->failure, sizeof(q->failure), "%s", why);
}

/* The connection must not be freed by its own callbacks, so all ends come here. */
static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct hk_ocsp_question *q = arg;
	size_t n = evbuffer_get_length(q->response);
	struct hk_bytes response = n ? hk_bytes(evbuffer_pullup(q->response, -1), n) : HK_NO_BYTES;

	(void)fd;
	(void)what;
	if (!n && !q->failure[0])
		fail(q, "no answer in time");
	q->done(q->arg, response, n ? NULL : q->failure);
	forget(q);
}

static void on_error(enum evhttp_request_error error, void *arg)
{
	struct hk_ocsp_question *q = arg;

	switch (error) {
	case EVREQ_HTTP_DATA_TOO_LONG:
		fail(q, "the answer is too long");
		break;
	case EVREQ_HTTP_INVALID_HEADER:
		fail(q, "the answer is not HTTP");
		break;
	default:
		fail(q, "the connection ended before the answer");
		break;
	}
}

/* req: NULL or code 0 when nothing came. */
static void on_answer(struct evhttp_request *req, void *arg)
{
	struct hk_ocsp_question *q = arg;
	int code = req ? evhttp_request_get_response_code(req) : 0;

	if (code == HTTP_OK) {
		evbuffer_add_buffer(q->response, evhttp_request_get_input_buffer(req));
		fail(q, "the answer is empty");
	} else if (code) {
		snprintf(q->failure, sizeof(q->failure), "HTTP status %d", code);
	} else if (!q->failure[0]) {
		fail(q, "it cannot be reached");
	}
	event_active(q->end, EV_TIMEOUT, 0);
}

static struct evhttp_request *make_request(
	struct hk_ocsp_question *q, const struct evhttp_uri *uri, struct hk_bytes der)
{
	struct evhttp_request *req = evhttp_request_new(on_answer, q);
	struct evkeyvalq *headers;
	char host[300];

	if (!req)
		return NULL;
	headers = evhttp_request_get_output_headers(req);
	snprintf(host, sizeof(host), "%s:%u", evhttp_uri_get_host(uri), port_of(uri));
	if (evhttp_add_header(headers, "Host", host) ||
		evhttp_add_header(headers, "Content-Type", "application/ocsp-request") ||
		evhttp_add_header(headers, "Accept", "application/ocsp-response") ||
		evhttp_add_header(headers, "Connection", "close") ||
		evbuffer_add(evhttp_request_get_output_buffer(req), der.data, der.len)) {
		evhttp_request_free(req);
		return NULL;
	}
	evhttp_request_set_error_cb(req, on_error);
	return req;
}

static bool send_question(
	struct hk_ocsp_question *q, const struct evhttp_uri *uri, struct hk_bytes der)
{
	struct hk_ocsp_client *c = q->client;
	const char *path = evhttp_uri_get_path(uri), *query = evhttp_uri_get_query(uri);
	struct evhttp_request *req;
	char host[256], target[600];

	plain_host(uri, host, sizeof(host));
	snprintf(target, sizeof(target), "%s%s%s", path && *path ? path : "/", query ? "?" : "",
		query ? query : "");
	q->connection = evhttp_connection_base_new(c->base, c->names, host, port_of(uri));
	if (!q->connection)
		return false;
	evhttp_connection_set_max_headers_size(q->connection, HEADERS_MAX);
	evhttp_connection_set_max_body_size(q->connection, HK_OCSP_ANSWER_MAX);
	req = make_request(q, uri, der);
	return req && evhttp_make_request(q->connection, req, EVHTTP_REQ_POST, target) == 0;
}

static bool prepare(struct hk_ocsp_question *q, uint32_t timeout_ms)
{
	const struct timeval t = {timeout_ms / 1000, (suseconds_t)(timeout_ms % 1000) * 1000};
	struct hk_ocsp_client *c = q->client;

	if (!c->names)
		c->names = evdns_base_new(c->base,
			EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	/* Without name servers addresses can still be asked, and /etc/hosts. */
	if (!c->names)
		c->names = evdns_base_new(c->base, 0);
	q->response = evbuffer_new();
	q->end = evtimer_new(c->base, on_end, q);
	return c->names && q->response && q->end && evtimer_add(q->end, &t) == 0;
}

static void enlist(struct hk_ocsp_question *q)
{
	struct hk_ocsp_client *c = q->client;

	q->next = c->questions;
	q->link = &c->questions;
	if (q->next)
		q->next->link = &q->next;
	c->questions = q;
	c->n++;
}

struct hk_ocsp_question *hk_ocsp_ask(struct hk_ocsp_client *c, const char *url,
	struct hk_bytes request, uint32_t timeout_ms, hk_ocsp_done *done, void *arg)
{
	struct evhttp_uri *uri = c->n < HK_OCSP_QUESTIONS_MAX ? parse(url) : NULL;
	struct hk_ocsp_question *q = uri ? calloc(1, sizeof(*q)) : NULL;
	bool sent = false;

	if (q) {
		q->client = c;
		q->done = done;
		q->arg = arg;
		enlist(q);
		sent = prepare(q, timeout_ms) && send_question(q, uri, request);
		if (!sent)
			forget(q);
	}
	if (uri)
		evhttp_uri_free(uri);
	return sent ? q : NULL;
}

void hk_ocsp_cancel(struct hk_ocsp_question *q)
{
	forget(q);
}

/* ---- the client ---- */

void hk_ocsp_client_init(struct hk_ocsp_client *c, struct event_base *base)
{
	*c = (struct hk_ocsp_client){.base = base};
}

void hk_ocsp_client_renew(struct hk_ocsp_client *c)
{
	if (!c->names || c->n)
		return;
	evdns_base_free(c->names, 0);
	c->names = NULL;
}

void hk_ocsp_client_free(struct hk_ocsp_client *c)
{
	while (c->questions)
		forget(c->questions);
	hk_ocsp_client_renew(c);
}
