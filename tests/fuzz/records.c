/* SPDX-License-Identifier: ISC */
/*
 * What is read back from disks: records of the key store, and the state file of
 * a peer. Octets nobody sealed are refused; sealed ones, even senseless ones,
 * are read without harm.
 */
#include "erp_keys.h"

#include "crypto/crypto.h"
#include "keystore/record.h"

#include <hokey/er_peer.h>

#define HEAD_LEN 13

static struct hk_wrap wrap;
static const uint8_t key[HK_RECORD_KEY_LEN] = {1, 2, 3};

static void set_up(void)
{
	static const uint8_t wrap_key[HK_STORE_KEY_LEN] = {9, 8, 7};
	static const uint8_t salt[HK_WRAP_SALT_LEN] = {1};

	fuzz_ok(hk_wrap_init(&wrap, wrap_key, salt));
}

static void unsealed(struct hk_bytes octets)
{
	struct hk_keyset set;
	struct hk_seq_state seq;
	hk_time a, b;

	fuzz_check(hk_record_open(&wrap, key, octets, &set) == HK_ERR_STORE);
	(void)hk_record_times(octets, &a, &b);
	if (octets.len >= HK_RECORD_STATE_LEN)
		fuzz_check(hk_record_read_state(&wrap, key, octets.data, &seq) == HK_ERR_STORE);
}

/* With a seal around it, as an older or a newer program might have made it. */
static void sealed(struct hk_reader *r)
{
	uint8_t octets[8192], associated[HK_RECORD_KEY_LEN + HEAD_LEN];
	struct hk_bytes head = fuzz_take(r, HEAD_LEN + HK_AEAD_NONCE_LEN);
	struct hk_bytes content = fuzz_take(r, 4096);
	struct hk_bytes body = hk_bytes(octets, head.len + content.len + HK_AEAD_TAG_LEN);
	struct hk_keyset set, again;
	struct hk_buf b;

	if (head.len < HEAD_LEN + HK_AEAD_NONCE_LEN)
		return;
	memset(&set, 0, sizeof(set)); /* also what lies between the fields */
	memset(&again, 0, sizeof(again));
	memcpy(octets, head.data, head.len);
	memcpy(associated, key, sizeof(key));
	memcpy(associated + sizeof(key), head.data, HEAD_LEN);
	fuzz_ok(hk_aead_seal(wrap.aead, head.data + HEAD_LEN,
		hk_bytes(associated, sizeof(associated)), content, octets + head.len));
	if (hk_record_open(&wrap, key, body, &set))
		return;
	fuzz_check(set.realm_len <= HK_REALM_MAX_LEN && set.user_len <= HK_USER_MAX_LEN);
	fuzz_check(set.authorization_len <= HK_AUTHORIZATION_MAX);
	fuzz_check(set.grants.n <= HK_GRANTS_MAX);

	/* What was read can be written, and reads the same. */
	b = hk_buf(octets, sizeof(octets));
	fuzz_ok(hk_record_seal(&wrap, key, &set, &b));
	fuzz_ok(hk_record_open(&wrap, key, hk_buf_bytes(&b), &again));
	fuzz_check(set.expires == again.expires && set.session_end == again.session_end);
	fuzz_check(hk_bytes_equal(
		hk_bytes(set.user, set.user_len), hk_bytes(again.user, again.user_len)));
	fuzz_check(hk_bytes_equal(hk_bytes(set.authorization, set.authorization_len),
		hk_bytes(again.authorization, again.authorization_len)));
	fuzz_check(memcmp(&set.keys, &again.keys, sizeof(set.keys)) == 0);
}

/* A peer's state: with the right beginning and end around it, or as it is. */
static void peer_state(struct hk_bytes octets, bool dressed)
{
	const struct hk_er_peer_config config = hk_er_peer_config_default();
	const struct hk_er_link_config at = {
		.authenticator = hk_text("ap-1"), .support = HK_ER_SUPPORT_YES};
	uint8_t memory[HK_ER_PEER_STATE_MAX], hash[HK_SHA256_LEN];
	struct hk_buf b = hk_buf(memory, sizeof(memory));
	struct hk_bytes body;
	struct hk_er_link link;
	struct hk_er_result out;
	struct hk_er_peer peer;

	if (octets.len > sizeof(memory) - 64)
		return;
	if (dressed)
		hk_put(&b, "HKPS\1", 5);
	hk_put_bytes(&b, octets);
	body = hk_buf_bytes(&b);
	hk_sha256(&body, 1, hash);
	if (dressed)
		hk_put(&b, hash, sizeof(hash));

	fuzz_ok(hk_er_peer_init(&peer, &config));
	if (!hk_er_peer_restore(&peer, hk_buf_bytes(&b), FUZZ_NOW)) {
		b = hk_buf(memory, sizeof(memory));
		fuzz_ok(hk_er_peer_save(&peer, 16, &b));
		hk_er_link_init(&link, &peer, &at, FUZZ_NOW);
		hk_er_link_begin(&link, false, FUZZ_NOW, 0, &out);
		fuzz_check(out.rmsk == NULL);
	}
	hk_er_peer_clear(&peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_reader r = hk_reader(hk_bytes(data, size));
	uint8_t what = hk_get_u8(&r);

	if (!wrap.aead)
		set_up();
	if (what % 4 == 0) {
		sealed(&r);
	} else if (what % 4 == 1) {
		struct hk_bytes octets = fuzz_copy(fuzz_take(&r, 4096));

		unsealed(octets);
		fuzz_free(octets);
	} else {
		peer_state(fuzz_take(&r, HK_ER_PEER_STATE_MAX), what % 4 == 2);
	}
	return 0;
}
