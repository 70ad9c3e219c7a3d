/* SPDX-License-Identifier: ISC */
#include "hokeyd/clients.h"

#include "crypto/crypto.h"

#include <stdlib.h>

#define PREFIXES 129 /* 0 to 128 */

/*
 * One hash table over (prefix, network), tried once per prefix length that is
 * in use, longest first. A table of single hosts takes one look.
 */
struct hk_clients {
	struct hk_client *list;
	size_t n;
	struct hk_client **slots;
	size_t mask; /* slots - 1; a power of two, at most half full */
	uint8_t prefixes[PREFIXES];
	size_t nprefixes;
};

void hk_client_address(const struct sockaddr_storage *from, uint8_t address[16], uint16_t *port)
{
	if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

		memcpy(address, &in6->sin6_addr, 16);
		*port = ntohs(in6->sin6_port);
	} else {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;

		memset(address, 0, 10);
		memset(address + 10, 0xff, 2);
		memcpy(address + 12, &in->sin_addr, 4);
		*port = ntohs(in->sin_port);
	}
}

static void mask_address(const uint8_t address[16], uint8_t prefix, uint8_t out[16])
{
	size_t whole = prefix / 8;

	memset(out, 0, 16);
	memcpy(out, address, whole);
	if (prefix % 8)
		out[whole] = (uint8_t)(address[whole] & 0xff << (8 - prefix % 8));
}

/* Configured networks are not chosen by an attacker: a plain mix is enough. */
static size_t slot_of(const struct hk_clients *c, const uint8_t network[16], uint8_t prefix)
{
	uint64_t h = hk_load_u64(network) * 0x9e3779b97f4a7c15u;

	h ^= (hk_load_u64(network + 8) + prefix) * 0xc2b2ae3d27d4eb4fu;
	return (h ^ h >> 29) & c->mask;
}

static struct hk_client *find_network(
	const struct hk_clients *c, const uint8_t network[16], uint8_t prefix)
{
	for (size_t i = slot_of(c, network, prefix); c->slots[i]; i = (i + 1) & c->mask) {
		const struct hk_client_config *config = c->slots[i]->config;

		if (config->prefix == prefix && memcmp(config->network, network, 16) == 0)
			return c->slots[i];
	}
	return NULL;
}

struct hk_client *hk_clients_find(const struct hk_clients *c, const uint8_t address[16])
{
	uint8_t network[16];

	for (size_t i = 0; i < c->nprefixes; i++) {
		struct hk_client *client;

		mask_address(address, c->prefixes[i], network);
		client = find_network(c, network, c->prefixes[i]);
		if (client)
			return client;
	}
	return NULL;
}

struct hk_client *hk_clients_list(const struct hk_clients *c, size_t *n)
{
	*n = c->n;
	return c->list;
}

bool hk_client_covers(const struct hk_client *client, const uint8_t address[16])
{
	uint8_t network[16];

	mask_address(address, client->config->prefix, network);
	return memcmp(network, client->config->network, sizeof(network)) == 0;
}

static void insert(struct hk_clients *c, struct hk_client *client)
{
	size_t i = slot_of(c, client->config->network, client->config->prefix);

	while (c->slots[i])
		i = (i + 1) & c->mask;
	c->slots[i] = client;
}

/* A TLS client has a place for the datagrams it must not send, if it has an address. */
static bool has_place(const struct hk_clients *c, const struct hk_client *client)
{
	const struct hk_client_config *config = client->config;

	return !config->tls ||
	       (config->prefix && !find_network(c, config->network, config->prefix));
}

static void collect_prefixes(struct hk_clients *c)
{
	bool used[PREFIXES] = {false};

	for (size_t i = 0; i < c->n; i++)
		used[c->list[i].config->prefix] = true;
	for (size_t p = PREFIXES; p-- > 0;) {
		if (used[p])
			c->prefixes[c->nprefixes++] = (uint8_t)p;
	}
}

static uint64_t id_of(struct hk_bytes name)
{
	uint8_t digest[HK_SHA256_LEN];

	hk_sha256(&name, 1, digest);
	return hk_load_u64(digest);
}

static void keep_marks(struct hk_client *client, const struct hk_clients *previous)
{
	for (size_t i = 0; previous && i < previous->n; i++) {
		const struct hk_client *old = &previous->list[i];

		if (old->id != client->id)
			continue;
		atomic_store(&client->signs, atomic_load(&old->signs));
		atomic_store(&client->is_nas, atomic_load(&old->is_nas));
		atomic_store(&client->status, atomic_load(&old->status));
		return;
	}
}

enum hk_err hk_clients_new(const struct hk_client_config *configs, size_t n,
	const struct hk_clients *previous, struct hk_clients **out)
{
	struct hk_clients *c = calloc(1, sizeof(*c));
	size_t slots = 16;

	while (slots < 2 * n)
		slots *= 2;
	if (!c)
		return HK_ERR_NO_MEMORY;
	c->n = n;
	c->mask = slots - 1;
	c->list = calloc(n ? n : 1, sizeof(*c->list));
	c->slots = calloc(slots, sizeof(struct hk_client *));
	if (!c->list || !c->slots) {
		hk_clients_free(c);
		return HK_ERR_NO_MEMORY;
	}
	for (size_t i = 0; i < n; i++) {
		c->list[i].config = &configs[i];
		c->list[i].name = hk_text(configs[i].name);
		c->list[i].id = id_of(c->list[i].name);
		keep_marks(&c->list[i], previous);
	}
	/* Those of UDP first: of two with one network they count. */
	for (size_t i = 0; i < 2 * n; i++) {
		struct hk_client *client = &c->list[i % n];

		if (!client->config->tls == (i < n) && has_place(c, client))
			insert(c, client);
	}
	collect_prefixes(c);
	*out = c;
	return HK_OK;
}

void hk_clients_free(struct hk_clients *c)
{
	if (!c)
		return;
	free(c->list);
	free(c->slots);
	free(c);
}
