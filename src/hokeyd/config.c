/* SPDX-License-Identifier: ISC */
/*
 * From a file to struct hk_config. libconfuse knows the grammar; what options
 * there are and what they take is in the schema, and every value reaches us as
 * text, so that all messages are ours and have a line.
 */
#include "hokeyd/config.h"

#include "crypto/crypto.h"
#include "hokeyd/config_loader.h"
#include "hokeyd/source.h"
#include "hokeyd/users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * libconfuse gives its callbacks no argument. This is what they work on while
 * cfg_parse_buf() runs.
 */
static _Thread_local struct {
	struct hk_loader *loader;
	bool failed;     /* the first message counts */
	int secret_line; /* where the last value was a secret, else 0 */
} parsing;

/* ---- messages ---- */

const char *hk_shown(const char *value, char *text, size_t size)
{
	size_t n = 0;

	for (; *value && n + 8 < size; value++) {
		unsigned char c = (unsigned char)*value;

		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(text + n, size - n, "\\x%02x", c);
		else
			text[n++] = (char)c;
	}
	text[n] = 0;
	if (*value)
		memcpy(text + n, "...", 4);
	return text;
}

struct message {
	char *text;
	size_t size;
	size_t len; /* as if there were room for all */
};

static void add_arguments(struct message *m, const char *format, va_list ap)
{
	bool full = m->len >= m->size;

	m->len += (size_t)vsnprintf(
		full ? NULL : m->text + m->len, full ? 0 : m->size - m->len, format, ap);
}

static void add(struct message *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct message *m, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add_arguments(m, format, ap);
	va_end(ap);
}

struct place {
	const char *file;
	int line;           /* 0: not known */
	const char *block;  /* NULL: outside of blocks */
	const char *title;  /* NULL: it has none */
	const char *option; /* NULL: the block as a whole */
};

static void write_message(
	char *text, size_t size, const struct place *place, const char *format, va_list ap)
{
	struct message m = {text, size, 0};
	char shown[HK_SHOWN_SIZE];

	add(&m, "%s:", place->file);
	if (place->line)
		add(&m, "%d:", place->line);
	if (place->block && place->title)
		add(&m, " %s \"%s\":", place->block, hk_shown(place->title, shown, sizeof(shown)));
	else if (place->block)
		add(&m, " %s:", place->block);
	if (place->option)
		add(&m, " %s:", place->option);
	add(&m, " ");
	add_arguments(&m, format, ap);
}

static int line_of(const struct hk_section *s, const char *option)
{
	cfg_opt_t *opt = s->cfg && option ? cfg_getopt(s->cfg, option) : NULL;
	const char *line = opt ? cfg_opt_getcomment(opt) : NULL;

	if (line)
		return atoi(line);
	return s->cfg && s->block != HK_BLOCK_GLOBAL ? s->cfg->line : 0;
}

static struct place place_of(const struct hk_section *s, const char *option)
{
	return (struct place){s->loader->name, line_of(s, option), hk_blocks[s->block].name,
		s->cfg ? s->cfg->title : NULL, option};
}

enum hk_err hk_section_fail(const struct hk_section *s, const char *option, const char *format, ...)
{
	struct hk_config_error *error = s->loader->error;
	struct place place = place_of(s, option);
	va_list ap;

	va_start(ap, format);
	write_message(error->text, sizeof(error->text), &place, format, ap);
	va_end(ap);
	return HK_ERR_MALFORMED;
}

static enum hk_err add_text(char ***texts, size_t *n, const char *text)
{
	char **more = realloc(*texts, (*n + 1) * sizeof(*more));

	if (!more)
		return HK_ERR_NO_MEMORY;
	*texts = more;
	more[*n] = strdup(text);
	if (!more[*n])
		return HK_ERR_NO_MEMORY;
	(*n)++;
	return HK_OK;
}

