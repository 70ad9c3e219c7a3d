/* SPDX-License-Identifier: ISC */
#include "server.h"

#include <hokey/eap.h>

void keep_reply(struct packet *p, struct hk_bytes reply)
{
	memcpy(p->reply, reply.data, reply.len);
	p->reply_len = reply.len;
}

void law_of_door(const struct machine *m, const struct packet *p, enum hk_door_step step)
{
	(void)m;
	if (!p->authentic)
		fuzz_check(step == HK_DOOR_DROP);
}

/* ---- outcomes ---- */

static struct accepted *find(struct device *d, uint16_t seq)
{
	for (size_t i = 0; i < d->naccepted; i++) {
		if (d->accepted[i].seq == seq)
			return &d->accepted[i];
	}
	return NULL;
}

static void accepted_again(
	const struct machine *m, const struct accepted *a, const struct packet *p)
{
	fuzz_check(a->client == p->client && a->nas == p->nas);
	fuzz_check(m->now - a->at <= REPEAT_MS);
	fuzz_check(hk_bytes_equal(hk_bytes(a->eap, a->eap_len), hk_bytes(p->eap, p->eap_len)));
}

static void reauthenticated(struct machine *m, const struct packet *p, const struct pending *v)
{
	struct device *d = &m->devices[p->device - 1];
	struct accepted *a;
	uint8_t rmsk[HK_AAA_KEY_LEN];

	fuzz_check(p->device && p->tagged && p->authentic);
	fuzz_check(d->name_of_keys == p->keys_of && d->alive);
	fuzz_check(m->now < d->expires);
	fuzz_check(v->r.visit.reply.has_key);
	fuzz_ok(hk_erp_keys_rmsk(&d->keys, p->seq, rmsk, sizeof(rmsk)));
	fuzz_check(memcmp(rmsk, v->r.visit.reply.key, sizeof(rmsk)) == 0);
	fuzz_check(v->r.visit.reply.session_timeout_s * HK_SECOND <= d->expires - m->now);
	a = find(d, p->seq);
	if (a) {
		accepted_again(m, a, p);
		return;
	}
	fuzz_check(d->naccepted < ACCEPTED);
	a = &d->accepted[d->naccepted++];
	*a = (struct accepted){.seq = p->seq, .client = p->client, .nas = p->nas, .at = m->now};
	a->eap_len = p->eap_len;
	memcpy(a->eap, p->eap, p->eap_len);
}

void law_of_outcome(struct machine *m, const struct pending *v)
{
	const struct hk_aaa_reply *reply = &v->r.visit.reply;
	const struct packet *p = v->packet;

	fuzz_check(v->r.visit.step == HK_HOME_ANSWERED);
	fuzz_check(reply->verdict != HK_VERDICT_PENDING);
	if (reply->verdict == HK_VERDICT_CHALLENGE)
		fuzz_check(reply->has_state && !reply->has_key);
	if (reply->verdict == HK_VERDICT_REJECT)
		fuzz_check(!reply->has_key);
	if (reply->verdict != HK_VERDICT_ACCEPT)
		return;
	fuzz_check(reply->eap.len >= 4);
	if (reply->eap.data[0] == HK_EAP_FINISH)
		reauthenticated(m, p, v);
	else
		fuzz_check(reply->eap.data[0] == HK_EAP_SUCCESS && p->login);
}

/* ---- replies ---- */

void law_of_reply(const struct machine *m, const struct packet *p, struct hk_bytes octets)
{
	const struct hk_radius_secret *secret = &m->configs[p->client].secret;
	struct hk_radius reply;

	fuzz_check(p->authentic && p->client < CLIENTS);
	fuzz_ok(hk_radius_parse(octets, &reply));
	fuzz_check(reply.identifier == p->octets[1]);
	fuzz_ok(hk_radius_check_message_authenticator(&reply, secret, p->octets + 4));
	fuzz_ok(hk_radius_check_response_authenticator(&reply, secret, p->octets + 4));
	fuzz_check(reply.code == HK_RADIUS_ACCESS_ACCEPT || reply.code == HK_RADIUS_ACCESS_REJECT ||
		   reply.code == HK_RADIUS_ACCESS_CHALLENGE);
	if (reply.code != HK_RADIUS_ACCESS_ACCEPT)
		fuzz_check(!hk_radius_has(&reply, HK_RADIUS_VENDOR_SPECIFIC));
}

/* ---- logins ---- */

void law_of_login(struct machine *m, struct hk_eap_result *result, struct device *d)
{
	uint8_t msk[HK_AAA_KEY_LEN];
	struct hk_buf b = hk_buf(msk, sizeof(msk));
	struct hk_keyset set;
	struct hk_key *rrk;

	fuzz_ok(hk_key_release(
		result->msk, HK_HOLDER_AUTHENTICATOR, hk_text("lower layer"), m->now, &b));
	fuzz_check(memcmp(msk, m->key, sizeof(msk)) == 0);
	memset(d, 0, sizeof(*d));
	d->name_of_keys = 1000 + m->logins;
	memcpy(d->name, hk_key_emsk_name(result->emsk), sizeof(d->name));
	fuzz_ok(hk_key_derive_rrk(result->emsk, m->now, HK_NEVER, &rrk));
	fuzz_ok(hk_erp_keys_init(&d->keys, rrk));
	hk_key_free(rrk);
	if (hk_keystore_find(m->store, d->name, hk_text(REALM), m->now, &set))
		return;
	fuzz_check(memcmp(&set.keys, &d->keys, sizeof(set.keys)) == 0);
	d->expires = set.expires;
	d->alive = true;
	hk_keyset_wipe(&set);
	hk_keystore_release(m->store);
}
