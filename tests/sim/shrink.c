/* SPDX-License-Identifier: ISC */
#include "shrink.h"

#include <stdlib.h>

#define RUNS_MAX 3000

/* Runs it; when it still breaks the same invariant the scenario is cut to that event. */
static bool still_fails(struct small *s)
{
	static struct world w;
	bool fails;

	if (s->runs++ >= RUNS_MAX)
		return false;
	world_run(&w, &s->scenario);
	fails = w.broken && (!s->broken || w.broken == s->broken);
	if (fails) {
		s->broken = w.broken;
		s->scenario.events = w.broken_at;
		s->ndevices = w.ndevices;
		s->counts = w.counts;
		memcpy(s->what, w.what, sizeof s->what);
		memcpy(s->counts.faults, w.fired, 0);
		for (size_t i = 0; i < FAULTS; i++)
			s->counts.faults[i] = w.fired[i];
	}
	world_free(&w);
	return fails;
}

static void drop_kinds(struct small *s)
{
	for (uint32_t i = 0; i < FAULTS; i++) {
		uint32_t before = s->scenario.faults;

		s->scenario.faults &= ~(1u << i);
		if (before != s->scenario.faults && !still_fails(s))
			s->scenario.faults = before;
	}
}

/* Leaves devices out in ever smaller groups. */
static void drop_devices(struct small *s)
{
	if (!s->devices_off)
		s->devices_off = calloc(s->ndevices, 1);
	if (!s->devices_off)
		abort();
	s->scenario.devices_off = s->devices_off;
	for (uint32_t group = (s->ndevices + 1) / 2; group; group /= 2) {
		for (uint32_t at = 0; at < s->ndevices; at += group) {
			uint32_t end = at + group < s->ndevices ? at + group : s->ndevices;
			uint8_t before[16384];

			if (end > sizeof before)
				break;
			memcpy(before, s->devices_off + at, end - at);
			memset(s->devices_off + at, 1, end - at);
			if (memcmp(before, s->devices_off + at, end - at) != 0 && !still_fails(s))
				memcpy(s->devices_off + at, before, end - at);
		}
	}
}

/* Numbers from..to join the list, which stays in order. */
static size_t join(uint32_t *list, size_t n, uint32_t from, uint32_t to)
{
	size_t at = 0, have = 0;

	while (at < n && list[at] < from)
		at++;
	while (at + have < n && list[at + have] < to)
		have++;
	memmove(list + at + (to - from), list + at + have, (n - at - have) * sizeof *list);
	for (uint32_t i = from; i < to; i++)
		list[at++] = i;
	return n - have + (to - from);
}

static void drop_occurrences(struct small *s, uint32_t kind)
{
	uint32_t n = (uint32_t)s->counts.faults[kind];
	uint32_t *list, *before;

	if (!n || !(s->scenario.faults & 1u << kind))
		return;
	list = s->left_out[kind] = calloc(n, sizeof *list);
	before = calloc(n, sizeof *before);
	if (!list || !before)
		abort();
	s->scenario.left_out[kind] = list;
	for (uint32_t group = (n + 1) / 2; group; group /= 2) {
		for (uint32_t at = 0; at < n; at += group) {
			uint32_t end = at + group < n ? at + group : n;
			size_t had = s->scenario.nleft_out[kind];

			memcpy(before, list, had * sizeof *list);
			s->scenario.nleft_out[kind] = join(list, had, at, end);
			if (s->scenario.nleft_out[kind] == had || still_fails(s))
				continue;
			memcpy(list, before, had * sizeof *list);
			s->scenario.nleft_out[kind] = had;
		}
	}
	free(before);
}

bool shrink(const struct scenario *s, struct small *out)
{
	memset(out, 0, sizeof *out);
	out->scenario = *s;
	out->scenario.trace = false;
	if (!still_fails(out))
		return false;
	drop_kinds(out);
	drop_devices(out);
	for (uint32_t kind = 0; kind < FAULTS; kind++)
		drop_occurrences(out, kind);
	drop_devices(out);
	return true;
}

void small_free(struct small *s)
{
	free(s->devices_off);
	for (size_t i = 0; i < FAULTS; i++)
		free(s->left_out[i]);
}

static void print_numbers(FILE *to, const uint32_t *list, size_t n)
{
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && list[j] == list[j - 1] + 1; j++)
			;
		fprintf(to, "%s%u", i ? "," : "", list[i]);
		if (j - i > 1)
			fprintf(to, "-%u", list[j - 1]);
	}
}

static void print_devices_off(FILE *to, const struct small *s)
{
	uint32_t *list = calloc(s->ndevices, sizeof *list);
	size_t n = 0;

	for (uint32_t i = 0; list && i < s->ndevices; i++)
		if (s->devices_off && s->devices_off[i])
			list[n++] = i;
	if (n) {
		fputs(" --devices-off ", to);
		print_numbers(to, list, n);
	}
	free(list);
}

void print_command(FILE *to, const struct small *s)
{
	const struct scenario *c = &s->scenario;

	fprintf(to, "hokey-sim --seed %llu", (unsigned long long)c->seed);
	if (c->mutant)
		fprintf(to, " --mutant %s", mutant_names[c->mutant]);
	fprintf(to, " --events %llu", (unsigned long long)c->events);
	if (c->devices)
		fprintf(to, " --devices %u", c->devices);
	if (c->points)
		fprintf(to, " --points %u", c->points);
	if (c->domains)
		fprintf(to, " --domains %u", c->domains);
	for (size_t i = 0; i < FAULTS; i++)
		if (!(c->faults & 1u << i))
			fprintf(to, " --without %s", fault_names[i]);
	print_devices_off(to, s);
	for (size_t i = 0; i < FAULTS; i++) {
		if (!c->nleft_out[i] || !(c->faults & 1u << i))
			continue;
		fprintf(to, " --leave-out %s:", fault_names[i]);
		print_numbers(to, c->left_out[i], c->nleft_out[i]);
	}
	fputs(" --trace\n", to);
}

size_t parse_numbers(const char *text, uint32_t *out, size_t max)
{
	size_t n = 0;

	while (*text) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return SIZE_MAX;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && n < max; first++)
			out[n++] = (uint32_t)first;
		if (*end && *end != ',')
			return SIZE_MAX;
		text = *end ? end + 1 : end;
	}
	return n;
}
