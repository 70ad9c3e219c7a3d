/* SPDX-License-Identifier: ISC */
/* The control socket: connections and lines. What the commands do is in commands.c. */
#include "hokeyd/control.h"

#include "hokeyd/acceptor.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define IDLE_S 300 /* a connection nobody speaks on */

struct connection {
	struct hk_control *control;
	struct bufferevent *stream;
	bool closing; /* as soon as all is written */
};

struct hk_control {
	struct event_base *base;
	struct hk_server *server;
	struct event *accept;
	struct hk_acceptor acceptor;
	int fd;
	struct sockaddr_un address;
	struct connection connections[HK_CONTROL_CLIENTS];
};

/* ---- connections ---- */

static void close_connection(struct connection *c)
{
	bufferevent_free(c->stream);
	c->stream = NULL;
}

static void refuse(struct connection *c, const char *reply)
{
	bufferevent_write(c->stream, reply, strlen(reply));
	bufferevent_disable(c->stream, EV_READ);
	c->closing = true;
}

static void answer_line(struct connection *c, const char *line, size_t len)
{
	char *reply = hk_control_answer(c->control->server, line, len);

	if (reply)
		bufferevent_write(c->stream, reply, strlen(reply));
	else
		refuse(c, "{\"ok\":false,\"error\":\"out of memory\"}\n");
	free(reply);
}

static bool backlog(const struct connection *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->stream)) > HK_CONTROL_LINE_MAX;
}

/* As long as the other side takes the replies: what it does not read stays bounded. */
static void answer_lines(struct connection *c)
{
	struct evbuffer *in = bufferevent_get_input(c->stream);

	while (!c->closing && !backlog(c)) {
		size_t len;
		char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);

		if (!line)
			break;
		answer_line(c, line, len);
		free(line);
	}
	if (!c->closing && !backlog(c) && evbuffer_get_length(in) >= HK_CONTROL_LINE_MAX)
		refuse(c, "{\"ok\":false,\"error\":\"the line is too long\"}\n");
}

static void on_read(struct bufferevent *stream, void *arg)
{
	(void)stream;
	answer_lines(arg);
}

static void on_written(struct bufferevent *stream, void *arg)
{
	struct connection *c = arg;

	(void)stream;
	if (c->closing)
		close_connection(c);
	else
		answer_lines(c);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct connection *c = arg;

	(void)stream;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		close_connection(c);
}

static struct connection *free_place(struct hk_control *control)
{
	for (size_t i = 0; i < HK_CONTROL_CLIENTS; i++) {
		if (!control->connections[i].stream)
			return &control->connections[i];
	}
	return NULL;
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
	const struct timeval idle = {IDLE_S, 0};
	struct hk_control *control = arg;
	struct connection *c = free_place(control);
	struct sockaddr_storage from;
	socklen_t from_len;
	int fd = hk_acceptor_take(&control->acceptor, listener, &from, &from_len);

	(void)what;
	if (fd < 0)
		return;
	if (c)
		c->stream = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c || !c->stream) {
		close(fd);
		return;
	}
	c->control = control;
	c->closing = false;
	bufferevent_setcb(c->stream, on_read, on_written, on_event, c);
	bufferevent_set_timeouts(c->stream, &idle, &idle);
	bufferevent_setwatermark(c->stream, EV_READ, 0, HK_CONTROL_LINE_MAX);
	bufferevent_enable(c->stream, EV_READ | EV_WRITE);
}

/* ---- the socket ---- */

static bool is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int listen_on(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t before;
	bool bound;
	int why;

	if (fd < 0)
		return -1;
	before = umask(0117); /* 0660 from its first moment on */
	bound = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	why = errno;
	umask(before);
	if (bound && listen(fd, HK_CONTROL_CLIENTS) == 0)
		return fd;
	if (bound)
		why = errno;
	close(fd);
	errno = why;
	return -1;
}

static enum hk_err open_socket(struct hk_control *control, const char *path)
{
	if (strlen(path) >= sizeof(control->address.sun_path)) {
		errno = ENAMETOOLONG;
		return HK_ERR_SYSTEM;
	}
	control->address.sun_family = AF_UNIX;
	memcpy(control->address.sun_path, path, strlen(path) + 1);
	if (is_answered(&control->address))
		return HK_ERR_EXISTS;
	if (is_socket(path))
		unlink(path);
	control->fd = listen_on(&control->address);
	return control->fd < 0 ? HK_ERR_SYSTEM : HK_OK;
}

enum hk_err hk_control_open(struct event_base *base, struct hk_server *server, const char *path,
	struct hk_control **out)
{
	struct hk_control *control = calloc(1, sizeof(*control));
	enum hk_err err;

	if (!control)
		return HK_ERR_NO_MEMORY;
	control->fd = -1;
	hk_acceptor_init(&control->acceptor);
	control->base = base;
	control->server = server;
	err = open_socket(control, path);
	if (!err) {
		control->accept =
			event_new(base, control->fd, EV_READ | EV_PERSIST, on_accept, control);
		if (!control->accept || event_add(control->accept, NULL))
			err = HK_ERR_NO_MEMORY;
	}
	if (err) {
		int why = errno;

		hk_control_close(control);
		errno = why;
		return err;
	}
	*out = control;
	return HK_OK;
}

void hk_control_close(struct hk_control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < HK_CONTROL_CLIENTS; i++) {
		if (control->connections[i].stream)
			close_connection(&control->connections[i]);
	}
	if (control->accept)
		event_free(control->accept);
	hk_acceptor_end(&control->acceptor);
	if (control->fd >= 0) {
		close(control->fd);
		unlink(control->address.sun_path);
	}
	free(control);
}
