/* SPDX-License-Identifier: ISC */
#include "hokeyd/quick_ca.h"

#include "hokeyd/files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY        86400
#define CA_DAYS    3650
#define LEAF_DAYS  365
#define RENEW_DAYS 30

/* A certificate with its key; both are ours to free. */
struct identity {
	X509 *certificate;
	EVP_PKEY *key;
};

/* What a certificate is to say. */
struct wanted {
	const char *name; /* of the files, without ending */
	const char *cn;
	const char *san; /* as in openssl.cnf; NULL: a CA */
	const char *usage;
	const struct identity *issuer; /* NULL: itself */
	int days;
};

void hk_quick_server_name(const char *realm, char out[256])
{
	snprintf(out, 256, "radius.%.236s", realm);
}

void hk_quick_client_name(const char *realm, char out[256])
{
	snprintf(out, 256, "user@%.236s", realm);
}

static void identity_free(struct identity *id)
{
	X509_free(id->certificate);
	EVP_PKEY_free(id->key);
	*id = (struct identity){NULL, NULL};
}

static void path_of(const char *directory, const char *name, const char *ending, char *path)
{
	snprintf(path, PATH_MAX, "%s/%s.%s", directory, name, ending);
}

/* ---- what is there ---- */

static BIO *read_bio(
	const char *directory, const char *name, const char *ending, struct hk_file *file)
{
	char path[PATH_MAX];

	path_of(directory, name, ending, path);
	if (hk_file_read(path, file))
		return NULL;
	return BIO_new_mem_buf(file->data, (int)file->len);
}

static bool load_identity(const char *directory, const char *name, struct identity *id)
{
	struct hk_file certificate = {0};
	struct hk_file key = {0};
	BIO *certificate_bio = read_bio(directory, name, "pem", &certificate);
	BIO *key_bio = read_bio(directory, name, "key", &key);

	if (certificate_bio && key_bio) {
		id->certificate = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
		id->key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
	}
	BIO_free(certificate_bio);
	BIO_free(key_bio);
	hk_file_free(&certificate);
	hk_file_free(&key);
	if (id->certificate && id->key && X509_check_private_key(id->certificate, id->key) == 1)
		return true;
	ERR_clear_error();
	identity_free(id);
	return false;
}

static bool lasts_long_enough(const X509 *certificate)
{
	time_t then = time(NULL) + RENEW_DAYS * DAY;

	return X509_cmp_time(X509_get0_notAfter(certificate), &then) > 0;
}

static bool names_match(X509 *certificate, const struct wanted *w)
{
	if (!w->san)
		return X509_check_ca(certificate) == 1;
	if (strncmp(w->san, "DNS:", 4) == 0)
		return X509_check_host(certificate, w->san + 4, 0, 0, NULL) == 1;
	return X509_check_email(certificate, strchr(w->san, ':') + 1, 0, 0) == 1;
}

static bool still_good(const struct identity *id, const struct wanted *w)
{
	const struct identity *issuer = w->issuer ? w->issuer : id;

	return lasts_long_enough(id->certificate) && names_match(id->certificate, w) &&
	       X509_verify(id->certificate, issuer->key) == 1;
}

/* ---- what is made ---- */

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool ok;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	ok = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

