/* SPDX-License-Identifier: ISC */
#include "hokey/bench/request.h"

#include "crypto/crypto.h"

#include <hokey/erp.h>

#include <stdio.h>

#define WIRELESS_802_11 19
#define FRAMED_MTU      1400

void hk_bench_random_init(struct hk_bench_random *r)
{
	if (hk_random(&r->state, sizeof r->state))
		r->state = (uint64_t)(uintptr_t)r;
}

/* splitmix64 */
uint64_t hk_bench_random_next(struct hk_bench_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void random_authenticator(struct hk_bench_random *r, uint8_t out[16])
{
	hk_store_u64(out, hk_bench_random_next(r));
	hk_store_u64(out + 8, hk_bench_random_next(r));
}

void hk_bench_nas_identifier(uint32_t nas, char text[32])
{
	snprintf(text, 32, "bench-ap-%u", nas);
}

/* A MAC address as text, without snprintf: it is made for every request. */
static struct hk_bytes mac_text(uint64_t number, char text[17])
{
	static const char digits[] = "0123456789ABCDEF";

	number |= (uint64_t)0x02 << 40;
	for (unsigned i = 0; i < 6; i++) {
		uint8_t octet = (uint8_t)(number >> (40 - 8 * i));

		text[3 * i] = digits[octet >> 4];
		text[3 * i + 1] = digits[octet & 15];
		if (i < 5)
			text[3 * i + 2] = '-';
	}
	return hk_bytes(text, 17);
}

enum hk_err hk_bench_write_request(const struct hk_bench_options *o, struct hk_bench_random *random,
	struct hk_bytes user_name, struct hk_bytes eap, struct hk_bytes state, uint64_t device,
	uint32_t nas, uint8_t identifier, struct hk_buf *out)
{
	char identifier_text[32], called[17 + 6], calling[17];
	uint8_t authenticator[HK_RADIUS_AUTHENTICATOR_LEN];

	hk_bench_nas_identifier(nas, identifier_text);
	mac_text(0x010000000000u + nas, called);
	memcpy(called + 17, ":hokey", 6);
	random_authenticator(random, authenticator);

	hk_radius_begin(out, HK_RADIUS_ACCESS_REQUEST, identifier);
	hk_radius_put(out, HK_RADIUS_USER_NAME, user_name);
	hk_radius_put(out, HK_RADIUS_NAS_IDENTIFIER, hk_text(identifier_text));
	hk_radius_put(out, HK_RADIUS_CALLED_STATION_ID, hk_bytes(called, sizeof called));
	hk_radius_put_u32(out, HK_RADIUS_NAS_PORT_TYPE, WIRELESS_802_11);
	hk_radius_put(out, HK_RADIUS_CALLING_STATION_ID, mac_text(device, calling));
	hk_radius_put_u32(out, HK_RADIUS_FRAMED_MTU, FRAMED_MTU);
	hk_radius_put_eap(out, eap);
	if (state.len)
		hk_radius_put(out, HK_RADIUS_STATE, state);
	return hk_radius_sign_request(out, &o->secret, authenticator);
}

enum hk_err hk_bench_write_reauth(const struct hk_bench_options *o, struct hk_bench_random *random,
	const struct hk_devices *devices, uint64_t device, uint16_t seq, uint32_t nas,
	uint8_t identifier, struct hk_buf *out)
{
	const struct hk_device *d = &devices->device[device];
	uint8_t nai_octets[HK_NAI_MAX_LEN], eap_octets[HK_ERP_MAX_LEN];
	struct hk_buf nai = hk_buf(nai_octets, sizeof nai_octets);
	struct hk_buf eap = hk_buf(eap_octets, sizeof eap_octets);
	enum hk_err err;

	err = hk_keyname_nai_write(
		d->emsk_name, hk_bytes(devices->realm, devices->realm_len), &nai);
	if (err)
		return err;
	hk_erp_begin(&eap, HK_ERP_INITIATE, (uint8_t)seq, HK_ERP_FLAG_L, seq, hk_buf_bytes(&nai));
	err = hk_erp_seal(&eap, HK_SUITE_HMAC_SHA256_128, &d->keys.rik2);
	if (err)
		return err;
	return hk_bench_write_request(o, random, hk_buf_bytes(&nai), hk_buf_bytes(&eap),
		HK_NO_BYTES, device, nas, identifier, out);
}

enum hk_err hk_bench_renumber_request(const struct hk_bench_options *o,
	struct hk_bench_random *random, uint8_t identifier, uint8_t *packet, size_t len)
{
	struct hk_buf b = hk_buf(packet, len);
	uint8_t authenticator[HK_RADIUS_AUTHENTICATOR_LEN];

	b.len = len;
	packet[1] = identifier;
	random_authenticator(random, authenticator);
	return hk_radius_sign_request(&b, &o->secret, authenticator);
}
