/* SPDX-License-Identifier: ISC */
/*
 * The subcommands of hokey. Each is one function that gets its own arguments,
 * with "hokey NAME" as argv[0], and returns the exit status.
 */
#ifndef HK_HOKEY_COMMAND_H
#define HK_HOKEY_COMMAND_H

enum {
	HK_EXIT_OK = 0,
	HK_EXIT_FAILED = 1, /* refused, not answered, not found, keys differ */
	HK_EXIT_USAGE = 2,  /* the command line or a file it names is wrong */
};

int bench_main(int argc, char **argv);
int decode_main(int argc, char **argv);
int peer_main(int argc, char **argv);
int revoke_main(int argc, char **argv);
int sessions_main(int argc, char **argv);
int show_main(int argc, char **argv);
int statistics_main(int argc, char **argv);

/* "hokey NAME: text\n" on stderr. */
__attribute__((format(printf, 2, 3))) void complain(const char *command, const char *format, ...);

/* complain(), and how to get help; returns HK_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int usage_error(const char *command, const char *format, ...);

#endif
