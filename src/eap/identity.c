/* SPDX-License-Identifier: ISC */
#include "eap/identity.h"

#include <openssl/x509v3.h>

#include <time.h>

#define TEXT_CAP 4096

/* Non-ASCII is escaped too, so the text is safe in a log and has one form only. */
static size_t print_name(const X509_NAME *name, char *out, size_t cap)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long n = 0;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		n = BIO_get_mem_data(bio, &data);
	if (n > 0 && (size_t)n <= cap)
		memcpy(out, data, (size_t)n);
	BIO_free(bio);
	return n > 0 ? (size_t)n : 0;
}

void hk_name_text(const X509_NAME *name, char *out, size_t cap)
{
	char text[1024];
	size_t n = name ? print_name(name, text, sizeof text) : 0;

	if (n > sizeof text)
		n = 0;
	if (n >= cap)
		n = cap - 1;
	memcpy(out, text, n);
	out[n] = 0;
}

hk_time hk_asn1_time(const ASN1_TIME *t)
{
	struct tm tm;
	time_t s;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return HK_NEVER;
	s = timegm(&tm);
	return s > 0 ? (hk_time)s * HK_SECOND : 0;
}

static bool is_control(unsigned long c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* UTF-8 without control characters; ASCII is a part of it. */
static bool is_plain_text(const uint8_t *text, size_t len)
{
	while (len) {
		unsigned long c;
		int n = UTF8_getc(text, len > 6 ? 6 : (int)len, &c);

		if (n <= 0 || is_control(c))
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static enum hk_err add_id(
	struct hk_peer_identity *who, struct hk_buf *b, uint8_t kind, const uint8_t *text, int len)
{
	size_t start = b->len;

	if (len < 0 || !is_plain_text(text, (size_t)len))
		return HK_ERR_MALFORMED;
	if (len == 0 || who->npeer_ids == HK_PEER_IDS_MAX)
		return HK_OK;
	hk_put(b, text, (size_t)len);
	if (!hk_buf_ok(b))
		return HK_ERR_TOO_LONG;
	who->peer_ids[who->npeer_ids] = hk_bytes(b->data + start, (size_t)len);
	who->peer_id_kinds[who->npeer_ids++] = kind;
	return HK_OK;
}

static enum hk_err add_upn(struct hk_peer_identity *who, struct hk_buf *b, const OTHERNAME *other)
{
	const ASN1_UTF8STRING *text;

	if (OBJ_obj2nid(other->type_id) != NID_ms_upn || other->value->type != V_ASN1_UTF8STRING)
		return HK_OK;
	text = other->value->value.utf8string;
	return add_id(
		who, b, HK_PEER_ID_UPN, ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
}

static enum hk_err add_general_name(
	struct hk_peer_identity *who, struct hk_buf *b, const GENERAL_NAME *name)
{
	uint8_t kind;

	switch (name->type) {
	case GEN_EMAIL:
		kind = HK_PEER_ID_RFC822;
		break;
	case GEN_DNS:
		kind = HK_PEER_ID_DNS;
		break;
	case GEN_URI:
		kind = HK_PEER_ID_URI;
		break;
	case GEN_OTHERNAME:
		return add_upn(who, b, name->d.otherName);
	default:
		return HK_OK;
	}
	return add_id(
		who, b, kind, ASN1_STRING_get0_data(name->d.ia5), ASN1_STRING_length(name->d.ia5));
}

/* One place is kept for the subject, however many names there are. */
static enum hk_err add_alternative_names(
	struct hk_peer_identity *who, struct hk_buf *b, X509 *certificate)
{
	int critical;
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
	enum hk_err err = HK_OK;

	if (!names)
		return critical == -1 ? HK_OK : HK_ERR_MALFORMED;
	for (int i = 0; !err && i < sk_GENERAL_NAME_num(names); i++) {
		if (who->npeer_ids == HK_PEER_IDS_MAX - 1)
			break;
		err = add_general_name(who, b, sk_GENERAL_NAME_value(names, i));
	}
	GENERAL_NAMES_free(names);
	return err;
}

static enum hk_err put_name(struct hk_buf *b, const X509_NAME *name, struct hk_bytes *out)
{
	char *to = (char *)b->data + b->len;
	size_t n = print_name(name, to, b->cap - b->len);

	if (!hk_put_room(b, n))
		return HK_ERR_TOO_LONG;
	*out = hk_bytes(to, n);
	return HK_OK;
}

/* The last commonName: the one nearest to what the certificate is about. */
static enum hk_err add_common_name(
	struct hk_peer_identity *who, struct hk_buf *b, const X509_NAME *subject)
{
	int at = -1, next;
	const ASN1_STRING *value;
	enum hk_err err;
	uint8_t *utf8;
	int len;

	while ((next = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		at = next;
	if (at < 0)
		return HK_OK;
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	len = ASN1_STRING_to_UTF8(&utf8, value);
	if (len < 0)
		return HK_ERR_MALFORMED;
	err = add_id(who, b, HK_PEER_ID_CN, utf8, len);
	OPENSSL_free(utf8);
	return err;
}

static enum hk_err add_subject(struct hk_peer_identity *who, struct hk_buf *b, X509 *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	bool alone = who->npeer_ids == 0;
	struct hk_bytes text;
	enum hk_err err;

	if (X509_NAME_entry_count(subject) == 0)
		return HK_OK;
	err = put_name(b, subject, &text);
	if (err)
		return err;
	who->peer_ids[who->npeer_ids] = text;
	who->peer_id_kinds[who->npeer_ids++] = HK_PEER_ID_SUBJECT;
	return alone ? add_common_name(who, b, subject) : HK_OK;
}

static enum hk_err put_serial(
	struct hk_peer_identity *who, struct hk_buf *b, const ASN1_INTEGER *serial)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *octets = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);
	size_t start = b->len;

	for (int i = 0; i < len; i++) {
		hk_put_u8(b, (uint8_t)digits[octets[i] >> 4]);
		hk_put_u8(b, (uint8_t)digits[octets[i] & 15]);
	}
	who->serial = hk_bytes(b->data + start, b->len - start);
	return hk_buf_ok(b) ? HK_OK : HK_ERR_TOO_LONG;
}

static enum hk_err read_certificate(
	struct hk_peer_identity *who, struct hk_buf *b, X509 *certificate)
{
	enum hk_err err;

	who->certificate_expires = hk_asn1_time(X509_get0_notAfter(certificate));
	err = add_alternative_names(who, b, certificate);
	if (!err)
		err = add_subject(who, b, certificate);
	if (!err)
		err = put_serial(who, b, X509_get0_serialNumber(certificate));
	if (!err)
		err = put_name(b, X509_get_issuer_name(certificate), &who->issuer);
	return err;
}

enum hk_err hk_identity_read(struct hk_identity *id, X509 *certificate)
{
	struct hk_peer_identity who = {.outer = id->who.outer};
	struct hk_buf b;
	enum hk_err err;

	if (!id->text)
		id->text = malloc(TEXT_CAP);
	if (!id->text)
		return HK_ERR_NO_MEMORY;
	b = hk_buf(id->text, TEXT_CAP);
	err = read_certificate(&who, &b, certificate);
	if (err)
		who = (struct hk_peer_identity){.outer = id->who.outer};
	id->who = who;
	id->known = !err;
	return err;
}

void hk_identity_free(struct hk_identity *id)
{
	free(id->text);
	*id = (struct hk_identity){0};
}
