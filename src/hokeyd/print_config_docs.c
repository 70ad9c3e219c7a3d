/* SPDX-License-Identifier: ISC */
/* Prints docs/configuration.md (argument: markdown) or man/hokeyd.conf.5 (man). */
#include "hokeyd/config_docs.h"

#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "markdown") == 0) {
		hk_config_docs_markdown(stdout);
	} else if (argc == 2 && strcmp(argv[1], "man") == 0) {
		hk_config_docs_man(stdout);
	} else {
		fprintf(stderr, "usage: print-config-docs markdown|man\n");
		return 2;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
