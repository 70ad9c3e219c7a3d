/* SPDX-License-Identifier: ISC */
/*
 * Between config.c, which reads blocks by the schema, and config_*.c, which
 * know what single options mean. Not for others.
 */
#ifndef HK_HOKEYD_CONFIG_LOADER_H
#define HK_HOKEYD_CONFIG_LOADER_H

#include "hokeyd/config.h"
#include "hokeyd/files.h"
#include "hokeyd/schema.h"

#include <confuse.h>

struct hk_config_owned {
	struct hk_file ca;
	struct hk_file certificate;
	struct hk_file key;
	struct hk_file crl;
	struct hk_file ocsp_staple;
	struct hk_file cui_key;
	struct hk_bytes *realms; /* each on the heap */
	size_t nrealms;
	struct hk_ktk *ktks;     /* with their lists, on the heap */
	size_t nktks;
};

struct hk_loader {
	const char *name; /* of the file, for messages */
	struct hk_config *config;
	struct hk_config_error *error;
	bool open_to_others; /* the file itself */
};

/* One block of the file. */
struct hk_section {
	struct hk_loader *loader;
	enum hk_block_kind block;
	cfg_t *cfg; /* NULL: the block is not in the file */
};

/* What stands there, else the default; NULL when neither is. Not for lists. */
const char *hk_section_text(const struct hk_section *s, const char *option);
bool hk_section_has(const struct hk_section *s, const char *option);
/* As text, with a path's directory put in front; the caller frees it. */
char *hk_section_path(const struct hk_section *s, const char *option);
/* Number of values of a list, with its default, and the i-th one. */
size_t hk_section_list_len(const struct hk_section *s, const char *option);
const char *hk_section_list_get(const struct hk_section *s, const char *option, size_t i);
/*
 * The same, copied, in lower case if so wanted; to be freed also after an error.
 * *n starts at 0.
 */
enum hk_err hk_section_copy_list(const struct hk_section *s, const char *option, bool lower,
	const struct hk_bytes **out, size_t *n);
void hk_config_free_list(const struct hk_bytes *list, size_t n);

/*
 * Writes the error `file:line: block "name": option: ...` and returns
 * HK_ERR_MALFORMED. option may be NULL.
 */
enum hk_err hk_section_fail(const struct hk_section *s, const char *option, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for the list of warnings. */
enum hk_err hk_section_warn(const struct hk_section *s, const char *option, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The configuration depends on what is in this file. */
enum hk_err hk_loader_note_file(struct hk_loader *l, const char *path);

/* A value in a message: control characters escaped, shortened. */
const char *hk_shown(const char *value, char *text, size_t size);
#define HK_SHOWN_SIZE 80

/* The file an option names, read. Says so when it cannot be. */
enum hk_err hk_section_read_file(
	const struct hk_section *s, const char *option, struct hk_file *out);
/* The same, if the option is there. */
enum hk_err hk_section_read_optional(
	const struct hk_section *s, const char *option, struct hk_file *out);
/* It has a secret in it: others should not be able to read it. */
enum hk_err hk_section_warn_if_open(
	const struct hk_section *s, const char *option, const struct hk_file *file);
/* A secret file of min to max octets in hex; how many there are in *len. */
enum hk_err hk_section_read_hex(const struct hk_section *s, const char *option, size_t min,
	size_t max, uint8_t *out, size_t *len);
/*
 * What the options ca, certificate and key, and crl have named: PEM, not run out, the
 * key that of the first certificate.
 */
enum hk_err hk_section_check_ca(const struct hk_section *s, const struct hk_file *file);
enum hk_err hk_section_check_certificate(
	const struct hk_section *s, const struct hk_file *certificate, const struct hk_file *key);
enum hk_err hk_section_check_crl(const struct hk_section *s, const struct hk_file *file);

/* Fills all fields of the block's struct that the schema knows of; and frees the texts in it. */
enum hk_err hk_section_fill(const struct hk_section *s, void *into);
void hk_section_free(enum hk_block_kind block, void *from);
/* A block that comes once at most, or what is outside of blocks. */
struct hk_section hk_loader_section(struct hk_loader *l, cfg_t *cfg, enum hk_block_kind block);
/* A block's name: 1 to 64 printable characters. */
enum hk_err hk_section_check_title(const struct hk_section *s);

/* Options address and port. */
enum hk_err hk_section_endpoint(
	const struct hk_section *s, struct sockaddr_storage *out, socklen_t *len);
/* Which of the first n blocks listen has that endpoint; NULL: none. */
const struct hk_listen_config *hk_config_find_listen(const struct hk_config *config, size_t n,
	bool tls, const struct sockaddr_storage *address, socklen_t len);
/* Options secret and secret-file of clients and home servers. */
enum hk_err hk_section_secret(const struct hk_section *s, struct hk_radius_secret *out);
/* A list of attribute names. */
enum hk_err hk_section_filter(
	const struct hk_section *s, const char *option, struct hk_attribute_filter *out);
/* A number for a name that stays the same when other blocks come and go. */
uint32_t hk_name_id(const char *name);

/* Block tls; and what the others say about it: option tls and those of the peer. */
enum hk_err hk_config_load_tls(struct hk_loader *l, cfg_t *cfg);
void hk_config_free_tls(struct hk_config *config);
enum hk_err hk_section_tls(const struct hk_section *s, const struct hk_radsec_config **out);
enum hk_err hk_section_tls_peer(const struct hk_section *s, struct hk_tls_peer *out);
void hk_tls_peer_free(struct hk_tls_peer *peer);
/* Option port; 2083 when there is tls and no port. */
uint16_t hk_section_port(const struct hk_section *s);

/* Blocks ktk, and what block erp says about other domains. After block erp. */
enum hk_err hk_config_load_ktks(struct hk_loader *l, cfg_t *cfg);
void hk_config_free_ktks(struct hk_config_owned *owned);
/* After blocks home-server: which of them is told when a key ends. */
enum hk_err hk_config_find_revoke_at(struct hk_loader *l, cfg_t *cfg);
/* Pairs of hex digits, with single colons between them or not; 0: it is something else. */
size_t hk_parse_hex(const char *text, size_t len, uint8_t *out, size_t max);

/* Blocks home-server, pool and realm, and what holds between them. */
enum hk_err hk_config_load_proxy(struct hk_loader *l, cfg_t *cfg);
void hk_config_free_proxy(struct hk_config *config);

/* What the schema cannot say. Fields that it can are already filled in. */
enum hk_err hk_config_finish_listen(const struct hk_section *s, struct hk_listen_config *listen);
enum hk_err hk_config_finish_client(const struct hk_section *s, struct hk_client_config *client);
enum hk_err hk_config_finish_eap(const struct hk_section *s);
enum hk_err hk_config_finish_erp(const struct hk_section *s);
enum hk_err hk_config_finish_store(const struct hk_section *s);
enum hk_err hk_config_finish_global(const struct hk_section *s);
enum hk_err hk_config_finish_log(const struct hk_section *s);

#endif
