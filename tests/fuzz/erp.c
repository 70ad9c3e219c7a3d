/* SPDX-License-Identifier: ISC */
/* EAP and ERP messages: every reading, and whether what is read can be written again. */
#include "fuzz.h"

#include "erp_keys.h"

#include <hokey/eap.h>
#include <hokey/erp.h>

static struct hk_hmac_key rik[HK_ERP_SUITES + 1];
static struct hk_key *indication_key;

static void set_up(void)
{
	struct hk_erp_keys keys;
	struct hk_key *emsk = fuzz_emsk(0);

	fuzz_erp_keys(emsk, &keys);
	for (uint8_t suite = 1; suite <= HK_ERP_SUITES; suite++)
		fuzz_ok(hk_erp_keys_rik(&keys, suite, &rik[suite]));
	fuzz_ok(hk_key_derive_auth_indication(
		emsk, hk_text("visited.example"), FUZZ_NOW, &indication_key));
	hk_key_free(emsk);
}

static void walk(const struct hk_erp_attributes *a)
{
	struct hk_reader r = hk_reader(a->area);
	struct hk_bytes value;
	uint8_t type;

	while (hk_erp_attribute_next(&r, &type, &value))
		fuzz_check(value.len <= a->area.len);
}

/* The same message, from the builders: its tag is right, and it reads the same. */
static void build_again(const struct hk_erp_message *m, const struct hk_erp_reading *reading,
	const struct hk_erp_attributes *a)
{
	uint8_t octets[HK_ERP_MAX_LEN];
	struct hk_buf b = hk_buf(octets, sizeof(octets));
	struct hk_erp_attributes again;
	struct hk_erp_message n;
	unsigned right = 0;

	hk_erp_begin(&b, m->code, m->identifier, m->flags, m->seq, m->keyname_nai);
	if (!hk_bytes_equal(hk_bytes(octets, b.len), hk_bytes(m->packet.data, b.len)))
		b.len = 8; /* keyName-NAI was not the first attribute */
	if (b.len > reading->end)
		return;
	hk_put(&b, m->packet.data + b.len, reading->end - b.len);
	if (hk_erp_seal(&b, reading->suite, &rik[reading->suite]))
		return;
	fuzz_ok(hk_erp_parse(hk_buf_bytes(&b), &n));
	for (uint8_t i = 0; i < n.nreadings; i++) {
		if (!hk_erp_verify(&n, &n.readings[i], &rik[n.readings[i].suite]))
			continue;
		right++;
		fuzz_check(n.readings[i].suite == reading->suite);
		fuzz_check(n.readings[i].end == reading->end);
	}
	fuzz_check(right == 1);
	fuzz_ok(hk_erp_attributes(&n, reading->end, &again));
	fuzz_check(hk_bytes_equal(again.area, a->area));
	fuzz_check(hk_bytes_equal(again.domain_name, a->domain_name));
}

static void read_message(struct hk_bytes octets)
{
	struct hk_erp_message m;
	enum hk_err err = hk_erp_parse(octets, &m);
	struct hk_erp_attributes a;

	if (err && err != HK_ERR_SUITE)
		return;
	fuzz_check(m.packet.len <= octets.len);
	fuzz_check(m.nreadings <= HK_ERP_SUITES);
	if (!m.nreadings) {
		fuzz_ok(hk_erp_attributes(&m, m.unprotected_end, &a));
		walk(&a);
	}
	for (uint8_t i = 0; i < m.nreadings; i++) {
		const struct hk_erp_reading *reading = &m.readings[i];

		fuzz_ok(hk_erp_attributes(&m, reading->end, &a));
		fuzz_check(reading->end + 1 + hk_suite_tag_len(reading->suite) == m.packet.len);
		walk(&a);
		(void)hk_erp_verify(&m, reading, &rik[reading->suite]);
		(void)hk_erp_verify_indication(&m, reading, indication_key);
		if (m.type == HK_ERP_REAUTH)
			build_again(&m, reading, &a);
	}
	for (size_t end = 0; end <= m.packet.len; end++)
		(void)hk_erp_attributes(&m, (uint16_t)end, &a);
}

static void read_eap(struct hk_bytes octets)
{
	uint8_t memory[8192];
	struct hk_buf b = hk_buf(memory, sizeof(memory));
	struct hk_eap_packet p;

	if (octets.len > sizeof(memory) || hk_eap_parse(octets, &p))
		return;
	fuzz_check(p.packet.len <= octets.len);
	(void)hk_eap_code_name(p.code);
	(void)hk_eap_type_name(p.type);
	if (p.code > 4 || !p.code)
		return;
	fuzz_ok(hk_eap_write(&b, p.code, p.identifier, p.type, p.data));
	fuzz_check(hk_bytes_equal(hk_buf_bytes(&b), p.packet));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_keyname_nai nai;

	if (!indication_key)
		set_up();
	if (size > 2048)
		return 0;
	read_eap(hk_bytes(data, size));
	read_message(hk_bytes(data, size));
	(void)hk_keyname_nai_parse(hk_bytes(data, size), &nai);
	(void)hk_domain_check(hk_bytes(data, size));
	(void)hk_nai_realm(hk_bytes(data, size));
	return 0;
}