enum hk_err hk_section_warn(const struct hk_section *s, const char *option, const char *format, ...)
{
	struct hk_config *config = s->loader->config;
	char text[sizeof(s->loader->error->text)];
	struct place place = place_of(s, option);
	va_list ap;

	va_start(ap, format);
	write_message(text, sizeof(text), &place, format, ap);
	va_end(ap);
	return add_text(&config->warnings, &config->nwarnings, text);
}

enum hk_err hk_loader_note_file(struct hk_loader *l, const char *path)
{
	return add_text(&l->config->files, &l->config->nfiles, path);
}

/* ---- libconfuse ---- */

static enum hk_block_kind block_of(const cfg_t *cfg)
{
	for (unsigned i = 0; i < HK_BLOCKS; i++) {
		if (hk_blocks[i].name && strcmp(hk_blocks[i].name, cfg->name) == 0)
			return (enum hk_block_kind)i;
	}
	return HK_BLOCK_GLOBAL;
}

static void fail_at(cfg_t *cfg, int line, const char *option, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void fail_at(cfg_t *cfg, int line, const char *option, const char *format, ...)
{
	struct hk_config_error *error = parsing.loader->error;
	struct place place = {
		parsing.loader->name, line, hk_blocks[block_of(cfg)].name, cfg->title, option};
	va_list ap;

	if (parsing.failed)
		return;
	parsing.failed = true;
	va_start(ap, format);
	write_message(error->text, sizeof(error->text), &place, format, ap);
	va_end(ap);
}

static void on_error(cfg_t *cfg, const char *format, va_list ap)
{
	char text[200];
	char shown[sizeof(text)];

	/* What stands behind a secret in its line is most likely a part of it. */
	if (parsing.secret_line && parsing.secret_line == cfg->line) {
		fail_at(cfg, cfg->line, NULL,
			"not understood behind the secret; write it in single quotes");
		return;
	}
	vsnprintf(text, sizeof(text), format, ap);
	fail_at(cfg, cfg->line, NULL, "%s", hk_shown(text, shown, sizeof(shown)));
}

/* A note of the line an option stands in, where it goes with the option. */
static void set_line(cfg_opt_t *opt, int line)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", line);
	cfg_opt_setcomment(opt, text);
}

static int check_value(cfg_t *cfg, cfg_opt_t *opt, const struct hk_option *option)
{
	const char *value = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	char expected[200];
	char shown[HK_SHOWN_SIZE];
	uint64_t number;

	if (hk_option_parse(option, value, &number))
		return 0;
	hk_option_expects(option, expected, sizeof(expected));
	if (option->type == HK_VALUE_SECRET)
		fail_at(cfg, cfg->line, option->name, "expected %s, found %zu", expected,
			strlen(value));
	else
		fail_at(cfg, cfg->line, option->name, "expected %s, found '%s'", expected,
			hk_shown(value, shown, sizeof(shown)));
	return -1;
}

/* Called for each value that was read; its text is the last of the option. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct hk_option *option = hk_option_find(block_of(cfg), opt->name);
	const char *line = cfg_opt_getcomment(opt);

	parsing.secret_line = option->type == HK_VALUE_SECRET ? cfg->line : 0;
	if (line && option->type != HK_VALUE_LIST) {
		fail_at(cfg, cfg->line, option->name, "given twice, first in line %s", line);
		return -1;
	}
	set_line(opt, cfg->line);
	return check_value(cfg, opt, option);
}

/* Called at the end of each block. */
static int on_block(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *line = cfg_opt_getcomment(opt);

	parsing.secret_line = 0;
	if (line && !(opt->flags & CFGF_MULTI)) {
		fail_at(cfg, cfg->line, NULL, "block %s given twice, first to line %s", opt->name,
			line);
		return -1;
	}
	set_line(opt, cfg->line);
	return 0;
}

#define MAX_OPTIONS 64

