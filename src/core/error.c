/* SPDX-License-Identifier: ISC */
#include <hokey/error.h>

#include <stddef.h>

static const struct {
	const char *name;
	const char *text;
} errors[HK_ERR_COUNT] = {
	[HK_OK] = {"ok", "no error"},
	[HK_ERR_ARGUMENT] = {"argument", "invalid argument"},
	[HK_ERR_NO_MEMORY] = {"no-memory", "out of memory"},
	[HK_ERR_CRYPTO] = {"crypto", "the crypto library failed"},
	[HK_ERR_TOO_LONG] = {"too-long", "too long for its buffer or the protocol"},
	[HK_ERR_MALFORMED] = {"malformed", "malformed"},
	[HK_ERR_UNEXPECTED] = {"unexpected", "not expected here"},
	[HK_ERR_AUTHENTICATOR] = {"wrong-authenticator", "authenticator wrong or missing"},
	[HK_ERR_NOT_FOUND] = {"not-found", "not found"},
	[HK_ERR_EXPIRED] = {"expired", "expired"},
	[HK_ERR_DENIED] = {"denied", "refused by policy"},
	[HK_ERR_LABEL] = {"label", "key label not allowed or already taken"},
	[HK_ERR_EXHAUSTED] = {"exhausted", "sequence numbers are used up"},
	[HK_ERR_EXISTS] = {"exists", "already exists"},
	[HK_ERR_REALM] = {"realm", "realm not served here"},
	[HK_ERR_NAME_MISMATCH] = {"name-mismatch", "User-Name differs from keyName-NAI"},
	[HK_ERR_REPLAY] = {"replay", "sequence number already used"},
	[HK_ERR_SUITE] = {"suite", "cryptosuite not allowed"},
	[HK_ERR_TAG] = {"wrong-tag", "authentication tag wrong"},
	[HK_ERR_CHANNEL_BINDING] = {"channel-binding", "channel binding does not match"},
	[HK_ERR_STORE] = {"store", "the key store failed"},
	[HK_ERR_STORE_FULL] = {"store-full", "the key store is full"},
	[HK_ERR_STORE_KEY] = {"store-key", "the key store is wrapped under another key"},
	[HK_ERR_TLS] = {"tls", "TLS handshake failed"},
	[HK_ERR_TIMEOUT] = {"timeout", "timed out"},
	[HK_ERR_LIMIT] = {"limit", "a configured limit was reached"},
	[HK_ERR_SYSTEM] = {"system", "system call failed"},
};

static unsigned known(enum hk_err err)
{
	return (unsigned)err < HK_ERR_COUNT && errors[err].name ? (unsigned)err : HK_ERR_ARGUMENT;
}

const char *hk_strerror(enum hk_err err)
{
	return errors[known(err)].text;
}

const char *hk_errname(enum hk_err err)
{
	return errors[known(err)].name;
}
