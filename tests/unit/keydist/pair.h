/* SPDX-License-Identifier: ISC */
/* A home and an ER server that share a key transport key: those of the vectors. */
#ifndef HK_TESTS_KEYDIST_PAIR_H
#define HK_TESTS_KEYDIST_PAIR_H

#include "test.h"

#include <hokey/keydist.h>
#include <hokey/radius.h>

#include "keydist/wire.h"

#define NOW    ((hk_time)1700000000000)
#define DOMAIN "visited.example"
#define HOME   "home.example"
#define EMSK_S 28800u

struct pair {
	struct hk_bytes domains[2];
	struct hk_bytes realms[1];
	struct hk_bytes labels[1];
	struct hk_ktk ktk;
	struct hk_usages *usages;
	struct hk_kds_policy policy;
	struct hk_kds_context context;
	struct hk_key *emsk;
	uint8_t nonce[HK_KEYDIST_NONCE_LEN];

	struct hk_krs_request asked;
	struct hk_keydist_attributes request; /* of `asked` */
	struct hk_kds_request checked;
	struct hk_key_delivery delivery;
	uint8_t domain[HK_REALM_MAX_LEN]; /* of the answer */
	struct hk_keydist_attributes answer;
};

static inline struct hk_key *emsk_for(hk_time expires)
{
	uint8_t session_id[65] = {0x0d}, emsk[64];
	struct hk_key *key;

	hex(session_id + 1, 64,
		"449f5f6f987bc010d6e89b6df47ca2243ff136ba2c69ae8b86afbbc42e979b5b"
		"a50642333b1f88f1758f2bcb78510e3bb211341e947429a4fd493f0948179a98");
	hex(emsk, sizeof emsk,
		"1c93cb46f45dbaf6c68750d348e305b729a62329c268b825651f4c4229f3d5cd"
		"2379160af199a6e9a250f0c7c11ad17ef6972a4000ffde122fe4be8c1728ab14");
	assert_ok(hk_key_import_emsk(NULL, hk_bytes(session_id, sizeof session_id),
		hk_bytes(emsk, sizeof emsk), NOW, expires, &key));
	return key;
}

static inline int pair_setup(void **state)
{
	const struct hk_usage usage = {"usage@hokey.example", 64, 0, true, false};
	struct pair *p = calloc(1, sizeof *p);

	for (uint8_t i = 0; i < HK_KTK_LEN; i++)
		p->ktk.secret[i] = (uint8_t)(0xa0 + i);
	assert_ok(hk_kek_id_set(p->ktk.kek_id, hk_text("ktk-2026-01")));
	p->domains[0] = hk_text(DOMAIN);
	p->domains[1] = hk_text("branch." DOMAIN);
	p->realms[0] = hk_text(HOME);
	p->labels[0] = hk_text(usage.label);
	p->ktk.owner = hk_text("visited operator");
	p->ktk.domains = p->domains;
	p->ktk.ndomains = 2;
	p->ktk.realms = p->realms;
	p->ktk.nrealms = 1;
	p->ktk.labels = p->labels;
	p->ktk.nlabels = 1;
	p->ktk.allow = HK_KTK_DSRK | HK_KTK_USRK | HK_KTK_DSUSRK;
	p->ktk.not_after = HK_NEVER;
	assert_ok(hk_ktk_check(&p->ktk));
	assert_ok(hk_usages_new(&p->usages));
	assert_ok(hk_usages_add(p->usages, &usage));
	p->policy = (struct hk_kds_policy){
		.ktks = &p->ktk, .nktks = 1, .usages = p->usages, .indicate = true};
	p->context = (struct hk_kds_context){
		.realm = hk_text(HOME), .secure = true, .consent = true, .now = NOW};
	p->emsk = emsk_for(NOW + EMSK_S * HK_SECOND);
	hex(p->nonce, sizeof p->nonce, "0123456789abcdeffedcba9876543210");
	*state = p;
	return 0;
}

static inline int pair_teardown(void **state)
{
	struct pair *p = *state;

	hk_key_free(p->emsk);
	hk_usages_free(p->usages);
	free(p);
	return 0;
}

/* The request as the other end reads it. */
static inline void show_request(struct pair *p)
{
	p->request = (struct hk_keydist_attributes){
		.request = hk_bytes(p->asked.value, sizeof p->asked.value),
		.domain = hk_bytes(p->asked.domain, p->asked.domain_len),
		.label = p->asked.label_len ? hk_bytes(p->asked.label, p->asked.label_len)
					    : HK_NO_BYTES,
	};
}

static inline void ask(struct pair *p, enum hk_keydist_type type, const char *label)
{
	assert_ok(hk_krs_ask(
		&p->ktk, type, hk_text(DOMAIN), hk_text(label), p->nonce, NOW, &p->asked));
	show_request(p);
}

static inline enum hk_key_error check(struct pair *p)
{
	return hk_kds_check(&p->policy, &p->request, &p->context, &p->checked);
}

/* The delivery as the other end reads it. */
static inline void show_answer(struct pair *p)
{
	memcpy(p->domain, p->delivery.domain.data, p->delivery.domain.len);
	p->answer = (struct hk_keydist_attributes){
		.key = hk_bytes(p->delivery.key, p->delivery.key_len),
		.domain = hk_bytes(p->domain, p->delivery.domain.len),
		.label = p->delivery.label,
	};
}

static inline enum hk_key_error deliver(struct pair *p)
{
	enum hk_key_error error =
		hk_kds_deliver(&p->policy, &p->checked, p->emsk, HK_NEVER, NOW, &p->delivery);

	if (!error)
		show_answer(p);
	return error;
}

static inline enum hk_err take(struct pair *p, struct hk_krs_key *key)
{
	return hk_krs_take(&p->ktk, 1, &p->asked, &p->answer, 0, NOW, key);
}

#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)

#endif
