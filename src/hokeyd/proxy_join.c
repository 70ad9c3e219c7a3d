/* SPDX-License-Identifier: ISC */
/*
 * The same question asked again while the first one is on its way.
 *
 * A Wi-Fi device waits about 100 ms for the answer to a FILS Authentication
 * frame, then it repeats it, three times in all. hostapd makes a new
 * Access-Request of each and drops the answer to the one before. With a home
 * server farther away than that, no answer would ever be the right one. So the
 * first answer to come is given to all that asked the same, and for a moment
 * to those that still come and ask it, because their paths may have crossed.
 */
#include "hokeyd/proxy_parts.h"

#include "crypto/crypto.h"

#include <hokey/eap.h>

#include <stdlib.h>

#define JOINED_MAX  8   /* a device repeats its frame twice */
#define ANSWER_MS   500 /* and is done with it by then */
#define VENDORS_MAX 8

/*
 * The Vendor-Specific attributes, with their headers. What an ER server asks
 * for is in them, whatever its vendor number: such requests are fresh every
 * time, and not for two. False: too many to compare.
 */
static bool find_vendors(const struct hk_radius *request, struct hk_bytes out[VENDORS_MAX])
{
	struct hk_reader r = hk_reader(request->attributes);
	struct hk_radius_attribute a;
	size_t n = 0;

	for (size_t i = 0; i < VENDORS_MAX; i++)
		out[i] = HK_NO_BYTES;
	while (hk_radius_next(&r, &a)) {
		if (a.type != HK_RADIUS_VENDOR_SPECIFIC)
			continue;
		if (n == VENDORS_MAX)
			return false;
		out[n++] = hk_bytes(a.value.data - 2, a.value.len + 2);
	}
	return true;
}

/* Same access point, same device, same EAP packet. False: it is not compared. */
static bool name_question(const struct hk_aaa_request *request, const struct hk_radius *radius,
	uint8_t name[HK_PROXY_QUESTION_LEN])
{
	const struct hk_bytes values[] = {request->eap, request->nas_identifier,
		request->nas_ip_address, request->nas_ipv6_address, request->called_station_id,
		request->calling_station_id};
	enum { N = sizeof(values) / sizeof(values[0]) };
	struct hk_bytes parts[2 + N + VENDORS_MAX];
	uint8_t lengths[N][2], hash[HK_SHA256_LEN];

	if (!find_vendors(radius, parts + 2 + N))
		return false;
	parts[0] = hk_bytes(&request->client_id, sizeof(request->client_id));
	parts[1] = hk_bytes(lengths, sizeof(lengths));
	for (size_t i = 0; i < N; i++) {
		hk_store_u16(lengths[i], (uint16_t)values[i].len);
		parts[2 + i] = values[i];
	}
	hk_sha256(parts, 2 + N + VENDORS_MAX, hash);
	memcpy(name, hash, HK_PROXY_QUESTION_LEN);
	return true;
}

static struct hk_exchange **bucket(struct hk_proxy *p, const uint8_t *question)
{
	return &p->questions[(question[0] << 8 | question[1]) % HK_PROXY_QUESTIONS];
}

static bool goes_to_the_same_place(const struct hk_destination *a, const struct hk_destination *b)
{
	return a->fd == b->fd && a->connection == b->connection && a->peer_len == b->peer_len &&
	       memcmp(&a->peer, &b->peer, a->peer_len) == 0;
}

static struct hk_exchange *find_question(const struct hk_exchange *x, struct hk_exchange *first)
{
	while (first && (memcmp(first->question, x->question, sizeof(x->question)) != 0 ||
				!goes_to_the_same_place(&first->to, &x->to)))
		first = first->next_question;
	return first;
}

/* False: so many wait already that something is wrong. */
static bool wait_with(struct hk_exchange *other, struct hk_exchange *x)
{
	size_t n = 0;

	while (other->joined && ++n < JOINED_MAX)
		other = other->joined;
	if (n == JOINED_MAX)
		return false;
	other->joined = x;
	return true;
}

static void put_question(struct hk_exchange *x, struct hk_exchange **first)
{
	x->next_question = *first;
	x->question_link = first;
	if (x->next_question)
		x->next_question->question_link = &x->next_question;
	*first = x;
}

static void answer_again(const struct hk_exchange *other, struct hk_exchange *x, hk_time now)
{
	struct hk_radius reply;

	if (hk_radius_parse(hk_bytes(other->answer, other->answer_len), &reply) == HK_OK)
		hk_exchange_answer(x, other, other->answered_by, &reply, now);
	hk_exchange_free(x);
}

bool hk_exchange_join(struct hk_exchange *x, const struct hk_aaa_request *request, hk_time now)
{
	struct hk_exchange **first, *other;

	if (request->eap.len == 0 || request->eap.data[0] != HK_EAP_INITIATE ||
		!name_question(request, &x->request, x->question))
		return false;
	first = bucket(x->proxy, x->question);
	other = find_question(x, *first);
	if (!other) {
		put_question(x, first);
		return false;
	}
	if (!other->answer)
		return wait_with(other, x);
	answer_again(other, x, now);
	return true;
}

bool hk_exchange_keep(
	struct hk_exchange *x, struct hk_upstream *from, const struct hk_radius *reply)
{
	const struct timeval moment = {0, ANSWER_MS * 1000};

	if (!x->question_link)
		return false;
	x->answer = malloc(reply->packet.len);
	if (!x->answer)
		return false;
	memcpy(x->answer, reply->packet.data, reply->packet.len);
	x->answer_len = reply->packet.len;
	x->answered_by = from;
	evtimer_add(&x->timer, &moment);
	return true;
}

void hk_exchange_end_question(struct hk_exchange *x)
{
	if (!x->question_link)
		return;
	*x->question_link = x->next_question;
	if (x->next_question)
		x->next_question->question_link = x->question_link;
	x->question_link = NULL;
}

void hk_proxy_drop_answers(struct hk_proxy *p)
{
	for (size_t i = 0; i < HK_PROXY_QUESTIONS; i++) {
		struct hk_exchange *next;

		for (struct hk_exchange *x = p->questions[i]; x; x = next) {
			next = x->next_question;
			if (x->answer)
				hk_exchange_free(x);
		}
	}
}
