/* SPDX-License-Identifier: ISC */
/* `hokey decode`: packets, field by field. */
#include "hokey/decode.h"

#include "crypto/crypto.h"
#include "hokey/capture.h"
#include "hokey/command.h"
#include "hokey/exchanges.h"
#include "hokey/explain_packets.h"
#include "hokey/hex.h"
#include "hokeyd/files.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <time.h>

#define INPUT_MAX (1u << 20) /* octets of hex text */

enum kind {
	KIND_GUESS,
	KIND_RADIUS,
	KIND_EAP,
};

struct decoder {
	FILE *in, *out, *err;
	struct explain *x;
	struct decode_keys keys;
	struct exchanges seen;
	enum kind kind;
	bool json;
	bool any;              /* something was shown */
	const char *emsk_file; /* taken when all options are known */
	struct hk_buf session_id;
	uint8_t session_id_octets[HK_SESSION_ID_MAX_LEN];
};

static const char usage[] =
	"Usage: hokey decode [OPTION]... [HEX... | FILE]\n"
	"\n"
	"Explains a RADIUS or EAP packet given as hex digits, or all of them in a file\n"
	"of hex digits (an empty line between packets) or a pcap or pcapng capture.\n"
	"Without an argument, or with -, it reads standard input.\n"
	"\n"
	"  --as radius|eap        do not guess which of the two it is\n"
	"  --secret-file FILE     RADIUS shared secret, to check authenticators\n"
	"  --emsk-file FILE       EMSK in hex, to check ERP tags\n"
	"  --session-id HEX       EAP Session-Id that belongs to the EMSK\n"
	"  --rrk-file FILE        rRK (or DS-rRK) in hex\n"
	"  --rik-file FILE        rIK (or DS-rIK) in hex\n"
	"  --show-keys            print the keys that the secret opens\n"
	"  -j, --json             JSON\n"
	"  -h, --help             this text\n"
	"\n"
	"Exit status: 0; 1 when something was malformed or an authenticator or a tag was\n"
	"wrong; 2 when the arguments or files were.\n";

/* ---- one packet ---- */

/*
 * EAP and RADIUS both have a code in front and a length at offset 2. What is an
 * ERP message down to its keyName-NAI is one; otherwise, a packet with a code
 * of RADIUS whose attributes end where it ends is RADIUS.
 */
static enum kind guess(struct hk_bytes packet)
{
	struct hk_erp_message erp;
	struct hk_radius p;

	if (!hk_erp_parse(packet, &erp))
		return KIND_EAP;
	if (!hk_radius_parse(packet, &p) && p.packet.len == packet.len &&
		strcmp(hk_radius_code_name(p.code), "Unknown") != 0)
		return KIND_RADIUS;
	return packet.len > 0 && packet.data[0] > 6 ? KIND_RADIUS : KIND_EAP;
}

static void explain_packet(
	struct decoder *d, enum kind kind, const char *from, const char *to, struct hk_bytes packet)
{
	if (kind == KIND_GUESS)
		kind = guess(packet);
	if (kind == KIND_RADIUS)
		explain_radius(d->x, packet, &d->keys, exchanges_see(&d->seen, from, to, packet));
	else
		explain_eap(d->x, packet, &d->keys);
}

static void show(struct decoder *d)
{
	if (d->json)
		return; /* all of it at the end */
	if (d->any)
		fputc('\n', d->out);
	d->any = true;
	explain_print(d->x, d->out);
	explain_clear(d->x);
}

/* ---- captures ---- */

static bool is_radius_port(uint16_t port)
{
	return port == 1812 || port == 1813 || port == 3799 || port == 1645 || port == 1646;
}

/* On its ports everything is shown; elsewhere what is RADIUS beyond doubt. */
static bool is_radius(const struct capture_frame *f)
{
	struct hk_radius p;

	if (is_radius_port(f->from_port) || is_radius_port(f->to_port))
		return true;
	return !hk_radius_parse(f->payload, &p) && p.packet.len == f->payload.len &&
	       p.attributes.len > 0 && strcmp(hk_radius_code_name(p.code), "Unknown") != 0;
}

static void explain_frame(const struct capture_frame *f, void *argument)
{
	struct decoder *d = argument;
	char time[64];
	struct tm tm;

	if (f->kind == CAPTURE_UDP && !is_radius(f))
		return;
	gmtime_r(&f->time.tv_sec, &tm);
	strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &tm);
	explain_open(d->x, HK_NO_BYTES, "frame", "%lu, %s.%06ldZ, %s > %s", f->number, time,
		(long)f->time.tv_usec, f->from, f->to);
	if (f->cut)
		explain_note(d->x, "the capture has only a part of it");
	if (f->kind == CAPTURE_EAPOL)
		explain_eapol(d->x, f->payload, &d->keys);
	else
		explain_packet(d, KIND_RADIUS, f->from, f->to, f->payload);
	explain_close(d->x);
	show(d);
}

