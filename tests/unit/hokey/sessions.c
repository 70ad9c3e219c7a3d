/* SPDX-License-Identifier: ISC */
/* The commands that talk to a running hokeyd, against a socket that says what it is told to. */
#include "temp.h"
#include "test.h"

#include "hokey/command.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SESSION                                                                                    \
	"{\"name\":\"00112233445566aa@home.example\",\"user\":\"anna\\u001b[31m\",\"created\":0,"  \
	"\"expires\":28800,\"expires_in\":28799,\"next_seq\":7,\"last_used\":null,"                \
	"\"session_end\":null,\"authorization\":[\"Class = 0x01\",\"Filter-Id = staff\"]}"

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	unlink(path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Answers one line with each of the replies; what was asked goes to a file. */
static void serve(int listener, const char *asked, const char *const *replies)
{
	int fd = accept(listener, NULL, NULL);
	FILE *in = fdopen(fd, "r"), *log = fopen(asked, "w");
	char line[4096];

	while (*replies && fgets(line, sizeof line, in)) {
		fputs(line, log);
		if (write(fd, *replies, strlen(*replies)) < 0)
			break;
		replies++;
	}
	fclose(log);
	fclose(in);
	_exit(0);
}

static char *read_text(const char *path)
{
	static char text[8192];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = 0;
	fclose(f);
	return text;
}

struct outcome {
	int status;
	char out[8192];
	char asked[8192];
};

/* Runs a command with its output in a file. argv ends with NULL. */
static struct outcome run(const char *directory, int (*command)(int, char **), char **argv,
	const char *const *replies)
{
	char *path = temp_path(directory, "control"), *asked = temp_path(directory, "asked");
	char *out = temp_path(directory, "out"), *arguments[16] = {0};
	int listener = listen_at(path), argc = 0, real_out = dup(STDOUT_FILENO);
	struct outcome o = {0};
	pid_t server = fork();

	if (server == 0)
		serve(listener, asked, replies);
	for (; argv[argc]; argc++)
		arguments[argc] = argv[argc];
	arguments[argc++] = (char[]){"--control"};
	arguments[argc++] = path;
	fflush(stdout);
	assert_non_null(freopen(out, "w", stdout));
	o.status = command(argc, arguments);
	fflush(stdout);
	dup2(real_out, STDOUT_FILENO);
	close(real_out);
	close(listener);
	waitpid(server, NULL, 0);
	strcpy(o.out, read_text(out));
	strcpy(o.asked, read_text(asked));
	free(path);
	free(asked);
	free(out);
	return o;
}

#define ARGV(...)    ((char **)(const char *[]){__VA_ARGS__, NULL})
#define REPLIES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void sessions_go_through_all_pages(void **state)
{
	struct outcome o = run(*state, sessions_main, ARGV("hokey sessions", "--user", "anna"),
		REPLIES("{\"ok\":true,\"sessions\":[" SESSION "],\"cursor\":\"c1\"}\n",
			"{\"ok\":true,\"sessions\":[" SESSION "]}\n"));

	assert_int_equal(o.status, 0);
	assert_string_equal(o.out, "NAME\tUSER\tNEXT-SEQ\tLAST-USED\tEXPIRES-IN\n"
				   "00112233445566aa@home.example\tanna?[31m\t7\t-\t7 h 59 min\n"
				   "00112233445566aa@home.example\tanna?[31m\t7\t-\t7 h 59 min\n");
	assert_string_equal(o.asked,
		"{\"command\":\"sessions\",\"max\":100,\"user\":\"anna\"}\n"
		"{\"command\":\"sessions\",\"max\":100,\"user\":\"anna\",\"cursor\":\"c1\"}\n");
}

static void sessions_as_json_are_one_a_line(void **state)
{
	struct outcome o = run(*state, sessions_main, ARGV("hokey sessions", "--json"),
		REPLIES("{\"ok\":true,\"sessions\":[{\"name\":\"a\"},{\"name\":\"b\"}]}\n"));

	assert_int_equal(o.status, 0);
	assert_string_equal(o.out, "{\"name\":\"a\"}\n{\"name\":\"b\"}\n");
}

static void show_tells_all(void **state)
{
	struct outcome o =
		run(*state, show_main, ARGV("hokey show", "00112233445566aa@home.example"),
			REPLIES("{\"ok\":true,\"session\":" SESSION "}\n"));

	assert_int_equal(o.status, 0);
	assert_non_null(strstr(o.out, "name          00112233445566aa@home.example\n"));
	assert_non_null(strstr(o.out, "next SEQ      7\n"));
	assert_non_null(strstr(o.out, "authorization Class = 0x01\n"));
	assert_non_null(strstr(o.out, "              Filter-Id = staff\n"));
	assert_string_equal(
		o.asked, "{\"command\":\"show\",\"name\":\"00112233445566aa@home.example\"}\n");
}

static void revoke_tells_how_many(void **state)
{
	struct outcome o = run(*state, revoke_main, ARGV("hokey revoke", "--user", "anna"),
		REPLIES("{\"ok\":true,\"revoked\":2}\n"));

	assert_int_equal(o.status, 0);
	assert_string_equal(o.out, "2 key sets revoked\n");
	assert_string_equal(o.asked, "{\"command\":\"revoke\",\"user\":\"anna\"}\n");

	o = run(*state, revoke_main, ARGV("hokey revoke", "x@y"),
		REPLIES("{\"ok\":true,\"revoked\":0}\n"));
	assert_int_equal(o.status, 1);
	assert_string_equal(o.asked, "{\"command\":\"revoke\",\"name\":\"x@y\"}\n");
}

#define STATISTICS                                                                                 \
	"{\"ok\":true,\"version\":\"1.0\",\"uptime\":61,\"workers\":2,\"logins_in_progress\":3,"   \
	"\"store\":{\"sets\":5,\"bytes\":3145728,\"max_bytes\":1073741824},"                       \
	"\"counters\":{\"packets\":7,\"replies\":0},\"eap_failed\":{},\"erp_failed\":{\"replay\":" \
	"1}}"

static void statistics_are_a_table_or_json(void **state)
{
	struct outcome o =
		run(*state, statistics_main, ARGV("hokey statistics"), REPLIES(STATISTICS "\n"));

	assert_int_equal(o.status, 0);
	assert_string_equal(o.asked, "{\"command\":\"statistics\"}\n");
	assert_string_equal(o.out, "NAME\tVALUE\nversion\t1.0\nuptime\t1 min 1 s\nworkers\t2\n"
				   "logins-in-progress\t3\nkey-sets\t5\nstore-size\t3.0 MiB\n"
				   "store-max-size\t1.0 GiB\npackets\t7\nreplies\t0\n"
				   "erp-failed-replay\t1\n");
	o = run(*state, statistics_main, ARGV("hokey statistics", "--json"),
		REPLIES(STATISTICS "\n"));
	assert_int_equal(o.status, 0);
	assert_string_equal(o.out, STATISTICS "\n");

	/* A store that cannot say, and one in memory. */
	o = run(*state, statistics_main, ARGV("hokey statistics"),
		REPLIES("{\"ok\":true,\"uptime\":1,\"store\":null,\"counters\":{}}\n"));
	assert_int_equal(o.status, 0);
	assert_string_equal(o.out, "NAME\tVALUE\nversion\t-\nuptime\t1 s\n");
}

static void refusals_and_nonsense_fail(void **state)
{
	static const char *const answers[] = {"{\"ok\":false,\"error\":\"not found\"}\n",
		"{\"ok\":false}\n", "nonsense\n", "[]\n", "{\"ok\":true", ""};

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct outcome o =
			run(*state, show_main, ARGV("hokey show", "x@y"), REPLIES(answers[i]));

		assert_int_equal(o.status, 1);
		assert_string_equal(o.out, "");
	}
}

