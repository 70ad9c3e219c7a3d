/* SPDX-License-Identifier: ISC */
/*
 * `hokey decode`. What it prints is compared with files of VECTORS_DIR/decode;
 * with HOKEY_WRITE_GOLDEN in the environment they are written anew.
 */
#include "decode_run.h"
#include "vectors.h"

#include "../radius/vectors.h"

#include <jansson.h>

/* ---- what is given ---- */

static void write_hex(char *text, size_t size, const char *vector_name)
{
	uint8_t octets[4096];
	size_t n = vector(vector_name, octets, sizeof octets);

	assert_true(2 * n < size);
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", octets[i]);
}

static const char *hex_of(const char *vector_name)
{
	static char text[8192];

	write_hex(text, sizeof text, vector_name);
	return text;
}

struct files {
	char *secret, *wrong_secret, *emsk, *rrk, *rik;
	char session_id[200];
};

static void write_files(struct files *f, const char *directory)
{
	f->secret = temp_file(directory, "secret", SECRET "\n", 0600);
	f->wrong_secret = temp_file(directory, "wrong", "not it", 0600);
	f->emsk = temp_file(directory, "emsk", hex_of("V1.EMSK"), 0600);
	f->rrk = temp_file(directory, "rrk", hex_of("V1.rRK"), 0600);
	f->rik = temp_file(directory, "rik", hex_of("V1.rIK[cs=2]"), 0600);
	write_hex(f->session_id, sizeof f->session_id, "V1.Session-Id");
}

static void free_files(struct files *f)
{
	free(f->secret);
	free(f->wrong_secret);
	free(f->emsk);
	free(f->rrk);
	free(f->rik);
}

/* ---- golden output ---- */

static void assert_golden(struct run *r, const char *name)
{
	char path[512];
	char *want;
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, VECTORS_DIR "/decode/%s.txt", name);
	if (getenv("HOKEY_WRITE_GOLDEN")) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(r->out, f);
		fclose(f);
	}
	f = fopen(path, "r");
	if (!f)
		fail_msg("cannot open %s", path);
	want = calloc(1, 65536);
	n = fread(want, 1, 65535, f);
	fclose(f);
	assert_true(n > 0);
	assert_string_equal(r->out, want);
	free(want);
	run_free(r);
}

