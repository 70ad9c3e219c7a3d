/* SPDX-License-Identifier: ISC */
#include "hokey/control_client.h"

#include "hokeyd/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 10

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd, saved;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
		connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool control_open(struct control_client *c, const char *path)
{
	c->fd = connect_to(path);
	c->in = c->fd < 0 ? NULL : fdopen(c->fd, "r");
	if (c->in)
		return true;
	snprintf(c->error, sizeof c->error, "no hokeyd at %s: %s", path, strerror(errno));
	if (c->fd >= 0)
		close(c->fd);
	return false;
}

void control_close(struct control_client *c)
{
	if (c->in)
		fclose(c->in);
	c->in = NULL;
}

static bool send_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		text += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool send_line(struct control_client *c, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	bool sent = text && send_all(c->fd, text, strlen(text)) && send_all(c->fd, "\n", 1);

	free(text);
	json_decref(request);
	return sent;
}

static json_t *receive_line(struct control_client *c)
{
	char line[HK_CONTROL_LINE_MAX + 1];

	if (!fgets(line, sizeof line, c->in) || !strchr(line, '\n'))
		return NULL;
	return json_loads(line, JSON_REJECT_DUPLICATES, NULL);
}

json_t *control_ask(struct control_client *c, json_t *request)
{
	const char *text;
	json_t *reply;

	if (!request || !send_line(c, request)) {
		snprintf(c->error, sizeof c->error, "hokeyd takes no request");
		return NULL;
	}
	reply = receive_line(c);
	if (!json_is_object(reply)) {
		snprintf(c->error, sizeof c->error, "hokeyd did not answer");
		json_decref(reply);
		return NULL;
	}
	if (json_is_true(json_object_get(reply, "ok")))
		return reply;
	text = json_string_value(json_object_get(reply, "error"));
	snprintf(c->error, sizeof c->error, "%s", text ? text : "hokeyd refused without a reason");
	json_decref(reply);
	return NULL;
}
