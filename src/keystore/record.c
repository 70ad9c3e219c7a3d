/* SPDX-License-Identifier: ISC */
#include "keystore/record.h"

#include "crypto/crypto.h"

#define FORMAT       1
#define FORMAT_KEPT  2 /* with what keys that change domains need */
#define FORMAT_ENDED 3 /* the same without keys */
#define STATE_MAC    16
#define STATE_PLAIN  (HK_RECORD_STATE_LEN - STATE_MAC)
#define HEAD_LEN     13 /* format and times */
#define SEALED_AT    (HEAD_LEN + HK_AEAD_NONCE_LEN)
#define PLAIN_MAX    (HK_RECORD_BODY_MAX - SEALED_AT - HK_AEAD_TAG_LEN)

/* ---- the keys below the wrapping key ---- */

enum hk_err hk_wrap_init(struct hk_wrap *w, const uint8_t key[HK_STORE_KEY_LEN],
	const uint8_t salt[HK_WRAP_SALT_LEN])
{
	uint8_t input[11 + HK_WRAP_SALT_LEN], out[3 * 32 + HK_WRAP_CHECK_LEN];
	struct hk_hmac_key wrapping;
	enum hk_err err;

	memcpy(input, "hokey store", 11);
	memcpy(input + 11, salt, HK_WRAP_SALT_LEN);
	hk_hmac_key_init(&wrapping, hk_bytes(key, HK_STORE_KEY_LEN));
	hk_prfplus(&wrapping, hk_bytes(input, sizeof input), out, sizeof out);

	*w = (struct hk_wrap){0};
	hk_hmac_key_init(&w->state_key, hk_bytes(out + 32, 32));
	hk_hmac_key_init(&w->index_key, hk_bytes(out + 64, 32));
	memcpy(w->check, out + 96, HK_WRAP_CHECK_LEN);
	err = hk_aead_new(out, &w->aead);
	hk_wipe(&wrapping, sizeof wrapping);
	hk_wipe(out, sizeof out);
	return err;
}

void hk_wrap_end(struct hk_wrap *w)
{
	hk_aead_free(w->aead);
	hk_wipe(w, sizeof *w);
}

/* ---- names ---- */

static void index_hash(
	const struct hk_wrap *w, const char *what, struct hk_bytes v, uint8_t *out, size_t len)
{
	struct hk_bytes parts[2] = {hk_bytes(what, 1), v};
	uint8_t mac[HK_SHA256_LEN];

	hk_hmac_sha256(&w->index_key, parts, 2, mac);
	memcpy(out, mac, len);
}

