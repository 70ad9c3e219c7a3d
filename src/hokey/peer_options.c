/* SPDX-License-Identifier: ISC */
#include "hokey/peer_options.h"

#include "hokey/command.h"
#include "hokey/server_options.h"

#include <hokey/eap_tls.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
	"Usage: hokey peer --server HOST[:PORT] --identity NAI [OPTION]...\n\n"
	"Logs in to a RADIUS server as a device behind an access point: once with\n"
	"EAP-TLS, then with ERP. Checks that both sides have the same keys.\n\n"
	"  --server HOST[:PORT]     RADIUS server (port 1812)\n"
	"  --secret-file FILE       its shared secret; asked for when not given\n"
	"  --secret TEXT            the same, for throw-away tests: others see it\n"
	"  --identity NAI           who we are: name@realm\n"
	"  --realm REALM            home realm (that of the identity)\n"
	"  --ca FILE                who signs the server's certificate (PEM)\n"
	"  --cert FILE              our certificate, then intermediates (PEM)\n"
	"  --key FILE               its key (PEM)\n"
	"  --server-name NAME       what the server's certificate must say (dNSName)\n"
	"  --keys FILE              keep the keys here: the next call begins with ERP\n"
	"  --count N                ERP runs (1)\n"
	"  --nas-id NAME[,server=HOST[:PORT]][,domain=NAME]\n"
	"                           NAS-Identifier of an access point, its RADIUS server if it\n"
	"                           is another one, and the domain it announces; more of them\n"
	"                           are taken in turn\n"
	"  --called-station-id ID   of the access point\n"
	"  --calling-station-id ID  of the device\n"
	"  --domain NAME            domain of a local ER server at this place\n"
	"  --suite N                ERP cryptosuite 1, 2 or 3; more of them: preferred first\n"
	"  --channel-binding        tell the server what the access point told us\n"
	"  --full                   begin with EAP-TLS even if there are keys\n"
	"  --no-erp                 EAP-TLS only\n"
	"  --tls-min 1.2|1.3        (1.2)\n"
	"  --tls-max 1.2|1.3        (1.3)\n"
	"  --fragment N             octets of TLS in one EAP packet (1020)\n"
	"  --timeout S              seconds to wait for an answer (10)\n"
	"  --json                   one JSON object in place of text\n"
	"  --help                   this text\n";

enum option_number {
	OPTION_CA = 256,
	OPTION_CALLED_STATION_ID,
	OPTION_CALLING_STATION_ID,
	OPTION_CERT,
	OPTION_CHANNEL_BINDING,
	OPTION_COUNT,
	OPTION_DOMAIN,
	OPTION_FRAGMENT,
	OPTION_FULL,
	OPTION_HELP,
	OPTION_IDENTITY,
	OPTION_JSON,
	OPTION_KEY,
	OPTION_KEYS,
	OPTION_NAS_ID,
	OPTION_NO_ERP,
	OPTION_REALM,
	OPTION_SECRET,
	OPTION_SECRET_FILE,
	OPTION_SERVER,
	OPTION_SERVER_NAME,
	OPTION_SUITE,
	OPTION_TIMEOUT,
	OPTION_TLS_MAX,
	OPTION_TLS_MIN,
};

