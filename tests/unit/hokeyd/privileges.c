/* SPDX-License-Identifier: ISC */
/*
 * What changes the process runs in a child, which tells by its exit status.
 */
#include "test.h"
#include "temp.h"

#include "hokeyd/privileges.h"
#include "hokeyd/store_files.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* 0, or the number of the first thing that was not so. */
static int in_child(int (*check)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(check());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int protect(void)
{
	const char *why = NULL;
	struct rlimit core;
	bool locked = hk_process_protect(&why);
	void *key;

	if (getrlimit(RLIMIT_CORE, &core) || core.rlim_cur != 0 || core.rlim_max != 0)
		return 1;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 2;
	if (!CRYPTO_secure_malloc_initialized())
		return 3;
	if (!locked && !why)
		return 4;
	key = OPENSSL_secure_malloc(64);
	if (!key || !CRYPTO_secure_allocated(key))
		return 5;
	OPENSSL_secure_free(key);
	if (!hk_process_protect(&why)) /* again is fine */
		return 6;
	return 0;
}

static void test_the_process_is_protected(void **state)
{
	(void)state;
	assert_int_equal(in_child(protect), 0);
}

static int drop_to_nobody(void)
{
	struct hk_config_error error;
	const struct passwd *nobody = getpwnam("nobody");
	uid_t real, effective, saved;
	char line[200];
	FILE *f;

	if (!nobody || hk_privileges_drop("nobody", &error))
		return 1;
	if (getresuid(&real, &effective, &saved) || real != nobody->pw_uid ||
		effective != nobody->pw_uid || saved != nobody->pw_uid)
		return 2;
	if (getgid() != nobody->pw_gid || getegid() != nobody->pw_gid)
		return 3;
	if (setuid(0) == 0 || seteuid(0) == 0)
		return 4;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 5;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 6;
	f = fopen("/proc/self/status", "r");
	if (!f)
		return 9;
	while (fgets(line, sizeof(line), f)) {
		if ((strncmp(line, "CapEff:", 7) == 0 || strncmp(line, "CapPrm:", 7) == 0 ||
			    strncmp(line, "CapInh:", 7) == 0 || strncmp(line, "CapBnd:", 7) == 0 ||
			    strncmp(line, "CapAmb:", 7) == 0) &&
			strtoull(line + 7, NULL, 16) != 0)
			return 7;
	}
	fclose(f);
	for (int i = 0; i < getgroups(0, NULL); i++) {
		gid_t groups[64];
		int n = getgroups(64, groups);

		for (int k = 0; k < n; k++) {
			if (groups[k] == 0)
				return 8;
		}
	}
	return 0;
}

static void test_root_becomes_the_user_for_good(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("cannot run here: needs root\n");
		skip();
	}
	assert_int_equal(in_child(drop_to_nobody), 0);
}

static int drop_to_missing(void)
{
	struct hk_config_error error = {""};

	if (hk_privileges_drop("no-such-user-here", &error) != HK_ERR_NOT_FOUND)
		return 1;
	if (strcmp(error.text, "there is no user 'no-such-user-here'") != 0)
		return 2;
	return 0;
}

static void test_a_user_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("cannot run here: needs root\n");
		skip();
	}
	assert_int_equal(in_child(drop_to_missing), 0);
}

static int drop_without_user(void)
{
	struct hk_config_error error;
	uid_t before = geteuid();

	if (hk_privileges_drop(NULL, &error))
		return 1;
	if (geteuid() != before)
		return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	/* Root keeps what opens files, and loses what changes the system. */
	if (prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) && before == 0)
		return 4;
	if (before == 0 && (chroot("/") == 0 || errno != EPERM))
		return 5;
	return 0;
}

static void test_without_a_user_it_stays_and_gains_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_without_user), 0);
}

/* ---- the key of the store ---- */

static void test_the_wrap_key_is_made_once(void **state)
{
	char *path = temp_path(*state, "wrap.key");
	uint8_t first[HK_STORE_KEY_LEN];
	uint8_t second[HK_STORE_KEY_LEN];
	const uint8_t zeros[HK_STORE_KEY_LEN] = {0};
	struct hk_config_error error = {""};
	struct stat st;

	assert_ok(hk_store_wrap_key(path, NULL, first, &error));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, HK_STORE_KEY_LEN);
	assert_memory_not_equal(first, zeros, sizeof(zeros));
	assert_ok(hk_store_wrap_key(path, NULL, second, &error));
	assert_memory_equal(first, second, sizeof(first));
	free(path);
}

static void check_wrap_key(const char *path, enum hk_err want_err, const char *why)
{
	struct hk_config_error error = {""};
	uint8_t key[HK_STORE_KEY_LEN];

	assert_err(hk_store_wrap_key(path, NULL, key, &error), want_err);
	assert_non_null(strstr(error.text, why));
}

static void test_a_doubtful_wrap_key_is_refused(void **state)
{
	char *open_to_others =
		temp_file(*state, "open.key", "0123456789abcdef0123456789abcdef", 0644);
	char *short_key = temp_file(*state, "short.key", "0123456789abcdef", 0600);
	char *nowhere = temp_path(*state, "no/such.key");

	check_wrap_key(open_to_others, HK_ERR_DENIED, "others than its owner can read it");
	check_wrap_key(short_key, HK_ERR_MALFORMED, "not a file of 32 octets");
	check_wrap_key(*state, HK_ERR_ARGUMENT, "not a regular file");
	check_wrap_key(nowhere, HK_ERR_SYSTEM, "No such file or directory");
	free(nowhere);
	free(short_key);
	free(open_to_others);
}

static void test_the_directory_is_made_for_its_user(void **state)
{
	char *path = temp_path(*state, "keys");
	char *file = temp_file(*state, "file", "", 0600);
	struct hk_config_error error = {""};
	struct stat st;

	assert_ok(hk_store_make_directory(path, geteuid() == 0 ? "nobody" : NULL, &error));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	if (geteuid() == 0)
		assert_int_equal(st.st_uid, getpwnam("nobody")->pw_uid);
	assert_ok(hk_store_make_directory(path, NULL, &error));
	assert_err(hk_store_make_directory(file, NULL, &error), HK_ERR_SYSTEM);
	assert_non_null(strstr(error.text, "Not a directory"));
	free(file);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_process_is_protected),
		cmocka_unit_test(test_root_becomes_the_user_for_good),
		cmocka_unit_test(test_a_user_that_is_not_there_is_an_error),
		cmocka_unit_test(test_without_a_user_it_stays_and_gains_nothing),
		cmocka_unit_test(test_the_wrap_key_is_made_once),
		cmocka_unit_test(test_a_doubtful_wrap_key_is_refused),
		cmocka_unit_test(test_the_directory_is_made_for_its_user),
	};

	return cmocka_run_group_tests_name("hokeyd-privileges", tests, temp_setup, temp_teardown);
}