void hk_record_key(struct hk_wrap *w, const uint8_t *emsk_name, struct hk_bytes realm,
	uint8_t key[HK_RECORD_KEY_LEN])
{
	uint8_t lower[HK_REALM_MAX_LEN];

	if (w->realm_len != realm.len || memcmp(w->realm, realm.data, realm.len) != 0) {
		for (size_t i = 0; i < realm.len; i++) {
			uint8_t c = realm.data[i];

			lower[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		}
		index_hash(w, "r", hk_bytes(lower, realm.len), w->realm_hash, sizeof w->realm_hash);
		memcpy(w->realm, realm.data, realm.len);
		w->realm_len = (uint16_t)realm.len;
	}
	memcpy(key, emsk_name, HK_EMSK_NAME_LEN);
	memcpy(key + HK_EMSK_NAME_LEN, w->realm_hash, sizeof w->realm_hash);
}

void hk_record_user(const struct hk_wrap *w, struct hk_bytes user, uint8_t out[HK_RECORD_USER_LEN])
{
	index_hash(w, "u", user, out, HK_RECORD_USER_LEN);
}

/* ---- state ---- */

static void state_mac(
	const struct hk_wrap *w, const uint8_t *key, const uint8_t *state, uint8_t *mac)
{
	struct hk_bytes parts[2] = {hk_bytes(key, HK_RECORD_KEY_LEN), hk_bytes(state, STATE_PLAIN)};

	hk_hmac_sha256(&w->state_key, parts, 2, mac);
}

void hk_record_write_state(const struct hk_wrap *w, const uint8_t *key,
	const struct hk_seq_state *seq, uint8_t out[HK_RECORD_STATE_LEN])
{
	struct hk_buf b = hk_buf(out, HK_RECORD_STATE_LEN);
	uint8_t mac[HK_SHA256_LEN];

	hk_put_u32(&b, seq->expected);
	hk_put_u16(&b, (uint16_t)seq->last_seq);
	hk_put_u64(&b, seq->window);
	hk_put_u64(&b, seq->last_time);
	hk_put(&b, seq->last_tag, sizeof seq->last_tag);
	state_mac(w, key, out, mac);
	hk_put(&b, mac, STATE_MAC);
}

enum hk_err hk_record_read_state(const struct hk_wrap *w, const uint8_t *key,
	const uint8_t in[HK_RECORD_STATE_LEN], struct hk_seq_state *seq)
{
	struct hk_reader r = hk_reader(hk_bytes(in, HK_RECORD_STATE_LEN));
	uint8_t mac[HK_SHA256_LEN];

	state_mac(w, key, in, mac);
	if (!hk_equal_secret(mac, in + STATE_PLAIN, STATE_MAC))
		return HK_ERR_STORE;
	seq->expected = hk_get_u32(&r);
	seq->last_seq = hk_get_u16(&r);
	seq->window = hk_get_u64(&r);
	seq->last_time = hk_get_u64(&r);
	memcpy(seq->last_tag, hk_get_bytes(&r, HK_REPEAT_TAG_LEN).data, HK_REPEAT_TAG_LEN);
	return HK_OK;
}

/* ---- body ---- */

static void put_hmac_key(struct hk_buf *b, const struct hk_hmac_key *k)
{
	for (int i = 0; i < 8; i++)
		hk_put_u32(b, k->inner[i]);
	for (int i = 0; i < 8; i++)
		hk_put_u32(b, k->outer[i]);
}

static void get_hmac_key(struct hk_reader *r, struct hk_hmac_key *k)
{
	for (int i = 0; i < 8; i++)
		k->inner[i] = hk_get_u32(r);
	for (int i = 0; i < 8; i++)
		k->outer[i] = hk_get_u32(r);
}

/* Times take 6 octets; what does not fit (year 10889) is as good as never. */
#define TIME_LEN   6
#define TIME_NEVER ((UINT64_C(1) << 48) - 1)

static void put_time(struct hk_buf *b, hk_time t)
{
	if (t > TIME_NEVER)
		t = TIME_NEVER;
	hk_put_u16(b, (uint16_t)(t >> 32));
	hk_put_u32(b, (uint32_t)t);
}

static hk_time load_time(const uint8_t *p)
{
	hk_time t = (hk_time)hk_load_u16(p) << 32 | hk_load_u32(p + 2);

	return t == TIME_NEVER ? HK_NEVER : t;
}

/* Octets of the user in front of "@" and the realm, when it ends so; else all. */
static size_t user_part(const struct hk_keyset *set)
{
	size_t tail = (size_t)set->realm_len + 1, part;

	if (set->user_len < tail)
		return set->user_len;
	part = set->user_len - tail;
	return set->user[part] == '@' &&
			       memcmp(set->user + part + 1, set->realm, set->realm_len) == 0
		       ? part
		       : set->user_len;
}

static bool keeps_something(const struct hk_keyset *set)
{
	return set->emsk.kdf || set->grants.n || set->home_len;
}

static void write_kept(struct hk_buf *b, const struct hk_keyset *set)
{
	hk_put_u8(b, set->emsk.kdf);
	if (set->emsk.kdf) {
		hk_put_u16(b, set->emsk.len);
		put_hmac_key(b, &set->emsk.key);
	}
	hk_put_u8(b, set->grants.n);
	for (size_t i = 0; i < set->grants.n; i++) {
		hk_put(b, set->grants.list[i].key, HK_GRANT_HASH_LEN);
		hk_put(b, set->grants.list[i].owner, HK_GRANT_HASH_LEN);
	}
	hk_put_u8(b, set->home_len);
	hk_put(b, set->home, set->home_len);
}

/* What the octet behind the length of the user says. */
enum {
	USER_IN_REALM = 1, /* "@" and the realm follow */
	USER_SHARED = 2,
};

static void write_content(struct hk_buf *b, uint8_t format, const struct hk_keyset *set)
{
	size_t part = user_part(set);
	unsigned in_realm = part < set->user_len ? USER_IN_REALM : 0;
	unsigned shared = set->shared_user ? USER_SHARED : 0;

	if (format != FORMAT)
		write_kept(b, set);
	put_time(b, set->session_end);
	hk_put_u16(b, set->keys.len);
	put_hmac_key(b, &set->keys.rrk);
	put_hmac_key(b, &set->keys.rik2);
	hk_put_u8(b, (uint8_t)set->realm_len);
	hk_put(b, set->realm, set->realm_len);
	hk_put_u8(b, (uint8_t)part);
	hk_put_u8(b, (uint8_t)(in_realm | shared));
	hk_put(b, set->user, part);
	hk_put(b, set->authorization, set->authorization_len);
}

static uint16_t get_text(struct hk_reader *r, size_t n, uint8_t *to, size_t cap)
{
	struct hk_bytes v = hk_get_bytes(r, n);

	if (v.len > cap) {
		r->underflow = true;
		return 0;
	}
	if (v.len)
		memcpy(to, v.data, v.len);
	return (uint16_t)v.len;
}

static void read_user(struct hk_reader *r, struct hk_keyset *set)
{
	uint8_t part = hk_get_u8(r), flags = hk_get_u8(r);

	set->shared_user = flags & USER_SHARED;
	set->user_len = get_text(r, part, set->user, sizeof set->user);
	if (!(flags & USER_IN_REALM))
		return;
	if (set->user_len + 1u + set->realm_len > sizeof set->user) {
		r->underflow = true;
		return;
	}
	set->user[set->user_len++] = '@';
	memcpy(set->user + set->user_len, set->realm, set->realm_len);
	set->user_len = (uint16_t)(set->user_len + set->realm_len);
}

static void read_kept(struct hk_reader *r, struct hk_keyset *set)
{
	set->emsk.kdf = hk_get_u8(r);
	if (set->emsk.kdf) {
		set->emsk.len = hk_get_u16(r);
		get_hmac_key(r, &set->emsk.key);
	}
	set->grants.n = hk_get_u8(r);
	if (set->grants.n > HK_GRANTS_MAX) {
		r->underflow = true;
		set->grants.n = 0;
	}
	for (size_t i = 0; i < set->grants.n; i++) {
		get_text(r, HK_GRANT_HASH_LEN, set->grants.list[i].key, HK_GRANT_HASH_LEN);
		get_text(r, HK_GRANT_HASH_LEN, set->grants.list[i].owner, HK_GRANT_HASH_LEN);
	}
	set->home_len = (uint8_t)get_text(r, hk_get_u8(r), set->home, sizeof set->home);
}

static enum hk_err read_content(uint8_t format, struct hk_bytes plain, struct hk_keyset *set)
{
	struct hk_reader r = hk_reader(plain);
	struct hk_bytes session_end;

	set->emsk.kdf = 0;
	set->grants.n = 0;
	set->home_len = 0;
	if (format != FORMAT)
		read_kept(&r, set);
	session_end = hk_get_bytes(&r, TIME_LEN);
	if (r.underflow)
		return HK_ERR_STORE;
	set->session_end = load_time(session_end.data);
	set->keys.len = hk_get_u16(&r);
	get_hmac_key(&r, &set->keys.rrk);
	get_hmac_key(&r, &set->keys.rik2);
	set->realm_len = get_text(&r, hk_get_u8(&r), set->realm, sizeof set->realm);
	read_user(&r, set);
	set->authorization_len =
		get_text(&r, hk_left(&r), set->authorization, sizeof set->authorization);
	return r.underflow ? HK_ERR_STORE : HK_OK;
}

/* What must not change and is not sealed: key and head. */
static struct hk_bytes associated_data(
	uint8_t out[HK_RECORD_KEY_LEN + HEAD_LEN], const uint8_t *key, const uint8_t *head)
{
	memcpy(out, key, HK_RECORD_KEY_LEN);
	memcpy(out + HK_RECORD_KEY_LEN, head, HEAD_LEN);
	return hk_bytes(out, HK_RECORD_KEY_LEN + HEAD_LEN);
}

static enum hk_err seal(const struct hk_wrap *w, const uint8_t *key, uint8_t format,
	const struct hk_keyset *set, struct hk_buf *out)
{
	uint8_t associated[HK_RECORD_KEY_LEN + HEAD_LEN], plain[PLAIN_MAX];
	struct hk_buf content = hk_buf(plain, sizeof plain);
	uint8_t *head = out->data + out->len, *nonce, *sealed;
	enum hk_err err;

	hk_put_u8(out, format);
	put_time(out, set->expires);
	put_time(out, set->created);
	nonce = hk_put_room(out, HK_AEAD_NONCE_LEN);
	write_content(&content, format, set);
	sealed = hk_put_room(out, content.len + HK_AEAD_TAG_LEN);
	err = hk_buf_ok(out) && hk_buf_ok(&content) ? hk_random(nonce, HK_AEAD_NONCE_LEN)
						    : HK_ERR_TOO_LONG;
	if (!err)
		err = hk_aead_seal(w->aead, nonce, associated_data(associated, key, head),
			hk_buf_bytes(&content), sealed);
	hk_wipe(plain, content.len);
	return err;
}

enum hk_err hk_record_seal(const struct hk_wrap *w, const uint8_t *key, const struct hk_keyset *set,
	struct hk_buf *out)
{
	return seal(w, key, keeps_something(set) ? FORMAT_KEPT : FORMAT, set, out);
}

enum hk_err hk_record_seal_ended(const struct hk_wrap *w, const uint8_t *key,
	const struct hk_keyset *set, struct hk_buf *out)
{
	struct hk_keyset rest = *set;

	hk_keyset_wipe(&rest);
	return seal(w, key, FORMAT_ENDED, &rest, out);
}

static void read_times(const uint8_t *head, hk_time *expires, hk_time *created)
{
	*expires = load_time(head + 1);
	*created = load_time(head + 1 + TIME_LEN);
}

enum hk_err hk_record_times(struct hk_bytes body, hk_time *expires, hk_time *created)
{
	if (body.len < SEALED_AT + HK_AEAD_TAG_LEN ||
		(body.data[0] != FORMAT && body.data[0] != FORMAT_KEPT))
		return HK_ERR_STORE;
	read_times(body.data, expires, created);
	return HK_OK;
}

/* The head has been looked at. */
static enum hk_err unseal(
	const struct hk_wrap *w, const uint8_t *key, struct hk_bytes body, struct hk_keyset *set)
{
	uint8_t associated[HK_RECORD_KEY_LEN + HEAD_LEN], plain[PLAIN_MAX];
	struct hk_bytes sealed;
	enum hk_err err;

	read_times(body.data, &set->expires, &set->created);
	sealed = hk_bytes(body.data + SEALED_AT, body.len - SEALED_AT);
	err = hk_aead_open(w->aead, body.data + HEAD_LEN,
		associated_data(associated, key, body.data), sealed, plain);
	if (err)
		return err == HK_ERR_TAG ? HK_ERR_STORE : err;
	memcpy(set->emsk_name, key, HK_EMSK_NAME_LEN);
	err = read_content(body.data[0], hk_bytes(plain, sealed.len - HK_AEAD_TAG_LEN), set);
	hk_wipe(plain, sealed.len - HK_AEAD_TAG_LEN);
	return err;
}

enum hk_err hk_record_open(
	const struct hk_wrap *w, const uint8_t *key, struct hk_bytes body, struct hk_keyset *set)
{
	if (hk_record_times(body, &set->expires, &set->created) || body.len > HK_RECORD_BODY_MAX)
		return HK_ERR_STORE;
	return unseal(w, key, body, set);
}

enum hk_err hk_record_open_ended(
	const struct hk_wrap *w, const uint8_t *key, struct hk_bytes body, struct hk_keyset *set)
{
	if (body.len < SEALED_AT + HK_AEAD_TAG_LEN || body.len > HK_RECORD_BODY_MAX ||
		body.data[0] != FORMAT_ENDED)
		return HK_ERR_STORE;
	return unseal(w, key, body, set);
}