static const struct option long_options[] = {
	{"ca", required_argument, NULL, OPTION_CA},
	{"called-station-id", required_argument, NULL, OPTION_CALLED_STATION_ID},
	{"calling-station-id", required_argument, NULL, OPTION_CALLING_STATION_ID},
	{"cert", required_argument, NULL, OPTION_CERT},
	{"channel-binding", no_argument, NULL, OPTION_CHANNEL_BINDING},
	{"count", required_argument, NULL, OPTION_COUNT},
	{"domain", required_argument, NULL, OPTION_DOMAIN},
	{"fragment", required_argument, NULL, OPTION_FRAGMENT},
	{"full", no_argument, NULL, OPTION_FULL},
	{"help", no_argument, NULL, OPTION_HELP},
	{"identity", required_argument, NULL, OPTION_IDENTITY},
	{"json", no_argument, NULL, OPTION_JSON},
	{"key", required_argument, NULL, OPTION_KEY},
	{"keys", required_argument, NULL, OPTION_KEYS},
	{"nas-id", required_argument, NULL, OPTION_NAS_ID},
	{"no-erp", no_argument, NULL, OPTION_NO_ERP},
	{"realm", required_argument, NULL, OPTION_REALM},
	{"secret", required_argument, NULL, OPTION_SECRET},
	{"secret-file", required_argument, NULL, OPTION_SECRET_FILE},
	{"server", required_argument, NULL, OPTION_SERVER},
	{"server-name", required_argument, NULL, OPTION_SERVER_NAME},
	{"suite", required_argument, NULL, OPTION_SUITE},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"tls-max", required_argument, NULL, OPTION_TLS_MAX},
	{"tls-min", required_argument, NULL, OPTION_TLS_MIN},
	{NULL, 0, NULL, 0},
};

/* A decimal number in a range; 0 to the caller means it was none. */
static bool get_number(const char *text, unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out >= min && *out <= max;
}

static bool get_tls_version(const char *text, uint16_t *out)
{
	if (strcmp(text, "1.2") == 0)
		*out = HK_TLS_1_2;
	else if (strcmp(text, "1.3") == 0)
		*out = HK_TLS_1_3;
	else
		return false;
	return true;
}

/* Options with a plain text. NULL: c is another one. */
static const char **text_option(struct peer_options *o, int c)
{
	switch (c) {
	case OPTION_CA:
		return &o->ca;
	case OPTION_CALLED_STATION_ID:
		return &o->called_station_id;
	case OPTION_CALLING_STATION_ID:
		return &o->calling_station_id;
	case OPTION_CERT:
		return &o->cert;
	case OPTION_DOMAIN:
		return &o->domain;
	case OPTION_IDENTITY:
		return &o->identity;
	case OPTION_KEY:
		return &o->key;
	case OPTION_KEYS:
		return &o->keys;
	case OPTION_REALM:
		return &o->realm;
	case OPTION_SERVER_NAME:
		return &o->server_name;
	default:
		return NULL;
	}
}

static bool *flag_option(struct peer_options *o, int c)
{
	switch (c) {
	case OPTION_CHANNEL_BINDING:
		return &o->channel_binding;
	case OPTION_FULL:
		return &o->full;
	case OPTION_JSON:
		return &o->json;
	case OPTION_NO_ERP:
		return &o->no_erp;
	default:
		return NULL;
	}
}

/* A name, and what follows it, from the end on. What is wrong with it, or NULL. */
static const char *add_place(struct peer_options *o, char *text)
{
	struct peer_place *place = &o->places[o->nplaces];
	char *comma;

	if (o->nplaces == PEER_PLACES_MAX)
		return "--nas-id is taken 16 times";
	while ((comma = strrchr(text, ','))) {
		if (strncmp(comma, ",domain=", 8) == 0)
			place->domain = comma + 8;
		else if (strncmp(comma, ",server=", 8) != 0)
			break;
		else if (!split_server(comma + 8, place->host, place->port))
			return "--nas-id: server= takes HOST[:PORT]";
		*comma = 0;
	}
	if (place->domain && hk_domain_check(hk_text(place->domain)))
		return "--nas-id: domain= takes a domain name";
	if (!text[0] || strlen(text) > HK_RADIUS_VALUE_MAX)
		return "--nas-id takes 1 to 253 octets";
	place->nas_id = text;
	o->nplaces++;
	return NULL;
}

static const char *take_secret(struct peer_options *o, const char *wrong)
{
	o->has_secret = !wrong;
	return wrong;
}

