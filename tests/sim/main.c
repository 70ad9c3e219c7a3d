/* SPDX-License-Identifier: ISC */
/*
 * hokey-sim: runs simulated worlds and says whether anything happened that must
 * not. The same seed always gives the same world.
 */
#include "shrink.h"

#include <getopt.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL_FAULTS     ((1u << FAULTS) - 1)
#define JOBS_MAX       64
#define LEFT_OUT_MAX   65536
#define MUTANT_SEEDS   400 /* in so many a defect has to show */
#define REPLAYED_SEEDS 20

struct options {
	struct scenario scenario;
	uint64_t first, last;
	unsigned jobs;
	bool shrink, mutants, city;
};

struct summary {
	struct counts counts;
	uint64_t seeds, failed;
};

static void add(struct summary *to, const struct summary *from)
{
	uint64_t *a = (uint64_t *)to;
	const uint64_t *b = (const uint64_t *)from;

	for (size_t i = 0; i < sizeof *to / sizeof *a; i++)
		a[i] += b[i];
}

/* ---- one seed ---- */

static bool run_seed(const struct options *o, uint64_t seed, struct summary *sum)
{
	static struct world w;
	struct scenario s = o->scenario;
	struct summary one = {.seeds = 1};

	s.seed = seed;
	world_run(&w, &s);
	one.counts = w.counts;
	one.failed = w.broken != INV_NONE;
	add(sum, &one);
	if (w.broken)
		printf("seed %llu breaks %s at event %llu: %s\n", (unsigned long long)seed,
			invariant_names[w.broken], (unsigned long long)w.broken_at, w.what);
	world_free(&w);
	return !one.failed;
}

static uint64_t hash_of(const struct scenario *s)
{
	static struct world w;
	uint64_t hash;

	world_run(&w, s);
	hash = w.hash + w.counts.events + (uint64_t)w.broken;
	world_free(&w);
	return hash;
}

/* ---- many seeds ---- */

static void run_share(const struct options *o, unsigned share, struct summary *sum)
{
	for (uint64_t seed = o->first + share; seed <= o->last; seed += o->jobs)
		run_seed(o, seed, sum);
}

static struct summary run_seeds(const struct options *o)
{
	struct summary total = {0}, part;
	int fds[JOBS_MAX][2];

	if (o->jobs == 1) {
		run_share(o, 0, &total);
		return total;
	}
	fflush(stdout);
	for (unsigned i = 0; i < o->jobs; i++) {
		if (pipe(fds[i]))
			abort();
		if (fork() == 0) {
			memset(&part, 0, sizeof part);
			run_share(o, i, &part);
			fflush(stdout);
			_exit(write(fds[i][1], &part, sizeof part) != sizeof part);
		}
		close(fds[i][1]);
	}
	for (unsigned i = 0; i < o->jobs; i++) {
		if (read(fds[i][0], &part, sizeof part) == sizeof part)
			add(&total, &part);
		else
			total.failed++; /* it died */
		close(fds[i][0]);
	}
	while (wait(NULL) > 0)
		;
	return total;
}

static void print_summary(const struct summary *s)
{
	const struct counts *c = &s->counts;
#define N(x) (unsigned long long)(x)

	printf("%llu seeds, %llu events, %llu failed\n", N(s->seeds), N(c->events), N(s->failed));
	printf("logins %llu, given up %llu; re-authentications at home %llu, local %llu; to full "
	       "EAP %llu\n",
		N(c->logins), N(c->logins_failed), N(c->reauths_home), N(c->reauths_local),
		N(c->full_eap));
	printf("servers: accepted %llu, repeated %llu, refused %llu, key unknown %llu, store "
	       "errors %llu\n",
		N(c->accepted), N(c->repeated), N(c->refused), N(c->unknown_key),
		N(c->store_errors));
	printf("keys confirmed %llu, not confirmed %llu; DSRKs delivered %llu, denied %llu\n",
		N(c->handshakes), N(c->handshakes_failed), N(c->delivered), N(c->denied));
	printf("attachments %llu, devices restored %llu, packets forged %llu, replayed %llu\n",
		N(c->moves), N(c->restored), N(c->forged), N(c->replayed));
	for (size_t i = 0; i < FAULTS; i++)
		printf("%s%s %llu", i ? ", " : "faults: ", fault_names[i], N(c->faults[i]));
	putchar('\n');
#undef N
}

