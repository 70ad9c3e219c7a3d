/* SPDX-License-Identifier: ISC */
/*
 * Key distribution: requests and keys as any octets, or real ones changed on
 * the way. What must hold: a request is granted only when it carries its MAC;
 * a key comes out only as it went in.
 */
#include "erp_keys.h"

#include <hokey/keydist.h>
#include <hokey/radius.h>

#define DOMAIN "visited.example"
#define LABEL  "usage@hokey.example"

static const struct hk_bytes *domains, *realms, *labels;
static struct hk_ktk ktk;
static struct hk_usages *usages;
static struct hk_key *emsk;

static void set_up(void)
{
	static struct hk_bytes names[3];
	const struct hk_usage usage = {LABEL, 64, 0, true, false};

	names[0] = hk_text(DOMAIN);
	names[1] = hk_text("home.example");
	names[2] = hk_text(LABEL);
	domains = &names[0];
	realms = &names[1];
	labels = &names[2];
	ktk = (struct hk_ktk){.owner = hk_text("visited operator"),
		.domains = domains,
		.ndomains = 1,
		.realms = realms,
		.nrealms = 1,
		.labels = labels,
		.nlabels = 1,
		.allow = HK_KTK_DSRK | HK_KTK_USRK | HK_KTK_DSUSRK,
		.not_after = HK_NEVER};
	for (uint8_t i = 0; i < HK_KTK_LEN; i++)
		ktk.secret[i] = (uint8_t)(0xa0 + i);
	fuzz_ok(hk_kek_id_set(ktk.kek_id, hk_text("ktk-2026-01")));
	fuzz_ok(hk_ktk_check(&ktk));
	fuzz_ok(hk_usages_new(&usages));
	fuzz_ok(hk_usages_add(usages, &usage));
	emsk = fuzz_emsk(0);
}

static void ask(struct hk_reader *r, struct hk_krs_request *asked)
{
	static const enum hk_keydist_type types[] = {
		HK_KEYDIST_DSRK, HK_KEYDIST_USRK, HK_KEYDIST_DSUSRK};
	uint8_t nonce[HK_KEYDIST_NONCE_LEN] = {1};
	enum hk_keydist_type type = types[hk_get_u8(r) % 3];

	fuzz_ok(hk_krs_ask(&ktk, type, hk_text(DOMAIN),
		type == HK_KEYDIST_DSRK ? HK_NO_BYTES : hk_text(LABEL), nonce, FUZZ_NOW, asked));
}

static void at_home(const struct hk_keydist_attributes *in, struct hk_key_delivery *out)
{
	const struct hk_kds_policy policy = {.ktks = &ktk, .nktks = 1, .usages = usages};
	const struct hk_kds_context context = {
		.realm = *realms, .secure = true, .consent = true, .now = FUZZ_NOW};
	struct hk_kds_request request;

	memset(out, 0, sizeof(*out));
	if (hk_kds_check(&policy, in, &context, &request))
		return;
	fuzz_check(in->request.len == HK_KEYDIST_REQUEST_LEN && !in->repeated);
	fuzz_check(hk_keydist_verify(&ktk, in->request.data, in->domain, in->label));
	fuzz_check(hk_realm_equal(in->domain, *domains));
	/* a USRK needs the EMSK as well; a DSUSRK its DSRK, which is not here */
	(void)hk_kds_deliver(&policy, &request, emsk, HK_NEVER, FUZZ_NOW, out);
}

/* A real exchange, its two messages changed on the way. */
static void exchange(struct hk_reader *r)
{
	uint8_t request[1024], reply[1024], original[1024];
	struct hk_buf b = hk_buf(request, sizeof(request)), c = hk_buf(reply, sizeof(reply));
	struct hk_keydist_attributes attributes;
	struct hk_key_delivery delivery;
	struct hk_krs_request asked;
	struct hk_krs_key key;
	size_t n, len;

	ask(r, &asked);
	hk_keydist_put_request(&b, HK_VENDOR_HOKEY, &asked);
	n = fuzz_mutate(r, request, b.len);
	hk_keydist_read(hk_bytes(request, n), HK_VENDOR_HOKEY, &attributes);
	at_home(&attributes, &delivery);
	if (!delivery.key_len && !delivery.error)
		return;
	hk_keydist_put_delivery(&c, HK_VENDOR_HOKEY, &delivery);
	fuzz_check(hk_buf_ok(&c));
	memcpy(original, reply, c.len);
	len = fuzz_mutate(r, reply, c.len);
	hk_keydist_read(hk_bytes(reply, len), HK_VENDOR_HOKEY, &attributes);
	if (hk_krs_take(&ktk, 1, &asked, &attributes, 0, FUZZ_NOW, &key))
		return;
	fuzz_check(delivery.key_len == attributes.key.len);
	fuzz_check(memcmp(attributes.key.data, delivery.key, delivery.key_len) == 0);
	fuzz_check(key.expires <= FUZZ_END);
	hk_krs_key_wipe(&key);
}

static void any_octets(struct hk_reader *r)
{
	struct hk_bytes area = fuzz_copy(fuzz_take(r, 4096));
	struct hk_keydist_attributes attributes;
	struct hk_key_delivery delivery;
	struct hk_krs_request asked;
	struct hk_krs_key key;

	hk_keydist_read(area, HK_VENDOR_HOKEY, &attributes);
	at_home(&attributes, &delivery);
	ask(r, &asked);
	fuzz_check(hk_krs_take(&ktk, 1, &asked, &attributes, 0, FUZZ_NOW, &key) != HK_OK);
	fuzz_free(area);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_reader r = hk_reader(hk_bytes(data, size));

	if (!emsk)
		set_up();
	if (hk_get_u8(&r) % 2)
		exchange(&r);
	else
		any_octets(&r);
	return 0;
}
