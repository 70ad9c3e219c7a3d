/* SPDX-License-Identifier: ISC */
#include "hokey/transcript.h"

#include "hokey/now.h"
#include "hokey/table.h"

#include <hokey/eap.h>
#include <hokey/erp.h>

#include <stdlib.h>

static const char *const kind_names[] = {"full-eap", "erp"};
static const char *const kind_titles[] = {"full EAP", "ERP"};

/* ---- words ---- */

static const char *type_name(const struct hk_eap_packet *p)
{
	if (p->code != HK_EAP_INITIATE && p->code != HK_EAP_FINISH)
		return hk_eap_type_name(p->type);
	if (p->type == HK_ERP_REAUTH)
		return "Re-auth";
	return p->type == HK_ERP_REAUTH_START ? "Re-auth-Start" : NULL;
}

static void describe_reauth(const struct hk_erp_message *m, char *text, size_t size)
{
	snprintf(text, size, ", SEQ %u%s%s%s%s", m->seq,
		m->flags & HK_ERP_FLAG_R ? ", failure" : "",
		m->flags & HK_ERP_FLAG_B ? ", bootstrap" : "", m->nreadings ? ", " : "",
		m->nreadings ? hk_suite_name(m->readings[0].suite) : "");
}

void describe_eap(struct hk_bytes eap, char *text, size_t size)
{
	struct hk_eap_packet p;
	struct hk_erp_message m;
	const char *type;
	size_t n;

	if (hk_eap_parse(eap, &p)) {
		snprintf(text, size, "a malformed EAP packet of %zu octets", eap.len);
		return;
	}
	type = type_name(&p);
	n = (size_t)snprintf(text, size, "%s%s%s id %u, %zu octets", hk_eap_code_name(p.code),
		type ? "/" : "", type ? type : "", p.identifier, p.packet.len);
	if (n < size && hk_erp_parse(p.packet, &m) == HK_OK && m.type == HK_ERP_REAUTH)
		describe_reauth(&m, text + n, size - n);
}

static double ms(uint64_t us)
{
	return (double)us / 1000;
}

static double elapsed_ms(const struct transcript *t)
{
	return ms(now_us() - t->start_us);
}

/* ---- one run ---- */

void transcript_open(struct transcript *t, bool json)
{
	*t = (struct transcript){.json = json, .runs = json ? json_array() : NULL};
}

void transcript_start(struct transcript *t, enum run_kind kind, const char *nas_identifier)
{
	t->kind = kind;
	t->start_us = now_us();
	t->round_trips = 0;
	if (!t->json) {
		printf("%s through %s\n", kind_titles[kind], nas_identifier);
		return;
	}
	t->run = json_pack("{s:s, s:s, s:[]}", "kind", kind_names[kind], "nas_identifier",
		nas_identifier, "steps");
	json_array_append_new(t->runs, t->run);
}

static void add_step(struct transcript *t, json_t *step)
{
	json_array_append_new(json_object_get(t->run, "steps"), step);
}

void transcript_sent(struct transcript *t, uint8_t radius_id, struct hk_bytes eap)
{
	const char *radius = hk_radius_code_name(HK_RADIUS_ACCESS_REQUEST);
	char text[160];

	describe_eap(eap, text, sizeof text);
	if (t->json)
		add_step(t, json_pack("{s:f, s:s, s:i, s:s}", "ms", elapsed_ms(t), "sent", radius,
				    "radius_id", (int)radius_id, "eap", text));
	else
		printf("%9.1f ms  > %s %u  %s\n", elapsed_ms(t), radius, radius_id, text);
}

void transcript_received(struct transcript *t, const struct nas_reply *reply)
{
	const char *radius = hk_radius_code_name(reply->radius.code);
	char text[160] = "no EAP packet", again[48] = "";

	t->round_trips++;
	if (reply->eap.data)
		describe_eap(reply->eap, text, sizeof text);
	if (t->json) {
		add_step(t, json_pack("{s:f, s:s, s:i, s:s, s:f, s:i}", "ms", elapsed_ms(t),
				    "received", radius, "radius_id", (int)reply->radius.identifier,
				    "eap", text, "round_trip_ms", ms(reply->round_trip_us),
				    "transmissions", (int)reply->transmissions));
		return;
	}
	if (reply->transmissions > 1)
		snprintf(again, sizeof again, " (sent %u times)", reply->transmissions);
	printf("%9.1f ms  < %s %u  %s  in %.1f ms%s\n", elapsed_ms(t), radius,
		reply->radius.identifier, text, ms(reply->round_trip_us), again);
}

