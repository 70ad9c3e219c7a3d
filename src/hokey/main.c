/* SPDX-License-Identifier: ISC */
#include "hokey/command.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{"decode", decode_main, "explain a RADIUS or EAP packet, or a capture of them"},
	{"peer", peer_main, "log in as a device: EAP-TLS, then ERP"},
	{"bench", bench_main, "put load on a RADIUS server that does ERP, and measure"},
	{"sessions", sessions_main, "list the key sets of a running hokeyd"},
	{"show", show_main, "show one key set"},
	{"revoke", revoke_main, "end one key set, or all of a user"},
	{"statistics", statistics_main, "print what a running hokeyd has counted"},
};

#define NCOMMANDS (sizeof commands / sizeof *commands)

static int help(FILE *out)
{
	fputs("Usage: hokey COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n", out);
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n'hokey COMMAND --help' tells more about one of them; hokey(1) tells all.\n", out);
	return out == stdout ? HK_EXIT_OK : HK_EXIT_USAGE;
}

static int run(const char *name, int argc, char **argv)
{
	static char full_name[64];

	for (size_t i = 0; i < NCOMMANDS; i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		snprintf(full_name, sizeof full_name, "hokey %s", name);
		argv[0] = full_name;
		return commands[i].main(argc, argv);
	}
	return usage_error("hokey", "there is no command '%s'", name);
}

/* "hokey help NAME" is "hokey NAME --help". */
static int help_about(const char *name)
{
	static char option[] = "--help";
	char *argv[] = {NULL, option, NULL};

	return run(name, 2, argv);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return help(stderr);
	if (strcmp(argv[1], "--version") == 0) {
		puts("hokey " HK_VERSION);
		return HK_EXIT_OK;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
		strcmp(argv[1], "-h") == 0)
		return argc > 2 ? help_about(argv[2]) : help(stdout);
	return run(argv[1], argc - 1, argv + 1);
}
