/* SPDX-License-Identifier: ISC */
#include "hokey/bench/answer.h"

#include "crypto/crypto.h"

#include <hokey/eap.h>
#include <hokey/erp.h>

#define KEY_LEN 64

static enum hk_bench_count kind_of_reject(struct hk_bytes datagram)
{
	struct hk_radius p;
	struct hk_eap_packet eap;
	struct hk_bytes octets;
	uint8_t memory[HK_RADIUS_MAX_LEN];
	struct hk_buf joined = hk_buf(memory, sizeof memory);

	if (hk_radius_parse(datagram, &p))
		return HK_BENCH_MALFORMED;
	if (hk_radius_eap(&p, &joined, &octets) || hk_eap_parse(octets, &eap))
		return HK_BENCH_REJECTED_OTHER;
	if (eap.code == HK_EAP_FINISH)
		return HK_BENCH_REJECTED_FINISH;
	return eap.code == HK_EAP_FAILURE ? HK_BENCH_REJECTED_FAILURE : HK_BENCH_REJECTED_OTHER;
}

enum hk_bench_count hk_bench_classify(struct hk_bytes datagram)
{
	if (datagram.len < HK_RADIUS_HEADER_LEN || hk_load_u16(datagram.data + 2) != datagram.len)
		return HK_BENCH_MALFORMED;
	switch (datagram.data[0]) {
	case HK_RADIUS_ACCESS_ACCEPT:
		return HK_BENCH_ACCEPTED;
	case HK_RADIUS_ACCESS_CHALLENGE:
		return HK_BENCH_CHALLENGED;
	case HK_RADIUS_ACCESS_REJECT:
		return kind_of_reject(datagram);
	default:
		return HK_BENCH_MALFORMED;
	}
}

bool hk_bench_keys_match(const struct hk_radius *reply, const struct hk_radius_secret *secret,
	const uint8_t *request_authenticator, const uint8_t *key)
{
	static const uint8_t types[2] = {HK_MS_MPPE_RECV_KEY, HK_MS_MPPE_SEND_KEY};

	for (unsigned i = 0; i < 2; i++) {
		struct hk_bytes hidden = hk_radius_find_vsa(reply, HK_VENDOR_MICROSOFT, types[i]);
		uint8_t octets[HK_RADIUS_VALUE_MAX];
		struct hk_buf plain = hk_buf(octets, sizeof octets);

		if (hk_radius_unhide_salted(secret, request_authenticator, hidden, &plain) ||
			plain.len != KEY_LEN / 2 ||
			!hk_equal_secret(octets, key + i * KEY_LEN / 2, KEY_LEN / 2))
			return false;
	}
	return true;
}

static bool check_finish(struct hk_bytes eap, const struct hk_device *device, uint16_t seq)
{
	struct hk_erp_message m;
	struct hk_keyname_nai nai;

	if (hk_erp_parse(eap, &m) || m.code != HK_ERP_FINISH || m.type != HK_ERP_REAUTH ||
		m.flags & HK_ERP_FLAG_R || m.seq != seq || m.identifier != (uint8_t)seq ||
		hk_keyname_nai_parse(m.keyname_nai, &nai) ||
		memcmp(nai.emsk_name, device->emsk_name, HK_EMSK_NAME_LEN) != 0)
		return false;
	for (unsigned i = 0; i < m.nreadings; i++)
		if (m.readings[i].suite == HK_SUITE_HMAC_SHA256_128 &&
			hk_erp_verify(&m, &m.readings[i], &device->keys.rik2))
			return true;
	return false;
}

bool hk_bench_check_accept(const struct hk_bench_options *o, struct hk_bytes datagram,
	const uint8_t *request_authenticator, const struct hk_device *device, uint16_t seq)
{
	uint8_t memory[HK_RADIUS_MAX_LEN], rmsk[KEY_LEN];
	struct hk_buf joined = hk_buf(memory, sizeof memory);
	struct hk_radius p;
	struct hk_bytes eap;

	if (hk_radius_parse(datagram, &p) ||
		hk_radius_check_response_authenticator(&p, &o->secret, request_authenticator) ||
		hk_radius_check_message_authenticator(&p, &o->secret, request_authenticator) ||
		hk_radius_eap(&p, &joined, &eap) || !check_finish(eap, device, seq))
		return false;
	return hk_erp_keys_rmsk(&device->keys, seq, rmsk, sizeof rmsk) == HK_OK &&
	       hk_bench_keys_match(&p, &o->secret, request_authenticator, rmsk);
}

bool hk_bench_check_authenticator(const struct hk_bench_options *o, struct hk_bytes datagram,
	const uint8_t *request_authenticator)
{
	struct hk_radius p;

	return hk_radius_parse(datagram, &p) == HK_OK &&
	       hk_radius_check_response_authenticator(&p, &o->secret, request_authenticator) ==
		       HK_OK;
}