/* The options of one block as libconfuse wants them; all of them are texts. */
static size_t fill_options(enum hk_block_kind block, cfg_opt_t *opts)
{
	size_t n = 0;

	for (size_t i = 0; i < hk_noptions; i++) {
		if (hk_options[i].block != block)
			continue;
		opts[n] =
			hk_options[i].type == HK_VALUE_LIST
				? (cfg_opt_t)CFG_STR_LIST(hk_options[i].name, NULL, CFGF_NODEFAULT)
				: (cfg_opt_t)CFG_STR(hk_options[i].name, NULL, CFGF_NODEFAULT);
		opts[n++].validcb = on_value;
	}
	return n;
}

static cfg_t *new_parser(void)
{
	static const cfg_opt_t end = CFG_END();
	cfg_opt_t blocks[HK_BLOCKS][MAX_OPTIONS];
	size_t n = fill_options(HK_BLOCK_GLOBAL, blocks[HK_BLOCK_GLOBAL]);
	cfg_t *cfg;

	for (unsigned b = HK_BLOCK_GLOBAL + 1; b < HK_BLOCKS; b++) {
		cfg_flag_t flags = hk_blocks[b].titled
					   ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES
					   : CFGF_NODEFAULT;

		blocks[b][fill_options((enum hk_block_kind)b, blocks[b])] = end;
		blocks[HK_BLOCK_GLOBAL][n] =
			(cfg_opt_t)CFG_SEC(hk_blocks[b].name, blocks[b], flags);
		blocks[HK_BLOCK_GLOBAL][n++].validcb = on_block;
	}
	blocks[HK_BLOCK_GLOBAL][n] = end;
	cfg = cfg_init(blocks[HK_BLOCK_GLOBAL], CFGF_NONE);
	if (cfg)
		cfg_set_error_function(cfg, on_error);
	return cfg;
}

/* Overwrites the texts of secrets that libconfuse holds. */
static void wipe_secrets(cfg_t *cfg, const char *block)
{
	for (unsigned i = 0; i < cfg_size(cfg, block); i++) {
		char *secret = cfg_getstr(cfg_getnsec(cfg, block, i), "secret");

		if (secret)
			hk_wipe(secret, strlen(secret));
	}
}

/* ---- values by the schema ---- */

bool hk_section_has(const struct hk_section *s, const char *option)
{
	return s->cfg && cfg_size(s->cfg, option) > 0;
}

const char *hk_section_text(const struct hk_section *s, const char *option)
{
	if (hk_section_has(s, option))
		return cfg_getstr(s->cfg, option);
	return hk_option_find(s->block, option)->fallback;
}

char *hk_section_path(const struct hk_section *s, const char *option)
{
	const char *path = hk_section_text(s, option);
	const char *file = s->loader->name;
	const char *slash = strrchr(file, '/');
	char *full;

	if (!path)
		return NULL;
	if (path[0] == '/' || !slash)
		return strdup(path);
	if (asprintf(&full, "%.*s/%s", (int)(slash - file), file, path) < 0)
		return NULL;
	return full;
}

size_t hk_section_list_len(const struct hk_section *s, const char *option)
{
	return s->cfg ? cfg_size(s->cfg, option) : 0;
}

const char *hk_section_list_get(const struct hk_section *s, const char *option, size_t i)
{
	return cfg_getnstr(s->cfg, option, (unsigned)i);
}

static void store_number(void *at, size_t size, uint64_t v)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	switch (size) {
	case sizeof(v8):
		memcpy(at, &v8, sizeof(v8));
		return;
	case sizeof(v16):
		memcpy(at, &v16, sizeof(v16));
		return;
	case sizeof(v32):
		memcpy(at, &v32, sizeof(v32));
		return;
	default:
		memcpy(at, &v, sizeof(v));
	}
}