void transcript_fact(struct transcript *t, const char *name, const char *value)
{
	char *safe;

	if (t->json) {
		json_object_set_new(t->run, name, json_string(value));
		return;
	}
	safe = printable(value);
	printf("%9.1f ms    %s: %s\n", elapsed_ms(t), name, safe ? safe : "?");
	free(safe);
}

/* Part of every answer to an EAP request, or not to be shown. */
static bool is_machinery(const struct hk_radius_attribute *a)
{
	return a->type == HK_RADIUS_EAP_MESSAGE || a->type == HK_RADIUS_MESSAGE_AUTHENTICATOR ||
	       a->type == HK_RADIUS_STATE || a->type == HK_RADIUS_PROXY_STATE ||
	       a->vendor == HK_VENDOR_MICROSOFT;
}

void transcript_attributes(struct transcript *t, const struct hk_radius *accept)
{
	struct hk_reader r = hk_reader(accept->attributes);
	json_t *all = t->json ? json_array() : NULL;
	struct hk_radius_attribute a;
	char text[600];

	while (hk_radius_next(&r, &a)) {
		if (is_machinery(&a))
			continue;
		hk_radius_format_attribute(&a, text, sizeof text);
		if (t->json)
			json_array_append_new(all, json_string(text));
		else
			printf("%9.1f ms    %s\n", elapsed_ms(t), text);
	}
	if (t->json)
		json_object_set_new(t->run, "attributes", all);
}

static void end_json(struct transcript *t, uint64_t us, const char *reason)
{
	json_object_set_new(t->run, "ok", json_boolean(!reason));
	if (reason)
		json_object_set_new(t->run, "reason", json_string(reason));
	json_object_set_new(t->run, "ms", json_real(ms(us)));
	json_object_set_new(t->run, "round_trips", json_integer(t->round_trips));
}

/* The reason may have words of a certificate in it. */
static void end_text(const struct transcript *t, uint64_t us, const char *reason)
{
	char *safe = reason ? printable(reason) : NULL;

	if (reason)
		printf("%9.1f ms  failed: %s\n", ms(us), safe ? safe : "?");
	else
		printf("%9.1f ms  done, %u round trip%s\n", ms(us), t->round_trips,
			t->round_trips == 1 ? "" : "s");
	free(safe);
	fflush(stdout);
}

void transcript_end(struct transcript *t, const char *reason)
{
	uint64_t us = now_us() - t->start_us;

	if (reason) {
		t->bad[t->kind]++;
	} else {
		t->good[t->kind]++;
		t->total_us[t->kind] += us;
	}
	if (t->json)
		end_json(t, us, reason);
	else
		end_text(t, us, reason);
}

/* ---- all runs ---- */

static void print_sum(const struct transcript *t, enum run_kind kind)
{
	if (t->good[kind])
		printf("%s: %u good, %.1f ms each\n", kind_titles[kind], t->good[kind],
			ms(t->total_us[kind]) / t->good[kind]);
	if (t->bad[kind])
		printf("%s: %u failed\n", kind_titles[kind], t->bad[kind]);
}

bool transcript_close(struct transcript *t)
{
	bool good = !t->bad[RUN_FULL_EAP] && !t->bad[RUN_ERP];
	json_t *all;

	if (!t->json) {
		print_sum(t, RUN_FULL_EAP);
		print_sum(t, RUN_ERP);
		return good;
	}
	all = json_pack("{s:b, s:o}", "ok", (int)good, "runs", t->runs);
	if (!all || json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) != 0)
		good = false;
	putchar('\n');
	json_decref(all);
	return good;
}