static bool add_extensions(X509 *certificate, const struct wanted *w)
{
	X509 *issuer = w->issuer ? w->issuer->certificate : certificate;
	bool ca = !w->san;

	return add_extension(certificate, issuer, NID_basic_constraints,
		       ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
	       add_extension(certificate, issuer, NID_key_usage,
		       ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
	       add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
	       (ca || (add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") &&
			      add_extension(certificate, issuer, NID_ext_key_usage, w->usage) &&
			      add_extension(certificate, issuer, NID_subject_alt_name, w->san)));
}

/* 64 random bits, positive: RFC 5280 section 4.1.2.2. */
static bool set_serial(X509 *certificate)
{
	uint64_t serial;

	if (RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
		return false;
	serial = (serial >> 1) | 1;
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1;
}

static bool set_subject(X509 *certificate, const char *cn)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	/* A commonName has at most 64 characters; the full name is in the SAN. */
	size_t len = strlen(cn);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn,
		       (int)(len > 64 ? 64 : len), -1, 0) == 1;
}

static bool fill_certificate(struct identity *id, const struct wanted *w)
{
	X509 *issuer = w->issuer ? w->issuer->certificate : id->certificate;
	EVP_PKEY *signer = w->issuer ? w->issuer->key : id->key;

	return X509_set_version(id->certificate, X509_VERSION_3) == 1 &&
	       set_serial(id->certificate) && set_subject(id->certificate, w->cn) &&
	       X509_set_issuer_name(id->certificate, X509_get_subject_name(issuer)) == 1 &&
	       /* A device's clock may be a little behind. */
	       X509_gmtime_adj(X509_getm_notBefore(id->certificate), -DAY) &&
	       X509_gmtime_adj(X509_getm_notAfter(id->certificate), (long)w->days * DAY) &&
	       X509_set_pubkey(id->certificate, id->key) == 1 &&
	       add_extensions(id->certificate, w) &&
	       X509_sign(id->certificate, signer, EVP_sha256()) > 0;
}

static bool write_bio(const char *path, BIO *bio, unsigned mode, struct hk_config_error *error)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	enum hk_err err = hk_file_replace(path, hk_bytes(data, (size_t)len), mode);

	if (err)
		snprintf(error->text, sizeof(error->text), "%.300s: %s", path,
			hk_file_strerror(err));
	return !err;
}

static bool save_identity(const char *directory, const char *name, const struct identity *id,
	struct hk_config_error *error)
{
	BIO *certificate = BIO_new(BIO_s_mem());
	BIO *key = BIO_new(BIO_s_secmem());
	char path[PATH_MAX];
	bool ok = certificate && key && PEM_write_bio_X509(certificate, id->certificate) == 1 &&
		  PEM_write_bio_PrivateKey(key, id->key, NULL, NULL, 0, NULL, NULL) == 1;

	if (ok) {
		path_of(directory, name, "key", path);
		ok = write_bio(path, key, 0600, error);
	}
	if (ok) {
		path_of(directory, name, "pem", path);
		ok = write_bio(path, certificate, 0644, error);
	}
	BIO_free(certificate);
	BIO_free(key);
	return ok;
}

static bool make_identity(const char *directory, const struct wanted *w, struct identity *id,
	struct hk_config_error *error)
{
	snprintf(error->text, sizeof(error->text), "%s.pem: cannot make a certificate", w->name);
	id->key = EVP_EC_gen("P-256");
	id->certificate = X509_new();
	if (id->key && id->certificate && fill_certificate(id, w) &&
		save_identity(directory, w->name, id, error)) {
		error->text[0] = 0;
		return true;
	}
	ERR_clear_error();
	identity_free(id);
	return false;
}

static bool need_identity(const char *directory, const struct wanted *w, struct identity *id,
	struct hk_config_error *error)
{
	if (load_identity(directory, w->name, id)) {
		if (still_good(id, w))
			return true;
		ERR_clear_error();
		identity_free(id);
	}
	return make_identity(directory, w, id, error);
}

enum hk_err hk_quick_make_certificates(
	const char *directory, const char *realm, struct hk_config_error *error)
{
	struct identity ca = {0};
	struct identity server = {0};
	struct identity client = {0};
	char server_name[256];
	char client_name[256];
	char server_san[270];
	char client_san[270];
	bool ok;

	hk_quick_server_name(realm, server_name);
	hk_quick_client_name(realm, client_name);
	snprintf(server_san, sizeof(server_san), "DNS:%s", server_name);
	snprintf(client_san, sizeof(client_san), "email:%s", client_name);
	ok = need_identity(directory,
		     &(struct wanted){"ca", "hokeyd --quick CA", NULL, NULL, NULL, CA_DAYS}, &ca,
		     error) &&
	     need_identity(directory,
		     &(struct wanted){
			     "server", server_name, server_san, "serverAuth", &ca, LEAF_DAYS},
		     &server, error) &&
	     need_identity(directory,
		     &(struct wanted){
			     "client", client_name, client_san, "clientAuth", &ca, LEAF_DAYS},
		     &client, error);
	identity_free(&ca);
	identity_free(&server);
	identity_free(&client);
	return ok ? HK_OK : HK_ERR_SYSTEM;
}