static enum hk_err store_value(
	const struct hk_section *s, const struct hk_option *option, void *into)
{
	const char *value = hk_section_text(s, option->name);
	char *at = (char *)into + option->offset;
	uint64_t number;
	char *copy;

	if (!value)
		return HK_OK;
	if (option->type == HK_VALUE_TEXT || option->type == HK_VALUE_PATH) {
		copy = option->type == HK_VALUE_PATH ? hk_section_path(s, option->name)
						     : strdup(value);
		memcpy(at, &copy, sizeof(copy));
		return copy ? HK_OK : HK_ERR_NO_MEMORY;
	}
	if (!hk_option_parse(option, value, &number))
		return hk_section_fail(s, option->name, "cannot be '%s'", value);
	store_number(at, option->size, number);
	return HK_OK;
}

enum hk_err hk_section_fill(const struct hk_section *s, void *into)
{
	for (size_t i = 0; i < hk_noptions; i++) {
		const struct hk_option *option = &hk_options[i];
		enum hk_err err;

		if (option->block != s->block)
			continue;
		if (option->required && !hk_section_has(s, option->name))
			return hk_section_fail(s, NULL, "%s is missing", option->name);
		err = option->size ? store_value(s, option, into) : HK_OK;
		if (err)
			return err;
	}
	return HK_OK;
}

void hk_section_free(enum hk_block_kind block, void *from)
{
	for (size_t i = 0; i < hk_noptions; i++) {
		const struct hk_option *option = &hk_options[i];
		char *text;

		if (option->block != block || !option->size ||
			(option->type != HK_VALUE_TEXT && option->type != HK_VALUE_PATH))
			continue;
		memcpy(&text, (char *)from + option->offset, sizeof(text));
		free(text);
	}
}

/* ---- the whole ---- */

struct hk_section hk_loader_section(struct hk_loader *l, cfg_t *cfg, enum hk_block_kind block)
{
	const char *name = hk_blocks[block].name;
	cfg_t *section = !name ? cfg : cfg_size(cfg, name) ? cfg_getsec(cfg, name) : NULL;

	return (struct hk_section){l, block, section};
}

enum hk_err hk_section_check_title(const struct hk_section *s)
{
	const char *title = cfg_title(s->cfg);

	if (strlen(title) < 1 || strlen(title) > 64)
		return hk_section_fail(s, NULL, "a name has 1 to 64 octets");
	for (const char *p = title; *p; p++) {
		if (*p <= ' ' || *p >= 0x7f || *p == '"')
			return hk_section_fail(
				s, NULL, "a name has printable ASCII characters and no blanks");
	}
	return HK_OK;
}

static enum hk_err load_listens(struct hk_loader *l, cfg_t *cfg)
{
	struct hk_config *c = l->config;
	size_t n = cfg_size(cfg, "listen");

	if (n == 0)
		return hk_section_fail(&(struct hk_section){l, HK_BLOCK_GLOBAL, cfg}, NULL,
			"there is no listen block");
	c->listens = calloc(n, sizeof(*c->listens));
	if (!c->listens)
		return HK_ERR_NO_MEMORY;
	while (c->nlistens < n) {
		struct hk_section s = {
			l, HK_BLOCK_LISTEN, cfg_getnsec(cfg, "listen", (unsigned)c->nlistens)};
		struct hk_listen_config *listen = &c->listens[c->nlistens++];
		enum hk_err err = hk_section_check_title(&s);

		err = err ? err : hk_section_fill(&s, listen);
		err = err ? err : hk_config_finish_listen(&s, listen);
		if (err)
			return err;
	}
	return HK_OK;
}

/* FNV-1a. */
uint32_t hk_name_id(const char *name)
{
	uint32_t id = 2166136261u;

	for (; *name; name++)
		id = (id ^ (uint8_t)*name) * 16777619u;
	return id;
}

/*
 * From the name, so that conversations outlive a reload. Two names with the
 * same hash are told apart by counting on.
 */