static void erp_messages(void **state)
{
	static const struct {
		const char *name, *vector;
	} cases[] = {
		{"initiate", "P1.init"},
		{"initiate-channel-binding", "P3.init"},
		{"finish-two-readings", "P8.finish-ambig"},
		{"finish-unprotected", "P6.finish-unauth"},
		{"finish-unprotected-with-suite-0", "P6b.finish-unauth"},
		{"finish-suite-rejected", "P5.finish"},
		{"start", "P7c.start"},
		{"start-without-attributes", "P7b.start"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct run r = run_decode(hex_of(cases[i].vector));

		assert_status(&r, 0);
		assert_golden(&r, cases[i].name);
	}
}

static void erp_with_emsk(void **state)
{
	struct files f;
	struct run r;

	write_files(&f, *state);
	r = run_decode("--emsk-file", f.emsk, "--session-id", f.session_id, hex_of("P3.finish"));
	assert_status(&r, 0);
	assert_golden(&r, "finish-everything");
	free_files(&f);
}

/* The request and its answer, an empty line between; pairs by Identifier. */
static void radius_exchange(void **state)
{
	const char text[] = ERP_REQUEST "\n\n" ERP_ACCEPT "\n \n" LOGIN_CHALLENGE "\n";
	struct files f;
	struct run r;

	write_files(&f, *state);
	r = run_decode_on(text, sizeof text - 1, "--secret-file", f.secret, NULL);
	assert_status(&r, 0);
	assert_golden(&r, "radius-exchange");
	free_files(&f);
}

static void other_radius_packets(void **state)
{
	const char text[] =
		STATUS_SERVER "\n\n" STATUS_ACCEPT "\n\n" DISCONNECT_REQUEST "\n\n" DISCONNECT_NAK
			      "\n\n" ACCOUNTING_REQUEST "\n\n" ACCOUNTING_RESPONSE;
	struct files f;
	struct run r;

	write_files(&f, *state);
	r = run_decode_on(text, sizeof text - 1, "--secret-file", f.secret, "-", NULL);
	assert_status(&r, 0);
	assert_golden(&r, "radius-others");
	free_files(&f);
}

/* A RADIUS packet in hex around attributes in hex. */
static const char *radius_hex(unsigned code, const char *attributes)
{
	static char text[4096];
	uint8_t octets[2048];
	size_t n = hex(octets, sizeof octets, attributes);

	snprintf(text, sizeof text, "%02x05%04zx 00112233445566778899aabbccddeeff %s", code, 20 + n,
		attributes);
	return text;
}

/* An Access-Accept that carries a DSRK, and the request for it. */
static void hokey_attributes(void **state)
{
	struct run r = run_decode(radius_hex(2,
		"1a7000007ed9036a010001006b746b2d323032362d3031000000000072e6034d7e57e11300007080"
		"250948d2a65ad0a439793308e03571d3c15262ea65bd69a3943afa0f81a57c89fbc3a4b3e21873c4"
		"74a508b2ef1bca032bdf4dcb65ef143575c6e77ce90f1673e23f40b4c908aac3"
		"1a1700007ed90211766973697465642e6578616d706c65"));

	(void)state;
	assert_status(&r, 0);
	assert_golden(&r, "hokey-key");
	r = run_decode(radius_hex(1,
		"1a3c00007ed90136010000006b746b2d323032362d303100000000000123456789abcdeffedcba98"
		"76543210be78d6651c00a68a3c8a15017b5fe3d6"));
	assert_status(&r, 0);
	assert_golden(&r, "hokey-key-request");
	/* cut short */
	r = run_decode(radius_hex(1, "1a0a00007ed901040100"));
	assert_status(&r, 1);
	assert_says(&r, "[MALFORMED: a HOKEY-Key-Request has 52 octets]");
	run_free(&r);
	r = run_decode(radius_hex(2, "1a0a00007ed903040100"));
	assert_status(&r, 1);
	run_free(&r);
}

/* ---- tags ---- */

static void tags_of_all_keys(void **state)
{
	struct files f;
	struct run r;

	write_files(&f, *state);
	r = run_decode("--rrk-file", f.rrk, hex_of("P2.init"));
	assert_status(&r, 0);
	assert_says(&r, "[right: by the rRK given]");
	run_free(&r);
	r = run_decode("--rik-file", f.rik, hex_of("P2.init"));
	assert_status(&r, 0);
	assert_says(&r, "[right: by the rIK given]");
	run_free(&r);
	r = run_decode("--emsk-file", f.emsk, hex_of("P4.init"));
	assert_status(&r, 0);
	assert_says(&r, "[right: by the DS-rRK of visited.example]");
	run_free(&r);
	/* the rIK of the home domain does not fit the local one */
	r = run_decode("--rik-file", f.rik, hex_of("P4.init"));
	assert_status(&r, 1);
	assert_says(&r, "[WRONG: no key given makes this tag]");
	run_free(&r);
	/* a key decides between two readings */
	r = run_decode("--rrk-file", f.rrk, hex_of("P8.finish-ambig"));
	assert_status(&r, 0);
	assert_says(&r, "Domain name: \"acme.test\"");
	assert_says_not(&r, "Cryptosuite: 3");
	run_free(&r);
	r = run_decode("--emsk-file", f.emsk, "--session-id", "0d0102", hex_of("P2.init"));
	assert_status(&r, 1);
	assert_says(&r, "[WRONG: the Session-Id given makes another]");
	run_free(&r);
	free_files(&f);
}

/* Recorded with a server that uses the rIK of suite 2 for suite 3. */
static void suite_3_of_hostapd(void **state)
{
	char *rrk = temp_file(*state, "r3", hex_of("R3.rRK"), 0600);
	struct run r = run_decode("--rrk-file", rrk, hex_of("R3.init"));

	assert_status(&r, 0);
	assert_says(&r, "by the rRK given, but with the rIK of suite 2 as hostapd does");
	run_free(&r);
	free(rrk);
}

static void changed_messages(void **state)
{
	struct files f;

	write_files(&f, *state);
	for (unsigned i = 0; i < 2; i++) {
		char text[400];
		struct run r;

		write_hex(text, sizeof text, "P2.init");
		text[i == 0 ? 13 : strlen(text) - 1] ^= 1; /* SEQ; tag */
		r = run_decode("--emsk-file", f.emsk, text);
		assert_status(&r, 1);
		assert_says(&r, "[WRONG: no key given");
		run_free(&r);
	}
	free_files(&f);
}

/* ---- RADIUS ---- */

static void wrong_secret(void **state)
{
	const char text[] = ERP_REQUEST "\n\n" ERP_ACCEPT;
	struct files f;
	struct run r;

	write_files(&f, *state);
	r = run_decode_on(text, sizeof text - 1, "--secret-file", f.wrong_secret, NULL);
	assert_status(&r, 1);
	assert_says(&r, "Response Authenticator: 065ef1e136b61f8ad9860bcd0cea0a52 [WRONG: another "
			"secret, or it was changed]");
	assert_says(&r, "Message-Authenticator: 0x8a0926c20529aa869c914d0aff0f78dd [WRONG: "
			"another secret, or it was changed]");
	run_free(&r);
	free_files(&f);
}

/* Keys are printed when the person asks, and only then. */
static void keys_are_shown_on_demand(void **state)
{
	const char text[] = ERP_REQUEST "\n\n" ERP_ACCEPT;
	const char *first_half = "2e2b73fd7ec462005d9dd16acd2ee6f71c11456cb629becf8496fb10ff01ec54";
	struct files f;
	struct run r;

	write_files(&f, *state);
	r = run_decode_on(text, sizeof text - 1, "--secret-file", f.secret, NULL);
	assert_says_not(&r, first_half);
	assert_says(&r, "MS-MPPE-Recv-Key: present, 32 octets");
	run_free(&r);
	r = run_decode_on(text, sizeof text - 1, "--secret-file", f.secret, "--show-keys", NULL);
	assert_says(&r, first_half);
	run_free(&r);
	r = run_decode_on(text, sizeof text - 1, "--show-keys", NULL);
	assert_says(&r, "MS-MPPE-Recv-Key: hidden (vendor 311, type 17) [not checked: no secret");
	run_free(&r);
	free_files(&f);
}

/* A person sees when a packet is open to forgery. */
static void missing_or_late_message_authenticator(void **state)
{
	struct run r = run_decode(radius_hex(1, "010f40686f6d652e6578616d706c65"));

	(void)state;
	assert_status(&r, 0);
	assert_says(&r, "CVE-2024-3596");
	run_free(&r);
	r = run_decode(radius_hex(2, "1903aa501200112233445566778899aabbccddeeff"));
	assert_status(&r, 0);
	assert_says(&r, "it should be the first attribute of a reply");
	run_free(&r);
}

static void eap_in_radius(void **state)
{
	/* cut in three, with something between */
	struct run r = run_decode(radius_hex(1, "4f05020100 2103aa 4f05070161 4f0362"));

	(void)state;
	assert_status(&r, 0);
	assert_says(&r, "EAP-Response/Identity, Identifier 1, 7 octets");
	assert_says(&r, "    5    Identity: \"ab\"");
	run_free(&r);
	r = run_decode(radius_hex(1, "4f02"));
	assert_status(&r, 0);
	assert_says(&r, "EAP: EAP-Start");
	run_free(&r);
}

static void malformed_radius(void **state)
{
	struct run r = run_decode("--as", "radius", radius_hex(1, "0103aa"), "ff");

	(void)state;
	assert_status(&r, 0); /* one octet too many is surplus */
	run_free(&r);
	r = run_decode("0c05001800112233445566778899aabbccddeeff01010000");
	assert_status(&r, 1);
	assert_says(&r, "[MALFORMED: attributes or Length do not fit]");
	run_free(&r);
	r = run_decode("--as", "radius", "0102");
	assert_status(&r, 1);
	run_free(&r);
}

/* ---- EAP ---- */

static void eap_packets(void **state)
{
	const char text[] =
		"02010012 01 40686f6d652e6578616d706c65\n\n" /* Identity */
		"03090004\n\n"
		"04090004\n\n"
		"02020008 03 0d19 00\n\n" /* Nak */
		"01020006 0d 20\n\n"      /* EAP-TLS Start */
		"02030006 0d 00\n\n"      /* acknowledgement */
		"02040017 0d c0 00000800 16030106fb 010006f7 0303 aabb\n\n"
		"01050013 0d 40 11223344556677889900112233\n\n" /* a later fragment */
		"02060028 0d 00 1403030001 01 1603030010 00112233445566778899aabbccddeeff"
		" 1503030002 0230\n\n"
		"0107000e fe 000137 00000018 aabb\n\n" /* expanded */
		"0208000c 2f 01020304050607";          /* another method */
	struct run r = run_decode_on(text, sizeof text - 1, NULL);

	(void)state;
	assert_status(&r, 0);
	assert_golden(&r, "eap");
}

static void malformed_eap(void **state)
{
	static const char *const cases[] = {
		"0201",             /* no header */
		"02010004",         /* no Type */
		"0201000501ff0d00", /* fine, with padding: see below */
		"0201000a01",       /* Length beyond the octets */
		"02010003 01",      /* Length below the header */
		"0301000500",       /* Success with data */
		"0701000500",       /* no such code; not RADIUS either */
		"0201000506 0d",
		"02010005 0d",         /* EAP-TLS without Flags */
		"02010008 0d 80 0000", /* without the length it announces */
		"02010006 fe 01",      /* expanded without Vendor-Id */
		"0501000603ff",        /* ERP types that do not exist */
		"0601000601ff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct run r = run_decode("--as", "eap", cases[i]);

		assert_status(&r, i == 2 || i == 7 ? 0 : 1);
		if (i != 2 && i != 7)
			assert_says(&r, "MALFORMED");
		else
			assert_says(&r, "padding");
		run_free(&r);
	}
}

/* Octets that fit neither are shown as far as they go. */
static void malformed_erp(void **state)
{
	char text[400];
	struct run r;

	(void)state;
	/* P2.init with a keyName-NAI of 15 digits and a letter too many */
	write_hex(text, sizeof text, "P2.init");
	text[2 * 10] = '7';
	r = run_decode(text);
	assert_status(&r, 1);
	assert_says(&r, "SEQ: 1");
	assert_says(&r, "[MALFORMED: its attributes do not fit together]");
	run_free(&r);
	/* a suite nobody knows */
	write_hex(text, sizeof text, "P2.init");
	memcpy(text + 2 * 39, "c8", 2);
	r = run_decode(text);
	assert_says(&r, "the cryptosuite is not known");
	run_free(&r);
}

/* RFC 6630: what is asked of the server for another authenticator, and its answer. */
static void early_authentication(void **state)
{
	const char text[] =
		"0531002c0180040f766973697465642e6578616d706c650b136170322e766973697465642e657861"
		"6d706c65\n\n"
		"053200570230000501206366653863656431646165393837303540766973697465642e6578616d70"
		"6c65081a0b15036170320776697369746564076578616d706c65000700050247525ad1d74dc322d7"
		"1cfee162abe75e\n\n"
		"0632006a0230000501206366653863656431646165393837303540766973697465642e6578616d70"
		"6c6508270b15036170320776697369746564076578616d706c65000a0400000e10090400006d5605"
		"020203c1040000012c02b16dfd40d0a66cf7916106f06558df77\n\n"
		"0633005b0290000601206366653863656431646165393837303540766973697465642e6578616d70"
		"6c65081b0b15036170390776697369746564076578616d706c650005020203c0010402f60d1d31ae"
		"3c0b2b743a3e1823726bdb";
	struct files f;
	struct run r;

	write_files(&f, *state);
	r = run_decode_on(text, sizeof text - 1, "--emsk-file", f.emsk, NULL);
	assert_status(&r, 0);
	assert_golden(&r, "early-authentication");
	free_files(&f);
}

/* An ERP/AAK-Key within an ERP/AAK-Key, and so on: explained once. */
static void nested_containers(void **state)
{
	char text[800] = "050100000100"; /* Length is set below */
	unsigned levels = 120;
	struct run r;

	(void)state;
	for (unsigned i = levels; i > 0; i--)
		snprintf(text + strlen(text), 5, "08%02x", 2 * (i - 1));
	snprintf(text + 4, 5, "%04zx", strlen(text) / 2);
	text[8] = '0';
	r = run_decode("--as", "eap", text);
	assert_status(&r, 0);
	assert_says(&r, "ERP/AAK-Key (TLV 8, value of 238 octets)");
	assert_says_not(&r, "value of 234 octets");
	run_free(&r);
}

/* ---- input ---- */

static void ways_to_write_hex(void **state)
{
	static const char *const ways[] = {"050200060100", "0x050200060100",
		"0x05 0x02 0x00 0x06 0x01 0x00", "05:02:00:06:01:00", "05-02-00-06-01-00",
		"\n\n0502 0006\n0100\n", "0X05,0x02,0x00,0x06,0x01,0x00"};
	char *path;
	struct run r;

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		r = run_decode(ways[i]);
		assert_status(&r, 0);
		assert_says(&r, "EAP-Initiate/Re-auth-Start, Identifier 2, 6 octets");
		run_free(&r);
		r = run_decode_on(ways[i], strlen(ways[i]), NULL);
		assert_status(&r, 0);
		assert_says(&r, "EAP-Initiate/Re-auth-Start, Identifier 2, 6 octets");
		run_free(&r);
	}
	r = run_decode("0502", "0006", "0100");
	assert_status(&r, 0);
	run_free(&r);
	path = temp_file(*state, "packet.hex", "0502 0006\n0100\n", 0600);
	r = run_decode(path);
	assert_status(&r, 0);
	run_free(&r);
	free(path);
}

