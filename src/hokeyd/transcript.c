/* SPDX-License-Identifier: ISC */
#include "hokeyd/transcript.h"

#include "hokeyd/listener.h"

#include <hokey/eap.h>
#include <hokey/erp.h>

#include <stdlib.h>

#define ATTRIBUTE_TEXT 1100 /* 253 octets as \xNN, and a name */

static void put_escaped(FILE *out, const char *before, struct hk_bytes octets)
{
	char text[4 * 255 + 1];

	fprintf(out, "%s%s", before, hk_log_escape(octets, text, sizeof(text)));
}

/* ---- ERP ---- */

static void put_flags(FILE *out, uint8_t flags)
{
	static const struct {
		uint8_t bit;
		char letter;
	} letters[] = {{HK_ERP_FLAG_R, 'R'}, {HK_ERP_FLAG_B, 'B'}, {HK_ERP_FLAG_L, 'L'},
		{HK_ERP_FLAG_E, 'E'}};

	if (flags)
		fprintf(out, ", flags ");
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (flags & letters[i].bit)
			fputc(letters[i].letter, out);
	}
}

/* The tag is not checked here: with several readings any of them may be meant. */
static void put_suites(FILE *out, const struct hk_erp_message *m)
{
	if (m->nreadings == 0)
		fprintf(out,
			m->code == HK_ERP_FINISH ? ", not protected" : ", unknown cryptosuite");
	for (uint8_t i = 0; i < m->nreadings; i++)
		fprintf(out, "%s%s", i ? " or " : ", ", hk_suite_name(m->readings[i].suite));
}

static void put_attributes(FILE *out, const struct hk_erp_message *m)
{
	uint16_t end = m->nreadings ? m->readings[0].end : m->unprotected_end;
	struct hk_erp_attributes a;

	if (hk_erp_attributes(m, end, &a))
		return;
	if (a.domain_name.data)
		put_escaped(out, ", domain ", a.domain_name);
	if (a.has_rrk_lifetime)
		fprintf(out, ", rRK for %u s", a.rrk_lifetime_s);
	if (a.has_rmsk_lifetime)
		fprintf(out, ", rMSK for %u s", a.rmsk_lifetime_s);
	for (size_t i = 0; i < HK_ERP_CB_KNOWN; i++) {
		if (a.channel_binding[i].data) {
			fprintf(out, ", with channel binding");
			return;
		}
	}
}

static void put_erp(FILE *out, struct hk_bytes eap)
{
	struct hk_erp_message m;
	enum hk_err err = hk_erp_parse(eap, &m);

	if (err && err != HK_ERR_SUITE) {
		fprintf(out, ", %s", hk_strerror(err));
		return;
	}
	if (m.type == HK_ERP_REAUTH) {
		fprintf(out, ", seq %u", m.seq);
		put_escaped(out, ", key ", m.keyname_nai);
		put_flags(out, m.flags);
		put_suites(out, &m);
	}
	put_attributes(out, &m);
}

/* ---- EAP ---- */

static void put_tls(FILE *out, struct hk_bytes data)
{
	uint8_t flags = data.len ? data.data[0] : 0;

	if (data.len == 0)
		return;
	if (data.len == 1 && flags == 0) {
		fprintf(out, ", acknowledgement");
		return;
	}
	fprintf(out, ", TLS%s%s%s%s", flags & 0xe0 ? " flags " : "", flags & 0x80 ? "L" : "",
		flags & 0x40 ? "M" : "", flags & 0x20 ? "S" : "");
	if (flags & 0x80 && data.len >= 5)
		fprintf(out, ", message of %u octets", hk_load_u32(data.data + 1));
}

static void put_type(FILE *out, const struct hk_eap_packet *p)
{
	const char *name = hk_eap_type_name(p->type);

	if (name)
		fprintf(out, "/%s", name);
	else
		fprintf(out, "/type %u", p->type);
}

static void put_erp_type(FILE *out, uint8_t code, uint8_t type)
{
	if (type == HK_ERP_REAUTH)
		fprintf(out, "/Re-auth");
	else if (type == HK_ERP_REAUTH_START && code == HK_ERP_INITIATE)
		fprintf(out, "/Re-auth-Start");
	else
		fprintf(out, "/type %u", type);
}