static uint32_t client_id(const struct hk_config *c, const char *name)
{
	uint32_t id = hk_name_id(name);

	for (size_t i = 0; i + 1 < c->nclients; i++) {
		if (c->clients[i].id != id)
			continue;
		id++;
		i = (size_t)-1;
	}
	return id;
}

static enum hk_err load_clients(struct hk_loader *l, cfg_t *cfg)
{
	struct hk_config *c = l->config;
	size_t n = cfg_size(cfg, "client");

	if (n == 0)
		return hk_section_warn(&(struct hk_section){l, HK_BLOCK_GLOBAL, cfg}, NULL,
			"there is no client block: nobody may send requests");
	c->clients = calloc(n, sizeof(*c->clients));
	if (!c->clients)
		return HK_ERR_NO_MEMORY;
	while (c->nclients < n) {
		struct hk_section s = {
			l, HK_BLOCK_CLIENT, cfg_getnsec(cfg, "client", (unsigned)c->nclients)};
		struct hk_client_config *client = &c->clients[c->nclients++];
		enum hk_err err = hk_section_check_title(&s);

		client->id = client_id(c, cfg_title(s.cfg));
		err = err ? err : hk_section_fill(&s, client);
		err = err ? err : hk_config_finish_client(&s, client);
		if (err)
			return err;
	}
	return HK_OK;
}

static enum hk_err load_blocks(struct hk_loader *l, cfg_t *cfg)
{
	struct hk_config *c = l->config;
	const struct {
		enum hk_block_kind block;
		void *into;
		enum hk_err (*finish)(const struct hk_section *s);
	} blocks[] = {
		{HK_BLOCK_LOG, c, hk_config_finish_log},
		{HK_BLOCK_STORE, &c->store, hk_config_finish_store},
		{HK_BLOCK_ERP, &c->erp, hk_config_finish_erp},
		{HK_BLOCK_EAP, &c->eap, hk_config_finish_eap},
		{HK_BLOCK_GLOBAL, c, hk_config_finish_global},
	};
	enum hk_err err = hk_config_load_tls(l, cfg);

	err = err ? err : load_listens(l, cfg);
	err = err ? err : load_clients(l, cfg);
	for (size_t i = 0; !err && i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct hk_section s = hk_loader_section(l, cfg, blocks[i].block);

		err = hk_section_fill(&s, blocks[i].into);
		err = err ? err : blocks[i].finish(&s);
	}
	err = err ? err : hk_config_load_ktks(l, cfg);
	err = err ? err : hk_config_load_proxy(l, cfg);
	return err ? err : hk_config_find_revoke_at(l, cfg);
}

static enum hk_err parse_and_load(struct hk_loader *l, const char *text)
{
	enum hk_err err = HK_ERR_MALFORMED;
	cfg_t *cfg = new_parser();

	if (!cfg)
		return HK_ERR_NO_MEMORY;
	parsing.loader = l;
	parsing.failed = false;
	parsing.secret_line = 0;
	if (cfg_parse_buf(cfg, text) == CFG_SUCCESS)
		err = load_blocks(l, cfg);
	parsing.loader = NULL;
	wipe_secrets(cfg, "client");
	wipe_secrets(cfg, "home-server");
	cfg_free(cfg);
	return err;
}

static enum hk_err load(struct hk_loader *l, struct hk_bytes text)
{
	enum hk_err err = HK_ERR_NO_MEMORY;
	const char *problem;
	char *copy;
	int line;

	if (text.len && memchr(text.data, 0, text.len)) {
		snprintf(l->error->text, sizeof(l->error->text), "%s: not a text file", l->name);
		return HK_ERR_MALFORMED;
	}
	copy = strndup((const char *)text.data, text.len);
	if (!copy)
		return HK_ERR_NO_MEMORY;
	problem = hk_source_clean(copy, &line);
	if (problem) {
		snprintf(l->error->text, sizeof(l->error->text), "%s:%d: %s", l->name, line,
			problem);
		err = HK_ERR_MALFORMED;
	} else {
		err = parse_and_load(l, copy);
	}
	hk_wipe(copy, text.len);
	free(copy);
	return err;
}