static int decode_capture(struct decoder *d, FILE *file, const char *name)
{
	unsigned long fragments;
	char error[256];

	if (!capture_read(file, explain_frame, d, &fragments, error)) {
		fprintf(d->err, "hokey decode: %s: %s\n", name, error);
		return HK_EXIT_USAGE;
	}
	if (fragments)
		fprintf(d->err, "hokey decode: %s: %lu IP fragments were left out\n", name,
			fragments);
	return HK_EXIT_OK;
}

/* ---- hex ---- */

/* Length of the text in front of the next empty line. */
static size_t paragraph(struct hk_bytes text)
{
	size_t line = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != '\n')
			continue;
		if (i > 0 && i - line == strspn((const char *)text.data + line, " \t\r"))
			return i;
		line = i + 1;
	}
	return text.len;
}

/* text: with a NUL behind it. */
static int decode_hex(struct decoder *d, struct hk_bytes text, const char *name)
{
	uint8_t *memory = malloc(text.len + 1);
	bool any = false;

	if (!memory) {
		fprintf(d->err, "hokey decode: out of memory\n");
		return HK_EXIT_USAGE;
	}
	while (text.len > 0) {
		size_t n = paragraph(text);
		struct hk_buf b = hk_buf(memory, text.len + 1);

		if (!hex_decode(hk_bytes(text.data, n), &b)) {
			fprintf(d->err, "hokey decode: %s: not hex digits, nor a capture\n", name);
			free(memory);
			return HK_EXIT_USAGE;
		}
		text = hk_bytes(text.data + n, text.len - n);
		if (text.len > 0 && text.data[0] == '\n')
			text = hk_bytes(text.data + 1, text.len - 1);
		if (b.len == 0)
			continue;
		any = true;
		explain_packet(d, d->kind, "", "", hk_buf_bytes(&b));
		show(d);
	}
	free(memory);
	if (!any)
		fprintf(d->err, "hokey decode: %s: nothing in it\n", name);
	return any ? HK_EXIT_OK : HK_EXIT_USAGE;
}

static int decode_text(struct decoder *d, FILE *file, const char *name)
{
	char *text = malloc(INPUT_MAX + 1);
	int result = HK_EXIT_USAGE;
	size_t n;

	if (!text) {
		fprintf(d->err, "hokey decode: out of memory\n");
		fclose(file);
		return HK_EXIT_USAGE;
	}
	n = fread(text, 1, INPUT_MAX + 1, file);
	if (ferror(file))
		fprintf(d->err, "hokey decode: %s: %s\n", name, strerror(errno));
	else if (n > INPUT_MAX)
		fprintf(d->err, "hokey decode: %s: too long\n", name);
	else {
		text[n] = 0;
		result = decode_hex(d, hk_bytes(text, n), name);
	}
	fclose(file);
	free(text);
	return result;
}

/* ---- input ---- */

/*
 * Puts back what it reads. C promises that for one octet only; the libraries we
 * run on step back in their buffer.
 */
static bool is_capture(FILE *file)
{
	uint8_t first[4];
	size_t n = fread(first, 1, sizeof first, file);

	for (size_t i = n; i > 0; i--)
		if (ungetc(first[i - 1], file) == EOF)
			return false;
	return capture_begins(first, n);
}

/* Takes the file over. */
static int decode_file(struct decoder *d, FILE *file, const char *name)
{
	return is_capture(file) ? decode_capture(d, file, name) : decode_text(d, file, name);
}

static bool all_hex(int n, char **arguments)
{
	uint8_t octets[HK_RADIUS_MAX_LEN];

	for (int i = 0; i < n; i++) {
		struct hk_buf b = hk_buf(octets, sizeof octets);

		if (!hex_decode(hk_text(arguments[i]), &b) || b.len == 0)
			return false;
	}
	return true;
}

/* Arguments of hex digits are one packet together. */
static int decode_arguments(struct decoder *d, int n, char **arguments)
{
	char text[4 * HK_RADIUS_MAX_LEN];
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		size_t room = strlen(arguments[i]) + 1;

		if (room >= sizeof text - len) {
			fprintf(d->err, "hokey decode: the packet is too long\n");
			return HK_EXIT_USAGE;
		}
		memcpy(text + len, arguments[i], room - 1);
		text[len + room - 1] = ' ';
		len += room;
	}
	text[len] = 0;
	return decode_hex(d, hk_bytes(text, len), "argument");
}

static int decode_input(struct decoder *d, int n, char **arguments)
{
	FILE *file;

	if (n == 0 || (n == 1 && strcmp(arguments[0], "-") == 0)) {
		file = d->in;
		d->in = NULL;
		return decode_file(d, file, "standard input");
	}
	if (all_hex(n, arguments))
		return decode_arguments(d, n, arguments);
	if (n > 1) {
		fprintf(d->err, "hokey decode: one file, or hex digits\n");
		return HK_EXIT_USAGE;
	}
	file = fopen(arguments[0], "re");
	if (!file) {
		fprintf(d->err, "hokey decode: %s: %s\n", arguments[0],
			errno == ENOENT ? "neither hex digits nor a file" : strerror(errno));
		return HK_EXIT_USAGE;
	}
	return decode_file(d, file, arguments[0]);
}

