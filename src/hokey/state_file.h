/* SPDX-License-Identifier: ISC */
/*
 * The file in which `hokey peer` keeps its keys between two calls: mode 0600,
 * replaced as a whole, locked while a process uses it. The lock is a file of
 * its own beside it, as the state file gets a new inode each time.
 */
#ifndef HK_HOKEY_STATE_FILE_H
#define HK_HOKEY_STATE_FILE_H

#include <hokey/er_peer.h>

struct state_file {
	const char *path;
	int lock; /* descriptor */
};

/*
 * Locks, and restores into an initialised peer; a file that is not there is
 * none. HK_ERR_EXISTS: another process has it. HK_ERR_DENIED: others may read or
 * write it. HK_ERR_SYSTEM with errno, HK_ERR_MALFORMED.
 */
enum hk_err state_file_open(
	struct state_file *f, const char *path, struct hk_er_peer *peer, hk_time now);

/*
 * Writes the peer's state with `ahead` sequence numbers reserved; complete
 * on the disk when it returns HK_OK.
 */
enum hk_err state_file_write(struct state_file *f, struct hk_er_peer *peer, uint16_t ahead);

void state_file_close(struct state_file *f);

#endif