/* Options whose value is more than a text. What is wrong with it, or NULL. */
static const char *take_value(struct peer_options *o, int c, char *value)
{
	unsigned long n = 0;

	switch (c) {
	case OPTION_COUNT:
		if (!get_number(value, 0, 1000000, &n))
			return "--count takes a number up to 1000000";
		o->count = (unsigned)n;
		return NULL;
	case OPTION_FRAGMENT:
		if (!get_number(value, 100, 4000, &n))
			return "--fragment takes a number from 100 to 4000";
		o->fragment_size = (uint16_t)n;
		return NULL;
	case OPTION_NAS_ID:
		return add_place(o, value);
	case OPTION_SECRET:
		return take_secret(o, secret_from_text(value, &o->secret));
	case OPTION_SECRET_FILE:
		return take_secret(o, secret_from_file(value, &o->secret));
	case OPTION_SERVER:
		return split_server(value, o->host, o->port) ? NULL : "--server takes HOST[:PORT]";
	case OPTION_SUITE:
		if (o->nsuites == HK_ERP_SUITES || !get_number(value, 1, 3, &n))
			return "--suite takes 1, 2 or 3, three times";
		o->suites[o->nsuites++] = (uint8_t)n;
		return NULL;
	case OPTION_TIMEOUT:
		if (!get_number(value, 1, 600, &n))
			return "--timeout takes a number from 1 to 600";
		o->timeout_ms = (uint32_t)n * 1000;
		return NULL;
	case OPTION_TLS_MAX:
		return get_tls_version(value, &o->tls_max) ? NULL : "--tls-max takes 1.2 or 1.3";
	case OPTION_TLS_MIN:
		return get_tls_version(value, &o->tls_min) ? NULL : "--tls-min takes 1.2 or 1.3";
	default:
		return "unknown option";
	}
}

/* Those that have no server of their own, and the one there is without --nas-id. */
static void complete_places(struct peer_options *o)
{
	if (!o->nplaces)
		o->places[o->nplaces++].nas_id = "hokey";
	for (size_t i = 0; i < o->nplaces; i++) {
		if (o->places[i].host[0])
			continue;
		memcpy(o->places[i].host, o->host, sizeof o->host);
		memcpy(o->places[i].port, o->port, sizeof o->port);
	}
}

static bool all_have_servers(const struct peer_options *o)
{
	for (size_t i = 0; i < o->nplaces; i++) {
		if (!o->places[i].host[0])
			return false;
	}
	return true;
}

/* What does not fit together, or NULL. */
static const char *check(const struct peer_options *o)
{
	if (!all_have_servers(o))
		return "--server is missing";
	if (!o->identity || !o->identity[0] || strlen(o->identity) > HK_NAI_MAX_LEN)
		return "--identity is missing, or longer than 253 octets";
	if (!o->ca != !o->cert || !o->cert != !o->key)
		return "--ca, --cert and --key go together";
	if (!o->ca && (o->full || o->no_erp || !o->keys))
		return "EAP-TLS needs --ca, --cert and --key";
	if (o->full && !o->keys)
		return "--full is for use with --keys";
	if (o->tls_min > o->tls_max)
		return "--tls-min is above --tls-max";
	return NULL;
}

int peer_options_read(int argc, char **argv, struct peer_options *o, bool *done)
{
	const char *wrong = NULL, **text;
	bool *flag;
	int c;

	*o = (struct peer_options){
		.count = 1, .timeout_ms = 10000, .tls_min = HK_TLS_1_2, .tls_max = HK_TLS_1_3};
	*done = true;
	optind = 0;
	while (!wrong && (c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (c == 'h' || c == OPTION_HELP) {
			fputs(help, stdout);
			return HK_EXIT_OK;
		}
		if (c == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return HK_EXIT_USAGE;
		}
		text = text_option(o, c);
		flag = flag_option(o, c);
		if (text)
			*text = optarg;
		else if (flag)
			*flag = true;
		else
			wrong = take_value(o, c, optarg);
	}
	if (!wrong && optind < argc)
		wrong = "takes no arguments";
	complete_places(o);
	if (!wrong)
		wrong = check(o);
	if (wrong)
		return usage_error(argv[0], "%s", wrong);
	*done = false;
	return HK_EXIT_OK;
}
