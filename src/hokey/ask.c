/* SPDX-License-Identifier: ISC */
#include "hokey/ask.h"

#include "hokey/command.h"

#include <getopt.h>
#include <stdio.h>

enum option_number {
	OPTION_CONTROL = 256,
	OPTION_EVERYWHERE,
	OPTION_HELP,
	OPTION_JSON,
	OPTION_USER,
};

static const struct option all_options[] = {
	{"everywhere", no_argument, NULL, OPTION_EVERYWHERE},
	{"user", required_argument, NULL, OPTION_USER},
	{"control", required_argument, NULL, OPTION_CONTROL},
	{"help", no_argument, NULL, OPTION_HELP},
	{"json", no_argument, NULL, OPTION_JSON},
	{NULL, 0, NULL, 0},
};

int ask_read_options(int argc, char **argv, const char *help, enum ask_kind kind,
	struct ask_options *o, bool *done)
{
	/* The special ones come first: each kind begins at its own place. */
	const struct option *options = all_options + (ASK_REVOKE - kind);
	int c;

	*o = (struct ask_options){.command = argv[0], .control = HK_CONTROL_DEFAULT};
	*done = true;
	optind = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case OPTION_CONTROL:
			o->control = optarg;
			break;
		case OPTION_EVERYWHERE:
			o->everywhere = true;
			break;
		case OPTION_JSON:
			o->json = true;
			break;
		case OPTION_USER:
			o->user = optarg;
			break;
		case 'h':
		case OPTION_HELP:
			fputs(help, stdout);
			return HK_EXIT_OK;
		default:
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return HK_EXIT_USAGE;
		}
	}
	if (argc - optind > 1)
		return usage_error(argv[0], "too many arguments");
	o->name = argv[optind];
	*done = false;
	return HK_EXIT_OK;
}

bool ask_open(struct control_client *c, const struct ask_options *o)
{
	if (control_open(c, o->control))
		return true;
	complain(o->command, "%s", c->error);
	return false;
}

bool ask_print_json(const json_t *value)
{
	return json_dumpf(value, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF;
}

const char *ask_duration_text(const json_t *v, char text[ASK_TEXT_MAX])
{
	static const struct {
		long long seconds;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	long long s = json_integer_value(v);

	if (!json_is_integer(v))
		return NULL;
	for (size_t i = 0; i < 3; i++) {
		if (s < units[i].seconds)
			continue;
		snprintf(text, ASK_TEXT_MAX, "%lld %s %lld %s", s / units[i].seconds, units[i].name,
			s % units[i].seconds / units[i + 1].seconds, units[i + 1].name);
		return text;
	}
	snprintf(text, ASK_TEXT_MAX, "%lld s", s);
	return text;
}