static void assert_refused(struct run r, const char *why)
{
	assert_status(&r, 2);
	assert_string_equal(r.out, "");
	if (!strstr(r.err, why))
		fail_msg("'%s' is not in: %s", why, r.err);
	run_free(&r);
}

static void what_is_refused(void **state)
{
	struct files f;
	char *text = temp_file(*state, "text", "no hex at all", 0600);
	char *empty = temp_file(*state, "empty", "", 0600);
	char *half = temp_file(*state, "half", "05020006010", 0600);
	char *long_hex = calloc(1, 20001);

	write_files(&f, *state);
	memset(long_hex, '0', 20000);
	assert_refused(run_decode("no-such-file"), "neither hex digits nor a file");
	assert_refused(run_decode(text), "not hex digits, nor a capture");
	assert_refused(run_decode(half), "not hex digits");
	assert_refused(run_decode(empty), "nothing in it");
	assert_refused(run_decode(""), "neither");
	assert_refused(run_decode(text, text), "one file");
	assert_refused(run_decode(long_hex), "");
	assert_refused(run_decode(*state), "Is a directory");
	assert_refused(run_decode("--as", "diameter", "00"), "--as is radius or eap");
	assert_refused(run_decode("--no-such-option"), "--help");
	assert_refused(run_decode("--secret-file"), "--help");
	assert_refused(run_decode("--secret-file", "nowhere", "00"), "No such file");
	assert_refused(run_decode("--secret-file", empty, "00"), "1 to 255 octets");
	assert_refused(run_decode("--emsk-file", text, "00"), "not a key in hex");
	assert_refused(run_decode("--rrk-file", empty, "00"), "too short");
	assert_refused(run_decode("--rik-file", half, "00"), "not a key in hex");
	assert_refused(run_decode("--session-id", "0d0", "00"), "--session-id");
	assert_refused(run_decode("--session-id", "", "00"), "--session-id");
	/* and never says what was in the file */
	struct run r = run_decode("--emsk-file", f.secret, "00");

	assert_says_not(&r, "xyzzy");
	run_free(&r);
	free(long_hex);
	free(text);
	free(empty);
	free(half);
	free_files(&f);
}

