/* SPDX-License-Identifier: ISC */
/* RADIUS packets: read, walked, checked, opened, answered, remembered. */
#include "fuzz.h"

#include <hokey/eap.h>
#include <hokey/keydist.h>
#include <hokey/radius.h>

#define NOW ((hk_time)1700000000000)

static struct hk_radius_secret secret;

static void format(const struct hk_radius_attribute *a)
{
	char text[2048], small[9];
	size_t n = hk_radius_format_attribute(a, text, sizeof(text));
	size_t m = hk_radius_format_attribute(a, small, sizeof(small));

	fuzz_check(n == m && strlen(text) == (n < sizeof(text) ? n : sizeof(text) - 1));
	fuzz_check(strncmp(text, small, strlen(small)) == 0);
}

static void open_value(struct hk_bytes value, const uint8_t *authenticator)
{
	uint8_t octets[HK_RADIUS_VALUE_MAX];
	struct hk_buf plain = hk_buf(octets, sizeof(octets));

	(void)hk_radius_unhide_salted(&secret, authenticator, value, &plain);
	plain = hk_buf(octets, sizeof(octets));
	(void)hk_radius_unhide_password(&secret, authenticator, value, &plain);
}

static void walk(const struct hk_radius *p)
{
	struct hk_reader r = hk_reader(p->attributes);
	struct hk_keydist_attributes keydist;
	struct hk_radius_attribute a;
	size_t octets = 0, eap = 0;
	uint32_t number;

	while (hk_radius_next(&r, &a)) {
		octets += 2 + a.value.len;
		if (a.type == HK_RADIUS_EAP_MESSAGE)
			eap += a.value.len;
		fuzz_check(hk_radius_has(p, a.type));
		fuzz_check(hk_radius_find(p, a.type).data != NULL);
		(void)hk_radius_find_u32(p, a.type, &number);
		if (a.vendor)
			fuzz_check(hk_radius_find_vsa(p, a.vendor, a.vendor_type).data != NULL);
		(void)hk_keydist_is_private(&a, HK_VENDOR_HOKEY);
		format(&a);
		open_value(a.value, p->authenticator);
	}
	fuzz_check(octets == p->attributes.len);
	fuzz_check(eap == p->eap_octets);
	hk_keydist_read(p->attributes, HK_VENDOR_HOKEY, &keydist);
}

static void read_eap(const struct hk_radius *p)
{
	uint8_t octets[HK_RADIUS_MAX_LEN];
	struct hk_buf joined = hk_buf(octets, sizeof(octets));
	struct hk_eap_packet packet;
	struct hk_bytes eap;

	fuzz_ok(hk_radius_eap(p, &joined, &eap));
	fuzz_check(eap.len == p->eap_octets);
	fuzz_check(!eap.data == !hk_radius_has(p, HK_RADIUS_EAP_MESSAGE));
	if (!hk_eap_parse(eap, &packet))
		fuzz_check(packet.packet.len <= eap.len);
}

/* The reply to it can be read and checked. */
static void answer(const struct hk_radius *p)
{
	uint8_t octets[2 * HK_RADIUS_MAX_LEN];
	struct hk_buf b = hk_buf(octets, sizeof(octets));
	struct hk_radius reply;

	hk_radius_begin(&b, HK_RADIUS_ACCESS_REJECT, p->identifier);
	hk_radius_put_proxy_state(&b, p);
	if (hk_radius_sign_reply(&b, &secret, p->authenticator))
		return;
	fuzz_ok(hk_radius_parse(hk_buf_bytes(&b), &reply));
	fuzz_ok(hk_radius_check_message_authenticator(&reply, &secret, p->authenticator));
	fuzz_ok(hk_radius_check_response_authenticator(&reply, &secret, p->authenticator));
}

static void remember(const struct hk_radius *p)
{
	const struct hk_radius_source source = {.port = 1812};
	struct hk_radius_duplicates *d;
	struct hk_bytes reply;
	uint64_t entry, again;

	fuzz_ok(hk_radius_duplicates_new(4, 5000, &d));
	fuzz_check(
		hk_radius_duplicates_check(d, &source, p, NOW, &entry, &reply) == HK_DUPLICATE_NEW);
	fuzz_check(hk_radius_duplicates_check(d, &source, p, NOW, &again, &reply) ==
		   HK_DUPLICATE_IN_PROGRESS);
	fuzz_check(hk_radius_duplicates_answer(d, entry, p->packet, NOW));
	fuzz_check(hk_radius_duplicates_check(d, &source, p, NOW, &again, &reply) ==
		   HK_DUPLICATE_ANSWERED);
	fuzz_check(hk_bytes_equal(reply, p->packet));
	hk_radius_duplicates_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t authenticator[HK_RADIUS_AUTHENTICATOR_LEN];
	struct hk_radius p;

	fuzz_ok(hk_radius_secret_set(&secret, hk_text("xyzzy5461-hokey-lab-secret")));
	if (hk_radius_parse(hk_bytes(data, size), &p))
		return 0;
	fuzz_check(p.packet.len <= size);
	walk(&p);
	read_eap(&p);
	(void)hk_radius_check_message_authenticator(&p, &secret, NULL);
	(void)hk_radius_check_message_authenticator(&p, &secret, authenticator);
	(void)hk_radius_check_request_authenticator(&p, &secret);
	(void)hk_radius_check_response_authenticator(&p, &secret, authenticator);
	answer(&p);
	remember(&p);
	return 0;
}
