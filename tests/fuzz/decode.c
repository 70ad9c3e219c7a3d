/* SPDX-License-Identifier: ISC */
/* `hokey decode`: captures and hex text, with and without keys to check with. */
#include "fuzz.h"
#include "temp.h"

#include "hokey/command.h"
#include "hokey/decode.h"

#include <getopt.h>
#include <unistd.h>

enum { SECRET, EMSK, RRK, RIK, FILES };

static char *files[FILES], *directory;
static FILE *nowhere;

static char *key_file(const char *name, uint8_t first)
{
	char text[129];

	for (unsigned i = 0; i < 64; i++)
		snprintf(text + 2 * i, 3, "%02x", (first + i) & 0xff);
	return temp_file(directory, name, text, 0600);
}

static void clean_up(void)
{
	for (size_t i = 0; i < FILES; i++)
		free(files[i]);
	fclose(nowhere);
	nftw(directory, temp_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(directory);
}

static void set_up(void)
{
	void *state;

	if (temp_setup(&state))
		abort();
	directory = state;
	files[SECRET] = temp_file(directory, "secret", "xyzzy5461-hokey-lab-secret\n", 0600);
	files[EMSK] = key_file("emsk", 0);
	files[RRK] = key_file("rrk", 1);
	files[RIK] = key_file("rik", 2);
	nowhere = fopen("/dev/null", "w");
	atexit(clean_up);
}

/* The first octet chooses options; the rest is standard input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char program[] = "hokey decode", json[] = "--json", show[] = "--show-keys";
	char secret[] = "--secret-file", emsk[] = "--emsk-file", rrk[] = "--rrk-file",
	     rik[] = "--rik-file";
	char *argv[16] = {program};
	int argc = 1, status;
	uint8_t how;
	FILE *in;

	if (!directory)
		set_up();
	if (size < 2)
		return 0;
	how = data[0];
	if (how & 1)
		argv[argc++] = json;
	if (how & 2) {
		argv[argc++] = secret;
		argv[argc++] = files[SECRET];
		if (how & 4)
			argv[argc++] = show;
	}
	if (how & 8) {
		argv[argc++] = emsk;
		argv[argc++] = files[EMSK];
	}
	if (how & 16) {
		argv[argc++] = rrk;
		argv[argc++] = files[RRK];
	}
	if (how & 32) {
		argv[argc++] = rik;
		argv[argc++] = files[RIK];
	}
	in = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
	optind = 0;
	status = decode(argc, argv, in, nowhere, nowhere);
	fuzz_check(status == HK_EXIT_OK || status == HK_EXIT_FAILED || status == HK_EXIT_USAGE);
	return 0;
}