static enum hk_err load_config(const char *name, struct hk_bytes text, bool open_to_others,
	struct hk_config **out, struct hk_config_error *error)
{
	struct hk_config *config = calloc(1, sizeof(*config));
	struct hk_loader loader = {name, config, error, open_to_others};
	enum hk_err err = HK_ERR_NO_MEMORY;

	if (config)
		config->owned = calloc(1, sizeof(*config->owned));
	if (config && config->owned)
		err = load(&loader, text);
	if (err) {
		if (!error->text[0])
			snprintf(
				error->text, sizeof(error->text), "%s: %s", name, hk_strerror(err));
		hk_config_free(config);
		return err;
	}
	*out = config;
	return HK_OK;
}

enum hk_err hk_config_load(const char *path, struct hk_config **out, struct hk_config_error *error)
{
	char why[HK_FILE_REASON];
	struct hk_file file;
	enum hk_err err = hk_file_read(path, &file);

	error->text[0] = 0;
	if (err) {
		snprintf(error->text, sizeof(error->text), "%s: %s", path,
			hk_file_reason(err, why, sizeof(why)));
		return err;
	}
	err = load_config(path, hk_bytes(file.data, file.len), file.open_to_others, out, error);
	hk_file_free(&file);
	if (err)
		return err;
	(*out)->path = strdup(path);
	if ((*out)->path)
		return HK_OK;
	hk_config_free(*out);
	return HK_ERR_NO_MEMORY;
}

enum hk_err hk_config_load_text(
	const char *name, const char *text, struct hk_config **out, struct hk_config_error *error)
{
	error->text[0] = 0;
	return load_config(name, hk_text(text), false, out, error);
}

static void free_owned(struct hk_config_owned *owned)
{
	if (!owned)
		return;
	hk_file_free(&owned->ca);
	hk_file_free(&owned->certificate);
	hk_file_free(&owned->key);
	hk_file_free(&owned->crl);
	hk_file_free(&owned->ocsp_staple);
	hk_file_free(&owned->cui_key);
	hk_config_free_ktks(owned);
	for (size_t i = 0; i < owned->nrealms; i++)
		free((void *)(uintptr_t)owned->realms[i].data);
	free(owned->realms);
	free(owned);
}

void hk_config_free(struct hk_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->nlistens; i++) {
		hk_section_free(HK_BLOCK_LISTEN, &config->listens[i]);
		free(config->listens[i].name);
	}
	free(config->listens);
	for (size_t i = 0; i < config->nclients; i++) {
		hk_section_free(HK_BLOCK_CLIENT, &config->clients[i]);
		free(config->clients[i].name);
		hk_tls_peer_free(&config->clients[i].peer);
		hk_config_free_list(config->clients[i].revokes, config->clients[i].nrevokes);
	}
	if (config->clients)
		hk_wipe(config->clients, config->nclients * sizeof(*config->clients));
	free(config->clients);
	hk_config_free_proxy(config);
	hk_config_free_tls(config);
	hk_section_free(HK_BLOCK_EAP, &config->eap);
	hk_section_free(HK_BLOCK_ERP, &config->erp);
	hk_section_free(HK_BLOCK_STORE, &config->store);
	hk_section_free(HK_BLOCK_LOG, config);
	hk_section_free(HK_BLOCK_GLOBAL, config);
	hk_users_free(config->users);
	for (size_t i = 0; i < config->nwarnings; i++)
		free(config->warnings[i]);
	free(config->warnings);
	for (size_t i = 0; i < config->nfiles; i++)
		free(config->files[i]);
	free(config->files);
	free_owned(config->owned);
	free(config->erp.revoke_at);
	free(config->path);
	free(config);
}