static void help(void **state)
{
	struct run r = run_decode("--help");

	(void)state;
	assert_status(&r, 0);
	assert_says(&r, "--secret-file");
	run_free(&r);
}

/* ---- JSON ---- */

static json_t *find_field(json_t *fields, const char *name)
{
	json_t *field;
	size_t i;

	json_array_foreach(fields, i,
		field) if (strcmp(json_string_value(json_object_get(field, "name")), name) ==
			   0) return field;
	fail_msg("no field %s", name);
	return NULL;
}

static const char *text_of(json_t *field, const char *key)
{
	return json_string_value(json_object_get(field, key));
}

static void json_output(void **state)
{
	const char text[] = ERP_REQUEST "\n\n" ERP_ACCEPT;
	json_t *all, *accept, *eap, *field;
	struct files f;
	struct run r;

	write_files(&f, *state);
	r = run_decode_on(text, sizeof text - 1, "--json", "--secret-file", f.secret, NULL);
	assert_status(&r, 0);
	all = json_loads(r.out, 0, NULL);
	assert_int_equal(json_array_size(all), 2);
	accept = json_array_get(all, 1);
	assert_string_equal(text_of(accept, "name"), "RADIUS");
	field = find_field(json_object_get(accept, "fields"), "Response Authenticator");
	assert_string_equal(text_of(field, "right"), "by the secret given");
	assert_int_equal(json_integer_value(json_object_get(field, "offset")), 4);
	assert_int_equal(json_integer_value(json_object_get(field, "length")), 16);
	field = find_field(json_object_get(accept, "fields"), "MS-MPPE-Recv-Key");
	assert_string_equal(text_of(field, "value"), "present, 32 octets");
	eap = find_field(json_object_get(accept, "fields"), "EAP");
	field = find_field(json_object_get(eap, "fields"), "Authentication Tag");
	assert_string_equal(text_of(field, "unchecked"), "no key given");
	json_decref(all);
	run_free(&r);
	free_files(&f);
}

