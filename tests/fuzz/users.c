/* SPDX-License-Identifier: ISC */
/* The users file, and devices whose certificates hold any names. */
#include "fuzz.h"

#include "hokeyd/users.h"

#include <hokey/aaa.h>
#include <hokey/radius.h>

static void look_at(const struct hk_user *user)
{
	struct hk_reader r = hk_reader(user->authorization);
	struct hk_radius_attribute a;
	size_t octets = 0;
	char text[512];

	fuzz_check(user->authorization.len <= HK_AUTHORIZATION_MAX);
	while (hk_radius_next(&r, &a)) {
		octets += 2 + a.value.len;
		fuzz_check(a.type != HK_RADIUS_EAP_MESSAGE && a.type != HK_RADIUS_STATE &&
			   a.type != HK_RADIUS_PROXY_STATE &&
			   a.type != HK_RADIUS_MESSAGE_AUTHENTICATOR);
		fuzz_check(a.vendor != HK_VENDOR_MICROSOFT ||
			   (a.vendor_type != HK_MS_MPPE_SEND_KEY &&
				   a.vendor_type != HK_MS_MPPE_RECV_KEY));
		hk_radius_format_attribute(&a, text, sizeof(text));
	}
	fuzz_check(octets == user->authorization.len);
}

/* The file, a NUL, and then names, each with its length in front. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct hk_reader r = hk_reader(hk_bytes(data, size));
	struct hk_peer_identity who = {.outer = hk_text("anonymous@home.example")};
	struct hk_users_error error = {""};
	struct hk_users *users = NULL;
	struct hk_user user = {0};

	fuzz_take(&r, strlen(text) + 1);
	while (hk_left(&r) && who.npeer_ids < HK_PEER_IDS_MAX) {
		who.peer_id_kinds[who.npeer_ids] = hk_get_u8(&r) % (HK_PEER_ID_CN + 1);
		who.peer_ids[who.npeer_ids++] = fuzz_piece(&r);
	}
	if (!who.npeer_ids)
		who.peer_ids[who.npeer_ids++] = hk_text("alice@home.example");
	if (hk_users_parse("users", text, &users, &error)) {
		fuzz_check(!users && error.text[0] && !strchr(error.text, '\n'));
	} else {
		(void)hk_users_count(users);
		if (!hk_users_authorize(users, &who, &user))
			look_at(&user);
	}
	hk_users_free(users);
	free(text);
	return 0;
}
