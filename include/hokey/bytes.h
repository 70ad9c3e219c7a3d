/* SPDX-License-Identifier: ISC */
/*
 * Octets: one type to look at them, one to write them, one to read them.
 *
 * struct hk_bytes is a view; it owns nothing and ends when what it points into
 * ends. struct hk_buf is a bounded writer over memory of the caller; writing
 * past the end is remembered, not done, so an encoder checks hk_buf_ok() once
 * at its end. struct hk_reader is a bounded reader; a get past the end yields
 * zero and is remembered in the same way.
 *
 * Integers are unsigned and in network byte order.
 */
#ifndef HOKEY_BYTES_H
#define HOKEY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hk_bytes {
	const uint8_t *data;      /* may be NULL when len is 0 */
	size_t         len;       /* octets */
};

#define HK_NO_BYTES ((struct hk_bytes){NULL, 0})

static inline struct hk_bytes hk_bytes(const void *data, size_t len)
{
	return (struct hk_bytes){data, len};
}

/* View of a C string without its terminator. NULL gives the empty view. */
static inline struct hk_bytes hk_text(const char *s)
{
	return (struct hk_bytes){(const uint8_t *)s, s ? strlen(s) : 0};
}

/* Not for secrets: see hk_equal_secret() in src/crypto. */
static inline bool hk_bytes_equal(struct hk_bytes a, struct hk_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* ---- writing ---- */

struct hk_buf {
	uint8_t *data;            /* caller's memory */
	size_t   cap;             /* octets at data */
	size_t   len;             /* octets written so far */
	bool     overflow;        /* a write did not fit; len is where it stopped */
};

static inline struct hk_buf hk_buf(void *data, size_t cap)
{
	return (struct hk_buf){data, cap, 0, false};
}

static inline bool hk_buf_ok(const struct hk_buf *b)
{
	return !b->overflow;
}

static inline struct hk_bytes hk_buf_bytes(const struct hk_buf *b)
{
	return (struct hk_bytes){b->data, b->len};
}

/* Room for n octets that the caller fills, or NULL (and overflow). */
static inline uint8_t *hk_put_room(struct hk_buf *b, size_t n)
{
	uint8_t *p;

	if (b->overflow || n > b->cap - b->len) {
		b->overflow = true;
		return NULL;
	}
	p = b->data + b->len;
	b->len += n;
	return p;
}

static inline void hk_put(struct hk_buf *b, const void *data, size_t n)
{
	uint8_t *p = hk_put_room(b, n);

	if (p && n)
		memcpy(p, data, n);
}

static inline void hk_put_bytes(struct hk_buf *b, struct hk_bytes v)
{
	hk_put(b, v.data, v.len);
}

static inline void hk_put_zeros(struct hk_buf *b, size_t n)
{
	uint8_t *p = hk_put_room(b, n);

	if (p && n)
		memset(p, 0, n);
}

static inline void hk_store_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void hk_store_u32(uint8_t *p, uint32_t v)
{
	hk_store_u16(p, (uint16_t)(v >> 16));
	hk_store_u16(p + 2, (uint16_t)v);
}

static inline void hk_store_u64(uint8_t *p, uint64_t v)
{
	hk_store_u32(p, (uint32_t)(v >> 32));
	hk_store_u32(p + 4, (uint32_t)v);
}

static inline void hk_put_u8(struct hk_buf *b, uint8_t v)
{
	uint8_t *p = hk_put_room(b, 1);

	if (p)
		*p = v;
}

static inline void hk_put_u16(struct hk_buf *b, uint16_t v)
{
	uint8_t *p = hk_put_room(b, 2);

	if (p)
		hk_store_u16(p, v);
}

static inline void hk_put_u32(struct hk_buf *b, uint32_t v)
{
	uint8_t *p = hk_put_room(b, 4);

	if (p)
		hk_store_u32(p, v);
}

static inline void hk_put_u64(struct hk_buf *b, uint64_t v)
{
	uint8_t *p = hk_put_room(b, 8);

	if (p)
		hk_store_u64(p, v);
}

/* ---- reading ---- */

struct hk_reader {
	const uint8_t *p;
	const uint8_t *end;
	bool           underflow; /* a get wanted more than there was */
};

static inline struct hk_reader hk_reader(struct hk_bytes v)
{
	return (struct hk_reader){v.data, v.data ? v.data + v.len : v.data, false};
}

static inline size_t hk_left(const struct hk_reader *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n octets; the empty view (and underflow) when there are fewer. */
static inline struct hk_bytes hk_get_bytes(struct hk_reader *r, size_t n)
{
	struct hk_bytes v = {r->p, n};

	if (r->underflow || n > hk_left(r)) {
		r->underflow = true;
		return HK_NO_BYTES;
	}
	r->p += n;
	return v;
}

static inline uint16_t hk_load_u16(const uint8_t *p)
{
	return (uint16_t)((p[0] << 8) | p[1]);
}

static inline uint32_t hk_load_u32(const uint8_t *p)
{
	return ((uint32_t)hk_load_u16(p) << 16) | hk_load_u16(p + 2);
}

static inline uint64_t hk_load_u64(const uint8_t *p)
{
	return ((uint64_t)hk_load_u32(p) << 32) | hk_load_u32(p + 4);
}

static inline uint8_t hk_get_u8(struct hk_reader *r)
{
	struct hk_bytes v = hk_get_bytes(r, 1);

	return v.len ? v.data[0] : 0;
}

static inline uint16_t hk_get_u16(struct hk_reader *r)
{
	struct hk_bytes v = hk_get_bytes(r, 2);

	return v.len ? hk_load_u16(v.data) : 0;
}

static inline uint32_t hk_get_u32(struct hk_reader *r)
{
	struct hk_bytes v = hk_get_bytes(r, 4);

	return v.len ? hk_load_u32(v.data) : 0;
}

static inline uint64_t hk_get_u64(struct hk_reader *r)
{
	struct hk_bytes v = hk_get_bytes(r, 8);

	return v.len ? hk_load_u64(v.data) : 0;
}

#endif