/* A simulation in which nothing happens would find nothing: each of these must have happened. */
static bool lively(const struct summary *s)
{
	const struct counts *c = &s->counts;
	const struct {
		const char *what;
		uint64_t n;
	} musts[] = {
		{"logins", c->logins},
		{"re-authentications at home", c->reauths_home},
		{"local re-authentications", c->reauths_local},
		{"numbers accepted", c->accepted},
		{"exchanges repeated", c->repeated},
		{"requests refused", c->refused},
		{"unknown keys", c->unknown_key},
		{"store errors", c->store_errors},
		{"keys confirmed", c->handshakes},
		{"DSRKs delivered", c->delivered},
		{"DSRKs denied", c->denied},
		{"devices restored", c->restored},
	};
	bool all = true;

	for (size_t i = 0; i < sizeof musts / sizeof musts[0]; i++) {
		if (musts[i].n >= s->seeds / 10)
			continue;
		printf("too few %s: %llu\n", musts[i].what, (unsigned long long)musts[i].n);
		all = false;
	}
	return all;
}

static bool replays(const struct options *o)
{
	for (uint64_t i = 0; i < REPLAYED_SEEDS; i++) {
		struct scenario s = o->scenario;

		s.seed = o->first + i;
		if (hash_of(&s) == hash_of(&s))
			continue;
		printf("seed %llu does not replay\n", (unsigned long long)s.seed);
		return false;
	}
	return true;
}

/* ---- can each invariant fail? ---- */

static bool finds(const struct options *o, enum mutant mutant)
{
	static struct world w;
	struct scenario s = o->scenario;
	bool found = false;

	s.mutant = mutant;
	for (s.seed = o->first; s.seed < o->first + MUTANT_SEEDS && !found; s.seed++) {
		s.events = o->scenario.events;
		world_run(&w, &s);
		found = w.broken == mutant_breaks[mutant];
		if (found)
			printf("%s: seed %llu breaks %s at event %llu: %s\n", mutant_names[mutant],
				(unsigned long long)s.seed, invariant_names[w.broken],
				(unsigned long long)w.broken_at, w.what);
		world_free(&w);
	}
	if (!found)
		printf("%s: %s holds in %d seeds\n", mutant_names[mutant],
			invariant_names[mutant_breaks[mutant]], MUTANT_SEEDS);
	return found;
}

/* A failure that was made small is the same failure, and replays. */
static bool shrinks(const struct options *o)
{
	static struct world w;
	struct scenario s = o->scenario;
	struct small small;
	bool good;

	s.mutant = MUTANT_MISDELIVERY;
	s.seed = o->first;
	if (!shrink(&s, &small)) {
		printf("shrinking: seed %llu breaks nothing\n", (unsigned long long)s.seed);
		return false;
	}
	world_run(&w, &small.scenario);
	good = w.broken == mutant_breaks[s.mutant] && w.broken_at == small.scenario.events &&
	       strcmp(w.what, small.what) == 0;
	printf("shrinking: %s in %llu events: %s\n", good ? "the same" : "another failure",
		(unsigned long long)w.broken_at, w.what);
	world_free(&w);
	small_free(&small);
	return good;
}

static int run_mutants(const struct options *o)
{
	unsigned passed = 0, failed = 0;

	for (int i = MUTANT_NONE + 1; i < MUTANTS; i++) {
		if (finds(o, (enum mutant)i))
			passed++;
		else
			failed++;
		fflush(stdout);
	}
	if (shrinks(o))
		passed++;
	else
		failed++;
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}

/* ---- the command line ---- */

static int find_name(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	fprintf(stderr, "hokey-sim: nothing is called %s; there is", name);
	for (int i = 0; i < n; i++)
		fprintf(stderr, " %s", names[i]);
	fputc('\n', stderr);
	exit(2);
}

static void leave_out(struct options *o, char *text)
{
	static uint32_t numbers[FAULTS][LEFT_OUT_MAX];
	char *colon = strchr(text, ':');
	int kind;

	if (!colon)
		exit(2);
	*colon = 0;
	kind = find_name(fault_names, FAULTS, text);
	o->scenario.left_out[kind] = numbers[kind];
	o->scenario.nleft_out[kind] = parse_numbers(colon + 1, numbers[kind], LEFT_OUT_MAX);
	if (o->scenario.nleft_out[kind] == SIZE_MAX)
		exit(2);
}