/* ---- anything at all ---- */

/* Every cut and many changes of real packets: nothing is read past its end. */
static void truncated_and_changed_packets(void **state)
{
	static const char *const packets[] = {"P1.init", "P3.finish", "P5.finish",
		"P6b.finish-unauth", "P7c.start", "P8.finish-ambig"};
	unsigned seed = 9;

	(void)state;
	for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
		char text[1000];
		size_t n;

		write_hex(text, sizeof text, packets[i]);
		n = strlen(text);
		for (size_t cut = 2; cut < n; cut += 2) {
			char length[5], save = text[cut];
			struct run r;

			snprintf(length, sizeof length, "%04zx", cut / 2);
			if (cut > 8)
				memcpy(text + 4, length, 4);
			text[cut] = 0;
			r = run_decode(text);
			assert_true(r.status == 0 || r.status == 1);
			run_free(&r);
			text[cut] = save;
		}
		write_hex(text, sizeof text, packets[i]);
		for (unsigned change = 0; change < 300; change++) {
			size_t at;
			struct run r;
			char old;

			seed = seed * 1103515245 + 12345;
			at = (seed >> 8) % n;
			old = text[at];
			text[at] = "0123456789abcdef"[seed >> 28];
			r = run_decode("--as", "eap", text);
			assert_true(r.status == 0 || r.status == 1);
			run_free(&r);
			if (change % 5)
				text[at] = old;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(erp_messages),
		cmocka_unit_test(erp_with_emsk),
		cmocka_unit_test(radius_exchange),
		cmocka_unit_test(other_radius_packets),
		cmocka_unit_test(hokey_attributes),
		cmocka_unit_test(tags_of_all_keys),
		cmocka_unit_test(suite_3_of_hostapd),
		cmocka_unit_test(changed_messages),
		cmocka_unit_test(wrong_secret),
		cmocka_unit_test(keys_are_shown_on_demand),
		cmocka_unit_test(missing_or_late_message_authenticator),
		cmocka_unit_test(eap_in_radius),
		cmocka_unit_test(malformed_radius),
		cmocka_unit_test(eap_packets),
		cmocka_unit_test(malformed_eap),
		cmocka_unit_test(malformed_erp),
		cmocka_unit_test(early_authentication),
		cmocka_unit_test(nested_containers),
		cmocka_unit_test(ways_to_write_hex),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(help),
		cmocka_unit_test(json_output),
		cmocka_unit_test(truncated_and_changed_packets),
	};

	return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
