/* SPDX-License-Identifier: ISC */
/* The line of a login. */
#include "hokeyd/log.h"

#include <stdarg.h>
#include <stdio.h>

const char *hk_log_escape(struct hk_bytes octets, char *text, size_t size)
{
	size_t n = 0;
	size_t cut = 0; /* up to here "..." still fits behind it */

	for (size_t i = 0; i < octets.len; i++) {
		unsigned char c = octets.data[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '\\' && c != '[' && c != ']';

		if (n + (plain ? 1 : 4) + 1 > size) {
			snprintf(text + cut, size - cut, "...");
			return text;
		}
		if (plain)
			text[n++] = (char)c;
		else
			n += (size_t)snprintf(text + n, size - n, "\\x%02x", c);
		if (n + sizeof("...") <= size)
			cut = n;
	}
	text[n] = 0;
	return text;
}

struct line {
	char *text;
	size_t size;
	size_t len;
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(l->text + l->len, l->size - l->len, format, ap);
	va_end(ap);
	l->len += (size_t)n;
	if (l->len >= l->size)
		l->len = l->size - 1;
}

static void add_escaped(struct line *l, const char *before, struct hk_bytes octets)
{
	char escaped[HK_LOG_ESCAPED];

	add(l, "%s%s", before, hk_log_escape(octets, escaped, sizeof(escaped)));
}

static void add_duration(struct line *l, uint64_t us)
{
	if (us < 9950)
		add(l, "%.1f ms", (double)us / 1000);
	else
		add(l, "%llu ms", (unsigned long long)((us + 500) / 1000));
}

static void add_eap_tls(struct line *l, const struct hk_login *login)
{
	add(l, " via EAP-TLS");
	if (login->tls_version == HK_TLS_1_3)
		add(l, " 1.3");
	else if (login->tls_version == HK_TLS_1_2)
		add(l, " 1.2");
	if (login->resumed)
		add(l, " resumed");
	add(l, ", %u round trip%s ", login->rounds, login->rounds == 1 ? "" : "s");
}

static void add_erp(struct line *l, const struct hk_login *login)
{
	add(l, " via ERP seq %u, ", login->seq);
	add_escaped(l, "key ", login->keyname_nai);
	add(l, ", ");
}

static void add_outcome(struct line *l, const struct hk_login *login)
{
	if (login->accepted) {
		add(l, "Login OK: [");
		return;
	}
	/* The detail may quote a certificate: escaped like the rest. */
	add_escaped(l, login->goes_on ? "Login goes on with full EAP (" : "Login incorrect (",
		hk_text(login->detail ? login->detail : hk_strerror(login->reason)));
	add(l, "): [");
}

void hk_login_format(const struct hk_login *login, char *text, size_t size)
{
	struct line l = {text, size, 0};

	add_outcome(&l, login);
	add_escaped(&l, "", login->user);
	add_escaped(&l, "] (from client ", login->client);
	if (login->has_nas_port)
		add(&l, " port %u", login->nas_port);
	if (login->calling_station_id.len)
		add_escaped(&l, " cli ", login->calling_station_id);
	if (login->method == HK_LOGIN_EAP_TLS)
		add_eap_tls(&l, login);
	else if (login->method == HK_LOGIN_ERP)
		add_erp(&l, login);
	else
		add(&l, ", ");
	add_duration(&l, login->duration_us);
	add(&l, ")");
}

void hk_log_login(struct hk_log *log, const struct hk_login *login)
{
	char text[HK_LOGIN_TEXT];

	if (!hk_log_wants(log, HK_LOG_INFO))
		return;
	hk_login_format(login, text, sizeof(text));
	hk_log_write(log, HK_LOG_INFO, "%s", text);
}
