/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "temp.h"

#include "hokeyd/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_what_is_created_can_be_read(void **state)
{
	char *path = temp_path(*state, "key");
	struct hk_file file;
	struct stat st;

	assert_ok(hk_file_create(path, hk_text("two\nlines\n"), 0600));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ok(hk_file_read(path, &file));
	assert_int_equal(file.len, 10);
	assert_string_equal((char *)file.data, "two\nlines\n");
	assert_false(file.open_to_others);
	hk_file_free(&file);
	assert_null(file.data);
	free(path);
}

static void test_create_never_replaces(void **state)
{
	char *path = temp_path(*state, "kept");
	char *link_path = temp_path(*state, "link");
	struct hk_file file;

	assert_ok(hk_file_create(path, hk_text("first"), 0600));
	assert_err(hk_file_create(path, hk_text("second"), 0600), HK_ERR_EXISTS);
	assert_int_equal(symlink("nowhere", link_path), 0);
	assert_err(hk_file_create(link_path, hk_text("third"), 0600), HK_ERR_EXISTS);
	assert_ok(hk_file_read(path, &file));
	assert_string_equal((char *)file.data, "first");
	hk_file_free(&file);
	free(link_path);
	free(path);
}

static void test_read_says_why_not(void **state)
{
	char *missing = temp_path(*state, "missing");
	char *fifo = temp_path(*state, "fifo");
	char *big = temp_path(*state, "big");
	struct hk_file file;

	assert_err(hk_file_read(missing, &file), HK_ERR_SYSTEM);
	assert_string_equal(hk_file_strerror(HK_ERR_SYSTEM), "No such file or directory");
	assert_err(hk_file_read(*state, &file), HK_ERR_ARGUMENT);
	assert_string_equal(hk_file_strerror(HK_ERR_ARGUMENT), "not a regular file");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_err(hk_file_read(fifo, &file), HK_ERR_ARGUMENT);

	assert_ok(hk_file_create(big, hk_text(""), 0600));
	assert_int_equal(truncate(big, (off_t)HK_FILE_MAX + 1), 0);
	assert_err(hk_file_read(big, &file), HK_ERR_TOO_LONG);
	assert_null(file.data);
	free(big);
	free(fifo);
	free(missing);
}

static void test_an_open_key_file_is_noticed(void **state)
{
	static const struct {
		mode_t mode;
		uid_t owner;
		bool open;
	} cases[] = {
		{0600, 0, false},
		{0640, 0, false},
		{0660, 0, true},
		{0644, 0, true},
		{0602, 0, true},
		{0400, 1000, false},
		{0600, 1000, false},
		{0640, 1000, true},
		{0604, 1000, true},
	};
	char *path = temp_path(*state, "open");
	struct hk_file file;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stat st = {.st_mode = S_IFREG | cases[i].mode, .st_uid = cases[i].owner};

		assert_int_equal(hk_file_is_open(&st), cases[i].open);
	}
	assert_ok(hk_file_create(path, hk_text("x"), 0644));
	assert_ok(hk_file_read(path, &file));
	assert_true(file.open_to_others);
	hk_file_free(&file);
	free(path);
}

static void test_an_empty_file_is_empty_text(void **state)
{
	char *path = temp_path(*state, "empty");
	struct hk_file file;

	assert_ok(hk_file_create(path, HK_NO_BYTES, 0600));
	assert_ok(hk_file_read(path, &file));
	assert_int_equal(file.len, 0);
	assert_string_equal((char *)file.data, "");
	hk_file_free(&file);
	free(path);
}

static void test_replace_is_all_or_nothing(void **state)
{
	char *path = temp_path(*state, "replaced"), *fresh = temp_path(*state, "replaced.new");
	char *nowhere = temp_path(*state, "nowhere/replaced");
	struct hk_file file;

	assert_ok(hk_file_replace(path, hk_text("first"), 0600));
	free(temp_file(*state, "replaced.new", "left over", 0644));
	assert_ok(hk_file_replace(path, hk_text("second"), 0600));
	assert_ok(hk_file_read(path, &file));
	assert_string_equal((char *)file.data, "second");
	assert_false(file.open_to_others);
	hk_file_free(&file);
	assert_err(hk_file_read(fresh, &file), HK_ERR_SYSTEM);
	assert_err(hk_file_replace(nowhere, hk_text("x"), 0600), HK_ERR_SYSTEM);
	assert_err(hk_file_replace(*state, hk_text("x"), 0600), HK_ERR_SYSTEM); /* a directory */
	free(path);
	free(fresh);
	free(nowhere);
}

static ino_t inode(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_ino;
}

static void test_what_is_right_is_left_alone(void **state)
{
	char *path = temp_path(*state, "ensured"), *link_path = temp_path(*state, "to-it");
	struct hk_file file;
	ino_t first, second;

	assert_ok(hk_file_ensure(path, hk_text("one"), 0600));
	first = inode(path);
	assert_ok(hk_file_ensure(path, hk_text("one"), 0600));
	assert_int_equal(inode(path), first);

	/* another content, another mode, something that points to it */
	assert_ok(hk_file_ensure(path, hk_text("two"), 0600));
	second = inode(path);
	assert_int_not_equal(second, first);
	assert_int_equal(chmod(path, 0644), 0);
	assert_ok(hk_file_ensure(path, hk_text("two"), 0600));
	assert_int_not_equal(inode(path), second);
	assert_int_equal(symlink("ensured", link_path), 0);
	assert_ok(hk_file_ensure(link_path, hk_text("two"), 0600));
	assert_int_not_equal(inode(link_path), inode(path));
	assert_ok(hk_file_read(link_path, &file));
	assert_string_equal((char *)file.data, "two");
	assert_false(file.open_to_others);
	hk_file_free(&file);
	free(path);
	free(link_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_created_can_be_read),
		cmocka_unit_test(test_create_never_replaces),
		cmocka_unit_test(test_read_says_why_not),
		cmocka_unit_test(test_an_open_key_file_is_noticed),
		cmocka_unit_test(test_an_empty_file_is_empty_text),
		cmocka_unit_test(test_what_is_right_is_left_alone),
		cmocka_unit_test(test_replace_is_all_or_nothing),
	};

	return cmocka_run_group_tests_name("hokeyd-files", tests, temp_setup, temp_teardown);
}
