/* SPDX-License-Identifier: ISC */
#include "hokey/capture.h"

#include <arpa/inet.h>
#include <pcap/pcap.h>

#ifndef DLT_LINUX_SLL2
#	define DLT_LINUX_SLL2 276
#endif

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_EAPOL = 0x888e,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_PREAUTH = 0x88c7, /* EAPOL as well, IEEE 802.11 section 12 */

	PROTOCOL_UDP = 17,
	IPV6_HOP_BY_HOP = 0,
	IPV6_ROUTING = 43,
	IPV6_FRAGMENT = 44,
	IPV6_DESTINATION = 60,

	MAC_LEN = 6,
};

struct walk {
	struct capture_frame frame;
	capture_fn *fn;
	void *argument;
	unsigned long *fragments;
};

bool capture_begins(const uint8_t *octets, size_t n)
{
	static const uint8_t magics[][4] = {
		{0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, /* microseconds */
		{0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, /* nanoseconds */
		{0x0a, 0x0d, 0x0d, 0x0a},                           /* pcapng */
	};

	for (size_t i = 0; n >= 4 && i < sizeof magics / sizeof magics[0]; i++)
		if (memcmp(octets, magics[i], 4) == 0)
			return true;
	return false;
}

/* ---- UDP ---- */

static void name_endpoint(char *out, int family, const uint8_t *address, uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family, address, text, sizeof text);
	snprintf(out, CAPTURE_ENDPOINT_MAX, family == AF_INET ? "%s:%u" : "[%s]:%u", text, port);
}

/* r: at the UDP header; from and to: addresses of that family. */
static void walk_udp(
	struct walk *w, struct hk_reader *r, int family, const uint8_t *from, const uint8_t *to)
{
	struct capture_frame *f = &w->frame;
	size_t len;

	f->from_port = hk_get_u16(r);
	f->to_port = hk_get_u16(r);
	len = hk_get_u16(r);
	hk_get_u16(r);
	if (r->underflow || len < 8)
		return;
	len -= 8;
	f->cut = len > hk_left(r);
	f->payload = hk_get_bytes(r, f->cut ? hk_left(r) : len);
	f->kind = CAPTURE_UDP;
	name_endpoint(f->from, family, from, f->from_port);
	name_endpoint(f->to, family, to, f->to_port);
	w->fn(f, w->argument);
}

static void walk_ipv4(struct walk *w, struct hk_reader *r)
{
	const uint8_t *h = r->p;
	size_t header;

	if (hk_left(r) < 20 || h[0] >> 4 != 4)
		return;
	header = (size_t)(h[0] & 15) * 4;
	if (header < 20 || header > hk_left(r) || h[9] != PROTOCOL_UDP)
		return;
	if (hk_load_u16(h + 6) & 0x3fff) { /* more fragments, or not the first */
		(*w->fragments)++;
		return;
	}
	hk_get_bytes(r, header);
	walk_udp(w, r, AF_INET, h + 12, h + 16);
}

static void walk_ipv6(struct walk *w, struct hk_reader *r)
{
	const uint8_t *h = r->p;
	uint8_t next;

	if (hk_left(r) < 40 || h[0] >> 4 != 6)
		return;
	next = h[6];
	hk_get_bytes(r, 40);
	while (next == IPV6_HOP_BY_HOP || next == IPV6_ROUTING || next == IPV6_DESTINATION) {
		size_t len;

		next = hk_get_u8(r);
		len = hk_get_u8(r);
		hk_get_bytes(r, 6 + 8 * len);
		if (r->underflow)
			return;
	}
	if (next == IPV6_FRAGMENT)
		(*w->fragments)++;
	if (next == PROTOCOL_UDP)
		walk_udp(w, r, AF_INET6, h + 8, h + 24);
}

static void walk_ip(struct walk *w, struct hk_reader *r)
{
	if (hk_left(r) > 0 && r->p[0] >> 4 == 6)
		walk_ipv6(w, r);
	else
		walk_ipv4(w, r);
}

/* ---- links ---- */

static void name_mac(char *out, const uint8_t *mac)
{
	snprintf(out, CAPTURE_ENDPOINT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		mac[3], mac[4], mac[5]);
}

static void walk_eapol(struct walk *w, struct hk_reader *r)
{
	struct capture_frame *f = &w->frame;

	f->kind = CAPTURE_EAPOL;
	f->payload = hk_get_bytes(r, hk_left(r));
	w->fn(f, w->argument);
}

static void walk_ethertype(struct walk *w, struct hk_reader *r, uint16_t type)
{
	while (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) {
		hk_get_u16(r);
		type = hk_get_u16(r);
	}
	if (type == ETHERTYPE_EAPOL || type == ETHERTYPE_PREAUTH)
		walk_eapol(w, r);
	else if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6)
		walk_ip(w, r);
}

