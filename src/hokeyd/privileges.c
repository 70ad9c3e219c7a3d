/* SPDX-License-Identifier: ISC */
#include "hokeyd/privileges.h"

#include "crypto/crypto.h"
#include "hokeyd/sanitized.h"

#include <event2/event.h>

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- memory that others free ---- */

/*
 * OpenSSL wipes keys it frees, but not all that others can compute keys from
 * (the exporter secret of TLS 1.3), and libevent nothing of what went over TLS.
 */
static void wipe_and_free(void *p)
{
	if (p)
		hk_wipe(p, malloc_usable_size(p));
	free(p);
}

static void *wipe_and_move(void *old, size_t n)
{
	size_t before = old ? malloc_usable_size(old) : 0;
	void *p = malloc(n);

	if (p && old)
		memcpy(p, old, before < n ? before : n);
	if (p)
		wipe_and_free(old);
	return p;
}

static void *openssl_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(n);
}

static void *openssl_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return wipe_and_move(p, n);
}

static void openssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	wipe_and_free(p);
}

/* Before the libraries have allocated anything, and not again. */
static void wipe_what_is_freed(void)
{
	if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free))
		event_set_mem_functions(malloc, wipe_and_move, wipe_and_free);
}

/* ---- the process ---- */

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
	wipe_what_is_freed();
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

/* What a reload needs as root: files of others, and ports below 1024. */
#define ROOT_KEEPS                                                                                 \
	(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH | 1u << CAP_NET_BIND_SERVICE |         \
		(HK_SANITIZED ? 1u << CAP_SYS_PTRACE : 0)) /* to look for leaks */

/* No program can bring them back. Only who may change the set can do that. */
static void shrink_bounding_set(uint32_t keep)
{
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
		if (i >= 32 || !(keep & 1u << i))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	}
}

/* All but those of keep that it has. */
static enum hk_err drop_capabilities(uint32_t keep, struct hk_config_error *error)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return fail(error, "cannot ask for capabilities");
	data[0].effective &= keep;
	data[0].permitted &= keep;
	data[1].effective = data[1].permitted = 0;
	data[0].inheritable = data[1].inheritable = 0;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return fail(error, "cannot drop ambient capabilities");
	if (syscall(SYS_capset, &header, data) < 0)
		return fail(error, "cannot drop capabilities");
	return HK_OK;
}

enum hk_err hk_privileges_drop(const char *user, struct hk_config_error *error)
{
	uint32_t keep = geteuid() == 0 && !user ? ROOT_KEEPS : 0;
	enum hk_err err = HK_OK;

	shrink_bounding_set(keep);
	if (user && geteuid() == 0)
		err = become(user, error);
	if (!err)
		err = drop_capabilities(geteuid() == 0 ? ROOT_KEEPS : 0, error);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err = fail(error, "cannot give up new privileges");
	/* Changing the user has set it to the system's default. */
	if (!err && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		err = fail(error, "cannot turn off core dumps");
	return err;
}
