/* SPDX-License-Identifier: ISC */
/*
 * What the process may do, and what others may see of it.
 */
#ifndef HK_HOKEYD_PRIVILEGES_H
#define HK_HOKEYD_PRIVILEGES_H

#include "hokeyd/config.h"

/*
 * First thing in the process, before a secret is read: no core dumps, nobody
 * but root may look into it, libraries wipe what they free, and a heap for keys
 * that is locked in memory and not dumped. False when that heap could not be locked; `why` then says what to
 * do about it. Keys are kept in any case.
 */
bool hk_process_protect(const char **why);

/*
 * Once sockets and files are open, before threads are made: becomes the user
 * (NULL: stays who it is), for good, with no capabilities and no way to new
 * ones. When the process is not root there is nothing to become. Root that
 * stays root keeps the capabilities to open files of others and low ports.
 */
enum hk_err hk_privileges_drop(const char *user, struct hk_config_error *error);

#endif
