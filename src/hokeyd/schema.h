/* SPDX-License-Identifier: ISC */
/*
 * Every option of hokeyd.conf, once: where it may stand, what it may be, what
 * it is when left out, where its value goes and what it means. The parser,
 * the defaults, the checks, docs/configuration.md and hokeyd.conf(5) follow
 * from this table.
 */
#ifndef HK_HOKEYD_SCHEMA_H
#define HK_HOKEYD_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A block of the file and the struct its options fill. */
enum hk_block_kind {
	HK_BLOCK_GLOBAL, /* outside of all blocks; struct hk_config */
	HK_BLOCK_LISTEN, /* struct hk_listen_config */
	HK_BLOCK_CLIENT, /* struct hk_client_config */
	HK_BLOCK_TLS,    /* struct hk_radsec_config */
	HK_BLOCK_HOME_SERVER, /* struct hk_home_server_config */
	HK_BLOCK_POOL,   /* struct hk_pool_config */
	HK_BLOCK_REALM,  /* struct hk_realm_config */
	HK_BLOCK_EAP,    /* struct hk_eap_config */
	HK_BLOCK_ERP,    /* struct hk_erp_config */
	HK_BLOCK_KTK,    /* struct hk_ktk */
	HK_BLOCK_STORE,  /* struct hk_store_config */
	HK_BLOCK_LOG,    /* struct hk_config */
	HK_BLOCKS,
};

struct hk_block {
	const char *name; /* NULL: the options outside of blocks */
	bool titled;      /* `client NAME {`; may come many times */
	const char *text; /* what it is for; paragraphs of Markdown */
};

enum hk_value_type {
	HK_VALUE_TEXT,
	HK_VALUE_PATH,   /* relative ones start at the file's directory */
	HK_VALUE_SECRET, /* never shown in a message */
	HK_VALUE_LIST,   /* { a, b } of texts or choices */
	HK_VALUE_BOOL,
	HK_VALUE_CHOICE,
	HK_VALUE_NUMBER,
	HK_VALUE_SECONDS,      /* 30, 30s, 5m, 8h, 7d */
	HK_VALUE_MILLISECONDS, /* the same and 500ms */
	HK_VALUE_SIZE,         /* octets: 4096, 64K, 512M, 1G, 1T */
};

struct hk_choice {
	const char *word;
	int value;
};

struct hk_option {
	enum hk_block_kind block;
	const char *name;
	enum hk_value_type type;
	bool required;
	const char *fallback;            /* as it would be written; NULL: not set */
	uint64_t min, max;               /* in the unit that is stored; texts: octets */
	const struct hk_choice *choices; /* ends with word NULL */
	size_t offset;                   /* in the block's struct */
	size_t size;                     /* octets there; 0: the loader has code for it */
	const char *help;                /* one line */
	const char *text;                /* more about it, Markdown; may be NULL */
};

extern const struct hk_block hk_blocks[HK_BLOCKS];
extern const struct hk_option hk_options[];
extern const size_t hk_noptions;

/* NULL when there is none. */
const struct hk_option *hk_option_find(enum hk_block_kind block, const char *name);

/*
 * Turns a value into a number (bool: 0 or 1, choice: its value; texts: their
 * length). False when it is not what the option takes.
 */
bool hk_option_parse(const struct hk_option *option, const char *value, uint64_t *out);

/* "yes, no or auto", "a number from 1 to 64", for messages and documentation. */
void hk_option_expects(const struct hk_option *option, char *text, size_t size);

#endif