void hk_transcript_eap(FILE *out, struct hk_bytes eap)
{
	struct hk_eap_packet p;

	if (eap.len == 0) {
		fprintf(out, "EAP-Start");
		return;
	}
	if (hk_eap_parse(eap, &p)) {
		fprintf(out, "malformed, %zu octets", eap.len);
		return;
	}
	fprintf(out, "%s", hk_eap_code_name(p.code));
	if (p.code == HK_EAP_REQUEST || p.code == HK_EAP_RESPONSE)
		put_type(out, &p);
	else if (p.code == HK_EAP_INITIATE || p.code == HK_EAP_FINISH)
		put_erp_type(out, p.code, p.type);
	fprintf(out, " id %u, %zu octets", p.identifier, p.packet.len);
	if (p.code == HK_EAP_INITIATE || p.code == HK_EAP_FINISH)
		put_erp(out, p.packet);
	else if (p.type == HK_EAP_TYPE_TLS)
		put_tls(out, p.data);
	else if (p.type == HK_EAP_TYPE_IDENTITY && p.code == HK_EAP_RESPONSE)
		put_escaped(out, ", ", p.data);
}

/* ---- RADIUS ---- */

static void put_eap_message(FILE *out, const struct hk_radius *packet)
{
	uint8_t octets[HK_EAP_MAX_LEN];
	struct hk_buf joined = hk_buf(octets, sizeof(octets));
	struct hk_bytes eap;

	fprintf(out, "  EAP-Message: ");
	if (hk_radius_eap(packet, &joined, &eap) || !eap.data)
		fprintf(out, "cannot be joined");
	else
		hk_transcript_eap(out, eap);
	fputc('\n', out);
}

void hk_transcript_packet(FILE *out, const struct hk_radius *packet)
{
	struct hk_reader r = hk_reader(packet->attributes);
	struct hk_radius_attribute a;
	char text[ATTRIBUTE_TEXT];
	bool eap_shown = false;

	fprintf(out, "%s id %u, %zu octets\n", hk_radius_code_name(packet->code),
		packet->identifier, packet->packet.len);
	while (hk_radius_next(&r, &a)) {
		if (a.type != HK_RADIUS_EAP_MESSAGE) {
			hk_radius_format_attribute(&a, text, sizeof(text));
			fprintf(out, "  %s\n", text);
		} else if (!eap_shown) {
			put_eap_message(out, packet);
			eap_shown = true;
		}
	}
}

/* ---- a visit ---- */

static const char *verdict_name(enum hk_verdict verdict)
{
	switch (verdict) {
	case HK_VERDICT_CHALLENGE:
		return "goes on";
	case HK_VERDICT_ACCEPT:
		return "accepted";
	case HK_VERDICT_REJECT:
		return "refused";
	case HK_VERDICT_NONE:
		return "not answered";
	case HK_VERDICT_PENDING:
		return "waits";
	}
	return "?";
}

static void put_decision(FILE *out, const struct hk_home_visit *visit)
{
	const struct hk_home_event *e = &visit->event;
	const enum hk_err reason = visit->reply.reason;

	fprintf(out, "%s: %s",
		e->kind == HK_HOME_ERP   ? "ERP"
		: e->kind == HK_HOME_EAP ? "EAP"
					 : "Request",
		verdict_name(visit->reply.verdict));
	if (reason || e->detail)
		put_escaped(out, ", ", hk_text(e->detail ? e->detail : hk_strerror(reason)));
	if (e->kind == HK_HOME_EAP)
		fprintf(out, ", round trip %u", e->rounds);
	if (e->resumed)
		fprintf(out, ", TLS session resumed");
	if (e->user.len)
		put_escaped(out, ", user ", e->user);
	if (e->store)
		fprintf(out, ", keys not stored: %s", hk_strerror(e->store));
	fputc('\n', out);
}

void hk_transcript_visit(
	FILE *out, const char *from, const struct hk_door_request *r, struct hk_bytes reply)
{
	struct hk_radius packet;

	fprintf(out, "From client %s at %s: ", r->client->config->name, from);
	hk_transcript_packet(out, &r->radius);
	put_decision(out, &r->visit);
	if (reply.len == 0 || hk_radius_parse(reply, &packet)) {
		fprintf(out, "Nothing is sent\n");
		return;
	}
	fprintf(out, "To client %s: ", r->client->config->name);
	hk_transcript_packet(out, &packet);
}

static void log_lines(struct hk_log *log, char *text)
{
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			hk_log_write(log, HK_LOG_DEBUG, "%s", line);
	}
}

void hk_transcript_log(struct hk_log *log, const struct sockaddr_storage *from,
	const struct hk_door_request *r, struct hk_bytes reply)
{
	char endpoint[HK_ENDPOINT_TEXT];
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!hk_log_wants(log, HK_LOG_DEBUG))
		return;
	out = open_memstream(&text, &size);
	if (!out)
		return;
	hk_transcript_visit(out, hk_endpoint_text(from, endpoint), r, reply);
	if (fclose(out) == 0)
		log_lines(log, text);
	free(text);
}