static void devices_off(struct options *o, const char *text)
{
	static uint32_t numbers[LEFT_OUT_MAX];
	static uint8_t off[LEFT_OUT_MAX];
	size_t n = parse_numbers(text, numbers, LEFT_OUT_MAX);

	if (n == SIZE_MAX)
		exit(2);
	for (size_t i = 0; i < n; i++)
		if (numbers[i] < LEFT_OUT_MAX)
			off[numbers[i]] = 1;
	o->scenario.devices_off = off;
}

static void seeds(struct options *o, const char *text)
{
	char *end;

	o->first = o->last = strtoull(text, &end, 10);
	if (*end == '-')
		o->last = strtoull(end + 1, NULL, 10);
}

static const char help[] =
	"hokey-sim [--seeds A-B] [--jobs N]      run these worlds (1-100)\n"
	"hokey-sim --seed N [--trace|--shrink]   run one, tell all, or make its failure small\n"
	"hokey-sim --mutants                     show that each invariant can fail\n"
	"hokey-sim --city                        measure a day of a city instead\n"
	"  --events N --devices N --points N --domains N   instead of what the seed says\n"
	"  --without FAULT       no faults of this kind (may be repeated); all: none at all\n"
	"  --leave-out FAULT:1,4-7   not these occurrences\n"
	"  --devices-off 1,4-7   these devices stay off\n"
	"  --mutant NAME         build this defect in\n";

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"seeds", required_argument, NULL, 's'},
		{"jobs", required_argument, NULL, 'j'},
		{"trace", no_argument, NULL, 't'},
		{"shrink", no_argument, NULL, 'k'},
		{"mutants", no_argument, NULL, 'M'},
		{"city", no_argument, NULL, 'c'},
		{"mutant", required_argument, NULL, 'm'},
		{"events", required_argument, NULL, 'e'},
		{"devices", required_argument, NULL, 'd'},
		{"points", required_argument, NULL, 'p'},
		{"domains", required_argument, NULL, 'D'},
		{"without", required_argument, NULL, 'w'},
		{"leave-out", required_argument, NULL, 'l'},
		{"devices-off", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			seeds(o, optarg);
			break;
		case 'j':
			o->jobs = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 't':
			o->scenario.trace = true;
			break;
		case 'k':
			o->shrink = true;
			break;
		case 'M':
			o->mutants = true;
			break;
		case 'c':
			o->city = true;
			break;
		case 'm':
			o->scenario.mutant = (enum mutant)find_name(mutant_names, MUTANTS, optarg);
			break;
		case 'e':
			o->scenario.events = strtoull(optarg, NULL, 10);
			break;
		case 'd':
			o->scenario.devices = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			o->scenario.points = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'D':
			o->scenario.domains = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'w':
			if (strcmp(optarg, "all") == 0)
				o->scenario.faults = 0;
			else
				o->scenario.faults &=
					~(1u << find_name(fault_names, FAULTS, optarg));
			break;
		case 'l':
			leave_out(o, optarg);
			break;
		case 'o':
			devices_off(o, optarg);
			break;
		default:
			fputs(help, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (!o->jobs || o->jobs > JOBS_MAX)
		o->jobs = 1;
	if (o->scenario.domains > DOMAINS_MAX)
		o->scenario.domains = DOMAINS_MAX;
}

static int run_shrink(const struct options *o)
{
	struct scenario s = o->scenario;
	struct small small;

	s.seed = o->first;
	if (!shrink(&s, &small)) {
		printf("seed %llu breaks nothing\n", (unsigned long long)s.seed);
		return 1;
	}
	printf("breaks %s at event %llu: %s (after %u runs)\n", invariant_names[small.broken],
		(unsigned long long)small.scenario.events, small.what, small.runs);
	print_command(stdout, &small);
	small_free(&small);
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {.first = 1, .last = 100, .jobs = 1};
	struct summary total;
	bool good;

	o.scenario.faults = ALL_FAULTS;
	o.scenario.trace_to = stdout;
	parse(argc, argv, &o);
	if (o.mutants)
		return run_mutants(&o);
	if (o.city)
		return city_run(&o.scenario);
	if (o.shrink)
		return run_shrink(&o);
	total = run_seeds(&o);
	print_summary(&total);
	good = total.failed == 0;
	if (total.seeds >= 100 && !o.scenario.mutant)
		good = lively(&total) && replays(&o) && good;
	printf("%llu passed, %llu failed\n", (unsigned long long)(total.seeds - total.failed),
		(unsigned long long)total.failed);
	return !good;
}
