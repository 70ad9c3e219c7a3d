/* SPDX-License-Identifier: ISC */
#include "hokey/server_options.h"

#include "hokeyd/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool copy_text(char *to, size_t size, const char *from, size_t n)
{
	if (n == 0 || n >= size)
		return false;
	memcpy(to, from, n);
	to[n] = 0;
	return true;
}

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	long port = digits > 0 && digits < 6 && !text[digits] ? strtol(text, NULL, 10) : 0;

	return port > 0 && port < 65536;
}

bool split_server(const char *text, char host[256], char port[8])
{
	const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');

	copy_text(port, 8, "1812", 4);
	if (text[0] == '[') {
		if (!bracket || !copy_text(host, 256, text + 1, (size_t)(bracket - text - 1)))
			return false;
		if (!bracket[1])
			return true;
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
		return colon && is_port(colon + 1) &&
		       copy_text(port, 8, colon + 1, strlen(colon + 1));
	}
	if (!colon || strchr(text, ':') != colon) /* none, or an IPv6 address */
		return copy_text(host, 256, text, strlen(text));
	return is_port(colon + 1) && copy_text(host, 256, text, (size_t)(colon - text)) &&
	       copy_text(port, 8, colon + 1, strlen(colon + 1));
}

static const char *set_secret(struct hk_radius_secret *out, struct hk_bytes octets)
{
	return hk_radius_secret_set(out, octets) ? "the secret must have 1 to 255 octets" : NULL;
}

const char *secret_from_file(const char *path, struct hk_radius_secret *out)
{
	static char text[256];
	struct hk_file file;
	enum hk_err err = hk_file_read(path, &file);
	const char *wrong;

	if (err) {
		snprintf(text, sizeof text, "%s: %s", path, hk_file_strerror(err));
		return text;
	}
	wrong = set_secret(out, hk_bytes(file.data, strcspn((char *)file.data, "\r\n")));
	hk_file_free(&file);
	if (!wrong)
		return NULL;
	snprintf(text, sizeof text, "%s: %s", path, wrong);
	return text;
}

const char *secret_from_text(char *text, struct hk_radius_secret *out)
{
	const char *wrong = set_secret(out, hk_text(text));

	memset(text, '*', strlen(text));
	return wrong;
}
