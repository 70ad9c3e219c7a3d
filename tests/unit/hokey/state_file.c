/* SPDX-License-Identifier: ISC */
/* The keys between two calls of `hokey peer`. */
#include "temp.h"
#include "test.h"

#include "erp/peer.h"
#include "hokey/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW   ((hk_time)1700000000000)
#define LATER (NOW + 28800 * HK_SECOND)

static void make_peer(struct hk_er_peer *peer)
{
	struct hk_er_peer_config c = hk_er_peer_config_default();

	assert_ok(hk_er_peer_init(peer, &c));
}

static void give_keys(struct hk_er_peer *peer)
{
	uint8_t session_id[33] = {13}, octets[64] = {1};
	struct hk_key *emsk;

	assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof session_id),
		hk_bytes(octets, sizeof octets), NOW, LATER, &emsk));
	assert_ok(hk_er_peer_take_emsk(peer, emsk, hk_text("home.example"), NOW));
}

static void a_file_that_is_not_there_is_no_keys(void **state)
{
	char *path = temp_path(*state, "none");
	struct hk_er_peer peer;
	struct state_file f;

	make_peer(&peer);
	assert_ok(state_file_open(&f, path, &peer, NOW));
	assert_false(hk_er_peer_has_keys(&peer, NOW));
	state_file_close(&f);
	free(path);
}

/* E6696-5.4-08 */
static void numbers_are_on_the_disk_before_they_are_used(void **state)
{
	char *path = temp_path(*state, "keys");
	struct hk_er_peer peer, next;
	struct state_file f;
	struct stat st;
	uint16_t seq;

	make_peer(&peer);
	give_keys(&peer);
	assert_ok(state_file_open(&f, path, &next, NOW)); /* nothing there yet */
	assert_ok(state_file_write(&f, &peer, 3));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	for (int i = 0; i < 3; i++)
		assert_ok(hk_er_peer_take_seq(&peer, &peer.sets[0], NOW, &seq));
	assert_int_equal(seq, 2);
	assert_err(hk_er_peer_take_seq(&peer, &peer.sets[0], NOW, &seq), HK_ERR_STORE);
	state_file_close(&f); /* as a process that died does, without another write */
	hk_er_peer_clear(&peer);

	make_peer(&next);
	assert_ok(state_file_open(&f, path, &next, NOW));
	assert_true(hk_er_peer_has_keys(&next, NOW));
	assert_ok(state_file_write(&f, &next, 1));
	assert_ok(hk_er_peer_take_seq(&next, &next.sets[0], NOW, &seq));
	assert_int_equal(seq, 3);
	assert_ok(state_file_write(&f, &next, 0));
	assert_err(hk_er_peer_take_seq(&next, &next.sets[0], NOW, &seq), HK_ERR_STORE);
	state_file_close(&f);
	hk_er_peer_clear(&next);
	free(path);
}

static void two_processes_do_not_share_it(void **state)
{
	char *path = temp_path(*state, "locked");
	struct state_file first, second;
	struct hk_er_peer peer;

	make_peer(&peer);
	assert_ok(state_file_open(&first, path, &peer, NOW));
	assert_ok(state_file_write(&first, &peer, 0));
	assert_err(state_file_open(&second, path, &peer, NOW), HK_ERR_EXISTS);
	state_file_close(&first);
	assert_ok(state_file_open(&second, path, &peer, NOW));
	state_file_close(&second);
	free(path);
}

static void what_is_wrong_with_a_file_is_told(void **state)
{
	char *damaged = temp_file(*state, "damaged", "HKPS nonsense", 0600);
	char *open_to_all = temp_file(*state, "open", "HKPS", 0644);
	char *nowhere = temp_path(*state, "no/such/place");
	struct hk_er_peer peer;
	struct state_file f;

	make_peer(&peer);
	assert_err(state_file_open(&f, damaged, &peer, NOW), HK_ERR_MALFORMED);
	assert_err(state_file_open(&f, open_to_all, &peer, NOW), HK_ERR_DENIED);
	assert_err(state_file_open(&f, nowhere, &peer, NOW), HK_ERR_SYSTEM);
	assert_int_equal(errno, ENOENT);
	free(damaged);
	free(open_to_all);
	free(nowhere);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_not_there_is_no_keys),
		cmocka_unit_test(numbers_are_on_the_disk_before_they_are_used),
		cmocka_unit_test(two_processes_do_not_share_it),
		cmocka_unit_test(what_is_wrong_with_a_file_is_told),
	};

	return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
