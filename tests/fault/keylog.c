/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD into a TLS program with throw-away keys: appends the secrets of
 * its connections to the file named by $KEYLOG, as SSLKEYLOGFILE of others does.
 */
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

static void note(const SSL *ssl, const char *line)
{
	const char *path = getenv("KEYLOG");
	FILE *f = path ? fopen(path, "a") : NULL;

	(void)ssl;
	if (!f)
		return;
	fprintf(f, "%s\n", line);
	fclose(f);
}

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
	static SSL_CTX *(*real)(const SSL_METHOD *);
	static void (*set)(SSL_CTX *, SSL_CTX_keylog_cb_func);
	SSL_CTX *ctx;

	if (!real) {
		*(void **)&real = dlsym(RTLD_NEXT, "SSL_CTX_new");
		*(void **)&set = dlsym(RTLD_NEXT, "SSL_CTX_set_keylog_callback");
	}
	ctx = real(method);
	if (ctx)
		set(ctx, note);
	return ctx;
}
