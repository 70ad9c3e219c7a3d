/* SPDX-License-Identifier: ISC */
#include "hokeyd/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/crypto.h>

/*
 * A key object takes below 512 octets, and keys live as objects only while an
 * authentication is under way: room for more than the most sessions.
 */
#define SECURE_HEAP     (16u << 20)
#define SECURE_HEAP_MIN 64

/* As much memory may be locked as the system allows. */
static void raise_memlock(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_MEMLOCK, &limit);
	}
}

bool hk_process_protect(const char **why)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (CRYPTO_secure_malloc_initialized())
		return true;
	raise_memlock();
	switch (CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_MIN)) {
	case 1:
		return true;
	case 2:
		*why = "keys in memory are not locked: they could be swapped out; allow 16 MiB of "
		       "locked memory (LimitMEMLOCK=)";
		return false;
	default:
		*why = "there is no protected memory for keys";
		return false;
	}
}

static enum hk_err fail(struct hk_config_error *error, const char *what)
{
	snprintf(error->text, sizeof(error->text), "%s: %s", what, strerror(errno));
	return HK_ERR_SYSTEM;
}

static enum hk_err become(const char *user, struct hk_config_error *error)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwnam(user);
	if (!entry) {
		snprintf(error->text, sizeof(error->text), "there is no user '%.40s'", user);
		return HK_ERR_NOT_FOUND;
	}
	if (initgroups(user, entry->pw_gid) < 0)
		return fail(error, "cannot take the groups of the user");
	if (setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0)
		return fail(error, "cannot become the group of the user");
	if (setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0)
		return fail(error, "cannot become the user");
	if (entry->pw_uid != 0 && setuid(0) == 0) {
		snprintf(error->text, sizeof(error->text), "root could be taken back");
		return HK_ERR_DENIED;
	}
	return HK_OK;
}

static enum hk_err drop_capabilities(struct hk_config_error *error)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return fail(error, "cannot drop ambient capabilities");
	if (syscall(SYS_capset, &header, none) < 0)
		return fail(error, "cannot drop capabilities");
	return HK_OK;
}

enum hk_err hk_privileges_drop(const char *user, struct hk_config_error *error)
{
	enum hk_err err = HK_OK;

	if (user && geteuid() == 0)
		err = become(user, error);
	/* Root without its capabilities could not read what others own. */
	if (!err && geteuid() != 0)
		err = drop_capabilities(error);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err = fail(error, "cannot give up new privileges");
	/* Changing the user has set it to the system's default. */
	if (!err && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		err = fail(error, "cannot turn off core dumps");
	return err;
}
