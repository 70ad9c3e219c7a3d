/* SPDX-License-Identifier: ISC */
/*
 * Gives inputs to a fuzz target, one test for each, without libFuzzer:
 *
 *     fuzz-replay-NAME SEEDS...             all of them
 *     fuzz-replay-NAME --write DIR SEEDS... writes each to a file, for libFuzzer
 *
 * A file whose name ends in .txt holds one input per line, `name = value` as in
 * tests/vectors: hex, or "text". Any other file is one input as it is.
 */
#include "fuzz.h"
#include "test.h"

#include <sys/stat.h>

#define INPUTS_MAX 4096

static struct CMUnitTest inputs[INPUTS_MAX];
static size_t ninputs;

struct input {
	uint8_t *data;
	size_t len;
};

static void replay(void **state)
{
	const struct input *in = *state;
	struct hk_bytes copy = fuzz_copy(hk_bytes(in->data, in->len));

	LLVMFuzzerTestOneInput(copy.data, copy.len);
	fuzz_free(copy);
}

static char *joined(const char *a, const char *b, const char *c)
{
	char *text = malloc(strlen(a) + strlen(b) + strlen(c) + 1);

	sprintf(text, "%s%s%s", a, b, c);
	return text;
}

/* Takes the name; copies the data. */
static void add(char *name, const void *data, size_t len)
{
	struct input *in = malloc(sizeof(*in));

	if (ninputs == INPUTS_MAX)
		abort();
	in->data = malloc(len + 1);
	memcpy(in->data, data, len);
	in->len = len;
	inputs[ninputs++] =
		(struct CMUnitTest){.name = name, .test_func = replay, .initial_state = in};
}

static size_t from_hex(uint8_t *out, const char *text)
{
	size_t n = 0;

	while (hex_digit(text[0]) < 16 && hex_digit(text[1]) < 16) {
		out[n++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text += 2;
	}
	return n;
}

static void add_line(const char *base, char *line)
{
	char *value = strstr(line, "= ");

	line[strcspn(line, "\n")] = 0;
	if (line[0] == '#' || !value)
		return;
	value += 2;
	line[strcspn(line, " =")] = 0;
	if (value[0] == '"') {
		add(joined(base, ":", line), value + 1, strlen(value) - 2);
	} else {
		uint8_t *octets = malloc(strlen(value) / 2 + 1);

		add(joined(base, ":", line), octets, from_hex(octets, value));
		free(octets);
	}
}

static void read_file(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!f) {
		perror(path);
		exit(2);
	}
	if (strlen(base) > 4 && strcmp(base + strlen(base) - 4, ".txt") == 0) {
		while (getline(&line, &size, f) > 0)
			add_line(base, line);
	} else if ((n = getdelim(&line, &size, EOF, f)) >= 0) {
		add(strdup(base), line, (size_t)n);
	}
	free(line);
	fclose(f);
}

static int write_inputs(const char *directory)
{
	mkdir(directory, 0777);
	for (size_t i = 0; i < ninputs; i++) {
		const struct input *in = inputs[i].initial_state;
		char number[32], *path;
		FILE *f;

		snprintf(number, sizeof(number), "/seed-%zu", i);
		path = joined(directory, number, "");
		f = fopen(path, "w");
		if (!f || fwrite(in->data, 1, in->len, f) != in->len || fclose(f)) {
			perror(path);
			return 1;
		}
		free(path);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *directory = argc > 2 && strcmp(argv[1], "--write") == 0 ? argv[2] : NULL;
	int bad;

	for (int i = directory ? 3 : 1; i < argc; i++)
		read_file(argv[i]);
	add(strdup("nothing"), "", 0);
	bad = directory ? write_inputs(directory)
			: _cmocka_run_group_tests("replay", inputs, ninputs, NULL, NULL);
	for (size_t i = 0; i < ninputs; i++) {
		struct input *in = inputs[i].initial_state;

		free(in->data);
		free(in);
		free((void *)(uintptr_t)inputs[i].name);
	}
	return bad;
}