static void wrong_command_lines(void **state)
{
	(void)state;
	assert_int_equal(sessions_main(2, ARGV("hokey sessions", "x")), 2);
	assert_int_equal(sessions_main(2, ARGV("hokey sessions", "--what")), 2);
	assert_int_equal(show_main(1, ARGV("hokey show")), 2);
	assert_int_equal(show_main(3, ARGV("hokey show", "a", "b")), 2);
	assert_int_equal(show_main(3, ARGV("hokey show", "--user", "b")), 2);
	assert_int_equal(revoke_main(1, ARGV("hokey revoke")), 2);
	assert_int_equal(revoke_main(4, ARGV("hokey revoke", "--user", "u", "n")), 2);
	assert_int_equal(statistics_main(2, ARGV("hokey statistics", "x")), 2);
	assert_int_equal(sessions_main(3, ARGV("hokey sessions", "--control", "/nowhere/x")), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_go_through_all_pages),
		cmocka_unit_test(sessions_as_json_are_one_a_line),
		cmocka_unit_test(show_tells_all),
		cmocka_unit_test(revoke_tells_how_many),
		cmocka_unit_test(statistics_are_a_table_or_json),
		cmocka_unit_test(refusals_and_nonsense_fail),
		cmocka_unit_test(wrong_command_lines),
	};

	return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