/* ---- options ---- */

enum option_value {
	OPTION_AS = 256,
	OPTION_SECRET,
	OPTION_EMSK,
	OPTION_SESSION_ID,
	OPTION_RRK,
	OPTION_RIK,
	OPTION_SHOW_KEYS,
};

static const struct option options[] = {
	{"as", required_argument, NULL, OPTION_AS},
	{"secret-file", required_argument, NULL, OPTION_SECRET},
	{"emsk-file", required_argument, NULL, OPTION_EMSK},
	{"session-id", required_argument, NULL, OPTION_SESSION_ID},
	{"rrk-file", required_argument, NULL, OPTION_RRK},
	{"rik-file", required_argument, NULL, OPTION_RIK},
	{"show-keys", no_argument, NULL, OPTION_SHOW_KEYS},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool take_key_file(struct decoder *d, int option, const char *path)
{
	const char *error = NULL;
	struct hk_file file;
	enum hk_err err = hk_file_read(path, &file);
	struct hk_bytes octets;

	if (err) {
		fprintf(d->err, "hokey decode: %s: %s\n", path, hk_file_strerror(err));
		return false;
	}
	octets = hk_bytes(file.data, file.len);
	if (option == OPTION_SECRET)
		error = decode_keys_set_secret(&d->keys, octets);
	else if (option == OPTION_EMSK)
		error = decode_keys_set_emsk(&d->keys, octets, hk_buf_bytes(&d->session_id));
	else if (option == OPTION_RRK)
		error = decode_keys_set_rrk(&d->keys, octets);
	else
		error = decode_keys_set_rik(&d->keys, octets);
	hk_file_free(&file);
	if (error)
		fprintf(d->err, "hokey decode: %s: %s\n", path, error);
	return !error;
}

static bool take_kind(struct decoder *d, const char *text)
{
	if (strcmp(text, "radius") == 0)
		d->kind = KIND_RADIUS;
	else if (strcmp(text, "eap") == 0)
		d->kind = KIND_EAP;
	else
		fprintf(d->err, "hokey decode: --as is radius or eap\n");
	return d->kind != KIND_GUESS;
}

static bool take_session_id(struct decoder *d, const char *text)
{
	if (hex_decode(hk_text(text), &d->session_id) && d->session_id.len > 0)
		return true;
	fprintf(d->err, "hokey decode: --session-id is 1 to 256 octets in hex\n");
	return false;
}

static bool take_option(struct decoder *d, int option, const char *value)
{
	switch (option) {
	case OPTION_AS:
		return take_kind(d, value);
	case OPTION_SESSION_ID:
		return take_session_id(d, value);
	case OPTION_EMSK:
		d->emsk_file = value;
		return true;
	case OPTION_SECRET:
	case OPTION_RRK:
	case OPTION_RIK:
		return take_key_file(d, option, value);
	case OPTION_SHOW_KEYS:
		d->keys.show = true;
		return true;
	case 'j':
		d->json = true;
		return true;
	default:
		fprintf(d->err, "hokey decode: unknown option, or its value is missing\n"
				"Try 'hokey decode --help'.\n");
		return false;
	}
}

static int run(struct decoder *d, int argc, char **argv)
{
	int option, result;

	optind = 0; /* more than one run in one process is fine */
	opterr = 0;
	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, d->out);
			return HK_EXIT_OK;
		}
		if (!take_option(d, option, optarg))
			return HK_EXIT_USAGE;
	}
	if (d->emsk_file && !take_key_file(d, OPTION_EMSK, d->emsk_file))
		return HK_EXIT_USAGE;
	result = decode_input(d, argc - optind, argv + optind);
	if (d->json) {
		json_dumpf(explain_json(d->x), d->out, JSON_INDENT(2));
		fputc('\n', d->out);
	}
	if (result == HK_EXIT_OK && !explain_ok(d->x))
		return HK_EXIT_FAILED;
	return result;
}

int decode(int argc, char **argv, FILE *in, FILE *out, FILE *err)
{
	struct decoder *d = calloc(1, sizeof *d);
	int result = HK_EXIT_USAGE;

	if (d)
		d->x = explain_new();
	if (!d || !d->x) {
		fprintf(err, "hokey decode: out of memory\n");
		fclose(in);
		free(d);
		return HK_EXIT_USAGE;
	}
	d->in = in;
	d->out = out;
	d->err = err;
	d->session_id = hk_buf(d->session_id_octets, sizeof d->session_id_octets);
	result = run(d, argc, argv);
	if (d->in)
		fclose(d->in);
	explain_free(d->x);
	decode_keys_free(&d->keys);
	hk_wipe(d, sizeof *d);
	free(d);
	return result;
}

int decode_main(int argc, char **argv)
{
	return decode(argc, argv, stdin, stdout, stderr);
}