static void walk_ethernet(struct walk *w, struct hk_reader *r)
{
	struct hk_bytes addresses = hk_get_bytes(r, 2 * MAC_LEN);
	uint16_t type = hk_get_u16(r);

	if (r->underflow)
		return;
	name_mac(w->frame.to, addresses.data);
	name_mac(w->frame.from, addresses.data + MAC_LEN);
	walk_ethertype(w, r, type);
}

/* "Linux cooked": what `tcpdump -i any` writes. */
static void walk_cooked(struct walk *w, struct hk_reader *r)
{
	struct hk_bytes h = hk_get_bytes(r, 16);

	if (r->underflow)
		return;
	if (hk_load_u16(h.data + 4) == MAC_LEN)
		name_mac(w->frame.from, h.data + 6);
	walk_ethertype(w, r, hk_load_u16(h.data + 14));
}

static void walk_cooked2(struct walk *w, struct hk_reader *r)
{
	struct hk_bytes h = hk_get_bytes(r, 20);

	if (r->underflow)
		return;
	if (h.data[11] == MAC_LEN)
		name_mac(w->frame.from, h.data + 12);
	walk_ethertype(w, r, hk_load_u16(h.data));
}

/* A word with an address family, of either byte order: the IP version tells more. */
static void walk_loopback(struct walk *w, struct hk_reader *r)
{
	hk_get_bytes(r, 4);
	walk_ip(w, r);
}

static void (*walk_of(int link))(struct walk *, struct hk_reader *)
{
	switch (link) {
	case DLT_EN10MB:
		return walk_ethernet;
	case DLT_LINUX_SLL:
		return walk_cooked;
	case DLT_LINUX_SLL2:
		return walk_cooked2;
	case DLT_NULL:
	case DLT_LOOP:
		return walk_loopback;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return walk_ip;
	default:
		return NULL;
	}
}

/* ---- the file ---- */

static int walk_packets(
	pcap_t *pcap, struct walk *w, void (*walk)(struct walk *, struct hk_reader *))
{
	struct pcap_pkthdr *header;
	const u_char *octets;
	unsigned long number = 0;
	int result;

	while ((result = pcap_next_ex(pcap, &header, &octets)) == 1) {
		struct hk_reader r = hk_reader(hk_bytes(octets, header->caplen));

		w->frame = (struct capture_frame){.number = ++number, .time = header->ts};
		walk(w, &r);
	}
	return result;
}

bool capture_read(FILE *file, capture_fn *fn, void *argument, unsigned long *fragments, char *error)
{
	struct walk w = {.fn = fn, .argument = argument, .fragments = fragments};
	char pcap_error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_fopen_offline(file, pcap_error);
	void (*walk)(struct walk *, struct hk_reader *);
	bool done = false;

	*fragments = 0;
	if (!pcap) {
		fclose(file);
		snprintf(error, 256, "%s", pcap_error);
		return false;
	}
	walk = walk_of(pcap_datalink(pcap));
	if (!walk)
		snprintf(error, 256, "link type %s is not supported",
			pcap_datalink_val_to_name(pcap_datalink(pcap)));
	else if (walk_packets(pcap, &w, walk) == PCAP_ERROR)
		snprintf(error, 256, "%s", pcap_geterr(pcap));
	else
		done = true;
	pcap_close(pcap);
	return done;
}
