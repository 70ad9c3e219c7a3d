/* SPDX-License-Identifier: ISC */
/* Lines on the control socket: one line of JSON comes back, whatever was asked, without keys. */
#include "fuzz.h"

#include "hokeyd/clock.h"
#include "hokeyd/control.h"
#include "hokeyd/server.h"

#include <jansson.h>

#define SETS 3

static struct hk_server server;

/* Keys of 0x5a everywhere, so that they would be seen. */
static void put_sets(void)
{
	static struct hk_keyset set;

	for (uint8_t i = 0; i < SETS; i++) {
		memset(&set, 0, sizeof(set));
		memset(&set.keys, 0x5a, sizeof(set.keys));
		set.keys.len = 64;
		set.emsk_name[7] = i;
		set.realm_len = set.user_len = 12;
		memcpy(set.realm, "home.example", 12);
		memcpy(set.user, "a@home.examp", 12);
		set.created = hk_clock_now();
		set.expires = set.created + 3600 * HK_SECOND;
		set.session_end = HK_NEVER;
		(void)hk_keystore_put(server.store, &set);
	}
}

static void set_up(void)
{
	static const struct hk_keystore_memory_config memory;

	hk_clock_start();
	fuzz_ok(hk_keystore_memory_open(&memory, &server.store));
	fuzz_ok(hk_home_new(NULL, NULL, &server.home));
}

/* Reload needs a server with a configuration. */
static bool reloads(const char *line, size_t len)
{
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *command = json_string_value(json_object_get(request, "command"));
	bool yes = command && strcmp(command, "reload") == 0;

	json_decref(request);
	return yes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	json_t *reply;
	char *text;

	if (!server.store)
		set_up();
	if (reloads(line, size))
		return 0;
	put_sets();
	text = hk_control_answer(&server, line, size);
	fuzz_check(text && strchr(text, '\n') == text + strlen(text) - 1);
	if (!memmem(data, size, "5a5a", 4))
		fuzz_check(!strstr(text, "5a5a"));
	reply = json_loads(text, 0, NULL);
	fuzz_check(json_is_boolean(json_object_get(reply, "ok")));
	json_decref(reply);
	free(text);
	return 0;
}
